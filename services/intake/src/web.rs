//! The offices' door, for machines: a feed file is sent whole, and asked after.
//!
//! Always holds: parse → operation → render; the same file sent again goes on where it stopped, or does nothing; each
//! transaction is small and waits its turn among the pages' work, so no desk waits for a file, and asks again whether the
//! office may file; how many files are held in memory at once has a limit, and an office has one place among them.
//! Nothing of a file stands in an answer, an error text or a log line.
//! Not here: how an office is recognised (`app`); loading from a folder (`app`).
//! Rules come from: docs/feeds.md; RFC 9457 for what is refused as a whole.

use crate::{
    jobs::{self, BATCH_BESIDE, Batch, FeedFile, Moved, Problem, Report, take_batch},
    refusals,
    rules::{self, Admitted, Delivery, Sender, Whose},
};
use ::web::{
    house::{Asker, House, Trouble},
    lang::lang_of,
    problem,
    routes::{BUSY, Machine, NOT_PERMITTED, Permit, Routes},
};
use axum::{
    Extension,
    body::{Body, Bytes, to_bytes},
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{MethodRouter, get, post},
};
use base::{Answer, Cx, Id, Instant, Lang, Purpose, Refusal, kinds};
use serde_json::{Value, json};
use std::{
    collections::{HashSet, VecDeque},
    io::Cursor,
    sync::{Arc, Mutex, PoisonError},
};
use store::Tx;

/// Where a file is sent.
pub const DELIVERIES_PATH: &str = "/feed/v1/deliveries";
/// Where a delivery is asked after.
const DELIVERY_PATH: &str = "/feed/v1/deliveries/{delivery}";
/// Longer files are refused.
pub const BODY_MAX: usize = 8 << 20;
/// Files that are held in memory at once, each of another office.
const FILES_MAX: usize = 16;
/// So long after the request began its sender is told how far the file has come and to send it again: earlier than the
/// listener gives a request up. A file that was long in arriving moves by one transaction at least.
const ANSWER_WITHIN_MS: i64 = 20_000;

/// The offices whose files are in memory.
#[derive(Default)]
pub(crate) struct Places(Mutex<HashSet<Id<kinds::Office>>>);

/// An office's place; given back when dropped.
pub(crate) struct Place {
    of: Arc<Places>,
    office: Id<kinds::Office>,
}

impl Place {
    pub(crate) fn take(of: &Arc<Places>, office: Id<kinds::Office>) -> Option<Place> {
        let mut offices = of.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_free = offices.len() < FILES_MAX && offices.insert(office);
        is_free.then(|| Place { of: of.clone(), office })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.of.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.office);
    }
}

/// The machines' routes.
pub fn machine_routes() -> Routes {
    let places = Extension(Arc::new(Places::default()));
    let send: MethodRouter<House> = post(send);
    Routes::new().add("POST", DELIVERIES_PATH, "intake.take", Permit::Office, send.layer(places)).add(
        "GET",
        DELIVERY_PATH,
        "intake.delivery",
        Permit::Office,
        get(state),
    )
}

type Said<T> = Result<T, Response>;

async fn send(
    State(house): State<House>,
    Extension(places): Extension<Arc<Places>>,
    Extension(machine): Extension<Machine>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let lang = lang_of(&headers, None);
    let begun = house.now();
    let Some(office) = office_of(machine) else { return not_permitted(lang) };
    let Some(_place) = Place::take(&places, office) else { return trouble(lang, Trouble::Busy) };
    let done = match received(lang, &headers, body).await {
        Ok(bytes) => taken(&house, machine, lang, bytes, begun).await,
        Err(said) => Err(said),
    };
    done.unwrap_or_else(|said| said)
}

async fn received(lang: Lang, headers: &HeaderMap, body: Body) -> Said<Bytes> {
    let told = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let is_long = told.is_some_and(|length: usize| length > BODY_MAX);
    let read = if is_long { None } else { Some(to_bytes(body, BODY_MAX).await) };
    match read {
        Some(Ok(bytes)) => Ok(bytes),
        // A length that was told and is fine cannot have been too long.
        Some(Err(_)) if told.is_some() => Err(problem::problem(lang, &refusals::file_broke_off())),
        _ => Err(problem::problem(lang, &refusals::file_too_large())),
    }
}

async fn taken(house: &House, machine: Machine, lang: Lang, bytes: Bytes, begun: Instant) -> Said<Response> {
    let refused = |refusal: Refusal| problem::problem(lang, &refusal);
    let broken = |trouble: Trouble| self::trouble(lang, trouble);
    let admitted = office(house, machine, lang).await?;
    let opened = FeedFile::open(Cursor::new(bytes)).map_err(|_| broken(Trouble::Broken))?;
    let file = opened.map_err(|_| refused(refusals::header()))?;
    let sender = rules::sender(&Whose::Office(admitted), &file.header).map_err(refused)?;
    let sender = Arc::new(sender);
    let (mut file, done) = found(house, machine, &sender, file).await.map_err(broken)?.map_err(refused)?;
    let mut report = Report::new(&file.header, done);
    let mut alone = VecDeque::new();
    loop {
        let next = match alone.pop_front() {
            Some(one) => Some(one),
            None => file.next_batch(BATCH_BESIDE).map_err(|_| broken(Trouble::Broken))?,
        };
        let Some(batch) = next.map(Arc::new) else { break };
        match take(house, machine, &sender, &report, &batch).await {
            Ok(moved) => report.add(moved.map_err(refused)?),
            // One by one, so that all before the record that cannot be taken stand; the state says how many lines.
            Err(Trouble::Broken) if batch.is_divisible() => alone.extend(batch.split()),
            Err(trouble) => return Err(broken(trouble)),
        }
        if house.now().since_ms(begun) >= ANSWER_WITHIN_MS {
            break;
        }
    }
    Ok(answer(&report))
}

/// Takes a batch on the pages' pool.
async fn take(
    house: &House,
    machine: Machine,
    sender: &Arc<Sender>,
    report: &Report,
    batch: &Arc<Batch>,
) -> Result<Answer<Moved>, Trouble> {
    let (sender, left, batch) = (sender.clone(), report.delivery.clone(), batch.clone());
    let name = report.header.delivery.clone();
    let asker = Asker::new(machine.actor, Purpose::Registration);
    house.record(asker, move |tx, cx| take_admitted(tx, cx, &sender, &name, left.as_ref(), &batch)).await
}

/// Takes a batch of an office that may still file.
pub(crate) fn take_admitted(
    tx: &mut Tx<'_>,
    cx: &Cx<'_>,
    sender: &Sender,
    name: &str,
    left: Option<&Delivery>,
    batch: &Batch,
) -> base::Result<Answer<Moved>> {
    let known = match sender.office {
        Some(office) => crate::get(tx, office, cx.now)?,
        None => None,
    };
    if known.is_none() {
        return Ok(Err(Refusal::new(&NOT_PERMITTED, 403)));
    }
    take_batch(tx, cx, sender, name, left, batch)
}

type OpenFile = FeedFile<Cursor<Bytes>>;

/// How far a delivery has come, and what was wrong until there.
type Done = Option<(Delivery, Vec<Problem>)>;

/// Finds how far a file has come, and passes over that.
async fn found(
    house: &House,
    machine: Machine,
    sender: &Arc<Sender>,
    file: OpenFile,
) -> Result<Answer<(OpenFile, Done)>, Trouble> {
    let done = delivery(house, machine, sender, file.header.delivery.clone()).await?;
    let Some((known, _)) = done.clone() else { return Ok(Ok((file, None))) };
    // Hashing megabytes would hold the rim up.
    let skipped = house.work(move || {
        let mut file = file;
        let passed = file.skip(&known).map_err(|e| base::Fault::caused("a file in memory ended", e))?;
        Ok(passed.map(|()| file))
    });
    Ok(skipped.await?.map(|file| (file, done)))
}

async fn delivery(
    house: &House,
    machine: Machine,
    sender: &Arc<Sender>,
    name: String,
) -> Result<Done, Trouble> {
    let (asker, sender) = (Asker::new(machine.actor, Purpose::Registration), sender.clone());
    house.read(asker, move |tx, _| jobs::found(tx, &sender, &name)).await
}

fn office_of(machine: Machine) -> Option<Id<kinds::Office>> {
    let base::Actor::Office { office } = machine.actor else { return None };
    Id::new(office)
}

async fn office(house: &House, machine: Machine, lang: Lang) -> Said<Admitted> {
    let Some(office) = office_of(machine) else { return Err(not_permitted(lang)) };
    let asker = Asker::new(machine.actor, Purpose::Registration);
    let known = house.gate(asker, move |tx, cx| crate::get(tx, office, cx.now)).await;
    known.map_err(|trouble| self::trouble(lang, trouble))?.ok_or_else(|| not_permitted(lang))
}

async fn state(
    State(house): State<House>,
    Extension(machine): Extension<Machine>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    let lang = lang_of(&headers, None);
    let Admitted { office, kind, insurer } = match office(&house, machine, lang).await {
        Ok(admitted) => admitted,
        Err(said) => return said,
    };
    let sender = Arc::new(Sender { office: Some(office), kind, insurer });
    match delivery(&house, machine, &sender, name.clone()).await {
        Err(trouble) => self::trouble(lang, trouble),
        Ok(None) => problem::problem(lang, &refusals::no_such_delivery()),
        Ok(Some((delivery, problems))) => {
            let mut body = standing(&name, Some(&delivery));
            put_problems(&mut body, &problems, delivery.counts.problems());
            as_json(StatusCode::OK, &body)
        }
    }
}

fn not_permitted(lang: Lang) -> Response {
    problem::problem(lang, &Refusal::new(&NOT_PERMITTED, 403))
}

/// Nothing of what was under way is lost: sent again, it goes on.
fn trouble(lang: Lang, trouble: Trouble) -> Response {
    let help = match trouble {
        Trouble::Busy => &BUSY,
        Trouble::Broken => &refusals::BROKEN,
    };
    problem::problem(lang, &Refusal::new(help, 503).after_ms(AGAIN_AFTER_MS))
}

/// When a sender that was told to come again should.
const AGAIN_AFTER_MS: u32 = 5_000;

/// 200 when the delivery is finished, 202 when it is to be sent again.
fn answer(report: &Report) -> Response {
    let mut body = standing(&report.header.delivery, report.delivery.as_ref());
    let is_over = report.delivery.as_ref().is_some_and(|delivery| delivery.finished_at.is_some());
    body["was_finished"] = report.was_finished.into();
    put_problems(&mut body, &report.problems, report.problems_count);
    as_json(if is_over { StatusCode::OK } else { StatusCode::ACCEPTED }, &body)
}

fn put_problems(body: &mut Value, problems: &[Problem], count: u64) {
    body["problems_count"] = count.into();
    body["problems"] = problems.iter().map(told).collect::<Vec<Value>>().into();
}

fn standing(name: &str, delivery: Option<&Delivery>) -> Value {
    let instant = |at: Option<Instant>| at.map(Instant::for_people);
    let counts = delivery.map(|delivery| delivery.counts).unwrap_or_default();
    json!({
        "delivery": name,
        "state": delivery.map_or("begun", Delivery::word),
        "lines": delivery.map_or(0, |delivery| delivery.lines),
        "taken": counts.taken,
        "unchanged": counts.unchanged,
        "held": counts.held,
        "refused": counts.refused,
        "started_at": instant(delivery.map(|delivery| delivery.started_at)),
        "finished_at": instant(delivery.and_then(|delivery| delivery.finished_at)),
    })
}

fn told(problem: &Problem) -> Value {
    let help = problem.help;
    json!({
        "line": problem.line,
        "field": problem.field,
        "code": help.code,
        "ja": format!("{}{}", help.what.0, help.desk.0),
        "en": format!("{} {}", help.what.1, help.desk.1),
        "engineer": help.engineer,
    })
}

fn as_json(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}
