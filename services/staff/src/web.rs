//! Pages: signing in with two factors, changing the own password, accounts, and the demo's desks.
//!
//! Always holds: parse, operation, render; a password is hashed and checked away from any transaction and shown never
//! (a one-time password once); a session's token changes whenever another thing is proved in it; nothing of a person
//! stands in an address.
//! Not here: what is enough (`rules`), who is admitted to a page (`::web::routes`), and making a visitor of a session,
//! which `app` does with [`crate::visit`] for each request. Pages before that read the cookie themselves.
//! Rules come from: the issue, part C; OWASP Session Management; デジタル庁デザインシステム.

mod accounts;
mod desks;
mod signing;

use crate::rules::{Missing, Session, Token};
use ::store::Tx;
use ::web::{
    cookies::{cookie, set_cookie},
    forms::Form,
    house::{Asker, Trouble},
    routes::{Page, Permit, Routes, STALE_FORM},
};
use axum::{
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use base::{Actor, FacilityCode, Id, Purpose, Refusal, Result, Role, kinds};

/// The cookie that carries a session's token.
pub const COOKIE: &str = "shikaku";

/// A facility as the pages of this service name it.
#[derive(Clone)]
pub struct Place {
    /// Its id.
    pub id: Id<kinds::Facility>,
    /// Its name.
    pub name: String,
}

/// How these pages learn of facilities; `app` joins them to `facilities`, which this service does not know.
#[derive(Clone, Copy)]
pub struct Places {
    /// The facility of a code.
    pub find: fn(&mut Tx<'_>, &FacilityCode) -> Result<Option<Place>>,
    /// A facility by id.
    pub get: fn(&mut Tx<'_>, Id<kinds::Facility>) -> Result<Option<Place>>,
}

const MANAGERS: Permit = Permit::Roles(&[Role::FacilityAdministrator, Role::SystemAdministrator]);

/// The routes of this service; with the desks only where everything is invented.
pub fn routes(demo: bool, places: Places) -> Routes {
    let open = Permit::Public;
    let routes = Routes::new()
        .nav("/staff", "職員", "Staff", MANAGERS)
        .add("GET", "/sign-in", "staff.sign_in", open, get(signing::sign_in_page))
        .add("POST", "/sign-in", "staff.sign_in", open, post(signing::sign_in))
        .add("GET", "/sign-in/second", "staff.prove_second_factor", open, get(signing::second_page))
        .add("POST", "/sign-in/second", "staff.prove_second_factor", open, post(signing::prove_second))
        .add("GET", "/second-factor", "staff.set_second_factor", open, get(signing::set_up_page))
        .add("POST", "/second-factor", "staff.set_second_factor", open, post(signing::set_up))
        .add("GET", "/password", "staff.change_password", open, get(signing::password_page))
        .add("POST", "/password", "staff.change_password", open, post(signing::change_password))
        .add("POST", "/sign-out", "staff.sign_out", open, post(signing::sign_out))
        .add(
            "GET",
            "/staff",
            "staff.list",
            MANAGERS,
            get(move |page, query| accounts::list(places, page, query)),
        )
        .add("GET", "/staff/new", "staff.record", MANAGERS, get(accounts::new))
        .add(
            "POST",
            "/staff",
            "staff.record",
            MANAGERS,
            post(move |page, body| accounts::record(places, page, body)),
        )
        .add(
            "GET",
            "/staff/{id}",
            "staff.get",
            MANAGERS,
            get(move |page, id| accounts::one(places, page, id)),
        )
        .add(
            "POST",
            "/staff/{id}/role",
            "staff.assign",
            MANAGERS,
            post(move |page, id, body| accounts::assign(places, page, id, body)),
        )
        .add("POST", "/staff/{id}/reset", "staff.reset", MANAGERS, post(accounts::reset))
        .add("POST", "/staff/{id}/close", "staff.withdraw", MANAGERS, post(accounts::close));
    if !demo {
        return routes.nav("/password", "パスワード", "Password", Permit::SignedIn);
    }
    routes
        .nav("/desks", "窓口の切替", "Switch desk", open)
        .add("GET", "/desks", "staff.switch_to", open, get(desks::desks))
        .add("POST", "/desks/{role}", "staff.switch_to", open, post(desks::switch_to))
}

/// Sends the browser on under a (new) token.
fn go_on(page: &Page, token: &Token, to: &str) -> Response {
    let mut response = Redirect::to(to).into_response();
    let value = set_cookie(COOKIE, &token.text(), None, page.house.is_behind_https());
    response.headers_mut().append(header::SET_COOKIE, value);
    response
}

/// Where somebody goes who lacks this, or nothing.
fn next_page(missing: Option<Missing>) -> &'static str {
    missing.map_or("/", Missing::page)
}

/// The cookie's token and its live session.
struct Present {
    token: String,
    session: Session,
}

impl Present {
    fn asker(&self) -> Asker {
        Asker::new(self.session.actor(), Purpose::Administration)
    }
}

async fn present(page: &Page, headers: &HeaderMap) -> std::result::Result<Option<Present>, Trouble> {
    let Some(token) = cookie(headers, COOKIE).map(str::to_owned) else {
        return Ok(None);
    };
    let asked = token.clone();
    let asker = Asker::new(Actor::System, Purpose::Administration);
    let session = page.house.read(asker, move |tx, cx| crate::visit(tx, cx.now, &asked)).await?;
    Ok(session.map(|session| Present { token, session }))
}

/// The session whose next step is one of these; else the way to where the reader belongs.
async fn stepping(
    page: &Page,
    headers: &HeaderMap,
    fits: impl Fn(Option<Missing>) -> bool,
) -> std::result::Result<Present, Response> {
    match present(page, headers).await {
        Err(trouble) => Err(page.trouble(trouble)),
        Ok(None) => Err(Redirect::to("/sign-in").into_response()),
        Ok(Some(present)) if fits(present.session.missing) => Ok(present),
        Ok(Some(present)) => Err(Redirect::to(next_page(present.session.missing)).into_response()),
    }
}

/// Like [`stepping`], for a form of that step.
async fn stepping_form(
    page: &Page,
    headers: &HeaderMap,
    form: &Form,
    fits: impl Fn(Option<Missing>) -> bool,
) -> std::result::Result<Present, Response> {
    let present = stepping(page, headers, fits).await?;
    if present.session.csrf != form.get("csrf") {
        return Err(stale(page));
    }
    Ok(present)
}

fn stale(page: &Page) -> Response {
    page.refuse(&Refusal::new(&STALE_FORM, 403))
}

fn status(refusal: &Refusal) -> StatusCode {
    StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY)
}

/// The field to which a refusal belongs.
fn at_field(refusal: &Refusal) -> &'static str {
    match refusal.help.code {
        "staff.login-shape" | "staff.login-taken" => "login",
        "staff.name" => "name",
        "staff.place" => "facility_code",
        "staff.role" | "staff.not-yours-to-give" => "role",
        "staff.password-length" | "staff.password-common" => "new",
        "staff.password-twice" => "again",
        "staff.sign-in-failed" => "password",
        _ => "",
    }
}

/// The name of a role in the reader's language.
fn role_name(page: &Page, role: Role) -> &str {
    page.t(role.names().0, role.names().1)
}
