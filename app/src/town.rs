//! Townsfolk (まちの人) of the demo: while it runs, somebody of the invented nation comes to one of its clinics now and
//! then, shows papers or a card, and is checked as everybody is; some go on to the pharmacy.
//!
//! Always holds: they use the machines' door with the clinics' certificates and nothing else, so the log, the reception's
//! list and the people's own pages have them as they have any patient; of an answer only whether the card was refused is
//! looked at, since papers are shown then.
//! Not here: who they are (`country`); load (`simulation`).
//! Rules come from: issue 4, "the newcomer's demo feels like a living town".

use crate::rim;
use base::{Date, Error, Fault, IdSource, Result};
use country::nation::{
    Nation,
    dice::Dice,
    places,
    visitors::{Shown, Typed, Visitor},
};
use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};
use terminal::{
    Door, HttpDoor,
    kiosk::{Answers, Ground, HttpLine, Line, Next, Proof, Tap, Way},
};
use web::house::House;

/// A clinic to which people come.
pub struct Clinic {
    /// Its code.
    pub code: String,
    /// Its line.
    pub line: terminal::Line,
    /// Whether people come to it with a prescription, after a doctor.
    pub is_pharmacy: bool,
}

/// The thread of the townsfolk.
pub struct Town {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

/// Of a hundred who come so many show the card, when they have one.
const BY_CARD: u64 = 60;
/// Of a hundred who see a doctor so many come to the clinic whose reception the newcomer has open.
const TO_FIRST: u64 = 75;
/// Of a hundred who saw a doctor so many go on to the pharmacy,
const TO_PHARMACY: u64 = 50;
/// where each comes when so many more have a prescription.
const PRESCRIPTIONS: usize = 2;
/// Of a hundred numbers that a desk types so many have a wrong digit, and are typed again.
const MISTYPED: u64 = 4;
/// Of a hundred questions of a reader so many are answered with yes.
const AGREED: u64 = 85;
/// So many wait at the door when the demo opens, and come at most so many milliseconds after one another.
const FIRST_VISITS: u32 = 6;
const FIRST_EVERY_MS: u64 = 1_200;
/// What a desk takes until it asks again.
const AGAIN_MS: u64 = 2_000;
/// Of the town's blocks so many have people who come.
const BLOCKS_MAX: u32 = 4;
const TICK: Duration = Duration::from_millis(50);

impl Town {
    /// Begins: somebody comes about every so many milliseconds.
    pub fn begin(nation: &Nation, house: House, clinics: Vec<Clinic>, every_ms: u64) -> Result<Option<Town>> {
        let day = house.now().date();
        let visitors = townsfolk(nation, day);
        if visitors.is_empty() || every_ms == 0 {
            return Ok(None);
        }
        let (mut doctors, mut pharmacies) = (Vec::new(), Vec::new());
        for clinic in clinics {
            let door =
                HttpDoor::new(&clinic.line).map_err(|e| Error::broken(format!("a clinic's line: {e}")))?;
            let door: Arc<dyn Door> = Arc::new(door);
            let kiosk = HttpLine::new(door.clone(), "http://localhost", clinic.line.timeout_ms);
            let desks = if clinic.is_pharmacy { &mut pharmacies } else { &mut doctors };
            desks.push(Desk { code: clinic.code, door, kiosk });
        }
        if doctors.is_empty() {
            return Ok(None);
        }
        let stop = Arc::new(AtomicBool::new(false));
        let told = stop.clone();
        let dice = Dice::new(nation.plan.seed, &[0x746f_776e, rim::wall_ms() as u64]);
        let prescriptions = VecDeque::new();
        let ids = rim::TimeIds::new();
        let mut walk = Walk { visitors, doctors, pharmacies, prescriptions, dice, ids, house, stop: told };
        let work = move || {
            for turn in 0_u32.. {
                let wait = if turn < FIRST_VISITS { every_ms.min(FIRST_EVERY_MS) } else { every_ms };
                walk.wait(wait);
                if walk.is_over() {
                    return;
                }
                walk.somebody_comes();
            }
        };
        let thread = std::thread::Builder::new()
            .name("town".into())
            .spawn(work)
            .map_err(|e| Fault::caused("no thread for the town", e))?;
        Ok(Some(Town { stop, thread }))
    }

    /// Ends it.
    pub fn end(self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.thread().unpark();
        let _ = self.thread.join();
    }
}

/// Those with papers who live in the town. Blocks of it have a few who live elsewhere, and they see doctors there.
fn townsfolk(nation: &Nation, day: Date) -> Vec<Visitor> {
    let blocks = 0..nation.plan.midori.min(nation.plan.blocks()).min(BLOCKS_MAX);
    let everybody = blocks.flat_map(|number| nation.block(number, day).visitors(&nation.institutions));
    everybody.filter(|visitor| visitor.municipality == places::midori()).collect()
}

struct Desk {
    code: String,
    door: Arc<dyn Door>,
    kiosk: HttpLine,
}

struct Walk {
    visitors: Vec<Visitor>,
    doctors: Vec<Desk>,
    pharmacies: Vec<Desk>,
    /// Who has a prescription, by place among the visitors.
    prescriptions: VecDeque<usize>,
    dice: Dice,
    ids: rim::TimeIds,
    house: House,
    stop: Arc<AtomicBool>,
}

impl Walk {
    fn is_over(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Waits from half to one and a half times as long as on average.
    fn wait(&mut self, every_ms: u64) {
        let mut left = Duration::from_millis(every_ms / 2 + self.dice.below(every_ms.max(1)));
        while !left.is_zero() && !self.is_over() {
            let turn = left.min(TICK);
            std::thread::park_timeout(turn);
            left = left.saturating_sub(turn);
        }
    }

    /// Somebody comes to a doctor, and somebody who was at one to the pharmacy.
    fn somebody_comes(&mut self) {
        let who = self.who();
        let doctor = match self.dice.percent(TO_FIRST) {
            true => 0,
            false => self.dice.below(self.doctors.len() as u64) as usize,
        };
        self.visit(who, false, doctor);
        if !self.pharmacies.is_empty() && self.dice.percent(TO_PHARMACY) {
            self.prescriptions.push_back(who);
        }
        if self.prescriptions.len() > PRESCRIPTIONS
            && let Some(who) = self.prescriptions.pop_front()
        {
            let pharmacy = self.dice.below(self.pharmacies.len() as u64) as usize;
            self.visit(who, true, pharmacy);
        }
    }

    /// Of two whom chance names the older one comes, mostly: so the waiting room is older than the town.
    fn who(&mut self) -> usize {
        let mut one = || self.dice.below(self.visitors.len() as u64) as usize;
        let (first, second) = (one(), one());
        let is_second_older = self.visitors[second].typed.birth < self.visitors[first].typed.birth;
        if is_second_older && self.dice.percent(70) { second } else { first }
    }

    /// A visit. One that fails is like a patient who turns round at the door.
    fn visit(&mut self, who: usize, is_pharmacy: bool, place: usize) {
        let shows_card = self.dice.percent(BY_CARD);
        if shows_card && let Some(certificate) = self.visitors[who].certificate.clone() {
            let shown = Shown::of(self.visitors[who].number, &certificate).ok();
            let keys = (self.key(), self.key());
            let agrees = |_: &str| self.dice.percent(AGREED);
            let desks = if is_pharmacy { &self.pharmacies } else { &self.doctors };
            match shown.and_then(|shown| tap(&desks[place], &shown, keys, agrees)) {
                Some(Tapped::Checked) => return,
                Some(Tapped::Refused) => self.wait(AGAIN_MS),
                None => return turned_round(),
            }
        }
        if self.dice.percent(MISTYPED) {
            let wrong = mistyped(&self.visitors[who].typed);
            self.ask(is_pharmacy, place, &wrong);
            self.wait(AGAIN_MS);
        }
        let typed = self.visitors[who].typed.clone();
        self.ask(is_pharmacy, place, &typed);
    }

    /// A check by number.
    fn ask(&self, is_pharmacy: bool, place: usize, typed: &Typed) {
        let desk = if is_pharmacy { &self.pharmacies[place] } else { &self.doctors[place] };
        let request = search(&desk.code, typed, self.house.now().date());
        if desk.door.ask(formats::oqs::SEARCH_PATH, &self.key(), request.as_bytes()).is_err() {
            turned_round();
        }
    }

    fn key(&self) -> String {
        format!("town-{}", self.ids.next())
    }
}

fn turned_round() {
    tracing::debug!("somebody of the town could not be checked");
}

/// The numbers with a wrong last digit.
fn mistyped(typed: &Typed) -> Typed {
    let mut number: Vec<char> = typed.number.chars().collect();
    if let Some(last) = number.iter_mut().rev().find(|sign| sign.is_ascii_digit()) {
        *last = if *last == '9' { '0' } else { char::from(*last as u8 + 1) };
    }
    Typed { number: number.into_iter().collect(), ..typed.clone() }
}

/// How a tap ended.
enum Tapped {
    Checked,
    Refused,
}

/// Nonce, card, and the patient's answers.
fn tap(
    desk: &Desk,
    shown: &Shown,
    (key, session): (String, String),
    mut agrees: impl FnMut(&str) -> bool,
) -> Option<Tapped> {
    let challenge = desk.kiosk.nonce(&format!("{key}-n"), &session).ok()?;
    let proof = Proof {
        nonce: challenge.nonce,
        certificate: shown.certificate.clone(),
        signature: shown.sign(&challenge.message),
        way: Way::Pin,
    };
    let mut tap = Tap { session, ground: Ground::Proof(proof), answers: None, enrol: None, reader: "kiosk" };
    // Proof, perhaps terms, perhaps questions, done.
    for turn in 0..4 {
        let answer = desk.kiosk.tap(&format!("{key}-{turn}"), &tap).ok()?;
        match answer.next {
            Next::Ask { pass, questions, .. } => {
                let kinds = questions.iter().map(|question| question.kind.clone());
                let kinds = kinds.filter(|kind| kind != "limit" && kind != "diseases");
                let agreed = kinds.filter(|kind| agrees(kind)).collect();
                tap.ground = Ground::Pass(pass);
                tap.answers = Some(Answers { agreed, limit: agrees("limit"), ..Answers::default() });
                tap.enrol = None;
            }
            Next::Enrol { pass, terms } => {
                tap.ground = Ground::Pass(pass);
                tap.enrol = Some(terms.version);
            }
            Next::Done { .. } => return Some(Tapped::Checked),
            Next::Refused => return Some(Tapped::Refused),
        }
    }
    None
}

/// A check by number, as a desk's software asks it.
fn search(code: &str, typed: &Typed, day: Date) -> String {
    let mut info = serde_json::Map::new();
    let numbers = [
        ("InsurerNumber", typed.insurer.as_str()),
        ("InsuredCardSymbol", &typed.symbol),
        ("InsuredIdentificationNumber", &typed.number),
        ("InsuredBranchNumber", &typed.branch),
        ("Birthdate", &typed.birth),
        ("LimitApplicationCertificateRelatedConsFlg", "1"),
    ];
    for (key, value) in numbers.into_iter().filter(|(_, value)| !value.is_empty()) {
        info.insert(key.to_owned(), value.into());
    }
    serde_json::json!({ "XmlMsg": {
        "MessageHeader": { "QualificationConfirmationDate": day.stamp8(), "MedicalInstitutionCode": code },
        "MessageBody": { "QualificationConfirmSearchInfo": info },
    }})
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use country::nation::Plan;

    #[test]
    fn whoever_comes_lives_in_the_town_and_most_have_a_card() {
        let day = Date::parse8("20261127").unwrap();
        let folk = townsfolk(&Nation::new(Plan::new(1, 2_000, day)), day);
        let towns = folk.iter().map(|visitor| visitor.municipality);
        assert_eq!(towns.collect::<std::collections::BTreeSet<_>>(), [places::midori()].into());
        let cards = folk.iter().filter(|visitor| visitor.certificate.is_some()).count();
        assert!(folk.len() > 1_000 && cards > folk.len() / 2, "{cards} of {} have a card", folk.len());
    }

    #[test]
    fn a_wrong_digit_leaves_everything_else() {
        let typed = |number: &str| Typed {
            insurer: "06990014".into(),
            symbol: "21".into(),
            number: number.into(),
            branch: "01".into(),
            birth: "19800401".into(),
        };
        for (right, wrong) in [("1001", "1002"), ("1009", "1000"), ("12-甲", "13-甲"), ("", "")] {
            assert_eq!(mistyped(&typed(right)), typed(wrong));
        }
    }
}
