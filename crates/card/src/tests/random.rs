//! A hundred thousand commands at random, from a seed: good ones, bent ones and noise.
//! Beside the card runs a small model of its locks.

use super::{bytes, card, spelled, text, word};
use crate::Card;
use crate::apdu::Command;
use std::collections::HashSet;

/// Xorshift: the same seed gives the same commands.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }
}

/// Commands to begin with; each is also bent.
const GOOD: [&str; 22] = [
    "00A4040C0A D392F000260100000001",
    "00A404000A D392F000260100000001 00",
    "00A4040C0A D3921000310001010408",
    "00A4020C02 0018",
    "00A4020C02 001B",
    "00A4020C02 0017",
    "00A4020C02 0016",
    "00A4020C02 000A",
    "00B0000000",
    "00B08A0000",
    "00B0810000",
    "00B0860000",
    "00200080",
    "00200098",
    "00200098 04 [0000]",
    "0020009B 06 [AAAAA1]",
    "0020009B 0C [TESTPASS7294]",
    "00240180 04 [5318]",
    "802A0097 33 3031300D060960864801650304020105000420 000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F 00",
    "802A029A 20 000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F 00",
    "80A200C1 15 [SHIKAKU-TEST-TERMINAL]",
    "00CA004500",
];

/// One command; now and then the right PIN.
fn command(random: &mut Random, good: &[Vec<u8>], pin: &[u8]) -> Vec<u8> {
    let mut command = match random.below(16) {
        0 => (0..random.below(40)).map(|_| random.next() as u8).collect(),
        1 => [&[0x00, 0x20, 0x00, 0x98, pin.len() as u8], pin].concat(),
        _ => good[random.below(good.len())].clone(),
    };
    // Half of them are bent: a byte changed, cut off or added.
    while random.below(3) == 0 {
        match random.below(4) {
            0 => command.push(random.next() as u8),
            1 => command.truncate(random.below(command.len() + 1)),
            _ if command.is_empty() => {}
            _ => {
                let at = random.below(command.len());
                command[at] = random.next() as u8;
            }
        }
    }
    command
}

/// Eight bytes in a row of the private keys that stand in no certificate.
fn fragments(card: &Card) -> HashSet<[u8; 8]> {
    let windows = |bytes: &[u8]| bytes.array_windows::<8>().copied().collect::<HashSet<_>>();
    let sign = card.sign.as_ref().unwrap();
    let public = [&card.auth.certificate[..], &card.auth.ca, &sign.certificate, &sign.ca].concat();
    let secret = [card.auth.key.pkcs8(), sign.key.pkcs8()].concat();
    windows(&secret).difference(&windows(&public)).copied().collect()
}

#[test]
fn no_command_panics_leaks_or_gives_a_try_back() {
    let good: Vec<Vec<u8>> = GOOD.map(|line| bytes(&spelled(line))).to_vec();
    let fresh = text("read-rsa.card");
    let fragments = fragments(&card("rsa"));
    let mut random = Random(0x5348_494B_414B_5531);
    let mut card = card("rsa");
    let mut pin = b"7294".to_vec();
    let (mut signatures, mut blocked, mut changed, mut certificates) = (0, 0, 0, 0);
    for round in 0..100_000 {
        if random.below(200) == 0 {
            card.power();
        }
        let command = command(&mut random, &good, &pin);
        let before = (card.tries_left(), card.signing_tries_left().unwrap());
        let reply = card.transmit(&command);
        let after = (card.tries_left(), card.signing_tries_left().unwrap());
        let said = format!("round {round}: {command:02X?} gave {reply:02X?}");

        assert!((2..=258).contains(&reply.len()), "{said}");
        assert!(!reply.array_windows().any(|window| fragments.contains(window)), "{said}");
        let parsed = Command::parse(&command).ok();
        let is_done = word(&reply) == 0x9000;
        let did = |instruction| is_done && parsed.is_some_and(|parsed| parsed.instruction == instruction);
        let data = parsed.map_or(&[][..], |parsed| parsed.data);
        assert!(after.0 <= before.0 || did(0x20) && data == pin, "{said}");
        assert!(after.1 <= before.1 || did(0x20) && data == b"TESTPASS7294", "{said}");
        assert!(before.0 - after.0.min(before.0) + before.1 - after.1.min(before.1) <= 1, "{said}");
        if did(0x2A) {
            signatures += 1;
        } else {
            let has = |secret: &[u8]| reply.windows(secret.len()).any(|window| window == secret);
            assert!(!has(&pin) && !has(b"TESTPASS"), "{said}");
        }
        if did(0x24) && data.len() == 4 {
            changed += 1;
            pin = data.to_vec();
        }
        certificates += usize::from(did(0xB0) && reply.len() == 258);
        if card.tries_left() == 0 || card.signing_tries_left() == Some(0) {
            blocked += 1;
            card = Card::read(&fresh).unwrap();
            pin = b"7294".to_vec();
        }
    }
    // The sweep reached what it is for.
    assert!(
        signatures > 500 && blocked > 200 && changed > 100 && certificates > 1_000,
        "{signatures} {blocked} {changed} {certificates}"
    );
}
