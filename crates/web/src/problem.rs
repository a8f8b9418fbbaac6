//! How "no" and "broken" leave the program: problem details for machines, whole pages for people.
//!
//! Always holds: the texts are the static ones of the refusal; nothing of the request stands in the answer.
//! Not here: a refusal inside a page, which is [`crate::parts::refusal`]; the waiting before a delayed answer.
//! Rules come from: RFC 9457 (problem details), RFC 9110 section 10.2.3 (Retry-After).

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use base::{Lang, Refusal};
use maud::{Markup, html};

use crate::layout::{Shell, page};
use crate::parts::{Tone, banner};
use crate::{lang, layout};

/// A refusal as `application/problem+json`. `title`, `detail` (what happened and what to do) and `desk` are in the
/// reader's language; `engineer` is for whoever wrote the asking software, in English.
pub fn problem(lang: Lang, refusal: &Refusal) -> Response {
    let help = refusal.help;
    let body = serde_json::json!({
        "type": format!("urn:shikaku:refusal:{}", help.code),
        "title": lang.pick(help.what.0, help.what.1),
        "status": refusal.status,
        "detail": format!("{}{}", lang.pick(help.what.0, help.what.1), lang.pick(help.desk.0, help.desk.1)),
        "engineer": help.engineer,
        "code": help.code,
        "oqs": help.oqs,
        "desk": lang.pick(help.desk.0, help.desk.1),
    });
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() =
        StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    layout::secure(headers);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(lang::word(lang)));
    if refusal.wait_ms > 0 {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(refusal.wait_ms.div_ceil(1000)));
    }
    response
}

/// The page for a fault of ours: what happened and what the desk does now.
pub fn broken(lang: Lang) -> Response {
    let title = lang.pick("システムに問題が起きました", "Something in the system is broken");
    let head =
        lang.pick("操作は完了していない可能性があります", "The operation may not have been carried out");
    let body = html! {
        ul {
            li { (lang.pick(
                "少し待ってから画面を開き直し、行われたかどうかを確かめて、必要ならもう一度お試しください。",
                "Wait a little, open the page again, see whether it was carried out, and try again if not.",
            )) }
            li { (lang.pick(
                "続くときは、時刻とともにシステム管理者に知らせてください。",
                "If it goes on, tell the system administrator the time it happened.",
            )) }
            li { (lang.pick(
                "受付では、資格を確認できないときの手順（資格確認書や申立書）に進んでください。",
                "At the desk, go on with the procedure for when eligibility cannot be determined.",
            )) }
        }
    };
    bare(lang, StatusCode::INTERNAL_SERVER_ERROR, title, &banner(Tone::Error, head, body))
}

/// The page for an address that leads nowhere.
pub fn not_found(lang: Lang) -> Response {
    let title = lang.pick("ページが見つかりません", "Page not found");
    let body = html! {
        p { (lang.pick("アドレスが違うか、ページがなくなっています。", "The address is wrong, or the page is gone.")) }
    };
    bare(lang, StatusCode::NOT_FOUND, title, &body)
}

fn bare(lang: Lang, status: StatusCode, title: &str, body: &Markup) -> Response {
    let shell = Shell { lang, title, path: "/", who: None, nav: &[], demo: false, refresh_s: None };
    let home = lang.pick("最初のページへ", "Go to the first page");
    let main = html! {
        h1 { (title) }
        (body)
        p { a href="/" { (home) } }
    };
    page(&shell, status, main)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::Help;

    const HELP: Help = Help {
        code: "desk.busy",
        oqs: "XSK000001",
        what: ("混み合っています。", "The desk is busy."),
        desk: ("しばらく待つ。", "Wait."),
        engineer: "Raise the pool size.",
    };

    #[test]
    fn a_refusal_becomes_problem_details() {
        let response = problem(Lang::En, &Refusal::new(&HELP, 503).after_ms(1200));
        assert_eq!(response.status(), 503);
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        assert_eq!(response.headers()["retry-after"], "2");
        assert!(!problem(Lang::Ja, &Refusal::new(&HELP, 403)).headers().contains_key("retry-after"));
    }

    #[test]
    fn pages_for_trouble_have_their_status() {
        assert_eq!(broken(Lang::Ja).status(), 500);
        assert_eq!(not_found(Lang::En).status(), 404);
    }
}
