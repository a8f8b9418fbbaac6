//! A row as people see it: its place, its attributes as written, and dates and addresses as compared.
//!
//! Always holds: what is written is the decoded text, unchanged; what was compared stands apart from it.
//! Not here: how it is drawn (page), its cells (review).
//! Rules come from: the issue, part C.

use crate::{
    address::{AddressForm, city_name},
    birth::Birth,
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

/// Reads rows of one file to show them; keeps its buffers.
pub(super) struct Reader<'r> {
    source: &'r Source,
    side: &'r Side,
    row: Row<'r>,
    texts: Texts,
    form: Form,
}

impl<'r> Reader<'r> {
    /// For a file.
    pub fn new(source: &'r Source, side: &'r Side) -> Reader<'r> {
        let row = source.row();
        Reader { source, side, row, texts: Texts::default(), form: Form::default() }
    }

    /// The row of this number at this place, with what was compared.
    pub fn read(&mut self, number: u32, place: Place) -> Shown {
        let (mut shown, is_usable) = self.look(number, place);
        if !is_usable {
            // Nothing of it was compared.
            self.texts = Texts::default();
        }
        self.form.read(&self.texts);
        shown.birth = birth(self.form.birth);
        shown.address = address(&self.form.address);
        shown
    }

    /// The row of this number at this place, as written.
    pub fn written(&mut self, number: u32, place: Place) -> Shown {
        self.look(number, place).0
    }

    /// The row as written, and whether it could be compared.
    fn look(&mut self, number: u32, place: Place) -> (Shown, bool) {
        self.source.at(place.offset, &mut self.row);
        // Its problems were listed when the file was read.
        let is_usable = self.row.texts(&mut self.texts, &mut Vec::new());
        if !is_usable {
            self.texts_as_written();
        }
        let texts = &self.texts;
        let key = match self.side.key {
            Some(_) => self.row.key().into_owned(),
            None => (u64::from(number) + 1).to_string(),
        };
        let names: Vec<&str> =
            texts.names.iter().map(String::as_str).filter(|name| !name.is_empty()).collect();
        let shown = Shown {
            line: place.line,
            key,
            texts: [
                names.join(" ／ "),
                texts.kana.clone(),
                texts.birth.clone(),
                texts.sex.clone(),
                texts.address.clone(),
                texts.strong.clone(),
            ],
            carried: (0..self.side.carry.len()).map(|index| self.row.carried(index).into_owned()).collect(),
            birth: String::new(),
            address: String::new(),
        };
        (shown, is_usable)
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

    /// The last row as compared.
    pub fn into_form(self) -> Form {
        self.form
    }
}

/// A date as compared; nothing when it was not read.
pub(super) fn birth(birth: Birth) -> String {
    if birth.is_empty() {
        return String::new();
    }
    let part = |value: u16, width: usize| match value {
        0 => "?".repeat(width),
        _ => format!("{value:0width$}"),
    };
    format!("{}-{}-{}", part(birth.year, 4), part(birth.month.into(), 2), part(birth.day.into(), 2))
}

/// An address as compared: its municipality by its full name, then town, numbers and building.
pub(super) fn address(form: &AddressForm) -> String {
    let city = city_name(form.city).unwrap_or_default();
    let parts = [city, form.town.as_str(), form.numbers.as_str(), form.building.as_str()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_as_compared() {
        for ((year, month, day), want) in
            [((1965, 1, 2), "1965-01-02"), ((1965, 0, 0), "1965-??-??"), ((0, 0, 0), "")]
        {
            assert_eq!(birth(Birth { year, month, day }), want);
        }
    }
}
