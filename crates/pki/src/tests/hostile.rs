//! Hostile bytes: a corpus of one fault each, and every small change of a good certificate and a good list.
//!
//! x509-cert judges beside us: whatever we accept, it reads too and writes again as the same bytes.

use super::*;
use std::fs;
use x509_cert::der::{Decode, Encode, ErrorKind, Tag};

fn one_encoding<T: for<'a> Decode<'a, Error = x509_cert::der::Error> + Encode>(bytes: &[u8]) {
    match T::from_der(bytes) {
        Ok(other) => assert_eq!(other.to_der().expect("written"), bytes, "one encoding only"),
        // What it cannot hold and DER can: numbers above 32 bits in object identifiers, times before 1970.
        Err(error) => assert!(
            matches!(error.kind(), ErrorKind::OidMalformed | ErrorKind::Value { tag: Tag::UtcTime }),
            "{error}"
        ),
    }
}

/// Our answer to a certificate: whether it is read, and whether an anchor would let it in.
fn certificate_in(bytes: &[u8], anchors: &Anchors, at: Instant) -> (bool, bool) {
    let Ok(read) = Certificate::parse(bytes) else { return (false, false) };
    assert_eq!(read.der(), bytes);
    one_encoding::<x509_cert::Certificate>(bytes);
    let _ = read.verify(b"message", b"signature");
    let checked = anchors.check(Kind::Authentication, &read, at, &TERMS);
    (true, checked.is_ok())
}

/// The same for a list.
fn list_in(bytes: &[u8], anchors: &Anchors) -> (bool, bool) {
    let Ok(read) = Crl::parse(bytes) else { return (false, false) };
    one_encoding::<x509_cert::crl::CertificateList>(bytes);
    (true, Lists::new().add(read, anchors).is_ok())
}

/// Every change of one bit, some of one byte, each byte left out or doubled, and each length cut short.
fn changes(good: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let byte = |place: usize, value: u8| {
        let mut changed = good.to_vec();
        changed[place] = value;
        changed
    };
    let at = move |place: usize| {
        let (before, after) = good.split_at(place);
        let bits = (0..8).map(move |bit| byte(place, good[place] ^ 1 << bit));
        let bytes = [0, 0x30, 0x7f, 0x80, 0x84, 0xff].map(|value| byte(place, value));
        let shorter = [before, &after[1..]].concat();
        let longer = [before, &after[..1], after].concat();
        bits.chain(bytes).chain([shorter, longer, before.to_vec()])
    };
    (0..good.len()).flat_map(at).filter(move |changed| changed != good)
}

fn sweep(good: &[u8], judge: impl Fn(&[u8]) -> (bool, bool)) -> (usize, usize) {
    assert_eq!(judge(good), (true, true), "the good one is good");
    let (mut tried, mut read) = (0, 0);
    for changed in changes(good) {
        let (is_read, is_accepted) = judge(&changed);
        assert!(
            !is_accepted,
            "accepted, and differs at {:?}",
            good.iter().zip(&changed).position(|(a, b)| a != b)
        );
        (tried, read) = (tried + 1, read + usize::from(is_read));
    }
    (tried, read)
}

#[test]
fn corpus_replay_every_small_change_of_a_certificate() {
    for (authority, holder) in [(auth_03(), "leaf-rsa-01"), (auth_04(), "leaf-p384-01")] {
        let anchors = anchors(&[&authority]);
        let not_before = noon(20_241_201).max(parse(authority.certificate()).not_before());
        let public_key = key(holder).spki();
        let good = authority.issue(&Wanted { not_before, ..card(&public_key) }).expect("issued");
        let (tried, read) = sweep(&good, |bytes| certificate_in(bytes, &anchors, not_before));
        assert!(tried > 15_000 && read > 1_000, "{tried} tried, {read} of them read");
    }
}

#[test]
fn corpus_replay_every_small_change_of_a_list() {
    let authority = auth_03();
    let anchors = anchors(&[&authority]);
    let at = noon(20_261_101);
    let entries = [
        (serial(1), State::OnHold { since: at }),
        (serial(300), State::Revoked { at, reason: Reason::Superseded }),
        (serial(7), State::Revoked { at, reason: Reason::Unspecified }),
    ];
    let good = authority.issue_crl(&WantedList {
        municipality: CHIYODA,
        number: 1,
        this_update: at,
        next_update: at.plus_ms(3_600_000),
        entries: &entries,
    });
    let (tried, read) = sweep(&good, |bytes| list_in(bytes, &anchors));
    assert!(tried > 10_000 && read > 1_000, "{tried} tried, {read} of them read");
}

/// Files are named for what is read (`cert`, `crl`), what becomes of them (`bad`: not read; `untrusted`: read, and not
/// let in), and their one fault.
#[test]
fn corpus_replay_one_fault_each() {
    let all = [auth_01(), auth_02(), auth_03(), auth_04(), sign_02()];
    let anchors = anchors(&all.each_ref());
    let mut count = 0;
    for entry in fs::read_dir("corpus").expect("the corpus") {
        let path = entry.expect("a file").path();
        let name = path.file_name().expect("its name").to_string_lossy().into_owned();
        let bytes = fs::read(&path).expect("its bytes");
        let answer = match name.split('-').next() {
            Some("cert") => certificate_in(&bytes, &anchors, noon(20_250_101)),
            Some("crl") => list_in(&bytes, &anchors),
            _ => panic!("{name}: what is it?"),
        };
        match name.split('-').nth(1) {
            Some("bad") => assert_eq!(answer, (false, false), "{name}"),
            Some("untrusted") => assert_eq!(answer, (true, false), "{name}"),
            _ => panic!("{name}: what becomes of it?"),
        }
        count += 1;
    }
    assert!(count >= 60, "{count} files");
}
