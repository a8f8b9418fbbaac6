//! Other spellings of one name: variant kanji, and what an office writes whose characters end at JIS X 0208.
//!
//! Always holds: a variant differs from what it was made of. What [`narrow`] gives has characters of JIS X 0208 only;
//! a character without a usual common form becomes ●, as in insurers' copies.
//! Not here: matching of variants (the matcher's own tables).
//! Rules come from: the reference on matching, section 1.2.

use crate::nation::dice::Dice;
use encoding_rs::SHIFT_JIS;
use std::{collections::BTreeMap, sync::LazyLock};

/// Characters that stand for one another in names, the common form of JIS X 0208 first.
const FAMILIES: [&str; 46] = [
    "高髙",
    "崎﨑嵜",
    "吉𠮷",
    "辺邉邊",
    "斎齋",
    "斉齊",
    "浜濱濵",
    "徳德",
    "桑桒",
    "富冨",
    "沢澤",
    "広廣",
    "桜櫻",
    "国國",
    "島嶋嶌",
    "竜龍",
    "恵惠",
    "栄榮",
    "関關",
    "瀬瀨",
    "柳栁",
    "青靑",
    "清淸",
    "黒黑",
    "真眞",
    "与與",
    "寿壽",
    "会會",
    "学學",
    "条條",
    "万萬",
    "館舘",
    "増增",
    "橋槗",
    "薮藪",
    "桧檜",
    "鉄鐵",
    "亀龜",
    "彦彥",
    "豊豐",
    "曽曾",
    "渕淵渊",
    "峰峯",
    "角\u{2ec6}",
    "土圡",
    "鴎鷗",
];

/// Characters outside JIS X 0208, each with its common form.
const OUTSIDE: [(char, char); 17] = [
    ('髙', '高'),
    ('﨑', '崎'),
    ('𠮷', '吉'),
    ('濵', '浜'),
    ('德', '徳'),
    ('桒', '桑'),
    ('瀨', '瀬'),
    ('栁', '柳'),
    ('靑', '青'),
    ('淸', '清'),
    ('黑', '黒'),
    ('增', '増'),
    ('槗', '橋'),
    ('彥', '彦'),
    ('\u{2ec6}', '角'),
    ('圡', '土'),
    ('鷗', '鴎'),
];

/// Characters of which registers have a form that only a variation selector tells apart, with a selector of the
/// collections that are registered.
const SELECTED: [(char, char); 8] = [
    ('邉', '\u{e0101}'),
    ('邊', '\u{e0101}'),
    ('辻', '\u{e0101}'),
    ('葛', '\u{e0101}'),
    ('榊', '\u{e0100}'),
    ('樋', '\u{e0101}'),
    ('芦', '\u{e0101}'),
    ('祇', '\u{e0101}'),
];

/// For each character what can stand in its place.
static CHOICES: LazyLock<BTreeMap<char, Vec<String>>> = LazyLock::new(|| {
    let mut choices = BTreeMap::<char, Vec<String>>::new();
    for family in FAMILIES {
        for sign in family.chars() {
            let others = family.chars().filter(|other| *other != sign).map(String::from);
            choices.entry(sign).or_default().extend(others);
        }
    }
    for (sign, mark) in SELECTED {
        choices.entry(sign).or_default().push(format!("{sign}{mark}"));
    }
    choices
});

/// Another spelling that an office may have of the name. Nothing where none is usual.
pub fn variant(dice: &mut Dice, written: &str) -> Option<String> {
    let found: Vec<(char, &String)> = written
        .chars()
        .filter_map(|sign| Some((sign, CHOICES.get(&sign)?)))
        .flat_map(|(sign, others)| others.iter().map(move |other| (sign, other)))
        .collect();
    if found.is_empty() {
        return None;
    }
    let (sign, other) = *dice.pick(&found);
    let bare: String = written.chars().filter(|sign| !is_selector(*sign)).collect();
    Some(bare.replacen(sign, other, 1)).filter(|made| made != written)
}

fn is_selector(sign: char) -> bool {
    ('\u{e0100}'..='\u{e01ef}').contains(&sign)
}

/// How an office writes it whose characters end at JIS X 0208: the common form, or ● where there is none.
pub fn narrow(written: &str) -> String {
    let mut out = String::with_capacity(written.len());
    for sign in written.chars().filter(|sign| !is_selector(*sign)) {
        match OUTSIDE.iter().find(|(outside, _)| *outside == sign) {
            Some((_, common)) => out.push(*common),
            None if is_narrow(sign) => out.push(sign),
            None => out.push('●'),
        }
    }
    out
}

/// Whether a character is of JIS X 0208 or narrower. Shift_JIS has its rows at these first bytes; the rows between and
/// behind are vendors' own.
fn is_narrow(sign: char) -> bool {
    let mut buffer = [0; 4];
    let (bytes, _, is_lost) = SHIFT_JIS.encode(sign.encode_utf8(&mut buffer));
    !is_lost
        && match *bytes {
            [_] => true,
            [first, _] => matches!(first, 0x81..=0x84 | 0x88..=0x9f | 0xe0..=0xea),
            _ => false,
        }
}
