//! Outside offices' filings from end to end: an office sends files to the machines' door with its own certificate, the
//! operator loads others, stops half-way, and goes on; what was filed is what a check answers.
//!
//! Always holds: nothing of a file stands in what the program says, in a report, or in an answer.
//! Not here: what each line leads to (`intake`'s own tests).
//! Rules come from: docs/feeds.md; docs/rules.md S5 r1, r2.

use crate::{desk::*, identity::Authority};
use serde_json::Value;
use std::{ffi::OsStr, fmt::Write as _, fs, path::PathBuf, process::Command};

const DELIVERIES: &str = "/feed/v1/deliveries";
const NUMBER: &str = "123456789018";
const NAME: &str = "秘密川　一郎";

/// A server's certificates and settings, and a data directory that it has served once.
struct Place {
    home: Home,
    authority: Authority,
    settings: PathBuf,
    data: PathBuf,
}

impl Place {
    fn new() -> Place {
        let home = Home::new();
        let authority = Authority::new("one authority for all");
        let (certificate, key) = authority.server();
        for (name, text) in [("ca.pem", authority.pem()), ("server.pem", certificate), ("server.key", key)] {
            fs::write(home.path(name), text).expect("written");
        }
        let path = |name: &str| home.path(name).to_string_lossy().into_owned();
        let settings = home.settings(&format!(
            "[pages]\nlisten = \"127.0.0.1:0\"\n[machines]\nlisten = \"127.0.0.1:0\"\ncertificate = {:?}\nkey = {:?}\n\
             terminal_authority = {:?}\n",
            path("server.pem"),
            path("server.key"),
            path("ca.pem")
        ));
        let data = home.data();
        let server = home.serve(&data, &settings);
        home.stop(server, Some(&settings));
        Place { home, authority, settings, data }
    }

    /// Runs a command on the data directory: what it says, and its code.
    fn run(&self, words: &[&str], more: &[&str]) -> Ran {
        let args = words.iter().chain(&["--data"]).map(OsStr::new);
        let settings = [self.data.as_os_str(), "--config".as_ref(), self.settings.as_os_str()];
        let args: Vec<&OsStr> = args.chain(settings).chain(more.iter().map(OsStr::new)).collect();
        self.home.run(&args)
    }

    /// Admits an office; gives its id and its certificate with key.
    fn admit(&self, kind: &str, more: &[&str]) -> (String, String) {
        let pem = self.authority.terminal(kind, 2090);
        let (certificate, _) = pem.split_once("-----BEGIN PRIVATE").expect("a key");
        let cert = self.write(&format!("{kind}.pem"), certificate);
        let more =
            [&["--kind", kind, "--label", "架空の届出元", "--cert", &cert, "--until", "2089-12-31"], more];
        let ran = self.run(&["office", "admit"], &more.concat());
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        let id = ran.out.split(' ').next().expect("an id").to_owned();
        assert!(id.starts_with("off_") && ran.out.contains("2090-01-01 00:00:00"), "{}", ran.out);
        (id, pem)
    }

    fn write(&self, name: &str, text: &str) -> String {
        fs::write(self.home.path(name), text).expect("written");
        self.home.path(name).to_string_lossy().into_owned()
    }

    fn machine(&self, server: &Server, pem: &str) -> Machine {
        Machine::new(&server.machines, self.authority.pem().as_bytes(), Some(pem.as_bytes()))
    }
}

fn header(office: &str, delivery: &str) -> String {
    format!(
        "{{\"feed\":\"shikaku/1\",\"office\":\"{office}\",\"delivery\":\"{delivery}\",\"made_on\":\"20261127\"}}\n"
    )
}

fn residents(delivery: &str) -> String {
    header("register", delivery)
        + &format!(
            "{{\"type\":\"resident\",\"my_number\":\"{NUMBER}\",\"name\":\"{NAME}\",\"kana\":\"ﾋﾐﾂｶﾞﾜ ｲﾁﾛｳ\",\
             \"birth\":\"19800401\",\"sex\":1}}\n"
        )
}

fn coverage(delivery: &str) -> String {
    header("insurer", delivery)
        + &format!(
            "{{\"type\":\"coverage\",\"key\":\"1\",\"my_number\":\"{NUMBER}\",\"insurer\":\"06132013\",\
             \"symbol\":\"記号\",\"number\":\"77\",\"card_class\":\"01\",\"name\":\"{NAME}\",\
             \"kana\":\"ﾋﾐﾂｶﾞﾜ ｲﾁﾛｳ\",\"sex\":1,\"birth\":\"19800401\",\"qualified_on\":\"20200401\"}}\n"
        )
}

fn directory(delivery: &str, fingerprint: &str) -> String {
    header("directory", delivery)
        + &format!(
            "{{\"type\":\"facility\",\"code\":\"0110113719\",\"name\":\"架空クリニック\",\"kind\":\"clinic\",\
             \"operates_from\":\"20211020\"}}\n{{\"type\":\"terminal\",\"facility\":\"0110113719\",\"label\":\"受付1\",\
             \"fingerprint\":\"{fingerprint}\",\"expires_on\":\"20891231\"}}\n"
        )
}

/// SHA-256 of a certificate, as OpenSSL tells it.
fn fingerprint(pem: &str) -> String {
    let args = ["x509", "-noout", "-fingerprint", "-sha256"].map(OsStr::new);
    let told = outsider("openssl", &args, pem.as_bytes());
    let hex = told.out.split_once('=').expect("a fingerprint").1;
    hex.trim().replace(':', "").to_lowercase()
}

fn json(reply: &Reply) -> Value {
    serde_json::from_str(&reply.body).expect("JSON")
}

/// Posts a file as the guide's curl line does.
#[expect(clippy::print_stderr, reason = "what is left out must be seen")]
fn curl(place: &Place, server: &Server, own: &str, file: &str) -> Option<Value> {
    if Command::new("curl").arg("--version").output().is_err() {
        eprintln!("curl is not on this machine: the guide's line was not run");
        return None;
    }
    let (own, ca) = (place.write("own.pem", own), place.home.path("ca.pem").to_string_lossy().into_owned());
    let (body, url) = (format!("@{file}"), format!("{}{DELIVERIES}", server.machines));
    let line = ["-sS", "--cacert", &ca, "--cert", &own, "--data-binary", &body, &url];
    let ran = outsider("curl", &line.map(OsStr::new), b"");
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    Some(serde_json::from_str(&ran.out).expect("JSON"))
}

#[test]
fn s5_r1_offices_file_at_the_door_and_a_check_answers_from_it() {
    let place = Place::new();
    let (register, register_pem) = place.admit("register", &[]);
    let (_, insurer_pem) = place.admit("insurer", &["--insurer", "06132013"]);
    let terminal_pem = place.authority.terminal("terminal", 2090);
    let directory = place.write("d.jsonl", &directory("d1", &fingerprint(&terminal_pem)));
    assert_eq!(place.run(&["feed", "load"], &[&directory]).code, Some(0));

    let server = place.home.serve(&place.data, &place.settings);
    let machine = |pem: &str| place.machine(&server, pem);
    let (register_door, insurer_door, terminal) =
        (machine(&register_pem), machine(&insurer_pem), machine(&terminal_pem));
    let sent = register_door.post_to(DELIVERIES, None, residents("r1").as_bytes()).expect("an answer");
    assert_eq!((sent.status, &json(&sent)["taken"]), (200, &1.into()), "{}", sent.body);
    let again = register_door.post_to(DELIVERIES, None, residents("r1").as_bytes()).expect("an answer");
    assert_eq!((again.status, &json(&again)["was_finished"]), (200, &true.into()));
    let state = |door: &Machine| door.get(&format!("{DELIVERIES}/r1")).expect("an answer");
    assert_eq!(
        (json(&state(&register_door))["state"].as_str(), state(&insurer_door).status),
        (Some("finished"), 404)
    );
    let file = place.write("i.jsonl", &coverage("i1"));
    match curl(&place, &server, &insurer_pem, &file) {
        Some(told) => assert_eq!((&told["taken"], &told["held"]), (&1.into(), &0.into()), "{told}"),
        None => drop(insurer_door.post_to(DELIVERIES, None, coverage("i1").as_bytes()).expect("an answer")),
    }
    // Each certificate opens its own door and no other.
    let question = Question {
        institution: "0110113719".into(),
        insurer: "06132013".into(),
        symbol: "記号".into(),
        number: "77".into(),
        birth: "19800401".into(),
        day: day(0).stamp8(),
        ..Question::default()
    };
    assert_eq!(terminal.check(None, &question).body.validity.as_deref(), Some("1"));
    for office in [&register_door, &insurer_door] {
        assert_eq!(office.post(None, &question.json()).expect("an answer").status, 403);
        assert_eq!(office.post_to("/oqs/v1/kiosk/nonce", None, b"{}").expect("an answer").status, 403);
    }
    let stranger = machine(&place.authority.terminal("nobody", 2090));
    for door in [&terminal, &stranger] {
        assert_eq!(
            door.post_to(DELIVERIES, None, residents("r1").as_bytes()).expect("an answer").status,
            403
        );
        assert_eq!(state(door).status, 403);
    }
    // Beside a running server the operator is told where to send the file.
    let ran = place.run(&["feed", "load"], &[&file]);
    assert!(ran.code == Some(1) && ran.err.contains(DELIVERIES), "{}", ran.err);
    place.home.stop(server, Some(&place.settings));

    assert_eq!(place.run(&["office", "bar"], &[&register]).code, Some(0));
    assert!(place.run(&["office", "list"], &[]).out.contains("barred"));
    let server = place.home.serve(&place.data, &place.settings);
    let refused = place.machine(&server, &register_pem).post_to(DELIVERIES, None, residents("r2").as_bytes());
    assert_eq!(refused.expect("an answer").status, 403);
    place.home.stop(server, Some(&place.settings));
    let said = place.home.everything_said();
    assert!(!said.contains(NUMBER) && !said.contains("秘密川"), "{said}");
}

/// My Numbers by count, with their check digits.
fn my_number(n: u64) -> String {
    base::MyNumber::from_body(&format!("{:011}", n + 10_000_000_000)).expect("a number").reveal().to_owned()
}

#[test]
fn s5_r1_a_load_is_stopped_and_goes_on_and_tells_what_was_wrong() {
    const PEOPLE: u64 = 30_000;
    let place = Place::new();
    let wrong = format!(
        "{{\"type\":\"resident\",\"my_number\":\"{NUMBER}\",\"name\":\"{NAME}\",\"kana\":\"ﾋﾐﾂ\",\"birth\":\"19800431\",\"sex\":1}}\n"
    );
    // One before every stop and one after all.
    let mut text = header("register", "r1") + &wrong;
    for n in 0..PEOPLE {
        let _ = writeln!(
            text,
            "{{\"type\":\"resident\",\"my_number\":\"{}\",\"name\":\"{NAME}\",\"kana\":\"ﾋﾐﾂ\",\"birth\":\"19800401\",\"sex\":1}}",
            my_number(n)
        );
    }
    let file = place.write("r.jsonl", &(text + &wrong));
    let checked = place.home.run(&["feed", "check", file.as_str()].map(OsStr::new));
    assert_eq!(checked.code, Some(1));
    assert!(checked.out.contains("30003 lines") && checked.out.contains("2 × intake.day"), "{}", checked.out);

    // A small batch, so that there are many places to stop at.
    let report = place.home.path("report.csv").to_string_lossy().into_owned();
    let settings = place.settings.to_string_lossy().into_owned();
    let data = place.data.to_string_lossy().into_owned();
    let args =
        ["feed", "load", "--data", &data, "--config", &settings, "--report", &report, "--batch", "20", &file];
    let args = args.map(OsStr::new);
    let mut stops = 0;
    let ended = loop {
        let mut process = place.home.start(&args);
        let ended = until("some transactions, or the end", 60, || {
            let size = fs::metadata(place.data.join("shikaku.db-wal")).map_or(0, |file| file.len());
            (process.has_ended() || size > 200_000).then(|| process.has_ended())
        });
        if ended || stops == 2 {
            break until("the end", 120, || process.has_ended().then(|| process.said()));
        }
        stops += 1;
        // Once as Ctrl-C does, once as a power cut does.
        if stops == 1 {
            assert_eq!(process.interrupt().code(), Some(1), "not all was taken");
        } else {
            process.signal("KILL");
            process.bury();
        }
    };
    assert_eq!(stops, 2, "it was stopped half-way: {ended}");
    assert!(ended.contains("finished, 30003 lines: 30000 taken, 0 unchanged, 2 refused"), "{ended}");
    let csv = fs::read_to_string(&report).expect("the report");
    let told = |line: u64| csv.contains(&format!("r.jsonl,{line},birth,intake.day,"));
    assert!(csv.lines().count() == 3 && told(2) && told(30_003), "{csv}");
    let again = place.home.run(&args);
    assert!(again.code == Some(1) && again.out.contains("was loaded before"), "{}{}", again.out, again.err);
    assert_eq!(fs::read_to_string(&report).expect("the report"), csv, "told again");
    let verified = place.home.verify(&place.data, Some(&place.settings));
    assert!(verified.contains("; 0 rows not sealed yet"), "{verified}");
    for text in [place.home.everything_said(), csv] {
        assert!(!text.contains(NUMBER) && !text.contains("秘密川"), "{text}");
    }
}
