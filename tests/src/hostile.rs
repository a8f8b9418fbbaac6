//! The folder under attack and the line cut: whatever is put into `req` is answered once, within seconds, with a code
//! that says what is wrong; nothing crashes, nothing is followed or opened that should not be; what was asked while the
//! server was away is reported to it later and answered once.
//!
//! Not here: kills of the terminal between two steps (its own tests).
//! Rules come from: docs/rules.md S1 r3, r7; issue 2, part E; the reference on the OQS interface, sections 6.3, 6.4.

use crate::desk::*;
use std::{
    fs,
    path::{Path, PathBuf},
};
use store::Db;

/// How a hostile file comes into the folder.
enum Put {
    Bytes(Vec<u8>),
    /// So many bytes of nothing.
    Sparse(u64),
    /// A link to a file that holds this.
    Link(&'static str),
    Pipe,
}

/// A stem, what is put there, and the code of the answer.
type Case = (&'static str, Put, &'static str);

fn cases(good: &Question) -> Vec<Case> {
    let text = String::from_utf8(good.xml("UTF-8")).expect("text");
    let swap = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        Put::Bytes(text.replace(from, to).into_bytes())
    };
    let whole = |question: Question| Put::Bytes(question.xml("UTF-8"));
    let bomb = "<!DOCTYPE XmlMsg [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">\
        <!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\">]><XmlMsg>";
    let outside = "<!DOCTYPE XmlMsg [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><XmlMsg>";
    let deep = format!("{}{}", "<XmlMsg>".repeat(500), "</XmlMsg>".repeat(500));
    let twice = format!("<Birthdate>{0}</Birthdate>\r\n<Birthdate>{0}</Birthdate>", good.birth);
    let once = format!("<Birthdate>{}</Birthdate>", good.birth);
    vec![
        ("not-xml", Put::Bytes(b"hello, is anybody there?".to_vec()), "SKT01003E"),
        (
            "random",
            Put::Bytes((0..2000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect()),
            "SKT01",
        ),
        ("nothing", Put::Bytes(Vec::new()), "SKT01001E"),
        ("blanks", Put::Bytes(b" \r\n ".to_vec()), "SKT01001E"),
        ("half", Put::Bytes(text.as_bytes()[..text.len() / 2].to_vec()), "SKT01002E"),
        ("root", swap("XmlMsg>", "Message>"), "SKT01009E"),
        ("bomb", swap("<XmlMsg>", bomb), "SKT01007E"),
        ("outside", swap("<XmlMsg>", outside), "SKT01007E"),
        ("deep", Put::Bytes(deep.into_bytes()), "SKT01008E"),
        ("attribute", swap("<MessageBody>", "<MessageBody a=\"1\">"), "SKT01008E"),
        ("encoding", Put::Bytes(sjis_as_utf8(good)), "SKT01004E"),
        ("unknown-encoding", swap("UTF-8", "EUC-JP"), "SKT01004E"),
        ("huge", Put::Sparse(100 << 20), "SKT01005E"),
        ("link", Put::Link("canary behind a link"), "SKT01006E"),
        ("pipe", Put::Pipe, "SKT01006E"),
        ("foreign", whole(Question { institution: "9910100032".into(), ..good.clone() }), "SKT02001E"),
        ("day", whole(Question { day: "20260230".into(), ..good.clone() }), "SKT02002E"),
        ("birth", whole(Question { birth: "19800431".into(), ..good.clone() }), "SKT02003E"),
        ("missing", swap("InsuredIdentificationNumber", "InsuredIdentificationNumba"), "SKT02004E"),
        ("twice", swap(&once, &twice), "SKT02004E"),
        ("long", whole(Question { number: "9".repeat(81), ..good.clone() }), "SKT02004E"),
        // What the terminal lets through and the server refuses.
        ("branch", whole(Question { branch: "X1".into(), ..good.clone() }), "SKC03004E"),
        ("far", whole(Question { day: "20991231".into(), ..good.clone() }), "SKC03005E"),
    ]
}

/// Shift_JIS bytes under a declaration of UTF-8.
fn sjis_as_utf8(good: &Question) -> Vec<u8> {
    let mut bytes = Question { symbol: "記号".into(), ..good.clone() }.xml("Shift_JIS");
    let at = bytes.windows(9).position(|window| window == b"Shift_JIS").expect("declared");
    bytes.splice(at..at + 9, *b"UTF-8");
    bytes
}

fn place(data: &Path, stem: &str, put_how: &Put) {
    let path = request_path(data, stem);
    match put_how {
        Put::Bytes(bytes) => put(data, stem, bytes),
        Put::Sparse(bytes) => {
            let aside = data.join("OQS/req/huge.tmp");
            fs::File::create(&aside).and_then(|file| file.set_len(*bytes)).expect("a sparse file");
            fs::rename(aside, path).expect("renamed");
        }
        Put::Link(holds) => {
            let target = data.join("behind.txt");
            fs::write(&target, holds).expect("written");
            std::os::unix::fs::symlink(target, path).expect("a link");
        }
        Put::Pipe => {
            let made = outsider("mkfifo", &[path.as_os_str()], b"");
            assert_eq!(made.code, Some(0), "{}", made.err);
        }
    }
}

#[test]
fn s1_r7_bad_requests_are_answered_once_and_within_seconds() {
    let home = Home::new();
    let data = home.data();
    let server = home.demo(&data, None, &[]);
    let row = &rows(&data)[0];
    let good = Question { mark: "mark-7".into(), ..row.ask(&server.institution(), day(0)) };
    let cases = cases(&good);
    let (files, took) = timed(|| {
        cases.iter().for_each(|(stem, how, _)| place(&data, stem, how));
        let mut files: Vec<PathBuf> = Vec::new();
        for (stem, _, code) in &cases {
            let bytes = answer(&data, stem);
            files.push(answer_path(&data, stem));
            let told = read_xml(&bytes);
            let said = told.header.error_code.clone().unwrap_or_default();
            assert!(said.starts_with(code), "{stem}: {said} instead of {code}");
            assert_eq!(told.header.segment, "9", "{stem}: the message itself cannot be processed");
            assert_eq!(told.body.validity, None, "{stem}");
            assert!(told.body.results.is_empty(), "{stem}");
            let text = told.header.error_message.expect("words");
            assert!((10..=120).contains(&text.chars().count()), "{stem}: {text}");
            assert!(
                !String::from_utf8_lossy(&bytes).contains("canary"),
                "{stem}: nothing behind a link is read"
            );
        }
        files
    });
    assert!(took < 15_000, "answered within seconds, not {took} ms");
    xmllint(&files);
    // The marks of what could be read come back.
    let told = read_xml(&fs::read(answer_path(&data, "day")).expect("there"));
    let mark = told.body.search.as_ref().and_then(|search| search.child_text("ArbitraryIdentifier"));
    assert_eq!(mark, Some("mark-7"));
    files.iter().for_each(|file| fs::remove_file(file).expect("taken away"));
    assert_eq!(names(&data.join("OQS/res")).len(), 0, "one answer each");
    assert_eq!(names(&data.join("OQS/req")).len(), 0, "and nothing is left");
    server.assert_healthy();
    assert!(!server.process.complained().contains("panic"));
    home.stop(server, None);
}

#[test]
fn s1_r7_odd_writers_are_served() {
    let home = Home::new();
    let data = home.data();
    // Long enough that a slow machine does not make an unfinished file a half-written one.
    let settings = home.settings("[terminal]\nsettle_ms = 10000\n");
    let server = home.demo(&data, Some(&settings), &[]);
    let good = rows(&data)[0].ask(&server.institution(), day(0));
    let bytes = good.xml("UTF-8");

    // Written in place, in two halves.
    let (first, second) = bytes.split_at(bytes.len() / 2);
    fs::write(request_path(&data, "slow"), first).expect("written");
    put(&data, "meanwhile", &bytes);
    assert_eq!(read_xml(&taken(&data, "meanwhile")).body.validity.as_deref(), Some("1"));
    fs::write(request_path(&data, "slow"), [first, second].concat()).expect("written");
    assert_eq!(read_xml(&taken(&data, "slow")).body.validity.as_deref(), Some("1"));

    // The name of an answer that was not taken away: the first answer stays, the second is refused beside it.
    put(&data, "same", &bytes);
    let first = answer(&data, "same");
    put(&data, "same", &bytes);
    let refused = read_xml(&taken(&data, "same_dup1"));
    assert_eq!(refused.header.error_code.as_deref(), Some("SKT01010E"));
    assert_eq!(taken(&data, "same"), first);
    // Taken away, the name is free again.
    put(&data, "same", &bytes);
    assert_eq!(read_xml(&taken(&data, "same")).body.validity.as_deref(), Some("1"));

    // Another kind of request is told so under its own answer name; foreign files and folders are left alone.
    fs::write(data.join("OQS/req/OQSsihvd01req_1.xml"), &bytes).expect("written");
    let told = data.join("OQS/res/OQSsihvd01res_1.xml");
    let told = until("an answer", 20, || fs::read(&told).ok());
    assert_eq!(read_xml(&told).header.error_code.as_deref(), Some("SKT01011E"));
    fs::write(data.join("OQS/req/notes.txt"), "mine").expect("written");
    fs::create_dir(request_path(&data, "folder")).expect("made");
    server.assert_healthy();
    assert_eq!(fs::read_to_string(data.join("OQS/req/notes.txt")).expect("there"), "mine");
    assert!(request_path(&data, "folder").is_dir());
    home.stop(server, Some(&settings));
}

#[test]
fn s1_r7_guessing_birth_dates_is_slowed_then_refused_and_alarmed_for_that_facility_alone() {
    let home = Home::new();
    let data = home.data();
    let server = home.demo(&data, None, &[]);
    let right = rows(&data)[0].ask(&server.institution(), day(0));
    let guess = |number: usize| Question {
        birth: format!("1981{:02}{:02}", number / 28 + 1, number % 28 + 1),
        ..right.clone()
    };
    // Typing errors are free, later ones wait.
    let machine = server.machine();
    let (_, free) = timed(|| {
        (0..4).for_each(|n| assert_eq!(machine.check(None, &guess(n)).body.validity.as_deref(), Some("4")))
    });
    let (_, slow) = timed(|| (4..8).for_each(|n| drop(machine.check(None, &guess(n)))));
    assert!(free < 2_000 && slow > free + 500, "{free} ms for the first four, {slow} ms for the next");
    // Many hands at once gain nothing.
    let mut codes = Vec::new();
    for wave in 0..8 {
        let told: Vec<_> = std::thread::scope(|scope| {
            let hands: Vec<_> = (0..12)
                .map(|hand| {
                    scope.spawn({
                        let (server, guess) = (&server, &guess);
                        move || server.machine().check(None, &guess(8 + wave * 12 + hand))
                    })
                })
                .collect();
            hands.into_iter().map(|hand| hand.join().expect("an answer").header.error_code).collect()
        });
        codes.extend(told.into_iter().flatten());
        if !codes.is_empty() {
            break;
        }
    }
    assert!(!codes.is_empty() && codes.iter().all(|code| code == "SKC03006E"), "{codes:?}");
    // The facility's administrator sees it; the counter for operators counts it; others are not touched.
    let mut browser = server.browser();
    browser.sit("facility-administrator");
    assert!(browser.get("/log?lang=en").body.contains("Alarm"));
    let metrics = browser.get("/metrics").body;
    let alarms = metrics
        .lines()
        .find_map(|line| line.strip_prefix("shikaku_guessing_alarms_total "))
        .expect("a counter");
    assert_ne!(alarms, "0");
    let other = server.machine_with("terminal-9910100032.pem");
    let theirs = Question { institution: "9910100032".into(), ..guess(0) };
    let (told, took) = timed(|| other.check(None, &theirs));
    assert!(told.body.validity.as_deref() == Some("4") && took < 2_000, "{took} ms");
    home.stop(server, None);
}

/// Settings for `serve` over a demo's data: a server certificate of our own, the demo's authority for terminals.
fn serve_settings(home: &Home, data: &Path, port: &str) -> (PathBuf, PathBuf) {
    let authority = crate::identity::Authority::new("authority of the server");
    let (certificate, key) = authority.server();
    let (ca, chain, secret) = (home.path("ca.pem"), home.path("server.pem"), home.path("server.key"));
    for (path, text) in [(&ca, authority.pem()), (&chain, certificate), (&secret, key)] {
        fs::write(path, text).expect("written");
    }
    let settings = home.settings(&format!(
        "[pages]\nlisten = \"127.0.0.1:0\"\n[machines]\nlisten = \"127.0.0.1:{port}\"\ncertificate = {chain:?}\n\
         key = {secret:?}\nterminal_authority = {:?}\n",
        data.join("tls/ca.pem")
    ));
    (settings, ca)
}

/// Checks by terminals in the log: how many, and how many of them repeats.
fn checks_in_log(data: &Path) -> (i64, i64) {
    let mut db = Db::open_sqlite(&data.join("log.db"), None).expect("opens");
    const COUNT: &str =
        "select count(*), count(*) filter (where repeated = 1) from audit_row where act = 'counter.check'";
    db.rows(COUNT, &[], |row| Ok((row.int(0)?, row.int(1)?))).expect("read")[0]
}

#[test]
fn s1_r3_a_server_that_is_away_is_said_at_once_and_told_later() {
    let home = Home::new();
    let data = home.data();
    home.stop(home.demo(&data, None, &[]), None); // fills the directory and admits the terminal
    let (settings, _) = serve_settings(&home, &data, "0");
    home.make_real(&data, &settings);
    let server = home.serve(&data, &settings);
    let url = server.machines.clone();
    home.stop(server, Some(&settings));
    let (settings, ca) = serve_settings(&home, &data, url.rsplit(':').next().expect("a port"));

    let clinic = home.path("clinic");
    let (oqs, kept, cert) = (clinic.join("OQS"), clinic.join("kept"), data.join("tls/terminal.pem"));
    let code = institution(&data);
    let terminal = home.start(&[
        "terminal".as_ref(),
        "--server".as_ref(),
        url.as_ref(),
        "--ca".as_ref(),
        ca.as_os_str(),
        "--cert".as_ref(),
        cert.as_os_str(),
        "--folder".as_ref(),
        oqs.as_os_str(),
        "--kept".as_ref(),
        kept.as_os_str(),
        "--institution".as_ref(),
        code.as_ref(),
    ]);
    until("the folder", 10, || oqs.join("req").is_dir().then_some(()));
    let question = rows(&data)[0].ask(&code, day(0));
    let (told, took) = timed(|| {
        put(&clinic, "away", &question.xml("UTF-8"));
        taken(&clinic, "away")
    });
    assert!(took < 3_000, "said at once, not after {took} ms");
    let told = read_xml(&told);
    assert_eq!((told.header.segment.as_str(), told.body.status.as_deref()), ("1", Some("2")));
    assert_eq!((told.body.code.as_deref(), told.body.validity), (Some("SKT03001E"), None));

    let server = home.serve(&data, &settings);
    until("the report", 30, || terminal.complained().contains("terminal.reported").then_some(()));
    put(&clinic, "back", &question.xml("UTF-8"));
    assert_eq!(read_xml(&taken(&clinic, "back")).body.validity.as_deref(), Some("1"));
    assert_eq!(names(&oqs.join("res")).len() + names(&oqs.join("req")).len(), 0, "nothing is answered twice");
    assert_eq!(terminal.interrupt().code(), Some(0));
    assert_eq!(names(&kept).len(), 1, "the journal holds its lock and no request");
    home.stop(server, Some(&settings));
    assert_eq!(checks_in_log(&data), (2, 0), "the server's log has both, once");
}
