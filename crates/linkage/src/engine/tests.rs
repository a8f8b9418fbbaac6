//! Whole runs over small files, and the watchers that tests use. All people are invented.

use super::{
    Crew, Handled, Job, Measure, Plan, SIZES, SMALL_BYTES, Sizes, Stage, Stopped, Watch, detail, find, open,
    results, rows_about, run_sized, work::Work,
};
use crate::{
    form::{Form, Texts},
    keys,
    outcome::{Cause, Outcome, Tier, Verdict},
    problem::ProblemCode,
    rules::{decide, rarity::Counts},
    source::Source,
    spec::{Fixed, Layout, Spec, Unit},
};
use expect_test::expect;
use std::{
    collections::BTreeMap,
    fmt::Write,
    fs,
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicI64, Ordering},
    },
};

/// Lets a run go on.
pub(super) struct Quiet;

impl Watch for Quiet {
    fn progress(&self, _: Stage, _: u64, _: u64, _: Handled) {}

    fn stop(&self) -> bool {
        false
    }
}

/// Stops a run when it has been asked so many times.
pub(super) struct StopAfter(AtomicI64);

impl StopAfter {
    pub fn new(times: i64) -> StopAfter {
        StopAfter(AtomicI64::new(times))
    }
}

impl Watch for StopAfter {
    fn progress(&self, _: Stage, _: u64, _: u64, _: Handled) {}

    fn stop(&self) -> bool {
        self.0.fetch_sub(1, Ordering::Relaxed) <= 0
    }
}

const SPEC: &str = r#"
[a]
key = "番号"
name = ["氏名"]
kana = ["カナ"]
birth = ["生年月日"]
sex = ["性別"]
address = ["住所"]

[b]
key = "番号"
name = ["氏名"]
kana = ["カナ"]
birth = ["生年月日"]
sex = ["性別"]
address = ["住所"]
"#;

const HEADER: &str = "番号,氏名,カナ,生年月日,性別,住所\n";

const GIB: u64 = 1 << 30;

fn job(folder: &Path, out: &str, threads: usize, memory: u64) -> Job {
    let spec = Spec::parse(SPEC).unwrap();
    let (a, b, out) = (folder.join("a.csv"), folder.join("b.csv"), folder.join(out));
    Job { a, b, spec, out, threads, memory, replace: false, at: None }
}

/// Every file of a folder.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(&path).unwrap()))
        .collect()
}

/// Two files of some hundred people with all kinds of damage, by a small generator of numbers.
fn crowd(folder: &Path) {
    let mut state = 7_u64;
    let mut next = move |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let surnames = [
        ("斎藤", "サイトウ"),
        ("髙橋", "タカハシ"),
        ("田中", "タナカ"),
        ("小林", "コバヤシ"),
        ("渡邊", "ワタナベ"),
    ];
    let given = [
        ("花子", "ハナコ"),
        ("太郎", "タロウ"),
        ("恵", "メグミ"),
        ("健一", "ケンイチ"),
        ("さくら", "サクラ"),
    ];
    let towns =
        ["東京都府中市本町", "静岡県静岡市葵区追手町", "北海道札幌市中央区北1条西", "京都府宇治市宇治"];
    let (mut a, mut b) = (HEADER.to_owned(), HEADER.to_owned());
    for number in 0..900 {
        let ((surname, surname_kana), (name, name_kana)) =
            (surnames[next(5) as usize], given[next(5) as usize]);
        let (year, month, day) = (1940 + next(70), 1 + next(12), 1 + next(28));
        let (town, ban, go) = (towns[next(4) as usize], 1 + next(30), 1 + next(9));
        let sex = 1 + next(2);
        let row = |name: &str, birth: &str, address: &str| {
            format!("{number},{name},{surname_kana}　{name_kana},{birth},{sex},{address}\n")
        };
        let name = format!("{surname}　{name}");
        let birth = format!("{year}-{month:02}-{day:02}");
        let address = format!("{town}{ban}丁目{go}番{}号", 1 + next(20));
        let of_a = row(&name, &birth, &address);
        let other_name = name.replace('髙', "高").replace('　', " ");
        let of_b = match next(12) {
            0 => row(&other_name, &birth, &address),
            1 => row(&name, &birth, &address.replace("丁目", "-").replace('番', "-").replace('号', "")),
            2 => row(&name, &birth, "\"大阪府堺市堺区南瓦町3-1\n\""),
            3 => row(&name, &format!("{year}-{month:02}-{:02}", day % 28 + 1), &address),
            4 => row(&name.replace('田', "●"), &birth, &address),
            5 => row(&name, "不明", &address),
            6 => of_a.clone() + &of_a,
            7 => format!("{number},\"{name},途中\n"),
            _ => of_a.clone(),
        };
        match number {
            // Twice in A, once without sex; and a brother of the same day.
            n if n % 19 == 0 => a += &of_a.replace(&format!(",{sex},"), ",,"),
            n if n % 13 == 0 => a += &of_a.replace('　', "　次"),
            _ => {}
        }
        match next(10) {
            0 => a += &of_a,
            1 => b += &of_b,
            _ => (a, b) = (a + &of_a, of_b + &b[HEADER.len()..]),
        }
        if !b.starts_with(HEADER) {
            b.insert_str(0, HEADER);
        }
    }
    a += "\n\n900,無名,,,,\n";
    fs::write(folder.join("a.csv"), a).unwrap();
    fs::write(folder.join("b.csv"), b).unwrap();
}

const SMALL: Sizes = Sizes { chunk: (2_000, 2_000), keep: u64::MAX, piece: (600, 600) };

#[test]
fn s8_r5_the_same_bytes_for_any_threads_memory_and_chunks() {
    let folder = tempfile::tempdir().unwrap();
    crowd(folder.path());
    run_sized(&job(folder.path(), "plain", 1, GIB), &Quiet, SIZES).unwrap();
    let want = files(&folder.path().join("plain"));
    assert!(want["links.csv"].len() > 10_000 && want["review.csv"].len() > 1_000);
    let unlinked = std::str::from_utf8(&want["unlinked_a.csv"]).unwrap();
    for cause in ["U1", "U2"] {
        assert!(unlinked.matches(cause).count() > 5, "{cause}");
    }
    assert!(want.keys().all(|name| results::is_result(name)), "{:?}", want.keys());
    let cases = [
        ("two", 2, GIB, SMALL),
        ("seven", 7, GIB, SMALL),
        ("kept", 2, GIB, Sizes { keep: 0, ..SMALL }),
        ("spilled", 2, 0, SMALL),
        ("half", 3, SMALL_BYTES + 80_000, SMALL),
    ];
    for (out, threads, memory, sizes) in cases {
        run_sized(&job(folder.path(), out, threads, memory), &Quiet, sizes).unwrap();
        let found = files(&folder.path().join(out));
        assert_eq!(found.keys().collect::<Vec<_>>(), want.keys().collect::<Vec<_>>());
        for (name, bytes) in &found {
            assert!(bytes == &want[name], "{out}: {name} differs");
        }
    }
}

#[test]
fn a_stopped_run_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    crowd(folder.path());
    run_sized(&job(folder.path(), "plain", 2, GIB), &Quiet, SMALL).unwrap();
    let want = files(&folder.path().join("plain"));
    let sizes = Sizes { keep: 0, ..SMALL };
    for memory in [GIB, 0] {
        let job = job(folder.path(), &format!("stopped-{memory}"), 2, memory);
        let mut stops = 0;
        // Each time it gets a little farther; what was read is not read again.
        for times in (3..).step_by(811) {
            match run_sized(&job, &StopAfter::new(times), sizes) {
                Ok(_) => break,
                Err(Stopped::Told) => {
                    stops += 1;
                    let names: Vec<String> = files(&job.out.join(".shikaku-link-work")).into_keys().collect();
                    assert!(names.contains(&"read-B".to_owned()), "{names:?}");
                    assert!(!names.contains(&"results".to_owned()), "{names:?}");
                }
                Err(other) => panic!("{other:?}"),
            }
        }
        assert!(stops > 3, "{stops}");
        assert!(files(&job.out) == want, "other results after stops");
    }
}

#[test]
fn a_killed_run_goes_on_behind_what_it_kept() {
    let folder = tempfile::tempdir().unwrap();
    crowd(folder.path());
    let sizes = Sizes { keep: 0, ..SMALL };
    let first = job(folder.path(), "out", 1, GIB);
    assert!(matches!(run_sized(&first, &StopAfter::new(20), sizes), Err(Stopped::Told)));
    let kept = first.out.join(".shikaku-link-work/read-B");
    let whole = fs::read(&kept).unwrap();
    // The kill came in the middle of a write.
    fs::write(&kept, &whole[..whole.len() - 100]).unwrap();
    run_sized(&first, &Quiet, sizes).unwrap();
    run_sized(&job(folder.path(), "plain", 1, GIB), &Quiet, SMALL).unwrap();
    let want = files(&folder.path().join("plain"));
    assert!(files(&first.out) == want);

    // Another input: nothing of the first is used.
    let second = job(folder.path(), "other", 1, GIB);
    assert!(matches!(run_sized(&second, &StopAfter::new(20), sizes), Err(Stopped::Told)));
    let text = fs::read_to_string(&second.b).unwrap();
    fs::write(&second.b, text.replace("田中", "田村")).unwrap();
    run_sized(&second, &Quiet, sizes).unwrap();
    run_sized(&job(folder.path(), "plain-other", 1, GIB), &Quiet, SMALL).unwrap();
    let other = files(&folder.path().join("plain-other"));
    assert!(files(&second.out) == other && other != want);
}

/// Identifiers of kept chunks are counted again: nobody is linked by one that all have, stopped or not.
#[test]
fn s5_r2_a_run_that_goes_on_knows_what_many_rows_share() {
    let folder = tempfile::tempdir().unwrap();
    let rows = |town: &str| -> String {
        let row = |n: u32| {
            let number = if n.is_multiple_of(4) { format!("55{n:04}") } else { "99990000".to_owned() };
            let day = 1 + n % 28;
            format!("{n},田中　花{n},タナカ　ハナ,1975-01-{day:02},2,東京都府中市{town}{n}番地,{number}\n")
        };
        format!("番号,氏名,カナ,生年月日,性別,住所,固有番号\n{}", (0..160).map(row).collect::<String>())
    };
    fs::write(folder.path().join("a.csv"), rows("本町")).unwrap();
    fs::write(folder.path().join("b.csv"), rows("若松町")).unwrap();
    let spec = Spec::parse(&SPEC.replace("[\"住所\"]", "[\"住所\"]\nstrong = [\"固有番号\"]")).unwrap();
    let job = |out: &str| Job { spec: spec.clone(), ..job(folder.path(), out, 2, GIB) };
    run_sized(&job("plain"), &Quiet, SIZES).unwrap();
    let want = files(&folder.path().join("plain"));
    let links = std::str::from_utf8(&want["links.csv"]).unwrap();
    assert_eq!((links.matches("A7 I1").count(), links.matches("I2").count()), (40, 0), "{links}");
    assert!(std::str::from_utf8(&want["review.csv"]).unwrap().contains("A7 I2"));
    let (stopped, sizes) = (job("stopped"), Sizes { keep: 0, ..SMALL });
    let mut stops = 0;
    while let Err(Stopped::Told) = run_sized(&stopped, &StopAfter::new(3 + 211 * stops), sizes) {
        stops += 1;
    }
    assert!(stops > 3, "{stops}");
    assert!(files(&stopped.out) == want, "other results after stops");
}

#[test]
fn input_that_cannot_be_used_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.csv"), "").unwrap();
    fs::write(folder.path().join("b.csv"), "番号,氏名\n1,田中\n").unwrap();
    let job = job(folder.path(), "out", 2, GIB);
    let Err(Stopped::Input(problems)) = run_sized(&job, &Quiet, SIZES) else { panic!("it ran") };
    let sides: Vec<char> = problems.iter().map(|problem| problem.side).collect();
    assert!(sides.contains(&'A') && sides.contains(&'B'), "problems of both files are told: {problems:?}");
    assert!(!job.out.exists());
}

/// A run without writing: every row's verdict, and the cases, as text.
fn told(a: &str, b: &str, memory: u64) -> String {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.csv"), format!("{HEADER}{a}")).unwrap();
    fs::write(folder.path().join("b.csv"), format!("{HEADER}{b}")).unwrap();
    let job = job(folder.path(), "out", 2, memory);
    let (source_a, source_b) = open(&job).unwrap();
    let plan = Plan::new(&job, &source_a, &source_b, SMALL).unwrap();
    let work = Work::take(&job.out, false, [&job.a, &job.b]).unwrap();
    let memory = plan.memory(&job, &work);
    let found = find(
        &job,
        &Crew { threads: 2, watch: &Quiet },
        &work,
        (&source_a, &source_b),
        (&plan, &memory),
        || (),
    )
    .unwrap();
    let (rows_a, rows_b) = found.rows();
    let verdict = |side, row, verdict| match verdict {
        Verdict::Link { tier, pair } => {
            format!("{side}{row} {tier:?} a{} b{} {}", pair.a, pair.b, pair.levels.codes())
        }
        Verdict::Review(case) => format!("{side}{row} case {case}"),
        Verdict::None { cause, best } => {
            let best = best.map(|pair| format!(" a{} b{} {}", pair.a, pair.b, pair.levels.codes()));
            format!("{side}{row} {cause:?}{}", best.unwrap_or_default())
        }
    };
    let mut text = String::new();
    (0..rows_a).for_each(|row| writeln!(text, "{}", verdict('a', row, found.a(row))).unwrap());
    (0..rows_b).for_each(|row| writeln!(text, "{}", verdict('b', row, found.b(row))).unwrap());
    for number in 0..found.cases() {
        let case = found.case(number);
        let [a, b] = [false, true].map(|of_b| {
            let all = case.rows[usize::from(of_b)];
            found.case_rows(number, of_b, 0..all)
        });
        let pairs: Vec<(u32, u32)> = case.pairs.iter().map(|pair| (pair.a, pair.b)).collect();
        writeln!(text, "{:?} {pairs:?} of {a:?} {b:?}", case.cause).unwrap();
    }
    let (linked, left) = found.raw_pairs();
    writeln!(text, "raw {linked} + {left}").unwrap();
    for ((side, code), count) in &found.problems().counts {
        writeln!(text, "{side} {code:?} {count}").unwrap();
    }
    work.leave(false).unwrap();
    text
}

const TANAKA: &str = "1,田中　花子,タナカ　ハナコ,1975-01-02,2,東京都府中市本町1丁目2番3号\n";

#[test]
fn s8_r5_verdicts_of_small_files() {
    let cases = [
        // Byte for byte, and the same after normalising.
        (
            format!("{TANAKA}2,山田　太郎,ヤマダ　タロウ,昭和30年5月6日,1,静岡県静岡市葵区追手町5番1号\n"),
            format!("9,山田太郎,ﾔﾏﾀﾞ ﾀﾛｳ,1955-05-06,男,静岡市葵区追手町5-1\n{TANAKA}"),
            expect![[r#"
                a0 Raw a0 b1 N1 K1 B1 S1 A1 I-
                a1 Normal a1 b0 N1 K1 B1 S1 A1 I-
                b0 Normal a1 b0 N1 K1 B1 S1 A1 I-
                b1 Raw a0 b1 N1 K1 B1 S1 A1 I-
                raw 1 + 0
            "#]],
        ),
        // The same person twice in B: a clerk looks, and the plain join's pair is none (two rows of B).
        (TANAKA.to_owned(), format!("{TANAKA}{TANAKA}"), expect![[r#"
            a0 case 0
            b0 case 0
            b1 case 0
            Tie [(0, 0), (0, 1)] of [0] [0, 1]
            raw 0 + 0
            B DuplicateKey 1
        "#]]),
        // One row of B is the same byte for byte, another after normalising.
        (
            TANAKA.to_owned(),
            format!("{TANAKA}2,田中花子,タナカハナコ,S50.1.2,2,東京都府中市本町1-2-3\n"),
            expect![[r#"
                a0 case 0
                b0 case 0
                b1 case 0
                Tie [(0, 0), (0, 1)] of [0] [0, 1]
                raw 0 + 1
            "#]],
        ),
        // A variant character, a row with nobody near, and one that says nothing.
        (
            "1,髙橋　恵,タカハシ　メグミ,1960-03-04,2,京都府宇治市宇治10番地\n2,鈴木　一,スズキ　ハジメ,1999-09-09,1,北海道函館市本町1-1\n3,,,,,\n".to_owned(),
            "1,高橋　恵,タカハシ　メグミ,1960-03-04,2,京都府宇治市宇治10\n4,\"破れ,た\n".to_owned(),
            expect![[r#"
                a0 Scored a0 b0 N2 K1 B1 S1 A1 I-
                a1 NoCandidate
                a2 Unusable
                b0 Scored a0 b0 N2 K1 B1 S1 A1 I-
                b1 Unusable
                raw 0 + 0
                A NoName 1
                B UnclosedQuote 1
            "#]],
        ),
    ];
    for (a, b, want) in cases {
        let found = told(&a, &b, GIB);
        assert_eq!(told(&a, &b, 0), found);
        want.assert_eq(&found);
    }
}

/// A row of one house, born on one day.
fn at_home(name: &str, kana: &str, sex: &str, go: &str) -> String {
    format!("1,{name},{kana},1950-02-03,{sex},東京都府中市本町1丁目2番{go}\n")
}

/// Rows of A, rows of B, and what is told.
type Story = (String, String, expect_test::Expect);

fn tell(stories: impl IntoIterator<Item = Story>) {
    for (a, b, want) in stories {
        let found = told(&a, &b, GIB);
        assert_eq!(told(&a, &b, 0), found);
        want.assert_eq(&found);
    }
}

#[test]
fn s8_r5_neighbours_of_rows_that_are_equal() {
    let kazuo = at_home("小川　和夫", "オガワ　カズオ", "1", "3号");
    let other_kazuo = at_home("小川　和男", "オガワ　カズオ", "1", "3号");
    let (twin, other_twin) = (
        at_home("岡田　進", "オカダ　ススム", "1", "3号"),
        at_home("岡田　清", "オカダ　キヨシ", "1", "3号"),
    );
    let cases = [
        // Another character: a link by itself, and worse by more than the margin.
        (
            kazuo.clone() + &other_kazuo,
            kazuo.clone(),
            expect![[r#"
            a0 Raw a0 b0 N1 K1 B1 S1 A1 I-
            a1 Taken a1 b0 N7 K1 B1 S1 A1 I-
            b0 Raw a0 b0 N1 K1 B1 S1 A1 I-
            raw 1 + 0
            A DuplicateKey 1
        "#]],
        ),
        // B does not look aside.
        (
            kazuo.clone(),
            kazuo.clone() + &other_kazuo,
            expect![[r#"
            a0 Raw a0 b0 N1 K1 B1 S1 A1 I-
            b0 Raw a0 b0 N1 K1 B1 S1 A1 I-
            b1 NoCandidate
            raw 1 + 0
            B DuplicateKey 1
        "#]],
        ),
        (
            twin.clone() + &other_twin,
            twin.clone(),
            expect![[r#"
            a0 Raw a0 b0 N1 K1 B1 S1 A1 I-
            a1 TooLittle a1 b0 N9 K5 B1 S1 A1 I-
            b0 Raw a0 b0 N1 K1 B1 S1 A1 I-
            raw 1 + 0
            A DuplicateKey 1
        "#]],
        ),
        // The best candidate was linked as equal; one that was left agrees less.
        (
            twin.clone() + &other_twin,
            twin.clone()
                + &other_twin.replace("岡田　清", "大山　静").replace("1,東京都府中市", "2,東京都調布市"),
            expect![[r#"
                a0 Raw a0 b0 N1 K1 B1 S1 A1 I-
                a1 TooLittle a1 b0 N9 K5 B1 S1 A1 I-
                b0 Raw a0 b0 N1 K1 B1 S1 A1 I-
                b1 TooLittle a1 b1 N0 K1 B1 S0 A0 I-
                raw 1 + 0
                A DuplicateKey 1
                B DuplicateKey 1
            "#]],
        ),
    ];
    tell(cases);
}

#[test]
fn s8_r5_one_person_twice_in_a() {
    let kazuo = at_home("小川　和夫", "オガワ　カズオ", "1", "3号");
    let other_kazuo = at_home("小川　和男", "オガワ　カズオ", "1", "3号");
    let (sexless, lot) = (
        at_home("小川　和夫", "オガワ　カズオ", "", "3号"),
        at_home("小川　和夫", "オガワ　カズオ", "1", ""),
    );
    let brother = at_home("小川　清", "オガワ　キヨシ", "1", "3号");
    let moved = kazuo.replace("府中市本町", "調布市小島町");
    let cases = [
        // The same person twice in A, once without sex, or without the last number.
        (
            kazuo.clone() + &sexless,
            kazuo.clone(),
            expect![[r#"
            a0 case 0
            a1 case 0
            b0 case 0
            Tie [(0, 0), (1, 0)] of [0, 1] [0]
            raw 0 + 1
            A DuplicateKey 1
        "#]],
        ),
        (
            lot.clone() + &kazuo,
            kazuo.clone(),
            expect![[r#"
            a0 case 0
            a1 case 0
            b0 case 0
            Tie [(1, 0), (0, 0)] of [0, 1] [0]
            raw 0 + 1
            A DuplicateKey 1
        "#]],
        ),
        // Who is in the case with them: another near row, but not a brother.
        (
            kazuo.clone() + &sexless + &other_kazuo + &brother,
            kazuo.clone(),
            expect![[r#"
            a0 case 0
            a1 case 0
            a2 case 0
            a3 TooLittle a3 b0 N9 K5 B1 S1 A1 I-
            b0 case 0
            Tie [(0, 0), (1, 0), (2, 0)] of [0, 1, 2] [0]
            raw 0 + 1
            A DuplicateKey 3
        "#]],
        ),
        // A row that has a doubtful candidate of its own takes it into the case.
        (
            kazuo.clone() + &sexless,
            moved.clone() + &kazuo,
            expect![[r#"
            a0 case 0
            a1 case 0
            b0 case 0
            b1 case 0
            Tie [(0, 1), (1, 1), (1, 0)] of [0, 1] [0, 1]
            raw 0 + 1
            A DuplicateKey 1
            B DuplicateKey 1
        "#]],
        ),
    ];
    tell(cases);
}

/// The forms of all rows of a file; one that says nothing for a row that cannot be read.
fn forms(source: &Source) -> Vec<Form> {
    let (mut row, mut texts, mut problems) = (source.row(), Texts::default(), Vec::new());
    let mut forms = Vec::new();
    for chunk in source.chunks(u64::MAX, 1) {
        let mut rows = source.rows(chunk);
        while let Some(whole) = rows.next(&mut row, &mut problems) {
            let readable = whole && row.texts(&mut texts, &mut problems);
            forms.push(if readable { Form::of(&texts) } else { Form::default() });
        }
    }
    forms
}

#[test]
fn s8_r5_what_is_left_of_a_was_held_beside_all_of_b() {
    let folder = tempfile::tempdir().unwrap();
    crowd(folder.path());
    let job = job(folder.path(), "out", 2, GIB);
    let (source_a, source_b) = open(&job).unwrap();
    let plan = Plan::new(&job, &source_a, &source_b, SMALL).unwrap();
    let work = Work::take(&job.out, false, [&job.a, &job.b]).unwrap();
    let memory = plan.memory(&job, &work);
    let crew = Crew { threads: 2, watch: &Quiet };
    let found = find(&job, &crew, &work, (&source_a, &source_b), (&plan, &memory), || ()).unwrap();
    let (forms_a, forms_b) = (forms(&source_a), forms(&source_b));
    let counts = Counts::new();
    forms_b.iter().for_each(|form| counts.add(keys::counted(form)));
    counts.set_rows(forms_b.len() as u64);
    let keys_of = |form: &Form| {
        let mut blocks = Vec::new();
        keys::blocks(form, &mut blocks);
        blocks
    };
    let keys_b: Vec<_> = forms_b.iter().map(keys_of).collect();
    // Rows without candidate; those whose best candidate was linked as equal, and in a link of another kind or none.
    let (mut without, mut equal, mut other) = (0, 0, 0);
    for (a, form) in (0..).zip(&forms_a) {
        let Verdict::None { cause: Cause::TooLittle | Cause::Taken | Cause::NoCandidate, best } = found.a(a)
        else {
            continue;
        };
        let mine = keys_of(form);
        let shares = |b: &u32| keys_b[*b as usize].iter().any(|key| mine.contains(key));
        let candidates = (0..forms_b.len() as u32).filter(shares).map(|b| {
            let other = &forms_b[b as usize];
            let rarity = counts.rarity(keys::counted(form), keys::counted(other));
            detail::candidate(&decide(&form.compare(other), rarity), b)
        });
        assert_eq!(best.map(|pair| pair.b), candidates.max().map(detail::partner), "row {a}");
        match best.map(|pair| found.b(pair.b)) {
            None => without += 1,
            Some(Verdict::Link { tier: Tier::Raw | Tier::Normal, .. }) => equal += 1,
            Some(_) => other += 1,
        }
    }
    assert!(without > 5 && equal > 20 && other > 20, "{without} {equal} {other}");
}

#[test]
fn s8_r5_a_crowd_is_for_a_clerk() {
    let of = |name: &str, town: &str| format!("1,{name},タカハシ　メグミ,1960-03-04,2,{town}1丁目2番3号\n");
    let (one, same) = (of("髙橋　恵", "東京都府中市本町"), of("高橋　恵", "東京都府中市本町"));
    let elsewhere = |rows: u64| {
        (0..rows).map(|n| of("高橋　恵", &format!("静岡県静岡市葵区追手町{n}番地"))).collect::<String>()
    };
    // Rows of A, rows of B; cases; how many rows of each side are in them; how many are linked, how many told to be too many.
    let cases = [
        // More candidates than one looks at, and yet all in one case, whichever side has them.
        (one.clone(), same.repeat(25), "Tie", (1, 25), 0, 0),
        (same.repeat(25), one.clone(), "Tie", (25, 1), 0, 0),
        // More than a case can show.
        (one.clone(), same.repeat(60), "TooMany", (1, 50), 0, 10),
        (same.repeat(60), one.clone(), "Tie", (60, 1), 0, 0),
        // One is far better than all others.
        (one.clone(), elsewhere(60) + &same, "", (0, 0), 2, 11),
    ];
    for (a, b, cause, rows, linked, many) in cases {
        let found = told(&a, &b, GIB);
        let count = |side: char| {
            found.lines().filter(|line| line.starts_with(side) && line.contains(" case ")).count()
        };
        assert_eq!((count('a'), count('b')), rows, "{found}");
        assert_eq!(found.matches(" Scored ").count(), linked, "{found}");
        let unlinked = found.lines().filter(|line| line.starts_with(['a', 'b']) && line.contains(" TooMany"));
        assert_eq!(unlinked.count(), many, "{found}");
        assert!(cause.is_empty() || found.contains(&format!("\n{cause} ")), "{found}");
    }
}

#[test]
fn results_never_replace_what_is_not_ours() {
    let folder = tempfile::tempdir().unwrap();
    crowd(folder.path());
    let out = folder.path().join("out");
    let first = job(folder.path(), "out", 1, GIB);
    run_sized(&first, &Quiet, SIZES).unwrap();
    let want = files(&out);
    let fault = |job: &Job| match run_sized(job, &Quiet, SIZES) {
        Err(Stopped::Broken(fault)) => fault.to_string(),
        other => panic!("{other:?}"),
    };
    assert!(fault(&first).contains("--replace"));
    // An input lies there under a name that results have.
    let page = out.join("review-2.html");
    fs::copy(&first.a, &page).unwrap();
    assert!(fault(&Job { a: page.clone(), replace: true, ..first.clone() }).contains("review-2.html"));
    fs::remove_file(page).unwrap();
    // Somebody's table.
    fs::remove_file(out.join("run.json")).unwrap();
    assert!(fault(&first).contains("links.csv"));
    assert!(files(&out).iter().all(|(name, bytes)| bytes == &want[name]));
    run_sized(&Job { replace: true, ..first }, &Quiet, SIZES).unwrap();
    assert!(files(&out) == want);
}

#[test]
fn ten_thousand_of_one_name_are_told_and_not_compared() {
    let many = |rows: u64| -> String {
        (0..rows)
            .map(|n| format!("{n},佐藤　一,サトウ　ハジメ,1900-01-01,1,大阪府堺市堺区南瓦町3-1\n"))
            .collect()
    };
    let found = told(&(many(3_000) + TANAKA), &(TANAKA.to_owned() + &many(3_000)), GIB);
    assert_eq!(found.matches("TooMany").count(), 6_000);
    assert_eq!(found.matches("Raw").count(), 2);
    assert!(found.contains("\nraw 1 + 0\n"));
}

/// Rows that are many in all ways in which rows can be: equal with one key, equal but for the key, of one name and house and
/// otherwise different, of one birth date, and a neighbour of theirs who is alone; and among them rows that the other file
/// has too.
fn multitude(folder: &Path) {
    let row = |key: u64, name: &str, day: u64, lot: u64, building: &str| {
        format!("{key},{name},サトウ　ハジメ,1900-01-{day:02},1,大阪府堺市堺区南瓦町{lot}-1{building}\n")
    };
    let side = |first: u64| {
        let rows = (first..first + 700).map(|n| {
            row(7, "佐藤　一", 1, 3, "")
                + &row(1_000 + n, "佐藤　一", 1, 3, "")
                + &row(5_000 + n % 40, "佐藤　一", 1, 3, &format!("　青葉荘{n}号室"))
                + &row(n, "鈴木　一", 1 + n % 9, n % 90 + 5, "")
        });
        rows.collect::<String>() + &row(first, "佐藤　二", 2, 3, "") + &row(9, "斎藤　一", 2, 3, "") + TANAKA
    };
    for (name, first) in [("a.csv", 0), ("b.csv", 90)] {
        fs::write(folder.join(name), format!("{HEADER}{}", side(first))).unwrap();
    }
}

#[test]
fn s8_r5_multitudes_are_the_same_bytes_for_any_threads_and_memory() {
    let folder = tempfile::tempdir().unwrap();
    multitude(folder.path());
    let summary = run_sized(&job(folder.path(), "plain", 1, GIB), &Quiet, SIZES).unwrap();
    // 610 rows of an own building, 3 others, and those of 鈴木 whose date, lot and key the other file has.
    assert!(summary.raw_pairs.0 + summary.raw_pairs.1 >= 613, "{:?}", summary.raw_pairs);
    let want = files(&folder.path().join("plain"));
    let chunk = (20_000, 20_000);
    for (out, threads, memory, piece) in [
        ("least", 1, 0, (0, 0)),
        ("spilled", 3, 0, (600, 600)),
        ("cap", 2, SMALL_BYTES + 80_000, (0, 20_000)),
        ("heap", 2, GIB, (30_000, 30_000)),
    ] {
        let sizes = Sizes { chunk, keep: u64::MAX, piece };
        run_sized(&job(folder.path(), out, threads, memory), &Quiet, sizes).unwrap();
        for (name, bytes) in &files(&folder.path().join(out)) {
            assert!(bytes == &want[name], "{out}: {name} differs");
        }
    }
}

/// Notes how far it is told a run is.
#[derive(Default)]
struct Notes(Mutex<Vec<(Stage, u64, u64, Handled)>>);

impl Watch for Notes {
    fn progress(&self, stage: Stage, done: u64, of: u64, handled: Handled) {
        self.0.lock().unwrap().push((stage, done, of, handled));
    }

    fn stop(&self) -> bool {
        false
    }
}

#[test]
fn every_stage_tells_what_it_handled() {
    let folder = tempfile::tempdir().unwrap();
    crowd(folder.path());
    let notes = Notes::default();
    let summary = run_sized(&job(folder.path(), "out", 1, GIB), &notes, SMALL).unwrap();
    let told = notes.0.into_inner().unwrap();
    let rows = summary.a.rows + summary.b.rows;
    let mut parts: BTreeMap<(u8, usize), Vec<Handled>> = BTreeMap::new();
    for (stage, done, of, handled) in &told {
        assert!(done <= of);
        parts.entry((*stage as u8, handled.part)).or_default().push(*handled);
    }
    for stage in [Stage::Read, Stage::Exact, Stage::Score, Stage::Write] {
        let last = told.iter().rfind(|it| it.0 == stage).unwrap();
        assert_eq!(last.1, last.2, "{stage:?} comes to its end");
    }
    for list in parts.values() {
        assert!(list.is_sorted_by_key(|handled| handled.units));
    }
    let ends: Vec<(u8, usize, Measure, u64)> = parts
        .iter()
        .map(|((stage, part), list)| (*stage, *part, list.last().unwrap()))
        .map(|(stage, part, last)| (stage, part, last.unit, last.units))
        .collect();
    let of = |stage: Stage, part: usize| ends.iter().find(|it| (it.0, it.1) == (stage as u8, part)).unwrap();
    assert_eq!(of(Stage::Read, 0).2, Measure::Bytes);
    // Some rows have nothing by which they could be equal to another.
    let exact = of(Stage::Exact, 0);
    assert!(exact.2 == Measure::Rows && exact.3 < rows && exact.3 > rows / 2, "{ends:?}");
    let units = [Measure::Rows, Measure::Rows, Measure::Keys, Measure::Rows, Measure::Pairs];
    for (part, unit) in units.iter().chain(&units).enumerate() {
        assert_eq!(of(Stage::Score, part).2, *unit);
    }
    assert_eq!((of(Stage::Score, 0).3, of(Stage::Score, 1).3), (summary.a.rows, summary.b.rows));
    assert!(of(Stage::Score, 4).3 > 100, "pairs are counted");
    assert!(of(Stage::Write, 0).2 == Measure::Rows && of(Stage::Write, 0).3 >= rows);
}

#[test]
fn a_key_that_stands_twice_is_a_problem_of_the_later_row() {
    let folder = tempfile::tempdir().unwrap();
    let rows = ["7", "8", "7", "", "", "9", "8", "7"].map(|key| TANAKA.replacen('1', key, 1)).concat();
    fs::write(folder.path().join("a.csv"), format!("{HEADER}{rows}")).unwrap();
    fs::write(folder.path().join("b.csv"), format!("{HEADER}{TANAKA}")).unwrap();
    let job = job(folder.path(), "out", 2, GIB);
    let (a, b) = open(&job).unwrap();
    let plan = Plan::new(&job, &a, &b, Sizes { chunk: (200, 200), keep: 0, piece: (16, 16) }).unwrap();
    let work = Work::take(&job.out, false, [&job.a, &job.b]).unwrap();
    let memory = plan.memory(&job, &work);
    let found =
        find(&job, &Crew { threads: 2, watch: &Quiet }, &work, (&a, &b), (&plan, &memory), || ()).unwrap();
    let twice = found.problems().listed.iter().filter(|problem| problem.code == ProblemCode::DuplicateKey);
    assert_eq!(twice.map(|problem| problem.line).collect::<Vec<_>>(), [4, 8, 9]);
    assert!(matches!(found.b(0), Verdict::Review(0)));
    assert_eq!(found.case(0).cause, Cause::Tie);
    let tiers = (0..8).filter(|row| matches!(found.a(*row), Verdict::Link { tier: Tier::Raw, .. })).count();
    assert_eq!(tiers, 0);
}

#[test]
fn rows_are_counted_about() {
    let spec = Spec::parse(SPEC).unwrap();
    let csv = &spec.a.layout;
    let fixed = |record_length| {
        Layout::Fixed(Fixed { unit: Unit::Bytes, record_length, trimmed: false, fields: Vec::new() })
    };
    let line = "いろはにほへと,100,町\n";
    let cases = [
        (line.repeat(50_000), csv, 50_000),
        (line.repeat(3).replace('\n', "\r\n"), csv, 3),
        (line.repeat(700).replace('\n', "\r"), csv, 700),
        ("x".repeat(1_000), &fixed(Some(10)), 100),
        (line.repeat(20), &fixed(None), 20),
    ];
    for (text, layout, want) in cases {
        let found = rows_about(text.as_bytes(), layout);
        assert!(found.abs_diff(want) <= 2 + want / 100, "{found} and not {want}");
    }
}

/// A row that could not be read has no key either: what stands where its key would be may be anything.
#[test]
fn rows_that_cannot_be_read_are_listed_without_a_key() {
    let folder = tempfile::tempdir().unwrap();
    let whole = "1,山田　太郎,ヤマダ タロウ,1955-03-12,1,静岡県三島市本町1-2-3\n";
    let rows =
        format!("{HEADER}{whole}2,佐藤　花子\0,サトウ ハナコ,1960-01-02,2,静岡県三島市本町4\n3,鈴木\n");
    for (name, text) in [("a.csv", rows.as_str()), ("b.csv", rows.as_str())] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    run_sized(&job(folder.path(), "out", 2, GIB), &Quiet, SIZES).unwrap();
    let found = files(&folder.path().join("out"));
    for name in ["unlinked_a.csv", "unlinked_b.csv"] {
        let table = String::from_utf8(found[name].clone()).unwrap();
        let begins: Vec<&str> = table.lines().skip(1).map(|line| &line[..6]).collect();
        assert_eq!(begins, [",3,U4,", ",4,U4,"], "{name}");
    }
}

/// The pairs of B's linked rows are counted with A's, and say the same of identifiers.
#[test]
fn identifiers_are_counted_on_both_sides() {
    let folder = tempfile::tempdir().unwrap();
    let row = |key: u32, number: &str| {
        format!("{key},山田　太郎,ヤマダ タロウ,1955-03-12,1,静岡県三島市本町{key}-2-3,{number}\n")
    };
    let header = HEADER.replace('\n', ",記号番号\n");
    let (a, b) = (row(1, "11-0001") + &row(2, "22-0002"), row(1, "11-0001") + &row(2, "33-0003"));
    fs::write(folder.path().join("a.csv"), format!("{header}{a}")).unwrap();
    fs::write(folder.path().join("b.csv"), format!("{header}{b}")).unwrap();
    let spec = SPEC.replace("kana = ", "strong = [\"記号番号\"]\nkana = ");
    let job = Job { spec: Spec::parse(&spec).unwrap(), ..job(folder.path(), "out", 2, GIB) };
    let summary = run_sized(&job, &Quiet, SIZES).unwrap();
    assert_eq!((summary.a.linked_all(), summary.a.identifiers), (1, (1, 1)));
    assert_eq!((summary.b.linked_all(), summary.b.identifiers), (1, (1, 1)));
}

/// What is the same byte for byte in all attributes is read by what is known of the other row; other names are none of them.
#[test]
fn a_row_that_is_the_same_but_for_an_unreadable_other_name_is_told() {
    let row = |number: u32, other: &[u8]| {
        let row = format!("{number},山田　太郎,ヤマダ タロウ,1955-03-12,1,静岡県三島市本町{number}-2-3,");
        [row.as_bytes(), other, b"\n"].concat()
    };
    let file = |last: &[u8]| {
        let header = HEADER.replace('\n', ",旧氏\n");
        [
            header.as_bytes(),
            &(1..9).map(|number| row(number, b"")).collect::<Vec<_>>().concat(),
            &row(9, last),
        ]
        .concat()
    };
    let spec = SPEC.replace("kana = ", "encoding = \"utf-8\"\nother_names = [[\"旧氏\"]]\nkana = ");
    for memory in [GIB, 0] {
        for (other, linked, told) in [(&b""[..], 9, 0), ("佐藤".as_bytes(), 9, 0), (b"\xff\xfe", 8, 1)] {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join("a.csv"), file(other)).unwrap();
            fs::write(folder.path().join("b.csv"), file(b"")).unwrap();
            let job = Job { spec: Spec::parse(&spec).unwrap(), ..job(folder.path(), "out", 2, memory) };
            let summary = run_sized(&job, &Quiet, SIZES).unwrap();
            let problems = fs::read_to_string(folder.path().join("out/problems.csv")).unwrap();
            let code = ProblemCode::BadEncoding.code();
            assert_eq!((summary.a.linked_all(), problems.matches(code).count()), (linked, told));
        }
    }
}
