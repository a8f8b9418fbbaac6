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
    let Settings { pages, machines, check, audit, terminal, demo, .. } = settings;
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
        ("audit.seal_every_ms", ms(audit.seal_every_ms), 100, MS_MAX),
        ("audit.seal_every_rows", ms(audit.seal_every_rows), 1, i64::MAX),
        ("terminal.poll_ms", ms(terminal.poll_ms), 10, MS_MAX),
        ("terminal.settle_ms", ms(terminal.settle_ms), 0, MS_MAX),
        ("terminal.repeat_ms", terminal.repeat_ms, 0, 24 * 60 * 60 * 1000),
        ("terminal.timeout_ms", ms(terminal.timeout_ms), 100, MS_MAX),
        ("demo.clock_offset_s", demo.clock_offset_s, -YEARS_100_S, YEARS_100_S),
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
    fn single_lines_are_overridden_and_unknown_ones_refused() {
        let over = |text: &str| parse(text.parse().expect("TOML"));
        let settings = over("[check]\nfiling_window_days = 3").expect("a known key");
        assert_eq!(settings.check.filing_window_days, 3);
        assert_eq!(settings.check.ahead_days_max, 31);
        for bad in [
            "[check]\nfilling = 1",
            "[chek]\nx = 1",
            "[pages]\nlisten = \"nowhere\"",
            "[terminal]\npoll_ms = 0",
        ] {
            assert!(over(bad).is_err(), "{bad}");
        }
    }
}
