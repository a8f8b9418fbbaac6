//! Forms: showing fields with their errors, and reading what a browser sends back.
//!
//! Always holds: every field has a label that stays visible, its support text above and its error below, tied by
//! `aria-describedby`; a password is never shown again; a body over [`BODY_LIMIT`] reads as an empty form.
//! Not here: what a value may be (each service's rules) and checking the CSRF token.
//! Rules come from: デジタル庁デザインシステム, WCAG 2.2 (1.3.5, 3.3.1, 3.3.2), WHATWG URL (urlencoded).

use std::collections::BTreeMap;

use base::Lang;
use maud::{Markup, html};

/// The largest form body that is read, in bytes.
pub const BODY_LIMIT: usize = 64 * 1024;

/// One field. Its name is also the `id` of its input, so names are unique on a page (and none is `main` or `live`).
pub struct Field<'a> {
    /// The name under which the browser sends the value.
    pub name: &'a str,
    /// What is asked for.
    pub label: &'a str,
    /// Support text: form, example, where to find it.
    pub hint: Option<&'a str>,
    /// The value to show.
    pub value: &'a str,
    /// What is wrong with the value and how to mend it.
    pub error: Option<&'a str>,
    /// Whether it must be filled in.
    pub required: bool,
    /// What is shown to fill it in.
    pub kind: Kind<'a>,
}

/// The kinds of field.
#[derive(Clone, Copy, Debug)]
pub enum Kind<'a> {
    /// One line of text.
    Text {
        /// How many characters wide it is shown.
        width_chars: u8,
        /// The keyboard to offer: `text`, `numeric`, `kana`, …
        inputmode: &'a str,
        /// What the browser may fill in by itself; `off` for other people's data.
        autocomplete: &'a str,
    },
    /// A password, shown as dots and never filled in by us.
    Password {
        /// `current-password`, `new-password` or `one-time-code`.
        autocomplete: &'a str,
    },
    /// A day, in one line, in Western or Japanese years; read it with [`crate::dates`].
    Date,
    /// One of (value, text), from a list that opens.
    Select(&'a [(&'a str, &'a str)]),
    /// Yes or no; sends `1` for yes.
    Checkbox,
    /// Not shown.
    Hidden,
    /// One of (value, text), all visible.
    Radios(&'a [(&'a str, &'a str)]),
}

/// A field with label, support text, input and error.
pub fn field(lang: Lang, field: &Field) -> Markup {
    match field.kind {
        Kind::Hidden => html! { input type="hidden" name=(field.name) value=(field.value); },
        Kind::Checkbox => checkbox(lang, field),
        Kind::Radios(choices) => radios(lang, field, choices),
        _ => html! {
            div.field.wrong[field.error.is_some()] {
                label for=(field.name) { (field.label) (need(lang, field)) }
                (hint(lang, field))
                (input(lang, field))
                (error(lang, field))
            }
        },
    }
}

/// A form that posts, with its CSRF token and one button.
pub fn form(action: &str, csrf: &str, submit: &str, body: Markup) -> Markup {
    html! {
        // The server checks and explains; the browser's own bubbles would speak before it, and differently.
        form.form method="post" action=(action) novalidate {
            input type="hidden" name="csrf" value=(csrf);
            (body)
            div.form-end { button.button type="submit" { (submit) } }
        }
    }
}

/// A form whose act cannot be taken back: the button is red, and the script asks `question` before sending.
pub fn danger_form(action: &str, csrf: &str, submit: &str, question: &str, body: Markup) -> Markup {
    html! {
        form.form method="post" action=(action) novalidate data-confirm=(question) {
            input type="hidden" name="csrf" value=(csrf);
            (body)
            div.form-end { button.button.danger type="submit" { (submit) } }
        }
    }
}

/// The list of errors for the top of the page, with a link to each field; takes the focus when the page opens.
/// Pairs are (field name, what is wrong). Nothing when there are none.
pub fn error_summary(lang: Lang, errors: &[(&str, String)]) -> Markup {
    html! {
        @if !errors.is_empty() {
            div.error-summary role="alert" tabindex="-1" autofocus aria-labelledby="error-summary-title" {
                h2 #error-summary-title {
                    (lang.pick("エラー：入力内容を確認してください", "Error: check what you entered"))
                }
                ul { @for (name, what) in errors { li { a href={ "#" (name) } { (what) } } } }
            }
        }
    }
}

fn need(lang: Lang, field: &Field) -> Markup {
    html! {
        @if field.required {
            span.need { (lang.pick("※必須", "※Required")) }
        } @else {
            span.need.free { (lang.pick("任意", "Optional")) }
        }
    }
}

/// The support text; a date's says by itself what it takes.
fn hint_text<'a>(lang: Lang, field: &Field<'a>) -> Option<&'a str> {
    match (field.hint, field.kind) {
        (None, Kind::Date) => Some(lang.pick(
            "例：19800401、1980年4月1日、昭和55年4月1日、S55.4.1",
            "For example 19800401, 1980-04-01, 昭和55年4月1日 or S55.4.1",
        )),
        (hint, _) => hint,
    }
}

fn hint(lang: Lang, field: &Field) -> Markup {
    html! {
        @if let Some(text) = hint_text(lang, field) { p.hint id={ (field.name) "-hint" } { (text) } }
    }
}

fn error(lang: Lang, field: &Field) -> Markup {
    html! {
        @if let Some(what) = field.error {
            p.field-error id={ (field.name) "-error" } {
                strong { (lang.pick("エラー", "Error")) } (lang.pick("：", ": ")) (what)
            }
        }
    }
}

/// The ids of the texts that describe the field.
fn described(lang: Lang, field: &Field) -> Option<String> {
    let hint = hint_text(lang, field).map(|_| format!("{}-hint", field.name));
    let error = field.error.map(|_| format!("{}-error", field.name));
    let ids: Vec<String> = hint.into_iter().chain(error).collect();
    (!ids.is_empty()).then(|| ids.join(" "))
}

fn input(lang: Lang, field: &Field) -> Markup {
    let described = described(lang, field);
    let invalid = field.error.map(|_| "true");
    let line = |kind: &str, value: &str, class: &str, inputmode: &str, autocomplete: &str| {
        html! {
            input class={ "input " (class) } type=(kind) id=(field.name) name=(field.name) value=(value)
                inputmode=(inputmode) autocomplete=(autocomplete) required[field.required]
                aria-describedby=[&described] aria-invalid=[invalid];
        }
    };
    match field.kind {
        Kind::Text { width_chars, inputmode, autocomplete } => {
            line("text", field.value, width_class(width_chars), inputmode, autocomplete)
        }
        Kind::Password { autocomplete } => line("password", "", "w-20", "text", autocomplete),
        Kind::Date => line("text", field.value, "w-20", "text", "off"),
        Kind::Select(choices) => html! {
            select.input id=(field.name) name=(field.name) required[field.required]
                aria-describedby=[&described] aria-invalid=[invalid]
            {
                @for (value, text) in choices {
                    option value=(value) selected[*value == field.value] { (text) }
                }
            }
        },
        Kind::Checkbox | Kind::Hidden | Kind::Radios(_) => html! {},
    }
}

/// Widths are classes, because inline style is forbidden: the next size that holds so many characters.
fn width_class(chars: u8) -> &'static str {
    match chars {
        0..=4 => "w-4",
        5..=8 => "w-8",
        9..=12 => "w-12",
        13..=20 => "w-20",
        21..=32 => "w-32",
        _ => "w-full",
    }
}

fn checkbox(lang: Lang, field: &Field) -> Markup {
    html! {
        div.field.wrong[field.error.is_some()] {
            (hint(lang, field))
            label.choice {
                input type="checkbox" id=(field.name) name=(field.name) value="1" checked[field.value == "1"]
                    required[field.required] aria-describedby=[described(lang, field)]
                    aria-invalid=[field.error.map(|_| "true")];
                span { (field.label) @if field.required { (need(lang, field)) } }
            }
            (error(lang, field))
        }
    }
}

fn radios(lang: Lang, field: &Field, choices: &[(&str, &str)]) -> Markup {
    html! {
        fieldset.field.wrong[field.error.is_some()] aria-describedby=[described(lang, field)] {
            legend { (field.label) (need(lang, field)) }
            (hint(lang, field))
            @for (at, (value, text)) in choices.iter().enumerate() {
                // The first carries the field's own id, so that the error summary's link lands on it.
                label.choice {
                    input type="radio" id=[(at == 0).then_some(field.name)] name=(field.name) value=(value)
                        checked[*value == field.value] required[field.required];
                    span { (text) }
                }
            }
            (error(lang, field))
        }
    }
}

/// What a browser sent: names and values. `Debug` shows names only, since values are personal data.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Form {
    values: BTreeMap<String, String>,
}

impl Form {
    /// The value as sent, untrimmed; empty when there is none. Of several of one name, the first.
    pub fn get(&self, name: &str) -> &str {
        self.values.get(name).map_or("", String::as_str)
    }
}

impl std::fmt::Debug for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}

/// Reads an `application/x-www-form-urlencoded` body. Bytes that are no UTF-8 become U+FFFD, which no rule accepts.
pub fn parse_form(body: &[u8]) -> Form {
    let mut form = Form::default();
    if body.len() > BODY_LIMIT {
        return form;
    }
    for pair in body.split(|b| *b == b'&').filter(|pair| !pair.is_empty()) {
        let cut = pair.iter().position(|b| *b == b'=').unwrap_or(pair.len());
        let (name, value) = pair.split_at(cut);
        let value = decode(value.strip_prefix(b"=").unwrap_or(value));
        form.values.entry(decode(name)).or_insert(value);
    }
    form
}

fn decode(text: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        match (first, tail) {
            (b'+', _) => bytes.push(b' '),
            (b'%', [high, low, after @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => {
                    bytes.push(high << 4 | low);
                    rest = after;
                }
                _ => bytes.push(b'%'),
            },
            (other, _) => bytes.push(*other),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_read_as_browsers_write_them() {
        let form = parse_form("a=1+2&name=%E5%B1%B1%E7%94%B0&a=3&empty=&flag&bad=%zz%4&&=x".as_bytes());
        assert_eq!(form.get("a"), "1 2");
        assert_eq!(form.get("name"), "山田");
        assert_eq!(form.get("empty"), "");
        assert_eq!(form.get("flag"), "");
        assert_eq!(form.get("bad"), "%zz%4");
        assert_eq!(form.get("missing"), "");
        assert_eq!(parse_form(b"a=%FF").get("a"), "\u{FFFD}");
        assert_eq!(parse_form(&vec![b'a'; BODY_LIMIT + 1]), Form::default());
        assert!(!format!("{form:?}").contains("山田"));
    }

    #[test]
    fn a_field_ties_its_texts_to_its_input() {
        let mut one = Field {
            name: "born",
            label: "生年月日",
            hint: None,
            value: "\"><script>",
            error: Some("日付を入力してください"),
            required: true,
            kind: Kind::Date,
        };
        let text = field(Lang::Ja, &one).into_string();
        assert!(text.contains("aria-describedby=\"born-hint born-error\""), "{text}");
        assert!(text.contains("※必須") && text.contains("aria-invalid=\"true\""));
        assert!(!text.contains("<script>"));
        one.kind = Kind::Password { autocomplete: "current-password" };
        assert!(!field(Lang::Ja, &one).into_string().contains("script"));
    }
}
