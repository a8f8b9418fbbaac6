//! Enrolment at a person's own pages: the terms, agreeing to them, and cancelling.
//!
//! Always holds: the terms stand above the box by which they are agreed to; their version goes with the form.
//! Not here: what enrolment means (`enrolment`).
//! Rules come from: docs/rules.md S2 r1, r2, r3, r5.

use super::{go_on, own::enrolment_line, own_form, whose};
use crate::refusals;
use ::web::{
    forms::{self, Field, Kind, field},
    parts::{Tone, banner},
    routes::Page,
};
use axum::{body::Bytes, http::StatusCode, response::Response};
use base::{Lang, Purpose};
use enrolment::rules::{Channel, Enrolment, TERMS, TERMS_VERSION};
use maud::{Markup, html};

pub(super) async fn page(page: Page) -> Response {
    show(&page, StatusCode::OK, None).await
}

async fn show(page: &Page, status: StatusCode, error: Option<&str>) -> Response {
    let person = match whose(page) {
        Ok(person) => person,
        Err(refusal) => return page.refuse(&refusal),
    };
    let asker = page.asker(Purpose::OwnRecord);
    let title = page.t("健康保険証としての利用申込", "Use as health insurance card");
    match page.house.read(asker, move |tx, cx| crate::enrolment(tx, cx, person)).await {
        Ok(Some(enrolment)) => page.show_as(status, title, None, enrolled(page, title, &enrolment)),
        Ok(None) => page.show_as(status, title, None, terms(page, title, error)),
        Err(trouble) => page.trouble(trouble),
    }
}

fn enrolled(page: &Page, title: &str, enrolment: &Enrolment) -> Markup {
    html! {
        h1 { (title) }
        (enrolment_line(page, enrolment))
        h2 { (page.t("申込を取り消す", "Cancel")) }
        p { (page.t(
            "取り消すと、カードを健康保険証として使えなくなります。後からもう一度申し込めます。",
            "After cancelling, the card no longer serves as health insurance card. You can enrol again later.",
        )) }
        (forms::danger_form(
            "/my/enrolment/cancel",
            page.csrf(),
            page.t("利用申込を取り消す", "Cancel my enrolment"),
            page.t("利用申込を取り消しますか", "Cancel your enrolment?"),
            html! {},
        ))
    }
}

fn terms(page: &Page, title: &str, error: Option<&str>) -> Markup {
    let agree = Field {
        name: "agree",
        label: page.t("上の説明を読み、同意する", "I have read the terms above and agree"),
        hint: None,
        value: "",
        error,
        required: true,
        kind: Kind::Checkbox,
    };
    let before = page.t("申し込む前に", "Before you enrol");
    let sentences = match page.lang {
        Lang::Ja => TERMS.0,
        Lang::En => TERMS.1,
    };
    html! {
        h1 { (title) }
        p.lead { (page.t(
            "まだ申し込んでいません。一度申し込むと、カードを健康保険証として使えます。",
            "You are not enrolled. Once you are, your card serves as your health insurance card.",
        )) }
        (banner(Tone::Info, before, html! { p { (page.t(
            "受診する医療機関や薬局がカードに対応しているかを、あらかじめ確かめてください。",
            "See beforehand whether your clinic or pharmacy takes cards.",
        )) } }))
        h2 { (page.t("利用申込の説明", "Terms")) }
        ul { @for sentence in sentences { li { (sentence) } } }
        (forms::form("/my/enrolment", page.csrf(), page.t("申し込む", "Enrol"), html! {
            input type="hidden" name="terms" value=(TERMS_VERSION);
            (field(page.lang, &agree))
        }))
    }
}

pub(super) async fn record(page: Page, body: Bytes) -> Response {
    let (person, form) = match own_form(&page, &body) {
        Ok(own) => own,
        Err(refusal) => return page.refuse(&refusal),
    };
    if form.get("agree") != "1" {
        let refusal = refusals::not_agreed();
        let text = page.t(refusal.help.desk.0, refusal.help.desk.1);
        return show(&page, super::status(&refusal), Some(text)).await;
    }
    let terms = form.get("terms").to_owned();
    let asker = page.asker(Purpose::OwnRecord);
    let recorded =
        page.house.change(asker, move |tx, cx| enrolment::record(tx, cx, person, Channel::Portal, &terms));
    go_on(&page, recorded.await, "/my/enrolment")
}

pub(super) async fn cancel(page: Page, body: Bytes) -> Response {
    let person = match own_form(&page, &body) {
        Ok((person, _)) => person,
        Err(refusal) => return page.refuse(&refusal),
    };
    let asker = page.asker(Purpose::OwnRecord);
    let cancelled = page.house.change(asker, move |tx, cx| enrolment::cancel(tx, cx, person));
    go_on(&page, cancelled.await, "/my/enrolment")
}
