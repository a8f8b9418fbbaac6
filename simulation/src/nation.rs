//! An invented nation made ready to be served: its database, the people who come, and facilities that ask.
//!
//! Always holds: `shikaku` itself makes, casts and loads, by its command line; a directory that was made before is copied
//! and never written to.
//! Not here: who the people are (`app`, `country`), what they are asked (`cast`, `morning`).
//! Rules come from: issue 4, part E and "Speed".

use crate::{
    cast::{ANCHORS, VISITORS},
    clock,
    morning::{
        terminals::{Authority, Issued, invented},
        visits::Facility,
    },
    servers::Starter,
};
use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

/// The files of SQLite.
pub(crate) const FILES: [&str; 2] = ["shikaku.db", "log.db"];
/// What a made directory says of its nation, and its seed.
const ABOUT: [&str; 2] = ["nation.toml", "country-seed.txt"];

/// Which nation.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// How many people; of a directory that was made before, what it says.
    pub people: u32,
    /// About so many of them come.
    pub sample: u32,
    /// A directory that `shikaku country make` filled, on SQLite. Where it has the files of `country cast` as well, these
    /// are taken.
    pub made: Option<PathBuf>,
}

/// A nation that can be served.
pub struct Ready {
    /// On SQLite: the folder with the files.
    pub data: PathBuf,
    /// The folder with the files of people and of their cards' authorities.
    pub cast: PathBuf,
    /// How many people the database has.
    pub people: u32,
    /// Facilities that ask, with their terminals.
    pub facilities: Vec<Facility>,
    /// The authority of the terminals' certificates, PEM.
    pub terminal_authority: PathBuf,
    /// Of SQLite's files with everybody in them, before anybody asked.
    pub bytes: u64,
    authority: Authority,
    config: PathBuf,
}

/// Makes a nation under a name in the starter's folder, on SQLite or on the PostgreSQL behind the address, and so many
/// facilities.
pub fn ready(
    starter: &Starter<'_>,
    name: &str,
    postgres: Option<&str>,
    wanted: &Wanted,
    facilities: usize,
) -> io::Result<Ready> {
    let data = starter.data(name);
    fs::create_dir_all(&data)?;
    let config = starter.folder.join(format!("{name}-making.toml"));
    fs::write(&config, postgres.map(|url| format!("[database]\nurl = {url:?}\n")).unwrap_or_default())?;
    let (which, cast) = match &wanted.made {
        Some(_) if postgres.is_some() => {
            return Err(io::Error::other("a directory that was made before can be copied on SQLite only"));
        }
        Some(made) => {
            copy_files(made, &data)?;
            (Which::read(made)?, made.join(VISITORS).exists().then(|| made.clone()))
        }
        None => {
            let which = Which { people: wanted.people, seed: 1, day: clock::today("+%Y%m%d")? };
            shikaku(
                starter,
                &["country", "make"],
                &which.args(),
                &[("--data", &data), ("--config", &config)],
            )?;
            (which, None)
        }
    };
    let bytes = FILES.iter().map(|name| fs::metadata(data.join(name)).map_or(0, |file| file.len())).sum();
    let cast = match cast {
        Some(cast) => cast,
        None => {
            let out = starter.data(&format!("{name}-cast"));
            let more = ["--sample".to_owned(), wanted.sample.to_string()];
            shikaku(
                starter,
                &["country", "cast"],
                &[which.args(), more.to_vec()].concat(),
                &[("--out", &out)],
            )?;
            out
        }
    };
    let authority = Authority::make()?;
    let (facilities, feed) = invented(&authority, facilities, &clock::today("+%Y%m%d")?)?;
    let [file, terminal_authority] =
        ["facilities.jsonl", "terminals.pem"].map(|what| starter.folder.join(format!("{name}-{what}")));
    fs::write(&file, feed)?;
    fs::write(&terminal_authority, &authority.pem)?;
    let people = which.people;
    let ready = Ready { data, cast, people, facilities, terminal_authority, bytes, authority, config };
    let file = file.to_string_lossy();
    ready.shikaku(starter, &["feed", "load", "--batch", "500", &file])?;
    Ok(ready)
}

impl Ready {
    /// The authorities of the cards, PEM.
    pub fn anchors(&self) -> PathBuf {
        self.cast.join(ANCHORS)
    }

    /// Admits an outside office of this kind, an insurer's with its number; gives its certificate with key, PEM. Nobody
    /// may serve the data meanwhile.
    pub fn office(&self, starter: &Starter<'_>, kind: &str, insurer: Option<&str>) -> io::Result<Vec<u8>> {
        let Issued { pem, .. } = self.authority.issue(kind)?;
        let file = starter.folder.join(format!("office-{kind}.pem"));
        let text = String::from_utf8_lossy(&pem);
        let certificate = text.find("-----BEGIN PRIVATE").map_or(text.as_ref(), |key| &text[..key]);
        fs::write(&file, certificate)?;
        let file = file.to_string_lossy();
        let mut words = vec!["office", "admit", "--kind", kind, "--label", "架空の届出元", "--cert", &file];
        words.extend(["--until", "2089-12-31"]);
        words.extend(insurer.iter().flat_map(|insurer| ["--insurer", insurer]));
        self.shikaku(starter, &words)?;
        Ok(pem)
    }

    /// A command on the data.
    fn shikaku(&self, starter: &Starter<'_>, words: &[&str]) -> io::Result<()> {
        shikaku(starter, words, &[], &[("--data", &self.data), ("--config", &self.config)])
    }
}

/// Which nation a directory has.
struct Which {
    people: u32,
    seed: u64,
    day: String,
}

impl Which {
    fn read(made: &Path) -> io::Result<Which> {
        let [about, seed] = ABOUT.map(|name| fs::read_to_string(made.join(name)));
        let (about, seed) = (about?, seed?);
        let number = |key: &str| {
            let line = about.lines().find_map(|line| line.strip_prefix(key)?.trim().strip_prefix('='));
            line.map(|value| value.trim().to_owned())
                .ok_or_else(|| io::Error::other(format!("the nation's file does not say {key}")))
        };
        if number("mistakes")? != "1" {
            return Err(io::Error::other("a nation with more mistakes than the field's"));
        }
        let people = number("people")?.parse().map_err(io::Error::other)?;
        Ok(Which { people, seed: seed.trim().parse().map_err(io::Error::other)?, day: number("base")? })
    }

    fn args(&self) -> Vec<String> {
        let Which { people, seed, day } = self;
        ["--people", &people.to_string(), "--seed", &seed.to_string(), "--day", day]
            .map(str::to_owned)
            .to_vec()
    }
}

/// Runs `shikaku` to its end.
fn shikaku(
    starter: &Starter<'_>,
    words: &[&str],
    args: &[String],
    paths: &[(&str, &Path)],
) -> io::Result<()> {
    let mut command = Command::new(starter.shikaku);
    command.args(words).args(args);
    for (name, path) in paths {
        command.arg(name).arg(path);
    }
    let said = command.output()?;
    if said.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&[said.stdout, said.stderr].concat()).into_owned();
    let last = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default().to_owned();
    Err(io::Error::other(format!("shikaku {}: {last}", words[..2].join(" "))))
}

/// A demo's folder itself is not served for real work; its files are.
pub(crate) fn copy_files(from: &Path, to: &Path) -> io::Result<()> {
    for name in FILES {
        for more in ["", "-wal"] {
            let file = from.join(format!("{name}{more}"));
            if file.exists() {
                fs::copy(&file, to.join(format!("{name}{more}")))?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_directory_says_which_nation_it_has() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("written");
        write("country-seed.txt", "7\n");
        write("nation.toml", "# The nation.\npeople = 200\nbase = 20261127\nmistakes = 1\n");
        let which = Which::read(folder.path()).expect("a nation");
        assert_eq!(which.args(), ["--people", "200", "--seed", "7", "--day", "20261127"]);
        write("nation.toml", "people = 200\nbase = 20261127\nmistakes = 50\n");
        assert!(Which::read(folder.path()).is_err(), "its people would be told other things");
        write("nation.toml", "people = 200\nmistakes = 1\n");
        assert!(Which::read(folder.path()).is_err());
    }
}
