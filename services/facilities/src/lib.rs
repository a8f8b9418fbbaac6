//! Facilities: clinics, hospitals, dental clinics and pharmacies, since when they take part, and their terminals.
//!
//! Always holds: an entry is never overwritten, the one with the highest revision stands; two facilities never have the
//! same code; a terminal's certificate belongs to one facility for ever, and a barred one is never admitted again.
//! Not here: people with accounts (`staff`), making certificates and the TLS handshake (`app`), what a facility may ask
//! (`counter`).
//! Rules come from: docs/rules.md S1 r9, S11 r1; DESIGN section 3 ("Ids") and 4.

#![forbid(unsafe_code)]

pub mod refusals;
pub mod rules;
mod store;
#[cfg(test)]
mod tests;
pub mod web;

use ::store::Tx;
use audit::{Evidence, say};
use base::{Answer, Cx, Date, FacilityCode, Id, Instant, Result, kinds};
use rules::{Admitted, Facility, FacilityEntry, Kind, NewTerminal, Sought, State, Terminal};

/// A facility as it stands.
pub fn get(tx: &mut Tx<'_>, id: Id<kinds::Facility>) -> Result<Option<Facility>> {
    store::by_id(tx, id)
}

/// The facility that has this code at present.
pub fn find(tx: &mut Tx<'_>, code: &FacilityCode) -> Result<Option<Facility>> {
    store::by_code(tx, code)
}

/// Facilities in the order of their codes, those after `after`, at most `limit`.
pub fn list(tx: &mut Tx<'_>, after: Option<&FacilityCode>, limit: usize) -> Result<Vec<Facility>> {
    store::after(tx, after, limit)
}

/// Those that are looked for, in the order of their codes, after `after`, at most `limit`.
pub fn search(
    tx: &mut Tx<'_>,
    sought: &Sought,
    after: Option<&FacilityCode>,
    limit: usize,
) -> Result<Vec<Facility>> {
    match sought {
        Sought::Everything => store::after(tx, after, limit),
        Sought::Code(begins) => store::with_code(tx, begins, after, limit),
        Sought::Name(part) => store::with_name(tx, part, after, limit),
    }
}

/// How many facilities of each kind are in which state on a day.
pub fn figures(tx: &mut Tx<'_>, day: Date) -> Result<Vec<(Kind, State, i64)>> {
    store::figures(tx, day)
}

/// Records a facility, or records it anew, under an id that the caller made. Recording what already stands does nothing
/// and says so with `false`. Runs inside `Store::record`.
pub fn record(
    tx: &mut Tx<'_>,
    cx: &Cx<'_>,
    id: Id<kinds::Facility>,
    entry: &FacilityEntry,
) -> Result<Answer<bool>> {
    let standing = store::by_id(tx, id)?;
    let holder = store::by_code(tx, &entry.code)?;
    if standing.is_some_and(|standing| standing.entry == *entry) {
        return Ok(Ok(false));
    }
    if let Err(refusal) = rules::check_entry(id, entry, holder.as_ref()) {
        return Ok(Err(refusal));
    }
    store::insert_entry(tx, id, entry)?;
    said(tx, cx, "facilities.record", id, id.raw());
    Ok(Ok(true))
}

/// Admits a terminal of a facility, known by the SHA-256 of its client certificate. Admitting the same certificate of
/// the same facility again gives the same terminal.
pub fn admit_terminal(
    tx: &mut Tx<'_>,
    cx: &Cx<'_>,
    new: &NewTerminal,
) -> Result<Answer<Id<kinds::Terminal>>> {
    let facility = store::by_id(tx, new.facility)?;
    let known = store::terminal_by_fingerprint(tx, &new.fingerprint)?;
    match rules::admit(new, facility.as_ref(), known.as_ref(), cx.now) {
        Err(refusal) => Ok(Err(refusal)),
        Ok(Some(terminal)) => Ok(Ok(terminal)),
        Ok(None) => {
            let terminal = cx.id();
            store::insert_terminal(tx, terminal, new, cx.now)?;
            said(tx, cx, "facilities.admit_terminal", new.facility, terminal.raw());
            Ok(Ok(terminal))
        }
    }
}

/// Bars a terminal for ever: lost, stolen, replaced. Whoever acts for a facility reaches its own terminals only.
/// Barring a barred one does nothing. Returns its facility.
pub fn bar_terminal(
    tx: &mut Tx<'_>,
    cx: &Cx<'_>,
    terminal: Id<kinds::Terminal>,
) -> Result<Answer<Id<kinds::Facility>>> {
    let known = store::terminal_by_id(tx, terminal)?;
    let known = match rules::reachable(cx.actor, known) {
        Ok(known) => known,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if known.barred_at.is_none() {
        store::bar_terminal(tx, terminal, cx.now)?;
        said(tx, cx, "facilities.bar_terminal", known.facility, terminal.raw());
    }
    Ok(Ok(known.facility))
}

/// The terminal of a client certificate and its facility; nothing when the certificate is unknown, barred or expired.
pub fn terminal(tx: &mut Tx<'_>, fingerprint: &[u8; 32], now: Instant) -> Result<Option<Admitted>> {
    let known = store::terminal_by_fingerprint(tx, fingerprint)?;
    Ok(known.and_then(|known| rules::admitted(&known, now)))
}

/// Whether the certificate is a terminal's, be it barred or expired.
pub fn is_terminals(tx: &mut Tx<'_>, fingerprint: &[u8; 32]) -> Result<bool> {
    Ok(store::terminal_by_fingerprint(tx, fingerprint)?.is_some())
}

/// The terminals of a facility, newest first.
pub fn list_terminals(tx: &mut Tx<'_>, facility: Id<kinds::Facility>) -> Result<Vec<Terminal>> {
    store::terminals(tx, facility)
}

fn said(tx: &mut Tx<'_>, cx: &Cx<'_>, act: &'static str, facility: Id<kinds::Facility>, subject: i64) {
    let evidence = Evidence {
        act,
        outcome: "recorded",
        subject: Some(subject),
        facility: Some(facility.raw()),
        ..Evidence::default()
    };
    say(tx, cx, &evidence);
}
