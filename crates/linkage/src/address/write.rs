//! Town, numbers and building in the one spelling in which they are compared.
//!
//! Always holds: what is written depends on the signs alone; nothing is allocated once buffers have grown.
//! Not here: where each of them begins (scan).
//! Rules come from: the reference on matching, section 1.4.

use super::{
    AddressForm,
    chars::{CHANGED, MARK, OF_BUILDING, OF_TOWN, Signs, WINDOW},
    scan::{self, Kind, Part, Run},
};

/// A house is named by three numbers at most (丁目, 番, 号); a fourth is a branch or a room, and goes with the building.
const NUMBERS_MAX: usize = 3;

/// Writes all three parts of an address without its municipality.
pub(super) fn address(all: Signs, into: &mut AddressForm) {
    let signs = all.all();
    let mut run = Run::default();
    if !scan::numbers(all, &mut run) {
        // Without numbers only a blank tells town from building.
        let blank = signs.iter().position(|sign| *sign == ' ').unwrap_or(signs.len());
        town(all, blank, false, into);
        building(all.from(blank), into);
        return;
    }
    town(all, run.from, true, into);
    let behind = numbers(all, &run, into);
    let (rest, parts) = (&signs[run.to..], &run.parts()[behind..]);
    // A building that has its room leaves the fourth number to the lot: 6-1-2-36 コーポ203.
    let has_room = rest.last().is_some_and(|sign| sign.is_ascii_digit() || matches!(sign, '号' | '室'));
    if has_room {
        room(all, parts, into);
        building(all.from(run.to), into);
    } else {
        building(all.from(run.to), into);
        room(all, parts, into);
    }
}

/// How many signs from here on are none of those that are asked about, as far as it is known.
fn plain(asked: u64, at: usize, signs: &[char]) -> usize {
    let known = (u64::MAX << WINDOW | asked).checked_shr(at as u32).unwrap_or(u64::MAX);
    (known.trailing_zeros() as usize).min(signs.len() - at)
}

/// Writes the town, up to here: without 大字, 字, 小字, blanks and hyphens; every numeral in digits.
fn town(all: Signs, end: usize, has_numbers: bool, into: &mut AddressForm) {
    let signs = match &all.all()[..end] {
        // 第 belongs to the number that follows: 第12地割.
        [before @ .., '第'] if has_numbers => before,
        signs => signs,
    };
    // Most names are folded as they were written, and are taken from there at once.
    let asked = all.which(OF_TOWN | CHANGED);
    let mut at = plain(asked, 0, signs);
    match all.written(at) {
        Some(written) => into.town.push_str(written),
        None => into.town.extend(&signs[..at]),
    }
    loop {
        let plain = plain(asked, at, signs);
        into.town.extend(&signs[at..at + plain]);
        at += plain;
        if at == signs.len() {
            break;
        }
        let rest = &signs[at..];
        let before = if at > 0 { signs[at - 1] } else { ' ' };
        match rest {
            ['大' | '小', '字', ..] => {
                into.part = into.town.len();
                at += 2;
            }
            // In 十文字 it is no sign of a part. Elsewhere (万字, 大和字前田) nothing tells; it goes on both sides alike.
            ['字', ..] if before != '文' => {
                into.part = into.town.len();
                at += 1;
            }
            [' ' | ',' | '-' | 'ー', ..] => at += 1,
            // 本町六の一丁目2-3: what joins a number of the town to the next.
            ['ノ', next, ..]
                if into.town.ends_with(|sign: char| sign.is_ascii_digit())
                    && (next.is_ascii_digit() || scan::is_numeral(*next)) =>
            {
                into.town.push('-');
                at += 1;
            }
            ['ノ'] if has_numbers && into.town.ends_with(|sign: char| sign.is_ascii_digit()) => at += 1,
            [sign, ..] if sign.is_ascii_digit() || scan::is_numeral(*sign) => {
                at += numeral(rest, &mut into.town);
                at += dropped_unit(&signs[at..]);
            }
            [sign, ..] => {
                into.town.push(*sign);
                at += 1;
            }
            [] => {}
        }
    }
}

/// How many signs of a unit are left out behind a number in a town: 北1条西2 is written 北1西2 as well.
fn dropped_unit(signs: &[char]) -> usize {
    let (length, is_last_too) = match signs {
        ['条', '通', ..] => (2, true),
        ['条' | '号', ..] => (1, true),
        // 東鷹栖 has both 一条 and 一線.
        ['線', ..] => (1, false),
        // A town that is a 丁目 itself, followed by another.
        ['丁', '目'] => (2, true),
        _ => return 0,
    };
    match signs.get(length) {
        None | Some(' ' | '-') if is_last_too => length,
        Some('東' | '西' | '南' | '北') => length,
        _ => 0,
    }
}

/// Writes the numeral at the front in digits, and says how many signs it had.
fn numeral(signs: &[char], into: &mut String) -> usize {
    let digits = signs.iter().take_while(|sign| sign.is_ascii_digit()).count();
    if digits > 0 {
        plain_digits(&signs[..digits], into);
        return digits;
    }
    let length = signs.iter().take_while(|sign| scan::is_numeral(**sign)).count();
    push_number(value(&signs[..length]), into);
    length
}

/// Digits without leading zeros.
fn plain_digits(signs: &[char], into: &mut String) {
    let mut signs = signs;
    while let ['0', behind @ ..] = signs
        && !behind.is_empty()
    {
        signs = behind;
    }
    // Told to be ASCII, which is quicker to push.
    signs.iter().for_each(|digit| into.push(char::from(b'0' | *digit as u8 & 0xf)));
}

/// Writes a number; nearly all have one or two digits, for which the formatter takes a long way.
fn push_number(value: u64, into: &mut String) {
    if value >= 10 {
        push_number(value / 10, into);
    }
    into.push(char::from(b'0' + (value % 10) as u8));
}

/// The value of kanji numerals, with places (二十三) or as digits (二三).
fn value(signs: &[char]) -> u64 {
    let (mut sum, mut digits) = (0_u64, None);
    for sign in signs {
        let unit = match sign {
            '十' => 10,
            '百' => 100,
            '千' => 1_000,
            _ => {
                let digit = digit(*sign);
                digits = Some(digits.unwrap_or(0_u64).saturating_mul(10).saturating_add(digit));
                continue;
            }
        };
        sum = sum.saturating_add(digits.take().unwrap_or(1).saturating_mul(unit));
    }
    sum.saturating_add(digits.unwrap_or(0))
}

/// The value of 一 to 九; 0 for 〇. Without branches, which no processor foresees.
fn digit(sign: char) -> u64 {
    const DIGITS: [char; 10] = ['〇', '一', '二', '三', '四', '五', '六', '七', '八', '九'];
    (0..).zip(DIGITS).map(|(value, digit)| if digit == sign { value } else { 0 }).sum()
}

/// Writes the numbers; gives the first part that belongs to the building.
fn numbers(all: Signs, run: &Run, into: &mut AddressForm) -> usize {
    into.first = run.first();
    let mut count = 0;
    for (index, part) in run.parts().iter().enumerate() {
        if index >= run.room || count == NUMBERS_MAX {
            return index;
        }
        if index > 0 {
            into.numbers.push('-');
        }
        write_part(all, part, &mut into.numbers);
        count += usize::from(part.kind != Kind::Letter);
        if index < 2 {
            into.block = into.numbers.len();
        }
    }
    run.parts().len()
}

#[inline]
fn write_part(all: Signs, part: &Part, into: &mut String) {
    let signs = &all.all()[part.from()..part.to()];
    match part.kind {
        Kind::Digits if signs.len() <= 4 && signs[0] != '0' => {
            // All four that may be, then only those that are: how many, no processor foresees.
            let end = into.len() + signs.len();
            all.four(part.from()).iter().for_each(|sign| into.push(char::from(sign & 0x7f)));
            into.truncate(end);
        }
        Kind::Digits => plain_digits(signs, into),
        Kind::Kanji => {
            push_number(value(signs), into);
        }
        Kind::Letter => into.extend(signs),
        Kind::Marked => into.push(MARK),
        Kind::None => into.push('無'),
        Kind::Outside => into.push('外'),
    }
}

/// Writes the building: blanks, hyphens but between digits, and 号, 号室 go.
fn building(all: Signs, into: &mut AddressForm) {
    let signs = all.all();
    if signs.is_empty() {
        return;
    }
    let out = &mut into.building;
    let asked = all.which(OF_BUILDING);
    let mut at = 0;
    loop {
        let plain = plain(asked, at, signs);
        out.extend(&signs[at..at + plain]);
        at += plain;
        if at == signs.len() {
            break;
        }
        let last = out.chars().next_back().unwrap_or(' ');
        let rest = &signs[at..];
        at += match rest {
            // 123番地先, 地内.
            ['先' | '内'] | ['地', '先' | '内'] if out.is_empty() => rest.len(),
            ['様', '方', ..] => 1,
            // 3号棟203 is written 3-203 as well; the dash comes with the next number.
            ['号', '棟', behind @ ..] if last.is_ascii_digit() && leads_to_digit(behind) => 2,
            ['棟', behind @ ..] if last.is_ascii_digit() && leads_to_digit(behind) => 1,
            ['号', '室', ..] if last.is_ascii_digit() => 2,
            ['号' | '室', ..] if last.is_ascii_digit() => 1,
            ['階', ..] if last.is_ascii_digit() => {
                out.push('F');
                1
            }
            ['-' | 'ー' | ' ' | ',', ..] => hyphen(rest, last, out),
            // 第二, 弐番館, 203; names of people and houses turn into numerals too, on both sides alike.
            [sign, ..] if sign.is_ascii_digit() || scan::is_numeral(*sign) => {
                if last.is_ascii_digit() {
                    out.push('-');
                }
                numeral(rest, out)
            }
            [sign @ 'Ⅰ'..='Ⅻ', ..] => {
                const ROMAN: [&str; 12] =
                    ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"];
                out.push_str(ROMAN[*sign as usize - 'Ⅰ' as usize]);
                1
            }
            [sign, ..] => {
                out.push(*sign);
                1
            }
            [] => 1,
        };
    }
}

/// Whether a digit follows, behind blanks and hyphens or at once.
fn leads_to_digit(signs: &[char]) -> bool {
    signs.iter().find(|sign| !matches!(**sign, '-' | 'ー' | ' ' | ',')).is_some_and(char::is_ascii_digit)
}

/// Blanks, hyphens and long marks, which are mixed up, in a building's name: only what parts two numbers stays.
fn hyphen(signs: &[char], last: char, out: &mut String) -> usize {
    let length = signs.iter().take_while(|sign| matches!(**sign, '-' | 'ー' | ' ' | ',')).count();
    if last.is_ascii_digit() && signs.get(length).is_some_and(char::is_ascii_digit) {
        out.push('-');
    }
    length
}

/// Writes the parts of a run that belong to the building.
fn room(all: Signs, parts: &[Part], into: &mut AddressForm) {
    for part in parts {
        if into.building.ends_with(|sign: char| sign.is_ascii_digit()) && part.kind != Kind::Letter {
            into.building.push('-');
        }
        write_part(all, part, &mut into.building);
    }
}
