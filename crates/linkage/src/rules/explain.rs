//! A pair's decision in words: what each attribute showed and weighed, the sum, and the rule that decided.
//!
//! Always holds: the weights shown add up to the score shown, to the last digit; nothing of a person is said.
//! Not here: the values that were compared (output shows them to the clerk).
//! Rules come from: the reference on matching, section 1.6 (an explainable matcher).

use super::{Decision, Grade, LINK_AT, REVIEW_AT, Rarity, weights};
use crate::levels::Levels;
pub use base::Lang;

/// The decision of a pair in sentences: one for each attribute with its weight, the sum, the rule.
pub fn explain(levels: &Levels, rarity: Rarity, decision: &Decision, lang: Lang) -> Vec<String> {
    let parts = weights::parts(levels, rarity);
    let (codes, seen) = (levels.all_codes(), levels.all_words(lang));
    let weighed = [parts.name, parts.kana, parts.birth, parts.sex, parts.address, parts.strong];
    let mut lines = Vec::with_capacity(seen.len() + 3);
    for ((code, seen), weight) in codes.into_iter().zip(seen).zip(weighed) {
        lines.push(format!("{code} {}", weighed_line(seen, weight, lang)));
    }
    let (prior, sum) = match lang {
        Lang::Ja => ("比較前の見込み", "合計"),
        Lang::En => ("before comparing", "total"),
    };
    lines.push(weighed_line(prior, parts.prior, lang));
    lines.push(format!("{}{}", weighed_line(sum, decision.score, lang), thresholds(lang)));
    lines.push(verdict(decision, lang));
    lines
}

fn weighed_line(seen: &str, weight: i32, lang: Lang) -> String {
    match lang {
        Lang::Ja => format!("{seen}（{}ビット）", signed(weight)),
        Lang::En => format!("{seen} ({} bits)", signed(weight)),
    }
}

fn thresholds(lang: Lang) -> String {
    let (link, review) = (signed(LINK_AT), signed(REVIEW_AT));
    match lang {
        Lang::Ja => format!("。基準：一致は{link}以上、要確認は{review}以上"),
        Lang::En => format!("; a link needs {link}, a review {review}"),
    }
}

fn verdict(decision: &Decision, lang: Lang) -> String {
    let (reason, code) = (decision.reason, decision.reason.code());
    match (lang, decision.grade) {
        (Lang::Ja, Grade::Link) => format!("判定：一致［{code}］{}", reason.ja()),
        (Lang::Ja, Grade::Review) => format!("判定：要確認［{code}］{}", reason.ja()),
        (Lang::Ja, Grade::NoLink) => format!("判定：不一致［{code}］{}", reason.ja()),
        (Lang::En, Grade::Link) => format!("decided: link [{code}] {}", reason.en()),
        (Lang::En, Grade::Review) => format!("decided: review [{code}] {}", reason.en()),
        (Lang::En, Grade::NoLink) => format!("decided: no link [{code}] {}", reason.en()),
    }
}

/// Hundredths of a bit as `+11.20`, in integers: no rounding differs between machines.
fn signed(hundredths: i32) -> String {
    let sign = if hundredths < 0 { '-' } else { '+' };
    let value = hundredths.unsigned_abs();
    format!("{sign}{}.{:02}", value / 100, value % 100)
}
