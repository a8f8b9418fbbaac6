//! A PostgreSQL of one's own, from Debian's programs: fresh, on a Unix socket, with syncing commits and otherwise its
//! defaults; and its replica, by streaming.
//!
//! Always holds: it is ended when its value is dropped and when the thread that started it dies; as root it runs as the
//! account postgres, which cannot enter other folders than its own; nobody reaches it over a network.
//! Not here: what is stored.
//! Rules come from: issue 2, "Speed and size"; issue 4, part E.

use crate::{
    clock, machine,
    servers::{Ended, READY},
};
use std::{
    fs, io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// A PostgreSQL of one's own.
pub struct Cluster {
    process: Ended,
    core: Option<usize>,
    /// Its address.
    pub url: String,
    /// Its version.
    pub version: String,
    folder: tempfile::TempDir,
}

/// To become the account postgres without a process in between, so that the child is the server itself.
const AS_POSTGRES: [&str; 3] = ["--reuid=postgres", "--regid=postgres", "--init-groups"];

impl Cluster {
    /// Makes and starts one, on a core where one is named, in a folder of its own beside others.
    pub fn start(core: Option<usize>, beside: &Path) -> io::Result<Cluster> {
        let folder = folder_in(beside)?;
        let made = as_postgres("initdb")?
            .args(["-U", "postgres", "-A", "trust", "--locale=C", "-E", "UTF8", "-D"])
            .arg(folder.path().join("data"))
            .current_dir(folder.path())
            .output()?;
        require(made.status.success(), "initdb failed")?;
        Cluster::run(core, folder)
    }

    /// A copy of this one that follows it by streaming, asynchronously, and can be promoted.
    pub fn replica(&self, beside: &Path) -> io::Result<Cluster> {
        let folder = folder_in(beside)?;
        let made = as_postgres("pg_basebackup")?
            .args(["-U", "postgres", "-R", "-X", "stream", "-c", "fast", "-h"])
            .arg(self.folder.path())
            .arg("-D")
            .arg(folder.path().join("data"))
            .current_dir(folder.path())
            .output()?;
        require(made.status.success(), "pg_basebackup failed")?;
        Cluster::run(self.core, folder)
    }

    fn run(core: Option<usize>, folder: tempfile::TempDir) -> io::Result<Cluster> {
        let process = spawn(core, folder.path())?;
        let version = machine::says(&programs()?.join("postgres").to_string_lossy(), &["--version"]);
        let version = version.split_whitespace().nth(2).unwrap_or("unknown").to_owned();
        let url = format!("postgres://postgres@{}/postgres", socket(folder.path()));
        Ok(Cluster { process, core, url, version, folder })
    }

    /// An address of this one and another, of which whoever asks takes the one that can be written to.
    pub fn url_with(&self, other: &Cluster) -> String {
        let [one, two] = [self, other].map(|cluster| socket(cluster.folder.path()));
        format!("postgres://postgres@{one},{two}/postgres?target_session_attrs=read-write")
    }

    /// Its first process, the parent of all others.
    pub fn pid(&self) -> u32 {
        self.process.child.id()
    }

    /// Bytes of the largest of its databases' folders, which is the one that was filled.
    pub fn bytes(&self) -> io::Result<u64> {
        let folders = fs::read_dir(self.folder.path().join("data/base"))?.flatten();
        let size = |folder: fs::DirEntry| -> u64 {
            let files = fs::read_dir(folder.path()).into_iter().flatten().flatten();
            files.filter_map(|file| file.metadata().ok()).map(|file| file.len()).sum()
        };
        Ok(folders.map(size).max().unwrap_or_default())
    }

    /// Stops it as an administrator does (`fast`: whoever is connected is turned out) and starts it again.
    pub fn restart(&mut self) -> io::Result<()> {
        self.process.end()?;
        self.process = spawn(self.core, self.folder.path())?;
        Ok(())
    }

    /// Kills every process of it, as when its machine dies.
    pub fn kill(&mut self) -> io::Result<()> {
        let children = machine::children(self.pid())?;
        self.process.child.kill()?;
        self.process.child.wait()?;
        let pids = children.iter().map(u32::to_string);
        Command::new("kill").args(["-s", "KILL"]).args(pids).stderr(Stdio::null()).status()?;
        Ok(())
    }

    /// A replica's receiver is stopped: whatever its primary sends from now on stays on the way.
    pub fn stop_hearing(&self) -> io::Result<()> {
        require(self.signal_receiver(&["STOP"])?, "the replica has no receiver")
    }

    /// Makes a replica one that takes writes.
    pub fn promote(&self) -> io::Result<()> {
        // A receiver that was stopped ends before it reads what is still on the way.
        self.signal_receiver(&["TERM", "CONT"])?;
        let done = as_postgres("pg_ctl")?
            .args(["promote", "-w", "-D"])
            .arg(self.folder.path().join("data"))
            .current_dir(self.folder.path())
            .output()?;
        require(done.status.success(), "the replica was not promoted")
    }
}

impl Cluster {
    /// Sends signals to the process that receives from the primary; no when there is none.
    fn signal_receiver(&self, signals: &[&str]) -> io::Result<bool> {
        let is_receiver = |pid: &u32| {
            let line = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            line.contains("walreceiver")
        };
        let Some(receiver) = machine::children(self.pid())?.into_iter().find(is_receiver) else {
            return Ok(false);
        };
        for signal in signals {
            let receiver = receiver.to_string();
            Command::new("kill").args(["-s", signal, &receiver]).stderr(Stdio::null()).status()?;
        }
        Ok(true)
    }
}

fn folder_in(beside: &Path) -> io::Result<tempfile::TempDir> {
    let folder = tempfile::Builder::new().prefix("shikaku-pg-").tempdir_in(beside)?;
    if machine::is_root()? {
        let given = Command::new("chown").arg("postgres:").arg(folder.path()).status()?;
        require(given.success(), "the cluster's folder cannot be given to the account postgres")?;
    }
    Ok(folder)
}

/// A program of PostgreSQL, run by the account postgres when this one is root's.
fn as_postgres(name: &str) -> io::Result<Command> {
    let program = programs()?.join(name);
    if !machine::is_root()? {
        return Ok(Command::new(program));
    }
    let mut command = Command::new("setpriv");
    command.args(AS_POSTGRES).arg(program);
    Ok(command)
}

/// Starts the server over a folder's data and waits until it takes connections.
fn spawn(core: Option<usize>, folder: &Path) -> io::Result<Ended> {
    let data = folder.join("data");
    let mut command = Command::new("setpriv");
    if machine::is_root()? {
        command.args(AS_POSTGRES);
    }
    command.args(["--pdeathsig", "INT"]);
    if let Some(core) = core {
        command.args(["taskset", "-c", &core.to_string()]);
    }
    command
        .arg(programs()?.join("postgres"))
        .arg("-D")
        .arg(&data)
        .args(["-c", "listen_addresses=", "-c", "fsync=on", "-c", "synchronous_commit=on", "-k"])
        .arg(folder)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(fs::File::options().create(true).append(true).open(folder.join("log"))?);
    let mut process = Ended { child: command.spawn()?, signal: "INT" };
    let status = data.join("postmaster.pid");
    let (pid, mut ended) = (process.child.id().to_string(), false);
    let ready = clock::wait_for(READY, || {
        ended = process.child.try_wait()?.is_some();
        let text = fs::read_to_string(&status).unwrap_or_default();
        let ours = text.lines().next() == Some(pid.as_str());
        Ok((ended || ours && text.lines().any(|line| line.trim() == "ready")).then_some(()))
    })?;
    require(ready.is_some() && !ended, "PostgreSQL did not start")?;
    Ok(process)
}

/// The folder of a socket as it stands in an address.
fn socket(folder: &Path) -> String {
    folder.to_string_lossy().replace('/', "%2F")
}

fn require(done: bool, otherwise: &str) -> io::Result<()> {
    if done { Ok(()) } else { Err(io::Error::other(otherwise.to_owned())) }
}

/// Whether PostgreSQL's server programs are installed.
pub fn is_installed() -> bool {
    programs().is_ok()
}

/// Where PostgreSQL's server programs are: Debian keeps each version's in a folder of its own.
fn programs() -> io::Result<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .map(|versions| versions.flatten().map(|version| version.path().join("bin")).collect())
        .unwrap_or_default();
    found.retain(|programs| programs.join("initdb").exists());
    found.sort();
    found.pop().ok_or_else(|| io::Error::other("PostgreSQL's server programs are not installed"))
}
