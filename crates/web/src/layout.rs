//! The frame of every page: header, notice, navigation, main part, footer, and the headers of the answer.
//!
//! Always holds: the answer is never cached, frames nothing, loads nothing from elsewhere, and holds no inline style
//! or script; the skip link is the first thing that the keyboard reaches.
//! Not here: what stands in the main part; which entries a role may see in the navigation.
//! Rules come from: デジタル庁デザインシステム, WCAG 2.2 AA, Content Security Policy level 3.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use base::Lang;
use maud::{DOCTYPE, Markup, html};

use crate::{assets, cookies, lang};

/// What a page's frame needs to know.
pub struct Shell<'a> {
    /// The language of the page.
    pub lang: Lang,
    /// The page's title, without the product's name.
    pub title: &'a str,
    /// The page's own path, for the language switch; must hold nothing personal.
    pub path: &'a str,
    /// Who is signed in.
    pub who: Option<Who<'a>>,
    /// The navigation; empty for none.
    pub nav: &'a [NavItem<'a>],
    /// Whether everything shown is invented.
    pub demo: bool,
    /// Reload the main part every so many seconds.
    pub refresh_s: Option<u32>,
}

/// Who is signed in, with what the sign-out form needs.
pub struct Who<'a> {
    /// The person's name.
    pub name: &'a str,
    /// The name of the role, in the page's language.
    pub role: &'a str,
    /// The facility or office that the person works at.
    pub place: Option<&'a str>,
    /// The session's CSRF token.
    pub csrf: &'a str,
    /// Where the form for signing out goes.
    pub sign_out: &'a str,
}

/// One entry of the navigation.
pub struct NavItem<'a> {
    /// Where it leads.
    pub href: &'a str,
    /// Its text.
    pub label: &'a str,
    /// Whether the page is this entry's.
    pub current: bool,
}

const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
    form-action 'self'; frame-ancestors 'none'; base-uri 'none'; connect-src 'self'";

/// A whole page. It also sets the language cookie, so that a choice once made stays.
pub fn page(shell: &Shell, status: StatusCode, main: Markup) -> Response {
    let text = document(shell, status, main).into_string();
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    secure(headers);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(lang::word(shell.lang)));
    // Says nothing about anybody, so it need not be Secure.
    let cookie = cookies::set_cookie(lang::LANG_COOKIE, lang::word(shell.lang), None, false);
    headers.append(header::SET_COOKIE, cookie);
    response
}

/// The headers that every answer carries which is not an asset.
pub fn secure(headers: &mut HeaderMap) {
    // Not `no-referrer`: under it browsers send `Origin: null` with our own forms, and the Origin check would refuse
    // them. `same-origin` tells other sites as little.
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

fn document(shell: &Shell, status: StatusCode, main: Markup) -> Markup {
    let l = shell.lang;
    // A reader who cannot see the page hears the title first.
    let wrong = status.is_client_error() || status.is_server_error();
    let prefix = if wrong { l.pick("エラー：", "Error: ") } else { "" };
    html! {
        (DOCTYPE)
        html lang=(lang::word(l)) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (prefix) (shell.title) " — " (l.pick("Shikaku 資格", "Shikaku")) }
                link rel="icon" type="image/svg+xml" href=(assets::href("shikaku.svg"));
                link rel="stylesheet" href=(assets::href("shikaku.css"));
                script src=(assets::href("shikaku.js")) defer {}
            }
            body
                data-pause=(l.pick("自動更新を止める", "Stop updating"))
                data-resume=(l.pick("自動更新を再開する", "Update again"))
                data-copy=(l.pick("コピー", "Copy"))
                data-copied=(l.pick("コピーしました", "Copied"))
            {
                a.skip href="#main" { (l.pick("本文へ移動", "Skip to main content")) }
                (head(shell))
                (nav(shell))
                main #main tabindex="-1" { (refreshed(shell, main)) }
                (foot(shell))
            }
        }
    }
}

fn notice(shell: &Shell) -> Markup {
    let l = shell.lang;
    html! {
        div.notice {
            p {
                span { (l.pick("これは公式のシステムではありません", "This is not an official system")) }
                @if shell.demo {
                    span { (l.pick(
                        "登場する人物・機関はすべて架空です",
                        "All people and institutions are invented",
                    )) }
                }
            }
        }
    }
}

fn head(shell: &Shell) -> Markup {
    let l = shell.lang;
    let other = lang::other(l);
    html! {
        header.head {
            (notice(shell))
            div.head-inner {
                a.brand href="/" {
                    img src=(assets::href("shikaku.svg")) alt="" width="32" height="32";
                    span lang="en" { "Shikaku" } " " span lang="ja" { "資格" }
                }
                div.head-side {
                    @if let Some(who) = &shell.who { (signed_in(l, who)) }
                    a.lang-switch href=(switch_href(shell.path, other))
                        lang=(lang::word(other)) hreflang=(lang::word(other))
                    {
                        (other.pick("日本語", "English"))
                    }
                }
            }
        }
    }
}

fn signed_in(l: Lang, who: &Who) -> Markup {
    html! {
        div.who {
            p {
                span.who-name { (who.name) }
                span.who-role { (who.role) @if let Some(place) = who.place { "・" (place) } }
            }
            form method="post" action=(who.sign_out) {
                input type="hidden" name="csrf" value=(who.csrf);
                button.button.quiet.small type="submit" { (l.pick("ログアウト", "Sign out")) }
            }
        }
    }
}

fn nav(shell: &Shell) -> Markup {
    html! {
        @if !shell.nav.is_empty() {
            nav.nav aria-label=(shell.lang.pick("メインメニュー", "Main menu")) {
                ul {
                    @for item in shell.nav {
                        li { a href=(item.href) aria-current=[item.current.then_some("page")] { (item.label) } }
                    }
                }
            }
        }
    }
}

/// The main part, marked for the script when it reloads itself; readers without the script get a link.
fn refreshed(shell: &Shell, main: Markup) -> Markup {
    let Some(seconds) = shell.refresh_s else {
        return main;
    };
    html! {
        noscript {
            p { a href=(shell.path) { (shell.lang.pick("最新の状態に更新する", "Show the latest state")) } }
        }
        div #live data-refresh=(seconds) { (main) }
    }
}

fn foot(shell: &Shell) -> Markup {
    let l = shell.lang;
    html! {
        footer.foot {
            div.foot-inner {
                p { (l.pick(
                    "Shikaku 資格 — オンライン資格確認などの仕組みを、誰もが読み、動かし、直せるようにした自由なソフトウェアです。",
                    "Shikaku — free software that lets everybody read, run and mend the workings of online eligibility checks.",
                )) }
                p { (l.pick(
                    "国、自治体、保険者、その他の機関が作成・承認したものではありません。",
                    "Neither made nor approved by any government, municipality, insurer or other institution.",
                )) }
            }
        }
    }
}

/// The same address in another language.
fn switch_href(path: &str, lang: Lang) -> String {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let kept = query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("lang="));
    let asked = format!("lang={}", lang::word(lang));
    let query: Vec<&str> = kept.chain([asked.as_str()]).collect();
    format!("{path}?{}", query.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_switch_keeps_the_rest_of_the_address() {
        assert_eq!(switch_href("/desk", Lang::En), "/desk?lang=en");
        assert_eq!(switch_href("/log?page=2&lang=en", Lang::Ja), "/log?page=2&lang=ja");
    }

    #[test]
    fn a_page_is_guarded_and_escaped() {
        let who =
            Who {
                name: "<b>山田", role: "受付", place: Some("甲医院"), csrf: "t0k\"en", sign_out: "/out"
            };
        let shell = Shell {
            lang: Lang::Ja,
            title: "受付",
            path: "/desk",
            who: Some(who),
            nav: &[NavItem { href: "/desk", label: "受付", current: true }],
            demo: true,
            refresh_s: Some(5),
        };
        let text = document(&shell, StatusCode::UNPROCESSABLE_ENTITY, html! { h1 { "受付" } }).into_string();
        assert!(text.contains("<title>エラー：受付 — Shikaku 資格</title>"), "{text}");
        assert!(text.contains("&lt;b&gt;山田") && text.contains("t0k&quot;en"));
        assert!(text.contains("data-refresh=\"5\"") && text.contains("架空"));
        assert!(!text.contains("style=") && !text.contains(" on"));
        let response = page(&shell, StatusCode::OK, html! {});
        assert_eq!(response.headers()["cache-control"], "no-store");
        assert_eq!(response.headers()["referrer-policy"], "same-origin");
        assert_eq!(response.headers()["set-cookie"], "lang=ja; Path=/; HttpOnly; SameSite=Strict");
    }
}
