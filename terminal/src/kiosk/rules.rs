//! One card session as a state machine: (desk, event, instant) → (desk, effects).
//!
//! Always holds: one session at a time; whatever ends it (card out, time, a newer session) leaves nothing of it behind
//! and powers the card off. A PIN is in an event and in an effect and in no state,
//! a staff code in an event only. Without it nobody gets past the PIN. An event that does not belong to
//! the place it meets changes nothing. What a browser sees follows from the desk and its cookie alone.
//! Not here: files, cards, line, clock (`booth.rs`); texts (`screens.rs`); how it looks (`pages.rs`).
//! Rules come from: docs/rules.md S1 r1, r5, S2 r2, r4, S17 r1; the reference on the OQS interface, 6.1 and 6.2, and
//! on the card, 4.3 and 4.6.

use super::lang::Lang;
use super::line::{Answer, Answers, Next, Prescription, Question, Said, Terms, Trouble, Way};
use super::screens::{self, Screen, Tone};
use crate::door::Away;
use card::{Pin, PinOutcome, Tries};
use zeroize::Zeroizing;

/// What can be set.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Milliseconds without a step after which a session ends.
    pub idle_ms: u64,
    /// Milliseconds for which a result stays.
    pub result_ms: u64,
    /// Whether staff may compare the photo in place of the PIN.
    pub eye_check: bool,
}

/// What came of a staff code that was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StaffCode {
    /// Nothing was typed.
    Missing,
    /// It is the code.
    Right,
    /// It is not.
    Wrong,
    /// It was not looked at: too many wrong ones before.
    Shut,
}

/// Wrong staff codes in a row, over all sessions and scripts of a terminal.
#[derive(Debug, Default)]
pub struct Guesses {
    wrong: u8,
    shut_until_ms: u64,
}

/// Wrong staff codes that end a session, and after which no code is looked at for a while.
const CODES_MAX: u8 = 3;
/// For how long no code is looked at, in milliseconds. Three guesses a minute need over a day for half of four digits.
const SHUT_MS: u64 = 60_000;

/// Counts a staff code.
pub fn guess(guesses: &mut Guesses, is_right: bool, now_ms: u64) -> StaffCode {
    if now_ms < guesses.shut_until_ms {
        return StaffCode::Shut;
    }
    if is_right {
        *guesses = Guesses::default();
        return StaffCode::Right;
    }
    guesses.wrong += 1;
    if guesses.wrong >= CODES_MAX {
        *guesses = Guesses { wrong: 0, shut_until_ms: now_ms.saturating_add(SHUT_MS) };
    }
    StaffCode::Wrong
}

/// Whether this can be a staff code: four to eight digits.
pub fn is_staff_code(text: &str) -> bool {
    (4..=8).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

/// One reader with its page.
pub struct Desk {
    /// The card session, when a card is in.
    pub session: Option<Session>,
    /// What the start shows.
    pub shelf: Shelf,
}

/// The choice of cards at the start; the same for every browser that has no session.
#[derive(Clone, Default)]
pub struct Shelf {
    /// What is searched for.
    pub find: String,
    /// Which page of the cards, from 0.
    pub page: usize,
    /// The language of the next session.
    pub lang: Lang,
    /// When it was last changed.
    pub touched_ms: u64,
}

/// A card in the reader.
pub struct Session {
    /// The cookie's value.
    pub id: String,
    /// What every form of the session carries, with the step.
    pub key: String,
    /// What the session is called towards the server.
    pub mark: String,
    /// The card's file, by its stem.
    pub stem: String,
    /// Counts what the browser did.
    pub step: u32,
    /// The session's language.
    pub lang: Lang,
    /// When the browser last did something, or a place was reached.
    pub touched_ms: u64,
    /// What is printed on the card.
    pub holder: String,
    /// What it is for.
    pub errand: Errand,
    /// Wrong staff codes of this session.
    pub wrong_codes: u8,
    /// Where it is.
    pub place: Place,
}

/// What a session is for.
#[derive(Clone, PartialEq, Eq)]
pub enum Errand {
    /// A visit at the clinic.
    Visit,
    /// A sign-in at the person's own pages; with the portal's nonce, which names nobody.
    SignIn(String),
}

/// Where a session is.
pub enum Place {
    /// Card or line are being waited for.
    Working(Work),
    /// The PIN is asked for.
    Pin {
        /// Tries left.
        left: u8,
        /// What went wrong before.
        remark: Option<&'static Screen>,
    },
    /// Staff compares the photo.
    Eye {
        /// Why the PIN is not used.
        remark: Option<&'static Screen>,
        /// Whether no code or a wrong one was typed before.
        is_wrong: bool,
    },
    /// The terms of enrolment are shown.
    Terms {
        /// The terms.
        terms: Terms,
        /// For the next request.
        pass: String,
        /// What the server says beside.
        notice: Option<Box<Said>>,
    },
    /// The questions are asked.
    Ask(Box<Ask>),
    /// It is over; the screen stays for a while.
    Over(Box<Over>),
}

/// What is being waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// The card.
    Card,
    /// The server, which says what it will ask.
    Line,
    /// The server, which has the patient's answers.
    Check,
}

impl Work {
    fn of(effect: &Effect) -> Work {
        match effect {
            Effect::Read | Effect::Verify(_) | Effect::PowerOff => Work::Card,
            Effect::Tap(further) if further.answers.is_some() => Work::Check,
            Effect::Prove(_) | Effect::Tap(_) => Work::Line,
        }
    }
}

/// The questions.
pub struct Ask {
    /// In this order.
    pub questions: Vec<Question>,
    /// Whether paper or electronic is asked last.
    pub prescription: bool,
    /// What was answered so far.
    pub given: Vec<bool>,
    /// For the next request.
    pub pass: String,
    /// What the server says beside.
    pub notice: Option<Box<Said>>,
}

impl Ask {
    /// All questions, that on the prescription counted.
    pub fn count(&self) -> usize {
        self.questions.len() + usize::from(self.prescription)
    }

    /// The question that is open, unless it is that on the prescription.
    pub fn open(&self) -> Option<&Question> {
        self.questions.get(self.given.len())
    }

    fn answers(&self, prescription: Option<Prescription>) -> Answers {
        let mut answers = Answers { prescription, ..Answers::default() };
        for (question, yes) in self.questions.iter().zip(&self.given) {
            match (question.kind.as_str(), *yes) {
                ("limit", yes) => answers.limit = yes,
                ("diseases", yes) => answers.diseases = yes,
                (kind, true) => answers.agreed.push(kind.to_owned()),
                (kind, false) => answers.declined.push(kind.to_owned()),
            }
        }
        answers
    }
}

/// How it ended.
pub struct Over {
    /// What is shown.
    pub ending: Ending,
    /// What can be tried once more.
    pub again: Option<Effect>,
    /// Whether staff can go on by comparing the photo.
    pub eye: bool,
}

/// What is shown at the end.
pub enum Ending {
    /// The server's word.
    Said {
        /// What it says.
        said: Box<Said>,
        /// What it says beside.
        notice: Option<Box<Said>>,
        /// Whether it was done.
        done: bool,
    },
    /// The terminal's own screen.
    Own(&'static Screen),
}

/// What is to be done outside.
pub enum Effect {
    /// Put the chosen card on the reader.
    Read,
    /// Show the PIN to the card.
    Verify(Pin),
    /// Nonce, signature (without PIN when staff has looked), and the first request.
    Prove(Way),
    /// A further request on a pass.
    Tap(Further),
    /// Take the card off the reader.
    PowerOff,
}

/// A further request; sent again, it is the same.
#[derive(Clone, PartialEq, Eq)]
pub struct Further {
    /// Its key.
    pub key: String,
    /// What it stands on.
    pub pass: String,
    /// What the patient answered.
    pub answers: Option<Answers>,
    /// The terms agreed to.
    pub enrol: Option<String>,
}

/// What happens to a session.
pub enum Event {
    /// Four digits, or `None` for anything else.
    Pin(Option<Pin>),
    /// The PIN cannot be used: staff shall look.
    WantEye,
    /// Somebody says that face and photo are one person, and typed this to show that it is the staff.
    EyeCode(Zeroizing<String>),
    /// The same, the code looked at.
    EyeFits(StaffCode),
    /// Staff says that they are not.
    EyeDiffers,
    /// Back to the PIN.
    WantPin,
    /// The terms are agreed to, or not.
    Terms(bool),
    /// The open question is answered.
    Answer(bool),
    /// Paper or electronic.
    Prescription(Prescription),
    /// Back to the question before.
    Back,
    /// Once more.
    Again,
    /// More time.
    Stay,
    /// Another language.
    Lang(Lang),
    /// The card is taken out.
    Out,

    /// The card is on the reader; this is printed on it, and its PIN stands like this.
    Seated(String, Tries),
    /// The card looked at the PIN.
    Verified(PinOutcome),
    /// The server answered.
    Answered(Box<Answer>),
    /// The server said, in its own words, that it could not and recorded nothing; it can be asked again.
    Later(Box<Said>, Effect),
    /// Card or terminal cannot go on.
    Failed(&'static Screen),
    /// The line cannot; what was asked can be asked again.
    Away(Trouble, Effect),
    /// The server answered and the result could not be kept here; its answer can be fetched again.
    Unkept(Effect),
}

impl Event {
    /// Whether it comes from the browser.
    fn is_step(&self) -> bool {
        !matches!(
            self,
            Event::Seated(..)
                | Event::Verified(_)
                | Event::Answered(_)
                | Event::Failed(_)
                | Event::Away(..)
                | Event::Later(..)
                | Event::Unkept(_)
        )
    }
}

/// What is drawn for one advance: a random key for a request that may begin.
pub type Fresh = String;

/// A card that was chosen, with what is drawn for its session.
pub struct Chosen {
    /// The card's file, by its stem.
    pub stem: String,
    /// What the session is for.
    pub errand: Errand,
    /// Random: [`Session::id`].
    pub id: String,
    /// Random: [`Session::key`].
    pub key: String,
    /// Random: [`Session::mark`].
    pub mark: String,
}

/// Begins a session with a card. An older one ends.
pub fn choose(desk: &mut Desk, chosen: Chosen, now_ms: u64) -> Vec<Effect> {
    let mut effects = end(desk);
    let lang = std::mem::take(&mut desk.shelf).lang;
    let Chosen { stem, errand, id, key, mark } = chosen;
    let session = Session {
        id,
        key,
        mark,
        stem,
        step: 0,
        lang,
        touched_ms: now_ms,
        holder: String::new(),
        errand,
        wrong_codes: 0,
        place: Place::Working(Work::Card),
    };
    desk.session = Some(session);
    effects.push(Effect::Read);
    effects
}

/// Ends the session, and clears what was searched for at the start.
pub fn end(desk: &mut Desk) -> Vec<Effect> {
    desk.shelf = Shelf { lang: desk.shelf.lang, touched_ms: desk.shelf.touched_ms, ..Shelf::default() };
    match desk.session.take() {
        Some(_) => vec![Effect::PowerOff],
        None => Vec::new(),
    }
}

/// Ends what has lapsed at this instant.
pub fn lapse(desk: &mut Desk, setting: &Setting, now_ms: u64) -> Vec<Effect> {
    if now_ms.saturating_sub(desk.shelf.touched_ms) >= setting.idle_ms {
        desk.shelf = Shelf::default();
    }
    let over = desk.session.as_ref().and_then(|session| ends_at(session, setting));
    if over.is_some_and(|at| now_ms >= at) { end(desk) } else { Vec::new() }
}

/// When a session ends by itself; `None` while card or line are at work, which have time-outs of their own.
pub fn ends_at(session: &Session, setting: &Setting) -> Option<u64> {
    let length = match &session.place {
        Place::Working(_) => return None,
        Place::Over(over) if is_good(&over.ending) => setting.result_ms,
        _ => setting.idle_ms,
    };
    Some(session.touched_ms.saturating_add(length))
}

/// Whether all is well. Whatever else is said tells what to do now, and that takes longer to read.
fn is_good(ending: &Ending) -> bool {
    matches!(ending, Ending::Said { done: true, said, .. } if said.tone == Tone::Success.word())
}

/// What a form belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// The session's present step.
    Now,
    /// The step just before: a button was pressed twice.
    Twice,
    /// Nothing that is still there.
    Stale,
}

/// What a form with this token from a browser with this cookie belongs to.
pub fn fits(desk: &Desk, cookie: Option<&str>, token: &str) -> Fit {
    let Some(session) = desk.session.as_ref().filter(|session| cookie == Some(&session.id)) else {
        return Fit::Stale;
    };
    if token == token_of(&session.key, session.step) {
        Fit::Now
    } else if session.step > 0 && token == token_of(&session.key, session.step - 1) {
        Fit::Twice
    } else {
        Fit::Stale
    }
}

/// The token of a session's step.
pub fn token_of(key: &str, step: u32) -> String {
    format!("{key}.{step}")
}

/// Brings the session one event further.
pub fn advance(desk: &mut Desk, event: Event, setting: &Setting, fresh: Fresh, now_ms: u64) -> Vec<Effect> {
    if matches!(event, Event::Out) {
        // The next one finds the kiosk as if nobody had been there.
        desk.shelf = Shelf::default();
        return end(desk);
    }
    let Some(session) = &mut desk.session else { return Vec::new() };
    if event.is_step() {
        session.step = session.step.wrapping_add(1);
    }
    session.touched_ms = now_ms;
    if let Event::Lang(lang) = event {
        session.lang = lang;
        return Vec::new();
    }
    if let Event::Seated(holder, _) = &event {
        session.holder.clone_from(holder);
    }
    let place = std::mem::replace(&mut session.place, Place::Working(Work::Card));
    let visit = session.errand == Errand::Visit;
    let eye = setting.eye_check && visit;
    let (place, effects) = match event {
        Event::Failed(screen) => over(Ending::Own(screen), None, false),
        Event::Away(trouble, effect) => {
            let again = may_ask_again(&trouble).then_some(effect);
            over(Ending::Own(screens::of_trouble(&trouble)), again, false)
        }
        Event::Later(said, effect) => {
            over(Ending::Said { said, notice: None, done: false }, Some(effect), false)
        }
        Event::Unkept(effect) => over(Ending::Own(&screens::RESULT_UNKEPT), Some(effect), false),
        Event::EyeFits(code) => after_code(place, code, &mut session.wrong_codes),
        Event::Seated(..) | Event::Verified(_) => after_card(place, event, eye, visit),
        Event::Answered(answer) => after_answer(place, *answer, fresh),
        event => after_step(place, event, eye, fresh),
    };
    session.place = place;
    effects
}

type Turn = (Place, Vec<Effect>);

fn over(ending: Ending, again: Option<Effect>, eye: bool) -> Turn {
    // A card that may still be asked stays powered.
    let effects = if again.is_none() && !eye { vec![Effect::PowerOff] } else { Vec::new() };
    (Place::Over(Box::new(Over { ending, again, eye })), effects)
}

fn stays(place: Place) -> Turn {
    (place, Vec::new())
}

fn works(effect: Effect) -> Turn {
    (Place::Working(Work::of(&effect)), vec![effect])
}

/// Whether the same request may fare better: not when the server has said its last word on it.
fn may_ask_again(trouble: &Trouble) -> bool {
    !matches!(
        trouble,
        Trouble::BadAnswer | Trouble::Away(Away::NotTrusted | Away::Refused { status: ..500, .. })
    )
}

/// What the card said.
fn after_card(place: Place, event: Event, eye: bool, visit: bool) -> Turn {
    if !matches!(place, Place::Working(_)) {
        return stays(place);
    }
    match event {
        Event::Seated(_, Tries::Left(left)) => stays(Place::Pin { left, remark: None }),
        Event::Verified(PinOutcome::Right) => works(Effect::Prove(Way::Pin)),
        Event::Verified(PinOutcome::Wrong { left }) => {
            stays(Place::Pin { left, remark: Some(&screens::WRONG_PIN) })
        }
        Event::Seated(_, Tries::Blocked) | Event::Verified(PinOutcome::Blocked | PinOutcome::JustBlocked) => {
            over(Ending::Own(&screens::PIN_BLOCKED), None, eye)
        }
        // A card without PIN: at the clinic staff looks, at the person's own pages nothing can be done.
        _ if eye => stays(Place::Eye { remark: Some(&screens::NO_PIN_CARD), is_wrong: false }),
        _ if visit => over(Ending::Own(&screens::NO_PIN_NO_EYE), None, false),
        _ => over(Ending::Own(&screens::NO_PIN_SIGN_IN), None, false),
    }
}

/// What the server said.
fn after_answer(place: Place, answer: Answer, fresh: Fresh) -> Turn {
    let Place::Working(work) = place else { return stays(place) };
    let Answer { said, notice, next } = answer;
    let (said, notice) = (Box::new(said), notice.map(Box::new));
    match next {
        // It has all answers: asking once more could go on for ever.
        Next::Ask { .. } | Next::Enrol { .. } if work == Work::Check => {
            over(Ending::Own(&screens::BAD_ANSWER), None, false)
        }
        Next::Ask { pass, questions, prescription } if questions.is_empty() && !prescription => {
            works(Effect::Tap(Further { key: fresh, pass, answers: Some(Answers::default()), enrol: None }))
        }
        Next::Ask { pass, questions, prescription } => {
            let ask = Ask { questions, prescription, given: Vec::new(), pass, notice };
            stays(Place::Ask(Box::new(ask)))
        }
        Next::Enrol { pass, terms } => stays(Place::Terms { terms, pass, notice }),
        Next::Done { .. } => over(Ending::Said { said, notice, done: true }, None, false),
        Next::Refused => over(Ending::Said { said, notice, done: false }, None, false),
    }
}

/// The staff says that it is the same person. Only the staff knows the code: the card alone is not enough.
fn after_code(place: Place, code: StaffCode, wrong: &mut u8) -> Turn {
    let Place::Eye { remark, .. } = place else { return stays(place) };
    if code == StaffCode::Wrong {
        *wrong = wrong.saturating_add(1);
    }
    match code {
        StaffCode::Right => works(Effect::Prove(Way::Eye)),
        StaffCode::Missing => stays(Place::Eye { remark, is_wrong: true }),
        StaffCode::Wrong if *wrong < CODES_MAX => stays(Place::Eye { remark, is_wrong: true }),
        StaffCode::Wrong | StaffCode::Shut => over(Ending::Own(&screens::STAFF_CODE_SHUT), None, false),
    }
}

/// What the browser did.
fn after_step(place: Place, event: Event, eye: bool, fresh: Fresh) -> Turn {
    match (place, event) {
        (Place::Pin { .. }, Event::Pin(Some(pin))) => works(Effect::Verify(pin)),
        (Place::Pin { left, .. }, Event::Pin(None)) => {
            stays(Place::Pin { left, remark: Some(&screens::PIN_FORMAT) })
        }
        (Place::Pin { .. }, Event::WantEye) if eye => stays(Place::Eye { remark: None, is_wrong: false }),
        (Place::Over(over), Event::WantEye) if over.eye && eye => {
            stays(Place::Eye { remark: Some(&screens::PIN_BLOCKED), is_wrong: false })
        }
        (Place::Eye { .. }, Event::EyeDiffers) => over(Ending::Own(&screens::EYE_DIFFERS), None, false),
        // The card says anew how its PIN stands.
        (Place::Eye { .. }, Event::WantPin) => works(Effect::Read),
        (Place::Terms { terms, pass, .. }, Event::Terms(true)) => {
            works(Effect::Tap(Further { key: fresh, pass, answers: None, enrol: Some(terms.version) }))
        }
        (Place::Terms { .. }, Event::Terms(false)) => {
            over(Ending::Own(&screens::TERMS_DECLINED), None, false)
        }
        (Place::Ask(mut ask), Event::Answer(yes)) if ask.open().is_some() => {
            ask.given.push(yes);
            if ask.given.len() < ask.count() { stays(Place::Ask(ask)) } else { asked(*ask, None, fresh) }
        }
        (Place::Ask(ask), Event::Prescription(form)) if ask.open().is_none() => {
            asked(*ask, Some(form), fresh)
        }
        (Place::Ask(mut ask), Event::Back) => {
            ask.given.pop();
            stays(Place::Ask(ask))
        }
        (Place::Over(over), Event::Again) => match over.again {
            Some(effect) => works(effect),
            None => stays(Place::Over(over)),
        },
        (place, _) => stays(place),
    }
}

fn asked(ask: Ask, prescription: Option<Prescription>, fresh: Fresh) -> Turn {
    let answers = Some(ask.answers(prescription));
    works(Effect::Tap(Further { key: fresh, pass: ask.pass, answers, enrol: None }))
}

/// What a browser sees.
pub enum Sight<'d> {
    /// The cards.
    Start(&'d Shelf),
    /// Its session.
    Session(&'d Session),
}

/// What a browser with this cookie sees.
pub fn sight<'d>(desk: &'d Desk, cookie: Option<&str>) -> Sight<'d> {
    match &desk.session {
        Some(session) if cookie == Some(&session.id) => Sight::Session(session),
        _ => Sight::Start(&desk.shelf),
    }
}
