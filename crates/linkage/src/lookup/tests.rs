//! Looking people up, in rows that were given and in a file. All people are invented.
//!
//! Always holds: a batch of one row says what a look-up says, cause by cause.

use super::*;
use crate::form::Texts;
use crate::{
    engine::{Handled, Job, Stage, Watch, run},
    form::tests::{form, texts},
    rules::Reason,
    spec::{Output, Side, Spec},
};
use std::{fmt::Write as _, fs};

const ROWS: &[&str] = &[
    "山田　太郎|ヤマダ タロウ|1955-03-12|1|京都府宇治市本町2-1-5|",
    // His twin, his son, his neighbour.
    "山田　次郎|ヤマダ ジロウ|1955-03-12|1|京都府宇治市本町2-1-5|",
    "山田　太一|ヤマダ タイチ|1985-03-12|1|京都府宇治市本町2-1-5|",
    "川口　良子|カワグチ リョウコ|1948-07-01|2|京都府宇治市本町2-1-6|",
    // A namesake of hers, born on the same day, in the same town.
    "川口　良子|カワグチ ヨシコ|1948-07-01|2|京都府宇治市本町8-20|",
    // One person registered twice.
    "髙橋　一夫|タカハシ カズオ|1940-01-02|1|京都府宇治市本町3-3-3|",
    "高橋　一夫|タカハシ カズオ|1940-01-02|1|京都府宇治市本町3-3-3 宇治荘101|",
    "●野　花|ホシノ ハナ|1962-11-30|2|京都府宇治市本町9-9|",
];

fn index() -> Index {
    Index::of((100..).zip(ROWS.iter().map(|row| form(row))))
}

/// What is asked, and what is answered: grade, reason or cause, rows.
const ASKED: &[(&str, Grade, &str, &[u64])] = &[
    ("山田太郎|ﾔﾏﾀﾞﾀﾛｳ|昭和30年3月12日|男|宇治市本町2丁目1番5号|", Grade::Link, "Normal", &[100]),
    ("山田太郎||昭和30年3月12日|男|宇治市本町2丁目1番|", Grade::Link, "Scored", &[100]),
    ("山田次郎|ヤマダ ジロウ|1955-03-13|1|宇治市本町2-1-5|", Grade::Link, "Scored", &[101]),
    // Three attributes: for a clerk.
    ("山田太郎||1955-03-12|1||", Grade::Review, "Doubtful", &[100]),
    // A third brother is in nobody's place.
    ("山田　三郎|ヤマダ サブロウ|1955-03-12|1|宇治市本町2-1-5|", Grade::NoLink, "TooLittle", &[100]),
    ("川口　良子||1948-07-01|2|宇治市本町2-1-6|", Grade::Link, "Scored", &[103]),
    ("川口　良子|カワグチ ヨシコ|1948-07-01|2|宇治市本町8-20|", Grade::Link, "Normal", &[104]),
    // Neither of the two, but one of them: moved within the town.
    ("川口　良子||1948-07-01|2|宇治市本町5-5|", Grade::Review, "Tie", &[103, 104]),
    // The row without a variant weighs a little more, and not enough.
    ("高橋　一夫|タカハシ カズオ|1940-01-02|1|宇治市本町3-3-3|", Grade::Review, "Tie", &[106, 105]),
    ("星野　花||1962-11-30|2|宇治市本町9-9|", Grade::Link, "Scored", &[107]),
    ("北山　緑|キタヤマ ミドリ|1970-05-05|2|札幌市北区北一条西1-1|", Grade::NoLink, "NoCandidate", &[]),
    ("|||||", Grade::NoLink, "Unusable", &[]),
];

fn answer(found: &Found) -> String {
    match (found.tier, found.cause) {
        (Some(tier), None) => format!("{tier:?}"),
        (None, Some(cause)) => format!("{cause:?}"),
        both => format!("{both:?}"),
    }
}

#[test]
fn s8_r5_people_are_found_among_given_rows() {
    let index = index();
    assert_eq!((index.len(), index.is_empty()), (8, false));
    for (asked, grade, why, rows) in ASKED {
        let found = index.find(&form(asked));
        assert_eq!((found.grade, answer(&found).as_str()), (*grade, *why), "{asked}: {found:?}");
        let found: Vec<u64> = found.candidates.iter().map(|it| it.row).take(rows.len().max(1)).collect();
        assert_eq!(found, *rows, "{asked}");
    }
}

fn file(rows: impl Iterator<Item = Texts>) -> tempfile::NamedTempFile {
    let mut written = String::from("name,kana,birth,sex,address,number\n");
    for row in rows {
        let Texts { names, kana, birth, sex, address, strong, .. } = row;
        let _ = writeln!(written, "{},{kana},{birth},{sex},{address},{strong}", names[0]);
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), written).unwrap();
    file
}

fn side() -> Side {
    let column = |name: &str| vec![name.to_owned()];
    let shared = crate::spec::Shared { kana: true, sex: true, address: true, strong: true };
    Side {
        name: column("name"),
        kana: column("kana"),
        birth: column("birth"),
        sex: column("sex"),
        address: column("address"),
        strong: column("number"),
        shared,
        ..Side::default()
    }
}

/// The answers of a file are those of the same rows given, whatever the threads.
#[test]
fn s8_r5_people_are_found_in_a_file() {
    let file = file(ROWS.iter().map(|row| texts(row)));
    let given = index();
    for threads in [1, 3] {
        let opened = Index::open(file.path(), &side(), threads).unwrap();
        assert_eq!(opened.len(), given.len());
        for (asked, ..) in ASKED {
            let (here, there) = (given.find(&form(asked)), opened.find(&form(asked)));
            assert_eq!(
                (here.grade, here.tier, here.cause),
                (there.grade, there.tier, there.cause),
                "{asked}"
            );
            for (one, other) in here.candidates.iter().zip(&there.candidates) {
                assert_eq!((one.row - 100, one.decision), (other.row, other.decision), "{asked}");
                assert_eq!(other.line, other.row + 2, "{asked}");
            }
        }
    }
}

struct Patient;

impl Watch for Patient {
    fn progress(&self, _: Stage, _: u64, _: u64, _: Handled) {}

    fn stop(&self) -> bool {
        false
    }
}

/// A batch of one row says what a look-up says.
#[test]
fn s8_r5_a_look_up_and_a_batch_agree() {
    let b = file(ROWS.iter().map(|row| texts(row)));
    let index = Index::open(b.path(), &side(), 1).unwrap();
    for (asked, grade, why, _) in ASKED {
        let a = file([texts(asked)].into_iter());
        let out = tempfile::tempdir().unwrap();
        let mut spec = Spec { a: side(), b: side(), output: Output::default() };
        spec.share();
        let (a, b, out) = (a.path().to_owned(), b.path().to_owned(), out.path().join("out"));
        let job = Job { a, b, spec, out, threads: 1, memory: 1 << 30, replace: false, at: None };
        let summary = run(&job, &Patient).unwrap();
        let linked = index.find(&form(asked)).grade == Grade::Link;
        assert_eq!(summary.a.linked_all(), u64::from(linked), "{asked}");
        assert_eq!(summary.a.review, u64::from(*grade == Grade::Review), "{asked}");
        let normal = summary.a.linked[0] + summary.a.linked[1];
        assert_eq!(normal > 0, *why == "Normal", "{asked}");
        for (cause, count) in Cause::ALL.iter().zip(summary.a.unlinked).filter(|(_, count)| *count > 0) {
            assert_eq!((format!("{cause:?}").as_str(), count), (*why, 1), "{asked}");
        }
        for (cause, count) in Cause::ALL.iter().zip(summary.cases_by_cause).filter(|(_, count)| *count > 0) {
            assert_eq!((format!("{cause:?}").as_str(), count), (*why, 1), "{asked}");
        }
    }
}

/// Several chunks, and rows over several lines.
#[test]
fn lines_and_rows_are_those_of_the_file() {
    let many = (0..6_000).map(|n| {
        let mut row = texts(&format!("東山　{n}|ヒガシヤマ {n}|1955-03-12|1|宇治市本町2-1-5|34{n:04}"));
        if n % 1_000 == 0 {
            row.address = "\"宇治市\n本町2-1-5\"".to_owned();
        }
        row
    });
    let path = file(many);
    let index = Index::open_by(path.path(), &side(), 2, 50_000).unwrap();
    assert_eq!(index.len(), 6_000);
    for n in [1_u64, 999, 1_001, 2_500, 5_999] {
        let bucket = index.near(&form(&format!("|||||34{n:04}"))).0;
        assert_eq!(bucket, [n as u32]);
        let Rows::File { places, .. } = &index.rows else { panic!("a file") };
        // The heading, the rows before, and one more line for each broken one.
        assert_eq!(u64::from(places[n as usize].1), 2 + n + n.div_ceil(1_000), "{n}");
    }
}

#[test]
fn a_bucket_too_full_is_said() {
    let same = form("山田　太郎|ヤマダ タロウ|1955-03-12|1|宇治市本町2-1-5|");
    let index = Index::of((0..1_000).map(|number| (number, same.clone())));
    let found = index.find(&same);
    assert_eq!((found.grade, found.cause), (Grade::Review, Some(Cause::TooMany)));
    // Fewer than a bucket takes, and more than a case can show.
    let index = Index::of((0..90).map(|number| (number, same.clone())));
    assert_eq!(index.find(&same).cause, Some(Cause::TooMany));
    // All are told to be equally near, as many as one can look at.
    let index = Index::of((0..50).map(|number| (number, same.clone())));
    let found = index.find(&same);
    assert_eq!((found.grade, found.cause), (Grade::Review, Some(Cause::Tie)));
    assert_eq!(found.candidates.len(), CANDIDATES_MAX);
    assert_eq!(found.candidates[0].decision.reason, Reason::Enough);
    assert!(found.candidates.is_sorted_by_key(|it| it.row));
}

#[test]
fn s5_r2_another_identifier_is_never_the_same() {
    let index = Index::of([(7, form("山田　太郎|ヤマダ タロウ|1955-03-12|1|宇治市本町2-1-5|12-34"))]);
    for (number, grade) in [("12-34", Grade::Link), ("", Grade::Link), ("12-35", Grade::NoLink)] {
        let asked = form(&format!("山田　太郎|ヤマダ タロウ|1955-03-12|1|宇治市本町2-1-5|{number}"));
        assert_eq!(index.find(&asked).grade, grade, "{number}");
    }
}

/// A number that stands for "none" (99990000), or a family's: what it makes of a namesake born on the same day elsewhere.
#[test]
fn s5_r2_an_identifier_that_many_rows_share_links_nobody() {
    let namesake = "山田　太郎|ヤマダ タロウ|1955-03-12|1|宇治市本町2-1-5|99990000";
    let moved = "山田　太郎|ヤマダ タロウ|1955-03-12|1|札幌市北区北一条西2-3|99990000";
    let home = "山田　太郎|ヤマダ タロウ|1955-03-12|1|宇治市本町2丁目1番|99990000";
    let stranger = "鈴木　花子|スズキ ハナコ|1960-01-02|2|長崎市賑町1-1|99990000";
    for (others, want) in [
        // A family's number: what it always said.
        (3, [(Grade::Link, "I1"), (Grade::Link, "I1"), (Grade::NoLink, "I1")]),
        (20, [(Grade::Review, "I2"), (Grade::Link, "I2"), (Grade::NoLink, "")]),
        // More than a bucket holds: the number is no key, so nobody is sent to a clerk for it.
        (300, [(Grade::Review, "I2"), (Grade::Link, "I2"), (Grade::NoLink, "")]),
    ] {
        let other = |n: u64| {
            format!(
                "東{n}　次郎{n}|ヒガシ ジロウ|19{}-05-{}|1|長崎市魚の町{n}-1|99990000",
                30 + n % 60,
                1 + n % 28
            )
        };
        let rows: Vec<Texts> =
            [texts(namesake)].into_iter().chain((0..others).map(|n| texts(&other(n)))).collect();
        let given = Index::of((0..).zip(rows.iter().map(Form::of)));
        let b = file(rows.into_iter());
        let opened = Index::open(b.path(), &side(), 2).unwrap();
        for (asked, (grade, strong)) in [moved, home, stranger].into_iter().zip(want) {
            for index in [&given, &opened] {
                let found = index.find(&form(asked));
                let code = found.candidates.first().map_or("", |it| it.levels.strong.code());
                assert_eq!((found.grade, code), (grade, strong), "{asked} among {others}");
            }
            let a = file([texts(asked)].into_iter());
            let out = tempfile::tempdir().unwrap();
            let mut spec = Spec { a: side(), b: side(), output: Output::default() };
            spec.share();
            let (a, b, out) = (a.path().to_owned(), b.path().to_owned(), out.path().join("out"));
            let job = Job { a, b, spec, out, threads: 2, memory: 1 << 30, replace: false, at: None };
            let summary = run(&job, &Patient).unwrap();
            let all = (summary.a.linked_all(), summary.a.review);
            assert_eq!(all, (u64::from(grade == Grade::Link), u64::from(grade == Grade::Review)), "{asked}");
        }
    }
}

#[test]
fn s8_r5_the_order_of_rows_does_not_matter() {
    let numbered: Vec<(u64, &str)> = (100..).zip(ROWS.iter().copied()).collect();
    let forwards = index();
    let backwards = Index::of(numbered.iter().rev().map(|(number, row)| (*number, form(row))));
    for (asked, ..) in ASKED {
        assert_eq!(forwards.find(&form(asked)), backwards.find(&form(asked)), "{asked}");
    }
}

#[test]
fn nothing_is_found_in_nothing() {
    let index = Index::of([]);
    let found = index.find(&form(ROWS[0]));
    assert_eq!((found.grade, found.cause), (Grade::NoLink, Some(Cause::NoCandidate)));
    assert!(index.is_empty());
    assert_eq!(format!("{index:?}"), "Index(0 rows)");
}

#[test]
fn a_file_that_cannot_be_read_says_so() {
    let empty = tempfile::NamedTempFile::new().unwrap();
    assert!(matches!(Index::open(empty.path(), &side(), 1), Err(Ok(_))));
    assert!(matches!(Index::open(std::path::Path::new("/nowhere/at/all"), &side(), 1), Err(Err(_))));
    // A row without a name is told, and never found.
    let file = file([texts("|カナ|1955-03-12|1|宇治市本町2-1-5|")].into_iter());
    let index = Index::open(file.path(), &side(), 1).unwrap();
    assert_eq!(index.problems().count('B', crate::problem::ProblemCode::NoName), 1);
    assert_eq!(index.problems().listed[0].line, 2);
}

/// Forms of people who are there already are kept, one for each.
#[test]
fn a_form_that_is_kept_is_small() {
    let row =
        |number: usize| form(&format!("山田　太郎|ヤマダ タロウ|1955-03-12|1|静岡県三島市本町{number}-2-3|"));
    let mut reused = Form::default();
    for number in 0..3 {
        reused.read(&crate::form::tests::texts(&format!("山田　太郎|||1|静岡県三島市本町{number}-2-3|")));
    }
    // A form that reads many remembers municipalities; one that is read once, or copied, does not.
    assert!(reused.address.last.remembers());
    assert!(!row(1).address.last.remembers() && !reused.clone().address.last.remembers());
}
