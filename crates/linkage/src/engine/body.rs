//! A form packed into bytes, for rows of the scored stage that are compared many times: reading a row again and
//! normalising it costs ten times as much as unpacking it.
//!
//! Always holds: an unpacked form compares as the form that was packed. All fields are named here one by one, so a new
//! field breaks the build until it is packed too.
//! Not here: which rows are packed (pool).
//! Rules come from: form.rs, text, address.rs.

use crate::{
    address::{AddressForm, First},
    birth::Birth,
    form::Form,
    keys::Counted,
    sex::Sex,
    text::{kana::KanaForm, name::NameForm},
};

/// Packs a form, and the hashes by which its name and town are counted, behind what is in `out`.
pub(super) fn pack(form: &Form, counted: Counted, out: &mut Vec<u8>) {
    let Form { names, names_used, kana, birth, sex, address, strong, spare: _ } = form;
    out.extend(counted.name.to_le_bytes());
    out.extend(counted.town.to_le_bytes());
    let names = names.get(..*names_used).unwrap_or(names);
    number(names.len(), out);
    for name in names {
        let NameForm { chars: letters, given, families, gaps } = name;
        chars(letters, out);
        chars(families, out);
        number(given.map_or(0, |at| at + 1), out);
        // Where words end is compared in Roman names only; others have at most the gap before the given name.
        number(gaps.count(), out);
        gaps.positions().for_each(|at| number(at, out));
    }
    // A reading's gaps matter only while it is read.
    let KanaForm { chars: letters, given, gaps: _, packed: _ } = kana;
    chars(letters, out);
    number(given.map_or(0, |at| at + 1), out);
    let Birth { year, month, day } = birth;
    out.extend(year.to_le_bytes());
    let sex = match sex {
        Sex::Unknown => 0,
        Sex::Male => 1,
        Sex::Female => 2,
    };
    out.extend([*month, *day, sex]);
    let AddressForm {
        city,
        city_key,
        town,
        numbers,
        block,
        building,
        part,
        first,
        spare: _,
        last: _,
        written: _,
    } = address;
    number(usize::from(*city), out);
    out.extend(city_key.to_le_bytes());
    for part in [town, numbers, building, strong] {
        text(part, out);
    }
    number(*block, out);
    number(*part, out);
    out.push(match first {
        First::Unsaid => 0,
        First::Chome => 1,
        First::Lot => 2,
    });
}

/// The hashes by which a packed row's name and town are counted.
pub(super) fn counted(bytes: &[u8]) -> Counted {
    Bytes(bytes).counted()
}

/// Unpacks what `pack` wrote. Bytes that it did not write give a form of some kind, and no panic.
pub(super) fn unpack(bytes: &[u8], form: &mut Form) -> Counted {
    let mut bytes = Bytes(bytes);
    let counted = bytes.counted();
    let Form { names, names_used, kana, birth, sex, address, strong, spare: _ } = form;
    *names_used = bytes.number();
    if names.len() < *names_used {
        names.resize_with(*names_used, NameForm::default);
    }
    for name in names.iter_mut().take(*names_used) {
        let NameForm { chars, given, families, gaps } = name;
        bytes.chars(chars);
        bytes.chars(families);
        *given = bytes.number().checked_sub(1);
        let count = bytes.number();
        gaps.restore((0..count).map(|_| bytes.number()));
    }
    let KanaForm { chars, given, gaps: _, packed: _ } = kana;
    bytes.chars(chars);
    *given = bytes.number().checked_sub(1);
    kana.pack();
    let year = u16::from_le_bytes(bytes.array());
    let [month, day, sex_code] = bytes.array();
    *birth = Birth { year, month, day };
    *sex = match sex_code {
        1 => Sex::Male,
        2 => Sex::Female,
        _ => Sex::Unknown,
    };
    let AddressForm {
        city,
        city_key,
        town,
        numbers,
        block,
        building,
        part,
        first,
        spare: _,
        last: _,
        written,
    } = address;
    // What is unpacked is no longer the form of the text that was read last.
    written.clear();
    *city = bytes.number() as u16;
    *city_key = u32::from_le_bytes(bytes.array());
    for text in [town, numbers, building, strong] {
        bytes.text(text);
    }
    *block = bytes.number();
    *part = bytes.number();
    *first = match bytes.array() {
        [1] => First::Chome,
        [2] => First::Lot,
        _ => First::Unsaid,
    };
    counted
}

/// A number in seven bits a byte: nearly all are lengths below 128.
fn number(mut value: usize, out: &mut Vec<u8>) {
    while value > 127 {
        out.push(value as u8 | 128);
        value >>= 7;
    }
    out.push(value as u8);
}

fn text(text: &str, out: &mut Vec<u8>) {
    number(text.len(), out);
    out.extend(text.as_bytes());
}

/// Characters in three bytes each, which every one fits: UTF-8 would take as many and longer to read.
fn chars(chars: &[char], out: &mut Vec<u8>) {
    number(chars.len(), out);
    for c in chars {
        let [a, b, c, _] = u32::from(*c).to_le_bytes();
        out.extend([a, b, c]);
    }
}

struct Bytes<'b>(&'b [u8]);

impl Bytes<'_> {
    fn take(&mut self, length: usize) -> &[u8] {
        let (taken, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        taken
    }

    fn counted(&mut self) -> Counted {
        Counted { name: u64::from_le_bytes(self.array()), town: u64::from_le_bytes(self.array()) }
    }

    fn array<const N: usize>(&mut self) -> [u8; N] {
        let Some((taken, rest)) = self.0.split_first_chunk::<N>() else { return [0; N] };
        self.0 = rest;
        *taken
    }

    fn number(&mut self) -> usize {
        let (mut value, mut at) = (0, 0);
        loop {
            let [byte] = self.array();
            value |= usize::from(byte & 127) << at;
            at += 7;
            if byte < 128 || at > 56 {
                return value;
            }
        }
    }

    fn chars(&mut self, into: &mut Vec<char>) {
        into.clear();
        let length = self.number();
        let (chars, _) = self.take(length.saturating_mul(3)).as_chunks::<3>();
        let written = chars.iter().map(|[a, b, c]| u32::from_le_bytes([*a, *b, *c, 0]));
        into.extend(written.map(|code| char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)));
    }

    fn text(&mut self, into: &mut String) {
        into.clear();
        let length = self.number();
        into.push_str(std::str::from_utf8(self.take(length)).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{form::Texts, keys};

    fn texts(names: &[&str], kana: &str, birth: &str, sex: &str, address: &str, strong: &str) -> Texts {
        Texts {
            names: names.iter().map(|name| name.to_string()).collect(),
            kana: kana.into(),
            birth: birth.into(),
            sex: sex.into(),
            address: address.into(),
            strong: strong.into(),
        }
    }

    #[test]
    fn an_unpacked_form_compares_as_the_packed_one() {
        let rows = [
            texts(
                &["田中　花子", "山田"],
                "タナカ　ハナコ",
                "昭和50年1月2日",
                "女",
                "静岡県府中市若松町1-2-3 若松荘201",
                "12-3",
            ),
            texts(&["田中花子"], "タナカハナコ", "1975-01-02", "2", "府中市若松町1丁目2番3号", ""),
            texts(&["田中花子"], "タナカハナコ", "1975-01-02", "2", "府中市若松町1番地2-3", ""),
            texts(&["KIM YONG JA（金山　英子）"], "", "19750102", "", "東京都府中市大字本町字北12-3", "12-3"),
            texts(&["Kim Jayong", "金山英子"], "キム　ヨンジャ", "1975", "F", "", "99"),
            texts(&["髙●　𠮷子"], "タカ", "S50.1.2", "9", "札幌市中央区北1条西2丁目", ""),
            texts(&[], "", "", "", "", ""),
            texts(&[&"長".repeat(3_000)], &"ナ".repeat(200), "1", "男", &"東京都".repeat(100), "A"),
        ];
        // One form is used again for all, as the engine does.
        let mut again = Form::default();
        for row in &rows {
            let form = Form::of(row);
            let mut packed = Vec::new();
            pack(&form, keys::counted(&form), &mut packed);
            assert_eq!(unpack(&packed, &mut again), keys::counted(&form));
            assert_eq!(keys::keys(&again), keys::keys(&form));
            for other in &rows {
                let other = Form::of(other);
                assert_eq!(again.compare(&other), form.compare(&other));
                assert_eq!(other.compare(&again), other.compare(&form));
            }
            let (mut blocks, mut want) = (Vec::new(), Vec::new());
            keys::blocks(&again, &mut blocks);
            keys::blocks(&form, &mut want);
            assert_eq!(blocks, want);
            let mut repacked = Vec::new();
            pack(&again, keys::counted(&again), &mut repacked);
            assert_eq!(repacked, packed);
        }
    }

    #[test]
    fn damaged_bytes_do_no_harm() {
        let form = Form::of(&texts(&["田中花子"], "タナカ", "1975-01-02", "2", "府中市若松町1-2", "7"));
        let mut packed = Vec::new();
        pack(&form, Counted::default(), &mut packed);
        let mut into = Form::default();
        for cut in 0..packed.len() {
            unpack(&packed[..cut], &mut into);
            assert!(into.names.len() < 300);
        }
    }
}
