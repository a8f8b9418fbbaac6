//! A lost card: suspending it, and lifting that again.
//!
//! Always holds: suspending asks for nothing but one press more; the session that suspends can lift.
//! Not here: losses reported by telephone (`calls`).
//! Rules come from: docs/rules.md S1 r11, S17 r1.

use super::{COOKIE, go_on, own::card_card, own_form, whose};
use ::web::{
    cookies::cookie,
    forms,
    parts::{Tone, banner},
    routes::Page,
};
use axum::{body::Bytes, http::HeaderMap, response::Response};
use base::{Instant, Purpose};
use cards::rules::{Known, State};
use maud::{Markup, html};

pub(super) async fn page(page: Page) -> Response {
    let person = match whose(&page) {
        Ok(person) => person,
        Err(refusal) => return page.refuse(&refusal),
    };
    let asker = page.asker(Purpose::OwnRecord);
    let read = page.house.read(asker, move |tx, cx| Ok((crate::cards(tx, cx, person)?, cx.now)));
    match read.await {
        Ok((cards, now)) => page.show(page.t("カードの紛失", "Lost card"), part(&page, &cards, now)),
        Err(trouble) => page.trouble(trouble),
    }
}

fn part(page: &Page, cards: &[Known], now: Instant) -> Markup {
    let live = cards.iter().any(|known| known.state == State::Live);
    let held = cards.iter().any(|known| matches!(known.state, State::Held { .. }));
    html! {
        h1 { (page.t("カードの紛失", "Lost card")) }
        p.lead { (page.t(
            "カードやスマートフォンをなくしたときは、すぐに一時停止できます（24時間365日）。",
            "A card or phone that was lost can be suspended at once, at any hour of any day.",
        )) }
        h2 { (page.t("カードとスマートフォン", "Cards and phones")) }
        @if cards.is_empty() { p { (page.t("登録されているカードはありません。", "No card is registered.")) } }
        @for known in cards { (card_card(page, known, now)) }
        @if live { (hold_part(page)) }
        @if held { (lift_part(page)) }
    }
}

fn hold_part(page: &Page) -> Markup {
    html! {
        h2 { (page.t("一時停止する", "Suspend")) }
        p { (page.t(
            "カードとスマートフォンの両方が止まります。停止中は、受付での資格確認にも、このページへのログインにも使えません。",
            "Card and phone are both suspended. Meanwhile they serve neither at a reception nor for signing in here.",
        )) }
        (forms::danger_form(
            "/my/lost",
            page.csrf(),
            page.t("すべて一時停止する", "Suspend them all"),
            page.t("カードを一時停止しますか", "Suspend your card?"),
            html! {},
        ))
    }
}

fn lift_part(page: &Page) -> Markup {
    let head = page.t("一時停止中です", "Suspended");
    html! {
        (banner(Tone::Warning, head, html! { p { (page.t(
            "ログアウトすると、停止中のカードではログインできません。見つかったときは、今すぐここで解除するか、後でコールセンターに申し出てください。",
            "After signing out you cannot sign in with a suspended card. If it was found, lift the suspension here now, \
             or ask the call centre later.",
        )) } }))
        (forms::form(
            "/my/lost/lift",
            page.csrf(),
            page.t("見つかったので解除する", "It was found: lift it"),
            html! {},
        ))
    }
}

pub(super) async fn hold(page: Page, headers: HeaderMap, body: Bytes) -> Response {
    let person = match own_form(&page, &body) {
        Ok((person, _)) => person,
        Err(refusal) => return page.refuse(&refusal),
    };
    let token = cookie(&headers, COOKIE).unwrap_or_default().to_owned();
    let asker = page.asker(Purpose::OwnRecord);
    let held = page.house.change(asker, move |tx, cx| crate::hold(tx, cx, person, &token));
    go_on(&page, held.await, "/my/lost")
}

pub(super) async fn lift(page: Page, body: Bytes) -> Response {
    let person = match own_form(&page, &body) {
        Ok((person, _)) => person,
        Err(refusal) => return page.refuse(&refusal),
    };
    let asker = page.asker(Purpose::OwnRecord);
    let lifted = page.house.change(asker, move |tx, cx| crate::lift(tx, cx, person));
    go_on(&page, lifted.await, "/my/lost")
}
