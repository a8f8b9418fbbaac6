//! Signing in by card: the page that leads to the reader, what the reader sends, and the way back in.
//!
//! Always holds: the cookie that a card proves is given up for a new one on entering; what the reader is given names
//! nobody; the PIN is never here.
//! Not here: whether a proof is good (`cards::proof`), the reader's own screens (`terminal`).
//! Rules come from: docs/rules.md S3 r1, S17 r1; OWASP Session Management (session fixation).

use super::{COOKIE, Portal, own_form};
use crate::{
    Proof, refusals,
    rules::{Token, matching_code},
};
use ::store::Tx;
use ::web::{
    cookies::{cookie, set_cookie},
    house::{Asker, Trouble},
    layout, parts, problem,
    routes::{BUSY, Page},
};
use axum::{
    Extension,
    body::{Body, Bytes},
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Redirect, Response},
};
use base::{Actor, Answer, Purpose, Refusal, Result};
use base64::{Engine, engine::general_purpose::STANDARD};
use maud::html;
use serde::Deserialize;
use std::sync::Arc;

fn asker() -> Asker {
    Asker::new(Actor::System, Purpose::OwnRecord)
}

fn with_cookie(page: &Page, mut response: Response, token: &str, max_age_s: Option<u32>) -> Response {
    let value = set_cookie(COOKIE, token, max_age_s, page.house.is_behind_https());
    response.headers_mut().append(header::SET_COOKIE, value);
    response
}

/// How the browser that asks stands.
enum Browser {
    /// Signed in.
    In,
    /// Its cookie may still be proved.
    Fresh(Token),
    /// It needs a new cookie.
    Unknown,
}

fn browser(tx: &mut Tx<'_>, now: base::Instant, text: &str) -> Result<Browser> {
    let Some(token) = Token::parse(text) else { return Ok(Browser::Unknown) };
    if crate::visit(tx, now, text)?.is_some() {
        return Ok(Browser::In);
    }
    Ok(if crate::is_fresh(tx, &token)? { Browser::Fresh(token) } else { Browser::Unknown })
}

pub(super) async fn sign_in(
    page: Page,
    Extension(portal): Extension<Arc<Portal>>,
    headers: HeaderMap,
) -> Response {
    let page = page.for_nobody();
    let Some(reader) = portal.reader.get() else { return page.refuse(&refusals::no_reader()) };
    // Two tabs of one browser share a cookie, so that whichever is finished first opens both.
    let held = cookie(&headers, COOKIE).unwrap_or_default().to_owned();
    let token = match page.house.read(asker(), move |tx, cx| browser(tx, cx.now, &held)).await {
        Err(trouble) => return page.trouble(trouble),
        Ok(Browser::In) => return Redirect::to("/my").into_response(),
        Ok(Browser::Fresh(token)) => token,
        Ok(Browser::Unknown) => Token::new(page.house.random()),
    };
    let text = crate::begin(&portal.prover, &token, page.house.random(), page.house.now());
    let response = sign_in_page(&page, reader, &text);
    with_cookie(&page, response, &token.text(), None)
}

fn sign_in_page(page: &Page, reader: &str, text: &str) -> Response {
    let title = page.t("わたしのページにログイン", "Sign in to your own pages");
    let code = matching_code(text);
    let main = html! {
        h1 { (title) }
        p.lead { (page.t(
            "マイナンバーカードと4桁の暗証番号で、ご本人であることを確認します。",
            "Your My Number card and its 4-digit PIN show who you are.",
        )) }
        h2 { (page.t("用意するもの", "What you need")) }
        ul {
            li { (page.t("ご本人のマイナンバーカード", "Your own My Number card")) }
            li { (page.t(
                "4桁の暗証番号（利用者証明用）。3回続けて間違えると使えなくなります",
                "Its 4-digit PIN. After three wrong tries it is blocked",
            )) }
            li { (page.t("カードリーダー（ご家族のものでもかまいません）", "A card reader; it may be a relative's")) }
        }
        h2 { (page.t("手順", "What to do")) }
        ol {
            li { (page.t("下の照合番号を見ておきます。", "Note the matching code below.")) }
            li { (page.t(
                "カードリーダーの画面を開き、同じ照合番号が出ていることを確かめます。違うときは中止してください。",
                "Open the card reader and see that it shows the same code. If not, stop.",
            )) }
            li { (page.t("カードを置き、暗証番号を入れます。", "Put your card down and enter the PIN.")) }
            li { (page.t(
                "確認が終わると、ご本人のページへ進めます。別の端末で確認したときは、この画面に戻って「続ける」を押します。",
                "You can then go on to your own pages. If the reader is on another device, come back here and press “Go on”.",
            )) }
        }
        div.matching {
            p { (page.t("照合番号", "Matching code")) }
            p.matching-code { (code) }
        }
        div.actions {
            a.button href=(format!("{}/reader?n={text}", reader.trim_end_matches('/'))) {
                (page.t("カードリーダーの画面を開く", "Open the card reader"))
            }
            a.button.secondary href="/my/enter" { (page.t("続ける", "Go on")) }
        }
        p { (page.t(
            "暗証番号はカードリーダーの中だけで使われ、このサイトには送られません。",
            "The PIN is used inside the reader only. It is never sent to this site.",
        )) }
        h2 { (page.t("カードをなくしたとき", "If you lost your card")) }
        p { (page.t(
            "コールセンターが24時間365日、カードの一時停止を受け付けます。",
            "The call centre suspends a card at any hour of any day.",
        )) }
    };
    page.show(title, main)
}

/// What a reader sends.
#[derive(Deserialize)]
struct Sent {
    nonce: String,
    certificate: String,
    signature: String,
}

fn read(body: &[u8]) -> Option<Proof> {
    let sent: Sent = serde_json::from_slice(body).ok()?;
    let bytes = |text: &str| STANDARD.decode(text).ok();
    let (certificate, signature) = (bytes(&sent.certificate)?, bytes(&sent.signature)?);
    Some(Proof { text: sent.nonce, certificate, signature })
}

pub(super) async fn prove(page: Page, Extension(portal): Extension<Arc<Portal>>, body: Bytes) -> Response {
    let Some(proof) = read(&body) else {
        return problem::problem(page.lang, &refusals::malformed());
    };
    match prove_with(&page, portal, proof).await {
        Ok(answer) => told(answer),
        Err(Trouble::Busy) => problem::problem(page.lang, &Refusal::new(&BUSY, 503)),
        Err(Trouble::Broken) => problem::broken(page.lang),
    }
}

async fn prove_with(
    page: &Page,
    portal: Arc<Portal>,
    proof: Proof,
) -> std::result::Result<Answer<()>, Trouble> {
    let check = move |tx: &mut Tx<'_>, cx: &base::Cx<'_>| crate::check(tx, cx, &portal.prover, &proof);
    match page.house.read(asker(), check).await? {
        Ok(checked) => page.house.change(asker(), move |tx, cx| crate::prove(tx, cx, &checked)).await,
        Err(refusal) => Ok(Err(refusal)),
    }
}

/// The reader's answer: static texts in both languages, for its screen.
fn told(answer: Answer<()>) -> Response {
    let (state, tone, code, oqs, title, text, now) = match &answer {
        Ok(()) => (
            "done",
            "success",
            "",
            "",
            ("確認できました", "Confirmed"),
            ("カードによる本人の確認ができました。", "Your card has shown who you are."),
            (
                "「ご本人のページへ進む」を押してください。別の端末でログインしているときは、その画面で「続ける」を押してください。",
                "Press “Go on to your own pages”. If you sign in on another device, press “Go on” there.",
            ),
        ),
        Err(refusal) => (
            "refused",
            "error",
            refusal.help.code,
            refusal.help.oqs,
            ("ログインできませんでした", "You could not be signed in"),
            refusal.help.what,
            refusal.help.desk,
        ),
    };
    let both = |(ja, en): (&str, &str)| serde_json::json!({ "ja": ja, "en": en });
    let body = serde_json::json!({
        "state": state, "tone": tone, "code": code, "oqs": oqs,
        "title": both(title), "text": both(text), "now": both(now),
    });
    let mut response = Response::new(Body::from(body.to_string()));
    layout::secure(response.headers_mut());
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

pub(super) async fn enter(page: Page, headers: HeaderMap) -> Response {
    let page = page.for_nobody();
    let Some(token) = cookie(&headers, COOKIE).map(str::to_owned) else {
        return once_more(&page);
    };
    let (renewed, held) = (Token::new(page.house.random()), token.clone());
    if let Ok(Browser::In) = page.house.read(asker(), move |tx, cx| browser(tx, cx.now, &held)).await {
        return Redirect::to("/my").into_response();
    }
    let new = renewed.clone();
    match page.house.change(asker(), move |tx, cx| crate::enter(tx, cx, &token, &new)).await {
        Ok(Ok(())) => with_cookie(&page, Redirect::to("/my").into_response(), &renewed.text(), None),
        Ok(Err(refusal)) => not_yet(&page, &refusal),
        Err(trouble) => page.trouble(trouble),
    }
}

/// Coming from the reader's page, a browser may hold the cookie back; from our own page it will not.
fn once_more(page: &Page) -> Response {
    let title = page.t("ログインの続き", "Go on signing in");
    let main = html! {
        h1 { (title) }
        div.actions {
            a.button href="/my/enter" { (page.t("続ける", "Go on")) }
            a.button.secondary href="/my/sign-in" { (page.t("はじめからやり直す", "Begin anew")) }
        }
    };
    page.show(title, main)
}

fn not_yet(page: &Page, refusal: &Refusal) -> Response {
    let title = page.t("ログインの続き", "Go on signing in");
    let main = html! {
        h1 { (title) }
        (parts::refusal(page.lang, refusal))
        div.actions {
            a.button href="/my/enter" { (page.t("続ける", "Go on")) }
            a.button.secondary href="/my/sign-in" { (page.t("はじめからやり直す", "Begin anew")) }
        }
    };
    page.show_as(super::status(refusal), title, None, main)
}

pub(super) async fn sign_out(page: Page, headers: HeaderMap, body: Bytes) -> Response {
    if let Err(refusal) = own_form(&page, &body) {
        return page.refuse(&refusal);
    }
    let token = cookie(&headers, COOKIE).unwrap_or_default().to_owned();
    let asker = page.asker(Purpose::OwnRecord);
    match page.house.change(asker, move |tx, cx| crate::sign_out(tx, cx, &token)).await {
        Ok(()) => with_cookie(&page, Redirect::to("/my/sign-in").into_response(), "", Some(0)),
        Err(trouble) => page.trouble(trouble),
    }
}
