//! The demo's card files, and the commands `shikaku card issue`, `show` and `tap`.
//!
//! Always holds: a card file is written when it is not the card of its row (another certificate, or the row has another
//! PIN than the card was made with); what was done with a card (tries, another PIN) stays from start to start, until it
//! is issued again. Names of files hold the patient's id and nothing of a person. A PIN goes to the kiosk of the demo
//! that runs in this directory, on this machine, and nowhere else. Card files are read to a limit, and only plain files.
//! Not here: what is on a card (`card`), who gets one (`country`), the terminal's script door (`terminal`).
//! Rules come from: docs/rules.md S1 r1; the issue, parts B and G.

use crate::{
    datadir::{self, write_private},
    demo, settings,
};
use base::{Clock, Date, Error, Fault, Result};
use card::{Card, Kind, Tries};
use country::{CardStory, Kept, Patient};
use pki::Certificate;
use std::{
    collections::BTreeSet,
    fs,
    io::{self, Read},
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};
use zeroize::Zeroizing;

/// The folder of card files in a data directory.
pub const FOLDER: &str = "cards";
/// The file in a data directory that says where the kiosk answers.
pub const KIOSK: &str = "kiosk.txt";
/// The file in a data directory that says with which PIN and state each card was made.
pub const KEPT: &str = "cards-made.txt";
/// The file in a data directory that names the vendor's file of patients, when the demo was started with one.
pub const OWN_FILE: &str = "patients-file.txt";
/// Milliseconds for which `card tap` waits for the kiosk.
const TAP_MS: u64 = 20_000;

/// Removes the address of a kiosk that answers no more.
pub fn forget_kiosk(data: &Path) -> Result<()> {
    forget(data, KIOSK)
}

fn forget(data: &Path, name: &str) -> Result<()> {
    match fs::remove_file(data.join(name)) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => {
            Err(Fault::caused(format!("{name} cannot be removed"), e).into())
        }
        _ => Ok(()),
    }
}

/// What is kept of the cards that were made.
pub fn kept(data: &Path) -> Kept {
    Kept::read(&fs::read_to_string(data.join(KEPT)).unwrap_or_default())
}

fn keep(data: &Path, kept: &Kept) -> Result<()> {
    write_private(&data.join(KEPT), kept.text().as_bytes())
}

/// Writes the card files that are missing or stale; says how many cards there are.
pub fn settle(data: &Path, stories: &[(&Patient, CardStory)], mut kept: Kept) -> Result<usize> {
    let folder = data.join(FOLDER);
    fs::create_dir_all(&folder).map_err(|e| Fault::caused("the folder of cards cannot be made", e))?;
    for (patient, story) in stories {
        let path = data.join(&patient.card_file);
        if !read_plain(&path).is_ok_and(|text| kept.stands(story, &text)) {
            write_private(&path, story.issue()?.file.as_bytes())?;
        }
        kept.made(story);
    }
    // Ended before this, the next start makes the same cards once more.
    keep(data, &kept)?;
    Ok(stories.len())
}

/// The names of the card files that demos made in a data directory: of the country's patients and of a vendor's.
pub fn made(data: &Path, settings: &settings::Settings) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = kept(data).patients().map(|id| format!("{id}.card")).collect();
    let now = patients_of(data, settings).map(|(_, _, patients)| patients).unwrap_or_default();
    names.extend(now.iter().filter_map(|patient| file_name(&patient.card_file)));
    names
}

fn file_name(path: &str) -> Option<String> {
    Some(Path::new(path).file_name()?.to_str()?.to_owned())
}

/// Where the vendor's own patients of a data directory stand: in the file that the demo was started with, else in
/// `my-patients.csv`.
fn own_file(data: &Path) -> (PathBuf, bool) {
    match fs::read_to_string(data.join(OWN_FILE)) {
        Ok(path) => (PathBuf::from(path.trim_end_matches('\n')), true),
        Err(_) => (data.join(demo::OWN_PATIENTS), false),
    }
}

/// Keeps which file of patients the demo was started with, for the commands beside it.
pub fn keep_own_file(data: &Path, patients: Option<&Path>) -> Result<()> {
    let Some(path) = patients else { return forget(data, OWN_FILE) };
    let path = std::path::absolute(path)
        .map_err(|e| Fault::caused("the folder of the patients' file is not known", e))?;
    match path.to_str().filter(|text| !text.contains('\n')) {
        Some(text) => datadir::write_atomic(&data.join(OWN_FILE), format!("{text}\n").as_bytes()),
        None => Err(Error::broken("the path of the patients' file must be UTF-8, on one line")),
    }
}

/// The country's patients of a demo's data directory, its own included, as of its clock's day.
fn patients_of(data: &Path, settings: &settings::Settings) -> Result<(u64, Date, Vec<Patient>)> {
    let seed = fs::read_to_string(data.join(crate::datadir::SEED))
        .ok()
        .and_then(|text| text.trim().parse().ok())
        .ok_or_else(|| {
            Error::broken(format!(
                "{} is no demo's data directory: start `shikaku demo` first",
                data.display()
            ))
        })?;
    let today = datadir::clock(data, settings).now().date();
    let mut patients = country::patients(seed, today);
    let (own, is_named) = own_file(data);
    match fs::read(&own) {
        Ok(bytes) => patients.extend(country::read_csv(&bytes, seed, today).0),
        Err(e) if is_named || e.kind() != io::ErrorKind::NotFound => {
            return Err(Fault::caused(format!("{} cannot be read", own.display()), e).into());
        }
        Err(_) => {}
    }
    Ok((seed, today, patients))
}

/// The one patient whose id is what was typed, or the only one whose id begins with it and goes on behind `-` or `_`.
fn named<'p>(patients: &'p [Patient], wanted: &str) -> Result<&'p Patient> {
    if let Some(same) = patients.iter().find(|patient| patient.id.eq_ignore_ascii_case(wanted)) {
        return Ok(same);
    }
    let mut begin = patients.iter().filter(|patient| {
        let (id, wanted) = (patient.id.to_ascii_lowercase(), wanted.to_ascii_lowercase());
        id.strip_prefix(&wanted).is_some_and(|rest| rest.starts_with(['-', '_']))
    });
    match (begin.next(), begin.next()) {
        (Some(only), None) => Ok(only),
        (Some(_), Some(_)) => Err(Error::broken(format!(
            "several patients' ids begin with {wanted}: write one whole, as in the column id of test-patients.csv"
        ))),
        (None, _) => Err(Error::broken(format!(
            "there is no patient {wanted}: see the column id of test-patients.csv"
        ))),
    }
}

/// `shikaku card issue`: makes a patient's card anew, as the municipal office does: PIN and tries as at the beginning.
pub fn issue(data: &Path, settings: &settings::Settings, patient: &str) -> Result<Vec<String>> {
    let (seed, today, mut patients) = patients_of(data, settings)?;
    let mut kept = kept(data);
    kept.present(&mut patients);
    let patient = named(&patients, patient)?;
    let story = country::card(seed, today, patient)
        .ok_or_else(|| Error::broken(format!("{} has no card: this row only asks", patient.id)))?;
    let path = data.join(&patient.card_file);
    fs::create_dir_all(data.join(FOLDER))
        .map_err(|e| Fault::caused("the folder of cards cannot be made", e))?;
    write_private(&path, story.issue()?.file.as_bytes())?;
    kept.written(&story);
    keep(data, &kept)?;
    let pin = if patient.pin.is_empty() { "none".to_owned() } else { patient.pin.clone() };
    Ok(vec![format!("{}  PIN {pin}", path.display())])
}

/// `shikaku card show`: what is on a card, by patient or by file.
pub fn show(data: &Path, settings: &settings::Settings, card: &str) -> Result<Vec<String>> {
    let path = match Path::new(card) {
        file if file.is_file() => file.to_owned(),
        _ => {
            let (_, _, patients) = patients_of(data, settings)?;
            data.join(&named(&patients, card)?.card_file)
        }
    };
    let mut card = read(&path)?;
    let certificate = Certificate::parse(card.authentication_certificate())
        .map_err(|_| Error::broken("the card's authentication certificate is not strict DER"))?;
    let kind = match card.kind() {
        Kind::Card => "card",
        Kind::Child => "child's card (no signing certificate)",
        Kind::PinLess => "card without a PIN (顔認証マイナンバーカード)",
    };
    let (from, until) = (certificate.not_before(), certificate.not_after());
    let now = datadir::clock(data, settings).now();
    let stands = match (now < from, now > until) {
        (true, _) => "not valid yet",
        (_, true) => "expired",
        _ => "valid by its dates",
    };
    let tries = {
        let mut session = card::Session::open(|apdu: &[u8]| card.transmit(apdu))
            .map_err(|fault| Error::broken(format!("the card does not answer: {fault:?}")))?;
        match session.tries_left() {
            Ok(Tries::Left(left)) => format!("{left} left"),
            Ok(Tries::Blocked) => "blocked".to_owned(),
            Ok(Tries::Unusable) => "the card has no PIN".to_owned(),
            Err(fault) => return Err(Error::broken(format!("the card does not answer: {fault:?}"))),
        }
    };
    Ok(vec![
        format!("file         {}", path.display()),
        format!("label        {}", card.label()),
        format!("holder       {}", card.holder()),
        format!("kind         {kind}"),
        format!("valid        {} to {} ({stands} today)", from.for_people(), until.for_people()),
        format!("PIN tries    {tries}"),
        format!("signing      {}", if card.signing_certificate().is_some() { "yes" } else { "no" }),
        "Whether it was suspended or revoked the server knows, not the card.".to_owned(),
    ])
}

fn read(path: &Path) -> Result<Card> {
    let text = read_plain(path).map_err(|e| Fault::caused("the card file cannot be read", e))?;
    Card::read(&text).map_err(|problem| Error::broken(format!("the card file: {problem}")))
}

/// A card file's text: of a plain file, no link and no pipe, and no larger than a card can be.
fn read_plain(path: &Path) -> io::Result<Zeroizing<String>> {
    let mut options = fs::OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        // A link is not followed, and a pipe is not waited for.
        options.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
    }
    let file = options.open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no plain file"));
    }
    let most = card::FILE_BYTES_MAX;
    let mut text = Zeroizing::new(String::with_capacity(most + 1));
    file.take(most as u64 + 1).read_to_string(&mut text)?;
    if text.len() > most {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it is larger than any card"));
    }
    Ok(text)
}

/// What `shikaku card tap` was asked to do.
pub struct TapAsk {
    /// The demo's data directory.
    pub data: PathBuf,
    /// The patient's id, or its beginning.
    pub card: String,
    /// The PIN; none with `eye`.
    pub pin: Option<String>,
    /// Kinds agreed to, by their words.
    pub consent: Vec<String>,
    /// The limit may be shown.
    pub limit: bool,
    /// Specific diseases may be shown.
    pub diseases: bool,
    /// The staff's code: they compared the photo by eye.
    pub eye: Option<String>,
    /// Enrol when not enrolled yet.
    pub enrol: bool,
}

/// `shikaku card tap`: puts a card on the running demo's reader, as the kiosk does. What the reader said, as JSON, and
/// whether the check was made.
pub fn tap(ask: &TapAsk) -> Result<(String, bool)> {
    let kiosk = kiosk_of(&ask.data)?;
    let body = serde_json::json!({
        "card": ask.card, "pin": ask.pin, "way": if ask.eye.is_some() { "eye" } else { "pin" },
        "staff_code": ask.eye,
        "agreed": ask.consent, "declined": [], "limit": ask.limit, "diseases": ask.diseases,
        "enrol": ask.enrol,
    });
    let unreached =
        |e| Fault::caused(format!("the kiosk at {kiosk} cannot be asked; is the demo running?"), e);
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .proxy(None)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_global(Some(Duration::from_millis(TAP_MS)))
        .build();
    let agent: ureq::Agent = config.into();
    let mut response = agent
        .post(format!("{kiosk}/script/tap"))
        .header("content-type", "application/json")
        .header("shikaku-script", "1")
        .send(body.to_string())
        .map_err(unreached)?;
    let said = response.body_mut().read_to_string().map_err(unreached)?;
    let done = serde_json::from_str::<serde_json::Value>(&said).is_ok_and(|said| said["state"] == "done");
    Ok((said, done))
}

/// Where the kiosk of the demo that runs in a data directory answers. A PIN goes there: an address that an ended demo
/// left behind may be anybody's by now.
fn kiosk_of(data: &Path) -> Result<String> {
    let place = data.display();
    if !datadir::owner(data).is_some_and(|says| says.starts_with(demo::WHO)) {
        return Err(Error::broken(format!("no demo runs in {place}: start `shikaku demo` there first")));
    }
    let address = fs::read_to_string(data.join(KIOSK))
        .map_err(|e| Fault::caused(format!("the demo in {place} has no kiosk yet: try again"), e))?;
    let kiosk = address.trim();
    let socket = kiosk.strip_prefix("http://").and_then(|socket| socket.parse::<SocketAddr>().ok());
    match socket {
        Some(socket) if socket.ip().is_loopback() => Ok(kiosk.to_owned()),
        _ => Err(Error::broken(format!("{KIOSK} in {place} does not name an address of this machine"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patients(ids: &[&str]) -> Vec<Patient> {
        ids.iter().map(|id| Patient { id: (*id).to_owned(), ..Patient::default() }).collect()
    }

    #[test]
    fn a_patient_is_named_whole_or_by_what_only_one_begins_with() {
        let all =
            patients(&["P001-valid-employee", "mine-1", "mine-2", "mine", "other_one", "both-1", "both_2"]);
        let found = |wanted: &str| named(&all, wanted).map(|patient| patient.id.as_str());
        assert_eq!(found("p001").unwrap(), "P001-valid-employee");
        assert_eq!(found("MINE").unwrap(), "mine", "an exact one goes before those that begin so");
        assert_eq!(found("other").unwrap(), "other_one");
        assert!(found("both").is_err_and(|why| why.to_string().contains("several")));
        assert!(found("P00").is_err_and(|why| why.to_string().contains("no patient")));
    }

    #[test]
    fn only_plain_files_of_a_cards_size_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("most"), "x".repeat(card::FILE_BYTES_MAX)).unwrap();
        fs::write(path("more"), "x".repeat(card::FILE_BYTES_MAX + 1)).unwrap();
        assert_eq!(read_plain(&path("most")).unwrap().len(), card::FILE_BYTES_MAX);
        assert!(read_plain(&path("more")).is_err() && read_plain(folder.path()).is_err());
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(path("most"), path("link")).unwrap();
            assert!(read_plain(&path("link")).is_err());
            let made = std::process::Command::new("mkfifo").arg(path("pipe")).status().unwrap();
            assert!(made.success() && read_plain(&path("pipe")).is_err(), "it is not waited for a writer");
        }
    }

    #[test]
    fn a_kiosk_is_asked_only_where_a_demo_runs_and_on_this_machine() {
        let folder = tempfile::tempdir().unwrap();
        let asks = |address: &str| {
            fs::write(folder.path().join(KIOSK), address).unwrap();
            kiosk_of(folder.path()).map_err(|why| why.to_string())
        };
        assert!(asks("http://127.0.0.1:9/\n").is_err_and(|why| why.contains("no demo runs")));
        let other = datadir::DataDir::own(folder.path(), "shikaku backup").unwrap();
        assert!(asks("http://127.0.0.1:9\n").is_err_and(|why| why.contains("no demo runs")));
        drop(other);
        let demo = datadir::DataDir::own(folder.path(), demo::WHO).unwrap();
        assert_eq!(asks("http://127.0.0.1:9\n").unwrap(), "http://127.0.0.1:9");
        for stranger in
            ["http://192.0.2.1:80\n", "http://127.0.0.1.example.jp:80\n", "https://127.0.0.1:9\n", ""]
        {
            assert!(asks(stranger).is_err_and(|why| why.contains("of this machine")), "{stranger}");
        }
        drop(demo);
        assert!(asks("http://127.0.0.1:9\n").is_err(), "the lock ends with its owner");
    }
}
