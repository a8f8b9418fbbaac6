//! The municipalities as institutions see them: cities with their wards, people per prefecture.
//!
//! Always holds: a designated city's wards have one city; Tokyo's wards are each their own.
//! Not here: names, codes and addresses themselves (`places`).
//! Rules come from: the law on local autonomy (地方自治法) on wards: 行政区 are no municipalities, 特別区 are.

use super::InsurerKind;
use crate::nation::dice::Dice;
use super::ground as places;

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
            midori: 0,
            within: vec![(Vec::new(), Vec::new()); 100],
        };
        for (place, town) in all.iter().enumerate() {
            towns.add(place, town.prefecture, &town.name, u64::from(town.population));
        }
        towns
    }

    fn add(&mut self, place: usize, prefecture: u8, name: &str, population: u64) {
        let full = format!("{}{}", places::prefecture_name(prefecture), city_name(name));
        if self.cities.last().is_none_or(|last| last.name != full) {
            self.cities.push(City {
                prefecture,
                name: full,
                stem: stem(city_name(name)),
                is_city: !name.ends_with(['町', '村']),
                population: 0,
            });
        }
        self.population.push(population);
        self.prefecture.push(prefecture);
        self.city.push(self.cities.len() - 1);
        if let Some(city) = self.cities.last_mut() {
            city.population += population;
        }
        if prefecture == MIDORI_PREFECTURE {
            self.midori = place;
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
        self.population.iter().sum()
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

    /// Where an employer of an insurer is: of a nationwide one also elsewhere.
    pub fn workplace(&self, dice: &mut Dice, prefecture: u8, kind: InsurerKind) -> usize {
        let roams = matches!(kind, InsurerKind::Society | InsurerKind::NationalMutual | InsurerKind::Seamen);
        if roams && prefecture != MIDORI_PREFECTURE && dice.percent(30) {
            return dice.below(self.population.len() as u64) as usize;
        }
        self.somewhere(dice, prefecture)
    }
}

/// The city of a designated city's ward (札幌市 of 札幌市中央区); other municipalities as they are.
fn city_name(name: &str) -> &str {
    match name.rfind('市') {
        Some(at) if name.ends_with('区') => &name[..at + '市'.len_utf8()],
        _ => name,
    }
}

fn stem(name: &str) -> String {
    let own = name.rsplit_once('郡').map_or(name, |(_, own)| own);
    own.strip_suffix(['市', '区', '町', '村']).unwrap_or(own).to_owned()
}
