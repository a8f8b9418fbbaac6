//! The clinic's 資格確認端末: takes `OQSsiquc01req` (checks) and `OQSsiimm01req` (registrations of the clinic's patient
//! numbers) from the share, asks the server, and writes `OQSsiquc01res` and `OQSsiimm01res`.
//!
//! Always holds: every request gets exactly one answer, whatever it is, whatever the line does, and wherever the
//! process is killed; see the table in `journal.rs`. A refusal says what and what to do. No file name, number or name
//! of a person is in a log line, an error or a counter. Nothing is asked of the server for another institution.
//! Not here: the card reader and its page (`kiosk/`), results for the face folder (`face.rs`); any decision about
//! eligibility (the server).
//! Rules come from: docs/rules.md S1 r3, r7; the reference on the OQS interface, sections 1, 3, 4.1, 4.3, 4.6, 6.3, 6.4, 7.
//!
//! Decisions of ours where the reference is silent:
//! - **A second request of a name that is under way, or whose answer lies untaken**, is refused in
//!   `<answer stem>_dup<n>.xml`. The first answer keeps its name and content, so a client that waits for it is served.
//! - **The same name with the same bytes** within `repeat_ms` after the server answered is refused as a repeat under
//!   the normal name (its first answer was taken away, the name is free). After "server away" it is not: the desk was
//!   told to ask again.
//! - **Server away**, or so busy or broken that it recorded nothing: answered at once with status 2; a check stays in
//!   the journal and is put to the server, with its id, when the line is back, so that the server's log has it. That
//!   late answer is not written anywhere.
//! - **A registration is not put to the server later.** The clinic was told that it may not be done and sends it again,
//!   perhaps corrected; the old one coming after that would undo the correction. Until its answer is noted it is asked
//!   again under its id like a check, so a kill neither loses nor doubles it.
//! - **A registration counts as done** only when the answer says of whom: number and person are compared with the
//!   request before the clinic gets to see it.
//! - **A request of another kind** is refused in the form of a check's answer.
//! - **After a time-out** the line is left alone for a few seconds and requests are answered "away" without waiting.
//! - **Directories** under a request's name are left alone: they are not messages. Links, pipes and devices are taken
//!   away, unopened, and answered.

#![forbid(unsafe_code)]

mod answers;
mod codes;
mod door;
mod face;
mod folder;
mod journal;
pub mod kiosk;
mod messages;
mod rim;
mod rules;
mod work;

#[cfg(test)]
mod tests;

pub use codes::{ALL as CODES, Code};
pub use door::{Away, Door, HttpDoor, Line};
pub use rim::run;
pub use work::{Now, Status, Terminal};

use formats::xml::{Encoding, Limits};
use std::path::PathBuf;

/// How the terminal is set up.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The folder that holds the exchange folders, commonly named `OQS`.
    pub base: PathBuf,
    /// Name of the request folder in it.
    pub req: String,
    /// Name of the answer folder in it.
    pub res: String,
    /// Name of the folder for results of the card reader.
    pub face: String,
    /// The journal's folder: the terminal's own, outside the share, best on the same disk.
    pub kept: PathBuf,
    /// The institution's ten-digit code.
    pub institution_code: String,
    /// How answers are written.
    pub encoding: AnswerEncoding,
    /// Answers are written in place, for clinics whose watcher does not see renames.
    pub write_in_place: bool,
    /// Milliseconds between two looks at the request folder.
    pub poll_ms: u64,
    /// Milliseconds for which an unfinished file must be unchanged before it counts as half-written.
    pub settle_ms: u64,
    /// Milliseconds within which the same request again is a repeat; 0 for never (clinics' systems that name files by
    /// patient and ask twice a day).
    pub repeat_ms: i64,
    /// Bytes of the largest request.
    pub max_bytes: usize,
    /// Requests put to the server at once.
    pub parallel: usize,
}

impl Settings {
    /// The usual settings, those of `config.default.toml`, for a base folder, a journal folder and an institution.
    pub fn new(base: PathBuf, kept: PathBuf, institution_code: String) -> Settings {
        Settings {
            base,
            req: "req".to_owned(),
            res: "res".to_owned(),
            face: "face".to_owned(),
            kept,
            institution_code,
            encoding: AnswerEncoding::SameAsRequest,
            write_in_place: false,
            poll_ms: 100,
            settle_ms: 2000,
            repeat_ms: 0,
            max_bytes: 1 << 20,
            parallel: 4,
        }
    }

    fn limits(&self) -> Limits {
        Limits { bytes: self.max_bytes, ..Limits::default() }
    }
}

/// How answers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerEncoding {
    /// UTF-8.
    Utf8,
    /// Shift_JIS.
    ShiftJis,
    /// As the request was; UTF-8 when that cannot be told.
    SameAsRequest,
}

impl AnswerEncoding {
    fn for_request(self, request: Encoding) -> Encoding {
        match self {
            AnswerEncoding::Utf8 => Encoding::Utf8,
            AnswerEncoding::ShiftJis => Encoding::ShiftJis,
            AnswerEncoding::SameAsRequest => request,
        }
    }
}
