//! The JPKI application of the card: a state and a command give the next state and a reply.
//!
//! Always holds: nothing but [`Card::transmit`] and [`Card::power`] moves the state; a try is counted before the PIN is
//! compared; a wrong PIN takes back what the right one gave; no application but JPKI is ever answered with 9000; private
//! keys and PINs can be used but not read.
//! Not here: the text of a card file (`file.rs`); how to save one, which is the caller's work. When: as
//! [`Card::transmit_saving`] asks, so that neither a full disk nor a pulled plug gives a try back.
//! Rules come from: the reference on the card, sections 1.1 to 1.3, 1.7, 4.3, 4.6 and 7.
//!
//! Our choices, where the reference is silent:
//! - An empty VERIFY on a blocked PIN gives 63C0, as OpenSC needs it ("any SW1 other than 63 is an error"); 6984 answers
//!   a VERIFY with data only.
//! - The PIN of a PIN-less card (顔認証マイナンバーカード) gives 6984 to an empty VERIFY too, so that a reader can tell it
//!   from a blocked one: its holder has nothing to unlock.
//! - A card without a signing certificate keeps its files: 0002 is empty, the password of 001B is blocked, and so 0001
//!   and 001A give 6982.
//! - A SELECT by any other name gives 6A82, ends the security status and leaves the application. A real card would be in
//!   another application afterwards; here there is none, and the safe end is the same.
//! - A PIN longer than 16 bytes is refused with 6700 and costs no try: it cannot be the right one.
//! - A new PIN of a wrong form is refused with 6A80. A short EF id also makes its file the current one.
//! - When the try that a VERIFY costs cannot be saved, nothing is compared and the reply is 6581 (memory failure).
//! - GET CHALLENGE (00 84) gives 6D00: nothing here uses its bytes, and a pure core has none to give.
//! - P1=00 of the sign command takes a whole DigestInfo of SHA-256, SHA-384 or SHA-512. A real card signs any bytes; the
//!   crypto library takes digests only, and everything else gets 6A80. P1=01, 03, 04, 05 exist on a real card and give
//!   6A81 here.
//!
//! Our extensions, which no real card has:
//! - A card with a P-384 key answers the same sign command, given a SHA-384 DigestInfo, with an ECDSA signature in DER.
//!   How the card of fiscal 2028 will be asked is not published.
//! - The exchange by which a terminal shows that it may do without a PIN (特定機関認証) is not public beyond its first
//!   bytes, `80 A2 00 C1` with EF 0016 selected. Ours ends there: the data [`TERMINAL_TOKEN`] let the authentication key
//!   sign once. They say that staff compared the photo by eye (目視確認) or the reader the face; they prove nothing, hence
//!   no card file may hold a certificate of the real authority. A real card answers them with 6700.

use crate::apdu::{Command, Word};
use crate::file::{Face, Kind};
use crate::key::{self, Key};
use crate::secret::{SECRET_BYTES_MAX, Secret};
use std::fmt;

/// The name of the JPKI application (公的個人認証AP).
pub(crate) const JPKI_AID: [u8; 10] = [0xD3, 0x92, 0xF0, 0x00, 0x26, 0x01, 0x00, 0x00, 0x00, 0x01];

/// What a terminal says in place of the protocol that is not public: our extension, see the top of `card.rs`.
pub const TERMINAL_TOKEN: &[u8] = b"SHIKAKU-TEST-TERMINAL";

/// What differs between reports about real cards, to be set from one when somebody measures it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Behaviour {
    /// Whether selecting the JPKI application again keeps a verified PIN. `true` as measured on test cards; OpenSC's
    /// logout counts on `false` (reference, 7.12).
    pub(crate) reselect_keeps_status: bool,
}

impl Default for Behaviour {
    fn default() -> Behaviour {
        Behaviour { reselect_keeps_status: true }
    }
}

/// An elementary file of the application.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ef {
    SignCertificate,
    SignCa,
    TokenInfo,
    Available,
    AuthCertificate,
    AuthCa,
    TerminalKey,
    AuthKey,
    AuthPin,
    SignKey,
    SignPin,
}

impl Ef {
    /// The file of an id; short ids are the same numbers.
    fn of(id: u16) -> Option<Ef> {
        Some(match id {
            0x0001 => Ef::SignCertificate,
            0x0002 => Ef::SignCa,
            0x0006 => Ef::TokenInfo,
            0x0008 => Ef::Available,
            0x000A => Ef::AuthCertificate,
            0x000B => Ef::AuthCa,
            0x0016 => Ef::TerminalKey,
            0x0017 => Ef::AuthKey,
            0x0018 => Ef::AuthPin,
            0x001A => Ef::SignKey,
            0x001B => Ef::SignPin,
            _ => return None,
        })
    }
}

/// What is selected.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Selected {
    Nothing,
    Application,
    File(Ef),
}

/// A PIN or password with its counter.
pub(crate) struct Lock {
    /// `None` on a PIN-less card: nothing opens it.
    pub(crate) secret: Option<Secret>,
    pub(crate) left: u8,
    pub(crate) most: u8,
    pub(crate) is_verified: bool,
}

/// One key pair with what belongs to it.
pub(crate) struct Side {
    pub(crate) certificate: Vec<u8>,
    pub(crate) ca: Vec<u8>,
    pub(crate) key: Key,
    pub(crate) lock: Lock,
}

/// A My Number card. See the crate's opening comment.
pub struct Card {
    pub(crate) face: Face,
    pub(crate) auth: Side,
    pub(crate) sign: Option<Side>,
    behaviour: Behaviour,
    selected: Selected,
    /// Whether a terminal was admitted in place of a PIN, for one signature.
    is_admitted: bool,
    is_changed: bool,
}

/// Prints that it is a card, and nothing of it.
impl fmt::Debug for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Card")
    }
}

/// What is not about APDUs: for pages and commands that show a card.
impl Card {
    /// A card in the state after power-on.
    pub(crate) fn assemble(face: Face, auth: Side, sign: Option<Side>) -> Card {
        Card {
            face,
            auth,
            sign,
            behaviour: Behaviour::default(),
            selected: Selected::Nothing,
            is_admitted: false,
            is_changed: false,
        }
    }

    /// Makes the card behave as another batch does.
    #[cfg(test)]
    pub(crate) fn set_behaviour(&mut self, behaviour: Behaviour) {
        self.behaviour = behaviour;
    }

    /// The label: letters, digits and hyphens, fit for a file name.
    pub fn label(&self) -> &str {
        &self.face.label
    }

    /// The name printed on the face.
    pub fn holder(&self) -> &str {
        &self.face.holder
    }

    /// What this card is for, in Japanese.
    pub fn note_ja(&self) -> &str {
        &self.face.note_ja
    }

    /// What this card is for, in English.
    pub fn note_en(&self) -> &str {
        &self.face.note_en
    }

    /// Which kind of card it is.
    pub fn kind(&self) -> Kind {
        self.face.kind
    }

    /// The authentication certificate (利用者証明用電子証明書) in DER.
    pub fn authentication_certificate(&self) -> &[u8] {
        &self.auth.certificate
    }

    /// The signing certificate (署名用電子証明書) in DER. A reader gets it only after the password.
    pub fn signing_certificate(&self) -> Option<&[u8]> {
        self.sign.as_ref().map(|side| side.certificate.as_slice())
    }

    /// Tries left for the authentication PIN; 0 is blocked, or PIN-less.
    pub fn tries_left(&self) -> u8 {
        self.auth.lock.left
    }

    /// Tries left for the signing password, when there is a signing certificate.
    pub fn signing_tries_left(&self) -> Option<u8> {
        self.sign.as_ref().map(|side| side.lock.left)
    }

    /// Whether the card file must be written again: tries or a PIN differ from what was read, made or last saved.
    pub fn is_changed(&self) -> bool {
        self.is_changed
    }

    /// The caller has written the card file.
    pub fn set_saved(&mut self) {
        self.is_changed = false;
    }
}

/// The reply's data, or the word when it is not 9000.
type Reply = Result<Vec<u8>, Word>;

/// Writes the card file, and says whether that is done for good.
type Save<'s> = &'s mut dyn FnMut(&Card) -> bool;

/// The APDU machine.
impl Card {
    /// Takes power away and gives it back: nothing is selected, no PIN is verified. Counters stay.
    pub fn power(&mut self) {
        self.selected = Selected::Nothing;
        self.end_security();
    }

    /// Answers one command APDU with data and status word, for cards that live in memory only. One that has a file is
    /// asked by [`Card::transmit_saving`].
    pub fn transmit(&mut self, apdu: &[u8]) -> Vec<u8> {
        self.reply_to(apdu, None)
    }

    /// Answers one command APDU, and has the card file written when what it holds changes: the try that a PIN costs
    /// *before* the PIN is compared, everything else before the reply is given. `save` must write the whole card so
    /// that it stays after a power cut, and say whether it did.
    ///
    /// When it says no, nothing was compared, or the reply is lost as if the card had been torn away: it is empty, or
    /// 6581.
    pub fn transmit_saving(&mut self, apdu: &[u8], save: &mut dyn FnMut(&Card) -> bool) -> Vec<u8> {
        let reply = self.reply_to(apdu, Some(&mut *save));
        if self.is_changed && !save(self) {
            return Vec::new();
        }
        self.is_changed = false;
        reply
    }

    fn reply_to(&mut self, apdu: &[u8], save: Option<Save<'_>>) -> Vec<u8> {
        let (mut reply, word) = match Command::parse(apdu).and_then(|command| self.answer(&command, save)) {
            Ok(data) => (data, Word::DONE),
            Err(word) => (Vec::new(), word),
        };
        reply.extend(word.0.to_be_bytes());
        reply
    }

    fn answer(&mut self, command: &Command<'_>, save: Option<Save<'_>>) -> Reply {
        // Extended lengths serve the terminal's certificate (80 A2) only.
        let is_terminal = (command.class, command.instruction) == (0x80, 0xA2);
        let known = matches!(
            (command.class, command.instruction),
            (0x00, 0xA4 | 0xB0 | 0x20 | 0x24) | (0x80, 0x2A | 0xA2)
        );
        if known && command.is_extended && !is_terminal {
            return Err(Word::LENGTH);
        }
        match (command.class, command.instruction) {
            (0x00, 0xA4) => self.select(command),
            (0x00, 0xB0) => self.read_binary(command),
            (0x00, 0x20) => self.verify(command, save),
            (0x00, 0x24) => self.change(command),
            (0x80, 0x2A) => self.sign(command),
            (0x80, 0xA2) => self.admit(command),
            _ => Err(Word::INSTRUCTION),
        }
    }

    fn end_security(&mut self) {
        self.is_admitted = false;
        self.auth.lock.is_verified = false;
        if let Some(sign) = &mut self.sign {
            sign.lock.is_verified = false;
        }
    }

    fn select(&mut self, command: &Command<'_>) -> Reply {
        if !matches!(command.p2, 0x00 | 0x0C) {
            return Err(Word::P1_P2);
        }
        match command.p1 {
            0x00 => self.select_master_file(command),
            0x02 => self.select_file(command),
            0x04 => self.select_application(command),
            _ => Err(Word::P1_P2),
        }
    }

    /// Clients are told to keep off; one that does not gets what test cards gave: no effect in any case.
    fn select_master_file(&self, command: &Command<'_>) -> Reply {
        match (command.data, self.selected) {
            ([], Selected::Nothing) => Err(Word::P1_P2),
            ([], _) => Ok(Vec::new()),
            ([_, _], _) => Err(Word::NOT_FOUND),
            _ => Err(Word::LENGTH),
        }
    }

    fn select_application(&mut self, command: &Command<'_>) -> Reply {
        if command.data.is_empty() || command.data.len() > 16 {
            return Err(Word::LENGTH);
        }
        if command.data != JPKI_AID {
            self.selected = Selected::Nothing;
            self.end_security();
            return Err(Word::NOT_FOUND);
        }
        if !self.behaviour.reselect_keeps_status {
            self.end_security();
        }
        self.selected = Selected::Application;
        // File control information: the name of the application.
        Ok(information(command, 0x84, &JPKI_AID))
    }

    fn select_file(&mut self, command: &Command<'_>) -> Reply {
        let Ok(id) = <[u8; 2]>::try_from(command.data) else { return Err(Word::LENGTH) };
        if self.selected == Selected::Nothing {
            return Err(Word::NO_FILE_SELECTED);
        }
        let ef = Ef::of(u16::from_be_bytes(id)).ok_or(Word::NOT_FOUND)?;
        self.selected = Selected::File(ef);
        // The id and no size: that of 0001 is not for everybody.
        Ok(information(command, 0x83, &id))
    }

    /// The file that a short id names, or the current one, which it becomes.
    fn file(&mut self, short: Option<u8>, missing: Word) -> Result<Ef, Word> {
        match (self.selected, short) {
            (Selected::Nothing, _) | (Selected::Application, None) => Err(Word::NO_FILE_SELECTED),
            (Selected::File(ef), None) => Ok(ef),
            (_, Some(short)) => {
                let ef = Ef::of(u16::from(short)).ok_or(missing)?;
                self.selected = Selected::File(ef);
                Ok(ef)
            }
        }
    }

    fn read_binary(&mut self, command: &Command<'_>) -> Reply {
        if !command.data.is_empty() || command.expects == 0 {
            return Err(Word::LENGTH);
        }
        let (short, offset) = if command.p1 & 0x80 == 0 {
            (None, usize::from(u16::from_be_bytes([command.p1, command.p2])))
        } else if command.p1 & 0x60 == 0 {
            (Some(command.p1 & 0x1F), usize::from(command.p2))
        } else {
            return Err(Word::P1_P2);
        };
        let ef = self.file(short, Word::NOT_FOUND)?;
        let token_info;
        let bytes: &[u8] = match (ef, &self.sign) {
            (Ef::SignCertificate, Some(sign)) if sign.lock.is_verified => &sign.certificate,
            (Ef::SignCertificate, _) => return Err(Word::SECURITY),
            (Ef::SignCa, Some(sign)) => &sign.ca,
            (Ef::SignCa, None) => &[],
            (Ef::TokenInfo, _) => {
                token_info = make_token_info();
                &token_info
            }
            (Ef::Available, Some(_)) => &[0x8F, 0x8F, 0x00],
            (Ef::Available, None) => &[0x00, 0x8F, 0x00],
            (Ef::AuthCertificate, _) => &self.auth.certificate,
            (Ef::AuthCa, _) => &self.auth.ca,
            (Ef::TerminalKey | Ef::AuthKey | Ef::AuthPin | Ef::SignKey | Ef::SignPin, _) => {
                return Err(Word::FILE_KIND);
            }
        };
        match bytes.get(offset..) {
            None | Some([]) => Err(Word::PAST_END),
            Some(rest) => Ok(rest[..rest.len().min(command.expects)].to_vec()),
        }
    }

    /// The lock of a PIN's file. The sign side of a card without one has none.
    fn lock(&mut self, ef: Ef) -> Result<Option<&mut Lock>, Word> {
        match ef {
            Ef::AuthPin => Ok(Some(&mut self.auth.lock)),
            Ef::SignPin => Ok(self.sign.as_mut().map(|sign| &mut sign.lock)),
            _ => Err(Word::FILE_KIND),
        }
    }

    fn verify(&mut self, command: &Command<'_>, save: Option<Save<'_>>) -> Reply {
        if command.p1 != 0 {
            return Err(Word::P1_P2);
        }
        let ef = self.file(reference(command.p2)?, Word::NO_KEY)?;
        let is_query = command.data.is_empty();
        let Some(lock) = self.lock(ef)? else {
            return Err(if is_query { Word::tries(0) } else { Word::BLOCKED });
        };
        if lock.secret.is_none() {
            return Err(Word::BLOCKED);
        }
        if is_query {
            return Err(Word::tries(lock.left));
        }
        if lock.left == 0 {
            return Err(Word::BLOCKED);
        }
        let given = Secret::new(command.data).ok_or(Word::LENGTH)?;
        let before = lock.left;
        lock.left -= 1;
        let in_file = match save {
            None => before,
            Some(save) => {
                self.is_changed = true;
                if !save(self) {
                    return Err(Word::MEMORY);
                }
                self.is_changed = false;
                before - 1
            }
        };
        let lock = self.lock(ef)?.ok_or(Word::BLOCKED)?;
        lock.compare(&given);
        let (is_verified, left) = (lock.is_verified, lock.left);
        if left != in_file {
            self.is_changed = true;
        }
        if is_verified { Ok(Vec::new()) } else { Err(Word::tries(left)) }
    }

    fn change(&mut self, command: &Command<'_>) -> Reply {
        if command.p1 != 1 {
            return Err(Word::P1_P2);
        }
        let ef = self.file(reference(command.p2)?, Word::NO_KEY)?;
        let lock = self.lock(ef)?.ok_or(Word::BLOCKED)?;
        if lock.secret.is_none() || lock.left == 0 {
            return Err(Word::BLOCKED);
        }
        if !lock.is_verified {
            return Err(Word::SECURITY);
        }
        if command.data.is_empty() || command.data.len() > SECRET_BYTES_MAX {
            return Err(Word::LENGTH);
        }
        let is_formed = if ef == Ef::AuthPin { is_pin(command.data) } else { is_password(command.data) };
        lock.secret = Some(Secret::new(command.data).filter(|_| is_formed).ok_or(Word::DATA)?);
        self.is_changed = true;
        Ok(Vec::new())
    }

    fn sign(&mut self, command: &Command<'_>) -> Reply {
        let short = reference(command.p2)?;
        match command.p1 {
            0x00 | 0x02 => {}
            0x01 | 0x03 | 0x04 | 0x05 => return Err(Word::NOT_SUPPORTED),
            _ => return Err(Word::P1_P2),
        }
        if command.data.is_empty() || command.expects != key::RSA_BYTES {
            return Err(Word::LENGTH);
        }
        let ef = self.file(short, Word::NO_KEY)?;
        let (side, may_sign) = match (ef, &self.sign) {
            (Ef::AuthKey, _) => (&self.auth, self.auth.lock.is_verified || self.is_admitted),
            (Ef::SignKey, Some(sign)) => (sign, sign.lock.is_verified),
            (Ef::SignKey, None) => return Err(Word::SECURITY),
            _ => return Err(Word::FILE_KIND),
        };
        if !may_sign {
            return Err(Word::SECURITY);
        }
        let digest = match command.p1 {
            0x00 => key::digest_of_info(command.data),
            _ => key::digest_of_hash(command.data),
        };
        let signature = digest.and_then(|digest| side.key.sign(&digest)).ok_or(Word::DATA)?;
        if ef == Ef::AuthKey {
            self.is_admitted = false;
        }
        Ok(signature)
    }

    /// Our extension in place of 特定機関認証; see the top of the file.
    fn admit(&mut self, command: &Command<'_>) -> Reply {
        if (command.p1, command.p2) != (0x00, 0xC1) {
            return Err(Word::P1_P2);
        }
        match self.selected {
            Selected::File(Ef::TerminalKey) => {}
            Selected::File(_) => return Err(Word::FILE_KIND),
            _ => return Err(Word::NO_FILE_SELECTED),
        }
        if command.data != TERMINAL_TOKEN {
            return Err(Word::LENGTH);
        }
        self.is_admitted = true;
        Ok(Vec::new())
    }
}

impl Lock {
    /// Compares, and gives all tries back when it was right. A try was taken away for it.
    fn compare(&mut self, given: &Secret) {
        self.is_verified = self.secret.as_ref().is_some_and(|secret| secret.is(given));
        if self.is_verified {
            self.left = self.most;
        }
    }
}

/// The short id in the `P2` of commands that refer to a key or PIN: `80` is the current file, `80|id` a short id.
fn reference(p2: u8) -> Result<Option<u8>, Word> {
    match p2 {
        0x80 => Ok(None),
        0x81..=0x9E => Ok(Some(p2 & 0x1F)),
        _ => Err(Word::P1_P2),
    }
}

/// File control information with one object in it, when the command wants it.
fn information(command: &Command<'_>, tag: u8, value: &[u8]) -> Vec<u8> {
    if command.p2 == 0x0C {
        return Vec::new();
    }
    let length = value.len() as u8;
    let mut bytes = [&[0x6F, length + 2, tag, length], value].concat();
    bytes.truncate(command.expects);
    bytes
}

/// Whether these are four digits.
pub(crate) fn is_pin(bytes: &[u8]) -> bool {
    bytes.len() == 4 && bytes.iter().all(u8::is_ascii_digit)
}

/// Whether these are 6 to 16 capital letters and digits, at least one of each.
pub(crate) fn is_password(bytes: &[u8]) -> bool {
    (6..=SECRET_BYTES_MAX).contains(&bytes.len())
        && bytes.iter().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
        && bytes.iter().any(u8::is_ascii_digit)
        && bytes.iter().any(u8::is_ascii_uppercase)
}

/// EF 0006: a `CK_TOKEN_INFO` of PKCS#11. Clients look at its label, which tells a card from a telephone.
fn make_token_info() -> Vec<u8> {
    let mut info = Vec::with_capacity(160);
    let mut text = |value: &str, width: usize| info.extend(format!("{value:<width$}").into_bytes());
    text("JPKIAPICCTOKEN2", 32); // label
    text("SHIKAKU TEST CARD", 32); // manufacturer
    text("SOFTWARE", 16); // model
    text("0", 16); // serial number: of the token, not of a certificate
    // Flags: login required, PIN initialised, token initialised.
    let numbers: [u32; 11] = [0x0000_040C, 0, 0, 0, 0, 16, 4, 0, 0, 0, 0];
    info.extend(numbers.into_iter().flat_map(u32::to_be_bytes));
    info.extend([2, 0, 1, 0]); // versions of hardware and firmware
    info.extend([b'0'; 16]); // time: no clock on the token
    info
}
