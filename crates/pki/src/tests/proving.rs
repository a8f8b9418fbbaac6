//! Nonces: given, known again, and good for one use only. Whatever is not ours or not for here is forged.

use super::*;

const HERE: Bound<'_> = Bound { door: "tap", facility: 11, terminal: 22, session: "abc" };
const LIFE_MS: i64 = 120_000;

fn given() -> (Nonces, Instant, String) {
    let nonces = Nonces::new(&[7; 32]);
    let at = noon(20_261_120);
    let text = nonces.issue([9; 16], at, &HERE).text();
    (nonces, at, text)
}

#[test]
fn a_nonce_comes_back() {
    let (nonces, at, text) = given();
    let nonce = nonces.check(&text, at, LIFE_MS, &HERE).expect("our own");
    assert_eq!((nonce.text(), nonce.at(), nonce.id()), (text.clone(), at, [9; 16]));
    assert!(text.bytes().all(|sign| sign.is_ascii_alphanumeric() || sign == b'-' || sign == b'_'));
    let message = nonce.message();
    assert!(message.starts_with(b"shikaku-proof-v1\0"));
    let other = nonces.issue([8; 16], at, &HERE).message();
    assert_ne!(message, other);
    assert_eq!(format!("{nonce:?} {nonces:?}"), "Nonce(…) Nonces(…)");
}

#[test]
fn a_nonce_of_another_use_is_forged() {
    let (nonces, at, text) = given();
    for bound in [
        Bound { door: "portal", ..HERE },
        Bound { facility: 12, ..HERE },
        Bound { terminal: 23, ..HERE },
        Bound { facility: 22, terminal: 11, ..HERE },
        Bound { session: "abd", ..HERE },
        Bound { session: "", ..HERE },
        Bound { door: "tapabc", session: "", ..HERE },
    ] {
        assert_eq!(nonces.check(&text, at, LIFE_MS, &bound), Err(NonceFault::Forged), "{bound:?}");
    }
    let others = Nonces::new(&[6; 32]);
    assert_eq!(others.check(&text, at, LIFE_MS, &HERE), Err(NonceFault::Forged));
}

#[test]
fn a_nonce_lives_to_the_millisecond() {
    let (nonces, at, text) = given();
    let after = |ms| nonces.check(&text, at.plus_ms(ms), LIFE_MS, &HERE).map(|_| ());
    assert!(after(-2_000).is_ok(), "clocks differ a little");
    assert_eq!(after(-2_001), Err(NonceFault::FromTheFuture));
    assert_eq!(after(0), Ok(()));
    assert_eq!(after(LIFE_MS), Ok(()));
    assert_eq!(after(LIFE_MS + 1), Err(NonceFault::Expired));
    let forged = Bound { session: "x", ..HERE };
    assert_eq!(nonces.check(&text, at.plus_ms(LIFE_MS + 1), LIFE_MS, &forged), Err(NonceFault::Forged));
}

#[test]
fn a_changed_nonce_is_never_good() {
    let (nonces, at, text) = given();
    let check = |text: &str| nonces.check(text, at, LIFE_MS, &HERE);
    for place in 0..text.len() {
        for sign in ["A", "B", "_", "=", "+", "é", ""] {
            let changed = format!("{}{sign}{}", &text[..place], &text[place + 1..]);
            assert!(changed == text || check(&changed).is_err(), "at {place}");
        }
    }
    for bad in ["", "A", &format!("{text}A"), &format!("{text}=\n"), &text[1..], &"A".repeat(1_000_000)] {
        assert_eq!(check(bad), Err(NonceFault::Malformed));
    }
}
