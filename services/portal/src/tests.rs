//! Stories of people at their own pages and of the call centre: what happened goes in, what is told comes out.
//!
//! Always holds: each story plays on both databases; cards are real ones (`card`) of the invented authority; after a
//! story no row of the log names anybody.
//! Not here: proofs of every kind (`cards::proof`), cases (`registration`), the gate of consents (`consent`).

mod calls;
mod looks;
mod pages;
mod sessions;
mod stage;

use crate::rules::*;
use base::{Id, Instant, Refusal};
use stage::*;

#[test]
fn every_refusal_has_a_code_of_its_own() {
    let all = crate::refusals::ALL;
    let mut codes: Vec<&str> = all.iter().flat_map(|help| [help.code, help.oqs]).collect();
    assert!(all.iter().all(|help| help.oqs.len() == 9));
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), 2 * all.len());
}

#[test]
fn s3_r1_the_matching_code_is_of_the_text_alone() {
    let of = |text: &str| matching_code(text);
    assert_eq!(of("a"), of("a"));
    // SHA-256 of "abc" begins ba7816: 10111 01001 11100 00001.
    assert_eq!(of("abc"), "Q9W1");
    assert_ne!(of("a.b"), of("b.a"));
}

#[test]
fn a_token_prints_nothing_and_reads_back() {
    let token = Token::new([7; 32]);
    assert_eq!(format!("{token:?}"), "Token(…)");
    assert_eq!(Token::parse(&token.text()).unwrap().digest(), token.digest());
    assert_ne!(token.csrf(), token.text());
    for bad in ["", "x", &"A".repeat(44), &"=".repeat(43), &"ー".repeat(15)] {
        assert!(Token::parse(bad).is_none(), "{bad}");
    }
}
