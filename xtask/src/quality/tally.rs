//! What became of each true pair, and which links are false: the results of a run held against the truth.
//!
//! Always holds: a person of A who has two rows in B counts as found when either is; a pair is in review when a clerk
//! sees both rows in one case.
//! Not here: tables for people (`page`).
//! Rules come from: the issue on linkage, part E.

use csv::{Reader, ReaderBuilder, StringRecord};
use serde_json::Value;
use std::{
    collections::{BTreeMap, HashMap},
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

/// Of so many pairs what became.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub struct Fate {
    /// True pairs.
    pub pairs: u64,
    /// Linked without anybody's eye.
    pub linked: u64,
    /// Laid before a clerk.
    pub review: u64,
}

impl Fate {
    /// Neither.
    pub fn missed(&self) -> u64 {
        self.pairs - self.linked - self.review
    }

    fn add(&mut self, found: Found) {
        self.pairs += 1;
        self.linked += u64::from(found == Found::Linked);
        self.review += u64::from(found == Found::Review);
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    Linked,
    Review,
    Missed,
}

/// Right and wrong ones.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub struct Links {
    /// All.
    pub all: u64,
    /// Of two people.
    pub wrong: u64,
}

/// A class of noise, as the rosters list it.
#[derive(Clone, Debug)]
pub struct Class {
    /// The stable word.
    pub word: String,
    /// In Japanese.
    pub ja: String,
    /// `notation`, `content` or `neighbour`.
    pub sort: String,
}

/// A false link.
pub struct Wrong {
    /// Keys of A and of B.
    pub keys: (u64, u64),
    /// What was planted there, or what the rows have in common.
    pub kind: String,
    /// Tier, reason, score, levels, as the file has them.
    pub says: String,
}

/// Counts over several runs.
#[derive(Default)]
pub struct Tally {
    /// The classes, in the rosters' order.
    pub classes: Vec<Class>,
    /// All true pairs.
    pub all: Fate,
    /// Those without any noise.
    pub clean: Fate,
    /// By class; a pair with several classes counts in each.
    pub by_class: BTreeMap<String, Fate>,
    /// By sort.
    pub by_sort: BTreeMap<String, Fate>,
    /// By tier.
    pub by_tier: BTreeMap<String, Links>,
    /// By the rule that decided.
    pub by_reason: BTreeMap<String, Links>,
    /// All links.
    pub links: Links,
    /// False ones by what was planted.
    pub wrong_by_kind: BTreeMap<String, u64>,
    /// The first of them.
    pub wrong: Vec<Wrong>,
    /// Rows of A, and how many of them are in review; the same of B.
    pub rows: [(u64, u64); 2],
    /// Cases to review, by cause; and their pairs, true ones among them.
    pub cases: BTreeMap<String, u64>,
    /// Pairs in review, and true ones among them.
    pub review_pairs: (u64, u64),
    /// Missed pairs, by why A's row has no link.
    pub missed_by_cause: BTreeMap<String, u64>,
}

/// False links that are listed.
const WRONG_MAX: usize = 40;

impl Tally {
    /// Adds the run in a folder.
    pub fn add(&mut self, place: &Path) -> io::Result<()> {
        self.read_classes(place)?;
        let truth = Truth::read(place)?;
        let decoys = Decoys::read(place)?;
        self.read_rows(place)?;
        let links = self.links(place, &truth, &decoys)?;
        let review = self.review(place, &truth)?;
        let causes = causes(place)?;
        for group in truth.groups() {
            let a = group[0].0;
            let linked = links.binary_search_by_key(&a, |link| link.0).ok().map(|at| links[at].1);
            let found = if linked.is_some_and(|b| group.iter().any(|pair| pair.1 == b)) {
                Found::Linked
            } else if linked.is_none() && group.iter().any(|pair| review.has(a, pair.1)) {
                Found::Review
            } else {
                Found::Missed
            };
            for pair in group {
                self.count(&truth.noises[pair.2 as usize], found);
                if found == Found::Missed {
                    let cause = causes.binary_search_by_key(&a, |one| one.0).ok().map(|at| &causes[at].1);
                    let none = "-".to_owned();
                    *self.missed_by_cause.entry(cause.unwrap_or(&none).clone()).or_default() += 1;
                }
            }
        }
        Ok(())
    }

    fn count(&mut self, noise: &str, found: Found) {
        self.all.add(found);
        let mut sorts: Vec<&str> = Vec::new();
        for word in noise.split_ascii_whitespace() {
            self.by_class.entry(word.to_owned()).or_default().add(found);
            let sort = self.classes.iter().find(|class| class.word == word).map(|class| class.sort.as_str());
            sorts.extend(sort);
        }
        sorts.sort_unstable();
        sorts.dedup();
        if !sorts.iter().any(|sort| *sort != "neighbour") {
            self.clean.add(found);
        }
        for sort in sorts {
            self.by_sort.entry(sort.to_owned()).or_default().add(found);
        }
    }

    fn read_classes(&mut self, place: &Path) -> io::Result<()> {
        let mut table = Table::open(place.join("classes.csv"), &["class", "ja", "sort"])?;
        self.classes.clear();
        while let Some([word, ja, sort]) = table.next()? {
            self.classes.push(Class { word: word.into(), ja: ja.into(), sort: sort.into() });
        }
        Ok(())
    }

    /// The links by key of A; counts them.
    fn links(&mut self, place: &Path, truth: &Truth, decoys: &Decoys) -> io::Result<Vec<(u64, u64)>> {
        let columns = ["Aキー", "Bキー", "段階", "判定", "点数", "一致の度合い"];
        let mut table = Table::open(place.join("link/links.csv"), &columns)?;
        let mut links = Vec::new();
        while let Some([a, b, tier, reason, score, levels]) = table.next()? {
            let keys = (number(a)?, number(b)?);
            let is_wrong = !truth.has(keys.0, keys.1);
            let by_tier = self.by_tier.entry(tier.to_owned()).or_default();
            let by_reason = self.by_reason.entry(reason.to_owned()).or_default();
            for count in [&mut self.links, by_tier, by_reason] {
                count.all += 1;
                count.wrong += u64::from(is_wrong);
            }
            if is_wrong {
                let kind = decoys.kind(keys);
                *self.wrong_by_kind.entry(kind.to_owned()).or_default() += 1;
                if self.wrong.len() < WRONG_MAX {
                    let says = format!("{tier} {reason} {score} {levels}");
                    self.wrong.push(Wrong { keys, kind: kind.to_owned(), says });
                }
            }
            links.push(keys);
        }
        links.sort_unstable();
        Ok(links)
    }

    /// Who stands in which case; counts cases and rows.
    fn review(&mut self, place: &Path, truth: &Truth) -> io::Result<Review> {
        let mut table =
            Table::open(place.join("link/review.csv"), &["案件", "理由コード", "Aキー", "Bキー"])?;
        let mut review = Review::default();
        let mut last = String::new();
        while let Some([case, cause, a, b]) = table.next()? {
            if case != last {
                *self.cases.entry(cause.to_owned()).or_default() += 1;
                last = case.to_owned();
            }
            let case = number(case)?;
            // The work list is for spreadsheets: a cell can be guarded by an apostrophe.
            let key = |text: &str| number(text.trim_start_matches('\''));
            if !a.is_empty() {
                review.a.push((key(a)?, case));
            }
            if !b.is_empty() {
                review.b.push((key(b)?, case));
            }
            if !a.is_empty() && !b.is_empty() {
                self.review_pairs.0 += 1;
                self.review_pairs.1 += u64::from(truth.has(key(a)?, key(b)?));
            }
        }
        for (place, rows) in [&mut review.a, &mut review.b].into_iter().enumerate() {
            rows.sort_unstable();
            rows.dedup();
            self.rows[place].1 += rows.len() as u64;
        }
        Ok(review)
    }

    /// How many rows there were.
    fn read_rows(&mut self, place: &Path) -> io::Result<()> {
        let text = fs::read_to_string(place.join("link/summary.json"))?;
        let summary: Value = serde_json::from_str(&text).map_err(io::Error::other)?;
        for (rows, side) in self.rows.iter_mut().zip(["a", "b"]) {
            rows.0 += summary[side]["rows"].as_u64().ok_or_else(|| bad("summary.json has no rows"))?;
        }
        Ok(())
    }
}

/// The true pairs, by key of A.
struct Truth {
    /// Keys of A and B, place among the noises.
    pairs: Vec<(u64, u64, u32)>,
    noises: Vec<String>,
}

impl Truth {
    fn read(place: &Path) -> io::Result<Truth> {
        let mut table = Table::open(place.join("truth.csv"), &["a", "b", "noise"])?;
        let mut places: HashMap<String, u32> = HashMap::new();
        let mut truth = Truth { pairs: Vec::new(), noises: Vec::new() };
        while let Some([a, b, noise]) = table.next()? {
            let place = match places.get(noise) {
                Some(place) => *place,
                None => {
                    let place = u32::try_from(truth.noises.len()).map_err(io::Error::other)?;
                    truth.noises.push(noise.to_owned());
                    places.insert(noise.to_owned(), place);
                    place
                }
            };
            truth.pairs.push((number(a)?, number(b)?, place));
        }
        truth.pairs.sort_unstable();
        Ok(truth)
    }

    fn has(&self, a: u64, b: u64) -> bool {
        let at = self.pairs.partition_point(|pair| (pair.0, pair.1) < (a, b));
        self.pairs.get(at).is_some_and(|pair| (pair.0, pair.1) == (a, b))
    }

    /// Pairs that share a row of A.
    fn groups(&self) -> impl Iterator<Item = &[(u64, u64, u32)]> {
        self.pairs.chunk_by(|one, other| one.0 == other.0)
    }
}

/// Planted people who look like one person.
struct Decoys(HashMap<(u64, u64), String>);

impl Decoys {
    fn read(place: &Path) -> io::Result<Decoys> {
        let mut table = Table::open(place.join("decoys.csv"), &["a", "b", "kind"])?;
        let mut decoys = HashMap::new();
        while let Some([a, b, kind]) = table.next()? {
            decoys.insert((number(a)?, number(b)?), kind.to_owned());
        }
        Ok(Decoys(decoys))
    }

    /// What was planted; other people met by chance.
    fn kind(&self, keys: (u64, u64)) -> &str {
        self.0.get(&keys).map_or("by-chance", String::as_str)
    }
}

/// Rows of either side with their cases, sorted.
#[derive(Default)]
struct Review {
    a: Vec<(u64, u64)>,
    b: Vec<(u64, u64)>,
}

impl Review {
    /// Whether both rows stand in one case.
    fn has(&self, a: u64, b: u64) -> bool {
        let case = |rows: &[(u64, u64)], key: u64| {
            rows.binary_search_by_key(&key, |row| row.0).ok().map(|at| rows[at].1)
        };
        case(&self.a, a).is_some_and(|of_a| case(&self.b, b) == Some(of_a))
    }
}

/// Why rows of A have no link, by key.
fn causes(place: &Path) -> io::Result<Vec<(u64, String)>> {
    let mut table = Table::open(place.join("link/unlinked_a.csv"), &["Aキー", "理由コード"])?;
    let mut causes = Vec::new();
    while let Some([a, cause]) = table.next()? {
        causes.push((number(a)?, cause.to_owned()));
    }
    causes.sort_unstable();
    Ok(causes)
}

fn bad(what: impl Into<String>) -> io::Error {
    io::Error::other(what.into())
}

fn number(text: &str) -> io::Result<u64> {
    text.parse().map_err(|_| bad("a key is not a number"))
}

/// Some columns of a CSV file, by their headings, row by row.
pub(super) struct Table<const N: usize> {
    reader: Reader<File>,
    places: [usize; N],
    record: StringRecord,
}

impl<const N: usize> Table<N> {
    pub(super) fn open(path: PathBuf, headings: &[&str; N]) -> io::Result<Table<N>> {
        let named = path.display().to_string();
        let file = File::open(&path).map_err(|e| bad(format!("{named}: {e}")))?;
        let mut reader = ReaderBuilder::new().buffer_capacity(1 << 18).from_reader(file);
        let header = reader.headers().map_err(io::Error::other)?.clone();
        let mut places = [0; N];
        for (place, heading) in places.iter_mut().zip(headings) {
            let found = header.iter().position(|known| known.trim_start_matches('\u{feff}') == *heading);
            *place = found.ok_or_else(|| bad(format!("{named} has no column {heading}")))?;
        }
        Ok(Table { reader, places, record: StringRecord::new() })
    }

    pub(super) fn next(&mut self) -> io::Result<Option<[&str; N]>> {
        if !self.reader.read_record(&mut self.record).map_err(io::Error::other)? {
            return Ok(None);
        }
        Ok(Some(self.places.map(|place| self.record.get(place).unwrap_or_default())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A run of five true pairs: one linked, one linked to a twin, one in review, one of two rows, one missed.
    fn folder() -> tempfile::TempDir {
        let dir = tempfile::tempdir().expect("a folder");
        let put = |name: &str, text: &str| fs::write(dir.path().join(name), text).expect("a file");
        fs::create_dir(dir.path().join("link")).expect("a folder");
        put("classes.csv", "class,ja,sort\nivs,IVS,notation\nmoved,転居,content\ntwin,双子,neighbour\n");
        put(
            "truth.csv",
            "a,b,noise\n01,101,\n2,102,twin\n3,103,moved ivs\n4,104,ivs\n4,114,ivs\n5,105,moved\n",
        );
        put("decoys.csv", "a,b,kind\n2,112,twin\n");
        let head = "\u{feff}Aキー,Bキー,段階,判定,点数,一致の度合い\n";
        put(
            "link/links.csv",
            &format!("{head}1,101,E1,R1,30.00,N1\n2,112,S,R2,20.00,N9\n4,114,E2,R1,30.00,N1\n"),
        );
        put("link/review.csv", "案件,理由コード,Aキー,Bキー\n1,C1,'3,103\n2,C3,9,\n2,C3,,105\n");
        put("link/unlinked_a.csv", "Aキー,理由コード\n5,C6\n");
        put("link/summary.json", r#"{"a": {"rows": 6}, "b": {"rows": 9}}"#);
        dir
    }

    #[test]
    fn a_run_is_held_against_the_truth() {
        let dir = folder();
        let mut tally = Tally::default();
        tally.add(dir.path()).expect("counted");
        assert_eq!(tally.all, Fate { pairs: 6, linked: 3, review: 1 });
        assert_eq!(tally.clean, Fate { pairs: 2, linked: 1, review: 0 });
        assert_eq!(tally.by_class["ivs"], Fate { pairs: 3, linked: 2, review: 1 });
        assert_eq!(tally.by_class["moved"].missed(), 1);
        assert_eq!(tally.by_sort["content"], Fate { pairs: 2, linked: 0, review: 1 });
        assert_eq!(tally.links, Links { all: 3, wrong: 1 });
        assert_eq!(tally.by_tier["S"], Links { all: 1, wrong: 1 });
        assert_eq!(tally.by_reason["R1"], Links { all: 2, wrong: 0 });
        assert_eq!((tally.wrong[0].keys, tally.wrong[0].kind.as_str()), ((2, 112), "twin"));
        assert_eq!(tally.rows, [(6, 2), (9, 2)]);
        assert_eq!((tally.review_pairs, tally.cases["C3"]), ((1, 1), 1));
        assert_eq!(tally.missed_by_cause, BTreeMap::from([("-".into(), 1), ("C6".into(), 1)]));
    }

    #[test]
    fn rows_of_two_cases_are_not_in_review_together() {
        let review = Review { a: vec![(1, 7), (2, 8)], b: vec![(5, 7), (6, 9)] };
        assert!(review.has(1, 5) && !review.has(2, 6) && !review.has(2, 5) && !review.has(3, 5));
    }
}
