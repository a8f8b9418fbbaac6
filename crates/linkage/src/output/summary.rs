//! What a run found, in numbers: counted while the files are written, checked to balance, told to people and programs.
//!
//! Always holds: rows = linked + to review + not linked, on both sides, and both sides count the same links; otherwise the
//! run ends as broken.
//! Not here: the run's record (record).
//! Rules come from: the issue, part C; S8 r8.

use super::{
    Run,
    files::{self, Written},
};
use crate::{
    levels::{BirthLevel, Levels, NameLevel, StrongLevel},
    outcome::{Cause, Tier, Verdict},
    problem::ProblemCode,
    rules::RELEASE,
};
use base::{Fault, Lang};
use serde_json::{Map, Value, json};

/// With fewer pairs nothing is said of the identifier.
const IDENTIFIERS_MIN: u64 = 5;

/// What became of the rows of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All rows.
    pub rows: u64,
    /// Linked rows, by tier: as written, after normalising, by score.
    pub linked: [u64; 3],
    /// Rows that a clerk has to look at.
    pub review: u64,
    /// Rows without a link, by cause, in the causes' order.
    pub unlinked: [u64; Cause::ALL.len()],
    /// Rows whose partner or best candidate agrees in name and birth date: with the same identifier, and kept apart by
    /// another one.
    pub identifiers: (u64, u64),
}

impl Counts {
    /// Counts a row's verdict.
    pub(super) fn count(&mut self, verdict: &Verdict) {
        self.rows += 1;
        match verdict {
            Verdict::Link { tier, pair } => {
                self.linked[place(&Tier::ALL, tier)] += 1;
                self.identify(&pair.levels);
            }
            Verdict::Review(_) => self.review += 1,
            Verdict::None { cause, best } => {
                self.unlinked[place(&Cause::ALL, cause)] += 1;
                best.iter().for_each(|pair| self.identify(&pair.levels));
            }
        }
    }

    /// Counts a linked row without its pair.
    pub(super) fn count_linked(&mut self, tier: Tier) {
        self.rows += 1;
        self.linked[place(&Tier::ALL, &tier)] += 1;
    }

    fn identify(&mut self, levels: &Levels) {
        if levels.name > NameLevel::Weak || levels.birth != BirthLevel::Equal {
            return;
        }
        match levels.strong {
            StrongLevel::Equal => self.identifiers.0 += 1,
            StrongLevel::Different => self.identifiers.1 += 1,
            StrongLevel::Shared | StrongLevel::Missing => {}
        }
    }

    /// Adds what another counted.
    pub(super) fn add(&mut self, other: &Counts) {
        self.rows += other.rows;
        self.review += other.review;
        self.identifiers.0 += other.identifiers.0;
        self.identifiers.1 += other.identifiers.1;
        self.linked.iter_mut().zip(other.linked).for_each(|(sum, count)| *sum += count);
        self.unlinked.iter_mut().zip(other.unlinked).for_each(|(sum, count)| *sum += count);
    }

    /// All linked rows.
    pub fn linked_all(&self) -> u64 {
        self.linked.iter().sum()
    }

    /// All rows without a link.
    pub fn unlinked_all(&self) -> u64 {
        self.unlinked.iter().sum()
    }

    fn json(&self) -> Value {
        let linked = Tier::ALL.iter().zip(self.linked);
        let unlinked = Cause::ALL.iter().zip(self.unlinked).filter(|(_, count)| *count > 0);
        json!({
            "rows": self.rows,
            "linked": self.linked_all(),
            "linked_by_tier": linked.map(|(tier, count)| (tier.code().to_owned(), count.into())).collect::<Map<_, _>>(),
            "review": self.review,
            "unlinked": self.unlinked_all(),
            "unlinked_by_cause":
                unlinked.map(|(cause, count)| (cause.code().to_owned(), count.into())).collect::<Map<_, _>>(),
        })
    }
}

fn place<T: PartialEq>(all: &[T], one: &T) -> usize {
    all.iter().position(|known| known == one).unwrap_or(0)
}

/// What a run found, in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// The run's id: the beginning of a hash of inputs, spec and release. The same for the same run anywhere.
    pub run: String,
    /// File A.
    pub a: Counts,
    /// File B.
    pub b: Counts,
    /// Cases to review.
    pub cases: u64,
    /// Their pairs.
    pub pairs: u64,
    /// Cases by cause, in the causes' order.
    pub cases_by_cause: [u64; Cause::ALL.len()],
    /// Pairs of rows that are byte for byte the same and the only such rows of either side: linked, and left to review.
    pub raw_pairs: (u64, u64),
    /// Problems of the input: side, what, how many.
    pub problems: Vec<(char, ProblemCode, u64)>,
    /// The files, in the order in which they were written.
    pub files: Vec<Written>,
}

impl Summary {
    pub(super) fn of(run: &Run<'_>, a: Counts, b: Counts, run_id: String) -> Summary {
        let cases = run.outcome.cases();
        let (mut cases_by_cause, mut pairs) = ([0; Cause::ALL.len()], 0);
        let (mut rows_a, mut rows_b) = (0, 0);
        for case in (0..cases).map(|number| run.outcome.case(number)) {
            cases_by_cause[place(&Cause::ALL, &case.cause)] += 1;
            pairs += case.pairs.len() as u64;
            rows_a += case.rows[0] as u64;
            rows_b += case.rows[1] as u64;
        }
        // Rows of cases have to be the rows whose verdict is review; a difference shows as a balance that fails.
        let checked = |counts: Counts, in_cases: u64| Counts {
            review: if counts.review == in_cases { in_cases } else { u64::MAX },
            ..counts
        };
        let problems = &run.outcome.problems().counts;
        Summary {
            run: run_id,
            a: checked(a, rows_a),
            b: checked(b, rows_b),
            cases: cases as u64,
            pairs,
            cases_by_cause,
            raw_pairs: run.outcome.raw_pairs(),
            problems: problems.iter().map(|((side, code), count)| (*side, *code, *count)).collect(),
            files: Vec::new(),
        }
    }

    /// Whether nearly all who agree in name and birth date have other identifiers: then it is no identifier that both
    /// files share, and the spec should not name it.
    pub fn identifiers_differ(&self) -> bool {
        let (same, other) = self.a.identifiers;
        other >= IDENTIFIERS_MIN && other >= 9 * same
    }

    /// Whether every row is accounted for.
    pub(super) fn balance(&self) -> Result<(), Fault> {
        let adds = |counts: &Counts| {
            counts.linked_all().checked_add(counts.review)?.checked_add(counts.unlinked_all())
        };
        let whole = |counts: &Counts| adds(counts) == Some(counts.rows);
        if whole(&self.a) && whole(&self.b) && self.a.linked == self.b.linked {
            return Ok(());
        }
        let fault = Fault::new("the totals do not balance; nothing was written. This is a fault of Shikaku");
        Err(fault.in_japanese(
            "件数の合計が合わないため、結果を何も書いていません。プログラムの誤りです。コマンドと版を添えて知らせてください（名簿は送らないでください）。",
        ))
    }

    /// Writes summary.txt and summary.json.
    pub(super) fn write(&self, run: &Run<'_>) -> Result<[Written; 2], Fault> {
        let text = self.text(Lang::Ja);
        let text = if run.style.crlf { text.replace('\n', "\r\n") } else { text };
        let text = if run.style.bom { format!("\u{feff}{text}") } else { text };
        let json = format!("{:#}\n", self.json());
        Ok([
            files::whole(run.work, "summary.txt", text.as_bytes())?,
            files::whole(run.work, "summary.json", json.as_bytes())?,
        ])
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let cases = Cause::ALL.iter().zip(self.cases_by_cause).filter(|(_, count)| *count > 0);
        let problems = self
            .problems
            .iter()
            .map(|(side, code, count)| json!({ "side": side, "code": code.code(), "count": count }));
        json!({
            "release": RELEASE,
            "run": self.run,
            "a": self.a.json(),
            "b": self.b.json(),
            "review": {
                "cases": self.cases,
                "pairs": self.pairs,
                "cases_by_cause":
                    cases.map(|(cause, count)| (cause.code().to_owned(), count.into())).collect::<Map<_, _>>(),
            },
            "raw_pairs": { "linked": self.raw_pairs.0, "review": self.raw_pairs.1 },
            "identifiers": { "same": self.a.identifiers.0, "other": self.a.identifiers.1, "doubtful": self.identifiers_differ() },
            "problems": problems.collect::<Vec<_>>(),
        })
    }

    /// For people.
    pub fn text(&self, lang: Lang) -> String {
        let mut text = Told { text: String::new(), lang };
        let title = lang.pick("突合の結果", "What the run found");
        text.plain(&format!("{title}  ({RELEASE} · {})", self.run));
        if self.identifiers_differ() {
            text.plain("");
            text.plain(lang.pick(
                "注意：固有番号が、氏名と生年月日の一致する組でもほとんど相違します。設定の strong を確かめてください（両方の機関が同じ人に同じ番号を付けているときだけ書きます）。",
                "Mind: nearly all pairs that agree in name and birth date have different identifiers. See to `strong` in the spec: it is for a number that both offices give to one person.",
            ));
        }
        for (side, counts) in [('A', &self.a), ('B', &self.b)] {
            text.plain("");
            text.side(side, counts);
        }
        text.plain("");
        text.line(0, lang.pick("目視確認の案件", "Cases to review"), self.cases, None);
        for (cause, count) in Cause::ALL.iter().zip(self.cases_by_cause).filter(|(_, count)| *count > 0) {
            text.line(1, &coded(cause.words(), cause.code(), lang), count, None);
        }
        text.line(1, lang.pick("見比べる組", "pairs to compare"), self.pairs, None);
        text.plain("");
        let raw =
            lang.pick("書かれたまま同じで、両側に1行ずつの組", "Pairs the same as written, one row a side");
        text.line(0, raw, self.raw_pairs.0 + self.raw_pairs.1, None);
        text.line(1, lang.pick("結び付けた", "linked"), self.raw_pairs.0, None);
        text.line(1, lang.pick("目視確認へ回した", "left to review"), self.raw_pairs.1, None);
        text.plain("");
        let problems = self.problems.iter().map(|(_, _, count)| count).sum();
        text.line(0, lang.pick("入力の問題", "Problems of the input"), problems, None);
        for (side, code, count) in &self.problems {
            text.line(1, &format!("{side} {}", code.code()), *count, None);
            text.plain(&format!("      {}", lang.pick(code.ja(), code.en())));
        }
        text.text
    }
}

fn coded(words: (&str, &str), code: &str, lang: Lang) -> String {
    format!("{} ({code})", lang.pick(words.0, words.1))
}

/// A text of totals in the making.
struct Told {
    text: String,
    lang: Lang,
}

/// Columns before the numbers, in half-widths.
const COLUMN: usize = 70;

impl Told {
    fn plain(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// A count, with its share of a whole.
    fn line(&mut self, depth: usize, what: &str, count: u64, of: Option<u64>) {
        let (indent, number) = ("  ".repeat(depth), thousands(count));
        let room = COLUMN.saturating_sub(indent.len() + width(what)).max(number.len() + 1);
        let share = of.map(|of| format!("  {:>6} %", share(count, of))).unwrap_or_default();
        self.plain(&format!("{indent}{what}{number:>room$}{share}"));
    }

    fn side(&mut self, side: char, counts: &Counts) {
        let lang = self.lang;
        let of = Some(counts.rows);
        self.line(0, &format!("{side}{}", lang.pick(" の行", ": rows")), counts.rows, of);
        self.line(1, lang.pick("結び付いた", "linked"), counts.linked_all(), of);
        for (tier, count) in Tier::ALL.iter().zip(counts.linked) {
            self.line(2, &coded(tier.words(), tier.code(), lang), count, of);
        }
        self.line(1, lang.pick("目視確認", "to review"), counts.review, of);
        self.line(1, lang.pick("結び付かない", "not linked"), counts.unlinked_all(), of);
        for (cause, count) in Cause::ALL.iter().zip(counts.unlinked).filter(|(_, count)| *count > 0) {
            self.line(2, &coded(cause.words(), cause.code(), lang), count, of);
        }
        let sum = counts.linked_all() + counts.review + counts.unlinked_all();
        let check = lang.pick("合計（結び付いた＋目視確認＋結び付かない）", "sum of the three");
        self.line(1, check, sum, of);
    }
}

/// `1,234,567`
fn thousands(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Hundredths of a percent, rounded down, so that 100.00 means all.
fn share(count: u64, of: u64) -> String {
    if of == 0 {
        return "-".to_owned();
    }
    let share = u128::from(count) * 10_000 / u128::from(of);
    format!("{}.{:02}", share / 100, share % 100)
}

/// The width in half-widths: of the words used here, what is not ASCII is full-width.
fn width(text: &str) -> usize {
    text.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::levels::{AddressLevel, KanaLevel, SexLevel};

    #[test]
    fn numbers_for_people() {
        for (value, want) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(thousands(value), want);
        }
        for ((count, of), want) in
            [((0, 0), "-"), ((1, 3), "33.33"), ((999_999, 1_000_000), "99.99"), ((5, 5), "100.00")]
        {
            assert_eq!(share(count, of), want);
        }
    }

    #[test]
    fn an_identifier_that_nearly_always_differs_is_doubted() {
        for (identifiers, want) in [
            ((0, 0), false),
            ((0, 4), false),
            ((0, 5), true),
            ((1, 9), true),
            ((1, 8), false),
            ((9, 9), false),
        ] {
            let a = Counts { identifiers, ..Counts::default() };
            let summary = Summary { a, ..Summary::default() };
            assert_eq!(summary.identifiers_differ(), want, "{identifiers:?}");
            assert_eq!(summary.text(Lang::Ja).contains("strong"), want);
            assert_eq!(summary.text(Lang::En).contains("strong"), want);
        }
    }

    #[test]
    fn only_namesakes_of_one_birthday_tell_of_identifiers() {
        let same = Levels {
            name: NameLevel::Variant,
            kana: KanaLevel::Equal,
            birth: BirthLevel::Equal,
            sex: SexLevel::Equal,
            address: AddressLevel::Equal,
            strong: StrongLevel::Different,
        };
        for (levels, want) in [
            (same, (0, 1)),
            (Levels { strong: StrongLevel::Equal, ..same }, (1, 0)),
            (Levels { strong: StrongLevel::Missing, ..same }, (0, 0)),
            (Levels { strong: StrongLevel::Shared, ..same }, (0, 0)),
            (Levels { name: NameLevel::SurnameOnly, ..same }, (0, 0)),
            (Levels { birth: BirthLevel::Different, ..same }, (0, 0)),
        ] {
            let mut counts = Counts::default();
            counts.identify(&levels);
            assert_eq!(counts.identifiers, want, "{levels:?}");
        }
    }

    #[test]
    fn s8_r8_a_missing_row_breaks_the_balance() {
        let counts = Counts {
            rows: 6,
            linked: [1, 1, 1],
            review: 1,
            unlinked: [0, 0, 0, 1, 0, 1, 0],
            ..Counts::default()
        };
        let whole = Summary { a: counts.clone(), b: counts, ..Summary::default() };
        assert!(whole.balance().is_ok());
        for break_it in [
            (|summary| summary.a.rows += 1) as fn(&mut Summary),
            |summary| summary.b.unlinked[0] += 1,
            |summary| summary.a.review = u64::MAX,
            |summary| summary.b.linked = [0, 2, 1],
        ] {
            let mut broken = whole.clone();
            break_it(&mut broken);
            assert!(broken.balance().is_err());
        }
    }
}
