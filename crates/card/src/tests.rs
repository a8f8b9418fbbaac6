//! Tests of the card, by what they look at: commands, files, the reader, and commands at random.
//!
//! Always holds: the cards are those of `corpus/read-*.card`, made once with OpenSSL for an invented test authority;
//! commands and replies stand as text, so that a case is a line.
//! Not here: real cards and PC/SC; whether a certificate is good.

mod commands;
mod files;
mod random;
mod reader;

use crate::Card;
use crate::apdu::Word;
use std::path::PathBuf;

/// A folder with hostile and good files, for the replay. Tests run in the folder of their package; where it was when they
/// were built may be another clone's.
fn corpus() -> PathBuf {
    PathBuf::from("corpus")
}

/// The text of a file of the corpus.
fn text(name: &str) -> String {
    std::fs::read_to_string(corpus().join(name)).unwrap()
}

/// A card of the corpus: `rsa`, `p384`, `child`, `pin-less` or `lies`.
fn card(name: &str) -> Card {
    Card::read(&text(&format!("read-{name}.card"))).unwrap()
}

/// Bytes of hexadecimal text with blanks.
fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex
        .chars()
        .filter(|sign| !sign.is_whitespace())
        .map(|sign| sign.to_digit(16).unwrap() as u8)
        .collect();
    assert!(digits.len().is_multiple_of(2), "half a byte: {hex}");
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// Hexadecimal text of bytes.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

/// Plays lines of `command -> reply` on a card. `256+9000` is any 256 bytes and 9000; `power` is a reset; `#` begins a
/// comment. `[text]` is text in ASCII.
fn play(card: &mut Card, script: &str) {
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if line == "power" {
            card.power();
            continue;
        }
        let (command, wanted) = line.split_once("->").unwrap();
        let reply = card.transmit(&bytes(&spelled(command)));
        let (data, word) = reply.split_at(reply.len() - 2);
        let got = match wanted.split_once('+') {
            Some(_) => format!("{}+{}", data.len(), hex(word)),
            None => hex(&reply),
        };
        assert_eq!(got, spelled(wanted).split_whitespace().collect::<String>(), "at {line}");
    }
}

/// `[ABC]` as the hexadecimal of its letters.
fn spelled(line: &str) -> String {
    let mut rest = line;
    let mut out = String::new();
    while let Some((before, after)) = rest.split_once('[') {
        let (letters, after) = after.split_once(']').unwrap();
        out += before;
        out += &hex(letters.as_bytes());
        rest = after;
    }
    out + rest
}

/// The status word of a reply.
fn word(reply: &[u8]) -> u16 {
    u16::from_be_bytes(*reply.last_chunk().unwrap())
}

#[test]
fn corpus_replay_card() {
    let mut names: Vec<String> = std::fs::read_dir(corpus())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert!(names.len() > 50, "the corpus is not where it should be");
    let mut failed = Vec::new();
    for name in names {
        let text = text(&name);
        let outcome = std::panic::catch_unwind(|| match (name.split_once('-'), name.rsplit_once('.')) {
            (_, Some((_, "apdu"))) => play(&mut card("rsa"), &text),
            (Some(("read", _)), Some((_, "card"))) => assert_eq!(*Card::read(&text).unwrap().write(), text),
            (Some(("refused", _)), Some((_, "card"))) => files::is_refused(&text),
            _ => panic!("a file of no known kind"),
        });
        failed.extend(outcome.is_err().then_some(name));
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn status_words_count_to_fifteen() {
    assert_eq!([Word::tries(0).0, Word::tries(3).0, Word::tries(200).0], [0x63C0, 0x63C3, 0x63CF]);
}
