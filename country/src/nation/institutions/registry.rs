//! The list of insurers: how many of each kind there are, where they sit, what they are called and whom they insure.
//!
//! Always holds: the list is sorted by number and numbers are unique; sizes of a kind add up to [`TOTALS`].
//! Not here: what certificates look like (`certificates`).
//! Rules come from: the reference on check digits, sections 7.1 and 7.2. Sizes of kinds are those of
//! country/data/published-offices.tsv; how the mutuals' members are parted among their kinds, and the sizes of what is
//! not in there, are estimates.

use super::names::{self, invented};
use super::towns::{MIDORI_PREFECTURE, Towns};
use super::{Insurer, InsurerKind, Pool, shares, tags};
use crate::nation::dice::Dice;
use crate::nation::places;
use base::InsurerNumber;
use std::collections::BTreeMap;

/// People insured in the whole nation, by kind, dependants included.
pub const TOTALS: [(InsurerKind, u64); 13] = [
    (InsurerKind::Association, 39_456_000),
    (InsurerKind::Seamen, 111_000),
    (InsurerKind::Society, 28_201_000),
    (InsurerKind::Forces, 230_000),
    (InsurerKind::NationalMutual, 2_050_000),
    (InsurerKind::LocalMutual, 3_000_000),
    (InsurerKind::PoliceMutual, 750_000),
    (InsurerKind::SchoolMutual, 4_030_000),
    (InsurerKind::SpecialRetired, 200_000),
    (InsurerKind::Municipal, 24_130_000),
    (InsurerKind::Guild, 2_650_000),
    (InsurerKind::Union, 19_130_000),
    (InsurerKind::Welfare, 2_021_000),
];

/// Societies of each prefecture, 1 to 47: about as they are spread, most of them at companies' seats in Tokyo.
const SOCIETIES: [u16; 47] = [
    13, 3, 4, 14, 3, 4, 6, 14, 11, 11, 28, 20, 562, 75, 16, 11, 12, 7, 3, 14, 15, 37, 94, 13, 11, 32, 164,
    47, 5, 4, 3, 4, 11, 22, 9, 4, 8, 7, 3, 30, 3, 5, 6, 4, 3, 5, 6,
];

/// Of how many societies the pensioners may stay (特例退職).
const SPECIAL_RETIRED: usize = 61;

/// An insurer before it has a number.
pub struct Draft {
    pub kind: InsurerKind,
    pub prefecture: u8,
    pub name: String,
    pub stem: String,
    pub is_trade: bool,
    /// Its part of the kind's total.
    pub weight: u64,
    /// The number's body where it is given; else the next serial.
    pub body: Option<String>,
}

impl Draft {
    fn new(kind: InsurerKind, prefecture: u8, name: String, stem: &str, weight: u64) -> Draft {
        Draft { kind, prefecture, name, stem: stem.to_owned(), is_trade: false, weight, body: None }
    }
}

/// All insurers by number.
pub fn insurers(seed: u64, towns: &Towns) -> Vec<Insurer> {
    let mut drafts = known(towns);
    drafts.extend(by_prefecture(towns));
    drafts.extend(nationwide());
    drafts.extend(guilds(towns));
    drafts.extend(societies(seed, towns));
    drafts.extend(municipal(towns));
    let special = special_retired(&drafts);
    let mut insurers = Vec::with_capacity(drafts.len() + special.len());
    let mut serials = BTreeMap::new();
    number_all(drafts, &mut serials, &mut insurers);
    number_all(special, &mut serials, &mut insurers);
    insurers.sort_by_key(|insurer| insurer.number);
    insurers
}

/// Gives serials in order within law code and prefecture, and sizes.
fn number_all(drafts: Vec<Draft>, serials: &mut BTreeMap<(&str, u8), u32>, insurers: &mut Vec<Insurer>) {
    let mut sizes = sizes(&drafts);
    for (draft, size) in drafts.into_iter().zip(sizes.drain(..)) {
        let law = law_code(draft.kind);
        let key = (if draft.kind == InsurerKind::Guild { "guild" } else { law }, draft.prefecture);
        let serial = serials.entry(key).or_insert(if draft.kind == InsurerKind::Guild { 300 } else { 0 });
        *serial += 1;
        let body = draft.body.unwrap_or_else(|| format!("{law}{:02}{serial:03}", draft.prefecture));
        let number = InsurerNumber::from_body(&body).expect("five or seven digits take a check digit");
        insurers.push(Insurer {
            number,
            kind: draft.kind,
            name: draft.name,
            prefecture: draft.prefecture,
            members: size as u32,
            stem: draft.stem,
            is_trade: draft.is_trade,
        });
    }
}

/// Each draft's part of its kind's total, at least one.
fn sizes(drafts: &[Draft]) -> Vec<u64> {
    let mut sizes = vec![0; drafts.len()];
    for (kind, total) in TOTALS {
        let of_kind: Vec<usize> = (0..drafts.len()).filter(|place| drafts[*place].kind == kind).collect();
        let parts = shares(total, of_kind.iter().map(|place| drafts[*place].weight));
        for (place, part) in of_kind.into_iter().zip(parts) {
            sizes[place] = part.max(1);
        }
    }
    sizes
}

/// Law code (法別番号); none of 国保.
fn law_code(kind: InsurerKind) -> &'static str {
    match kind {
        InsurerKind::Association => "01",
        InsurerKind::Seamen => "02",
        InsurerKind::Society => "06",
        InsurerKind::Forces => "07",
        InsurerKind::NationalMutual => "31",
        InsurerKind::LocalMutual => "32",
        InsurerKind::PoliceMutual => "33",
        InsurerKind::SchoolMutual => "34",
        InsurerKind::SpecialRetired => "63",
        InsurerKind::Union => "39",
        InsurerKind::Welfare => "12",
        InsurerKind::Municipal | InsurerKind::Guild => "",
    }
}

fn kind_of(number: InsurerNumber) -> InsurerKind {
    let law = number.law_code().unwrap_or_default();
    let (kind, _) = TOTALS
        .into_iter()
        .find(|(kind, _)| law_code(*kind) == law)
        .expect("the named patients' insurers have law codes of the table");
    kind
}

/// The insurers of the named test patients, with their own numbers and names.
fn known(towns: &Towns) -> Vec<Draft> {
    let people = towns.people(MIDORI_PREFECTURE);
    let known = crate::places::insurers();
    known
        .into_iter()
        .map(|(number, name)| {
            let kind = kind_of(number);
            let weight = match kind {
                InsurerKind::Society => people / 12,
                InsurerKind::Forces => 200_000,
                _ => people,
            };
            let body = &number.as_str()[..number.as_str().len() - 1];
            Draft {
                body: Some(body.to_owned()),
                ..Draft::new(kind, 99, name.to_owned(), stem_of(name), weight)
            }
        })
        .collect()
}

/// みどり of 架空みどり健康保険組合.
fn stem_of(name: &str) -> &str {
    ["みどり", "しらゆり"].into_iter().find(|stem| name.contains(stem)).unwrap_or("架空")
}

/// What every prefecture has one of, or several; of the invented one only what `known` lacks.
fn by_prefecture(towns: &Towns) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for prefecture in towns.prefectures() {
        let name = invented(places::prefecture_name(prefecture));
        let stem = names::prefecture_stem(prefecture);
        let people = towns.people(prefecture);
        let mut add = |kind, name: String, weight| {
            drafts.push(Draft::new(kind, prefecture, name, stem, weight));
        };
        add(InsurerKind::PoliceMutual, format!("架空警察共済組合　{stem}支部"), people);
        add(InsurerKind::LocalMutual, format!("架空地方職員共済組合　{stem}支部"), people);
        add(InsurerKind::LocalMutual, format!("{}市町村職員共済組合", invented(stem)), people * 2);
        if prefecture == MIDORI_PREFECTURE {
            continue;
        }
        add(InsurerKind::Association, format!("架空被用者保険協会　{stem}支部"), people);
        add(InsurerKind::SchoolMutual, format!("架空公立学校共済組合　{stem}支部"), people);
        add(InsurerKind::Union, format!("{name}後期高齢者医療広域連合"), people);
        add(InsurerKind::Welfare, format!("{name}福祉事務所"), people / 10);
        add(InsurerKind::Forces, format!("架空防衛{stem}駐屯地"), people + 1_500_000);
    }
    drafts
}

/// What there is one of for the whole country, at its seat in Tokyo.
fn nationwide() -> Vec<Draft> {
    let mut drafts = vec![Draft::new(InsurerKind::Seamen, 13, "架空船員保険部".to_owned(), "船員", 1)];
    for (name, weight) in names::NATIONAL {
        let name_whole = format!("架空{name}職員共済組合");
        drafts.push(Draft::new(InsurerKind::NationalMutual, 13, name_whole, name, weight));
    }
    // Private schools have a third of the people of public ones.
    let school = Draft::new(
        InsurerKind::SchoolMutual,
        13,
        "架空私立学校教職員共済事業部".to_owned(),
        "私学",
        39_000_000,
    );
    drafts.push(school);
    drafts
}

/// Guilds: doctors and builders everywhere, dentists and pharmacists where there are many people, other trades in the
/// largest prefectures.
fn guilds(towns: &Towns) -> Vec<Draft> {
    let mut by_people: Vec<u8> =
        towns.prefectures().filter(|prefecture| *prefecture != MIDORI_PREFECTURE).collect();
    by_people.sort_by_key(|prefecture| std::cmp::Reverse(towns.people(*prefecture)));
    let mut drafts = Vec::new();
    let everywhere = [("医師", 47, 1), ("建設", 47, 12), ("歯科医師", 27, 1), ("薬剤師", 15, 1)];
    let others = names::GUILD_TRADES.into_iter().zip([6, 4, 3, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1]);
    for (trade, prefectures, weight) in
        everywhere.into_iter().chain(others.map(|(trade, prefectures)| (trade, prefectures, 4)))
    {
        for prefecture in by_people.iter().take(prefectures) {
            let name = format!("架空{}{trade}国民健康保険組合", places::prefecture_name(*prefecture));
            let weight = towns.people(*prefecture) * weight;
            drafts.push(Draft::new(InsurerKind::Guild, *prefecture, name, trade, weight));
        }
    }
    drafts.sort_by_key(|draft| draft.prefecture); // stable: within a prefecture in the order of trades
    drafts
}

/// Societies: a few of half a million people, many of five thousand.
fn societies(seed: u64, towns: &Towns) -> Vec<Draft> {
    let mut seats = Vec::new();
    for (prefecture, count) in (1..).zip(SOCIETIES) {
        if towns.people(prefecture) > 0 {
            seats.extend(std::iter::repeat_n(prefecture, usize::from(count)));
        }
    }
    let mut ranks: Vec<u64> = (0..seats.len() as u64).collect();
    let mut dice = Dice::new(seed, &[tags::SOCIETY]);
    for place in (1..ranks.len()).rev() {
        ranks.swap(place, dice.below(place as u64 + 1) as usize);
    }
    let mut makes = names::Societies::new(dice.bits());
    seats
        .into_iter()
        .zip(ranks)
        .map(|(prefecture, rank)| {
            let (name, stem, is_trade) = makes.next(prefecture);
            // Falls with the power 3/2 of the rank: from half a million at the top to under two thousand.
            let place = rank + 31;
            let weight = 86_300_000_000 / (place * (place * 1_000_000).isqrt());
            Draft { is_trade, ..Draft::new(InsurerKind::Society, prefecture, name, &stem, weight) }
        })
        .collect()
}

/// The pensioners' insurers of the largest societies, under the same serials: societies are numbered in this order too.
fn special_retired(drafts: &[Draft]) -> Vec<Draft> {
    let mut serials = BTreeMap::new();
    let mut societies: Vec<(u64, String, &Draft)> = Vec::new();
    for draft in drafts.iter().filter(|draft| draft.kind == InsurerKind::Society && draft.body.is_none()) {
        let serial: &mut u32 = serials.entry(draft.prefecture).or_default();
        *serial += 1;
        societies.push((draft.weight, format!("63{:02}{serial:03}", draft.prefecture), draft));
    }
    societies.sort_by_key(|(weight, ..)| std::cmp::Reverse(*weight));
    societies
        .into_iter()
        .take(SPECIAL_RETIRED)
        .map(|(weight, body, of)| Draft {
            body: Some(body),
            ..Draft::new(
                InsurerKind::SpecialRetired,
                of.prefecture,
                format!("{}（特例退職）", of.name),
                &of.stem,
                weight,
            )
        })
        .collect()
}

/// Municipal insurance of every city, town and village, and welfare offices of cities.
fn municipal(towns: &Towns) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for city in towns.cities.iter().filter(|city| city.prefecture != MIDORI_PREFECTURE) {
        let draft = |kind, name| Draft::new(kind, city.prefecture, name, &city.stem, city.population);
        drafts.push(draft(InsurerKind::Municipal, city.name.clone()));
        if city.is_city {
            drafts.push(draft(InsurerKind::Welfare, format!("架空{}福祉事務所", city.name)));
        }
    }
    drafts
}

/// Which insurer is in charge where.
pub struct Places {
    pub municipal: Vec<usize>,
    pub welfare: Vec<usize>,
    pub union: Vec<usize>,
    pub association: Vec<usize>,
    pub guilds: Vec<Pool>,
}

impl Places {
    /// Looks them up once.
    pub fn new(insurers: &[Insurer], towns: &Towns) -> Places {
        let mut by_name = BTreeMap::new();
        let mut union = vec![0; 100];
        let mut association = vec![0; 100];
        let mut welfare_of = vec![0; 100];
        let mut guilds = vec![Pool::default(); 100];
        for (place, insurer) in insurers.iter().enumerate() {
            let prefecture = usize::from(insurer.prefecture);
            match insurer.kind {
                InsurerKind::Union => union[prefecture] = place,
                InsurerKind::Association => association[prefecture] = place,
                InsurerKind::Guild => guilds[prefecture].push(place, u64::from(insurer.members)),
                InsurerKind::Municipal | InsurerKind::Welfare => {
                    by_name.insert((insurer.kind, insurer.name.as_str()), place);
                    let own = format!("架空{}福祉事務所", places::prefecture_name(insurer.prefecture));
                    let is_prefecture = insurer.name == own;
                    let is_welfare = insurer.kind == InsurerKind::Welfare;
                    if is_welfare && (is_prefecture || insurer.prefecture == MIDORI_PREFECTURE) {
                        welfare_of[prefecture] = place;
                    }
                }
                _ => (),
            }
        }
        let find = |kind, name: &str| by_name.get(&(kind, name)).copied();
        let mut places = Places { municipal: Vec::new(), welfare: Vec::new(), union, association, guilds };
        for city in towns.city.iter().map(|city| &towns.cities[*city]) {
            let municipal = find(InsurerKind::Municipal, &city.name);
            places.municipal.push(municipal.expect("every city has its insurance"));
            let own = find(InsurerKind::Welfare, &format!("架空{}福祉事務所", city.name));
            places.welfare.push(own.unwrap_or(welfare_of[usize::from(city.prefecture)]));
        }
        places
    }
}
