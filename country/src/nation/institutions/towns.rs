//! The municipalities as institutions see them: cities with their wards, people per prefecture.
//!
//! Always holds: a designated city's wards have one city; Tokyo's wards are each their own.
//! Not here: names, codes and addresses themselves (`places`).
//! Rules come from: the law on local autonomy (地方自治法) on wards: 行政区 are no municipalities, 特別区 are.

use super::{Insurer, InsurerKind};
use crate::nation::dice::Dice;
use crate::nation::places;

/// The invented prefecture.
pub const MIDORI_PREFECTURE: u8 = 99;

/// A municipality as its insurance and its welfare office see it.
pub struct City {
    pub prefecture: u8,
    /// With its prefecture's name: 静岡県沼津市.
    pub name: String,
    /// Without 市, 区, 町 or 村: 沼津.
    pub stem: String,
    /// Has a welfare office of its own.
    pub is_city: bool,
    pub population: u64,
}

/// All municipalities, in the order of `places`.
pub struct Towns {
    /// People of each municipality.
    pub population: Vec<u64>,
    /// Prefecture of each municipality.
    pub prefecture: Vec<u8>,
    /// The city of each municipality, as a place in `cities`.
    pub city: Vec<usize>,
    /// In the order of their first municipality.
    pub cities: Vec<City>,
    /// The city of the named test patients.
    pub midori: usize,
    /// Each prefecture's municipalities with running sums of people.
    within: Vec<(Vec<usize>, Vec<u64>)>,
    /// Running sums of people.
    sums: Vec<u64>,
}

impl Towns {
    /// Reads them from `places`.
    pub fn new() -> Towns {
        let all = places::municipalities();
        let mut towns = Towns {
            population: Vec::with_capacity(all.len()),
            prefecture: Vec::with_capacity(all.len()),
            city: Vec::with_capacity(all.len()),
            cities: Vec::new(),
            midori: places::midori(),
            within: vec![(Vec::new(), Vec::new()); 100],
            sums: Vec::with_capacity(all.len()),
        };
        for (place, town) in all.iter().enumerate() {
            towns.add(place, town.prefecture, town.city_name(), u64::from(town.people) * 100);
        }
        towns
    }

    fn add(&mut self, place: usize, prefecture: u8, name: &str, population: u64) {
        let own = without_county(name);
        let full = format!("{}{own}", places::prefecture_name(prefecture));
        if self.cities.last().is_none_or(|last| last.name != full) {
            self.cities.push(City {
                prefecture,
                name: full,
                stem: own.strip_suffix(['市', '区', '町', '村']).unwrap_or(own).to_owned(),
                is_city: !name.ends_with(['町', '村']),
                population: 0,
            });
        }
        self.sums.push(self.all_people() + population);
        self.population.push(population);
        self.prefecture.push(prefecture);
        self.city.push(self.cities.len() - 1);
        if let Some(city) = self.cities.last_mut() {
            city.population += population;
        }
        let (places, sums) = &mut self.within[usize::from(prefecture)];
        places.push(place);
        sums.push(sums.last().copied().unwrap_or(0) + population);
    }

    /// People of a prefecture.
    pub fn people(&self, prefecture: u8) -> u64 {
        self.within[usize::from(prefecture)].1.last().copied().unwrap_or(0)
    }

    /// People of all.
    pub fn all_people(&self) -> u64 {
        self.sums.last().copied().unwrap_or(0)
    }

    /// The prefectures that there are.
    pub fn prefectures(&self) -> impl Iterator<Item = u8> + '_ {
        (0..100u8).filter(|prefecture| !self.within[usize::from(*prefecture)].0.is_empty())
    }

    /// A municipality of a prefecture by its people.
    pub fn somewhere(&self, dice: &mut Dice, prefecture: u8) -> usize {
        let (places, sums) = &self.within[usize::from(prefecture)];
        places.get(dice.cumulated(sums)).copied().unwrap_or(self.midori)
    }

    /// Where an employer of an insurer is: a nationwide one's others than the first also elsewhere.
    pub fn workplace(&self, dice: &mut Dice, insurer: &Insurer, rank: u32) -> usize {
        let is_nationwide =
            matches!(insurer.kind, InsurerKind::Society | InsurerKind::NationalMutual | InsurerKind::Seamen);
        let roams = is_nationwide && insurer.prefecture != MIDORI_PREFECTURE && rank > 0;
        if roams && dice.percent(30) {
            return dice.cumulated(&self.sums);
        }
        let is_seat =
            matches!(insurer.kind, InsurerKind::LocalMutual | InsurerKind::PoliceMutual) && rank == 0;
        match self.capital(insurer.prefecture) {
            Some(capital) if is_seat => capital,
            _ => self.somewhere(dice, insurer.prefecture),
        }
    }

    /// The municipality with the most people in a prefecture.
    fn capital(&self, prefecture: u8) -> Option<usize> {
        let (places, _) = &self.within[usize::from(prefecture)];
        places.iter().copied().max_by_key(|place| self.population[*place])
    }

    /// Running sums of people over all municipalities.
    #[cfg(test)]
    pub fn sums(&self) -> &[u64] {
        &self.sums
    }

    /// Whether each municipality is the first of its prefecture in number of people.
    pub fn capitals(&self) -> Vec<bool> {
        let mut is_capital = vec![false; self.population.len()];
        for capital in (0..100).filter_map(|prefecture| self.capital(prefecture)) {
            is_capital[capital] = true;
        }
        is_capital
    }
}

/// 多良間村 of 宮古郡多良間村.
fn without_county(name: &str) -> &str {
    match name.split_once('郡') {
        Some((county, own)) if !county.is_empty() && name.ends_with(['町', '村']) => own,
        _ => name,
    }
}
