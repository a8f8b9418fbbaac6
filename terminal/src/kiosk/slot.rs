//! The reader's slot: the demo's cards in their folder, and the one that is on the reader.
//!
//! Always holds: the try that a PIN costs is in the card's file, whole and on the disk, before the card compares it, and
//! the tries that the right one gives back before anybody learns the reply. Where the file cannot be written, nothing
//! is compared; ending the process in between costs a try and gives none back. One slot of this process at a time has
//! a card. No path comes from a request: a card is named by the stem of a file that lies in the folder. The PIN and the
//! keys leave this file only as what the card makes of them.
//! Not here: what a card answers (`card`), what comes next (`rules.rs`).
//! Rules come from: the reference on the card, sections 1.3, 4.3 and 4.6; docs/rules.md S17 r1.

use super::lang::Lang;
use super::screens::{self, Screen};
use crate::folder;
use card::{Card, CardFault, Kind, Pin, PinOutcome, Session, Tries};
use std::collections::{HashMap, HashSet};
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

/// Cards of a folder that are looked at: as many patients of one's own as `country` takes (10,000), and the demo's.
pub(super) const CARDS_MAX: usize = 12_000;
/// The end of a card file's name.
const END: &str = ".card";

/// The cards in their folder.
pub struct Cards {
    folder: PathBuf,
    known: Mutex<HashMap<String, (Mark, Printed)>>,
    in_use: Arc<Mutex<HashSet<String>>>,
}

type Mark = (u64, Option<SystemTime>);

/// What a search finds.
pub struct Found {
    /// The cards, by the names of their files.
    pub cards: Vec<Printed>,
    /// How many cards of the folder were not looked at, being more than [`CARDS_MAX`].
    pub left_out: usize,
}

/// What everybody sees of a card without a reader.
#[derive(Clone, PartialEq, Eq)]
pub struct Printed {
    /// The stem of its file.
    pub stem: String,
    /// Its label; the stem again when the file cannot be read.
    pub label: String,
    /// The name printed on it; empty when the file cannot be read.
    pub holder: String,
    note: (String, String),
    /// Whether it has no PIN.
    pub is_pin_less: bool,
}

impl Printed {
    /// What it is for.
    pub fn note(&self, lang: Lang) -> &str {
        lang.pick(&self.note.0, &self.note.1)
    }

    /// Whether the card could be read.
    pub fn is_readable(&self) -> bool {
        !self.holder.is_empty()
    }

    fn is_found_by(&self, find: &str) -> bool {
        let find = folded(find);
        [&self.stem, &self.label, &self.holder, &self.note.0, &self.note.1]
            .into_iter()
            .any(|text| folded(text).contains(&find))
    }
}

/// Without blanks and in small letters, so that 試験花子 finds 試験　花子.
fn folded(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}

impl Cards {
    /// The cards of a folder, which may be made later.
    pub fn new(folder: PathBuf) -> Cards {
        Cards { folder, known: Mutex::default(), in_use: Arc::default() }
    }

    /// The cards that a search finds; all for an empty one.
    pub fn list(&self, find: &str) -> Found {
        // Without the folder there are no cards; the start says so.
        let seen = folder::list(&self.folder).unwrap_or_default();
        let mut known = locked(&self.known);
        let (mut fresh, mut left_out) = (HashMap::new(), 0);
        for file in seen {
            let Some(stem) = file.name.strip_suffix(END).filter(|stem| is_stem(stem)) else { continue };
            if !file.kind.is_file() {
                continue;
            }
            if fresh.len() == CARDS_MAX {
                left_out += 1;
                continue;
            }
            let printed = match known.remove(stem) {
                Some((mark, printed)) if mark == file.mark => printed,
                _ => self.look_at(stem),
            };
            fresh.insert(stem.to_owned(), (file.mark, printed));
        }
        *known = fresh;
        let mut cards: Vec<Printed> =
            known.values().map(|(_, printed)| printed).filter(|p| p.is_found_by(find)).cloned().collect();
        cards.sort_by(|a, b| a.stem.cmp(&b.stem));
        Found { cards, left_out }
    }

    fn look_at(&self, stem: &str) -> Printed {
        match self.read(stem) {
            Ok(card) => Printed {
                stem: stem.to_owned(),
                label: card.label().to_owned(),
                holder: card.holder().to_owned(),
                note: (card.note_ja().to_owned(), card.note_en().to_owned()),
                is_pin_less: card.kind() == Kind::PinLess,
            },
            Err(_) => Printed {
                stem: stem.to_owned(),
                label: stem.to_owned(),
                holder: String::new(),
                note: (
                    screens::CARD_UNREADABLE.title.0.to_owned(),
                    screens::CARD_UNREADABLE.title.1.to_owned(),
                ),
                is_pin_less: false,
            },
        }
    }

    /// The one card that goes by a name: a file's stem, a label, or the beginning of one label only.
    pub fn named(&self, name: &str) -> Option<String> {
        let all = self.list("").cards;
        let exact = all.iter().find(|card| card.stem == name || card.label == name);
        let mut begun = all.iter().filter(|card| !name.is_empty() && card.label.starts_with(name));
        let only = begun.next().filter(|_| begun.next().is_none());
        exact.or(only).map(|card| card.stem.clone())
    }

    /// Puts a card on the reader.
    ///
    /// # Errors
    /// The screen that says why not.
    pub fn seat(&self, stem: &str) -> Result<Seated, &'static Screen> {
        if !is_stem(stem) {
            return Err(&screens::CARD_UNREADABLE);
        }
        if !locked(&self.in_use).insert(stem.to_owned()) {
            return Err(&screens::CARD_IN_USE);
        }
        // From here on the lease gives the card back.
        let lease = Lease { stem: stem.to_owned(), in_use: self.in_use.clone() };
        let card = match self.read(stem) {
            Err(Unread::Gone) => return Err(&screens::CARD_OUT),
            Err(Unread::Broken) => return Err(&screens::CARD_UNREADABLE),
            Ok(card) => card,
        };
        let certificate = card.authentication_certificate().to_owned();
        let (holder, path) = (card.holder().to_owned(), self.path(stem));
        let unsaved = Arc::new(AtomicBool::new(false));
        let wire = connect(card, path.clone(), unsaved.clone()).map_err(screen_of)?;
        Ok(Seated { wire, path, holder, certificate, unsaved, _lease: lease })
    }

    fn path(&self, stem: &str) -> PathBuf {
        self.folder.join(format!("{stem}{END}"))
    }

    fn read(&self, stem: &str) -> Result<Card, Unread> {
        read(&self.path(stem))
    }
}

enum Unread {
    Gone,
    Broken,
}

fn read(path: &Path) -> Result<Card, Unread> {
    let bytes = match folder::read_secret(path, card::FILE_BYTES_MAX) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Err(Unread::Gone),
        Err(_) | Ok(None) => return Err(Unread::Broken),
        Ok(Some(bytes)) => bytes,
    };
    let text = std::str::from_utf8(&bytes).map_err(|_| Unread::Broken)?;
    Card::read(text).map_err(|_| Unread::Broken)
}

/// Whether this can be the stem of a file in the folder itself.
fn is_stem(stem: &str) -> bool {
    let bad = |c: char| c.is_control() || ['/', '\\', ':'].contains(&c);
    !stem.is_empty() && stem.len() <= 200 && !stem.starts_with('.') && !stem.contains(bad)
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Maps and sets are whole whenever they are unlocked.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Lease {
    stem: String,
    in_use: Arc<Mutex<HashSet<String>>>,
}

impl Drop for Lease {
    fn drop(&mut self) {
        locked(&self.in_use).remove(&self.stem);
    }
}

type Wire = Session<Box<dyn FnMut(&[u8]) -> Vec<u8> + Send>>;

/// Powers a card on and opens its JPKI application. Whatever the card counts is written when the card says so: a try
/// before the PIN is compared. If that cannot be done, the reply is lost, as if the card had been torn away.
fn connect(mut card: Card, path: PathBuf, unsaved: Arc<AtomicBool>) -> Result<Wire, CardFault> {
    card.power();
    Session::open(Box::new(move |command: &[u8]| {
        card.transmit_saving(command, &mut |card| match save(&path, card.write().as_bytes()) {
            Ok(()) => true,
            Err(e) => {
                tracing::error!(kind = ?e.kind(), "kiosk.card-not-written");
                unsaved.store(true, Ordering::Relaxed);
                false
            }
        })
    }) as Box<dyn FnMut(&[u8]) -> Vec<u8> + Send>)
}

/// Replaces a card file as a whole; only its owner reads it.
fn save(path: &Path, text: &[u8]) -> io::Result<()> {
    // A card that is no longer there is not brought back.
    fs::symlink_metadata(path)?;
    let part = path.with_extension("card.part");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600).custom_flags(libc::O_NOFOLLOW);
    }
    let mut file = options.open(&part)?;
    file.write_all(text)?;
    file.sync_all()?;
    fs::rename(&part, path)?;
    if let Some(folder) = path.parent() {
        folder::sync_folder(folder);
    }
    Ok(())
}

/// A card on the reader. Dropped, it is without power.
pub struct Seated {
    wire: Wire,
    path: PathBuf,
    holder: String,
    certificate: Vec<u8>,
    unsaved: Arc<AtomicBool>,
    _lease: Lease,
}

impl std::fmt::Debug for Seated {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seated")
    }
}

type Or<T> = Result<T, &'static Screen>;

impl Seated {
    /// The name printed on it.
    pub fn holder(&self) -> &str {
        &self.holder
    }

    /// The authentication certificate, as it was when the card came.
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// Whether the same card still lies there. The one in the file now counts: it may have changed meanwhile.
    ///
    /// # Errors
    /// The screen that says what happened.
    pub fn is_same(&self) -> Or<()> {
        self.look().map(|_| ())
    }

    fn look(&self) -> Or<Card> {
        match read(&self.path) {
            Err(Unread::Gone) => Err(&screens::CARD_OUT),
            Err(Unread::Broken) => Err(&screens::CARD_UNREADABLE),
            Ok(card) if card.authentication_certificate() != self.certificate => Err(&screens::CARD_SWAPPED),
            Ok(card) => Ok(card),
        }
    }

    /// How the PIN stands.
    ///
    /// # Errors
    /// The screen that says what happened.
    pub fn tries(&mut self) -> Or<Tries> {
        self.wire.tries_left().map_err(|fault| self.screen(fault))
    }

    /// Shows the PIN to the card, as it is in its file now: nobody gains a try by having had it on a reader.
    ///
    /// # Errors
    /// The screen that says what happened.
    pub fn verify(&mut self, pin: &Pin) -> Or<PinOutcome> {
        let card = self.look()?;
        self.wire = connect(card, self.path.clone(), self.unsaved.clone()).map_err(screen_of)?;
        self.wire.verify_pin(pin).map_err(|fault| self.screen(fault))
    }

    /// Has the card sign without PIN, because staff has compared face and photo. Our extension of the card.
    ///
    /// # Errors
    /// The screen that says what happened.
    pub fn admit(&mut self) -> Or<()> {
        self.is_same()?;
        self.wire.admit_by_eye().map_err(|fault| self.screen(fault))
    }

    /// Has the card sign what the server gave.
    ///
    /// # Errors
    /// The screen that says what happened.
    pub fn sign(&mut self, message: &[u8]) -> Or<Vec<u8>> {
        self.is_same()?;
        self.wire.sign_message(&self.certificate, message).map_err(|fault| self.screen(fault))
    }

    fn screen(&self, fault: CardFault) -> &'static Screen {
        if self.unsaved.load(Ordering::Relaxed) { &screens::CARD_UNWRITABLE } else { screen_of(fault) }
    }
}

fn screen_of(fault: CardFault) -> &'static Screen {
    tracing::warn!(%fault, "kiosk.card-fault");
    match fault {
        CardFault::Gone => &screens::CARD_OUT,
        CardFault::OtherCard | CardFault::BrokenCertificate | CardFault::UnknownAlgorithm => {
            &screens::CARD_UNREADABLE
        }
        CardFault::NotVerified | CardFault::NotAdmitted | CardFault::Unexpected { .. } => {
            &screens::CARD_SILENT
        }
    }
}
