//! The machines' door: `POST` of the JSON mirror of `OQSsiquc01req`, answered with the mirror of `OQSsiquc01res`.
//!
//! Always holds: whatever a recognised terminal sends is answered in the message's own form, with its identifiers
//! echoed: a message that cannot be processed with `SegmentOfResult` 9, the third answer with
//! `ProcessingResultStatus` 2 and no validity. Nothing of the request stands in an error text or a log line.
//! Not here: XML and character sets (`formats`, `terminal`).
//! Rules come from: the reference on OQS, sections 4.1, 4.3, 6.3, 7; DESIGN section 4, "The third answer".

use crate::{
    Check, Checked, Desk,
    refusals::{self, BROKEN, BUSY, PRE_OPERATION, RATE_NOT_KNOWN},
    rules::{Declared, Field, Outcome, Shown, Typed, read},
};
use axum::{
    Extension,
    body::Bytes,
    extract::{State, rejection::BytesRejection},
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use base::{Date, Help, Id, Instant, Purpose, RequestKey};
use coverage::rules::{Fact, What};
use formats::{
    json,
    oqs::{
        CheckRequest, CheckResponse, Disease, Echo, Elderly, Limit, ResponseBody, ResponseHeader, ResultRow,
        Ticket,
    },
    tree::Node,
    xml::Limits,
};
use std::sync::Arc;
use store::Claim;
use web::{
    house::{Asker, House, Trouble},
    routes::Machine,
};

/// The header by which a repeat of a request is known.
const REQUEST_ID: &str = "idempotency-key";
const REQUEST_ID_MAX: usize = 100;
/// How the header is called to those who sent it.
const REQUEST_ID_NAME: &str = "Idempotency-Key";
/// Longer messages are answered as malformed. Twice what XML may have: JSON escapes can double a text.
pub(super) const BODY_MAX: usize = 2 << 20;
/// What is longer is read on the pages' pool and not at the rim, where it would hold up others. No check that a desk
/// means is so long.
const RIM_BODY_MAX: usize = 16 << 10;

pub(super) async fn search(
    State(house): State<House>,
    Extension(desk): Extension<Arc<Desk>>,
    Extension(machine): Extension<Machine>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let now = house.now();
    let read = match body {
        Ok(body) if body.len() <= RIM_BODY_MAX => Ok(read_request(&headers, &body)),
        Ok(body) => house.work(move || Ok(read_request(&headers, &body))).await,
        // Too long, or it broke off.
        Err(_) => Ok(Err(Malformed::whole())),
    };
    let (echo, asked, request) = match read {
        Ok(Ok(understood)) => understood,
        Ok(Err(mut wrong)) => {
            // The layout wants a facility in every header; that of the certificate when the message names none.
            if wrong.echo.institution.is_none() {
                wrong.echo.institution = own_code(&house, machine).await;
            }
            return answer(&malformed(&wrong, now));
        }
        Err(trouble) => {
            let echo = Echo { institution: own_code(&house, machine).await, ..Echo::default() };
            return answer(&in_trouble(&echo, trouble, now));
        }
    };
    let asker = Asker { actor: machine.actor, purpose: Purpose::Reception, request };
    let declared = asked.declared;
    let desk = desk.clone();
    let outcome = house.check(asker, move |tx, cx| crate::check(tx, cx, &desk, &asked)).await;
    match outcome {
        Ok((Ok(_), Claim::Conflict)) => {
            answer(&cannot_process(&echo, refusals::request_conflict().help, now))
        }
        Ok((Ok(checked), _)) => {
            wait(checked.wait_ms).await;
            answer(&decided(&echo, &checked, declared))
        }
        Ok((Err(refusal), _)) => {
            if refusal.help == &refusals::GUESSING {
                house.counts().alarm();
            }
            wait(refusal.wait_ms).await;
            answer(&cannot_process(&echo, refusal.help, now))
        }
        Err(trouble) => answer(&in_trouble(&echo, trouble, now)),
    }
}

fn in_trouble(echo: &Echo, trouble: Trouble, at: Instant) -> CheckResponse {
    let help = match trouble {
        Trouble::Busy => &BUSY,
        Trouble::Broken => &BROKEN,
    };
    undetermined(echo, help, at, NOTHING_READ)
}

pub(super) async fn own_code(house: &House, machine: Machine) -> Option<String> {
    let id = machine.actor.facility().and_then(Id::new)?;
    let asker = Asker::new(machine.actor, Purpose::Reception);
    let facility = house.read(asker, move |tx, _| facilities::get(tx, id)).await.ok()??;
    Some(facility.entry.code.to_string())
}

/// Guesses wait for their answer.
pub(super) async fn wait(ms: u32) {
    if ms > 0 {
        tokio::time::sleep(std::time::Duration::from_millis(ms.into())).await;
    }
}

fn digest(body: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, body).as_ref());
    out
}

/// Reads the request: the message, and the key under which it may be repeated.
fn read_request(
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(Echo, Check, Option<RequestKey>), Box<Malformed>> {
    let (echo, check) = understand(body)?;
    match request_id(headers) {
        Ok(id) => Ok((echo, check, id.map(|request| RequestKey { request, digest: digest(body) }))),
        // Whoever sends a key counts on it: one that cannot be kept is not passed over.
        Err(()) => Err(Box::new(Malformed { echo, elements: vec![REQUEST_ID_NAME.to_owned()] })),
    }
}

/// The request's id, if it has one; an empty one is as if not sent.
fn request_id(headers: &HeaderMap) -> Result<Option<String>, ()> {
    let mut sent = headers.get_all(REQUEST_ID).iter();
    let (first, more) = (sent.next(), sent.next().is_some());
    let Some(id) = first.filter(|id| more || !id.is_empty()) else { return Ok(None) };
    let visible = id.as_bytes().iter().all(u8::is_ascii_graphic);
    match id.to_str() {
        Ok(text) if visible && !more && text.len() <= REQUEST_ID_MAX => Ok(Some(text.to_owned())),
        _ => Err(()),
    }
}

/// Reads the message; what cannot be read comes back with whatever can be echoed.
fn understand(body: &[u8]) -> Result<(Echo, Check), Box<Malformed>> {
    let malformed = |echo, elements| Box::new(Malformed { echo, elements });
    let limits = Limits { bytes: BODY_MAX, ..Limits::default() };
    let root = json::parse(body, &limits).map_err(|_| Malformed::whole())?;
    let echo = Echo::of(&root);
    match CheckRequest::read(&root) {
        (None, problems) => {
            let last = |place: String| place.rsplit('/').next().unwrap_or_default().to_owned();
            Err(malformed(echo, problems.into_iter().map(|problem| last(problem.place)).collect()))
        }
        (Some(request), _) => match question(&request) {
            Ok(check) => Ok((echo, check)),
            Err(fields) => {
                let elements = fields.into_iter().map(|field| element(field).to_owned()).collect();
                Err(malformed(echo, elements))
            }
        },
    }
}

/// A message that cannot be read: what of it can be echoed, and the names of the elements that are wrong.
struct Malformed {
    echo: Echo,
    elements: Vec<String>,
}

impl Malformed {
    /// Nothing of it can be read.
    fn whole() -> Box<Malformed> {
        Box::new(Malformed { echo: Echo::default(), elements: Vec::new() })
    }
}

pub(super) fn element(field: Field) -> &'static str {
    match field {
        Field::Insurer => "InsurerNumber",
        Field::Number => "InsuredIdentificationNumber",
        Field::Branch => "InsuredBranchNumber",
        Field::Birth => "Birthdate",
        Field::Day => "QualificationConfirmationDate",
        Field::Consent => "ConsFlg",
    }
}

fn question(request: &CheckRequest) -> Result<Check, Vec<Field>> {
    let search = &request.search;
    let typed = Typed {
        insurer: search.insurer_number.clone(),
        symbol: search.symbol.clone().unwrap_or_default(),
        number: search.number.clone(),
        branch: search.branch.clone().unwrap_or_default(),
        birth: search.birth_date.clone(),
    };
    let flag = |flag: &Option<String>| match flag.as_deref() {
        None | Some("0") => Ok(false),
        Some("1") => Ok(true),
        Some(_) => Err(vec![Field::Consent]),
    };
    Ok(Check {
        facility_code: Some(request.institution.clone()),
        ask: read(&typed)?,
        day: Some(Date::parse8(&request.asked_on).ok_or_else(|| vec![Field::Day])?),
        declared: Declared { limit: flag(&search.limit_consent)?, diseases: flag(&search.disease_consent)? },
    })
}

fn answer(response: &CheckResponse) -> Response {
    answer_with(&response.write())
}

/// A message as an answer of this door.
pub(super) fn answer_with(message: &Node) -> Response {
    let body = json::render(message);
    let kind = HeaderValue::from_static("application/json;charset=UTF-8");
    let cache = HeaderValue::from_static("no-store");
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, cache)], body).into_response()
}

fn head(echo: &Echo, at: Instant) -> ResponseHeader {
    ResponseHeader {
        executed_at: at.stamp14(),
        asked_on: echo.asked_on.clone().unwrap_or_else(|| at.date().stamp8()),
        institution: echo.institution.clone().unwrap_or_default(),
        file_identifier: echo.file_identifier.clone(),
        reference_class: "2".into(),
        segment: "1".into(),
        character_code: formats::xml::Encoding::Utf8.code().into(),
        ..ResponseHeader::default()
    }
}

/// The message as a whole is refused: `SegmentOfResult` 9.
fn cannot_process(echo: &Echo, help: &'static Help, at: Instant) -> CheckResponse {
    let header = ResponseHeader {
        segment: "9".into(),
        error_code: Some(help.oqs.into()),
        error_message: Some(message(help, None)),
        ..head(echo, at)
    };
    // Strict clients want a status in every answer.
    let body =
        ResponseBody { search: echo.search.clone(), status: Some("2".into()), ..ResponseBody::default() };
    CheckResponse { header, body }
}

/// A message that cannot be read, with the names of the elements that are wrong.
fn malformed(wrong: &Malformed, at: Instant) -> CheckResponse {
    let mut response = cannot_process(&wrong.echo, refusals::malformed().help, at);
    response.header.error_message = Some(malformed_text(&wrong.elements));
    response
}

/// What is wrong with a message, with the names of the elements when they are known.
pub(super) fn malformed_text(elements: &[String]) -> String {
    let help = refusals::malformed().help;
    if elements.is_empty() {
        return message(help, None);
    }
    let what = help.what.0.trim_end_matches('。');
    let text = format!("{what}（{}）。{}", elements.join(", "), help.desk.0);
    text.chars().take(MESSAGE_MAX).collect()
}

/// The third answer: status 2, no validity.
fn undetermined(echo: &Echo, help: &'static Help, at: Instant, source: &str) -> CheckResponse {
    CheckResponse {
        header: head(echo, at),
        body: ResponseBody {
            search: echo.search.clone(),
            status: Some("2".into()),
            code: Some(help.oqs.into()),
            message: Some(message(help, Some((at, source)))),
            ..ResponseBody::default()
        },
    }
}

/// What the third answer rests on.
pub(crate) const REGISTERED: &str = "保険者登録情報による";
const NOTHING_READ: &str = "登録情報は未確認";

/// What happened and what the desk does; for the third answer also as of when and from where. At most 120 characters.
pub(crate) fn message(help: &Help, as_of: Option<(Instant, &str)>) -> String {
    let text = match as_of {
        None => format!("{}{}", help.what.0, help.desk.0),
        Some((at, source)) => {
            let at = at.for_people();
            format!("{}{}（{}現在・{source}）", help.what.0, help.desk.0, &at[..at.len() - 3])
        }
    };
    text.chars().take(MESSAGE_MAX).collect()
}

pub(crate) const MESSAGE_MAX: usize = 120;

pub(super) fn decided(echo: &Echo, checked: &Checked, declared: Declared) -> CheckResponse {
    let decision = &checked.decision;
    if let Outcome::Undetermined(help) = decision.outcome {
        return undetermined(echo, help, checked.at, REGISTERED);
    }
    let information = information(checked);
    let identifier =
        echo.search.as_ref().and_then(|s| s.child_text("ArbitraryIdentifier")).map(str::to_owned);
    let rows = decision.shown.iter().map(|shown| ResultRow {
        reference_number: checked.reference.clone(),
        ..row(shown, checked.at, declared, identifier.clone())
    });
    CheckResponse {
        header: head(echo, checked.at),
        body: ResponseBody {
            search: echo.search.clone(),
            status: Some("1".into()),
            code: information.map(|help| help.oqs.into()),
            message: information.map(|help| message(help, None)),
            validity: decision.outcome.validity().map(Into::into),
            results: rows.collect(),
            ..ResponseBody::default()
        },
    }
}

/// What a good answer says besides: of several the one that the desk must act on first.
pub(super) fn information(checked: &Checked) -> Option<&'static Help> {
    let rate_missing = checked.decision.steps.contains(&crate::rules::Step::RateNotKnown);
    match (checked.pre_operation, rate_missing) {
        (true, _) => Some(&PRE_OPERATION),
        (false, true) => Some(&RATE_NOT_KNOWN),
        (false, false) => None,
    }
}

fn day(day: Option<Date>) -> Option<String> {
    day.map(Date::stamp8)
}

fn percent(percent: i64) -> String {
    format!("{percent:03}")
}

fn row(shown: &Shown, at: Instant, declared: Declared, identifier: Option<String>) -> ResultRow {
    let entry = &shown.entry;
    let is_aid = entry.card_class == "A1";
    let consent = |given: bool| (!is_aid).then(|| String::from(if given { "1" } else { "0" }));
    let time = |given: bool| (!is_aid && given).then(|| at.stamp14());
    ResultRow {
        card_class: entry.card_class.clone(),
        insurer_number: entry.insurer.padded(),
        symbol: entry.symbol.clone(),
        number: Some(entry.number.clone()),
        branch: entry.branch.map(|branch| branch.to_string()),
        family: entry.relation.map(|relation| relation.code().to_string()),
        insured_name: entry.insured_name.clone(),
        name: entry.name.written.clone(),
        other_name: entry.other_name.as_ref().map(|name| name.written.clone()),
        kana: Some(entry.name.kana.clone()).filter(|kana| !kana.is_empty()),
        other_kana: entry.other_name.as_ref().map(|n| n.kana.clone()).filter(|kana| !kana.is_empty()),
        sex: entry.sex.code().to_string(),
        birth_date: entry.birth.stamp8(),
        address: entry.address.clone(),
        postcode: entry.postcode.clone(),
        qualified_on: Some(entry.qualified_on.stamp8()),
        disqualified_on: day(shown.loss.as_ref().map(|(on, _)| *on)),
        certificate_issued_on: day(entry.issued_on),
        card_valid_from: day(entry.card_from),
        card_valid_until: day(entry.card_until),
        copayment_rate: shown.rate.map(percent),
        preschool: shown.preschool.then(|| "1".into()),
        loss_reason: shown.loss.as_ref().map(|(_, reason)| reason.clone()),
        insurer_name: insurer_name(shown),
        elderly: shown.elderly.as_ref().and_then(elderly),
        limit_consent: consent(declared.limit),
        limit_consent_time: time(declared.limit),
        limit: shown.limit.as_ref().and_then(limit),
        disease_consent: consent(declared.diseases),
        disease_consent_time: time(declared.diseases),
        diseases: shown.diseases.iter().filter_map(disease).collect(),
        tickets: shown.tickets.iter().filter_map(ticket).collect(),
        identifier,
        ..ResultRow::default()
    }
}

/// Mandatory in the layout: field software refuses a message without it.
fn insurer_name(shown: &Shown) -> String {
    if shown.insurer_name.is_empty() { UNNAMED.into() } else { shown.insurer_name.clone() }
}

/// An insurer whose name is not recorded.
const UNNAMED: &str = "（保険者名未登録）";

fn elderly(fact: &Fact) -> Option<Elderly> {
    let What::Elderly { percent: rate } = fact.new.what else { return None };
    Some(Elderly {
        issued_on: day(fact.new.issued_on),
        valid_from: day(fact.new.starts_on),
        valid_until: day(fact.new.ends_on),
        ratio: Some(percent(rate)),
    })
}

fn limit(fact: &Fact) -> Option<Limit> {
    let What::Limit { class, flag, long_term_on } = &fact.new.what else { return None };
    Some(Limit {
        class: Some(class.clone()),
        flag: Some(flag.clone()),
        issued_on: day(fact.new.issued_on),
        valid_from: day(fact.new.starts_on),
        valid_until: day(fact.new.ends_on),
        long_term_from: day(*long_term_on),
    })
}

fn disease(fact: &Fact) -> Option<Disease> {
    let What::Disease { category, self_pay } = &fact.new.what else { return None };
    Some(Disease {
        category: Some(category.clone()),
        issued_on: day(fact.new.issued_on),
        valid_from: day(fact.new.starts_on),
        valid_until: day(fact.new.ends_on),
        self_pay: Some(self_pay.to_string()),
    })
}

fn ticket(fact: &Fact) -> Option<Ticket> {
    let What::Ticket { kind, treatment, facility, number, self_pay } = &fact.new.what else { return None };
    Some(Ticket {
        ticket_type: Some(kind.clone()),
        valid_from: day(fact.new.starts_on),
        valid_until: day(fact.new.ends_on),
        issue_number: Some(number.clone()),
        month: fact.new.starts_on.map(|from| from.stamp8()[..6].to_owned()),
        facility_code: Some(facility.clone()),
        treatment_type: Some(treatment.clone()),
        self_pay: Some(self_pay.to_string()),
        ..Ticket::default()
    })
}
