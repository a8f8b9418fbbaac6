//! The files of two rosters: `shikaku country rosters`.
//!
//! Always holds: the parts of B lie in the folder while they are written and are gone when the command ends; files that
//! were there before are written anew; the same wish gives the same bytes.
//! Not here: who is in them and what differs (`country::rosters`).
//! Rules come from: the issue on linkage, part E.

use crate::country_commands::{NoiseArg, RostersArgs};
use base::{Date, Error, Fault, Result};
use country::rosters::{
    HEADER_A, HEADER_B, HEADER_DECOYS, HEADER_TRUTH, Noise, PARTS, Rosters, SPEC, Wish, classes_csv,
};
use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};

/// Bytes that a file gathers before it writes.
const BUFFER: usize = 1 << 18;
/// How many blocks go by between two lines of progress.
const TELL_EACH: u32 = 1_000;

/// The files while they are written.
struct Files {
    a: BufWriter<File>,
    b: Vec<BufWriter<File>>,
    truth: BufWriter<File>,
    decoys: BufWriter<File>,
}

fn part(out: &Path, number: usize) -> PathBuf {
    out.join(format!(".b-{number:02}.part"))
}

impl Files {
    fn create(out: &Path) -> io::Result<Files> {
        let create = |path: PathBuf, header: &str| {
            let mut file = BufWriter::with_capacity(BUFFER, File::create(path)?);
            file.write_all(header.as_bytes())?;
            io::Result::Ok(file)
        };
        Ok(Files {
            a: create(out.join("a.csv"), HEADER_A)?,
            b: (0..PARTS).map(|number| create(part(out, number), "")).collect::<io::Result<_>>()?,
            truth: create(out.join("truth.csv"), HEADER_TRUTH)?,
            decoys: create(out.join("decoys.csv"), HEADER_DECOYS)?,
        })
    }

    fn add(&mut self, chunk: &country::rosters::Chunk) -> io::Result<()> {
        self.a.write_all(chunk.a.as_bytes())?;
        self.truth.write_all(chunk.truth.as_bytes())?;
        self.decoys.write_all(chunk.decoys.as_bytes())?;
        self.b.iter_mut().zip(&chunk.b).try_for_each(|(file, lines)| file.write_all(lines.as_bytes()))
    }

    fn flush(mut self) -> io::Result<()> {
        [self.a, self.truth, self.decoys].iter_mut().chain(&mut self.b).try_for_each(Write::flush)
    }
}

/// Puts the parts of B behind one another and removes them.
fn join(out: &Path) -> io::Result<()> {
    let mut whole = File::create(out.join("b.csv"))?;
    whole.write_all(HEADER_B.as_bytes())?;
    for number in 0..PARTS {
        io::copy(&mut File::open(part(out, number))?, &mut whole)?;
        fs::remove_file(part(out, number))?;
    }
    Ok(())
}

/// Writes them. Says whether it came to its end.
pub(crate) fn write(
    args: &RostersArgs,
    day: Date,
    threads: usize,
    stop: &AtomicBool,
    say: &mut dyn FnMut(&str),
) -> Result<bool> {
    let (rows_a, rows_b) = (args.rows_a, args.rows_b);
    let both = args.both.unwrap_or_else(|| (u64::from(rows_a.min(rows_b)) * 11 / 12) as u32);
    let noise = match args.noise {
        NoiseArg::None => Noise::None,
        NoiseArg::Field => Noise::Field,
        NoiseArg::Apart => Noise::Apart,
    };
    let wish = Wish { seed: args.seed, day, rows_a, rows_b, both, noise };
    let rosters = Rosters::new(wish)
        .ok_or_else(|| Error::broken("no more people can be in both files than in either of them"))?;
    let fault = |e: io::Error| Error::from(Fault::caused("the rosters cannot be written", e));
    fs::create_dir_all(&args.out).map_err(fault)?;
    let mut files = Files::create(&args.out).map_err(fault)?;
    let mut ended = Ok(());
    rosters.in_order(threads, |number, chunk| {
        ended = files.add(&chunk);
        if number % TELL_EACH == TELL_EACH - 1 {
            say(&format!("{} of {} thousand people", number + 1, rosters.blocks()));
        }
        ended.is_ok() && !stop.load(Ordering::Relaxed)
    });
    let whole = ended.is_ok() && !stop.load(Ordering::Relaxed);
    ended = ended.and_then(|()| files.flush());
    if whole && ended.is_ok() {
        ended = join(&args.out)
            .and_then(|()| fs::write(args.out.join("spec.toml"), SPEC))
            .and_then(|()| fs::write(args.out.join("classes.csv"), classes_csv()));
    }
    if !whole || ended.is_err() {
        for number in 0..PARTS {
            // What is gone already need not go.
            let _ = fs::remove_file(part(&args.out, number));
        }
    }
    ended.map_err(fault)?;
    say(&match whole {
        true => format!("{rows_a} and {rows_b} rows, {both} people in both: {}", args.out.display()),
        false => "stopped".to_owned(),
    });
    Ok(whole)
}
