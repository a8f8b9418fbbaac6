//! Canaries: two patients whose every word is unmistakable are asked about through every door, rightly and wrongly;
//! then everything that leaves the program beside the answers themselves is searched for them.
//!
//! Searched: what every process said, addresses that pages link to or send to, status, readiness and metrics, problem
//! bodies, texts of errors, the log's rows and the whole file they lie in, names of files that the terminal keeps.
//! Not here: the answers and the pages that show them to the desk, which may of course hold them; `shikaku.db`, where
//! people are recorded.
//! Rules come from: DESIGN section 2; docs/rules.md S1 r2.

use crate::desk::*;
use std::{fs, path::Path};
use store::Db;

const OWN: &str = "id,outcome,insurer_number,symbol,number,branch,birth_date,pin,expected_validity,name,kana,address\r\n\
    canary-1,valid,06990014,籠鳥七,55501234,07,19120304,8251PIN,1,金糸雀　啼子,ｶﾅﾘﾔ ﾅｷｺ,架空県籠市鳥篭町九丁目\r\n\
    canary-2,invalid,  990010,ZQX-77,55505678,,19130506,9371PIN,2,紅雀　鳴介,ﾍﾞﾆｽｽﾞﾒ ﾒｲｽｹ,架空県籠市止木町八丁目\r\n";

/// What may stand nowhere. The numbers are asked wrongly, too: mistyped ones are still somebody's.
const CANARIES: [&str; 27] = [
    "55501234",
    "55505678",
    "55509999",
    "籠鳥七",
    "ZQX-77",
    "ZQX",
    "金糸雀",
    "啼子",
    "紅雀",
    "鳴介",
    "ｶﾅﾘﾔ",
    "ﾅｷｺ",
    "ﾍﾞﾆｽｽﾞﾒ",
    "鳥篭町",
    "止木町",
    "19120304",
    "1912-03-04",
    "1912年",
    "19130506",
    "1913-05-06",
    "19120305",
    "8251PIN",
    "9371PIN",
    "stem-of-the-bird",
    "mark-of-the-bird",
    "file-of-the-bird",
    "大正元年3月",
];

#[track_caller]
fn clean(place: &str, text: &str) {
    for canary in CANARIES {
        assert!(!text.contains(canary), "{canary} stands in {place}");
        let encoded = form(&[("", canary)]);
        let encoded = encoded.trim_start_matches('=');
        assert!(!text.contains(encoded), "{canary}, encoded, stands in {place}");
    }
}

/// The questions: both canaries as they are, and every way to ask wrongly.
fn questions(code: &str) -> Vec<Question> {
    let first = Question {
        day: day(0).stamp8(),
        institution: code.to_owned(),
        file_mark: "file-of-the-bird".into(),
        insurer: "06990014".into(),
        symbol: "籠鳥七".into(),
        number: "55501234".into(),
        branch: "07".into(),
        birth: "19120304".into(),
        consent: true,
        mark: "mark-of-the-bird".into(),
    };
    let second = Question {
        insurer: "  990010".into(),
        symbol: "ZQX-77".into(),
        number: "55505678".into(),
        branch: String::new(),
        birth: "19130506".into(),
        ..first.clone()
    };
    vec![
        Question { birth: "19120305".into(), ..first.clone() },
        Question { number: "55509999".into(), ..first.clone() },
        Question { branch: "ZZ".into(), ..first.clone() },
        Question { insurer: "籠鳥七".into(), ..first.clone() },
        Question { birth: "19120399".into(), ..first.clone() },
        Question { day: "20991231".into(), ..first.clone() },
        Question { day: "籠鳥七".into(), ..first.clone() },
        Question { institution: "9910100032".into(), ..first.clone() },
        Question { number: "55501234".repeat(12), ..first.clone() },
        first,
        second,
    ]
}

/// The folder, and `shikaku check`: texts of errors are clean.
fn by_folder(home: &Home, server: &Server) {
    let data = &server.data;
    for (number, question) in questions(&server.institution()).iter().enumerate() {
        let stem = format!("stem-of-the-bird-{number}");
        put(data, &stem, &question.xml(if number % 2 == 0 { "UTF-8" } else { "Shift_JIS" }));
        let told = read_xml(&taken(data, &stem));
        let texts = [told.header.error_message, told.body.message, told.header.error_code, told.body.code];
        texts.into_iter().flatten().for_each(|text| clean("an answer's message", &text));
        let file = home.path("OQSsiquc01req_stem-of-the-bird.xml");
        fs::write(&file, question.xml("UTF-8")).expect("written");
        let (ca, cert) = (data.join("tls/ca.pem"), data.join("tls/terminal.pem"));
        let ran = home.run(&[
            "check".as_ref(),
            "--server".as_ref(),
            server.machines.as_ref(),
            "--ca".as_ref(),
            ca.as_os_str(),
            "--cert".as_ref(),
            cert.as_os_str(),
            file.as_os_str(),
        ]);
        clean("a command's complaints", &ran.err);
    }
    for (number, bytes) in
        [&b"<XmlMsg><Name>55501234"[..], "<a>金糸雀</b>".as_bytes(), b"55501234"].iter().enumerate()
    {
        let stem = format!("stem-of-the-bird-bad-{number}");
        put(data, &stem, bytes);
        clean(
            "the answer to what is no request",
            &String::from_utf8_lossy(&taken(data, &stem)).replace(&stem, ""),
        );
    }
}

/// The machines' door, with certificates that may and may not.
fn by_door(server: &Server) {
    let machine = server.machine();
    for question in questions(&server.institution()) {
        let told = machine.check(Some("key"), &question);
        let texts = [told.header.error_message, told.body.message, told.header.error_code, told.body.code];
        texts.into_iter().flatten().for_each(|text| clean("an answer's message", &text));
    }
    for body in ["55501234", "{\"55501234\":1}", "{\"XmlMsg\":{\"金糸雀\":\"x\"}}", "{\"XmlMsg\":[55501234]}"]
    {
        let reply = machine.post(None, body.as_bytes()).expect("an answer");
        clean("the answer to what is no message", &reply.body);
    }
    let broken = machine.get("/55501234").expect("an answer");
    assert_eq!(broken.status, 404);
    clean("an address that is not there", &broken.body);
}

/// The pages: forms filled rightly and wrongly at every desk; every address seen is clean.
fn by_pages(server: &Server) {
    let mut browser = server.browser();
    let csrf = browser.sit("receptionist");
    for question in questions(&server.institution()) {
        let fields = [
            ("csrf", csrf.as_str()),
            ("insurer", &question.insurer),
            ("symbol", &question.symbol),
            ("number", &question.number),
            ("branch", &question.branch),
            ("birth", &question.birth),
            ("limit", "1"),
        ];
        let reply = browser.post("/reception/check", &fields);
        if reply.status == 303 {
            let result = browser.get(reply.header("location"));
            assert_eq!(result.status, 200);
            assert!(result.header("cache-control").contains("no-store"));
            browser.get(&format!("{}?lang=en", reply.header("location")));
        }
        let stale = browser.post("/reception/check", &fields[1..]);
        assert_eq!(stale.status, 403);
        clean("a refused form", &stale.body);
    }
    browser.get("/reception");
    browser.sit("facility-administrator");
    clean("the facility's log", &browser.get("/log").body);
    browser.sit("system-administrator");
    for path in ["/facilities", "/staff", "/status", "/ready", "/metrics", "/"] {
        clean(path, &browser.get(path).body);
    }
    assert!(browser.addresses.len() > 20);
    clean("an address", &format!("{:#?}", browser.addresses));
}

/// Rows of the log, and the bytes of the file that they lie in.
fn in_log(data: &Path) {
    const ROWS: &str = "select act, outcome, body from audit_row";
    for file in ["log.db", "shikaku.db"] {
        let mut db = Db::open_sqlite(&data.join(file), None).expect("opens");
        let rows = db
            .rows(ROWS, &[], |row| Ok((row.opt_text(0)?, row.opt_text(1)?, row.opt_blob(2)?)))
            .expect("read");
        assert!(rows.len() > 30 || file == "shikaku.db");
        for (act, outcome, body) in rows {
            clean("a row of the log", &format!("{act:?} {outcome:?}"));
            clean("a row of the log", &String::from_utf8_lossy(&body.unwrap_or_default()));
        }
    }
    clean("log.db", &String::from_utf8_lossy(&fs::read(data.join("log.db")).expect("read")));
}

#[test]
fn s1_r2_no_canary_leaves_beside_the_answers() {
    let home = Home::new();
    let data = home.data();
    fs::create_dir_all(&data).expect("made");
    fs::write(data.join("my-patients.csv"), OWN).expect("written");
    let server = home.demo(&data, None, &[]);
    // The canaries sing: both are known, and their answers hold them.
    let sung = server.machine().check(None, &questions(&server.institution())[9]);
    assert_eq!(sung.body.results[0].name, "金糸雀　啼子");
    let heard = std::panic::catch_unwind(|| clean("an answer", &sung.body.results[0].name));
    assert!(heard.is_err(), "whoever searches hears them");
    by_folder(&home, &server);
    by_door(&server);
    by_pages(&server);
    home.stop(server, None);
    in_log(&data);
    // Another start, with a line that cannot be read; backup and restore.
    fs::write(data.join("my-patients.csv"), OWN.replace("19120304", "19120399")).expect("written");
    let server = home.demo(&data, None, &[]);
    home.stop(server, None);
    let copy = home.path("copy");
    let args = ["backup", "--data"].map(std::ffi::OsStr::new);
    assert_eq!(home.run(&[args.as_slice(), &[data.as_os_str(), copy.as_os_str()]].concat()).code, Some(0));
    clean("what the processes said", &home.everything_said_without_answers());
    let journal = outsider("find", &[data.join("terminal").as_os_str()], b"");
    clean("names in the journal", &journal.out);
    clean("names in the data directory", &format!("{:?}", names(&data)));
}
