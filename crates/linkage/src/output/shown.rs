//! A row as people see it: its place, its attributes as written, and dates and addresses as compared.
//!
//! Always holds: what is written is the decoded text, unchanged; what was compared stands apart from it.
//! Not here: how it is drawn (page), its cells (review).
//! Rules come from: the issue, part C.

use crate::{
    address::{self, AddressForm, city_name},
    birth::{self, Birth},
    form::{Form, Texts},
    outcome::Place,
    source::{Row, Source},
    spec::{Attribute, Side},
};

/// A row as people see it.
#[derive(Clone, Default)]
pub(super) struct Shown {
    /// Its first line in the file.
    pub line: u64,
    /// Its own key, its number where the spec names none.
    pub key: String,
    /// Names, reading, birth date, sex, address, strong identifier.
    pub texts: [String; 6],
    /// Carried columns.
    pub carried: Vec<String>,
    /// The birth date as compared, `1965-01-02`; unknown parts are `?`; nothing when it was not read.
    pub birth: String,
    /// The address as compared, its parts apart.
    pub address: String,
}

/// Reads rows of one file to show them; keeps its buffers, since a work list has as many rows as clerks can bear.
pub(super) struct Reader<'r> {
    source: &'r Source,
    side: &'r Side,
    row: Row<'r>,
    texts: Texts,
    /// The last row could be compared.
    is_usable: bool,
    address: AddressForm,
    shown: Shown,
}

impl<'r> Reader<'r> {
    /// For a file.
    pub fn new(source: &'r Source, side: &'r Side) -> Reader<'r> {
        Reader {
            source,
            side,
            row: source.row(),
            texts: Texts::default(),
            is_usable: false,
            address: AddressForm::default(),
            shown: Shown::default(),
        }
    }

    /// The row of this number at this place, with what was compared.
    pub fn read(&mut self, number: u32, place: Place) -> &Shown {
        self.look(number, place);
        if self.is_usable {
            birth(birth::read(&self.texts.birth).0, &mut self.shown.birth);
            address::read(&self.texts.address, &mut self.address);
            address(&self.address, &mut self.shown.address);
        }
        &self.shown
    }

    /// The row of this number at this place, as written.
    pub fn written(&mut self, number: u32, place: Place) -> &Shown {
        self.look(number, place);
        &self.shown
    }

    /// Reads the row as written.
    fn look(&mut self, number: u32, place: Place) {
        self.source.at(place.offset, &mut self.row);
        // Its problems were listed when the file was read.
        self.is_usable = self.row.texts(&mut self.texts, &mut Vec::new());
        if !self.is_usable {
            self.texts_as_written();
        }
        let shown = &mut self.shown;
        shown.line = place.line;
        match self.side.key {
            Some(_) => set(&mut shown.key, &self.row.key()),
            None => set(&mut shown.key, &(u64::from(number) + 1).to_string()),
        }
        let [names, rest @ ..] = &mut shown.texts;
        names.clear();
        for name in self.texts.names.iter().filter(|name| !name.is_empty()) {
            if !names.is_empty() {
                names.push_str(" ／ ");
            }
            names.push_str(name);
        }
        let Texts { names: _, kana, birth, sex, address, strong } = &self.texts;
        rest.iter_mut().zip([kana, birth, sex, address, strong]).for_each(|(text, from)| set(text, from));
        shown.carried.resize_with(self.side.carry.len(), String::new);
        for (index, text) in shown.carried.iter_mut().enumerate() {
            set(text, &self.row.carried(index));
        }
        shown.birth.clear();
        shown.address.clear();
    }

    /// A row that cannot be decoded is shown as far as it can be.
    fn texts_as_written(&mut self) {
        let written = |attribute| self.row.written(attribute);
        self.texts = Texts {
            names: vec![written(Attribute::Name)],
            kana: written(Attribute::Kana),
            birth: written(Attribute::Birth),
            sex: written(Attribute::Sex),
            address: written(Attribute::Address),
            strong: written(Attribute::Strong),
        };
    }

    /// The last row as compared; nothing of one that could not be.
    pub fn form(&self) -> Form {
        if self.is_usable { Form::of(&self.texts) } else { Form::of(&Texts::default()) }
    }
}

fn set(text: &mut String, from: &str) {
    text.clear();
    text.push_str(from);
}

/// Appends a date as compared; nothing when it was not read.
pub(super) fn birth(birth: Birth, into: &mut String) {
    if birth.is_empty() {
        return;
    }
    let Birth { year, month, day } = birth;
    let digit = |number: u16, unit: u16| char::from(b'0' + (number / unit % 10) as u8);
    let part = |number: u16, units: &[u16], into: &mut String| {
        into.extend(units.iter().map(|unit| if number == 0 { '?' } else { digit(number, *unit) }));
    };
    part(year, &[1000, 100, 10, 1], into);
    for number in [month, day] {
        into.push('-');
        part(number.into(), &[10, 1], into);
    }
}

/// Appends an address as compared: its municipality by its full name, then town, numbers and building.
pub(super) fn address(form: &AddressForm, into: &mut String) {
    let begin = into.len();
    let city = city_name(form.city).unwrap_or_default();
    for part in [city, form.town.as_str(), form.numbers.as_str(), form.building.as_str()] {
        if !part.is_empty() && into.len() > begin {
            into.push(' ');
        }
        into.push_str(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_as_compared() {
        for ((year, month, day), want) in [
            ((1965, 1, 2), "1965-01-02"),
            ((1965, 0, 0), "1965-??-??"),
            ((0, 11, 30), "????-11-30"),
            ((0, 0, 0), ""),
        ] {
            let mut text = String::new();
            birth(Birth { year, month, day }, &mut text);
            assert_eq!(text, want);
        }
    }
}
