//! The figures as plots, the invented nation filled, the published totals outlined.
//!
//! Always holds: what is drawn is what `compare` says, and the counts.
//! Not here: SVG (`plots`).
//! Rules come from: the issue, part D.

use super::{BANDS, Comparison, ERAS, Figures, compare};
use crate::nation::{
    filings::Wrong,
    published::{Published, share},
};
use base::Lang;
use plots::{Axis, Frame, bars, pyramid};

/// A plot.
#[derive(Clone, Debug)]
pub struct Drawn {
    /// Its key, good as a file's name: `ages`, `sizes` …
    pub key: &'static str,
    /// The title.
    pub title: String,
    /// SVG.
    pub svg: String,
}

/// Every plot of the figures beside the published totals. What nothing was counted of is left out.
pub fn draw(figures: &Figures, published: &Published, lang: Lang) -> Vec<Drawn> {
    let with = With { figures, published, lang, lines: compare(figures, published) };
    let mut plots = vec![with.ages()];
    plots.extend(with.compared("sizes", "size", ("世帯人員別の世帯", "Households by size"), false));
    plots.extend(with.compared("households", "household", ("世帯の種類", "Households by kind"), true));
    plots.extend(with.compared(
        "insured",
        "insured",
        ("制度別の加入者", "People by scheme of insurance"),
        true,
    ));
    plots.extend(with.compared("insurers", "insurers", ("制度別の保険者", "Insurers by scheme"), true));
    plots.extend(with.compared("surnames", "surname", ("多い名字", "The most frequent surnames"), true));
    plots.extend(with.compared("facilities", "facility", ("医療機関・薬局", "Facilities by kind"), false));
    plots.extend(with.compared("cards", "card", ("カードと利用登録", "Cards and enrolment"), true));
    plots.extend(with.compared("year", "year", ("一年間のできごと", "What happens in a year"), true));
    plots.push(with.eras());
    let named = |top: Vec<(&str, u64)>, name: &dyn Fn(&str) -> String| -> Vec<(String, u64)> {
        top.into_iter().map(|(key, count)| (name(key), count)).collect()
    };
    let places = ("人口の多い市区町村", "The largest municipalities");
    let top = named(Figures::top(&figures.municipalities, 20), &str::to_owned);
    plots.extend(with.counted("municipalities", places, ("人", "People"), &top));
    let mistakes = ("届出の誤り", "Mistakes in filings");
    let wrong = |key: &str| {
        let known = Wrong::ALL.into_iter().find(|wrong| wrong.word() == key).map(Wrong::names);
        known.map_or_else(|| key.to_owned(), |(ja, en)| lang.pick(ja, en).to_owned())
    };
    let top = named(Figures::top(&figures.mistakes, 30), &wrong);
    plots.extend(with.counted("mistakes", mistakes, ("件数", "Memberships"), &top));
    plots
}

struct With<'w> {
    figures: &'w Figures,
    published: &'w Published,
    lang: Lang,
    lines: Vec<Comparison>,
}

impl With<'_> {
    fn t(&self, texts: (&'static str, &'static str)) -> &'static str {
        self.lang.pick(texts.0, texts.1)
    }

    fn word(&self) -> &'static str {
        self.t(("ja", "en"))
    }

    fn invented(&self) -> &'static str {
        self.t(("架空の国", "Invented"))
    }

    fn published(&self) -> &'static str {
        self.t(("公表値", "Published"))
    }

    fn note(&self, whats: &[&str]) -> String {
        let sources = self.published.sources(whats);
        match self.lang {
            Lang::Ja => format!("公表値：{sources}"),
            Lang::En => format!("Published: {sources}"),
        }
    }

    fn frame(&self, key: &str, title: &str, about: &str, whats: &[&str]) -> Frame {
        let frame = Frame::new(key, self.word(), title, about);
        if whats.is_empty() { frame } else { frame.note(&self.note(whats)) }
    }

    fn ages(&self) -> Drawn {
        let title = self.t(("年齢と性別", "People by age and sex"));
        let about = self.t((
            "5歳ごとの男女の割合。塗りが架空の国、線が公表値。",
            "Shares of five-year age groups, men left, women right; filled: invented, outlined: published.",
        ));
        let whole = i64::try_from(self.figures.people()).unwrap_or(i64::MAX);
        let invented = |sex: usize| {
            let counts = self.figures.ages[sex].iter();
            counts.map(|count| share(i64::try_from(*count).unwrap_or(i64::MAX), whole)).collect()
        };
        let sum = |what| self.published.of(what).iter().map(|figure| figure.value).sum::<i64>();
        let total = sum("men") + sum("women");
        let shares = |what| {
            self.published.of(what).iter().map(|figure| share(figure.value, total)).collect::<Vec<i64>>()
        };
        let chart = pyramid::Chart {
            frame: self.frame("ages", title, about, &["men", "women"]),
            label: self.t(("年齢", "Age")).to_owned(),
            bands: bands(),
            sides: (self.t(("男", "Men")).to_owned(), self.t(("女", "Women")).to_owned()),
            filled: pyramid::Layer {
                name: self.invented().to_owned(),
                left: invented(0),
                right: invented(1),
            },
            outlined: Some(pyramid::Layer {
                name: self.published().to_owned(),
                left: shares("men"),
                right: shares("women"),
            }),
            value: Axis::linear(self.t(("人口に占める割合", "Share of all people")), "%", 2),
        };
        Drawn { key: "ages", title: title.to_owned(), svg: chart.svg() }
    }

    /// Bars of a group of the comparison, when anything was counted in it.
    fn compared(
        &self,
        key: &'static str,
        what: &str,
        names: (&'static str, &'static str),
        lying: bool,
    ) -> Option<Drawn> {
        let lines: Vec<&Comparison> = self.lines.iter().filter(|line| line.what == what).collect();
        let unit = lines.first()?.unit;
        if lines.iter().all(|line| line.invented == 0) {
            return None;
        }
        let title = self.t(names);
        let about = self.t((
            "架空の国の値を公表値と並べた棒グラフ。",
            "Bars of the invented nation beside the published totals.",
        ));
        let value = if unit == "‰" {
            Axis::linear(self.t(("人口千人当たり・年", "Of 1,000 people a year")), unit, 2)
        } else {
            Axis::linear(self.t(("割合", "Share")), unit, 2)
        };
        let whats: &[&str] = if what == "year" { &["year", "residents"] } else { &[what] };
        let chart = bars::Chart {
            frame: self.frame(key, title, about, whats),
            label: String::new(),
            categories: lines.iter().map(|line| self.lang.pick(&line.ja, &line.en).to_owned()).collect(),
            groups: vec![
                bars::Group {
                    name: self.invented().to_owned(),
                    values: lines.iter().map(|line| Some(line.invented)).collect(),
                },
                bars::Group {
                    name: self.published().to_owned(),
                    values: lines.iter().map(|line| line.published).collect(),
                },
            ],
            value,
            lying,
        };
        Some(Drawn { key, title: title.to_owned(), svg: chart.svg() })
    }

    fn eras(&self) -> Drawn {
        let names = ["Meiji", "Taisho", "Showa", "Heisei", "Reiwa"];
        let categories = ERAS.iter().zip(names).map(|(era, en)| self.lang.pick(era.name(), en).to_owned());
        let title = self.t(("生まれた元号", "People by era of birth"));
        let about = self.t(("元号別の人数。", "How many people were born in each era."));
        let counts = self.figures.eras.iter().map(|count| i64::try_from(*count).ok());
        let chart = bars::Chart {
            frame: self.frame("eras", title, about, &[]),
            label: String::new(),
            categories: categories.collect(),
            groups: vec![bars::Group { name: self.invented().to_owned(), values: counts.collect() }],
            value: Axis::linear(self.t(("人数", "People")), self.t(("人", "")), 0),
            lying: true,
        };
        Drawn { key: "eras", title: title.to_owned(), svg: chart.svg() }
    }

    /// Bars of counts without anything published beside.
    fn counted(
        &self,
        key: &'static str,
        names: (&'static str, &'static str),
        unit: (&'static str, &'static str),
        top: &[(String, u64)],
    ) -> Option<Drawn> {
        if top.is_empty() {
            return None;
        }
        let title = self.t(names);
        let about = self.t(("多い順に並べた件数。", "Counts, the most frequent first."));
        let chart = bars::Chart {
            frame: self.frame(key, title, about, &[]),
            label: String::new(),
            categories: top.iter().map(|(name, _)| name.clone()).collect(),
            groups: vec![bars::Group {
                name: self.invented().to_owned(),
                values: top.iter().map(|(_, count)| i64::try_from(*count).ok()).collect(),
            }],
            value: Axis::linear(self.t(unit), "", 0),
            lying: true,
        };
        Some(Drawn { key, title: title.to_owned(), svg: chart.svg() })
    }
}

/// The names of the age groups.
fn bands() -> Vec<String> {
    (0..BANDS)
        .map(
            |band| {
                if band + 1 == BANDS {
                    "100–".to_owned()
                } else {
                    format!("{}–{}", band * 5, band * 5 + 4)
                }
            },
        )
        .collect()
}
