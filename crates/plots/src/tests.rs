//! Samples of every kind of chart, kept in `samples/` to be looked at, and what holds for all of them.
//!
//! Always holds: each sample is well-formed to a stranger's parser (xmllint) and byte for byte the kept one.
//! Not here: whether they are beautiful; that takes eyes.
//! Rules come from: the crate's opening comment.

use crate::{Axis, Frame, Scale, bars, lines, pyramid, svg::escaped, words};
use expect_test::{ExpectFile, expect, expect_file};
use std::{
    io::Write,
    process::{Command, Stdio},
};

fn morning() -> String {
    let wave = |base: i64, from: i64| {
        (0..=84).map(move |at| {
            let x = 30_600 + at * 150;
            let bow = (at * (84 - at)) * base / 1764;
            (x, (at < from || at > from + 4).then_some(bow + at * 37 % 11 + 5))
        })
    };
    let series =
        |name: &str, base, from| lines::Series { name: name.into(), points: wave(base, from).collect() };
    let ms = |name: &str, base: i64| lines::Series {
        name: name.into(),
        points: wave(base, 30).map(|(x, y)| (x, y.map(|y| y * y * 9 + 800))).collect(),
    };
    lines::Chart {
        frame: Frame::new(
            "morning",
            "en",
            "Checks on a Monday morning, by way, with one server killed at 9:45",
            "Checks per second by card and by number rise to 110 and 80; none are answered for ten minutes.",
        )
        .note("Simulated, factor 1/100. Latency is that of answered checks."),
        x: Axis::clock("Time of day", 1),
        panels: vec![
            lines::Panel {
                y: Axis::linear("Answered checks", "1/s", 0),
                series: vec![
                    series("by card", 100, 30),
                    series("by number", 70, 30),
                    series("batch", 6, 100),
                ],
            },
            lines::Panel {
                y: Axis::log("Latency", "ms", 3),
                series: vec![ms("median", 20), ms("99th percentile", 90)],
            },
        ],
        spans: vec![
            lines::Span { from: 35_100, until: 35_700, name: "server killed".into() },
            lines::Span { from: 35_800, until: 36_100, name: "replica promoted".into() },
        ],
    }
    .svg()
}

fn alone() -> String {
    lines::Chart {
        frame: Frame::new("alone", "ja", "人口の推移（千人）", "出生と死亡の差で人口が減る。"),
        x: Axis::linear("経過日数", "日", 0),
        panels: vec![lines::Panel {
            y: Axis { from: Some(9900), ..Axis::linear("人口", "千人", 1) },
            series: vec![lines::Series::new("架空の国", &[(0, 10_000), (100, 9_985), (365, 9_950)])],
        }],
        spans: vec![],
    }
    .svg()
}

fn households() -> String {
    bars::Chart {
        frame: Frame::new(
            "households",
            "ja",
            "世帯人員別の世帯の割合",
            "一人世帯が最も多く、人員が増えるほど少ない。架空の国と公表値はほぼ等しい。",
        )
        .note("公表値：令和2年国勢調査"),
        label: "世帯人員".into(),
        categories: ["1人", "2人", "3人", "4人", "5人", "6人", "7人以上"].map(String::from).into(),
        groups: vec![
            bars::Group::new("架空の国", &[381, 279, 168, 117, 38, 11, 6]),
            bars::Group::new("公表値", &[380, 281, 166, 119, 38, 11, 5]),
        ],
        value: Axis::linear("割合", "%", 1),
        lying: false,
    }
    .svg()
}

fn insurers() -> String {
    bars::Chart {
        frame: Frame::new(
            "insurers",
            "ja",
            "保険者の種別ごとの加入者",
            "協会けんぽが最も多く、次いで組合健保、市町村国保、後期高齢者。",
        ),
        label: "種別".into(),
        categories: [
            "全国健康保険協会管掌健康保険（協会けんぽ）",
            "組合管掌健康保険",
            "市町村国保 <&>",
            "後期高齢者医療",
            "自衛官等の療養の給付",
        ]
        .map(String::from)
        .into(),
        groups: vec![
            bars::Group::new("架空の国", &[317, 229, 199, 160, 2]),
            bars::Group {
                name: "公表値".into(),
                values: vec![Some(316), Some(226), Some(197), Some(161), None],
            },
            bars::Group::new("前年の公表値", &[311, 224, 203, 155, 2]),
        ],
        value: Axis::linear("人口に占める割合", "%", 1),
        lying: true,
    }
    .svg()
}

fn ages() -> String {
    let bands: Vec<String> = (0..21)
        .map(|at| match at {
            20 => "100–".to_owned(),
            at => format!("{}–{}", at * 5, at * 5 + 4),
        })
        .collect();
    let published = [20, 24, 26, 28, 31, 32, 31, 33, 36, 41, 48, 46, 39, 36, 35, 43, 32, 22, 11, 3, 0];
    let shifted = |by: i64| published.map(|value| (value * 100 + by * (value * 7 % 11)).max(0)).into();
    pyramid::Chart {
        frame: Frame::new(
            "ages",
            "en",
            "People by age and sex",
            "Widest at 50 to 54 and at 75 to 79; narrow below ten.",
        )
        .note("Published: official estimates of 1 October 2024."),
        label: "Age".into(),
        bands,
        sides: ("Men".into(), "Women".into()),
        filled: pyramid::Layer { name: "invented".into(), left: shifted(15), right: shifted(25) },
        outlined: Some(pyramid::Layer { name: "published".into(), left: shifted(0), right: shifted(10) }),
        value: Axis::linear("Share", "‰", 2),
    }
    .svg()
}

fn nothing() -> String {
    let bar = |key: &str, lying| {
        bars::Chart {
            frame: Frame::new(key, "en", "Nothing", "No data."),
            label: String::new(),
            categories: vec![],
            groups: vec![],
            value: Axis::linear("People", "", 0),
            lying,
        }
        .svg()
    };
    let lines = lines::Chart {
        frame: Frame::new("empty-lines", "ja", "空の図", "データなし"),
        x: Axis::clock("時刻", 1000),
        panels: vec![lines::Panel {
            y: Axis::log("応答時間", "ms", 3),
            series: vec![lines::Series::new("なし", &[]), lines::Series::new("零だけ", &[(5, 0)])],
        }],
        spans: vec![],
    };
    format!("<all>{}{}{}</all>\n", bar("empty-standing", false), bar("empty-lying", true), lines.svg())
}

fn check(svg: &str, kept: ExpectFile) {
    well_formed(svg);
    assert!(!svg.contains("style") && !svg.contains("<script") && !svg.contains("href"));
    kept.assert_eq(svg);
}

/// A stranger's parser. `./test` installs it; a machine without it cannot say that these tests passed.
fn well_formed(svg: &str) {
    let mut parser = Command::new("xmllint")
        .args(["--noout", "--nonet", "-"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("xmllint (Debian: libxml2-utils) runs");
    parser.stdin.take().unwrap().write_all(svg.as_bytes()).unwrap();
    let said = parser.wait_with_output().unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
}

#[test]
fn the_samples_are_as_kept() {
    check(&morning(), expect_file!["../samples/morning.svg"]);
    check(&alone(), expect_file!["../samples/alone.svg"]);
    check(&households(), expect_file!["../samples/households.svg"]);
    check(&insurers(), expect_file!["../samples/insurers.svg"]);
    check(&ages(), expect_file!["../samples/ages.svg"]);
}

#[test]
fn nothing_to_show_is_no_trouble() {
    well_formed(&nothing());
}

#[test]
#[should_panic(expected = "parser error")]
fn the_stranger_can_say_no() {
    well_formed("<svg><g></svg>");
}

#[test]
fn texts_are_escaped_and_forbidden_characters_left_out() {
    expect![[r#""a&lt;b&gt; &amp;&quot; 𠮷\u{e0100} c""#]]
        .assert_eq(&format!("{:?}", escaped("a<b> &\" 𠮷\u{e0100}\u{0}\u{7}\nc\u{ffff}")));
}

#[test]
fn numbers_read_well() {
    let said: Vec<String> = [(0, 0), (1_234_567, 0), (-12_345, 2), (1_500, 3), (7, 3), (i64::MIN, 0)]
        .map(|(value, decimals)| words::number(value, decimals))
        .into();
    expect!["0 | 1,234,567 | −123.45 | 1.5 | 0.007 | −9,223,372,036,854,775,808"]
        .assert_eq(&said.join(" | "));
}

#[test]
fn ticks_stand_at_round_values() {
    let ticks = |axis: Axis, low: i64, high: i64, height: bool| {
        let fitted = axis.fit([low, high].into_iter(), height, 5);
        fitted.ticks.iter().map(|(_, text)| text.clone()).collect::<Vec<_>>().join(" ")
    };
    let said = [
        ticks(Axis::linear("", "", 0), 3, 97, true),
        ticks(Axis::linear("", "", 2), 0, 7, true),
        ticks(Axis::linear("", "", 0), -40, 60, true),
        ticks(Axis::log("", "", 3), 700, 90_000, true),
        ticks(Axis::log("", "", 0), 1, 3_000_000, true),
        ticks(Axis::clock("", 1000), 30_600_000, 43_200_000, false),
        ticks(Axis::clock("", 1), 3600, 3630, false),
    ];
    expect![[r#"
        0 20 40 60 80 100
        0 0.02 0.04 0.06 0.08
        −40 −20 0 20 40 60
        0.1 1 10 100
        1 10 100 1,000 10,000 100,000 1,000,000 10,000,000
        9:00 10:00 11:00 12:00
        1:00 1:00:10 1:00:20 1:00:30"#]]
    .assert_eq(&said.join("\n"));
}

#[test]
fn a_logarithm_is_even_over_the_decades() {
    let axis = Axis::log("", "", 0).fit([1, 100_000].into_iter(), true, 5);
    let places: Vec<_> = [1, 10, 100, 1_000, 10_000, 100_000, 0, 5].map(|v| axis.place(v, 0, 5_000)).into();
    expect!["[Some(0), Some(1000), Some(2000), Some(3000), Some(4000), Some(5000), None, Some(699)]"]
        .assert_eq(&format!("{places:?}"));
}

#[test]
fn extremes_overflow_nothing() {
    for scale in [Scale::Linear, Scale::Log, Scale::Clock { per_s: 1 }] {
        let chart = lines::Chart {
            frame: Frame::new("extremes", "en", "Extremes", ""),
            x: Axis { scale, ..Axis::linear("x", "", 0) },
            panels: vec![lines::Panel {
                y: Axis { scale, ..Axis::linear("y", "", 18) },
                series: vec![lines::Series::new(
                    "s",
                    &[(i64::MIN / 4, i64::MIN / 4), (i64::MAX / 4, i64::MAX / 4)],
                )],
            }],
            spans: vec![lines::Span { from: 5, until: 5, name: "very ".repeat(40) }],
        };
        well_formed(&chart.svg());
    }
}

#[test]
fn long_texts_are_broken_into_lines() {
    let lines = words::wrap("全国健康保険協会（協会けんぽ）の加入者 and others, too", 130, 1500);
    expect!["全国健康保険協会（協|会けんぽ）の加入者|and others, too"].assert_eq(&lines.join("|"));
}
