//! Every way in which the gate stays shut, and in which a withdrawal is refused.
//!
//! Always holds: codes are stable; `docs/refusals.md` is made from `ALL` by a test; no text can hold anything of a
//! request, and none tells what the person consented to elsewhere. Nine-character codes are ours, not official ones
//! (the official list is not public).
//! Not here: an expired card, with which nothing can be consented to (the desk that asked says it).
//! Rules come from: DESIGN section 3, "Answers"; docs/rules.md S1 r5.

use base::{Refusal, helps};

helps! {
    /// The person was not asked here.
    NEVER_GIVEN = "consent.never-given" "SKG01001E"
        what "この情報の閲覧について、患者の同意がありません。" "The patient has not consented to this being seen here."
        desk "必要なときは、患者にカードリーダーで同意の操作をしてもらってください。" "If it is needed, ask the patient to use the reader and answer there."
        engineer "No row of consent_answer for this person and facility names the kind.";
    /// The person said no.
    DECLINED = "consent.declined" "SKG01002E"
        what "患者は、この情報の閲覧に同意していません。" "The patient declined to have this seen."
        desk "同意なしで診療してください。患者の考えが変わったときは、カードリーダーでもう一度操作してもらってください。" "Go on without it. If the patient's mind changes, they use the reader again."
        engineer "The newest row of consent_answer that names the kind declines it.";
    /// 24 hours are over.
    EXPIRED = "consent.expired" "SKG01003E"
        what "同意から24時間が過ぎたため、閲覧できません。" "More than 24 hours have passed since the consent."
        desk "続けて閲覧が必要なときは、患者にカードリーダーでもう一度同意してもらってください。" "If it is still needed, ask the patient to consent at the reader again."
        engineer "now is later than available_until of the newest answer; AvailableTime of the message said so.";
    /// The person took it back.
    WITHDRAWN = "consent.withdrawn" "SKG01004E"
        what "患者が同意を取り消したため、閲覧できません。" "The patient has withdrawn the consent."
        desk "閲覧をやめてください。必要なときは、患者に説明し、カードリーダーでもう一度同意してもらってください。" "Stop viewing. If it is needed, explain why and ask the patient to consent at the reader again."
        engineer "consent_withdrawal has the newest answer's id and this kind.";
    /// The group's records are shown to nobody.
    GROUP_NOT_SHOWN = "consent.group-not-shown" "SKG01005E"
        what "この資格の方の診療・薬剤・健診の情報は、閲覧の対象外です。" "Records of people with this kind of eligibility cannot be viewed."
        desk "お薬手帳や聞き取りで確認してください。" "Use the patient's medication notebook, or ask."
        engineer "rules::group gave defence forces, day labourers or medical aid.";
    /// Asked on behalf of another facility.
    OTHER_FACILITY = "consent.other-facility" "SKG01006E"
        what "別の医療機関の同意で閲覧することはできません。" "Nothing is viewed on a consent given to another facility."
        desk "自院の端末とアカウントで操作してください。" "Use your own facility's terminal and account."
        engineer "Cx.actor acts for another facility than the one asked for, or for none.";
    /// There is no such consent of this person.
    NO_SUCH_CONSENT = "consent.no-such-consent" "SKG02001E"
        what "この同意は見つかりません。" "There is no such consent."
        desk "一覧から選び直してください。" "Choose it again from the list."
        engineer "The id is unknown, another person's, or asked by somebody else than the person; all look the same on purpose.";
    /// It is over, or never was a yes.
    NOTHING_TO_WITHDRAW = "consent.nothing-to-withdraw" "SKG02002E"
        what "この同意は、もう有効ではありません。" "This consent is not in force any more."
        desk "取り消しは不要です。この同意では、だれも閲覧できません。" "Nothing has to be done: nobody can view anything on it."
        engineer "The kind is expired, declined or was not asked in this answer.";
    /// A later answer at the same facility decides.
    REPLACED = "consent.replaced" "SKG02003E"
        what "同じ医療機関で、その後に答えた内容が有効です。" "A later answer at the same facility is in force."
        desk "一覧で、その医療機関の最も新しい同意を選んでください。" "Choose that facility's newest consent from the list."
        engineer "consent_answer has a newer row for the same person and facility that names the kind.";
}

/// The person was not asked here.
pub fn never_given() -> Refusal {
    Refusal::new(&NEVER_GIVEN, 403)
}

/// The person said no.
pub fn declined() -> Refusal {
    Refusal::new(&DECLINED, 403)
}

/// 24 hours are over.
pub fn expired() -> Refusal {
    Refusal::new(&EXPIRED, 403)
}

/// The person took it back.
pub fn withdrawn() -> Refusal {
    Refusal::new(&WITHDRAWN, 403)
}

/// The group's records are shown to nobody.
pub fn group_not_shown() -> Refusal {
    Refusal::new(&GROUP_NOT_SHOWN, 403)
}

/// Asked on behalf of another facility.
pub fn other_facility() -> Refusal {
    Refusal::new(&OTHER_FACILITY, 403)
}

/// There is no such consent of this person.
pub fn no_such_consent() -> Refusal {
    Refusal::new(&NO_SUCH_CONSENT, 404)
}

/// It is over, or never was a yes.
pub fn nothing_to_withdraw() -> Refusal {
    Refusal::new(&NOTHING_TO_WITHDRAW, 409)
}

/// A later answer at the same facility decides.
pub fn replaced() -> Refusal {
    Refusal::new(&REPLACED, 409)
}
