//! Routes that belong to no service: the first page, readiness, the status page, assets, and the bare answer that
//! benchmarks measure against.
//!
//! Always holds: nothing here says anything about a person; readiness asks the database itself.
//! Not here: services' pages.
//! Rules come from: the issue, parts B and F.

use axum::{
    extract::{Path, RawQuery},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use base::{Purpose, Role};
use maud::html;
use web::{
    house::House,
    lang::lang_of,
    parts::{Tone, banner, facts},
    problem,
    routes::{Page, Permit, Routes},
};

/// The version of this program.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

pub(crate) fn routes() -> Routes {
    Routes::new()
        .add("GET", "/", "app.first", Permit::Public, get(first))
        .add("GET", "/ready", "app.ready", Permit::Public, get(ready))
        .add("GET", "/metrics", "app.metrics", Permit::Public, get(metrics))
        .add("GET", "/status", "app.status", Permit::Public, get(status))
        .add("GET", "/assets/{name}", "app.asset", Permit::Public, get(asset))
        .nav("/status", "稼働状況", "Status", Permit::Public)
}

pub(crate) fn machine_routes() -> Routes {
    Routes::new().add("GET", "/hello", "app.hello", Permit::Public, get(hello)).add(
        "GET",
        "/ready",
        "app.ready",
        Permit::Public,
        get(ready),
    )
}

/// A bare answer: what TLS, HTTP and routing cost without any work.
async fn hello() -> &'static str {
    "hello"
}

async fn asset(Path(name): Path<String>) -> Response {
    web::assets::serve(&name)
}

pub(crate) async fn not_found(headers: HeaderMap) -> Response {
    problem::not_found(lang_of(&headers, None))
}

/// Sends everybody where they belong.
async fn first(page: Page, RawQuery(query): RawQuery) -> Response {
    let to = match page.visitor.as_ref().map(|visitor| visitor.role) {
        None if page.house.is_demo() => "/desks",
        None => "/sign-in",
        Some(role) if role.belongs_to_facility() => "/reception",
        Some(Role::SystemAdministrator) => "/facilities",
        Some(Role::InsurerClerk) => "/cases",
        Some(Role::CallCentreOperator) => "/calls",
        Some(_) => "/status",
    };
    // A language that was asked for here goes along; the page that is reached keeps it.
    let lang = query.filter(|query| matches!(query.as_str(), "lang=ja" | "lang=en"));
    let to = lang.map_or_else(|| to.to_owned(), |lang| format!("{to}?{lang}"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response()
}

/// Readiness for load balancers: 200 when the database answers.
async fn ready(axum::extract::State(house): axum::extract::State<House>) -> Response {
    match house.ready().await {
        Ok(()) if !house.is_healthy() => {
            (StatusCode::SERVICE_UNAVAILABLE, "not ready: the log cannot be sealed; is the disk full?\n")
                .into_response()
        }
        Ok(()) => (StatusCode::OK, "ready\n").into_response(),
        Err(_) => {
            (StatusCode::SERVICE_UNAVAILABLE, "not ready: the database does not answer\n").into_response()
        }
    }
}

/// Counts for Prometheus; nothing about anybody.
async fn metrics(axum::extract::State(house): axum::extract::State<House>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], house.counts().text()).into_response()
}

async fn status(page: Page) -> Response {
    let asker = page.asker(Purpose::Operation);
    let held = page.house.read(asker, |tx, _| registration::count_held(tx)).await;
    let postgres = page.house.store().is_postgres();
    let title = page.t("稼働状況", "Status");
    let main = html! {
        h1 { (title) }
        @match &held {
            Ok(_) => (banner(Tone::Success, page.t("稼働しています", "In operation"), html! {
                p { (page.t("データベースは応答しています。", "The database answers.")) }
            })),
            Err(_) => (banner(Tone::Error, page.t("確認できません", "Not answering"), html! {
                p { (page.t("データベースが応答しません。システム管理者に連絡してください。",
                    "The database does not answer. Tell the system administrator.")) }
            })),
        }
        (facts(&[
            (page.t("時刻（日本時間）", "Time (Japan)"), html! { (page.house.now().for_people()) }),
            (page.t("データベース", "Database"), html! { @if postgres { "PostgreSQL" } @else { "SQLite" } }),
            (page.t("版", "Version"), html! { (VERSION) }),
            (page.t("照合中の資格（回答保留）", "Eligibilities held back"),
                html! { (held.map_or_else(|_| "—".to_owned(), |count| count.to_string())) }),
        ]))
    };
    page.show(title, main)
}
