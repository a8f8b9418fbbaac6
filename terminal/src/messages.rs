//! The kinds of request that the terminal serves, and what differs between them before anything is answered: the name
//! of their files, the place at the server, how they are read, and whether the server is told of one that it missed.
//!
//! Always holds: all else is the same for every kind: folder, journal, steps, codes, line.
//! Not here: what their answers look like (`answers.rs`), which values they may hold (`rules.rs`).
//! Rules come from: the reference on the OQS interface, sections 1.2, 4.1 and 4.6.

use formats::Problem;
use formats::oqs::{CheckRequest, REFERENCE_PATH, ReferenceRequest, SEARCH_PATH};
use formats::tree::Node;

/// A kind of request that is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// Is this person insured? (資格確認)
    Check,
    /// This is our number for this person. (照会番号登録)
    Reference,
}

impl Message {
    /// Every kind.
    pub const ALL: [Message; 2] = [Message::Check, Message::Reference];

    /// The kind of a request's file, by its name.
    pub fn of(name: &str) -> Option<Message> {
        Message::ALL.into_iter().find(|kind| name.starts_with(kind.prefix()))
    }

    /// The kind in whose form a request under this name is answered, also when it is of none that is served.
    pub fn form_of(name: &str) -> Message {
        Message::of(name).unwrap_or(Message::Check)
    }

    /// What the names of its files begin with.
    fn prefix(self) -> &'static str {
        match self {
            Message::Check => "OQSsiquc01req_",
            Message::Reference => "OQSsiimm01req_",
        }
    }

    /// Reads one.
    pub fn read(self, root: &Node) -> (Option<Asked>, Vec<Problem>) {
        match self {
            Message::Check => {
                let (request, problems) = CheckRequest::read(root);
                (request.map(Asked::Check), problems)
            }
            Message::Reference => {
                let (request, problems) = ReferenceRequest::read(root);
                (request.map(Asked::Reference), problems)
            }
        }
    }
}

/// A request that was read.
#[derive(Debug)]
pub enum Asked {
    /// Is this person insured?
    Check(CheckRequest),
    /// This is our number for this person.
    Reference(ReferenceRequest),
}

impl Asked {
    /// Its kind.
    pub fn message(&self) -> Message {
        match self {
            Asked::Check(_) => Message::Check,
            Asked::Reference(_) => Message::Reference,
        }
    }

    /// Where the server takes it.
    pub fn path(&self) -> &'static str {
        match self {
            Asked::Check(_) => SEARCH_PATH,
            Asked::Reference(_) => REFERENCE_PATH,
        }
    }

    /// The message.
    pub fn write(&self) -> Node {
        match self {
            Asked::Check(request) => request.write(),
            Asked::Reference(request) => request.write(),
        }
    }

    /// Whether the server is told of it later when it was away. A check is, for the server's log. A registration is
    /// not: the clinic was told that it may not be done and sends it again, perhaps with another number, and the old
    /// one coming after that would put it back.
    pub fn is_told_later(&self) -> bool {
        matches!(self, Asked::Check(_))
    }
}
