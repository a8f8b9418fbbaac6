//! Townsfolk (まちの人) of the demo: while it runs, somebody of the invented nation comes to one of its clinics now and
//! then, shows papers or a card, and is checked as everybody is.
//!
//! Always holds: they use the machines' door with the clinics' certificates and nothing else, so the log, the reception's
//! list and the people's own pages have them as they have any patient; what the desk answers is not looked at.
//! Not here: who they are (`country`); load (`simulation`).
//! Rules come from: issue 4, "the newcomer's demo feels like a living town".

use crate::rim;
use base::{Date, Error, Fault, IdSource, Result};
use country::nation::{
    Nation,
    dice::Dice,
    visitors::{Shown, Typed, Visitor},
};
use std::{
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

/// A clinic to which people come.
pub struct Clinic {
    /// Its code.
    pub code: String,
    /// Its line.
    pub line: terminal::Line,
}

/// The thread of the townsfolk.
pub struct Town {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

/// Of a hundred who come so many show the card, when they have one.
const BY_CARD: u64 = 48;
/// Of two visits one goes to the clinic whose reception the newcomer has open.
const TO_FIRST: u64 = 50;
/// Blocks whose people come: those who live in Midori.
const BLOCKS_MAX: u32 = 4;
const TICK: Duration = Duration::from_millis(50);

impl Town {
    /// Begins: somebody comes about every so many milliseconds.
    pub fn begin(nation: &Nation, day: Date, clinics: Vec<Clinic>, every_ms: u64) -> Result<Option<Town>> {
        let blocks = 0..nation.plan.midori.min(nation.plan.blocks()).min(BLOCKS_MAX);
        let visitors: Vec<Visitor> =
            blocks.flat_map(|number| nation.block(number, day).visitors(&nation.institutions)).collect();
        if visitors.is_empty() || clinics.is_empty() || every_ms == 0 {
            return Ok(None);
        }
        let mut doors = Vec::new();
        for clinic in clinics {
            let door =
                HttpDoor::new(&clinic.line).map_err(|e| Error::broken(format!("a clinic's line: {e}")))?;
            let door: Arc<dyn Door> = Arc::new(door);
            let kiosk = HttpLine::new(door.clone(), "http://localhost", clinic.line.timeout_ms);
            doors.push(Desk { code: clinic.code, door, kiosk });
        }
        let stop = Arc::new(AtomicBool::new(false));
        let told = stop.clone();
        let dice = Dice::new(nation.plan.seed, &[0x746f_776e, rim::wall_ms() as u64]);
        let mut walk = Walk { visitors, doors, dice, ids: rim::TimeIds::new(), day };
        let work = move || {
            while !told.load(Ordering::Relaxed) {
                walk.wait(&told, every_ms);
                if !told.load(Ordering::Relaxed) {
                    walk.somebody_comes();
                }
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

struct Desk {
    code: String,
    door: Arc<dyn Door>,
    kiosk: HttpLine,
}

struct Walk {
    visitors: Vec<Visitor>,
    doors: Vec<Desk>,
    dice: Dice,
    ids: rim::TimeIds,
    day: Date,
}

impl Walk {
    /// Waits from half to one and a half times as long as on average.
    fn wait(&mut self, stop: &AtomicBool, every_ms: u64) {
        let mut left = Duration::from_millis(every_ms / 2 + self.dice.below(every_ms.max(1)));
        while !left.is_zero() && !stop.load(Ordering::Relaxed) {
            let turn = left.min(TICK);
            std::thread::park_timeout(turn);
            left = left.saturating_sub(turn);
        }
    }

    /// A visit. One that fails is like a patient who turns round at the door.
    fn somebody_comes(&mut self) {
        let visitor = self.dice.below(self.visitors.len() as u64) as usize;
        let desk = match self.dice.percent(TO_FIRST) {
            true => 0,
            false => self.dice.below(self.doors.len() as u64) as usize,
        };
        let by_card = self.dice.percent(BY_CARD);
        let (key, session) = (self.key(), self.key());
        let (visitor, desk) = (&self.visitors[visitor], &self.doors[desk]);
        let came = match &visitor.certificate {
            Some(certificate) if by_card => Shown::of(visitor.number, certificate)
                .ok()
                .and_then(|shown| tap(desk, &shown, &key, &session)),
            _ => {
                let request = search(&desk.code, &visitor.typed, self.day);
                desk.door.ask(formats::oqs::SEARCH_PATH, &key, request.as_bytes()).ok().map(|_| ())
            }
        };
        if came.is_none() {
            tracing::debug!("somebody of the town could not be checked");
        }
    }

    fn key(&self) -> String {
        format!("town-{}", self.ids.next())
    }
}

/// Nonce, card, and the patient's answers: everything is agreed to.
fn tap(desk: &Desk, shown: &Shown, key: &str, session: &str) -> Option<()> {
    let challenge = desk.kiosk.nonce(&format!("{key}-n"), session).ok()?;
    let proof = Proof {
        nonce: challenge.nonce,
        certificate: shown.certificate.clone(),
        signature: shown.sign(&challenge.message),
        way: Way::Pin,
    };
    let mut tap = Tap {
        session: session.to_owned(),
        ground: Ground::Proof(proof),
        answers: None,
        enrol: None,
        reader: "kiosk",
    };
    // Proof, perhaps terms, perhaps questions, done.
    for turn in 0..4 {
        let answer = desk.kiosk.tap(&format!("{key}-{turn}"), &tap).ok()?;
        match answer.next {
            Next::Ask { pass, questions, .. } => {
                let kinds = questions.iter().map(|question| question.kind.clone());
                let agreed = kinds.filter(|kind| kind != "limit" && kind != "diseases").collect();
                tap.ground = Ground::Pass(pass);
                tap.answers = Some(Answers { agreed, limit: true, ..Answers::default() });
                tap.enrol = None;
            }
            Next::Enrol { pass, terms } => {
                tap.ground = Ground::Pass(pass);
                tap.enrol = Some(terms.version);
            }
            Next::Done { .. } | Next::Refused => return Some(()),
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
