//! The sections of the page: each a plot and a table that says the same.
//!
//! Always holds: what a plot shows stands in the table beneath; counts of people go through `texts`.
//! Not here: SVG (`plots`), counting (`count`).
//! Rules come from: the issue, part D; WCAG 2.2 (1.1.1).

use super::{
    count::{Checks, Counted, day_begins},
    texts::{self, number, percent, safe},
};
use base::{Lang, Scheme, Sex};
use cards::rules::{Source, Stands as CardStands};
use country::nation::published::{Published, share};
use coverage::rules::Stands;
use enrolment::rules::Channel;
use facilities::rules::{Kind, State};
use maud::{Markup, PreEscaped, html};
use plots::{Axis, Frame, bars, pyramid};
use web::parts::table;

/// All sections; in a demo with the published totals beside.
pub fn sections(lang: Lang, counted: &Counted, published: Option<&Published>) -> Vec<Markup> {
    let of = Of { lang, counted, published };
    vec![of.people(), of.coverages(), of.facilities(), of.cards(), of.enrolled(), of.checks()]
}

struct Of<'o> {
    lang: Lang,
    counted: &'o Counted,
    published: Option<&'o Published>,
}

/// Five years of age: men and women.
type Band = (i64, i64);
const BANDS: usize = 21;

impl Of<'_> {
    fn t(&self, texts: (&'static str, &'static str)) -> &'static str {
        self.lang.pick(texts.0, texts.1)
    }

    fn section(&self, title: &str, svgs: &[String], table: Markup) -> Markup {
        html! {
            section {
                h2 { (title) }
                // A chart that is wider than the screen is moved by itself, by keyboard too.
                @for svg in svgs {
                    div.plot role="group" tabindex="0" aria-label=(title) { (PreEscaped(svg)) }
                }
                (table)
            }
        }
    }

    fn frame(&self, key: &str, title: &str, about: (&'static str, &'static str), whats: &[&str]) -> Frame {
        let frame = Frame::new(key, self.lang.pick("ja", "en"), title, self.t(about));
        match self.published.filter(|_| !whats.is_empty()) {
            None => frame,
            Some(published) => {
                let named = self.t(("公表値：", "Published: "));
                frame.note(&format!("{named}{}", published.sources(whats)))
            }
        }
    }

    fn here(&self) -> &'static str {
        self.t(("このデータベース", "This database"))
    }

    fn published_name(&self) -> &'static str {
        self.t(("公表値", "Published"))
    }

    fn share_axis(&self) -> Axis {
        Axis::linear(self.t(("割合", "Share")), "%", 2)
    }

    fn count_axis(&self, label: (&'static str, &'static str)) -> Axis {
        Axis::linear(self.t(label), "", 0)
    }

    fn people(&self) -> Markup {
        let title = self.t(("登録されている人（年齢・性別）", "People registered, by age and sex"));
        let bands = bands_of(&self.counted.people);
        // Shares are of what is told: else one small count could be reckoned from the others.
        let all: i64 = bands.iter().flat_map(|(men, women)| [safe(*men), safe(*women)]).flatten().sum();
        let published = self.published.filter(|_| all > 0);
        let shown = |count: i64| {
            safe(count).map_or(0, |count| if published.is_some() { share(count, all) } else { count })
        };
        let outlined = published.map(|published| {
            let sum = |what| published.of(what).iter().map(|figure| figure.value).sum::<i64>();
            let whole = sum("men") + sum("women");
            let shares = |what| published.of(what).iter().map(|figure| share(figure.value, whole)).collect();
            pyramid::Layer {
                name: self.published_name().to_owned(),
                left: shares("men"),
                right: shares("women"),
            }
        });
        let about = (
            "5歳ごとの男女の人数または割合。下の表と同じ内容。",
            "Men and women by five years of age; the table below says the same.",
        );
        let value =
            if published.is_some() { self.share_axis() } else { self.count_axis(("人数", "People")) };
        let chart = pyramid::Chart {
            frame: self.frame("people", title, about, &["men", "women"]),
            label: self.t(("年齢", "Age")).to_owned(),
            bands: (0..BANDS).map(|band| self.band(band)).collect(),
            sides: (self.t(("男", "Men")).to_owned(), self.t(("女", "Women")).to_owned()),
            filled: pyramid::Layer {
                name: self.here().to_owned(),
                left: bands.iter().map(|band| shown(band.0)).collect(),
                right: bands.iter().map(|band| shown(band.1)).collect(),
            },
            outlined,
            value,
        };
        let unset: i64 = {
            let people = self.counted.people.iter().filter(|figure| figure.sex == Sex::Unset);
            people.map(|figure| figure.people).sum()
        };
        let below = html! {
            (self.folded(self.people_table(title, &bands)))
            @if unset > 0 {
                p { (self.t(("性別の登録がない人：", "Without a registered sex: "))) (texts::people(self.lang, unset)) }
            }
        };
        self.section(title, &[chart.svg()], below)
    }

    /// The numbers of a chart, for whoever wants them: open, they would make a page of many screens.
    fn folded(&self, table: Markup) -> Markup {
        html! {
            details {
                summary { (self.t(("表で見る", "As a table"))) }
                (table)
            }
        }
    }

    fn people_table(&self, title: &str, bands: &[Band]) -> Markup {
        let row = |name: String, men: String, women: String| {
            vec![html! { (name) }, html! { span.num { (men) } }, html! { span.num { (women) } }]
        };
        let mut rows: Vec<Vec<Markup>> = bands
            .iter()
            .enumerate()
            .map(|(band, (men, women))| {
                row(self.band(band), texts::people(self.lang, *men), texts::people(self.lang, *women))
            })
            .collect();
        let sums =
            |pick: fn(&Band) -> i64| texts::total(self.lang, &bands.iter().map(pick).collect::<Vec<_>>());
        rows.push(row(self.t(("計", "Total")).to_owned(), sums(|band| band.0), sums(|band| band.1)));
        table(title, &[self.t(("年齢", "Age")), self.t(("男", "Men")), self.t(("女", "Women"))], &rows)
    }

    fn band(&self, band: usize) -> String {
        match (band + 1 == BANDS, self.lang) {
            (true, Lang::Ja) => "100歳〜".to_owned(),
            (true, Lang::En) => "100–".to_owned(),
            (false, _) => format!("{}–{}", band * 5, band * 5 + 4),
        }
    }

    fn coverages(&self) -> Markup {
        let title = self.t(("資格（制度別・状態別）", "Coverages, by scheme and state"));
        let figures = &self.counted.coverage;
        let count = |scheme, stands| figures.coverages.get(&(scheme, stands)).copied().unwrap_or(0);
        let any = |scheme: &Scheme| Stands::ALL.iter().any(|stands| count(*scheme, *stands) > 0);
        let schemes: Vec<Scheme> =
            Scheme::ALL.into_iter().filter(|scheme| *scheme != Scheme::Other || any(scheme)).collect();
        let name = |scheme: &Scheme| self.t(scheme.names()).to_owned();
        let group = |(stands, texts): (Stands, (&'static str, &'static str))| bars::Group {
            name: self.t(texts).to_owned(),
            values: schemes.iter().map(|scheme| safe(count(*scheme, stands))).collect(),
        };
        let about = (
            "制度別、状態別の件数。下の表と同じ内容。",
            "Counts by scheme and state; the table below says the same.",
        );
        let chart = bars::Chart {
            frame: self.frame("coverages", title, about, &[]),
            label: String::new(),
            categories: schemes.iter().map(name).collect(),
            groups: STANDS.into_iter().filter(|(stands, _)| *stands != Stands::NotYet).map(group).collect(),
            value: self.count_axis(("件数", "Coverages")),
            lying: true,
        };
        let mut svgs = vec![chart.svg()];
        let valid: i64 = schemes.iter().filter_map(|scheme| safe(count(*scheme, Stands::Valid))).sum();
        let share_of = |scheme: &Scheme| {
            safe(count(*scheme, Stands::Valid)).filter(|_| valid > 0).map(|count| share(count, valid))
        };
        let beside = self.beside(
            "insured",
            "insured",
            &schemes.iter().map(|s| (s.word(), name(s), share_of(s))).collect::<Vec<_>>(),
        );
        svgs.extend(beside);
        let rows: Vec<Vec<Markup>> = schemes
            .iter()
            .map(|scheme| {
                let mut row = vec![html! { (name(scheme)) }];
                let insurers = figures.insurers.get(scheme).copied().unwrap_or(0);
                row.push(html! { span.num { (number(insurers)) } });
                row.extend(STANDS.iter().map(|(stands, _)| {
                    html! { span.num { (texts::people(self.lang, count(*scheme, *stands))) } }
                }));
                row.push(html! { span.num { (percent(share_of(scheme))) } });
                row.extend(self.published_share("insured", scheme.word()));
                row
            })
            .collect();
        let mut heads = vec![self.t(("制度", "Scheme")), self.t(("保険者", "Insurers"))];
        heads.extend(STANDS.iter().map(|(_, texts)| self.t(*texts)));
        heads.push(self.t(("有効の割合", "Share of valid")));
        heads.extend(self.published.map(|_| self.published_name()));
        self.section(title, &svgs, self.folded(table(title, &heads, &rows)))
    }

    /// In a demo: shares beside the published ones.
    fn beside(&self, key: &str, what: &str, lines: &[(&str, String, Option<i64>)]) -> Option<String> {
        let published = self.published?;
        let shares = published.shares(what);
        let known = |word: &str| shares.iter().find(|(key, _)| *key == word).map(|(_, share)| *share);
        let title = self.t(("公表値との比較", "Beside the published shares"));
        let about = ("割合を公表値と並べた棒グラフ。", "Shares beside the published ones.");
        let chart = bars::Chart {
            frame: self.frame(key, title, about, &[what]),
            label: String::new(),
            categories: lines.iter().map(|(_, name, _)| name.clone()).collect(),
            groups: vec![
                bars::Group {
                    name: self.here().to_owned(),
                    values: lines.iter().map(|line| line.2).collect(),
                },
                bars::Group {
                    name: self.published_name().to_owned(),
                    values: lines.iter().map(|line| known(line.0)).collect(),
                },
            ],
            value: self.share_axis(),
            lying: true,
        };
        Some(chart.svg())
    }

    fn published_share(&self, what: &str, key: &str) -> Option<Markup> {
        let shares = self.published?.shares(what);
        let share = shares.iter().find(|(known, _)| *known == key).map(|(_, share)| *share);
        Some(html! { span.num { (percent(share)) } })
    }

    fn facilities(&self) -> Markup {
        let title = self.t(("医療機関・薬局（種別・状態別）", "Facilities, by kind and state"));
        let count = |kind: Kind, state: State| -> i64 {
            let found = self.counted.facilities.iter().filter(|row| (row.0, row.1) == (kind, state));
            found.map(|row| row.2).sum()
        };
        let states = [State::Operating, State::PreOperation, State::NotYet, State::Closed];
        let all = |kind: Kind| states.iter().map(|state| count(kind, *state)).sum::<i64>();
        let whole: i64 = Kind::ALL.into_iter().map(all).sum();
        let name = |kind: Kind| self.t(kind.names()).to_owned();
        let about = (
            "種別、状態別の数。下の表と同じ内容。",
            "Counts by kind and state; the table below says the same.",
        );
        let chart = bars::Chart {
            frame: self.frame("facilities", title, about, &[]),
            label: String::new(),
            categories: Kind::ALL.into_iter().map(name).collect(),
            groups: [State::Operating, State::PreOperation, State::NotYet]
                .into_iter()
                .map(|state| bars::Group {
                    name: self.t(state.names()).to_owned(),
                    values: Kind::ALL.into_iter().map(|kind| Some(count(kind, state))).collect(),
                })
                .collect(),
            value: self.count_axis(("数", "Facilities")),
            lying: true,
        };
        let mut svgs = vec![chart.svg()];
        let line = |kind: Kind| (kind.word(), name(kind), (whole > 0).then(|| share(all(kind), whole)));
        svgs.extend(self.beside(
            "facility-shares",
            "facility",
            &Kind::ALL.into_iter().map(line).collect::<Vec<_>>(),
        ));
        let rows: Vec<Vec<Markup>> = Kind::ALL
            .into_iter()
            .map(|kind| {
                let mut row = vec![html! { (name(kind)) }];
                row.extend(states.iter().map(|state| html! { span.num { (number(count(kind, *state))) } }));
                row.push(html! { span.num { (percent((whole > 0).then(|| share(all(kind), whole)))) } });
                row.extend(self.published_share("facility", kind.word()));
                row
            })
            .collect();
        let mut heads = vec![self.t(("種別", "Kind"))];
        heads.extend(states.iter().map(|state| self.t(state.names())));
        heads.push(self.t(("割合", "Share")));
        heads.extend(self.published.map(|_| self.published_name()));
        self.section(title, &svgs, self.folded(table(title, &heads, &rows)))
    }

    fn cards(&self) -> Markup {
        let title = self.t(("カードの証明書（搭載先・状態別）", "Certificates of cards, by place and state"));
        let count = |source: Source, stands: CardStands| -> i64 {
            let found = self.counted.cards.iter().filter(|row| (row.0, row.1) == (source, stands));
            found.map(|row| row.2).sum()
        };
        let about = (
            "搭載先、状態別の件数。下の表と同じ内容。",
            "Counts by place and state; the table below says the same.",
        );
        let chart = bars::Chart {
            frame: self.frame("cards", title, about, &[]),
            label: String::new(),
            categories: SOURCES.iter().map(|(_, texts)| self.t(*texts).to_owned()).collect(),
            groups: CARDS
                .iter()
                .map(|(stands, texts)| bars::Group {
                    name: self.t(*texts).to_owned(),
                    values: SOURCES.iter().map(|(source, _)| safe(count(*source, *stands))).collect(),
                })
                .collect(),
            value: self.count_axis(("件数", "Certificates")),
            lying: true,
        };
        let row = |(source, texts): &(Source, (&'static str, &'static str))| {
            let mut row = vec![html! { (self.t(*texts)) }];
            row.extend(CARDS.iter().map(|(stands, _)| {
                html! { span.num { (texts::people(self.lang, count(*source, *stands))) } }
            }));
            row
        };
        let mut heads = vec![self.t(("搭載先", "On"))];
        heads.extend(CARDS.iter().map(|(_, texts)| self.t(*texts)));
        self.section(
            title,
            &[chart.svg()],
            self.folded(table(title, &heads, &SOURCES.iter().map(row).collect::<Vec<_>>())),
        )
    }

    fn enrolled(&self) -> Markup {
        let title = self.t(("健康保険証利用の申込", "Enrolments"));
        let count = |channel: Channel| -> i64 {
            self.counted.enrolled.iter().filter(|row| row.0 == channel).map(|row| row.1).sum()
        };
        let about = (
            "申込をした場所別の人数。下の表と同じ内容。",
            "People by where they enrolled; the table below says the same.",
        );
        let chart = bars::Chart {
            frame: self.frame("enrolled", title, about, &[]),
            label: String::new(),
            categories: CHANNELS.iter().map(|(_, texts)| self.t(*texts).to_owned()).collect(),
            groups: vec![bars::Group {
                name: self.here().to_owned(),
                values: CHANNELS.iter().map(|(channel, _)| safe(count(*channel))).collect(),
            }],
            value: self.count_axis(("人数", "People")),
            lying: true,
        };
        let row = |name: &'static str, told: String| vec![html! { (name) }, html! { span.num { (told) } }];
        let mut rows: Vec<Vec<Markup>> = CHANNELS
            .iter()
            .map(|(channel, texts)| row(self.t(*texts), texts::people(self.lang, count(*channel))))
            .collect();
        let counts: Vec<i64> = CHANNELS.iter().map(|(channel, _)| count(*channel)).collect();
        rows.push(row(self.t(("計", "Total")), texts::total(self.lang, &counts)));
        let heads = [self.t(("申込の場所", "Where")), self.t(("人数", "People"))];
        self.section(title, &[chart.svg()], self.folded(table(title, &heads, &rows)))
    }

    fn checks(&self) -> Markup {
        let title = self.t(("資格確認（日別）", "Checks, by day"));
        let days = &self.counted.checks;
        let group = |(texts, pick): Column| bars::Group {
            name: self.t(texts).to_owned(),
            values: days.iter().map(|day| Some(pick(day))).collect(),
        };
        let date = |day: &Checks| day_begins(day.day).date();
        let about = (
            "日別、結果別の件数。下の表と同じ内容。",
            "Counts by day and outcome; the table below says the same.",
        );
        let chart = bars::Chart {
            frame: self.frame("checks", title, about, &[]),
            label: self.t(("日", "Day")).to_owned(),
            categories: days
                .iter()
                .map(|day| {
                    let (_, month, day) = date(day).parts();
                    format!("{month}/{day}")
                })
                .collect(),
            groups: OUTCOMES.into_iter().map(group).collect(),
            value: self.count_axis(("件数", "Checks")),
            lying: false,
        };
        let columns: [Column; 2] =
            [(("計", "All checks"), Checks::all), (("カードの提示", "Cards shown"), |day| day.presented)];
        let columns: Vec<Column> = OUTCOMES.into_iter().chain(columns).collect();
        let rows: Vec<Vec<Markup>> = days
            .iter()
            .map(|day| {
                let mut row = vec![html! { (date(day)) }];
                row.extend(columns.iter().map(|(_, pick)| html! { span.num { (number(pick(day))) } }));
                row
            })
            .collect();
        let mut heads = vec![self.t(("日", "Day"))];
        heads.extend(columns.iter().map(|(texts, _)| self.t(*texts)));
        self.section(title, &[chart.svg()], self.folded(table(title, &heads, &rows)))
    }
}

type Texts = (&'static str, &'static str);
/// A column of the table of checks: its name and what stands in it.
type Column = (Texts, fn(&Checks) -> i64);

const STANDS: [(Stands, Texts); 4] = [
    (Stands::Valid, ("有効", "Valid")),
    (Stands::Lost, ("喪失", "Lost")),
    (Stands::Held, ("照合中（回答保留）", "Held back")),
    (Stands::NotYet, ("開始前", "Not yet")),
];
const CARDS: [(CardStands, Texts); 4] = [
    (CardStands::Live, ("利用できる", "Usable")),
    (CardStands::Held, ("一時停止", "Suspended")),
    (CardStands::Expired, ("期限切れ", "Expired")),
    (CardStands::Revoked, ("失効", "Revoked")),
];
const SOURCES: [(Source, Texts); 3] = [
    (Source::Card, ("マイナンバーカード", "My Number card")),
    (Source::Android, ("Android スマートフォン", "Android phone")),
    (Source::Ios, ("iPhone", "iPhone")),
];
const CHANNELS: [(Channel, Texts); 4] = [
    (Channel::Reader, ("医療機関・薬局のカードリーダー", "Reader of a clinic or pharmacy")),
    (Channel::Portal, ("本人のページ", "Own pages")),
    (Channel::Municipality, ("市区町村の窓口", "Municipality")),
    (Channel::Atm, ("銀行の ATM", "Bank's machine")),
];
const OUTCOMES: [Column; 4] = [
    (("有効", "Valid"), |day| day.valid),
    (("無効", "Invalid"), |day| day.invalid),
    (("確認できず", "Not determined"), |day| day.undetermined),
    (("該当なし・拒否など", "None, refused, other"), |day| day.other),
];

fn bands_of(people: &[people::rules::Figure]) -> Vec<Band> {
    let mut bands = vec![(0, 0); BANDS];
    for figure in people {
        let place = usize::try_from(figure.age_from / 5).unwrap_or(0).min(BANDS - 1);
        match figure.sex {
            Sex::Male => bands[place].0 += figure.people,
            Sex::Female => bands[place].1 += figure.people,
            Sex::Unset => {} // told below the table
        }
    }
    bands
}
