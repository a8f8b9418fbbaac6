//! Where each person is truly insured, and when that changes.
//!
//! Always holds: everybody who lives is insured with exactly one insurer, or is on public assistance; whose dependant
//! somebody is follows from who works, who lives together and who is how old; a membership ends on the day on which the
//! next begins.
//! Not here: what the insurer files of it, and when (`filings`).
//! Rules come from: docs/rules.md S1 r3, r8; Health Insurance Act article 3 (dependants), Act on Medical Care for the
//! Elderly article 50 (from the 75th birthday), National Health Insurance Act articles 5 and 6; general knowledge.

use super::{
    block::Block,
    dice::Dice,
    filings::{Filed, Mistake},
    institutions::{Institutions, InsurerKind},
    person::{Who, Work},
    places,
};
use base::Date;

/// With whom, as whose member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// The place of the insurer.
    pub insurer: u32,
    /// Whose number it is.
    pub holder: Holder,
    /// The employer whose symbol it is.
    pub employer: Option<u32>,
    /// Insured person (本人) or dependant (家族).
    pub is_own: bool,
}

/// Whose number a membership has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// An insured person's.
    Person(Who),
    /// A household's: municipal insurance counts by households.
    Household(Who),
}

/// A membership.
#[derive(Clone, Debug)]
pub struct Spell {
    /// With whom.
    pub due: Due,
    /// Symbol as the insurer writes it.
    pub symbol: Option<String>,
    /// Number.
    pub number: String,
    /// Branch number.
    pub branch: Option<u8>,
    /// First day.
    pub from: Date,
    /// First day on which it is lost, with the code of the reason.
    pub until: Option<(Date, &'static str)>,
    /// What the insurer made of it.
    pub filed: Filed,
    /// What went wrong with it, when something did.
    pub mistake: Option<Mistake>,
}

mod tags {
    pub const SUPPORTED: u64 = 1;
    pub const STAYS: u64 = 2;
    pub const STUDENT: u64 = 3;
}

/// The day on which the unions for people of 75 and over began (Act on Medical Care for the Elderly, as amended by Act 83
/// of 2006, supplementary article 1).
fn union_since() -> Date {
    Date::new(2008, 4, 1).expect("a day of the calendar")
}

/// Whether a membership goes on. A household's goes on whoever becomes its head.
fn is_same(running: Option<Due>, due: Option<Due>) -> bool {
    match (running, due) {
        (Some(running), Some(due)) if matches!(due.holder, Holder::Household(_)) => {
            Due { is_own: due.is_own, ..running } == due
        }
        _ => running == due,
    }
}

impl Block {
    /// Where somebody is to be insured today.
    pub(crate) fn due(&mut self, institutions: &Institutions, who: Who) -> Option<Due> {
        let today = self.day;
        let (number, household) = (self.person(who).number, self.person(who).household);
        debug_assert!(number.0 > 0 || who == 0);
        if !self.person(who).lives() {
            return None;
        }
        let municipality = self.households[usize::from(household)].home.municipality;
        if self.person(who).is_aided {
            let office = institutions.welfare(municipality) as u32;
            return Some(Due { insurer: office, holder: Holder::Person(who), employer: None, is_own: true });
        }
        if self.person(who).age(today) >= 75 {
            let prefecture = places::municipalities()[municipality].prefecture;
            let union = institutions.union(prefecture) as u32;
            return Some(Due { insurer: union, holder: Holder::Person(who), employer: None, is_own: true });
        }
        if let Some(own) = self.own_due(institutions, who) {
            return Some(own);
        }
        if let Some(supporter) = self.supporter(who)
            && let Some(theirs) = self.own_due(institutions, supporter)
        {
            return Some(Due { is_own: false, ..self.family_of(institutions, theirs) });
        }
        let insurer = institutions.municipal(municipality) as u32;
        let is_own = self.households[usize::from(household)].members.first() == Some(&who);
        Some(Due { insurer, holder: Holder::Household(household), employer: None, is_own })
    }

    /// Insurance by one's own work.
    fn own_due(&mut self, institutions: &Institutions, who: Who) -> Option<Due> {
        let holder = Holder::Person(who);
        match self.person(who).work {
            Work::Employed(number, _) => {
                let insurer = self.employer(institutions, number).insurer as u32;
                Some(Due { insurer, holder, employer: Some(number), is_own: true })
            }
            Work::Alone(Some(guild)) => {
                Some(Due { insurer: u32::from(guild), holder, employer: None, is_own: true })
            }
            Work::Alone(None) | Work::None => None,
        }
    }

    /// The forces insure their members only; families are with a mutual.
    fn family_of(&self, institutions: &Institutions, due: Due) -> Due {
        let insurers = institutions.insurers();
        if insurers[due.insurer as usize].kind != InsurerKind::Forces {
            return due;
        }
        let mutual = insurers.iter().position(|insurer| insurer.kind == InsurerKind::NationalMutual);
        Due { insurer: mutual.map_or(due.insurer, |place| place as u32), ..due }
    }

    /// Who supports somebody without insurance of their own: husband or wife, parents, or a child they live with.
    fn supporter(&self, who: Who) -> Option<Who> {
        let person = self.person(who);
        let age = person.age(self.day);
        let insures = |other: &Who| {
            let other = self.person(*other);
            let works = matches!(other.work, Work::Employed(..) | Work::Alone(Some(_)));
            works && other.lives() && !other.is_aided && other.age(self.day) < 75
        };
        let is_supported = |percent| self.tends(who, tags::SUPPORTED, percent);
        let works_alone = matches!(person.work, Work::Alone(_));
        let spouse = person.spouse.filter(insures);
        if let Some(spouse) = spouse.filter(|_| !works_alone && is_supported(if age < 60 { 88 } else { 55 }))
        {
            return Some(spouse);
        }
        let is_child =
            age < 18 || (age < 23 && self.tends(who, tags::STUDENT, 80)) || (age < 35 && is_supported(22));
        if is_child && person.spouse.is_none() && !works_alone {
            // The father's insurance, mostly; the one with the higher income decides.
            let parents = if self.tends(who, tags::STAYS, 82) {
                [person.father, person.mother]
            } else {
                [person.mother, person.father]
            };
            if let Some(parent) = parents.into_iter().flatten().find(insures) {
                return Some(parent);
            }
        }
        let members = &self.household_of(who).members;
        let child_of = |other: &&Who| {
            let other = self.person(**other);
            other.father == Some(who) || other.mother == Some(who)
        };
        let elder = age >= 60 && !works_alone && is_supported(45);
        members.iter().filter(|_| elder).filter(child_of).copied().find(insures)
    }

    /// Lets memberships follow what is due, for these people. The last day of what ended is the day before today.
    pub(crate) fn settle(&mut self, institutions: &Institutions, people: &[Who], reason: &'static str) {
        for who in people {
            let due = self.due(institutions, *who);
            let running = self.person(*who).spell().map(|spell| spell.due);
            if is_same(running, due) {
                continue;
            }
            let today = self.day;
            if running.is_some() {
                self.end_spell(institutions, *who, today, reason);
            }
            if let Some(due) = due {
                self.begin_spell(institutions, *who, due, today);
            }
        }
    }

    fn end_spell(&mut self, institutions: &Institutions, who: Who, on: Date, reason: &'static str) {
        let place = self.person(who).spells.len() - 1;
        self.person_mut(who).spells[place].until = Some((on, reason));
        self.file_loss(institutions, who, place);
    }

    /// Begins a membership and lets the insurer hear of it.
    pub(crate) fn begin_spell(&mut self, institutions: &Institutions, who: Who, due: Due, from: Date) {
        let spell = self.new_spell(institutions, due, from);
        self.person_mut(who).spells.push(spell);
        let place = self.person(who).spells.len() - 1;
        self.file_registration(institutions, who, place);
    }

    /// A membership with its numbers.
    pub(crate) fn new_spell(&self, institutions: &Institutions, due: Due, from: Date) -> Spell {
        let insurer = due.insurer as usize;
        let kind = institutions.insurers()[insurer].kind;
        let numbered = match due.holder {
            Holder::Person(holder) => self.person(holder).number,
            Holder::Household(household) => self.households[usize::from(household)].number,
        };
        let mut dice = Dice::new(self.plan.seed, &[0x6e75_6d62, numbered.0, u64::from(due.insurer)]);
        let (symbol, drawn) = institutions.certificate(&mut dice, insurer, due.employer);
        let number = match kind {
            InsurerKind::Welfare => drawn,
            _ => institutions.write_number(insurer, self.plan.paper_number(numbered)),
        };
        let branch = match (kind, due.is_own, due.holder) {
            (InsurerKind::Union | InsurerKind::Welfare, ..) => None,
            (_, true, Holder::Person(_)) => Some(0),
            _ => Some(self.next_branch(due)),
        };
        let symbol = symbol.filter(|_| !matches!(kind, InsurerKind::Union | InsurerKind::Welfare));
        Spell { due, symbol, number, branch, from, until: None, filed: Filed::default(), mistake: None }
    }

    /// The branch number after the last one that was given under the same number.
    fn next_branch(&self, due: Due) -> u8 {
        let same = |spell: &&Spell| spell.due.holder == due.holder && spell.due.insurer == due.insurer;
        let spells = self.people.iter().flat_map(|person| &person.spells).filter(same);
        spells.filter_map(|spell| spell.branch).max().unwrap_or(0).saturating_add(1).min(99)
    }

    /// Insures everybody on the first day, with memberships that began in the past; some came from elsewhere lately.
    pub(crate) fn insure_all(&mut self, institutions: &Institutions) {
        let mut dice = Dice::new(self.plan.seed, &[0x696e_7375, u64::from(self.number)]);
        // Insured persons first: dependants begin no earlier than they.
        let mut order: Vec<Who> = (0..self.people.len() as Who).collect();
        order.sort_by_key(|who| !matches!(self.person(*who).work, Work::Employed(..) | Work::Alone(_)));
        for who in order {
            let Some(due) = self.due(institutions, who) else { continue };
            let from = self.began(&mut dice, who, due);
            let before = self.day.plus_days(-700);
            let came = self.person(who).age(self.day) > 1 && from > before && from < self.day.plus_days(-30);
            if came && dice.percent(60) {
                self.insured_before(institutions, &mut dice, who, due, from);
            }
            let spell = self.new_spell(institutions, due, from);
            self.person_mut(who).spells.push(spell);
        }
    }

    /// When the membership of the first day began.
    fn began(&self, dice: &mut Dice, who: Who, due: Due) -> Date {
        let person = self.person(who);
        let past = |dice: &mut Dice, years: u64| self.day.plus_days(-(dice.below(years * 365) as i64) - 1);
        let own = match (due.holder, person.work) {
            (Holder::Person(holder), _) if holder != who => {
                let theirs = self.person(holder).spells.last().map(|spell| spell.from);
                let from = past(dice, 8);
                theirs.map_or(from, |theirs| from.max(theirs))
            }
            (_, Work::Employed(_, since)) if due.employer.is_some() => since,
            _ if person.age(self.day) >= 75 => union_since().max(person.birth.plus_years(75)),
            _ => past(dice, 12),
        };
        own.max(person.birth)
    }

    /// The membership before that of the first day: the municipality's, or with an employer the municipality's before.
    fn insured_before(
        &mut self,
        institutions: &Institutions,
        dice: &mut Dice,
        who: Who,
        now: Due,
        until: Date,
    ) {
        let household = self.person(who).household;
        let municipality = self.households[usize::from(household)].home.municipality;
        let municipal = institutions.municipal(municipality) as u32;
        let due = if now.insurer == municipal {
            let prefecture = places::municipalities()[municipality].prefecture;
            let employer = institutions.employer(dice, prefecture);
            let insurer = self.employer(institutions, employer).insurer as u32;
            Due { insurer, holder: Holder::Person(who), employer: Some(employer), is_own: true }
        } else {
            Due { insurer: municipal, holder: Holder::Household(household), employer: None, is_own: false }
        };
        let from = until.plus_days(-(dice.below(1_500) as i64) - 40).max(self.person(who).birth);
        if from >= until {
            return;
        }
        let mut spell = self.new_spell(institutions, due, from);
        let kind = institutions.insurers()[now.insurer as usize].kind;
        spell.until = Some((until, if kind == InsurerKind::Welfare { "02" } else { "03" }));
        self.person_mut(who).spells.push(spell);
    }
}
