//! review.html: the work list as one page that needs nothing but a browser.
//!
//! Always holds: the page loads nothing and sends nothing (its policy allows its own style and script by their hashes);
//! a text of a file is never markup; a page holds at most [`PAIRS_MAX`] entries and never cuts a case.
//! Not here: what the page does (review.js), how it looks (review.css).
//! Rules come from: the issue, part C; docs/linkage.md.

use super::{
    Run,
    files::{self, Sink, Written},
    review::{ENTRIES_AHEAD, Entry, List, Rows},
    shown::Shown,
    words::{self, ATTRIBUTES},
};
use crate::{
    engine::Stopped,
    levels::{AddressLevel, BirthLevel, KanaLevel, Levels, NameLevel, SexLevel, StrongLevel},
    outcome::Cause,
    rules::{RELEASE, Reason},
};
use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::{
    collections::{HashMap, hash_map},
    fmt::Write as _,
    ops::Range,
};

/// Entries on a page: a browser of an office has to hold them.
const PAIRS_MAX: usize = 20_000;
/// Rows without a pair that are shown of a case, on each side.
const LONELY_MAX: usize = 50;
/// Entries that are shown without JavaScript.
const PLAIN_MAX: usize = 200;

/// Bytes of a page besides its entries and their rows.
const ROUGHLY: usize = SHELL.len() + STYLE.len() + SCRIPT.len() + 512 * PLAIN_MAX;

const SHELL: &str = include_str!("review.html");
const STYLE: &str = include_str!("review.css");
const SCRIPT: &str = include_str!("review.js");

/// Writes review.html, review-2.html, …
pub(super) fn write(run: &Run<'_>, run_id: &str, list: &List<'_>) -> Result<Vec<Written>, Stopped> {
    let parts = parts(list);
    let mut written = Vec::new();
    let make = |part: usize, text: &mut String| {
        let drawn = Drawn::draw(run, list, parts[part].clone());
        *text = page(run, run_id, (part + 1, parts.len()), &drawn);
        Ok(())
    };
    files::in_order(parts.len(), run.job.threads, String::new, make, |part, text| {
        let name = if part == 0 { "review.html".to_owned() } else { format!("review-{}.html", part + 1) };
        // A page is some megabytes, and made anew each time.
        let text = std::mem::take(text);
        let mut sink = Sink::create(run.work, &name)?;
        sink.write(text.as_bytes())?;
        written.push(sink.end(run.disk));
        let rows: usize = parts[part].clone().map(|case| list.slots(case)).sum();
        run.progress.add(rows as u64)
    })?;
    Ok(written)
}

/// How many entries of a case a page shows at most.
fn shown_entries(list: &List<'_>, case: usize) -> usize {
    list.entries_of(case).min(list.case(case).pairs.len() + 2 * LONELY_MAX)
}

/// The cases of each page; one empty page when there are none.
fn parts(list: &List<'_>) -> Vec<Range<usize>> {
    let all: usize = (0..list.cases()).map(|case| shown_entries(list, case)).sum();
    // Pages alike, not full ones and a rest: for clerks who share them, and for threads.
    let most = all.div_ceil(all.div_ceil(PAIRS_MAX).max(1));
    let mut parts = Vec::new();
    let (mut begin, mut count) = (0, 0);
    for case in 0..list.cases() {
        let entries = shown_entries(list, case);
        if count > 0 && count + entries / 2 > most || count + entries > PAIRS_MAX {
            parts.push(begin..case);
            (begin, count) = (case, 0);
        }
        count += entries;
    }
    parts.push(begin..list.cases());
    parts
}

/// One page's entries, with every row once.
#[derive(Default)]
struct Drawn {
    entries: Vec<Entry>,
    /// Rows that are not shown of the case that begins with this entry.
    more: HashMap<u64, usize>,
    a: DrawnRows,
    b: DrawnRows,
}

/// The rows of one side on a page.
#[derive(Default)]
struct DrawnRows {
    /// As the page's data has them, one behind another.
    json: String,
    /// The number of a row in `json`.
    at: HashMap<u32, usize>,
    /// The first of them, which are shown without JavaScript too.
    first: Vec<Shown>,
}

impl DrawnRows {
    /// Draws a row that was not drawn before.
    fn add<'s>(&mut self, row: u32, is_plain: bool, read: impl FnOnce(u32) -> &'s Shown) {
        let number = self.at.len();
        let hash_map::Entry::Vacant(place) = self.at.entry(row) else { return };
        place.insert(number);
        let shown = read(row);
        if number > 0 {
            self.json.push(',');
        }
        json_row(&mut self.json, shown);
        if is_plain {
            self.first.push(shown.clone());
        }
    }

    /// One of the first rows.
    fn first(&self, row: Option<u32>) -> Option<&Shown> {
        self.first.get(*self.at.get(&row?)?)
    }
}

impl Drawn {
    fn draw(run: &Run<'_>, list: &List<'_>, cases: Range<usize>) -> Drawn {
        let mut drawn = Drawn::default();
        let mut rows = Rows::new(run);
        for at in cases {
            let case = list.case(at);
            let (pairs, [rows_a, rows_b]) = (case.pairs.len(), case.rows);
            // Among so many rows enough are in no pair: a pair has one of a side.
            let lonely = |from: usize, count: usize| {
                let upto = from + count.min(LONELY_MAX + pairs);
                list.entries(at, from..upto).into_iter().take(LONELY_MAX)
            };
            let begin = drawn.entries.len();
            drawn.entries.extend(list.entries(at, 0..pairs));
            drawn.entries.extend(lonely(pairs, rows_a));
            drawn.entries.extend(lonely(pairs + rows_a, rows_b));
            let entries = &drawn.entries[begin..];
            let seen = |pick: fn(&Entry) -> Option<u32>| {
                let mut seen: Vec<u32> = entries.iter().filter_map(pick).collect();
                seen.sort_unstable();
                seen.dedup();
                seen.len()
            };
            let hidden = rows_a + rows_b - seen(|entry| entry.a) - seen(|entry| entry.b);
            if let (Some(first), true) = (entries.first(), hidden > 0) {
                drawn.more.insert(first.number, hidden);
            }
        }
        let Drawn { entries, a, b, .. } = &mut drawn;
        for (few, at) in entries.chunks(ENTRIES_AHEAD).zip((0..).step_by(ENTRIES_AHEAD)) {
            rows.soon(few);
            for (entry, at) in few.iter().zip(at..) {
                entry.a.into_iter().for_each(|row| a.add(row, at < PLAIN_MAX, |row| rows.a(row)));
                entry.b.into_iter().for_each(|row| b.add(row, at < PLAIN_MAX, |row| rows.b(row)));
            }
        }
        drawn
    }
}

/// Fills the shell. It is cut at its marks, so that a mark inside a person's text is text.
fn page(run: &Run<'_>, run_id: &str, part: (usize, usize), drawn: &Drawn) -> String {
    let mut text =
        String::with_capacity(ROUGHLY + drawn.a.json.len() + drawn.b.json.len() + drawn.entries.len() * 64);
    let mut rest = SHELL;
    while let Some((before, after)) = rest.split_once('@') {
        let (mark, after) = after.split_once('@').unwrap_or((after, ""));
        text.push_str(before);
        match mark {
            "CSP" => policy(&mut text),
            "STYLE" => text.push_str(STYLE),
            "SCRIPT" => text.push_str(SCRIPT),
            "PLAIN" => plain(&mut text, drawn),
            _ => data(&mut text, run, run_id, part, drawn),
        }
        rest = after;
    }
    text.push_str(rest);
    text
}

fn policy(text: &mut String) {
    let hash = |inline: &str| STANDARD.encode(digest(&SHA256, inline.as_bytes()));
    let _ = write!(
        text,
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    );
}

// Data -----------------------------------------------------------------------------------------------------------------

fn data(text: &mut String, run: &Run<'_>, run_id: &str, (part, parts): (usize, usize), drawn: &Drawn) {
    let spec = &run.job.spec;
    text.push_str("{\"run\":");
    json_text(text, run_id);
    text.push_str(",\"release\":");
    json_text(text, RELEASE);
    let _ = write!(text, ",\"part\":{part},\"parts\":{parts},\"carry\":[");
    list_of(text, &spec.a.carry, |text, heading| json_text(text, heading));
    text.push(',');
    list_of(text, &spec.b.carry, |text, heading| json_text(text, heading));
    text.push_str("],\"levels\":");
    list_of(text, &all_levels(), |text, levels| {
        list_of(text, levels, |text, (code, ja, en)| json_texts(text, [code, ja, en, words::tone(code)]));
    });
    text.push_str(",\"causes\":");
    list_of(text, &Cause::ALL, |text, cause| {
        json_texts(text, [cause.code(), cause.words().0, cause.words().1]);
    });
    let mut reasons: Vec<Reason> = Vec::new();
    drawn.entries.iter().filter_map(|entry| entry.pair).for_each(|pair| {
        if !reasons.contains(&pair.decision.reason) {
            reasons.push(pair.decision.reason);
        }
    });
    text.push_str(",\"reasons\":");
    list_of(text, &reasons, |text, reason| json_texts(text, [reason.code(), reason.ja(), reason.en()]));
    text.push_str(",\"a\":[");
    text.push_str(&drawn.a.json);
    text.push_str("],\"b\":[");
    text.push_str(&drawn.b.json);
    text.push_str("],\"pairs\":");
    list_of(text, &drawn.entries, |text, entry| json_entry(text, entry, drawn, &reasons));
    text.push('}');
}

type Words = (&'static str, &'static str, &'static str);

/// Codes and words of all levels of all attributes, in the order of [`Levels::codes`].
fn all_levels() -> [Vec<Words>; 6] {
    [
        NameLevel::ALL.iter().map(|level| (level.code(), level.ja(), level.en())).collect(),
        KanaLevel::ALL.iter().map(|level| (level.code(), level.ja(), level.en())).collect(),
        BirthLevel::ALL.iter().map(|level| (level.code(), level.ja(), level.en())).collect(),
        SexLevel::ALL.iter().map(|level| (level.code(), level.ja(), level.en())).collect(),
        AddressLevel::ALL.iter().map(|level| (level.code(), level.ja(), level.en())).collect(),
        StrongLevel::ALL.iter().map(|level| (level.code(), level.ja(), level.en())).collect(),
    ]
}

/// Where a pair's levels stand in [`all_levels`].
fn level_indexes(levels: &Levels) -> [u8; 6] {
    [
        levels.name as u8,
        levels.kana as u8,
        levels.birth as u8,
        levels.sex as u8,
        levels.address as u8,
        levels.strong as u8,
    ]
}

/// `[line, key, name, kana, birth, sex, address, strong, [carried], birth as compared, address as compared]`
fn json_row(text: &mut String, row: &Shown) {
    let _ = write!(text, "[\"{}\",", row.line);
    json_text(text, &row.key);
    for value in &row.texts {
        text.push(',');
        json_text(text, value);
    }
    text.push(',');
    list_of(text, &row.carried, |text, value| json_text(text, value));
    for value in [&row.birth, &row.address] {
        text.push(',');
        json_text(text, value);
    }
    text.push(']');
}

/// `[number, case, cause, row of A, row of B, score, reason, [levels], nth, of, more]`; -1 and 0 for what it lacks.
fn json_entry(text: &mut String, entry: &Entry, drawn: &Drawn, reasons: &[Reason]) {
    let cause = Cause::ALL.iter().position(|cause| *cause == entry.cause).unwrap_or(0);
    let _ = write!(text, "[{},{},{cause}", entry.number, entry.case_number);
    for (row, at) in [(entry.a, &drawn.a.at), (entry.b, &drawn.b.at)] {
        match row.and_then(|row| at.get(&row)) {
            Some(at) => {
                let _ = write!(text, ",{at}");
            }
            None => text.push_str(",-1"),
        }
    }
    match entry.pair {
        Some(pair) => {
            let reason = reasons.iter().position(|reason| *reason == pair.decision.reason).unwrap_or(0);
            let _ = write!(text, ",{},{reason},", pair.decision.score);
            list_of(text, &level_indexes(&pair.levels), |text, level| {
                let _ = write!(text, "{level}");
            });
        }
        None => text.push_str(",0,0,0"),
    }
    let more = drawn.more.get(&entry.number).copied().unwrap_or(0);
    let _ = write!(text, ",{},{},{more}]", entry.nth, entry.pairs);
}

fn list_of<T>(text: &mut String, items: &[T], each: impl Fn(&mut String, &T)) {
    text.push('[');
    for (n, item) in items.iter().enumerate() {
        if n > 0 {
            text.push(',');
        }
        each(text, item);
    }
    text.push(']');
}

fn json_texts<const N: usize>(text: &mut String, values: [&str; N]) {
    list_of(text, &values, |text, value| json_text(text, value));
}

/// A JSON text that can stand inside a script element: no `<`, so nothing in it ends the element or opens a comment.
fn json_text(text: &mut String, value: &str) {
    text.push('"');
    // Of nearly all texts every sign stands for itself. U+2028 and U+2029 begin with 0xe2.
    let is_sign = |byte: u8| matches!(byte, b'"' | b'\\' | b'<' | b'>' | b'&' | 0..=0x1f | 0x7f | 0xe2);
    let plain = value.bytes().position(is_sign).unwrap_or(value.len());
    let (plain, rest) = value.split_at(plain);
    text.push_str(plain);
    for c in rest.chars() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' | '\u{7f}' => {
                let _ = write!(text, "\\u{:04x}", u32::from(c));
            }
            c => text.push(c),
        }
    }
    text.push('"');
}

// Without JavaScript -----------------------------------------------------------------------------------------------------

fn plain(text: &mut String, drawn: &Drawn) {
    text.push_str("<p>この画面で判断するには JavaScript が要ります。使えないときは review.csv を表計算ソフトで開いてください。");
    let _ = write!(text, "ここには先頭の {PLAIN_MAX} 件までを示します。</p>");
    text.push_str("<p lang=\"en\">Deciding on this page needs JavaScript; without it, open review.csv in a spreadsheet. ");
    let _ = write!(text, "The first {PLAIN_MAX} entries are below.</p>");
    text.push_str(
        "<div class=\"wide\"><table class=\"plain\"><thead><tr><th>番号</th><th>案件</th><th>理由</th>",
    );
    for attribute in ATTRIBUTES {
        let _ = write!(text, "<th>{attribute}A</th><th>{attribute}B</th>");
    }
    text.push_str("<th>一致の度合い</th><th>A行</th><th>B行</th></tr></thead><tbody>");
    for entry in drawn.entries.iter().take(PLAIN_MAX) {
        let (a, b) = (drawn.a.first(entry.a), drawn.b.first(entry.b));
        let (code, (words, _)) = (entry.cause.code(), entry.cause.words());
        let _ = write!(text, "<tr><td>{}</td><td>{}</td>", entry.number, entry.case_number);
        let _ = write!(text, "<td>{code} {words}</td>");
        for attribute in 0..ATTRIBUTES.len() {
            for row in [a, b] {
                text.push_str("<td>");
                markup_text(text, row.map_or("", |row| &row.texts[attribute]));
                text.push_str("</td>");
            }
        }
        let codes = entry.pair.map(|pair| pair.levels.codes()).unwrap_or_default();
        let line = |row: Option<&Shown>| row.map(|row| row.line.to_string()).unwrap_or_default();
        let _ = write!(text, "<td>{codes}</td><td>{}</td><td>{}</td></tr>", line(a), line(b));
    }
    text.push_str("</tbody></table></div>");
}

/// Text as text of a page.
fn markup_text(text: &mut String, value: &str) {
    for c in value.chars() {
        match c {
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '&' => text.push_str("&amp;"),
            '"' => text.push_str("&quot;"),
            '\'' => text.push_str("&#39;"),
            // A NUL has no place in a page.
            '\0' => {}
            c => text.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::tests::only;

    #[test]
    fn hostile_texts_are_texts() {
        for (value, json, markup) in [
            ("</script><b>", r#""\u003c/script\u003e\u003cb\u003e""#, "&lt;/script&gt;&lt;b&gt;"),
            ("<!--", r#""\u003c!--""#, "&lt;!--"),
            ("\"'\\&", r#""\"'\\\u0026""#, "&quot;&#39;\\&amp;"),
            ("a\0\u{2028}\n", r#""a\u0000\u2028\u000a""#, "a\u{2028}\n"),
            ("@DATA@", r#""@DATA@""#, "@DATA@"),
            ("髙橋　花子", "\"髙橋　花子\"", "髙橋　花子"),
        ] {
            let (mut found, mut shown) = (String::new(), String::new());
            json_text(&mut found, value);
            markup_text(&mut shown, value);
            assert_eq!((found.as_str(), shown.as_str()), (json, markup));
            assert_eq!(serde_json::from_str::<String>(&found).unwrap(), value);
        }
    }

    #[test]
    fn the_shell_has_each_mark_once_and_loads_nothing() {
        let marks: Vec<&str> = SHELL.split('@').skip(1).step_by(2).collect();
        assert_eq!(marks, ["CSP", "STYLE", "PLAIN", "DATA", "SCRIPT"]);
        for text in [SHELL, STYLE, SCRIPT] {
            for forbidden in ["http:", "https:", "src=", "url(", "@import", "innerHTML", "eval(", "fetch("] {
                assert!(!text.contains(forbidden), "{forbidden}");
            }
        }
    }

    #[test]
    fn levels_stand_where_their_numbers_say() {
        let levels = Levels {
            name: NameLevel::SurnameOnly,
            kana: KanaLevel::Missing,
            birth: BirthLevel::DayOff,
            sex: SexLevel::Different,
            address: AddressLevel::SameTown,
            strong: StrongLevel::Missing,
        };
        let all = all_levels();
        let codes: Vec<&str> =
            level_indexes(&levels).iter().zip(&all).map(|(at, levels)| levels[usize::from(*at)].0).collect();
        assert_eq!(codes.join(" "), levels.codes());
    }

    #[test]
    fn no_page_is_too_long_and_no_case_is_cut() {
        let cases: Vec<[u32; 2]> = (0..1_500).map(|n| [1 + n % 70; 2]).collect();
        let count = cases.len();
        let outcome = only(&cases);
        let list = List::new(&outcome);
        let parts = parts(&list);
        assert!(parts.len() > 2);
        assert!(parts.windows(2).all(|pair| pair[0].end == pair[1].start));
        assert_eq!((parts[0].start, parts[parts.len() - 1].end), (0, count));
        for part in parts {
            let entries = part.map(|case| shown_entries(&list, case)).sum::<usize>();
            assert!((PAIRS_MAX / 2..=PAIRS_MAX).contains(&entries), "{entries}");
        }
        let none = super::parts(&List::new(&only(&[])));
        assert_eq!((none.len(), none[0].len()), (1, 0));
    }
}
