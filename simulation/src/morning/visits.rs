//! Who comes: facilities with their terminals, and for each visit what is shown and what the true answer is.
//!
//! Always holds: whoever gives visits knows the truth, so every answer can be judged; the same draws give the same
//! visits. Here are those of a demo's test patients; a larger country gives its own.
//! Not here: when they come (`arrivals`), what desks do with the answer (`desk`).
//! Rules come from: issue 4, part E.

use crate::{cards::InReader, chance::Chance, wire::Sheet};
use card::Pin;
use std::{cell::RefCell, io, path::Path, rc::Rc};

/// The kind of a facility.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 病院.
    Hospital,
    /// 診療所.
    Clinic,
    /// 歯科診療所.
    Dental,
    /// 薬局.
    Pharmacy,
}

/// How somebody is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The desk types the numbers.
    Number,
    /// The patient's card at the reader.
    Card,
}

/// A facility with the certificate of its terminal.
#[derive(Clone, Debug)]
pub struct Facility {
    /// Its ten-digit code.
    pub code: String,
    /// Its kind.
    pub kind: Kind,
    /// Certificate and key of its terminal, PEM.
    pub terminal: Vec<u8>,
}

/// What a desk types.
#[derive(Clone, Debug)]
pub struct Typed {
    /// The insurer's number.
    pub insurer: String,
    /// The symbol; empty where there is none.
    pub symbol: String,
    /// The number.
    pub number: String,
    /// The branch; empty where it is not known.
    pub branch: String,
    /// The birth date, eight figures.
    pub birth: String,
}

/// A card in a reader, its PIN shown.
pub trait Shows {
    /// Its authentication certificate, DER.
    fn certificate(&self) -> Vec<u8>;

    /// Has it sign a nonce's message.
    ///
    /// # Errors
    /// The card does not sign.
    fn sign(&self, message: &[u8]) -> io::Result<Vec<u8>>;
}

/// What is shown at the desk.
#[derive(Clone)]
pub enum Shown {
    /// Numbers.
    Number(Typed),
    /// A card.
    Card(Rc<dyn Shows>),
}

/// The true answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Truth {
    /// This `QualificationValidity`; and the name that the answer must have, where it is known and one is shown.
    Validity(String, Option<String>),
    /// The third answer: it could not be determined.
    Third,
    /// By card: to enrol first, or a refusal.
    Refused,
    /// Any answer that can be read: the offices do not know yet what is true.
    Any,
}

/// A visit.
#[derive(Clone)]
pub struct Visit {
    /// Which facility of [`Visits::facilities`].
    pub facility: usize,
    /// What is shown.
    pub shown: Shown,
    /// What is to be answered.
    pub truth: Truth,
}

/// Whoever knows the country's people and their truth.
pub trait Visits {
    /// Every facility that may ask.
    fn facilities(&self) -> &[Facility];

    /// Somebody who comes to a facility of this kind and is checked in this way. The chance is this visit's own.
    ///
    /// # Errors
    /// Nobody can come in this way.
    fn visit(&self, kind: Kind, way: Way, chance: &mut Chance) -> io::Result<Visit>;

    /// In words, for the report: who they are.
    fn says(&self) -> String;
}

/// The test patients of a demo, at whatever facilities there are.
pub struct TestPatients {
    facilities: Vec<Facility>,
    typed: Vec<(Typed, Truth)>,
    cards: Vec<(Rc<dyn Shows>, Truth)>,
}

/// The validity of those whom nobody has under the numbers; they are a slip of the desk, which is drawn apart.
const NOBODY: &str = "4";
/// Whoever has medical assistance is answered differently at each facility.
const AID: [&str; 2] = ["-aid", "assistance"];
/// The validities that a card's answer may have, as the bench takes them.
const BY_CARD: [&str; 3] = ["1", "2", "3"];

impl TestPatients {
    /// Reads a demo's data directory; they go to these facilities.
    pub fn read(data: &Path, facilities: Vec<Facility>) -> io::Result<TestPatients> {
        let sheet = Sheet::read(data)?;
        let mut typed = Vec::new();
        let columns = [
            "id",
            "insurer_number",
            "symbol",
            "number",
            "branch",
            "birth_date",
            "outcome",
            "expected_validity",
        ];
        for [id, insurer, symbol, number, branch, birth, outcome, validity] in sheet.columns(columns)? {
            let truth = match (outcome, validity) {
                ("undetermined", _) => Truth::Third,
                (_, "" | NOBODY) => continue,
                (_, validity) => Truth::Validity(validity.to_owned(), None),
            };
            if AID.iter().any(|aid| id.contains(aid)) {
                continue;
            }
            let [insurer, symbol, number, branch, birth] =
                [insurer, symbol, number, branch, birth].map(str::to_owned);
            typed.push((Typed { insurer, symbol, number, branch, birth }, truth));
        }
        let mut cards: Vec<(Rc<dyn Shows>, Truth)> = Vec::new();
        let columns = ["id", "card_file", "pin", "card_outcome", "card_validity"];
        for [id, file, pin, outcome, validity] in sheet.columns(columns)? {
            let truth = match (outcome, BY_CARD.contains(&validity)) {
                ("undetermined", _) => Truth::Third,
                (_, true) => Truth::Validity(validity.to_owned(), None),
                _ => continue,
            };
            let (Some(pin), false) =
                (Pin::new(pin), file.is_empty() || AID.iter().any(|aid| id.contains(aid)))
            else {
                continue;
            };
            let card = InReader::new(&std::fs::read_to_string(data.join(file))?, &pin)?;
            cards.push((Rc::new(RefCell::new(card)), truth));
        }
        if typed.is_empty() || cards.is_empty() || facilities.is_empty() {
            return Err(io::Error::other("the demo has nobody to ask about"));
        }
        Ok(TestPatients { facilities, typed, cards })
    }
}

impl Visits for TestPatients {
    fn facilities(&self) -> &[Facility] {
        &self.facilities
    }

    fn visit(&self, kind: Kind, way: Way, chance: &mut Chance) -> io::Result<Visit> {
        let place = |count: usize, chance: &mut Chance| chance.below(count as u64) as usize;
        let here: Vec<usize> =
            (0..self.facilities.len()).filter(|at| self.facilities[*at].kind == kind).collect();
        let facility = match here.len() {
            0 => place(self.facilities.len(), chance), // no such facility is open: they go elsewhere
            count => here[place(count, chance)],
        };
        let (shown, truth) = match way {
            Way::Number => {
                let (typed, truth) = &self.typed[place(self.typed.len(), chance)];
                (Shown::Number(typed.clone()), truth.clone())
            }
            Way::Card => {
                let (card, truth) = &self.cards[place(self.cards.len(), chance)];
                (Shown::Card(card.clone()), truth.clone())
            }
        };
        Ok(Visit { facility, shown, truth })
    }

    fn says(&self) -> String {
        format!(
            "{} test patients by number and {} cards of the demo, at {} facilities",
            self.typed.len(),
            self.cards.len(),
            self.facilities.len()
        )
    }
}

impl Shows for RefCell<InReader> {
    fn certificate(&self) -> Vec<u8> {
        self.borrow().certificate().to_vec()
    }

    fn sign(&self, message: &[u8]) -> io::Result<Vec<u8>> {
        self.borrow_mut().sign(message)
    }
}
