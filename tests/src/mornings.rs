//! A short national morning as an operator plays one: desks, outages, and whether the log has it all.
//!
//! Not here: arrivals, desks' habits and judging of answers (unit tests of `simulation`), lengths and rates of a real one.
//! Rules come from: issue 4, part E.

use crate::desk::*;
use serde_json::Value;
use std::{ffi::OsStr, fs, path::Path};
use store::testing::PostSchema;

/// Plays a morning of the demo's test patients; nothing may be wrong but what is allowed.
fn play(name: &str, words: &[&str], code: i32) -> (Value, String) {
    play_of(&Home::new(), name, &[&["--people", "0"], words].concat(), code)
}

fn play_of(home: &Home, name: &str, words: &[&str], code: i32) -> (Value, String) {
    let out = home.path("out");
    let args = ["simulate", "morning", "--out"].map(OsStr::new);
    let args =
        [&args, [out.as_os_str()].as_slice(), &words.iter().map(OsStr::new).collect::<Vec<_>>()].concat();
    let ran = home.run(&args);
    assert_eq!(ran.code, Some(code), "{name}: {}{}", ran.out, ran.err);
    for lang in ["ja", "en"] {
        let plot = fs::read_to_string(out.join(format!("morning.{lang}.svg"))).expect("a plot");
        assert!(plot.starts_with("<svg ") && plot.contains("polyline"), "{name}");
    }
    assert!(fs::read_to_string(out.join("morning.md")).expect("a summary").contains("突合"));
    let told: Value =
        serde_json::from_slice(&fs::read(out.join("morning.json")).expect("numbers")).expect("JSON");
    let count = |word: &str| told["seen"][word].as_u64().expect("a count");
    assert_eq!((count("wrong"), count("refused")), (0, 0), "{name}: {told:#}");
    assert!(count("expected") > 20, "{name}: {told:#}");
    assert_eq!(told["verified"]["fits"], true, "{name}: {told:#}");
    (told, ran.out)
}

fn reconciled(told: &Value, word: &str) -> u64 {
    told["reconciled"][word].as_u64().expect("a count")
}

#[test]
fn a_morning_on_sqlite_is_in_the_log_exactly_once() {
    let (told, said) = play("sqlite", &["--in", "5", "--factor", "0.05", "--batch", "3"], 0);
    assert_eq!(told["seen"]["no_answer"], 0, "{told:#}");
    let [sent, once] = ["sent", "once"].map(|word| reconciled(&told, word));
    assert!(sent > 100 && once == sent, "{told:#}");
    let parts = told["parts"].as_array().expect("parts");
    assert_eq!(parts.len(), 2, "the night and the morning");
    assert!(said.contains("one serve on SQLite; 0.05 × all Japan; outage: no outage"), "{said}");
}

/// A nation that was made before serves two mornings, and nothing of it is changed by them.
#[test]
fn a_small_nation_comes_to_its_desks_and_a_made_one_again() {
    let home = Home::new();
    let short = ["--in", "3", "--factor", "0.05"];
    let (told, said) = play_of(&home, "nation", &[&["--people", "200"], &short[..]].concat(), 0);
    assert_eq!(told["seen"]["no_answer"], 0, "{told:#}");
    let [sent, once] = ["sent", "once"].map(|word| reconciled(&told, word));
    assert!(sent > 30 && once == sent, "{told:#}");
    assert!(said.contains("of an invented nation of 200, at 300 facilities"), "{said}");

    let made = home.path("made");
    let data = made.to_string_lossy();
    let make = ["country", "make", "--people", "200", "--data", &data].map(OsStr::new);
    assert_eq!(home.run(&make).code, Some(0));
    let files = || ["shikaku.db", "log.db"].map(|name| fs::read(made.join(name)).expect("a database"));
    let before = files();
    let (told, said) = play_of(&home, "made", &[&["--data", &data], &short[..]].concat(), 0);
    assert_eq!(told["seen"]["no_answer"], 0, "{told:#}");
    assert!(said.contains("of an invented nation of 200"), "{said}");
    assert!(before == files(), "it was copied");
}

#[test]
fn nobody_notices_that_one_of_two_servers_was_killed() {
    if PostSchema::new("morning_kill").is_none() {
        return;
    }
    let words = ["--servers", "postgres-2", "--outage", "kill-serve", "--in", "9", "--factor", "0.05"];
    let (told, _) = play("kill", &words, 0);
    assert_eq!(told["seen"]["no_answer"], 0, "the other one answered: {told:#}");
    assert_eq!(reconciled(&told, "once"), reconciled(&told, "answered"), "{told:#}");
}

#[test]
fn what_a_lagging_replica_lacks_is_counted_and_the_log_goes_on() {
    if PostSchema::new("morning_lag").is_none() {
        return;
    }
    let words = [
        "--servers",
        "postgres-2",
        "--replica",
        "--outage",
        "promote-lagging",
        "--in",
        "12",
        "--factor",
        "0.1",
    ];
    let (told, said) = play("lagging", &words, 1);
    let [missing, late, doubled, strange] =
        ["missing", "late", "doubled", "strange"].map(|word| reconciled(&told, word));
    assert!(missing > 5, "a second of answers was lost: {told:#}");
    assert!(late > 0, "desks told the server of what it missed: {told:#}");
    assert_eq!((doubled, strange), (0, 0), "{told:#}");
    assert!(said.contains("an asynchronous replica lacks"), "{said}");
}

#[test]
fn what_cannot_go_wrong_is_refused() {
    let home = Home::new();
    for (words, why) in [
        (["--servers", "sqlite", "--outage", "restart-postgres"], "needs --servers postgres"),
        (["--servers", "postgres", "--outage", "promote-replica"], "needs --replica"),
        (["--servers", "postgres", "--data", "nowhere"], "--servers sqlite only"),
    ] {
        let args: Vec<&OsStr> = ["simulate", "morning"].iter().chain(&words).map(OsStr::new).collect();
        let ran = home.run(&args);
        let without_postgres = ran.err.contains("not installed");
        assert!(ran.code == Some(1) && (ran.err.contains(why) || without_postgres), "{}{}", ran.out, ran.err);
    }
    assert!(!Path::new("morning").exists(), "nothing is written");
}
