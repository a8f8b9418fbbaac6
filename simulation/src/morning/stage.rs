//! What stands on the stage: one or more `serve`, on SQLite files or on a PostgreSQL with or without a replica.
//!
//! Always holds: everything is a child process of ours over loopback or Unix sockets, and ends with us; a `serve` that is
//! started again answers at the same address.
//! Not here: which people are in the data: whoever prepares them says what is to be served ([`Prepared`]).
//! Rules come from: issue 4, part E.

use super::{
    terminals::{Authority, invented},
    visits::{TestPatients, Visits},
};
use crate::{
    clock,
    cluster::Cluster,
    machine,
    nation::copy_files,
    servers::{OwnCertificate, Program, Starter},
};
use std::{fs, io, net::SocketAddr, path::PathBuf, process::Command, time::Duration};

/// Which servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Servers {
    /// One `serve` on SQLite files.
    Sqlite,
    /// So many `serve` on one PostgreSQL.
    Postgres(usize),
}

impl Servers {
    /// How many `serve`.
    pub fn count(self) -> usize {
        match self {
            Servers::Sqlite => 1,
            Servers::Postgres(count) => count,
        }
    }
}

/// Gives the visits, on the thread that plays them.
pub type MakeVisits = Box<dyn FnOnce() -> io::Result<Box<dyn Visits>> + Send>;

/// Data that are ready to be served.
pub struct Prepared {
    /// On SQLite: the folder that holds the files.
    pub data: PathBuf,
    /// The authority of the terminals' certificates, PEM.
    pub terminal_authority: PathBuf,
    /// The authorities of the cards' certificates, PEM; cards of the test hierarchy.
    pub anchors: PathBuf,
    /// Public keys of checkpoints that were made while preparing.
    pub public_keys: Vec<PathBuf>,
    /// Who comes.
    pub visits: MakeVisits,
}

/// Fills a database: the folder is for its data directory, the address is PostgreSQL's when there is one.
pub type Prepare<'p> = &'p dyn Fn(&Starter<'_>, Option<&str>) -> io::Result<Prepared>;

/// Facilities that are made up around the demo's people: a server takes 512 lines from one certificate.
const FACILITIES: usize = 300;

/// Prepares by starting a demo once, for its test patients and cards, and by loading a feed file of facilities and their
/// terminals.
pub fn by_demo(starter: &Starter<'_>, postgres: Option<&str>) -> io::Result<Prepared> {
    const NAME: &str = "demo";
    if let Some(trouble) = starter.demo(NAME, postgres, "", true)?.end()? {
        return Err(io::Error::other(trouble));
    }
    let data = starter.data(NAME);
    let authority = Authority::make()?;
    let (facilities, feed) = invented(&authority, FACILITIES, &clock::today("+%Y%m%d")?)?;
    let [file, terminal_authority] =
        ["facilities.jsonl", "terminals.pem"].map(|name| starter.folder.join(name));
    fs::write(&file, feed)?;
    fs::write(&terminal_authority, &authority.pem)?;
    let config = starter.folder.join(format!("{NAME}.toml"));
    let loaded = Command::new(starter.shikaku)
        .args(["feed", "load", "--batch", "500", "--data"])
        .arg(&data)
        .arg("--config")
        .arg(config)
        .arg(file)
        .output()?;
    if !loaded.status.success() {
        let said = [loaded.stdout, loaded.stderr].concat();
        return Err(io::Error::other(format!(
            "the facilities were not taken: {}",
            String::from_utf8_lossy(&said)
        )));
    }
    let of = data.clone();
    Ok(Prepared {
        terminal_authority,
        anchors: data.join("authority/anchors.pem"),
        public_keys: vec![data.join(PUBLIC_KEYS)],
        data,
        visits: Box::new(move || Ok(Box::new(TestPatients::read(&of, facilities)?))),
    })
}

/// Where a data directory keeps the public keys of its checkpoints.
pub(crate) const PUBLIC_KEYS: &str = "audit-public-key.bin";
/// Lines are kept for ten seconds, and a nation's terminals each ask once in many minutes: so nearly every check opens a
/// line, and some thousands are open.
const CONNECTIONS_MAX: usize = 16_000;

/// A `serve`, when it runs.
pub struct Serve {
    name: String,
    program: Option<Program>,
    /// Where it answers.
    pub address: SocketAddr,
}

/// Everything that was started.
pub struct Stage<'s> {
    starter: &'s Starter<'s>,
    settings: String,
    database: String,
    /// The `serve`s.
    pub serves: Vec<Serve>,
    /// PostgreSQL.
    pub primary: Option<Cluster>,
    /// Its replica.
    pub replica: Option<Cluster>,
    /// The authority of the `serve`s' certificates, PEM.
    pub authority: Vec<u8>,
    keys: Vec<PathBuf>,
    starts: usize,
    /// Errors that programs logged, told at their end.
    pub troubles: Vec<String>,
}

impl<'s> Stage<'s> {
    /// Prepares data and starts everything.
    pub fn set(
        starter: &'s Starter<'s>,
        servers: Servers,
        replica: bool,
        prepare: Prepare<'_>,
    ) -> io::Result<(Stage<'s>, MakeVisits)> {
        let beside = starter.folder.parent().unwrap_or(starter.folder);
        let primary = match servers {
            Servers::Sqlite => None,
            Servers::Postgres(_) => Some(Cluster::start(starter.core, beside)?),
        };
        let prepared = prepare(starter, primary.as_ref().map(|cluster| cluster.url.as_str()))?;
        let replica = match (&primary, replica) {
            (Some(primary), true) => Some(primary.replica(beside)?),
            _ => None,
        };
        let url = match (&primary, &replica) {
            (Some(primary), Some(replica)) => primary.url_with(replica),
            (Some(primary), None) => primary.url.clone(),
            _ => "sqlite".to_owned(),
        };
        let own = OwnCertificate::make(starter.folder)?;
        let mut stage = Stage {
            starter,
            settings: settings(&prepared, &own),
            database: database(&url, replica.as_ref()),
            serves: Vec::new(),
            primary,
            replica,
            authority: fs::read(&own.certificate)?,
            keys: prepared.public_keys,
            starts: 0,
            troubles: Vec::new(),
        };
        for number in 1..=servers.count() {
            let name = format!("serve-{number}");
            let data = starter.data(&name);
            fs::create_dir_all(&data)?;
            if servers == Servers::Sqlite {
                copy_files(&prepared.data, &data)?;
            }
            stage.keys.push(data.join(PUBLIC_KEYS));
            let program = stage.start(&name, None)?;
            stage.serves.push(Serve { address: program.machines, name, program: Some(program) });
        }
        Ok((stage, prepared.visits))
    }

    /// Starts a `serve`, at a port where one is named.
    fn start(&mut self, name: &str, at: Option<SocketAddr>) -> io::Result<Program> {
        let listen = at.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 0)));
        let config = self.config(name);
        fs::write(&config, format!("{}listen = \"{listen}\"\n{}", self.settings, self.database))?;
        let (data, config) = (self.starter.data(name), config.to_string_lossy().into_owned());
        self.starts += 1;
        let log = self.starter.folder.join(format!("{name}-{}.log", self.starts));
        let args = ["serve", "--data", &data.to_string_lossy(), "--config", &config];
        Program::start(self.starter.shikaku, self.starter.core, &args, log)
    }

    fn config(&self, name: &str) -> PathBuf {
        self.starter.folder.join(format!("{name}.toml"))
    }

    /// Kills a `serve`, as when its machine dies.
    pub fn kill_serve(&mut self, place: usize) -> io::Result<()> {
        match self.serves.get_mut(place).and_then(|serve| serve.program.take()) {
            Some(program) => program.kill(),
            None => Ok(()),
        }
    }

    /// Starts it again at its address.
    pub fn start_serve(&mut self, place: usize) -> io::Result<()> {
        let Some((name, address)) = self.serves.get(place).map(|serve| (serve.name.clone(), serve.address))
        else {
            return Ok(());
        };
        let program = self.start(&name, Some(address))?;
        self.serves[place].program = Some(program);
        Ok(())
    }

    /// CPU time so far of the `serve`s, of PostgreSQL's processes, and of this one.
    pub fn cpu(&self) -> [Duration; 3] {
        let serves = self.serves.iter().filter_map(|serve| serve.program.as_ref());
        let of_serves = serves
            .filter_map(|program| machine::threads(program.pid()).ok())
            .map(|threads| threads.values().sum::<Duration>())
            .sum();
        let of_postgres = self.clusters().filter_map(|cluster| machine::family(cluster.pid()).ok()).sum();
        let ours = machine::threads(std::process::id()).unwrap_or_default().values().sum();
        [of_serves, of_postgres, ours]
    }

    /// Resident memory of the largest `serve` in MB.
    pub fn resident_mb(&self) -> f64 {
        let serves = self.serves.iter().filter_map(|serve| serve.program.as_ref());
        serves.filter_map(|program| machine::resident_mb(program.pid()).ok()).fold(0.0, f64::max)
    }

    fn clusters(&self) -> impl Iterator<Item = &Cluster> {
        self.primary.iter().chain(&self.replica)
    }

    /// Ends the `serve`s, so that the log is sealed and nobody owns the data any more.
    pub fn end_serves(&mut self) -> io::Result<()> {
        for serve in &mut self.serves {
            if let Some(program) = serve.program.take() {
                self.troubles.extend(program.end()?.map(|trouble| format!("{}: {trouble}", serve.name)));
            }
        }
        Ok(())
    }

    /// Runs `shikaku` with these words over a `serve`'s data and gives what it prints, and whether it said that all is well.
    pub fn shikaku(&self, words: &[&str]) -> io::Result<(String, bool)> {
        let name = self.serves.first().map_or("serve-1", |serve| serve.name.as_str());
        let said = Command::new(self.starter.shikaku)
            .args(words)
            .arg("--data")
            .arg(self.starter.data(name))
            .arg("--config")
            .arg(self.config(name))
            .output()?;
        let mut text = String::from_utf8_lossy(&said.stdout).into_owned();
        if !said.status.success() {
            text.push_str(&String::from_utf8_lossy(&said.stderr));
        }
        Ok((text, said.status.success()))
    }

    /// Recomputes the whole log with every key; the report's last line, and whether everything fits.
    pub fn verify(&self) -> io::Result<(String, bool)> {
        let mut keys = Vec::new();
        for path in &self.keys {
            keys.extend(fs::read(path)?);
        }
        let all = self.starter.folder.join("keys.bin");
        fs::write(&all, keys)?;
        let (text, fits) = self.shikaku(&["audit", "verify", "--key", &all.to_string_lossy()])?;
        Ok((text.trim().replace('\n', "; "), fits))
    }
}

/// The settings of a `serve` up to where it listens for machines.
fn settings(prepared: &Prepared, own: &OwnCertificate) -> String {
    format!(
        "[pages]\nlisten = \"127.0.0.1:0\"\n[cards]\nhierarchy = \"test\"\nanchors = {:?}\n[machines]\n\
         certificate = {:?}\nkey = {:?}\nterminal_authority = {:?}\nconnections_max = {CONNECTIONS_MAX}\n",
        prepared.anchors,
        own.certificate,
        own.key(),
        prepared.terminal_authority,
    )
}

/// The replica answers the page of statistics meanwhile.
fn database(url: &str, replica: Option<&Cluster>) -> String {
    let statistics = replica.map(|replica| format!("statistics = {:?}\n", replica.url)).unwrap_or_default();
    format!("[database]\nurl = {url:?}\n{statistics}")
}
