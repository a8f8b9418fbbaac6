//! Pages of the insurers' desk: open cases, and how one ends.
//!
//! Always holds: parse, operation, render; no name, birth date or address of anybody stands on a page, and no number in
//! an address.
//! Not here: decisions (`rules`), the frame (`::web`).
//! Rules come from: docs/rules.md S3 r2, S5 r2; デジタル庁デザインシステム.

use crate::{OpenCase, refusals, rules::Outcome};
use ::web::{
    forms::{Field, Kind, field, form, parse_form},
    parts::{Tone, banner, facts, table},
    routes::{Page, Permit, Routes, STALE_FORM},
};
use axum::{
    body::Bytes,
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use base::{Id, Purpose, Refusal, Role, kinds};
use coverage::rules::LinkState;
use maud::{Markup, html};

/// Cases of a page, the oldest first; the next ones come when these have ended.
const CASES_MAX: usize = 50;

/// The routes of this service.
pub fn routes() -> Routes {
    const CLERKS: Permit = Permit::Roles(&[Role::InsurerClerk]);
    Routes::new()
        .nav("/cases", "本人からの申し出", "Cases", CLERKS)
        .add("GET", "/cases", "registration.list", CLERKS, get(list))
        .add("GET", "/cases/{case}", "registration.get", CLERKS, get(one))
        .add("POST", "/cases/{case}/close", "registration.close", CLERKS, post(close))
}

async fn list(page: Page) -> Response {
    let asker = page.asker(Purpose::Registration);
    let read = page.house.read(asker, |tx, cx| Ok((crate::list(tx, cx, CASES_MAX)?, crate::count_held(tx)?)));
    match read.await {
        Ok((cases, held)) => page.show(page.t("本人からの申し出", "Cases"), cases_part(&page, &cases, held)),
        Err(trouble) => page.trouble(trouble),
    }
}

fn cases_part(page: &Page, cases: &[OpenCase], held: i64) -> Markup {
    let heads = [
        page.t("受付番号", "Case"),
        page.t("申し出の日", "Since"),
        page.t("保険者", "Insurer"),
        page.t("記号・番号", "Symbol and number"),
    ];
    let row = |case: &OpenCase| {
        vec![
            html! { a href=(format!("/cases/{}", case.id)) { code { (case.id) } } },
            html! { (case.opened_at.date()) },
            html! { (case.insurer_name) " " span.num { (case.insurer.as_str()) } },
            html! { (numbers(case)) },
        ]
    };
    let rows: Vec<Vec<Markup>> = cases.iter().map(row).collect();
    html! {
        h1 { (page.t("本人からの申し出", "Cases")) }
        p { (page.t(
            "本人から「自分の記録ではない」と申し出のあった資格です。申し出と同時に閲覧を停止しています。\
             届出の番号と本人確認を見直し、結果を登録してください。",
            "People say that these records are not theirs. They were closed to viewing at once. Look into the filing \
             and how the person was identified, and record what came of it.",
        )) }
        (table(page.t("処理の終わっていない申し出", "Open cases"), &heads, &rows))
        @if cases.len() == CASES_MAX {
            p { (page.t("古いものから50件を表示しています。", "The 50 oldest are shown.")) }
        }
        h2 { (page.t("照合中の資格", "Eligibilities held back")) }
        p {
            (page.t(
                "住民基本台帳と一致しないため回答していない資格（申し出のあったものを含む）：",
                "Not answered, since they disagree with the resident register or somebody said that they are not theirs: ",
            ))
            strong.num { (held) }
            (page.t(
                "件。同じ管理番号で正しい内容を届け出ると、照合し直します。",
                ". Each is compared again when it is filed correctly under the same key.",
            ))
        }
    }
}

fn numbers(case: &OpenCase) -> String {
    let branch = case.branch.map(|branch| format!("（{branch}）")).unwrap_or_default();
    match &case.symbol {
        Some(symbol) => format!("{symbol}・{}{branch}", case.number),
        None => format!("{}{branch}", case.number),
    }
}

fn id_of(text: &str) -> Result<Id<kinds::Case>, Refusal> {
    Id::parse(text).ok_or_else(refusals::no_such_case)
}

async fn one(page: Page, Path(case): Path<String>) -> Response {
    show_one(&page, &case, None).await
}

async fn show_one(page: &Page, case: &str, refused: Option<&Refusal>) -> Response {
    let id = match id_of(case) {
        Ok(id) => id,
        Err(refusal) => return page.refuse(&refusal),
    };
    let asker = page.asker(Purpose::Registration);
    let case = match page.house.read(asker, move |tx, cx| crate::get(tx, cx, id)).await {
        Ok(Ok(case)) => case,
        Ok(Err(refusal)) => return page.refuse(&refusal),
        Err(trouble) => return page.trouble(trouble),
    };
    let title = page.t("申し出の処理", "End a case");
    let status = if refused.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    page.show_as(status, title, None, one_part(page, title, &case, refused))
}

fn one_part(page: &Page, title: &str, case: &OpenCase, refused: Option<&Refusal>) -> Markup {
    let choices = [
        (
            Outcome::Theirs.word(),
            page.t("申し出た本人の資格だった（閲覧を再開する）", "It is the person's; open it again"),
        ),
        (
            Outcome::NotTheirs.word(),
            page.t(
                "本人の資格ではなかった（停止を続け、正しい番号で届け出る）",
                "It is not; keep it closed and file with the right number",
            ),
        ),
    ];
    let choice = Field {
        name: "outcome",
        label: page.t("確認の結果", "What came of it"),
        hint: Some(
            page.t("一度登録した結果は変更できません。", "An outcome cannot be changed once it is recorded."),
        ),
        value: "",
        error: refused.map(|refusal| page.t(refusal.help.what.0, refusal.help.what.1)),
        required: true,
        kind: Kind::Radios(&choices),
    };
    html! {
        h1 { (title) }
        (facts(&[
            (page.t("受付番号", "Case"), html! { code { (case.id) } }),
            (page.t("申し出の日", "Since"), html! { (case.opened_at.date()) }),
            (page.t("保険者", "Insurer"), html! { (case.insurer_name) " " (case.insurer.as_str()) }),
            (page.t("記号・番号", "Symbol and number"), html! { (numbers(case)) }),
        ]))
        (form(&format!("/cases/{}/close", case.id), page.csrf(), page.t("登録する", "Record"), field(page.lang, &choice)))
        p { a href="/cases" { (page.t("一覧へ戻る", "Back to the list")) } }
    }
}

async fn close(page: Page, Path(case): Path<String>, body: Bytes) -> Response {
    let form = parse_form(&body);
    if !page.csrf_fits(form.get("csrf")) {
        return page.refuse(&Refusal::new(&STALE_FORM, 403));
    }
    let Some(outcome) = Outcome::parse(form.get("outcome")) else {
        return show_one(&page, &case, Some(&refusals::no_outcome())).await;
    };
    let id = match id_of(&case) {
        Ok(id) => id,
        Err(refusal) => return page.refuse(&refusal),
    };
    let asker = page.asker(Purpose::Registration);
    match page.house.record(asker, move |tx, cx| crate::close(tx, cx, id, outcome)).await {
        Ok(Ok(state)) if outcome == Outcome::Theirs && state != Some(LinkState::Verified) => {
            still_held(&page)
        }
        Ok(Ok(_)) => Redirect::to("/cases").into_response(),
        Ok(Err(refusal)) => page.refuse(&refusal),
        Err(trouble) => page.trouble(trouble),
    }
}

/// The case ended as the person's, but the link cannot be opened: the desk must know.
fn still_held(page: &Page) -> Response {
    let title = page.t("閲覧は再開していません", "The record stays closed");
    let body = html! {
        p { (page.t(
            "結果は登録しましたが、届出の内容が住民基本台帳と一致しないため、閲覧を再開できません。届出を訂正してください。",
            "The outcome is recorded, but the filing does not agree with the resident register. Correct the filing.",
        )) }
    };
    page.show(
        title,
        html! {
            h1 { (title) }
            (banner(Tone::Warning, title, body))
            p { a href="/cases" { (page.t("一覧へ戻る", "Back to the list")) } }
        },
    )
}
