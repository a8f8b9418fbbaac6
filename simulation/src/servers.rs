//! Programs that are started and ended: `shikaku demo` and `serve`.
//!
//! Always holds: each is told by the kernel when the thread that started it dies, and is ended when its value is dropped.
//! Not here: PostgreSQL (`cluster`).
//! Rules come from: issue 2, "Speed and size"; issue 4, part E.

use crate::{clock, load::Target};
use std::{
    fs,
    io::{self, BufRead, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    time::Duration,
};

/// A program that is not ready within this is not going to be.
pub(crate) const READY: Duration = Duration::from_secs(120);
/// A program that does not end within this is killed.
const END: Duration = Duration::from_secs(20);

/// A process that is ended when this is dropped.
pub(crate) struct Ended {
    pub child: Child,
    pub signal: &'static str,
}

impl Ended {
    /// Asks it to end, waits, and kills it when it does not.
    pub fn end(&mut self) -> io::Result<()> {
        if self.child.try_wait()?.is_some() {
            return Ok(());
        }
        Command::new("kill").args(["-s", self.signal, &self.child.id().to_string()]).status()?;
        let ended = clock::wait_for(END, || self.child.try_wait())?;
        if ended.is_none() {
            self.child.kill()?;
            self.child.wait()?;
            return Err(io::Error::other("a program did not end when told to and was killed"));
        }
        Ok(())
    }
}

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.end();
    }
}

/// A command pinned to a core, where one is named; the kernel ends it when the thread that starts it ends.
fn pinned(core: Option<usize>, signal: &str) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", signal]);
    if let Some(core) = core {
        command.args(["taskset", "-c", &core.to_string()]);
    }
    command
}

/// A `shikaku` that answers.
pub struct Program {
    process: Ended,
    /// From its start to the line that says that it is ready.
    pub ready_after: Duration,
    /// The machines' door.
    pub machines: SocketAddr,
    log: PathBuf,
}

impl Program {
    /// Starts it on a core with these arguments and waits until it is ready. `log` gets what it says on its error line.
    pub fn start(shikaku: &Path, core: Option<usize>, args: &[&str], log: PathBuf) -> io::Result<Program> {
        let start = clock::now();
        let child = pinned(core, "TERM")
            .arg(shikaku)
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(fs::File::create(&log)?)
            .spawn()?;
        let mut process = Ended { child, signal: "TERM" };
        let lines = lines_of(&mut process.child)?;
        let mut ready_after = None;
        loop {
            let line = lines.recv_timeout(READY).map_err(|error| unready(error, &log))?;
            if line.starts_with("ready ") {
                ready_after = Some(clock::now().duration_since(start));
            }
            let port = line.strip_prefix("machines").and_then(|rest| rest.rsplit_once(':'));
            if let (Some(ready_after), Some((_, port))) = (ready_after, port) {
                let port: u16 = port.trim().parse().map_err(io::Error::other)?;
                let machines = SocketAddr::from(([127, 0, 0, 1], port));
                return Ok(Program { process, ready_after, machines, log });
            }
        }
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.process.child.id()
    }

    /// Kills it, as when its machine dies.
    pub fn kill(mut self) -> io::Result<()> {
        self.process.child.kill()?;
        self.process.child.wait().map(|_| ())
    }

    /// Ends it; says how many errors it logged and the first of them.
    pub fn end(mut self) -> io::Result<Option<String>> {
        self.process.end()?;
        let log = fs::read_to_string(&self.log)?;
        let errors: Vec<&str> = log.lines().filter(|line| line.contains("\"level\":\"ERROR\"")).collect();
        let Some(first) = errors.first() else { return Ok(None) };
        let first: String = first.chars().take(300).collect();
        Ok(Some(format!("the server logged {} errors, the first: `{first}`", errors.len())))
    }
}

/// Its lines, read by a thread that goes on reading when nobody listens, so that the program never blocks.
fn lines_of(child: &mut Child) -> io::Result<Receiver<String>> {
    let output = child.stdout.take().ok_or_else(|| io::Error::other("a program without output"))?;
    let (sender, lines) = channel();
    std::thread::Builder::new().name("lines".into()).spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    })?;
    Ok(lines)
}

fn unready(error: RecvTimeoutError, log: &Path) -> io::Error {
    let said = fs::read_to_string(log).unwrap_or_default();
    let last: Vec<&str> = said.lines().rev().take(5).collect();
    let why = match error {
        RecvTimeoutError::Timeout => "was not ready in time",
        RecvTimeoutError::Disconnected => "ended before it was ready",
    };
    let last: Vec<&str> = last.into_iter().rev().collect();
    io::Error::other(format!("shikaku {why}: {}", last.join(" / ")))
}

/// How the bench starts `shikaku`.
pub struct Starter<'s> {
    /// The program.
    pub shikaku: &'s Path,
    /// The core it runs on; any when none is named.
    pub core: Option<usize>,
    /// A folder of the bench's own.
    pub folder: &'s Path,
}

impl Starter<'_> {
    /// A demo over a data directory of this name, on SQLite or on the PostgreSQL behind the address, with these lines of
    /// settings besides.
    pub fn demo(
        &self,
        name: &str,
        postgres: Option<&str>,
        settings: &str,
        reset: bool,
    ) -> io::Result<Program> {
        let data = self.data(name);
        let data = data.to_string_lossy();
        let config = self.folder.join(format!("{name}.toml"));
        fs::write(&config, format!("{settings}{ANY_PORT}{}", postgres.map(database).unwrap_or_default()))?;
        let config = config.to_string_lossy();
        let mut args = vec!["demo", "--data", &data, "--port", "0", "--machine-port", "0", "--people", "0"];
        args.extend(["--config", &config]);
        if reset {
            args.push("--reset");
        }
        Program::start(self.shikaku, self.core, &args, self.folder.join(format!("{name}.log")))
    }

    /// A `serve` over PostgreSQL that an earlier demo has settled, letting that demo's terminals in.
    pub fn serve(&self, name: &str, postgres: &str, demo: &str, own: &OwnCertificate) -> io::Result<Program> {
        let authority = self.data(demo).join("tls/ca.pem");
        let config = self.folder.join(format!("{name}.toml"));
        let text = format!(
            "{}[pages]\nlisten = \"127.0.0.1:0\"\n[machines]\nlisten = \"127.0.0.1:0\"\n\
             certificate = {:?}\nkey = {:?}\nterminal_authority = {authority:?}\n",
            database(postgres),
            own.certificate,
            own.key,
        );
        fs::write(&config, text)?;
        let (data, config) = (self.data(name), config.to_string_lossy().into_owned());
        let args = ["serve", "--data", &data.to_string_lossy(), "--config", &config];
        Program::start(self.shikaku, self.core, &args, self.folder.join(format!("{name}.log")))
    }

    /// The data directory of this name.
    pub fn data(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// A demo's door, as its first clinic's terminal asks it.
    pub fn target(&self, name: &str, program: &Program) -> io::Result<Target> {
        let tls = self.data(name).join("tls");
        Target::new(program.machines, &tls.join("ca.pem"), &tls.join("terminal.pem"))
    }
}

/// The kiosk listens as well, and several demos run at once.
const ANY_PORT: &str = "[kiosk]\nlisten = \"127.0.0.1:0\"\n";

fn database(url: &str) -> String {
    format!("[database]\nurl = {url:?}\n")
}

/// A certificate for `serve`, which takes its own from files.
pub struct OwnCertificate {
    /// The certificate, PEM; its own authority.
    pub certificate: PathBuf,
    key: PathBuf,
}

impl OwnCertificate {
    /// Its key, PEM.
    pub fn key(&self) -> &Path {
        &self.key
    }

    /// Makes one in a folder.
    pub fn make(folder: &Path) -> io::Result<OwnCertificate> {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).map_err(io::Error::other)?;
        let own = OwnCertificate { certificate: folder.join("serve.pem"), key: folder.join("serve-key.pem") };
        fs::write(&own.certificate, made.cert.pem())?;
        fs::write(&own.key, made.signing_key.serialize_pem())?;
        Ok(own)
    }
}
