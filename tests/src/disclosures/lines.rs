//! Reading the page “Who looked” as its person does: lines without their times, and how often each stands there.
//!
//! Always holds: older pages are followed to the end; no line ever goes away.
//! Not here: what ought to stand there.
//! Rules come from: docs/rules.md S3 r2.

use crate::desk::Browser;
use std::collections::BTreeMap;

/// Lines, and how often.
pub type Lines = BTreeMap<String, usize>;

/// What the line of reading the record says.
const OPENED: &str = "Opened this record";

/// Reads the record of whoever is signed in, from the newest line to the oldest.
pub fn read_lines(own: &mut Browser) -> Lines {
    let mut all = Lines::new();
    let mut path = "/my/views?lang=en".to_owned();
    loop {
        let page = own.get(&path);
        assert_eq!(page.status, 200, "{path}");
        for (line, times) in rows(&page.body) {
            *all.entry(line).or_default() += times;
        }
        let older = page.body.split("/my/views?before=").skip(1).filter_map(|rest| rest.split('"').next());
        let Some(before) = older.filter(|text| text.bytes().all(|b| b.is_ascii_digit())).last() else {
            return all;
        };
        path = format!("/my/views?before={before}&lang=en");
    }
}

/// The lines of a page: cells without the first, which is the time; a line of several looks says how many.
fn rows(page: &str) -> Vec<(String, usize)> {
    let body = page.split("<tbody").nth(1).unwrap_or_default();
    let body = body.split("</tbody>").next().unwrap_or_default();
    let rows = body.split("<tr").skip(1).map(|row| {
        let cells: Vec<String> = row.split("data-label=\"").skip(1).map(cell).collect();
        let (time, rest) = cells.split_first().expect("a time");
        let times = time.strip_suffix(" times").and_then(|time| time.rsplit(' ').next());
        (rest.join(" · "), times.map_or(1, |times| times.parse().expect("a count")))
    });
    rows.collect()
}

/// A cell's text without its marks.
fn cell(rest: &str) -> String {
    let inside = rest.split_once('>').expect("the cell's end of its tag").1;
    let inside = inside.split("</td>").next().and_then(|rest| rest.split("</th>").next()).unwrap_or_default();
    let mut text = String::new();
    for part in inside.split('<') {
        text.push_str(part.split_once('>').map_or(part, |(_, text)| text));
    }
    let plain = text.replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Lines that came since, each with how often when more than once. That the record itself was opened is left out,
/// since every reading adds it, unless that is the point; how often is then no matter.
pub fn new_since(before: &Lines, now: &Lines, with_opening: bool) -> Vec<String> {
    for (line, times) in before {
        assert!(now.get(line).is_some_and(|later| later >= times), "a line went away: {line}");
    }
    let new = now.iter().filter_map(|(line, times)| {
        let more = times - before.get(line).copied().unwrap_or(0);
        match (more, line.contains(OPENED)) {
            (0, _) => None,
            (1, false) => Some(line.clone()),
            (more, false) => Some(format!("{line} ({more}×)")),
            (_, true) => with_opening.then(|| line.clone()),
        }
    });
    new.collect()
}
