//! Cards as text: TOML with the extension `.card`, one file a card, so that a card can be read, shown and lent.
//!
//! Always holds: the same card gives the same bytes, and what was written reads back; a file is bounded, unknown keys
//! are refused, and a problem names places and never quotes what stands there. No file with a certificate of the real
//! authority (`O=JPKI`) becomes a card: test keys and test authority only.
//! Not here: folders and when to write; whether key and certificate belong together (a card that lies is the server's
//! to find, and tests need such cards).
//! Rules come from: the reference on the card, sections 1.3, 1.8 (certificates begin `30 82`) and 4.6.

use crate::card::{Card, Lock, Side, is_password, is_pin};
use crate::key::Key;
use crate::secret::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use std::fmt::{self, Write as _};
use toml::{Table, Value};
use zeroize::{Zeroize as _, Zeroizing};

/// The largest card file in bytes.
pub const FILE_BYTES_MAX: usize = 64 * 1024;

/// The largest certificate in bytes; those of today's cards have about 1,500.
pub const CERTIFICATE_BYTES_MAX: usize = 8 * 1024;

/// The largest private key in bytes (PKCS#8 of RSA-2048 has about 1,220).
const KEY_BYTES_MAX: usize = 2 * 1024;

/// The one version of the format.
const VERSION: i64 = 1;

/// Characters on a line of base64.
const LINE: usize = 76;

/// Which kind of card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An ordinary card, with or without a signing certificate.
    Card,
    /// A child's card (under 15): no signing certificate.
    Child,
    /// 顔認証マイナンバーカード: no PIN, no signing certificate.
    PinLess,
}

impl Kind {
    /// All kinds with the word that card files use.
    const WORDS: [(Kind, &'static str); 3] =
        [(Kind::Card, "card"), (Kind::Child, "child"), (Kind::PinLess, "pin-less")];

    /// The word in card files: `card`, `child` or `pin-less`.
    pub fn word(self) -> &'static str {
        Kind::WORDS.iter().find(|(kind, _)| *kind == self).map_or("card", |(_, word)| word)
    }
}

/// What is wrong with a card file. It never quotes the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where: a key such as `auth.pin`, or a line.
    pub place: String,
    /// What is wrong there, one English sentence.
    pub what: &'static str,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

impl std::error::Error for Problem {}

fn problem<T>(place: impl Into<String>, what: &'static str) -> Result<T, Problem> {
    Err(Problem { place: place.into(), what })
}

/// What a card is made of. No `Debug`: it holds a PIN and keys, which are wiped when dropped.
pub struct Contents {
    /// Names the card among others, and its file: 1 to 64 of ASCII letters, digits and hyphens.
    pub label: String,
    /// The name printed on the face, 1 to 100 characters.
    pub holder: String,
    /// What the card is for, in Japanese; may be empty, up to 500 characters.
    pub note_ja: String,
    /// What the card is for, in English; may be empty, up to 500 characters.
    pub note_en: String,
    /// Which kind of card.
    pub kind: Kind,
    /// The authentication side (利用者証明用).
    pub auth: Half,
    /// The signing side (署名用); only on [`Kind::Card`].
    pub sign: Option<Half>,
}

/// One key pair of a card with its certificate and PIN. No `Debug`.
pub struct Half {
    /// The certificate in DER.
    pub certificate: Vec<u8>,
    /// The certificate of its authority in DER.
    pub ca: Vec<u8>,
    /// The private key, RSA-2048 or P-384, unencrypted PKCS#8; from a `Vec` by `into()`.
    pub key: Zeroizing<Vec<u8>>,
    /// Four digits for authentication; 6 to 16 capital letters and digits, at least one of each, for signing. `None`
    /// on a PIN-less card only. From a `String` by `into()`.
    pub pin: Option<Zeroizing<String>>,
    /// Tries left: 3 at most for authentication, 5 for signing; 0 is blocked. 0 on a PIN-less card.
    pub tries_left: u8,
}

impl Half {
    /// Tries of an authentication PIN that was entered rightly.
    pub const AUTH_TRIES: u8 = 3;
    /// Tries of a signing password that was entered rightly.
    pub const SIGN_TRIES: u8 = 5;
}

/// What everybody may see of a card.
pub(crate) struct Face {
    pub(crate) label: String,
    pub(crate) holder: String,
    pub(crate) note_ja: String,
    pub(crate) note_en: String,
    pub(crate) kind: Kind,
}

impl Card {
    /// Makes a card, powered on and nothing selected.
    ///
    /// # Errors
    /// The first thing that is wrong with the contents.
    pub fn make(contents: Contents) -> Result<Card, Problem> {
        let Contents { label, holder, note_ja, note_en, kind, auth, sign } = contents;
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if label.is_empty() || label.len() > 64 || !label.bytes().all(is_name) {
            return problem("label", "must be 1 to 64 of the letters A to Z, a to z, digits and hyphens");
        }
        if holder.trim().is_empty() {
            return problem("holder", "must not be empty");
        }
        for (place, text, most) in
            [("holder", &holder, 100), ("note_ja", &note_ja, 500), ("note_en", &note_en, 500)]
        {
            if text.chars().count() > most {
                return problem(place, "is too long");
            }
            if text.chars().any(char::is_control) {
                return problem(place, "has a control character or a line end");
            }
        }
        match (kind, &auth.pin, &sign) {
            (Kind::Card | Kind::Child, None, _) => return problem("auth.pin", "is missing"),
            (Kind::PinLess, Some(_), _) => return problem("auth.pin", "a PIN-less card has no PIN"),
            (Kind::Child | Kind::PinLess, _, Some(_)) => {
                return problem("sign", "a card of this kind has no signing certificate");
            }
            _ => {}
        }
        let auth = side("auth", auth, Half::AUTH_TRIES)?;
        let sign = sign.map(|half| side("sign", half, Half::SIGN_TRIES)).transpose()?;
        Ok(Card::assemble(Face { label, holder, note_ja, note_en, kind }, auth, sign))
    }

    /// Reads a card file.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn read(text: &str) -> Result<Card, Problem> {
        if text.len() > FILE_BYTES_MAX {
            return problem("file", "is larger than 64 KiB");
        }
        let table = match text.parse::<Table>() {
            Ok(table) => Part { name: "", table },
            // The library's own message quotes the line, which may be the PIN's.
            Err(error) => {
                let place = error.span().map_or("file".to_owned(), |span| {
                    let before = &text.as_bytes()[..span.start.min(text.len())];
                    format!("line {}", before.iter().filter(|byte| **byte == b'\n').count() + 1)
                });
                return problem(place, "is not TOML, or names a key twice");
            }
        };
        Card::make(contents(table)?)
    }

    /// The card as a file's text; the same card gives the same bytes. It holds the PIN and the keys and is wiped when
    /// dropped; write it where only its owner reads.
    pub fn write(&self) -> Zeroizing<String> {
        // Large enough from the start, so that no grown buffer leaves a copy of a key behind.
        let mut text = Zeroizing::new(String::with_capacity(FILE_BYTES_MAX));
        let face = &self.face;
        text.push_str("# A card of Shikaku: an invented person and test keys. It works nowhere else.\n");
        let _ = writeln!(text, "version = {VERSION}");
        for (key, value) in [
            ("label", face.label.as_str()),
            ("kind", face.kind.word()),
            ("holder", &face.holder),
            ("note_ja", &face.note_ja),
            ("note_en", &face.note_en),
        ] {
            let _ = writeln!(text, "{key} = \"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""));
        }
        write_side(&mut text, "auth", &self.auth);
        if let Some(sign) = &self.sign {
            write_side(&mut text, "sign", sign);
        }
        text
    }
}

/// Checks one half and makes the card's side of it.
fn side(name: &str, half: Half, most: u8) -> Result<Side, Problem> {
    let place = |key: &str| format!("{name}.{key}");
    for (key, der) in [("certificate", &half.certificate), ("ca", &half.ca)] {
        if !is_whole(der) {
            return problem(place(key), "is not one DER certificate that begins 30 82 and is 8 KiB at most");
        }
        if is_real(der) {
            return problem(
                place(key),
                "is of the real authority; a card file is for test certificates only",
            );
        }
    }
    let is_formed =
        |pin: &str| if name == "auth" { is_pin(pin.as_bytes()) } else { is_password(pin.as_bytes()) };
    let secret = match &half.pin {
        None if name != "auth" => return problem(place("pin"), "is missing"),
        Some(pin) if !is_formed(pin) && name == "auth" => {
            return problem(place("pin"), "must be four digits");
        }
        Some(pin) if !is_formed(pin) => {
            return problem(place("pin"), "must be 6 to 16 capital letters and digits, at least one of each");
        }
        Some(pin) => Secret::new(pin.as_bytes()),
        None => None,
    };
    if half.tries_left > if secret.is_some() { most } else { 0 } {
        return problem(place("tries_left"), "is more than this PIN can have");
    }
    if half.key.len() > KEY_BYTES_MAX {
        return problem(place("key"), "is larger than 2 KiB");
    }
    let Some(key) = Key::new(half.key) else {
        return problem(place("key"), "is not an unencrypted PKCS#8 key of RSA-2048 or P-384");
    };
    let lock = Lock { secret, left: half.tries_left, most, is_verified: false };
    Ok(Side { certificate: half.certificate, ca: half.ca, key, lock })
}

/// Whether bytes are one DER sequence with a length of two bytes: what clients of the card can read.
fn is_whole(der: &[u8]) -> bool {
    match der {
        [0x30, 0x82, hi, lo, body @ ..] => {
            der.len() <= CERTIFICATE_BYTES_MAX && body.len() == usize::from(u16::from_be_bytes([*hi, *lo]))
        }
        _ => false,
    }
}

/// Whether a certificate names `O=JPKI`; those of the test authority name `O=JPKI-TEST`.
fn is_real(der: &[u8]) -> bool {
    // organizationName, then a UTF8String or PrintableString of four bytes.
    der.windows(11).any(|window| {
        matches!(window, [0x06, 0x03, 0x55, 0x04, 0x0A, 0x0C | 0x13, 0x04, b'J', b'P', b'K', b'I'])
    })
}

fn write_side(text: &mut String, name: &str, side: &Side) {
    let _ = writeln!(text, "\n[{name}]");
    if let Some(secret) = &side.lock.secret {
        let pin = std::str::from_utf8(secret.bytes()).expect("a PIN was checked to be ASCII when it was set");
        let _ = writeln!(text, "pin = \"{pin}\"\ntries_left = {}", side.lock.left);
    }
    for (key, bytes) in [("certificate", &side.certificate[..]), ("ca", &side.ca), ("key", side.key.pkcs8())]
    {
        let base64 = Zeroizing::new(BASE64.encode(bytes));
        let _ = writeln!(text, "{key} = '''");
        let mut rest = base64.as_str();
        while !rest.is_empty() {
            let (line, after) = rest.split_at(rest.len().min(LINE));
            let _ = writeln!(text, "{line}");
            rest = after;
        }
        text.push_str("'''\n");
    }
}

/// A table of the file; keys are taken out one by one, what is left over was not known. Texts in it are wiped when it
/// is dropped, and so on every way out of a text that the parser took. What the parser itself copied is its own.
struct Part {
    name: &'static str,
    table: Table,
}

impl Drop for Part {
    fn drop(&mut self) {
        self.table.iter_mut().for_each(|(_, value)| wipe(value));
    }
}

/// Wipes the texts in a value.
fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(values) => values.iter_mut().for_each(wipe),
        Value::Table(table) => table.iter_mut().for_each(|(_, value)| wipe(value)),
        _ => {}
    }
}

impl Part {
    fn place(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }

    /// Takes a value out. One of a wrong type goes back in, to be wiped with the rest.
    fn take<T>(
        &mut self,
        key: &'static str,
        pick: impl FnOnce(Value) -> Result<T, Value>,
        wrong: &'static str,
    ) -> Result<Option<T>, Problem> {
        match self.table.remove(key).map(pick) {
            None => Ok(None),
            Some(Ok(value)) => Ok(Some(value)),
            Some(Err(value)) => {
                self.table.insert(key.to_owned(), value);
                problem(self.place(key), wrong)
            }
        }
    }

    fn text(&mut self, key: &'static str) -> Result<Option<Zeroizing<String>>, Problem> {
        let pick = |value| match value {
            Value::String(text) => Ok(Zeroizing::new(text)),
            other => Err(other),
        };
        self.take(key, pick, "must be a text in quotes")
    }

    fn number(&mut self, key: &'static str) -> Result<Option<i64>, Problem> {
        let pick = |value| match value {
            Value::Integer(number) => Ok(number),
            other => Err(other),
        };
        self.take(key, pick, "must be a whole number")
    }

    fn part(&mut self, key: &'static str) -> Result<Option<Part>, Problem> {
        let pick = |value| match value {
            Value::Table(table) => Ok(Part { name: key, table }),
            other => Err(other),
        };
        self.take(key, pick, "must be a table in brackets")
    }

    fn required<T>(&self, key: &'static str, value: Option<T>) -> Result<T, Problem> {
        value.map_or_else(|| problem(self.place(key), "is missing"), Ok)
    }

    fn word(&mut self, key: &'static str) -> Result<Zeroizing<String>, Problem> {
        let found = self.text(key)?;
        self.required(key, found)
    }

    /// Base64, over as many lines as one likes.
    fn bytes(&mut self, key: &'static str) -> Result<Zeroizing<Vec<u8>>, Problem> {
        let text = self.word(key)?;
        // As large as it will get, so that it does not grow and leave a copy behind.
        let mut packed = Zeroizing::new(Vec::with_capacity(text.len()));
        packed.extend(text.bytes().filter(|byte| !byte.is_ascii_whitespace()));
        match BASE64.decode(packed.as_slice()) {
            Ok(bytes) => Ok(Zeroizing::new(bytes)),
            Err(_) => problem(self.place(key), "is not base64"),
        }
    }

    /// Nothing is left over.
    fn end(self) -> Result<(), Problem> {
        match (self.table.is_empty(), self.name) {
            (true, _) => Ok(()),
            (false, "") => problem("file", "has a key that no card file has"),
            (false, name) => problem(name, "has a key that no card file has"),
        }
    }
}

/// The contents of a parsed file.
fn contents(mut file: Part) -> Result<Contents, Problem> {
    let version = file.number("version")?;
    if file.required("version", version)? != VERSION {
        return problem("version", "is not 1, the only one that there is");
    }
    let kind_word = file.word("kind")?;
    let Some((kind, _)) = Kind::WORDS.into_iter().find(|(_, word)| *word == kind_word.as_str()) else {
        return problem("kind", "must be card, child or pin-less");
    };
    let auth = file.part("auth")?;
    let auth = half(file.required("auth", auth)?)?;
    let sign = file.part("sign")?.map(half).transpose()?;
    let mut plain = |key| file.word(key).map(|text| text.as_str().to_owned());
    let contents = Contents {
        label: plain("label")?,
        holder: plain("holder")?,
        note_ja: plain("note_ja")?,
        note_en: plain("note_en")?,
        kind,
        auth,
        sign,
    };
    file.end()?;
    Ok(contents)
}

/// One half of a parsed file.
fn half(mut part: Part) -> Result<Half, Problem> {
    let pin = part.text("pin")?;
    // Without a PIN there is nothing to count.
    let tries_left = match (part.number("tries_left")?, &pin) {
        (Some(number), _) => number.try_into(),
        (None, Some(_)) => return problem(part.place("tries_left"), "is missing"),
        (None, None) => Ok(0),
    };
    let Ok(tries_left) = tries_left else {
        return problem(part.place("tries_left"), "is more than this PIN can have");
    };
    let half = Half {
        certificate: part.bytes("certificate")?.to_vec(),
        ca: part.bytes("ca")?.to_vec(),
        key: part.bytes("key")?,
        pin,
        tries_left,
    };
    part.end()?;
    Ok(half)
}
