//! What is written down: a block of Markdown for each part, between markers in docs/benchmarks.md, and the same numbers
//! in docs/benchmarks.json so that a later run can be compared. A part that was not run keeps its block.

use super::runs::{MODERATE_NAME, Measured, Phase};
use serde_json::{Map, Value, json};
use std::{fs, io, path::Path, time::Duration};

/// What a number should be.
#[derive(Clone, Copy)]
pub enum Aim {
    /// At least this.
    AtLeast(f64),
    /// At most this.
    AtMost(f64),
    /// Less than this.
    Below(f64),
    /// Nothing is asked; less is better.
    LessIsBetter,
    /// Nothing is asked; more is better.
    MoreIsBetter,
}

/// A number with its aim.
pub struct Row {
    key: String,
    says: String,
    value: f64,
    unit: &'static str,
    aim: Aim,
}

impl Row {
    /// A row; the key is stable, the words are for people.
    pub fn new(key: &str, says: &str, value: f64, unit: &'static str, aim: Aim) -> Row {
        Row { key: key.into(), says: says.into(), value, unit, aim }
    }

    fn aim_text(&self) -> String {
        let (sign, limit, met) = match self.aim {
            Aim::AtLeast(limit) => ("≥", limit, self.value >= limit),
            Aim::AtMost(limit) => ("≤", limit, self.value <= limit),
            Aim::Below(limit) => ("<", limit, self.value < limit),
            Aim::LessIsBetter | Aim::MoreIsBetter => return String::new(),
        };
        format!("{sign} {} — {}", figure(limit), if met { "met" } else { "**short**" })
    }
}

/// What a bench is about.
#[derive(Clone, Copy)]
pub struct Subject {
    /// Its command, also in the markers and the JSON.
    pub command: &'static str,
    /// What is measured: one of it, and more.
    pub one: &'static str,
    /// More than one of it.
    pub many: &'static str,
    /// Its heading on the page.
    title: &'static str,
    /// What is said below the heading, behind the command.
    about: &'static str,
}

/// Checks by number.
pub const COUNTER: Subject = Subject {
    command: "counter",
    one: "check",
    many: "checks",
    title: "The counter: checks by number",
    about: "Latency counts from the intended start of a request (open load), every answer is checked,\nserver and \
            generator have a core each.",
};

/// Checks by card.
pub const TAP: Subject = Subject {
    command: "tap",
    one: "card check",
    many: "card checks",
    title: "The reader: checks by card",
    about: "A card check is one request with a card's proof and its person's answers. Cards sign\nbefore each load, so \
            that it is not measured; loads and columns are those of the counter.",
};

/// Checks of a nation.
pub const NATION: Subject = Subject {
    command: "nation",
    one: "check",
    many: "checks",
    title: "The nation: checks of a large database",
    about: "The same checks, of people from all over a large\ndatabase and of a small one, on two servers that take \
            turns; by card as in the reader's bench.",
};

/// Linking two files.
pub const LINK: Subject = Subject {
    command: "link",
    one: "row",
    many: "rows",
    title: "Linkage: two files of people",
    about: "All stages of `shikaku link`, with reasons, beside an exact\njoin of the same files by DuckDB in the same run. \
            `--large` and `--splink` write the other blocks.",
};

/// What a run should reach.
pub struct Aims {
    /// Sustained a second, at least.
    pub rate: f64,
    /// Milliseconds at most, in 99 of 100 at the moderate rate.
    pub p99_moderate: f64,
    /// Milliseconds, more than in 99 of 100 at 80 % of the sustained rate.
    pub p99_80: Option<f64>,
    /// The server's CPU time of one, at most, in those of the bare route.
    pub cpu_of_hello: Option<f64>,
}

/// The result of a part.
pub struct Block {
    /// What it is about.
    pub subject: Subject,
    /// Its name, also in the markers and the JSON.
    pub name: &'static str,
    /// Its heading.
    pub title: String,
    /// Under which conditions, sentence by sentence.
    pub conditions: Vec<String>,
    /// The numbers.
    pub rows: Vec<Row>,
    /// More tables, as Markdown.
    pub tables: String,
}

/// A number as people read it.
fn figure(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => thousands(value.round() as i64),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

fn thousands(value: i64) -> String {
    let text = value.abs().to_string();
    let mut out = String::new();
    for (place, figure) in text.chars().enumerate() {
        if place > 0 && (text.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(figure);
    }
    if value < 0 { format!("-{out}") } else { out }
}

impl Block {
    /// The block as Markdown.
    pub fn markdown(&self) -> String {
        let mut text = format!("### {}\n\n", self.title);
        for sentence in &self.conditions {
            text.push_str(&format!("- {sentence}\n"));
        }
        text.push_str("\n| What | Measured | Aim |\n|---|---:|---|\n");
        for row in &self.rows {
            text.push_str(&format!(
                "| {} | {} {} | {} |\n",
                row.says,
                figure(row.value),
                row.unit,
                row.aim_text()
            ));
        }
        if !self.tables.is_empty() {
            text.push_str(&format!("\n{}", self.tables));
        }
        text
    }

    fn numbers(&self) -> Map<String, Value> {
        self.rows.iter().map(|row| (row.key.clone(), json!((row.value * 1000.0).round() / 1000.0))).collect()
    }

    /// What became slower or larger since the kept run, line by line.
    pub fn compare(&self, kept: &Value) -> Vec<String> {
        const NOTABLE: f64 = 1.1;
        let numbers = &kept[self.subject.command][self.name]["numbers"];
        let line = |row: &Row| {
            let Some(before) = numbers[row.key.as_str()].as_f64() else {
                return format!("{:40} {:>10} {}, not in the kept run", row.key, figure(row.value), row.unit);
            };
            let more_is_better = matches!(row.aim, Aim::AtLeast(_) | Aim::MoreIsBetter);
            let worse = if more_is_better { before / row.value } else { row.value / before };
            let word = match worse {
                worse if worse > NOTABLE => "WORSE",
                worse if worse < 1.0 / NOTABLE => "better",
                _ => "alike",
            };
            let ratio = row.value / before;
            format!(
                "{:40} {:>10} → {:>10} {} (× {ratio:.2}) {word}",
                row.key,
                figure(before),
                figure(row.value),
                row.unit
            )
        };
        self.rows.iter().map(line).collect()
    }
}

/// The rows of a run on one set of servers. `key` begins their keys.
pub fn rows(subject: Subject, key: &str, name: &str, measured: &Measured, aims: Option<&Aims>) -> Vec<Row> {
    let named = |part: &str| format!("{key}.{part}");
    let (one, many) = (subject.one, subject.many);
    let rate = aims.map_or(Aim::MoreIsBetter, |aims| Aim::AtLeast(aims.rate));
    let closed = format!("{name}: {many} of a closed load");
    let mut rows = vec![
        Row::new(&named("rate"), &format!("{name}: {many} sustained"), measured.capacity, "/s", rate),
        Row::new(&named("saturation"), &closed, measured.saturation, "/s", Aim::MoreIsBetter),
    ];
    let most = |limit: Option<f64>, aim: fn(f64) -> Aim| limit.map_or(Aim::LessIsBetter, aim);
    for (phase, part, limit) in [
        (MODERATE_NAME, "p99_at_1000", most(aims.map(|aims| aims.p99_moderate), Aim::AtMost)),
        ("80 %", "p99_at_80", most(aims.and_then(|aims| aims.p99_80), Aim::Below)),
        ("50 %", "p99_at_50", Aim::LessIsBetter),
    ] {
        if let Some(found) = measured.checks.iter().find(|check| check.name == phase) {
            let p99 = found.outcome.latency.at(0.99).as_secs_f64() * 1e3;
            let says = match phase {
                MODERATE_NAME => format!("{name}: p99 at {MODERATE_NAME}"),
                share => format!("{name}: p99 at {share} of that rate"),
            };
            rows.push(Row::new(&named(part), &says, p99, "ms", limit));
        }
    }
    for check in &measured.checks {
        let Some(hello) = measured.hello.get(&check.name) else { continue };
        let place: String =
            check.name.trim_end_matches("/s").chars().filter(char::is_ascii_alphanumeric).collect();
        let says = format!("{name}: server CPU of a {one} ÷ of hello, {}", check.name);
        let limit = most(aims.and_then(|aims| aims.cpu_of_hello), Aim::AtMost);
        rows.push(Row::new(&named(&format!("cpu_ratio_{place}")), &says, ratio(check, hello), "×", limit));
    }
    rows
}

fn ratio(check: &Phase, hello: &Phase) -> f64 {
    check.server.as_secs_f64() / hello.server.as_secs_f64()
}

/// The head of a table of loads.
const LOADS: &str = "| Load | Asked | Answered | p50 | p99 | p99.9 | max | CPU server | CPU PostgreSQL | CPU server for \
                     hello |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n";

/// The tables of a run: each load, and where the CPU time went by thread.
pub fn tables(subject: Subject, name: &str, measured: &Measured) -> String {
    let mut text = format!("{name}, each load:\n\n{LOADS}");
    for check in &measured.checks {
        text.push_str(&load_row(check, measured.hello.get(&check.name)));
    }
    let mut threads = Vec::new();
    if let Some(check) = measured.checks.first() {
        threads.extend(check.threads.iter().filter(|(_, time)| **time > Duration::from_nanos(50)));
    }
    threads.sort_by(|a, b| b.1.cmp(a.1));
    let threads: Vec<String> =
        threads.iter().map(|(name, time)| format!("{name} {}", micro(**time))).collect();
    let late: Duration =
        measured.checks.iter().map(|check| check.outcome.lag.at(0.99)).max().unwrap_or_default();
    let busy = measured.checks.first().map_or(0.0, |check| check.generator * 100.0);
    text.push_str(&format!(
        "\nA saturated {} by thread: {}. The generator took {busy:.0} % of its core then, and in the open loads was \
         late by {} at p99 at most. Others worked on {:.2} cores meanwhile, and the host kept {:.2}.\n",
        subject.one,
        threads.join(", "),
        milli(late),
        measured.beside.0,
        measured.beside.1,
    ));
    text
}

/// A table of loads beside which there was no bare route.
pub fn table(name: &str, phases: &[Phase]) -> String {
    let rows: String = phases.iter().map(|phase| load_row(phase, None)).collect();
    format!("{name}, each load:\n\n{LOADS}{rows}")
}

fn load_row(check: &Phase, hello: Option<&Phase>) -> String {
    let times = [0.5, 0.99, 0.999].map(|share| milli(check.outcome.latency.at(share)));
    format!(
        "| {} | {} | {}/s | {} | {} | {} | {} | {} |\n",
        check.name,
        check.intended.map_or_else(|| "at once".to_owned(), |rate| format!("{}/s", figure(rate))),
        figure(check.outcome.rate()),
        times.join(" | "),
        milli(check.outcome.latency.max()),
        micro(check.server),
        if check.postgres.is_zero() { "—".to_owned() } else { micro(check.postgres) },
        hello.map_or_else(|| "—".to_owned(), |hello| micro(hello.server)),
    )
}

fn milli(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}

fn micro(time: Duration) -> String {
    format!("{:.1} µs", time.as_secs_f64() * 1e6)
}

const PAGE: &str = "docs/benchmarks.md";
const NUMBERS: &str = "docs/benchmarks.json";
const HEAD: &str = "# Benchmarks\n\nWhat was measured, when and on what. Each block is written by the command that it \
                    names; numbers of one machine\nsay little about another, their ratios more.\n";

/// The kept numbers; empty when there are none yet.
pub fn kept(root: &Path) -> io::Result<Value> {
    match fs::read_to_string(root.join(NUMBERS)) {
        Ok(text) => serde_json::from_str(&text).map_err(io::Error::other),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(json!({})),
        Err(error) => Err(error),
    }
}

/// Writes a block into both files.
pub fn keep(root: &Path, block: &Block) -> io::Result<()> {
    let path = root.join(PAGE);
    let page = match fs::read_to_string(&path) {
        Ok(page) => page,
        Err(error) if error.kind() == io::ErrorKind::NotFound => HEAD.to_owned(),
        Err(error) => return Err(error),
    };
    fs::write(&path, with_block(&page, block))?;
    let mut numbers = kept(root)?;
    numbers[block.subject.command][block.name] =
        json!({ "conditions": block.conditions, "numbers": block.numbers() });
    fs::write(root.join(NUMBERS), format!("{}\n", serde_json::to_string_pretty(&numbers)?))
}

/// The page with the block between its markers. When it has none yet, the block goes to the end of its subject's
/// section, which is the page's end when there is none either.
fn with_block(page: &str, block: &Block) -> String {
    let Subject { command, title, about, .. } = block.subject;
    let marker = |word: &str| format!("<!-- bench {command} {}: {word} -->\n", block.name);
    let (begin, end) = (marker("begin"), marker("end"));
    let text = format!("{begin}{}{end}", block.markdown());
    if let (Some(from), Some(to)) = (page.find(&begin), page.find(&end))
        && from < to
    {
        return format!("{}{text}{}", &page[..from], &page[to + end.len()..]);
    }
    let heading = format!("\n## {title}\n");
    let Some(section) = page.find(&heading).map(|at| at + heading.len()) else {
        return format!("{}\n{heading}\n`cargo xtask bench {command}`. {about}\n\n{text}", page.trim_end());
    };
    match page[section..].find("\n## ").map(|at| section + at) {
        Some(next) => format!("{}\n\n{text}\n{}", page[..next].trim_end(), &page[next + 1..]),
        None => format!("{}\n\n{text}", page.trim_end()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(subject: Subject, name: &'static str, tables: &str) -> Block {
        Block { subject, name, title: name.into(), conditions: vec![], rows: vec![], tables: tables.into() }
    }

    #[test]
    fn a_block_replaces_itself_and_nothing_else() {
        let once = with_block("# Page\n", &block(COUNTER, "sqlite", "one\n"));
        let other = with_block(&once, &block(COUNTER, "size", "two\n"));
        let tap = with_block(&other, &block(TAP, "sqlite", "four\n"));
        let again = with_block(&tap, &block(COUNTER, "sqlite", "three\n"));
        let late = with_block(&again, &block(COUNTER, "build", "five\n"));
        let order = [
            "# Page\n\n## The counter",
            "<!-- bench counter sqlite: begin -->\n",
            "three\n<!-- bench counter sqlite: end -->\n",
            "two\n",
            "five\n<!-- bench counter build: end -->\n\n## The reader",
            "four\n<!-- bench tap sqlite: end -->\n",
        ];
        let mut rest = late.as_str();
        for part in order {
            let at = rest.find(part);
            assert!(at.is_some(), "{part} is missing or too early: {late}");
            rest = &rest[at.unwrap_or_default() + part.len()..];
        }
        assert!(
            rest.is_empty() && !late.contains("one\n<!--") && late.matches("## The").count() == 2,
            "{late}"
        );
    }

    #[test]
    fn figures_are_read_by_people() {
        assert_eq!([figure(15_234.6), figure(12.34), figure(0.456)], ["15,235", "12.3", "0.46"]);
    }

    #[test]
    fn a_comparison_knows_which_way_is_worse() {
        let rows = vec![
            Row::new("rate", "", 50.0, "/s", Aim::AtLeast(100.0)),
            Row::new("p99", "", 5.0, "ms", Aim::AtMost(10.0)),
            Row::new("new", "", 1.0, "", Aim::LessIsBetter),
        ];
        let block = Block { rows, ..block(COUNTER, "sqlite", "") };
        let lines = block.compare(&json!({"counter": {"sqlite": {"numbers": {"rate": 100.0, "p99": 10.0}}}}));
        assert!(lines[0].ends_with("WORSE") && lines[1].ends_with("better"), "{lines:?}");
        assert!(lines[2].ends_with("not in the kept run"), "{lines:?}");
        assert!(block.markdown().contains("≥ 100 — **short**"), "{}", block.markdown());
    }
}
