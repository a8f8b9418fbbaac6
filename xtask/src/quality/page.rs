//! The tables of docs/linkage.md, in Japanese as that page is.
//!
//! Always holds: what was aimed at stands beside what was measured; nothing of a person is in a table.
//! Not here: counting (`tally`).
//! Rules come from: the issue on linkage, part E.

use super::tally::{Fate, Links, Tally};
use std::{fmt::Write as _, fs, io, path::Path};

/// Aims, in hundredths of a percent and false links in a million.
const FOUND: f64 = 99.5;
const LINKED: f64 = 96.5;
const REVIEW: f64 = 4.0;
const WRONG: f64 = 1.0;
/// The aim of false links is asked on so many links at least.
const LINKS_MIN: u64 = 3_000_000;

fn percent(part: u64, of: u64) -> f64 {
    if of == 0 { 0.0 } else { part as f64 * 100.0 / of as f64 }
}

fn per_million(links: Links) -> f64 {
    percent(links.wrong, links.all) * 10_000.0
}

/// What was asked for, and what came.
fn aims(out: &mut String, tally: &Tally) {
    let all = tally.all;
    let verdict = |met: bool| if met { "達成" } else { "**未達**" };
    let found = percent(all.linked + all.review, all.pairs);
    let linked = percent(all.linked, all.pairs);
    let review = percent(tally.rows[0].1, tally.rows[0].0);
    let wrong = per_million(tally.links);
    out.push_str("| 目標 | 実測 | |\n|---|---:|---|\n");
    let _ = writeln!(
        out,
        "| 真の組のうち、結び付いたか目視確認に出た割合 ≥ {FOUND} % | {found:.3} % | {} |",
        verdict(found >= FOUND)
    );
    let _ = writeln!(
        out,
        "| 真の組のうち、機械だけで結び付いた割合 ≥ {LINKED} % | {linked:.3} % | {} |",
        verdict(linked >= LINKED)
    );
    let _ =
        writeln!(out, "| 目視確認に回るAの行 ≤ {REVIEW} % | {review:.3} % | {} |", verdict(review <= REVIEW));
    let enough = match tally.links.all {
        links if links >= LINKS_MIN => "",
        _ => "（件数が足りず参考）",
    };
    let _ = writeln!(
        out,
        "| 誤った結び付き ≤ 100万件に{WRONG}件 | {wrong:.2}件（{}件中{}件） | {}{enough} |",
        tally.links.all,
        tally.links.wrong,
        verdict(wrong <= WRONG)
    );
}

/// All tables.
pub fn tables(tally: &Tally, sizes: &str) -> String {
    let mut out = format!("{sizes}\n\n");
    aims(&mut out, tally);
    out.push_str("\n真の組が、表記や内容の違いの種類ごとにどうなったか（一組に複数の違いがあれば、それぞれに数える）:\n\n");
    out.push_str("| 違い | 組 | 結び付いた | 目視確認 | 見逃し |\n|---|---:|---:|---:|---:|\n");
    row(&mut out, "全体", tally.all);
    row(&mut out, "違いなし", tally.clean);
    for (sort, name) in
        [("notation", "表記の違い"), ("content", "内容の違い"), ("neighbour", "紛らわしい人がいる")]
    {
        if let Some(fate) = tally.by_sort.get(sort) {
            row(&mut out, &format!("**{name}**"), *fate);
        }
        for class in tally.classes.iter().filter(|class| class.sort == sort) {
            if let Some(fate) = tally.by_class.get(&class.word) {
                row(&mut out, &format!("{}（{}）", class.ja, class.word), *fate);
            }
        }
    }
    for (title, counts) in [("段階", &tally.by_tier), ("判定", &tally.by_reason)] {
        let _ = write!(
            out,
            "\n| {title} | 結び付き | うち誤り | 100万件あたり | 真の組に占める割合 |\n|---|---:|---:|---:|---:|\n"
        );
        for (word, links) in counts {
            let recall = percent(links.all - links.wrong, tally.all.pairs);
            let _ = writeln!(
                out,
                "| {word} | {} | {} | {:.2} | {recall:.3} % |",
                links.all,
                links.wrong,
                per_million(*links)
            );
        }
    }
    review(&mut out, tally);
    out
}

fn review(out: &mut String, tally: &Tally) {
    let (pairs, right) = tally.review_pairs;
    let _ = writeln!(
        out,
        "\n目視確認: A {}行（{:.3} %）、B {}行（{:.3} %）、{}案件、候補の組 {pairs}（うち同じ人 {:.1} %）。",
        tally.rows[0].1,
        percent(tally.rows[0].1, tally.rows[0].0),
        tally.rows[1].1,
        percent(tally.rows[1].1, tally.rows[1].0),
        tally.cases.values().sum::<u64>(),
        percent(right, pairs),
    );
    let list = |counts: &std::collections::BTreeMap<String, u64>| {
        let all: Vec<String> = counts.iter().map(|(word, count)| format!("{word} {count}")).collect();
        if all.is_empty() { "なし".to_owned() } else { all.join("、") }
    };
    let _ = writeln!(out, "案件の理由: {}。", list(&tally.cases));
    let _ = writeln!(out, "見逃した組のA側の理由: {}。", list(&tally.missed_by_cause));
    let _ = writeln!(out, "誤った結び付きの内訳: {}。", list(&tally.wrong_by_kind));
}

fn row(out: &mut String, name: &str, fate: Fate) {
    let cell = |part: u64| format!("{part}（{:.2} %）", percent(part, fate.pairs));
    let _ = writeln!(
        out,
        "| {name} | {} | {} | {} | {} |",
        fate.pairs,
        cell(fate.linked),
        cell(fate.review),
        cell(fate.missed())
    );
}

/// The first false links, for whoever tunes; not for the page.
pub fn false_links(tally: &Tally) -> String {
    let line = |wrong: &super::tally::Wrong| {
        format!("{:010} {:011} {}: {}\n", wrong.keys.0, wrong.keys.1, wrong.kind, wrong.says)
    };
    let lines: String = tally.wrong.iter().map(line).collect();
    if lines.is_empty() {
        lines
    } else {
        format!("\nfalse links (A, B, kind: tier, reason, score, levels):\n{lines}")
    }
}

const PAGE: &str = "docs/linkage.md";
const BEGIN: &str = "<!-- quality: begin -->\n";
const END: &str = "<!-- quality: end -->";

/// Puts the tables between the page's marks.
pub fn write(root: &Path, text: &str) -> io::Result<()> {
    let path = root.join(PAGE);
    let page = fs::read_to_string(&path)?;
    let made =
        between(&page, text).ok_or_else(|| io::Error::other(format!("{PAGE} has no marks for quality")))?;
    fs::write(path, made)
}

fn between(page: &str, text: &str) -> Option<String> {
    let begin = page.find(BEGIN)? + BEGIN.len();
    let end = begin + page[begin..].find(END)?;
    Some(format!("{}{text}{}", &page[..begin], &page[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_stand_between_the_marks() {
        let page = format!("# x\n{BEGIN}old\n{END}\nrest\n");
        assert_eq!(
            between(&page, "new\n").as_deref(),
            Some("# x\n<!-- quality: begin -->\nnew\n<!-- quality: end -->\nrest\n")
        );
        assert_eq!(between("# x\n", "new\n"), None);
    }

    #[test]
    fn an_aim_that_is_missed_says_so() {
        let all = Fate { pairs: 10_000, linked: 9_700, review: 260 };
        let mut tally = Tally {
            all,
            links: Links { all: 4_000_000, wrong: 5 },
            rows: [(1_000, 30), (1, 0)],
            ..Tally::default()
        };
        let met = |tally: &Tally| tables(tally, "").matches("| 達成").count();
        assert_eq!(met(&tally), 3);
        tally.links.wrong = 4;
        assert_eq!(met(&tally), 4);
        tally.links.all = 1_000;
        tally.links.wrong = 0;
        assert!(tables(&tally, "").contains("達成（件数が足りず参考）"));
    }
}
