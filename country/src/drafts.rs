//! How a patient of the table is put together: one constructor for each kind of membership, then what is odd about it.
//!
//! Always holds: what a draft does not say is plain: the insurer's copy equals the resident register, the question is
//! the first membership's numbers as a vendor would write them, every number derives from the row's.
//! Not here: who the patients are (`patients`), and what a card has on it (`chain`, `cards`).
//! Rules come from: docs/rules.md S5 r2; code tables 008–013, 018 and 019 of the reference on OQS.

use crate::calendar::{Calendar, birth, day};
use crate::ids;
use crate::places::Insurer;
use crate::{CardState, OtherDay, Patient, Query, Resident, chain, insurers};
use base::{BirthDate, BranchNumber, Date, FacilityCode, PersonName, Sex, check_digit_21};
use coverage::rules::{NewEntry, NewFact, Relation, What};
use people::rules::Attributes;
use registration::Filing;

/// Where drafts get their seed and their days from.
#[derive(Clone, Copy)]
pub(crate) struct Table {
    pub seed: u64,
    pub days: Calendar,
}

/// A patient being put together.
pub(crate) struct Draft {
    table: Table,
    row: u32,
    patient: Patient,
}

/// A name with its reading.
pub(crate) fn name(written: &str, kana: &str) -> PersonName {
    PersonName { written: written.into(), kana: kana.into() }
}

/// A man as the resident register has him; the draft gives him an address.
pub(crate) fn man(written: &str, kana: &str, birth: BirthDate) -> Attributes {
    Attributes { name: name(written, kana), birth, sex: Sex::Male, postcode: None, address: None }
}

/// A woman as the resident register has her.
pub(crate) fn woman(written: &str, kana: &str, birth: BirthDate) -> Attributes {
    Attributes { sex: Sex::Female, ..man(written, kana, birth) }
}

/// A birth date of the table.
pub(crate) fn born(number: i64) -> BirthDate {
    birth(number)
}

/// A copy of a filing, to be changed into its correction.
fn copy(filing: &Filing) -> Filing {
    Filing {
        coverage: filing.coverage,
        number: filing.number.clone(),
        entry: filing.entry.clone(),
        facts: filing.facts.clone(),
    }
}

/// The insurer's copy of a person, with nothing said but the number.
fn membership(who: &Attributes, insurer: Insurer, number: String, qualified_on: Date) -> NewEntry {
    NewEntry {
        insurer: insurer.number(),
        symbol: None,
        number,
        branch: None,
        card_class: "01".into(),
        relation: None,
        insured_name: None,
        name: who.name.clone(),
        other_name: None,
        sex: who.sex,
        birth: who.birth,
        postcode: who.postcode.clone(),
        address: who.address.clone(),
        qualified_on,
        issued_on: None,
        card_from: None,
        card_until: None,
    }
}

impl Table {
    /// A row about somebody of the resident register. The id is made of number and word and never changes.
    pub fn row(self, row: u32, word: &str, mut who: Attributes) -> Draft {
        who.postcode = Some("000-0001".into());
        who.address = Some(format!("架空県みどり市青葉町{row}番地"));
        let mut draft = self.question(row, word);
        draft.resident("person", who);
        draft
    }

    /// A row that only asks: about nobody, or about the people of other rows.
    pub fn question(self, row: u32, word: &str) -> Draft {
        let id = format!("P{row:03}-{word}");
        Draft { table: self, row, patient: Patient { id, ..Patient::default() } }
    }
}

/// Memberships. The first one gives the question its numbers.
impl Draft {
    fn resident(&mut self, role: &str, attributes: Attributes) {
        let (seed, patient) = (self.table.seed, &self.patient.id);
        self.patient.residents.push(Resident {
            id: ids::id(seed, patient, role),
            number: ids::my_number(seed, patient, role),
            attributes,
        });
    }

    fn who(&self) -> &Attributes {
        &self.patient.residents.first().expect("a membership is somebody's").attributes
    }

    fn joins(mut self, entry: NewEntry) -> Draft {
        if self.patient.filings.is_empty() {
            self.patient.query = Query::of(&entry);
        }
        let role = format!("coverage-{}", self.patient.filings.len() + 1);
        self.patient.filings.push(Filing {
            coverage: ids::id(self.table.seed, &self.patient.id, &role),
            number: ids::my_number(self.table.seed, &self.patient.id, "person"),
            entry,
            facts: Vec::new(),
        });
        self
    }

    /// Insured person of an employees' insurer since 2020.
    pub fn employee(self) -> Draft {
        self.employee_of(Insurer::Midori, "21", day(2020, 4, 1))
    }

    /// Insured person of some employees' insurer, with this symbol, since that day.
    pub fn employee_of(self, insurer: Insurer, symbol: &str, since: Date) -> Draft {
        let entry = NewEntry {
            symbol: Some(symbol.into()),
            branch: BranchNumber::from_number(1),
            relation: Some(Relation::Insured),
            insured_name: Some(self.who().name.written.clone()),
            ..membership(self.who(), insurer, (1000 + self.row).to_string(), since)
        };
        self.joins(entry)
    }

    /// Dependant of the employee of another row: that one's symbol and number, another branch number.
    pub fn dependant_of(self, insured: &Patient, branch: i64) -> Draft {
        let of = &insured.filings.first().expect("the insured person has a membership").entry;
        let since = self.who().birth.date().map_or(of.qualified_on, |born| born.max(of.qualified_on));
        let entry = NewEntry {
            symbol: of.symbol.clone(),
            branch: BranchNumber::from_number(branch),
            relation: Some(Relation::Dependant),
            insured_name: of.insured_name.clone(),
            ..membership(self.who(), Insurer::Midori, of.number.clone(), since)
        };
        self.joins(entry)
    }

    /// Head of a household in the municipality's 国保: six digits, padded in the question.
    pub fn municipal(self) -> Draft {
        self.municipal_since(day(2019, 4, 1))
    }

    /// The same since some other day.
    pub fn municipal_since(self, since: Date) -> Draft {
        let entry = NewEntry {
            symbol: Some("02".into()),
            branch: BranchNumber::from_number(1),
            relation: Some(Relation::Insured),
            insured_name: Some(self.who().name.written.clone()),
            ..membership(self.who(), Insurer::City, format!("00{}", 2000 + self.row), since)
        };
        self.joins(entry)
    }

    /// In the 国保, 70 to 74, with an elderly recipient certificate.
    pub fn aged_70(self, percent: i64) -> Draft {
        self.municipal().in_insurance_year(What::Elderly { percent })
    }

    /// In the latter-stage elderly scheme since turning 75: no symbol, no branch, eight digits.
    pub fn aged_75(self, since: Date) -> Draft {
        let (from, until) = self.table.days.insurance_year();
        let entry = NewEntry {
            issued_on: Some(from),
            card_from: Some(from),
            card_until: Some(until),
            ..membership(self.who(), Insurer::Union, (70_000_000 + self.row).to_string(), since)
        };
        self.joins(entry)
    }

    /// On public assistance with medical aid since some day: a number of six digits and a check digit.
    pub fn medical_aid(self, since: Date) -> Draft {
        let body = (100_000 + self.row).to_string();
        let number = format!("{body}{}", char::from(check_digit_21(body.as_bytes())));
        let entry =
            NewEntry { card_class: "A1".into(), ..membership(self.who(), Insurer::Welfare, number, since) };
        self.joins(entry)
    }
}

/// What is said about the last membership.
impl Draft {
    fn last(&mut self) -> &mut Filing {
        self.patient.filings.last_mut().expect("a fact is about a membership")
    }

    fn fact(mut self, what: What, starts_on: Option<Date>, ends_on: Option<Date>) -> Draft {
        self.last().facts.push(NewFact { what, starts_on, ends_on, issued_on: starts_on });
        self
    }

    fn in_insurance_year(self, what: What) -> Draft {
        let (from, until) = self.table.days.insurance_year();
        self.fact(what, Some(from), Some(until))
    }

    /// Lost on this day, for a reason of code table 008.
    pub fn lost(mut self, on: Date, reason: &str) -> Draft {
        let what = What::Loss { reason: reason.into() };
        self.last().facts.push(NewFact { what, starts_on: Some(on), ends_on: None, issued_on: None });
        self
    }

    /// Copayment rate of this insurance year.
    pub fn rate(self, percent: i64) -> Draft {
        self.in_insurance_year(What::Rate { percent })
    }

    /// Limit certificate: code tables 011 and 012.
    pub fn limit(self, class: &str, flag: &str) -> Draft {
        self.in_insurance_year(What::Limit { class: class.into(), flag: flag.into(), long_term_on: None })
    }

    /// Limit certificate of somebody long in hospital, from this day.
    pub fn long_term(self, class: &str, flag: &str, on: Date) -> Draft {
        self.in_insurance_year(What::Limit { class: class.into(), flag: flag.into(), long_term_on: Some(on) })
    }

    /// Specific disease: code table 013, and what the person pays at most.
    pub fn disease(self, category: &str, self_pay: i64) -> Draft {
        self.fact(What::Disease { category: category.into(), self_pay }, Some(day(2022, 4, 1)), None)
    }

    /// Medical ticket of this month: code tables 018 and 019.
    pub fn ticket(self, kind: &str, treatment: &str, facility: FacilityCode) -> Draft {
        let (from, until) = self.table.days.this_month();
        let what = What::Ticket {
            kind: kind.into(),
            treatment: treatment.into(),
            facility: facility.as_str().into(),
            number: format!("{}{:04}", from.as_number() / 100, self.row),
            self_pay: 0,
        };
        self.fact(what, Some(from), Some(until))
    }

    /// Address and postcode are not to be shown.
    pub fn withheld(mut self) -> Draft {
        self.last().facts.push(NewFact::always(What::Withheld));
        self
    }

    /// Code table 010.
    pub fn card_class(self, class: &str) -> Draft {
        self.filed_as(|entry| entry.card_class = class.into())
    }

    /// The insurer's copy differs from the plain one.
    pub fn filed_as(mut self, change: impl FnOnce(&mut NewEntry)) -> Draft {
        change(&mut self.last().entry);
        self
    }

    /// The insurer corrects its last filing.
    pub fn corrected(mut self, change: impl FnOnce(&mut Filing)) -> Draft {
        let mut filing = copy(self.last());
        change(&mut filing);
        self.patient.filings.push(filing);
        self
    }

    /// The last filing carries the My Number of somebody else, whom the register knows too.
    pub fn filed_with_number_of(mut self, other: Attributes) -> Draft {
        self.last().number = ids::my_number(self.table.seed, &self.patient.id, "other");
        self.resident("other", other);
        self
    }

    /// The resident register differs from the insurer's copy.
    pub fn registered_as(mut self, change: impl FnOnce(&mut Attributes)) -> Draft {
        if let [first, ..] = self.patient.residents.as_mut_slice() {
            change(&mut first.attributes);
        }
        self
    }

    /// The resident register does not know the person's number.
    pub fn unknown_to_register(mut self) -> Draft {
        self.patient.residents.clear();
        self
    }
}

/// The question, and what it is answered with.
impl Draft {
    /// The question differs from the first membership's numbers.
    pub fn asks(mut self, change: impl FnOnce(&mut Query)) -> Draft {
        change(&mut self.patient.query);
        self
    }

    /// Asks what another patient's row asks.
    pub fn asks_like(self, other: &Patient) -> Draft {
        let same = other.query.clone();
        self.asks(|query| *query = same)
    }

    /// Asks with numbers that nobody has, and the person's birth date.
    pub fn asks_with(self, insurer: Insurer, symbol: &str, number: &str, branch: &str) -> Draft {
        let birth = self.who().birth;
        self.asks(|query| {
            *query = Query {
                insurer_number: insurer.number().padded(),
                symbol: symbol.into(),
                number: number.into(),
                branch: branch.into(),
                birth_date: birth.stamp8(),
            }
        })
    }

    /// What is particular about the person's card.
    pub fn card(mut self, state: CardState) -> Draft {
        self.patient.card_state = Some(state);
        self
    }

    /// A tap of the card finds something other than the question does.
    pub fn by_card(mut self, outcome: &str, validity: &str) -> Draft {
        self.patient.card_outcome = outcome.into();
        self.patient.card_validity = validity.into();
        self
    }

    /// What the same question gives for another day.
    pub fn on_other_day(mut self, asked_on: Date, validity: &'static str) -> Draft {
        self.patient.other_day = Some(OtherDay { asked_on, validity });
        self
    }

    fn ends(mut self, outcome: &str, validity: &str, code: &str, ja: &str, en: &str) -> Patient {
        self.patient.outcome = outcome.into();
        self.patient.expected_validity = validity.into();
        self.patient.expected_code = code.into();
        self.patient.note = format!("{ja} / {en}");
        let names = insurers().into_iter().map(|(number, name)| (number, name.to_owned()));
        let filings = &self.patient.filings;
        self.patient.insurers = names
            .filter(|(number, _)| filings.iter().any(|filing| filing.entry.insurer == *number))
            .collect();
        chain::give_card(&mut self.patient, self.table.seed, self.table.days.today);
        self.patient
    }

    /// 1 有効.
    pub fn valid(self, ja: &str, en: &str) -> Patient {
        self.ends("valid", "1", "", ja, en)
    }

    /// 1 有効, with the information that no copayment rate is registered.
    pub fn valid_without_rate(self, ja: &str, en: &str) -> Patient {
        self.ends("valid", "1", "SKC00002I", ja, en)
    }

    /// 2 無効.
    pub fn invalid(self, ja: &str, en: &str) -> Patient {
        self.ends("invalid", "2", "", ja, en)
    }

    /// 3 無効（新しい資格あり）.
    pub fn invalid_new_known(self, ja: &str, en: &str) -> Patient {
        self.ends("invalid-new-known", "3", "", ja, en)
    }

    /// 4 該当資格なし.
    pub fn none(self, ja: &str, en: &str) -> Patient {
        self.ends("none", "4", "", ja, en)
    }

    /// 5 複数該当.
    pub fn several(self, ja: &str, en: &str) -> Patient {
        self.ends("several", "5", "", ja, en)
    }

    /// 6 有効（未登録）.
    pub fn aid_unregistered(self, ja: &str, en: &str) -> Patient {
        self.ends("aid-unregistered", "6", "", ja, en)
    }

    /// The third answer: could not be determined, with its nine-character code.
    pub fn undetermined(self, code: &str, ja: &str, en: &str) -> Patient {
        self.ends("undetermined", "", code, ja, en)
    }
}
