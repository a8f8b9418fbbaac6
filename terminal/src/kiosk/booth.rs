//! One reader at work: takes the browser's steps, does what the state machine asks for, and tells it what came of it.
//!
//! Always holds: the desk is not locked while card or line are waited for, so the card can be taken out at any moment;
//! what comes back for a session that is no more is dropped. A result for the clinic is kept on the disk before the
//! patient sees that it is done. Each step finds the card of the beginning, or the session ends. A panic in here is a
//! screen.
//! Not here: what comes next (`rules.rs`), browsers (`web.rs`), the vendor's script (`script.rs`).
//! Rules come from: docs/rules.md S1 r1, S2 r2, r4, S17 r1; the contract between kiosk and server, our own.

use super::lang::Lang;
use super::line::{Answer, Ground, Line, Next, Proof, Tap, Trouble, Way};
use super::rules::{
    self, Chosen, Desk, Effect, Errand, Event, Fit, Further, Guesses, Over, Place, Setting, Shelf, Sight,
    StaffCode,
};
use super::screens::{self, Screen};
use super::slot::{Cards, Seated};
use crate::answers::UNRECORDED;
use crate::face::{self, Faces, Marks};
use crate::work::Now;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use zeroize::Zeroizing;

/// What fills bytes with random ones.
pub type Random = Box<dyn Fn(&mut [u8]) + Send + Sync>;

/// Clock and randomness, which come from the rim.
pub struct Rim {
    /// Now.
    pub now: Box<dyn Fn() -> Now + Send + Sync>,
    /// Fills with random bytes.
    pub random: Random,
}

/// What the readers of one terminal share.
pub struct Shared {
    /// The cards.
    pub cards: Cards,
    /// The way to the server.
    pub line: Arc<dyn Line>,
    /// Results on their way into the face folder.
    pub faces: Arc<Faces>,
    /// What can be set.
    pub setting: Setting,
    /// What the staff knows.
    pub staff: Staff,
    /// Clock and randomness.
    pub rim: Rim,
}

/// What the staff knows and patients do not.
pub struct Staff {
    code: Zeroizing<String>,
    guesses: Mutex<Guesses>,
}

impl Staff {
    /// With a code; an empty one is nobody's.
    pub fn new(code: &str) -> Staff {
        Staff { code: Zeroizing::new(code.to_owned()), guesses: Mutex::default() }
    }

    /// Looks at a code and counts it. The time taken tells nothing of it.
    fn look_at(&self, typed: &str, now_ms: u64) -> StaffCode {
        if typed.is_empty() {
            return StaffCode::Missing;
        }
        let hash = |text: &str| digest(&SHA256, text.as_bytes());
        let same = verify_slices_are_equal(hash(&self.code).as_ref(), hash(typed).as_ref()).is_ok();
        let mut guesses = self.guesses.lock().unwrap_or_else(PoisonError::into_inner);
        rules::guess(&mut guesses, same && !self.code.is_empty(), now_ms)
    }
}

impl Shared {
    /// Whether a code is the staff's.
    pub fn staff_code(&self, typed: &str) -> StaffCode {
        self.staff.look_at(typed, self.now_ms())
    }

    /// A random word of 32 hexadecimal digits.
    pub fn word(&self) -> String {
        self.draw::<16>().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn draw<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        (self.rim.random)(&mut bytes);
        bytes
    }

    /// Milliseconds of a clock that never goes back.
    pub fn now_ms(&self) -> u64 {
        (self.rim.now)().steady_ms
    }

    /// A nonce of the server, signed by the card.
    pub fn prove(&self, seated: &mut Seated, way: Way, mark: &str) -> Result<Proof, Stop> {
        let challenge = self.line.nonce(&self.word(), mark).map_err(Stop::Away)?;
        self.sign(seated, way, challenge.nonce, &challenge.message)
    }

    fn sign(&self, seated: &mut Seated, way: Way, nonce: String, message: &[u8]) -> Result<Proof, Stop> {
        if way == Way::Eye {
            seated.admit().map_err(Stop::Screen)?;
        }
        let signature = seated.sign(message).map_err(Stop::Screen)?;
        Ok(Proof { nonce, certificate: seated.certificate().to_owned(), signature, way })
    }

    /// Sends a tap, and keeps the result for the clinic; another thread brings it into the face folder. Gives the answer
    /// and the result's file name.
    pub fn tap(&self, key: &str, tap: &Tap) -> Result<(Answer, Option<String>), Stop> {
        let answer = self.line.tap(key, tap).map_err(Stop::Away)?;
        let Next::Done { face: Some(face) } = &answer.next else { return Ok((answer, None)) };
        let marks = Marks {
            key: key.to_owned(),
            name: face::name_of(&self.draw()),
            identifier: face::identifier_of(&self.draw()),
            utc_ms: (self.rim.now)().utc_ms,
        };
        match self.faces.keep(&marks, face) {
            Ok(name) => Ok((answer, Some(name))),
            Err(face::Fault::NotOurs) => Err(Stop::Away(Trouble::BadAnswer)),
            Err(face::Fault::Unwritable(e)) => {
                tracing::error!(kind = ?e.kind(), "kiosk.face-not-kept");
                Err(Stop::Unkept)
            }
        }
    }
}

/// Why it does not go on.
#[derive(Debug)]
pub enum Stop {
    /// Card or terminal.
    Screen(&'static Screen),
    /// The line.
    Away(Trouble),
    /// The result cannot be kept on the disk; the same request gives it again.
    Unkept,
}

/// One reader.
pub struct Booth {
    /// What all readers share.
    pub shared: Arc<Shared>,
    /// What the forms of the start carry.
    pub start_key: String,
    desk: Mutex<Desk>,
    /// The card on the reader, and whose session it is.
    seat: Mutex<Option<(String, Seated)>>,
}

/// What a worker needs to know of its session.
struct Job {
    id: String,
    mark: String,
    stem: String,
    errand: Errand,
}

impl Booth {
    /// A reader without a card.
    pub fn new(shared: Arc<Shared>) -> Booth {
        Booth {
            start_key: shared.word(),
            shared,
            desk: Mutex::new(Desk { session: None, shelf: Shelf::default() }),
            seat: Mutex::default(),
        }
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        // A worker that panicked left a session that is over at the next step.
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn seat(&self) -> MutexGuard<'_, Option<(String, Seated)>> {
        self.seat.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The desk as it is at this instant, with what has lapsed ended.
    fn desk_now(&self) -> MutexGuard<'_, Desk> {
        let mut desk = self.desk();
        let id = desk.session.as_ref().map(|session| session.id.clone());
        let effects = rules::lapse(&mut desk, &self.shared.setting, self.shared.now_ms());
        if let Some(id) = id.filter(|_| !effects.is_empty()) {
            self.power_off(&id);
        }
        desk
    }

    /// Takes a session's card off the reader. That of another session stays.
    fn power_off(&self, id: &str) {
        let mut seat = self.seat();
        if seat.as_ref().is_some_and(|(owner, _)| owner == id) {
            *seat = None;
        }
    }

    /// Shows what a browser with this cookie sees.
    pub fn see<T>(&self, cookie: Option<&str>, show: impl FnOnce(Sight<'_>) -> T) -> T {
        show(rules::sight(&self.desk_now(), cookie))
    }

    /// Ends what has lapsed.
    pub fn tick(&self) {
        drop(self.desk_now());
    }

    /// Changes what the start shows.
    pub fn shelve(&self, change: impl FnOnce(&mut Shelf)) {
        let now_ms = self.shared.now_ms();
        let mut desk = self.desk_now();
        change(&mut desk.shelf);
        desk.shelf.touched_ms = now_ms;
    }

    /// Begins a session with a card; gives its cookie. Returns when the card is read.
    pub fn choose(&self, stem: &str, errand: Errand) -> String {
        let id = self.shared.word();
        let chosen = Chosen {
            stem: stem.to_owned(),
            errand,
            id: id.clone(),
            key: self.shared.word(),
            mark: self.shared.word(),
        };
        let mut desk = self.desk_now();
        let older = desk.session.as_ref().map(|session| session.id.clone());
        let effects = rules::choose(&mut desk, chosen, self.shared.now_ms());
        drop(desk);
        if let Some(older) = older {
            self.power_off(&older);
        }
        self.run(&id, effects);
        id
    }

    /// Takes a step of the browser's; says whether it was one. Returns when all that follows from it is done.
    pub fn step(&self, cookie: Option<&str>, token: &str, event: Event) -> Fit {
        let fresh = self.shared.word();
        let mut desk = self.desk_now();
        let fit = rules::fits(&desk, cookie, token);
        let Some(id) = desk.session.as_ref().filter(|_| fit == Fit::Now).map(|session| session.id.clone())
        else {
            return fit;
        };
        let event = self.checked(&desk, event);
        let effects = rules::advance(&mut desk, event, &self.shared.setting, fresh, self.shared.now_ms());
        drop(desk);
        self.run(&id, effects);
        fit
    }

    /// The event, or what happened to the card meanwhile.
    fn checked(&self, desk: &Desk, event: Event) -> Event {
        let Some(session) = &desk.session else { return event };
        let waits = match &session.place {
            Place::Working(_) => false,
            // What can still go on needs the card.
            Place::Over(over) => goes_on(over),
            _ => true,
        };
        if !waits || matches!(event, Event::Out | Event::Lang(_) | Event::Stay) {
            return event;
        }
        match &*self.seat() {
            Some((_, seated)) => {
                if let Err(screen) = seated.is_same() {
                    return Event::Failed(screen);
                }
            }
            None => return Event::Failed(&screens::CARD_OUT),
        }
        match (event, &session.place) {
            (Event::EyeCode(typed), Place::Eye { .. }) => Event::EyeFits(self.shared.staff_code(&typed)),
            (event, _) => event,
        }
    }

    /// Does what is to be done, until the browser is asked again.
    pub(super) fn run(&self, id: &str, mut effects: Vec<Effect>) {
        loop {
            let mut next = None;
            for effect in effects {
                match effect {
                    Effect::PowerOff => self.power_off(id),
                    other => next = Some(other),
                }
            }
            let Some(effect) = next else { return };
            let Some(job) = self.job(id) else { return };
            let event = catch_unwind(AssertUnwindSafe(|| self.perform(&job, effect))).unwrap_or_else(|_| {
                tracing::error!("kiosk.panic");
                Event::Failed(&screens::TERMINAL_FAULT)
            });
            let fresh = self.shared.word();
            let mut desk = self.desk();
            if desk.session.as_ref().is_none_or(|session| session.id != id) {
                // Taken out meanwhile.
                self.power_off(id);
                return;
            }
            effects = rules::advance(&mut desk, event, &self.shared.setting, fresh, self.shared.now_ms());
        }
    }

    fn job(&self, id: &str) -> Option<Job> {
        let desk = self.desk();
        let session = desk.session.as_ref().filter(|session| session.id == id)?;
        Some(Job {
            id: session.id.clone(),
            mark: session.mark.clone(),
            stem: session.stem.clone(),
            errand: session.errand.clone(),
        })
    }

    fn perform(&self, job: &Job, effect: Effect) -> Event {
        let done = match effect {
            Effect::PowerOff => return Event::Stay,
            Effect::Read => self.read(job),
            Effect::Verify(pin) => self.with_card(job, |seated| seated.verify(&pin)).map(Event::Verified),
            Effect::Prove(way) => match &job.errand {
                Errand::Visit => return self.prove(job, way),
                Errand::SignIn(nonce) => return self.sign_in(job, way, nonce),
            },
            Effect::Tap(further) => return self.go_on(job, further),
        };
        done.unwrap_or_else(Event::Failed)
    }

    fn with_card<T>(
        &self,
        job: &Job,
        work: impl FnOnce(&mut Seated) -> Result<T, &'static Screen>,
    ) -> Result<T, &'static Screen> {
        match &mut *self.seat() {
            Some((owner, seated)) if *owner == job.id => work(seated),
            _ => Err(&screens::CARD_OUT),
        }
    }

    fn read(&self, job: &Job) -> Result<Event, &'static Screen> {
        // Held while the card is put on: a newer session must not find its card replaced by this one's.
        let desk = self.desk();
        if desk.session.as_ref().is_none_or(|session| session.id != job.id) {
            return Err(&screens::CARD_OUT);
        }
        let mut seat = self.seat();
        if seat.as_ref().is_none_or(|(owner, _)| *owner != job.id) {
            // The card of an older session goes back first: it may be the same one.
            *seat = None;
            *seat = Some((job.id.clone(), self.shared.cards.seat(&job.stem)?));
        }
        drop((seat, desk));
        self.with_card(job, |seated| Ok(Event::Seated(seated.holder().to_owned(), seated.tries()?)))
    }

    fn prove(&self, job: &Job, way: Way) -> Event {
        let challenge = match self.shared.line.nonce(&self.shared.word(), &job.mark) {
            Ok(challenge) => challenge,
            Err(trouble) => return Event::Away(trouble, Effect::Prove(way)),
        };
        let signed = self
            .with_card(job, |seated| Ok(self.shared.sign(seated, way, challenge.nonce, &challenge.message)));
        let proof = match signed {
            Ok(Ok(proof)) => proof,
            Ok(Err(Stop::Screen(screen))) | Err(screen) => return Event::Failed(screen),
            Ok(Err(Stop::Away(trouble))) => return Event::Away(trouble, Effect::Prove(way)),
            Ok(Err(Stop::Unkept)) => return Event::Unkept(Effect::Prove(way)),
        };
        let ground = Ground::Proof(proof);
        let tap = Tap { session: job.mark.clone(), ground, answers: None, enrol: None, reader: "kiosk" };
        answered(self.shared.tap(&self.shared.word(), &tap), || Effect::Prove(way))
    }

    fn go_on(&self, job: &Job, further: Further) -> Event {
        let tap = Tap {
            session: job.mark.clone(),
            ground: Ground::Pass(further.pass.clone()),
            answers: further.answers.clone(),
            enrol: further.enrol.clone(),
            reader: "kiosk",
        };
        answered(self.shared.tap(&further.key, &tap), || Effect::Tap(further.clone()))
    }

    fn sign_in(&self, job: &Job, way: Way, nonce: &str) -> Event {
        let message = [SIGN_IN_MARK, nonce.as_bytes()].concat();
        let signed =
            self.with_card(job, |seated| Ok(self.shared.sign(seated, way, nonce.to_owned(), &message)));
        let proof = match signed {
            Ok(Ok(proof)) => proof,
            Ok(Err(Stop::Screen(screen))) | Err(screen) => return Event::Failed(screen),
            Ok(Err(Stop::Away(trouble))) => return Event::Away(trouble, Effect::Prove(way)),
            Ok(Err(Stop::Unkept)) => return Event::Unkept(Effect::Prove(way)),
        };
        match self.shared.line.prove(&self.shared.word(), &proof) {
            Ok((said, done)) => {
                let next = if done { Next::Done { face: None } } else { Next::Refused };
                Event::Answered(Box::new(Answer { said, notice: None, next }))
            }
            Err(trouble) => Event::Away(trouble, Effect::Prove(way)),
        }
    }

    /// Sets the language, of the session or of the start.
    pub fn speak(&self, cookie: Option<&str>, token: &str, lang: Lang) -> Fit {
        if token == self.start_key {
            self.shelve(|shelf| shelf.lang = lang);
            return Fit::Now;
        }
        self.step(cookie, token, Event::Lang(lang))
    }
}

/// What a card signs for a sign-in comes before the nonce, as the server's own message has it.
const SIGN_IN_MARK: &[u8] = b"shikaku-proof-v1\0";

fn answered(outcome: Result<(Answer, Option<String>), Stop>, again: impl FnOnce() -> Effect) -> Event {
    match outcome {
        Ok((answer, _)) if is_unrecorded(&answer) => Event::Later(Box::new(answer.said), again()),
        Ok((answer, _)) => Event::Answered(Box::new(answer)),
        Err(Stop::Screen(screen)) => Event::Failed(screen),
        Err(Stop::Away(trouble)) => Event::Away(trouble, again()),
        Err(Stop::Unkept) => Event::Unkept(again()),
    }
}

/// Whether a session that is over can be taken up again.
fn goes_on(over: &Over) -> bool {
    over.again.is_some() || over.eye
}

fn is_unrecorded(answer: &Answer) -> bool {
    matches!(answer.next, Next::Refused) && UNRECORDED.contains(&answer.said.oqs.as_str())
}
