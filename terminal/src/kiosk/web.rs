//! The kiosk's addresses: the patient's page, the citizen's reader, the vendor's script door.
//!
//! Always holds: looking changes nothing; every form is answered by a redirect to a page that follows from the reader's
//! state alone, so reload and back button find what is there now. Nothing of a patient is in an address or a log line.
//! Not here: what a step does (`booth.rs`, `rules.rs`), how it looks (`pages.rs`), the socket (`rim.rs`).
//! Rules come from: docs/rules.md S2 r4; RFC 9110 (303), RFC 6265 (cookies).

use super::booth::{Booth, Shared};
use super::form::{BODY_MAX, Form, body_of};
use super::lang::Lang;
use super::line::Prescription;
use super::pages::{self, Frame, Side};
use super::rules::{Ending, Errand, Event, Fit, Place, Session, Shelf, Sight, ends_at};
use super::screens::{self, Screen};
use super::{assets, guard, script};
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::Response;
use axum::routing::{get, post};
use maud::Markup;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// Scripts that are served at once.
const SCRIPTS_MAX: usize = 4;
/// Characters of a search.
const FIND_MAX: usize = 100;

/// Everything that is served.
#[derive(Clone)]
pub struct Site {
    inner: Arc<Inner>,
}

struct Inner {
    kiosk: Booth,
    reader: Booth,
    shared: Arc<Shared>,
    pages_url: String,
    eye_hint: String,
    scripts: Semaphore,
}

impl Site {
    /// Two readers without cards.
    pub fn new(shared: Arc<Shared>, pages_url: &str, eye_hint: &str) -> Site {
        let inner = Inner {
            kiosk: Booth::new(shared.clone()),
            reader: Booth::new(shared.clone()),
            shared,
            pages_url: pages_url.trim_end_matches('/').to_owned(),
            eye_hint: eye_hint.to_owned(),
            scripts: Semaphore::new(SCRIPTS_MAX),
        };
        Site { inner: Arc::new(inner) }
    }

    /// What is due without anybody asking: sessions that lapse.
    pub fn tick(&self) {
        self.inner.kiosk.tick();
        self.inner.reader.tick();
    }

    /// The addresses.
    pub fn router(&self) -> Router {
        let mut router = Router::new()
            .route("/script/tap", post(script_tap))
            .route("/assets/{name}", get(asset))
            .fallback(nowhere);
        for side in [Side::Kiosk, Side::Reader] {
            let at = |path: &str| format!("{}{path}", side.base());
            let site =
                move |site: State<Site>, request: Request, work: Posted| posted(site.0, side, request, work);
            router = router
                .route(
                    side.home(),
                    get(move |site: State<Site>, request: Request| seen(site.0, side, request, false)),
                )
                .route(
                    &at("/again"),
                    get(move |site: State<Site>, request: Request| seen(site.0, side, request, true)),
                )
                .route(&at("/card"), post(move |state, request| site(state, request, choose)))
                .route(&at("/find"), post(move |state, request| site(state, request, find)))
                .route(&at("/step"), post(move |state, request| site(state, request, step)));
        }
        router.with_state(self.clone())
    }

    /// The reader of a side.
    pub fn booth(&self, side: Side) -> &Booth {
        match side {
            Side::Kiosk => &self.inner.kiosk,
            Side::Reader => &self.inner.reader,
        }
    }

    fn frame<'f>(&'f self, side: Side, lang: Lang, token: String, nonce: &'f str) -> Frame<'f> {
        Frame {
            side,
            lang,
            token,
            left_ms: None,
            then: side.home(),
            has_card: false,
            is_over: false,
            is_card_gone: false,
            eye: self.inner.shared.setting.eye_check,
            eye_hint: &self.inner.eye_hint,
            nonce,
            pages_url: &self.inner.pages_url,
        }
    }
}

fn cookie_of(side: Side) -> &'static str {
    match side {
        Side::Kiosk => "kiosk",
        Side::Reader => "reader",
    }
}

// --- looking --------------------------------------------------------------------------------------------------

async fn seen(site: Site, side: Side, request: Request, stale: bool) -> Response {
    if !guard::may_read(request.headers()) {
        return refused(&site, StatusCode::FORBIDDEN, &screens::FOREIGN);
    }
    let asked = nonce_in(request.uri());
    let cookie = guard::cookie(request.headers(), cookie_of(side)).map(str::to_owned);
    blocking(site.clone(), move || show(&site, side, cookie.as_deref(), &asked, stale)).await
}

/// The page of a browser with this cookie.
fn show(site: &Site, side: Side, cookie: Option<&str>, asked: &str, stale: bool) -> Response {
    let booth = site.booth(side);
    let mine = if stale { None } else { cookie };
    let shelf = |cookie| {
        booth.see(cookie, |sight| match sight {
            Sight::Session(session) if is_for(session, asked) => Ok(in_session(site, side, session)),
            Sight::Session(_) => Err(None),
            Sight::Start(shelf) => Err(Some(shelf.clone())),
        })
    };
    // A session for something else is not shown; whoever asks anew stands at the start, as without it.
    let sight = match shelf(mine) {
        Err(None) => shelf(None),
        sight => sight,
    };
    match sight {
        Ok(markup) => html(StatusCode::OK, markup),
        // An old cookie stays: it opens nothing, and by now the browser may have that of a newer session in its place.
        Err(shelf) => html(StatusCode::OK, start(site, side, &shelf.unwrap_or_default(), asked, stale)),
    }
}

/// Whether a session is what this address asks for: a newer sign-in starts anew.
fn is_for(session: &Session, asked: &str) -> bool {
    match &session.errand {
        Errand::Visit => true,
        Errand::SignIn(nonce) => asked.is_empty() || asked == nonce,
    }
}

fn in_session(site: &Site, side: Side, session: &Session) -> Markup {
    let shared = &site.inner.shared;
    let nonce = match &session.errand {
        Errand::Visit => "",
        Errand::SignIn(nonce) => nonce,
    };
    let mut frame = site.frame(side, session.lang, pages::token(session), nonce);
    let now_ms = shared.now_ms();
    // While card or line are at work the page looks again every second.
    let ends = ends_at(session, &shared.setting).unwrap_or(now_ms);
    frame.left_ms = Some(ends.saturating_sub(now_ms));
    frame.has_card = true;
    if let Place::Over(over) = &session.place {
        frame.is_over = over.again.is_none() && !over.eye;
        frame.is_card_gone = matches!(over.ending, Ending::Own(screen) if *screen == screens::CARD_OUT);
    }
    pages::session(&frame, session)
}

fn start(site: &Site, side: Side, shelf: &Shelf, asked: &str, stale: bool) -> Markup {
    let shared = &site.inner.shared;
    let token = site.booth(side).start_key.clone();
    let mut frame = site.frame(side, shelf.lang, token, asked);
    if side == Side::Reader && asked.is_empty() {
        let screen = if stale { &screens::STALE } else { &screens::NO_SIGN_IN };
        return pages::no_sign_in(&frame, screen);
    }
    if !shelf.find.is_empty() && side == Side::Kiosk {
        // What was searched for may be a name.
        frame.left_ms = Some(shared.setting.idle_ms);
    }
    let above = if stale { pages::stale(shelf.lang) } else { Markup::default() };
    pages::start(&frame, shelf, &shared.cards.list(&shelf.find), &above)
}

/// The nonce of a sign-in in an address; empty unless it looks like one.
fn nonce_in(uri: &Uri) -> String {
    let pairs = uri.query().unwrap_or_default().split('&');
    let nonce = pairs.filter_map(|pair| pair.strip_prefix("n=")).next().unwrap_or_default();
    if is_nonce(nonce) { nonce.to_owned() } else { String::new() }
}

fn is_nonce(text: &str) -> bool {
    (16..=512).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~'))
}

// --- doing ----------------------------------------------------------------------------------------------------

type Posted = fn(&Site, Side, Option<&str>, &Form) -> Response;

async fn posted(site: Site, side: Side, request: Request, work: Posted) -> Response {
    if !guard::may_change(request.headers()) {
        return refused(&site, StatusCode::FORBIDDEN, &screens::FOREIGN);
    }
    let cookie = guard::cookie(request.headers(), cookie_of(side)).map(str::to_owned);
    let Some(body) = body_of(request.into_body(), BODY_MAX).await else { return go(again(side, "")) };
    let form = Form::read(&body);
    drop(body);
    blocking(site.clone(), move || work(&site, side, cookie.as_deref(), &form)).await
}

fn choose(site: &Site, side: Side, _: Option<&str>, form: &Form) -> Response {
    let booth = site.booth(side);
    let nonce = form.get("n");
    let errand = match side {
        Side::Kiosk => Errand::Visit,
        Side::Reader if is_nonce(nonce) => Errand::SignIn(nonce.to_owned()),
        Side::Reader => return go(again(side, "")),
    };
    if form.get("token") != booth.start_key || form.get("card").is_empty() {
        return go(again(side, nonce));
    }
    let id = booth.choose(form.get("card"), errand);
    let mut response = go(side.home().to_owned());
    set_cookie(&mut response, side, &id, false);
    response
}

fn find(site: &Site, side: Side, _: Option<&str>, form: &Form) -> Response {
    let booth = site.booth(side);
    if form.get("token") != booth.start_key {
        return go(again(side, form.get("n")));
    }
    booth.shelve(|shelf| match form.get("page").parse() {
        Ok(page) => shelf.page = page,
        Err(_) => {
            let text = if form.get("clear").is_empty() { form.get("find").trim() } else { "" };
            (shelf.find, shelf.page) = (text.chars().take(FIND_MAX).collect(), 0);
        }
    });
    go(home(side, form.get("n")))
}

fn step(site: &Site, side: Side, cookie: Option<&str>, form: &Form) -> Response {
    let booth = site.booth(side);
    let (token, act) = (form.get("token"), form.get("act"));
    if let Some(word) = act.strip_prefix("lang-") {
        let fit = booth.speak(cookie, token, Lang::of(word));
        let start = token == booth.start_key;
        return go(if start || fit != Fit::Stale {
            home(side, if start { form.get("n") } else { "" })
        } else {
            again(side, "")
        });
    }
    let Some(event) = event(act, form) else { return go(again(side, "")) };
    let out = matches!(event, Event::Out);
    let fit = booth.step(cookie, token, event);
    let mut response = go(if fit == Fit::Stale { again(side, "") } else { side.home().to_owned() });
    if out && fit == Fit::Now {
        set_cookie(&mut response, side, "", true);
    }
    response
}

/// What a button means.
fn event(act: &str, form: &Form) -> Option<Event> {
    Some(match act {
        "pin" => Event::Pin(form.pin()),
        "eye" => Event::WantEye,
        "eye-fits" => Event::EyeCode(form.digits("code")),
        "eye-differs" => Event::EyeDiffers,
        "pin-again" => Event::WantPin,
        "agree" => Event::Terms(true),
        "disagree" => Event::Terms(false),
        "yes" => Event::Answer(true),
        "no" => Event::Answer(false),
        "electronic" => Event::Prescription(Prescription::Electronic),
        "paper" => Event::Prescription(Prescription::Paper),
        "back" => Event::Back,
        "again" => Event::Again,
        "stay" => Event::Stay,
        "out" => Event::Out,
        _ => return None,
    })
}

/// Where the start is, with a sign-in's nonce when there is one.
fn home(side: Side, nonce: &str) -> String {
    with_nonce(side, side.home(), nonce)
}

/// Where the start says that a step was of a session that is over.
fn again(side: Side, nonce: &str) -> String {
    with_nonce(side, &format!("{}/again", side.base()), nonce)
}

fn with_nonce(side: Side, path: &str, nonce: &str) -> String {
    // Only what cannot break out of a header or an address.
    if side == Side::Reader && is_nonce(nonce) { format!("{path}?n={nonce}") } else { path.to_owned() }
}

async fn script_tap(State(site): State<Site>, request: Request) -> Response {
    if !guard::is_script(request.headers()) {
        let detail = "POST application/json with the header `shikaku-script: 1`, without Origin and Sec-Fetch-*, at \
            the address that the kiosk listens on";
        return answered(&script::problem(403, &screens::SCRIPT_SHAPE, detail));
    }
    let Ok(_permit) = site.inner.scripts.try_acquire() else {
        return answered(&script::problem(503, &screens::SCRIPT_BUSY, "tap one card after the other"));
    };
    let Some(body) = body_of(request.into_body(), script::BODY_MAX).await else {
        return answered(&script::problem(413, &screens::SCRIPT_SHAPE, "the body is too large"));
    };
    let shared = site.inner.shared.clone();
    match spawn_blocking(move || script::tap(&shared, &body)).await {
        Ok(outcome) => answered(&outcome),
        Err(_) => {
            tracing::error!("kiosk.panic");
            answered(&script::problem(500, &screens::TERMINAL_FAULT, screens::TERMINAL_FAULT.engineer))
        }
    }
}

async fn asset(State(site): State<Site>, Path(name): Path<String>, headers: HeaderMap) -> Response {
    let found = assets::asset(&name).filter(|_| guard::may_read(&headers));
    let Some((content_type, bytes)) = found else {
        return refused(&site, StatusCode::NOT_FOUND, &screens::NO_PAGE);
    };
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

async fn nowhere(State(site): State<Site>, headers: HeaderMap) -> Response {
    if !guard::may_read(&headers) {
        return refused(&site, StatusCode::FORBIDDEN, &screens::FOREIGN);
    }
    refused(&site, StatusCode::NOT_FOUND, &screens::NO_PAGE)
}

// --- answers --------------------------------------------------------------------------------------------------

/// Runs what reads files or waits for the line away from the threads that serve sockets.
async fn blocking(site: Site, work: impl FnOnce() -> Response + Send + 'static) -> Response {
    match spawn_blocking(work).await {
        Ok(response) => response,
        Err(_) => {
            tracing::error!("kiosk.panic");
            refused(&site, StatusCode::INTERNAL_SERVER_ERROR, &screens::TERMINAL_FAULT)
        }
    }
}

fn html(status: StatusCode, markup: Markup) -> Response {
    let mut response = Response::new(Body::from(markup.into_string()));
    *response.status_mut() = status;
    guard::secure(response.headers_mut());
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    response
}

fn refused(site: &Site, status: StatusCode, screen: &'static Screen) -> Response {
    let lang = site.booth(Side::Kiosk).see(None, |sight| match sight {
        Sight::Start(shelf) => shelf.lang,
        Sight::Session(session) => session.lang,
    });
    let token = site.booth(Side::Kiosk).start_key.clone();
    html(status, pages::outside(&site.frame(Side::Kiosk, lang, token, ""), screen))
}

/// A redirect that is followed by looking.
fn go(to: String) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    guard::secure(response.headers_mut());
    let to = HeaderValue::from_str(&to).unwrap_or(HeaderValue::from_static("/"));
    response.headers_mut().insert(header::LOCATION, to);
    response
}

fn answered(outcome: &script::Outcome) -> Response {
    let mut response = Response::new(Body::from(outcome.body.to_string()));
    *response.status_mut() =
        StatusCode::from_u16(outcome.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    guard::secure(response.headers_mut());
    let kind = if outcome.status == 200 { "application/json" } else { "application/problem+json" };
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// Sets or removes the cookie of a session. Its value is hexadecimal digits.
fn set_cookie(response: &mut Response, side: Side, value: &str, remove: bool) {
    let end = if remove { "; Max-Age=0" } else { "" };
    let text = format!("{}={value}; Path={}; HttpOnly; SameSite=Strict{end}", cookie_of(side), side.home());
    if let Ok(value) = HeaderValue::from_str(&text) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}
