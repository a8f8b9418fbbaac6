//! People of an invented nation as a load sends them to desks: reads the file that `shikaku country cast` wrote.
//!
//! Always holds: one reader for mornings and benches; people come in an order that has nothing to do with where they lie
//! in a database; what each has to be answered is the file's, never a guess of ours.
//! Not here: when they come (`morning`), how the file is made (`app`).
//! Rules come from: issue 4, part E and "Speed".

use crate::{
    chance::Chance,
    load::Questions,
    morning::visits::{Shows, Typed},
    wire::{CHECK, member, post, search_body},
};
use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;
use std::{fs, io, path::Path, rc::Rc};

/// The file of people in a folder.
pub const VISITORS: &str = "visitors.jsonl";
/// The authorities of their cards, PEM, beside it.
pub const ANCHORS: &str = "anchors.pem";

/// What somebody has to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expects {
    /// Valid.
    Valid,
    /// The third answer.
    Held,
    /// By card: to enrol first, or that the card is refused.
    Refused,
    /// Anything.
    Open,
}

impl Expects {
    fn read(word: &str) -> io::Result<Expects> {
        match word {
            "valid" => Ok(Expects::Valid),
            "held" => Ok(Expects::Held),
            "refused" => Ok(Expects::Refused),
            "open" => Ok(Expects::Open),
            _ => Err(bad("an expectation of an unknown word")),
        }
    }
}

/// A card's key: many cards have the same one.
enum Key {
    Rsa(RsaKeyPair),
    P384(EcdsaKeyPair),
}

impl Key {
    fn read(pkcs8: &[u8]) -> io::Result<Key> {
        if let Ok(key) = RsaKeyPair::from_pkcs8(pkcs8) {
            return Ok(Key::Rsa(key));
        }
        EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_ASN1_SIGNING, pkcs8)
            .map(Key::P384)
            .map_err(|_| bad("a key that is neither RSA nor P-384"))
    }

    fn sign(&self, message: &[u8]) -> io::Result<Vec<u8>> {
        let chance = SystemRandom::new();
        let failed = |_| io::Error::other("a card did not sign");
        match self {
            Key::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &chance, message, &mut signature).map_err(failed)?;
                Ok(signature)
            }
            Key::P384(key) => Ok(key.sign(&chance, message).map_err(failed)?.as_ref().to_vec()),
        }
    }
}

/// A card of the nation, its PIN shown.
#[derive(Clone)]
pub struct Card {
    certificate: Vec<u8>,
    key: Rc<Key>,
    /// What a tap of it has to be answered.
    pub expects: Expects,
}

impl Card {
    /// Whether its key is RSA; else P-384.
    pub fn is_rsa(&self) -> bool {
        matches!(*self.key, Key::Rsa(_))
    }
}

impl Shows for Card {
    fn certificate(&self) -> Vec<u8> {
        self.certificate.clone()
    }

    fn sign(&self, message: &[u8]) -> io::Result<Vec<u8>> {
        self.key.sign(message)
    }
}

/// Somebody who comes.
pub struct Person {
    /// Where they live, 1 to 47.
    pub prefecture: u64,
    /// Name as the register has it; insurers' copies may differ.
    pub name: String,
    /// The numbers on their paper.
    pub typed: Typed,
    /// What a check by these has to be answered.
    pub by_number: Expects,
    /// Their card, as one that is shown again and again.
    pub card: Option<Rc<Card>>,
}

/// All who come.
pub struct Cast {
    /// The day as of which they come, eight figures.
    pub day: String,
    /// In an order of no meaning: neighbours of the file lie beside each other in a database as well.
    pub people: Vec<Person>,
}

/// For the order of people.
const SEED: u64 = 0x6361_7374;

impl Cast {
    /// Reads [`VISITORS`] of a folder.
    pub fn read(folder: &Path) -> io::Result<Cast> {
        Cast::of(&fs::read_to_string(folder.join(VISITORS))?)
    }

    fn of(text: &str) -> io::Result<Cast> {
        let mut lines = text.lines();
        let head: Value = serde_json::from_str(lines.next().unwrap_or_default())?;
        let keys = head["keys"].as_array().ok_or_else(|| bad("a first line without keys"))?;
        let keys: Vec<Rc<Key>> =
            keys.iter().map(|key| Ok(Rc::new(Key::read(&bytes(key)?)?))).collect::<io::Result<_>>()?;
        let day = word(&head, "day")?;
        let people = lines.enumerate().map(|(place, line)| {
            person(line, &keys).map_err(|error| io::Error::other(format!("line {}: {error}", place + 2)))
        });
        let mut people: Vec<Person> = people.collect::<io::Result<_>>()?;
        let mut chance = Chance::new(SEED, &[]);
        for place in (1..people.len()).rev() {
            people.swap(place, chance.below(place as u64 + 1) as usize);
        }
        if people.is_empty() {
            return Err(bad("nobody"));
        }
        Ok(Cast { day, people })
    }

    /// How many are answered so by number, and by card.
    pub fn count(&self, expects: Expects) -> (usize, usize) {
        let by_number = self.people.iter().filter(|person| person.by_number == expects).count();
        let cards = self.people.iter().filter_map(|person| person.card.as_ref());
        (by_number, cards.filter(|card| card.expects == expects).count())
    }
}

fn person(line: &str, keys: &[Rc<Key>]) -> io::Result<Person> {
    let value: Value = serde_json::from_str(line)?;
    let card = match &value["card"] {
        Value::Null => None,
        card => {
            let place = card["key"].as_u64().and_then(|place| keys.get(place as usize));
            Some(Rc::new(Card {
                certificate: bytes(&card["certificate"])?,
                key: place.ok_or_else(|| bad("a card with no key of the first line"))?.clone(),
                expects: Expects::read(&word(card, "expects")?)?,
            }))
        }
    };
    Ok(Person {
        prefecture: value["prefecture"].as_u64().ok_or_else(|| bad("no prefecture"))?,
        name: word(&value, "name")?,
        typed: Typed {
            insurer: word(&value, "insurer")?,
            symbol: word(&value, "symbol")?,
            number: word(&value, "number")?,
            branch: word(&value, "branch")?,
            birth: word(&value, "birth")?,
        },
        by_number: Expects::read(&word(&value, "by_number")?)?,
        card,
    })
}

fn word(value: &Value, name: &str) -> io::Result<String> {
    let missing = || io::Error::other(format!("no {name}"));
    value[name].as_str().map(str::to_owned).ok_or_else(missing)
}

fn bytes(value: &Value) -> io::Result<Vec<u8>> {
    let text = value.as_str().ok_or_else(|| bad("no base64"))?;
    STANDARD.decode(text).map_err(|_| bad("no base64"))
}

fn bad(what: &str) -> io::Error {
    io::Error::other(format!("the file of people has {what}"))
}

/// Everybody of a cast in turn, by number, for a load.
pub struct ByNumber {
    cast: Rc<Cast>,
    facility: String,
    day: String,
    started_ms: u128,
}

impl ByNumber {
    /// Asked by a facility about a day; keys begin with these milliseconds, which no other load has.
    pub fn new(cast: Rc<Cast>, facility: &str, day: &str, started_ms: u128) -> ByNumber {
        ByNumber { cast, facility: facility.to_owned(), day: day.to_owned(), started_ms }
    }

    fn person(&self, number: u64) -> &Person {
        &self.cast.people[(number % self.cast.people.len() as u64) as usize]
    }
}

impl Questions for ByNumber {
    fn compose(&self, number: u64, out: &mut Vec<u8>) -> Option<u64> {
        let typed = &self.person(number).typed;
        let search =
            [&typed.insurer, &typed.symbol, &typed.number, &typed.branch, &typed.birth].map(String::as_str);
        let body = search_body(&self.facility, &self.day, search, &format!("{number:012}")).ok()?;
        *out = post(CHECK, &format!("{:013}-{number:08}", self.started_ms), &body);
        Some(number)
    }

    fn check(&self, number: u64, status: u16, body: &[u8]) -> io::Result<()> {
        let text = String::from_utf8_lossy(body);
        let person = self.person(number);
        let validity = member(&text, "QualificationValidity");
        let is_third = validity.is_none() && member(&text, "ProcessingResultStatus") == Some("2");
        let is_expected = match person.by_number {
            Expects::Valid => validity == Some("1"),
            Expects::Held => is_third,
            Expects::Refused | Expects::Open => validity.is_some() || is_third,
        };
        let is_echo = member(&text, "ArbitraryIdentifier") == Some(&format!("{number:012}"));
        if status == 200 && is_echo && is_expected {
            return Ok(());
        }
        Err(io::Error::other(format!(
            "a person of the nation, {:?} expected: status {status}, {}, validity {}, code {}",
            person.by_number,
            if is_echo { "echoed" } else { "another request's answer" },
            validity.unwrap_or("none"),
            member(&text, "ProcessingResultCode").unwrap_or("none"),
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{KeyPair, PKCS_ECDSA_P384_SHA384};

    fn keys() -> [Vec<u8>; 2] {
        use aws_lc_rs::{
            encoding::{AsDer, Pkcs8V1Der},
            rsa::{KeyPair as Rsa, KeySize},
        };
        let rsa = Rsa::generate(KeySize::Rsa2048).expect("a key");
        let rsa: Pkcs8V1Der<'_> = rsa.as_der().expect("DER");
        let p384 = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).expect("a key");
        [rsa.as_ref().to_vec(), p384.serialize_der()]
    }

    fn line(number: usize, more: &str) -> String {
        format!(
            "{{\"prefecture\":13,\"insurer\":\"06132013\",\"symbol\":\"\",\"number\":\"{number}\",\"branch\":\"01\",\
             \"birth\":\"19800401\",\"name\":\"架空　一郎\",\"by_number\":\"held\"{more}}}\n"
        )
    }

    fn file(lines: &[String]) -> String {
        let keys = keys().map(|key| STANDARD.encode(key));
        format!("{{\"keys\":[\"{}\",\"{}\"],\"day\":\"20261127\"}}\n{}", keys[0], keys[1], lines.concat())
    }

    fn card(key: usize, expects: &str) -> String {
        format!(",\"card\":{{\"certificate\":\"AQID\",\"key\":{key},\"expects\":\"{expects}\"}}")
    }

    #[test]
    fn people_are_read_with_their_cards_and_what_they_are_answered() {
        let lines = [line(1, ""), line(2, &card(0, "valid")), line(3, &card(1, "refused"))];
        let cast = Cast::of(&file(&lines)).expect("a cast");
        assert_eq!((cast.day.as_str(), cast.people.len()), ("20261127", 3));
        assert_eq!((cast.count(Expects::Held), cast.count(Expects::Valid)), ((3, 0), (0, 1)));
        let of = |number: &str| cast.people.iter().find(|one| one.typed.number == number).expect("somebody");
        assert!(of("1").card.is_none() && of("1").prefecture == 13 && of("1").typed.symbol.is_empty());
        let [rsa, p384] = ["2", "3"].map(|number| of(number).card.clone().expect("a card"));
        assert!(rsa.is_rsa() && !p384.is_rsa() && p384.expects == Expects::Refused);
        assert_eq!(rsa.certificate(), [1, 2, 3]);
        let [one, other] = [&rsa, &p384].map(|card| card.sign(b"a nonce").expect("a signature"));
        assert_eq!((one.len(), one == rsa.sign(b"a nonce").expect("again")), (256, true));
        assert!(other.len() < 110, "ECDSA: {}", other.len());
    }

    /// A signature is its key's over SHA-256 or SHA-384, as a server looks at it.
    #[test]
    fn signatures_are_those_of_cards() {
        use aws_lc_rs::signature::{
            ECDSA_P384_SHA384_ASN1, KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey,
        };
        for pkcs8 in keys() {
            let key = Key::read(&pkcs8).expect("a key");
            let signature = key.sign(b"a nonce").expect("a signature");
            let verified = match &key {
                Key::Rsa(key) => {
                    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.public_key());
                    public.verify(b"a nonce", &signature)
                }
                Key::P384(key) => UnparsedPublicKey::new(&ECDSA_P384_SHA384_ASN1, key.public_key())
                    .verify(b"a nonce", &signature),
            };
            assert!(verified.is_ok());
        }
    }

    #[test]
    fn a_broken_file_says_which_line() {
        let why = |lines: &[String]| Cast::of(&file(lines)).err().expect("refused").to_string();
        assert!(why(&[]).contains("nobody"));
        assert!(why(&[line(1, ""), line(2, &card(2, "valid"))]).contains("line 3"));
        assert!(why(&[line(1, &card(0, "perhaps"))]).contains("unknown word"));
        assert!(Cast::of("{}").is_err() && Cast::of("").is_err());
    }

    #[test]
    fn answers_are_compared_with_what_the_file_says() {
        let cast = Rc::new(Cast::of(&file(&[line(7, "")])).expect("a cast"));
        let asks = ByNumber::new(cast, "9910100016", "20261127", 1_795_000_000_000);
        let mut out = Vec::new();
        assert_eq!(asks.compose(42, &mut out), Some(42));
        let text = String::from_utf8(out).expect("text");
        assert!(text.contains("Idempotency-Key: 1795000000000-00000042\r\n"), "{text}");
        assert!(
            text.contains("\"InsuredIdentificationNumber\":\"7\"") && !text.contains("InsuredCardSymbol")
        );
        let answer = |more: &str| format!("{{\"ArbitraryIdentifier\":\"000000000042\",{more}}}").into_bytes();
        let third = answer("\"ProcessingResultStatus\":\"2\"");
        assert!(asks.check(42, 200, &third).is_ok());
        assert!(asks.check(43, 200, &third).is_err(), "not its echo");
        assert!(asks.check(42, 503, &third).is_err());
        let valid = answer("\"ProcessingResultStatus\":\"1\",\"QualificationValidity\":\"1\"");
        assert!(asks.check(42, 200, &valid).is_err(), "certain where the link is held back");
    }
}
