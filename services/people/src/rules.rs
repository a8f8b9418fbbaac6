//! Comparing what an insurer filed with what the resident register says.
//!
//! Always holds: a comparison never corrects either side; an attribute that one side lacks is no evidence; a
//! replacement mark (●, ■, 〓) stands for one unknown character.
//! Not here: finding a person by attributes (`linkage`, later), and variant kanji: a name that differs only by a
//! variant is held back until a clerk has looked, as in the field.
//! Rules come from: docs/rules.md S5 r2; the reference on matching, sections 1.2–1.6.

use base::{BirthDate, PersonName, Sex, fold_width};

/// The five attributes: name, reading, birth date, sex, address.
#[derive(Clone, PartialEq, Eq)]
pub struct Attributes {
    /// Name and reading.
    pub name: PersonName,
    /// Birth date.
    pub birth: BirthDate,
    /// Sex.
    pub sex: Sex,
    /// Postcode.
    pub postcode: Option<String>,
    /// Address; employees' insurers need not have one.
    pub address: Option<String>,
}

/// One of the five attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attribute {
    /// Kanji name.
    Name,
    /// Reading.
    Kana,
    /// Birth date.
    Birth,
    /// Sex.
    Sex,
    /// Address.
    Address,
}

/// Which attributes disagree (S5 r2). Empty: they agree.
pub fn differences(register: &Attributes, filed: &Attributes) -> Vec<Attribute> {
    let mut differ = Vec::new();
    if !same_name(&register.name.written, &filed.name.written) {
        differ.push(Attribute::Name);
    }
    if disagree(&fold_kana(&register.name.kana), &fold_kana(&filed.name.kana)) {
        differ.push(Attribute::Kana);
    }
    if register.birth != filed.birth {
        differ.push(Attribute::Birth);
    }
    if register.sex != filed.sex && register.sex != Sex::Unset && filed.sex != Sex::Unset {
        differ.push(Attribute::Sex);
    }
    if let (Some(ours), Some(theirs)) = (&register.address, &filed.address)
        && disagree(&squeeze(ours), &squeeze(theirs))
    {
        differ.push(Attribute::Address);
    }
    differ
}

/// What one side left blank is no evidence.
fn disagree(ours: &str, theirs: &str) -> bool {
    !ours.is_empty() && !theirs.is_empty() && ours != theirs
}

/// Marks that systems put where they had no character.
const REPLACED: [char; 3] = ['●', '■', '〓'];

fn squeeze(text: &str) -> String {
    fold_width(text).chars().filter(|c| !c.is_whitespace() && !is_selector(*c)).collect()
}

/// Variation selectors choose a glyph, not another character.
fn is_selector(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

fn same_name(one: &str, other: &str) -> bool {
    let (one, other) = (squeeze(one), squeeze(other));
    one.chars().count() == other.chars().count()
        && one
            .chars()
            .zip(other.chars())
            .all(|(a, b)| a == b || REPLACED.contains(&a) || REPLACED.contains(&b))
}

/// Readings are compared with small kana made large, since some systems know no small ones, and with half-width kana
/// made full.
pub fn fold_kana(kana: &str) -> String {
    let mut folded: String = String::new();
    for c in fold_width(kana).chars().filter(|c| !c.is_whitespace()) {
        match (c, folded.pop()) {
            ('ﾞ' | '\u{3099}' | '゛', Some(last)) => folded.push(voiced(last, 1)),
            ('ﾟ' | '\u{309a}' | '゜', Some(last)) => folded.push(voiced(last, 2)),
            (c, last) => {
                folded.extend(last);
                folded.push(large(full_width(c)));
            }
        }
    }
    folded
}

fn full_width(c: char) -> char {
    const FULL: &str = "ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン";
    match c {
        'ｦ'..='ﾝ' => FULL.chars().nth(c as usize - 'ｦ' as usize).unwrap_or(c),
        'ぁ'..='ゖ' => char::from_u32(c as u32 + 0x60).unwrap_or(c),
        _ => c,
    }
}

fn large(c: char) -> char {
    const SMALL: &str = "ァィゥェォャュョッヮヵヶ";
    const LARGE: &str = "アイウエオヤユヨツワカケ";
    match SMALL.chars().position(|small| small == c) {
        Some(place) => LARGE.chars().nth(place).unwrap_or(c),
        None => c,
    }
}

/// A kana that can take the mark takes it: 1 ゛, 2 ゜. On any other the mark is dropped, so that it never makes one
/// kana of another (`カ゜` is not `キ`).
fn voiced(c: char, by: u32) -> char {
    const VOICED: &str = "カキクケコサシスセソタチツテトハヒフヘホ";
    match c {
        'ウ' if by == 1 => 'ヴ',
        'ハ' | 'ヒ' | 'フ' | 'ヘ' | 'ホ' => char::from_u32(c as u32 + by).unwrap_or(c),
        _ if by == 1 && VOICED.contains(c) => char::from_u32(c as u32 + by).unwrap_or(c),
        _ => c,
    }
}
