//! The commands as an operator meets them: one owner of a directory, backup and restore, verifying what was tampered
//! with, settings that do not exist, beginning anew, one check from the command line; cards of a vendor's own rows as
//! these change, and the kiosk's address.
//!
//! Not here: the store's own backup and lock (`store_backup`), attacks on the log in depth (`store_audit`).
//! Rules come from: issue 2, parts B and G; DESIGN sections 1 and 4.

use crate::desk::*;
use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs,
    net::TcpListener,
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
    fs::create_dir(&data).expect("made");
    // A row of the vendor's that is gone before the reset, and another that is not.
    fs::write(data.join("my-patients.csv"), vendors(&["gone,06990010,1,19800401,,"])).expect("written");
    fill(&home, &data, 3);
    assert!(data.join("cards/gone.card").is_file());
    let before = names(&data);
    let mine: [(&str, &str); 7] = [
        ("notes.txt", "mine"),
        ("my-patients.csv", &vendors(&["here,06990010,2,19800401,,"])),
        ("tls.old", "mine"),
        ("OQS/readme.txt", "mine"),
        ("cards/mine.card", "mine"),
        ("cards/P001-mine.card", "mine"),
        ("cards/readme.txt", "mine"),
    ];
    for (name, text) in mine {
        fs::write(data.join(name), text).expect("written");
    }
    // What writers that were killed left of a card of ours goes too.
    let left =
        ["cards/P001-valid-employee.card.part", "cards/.P001-valid-employee.card.tmp", "OQS/req/.left-over"];
    for name in left {
        fs::write(data.join(name), "x").expect("written");
    }
    let key = fs::read(data.join("audit-public-key.bin")).expect("read");
    let server = home.demo(&data, None, &["--reset", "--seed", "7"]);
    server.assert_healthy();
    home.stop(server, None);
    assert_ne!(fs::read(data.join("audit-public-key.bin")).expect("read"), key, "begun anew, with a new key");
    for (name, text) in mine {
        assert_eq!(fs::read_to_string(data.join(name)).expect("it stays"), text, "{name}");
    }
    for name in ["cards/gone.card"].iter().chain(&left) {
        assert!(!data.join(name).exists(), "{name}");
    }
    assert!(data.join("cards/here.card").is_file());
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

// Cards --------------------------------------------------------------------------------------------------------------

/// A vendor's file with rows of id, insurer number, number, birth date, PIN and card state.
fn vendors(rows: &[&str]) -> String {
    format!("id,insurer_number,number,birth_date,pin,card_state\r\n{}\r\n", rows.join("\r\n"))
}

fn card(home: &Home, data: &Path, words: &[&str]) -> Ran {
    on(home, &[&["card"], words].concat(), data, &[])
}

#[test]
fn a_card_follows_its_row_and_keeps_what_was_done_with_it() {
    let home = Home::new();
    let (data, file) = (home.data(), home.path("vendor.csv"));
    let named = file.to_str().expect("UTF-8").to_owned();
    let raise = |row: &str| {
        fs::write(&file, vendors(&[row, "both-1,06990010,2,19800401,,", "both-2,06990010,3,19800401,,"]))
            .expect("written");
        home.demo(&data, None, &["--patients", &named])
    };
    let tap = |server: &Server, pin: &'static str| {
        server.tap(&TapAsk { card: "mine", pin: Some(pin), ..TapAsk::default() }).said
    };
    let shown = || card(&home, &data, &["show", "mine"]).out;

    let server = raise("mine,06990010,1,19800401,1470,");
    assert_eq!(tap(&server, "1470")["state"], "done");
    assert_eq!(tap(&server, "0258")["oqs"], "SKT05001W");
    // The commands know the rows of the file that the demo was started with.
    assert!(shown().contains("PIN tries    2 left"), "{}", shown());
    let several = card(&home, &data, &["show", "both"]);
    assert!(several.code == Some(1) && several.err.contains("several"), "{}", several.err);
    assert_eq!(card(&home, &data, &["issue", "both-2"]).code, Some(0));
    home.stop(server, None);

    // The same row again: the wrong try is still counted. Another PIN: the card has it, and all its tries.
    let server = raise("mine,06990010,1,19800401,1470,");
    assert!(shown().contains("PIN tries    2 left"), "{}", shown());
    home.stop(server, None);
    let server = raise("mine,06990010,1,19800401,0258,");
    assert!(shown().contains("PIN tries    3 left"), "{}", shown());
    assert_eq!(tap(&server, "0258")["state"], "done");
    home.stop(server, None);

    // Another state and back: each time the card is as its row says.
    for (state, wanted) in
        [("on-hold", "cards.on-hold"), ("", "done"), ("revoked", "cards.revoked"), ("valid", "done")]
    {
        let server = raise(&format!("mine,06990010,1,19800401,0258,{state}"));
        let said = tap(&server, "0258");
        assert!(said["state"] == wanted || said["code"] == wanted, "{state}: {said}");
        home.stop(server, None);
    }

    // Without the file the demo does not know the row any more, and neither do the commands.
    let server = home.demo(&data, None, &[]);
    assert!(card(&home, &data, &["show", "mine"]).err.contains("no patient"));
    home.stop(server, None);
}

#[test]
fn a_row_whose_card_cannot_be_is_said_and_the_demo_starts() {
    let home = Home::new();
    let (data, file) = (home.data(), home.path("vendor.csv"));
    let today = day(0).stamp8();
    let rows = [format!("newborn,06990010,1,{today},,grace"), "fine,06990010,2,19800401,,grace".to_owned()];
    fs::write(&file, vendors(&[&rows[0], &rows[1]])).expect("written");
    let server = home.demo(&data, None, &["--patients", file.to_str().expect("UTF-8")]);
    let wanted = "vendor.csv: 1 lines were not understood:\n  line 2, card_state: born too late";
    until("what was not understood", 5, || server.process.said().contains(wanted).then_some(()));
    assert!(!data.join("cards/newborn.card").exists() && data.join("cards/fine.card").is_file());
    home.stop(server, None);
}

#[cfg(unix)]
#[test]
fn what_is_no_plain_card_file_is_replaced_and_neither_followed_nor_waited_for() {
    let home = Home::new();
    let data = home.data();
    home.stop(home.demo(&data, None, &[]), None);
    let (linked, piped) =
        (data.join("cards/P001-valid-employee.card"), data.join("cards/P010-municipal.card"));
    let elsewhere = home.path("elsewhere.card");
    fs::rename(&linked, &elsewhere).expect("moved");
    std::os::unix::fs::symlink(&elsewhere, &linked).expect("linked");
    fs::remove_file(&piped).expect("removed");
    assert_eq!(outsider("mkfifo", &[piped.as_os_str()], b"").code, Some(0));
    let before = fs::read(&elsewhere).expect("read");
    let shown = card(&home, &data, &["show", "P010"]);
    assert!(shown.code == Some(1) && shown.err.contains("card file cannot be read"), "{}", shown.err);
    home.stop(home.demo(&data, None, &[]), None);
    for path in [&linked, &piped] {
        assert!(fs::symlink_metadata(path).expect("there").is_file());
    }
    assert_eq!(fs::read(&elsewhere).expect("read"), before, "the link's target is left alone");
}

/// Some other program that listens.
#[expect(clippy::disallowed_methods, reason = "the ban is for the program; here a stranger listens")]
fn take(place: &str) -> TcpListener {
    TcpListener::bind(place).expect("the port is free")
}

#[test]
fn no_pin_goes_to_whoever_took_the_place_of_a_killed_demo() {
    let home = Home::new();
    let data = home.data();
    let server = home.demo(&data, None, &[]);
    let pin = rows(&data)[0].pin.clone();
    let tap = || card(&home, &data, &["tap", "P001", "--pin", &pin]);
    assert_eq!(tap().code, Some(0));
    let kiosk = server.kiosk();
    server.process.signal("KILL");
    server.process.bury();
    assert!(data.join("kiosk.txt").is_file(), "nobody was there to remove it");
    let stranger = take(kiosk.trim_start_matches("http://"));
    stranger.set_nonblocking(true).expect("set");
    let ran = tap();
    assert!(ran.code == Some(1) && ran.err.contains("no demo runs"), "{}", ran.err);
    assert!(stranger.accept().is_err(), "nobody called");
    // The next demo has its own address from the beginning.
    let server = home.demo(&data, None, &[]);
    assert_ne!(server.kiosk(), kiosk);
    assert_eq!(tap().code, Some(0));
    assert!(stranger.accept().is_err(), "nobody called");
    home.stop(server, None);
    assert!(!data.join("kiosk.txt").exists());
}

#[test]
fn the_kiosk_listens_where_the_settings_say() {
    let home = Home::new();
    let data = home.data();
    // A port that is free, to be named in the settings.
    let free = take("127.0.0.1:0");
    let place = free.local_addr().expect("an address");
    drop(free);
    let demo = |settings: &Path| {
        let words = ["demo", "--port", "0", "--machine-port", "0", "--people", "0"].map(OsStr::new);
        home.start(
            &[&words[..], &["--data".as_ref(), data.as_os_str(), "--config".as_ref(), settings.as_ref()]]
                .concat(),
        )
    };
    let settings = home.settings(&format!("[kiosk]\nlisten = \"{place}\"\n"));
    let process = demo(&settings);
    until("the demo", 60, || Some(process.said()).filter(|said| said.contains("stop  ")));
    let address = fs::read_to_string(data.join("kiosk.txt")).expect("kiosk.txt");
    assert_eq!(address, format!("http://{place}\n"));
    process.interrupt();
    let open = home.settings("[kiosk]\nlisten = \"0.0.0.0:0\"\n");
    let mut process = demo(&open);
    until("its end", 60, || process.has_ended().then_some(()));
    assert!(process.complained().contains("loopback only"), "{}", process.complained());
}

#[test]
fn a_terminal_with_cards_opens_its_own_kiosk() {
    let home = Home::new();
    let data = home.data();
    let server = home.demo(&data, None, &[]);
    let other = home.path("other");
    for folder in ["OQS", "kept"] {
        fs::create_dir_all(other.join(folder)).expect("made");
    }
    fs::create_dir(other.join("cards")).expect("made");
    let row = rows(&data).swap_remove(0);
    fs::copy(data.join(&row.card_file), other.join(&row.card_file)).expect("copied");
    let (tls, code, settings) = (data.join("tls"), server.institution(), home.settings(""));
    let start = |cards: &Path| {
        let words: Vec<PathBuf> = vec![
            "terminal".into(),
            "--server".into(),
            (&server.machines).into(),
            "--ca".into(),
            tls.join("ca.pem"),
            "--cert".into(),
            tls.join("terminal.pem"),
            "--folder".into(),
            other.join("OQS"),
            "--kept".into(),
            other.join("kept"),
            "--institution".into(),
            (&code).into(),
            "--cards".into(),
            cards.into(),
            "--pages".into(),
            (&server.pages).into(),
            "--kiosk-port".into(),
            "0".into(),
            "--config".into(),
            settings.clone(),
        ];
        home.start(&words.iter().map(|word| word.as_os_str()).collect::<Vec<_>>())
    };
    let mut lost = start(&home.path("nowhere"));
    until("its end", 30, || lost.has_ended().then_some(()));
    assert!(lost.complained().contains("no folder of cards"), "{}", lost.complained());

    let process = start(&other.join("cards"));
    let said = until("its kiosk", 30, || Some(process.said()).filter(|said| said.contains("kiosk  ")));
    let address = said.split_whitespace().nth(1).expect("an address").trim_end_matches('/');
    fs::write(other.join("kiosk.txt"), address).expect("written");
    let desk =
        Server { data: other, pages: server.pages.clone(), machines: server.machines.clone(), process };
    let tapped = desk.tap(&TapAsk { card: "P001", pin: Some(&row.pin), ..TapAsk::default() });
    assert_eq!(tapped.text("state"), "done", "{}", tapped.said);
    assert!(tapped.face.is_some(), "the result is in this terminal's own folder");
    assert_eq!(names(&data.join("OQS/face")), BTreeSet::new(), "and not in the demo's");
    // A person signs in at their own pages with the card on this reader.
    let mut browser = server.browser();
    assert!(desk.sign_in(&mut browser, &row).0);
    assert_eq!(desk.process.interrupt().code(), Some(0));
    home.stop(server, None);
}
