//! The steps: every operation that tells something of a person, done as whoever does it in earnest; and the ways in
//! which it tells nothing.
//!
//! Always holds: each step says whether the person must find a line; what the line says is in the committed table.
//! Not here: what a route tells (`routes`).
//! Rules come from: docs/rules.md S1 r1, r3, r5, r11; S2 r1; S3 r2; S5 r2; S13 r1.

use super::Scene;
use crate::{by_card::*, desk::*};

/// One step.
pub struct Step {
    /// The routes that it goes through: `METHOD /path`.
    pub routes: &'static [&'static str],
    /// How, in words.
    pub how: &'static str,
    /// Whether the person must find it in their record.
    pub is_told: bool,
    /// Does it.
    pub run: fn(&mut Scene<'_>),
}

const fn told(routes: &'static [&'static str], how: &'static str, run: fn(&mut Scene<'_>)) -> Step {
    Step { routes, how, is_told: true, run }
}

const fn silent(routes: &'static [&'static str], how: &'static str, run: fn(&mut Scene<'_>)) -> Step {
    Step { routes, how, is_told: false, run }
}

const SEARCHED: &[&str] = &["POST /oqs/v1/qualification/search"];
const TYPED: &[&str] = &["POST /reception/check"];
const LIST: &[&str] = &["GET /reception"];
const EXPLAINED: &[&str] = &["GET /checks/{decision}"];
const REGISTERED: &[&str] = &["POST /oqs/v1/reference/register"];
const TAPPED: &[&str] = &["POST /oqs/v1/kiosk/tap"];
const PROVED: &[&str] = &["POST /my/prove"];

/// The steps, in order: some need what an earlier one did.
pub const STEPS: &[Step] = &[
    silent(LIST, "the day's list, before the person came", looks_at_list),
    // By number.
    told(SEARCHED, "by the facility's software, with every consent declared", by_machine),
    told(SEARCHED, "the same request sent again", by_machine),
    told(SEARCHED, "without any consent", |s| {
        drop(s.machine.check(None, &Question { consent: false, ..s.question() }))
    }),
    told(SEARCHED, "through the folder", by_folder),
    told(SEARCHED, "by another facility", by_another_facility),
    told(SEARCHED, "with a wrong birth date", |s| {
        let wrong = Question { birth: "19010101".into(), ..s.question() };
        assert_eq!(s.machine.check(None, &wrong).body.validity.as_deref(), Some("4"));
    }),
    told(SEARCHED, "with another body under the same request id", |s| {
        let other = Question { mark: "another".into(), ..s.question() };
        assert!(s.machine.check(Some("disclosures"), &other).body.results.is_empty());
    }),
    silent(SEARCHED, "by numbers that nobody has", |s| {
        let wrong = Question { number: "99999999".into(), ..s.question() };
        assert_eq!(s.machine.check(None, &wrong).body.validity.as_deref(), Some("4"));
    }),
    silent(SEARCHED, "in a message that names another facility", |s| {
        let foreign = Question { institution: "9910100032".into(), ..s.question() };
        assert!(s.machine.check(None, &foreign).body.results.is_empty());
    }),
    told(TYPED, "typed at the reception", typed),
    told(TYPED, "a form that cannot be read, above the day's list", |s| {
        s.sits("clinician");
        let reply = s.desk_posts("/reception/check", &[("insurer", "x")]);
        assert!(reply.status == 422 && reply.body.contains("/checks/"), "{}", reply.status);
    }),
    told(LIST, "the day's list", looks_at_list),
    silent(&["GET /reception/pulse"], "the list's pulse", |s| {
        assert_eq!(s.desk.get("/reception/pulse").status, 200);
    }),
    told(EXPLAINED, "the result of a check, looked at by a clinician", |s| {
        s.sits("clinician");
        let path = s.decision.clone();
        assert!(s.desk.get(&path).body.contains(&s.patient.number));
    }),
    silent(EXPLAINED, "the result of a check that never was", |s| {
        assert!(s.desk.get("/checks/dec_0000000000001").status >= 400);
    }),
    silent(&["GET /log"], "the facility's log, by its administrator", |s| {
        s.sits("facility-administrator");
        let log = s.desk.get("/log?all=1").body;
        assert!(log.contains("/checks/") && !log.contains(&s.patient.number));
    }),
    told(REGISTERED, "through the folder", |s| {
        let said = register_reference(s.server, "disclosures", "KARTE-22", &s.question());
        assert!(said.contains("<ProcessingResultStatus>1<"), "{said}");
    }),
    silent(REGISTERED, "by numbers that nobody has", |s| {
        let wrong = Question { number: "99999999".into(), ..s.question() };
        let said = register_reference(s.server, "disclosures-none", "KARTE-23", &wrong);
        assert!(said.contains("<ProcessingResultStatus>2<"), "{said}");
    }),
    // By card.
    silent(&["POST /oqs/v1/kiosk/nonce"], "a nonce", |s| drop(by_hand(s).proof(SESSION))),
    told(TAPPED, "card and PIN on the kiosk's pages, up to the first question", |s| {
        let mut seat = Seat::with_card(s.server, Side::Kiosk, stem(&s.patient), "");
        assert!(seat.press("pin", &[("pin", &s.patient.pin)]).contains("value=\"yes\""));
        seat.take_out();
    }),
    told(TAPPED, "card and PIN on the kiosk's pages, every question answered with yes", |s| {
        let mut seat = Seat::with_card(s.server, Side::Kiosk, stem(&s.patient), "");
        assert_eq!(seat.answer_yes(&s.patient.pin), 6, "limit, disease and four kinds");
        seat.take_out();
    }),
    told(TAPPED, "card and PIN, everything but one kind declined", |s| {
        ends_as(&tap(s, &["drugs"], false), "outcome", "valid");
    }),
    told(TAPPED, "card and PIN, everything declined", |s| {
        ends_as(&tap(s, &[], false), "outcome", "valid");
    }),
    told(TAPPED, "the card and the eye of the staff, in place of the PIN", |s| {
        let ask = TapAsk { card: &s.patient.id, agreed: &["checkups"], ..TapAsk::default() };
        ends_as(&s.server.tap(&ask), "outcome", "valid");
    }),
    told(TAPPED, "a proof used once more", proof_used_twice),
    silent(TAPPED, "a wrong PIN", |s| {
        let wrong = if s.patient.pin == "0000" { "0001" } else { "0000" };
        let ask = TapAsk { card: &s.patient.id, pin: Some(wrong), ..TapAsk::default() };
        assert_eq!(s.server.tap(&ask).text("state"), "refused");
    }),
    told(LIST, "the day's list again", looks_at_list),
    // Their own pages.
    told(&["POST /my/prove", "GET /my/enter"], "signing in", |s| {
        assert!(s.server.sign_in(&mut s.server.browser(), &s.patient).0);
    }),
    told(&["GET /my"], "the first page", |s| own_page(s, "/my")),
    told(&["GET /my/coverages/{coverage}"], "one coverage", |s| {
        let path = coverage_of(s);
        own_page(s, &path);
    }),
    told(&["GET /my/consents"], "the consents", |s| own_page(s, "/my/consents")),
    told(&["POST /my/consents/{consent}/withdraw"], "withdrawing a consent", |s| {
        let page = s.own.get("/my/consents").body;
        let action =
            quoted(&page, "action=\"").find(|to| to.contains("/withdraw")).expect("a live one").to_owned();
        let kind = quoted(&page, "name=\"kind\" value=\"").next().expect("its kind").to_owned();
        assert_eq!(s.own_posts(&action, &[("kind", &kind)]).status, 303);
    }),
    told(&["GET /my/lost"], "the cards", |s| own_page(s, "/my/lost")),
    told(&["GET /my/enrolment"], "the enrolment", |s| own_page(s, "/my/enrolment")),
    told(&["GET /my/views"], "this record", |s| own_page(s, "/my/views")),
    told(&["POST /my/enrolment/cancel"], "cancelling the enrolment", |s| {
        assert_eq!(s.own_posts("/my/enrolment/cancel", &[]).status, 303);
    }),
    told(TAPPED, "a card that is not enrolled", |s| ends_as(&tap(s, &[], false), "state", "enrol")),
    told(TAPPED, "enrolling at the reader", |s| ends_as(&tap(s, &["drugs"], true), "outcome", "valid")),
    told(&["POST /my/enrolment/cancel", "POST /my/enrolment"], "cancelling and enrolling again", |s| {
        assert_eq!(s.own_posts("/my/enrolment/cancel", &[]).status, 303);
        let terms = s.own.get("/my/enrolment").body;
        let version = quoted(&terms, "name=\"terms\" value=\"").next().expect("the terms").to_owned();
        assert_eq!(s.own_posts("/my/enrolment", &[("terms", &version), ("agree", "1")]).status, 303);
    }),
    // A lost card.
    told(&["POST /my/lost"], "suspending the card", |s| assert_eq!(s.own_posts("/my/lost", &[]).status, 303)),
    told(TAPPED, "a card that is suspended", |s| ends_as(&tap(s, &[], false), "code", "cards.on-hold")),
    told(PROVED, "signing in with a card that is suspended", |s| {
        assert!(!s.server.sign_in(&mut s.server.browser(), &s.patient).0);
    }),
    told(&["POST /my/lost/lift"], "lifting the suspension", |s| {
        assert_eq!(s.own_posts("/my/lost/lift", &[]).status, 303);
    }),
    told(TAPPED, "a pass of a card that was suspended meanwhile", pass_of_suspended),
    silent(&["POST /calls"], "answers that fit nobody", |s| {
        s.sits("call-centre-operator");
        assert_eq!(identify(s, "999-9999", "").status, 422);
    }),
    told(&["POST /calls"], "a caller whose answers fit", |s| {
        let reply = identify(s, &s.answers[2].clone(), "");
        assert_eq!(reply.status, 303);
        reply.header("location").clone_into(&mut s.call);
    }),
    told(&["GET /calls/{call}"], "the caller's cards", |s| {
        let path = s.call.clone();
        assert_eq!(s.desk.get(&path).status, 200);
    }),
    told(&["POST /calls/{call}/lift"], "asking for a lift when nothing is suspended", |s| {
        let path = format!("{}/lift", s.call);
        assert!(s.desk_posts(&path, &[("held_on", &day(0).stamp8())]).status >= 400);
    }),
    told(
        &["POST /calls/{call}/hold", "POST /calls", "POST /calls/{call}/lift"],
        "suspended, then lifted for a caller who knows more; the person was signed out by it and signs in again",
        hold_and_lift,
    ),
    // “This record is not mine.”
    told(&["POST /my/coverages/{coverage}/dispute"], "saying that a record is not mine", |s| {
        let path = format!("{}/dispute", coverage_of(s));
        assert_eq!(s.own_posts(&path, &[]).status, 303);
    }),
    silent(SEARCHED, "by the numbers of a record that is closed to viewing", |s| {
        let answer = s.machine.check(None, &s.question());
        assert!(answer.body.results.is_empty() && answer.body.validity.is_none());
    }),
    told(&["GET /cases"], "the open cases", |s| {
        s.sits("insurer-clerk");
        let page = s.desk.get("/cases").body;
        let case = quoted(&page, "href=\"").find(|to| to.starts_with("/cases/")).expect("a case");
        case.clone_into(&mut s.case);
    }),
    told(&["GET /cases/{case}"], "the case", |s| {
        let path = s.case.clone();
        assert!(s.desk.get(&path).body.contains(&s.patient.number));
    }),
    told(&["POST /cases/{case}/close"], "a form that cannot be read, above the case", |s| {
        let path = format!("{}/close", s.case);
        assert_eq!(s.desk_posts(&path, &[]).status, 422);
    }),
    told(&["POST /cases/{case}/close"], "ending the case", |s| {
        let page = s.desk.get(&s.case.clone()).body;
        let outcome = quoted(&page, "name=\"outcome\" value=\"").next().expect("a choice").to_owned();
        let path = format!("{}/close", s.case);
        assert_eq!(s.desk_posts(&path, &[("outcome", &outcome)]).status, 303);
    }),
    told(&["POST /my/sign-out"], "signing out, and in again to read this", |s| {
        assert_eq!(s.own_posts("/my/sign-out", &[]).status, 303);
    }),
];

const SESSION: &str = "disclosures-session-01";

fn by_machine(scene: &mut Scene<'_>) {
    let answer = scene.machine.check(Some("disclosures"), &scene.question());
    let shown = &answer.body.results[0];
    assert!(shown.limit_consent.as_deref() == Some("1") && shown.name.chars().count() > 2);
}

fn by_folder(scene: &mut Scene<'_>) {
    put(&scene.server.data, "disclosures", &scene.question().xml("UTF-8"));
    assert_eq!(read_xml(&taken(&scene.server.data, "disclosures")).body.validity.as_deref(), Some("1"));
}

fn by_another_facility(scene: &mut Scene<'_>) {
    let question = Question { institution: "9910100032".into(), ..scene.question() };
    let answer = scene.server.machine_with("terminal-9910100032.pem").check(None, &question);
    assert_eq!(answer.body.validity.as_deref(), Some("1"));
}

fn typed(scene: &mut Scene<'_>) {
    scene.sits("receptionist");
    let (row, csrf) = (scene.patient.clone(), scene.csrf.clone());
    let fields = [
        ("csrf", csrf.as_str()),
        ("insurer", &row.insurer),
        ("symbol", &row.symbol),
        ("number", &row.number),
        ("branch", &row.branch),
        ("birth", &row.birth),
        ("limit", "1"),
        ("diseases", "1"),
    ];
    let reply = scene.desk.post("/reception/check", &fields);
    assert_eq!(reply.status, 303);
    reply.header("location").clone_into(&mut scene.decision);
}

fn looks_at_list(scene: &mut Scene<'_>) {
    scene.sits("receptionist");
    assert_eq!(scene.desk.get("/reception").status, 200);
}

fn by_hand(scene: &Scene<'_>) -> ByHand {
    ByHand::new(scene.home, scene.server, &scene.patient.card_file)
}

fn tap(scene: &Scene<'_>, agreed: &[&str], enrol: bool) -> Tapped {
    let (card, pin) = (scene.patient.id.as_str(), Some(scene.patient.pin.as_str()));
    scene.server.tap(&TapAsk { card, pin, agreed, enrol, ..TapAsk::default() })
}

fn ends_as(tapped: &Tapped, field: &str, wanted: &str) {
    assert_eq!(tapped.text(field), wanted, "{}", tapped.said);
}

fn proof_used_twice(scene: &mut Scene<'_>) {
    let card = by_hand(scene);
    let proof = card.proof(SESSION);
    assert_eq!(card.tap(SESSION, &proof, "first")["state"], "done");
    assert_eq!(card.tap(SESSION, &proof, "second")["code"], "cards.nonce-used");
}

/// The card proves itself and is suspended before the questions are answered.
fn pass_of_suspended(scene: &mut Scene<'_>) {
    let card = by_hand(scene);
    let proof = card.proof(SESSION);
    let asked = card.ask("asks", &serde_json::json!({ "session": SESSION, "proof": proof }));
    assert_eq!(asked["state"], "ask");
    assert_eq!(scene.own_posts("/my/lost", &[]).status, 303);
    let answers = serde_json::json!({ "agreed": ["drugs"] });
    let gone_on = serde_json::json!({ "session": SESSION, "pass": asked["pass"], "answers": answers });
    assert_eq!(card.ask("answers", &gone_on)["code"], "cards.on-hold");
    assert_eq!(scene.own_posts("/my/lost/lift", &[]).status, 303);
}

fn own_page(scene: &mut Scene<'_>, path: &str) {
    assert_eq!(scene.own.get(path).status, 200, "{path}");
}

/// The page of the person's first coverage.
fn coverage_of(scene: &mut Scene<'_>) -> String {
    let page = scene.own.get("/my").body;
    let path = quoted(&page, "href=\"").find(|to| to.starts_with("/my/coverages/")).expect("a coverage");
    path.to_owned()
}

fn identify(scene: &mut Scene<'_>, postcode: &str, house: &str) -> Reply {
    let [kana, birth, _, _] = scene.answers.clone();
    scene
        .desk_posts("/calls", &[("kana", &kana), ("birth", &birth), ("postcode", postcode), ("house", house)])
}

fn hold_and_lift(scene: &mut Scene<'_>) {
    let path = format!("{}/hold", scene.call);
    assert_eq!(scene.desk_posts(&path, &[]).status, 303);
    let [_, _, postcode, address] = scene.answers.clone();
    let reply = identify(scene, &postcode, &address);
    assert_eq!(reply.status, 303);
    let path = format!("{}/lift", reply.header("location"));
    let day = day(0).stamp8();
    assert_eq!(scene.desk_posts(&path, &[("held_on", &day)]).status, 303);
}
