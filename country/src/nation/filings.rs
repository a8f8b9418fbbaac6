//! What offices send: who believes what of whom, when they hear of it, and what they get wrong.
//!
//! Always holds: an office sends what it knows on the day on which it sends; a membership is filed under one key for
//! ever; each mistake is one of the recorded kinds and stays noted as truth beside the membership. What is filed again
//! is filed whole.
//! Not here: what is true (`insurance`, `lives`), the form of a line (`formats::feed`).
//! Rules come from: docs/rules.md S1 r8, S5 r1, r2; the references on the field, sections 5.2 and 5.3, and on matching,
//! section 1.

use super::{
    block::Block,
    dice::{Dice, stir},
    institutions::{Institutions, InsurerKind},
    insurance::{Holder, Spell},
    person::{Fate, Person, Who},
    places,
    plan::Number,
    words,
};
use base::{BirthDate, Date, Sex, fold_width, hex};
use formats::feed::{self, CertificateWord, Fact, Office, Record};

/// A line that an office sends.
#[derive(Clone)]
pub struct Sent {
    /// When.
    pub day: Date,
    /// Which office.
    pub office: Office,
    /// What it says.
    pub record: Record,
}

/// What the insurer made of a membership.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filed {
    /// When it was registered.
    pub registered_on: Option<Date>,
    /// Whether its loss was filed.
    pub is_loss_known: bool,
}

/// What went wrong in a filing. It is truth: Shikaku is never told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// What.
    pub kind: Wrong,
    /// Whose number was filed, when it is another's.
    pub other: Option<Number>,
    /// When it is put right.
    pub until: Option<Date>,
}

/// The recorded kinds of mistakes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wrong {
    /// The number of somebody else, mistyped.
    Number,
    /// The number of a namesake of the same birthday, found by three attributes.
    Namesake,
    /// Two dependants' numbers swapped.
    Dependants,
    /// Twins' numbers swapped.
    Twins,
    /// The number of husband or wife.
    Spouse,
    /// The number of father or son, whose names read alike.
    FatherAndSon,
    /// A digit of the birth date.
    Birth,
    /// The sex.
    Sex,
    /// A variant of a character of the name.
    Variant,
    /// ● in place of a character.
    Replaced,
    /// The address in another style.
    Address,
    /// The loss was filed weeks late.
    LateLoss,
    /// The loss was never filed.
    MissingLoss,
}

impl Wrong {
    /// All of them.
    pub const ALL: [Wrong; 13] = [
        Wrong::Number,
        Wrong::Namesake,
        Wrong::Dependants,
        Wrong::Twins,
        Wrong::Spouse,
        Wrong::FatherAndSon,
        Wrong::Birth,
        Wrong::Sex,
        Wrong::Variant,
        Wrong::Replaced,
        Wrong::Address,
        Wrong::LateLoss,
        Wrong::MissingLoss,
    ];

    /// The stable word.
    pub fn word(self) -> &'static str {
        match self {
            Wrong::Number => "number",
            Wrong::Namesake => "namesake",
            Wrong::Dependants => "dependants",
            Wrong::Twins => "twins",
            Wrong::Spouse => "spouse",
            Wrong::FatherAndSon => "father-and-son",
            Wrong::Birth => "birth",
            Wrong::Sex => "sex",
            Wrong::Variant => "variant",
            Wrong::Replaced => "replaced",
            Wrong::Address => "address",
            Wrong::LateLoss => "late-loss",
            Wrong::MissingLoss => "missing-loss",
        }
    }

    /// The name in Japanese and in English.
    pub fn names(self) -> (&'static str, &'static str) {
        match self {
            Wrong::Number => ("番号の打ち間違い", "Another's number, mistyped"),
            Wrong::Namesake => {
                ("同名同生年月日の人の番号（3情報検索）", "A namesake's number (three attributes)")
            }
            Wrong::Dependants => ("被扶養者の番号の入れ違い", "Two dependants swapped"),
            Wrong::Twins => ("双子の番号の入れ違い", "Twins swapped"),
            Wrong::Spouse => ("配偶者の番号", "The spouse's number"),
            Wrong::FatherAndSon => ("読みが同じ父子の番号", "Father and son who read alike"),
            Wrong::Birth => ("生年月日の打ち間違い", "Birth date mistyped"),
            Wrong::Sex => ("性別の誤り", "Sex"),
            Wrong::Variant => ("氏名の異体字", "Variant character"),
            Wrong::Replaced => ("氏名の●", "● in the name"),
            Wrong::Address => ("住所の書き方", "Address in another style"),
            Wrong::LateLoss => ("喪失届の遅れ", "Loss filed late"),
            Wrong::MissingLoss => ("喪失届の漏れ", "Loss never filed"),
        }
    }

    /// Whether the insurer filed another person's number.
    pub fn is_of_person(self) -> bool {
        self <= Wrong::FatherAndSon
    }

    /// Whether the filed copy disagrees with the register, so that the link is held back.
    pub fn holds_back(self) -> bool {
        !matches!(self, Wrong::Namesake | Wrong::Replaced | Wrong::LateLoss | Wrong::MissingLoss)
    }
}

/// What an office is about to send.
#[derive(Clone, Debug)]
pub(crate) enum Pending {
    /// The register's attributes.
    Resident(Who),
    /// A membership, for the first time.
    Registration(Who, usize),
    /// Its loss.
    Loss(Who, usize),
    /// A membership as the insurer knows it now.
    Again(Who, usize),
    /// A new certificate.
    Certificate(Who, usize),
    /// What became of one.
    State(Who, usize, CertificateWord, Option<&'static str>),
    /// An enrolment.
    Enrolment(Who),
}

/// Notation goes wrong often enough as it is: more mistakes are so many times as often at most.
const NOTATION_TIMES_MAX: u64 = 20;
/// A birth is told to the municipality within so many days.
pub(crate) const NAMED_WITHIN: i64 = 14;

mod tags {
    pub const HAS_ADDRESS: u64 = 16;
    pub const PERCENT: u64 = 17;
    pub const LIMIT: u64 = 18;
    pub const DISEASE: u64 = 19;
    pub const TICKET: u64 = 20;
}

impl Block {
    /// Sends something in some days.
    pub(crate) fn send_in(&mut self, days: i64, what: Pending) {
        let key = (self.day.plus_days(days.max(0)), self.pended);
        self.pended += 1;
        self.pending.insert(key, what);
    }

    /// Sends what is due by today.
    pub(crate) fn send_due(&mut self, institutions: &Institutions) {
        while let Some(entry) = self.pending.first_entry() {
            if entry.key().0 > self.day {
                return;
            }
            let what = entry.remove();
            self.send(institutions, &what);
        }
    }

    fn send(&mut self, institutions: &Institutions, what: &Pending) {
        let (office, record) = match *what {
            Pending::Resident(who) => (Office::Register, Some(Record::Resident(self.resident(who)))),
            Pending::Registration(who, place) => {
                let today = self.day;
                self.person_mut(who).spells[place].filed.registered_on = Some(today);
                (Office::Insurer, Some(self.coverage(institutions, who, place)))
            }
            Pending::Loss(who, place) => {
                let filed = &mut self.person_mut(who).spells[place].filed;
                filed.is_loss_known = true;
                let is_known = filed.registered_on.is_some();
                (Office::Insurer, is_known.then(|| self.coverage(institutions, who, place)))
            }
            Pending::Again(who, place) => {
                let is_known = self.person(who).spells[place].filed.registered_on.is_some();
                (Office::Insurer, is_known.then(|| self.coverage(institutions, who, place)))
            }
            Pending::Certificate(who, place) => (Office::Authority, Some(self.certificate(who, place))),
            Pending::State(who, place, state, reason) => {
                let serial = hex(&self.person(who).certificates[place].serial);
                let reason = reason.map(str::to_owned);
                // Who found a lost card after it was revoked has nothing to lift.
                let is_over = self.person(who).certificates[place].fate == Fate::Revoked;
                let is_due = state == CertificateWord::Revoked || !is_over;
                let record = feed::CertificateState { serial, state, reason };
                (Office::Authority, is_due.then_some(Record::CertificateState(record)))
            }
            Pending::Enrolment(who) => {
                let my_number = self.my_number(self.person(who).number);
                (Office::Municipality, Some(Record::Enrolment(feed::Enrolment { my_number })))
            }
        };
        if let Some(record) = record {
            self.sent.push(Sent { day: self.day, office, record });
        }
    }

    /// Everything that is known on the first day.
    pub(crate) fn send_beginning(&mut self, institutions: &Institutions) {
        for who in 0..self.people.len() as Who {
            self.send(institutions, &Pending::Resident(who));
        }
        for who in 0..self.people.len() as Who {
            for place in 0..self.person(who).spells.len() {
                self.err(institutions, who, place);
                let spell = &mut self.person_mut(who).spells[place];
                spell.filed.is_loss_known = spell.until.is_some();
                self.send(institutions, &Pending::Registration(who, place));
            }
        }
        for who in 0..self.people.len() as Who {
            if let Some(place) = self.person(who).certificates.len().checked_sub(1) {
                self.send(institutions, &Pending::Certificate(who, place));
            }
            if self.person(who).enrolled.is_some() {
                self.send(institutions, &Pending::Enrolment(who));
            }
        }
    }

    fn my_number(&self, number: Number) -> String {
        self.plan.my_number(number).reveal().to_owned()
    }

    fn resident(&self, who: Who) -> feed::Resident {
        let person = self.person(who);
        let home = &self.household_of(who).home;
        feed::Resident {
            my_number: self.my_number(person.number),
            name: person.written(),
            kana: person.kana(),
            birth: person.birth_known().stamp8(),
            sex: sex(person),
            postcode: Some(home.postcode.clone()),
            address: Some(home.address.clone()),
        }
    }

    fn certificate(&self, who: Who, place: usize) -> Record {
        let person = self.person(who);
        let certificate = &person.certificates[place];
        // Of what was before the first day the register of certificates has the last one only.
        let holder = match place.checked_sub(1) {
            Some(before) if certificate.is_successor && certificate.issued_on > self.plan.begins() => {
                feed::Holder::Succeeds(hex(&person.certificates[before].serial))
            }
            _ => feed::Holder::MyNumber(self.my_number(person.number)),
        };
        Record::Certificate(feed::Certificate {
            holder,
            serial: hex(&certificate.serial),
            valid_from: certificate.issued_on.stamp8(),
            valid_until: certificate.until.stamp8(),
        })
    }

    // Delays ----------------------------------------------------------------------------------------------------------

    /// Lets the insurer hear of a new membership.
    pub(crate) fn file_registration(&mut self, institutions: &Institutions, who: Who, place: usize) {
        self.err(institutions, who, place);
        let mut dice = self.spell_dice(who, place, 1);
        let delay = match self.kind(institutions, who, place) {
            InsurerKind::Union | InsurerKind::Welfare => 0,
            // People have two weeks to tell the municipality.
            InsurerKind::Municipal | InsurerKind::Guild => dice.between(0, 5) + dice.between(0, 9),
            // The employer has five days and the insurer five; not all keep them.
            _ if dice.percent(6) => dice.between(11, 40),
            _ => dice.between(1, 5) + dice.between(0, 5),
        };
        // A newborn has a number when the register has been told, within two weeks.
        let is_new = self.person(who).birth == self.day;
        let delay = if is_new { delay + NAMED_WITHIN } else { delay };
        self.send_in(delay, Pending::Registration(who, place));
        let corrections = self.person(who).spells[place].mistake.as_ref().and_then(|mistake| mistake.until);
        if let Some(until) = corrections {
            let days = until.days_since(self.day).max(delay + 1);
            self.send_in(days, Pending::Again(who, place));
        }
    }

    /// Lets the insurer hear of a loss: now and then late, or never.
    pub(crate) fn file_loss(&mut self, institutions: &Institutions, who: Who, place: usize) {
        let mut dice = self.spell_dice(who, place, 2);
        let times = u64::from(self.plan.mistakes);
        let delay = match self.kind(institutions, who, place) {
            InsurerKind::Union | InsurerKind::Welfare => dice.between(0, 3),
            InsurerKind::Municipal | InsurerKind::Guild => dice.between(0, 14),
            _ => dice.between(1, 5) + dice.between(0, 5),
        };
        let roll = dice.below(1_000);
        let wrong = match roll {
            _ if roll < 2 * times => Some(Wrong::MissingLoss),
            _ if roll < 40 + 4 * times => Some(Wrong::LateLoss),
            _ => None,
        };
        let late = dice.between(20, 90);
        if let Some(kind) = wrong {
            let until = (kind == Wrong::LateLoss).then(|| self.day.plus_days(delay + late));
            let spell = &mut self.person_mut(who).spells[place];
            spell.mistake.get_or_insert(Mistake { kind, other: None, until });
        }
        match wrong {
            Some(Wrong::MissingLoss) => {}
            Some(_) => self.send_in(delay + late, Pending::Loss(who, place)),
            None => self.send_in(delay, Pending::Loss(who, place)),
        }
    }

    fn spell_dice(&self, who: Who, place: usize, what: u64) -> Dice {
        Dice::new(self.plan.seed, &[0x6669_6c65, what, self.person(who).number.0, place as u64])
    }

    pub(crate) fn kind(&self, institutions: &Institutions, who: Who, place: usize) -> InsurerKind {
        institutions.insurers()[self.person(who).spells[place].due.insurer as usize].kind
    }

    // Mistakes --------------------------------------------------------------------------------------------------------

    /// Decides whether something goes wrong with the filing of a membership, and when it is put right.
    fn err(&mut self, institutions: &Institutions, who: Who, place: usize) {
        let mut dice = self.spell_dice(who, place, 3);
        let Some((kind, other)) = self.wrong(institutions, &mut dice, who, place) else { return };
        let from = self.person(who).spells[place].from;
        // Notation is looked through soon, and some of it never; a wrong number is found later, but in the end.
        let until = match kind {
            _ if kind.is_of_person() => Some(from.plus_days(dice.between(20, 300))),
            Wrong::Replaced => None,
            _ if dice.percent(3) => None,
            _ => Some(from.plus_days(dice.between(8, 120))),
        };
        if until.is_some_and(|until| until <= self.day) {
            return; // put right long ago
        }
        if let Some(until) = until.filter(|_| self.day == self.plan.begins()) {
            self.send_in(until.days_since(self.day), Pending::Again(who, place));
        }
        self.person_mut(who).spells[place].mistake = Some(Mistake { kind, other, until });
    }

    fn wrong(
        &self,
        institutions: &Institutions,
        dice: &mut Dice,
        who: Who,
        place: usize,
    ) -> Option<(Wrong, Option<Number>)> {
        let times = u64::from(self.plan.mistakes);
        let person = self.person(who);
        let others: [(Wrong, u64, Option<Who>); 6] = [
            (Wrong::FatherAndSon, 8_000, self.namesake_kin(who)),
            (Wrong::Twins, 3_000, self.twin(who)),
            (Wrong::Namesake, 200_000, self.namesake(who)),
            (Wrong::Spouse, 60, person.spouse.filter(|spouse| self.person(*spouse).lives())),
            (Wrong::Dependants, 80, self.sibling(who, place)),
            (
                Wrong::Number,
                40,
                Some(dice.below(self.people.len() as u64) as Who).filter(|other| *other != who),
            ),
        ];
        for (kind, per_million, other) in others {
            if let Some(other) = other
                && dice.per_million(per_million * times)
            {
                return Some((kind, Some(self.person(other).number)));
            }
        }
        let written = person.written();
        let has_address = self.has_address(institutions, who, place);
        let notation = [
            (Wrong::Birth, 150, person.foreign.is_none()),
            (Wrong::Sex, 40, true),
            (Wrong::Replaced, 200_000, marked(&written) != written),
            (Wrong::Variant, 60_000, self.variant(who, place, &written).is_some()),
            (Wrong::Address, 4_000, has_address && self.restyled(who, place).is_some()),
        ];
        notation
            .into_iter()
            .find(|(_, per_million, may)| {
                dice.per_million(per_million * times.min(NOTATION_TIMES_MAX)) && *may
            })
            .map(|(kind, ..)| (kind, None))
    }

    /// Somebody else of the same reading, birthday and sex.
    fn namesake(&self, who: Who) -> Option<Who> {
        let person = self.person(who);
        let same = |other: &Person| {
            other.birth == person.birth
                && other.is_female == person.is_female
                && other.kana() == person.kana()
        };
        (0..self.people.len() as Who).find(|other| *other != who && same(self.person(*other)))
    }

    /// A father, or a son, whose name reads the same.
    fn namesake_kin(&self, who: Who) -> Option<Who> {
        let person = self.person(who);
        let reads_same = |other: &Who| self.person(*other).kana() == person.kana();
        let father = person.father.filter(reads_same);
        let members = &self.household_of(who).members;
        let son = |other: &&Who| self.person(**other).father == Some(who) && reads_same(other);
        father.or_else(|| members.iter().find(son).copied())
    }

    fn twin(&self, who: Who) -> Option<Who> {
        let person = self.person(who);
        let members = &self.household_of(who).members;
        let is_twin = |other: &&Who| {
            let twin = self.person(**other);
            **other != who
                && twin.birth == person.birth
                && twin.mother == person.mother
                && twin.mother.is_some()
        };
        members.iter().find(is_twin).copied()
    }

    /// Another dependant of the same insured person.
    fn sibling(&self, who: Who, place: usize) -> Option<Who> {
        let due = self.person(who).spells[place].due;
        let members = &self.household_of(who).members;
        let same = |other: &&Who| {
            let theirs = self.person(**other).spell().map(|spell| spell.due);
            **other != who && theirs.is_some_and(|theirs| theirs.holder == due.holder && !theirs.is_own)
        };
        if due.is_own { None } else { members.iter().find(same).copied() }
    }

    // The insurer's copy ----------------------------------------------------------------------------------------------

    /// Whether the insurer of a membership holds addresses: employees' insurers need not.
    fn has_address(&self, institutions: &Institutions, who: Who, place: usize) -> bool {
        let insurer = self.person(who).spells[place].due.insurer;
        let percent = match self.kind(institutions, who, place) {
            InsurerKind::Municipal | InsurerKind::Guild | InsurerKind::Union | InsurerKind::Welfare => 100,
            InsurerKind::Association => return self.tends(who, tags::HAS_ADDRESS, 90),
            _ => 40,
        };
        stir(self.plan.seed ^ u64::from(insurer) << 20) % 100 < percent
    }

    fn coverage(&self, institutions: &Institutions, who: Who, place: usize) -> Record {
        let (person, today) = (self.person(who), self.day);
        let spell = &person.spells[place];
        let insurer = &institutions.insurers()[spell.due.insurer as usize];
        let wrong = spell.mistake.as_ref().filter(|mistake| mistake.until.is_none_or(|until| today < until));
        let home = &self.household_of(who).home;
        let mut copy = feed::Coverage {
            key: format!("{}-{place}", person.number.0),
            my_number: self.my_number(person.number),
            insurer: insurer.number.as_str().to_owned(),
            symbol: spell.symbol.clone(),
            number: spell.number.clone(),
            branch: spell.branch.map(|branch| format!("{branch:02}")),
            card_class: match insurer.kind {
                InsurerKind::Welfare => "A1",
                InsurerKind::Forces => "07",
                _ => "01",
            }
            .to_owned(),
            relation: (insurer.kind != InsurerKind::Welfare).then_some(if spell.due.is_own { 1 } else { 2 }),
            insured_name: self.insured_name(spell, who),
            name: person.written(),
            kana: person.kana(),
            other_name: person.other_name().map(|(written, _)| written),
            other_kana: person.other_name().map(|(_, kana)| kana),
            sex: sex(person),
            birth: person.birth_known().stamp8(),
            postcode: None,
            address: None,
            qualified_on: spell.from.stamp8(),
            issued_on: None,
            card_from: None,
            card_until: None,
            facts: self.facts(institutions, who, spell, insurer.kind),
        };
        if self.has_address(institutions, who, place) {
            (copy.postcode, copy.address) = (Some(home.postcode.clone()), Some(home.address.clone()));
        }
        if let Some(mistake) = wrong {
            self.spoil(who, place, mistake, &mut copy);
        }
        Record::Coverage(Box::new(copy))
    }

    /// The name in other characters, not merely in other glyphs of the same ones: those are equal to everybody.
    fn variant(&self, who: Who, place: usize, written: &str) -> Option<String> {
        let mut dice = self.spell_dice(who, place, 5);
        let is_glyph = |text: &String| {
            text.chars().any(|sign| matches!(sign, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}'))
        };
        (0..8).find_map(|_| words::variant(&mut dice, written).filter(|text| !is_glyph(text)))
    }

    /// The address in a style that is more than widths and blanks apart from the register's.
    fn restyled(&self, who: Who, place: usize) -> Option<String> {
        let mut dice = self.spell_dice(who, place, 6);
        let home = &self.household_of(who).home;
        let plain = |text: &str| -> String {
            fold_width(text).chars().filter(|sign| !sign.is_whitespace()).collect()
        };
        let own = plain(&home.address);
        (0..8).map(|_| places::restyle(&mut dice, home)).find(|text| plain(text) != own)
    }

    fn insured_name(&self, spell: &Spell, who: Who) -> Option<String> {
        match spell.due.holder {
            Holder::Person(holder) if holder == who => None,
            Holder::Person(holder) => Some(self.person(holder).written()),
            Holder::Household(household) => {
                let head = self.households[usize::from(household)].members.first();
                head.map(|head| self.person(*head).written())
            }
        }
    }

    fn spoil(&self, who: Who, place: usize, mistake: &Mistake, copy: &mut feed::Coverage) {
        let mut dice = self.spell_dice(who, place, 4);
        if let Some(other) = mistake.other {
            copy.my_number = self.my_number(other);
        }
        match mistake.kind {
            // Where the namesake was found by three attributes there was no address to compare.
            Wrong::Namesake => (copy.postcode, copy.address) = (None, None),
            Wrong::Birth => copy.birth = one_digit_off(&mut dice, self.person(who).birth).stamp8(),
            Wrong::Sex => copy.sex = 3 - copy.sex,
            Wrong::Variant => {
                copy.name = self.variant(who, place, &copy.name).unwrap_or_else(|| copy.name.clone());
            }
            Wrong::Replaced => copy.name = marked(&copy.name),
            Wrong::Address => {
                copy.address = self.restyled(who, place);
            }
            _ => {}
        }
    }

    // Facts -----------------------------------------------------------------------------------------------------------

    fn facts(&self, institutions: &Institutions, who: Who, spell: &Spell, kind: InsurerKind) -> Vec<Fact> {
        let mut facts = Vec::new();
        if let Some((on, reason)) = spell.until.filter(|_| spell.filed.is_loss_known) {
            facts.push(Fact::Loss { reason: reason.to_owned(), on: on.stamp8() });
        }
        if kind == InsurerKind::Welfare {
            facts.extend(self.tickets(institutions, who));
        } else {
            self.rates(who, spell, kind, &mut facts);
            facts.extend(self.limit(who, kind));
            let is_ill =
                stir(self.plan.seed ^ stir(self.person(who).number.0 ^ tags::DISEASE << 48)) % 1_000 < 3;
            if is_ill {
                let from = Date::new(2022, 4, 1).filter(|from| *from > spell.from).unwrap_or(spell.from);
                let disease = |from: Date| Fact::Disease {
                    category: "1".to_owned(),
                    self_pay: 10_000,
                    from: from.stamp8(),
                    until: None,
                    issued_on: None,
                };
                facts.push(disease(from));
            }
        }
        if self.person(who).is_protected {
            facts.push(Fact::Withheld);
        }
        facts
    }

    /// Rates of those of 75 and over and certificates of those of 70 and over, for this insurance year and, when it is
    /// near, the next.
    fn rates(&self, who: Who, spell: &Spell, kind: InsurerKind, facts: &mut Vec<Fact>) {
        let person = self.person(who);
        let roll = stir(self.plan.seed ^ stir(person.number.0 ^ tags::PERCENT << 48)) % 100;
        for (begins, ends) in self.insurance_years() {
            let until = Some(ends.stamp8());
            if kind == InsurerKind::Union {
                let percent = match roll {
                    0..7 => 30,
                    7..27 => 20,
                    _ => 10,
                };
                let from = begins.max(spell.from);
                if from <= ends {
                    facts.push(Fact::Rate { percent, from: from.stamp8(), until });
                }
                continue;
            }
            // From the month after the 70th birthday; who is born on a first of the month has it in that month.
            let seventy = person.birth.plus_years(70).plus_days(-1).plus_months(1);
            let (year, month, _) = seventy.parts();
            let elderly = Date::new(year, month, 1).unwrap_or(seventy);
            let from = begins.max(spell.from).max(elderly);
            let last = ends.min(person.birth.plus_years(75).plus_days(-1));
            if from <= last {
                let percent = if roll < 9 { 30 } else { 20 };
                let until = Some(last.stamp8());
                facts.push(Fact::Elderly { percent, from: from.stamp8(), until, issued_on: None });
            }
        }
    }

    /// This insurance year (1 August to 31 July), and the next from 20 July on.
    fn insurance_years(&self) -> impl Iterator<Item = (Date, Date)> + use<> {
        let (year, month, day) = self.day.parts();
        let first = if month >= 8 { year } else { year - 1 };
        let next = if (month, day) >= (7, 20) && month < 8 { Some(first + 1) } else { None };
        [Some(first), next]
            .into_iter()
            .flatten()
            .filter_map(|year| Some((Date::new(year, 8, 1)?, Date::new(year + 1, 7, 31)?)))
    }

    fn limit(&self, who: Who, kind: InsurerKind) -> Option<Fact> {
        let age = self.person(who).age(self.day);
        if !self.tends(who, tags::LIMIT, if age < 40 { 2 } else { 7 }) {
            return None;
        }
        let is_poor = self.tends(who, tags::LIMIT + 8, 40);
        let (class, flag) = match (kind == InsurerKind::Union || age >= 70, is_poor) {
            (true, true) => ("02", "B05"),
            (true, false) => ("01", "B02"),
            (false, true) => ("02", "A05"),
            (false, false) => ("01", "A03"),
        };
        let (begins, ends) = self.insurance_years().next()?;
        Some(Fact::Limit {
            class: class.to_owned(),
            flag: flag.to_owned(),
            long_term_on: None,
            from: begins.stamp8(),
            until: Some(ends.stamp8()),
            issued_on: Some(begins.stamp8()),
        })
    }

    /// This month's ticket and, from the 20th on, the next month's. Some recipients have named no facility yet.
    fn tickets(&self, institutions: &Institutions, who: Who) -> Vec<Fact> {
        let home = self.household_of(who).home.municipality;
        let near = institutions.facilities_in(home);
        if near.is_empty() || !self.tends(who, tags::TICKET, 80) {
            return Vec::new();
        }
        let number = self.person(who).number.0;
        let place = stir(self.plan.seed ^ number) % u64::from(near.end - near.start);
        let facility = institutions.facility(near.start + place as u32);
        let is_pharmacy = facility.kind == "pharmacy";
        let (year, month, today) = self.day.parts();
        let first = Date::new(year, month, 1);
        let months = [first, first.filter(|_| today >= 20).map(|first| first.plus_months(1))];
        let ticket = |from: Date| Fact::Ticket {
            kind: if is_pharmacy { "02" } else { "01" }.to_owned(),
            treatment: if is_pharmacy { "04" } else { "02" }.to_owned(),
            facility: facility.code.as_str().to_owned(),
            number: format!("{}{:04}", from.as_number() / 100, number % 10_000),
            self_pay: 0,
            from: from.stamp8(),
            until: Some(from.month_ends().stamp8()),
            issued_on: Some(from.stamp8()),
        };
        months.into_iter().flatten().map(ticket).collect()
    }
}

fn sex(person: &Person) -> i64 {
    if person.is_female { Sex::Female } else { Sex::Male }.code()
}

/// A name in a system that has no character beyond JIS X 0208 and says ● for each.
fn marked(written: &str) -> String {
    let mut buffer = [0; 4];
    let mark = |sign: char| {
        if words::narrow(sign.encode_utf8(&mut buffer)).starts_with(sign) { sign } else { '●' }
    };
    written.chars().map(mark).collect()
}

/// A birth date in which one digit of the day, the month or the year was mistyped.
fn one_digit_off(dice: &mut Dice, birth: Date) -> BirthDate {
    let number = birth.as_number();
    for _ in 0..20 {
        let by = *dice.pick(&[1, -1, 10, -10, 100, -100, 10_000, -10_000, 100_000]);
        if let Some(other) = BirthDate::from_number(number + by).filter(|other| other.date().is_some()) {
            return other;
        }
    }
    BirthDate::from_number(number + 10_000)
        .or_else(|| BirthDate::from_number(number - 10_000))
        .unwrap_or_else(|| BirthDate::from_number(19_800_101).expect("a day that exists"))
}
