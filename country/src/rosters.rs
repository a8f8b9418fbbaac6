//! Two rosters of overlapping sets of invented people, with the truth about who is who: what a matcher is measured on.
//! A is a print file as the register has people, B a roster as an insurer has them; what differs is noted pair by pair.
//!
//! Always holds: nobody in it is real. The same wish gives the same bytes on any machine and any number of threads: blocks
//! of a thousand people know nothing of one another. Sizes come out exactly as wished. No table of the matcher is read.
//! Not here: files and threads' number (`app`), what a matcher makes of it (`linkage`).
//! Rules come from: the issue on linkage, part E; the reference on matching, section 1.

mod address;
mod decoys;
mod noise;
mod spelling;
mod tables;
#[cfg(test)]
mod tests;

pub use noise::{Class, Classes, Kind, Noise, Sort};

use crate::nation::{
    Nation, Number, Plan,
    dice::{Dice, stir},
    institutions::Institutions,
    lanes,
    person::Known,
    places::{self, Home},
    plan::BLOCK,
    words::{self, Foreigner, Word},
};
use base::Date;
use noise::{Scene, Sheet};
use std::fmt::Write as _;

/// What is wished for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    /// The seed. 1 to 9 are for tuning; what is published is measured on 101 and later.
    pub seed: u64,
    /// The day as of which people have their ages.
    pub day: Date,
    /// Rows of A.
    pub rows_a: u32,
    /// Rows of B.
    pub rows_b: u32,
    /// People who are in both.
    pub both: u32,
    /// How much they differ.
    pub noise: Noise,
}

/// B comes in so many parts, as if as many branches had sent theirs: one after the other they are the whole file. So its
/// order is not that of A, though nobody has to hold it in memory to shuffle it.
pub const PARTS: usize = 32;

/// The first line of A.
pub const HEADER_A: &str =
    "整理番号,氏名,氏名カナ,生年月日,性別,市区町村コード,郵便番号,住所,方書,通称,旧氏\n";
/// The first line of B.
pub const HEADER_B: &str = "被保険者番号,カナ氏名,氏名,性別,生年月日,郵便番号,住所,方書,通称,旧氏\n";
/// The first line of the truth: a key of A, one of B, and the classes of noise with blanks between them.
pub const HEADER_TRUTH: &str = "a,b,noise\n";
/// The first line of the list of people who look like one person and are not.
pub const HEADER_DECOYS: &str = "a,b,kind\n";

/// What a block gives.
#[derive(Default, PartialEq, Eq)]
pub struct Chunk {
    /// Lines of A.
    pub a: String,
    /// Lines of each part of B.
    pub b: [String; PARTS],
    /// Lines of the truth.
    pub truth: String,
    /// Lines of people who are alike.
    pub decoys: String,
}

/// Somebody, as the register knows them.
#[derive(Clone)]
struct Somebody {
    number: Number,
    is_female: bool,
    birth: Date,
    known: Known,
    surname: Word,
    given: Word,
    /// The surname before marriage, where it is on the register (旧氏).
    former: Option<Word>,
    foreign: Option<Foreigner>,
    household: usize,
    /// Has a character outside JIS X 0208.
    is_wide: bool,
    /// In which files.
    is_in: [bool; 2],
    /// Who else there is.
    marks: Classes,
    /// The insurer has no reading, whatever chance says.
    lacks_kana: bool,
    /// Is a second row of somebody: their place.
    again: Option<usize>,
}

impl Somebody {
    /// `YYYYMMDD`, with zeros where unknown.
    fn birth_number(&self) -> i64 {
        let number = self.birth.as_number();
        match self.known {
            Known::Day => number,
            Known::Month => number / 100 * 100,
            Known::Year => number / 10_000 * 10_000,
        }
    }
}

/// A household: where the two files think that it lives.
struct House {
    home: Home,
    /// The other home, and which file has it.
    other: Option<(Home, usize)>,
}

impl House {
    /// The home in a file.
    fn home(&self, file: usize) -> &Home {
        match &self.other {
            Some((other, has_other)) if *has_other == file => other,
            _ => &self.home,
        }
    }
}

/// Two rosters to be.
pub struct Rosters {
    wish: Wish,
    nation: Nation,
}

impl Rosters {
    /// Gets ready. Nothing when more are wished for in both than in one.
    pub fn new(wish: Wish) -> Option<Rosters> {
        let people = wish.rows_a.checked_add(wish.rows_b)?.checked_sub(wish.both)?;
        if wish.both > wish.rows_a.min(wish.rows_b) {
            return None;
        }
        // The invented city has no place in a file that a matcher reads with a list of municipalities; mistakes of filings
        // have no place either. Institutions are asked for employers only.
        let plan = Plan { midori: 0, mistakes: 0, ..Plan::new(wish.seed, people, wish.day) };
        let institutions = Institutions::new(plan.seed, plan.base, 0);
        Some(Rosters { wish, nation: Nation { plan, institutions } })
    }

    /// Makes all blocks and hands them over in order. `take` says whether to go on.
    pub fn in_order(&self, threads: usize, take: impl FnMut(u32, Chunk) -> bool) {
        lanes(0..self.blocks(), threads, |block| self.chunk(block), take);
    }

    /// How many blocks there are.
    pub fn blocks(&self) -> u32 {
        self.nation.plan.blocks()
    }

    fn dice(&self, tags: &[u64]) -> Dice {
        Dice::new(self.wish.seed ^ 0x726f_7374, tags)
    }

    /// Makes a block.
    pub fn chunk(&self, number: u32) -> Chunk {
        let mut dice = self.dice(&[0x626c_6f63, u64::from(number)]);
        let (mut people, mut houses) = self.people(number);
        self.share_out(&mut dice, number, &mut people);
        if self.wish.noise != Noise::None {
            for house in &mut houses {
                if dice.per_million(u64::from(Class::Moved.kind().per_million)) {
                    house.other =
                        Some((noise::elsewhere(&mut dice, &house.home), usize::from(dice.percent(85))));
                }
            }
        }
        let pairs = match self.wish.noise {
            Noise::None => Vec::new(),
            _ => decoys::plant(&mut dice, &mut people, &mut houses),
        };
        decoys::mark_kin(&mut people);
        // After kin were named: no two children of a house are called by one name in two spellings.
        people.iter_mut().for_each(|person| self.widen(number, person));
        let mut chunk = Chunk::default();
        for at in 0..people.len() {
            self.write(&people, at, &houses, &mut chunk);
        }
        for decoys::Decoy { one, other, class } in pairs {
            for (a, b) in [(one, other), (other, one)] {
                let (a, b) = (&people[a], &people[b]);
                if a.is_in[0] && b.is_in[1] {
                    let _ =
                        writeln!(chunk.decoys, "{},{},{}", self.key_a(a), self.key_b(b), class.kind().word);
                }
            }
        }
        chunk
    }

    /// The block's people and households.
    fn people(&self, number: u32) -> (Vec<Somebody>, Vec<House>) {
        let block = self.nation.founded(number);
        let houses = block.households.into_iter().map(|one| House { home: one.home, other: None }).collect();
        let people = block.people.into_iter().map(|person| {
            let former = Some(person.birth_surname).filter(|former| {
                person.keeps_former && *former != person.surname && person.foreign.is_none()
            });
            Somebody {
                number: person.number,
                is_female: person.is_female,
                birth: person.birth,
                known: person.known,
                surname: person.surname,
                given: person.given,
                former,
                foreign: person.foreign,
                household: usize::from(person.household),
                is_wide: false,
                is_in: [false; 2],
                marks: Classes::default(),
                lacks_kana: false,
                again: None,
            }
        });
        (people.collect(), houses)
    }

    /// Some families write their name with a character that is no common form, and some given names have one.
    fn widen(&self, block: u32, person: &mut Somebody) {
        const FAMILIES: u64 = 60;
        const GIVEN: u64 = 15;
        if person.foreign.is_some() {
            return;
        }
        let tags = [0x7769_6465, u64::from(block), person.household as u64];
        let mut dice = self.dice(&tags);
        if dice.per_mille(FAMILIES)
            && let Some(made) = words::variant(&mut dice, &person.surname.written)
        {
            person.surname.written = made;
            person.is_wide = true;
        }
        let mut dice = self.dice(&[0x6769_7665, person.number.0]);
        if dice.per_mille(GIVEN)
            && let Some(made) = words::variant(&mut dice, &person.given.written)
        {
            person.given.written = made;
            person.is_wide = true;
        }
    }

    /// Decides who is in which file: the block's share of each number, so that all blocks together have exactly what is
    /// wished.
    fn share_out(&self, dice: &mut Dice, block: u32, people: &mut [Somebody]) {
        let part = |of: u64, count: u32, whole: u32| of * u64::from(count) / u64::from(whole.max(1));
        let wish = &self.wish;
        // Of the people so far those in A, and of these those in both: either grows with the blocks by no more than what
        // it is a part of.
        let in_a = |people: u64| part(people, wish.rows_a, self.nation.plan.people);
        let in_both = |people: u64| part(in_a(people), wish.both, wish.rows_a);
        let before = u64::from(block) * u64::from(BLOCK);
        let behind = before + people.len() as u64;
        let in_a_here = (in_a(behind) - in_a(before)) as usize;
        let in_both_here = (in_both(behind) - in_both(before)) as usize;
        let mut order: Vec<usize> = (0..people.len()).collect();
        for at in (1..order.len()).rev() {
            order.swap(at, dice.below(at as u64 + 1) as usize);
        }
        for (rank, who) in order.into_iter().enumerate() {
            people[who].is_in = [rank < in_a_here, rank < in_both_here || rank >= in_a_here];
        }
    }

    /// Writes somebody's lines.
    fn write(&self, people: &[Somebody], at: usize, houses: &[House], chunk: &mut Chunk) {
        let person = &people[at];
        // A second row has the first one's facts.
        let facts = person.again.map_or(person, |first| &people[first]);
        let house = &houses[facts.household];
        let mut dice = self.dice(&[0x7061_6972, person.number.0]);
        let scene = Scene {
            person: facts,
            homes: [house.home(0), house.home(1)],
            day: self.wish.day,
            noise: self.wish.noise,
        };
        let (sheets, [mut of_a, of_b]) = noise::copies(&mut dice, &scene);
        if let Some(first) = person.again {
            // A's row is the first one's, with whatever is particular about that.
            let mut dice = self.dice(&[0x7061_6972, people[first].number.0]);
            [of_a, _] = noise::copies(&mut dice, &scene).1;
        }
        let classes = of_a.and(of_b).and(facts.marks);
        if person.is_in[0] {
            self.write_a(person, &sheets[0], &mut chunk.a);
        }
        if person.is_in[1] {
            let part = stir(person.number.0 ^ self.wish.seed) as usize % PARTS;
            self.write_b(person, &sheets[1], &mut chunk.b[part]);
        }
        let owner = person.again.map_or(person, |first| &people[first]);
        if owner.is_in[0] && person.is_in[1] {
            let words: Vec<&str> = classes.iter().map(|class| class.kind().word).collect();
            let line = format!("{},{},{}\n", self.key_a(owner), self.key_b(person), words.join(" "));
            chunk.truth.push_str(&line);
        }
    }

    fn write_a(&self, person: &Somebody, sheet: &Sheet, out: &mut String) {
        let code = places::municipalities()[sheet.municipality].code6();
        line(
            out,
            &[
                &self.key_a(person),
                &sheet.name,
                &sheet.kana,
                &sheet.birth(),
                sheet.sex,
                &code,
                &sheet.postcode,
                &sheet.place(),
                sheet.building(),
                &sheet.alias,
                &sheet.former,
            ],
        );
    }

    fn write_b(&self, person: &Somebody, sheet: &Sheet, out: &mut String) {
        line(
            out,
            &[
                &self.key_b(person),
                &sheet.kana,
                &sheet.name,
                sheet.sex,
                &sheet.birth(),
                &sheet.postcode,
                &sheet.place(),
                sheet.building(),
                &sheet.alias,
                &sheet.former,
            ],
        );
    }

    /// A's key: ten digits, in no order that tells anything.
    fn key_a(&self, person: &Somebody) -> String {
        // Prime to 2 and 5, of which the count is made.
        format!("{:010}", scattered(person.number.0, 6_180_339_887, 10_000_000_000, stir(self.wish.seed)))
    }

    /// B's key: eleven digits.
    fn key_b(&self, person: &Somebody) -> String {
        format!("{:011}", scattered(person.number.0, 27_182_818_283, 100_000_000_000, stir(!self.wish.seed)))
    }
}

/// A place among `count` numbers, another for each number below it: `step` is prime to `count`.
fn scattered(number: u64, step: u64, count: u64, offset: u64) -> u64 {
    ((u128::from(number % count) * u128::from(step) + u128::from(offset % count)) % u128::from(count)) as u64
}

/// Writes a line of a CSV file; a cell with a comma or a quote is quoted.
fn line(out: &mut String, cells: &[&str]) {
    for (at, cell) in cells.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        if cell.contains([',', '"', '\n']) {
            out.push('"');
            out.push_str(&cell.replace('"', "\"\""));
            out.push('"');
        } else {
            out.push_str(cell);
        }
    }
    out.push('\n');
}

/// The spec by which the matcher reads both files.
pub const SPEC: &str = include_str!("rosters/spec.toml");

/// The list of classes, as CSV: word, Japanese name, sort, how many in a million, of whom.
pub fn classes_csv() -> String {
    let mut out = "class,ja,sort,per_million,of\n".to_owned();
    for class in Class::ALL {
        let Kind { word, ja, sort, per_million, of } = class.kind();
        let sort = match sort {
            Sort::Notation => "notation",
            Sort::Content => "content",
            Sort::Neighbour => "neighbour",
        };
        line(&mut out, &[word, ja, sort, &per_million.to_string(), of]);
    }
    out
}
