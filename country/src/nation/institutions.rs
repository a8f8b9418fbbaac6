//! The institutions of the invented nation: insurers (保険者) of every kind and welfare offices, employers (事業所), and
//! facilities (医療機関・薬局).
//!
//! Always holds: numbers and codes have the right law code, prefecture and check digit and are unique. **Serials are
//! numbered by us**, in order within law code and prefecture: they are not those of the real institution that may bear
//! the same number. Every name but that of a municipality's own insurance has 架空 (invented) in it. Employers and
//! facilities are computed from their number; nothing of them is kept. Insurers and facilities that the named test
//! patients use are part of it with their own numbers and names.
//! Not here: who is insured where (`insurance`), terminals, the real registers of facilities and insurers.
//! Rules come from: the references on check digits, sections 7.1 to 7.3, and on the field, section 5.1.

mod certificates;
mod employers;
mod facilities;
mod names;
mod registry;
mod signs;
#[cfg(test)]
mod tests;
mod towns;

pub use facilities::KINDS;

use super::dice::Dice;
use base::{Date, FacilityCode, InsurerNumber};
use std::ops::Range;
use towns::Towns;

/// What an insurer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum InsurerKind {
    /// 協会けんぽ, law code 01: a branch a prefecture.
    Association,
    /// 船員保険, 02.
    Seamen,
    /// 組合健保, 06: a company's society or that of a trade.
    Society,
    /// 自衛官, 07: a unit; its members only, their families are with a mutual.
    Forces,
    /// 国家公務員共済, 31.
    NationalMutual,
    /// 地方公務員共済, 32.
    LocalMutual,
    /// 警察共済, 33.
    PoliceMutual,
    /// 公立学校・私学共済, 34.
    SchoolMutual,
    /// 特例退職, 63: pensioners who stay with their society, which has the same prefecture and serial under 06.
    SpecialRetired,
    /// 市町村国保: six digits, no law code.
    Municipal,
    /// 国保組合: six digits, serials from 300 on.
    Guild,
    /// 後期高齢者医療広域連合, 39: one a prefecture.
    Union,
    /// 福祉事務所, 12: payer of medical aid, no insurer in the law's sense.
    Welfare,
}

/// An insurer or a welfare office.
#[derive(Clone, Debug)]
pub struct Insurer {
    /// Its number.
    pub number: InsurerNumber,
    /// What it is.
    pub kind: InsurerKind,
    /// Its name.
    pub name: String,
    /// Where it sits, 1 to 47, or 99 for the invented prefecture.
    pub prefecture: u8,
    /// How many people it insures in a nation of full size; serves as its weight.
    pub members: u32,
    /// The words in its name that are its own: 朝霧電機, 沼津.
    stem: String,
    /// Of a society: whether a whole trade's employers belong to it (総合) and not one company's.
    is_trade: bool,
}

/// An employer. Everybody with the same employer has the same insurer and symbol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Employer {
    /// Place of its insurer in [`Institutions::insurers`].
    pub insurer: usize,
    /// The symbol (記号) of its staff's certificates.
    pub symbol: String,
    /// Its name.
    pub name: String,
    /// Where it is.
    pub municipality: usize,
}

/// A facility.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facility {
    /// Its code.
    pub code: FacilityCode,
    /// `hospital`, `clinic`, `dental` or `pharmacy`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// Postcode, `NNN-NNNN`.
    pub postcode: String,
    /// Address.
    pub address: String,
    /// Where it is.
    pub municipality: usize,
    /// Operation start date (運用開始日); none while it has not applied.
    pub operates_from: Option<Date>,
    /// First day of pre-operation (プレ運用).
    pub pre_operation_from: Option<Date>,
    /// First day on which it is closed for good.
    pub closes_on: Option<Date>,
}

/// All institutions of a seed. Built once, then only read.
pub struct Institutions {
    seed: u64,
    today: Date,
    towns: Towns,
    insurers: Vec<Insurer>,
    places: registry::Places,
    employers: employers::Employers,
    facilities: facilities::Facilities,
}

impl Institutions {
    /// The institutions of a seed with so many facilities (at least five, at most 300,000). `today` moves nothing but
    /// the dates of the few facilities that are about to begin or to close.
    pub fn new(seed: u64, today: Date, facilities: u32) -> Institutions {
        let towns = Towns::new();
        let insurers = registry::insurers(seed, &towns);
        let places = registry::Places::new(&insurers, &towns);
        let employers = employers::Employers::new(&insurers, &towns);
        let facilities = facilities::Facilities::new(&towns, today, facilities);
        Institutions { seed, today, towns, insurers, places, employers, facilities }
    }

    /// All insurers and welfare offices, by number.
    pub fn insurers(&self) -> &[Insurer] {
        &self.insurers
    }

    /// The place of an insurer by its number.
    pub fn find(&self, number: InsurerNumber) -> Option<usize> {
        self.insurers.binary_search_by_key(&number, |insurer| insurer.number).ok()
    }

    /// The municipality's insurance (市町村国保); of a designated city's ward the city's.
    pub fn municipal(&self, municipality: usize) -> usize {
        self.places.municipal[municipality]
    }

    /// The welfare office in charge: the city's own, of a town or village the prefecture's.
    pub fn welfare(&self, municipality: usize) -> usize {
        self.places.welfare[municipality]
    }

    /// The prefecture's union for people of 75 and over.
    pub fn union(&self, prefecture: u8) -> usize {
        self.places.union[usize::from(prefecture)]
    }

    /// The association's branch in the prefecture.
    pub fn association(&self, prefecture: u8) -> usize {
        self.places.association[usize::from(prefecture)]
    }

    /// A guild (国保組合) in the prefecture by its members; none where there is none.
    pub fn guild(&self, dice: &mut Dice, prefecture: u8) -> Option<usize> {
        let pool = &self.places.guilds[usize::from(prefecture)];
        (!pool.is_empty()).then(|| pool.draw(dice))
    }

    /// The insurer under which a society's pensioners may stay (特例退職), where the society has that.
    pub fn special_retired(&self, society: usize) -> Option<usize> {
        let insurer = &self.insurers[society];
        let body = insurer.number.as_str().get(2..7)?;
        let number = InsurerNumber::from_body(&format!("63{body}")).ok()?;
        (insurer.kind == InsurerKind::Society).then(|| self.find(number))?
    }

    /// An employer of somebody who lives in the prefecture, drawn by number of staff.
    pub fn employer(&self, dice: &mut Dice, prefecture: u8) -> u32 {
        self.employers.draw(dice, prefecture)
    }

    /// The numbers of an insurer's employers; none where members come by no employer.
    pub fn employers_of(&self, insurer: usize) -> Range<u32> {
        self.employers.of(insurer)
    }

    /// How many employers there are; their numbers begin with nought.
    pub fn employers(&self) -> u32 {
        self.employers.count()
    }

    /// The employer of a number. Beyond the last one, the last one.
    pub fn employer_of(&self, number: u32) -> Employer {
        let (insurer, rank, _) = self.employers.place(number);
        let mut dice = Dice::new(self.seed, &[tags::EMPLOYER, u64::from(number)]);
        let insured = &self.insurers[insurer];
        let municipality = self.towns.workplace(&mut dice, insured, rank);
        let city = &self.towns.cities[self.towns.city[municipality]];
        let symbol = certificates::employer_symbol(self.seed, insured, rank);
        Employer { insurer, symbol, name: names::employer(&mut dice, insured, rank, city), municipality }
    }

    /// Symbol and number of a new certificate (記号・番号) as the insurer writes them. Employees' insurers take the
    /// symbol of the employer. A welfare office gives no symbol and a recipient's number (受給者番号).
    ///
    /// Numbers are drawn, from a thousand times as many as the symbol has holders: now and then two people get the same
    /// one, as in an insurer's old books.
    pub fn certificate(
        &self,
        dice: &mut Dice,
        insurer: usize,
        employer: Option<u32>,
    ) -> (Option<String>, String) {
        let insured = &self.insurers[insurer];
        let staff = employer.map(|number| self.employers.staff(insured, number));
        let symbol = match employer {
            Some(number) => Some(self.employer_of(number).symbol),
            None => certificates::symbol(self.seed, dice, insured),
        };
        (symbol, certificates::number(self.seed, dice, insured, staff.unwrap_or(insured.members)))
    }

    /// A number of up to eight digits that the caller chose, such as one that is nobody else's, as the insurer writes
    /// it: filled with zeros or not, in full or half width. Not for welfare offices, whose numbers have check digits.
    pub fn write_number(&self, insurer: usize, number: u32) -> String {
        certificates::write_number(self.seed, &self.insurers[insurer], number)
    }

    /// How many facilities there are; their numbers begin with nought.
    pub fn facilities(&self) -> u32 {
        self.facilities.count()
    }

    /// The facility of a number. Beyond the last one, the last one.
    pub fn facility(&self, number: u32) -> Facility {
        self.facilities.facility(self.seed, self.today, &self.towns, number)
    }

    /// The numbers of a municipality's facilities: hospitals, then clinics, dental clinics and pharmacies.
    pub fn facilities_in(&self, municipality: usize) -> Range<u32> {
        self.facilities.of(municipality)
    }

    /// The numbers of a municipality's facilities of one kind, by its place in [`KINDS`].
    pub fn facilities_of(&self, municipality: usize, kind: usize) -> Range<u32> {
        self.facilities.of_kind(municipality, kind)
    }
}

/// What streams of dice are for.
mod tags {
    pub const SOCIETY: u64 = 0x0601;
    pub const STYLE: u64 = 0x0602;
    pub const EMPLOYER: u64 = 0x0603;
    pub const FACILITY: u64 = 0x0604;
    pub const ADDRESS: u64 = 0x0605;
}

/// Insurers with running sums of their weights.
#[derive(Clone, Default)]
struct Pool {
    insurers: Vec<usize>,
    sums: Vec<u64>,
}

impl Pool {
    fn push(&mut self, insurer: usize, weight: u64) {
        if weight > 0 {
            self.sums.push(self.weight() + weight);
            self.insurers.push(insurer);
        }
    }

    fn weight(&self) -> u64 {
        self.sums.last().copied().unwrap_or(0)
    }

    fn is_empty(&self) -> bool {
        self.insurers.is_empty()
    }

    fn draw(&self, dice: &mut Dice) -> usize {
        self.insurers[dice.cumulated(&self.sums)]
    }
}

/// Parts a whole among weights without a rest: what each gets is the difference of two rounded running sums.
fn shares(whole: u64, weights: impl Iterator<Item = u64> + Clone) -> Vec<u64> {
    let all: u128 = weights.clone().map(u128::from).sum::<u128>().max(1);
    let (mut sum, mut given) = (0u128, 0u64);
    weights
        .map(|weight| {
            sum += u128::from(weight);
            let until = (u128::from(whole) * sum / all) as u64;
            until - std::mem::replace(&mut given, until)
        })
        .collect()
}
