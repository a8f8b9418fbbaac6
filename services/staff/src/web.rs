//! Pages: signing in with two factors, changing the own password, accounts, and the demo's desks.
//!
//! Always holds: parse, operation, render; a password is hashed and checked away from any transaction and shown never
//! (a one-time password once); a session's token changes whenever another thing is proved in it; nothing of a person
//! stands in an address.
//! Not here: what is enough (`rules`), who is admitted to a page (`::web::routes`), and making a visitor of a session,
//! which `app` does with [`crate::visit`] for each request. Pages before that read the cookie themselves.
//! Rules come from: the issue, part C; OWASP Session Management; デジタル庁デザインシステム.

use crate::{
    Reset, refusals,
    rules::{self, Account, Missing, NewAccount, OneTime, Session, Token},
};
use ::store::Tx;
use ::web::{
    cookies::{cookie, set_cookie},
    forms::{self, Field, Form, Kind, danger_form, field, parse_form},
    house::{Asker, House, Trouble},
    parts::{Tone, badge, banner, copyable, facts, pager, refusal as refusal_part, table},
    routes::{Page, Permit, Routes, STALE_FORM},
};
use axum::{
    body::Bytes,
    extract::{Path, Query},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use base::{Actor, Answer, FacilityCode, Id, Purpose, Refusal, Result, Role, fold_width, kinds};
use maud::{Markup, html};
use std::collections::BTreeMap;
use zeroize::Zeroizing;

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

/// Accounts on one page of the list.
const PAGE_ROWS: usize = 50;

/// The routes of this service; with the desks only where everything is invented.
pub fn routes(demo: bool, places: Places) -> Routes {
    let open = Permit::Public;
    let routes = Routes::new()
        .nav("/staff", "職員", "Staff", MANAGERS)
        .add("GET", "/sign-in", "staff.sign_in", open, get(sign_in_page))
        .add("POST", "/sign-in", "staff.sign_in", open, post(sign_in))
        .add("GET", "/sign-in/second", "staff.prove_second_factor", open, get(second_page))
        .add("POST", "/sign-in/second", "staff.prove_second_factor", open, post(prove_second))
        .add("GET", "/second-factor", "staff.set_second_factor", open, get(set_up_page))
        .add("POST", "/second-factor", "staff.set_second_factor", open, post(set_up))
        .add("GET", "/password", "staff.change_password", open, get(password_page))
        .add("POST", "/password", "staff.change_password", open, post(change_password))
        .add("POST", "/sign-out", "staff.sign_out", open, post(sign_out))
        .add("GET", "/staff", "staff.list", MANAGERS, get(move |page, query| list(places, page, query)))
        .add("GET", "/staff/new", "staff.record", MANAGERS, get(new))
        .add("POST", "/staff", "staff.record", MANAGERS, post(move |page, body| record(places, page, body)))
        .add("GET", "/staff/{id}", "staff.get", MANAGERS, get(move |page, id| one(places, page, id)))
        .add(
            "POST",
            "/staff/{id}/role",
            "staff.assign",
            MANAGERS,
            post(move |page, id, body| assign(places, page, id, body)),
        )
        .add("POST", "/staff/{id}/reset", "staff.reset", MANAGERS, post(reset))
        .add("POST", "/staff/{id}/close", "staff.withdraw", MANAGERS, post(close));
    if !demo {
        return routes.nav("/password", "パスワード", "Password", Permit::SignedIn);
    }
    routes
        .nav("/desks", "窓口の切替", "Switch desk", open)
        .add("GET", "/desks", "staff.switch_to", open, get(desks))
        .add("POST", "/desks/{role}", "staff.switch_to", open, post(switch_to))
}

// Cookies and sessions -----------------------------------------------------------------------------------------------

/// Whether cookies are for https only: always, but in a demo and where pages are served to this machine alone.
pub fn secure_cookies(house: &House) -> bool {
    let local = |host: &String| {
        ["localhost", "127.0.0.1", "[::1]"].iter().any(|name| {
            host.strip_prefix(name).is_some_and(|port| port.is_empty() || port.starts_with(':'))
        })
    };
    !house.is_demo() && !house.hosts().iter().all(local)
}

/// Sends the browser on under a (new) token.
fn go_on(page: &Page, token: &Token, to: &str) -> Response {
    let mut response = Redirect::to(to).into_response();
    let value = set_cookie(COOKIE, &token.text(), None, secure_cookies(&page.house));
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

// Signing in ---------------------------------------------------------------------------------------------------------

async fn sign_in_page(page: Page, headers: HeaderMap, Query(query): Query<BTreeMap<String, String>>) -> Response {
    match present(&page, &headers).await {
        Err(trouble) => page.trouble(trouble),
        Ok(Some(present)) => Redirect::to(next_page(present.session.missing)).into_response(),
        Ok(None) if page.house.is_demo() && !query.contains_key("real") => Redirect::to("/desks").into_response(),
        Ok(None) => show_sign_in(&page, StatusCode::OK, "", None),
    }
}

fn show_sign_in(page: &Page, status: StatusCode, login: &str, refused: Option<&Refusal>) -> Response {
    let title = page.t("ログイン", "Sign in");
    let text = Kind::Text { width_chars: 32, inputmode: "text", autocomplete: "username" };
    let password = Kind::Password { autocomplete: "current-password" };
    let one = |name, label, value, kind| {
        field(page.lang, &Field { name, label, hint: None, value, error: None, required: true, kind })
    };
    let body = html! {
        (one("login", page.t("ログイン名", "Login"), login, text))
        (one("password", page.t("パスワード", "Password"), "", password))
    };
    let main = html! {
        h1 { (title) }
        @if let Some(refusal) = refused { (refusal_part(page.lang, refusal)) }
        (forms::form("/sign-in", page.csrf(), page.t("次へ", "Continue"), body))
        p { (page.t(
            "次の画面で、認証アプリの確認コードを入力します。",
            "You will be asked for a code of your authenticator app next.",
        )) }
    };
    page.show_as(status, title, None, main)
}

async fn sign_in(page: Page, body: Bytes) -> Response {
    let form = parse_form(&body);
    let login = form.get("login").to_owned();
    let password = Zeroizing::new(form.get("password").to_owned());
    match begin(&page, login.clone(), password).await {
        Err(trouble) => page.trouble(trouble),
        Ok(Ok((missing, token))) => go_on(&page, &token, missing.page()),
        Ok(Err(refusal)) => show_sign_in(&page, status(&refusal), &login, Some(&refusal)),
    }
}

async fn begin(
    page: &Page,
    login: String,
    password: Zeroizing<String>,
) -> std::result::Result<Answer<(Missing, Token)>, Trouble> {
    let asker = Asker::new(Actor::System, Purpose::Administration);
    let credentials = page.house.read(asker.clone(), move |tx, _| crate::credentials(tx, &login)).await?;
    let checked = page.house.work(move || credentials.check(&password)).await?;
    let token = Token::new(page.house.random());
    page.house
        .change(asker, move |tx, cx| {
            Ok(crate::sign_in(tx, cx, &checked, &token)?.map(|missing| (missing, token.clone())))
        })
        .await
}

async fn second_page(page: Page, headers: HeaderMap) -> Response {
    match stepping(&page, &headers, |missing| missing == Some(Missing::SecondFactor)).await {
        Err(response) => response,
        Ok(present) => show_second(&page, StatusCode::OK, &present.session, None),
    }
}

fn show_second(page: &Page, status: StatusCode, session: &Session, refused: Option<&Refusal>) -> Response {
    let title = page.t("確認コードの入力", "Enter your code");
    let main = html! {
        h1 { (title) }
        @if let Some(refusal) = refused { (refusal_part(page.lang, refusal)) }
        (forms::form("/sign-in/second", &session.csrf, page.t("ログインする", "Sign in"), code_field(page)))
        p { (page.t(
            "端末をなくしたときは、管理者に再設定を依頼してください。",
            "If you lost your device, ask your administrator to reset it.",
        )) }
        (cancel_form(page, session))
    };
    page.show_as(status, title, None, main)
}

fn code_field(page: &Page) -> Markup {
    let kind = Kind::Text { width_chars: 8, inputmode: "numeric", autocomplete: "one-time-code" };
    let hint = page.t("認証アプリに表示されている6桁の数字", "The six digits that your authenticator app shows");
    let label = page.t("確認コード", "Code");
    let field_of = Field { name: "code", label, hint: Some(hint), value: "", error: None, required: true, kind };
    field(page.lang, &field_of)
}

/// Signs out of a session that is only half begun; the frame shows no button for that.
fn cancel_form(page: &Page, session: &Session) -> Markup {
    html! {
        form method="post" action="/sign-out" {
            input type="hidden" name="csrf" value=(session.csrf);
            button.button.quiet type="submit" { (page.t("中止する", "Cancel")) }
        }
    }
}

async fn prove_second(page: Page, headers: HeaderMap, body: Bytes) -> Response {
    let form = parse_form(&body);
    let fits = |missing| missing == Some(Missing::SecondFactor);
    let found = match stepping_form(&page, &headers, &form, fits).await {
        Err(response) => return response,
        Ok(found) => found,
    };
    let (code, old) = (Zeroizing::new(form.get("code").to_owned()), found.token.clone());
    let token = Token::new(page.house.random());
    let renewed = token.clone();
    let proved = page.house.change(found.asker(), move |tx, cx| {
        crate::prove_second_factor(tx, cx, &old, &code, &renewed)
    });
    match proved.await {
        Err(trouble) => page.trouble(trouble),
        Ok(Ok(missing)) => go_on(&page, &token, next_page(missing)),
        Ok(Err(refusal)) => show_second(&page, status(&refusal), &found.session, Some(&refusal)),
    }
}

async fn set_up_page(page: Page, headers: HeaderMap) -> Response {
    show_set_up(&page, &headers, StatusCode::OK, None).await
}

/// Reading the page begins the set-up, or shows again the one that was begun.
async fn show_set_up(
    page: &Page,
    headers: &HeaderMap,
    status: StatusCode,
    refused: Option<&Refusal>,
) -> Response {
    let fits = |missing| missing == Some(Missing::NewSecondFactor);
    let found = match stepping(page, headers, fits).await {
        Err(response) => return response,
        Ok(found) => found,
    };
    let (token, secret) = (found.token.clone(), page.house.random());
    let asker = found.asker();
    let begun =
        page.house.change(asker, move |tx, cx| crate::begin_second_factor(tx, cx, &token, &secret)).await;
    let secret = match begun {
        Err(trouble) => return page.trouble(trouble),
        Ok(Err(refusal)) => return page.refuse(&refusal),
        Ok(Ok(secret)) => secret,
    };
    let title = page.t("二要素認証の設定", "Set up your second factor");
    let main = html! {
        h1 { (title) }
        @if let Some(refusal) = refused { (refusal_part(page.lang, refusal)) }
        p.lead { (page.t(
            "パスワードに加えて、スマートフォンなどの認証アプリの確認コードでログインします。はじめに一度だけ設定します。",
            "Besides your password you sign in with a code from an authenticator app. You set it up once.",
        )) }
        ol {
            li { (page.t("認証アプリを開き、アカウントを追加します。", "Open your authenticator app and add an account.")) }
            li {
                (page.t("次のキーを入力します（種類：時間ベース）。", "Enter this key (type: time based)."))
                p { (copyable(&rules::secret_text(&secret))) }
                details {
                    summary { (page.t("アドレスで登録する", "Add it by its address")) }
                    p { (copyable(&rules::secret_uri(&found.session.login, &secret))) }
                }
            }
            li { (page.t("アプリに表示された6桁の数字を入力します。", "Enter the six digits that the app shows.")) }
        }
        (forms::form("/second-factor", &found.session.csrf, page.t("設定する", "Set up"), code_field(page)))
        (cancel_form(page, &found.session))
    };
    page.show_as(status, title, None, main)
}

async fn set_up(page: Page, headers: HeaderMap, body: Bytes) -> Response {
    let form = parse_form(&body);
    let fits = |missing| missing == Some(Missing::NewSecondFactor);
    let found = match stepping_form(&page, &headers, &form, fits).await {
        Err(response) => return response,
        Ok(found) => found,
    };
    let (code, old) = (Zeroizing::new(form.get("code").to_owned()), found.token.clone());
    let token = Token::new(page.house.random());
    let renewed = token.clone();
    let set = page.house.change(found.asker(), move |tx, cx| {
        crate::set_second_factor(tx, cx, &old, &code, &renewed)
    });
    match set.await {
        Err(trouble) => page.trouble(trouble),
        Ok(Ok(missing)) => go_on(&page, &token, next_page(missing)),
        Ok(Err(refusal)) => show_set_up(&page, &headers, status(&refusal), Some(&refusal)).await,
    }
}

async fn sign_out(page: Page, headers: HeaderMap, body: Bytes) -> Response {
    let found = match present(&page, &headers).await {
        Err(trouble) => return page.trouble(trouble),
        Ok(found) => found,
    };
    if let Some(found) = found {
        if found.session.csrf != parse_form(&body).get("csrf") {
            return stale(&page);
        }
        let (asker, token) = (found.asker(), found.token);
        if let Err(trouble) = page.house.change(asker, move |tx, cx| crate::sign_out(tx, cx, &token)).await {
            return page.trouble(trouble);
        }
    }
    let mut response = Redirect::to("/sign-in").into_response();
    let gone = set_cookie(COOKIE, "", Some(0), secure_cookies(&page.house));
    response.headers_mut().append(header::SET_COOKIE, gone);
    response
}

// The own password ---------------------------------------------------------------------------------------------------

fn may_change(missing: Option<Missing>) -> bool {
    matches!(missing, None | Some(Missing::NewPassword))
}

async fn password_page(page: Page, headers: HeaderMap) -> Response {
    match stepping(&page, &headers, may_change).await {
        Err(response) => response,
        Ok(found) => show_password(&page, StatusCode::OK, &found.session, None),
    }
}

fn show_password(page: &Page, status: StatusCode, session: &Session, refused: Option<&Refusal>) -> Response {
    let title = page.t("パスワードの変更", "Change your password");
    let long = page.t(
        "12文字以上。記号や数字は必須ではありません。",
        "At least 12 characters. Digits and symbols are not required.",
    );
    let given = page.t("仮のパスワード", "The one-time password");
    let forced = session.missing == Some(Missing::NewPassword);
    let present = if forced { given } else { page.t("今のパスワード", "Present password") };
    let error_of = |name: &str| refused.filter(|refusal| at_field(refusal) == name);
    let one = |name, label, hint, autocomplete| {
        let error = error_of(name).map(|refusal| page.t(refusal.help.what.0, refusal.help.what.1));
        let kind = Kind::Password { autocomplete };
        field(page.lang, &Field { name, label, hint, value: "", error, required: true, kind })
    };
    let body = html! {
        (one("password", present, None, "current-password"))
        (one("new", page.t("新しいパスワード", "New password"), Some(long), "new-password"))
        (one("again", page.t("新しいパスワード（確認）", "New password again"), None, "new-password"))
    };
    let main = html! {
        h1 { (title) }
        @if let Some(refusal) = refused { (refusal_part(page.lang, refusal)) }
        @if forced { p.lead { (page.t(
            "仮のパスワードを、自分だけが知るパスワードに変更してください。",
            "Change the one-time password to one that only you know.",
        )) } }
        (forms::form("/password", &session.csrf, page.t("変更する", "Change"), body))
        @if forced { (cancel_form(page, session)) }
    };
    page.show_as(status, title, None, main)
}

async fn change_password(page: Page, headers: HeaderMap, body: Bytes) -> Response {
    let form = parse_form(&body);
    let found = match stepping_form(&page, &headers, &form, may_change).await {
        Err(response) => return response,
        Ok(found) => found,
    };
    let token = Token::new(page.house.random());
    match put_password(&page, &found, &form, token.clone()).await {
        Err(trouble) => page.trouble(trouble),
        Ok(Ok(())) => go_on(&page, &token, "/"),
        Ok(Err(refusal)) => show_password(&page, status(&refusal), &found.session, Some(&refusal)),
    }
}

async fn put_password(
    page: &Page,
    found: &Present,
    form: &Form,
    renewed: Token,
) -> std::result::Result<Answer<()>, Trouble> {
    let (login, old) = (found.session.login.clone(), found.token.clone());
    let password = Zeroizing::new(form.get("password").to_owned());
    let new = Zeroizing::new(form.get("new").to_owned());
    if new.as_str() != form.get("again") {
        return Ok(Err(refusals::password_twice()));
    }
    if let Err(refusal) = rules::check_password(&login, &new) {
        return Ok(Err(refusal));
    }
    let salt = page.house.random();
    let credentials = page.house.read(found.asker(), move |tx, _| crate::credentials(tx, &login)).await?;
    let heavy = move || Ok((credentials.check(&password)?, rules::hash_password(&new, &salt)?));
    let (checked, hash) = page.house.work(heavy).await?;
    page.house
        .change(found.asker(), move |tx, cx| crate::change_password(tx, cx, &old, &checked, &hash, &renewed))
        .await
}

// Accounts -----------------------------------------------------------------------------------------------------------

async fn list(places: Places, page: Page, Query(query): Query<BTreeMap<String, String>>) -> Response {
    let after = query.get("after").and_then(|id| Id::parse(id));
    let asker = page.asker(Purpose::Administration);
    let read = page.house.read(asker, move |tx, cx| {
        let mut accounts = Vec::new();
        for account in crate::list(tx, cx, after, PAGE_ROWS + 1)? {
            let place = place_name(tx, places, &account)?;
            accounts.push((account, place));
        }
        Ok((accounts, cx.now))
    });
    let (mut accounts, now) = match read.await {
        Ok(found) => found,
        Err(trouble) => return page.trouble(trouble),
    };
    let more = accounts.len() > PAGE_ROWS;
    accounts.truncate(PAGE_ROWS);
    let next = accounts.last().filter(|_| more).map(|(last, _)| format!("/staff?after={}", last.id));
    let rows: Vec<Vec<Markup>> = accounts
        .iter()
        .map(|(account, place)| {
            vec![
                html! { a href={ "/staff/" (account.id) } { (account.new.name) } },
                html! { (account.new.login) },
                html! { (role_name(&page, account.new.role)) },
                html! { (place) },
                state(&page, account, now),
            ]
        })
        .collect();
    let heads = [
        page.t("氏名", "Name"),
        page.t("ログイン名", "Login"),
        page.t("役割", "Role"),
        page.t("所属", "Facility"),
        page.t("状態", "State"),
    ];
    let title = page.t("職員", "Staff");
    let main = html! {
        h1 { (title) }
        p { a.button.secondary href="/staff/new" { (page.t("アカウントを作る", "Open an account")) } }
        (table(title, &heads, &rows))
        (pager(page.lang, after.map(|_| "/staff"), next.as_deref(), ""))
    };
    page.show(title, main)
}

fn place_name(tx: &mut Tx<'_>, places: Places, account: &Account) -> Result<String> {
    let place = match account.new.facility {
        Some(facility) => (places.get)(tx, facility)?,
        None => None,
    };
    Ok(place.map(|place| place.name).unwrap_or_default())
}

fn role_name<'p>(page: &'p Page, role: Role) -> &'p str {
    page.t(role.names().0, role.names().1)
}

fn state(page: &Page, account: &Account, now: base::Instant) -> Markup {
    let waits = account.locked_until.is_some_and(|until| now < until);
    match (waits, account.one_time_until, account.totp) {
        (true, _, _) => badge(Tone::Warning, page.t("失敗が続き待機中", "Waiting after failures")),
        (_, Some(until), _) if until <= now => {
            badge(Tone::Warning, page.t("仮のパスワードの期限切れ", "One-time password has run out"))
        }
        (_, Some(_), _) => badge(Tone::Info, page.t("初回ログイン前", "Not signed in yet")),
        (_, None, None) if account.password.is_none() => badge(Tone::Info, page.t("デモの窓口", "Demo desk")),
        (_, None, None) => badge(Tone::Info, page.t("二要素認証の設定前", "No second factor yet")),
        (_, None, Some(_)) => badge(Tone::Success, page.t("使用中", "In use")),
    }
}

async fn new(page: Page) -> Response {
    show_new(&page, StatusCode::OK, &Form::default(), None)
}

fn show_new(page: &Page, status: StatusCode, form: &Form, refused: Option<&Refusal>) -> Response {
    let title = page.t("アカウントを作る", "Open an account");
    let text = |width_chars| Kind::Text { width_chars, inputmode: "text", autocomplete: "off" };
    let shape = page.t("3〜64文字の英数字と . _ - @", "3 to 64 letters, digits or . _ - @");
    let error_of = |name: &str| {
        let refusal = refused.filter(|refusal| at_field(refusal) == name)?;
        Some(page.t(refusal.help.what.0, refusal.help.what.1))
    };
    let one = |name, label, hint, kind| {
        let (value, error) = (form.get(name), error_of(name));
        field(page.lang, &Field { name, label, hint, value, error, required: true, kind })
    };
    let body = html! {
        (one("name", page.t("氏名", "Name"), None, text(32)))
        (one("login", page.t("ログイン名", "Login"), Some(shape), text(32)))
        (role_fields(page, form.get("role"), form.get("facility_code"), &error_of))
    };
    let main = html! {
        h1 { (title) }
        @if let Some(refusal) = refused { (refusal_part(page.lang, refusal)) }
        (forms::form("/staff", page.csrf(), page.t("作る", "Open"), body))
    };
    page.show_as(status, title, None, main)
}

/// Role and, for whoever may choose it, place.
fn role_fields<'p>(
    page: &'p Page,
    role: &str,
    code: &str,
    error_of: &dyn Fn(&str) -> Option<&'p str>,
) -> Markup {
    let own = page.visitor.as_ref().is_some_and(|visitor| visitor.role.belongs_to_facility());
    let choices: Vec<(&str, &str)> = std::iter::once(("", page.t("選んでください", "Choose")))
        .chain(Role::ALL.into_iter().filter(|role| !own || role.belongs_to_facility()).map(|role| {
            (role.word(), role_name(page, role))
        }))
        .collect();
    let needed = page.t(
        "受付、医師・薬剤師、医療機関等管理者の場合に、10桁で入力します。",
        "Ten digits, for receptionists, clinicians and facility administrators.",
    );
    let one = |name, label, hint, value, required, kind| {
        field(page.lang, &Field { name, label, hint, value, error: error_of(name), required, kind })
    };
    let digits = Kind::Text { width_chars: 12, inputmode: "numeric", autocomplete: "off" };
    html! {
        (one("role", page.t("役割", "Role"), None, role, true, Kind::Select(&choices)))
        @if !own {
            (one("facility_code", page.t("医療機関等コード", "Facility code"), Some(needed), code, false, digits))
        }
    }
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

/// The place that a form names: a facility's people have no choice, others name it by its code.
fn place_of(
    tx: &mut Tx<'_>,
    places: Places,
    actor: Actor,
    code: &str,
) -> Result<Answer<Option<Id<kinds::Facility>>>> {
    if let Some(own) = actor.facility() {
        return Ok(Ok(Id::new(own)));
    }
    let code = fold_width(code);
    let found = match FacilityCode::parse(code.trim()) {
        _ if code.trim().is_empty() => return Ok(Ok(None)),
        Ok(code) => (places.find)(tx, &code)?,
        Err(_) => None,
    };
    Ok(found.map(|place| Some(place.id)).ok_or_else(refusals::place))
}

async fn record(places: Places, page: Page, body: Bytes) -> Response {
    let form = parse_form(&body);
    if !page.csrf_fits(form.get("csrf")) {
        return stale(&page);
    }
    let read = rules::read_login(form.get("login"))
        .and_then(|login| Ok((login, Role::parse(form.get("role")).ok_or_else(refusals::role)?)));
    let (login, role) = match read {
        Ok(read) => read,
        Err(refusal) => return show_new(&page, status(&refusal), &form, Some(&refusal)),
    };
    let one_time = match fresh_password(&page).await {
        Ok(one_time) => one_time,
        Err(trouble) => return page.trouble(trouble),
    };
    let name = form.get("name").trim().to_owned();
    let new = NewAccount { login: login.clone(), name, role, facility: None };
    let (given, code) = (one_time.clone(), form.get("facility_code").to_owned());
    let recorded = page.house.change(page.asker(Purpose::Administration), move |tx, cx| {
        let facility = match place_of(tx, places, cx.actor, &code)? {
            Ok(facility) => facility,
            Err(refusal) => return Ok(Err(refusal)),
        };
        crate::record(tx, cx, &NewAccount { facility, ..new.clone() }, &given)
    });
    match recorded.await {
        Err(trouble) => page.trouble(trouble),
        Ok(Ok(_)) => show_one_time(&page, &login, &one_time),
        Ok(Err(refusal)) => show_new(&page, status(&refusal), &form, Some(&refusal)),
    }
}

async fn fresh_password(page: &Page) -> std::result::Result<OneTime, Trouble> {
    let random = Zeroizing::new(page.house.random());
    page.house.work(move || OneTime::make(&random)).await
}

/// The only time that a one-time password is shown.
fn show_one_time(page: &Page, login: &str, one_time: &OneTime) -> Response {
    let title = page.t("仮のパスワード", "One-time password");
    let once = page.t("この画面は一度しか表示されません", "This is shown only once");
    let tell = page.t(
        "本人に直接、安全な方法で伝えてください。3日以内に初めてログインし、二要素認証を設定して、パスワードを変更する必要があります。",
        "Give it to the person directly and safely. Within three days they must sign in, set up a second factor and change it.",
    );
    let rows = [
        (page.t("ログイン名", "Login"), copyable(login)),
        (page.t("仮のパスワード", "One-time password"), copyable(one_time.text())),
    ];
    let main = html! {
        h1 { (title) }
        (banner(Tone::Warning, once, html! { p { (tell) } }))
        (facts(&rows))
        p { a href="/staff" { (page.t("職員の一覧へ", "To the list of staff")) } }
    };
    page.show(title, main)
}

async fn one(places: Places, page: Page, Path(id): Path<String>) -> Response {
    show_one(places, &page, &id, StatusCode::OK, None).await
}

async fn show_one(
    places: Places,
    page: &Page,
    id: &str,
    status: StatusCode,
    refused: Option<&Refusal>,
) -> Response {
    let Some(staff) = Id::<kinds::Staff>::parse(id) else {
        return page.refuse(&refusals::no_such_account());
    };
    let asker = page.asker(Purpose::Administration);
    let read = page.house.read(asker, move |tx, cx| {
        let account = match crate::get(tx, cx, staff)? {
            Ok(account) => account,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let place = place_name(tx, places, &account)?;
        Ok(Ok((account, place, cx.now)))
    });
    let (account, place, now) = match read.await {
        Err(trouble) => return page.trouble(trouble),
        Ok(Err(refusal)) => return page.refuse(&refusal),
        Ok(Ok(found)) => found,
    };
    let rows = [
        (page.t("ログイン名", "Login"), html! { (account.new.login) }),
        (page.t("役割", "Role"), html! { (role_name(page, account.new.role)) }),
        (page.t("所属", "Facility"), html! { (place) }),
        (page.t("状態", "State"), state(page, &account, now)),
        (page.t("登録日時", "Opened"), html! { span.num { (account.made_at.for_people()) } }),
    ];
    let error_of = |name: &str| {
        let refusal = refused.filter(|refusal| at_field(refusal) == name)?;
        Some(page.t(refusal.help.what.0, refusal.help.what.1))
    };
    let role = format!("/staff/{id}/role");
    let fields = role_fields(page, account.new.role.word(), "", &error_of);
    let main = html! {
        h1 { (account.new.name) }
        @if let Some(refusal) = refused { (refusal_part(page.lang, refusal)) }
        (facts(&rows))
        h2 { (page.t("役割の変更", "Change the role")) }
        p { (page.t("変更すると、この人のログインはすべて終わります。", "This ends all of the person's sessions.")) }
        (forms::form(&role, page.csrf(), page.t("変更する", "Change"), fields))
        (danger_forms(page, id))
    };
    page.show_as(status, &account.new.name, None, main)
}

fn danger_forms(page: &Page, id: &str) -> Markup {
    let (to_reset, to_close) = (format!("/staff/{id}/reset"), format!("/staff/{id}/close"));
    let what = |value| html! { input type="hidden" name="what" value=(value); };
    html! {
        h2 { (page.t("ログインできないとき", "When the person cannot sign in")) }
        (danger_form(
            &to_reset,
            page.csrf(),
            page.t("パスワードを再設定する", "Reset the password"),
            page.t("仮のパスワードを発行します。よろしいですか。", "Give out a one-time password?"),
            what("password"),
        ))
        (danger_form(
            &to_reset,
            page.csrf(),
            page.t("パスワードと二要素認証を再設定する", "Reset password and second factor"),
            page.t(
                "本人であることを確かめましたか。仮のパスワードを発行し、二要素認証の設定を消します。",
                "Did you make sure who is asking? A one-time password is given out and the second factor removed.",
            ),
            what("both"),
        ))
        h2 { (page.t("アカウントを閉じる", "Close the account")) }
        (danger_form(
            &to_close,
            page.csrf(),
            page.t("閉じる", "Close"),
            page.t("このアカウントを閉じます。元に戻せません。", "Close this account? This cannot be undone."),
            html! {},
        ))
    }
}

async fn assign(places: Places, page: Page, Path(id): Path<String>, body: Bytes) -> Response {
    let form = parse_form(&body);
    if !page.csrf_fits(form.get("csrf")) {
        return stale(&page);
    }
    let (Some(staff), role) = (Id::<kinds::Staff>::parse(&id), Role::parse(form.get("role"))) else {
        return page.refuse(&refusals::no_such_account());
    };
    let Some(role) = role else {
        let refusal = refusals::role();
        return show_one(places, &page, &id, status(&refusal), Some(&refusal)).await;
    };
    let code = form.get("facility_code").to_owned();
    let assigned = page.house.change(page.asker(Purpose::Administration), move |tx, cx| {
        match place_of(tx, places, cx.actor, &code)? {
            Ok(facility) => crate::assign(tx, cx, staff, role, facility),
            Err(refusal) => Ok(Err(refusal)),
        }
    });
    match assigned.await {
        Err(trouble) => page.trouble(trouble),
        Ok(Ok(())) => Redirect::to(&format!("/staff/{id}")).into_response(),
        Ok(Err(refusal)) => show_one(places, &page, &id, status(&refusal), Some(&refusal)).await,
    }
}

async fn reset(page: Page, Path(id): Path<String>, body: Bytes) -> Response {
    let form = parse_form(&body);
    if !page.csrf_fits(form.get("csrf")) {
        return stale(&page);
    }
    let what = if form.get("what") == "both" { Reset::Both } else { Reset::Password };
    let Some(staff) = Id::<kinds::Staff>::parse(&id) else {
        return page.refuse(&refusals::no_such_account());
    };
    let one_time = match fresh_password(&page).await {
        Ok(one_time) => one_time,
        Err(trouble) => return page.trouble(trouble),
    };
    let given = one_time.clone();
    let reset = page.house.change(page.asker(Purpose::Administration), move |tx, cx| {
        crate::reset(tx, cx, staff, what, &given)
    });
    match reset.await {
        Err(trouble) => page.trouble(trouble),
        Ok(Ok(login)) => show_one_time(&page, &login, &one_time),
        Ok(Err(refusal)) => page.refuse(&refusal),
    }
}

async fn close(page: Page, Path(id): Path<String>, body: Bytes) -> Response {
    if !page.csrf_fits(parse_form(&body).get("csrf")) {
        return stale(&page);
    }
    let Some(staff) = Id::<kinds::Staff>::parse(&id) else {
        return page.refuse(&refusals::no_such_account());
    };
    let asker = page.asker(Purpose::Administration);
    match page.house.change(asker, move |tx, cx| crate::withdraw(tx, cx, staff)).await {
        Err(trouble) => page.trouble(trouble),
        Ok(Ok(())) => Redirect::to("/staff").into_response(),
        Ok(Err(refusal)) => page.refuse(&refusal),
    }
}

// The demo's desks ---------------------------------------------------------------------------------------------------

async fn desks(page: Page) -> Response {
    let title = page.t("窓口を選ぶ", "Choose a desk");
    let head = page.t("これはデモです。パスワードなしで窓口を切り替えられます", "This is a demo: desks are switched without a password");
    let tell = page.t(
        "実際の運用では、一人ひとりがパスワードと二要素認証でログインします。デモの人物・機関はすべて架空です。",
        "In real operation everybody signs in with a password and a second factor. Everybody in the demo is invented.",
    );
    let main = html! {
        h1 { (title) }
        (banner(Tone::Info, head, html! { p { (tell) } }))
        div.columns {
            @for role in Role::ALL {
                div.card {
                    h2 { (role_name(&page, role)) }
                    p { (desk_text(&page, role)) }
                    form method="post" action={ "/desks/" (role.word()) } {
                        input type="hidden" name="csrf" value=(page.csrf());
                        button.button type="submit" aria-label={ (role_name(&page, role)) " — " (page.t("この窓口に座る", "Sit down here")) } {
                            (page.t("この窓口に座る", "Sit down here"))
                        }
                    }
                }
            }
        }
        p { a href="/sign-in?real=1" { (page.t("実際と同じ方法でログインする", "Sign in as in real operation")) } }
    };
    page.show(title, main)
}

fn desk_text<'p>(page: &'p Page, role: Role) -> &'p str {
    match role {
        Role::Receptionist => page.t("来院した人の資格を確認します。", "Checks the eligibility of those who come."),
        Role::Clinician => page.t("診療・調剤の場で資格確認の結果を見ます。", "Looks at checks where patients are treated."),
        Role::FacilityAdministrator => {
            page.t("自分の医療機関の職員、端末、記録を管理します。", "Manages the facility's own staff, terminals and log.")
        }
        Role::InsurerClerk => page.t("加入と喪失を登録し、照合します。", "Registers who joins and leaves, and verifies it."),
        Role::MunicipalClerk => page.t("市区町村の窓口の仕事をします。", "Works at a municipality's desk."),
        Role::CallCentreOperator => page.t("電話での問い合わせに答えます。", "Answers questions by telephone."),
        Role::Auditor => page.t("記録が改ざんされていないことを確かめます。", "Verifies that nobody changed the log."),
        Role::SystemAdministrator => {
            page.t("医療機関・薬局、職員、端末を管理します。", "Manages facilities, staff and terminals.")
        }
    }
}

async fn switch_to(page: Page, headers: HeaderMap, Path(role): Path<String>, body: Bytes) -> Response {
    if !page.csrf_fits(parse_form(&body).get("csrf")) {
        return stale(&page);
    }
    let role = match Role::parse(&role) {
        Some(role) if page.house.is_demo() => role,
        _ => return page.refuse(&refusals::no_such_desk()),
    };
    let left = cookie(&headers, COOKIE).unwrap_or_default().to_owned();
    let token = Token::new(page.house.random());
    let sat = token.clone();
    let switched = page.house.change(page.asker(Purpose::Administration), move |tx, cx| {
        crate::sign_out(tx, cx, &left)?;
        crate::switch_to(tx, cx, role, &sat)
    });
    match switched.await {
        Err(trouble) => page.trouble(trouble),
        Ok(Ok(())) => go_on(&page, &token, "/"),
        Ok(Err(refusal)) => page.refuse(&refusal),
    }
}
