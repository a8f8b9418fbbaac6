//! Card checks: the demo's cards sign nonces of the server before a load, and the load spends each once.
//! Of a request only the nonce and the signature are kept; the rest is its card's and is put around them when it is
//! sent. An answer that is not what the patients' table says, or names another person than the card's first one did,
//! ends the bench.

use crate::{
    cast::{Cast, Expects},
    load::{Load, Pace, Questions},
    morning::visits::Shows,
    wire::{HOLE, KEY_FIGURES, Sheet, member, number_into},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use card::{Algorithm, Card, Pin, PinOutcome, Session};
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    io::{self, Write},
    path::Path,
    rc::Rc,
    time::Duration,
};

/// Where a nonce is asked for.
pub const NONCE: &str = "/oqs/v1/kiosk/nonce";
/// Where a card is shown.
pub const TAP: &str = "/oqs/v1/kiosk/tap";
/// Validities of cards that the bench shows: valid, invalid, invalid with a new one known.
const SHOWN: [&str; 3] = ["1", "2", "3"];
/// Asking for the nonces of one load never takes longer.
const NONCES: Duration = Duration::from_secs(120);
/// The person's answers, as a vendor's script sends them along.
const ANSWERS: &str = "{\"agreed\":[\"checkups\",\"drugs\"],\"declined\":[\"diagnosis\",\"operation\"],\
                       \"limit\":true,\"diseases\":false}";

/// From a command to a card's reply.
type Transmit = Box<dyn FnMut(&[u8]) -> Vec<u8>>;

/// A card in a reader, its PIN shown.
pub struct InReader {
    session: Session<Transmit>,
    certificate: Vec<u8>,
    algorithm: Algorithm,
}

impl InReader {
    /// Of a card file's text.
    pub fn new(text: &str, pin: &Pin) -> io::Result<InReader> {
        let mut card = Card::read(text).map_err(|problem| other(&problem.place, problem.what))?;
        let transmit: Transmit = Box::new(move |command| card.transmit(command));
        let mut session = Session::open(transmit).map_err(io::Error::other)?;
        let certificate = session.authentication_certificate().map_err(io::Error::other)?;
        let algorithm =
            Algorithm::of(&certificate).ok_or_else(|| other("card", "a key of an unknown kind"))?;
        match session.verify_pin(pin).map_err(io::Error::other)? {
            PinOutcome::Right => Ok(InReader { session, certificate, algorithm }),
            _ => Err(other("card", "the table's PIN is not the card's")),
        }
    }

    /// Its authentication certificate in DER.
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// The kind of its key.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Has it sign a message, as a terminal would.
    pub fn sign(&mut self, message: &[u8]) -> io::Result<Vec<u8>> {
        self.session.sign_message(&self.certificate, message).map_err(io::Error::other)
    }
}

fn other(place: &str, what: &str) -> io::Error {
    io::Error::other(format!("{place}: {what}"))
}

/// A patient's card, the request around its proofs, and what the answer must hold.
struct Shown {
    name: String,
    card: Rc<dyn Shows>,
    head: Vec<u8>,
    key: usize,
    /// The body up to the nonce, between nonce and signature, and from there on.
    body: [Vec<u8>; 3],
    wanted: [String; 3],
    /// Whom the first answer named.
    person: RefCell<Option<String>>,
}

impl Shown {
    fn new(name: &str, card: Rc<dyn Shows>, expects: [&str; 2], shared: &Shared) -> Shown {
        let [outcome, validity] = expects;
        let (head, key) = head(TAP, shared.started_ms);
        let certificate = STANDARD.encode(card.certificate());
        let body = [
            format!("{{\"session\":\"{}\",\"proof\":{{\"nonce\":\"", shared.session),
            format!("\",\"certificate\":\"{certificate}\",\"signature\":\""),
            format!("\",\"way\":\"pin\"}},\"answers\":{ANSWERS},\"reader\":\"script\"}}"),
        ];
        Shown {
            name: name.into(),
            card,
            head,
            key,
            body: body.map(String::into_bytes),
            wanted: [
                "\"state\":\"done\"".into(),
                format!("\"outcome\":\"{outcome}\""),
                format!("\"QualificationValidity\":\"{validity}\""),
            ],
            person: RefCell::new(None),
        }
    }

    fn compose(&self, number: u64, proof: &Proof, out: &mut Vec<u8>) {
        let [open, middle, close] = &self.body;
        let signature = proof.signature.len().div_ceil(3) * 4;
        let length = open.len() + proof.nonce.len() + middle.len() + signature + close.len();
        compose_head(&self.head, self.key, number, length, out);
        for part in [open, proof.nonce.as_bytes(), middle] {
            out.extend_from_slice(part);
        }
        let at = out.len();
        out.resize(at + signature, 0);
        STANDARD
            .encode_slice(&proof.signature, &mut out[at..])
            .expect("base64 takes four bytes for each three");
        out.extend_from_slice(close);
    }

    /// Checks an answer: status 200, done, what the table expects, and the person that the first answer named.
    fn check(&self, status: u16, body: &[u8]) -> io::Result<()> {
        let text = String::from_utf8_lossy(body);
        let missing = self.wanted.iter().find(|wanted| !text.contains(wanted.as_str()));
        if status != 200 || missing.is_some() {
            let [state, code, outcome] =
                ["state", "code", "outcome"].map(|key| member(&text, key).unwrap_or("none"));
            let wanted = missing.map_or("another status", String::as_str);
            return Err(io::Error::other(format!(
                "{}: status {status}, {wanted} wanted; state {state}, code {code}, outcome {outcome}",
                self.name
            )));
        }
        let named = member(&text, "Name").unwrap_or_default();
        let mut person = self.person.borrow_mut();
        match person.as_deref() {
            Some(first) if first != named => Err(other(&self.name, "another card's answer")),
            Some(_) => Ok(()),
            None => {
                *person = Some(named.to_owned());
                Ok(())
            }
        }
    }
}

/// The head of a request up to its length, and where its number is written.
fn head(path: &str, started_ms: u128) -> (Vec<u8>, usize) {
    let before = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json;charset=UTF-8\r\n\
         Idempotency-Key: {started_ms:013}-"
    );
    let key = before.len();
    (format!("{before}{}\r\nContent-Length: ", HOLE.repeat(KEY_FIGURES)).into_bytes(), key)
}

fn compose_head(head: &[u8], key: usize, number: u64, length: usize, out: &mut Vec<u8>) {
    out.clear();
    out.extend_from_slice(head);
    number_into(&mut out[key..key + KEY_FIGURES], number);
    write!(out, "{length}\r\n\r\n").expect("writing into memory does not fail");
}

/// What all cards of a load share.
struct Shared {
    session: String,
    started_ms: u128,
}

/// A nonce with its signature, to be used once.
struct Proof {
    card: usize,
    nonce: Box<str>,
    signature: Box<[u8]>,
}

/// Cards that are shown in turn.
pub struct Taps {
    shared: Rc<Shared>,
    cards: Vec<Shown>,
    next: Cell<usize>,
    ready: RefCell<VecDeque<Proof>>,
}

impl Taps {
    /// Whether there is no card.
    pub fn is_empty(&self) -> bool {
        self.cards.is_empty()
    }

    /// How many cards there are.
    pub fn len(&self) -> usize {
        self.cards.len()
    }

    /// Has the first card sign a message; with its certificate.
    pub fn sample(&self, message: &[u8]) -> io::Result<(Vec<u8>, Vec<u8>)> {
        let first = self.cards.first().ok_or_else(|| io::Error::other("no card to sign with"))?;
        Ok((first.card.certificate(), first.card.sign(message)?))
    }

    fn sign(&self, nonce: Nonce) -> io::Result<()> {
        let place = self.next.get();
        let card = self.cards.get(place).ok_or_else(|| io::Error::other("no card to sign with"))?;
        self.next.set((place + 1) % self.cards.len());
        let signature = card.card.sign(&nonce.message)?;
        let proof = Proof { card: place, nonce: nonce.text.into(), signature: signature.into() };
        self.ready.borrow_mut().push_back(proof);
        Ok(())
    }
}

impl Questions for Taps {
    fn compose(&self, number: u64, out: &mut Vec<u8>) -> Option<u64> {
        let proof = self.ready.borrow_mut().pop_front()?;
        self.cards.get(proof.card)?.compose(number, &proof, out);
        Some(proof.card as u64)
    }

    fn check(&self, card: u64, status: u16, body: &[u8]) -> io::Result<()> {
        let card = self.cards.get(card as usize).ok_or_else(|| io::Error::other("an answer to no card"))?;
        card.check(status, body)
    }

    /// Asks for nonces and has them signed, which takes the generator's core for a while.
    fn supply(&self, load: &mut Load, count: u64) -> io::Result<()> {
        let missing = count.saturating_sub(self.ready.borrow().len() as u64);
        if missing == 0 {
            return Ok(());
        }
        let asked = Rc::new(Nonces::new(&self.shared, missing));
        load.run(&(asked.clone() as Rc<dyn Questions>), Pace::Closed, NONCES)?;
        let nonces = asked.got.take();
        if (nonces.len() as u64) < missing {
            return Err(io::Error::other("the server did not give enough nonces in time"));
        }
        nonces.into_iter().try_for_each(|nonce| self.sign(nonce))?;
        load.open_again()
    }
}

/// A nonce and the bytes to be signed for it.
struct Nonce {
    text: String,
    message: Vec<u8>,
}

/// Asks for so many nonces.
struct Nonces {
    head: Vec<u8>,
    key: usize,
    body: String,
    left: Cell<u64>,
    got: RefCell<Vec<Nonce>>,
}

impl Nonces {
    fn new(shared: &Shared, count: u64) -> Nonces {
        let (head, key) = head(NONCE, shared.started_ms);
        let body = format!("{{\"session\":\"{}\"}}", shared.session);
        Nonces { head, key, body, left: Cell::new(count), got: RefCell::default() }
    }
}

impl Questions for Nonces {
    fn compose(&self, number: u64, out: &mut Vec<u8>) -> Option<u64> {
        self.left.set(self.left.get().checked_sub(1)?);
        compose_head(&self.head, self.key, number, self.body.len(), out);
        out.extend_from_slice(self.body.as_bytes());
        Some(number)
    }

    fn check(&self, _number: u64, status: u16, body: &[u8]) -> io::Result<()> {
        let text = String::from_utf8_lossy(body);
        let message = member(&text, "message").and_then(|message| STANDARD.decode(message).ok());
        match (status, member(&text, "nonce"), message) {
            (200, Some(nonce), Some(message)) => {
                self.got.borrow_mut().push(Nonce { text: nonce.to_owned(), message });
                Ok(())
            }
            _ => Err(io::Error::other(format!("no nonce was given: status {status}"))),
        }
    }
}

/// The cards of a demo's data directory, by the kind of their keys.
pub struct Deck {
    /// Today's cards.
    pub rsa: Rc<Taps>,
    /// The cards of fiscal 2028.
    pub p384: Rc<Taps>,
    /// The cards with RSA keys in words.
    pub says: String,
}

impl Deck {
    /// Reads the patients' table and the card files: every card that opens by PIN and whose check ends as valid, invalid
    /// or invalid with a new eligibility known.
    pub fn read(data: &Path, started_ms: u128) -> io::Result<Deck> {
        let sheet = Sheet::read(data)?;
        let shared = Rc::new(Shared { session: format!("bench-session-{started_ms:013}"), started_ms });
        let (mut rsa, mut p384) = (Vec::new(), Vec::new());
        let mut counts = [0; SHOWN.len()];
        for [id, file, pin, outcome, validity] in
            sheet.columns(["id", "card_file", "pin", "card_outcome", "card_validity"])?
        {
            let kind = SHOWN.iter().position(|shown| *shown == validity);
            let (Some(kind), Some(pin), false) = (kind, Pin::new(pin), file.is_empty()) else { continue };
            let text = std::fs::read_to_string(data.join(file))?;
            let card = InReader::new(&text, &pin).map_err(|error| other(id, &error.to_string()))?;
            let algorithm = card.algorithm();
            let card = Rc::new(RefCell::new(card));
            let shown = Shown::new(id, card, [outcome, validity], &shared);
            match algorithm {
                Algorithm::Rsa => {
                    counts[kind] += 1;
                    rsa.push(shown);
                }
                Algorithm::P384 => p384.push(shown),
            }
        }
        if rsa.is_empty() {
            return Err(io::Error::other(
                "test-patients.csv names no card that opens by PIN and is accepted",
            ));
        }
        let kinds = ["valid", "invalid", "invalid with a new eligibility known"].into_iter().zip(counts);
        let kinds: Vec<String> =
            kinds.filter(|(_, count)| *count > 0).map(|(kind, count)| format!("{count} {kind}")).collect();
        let says = format!(
            "{} cards with RSA-2048 keys in turn: {}; by PIN, agreeing to checkups and drugs and to the limit",
            rsa.len(),
            kinds.join(", "),
        );
        Ok(Deck::of(&shared, rsa, p384, says))
    }

    /// Of a nation's people, whose cards have to be answered as valid.
    pub fn of_cast(cast: &Cast, started_ms: u128) -> io::Result<Deck> {
        let shared = Rc::new(Shared { session: format!("bench-session-{started_ms:013}"), started_ms });
        let cards = cast.people.iter().filter_map(|person| person.card.as_ref());
        let (rsa, p384): (Vec<_>, Vec<_>) =
            cards.filter(|card| card.expects == Expects::Valid).partition(|card| card.is_rsa());
        if rsa.is_empty() {
            return Err(io::Error::other("nobody of the nation has a card that is accepted"));
        }
        let shown = |cards: Vec<&Rc<crate::cast::Card>>| {
            let shown = |card: &Rc<crate::cast::Card>| {
                Shown::new("a card of the nation", card.clone(), ["valid", SHOWN[0]], &shared)
            };
            cards.into_iter().map(shown).collect()
        };
        let says = format!(
            "{} cards of the nation with RSA-2048 keys, all valid; by PIN, agreeing to checkups and drugs and to the \
             limit",
            rsa.len()
        );
        Ok(Deck::of(&shared, shown(rsa), shown(p384), says))
    }

    fn of(shared: &Rc<Shared>, rsa: Vec<Shown>, p384: Vec<Shown>, says: String) -> Deck {
        let taps = |cards| {
            let (next, ready) = (Cell::new(0), RefCell::default());
            Rc::new(Taps { shared: shared.clone(), cards, next, ready })
        };
        Deck { rsa: taps(rsa), p384: taps(p384), says }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RSA: &str = include_str!("../../crates/card/corpus/read-rsa.card");
    const P384: &str = include_str!("../../crates/card/corpus/read-p384.card");
    const MESSAGE: &[u8] = b"what a card is asked to sign";

    fn card(text: &str, pin: &str) -> InReader {
        InReader::new(text, &Pin::new(pin).expect("four digits")).expect("a card")
    }

    fn in_reader(card: InReader) -> Rc<dyn Shows> {
        Rc::new(RefCell::new(card))
    }

    fn shared() -> Shared {
        Shared { session: "bench-session-0123".into(), started_ms: 1_795_000_000_000 }
    }

    fn taps(cards: Vec<Shown>) -> Taps {
        let (next, ready) = (Cell::new(0), RefCell::default());
        Taps { shared: Rc::new(shared()), cards, next, ready }
    }

    fn nonce(text: &str) -> Nonce {
        Nonce { text: text.into(), message: MESSAGE.to_vec() }
    }

    #[test]
    fn a_request_has_its_length_its_number_and_the_cards_signature() {
        for (text, pin) in [(RSA, "7294"), (P384, "8351")] {
            let taps = taps(vec![Shown::new("P001", in_reader(card(text, pin)), ["valid", "1"], &shared())]);
            taps.sign(nonce("NONCE")).expect("a signature");
            let mut out = Vec::new();
            assert_eq!(taps.compose(42, &mut out), Some(0));
            let request = String::from_utf8(out).expect("text");
            let (head, body) = request.split_once("\r\n\r\n").expect("a head");
            assert!(head.contains("Idempotency-Key: 1795000000000-00000042\r\n"), "{head}");
            assert!(head.ends_with(&format!("Content-Length: {}", body.len())), "{head}");
            let value: serde_json::Value = serde_json::from_str(body).expect("JSON");
            assert_eq!(value["proof"]["nonce"], "NONCE");
            assert_eq!(value["answers"]["agreed"], serde_json::json!(["checkups", "drugs"]));
            let bytes =
                |name: &str| STANDARD.decode(value["proof"][name].as_str().expect("text")).expect("base64");
            let mut again = card(text, pin);
            assert_eq!(bytes("certificate"), again.certificate());
            // RSA signs the same way each time. That a signature is the certificate's key's, `xtask`'s `verify` shows.
            let signed = again.sign(MESSAGE).expect("a signature");
            assert!(again.algorithm() == Algorithm::P384 || bytes("signature") == signed);
            assert_eq!(taps.compose(43, &mut Vec::new()), None, "every proof is used once");
        }
    }

    #[test]
    fn cards_are_shown_in_turn_and_known_again_by_their_answers() {
        let card = || in_reader(card(P384, "8351"));
        let of = |name, outcome, validity| Shown::new(name, card(), [outcome, validity], &shared());
        let taps = taps(vec![of("P001", "valid", "1"), of("P025", "invalid-new-known", "3")]);
        for text in ["A", "B", "C"] {
            taps.sign(nonce(text)).expect("a signature");
        }
        let mut out = Vec::new();
        let turn: Vec<_> = (0..4).map(|number| taps.compose(number, &mut out)).collect();
        assert_eq!(turn, [Some(0), Some(1), Some(0), None]);
        let answer = |state: &str, outcome: &str, validity: &str, name: &str| {
            format!(
                "{{\"state\":\"{state}\",\"code\":\"cards.revoked\",\"outcome\":\"{outcome}\",\"face\":\
                 {{\"QualificationValidity\":\"{validity}\",\"Name\":\"{name}\"}}}}"
            )
            .into_bytes()
        };
        assert!(taps.check(0, 200, &answer("done", "valid", "1", "one")).is_ok());
        assert!(taps.check(1, 200, &answer("done", "invalid-new-known", "3", "two")).is_ok());
        assert!(taps.check(0, 200, &answer("done", "valid", "1", "one")).is_ok());
        let wrong =
            |card, status, body: &[u8]| taps.check(card, status, body).expect_err("wrong").to_string();
        assert!(wrong(0, 200, &answer("done", "valid", "1", "two")).contains("another card's answer"));
        assert!(wrong(0, 200, &answer("refused", "", "1", "one")).contains("code cards.revoked"));
        assert!(wrong(1, 200, &answer("done", "valid", "1", "two")).contains("invalid-new-known"));
        assert!(
            wrong(0, 200, &answer("done", "valid", "2", "one")).contains("\"QualificationValidity\":\"1\"")
        );
        assert!(wrong(0, 503, &answer("done", "valid", "1", "one")).contains("status 503"));
    }

    #[test]
    fn nonces_are_collected_until_there_are_enough() {
        let nonces = Nonces::new(&shared(), 2);
        let mut out = Vec::new();
        assert_eq!(nonces.compose(7, &mut out), Some(7));
        assert!(out.ends_with(b"{\"session\":\"bench-session-0123\"}"));
        let body = format!("{{\"nonce\":\"N1\",\"message\":\"{}\",\"life_ms\":1}}", STANDARD.encode(MESSAGE));
        assert!(nonces.check(7, 200, body.as_bytes()).is_ok());
        assert!(nonces.check(8, 422, body.as_bytes()).is_err() && nonces.check(8, 200, b"{}").is_err());
        assert_eq!((nonces.compose(8, &mut out), nonces.compose(9, &mut out)), (Some(8), None));
        let got = nonces.got.take();
        assert!(got.len() == 1 && got[0].text == "N1" && got[0].message == MESSAGE);
    }
}
