//! The demo's desks: one for each role, switched without a password, and the page says so.
//!
//! Always holds: they are there only where the house is a demo.
//! Not here: what is done at a desk.
//! Rules come from: the issue, part C ("The demo logs in by a desk switcher, and says so").

use super::{COOKIE, go_on, role_name, stale};
use crate::{refusals, rules::Token};
use ::web::{
    cookies::cookie,
    forms::parse_form,
    parts::{Tone, banner},
    routes::Page,
};
use axum::{body::Bytes, extract::Path, http::HeaderMap, response::Response};
use base::{Purpose, Role};
use maud::html;

pub(super) async fn desks(page: Page) -> Response {
    let title = page.t("窓口を選ぶ", "Choose a desk");
    let head = page.t(
        "これはデモです。パスワードなしで窓口を切り替えられます",
        "This is a demo: desks are switched without a password",
    );
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
                    @if !has_page(role) {
                        p.hint {
                            (page.t(
                                "この役割の画面はまだありません（稼働状況だけ見られます）",
                                "This role has no pages yet (only the status page can be seen)",
                            ))
                        }
                    }
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

/// Whether there is work to do at this desk beside reading the status page.
fn has_page(role: Role) -> bool {
    !matches!(role, Role::MunicipalClerk | Role::Auditor)
}

fn desk_text(page: &Page, role: Role) -> &str {
    match role {
        Role::Receptionist => {
            page.t("来院した人の資格を確認します。", "Checks the eligibility of those who come.")
        }
        Role::Clinician => {
            page.t("診療・調剤の場で資格確認の結果を見ます。", "Looks at checks where patients are treated.")
        }
        Role::FacilityAdministrator => page.t(
            "自分の医療機関の職員、端末、記録を管理します。",
            "Manages the facility's own staff, terminals and log.",
        ),
        Role::InsurerClerk => {
            page.t("加入と喪失を登録し、照合します。", "Registers who joins and leaves, and verifies it.")
        }
        Role::MunicipalClerk => page.t("市区町村の窓口の仕事をします。", "Works at a municipality's desk."),
        Role::CallCentreOperator => {
            page.t("電話での問い合わせに答えます。", "Answers questions by telephone.")
        }
        Role::Auditor => {
            page.t("記録が改ざんされていないことを確かめます。", "Verifies that nobody changed the log.")
        }
        Role::SystemAdministrator => {
            page.t("医療機関・薬局、職員、端末を管理します。", "Manages facilities, staff and terminals.")
        }
    }
}

pub(super) async fn switch_to(
    page: Page,
    headers: HeaderMap,
    Path(role): Path<String>,
    body: Bytes,
) -> Response {
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
