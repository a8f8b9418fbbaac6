//! A look at the first rows of a file: whether there are any, whether columns hold what the spec says, whether numbers
//! lost their zeros.
//!
//! Always holds: a run is stopped only when nearly all rows of the sample look wrong in the same way; nothing of a row
//! leaves this file but which column it is about.
//! Not here: problems of single rows (the reader, form).

use super::Source;
use crate::{
    form::Texts,
    problem::{Problem, ProblemCode},
    spec::{Attribute, Layout, Side},
};

/// Rows looked at.
const ROWS: usize = 500;
/// With fewer values nothing is said of a column.
const VALUES_MIN: usize = 5;
/// From this length on numbers of a list are rather of one length than counted up.
const LONG_NUMBER: usize = 7;

/// Looks; the problems that stop a run are the error.
pub fn look(source: &Source, spec: &Side) -> Result<Vec<Problem>, Vec<Problem>> {
    let (mut row, mut texts, mut ignored) = (source.row(), Texts::default(), Vec::new());
    let mut rows = source.rows(0..u64::MAX);
    let mut looks = [Looks::default(); 5];
    let (mut keys, mut strongs) = (Numbers::default(), Numbers::default());
    let (mut count, mut unread) = (0, 0);
    while count < ROWS
        && let Some(usable) = rows.next(&mut row, &mut ignored)
    {
        count += 1;
        // Problems of these rows are told when they are read in earnest.
        if usable && !row.texts(&mut texts, &mut ignored) {
            unread += 1;
        } else if usable {
            for (looks, text) in looks.iter_mut().zip(compared(&texts)) {
                looks.add(text);
            }
            keys.add(&row.key());
            strongs.add(&texts.strong);
        }
        ignored.clear();
    }
    let stops = |column: Option<&str>, code| Problem::file(source.side, column, code);
    if count == 0 {
        let header = matches!(spec.layout, Layout::Csv { header: true, .. });
        return Err(vec![stops(None, if header { ProblemCode::HeaderOnly } else { ProblemCode::Empty })]);
    }
    // Another encoding altogether (EUC-JP): telling it row by row would hide that nothing can be linked.
    if count >= VALUES_MIN && unread * 10 > count * 9 {
        return Err(vec![stops(None, ProblemCode::OtherEncoding)]);
    }
    let swapped: Vec<Problem> = swapped(&looks)
        .into_iter()
        .map(|attribute| stops(Some(&spec.heading(attribute)), ProblemCode::ColumnsSwapped))
        .collect();
    if !swapped.is_empty() {
        return Err(swapped);
    }
    let mut noted = Vec::new();
    let key = spec.key.clone().unwrap_or_default();
    let strong = spec.heading(Attribute::Strong);
    for (numbers, heading) in [(keys, key), (strongs, strong)] {
        let problem = stops(Some(&heading), ProblemCode::LostLeadingZeros);
        if numbers.lost_zeros() && !noted.contains(&problem) {
            noted.push(problem);
        }
    }
    Ok(noted)
}

const COMPARED: [Attribute; 5] =
    [Attribute::Name, Attribute::Kana, Attribute::Birth, Attribute::Sex, Attribute::Address];

fn compared(texts: &Texts) -> [&str; 5] {
    [&texts.names[0], &texts.kana, &texts.birth, &texts.sex, &texts.address]
}

/// The columns that hold something else than they should.
fn swapped(looks: &[Looks; 5]) -> Vec<Attribute> {
    let [name, kana, birth, sex, address] = looks;
    let doubtful = [
        name.mostly(name.dates) || name.mostly(name.sexes) || name.mostly(name.places),
        kana.mostly(kana.kanji) || kana.mostly(kana.dates) || kana.mostly(kana.sexes),
        birth.mostly(birth.words) || birth.mostly(birth.sexes) || birth.mostly(birth.places),
        sex.mostly(sex.dates) || sex.mostly(sex.long) || sex.mostly(sex.places),
        address.mostly(address.dates) || address.mostly(address.sexes),
    ];
    let mut found: Vec<Attribute> =
        COMPARED.into_iter().zip(doubtful).filter(|(_, doubtful)| *doubtful).map(|(a, _)| a).collect();
    // Names that are all kana are no mistake by themselves; beside readings in kanji they are the other half of one.
    if kana.mostly(kana.kanji)
        && name.mostly(name.words)
        && name.kanji == 0
        && !found.contains(&Attribute::Name)
    {
        found.insert(0, Attribute::Name);
    }
    found
}

/// What the values of a column look like.
#[derive(Clone, Copy, Default)]
struct Looks {
    filled: usize,
    dates: usize,
    sexes: usize,
    /// Digits together with a word of addresses.
    places: usize,
    /// Letters of any script and no digit.
    words: usize,
    kanji: usize,
    /// Too long for a sex.
    long: usize,
}

impl Looks {
    fn add(&mut self, text: &str) {
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        let length = text.chars().count();
        let digits = text.chars().filter(|c| is_digit(*c)).count();
        let kanji = text
            .chars()
            .any(|c| matches!(c, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..));
        self.filled += 1;
        self.kanji += usize::from(kanji);
        self.dates += usize::from(digits >= 4 && text.chars().all(is_of_date));
        self.sexes += usize::from(length == 1 && "0129１２９男女MFmf".contains(text));
        let place = text.contains(['都', '道', '府', '県', '市', '区', '町', '村', '番', '丁']);
        self.places += usize::from(digits > 0 && place && !text.chars().all(is_of_date));
        self.words += usize::from(digits == 0 && length >= 2 && !text.chars().all(is_of_date));
        self.long += usize::from(length > 8);
    }

    /// At least four of five values.
    fn mostly(&self, count: usize) -> bool {
        self.filled >= VALUES_MIN && count * 5 >= self.filled * 4
    }
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit() || ('０'..='９').contains(&c)
}

fn is_of_date(c: char) -> bool {
    is_digit(c)
        || c.is_whitespace()
        || "-/.:年月日元明治大正昭和平成令西暦不詳頃吉ごろMTSHRmtshr－．／".contains(c)
}

/// Whether the numbers of a column are of one length.
#[derive(Clone, Default)]
struct Numbers {
    others: usize,
    /// How many there are of each length, up to the longest that is looked at.
    lengths: [usize; 24],
    zeros: usize,
}

impl Numbers {
    fn add(&mut self, text: &str) {
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        if text.len() >= self.lengths.len() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            self.others += 1;
            return;
        }
        self.lengths[text.len()] += 1;
        self.zeros += usize::from(text.len() > 1 && text.starts_with('0'));
    }

    /// Some begin with zeros and others are shorter; or nearly all are long, none begins with a zero, and some are
    /// shorter.
    fn lost_zeros(&self) -> bool {
        let all: usize = self.lengths.iter().sum();
        let longest = self.lengths.iter().rposition(|count| *count > 0).unwrap_or(0);
        let shorter = all - self.lengths[longest];
        if all < VALUES_MIN || self.others * 5 > all || shorter == 0 {
            return false;
        }
        let long = longest >= LONG_NUMBER && self.lengths[longest] * 5 >= all * 3;
        self.zeros > 0 || long
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_are_missed_where_lengths_differ() {
        let list = |values: &str| values.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let counted_up: Vec<String> = (1..300).map(|n| n.to_string()).collect();
        for (values, want) in [
            (list("00123456 00223456 10123456 123456 223456"), true),
            (list("10123456 20123456 30123456 40123456 323456"), true),
            (list("00123456 00223456 10123456 00000001 22345678"), false),
            (list("12345 123 1 99999 23456"), false),
            (list("A1 A22 A333 A4444 1"), false),
            (list("10123456 323456"), false),
            (counted_up, false),
        ] {
            let mut numbers = Numbers::default();
            values.iter().for_each(|value| numbers.add(value));
            assert_eq!(numbers.lost_zeros(), want, "{values:?}");
        }
    }
}
