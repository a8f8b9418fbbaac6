//! Where the nation lives: existing municipalities and towns with their postcodes, and the invented city; house
//! numbers and buildings on them by chance.
//!
//! Always holds: a home's postcode is the one that the post gives its town; what looks like a home is a town that
//! exists with a number that may not. Municipalities are in the order of their codes, the invented city last. The same
//! dice give the same homes.
//! Not here: who lives there; where the data came from (`country/data/README.md`, NOTICE).
//! Rules come from: the references on matching, section 1.4, and on check digits, section 7.3.

mod lots;
mod restyle;
#[cfg(test)]
mod tests;

pub(crate) use lots::{digits, kanji};
pub(crate) use restyle::narrow_digits;
pub use restyle::restyle;
pub(crate) use restyle::{lot_at, take_number};

use super::dice::Dice;
use std::{ops::Range, sync::LazyLock};

/// A municipality (市区町村), or a ward (区) of a designated city (政令指定都市).
pub struct Municipality {
    /// JIS X 0402, five digits without check digit; the leading nought is lost.
    pub code: u32,
    /// Prefecture: 1 to 47, 99 for the invented one.
    pub prefecture: u8,
    /// Name as an address has it behind the prefecture, with 郡 or city: 足柄下郡箱根町, 横浜市西区.
    pub name: &'static str,
    /// Its reading in half-width katakana.
    pub kana: &'static str,
    /// Its weight in draws: inhabitants in hundreds. Larger cities' are known, the others' shared out.
    pub people: u32,
}

impl Municipality {
    /// The code with its check digit, six digits (全国地方公共団体コード).
    pub fn code6(&self) -> String {
        code6(self.code)
    }

    /// The code of the municipality that has the say: for a ward of a designated city the city's, else its own.
    /// Tokyo's wards (特別区) are municipalities themselves.
    pub fn city_code(&self) -> u32 {
        if !self.name.contains("市") || !self.name.ends_with('区') {
            return self.code;
        }
        let at = CITIES.partition_point(|city| *city <= self.code);
        at.checked_sub(1).map_or(self.code, |before| CITIES[before])
    }

    /// Its name without the ward: 横浜市西区 is in 横浜市.
    pub fn city_name(&self) -> &'static str {
        match self.name.find('市') {
            Some(at) if self.name.ends_with('区') => &self.name[..at + '市'.len_utf8()],
            _ => self.name,
        }
    }
}

/// A municipality's or prefecture's code (prefecture and 000) with its check digit.
pub fn code6(code: u32) -> String {
    let digits = [code / 10_000 % 10, code / 1_000 % 10, code / 100 % 10, code / 10 % 10, code % 10];
    let sum: u32 = digits.iter().zip([6, 5, 4, 3, 2]).map(|(digit, weight)| digit * weight).sum();
    format!("{code:05}{}", (11 - sum % 11) % 10)
}

/// Codes of the designated cities, which have no inhabitants of their own beside their wards'.
const CITIES: [u32; 20] = [
    1_100, 4_100, 11_100, 12_100, 14_100, 14_130, 14_150, 15_100, 22_100, 22_130, 23_100, 26_100, 27_100,
    27_140, 28_100, 33_100, 34_100, 40_100, 40_130, 43_100,
];

/// A town (町域) as the post has it.
struct Town {
    postcode: &'static str,
    name: &'static str,
    style: lots::Style,
    /// How many chome; nought where it has none.
    chome: u8,
    /// Streets that lead to it, in Kyoto; with 、 between.
    streets: &'static str,
}

/// All that is known of places, with running sums to draw by.
struct Places {
    municipalities: Vec<Municipality>,
    towns: Vec<Town>,
    /// The towns of each municipality.
    within: Vec<Range<usize>>,
    /// Running sums of the towns' weights, from nought in each municipality.
    town_sums: Vec<u64>,
    /// The municipalities of each prefecture.
    prefectures: Vec<Range<usize>>,
    /// Running sums of people, from nought in each prefecture.
    prefecture_sums: Vec<u64>,
    /// Running sums of people over the existing country.
    sums: Vec<u64>,
}

static PLACES: LazyLock<Places> = LazyLock::new(read);

const MUNICIPALITIES: &str = include_str!("../../data/municipalities.tsv");
const TOWNS: &str = include_str!("../../data/towns.tsv");
const MIDORI_TOWNS: &str = include_str!("../../data/midori.tsv");

/// The invented prefecture.
const INVENTED: u8 = 99;

/// The lines of a table without its comments, as cells.
fn cells(table: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    table.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect())
}

fn read() -> Places {
    let mut municipalities: Vec<Municipality> = cells(MUNICIPALITIES)
        .map(|cell| {
            let code: u32 = cell[0].parse().expect("our table has codes");
            Municipality {
                code,
                prefecture: (code / 1_000) as u8,
                name: cell[1],
                kana: cell[2],
                people: cell[3].parse().expect("our table has inhabitants"),
            }
        })
        .collect();
    municipalities.push(Municipality {
        code: 99_201,
        prefecture: INVENTED,
        name: "みどり市",
        kana: "ﾐﾄﾞﾘｼ",
        people: 600,
    });
    let (mut towns, mut within, mut town_sums) = (Vec::new(), vec![0..0; municipalities.len()], Vec::new());
    let (mut place, mut sum) = (0, 0);
    for cell in cells(TOWNS).chain(cells(MIDORI_TOWNS)) {
        let code: u32 = cell[0].parse().expect("our table has codes");
        while municipalities[place].code != code {
            place += 1;
            sum = 0;
            within[place] = towns.len()..towns.len();
        }
        let town = Town {
            postcode: cell[1],
            name: cell[2],
            style: lots::Style::parse(cell[3]),
            chome: cell[4].parse().expect("our table has numbers of chome"),
            streets: cell[5],
        };
        sum += 2 + u64::from(town.chome) / 2;
        towns.push(town);
        town_sums.push(sum);
        within[place].end = towns.len();
    }
    let (prefectures, prefecture_sums, sums) = sum_people(&municipalities);
    Places { municipalities, towns, within, town_sums, prefectures, prefecture_sums, sums }
}

/// The places of each prefecture, and running sums of people within prefectures and over the existing country.
fn sum_people(municipalities: &[Municipality]) -> (Vec<Range<usize>>, Vec<u64>, Vec<u64>) {
    let mut prefectures = vec![0..0; usize::from(INVENTED) + 1];
    let (mut inner, mut outer) = (Vec::new(), Vec::new());
    let (mut within, mut all) = (0, 0);
    for (place, municipality) in municipalities.iter().enumerate() {
        let range = &mut prefectures[usize::from(municipality.prefecture)];
        if range.start == range.end {
            *range = place..place;
            within = 0;
        }
        range.end = place + 1;
        within += u64::from(municipality.people);
        inner.push(within);
        if municipality.prefecture != INVENTED {
            all += u64::from(municipality.people);
            outer.push(all);
        }
    }
    (prefectures, inner, outer)
}

/// All municipalities in the order of their codes, wards in the place of their cities; the invented city last.
pub fn municipalities() -> &'static [Municipality] {
    &PLACES.municipalities
}

/// The place of the invented city (架空県みどり市) among the [`municipalities`].
pub fn midori() -> usize {
    PLACES.municipalities.len() - 1
}

/// A prefecture's name; nothing for a number that is none.
pub fn prefecture_name(prefecture: u8) -> &'static str {
    match prefecture {
        1..=47 => PREFECTURES[usize::from(prefecture) - 1],
        INVENTED => "架空県",
        _ => "",
    }
}

const PREFECTURES: [&str; 47] = [
    "北海道",
    "青森県",
    "岩手県",
    "宮城県",
    "秋田県",
    "山形県",
    "福島県",
    "茨城県",
    "栃木県",
    "群馬県",
    "埼玉県",
    "千葉県",
    "東京都",
    "神奈川県",
    "新潟県",
    "富山県",
    "石川県",
    "福井県",
    "山梨県",
    "長野県",
    "岐阜県",
    "静岡県",
    "愛知県",
    "三重県",
    "滋賀県",
    "京都府",
    "大阪府",
    "兵庫県",
    "奈良県",
    "和歌山県",
    "鳥取県",
    "島根県",
    "岡山県",
    "広島県",
    "山口県",
    "徳島県",
    "香川県",
    "愛媛県",
    "高知県",
    "福岡県",
    "佐賀県",
    "長崎県",
    "熊本県",
    "大分県",
    "宮崎県",
    "鹿児島県",
    "沖縄県",
];

/// A municipality, by its people: of that prefecture, or of the whole existing country. The invented city comes only
/// to who asks for its prefecture.
pub fn pick(dice: &mut Dice, prefecture: Option<u8>) -> usize {
    let places = &*PLACES;
    match prefecture.and_then(|number| places.prefectures.get(usize::from(number))) {
        Some(range) if range.start < range.end => {
            range.start + dice.cumulated(&places.prefecture_sums[range.clone()])
        }
        _ => dice.cumulated(&places.sums),
    }
}

/// Where somebody lives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Home {
    /// Place among the [`municipalities`].
    pub municipality: usize,
    /// Postcode of the town, `NNN-NNNN`.
    pub postcode: String,
    /// As the resident register writes it: 静岡県沼津市大手町三丁目１２番５号　コーポ大手２０３.
    pub address: String,
}

/// A home in a municipality: a house, or a flat with the building's name and a room.
pub fn home(dice: &mut Dice, municipality: usize, is_flat: bool) -> Home {
    let places = &*PLACES;
    let range = places.within[municipality].clone();
    let town = &places.towns[range.start + dice.cumulated(&places.town_sums[range])];
    let mut address = String::with_capacity(120);
    let whose = &places.municipalities[municipality];
    address.push_str(prefecture_name(whose.prefecture));
    address.push_str(whose.name);
    lots::write(dice, whose, town, is_flat, &mut address);
    Home { municipality, postcode: town.postcode.to_owned(), address }
}
