//! `shikaku country cast`: people of a nation as a simulation sends them to desks, in a file: what their papers say, their
//! cards with certificates and keys, and what they have to be answered.
//!
//! Always holds: they are drawn from every block alike, so that a load reads all of a large database; keys are those of
//! the public pool; the file is made for load against invented people only.
//! Not here: when they come and what is measured (`simulation`).
//! Rules come from: issue 4, part E and "Speed".

use crate::datadir::write_atomic;
use base::{Date, Error, Fault, Result};
use base64::{Engine, engine::general_purpose::STANDARD};
use country::nation::{
    Nation,
    dice::Dice,
    places,
    visitors::{Expected, Shown, Visitor},
};
use serde::Serialize;
use std::{
    fs,
    io::{BufWriter, Write},
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

/// The file of people.
pub const VISITORS: &str = "visitors.jsonl";
/// The authorities of the cards.
pub const ANCHORS: &str = "anchors.pem";

/// The first line.
#[derive(Serialize)]
struct Head {
    /// Keys of cards, PKCS#8 in base64; a card names its key by place.
    keys: Vec<String>,
    /// The day as of which they come.
    day: String,
}

/// One line: somebody who comes.
#[derive(Serialize)]
struct Line<'v> {
    prefecture: u8,
    insurer: &'v str,
    symbol: &'v str,
    number: &'v str,
    branch: &'v str,
    birth: &'v str,
    name: &'v str,
    by_number: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    card: Option<Card>,
}

#[derive(Serialize)]
struct Card {
    certificate: String,
    key: u64,
    expects: &'static str,
}

fn word(expected: Expected) -> &'static str {
    match expected {
        Expected::Valid => "valid",
        Expected::Held => "held",
        Expected::Refused => "refused",
        Expected::Open => "open",
    }
}

/// Writes about so many people of every block, as of a day. Says how many.
pub fn write(
    nation: &Nation,
    day: Date,
    sample: u32,
    threads: usize,
    out: &Path,
    stop: &AtomicBool,
) -> Result<u64> {
    fs::create_dir_all(out).map_err(|e| Fault::caused("the folder cannot be made", e))?;
    let fault = |e| Fault::caused("the file of people cannot be written", e);
    let mut file = BufWriter::new(fs::File::create(out.join(VISITORS)).map_err(fault)?);
    let keys = Shown::keys().into_iter().map(|key| STANDARD.encode(key)).collect();
    let head =
        serde_json::to_string(&Head { keys, day: day.stamp8() }).map_err(|_| Error::broken("no JSON"))?;
    writeln!(file, "{head}").map_err(fault)?;
    let blocks = nation.plan.blocks();
    let share = |number: u32| (u64::from(sample) * u64::from(number) / u64::from(blocks.max(1))) as usize;
    let make = |block: country::nation::Block| {
        let wanted = share(block.number + 1) - share(block.number);
        chosen(&block.visitors(&nation.institutions), wanted, nation.plan.seed, block.number)
    };
    let (mut count, mut ended) = (0, Ok(()));
    nation.in_order(0..blocks, day, threads, make, |_, lines: Result<Vec<String>>| {
        ended = lines.and_then(|lines| {
            count += lines.len() as u64;
            lines.iter().try_for_each(|line| writeln!(file, "{line}")).map_err(|e| fault(e).into())
        });
        ended.is_ok() && !stop.load(Ordering::Relaxed)
    });
    ended?;
    file.flush().map_err(fault)?;
    let anchors: String = country::anchors().iter().map(|der| crate::tls::pem(der)).collect();
    write_atomic(&out.join(ANCHORS), anchors.as_bytes())?;
    Ok(count)
}

/// So many of a block, each with what they show.
fn chosen(visitors: &[Visitor], wanted: usize, seed: u64, block: u32) -> Result<Vec<String>> {
    let mut dice = Dice::new(seed, &[0x6361_7374, u64::from(block)]);
    let mut places: Vec<usize> = (0..visitors.len()).collect();
    let wanted = wanted.min(places.len());
    for place in 0..wanted {
        let other = place + dice.below((places.len() - place) as u64) as usize;
        places.swap(place, other);
    }
    places[..wanted].iter().map(|place| line(&visitors[*place])).collect()
}

fn line(visitor: &Visitor) -> Result<String> {
    let card = match &visitor.certificate {
        Some(certificate) => Some(Card {
            certificate: STANDARD.encode(Shown::of(visitor.number, certificate)?.certificate),
            key: Shown::key_of(visitor.number, certificate),
            expects: word(visitor.by_card),
        }),
        None => None,
    };
    let typed = &visitor.typed;
    let line = Line {
        prefecture: places::municipalities()[visitor.municipality].prefecture,
        insurer: &typed.insurer,
        symbol: &typed.symbol,
        number: &typed.number,
        branch: &typed.branch,
        birth: &typed.birth,
        name: &visitor.name,
        by_number: word(visitor.by_number),
        card,
    };
    serde_json::to_string(&line).map_err(|_| Error::broken("a person is no JSON"))
}
