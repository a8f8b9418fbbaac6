//! Signing in with two factors, setting the second one up, signing out, and the own password.
//!
//! Always holds: a password is hashed and checked away from any transaction and never shown; a session's token changes
//! whenever another thing is proved in it; each step's page leads to the step that is really missing.
//! Not here: what is enough (`rules`). These pages are read before there is a visitor, so they read the cookie.
//! Rules come from: the issue, part C; OWASP Session Management; デジタル庁デザインシステム.

use super::{Present, at_field, go_on, next_page, present, stale, status, stepping, stepping_form};
use crate::{
    refusals,
    rules::{self, Missing, Session, Token},
};
use ::web::{
    cookies::set_cookie,
    forms::{self, Field, Form, Kind, field, parse_form},
    house::{Asker, Trouble},
    parts::{copyable, refusal as refusal_part},
    routes::Page,
};
use axum::{
    body::Bytes,
    extract::Query,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use base::{Actor, Answer, Purpose, Refusal};
use maud::{Markup, html};
use std::collections::BTreeMap;
use zeroize::Zeroizing;

pub(super) async fn sign_in_page(
    page: Page,
    headers: HeaderMap,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    match present(&page, &headers).await {
        Err(trouble) => page.trouble(trouble),
        Ok(Some(present)) => Redirect::to(next_page(present.session.missing)).into_response(),
        Ok(None) if page.house.is_demo() && !query.contains_key("real") => {
            Redirect::to("/desks").into_response()
        }
        Ok(None) => show_sign_in(&page, StatusCode::OK, "", None),
    }
}

fn show_sign_in(page: &Page, status: StatusCode, login: &str, refused: Option<&Refusal>) -> Response {
    let title = page.t("ログイン", "Sign in");
    let text = Kind::Text { width_chars: 32, inputmode: "text", autocomplete: "username" };
    let password = Kind::Password { autocomplete: "current-password" };
    let one = |name, label, value, kind| {
        field(page.lang, &Field { name, label, hint: None, value, error: None, required: true, kind })
    };
    let body = html! {
        (one("login", page.t("ログイン名", "Login"), login, text))
        (one("password", page.t("パスワード", "Password"), "", password))
    };
    let main = html! {
        h1 { (title) }
        @if let Some(refusal) = refused { (refusal_part(page.lang, refusal)) }
        (forms::form("/sign-in", page.csrf(), page.t("次へ", "Continue"), body))
        p { (page.t(
            "次の画面で、認証アプリの確認コードを入力します。",
            "You will be asked for a code of your authenticator app next.",
        )) }
    };
    page.show_as(status, title, None, main)
}

pub(super) async fn sign_in(page: Page, body: Bytes) -> Response {
    let form = parse_form(&body);
    let login = form.get("login").to_owned();
    let password = Zeroizing::new(form.get("password").to_owned());
    match begin(&page, login.clone(), password).await {
        Err(trouble) => page.trouble(trouble),
        Ok(Ok((missing, token))) => go_on(&page, &token, missing.page()),
        Ok(Err(refusal)) => show_sign_in(&page, status(&refusal), &login, Some(&refusal)),
    }
}

async fn begin(
    page: &Page,
    login: String,
    password: Zeroizing<String>,
) -> std::result::Result<Answer<(Missing, Token)>, Trouble> {
    let asker = Asker::new(Actor::System, Purpose::Administration);
    let credentials = page.house.read(asker.clone(), move |tx, _| crate::credentials(tx, &login)).await?;
    let checked = page.house.work(move || credentials.check(&password)).await?;
    let token = Token::new(page.house.random());
    page.house
        .change(asker, move |tx, cx| {
            Ok(crate::sign_in(tx, cx, &checked, &token)?.map(|missing| (missing, token.clone())))
        })
        .await
}

pub(super) async fn second_page(page: Page, headers: HeaderMap) -> Response {
    match stepping(&page, &headers, |missing| missing == Some(Missing::SecondFactor)).await {
        Err(response) => response,
        Ok(present) => show_second(&page, StatusCode::OK, &present.session, None),
    }
}

fn show_second(page: &Page, status: StatusCode, session: &Session, refused: Option<&Refusal>) -> Response {
    let title = page.t("確認コードの入力", "Enter your code");
    let main = html! {
        h1 { (title) }
        @if let Some(refusal) = refused { (refusal_part(page.lang, refusal)) }
        (forms::form("/sign-in/second", &session.csrf, page.t("ログインする", "Sign in"), code_field(page)))
        p { (page.t(
            "端末をなくしたときは、管理者に再設定を依頼してください。",
            "If you lost your device, ask your administrator to reset it.",
        )) }
        (cancel_form(page, session))
    };
    page.show_as(status, title, None, main)
}

fn code_field(page: &Page) -> Markup {
    let kind = Kind::Text { width_chars: 8, inputmode: "numeric", autocomplete: "one-time-code" };
    let hint =
        page.t("認証アプリに表示されている6桁の数字", "The six digits that your authenticator app shows");
    let label = page.t("確認コード", "Code");
    let field_of =
        Field { name: "code", label, hint: Some(hint), value: "", error: None, required: true, kind };
    field(page.lang, &field_of)
}

/// Signs out of a session that is only half begun; the frame shows no button for that.
fn cancel_form(page: &Page, session: &Session) -> Markup {
    html! {
        form method="post" action="/sign-out" {
            input type="hidden" name="csrf" value=(session.csrf);
            button.button.quiet type="submit" { (page.t("中止する", "Cancel")) }
        }
    }
}

pub(super) async fn prove_second(page: Page, headers: HeaderMap, body: Bytes) -> Response {
    match put_code(&page, &headers, &body, Missing::SecondFactor).await {
        Ok(response) => response,
        Err((found, refusal)) => show_second(&page, status(&refusal), &found.session, Some(&refusal)),
    }
}

/// Puts the code of a form to the operation of this step; what is refused comes back to be shown on the step's page.
async fn put_code(
    page: &Page,
    headers: &HeaderMap,
    body: &Bytes,
    step: Missing,
) -> std::result::Result<Response, (Present, Refusal)> {
    let form = parse_form(body);
    let found = match stepping_form(page, headers, &form, |missing| missing == Some(step)).await {
        Err(response) => return Ok(response),
        Ok(found) => found,
    };
    let (code, old) = (Zeroizing::new(form.get("code").to_owned()), found.token.clone());
    let token = Token::new(page.house.random());
    let renewed = token.clone();
    let put = page.house.change(found.asker(), move |tx, cx| match step {
        Missing::NewSecondFactor => crate::set_second_factor(tx, cx, &old, &code, &renewed),
        _ => crate::prove_second_factor(tx, cx, &old, &code, &renewed),
    });
    match put.await {
        Err(trouble) => Ok(page.trouble(trouble)),
        Ok(Ok(missing)) => Ok(go_on(page, &token, next_page(missing))),
        Ok(Err(refusal)) => Err((found, refusal)),
    }
}

pub(super) async fn set_up_page(page: Page, headers: HeaderMap) -> Response {
    show_set_up(&page, &headers, StatusCode::OK, None).await
}

/// Reading the page begins the set-up, or shows again the one that was begun.
async fn show_set_up(
    page: &Page,
    headers: &HeaderMap,
    status: StatusCode,
    refused: Option<&Refusal>,
) -> Response {
    let fits = |missing| missing == Some(Missing::NewSecondFactor);
    let found = match stepping(page, headers, fits).await {
        Err(response) => return response,
        Ok(found) => found,
    };
    let (token, secret) = (found.token.clone(), page.house.random());
    let asker = found.asker();
    let begun =
        page.house.change(asker, move |tx, cx| crate::begin_second_factor(tx, cx, &token, &secret)).await;
    let secret = match begun {
        Err(trouble) => return page.trouble(trouble),
        Ok(Err(refusal)) => return page.refuse(&refusal),
        Ok(Ok(secret)) => secret,
    };
    let title = page.t("二要素認証の設定", "Set up your second factor");
    let main = html! {
        h1 { (title) }
        @if let Some(refusal) = refused { (refusal_part(page.lang, refusal)) }
        p.lead { (page.t(
            "パスワードに加えて、スマートフォンなどの認証アプリの確認コードでログインします。はじめに一度だけ設定します。",
            "Besides your password you sign in with a code from an authenticator app. You set it up once.",
        )) }
        ol {
            li { (page.t("認証アプリを開き、アカウントを追加します。", "Open your authenticator app and add an account.")) }
            li {
                (page.t("次のキーを入力します（種類：時間ベース）。", "Enter this key (type: time based)."))
                p { (copyable(&rules::secret_text(&secret))) }
                details {
                    summary { (page.t("アドレスで登録する", "Add it by its address")) }
                    p { (copyable(&rules::secret_uri(&found.session.login, &secret))) }
                }
            }
            li { (page.t("アプリに表示された6桁の数字を入力します。", "Enter the six digits that the app shows.")) }
        }
        (forms::form("/second-factor", &found.session.csrf, page.t("設定する", "Set up"), code_field(page)))
        (cancel_form(page, &found.session))
    };
    page.show_as(status, title, None, main)
}

pub(super) async fn set_up(page: Page, headers: HeaderMap, body: Bytes) -> Response {
    match put_code(&page, &headers, &body, Missing::NewSecondFactor).await {
        Ok(response) => response,
        Err((_, refusal)) => show_set_up(&page, &headers, status(&refusal), Some(&refusal)).await,
    }
}

pub(super) async fn sign_out(page: Page, headers: HeaderMap, body: Bytes) -> Response {
    let found = match present(&page, &headers).await {
        Err(trouble) => return page.trouble(trouble),
        Ok(found) => found,
    };
    if let Some(found) = found {
        if found.session.csrf != parse_form(&body).get("csrf") {
            return stale(&page);
        }
        let (asker, token) = (found.asker(), found.token);
        if let Err(trouble) = page.house.change(asker, move |tx, cx| crate::sign_out(tx, cx, &token)).await {
            return page.trouble(trouble);
        }
    }
    let mut response = Redirect::to("/sign-in").into_response();
    let gone = set_cookie(super::COOKIE, "", Some(0), page.house.is_behind_https());
    response.headers_mut().append(header::SET_COOKIE, gone);
    response
}

fn may_change(missing: Option<Missing>) -> bool {
    matches!(missing, None | Some(Missing::NewPassword))
}

pub(super) async fn password_page(page: Page, headers: HeaderMap) -> Response {
    match stepping(&page, &headers, may_change).await {
        Err(response) => response,
        Ok(found) => show_password(&page, StatusCode::OK, &found.session, None),
    }
}

fn show_password(page: &Page, status: StatusCode, session: &Session, refused: Option<&Refusal>) -> Response {
    let title = page.t("パスワードの変更", "Change your password");
    let long = page.t(
        "12文字以上。記号や数字は必須ではありません。",
        "At least 12 characters. Digits and symbols are not required.",
    );
    let given = page.t("仮のパスワード", "The one-time password");
    let forced = session.missing == Some(Missing::NewPassword);
    let present = if forced { given } else { page.t("今のパスワード", "Present password") };
    let error_of = |name: &str| refused.filter(|refusal| at_field(refusal) == name);
    let one = |name, label, hint, autocomplete| {
        let error = error_of(name).map(|refusal| page.t(refusal.help.what.0, refusal.help.what.1));
        let kind = Kind::Password { autocomplete };
        field(page.lang, &Field { name, label, hint, value: "", error, required: true, kind })
    };
    let body = html! {
        (one("password", present, None, "current-password"))
        (one("new", page.t("新しいパスワード", "New password"), Some(long), "new-password"))
        (one("again", page.t("新しいパスワード（確認）", "New password again"), None, "new-password"))
    };
    let main = html! {
        h1 { (title) }
        @if let Some(refusal) = refused { (refusal_part(page.lang, refusal)) }
        @if forced { p.lead { (page.t(
            "仮のパスワードを、自分だけが知るパスワードに変更してください。",
            "Change the one-time password to one that only you know.",
        )) } }
        (forms::form("/password", &session.csrf, page.t("変更する", "Change"), body))
        @if forced { (cancel_form(page, session)) }
    };
    page.show_as(status, title, None, main)
}

pub(super) async fn change_password(page: Page, headers: HeaderMap, body: Bytes) -> Response {
    let form = parse_form(&body);
    let found = match stepping_form(&page, &headers, &form, may_change).await {
        Err(response) => return response,
        Ok(found) => found,
    };
    let token = Token::new(page.house.random());
    match put_password(&page, &found, &form, token.clone()).await {
        Err(trouble) => page.trouble(trouble),
        Ok(Ok(())) => go_on(&page, &token, "/"),
        Ok(Err(refusal)) => show_password(&page, status(&refusal), &found.session, Some(&refusal)),
    }
}

async fn put_password(
    page: &Page,
    found: &Present,
    form: &Form,
    renewed: Token,
) -> std::result::Result<Answer<()>, Trouble> {
    let (login, old) = (found.session.login.clone(), found.token.clone());
    let password = Zeroizing::new(form.get("password").to_owned());
    let new = Zeroizing::new(form.get("new").to_owned());
    if new.as_str() != form.get("again") {
        return Ok(Err(refusals::password_twice()));
    }
    if let Err(refusal) = rules::check_password(&login, &new) {
        return Ok(Err(refusal));
    }
    let salt = page.house.random();
    let credentials = page.house.read(found.asker(), move |tx, _| crate::credentials(tx, &login)).await?;
    let heavy = move || Ok((credentials.check(&password)?, rules::hash_password(&new, &salt)?));
    let (checked, hash) = page.house.work(heavy).await?;
    page.house
        .change(found.asker(), move |tx, cx| crate::change_password(tx, cx, &old, &checked, &hash, &renewed))
        .await
}
