//! A person's consents, facility by facility, and withdrawing one.
//!
//! Always holds: withdrawn, expired, declined and replaced are told apart in words.
//! Not here: what a consent opens and for how long (`consent`).
//! Rules come from: docs/rules.md S1 r5, S3 r2.

use super::{go_on, own_form, when, whose};
use crate::{CONSENTS_MAX, NamedConsent, refusals};
use ::web::{
    parts::{Tone, badge, table},
    routes::Page,
};
use axum::{body::Bytes, extract::Path, response::Response};
use base::{Id, Purpose, kinds};
use consent::rules::{Kind, Standing, kind};
use maud::{Markup, html};

pub(super) async fn page(page: Page) -> Response {
    let person = match whose(&page) {
        Ok(person) => person,
        Err(refusal) => return page.refuse(&refusal),
    };
    let asker = page.asker(Purpose::OwnRecord);
    match page.house.read(asker, move |tx, cx| crate::consents(tx, cx, person)).await {
        Ok(consents) => page.show(page.t("同意の確認", "Consents"), part(&page, &consents)),
        Err(trouble) => page.trouble(trouble),
    }
}

fn part(page: &Page, consents: &[NamedConsent]) -> Markup {
    html! {
        h1 { (page.t("同意の確認", "Consents")) }
        p.lead { (page.t(
            "カードリーダーで答えた同意の一覧です。同意は24時間で終わります。有効なものは、ここで取り消せます。",
            "What you answered at card readers. A consent ends after 24 hours; one that is live can be withdrawn here.",
        )) }
        @if consents.is_empty() { p { (page.t("同意の記録はありません。", "There is none.")) } }
        @for named in consents { (one(page, named)) }
        @if consents.len() == CONSENTS_MAX {
            p { (page.t("新しいものから100件を表示しています。", "The newest 100 are shown.")) }
        }
    }
}

fn one(page: &Page, named: &NamedConsent) -> Markup {
    let listed = &named.listed;
    let facility =
        named.facility.as_deref().unwrap_or(page.t("（名称不明の医療機関）", "(an unnamed facility)"));
    let heads = [page.t("情報", "Information"), page.t("状態", "State"), page.t("取り消し", "Withdraw")];
    let rows: Vec<Vec<Markup>> = listed
        .kinds
        .iter()
        .map(|(kind, standing)| {
            vec![
                html! { (page.t(kind.ja, kind.en)) },
                state(page, *standing),
                withdrawing(page, listed.consent, kind, *standing, facility),
            ]
        })
        .collect();
    html! {
        section.card {
            h2 { (facility) }
            p { (page.t("答えた日時：", "Answered at: ")) (when(page.lang, listed.given_at)) }
            (table(&format!("{} {facility}", page.t("同意の内訳", "Consents given to")), &heads, &rows))
        }
    }
}

fn state(page: &Page, standing: Standing) -> Markup {
    let l = page.lang;
    match standing {
        Standing::Live { until, .. } => html! {
            (badge(Tone::Success, page.t("有効", "Live"))) " "
            (page.t("期限：", "until ")) (when(l, until))
        },
        Standing::Expired { until, .. } => html! {
            (badge(Tone::Neutral, page.t("期限切れ", "Expired"))) " " (when(l, until))
        },
        Standing::Withdrawn { at } => html! {
            (badge(Tone::Warning, page.t("取り消し済み", "Withdrawn"))) " " (when(l, at))
        },
        Standing::Declined { .. } => badge(Tone::Neutral, page.t("同意しない", "Declined")),
        Standing::Replaced { .. } => {
            badge(Tone::Neutral, page.t("新しい回答に置き換え", "Replaced by a later answer"))
        }
        Standing::Never => html! { "—" },
    }
}

fn withdrawing(
    page: &Page,
    consent: Id<kinds::Consent>,
    kind: &Kind,
    standing: Standing,
    facility: &str,
) -> Markup {
    let label = page.t("取り消す", "Withdraw");
    html! {
        @if matches!(standing, Standing::Live { .. }) {
            form method="post" action=(format!("/my/consents/{consent}/withdraw")) {
                input type="hidden" name="csrf" value=(page.csrf());
                input type="hidden" name="kind" value=(kind.word);
                button.button.secondary.small type="submit"
                    aria-label=(format!("{label} — {} {facility}", page.t(kind.ja, kind.en)))
                {
                    (label)
                }
            }
        } @else { "—" }
    }
}

pub(super) async fn withdraw(page: Page, Path(consent): Path<String>, body: Bytes) -> Response {
    let (person, form) = match own_form(&page, &body) {
        Ok(own) => own,
        Err(refusal) => return page.refuse(&refusal),
    };
    let (Some(consent), Some(kind)) = (Id::<kinds::Consent>::parse(&consent), kind(form.get("kind"))) else {
        return page.refuse(&refusals::no_such_kind());
    };
    let asker = page.asker(Purpose::OwnRecord);
    let withdrawn = page.house.read(asker, move |tx, cx| consent::withdraw(tx, cx, person, consent, kind));
    go_on(&page, withdrawn.await, "/my/consents")
}
