//! A person's own first page, and saying that a coverage is not theirs.
//!
//! Always holds: of a coverage that is being verified stands the insurer's name, so that the person knows whom to ask,
//! and nothing else; no address is shown.
//! Not here: what is told of a coverage (`rules`), what becomes of a dispute (`registration`).
//! Rules come from: docs/rules.md S3 r1, r2; S5 r2.

use super::{day, go_on, own_form, when, whose};
use crate::{
    Home,
    rules::{Own, Sure, Told},
};
use ::web::{
    forms,
    parts::{Tone, badge, banner, facts},
    routes::Page,
};
use axum::{body::Bytes, extract::Path, response::Response};
use base::{Id, Instant, Lang, Purpose, kinds};
use cards::rules::{Known, Source, State};
use coverage::rules::Standing;
use formats::oqs::codes;
use maud::{Markup, html};

pub(super) async fn home(page: Page) -> Response {
    let person = match whose(&page) {
        Ok(person) => person,
        Err(refusal) => return page.refuse(&refusal),
    };
    let asker = page.asker(Purpose::OwnRecord);
    match page.house.read(asker, move |tx, cx| crate::get(tx, cx, person)).await {
        Ok(home) => page.show(page.t("わたしのページ", "My page"), home_part(&page, &home)),
        Err(trouble) => page.trouble(trouble),
    }
}

fn home_part(page: &Page, home: &Home) -> Markup {
    html! {
        h1 { (page.t("わたしのページ", "My page")) }
        @if let Some(name) = &home.name {
            p.lead { (name) (page.t(" さんのページです。", ", these are your own pages.")) }
        }
        section aria-labelledby="insurance" {
            h2 #insurance { (page.t("健康保険の資格", "Your health insurance")) }
            @if home.coverages.is_empty() {
                p { (page.t(
                    "登録されている資格はありません。加入したばかりのときは、登録まで日数がかかることがあります。",
                    "Nothing is registered. Soon after joining an insurer, this may take some days.",
                )) }
            }
            @for own in &home.coverages { (coverage_card(page, own)) }
        }
        section aria-labelledby="cards" {
            h2 #cards { (page.t("カードとスマートフォン", "Cards and phones")) }
            @if home.cards.is_empty() { p { (page.t("登録されていません。", "None is registered.")) } }
            @for known in &home.cards { (card_card(page, known, home.now)) }
            p { a href="/my/lost" { (page.t("カードをなくしたとき（一時停止）", "If you lost your card (suspend it)")) } }
        }
        section aria-labelledby="enrolment" {
            h2 #enrolment { (page.t("健康保険証としての利用申込", "Use as health insurance card")) }
            (enrolment_part(page, home))
            p { a href="/my/enrolment" { (page.t("利用申込の確認と変更", "See or change your enrolment")) } }
        }
    }
}

pub(super) fn enrolment_line(page: &Page, enrolment: &enrolment::rules::Enrolment) -> Markup {
    use enrolment::rules::Channel;
    let place = match enrolment.channel {
        Channel::Reader => page.t("医療機関・薬局のカードリーダー", "a reader at a clinic or pharmacy"),
        Channel::Portal => page.t("わたしのページ", "your own pages"),
        Channel::Municipality => page.t("市区町村の窓口", "your municipality"),
        Channel::Atm => page.t("銀行のATM", "a bank's machine"),
    };
    facts(&[
        (page.t("申込", "Enrolment"), badge(Tone::Success, page.t("申込済み", "Enrolled"))),
        (page.t("申込日時", "Since"), html! { (when(page.lang, enrolment.at)) }),
        (page.t("申込の方法", "Where"), html! { (place) }),
    ])
}

fn enrolment_part(page: &Page, home: &Home) -> Markup {
    match &home.enrolment {
        Some(enrolment) => enrolment_line(page, enrolment),
        None => html! {
            p { (badge(Tone::Neutral, page.t("まだ申し込んでいません", "Not enrolled"))) }
        },
    }
}

/// A coverage with the way to say that it is not one's own.
fn coverage_card(page: &Page, own: &Own) -> Markup {
    html! {
        div.card {
            h3 { (own.insurer_name) }
            (coverage_part(page, own))
            @if matches!(own.told, Told::Sure(_)) {
                p { a href=(format!("/my/coverages/{}", own.coverage)) {
                    (page.t("この記録は自分のものではない", "This record is not mine"))
                    span.unseen { (page.t("：", ": ")) (own.insurer_name) }
                } }
            }
        }
    }
}

fn coverage_part(page: &Page, own: &Own) -> Markup {
    match &own.told {
        Told::Sure(sure) => sure_part(page, sure),
        Told::Held { disputed } => {
            let text = if *disputed {
                page.t(
                    "ご本人の申し出などにより、閲覧を停止しています。保険者が確認しています。",
                    "It is closed to viewing, as after your saying that it is not yours. The insurer looks into it.",
                )
            } else {
                page.t(
                    "どなたの資格かを保険者が照合しているため、内容は表示できません。",
                    "The insurer is verifying whose it is, so it is not shown.",
                )
            };
            html! {
                p { (badge(Tone::Warning, page.t("照合中", "Being verified"))) }
                p { (text) }
            }
        }
    }
}

fn sure_part(page: &Page, sure: &Sure) -> Markup {
    let l = page.lang;
    let mut rows = vec![
        (page.t("状態", "State"), standing_badge(page, sure.standing)),
        (page.t("保険者番号", "Insurer number"), html! { span.num { (sure.insurer.as_str()) } }),
    ];
    if let Some(symbol) = &sure.symbol {
        rows.push((page.t("記号", "Symbol"), html! { (symbol) }));
    }
    rows.push((page.t("番号", "Number"), html! { span.num { (sure.number) } }));
    if let Some(branch) = sure.branch {
        rows.push((page.t("枝番", "Branch number"), html! { span.num { (branch) } }));
    }
    rows.push((page.t("資格取得日", "From"), html! { (day(l, sure.from)) }));
    if let Some(on) = sure.lost_on {
        rows.push((page.t("資格喪失日", "Lost on"), html! { (day(l, on)) }));
    }
    let percent = match (sure.percent, sure.medical_aid) {
        (Some(percent), _) => match l {
            Lang::Ja => html! { (percent / 10) "割（" (percent) "%）" },
            Lang::En => html! { (percent) "%" },
        },
        (None, true) => html! { (page.t("医療扶助", "medical assistance")) },
        (None, false) => {
            html! { (page.t("登録なし（年齢などで決まります）", "none registered (by age and the like)")) }
        }
    };
    rows.push((page.t("窓口での負担割合", "Copayment rate"), percent));
    for (class, flag, until) in &sure.limits {
        let name = |table: &codes::Table, code: &str| {
            table.lookup(code).map_or_else(|| code.to_owned(), |found| l.pick(found.ja, found.en).to_owned())
        };
        let until = until.map(|last| match l {
            Lang::Ja => format!("（〜{}）", day(l, last)),
            Lang::En => format!("(until {})", day(l, last)),
        });
        let (class, flag) = (name(&codes::LIMIT_CLASS, class), name(&codes::LIMIT_FLAG, flag));
        let limit = html! { (class) " " (flag) " " (until.unwrap_or_default()) };
        rows.push((page.t("限度額", "High-cost limit"), limit));
    }
    facts(&rows)
}

fn standing_badge(page: &Page, standing: Standing) -> Markup {
    match standing {
        Standing::Valid => badge(Tone::Success, page.t("有効", "Valid")),
        Standing::NotYet => badge(Tone::Info, page.t("これから有効になります", "Begins later")),
        Standing::Lost { .. } => badge(Tone::Neutral, page.t("喪失", "Lost")),
        Standing::Held(_) => badge(Tone::Warning, page.t("照合中", "Being verified")),
    }
}

/// A card or phone: what it is, how it stands, until when.
pub(super) fn card_card(page: &Page, known: &Known, now: Instant) -> Markup {
    let name = match known.source {
        Source::Card => page.t("マイナンバーカード", "My Number card"),
        Source::Android => page.t("スマートフォン（Android）", "Phone (Android)"),
        Source::Ios => page.t("スマートフォン（iPhone）", "Phone (iPhone)"),
    };
    let (tone, state) = match known.state {
        State::Live if now > known.valid_until => {
            (Tone::Warning, page.t("電子証明書の期限切れ", "Certificate expired"))
        }
        State::Live => (Tone::Success, page.t("使えます", "In use")),
        State::Held { .. } => (Tone::Warning, page.t("一時停止中", "Suspended")),
        State::Revoked { .. } => (Tone::Neutral, page.t("失効", "Revoked")),
    };
    let mut rows = vec![
        (page.t("状態", "State"), badge(tone, state)),
        (
            page.t("電子証明書の有効期限", "Certificate valid until"),
            html! { (day(page.lang, known.valid_until.date())) },
        ),
    ];
    match known.state {
        State::Held { since } => {
            rows.push((page.t("停止した日時", "Suspended at"), html! { (when(page.lang, since)) }));
        }
        State::Revoked { at, .. } => {
            rows.push((page.t("失効した日時", "Revoked at"), html! { (when(page.lang, at)) }));
        }
        State::Live => {}
    }
    html! { div.card { h3 { (name) } (facts(&rows)) } }
}

pub(super) async fn dispute_page(page: Page, Path(coverage): Path<String>) -> Response {
    let person = match whose(&page) {
        Ok(person) => person,
        Err(refusal) => return page.refuse(&refusal),
    };
    let Some(coverage) = Id::<kinds::Coverage>::parse(&coverage) else {
        return page.refuse(&registration::refusals::no_such_coverage());
    };
    let asker = page.asker(Purpose::OwnRecord);
    match page.house.read(asker, move |tx, cx| crate::coverage(tx, cx, person, coverage)).await {
        Ok(Ok(own)) => {
            let title = page.t("この記録は自分のものではない", "This record is not mine");
            page.show(title, dispute_part(&page, title, &own))
        }
        Ok(Err(refusal)) => page.refuse(&refusal),
        Err(trouble) => page.trouble(trouble),
    }
}

fn dispute_part(page: &Page, title: &str, own: &Own) -> Markup {
    let warn = page.t("申し出ると、すぐに閲覧が停止されます", "It is closed to viewing at once");
    html! {
        h1 { (title) }
        div.card { h2 { (own.insurer_name) } (coverage_part(page, own)) }
        (banner(Tone::Warning, warn, html! {
            ul {
                li { (page.t(
                    "医療機関や薬局では、この資格は「照合中」となり、確認できなくなります。",
                    "Clinics and pharmacies are told that this eligibility could not be determined.",
                )) }
                li { (page.t(
                    "保険者が届出を確認し、正しい方の資格として登録し直します。",
                    "The insurer looks into the filing and registers it for the right person.",
                )) }
                li { (page.t(
                    "ご自分の資格だったときは、保険者の確認が終わると元に戻ります。",
                    "If it is yours after all, it comes back when the insurer has confirmed it.",
                )) }
            }
        }))
        @if matches!(own.told, Told::Sure(_)) {
            (forms::danger_form(
                &format!("/my/coverages/{}/dispute", own.coverage),
                page.csrf(),
                page.t("自分のものではないと申し出る", "Say that it is not mine"),
                page.t("この記録の閲覧を停止しますか", "Close this record to viewing?"),
                html! {},
            ))
        }
        p { a href="/my" { (page.t("申し出ずに戻る", "Back, without saying so")) } }
    }
}

pub(super) async fn dispute(page: Page, Path(coverage): Path<String>, body: Bytes) -> Response {
    let person = match own_form(&page, &body) {
        Ok((person, _)) => person,
        Err(refusal) => return page.refuse(&refusal),
    };
    let Some(coverage) = Id::<kinds::Coverage>::parse(&coverage) else {
        return page.refuse(&registration::refusals::no_such_coverage());
    };
    let asker = page.asker(Purpose::OwnRecord);
    let dispute = page.house.record(asker, move |tx, cx| registration::dispute(tx, cx, person, coverage));
    go_on(&page, dispute.await, "/my")
}
