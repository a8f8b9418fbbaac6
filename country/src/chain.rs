//! The story of a patient's card: which authentication certificates were issued for it, when, why one follows another,
//! and what became of them. Days and numbers only.
//!
//! Always holds: seed, patient and day give the same story. A later day keeps its certificates and adds what was issued
//! since, but for people whose birth date moves with the calendar: they get a card anew. A certificate ends on a
//! birthday. No two certificates of a person share a serial, and no serial, common name or PIN tells anything of a
//! person.
//! Not here: certificates and card files themselves (`cards`), the authority's keys (`authority`).
//! Rules come from: docs/rules.md S1 r8, r11; the reference on the card, sections 2 and 4.3 to 4.6.

use crate::calendar::day;
use crate::{Patient, ids};
use base::{BirthDate, Date, Id, Instant, kinds};
use cards::rules::Reason;
use coverage::rules::What;
use people::rules::Attributes;

/// The words and codes with which a tap ends when the card is not taken. They stand in `card_outcome`.
pub mod outcomes {
    /// Expired, and the months of grace are over.
    pub const EXPIRED: &str = "cards.expired";
    /// Revoked, or another certificate took its place.
    pub const REVOKED: &str = "cards.revoked";
    /// On hold after a loss.
    pub const ON_HOLD: &str = "cards.on-hold";
    /// A good certificate that nobody told the desk of.
    pub const UNKNOWN: &str = "cards.unknown-card";
    /// The reader offers to enrol.
    pub const NOT_ENROLLED: &str = "not-enrolled";
    /// The card refuses any PIN; the terminal's own code.
    pub const PIN_BLOCKED: &str = "SKT05002E";
}

/// What is particular about a patient's card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CardState {
    /// Nothing.
    Valid,
    /// The certificate ends on the next birthday; of our own patients, within three months.
    NearExpiry,
    /// It ended on the last birthday; of our own patients, less than three months ago.
    Grace,
    /// It ended in 2025 or before.
    Expired,
    /// Suspended (一時利用停止).
    OnHold,
    /// Revoked (失効).
    Revoked,
    /// The PIN was entered wrongly three times.
    Blocked,
    /// The certificate is not the person's first: a renewal.
    Renewed,
    /// The card is an old one; the person has a new one.
    Superseded,
    /// Below 15 and therefore without a signing certificate.
    Child,
    /// 顔認証マイナンバーカード: no PIN.
    PinLess,
    /// The person has not enrolled (健康保険証利用の申込).
    NotEnrolled,
    /// The person is enrolled and no insurer has registered anything.
    NoCoverage,
    /// The certificate is good and was never registered with us.
    Unknown,
    /// A card with a P-384 key.
    NextGeneration,
}

impl CardState {
    /// All of them.
    pub const ALL: [CardState; 15] = [
        CardState::Valid,
        CardState::NearExpiry,
        CardState::Grace,
        CardState::Expired,
        CardState::OnHold,
        CardState::Revoked,
        CardState::Blocked,
        CardState::Renewed,
        CardState::Superseded,
        CardState::Child,
        CardState::PinLess,
        CardState::NotEnrolled,
        CardState::NoCoverage,
        CardState::Unknown,
        CardState::NextGeneration,
    ];

    /// The stable word, as `card_state` has it.
    pub fn word(self) -> &'static str {
        match self {
            CardState::Valid => "valid",
            CardState::NearExpiry => "near-expiry",
            CardState::Grace => "grace",
            CardState::Expired => "expired",
            CardState::OnHold => "on-hold",
            CardState::Revoked => "revoked",
            CardState::Blocked => "blocked",
            CardState::Renewed => "renewed",
            CardState::Superseded => "superseded",
            CardState::Child => "child",
            CardState::PinLess => "pin-less",
            CardState::NotEnrolled => "not-enrolled",
            CardState::NoCoverage => "no-coverage",
            CardState::Unknown => "unknown",
            CardState::NextGeneration => "next-generation",
        }
    }

    /// The state of a word.
    pub fn parse(word: &str) -> Option<CardState> {
        CardState::ALL.into_iter().find(|state| state.word() == word)
    }

    /// Whether a card in one state is a card in the other: who turns fifteen keeps the card.
    pub(crate) fn is_same_card(self, other: CardState) -> bool {
        let plain = |state| matches!(state, CardState::Valid | CardState::Child);
        self == other || (plain(self) && plain(other))
    }

    /// How a tap ends, whatever the person's coverages; nothing when they decide.
    fn ends_with(self) -> Option<&'static str> {
        match self {
            CardState::Expired => Some(outcomes::EXPIRED),
            CardState::OnHold => Some(outcomes::ON_HOLD),
            CardState::Revoked | CardState::Superseded => Some(outcomes::REVOKED),
            CardState::Blocked => Some(outcomes::PIN_BLOCKED),
            CardState::NotEnrolled => Some(outcomes::NOT_ENROLLED),
            CardState::Unknown => Some(outcomes::UNKNOWN),
            _ => None,
        }
    }
}

/// Who signed a certificate: generations of one authority, which share its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Generation {
    /// Expired on 2025-10-19.
    First,
    /// RSA.
    Second,
    /// RSA.
    Third,
    /// P-384. Invented: the real one is planned for fiscal 2028.
    Next,
}

impl Generation {
    /// All of them.
    pub const ALL: [Generation; 4] =
        [Generation::First, Generation::Second, Generation::Third, Generation::Next];

    /// The generation that signs on a day: each about four years, so that nothing outlives its authority.
    pub(crate) fn on(date: Date) -> Generation {
        match date.as_number() {
            20_270_701.. => Generation::Next,
            20_230_716.. => Generation::Third,
            20_190_914.. => Generation::Second,
            _ => Generation::First,
        }
    }

    /// The serials that it gives. They rise from generation to generation, as real ones do; where they lie is *ours*,
    /// so far apart that hardly two people get the same.
    fn serials(self) -> std::ops::Range<u32> {
        match self {
            Generation::First => 0x0100_0000..0x0133_0000,
            Generation::Second => 0x0134_0000..0x06d1_0000,
            Generation::Third => 0x06d2_0000..0x4000_0000,
            Generation::Next => 0x4000_0000..0x8000_0000,
        }
    }

    /// Those of them that the named patients and a vendor's own have: the lower half.
    fn serials_named(self) -> std::ops::Range<u32> {
        let all = self.serials();
        all.start..all.start + (all.end - all.start) / 2
    }

    /// Those that people of the nation have: the rest, so that nobody of theirs shares one with a named patient.
    pub(crate) fn serials_nation(self) -> std::ops::Range<u32> {
        self.serials_named().end..self.serials().end
    }

    /// Whether keys are P-384.
    pub fn is_p384(self) -> bool {
        self == Generation::Next
    }
}

/// How many birthdays a certificate lasts. Renewed in its last months it lasts one more.
pub(crate) const BIRTHDAYS: i64 = 5;
const RENEWABLE_MONTHS: i64 = 3;

/// What became of a certificate.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Live,
    Held { since: Instant },
    Revoked { at: Instant, reason: Reason },
}

/// A certificate of the story.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Planned {
    pub generation: Generation,
    pub issued_on: Date,
    /// The last day.
    pub until: Date,
    pub serial: [u8; 4],
    /// The place of its key in the pool.
    pub key: u64,
    pub fate: Fate,
}

impl Planned {
    /// First instant of the validity. Real ones begin when they are issued; ours with the day, so that what is issued
    /// today holds at any hour of it.
    pub fn valid_from(&self) -> Instant {
        self.issued_on.begins()
    }

    /// Last millisecond of the validity.
    pub fn valid_until(&self) -> Instant {
        self.until.plus_days(1).begins().plus_ms(-1)
    }
}

/// The story of one patient's card. It prints nothing: it has a PIN in it.
pub struct CardStory {
    /// The patient's id.
    pub patient: String,
    /// Whose card it is.
    pub person: Id<kinds::Person>,
    /// What is particular about it.
    pub state: CardState,
    pub(crate) seed: u64,
    pub(crate) edition: u32,
    pub(crate) pin: String,
    pub(crate) is_child: bool,
    pub(crate) note: String,
    pub(crate) holder: Attributes,
    /// In the order in which they were issued; each takes the place of the one before.
    pub(crate) certificates: Vec<Planned>,
    /// Which of them is on the card.
    pub(crate) given: usize,
}

impl CardStory {
    /// The certificate on the card.
    pub(crate) fn given(&self) -> &Planned {
        &self.certificates[self.given]
    }

    /// The PIN; empty on a PIN-less card.
    pub fn pin(&self) -> &str {
        &self.pin
    }

    /// First and last instant of the validity of the certificate on the card.
    pub fn validity(&self) -> (Instant, Instant) {
        (self.given().valid_from(), self.given().valid_until())
    }

    /// The serial of the certificate on the card, the highest byte first.
    pub fn serial(&self) -> [u8; 4] {
        self.given().serial
    }
}

/// Fills in what a patient's row says of the card, where it does not say it already.
pub(crate) fn give_card(patient: &mut Patient, seed: u64, today: Date) {
    let has_card = patient.residents.first().is_some_and(|who| born_by(who.attributes.birth, today));
    if !has_card {
        patient.card_state = None;
        return;
    }
    let is_child = patient.residents.first().is_some_and(|who| is_child(who.attributes.birth, today));
    let plain = if is_child { CardState::Child } else { CardState::Valid };
    let state = *patient.card_state.get_or_insert(plain);
    if state == CardState::PinLess {
        patient.pin.clear();
    } else if patient.pin.is_empty() {
        patient.pin = pin(seed, &patient.id);
    }
    patient.card_file = format!("cards/{}.card", patient.id);
    if let Some(code) = state.ends_with() {
        patient.card_outcome = code.into();
        patient.card_validity.clear();
    } else if patient.card_outcome.is_empty() {
        patient.card_outcome = patient.outcome.clone();
        patient.card_validity = patient.expected_validity.clone();
    }
}

/// The story of a patient's card as of today; nothing for who has none.
pub(crate) fn story(seed: u64, today: Date, patient: &Patient) -> Option<CardStory> {
    let (state, who) = (patient.card_state?, patient.residents.first()?);
    let birth = who.attributes.birth;
    let mut certificates = issued(seed, patient, birth, state, today);
    let given = certificates.len().checked_sub(if state == CardState::Superseded { 2 } else { 1 })?;
    let next: Vec<Instant> = certificates.iter().skip(1).map(Planned::valid_from).collect();
    for (certificate, at) in certificates.iter_mut().zip(next) {
        certificate.fate = Fate::Revoked { at, reason: Reason::Superseded };
    }
    if let Some(last) = certificates.last_mut() {
        last.fate = fate(state, last, patient, today);
    }
    Some(CardStory {
        patient: patient.id.clone(),
        person: who.id,
        state,
        seed,
        edition: patient.edition,
        pin: patient.pin.clone(),
        is_child: is_child(birth, today),
        note: patient.note.clone(),
        holder: who.attributes.clone(),
        certificates,
        given,
    })
}

/// Why somebody cannot have a card in the state that their row says, today; nothing when they can. The country's own
/// people always can.
pub(crate) fn misfit(patient: &Patient, story: Option<&CardStory>, today: Date) -> Option<&'static str> {
    let state = patient.card_state?;
    let Some(story) = story else {
        return Some("born too late for an old card and a new one; new ones come on 2 October of odd years");
    };
    let given = story.given();
    let is_over = given.issued_on < given.until && given.until < today;
    let holds = given.issued_on <= today && today <= given.until && given.issued_on < given.until;
    match state {
        CardState::Grace if !is_over => {
            Some("born too late for a certificate that ended on the last birthday")
        }
        CardState::Expired if !is_over || given.until.parts().0 > 2025 => {
            Some("born too late for a certificate that ended in 2025 or before; it would still be valid")
        }
        CardState::Grace | CardState::Expired => None,
        CardState::Renewed if story.given == 0 => {
            Some("born too late for a second certificate; the first would be the only one")
        }
        CardState::Child if !story.is_child => Some("child is for somebody below 15 on this day"),
        CardState::NearExpiry if !holds => {
            Some("born today: there is no earlier day on which a card was issued")
        }
        _ if !holds => Some("no certificate of such a card is valid on this day"),
        _ => None,
    }
}

/// What becomes of the newest certificate. A card is lost on the day after it was issued; one ends with its holder.
fn fate(state: CardState, newest: &Planned, patient: &Patient, today: Date) -> Fate {
    let at = newest.issued_on.plus_days(1).min(today).begins();
    let died_on = patient.filings.iter().flat_map(|filing| &filing.facts).find_map(|fact| match &fact.what {
        What::Loss { reason } if reason == "01" => fact.starts_on,
        _ => None,
    });
    match (state, died_on) {
        (CardState::OnHold, _) => Fate::Held { since: at },
        (CardState::Revoked, Some(day)) => Fate::Revoked { at: day.begins(), reason: Reason::Death },
        (CardState::Revoked, None) => Fate::Revoked { at, reason: Reason::Lost },
        _ => Fate::Live,
    }
}

/// Every certificate that was issued to a person by today.
fn issued(seed: u64, patient: &Patient, birth: BirthDate, state: CardState, today: Date) -> Vec<Planned> {
    let planned = |generation: Generation, issued_on: Date, until: Date, count: usize| Planned {
        generation,
        issued_on,
        until,
        serial: serial(seed, patient, generation, issued_on, until),
        key: ids::mix(seed, &[&patient.id, "key"]).wrapping_add(count as u64),
        fate: Fate::Live,
    };
    // Nobody has a card before being born.
    let born = birth.date().unwrap_or_else(|| birthday_in(birth, birth.as_number() / 10_000));
    let after_birth = |date: Date| date.max(born);
    let five_before = |end: Date| after_birth(end.plus_years(-5).plus_days(40));
    let single = |issued_on: Date, until: Date| vec![planned(Generation::on(issued_on), issued_on, until, 0)];
    match state {
        CardState::NearExpiry => {
            let end = birthday_after(birth, today.plus_days(-1), 1);
            single(five_before(end), end)
        }
        CardState::Grace => {
            let end = birthday_in(birth, today.parts().0.into());
            let end = if end < today { end } else { birthday_in(birth, i64::from(today.parts().0) - 1) };
            single(five_before(end), end)
        }
        CardState::Expired => {
            let issued_on = after_birth(day(2020, 6, 1));
            single(issued_on, birthday_after(birth, issued_on, BIRTHDAYS))
        }
        CardState::Superseded => {
            // A new card on a fixed day every other year; the one before has years left.
            let days = (2023..).step_by(2).map(|year| day(year, 10, 2)).take_while(|date| *date <= today);
            let mut days: Vec<Date> = days.map(after_birth).collect();
            days.dedup(); // somebody born after the first of them has no card of before
            let days = days.into_iter().enumerate();
            days.map(|(count, on)| {
                planned(Generation::on(on), on, birthday_after(birth, on, BIRTHDAYS), count)
            })
            .collect()
        }
        _ => {
            let from = match state {
                CardState::Renewed => day(2020, 6, 1),
                CardState::NextGeneration => day(2026, 7, 21),
                _ => day(2022, 1, 4).plus_days((ids::mix(seed, &[&patient.id, "issued"]) % 1440) as i64),
            };
            let mut on = after_birth(from);
            let first =
                if state == CardState::NextGeneration { Generation::Next } else { Generation::on(on) };
            let mut all = vec![planned(first, on, birthday_after(birth, on, BIRTHDAYS), 0)];
            loop {
                // Renewed on the first day on which it can be.
                on = all[all.len() - 1].until.plus_months(-RENEWABLE_MONTHS);
                if on > today {
                    break all;
                }
                let generation = Generation::on(on).max(first);
                all.push(planned(generation, on, birthday_after(birth, on, BIRTHDAYS + 1), all.len()));
            }
        }
    }
}

/// Four bytes, the highest not zero and below 128.
fn serial(seed: u64, patient: &Patient, generation: Generation, from: Date, until: Date) -> [u8; 4] {
    let (from, until, edition) = (from.stamp8(), until.stamp8(), patient.edition.to_string());
    let mut texts = vec![patient.id.as_str(), "serial", &from, &until];
    if patient.edition > 0 {
        texts.push(&edition); // the first edition has none, as the country's own cards
    }
    let mixed = ids::mix(seed, &texts);
    let range = generation.serials_named();
    let number = u64::from(range.start) + mixed % u64::from(range.end - range.start);
    (number as u32).to_be_bytes()
}

/// A PIN of four digits that is not one of those which people are told not to take.
fn pin(seed: u64, patient: &str) -> String {
    let weak = |pin: &str| {
        let digits = pin.as_bytes();
        [-1, 0, 1].iter().any(|step| digits.windows(2).all(|w| i16::from(w[1]) - i16::from(w[0]) == *step))
    };
    (0..64u32)
        .map(|salt| format!("{:04}", ids::mix(seed, &[patient, "pin", &salt.to_string()]) % 10_000))
        .find(|pin| !weak(pin))
        .unwrap_or_else(|| "5803".into())
}

fn born_by(birth: BirthDate, today: Date) -> bool {
    // Where the day is not known, the year has to be over.
    birth.date().map_or(birth.as_number() / 10_000 < i64::from(today.parts().0), |born| born <= today)
}

fn is_child(birth: BirthDate, today: Date) -> bool {
    today < birthday_in(birth, birth.as_number() / 10_000 + 15)
}

/// The birthday in a year. Somebody born on 29 February has it on the 28th. Where month or day are not known the last
/// that they can be is taken; *ours*.
fn birthday_in(birth: BirthDate, year: i64) -> Date {
    let (month, dom) = (birth.as_number() / 100 % 100, birth.as_number() % 100);
    let first = Date::from_number(year * 10_000 + if month == 0 { 12 } else { month } * 100 + 1);
    let first = first.expect("the months of the country's years exist");
    match (month, dom) {
        (_, 0) => first.month_ends(),
        (2, 29) => first.plus_days(27),
        (_, dom) => first.plus_days(dom - 1),
    }
}

/// The so manieth birthday after a day.
pub(crate) fn birthday_after(birth: BirthDate, after: Date, count: i64) -> Date {
    let year = i64::from(after.parts().0);
    let is_over = birthday_in(birth, year) <= after;
    birthday_in(birth, year + count - i64::from(!is_over))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::birth;

    fn row(id: &str) -> Patient {
        Patient { id: id.to_owned(), ..Patient::default() }
    }

    #[test]
    fn birthdays_are_counted_from_the_day_after() {
        let born = birth(19_800_401);
        assert_eq!(birthday_after(born, day(2022, 3, 31), 5), day(2026, 4, 1));
        assert_eq!(birthday_after(born, day(2022, 4, 1), 5), day(2027, 4, 1));
        assert_eq!(birthday_after(birth(20_000_229), day(2022, 3, 1), 2), day(2024, 2, 28));
        assert_eq!(birthday_after(birth(19_450_600), day(2022, 3, 1), 1), day(2022, 6, 30));
        assert_eq!(birthday_after(birth(19_450_000), day(2022, 3, 1), 1), day(2022, 12, 31));
        assert!(
            is_child(birth(20_111_128), day(2026, 11, 27)) && !is_child(birth(20_111_127), day(2026, 11, 27))
        );
    }

    #[test]
    fn s1_r8_certificates_follow_each_other_without_a_gap_and_end_on_birthdays() {
        let born = birth(19_850_520);
        for state in CardState::ALL {
            let all = issued(7, &row("P064-card-renewed"), born, state, day(2030, 1, 1));
            assert!(!all.is_empty(), "{state:?}");
            for certificate in &all {
                assert_eq!(certificate.until.parts().1, 5, "{state:?}");
                assert_eq!(certificate.until.parts().2, 20, "{state:?}");
                // The authority's own reckoning, but for those whose end was chosen.
                let renews = certificate.issued_on != all[0].issued_on && state != CardState::Superseded;
                let end =
                    pki::authority::validity_end((5, 20), certificate.issued_on, renews, day(9999, 1, 1));
                assert_eq!(certificate.valid_until(), end.plus_ms(999), "{state:?}");
            }
            for pair in all.windows(2) {
                assert!(pair[0].issued_on < pair[1].issued_on && pair[1].issued_on <= pair[0].until);
                assert_ne!(pair[0].serial, pair[1].serial);
            }
        }
    }

    #[test]
    fn a_later_day_adds_certificates_and_keeps_those_before() {
        let born = birth(19_850_520);
        for state in [CardState::Valid, CardState::Renewed, CardState::Superseded, CardState::NextGeneration]
        {
            let mut before: Vec<Planned> = Vec::new();
            for days in (0..4000).step_by(50) {
                let all = issued(7, &row("mine"), born, state, day(2026, 1, 1).plus_days(days));
                assert!(all.starts_with(&before), "{state:?}");
                before = all;
            }
            assert!(before.len() > 1, "{state:?}");
        }
    }

    #[test]
    fn a_card_of_another_edition_has_other_serials_and_the_same_days() {
        let born = birth(19_850_520);
        let plan = |edition: u32| {
            let row = Patient { edition, ..row("mine") };
            issued(7, &row, born, CardState::Renewed, day(2026, 11, 27))
        };
        let (first, second, third) = (plan(0), plan(1), plan(2));
        for ((one, two), three) in first.iter().zip(&second).zip(&third) {
            assert_eq!((one.issued_on, one.until), (two.issued_on, two.until));
            assert!(one.serial != two.serial && two.serial != three.serial && one.serial != three.serial);
        }
        assert!(first == plan(0) && first.len() == third.len());
    }

    #[test]
    fn nobody_has_a_card_before_being_born_nor_two_of_one_serial() {
        let today = day(2026, 11, 27);
        for born in
            [birth(20_261_127), birth(20_251_003), birth(20_250_600), birth(20_240_000), birth(20_231_003)]
        {
            for state in CardState::ALL {
                let all = issued(7, &row("mine"), born, state, today);
                let serials: std::collections::BTreeSet<_> = all.iter().map(|one| one.serial).collect();
                assert_eq!(serials.len(), all.len(), "{} {state:?}", born.stamp8());
                let earliest = born.date().unwrap_or_else(|| birthday_in(born, born.as_number() / 10_000));
                assert!(all.iter().all(|one| one.issued_on >= earliest), "{} {state:?}", born.stamp8());
            }
        }
    }

    #[test]
    fn pins_are_four_digits_and_not_simple() {
        let mut seen = std::collections::BTreeSet::new();
        for row in 0..2000 {
            let pin = pin(1, &format!("P{row}"));
            assert!(pin.len() == 4 && pin.bytes().all(|byte| byte.is_ascii_digit()));
            assert!(!["0000", "1111", "1234", "9876"].contains(&pin.as_str()));
            seen.insert(pin);
        }
        assert!(seen.len() > 1500);
    }
}
