//! What the desk and the engineer read about a decision: outcomes, steps, changes.
//!
//! Always holds: a step's sentence is made from its stable code and one number, as they stand in the log, so an old
//! decision is explained in the same words; no sentence holds a name or a number of a person.
//! Not here: texts of refusals (`refusals`).
//! Rules come from: docs/rules.md S1 r3; code tables 006–012 of the reference on OQS.

use base::{Date, Lang};
use web::parts::Tone;

const NONE: &str = "none";
const MISMATCH: &str = crate::MISMATCH;

/// An outcome for the desk: tone, short word, and what to do now.
pub(super) struct OutcomeText {
    pub tone: Tone,
    pub word: &'static str,
    pub what_now: &'static str,
}

/// The text of an outcome's word as it stands in the log.
pub(super) fn outcome(lang: Lang, word: &str) -> OutcomeText {
    let (tone, ja, en, now_ja, now_en) = match word {
        "valid" => (Tone::Success, "有効", "Valid", "そのまま受付できます。", "Go on with the reception."),
        "invalid" => (
            Tone::Error,
            "無効",
            "Invalid",
            "資格を喪失しています。新しい加入先の資格確認書などを確認してください。",
            "The eligibility was lost. Ask for the document of the present insurer.",
        ),
        "invalid-new-known" => (
            Tone::Warning,
            "無効（新しい資格あり）",
            "Invalid (a new one exists)",
            "新しい加入先の記号・番号を患者に確認し、もう一度照会してください。",
            "Ask for the numbers of the new insurer and check again.",
        ),
        NONE | MISMATCH => (
            Tone::Error,
            "該当資格なし",
            "None found",
            "番号と生年月日の両方の入力を確認してください。加入して間もない場合は登録前のことがあります。",
            "Check both the number and the birth date. Soon after joining, the registration may not be there yet.",
        ),
        "several" => (
            Tone::Warning,
            "複数該当",
            "Several found",
            "枝番を入力して、もう一度照会してください。",
            "Type the branch number and check again.",
        ),
        "aid-unregistered" => (
            Tone::Warning,
            "有効（未登録）",
            "Valid (not registered)",
            "医療扶助は有効ですが、この医療機関の医療券がありません。福祉事務所に確認してください。",
            "Medical aid is valid but has no ticket for this facility. Ask the welfare office.",
        ),
        "undetermined" => (
            Tone::Warning,
            "確認できません",
            "Could not be determined",
            "下の説明に従って、ほかの方法で確認してください。",
            "Check by another way, as explained below.",
        ),
        "alarm" => (
            Tone::Error,
            "警報",
            "Alarm",
            "生年月日の不一致が続きました。だれが照会したかを確認してください。",
            "Too many birth dates did not match. Find out who asked.",
        ),
        "refused" => (
            Tone::Error,
            "受け付けできません",
            "Refused",
            "照会の内容を確認してください。",
            "Check the request.",
        ),
        _ => (Tone::Neutral, "記録", "Recorded", "", ""),
    };
    OutcomeText { tone, word: lang.pick(ja, en), what_now: lang.pick(now_ja, now_en) }
}

/// What to do now where a card was shown, when that differs from a check by number: nothing was typed.
pub(super) fn what_now_by_card(lang: Lang, outcome: &str) -> Option<&'static str> {
    let (ja, en) = match outcome {
        NONE => (
            "この方の資格は、まだ登録されていません。加入先を患者に確認し、資格確認書などで対応してください。",
            "No eligibility of this person is registered yet. Ask where the patient is insured, and for another document.",
        ),
        "refused" => (
            "患者の画面の案内に従い、資格確認書などで確認してください。",
            "Follow what the patient's screen says, and check another document.",
        ),
        _ => return None,
    };
    Some(lang.pick(ja, en))
}

/// How the card was opened, as the log has it, for the desk; nothing for a check by number.
pub(super) fn card(lang: Lang, way: &str) -> Option<&'static str> {
    match way {
        "card-pin" => Some(lang.pick("カード", "Card")),
        "card-eye" => Some(lang.pick("カード（目視）", "Card (photo compared)")),
        _ => None,
    }
}

/// What stands in the list in the place of a name that is not shown.
pub(super) fn nameless(lang: Lang, outcome: &str, by_card: bool) -> &'static str {
    match outcome {
        // Whose card it is was known.
        NONE if by_card => lang.pick("（氏名は表示できません）", "(name not shown)"),
        "several" => lang.pick("（複数の方が該当）", "(several people fit)"),
        "undetermined" | "valid" | "invalid" | "invalid-new-known" | "aid-unregistered" => {
            lang.pick("（氏名は表示できません）", "(name not shown)")
        }
        "refused" => lang.pick("（受け付けていません）", "(refused)"),
        _ => lang.pick("（該当する方なし）", "(nobody found)"),
    }
}

/// The outcome as pages tell it: which part of what was typed was wrong stands in the log alone, or a desk could find
/// out what belongs to a number (SECURITY.md).
pub(super) fn outcome_told(word: &str) -> &str {
    if word == MISMATCH { NONE } else { word }
}

/// Whether pages tell this step of a decision with this outcome.
pub(super) fn is_told(outcome: &str, step: &str) -> bool {
    !matches!(outcome, NONE | MISMATCH) || !matches!(step, "numbers-found" | "other-birth" | "other-branch")
}

/// What pages tell when no step is left to tell.
pub(super) const NO_MATCH: &str = "no-match";

/// The name of an act of the log; one that has none stands as its code.
pub(super) fn act(lang: Lang, act: &str) -> String {
    let (ja, en) = match act {
        "counter.check" => ("資格確認", "Check"),
        "counter.get" => ("結果の閲覧", "Looked at a result"),
        "counter.list" => ("一覧の表示", "Looked at the list"),
        "counter.log" => ("記録の閲覧", "Looked at this log"),
        "counter.reference" => ("照会番号の登録", "Registered a patient number"),
        "reader.present" => ("カードの提示", "Card presented"),
        "consent.withdraw" => ("同意の取り消し（本人）", "Consent withdrawn by the person"),
        "counter.alarm" => ("警報", "Alarm"),
        "staff.switch_to" | "staff.sign_in" => ("ログイン", "Signed in"),
        "staff.sign_out" => ("ログアウト", "Signed out"),
        "staff.list" | "staff.get" => ("職員の閲覧", "Looked at accounts"),
        "staff.record" | "staff.demo_desks" => ("職員の登録", "Recorded an account"),
        "facilities.record" => ("医療機関の登録", "Recorded the facility"),
        "facilities.admit_terminal" => ("端末の登録", "Admitted a terminal"),
        "facilities.bar_terminal" => ("端末の停止", "Barred a terminal"),
        _ => (act, act),
    };
    lang.pick(ja, en).to_owned()
}

/// The name of a group of fields that was shown.
pub(super) fn group(lang: Lang, group: &str) -> &'static str {
    let (ja, en) = match group {
        "insurance" => ("資格", "eligibility"),
        "aid" => ("医療扶助", "medical aid"),
        "address" => ("住所", "address"),
        "limit" => ("限度額", "limit"),
        "diseases" => ("特定疾病", "specific diseases"),
        "tickets" => ("医療券", "medical tickets"),
        "list" => ("一覧", "list"),
        _ => ("", ""),
    };
    lang.pick(ja, en)
}

/// A step's sentence from its code and number.
pub(super) fn step(lang: Lang, code: &str, number: i64) -> String {
    let day = Date::from_number(number).map(|day| lang.pick(&day.in_era(), &day.to_string()).to_owned());
    let day = day.unwrap_or_default();
    let text = finding(lang, code, number, &day).or_else(|| deciding(code, &day));
    match (text, lang) {
        (Some((ja, _)), Lang::Ja) => ja,
        (Some((_, en)), Lang::En) => en,
        (None, _) => code.to_owned(),
    }
}

/// Steps of finding the coverage.
fn finding(lang: Lang, code: &str, number: i64, day: &str) -> Option<(String, String)> {
    let link = lang.pick(
        if number == 2 { "閲覧停止中" } else { "住民基本台帳と不一致" },
        if number == 2 { "quarantined" } else { "it differs from the resident register" },
    );
    Some(match code {
        NO_MATCH => (
            "入力された番号・生年月日に一致する登録がありません。".into(),
            "No registration has the number and birth date that were typed.".into(),
        ),
        "numbers-found" => (
            format!("保険者番号と記号・番号が一致する登録が{number}件ありました。"),
            format!("Registrations with this insurer, symbol and number: {number}."),
        ),
        "other-birth" => (
            format!("生年月日が違うため{number}件を除きました。"),
            format!("Left out because of another birth date: {number}."),
        ),
        "other-branch" => (
            format!("枝番が違うため{number}件を除きました。"),
            format!("Left out because of another branch number: {number}."),
        ),
        "people-fit" => (
            format!("{number}人が該当します。枝番で特定してください。"),
            format!("{number} people fit; the branch number tells them apart."),
        ),
        "no-coverage" => (
            "この方の資格は、まだ登録されていません。".into(),
            "No eligibility of this person is registered yet.".into(),
        ),
        "link-not-sure" => (
            format!("この登録は本人との照合が済んでいません（{link}）。"),
            format!("Whose registration this is is not settled ({link})."),
        ),
        "covers" => (
            format!("{day}に資格を取得し、資格確認日を含みます。"),
            format!("It began on {day} and covers the day asked about."),
        ),
        "begins-later" => (format!("資格は{day}からです。"), format!("It begins only on {day}.")),
        _ => return None,
    })
}

/// Steps of deciding about it.
fn deciding(code: &str, day: &str) -> Option<(String, String)> {
    Some(match code {
        "lost" => (format!("{day}に資格を喪失しています。"), format!("It was lost on {day}.")),
        "successor-known" => (
            "同じ方の別の資格が、資格確認日に有効です。".into(),
            "Another eligibility of the same person covers the day.".into(),
        ),
        "successor-held" => (
            "同じ方の別の登録がありますが、照合中です。".into(),
            "Another registration of the same person exists but is being verified.".into(),
        ),
        "window-open" => (
            format!("新しい資格の届出期間が{day}まであり、まだ無効とは言えません。"),
            format!("A successor may be filed until {day}, so it is not called invalid yet."),
        ),
        "window-passed" => (
            format!("届出期間（{day}まで）を過ぎ、新しい資格の登録はありません。"),
            format!("The filing window (until {day}) is over and no successor is registered."),
        ),
        "lost-by-death" => ("喪失の理由は死亡です。".into(), "The reason of the loss is death.".into()),
        "plain-behaviour" => (
            "設定により、喪失は直ちに無効と回答します。".into(),
            "A setting answers a loss as invalid at once.".into(),
        ),
        "aid-too" => ("医療扶助の資格もあります。".into(), "There is medical aid too.".into()),
        "no-ticket" => (
            "この医療機関・この月の医療券はありません。".into(),
            "There is no medical ticket for this facility and month.".into(),
        ),
        "rate-not-known" => (
            "この日の負担割合は登録されていません。".into(),
            "No copayment rate is recorded for the day.".into(),
        ),
        "address-withheld" => {
            ("住所は表示できません（不開示）。".into(), "Address and postcode are withheld.".into())
        }
        "limit-not-asked" => (
            "限度額情報の提供に同意がないため、表示していません。".into(),
            "The limit is not shown: no consent was declared.".into(),
        ),
        _ => return None,
    })
}

/// What changed since the last visit.
pub(super) fn change(lang: Lang, change: crate::rules::Change) -> &'static str {
    use crate::rules::Change;
    let (ja, en) = match change {
        Change::Insurer => ("保険者", "insurer"),
        Change::Number => ("記号・番号", "number"),
        Change::Name => ("氏名", "name"),
        Change::Address => ("住所", "address"),
        Change::Rate => ("負担割合", "copayment rate"),
        Change::Limit => ("限度額", "limit"),
        Change::Outcome => ("資格の有効性", "validity"),
    };
    lang.pick(ja, en)
}

/// The name of a code from one of the OQS code tables.
pub(super) fn code(lang: Lang, table: &formats::oqs::codes::Table, code: &str) -> String {
    table.lookup(code).map_or_else(|| code.to_owned(), |found| lang.pick(found.ja, found.en).to_owned())
}
