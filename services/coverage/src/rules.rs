//! What a coverage's entries and facts mean: what stands at a revision, and whether it is valid on a day.
//!
//! Always holds: values in, values out. *Lost* needs a recorded loss; a day without a fact gives nothing, never the
//! last value; a link that is held back or quarantined makes the coverage *held*, whatever else is known.
//! Not here: outcomes for the desk (`counter`), SQL (`store`).
//! Rules come from: docs/rules.md S1 r3, r6, r8; S5 r1, r2; code tables 008–013 of the reference on OQS.

use base::{BirthDate, BranchNumber, Date, Id, InsurerNumber, PersonName, Scheme, Sex, canonical_key, kinds};
use std::collections::{BTreeMap, BTreeSet};

/// What a desk types from a certificate, made comparable.
#[derive(Clone, PartialEq, Eq)]
pub struct Ask {
    /// Insurer number or public payer number.
    pub insurer: InsurerNumber,
    /// Canonical symbol; empty when there is none.
    pub symbol_key: String,
    /// Canonical number.
    pub number_key: String,
    /// Branch number, when given.
    pub branch: Option<BranchNumber>,
    /// Birth date.
    pub birth: BirthDate,
}

/// How a person belongs to a coverage: code table 009.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// 本人 (insured person)
    Insured,
    /// 家族 (dependant)
    Dependant,
}

impl Relation {
    /// From code 1 or 2.
    pub fn from_code(code: i64) -> Option<Relation> {
        match code {
            1 => Some(Relation::Insured),
            2 => Some(Relation::Dependant),
            _ => None,
        }
    }

    /// The code.
    pub fn code(self) -> i64 {
        match self {
            Relation::Insured => 1,
            Relation::Dependant => 2,
        }
    }
}

/// An insurer's copy of a coverage, as registered.
#[derive(Clone, PartialEq, Eq)]
pub struct NewEntry {
    /// Insurer or public payer.
    pub insurer: InsurerNumber,
    /// Symbol as registered, width and blanks kept.
    pub symbol: Option<String>,
    /// Number as registered.
    pub number: String,
    /// Branch number; none for 後期高齢者 and medical aid.
    pub branch: Option<BranchNumber>,
    /// Code table 010: 01 general … A1 medical aid.
    pub card_class: String,
    /// Insured person or dependant.
    pub relation: Option<Relation>,
    /// Name of the insured person or head of household.
    pub insured_name: Option<String>,
    /// The person's name.
    pub name: PersonName,
    /// Another name (通称 or 旧氏) with its reading.
    pub other_name: Option<PersonName>,
    /// Sex.
    pub sex: Sex,
    /// Birth date.
    pub birth: BirthDate,
    /// Postcode, `NNN-NNNN`.
    pub postcode: Option<String>,
    /// Address.
    pub address: Option<String>,
    /// First day of the coverage (資格取得年月日).
    pub qualified_on: Date,
    /// Day of issue of the certificate.
    pub issued_on: Option<Date>,
    /// First day on the certificate.
    pub card_from: Option<Date>,
    /// Last day on the certificate.
    pub card_until: Option<Date>,
}

impl NewEntry {
    /// The canonical symbol, empty when there is none.
    pub fn symbol_key(&self) -> String {
        self.symbol.as_deref().map(canonical_key).unwrap_or_default()
    }
}

/// An entry as stored.
#[derive(Clone)]
pub struct Entry {
    /// Its id.
    pub id: Id<kinds::Entry>,
    /// The coverage.
    pub coverage: Id<kinds::Coverage>,
    /// When it became known.
    pub revision: i64,
    /// The entry that it corrects.
    pub replaces: Option<Id<kinds::Entry>>,
    /// What was registered.
    pub new: NewEntry,
    /// The insurer's name at present.
    pub insurer_name: String,
}

/// How sure the link between coverage and person is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkState {
    /// Attributes agree with the resident register.
    Verified,
    /// They disagree: held back, never answered (S5 r2).
    HeldBack,
    /// Closed to viewing (閲覧停止) until the insurer has looked at it.
    Quarantined,
}

impl LinkState {
    /// The stable word.
    pub fn word(self) -> &'static str {
        match self {
            LinkState::Verified => "verified",
            LinkState::HeldBack => "held-back",
            LinkState::Quarantined => "quarantined",
        }
    }

    /// The state of a word.
    pub fn parse(word: &str) -> Option<LinkState> {
        [LinkState::Verified, LinkState::HeldBack, LinkState::Quarantined]
            .into_iter()
            .find(|s| s.word() == word)
    }
}

/// What a fact says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// This coverage is this person's.
    Link {
        /// The person.
        person: Id<kinds::Person>,
        /// How sure.
        state: LinkState,
    },
    /// The coverage is lost from `starts_on` (資格喪失年月日); code table 008.
    Loss {
        /// 01 death, 02 public assistance began, 03 other insurance, 99 other.
        reason: String,
    },
    /// Copayment rate in percent.
    Rate {
        /// 10, 20 or 30.
        percent: i64,
    },
    /// Elderly recipient certificate (高齢受給者証), 70 to 74.
    Elderly {
        /// 20 or 30.
        percent: i64,
    },
    /// Limit certificate (限度額適用認定証).
    Limit {
        /// Code table 011.
        class: String,
        /// Code table 012.
        flag: String,
        /// Long-term hospital stay from this day.
        long_term_on: Option<Date>,
    },
    /// Specific disease (特定疾病).
    Disease {
        /// Code table 013.
        category: String,
        /// What the person pays at most, in yen.
        self_pay: i64,
    },
    /// Medical ticket (医療券・調剤券) for one facility.
    Ticket {
        /// Code table 018.
        kind: String,
        /// Code table 019.
        treatment: String,
        /// The facility's code.
        facility: String,
        /// Number of issue.
        number: String,
        /// What the person pays, in yen.
        self_pay: i64,
    },
    /// Address and the like are not to be shown (不開示, 自己情報提供不可).
    Withheld,
    /// The replaced fact no longer stands and nothing takes its place.
    Nothing,
}

impl What {
    /// The words of the kinds of facts that a filing settles, in the order in which it does.
    pub const KINDS: [&'static str; 8] =
        ["link", "loss", "rate", "elderly", "limit", "disease", "ticket", "withheld"];

    /// The stable word of the kind of fact.
    pub fn word(&self) -> &'static str {
        match self {
            What::Link { .. } => "link",
            What::Loss { .. } => "loss",
            What::Rate { .. } => "rate",
            What::Elderly { .. } => "elderly",
            What::Limit { .. } => "limit",
            What::Disease { .. } => "disease",
            What::Ticket { .. } => "ticket",
            What::Withheld => "withheld",
            What::Nothing => "nothing",
        }
    }
}

/// A dated fact to be recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFact {
    /// What it says.
    pub what: What,
    /// First day on which it says so; always, when not given.
    pub starts_on: Option<Date>,
    /// Last day on which it says so.
    pub ends_on: Option<Date>,
    /// Day of issue.
    pub issued_on: Option<Date>,
}

impl NewFact {
    /// A fact that holds on every day.
    pub fn always(what: What) -> NewFact {
        NewFact { what, starts_on: None, ends_on: None, issued_on: None }
    }

    /// Whether it says so on this day.
    pub fn holds(&self, day: Date) -> bool {
        self.starts_on.is_none_or(|from| from <= day) && self.ends_on.is_none_or(|last| day <= last)
    }
}

/// A fact as stored.
#[derive(Clone, Debug)]
pub struct Fact {
    /// Its id.
    pub id: Id<kinds::Fact>,
    /// The coverage.
    pub coverage: Id<kinds::Coverage>,
    /// When it became known.
    pub revision: i64,
    /// The fact that it corrects.
    pub replaces: Option<Id<kinds::Fact>>,
    /// What it says.
    pub new: NewFact,
}

/// A coverage as known at one revision: its standing entry and its standing facts.
#[derive(Clone)]
pub struct Story {
    /// The coverage.
    pub coverage: Id<kinds::Coverage>,
    /// The standing entry.
    pub entry: Entry,
    /// The standing facts.
    pub facts: Vec<Fact>,
}

/// Rows read for a question, in one snapshot: every version of the coverages asked for and of the others of the same
/// people.
#[derive(Clone, Default)]
pub struct Found {
    /// The newest revision in the snapshot.
    pub revision: i64,
    /// All versions of the insurers' copies.
    pub entries: Vec<Entry>,
    /// All dated facts, replaced ones too.
    pub facts: Vec<Fact>,
}

impl Found {
    /// The story of one coverage as it stands now.
    pub fn story(&self, coverage: Id<kinds::Coverage>) -> Option<Story> {
        stories(self, self.revision).into_iter().find(|story| story.coverage == coverage)
    }
}

/// Puts rows together into stories as they stood at revision `known_at`. Rows recorded later, and rows replaced by
/// then, do not count; a coverage without a standing entry is not there yet.
pub fn stories(found: &Found, known_at: i64) -> Vec<Story> {
    let known: Vec<&Entry> = found.entries.iter().filter(|entry| entry.revision <= known_at).collect();
    let facts: Vec<&Fact> = found.facts.iter().filter(|fact| fact.revision <= known_at).collect();
    let mut standing: Vec<&Fact> = facts
        .iter()
        .filter(|fact| !facts.iter().any(|other| other.replaces == Some(fact.id)))
        .filter(|fact| fact.new.what != What::Nothing)
        .copied()
        .collect();
    // A database gives rows in any order; what stands must not hang on it.
    standing.sort_by_key(|fact| (fact.revision, fact.id));
    let mut told: Vec<Story> = known
        .iter()
        .filter(|entry| !known.iter().any(|other| other.replaces == Some(entry.id)))
        .map(|entry| Story {
            coverage: entry.coverage,
            entry: (*entry).clone(),
            facts: standing.iter().filter(|f| f.coverage == entry.coverage).map(|f| (*f).clone()).collect(),
        })
        .collect();
    told.sort_by_key(|story| story.coverage);
    told
}

/// How a coverage stands on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It covers the day.
    Valid,
    /// It begins after the day.
    NotYet,
    /// It was lost on or before the day.
    Lost {
        /// First day without it.
        on: Date,
    },
    /// Its link to a person is not sure; nothing of it is answered.
    Held(LinkState),
}

impl Story {
    /// How the coverage stands on a day (S1 r3, r8; S5 r2).
    pub fn standing(&self, day: Date) -> Standing {
        match self.link() {
            Some((_, LinkState::Verified)) => self.by_dates(day),
            Some((_, state)) => Standing::Held(state),
            // Nobody known stands behind it: a number that the resident register did not know.
            None => Standing::Held(LinkState::HeldBack),
        }
    }

    /// How it would stand if its link were sure: what its own dates say, whosever it is. Never *held*.
    pub fn by_dates(&self, day: Date) -> Standing {
        match self.loss() {
            Some((on, _)) if on <= day => Standing::Lost { on },
            _ if day < self.entry.new.qualified_on => Standing::NotYet,
            _ => Standing::Valid,
        }
    }

    /// The person and how sure the link is. The least sure link decides.
    pub fn link(&self) -> Option<(Id<kinds::Person>, LinkState)> {
        let links = self.facts.iter().filter_map(|fact| match fact.new.what {
            What::Link { person, state } => Some((person, state)),
            _ => None,
        });
        links.max_by_key(|(_, state)| *state as u8)
    }

    /// The person, however sure the link.
    pub fn person(&self) -> Option<Id<kinds::Person>> {
        self.link().map(|(person, _)| person)
    }

    /// The person, when the link is sure.
    pub fn sure_person(&self) -> Option<Id<kinds::Person>> {
        self.link().filter(|(_, state)| *state == LinkState::Verified).map(|(person, _)| person)
    }

    /// The facts that link the coverage to a person.
    pub fn links(&self) -> impl Iterator<Item = &Fact> {
        self.facts.iter().filter(|fact| matches!(fact.new.what, What::Link { .. }))
    }

    /// The loss: its day and its fact. Of several the earliest.
    pub fn loss(&self) -> Option<(Date, &Fact)> {
        self.facts
            .iter()
            .filter(|fact| matches!(fact.new.what, What::Loss { .. }))
            .filter_map(|fact| fact.new.starts_on.map(|on| (on, fact)))
            .min_by_key(|(on, _)| *on)
    }

    /// Facts that hold on a day, in the order in which they were recorded.
    pub fn on(&self, day: Date) -> impl Iterator<Item = &Fact> {
        self.facts.iter().filter(move |fact| fact.new.holds(day))
    }

    /// The fact by which address and postcode are withheld. A protection counts whatever its days are: an address that
    /// was dangerous to show yesterday is not shown today.
    pub fn withheld(&self) -> Option<&Fact> {
        self.facts.iter().find(|fact| fact.new.what == What::Withheld)
    }

    /// Whether address and postcode are withheld.
    pub fn is_withheld(&self) -> bool {
        self.withheld().is_some()
    }

    /// Whether this is medical aid (医療扶助) and not insurance.
    pub fn is_medical_aid(&self) -> bool {
        self.entry.new.card_class == "A1"
    }
}

/// How the numbers on a certificate fit an entry whose insurer, symbol and number are equal already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// This person.
    Same,
    /// Another member of the family: another branch number.
    OtherBranch,
    /// Another birth date.
    OtherBirth,
}

/// Compares branch and birth date. A branch is compared only when both sides have one (S1 r7).
pub fn fit(ask: &Ask, entry: &NewEntry) -> Fit {
    match (ask.branch, entry.branch) {
        (Some(asked), Some(registered)) if asked != registered => Fit::OtherBranch,
        _ if ask.birth != entry.birth => Fit::OtherBirth,
        _ => Fit::Same,
    }
}

/// Whether an entry answers to the insurer, symbol and number asked for.
pub fn same_numbers(ask: &Ask, entry: &NewEntry) -> bool {
    ask.insurer == entry.insurer
        && ask.number_key == canonical_key(&entry.number)
        && ask.symbol_key == entry.symbol_key()
}

/// Plans the rows that make standing facts of one kind what they should be.
pub fn settle(standing: &[&Fact], wanted: &[NewFact]) -> Vec<(NewFact, Option<Id<kinds::Fact>>)> {
    let mut stale: Vec<&&Fact> = standing.iter().filter(|fact| !wanted.contains(&fact.new)).collect();
    let mut plan: Vec<_> = wanted
        .iter()
        .enumerate()
        .filter(|(place, fact)| {
            !wanted[..*place].contains(fact) && !standing.iter().any(|old| old.new == **fact)
        })
        .map(|(_, fact)| (fact.clone(), stale.pop().map(|old| old.id)))
        .collect();
    plan.extend(stale.into_iter().map(|old| (NewFact::always(What::Nothing), Some(old.id))));
    plan
}

/// How a coverage stands, as it is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stands {
    /// It covers the day.
    Valid,
    /// It begins after the day.
    NotYet,
    /// It was lost.
    Lost,
    /// Held back or closed to viewing.
    Held,
}

impl Stands {
    /// All of them.
    pub const ALL: [Stands; 4] = [Stands::Valid, Stands::NotYet, Stands::Lost, Stands::Held];

    /// The stable word.
    pub fn word(self) -> &'static str {
        match self {
            Stands::Valid => "valid",
            Stands::NotYet => "not-yet",
            Stands::Lost => "lost",
            Stands::Held => "held",
        }
    }

    /// The standing of a word.
    pub fn parse(word: &str) -> Option<Stands> {
        Stands::ALL.into_iter().find(|stands| stands.word() == word)
    }
}

/// Counts of coverages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Coverages by scheme and standing.
    pub coverages: BTreeMap<(Scheme, Stands), i64>,
    /// Insurers that have any, by scheme.
    pub insurers: BTreeMap<Scheme, i64>,
}

/// Counts of insurers as counts of their schemes.
pub fn tally(rows: &[(InsurerNumber, Stands, i64)]) -> Figures {
    let mut figures = Figures::default();
    let mut seen = BTreeSet::new();
    for (insurer, stands, count) in rows {
        let scheme = Scheme::of(insurer);
        *figures.coverages.entry((scheme, *stands)).or_default() += count;
        if seen.insert(*insurer) {
            *figures.insurers.entry(scheme).or_default() += 1;
        }
    }
    figures
}
