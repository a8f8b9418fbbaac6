//! How counts are told.
//!
//! Always holds: a count of people from one to nine is never told, and no total of a table tells it either.
//! Not here: what is counted.
//! Rules come from: the issue, part D (small-count protection, 少数秘匿).

use base::Lang;

/// Counts of people below this are not told.
const LEAST: i64 = 10;

/// A count of people as a chart may show it; none when it is too small. No people at all is told.
pub fn safe(count: i64) -> Option<i64> {
    (count == 0 || count >= LEAST).then_some(count)
}

/// A count of people in words.
pub fn people(lang: Lang, count: i64) -> String {
    match safe(count) {
        Some(count) => number(count),
        None => lang.pick("10未満", "fewer than 10").to_owned(),
    }
}

/// The total of counts of people: not told when just one of them is too small, for it would tell that one.
pub fn total(lang: Lang, counts: &[i64]) -> String {
    match counts.iter().filter(|count| safe(**count).is_none()).count() {
        1 => "—".to_owned(),
        _ => people(lang, counts.iter().sum()),
    }
}

/// A share in hundredths of a percent, of a count that may be told.
pub fn percent(share: Option<i64>) -> String {
    share.map_or_else(|| "—".to_owned(), |share| format!("{}.{:02} %", share / 100, share % 100))
}

/// A number with commas between thousands.
pub fn number(count: i64) -> String {
    let digits = count.unsigned_abs().to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if count < 0 { format!("-{text}") } else { text }
}
