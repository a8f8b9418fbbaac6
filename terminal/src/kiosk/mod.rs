//! The kiosk: the patient's page at the clinic's card reader, the citizen's own reader for signing in, and the door for
//! vendors' scripts; on one http listener on loopback.
//!
//! Always holds: the PIN goes from the browser to this process and into the card, and never to the server, a log, a
//! state or an address. One card session at a time; nothing of one patient is there for the next. A result is on the
//! disk, to come into the face folder exactly once, before the patient sees that it is done.
//! Not here: who is insured, enrolled or agreed to what (the server); a face camera (a real reader compares in itself).
//! Rules come from: docs/rules.md S1 r1, r2, r5, S2 r2, r4, S17 r1; the reference on the OQS interface, 6.1 to 6.3, and
//! on the card, 4.3, 4.4 and 4.6. The pages, the script door and the interface to the server are ours.
//!
//! Decisions of ours where nobody says:
//! - **A try is on the disk before the PIN is compared.** The file is replaced as a whole, then the card looks at the PIN,
//!   then what the right one gives back is written, then the reply is passed on (`slot.rs`). Where the file cannot be
//!   written nothing is compared. A kill in between costs a try, even of the right PIN, and gives none back.
//! - **Comparing the photo wants the staff's code** (`eye_code`): whoever holds a card could else do without its PIN by
//!   pressing two buttons. Three wrong ones end the session, and no code is looked at for a minute.
//! - **A button pressed twice** shows the present page instead of the start: the second form carries the token of the
//!   step just before, from the same browser. Any other old or foreign token shows the start with a notice.
//! - **Failures stay as long as an idle screen**, only a good result goes after `result_ms`: they say what to do.
//! - **The language** begins in Japanese again with each patient.

mod assets;
mod booth;
mod form;
mod guard;
mod lang;
mod line;
mod pages;
mod rules;
mod screens;
mod script;
mod slot;
mod web;

#[cfg(test)]
mod tests;

pub use lang::{Lang, Words};
pub use line::{
    Answer, Answers, Challenge, Ground, HttpLine, Line, NONCE_PATH, Next, PROVE_PATH, Prescription, Proof,
    Question, Said, TAP_PATH, Tap, Terms, Trouble, Way,
};
pub use screens::{ALL as SCREENS, Screen, Tone};
pub use script::WORDS as CONSENT_WORDS;

use crate::face::{self, Faces};
use crate::{AnswerEncoding, rim};
use aws_lc_rs::digest::{SHA256, digest};
pub(crate) use booth::Rim;
use booth::{Shared, Staff};
use slot::Cards;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use web::Site;

/// How the kiosk is set up. It holds the staff's code, so its `Debug` shows little.
#[derive(Clone)]
pub struct Settings {
    /// Where it listens: loopback only, since PINs come over http. Port 0 picks a free one.
    pub listen: SocketAddr,
    /// The folder of the cards, `*.card`.
    pub cards: PathBuf,
    /// Where the person's own pages are, `http://host:port`; never taken from a request.
    pub pages_url: String,
    /// Milliseconds without a step after which a session ends.
    pub idle_ms: u64,
    /// Milliseconds for which a good result stays.
    pub result_ms: u64,
    /// The staff's code of four to eight digits, for comparing the photo in place of the PIN (目視確認). Empty: they may
    /// not.
    pub eye_code: String,
    /// The code stands on the page where it is asked for: in a demo, where everybody is staff.
    pub shows_eye_code: bool,
    /// The institution's ten-digit code.
    pub institution_code: String,
    /// The face folder.
    pub face: PathBuf,
    /// The kept folder; results on their way are in its `face`.
    pub kept: PathBuf,
    /// How results are written; [`AnswerEncoding::SameAsRequest`] means UTF-8.
    pub encoding: AnswerEncoding,
    /// Results are written in place, for clinics whose watcher does not see renames.
    pub write_in_place: bool,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("listen", &self.listen).finish_non_exhaustive()
    }
}

impl Settings {
    /// The usual settings for a terminal with these folders.
    pub fn new(cards: PathBuf, pages_url: String, terminal: &crate::Settings) -> Settings {
        Settings {
            listen: SocketAddr::from(([127, 0, 0, 1], 8481)),
            cards,
            pages_url,
            idle_ms: 60_000,
            result_ms: 20_000,
            eye_code: String::new(),
            shows_eye_code: false,
            institution_code: terminal.institution_code.clone(),
            face: terminal.base.join(&terminal.face),
            kept: terminal.kept.clone(),
            encoding: terminal.encoding,
            write_in_place: terminal.write_in_place,
        }
    }

    fn site(&self, line: Arc<dyn Line>, rim: Rim) -> io::Result<(Site, Arc<Faces>)> {
        if !self.eye_code.is_empty() && !rules::is_staff_code(&self.eye_code) {
            return Err(bad("the staff's code (eye_code) must be four to eight digits"));
        }
        let faces = Arc::new(Faces::open(face::Settings {
            face: self.face.clone(),
            kept: self.kept.clone(),
            institution_code: self.institution_code.clone(),
            encoding: self.encoding,
            write_in_place: self.write_in_place,
        })?);
        let shared = Shared {
            cards: Cards::new(self.cards.clone()),
            line,
            faces: faces.clone(),
            setting: rules::Setting {
                idle_ms: self.idle_ms,
                result_ms: self.result_ms,
                eye_check: !self.eye_code.is_empty(),
            },
            staff: Staff::new(&self.eye_code),
            rim,
        };
        let hint = if self.shows_eye_code { self.eye_code.as_str() } else { "" };
        Ok((Site::new(Arc::new(shared), &self.pages_url, hint), faces))
    }
}

fn bad(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what)
}

/// A kiosk that answers, on threads of its own.
pub struct Kiosk {
    address: SocketAddr,
    server: rim::Server,
    courier: rim::Courier,
}

/// Opens the kiosk.
///
/// # Errors
/// The address is not on loopback or taken, the pages are not http, the staff's code is none, or a folder cannot be
/// used.
pub fn start(settings: &Settings, line: Arc<dyn Line>) -> io::Result<Kiosk> {
    if !settings.listen.ip().is_loopback() {
        return Err(bad("the kiosk listens on loopback only: PINs come over http"));
    }
    if !settings.pages_url.starts_with("http://") {
        return Err(bad("the pages' address must begin with http://"));
    }
    let (site, faces) = settings.site(line, rim::for_kiosk())?;
    let ticking = site.clone();
    let (address, server) = rim::serve(settings.listen, site.router(), TICK, move || ticking.tick())?;
    match rim::Courier::start(faces) {
        Ok(courier) => Ok(Kiosk { address, server, courier }),
        Err(e) => {
            server.end();
            Err(e)
        }
    }
}

/// How often it is looked whether something is due.
const TICK: Duration = Duration::from_millis(500);

impl Kiosk {
    /// Where it answers.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends it: what is at hand is finished, the rest is on the disk.
    pub fn end(self) {
        self.server.end();
        self.courier.end();
    }
}

/// The four characters that a sign-in shows on both sides: the first of SHA-256 of the nonce, in Crockford's base 32.
pub fn matching_code(nonce: &str) -> String {
    const SIGNS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let hash = digest(&SHA256, nonce.as_bytes());
    let bits = hash.as_ref().iter().take(3).fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte));
    [19, 14, 9, 4].into_iter().map(|shift| char::from(SIGNS[bits >> shift & 31])).collect()
}
