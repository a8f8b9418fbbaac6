//! The example of docs/linkage.md: its two files go through a run, and what comes out has to stand in the manual as it is.
//!
//! A block that begins with, say, ```` ```csv links.csv ```` is such an output; two blocks are the input. A clerk who tries the
//! example sees what the page shows.
//!
//! Always holds: the page's other text is not touched; no output is kept anywhere else.
//! Not here: the command line's own two sentences around an explanation (app).
//! Rules come from: docs/linkage.md; STYLE.md (tests are stories).

use super::{NOTHING, signed};
use crate::{
    Job, Lang, Spec, Which, explain, header,
    rules::{LINK_AT, REVIEW_AT, Rarity, score},
    run,
};
use expect_test::expect_file;
use std::{fs, ops::Range, path::Path};

const PAGE: &str = include_str!("../../../../docs/linkage.md");

/// Columns of unlinked_a.csv that the page has room for: to the best candidate's levels.
const COLUMNS_SHOWN: usize = 9;

#[test]
fn the_example_comes_out_as_the_manual_shows_it() {
    let folder = tempfile::tempdir().unwrap();
    let [a, b] = ["a.csv", "b.csv"].map(|name| folder.path().join(name));
    fs::write(&a, block("a.csv")).unwrap();
    fs::write(&b, block("b.csv")).unwrap();
    let (header_a, header_b) = (header(&a, 'A').unwrap(), header(&b, 'B').unwrap());
    let spec = Spec::suggest(&header_a, &header_b).unwrap();
    let out = folder.path().join("kekka");
    let job = Job {
        a: a.clone(),
        b: b.clone(),
        spec: spec.clone(),
        out: out.clone(),
        threads: 1,
        memory: 1 << 30,
        replace: false,
        at: None,
    };
    run(&job, &()).unwrap();

    let (row_a, row_b) = (Which::Key("0004".into()), Which::Key("00012348".into()));
    let explained = explain(&spec, (&a, &b), (&row_a, &row_b), 1, &()).unwrap();
    let shown = block("explain").lines();
    let around: Vec<&str> = shown.clone().take(1).chain(shown.last()).collect();
    let mut sentences = explained.sentences(Lang::Ja);
    sentences.insert(0, around[0].to_owned());
    sentences.push(around[1].to_owned());

    let outputs = [
        ("spec.toml", spec.proposal(&header_a, &header_b, Lang::Ja)),
        ("summary.txt", table(&out, "summary.txt")),
        ("links.csv", table(&out, "links.csv")),
        ("unlinked_a.csv", cut(&table(&out, "unlinked_a.csv"))),
        ("explain", sentences.join("\n")),
    ];
    let mut page = PAGE.to_owned();
    for (name, output) in outputs {
        let place = place(&page, name);
        page.replace_range(place, &format!("{}\n", output.trim_end()));
    }
    expect_file!["../../../../docs/linkage.md"].assert_eq(&page);
}

/// Numbers of rules that stand in the manual's sentences.
#[test]
fn the_manual_gives_the_thresholds_in_force() {
    let rarity = Rarity { name: 0, town: 0 };
    let [prior, link, review] = [score(&NOTHING, rarity), LINK_AT, REVIEW_AT]
        .map(|bits| signed(bits).replace('-', "−").replace('+', ""));
    for sentence in [
        format!("一致の重みの合計（{link} 以上で一致。"),
        format!("見込みの小ささ（{prior}）から始め、合計が {link} 以上なら一致、{review} 以上なら要確認です"),
    ] {
        assert!(PAGE.contains(&sentence), "the page lacks: {sentence}");
    }
}

/// A result without its byte order mark and with plain line ends.
fn table(out: &Path, name: &str) -> String {
    let text = fs::read_to_string(out.join(name)).unwrap();
    text.trim_start_matches('\u{feff}').replace("\r\n", "\n")
}

/// The first columns. No value of the example has a comma in it.
fn cut(table: &str) -> String {
    let lines = table.lines().map(|line| line.split(',').take(COLUMNS_SHOWN).collect::<Vec<_>>().join(","));
    lines.collect::<Vec<_>>().join("\n")
}

fn block(name: &str) -> &'static str {
    &PAGE[place(PAGE, name)]
}

/// Where the content of the block of this name stands.
fn place(page: &str, name: &str) -> Range<usize> {
    let mut at = 0;
    for line in page.split_inclusive('\n') {
        at += line.len();
        if line.starts_with("```") && line.trim_end().ends_with(&format!(" {name}")) {
            let length = page[at..].find("```").unwrap();
            return at..at + length;
        }
    }
    panic!("the page has no block {name}");
}
