//! `shikaku demo`: a small invented country on an embedded database, with every desk open in the browser.
//!
//! Always holds: it listens on loopback only; what it prints as `ready` answers; a second start in the same directory
//! continues, with facts kept true by recorded corrections; certificates are made anew at each start; it says that
//! everybody is invented and that desks are switched without passwords.
//! Not here: what is invented (`country`), the parts that `serve` shares (`running`).
//! Rules come from: the issue, part G.

use crate::{
    card_files,
    datadir::{DataDir, SEED, write_atomic, write_private},
    listen,
    nation::{self, Kept},
    rim, running,
    settings::Settings,
    tls::{self, Authority, Issued, P12_PASSWORD},
    town::{self, Town},
};
use base::{Actor, Date, Error, Fault, Purpose, Result};
use country::{Patient, nation::Nation};
use facilities::rules::{FacilityEntry, Kind, NewTerminal};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use std::{
    fs,
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use terminal::kiosk::{self, Kiosk};
use tokio::runtime::Runtime;
use web::house::{Asker, House};

/// How a demo calls itself in the lock of its data directory.
pub const WHO: &str = "shikaku demo";

/// The staff's code at the kiosk unless the settings name one: in a demo everybody may be staff.
pub const EYE_CODE: &str = "2580";

/// What the command line asks for.
pub struct Wanted {
    /// The data directory.
    pub data: PathBuf,
    /// The port of the pages.
    pub port: u16,
    /// The port of the machines' door.
    pub machine_port: u16,
    /// The port of the kiosk page, in place of the one in the settings.
    pub kiosk_port: Option<u16>,
    /// The seed of the country; by default the one that the directory was filled with, else 1.
    pub seed: Option<u64>,
    /// Begin anew.
    pub reset: bool,
    /// A vendor's own patients.
    pub patients: Option<PathBuf>,
    /// People of the nation; by default what the directory has, else what the settings say.
    pub people: Option<u32>,
}

/// A demo that answers.
pub struct Demo {
    running: running::Running,
    terminal: Option<TerminalThread>,
    kiosk: Option<Kiosk>,
    town: Option<Town>,
    /// What is printed after `ready`.
    pub says: Vec<String>,
}

/// Raises the demo.
pub fn raise(
    runtime: &Runtime,
    wanted: Wanted,
    mut settings: Settings,
    say: &mut dyn FnMut(&str),
) -> Result<Demo> {
    settings.pages.listen = SocketAddr::from(([127, 0, 0, 1], wanted.port));
    settings.machines.listen = SocketAddr::from(([127, 0, 0, 1], wanted.machine_port));
    settings.kiosk.listen.set_port(wanted.kiosk_port.unwrap_or(settings.kiosk.listen.port()));
    settings.kiosk.take_sample(EYE_CODE);
    let dir = DataDir::own(&wanted.data, WHO)?;
    if dir.has_data() && !dir.is_demo() {
        return Err(Error::broken(
            "this data directory was not filled by a demo: invented people do not go among real ones; name another \
             with --data",
        ));
    }
    card_files::forget_kiosk(dir.path())?;
    if wanted.reset {
        dir.reset(&card_files::made(dir.path(), &settings))?;
    }
    // The mark comes before the data: whatever a start that was ended half-way left is a demo's for the next one.
    let is_first = !dir.is_demo();
    let seed = seed_of(&dir, wanted.seed)?;
    let is_without_nation = dir.has_data() && Kept::read(&dir)?.is_none();
    let mut opened = running::open(dir, settings.clone(), true)?;
    let house = opened.house.clone();
    let today = house.now().date();
    let is_nations = is_nations(&opened, seed)?;
    if !is_nations && let Err(refused) = refuse_real_data(&house, today) {
        if is_first {
            let _ = fs::remove_file(opened.dir.join(SEED)); // the refusal is what counts
        }
        return Err(refused);
    }
    let (own, problems) = own_patients(&wanted, seed, today)?;
    let mut patients = settle(&house, seed, today, own)?;
    let cards = settle_cards(&opened.dir, &house, seed, today, &mut patients)?;
    let people = wanted.people.or((!is_without_nation).then_some(settings.demo.people));
    let nation = settle_nation(&mut opened, seed, people, say)?;
    let clinics = country::clinics(today);
    let first = clinics.first().ok_or_else(|| Error::broken("the country has no clinic"))?;
    let authority = Authority::make(rim::wall_ms())?;
    let terminal_pem = admit_all(&opened.dir, &house, &authority, &clinics)?;
    write_atomic(&opened.dir.join("facility.toml"), facility_toml(first).as_bytes())?;
    write_atomic(&opened.dir.join("test-patients.csv"), &country::csv(&patients))?;
    let (running, machines) = start(runtime, opened, &authority)?;
    write_atomic(&running.dir().join("tls/curl.txt"), curl_line(&running, machines, first).as_bytes())?;
    let line = terminal::Line {
        url: format!("https://localhost:{}", machines.port()),
        ca_pem: authority.pem().into(),
        client_pem: terminal_pem.into(),
        timeout_ms: settings.terminal.timeout_ms,
    };
    let base = running.dir().join("OQS");
    let kept = running.dir().join("terminal");
    let terminal = TerminalThread::start(base, kept, first.code.as_str(), &settings, &line)?;
    let kiosk = start_kiosk(running.dir(), first.code.as_str(), &settings, &line, running.pages)?;
    running.reader_address.set(&format!("http://{}", kiosk.address()));
    let says =
        desks(&running, first, &kiosk, &settings.kiosk, (patients.len(), cards), nation.as_ref(), &problems);
    let town = match &nation {
        Some(nation) => begin_town(&running, nation, &clinics, &line, settings.demo.visits_every_s)?,
        None => None,
    };
    Ok(Demo { running, terminal: Some(terminal), kiosk: Some(kiosk), town, says })
}

/// Starts what `serve` starts too, with a certificate for this start; says where the machines' door is.
fn start(
    runtime: &Runtime,
    opened: running::Opened,
    authority: &Authority,
) -> Result<(running::Running, SocketAddr)> {
    let server = authority.server(rim::wall_ms())?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(server.key));
    let chain = vec![server.certificate, authority.der().clone()];
    let tls = listen::machine_tls(chain, key, std::slice::from_ref(authority.der()))?;
    let running = runtime.block_on(running::start(opened, Some(tls)))?;
    let machines = running.machines.ok_or_else(|| Error::broken("the machines' door did not open"))?;
    Ok((running, machines))
}

impl Demo {
    /// Where the pages answer.
    pub fn address(&self) -> SocketAddr {
        self.running.pages
    }

    /// Ends everything: the kiosk and the folder first, so that nothing new is taken there.
    pub fn end(mut self, runtime: Runtime) -> Result<()> {
        if let Some(town) = self.town.take() {
            town.end();
        }
        if let Some(kiosk) = self.kiosk.take() {
            let _ = card_files::forget_kiosk(self.running.dir().path());
            kiosk.end();
        }
        if let Some(terminal) = self.terminal.take() {
            terminal.end();
        }
        self.running.end(runtime)
    }
}

/// Whether `country make` filled the database before any demo did.
fn is_nations(opened: &running::Opened, seed: u64) -> Result<bool> {
    match Kept::read(&opened.dir)? {
        Some(kept) => nation::is_begun(opened.house.store(), &kept.plan(seed)),
        None => Ok(false),
    }
}

/// A database elsewhere has no mark of a demo beside it: one with facilities, but without ours, is somebody's own.
pub(crate) fn refuse_real_data(house: &House, today: Date) -> Result<()> {
    let clinics = country::clinics(today);
    let foreign = house.store().look(|tx| {
        let ours = clinics.first().map(|clinic| facilities::get(tx, clinic.id)).transpose()?.flatten();
        Ok(ours.is_none() && !facilities::list(tx, None, 1)?.is_empty())
    })?;
    match foreign {
        true => Err(Error::broken(
            "this database holds facilities that are not a demo's: invented people do not go among real ones",
        )),
        false => Ok(()),
    }
}

/// Records the country's institutions and people, patient by patient so that no transaction is long.
fn settle(house: &House, seed: u64, today: Date, own: Vec<Patient>) -> Result<Vec<Patient>> {
    let asker = || Asker::new(Actor::System, Purpose::Registration);
    let now = house.now();
    for clinic in country::clinics(today) {
        let entry = FacilityEntry {
            code: clinic.code,
            name: clinic.name.to_owned(),
            kind: Kind::parse(clinic.kind).ok_or_else(|| Error::broken("a clinic of an unknown kind"))?,
            postcode: Some(clinic.postcode.to_owned()),
            address: Some(clinic.address.to_owned()),
            pre_operation_from: clinic.pre_operation_from,
            operates_from: clinic.operates_from,
            closes_on: None,
        };
        let cx = house.cx(asker());
        let recorded = house.store().record(now, |tx| facilities::record(tx, &cx, clinic.id, &entry))?;
        recorded
            .map_err(|refusal| Error::broken(format!("a clinic of the country was refused: {refusal}")))?;
    }
    let mut patients = country::patients(seed, today);
    patients.extend(own);
    for patient in &patients {
        // A warm start finds everybody settled and writes nothing; a story with a correction takes two transactions,
        // so that it has two revisions.
        if house.store().look(|tx| country::is_settled(tx, patient))? {
            continue;
        }
        loop {
            let cx = house.cx(asker());
            let settled = house.store().record(now, |tx| country::settle_one(tx, &cx, patient))?;
            if settled.unfinished == 0 {
                break;
            }
        }
    }
    let first = country::clinics(today).first().map(|clinic| clinic.id);
    let first = first.ok_or_else(|| Error::broken("the country has no clinic"))?;
    let cx = house.cx(asker());
    house.store().change(|tx| staff::demo_desks(tx, &cx, first))?;
    Ok(patients)
}

/// Makes the directory's nation, or lets the days since the last start pass in it. `wanted` is for a directory that has
/// none; none wanted, or nought, makes none.
fn settle_nation(
    opened: &mut running::Opened,
    seed: u64,
    wanted: Option<u32>,
    say: &mut dyn FnMut(&str),
) -> Result<Option<Nation>> {
    let today = opened.house.now().date();
    let kept = match (Kept::read(&opened.dir)?, wanted) {
        (Some(kept), _) => kept,
        (None, None | Some(0)) => return Ok(None),
        (None, Some(people)) => {
            let kept = Kept { people, base: today, mistakes: 1 };
            kept.write(&opened.dir)?;
            say(&format!("making a nation of {people} people, once; --people 0 leaves it out …"));
            kept
        }
    };
    let nation = kept.nation(seed);
    let house = opened.house.clone();
    let mut loading = nation::Loading {
        house: &house,
        batch: intake::jobs::BATCH_ALONE,
        threads: 1,
        // Ctrl-C ends the process here: the next start goes on where the deliveries stand.
        stop: &AtomicBool::new(false),
        seal: &mut || opened.seal(),
        say: &mut |_| {},
    };
    house.store().set_loading(true)?;
    // A clock that was set back does not take days back.
    let settled = loading.settle(&nation, today)?;
    house.store().set_loading(false)?;
    match settled {
        (_, true) => Ok(Some(nation)),
        (_, false) => {
            Err(Error::broken("stopped while the nation was made; the next start goes on from there"))
        }
    }
}

/// Lets townsfolk come to the clinics that have begun.
fn begin_town(
    running: &running::Running,
    nation: &Nation,
    clinics: &[country::Clinic],
    first: &terminal::Line,
    every_s: u32,
) -> Result<Option<Town>> {
    let today = running.house.now().date();
    let open = clinics
        .iter()
        .enumerate()
        .filter(|(_, clinic)| clinic.operates_from.is_some_and(|from| from <= today));
    let mut doors = Vec::new();
    for (place, clinic) in open {
        let client_pem = match place {
            0 => first.client_pem.clone(),
            _ => fs::read(running.dir().join(&format!("tls/terminal-{}.pem", clinic.code)))
                .map_err(|e| Fault::caused("a clinic's certificate cannot be read", e))?,
        };
        let line = terminal::Line { client_pem, ..first.clone() };
        let code = clinic.code.as_str().to_owned();
        doors.push(town::Clinic { code, line, is_pharmacy: clinic.kind == "pharmacy" });
    }
    Town::begin(nation, running.house.clone(), doors, u64::from(every_s) * 1000)
}

/// Tells the register of the patients' cards, writes their files, and publishes the invented authority's certificates
/// and lists for whoever wants to check signatures themselves.
fn settle_cards(
    dir: &DataDir,
    house: &House,
    seed: u64,
    today: Date,
    patients: &mut [Patient],
) -> Result<usize> {
    let kept = card_files::kept(dir.path());
    kept.due(patients);
    let patients = &*patients;
    let with_story = |patient| country::card(seed, today, patient).map(|story| (patient, story));
    let stories: Vec<(&Patient, country::CardStory)> = patients.iter().filter_map(with_story).collect();
    for (_, story) in &stories {
        if !house.store().look(|tx| country::is_card_settled(tx, story))? {
            let cx = house.cx(Asker::new(Actor::System, Purpose::Registration));
            house.store().change(|tx| country::settle_card(tx, &cx, story))?;
        }
    }
    let folder = dir.join(AUTHORITY);
    fs::create_dir_all(folder.join("lists"))
        .map_err(|e| Fault::caused("the authority's folder cannot be made", e))?;
    let anchors: String = country::anchors().iter().map(|der| tls::pem(der)).collect();
    write_atomic(&folder.join("anchors.pem"), anchors.as_bytes())?;
    let lists = country::lists(house.now(), stories.iter().map(|(_, story)| story));
    for (number, list) in lists.iter().enumerate() {
        write_atomic(&folder.join(format!("lists/{}.crl", number + 1)), list)?;
    }
    card_files::settle(dir.path(), &stories, kept)
}

/// The folder of the invented authority's certificates and lists.
pub const AUTHORITY: &str = "authority";

/// Where a vendor's own patients lie when no file is named.
pub const OWN_PATIENTS: &str = "my-patients.csv";

/// The seed lies in the directory: another seed would file the same numbers for other people.
pub(crate) fn seed_of(dir: &DataDir, wanted: Option<u64>) -> Result<u64> {
    let path = dir.join(SEED);
    let kept = fs::read_to_string(&path).ok().and_then(|text| text.trim().parse().ok());
    match (kept, wanted) {
        (Some(kept), Some(wanted)) if kept != wanted => Err(Error::broken(format!(
            "the data directory was filled with seed {kept}: leave --seed away, or begin anew with --reset"
        ))),
        (Some(kept), _) => Ok(kept),
        (None, wanted) => {
            let seed = wanted.unwrap_or(1);
            write_atomic(&path, format!("{seed}\n").as_bytes())?;
            Ok(seed)
        }
    }
}

/// A vendor's own patients, and what is said of lines that were not understood.
fn own_patients(wanted: &Wanted, seed: u64, today: Date) -> Result<(Vec<Patient>, Vec<String>)> {
    card_files::keep_own_file(&wanted.data, wanted.patients.as_deref())?;
    let (path, must) = match &wanted.patients {
        Some(path) => (path.clone(), true),
        None => (wanted.data.join(OWN_PATIENTS), false),
    };
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound && !must => return Ok((Vec::new(), Vec::new())),
        Err(e) => return Err(Fault::caused("the file of own patients cannot be read", e).into()),
    };
    let (patients, problems) = country::read_csv(&bytes, seed, today);
    let mut said = Vec::new();
    if !problems.is_empty() {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        said.push(format!("{name}: {} lines were not understood:", problems.len()));
        said.extend(problems.iter().take(20).map(|problem| format!("  {}: {}", problem.place, problem.what)));
    }
    Ok((patients, said))
}

/// Issues every clinic's terminal its certificate of this start and writes it into `tls`, the authority's beside it. The
/// first clinic's, with its key, comes back.
fn admit_all(
    dir: &DataDir,
    house: &House,
    authority: &Authority,
    clinics: &[country::Clinic],
) -> Result<String> {
    let tls_dir = dir.join("tls");
    fs::create_dir_all(&tls_dir).map_err(|e| Fault::caused("tls cannot be made", e))?;
    write_atomic(&tls_dir.join("ca.pem"), authority.pem().as_bytes())?;
    let mut first = None;
    for clinic in clinics {
        let issued = authority.terminal(clinic.code.as_str(), rim::wall_ms())?;
        admit(house, clinic, &issued)?;
        let name = if first.is_none() { "terminal".to_owned() } else { format!("terminal-{}", clinic.code) };
        let pem = format!("{}{}", issued.certificate_pem, issued.key_pem);
        write_private(&tls_dir.join(format!("{name}.pem")), pem.as_bytes())?;
        write_private(&tls_dir.join(format!("{name}.p12")), &issued.p12(authority)?)?;
        first.get_or_insert(pem);
    }
    Ok(first.unwrap_or_default())
}

fn admit(house: &House, clinic: &country::Clinic, issued: &Issued) -> Result<()> {
    const DAY_MS: i64 = 24 * 60 * 60 * 1000;
    let cx = house.cx(Asker::new(Actor::System, Purpose::Administration));
    let new = NewTerminal {
        facility: clinic.id,
        label: "demo".into(),
        fingerprint: listen::fingerprint(&issued.certificate),
        expires_at: cx.now.plus_ms(30 * DAY_MS),
    };
    // Certificates of earlier starts are of no use to anybody any more.
    let outcome = house.store().change(|tx| {
        for old in facilities::list_terminals(tx, clinic.id)?.iter().filter(|t| t.barred_at.is_none()) {
            let _ = facilities::bar_terminal(tx, &cx, old.id)?;
        }
        facilities::admit_terminal(tx, &cx, &new)
    })?;
    outcome.map(|_| ()).map_err(|refusal| Error::broken(format!("a terminal was refused: {refusal}")))
}

fn facility_toml(clinic: &country::Clinic) -> String {
    format!(
        "# The demo's clinic. Requests that name another institution are refused.\n\
         institution_code = \"{}\"\nname = \"{}\"\n",
        clinic.code, clinic.name
    )
}

fn curl_line(running: &running::Running, machines: SocketAddr, clinic: &country::Clinic) -> String {
    let day = running.house.now().date().stamp8();
    format!(
        "# From the data directory. The .p12 files have the password \"{P12_PASSWORD}\".\n\
         curl --cacert tls/ca.pem --cert tls/terminal.pem \\\n  \
         -H 'Content-Type: application/json;charset=UTF-8' \\\n  \
         -d '{{\"XmlMsg\":{{\"MessageHeader\":{{\"QualificationConfirmationDate\":\"{day}\",\
         \"MedicalInstitutionCode\":\"{}\"}},\"MessageBody\":{{\"QualificationConfirmSearchInfo\":{{\
         \"InsurerNumber\":\"...\",\"InsuredIdentificationNumber\":\"...\",\"Birthdate\":\"...\",\
         \"LimitApplicationCertificateRelatedConsFlg\":\"0\"}}}}}}}}' \\\n  \
         https://localhost:{}{}\n",
        clinic.code,
        machines.port(),
        formats::oqs::SEARCH_PATH,
    )
}

/// Opens the card reader's kiosk, and writes where it answers for `shikaku card tap`.
fn start_kiosk(
    dir: &DataDir,
    code: &str,
    settings: &Settings,
    line: &terminal::Line,
    pages: SocketAddr,
) -> Result<Kiosk> {
    let wanted = terminal_settings(dir.join("OQS"), dir.join("terminal"), code, settings)?;
    let cards = dir.join(card_files::FOLDER);
    let kiosk = open_kiosk(cards, &format!("http://{pages}"), &wanted, settings, line)?;
    write_atomic(&dir.join(card_files::KIOSK), format!("http://{}\n", kiosk.address()).as_bytes())?;
    Ok(kiosk)
}

/// Opens a kiosk beside a terminal with the settings of the program: cards of a folder, and where the person's own pages
/// are.
pub fn open_kiosk(
    cards: PathBuf,
    pages: &str,
    terminal: &terminal::Settings,
    settings: &Settings,
    line: &terminal::Line,
) -> Result<Kiosk> {
    let mut kiosk = kiosk::Settings::new(cards, pages.to_owned(), terminal);
    kiosk.listen = settings.kiosk.listen;
    kiosk.idle_ms = settings.kiosk.idle_s * 1000;
    kiosk.result_ms = settings.kiosk.result_s * 1000;
    kiosk.eye_code = settings.kiosk.staff_code().to_owned();
    kiosk.shows_eye_code = settings.kiosk.is_eye_code_sample;
    let door = terminal::HttpDoor::new(line).map_err(|e| Error::broken(format!("the kiosk's line: {e}")))?;
    let line = Arc::new(kiosk::HttpLine::new(Arc::new(door), pages, settings.terminal.timeout_ms));
    kiosk::start(&kiosk, line).map_err(|e| {
        let what = format!("the kiosk cannot be opened on {}; is another program there?", kiosk.listen);
        Fault::caused(what, e).into()
    })
}

/// Where the kiosk stands in what is printed.
const KIOSK_LINE: usize = 6;

fn desks(
    running: &running::Running,
    clinic: &country::Clinic,
    kiosk: &Kiosk,
    set: &crate::settings::Kiosk,
    (patients, cards): (usize, usize),
    nation: Option<&Nation>,
    problems: &[String],
) -> Vec<String> {
    let dir = running.dir().path().display();
    let mut says = vec![
        "これは公式のシステムではありません。登場する人物・機関はすべて架空です。".to_owned(),
        "This is not an official system. All people and institutions are invented.".to_owned(),
        String::new(),
        format!("desks       http://{}/desks", running.pages),
        format!("machines    https://localhost:{}", running.machines.map_or(0, |at| at.port())),
        format!("reception   http://{}/reception", running.pages),
        format!("kiosk       http://{}/  (the card reader; {cards} cards in {dir}/cards)", kiosk.address()),
        format!("own pages   http://{}/my  (a person signs in with card and PIN)", running.pages),
        format!("folders     {dir}/OQS/req  →  {dir}/OQS/res; {dir}/OQS/face from the card reader"),
        format!("clinic      {} (institution_code {})", clinic.name, clinic.code),
        format!("patients    {dir}/test-patients.csv ({patients} people)"),
        format!("web API     {dir}/tls/curl.txt"),
        "stop        Ctrl-C".to_owned(),
    ];
    if let Some(nation) = nation {
        let line = format!(
            "nation      {} people; some come to the clinics (`shikaku country step --days N` when the demo has stopped)",
            nation.plan.people
        );
        says.insert(says.len() - 1, line);
    }
    if set.is_eye_code_sample {
        let line = format!(
            "staff code  {EYE_CODE}  (見本の職員コード: the staff compares the photo instead of the PIN)"
        );
        says.insert(KIOSK_LINE + 1, line);
    }
    says.extend(problems.iter().cloned());
    says
}

/// The clinic's terminal, on a thread of its own.
struct TerminalThread {
    stop: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<()>,
}

impl TerminalThread {
    fn start(
        base: PathBuf,
        kept: PathBuf,
        code: &str,
        settings: &Settings,
        line: &terminal::Line,
    ) -> Result<TerminalThread> {
        fs::create_dir_all(&base).map_err(|e| Fault::caused("the OQS folder cannot be made", e))?;
        let terminal = open_terminal(base, kept, code, settings, line)?;
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let thread = std::thread::Builder::new()
            .name("terminal".into())
            .spawn(move || terminal::run(&terminal, &stopped))
            .map_err(|e| Fault::caused("no thread for the terminal", e))?;
        Ok(TerminalThread { stop, thread })
    }

    fn end(self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = self.thread.join();
    }
}

/// A terminal's settings out of the program's.
pub fn terminal_settings(
    base: PathBuf,
    kept: PathBuf,
    code: &str,
    settings: &Settings,
) -> Result<terminal::Settings> {
    let mut wanted = terminal::Settings::new(base, kept, code.to_owned());
    wanted.poll_ms = settings.terminal.poll_ms;
    wanted.settle_ms = settings.terminal.settle_ms;
    wanted.repeat_ms = settings.terminal.repeat_ms;
    wanted.write_in_place = settings.terminal.write_in_place;
    wanted.encoding = match settings.terminal.encoding.as_str() {
        "utf-8" => terminal::AnswerEncoding::Utf8,
        "shift_jis" => terminal::AnswerEncoding::ShiftJis,
        "as-request" => terminal::AnswerEncoding::SameAsRequest,
        _ => return Err(Error::broken("terminal.encoding is not one of utf-8, shift_jis, as-request")),
    };
    Ok(wanted)
}

/// Opens a terminal with the settings of the program.
pub fn open_terminal(
    base: PathBuf,
    kept: PathBuf,
    code: &str,
    settings: &Settings,
    line: &terminal::Line,
) -> Result<terminal::Terminal> {
    let wanted = terminal_settings(base, kept, code, settings)?;
    let door =
        terminal::HttpDoor::new(line).map_err(|e| Error::broken(format!("the terminal's line: {e}")))?;
    terminal::Terminal::open(wanted, Arc::new(door))
        .map_err(|e| Fault::caused("the terminal's folders cannot be opened", e).into())
}
