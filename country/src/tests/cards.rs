//! Cards of the country: every file opens, every certificate is what its row says, and Shikaku hears of each once.
//!
//! Always holds: one seed; days are tried at which rows move.
//! Not here: what a tap ends with (the end-to-end tests), the story's own arithmetic (`chain`).

use super::*;
use ::cards::rules::{Known, Serial, State};
use base::Instant;
use card::{Card, Pin, PinOutcome, Session, Tries};
use pki::{Anchors, Certificate, Crl, Grace, Hierarchy, Kind, Lists, Refused, Terms, Validity, judge};

const TERMS: Terms = Terms { soon_months: 3, grace: Grace::ToTheDay { months: 3 } };
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

fn stories(seed: u64, today: Date) -> Vec<(Patient, CardStory)> {
    let with_story = |patient: Patient| card(seed, today, &patient).map(|story| (patient, story));
    patients(seed, today).into_iter().filter_map(with_story).collect()
}

fn trusted() -> Anchors {
    let read = |der: Vec<u8>| Certificate::parse(&der).unwrap();
    Anchors::new(Hierarchy::Test, anchors().into_iter().map(read)).unwrap()
}

/// How a certificate stands, by anchors and lists.
fn verdict(certificate: &Certificate, at: Instant, anchors: &Anchors, lists: &Lists) -> String {
    let validity = match anchors.check(Kind::Authentication, certificate, at, &TERMS) {
        Ok(validity) => validity,
        Err(Refused::Expired { .. }) => return "expired".into(),
        Err(other) => return format!("{other:?}"),
    };
    match judge(lists.report(certificate, at), at, DAY_MS) {
        Err(Refused::OnHold { .. }) => "on hold".into(),
        Err(Refused::Revoked { reason, .. }) => format!("revoked {reason:?}"),
        Err(other) => format!("{other:?}"),
        Ok(()) => match validity {
            Validity::Valid => "valid".into(),
            Validity::ExpiresSoon { .. } => "expires soon".into(),
            Validity::InGrace { .. } => "in grace".into(),
        },
    }
}

fn expected(state: CardState) -> &'static str {
    match state {
        CardState::NearExpiry => "expires soon",
        CardState::Grace => "in grace",
        CardState::Expired => "expired",
        CardState::OnHold => "on hold",
        CardState::Revoked => "revoked KeyCompromise",
        CardState::Superseded => "revoked Superseded",
        _ => "valid",
    }
}

/// Every card of a day is looked at, at the first and the last millisecond of the day.
fn look_at_all(today: Date) -> usize {
    let anchors = trusted();
    let all = stories(SEED, today);
    for at in [today.begins(), today.plus_days(1).begins().plus_ms(-1)] {
        let mut known = Lists::new();
        for list in lists(at, all.iter().map(|(_, story)| story)) {
            known.add(Crl::parse(&list).unwrap(), &anchors).unwrap();
        }
        for (patient, story) in &all {
            let issued = story.issue().unwrap();
            let certificate = Certificate::parse(&issued.certificate).unwrap();
            let died = patient.id.starts_with("P026");
            let expected = if died { "revoked CessationOfOperation" } else { expected(story.state) };
            assert_eq!(verdict(&certificate, at, &anchors, &known), expected, "{} on {today}", patient.id);
            assert_eq!(certificate.serial().as_bytes(), story.serial());
            assert_eq!((certificate.not_before(), certificate.not_after()), story.validity());
            assert_eq!(certificate.not_after().stamp14()[8..], *"235959", "{}", patient.id);
        }
    }
    all.len()
}

#[test]
fn s1_r1_certificates_are_the_authoritys_and_stand_as_their_rows_say() {
    assert_eq!(look_at_all(today()), 71 - 2);
}

#[test]
fn certificates_stand_so_on_later_days_too() {
    // Forty days on, ends of months, the turn of the school year, and some years on.
    for day in [today().plus_days(40), day("20270228"), day("20270401"), day("20310131")] {
        look_at_all(day);
    }
}

#[test]
fn s17_r1_every_card_file_opens_and_signs_with_its_pin() {
    let message = b"what a reader asks a card to sign";
    for (patient, story) in stories(SEED, today()) {
        let issued = story.issue().unwrap();
        let mut card = Card::read(&issued.file).unwrap();
        assert!(story.is_in(&issued.file));
        assert_eq!(*card.write(), *issued.file, "{}", patient.id);
        assert_eq!((card.label(), card.kind().word()), (patient.id.as_str(), kind(&story)));
        assert_eq!(card.signing_certificate().is_some(), has_signing(&story), "{}", patient.id);
        assert!(!card.note_ja().is_empty() && !card.note_en().is_empty(), "{}", patient.id);
        let mut reader = Session::open(|apdu| card.transmit(apdu)).unwrap();
        let certificate = Certificate::parse(&reader.authentication_certificate().unwrap()).unwrap();
        assert_eq!(certificate.der(), issued.certificate);
        match story.state {
            CardState::PinLess => reader.admit_by_eye().unwrap(),
            CardState::Blocked => {
                assert!(matches!(reader.tries_left(), Ok(Tries::Blocked)));
                continue;
            }
            _ => {
                let pin = Pin::new(&patient.pin).unwrap();
                assert!(matches!(reader.verify_pin(&pin), Ok(PinOutcome::Right)), "{}", patient.id);
            }
        }
        let signature = reader.sign_message(certificate.der(), message).unwrap();
        assert!(certificate.verify(message, &signature), "{}", patient.id);
    }
}

fn kind(story: &CardStory) -> &'static str {
    match story.state {
        CardState::Child => "child",
        CardState::PinLess => "pin-less",
        _ => "card",
    }
}

fn has_signing(story: &CardStory) -> bool {
    !matches!(story.state, CardState::Child | CardState::PinLess | CardState::NextGeneration)
}

#[test]
fn signing_certificates_are_the_authoritys_and_for_signing_only() {
    let (anchors, at) = (trusted(), today().begins());
    let mut seen = 0;
    for (patient, story) in stories(SEED, today()) {
        let card = Card::read(&story.issue().unwrap().file).unwrap();
        let Some(der) = card.signing_certificate() else { continue };
        let certificate = Certificate::parse(der).unwrap();
        assert_eq!(anchors.check(Kind::Authentication, &certificate, at, &TERMS), Err(Refused::WrongKind));
        let standing = anchors.check(Kind::Signing, &certificate, at, &TERMS);
        let is_over = matches!(story.state, CardState::Expired);
        assert_eq!(standing.is_err(), is_over, "{}: {standing:?}", patient.id);
        seen += 1;
    }
    assert!(seen > 50);
}

#[test]
fn the_same_seed_and_day_give_the_same_bytes() {
    let files = |seed| -> Vec<(String, String)> {
        let all = stories(seed, today()).into_iter();
        // ECDSA draws a number for each signature.
        let rsa = all.filter(|(_, story)| story.state != CardState::NextGeneration);
        rsa.map(|(patient, story)| (patient.id, story.issue().unwrap().file.to_string())).collect()
    };
    let first = files(SEED);
    assert!(first == files(SEED));
    assert!(files(SEED + 1).iter().zip(&first).all(|(other, one)| other != one));
}

#[test]
fn a_card_stays_what_it_is_until_its_story_moves() {
    let (now, then) = (stories(SEED, today()), stories(SEED, today().plus_days(9)));
    let moved: Vec<_> = now
        .iter()
        .zip(&then)
        .filter(|((_, one), (_, other))| one.serial() != other.serial())
        .map(|((patient, _), _)| patient.id.as_str())
        .collect();
    assert_eq!(moved, [""; 0]);
    // A month later those whose birthdays are counted from today have new cards, and who renewed in time.
    let then = stories(SEED, today().plus_days(30));
    let moved: Vec<_> = now
        .iter()
        .zip(&then)
        .filter(|((_, one), (_, other))| one.serial() != other.serial())
        .map(|((patient, _), _)| patient.id.as_str())
        .collect();
    expect![[r#"
        P042-self-defence-forces
        P058-card-near-expiry
        P059-card-in-grace"#]]
    .assert_eq(&moved.join("\n"));
    let pins = |all: &[(Patient, CardStory)]| all.iter().map(|(p, _)| p.pin.clone()).collect::<Vec<_>>();
    assert_eq!(pins(&now), pins(&then));
}

#[test]
fn nobody_shares_a_serial_and_keys_come_from_the_pool() {
    for seed in 1..=20 {
        let all = stories(seed, today());
        let given: Vec<_> = all.iter().flat_map(|(_, story)| &story.certificates).collect();
        let serials: BTreeSet<[u8; 4]> = given.iter().map(|certificate| certificate.serial).collect();
        assert_eq!(serials.len(), given.len(), "seed {seed}");
        assert!(serials.iter().all(|serial| (1..128).contains(&serial[0])));
    }
    let keys = include_str!("../../keys/test-keys.pem");
    let pool = pki::authority::pool(keys);
    let mut used = BTreeSet::new();
    for (patient, story) in stories(SEED, today()) {
        let leaf = crate::authority::leaf(story.given().generation, story.given().key);
        let (name, _) = pool.iter().find(|(_, pkcs8)| pkcs8[..] == leaf.pkcs8[..]).unwrap();
        let is_next = story.state == CardState::NextGeneration;
        assert_eq!(name.starts_with("leaf-p384-"), is_next, "{}", patient.id);
        used.insert(*name);
    }
    assert!(used.len() > 12, "{used:?}");
}

#[test]
fn s1_r4_a_certificate_tells_nothing_of_its_person() {
    for (patient, story) in stories(SEED, today()) {
        let issued = story.issue().unwrap();
        let has = |text: &str| issued.certificate.windows(text.len()).any(|bytes| bytes == text.as_bytes());
        assert!(has("Midori-shi CRLDP") && has("99001"), "{}", patient.id);
        let who = &patient.residents[0].attributes;
        let family = who.name.written.split('　').next().unwrap();
        assert!(!has(family) && !has(&who.birth.stamp8()) && !has(patient.residents[0].number.reveal()));
        assert!(!has("O=JPKI") && has("JPKI-TEST"));
    }
}

#[test]
fn the_columns_say_how_a_tap_ends() {
    for patient in patients(SEED, today()) {
        let Some(state) = patient.card_state else {
            assert!(
                patient.pin.is_empty() && patient.card_file.is_empty() && patient.card_outcome.is_empty()
            );
            continue;
        };
        assert_eq!(patient.card_file, format!("cards/{}.card", patient.id));
        let digits = patient.pin.len() == 4 && patient.pin.bytes().all(|byte| byte.is_ascii_digit());
        assert_eq!(digits, state != CardState::PinLess, "{}", patient.id);
        let is_word = !patient.card_outcome.contains('.') && !patient.card_outcome.starts_with("SKT");
        let has_validity =
            is_word && !["undetermined", "not-enrolled"].contains(&patient.card_outcome.as_str());
        assert_eq!(patient.card_validity.is_empty(), !has_validity, "{}", patient.id);
    }
    let pins: BTreeSet<String> = patients(SEED, today()).into_iter().map(|patient| patient.pin).collect();
    assert!(pins.len() > 60, "nearly everybody has another PIN");
}

#[test]
fn refusals_that_rows_expect_exist() {
    for code in [outcomes::EXPIRED, outcomes::REVOKED, outcomes::ON_HOLD, outcomes::UNKNOWN] {
        assert!(::cards::refusals::ALL.iter().any(|help| help.code == code), "{code}");
    }
}

/// Where a tap and the question end differently; the end-to-end tests prove it.
#[test]
fn taps_that_end_otherwise_than_the_question() {
    let said: Vec<String> = patients(SEED, today())
        .iter()
        .filter(|patient| patient.card_state.is_some() && patient.card_outcome != patient.outcome)
        .map(|patient| {
            let state = patient.card_state.map_or("", CardState::word);
            format!("{} {state}: {} not {}", patient.id, patient.card_outcome, patient.outcome)
        })
        .collect();
    expect![[r#"
        P025-lost-new-known valid: valid not invalid-new-known
        P026-lost-by-death revoked: cards.revoked not invalid
        P027-lost-to-public-assistance valid: valid not invalid-new-known
        P033-wrong-birth-date valid: valid not none
        P039-held-back-mislink valid: none not undetermined
        P060-card-expired expired: cards.expired not valid
        P061-card-on-hold on-hold: cards.on-hold not valid
        P062-card-revoked revoked: cards.revoked not valid
        P063-card-pin-blocked blocked: SKT05002E not valid
        P065-card-superseded superseded: cards.revoked not valid
        P068-card-not-enrolled not-enrolled: not-enrolled not valid
        P070-card-unknown unknown: cards.unknown-card not valid"#]]
    .assert_eq(&said.join("\n"));
}

/// Settles everybody and their cards, as `app` does, and looks at what is known.
fn settle_cards(store: &Store, today: Date) -> usize {
    settle_all(store, today);
    let ids = store::testing::seeded_ids(today.as_number() << 33);
    let cx = Cx::new(today.begins(), Actor::System, Purpose::Registration, ids.as_ref());
    let mut told = 0;
    for (patient, story) in stories(SEED, today) {
        let was_settled = store.look(|tx| is_card_settled(tx, &story)).unwrap();
        let recorded = store.change(|tx| settle_card(tx, &cx, &story)).unwrap();
        assert_eq!(recorded, !was_settled, "{}", patient.id);
        assert!(store.look(|tx| is_card_settled(tx, &story)).unwrap());
        told += usize::from(recorded);
    }
    told
}

fn known(store: &Store, story: &CardStory) -> Option<Known> {
    store.look(|tx| ::cards::find(tx, &Serial::new(&story.serial()).unwrap())).unwrap()
}

fn is_enrolled(store: &Store, story: &CardStory) -> bool {
    store.look(|tx| enrolment::get(tx, story.person)).unwrap().is_some()
}

#[test]
fn s1_r11_shikaku_hears_of_every_card_once_and_how_it_stands() {
    each_database("country_cards", |store| {
        let all = stories(SEED, today());
        // P070's certificate is told to nobody.
        assert_eq!(settle_cards(store, today()), all.len() - 1);
        assert_eq!(settle_cards(store, today()), 0);
        for (patient, story) in &all {
            let found = known(store, story);
            assert_eq!(found.is_some(), story.state != CardState::Unknown, "{}", patient.id);
            let Some(found) = found else { continue };
            assert_eq!(found.person, patient.residents[0].id);
            assert_eq!((found.valid_from, found.valid_until), story.validity());
            let stands = match found.state {
                State::Live => "live",
                State::Held { .. } => "held",
                State::Revoked { .. } => "revoked",
            };
            let expected = match story.state {
                CardState::OnHold => "held",
                CardState::Revoked | CardState::Superseded => "revoked",
                _ => "live",
            };
            assert_eq!(stands, expected, "{}", patient.id);
            assert_eq!(found.succeeds.is_some(), story.given > 0, "{}", patient.id);
            assert!(story.given > 0 || story.state != CardState::Renewed);
            assert_eq!(is_enrolled(store, story), story.state != CardState::NotEnrolled, "{}", patient.id);
        }
    });
}

#[test]
fn s2_r1_later_days_add_certificates_and_the_enrolment_stays() {
    each_database("country_cards_later", |store| {
        let before = stories(SEED, today());
        settle_cards(store, today());
        let ids = store::testing::seeded_ids(5);
        let moving = |all: &[(Patient, CardStory)]| {
            let (_, story) = all.iter().find(|(patient, _)| patient.id.starts_with("P058")).unwrap();
            (known(store, story), story.person)
        };
        // Who gives up the enrolment and who lifts a hold is not overruled by the next start.
        let held = before.iter().find(|(_, story)| story.state == CardState::OnHold).unwrap();
        let (_, person) = moving(&before);
        let own = |person: Id<kinds::Person>| {
            let actor = Actor::Person { person: person.raw() };
            Cx::new(today().begins(), actor, Purpose::OwnRecord, ids.as_ref())
        };
        store.change(|tx| enrolment::cancel(tx, &own(person), person)).unwrap().unwrap();
        let (whose, channel) = (held.1.person, ::cards::rules::Channel::Portal);
        store.change(|tx| ::cards::lift(tx, &own(whose), whose, channel)).unwrap().unwrap();

        for days in [40, 160, 800] {
            let later = today().plus_days(days);
            assert!(settle_cards(store, later) > 0);
            assert_eq!(settle_cards(store, later), 0);
            let now = stories(SEED, later);
            for (patient, story) in now.iter().filter(|(_, story)| story.state == CardState::Valid) {
                let newest = known(store, story).unwrap();
                assert!(newest.state == State::Live && newest.person == story.person, "{}", patient.id);
                let all = store.look(|tx| ::cards::list(tx, story.person)).unwrap();
                let live = all.iter().filter(|known| known.state == State::Live).count();
                assert_eq!(live, 1, "{}", patient.id);
                assert!(is_enrolled(store, story), "{}", patient.id);
            }
            let (newest, person) = moving(&now);
            assert_eq!(newest.unwrap().state, State::Live);
            assert!(store.look(|tx| enrolment::get(tx, person)).unwrap().is_none());
            let (_, lifted) = now.iter().find(|(_, story)| story.state == CardState::OnHold).unwrap();
            let is_same = lifted.serial() == held.1.serial();
            assert_eq!(
                known(store, lifted).unwrap().state == State::Live,
                is_same,
                "a new card is held anew"
            );
        }
        // The cards of the first day are those of one person each still; what moved on was revoked.
        for (patient, story) in &before {
            let now = known(store, story).map(|known| known.person);
            assert!(now.is_none_or(|person| person == story.person), "{}", patient.id);
        }
    });
}

/// One row of a vendor's file, as it says at one start after another.
#[test]
fn s1_r11_a_row_that_says_another_state_gives_a_card_that_is_so() {
    each_database("country_cards_edited", |store| {
        let mut kept = Kept::default();
        let start = |kept: &mut Kept, number: usize, state: &str| {
            let head = "id,insurer_number,number,birth_date,card_state";
            let (mut read, problems) = own(&format!("{head}\nmine,06990010,1,19800401,{state}\n"));
            assert_eq!(problems, []);
            settle_at_once(store, today(), &read);
            kept.due(&mut read);
            let story = card(SEED, today(), &read[0]).unwrap();
            let ids = store::testing::seeded_ids(1 << (40 + number));
            let cx = Cx::new(today().begins(), Actor::System, Purpose::Registration, ids.as_ref());
            let was_settled = store.look(|tx| is_card_settled(tx, &story)).unwrap();
            assert_eq!(store.change(|tx| settle_card(tx, &cx, &story)).unwrap(), !was_settled);
            kept.made(&story);
            let all = store.look(|tx| ::cards::list(tx, story.person)).unwrap();
            let live = all.iter().filter(|known| known.state == State::Live).count();
            let stands = match known(store, &story).map(|known| known.state) {
                None => "unknown",
                Some(State::Live) => "live",
                Some(State::Held { .. }) => "held",
                Some(State::Revoked { .. }) => "revoked",
            };
            let enrolled = if is_enrolled(store, &story) { "enrolled" } else { "not enrolled" };
            format!(
                "{state}: {stands}, {live} live, {enrolled}, {}",
                if was_settled { "known" } else { "told" }
            )
        };
        let states =
            ["not-enrolled", "valid", "valid", "on-hold", "valid", "revoked", "grace", "valid", "unknown"];
        let said: Vec<String> =
            states.iter().enumerate().map(|(number, state)| start(&mut kept, number, state)).collect();
        expect![[r#"
            not-enrolled: live, 1 live, not enrolled, told
            valid: live, 1 live, enrolled, told
            valid: live, 1 live, enrolled, known
            on-hold: held, 0 live, enrolled, told
            valid: live, 1 live, enrolled, told
            revoked: revoked, 0 live, enrolled, told
            grace: live, 1 live, enrolled, told
            valid: live, 1 live, enrolled, told
            unknown: unknown, 1 live, enrolled, known"#]]
        .assert_eq(&said.join("\n"));
    });
}

const OWN_CARDS: &str = "id,outcome,insurer_number,number,birth_date,pin,card_state,card_outcome,card_validity,\
    card_file,name,note\n\
    with-pin,valid,06990010,1,19800401,0427,,,,../elsewhere,検査　花,日本語 / English\n\
    a_plain,,06990010,2,19800401,,on-hold,,,,,\n\
    newborn,valid,06990010,3,-1d,,,,,,,\n\
    unborn,valid,06990010,4,+9d,,,,,,,\n\
    unknown-day,valid,06990010,5,19450600,,,,,,,\n\
    mine,mine,06990010,6,19800229,,,valid,1,,\"line\none\",\"a\nb\"\n\
    asks,none,06990010,7,19800401,,valid,,,,,\n";

#[test]
fn a_vendors_patients_have_cards_too() {
    let (read, problems) = own(OWN_CARDS);
    assert_eq!(problems, []);
    let said: Vec<String> = read
        .iter()
        .map(|patient| {
            let state = patient.card_state.map_or("", CardState::word);
            let pin = if patient.pin == "0427" { "given" } else { &patient.pin.len().to_string() };
            let (file, outcome) = (&patient.card_file, &patient.card_outcome);
            format!("{}: {state}|{pin}|{file}|{outcome}|{}|", patient.id, patient.card_validity)
        })
        .collect();
    expect![[r#"
        with-pin: valid|given|cards/with-pin.card|valid||
        a_plain: on-hold|4|cards/a_plain.card|cards.on-hold||
        newborn: child|4|cards/newborn.card|valid||
        unborn: |0||||
        unknown-day: valid|4|cards/unknown-day.card|valid||
        mine: valid|4|cards/mine.card|valid|1|
        asks: |0||||"#]]
    .assert_eq(&said.join("\n"));
    for patient in read.iter().filter(|patient| patient.card_state.is_some()) {
        let story = card(SEED, today(), patient).unwrap();
        let file = story.issue().unwrap().file;
        let card = Card::read(&file).unwrap();
        assert!(story.is_in(&file) && !story.is_in("") && card.tries_left() == 3);
        assert_eq!(card.label(), patient.id.replace('_', "-"));
    }
    let others = card(SEED, today(), &read[0]).unwrap().issue().unwrap().file;
    assert!(!card(SEED, today(), &read[1]).unwrap().is_in(&others));
}

#[test]
fn bad_pins_and_states_of_a_vendor_are_problems() {
    let (read, problems) = own("id,insurer_number,number,birth_date,pin,card_state,card_validity\n\
        short,06990010,1,19800401,427,,\n\
        letters,06990010,2,19800401,12a4,lost,7\n\
        same_id,06990010,3,19800401,,,\n\
        Same-ID,06990010,4,19800401,,,\n");
    assert_eq!(read.len(), 1);
    let said: Vec<_> =
        problems.iter().map(|problem| format!("{}: {}", problem.place, problem.what)).collect();
    expect![[r#"
        line 2, pin: four digits, or empty; spreadsheets drop leading zeros
        line 3, pin: four digits, or empty; spreadsheets drop leading zeros
        line 3, card_state: one of valid, near-expiry, grace, expired, on-hold, revoked, blocked, renewed, superseded, child, pin-less, not-enrolled, no-coverage, unknown, next-generation, or empty
        line 3, card_validity: one of [1, 2, 3, 4, 5, 6], or empty
        line 5, id: used by an earlier row; small letters and capitals, - and _ count as the same"#]].assert_eq(&said.join("\n"));
}
