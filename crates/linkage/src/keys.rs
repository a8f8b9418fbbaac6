//! Keys of a row: hashes under which rows that may be one person meet.
//!
//! Always holds: a key that would need a missing or unreadable attribute is 0 and meets nothing; rows with equal `exact`
//! have equal levels in every attribute; the order of columns and rows changes no key.
//! Not here: what rows that meet are worth (rules); how they are brought together (engine, lookup).
//! Rules come from: the reference on matching, sections 1.2 to 1.5 (what varies) and 3 (blocking that explains itself).

use crate::{
    birth::Birth,
    form::Form,
    sex::Sex,
    text::{
        kana::{KanaForm, Packed, unvoiced},
        name::MARK,
    },
};
use xxhash_rust::xxh3::xxh3_64;

#[cfg(test)]
mod tests;

/// Keys of the first stage, made of every row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keys {
    /// Families of the name, birth date, sex, town and numbers: all rows that could be "the same by four attributes, but
    /// for characters and building". Uniqueness is asked of this one.
    pub coarse: u64,
    /// All attributes as compared (names without families, kana, building, strong identifier).
    pub exact: u64,
}

/// A kind of blocking key.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// What has to be the same, in English.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "read where the tables of docs/linkage-tables.md are made")
    )]
    pub name: &'static str,
    /// And in Japanese.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "read where the tables of docs/linkage-tables.md are made")
    )]
    pub ja: &'static str,
    /// Rows of B under one key beyond which a bucket is overfull. So many people share a key only where the data are
    /// damaged (a default birth date, one name ten million times).
    pub cap: u32,
}

/// Strong identifier.
const STRONG: usize = 0;
/// Birth date and name: whatever the address.
const BIRTH_NAME: usize = 1;
/// Birth date and reading: whatever the characters and the address.
const BIRTH_KANA: usize = 2;
/// Name and town: whatever the birth date.
const NAME_TOWN: usize = 3;
/// Birth date and town: whatever the name.
const BIRTH_TOWN: usize = 4;
/// Reading and town: whatever the characters and the birth date.
const KANA_TOWN: usize = 5;
/// Birth date and the house numbers to the 番: whatever the name and however the town is written.
const BIRTH_NUMBERS: usize = 6;
/// Birth date and the name's end: a changed or unreadable surname.
const BIRTH_END: usize = 7;
/// Birth date and the name's beginning: an unreadable given name.
const BIRTH_START: usize = 8;
/// Name and house numbers: a wrong birth date where the town is written in a way of its own.
const NAME_NUMBERS: usize = 9;

/// The kinds, in the order in which they are tried. Every class of damage to one attribute leaves at least two that do not
/// look at it: name 2, 4, 5, 6; part of a name also 7 or 8; reading 1, 3, 4; birth date 3, 5, 9; sex all; town 1, 2, 6, 9;
/// numbers 1 to 5.
pub const KINDS: [Kind; 10] = [
    Kind { name: "identifier", ja: "固有番号", cap: 100 },
    Kind { name: "birth date and name", ja: "生年月日・氏名", cap: 200 },
    Kind { name: "birth date and reading", ja: "生年月日・カナ", cap: 200 },
    Kind { name: "name and town", ja: "氏名・町名", cap: 200 },
    Kind { name: "birth date and town", ja: "生年月日・町名", cap: 200 },
    Kind { name: "reading and town", ja: "カナ・町名", cap: 200 },
    Kind { name: "birth date and house numbers", ja: "生年月日・番地", cap: 200 },
    Kind { name: "birth date and end of the name", ja: "生年月日・氏名の末尾", cap: 400 },
    Kind { name: "birth date and beginning of the name", ja: "生年月日・氏名の先頭", cap: 400 },
    Kind { name: "name and house numbers", ja: "氏名・番地", cap: 200 },
];

/// The shortest name with which a key is made: a surname alone is no name.
const NAME_MIN: usize = 2;

/// The hashes of a row's parts, each made once, of which all keys are put together. 0 stands for a part that is missing or
/// cannot be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hashes {
    /// Families of the main name.
    name: u64,
    /// Their beginning and their end.
    start: u64,
    end: u64,
    /// The main name's letters.
    letters: u64,
    /// Reading without voicing.
    kana: u64,
    /// Reading with voicing.
    voiced: u64,
    /// Whole birth date, as a number.
    birth: u32,
    /// Municipality (as coarsely as the table holds all ways to write it for one) and town.
    town: u64,
    /// House numbers.
    numbers: u64,
    /// House numbers to the 番.
    block: u64,
    /// Strong identifier.
    strong: u64,
    /// Other names or an identifier make more keys.
    more: bool,
}

/// What blocking keys are made of, small enough to be kept for every row of a file. 0 stands for a part that is missing or
/// cannot be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// Whole birth date.
    pub birth: u32,
    /// Families of the main name.
    pub name: u32,
    /// Reading without voicing.
    pub kana: u32,
    /// Municipality and town.
    pub town: u32,
    /// House numbers to the 番.
    pub numbers: u32,
    /// End of the name.
    pub end: u32,
    /// Beginning of the name.
    pub start: u32,
    /// The row has other names or an identifier, and so more keys than these parts make: see [`Further`].
    pub more: bool,
}

/// The hashes of a row's parts.
pub fn hashes(form: &Form) -> Hashes {
    let (letters, families) =
        form.main_name().map_or((&[][..], &[][..]), |name| (&name.chars, &name.families));
    let name = name_hash(families);
    let (start, end) = pieces(families, name != 0);
    let address = &form.address;
    let whole = form.birth.is_whole();
    let (voiced, kana) = kana_hashes(&form.kana);
    let (numbers, block) = numbers_hashes(&address.numbers, address.block);
    Hashes {
        name,
        start,
        end,
        letters: letters_hash(letters),
        kana,
        voiced,
        birth: if whole { birth_number(form.birth) } else { 0 },
        town: town_hash(form),
        numbers,
        block,
        strong: strong(form),
        more: form.names().len() > 1 || !form.strong.is_empty(),
    }
}

impl Hashes {
    /// Keys of the first stage.
    ///
    /// `coarse` is 0 unless the row has a readable name, a whole birth date, town and numbers, and sex or a reading: rows
    /// that are equal in `exact` too then agree in four attributes.
    pub fn keys(&self, form: &Form) -> Keys {
        let sexed = form.sex != Sex::Unknown || !form.kana.chars.is_empty();
        let there = [self.name, u64::from(self.birth), self.town, self.numbers].iter().all(|hash| *hash != 0);
        let house = !form.address.is_town_only();
        let Some(name) = form.main_name().filter(|_| there && sexed && house) else { return Keys::default() };
        // A sex has a byte, and a birth date four.
        let born = u64::from(self.birth) << 8 | form.sex as u64;
        // What is a hash already needs only to be told from others: two by two, which a processor makes at the same time.
        let coarse = filled(mix(mix(self.name, self.town), mix(self.numbers, born)));
        // A gap shows whether there is a given name, and with it what an agreement is worth; a unit, whether 1-2-3 begins with
        // a 丁目 or a lot.
        let shown = u64::from(form.address.city) << 3
            | u64::from(form.address.is_unusual()) << 2
            | u64::from(name.has_given()) << 1
            | u64::from(form.kana.has_given());
        // Turned, or a building and an identifier that are the same text would be nothing together, whatever the text.
        let building = text_hash(&form.address.building).rotate_left(32);
        let rest = mix(mix(self.voiced, shown), mix(building, self.strong));
        // Nothing of the coarse key: what is equal there by accident is another pairing here.
        let house = mix(mix(self.town, self.numbers), mix(self.letters, born));
        let exact = filled(mix(house, rest));
        Keys { coarse, exact }
    }

    /// By what name and town are counted.
    pub fn counted(&self) -> Counted {
        Counted { name: self.name, town: self.town }
    }

    /// By what the identifier is counted; 0 if there is none.
    pub fn strong(&self) -> u64 {
        self.strong
    }

    /// What blocking keys are made of.
    pub fn parts(&self) -> Parts {
        Parts {
            birth: self.birth,
            name: half(self.name),
            kana: half(self.kana),
            town: half(self.town),
            numbers: half(self.block),
            end: half(self.end),
            start: half(self.start),
            more: self.more,
        }
    }
}

/// Keys of the first stage; see [`Hashes::keys`].
pub fn keys(form: &Form) -> Keys {
    hashes(form).keys(form)
}

/// Hashes by which names and towns are counted (for how rare they are).
pub fn counted(form: &Form) -> Counted {
    let name = form.main_name().map_or(0, |name| name_hash(&name.families));
    Counted { name, town: town_hash(form) }
}

/// Municipality and town. Where neither file writes the municipality, the town alone is the place.
fn town_hash(form: &Form) -> u64 {
    let text = readable_hash(&form.address.town);
    if text == 0 { 0 } else { filled(mix(text, u64::from(form.address.city_key))) }
}

/// The hash by which a row's identifier is counted; 0 if it has none.
pub fn strong(form: &Form) -> u64 {
    if form.strong.is_empty() { 0 } else { text_hash(&form.strong) }
}

/// What makes further keys of a row, besides its [`Parts`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Further {
    /// Another name: its families, their beginning and their end.
    Name { name: u32, start: u32, end: u32 },
    /// The identifier, as [`strong`] has it.
    Strong(u64),
}

/// What makes further keys of a row: nothing unless its parts have [`Parts::more`].
pub fn further(form: &Form) -> impl Iterator<Item = Further> {
    let strong = strong(form);
    // An alternative meets the main name of the other file under the kinds with a name in them.
    let names = form.names().iter().skip(1).map(|name| {
        let hash = name_hash(&name.families);
        let (start, end) = pieces(&name.families, hash != 0);
        Further::Name { name: half(hash), start: half(start), end: half(end) }
    });
    names.chain((strong != 0).then_some(Further::Strong(strong)))
}

/// Keys of the scored stage as (kind, hash), ascending and each once. A kind occurs twice where a row has alternative names.
pub fn blocks(form: &Form, into: &mut Vec<(u8, u64)>) {
    blocks_of(&hashes(form).parts(), further(form), into);
}

/// The same of what they are made of.
pub fn blocks_of(parts: &Parts, further: impl Iterator<Item = Further>, into: &mut Vec<(u8, u64)>) {
    into.clear();
    // In their order, so that nothing has to be sorted for most rows.
    into.extend((1..).zip(plain(parts)).filter(|(_, hash)| *hash != 0));
    let before = into.len();
    for further in further {
        match further {
            Further::Strong(strong) => push(into, STRONG, key(STRONG, 1, half(strong))),
            Further::Name { name, start, end } => {
                push(into, BIRTH_NAME, key(BIRTH_NAME, parts.birth, name));
                push(into, NAME_TOWN, key(NAME_TOWN, name, parts.town));
                push(into, BIRTH_END, key(BIRTH_END, parts.birth, end));
                push(into, BIRTH_START, key(BIRTH_START, parts.birth, start));
                push(into, NAME_NUMBERS, key(NAME_NUMBERS, name, parts.numbers));
            }
        }
    }
    if into.len() > before {
        into.sort_unstable();
        into.dedup();
    }
}

/// How many keys parts make at most.
pub const PLAIN: usize = KINDS.len() - 1;

/// The keys that parts make, one of each kind behind the identifier's; 0 where a part is missing. They are all of the row's,
/// unless it has [`Parts::more`].
pub fn plain(parts: &Parts) -> [u64; PLAIN] {
    let Parts { birth, name, kana, town, numbers, end, start, more: _ } = *parts;
    [
        key(BIRTH_NAME, birth, name),
        key(BIRTH_KANA, birth, kana),
        key(NAME_TOWN, name, town),
        key(BIRTH_TOWN, birth, town),
        key(KANA_TOWN, kana, town),
        key(BIRTH_NUMBERS, birth, numbers),
        key(BIRTH_END, birth, end),
        key(BIRTH_START, birth, start),
        key(NAME_NUMBERS, name, numbers),
    ]
}

/// A key of two parts; 0 unless both are there.
fn key(kind: usize, one: u32, other: u32) -> u64 {
    // One step, since both parts are hashes already, but for a birth date; a kind begins with a number of its own.
    let word = u64::from(one) << 32 | u64::from(other);
    if one == 0 || other == 0 { 0 } else { folded(word.wrapping_add(END.wrapping_mul(kind as u64 + 1))) }
}

/// Adds a key, if there is one.
fn push(into: &mut Vec<(u8, u64)>, kind: usize, hash: u64) {
    if hash != 0 {
        // Kinds are fewer than 256.
        into.push((kind as u8, hash));
    }
}

/// See [`counted`]; 0 means nothing to count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Families of the whole main name.
    pub name: u64,
    /// Municipality and town.
    pub town: u64,
}

/// A whole name; none if it is a surname alone or not wholly readable.
fn name_hash(families: &[char]) -> u64 {
    // Two at a time: names are short, and this runs for every row, where copying them into bytes for a general hash costs more
    // than the hash.
    let (pairs, rest) = families.as_chunks::<2>();
    let (mut state, mut is_marked) = (families.len() as u64, false);
    for [a, b] in pairs {
        is_marked |= (*a == MARK) | (*b == MARK);
        state = mix(state, pair(*a, *b));
    }
    for last in rest {
        is_marked |= *last == MARK;
        state = mix(state, u64::from(*last));
    }
    if families.len() < NAME_MIN || is_marked { 0 } else { filled(mix(state, END)) }
}

/// A name's beginning and end; none where the piece would be the whole name or is not readable.
fn pieces(families: &[char], is_readable: bool) -> (u64, u64) {
    let [first, .., _, _] = families else { return (0, 0) };
    // Two kanji say as much as five letters.
    if first.is_ascii() {
        let length = families.len().min(5);
        let hash = |piece: &[char]| if piece.contains(&MARK) { 0 } else { letters_hash(piece) };
        return (hash(&families[..length]), hash(&families[families.len() - length..]));
    }
    let hash = |piece: Option<&[char; 2]>| match piece {
        Some([a, b]) if is_readable || *a != MARK && *b != MARK => filled(mix(END, pair(*a, *b))),
        _ => 0,
    };
    (hash(families.first_chunk()), hash(families.last_chunk()))
}

/// Two characters as a word.
fn pair(a: char, b: char) -> u64 {
    u64::from(a) << 32 | u64::from(b)
}

/// A reading with and without voicing; none of the latter if it is too short.
fn kana_hashes(kana: &KanaForm) -> (u64, u64) {
    let hash = |bytes: [u8; _]| {
        let words = u128::from_le_bytes(bytes);
        filled(mix(mix(END, words as u64), (words >> 64) as u64))
    };
    let (voiced, unvoiced) = match kana.packed {
        Packed { voiced: [0, ..], .. } => letters_hashes(&kana.chars, unvoiced),
        Packed { voiced, unvoiced } => (hash(voiced), hash(unvoiced)),
    };
    (voiced, if kana.chars.len() < NAME_MIN { 0 } else { unvoiced })
}

fn birth_number(birth: Birth) -> u32 {
    u32::from(birth.year) << 16 | u32::from(birth.month) << 8 | u32::from(birth.day)
}

/// House numbers, and those to the 番, which end at `block`.
fn numbers_hashes(numbers: &str, block: usize) -> (u64, u64) {
    let Some(word) = short(numbers) else {
        let block = numbers.get(..block).unwrap_or_default();
        return (readable_hash(numbers), short(block).map_or_else(|| readable_hash(block), short_hash));
    };
    let behind = 8 * numbers.len().saturating_sub(block) as u32;
    (short_hash(word), short_hash(word.checked_shr(behind).unwrap_or(0)))
}

/// House numbers as one word, as nearly all are short enough; `None` if they are not, or some sign is not ASCII.
fn short(numbers: &str) -> Option<u64> {
    let word = word(numbers.as_bytes())?;
    (word & ONES << 7 == 0).then_some(word)
}

/// Up to eight bytes as a word, the first one highest.
fn word(bytes: &[u8]) -> Option<u64> {
    let half = |four: &[u8; 4]| u64::from(u32::from_be_bytes(*four));
    match (bytes.first_chunk(), bytes.last_chunk()) {
        _ if bytes.len() > size_of::<u64>() => None,
        // Both halves have what is between them, at the same place.
        (Some(first), Some(last)) => Some(half(first) << (8 * (bytes.len() - 4)) | half(last)),
        _ => Some(bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte))),
    }
}

/// Each byte of a word is 1.
const ONES: u64 = 0x0101_0101_0101_0101;

/// A text as one word, which has no end to be told; 0 if there is none.
fn short_hash(word: u64) -> u64 {
    if word == 0 { 0 } else { filled(mix(END, word)) }
}

fn is_readable(text: &str) -> bool {
    !text.is_empty() && (!may_be_marked(text.as_bytes()) || !text.contains(MARK))
}

/// Whether the byte is there with which the mark begins, and hardly another sign of a folded text. Eight bytes at once: texts
/// are so short that a search made for long ones takes longer to begin.
fn may_be_marked(text: &[u8]) -> bool {
    const FIRST: u64 = 0xE2 * ONES;
    // A byte is 0 where the text has it, and subtracting borrows; bytes above it may seem so too, which changes nothing.
    let has = |word: u64| {
        let other = word ^ FIRST;
        other.wrapping_sub(ONES) & !other & ONES << 7 != 0
    };
    let whole = |eight: &[u8; 8]| has(u64::from_be_bytes(*eight));
    match text.last_chunk() {
        Some(last) => text.as_chunks().0.iter().fold(whole(last), |all, eight| all | whole(eight)),
        None => word(text).is_some_and(has),
    }
}

fn readable_hash(text: &str) -> u64 {
    if is_readable(text) { text_hash(text) } else { 0 }
}

/// The hash of a text, never 0.
fn text_hash(text: &str) -> u64 {
    filled(xxh3_64(text.as_bytes()))
}

/// The hash of letters, never 0: three at a time, which have 21 bits each.
fn letters_hash(letters: &[char]) -> u64 {
    letters_hashes(letters, |c| c).0
}

/// The same, and that of what `to` makes of the letters.
fn letters_hashes(letters: &[char], to: impl Fn(char) -> char) -> (u64, u64) {
    let word = |a: char, b: char, c: char| u64::from(a) << 42 | u64::from(b) << 21 | u64::from(c);
    let (triples, rest) = letters.as_chunks::<3>();
    let (mut plain, mut other) = (letters.len() as u64, letters.len() as u64);
    for [a, b, c] in triples {
        plain = mix(plain, word(*a, *b, *c));
        other = mix(other, word(to(*a), to(*b), to(*c)));
    }
    let [a, b] = match *rest {
        [a, b, ..] => [a, b],
        [a] => [a, '\0'],
        [] => ['\0'; 2],
    };
    (filled(mix(plain, word(a, b, '\0'))), filled(mix(other, word(to(a), to(b), '\0'))))
}

/// Takes a word into a hash.
fn mix(state: u64, word: u64) -> u64 {
    // Adding keeps a state of 0 from staying one.
    folded((state ^ word).wrapping_add(ODD))
}

/// A multiplication whose both halves are kept, so that every bit of the word moves every bit.
fn folded(word: u64) -> u64 {
    let product = u128::from(word) * u128::from(ODD);
    (product >> 64) as u64 ^ product as u64
}

/// An odd number without pattern (the golden ratio's digits).
const ODD: u64 = 0x9E37_79B9_7F4A_7C15;

/// The word that ends a hash.
const END: u64 = 0xD6E8_FEB8_6659_FD93;

/// 0 is kept for "none".
fn filled(hash: u64) -> u64 {
    hash.max(1)
}

/// The upper half of a hash, 0 only for "none".
fn half(hash: u64) -> u32 {
    if hash == 0 { 0 } else { ((hash >> 32) as u32).max(1) }
}
