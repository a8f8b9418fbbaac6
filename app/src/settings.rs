//! Settings: the compiled-in `config.default.toml`, overridden line by line by a file.
//!
//! Always holds: every setting has its default, unit and reason in that file; an unknown key is refused by name; what
//! cannot work is refused at start with the key and what to do.
//! Not here: what a setting means; each belongs to the part that it is handed to.
//! Rules come from: DESIGN section 1.

use base::{Error, Fault, Result};
use serde::Deserialize;
use std::{net::SocketAddr, path::Path};

/// The defaults, as people read them.
pub const DEFAULTS: &str = include_str!("../../config.default.toml");

/// All settings.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The pages' listener.
    pub pages: Pages,
    /// The machines' listener.
    pub machines: Machines,
    /// The database.
    pub database: Database,
    /// The check.
    pub check: Check,
    /// Certificates on cards.
    pub cards: Cards,
    /// The reader's desk.
    pub reader: Reader,
    /// The terminal's kiosk page.
    pub kiosk: Kiosk,
    /// The person's own pages.
    pub portal: Portal,
    /// The log.
    pub audit: Audit,
    /// The folder door.
    pub terminal: TerminalSettings,
    /// The demo.
    pub demo: Demo,
}

/// The pages' listener.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pages {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Names under which browsers may ask.
    pub hosts: Vec<String>,
    /// Whether cookies are Secure.
    pub behind_https: bool,
    /// Threads.
    pub threads: usize,
    /// Waiting operations.
    pub queue: usize,
}

/// The machines' listener.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machines {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Certificate chain, PEM file.
    pub certificate: String,
    /// Key, PEM file.
    pub key: String,
    /// Authority of terminals' certificates, PEM file.
    pub terminal_authority: String,
    /// Threads.
    pub threads: usize,
    /// Waiting checks.
    pub queue: usize,
    /// Connections at once.
    pub connections_max: usize,
}

/// The database.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// `sqlite` or `postgres://…`.
    pub url: String,
    /// A read-only replica for the page of statistics, `postgres://…`; empty for none.
    pub statistics: String,
}

impl Database {
    /// A replica is one of a PostgreSQL database.
    fn is_good(&self) -> bool {
        let is_postgres =
            |url: &str| ["postgres://", "postgresql://"].iter().any(|begin| url.starts_with(begin));
        self.statistics.is_empty() || (is_postgres(&self.url) && is_postgres(&self.statistics))
    }
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.url == "sqlite" { "sqlite" } else { "postgres" }) // the address may hold a password
    }
}

/// The check by number.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// Days.
    pub filing_window_days: i64,
    /// The field's plain behaviour.
    pub invalid_at_once: bool,
    /// Days.
    pub ahead_days_max: i64,
    /// Days.
    pub back_days_max: i64,
}

impl From<Check> for counter::rules::Settings {
    fn from(check: Check) -> Self {
        counter::rules::Settings {
            filing_window_days: check.filing_window_days,
            invalid_at_once: check.invalid_at_once,
            ahead_days_max: check.ahead_days_max,
            back_days_max: check.back_days_max,
        }
    }
}

/// Certificates on cards.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cards {
    /// Whose certificates are accepted.
    pub hierarchy: Hierarchy,
    /// PEM file.
    pub anchors: String,
    /// Where their states are asked for.
    pub status: StatusSource,
    /// Folder.
    pub lists: String,
    /// Seconds.
    pub status_age_max_s: i64,
    /// Seconds.
    pub nonce_life_s: i64,
    /// Months.
    pub warn_months: u32,
    /// Months.
    pub grace_months: u32,
    /// To the day or with the month.
    pub grace_ends: GraceEnds,
}

/// Whose certificates are accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Hierarchy {
    /// The real authority's.
    Production,
    /// The invented authority's.
    Test,
}

/// Where the states of certificates are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StatusSource {
    /// What is recorded here.
    Register,
    /// The authority's lists, and the register.
    Lists,
}

/// How the grace ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GraceEnds {
    /// To the day.
    Day,
    /// With the month.
    Month,
}

/// The reader's desk.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reader {
    /// Words of kinds.
    pub asked: Vec<String>,
    /// Paper or electronic.
    pub prescription: bool,
    /// Seconds.
    pub pass_life_s: i64,
}

impl Reader {
    /// The desk's settings; a word that no kind has is refused by name.
    pub fn settings(&self) -> Result<reader::rules::Settings> {
        let word = |word: &String| {
            consent::rules::kind(word).map(|kind| kind.word).ok_or_else(|| {
                Error::broken(format!(
                    "the settings: reader.asked names {word:?}, which is no kind; see config.default.toml"
                ))
            })
        };
        Ok(reader::rules::Settings {
            asked: self.asked.iter().map(word).collect::<Result<_>>()?,
            prescription: self.prescription,
            pass_life_ms: self.pass_life_s * 1000,
        })
    }
}

/// The terminal's kiosk page.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kiosk {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Seconds.
    pub idle_s: u64,
    /// Seconds.
    pub result_s: u64,
    /// The staff's code for comparing the photo by eye; empty or `off` when they may not.
    pub eye_code: String,
    /// The code is the demo's own, for everybody to read.
    #[serde(skip)]
    pub is_eye_code_sample: bool,
}

impl std::fmt::Debug for Kiosk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Kiosk") // it holds the staff's code
    }
}

impl Kiosk {
    /// What switches the check by eye off in a demo too, where an empty code stands for the sample.
    const OFF: &str = "off";

    /// The staff's code; empty when the check by eye is off.
    pub fn staff_code(&self) -> &str {
        if self.eye_code == Kiosk::OFF { "" } else { &self.eye_code }
    }

    /// Takes the demo's staff code when none is set.
    pub fn take_sample(&mut self, code: &str) {
        if self.eye_code.is_empty() {
            (self.eye_code, self.is_eye_code_sample) = (code.to_owned(), true);
        }
    }

    fn is_good(&self) -> bool {
        let code = self.staff_code();
        code.is_empty() || (4..=8).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_digit())
    }
}

/// The person's own pages.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Portal {
    /// Address of the reader, `http://host:port`.
    pub reader: String,
}

/// The log.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Audit {
    /// Milliseconds.
    pub seal_every_ms: u64,
    /// Rows.
    pub seal_every_rows: u64,
}

/// The folder door.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TerminalSettings {
    /// Milliseconds.
    pub poll_ms: u64,
    /// Milliseconds.
    pub settle_ms: u64,
    /// Milliseconds.
    pub repeat_ms: i64,
    /// `utf-8`, `shift_jis` or `as-request`.
    pub encoding: String,
    /// Write in place.
    pub write_in_place: bool,
    /// Milliseconds.
    pub timeout_ms: u64,
}

/// The demo.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Demo {
    /// Seconds.
    pub clock_offset_s: i64,
    /// People of a new demo's nation.
    pub people: u32,
    /// Seconds between two of them at the clinics.
    pub visits_every_s: u32,
}

/// Reads the defaults and, over them, a file.
pub fn load(file: Option<&Path>) -> Result<Settings> {
    let over = match file {
        None => toml::Table::new(),
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .map_err(|e| Fault::caused("the settings file cannot be read", e))?;
            text.parse()
                .map_err(|e: toml::de::Error| Error::broken(format!("the settings file: {}", e.message())))?
        }
    };
    parse(over)
}

fn parse(over: toml::Table) -> Result<Settings> {
    let mut table: toml::Table =
        DEFAULTS.parse().map_err(|e| Fault::caused("config.default.toml does not read back", e))?;
    for (section, lines) in over {
        match (table.get_mut(&section), lines) {
            (Some(toml::Value::Table(known)), toml::Value::Table(lines)) => known.extend(lines),
            _ => {
                return Err(Error::broken(format!(
                    "the settings file: there is no section [{section}]; see config.default.toml"
                )));
            }
        }
    }
    let settings: Settings = table
        .try_into()
        .map_err(|e: toml::de::Error| Error::broken(format!("the settings: {}", e.message())))?;
    in_range(&settings)?;
    Ok(settings)
}

/// Refuses what cannot work, by key.
fn in_range(settings: &Settings) -> Result<()> {
    let Settings { pages, machines, check, cards, reader, kiosk, audit, terminal, demo, .. } = settings;
    settings.reader.settings()?;
    if !kiosk.is_good() {
        return Err(Error::broken(
            "the settings: kiosk.eye_code must be four to eight digits, \"off\", or empty",
        ));
    }
    if !settings.database.is_good() {
        return Err(Error::broken(
            "the settings: database.statistics is the postgres:// address of a replica of the database, whose url must be \
             postgres:// too, or empty",
        ));
    }
    let size = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let ms = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    const DAYS_MAX: i64 = 36_500;
    const MS_MAX: i64 = 600_000;
    const YEARS_100_S: i64 = 3_155_760_000;
    for (key, value, least, most) in [
        ("pages.threads", size(pages.threads), 1, 64),
        ("pages.queue", size(pages.queue), 1, 100_000),
        ("machines.threads", size(machines.threads), 1, 64),
        ("machines.queue", size(machines.queue), 1, 100_000),
        ("machines.connections_max", size(machines.connections_max), 1, 100_000),
        ("check.filing_window_days", check.filing_window_days, 0, DAYS_MAX),
        ("check.ahead_days_max", check.ahead_days_max, 0, DAYS_MAX),
        ("check.back_days_max", check.back_days_max, 0, DAYS_MAX),
        ("cards.status_age_max_s", cards.status_age_max_s, 1, YEARS_100_S),
        ("cards.nonce_life_s", cards.nonce_life_s, 1, 86_400),
        ("cards.warn_months", cards.warn_months.into(), 0, 120),
        ("cards.grace_months", cards.grace_months.into(), 0, 120),
        ("reader.pass_life_s", reader.pass_life_s, 1, 86_400),
        ("kiosk.idle_s", ms(kiosk.idle_s), 5, 3600),
        ("kiosk.result_s", ms(kiosk.result_s), 2, 3600),
        ("audit.seal_every_ms", ms(audit.seal_every_ms), 100, MS_MAX),
        ("audit.seal_every_rows", ms(audit.seal_every_rows), 1, i64::MAX),
        ("terminal.poll_ms", ms(terminal.poll_ms), 10, MS_MAX),
        ("terminal.settle_ms", ms(terminal.settle_ms), 0, MS_MAX),
        ("terminal.repeat_ms", terminal.repeat_ms, 0, 24 * 60 * 60 * 1000),
        ("terminal.timeout_ms", ms(terminal.timeout_ms), 100, MS_MAX),
        ("demo.clock_offset_s", demo.clock_offset_s, -YEARS_100_S, YEARS_100_S),
        ("demo.people", demo.people.into(), 0, 11_000_000),
        ("demo.visits_every_s", demo.visits_every_s.into(), 0, 86_400),
    ] {
        if value < least || value > most {
            return Err(Error::broken(format!(
                "the settings: {key} is {value}, but may be {least} to {most}"
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_whole() {
        assert!(parse(toml::Table::new()).is_ok());
    }

    #[test]
    fn the_staff_code_is_off_a_sample_or_ones_own() {
        for (set, demo, is_sample) in [("", "2580", true), ("off", "", false), ("13579", "13579", false)] {
            let over = format!("[kiosk]\neye_code = \"{set}\"");
            let mut kiosk = parse(over.parse().expect("TOML")).expect("good settings").kiosk;
            assert_eq!(kiosk.staff_code(), set.trim_start_matches("off"));
            kiosk.take_sample("2580");
            assert_eq!((kiosk.staff_code(), kiosk.is_eye_code_sample), (demo, is_sample));
            assert!(!format!("{kiosk:?}").contains(char::is_numeric));
        }
    }

    #[test]
    fn single_lines_are_overridden_and_unknown_ones_refused() {
        let over = |text: &str| parse(text.parse().expect("TOML"));
        let settings = over("[check]\nfiling_window_days = 3").expect("a known key");
        assert_eq!(settings.check.filing_window_days, 3);
        assert_eq!(settings.check.ahead_days_max, 31);
        let replica = "[database]\nurl = \"postgres://a@b/c\"\nstatistics = \"postgres://canary@d/c\"";
        assert!(!format!("{:?}", over(replica).expect("a replica")).contains("canary"));
        for bad in [
            "[check]\nfilling = 1",
            "[chek]\nx = 1",
            "[pages]\nlisten = \"nowhere\"",
            "[terminal]\npoll_ms = 0",
            "[kiosk]\neye_code = \"123\"",
            "[kiosk]\neye_code = \"12345a\"",
            "[kiosk]\neye_code = 2580",
            "[database]\nstatistics = \"postgres://reader@replica/shikaku\"",
            "[database]\nurl = \"postgres://a@b/c\"\nstatistics = \"sqlite\"",
        ] {
            assert!(over(bad).is_err(), "{bad}");
        }
    }
}
