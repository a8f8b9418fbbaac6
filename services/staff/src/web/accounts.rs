//! Accounts: the list, one account, opening, another role, resetting, closing.
//!
//! Always holds: a one-time password is shown once, in the answer to the form that made it; nothing of a person stands in
//! an address.
//! Not here: whose accounts one manages (`rules::reach`).
//! Rules come from: the issue, part C; OWASP Session Management; デジタル庁デザインシステム.

use super::{Places, at_field, role_name, stale, status};
use crate::{
    Reset, refusals,
    rules::{self, Account, NewAccount, OneTime},
};
use ::store::Tx;
use ::web::{
    forms::{self, Field, Form, Kind, danger_form, field, parse_form},
    house::Trouble,
    parts::{Tone, badge, banner, copyable, facts, pager, refusal as refusal_part, table},
    routes::Page,
};
use axum::{
    body::Bytes,
    extract::{Path, Query},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use base::{Actor, Answer, FacilityCode, Id, Purpose, Refusal, Result, Role, fold_width, kinds};
use maud::{Markup, html};
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// Accounts on one page of the list.
const PAGE_ROWS: usize = 50;

pub(super) async fn list(
    places: Places,
    page: Page,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
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

pub(super) async fn new(page: Page) -> Response {
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
        .chain(
            Role::ALL
                .into_iter()
                .filter(|role| !own || role.belongs_to_facility())
                .map(|role| (role.word(), role_name(page, role))),
        )
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

pub(super) async fn record(places: Places, page: Page, body: Bytes) -> Response {
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

pub(super) async fn one(places: Places, page: Page, Path(id): Path<String>) -> Response {
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

pub(super) async fn assign(places: Places, page: Page, Path(id): Path<String>, body: Bytes) -> Response {
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

pub(super) async fn reset(page: Page, Path(id): Path<String>, body: Bytes) -> Response {
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
    let reset = page
        .house
        .change(page.asker(Purpose::Administration), move |tx, cx| crate::reset(tx, cx, staff, what, &given));
    match reset.await {
        Err(trouble) => page.trouble(trouble),
        Ok(Ok(login)) => show_one_time(&page, &login, &one_time),
        Ok(Err(refusal)) => page.refuse(&refusal),
    }
}

pub(super) async fn close(page: Page, Path(id): Path<String>, body: Bytes) -> Response {
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
