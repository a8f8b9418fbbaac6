//! `shikaku link` from outside: nothing of a person is in what it says of itself, whatever is wrong with the files or with
//! the command; and a run that is killed at random moments ends, called again, as one that was left alone.
//!
//! Searched for canaries: standard error and output, run record, problems, totals, and what a killed run keeps for going on.
//! Not here: links, the clerks' work list and rows without a link, which hold keys, and the work list people; how well it
//! links (`tests/linkage`, `cargo xtask quality`).
//! Rules come from: issue 5, parts C and D; docs/linkage.md; docs/rules.md S1 r2.

use crate::desk::*;
use encoding_rs::SHIFT_JIS;
use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

/// What may stand nowhere, as written, folded or read.
const CANARIES: [&str; 17] = [
    "金糸雀",
    "啼子",
    "カナリヤ",
    "ｶﾅﾘﾔ",
    "ナキコ",
    "鳥篭町",
    "籠鳥",
    "19120304",
    "1912-03-04",
    "明治45年",
    "55501234",
    "5.55E+11",
    "777-0123",
    "KARTE",
    "羽根荘",
    "九官鳥",
    "19130506",
];

#[track_caller]
fn clean(place: &str, bytes: &[u8]) {
    // Letter for byte, so that texts of either encoding are searched as fast as any text.
    let letters = |bytes: &[u8]| -> String { bytes.iter().map(|byte| char::from(*byte)).collect() };
    let text = letters(bytes);
    for canary in CANARIES {
        let (other, _, _) = SHIFT_JIS.encode(canary);
        for written in [canary.as_bytes(), &other] {
            assert!(!text.contains(&letters(written)), "{canary} stands in {place}");
        }
    }
}

#[track_caller]
fn said_clean(what: &str, ran: &Ran) {
    clean(&format!("what {what} says"), format!("{}{}", ran.out, ran.err).as_bytes());
    assert!(!ran.err.contains("panicked"), "{what}: {}", ran.err);
}

fn link(home: &Home, words: &[&str]) -> Ran {
    let words: Vec<PathBuf> = words.iter().map(|word| home.words(word)).collect();
    let args: Vec<&OsStr> =
        ["link".as_ref()].into_iter().chain(words.iter().map(|word| word.as_os_str())).collect();
    home.run(&args)
}

impl Home {
    /// A word of a command, in which `@` stands for the temporary folder.
    fn words(&self, word: &str) -> PathBuf {
        word.strip_prefix('@').map_or_else(|| word.into(), |name| self.path(name))
    }
}

// Canaries -----------------------------------------------------------------------------------------------------------

const SPEC: &str = r#"
[a]
encoding = "utf-8"
key = "番号"
name = ["氏名"]
kana = ["カナ"]
birth = ["生年月日"]
sex = ["性別"]
address = ["住所"]
strong = ["被保険者番号"]
carry = ["電話"]

[b]
encoding = "cp932"
key = "番号"
name = ["氏名"]
kana = ["カナ"]
birth = ["生年月日"]
sex = ["性別"]
address = ["住所"]
strong = ["被保険者番号"]
"#;

const HEADER: &str = "番号,氏名,カナ,生年月日,性別,住所,被保険者番号,電話\n";

/// All of a row behind its name.
const GOOD: &str = "カナリヤ　ナキコ,19120304,女,静岡県三島市鳥篭町９番地　羽根荘２,55501234,777-0123\n";

/// The same person as in the other file, another one at another address, and rows with everything that can be wrong; the
/// last one ends within its quotes.
fn rows(home: &str) -> String {
    let good = GOOD;
    let mut text = format!("{HEADER}KARTE-1,金糸雀　啼子,{good}");
    for row in [
        format!("KARTE-2,金糸雀　九官鳥,カナリヤ　キユウカン,19130506,男,{home},,777-0123\n"),
        format!("KARTE-3,金糸雀　啼子,余り,{good}"),
        format!("KARTE-4,,{good}"),
        "KARTE-5,金糸雀　啼子,カナリヤ　ナキコ,啼子年,籠鳥,静岡県三島市鳥篭町９番地,5.55E+11,777-0123\n"
            .to_owned(),
        "KARTE-6,金糸雀　啼子,カナリヤ　ナキコ,19120231,女,静岡県三島市鳥篭町９番地,,777-0123\n".to_owned(),
        "KARTE-6,金糸雀　啼子,カナリヤ　ナキコ,1912,女,静岡県三島市鳥篭町９番地,,777-0123\n".to_owned(),
        format!("KARTE-7,金糸雀\0啼子,{good}"),
        format!("KARTE-8,\"金糸雀\"啼子,{good}"),
        format!("KARTE-9,金糸雀BAD,{good}"),
        format!("KARTE-10,\"金糸雀　啼子,{good}"),
    ] {
        text.push_str(&row);
    }
    text
}

/// A as UTF-8, B as Shift_JIS, both with a byte that their encoding has not.
fn write_canaries(home: &Home) {
    fs::write(home.path("spec.toml"), SPEC).expect("written");
    let [a, b] = ["静岡県三島市鳥篭町１０番地", "静岡県三島市鳥篭町２２番地"].map(rows);
    let (b, _, lacks) = SHIFT_JIS.encode(&b);
    assert!(!lacks);
    for (name, bytes) in [("a.csv", a.as_bytes()), ("b.csv", &b)] {
        let at = bytes.windows(3).position(|window| window == b"BAD").expect("the mark");
        fs::write(home.path(name), [&bytes[..at], b"\xff\xfd", &bytes[at + 3..]].concat()).expect("written");
    }
}

#[test]
fn nothing_of_a_person_is_in_what_a_run_says_of_itself() {
    let home = Home::new();
    write_canaries(&home);
    for lang in ["ja", "en"] {
        let out = format!("@out-{lang}");
        let words = ["@a.csv", "@b.csv", "--spec", "@spec.toml", "--out", &out, "--lang", lang];
        let ran = link(&home, &words);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        said_clean("a run", &ran);
        let out = home.words(&out);
        let read = |name: &str| fs::read(out.join(name)).expect("a result");
        for name in ["run.json", "problems.csv", "summary.txt", "summary.json"] {
            clean(name, &read(name));
        }
        // The canaries were there to be found, and all that can be wrong was.
        let problems = String::from_utf8(read("problems.csv")).expect("UTF-8");
        for code in
            ["P201", "P202", "P203", "P204", "P205", "P208", "P301", "P302", "P304", "P305", "P306", "P307"]
        {
            assert!(problems.contains(code), "{code}: {problems}");
        }
        let text = |name: &str| String::from_utf8(read(name)).expect("UTF-8");
        assert!(text("links.csv").contains("KARTE-1") && text("review.csv").contains("九官鳥"));
        assert!(!text("links.csv").contains("金糸雀"), "links hold keys and what is carried");
    }
}

/// Files that cannot be linked, each with people where it has no place for them.
fn write_unusable(home: &Home) {
    let good = rows("静岡県三島市鳥篭町１番地");
    let lines =
        |text: &str, from: usize| text.lines().skip(from).take(3).collect::<Vec<_>>().join("\n").into_bytes();
    // A column is not judged by a row or two.
    let many: String = (1..50).map(|number| format!("KARTE-{number},金糸雀　啼子,{GOOD}")).collect();
    let swapped = format!("{}{many}", HEADER.replacen("氏名,カナ,生年月日", "生年月日,氏名,カナ", 1));
    let utf_16 = [0xfeff].into_iter().chain(good.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    for (name, bytes) in [
        ("headless.csv", lines(&good, 1)),
        ("swapped.csv", swapped.into_bytes()),
        ("twice.csv", lines(&good.replacen("カナ", "氏名", 1), 0)),
        ("utf-16.csv", utf_16),
        ("file", lines(&good, 0)),
        ("person.toml", lines(&good, 0)),
    ] {
        fs::write(home.path(name), bytes).expect("written");
    }
}

#[test]
fn nothing_of_a_person_is_in_a_refusal_or_an_explanation() {
    let home = Home::new();
    write_canaries(&home);
    write_unusable(&home);
    for lang in ["ja", "en"] {
        let new = format!("@out-{lang}");
        for (command, files, more, code) in [
            ("", "@headless.csv @b.csv", "--out @new", 1),
            ("", "@swapped.csv @b.csv", "--out @new", 1),
            ("", "@twice.csv @b.csv", "--out @new", 1),
            ("", "@utf-16.csv @b.csv", "--out @new", 1),
            ("", "@b.csv @a.csv", "--out @new", 1),
            ("", "@missing.csv @b.csv", "--out @new", 1),
            ("", "@a.csv @b.csv", "--out @file", 1),
            ("", "@a.csv @b.csv", "--out @file/out", 1),
            // The folder has results after the first.
            ("", "@a.csv @b.csv", "--out OUT", 0),
            ("", "@a.csv @b.csv", "--out OUT", 1),
            ("explain", "@a.csv @b.csv", "--key-a KARTE-1 --key-b KARTE-1", 0),
            ("explain", "@a.csv @b.csv", "--key-a KARTE-6 --key-b KARTE-1", 1),
            ("explain", "@a.csv @b.csv", "--key-a KARTE-99 --b 2", 1),
            ("explain", "@a.csv @b.csv", "--a 8 --b 9", 0),
        ] {
            let words: Vec<&str> = command.split_whitespace().chain(files.split(' ')).collect();
            let more: Vec<&str> =
                more.split(' ').map(|word| if word == "OUT" { &new } else { word }).collect();
            let ran = link(&home, &[&words[..], &["--spec", "@spec.toml", "--lang", lang], &more].concat());
            assert_eq!(ran.code, Some(code), "{command} {files} {more:?}: {}", ran.err);
            said_clean(&format!("{command} {files}"), &ran);
        }
        for words in ["spec @headless.csv @b.csv", "spec @utf-16.csv @b.csv", "spec @a.csv @twice.csv"] {
            let ran = link(&home, &[&words.split(' ').collect::<Vec<_>>()[..], &["--lang", lang]].concat());
            said_clean(words, &ran);
        }
        let ran =
            link(&home, &["@a.csv", "@b.csv", "--spec", "@person.toml", "--out", "@new", "--lang", lang]);
        assert_eq!(ran.code, Some(1));
        said_clean("a spec that is none", &ran);
    }
    assert!(!home.path("new").exists(), "a refusal leaves nothing");
    // Asked for, they are shown: the search would find them.
    let words = "explain @a.csv @b.csv --spec @spec.toml --a 2 --b 2 --show-values";
    let shown = link(&home, &words.split(' ').collect::<Vec<_>>());
    assert!(
        ["金糸雀", "カナリヤ", "鳥篭町"].iter().all(|canary| shown.out.contains(canary)),
        "{}",
        shown.err
    );
}

// Kills --------------------------------------------------------------------------------------------------------------

/// Two rosters, large enough for several chunks of a megabyte, with a canary in A.
fn write_rosters(home: &Home) {
    let words = "country rosters --rows-a 40000 --rows-b 60000 --both 36000 --seed 105 --day 20261120 --out";
    let folder = home.path("rosters");
    let args: Vec<&OsStr> = words.split(' ').map(OsStr::new).chain([folder.as_os_str()]).collect();
    let ran = home.run(&args);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let a = fs::read_to_string(folder.join("a.csv")).expect("read");
    let (head, rest) = a.split_once('\n').expect("a header");
    let row = head.trim_end().split(',').map(|heading| match heading {
        "整理番号" => "KARTE-1",
        "氏名" => "金糸雀　啼子",
        "氏名カナ" => "ｶﾅﾘﾔ ﾅｷｺ",
        "生年月日" => "19120304",
        "性別" => "2",
        "住所" => "静岡県三島市鳥篭町９番地",
        _ => "",
    });
    let row = row.collect::<Vec<_>>().join(",");
    fs::write(folder.join("a.csv"), format!("{head}\n{row}\n{rest}")).expect("written");
}

/// Starts the run. With so little memory it keeps what it has read, though its files are small.
fn start(home: &Home, out: &Path) -> Process {
    let [a, b, spec] = ["a.csv", "b.csv", "spec.toml"].map(|name| home.path("rosters").join(name));
    let words = ["link".as_ref(), a.as_os_str(), b.as_os_str(), "--spec".as_ref(), spec.as_os_str()];
    let more = [
        "--out".as_ref(),
        out.as_os_str(),
        "--memory".as_ref(),
        "1MB".as_ref(),
        "--threads".as_ref(),
        "2".as_ref(),
    ];
    home.start(&[&words[..], &more].concat())
}

const WORK: &str = ".shikaku-link-work";

/// Files of a folder and their sizes, folders within it too.
fn sizes(folder: &Path) -> BTreeMap<PathBuf, u64> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        // A run that goes on may have removed it meanwhile.
        let Ok(facts) = entry.metadata() else { continue };
        if facts.is_dir() {
            found.extend(sizes(&entry.path()))
        } else {
            found.extend([(entry.path(), facts.len())])
        }
    }
    found
}

fn written(out: &Path) -> u64 {
    sizes(&out.join(WORK)).values().sum()
}

/// Files of results by name; the record without when it was made.
fn results(out: &Path) -> BTreeMap<String, Vec<u8>> {
    let read = |name: String| {
        let mut bytes = fs::read(out.join(&name)).expect("a result");
        if name == "run.json" {
            let mut record: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
            assert!(record.as_object_mut().expect("an object").remove("at").is_some());
            bytes = record.to_string().into_bytes();
        }
        (name, bytes)
    };
    names(out).into_iter().filter(|name| name != WORK).map(read).collect()
}

/// What a killed run leaves: no record that says it is whole, nothing that others may read, no person but in results that
/// are being written.
fn assert_half_done(out: &Path) {
    assert!(!out.join("run.json").exists(), "no result is half-done");
    let work = out.join(WORK);
    for folder in [out, &work] {
        let mode = fs::metadata(folder).map_or(0o700, |facts| facts.permissions().mode());
        assert_eq!(mode & 0o077, 0, "{folder:?}");
    }
    for path in sizes(&work).into_keys() {
        let facts = fs::metadata(&path).expect("there");
        assert_eq!(facts.permissions().mode() & 0o077, 0, "{path:?}");
        if path.parent() == Some(work.as_path()) {
            clean(&format!("{path:?}"), &fs::read(&path).expect("read"));
        }
    }
}

#[test]
fn a_run_that_was_killed_again_and_again_ends_as_one_that_was_not() {
    let home = Home::new();
    write_rosters(&home);
    let whole = home.path("whole");
    let mut process = start(&home, &whole);
    let mut most = 0;
    until("the end of a run", 120, || {
        most = most.max(written(&whole));
        process.has_ended().then_some(())
    });
    assert_eq!(process.code(), Some(0), "{}", process.complained());
    let wanted = results(&whole);
    assert!(wanted.contains_key("links.csv") && !whole.join(WORK).exists(), "{:?}", wanted.keys());

    let mut dice = Dice(2028);
    let (mut kills, mut gone_on) = (0, 0);
    // A run is sometimes quicker than who watches it, so there are as many rounds as it takes.
    for round in 0..50 {
        if round >= 5 && kills >= 5 && gone_on > 0 {
            break;
        }
        let broken = home.path(&format!("broken-{round}"));
        // Killed when so much lies there: while it reads, compares, or writes. A run that goes on begins with some.
        for _ in 0..6 {
            let bytes = dice.below(most as usize) as u64;
            let before = written(&broken);
            let mut process = start(&home, &broken);
            until("so many bytes", 60, || {
                (process.has_ended() || written(&broken) >= bytes.max(before + 1)).then_some(())
            });
            // Now and then it is only told to stop.
            let is_told = kills % 4 == 3;
            if !process.has_ended() {
                process.signal(if is_told { "INT" } else { "KILL" });
                until("its end", 30, || process.has_ended().then_some(()));
            }
            // It may have been quicker, or have been killed when only its own folder was left to be removed.
            if process.code() == Some(0) || broken.join("run.json").exists() {
                break;
            }
            assert_eq!(process.code(), is_told.then_some(1), "{}", process.complained());
            assert_eq!(process.complained().contains("止めました"), is_told, "{}", process.complained());
            kills += 1;
            gone_on += usize::from(before > 0);
            assert_half_done(&broken);
        }
        if !broken.join("run.json").exists() {
            let mut process = start(&home, &broken);
            until("the end of a run", 120, || process.has_ended().then_some(()));
            assert_eq!(process.code(), Some(0), "{}", process.complained());
        }
        let found = results(&broken);
        assert_eq!(found.keys().collect::<Vec<_>>(), wanted.keys().collect::<Vec<_>>());
        for (name, bytes) in &wanted {
            assert!(found[name] == *bytes, "{name} differs after {kills} kills");
        }
    }
    assert!(kills >= 5 && gone_on > 0, "killed {kills} times, {gone_on} times what had gone on");
    clean("what runs say", home.everything_said().as_bytes());
}
