//! The parts that pages are made of: banners, badges, tables, facts, steps, pagers.
//!
//! Always holds: a tone shows as a word or a shape besides its colour; a table becomes cards on a narrow screen and
//! stays a table for a screen reader.
//! Not here: forms, which are in [`crate::forms`]; texts of a service.
//! Rules come from: デジタル庁デザインシステム, WCAG 2.2 (1.3.1, 1.4.1, 1.4.10).

use base::{Lang, Refusal};
use maud::{Markup, html};

/// What a message is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// It worked; the answer is yes.
    Success,
    /// It may need somebody's attention.
    Warning,
    /// It did not work; the answer is no.
    Error,
    /// Worth knowing.
    Info,
    /// Just a label.
    Neutral,
}

impl Tone {
    fn class(self) -> &'static str {
        match self {
            Tone::Success => "success",
            Tone::Warning => "warning",
            Tone::Error => "error",
            Tone::Info => "info",
            Tone::Neutral => "neutral",
        }
    }

    /// The word that a screen reader hears for the icon.
    fn word(self) -> (&'static str, &'static str) {
        match self {
            Tone::Success => ("成功", "Success"),
            Tone::Warning => ("警告", "Warning"),
            Tone::Error => ("エラー", "Error"),
            Tone::Info | Tone::Neutral => ("お知らせ", "Information"),
        }
    }

    /// Each tone has a shape of its own, so that it is told without colour.
    fn shape(self) -> &'static str {
        match self {
            Tone::Success => {
                "M12 1a11 11 0 1 0 0 22 11 11 0 0 0 0-22Zm-1.7 16.2L5.2 12l1.8-1.8 3.3 3.4 6.7-6.8L18.8 8.6Z"
            }
            Tone::Warning => "M12 1 .5 22h23L12 1Zm1.3 17.8h-2.6v-2.6h2.6v2.6Zm0-4.4h-2.6V8.2h2.6v6.2Z",
            Tone::Error => {
                "M7.4 1h9.2L23 7.4v9.2L16.6 23H7.4L1 16.6V7.4L7.4 1Zm5.9 16.8v-2.6h-2.6v2.6h2.6Zm0-4.4V6.2h-2.6v7.2h2.6Z"
            }
            Tone::Info => {
                "M12 1a11 11 0 1 0 0 22 11 11 0 0 0 0-22Zm1.3 16.8h-2.6v-7.2h2.6v7.2Zm0-9h-2.6V6.2h2.6v2.6Z"
            }
            Tone::Neutral => "M12 5a7 7 0 1 0 0 14 7 7 0 0 0 0-14Z",
        }
    }

    fn icon(self) -> Markup {
        html! {
            svg.icon viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false" {
                path fill="currentColor" fill-rule="evenodd" d=(self.shape()) {}
            }
        }
    }
}

/// A message that stands out: icon, title, body.
pub fn banner(tone: Tone, title: &str, body: Markup) -> Markup {
    html! {
        div class={ "banner " (tone.class()) } {
            (tone.icon())
            div.banner-text {
                p.banner-title { span.unseen { (both(tone.word().0, tone.word().1)) "：" } (title) }
                (body)
            }
        }
    }
}

/// A small label, such as a state; the text says what the colour says.
pub fn badge(tone: Tone, text: &str) -> Markup {
    html! { span class={ "badge " (tone.class()) } { (tone.icon()) (text) } }
}

/// A table with one row an entry; on phones each row becomes a card whose cells carry their column's name.
/// The first cell names the row.
pub fn table(caption: &str, heads: &[&str], rows: &[Vec<Markup>]) -> Markup {
    // Styled as blocks, a table is none for some readers; the roles say it again.
    html! {
        table.table role="table" {
            caption { (caption) }
            thead role="rowgroup" {
                tr role="row" { @for head in heads { th role="columnheader" scope="col" { (head) } } }
            }
            tbody role="rowgroup" {
                @if rows.is_empty() {
                    tr role="row" {
                        td.none role="cell" colspan=(heads.len().max(1)) {
                            (both("該当するものはありません", "Nothing to show"))
                        }
                    }
                }
                @for row in rows { (table_row(heads, row)) }
            }
        }
    }
}

fn table_row(heads: &[&str], row: &[Markup]) -> Markup {
    let label = |at: usize| heads.get(at).copied().unwrap_or_default();
    html! {
        tr role="row" {
            @for (at, cell) in row.iter().enumerate() {
                @if at == 0 {
                    th role="rowheader" scope="row" data-label=(label(at)) { span.cell { (cell) } }
                } @else {
                    td role="cell" data-label=(label(at)) { span.cell { (cell) } }
                }
            }
        }
    }
}

/// Names and values, one below the other.
pub fn facts(rows: &[(&str, Markup)]) -> Markup {
    html! {
        dl.facts {
            @for (name, value) in rows { div { dt { (name) } dd { (value) } } }
        }
    }
}

/// The steps by which a decision was reached: code and sentence of each, in order.
pub fn steps(rows: &[(String, String)]) -> Markup {
    html! {
        ol.steps {
            @for (code, sentence) in rows {
                li { span.step-text { (sentence) } " " code.step-code { (code) } }
            }
        }
    }
}

/// An operation's "no" on a page: what happened, what the desk does now, the code to tell the help line.
pub fn refusal(lang: Lang, refusal: &Refusal) -> Markup {
    let help = refusal.help;
    let body = html! {
        p { strong { (lang.pick("対応", "What to do")) } (lang.pick("：", ": ")) (lang.pick(help.desk.0, help.desk.1)) }
        p.code-line { (lang.pick("コード", "Code")) (lang.pick("：", ": ")) code { (help.code) } }
    };
    html! {
        div role="alert" { (banner(Tone::Error, lang.pick(help.what.0, help.what.1), body)) }
    }
}

/// Links to the pages before and after; `note` says where one is, e.g. 「21〜40件目」. Nothing without links and note.
pub fn pager(lang: Lang, before: Option<&str>, after: Option<&str>, note: &str) -> Markup {
    html! {
        @if before.is_some() || after.is_some() || !note.is_empty() {
            // The note tells two pagers of one page apart, for those who hear them.
            nav.pager aria-label=(format!("{} {note}", lang.pick("ページ送り", "Pages")).trim_end()) {
                @if let Some(href) = before {
                    a.pager-link rel="prev" href=(href) {
                        span aria-hidden="true" { "‹ " } (lang.pick("前へ", "Previous"))
                    }
                }
                @if !note.is_empty() { span.pager-note { (note) } }
                @if let Some(href) = after {
                    a.pager-link rel="next" href=(href) {
                        (lang.pick("次へ", "Next")) span aria-hidden="true" { " ›" }
                    }
                }
            }
        }
    }
}

/// A text with a copy button, which the script adds.
pub fn copyable(text: &str) -> Markup {
    html! { span.copyable data-copy-text=(text) { code { (text) } } }
}

/// A word in both languages, of which the style sheet shows the one of the page: for parts that are not told a
/// language.
fn both(ja: &str, en: &str) -> Markup {
    html! { span.only-ja lang="ja" { (ja) } span.only-en lang="en" { (en) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_carry_their_columns_name() {
        let row = vec![html! { "甲" }, html! { "乙" }, html! { "余" }];
        let text = table("表", &["一", "二"], &[row]).into_string();
        assert!(text.contains("data-label=\"二\"><span class=\"cell\">乙"), "{text}");
        assert!(table("表", &[], &[]).into_string().contains("Nothing to show"));
    }

    #[test]
    fn texts_are_escaped() {
        let bad = "<script>";
        let all = [
            banner(Tone::Error, bad, html! {}),
            badge(Tone::Info, bad),
            table(bad, &[bad], &[vec![html! { (bad) }]]),
            facts(&[(bad, html! {})]),
            steps(&[(bad.to_owned(), bad.to_owned())]),
            pager(Lang::Ja, Some(bad), None, bad),
            copyable(bad),
        ];
        for part in all {
            assert!(!part.into_string().contains(bad));
        }
    }
}
