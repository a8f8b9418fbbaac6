//! What a person can consent to, how long a consent lives, and whether a facility may see something now.
//!
//! Always holds: values in, values out. For each kind the newest answer decides, so a later "no" ends an earlier
//! "yes"; a withdrawn answer stays withdrawn and never becomes expired; whatever is not a live "yes" is a "no".
//! A [`Grant`] is made here and nowhere else.
//! Not here: the limit certificate and specific diseases, whose consent serves one query (`counter`); the records
//! themselves; SQL (`store`).
//! Rules come from: docs/rules.md S1 r5; the reference on OQS, sections 4.5, 6.2 and code tables 010, 016, 031.

use crate::refusals;
use base::{Actor, Answer, Date, Id, Instant, kinds};
use std::marker::PhantomData;

/// A kind of information about which the reader asks a question of its own.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// The stable word.
    pub word: &'static str,
    /// What the names of its elements begin with in OQS messages, e.g. `PharmacistsInfo` in `PharmacistsInfoConsFlg`.
    pub stem: &'static str,
    /// Its name in Japanese.
    pub ja: &'static str,
    /// Its name in English.
    pub en: &'static str,
    /// What it is good for, in Japanese.
    pub why_ja: &'static str,
    /// What it is good for, in English.
    pub why_en: &'static str,
    /// Whether a new terminal asks about it without having been told to.
    pub usual: bool,
    since: i64,
}

impl Kind {
    /// The first day on which it exists.
    pub fn since(&self) -> Date {
        Date::from_number(self.since).expect("a test reads every first day of the table")
    }
}

/// The kinds, in the order in which a reader asks. The first days of the kinds after the second are not sure: sources
/// name months that differ (2022-07 or 2022-09, 2022-12 or 2023-05) or a month only (2025-01).
pub static KINDS: [Kind; 10] = [
    Kind {
        word: "checkups",
        stem: "SpecificHealthCheckupsInfo",
        ja: "過去の健診の結果",
        en: "Results of past checkups",
        why_ja: "体の状態の移り変わりを踏まえて、診察や薬を決めるために使います。",
        why_en: "So that your treatment takes account of how your health has changed.",
        usual: true,
        since: 20211020,
    },
    Kind {
        word: "drugs",
        stem: "PharmacistsInfo",
        ja: "過去の薬",
        en: "Past drugs",
        why_ja: "薬の飲み合わせや、同じ働きの薬の重なりを確かめるために使います。",
        why_en: "To check for drugs that do not go together or are given twice.",
        usual: true,
        since: 20211020,
    },
    Kind {
        word: "diagnosis",
        stem: "DiagnosisInfo",
        ja: "過去の診療",
        en: "Past treatment",
        why_ja: "これまでに受けた治療や検査を踏まえて診察するために使います。",
        why_en: "So that the doctor knows which treatment and examinations you have had.",
        usual: false,
        since: 20220911,
    },
    Kind {
        word: "operation",
        stem: "OperationInfo",
        ja: "過去の手術",
        en: "Past operations",
        why_ja: "これまでに受けた手術を踏まえて、安全に治療するために使います。",
        why_en: "So that the operations you have had are known before you are treated.",
        usual: false,
        since: 20230511,
    },
    Kind {
        word: "diagnosis-names",
        stem: "DiagnosisName",
        ja: "病気の名前（傷病名）",
        en: "Names of your illnesses",
        why_ja: "治療中や過去の病気を踏まえて診察するために使います。",
        why_en: "So that present and past illnesses are known when you are treated.",
        usual: false,
        since: 20250101,
    },
    Kind {
        word: "infectious",
        stem: "InfectiousInfo",
        ja: "感染症",
        en: "Infections",
        why_ja: "検査や手術などを安全に行うために使います。",
        why_en: "So that examinations and operations are done safely.",
        usual: false,
        since: 20250101,
    },
    Kind {
        word: "allergies",
        stem: "AllergyInfo",
        ja: "薬以外のアレルギー",
        en: "Allergies other than to drugs",
        why_ja: "アレルギーの原因になる食べ物や材料を避けるために使います。",
        why_en: "To avoid foods and materials that you do not tolerate.",
        usual: false,
        since: 20250101,
    },
    Kind {
        word: "drug-allergies",
        stem: "ContraindicationInfo",
        ja: "薬のアレルギー",
        en: "Allergies to drugs",
        why_ja: "アレルギーの原因になる薬を避けるために使います。",
        why_en: "To avoid drugs that you do not tolerate.",
        usual: false,
        since: 20250101,
    },
    Kind {
        word: "tests",
        stem: "TestInfo",
        ja: "検査の結果",
        en: "Test results",
        why_ja: "同じ検査を繰り返さずに、体の状態を知るために使います。",
        why_en: "To know your condition without testing you again.",
        usual: false,
        since: 20250101,
    },
    Kind {
        word: "prescriptions",
        stem: "PrescriptionInfo",
        ja: "処方された薬",
        en: "Prescriptions",
        why_ja: "処方されたばかりの薬との飲み合わせを確かめるために使います。",
        why_en: "To check against drugs that were prescribed a short time ago.",
        usual: false,
        since: 20250101,
    },
];

/// The kind of a word.
pub fn kind(word: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.word == word)
}

/// The kinds that exist on a day, of those that a setting names, in the order in which a reader asks. A word that is no
/// kind is passed over.
pub fn offered(day: Date, asked: &[&str]) -> Vec<&'static Kind> {
    KINDS.iter().filter(|kind| asked.contains(&kind.word) && kind.since() <= day).collect()
}

/// A consent lives 24 hours, in milliseconds.
pub const LIFE_MS: i64 = 24 * 3_600_000;

/// The last instant of a consent given at this one. It still counts: messages and screens show it cut off to the
/// second, and whoever asks at the very second shown must not be refused.
pub fn until(given_at: Instant) -> Instant {
    given_at.plus_ms(LIFE_MS)
}

/// Groups of people by whether their records may be shown at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Everybody else.
    Usual,
    /// 自衛官診療証
    DefenceForces,
    /// 日雇特例被保険者
    DayLabourer,
    /// 医療扶助
    MedicalAid,
}

/// The group of a coverage, by its card class (code table 010) and the first two digits of an eight-digit insurer
/// number (法別番号; empty when the number has none).
pub fn group(card_class: &str, insurer_law_code: &str) -> Group {
    match (card_class, insurer_law_code) {
        ("A1", _) => Group::MedicalAid,
        ("07", _) | (_, "07") => Group::DefenceForces,
        (_, "03" | "04") => Group::DayLabourer,
        _ => Group::Usual,
    }
}

/// Whether records of people of this group are shown to anybody, whatever they consent to.
pub fn may_be_shown(group: Group) -> bool {
    group == Group::Usual
}

/// A person's answers at a reader, as given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// Who answered.
    pub person: Id<kinds::Person>,
    /// At whose reader.
    pub facility: Id<kinds::Facility>,
    /// When.
    pub given_at: Instant,
    /// What they agreed to.
    pub agreed: Vec<&'static Kind>,
    /// What they declined. A kind that stands in both lists is declined.
    pub declined: Vec<&'static Kind>,
    /// The check that they were given with.
    pub decision: Id<kinds::Decision>,
}

/// An answer as stored, with what was withdrawn of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Its id.
    pub consent: Id<kinds::Consent>,
    /// The answer.
    pub given: Given,
    /// Its last instant.
    pub until: Instant,
    /// What was withdrawn, and when.
    pub withdrawn: Vec<(&'static Kind, Instant)>,
}

/// How it stands with a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Agreed to, and the facility may see it.
    Live {
        /// When it was given.
        given_at: Instant,
        /// Its last instant.
        until: Instant,
        /// The consent.
        consent: Id<kinds::Consent>,
    },
    /// Agreed to, and 24 hours are over.
    Expired {
        /// When it was given.
        given_at: Instant,
        /// Its last instant.
        until: Instant,
        /// The consent.
        consent: Id<kinds::Consent>,
    },
    /// Agreed to and taken back, however long ago.
    Withdrawn {
        /// When it was taken back.
        at: Instant,
    },
    /// Asked, and declined.
    Declined {
        /// When.
        at: Instant,
    },
    /// Agreed to, but a later answer at the same facility decides; only in lists.
    Replaced {
        /// The later answer.
        by: Id<kinds::Consent>,
    },
    /// Not answered.
    Never,
}

impl Standing {
    /// The flag of OQS messages (`…ConsFlg`, code table 016): 0 no consent, 1 consent, 2 expired.
    pub fn flag(self) -> &'static str {
        match self {
            Standing::Live { .. } => "1",
            Standing::Expired { .. } => "2",
            Standing::Withdrawn { .. }
            | Standing::Declined { .. }
            | Standing::Replaced { .. }
            | Standing::Never => "0",
        }
    }
}

impl Recorded {
    /// Whether the person was asked about this kind in this answer.
    pub fn names(&self, kind: &Kind) -> bool {
        self.given.agreed.contains(&kind) || self.given.declined.contains(&kind)
    }

    /// How a kind stands by this answer alone. A consent given at an instant that is still to come does not count yet;
    /// a withdrawal counts at once, whatever its instant: a slow clock never opens anything.
    pub fn by_itself(&self, kind: &Kind, now: Instant) -> Standing {
        let (given_at, until, consent) = (self.given.given_at, self.until, self.consent);
        if self.given.declined.contains(&kind) {
            return Standing::Declined { at: given_at };
        }
        if !self.given.agreed.contains(&kind) || now < given_at {
            return Standing::Never;
        }
        match self.withdrawn.iter().find(|(other, _)| *other == kind) {
            Some((_, at)) => Standing::Withdrawn { at: *at },
            None if now <= until => Standing::Live { given_at, until, consent },
            None => Standing::Expired { given_at, until, consent },
        }
    }

    /// What decides which of two answers is the later one.
    fn order(&self) -> (Instant, Id<kinds::Consent>) {
        (self.given.given_at, self.consent)
    }
}

/// The newest of the answers that name a kind: it alone decides.
fn newest<'a>(answers: &'a [Recorded], kind: &Kind) -> Option<&'a Recorded> {
    answers.iter().filter(|answer| answer.names(kind)).max_by_key(|answer| answer.order())
}

/// How a kind stands, by the answers of one person at one facility (S1 r5).
pub fn standing(answers: &[Recorded], kind: &Kind, now: Instant) -> Standing {
    newest(answers, kind).map_or(Standing::Never, |answer| answer.by_itself(kind, now))
}

/// How one answer's kind stands beside the person's other answers: replaced, when a later one at the same facility
/// names the kind too.
pub fn standing_of(answer: &Recorded, answers: &[Recorded], kind: &Kind, now: Instant) -> Standing {
    let later = answers.iter().filter(|other| {
        other.given.facility == answer.given.facility && other.names(kind) && other.order() > answer.order()
    });
    match (answer.by_itself(kind, now), later.max_by_key(|other| other.order())) {
        (Standing::Live { .. }, Some(later)) => Standing::Replaced { by: later.consent },
        (standing, _) => standing,
    }
}

/// The gate's yes: what may be shown, to whom, of whom, on which consent, in the transaction that asked. Only the gate
/// makes one and none leaves its transaction, so what asks for a grant is not reached around the gate, nor later:
///
/// ```
/// # use base::{Cx, Id, Result, kinds}; use store::Store; use consent::{may_view, rules::{Group, KINDS}};
/// fn used(store: &Store, cx: &Cx, person: Id<kinds::Person>, facility: Id<kinds::Facility>) -> Result<bool> {
///     let checked = store.check_and_wait(|tx| {
///         let answer = may_view(tx, cx, person, facility, &KINDS[0], Group::Usual)?;
///         Ok(answer.is_ok())
///     });
///     Ok(checked?.0)
/// }
/// ```
///
/// The same with the grant itself handed out does not compile:
///
/// ```compile_fail
/// # use base::{Cx, Id, Result, kinds}; use store::Store; use consent::{may_view, rules::{Group, KINDS}};
/// fn kept(store: &Store, cx: &Cx, person: Id<kinds::Person>, facility: Id<kinds::Facility>) -> Result<bool> {
///     let checked = store.check_and_wait(|tx| {
///         let answer = may_view(tx, cx, person, facility, &KINDS[0], Group::Usual)?;
///         Ok(answer)
///     });
///     Ok(checked?.0.is_ok())
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant<'t> {
    person: Id<kinds::Person>,
    facility: Id<kinds::Facility>,
    kind: &'static Kind,
    consent: Id<kinds::Consent>,
    until: Instant,
    transaction: PhantomData<&'t ()>,
}

impl Grant<'_> {
    /// Whose records.
    pub fn person(&self) -> Id<kinds::Person> {
        self.person
    }

    /// Who may see them.
    pub fn facility(&self) -> Id<kinds::Facility> {
        self.facility
    }

    /// Which kind.
    pub fn kind(&self) -> &'static Kind {
        self.kind
    }

    /// The consent that it rests on, for the audit row of the viewing.
    pub fn consent(&self) -> Id<kinds::Consent> {
        self.consent
    }

    /// The last instant of that consent.
    pub fn until(&self) -> Instant {
        self.until
    }
}

/// What is asked of the gate.
#[derive(Clone, Copy)]
pub(crate) struct Ask {
    pub person: Id<kinds::Person>,
    pub facility: Id<kinds::Facility>,
    pub kind: &'static Kind,
    pub group: Group,
}

/// The gate (S1 r5). `answers` are those of the person at the facility; an answer at another facility is never looked
/// at, so no refusal tells that there is one.
pub(crate) fn may_view<'t>(actor: Actor, ask: Ask, answers: &[Recorded], now: Instant) -> Answer<Grant<'t>> {
    if actor.facility() != Some(ask.facility.raw()) {
        return Err(refusals::other_facility());
    }
    if !may_be_shown(ask.group) {
        return Err(refusals::group_not_shown());
    }
    let Ask { person, facility, kind, .. } = ask;
    match standing(answers, kind, now) {
        Standing::Live { until, consent, .. } => {
            Ok(Grant { person, facility, kind, consent, until, transaction: PhantomData })
        }
        Standing::Expired { .. } => Err(refusals::expired()),
        Standing::Withdrawn { .. } => Err(refusals::withdrawn()),
        Standing::Declined { .. } => Err(refusals::declined()),
        Standing::Replaced { .. } | Standing::Never => Err(refusals::never_given()),
    }
}

/// Whether somebody may act on this person's consents: nobody but they themselves. Everybody else is told what they
/// would be told if there were no such consent.
pub(crate) fn own(actor: Actor, person: Id<kinds::Person>) -> Answer<()> {
    match actor {
        Actor::Person { person: own } if own == person.raw() => Ok(()),
        _ => Err(refusals::no_such_consent()),
    }
}

/// What withdrawing takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Withdrawal {
    /// A row, in the log of this facility.
    Due(Id<kinds::Facility>),
    /// Nothing: it was withdrawn before.
    Standing(Id<kinds::Facility>),
}

/// Decides about withdrawing a kind of a consent. `answers` are those of the person at the facility of the consent;
/// none, when there is no such consent of this person.
pub(crate) fn withdraw(
    consent: Id<kinds::Consent>,
    kind: &'static Kind,
    answers: &[Recorded],
    now: Instant,
) -> Answer<Withdrawal> {
    let Some(any) = answers.first() else { return Err(refusals::no_such_consent()) };
    // An answer that is there but not among the newest ones is long over.
    let Some(answer) = answers.iter().find(|answer| answer.consent == consent) else {
        return Err(refusals::nothing_to_withdraw());
    };
    match standing_of(answer, answers, kind, now) {
        Standing::Live { .. } => Ok(Withdrawal::Due(any.given.facility)),
        Standing::Withdrawn { .. } => Ok(Withdrawal::Standing(any.given.facility)),
        Standing::Replaced { .. } => Err(refusals::replaced()),
        Standing::Expired { .. } | Standing::Declined { .. } | Standing::Never => {
            Err(refusals::nothing_to_withdraw())
        }
    }
}

/// A consent as its person sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its id.
    pub consent: Id<kinds::Consent>,
    /// At whose reader it was given.
    pub facility: Id<kinds::Facility>,
    /// When.
    pub given_at: Instant,
    /// Its last instant.
    pub available_until: Instant,
    /// Every kind that was asked, and how it stands.
    pub kinds: Vec<(&'static Kind, Standing)>,
}

/// A person's answers, newest first, as they see them.
pub(crate) fn listed(answers: &[Recorded], now: Instant) -> Vec<Listed> {
    let one = |answer: &Recorded| Listed {
        consent: answer.consent,
        facility: answer.given.facility,
        given_at: answer.given.given_at,
        available_until: answer.until,
        kinds: KINDS
            .iter()
            .filter(|kind| answer.names(kind))
            .map(|kind| (kind, standing_of(answer, answers, kind, now)))
            .collect(),
    };
    answers.iter().map(one).collect()
}
