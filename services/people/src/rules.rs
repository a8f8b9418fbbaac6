//! Comparing what an insurer filed, or what a caller answers, with what the resident register says.
//!
//! Always holds: a comparison never corrects either side; an attribute that one side lacks is no evidence; a
//! replacement mark (●, ■, 〓) stands for one unknown character. A caller's answer that the register cannot confirm fits
//! nobody.
//! Not here: matching whole files by attributes (`linkage`, later), and variant kanji: a name that differs only by a
//! variant is held back until a clerk has looked, as in the field.
//! Rules come from: docs/rules.md S5 r2, S13 r1; the reference on matching, sections 1.2–1.6.

use base::{BirthDate, PersonName, Sex, fold_width};

/// A count of people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figure {
    /// The lowest age of the five years.
    pub age_from: i64,
    /// Their sex.
    pub sex: Sex,
    /// How many.
    pub people: i64,
}

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

/// A caller's answers to the questions by which the call centre finds out who calls.
#[derive(Clone, PartialEq, Eq)]
pub struct Questions {
    /// Reading of the name, in any kana.
    pub kana: String,
    /// Birth date.
    pub birth: BirthDate,
    /// Postcode, when asked: seven digits in any form.
    pub postcode: Option<String>,
    /// Numbers of the address (番地・号), when asked: `1-2-3`.
    pub house: Option<String>,
}

/// Whether all answers fit a person (S13 r1). Without any answer about the address, none fits.
pub fn fits(known: &Attributes, asked: &Questions) -> bool {
    let kana = fold_kana(&asked.kana);
    let postcode = asked.postcode.as_deref().map(|asked| {
        let (asked, known) = (digits(asked), digits(known.postcode.as_deref().unwrap_or_default()));
        asked.len() == 7 && asked == known
    });
    let house = asked.house.as_deref().map(|asked| {
        let (asked, known) = (runs(asked), runs(known.address.as_deref().unwrap_or_default()));
        asked.len() >= known.len().clamp(1, RUNS_MIN) && known.starts_with(&asked)
    });
    !kana.is_empty()
        && kana == fold_kana(&known.name.kana)
        && asked.birth == known.birth
        && (postcode.is_some() || house.is_some())
        && postcode.unwrap_or(true)
        && house.unwrap_or(true)
}

fn digits(text: &str) -> String {
    fold_width(text).chars().filter(char::is_ascii_digit).collect()
}

/// So many numbers of an address must be told, when there are so many.
const RUNS_MIN: usize = 2;

/// The numbers in an address, in order and without leading zeros: 東京都千代田区一丁目２番３号 gives 1, 2, 3. A caller may
/// leave out the last ones (the flat's), not the first.
fn runs(text: &str) -> Vec<String> {
    let plain: Vec<char> = fold_width(text).chars().collect();
    let mut runs = Vec::new();
    let mut at = 0;
    while at < plain.len() {
        let run = |fits: fn(&char) -> bool| plain[at..].iter().take_while(|c| fits(c)).collect::<String>();
        let (digits, kanji) = (run(char::is_ascii_digit), run(|c| KANJI_DIGITS.contains(*c) || *c == '十'));
        let count = digits.chars().count().max(kanji.chars().count());
        if !digits.is_empty() {
            runs.push(digits.trim_start_matches('0').to_owned());
        } else if count > 0 && counts(&plain[at + count..]) {
            runs.extend(kanji_number(&kanji).map(|number| number.to_string()));
        }
        at += count.max(1);
    }
    runs
}

const KANJI_DIGITS: &str = "一二三四五六七八九";

/// Whether what comes next makes a numeral of what stood before: 三丁目 does, 三番町 and 八王子 are names.
fn counts(next: &[char]) -> bool {
    let next: String = next.iter().take(2).collect();
    next.starts_with("丁目") || next.starts_with('号') || (next.starts_with('番') && next != "番町")
}

/// A number up to 99 as addresses have it: 九, 十, 十二, 二十, 四十三.
fn kanji_number(text: &str) -> Option<usize> {
    let digit = |text: &str| match (text, text.chars().count()) {
        ("", _) => Some(None),
        (_, 1) => KANJI_DIGITS.chars().position(|c| text.contains(c)).map(|at| Some(at + 1)),
        _ => None,
    };
    match text.split_once('十') {
        Some((tens, ones)) => Some(digit(tens)?.unwrap_or(1) * 10 + digit(ones)?.unwrap_or(0)),
        None => digit(text)?,
    }
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
