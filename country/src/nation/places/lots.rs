//! Numbers of houses and names of buildings, in the styles that municipalities have.
//!
//! Always holds: digits are full-width and chome in kanji, as in the resident register. Names of buildings are made of
//! everyday words and the town's name, none of a brand.
//! Not here: which town has which style (`country/data/make_places.py`).
//! Rules come from: the reference on matching, section 1.4.

use super::{Municipality, Town};
use crate::nation::{dice::Dice, words};

/// How a town numbers its houses. The letters are those of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// `j`: 住居表示 with chome: 三丁目１２番５号.
    Chome,
    /// `b`: lots (地番) in chome: 三丁目１２番地５.
    ChomeLots,
    /// `n`: 住居表示 without chome: １２番５号.
    Blocks,
    /// `c`: lots: １２番地５.
    Lots,
    /// `d`: Sakai's 丁: 三丁１２番５号.
    Cho,
    /// `h`: Hokkaido's lines: 東６線北１２号.
    Lines,
    /// `i`: letters イロハ before the lot.
    Iroha,
    /// `k`: Kyoto's streets before the town.
    Streets,
    /// `o`: 大字 before the town.
    Oaza,
    /// `w`: Iwate's sections: 第１２地割３４番地.
    Sections,
    /// `x`: 甲乙丙 before the lot.
    Stems,
    /// `y`: 大字 before the town and 字 behind.
    OazaAza,
    /// `z`: 字 behind the town.
    Aza,
}

impl Style {
    /// The style of a letter; what is no letter of ours is plain lots.
    pub(super) fn parse(letter: &str) -> Style {
        match letter {
            "j" => Style::Chome,
            "b" => Style::ChomeLots,
            "n" => Style::Blocks,
            "d" => Style::Cho,
            "h" => Style::Lines,
            "i" => Style::Iroha,
            "k" => Style::Streets,
            "o" => Style::Oaza,
            "w" => Style::Sections,
            "x" => Style::Stems,
            "y" => Style::OazaAza,
            "z" => Style::Aza,
            _ => Style::Lots,
        }
    }
}

/// Parts of towns (小字) that are found all over the country.
const PARTS: [&str; 40] = [
    "前田",
    "上ノ台",
    "中島",
    "堂ノ前",
    "北原",
    "南原",
    "下川原",
    "西ノ沢",
    "東山",
    "向田",
    "宮ノ前",
    "大平",
    "沢田",
    "上野",
    "下町",
    "新田",
    "寺下",
    "石田",
    "谷地",
    "一本木",
    "古屋敷",
    "山崎",
    "松原",
    "八幡前",
    "家ノ前",
    "五反田",
    "久保田",
    "桜田",
    "原",
    "後田",
    "町",
    "柳田",
    "清水",
    "鶴巻",
    "荒田",
    "中道",
    "高田",
    "長坂",
    "水上",
    "川端",
];

/// Letters of lots.
const IROHA: [&str; 12] = ["イ", "ロ", "ハ", "ニ", "ホ", "ヘ", "ト", "チ", "リ", "ヌ", "ル", "ヲ"];

/// Stems of lots.
const STEMS: [&str; 4] = ["甲", "乙", "丙", "丁"];

/// Writes town, number and building behind the municipality's name. The municipality decides habits.
pub(super) fn write(
    dice: &mut Dice,
    municipality: &Municipality,
    town: &Town,
    is_flat: bool,
    out: &mut String,
) {
    match town.style {
        Style::Streets => {
            let streets: Vec<&str> = town.streets.split('、').collect();
            out.push_str(one(dice, &streets));
        }
        Style::Oaza | Style::OazaAza => out.push_str("大字"),
        _ => {}
    }
    out.push_str(town.name);
    let is_open = !matches!(town.style, Style::Chome | Style::Cho | Style::Blocks | Style::Streets);
    if is_open && dice.below(2_500) == 0 {
        out.push_str(if dice.percent(70) { "無番地" } else { "番外地" });
        return;
    }
    let has_room = number(dice, town, municipality.code, is_flat, out);
    if is_flat && !has_room {
        out.push('\u{3000}');
        building(dice, municipality, town, out);
    } else if !is_flat && dice.below(400) == 0 {
        // Somebody who lives with another family.
        out.push('\u{3000}');
        out.push_str(&words::surname(dice).written);
        out.push('方');
    }
}

/// Writes the number; says whether a room is already part of it.
fn number(dice: &mut Dice, town: &Town, code: u32, is_flat: bool, out: &mut String) -> bool {
    match town.style {
        Style::Chome | Style::Cho => {
            kanji(1 + dice.below(u64::from(town.chome.max(1))), out);
            out.push_str(if town.style == Style::Cho { "丁" } else { "丁目" });
            block(dice, is_flat, out)
        }
        Style::Blocks => block(dice, is_flat, out),
        Style::ChomeLots => {
            kanji(1 + dice.below(u64::from(town.chome.max(1))), out);
            out.push_str("丁目");
            lot(dice, 60, code, out)
        }
        Style::Lines => {
            digits(1 + dice.below(30), out);
            out.push('号');
            false
        }
        Style::Iroha => {
            out.push_str(one(dice, &IROHA));
            lot(dice, 250, code, out)
        }
        Style::Sections => {
            out.push('第');
            digits(1 + dice.below(40), out);
            out.push_str("地割");
            lot(dice, 150, code, out)
        }
        Style::Stems => {
            out.push_str(one(dice, &STEMS));
            lot(dice, 2_500, code, out)
        }
        Style::OazaAza | Style::Aza => {
            out.push('字');
            out.push_str(one(dice, &PARTS));
            lot(dice, 200, code, out)
        }
        Style::Streets => lot(dice, 500, code, out),
        Style::Lots | Style::Oaza => lot(dice, 3_000, code, out),
    }
}

/// １２番５号; a flat's room can stand within: １２番５－２０３号.
fn block(dice: &mut Dice, is_flat: bool, out: &mut String) -> bool {
    digits(1 + dice.below(40), out);
    out.push('番');
    digits(1 + dice.below(30), out);
    let has_room = is_flat && dice.percent(15);
    if has_room {
        out.push('－');
        room(dice, 5, out);
    }
    out.push('号');
    has_room
}

/// １２番地, １２番地５ or, where that is the habit, １２番地の５. Small numbers are the more usual ones.
fn lot(dice: &mut Dice, end: u64, code: u32, out: &mut String) -> bool {
    let most = 1 + dice.below(end);
    digits(1 + dice.below(most), out);
    out.push_str("番地");
    if dice.percent(55) {
        if code % 7 < 2 {
            out.push('の');
        }
        digits(1 + dice.below(20), out);
    }
    false
}

/// Names of small houses of flats, before a stem.
const SMALL: [&str; 14] = [
    "コーポ",
    "ハイツ",
    "メゾン",
    "サンハイツ",
    "グリーンハイツ",
    "フラワーハイツ",
    "コーポラス",
    "ドミール",
    "エステート",
    "ヴィラ",
    "ハイム",
    "ホワイトコーポ",
    "ニュー",
    "第二",
];

/// Names of large houses, before or behind a stem.
const LARGE: [&str; 12] = [
    "レジデンス",
    "マンション",
    "ガーデン",
    "スカイハイツ",
    "グランドハイツ",
    "シティハイツ",
    "タワー",
    "ビル",
    "パークサイド",
    "コート",
    "プラザ",
    "ヒルズ",
];

/// Stems that need no town.
const STEM_WORDS: [&str; 16] = [
    "若葉",
    "みずき",
    "さくら",
    "あおば",
    "平和",
    "富士見",
    "ひまわり",
    "すみれ",
    "わかば",
    "明和",
    "栄",
    "みどり",
    "こすもす",
    "かえで",
    "白樺",
    "やよい",
];

/// Writes a building and a room.
fn building(dice: &mut Dice, municipality: &Municipality, town: &Town, out: &mut String) {
    let stem = stem(dice, town.name);
    // Houses of many floors stand where there are streets and blocks.
    let floors = if town.chome > 0 || town.style == Style::Blocks { 12 } else { 4 };
    match dice.below(100) {
        0..45 => {
            let before = one(dice, &SMALL);
            out.push_str(before);
            out.push_str(stem);
            if matches!(before, "ニュー" | "第二") {
                out.push_str(if dice.percent(50) { "荘" } else { "ハイツ" });
            }
            plain_room(dice, 2, out);
        }
        45..80 => {
            out.push_str(stem);
            out.push_str(one(dice, &LARGE));
            if dice.percent(20) {
                out.push_str(one(dice, &["Ａ", "Ｂ", "Ⅱ", "弐番館", "東館"]));
                out.push('\u{3000}');
            }
            plain_room(dice, floors, out);
        }
        80..90 => {
            out.push_str(stem);
            out.push('荘');
            digits(1 + dice.below(8), out);
            out.push('号');
        }
        _ => {
            out.push_str(owner(dice, municipality));
            out.push_str(stem);
            out.push_str(one(dice, &["住宅", "団地"]));
            digits(1 + dice.below(12), out);
            out.push_str("号棟");
            room(dice, 5, out);
            out.push('号');
        }
    }
}

/// Who owns public housing there.
fn owner(dice: &mut Dice, municipality: &Municipality) -> &'static str {
    if dice.percent(40) {
        return match municipality.prefecture {
            1 => "道営",
            13 => "都営",
            26 | 27 => "府営",
            _ => "県営",
        };
    }
    match municipality.name.chars().last() {
        Some('町') => "町営",
        Some('村') => "村営",
        Some('区') if municipality.prefecture == 13 => "区営",
        _ => "市営",
    }
}

/// What a building is named after: its town, or a friendly word.
fn stem<'t>(dice: &mut Dice, town: &'t str) -> &'t str {
    let short = town.strip_suffix('町').unwrap_or(town);
    let is_fit = (1..=4).contains(&short.chars().count())
        && !short.contains(|sign: char| "０１２３４５６７８９".contains(sign));
    if is_fit && dice.percent(60) { short } else { one(dice, &STEM_WORDS) }
}

/// A room behind a building's name, with or without 号室.
fn plain_room(dice: &mut Dice, floors: u64, out: &mut String) {
    room(dice, floors, out);
    match dice.below(10) {
        0..3 => out.push_str("号室"),
        3..5 => out.push('号'),
        _ => {}
    }
}

fn room(dice: &mut Dice, floors: u64, out: &mut String) {
    digits((1 + dice.below(floors)) * 100 + 1 + dice.below(8), out);
}

/// One of some texts.
fn one<'t>(dice: &mut Dice, of: &[&'t str]) -> &'t str {
    dice.pick::<&str>(of)
}

/// A number in full-width digits.
pub(crate) fn digits(number: u64, out: &mut String) {
    if number >= 10 {
        digits(number / 10, out);
    }
    out.extend(char::from_u32(0xff10 + (number % 10) as u32));
}

/// A number below ten thousand in kanji: 二十三.
pub(crate) fn kanji(number: u64, out: &mut String) {
    const SIGNS: [char; 9] = ['一', '二', '三', '四', '五', '六', '七', '八', '九'];
    for (unit, sign) in [(1_000, '千'), (100, '百'), (10, '十')] {
        let count = number / unit % 10;
        if count > 1 {
            out.push(SIGNS[count as usize - 1]);
        }
        if count > 0 {
            out.push(sign);
        }
    }
    let ones = number % 10;
    if ones > 0 {
        out.push(SIGNS[ones as usize - 1]);
    }
}
