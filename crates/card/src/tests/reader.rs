//! The reader against the card, against cards that are none, and against cards that lie.
//! OpenSSL is the second judge of what was signed.

use super::{card, hex, word};
use crate::{Algorithm, Card, CardFault, Pin, PinOutcome, Session, TERMINAL_TOKEN, Tries};
use std::path::Path;
use std::process::Command;

fn pin(digits: &str) -> Pin {
    Pin::new(digits).unwrap()
}

#[test]
fn a_pin_has_four_ascii_digits() {
    assert!(Pin::new("0000").is_some());
    for wrong in ["", "123", "12345", "12a4", "１２３４", "１", " 123", "123\n", "-123", "+123"] {
        assert!(Pin::new(wrong).is_none(), "{wrong:?}");
    }
}

#[test]
fn a_tap_from_select_to_signature() {
    for (name, digits, length) in [("rsa", "7294", 256..=256), ("p384", "8351", 100..=104)] {
        let mut card = card(name);
        let mut session = Session::open(|command: &[u8]| card.transmit(command)).unwrap();
        let certificate = session.authentication_certificate().unwrap();
        assert_eq!(session.tries_left(), Ok(Tries::Left(3)));
        assert_eq!(session.sign_message(&certificate, b"nonce"), Err(CardFault::NotVerified));
        assert_eq!(session.verify_pin(&pin("0000")), Ok(PinOutcome::Wrong { left: 2 }));
        assert_eq!(session.verify_pin(&pin(digits)), Ok(PinOutcome::Right));
        assert_eq!(session.tries_left(), Ok(Tries::Left(3)));
        let signature = session.sign_message(&certificate, b"nonce").unwrap();
        assert!(length.contains(&signature.len()), "{}", signature.len());
        assert_eq!(certificate, card.authentication_certificate());
        is_verified_by_openssl(&certificate, &signature);
    }
}

/// `openssl dgst -verify` takes the signature of "nonce" and of nothing else.
fn is_verified_by_openssl(certificate: &[u8], signature: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    put("certificate", certificate);
    put("signature", signature);
    put("message", b"nonce");
    put("another", b"nonces");
    assert!(openssl(
        folder.path(),
        &["x509", "-inform", "DER", "-in", "certificate", "-pubkey", "-noout", "-out", "key"]
    ));
    let hash = match Algorithm::of(certificate).unwrap() {
        Algorithm::Rsa => "-sha256",
        Algorithm::P384 => "-sha384",
    };
    assert!(openssl(folder.path(), &["dgst", hash, "-verify", "key", "-signature", "signature", "message"]));
    assert!(!openssl(folder.path(), &["dgst", hash, "-verify", "key", "-signature", "signature", "another"]));
}

fn openssl(folder: &Path, args: &[&str]) -> bool {
    let output = Command::new("openssl").args(args).current_dir(folder).output();
    output.expect("openssl is installed (Debian package openssl)").status.success()
}

#[test]
fn each_outcome_of_a_pin() {
    let mut child = card("child");
    let mut session = Session::open(|command: &[u8]| child.transmit(command)).unwrap();
    assert_eq!(session.tries_left(), Ok(Tries::Left(1)));
    assert_eq!(session.verify_pin(&pin("0000")), Ok(PinOutcome::JustBlocked));
    assert_eq!(session.verify_pin(&pin("6128")), Ok(PinOutcome::Blocked));
    assert_eq!(session.tries_left(), Ok(Tries::Blocked));

    let mut pin_less = card("pin-less");
    let mut session = Session::open(|command: &[u8]| pin_less.transmit(command)).unwrap();
    assert_eq!(session.tries_left(), Ok(Tries::Unusable));
    assert_eq!(session.verify_pin(&pin("0000")), Ok(PinOutcome::Unusable));
}

#[test]
fn admission_by_eye_gives_one_signature() {
    for name in ["rsa", "p384", "child", "pin-less"] {
        let mut card = card(name);
        let mut session = Session::open(|command: &[u8]| card.transmit(command)).unwrap();
        let certificate = session.authentication_certificate().unwrap();
        session.admit_by_eye().unwrap();
        let signature = session.sign_message(&certificate, b"nonce").unwrap();
        assert_eq!(session.sign_message(&certificate, b"nonce"), Err(CardFault::NotVerified));
        is_verified_by_openssl(&certificate, &signature);
    }
    // What a real card answers.
    let mut real = card("rsa");
    let mut session = Session::open(|command: &[u8]| match command {
        [0x80, 0xA2, ..] => vec![0x67, 0x00],
        _ => real.transmit(command),
    })
    .unwrap();
    assert_eq!(session.admit_by_eye(), Err(CardFault::NotAdmitted));
}

#[test]
fn a_card_that_lies_signs_with_its_own_key() {
    let mut card = card("lies");
    let mut session = Session::open(|command: &[u8]| card.transmit(command)).unwrap();
    let certificate = session.authentication_certificate().unwrap();
    session.admit_by_eye().unwrap();
    // The certificate says RSA and the key is none: the card cannot.
    let unexpected = CardFault::Unexpected { command: "SIGN", word: 0x6A80 };
    assert_eq!(session.sign_message(&certificate, b"nonce"), Err(unexpected));
}

#[test]
fn a_card_pulled_out_is_gone_at_any_moment() {
    let whole = |left: &mut usize, card: &mut Card| -> Result<Vec<u8>, CardFault> {
        let mut session = Session::open(|command: &[u8]| {
            if *left == 0 {
                return Vec::new();
            }
            *left -= 1;
            card.transmit(command)
        })?;
        let certificate = session.authentication_certificate()?;
        session.verify_pin(&pin("7294"))?;
        session.sign_message(&certificate, b"nonce")
    };
    let mut commands = 0;
    while whole(&mut commands.clone(), &mut card("rsa")) == Err(CardFault::Gone) {
        commands += 1;
        assert!(commands < 100, "for ever");
    }
    assert_eq!(commands, 10);
    assert!(whole(&mut commands, &mut card("rsa")).is_ok());
}

#[test]
fn other_cards_are_told_apart() {
    let open = |reply: &'static [u8]| Session::open(move |_: &[u8]| reply.to_vec()).map(|_| ());
    assert_eq!(open(&[0x6A, 0x82]), Err(CardFault::OtherCard));
    assert_eq!(open(&[0x6D, 0x00]), Err(CardFault::Unexpected { command: "SELECT", word: 0x6D00 }));
    assert_eq!(open(&[0x90]), Err(CardFault::Gone));
    assert_eq!(open(&[]), Err(CardFault::Gone));
    assert_eq!(open(&[0x90, 0x00]), Ok(()));
}

#[test]
fn broken_certificates_end() {
    let read = |chunk: Vec<u8>| {
        let mut commands = 0;
        let mut session = Session::open(|command: &[u8]| {
            commands += 1;
            match command[1] {
                0xB0 => [&chunk[..], &[0x90, 0x00]].concat(),
                _ => vec![0x90, 0x00],
            }
        })
        .unwrap();
        let outcome = session.authentication_certificate();
        (outcome.map(|der| der.len()), commands)
    };
    let broken = Err(CardFault::BrokenCertificate);
    assert_eq!(read(Vec::new()), (broken, 3));
    assert_eq!(read(b"\x30\x82\x01".to_vec()), (broken, 3));
    assert_eq!(read(b"\x30\x81\x80\x00".to_vec()), (broken, 3));
    assert_eq!(read(b"\x30\x82\xFF\xFF".to_vec()), (broken, 3));
    assert_eq!(read(vec![0; 256]), (broken, 3));
    // A byte more than the bound is refused at once, the bound itself is read in steps.
    assert_eq!(read(b"\x30\x82\x1F\xFD".to_vec()), (broken, 3));
    assert_eq!(read(b"\x30\x82\x1F\xFC".to_vec()), (Ok(8192), 2 + 2048));
    // More than was asked for is cut off.
    assert_eq!(read([&b"\x30\x82\x01\x00"[..], &[7; 5000]].concat()), (Ok(260), 3));
}

#[test]
fn algorithms_are_told_by_the_public_key() {
    let [rsa, p384] = ["rsa", "p384"].map(card).map(|card| card.authentication_certificate().to_vec());
    assert_eq!(Algorithm::of(&rsa), Some(Algorithm::Rsa));
    assert_eq!(Algorithm::of(&p384), Some(Algorithm::P384));
    assert_eq!(Algorithm::of(&[rsa.clone(), p384].concat()), None);
    assert_eq!(Algorithm::of(&rsa[..rsa.len() / 4]), None);
    let mut session = Session::open(|_: &[u8]| vec![0x90, 0x00]).unwrap();
    assert_eq!(session.sign_message(b"no certificate", b"nonce"), Err(CardFault::UnknownAlgorithm));
}

#[test]
fn the_terminal_sends_the_pin_once_and_selects_jpki_only() {
    let mut card = card("rsa");
    let mut log = Vec::new();
    let mut session = Session::open(|command: &[u8]| {
        log.push(command.to_vec());
        card.transmit(command)
    })
    .unwrap();
    let certificate = session.authentication_certificate().unwrap();
    session.tries_left().unwrap();
    session.admit_by_eye().unwrap();
    session.verify_pin(&pin("7294")).unwrap();
    session.sign_message(&certificate, b"nonce").unwrap();
    let log: Vec<String> = log.iter().map(|command| hex(command)).collect();
    let with =
        |start: &str| log.iter().filter(|command| command.starts_with(start)).cloned().collect::<Vec<_>>();
    assert_eq!(with("00A404"), ["00A4040C0AD392F000260100000001"]);
    assert_eq!(with("002000"), ["00200080", "002000800437323934"]);
    assert_eq!(log.iter().filter(|command| command.contains("37323934")).count(), 1);
    assert!(with("80A2")[0].ends_with(&hex(TERMINAL_TOKEN)));
}

#[test]
fn faults_say_nothing_of_the_holder() {
    let fault = CardFault::Unexpected { command: "VERIFY", word: 0x6F00 };
    assert_eq!(fault.to_string(), "the card answered 6F00 to VERIFY");
    assert_eq!(word(&[1, 2, 0x6F, 0x00]), 0x6F00);
}
