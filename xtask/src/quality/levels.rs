//! What levels weigh: how often each is met among true pairs (m) and among random ones (u), by the matcher's own
//! comparison.
//!
//! Always holds: every true pair counts, those too that the matcher never compared; random pairs are drawn from a seed.
//! Not here: the weights themselves, which are fixed by hand for each release (`linkage`).
//! Rules come from: the reference on matching, section 4.4.

use super::tally::Table;
use linkage::{AddressLevel, BirthLevel, Form, KanaLevel, Levels, NameLevel, SexLevel, Texts};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fmt::Write as _,
    io,
    path::Path,
};

/// Random pairs of each two rosters. A level of one random pair in a million is met twenty times.
const RANDOM: u64 = 20_000_000;

/// Counts of levels.
#[derive(Default)]
pub struct Shares {
    m: BTreeMap<&'static str, u64>,
    u: BTreeMap<&'static str, u64>,
    pairs: u64,
    random: u64,
}

/// Forms by key.
struct Side {
    places: HashMap<String, usize>,
    forms: Vec<Form>,
}

impl Side {
    fn read(path: std::path::PathBuf, key: &str, kana: &str) -> io::Result<Side> {
        let headings = [key, "氏名", "通称", "旧氏", kana, "生年月日", "性別", "住所", "方書"];
        let mut table = Table::open(path, &headings)?;
        let mut side = Side { places: HashMap::new(), forms: Vec::new() };
        while let Some([key, name, alias, former, kana, birth, sex, place, building]) = table.next()? {
            let texts = Texts {
                names: [name, alias, former].map(str::to_owned).to_vec(),
                kana: kana.to_owned(),
                birth: birth.to_owned(),
                sex: sex.to_owned(),
                address: format!("{place}\u{3000}{building}").trim_end_matches('\u{3000}').to_owned(),
                strong: String::new(),
            };
            side.places.insert(key.to_owned(), side.forms.len());
            side.forms.push(Form::of(&texts));
        }
        Ok(side)
    }
}

fn codes(levels: &Levels) -> [&'static str; 5] {
    [levels.name.code(), levels.kana.code(), levels.birth.code(), levels.sex.code(), levels.address.code()]
}

impl Shares {
    /// Adds the rosters in a folder.
    pub fn add(&mut self, place: &Path, seed: u64) -> io::Result<()> {
        let a = Side::read(place.join("a.csv"), "整理番号", "氏名カナ")?;
        let b = Side::read(place.join("b.csv"), "被保険者番号", "カナ氏名")?;
        let mut truth = Table::open(place.join("truth.csv"), &["a", "b"])?;
        let mut same = HashSet::new();
        while let Some([one, other]) = truth.next()? {
            let (Some(one), Some(other)) = (a.places.get(one), b.places.get(other)) else { continue };
            same.insert((*one, *other));
            self.pairs += 1;
            for code in codes(&a.forms[*one].compare(&b.forms[*other])) {
                *self.m.entry(code).or_default() += 1;
            }
        }
        if a.forms.is_empty() || b.forms.is_empty() {
            return Ok(());
        }
        let mut state = seed;
        for _ in 0..RANDOM {
            let one = draw(&mut state, a.forms.len());
            let other = draw(&mut state, b.forms.len());
            // By chance it is a true pair once in so many rows: with the rarest levels that would count.
            if same.contains(&(one, other)) {
                continue;
            }
            self.random += 1;
            for code in codes(&a.forms[one].compare(&b.forms[other])) {
                *self.u.entry(code).or_default() += 1;
            }
        }
        Ok(())
    }

    /// As a table.
    pub fn table(&self) -> String {
        let mut out = format!(
            "\n真の組 {} と無作為の組 {} での各段階の割合:\n\n| 段階 | | 真の組 m | 無作為の組 u | log₂(m/u) |\n|---|---|---:|---:|---:|\n",
            self.pairs, self.random
        );
        for (code, ja) in all_levels() {
            let share = |counts: &BTreeMap<&str, u64>, of: u64| {
                counts.get(code).copied().unwrap_or(0) as f64 / of.max(1) as f64
            };
            let (m, u) = (share(&self.m, self.pairs), share(&self.u, self.random));
            let bits = if m > 0.0 && u > 0.0 { format!("{:.2}", (m / u).log2()) } else { "—".to_owned() };
            let _ = writeln!(out, "| {code} | {ja} | {m:.7} | {u:.8} | {bits} |");
        }
        out
    }
}

/// Codes and words of all levels.
fn all_levels() -> Vec<(&'static str, &'static str)> {
    let mut all: Vec<(&str, &str)> = NameLevel::ALL.iter().map(|level| (level.code(), level.ja())).collect();
    all.extend(KanaLevel::ALL.iter().map(|level| (level.code(), level.ja())));
    all.extend(BirthLevel::ALL.iter().map(|level| (level.code(), level.ja())));
    all.extend(SexLevel::ALL.iter().map(|level| (level.code(), level.ja())));
    all.extend(AddressLevel::ALL.iter().map(|level| (level.code(), level.ja())));
    all
}

/// SplitMix64.
fn draw(state: &mut u64, below: usize) -> usize {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut x = *state;
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^= x >> 31;
    ((u128::from(x) * below as u128) >> 64) as usize
}
