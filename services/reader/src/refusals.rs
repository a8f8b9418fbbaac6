//! Every way in which the reader's desk says no by itself, and every end that is no success and no refusal. What is wrong
//! with a card is said by `cards`, what is wrong with the facility by `counter`.
//!
//! Always holds: codes are stable; `what` and `desk` are written for the patient who stands at the reader; no text can
//! hold anything of a request. Nine-character codes are ours, not official ones.
//! Not here: the screens of the terminal (`terminal`).
//! Rules come from: docs/rules.md S1 r1, S2 r1.

use base::{Refusal, helps};

helps! {
    /// The request is not what the reader's door takes.
    MALFORMED = "reader.malformed" "SKK01001E"
        what "カードリーダーからの要求に誤りがあります。" "The reader's request is malformed."
        desk "受付の職員にお知らせください。" "Please tell the reception."
        engineer "The JSON body of /oqs/v1/kiosk/… : see docs/vendors.md; session is 16 to 64 of A-Z a-z 0-9 - _, proof or pass (not both), words of kinds as in the table of consents.";
    /// A pass that is too old, or of another terminal or session.
    PASS_STALE = "reader.pass-stale" "SKK01002E"
        what "時間がたったため、手続きを続けられません。" "Too much time has passed to go on."
        desk "もう一度、カードを置いてください。" "Please put your card on the reader again."
        engineer "The pass was not sealed by this data directory, is bound to another facility, terminal or session, or its nonce is older than [reader] pass_life_s.";
    /// A pass that was used before.
    PASS_USED = "reader.pass-used" "SKK01003E"
        what "この手続きはすでに終わっています。" "This has been done already."
        desk "もう一度、カードを置いてください。" "Please put your card on the reader again."
        engineer "One proof is answered once, however many passes it was given; a resent request must carry the same Idempotency-Key and body.";
    /// Enrolling needs a valid certificate.
    ENROL_WITH_EXPIRED = "reader.enrol-with-expired" "SKK01004E"
        what "電子証明書の有効期限が切れているため、利用登録ができません。" "You cannot enrol because the card's certificate has expired."
        desk "お住まいの市区町村の窓口で電子証明書を更新してください。今日は資格確認書などを受付にお見せください。" "Renew the certificate at your municipal office. Today, please show the reception another document such as the eligibility certificate."
        engineer "Not enrolled, and the certificate is in grace: it agrees to nothing.";
    /// Nobody is enrolled with this card yet; the terms are shown.
    NOT_ENROLLED = "reader.not-enrolled" "SKK02001I"
        what "健康保険証としての利用登録がまだ済んでいません。" "This card is not enrolled as a health-insurance certificate yet."
        desk "画面の説明を読み、同意できれば、この場で登録できます。" "Read the terms on the screen; whoever agrees can enrol here."
        engineer "No refusal: the answer's state is enrol and has terms and a pass.";
    /// The person has no coverage today, or none that is known.
    NO_COVERAGE = "reader.no-coverage" "SKK02002I"
        what "健康保険の資格が見つかりませんでした。" "No insurance is registered for you."
        desk "受付の職員にお声がけください。資格確認書などをお持ちでしたらお見せください。" "Please speak to the reception, and show another document if you have one."
        engineer "No refusal: the check was made and its outcome is none. The enrolment is kept.";
    /// The coverage that is known has ended.
    LOST = "reader.lost" "SKK02003W"
        what "今の資格を確認できませんでした。以前の資格は終わっています。" "No insurance could be confirmed for today; the earlier one has ended."
        desk "受付の職員にお声がけください。新しい保険の資格確認書などをお見せください。" "Please speak to the reception, and show a document of your new insurance."
        engineer "No refusal: the check was made and its outcome is invalid or invalid-new-known.";
    /// Medical assistance without a ticket for this facility.
    AID_UNREGISTERED = "reader.aid-unregistered" "SKK02004W"
        what "この医療機関・薬局の医療券が、まだ登録されていません。" "No ticket of medical assistance for this facility is registered yet."
        desk "受付の職員にお声がけください。" "Please speak to the reception."
        engineer "No refusal: the check was made and its outcome is aid-unregistered.";
}

/// The request is malformed.
pub fn malformed() -> Refusal {
    Refusal::new(&MALFORMED, 422)
}

/// The pass is not good here or now.
pub fn pass_stale() -> Refusal {
    Refusal::new(&PASS_STALE, 403)
}

/// The pass was used.
pub fn pass_used() -> Refusal {
    Refusal::new(&PASS_USED, 409)
}

/// An expired certificate does not enrol.
pub fn enrol_with_expired() -> Refusal {
    Refusal::new(&ENROL_WITH_EXPIRED, 403)
}
