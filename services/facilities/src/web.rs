//! Pages: the list of facilities, one facility with its entry and terminals (`admitting`), a facility's own terminals.
//!
//! Always holds: parse, operation, render; each form's token is checked before anything else; after a change the browser
//! is sent to a page that it may read again.
//! Not here: what may be recorded (`rules`), who is admitted to a page (`::web::routes`).
//! Rules come from: docs/rules.md S1 r9, S11 r1; the issue, part C.

mod admitting;

use crate::{
    refusals,
    rules::{self, Facility, FacilityEntry, Kind, Sought, State, Terminal},
};
use ::web::{
    dates::read_date,
    forms::{self, Field, Form, parse_form},
    house::Trouble,
    parts::{Tone, badge, facts, pager, table},
    routes::{Page, Permit, Routes, STALE_FORM},
};
use axum::{
    body::Bytes,
    extract::{Path, Query},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use base::{Answer, Date, FacilityCode, Id, Instant, Purpose, Refusal, Role, fold_width, kinds};
use maud::{Markup, html};
use std::collections::BTreeMap;

const SYSTEM: Permit = Permit::Roles(&[Role::SystemAdministrator]);
const OWN: Permit = Permit::Roles(&[Role::FacilityAdministrator]);
const EITHER: Permit = Permit::Roles(&[Role::FacilityAdministrator, Role::SystemAdministrator]);

/// Facilities on one page of the list.
const PAGE_ROWS: usize = 50;

/// The routes of this service.
pub fn routes() -> Routes {
    Routes::new()
        .nav("/facilities", "医療機関・薬局", "Facilities", SYSTEM)
        .nav("/terminals", "端末", "Terminals", OWN)
        .add("GET", "/facilities", "facilities.list", SYSTEM, get(list))
        .add("POST", "/facilities", "facilities.record", SYSTEM, post(record_new))
        .add("GET", "/facilities/new", "facilities.record", SYSTEM, get(new))
        .add("GET", "/facilities/{id}", "facilities.get", SYSTEM, get(one))
        .add("POST", "/facilities/{id}", "facilities.record", SYSTEM, post(record))
        .add(
            "POST",
            "/facilities/{id}/terminals",
            "facilities.admit_terminal",
            SYSTEM,
            post(admitting::admit),
        )
        .add("GET", "/terminals", "facilities.list_terminals", OWN, get(own_terminals))
        .add("POST", "/terminals/{id}/bar", "facilities.bar_terminal", EITHER, post(bar))
}

async fn list(page: Page, Query(query): Query<BTreeMap<String, String>>) -> Response {
    let after = query.get("after").and_then(|code| FacilityCode::parse(code).ok());
    let words = query.get("q").map_or("", |words| words.trim()).to_owned();
    let sought = Sought::read(&words);
    let asker = page.asker(Purpose::Administration);
    let read = page.house.read(asker, move |tx, cx| {
        let facilities = crate::search(tx, &sought, after.as_ref(), PAGE_ROWS + 1)?;
        Ok((facilities, cx.now.date()))
    });
    let (mut facilities, today) = match read.await {
        Ok(found) => found,
        Err(trouble) => return page.trouble(trouble),
    };
    let more = facilities.len() > PAGE_ROWS;
    facilities.truncate(PAGE_ROWS);
    let first = match words.as_str() {
        "" => "/facilities".to_owned(),
        words => format!("/facilities?q={}", in_address(words)),
    };
    let joint = if words.is_empty() { '?' } else { '&' };
    let next =
        facilities.last().filter(|_| more).map(|last| format!("{first}{joint}after={}", last.entry.code));
    let title = page.t("医療機関・薬局", "Facilities");
    let rows: Vec<Vec<Markup>> = facilities.iter().map(|facility| list_row(&page, facility, today)).collect();
    let heads = [
        page.t("名称", "Name"),
        page.t("コード", "Code"),
        page.t("種別", "Kind"),
        page.t("今日の状態", "State today"),
        page.t("運用開始日", "Operation start date"),
    ];
    let main = html! {
        h1 { (title) }
        p { a.button.secondary href="/facilities/new" { (page.t("医療機関・薬局を登録する", "Register a facility")) } }
        (search_form(&page, &words))
        (table(title, &heads, &rows))
        (pager(page.lang, after.map(|_| first.as_str()), next.as_deref(), ""))
    };
    page.show(title, main)
}

fn search_form(page: &Page, words: &str) -> Markup {
    let field = Field {
        name: "q",
        label: page.t("名称またはコード", "Name or code"),
        hint: Some(page.t(
            "名称の一部、またはコードの先頭（都道府県番号の2桁から）",
            "A part of the name, or how the code begins",
        )),
        value: words,
        error: None,
        required: false,
        kind: forms::Kind::Text { width_chars: 24, inputmode: "text", autocomplete: "off" },
    };
    html! {
        form method="get" action="/facilities" role="search" {
            (forms::field(page.lang, &field))
            p { button.button.secondary type="submit" { (page.t("検索する", "Search")) } }
            @if !words.is_empty() {
                p { a href="/facilities" { (page.t("すべて表示する", "Show all")) } }
            }
        }
    }
}

/// A text as it stands in an address.
fn in_address(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn list_row(page: &Page, facility: &Facility, today: Date) -> Vec<Markup> {
    let entry = &facility.entry;
    let kind = entry.kind.names();
    vec![
        html! { a href={ "/facilities/" (facility.id) } { (entry.name) } },
        html! { span.num { (entry.code) } },
        html! { (page.t(kind.0, kind.1)) },
        state_badge(page, rules::state(entry, today)),
        html! { (day(page, entry.operates_from)) },
    ]
}

fn state_badge(page: &Page, state: State) -> Markup {
    let tone = match state {
        State::Operating => Tone::Success,
        State::PreOperation => Tone::Info,
        State::NotYet | State::Closed => Tone::Neutral,
    };
    badge(tone, page.t(state.names().0, state.names().1))
}

fn day(page: &Page, date: Option<Date>) -> Markup {
    html! {
        @match date {
            Some(date) => span.num { (date) },
            None => { (page.t("未定", "Not set")) },
        }
    }
}

async fn new(page: Page) -> Response {
    let blank = |_: &str| String::new();
    new_page(&page, StatusCode::OK, &blank, &[])
}

fn new_page(page: &Page, status: StatusCode, value: Values<'_>, wrong: &[Wrong]) -> Response {
    let title = page.t("医療機関・薬局の登録", "Register a facility");
    let main = html! {
        h1 { (title) }
        (entry_form(page, "/facilities", value, wrong))
    };
    page.show_as(status, title, None, main)
}

async fn record_new(page: Page, body: Bytes) -> Response {
    let form = parse_form(&body);
    if !page.csrf_fits(form.get("csrf")) {
        return page.refuse(&Refusal::new(&STALE_FORM, 403));
    }
    let given = |name: &str| form.get(name).to_owned();
    let entry = match read_entry(&form) {
        Ok(entry) => entry,
        Err(wrong) => return new_page(&page, StatusCode::UNPROCESSABLE_ENTITY, &given, &wrong),
    };
    let recorded = page.house.record(page.asker(Purpose::Administration), move |tx, cx| {
        let id = cx.id();
        Ok(crate::record(tx, cx, id, &entry)?.map(|_| id))
    });
    match recorded.await {
        Err(trouble) => page.trouble(trouble),
        Ok(Ok(id)) => Redirect::to(&format!("/facilities/{id}")).into_response(),
        Ok(Err(refusal)) => new_page(&page, status(&refusal), &given, &[at_field(refusal)]),
    }
}

async fn one(page: Page, Path(id): Path<String>) -> Response {
    match fetch(&page, &id).await {
        Err(trouble) => page.trouble(trouble),
        Ok(Err(refusal)) => page.refuse(&refusal),
        Ok(Ok(seen)) => {
            let standing = |name: &str| stored(&seen.facility.entry, name);
            one_page(&page, StatusCode::OK, &seen, &standing, &[])
        }
    }
}

/// What a facility's page shows.
struct Seen {
    facility: Facility,
    terminals: Vec<Terminal>,
    now: Instant,
}

async fn fetch(page: &Page, id: &str) -> Result<Answer<Seen>, Trouble> {
    let Some(id) = Id::<kinds::Facility>::parse(id) else {
        return Ok(Err(refusals::no_such_facility()));
    };
    let asker = page.asker(Purpose::Administration);
    let read = page.house.read(asker, move |tx, cx| {
        let Some(facility) = crate::get(tx, id)? else {
            return Ok(Err(refusals::no_such_facility()));
        };
        let terminals = crate::list_terminals(tx, id)?;
        Ok(Ok(Seen { facility, terminals, now: cx.now }))
    });
    read.await
}

fn one_page(page: &Page, status: StatusCode, seen: &Seen, value: Values<'_>, wrong: &[Wrong]) -> Response {
    let entry = &seen.facility.entry;
    let (terminal_wrong, entry_wrong): (Vec<Wrong>, Vec<Wrong>) =
        wrong.iter().copied().partition(|(field, _)| admitting::FIELDS.contains(field));
    let rows = [
        (page.t("コード", "Code"), html! { span.num { (entry.code) } }),
        (page.t("種別", "Kind"), html! { (page.t(entry.kind.names().0, entry.kind.names().1)) }),
        (page.t("今日の状態", "State today"), state_badge(page, rules::state(entry, seen.now.date()))),
        (page.t("プレ運用開始日", "Pre-operation from"), day(page, entry.pre_operation_from)),
        (page.t("運用開始日", "Operation start date"), day(page, entry.operates_from)),
        (page.t("終了日", "Closes on"), day(page, entry.closes_on)),
    ];
    let main = html! {
        h1 { (entry.name) }
        (facts(&rows))
        h2 { (page.t("端末", "Terminals")) }
        (terminals(page, &seen.terminals, seen.now))
        h2 { (page.t("端末を登録する", "Admit a terminal")) }
        (admitting::form(page, seen.facility.id, value, &terminal_wrong))
        h2 { (page.t("登録内容の変更", "Change the entry")) }
        (entry_form(page, &format!("/facilities/{}", seen.facility.id), value, &entry_wrong))
    };
    page.show_as(status, &entry.name, None, main)
}

async fn record(page: Page, Path(id): Path<String>, body: Bytes) -> Response {
    let form = parse_form(&body);
    if !page.csrf_fits(form.get("csrf")) {
        return page.refuse(&Refusal::new(&STALE_FORM, 403));
    }
    let seen = match fetch(&page, &id).await {
        Err(trouble) => return page.trouble(trouble),
        Ok(Err(refusal)) => return page.refuse(&refusal),
        Ok(Ok(seen)) => seen,
    };
    let given = |name: &str| form.get(name).to_owned();
    let entry = match read_entry(&form) {
        Ok(entry) => entry,
        Err(wrong) => return one_page(&page, StatusCode::UNPROCESSABLE_ENTITY, &seen, &given, &wrong),
    };
    let id = seen.facility.id;
    let asker = page.asker(Purpose::Administration);
    let recorded = page.house.record(asker, move |tx, cx| crate::record(tx, cx, id, &entry));
    match recorded.await {
        Err(trouble) => page.trouble(trouble),
        Ok(Ok(_)) => Redirect::to(&format!("/facilities/{id}")).into_response(),
        Ok(Err(refusal)) => one_page(&page, status(&refusal), &seen, &given, &[at_field(refusal)]),
    }
}

async fn own_terminals(page: Page) -> Response {
    let asker = page.asker(Purpose::Administration);
    let Some(own) = asker.actor.facility().and_then(Id::new) else {
        return page.refuse(&refusals::no_such_facility());
    };
    let read = page.house.read(asker, move |tx, cx| Ok((crate::list_terminals(tx, own)?, cx.now)));
    match read.await {
        Err(trouble) => page.trouble(trouble),
        Ok((found, now)) => {
            let title = page.t("端末", "Terminals");
            let lead = page.t(
                "紛失した端末、使わなくなった端末は、すぐに停止してください。停止した端末は元に戻せません。",
                "Bar a terminal at once when it is lost or no longer used. A barred terminal cannot be admitted again.",
            );
            page.show(title, html! { h1 { (title) } p.lead { (lead) } (terminals(&page, &found, now)) })
        }
    }
}

fn terminals(page: &Page, terminals: &[Terminal], now: Instant) -> Markup {
    let heads = [
        page.t("端末", "Terminal"),
        page.t("状態", "State"),
        page.t("登録日時", "Admitted"),
        page.t("証明書の期限", "Certificate expires"),
        page.t("操作", "Action"),
    ];
    let rows: Vec<Vec<Markup>> = terminals.iter().map(|terminal| terminal_row(page, terminal, now)).collect();
    table(page.t("端末の一覧", "Terminals"), &heads, &rows)
}

fn terminal_row(page: &Page, terminal: &Terminal, now: Instant) -> Vec<Markup> {
    let state = match (terminal.barred_at, rules::admitted(terminal, now)) {
        (Some(_), _) => badge(Tone::Error, page.t("停止", "Barred")),
        (None, Some(_)) => badge(Tone::Success, page.t("使用可", "Admitted")),
        (None, None) => badge(Tone::Warning, page.t("期限切れ", "Expired")),
    };
    let question = page.t(
        "この端末を停止します。元に戻せません。よろしいですか。",
        "Bar this terminal? This cannot be undone.",
    );
    let action = format!("/terminals/{}/bar", terminal.id);
    vec![
        html! { (terminal.label) },
        state,
        html! { span.num { (terminal.admitted_at.for_people()) } },
        html! { span.num { (terminal.expires_at.for_people()) } },
        html! {
            @if terminal.barred_at.is_none() {
                (forms::danger_form(&action, page.csrf(), page.t("停止する", "Bar"), question, html! {}))
            }
        },
    ]
}

async fn bar(page: Page, Path(id): Path<String>, body: Bytes) -> Response {
    if !page.csrf_fits(parse_form(&body).get("csrf")) {
        return page.refuse(&Refusal::new(&STALE_FORM, 403));
    }
    let Some(terminal) = Id::<kinds::Terminal>::parse(&id) else {
        return page.refuse(&refusals::no_such_terminal());
    };
    let asker = page.asker(Purpose::Administration);
    let own = asker.actor.facility().is_some();
    match page.house.change(asker, move |tx, cx| crate::bar_terminal(tx, cx, terminal)).await {
        Err(trouble) => page.trouble(trouble),
        Ok(Err(refusal)) => page.refuse(&refusal),
        Ok(Ok(_)) if own => Redirect::to("/terminals").into_response(),
        Ok(Ok(facility)) => Redirect::to(&format!("/facilities/{facility}")).into_response(),
    }
}

/// A field and why its value is refused.
type Wrong = (&'static str, Refusal);
/// What a field shows.
type Values<'v> = &'v dyn Fn(&str) -> String;

fn status(refusal: &Refusal) -> StatusCode {
    StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY)
}

/// The field to which a refusal of the whole entry belongs.
fn at_field(refusal: Refusal) -> Wrong {
    let field = match refusal.help.code {
        "facilities.name" => "name",
        "facilities.dates-out-of-order" => "operates_from",
        _ => "code",
    };
    (field, refusal)
}

/// A standing entry as the form shows it.
fn stored(entry: &FacilityEntry, name: &str) -> String {
    let day = |date: Option<Date>| date.map(|date| date.to_string()).unwrap_or_default();
    match name {
        "code" => entry.code.to_string(),
        "name" => entry.name.clone(),
        "kind" => entry.kind.word().to_owned(),
        "postcode" => entry.postcode.clone().unwrap_or_default(),
        "address" => entry.address.clone().unwrap_or_default(),
        "pre_operation_from" => day(entry.pre_operation_from),
        "operates_from" => day(entry.operates_from),
        "closes_on" => day(entry.closes_on),
        _ => String::new(),
    }
}

fn read_entry(form: &Form) -> Result<FacilityEntry, Vec<Wrong>> {
    let mut wrong: Vec<Wrong> = Vec::new();
    let code = rules::read_code(form.get("code")).map_err(|refusal| wrong.push(("code", refusal))).ok();
    let kind = Kind::parse(form.get("kind"));
    if kind.is_none() {
        wrong.push(("kind", refusals::kind()));
    }
    let text = |name: &str| Some(form.get(name).trim().to_owned()).filter(|text| !text.is_empty());
    let mut date = |name: &'static str| {
        let date = text(name).and_then(|text| read_date(&text));
        if date.is_none() && text(name).is_some() {
            wrong.push((name, refusals::date()));
        }
        date
    };
    let (pre_operation_from, operates_from, closes_on) =
        (date("pre_operation_from"), date("operates_from"), date("closes_on"));
    match (code, kind) {
        (Some(code), Some(kind)) if wrong.is_empty() => Ok(FacilityEntry {
            code,
            name: text("name").unwrap_or_default(),
            kind,
            postcode: text("postcode").map(|postcode| fold_width(&postcode)),
            address: text("address"),
            pre_operation_from,
            operates_from,
            closes_on,
        }),
        _ => Err(wrong),
    }
}

fn entry_form(page: &Page, action: &str, value: Values<'_>, wrong: &[Wrong]) -> Markup {
    let line = |width_chars, inputmode| forms::Kind::Text { width_chars, inputmode, autocomplete: "off" };
    let kinds: Vec<(&str, &str)> = std::iter::once(("", page.t("選んでください", "Choose")))
        .chain(Kind::ALL.map(|kind| (kind.word(), page.t(kind.names().0, kind.names().1))))
        .collect();
    let one = |name: &'static str, label: &str, hint: Option<&str>, required: bool, kind: forms::Kind<'_>| {
        let refusal = wrong.iter().find(|(field, _)| *field == name).map(|(_, refusal)| refusal);
        let error = refusal.map(|refusal| page.t(refusal.help.what.0, refusal.help.what.1));
        forms::field(page.lang, &Field { name, label, hint, value: &value(name), error, required, kind })
    };
    let errors: Vec<(&str, String)> = wrong
        .iter()
        .map(|(field, refusal)| (*field, page.t(refusal.help.what.0, refusal.help.what.1).to_owned()))
        .collect();
    let ten = page.t("都道府県、点数表、7桁の番号の順に10桁", "Ten digits: prefecture, point table, number");
    let expected = page
        .t("予定日でもかまいません。後から変更できます。", "An expected date will do; it can be changed.");
    let first_day_off =
        page.t("この日からオンライン資格確認を使えません。", "From this day on it takes no part any more.");
    let body = html! {
        (one("code", page.t("医療機関等コード", "Facility code"), Some(ten), true, line(12, "numeric")))
        (one("name", page.t("名称", "Name"), None, true, line(60, "text")))
        (one("kind", page.t("種別", "Kind"), None, true, forms::Kind::Select(&kinds)))
        (one("postcode", page.t("郵便番号", "Postcode"), None, false, line(8, "numeric")))
        (one("address", page.t("所在地", "Address"), None, false, line(60, "text")))
        (one("pre_operation_from", page.t("プレ運用開始日", "Pre-operation from"), None, false, forms::Kind::Date))
        (one("operates_from", page.t("運用開始日", "Operation start date"), Some(expected), false, forms::Kind::Date))
        (one("closes_on", page.t("終了日", "Closes on"), Some(first_day_off), false, forms::Kind::Date))
    };
    html! {
        (forms::error_summary(page.lang, &errors))
        (forms::form(action, page.csrf(), page.t("登録する", "Record"), body))
    }
}
