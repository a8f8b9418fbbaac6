//! The invented country: its facilities, its insurers, and a small seed of named people, one for every outcome of a
//! check, for every awkward name and for every state of a card; and the offices outside that Shikaku hears from: the
//! authority that issues certificates (J-LIS) and the municipality that hands out cards.
//!
//! Always holds: nobody and nothing in it is real. The same seed and day give the same people, facts and ids; what
//! moves with the day moves by recorded corrections, and the rows before them stay. It knows no desk: people enter by
//! the resident register's door (`people`), the insurers' (`registration`), the authority's (`cards`) and the
//! municipality's (`enrolment`), and what a desk ought to answer is written beside each patient as text. Keys are test
//! keys that everybody has, and certificates say `O=JPKI-TEST`.
//! Not here: proof that the desk does answer so (the end-to-end tests), bulk population (later), writing card files.
//! Rules come from: docs/rules.md S1 r1, r2, r3, r11; S2 r1, r3, r4; S5 r1, r2.

#![forbid(unsafe_code)]

mod authority;
mod calendar;
mod cards;
mod chain;
mod drafts;
mod ids;
mod kept;
pub mod nation;
mod own;
mod patients;
mod places;
pub mod rosters;
mod sheet;
#[cfg(test)]
mod tests;

pub use self::cards::{Issued, card, is_card_settled, settle_card};
pub use authority::{anchors, lists};
pub use chain::{CardState, CardStory, outcomes};
pub use kept::Kept;
pub use own::read_csv;
pub use places::{Clinic, clinics, insurers};
pub use sheet::csv;

use ::store::Tx;
use base::{BranchNumber, Cx, Date, Id, InsurerNumber, MyNumber, Result, kinds};
use coverage::rules::{NewEntry, What};
use people::rules::Attributes;
use registration::Filing;
use std::collections::BTreeSet;

/// What a vendor's software asks about a patient, as texts of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Insurer number, padded with blanks to eight places.
    pub insurer_number: String,
    /// Symbol; empty when there is none.
    pub symbol: String,
    /// Number.
    pub number: String,
    /// Branch number; empty when there is none.
    pub branch: String,
    /// Birth date, `YYYYMMDD`.
    pub birth_date: String,
}

impl Query {
    /// The question that an insurer's copy answers to.
    fn of(entry: &NewEntry) -> Query {
        Query {
            insurer_number: entry.insurer.padded(),
            symbol: entry.symbol.clone().unwrap_or_default(),
            number: entry.number.clone(),
            branch: entry.branch.as_ref().map(BranchNumber::to_string).unwrap_or_default(),
            birth_date: entry.birth.stamp8(),
        }
    }
}

/// Somebody whom the resident register knows.
pub struct Resident {
    /// The person's id.
    pub id: Id<kinds::Person>,
    /// The person's number.
    pub number: MyNumber,
    /// What the register says.
    pub attributes: Attributes,
}

/// The same question for a day that is not today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OtherDay {
    /// The day asked about.
    pub asked_on: Date,
    /// `QualificationValidity` then.
    pub validity: &'static str,
}

/// A test patient: what to ask, what the demo's clinic is answered, and what stands behind it.
#[derive(Default)]
pub struct Patient {
    /// Stable across versions, e.g. `P001-valid-employee`.
    pub id: String,
    /// The stable word of the outcome, as the counter has it.
    pub outcome: String,
    /// The question.
    pub query: Query,
    /// The card's PIN, four digits; empty when there is no card or the card has none.
    pub pin: String,
    /// The card's file under the data directory, with `/`; empty when there is no card.
    pub card_file: String,
    /// `QualificationValidity`, 1 to 6; empty for the third answer.
    pub expected_validity: String,
    /// The nine-character code; empty when there is none.
    pub expected_code: String,
    /// What the row shows, in Japanese and, behind a slash, in English.
    pub note: String,
    /// What is particular about the card; nothing when there is none.
    pub card_state: Option<CardState>,
    /// How often the card was made anew because its row came to say another state. [`Kept`] counts.
    pub edition: u32,
    /// How a tap of the card ends: a word as in `outcome`, over all coverages of the person, or one of [`outcomes`].
    pub card_outcome: String,
    /// `QualificationValidity` of the face file; empty when there is none.
    pub card_validity: String,
    /// What the same question gives for another day, where that is the point.
    pub other_day: Option<OtherDay>,
    /// The insurers of the filings, with their names.
    pub insurers: Vec<(InsurerNumber, String)>,
    /// People whom the resident register knows. The first is the patient, when the register knows the patient.
    pub residents: Vec<Resident>,
    /// What insurers filed, in order. A second filing with the id of an earlier one corrects it.
    pub filings: Vec<Filing>,
}

/// The country's named patients as of today. `today` is 2026 or later: some memberships have fixed dates before it.
pub fn patients(seed: u64, today: Date) -> Vec<Patient> {
    patients::all(drafts::Table { seed, days: calendar::Calendar { today } })
}

/// The serials on the country's own cards: a vendor's must be others.
fn serials(seed: u64, today: Date) -> BTreeSet<[u8; 4]> {
    let all = patients(seed, today);
    all.iter().filter_map(|patient| card(seed, today, patient)).map(|story| story.serial()).collect()
}

/// What settling did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// Rows recorded about people and coverages; insurers' names are not counted.
    pub recorded: usize,
    /// Patients looked at.
    pub patients: usize,
    /// Patients whose story goes on with a correction, which is to be recorded in a transaction of its own.
    pub unfinished: usize,
}

/// Makes the store say what today's seed says of everybody, in one transaction. Inside `Store::record`.
///
/// A second call for the same day records nothing. A call for a later day records corrections for what moved. A story
/// with a correction gets both its revisions here under one number; where that matters, or where others wait for the
/// store, [`settle_one`] is called patient by patient.
pub fn settle(tx: &mut Tx<'_>, cx: &Cx<'_>, today: Date, seed: u64, extra: &[Patient]) -> Result<Settled> {
    let mut settled = Settled::default();
    for patient in patients(seed, today).iter().chain(extra) {
        settled.patients += 1;
        loop {
            let one = settle_one(tx, cx, patient)?;
            settled.recorded += one.recorded;
            if one.unfinished == 0 {
                break;
            }
        }
    }
    Ok(settled)
}

/// Makes the store say what the seed says of one patient; to be called again, in another transaction, while the story
/// is unfinished. Inside `Store::record`. [`is_settled`] says beforehand, cheaply, whether there is anything to do.
///
/// A store keeps the seed that it was first filled with: another seed would file the same numbers for other people.
pub fn settle_one(tx: &mut Tx<'_>, cx: &Cx<'_>, patient: &Patient) -> Result<Settled> {
    let mut settled = Settled { patients: 1, ..Settled::default() };
    for (number, name) in &patient.insurers {
        coverage::record_insurer(tx, cx, number, name)?;
    }
    for resident in &patient.residents {
        settled.recorded += usize::from(record_resident(tx, cx, resident)?);
    }
    for (place, filing) in patient.filings.iter().enumerate() {
        let same = |other: &Filing| other.coverage == filing.coverage;
        if patient.filings[..place].iter().any(same) {
            continue; // a correction; it is filed in the place of its first filing
        }
        let last = patient.filings.iter().rfind(|other| same(other)).unwrap_or(filing);
        let is_known = coverage::get(tx, filing.coverage)?.story(filing.coverage).is_some();
        let now = if is_known { last } else { filing };
        settled.unfinished = settled.unfinished.max(usize::from(!std::ptr::eq(now, last)));
        settled.recorded += registration::file(tx, cx, now)?.recorded;
    }
    Ok(settled)
}

/// Whether the store says of a patient what the seed says, so that there is nothing to settle. Only reads: a start that
/// finds everybody settled takes no transaction that writes.
pub fn is_settled(tx: &mut Tx<'_>, patient: &Patient) -> Result<bool> {
    for resident in &patient.residents {
        if standing(tx, resident)?.as_ref() != Some(&resident.attributes) {
            return Ok(false);
        }
    }
    for (place, filing) in patient.filings.iter().enumerate() {
        if patient.filings[place + 1..].iter().any(|later| later.coverage == filing.coverage) {
            continue; // corrected; what stands is the last
        }
        let Some(story) = coverage::get(tx, filing.coverage)?.story(filing.coverage) else {
            return Ok(false);
        };
        // The link needs no look: it was judged from these attributes and this entry when they were recorded.
        let facts: Vec<_> =
            story.facts.iter().map(|f| &f.new).filter(|new| !matches!(new.what, What::Link { .. })).collect();
        let same_facts =
            facts.len() == filing.facts.len() && filing.facts.iter().all(|wanted| facts.contains(&wanted));
        let named = |(number, name): &(InsurerNumber, String)| {
            *number != filing.entry.insurer || *name == story.entry.insurer_name
        };
        if story.entry.new != filing.entry || !same_facts || !patient.insurers.iter().all(named) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What the resident register said last.
fn standing(tx: &mut Tx<'_>, resident: &Resident) -> Result<Option<Attributes>> {
    match people::exchange(tx, &resident.number)? {
        Some(person) => people::get(tx, person),
        None => Ok(None),
    }
}

/// Hands a resident to the register's door; says whether that changed anything.
fn record_resident(tx: &mut Tx<'_>, cx: &Cx<'_>, resident: &Resident) -> Result<bool> {
    if standing(tx, resident)?.as_ref() == Some(&resident.attributes) {
        return Ok(false);
    }
    people::record(tx, cx, resident.id, &resident.number, &resident.attributes)?;
    Ok(true)
}
