//! All files of a tiny run whose verdicts are made by hand, read before they were written down here; and that the bytes are
//! the same on any number of threads.
//!
//! Always holds: all people are invented.
//! Not here: finding verdicts (engine).

use super::{Summary, hashes, write};
use crate::{
    engine::{Handled, Job, Stage, Stopped, Watch},
    levels::{AddressLevel, BirthLevel, KanaLevel, Levels, NameLevel, SexLevel, StrongLevel},
    outcome::{Case, Cause, Outcome, Pair, Place, Tier, Verdict},
    problem::{Problem, ProblemCode, Problems},
    rules::{Decision, Rarity, Reason},
    source::Source,
    spec::Spec,
};
use expect_test::{Expect, expect};
use std::{collections::BTreeMap, fs, ops::Range, path::Path, sync::atomic::AtomicBool};

const A: &str = "\
番号,氏名,カナ,生年月日,性別,住所,電話
0001,山田　太郎,ヤマダ　タロウ,昭和40年1月2日,男,甲県乙市丙町1-2-3,\"03,1\"
0002,髙橋　花子,タカハシ　ハナコ,S41.2.3,女,甲県乙市丙町1丁目2番4号,
0003,=鈴木　一郎,スズキ　イチロウ,1970-05-06,1,\"甲県乙市
丁町5\",+81
0004,</script><b>佐藤,サトウ,19800102,2,\"\"\"丁町\"\"6-7\",'x'
0005,田中　誠,タナカ　マコト,1990-01-01,1,甲県乙市戊町8,
,伊藤　なし,イトウ　ナシ,,1,甲県乙市己町9,-
";

const B: &str = "\
氏名,カナ,生年月日,性別,住所,枝
山田　太郎,ヤマダ　タロウ,昭和40年1月2日,男,甲県乙市丙町1-2-3,b0
高橋　花子,タカハシ　ハナコ,1966-02-03,2,乙市丙町1-2-4,b1
鈴木　一郎,スズキ　イチロー,1970-05-06,1,甲県乙市丁町5,@b2
鈴木　一朗,スズキ　イチロウ,1970-06-05,1,甲県乙市丁町5,b3
佐藤　次,サトウ　ツギ,1980-01-02,2,丁町6-7,-b4
小林　光,コバヤシ　ヒカル,1999-09-09,,甲県乙市庚町1,b5
";

const SPEC: &str = r#"
[a]
key = "番号"
name = "氏名"
kana = "カナ"
birth = "生年月日"
sex = "性別"
address = "住所"
carry = ["電話"]
[b]
name = "氏名"
kana = "カナ"
birth = "生年月日"
sex = "性別"
address = "住所"
carry = ["枝"]
"#;

/// An outcome made by hand.
struct Made {
    a: Vec<Verdict>,
    b: Vec<Verdict>,
    cases: Vec<(Case, [Vec<u32>; 2])>,
    places_a: Vec<Place>,
    places_b: Vec<Place>,
    problems: Problems,
}

/// Nothing but cases without pairs, which have so many rows of A and of B.
pub(super) fn only(cases: &[[u32; 2]]) -> impl Outcome {
    let case = |rows: &[u32; 2]| made_case(Cause::TooMany, vec![], rows.map(|rows| (0..rows).collect()));
    let (a, b, places_a, places_b) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let cases = cases.iter().map(case).collect();
    Made { a, b, cases, places_a, places_b, problems: Problems::default() }
}

/// A case and its rows.
fn made_case(cause: Cause, pairs: Vec<Pair>, rows: [Vec<u32>; 2]) -> (Case, [Vec<u32>; 2]) {
    (Case { cause, pairs, rows: [rows[0].len(), rows[1].len()] }, rows)
}

impl Outcome for Made {
    fn rows(&self) -> (u32, u32) {
        (self.a.len() as u32, self.b.len() as u32)
    }

    fn a(&self, row: u32) -> Verdict {
        self.a[row as usize]
    }

    fn b(&self, row: u32) -> Verdict {
        self.b[row as usize]
    }

    fn tier_b(&self, row: u32) -> Option<Tier> {
        match self.b[row as usize] {
            Verdict::Link { tier, .. } => Some(tier),
            _ => None,
        }
    }

    fn cases(&self) -> usize {
        self.cases.len()
    }

    fn case(&self, number: usize) -> Case {
        self.cases[number].0.clone()
    }

    fn case_rows(&self, number: usize, of_b: bool, places: Range<usize>) -> Vec<u32> {
        self.cases[number].1[usize::from(of_b)][places].to_vec()
    }

    fn place_a(&self, row: u32) -> Place {
        self.places_a[row as usize]
    }

    fn place_b(&self, row: u32) -> Place {
        self.places_b[row as usize]
    }

    fn raw_pairs(&self) -> (u64, u64) {
        (1, 0)
    }

    fn problems(&self) -> &Problems {
        &self.problems
    }
}

struct Unwatched;

impl Watch for Unwatched {
    fn progress(&self, _: Stage, done: u64, of: u64, _: Handled) {
        assert!(done <= of);
    }

    fn stop(&self) -> bool {
        false
    }
}

struct Stopper;

impl Watch for Stopper {
    fn progress(&self, _: Stage, _: u64, _: u64, _: Handled) {}

    fn stop(&self) -> bool {
        true
    }
}

fn pair(a: u32, b: u32, codes: &str, score: i32, reason: Reason) -> Pair {
    let code: Vec<&str> = codes.split(' ').collect();
    let levels = Levels {
        name: *NameLevel::ALL.iter().find(|level| level.code() == code[0]).unwrap(),
        kana: *KanaLevel::ALL.iter().find(|level| level.code() == code[1]).unwrap(),
        birth: *BirthLevel::ALL.iter().find(|level| level.code() == code[2]).unwrap(),
        sex: *SexLevel::ALL.iter().find(|level| level.code() == code[3]).unwrap(),
        address: *AddressLevel::ALL.iter().find(|level| level.code() == code[4]).unwrap(),
        strong: StrongLevel::Missing,
    };
    let decision = Decision { grade: reason.grade(), score, reason };
    Pair { a, b, levels, rarity: Rarity::default(), decision }
}

fn places(source: &Source) -> Vec<Place> {
    let mut places = Vec::new();
    let mut before = source.first_line();
    let (mut row, mut problems) = (source.row(), Vec::new());
    for chunk in source.chunks(1 << 20, 1) {
        let mut rows = source.rows(chunk);
        while rows.next(&mut row, &mut problems).is_some() {
            places.push(Place { offset: row.offset, line: before + row.line });
        }
        before += rows.lines();
    }
    assert_eq!(problems, []);
    places
}

/// Both files in a folder, opened.
struct Tiny {
    dir: tempfile::TempDir,
    job: Job,
    a: Source,
    b: Source,
    made: Made,
}

impl Tiny {
    fn new() -> Tiny {
        let dir = tempfile::tempdir().unwrap();
        let (path_a, path_b) = (dir.path().join("a.csv"), dir.path().join("b.csv"));
        fs::write(&path_a, A).unwrap();
        fs::write(&path_b, B).unwrap();
        let spec = Spec::parse(SPEC).unwrap();
        let a = Source::open(&path_a, 'A', &spec.a).unwrap();
        let b = Source::open(&path_b, 'B', &spec.b).unwrap();
        let made = made(places(&a), places(&b));
        let job = Job {
            a: path_a,
            b: path_b,
            spec,
            out: dir.path().join("out"),
            threads: 1,
            memory: 1 << 30,
            replace: false,
            at: None,
        };
        Tiny { dir, job, a, b, made }
    }

    fn write(&self, work: &Path, job: &Job, watch: &dyn Watch) -> Result<Summary, Stopped> {
        let inputs = (&self.a, &self.b);
        let has_failed = AtomicBool::new(false);
        write(work, job, inputs, &self.made, (watch, &has_failed), || hashes(inputs, &|| watch.stop()))
    }

    /// All files of a run, by name.
    fn files(&self, threads: usize) -> BTreeMap<String, String> {
        let work = self.dir.path().join(format!("work-{threads}"));
        fs::create_dir(&work).unwrap();
        let job = Job {
            a: self.job.a.clone(),
            b: self.job.b.clone(),
            spec: self.job.spec.clone(),
            out: self.job.out.clone(),
            at: None,
            threads,
            ..self.job
        };
        let summary = self.write(&work, &job, &Unwatched).unwrap();
        let files = read(&work);
        let mut written: Vec<&str> = summary.files.iter().map(|file| file.name.as_str()).collect();
        written.sort_unstable();
        assert_eq!(written, files.keys().collect::<Vec<_>>());
        files
    }
}

fn read(folder: &Path) -> BTreeMap<String, String> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(&path).unwrap())
        })
        .collect()
}

fn made(places_a: Vec<Place>, places_b: Vec<Place>) -> Made {
    let same = pair(0, 0, "N1 K1 B1 S1 A1", 4_520, Reason::Enough);
    let variant = pair(1, 1, "N2 K1 B1 S1 A1", 4_105, Reason::Enough);
    let near = pair(2, 2, "N1 K2 B1 S1 A1", 3_990, Reason::Enough);
    let other = pair(2, 3, "N7 K1 B4 S1 A1", 1_007, Reason::NameUnsure);
    let poor = pair(3, 4, "N9 K5 B1 S1 A6", -310, Reason::GivenDiffers);
    let link = |tier, pair| Verdict::Link { tier, pair };
    let none = |cause, best| Verdict::None { cause, best };
    let mut problems = Problems::default();
    problems.add(Problem::row('A', 8, Some("生年月日"), ProblemCode::BirthUnreadable));
    problems.add(Problem::file('B', None, ProblemCode::LostLeadingZeros));
    for line in 0..Problems::LISTED_MAX + 2 {
        problems.add(Problem::row('B', 10 + line, None, ProblemCode::Nul));
    }
    Made {
        a: vec![
            link(Tier::Raw, same),
            link(Tier::Scored, variant),
            Verdict::Review(0),
            none(Cause::TooLittle, Some(poor)),
            none(Cause::NoCandidate, None),
            Verdict::Review(1),
        ],
        b: vec![
            link(Tier::Raw, same),
            link(Tier::Scored, variant),
            Verdict::Review(0),
            Verdict::Review(0),
            none(Cause::TooLittle, Some(poor)),
            Verdict::Review(1),
        ],
        cases: vec![
            made_case(Cause::Tie, vec![near, other], [vec![2], vec![2, 3]]),
            made_case(Cause::TooMany, vec![], [vec![5], vec![5]]),
        ],
        places_a,
        places_b,
        problems,
    }
}

fn check(files: &BTreeMap<String, String>, name: &str, want: Expect) {
    want.assert_eq(&files[name].strip_prefix('\u{feff}').unwrap().replace("\r\n", "\n"));
}

#[test]
fn the_tables() {
    let files = Tiny::new().files(2);
    check(
        &files,
        "links.csv",
        expect![[r#"
        Aキー,A行,Bキー,B行,段階,判定,点数,一致の度合い,A:電話,B:枝
        0001,2,1,2,E1,L1,45.20,N1 K1 B1 S1 A1 I-,"03,1",b0
        0002,3,2,3,S,L1,41.05,N2 K1 B1 S1 A1 I-,,b1
    "#]],
    );
    check(
        &files,
        "review.csv",
        expect![[r#"
            番号,案件,候補,理由コード,理由,判断,メモ,氏名A,氏名B,カナA,カナB,生年月日A,生年月日B,性別A,性別B,住所A,住所B,固有番号A,固有番号B,氏名の一致,カナの一致,生年月日の一致,性別の一致,住所の一致,固有番号の一致,一致の度合い,組の評価,判定,判定の理由,点数,Aキー,A行,Bキー,B行,A:電話,B:枝,実行ID
            1,1,1／2,Q2,同じくらい近い候補が複数ある,,,'=鈴木　一郎,鈴木　一郎,スズキ　イチロウ,スズキ　イチロー,1970-05-06,1970-05-06,1,1,"甲県乙市
            丁町5",甲県乙市丁町5,,,氏名が一致,カナが清濁を除き一致,生年月日が一致,性別が一致,住所が一致,固有番号を比べられない（設定か記載がないか、読めない）,N1 K2 B1 S1 A1 I-,一致,L1,一致の基準を満たし、妨げる規則がない,39.90,0003,4,3,4,'+81,'@b2,Rd616513161dc97a0
            2,1,2／2,Q2,同じくらい近い候補が複数ある,,,'=鈴木　一郎,鈴木　一朗,スズキ　イチロウ,スズキ　イチロウ,1970-05-06,1970-06-05,1,1,"甲県乙市
            丁町5",甲県乙市丁町5,,,氏名が1字違い,カナが一致,生年月日の月と日が入れ替わり,性別が一致,住所が一致,固有番号を比べられない（設定か記載がないか、読めない）,N7 K1 B4 S1 A1 I-,要確認,C7,氏名だけでは本人と言い切れない,10.07,0003,4,4,5,'+81,b3,Rd616513161dc97a0
            3,2,,Q3,手がかりが同じ行か候補が多すぎ、扱いきれない,,,伊藤　なし,,イトウ　ナシ,,,,1,,甲県乙市己町9,,,,,,,,,,,,,,,,8,,,'-,,Rd616513161dc97a0
            4,2,,Q3,手がかりが同じ行か候補が多すぎ、扱いきれない,,,,小林　光,,コバヤシ　ヒカル,,1999-09-09,,,,甲県乙市庚町1,,,,,,,,,,,,,,,,6,7,,b5,Rd616513161dc97a0
        "#]],
    );
    check(
        &files,
        "unlinked_a.csv",
        expect![[r#"
            Aキー,A行,理由コード,理由,候補Bキー,候補B行,候補の判定,候補の点数,一致の度合い,氏名の一致,カナの一致,生年月日の一致,性別の一致,住所の一致,固有番号の一致,A:電話
            0004,6,U1,最も近い候補でも一致が足りない,5,6,D2,-3.10,N9 K5 B1 S1 A6 I-,氏は一致、名が相違,氏のカナは一致、名が相違,生年月日が一致,性別が一致,町名まで一致,固有番号を比べられない（設定か記載がないか、読めない）,'x'
            0005,7,U3,（すでに結び付いた行を除いて）手がかりが合う行がない,,,,,,,,,,,,
        "#]],
    );
    check(
        &files,
        "unlinked_b.csv",
        expect![[r#"
            Bキー,B行,理由コード,理由,候補Aキー,候補A行,候補の判定,候補の点数,一致の度合い,氏名の一致,カナの一致,生年月日の一致,性別の一致,住所の一致,固有番号の一致,B:枝
            5,6,U1,最も近い候補でも一致が足りない,0004,6,D2,-3.10,N9 K5 B1 S1 A6 I-,氏は一致、名が相違,氏のカナは一致、名が相違,生年月日が一致,性別が一致,町名まで一致,固有番号を比べられない（設定か記載がないか、読めない）,'-b4
        "#]],
    );
    check(
        &files,
        "summary.txt",
        expect![[r#"
            突合の結果  (2026.2 · Rd616513161dc97a0)

            A の行                                                               6  100.00 %
              結び付いた                                                         2   33.33 %
                書かれたまま一致 (E1)                                            1   16.66 %
                表記をそろえて一致 (E2)                                          0    0.00 %
                点数で一致 (S)                                                   1   16.66 %
              目視確認                                                           2   33.33 %
              結び付かない                                                       2   33.33 %
                最も近い候補でも一致が足りない (U1)                              1   16.66 %
                （すでに結び付いた行を除いて）手がかりが合う行がない (U3)        1   16.66 %
              合計（結び付いた＋目視確認＋結び付かない）                         6  100.00 %

            B の行                                                               6  100.00 %
              結び付いた                                                         2   33.33 %
                書かれたまま一致 (E1)                                            1   16.66 %
                表記をそろえて一致 (E2)                                          0    0.00 %
                点数で一致 (S)                                                   1   16.66 %
              目視確認                                                           3   50.00 %
              結び付かない                                                       1   16.66 %
                最も近い候補でも一致が足りない (U1)                              1   16.66 %
              合計（結び付いた＋目視確認＋結び付かない）                         6  100.00 %

            目視確認の案件                                                       2
              同じくらい近い候補が複数ある (Q2)                                  1
              手がかりが同じ行か候補が多すぎ、扱いきれない (Q3)                  1
              見比べる組                                                         2

            書かれたまま同じで、両側に1行ずつの組                                1
              結び付けた                                                         1
              目視確認へ回した                                                   0

            入力の問題                                                       1,004
              A P302                                                             1
                  生年月日として読めません（元号のない2桁の年、月と日の順が分からないものを含みます）。この値は使いません。「19481103」や「昭和23年11月3日」のように書き直してください。
              B P109                                                             1
                  番号の桁数がそろっていません。表計算ソフトで先頭の0が消えた可能性があります。元のシステムから出力し直してください。
              B P204                                                         1,002
                  NUL 文字（制御文字）があります。ファイルが壊れているおそれがあります。出力し直してください。
        "#]],
    );
    let problems: Vec<&str> = files["problems.csv"].split("\r\n").collect();
    assert_eq!(problems.len(), 1 + 1 + 1 + 1_000 + 1 + 1);
    expect![[r#"
        A,8,生年月日,P302,注意,生年月日として読めません（元号のない2桁の年、月と日の順が分からないものを含みます）。この値は使いません。「19481103」や「昭和23年11月3日」のように書き直してください。,1,noted,"This cannot be read as a birth date (nor can two digits of a year without an era, or day and month in an unknown order). It is not used; write it as 19481103, for example."
        B,,,P109,注意,番号の桁数がそろっていません。表計算ソフトで先頭の0が消えた可能性があります。元のシステムから出力し直してください。,1,noted,Numbers differ in length; a spreadsheet may have dropped leading zeros. Export from the original system.
        B,,,P204,突合不可の行,同じ問題がほかに 2 件あります。NUL 文字（制御文字）があります。ファイルが壊れているおそれがあります。出力し直してください。,2,row unusable,2 more of this kind. There is a NUL byte; the file may be damaged. Export it again."#]].assert_eq(&[problems[1], problems[2], problems[1_003]].join("\n"));
    // Everything but texts of the files themselves is in one kind of line.
    assert!(files["links.csv"].starts_with('\u{feff}') && files["links.csv"].ends_with("\r\n"));
}

#[test]
fn the_record_says_what_went_in_and_came_out() {
    let tiny = Tiny::new();
    let files = tiny.files(1);
    let record: serde_json::Value = serde_json::from_str(&files["run.json"]).unwrap();
    assert_eq!(record["inputs"]["a"]["sha256"], super::files::sha256(A.as_bytes(), &|| false).unwrap());
    assert_eq!(record["inputs"]["b"]["rows"], 6);
    assert_eq!(record["at"], serde_json::Value::Null);
    let listed = record["files"].as_array().unwrap();
    assert_eq!(listed.len() + 1, files.len());
    for file in listed {
        let text = &files[file["name"].as_str().unwrap()];
        assert_eq!(file["bytes"], text.len());
        assert_eq!(file["sha256"], super::files::sha256(text.as_bytes(), &|| false).unwrap());
    }
    for name in ["run.json", "summary.json", "summary.txt", "problems.csv"] {
        for of_a_person in ["山田", "太郎", "0001", "丙町", "ヤマダ"] {
            assert!(!files[name].contains(of_a_person), "{name} has {of_a_person}");
        }
    }
}

#[test]
fn the_page_holds_the_pairs_as_data_and_nothing_as_markup() {
    let files = Tiny::new().files(1);
    let page = &files["review.html"];
    let (_, data) = page.split_once("<script type=\"application/json\" id=\"data\">").unwrap();
    let (data, _) = data.split_once("</script>").unwrap();
    let data: serde_json::Value = serde_json::from_str(data).unwrap();
    assert_eq!(data["pairs"].as_array().unwrap().len(), 4);
    assert_eq!(data["a"][0][2], "=鈴木　一郎");
    assert_eq!(data["a"][0][0], "4");
    assert_eq!(data["b"][1][9], "1970-06-05");
    // One script of data, one of the page's own, one element of style; no text of a file opens another.
    assert_eq!(page.matches("<script").count(), 2);
    assert_eq!(page.matches("<style").count(), 1);
    assert!(!page.contains("<b>"));
}

#[test]
fn hostile_texts_stay_texts_on_the_page() {
    let mut tiny = Tiny::new();
    let poor = pair(3, 4, "N9 K5 B1 S1 A6", -310, Reason::GivenUnsure);
    tiny.made.a[3] = Verdict::Review(1);
    tiny.made.b[4] = Verdict::Review(1);
    tiny.made.cases[1] = made_case(Cause::Doubtful, vec![poor], [vec![3, 5], vec![4, 5]]);
    let files = tiny.files(1);
    let page = &files["review.html"];
    assert_eq!(page.matches("</script").count(), 2);
    assert!(page.contains("&lt;/script&gt;&lt;b&gt;佐藤") && page.contains("\\u003c/script\\u003e"));
    assert!(page.contains("&quot;丁町&quot;6-7"));
}

#[test]
fn the_bytes_do_not_depend_on_threads() {
    let tiny = Tiny::new();
    let one = tiny.files(1);
    for threads in [2, 5] {
        let other = tiny.files(threads);
        assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
        // Compared without being printed.
        assert!(one.iter().all(|(name, text)| *text == other[name]));
    }
}

#[test]
fn told_to_stop_it_stops() {
    let tiny = Tiny::new();
    let work = tiny.dir.path().join("work");
    fs::create_dir(&work).unwrap();
    let ended = tiny.write(&work, &tiny.job, &Stopper);
    assert!(matches!(ended, Err(Stopped::Told)));
}

#[test]
fn a_fault_of_one_part_ends_the_others_and_is_told() {
    // Pages cannot be written, or tables cannot.
    for (name, threads) in [("review.html", 1), ("review.html", 2), ("links.csv", 1), ("links.csv", 2)] {
        let mut tiny = Tiny::new();
        tiny.job.threads = threads;
        let work = tiny.dir.path().join("work");
        fs::create_dir_all(work.join(name)).unwrap();
        let (inputs, has_failed) = ((&tiny.a, &tiny.b), AtomicBool::new(false));
        let told: (&dyn Watch, _) = (&Unwatched, &has_failed);
        let ended = write(&work, &tiny.job, inputs, &tiny.made, told, || hashes(inputs, &|| false));
        assert!(matches!(ended, Err(Stopped::Broken(fault)) if fault.to_string().contains(name)));
        assert!(has_failed.into_inner());
    }
}

#[test]
fn s8_r8_totals_that_do_not_balance_are_no_result() {
    let mut tiny = Tiny::new();
    tiny.made.b[5] = Verdict::None { cause: Cause::NoCandidate, best: None };
    let work = tiny.dir.path().join("work");
    fs::create_dir(&work).unwrap();
    let ended = tiny.write(&work, &tiny.job, &Unwatched);
    assert!(matches!(ended, Err(Stopped::Broken(_))));
    assert!(!work.join("run.json").exists());
}
