//! Who looked at what of a person, when, for what and on which consent, in words.
//!
//! Always holds: a line names a facility and a role, never a machine alone; an act that has no words yet stands as its
//! code, so that nothing is left out; what was not told is told as not told.
//! Not here: which rows of the log there are (`lib`), what a row says (`rules`).
//! Rules come from: docs/rules.md S3 r2; the reference on the field, section 5.2.

use super::{when, whose};
use crate::{
    Views,
    rules::{Basis, By, Disclosed, Look},
};
use ::web::{
    parts::{Tone, badge, pager, table},
    routes::Page,
};
use axum::{extract::RawQuery, response::Response};
use base::{Instant, Lang, Purpose};
use maud::{Markup, html};

/// Rows of a page.
const ROWS: usize = 40;

pub(super) async fn page(page: Page, RawQuery(query): RawQuery) -> Response {
    let person = match whose(&page) {
        Ok(person) => person,
        Err(refusal) => return page.refuse(&refusal),
    };
    let before = query.as_deref().and_then(before);
    let asker = page.asker(Purpose::OwnRecord);
    match page.house.read(asker, move |tx, cx| crate::views(tx, cx, person, before, ROWS)).await {
        Ok(views) => page.show(page.t("見た人の記録", "Who looked"), part(&page, &views, before.is_some())),
        Err(trouble) => page.trouble(trouble),
    }
}

/// The instant before which older lines lie; anything else is the newest page.
fn before(query: &str) -> Option<Instant> {
    let ms = query.split('&').find_map(|pair| pair.strip_prefix("before="))?;
    ms.parse().ok().filter(|ms| *ms > 0).map(Instant::from_ms)
}

fn part(page: &Page, views: &Views, is_older: bool) -> Markup {
    let l = page.lang;
    let heads = [
        page.t("日時", "When"),
        page.t("だれが", "Who"),
        page.t("何を", "What"),
        page.t("目的", "For what"),
        page.t("同意", "Consent"),
        page.t("表示された情報", "What was shown"),
    ];
    let rows: Vec<Vec<Markup>> =
        views.lines.iter().map(|(look, name)| row(l, look, name.as_deref())).collect();
    let older = views.older.map(|at| format!("/my/views?before={}", at.ms()));
    html! {
        h1 { (page.t("見た人の記録", "Who looked")) }
        p.lead { (page.t(
            "あなたの情報を、いつ、どこのだれが、何のために見たかの記録です。新しいものから並んでいます。",
            "Who looked at your information, when, where and for what. The newest come first.",
        )) }
        p { (page.t(
            "このページを開いたことも記録され、次に開いたときに表示されます。",
            "That you opened this page is recorded too and shows the next time.",
        )) }
        @if rows.is_empty() {
            p { (page.t("記録はありません。", "There is nothing.")) }
        } @else {
            (table(page.t("見た人の記録", "Who looked"), &heads, &rows))
        }
        (pager(l, is_older.then_some("/my/views"), older.as_deref(), ""))
    }
}

fn row(l: Lang, look: &Look, name: Option<&str>) -> Vec<Markup> {
    let (act, purpose) = (act(l, look), purpose(l, &look.purpose));
    vec![
        html! { span.keep { (time(l, look)) } },
        html! { (who(l, look, name)) },
        html! {
            (act)
            @if look.repeated { " " (badge(Tone::Neutral, l.pick("再送", "sent again"))) }
        },
        html! { (purpose) },
        html! { (basis(l, &look.basis)) },
        shown(l, look),
    ]
}

fn time(l: Lang, look: &Look) -> String {
    match look.times {
        0 | 1 => when(l, look.at),
        times => {
            let (first, last) = (when(l, look.first), when(l, look.at));
            // The day once, when it is the same.
            let last = match (first.split_once(' '), last.split_once(' ')) {
                (Some((day, _)), Some((same, time))) if day == same => time,
                _ => last.as_str(),
            };
            match l {
                Lang::Ja => format!("{first}から {last}まで {times}回"),
                Lang::En => format!("{first} to {last}, {times} times"),
            }
        }
    }
}

/// Who stands behind it: a facility's reception is named with the way in which it asked.
fn who(l: Lang, look: &Look, name: Option<&str>) -> String {
    let at = match (name, look.facility) {
        (Some(name), _) => name,
        (None, Some(_)) => l.pick("（名称不明の医療機関）", "(an unnamed facility)"),
        (None, None) => "",
    };
    let role = match look.by {
        By::Yourself => return l.pick("ご本人", "You").to_owned(),
        By::Reader => l.pick("受付（カードリーダー）", "reception (card reader)"),
        By::ReaderByEye => l.pick(
            "受付（カードリーダー、職員の目視確認）",
            "reception (card reader, photo compared by the staff)",
        ),
        By::Numbers => l.pick("受付（番号による照会）", "reception (asking by numbers)"),
        By::Reception => l.pick("受付", "reception"),
        By::Staff(role) => l.pick(role.names().0, role.names().1),
        By::Program => match look.purpose.as_str() {
            "registration" => l.pick("保険者・発行元からの登録", "insurer or authority, registering"),
            "own-record" => l.pick("ご本人のカード", "your card"),
            _ => l.pick("システム", "the system"),
        },
    };
    match (l, at.is_empty()) {
        (_, true) => role.to_owned(),
        (Lang::Ja, false) => format!("{at}の{role}"),
        (Lang::En, false) => format!("{at}, {role}"),
    }
}

/// What was done; an act without words stands as its code.
fn act(l: Lang, look: &Look) -> String {
    let act = look.act.as_str();
    let (ja, en) = match act {
        // The only fact that a person records is the quarantine of a link.
        "coverage.record" if look.by == By::Yourself => ("資格情報の閲覧停止", "Closed a record to viewing"),
        "counter.check" => ("資格の確認", "Checked eligibility"),
        "counter.list" => ("受付一覧の表示", "Looked at the reception's list"),
        "counter.get" => ("確認結果の閲覧", "Looked at a result again"),
        "counter.reference" => ("患者番号の登録", "Recorded a patient number"),
        "reader.present" => ("カードの提示", "Card shown at the reader"),
        "consent.may_view" => ("診療情報などの閲覧", "Tried to see records"),
        "consent.withdraw" => ("同意の取り消し", "Withdrew a consent"),
        "enrolment.record" => ("保険証の利用申込", "Enrolled"),
        "enrolment.cancel" => ("利用申込の取り消し", "Cancelled the enrolment"),
        "cards.register" => ("カードの登録", "Registered a card"),
        "cards.hold" => ("カードの一時停止", "Suspended the card"),
        "cards.lift" => ("一時停止の解除", "Lifted the suspension"),
        "cards.revoke" => ("カードの失効", "Revoked the card"),
        "people.record" => ("住民基本台帳の情報の登録", "Took over the resident register's data"),
        "coverage.record" | "coverage.register" | "coverage.correct" => {
            ("資格情報の登録", "Registered eligibility")
        }
        "registration.dispute" => ("「自分のものではない」という申し出", "“This record is not mine”"),
        "registration.list" | "registration.get" => ("申し出の確認", "Looked into your case"),
        "registration.close" => ("申し出の処理", "Ended your case"),
        "portal.prove" => ("ログイン（カードの確認）", "Signing in: card"),
        "portal.enter" => ("ログイン", "Signed in"),
        "portal.sign_out" => ("ログアウト", "Signed out"),
        "portal.get" | "portal.coverage" => ("わたしのページの表示", "Opened your page"),
        "portal.cards" => ("カードの状態の表示", "Opened your cards"),
        "portal.enrolment" => ("利用申込の表示", "Opened your enrolment"),
        "portal.consents" => ("同意の表示", "Opened your consents"),
        "portal.views" => ("見た人の記録の表示", "Opened this record"),
        "portal.identify" => ("電話での本人確認", "Identified a caller as you"),
        "portal.call" => ("カードの状態の確認", "Looked at how your cards stand"),
        "portal.lift_for" => ("一時停止の解除の申し出", "Asked to lift the suspension"),
        _ => (act, act),
    };
    l.pick(ja, en).to_owned()
}

fn purpose(l: Lang, purpose: &str) -> String {
    let (ja, en) = match purpose {
        "reception" => ("受付・診療", "reception and treatment"),
        "administration" => ("管理", "administration"),
        "registration" => ("資格などの登録", "registration"),
        "inspection" => ("記録の確認", "inspection"),
        "own-record" => ("ご本人の確認", "your own look"),
        "assistance" => ("電話での対応", "a telephone call"),
        "operation" => ("システムの運用", "operation"),
        _ => (purpose, purpose),
    };
    l.pick(ja, en).to_owned()
}

/// A group of fields, or a kind of information, in words; one without words stands as its code.
fn group(l: Lang, word: &str) -> String {
    if let Some(kind) = consent::rules::kind(word) {
        return l.pick(kind.ja, kind.en).to_owned();
    }
    let (ja, en) = match word {
        "insurance" => ("資格", "eligibility"),
        "aid" => ("医療扶助", "medical assistance"),
        "address" => ("住所", "address"),
        "limit" => ("限度額", "high-cost limit"),
        "diseases" => ("特定疾病", "specific diseases"),
        "tickets" => ("医療券", "medical tickets"),
        "list" => ("氏名と確認の結果", "name and result"),
        "name" => ("氏名", "name"),
        "numbers" => ("保険者と記号・番号", "insurer, symbol and number"),
        "cards" => ("カードの状態", "state of the cards"),
        "enrolment" => ("利用申込", "enrolment"),
        "consents" => ("同意", "consents"),
        "views" => ("見た人の記録", "who looked"),
        _ => (word, word),
    };
    l.pick(ja, en).to_owned()
}

fn groups(l: Lang, words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| group(l, word)).collect();
    words.join(l.pick("、", ", "))
}

fn basis(l: Lang, basis: &Basis) -> String {
    match basis {
        Basis::Agreed(kinds) => {
            format!("{}{}", l.pick("カードリーダーで同意：", "agreed to at the reader: "), groups(l, kinds))
        }
        Basis::Declared => l.pick("医療機関の申告による同意", "declared by the facility").to_owned(),
        Basis::None => "—".to_owned(),
    }
}

fn shown(l: Lang, look: &Look) -> Markup {
    let nothing = l.pick("何も表示されませんでした", "Nothing was shown");
    match &look.disclosed {
        Disclosed::Nothing => badge(Tone::Neutral, nothing),
        Disclosed::Groups(words) => html! { (groups(l, words)) },
        Disclosed::Result => html! { (l.pick("確認の結果", "the result")) },
        Disclosed::Done => html! { "—" },
    }
}
