//! The decision of a check by number: from what was found to what the desk is told.
//!
//! Always holds: values in, values out; the same rows, day and revision give the same decision. *Invalid* needs a
//! recorded loss and either a known successor or a passed filing window; a link that is not sure gives *could not be
//! determined*; *several* is said rather than guessed. Each decision carries the steps that led to it and every fact
//! that it rests on.
//! Not here: texts (`web`, `refusals`), SQL (`coverage`, `store`), consent at the reader (`reader`, `consent`).
//! Rules come from: docs/rules.md S1 r3, r6, r7, r8, r10; S5 r2; the reference on OQS, section 6.3.

use crate::refusals;
use audit::FactUsed;
use base::{BirthDate, BranchNumber, Date, Help, Id, InsurerNumber, canonical_key, kinds};
use coverage::rules::{
    Ask, Entry, Fact, Fit, Found, LinkState, NewEntry, Standing, Story, What, fit, same_numbers, stories,
};

/// The version of these rules, for the log: it changes when a decision could.
pub const VERSION: &str = "2026-11";

/// Settings of the decision.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Days after a loss within which a successor may still be filed and registered.
    pub filing_window_days: i64,
    /// The field's plain behaviour: a loss is invalid at once.
    pub invalid_at_once: bool,
    /// How many days ahead may be asked about (booked patients).
    pub ahead_days_max: i64,
    /// How many days back may be asked about.
    pub back_days_max: i64,
}

/// What the desk declared that the patient agreed to, for this query only (S1 r6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Declared {
    /// Limit certificate.
    pub limit: bool,
    /// Specific diseases.
    pub diseases: bool,
}

/// How a check ended. The numbers are `QualificationValidity` of the messages (code table 006).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// 1 有効
    Valid,
    /// 2 無効
    Invalid,
    /// 3 無効（新しい資格あり）
    InvalidNewKnown,
    /// 4 該当資格なし
    None,
    /// 5 複数該当
    Several,
    /// 6 有効（未登録）, medical aid without a ticket for this facility and month
    AidUnregistered,
    /// The third answer: could not be determined, and why.
    Undetermined(&'static Help),
}

impl Outcome {
    /// The stable word.
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Valid => "valid",
            Outcome::Invalid => "invalid",
            Outcome::InvalidNewKnown => "invalid-new-known",
            Outcome::None => "none",
            Outcome::Several => "several",
            Outcome::AidUnregistered => "aid-unregistered",
            Outcome::Undetermined(_) => "undetermined",
        }
    }

    /// `QualificationValidity`; none for the third answer.
    pub fn validity(self) -> Option<&'static str> {
        match self {
            Outcome::Valid => Some("1"),
            Outcome::Invalid => Some("2"),
            Outcome::InvalidNewKnown => Some("3"),
            Outcome::None => Some("4"),
            Outcome::Several => Some("5"),
            Outcome::AidUnregistered => Some("6"),
            Outcome::Undetermined(_) => None,
        }
    }
}

/// One step of the way to a decision. Texts for desk and engineer are made by the rim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// So many coverages have this insurer, symbol and number.
    NumbersFound(usize),
    /// So many were left out because another birth date is registered.
    OtherBirth(usize),
    /// So many were left out because of another branch number.
    OtherBranch(usize),
    /// So many different people fit.
    PeopleFit(usize),
    /// The person has no coverage that is registered here.
    NoCoverage,
    /// The link of the coverage to a person is not sure.
    LinkNotSure(LinkState),
    /// The coverage began on this day and covers the day asked about.
    Covers(Date),
    /// The coverage begins only on this day.
    BeginsLater(Date),
    /// The coverage was lost on this day.
    Lost(Date),
    /// Another coverage of the same person covers the day.
    SuccessorKnown,
    /// Another coverage of the same person might cover the day, but its link is not sure.
    SuccessorHeld,
    /// No other coverage is known, and the filing window ends on this day.
    WindowOpenUntil(Date),
    /// No other coverage is known, and the filing window is over.
    WindowPassed(Date),
    /// The reason of loss is death: no successor will be filed.
    LostByDeath,
    /// A setting gives the field's plain behaviour.
    PlainBehaviour,
    /// The person has medical aid too; it is a second result.
    AidToo,
    /// Medical aid has no ticket for this facility and month.
    NoTicket,
    /// No copayment rate is recorded for the day.
    RateNotKnown,
    /// Address and postcode are withheld.
    AddressWithheld,
    /// The limit was not asked for: no consent declared.
    LimitNotAsked,
}

impl Step {
    /// The number that goes with the code in the log: a count, a day, or 0.
    pub fn number(self) -> i64 {
        match self {
            Step::NumbersFound(n) | Step::OtherBirth(n) | Step::OtherBranch(n) | Step::PeopleFit(n) => {
                n as i64
            }
            Step::Covers(day) | Step::BeginsLater(day) | Step::Lost(day) => day.as_number(),
            Step::WindowOpenUntil(day) | Step::WindowPassed(day) => day.as_number(),
            Step::LinkNotSure(state) => state as i64,
            _ => 0,
        }
    }

    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            Step::NumbersFound(_) => "numbers-found",
            Step::OtherBirth(_) => "other-birth",
            Step::OtherBranch(_) => "other-branch",
            Step::PeopleFit(_) => "people-fit",
            Step::NoCoverage => "no-coverage",
            Step::LinkNotSure(_) => "link-not-sure",
            Step::Covers(_) => "covers",
            Step::BeginsLater(_) => "begins-later",
            Step::Lost(_) => "lost",
            Step::SuccessorKnown => "successor-known",
            Step::SuccessorHeld => "successor-held",
            Step::WindowOpenUntil(_) => "window-open",
            Step::WindowPassed(_) => "window-passed",
            Step::LostByDeath => "lost-by-death",
            Step::PlainBehaviour => "plain-behaviour",
            Step::AidToo => "aid-too",
            Step::NoTicket => "no-ticket",
            Step::RateNotKnown => "rate-not-known",
            Step::AddressWithheld => "address-withheld",
            Step::LimitNotAsked => "limit-not-asked",
        }
    }
}

/// What of one coverage is shown for one day.
#[derive(Clone)]
pub struct Shown {
    /// The coverage.
    pub coverage: Id<kinds::Coverage>,
    /// The insurer's copy; address and postcode are gone when withheld.
    pub entry: NewEntry,
    /// The insurer's name.
    pub insurer_name: String,
    /// Whether address and postcode were taken out.
    pub withheld: bool,
    /// Loss: first day without, and reason; only on or after that day.
    pub loss: Option<(Date, String)>,
    /// Copayment rate in percent.
    pub rate: Option<i64>,
    /// Whether the person is below school age on the day.
    pub preschool: bool,
    /// Elderly recipient certificate.
    pub elderly: Option<Fact>,
    /// Limit certificate, with consent.
    pub limit: Option<Fact>,
    /// Specific diseases, with consent.
    pub diseases: Vec<Fact>,
    /// Medical tickets for this facility.
    pub tickets: Vec<Fact>,
}

/// A decision with its reasons.
#[derive(Clone)]
pub struct Decision {
    /// How it ended.
    pub outcome: Outcome,
    /// The day asked about.
    pub asked_on: Date,
    /// The revision up to which facts were known.
    pub known_at: i64,
    /// The way to it.
    pub steps: Vec<Step>,
    /// What is shown: insurance first, medical aid second.
    pub shown: Vec<Shown>,
    /// The person presented.
    pub person: Option<Id<kinds::Person>>,
    /// The coverage used.
    pub coverage: Option<Id<kinds::Coverage>>,
    /// Every fact used.
    pub used: Vec<FactUsed>,
    /// Numbers were found, but with another birth date: a guess, or a typing error.
    pub wrong_birth: bool,
}

/// What a decision is made about.
#[derive(Clone, Copy)]
pub struct Question<'q> {
    /// The day asked about.
    pub day: Date,
    /// The day on which it is decided: the filing window is measured by it.
    pub today: Date,
    /// Facts recorded later do not count.
    pub known_at: i64,
    /// The asking facility's code, for tickets.
    pub facility: &'q str,
    /// What the patient agreed to.
    pub declared: Declared,
    /// Settings.
    pub settings: &'q Settings,
}

/// Decides a question asked with the numbers on a certificate (S1 r7).
pub fn decide(found: &Found, ask: &Ask, question: &Question<'_>) -> Decision {
    let all = stories(found, question.known_at);
    let numbers: Vec<&Story> = all.iter().filter(|story| same_numbers(ask, &story.entry.new)).collect();
    let count = |wanted: Fit| numbers.iter().filter(|story| fit(ask, &story.entry.new) == wanted).count();
    let mut decision = Decision::new(question);
    decision.steps.push(Step::NumbersFound(numbers.len()));
    for (step, left_out) in [
        (Step::OtherBirth(count(Fit::OtherBirth)), Fit::OtherBirth),
        (Step::OtherBranch(count(Fit::OtherBranch)), Fit::OtherBranch),
    ] {
        if count(left_out) > 0 {
            decision.steps.push(step);
        }
    }
    let hits: Vec<&Story> =
        numbers.iter().filter(|story| fit(ask, &story.entry.new) == Fit::Same).copied().collect();
    decision.wrong_birth = hits.is_empty() && count(Fit::OtherBirth) > 0;
    if decision.wrong_birth {
        // Whom the guess was about stands in the log when only one person can be meant; it is not shown.
        decision.person =
            sole_person(numbers.iter().filter(|story| fit(ask, &story.entry.new) == Fit::OtherBirth));
    }
    conclude(decision, &all, &hits, question)
}

fn sole_person<'s>(stories: impl Iterator<Item = &'s &'s Story>) -> Option<Id<kinds::Person>> {
    let mut people: Vec<_> = stories.map(|story| story.sure_person()).collect();
    people.dedup();
    if people.len() == 1 { people[0] } else { None }
}

/// Decides again what was decided before about one coverage, as known then.
pub fn decide_again(found: &Found, coverage: Id<kinds::Coverage>, question: &Question<'_>) -> Decision {
    let all = stories(found, question.known_at);
    let hits: Vec<&Story> = all.iter().filter(|story| story.coverage == coverage).collect();
    conclude(Decision::new(question), &all, &hits, question)
}

/// Decides about a person whom a card has shown (S1 r1, r8): of all coverages of the person the one that answers for
/// the day. The person is known, whatever becomes of the coverages.
pub fn decide_person(found: &Found, person: Id<kinds::Person>, question: &Question<'_>) -> Decision {
    let all = stories(found, question.known_at);
    let mut decision = Decision::new(question);
    let mut ended = match answering(&all, person, question.day) {
        Some(story) => conclude(decision, &all, &[story], question),
        None => {
            decision.steps.push(Step::NoCoverage);
            decision.ended(Outcome::None)
        }
    };
    ended.person = Some(person);
    ended
}

/// The coverage that answers for a person on a day: valid before one that may be valid but is held, that before lost;
/// of valid ones insurance before medical aid and then the one that began last, of lost ones the one lost last.
fn answering(all: &[Story], person: Id<kinds::Person>, day: Date) -> Option<&Story> {
    let rank = |story: &Story| {
        let began = story.entry.new.qualified_on.as_number();
        match story.standing(day) {
            Standing::Valid => (5, i64::from(!story.is_medical_aid()), began),
            // One that might cover the day keeps a loss of an older one from being called the last word.
            Standing::Held(_) if story.by_dates(day) == Standing::Valid => (4, 0, began),
            // The last loss, whatever of: its successor is the one that may still be under way.
            Standing::Lost { on } => (3, on.as_number(), i64::from(!story.is_medical_aid())),
            Standing::Held(_) => (2, 0, began),
            Standing::NotYet => (1, 0, -began),
        }
    };
    all.iter()
        .filter(|story| story.person() == Some(person))
        .max_by_key(|story| (rank(story), story.coverage))
}

fn conclude(mut decision: Decision, all: &[Story], hits: &[&Story], question: &Question<'_>) -> Decision {
    let mut people: Vec<_> = hits.iter().map(|story| story.person()).collect();
    people.sort();
    people.dedup();
    if people.len() > 1 {
        decision.steps.push(Step::PeopleFit(people.len()));
        return decision.ended(Outcome::Several);
    }
    let Some(story) = best(hits, question.day) else {
        return decision.ended(Outcome::None);
    };
    // Whom a link that is not sure names was not presented: the log does not say so either (S5 r2).
    decision.person = story.sure_person();
    decision.coverage = Some(story.coverage);
    decision.rests_on(story);
    match story.standing(question.day) {
        Standing::Held(state) => {
            decision.steps.push(Step::LinkNotSure(state));
            decision.ended(Outcome::Undetermined(&refusals::LINK_NOT_SURE))
        }
        Standing::NotYet => {
            decision.steps.push(Step::BeginsLater(story.entry.new.qualified_on));
            decision.coverage = None;
            decision.ended(Outcome::None)
        }
        Standing::Valid => {
            decision.steps.push(Step::Covers(story.entry.new.qualified_on));
            valid(decision, all, story, question)
        }
        Standing::Lost { on } => {
            decision.steps.push(Step::Lost(on));
            lost(decision, all, story, on, question)
        }
    }
}

/// Of several coverages of one person with the same numbers (left and joined again) the one that covers the day, else
/// the one that began last before it, else the first.
fn best<'s>(hits: &[&'s Story], day: Date) -> Option<&'s Story> {
    hits.iter().copied().max_by_key(|story| {
        let began = story.entry.new.qualified_on;
        let covers = story.by_dates(day) == Standing::Valid;
        (covers, began <= day, if began <= day { began.as_number() } else { -began.as_number() })
    })
}

fn valid(mut decision: Decision, all: &[Story], story: &Story, question: &Question<'_>) -> Decision {
    let mut outcome = Outcome::Valid;
    decision.show(all, story, question);
    if story.is_medical_aid() {
        if decision.shown.iter().all(|shown| shown.tickets.is_empty()) {
            decision.steps.push(Step::NoTicket);
            outcome = Outcome::AidUnregistered;
        }
    } else if let Some(aid) = other_of_same_person(all, story)
        .find(|other| other.is_medical_aid() && other.standing(question.day) == Standing::Valid)
    {
        decision.steps.push(Step::AidToo);
        decision.show(all, aid, question);
    }
    decision.ended(outcome)
}

fn lost(mut decision: Decision, all: &[Story], story: &Story, on: Date, question: &Question<'_>) -> Decision {
    // Medical aid follows insurance when public assistance begins; insurance is not what follows medical aid here.
    let successors =
        || other_of_same_person(all, story).filter(|other| other.is_medical_aid() || !story.is_medical_aid());
    let by_death = story.loss().is_some_and(|(_, fact)| {
        decision.uses(fact.id.raw(), fact.revision);
        matches!(&fact.new.what, What::Loss { reason } if reason == "01")
    });
    let outcome = if let Some(next) = successors().find(|s| s.standing(question.day) == Standing::Valid) {
        decision.steps.push(Step::SuccessorKnown);
        decision.rests_on(next);
        Outcome::InvalidNewKnown
    } else if question.settings.invalid_at_once {
        decision.steps.push(Step::PlainBehaviour);
        Outcome::Invalid
    } else if by_death {
        decision.steps.push(Step::LostByDeath);
        Outcome::Invalid
    } else if let Some(next) =
        successors().find(|s| s.sure_person().is_none() && s.by_dates(question.day) == Standing::Valid)
    {
        decision.steps.push(Step::SuccessorHeld);
        decision.rests_on(next);
        Outcome::Undetermined(&refusals::SUCCESSOR_NOT_SURE)
    } else {
        let last = on.plus_days(question.settings.filing_window_days);
        if question.today <= last {
            decision.steps.push(Step::WindowOpenUntil(last));
            Outcome::Undetermined(&refusals::FILING_WINDOW_OPEN)
        } else {
            decision.steps.push(Step::WindowPassed(last));
            Outcome::Invalid
        }
    };
    // The third answer shows nothing of the person: what cannot be determined is not disclosed either.
    if outcome.validity().is_some() {
        decision.show(all, story, question);
    }
    decision.ended(outcome)
}

fn other_of_same_person<'s>(all: &'s [Story], story: &'s Story) -> impl Iterator<Item = &'s Story> {
    let person = story.person();
    all.iter()
        .filter(move |other| other.coverage != story.coverage && other.person() == person && person.is_some())
}

/// The protection of a person: recorded with one of the coverages it counts for all of them, or the address would be
/// shown at the door beside.
fn protection<'s>(all: &'s [Story], story: &'s Story) -> Option<&'s Fact> {
    std::iter::once(story).chain(other_of_same_person(all, story)).find_map(Story::withheld)
}

/// Takes out of a decision made again what may not be shown today any more, whatever was known then: the address of a
/// person who is protected by now, and all of a coverage whose link is not sure any more (S5 r2).
pub fn close(decision: &mut Decision, found: &Found) {
    let now = stories(found, found.revision);
    let of = |coverage| now.iter().find(|story| story.coverage == coverage);
    decision.shown.retain(|shown| of(shown.coverage).is_some_and(|story| story.sure_person().is_some()));
    for shown in &mut decision.shown {
        if of(shown.coverage).is_some_and(|story| protection(&now, story).is_some()) {
            shown.withhold();
        }
    }
}

impl Shown {
    fn withhold(&mut self) {
        self.withheld = true;
        self.entry.address = None;
        self.entry.postcode = None;
    }
}

impl Decision {
    fn new(question: &Question<'_>) -> Decision {
        Decision {
            outcome: Outcome::None,
            asked_on: question.day,
            known_at: question.known_at,
            steps: Vec::with_capacity(6),
            shown: Vec::with_capacity(1),
            person: None,
            coverage: None,
            used: Vec::with_capacity(4),
            wrong_birth: false,
        }
    }

    fn ended(mut self, outcome: Outcome) -> Decision {
        self.outcome = outcome;
        self
    }

    fn uses(&mut self, id: i64, revision: i64) {
        if !self.used.iter().any(|used| used.id == id) {
            self.used.push(FactUsed { id, revision });
        }
    }

    /// A coverage is believed for its entry and for the link that says whose it is.
    fn rests_on(&mut self, story: &Story) {
        self.uses(story.entry.id.raw(), story.entry.revision);
        for link in story.links() {
            self.uses(link.id.raw(), link.revision);
        }
    }

    fn show(&mut self, all: &[Story], story: &Story, question: &Question<'_>) {
        let mut shown = shown(story, question);
        self.rests_on(story);
        if let Some(fact) = protection(all, story) {
            shown.withhold();
            self.steps.push(Step::AddressWithheld);
            self.uses(fact.id.raw(), fact.revision);
        }
        if shown.rate.is_none() && shown.elderly.is_none() && story.entry.new.insurer.is_latter_stage() {
            self.steps.push(Step::RateNotKnown);
        }
        if !question.declared.limit && !story.is_medical_aid() {
            self.steps.push(Step::LimitNotAsked);
        }
        for fact in story.on(question.day).filter(|fact| is_shown(fact, question)) {
            self.uses(fact.id.raw(), fact.revision);
        }
        self.shown.push(shown);
    }
}

/// Whether a fact that holds on the day may be shown in this answer (S1 r6).
fn is_shown(fact: &Fact, question: &Question<'_>) -> bool {
    match &fact.new.what {
        What::Rate { .. } | What::Elderly { .. } => true,
        What::Limit { .. } => question.declared.limit,
        What::Disease { .. } => question.declared.diseases,
        What::Ticket { facility, .. } => facility == question.facility,
        What::Link { .. } | What::Loss { .. } | What::Withheld | What::Nothing => false,
    }
}

fn shown(story: &Story, question: &Question<'_>) -> Shown {
    let Entry { new, insurer_name, .. } = &story.entry;
    let on_day: Vec<&Fact> = story.on(question.day).filter(|fact| is_shown(fact, question)).collect();
    // Of several facts of one kind on one day the one recorded last stands.
    let last =
        |wanted: fn(&What) -> bool| on_day.iter().rev().find(|f| wanted(&f.new.what)).map(|f| (*f).clone());
    let all = |wanted: fn(&What) -> bool| {
        on_day.iter().filter(|f| wanted(&f.new.what)).map(|f| (*f).clone()).collect()
    };
    Shown {
        coverage: story.coverage,
        entry: new.clone(),
        insurer_name: insurer_name.clone(),
        withheld: false,
        loss: story.loss().filter(|(on, _)| *on <= question.day).and_then(|(on, fact)| {
            match &fact.new.what {
                What::Loss { reason } => Some((on, reason.clone())),
                _ => None,
            }
        }),
        rate: last(|what| matches!(what, What::Rate { .. })).and_then(|fact| match fact.new.what {
            What::Rate { percent } => Some(percent),
            _ => None,
        }),
        preschool: new.birth.school_begins().is_some_and(|begins| question.day < begins),
        elderly: last(|what| matches!(what, What::Elderly { .. })),
        limit: last(|what| matches!(what, What::Limit { .. })),
        diseases: all(|what| matches!(what, What::Disease { .. })),
        tickets: all(|what| matches!(what, What::Ticket { .. })),
    }
}

/// What differs between two visits of the same person: for the desk, which then asks or corrects its own records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Another insurer, or another coverage with the same one.
    Insurer,
    /// Another symbol, number or branch.
    Number,
    /// Another name.
    Name,
    /// Another address.
    Address,
    /// Another copayment rate.
    Rate,
    /// Another limit.
    Limit,
    /// Another outcome.
    Outcome,
}

/// Compares two decisions about one person.
pub fn changes(before: &Decision, now: &Decision) -> Vec<Change> {
    let mut found = Vec::new();
    if before.outcome != now.outcome {
        found.push(Change::Outcome);
    }
    let (Some(old), Some(new)) = (before.shown.first(), now.shown.first()) else {
        return found;
    };
    let limit = |shown: &Shown| shown.limit.as_ref().map(|fact| fact.new.what.clone());
    let rate = |shown: &Shown| (shown.rate, shown.elderly.as_ref().map(|fact| fact.new.what.clone()));
    let numbers =
        |shown: &Shown| (shown.entry.symbol.clone(), shown.entry.number.clone(), shown.entry.branch);
    for (differs, change) in [
        (old.entry.insurer != new.entry.insurer || old.coverage != new.coverage, Change::Insurer),
        (numbers(old) != numbers(new), Change::Number),
        (old.entry.name != new.entry.name, Change::Name),
        (old.entry.address != new.entry.address && !old.withheld && !new.withheld, Change::Address),
        (rate(old) != rate(new), Change::Rate),
        (old.limit.is_some() && new.limit.is_some() && limit(old) != limit(new), Change::Limit),
    ] {
        if differs {
            found.push(change);
        }
    }
    found
}

/// What was typed or sent, as text.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Typed {
    /// Insurer number or public payer number.
    pub insurer: String,
    /// Symbol.
    pub symbol: String,
    /// Number.
    pub number: String,
    /// Branch number.
    pub branch: String,
    /// Birth date, `YYYYMMDD`.
    pub birth: String,
}

/// A field of the question that is malformed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// Insurer number.
    Insurer,
    /// Number.
    Number,
    /// Branch number.
    Branch,
    /// Birth date.
    Birth,
    /// The day asked about.
    Day,
    /// A consent flag.
    Consent,
}

/// Reads what was typed into a question; every malformed field is named, not only the first (S1 r7).
pub fn read(typed: &Typed) -> Result<Ask, Vec<Field>> {
    let insurer = InsurerNumber::parse(&typed.insurer);
    let number_key = canonical_key(&typed.number);
    let branch = match typed.branch.trim() {
        "" => Ok(None),
        text => BranchNumber::parse(text).map(Some),
    };
    let birth = BirthDate::parse8(&typed.birth);
    let mut wrong = Vec::new();
    for (bad, field) in [
        (insurer.is_err(), Field::Insurer),
        (number_key.is_empty() || number_key.len() > 160, Field::Number),
        (branch.is_err(), Field::Branch),
        (birth.is_none(), Field::Birth),
    ] {
        if bad {
            wrong.push(field);
        }
    }
    match (insurer, branch, birth) {
        (Ok(insurer), Ok(branch), Some(birth)) if wrong.is_empty() => {
            Ok(Ask { insurer, symbol_key: canonical_key(&typed.symbol), number_key, branch, birth })
        }
        _ => Err(wrong),
    }
}

/// Insurer, symbol, number and branch: a certificate's numbers without the birth date.
#[derive(Clone)]
pub struct NumbersAsked {
    /// Insurer number.
    pub insurer: InsurerNumber,
    /// Canonical symbol.
    pub symbol_key: String,
    /// Canonical number.
    pub number_key: String,
    /// Branch number.
    pub branch: Option<BranchNumber>,
}

impl NumbersAsked {
    /// The question by which coverages with these numbers are found; its birth date is nobody's.
    pub fn as_ask(&self) -> Ask {
        Ask {
            insurer: self.insurer,
            symbol_key: self.symbol_key.clone(),
            number_key: self.number_key.clone(),
            branch: self.branch,
            birth: BirthDate::from_number(NO_BIRTH).expect("a day of the calendar"),
        }
    }
}

/// A birth date that is compared with nothing.
const NO_BIRTH: i64 = 19_000_101;

/// The person and coverage that a facility's patient number is registered for: one person, surely linked. Which of two
/// is meant is not guessed; what cannot be told apart is not told.
pub fn referred(
    found: &Found,
    ask: &NumbersAsked,
) -> Result<(Id<kinds::Person>, Id<kinds::Coverage>), base::Refusal> {
    let all = stories(found, found.revision);
    let same_branch = |entry: &NewEntry| match (ask.branch, entry.branch) {
        (Some(asked), Some(registered)) => asked == registered,
        _ => true,
    };
    let numbers = ask.as_ask();
    let hits: Vec<&Story> = all
        .iter()
        .filter(|story| same_numbers(&numbers, &story.entry.new) && same_branch(&story.entry.new))
        .collect();
    // A link that is not sure counts too: beside somebody's own it may be the one that is meant.
    let mut people: Vec<_> = hits.iter().map(|story| story.person()).collect();
    people.sort();
    people.dedup();
    match (people.as_slice(), hits.iter().rfind(|story| story.sure_person().is_some())) {
        ([Some(person)], Some(story)) => Ok((*person, story.coverage)),
        (_, None) => Err(refusals::nobody_to_refer_to()),
        _ => Err(refusals::several_to_refer_to()),
    }
}

/// Whether a text can be a facility's patient number: up to fifty characters of ASCII, blanks only inside.
pub fn is_reference(text: &str) -> bool {
    (1..=50).contains(&text.len())
        && text.trim() == text
        && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Whether a day may be asked about.
pub fn day_in_range(day: Date, today: Date, settings: &Settings) -> bool {
    let ahead = day.days_since(today);
    ahead <= settings.ahead_days_max && -ahead <= settings.back_days_max
}

/// Guesses are counted over this time.
pub const GUESS_WINDOW_MS: i64 = 10 * 60 * 1000;
/// Typing errors that nobody minds.
const GUESSES_FREE: usize = 5;
/// No guess waits longer.
pub const GUESS_WAIT_MS_MAX: u32 = 5_000;
/// From this many on it is an alarm.
pub const GUESSES_MAX: usize = 30;

/// How long the answer to a wrong birth date waits, by the count of those before it (S1 r7).
pub fn wait_ms(earlier: usize) -> u32 {
    500 * (earlier + 1).saturating_sub(GUESSES_FREE).min(10) as u32
}

/// Whether so many wrong birth dates suspend the facility's checks by number.
pub fn is_suspended(earlier: usize) -> bool {
    earlier >= GUESSES_MAX
}
