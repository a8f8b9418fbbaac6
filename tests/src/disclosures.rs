//! Who looked at what is complete: every operation of every route is classified by what it tells of whom, and done in
//! earnest on a running demo; what the person then reads at their own pages is the committed table
//! `docs/disclosures.md` (`UPDATE_EXPECT=1` writes it anew).
//!
//! Always holds: a route that stands in no class fails; whatever tells something of the person leaves a line in their
//! record with facility, purpose, way, consent and what was told; what tells nothing, leaves none; nothing of it stands
//! in another person's record.
//! Not here: single acts and pages of the record (`portal`'s own tests); who may what (`permissions`).
//! Rules come from: docs/rules.md S3 r2; issue 3, part F; the reference on the field, section 5.2.

mod lines;
mod routes;
mod steps;

use crate::{desk::*, permissions};
use expect_test::expect_file;
use lines::{Lines, new_since, read_lines};
use routes::{Tells, tells};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    fs,
    path::Path,
};
use steps::{STEPS, Step};
use store::Db;

/// The patient: limit and specific disease are registered for them, so everything that can be shown is.
const PATIENT: &str = "P022-dialysis-and-limit";
/// Somebody else, who is looked at once, at the end.
const OTHER: &str = "P016-limit-a03";

/// What the steps act on.
struct Scene<'s> {
    home: &'s Home,
    server: &'s Server,
    machine: Machine,
    patient: Row,
    other: Row,
    /// What a caller would answer: reading of the name, birth date, postcode, address.
    answers: [String; 4],
    /// The person's own browser.
    own: Browser,
    /// The browser of whoever works here.
    desk: Browser,
    /// The token of the desk's forms.
    csrf: String,
    /// The page of the newest decision at the desk.
    decision: String,
    /// The page of the case, and that of the call.
    case: String,
    call: String,
}

impl<'s> Scene<'s> {
    fn new(home: &'s Home, server: &'s Server) -> Scene<'s> {
        let row = |id: &str| rows(&server.data).into_iter().find(|row| row.id == id).expect("the row");
        let patient = row(PATIENT);
        let seed = fs::read_to_string(server.data.join("country-seed.txt")).expect("the seed");
        let everybody = country::patients(seed.trim().parse().expect("a number"), day(0));
        let known = everybody.iter().find(|one| one.id == PATIENT).expect("the patient");
        let known = &known.residents[0].attributes;
        let (postcode, address) = (known.postcode.clone(), known.address.clone());
        let answers = [
            known.name.kana.clone(),
            patient.birth.clone(),
            postcode.expect("a postcode"),
            address.expect("an address"),
        ];
        let mut scene = Scene {
            home,
            server,
            machine: server.machine(),
            other: row(OTHER),
            patient,
            answers,
            own: server.browser(),
            desk: server.browser(),
            csrf: String::new(),
            decision: String::new(),
            case: String::new(),
            call: String::new(),
        };
        scene.signs_in();
        scene
    }

    /// The person signs in, if they are not.
    fn signs_in(&mut self) {
        if self.own.get("/my/views").status == 303 {
            let (is_in, told, _) = self.server.sign_in(&mut self.own, &self.patient);
            assert!(is_in, "{told}");
        }
    }

    /// Somebody sits down at a desk.
    fn sits(&mut self, role: &str) {
        self.csrf = self.desk.sit(role);
    }

    /// Sends a form of the desk's session.
    fn desk_posts(&mut self, path: &str, more: &[(&str, &str)]) -> Reply {
        let csrf = self.csrf.clone();
        let fields: Vec<_> = [("csrf", csrf.as_str())].into_iter().chain(more.iter().copied()).collect();
        self.desk.post(path, &fields)
    }

    /// Sends a form of the person's session; the page that it comes from is the record, whose reading is no line.
    fn own_posts(&mut self, path: &str, more: &[(&str, &str)]) -> Reply {
        let csrf = csrf(&self.own.get("/my/views").body);
        let fields: Vec<_> = [("csrf", csrf.as_str())].into_iter().chain(more.iter().copied()).collect();
        self.own.post(path, &fields)
    }

    /// The question by the patient's numbers, with everything agreed to.
    fn question(&self) -> Question {
        Question { consent: true, ..self.patient.ask(&self.server.institution(), day(0)) }
    }

    /// The patient's record, as they read it.
    fn lines(&mut self) -> Lines {
        self.signs_in();
        read_lines(&mut self.own)
    }
}

/// The routes of both doors as the program has them, in order.
fn real_routes() -> Vec<(String, &'static str)> {
    let (pages, machines) = permissions::tables();
    let all = pages.iter().chain(&machines);
    all.map(|route| (format!("{} {}", route.method, route.path), route.operation)).collect()
}

#[test]
fn s3_r2_every_route_is_classified_and_every_class_has_its_steps() {
    let real: BTreeSet<String> = real_routes().into_iter().map(|(route, _)| route).collect();
    let classified: BTreeSet<String> = routes::ROUTES.iter().map(|(route, _)| (*route).to_owned()).collect();
    assert_eq!(real, classified, "every route of the program has a class, and no other has");
    for (route, _) in &real_routes() {
        let mut of_it = STEPS.iter().filter(|step| step.routes.contains(&route.as_str()));
        match tells(route) {
            Tells::Nothing(_) => assert!(of_it.all(|step| !step.is_told), "{route}"),
            _ => assert!(of_it.any(|step| step.is_told), "{route} tells of somebody: a step must show it"),
        }
    }
}

/// Does every step and gives what the person read after each.
fn walk(scene: &mut Scene<'_>) -> Vec<(&'static Step, Vec<String>)> {
    let mut read = scene.lines();
    let mut told = Vec::new();
    for step in STEPS {
        (step.run)(scene);
        let now = scene.lines();
        let new = new_since(&read, &now, step.routes.contains(&"GET /my/views"));
        assert_eq!(!new.is_empty(), step.is_told, "{:?} {}: {new:#?}", step.routes, step.how);
        read = now;
        told.push((step, new));
    }
    told
}

/// Asks for every route that tells nothing, as whoever may, and wants no line of it in the record.
fn nothing_is_told_by_the_others(scene: &mut Scene<'_>) {
    let (pages, machines) = permissions::tables();
    let before = scene.lines();
    for route in pages.iter().filter(|route| is_silent(&format!("{} {}", route.method, route.path))) {
        scene.sits(permissions::may_ask(route));
        let path = permissions::filled(route.path);
        let reply = match route.method {
            "GET" => scene.desk.get(&path),
            _ => scene.desk_posts(&path, &[]),
        };
        assert!(reply.status < 500, "{path}: {}", reply.status);
    }
    for route in machines.iter().filter(|route| is_silent(&format!("{} {}", route.method, route.path))) {
        let reply = match route.method {
            "GET" => scene.machine.get(&permissions::filled(route.path)),
            _ => scene.machine.post_to(route.path, None, b"{}"),
        };
        assert!(reply.expect("an answer").status < 500, "{}", route.path);
    }
    assert_eq!(new_since(&before, &scene.lines(), false), Vec::<String>::new());
}

fn is_silent(route: &str) -> bool {
    matches!(tells(route), Tells::Nothing(_))
}

#[test]
fn s3_r2_whatever_tells_of_a_person_stands_in_their_record_and_in_nobody_elses() {
    let home = Home::new();
    let data = home.data();
    let server = home.demo(&data, None, &[]);
    let mut scene = Scene::new(&home, &server);
    let other = scene.other.clone();
    let mut others = server.browser();
    assert!(server.sign_in(&mut others, &other).0);
    let others_before = read_lines(&mut others);
    let told = walk(&mut scene);
    nothing_is_told_by_the_others(&mut scene);
    assert_eq!(
        new_since(&others_before, &read_lines(&mut others), false),
        Vec::<String>::new(),
        "nothing of all that stands in another person's record"
    );
    // And the other way round: what is told of the other does not stand in the patient's.
    let before = scene.lines();
    let ask =
        TapAsk { card: OTHER, pin: Some(&other.pin), agreed: &["drugs"], limit: true, ..TapAsk::default() };
    assert_eq!(server.tap(&ask).text("state"), "done");
    assert_eq!(new_since(&before, &scene.lines(), false), Vec::<String>::new());
    let of_other = new_since(&others_before, &read_lines(&mut others), false);
    assert!(matches!(&of_other[..], [line] if line.contains("Checked eligibility")), "{of_other:#?}");
    drop(scene);
    home.stop(server, None);
    expect_file!["../../docs/disclosures.md"].assert_eq(&document(&told));
}

/// Of a row of the log: act, outcome, person, answer, body.
type Logged = (String, String, Option<i64>, Option<i64>, String);

fn log_of(data: &Path) -> Vec<Logged> {
    const ROWS: &str = "select act, outcome, person, answer, body from audit_row";
    let mut all = Vec::new();
    for file in ["log.db", "shikaku.db"] {
        let mut db = Db::open_sqlite(&data.join(file), None).expect("opens");
        let rows = db.rows(ROWS, &[], |row| {
            let body = String::from_utf8_lossy(&row.blob(4)?).into_owned();
            Ok((row.text(0)?, row.text(1)?, row.opt_int(2)?, row.opt_int(3)?, body))
        });
        all.extend(rows.expect("read"));
    }
    all
}

#[test]
fn s3_r2_no_row_of_the_log_shows_anything_without_saying_of_whom() {
    let home = Home::new();
    let data = home.data();
    let server = home.demo(&data, None, &[]);
    // Everybody, by number and by card, and then the list that shows them all.
    crate::patients::all_by_json(&server, day(0));
    for row in rows(&data).iter().filter(|row| !row.card_file.is_empty()) {
        let pin = Some(row.pin.as_str()).filter(|pin| !pin.is_empty());
        server.tap(&TapAsk {
            card: &row.id,
            pin,
            limit: true,
            diseases: true,
            enrol: true,
            ..TapAsk::default()
        });
    }
    let mut desk = server.browser();
    desk.sit("receptionist");
    let list = desk.get("/reception").body;
    home.stop(server, None);
    let log = log_of(&data);
    let mut of_whom: BTreeMap<i64, i64> = BTreeMap::new();
    let (mut shown, mut listed) = (0, BTreeSet::new());
    for (act, outcome, person, answer, body) in &log {
        let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
        let told = matches!(outcome.as_str(), "valid" | "invalid" | "invalid-new-known" | "aid-unregistered");
        if act == "counter.list" {
            listed
                .extend(body["seen"].as_array().into_iter().flatten().filter_map(serde_json::Value::as_i64));
        } else if told || body.get("shown").is_some() {
            let person =
                person.unwrap_or_else(|| panic!("{act} {outcome} shows {} of nobody", body["shown"]));
            of_whom.extend(answer.map(|answer| (answer, person)));
            shown += 1;
        }
    }
    assert!(shown > 100, "{shown}");
    // What the list shows, it says; each of it is somebody's answer.
    let links: BTreeSet<&str> = quoted(&list, "href=\"/checks/").collect();
    assert!(links.len() > 80 && listed.len() > 50, "a long list: {} and {}", links.len(), listed.len());
    assert!(listed.iter().all(|answer| of_whom.contains_key(answer)), "a list shows nobody's answer");
    let named = list.split("<tr").filter(|row| row.contains("/checks/") && !row.contains("（氏名は"));
    let named = named.filter(|row| !row.contains("（該当する方なし") && !row.contains("（複数の方"));
    assert_eq!(named.count(), listed.len(), "each name on the list is one that it says it showed");
}

const HEAD: &str = "# Who is told what of whom, and where that person finds it

Made by a test that does every operation on a running demo (`tests/src/disclosures.rs`; `UPDATE_EXPECT=1` writes it
anew). A route without a class fails the test, and so does an operation that tells something of a person without a line
in that person's own record (`/my/views`, “Who looked”).
";

const NOTES: &str = "
## What leaves no line, and why

- A check by numbers that nobody has, of a message that cannot be processed or names another facility: nothing was told.
- A check by the numbers of a coverage that is held back or quarantined: it is not settled whose it is, so nothing of it
  is told and there is nobody to tell.
- Numbers that fit several people: only that they do is told.
- A wrong PIN: the card says so to its reader, and the server hears nothing.
- The day's list shows the checks of the day on which it is looked at and of no other; a look that did not show the
  person is not in their record. Looks of one person on one day are one line with their count.
- With `[cards] status = \"lists\"`, a card that the authority's lists name as suspended or revoked is refused before it
  is asked whose it is: that refusal stands in the facility's log without a person.
";

fn document(told: &[(&Step, Vec<String>)]) -> String {
    let mut text = HEAD.to_owned();
    let _ = write!(text, "\n## Routes\n\n| route | operation | tells |\n|---|---|---|\n");
    for (route, operation) in real_routes() {
        let _ = writeln!(text, "| `{route}` | {operation} | {} |", tells(&route).in_words());
    }
    let _ = write!(
        text,
        "\n## What the person reads\n\nEach line: who, what, for what, on which consent, what was shown; in the order in \
         which the test does it.\n"
    );
    for (step, lines) in told {
        let routes: Vec<String> = step.routes.iter().map(|route| format!("`{route}`")).collect();
        let _ = write!(text, "\n{}: {}\n\n", routes.join(", "), step.how);
        for line in lines {
            let _ = writeln!(text, "- {line}");
        }
        if lines.is_empty() {
            let _ = writeln!(text, "- (no line)");
        }
    }
    text + NOTES
}
