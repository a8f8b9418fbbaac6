//! The call centre's page: identifying a caller, and suspending their card or lifting that.
//!
//! Always holds: of the caller stands nothing on a page but what was typed and how many cards are live or suspended;
//! which answer was wrong is not said; no answer stands in an address.
//! Not here: whether the answers fit (`people`), when a suspension may be lifted (`rules`).
//! Rules come from: docs/rules.md S1 r11, S13 r1, S17 r1.

use super::{go_on, session_form, status};
use crate::{CallKind, Caller, refusals, rules::Asked};
use ::web::{
    dates::{read_birth, read_date},
    forms::{Field, Form, Kind, danger_form, error_summary, field, form},
    parts::{self, Tone, banner, facts},
    routes::Page,
};
use axum::{
    body::Bytes,
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use base::{Answer, Id, Lang, Purpose, Refusal, fold_width};
use maud::{Markup, html};
use people::rules::Questions;
use std::time::Duration;

/// What is wrong with a field.
type Wrong = (&'static str, String);

pub(super) async fn form_page(page: Page) -> Response {
    show_form(&page, StatusCode::OK, &Form::default(), &[], None)
}

fn show_form(
    page: &Page,
    status: StatusCode,
    typed: &Form,
    wrong: &[Wrong],
    refused: Option<&Refusal>,
) -> Response {
    let title = page.t("電話の受付：本人の確認", "A call: who is it?");
    let main = html! {
        h1 { (title) }
        (error_summary(page.lang, wrong))
        @if let Some(refusal) = refused { (parts::refusal(page.lang, refusal)) }
        p.lead { (page.t(
            "カードやスマートフォンの紛失・盗難の電話です。次の質問の答えを聞き取って入力してください。",
            "A card or phone was lost or stolen. Ask these questions and type the answers.",
        )) }
        p { (page.t(
            "12桁のマイナンバーは聞きません。郵便番号か番地のどちらかで停止でき、解除には両方が必要です。",
            "The 12-digit My Number is never asked. Postcode or house number is enough to suspend; lifting takes both.",
        )) }
        (questions_form(page, typed, wrong))
    };
    page.show_as(status, title, None, main)
}

fn questions_form(page: &Page, typed: &Form, wrong: &[Wrong]) -> Markup {
    let line = |name: &'static str, label, hint, required, kind| {
        let error = wrong.iter().find(|(field, _)| *field == name).map(|(_, text)| text.as_str());
        field(page.lang, &Field { name, label, hint, value: typed.get(name), error, required, kind })
    };
    let text = |width_chars, inputmode| Kind::Text { width_chars, inputmode, autocomplete: "off" };
    let body = html! {
        (line("kana", page.t("氏名のフリガナ", "Reading of the name"),
            Some(page.t("例：コウノ　ハナコ", "In kana, for example コウノ ハナコ")), true, text(32, "kana")))
        (line("birth", page.t("生年月日", "Birth date"), None, true, Kind::Date))
        (line("postcode", page.t("郵便番号", "Postcode"),
            Some(page.t("7桁の数字", "7 digits")), false, text(12, "numeric")))
        (line("house", page.t("住所の番地・号", "House number"),
            Some(page.t("丁目からの数字。例：1-2-3", "Its numbers, for example 1-2-3")), false, text(20, "text")))
    };
    form("/calls", page.csrf(), page.t("確認する", "Identify"), body)
}

/// Reads the form; every field that cannot be an answer is named. Whether an answer is right is another question.
fn read(lang: Lang, typed: &Form) -> Result<Questions, Vec<Wrong>> {
    let given =
        |name: &str| Some(fold_width(typed.get(name)).trim().to_owned()).filter(|text| !text.is_empty());
    let (postcode, house) = (given("postcode"), given("house"));
    let mut wrong = Vec::new();
    let mut say = |name, ja: &str, en: &str| wrong.push((name, lang.pick(ja, en).to_owned()));
    if given("kana").is_none() {
        say("kana", "フリガナを入力してください", "Enter the reading of the name");
    }
    let birth = read_birth(typed.get("birth"));
    if birth.is_none() {
        say("birth", "生年月日を、ある日付で入力してください", "Enter an existing birth date");
    }
    let digits = |text: &String| text.chars().filter(char::is_ascii_digit).count();
    if postcode.as_ref().is_some_and(|text| digits(text) != 7) {
        say("postcode", "郵便番号は7桁の数字で入力してください", "A postcode has 7 digits");
    }
    if house.as_ref().is_some_and(|text| digits(text) == 0) {
        say("house", "番地・号を数字で入力してください", "Enter the numbers of the address");
    }
    if postcode.is_none() && house.is_none() {
        say(
            "postcode",
            "郵便番号か番地のどちらかを入力してください",
            "Enter the postcode or the house number",
        );
    }
    match birth {
        Some(birth) if wrong.is_empty() => {
            Ok(Questions { kana: typed.get("kana").to_owned(), birth, postcode, house })
        }
        _ => Err(wrong),
    }
}

pub(super) async fn identify(page: Page, body: Bytes) -> Response {
    let typed = match session_form(&page, &body) {
        Ok(typed) => typed,
        Err(refusal) => return page.refuse(&refusal),
    };
    let questions = match read(page.lang, &typed) {
        Ok(questions) => questions,
        Err(wrong) => return show_form(&page, StatusCode::UNPROCESSABLE_ENTITY, &typed, &wrong, None),
    };
    let asker = page.asker(Purpose::Assistance);
    match page.house.change(asker, move |tx, cx| crate::identify(tx, cx, &questions)).await {
        Ok(Ok(call)) => Redirect::to(&format!("/calls/{call}")).into_response(),
        Ok(Err(refusal)) => {
            waited(&refusal).await;
            show_form(&page, status(&refusal), &typed, &[], Some(&refusal))
        }
        Err(trouble) => page.trouble(trouble),
    }
}

/// Whoever guesses is answered late.
async fn waited(refusal: &Refusal) {
    tokio::time::sleep(Duration::from_millis(refusal.wait_ms.into())).await;
}

fn id_of(text: &str) -> Answer<Id<CallKind>> {
    Id::parse(text).ok_or_else(refusals::no_such_call)
}

/// A form of the operator's session about a call.
fn call_form(page: &Page, call: &str, body: &Bytes) -> Answer<(Id<CallKind>, Form)> {
    let form = session_form(page, body)?;
    Ok((id_of(call)?, form))
}

pub(super) async fn call(page: Page, Path(call): Path<String>) -> Response {
    let id = match id_of(&call) {
        Ok(id) => id,
        Err(refusal) => return page.refuse(&refusal),
    };
    let asker = page.asker(Purpose::Assistance);
    match page.house.read(asker, move |tx, cx| crate::call(tx, cx, id)).await {
        Ok(Ok(caller)) => {
            let title = page.t("電話の受付：カードの停止", "A call: suspend the card");
            page.show(title, call_part(&page, title, id, caller))
        }
        Ok(Err(refusal)) => page.refuse(&refusal),
        Err(trouble) => page.trouble(trouble),
    }
}

fn call_part(page: &Page, title: &str, id: Id<CallKind>, caller: Caller) -> Markup {
    let count = |n: usize| html! { span.num { (n) } (page.t("件", "")) };
    html! {
        h1 { (title) }
        (banner(Tone::Success, page.t("本人を確認しました", "The caller was identified"), html! {
            p { (page.t("この受付は15分で終わります。", "This call ends after 15 minutes.")) }
        }))
        (facts(&[
            (page.t("使用中のカード・スマートフォン", "Cards and phones in use"), count(caller.live)),
            (page.t("一時停止中", "Suspended"), count(caller.held)),
        ]))
        @if caller.live > 0 {
            h2 { (page.t("一時停止する", "Suspend")) }
            (danger_form(
                &format!("/calls/{id}/hold"),
                page.csrf(),
                page.t("すべて一時停止する", "Suspend them all"),
                page.t("この方のカードを一時停止しますか", "Suspend this person's cards?"),
                html! {},
            ))
        }
        @if caller.held > 0 { (lift_part(page, id, caller.asked)) }
        @if caller.live == 0 && caller.held == 0 {
            p { (page.t("停止できるカードはありません。", "There is no card to suspend.")) }
        }
        p { a href="/calls" { (page.t("次の電話へ", "The next call")) } }
    }
}

fn lift_part(page: &Page, id: Id<CallKind>, asked: Asked) -> Markup {
    let held_on = Field {
        name: "held_on",
        label: page.t("停止を届け出た日", "Day on which the suspension was reported"),
        hint: None,
        value: "",
        error: None,
        required: true,
        kind: Kind::Date,
    };
    html! {
        h2 { (page.t("解除する", "Lift")) }
        @if asked == Asked::Everything {
            (form(
                &format!("/calls/{id}/lift"),
                page.csrf(),
                page.t("解除する", "Lift"),
                field(page.lang, &held_on),
            ))
        } @else {
            p { (page.t(
                "解除には、郵便番号と番地の両方の確認が必要です。本人の確認からやり直してください。",
                "Lifting takes both postcode and house number. Identify the caller again.",
            )) }
        }
    }
}

pub(super) async fn hold(page: Page, Path(call): Path<String>, body: Bytes) -> Response {
    let id = match call_form(&page, &call, &body) {
        Ok((id, _)) => id,
        Err(refusal) => return page.refuse(&refusal),
    };
    let asker = page.asker(Purpose::Assistance);
    let held = page.house.change(asker, move |tx, cx| crate::hold_for(tx, cx, id));
    go_on(&page, held.await, &format!("/calls/{id}"))
}

pub(super) async fn lift(page: Page, Path(call): Path<String>, body: Bytes) -> Response {
    let (id, form) = match call_form(&page, &call, &body) {
        Ok(form) => form,
        Err(refusal) => return page.refuse(&refusal),
    };
    let held_on = read_date(form.get("held_on"));
    let asker = page.asker(Purpose::Assistance);
    let lifted = page.house.change(asker, move |tx, cx| crate::lift_for(tx, cx, id, held_on)).await;
    if let Ok(Err(refusal)) = &lifted {
        waited(refusal).await;
    }
    go_on(&page, lifted, &format!("/calls/{id}"))
}
