//! `shikaku country`: makes an invented nation, lets days pass, writes its offices' files, and shows its figures.
//!
//! Always holds: it goes into a demo's directory or an empty one, never among real people; long work says how far it is,
//! and `make` and `step` go on after Ctrl-C; the same seed, size and day give the same lines and the same hash.
//! Not here: how lines get in (`nation`).
//! Rules come from: issue 4, parts C and D.

use crate::{
    cast,
    datadir::{self, DataDir, write_atomic},
    demo,
    nation::{self, Kept, Loading, Progress},
    rim, rosters, running,
    settings::Settings,
};
use base::{Clock, Date, Error, Fault, Lang, Result};
use clap::{Args, Subcommand, ValueEnum};
use country::nation::{
    Nation, figures,
    published::Published,
    telling::{Hash, OFFICES},
    truth,
};
use formats::feed::{self, Header, Office};
use std::{
    fs,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
    sync::atomic::AtomicBool,
};

/// What to do with a country.
#[derive(Subcommand)]
pub enum CountryCommand {
    /// Makes a nation in a data directory (on PostgreSQL with [database] url). Told to stop, or killed, it goes on when
    /// called again.
    Make(MakeArgs),
    /// Lets days pass in a directory's nation, and moves the directory's clock with them.
    Step {
        /// The data directory.
        #[arg(long, value_name = "DIR", default_value = "shikaku-data")]
        data: PathBuf,
        /// How many days; 0 catches up with the directory's clock.
        #[arg(long, value_parser = clap::value_parser!(u32).range(0..=3_650))]
        days: u32,
    },
    /// Writes what each office sends as feed files, and nothing into a database.
    Export {
        /// Which nation.
        #[command(flatten)]
        which: Which,
        /// The folder for register.jsonl, insurer.jsonl and the others.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// The truth too, as truth.csv: whose each membership really is.
        #[arg(long)]
        truth: bool,
    },
    /// Writes people as a simulation sends them to desks: papers, cards with keys, and what they have to be answered.
    Cast {
        /// Which nation.
        #[command(flatten)]
        which: Which,
        /// About so many people, of every block alike.
        #[arg(long, default_value_t = 100_000)]
        sample: u32,
        /// The folder for visitors.jsonl and anchors.pem.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// Prints the hash of everything that was sent and happened, for comparing two machines.
    Hash {
        /// Which nation.
        #[command(flatten)]
        which: Which,
    },
    /// Counts a nation and writes country.md with plots beside the published totals of Japan.
    Figures {
        /// Which nation.
        #[command(flatten)]
        which: Which,
        /// The folder.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// Writes two rosters of overlapping people, with the truth, for measuring `shikaku link`.
    Rosters(RostersArgs),
}

/// Which nation.
#[derive(Args, Clone)]
pub struct Which {
    /// People, 11 million at most: beyond, serials of certificates would repeat.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=11_000_000))]
    people: u32,
    /// The seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The day for which it is made, YYYYMMDD (default: today); 20241201 or later, since older cards had another authority.
    #[arg(long, value_parser = first_day)]
    day: Option<Date>,
    /// The story goes on until this day, YYYYMMDD (default: the day for which it is made).
    #[arg(long, value_parser = day)]
    until: Option<Date>,
    /// Mistakes in filings, so many times as often as in the field.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(0..=1_000))]
    mistakes: u32,
    /// Threads that tell the story (default: one for each core).
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=64))]
    threads: Option<u16>,
}

/// What `make` is asked for.
#[derive(Args)]
pub struct MakeArgs {
    /// The data directory.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    #[command(flatten)]
    which: Which,
}

/// Which rosters.
#[derive(Args)]
pub struct RostersArgs {
    /// Rows of A, the print file.
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(0..=100_000_000))]
    pub(crate) rows_a: u32,
    /// Rows of B, the insurers' roster.
    #[arg(long, default_value_t = 30_000, value_parser = clap::value_parser!(u32).range(0..=100_000_000))]
    pub(crate) rows_b: u32,
    /// People who are in both (default: eleven twelfths of the smaller file).
    #[arg(long)]
    pub(crate) both: Option<u32>,
    /// The seed: 1 to 9 for tuning, 101 and later for what is published.
    #[arg(long, default_value_t = 101)]
    pub(crate) seed: u64,
    /// The day as of which people have their ages, YYYYMMDD (default: today).
    #[arg(long, value_parser = day)]
    day: Option<Date>,
    /// How much the two files differ.
    #[arg(long, value_enum, default_value_t = NoiseArg::Field)]
    pub(crate) noise: NoiseArg,
    /// Threads (default: one for each core).
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=64))]
    threads: Option<u16>,
    /// The folder for a.csv, b.csv, truth.csv, decoys.csv, classes.csv and spec.toml.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
}

/// How much two rosters differ.
#[derive(Clone, Copy, ValueEnum)]
pub enum NoiseArg {
    /// Not at all.
    None,
    /// As in the field.
    Field,
    /// As in the field, and B writes everything in a style of its own.
    Apart,
}

fn day(text: &str) -> std::result::Result<Date, String> {
    Date::parse8(text).ok_or_else(|| "a day as YYYYMMDD, such as 20261127".into())
}

fn first_day(text: &str) -> std::result::Result<Date, String> {
    let day = day(text)?;
    if day.as_number() < 20_241_201 { Err("20241201 or later".into()) } else { Ok(day) }
}

impl Which {
    fn base(&self) -> Date {
        self.day.unwrap_or_else(|| base::Instant::from_ms(rim::wall_ms()).date())
    }

    fn until(&self) -> Date {
        self.until.unwrap_or_else(|| self.base())
    }

    fn kept(&self) -> Kept {
        Kept { people: self.people, base: self.base(), mistakes: self.mistakes }
    }

    fn nation(&self) -> Nation {
        self.kept().nation(self.seed)
    }

    fn threads(&self) -> usize {
        threads(self.threads)
    }
}

fn threads(wanted: Option<u16>) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    wanted.map_or_else(cores, usize::from)
}

/// Does it. Says whether it came to its end.
pub fn run(
    command: &CountryCommand,
    settings: &Settings,
    stop: &AtomicBool,
    say: &mut dyn FnMut(&str),
) -> Result<bool> {
    match command {
        CountryCommand::Make(args) => make(args, settings, stop, say),
        CountryCommand::Step { data, days } => step(data, *days, settings, stop, say),
        CountryCommand::Export { which, out, truth } => export(which, out, *truth, stop, say),
        CountryCommand::Cast { which, sample, out } => {
            let count = cast::write(&which.nation(), which.until(), *sample, which.threads(), out, stop)?;
            say(&format!("{count} people in {}", out.join(cast::VISITORS).display()));
            Ok(!stop.load(std::sync::atomic::Ordering::Relaxed))
        }
        CountryCommand::Hash { which } => {
            let hash = hash(which, stop);
            let whole = !stop.load(std::sync::atomic::Ordering::Relaxed);
            // A hash of a part is no hash to compare.
            say(if whole { &hash } else { "stopped: no hash" });
            Ok(whole)
        }
        CountryCommand::Figures { which, out } => figures(which, out, stop, say),
        CountryCommand::Rosters(args) => {
            let today = || base::Instant::from_ms(rim::wall_ms()).date();
            rosters::write(args, args.day.unwrap_or_else(today), threads(args.threads), stop, say)
        }
    }
}

// Into a database -------------------------------------------------------------------------------------------------------

fn make(args: &MakeArgs, settings: &Settings, stop: &AtomicBool, say: &mut dyn FnMut(&str)) -> Result<bool> {
    let dir = DataDir::own(&args.data, "shikaku country make")?;
    if dir.has_data() && !dir.is_demo() {
        return Err(Error::broken(
            "this data directory was not filled by a demo: invented people do not go among real ones; name another \
             with --data",
        ));
    }
    let wanted = args.which.kept();
    let kept = match Kept::read(&dir)? {
        Some(kept) if kept.is_as_wanted(&wanted, args.which.day.is_some()) => kept,
        Some(kept) => {
            return Err(Error::broken(format!(
                "the directory has a nation of {} people made for {}: leave it, or name an empty directory",
                kept.people, kept.base
            )));
        }
        None => wanted,
    };
    let until = args.which.until.unwrap_or(kept.base);
    let seed = args.which.seed;
    // In a directory of files the mark of invented data comes before the data, whatever becomes of them. Elsewhere a
    // database may be somebody's own: it is looked at first, so that a refusal leaves no mark in the directory.
    let mark = |dir: &DataDir| demo::seed_of(dir, Some(seed)).and_then(|_| kept.write(dir));
    if settings.database.url == "sqlite" {
        mark(&dir)?;
    }
    let opened = running::open(dir, settings.clone(), true)?;
    if !nation::is_begun(opened.house.store(), &kept.plan(seed))? {
        demo::refuse_real_data(&opened.house, until)?;
    }
    mark(&opened.dir)?;
    load(opened, &kept.nation(seed), until, args.which.threads(), stop, say)
}

fn step(
    data: &Path,
    days: u32,
    settings: &Settings,
    stop: &AtomicBool,
    say: &mut dyn FnMut(&str),
) -> Result<bool> {
    let dir = DataDir::own(data, "shikaku country step")?;
    let kept = Kept::read(&dir)?.ok_or_else(|| {
        Error::broken(
            "there is no nation in this directory: make one with `shikaku country make` or `shikaku demo`",
        )
    })?;
    let seed = demo::seed_of(&dir, None)?;
    let until = datadir::clock(dir.path(), settings).now().date().plus_days(i64::from(days));
    let path = dir.path().to_owned();
    let opened = running::open(dir, settings.clone(), true)?;
    // The clock moves when the days are there: a step that was stopped goes on when it is called again.
    let whole = load(opened, &kept.nation(seed), until, threads(None), stop, say)?;
    if whole {
        datadir::move_clock(&path, i64::from(days))?;
        say(&format!("today in this directory is now {until}"));
    }
    Ok(whole)
}

fn load(
    mut opened: running::Opened,
    nation: &Nation,
    until: Date,
    threads: usize,
    stop: &AtomicBool,
    say: &mut dyn FnMut(&str),
) -> Result<bool> {
    let house = opened.house.clone();
    house.store().set_loading(true)?;
    let begin = rim::wall_ms();
    let mut shown = 0;
    let mut tell = |progress: &Progress| {
        if rim::wall_ms() - shown >= EVERY_MS || progress.done == progress.all {
            shown = rim::wall_ms();
            say(&told(progress, rim::wall_ms() - begin));
        }
    };
    let mut seal = || opened.seal();
    let mut loading = Loading {
        house: &house,
        batch: intake::jobs::BATCH_ALONE,
        threads,
        stop,
        seal: &mut seal,
        say: &mut tell,
    };
    let (progress, whole) = loading.settle(nation, until)?;
    let seconds = (rim::wall_ms() - begin) as f64 / 1000.0;
    say(&match whole {
        true => format!(
            "done: {} lines in {seconds:.1} s ({:.0}/s), {} links held back",
            progress.lines,
            progress.lines as f64 / seconds.max(0.001),
            progress.held
        ),
        false => "stopped; the same command goes on from here".to_owned(),
    });
    Ok(whole)
}

const EVERY_MS: i64 = 2_000;

fn told(progress: &Progress, ms: i64) -> String {
    let (done, all) = (progress.done.max(1), progress.all);
    let left_s = ms as f64 / 1000.0 * all.saturating_sub(done) as f64 / done as f64;
    format!(
        "{done} of {all} deliveries, {} lines, {:.0} lines/s, about {left_s:.0} s left",
        progress.lines,
        progress.lines as f64 * 1000.0 / ms.max(1) as f64
    )
}

// Without one ------------------------------------------------------------------------------------------------------------

fn export(
    which: &Which,
    out: &Path,
    with_truth: bool,
    stop: &AtomicBool,
    say: &mut dyn FnMut(&str),
) -> Result<bool> {
    let nation = which.nation();
    let fault = |e| Fault::caused("a feed file cannot be written", e);
    fs::create_dir_all(out).map_err(|e| Fault::caused("the folder cannot be made", e))?;
    let mut files = Vec::new();
    for office in OFFICES {
        let file = fs::File::create(out.join(format!("{}.jsonl", office.word()))).map_err(fault)?;
        let mut file = BufWriter::new(file);
        let delivery = format!("export-{}", office.word());
        let header = Header { office, delivery, made_on: which.until().stamp8() };
        writeln!(file, "{}", feed::header_line(&header)).map_err(fault)?;
        files.push(file);
    }
    let place = |office: Office| OFFICES.iter().position(|known| *known == office).unwrap_or(0);
    for record in nation.directory() {
        writeln!(files[place(Office::Directory)], "{}", feed::line(&record)).map_err(fault)?;
    }
    let mut truths = match with_truth {
        true => {
            let file = fs::File::create(out.join("truth.csv")).map_err(fault)?;
            let mut file = BufWriter::new(file);
            writeln!(file, "{}", truth::HEADER).map_err(fault)?;
            Some(file)
        }
        false => None,
    };
    let make = |block: country::nation::Block| {
        let truths = if with_truth { truth::lines(&block, &nation.institutions) } else { Vec::new() };
        (block.sent, truths)
    };
    let mut ended: std::io::Result<()> = Ok(());
    nation.in_order(
        0..nation.plan.blocks(),
        which.until(),
        which.threads(),
        make,
        |number, (sent, lines)| {
            ended = sent
                .iter()
                .try_for_each(|sent| writeln!(files[place(sent.office)], "{}", feed::line(&sent.record)))
                .and_then(|()| {
                    let mut lines = lines.iter();
                    truths.as_mut().map_or(Ok(()), |file| lines.try_for_each(|line| writeln!(file, "{line}")))
                });
            if number % 50 == 49 {
                say(&format!("{} of {} blocks", number + 1, nation.plan.blocks()));
            }
            ended.is_ok() && !stop.load(std::sync::atomic::Ordering::Relaxed)
        },
    );
    ended.map_err(fault)?;
    files.iter_mut().chain(&mut truths).try_for_each(Write::flush).map_err(fault)?;
    Ok(!stop.load(std::sync::atomic::Ordering::Relaxed))
}

fn hash(which: &Which, stop: &AtomicBool) -> String {
    let (nation, until) = (which.nation(), which.until());
    let mut hash = Hash::default();
    let make = |block: country::nation::Block| block.hash(until);
    nation.in_order(0..nation.plan.blocks(), until, which.threads(), make, |_, block| {
        hash.add(&block);
        !stop.load(std::sync::atomic::Ordering::Relaxed)
    });
    hash.text()
}

fn figures(which: &Which, out: &Path, stop: &AtomicBool, say: &mut dyn FnMut(&str)) -> Result<bool> {
    let (nation, until) = (which.nation(), which.until());
    let mut all = figures::Figures::new();
    nation.count(&mut all);
    let mut hash = Hash::default();
    let make = |block: country::nation::Block| {
        let mut own = figures::Figures::new();
        block.count(&nation.institutions, &mut own);
        (own, block.hash(until))
    };
    nation.in_order(0..nation.plan.blocks(), until, which.threads(), make, |number, (own, block)| {
        all.merge(&own);
        hash.add(&block);
        if number % 100 == 99 {
            say(&format!("{} of {} blocks", number + 1, nation.plan.blocks()));
        }
        !stop.load(std::sync::atomic::Ordering::Relaxed)
    });
    if stop.load(std::sync::atomic::Ordering::Relaxed) {
        return Ok(false);
    }
    let folder = out.join("country");
    fs::create_dir_all(&folder).map_err(|e| Fault::caused("the folder cannot be made", e))?;
    let published = Published::of_japan();
    for (lang, word) in [(Lang::Ja, "ja"), (Lang::En, "en")] {
        for drawn in figures::draw(&all, &published, lang) {
            write_atomic(&folder.join(format!("{}.{word}.svg", drawn.key)), drawn.svg.as_bytes())?;
        }
    }
    let made = page(which, &nation, &all, &published, &hash.text());
    write_atomic(&out.join("country.md"), made.as_bytes())?;
    say(&format!("written: {}", out.join("country.md").display()));
    Ok(true)
}

/// The page: what it is, how it was made, each plot and each number.
fn page(which: &Which, nation: &Nation, all: &figures::Figures, published: &Published, hash: &str) -> String {
    let mut text = String::from(include_str!("country_page.md"));
    let replace = [
        ("{people}", which.people.to_string()),
        ("{seed}", which.seed.to_string()),
        ("{day}", which.base().to_string()),
        ("{until}", which.until().stamp8()),
        ("{base}", which.base().stamp8()),
        ("{living}", all.people().to_string()),
        ("{facilities}", nation.institutions.facilities().to_string()),
        ("{insurers}", nation.institutions.insurers().len().to_string()),
        ("{hash}", hash.to_owned()),
        ("{table}", table(all, published)),
        ("{plots}", plots(all, published)),
    ];
    for (hole, value) in replace {
        text = text.replace(hole, &value);
    }
    text
}

fn plots(all: &figures::Figures, published: &Published) -> String {
    let drawn = figures::draw(all, published, Lang::Ja);
    let one = |drawn: &figures::Drawn| format!("![{}](country/{}.ja.svg)\n", drawn.title, drawn.key);
    drawn.iter().map(one).collect::<Vec<_>>().join("\n")
}

/// Shares stand in hundredths of a percent or of a per mille.
fn table(all: &figures::Figures, published: &Published) -> String {
    let mut text = String::from("| | Figure | Invented | Published | |\n|---|---|---:|---:|---|\n");
    for line in figures::compare(all, published) {
        let hundredths = |value: i64| format!("{}.{:02}", value / 100, value % 100);
        text.push_str(&format!(
            "| {} | {} | {} | {} | {} |\n",
            line.ja,
            line.en,
            hundredths(line.invented),
            line.published.map_or_else(|| "—".to_owned(), hundredths),
            line.unit
        ));
    }
    text
}
