//! docs/linkage-tables.md, made from the tables of the rules: codes, words and weights stand there as they are in force.
//!
//! Always holds: the page says what the code says, or the test fails; every level, reason, cause, tier, blocking key and
//! problem is in it; weights are read off `score`, as any pair's are.
//! Not here: how to work with them (docs/linkage.md, written by hand but for its example: example).
//! Rules come from: the issue, part B (weights published); STYLE.md (read an expected answer before committing it).

mod example;

use crate::{
    keys::{Counted, KINDS},
    levels::{AddressLevel, BirthLevel, KanaLevel, Levels, NameLevel, SexLevel, StrongLevel},
    outcome::{Cause, Tier},
    problem::{ProblemCode, Problems},
    rules::{Grade, LINK_AT, MARGIN, RELEASE, REVIEW_AT, Rarity, Reason, rarity::Counts, score},
};
use expect_test::expect_file;
use std::fmt::Write;

/// Nothing is known of any attribute: what such a pair weighs is what is believed before comparing.
const NOTHING: Levels = Levels {
    name: NameLevel::Missing,
    kana: KanaLevel::Missing,
    birth: BirthLevel::Missing,
    sex: SexLevel::Missing,
    address: AddressLevel::Missing,
    strong: StrongLevel::Missing,
};

/// Rarities of towns that the page shows; between them the weight is what stands to the left, or grows with the bits.
const TOWNS: [u8; 6] = [6, 8, 10, 13, 16, 18];

#[test]
fn the_page_of_tables_says_what_is_in_force() {
    let mut page = format!("{}{}", head(), levels());
    page.push_str(&thresholds());
    page.push_str(&rarity());
    page.push_str(&reasons());
    page.push_str(&outcomes());
    page.push_str(&blocks());
    page.push_str(&problems());
    expect_file!["../../../docs/linkage-tables.md"].assert_eq(&page);
}

fn head() -> String {
    format!(
        "# 突合の表 / Tables of linkage

リリース {RELEASE} の規則・重み・コードの全部です。テスト（`crates/linkage/src/tables_doc.rs`）がプログラムの表から書き出すので、手では直しません。使い方は [linkage.md](linkage.md) に。
/ All rules, weights and codes of release {RELEASE}. Made from the program's own tables by a test (`UPDATE_EXPECT=1 cargo test -p linkage --lib tables_doc`), not written by hand. How to use them: [linkage.md](linkage.md).

重みの単位はビットです。1ビットは、同じ人である見込みを2倍にします。 / Weights are in bits: one bit doubles the odds of one person.

"
    )
}

// Levels ---------------------------------------------------------------------------------------------------------------

fn levels() -> String {
    let mut out = String::from("## 一致の度合い / Levels of agreement\n");
    names(&mut out);
    readings(&mut out);
    let weigh = |levels: Levels| alone(&levels, 0);
    plain(&mut out, "生年月日 / Birth date", BirthLevel::ALL, |level| {
        (level.code(), level.ja(), level.en(), weigh(Levels { birth: *level, ..NOTHING }))
    });
    plain(&mut out, "性別 / Sex", SexLevel::ALL, |level| {
        (level.code(), level.ja(), level.en(), weigh(Levels { sex: *level, ..NOTHING }))
    });
    addresses(&mut out);
    plain(&mut out, "固有番号 / Identifier", StrongLevel::ALL, |level| {
        (level.code(), level.ja(), level.en(), weigh(Levels { strong: *level, ..NOTHING }))
    });
    out
}

/// What these levels weigh, without what is believed before comparing.
fn alone(levels: &Levels, bits: u8) -> i32 {
    let rarity = Rarity { name: bits, town: bits };
    score(levels, rarity) - score(&NOTHING, rarity)
}

fn names(out: &mut String) {
    let weigh = |level: NameLevel, bits: u8| alone(&Levels { name: level, ..NOTHING }, bits);
    let (least, most) = limits(|bits| weigh(NameLevel::Equal, bits));
    let _ = write!(
        out,
        "\n### 氏名 / Name\n\n「珍しさ」は下の表のビット数（{least}〜{most}）です。 / *rarity* is the bits of the table below, {least} to {most}.\n\n\
         | コード | 見えたもの | seen | 重み / weight |\n|---|---|---|---:|\n"
    );
    for level in NameLevel::ALL {
        let at_least = weigh(*level, 0);
        let grows = weigh(*level, u8::MAX) != at_least;
        let plus = at_least - if grows { 100 * i32::from(least) } else { 0 };
        let rarity = if grows { "珍しさ / rarity " } else { "" };
        row(out, &[level.code(), level.ja(), level.en(), &format!("{rarity}{}", signed(plus))]);
    }
}

fn readings(out: &mut String) {
    out.push_str(
        "\n### カナ / Reading\n\nカナの重みは、漢字氏名がどこまで一致したかで変わります。 / What the reading adds depends on what the kanji name left open.\n\n\
         | コード | 見えたもの | seen | 氏名が N1–N3 | N4–N9・NT | N0 | N- |\n|---|---|---|---:|---:|---:|---:|\n",
    );
    for level in KanaLevel::ALL {
        let beside = |name: NameLevel| {
            let with = |kana: KanaLevel| alone(&Levels { name, kana, ..NOTHING }, 0);
            with(*level) - with(KanaLevel::Missing)
        };
        // One of each group; a test of the rules holds them alike.
        let groups = [NameLevel::Equal, NameLevel::OneOff, NameLevel::Different, NameLevel::Missing];
        let [sure, unsure, different, missing] = groups.map(|name| signed(beside(name)));
        row(out, &[level.code(), level.ja(), level.en(), &sure, &unsure, &different, &missing]);
    }
}

fn addresses(out: &mut String) {
    let weigh = |level: AddressLevel, bits: u8| alone(&Levels { address: level, ..NOTHING }, bits);
    let (least, most) =
        limits(|bits| weigh(AddressLevel::SameTown, bits).max(weigh(AddressLevel::Equal, bits)));
    let _ = write!(
        out,
        "\n### 住所 / Address\n\n町の珍しさ（{least}〜{most} ビット）ごとの重みです。 / By the rarity of the town, {least} to {most} bits.\n\n"
    );
    heading(out, &["コード", "見えたもの", "seen"], &TOWNS.map(|bits| bits.to_string()));
    for level in AddressLevel::ALL {
        let weights = TOWNS.map(|bits| signed(weigh(*level, bits)));
        let mut cells = vec![level.code(), level.ja(), level.en()];
        cells.extend(weights.iter().map(String::as_str));
        row(out, &cells);
    }
}

/// Below and above which rarities make no difference.
fn limits(weigh: impl Fn(u8) -> i32) -> (u8, u8) {
    let (least, most) = (weigh(0), weigh(u8::MAX));
    let low = (0..u8::MAX).rev().find(|bits| weigh(*bits) == least).unwrap_or(0);
    let high = (0..=u8::MAX).find(|bits| weigh(*bits) == most).unwrap_or(u8::MAX);
    (low, high)
}

fn plain<L>(
    out: &mut String,
    title: &str,
    levels: &[L],
    of: impl Fn(&L) -> (&'static str, &'static str, &'static str, i32),
) {
    let _ =
        write!(out, "\n### {title}\n\n| コード | 見えたもの | seen | 重み / weight |\n|---|---|---|---:|\n");
    for level in levels {
        let (code, ja, en, weight) = of(level);
        row(out, &[code, ja, en, &signed(weight)]);
    }
}

// Rules ----------------------------------------------------------------------------------------------------------------

fn thresholds() -> String {
    let rarity = Rarity { name: 0, town: 0 };
    let lines = [
        ("比較前の見込み", "believed before comparing", score(&NOTHING, rarity)),
        ("一致に要る合計", "total that a link needs", LINK_AT),
        ("要確認に要る合計", "total that a review needs", REVIEW_AT),
        (
            "要確認の候補との差（これに満たなければ目視確認）",
            "lead over a candidate for review; with less it is a tie",
            MARGIN,
        ),
    ];
    let mut out = String::from("\n## 基準 / Thresholds\n\n| 何 | what | ビット / bits |\n|---|---|---:|\n");
    for (ja, en, bits) in lines {
        row(&mut out, &[ja, en, &signed(bits)]);
    }
    out
}

fn rarity() -> String {
    const ROWS: [u64; 3] = [1_000, 100_000, 10_000_000];
    const TIMES: [u32; 5] = [1, 10, 100, 1_000, 10_000];
    let mut out = String::from(
        "\n## 珍しさ / Rarity\n\n\
         B の中に同じ氏名（同じ町）が何行あるかを数え、2を底とする対数にします。小さなファイルでは、よくある氏名・町と同じくらいとみなす側へ寄せます。組の両側で違うときは、多い方をとります。\n\
         / Rows of B with the same name (town) are counted, and the share becomes a logarithm to base 2. A small file is drawn towards a common name or town; of two names the commoner counts.\n\n",
    );
    let headings = ROWS.map(|rows| [format!("氏名 / name, B {rows}"), "町 / town".to_owned()]);
    heading(&mut out, &["同じ行の数 / rows alike"], headings.as_flattened());
    for times in TIMES {
        let mut cells = vec![times.to_string()];
        for rows in ROWS {
            if u64::from(times) > rows {
                cells.extend(["".to_owned(), "".to_owned()]);
                continue;
            }
            let counts = Counts::new();
            let one = Counted { name: 1, town: 1 };
            (0..times).for_each(|_| counts.add(one));
            counts.set_rows(rows);
            let found = counts.rarity(one, one);
            cells.extend([found.name.to_string(), found.town.to_string()]);
        }
        row(&mut out, &cells.iter().map(String::as_str).collect::<Vec<_>>());
    }
    out
}

fn reasons() -> String {
    let mut out = String::from(
        "\n## 判定の規則 / Rules that decide\n\n\
         上から順ではなく、まず別人とする規則（D1–D6）、次に合計（D0）、次に人に任せる規則（C1–C9）、最後に一致の基準（C0・L1）を見ます。\n\
         / First the rules that make two persons (D1–D6), then the total (D0), then what is a clerk's (C1–C9), last what a link needs (C0, L1).\n\n\
         | コード | 判定 | grade | 規則 | rule |\n|---|---|---|---|---|\n",
    );
    for reason in Reason::ALL {
        let (ja, en) = reason.grade().words();
        row(&mut out, &[reason.code(), ja, en, reason.ja(), reason.en()]);
    }
    out
}

fn outcomes() -> String {
    let mut out = String::from(
        "\n## 段階・評価・理由 / Tiers, grades, causes\n\n| コード | 段階 | tier |\n|---|---|---|\n",
    );
    for tier in Tier::ALL {
        row(&mut out, &[tier.code(), tier.words().0, tier.words().1]);
    }
    out.push_str("\n| 組の評価 | grade |\n|---|---|\n");
    for grade in [Grade::Link, Grade::Review, Grade::NoLink] {
        row(&mut out, &[grade.words().0, grade.words().1]);
    }
    out.push_str("\n| コード | 理由 | cause |\n|---|---|---|\n");
    for cause in Cause::ALL {
        row(&mut out, &[cause.code(), cause.words().0, cause.words().1]);
    }
    out
}

fn blocks() -> String {
    let mut out = String::from(
        "\n## 手がかり / Blocking keys\n\n\
         点数の段階では、次のどれか一つが同じ行どうしだけを比べます。B に同じ手がかりの行が「上限」より多いときは比べず、そのことを理由（Q3）に残します。\n\
         / In the scored stage two rows are compared if one of these is the same. More rows of B than *cap* under one key are not compared, and the rows say so (Q3).\n\n\
         | 手がかり | key | 上限 / cap |\n|---|---|---:|\n",
    );
    for kind in KINDS {
        row(&mut out, &[kind.ja, kind.name, &kind.cap.to_string()]);
    }
    out
}

// Problems -------------------------------------------------------------------------------------------------------------

fn problems() -> String {
    let mut out = format!(
        "\n## 入力の問題 / Problems of the input\n\n\
         一つのファイル・コードにつき、初めの {0} 件を problems.csv に並べ、残りは件数を書きます。 / The first {0} of a file and code are listed in problems.csv, the others counted.\n\n\
         | コード | 扱い | severity | 内容と対処 | what, and what to do |\n|---|---|---|---|---|\n",
        Problems::LISTED_MAX
    );
    for code in ProblemCode::ALL {
        let severity = code.severity();
        row(&mut out, &[code.code(), severity.ja(), severity.en(), code.ja(), code.en()]);
    }
    out
}

/// The head of a table: columns of words, then columns of numbers.
fn heading(out: &mut String, words: &[&str], numbers: &[String]) {
    let cells: Vec<&str> = words.iter().copied().chain(numbers.iter().map(String::as_str)).collect();
    row(out, &cells);
    let _ = writeln!(out, "|{}{}", "---|".repeat(words.len()), "---:|".repeat(numbers.len()));
}

fn row(out: &mut String, cells: &[&str]) {
    let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
    let _ = writeln!(out, "| {} |", cells.join(" | "));
}

/// Hundredths of a bit as `+13.40`.
fn signed(hundredths: i32) -> String {
    let sign = if hundredths < 0 { '-' } else { '+' };
    let value = hundredths.unsigned_abs();
    format!("{sign}{}.{:02}", value / 100, value % 100)
}
