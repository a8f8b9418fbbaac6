//! The word that was probably meant by an unknown one.
//!
//! Always holds: what is suggested is one of the known words.
//! Not here: the words themselves.

/// How many characters may be wrong in a word that is still understood.
const WRONG_MAX: usize = 3;

/// The known word nearest to this one, if any is near.
pub fn nearest<'w>(word: &str, known: &[&'w str]) -> Option<&'w str> {
    let lower = word.to_lowercase();
    known
        .iter()
        .map(|candidate| (distance(&lower, candidate), *candidate))
        .filter(|(wrong, candidate)| *wrong <= WRONG_MAX && *wrong * 2 <= candidate.chars().count())
        .min()
        .map(|(_, candidate)| candidate)
}

/// How many characters have to be put in, taken out or changed to make one word of the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let changed = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_meant() {
        let known = ["name", "kana", "birth", "address", "other_names"];
        for (written, want) in [
            ("nam", Some("name")),
            ("Name", Some("name")),
            ("adress", Some("address")),
            ("othernames", Some("other_names")),
            ("birht", Some("birth")),
            ("xyz", None),
            ("", None),
        ] {
            assert_eq!(nearest(written, &known), want, "{written}");
        }
    }
}
