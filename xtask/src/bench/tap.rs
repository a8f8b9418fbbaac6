//! The reader's bench: checks by card on SQLite and PostgreSQL, with cards of today and those with P-384 keys; and
//! beside them what the bare verifications of their signatures take.
//! The bare route, today's cards and those of P-384 are measured on one demo, one after the other.

use super::{
    Asked, Database, Kind, Part, Setting,
    report::{self, Aim, Aims, Block, Row, TAP},
    runs::{Bench, Beside, MODERATE_NAME, Measured, Phase, Watched},
    verify::{LOOK, Timed},
};
use simulation::{
    cards::{Deck, Taps},
    started_ms,
};
use std::{
    cell::RefCell,
    io::{self, Write},
    rc::Rc,
    time::Duration,
};

/// The bench.
pub(super) const KIND: Kind = Kind {
    subject: TAP,
    parts: &[Part::Sqlite, Part::Postgres],
    usual: &[Part::Sqlite, Part::Postgres],
    settings: SETTINGS,
    profile: |setting, out| super::profiled(setting, asks, out),
    measure,
};

/// Nonces are signed long before they are used: each load's all at once.
const SETTINGS: &str = "[cards]\nnonce_life_s = 86400\n";
/// What SQLite should reach.
const AIMS: Aims = Aims { rate: 6_000.0, p99_moderate: 10.0, p99_80: None, cpu_of_hello: None };
/// A card check at most, in verifications of two signatures: the card's, and the authority's over its certificate.
const OF_TWO_VERIFICATIONS: f64 = 5.0;
/// What a card signs has so many bytes.
const MESSAGE: [u8; 73] = [0x5A; 73];

fn measure(setting: &Setting<'_>, part: Part, out: &mut dyn Write) -> io::Result<Block> {
    match part {
        Part::Postgres => {
            let database = setting.database()?;
            let about = Named { name: "postgres", says: "PostgreSQL", aims: None };
            measured(setting, &about, Some(&database), out)
        }
        Part::Sqlite | Part::Size | Part::Build => {
            let about = Named { name: "sqlite", says: "SQLite", aims: Some(&AIMS) };
            measured(setting, &about, None, out)
        }
    }
}

fn deck(setting: &Setting<'_>, demo: &str) -> io::Result<Deck> {
    Deck::read(&setting.starter.data(demo), started_ms()?)
}

/// Every card of a demo that has an RSA key.
fn asks(setting: &Setting<'_>, demo: &str) -> io::Result<Asked> {
    let deck = deck(setting, demo)?;
    Ok(Asked { questions: deck.rsa, says: deck.says })
}

/// A part's name, for programs and for people, and what it should reach.
struct Named {
    name: &'static str,
    says: &'static str,
    aims: Option<&'static Aims>,
}

fn measured(
    setting: &Setting<'_>,
    about: &Named,
    database: Option<&Database>,
    out: &mut dyn Write,
) -> io::Result<Block> {
    writeln!(out, "{}, one process", about.says)?;
    let demo = setting.demo(about.name, database)?;
    let deck = deck(setting, about.name)?;
    let rsa = timed(&deck.rsa)?;
    let watched = Watched::new(&[&demo], database.and_then(Database::pid));
    let target = setting.starter.target(about.name, &demo)?;
    let mut bench = setting.bench(vec![target], watched, deck.rsa.clone(), out)?;
    bench.set_beside(beside(&rsa));
    let measured = bench.measure()?;
    let p384 = p384(&mut bench, &deck)?;
    drop(bench);
    let trouble = demo.end()?;
    let mut rows = report::rows(TAP, about.name, about.says, &measured, about.aims);
    rows.extend(verification_rows(about, &measured, &rsa.borrow()));
    let mut tables = report::tables(TAP, about.says, &measured);
    let mut says = vec![setting.load_says(&deck.says), NONCES_SAY.into()];
    says.extend(database.map(Database::says));
    match &p384 {
        Some((phases, timed)) => {
            rows.extend(p384_rows(about, phases, &timed.borrow()));
            tables.push_str(&format!("\n{}", report::table(&format!("{}, P-384 cards", about.says), phases)));
            says.push(format!("P-384: {} card with such a key, valid, again and again", deck.p384.len()));
        }
        None => says.push("no card of the demo has a P-384 key, so none was measured".into()),
    }
    let conditions = setting.with(says.into_iter().chain(measured.disturbed()).chain(trouble));
    let title = format!("{}, one process on one core", about.says);
    Ok(Block { subject: TAP, name: about.name, title, conditions, rows, tables })
}

const NONCES_SAY: &str = "each request has a nonce of its own, asked for at the same door and signed by its card before \
                          the load; bare verifications are timed on the generator's core before and after each load, \
                          the median of batches, over as many bytes as a card signs";

/// A signature that is looked at beside the loads, and read when they are over.
type Verified = Rc<RefCell<Timed>>;

/// A signature of the first of these cards, to be verified.
fn timed(cards: &Taps) -> io::Result<Verified> {
    let (certificate, signature) = cards.sample(&MESSAGE)?;
    Ok(Rc::new(RefCell::new(Timed::new(&certificate, &MESSAGE, &signature)?)))
}

fn beside(timed: &Verified) -> Beside {
    let timed = timed.clone();
    Box::new(move || timed.borrow_mut().look(LOOK))
}

/// The same server with the cards that have P-384 keys; nothing when there are none.
fn p384(bench: &mut Bench<'_>, deck: &Deck) -> io::Result<Option<(Vec<Phase>, Verified)>> {
    if deck.p384.is_empty() {
        return Ok(None);
    }
    let timed = timed(&deck.p384)?;
    bench.set_checks(deck.p384.clone());
    bench.set_beside(beside(&timed));
    let phases = bench.measure_two()?;
    Ok(Some((phases, timed)))
}

fn micro(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// How often two bare verifications go into the server's CPU time of a card check.
fn of_two(check: &Phase, timed: &Timed) -> f64 {
    check.server.as_secs_f64() / (2.0 * timed.bare_time().as_secs_f64())
}

fn verification_rows(about: &Named, measured: &Measured, rsa: &Timed) -> Vec<Row> {
    let Named { name, says, aims } = about;
    let Some(saturated) = measured.checks.first() else { return Vec::new() };
    let row = |key: &str, what: &str, value: f64, unit, aim| {
        Row::new(&format!("{name}.{key}"), &format!("{says}: {what}"), value, unit, aim)
    };
    let most = if aims.is_some() { Aim::AtMost(OF_TWO_VERIFICATIONS) } else { Aim::LessIsBetter };
    vec![
        row(
            "cpu_us",
            "server CPU of a card check, saturated",
            micro(saturated.server),
            "µs",
            Aim::LessIsBetter,
        ),
        row("rsa_us", "one bare RSA-2048 verification", micro(rsa.bare_time()), "µs", Aim::LessIsBetter),
        row(
            "rsa_with_key_us",
            "the same with reading the key",
            micro(rsa.with_key_time()),
            "µs",
            Aim::LessIsBetter,
        ),
        row(
            "cpu_of_two_rsa",
            "server CPU of a card check ÷ two bare RSA-2048 verifications (stretch 3.5)",
            of_two(saturated, rsa),
            "×",
            most,
        ),
    ]
}

fn p384_rows(about: &Named, phases: &[Phase], p384: &Timed) -> Vec<Row> {
    let Named { name, says, .. } = about;
    let Some(saturated) = phases.first() else { return Vec::new() };
    let row = |key: &str, what: &str, value: f64, unit, aim| {
        Row::new(&format!("{name}.p384_{key}"), &format!("{says}, P-384: {what}"), value, unit, aim)
    };
    let p99 = |phase: &Phase| phase.outcome.latency.at(0.99).as_secs_f64() * 1e3;
    let less = Aim::LessIsBetter;
    let mut rows = vec![
        row("saturation", "card checks of a closed load", saturated.outcome.rate(), "/s", Aim::MoreIsBetter),
        row("cpu_us", "server CPU of a card check, saturated", micro(saturated.server), "µs", less),
        row("us", "one bare P-384 verification", micro(p384.bare_time()), "µs", less),
        row("with_key_us", "the same with reading the key", micro(p384.with_key_time()), "µs", less),
        row(
            "cpu_of_two",
            "server CPU of a card check ÷ two bare P-384 verifications",
            of_two(saturated, p384),
            "×",
            less,
        ),
    ];
    let moderate = phases.iter().find(|phase| phase.name == MODERATE_NAME);
    rows.extend(moderate.map(|phase| row("p99_at_1000", "p99 at 1,000/s", p99(phase), "ms", less)));
    rows
}
