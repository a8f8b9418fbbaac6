//! Intake: the desk for outside offices' filings (届出の受付). The resident register, insurers, the authority of
//! certificates, municipalities and the directory of facilities file what they know as feed files; each record goes
//! through the door of the service that holds such facts.
//!
//! Always holds: an office files only what is its to file, an insurer only under its own number; a record that is known
//! just so records nothing; a delivery goes on exactly where it stopped, and one that is finished does nothing again; a
//! bad line is reported by number, field and code, never by its content, and keeps no other line back.
//! Not here: the form of a line (`formats::feed`); comparing with the register (`registration`); reading files (`app`).
//! Rules come from: docs/feeds.md; docs/rules.md S1 r2, S2 r1, S5 r1, r2, S11 r1.

#![forbid(unsafe_code)]

pub mod jobs;
pub mod refusals;
pub mod rules;
mod store;
#[cfg(test)]
mod tests;
pub mod web;

use ::store::Tx;
use audit::{Evidence, say};
use base::{Answer, Cx, Id, Instant, Result, kinds};
use cards::rules::{Channel, Holder, NewCertificate, Source, State};
use coverage::rules::LinkState;
use facilities::rules::NewTerminal;
use formats::feed::{self, CertificateWord, Record};
use people::rules::Attribute;
use rules::{Admitted, Delivery, Judged, NewOffice, Office, Refused, Sender};

/// What became of a record that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Whether anything was recorded; `false`: it was known just so.
    pub is_new: bool,
    /// Of a coverage that is held back: which attributes disagree with the resident register.
    pub held: Option<Vec<Attribute>>,
}

impl Taken {
    fn new(is_new: bool) -> Taken {
        Taken { is_new, held: None }
    }
}

/// Takes one record through the door of the service that holds such facts. Runs inside `Store::record`; of one resident,
/// one insurer or one facility there can be one new version in a transaction.
pub fn take(tx: &mut Tx<'_>, cx: &Cx<'_>, sender: &Sender, record: &Record) -> Result<Judged<Taken>> {
    if let Err(refused) = rules::may_file(sender, record) {
        return Ok(Err(refused));
    }
    match record {
        Record::Resident(filed) => resident(tx, cx, filed),
        Record::Insurer(filed) => insurer(tx, cx, sender, filed),
        Record::Coverage(filed) => coverage(tx, cx, sender, filed),
        Record::Certificate(filed) => certificate(tx, cx, filed),
        Record::CertificateState(filed) => certificate_state(tx, cx, filed),
        Record::Enrolment(filed) => enrolment(tx, cx, filed),
        Record::Facility(filed) => facility(tx, cx, filed),
        Record::Terminal(filed) => terminal(tx, cx, filed),
    }
}

fn resident(tx: &mut Tx<'_>, cx: &Cx<'_>, filed: &feed::Resident) -> Result<Judged<Taken>> {
    let (number, attributes) = match rules::resident(filed) {
        Ok(read) => read,
        Err(refused) => return Ok(Err(refused)),
    };
    let recorded = people::record(tx, cx, cx.id(), &number, &attributes)?;
    Ok(Ok(Taken::new(recorded.is_new)))
}

fn insurer(tx: &mut Tx<'_>, cx: &Cx<'_>, sender: &Sender, filed: &feed::Insurer) -> Result<Judged<Taken>> {
    let number = match rules::insurer(sender, &filed.insurer) {
        Ok(number) => number,
        Err(refused) => return Ok(Err(refused)),
    };
    Ok(Ok(Taken::new(::coverage::record_insurer(tx, cx, &number, &filed.name)?)))
}

fn coverage(tx: &mut Tx<'_>, cx: &Cx<'_>, sender: &Sender, filed: &feed::Coverage) -> Result<Judged<Taken>> {
    let filing = match rules::filing(sender, filed) {
        Ok(filing) => filing,
        Err(refused) => return Ok(Err(refused)),
    };
    Ok(match registration::file_own(tx, cx, &filing)? {
        Err(refusal) => Err(Refused::new("key", refusal)),
        Ok(filed) => Ok(Taken {
            is_new: filed.recorded > 0,
            held: (filed.link != LinkState::Verified).then_some(filed.differences),
        }),
    })
}

fn certificate(tx: &mut Tx<'_>, cx: &Cx<'_>, filed: &feed::Certificate) -> Result<Judged<Taken>> {
    let read = rules::serial("serial", &filed.serial)
        .and_then(|serial| rules::validity(filed).map(|validity| (serial, validity)));
    let (serial, (valid_from, valid_until)) = match read {
        Ok(read) => read,
        Err(refused) => return Ok(Err(refused)),
    };
    let holder = match &filed.holder {
        feed::Holder::Succeeds(text) => rules::serial("succeeds", text).map(Holder::Succeeds),
        feed::Holder::MyNumber(text) => person(tx, text)?.map(Holder::Person),
    };
    let holder = match holder {
        Ok(holder) => holder,
        Err(refused) => return Ok(Err(refused)),
    };
    let is_new = cards::find(tx, &serial)?.is_none();
    let new = NewCertificate { serial, valid_from, valid_until, source: Source::Card, holder };
    let registered = cards::register(tx, cx, &new)?;
    Ok(registered.map(|_| Taken::new(is_new)).map_err(|refusal| Refused::new("serial", refusal)))
}

/// The person of a My Number in a record.
fn person(tx: &mut Tx<'_>, number: &str) -> Result<Judged<Id<kinds::Person>>> {
    let number = match rules::my_number(number) {
        Ok(number) => number,
        Err(refused) => return Ok(Err(refused)),
    };
    let unknown = || Refused::new("my_number", refusals::line(&refusals::NO_SUCH_PERSON));
    Ok(people::exchange(tx, &number)?.ok_or_else(unknown))
}

/// What already is so is left alone: else holding, lifting and revoking would record that it was asked.
fn certificate_state(tx: &mut Tx<'_>, cx: &Cx<'_>, filed: &feed::CertificateState) -> Result<Judged<Taken>> {
    let read = rules::serial("serial", &filed.serial)
        .and_then(|serial| rules::reason(filed).map(|reason| (serial, reason)));
    let (serial, reason) = match read {
        Ok(read) => read,
        Err(refused) => return Ok(Err(refused)),
    };
    let refused = |help| Ok(Err(Refused::new("serial", refusals::line(help))));
    let Some(known) = cards::find(tx, &serial)? else { return refused(&refusals::NO_SUCH_CERTIFICATE) };
    let done = match (filed.state, known.state, reason) {
        (CertificateWord::Held, State::Held { .. }, _)
        | (CertificateWord::Lifted, State::Live, _)
        | (CertificateWord::Revoked, State::Revoked { .. }, _) => return Ok(Ok(Taken::new(false))),
        (CertificateWord::Held | CertificateWord::Lifted, State::Revoked { .. }, _) => {
            return refused(&refusals::CERTIFICATE_REVOKED);
        }
        (CertificateWord::Held, ..) => cards::hold(tx, cx, known.person, Channel::Authority)?.map(|_| ()),
        (CertificateWord::Lifted, ..) => cards::lift(tx, cx, known.person, Channel::Authority)?.map(|_| ()),
        (CertificateWord::Revoked, _, Some(reason)) => {
            cards::revoke(tx, cx, known.certificate, reason, Channel::Authority)?
        }
        (CertificateWord::Revoked, _, None) => return refused(&refusals::REASON),
    };
    Ok(done.map(|()| Taken::new(true)).map_err(|refusal| Refused::new("state", refusal)))
}

fn enrolment(tx: &mut Tx<'_>, cx: &Cx<'_>, filed: &feed::Enrolment) -> Result<Judged<Taken>> {
    let person = match person(tx, &filed.my_number)? {
        Ok(person) => person,
        Err(refused) => return Ok(Err(refused)),
    };
    if ::enrolment::get(tx, person)?.is_some() {
        return Ok(Ok(Taken::new(false)));
    }
    let channel = ::enrolment::rules::Channel::Municipality;
    let terms = ::enrolment::rules::TERMS_VERSION;
    let enrolled = ::enrolment::record(tx, cx, person, channel, terms)?;
    Ok(enrolled.map(|_| Taken::new(true)).map_err(|refusal| Refused::new("my_number", refusal)))
}

fn facility(tx: &mut Tx<'_>, cx: &Cx<'_>, filed: &feed::Facility) -> Result<Judged<Taken>> {
    let entry = match rules::facility(filed) {
        Ok(entry) => entry,
        Err(refused) => return Ok(Err(refused)),
    };
    let id = facilities::find(tx, &entry.code)?.map_or_else(|| cx.id(), |known| known.id);
    let recorded = facilities::record(tx, cx, id, &entry)?;
    Ok(recorded.map(Taken::new).map_err(|refusal| Refused::new("code", refusal)))
}

fn terminal(tx: &mut Tx<'_>, cx: &Cx<'_>, filed: &feed::Terminal) -> Result<Judged<Taken>> {
    let (code, label, fingerprint, expires_at) = match rules::terminal(filed) {
        Ok(read) => read,
        Err(refused) => return Ok(Err(refused)),
    };
    let Some(facility) = facilities::find(tx, &code)? else {
        return Ok(Err(Refused::new("facility", refusals::line(&refusals::NO_SUCH_FACILITY))));
    };
    if store::office_by_fingerprint(tx, &fingerprint)?.is_some() {
        return Ok(Err(Refused::new("fingerprint", refusals::certificate_used())));
    }
    let is_new = facilities::terminal(tx, &fingerprint, cx.now)?.is_none();
    let new = NewTerminal { facility: facility.id, label, fingerprint, expires_at };
    let admitted = facilities::admit_terminal(tx, cx, &new)?;
    Ok(admitted.map(|_| Taken::new(is_new)).map_err(|refusal| Refused::new("fingerprint", refusal)))
}

// Offices ------------------------------------------------------------------------------------------------------------

/// Admits an office to the machines' door. Admitting the same again gives the same office.
pub fn admit(tx: &mut Tx<'_>, cx: &Cx<'_>, new: &NewOffice) -> Result<Answer<Id<kinds::Office>>> {
    let known = store::office_by_fingerprint(tx, &new.fingerprint)?;
    let is_terminals = facilities::is_terminals(tx, &new.fingerprint)?;
    match rules::admit(new, known.as_ref(), is_terminals, cx.now) {
        Err(refusal) => Ok(Err(refusal)),
        Ok(Some(office)) => Ok(Ok(office)),
        Ok(None) => {
            let office = cx.id();
            store::insert_office(tx, office, new, cx.now)?;
            said(tx, cx, "intake.admit", new.kind.word(), office, Vec::new());
            Ok(Ok(office))
        }
    }
}

/// Bars an office for ever. Barring a barred one does nothing.
pub fn bar(tx: &mut Tx<'_>, cx: &Cx<'_>, office: Id<kinds::Office>) -> Result<Answer<()>> {
    let Some(known) = store::office_by_id(tx, office)? else { return Ok(Err(refusals::no_such_office())) };
    if known.barred_at.is_none() {
        store::bar_office(tx, office, cx.now)?;
        said(tx, cx, "intake.bar", known.new.kind.word(), office, Vec::new());
    }
    Ok(Ok(()))
}

/// The office of a client certificate; nothing when the certificate is unknown, barred or expired.
pub fn find(tx: &mut Tx<'_>, fingerprint: &[u8; 32], now: Instant) -> Result<Option<Admitted>> {
    let known = store::office_by_fingerprint(tx, fingerprint)?;
    Ok(known.and_then(|known| rules::admitted(&known, now)))
}

/// Whether the certificate is an office's, be it barred or expired.
pub fn is_offices(tx: &mut Tx<'_>, fingerprint: &[u8; 32]) -> Result<bool> {
    Ok(store::office_by_fingerprint(tx, fingerprint)?.is_some())
}

/// An office that may file at this instant.
pub fn get(tx: &mut Tx<'_>, office: Id<kinds::Office>, now: Instant) -> Result<Option<Admitted>> {
    let known = store::office_by_id(tx, office)?;
    Ok(known.and_then(|known| rules::admitted(&known, now)))
}

/// Offices, newest first, barred ones too.
pub fn list(tx: &mut Tx<'_>, limit: usize) -> Result<Vec<Office>> {
    store::offices(tx, limit)
}

/// How far a delivery has come; of an office's own, or of the operator's.
pub fn delivery(tx: &mut Tx<'_>, sender: &Sender, name: &str) -> Result<Option<Delivery>> {
    store::delivery(tx, sender.raw(), name)
}

/// What was wrong with a delivery's lines: the first [`jobs::PROBLEMS_MAX`].
pub fn problems(tx: &mut Tx<'_>, sender: &Sender, name: &str) -> Result<Vec<jobs::Problem>> {
    store::problems(tx, sender.raw(), name)
}

fn said(
    tx: &mut Tx<'_>,
    cx: &Cx<'_>,
    act: &'static str,
    code: &'static str,
    office: Id<kinds::Office>,
    steps: Vec<(&'static str, i64)>,
) {
    let subject = Some(office.raw());
    say(tx, cx, &Evidence { act, outcome: "recorded", code, subject, steps, ..Evidence::default() });
}
