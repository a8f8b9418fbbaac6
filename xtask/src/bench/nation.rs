//! The nation's bench: checks of people from all over a large database beside the same checks on a small one; what a
//! running load of filings does to them; bytes, memory, and the cores of a nation's peak.
//! Both databases are served at once, and loads take turns, so that both see the same minutes; whoever is not asked rests.

use super::{
    Database, Kind, Options, Part, Setting,
    report::{self, Aim, Block, NATION, Row},
    runs::{Bench, MODERATE, MODERATE_NAME, Phase, Watched},
};
use base::MyNumber;
use simulation::{
    cards::Deck,
    cast::{ByNumber, Cast, Expects},
    clock,
    load::{Load, Pace, Questions, Target},
    machine::{self, Busy},
    nation::{Ready, Wanted, ready},
    servers::{OwnCertificate, Program},
    started_ms,
};
use std::{
    cell::Cell,
    fmt::Write as _,
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    rc::Rc,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, SystemTime},
};

/// The bench.
pub(super) const KIND: Kind = Kind {
    subject: NATION,
    parts: &[Part::Sqlite, Part::Postgres],
    usual: &[Part::Sqlite, Part::Postgres],
    settings: "",
    profile,
    measure,
};

/// People of the small database.
const SMALL: u32 = 2_000;
/// People of the large one, on SQLite and on PostgreSQL, when no number is given.
const LARGE: [u32; 2] = [1_000_000, 100_000];
/// People who come, of the large one.
const SAMPLE_MAX: u32 = 100_000;
/// Loads take turns so often.
const ROUNDS: usize = 2;
/// The large database may cost so much more.
const OF_SMALL: f64 = 1.3;
/// Milliseconds in 99 of 100 whatever goes on beside.
const P99_MS: f64 = 50.0;
/// Resident MB.
const MEMORY_MB: f64 = 300.0;
/// Japan's peak a second, and how many of a hundred are by card (`simulation::morning::curve`).
const PEAK: f64 = 550.0;
const BY_CARD: f64 = 0.47;
/// The rate where a closed load does not reach the moderate one by far enough.
const PEAK_NAME: &str = "550/s";
const ENOUGH: f64 = 1.2;
/// Lines of a delivery of the running load.
const LINES: u64 = 2_000;
/// The insurer that files.
const INSURER: &str = "06132013";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Number,
    Card,
}

impl Way {
    const BOTH: [Way; 2] = [Way::Number, Way::Card];

    fn word(self) -> &'static str {
        match self {
            Way::Number => "number",
            Way::Card => "card",
        }
    }
}

/// A database that is served.
struct World {
    name: String,
    program: Program,
    ready: Ready,
    cast: Rc<Cast>,
    own: PathBuf,
    terminal: PathBuf,
    /// Certificates with keys of the register and of an insurer.
    offices: [PathBuf; 2],
    data: PathBuf,
    database: Option<u32>,
    day: String,
}

fn wanted(options: &Options, part: Part) -> Wanted {
    let [sqlite, postgres] = LARGE;
    let usual = if part == Part::Postgres { postgres } else { sqlite };
    let people = options.people.unwrap_or(usual);
    Wanted { people, sample: people.min(SAMPLE_MAX), made: options.data.clone() }
}

/// Makes and serves one.
fn world(
    setting: &Setting<'_>,
    name: &str,
    database: Option<&Database>,
    wanted: &Wanted,
    out: &mut dyn Write,
) -> io::Result<World> {
    writeln!(out, "{name}: making ready …")?;
    out.flush()?;
    let starter = &setting.starter;
    let ready = ready(starter, name, database.map(Database::url), wanted, 1)?;
    let cast = Rc::new(Cast::read(&ready.cast)?);
    let file = |what: &str, bytes: &[u8]| -> io::Result<PathBuf> {
        let path = starter.folder.join(format!("{name}-{what}.pem"));
        fs::write(&path, bytes)?;
        Ok(path)
    };
    let terminal = file("terminal", &ready.facilities[0].terminal)?;
    let register = file("register", &ready.office(starter, "register", None)?)?;
    let insurer = file("insurer", &ready.office(starter, "insurer", Some(INSURER))?)?;
    let data = starter.data(&format!("{name}-serve"));
    fs::create_dir_all(&data)?;
    if database.is_none() {
        for name in ["shikaku.db", "shikaku.db-wal", "log.db", "log.db-wal"] {
            let made = ready.data.join(name);
            if made.exists() {
                fs::rename(made, data.join(name))?; // a demo's folder itself is not served
            }
        }
    }
    let folder = starter.data(&format!("{name}-own"));
    fs::create_dir_all(&folder)?;
    let own = OwnCertificate::make(&folder)?;
    let config = starter.folder.join(format!("{name}.toml"));
    let text = format!(
        "{}[pages]\nlisten = \"127.0.0.1:0\"\n[cards]\nhierarchy = \"test\"\nanchors = {:?}\nnonce_life_s = 86400\n\
         [machines]\nlisten = \"127.0.0.1:0\"\ncertificate = {:?}\nkey = {:?}\nterminal_authority = {:?}\n",
        database.map(|database| format!("[database]\nurl = {:?}\n", database.url())).unwrap_or_default(),
        ready.anchors(),
        own.certificate,
        own.key(),
        ready.terminal_authority,
    );
    fs::write(&config, text)?;
    let args = ["serve", "--data", &data.to_string_lossy(), "--config", &config.to_string_lossy()];
    let program =
        Program::start(starter.shikaku, starter.core, &args, starter.folder.join(format!("{name}.log")))?;
    Ok(World {
        name: name.to_owned(),
        program,
        ready,
        cast,
        own: own.certificate,
        terminal,
        offices: [register, insurer],
        data,
        database: database.and_then(Database::pid),
        day: clock::today("+%Y%m%d")?,
    })
}

impl World {
    fn target(&self, certificate: &Path) -> io::Result<Target> {
        Target::new(self.program.machines, &self.own, certificate)
    }

    /// Everybody in turn, under keys of a load of its own.
    fn questions(&self, way: Way) -> io::Result<Rc<dyn Questions>> {
        let started_ms = started_ms()?;
        Ok(match way {
            Way::Number => {
                let code = &self.ready.facilities[0].code;
                Rc::new(ByNumber::new(self.cast.clone(), code, &self.day, started_ms))
            }
            Way::Card => Deck::of_cast(&self.cast, started_ms)?.rsa,
        })
    }

    fn bench<'b>(&self, setting: &Setting<'_>, way: Way, out: &'b mut dyn Write) -> io::Result<Bench<'b>> {
        writeln!(out, "{}, by {}", self.name, way.word())?;
        let watched = Watched::new(&[&self.program], self.database);
        let mut bench =
            setting.bench(vec![self.target(&self.terminal)?], watched, self.questions(way)?, out)?;
        bench.warm_up()?;
        Ok(bench)
    }

    /// A closed load and a moderate one.
    fn round(&self, setting: &Setting<'_>, way: Way, out: &mut dyn Write) -> io::Result<Round> {
        let mut bench = self.bench(setting, way, out)?;
        let mut saturated = bench.phase("saturated", false, Pace::Closed)?;
        let (name, rate) = moderate_of(saturated.outcome.rate());
        let written = Written::watch(&self.data)?;
        let mut moderate = bench.phase(name, false, Pace::Open(rate))?;
        let checkpoints = written.end()?;
        for phase in [&mut saturated, &mut moderate] {
            phase.name = format!("{}, by {}, {}", self.name, way.word(), phase.name);
        }
        Ok(Round { way, saturated, moderate, checkpoints })
    }

    /// The moderate load while offices file.
    fn loaded(
        &self,
        setting: &Setting<'_>,
        way: Way,
        rate: (&'static str, f64),
        out: &mut dyn Write,
    ) -> io::Result<(Phase, f64)> {
        let mut bench = self.bench(setting, way, out)?;
        let pace = Pace::Open(rate.1);
        bench.supplied(false, pace)?;
        let doors = [self.target(&self.offices[0])?, self.target(&self.offices[1])?];
        let (day, first) = (self.day.clone(), if way == Way::Card { 500_000_000 } else { 0 });
        let stop = AtomicBool::new(false);
        let (phase, lines) = std::thread::scope(|scope| {
            let filing = scope.spawn(|| file_on(doors, &day, first, &stop));
            let phase = bench.phase(rate.0, false, pace);
            stop.store(true, Ordering::Relaxed);
            let lines = filing.join().map_err(|_| io::Error::other("the filing's thread panicked"))?;
            Ok::<_, io::Error>((phase?, lines?))
        })?;
        let name = format!("{}, by {}, {} beside filings", self.name, way.word(), rate.0);
        Ok((Phase { name, ..phase }, lines))
    }
}

fn moderate_of(saturated: f64) -> (&'static str, f64) {
    if saturated > ENOUGH * MODERATE { (MODERATE_NAME, MODERATE) } else { (PEAK_NAME, PEAK) }
}

/// One turn of a way on a database.
struct Round {
    way: Way,
    saturated: Phase,
    moderate: Phase,
    /// How often the database's main files were written to in the moderate load: a checkpoint of the write-ahead log
    /// does that, and nothing else.
    checkpoints: usize,
}

/// Offices that file without a pause: the register new residents, an insurer their coverages. Lines a second.
fn file_on(doors: [Target; 2], day: &str, first: u64, stop: &AtomicBool) -> io::Result<f64> {
    const PATIENCE: Duration = Duration::from_secs(30);
    let [register, insurer] = doors;
    let mut doors = [Load::open(vec![register], 1, 1)?, Load::open(vec![insurer], 1, 1)?];
    let (start, mut lines) = (clock::now(), 0);
    let run = started_ms()?;
    for turn in 0.. {
        for (place, door) in doors.iter_mut().enumerate() {
            if stop.load(Ordering::Relaxed) {
                return Ok(lines as f64 / clock::now().duration_since(start).as_secs_f64());
            }
            let body = delivery(place == 0, &format!("bench-{run}-{turn}"), day, first + turn * LINES)?;
            let one: Rc<dyn Questions> = Rc::new(Delivery { body, is_left: Cell::new(true) });
            door.run(&one, Pace::Closed, PATIENCE)?;
            lines += LINES;
        }
    }
    Ok(0.0)
}

/// A file of the register's, or of the insurer's about the same people; they are nobody of the nation.
fn delivery(is_register: bool, name: &str, day: &str, first: u64) -> io::Result<String> {
    let office = if is_register { "register" } else { "insurer" };
    let mut text = format!(
        "{{\"feed\":\"shikaku/1\",\"office\":\"{office}\",\"delivery\":\"{name}\",\"made_on\":\"{day}\"}}\n"
    );
    for number in first..first + LINES {
        let my_number = MyNumber::from_body(&format!("09{number:09}"))
            .map_err(|_| io::Error::other("no number of a person"))?;
        let who = format!(
            "\"my_number\":\"{}\",\"name\":\"架空　一郎\",\"kana\":\"ｶｸｳ ｲﾁﾛｳ\",\"birth\":\"19800401\",\"sex\":1",
            my_number.reveal()
        );
        let _ = match is_register {
            true => writeln!(text, "{{\"type\":\"resident\",{who}}}"),
            false => writeln!(
                text,
                "{{\"type\":\"coverage\",\"key\":\"bench-{number}\",\"insurer\":\"{INSURER}\",\"symbol\":\"負荷\",\
                 \"number\":\"{number}\",\"card_class\":\"01\",\"qualified_on\":\"20200401\",{who},\
                 \"facts\":[{{\"fact\":\"rate\",\"percent\":30,\"from\":\"20200401\"}}]}}"
            ),
        };
    }
    Ok(text)
}

/// One delivery.
struct Delivery {
    body: String,
    is_left: Cell<bool>,
}

impl Questions for Delivery {
    fn compose(&self, number: u64, out: &mut Vec<u8>) -> Option<u64> {
        if !self.is_left.replace(false) {
            return None;
        }
        let (body, length) = (&self.body, self.body.len());
        *out = format!(
            "POST /feed/v1/deliveries HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .into_bytes();
        Some(number)
    }

    fn check(&self, _number: u64, status: u16, body: &[u8]) -> io::Result<()> {
        let text = String::from_utf8_lossy(body);
        if status == 200 && text.contains("\"refused\":0") {
            return Ok(());
        }
        let text: String = text.chars().take(300).collect();
        Err(io::Error::other(format!("a delivery was not taken: status {status}, {text}")))
    }
}

/// Looks at when SQLite's main files were written to.
struct Written {
    looks: std::thread::JoinHandle<usize>,
    stop: std::sync::Arc<AtomicBool>,
}

impl Written {
    const EVERY: Duration = Duration::from_millis(20);
    /// Writes nearer than this are one checkpoint's.
    const APART: Duration = Duration::from_millis(100);

    fn watch(data: &Path) -> io::Result<Written> {
        let files = ["shikaku.db", "log.db"].map(|name| data.join(name));
        let stop = std::sync::Arc::new(AtomicBool::new(false));
        let told = stop.clone();
        let looks = std::thread::Builder::new().name("looks".into()).spawn(move || {
            let at = |file: &PathBuf| fs::metadata(file).and_then(|file| file.modified()).ok();
            let mut last: Vec<Option<SystemTime>> = files.iter().map(at).collect();
            let mut count = 0;
            while !told.load(Ordering::Relaxed) {
                for (file, last) in files.iter().zip(&mut last) {
                    let now = at(file);
                    let after = now.zip(*last).and_then(|(now, last)| now.duration_since(last).ok());
                    count += usize::from(after.is_some_and(|after| after >= Written::APART));
                    *last = now;
                }
                clock::pause(Written::EVERY);
            }
            count
        })?;
        Ok(Written { looks, stop })
    }

    fn end(self) -> io::Result<usize> {
        self.stop.store(true, Ordering::Relaxed);
        self.looks.join().map_err(|_| io::Error::other("the looking thread panicked"))
    }
}

/// Everything that was measured.
struct Measured {
    rounds: [Vec<Round>; 2],
    loaded: Vec<(Way, Phase, f64)>,
    /// Resident MB: after all loads, and of these what only the process has.
    memory: (f64, f64),
    beside: (f64, f64),
}

fn measured(setting: &Setting<'_>, worlds: [&World; 2], out: &mut dyn Write) -> io::Result<Measured> {
    let ours = || -> io::Result<Duration> {
        let mut all = machine::threads(std::process::id())?.values().sum();
        for world in worlds {
            all += machine::threads(world.program.pid())?.values().sum::<Duration>();
            all += world.database.map(machine::family).transpose()?.unwrap_or_default();
        }
        Ok(all)
    };
    let (busy, start, before) = (Busy::now()?, clock::now(), ours()?);
    let mut rounds = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        for way in Way::BOTH {
            for (world, rounds) in worlds.iter().zip(&mut rounds) {
                rounds.push(world.round(setting, way, out)?);
            }
        }
    }
    let mut loaded = Vec::new();
    for way in Way::BOTH {
        let rate = moderate_of(mean(&rounds[1], way, |round| round.saturated.outcome.rate()));
        let (phase, lines) = worlds[1].loaded(setting, way, rate, out)?;
        loaded.push((way, phase, lines));
    }
    let took = clock::now().duration_since(start).as_secs_f64();
    let (worked, stolen) = busy.since()?;
    let others = worked.saturating_sub(ours()?.saturating_sub(before));
    let pid = worlds[1].program.pid();
    Ok(Measured {
        rounds,
        loaded,
        memory: (machine::resident_mb(pid)?, machine::resident_own_mb(pid)?),
        beside: (others.as_secs_f64() / took, stolen.as_secs_f64() / took),
    })
}

fn mean(rounds: &[Round], way: Way, of: impl Fn(&Round) -> f64) -> f64 {
    let values: Vec<f64> = rounds.iter().filter(|round| round.way == way).map(of).collect();
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// CPU time of a check, PostgreSQL's too, in microseconds.
fn cpu_us(phase: &Phase) -> f64 {
    (phase.server + phase.postgres).as_secs_f64() * 1e6
}

fn p99_ms(phase: &Phase) -> f64 {
    phase.outcome.latency.at(0.99).as_secs_f64() * 1e3
}

/// Rows of a part, under its key and name.
struct Named {
    key: &'static str,
    name: &'static str,
}

impl Named {
    fn row(&self, key: &str, says: &str, value: f64, unit: &'static str, aim: Aim) -> Row {
        Row::new(&format!("{}.{key}", self.key), &format!("{}: {says}", self.name), value, unit, aim)
    }

    fn rows(&self, large: &World, bytes: f64, measured: &Measured) -> Vec<Row> {
        let less = Aim::LessIsBetter;
        let person = bytes / f64::from(large.ready.people);
        let mut rows = vec![self.row("bytes_per_person", "database, a person", person, "bytes", less)];
        for way in Way::BOTH {
            rows.extend(self.beside_small(way, &measured.rounds));
            rows.extend(self.waits(way, measured));
        }
        let (all, own) = measured.memory;
        let at_peak = |way| mean(&measured.rounds[1], way, |round| cpu_us(&round.moderate));
        let cores = PEAK * (BY_CARD * at_peak(Way::Card) + (1.0 - BY_CARD) * at_peak(Way::Number)) / 1e6;
        let says = "cores for Japan's peak of 550/s, 47 % by card, lines kept open";
        rows.extend([
            self.row("resident_mb", "server, resident after all loads", all, "MB", Aim::Below(MEMORY_MB)),
            self.row("resident_own_mb", "of these its own, not the files' pages", own, "MB", less),
            self.row("peak_cores", says, cores, "cores", less),
        ]);
        rows
    }

    /// The large database beside the small one.
    fn beside_small(&self, way: Way, rounds: &[Vec<Round>; 2]) -> [Row; 4] {
        let word = way.word();
        let both = |of: fn(&Round) -> f64| [&rounds[0], &rounds[1]].map(|all| mean(all, way, of));
        let rates = both(|round| round.saturated.outcome.rate());
        let cpus = both(|round| cpu_us(&round.saturated));
        let row = |key: &str, says: &str, value, unit, aim| {
            self.row(&format!("{word}_{key}"), &format!("by {word}, {says}"), value, unit, aim)
        };
        let limit = Aim::AtMost(OF_SMALL);
        [
            row("saturation", "checks of a closed load", rates[1], "/s", Aim::MoreIsBetter),
            row("rate_ratio", "rate on the small database ÷ this", rates[0] / rates[1], "×", limit),
            row("cpu_us", "CPU of a check, saturated", cpus[1], "µs", Aim::LessIsBetter),
            row("cpu_ratio", "CPU ÷ on the small database", cpus[1] / cpus[0], "×", limit),
        ]
    }

    /// How long patients wait while something goes on beside.
    fn waits(&self, way: Way, measured: &Measured) -> Vec<Row> {
        let word = way.word();
        let of_way = measured.rounds[1].iter().filter(|round| round.way == way).map(|round| &round.moderate);
        let worst = of_way.max_by(|one, other| p99_ms(one).total_cmp(&p99_ms(other)));
        let row = |key: &str, phase: &Phase, beside: &str| {
            let rate = phase.name.rsplit(", ").next().unwrap_or_default();
            let rate = rate.trim_end_matches(" beside filings");
            let says = format!("by {word}, p99 at {rate} while {beside}");
            self.row(&format!("{word}_{key}"), &says, p99_ms(phase), "ms", Aim::Below(P99_MS))
        };
        let mut rows: Vec<Row> = Vec::new();
        rows.extend(worst.map(|phase| row("p99", phase, "the log is sealed and checkpoints are made")));
        for (_, phase, lines) in measured.loaded.iter().filter(|(loaded, _, _)| *loaded == way) {
            rows.push(row("p99_load", phase, "offices file as well"));
            let says = format!("lines filed beside checks by {word}");
            rows.push(self.row(&format!("{word}_load_lines"), &says, *lines, "/s", Aim::MoreIsBetter));
        }
        rows
    }
}

fn conditions(setting: &Setting<'_>, large: &World, measured: &Measured) -> Vec<String> {
    let [held, open] = [Expects::Held, Expects::Open].map(|expects| large.cast.count(expects).0);
    let checkpoints: Vec<String> = measured.rounds[1]
        .iter()
        .map(|round| format!("{} by {}", round.checkpoints, round.way.word()))
        .collect();
    let (others, host) = measured.beside;
    let asked = format!(
        "{} people of every block of {} in an order of chance: {held} in doubt, {open} with any answer, the others \
         valid; cards with RSA-2048 keys that are valid; beside it a nation of {SMALL} people",
        large.cast.people.len(),
        large.ready.people,
    );
    let mut says = vec![
        setting.load_says(&asked),
        format!(
            "each load {ROUNDS} times, the two databases in turn; rates and CPU times are means, p99 the worse one; the \
             log is sealed each second or 1,000 rows, and the main files were written to by checkpoints so often in the \
             loads at {MODERATE_NAME}: {}",
            checkpoints.join(", "),
        ),
        format!(
            "filings: the register sends {LINES} new residents, an insurer their coverages, in turn and without a pause, at \
             the machines' door"
        ),
        format!("others worked on {others:.2} cores meanwhile, and the host kept {host:.2}"),
    ];
    if others > 0.1 || host > 0.1 {
        says.push("**not a quiet machine**: rates are too low, latencies and CPU times too high".into());
    }
    says
}

fn measure(setting: &Setting<'_>, part: Part, out: &mut dyn Write) -> io::Result<Block> {
    let is_postgres = part == Part::Postgres;
    if setting.options.postgres.is_some() {
        return Err(io::Error::other("bench nation needs two databases: it starts PostgreSQL itself"));
    }
    let databases = match is_postgres {
        true => Some([setting.database()?, setting.database()?]),
        false => None,
    };
    let [one, two] = match &databases {
        Some([one, two]) => [Some(one), Some(two)],
        None => [None, None],
    };
    let wanted = wanted(setting.options, part);
    let small = Wanted { people: SMALL, sample: SMALL, made: None };
    let small = world(setting, "small", one, &small, out)?;
    let large = world(setting, "large", two, &wanted, out)?;
    let bytes = match two {
        Some(Database::Own(cluster)) => cluster.bytes()? as f64,
        _ => large.ready.bytes as f64,
    };
    let measured = measured(setting, [&small, &large], out)?;
    let (key, name) = if is_postgres { ("postgres", "PostgreSQL") } else { ("sqlite", "SQLite") };
    let rows = Named { key, name }.rows(&large, bytes, &measured);
    let mut says = conditions(setting, &large, &measured);
    says.extend(two.map(Database::says));
    let people = large.ready.people;
    for world in [small, large] {
        says.extend(world.program.end()?);
    }
    let [small, large] = measured.rounds;
    let phases = large.into_iter().chain(small).flat_map(|round| [round.saturated, round.moderate]);
    let phases: Vec<Phase> = phases.chain(measured.loaded.into_iter().map(|(_, phase, _)| phase)).collect();
    Ok(Block {
        subject: NATION,
        name: key,
        title: format!("{name}, {people} people, one process on one core"),
        conditions: setting.with(says),
        rows,
        tables: report::table(name, &phases),
    })
}

/// Where a saturated server's CPU time goes on the large database, by number and by card.
fn profile(setting: &Setting<'_>, out: &mut dyn Write) -> io::Result<String> {
    let part = setting.options.only.unwrap_or(Part::Sqlite);
    let database = match part {
        Part::Postgres => Some(setting.database()?),
        _ => None,
    };
    let world = world(setting, "large", database.as_ref(), &wanted(setting.options, part), out)?;
    let mut text = String::new();
    for way in Way::BOTH {
        let mut bench = world.bench(setting, way, out)?;
        let found = super::profile::profile(
            &mut bench,
            &setting.starter,
            world.program.pid(),
            setting.options.seconds,
        )?;
        let _ = writeln!(text, "by {}\n{found}", way.word());
    }
    Ok(text + &world.program.end()?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_is_a_header_and_lines_of_nobody() {
        for is_register in [true, false] {
            let text = delivery(is_register, "bench-1-0", "20261127", 0).expect("a file");
            assert_eq!(text.lines().count() as u64, 1 + LINES);
            let lines =
                text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"));
            let numbers: std::collections::BTreeSet<String> =
                lines.skip(1).map(|line| line["my_number"].as_str().expect("a number").to_owned()).collect();
            assert_eq!(numbers.len() as u64, LINES);
            assert!(numbers.iter().all(|number| number.starts_with("09") && MyNumber::parse(number).is_ok()));
        }
    }
}
