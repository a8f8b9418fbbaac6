//! The other commands: verify the log, back up, restore, check once, run a terminal.
//!
//! Always holds: a command that needs the data directory owns it or says who does; an error names what, where and what
//! to do; exit code 0 means that it was done and, for `audit verify`, that everything fits.
//! Not here: what the commands do (`store`, `audit`, `terminal`).
//! Rules come from: the issue, parts B and G; DESIGN section 5.

use crate::{
    card_files::KEPT,
    datadir::{DataDir, PUBLIC_KEY, SEED},
    demo::{open_kiosk, open_terminal, terminal_settings},
    rim,
    running::place,
    settings::Settings,
};
use audit::{Ledger, Report, Trouble};
use base::{Error, Fault, Result, hex};
use std::{
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicBool},
};
use store::Store;
use terminal::Door;

/// Opens data that must be there: a mistyped directory is named, not filled.
pub(crate) fn open_store(data: &Path, settings: &Settings, who: &str) -> Result<(DataDir, Store)> {
    if !data.is_dir() {
        return Err(Error::broken(format!("there is no data directory {}", data.display())));
    }
    let dir = DataDir::own(data, who)?;
    if settings.database.url == "sqlite" && !dir.has_data() {
        return Err(Error::broken(format!("there are no data in {}", data.display())));
    }
    let ledger = Ledger::new(Arc::new(rim::TimeIds::new()), rim::random_source());
    let store = Store::open(place(settings, &dir), Arc::new(ledger))?;
    Ok((dir, store))
}

/// Verifies the log; the report as lines, and whether everything fits.
pub fn audit_verify(data: &Path, settings: &Settings, key: Option<&Path>) -> Result<(Vec<String>, bool)> {
    let (dir, store) = open_store(data, settings, "shikaku audit verify")?;
    let path = key.map_or_else(|| dir.join(PUBLIC_KEY), Path::to_owned);
    let public = std::fs::read(&path).map_err(|e| Fault::caused("the audit public key cannot be read", e))?;
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let report = audit::verify(&store, &public, threads)?;
    Ok((report_lines(&report), report.troubles.is_empty()))
}

/// Every request at the machines' door since an instant, a line each: its key, how many rows its answer has, how many of
/// them repeats; with tabs between. Behind them, rows that belong to no such request: `#` and their act, how many name an
/// answer, how many none.
pub fn audit_requests(data: &Path, settings: &Settings, since_ms: i64) -> Result<Vec<String>> {
    let (_dir, store) = open_store(data, settings, "shikaku audit requests")?;
    let since = base::Instant::from_ms(since_ms);
    let (found, beside) =
        store.look(|tx| Ok((audit::requests(tx, since)?, audit::beside_requests(tx, since)?)))?;
    let lines = found.into_iter().map(|one| format!("{}\t{}\t{}", one.key, one.fresh, one.repeats));
    Ok(lines
        .chain(beside.into_iter().map(|(act, with, without)| format!("#{act}\t{with}\t{without}")))
        .collect())
}

fn report_lines(report: &Report) -> Vec<String> {
    let mut lines = vec![format!(
        "{} rows in {} streams, {} checkpoints; {} bodies erased after their keeping time; {} rows not sealed yet",
        report.rows, report.streams, report.checkpoints, report.erased, report.unsealed
    )];
    if let Some((number, hash)) = &report.last {
        let hash = hex(hash);
        lines.push(format!("newest checkpoint {number}, hash {hash} (publish it to pin everything before)"));
    }
    for trouble in &report.troubles {
        lines.push(match trouble {
            Trouble::Row { stream, sequence, what } => format!("stream {stream}, row {sequence}: {what}"),
            Trouble::Checkpoint { number, what } => format!("checkpoint {number}: {what}"),
        });
    }
    lines.push(match report.troubles.len() {
        0 => "everything fits".to_owned(),
        n => format!(
            "{n} places do not fit: keep this directory as evidence and compare with published checkpoints"
        ),
    });
    lines
}

/// Backs a data directory up into a new directory.
pub fn backup(data: &Path, settings: &Settings, into: &Path) -> Result<String> {
    let (dir, store) = open_store(data, settings, "shikaku backup")?;
    std::fs::create_dir_all(into).map_err(|e| Fault::caused("the backup's directory cannot be made", e))?;
    let copied = store.back_up(into)?;
    copy_beside(dir.path(), into)?;
    Ok(format!(
        "{} bytes copied and checked; the signing key is not in a backup, keep it apart",
        copied.bytes
    ))
}

/// Restores a backup into a new data directory.
pub fn restore(from: &Path, data: &Path, settings: &Settings) -> Result<Vec<String>> {
    std::fs::create_dir_all(data).map_err(|e| Fault::caused("the data directory cannot be made", e))?;
    let copied = store::restore(from, data)?;
    copy_beside(from, data)?;
    let (mut lines, fits) = audit_verify(data, settings, None)?;
    lines.insert(0, format!("{} bytes restored and checked", copied.bytes));
    match fits {
        true => Ok(lines),
        false => Err(Error::broken(lines.join("\n"))),
    }
}

/// Copies what belongs to the databases: the public keys of checkpoints, the mark of a demo, so that its copy is not
/// taken for real, and how often the demo's cards were made anew, so that no revoked one is made again.
fn copy_beside(from: &Path, into: &Path) -> Result<()> {
    std::fs::copy(from.join(PUBLIC_KEY), into.join(PUBLIC_KEY))
        .map_err(|e| Fault::caused("the audit public keys cannot be copied", e))?;
    for name in [SEED, KEPT] {
        if from.join(name).exists() {
            std::fs::copy(from.join(name), into.join(name))
                .map_err(|e| Fault::caused(format!("{name} of a demo cannot be copied"), e))?;
        }
    }
    Ok(())
}

/// The line to a server, for `terminal` and `check`.
pub struct LineArgs {
    /// `https://host:port`.
    pub server: String,
    /// The server's authority, PEM file.
    pub ca: PathBuf,
    /// The terminal's certificate and key, PEM file.
    pub cert: PathBuf,
}

impl LineArgs {
    fn line(&self, settings: &Settings) -> Result<terminal::Line> {
        let read = |path: &Path| {
            std::fs::read(path).map_err(|e| Fault::caused(format!("{} cannot be read", path.display()), e))
        };
        Ok(terminal::Line {
            url: self.server.clone(),
            ca_pem: read(&self.ca)?,
            client_pem: read(&self.cert)?,
            timeout_ms: settings.terminal.timeout_ms,
        })
    }
}

/// What a terminal works on.
pub struct TerminalArgs {
    /// The folder with req, res and face.
    pub folder: PathBuf,
    /// A folder of the terminal's own.
    pub kept: PathBuf,
    /// The institution's ten-digit code.
    pub institution: String,
    /// With a card reader: the folder of the cards.
    pub cards: Option<PathBuf>,
    /// With a card reader: where the person's own pages are, `http://host:port`.
    pub pages: Option<String>,
    /// The port of the kiosk page, in place of the one in the settings.
    pub kiosk_port: Option<u16>,
}

/// Runs a terminal over a folder until told to stop; with cards, a kiosk beside it, whose address is said.
pub fn terminal(
    line: &LineArgs,
    settings: &Settings,
    args: TerminalArgs,
    stop: &AtomicBool,
    say: impl FnOnce(&str),
) -> Result<()> {
    let line = line.line(settings)?;
    let TerminalArgs { folder, kept, institution, cards, pages, kiosk_port } = args;
    let terminal = open_terminal(folder.clone(), kept.clone(), &institution, settings, &line)?;
    let kiosk = match cards.zip(pages) {
        None => None,
        Some((cards, _)) if !cards.is_dir() => {
            return Err(Error::broken(format!("there is no folder of cards {}", cards.display())));
        }
        Some((cards, pages)) => {
            let mut settings = settings.clone();
            settings.kiosk.listen.set_port(kiosk_port.unwrap_or(settings.kiosk.listen.port()));
            let wanted = terminal_settings(folder, kept, &institution, &settings)?;
            let kiosk = open_kiosk(cards, &pages, &wanted, &settings, &line)?;
            say(&format!("kiosk       http://{}/", kiosk.address()));
            Some(kiosk)
        }
    };
    terminal::run(&terminal, stop);
    if let Some(kiosk) = kiosk {
        kiosk.end();
    }
    Ok(())
}

/// Sends one request file (a check, or a patient number) and gives the answer's bytes, in the request's encoding.
pub fn check(line: &LineArgs, settings: &Settings, request: &Path) -> Result<Vec<u8>> {
    let bytes = std::fs::read(request).map_err(|e| Fault::caused("the request file cannot be read", e))?;
    let (root, encoding) = formats::xml::parse(&bytes, &formats::xml::Limits::default())
        .map_err(|bad| Error::broken(format!("the request is not a message: {}", bad.word())))?;
    let door = terminal::HttpDoor::new(&line.line(settings)?)
        .map_err(|e| Error::broken(format!("the line to the server: {e}")))?;
    let id = format!("check-{}", base::IdSource::next(&rim::TimeIds::new()));
    let registers =
        root.child("MessageBody").is_some_and(|body| body.child("ReferenceNumberRegistrationInfo").is_some());
    let path = if registers { formats::oqs::REFERENCE_PATH } else { formats::oqs::SEARCH_PATH };
    let answer = door
        .ask(path, &id, &formats::json::render(&root))
        .map_err(|away| Error::broken(format!("the server did not answer: {away:?}")))?;
    let answer = formats::json::parse(&answer, &formats::xml::Limits::default())
        .map_err(|bad| Error::broken(format!("the server's answer is not a message: {}", bad.word())))?;
    Ok(formats::xml::render(&answer, encoding).bytes)
}
