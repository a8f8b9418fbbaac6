//! The pages of the reception: check by number and the day's list, one decision explained, the facility's log.
//!
//! Always holds: every page works without script; a list names problems with what to do now; nothing personal stands
//! in an address, so a result is shown under its decision's id.
//! Not here: decisions (`rules`), the frame (`web`).
//! Rules come from: docs/rules.md S1 r3, r7, r9; the reference on OQS, section 6.3.

use super::{StaffName, StaffNames, door::wait, texts};
use crate::{
    Check, Checked, Desk, LogAsk, LogPage, LogPart, Visit,
    refusals::{ALL, GUESSING, PRE_OPERATION, request_conflict},
    rules::{Decision, Declared, Field as Asked, Shown, Typed, read},
};
use audit::Entry;
use axum::{
    Extension,
    body::Bytes,
    extract::{Path, RawQuery},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use base::{Date, Help, Id, Instant, Lang, Purpose, kinds};
use coverage::rules::What;
use formats::oqs::codes;
use maud::{Markup, html};
use std::sync::Arc;
use store::Claim;
use web::{
    dates::{read_birth, read_date},
    forms::{Field, Form, Kind, error_summary, field, form, parse_form},
    parts::{Tone, badge, banner, facts, pager, steps, table},
    routes::{Page, STALE_FORM},
};

/// Rows of the day's list.
const LIST_MAX: usize = 100;
/// Rows of a page of the log.
const LOG_MAX: usize = 100;
/// The list is read anew every so many seconds.
const REFRESH_S: u32 = 30;

pub(super) async fn reception(page: Page, Extension(desk): Extension<Arc<Desk>>) -> Response {
    reception_page(&page, &desk, StatusCode::OK, &Form::default(), &[]).await
}

/// The reception page, empty or with what was typed and what is wrong with it.
async fn reception_page(
    page: &Page,
    desk: &Arc<Desk>,
    status: StatusCode,
    typed: &Form,
    wrong: &[(&'static str, String)],
) -> Response {
    let desk = desk.clone();
    let listed = page
        .house
        .read(page.asker(Purpose::Reception), move |tx, cx| {
            let pulse = crate::pulse(tx, cx)?; // first, so that what comes in between is asked for again
            Ok((crate::list(tx, cx, &desk.settings, LIST_MAX)?, pulse))
        })
        .await;
    let (visits, pulse) = match listed {
        Ok(listed) => listed,
        Err(trouble) => return page.trouble(trouble),
    };
    let title = page.t("受付・資格確認", "Reception");
    let main = html! {
        h1 { (title) }
        (error_summary(page.lang, wrong))
        div.desk {
            section aria-labelledby="by-number" {
                h2 #by-number { (page.t("番号で照会する", "Check by number")) }
                (number_form(page, typed, wrong))
            }
            // The answer to a wrong form is not read anew: its address is the form's, which is only posted to.
            div { section #today aria-labelledby="today-title"
                data-refresh=[wrong.is_empty().then_some(REFRESH_S)]
                data-pulse=[wrong.is_empty().then_some("/reception/pulse")]
                data-pulse-value=(pulse)
            {
                h2 #today-title { (page.t("今日の受付", "Today")) }
                (visit_list(page.lang, &visits))
            } }
        }
    };
    page.show_as(status, title, None, main)
}

/// What changes with each check: the script reads the list anew when this differs.
pub(super) async fn pulse(page: Page) -> Response {
    match page.house.read(page.asker(Purpose::Reception), crate::pulse).await {
        Ok(pulse) => ([(header::CACHE_CONTROL, "no-store")], pulse.to_string()).into_response(),
        Err(trouble) => page.trouble(trouble),
    }
}

fn number_form(page: &Page, typed: &Form, wrong: &[(&'static str, String)]) -> Markup {
    let error = |name: &str| wrong.iter().find(|(field, _)| *field == name).map(|(_, text)| text.as_str());
    let text = |width_chars, inputmode| Kind::Text { width_chars, inputmode, autocomplete: "off" };
    let l = page.lang;
    let line = |name: &'static str, label, hint, required, kind| {
        let shown = Field {
            name,
            label,
            hint: Some(hint),
            value: typed.get(name),
            error: error(name),
            required,
            kind,
        };
        field(l, &shown)
    };
    form(
        "/reception/check",
        page.csrf(),
        page.t("照会する", "Check"),
        html! {
            (line("insurer", page.t("保険者番号", "Insurer number"),
                page.t("6桁または8桁の数字。生活保護は公費負担者番号", "6 or 8 digits; for medical aid the public payer number"),
                true, text(10, "numeric")))
            (line("symbol", page.t("記号", "Symbol"),
                page.t("ない場合は空欄のままにします", "Leave empty when there is none"), false, text(20, "text")))
            (line("number", page.t("番号", "Number"),
                page.t("証に書かれているとおりに入力します", "As on the certificate"), true, text(20, "text")))
            (line("branch", page.t("枝番", "Branch number"),
                page.t("2桁。ない場合は空欄のままにします", "2 digits; leave empty when there is none"), false, text(4, "numeric")))
            (line("birth", page.t("生年月日", "Birth date"),
                page.t("例：19800401、昭和55年4月1日、S55.4.1", "For example 19800401 or 1980-04-01"), true, Kind::Date))
            (line("day", page.t("資格確認日", "Day asked about"),
                page.t("空欄は今日です", "Empty means today"), false, Kind::Date))
            (line("limit", page.t("患者が限度額情報の提供に同意している", "The patient agrees that the limit is shown"),
                page.t("口頭で確認してください", "Ask the patient"), false, Kind::Checkbox))
            (line("diseases", page.t("患者が特定疾病情報の提供に同意している", "The patient agrees that specific diseases are shown"),
                page.t("口頭で確認してください", "Ask the patient"), false, Kind::Checkbox))
        },
    )
}

/// Reads the form; every wrong field is named with what to do.
fn read_form(lang: Lang, typed: &Form) -> Result<Check, Vec<(&'static str, String)>> {
    let birth = read_birth(typed.get("birth"));
    let numbers = Typed {
        insurer: typed.get("insurer").into(),
        symbol: typed.get("symbol").into(),
        number: typed.get("number").into(),
        branch: typed.get("branch").into(),
        birth: birth.map(|birth| birth.stamp8()).unwrap_or_default(),
    };
    let day = match typed.get("day").trim() {
        "" => Ok(None),
        text => read_date(text).map(Some).ok_or(Asked::Day),
    };
    let asked = read(&numbers);
    let mut wrong = asked.as_ref().err().cloned().unwrap_or_default();
    wrong.extend(day.err());
    match (asked, day) {
        (Ok(ask), Ok(day)) => Ok(Check {
            facility_code: None,
            ask,
            day,
            declared: Declared { limit: typed.get("limit") == "1", diseases: typed.get("diseases") == "1" },
        }),
        _ => Err(wrong.into_iter().map(|field| wrong_field(lang, field)).collect()),
    }
}

fn wrong_field(lang: Lang, wrong: Asked) -> (&'static str, String) {
    let (name, ja, en) = match wrong {
        Asked::Insurer => (
            "insurer",
            "保険者番号は6桁または8桁の数字で入力してください",
            "The insurer number has 6 or 8 digits",
        ),
        Asked::Number => ("number", "番号を入力してください", "Enter the number"),
        Asked::Branch => {
            ("branch", "枝番は2桁までの数字で入力してください", "The branch number has at most 2 digits")
        }
        Asked::Birth => (
            "birth",
            "生年月日を、ある日付で入力してください（例：19800401）",
            "Enter an existing birth date, e.g. 19800401",
        ),
        Asked::Day => (
            "day",
            "資格確認日を、ある日付で入力してください（例：20261120）",
            "Enter an existing day, e.g. 20261120",
        ),
        Asked::Consent => ("limit", "同意の有無を選んでください", "Say whether the patient agrees"),
    };
    (name, lang.pick(ja, en).to_owned())
}

pub(super) async fn check(page: Page, Extension(desk): Extension<Arc<Desk>>, body: Bytes) -> Response {
    let typed = parse_form(&body);
    if !page.csrf_fits(typed.get("csrf")) {
        return page.refuse(&base::Refusal::new(&STALE_FORM, 403));
    }
    let asked = match read_form(page.lang, &typed) {
        Ok(asked) => asked,
        Err(wrong) => {
            return reception_page(&page, &desk, StatusCode::UNPROCESSABLE_ENTITY, &typed, &wrong).await;
        }
    };
    let desk = desk.clone();
    let asker = page.asker(Purpose::Reception);
    match page.house.check(asker, move |tx, cx| crate::check(tx, cx, &desk, &asked)).await {
        Err(trouble) => page.trouble(trouble),
        Ok((Ok(_), Claim::Conflict)) => page.refuse(&request_conflict()),
        Ok((Err(refusal), _)) => {
            if refusal.help == &GUESSING {
                page.house.counts().alarm();
            }
            wait(refusal.wait_ms).await;
            page.refuse(&refusal)
        }
        Ok((Ok(checked), _)) => to_decision(&checked).await,
    }
}

/// After a check the browser is sent to the decision's own page, so that reloading does not ask again.
async fn to_decision(checked: &Checked) -> Response {
    wait(checked.wait_ms).await;
    (StatusCode::SEE_OTHER, [(header::LOCATION, format!("/checks/{}", checked.id))]).into_response()
}

pub(super) async fn decision(
    page: Page,
    Extension(desk): Extension<Arc<Desk>>,
    Path(decision): Path<String>,
) -> Response {
    let Some(id) = Id::<kinds::Decision>::parse(&decision) else {
        return page.refuse(&crate::refusals::no_such_decision());
    };
    let desk = desk.clone();
    let asker = page.asker(Purpose::Reception);
    match page.house.read(asker, move |tx, cx| crate::get(tx, cx, &desk.settings, id)).await {
        Err(trouble) => page.trouble(trouble),
        Ok(Err(refusal)) => page.refuse(&refusal),
        Ok(Ok(visit)) => {
            let title = page.t("照会の結果", "Result of a check");
            page.show(title, decision_part(&page, &decision, &visit))
        }
    }
}

fn decision_part(page: &Page, id: &str, visit: &Visit) -> Markup {
    let l = page.lang;
    let outcome = outcome_of(l, &visit.entry);
    let help = visit.entry.word("code").and_then(help_of);
    html! {
        h1 { (page.t("照会の結果", "Result of a check")) }
        @if let Some(card) = card_of(l, &visit.entry) { p { (card_badge(card)) } }
        (banner(outcome.tone, outcome.word, html! {
            @if let Some(help) = help {
                p { (l.pick(help.what.0, help.what.1)) }
                p { strong { (l.pick(help.desk.0, help.desk.1)) } }
            } @else {
                p { (outcome.what_now) }
            }
            @if !visit.changes.is_empty() { p { (changed(l, visit)) } }
        }))
        @if visit.pre_operation {
            (banner(Tone::Info, l.pick(PRE_OPERATION.what.0, PRE_OPERATION.what.1), html! {
                p { (l.pick(PRE_OPERATION.desk.0, PRE_OPERATION.desk.1)) }
            }))
        }
        @if visit.outdated {
            p { (page.t(
                "照会の後に設定が変わったため、当時の内容をすべて表示することはできません。必要な場合は、もう一度照会してください。",
                "Settings were changed since: what was shown then can no longer be shown in full. Check again if you need it.",
            )) }
        }
        @if let Some(decision) = &visit.decision {
            @for (place, shown) in decision.shown.iter().enumerate() {
                section {
                    h2 { @if place == 0 { (page.t("資格の内容", "Eligibility")) } @else { (page.t("医療扶助", "Medical aid")) } }
                    (shown_facts(l, shown))
                }
            }
        }
        section {
            h2 { (page.t("この結果になった理由", "Why this result")) }
            (steps(&step_rows(l, &visit.entry)))
        }
        details {
            summary { (page.t("技術者向けの情報", "For the engineer")) }
            (facts(&engineer_rows(id, visit, help)))
        }
        p { a href="/reception" { (page.t("受付に戻る", "Back to reception")) } }
    }
}

/// The counter's own refusals, and those of the card that was shown.
fn help_of(code: &str) -> Option<&'static Help> {
    ALL.iter().chain(cards::refusals::ALL).copied().find(|help| help.code == code)
}

/// The outcome of a check, in the words of how it was asked.
fn outcome_of(lang: Lang, entry: &Entry) -> texts::OutcomeText {
    let mut outcome = texts::outcome(lang, &entry.outcome);
    if card_of(lang, entry).is_some() {
        outcome.what_now = texts::what_now_by_card(lang, &entry.outcome).unwrap_or(outcome.what_now);
    }
    outcome
}

fn card_of(lang: Lang, entry: &Entry) -> Option<&'static str> {
    texts::card(lang, entry.word("way")?)
}

fn card_badge(text: &str) -> Markup {
    badge(Tone::Info, text)
}

fn changed(lang: Lang, visit: &Visit) -> String {
    let names: Vec<&str> = visit.changes.iter().map(|change| texts::change(lang, *change)).collect();
    match lang {
        Lang::Ja => format!("前回の受診から変わったところ：{}", names.join("、")),
        Lang::En => format!("Changed since the last visit: {}", names.join(", ")),
    }
}

/// The steps as they stand in the log, `code:number` separated by blanks, less those that are not told.
fn told_steps(entry: &Entry) -> Vec<(&str, i64)> {
    let steps = entry.word("steps").unwrap_or_default();
    let mut told: Vec<(&str, i64)> = steps
        .split(' ')
        .filter_map(|step| step.split_once(':'))
        .filter(|(code, _)| texts::is_told(&entry.outcome, code))
        .map(|(code, number)| (code, number.parse().unwrap_or(0)))
        .collect();
    if told.is_empty() && !steps.is_empty() {
        told.push((texts::NO_MATCH, 0));
    }
    told
}

fn step_rows(lang: Lang, entry: &Entry) -> Vec<(String, String)> {
    let told = told_steps(entry).into_iter();
    told.map(|(code, number)| (code.to_owned(), texts::step(lang, code, number))).collect()
}

fn engineer_rows(id: &str, visit: &Visit, help: Option<&'static Help>) -> Vec<(&'static str, Markup)> {
    let entry = &visit.entry;
    let steps: Vec<String> =
        told_steps(entry).iter().map(|(code, number)| format!("{code}:{number}")).collect();
    let mut rows = vec![
        ("decision", html! { code { (id) } }),
        ("asked at", html! { (entry.at.for_people()) }),
        ("outcome", html! { code { (texts::outcome_told(&entry.outcome)) } }),
        ("rules", html! { code { (entry.word("rules").unwrap_or_default()) } }),
        ("known at revision", html! { (entry.number("known_at").unwrap_or_default()) }),
        ("steps", html! { code { (steps.join(" ")) } }),
    ];
    if let Some(help) = help {
        rows.push(("code", html! { code { (help.code) " / " (help.oqs) } }));
        rows.push(("why", html! { (help.engineer) }));
    }
    rows
}

fn shown_facts(lang: Lang, shown: &Shown) -> Markup {
    let entry = &shown.entry;
    let day = |day: Date| html! { (lang.pick(&day.in_era(), &day.to_string())) };
    let mut rows: Vec<(&str, Markup)> = vec![
        (lang.pick("氏名", "Name"), html! { (entry.name.written) " （" (entry.name.kana) "）" }),
        (
            lang.pick("生年月日", "Birth date"),
            html! {
                @match entry.birth.date() { Some(known) => (day(known)), None => (entry.birth) }
            },
        ),
        (lang.pick("性別", "Sex"), html! { (texts::code(lang, &codes::SEX, &entry.sex.code().to_string())) }),
        (lang.pick("保険者", "Insurer"), html! { (shown.insurer_name) " （" (entry.insurer.as_str()) "）" }),
        (
            lang.pick("記号・番号・枝番", "Symbol, number, branch"),
            html! {
                (entry.symbol.as_deref().unwrap_or("—")) " ・ " (entry.number) " ・ "
                (entry.branch.map_or("—".to_owned(), |branch| branch.to_string()))
            },
        ),
        (lang.pick("区分", "Class"), html! { (texts::code(lang, &codes::CARD_CLASS, &entry.card_class)) }),
        (lang.pick("資格取得", "Began"), day(entry.qualified_on)),
    ];
    if let Some(relation) = entry.relation {
        let text = texts::code(lang, &codes::FAMILY, &relation.code().to_string());
        rows.push((lang.pick("本人・家族", "Relation"), html! { (text) }));
    }
    if let Some(other) = &entry.other_name {
        rows.push((lang.pick("その他の氏名", "Other name"), html! { (other.written) }));
    }
    if let Some((on, reason)) = &shown.loss {
        let reason = texts::code(lang, &codes::LOSS_REASON, reason);
        rows.push((lang.pick("資格喪失", "Lost"), html! { (day(*on)) " （" (reason) "）" }));
    }
    rows.extend(rate_rows(lang, shown));
    rows.extend(certificate_rows(lang, shown));
    let address = entry.address.as_deref();
    let address = match shown.withheld {
        true => lang.pick("表示できません（不開示）", "Withheld").to_owned(),
        false => address.unwrap_or(lang.pick("登録なし", "None registered")).to_owned(),
    };
    rows.push((lang.pick("住所", "Address"), html! { (address) }));
    facts(&rows)
}

fn rate_rows(lang: Lang, shown: &Shown) -> Vec<(&'static str, Markup)> {
    let label = lang.pick("負担割合", "Copayment rate");
    let mut rows = Vec::new();
    let rate = shown.elderly.as_ref().and_then(|fact| match fact.new.what {
        What::Elderly { percent } => Some(percent),
        _ => None,
    });
    if let Some(percent) = rate.or(shown.rate) {
        rows.push((label, html! { (percent) " %" }));
    }
    if shown.preschool {
        rows.push((lang.pick("未就学", "Pre-school"), html! { (lang.pick("該当", "yes")) }));
    }
    rows
}

fn certificate_rows(lang: Lang, shown: &Shown) -> Vec<(&'static str, Markup)> {
    let until = |fact: &coverage::rules::Fact| match fact.new.ends_on {
        Some(last) => format!("〜{}", lang.pick(&last.in_era(), &last.to_string())),
        None => String::new(),
    };
    let mut rows = Vec::new();
    if let Some(fact) = &shown.limit
        && let What::Limit { class, flag, .. } = &fact.new.what
    {
        let class = texts::code(lang, &codes::LIMIT_CLASS, class);
        let flag = texts::code(lang, &codes::LIMIT_FLAG, flag);
        rows.push((lang.pick("限度額", "Limit"), html! { (class) " " (flag) " " (until(fact)) }));
    }
    for fact in &shown.diseases {
        if let What::Disease { category, self_pay } = &fact.new.what {
            let category = texts::code(lang, &codes::DISEASE, category);
            let pay = lang.pick("自己負担", "self-pay");
            rows.push((
                lang.pick("特定疾病", "Specific disease"),
                html! { (category) " " (pay) " " (self_pay) " 円 " (until(fact)) },
            ));
        }
    }
    for fact in &shown.tickets {
        if let What::Ticket { kind, .. } = &fact.new.what {
            let kind = texts::code(lang, &codes::TICKET, kind);
            rows.push((lang.pick("医療券", "Medical ticket"), html! { (kind) " " (until(fact)) }));
        }
    }
    rows
}

fn visit_list(lang: Lang, visits: &[Visit]) -> Markup {
    let heads = [
        lang.pick("時刻", "Time"),
        lang.pick("患者", "Patient"),
        lang.pick("結果", "Result"),
        lang.pick("次にすること", "What to do now"),
    ];
    let rows: Vec<Vec<Markup>> = visits.iter().map(|visit| visit_row(lang, visit)).collect();
    html! {
        @if rows.is_empty() {
            p { (lang.pick("今日の照会はまだありません。", "No checks yet today.")) }
        } @else {
            (table(lang.pick("今日の照会（新しい順）", "Today's checks, newest first"), &heads, &rows))
        }
    }
}

fn visit_row(lang: Lang, visit: &Visit) -> Vec<Markup> {
    let outcome = outcome_of(lang, &visit.entry);
    let help = visit.entry.word("code").and_then(help_of);
    let card = card_of(lang, &visit.entry);
    let name = visit.decision.as_ref().and_then(named);
    let time = visit.entry.at.for_people();
    let time = time.get(11..16).unwrap_or_default().to_owned();
    let id = visit.entry.answer.and_then(Id::<kinds::Decision>::new);
    vec![
        html! { span.num { (time) } },
        html! {
            @let nameless = texts::nameless(lang, &visit.entry.outcome, card.is_some());
            @let label = name.unwrap_or_else(|| nameless.to_owned());
            @match id {
                Some(id) => a href=(format!("/checks/{id}")) { (label) },
                None => (label),
            }
            @if let Some(card) = card { " " (card_badge(card)) }
        },
        badge(outcome.tone, outcome.word),
        html! {
            @match help {
                Some(help) => {
                    // What is wrong with a card has no page of its own to say it.
                    @if id.is_none() { strong { (lang.pick(help.what.0, help.what.1)) } (lang.pick("", " ")) }
                    (lang.pick(help.desk.0, help.desk.1))
                },
                None => (outcome.what_now),
            }
            @if !visit.changes.is_empty() { " " (badge(Tone::Info, &changed(lang, visit))) }
        },
    ]
}

fn named(decision: &Decision) -> Option<String> {
    decision.shown.first().map(|shown| shown.entry.name.written.clone())
}

pub(super) async fn log(
    page: Page,
    Extension(names): Extension<StaffNames>,
    RawQuery(query): RawQuery,
) -> Response {
    let query = query.unwrap_or_default();
    let asked = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    let instant = |name| asked(name).and_then(|ms| ms.parse().ok()).map(Instant::from_ms);
    let ask = LogAsk {
        day: asked("day").and_then(Date::parse8).unwrap_or_else(|| page.house.now().date()),
        everything: asked("all") == Some("1"),
        part: match (instant("before"), instant("after")) {
            (Some(before), _) => LogPart::Before(before),
            (None, Some(after)) => LogPart::After(after),
            (None, None) => LogPart::Newest,
        },
        limit: LOG_MAX,
    };
    let read = page
        .house
        .read(page.asker(Purpose::Inspection), move |tx, cx| {
            Ok((crate::log(tx, cx, &ask)?, (names.0)(tx, cx)?))
        })
        .await;
    match read {
        Ok((part, names)) => {
            page.show(page.t("照会の記録", "Access log"), log_part(&page, &ask, &part, &names))
        }
        Err(trouble) => page.trouble(trouble),
    }
}

fn log_part(page: &Page, ask: &LogAsk, part: &LogPage, names: &[StaffName]) -> Markup {
    let (l, day) = (page.lang, ask.day);
    let heads = [
        page.t("時刻", "Time"),
        page.t("操作", "Operation"),
        page.t("だれが", "Who"),
        page.t("結果", "Result"),
        page.t("表示した項目", "Shown"),
    ];
    let rows: Vec<Vec<Markup>> = part.entries.iter().map(|entry| log_row(l, entry, names)).collect();
    let (before, after) = (day.plus_days(-1).stamp8(), day.plus_days(1).stamp8());
    html! {
        h1 { (page.t("照会の記録", "Access log")) }
        p { (page.t(
            "この医療機関が行った照会と閲覧の記録です。患者の氏名は表示しません。",
            "What this facility asked and saw. Patients' names are not shown.",
        )) }
        (pager(l, Some(&format!("/log?day={before}")), Some(&format!("/log?day={after}")), &day.to_string()))
        @if !ask.everything {
            p { a href=(format!("/log?day={}&all=1", day.stamp8())) {
                (page.t("一覧の表示も含めてすべて見る", "Show everything, list views too"))
            } }
        }
        @if rows.is_empty() {
            p { (page.t("この日の記録はありません。", "Nothing on this day.")) }
        } @else {
            (table(&format!("{} {day}", page.t("記録", "Log of")), &heads, &rows))
            (part_pager(l, ask, part))
        }
    }
}

/// To the newer and the older rows of the day, with the times between which those of this part lie.
fn part_pager(lang: Lang, ask: &LogAsk, part: &LogPage) -> Markup {
    let (Some(first), Some(last)) = (part.entries.first(), part.entries.last()) else { return html! {} };
    if !part.newer && !part.older {
        return html! {};
    }
    let all = if ask.everything { "&all=1" } else { "" };
    let href = |side: &str, at: Instant| format!("/log?day={}&{side}={}{all}", ask.day.stamp8(), at.ms());
    let newer = part.newer.then(|| href("after", first.at));
    let older = part.older.then(|| href("before", last.at));
    let time = |at: Instant| at.for_people().get(11..).unwrap_or_default().to_owned();
    pager(lang, newer.as_deref(), older.as_deref(), &format!("{}〜{}", time(first.at), time(last.at)))
}

fn log_row(lang: Lang, entry: &Entry, names: &[StaffName]) -> Vec<Markup> {
    let who = match (entry.number("terminal"), entry.number("staff").and_then(Id::<kinds::Staff>::new)) {
        (Some(_), _) => lang.pick("端末", "Terminal").to_owned(),
        (_, Some(staff)) => {
            let named = names.iter().find(|(id, _)| *id == staff);
            named.map_or_else(|| staff.to_string(), |(_, name)| name.clone())
        }
        _ => lang.pick("システム", "System").to_owned(),
    };
    let shown = entry.word("shown").unwrap_or_default().split(' ').map(|group| texts::group(lang, group));
    let shown: Vec<&str> = shown.filter(|group| !group.is_empty()).collect();
    let outcome = texts::outcome(lang, &entry.outcome);
    let is_check = entry.act == "counter.check";
    let id = entry.answer.and_then(Id::<kinds::Decision>::new).filter(|_| is_check);
    let card = card_of(lang, entry).filter(|_| is_check);
    vec![
        html! { span.num { (entry.at.for_people().get(11..).unwrap_or_default()) } },
        html! {
            @match id {
                Some(id) => a href=(format!("/checks/{id}")) { (texts::act(lang, &entry.act)) },
                None => (texts::act(lang, &entry.act)),
            }
            @if let Some(card) = card { " " (card_badge(card)) }
            @if entry.repeated { " " (badge(Tone::Neutral, lang.pick("再送", "repeat"))) }
        },
        html! { span.keep { (who) } },
        badge(outcome.tone, outcome.word),
        html! { @if shown.is_empty() { "—" } @else { (shown.join(lang.pick("、", ", "))) } },
    ]
}
