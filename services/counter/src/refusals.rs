//! Every way in which the counter says no, says that it could not be determined, or adds to a good answer.
//!
//! Always holds: codes are stable; `docs/refusals.md` is made from `ALL` by a test; no text can hold anything of a
//! request. Nine-character codes are ours, not official ones (the official list is not public).
//! Not here: troubles of a message's form (`terminal`, `formats`).
//! Rules come from: DESIGN section 4, "The third answer on OQS"; the reference on OQS, section 6.3.

use base::{Refusal, helps};

helps! {
    /// With a good answer: the facility is in pre-operation (S1 r9).
    PRE_OPERATION = "counter.pre-operation" "SKC00001I"
        what "プレ運用中です。" "This facility is in pre-operation."
        desk "被保険者証・資格確認書もあわせて確認してください。" "Check the insurance card or eligibility certificate too."
        engineer "Information with a verdict, not a refusal: pre_operation_from has come and operates_from has not (S1 r9).";
    /// With a good answer: no rate is recorded for the day.
    RATE_NOT_KNOWN = "counter.rate-not-known" "SKC00002I"
        what "負担割合が登録されていません。" "No copayment rate is recorded."
        desk "資格確認書などで確認してください。" "Check a document, such as the eligibility certificate."
        engineer "Information with a verdict, not a refusal: latter-stage coverage without a rate or elderly fact on the day.";
    /// The link between coverage and person is held back or quarantined.
    LINK_NOT_SURE = "counter.link-not-sure" "SKC01001W"
        what "この資格は本人確認のため保険者が照合中です。" "The insurer is still verifying whose eligibility this is."
        desk "資格確認書などで確認し、必要なら保険者に電話で照会してください。" "Check another document, such as the eligibility certificate, or telephone the insurer."
        engineer "The coverage's link fact is held-back or quarantined (S5 r2). Nothing of the person may be shown.";
    /// Lost, no successor known, window open.
    FILING_WINDOW_OPEN = "counter.filing-window-open" "SKC01002W"
        what "資格喪失の届出があり、新しい資格はまだ登録されていません。" "A loss is recorded and no new eligibility is registered yet."
        desk "新しい加入先を患者に確認し、資格確認書か被保険者資格申立書で対応してください。" "Ask where the patient is insured now; use the eligibility certificate or a written statement."
        engineer "Lost on or before the asked day, no other coverage covers it, today is within filing_window_days of the loss.";
    /// Lost, a successor exists but its link is not sure.
    SUCCESSOR_NOT_SURE = "counter.successor-not-sure" "SKC01003W"
        what "新しい資格は保険者が照合中で、まだ回答できません。" "A newer eligibility exists but is still being verified."
        desk "新しい資格の資格確認書などで確認してください。" "Check a document of the newer eligibility."
        engineer "Lost, and another coverage of the same person is held back or quarantined on the asked day.";
    /// The server is overloaded.
    BUSY = "counter.busy" "SKC02001W"
        what "混み合っているため確認できませんでした。" "The check could not be made: the server is busy."
        desk "少し待ってからもう一度照会してください。" "Wait a little and ask again."
        engineer "The bounded queue of the desk pool was full. Nothing was read or disclosed.";
    /// Something is broken.
    BROKEN = "counter.broken" "SKC02002W"
        what "システムの障害のため確認できませんでした。" "The check could not be made: something is broken."
        desk "時間をおいて照会し、急ぐ場合は資格確認書などで確認してください。" "Ask again later; if it is urgent check another document."
        engineer "See the server's error log at this instant. The operation was undone.";
    /// A message names another facility than the certificate does.
    FOREIGN_FACILITY = "counter.foreign-facility" "SKC03001E"
        what "医療機関コードが、この端末の医療機関と一致しません。" "The facility code is not that of this terminal."
        desk "ソフトウェアの医療機関コードの設定を確認してください。" "Check the facility code in the software's settings."
        engineer "MedicalInstitutionCode differs from the facility of the client certificate.";
    /// The facility does not operate.
    NOT_OPERATING = "counter.not-operating" "SKC03002E"
        what "この医療機関はオンライン資格確認の運用開始前、または終了後です。" "This facility has not begun online checks, or has ended them."
        desk "運用開始日の登録を確認してください。" "Check the registered operation start date."
        engineer "No pre-operation or operation date on or before today, or a closing date has passed (S1 r9).";
    /// The same request id with another body.
    REQUEST_CONFLICT = "counter.request-conflict" "SKC03003E"
        what "同じ要求番号で内容の異なる照会を受け付けています。" "Another request was made under the same request id."
        desk "もう一度、新しい照会として送ってください。" "Send it again as a new request."
        engineer "Idempotency-Key was used within 24 h with another body.";
    /// A value is malformed.
    MALFORMED = "counter.malformed" "SKC03004E"
        what "照会の項目に誤りがあります。" "A value of the request is malformed."
        desk "保険者番号、記号・番号、生年月日を確認して入力し直してください。" "Check insurer number, symbol, number and birth date."
        engineer "ErrorMessage names the elements in brackets; none when the body is not the JSON mirror at all, or longer than 2 MiB. Idempotency-Key: 1 to 100 bytes of visible ASCII.";
    /// The day asked about is out of range.
    DAY_OUT_OF_RANGE = "counter.day-out-of-range" "SKC03005E"
        what "資格確認日が照会できる期間の外です。" "The day asked about is out of the range that can be asked."
        desk "資格確認日を確認してください。" "Check the day asked about."
        engineer "QualificationConfirmationDate is beyond ahead_days_max or back_days_max.";
    /// Too many wrong birth dates from one facility.
    GUESSING = "counter.guessing" "SKC03006E"
        what "生年月日の不一致が続いたため、番号による照会を一時停止しました。" "Checks by number are suspended: too many birth dates did not match."
        desk "10分ほど待って再開してください。心当たりがなければ管理者に連絡してください。" "Wait ten minutes. If you do not know why, tell your administrator."
        engineer "guesses_max mismatches by birth date within ten minutes at this facility; an alarm row is in the log.";
    /// With a good answer: the card's certificate expires within three months.
    CARD_EXPIRES_SOON = "counter.card-expires-soon" "SKC00003I"
        what "マイナンバーカードの電子証明書の有効期限が近づいています。" "The certificate on the card will expire soon."
        desk "患者に、市区町村の窓口での更新を案内してください。" "Tell the patient to renew it at the municipal office."
        engineer "Information with a verdict on a card check: valid_until is within [cards] warn_months.";
    /// With a good answer: the card's certificate has expired, and is still good for eligibility.
    CARD_IN_GRACE = "counter.card-in-grace" "SKC00004I"
        what "電子証明書の有効期限が切れています。資格情報のみ確認できました。" "The card's certificate has expired; only the eligibility could be shown."
        desk "薬剤・健診等は閲覧できません。早めの更新を案内してください。" "Drugs, checkups and the like cannot be viewed. Tell the patient to renew it soon."
        engineer "Information with a verdict on a card check: expired, within [cards] grace; no consent was asked or recorded.";
    /// A patient number for nobody.
    NOBODY_TO_REFER_TO = "counter.reference-nobody" "SKC03008E"
        what "照会番号を登録する方が見つかりません。" "There is nobody to register the patient number for."
        desk "保険者番号、記号・番号、枝番を確認してください。" "Check insurer number, symbol, number and branch."
        engineer "OQSsiimm01req: no coverage with these numbers is surely linked to a person; a held or quarantined link counts as nobody.";
    /// A patient number for several.
    SEVERAL_TO_REFER_TO = "counter.reference-several" "SKC03009E"
        what "複数の方が該当するため、照会番号を登録できません。" "Several people have these numbers."
        desk "枝番を付けて、もう一度登録してください。" "Register again with the branch number."
        engineer "OQSsiimm01req: more than one person fits; InsuredBranchNumber is needed.";
    /// A decision that this facility did not ask for.
    NOT_YOURS = "counter.no-such-decision" "SKC03007E"
        what "この照会の記録は見つかりません。" "There is no such check in this facility's log."
        desk "受付の一覧から選び直してください。" "Choose it again from today's list."
        engineer "The decision id is unknown or belongs to another facility; both look the same on purpose.";
}

/// The message names another facility.
pub fn foreign_facility() -> Refusal {
    Refusal::new(&FOREIGN_FACILITY, 403)
}

/// The facility does not operate today.
pub fn not_operating() -> Refusal {
    Refusal::new(&NOT_OPERATING, 403)
}

/// The request id was used for another body.
pub fn request_conflict() -> Refusal {
    Refusal::new(&REQUEST_CONFLICT, 409)
}

/// A value is malformed.
pub fn malformed() -> Refusal {
    Refusal::new(&MALFORMED, 422)
}

/// The day asked about is out of range.
pub fn day_out_of_range() -> Refusal {
    Refusal::new(&DAY_OUT_OF_RANGE, 422)
}

/// Too many guesses. It is answered as slowly as the slowest guess before it: a refusal at once would let a guesser
/// go on faster than ever.
pub fn guessing() -> Refusal {
    Refusal::new(&GUESSING, 429).after_ms(crate::rules::GUESS_WAIT_MS_MAX)
}

/// Nobody has these numbers.
pub fn nobody_to_refer_to() -> Refusal {
    Refusal::new(&NOBODY_TO_REFER_TO, 404)
}

/// Several people have these numbers.
pub fn several_to_refer_to() -> Refusal {
    Refusal::new(&SEVERAL_TO_REFER_TO, 409)
}

/// No such decision here.
pub fn no_such_decision() -> Refusal {
    Refusal::new(&NOT_YOURS, 404)
}
