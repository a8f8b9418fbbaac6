//! How an operation ends: an answer, a refusal, or an error that undoes it.
//!
//! Always holds: *answered* and *refused* both commit (audit row, spent nonce, counters); only [`Error`] rolls back.
//! A refusal is made by a constructor function of its service and carries a stable code; no text in it names a person
//! or a number.
//! Not here: how a refusal looks on a page, in a message or in a report; each rim renders it.

use std::fmt;

/// The language that a reader asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Lang {
    /// 日本語
    #[default]
    Ja,
    /// English
    En,
}

impl Lang {
    /// Picks the text in this language.
    pub fn pick<'t>(self, ja: &'t str, en: &'t str) -> &'t str {
        match self {
            Lang::Ja => ja,
            Lang::En => en,
        }
    }
}

/// What to tell whom when an operation says no. All static: nothing of the request can leak into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Help {
    /// Stable code, `service.reason`.
    pub code: &'static str,
    /// The nine-character code of ours for OQS messages (not an official one).
    pub oqs: &'static str,
    /// What happened, one sentence, in Japanese and in English.
    pub what: (&'static str, &'static str),
    /// What the desk does now, in Japanese and in English.
    pub desk: (&'static str, &'static str),
    /// What the engineer does, in English.
    pub engineer: &'static str,
}

/// An operation's "no". It commits like an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Code and texts.
    pub help: &'static Help,
    /// The HTTP status under which rims that speak HTTP render it.
    pub status: u16,
    /// How long the asking side is made to wait for the answer, in milliseconds.
    pub wait_ms: u32,
}

impl Refusal {
    /// A refusal with this help and status.
    pub const fn new(help: &'static Help, status: u16) -> Refusal {
        Refusal { help, status, wait_ms: 0 }
    }

    /// The same refusal, answered only after a wait.
    pub const fn after_ms(self, wait_ms: u32) -> Refusal {
        Refusal { wait_ms, ..self }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.help.code)
    }
}

/// What an operation says: both commit.
pub type Answer<T> = std::result::Result<T, Refusal>;

/// A fault: something of ours or of the machine is broken. Its text is for the engineer and names no person.
#[derive(Debug)]
pub struct Fault {
    what: String,
    /// The same in Japanese, where who runs a command meets it.
    ja: Option<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Fault {
    /// A fault described in words; the words must hold no personal data.
    pub fn new(what: impl Into<String>) -> Fault {
        Fault { what: what.into(), ja: None, source: None }
    }

    /// A fault with its cause.
    pub fn caused(what: impl Into<String>, source: impl std::error::Error + Send + Sync + 'static) -> Fault {
        Fault { what: what.into(), ja: None, source: Some(Box::new(source)) }
    }

    /// The same fault with its words in Japanese too, for who meets it at a command: a sentence that says what to do.
    pub fn in_japanese(self, ja: impl Into<String>) -> Fault {
        Fault { ja: Some(ja.into()), ..self }
    }

    /// Its words in Japanese, if it has them.
    pub fn ja(&self) -> Option<&str> {
        self.ja.as_deref()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Fault {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|s| s as _)
    }
}

/// Why an operation was undone.
#[derive(Debug)]
pub enum Error {
    /// A lost race: the store runs the operation again.
    Retry,
    /// Something is broken: the operation is undone and reported.
    Broken(Fault),
}

impl Error {
    /// A fault described in words.
    pub fn broken(what: impl Into<String>) -> Error {
        Error::Broken(Fault::new(what))
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Error {
        Error::Broken(fault)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Retry => f.write_str("lost a race; to be run again"),
            Error::Broken(fault) => fault.fmt(f),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Retry => None,
            Error::Broken(fault) => fault.source(),
        }
    }
}

/// The result of an operation or of the store.
pub type Result<T> = std::result::Result<T, Error>;

/// Something noticed while reading bytes: where it is and what is wrong. Never quotes the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where: an element, a line, a column.
    pub place: String,
    /// What is wrong with it, one sentence.
    pub what: String,
}
