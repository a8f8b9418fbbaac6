//! Rosters held against themselves: the same bytes, whole truth, every class and about as often as it says.
//!
//! Always holds: small rosters of fixed seeds and a fixed day.
//! Not here: addresses and spellings, which have tests of their own.

use super::*;
use std::collections::{BTreeMap, BTreeSet};

fn wish(rows_a: u32, rows_b: u32, both: u32) -> Wish {
    let day = Date::new(2026, 11, 20).unwrap();
    Wish { seed: 101, day, rows_a, rows_b, both, noise: Noise::Field }
}

/// Everything in one.
fn made(wish: Wish, threads: usize) -> Chunk {
    let mut all = Chunk::default();
    Rosters::new(wish).unwrap().in_order(threads, |_, chunk| {
        all.a.push_str(&chunk.a);
        all.b.iter_mut().zip(&chunk.b).for_each(|(all, one)| all.push_str(one));
        all.truth.push_str(&chunk.truth);
        all.decoys.push_str(&chunk.decoys);
        true
    });
    all
}

fn rows(text: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

#[test]
fn the_same_wish_gives_the_same_bytes_and_another_seed_others() {
    let wish = wish(2_500, 3_700, 2_200);
    let one = made(wish, 1);
    assert!(one == made(wish, 3), "the number of threads changes nothing");
    assert!(one.a != made(Wish { seed: 102, ..wish }, 1).a);
}

#[test]
fn sizes_are_exactly_as_wished() {
    for (rows_a, rows_b, both) in [
        (2_500, 3_700, 2_200),
        (1_000, 1_000, 1_000),
        (1_500, 900, 0),
        (7, 2_000, 3),
        (0, 40, 0),
        (1_999, 1_999, 1_998),
    ] {
        for noise in [Noise::Field, Noise::None] {
            let all = made(Wish { noise, ..wish(rows_a, rows_b, both) }, 2);
            let in_b: usize = all.b.iter().map(|part| part.lines().count()).sum();
            assert_eq!((all.a.lines().count(), in_b), (rows_a as usize, rows_b as usize));
            let again = rows(&all.truth).iter().filter(|row| row[2].contains("duplicate")).count() / 2;
            assert_eq!(all.truth.lines().count() - again, both as usize, "{rows_a} {rows_b} {both}");
        }
    }
    assert!(Rosters::new(wish(5, 5, 6)).is_none() && Rosters::new(wish(u32::MAX, 5, 1)).is_none());
}

#[test]
fn the_truth_names_rows_and_what_differs_between_them() {
    let all = made(wish(20_000, 30_000, 18_000), 2);
    let keyed = |text: &str| -> BTreeMap<String, Vec<String>> {
        rows(text).into_iter().map(|row| (row[0].clone(), row)).collect()
    };
    let (a, b) = (keyed(&all.a), keyed(&all.b.concat()));
    assert_eq!((a.len(), b.len()), (20_000, 30_000), "no key twice");
    let mut pairs = BTreeSet::new();
    for row in rows(&all.truth) {
        let (one, other) = (&a[&row[0]], &b[&row[1]]);
        assert!(pairs.insert((row[0].clone(), row[1].clone())));
        let fields = [(1, 2), (2, 1), (3, 4), (4, 3), (6, 5), (7, 6), (8, 7)];
        let differs: Vec<usize> =
            fields.iter().filter(|(i, j)| one[*i] != other[*j]).map(|(i, _)| *i).collect();
        let neighbours = ["duplicate", "twin", "father-and-son", "townsman", "namesake"];
        let noted = row[2].split(' ').filter(|word| !word.is_empty() && !neighbours.contains(word)).count();
        assert_eq!(differs.is_empty(), noted == 0, "{:?} of {differs:?}: {one:?} {other:?}", row[2]);
    }
    for row in rows(&all.decoys) {
        assert!(a.contains_key(&row[0]) && b.contains_key(&row[1]));
        assert!(!pairs.contains(&(row[0].clone(), row[1].clone())), "a decoy is no pair");
        let (one, other) = (&a[&row[0]], &b[&row[1]]);
        assert_ne!(one, other);
    }
}

#[test]
fn every_class_occurs_about_as_often_as_it_says() {
    let all = made(wish(60_000, 90_000, 55_000), 2);
    let truth = rows(&all.truth);
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let sort = |word: &str| Class::ALL.iter().find(|class| class.kind().word == word).unwrap().kind().sort;
    let (mut notation, mut content) = (0, 0);
    for row in &truth {
        let words: Vec<&str> = row[2].split(' ').filter(|word| !word.is_empty()).collect();
        notation += usize::from(words.iter().any(|word| sort(word) == Sort::Notation));
        content += usize::from(words.iter().any(|word| sort(word) == Sort::Content));
        words.into_iter().for_each(|word| *counts.entry(word).or_default() += 1);
    }
    let pairs = truth.len();
    for class in Class::ALL {
        let Kind { word, per_million, of, sort, .. } = class.kind();
        let count = counts.get(word).copied().unwrap_or(0);
        // Of a rare neighbour it may be that neither has a pair of their own.
        assert!(count > 0 || all.decoys.contains(word), "{word} does not occur: {counts:?}");
        let wanted = *per_million as f64 * pairs as f64 / 1e6;
        if *of == "everybody" {
            // Six deviations, and a tenth for what cannot be changed and what has other causes beside.
            let slack = 6.0 * wanted.sqrt() + wanted * 0.12;
            assert!((count as f64 - wanted).abs() < slack, "{word}: {count} of {wanted}");
        } else if *sort != Sort::Neighbour {
            // What has other causes beside its own.
            let causes = match class {
                Class::AddressOmitted | Class::Moved => 2.0,
                Class::Unreadable => 3.0,
                _ => 1.0,
            };
            assert!((count as f64) < causes * wanted + 6.0 * wanted.sqrt(), "{word}: {count} of {wanted}");
        }
    }
    let share = |count: usize| count as f64 / pairs as f64;
    assert!((0.26..0.36).contains(&share(notation)), "notation {}", share(notation));
    assert!((0.02..0.05).contains(&share(content)), "content {}", share(content));
    assert!((0.010..0.016).contains(&share(counts["moved"])), "moved {}", share(counts["moved"]));
    assert!(all.decoys.lines().count() > 20, "people who are alike are planted");
}

#[test]
fn without_noise_pairs_are_the_same_and_apart_none_is() {
    for (noise, wanted) in [(Noise::None, 1_800), (Noise::Apart, 0)] {
        let all = made(Wish { noise, ..wish(2_000, 3_000, 1_800) }, 2);
        let facts = |row: &[String], order: [usize; 6]| order.map(|at| row[at].clone());
        let a: BTreeSet<[String; 6]> =
            rows(&all.a).iter().map(|row| facts(row, [1, 2, 3, 4, 7, 8])).collect();
        let same =
            rows(&all.b.concat()).iter().filter(|row| a.contains(&facts(row, [2, 1, 4, 3, 6, 7]))).count();
        assert_eq!(same, wanted);
    }
}
