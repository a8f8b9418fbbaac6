//! Card files: what is read, refused, written and kept, and what stays in memory.
//! Made-up PINs stand in them, so a problem that quoted one would be seen.

use super::{card, play, text};
use crate::{Card, Contents, FILE_BYTES_MAX, Half, Kind};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair};
use std::io::{Read as _, Seek as _, SeekFrom};
use zeroize::Zeroizing;

/// The file is refused at the place that its first line names, and the problem quotes nothing of it.
pub(super) fn is_refused(text: &str) {
    let place = text.lines().next().unwrap().strip_prefix("# expects: ").unwrap();
    let problem = Card::read(text).expect_err("read");
    assert_eq!(problem.place, place, "{problem}");
    let said = format!("{problem} {problem:?}");
    for secret in ["7294", "７２９４", "72x4", "TESTPASS", "testpass", "TES72", "canary", "pin2"] {
        assert!(!said.contains(secret), "{said}");
    }
    for line in text.lines().skip(1).filter(|line| line.len() >= 40) {
        assert!(!said.contains(line) && !said.contains(&line[..line.floor_char_boundary(20)]), "{said}");
    }
}

#[test]
fn a_file_has_a_largest_size() {
    let padded = |length: usize| {
        let text = text("read-child.card");
        format!("{text}#{}", "x".repeat(length - text.len() - 1))
    };
    assert!(Card::read(&padded(FILE_BYTES_MAX)).is_ok());
    assert_eq!(Card::read(&padded(FILE_BYTES_MAX + 1)).unwrap_err().place, "file");
}

#[test]
fn tries_and_pins_survive_the_file() {
    let mut first = card("rsa");
    assert!(!first.is_changed());
    play(&mut first, "00A4040C0A D392F000260100000001 -> 9000\n00200098 -> 63C3\n0020009804 [7294] -> 9000");
    // The right PIN at full tries changes nothing.
    assert!(!first.is_changed());
    play(&mut first, "0020009804 [0000] -> 63C2\n0020009804 [0001] -> 63C1");
    assert!(first.is_changed());
    let saved = first.write();
    first.set_saved();
    assert!(!first.is_changed());
    assert!(saved.contains("tries_left = 1\n"));

    let mut second = Card::read(&saved).unwrap();
    assert_eq!((second.tries_left(), second.is_changed()), (1, false));
    play(&mut second, "00A4040C0A D392F000260100000001 -> 9000\n0020009804 [7294] -> 9000");
    assert!(second.is_changed(), "tries were given back");
    second.set_saved();
    play(&mut second, "0024019804 [5318] -> 9000");
    assert!(second.is_changed(), "the PIN is another");

    let mut third = Card::read(&second.write()).unwrap();
    play(
        &mut third,
        "00A4040C0A D392F000260100000001 -> 9000\n0020009804 [7294] -> 63C2\n0020009804 [5318] -> 9000
        0020009804 [0000] -> 63C2\n0020009804 [0000] -> 63C1\n0020009804 [0000] -> 63C0",
    );
    let mut blocked = Card::read(&third.write()).unwrap();
    play(&mut blocked, "00A4040C0A D392F000260100000001 -> 9000\n0020009804 [5318] -> 6984");
    assert!(!blocked.is_changed());
}

#[test]
fn a_try_is_in_the_file_before_the_pin_is_compared() {
    const VERIFY: u8 = 0x98;
    let verify = |pin: &[u8; 4]| [&[0x00, 0x20, 0x00, VERIFY, 4][..], pin].concat();
    let opened = || {
        let mut card = card("rsa");
        play(&mut card, "00A4040C0A D392F000260100000001 -> 9000");
        card
    };
    for (pin, reply, saved) in [(b"0000", [0x63, 0xC2], vec![2]), (b"7294", [0x90, 0x00], vec![2, 3])] {
        let (mut card, mut files) = (opened(), Vec::new());
        let got = card.transmit_saving(&verify(pin), &mut |card| {
            files.push(card.tries_left());
            true
        });
        assert_eq!((&got[..], files, card.is_changed()), (&reply[..], saved, false));
    }
    // Where nothing can be written, the right PIN is no different from a wrong one, and opens nothing.
    for pin in [b"0000", b"7294"] {
        let mut card = opened();
        assert_eq!(card.transmit_saving(&verify(pin), &mut |_| false), []);
        let hash = [&[0x80, 0x2A, 0x02, 0x97, 32][..], &[7; 32], &[0]].concat();
        assert_eq!(card.transmit(&hash), [0x69, 0x82]);
    }
    // Full in between: the right PIN costs its try.
    let (mut card, mut files) = (opened(), Vec::new());
    let got = card.transmit_saving(&verify(b"7294"), &mut |card| {
        files.push(card.tries_left());
        files.len() == 1
    });
    assert_eq!((&got[..], files), (&[][..], vec![2, 3]));
    // What changes nothing saves nothing.
    assert_eq!(opened().transmit_saving(&[0x00, 0x20, 0x00, VERIFY], &mut |_| panic!()), [0x63, 0xC3]);
}

#[test]
fn a_card_tells_what_stands_on_its_face() {
    let all = ["rsa", "p384", "child", "pin-less"].map(card);
    assert_eq!(
        all.each_ref().map(|card| (card.label(), card.kind(), card.tries_left(), card.signing_tries_left())),
        [
            ("T001-rsa", Kind::Card, 3, Some(5)),
            ("T002-p384", Kind::Card, 3, None),
            ("T003-child", Kind::Child, 1, None),
            ("T004-pin-less", Kind::PinLess, 0, None),
        ]
    );
    assert_eq!(
        [all[0].holder(), all[0].note_ja(), all[0].note_en()],
        ["見本　太郎", "今のカード（RSA）", "today's card (RSA)"]
    );
    assert!(all[0].signing_certificate().unwrap().starts_with(&[0x30, 0x82]));
    assert!(all[1].signing_certificate().is_none());
    assert_eq!(all.map(|card| format!("{card:?}")), ["Card"; 4]);
}

/// Contents with a new RSA key and the certificates of a card of the corpus.
fn contents(key: Zeroizing<Vec<u8>>) -> Contents {
    let model = card("child");
    Contents {
        label: "T900".into(),
        holder: "見本　\"新\" \\ 造".into(),
        note_ja: String::new(),
        note_en: String::new(),
        kind: Kind::Card,
        auth: Half {
            certificate: model.auth.certificate,
            ca: model.auth.ca,
            key,
            pin: Some("4827".to_owned().into()),
            tries_left: Half::AUTH_TRIES,
        },
        sign: None,
    }
}

#[test]
fn a_made_card_is_written_and_read() {
    let rsa = AsDer::<Pkcs8V1Der>::as_der(&KeyPair::generate(KeySize::Rsa2048).unwrap()).unwrap();
    let p384 = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_ASN1_SIGNING).unwrap().to_pkcs8v1().unwrap();
    for key in [rsa.as_ref(), p384.as_ref()] {
        let made = Card::make(contents(key.to_vec().into())).unwrap();
        assert!(!made.is_changed());
        let text = made.write();
        let read = Card::read(&text).unwrap();
        assert_eq!(*read.write(), *text);
        assert_eq!((read.holder(), read.auth.key.pkcs8()), ("見本　\"新\" \\ 造", key));
    }
    let mut wrong = contents(p384.as_ref().to_vec().into());
    wrong.auth.pin = None;
    assert_eq!(Card::make(wrong).unwrap_err().place, "auth.pin");
}

#[test]
fn nothing_secret_stays_in_memory() {
    // A key and a password of this test alone, so that other tests in this process cannot leave them behind.
    let key = AsDer::<Pkcs8V1Der>::as_der(&KeyPair::generate(KeySize::Rsa2048).unwrap()).unwrap();
    // Needles inverted, lest they find themselves: the key's end in DER, the same as the library's limbs, the password.
    let end = &key.as_ref()[key.as_ref().len() - 24..];
    let inverted = |bytes: &[u8]| bytes.iter().map(|byte| !byte).collect::<Vec<u8>>();
    let mut needles =
        vec![inverted(end), end.iter().rev().map(|byte| !byte).collect(), inverted(b"MEMORY0SCAN12345")];
    let mut all = contents(key.as_ref().to_vec().into());
    drop(key);
    let model = card("child");
    all.sign = Some(Half {
        certificate: model.auth.certificate,
        ca: model.auth.ca,
        key: Zeroizing::new(all.auth.key.to_vec()),
        pin: Some(Zeroizing::new(needles[2].iter().map(|byte| char::from(!byte)).collect())),
        tries_left: Half::SIGN_TRIES,
    });
    let mut text = Card::make(all).unwrap().write();
    // And a line of the key in the file.
    let line = text.lines().rfind(|line| line.len() == 76).unwrap();
    needles.push(inverted(&line.as_bytes()[20..60]));
    let mut made = Card::read(&text).unwrap();
    play(&mut made, "00A4040C0A D392F000260100000001 -> 9000\n00A4020C02 001B -> 9000");
    let mut verify = Zeroizing::new(Vec::with_capacity(32));
    verify.extend([0x00, 0x20, 0x00, 0x80, 16]);
    verify.extend(needles[2].iter().map(|byte| !byte));
    assert_eq!(made.transmit(&verify), [0x90, 0x00]);
    assert!(found(&needles).iter().all(|count| *count > 0), "while it lives");
    drop(verify);
    // A file that is refused before its secrets were taken out, and one more that is written: what is freed last is
    // least likely to be written over by chance.
    let version = text.find("version = 1").unwrap() + 10;
    text.replace_range(version..=version, "2");
    assert_eq!(Card::read(&text).unwrap_err().place, "version");
    drop(text);
    assert_eq!(found(&needles)[3], 0, "after a refused file");
    let text = made.write();
    assert_eq!(found(&needles)[3], count(&text, &needles[3]), "beside a written file");
    let read = Card::read(&text).unwrap();
    drop(text);
    drop(made);
    drop(read);
    assert_eq!(found(&needles), [0; 4], "after it is gone");
}

/// How often a needle, inverted, stands in a text.
fn count(text: &str, needle: &[u8]) -> usize {
    text.as_bytes()
        .windows(needle.len())
        .filter(|window| window.iter().zip(needle).all(|(a, b)| *a == !b))
        .count()
}

/// How often each needle, inverted, stands in what this process has written to.
fn found(needles: &[Vec<u8>]) -> Vec<usize> {
    // So large that they get pages of their own: a small buffer would be put where a secret was freed.
    let mut maps = String::with_capacity(1 << 20);
    std::fs::File::open("/proc/self/maps").unwrap().read_to_string(&mut maps).unwrap();
    let mut memory = std::fs::File::open("/proc/self/mem").unwrap();
    let mut counts = vec![0; needles.len()];
    for line in maps.lines().filter(|line| line.contains(" rw-p ")) {
        let (from, to) = line.split(' ').next().unwrap().split_once('-').unwrap();
        let [from, to] = [from, to].map(|hex| u64::from_str_radix(hex, 16).unwrap());
        let length = (to - from) as usize;
        let mut bytes = Zeroizing::new(Vec::with_capacity(length.max(1 << 20)));
        bytes.resize(length, 0);
        // A mapping may have gone meanwhile, with what was in it.
        if memory.seek(SeekFrom::Start(from)).is_err() || memory.read_exact(&mut bytes).is_err() {
            continue;
        }
        for (needle, count) in needles.iter().zip(&mut counts) {
            let first = !needle[0];
            let mut at = 0;
            while let Some(next) = bytes[at..].iter().position(|byte| *byte == first) {
                at += next + 1;
                let rest = bytes.get(at..at + needle.len() - 1);
                *count += usize::from(
                    rest.is_some_and(|rest| rest.iter().zip(&needle[1..]).all(|(a, b)| *a == !b)),
                );
            }
        }
    }
    counts
}
