//! A person and a household of the nation, as they truly are.
//!
//! Always holds: people are found in their block by place, and places are never used again; who died stays in the list.
//! Not here: what offices believe of them (`filings`).
//! Rules come from: the reference on matching, sections 1.2 to 1.5.

use super::{
    insurance::Spell,
    places::Home,
    plan::Number,
    words::{Foreigner, Word},
};
use crate::chain::Generation;
use base::{BirthDate, Date};

/// The place of a person in the block.
pub type Who = u16;

/// A person.
#[derive(Clone)]
pub struct Person {
    /// The number in the nation.
    pub number: Number,
    /// Sex as the register has it.
    pub is_female: bool,
    /// The day of birth.
    pub birth: Date,
    /// How much of it the register knows.
    pub known: Known,
    /// The surname at birth.
    pub birth_surname: Word,
    /// The surname now.
    pub surname: Word,
    /// The given name.
    pub given: Word,
    /// Has the former surname (旧氏) on the register beside the present one.
    pub keeps_former: bool,
    /// Roman name and perhaps 通称 of a foreign resident.
    pub foreign: Option<Foreigner>,
    /// When the person died.
    pub died: Option<Date>,
    /// The household.
    pub household: Who,
    /// The father, when he is of the block.
    pub father: Option<Who>,
    /// The mother.
    pub mother: Option<Who>,
    /// Husband or wife.
    pub spouse: Option<Who>,
    /// What the person lives on.
    pub work: Work,
    /// Public assistance (生活保護).
    pub is_aided: bool,
    /// Protected from somebody (支援措置対象者): the insurer withholds the address.
    pub is_protected: bool,
    /// Memberships in insurances, in order; at most the last one runs.
    pub spells: Vec<Spell>,
    /// The card's certificate, newest last.
    pub certificates: Vec<Certificate>,
    /// Uses the card as insurance card.
    pub enrolled: Option<Date>,
}

/// How much of a birth date is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// All of it.
    Day,
    /// Year and month.
    Month,
    /// The year.
    Year,
}

/// What a person lives on, as far as insurance asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Employed by this employer since then.
    Employed(u32, Date),
    /// For themselves, perhaps in the guild (国保組合) of their trade.
    Alone(Option<u16>),
    /// Nothing that insures.
    None,
}

/// An authentication certificate on a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Its serial.
    pub serial: [u8; 4],
    /// Who signed it.
    pub(crate) generation: Generation,
    /// The day of issue.
    pub issued_on: Date,
    /// The last day.
    pub until: Date,
    /// Took the place of the one before, which was good until then.
    pub is_successor: bool,
    /// What became of it.
    pub fate: Fate,
}

/// What became of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// In use.
    Live,
    /// The card is lost and the certificate on hold.
    Held,
    /// Revoked.
    Revoked,
}

/// People under one roof.
#[derive(Clone)]
pub struct Household {
    /// Its number in the nation.
    pub number: Number,
    /// Where they live.
    pub home: Home,
    /// Those who live there, the head first.
    pub members: Vec<Who>,
}

impl Person {
    /// Whether the person lives.
    pub fn lives(&self) -> bool {
        self.died.is_none()
    }

    /// Completed years on a day.
    pub fn age(&self, day: Date) -> i64 {
        age(self.birth, day)
    }

    /// The name as the register has it.
    pub fn written(&self) -> String {
        match &self.foreign {
            Some(foreign) => foreign.written.clone(),
            None => format!("{}　{}", self.surname.written, self.given.written),
        }
    }

    /// The reading as the register has it.
    pub fn kana(&self) -> String {
        match &self.foreign {
            Some(foreign) => foreign.kana.clone(),
            None => format!("{} {}", self.surname.kana, self.given.kana),
        }
    }

    /// Another name with its reading: 通称, or the name with the former surname.
    pub fn other_name(&self) -> Option<(String, String)> {
        match &self.foreign {
            Some(foreign) => foreign.alias.as_ref().map(|alias| (alias.written.clone(), alias.kana.clone())),
            None if self.keeps_former && self.birth_surname != self.surname => Some((
                format!("{}　{}", self.birth_surname.written, self.given.written),
                format!("{} {}", self.birth_surname.kana, self.given.kana),
            )),
            None => None,
        }
    }

    /// The birth date as the register has it.
    pub fn birth_known(&self) -> BirthDate {
        let number = self.birth.as_number();
        let known = match self.known {
            Known::Day => number,
            Known::Month => number / 100 * 100,
            Known::Year => number / 10_000 * 10_000,
        };
        BirthDate::from_number(known).expect("a day with its end unknown is a birth date")
    }

    /// The running membership.
    pub fn spell(&self) -> Option<&Spell> {
        self.spells.last().filter(|spell| spell.until.is_none())
    }
}

/// Completed years on a day.
pub fn age(birth: Date, day: Date) -> i64 {
    let ((year, month, dom), (now, this_month, today)) = (birth.parts(), day.parts());
    i64::from(now) - i64::from(year) - i64::from((this_month, today) < (month, dom))
}
