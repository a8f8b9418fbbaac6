//! The invented nation beside what is published: shares, and rates of a year.
//!
//! Always holds: a number is an integer in hundredths of its unit.
//! Not here: drawing (`draw`).
//! Rules come from: the issue, part D.

use super::{Figures, Household};
use crate::nation::published::{Published, share};
use base::Scheme;

/// One line of the comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// The group that it belongs to, with the word of the published figures.
    pub what: &'static str,
    /// Its name, Japanese.
    pub ja: String,
    /// Its name, English.
    pub en: String,
    /// `%`, or `‰` for what happens in a year.
    pub unit: &'static str,
    /// The invented nation's, in hundredths of the unit.
    pub invented: i64,
    /// The published one.
    pub published: Option<i64>,
}

impl Comparison {
    /// By how much the invented one is higher, in hundredths of the unit.
    pub fn difference(&self) -> Option<i64> {
        self.published.map(|published| self.invented - published)
    }
}

/// Everything that can be compared, group by group.
pub fn compare(figures: &Figures, published: &Published) -> Vec<Comparison> {
    let of = Of { figures, published };
    let mut lines = of.ages();
    lines.extend(of.sizes());
    lines.extend(of.households());
    lines.extend(of.insured());
    lines.extend(of.insurers());
    lines.extend(of.surnames());
    lines.extend(of.facilities());
    lines.extend(of.cards());
    lines.extend(of.year());
    lines
}

struct Of<'o> {
    figures: &'o Figures,
    published: &'o Published,
}

impl Of<'_> {
    fn line(&self, what: &'static str, key: &str, names: (&str, &str), part: u64, whole: u64) -> Comparison {
        let shares = self.published.shares(what);
        Comparison {
            what,
            ja: names.0.to_owned(),
            en: names.1.to_owned(),
            unit: "%",
            invented: share(signed(part), signed(whole)),
            published: shares.iter().find(|(known, _)| *known == key).map(|(_, share)| *share),
        }
    }

    fn ages(&self) -> Vec<Comparison> {
        let people = self.figures.people();
        let both = |bands: std::ops::Range<usize>| -> u64 {
            self.figures.ages.iter().flat_map(|sex| &sex[bands.clone()]).sum()
        };
        let women: u64 = self.figures.ages[1].iter().sum();
        let all = self.published.of("women").iter().map(|figure| figure.value).sum::<i64>();
        let men = self.published.of("men").iter().map(|figure| figure.value).sum::<i64>();
        let mut lines = vec![
            self.line("age3", "0", ("15歳未満", "Under 15"), both(0..3), people),
            self.line("age3", "15", ("15〜64歳", "15 to 64"), both(3..13), people),
            self.line("age3", "65", ("65歳以上", "65 and over"), both(13..21), people),
            self.line("women", "", ("女性", "Women"), women, people),
            self.line("residents", "", ("外国人住民", "Foreign residents"), self.figures.foreign, people),
        ];
        lines[3].published = Some(share(all, all + men));
        let resident = |key| self.published.value("residents", key).unwrap_or(0);
        lines[4].published = Some(share(resident("foreign"), resident("all")));
        lines
    }

    fn sizes(&self) -> Vec<Comparison> {
        let whole = self.figures.sizes.iter().sum();
        let line = |(place, count): (usize, &u64)| {
            let size = place + 1;
            let (ja, en) = match size {
                1 => ("1人世帯".to_owned(), "1 person".to_owned()),
                7 => ("7人以上の世帯".to_owned(), "7 people and more".to_owned()),
                _ => (format!("{size}人世帯"), format!("{size} people")),
            };
            self.line("size", &size.to_string(), (&ja, &en), *count, whole)
        };
        self.figures.sizes.iter().enumerate().map(line).collect()
    }

    fn households(&self) -> Vec<Comparison> {
        let counts = &self.figures.households;
        let whole = counts.values().sum();
        let line = |kind: Household| {
            let names = match kind {
                Household::Single => ("単独世帯", "One person"),
                Household::Couple => ("夫婦のみの世帯", "Couple alone"),
                Household::CoupleChildren => ("夫婦と子の世帯", "Couple with children"),
                Household::LoneParent => ("ひとり親と子の世帯", "One parent with children"),
                Household::Other => ("その他の世帯", "Other"),
            };
            let count = counts.get(&kind).copied().unwrap_or(0);
            self.line("household", kind.word(), names, count, whole)
        };
        Household::ALL.into_iter().map(line).collect()
    }

    fn insured(&self) -> Vec<Comparison> {
        self.schemes("insured", &self.figures.insured)
    }

    fn insurers(&self) -> Vec<Comparison> {
        self.schemes("insurers", &self.figures.insurers)
    }

    fn schemes(
        &self,
        what: &'static str,
        counts: &std::collections::BTreeMap<Scheme, u64>,
    ) -> Vec<Comparison> {
        let whole = counts.values().sum();
        let known =
            Scheme::ALL.into_iter().filter(|scheme| *scheme != Scheme::Other || counts.contains_key(scheme));
        let line = |scheme: Scheme| {
            let count = counts.get(&scheme).copied().unwrap_or(0);
            self.line(what, scheme.word(), scheme.names(), count, whole)
        };
        known.map(line).collect()
    }

    fn surnames(&self) -> Vec<Comparison> {
        let whole = self.figures.surnames.values().sum();
        let line = |key: &'static str| {
            let count = self.figures.surnames.get(key).copied().unwrap_or(0);
            self.line("surname", key, (key, key), count, whole)
        };
        self.published.of("surname").iter().map(|figure| line(figure.key)).collect()
    }

    fn facilities(&self) -> Vec<Comparison> {
        let counts = &self.figures.facilities;
        let whole = counts.values().sum();
        let kinds = [
            ("hospital", ("病院", "Hospitals")),
            ("clinic", ("診療所", "Clinics")),
            ("dental", ("歯科", "Dental clinics")),
            ("pharmacy", ("薬局", "Pharmacies")),
        ];
        let line =
            |(key, names)| self.line("facility", key, names, counts.get(key).copied().unwrap_or(0), whole);
        kinds.into_iter().map(line).collect()
    }

    fn cards(&self) -> Vec<Comparison> {
        let card = |key| self.published.value("card", key).unwrap_or(0);
        let figures = self.figures;
        let holders = ("カード保有者（人口比）", "Card holders (of all people)");
        let enrolled = ("利用登録者（保有者比）", "Enrolled (of card holders)");
        let mut lines = vec![
            self.line("card", "", holders, figures.holders, figures.people()),
            self.line("card", "", enrolled, figures.enrolled, figures.holders),
        ];
        lines[0].published = Some(share(card("held"), card("residents")));
        lines[1].published = Some(share(card("enrolled"), card("held")));
        lines
    }

    /// What happens in a year, of a thousand people.
    fn year(&self) -> Vec<Comparison> {
        let (people, days) = (signed(self.figures.people()), signed(self.figures.days));
        if days == 0 || people == 0 {
            return Vec::new();
        }
        let all = self.published.value("residents", "all").unwrap_or(0);
        let kinds = [
            ("birth", ("出生", "Births")),
            ("death", ("死亡", "Deaths")),
            ("marriage", ("婚姻", "Marriages")),
            ("divorce", ("離婚", "Divorces")),
            ("move", ("転入・転居（市区町村間）", "Moves between municipalities")),
        ];
        let line = |(key, (ja, en)): (&str, (&str, &str))| {
            let count = signed(self.figures.events.get(key).copied().unwrap_or(0));
            Comparison {
                what: "year",
                ja: ja.to_owned(),
                en: en.to_owned(),
                unit: "‰",
                // A share in hundredths of a percent, ten times as many in hundredths of a thousandth.
                invented: share(count * 3650, people * days),
                published: self.published.value("year", key).map(|value| share(value * 10, all)),
            }
        };
        kinds.into_iter().map(line).collect()
    }
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
