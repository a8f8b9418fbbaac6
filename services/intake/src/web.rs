//! The offices' door, for machines: a feed file is sent whole, and asked after.
//!
//! Always holds: parse → operation → render; the same file sent again goes on where it stopped, or does nothing; each
//! transaction is small and waits its turn among the pages' work, so no desk waits for a file; how many files are held
//! in memory at once has a limit. Nothing of a file stands in an answer, an error text or a log line.
//! Not here: how an office is recognised (`app`); loading from a folder (`app`).
//! Rules come from: docs/feeds.md; RFC 9457 for what is refused as a whole.

use crate::{
    jobs::{BATCH_BESIDE, FeedFile, Problem, Report, take_batch},
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
use base::{Answer, Id, Instant, Lang, Purpose, Refusal};
use serde_json::{Value, json};
use std::{io::Cursor, sync::Arc};
use tokio::sync::Semaphore;

/// Where a file is sent.
pub const DELIVERIES_PATH: &str = "/feed/v1/deliveries";
/// Where a delivery is asked after.
const DELIVERY_PATH: &str = "/feed/v1/deliveries/{delivery}";
/// Longer files are refused.
pub const BODY_MAX: usize = 8 << 20;
/// Files that are held in memory at once.
const FILES_MAX: usize = 4;
/// A file is worked on this long before its sender is told how far it has come and to send it again.
const ANSWER_WITHIN_MS: i64 = 20_000;

/// Places for files.
struct Places(Semaphore);

/// The machines' routes.
pub fn machine_routes() -> Routes {
    let places = Extension(Arc::new(Places(Semaphore::new(FILES_MAX))));
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
    let Ok(_place) = places.0.try_acquire() else { return trouble(lang, Trouble::Busy) };
    let done = match received(lang, &headers, body).await {
        Ok(bytes) => taken(&house, machine, lang, bytes).await,
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

async fn taken(house: &House, machine: Machine, lang: Lang, bytes: Bytes) -> Said<Response> {
    let refused = |refusal: Refusal| problem::problem(lang, &refusal);
    let broken = |trouble: Trouble| self::trouble(lang, trouble);
    let admitted = office(house, machine, lang).await?;
    let opened = FeedFile::open(Cursor::new(bytes)).map_err(|_| broken(Trouble::Broken))?;
    let file = opened.map_err(|_| refused(refusals::header()))?;
    let sender = rules::sender(&Whose::Office(admitted), &file.header).map_err(refused)?;
    let sender = Arc::new(sender);
    let begun = house.now();
    let (mut file, done) = found(house, machine, &sender, file).await.map_err(broken)?.map_err(refused)?;
    let mut report = Report::new(&file.header, done);
    while house.now().since_ms(begun) < ANSWER_WITHIN_MS {
        let batch = file.next_batch(BATCH_BESIDE).map_err(|_| broken(Trouble::Broken))?;
        let Some(batch) = batch else { break };
        let (sender, left) = (sender.clone(), report.delivery.clone());
        let name = report.header.delivery.clone();
        let asker = Asker::new(machine.actor, Purpose::Registration);
        let take = move |tx: &mut store::Tx<'_>, cx: &base::Cx<'_>| {
            take_batch(tx, cx, &sender, &name, left.as_ref(), &batch)
        };
        let moved = house.record(asker, take).await.map_err(broken)?.map_err(refused)?;
        report.add(moved);
    }
    Ok(answer(&report))
}

type OpenFile = FeedFile<Cursor<Bytes>>;

/// Finds how far a file has come, and passes over that.
async fn found(
    house: &House,
    machine: Machine,
    sender: &Arc<Sender>,
    file: OpenFile,
) -> Result<Answer<(OpenFile, Option<Delivery>)>, Trouble> {
    let done = delivery(house, machine, sender, file.header.delivery.clone()).await?;
    let Some(known) = done.clone() else { return Ok(Ok((file, None))) };
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
) -> Result<Option<Delivery>, Trouble> {
    let (asker, sender) = (Asker::new(machine.actor, Purpose::Registration), sender.clone());
    house.read(asker, move |tx, _| crate::delivery(tx, &sender, &name)).await
}

async fn office(house: &House, machine: Machine, lang: Lang) -> Said<Admitted> {
    let base::Actor::Office { office } = machine.actor else { return Err(not_permitted(lang)) };
    let Some(office) = Id::new(office) else { return Err(not_permitted(lang)) };
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
        Ok(Some(delivery)) => as_json(StatusCode::OK, &standing(&name, Some(&delivery))),
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
    let problems: Vec<Value> = report.problems.iter().map(told).collect();
    body["was_finished"] = report.was_finished.into();
    body["problems_count"] = report.problems_count.into();
    body["problems"] = problems.into();
    as_json(if is_over { StatusCode::OK } else { StatusCode::ACCEPTED }, &body)
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
