//! The reader's side: what a terminal says to a card, whether it is the state machine of this crate or a real one.
//!
//! Always holds: a PIN goes to the card and nowhere else, and what carried it is wiped; the number of commands and the
//! bytes read are bounded, whatever the card answers; no fault quotes a reply's data.
//! Not here: PC/SC (the caller brings a closure from command to reply); whether the certificate is good; the
//! application that has the My Number, which is never selected.
//! Rules come from: the reference on the card, sections 1.7, 1.8 and 4.6.

use crate::card::{JPKI_AID, TERMINAL_TOKEN};
use crate::file::CERTIFICATE_BYTES_MAX;
use crate::key::{self, Algorithm};
use crate::secret::Pin;
use aws_lc_rs::digest::{SHA256, SHA384, digest};
use std::fmt;
use zeroize::Zeroizing;

/// The EFs that a terminal touches.
const AUTH_CERTIFICATE: u16 = 0x000A;
const TERMINAL_KEY: u16 = 0x0016;
const AUTH_KEY: u16 = 0x0017;
const AUTH_PIN: u16 = 0x0018;

/// Bytes asked for at a time.
const CHUNK: usize = 256;

/// Why a card could not do what it was asked. None of it is a person's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardFault {
    /// No reply: the card was taken away.
    Gone,
    /// It has no JPKI application: another kind of card.
    OtherCard,
    /// It signs only after the PIN (6982).
    NotVerified,
    /// It does not take this terminal's word for the holder's face (any real card, see `card.rs`).
    NotAdmitted,
    /// Its certificate cannot be read: not DER, too large or cut short.
    BrokenCertificate,
    /// Its certificate's key is neither RSA nor P-384.
    UnknownAlgorithm,
    /// It answered a command with a status word that does not belong there.
    Unexpected {
        /// The command.
        command: &'static str,
        /// The status word.
        word: u16,
    },
}

impl fmt::Display for CardFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CardFault::Gone => f.write_str("the card was taken away"),
            CardFault::OtherCard => f.write_str("not a My Number card"),
            CardFault::NotVerified => f.write_str("the card wants the PIN first"),
            CardFault::NotAdmitted => f.write_str("the card does not let this terminal do without the PIN"),
            CardFault::BrokenCertificate => f.write_str("the card's certificate cannot be read"),
            CardFault::UnknownAlgorithm => f.write_str("the card's key is of an unknown kind"),
            CardFault::Unexpected { command, word } => write!(f, "the card answered {word:04X} to {command}"),
        }
    }
}

impl std::error::Error for CardFault {}

/// What came of a PIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PinOutcome {
    /// It was right.
    Right,
    /// It was wrong.
    Wrong {
        /// Tries left, at least one.
        left: u8,
    },
    /// It was wrong, and that was the last try.
    JustBlocked,
    /// It was not looked at: the PIN had been blocked before.
    Blocked,
    /// It was not looked at: the card has no PIN (顔認証マイナンバーカード).
    Unusable,
}

/// How the PIN stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tries {
    /// So many tries are left, at least one.
    Left(u8),
    /// None is left.
    Blocked,
    /// The card has no PIN.
    Unusable,
}

/// A conversation with one card, its JPKI application selected.
pub struct Session<F: FnMut(&[u8]) -> Vec<u8>> {
    transmit: F,
}

impl<F: FnMut(&[u8]) -> Vec<u8>> Session<F> {
    /// Selects the JPKI application. `transmit` takes a command APDU and gives the reply, data and status word; fewer
    /// than two bytes mean that the card is gone.
    ///
    /// # Errors
    /// [`CardFault::OtherCard`] when the card does not have it, [`CardFault::Gone`].
    pub fn open(transmit: F) -> Result<Session<F>, CardFault> {
        let mut session = Session { transmit };
        let select = [&[0x00, 0xA4, 0x04, 0x0C, JPKI_AID.len() as u8][..], &JPKI_AID].concat();
        match session.send(&select)? {
            (_, 0x9000) => Ok(session),
            (_, 0x6A82) => Err(CardFault::OtherCard),
            (_, word) => Err(CardFault::Unexpected { command: "SELECT", word }),
        }
    }

    /// How the authentication PIN stands. Asking costs no try.
    ///
    /// # Errors
    /// [`CardFault::Gone`], [`CardFault::Unexpected`].
    pub fn tries_left(&mut self) -> Result<Tries, CardFault> {
        self.select(AUTH_PIN)?;
        match self.send(&[0x00, 0x20, 0x00, 0x80])?.1 {
            0x63C0 => Ok(Tries::Blocked),
            word @ 0x63C1..=0x63CF => Ok(Tries::Left((word & 0x0F) as u8)),
            0x6984 => Ok(Tries::Unusable),
            word => Err(CardFault::Unexpected { command: "VERIFY", word }),
        }
    }

    /// The authentication certificate in DER. The card gives it to everybody; it names nobody.
    ///
    /// # Errors
    /// [`CardFault::BrokenCertificate`], [`CardFault::Gone`], [`CardFault::Unexpected`].
    pub fn authentication_certificate(&mut self) -> Result<Vec<u8>, CardFault> {
        self.select(AUTH_CERTIFICATE)?;
        let mut der = self.read(0, CHUNK)?;
        let [0x30, 0x82, hi, lo, ..] = der[..] else { return Err(CardFault::BrokenCertificate) };
        let length = usize::from(u16::from_be_bytes([hi, lo])) + 4;
        if length > CERTIFICATE_BYTES_MAX {
            return Err(CardFault::BrokenCertificate);
        }
        while der.len() < length {
            let chunk = self.read(der.len(), CHUNK.min(length - der.len()))?;
            // Nothing read would go on for ever.
            if chunk.is_empty() {
                return Err(CardFault::BrokenCertificate);
            }
            der.extend(chunk);
        }
        der.truncate(length);
        Ok(der)
    }

    /// Shows the PIN to the card.
    ///
    /// # Errors
    /// [`CardFault::Gone`]: whether the try was counted is not known; [`CardFault::Unexpected`].
    pub fn verify_pin(&mut self, pin: &Pin) -> Result<PinOutcome, CardFault> {
        self.select(AUTH_PIN)?;
        let mut command = Zeroizing::new([0x00, 0x20, 0x00, 0x80, 4, 0, 0, 0, 0]);
        command[5..].copy_from_slice(pin.bytes());
        match self.send(&command[..])?.1 {
            0x9000 => Ok(PinOutcome::Right),
            0x63C0 => Ok(PinOutcome::JustBlocked),
            word @ 0x63C1..=0x63CF => Ok(PinOutcome::Wrong { left: (word & 0x0F) as u8 }),
            0x6984 => Ok(match self.tries_left()? {
                Tries::Unusable => PinOutcome::Unusable,
                Tries::Blocked | Tries::Left(_) => PinOutcome::Blocked,
            }),
            word => Err(CardFault::Unexpected { command: "VERIFY", word }),
        }
    }

    /// Tells the card that the holder's face was compared, by staff (目視確認) or by the reader; it then signs once
    /// without the PIN. Our extension: real cards refuse it.
    ///
    /// # Errors
    /// [`CardFault::NotAdmitted`], [`CardFault::Gone`].
    pub fn admit_by_eye(&mut self) -> Result<(), CardFault> {
        self.select(TERMINAL_KEY)?;
        let command = [&[0x80, 0xA2, 0x00, 0xC1, TERMINAL_TOKEN.len() as u8][..], TERMINAL_TOKEN].concat();
        match self.send(&command)?.1 {
            0x9000 => Ok(()),
            _ => Err(CardFault::NotAdmitted),
        }
    }

    /// Has the authentication key sign a SHA-256 hash.
    ///
    /// # Errors
    /// [`CardFault::NotVerified`] before PIN or admission, [`CardFault::Gone`], [`CardFault::Unexpected`].
    pub fn sign_sha256(&mut self, hash: &[u8; 32]) -> Result<Vec<u8>, CardFault> {
        self.sign(&key::digest_info_sha256(hash))
    }

    /// Has the authentication key sign a SHA-384 hash.
    ///
    /// # Errors
    /// As [`Session::sign_sha256`].
    pub fn sign_sha384(&mut self, hash: &[u8; 48]) -> Result<Vec<u8>, CardFault> {
        self.sign(&key::digest_info_sha384(hash))
    }

    /// Has the authentication key sign a message, with the hash that goes with the certificate's key: SHA-256 for RSA,
    /// SHA-384 for P-384. The message must come from the server and not from the browser.
    ///
    /// # Errors
    /// [`CardFault::UnknownAlgorithm`], and as [`Session::sign_sha256`].
    pub fn sign_message(&mut self, certificate: &[u8], message: &[u8]) -> Result<Vec<u8>, CardFault> {
        match Algorithm::of(certificate).ok_or(CardFault::UnknownAlgorithm)? {
            Algorithm::Rsa => {
                let hash = digest(&SHA256, message);
                self.sign_sha256(hash.as_ref().try_into().expect("SHA-256 has 32 bytes"))
            }
            Algorithm::P384 => {
                let hash = digest(&SHA384, message);
                self.sign_sha384(hash.as_ref().try_into().expect("SHA-384 has 48 bytes"))
            }
        }
    }

    fn sign(&mut self, info: &[u8]) -> Result<Vec<u8>, CardFault> {
        self.select(AUTH_KEY)?;
        let command = [&[0x80, 0x2A, 0x00, 0x80, info.len() as u8][..], info, &[0x00]].concat();
        match self.send(&command)? {
            (signature, 0x9000) => Ok(signature),
            (_, 0x6982) => Err(CardFault::NotVerified),
            (_, word) => Err(CardFault::Unexpected { command: "SIGN", word }),
        }
    }

    fn select(&mut self, file: u16) -> Result<(), CardFault> {
        let [hi, lo] = file.to_be_bytes();
        match self.send(&[0x00, 0xA4, 0x02, 0x0C, 0x02, hi, lo])?.1 {
            0x9000 => Ok(()),
            word => Err(CardFault::Unexpected { command: "SELECT", word }),
        }
    }

    /// Reads up to `length` bytes, 256 at most, of the selected file.
    fn read(&mut self, offset: usize, length: usize) -> Result<Vec<u8>, CardFault> {
        let [hi, lo] = u16::try_from(offset).expect("a certificate's bound is below 32 KiB").to_be_bytes();
        // 256 is written as 0.
        match self.send(&[0x00, 0xB0, hi, lo, (length % CHUNK) as u8])? {
            (bytes, 0x9000) => Ok(bytes),
            (_, 0x6B00) => Err(CardFault::BrokenCertificate),
            (_, word) => Err(CardFault::Unexpected { command: "READ BINARY", word }),
        }
    }

    /// Sends a command; gives data and status word.
    fn send(&mut self, command: &[u8]) -> Result<(Vec<u8>, u16), CardFault> {
        let mut reply = (self.transmit)(command);
        let Some((_, word)) = reply.split_last_chunk::<2>() else { return Err(CardFault::Gone) };
        let word = u16::from_be_bytes(*word);
        reply.truncate(reply.len() - 2);
        Ok((reply, word))
    }
}
