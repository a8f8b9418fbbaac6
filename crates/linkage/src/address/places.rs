//! Municipalities: found at the front of an address, whichever of prefecture, county (郡) and ward is written.
//!
//! Always holds: ids are the same on every run of one release; an id that stands for several places is compatible with
//! each of them, and shares their key.
//! Not here: mergers, except wards that were joined into others; towns.
//! Rules come from: data/municipalities.tsv; the reference on matching, section 1.4.

use super::chars;
use std::{collections::BTreeMap, sync::LazyLock};

/// A municipality, a ward, or what is left of either when parts are not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    /// Prefecture, from 1; 0 when not written and not certain.
    prefecture: u8,
    /// The municipality's name without prefecture, county and ward, from 1; [`ANY`] when only a ward is written.
    key: u16,
    /// The ward's name, from 1; 0 when there is none or it is not written.
    ward: u16,
}

/// The key of a ward whose city is not written and not certain.
const ANY: u16 = 0;

/// What a municipality's front match gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// The id, as in [`super::AddressForm::city`].
    pub city: u16,
    /// How many signs were read.
    pub length: usize,
    /// The node at which the name ends, if any address that begins so has this municipality, unless the name goes on.
    node: Option<u32>,
}

/// One name under which places are known, such as 清水町 or 駿東郡清水町.
#[derive(Debug, Default)]
struct Name {
    /// Places so called, as ids.
    ids: Vec<u16>,
    /// The id when nothing tells which.
    any: u16,
    /// As it is written.
    label: String,
    /// 町 or 村 without its county: many towns are called so too.
    is_weak: bool,
}

/// A node's payload; prefecture and name can be absent (0).
#[derive(Clone, Copy, Debug, Default)]
struct Node {
    prefecture: u8,
    name: u16,
    /// There are names that go on from here.
    goes_on: bool,
}

/// All names as one tree of signs, and the places.
struct Places {
    nodes: Vec<Node>,
    /// Open addressing, keyed by node and sign: one probe a sign. `(0, 0)` is free, since the root is nobody's child.
    edges: Vec<(u32, u32)>,
    names: Vec<Name>,
    places: Vec<Place>,
    /// For each id its key for hashing, from 1.
    keys: Vec<u16>,
    /// For each id what it is called in full; what it was found by, when that leaves open which.
    labels: Vec<String>,
    kyoto: u16,
}

/// More slots than twice the edges, so that a probe seldom meets another.
const SLOTS: usize = 1 << 15;

static PLACES: LazyLock<Places> =
    LazyLock::new(|| Places::build(include_str!("../../data/municipalities.tsv")));

/// What an id is called, such as 静岡県駿東郡清水町, or 府中市 when it is not certain which; `None` for 0.
pub fn city_name(city: u16) -> Option<&'static str> {
    PLACES.labels.get(usize::from(city)).map(String::as_str).filter(|_| city != 0)
}

/// Whether two ids can be the same place: no part that both have differs.
pub(super) fn compatible(a: u16, b: u16) -> bool {
    let (Some(a), Some(b)) = (PLACES.places.get(usize::from(a)), PLACES.places.get(usize::from(b))) else {
        return false;
    };
    (a.key == b.key || a.key == ANY || b.key == ANY)
        && (a.ward == b.ward || a.ward == 0 || b.ward == 0)
        && (a.prefecture == b.prefecture || a.prefecture == 0 || b.prefecture == 0)
}

/// Whether the second id only says again what the first says.
pub(super) fn repeats(first: u16, second: u16) -> bool {
    let (Some(a), Some(b)) = (PLACES.places.get(usize::from(first)), PLACES.places.get(usize::from(second)))
    else {
        return false;
    };
    compatible(first, second) && second != 0 && (a.key == b.key || a.ward == b.ward && a.ward != 0)
}

/// The more exact of two compatible ids.
pub(super) fn narrower(a: u16, b: u16) -> u16 {
    let parts = |id: u16| {
        PLACES.places.get(usize::from(id)).map_or(0, |place| {
            u8::from(place.prefecture != 0) + u8::from(place.key != ANY) + u8::from(place.ward != 0)
        })
    };
    if parts(b) > parts(a) { b } else { a }
}

/// Finds prefecture and municipality at the front. Blanks between signs do not count. `city` is 0 when only a
/// prefecture stands there.
pub(super) fn find(signs: &[char]) -> Option<Found> {
    PLACES.find(signs)
}

/// Municipalities of addresses before, by the bytes they were written in: a file holds few, and is sorted by them as a
/// rule. Begins to remember with the second address, so that a form that is read once and kept is as small as it can be;
/// a copy remembers nothing.
#[derive(Default)]
pub(crate) struct Last {
    is_used: bool,
    slots: Vec<Seen>,
}

impl Clone for Last {
    fn clone(&self) -> Last {
        Last::default()
    }
}

/// A municipality that was found, and what is asked about it: all in one line of the cache, since with many municipalities
/// each look-up elsewhere would wait for another.
#[derive(Clone)]
#[repr(align(64))]
struct Seen {
    /// What its address began with, as it was written.
    written: [u8; Seen::BYTES],
    /// How many bytes of `written` are used; 0 if none was found yet.
    length: u8,
    city: City,
    /// The node of the tree at which it ends, if names go on from there.
    inner: Option<u32>,
}

impl Seen {
    /// No municipality with its prefecture has more, but for a few counties' on far islands.
    const BYTES: usize = 40;

    const NOTHING: Seen = Seen {
        written: [0; Seen::BYTES],
        length: 0,
        city: City { id: 0, key: 0, is_kyoto: false },
        inner: None,
    };
}

/// A municipality.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct City {
    /// As in [`super::AddressForm::city`].
    pub id: u16,
    /// As in [`super::AddressForm::city_key`].
    pub key: u16,
    /// Its addresses name streets.
    pub is_kyoto: bool,
}

impl City {
    pub fn of(id: u16) -> City {
        let key = PLACES.keys.get(usize::from(id)).copied().unwrap_or(0);
        let place = PLACES.places.get(usize::from(id)).filter(|_| id != 0);
        City { id, key, is_kyoto: place.is_some_and(|place| place.key == PLACES.kyoto) }
    }
}

impl Last {
    /// Whether anything is remembered, which takes 256 KB.
    #[cfg(test)]
    pub(crate) fn remembers(&self) -> bool {
        !self.slots.is_empty()
    }

    const SLOTS: usize = 1 << 12;

    /// The municipality at the front of a text, if an address began so and the name does not go on, and what is behind it:
    /// only that has to be decoded then.
    pub(super) fn known<'t>(&self, text: &'t str) -> Option<(City, &'t str)> {
        let seen = self.slots.get(slot_of(text)?)?;
        let length = usize::from(seen.length);
        if length == 0 || !text.as_bytes().starts_with(&seen.written[..length]) {
            return None;
        }
        let behind = &text[length..];
        seen.inner.is_none_or(|node| PLACES.ends(node, behind)).then_some((seen.city, behind))
    }

    /// Remembers what was found at the front of a text, if it stands there sign by sign.
    pub(super) fn keep(&mut self, text: &str, signs: &[char], found: Found) {
        if !std::mem::replace(&mut self.is_used, true) {
            return;
        }
        let (Some(slot), Some(node)) = (slot_of(text), found.node) else { return };
        let mut length = 0;
        for (sign, wanted) in text.chars().zip(&signs[..found.length]) {
            if chars::alone(sign) != Some(*wanted) {
                return;
            }
            length += sign.len_utf8();
        }
        if length <= Seen::BYTES {
            self.slots.resize(Last::SLOTS, Seen::NOTHING);
            let seen = &mut self.slots[slot];
            seen.written[..length].copy_from_slice(&text.as_bytes()[..length]);
            (seen.length, seen.city) = (length as u8, City::of(found.city));
            seen.inner = PLACES.nodes[node as usize].goes_on.then_some(node);
        }
    }
}

/// Where the municipality at the front of a text is kept; `None` if it is too short for one, or so long that it is cut. By
/// the first five signs, as kanji have three bytes: most prefectures, and most names of one, differ there, but what is
/// behind a city without prefecture is its towns; and by the sign before 区, where most wards of a city do.
fn slot_of(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let (first, _) = bytes.split_first_chunk::<8>().filter(|_| bytes.len() <= chars::CHARS_MAX)?;
    let (second, _) = bytes[7..].split_first_chunk::<8>()?;
    let stands = |sign: &str, at: usize| bytes.get(at..at + sign.len()) == Some(sign.as_bytes());
    // Of the second word's bytes the ones behind the city are no part of its name.
    let used = if stands("市", 6) {
        2
    } else if stands("市", 9) {
        5
    } else {
        8
    };
    let ward = [21, 24, 27].into_iter().find(|at| stands("区", *at));
    let ward = ward.map_or([0, 0], |at| [bytes[at - 1], bytes[at - 2]]);
    let words = [
        u64::from_le_bytes(*first),
        u64::from_le_bytes(*second) << (64 - 8 * used),
        u64::from(u16::from_le_bytes(ward)),
    ];
    let mixed = words
        .into_iter()
        .fold(0_u64, |mixed, word| (mixed ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(32));
    Some(mixed as usize % Last::SLOTS)
}

impl Places {
    /// See [`find`].
    fn find(&self, signs: &[char]) -> Option<Found> {
        let prefecture = self.prefecture(signs);
        let (from, number) = prefecture.unwrap_or((0, 0));
        let Some((city, length, node)) = self.municipality(&signs[from..], number) else {
            return prefecture.map(|(length, _)| Found { city: 0, length, node: None });
        };
        // Without a prefecture what follows may say that it is only a town (栄町1-2).
        let name = &self.names[usize::from(self.nodes[node as usize].name)];
        let is_certain = number != 0 || !name.is_weak;
        Some(Found { city, length: from + length, node: is_certain.then_some(node) })
    }

    /// Whether a name that ends at this node ends there before this text, too.
    fn ends(&self, node: u32, behind: &str) -> bool {
        let next = behind.chars().next().and_then(chars::alone);
        next.is_some_and(|next| next != ' ' && self.child(node, next).is_none())
    }

    /// Where a prefecture at the front ends, and which.
    fn prefecture(&self, signs: &[char]) -> Option<(usize, u8)> {
        let mut found = None;
        self.walk(signs, |_, node, at| {
            if node.prefecture != 0 {
                found = Some((at, node.prefecture));
            }
        });
        found
    }

    /// The longest name at the front that fits the prefecture: its place, length and node.
    fn municipality(&self, signs: &[char], prefecture: u8) -> Option<(u16, usize, u32)> {
        let mut found = None;
        self.walk(signs, |number, node, length| {
            let Some(name) = self.names.get(usize::from(node.name)).filter(|_| node.name != 0) else {
                return;
            };
            let mut fitting = name
                .ids
                .iter()
                .filter(|id| prefecture == 0 || self.places[usize::from(**id)].prefecture == prefecture);
            let Some(first) = fitting.next() else { return };
            let city = if fitting.next().is_some() { name.any } else { *first };
            // 栄町1-2 is a town somewhere; 栄町安食1-2 is a town in 栄町.
            let is_bare_town = name.is_weak && prefecture == 0 && !leads_to_town(&signs[length..]);
            if !is_bare_town {
                found = Some((city, length, number));
            }
        });
        found
    }

    /// Follows the tree and tells of every node that ends something.
    fn walk(&self, signs: &[char], mut end: impl FnMut(u32, Node, usize)) {
        let mut at = 0;
        for (index, sign) in signs.iter().enumerate() {
            if *sign == ' ' {
                continue;
            }
            let Some(next) = self.child(at, *sign) else { return };
            at = next;
            let node = self.nodes[at as usize];
            if node.prefecture != 0 || node.name != 0 {
                end(at, node, index + 1);
            }
        }
    }

    fn child(&self, node: u32, sign: char) -> Option<u32> {
        let wanted = edge(node, sign);
        let mut slot = slot(wanted);
        loop {
            match self.edges[slot] {
                (_, 0) => return None,
                (key, child) if key == wanted => return Some(child),
                _ => slot = (slot + 1) % SLOTS,
            }
        }
    }

    fn build(table: &str) -> Places {
        let mut places = Places {
            nodes: vec![Node::default()],
            edges: vec![(0, 0); SLOTS],
            // Name 0 and place 0 are nobody's.
            names: vec![Name::default()],
            places: vec![Place { prefecture: 0, key: ANY, ward: 0 }],
            keys: vec![0],
            labels: vec![String::new()],
            kyoto: 0,
        };
        let mut numbers: BTreeMap<Vec<char>, u16> = BTreeMap::new();
        let mut known: BTreeMap<&str, u16> = BTreeMap::new();
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            let mut fields = line.split('\t');
            let [code, prefecture, county, city, ward] = std::array::from_fn(|_| fields.next().unwrap_or(""));
            let number = code.get(..2).and_then(|digits| digits.parse().ok()).unwrap_or(0);
            let node = places.insert(&chars::fold(prefecture));
            places.nodes[node as usize].prefecture = number;
            let mut number_of = |name: &str| {
                let next = numbers.len() as u16 + 1;
                if name.is_empty() { 0 } else { *numbers.entry(chars::fold(name)).or_insert(next) }
            };
            let key = number_of(city);
            // A ward of Tokyo is a municipality, and alone it looks like a ward of a designated city.
            let ward_number = number_of(if city.ends_with('区') { city } else { ward });
            // A code that is there already is another name of the same place: a former ward.
            let is_former = known.contains_key(code);
            let id = *known.entry(code).or_insert_with(|| {
                places.places.push(Place { prefecture: number, key, ward: ward_number });
                places.keys.push(key);
                places.labels.push(format!("{prefecture}{county}{city}{ward}"));
                places.places.len() as u16 - 1
            });
            if city == "京都市" {
                places.kyoto = key;
            }
            let alone = if is_former { "" } else { ward };
            for name in [format!("{county}{city}{ward}"), format!("{city}{ward}"), alone.to_owned()] {
                places.call(&name, id);
            }
        }
        places.settle();
        places
    }

    /// Enters a name of a place.
    fn call(&mut self, name: &str, id: u16) {
        let signs = chars::fold(name);
        if signs.is_empty() {
            return;
        }
        let node = self.insert(&signs) as usize;
        if self.nodes[node].name == 0 {
            self.nodes[node].name = self.names.len() as u16;
            let is_weak = !name.contains(['郡', '島']) && name.ends_with(['町', '村']);
            self.names.push(Name { is_weak, label: name.to_owned(), ..Name::default() });
        }
        let ids = &mut self.names[usize::from(self.nodes[node].name)].ids;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }

    /// Gives every name of several places an id that leaves open which.
    fn settle(&mut self) {
        for name in &mut self.names {
            let mut all = name.ids.iter().map(|id| self.places[usize::from(*id)]);
            let Some(first) = all.next() else { continue };
            let mut shared = first;
            // Hashing has to choose one: a ward of Tokyo is what people mean who leave the city out.
            let mut key = first.key;
            for place in all {
                shared.prefecture = if shared.prefecture == place.prefecture { shared.prefecture } else { 0 };
                shared.key = if shared.key == place.key { shared.key } else { ANY };
                shared.ward = if shared.ward == place.ward { shared.ward } else { 0 };
                key = if place.key == place.ward { place.key } else { key };
            }
            if name.ids.len() == 1 {
                name.any = name.ids[0];
            } else {
                name.any = self.places.len() as u16;
                self.places.push(shared);
                self.keys.push(key);
                self.labels.push(std::mem::take(&mut name.label));
            }
        }
    }

    /// The node of a text, made if need be.
    fn insert(&mut self, signs: &[char]) -> u32 {
        let mut at = 0;
        for sign in signs {
            at = match self.child(at, *sign) {
                Some(child) => child,
                None => {
                    let child = self.nodes.len() as u32;
                    self.nodes.push(Node::default());
                    self.nodes[at as usize].goes_on = true;
                    let key = edge(at, *sign);
                    let mut slot = slot(key);
                    while self.edges[slot].1 != 0 {
                        slot = (slot + 1) % SLOTS;
                    }
                    self.edges[slot] = (key, child);
                    child
                }
            };
        }
        at
    }
}

/// Node and sign in one word: there are fewer than 2^15 nodes, and signs beyond 17 bits, which no municipality's name
/// has, all become the one sign that no name has either.
fn edge(node: u32, sign: char) -> u32 {
    node << 17 | u32::from(sign).min(0x1ffff)
}

fn slot(edge: u32) -> usize {
    // The upper bits of a product with a large odd number are well mixed.
    (edge.wrapping_mul(0x9e37_79b1) >> 17) as usize % SLOTS
}

/// Whether a town's name follows: anything but the end, a number, or a kanji numeral with its unit.
fn leads_to_town(signs: &[char]) -> bool {
    let mut rest = signs.iter().copied().skip_while(|sign| *sign == ' ');
    match rest.next() {
        None | Some('0'..='9' | '-' | ',') => false,
        Some('一' | '二' | '三' | '四' | '五' | '六' | '七' | '八' | '九' | '十') => {
            !matches!(rest.next(), Some('丁' | '番' | '十'))
        }
        Some(_) => true,
    }
}
