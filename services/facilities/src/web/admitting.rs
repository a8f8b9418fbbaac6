//! A facility's page, the part that admits a terminal: its name and its certificate, pasted.
//!
//! Always holds: a text that holds a private key is not shown again.
//! Not here: reading the certificate and whether it may be admitted (`rules`).
//! Rules come from: DESIGN section 3 ("Ids"); デジタル庁デザインシステム.

use super::{Values, Wrong, fetch, one_page, status, stored};
use crate::rules::{self, NewTerminal};
use ::web::{
    forms::{self, Field, Form, parse_form},
    routes::{Page, STALE_FORM},
};
use axum::{
    body::Bytes,
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use base::{Id, Purpose, Refusal, kinds};
use maud::{Markup, html};

/// The names of this form's fields, none of which the entry's form has.
pub(super) const FIELDS: [&str; 2] = ["label", "certificate"];

pub(super) async fn admit(page: Page, Path(id): Path<String>, body: Bytes) -> Response {
    let form = parse_form(&body);
    if !page.csrf_fits(form.get("csrf")) {
        return page.refuse(&Refusal::new(&STALE_FORM, 403));
    }
    let seen = match fetch(&page, &id).await {
        Err(trouble) => return page.trouble(trouble),
        Ok(Err(refusal)) => return page.refuse(&refusal),
        Ok(Ok(seen)) => seen,
    };
    let given = |name: &str| match form.get(name) {
        text if !FIELDS.contains(&name) || rules::has_key(text) => stored(&seen.facility.entry, name),
        text => text.to_owned(),
    };
    let id = seen.facility.id;
    let new = match read(id, &form) {
        Ok(new) => new,
        Err(wrong) => return one_page(&page, StatusCode::UNPROCESSABLE_ENTITY, &seen, &given, &wrong),
    };
    let asker = page.asker(Purpose::Administration);
    let admitted = page.house.change(asker, move |tx, cx| crate::admit_terminal(tx, cx, &new));
    match admitted.await {
        Err(trouble) => page.trouble(trouble),
        Ok(Ok(_)) => Redirect::to(&format!("/facilities/{id}")).into_response(),
        Ok(Err(refusal)) => one_page(&page, status(&refusal), &seen, &given, &[("certificate", refusal)]),
    }
}

fn read(facility: Id<kinds::Facility>, form: &Form) -> Result<NewTerminal, Vec<Wrong>> {
    match (rules::read_label(form.get("label")), rules::read_certificate(form.get("certificate"))) {
        (Ok(label), Ok(read)) => {
            Ok(NewTerminal { facility, label, fingerprint: read.fingerprint, expires_at: read.expires_at })
        }
        (label, certificate) => {
            let wrong = [("label", label.err()), ("certificate", certificate.err())];
            Err(wrong.into_iter().filter_map(|(field, refusal)| Some((field, refusal?))).collect())
        }
    }
}

pub(super) fn form(page: &Page, facility: Id<kinds::Facility>, value: Values<'_>, wrong: &[Wrong]) -> Markup {
    // What is wrong, and what to do about it.
    let told = |refusal: &Refusal| match page.lang {
        base::Lang::Ja => format!("{}{}", refusal.help.what.0, refusal.help.desk.0),
        base::Lang::En => format!("{} {}", refusal.help.what.1, refusal.help.desk.1),
    };
    let errors: Vec<(&str, String)> = wrong.iter().map(|(field, refusal)| (*field, told(refusal))).collect();
    let error = |name: &str| errors.iter().find(|(field, _)| *field == name).map(|(_, text)| text.as_str());
    let example =
        page.t("置き場所が分かる名前。例：受付1", "A name that tells where it stands, such as Reception 1");
    let label = Field {
        name: "label",
        label: page.t("端末の名前", "Name of the terminal"),
        hint: Some(example),
        value: &value("label"),
        error: error("label"),
        required: true,
        kind: forms::Kind::Text { width_chars: 20, inputmode: "text", autocomplete: "off" },
    };
    let body = html! {
        (forms::field(page.lang, &label))
        (pasted(page, &value("certificate"), error("certificate")))
    };
    html! {
        (forms::error_summary(page.lang, &errors))
        (forms::form(&format!("/facilities/{facility}/terminals"), page.csrf(), page.t("端末を登録する", "Admit"), body))
    }
}

/// The text area, marked up as `::web::forms` marks up its fields, which have one line.
fn pasted(page: &Page, value: &str, error: Option<&str>) -> Markup {
    let hint = page.t(
        "PEM形式の証明書を1つ、BEGIN CERTIFICATE の行から END CERTIFICATE の行まで貼り付けます。秘密鍵は貼り付けないでください。期限は証明書から読み取ります。サーバーの設定（terminal_authority）にある認証局が発行したものだけが接続できます。",
        "Paste one certificate in PEM, from the line BEGIN CERTIFICATE to the line END CERTIFICATE, and never the private key. Its expiry is read from it. Only those issued by the authority in the server's settings (terminal_authority) can connect.",
    );
    let described = if error.is_some() { "certificate-hint certificate-error" } else { "certificate-hint" };
    html! {
        div.field.wrong[error.is_some()] {
            label for="certificate" {
                (page.t("端末の証明書", "The terminal's certificate"))
                span.need { (page.t("※必須", "※Required")) }
            }
            p.hint id="certificate-hint" { (hint) }
            textarea.input id="certificate" name="certificate" rows="8" autocomplete="off" spellcheck="false" required
                aria-describedby=(described) aria-invalid=[error.map(|_| "true")] { (value) }
            @if let Some(what) = error {
                p.field-error id="certificate-error" {
                    strong { (page.t("エラー", "Error")) } (page.t("：", ": ")) (what)
                }
            }
        }
    }
}
