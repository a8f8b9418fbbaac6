//! Published totals of Japan (公表値), to compare the invented nation with.
//!
//! Always holds: each figure has its source, its day and how sure it is; none decides anything: the nation is made
//! without them. They are facts about all together and say nothing about anybody.
//! Not here: how likely what is in the invented nation (`tables`), comparing (`figures`).
//! Rules come from: the sources named in country/data/published-*.tsv.

use std::fmt::Write;

/// The files, with their figures in the order of tables.
const FILES: [&str; 2] =
    [include_str!("../../data/published-people.tsv"), include_str!("../../data/published-offices.tsv")];

/// How sure a figure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sure {
    /// Found so in the source, or in a report of it.
    Seen,
    /// From the project's reference on the field, which names its own sources.
    Field,
    /// Widely published and written from knowledge; its sums agree.
    Recalled,
    /// Rounded.
    Approximate,
}

impl Sure {
    fn parse(word: &str) -> Option<Sure> {
        Some(match word {
            "seen" => Sure::Seen,
            "field" => Sure::Field,
            "recalled" => Sure::Recalled,
            "approximate" => Sure::Approximate,
            _ => return None,
        })
    }
}

/// A published figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figure {
    /// What is counted: `men`, `women` (by five years of age), `age3`, `size`, `household`, `surname`, `year`,
    /// `residents`, `insured`, `insurers` (both by the words of [`base::Scheme`]), `facility`, `card`.
    pub what: &'static str,
    /// Of which kind, such as the lowest age of a group.
    pub key: &'static str,
    /// How many.
    pub value: i64,
    /// `count`, `thousand`, `permille` or `per-10000`.
    pub unit: &'static str,
    /// The day, month or year.
    pub as_of: &'static str,
    /// How sure.
    pub sure: Sure,
    /// Who published it.
    pub source: &'static str,
}

/// All published figures.
#[derive(Clone, Debug)]
pub struct Published {
    figures: Vec<Figure>,
}

impl Published {
    /// The figures of Japan.
    pub fn of_japan() -> Published {
        let lines = FILES.iter().flat_map(|file| file.lines());
        // Every line is read by a test; a line that cannot be read would be missing there.
        Published { figures: lines.filter_map(figure).collect() }
    }

    /// All of them.
    pub fn all(&self) -> &[Figure] {
        &self.figures
    }

    /// The figures of what is counted, in the order of tables.
    pub fn of(&self, what: &str) -> Vec<&Figure> {
        self.figures.iter().filter(|figure| figure.what == what).collect()
    }

    /// One figure's value.
    pub fn value(&self, what: &str, key: &str) -> Option<i64> {
        self.figures.iter().find(|figure| figure.what == what && figure.key == key).map(|figure| figure.value)
    }

    /// The share that each kind has of all together, in hundredths of a percent. Surnames, of which only the most frequent
    /// are told, are shares already.
    pub fn shares(&self, what: &str) -> Vec<(&'static str, i64)> {
        let found = self.of(what);
        let total: i64 = match what {
            "surname" => 10_000,
            _ => found.iter().map(|figure| figure.value).sum(),
        };
        found.iter().map(|figure| (figure.key, share(figure.value, total))).collect()
    }

    /// Where the figures of these come from, for a line below a chart or table: each source once.
    pub fn sources(&self, whats: &[&str]) -> String {
        let mut text = String::new();
        for figure in self.figures.iter().filter(|figure| whats.contains(&figure.what)) {
            if !text.contains(figure.source) {
                let between = if text.is_empty() { "" } else { "、" };
                let _ = write!(text, "{between}{}", figure.source); // writing to a String cannot fail
            }
        }
        text
    }
}

/// A part's share of a whole in hundredths of a percent, rounded; of nothing it is nothing.
pub fn share(part: i64, whole: i64) -> i64 {
    if whole <= 0 {
        return 0;
    }
    let doubled = i128::from(part) * 20_000 + i128::from(whole);
    i64::try_from(doubled / (2 * i128::from(whole))).unwrap_or(0)
}

fn figure(line: &'static str) -> Option<Figure> {
    let mut cells = line.split('\t');
    let (what, key) = (cells.next()?, cells.next()?);
    let value = cells.next()?.parse().ok()?;
    let (unit, as_of) = (cells.next()?, cells.next()?);
    let sure = Sure::parse(cells.next()?)?;
    Some(Figure { what, key, value, unit, as_of, sure, source: cells.next()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_figure_with_a_source() {
        let lines = FILES.iter().flat_map(|file| file.lines()).filter(|line| !line.starts_with('#'));
        let published = Published::of_japan();
        assert_eq!(lines.count(), published.all().len());
        for figure in published.all() {
            assert!(!figure.source.is_empty() && figure.as_of.starts_with("20"), "{figure:?}");
            assert!(["count", "thousand", "permille", "per-10000"].contains(&figure.unit), "{figure:?}");
            let same = |other: &&Figure| (other.what, other.key) == (figure.what, figure.key);
            assert_eq!(published.all().iter().filter(same).count(), 1, "{figure:?} stands once");
        }
    }

    #[test]
    fn sums_agree_with_the_published_sums() {
        let published = Published::of_japan();
        let sum = |what| published.of(what).iter().map(|figure| figure.value).sum::<i64>();
        // 60,758 and 64,189 thousand; each group is rounded for itself.
        assert!((sum("men") - 60_758).abs() <= 10 && (sum("women") - 64_189).abs() <= 10);
        assert!((sum("age3") - 123_802).abs() <= 2);
        assert_eq!((sum("size"), sum("household")), (1_000, 1_000));
        // 2.21 people a household; those of seven and more have 7.2 or so.
        let people: i64 =
            published.of("size").iter().map(|size| size.value * size.key.parse::<i64>().unwrap()).sum();
        assert!((2_190..=2_220).contains(&people), "{people}");
        // Nearly everybody is insured once.
        assert!((124_000..=126_500).contains(&sum("insured")), "{}", sum("insured"));
        assert_eq!(sum("facility"), 229_717);
        assert_eq!(published.of("surname").len(), 20);
        for what in ["insured", "insurers"] {
            for figure in published.of(what) {
                assert!(base::Scheme::ALL.iter().any(|scheme| scheme.word() == figure.key), "{figure:?}");
            }
        }
    }

    #[test]
    fn shares_are_rounded_hundredths_of_a_percent() {
        assert_eq!(
            [share(1, 3), share(2, 3), share(5, 0), share(0, 9), share(9, 9)],
            [3333, 6667, 0, 0, 10_000]
        );
        assert_eq!(Published::of_japan().shares("surname")[0], ("佐藤", 153));
    }
}
