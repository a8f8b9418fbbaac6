//! Cards on the reader of a running demo: every row of `test-patients.csv` as it says, today and in forty days; the face
//! file's shape; enrolment, consents, suspended cards, the clinic's own numbers; states asked of lists that grow old;
//! test cards before a server that accepts real ones only.
//!
//! Not here: the kiosk's pages (the browser tests and `terminal`'s own), every way a certificate can be wrong (`pki`).
//! Rules come from: docs/rules.md S1 r1, r5, r6, r8, r11; S2 r1, r3; the reference on OQS, sections 4.3, 4.5, 4.6, 6.1.

use crate::{by_card::*, desk::*, patients::in_order};
use formats::{
    oqs::CheckResponse,
    xml::{self, Limits},
};
use std::{collections::BTreeSet, fs, path::PathBuf};

/// Whether a tap ended as the column `card_outcome` says: in an outcome's word, or with a code of the server's or the
/// terminal's.
fn ended_as(tapped: &Tapped, wanted: &str) -> bool {
    match tapped.text("state") {
        "enrol" => wanted == "not-enrolled",
        "done" => wanted == tapped.text("outcome"),
        _ => wanted == tapped.text("code") || wanted == tapped.text("oqs"),
    }
}

/// Everything that a face file is held to, and the message in it.
fn face_of(server: &Server, tapped: &Tapped) -> CheckResponse {
    let (path, bytes) = tapped.face.as_ref().expect("a face file");
    let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
    let rest = name
        .strip_prefix("OQSsiquc01res_face_")
        .and_then(|rest| rest.strip_prefix(&server.institution()))
        .and_then(|rest| rest.strip_suffix(".xml"))
        .expect("the name's pattern");
    let (mark, stamp) = rest.split_once('_').expect("mark and stamp");
    assert!(mark.len() == 20 && mark.bytes().all(|b| b.is_ascii_alphanumeric()), "{name}");
    assert!(stamp.len() == 14 && stamp.bytes().all(|b| b.is_ascii_digit()), "{name}");
    in_order(&xml::parse(bytes, &Limits::default()).expect("XML").0);
    let answer = read_xml(bytes);
    assert_eq!(answer.header.reference_class, "1", "by card");
    assert_eq!(answer.header.institution, server.institution());
    assert!(answer.header.file_identifier.as_deref().is_some_and(|mark| mark.ends_with('=')));
    assert!(answer.body.search.is_none(), "nobody asked by number");
    answer
}

/// Taps every card; gives how many taps left a face file.
fn all_cards(server: &Server, today: &str) -> usize {
    let mut files: Vec<PathBuf> = Vec::new();
    for row in rows(&server.data).iter().filter(|row| !row.card_file.is_empty()) {
        assert!(server.data.join(&row.card_file).is_file(), "{}", row.id);
        let pin = Some(row.pin.as_str()).filter(|pin| !pin.is_empty());
        let ask =
            TapAsk { card: &row.id, pin, agreed: &["drugs", "checkups"], limit: true, ..TapAsk::default() };
        let tapped = server.tap(&ask);
        let as_said = ended_as(&tapped, &row.card_outcome);
        assert!(as_said, "{} on {today}, wanted {}: {}", row.id, row.card_outcome, tapped.said);
        let is_done = tapped.text("state") == "done";
        assert_eq!(tapped.face.is_some(), is_done, "{}", row.id);
        if !is_done {
            continue;
        }
        let answer = face_of(server, &tapped);
        assert_eq!(answer.body.validity.as_deref().unwrap_or_default(), row.card_validity, "{}", row.id);
        let insured = answer.body.results.iter().find(|row| row.card_class != "A1");
        let flag = |stem: &str| {
            let all = insured.map(|row| row.consents.as_slice()).unwrap_or_default();
            all.iter().find(|consent| consent.kind == stem).and_then(|consent| consent.flag.clone())
        };
        // Whoever is insured by an insurer whose people may be viewed was asked, and said yes to these two.
        let may = row.card_outcome == "valid"
            && insured.is_some()
            && !row.id.contains("self-defence")
            && row.card_state != "grace";
        for stem in ["PharmacistsInfo", "SpecificHealthCheckupsInfo"] {
            assert_eq!(flag(stem).as_deref(), may.then_some("1"), "{} {stem}", row.id);
        }
        assert_eq!(flag("OperationInfo").as_deref(), may.then_some("0"), "{}", row.id);
        let limits = may || row.id.contains("self-defence");
        if let Some(shown) = insured {
            assert_eq!(shown.limit_consent.as_deref(), Some(if limits { "1" } else { "0" }), "{}", row.id);
        }
        files.push(tapped.face.expect("a face file").0);
    }
    xmllint(&files);
    files.iter().for_each(|file| fs::remove_file(file).expect("taken away"));
    assert_eq!(names(&server.data.join("OQS/face")), BTreeSet::new());
    files.len()
}

#[test]
fn s1_r1_every_card_ends_as_its_row_says_today_and_in_forty_days() {
    let home = Home::new();
    let data = home.data();
    let mut counts = Vec::new();
    for days in [0, 40] {
        let settings = home.settings(&format!("[demo]\nclock_offset_s = {}\n", days * 86_400));
        let server = home.demo(&data, Some(&settings), &[]);
        let rows = rows(&data);
        let states: BTreeSet<&str> = rows.iter().map(|row| row.card_state.as_str()).collect();
        assert!(states.len() >= 15, "every state of a card has its row: {states:?}");
        counts.push(all_cards(&server, &day(days).to_string()));
        home.stop(server, Some(&settings));
    }
    assert!(counts.iter().all(|count| *count > 50), "{counts:?}");
}

#[test]
fn f_browser_and_reader_make_the_same_code_of_a_sign_in() {
    let texts = (0..2_000).map(|n| format!("{n}-{}.nonce_{}", "x".repeat(n % 70), n * n));
    for text in texts.chain([String::new(), "試験".to_owned()]) {
        assert_eq!(portal::rules::matching_code(&text), terminal::kiosk::matching_code(&text), "{text}");
    }
}

/// The PIN of a patient's card.
fn pin(server: &Server, id: &str) -> String {
    rows(&server.data).into_iter().find(|row| row.id.starts_with(id)).expect("the row").pin
}

#[test]
fn s2_r1_somebody_enrols_at_the_reader_once_and_a_new_number_comes_with_the_face_file() {
    let home = Home::new();
    let data = home.data();
    let server = home.demo(&data, None, &[]);
    let pin = pin(&server, "P068");
    let ask = TapAsk { card: "P068", pin: Some(&pin), ..TapAsk::default() };
    assert_eq!(server.tap(&ask).text("state"), "enrol");
    let enrolled = server.tap(&TapAsk { enrol: true, ..ask.clone() });
    assert_eq!((enrolled.text("state"), enrolled.text("outcome")), ("done", "valid"), "{}", enrolled.said);
    let again = server.tap(&ask);
    assert_eq!(again.text("state"), "done");
    let face = face_of(&server, &again);
    let shown = &face.body.results[0];
    assert_eq!(shown.reference_number, None);
    // The clinic registers its own number through the folder, and the next card brings it along.
    let numbers = Question {
        insurer: shown.insurer_number.clone(),
        symbol: shown.symbol.clone().unwrap_or_default(),
        number: shown.number.clone().unwrap_or_default(),
        branch: shown.branch.clone().unwrap_or_default(),
        ..Question::default()
    };
    let answer = register_reference(&server, "x", "KARTE-68", &numbers);
    assert!(answer.contains("<ProcessingResultStatus>1</ProcessingResultStatus>"), "{answer}");
    let face = face_of(&server, &server.tap(&ask));
    assert_eq!(face.body.results[0].reference_number.as_deref(), Some("KARTE-68"));
    home.stop(server, None);
    // It outlives a restart.
    let server = home.demo(&data, None, &[]);
    assert_eq!(server.tap(&ask).text("state"), "done");
    home.stop(server, None);
}

#[test]
fn s17_r1_three_wrong_pins_block_a_card_over_restarts_until_it_is_issued_anew() {
    let home = Home::new();
    let data = home.data();
    let server = home.demo(&data, None, &[]);
    let right = pin(&server, "P010");
    let wrong = if right == "0000" { "0001" } else { "0000" };
    let wrongly = TapAsk { card: "P010", pin: Some(wrong), ..TapAsk::default() };
    let rightly = TapAsk { pin: Some(&right), ..wrongly.clone() };
    let first = server.tap(&wrongly);
    assert_eq!(first.text("state"), "refused");
    let said = server.tap(&wrongly).said.to_string();
    assert!(said.contains('1') && !said.contains(wrong), "tries left are told, the PIN is not: {said}");
    home.stop(server, None);
    let server = home.demo(&data, None, &[]);
    let third = server.tap(&wrongly);
    let after = server.tap(&rightly);
    assert_eq!(after.text("oqs"), "SKT05002E", "{} then {}", third.said, after.said);
    assert!(after.face.is_none());
    let args = ["card", "issue", "--data"].map(std::ffi::OsStr::new);
    let issued = home.run(&[args.as_slice(), &[data.as_os_str(), "P010".as_ref()]].concat());
    assert_eq!(issued.code, Some(0), "{}", issued.err);
    assert_eq!(server.tap(&rightly).text("state"), "done");
    // The same by the command that a vendor's test calls, whose exit code tells.
    let args =
        ["card", "tap", "P010", "--consent", "drugs", "--pin", &right, "--data"].map(std::ffi::OsStr::new);
    let tapped = home.run(&[args.as_slice(), &[data.as_os_str()]].concat());
    assert_eq!(tapped.code, Some(0), "{}{}", tapped.out, tapped.err);
    let args = ["card", "tap", "P010", "--pin", wrong, "--data"].map(std::ffi::OsStr::new);
    let tapped = home.run(&[args.as_slice(), &[data.as_os_str()]].concat());
    assert_eq!(tapped.code, Some(1), "{}", tapped.out);
    let args = ["card", "show", "P010", "--data"].map(std::ffi::OsStr::new);
    let shown = home.run(&[args.as_slice(), &[data.as_os_str()]].concat());
    assert!(shown.out.contains("PIN tries    2 left"), "{}", shown.out);
    home.stop(server, None);
}

const SESSION: &str = "by-hand-session-0001";

#[test]
fn s1_r1_a_proof_made_by_openssl_is_taken_once_and_only_at_its_own_terminal() {
    let home = Home::new();
    let data = home.data();
    let server = home.demo(&data, None, &[]);
    let card = ByHand::new(&home, &server, "cards/P001-valid-employee.card");
    let proof = card.proof(SESSION);
    // Another clinic that operates today, by its own certificate.
    let stolen = ByHand::at(&home, &server, "cards/P001-valid-employee.card", "terminal-9910100032.pem");
    assert_eq!(stolen.tap(SESSION, &proof, "a")["code"], "cards.nonce-foreign");
    assert_eq!(card.tap("by-hand-session-0002", &proof, "b")["code"], "cards.nonce-foreign");
    let first = card.tap(SESSION, &proof, "c");
    assert_eq!(first["state"], "done", "{first}");
    let again = card.tap(SESSION, &proof, "c");
    assert_eq!(again["state"], "done", "a resent request is answered again");
    assert_eq!(card.tap(SESSION, &proof, "d")["code"], "cards.nonce-used");
    // Another card's certificate beside this card's signature.
    let mut swapped = card.proof(SESSION);
    swapped["certificate"] = ByHand::new(&home, &server, "cards/P010-municipal.card").certificate.into();
    assert_eq!(card.tap(SESSION, &swapped, "e")["code"], "cards.signature-wrong");
    // The signing key and certificate of the same card.
    let mut signing = card.proof(SESSION);
    signing["certificate"] =
        card_field(&data, "cards/P001-valid-employee.card", "sign", "certificate").into();
    assert_eq!(card.tap(SESSION, &signing, "f")["code"], "cards.not-an-authentication-certificate");
    home.stop(server, None);
}

#[test]
fn s1_r11_a_list_that_is_too_old_or_missing_is_could_not_be_determined() {
    let home = Home::new();
    let data = home.data();
    let server = home.demo(&data, None, &[]);
    let pin = pin(&server, "P001");
    let pin_held = self::pin(&server, "P061");
    home.stop(server, None);
    let lists = home.path("lists");
    fs::create_dir_all(&lists).expect("made");
    for entry in fs::read_dir(data.join("authority/lists")).expect("read") {
        let entry = entry.expect("an entry");
        fs::copy(entry.path(), lists.join(entry.file_name())).expect("copied");
    }
    let with = |more: &str| {
        let text = format!("[cards]\nstatus = \"lists\"\nlists = \"{}\"\n{more}", lists.display());
        home.settings(&text)
    };
    let ask = TapAsk { card: "P001", pin: Some(&pin), ..TapAsk::default() };
    let fresh = with("");
    let server = home.demo(&data, Some(&fresh), &[]);
    assert_eq!(server.tap(&ask).text("state"), "done");
    let held = server.tap(&TapAsk { card: "P061", pin: Some(&pin_held), ..TapAsk::default() });
    assert_eq!(held.text("code"), "cards.on-hold", "{}", held.said);
    home.stop(server, Some(&fresh));
    // A day later the lists are past their next update; with a small limit they are too old at once.
    let later = with("[demo]\nclock_offset_s = 90000\n");
    let strict = with("status_age_max_s = 1\n");
    for settings in [later, strict] {
        let server = home.demo(&data, Some(&settings), &[]);
        let told = until("lists older than a second", 10, || {
            let told = server.tap(&ask);
            (told.text("state") != "done").then_some(told)
        });
        assert_eq!(told.text("code"), "cards.status-unknown", "{}", told.said);
        home.stop(server, Some(&settings));
    }
    fs::remove_dir_all(&lists).expect("removed");
    fs::create_dir_all(&lists).expect("made");
    let none = with("");
    let server = home.demo(&data, Some(&none), &[]);
    assert_eq!(server.tap(&ask).text("code"), "cards.status-unknown");
    home.stop(server, Some(&none));
}
