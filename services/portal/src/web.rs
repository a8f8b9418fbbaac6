//! Pages: a person's own (sign-in by card, coverages, who looked, consents, a lost card, enrolment) and the call
//! centre's.
//!
//! Always holds: parse, operation, render; nothing of a person stands in an address; a person's pages take who they are
//! from the session and never from the request.
//! Not here: making a [`Citizen`](::web::routes::Citizen) of a session, which `app` does with [`crate::visit`] for each
//! request; the card and its PIN, which stay at the reader.
//! Rules come from: docs/rules.md S3 r1, r2, r3; S13 r1; OWASP Session Management; デジタル庁デザインシステム, WCAG 2.2 AA.

mod calls;
mod consents;
mod enrolling;
mod lost;
mod own;
mod signing;
mod views;

use ::web::{
    forms::{Form, parse_form},
    house::Trouble,
    routes::{NOT_PERMITTED, Page, Permit, Routes, STALE_FORM},
};
use axum::{
    Extension,
    body::Bytes,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use base::{Answer, Id, Instant, Lang, Refusal, Role, kinds};
use cards::proof::Prover;
use std::sync::{Arc, OnceLock};

/// The cookie that carries a session's token.
pub const COOKIE: &str = "my";

/// What these pages need of the program.
pub struct Portal {
    /// Proves cards.
    pub prover: Arc<Prover>,
    /// Where the person's own browser finds a reader.
    pub reader: ReaderAddress,
}

/// The address of the reader, without a path, such as `http://127.0.0.1:8481`; nothing when there is none. A demo knows
/// it only after its kiosk was opened, which is after its pages were.
#[derive(Clone, Default)]
pub struct ReaderAddress(Arc<OnceLock<String>>);

impl ReaderAddress {
    /// Names the reader; the first to name it is heard.
    pub fn set(&self, address: &str) {
        let _ = self.0.set(address.to_owned());
    }

    fn get(&self) -> Option<&str> {
        self.0.get().map(String::as_str).filter(|address| !address.is_empty())
    }
}

impl From<&str> for ReaderAddress {
    fn from(address: &str) -> Self {
        ReaderAddress(Arc::new(OnceLock::from(address.to_owned())))
    }
}

/// The routes of this service.
pub fn routes(portal: Portal) -> Routes {
    const CALLS: Permit = Permit::Roles(&[Role::CallCentreOperator]);
    let portal = Extension(Arc::new(portal));
    let (open, own) = (Permit::Public, Permit::Person);
    Routes::new()
        .nav("/my", "わたしのページ", "My page", own)
        .nav("/my/views", "見た人の記録", "Who looked", own)
        .nav("/my/consents", "同意の確認", "Consents", own)
        .nav("/my/lost", "カードの紛失", "Lost card", own)
        .nav("/my/enrolment", "保険証の利用申込", "Enrolment", own)
        .add("GET", "/my/sign-in", "portal.begin", open, get(signing::sign_in).layer(portal.clone()))
        .add("POST", "/my/prove", "portal.prove", open, post(signing::prove).layer(portal))
        .add("GET", "/my/enter", "portal.enter", open, get(signing::enter))
        .add("POST", "/my/sign-out", "portal.sign_out", own, post(signing::sign_out))
        .add("GET", "/my", "portal.get", own, get(own::home))
        .add("GET", "/my/coverages/{coverage}", "portal.coverage", own, get(own::dispute_page))
        .add("POST", "/my/coverages/{coverage}/dispute", "registration.dispute", own, post(own::dispute))
        .add("GET", "/my/enrolment", "portal.enrolment", own, get(enrolling::page))
        .add("POST", "/my/enrolment", "enrolment.record", own, post(enrolling::record))
        .add("POST", "/my/enrolment/cancel", "enrolment.cancel", own, post(enrolling::cancel))
        .add("GET", "/my/views", "portal.views", own, get(views::page))
        .add("GET", "/my/consents", "portal.consents", own, get(consents::page))
        .add("POST", "/my/consents/{consent}/withdraw", "consent.withdraw", own, post(consents::withdraw))
        .add("GET", "/my/lost", "portal.cards", own, get(lost::page))
        .add("POST", "/my/lost", "cards.hold", own, post(lost::hold))
        .add("POST", "/my/lost/lift", "cards.lift", own, post(lost::lift))
        .nav("/calls", "電話の受付", "Calls", CALLS)
        .add("GET", "/calls", "portal.identify", CALLS, get(calls::form_page))
        .add("POST", "/calls", "portal.identify", CALLS, post(calls::identify))
        .add("GET", "/calls/{call}", "portal.call", CALLS, get(calls::call))
        .add("POST", "/calls/{call}/hold", "portal.hold_for", CALLS, post(calls::hold))
        .add("POST", "/calls/{call}/lift", "portal.lift_for", CALLS, post(calls::lift))
}

/// Whose pages these are. The permit makes sure that there is somebody.
fn whose(page: &Page) -> Answer<Id<kinds::Person>> {
    let person = page.citizen.as_ref().map(|citizen| citizen.person);
    person.ok_or(Refusal::new(&NOT_PERMITTED, 403))
}

/// A person's form, if it is of their session.
fn own_form(page: &Page, body: &Bytes) -> Answer<(Id<kinds::Person>, Form)> {
    let form = session_form(page, body)?;
    Ok((whose(page)?, form))
}

/// A form, if it is of the session that asks.
fn session_form(page: &Page, body: &Bytes) -> Answer<Form> {
    let form = parse_form(body);
    if page.csrf_fits(form.get("csrf")) { Ok(form) } else { Err(Refusal::new(&STALE_FORM, 403)) }
}

/// Goes on to a page after something was done, or says why it was not.
fn go_on<T>(page: &Page, done: Result<Answer<T>, Trouble>, to: &str) -> Response {
    match done {
        Ok(Ok(_)) => Redirect::to(to).into_response(),
        Ok(Err(refusal)) => page.refuse(&refusal),
        Err(trouble) => page.trouble(trouble),
    }
}

fn status(refusal: &Refusal) -> StatusCode {
    StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY)
}

/// An instant for a person to read: day with its era, hour and minute.
fn when(lang: Lang, at: Instant) -> String {
    let (date, stamp) = (at.date(), at.stamp14());
    let (hour, minute) = (&stamp[8..10], &stamp[10..12]);
    match lang {
        Lang::Ja => format!("{} {hour}時{minute}分", date.in_era()),
        Lang::En => format!("{date} {hour}:{minute}"),
    }
}

/// A day for a person to read.
fn day(lang: Lang, date: base::Date) -> String {
    match lang {
        Lang::Ja => date.in_era(),
        Lang::En => date.to_string(),
    }
}
