//! The commands as an operator meets them: one owner of a directory, backup and restore, verifying what was tampered
//! with, settings that do not exist, beginning anew, one check from the command line.
//!
//! Not here: the store's own backup and lock (`store_backup`), attacks on the log in depth (`store_audit`).
//! Rules come from: issue 2, parts B and G; DESIGN sections 1 and 4.

use crate::desk::*;
use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};
use store::Db;

fn on(home: &Home, words: &[&str], data: &Path, more: &[&OsStr]) -> Ran {
    let mut args: Vec<&OsStr> = words.iter().map(OsStr::new).collect();
    args.extend([OsStr::new("--data"), data.as_os_str()]);
    args.extend(more);
    home.run(&args)
}

fn fill(home: &Home, data: &Path, checks: usize) {
    let server = home.demo(data, None, &[]);
    let (machine, rows, code) = (server.machine(), rows(data), server.institution());
    for number in 0..checks {
        machine.check(None, &rows[number % 5].ask(&code, day(0)));
    }
    home.stop(server, None);
}

#[test]
fn a_directory_has_one_owner_and_says_who() {
    let home = Home::new();
    let data = home.data();
    let server = home.demo(&data, None, &[]);
    let who = format!("shikaku demo, process {}", server.process.id());
    let into = home.path("copy");
    for (words, more) in [
        (vec!["demo", "--port", "0"], vec![]),
        (vec!["demo", "--port", "0", "--reset"], vec![]),
        (vec!["serve"], vec![]),
        (vec!["audit", "verify"], vec![]),
        (vec!["backup"], vec![into.as_os_str()]),
    ] {
        let ran = on(&home, &words, &data, &more);
        assert_eq!(ran.code, Some(1), "{words:?}");
        assert!(
            ran.err.contains("the data directory is in use") && ran.err.contains(&who),
            "{words:?}: {}",
            ran.err
        );
        assert!(!ran.out.contains("ready"), "{words:?}");
    }
    server.assert_healthy();
    home.stop(server, None);
    assert!(home.run(&["--version".as_ref()]).out.starts_with("shikaku "));
}

#[test]
fn a_backup_is_restored_verified_and_worked_on() {
    let home = Home::new();
    let (data, copy, new) = (home.data(), home.path("copy"), home.path("new"));
    fill(&home, &data, 20);
    let ran = on(&home, &["backup"], &data, &[copy.as_os_str()]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(!names(&copy).iter().any(|name| name.contains("signing")), "the signing key is kept apart");
    let twice = on(&home, &["backup"], &data, &[copy.as_os_str()]);
    assert!(twice.code == Some(1) && twice.err.contains("not empty"), "{}", twice.err);
    let ran = on(&home, &["restore"], &new, &[copy.as_os_str()]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.out.contains("everything fits"), "{}", ran.out);
    assert_eq!(counts(&new), counts(&data));
    // With the signing key put back, work goes on in the restored directory and its whole log fits.
    fs::copy(data.join("audit-signing-key.p8"), new.join("audit-signing-key.p8")).expect("copied");
    fill(&home, &new, 5);
    assert!(counts(&new) > counts(&data));
    let over = on(&home, &["restore"], &data, &[copy.as_os_str()]);
    assert!(
        over.code == Some(1) && over.err.contains("not empty"),
        "a directory with data is not restored over"
    );
}

#[test]
fn a_restored_directory_goes_on_without_its_signing_key() {
    let home = Home::new();
    let (data, copy, new) = (home.data(), home.path("copy"), home.path("new"));
    fill(&home, &data, 5);
    assert_eq!(on(&home, &["backup"], &data, &[copy.as_os_str()]).code, Some(0));
    assert_eq!(on(&home, &["restore"], &new, &[copy.as_os_str()]).code, Some(0));
    let before = fs::read(new.join("audit-public-key.bin")).expect("read");
    // A new key signs from now on; what the earlier one signed still verifies, and nobody takes it for forged.
    fill(&home, &new, 5);
    let after = fs::read(new.join("audit-public-key.bin")).expect("read");
    assert!(after.len() > before.len() && after.starts_with(&before), "the earlier public key stays");
    assert!(counts(&new) > counts(&data));
}

/// Rows of the log and of facts.
fn counts(data: &Path) -> (i64, i64) {
    const LOG: &str = "select count(*) from audit_row";
    const FACTS: &str = "select count(*) from coverage_fact";
    let count = |file: &str, sql| {
        let mut db = Db::open_sqlite(&data.join(file), None).expect("opens");
        db.rows(sql, &[], |row| row.int(0)).expect("read")[0]
    };
    (count("log.db", LOG), count("shikaku.db", FACTS))
}

#[test]
fn one_changed_byte_of_the_log_is_found_and_its_place_named() {
    let home = Home::new();
    let data = home.data();
    fill(&home, &data, 20);
    const WHERE: &str =
        "select stream, sequence from audit_row where act = 'counter.check' order by sequence limit 1";
    for change in [
        // One letter of the body.
        "update audit_row set body = cast(replace(cast(body as text), 'reception', 'receptiom') as blob)",
        // An outcome that looks better.
        "update audit_row set outcome = 'none'",
    ] {
        let copy = home.path(&format!("tampered-{}", change.len()));
        fs::create_dir(&copy).expect("made");
        for name in ["log.db", "shikaku.db", "audit-public-key.bin", "audit-signing-key.p8"] {
            fs::copy(data.join(name), copy.join(name)).expect("copied");
        }
        let mut db = Db::open_sqlite(&copy.join("log.db"), None).expect("opens");
        let (stream, sequence) = db.rows(WHERE, &[], |row| Ok((row.int(0)?, row.int(1)?))).expect("read")[0];
        db.batch(&format!("{change} where stream = {stream} and sequence = {sequence}")).expect("changed");
        drop(db);
        let ran = on(&home, &["audit", "verify"], &copy, &[]);
        assert_eq!(ran.code, Some(1), "{}", ran.out);
        assert!(ran.out.contains(&format!("stream {stream}, row {sequence}:")), "{}", ran.out);
        assert!(
            ran.out.contains("1 places do not fit") && !ran.out.contains("everything fits"),
            "{}",
            ran.out
        );
    }
    // Another directory's public key fits no checkpoint.
    let other = home.path("other");
    fill(&home, &other, 1);
    let key = other.join("audit-public-key.bin");
    let ran = on(&home, &["audit", "verify"], &data, &[OsStr::new("--key"), key.as_os_str()]);
    assert!(ran.code == Some(1) && ran.out.contains("checkpoint 1:"), "{}", ran.out);
    home.verify(&data, None);
}

#[test]
fn settings_that_do_not_exist_are_refused_by_name() {
    let home = Home::new();
    let data = home.data();
    for (text, named) in [
        ("[check]\nfilling_window_days = 3\n", "filling_window_days"),
        ("[chek]\nfiling_window_days = 3\n", "[chek]"),
        ("[pages]\nlisten = \"nowhere\"\n", "socket address"),
        ("[terminal]\nencoding = \"ebcdic\"\n", "terminal.encoding"),
        ("not toml at all", "settings file"),
    ] {
        let settings = home.settings(text);
        let ran = on(&home, &["demo", "--port", "0"], &data, &[OsStr::new("--config"), settings.as_os_str()]);
        assert_eq!(ran.code, Some(1), "{text}");
        assert!(ran.err.contains(named), "{text}: {}", ran.err);
    }
    let missing = home.path("missing.toml");
    let ran = on(&home, &["demo"], &data, &[OsStr::new("--config"), missing.as_os_str()]);
    assert!(ran.code == Some(1) && ran.err.contains("settings file cannot be read"), "{}", ran.err);
}

#[test]
fn reset_removes_only_what_is_ours() {
    let home = Home::new();
    let data = home.data();
    fill(&home, &data, 3);
    let before = names(&data);
    let mine: [(&str, &str); 4] = [
        ("notes.txt", "mine"),
        ("my-patients.csv", "id,insurer_number,number,birth_date\r\n"),
        ("tls.old", "mine"),
        ("OQS/readme.txt", "mine"),
    ];
    for (name, text) in mine {
        fs::write(data.join(name), text).expect("written");
    }
    fs::write(data.join("OQS/req/.left-over"), "x").expect("written");
    let key = fs::read(data.join("audit-public-key.bin")).expect("read");
    let server = home.demo(&data, None, &["--reset", "--seed", "7"]);
    server.assert_healthy();
    home.stop(server, None);
    assert_ne!(fs::read(data.join("audit-public-key.bin")).expect("read"), key, "begun anew, with a new key");
    for (name, text) in mine {
        assert_eq!(fs::read_to_string(data.join(name)).expect("it stays"), text, "{name}");
    }
    let after: BTreeSet<String> = names(&data);
    assert!(before.is_subset(&after), "{before:?} {after:?}");
    // Another seed in a filled directory would file the same numbers for other people.
    let ran = on(&home, &["demo", "--port", "0", "--seed", "8"], &data, &[]);
    assert!(ran.code == Some(1) && ran.err.contains("seed"), "{}", ran.err);
}

#[test]
fn one_check_from_the_command_line() {
    let home = Home::new();
    let data = home.data();
    let server = home.demo(&data, None, &[]);
    let question = rows(&data)[0].ask(&server.institution(), day(0));
    let (ca, cert) = (data.join("tls/ca.pem"), data.join("tls/terminal.pem"));
    let check = |request: &PathBuf, server: &str| {
        let args = ["check", "--server", server, "--ca"].map(OsStr::new);
        let rest = [ca.as_os_str(), OsStr::new("--cert"), cert.as_os_str(), request.as_os_str()];
        home.run(&[args.as_slice(), &rest].concat())
    };
    let request = home.path("OQSsiquc01req_1.xml");
    fs::write(&request, question.xml("UTF-8")).expect("written");
    let ran = check(&request, &server.machines);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(read_xml(ran.out.as_bytes()).body.validity.as_deref(), Some("1"));
    assert_eq!(check(&request, "https://localhost:1").code, Some(1));
    fs::write(&request, "<hello/").expect("written");
    let bad = check(&request, &server.machines);
    assert!(bad.code == Some(1) && bad.err.contains("not a message"), "{}", bad.err);
    home.stop(server, None);
}
