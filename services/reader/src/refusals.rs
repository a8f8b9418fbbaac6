//! Every way in which the reader's desk says no by itself. What is wrong with a card is said by `cards`, what is wrong
//! with the facility by `counter`.
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
        engineer "The pass was not sealed by this data directory, is bound to another facility, terminal or session, or is older than [reader] pass_life_s.";
    /// A pass that was used before.
    PASS_USED = "reader.pass-used" "SKK01003E"
        what "この手続きはすでに終わっています。" "This has been done already."
        desk "もう一度、カードを置いてください。" "Please put your card on the reader again."
        engineer "A pass serves one request; a resent request must carry the same Idempotency-Key and body.";
    /// Enrolling needs a valid certificate.
    ENROL_WITH_EXPIRED = "reader.enrol-with-expired" "SKK01004E"
        what "電子証明書の有効期限が切れているため、利用登録ができません。" "You cannot enrol because the card's certificate has expired."
        desk "お住まいの市区町村の窓口で電子証明書を更新してください。今日は資格確認書などを受付にお見せください。" "Renew the certificate at your municipal office. Today, please show the reception another document such as the eligibility certificate."
        engineer "Not enrolled, and the certificate is in grace: it agrees to nothing.";
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
