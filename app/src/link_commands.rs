//! `shikaku link`: finds the same people in two files; explains a pair, looks one person up, proposes a spec, shows rows as
//! the comparison sees them.
//!
//! Always holds: a run says how far it is and goes on after Ctrl-C or a kill when called again; nothing of a row is
//! printed but where it is asked for (`--show-values`, `find`, `normalise`), and no person is on the command line.
//! Not here: reading, comparing, deciding and writing (`linkage`).
//! Rules come from: issue 5, parts B and C; docs/linkage.md.

mod ended;
mod usage;

use crate::rim::{self, tell};
use base::{Error, Fault, Instant, Lang, Result};
use clap::{Args, Subcommand, ValueEnum};
use ended::Ended;
use linkage::{Form, Grade, Handled, Index, Job, Measure, Side, Spec, Stage, Texts, Tier, Watch, Which};
use serde_json::{Value, json};
use std::{
    fs::{self, OpenOptions},
    io::{self, BufWriter, IsTerminal, Read, Write},
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

pub use usage::refused;

/// Finds the same people in two files: links, a work list for clerks, the rows without a link, totals, and reasons.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct LinkArgs {
    #[command(flatten)]
    run: Option<RunArgs>,
    /// The language of what is printed.
    #[arg(long, value_enum, default_value = "ja", global = true)]
    lang: Tongue,
    #[command(subcommand)]
    command: Option<LinkCommand>,
}

/// A language of what is printed.
#[derive(Clone, Copy, ValueEnum)]
enum Tongue {
    /// 日本語
    Ja,
    /// English
    En,
}

impl Tongue {
    fn lang(self) -> Lang {
        match self {
            Tongue::Ja => Lang::Ja,
            Tongue::En => Lang::En,
        }
    }
}

/// A run.
#[derive(Args)]
struct RunArgs {
    /// File A: each of its rows wants a partner.
    a: PathBuf,
    /// File B: the file that is asked.
    b: PathBuf,
    /// Which columns hold what (`shikaku link spec A B` proposes one).
    #[arg(long, value_name = "TOML")]
    spec: PathBuf,
    /// The folder for the results; made if it is not there.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Threads (default: one for each core).
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,
    /// Memory besides the mapped files, such as 500MB or 3GB; what does not fit goes to the disk.
    #[arg(long, value_name = "SIZE", default_value = "3GB", value_parser = size)]
    memory: u64,
    /// Results of another run in the folder may be replaced.
    #[arg(long)]
    replace: bool,
}

/// Files, spec, threads: what every command about two files is given.
#[derive(Args)]
struct Both {
    /// File A.
    a: PathBuf,
    /// File B.
    b: PathBuf,
    /// Which columns hold what.
    #[arg(long, value_name = "TOML")]
    spec: PathBuf,
    /// Threads (default: one for each core).
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,
}

#[derive(Subcommand)]
enum LinkCommand {
    /// Says why two rows are linked, to be reviewed, or not linked: what was seen of each attribute, and what it weighs.
    Explain {
        #[command(flatten)]
        both: Both,
        /// The row of A, by its line.
        #[arg(long = "a", value_name = "LINE", required_unless_present = "key_a", conflicts_with = "key_a")]
        line_a: Option<u64>,
        /// The row of A, by its key.
        #[arg(long, value_name = "KEY")]
        key_a: Option<String>,
        /// The row of B, by its line.
        #[arg(long = "b", value_name = "LINE", required_unless_present = "key_b", conflicts_with = "key_b")]
        line_b: Option<u64>,
        /// The row of B, by its key.
        #[arg(long, value_name = "KEY")]
        key_b: Option<String>,
        /// Prints what both rows hold too, as written and as compared.
        #[arg(long)]
        show_values: bool,
    },
    /// Looks one person up in B and prints the candidates as JSON. The person comes on standard input, as a JSON object
    /// with name, kana, birth, sex, address and strong, so that it is in no history of commands.
    Find {
        /// File B.
        b: PathBuf,
        /// Which columns hold what.
        #[arg(long, value_name = "TOML")]
        spec: PathBuf,
        /// Threads (default: one for each core).
        #[arg(long, value_parser = clap::value_parser!(u16).range(1..=256))]
        threads: Option<u16>,
        /// Prints what the candidates hold too, as written and as compared.
        #[arg(long)]
        show_values: bool,
    },
    /// Proposes a spec for two files by their headings.
    Spec {
        /// File A.
        a: PathBuf,
        /// File B.
        b: PathBuf,
    },
    /// Writes a file's rows as the comparison sees them, as CSV: for checks by other programs.
    Normalise {
        /// The file.
        file: PathBuf,
        /// Which columns hold what.
        #[arg(long, value_name = "TOML")]
        spec: PathBuf,
        /// Whose columns of the spec.
        #[arg(long, value_enum)]
        side: Letter,
        /// A file instead of standard output.
        #[arg(long, value_name = "CSV")]
        out: Option<PathBuf>,
        /// Threads (default: one for each core).
        #[arg(long, value_parser = clap::value_parser!(u16).range(1..=256))]
        threads: Option<u16>,
    },
}

/// A file of the two.
#[derive(Clone, Copy, ValueEnum)]
enum Letter {
    /// File A.
    A,
    /// File B.
    B,
}

/// A size such as `500MB`; units are powers of 1,000, or of 1,024 with an i. A bare number is refused: who writes 500 means
/// no 500 bytes.
fn size(text: &str) -> std::result::Result<u64, String> {
    // The language is not known yet.
    let wrong = || {
        "500MB や 3GB のように、単位を付けて書きます / a size with its unit, such as 500MB or 3GB".to_owned()
    };
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..end].parse().map_err(|_| wrong())?;
    let unit = match text[end..].trim().to_ascii_uppercase().as_str() {
        "B" => 1,
        "K" | "KB" => 1_000,
        "KIB" => 1 << 10,
        "M" | "MB" => 1_000_000,
        "MIB" => 1 << 20,
        "G" | "GB" => 1_000_000_000,
        "GIB" => 1 << 30,
        _ => return Err(wrong()),
    };
    number.checked_mul(unit).ok_or_else(wrong)
}

fn threads(wanted: Option<u16>) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    wanted.map_or_else(cores, usize::from)
}

/// Runs `shikaku link`; whether it came to its end.
pub fn run(args: LinkArgs, stop: &AtomicBool, say: &mut dyn FnMut(&str)) -> Result<bool> {
    let lang = args.lang.lang();
    let watch = Line::begin(lang, stop);
    let out = args.run.as_ref().map(|run| run.out.clone());
    let done = match (args.command, args.run) {
        (None, Some(run)) => link(&run, &watch, say),
        (Some(LinkCommand::Explain { both, line_a, key_a, line_b, key_b, show_values }), _) => {
            let rows = (which(line_a, key_a), which(line_b, key_b));
            explain(&both, rows, show_values, &watch, say)
        }
        (Some(LinkCommand::Find { b, spec, threads, show_values }), _) => {
            find(&b, &spec, threads, show_values, &watch, say)
        }
        (Some(LinkCommand::Spec { a, b }), _) => propose(&a, &b, lang, say),
        (Some(LinkCommand::Normalise { file, spec, side, out, threads }), _) => {
            normalise(&file, &spec, side, out.as_deref(), threads, &watch)
        }
        (None, None) => Err(Ended::Said(
            lang.pick(
                "ファイル2つと、--spec、--out を指定してください（使い方は --help）。",
                "name two files, --spec and --out; see --help",
            )
            .to_owned(),
        )),
    };
    watch.end();
    match done {
        Ok(()) => Ok(true),
        Err(Ended::Told) => {
            tell(ended::stopped(out.as_deref(), lang));
            Ok(false)
        }
        Err(Ended::Input(lines)) => {
            lines.iter().for_each(|line| tell(line));
            Err(Error::broken(lang.pick(
                "入力に問題があるため、何も書いていません。上の行を直してください。",
                "nothing was written, since the input cannot be used: mend what the lines above say",
            )))
        }
        Err(Ended::Said(sentence)) => Err(Error::broken(sentence)),
        Err(Ended::Broken(fault)) if ended::is_unheard(&fault) => Ok(true),
        Err(Ended::Broken(fault)) => Err(ended::told(fault, lang)),
    }
}

/// What is wrong with a spec, in sentences.
fn wrong(errors: &[linkage::SpecError], path: Option<&Path>, lang: Lang) -> Vec<String> {
    let text = |error: &linkage::SpecError| {
        let words = lang.pick(&error.ja, &error.en);
        let path = path.map(|path| path.display().to_string());
        let Some(file) = error.file.clone().or(path) else { return words.to_owned() };
        let line = match (error.line, lang) {
            (0, _) => String::new(),
            (line, Lang::Ja) => format!(" {line}行目"),
            (line, Lang::En) => format!(", line {line}"),
        };
        format!("{file}{line}: {words}")
    };
    errors.iter().map(text).collect()
}

fn read_spec(path: &Path, lang: Lang) -> std::result::Result<Spec, Ended> {
    Spec::load(path).map_err(|errors| Ended::Input(wrong(&errors, Some(path), lang)))
}

// Runs -----------------------------------------------------------------------------------------------------------------

fn link(args: &RunArgs, watch: &Line<'_>, say: &mut dyn FnMut(&str)) -> std::result::Result<(), Ended> {
    let lang = watch.lang;
    let job = Job {
        a: args.a.clone(),
        b: args.b.clone(),
        spec: read_spec(&args.spec, lang)?,
        out: args.out.clone(),
        threads: threads(args.threads),
        memory: args.memory,
        replace: args.replace,
        at: Some(Instant::from_ms(rim::wall_ms()).for_people()),
    };
    let is_new = !args.out.is_dir();
    let summary = linkage::run(&job, watch).map_err(|stopped| {
        if is_new {
            // Goes only if it is empty, that is, if nothing was kept for going on.
            let _ = fs::remove_dir(&args.out);
        }
        Ended::of(stopped, lang)
    })?;
    watch.end();
    say(summary.text(lang).trim_end());
    say("");
    let looks = [
        ("links.csv", "結び付いた組", "the links"),
        (
            "review.html",
            "目視確認（ブラウザーで開く）。表計算なら review.csv",
            "for clerks, in a browser; review.csv in a spreadsheet",
        ),
        (
            "unlinked_a.csv",
            "結び付かなかった A の行と理由。B は unlinked_b.csv",
            "rows of A without a link, and why; unlinked_b.csv of B",
        ),
        ("problems.csv", "入力の問題", "problems of the input"),
        ("run.json", "この実行の記録（ハッシュと件数）", "the record of this run: hashes and counts"),
    ];
    for (file, ja, en) in looks {
        say(&format!("{}  {}", args.out.join(file).display(), lang.pick(ja, en)));
    }
    Ok(())
}

/// How far a run is, on standard error: one line that changes at a terminal, else a line now and then.
struct Line<'s> {
    lang: Lang,
    stop: &'s AtomicBool,
    begun_ms: i64,
    is_terminal: bool,
    said: Mutex<Said>,
}

#[derive(Default)]
struct Said {
    pace: Pace,
    said_ms: i64,
    is_written: bool,
}

/// What a rate is counted from: a part of a stage, when it was first heard of, and how much was handled by then: a run that
/// goes on begins in the middle.
#[derive(Clone, Copy, Default)]
struct Pace {
    of: Option<(Stage, usize)>,
    begun_ms: i64,
    first: u64,
}

impl Pace {
    /// Hears what was handled at an instant; says it by the second, in words, when something was.
    fn rate(&mut self, stage: Stage, handled: Handled, now_ms: i64, lang: Lang) -> Option<String> {
        if self.of != Some((stage, handled.part)) {
            *self = Pace { of: Some((stage, handled.part)), begun_ms: now_ms, first: handled.units };
        }
        let took = u64::try_from(now_ms - self.begun_ms).ok().filter(|took| *took > 0)?;
        let rate = handled.units.saturating_sub(self.first).saturating_mul(1000) / took;
        let (rate, unit) = match handled.unit {
            Measure::Bytes => (rate / 1_000_000, "MB/s"),
            Measure::Rows => (rate, lang.pick("行/秒", "rows/s")),
            Measure::Keys => (rate, lang.pick("手がかり/秒", "keys/s")),
            Measure::Pairs => (rate, lang.pick("組/秒", "pairs/s")),
        };
        (rate > 0).then(|| format!("{} {unit}", grouped(rate)))
    }
}

/// A number with commas.
fn grouped(number: u64) -> String {
    match number {
        0..1000 => number.to_string(),
        _ => format!("{},{:03}", grouped(number / 1000), number % 1000),
    }
}

const SAY_AT_TERMINAL_MS: i64 = 200;
const SAY_ELSEWHERE_MS: i64 = 5_000;

/// A stage's number, name, and about which hundredths of the whole it takes (measured on 1.2 × 1.8 million rows).
struct About {
    number: u8,
    name: &'static str,
    from: u64,
    to: u64,
}

fn about(stage: Stage, lang: Lang) -> About {
    let (number, name, from, to) = match stage {
        Stage::Read => (1, lang.pick("読み込み", "reading"), 0, 65),
        Stage::Exact => (2, lang.pick("完全一致", "exact"), 65, 68),
        Stage::Score => (3, lang.pick("採点", "scoring"), 68, 92),
        Stage::Write => (4, lang.pick("書き出し", "writing"), 92, 100),
    };
    About { number, name, from, to }
}

impl<'s> Line<'s> {
    fn begin(lang: Lang, stop: &'s AtomicBool) -> Line<'s> {
        let now = rim::wall_ms();
        let said = Mutex::new(Said { said_ms: now, ..Said::default() });
        Line { lang, stop, begun_ms: now, is_terminal: io::stderr().is_terminal(), said }
    }

    /// Takes the line off the terminal.
    fn end(&self) {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_terminal && said.is_written {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
        said.is_written = false;
    }
}

impl Watch for Line<'_> {
    fn progress(&self, now_in: Stage, done: u64, of: u64, handled: Handled) {
        // Many threads tell; who finds another telling goes on working.
        let Ok(mut said) = self.said.try_lock() else { return };
        let now = rim::wall_ms();
        let rate = said.pace.rate(now_in, handled, now, self.lang);
        let every = if self.is_terminal { SAY_AT_TERMINAL_MS } else { SAY_ELSEWHERE_MS };
        if now - said.said_ms < every {
            return;
        }
        said.said_ms = now;
        said.is_written = true;
        let About { number, name, from, to } = about(now_in, self.lang);
        let took = |since: i64| u64::try_from(now - since).unwrap_or(0).max(1);
        let percent = done.min(of) * 100 / of.max(1);
        let whole = (from + (to - from) * percent / 100).max(1);
        let left_s = took(self.begun_ms) * (100 - whole.min(100)) / whole / 1000;
        let (start, end) = if self.is_terminal { ("\r\x1b[K", "") } else { ("", "\n") };
        let _ = write!(
            io::stderr(),
            "{start}link {number}/4 {name} {percent} %{} · {} {}:{:02}{}{end}",
            rate.map_or(String::new(), |rate| format!(" · {rate}")),
            self.lang.pick("残り約", "about"),
            left_s / 60,
            left_s % 60,
            self.lang.pick("", " left")
        );
    }

    fn stop(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

// Questions ------------------------------------------------------------------------------------------------------------

fn which(line: Option<u64>, key: Option<String>) -> Which {
    key.map_or(Which::Line(line.unwrap_or_default()), Which::Key)
}

fn explain(
    both: &Both,
    (row_a, row_b): (Which, Which),
    show_values: bool,
    watch: &Line<'_>,
    say: &mut dyn FnMut(&str),
) -> std::result::Result<(), Ended> {
    let lang = watch.lang;
    let spec = read_spec(&both.spec, lang)?;
    let explained =
        linkage::explain(&spec, (&both.a, &both.b), (&row_a, &row_b), threads(both.threads), watch)
            .map_err(|stopped| Ended::of(stopped, lang))?;
    let (line_a, line_b) = explained.lines;
    say(&match lang {
        Lang::Ja => format!("A の {line_a} 行目と B の {line_b} 行目"),
        Lang::En => format!("Line {line_a} of A and line {line_b} of B"),
    });
    explained.sentences(lang).iter().for_each(|line| say(line));
    say(lang.pick(
        "この組だけを見た判断です。同じくらい近い組がほかにあるときは、実行では目視確認になります。",
        "This is said of the pair by itself; with another pair about as near, a run leaves it to review.",
    ));
    if show_values {
        for [what, a, b, compared_a, compared_b] in explained.values() {
            say(&format!("{what}\n  A {a}  →  {compared_a}\n  B {b}  →  {compared_b}"));
        }
    }
    Ok(())
}

fn propose(a: &Path, b: &Path, lang: Lang, say: &mut dyn FnMut(&str)) -> std::result::Result<(), Ended> {
    let header =
        |path: &Path, side| linkage::header(path, side).map_err(|closed| Ended::closed(closed, lang));
    let (a, b) = (header(a, 'A')?, header(b, 'B')?);
    match Spec::suggest(&a, &b) {
        Ok(spec) => say(spec.proposal(&a, &b, lang).trim_end()),
        Err(errors) => {
            say(Spec::draft(&a, &b, lang).trim_end());
            wrong(&errors, None, lang).iter().for_each(|line| tell(line));
            let draft = lang.pick(
                "見出しから分からない項目があるので、下書きを出しました。空の [ ] に項目名を書いてから使ってください。",
                "the headings do not tell everything, so this is a draft: fill in its empty [ ] before using it",
            );
            return Err(Ended::Said(draft.to_owned()));
        }
    }
    Ok(())
}

fn normalise(
    file: &Path,
    spec: &Path,
    letter: Letter,
    out: Option<&Path>,
    wanted: Option<u16>,
    watch: &Line<'_>,
) -> std::result::Result<(), Ended> {
    let lang = watch.lang;
    let spec = read_spec(spec, lang)?;
    let (letter, side): (char, &Side) = match letter {
        Letter::A => ('A', &spec.a),
        Letter::B => ('B', &spec.b),
    };
    let mut out: Box<dyn Write + Send> = match out {
        None => Box::new(BufWriter::with_capacity(1 << 16, io::stdout())),
        Some(path) => {
            let mut options = OpenOptions::new();
            options.write(true).create(true).truncate(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let opened = options.open(path);
            let unmade = |e| Fault::caused("the CSV file cannot be made", e);
            let file = opened.map_err(|e| {
                unmade(e)
                    .in_japanese("CSVファイルを作れません。出力先の名前と、書き込む権限を確かめてください。")
            })?;
            Box::new(BufWriter::with_capacity(1 << 16, file))
        }
    };
    let rows = linkage::normalise((file, letter, side), threads(wanted), &mut *out, watch);
    rows.map(|_| ()).map_err(|stopped| Ended::of(stopped, lang))
}

/// The person on standard input; more than this is no person.
const PERSON_MAX: u64 = 1 << 16;

fn find(
    path: &Path,
    spec: &Path,
    wanted: Option<u16>,
    show_values: bool,
    watch: &Line<'_>,
    say: &mut dyn FnMut(&str),
) -> std::result::Result<(), Ended> {
    let lang = watch.lang;
    let spec = read_spec(spec, lang)?;
    let person = person(io::stdin())?;
    let answer = answer((path, &spec), &person, threads(wanted), show_values, watch)?;
    say(&format!("{answer:#}"));
    Ok(())
}

/// Whom B has for this person, as JSON.
fn answer(
    (path, spec): (&Path, &Spec),
    person: &Texts,
    threads: usize,
    show_values: bool,
    watch: &Line<'_>,
) -> std::result::Result<Value, Ended> {
    let lang = watch.lang;
    let opened = Index::open(path, &spec.b, threads);
    let index = opened.map_err(|closed| Ended::closed(closed, lang))?;
    let found = index.find(&Form::of(person));
    let lines: Vec<u64> = found.candidates.iter().map(|it| it.line).collect();
    let rows = linkage::look(path, &spec.b, &lines, watch).map_err(|stopped| Ended::of(stopped, lang))?;
    let candidate = |(it, row): (&linkage::Candidate, &linkage::Looked)| {
        let mut candidate = json!({
            "line": it.line,
            "key": row.key,
            "grade": grade(it.decision.grade),
            "score": f64::from(it.decision.score) / 100.0,
            "reason": it.decision.reason.code(),
            "levels": it.levels.codes(),
            "because": linkage::explain_pair(&it.levels, it.rarity, &it.decision, lang),
        });
        if show_values {
            let value = |[what, written, compared]: [String; 3]| json!({ "what": what, "written": written, "compared": compared });
            candidate["values"] = row.values().into_iter().map(value).collect();
        }
        candidate
    };
    let words = |(ja, en): (&'static str, &'static str)| lang.pick(ja, en);
    Ok(json!({
        "release": linkage::RELEASE,
        "answer": grade(found.grade),
        "tier": found.tier.map(Tier::code),
        "cause": found.cause.map(|cause| json!({ "code": cause.code(), "words": words(cause.words()) })),
        "candidates": found.candidates.iter().zip(&rows).map(candidate).collect::<Vec<_>>(),
    }))
}

fn grade(grade: Grade) -> &'static str {
    match grade {
        Grade::Link => "link",
        Grade::Review => "review",
        Grade::NoLink => "no link",
    }
}

/// A person as a JSON object; `name` may be a list, the main name first.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Person {
    name: Names,
    #[serde(default)]
    kana: String,
    #[serde(default)]
    birth: String,
    #[serde(default)]
    sex: String,
    #[serde(default)]
    address: String,
    #[serde(default)]
    strong: String,
}

#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Names {
    One(String),
    Several(Vec<String>),
}

fn person(input: impl Read) -> std::result::Result<Texts, Ended> {
    let mut text = String::new();
    let read = input.take(PERSON_MAX).read_to_string(&mut text);
    read.map_err(|e| {
        Fault::caused("standard input cannot be read as UTF-8", e)
            .in_japanese("標準入力を読めません。UTF-8 の JSON を渡してください。")
    })?;
    // The parser's own message would quote what it read.
    let wrong = |_| {
        let what =
            "standard input is no JSON object with name, kana, birth, sex, address and strong, each a text";
        Fault::new(what).in_japanese(
            "標準入力が JSON ではないか、知らない項目があります。name・kana・birth・sex・address・strong を \"…\" の文字で書いてください（name は必須）。",
        )
    };
    let person: Person = serde_json::from_str(&text).map_err(wrong)?;
    let names = match person.name {
        Names::One(name) => vec![name],
        Names::Several(names) => names,
    };
    Ok(Texts {
        names,
        kana: person.kana,
        birth: person.birth,
        sex: person.sex,
        address: person.address,
        strong: person.strong,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{CommandFactory, Parser};

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        link: LinkArgs,
    }

    #[test]
    fn the_command_line_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn two_files_are_a_run_and_a_word_is_a_question() {
        let cases = [
            ("link a.csv b.csv --spec s.toml --out d", Some("run")),
            (
                "link a.csv b.csv --spec s.toml --out d --lang en --memory 500MB --threads 2 --replace",
                Some("run"),
            ),
            ("link a.csv b.csv --spec s.toml", None),
            ("link a.csv --spec s.toml --out d", None),
            ("link explain a.csv b.csv --spec s.toml --a 2 --key-b 7", Some("question")),
            ("link explain a.csv b.csv --spec s.toml --a 2 --key-a 3 --b 1", None),
            ("link explain a.csv b.csv --spec s.toml --a 2", None),
            ("link spec a.csv b.csv", Some("question")),
            ("link find b.csv --spec s.toml --lang en", Some("question")),
            ("link find b.csv --spec s.toml --show-values", Some("question")),
            ("link normalise a.csv --spec s.toml --side a", Some("question")),
            ("link", None),
        ];
        for (line, want) in cases {
            let found =
                Cli::try_parse_from(line.split(' ')).ok().map(|cli| match (cli.link.run, cli.link.command) {
                    (Some(_), None) => "run",
                    (None, Some(_)) => "question",
                    _ => "neither",
                });
            assert_eq!(found, want, "{line}");
        }
    }

    /// Two files that agree and one that does not tell what it holds, in a folder.
    fn files() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let rows = "1,山田　太郎,19481103,男,京都府宇治市宇治妙楽1-2\n";
        for (name, text) in [
            ("a.csv", format!("番号,氏名,生年月日,性別,住所\n{rows}")),
            ("b.csv", format!("番号,氏名,生年月日,性別,住所\n{rows}")),
            ("strange.csv", format!("番号,おなまえ,うまれ,性別,住所\n{rows}")),
            ("headless.csv", rows.to_owned()),
        ] {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let spec =
            "key = \"番号\"\nname = \"氏名\"\nbirth = \"生年月日\"\nsex = \"性別\"\naddress = \"住所\"\n";
        std::fs::write(folder.path().join("spec.toml"), format!("[a]\n{spec}[b]\n{spec}")).unwrap();
        folder
    }

    /// What a command says; a word with a dot, and `out`, are names in the folder.
    fn said(folder: &Path, line: &str, stop: bool) -> (Result<bool>, String) {
        let words = line.split(' ').map(|word| match word {
            "out" => folder.join(word).into_os_string(),
            _ if word.contains('.') => folder.join(word).into_os_string(),
            _ => word.into(),
        });
        let args = Cli::try_parse_from(words).ok().unwrap().link;
        let mut text = String::new();
        let ended = run(args, &AtomicBool::new(stop), &mut |line| {
            text.push_str(line);
            text.push('\n');
        });
        (ended, text)
    }

    #[test]
    fn a_stopped_run_says_whether_it_goes_on() {
        let folder = files();
        let out = folder.path().join("out");
        let run = "link a.csv b.csv --spec spec.toml --out out";
        // With so little memory it keeps what it read.
        for (more, want) in [("", "初めから"), (" --memory 1B", "読み終えたところから")] {
            let (ended, text) = said(folder.path(), &format!("{run}{more}"), true);
            assert!(!ended.unwrap() && text.is_empty(), "{text}");
            let sentence = ended::stopped(Some(&out), Lang::Ja);
            assert!(sentence.contains(want), "{more}: {sentence}");
        }
        assert_eq!(ended::stopped(None, Lang::Ja), "止めました。");
        let (ended, text) = said(folder.path(), run, false);
        assert!(ended.unwrap() && text.contains("結び付いた"), "{text}");
    }

    #[cfg(unix)]
    #[test]
    fn the_folder_for_results_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = files();
        let out = folder.path().join("out");
        let mode = || std::fs::metadata(&out).unwrap().permissions().mode() & 0o777;
        let run = "link a.csv b.csv --spec spec.toml --out out";
        // What came to nothing leaves nothing.
        assert!(said(folder.path(), "link a.csv headless.csv --spec spec.toml --out out", false).0.is_err());
        assert!(!out.exists());
        said(folder.path(), run, false).0.unwrap();
        assert_eq!(mode(), 0o700);
        // One that is there stays as it is.
        std::fs::set_permissions(&out, std::fs::Permissions::from_mode(0o750)).unwrap();
        said(folder.path(), &format!("{run} --replace"), false).0.unwrap();
        assert_eq!(mode(), 0o750);
    }

    #[test]
    fn faults_are_told_in_the_language_asked_for() {
        let folder = files();
        let run = "link a.csv b.csv --spec spec.toml --out out";
        let explain = "link explain a.csv b.csv --spec spec.toml";
        said(folder.path(), run, false).0.unwrap();
        for (line, ja, en) in [
            (
                "link gone.csv b.csv --spec spec.toml --out out2.d",
                "ファイルAを開けません",
                "file A cannot be",
            ),
            ("link . b.csv --spec spec.toml --out out2.d", "普通のファイルでは", "no plain file"),
            (&format!("{explain} --a 9 --b 2"), "その行はありません", "no such row"),
            (&format!("{explain} --key-a 1 --key-b 7"), "その行はありません", "no such row"),
            ("link a.csv b.csv --spec gone.toml --out out2.d", "入力に問題が", "nothing was written"),
            (run, "この出力先には前回の結果があります", "--replace"),
            ("link spec a.csv strange.csv", "下書き", "a draft"),
        ] {
            let (japanese, _) = said(folder.path(), line, false);
            let japanese = japanese.unwrap_err().to_string();
            assert!(japanese.contains(ja), "{line}: {japanese}");
            let (english, _) = said(folder.path(), &format!("{line} --lang en"), false);
            let english = english.unwrap_err().to_string();
            assert!(english.contains(en), "{line}: {english}");
        }
    }

    #[test]
    fn a_spec_or_its_draft_is_proposed_and_no_person_shown() {
        let folder = files();
        let (ended, text) = said(folder.path(), "link spec a.csv b.csv", false);
        assert!(ended.unwrap() && text.contains("# 生年月日"), "{text}");
        let (ended, text) = said(folder.path(), "link spec a.csv b.csv --lang en", false);
        assert!(ended.unwrap() && text.contains("# birth date") && !text.contains('。'), "{text}");
        let (ended, text) = said(folder.path(), "link spec strange.csv headless.csv", false);
        assert!(ended.is_err() && text.contains("#   \"おなまえ\"") && !text.contains("山田"), "{text}");
    }

    #[test]
    fn a_rate_is_what_a_part_handled_since_it_was_heard_of() {
        let handled = |part, units, unit| Handled { part, units, unit };
        let mut pace = Pace::default();
        let mut told = |stage, handled, now_ms, lang| pace.rate(stage, handled, now_ms, lang);
        // A run that goes on has read half of it before.
        let bytes = |units| handled(0, units, Measure::Bytes);
        assert_eq!(told(Stage::Read, bytes(500_000_000), 1_000, Lang::Ja), None);
        assert_eq!(told(Stage::Read, bytes(740_000_000), 3_000, Lang::Ja).as_deref(), Some("120 MB/s"));
        // Every part begins anew, also one that counts in the same unit.
        for (part, begun_ms, took_ms, unit, ja, en) in [
            (0, 4_000, 1_000, Measure::Rows, "2,000,000 行/秒", "2,000,000 rows/s"),
            (1, 6_000, 2_000, Measure::Rows, "1,000,000 行/秒", "1,000,000 rows/s"),
            (2, 9_000, 4_000, Measure::Keys, "500,000 手がかり/秒", "500,000 keys/s"),
            (4, 20_000, 2_000_000, Measure::Pairs, "1,000 組/秒", "1,000 pairs/s"),
        ] {
            assert_eq!(told(Stage::Score, handled(part, 0, unit), begun_ms, Lang::Ja), None);
            let heard = handled(part, 2_000_000, unit);
            assert_eq!(told(Stage::Score, heard, begun_ms + took_ms, Lang::Ja).as_deref(), Some(ja));
            assert_eq!(told(Stage::Score, heard, begun_ms + took_ms, Lang::En).as_deref(), Some(en));
        }
    }

    #[test]
    fn sizes() {
        for (text, want) in [
            ("500MB", Some(500_000_000)),
            ("3gb", Some(3_000_000_000)),
            ("1GiB", Some(1 << 30)),
            ("4096B", Some(4096)),
            ("500", None),
            ("GB", None),
            ("1.5GB", None),
            ("-1GB", None),
            ("99999999999GB", None),
            ("", None),
        ] {
            assert_eq!(size(text).ok(), want, "{text}");
        }
    }

    #[test]
    fn a_found_row_has_its_key_and_its_values_only_when_asked_for() {
        let folder = files();
        let spec = read_spec(&folder.path().join("spec.toml"), Lang::Ja).ok().unwrap();
        let (path, stop) = (folder.path().join("b.csv"), AtomicBool::new(false));
        let person = person(
            "{\"name\":\"山田太郎\",\"birth\":\"S23.11.3\",\"sex\":\"男\",\"address\":\"宇治市宇治妙楽1-2\"}"
                .as_bytes(),
        )
        .ok()
        .unwrap();
        for show_values in [false, true] {
            let watch = Line::begin(Lang::Ja, &stop);
            let found = answer((&path, &spec), &person, 1, show_values, &watch).ok().unwrap();
            let candidate = &found["candidates"][0];
            assert_eq!(
                (&found["answer"], &candidate["key"], &candidate["line"]),
                (&json!("link"), &json!("1"), &json!(2))
            );
            assert_eq!(found.to_string().contains("山田"), show_values);
            let birth = candidate["values"].as_array().map(|values| values[2].clone());
            assert_eq!(
                birth,
                show_values
                    .then(|| json!({ "what": "生年月日", "written": "19481103", "compared": "1948-11-03" }))
            );
        }
    }

    #[test]
    fn a_person_that_cannot_be_read_is_not_quoted() {
        let good =
            person("{\"name\":[\"山田　花子\",\"佐藤\"],\"birth\":\"S40.1.2\"}".as_bytes()).ok().unwrap();
        assert_eq!((good.names.len(), good.birth.as_str(), good.kana.as_str()), (2, "S40.1.2", ""));
        for text in ["", "[]", "{\"name\":5}", "{\"name\":\"山田\",\"mail\":\"x\"}", "山田"] {
            let Err(Ended::Broken(fault)) = person(text.as_bytes()) else { panic!("read") };
            assert!(!fault.to_string().contains("山田") && !fault.ja().unwrap().contains("山田"));
        }
    }
}
