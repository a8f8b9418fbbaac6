//! People of a block as they come to a facility: what is on their papers, their card, and what the answer has to be.
//!
//! Always holds: what is shown is the person's own; the answer is said only where the truth and what the offices sent
//! leave one: elsewhere it is open, and nobody is counted right or wrong by it.
//! Not here: which facility and when (`simulation`).
//! Rules come from: docs/rules.md S1 r1, r3, r8, S5 r2; the reference on the field, section 5.1.

use super::{
    block::Block,
    filings::Pending,
    institutions::{Institutions, InsurerKind},
    person::{Certificate, Fate, Person, Who},
    plan::Number,
};
use crate::{authority, chain::Generation};
use base::{Error, Result};
use pki::authority::{SigningKey, Wanted};

/// What a person shows at a desk.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// Who it is.
    pub number: Number,
    /// Where the person lives, by place among the municipalities.
    pub municipality: usize,
    /// Name as the register has it.
    pub name: String,
    /// The numbers on the newest paper.
    pub typed: Typed,
    /// What a check by these numbers has to answer.
    pub by_number: Expected,
    /// The certificate on the card.
    pub certificate: Option<Certificate>,
    /// What a tap of it has to answer.
    pub by_card: Expected,
}

/// The numbers of a paper, as a desk types them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typed {
    /// Insurer number.
    pub insurer: String,
    /// Symbol; empty when there is none.
    pub symbol: String,
    /// Number.
    pub number: String,
    /// Branch; empty when there is none.
    pub branch: String,
    /// Birth date, `YYYYMMDD`.
    pub birth: String,
}

/// What the answer has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Expected {
    /// Valid.
    Valid,
    /// Could not be determined: the link is held back.
    Held,
    /// The reader asks to enrol, or refuses the card.
    Refused,
    /// Anything: what is true is not known to the offices yet, or rests on tickets for one facility.
    Open,
}

/// Three months of grace to the month's end have at most so many days.
const GRACE_DAYS: i64 = 123;
/// An enrolment is filed so many days later at most.
const FILED_DAYS: i64 = 20;

impl Block {
    /// Everybody who has a paper of some insurer by now.
    pub fn visitors(&self, institutions: &Institutions) -> Vec<Visitor> {
        self.living().filter_map(|(who, person)| self.visitor(institutions, who, person)).collect()
    }

    fn visitor(&self, institutions: &Institutions, who: Who, person: &Person) -> Option<Visitor> {
        let spell = person.spells.iter().rev().find(|spell| spell.filed.registered_on.is_some())?;
        let insurer = &institutions.insurers()[spell.due.insurer as usize];
        let wrong =
            spell.mistake.as_ref().filter(|mistake| mistake.until.is_none_or(|until| self.day < until));
        let is_running = spell.until.is_none();
        // Two attributes that changed since the insurer's last filing are looked at when it files again.
        let by_number = match wrong {
            _ if !is_running || insurer.kind == InsurerKind::Welfare => Expected::Open,
            Some(wrong) if wrong.kind.holds_back() => Expected::Held,
            _ => Expected::Valid,
        };
        let certificate = person.certificates.last().filter(|last| last.fate == Fate::Live).cloned();
        // Lost and found again: until the authority says so the card is on hold.
        let is_on_hold =
            self.pending.values().any(|what| matches!(what, Pending::State(whose, ..) if *whose == who));
        let by_card = match (&certificate, person.enrolled) {
            (None, _) => Expected::Open,
            (Some(_), Some(_)) if is_on_hold => Expected::Open,
            (Some(_), None) => Expected::Refused,
            (Some(last), Some(_)) if last.until.plus_days(GRACE_DAYS) < self.day => Expected::Refused,
            // In grace it gives an eligibility; an enrolment at a town hall is filed days later.
            (Some(last), Some(on)) if last.until < self.day || self.day <= on.plus_days(FILED_DAYS) => {
                Expected::Open
            }
            (Some(_), Some(_)) => match wrong {
                Some(_) => Expected::Open, // an earlier membership may answer
                None => by_number,
            },
        };
        let typed = Typed {
            insurer: insurer.number.padded(),
            symbol: spell.symbol.clone().unwrap_or_default(),
            number: spell.number.clone(),
            branch: spell.branch.map(|branch| format!("{branch:02}")).unwrap_or_default(),
            birth: person.birth_known().stamp8(),
        };
        let municipality = self.households[usize::from(person.household)].home.municipality;
        let name = person.written();
        Some(Visitor { number: person.number, municipality, name, typed, by_number, certificate, by_card })
    }
}

/// A card of somebody of the nation, its PIN shown. Its key is one of the pool's, which everybody has.
pub struct Shown {
    /// The authentication certificate in DER.
    pub certificate: Vec<u8>,
    key: SigningKey,
}

impl Shown {
    /// Issues the certificate and takes its key.
    ///
    /// # Errors
    /// Broken, when the authority refuses what the nation put together.
    pub fn of(who: Number, certificate: &Certificate) -> Result<Shown> {
        let generation: Generation = certificate.generation;
        let leaf = authority::leaf(generation, who.0);
        let broken = |why: &dyn std::fmt::Debug| {
            Error::broken(format!("a card of the nation cannot be made: {why:?}"))
        };
        let der = authority::authentication(generation)
            .issue(&Wanted {
                serial: pki::Serial::new(&certificate.serial).ok_or_else(|| broken(&"its serial"))?,
                common_name: &common_name(who, certificate),
                not_before: certificate.issued_on.begins(),
                not_after: certificate.until.plus_days(1).begins().plus_ms(-1),
                public_key: &leaf.spki,
                municipality: authority::MUNICIPALITY,
                attributes: None,
            })
            .map_err(|why| broken(&why))?;
        let key = SigningKey::from_pkcs8(&leaf.pkcs8).map_err(|why| broken(&why))?;
        Ok(Shown { certificate: der, key })
    }

    /// The keys that cards of the nation have, PKCS#8 in DER: RSA, then P-384.
    pub fn keys() -> Vec<Vec<u8>> {
        authority::leaves().map(|leaf| leaf.pkcs8.clone()).collect()
    }

    /// The place of a card's key among [`Shown::keys`].
    pub fn key_of(who: Number, certificate: &Certificate) -> u64 {
        authority::leaf_place(certificate.generation, who.0)
    }

    /// Signs a nonce's message.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.key.sign(message)
    }
}

/// 23 signs that tell nothing but the municipality.
fn common_name(who: Number, certificate: &Certificate) -> String {
    let tail = super::dice::stir(who.0 ^ u64::from(u32::from_be_bytes(certificate.serial)) << 32);
    format!("{:014X}{}{:04}", tail >> 8, authority::MUNICIPALITY_CODE, tail % 10_000)
}
