//! Command APDUs taken apart, and the status words that answer them.
//!
//! Always holds: a [`Command`] borrows from the bytes it came from, so no second copy of a PIN arises. Bytes that are
//! no APDU give a status word.
//! Not here: what a command does (`card.rs`).
//! Rules come from: ISO/IEC 7816-4 (the four cases, short and extended); the reference on the card, sections 1.1, 1.7.

/// A status word, the last two bytes of each reply.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Word(pub(crate) u16);

impl Word {
    pub(crate) const DONE: Word = Word(0x9000);
    pub(crate) const MEMORY: Word = Word(0x6581);
    pub(crate) const LENGTH: Word = Word(0x6700);
    pub(crate) const CHANNEL: Word = Word(0x6881);
    pub(crate) const FILE_KIND: Word = Word(0x6981);
    pub(crate) const SECURITY: Word = Word(0x6982);
    pub(crate) const BLOCKED: Word = Word(0x6984);
    pub(crate) const NO_FILE_SELECTED: Word = Word(0x6986);
    pub(crate) const DATA: Word = Word(0x6A80);
    pub(crate) const NOT_SUPPORTED: Word = Word(0x6A81);
    pub(crate) const NOT_FOUND: Word = Word(0x6A82);
    pub(crate) const P1_P2: Word = Word(0x6A86);
    pub(crate) const NO_KEY: Word = Word(0x6A88);
    pub(crate) const PAST_END: Word = Word(0x6B00);
    pub(crate) const INSTRUCTION: Word = Word(0x6D00);
    pub(crate) const CLASS: Word = Word(0x6E00);

    /// `63Cx`: a PIN has `left` tries. No key of the card has more than 15.
    pub(crate) fn tries(left: u8) -> Word {
        Word(0x63C0 | u16::from(left.min(15)))
    }
}

/// A command APDU on channel 0.
#[derive(Clone, Copy)]
pub(crate) struct Command<'a> {
    pub(crate) class: u8,
    pub(crate) instruction: u8,
    pub(crate) p1: u8,
    pub(crate) p2: u8,
    /// The command's data; empty when there are none.
    pub(crate) data: &'a [u8],
    /// How many bytes the reply may have; 0 when the command has no `Le`.
    pub(crate) expects: usize,
    /// Whether lengths came in the extended form.
    pub(crate) is_extended: bool,
}

impl<'a> Command<'a> {
    /// Takes bytes apart. Refuses with the word to be sent: 6700 for lengths that do not add up, 6881 for a channel
    /// other than 0, 6E00 for a class that the card does not have.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Command<'a>, Word> {
        let [class, instruction, p1, p2, body @ ..] = bytes else { return Err(Word::LENGTH) };
        match class {
            0x00 | 0x80 => {}
            // Channels 1 to 3 stand in the two low bits, 4 to 19 in the classes from 40 on.
            0x01..=0x03 | 0x81..=0x83 | 0x40..=0x7F => return Err(Word::CHANNEL),
            _ => return Err(Word::CLASS),
        }
        let (data, expects, is_extended) = lengths(body).ok_or(Word::LENGTH)?;
        Ok(Command { class: *class, instruction: *instruction, p1: *p1, p2: *p2, data, expects, is_extended })
    }
}

/// Data, `Le` (0 when absent) and whether lengths are extended.
fn lengths(body: &[u8]) -> Option<(&[u8], usize, bool)> {
    match body {
        [] => Some((&[], 0, false)),
        [le] => Some((&[], short(*le), false)),
        [0, hi, lo] => Some((&[], long(*hi, *lo), true)),
        [0, hi, lo, rest @ ..] => {
            let length = usize::from(u16::from_be_bytes([*hi, *lo]));
            let (data, rest) = rest.split_at_checked(length).filter(|_| length > 0)?;
            match rest {
                [] => Some((data, 0, true)),
                [hi, lo] => Some((data, long(*hi, *lo), true)),
                _ => None,
            }
        }
        [lc, rest @ ..] => {
            let (data, rest) = rest.split_at_checked(usize::from(*lc)).filter(|_| *lc > 0)?;
            match rest {
                [] => Some((data, 0, false)),
                [le] => Some((data, short(*le), false)),
                _ => None,
            }
        }
    }
}

/// `Le` of one byte: 0 stands for 256.
fn short(le: u8) -> usize {
    if le == 0 { 256 } else { usize::from(le) }
}

/// `Le` of two bytes: 0 stands for 65,536.
fn long(hi: u8, lo: u8) -> usize {
    match u16::from_be_bytes([hi, lo]) {
        0 => 65_536,
        le => usize::from(le),
    }
}
