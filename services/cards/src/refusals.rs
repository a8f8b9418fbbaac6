//! Every way in which a certificate, its hold, its revocation or its proof at a reader is refused.
//!
//! Always holds: codes are stable; `docs/refusals.md` is made from `ALL` by a test; no text can hold anything of a
//! request. Nine-character codes are ours, not official ones (the official list is not public).
//! Those of a proof (SKC05…, "reader") are read by the person before the reader, in plain words.
//! Not here: what a desk says besides (grace, not enrolled, no coverage).
//! Rules come from: DESIGN section 3, "Answers"; docs/rules.md S1 r11.

use base::{Help, Refusal, helps};

helps! {
    /// The validity ends before it begins.
    DATES_OUT_OF_ORDER = "cards.dates-out-of-order" "SKD01001E"
        what "証明書の有効期間の順序が正しくありません。" "The certificate's validity ends before it begins."
        desk "発行の記録を確認してください。" "Look into the record of its issue."
        engineer "valid_from must be before valid_until.";
    /// The predecessor is not known.
    UNKNOWN_PREDECESSOR = "cards.unknown-predecessor" "SKD01002E"
        what "更新前の証明書が登録されていません。" "The certificate that this one succeeds is not known."
        desk "更新前の証明書を先に登録するか、本人を指定して登録してください。" "Register the earlier certificate first, or name the person."
        engineer "Holder::Succeeds named a serial without a row in card_certificate.";
    /// The predecessor has a successor.
    ALREADY_SUCCEEDED = "cards.already-succeeded" "SKD01003E"
        what "更新前の証明書は、別の証明書にすでに更新されています。" "Another certificate has already taken that one's place."
        desk "最も新しい証明書からの更新として登録してください。" "Register it as the successor of the newest certificate."
        engineer "A certificate has one successor at most; follow card_certificate.succeeds to the end of the chain.";
    /// The serial is somebody else's.
    SERIAL_OF_ANOTHER = "cards.serial-of-another" "SKD01004E"
        what "この証明書は、別の人のものとして登録されています。" "This certificate is registered as somebody else's."
        desk "取り違えの可能性があります。登録を止め、発行元に確認してください。" "It may be mixed up. Stop, and ask the issuer."
        engineer "card_certificate has this serial for another person. Rows are never changed: find out which side is wrong.";
    /// The serial is known with other data.
    KNOWN_OTHERWISE = "cards.known-otherwise" "SKD01005E"
        what "この証明書は、異なる内容で登録されています。" "This certificate is registered with other data."
        desk "登録済みの内容と見比べてください。" "Compare it with what is registered."
        engineer "Same serial and person; source, validity or predecessor differ.";
    /// There is no such certificate.
    NO_SUCH_CERTIFICATE = "cards.no-such-certificate" "SKD01006E"
        what "この証明書は登録されていません。" "There is no such certificate."
        desk "一覧から選び直してください。" "Choose it again from the list."
        engineer "The id has no row in card_certificate.";
    /// Nothing can be held.
    NOTHING_TO_HOLD = "cards.nothing-to-hold" "SKD02001E"
        what "停止できるカードがありません。登録がないか、すべて失効しています。" "There is no card to suspend: none is registered, or all are revoked."
        desk "失効済みのカードは使えません。本人かどうかをもう一度確かめてください。" "A revoked card cannot be used any more. Make sure again who the person is."
        engineer "The person has no certificate that is live or held.";
    /// Nothing can be lifted.
    NOTHING_TO_LIFT = "cards.nothing-to-lift" "SKD02002E"
        what "停止を解除できるカードがありません。登録がないか、すべて失効しています。" "There is no suspension to lift: no card is registered, or all are revoked."
        desk "失効したカードは元に戻せません。市区町村の窓口で新しいカードを申請するよう案内してください。" "A revocation is final. The person applies for a new card at the municipality."
        engineer "The person has no certificate that is live or held.";
    /// Another person's card.
    NOT_OWN = "cards.not-own" "SKD02003E"
        what "停止や解除ができるのは、自分のカードだけです。" "You can suspend your own card only, and lift its suspension."
        desk "本人が手続きするか、コールセンターに電話するよう案内してください。" "The person does it themself, or calls the call centre."
        engineer "Cx.actor is Actor::Person of another person.";
    /// The certificate does not read (reader).
    CERTIFICATE_MALFORMED = "cards.certificate-malformed" "SKC05001E"
        what "カードの電子証明書を読み取れませんでした。" "The certificate on the card could not be read."
        desk "カードを置き直して、もう一度お試しください。続くときはカードの故障が考えられます。市区町村の窓口にご相談ください。" "Put the card down again and try once more. If it goes on, the card may be damaged: ask at your municipality."
        engineer "Not strict DER, or larger than 8 KiB (pki::Refused::Malformed).";
    /// The certificate is for something else (reader).
    NOT_AN_AUTHENTICATION_CERTIFICATE = "cards.not-an-authentication-certificate" "SKC05002E"
        what "本人の確認に使う電子証明書ではありませんでした。" "This is not the certificate that shows who you are."
        desk "マイナンバーカードを置いて、もう一度お試しください。続くときは、職員に声をかけてください。" "Put your My Number card down and try again. If it goes on, ask the staff."
        engineer "Not a 利用者証明用 certificate: a signing one, an authority's, another policy, usage or kind of key.";
    /// No anchor signed the certificate (reader).
    ISSUER_NOT_TRUSTED = "cards.issuer-not-trusted" "SKC05003E"
        what "カードの電子証明書の発行元を確認できませんでした。" "Who issued the card's certificate could not be confirmed."
        desk "マイナンバーカードかどうかお確かめください。受付では、資格確認書などをご提示ください。" "Make sure that it is a My Number card. At a reception, show another document, such as the eligibility certificate."
        engineer "No anchor's key signed it, or it names another generation than the one that did.";
    /// A test card where real ones are accepted (reader).
    TEST_CARD = "cards.test-card" "SKC05004E"
        what "これは試験用のカードです。ここでは使えません。" "This is a test card. It cannot be used here."
        desk "ご自分のマイナンバーカードをお使いください。" "Use your own My Number card."
        engineer "O=JPKI-TEST, and the anchors are production's. The two never mix.";
    /// A real card where test ones are accepted (reader).
    REAL_CARD = "cards.real-card" "SKC05015E"
        what "ここは試験用のシステムです。実際のマイナンバーカードは使えません。" "This is a test system. Real My Number cards cannot be used."
        desk "カードを取り出してください。カードの情報は記録していません。" "Take your card back. Nothing of it was recorded."
        engineer "O=JPKI, and the anchors are the test authority's. The two never mix.";
    /// The certificate's validity has not begun (reader).
    NOT_YET_VALID = "cards.not-yet-valid" "SKC05005E"
        what "カードの電子証明書の有効期間が、まだ始まっていません。" "The card's certificate is not valid yet."
        desk "有効期間が始まってからお使いください。受付では、資格確認書などをご提示ください。" "Use it once it has become valid. At a reception, show another document, such as the eligibility certificate."
        engineer "notBefore lies ahead. If it should not, compare the clocks of server and authority.";
    /// The certificate has expired and so has its grace (reader).
    EXPIRED = "cards.expired" "SKC05006E"
        what "カードの電子証明書の有効期限が切れています。" "The card's certificate has expired."
        desk "市区町村の窓口で電子証明書を更新してください。受付では、資格確認書などをご提示ください。" "Have the certificate renewed at your municipality. At a reception, show another document, such as the eligibility certificate."
        engineer "notAfter has passed, and so has the grace that the settings give.";
    /// The certificate is revoked (reader).
    REVOKED = "cards.revoked" "SKC05007E"
        what "このカードは失効しているため、使えません。" "This card was revoked and cannot be used."
        desk "新しいカードをお持ちなら、そちらをお使いください。お持ちでなければ市区町村の窓口へ。受付では、資格確認書などをご提示ください。" "If you have a newer card, use that one; if not, ask at your municipality. At a reception, show another document, such as the eligibility certificate."
        engineer "The register, or the authority's list, has it as revoked. A revocation is final.";
    /// The certificate is held (reader).
    ON_HOLD = "cards.on-hold" "SKC05008E"
        what "このカードは、紛失などの届出により一時停止中です。" "This card is suspended, as after a loss."
        desk "カードが見つかったときは、コールセンター（24時間365日）に停止の解除をお申し出ください。受付では、資格確認書などをご提示ください。" "If the card was found again, ask the call centre (at any hour of any day) to lift the suspension. At a reception, show another document, such as the eligibility certificate."
        engineer "The register, or the authority's list, has it on hold (certificateHold).";
    /// Nobody can say whether the certificate is revoked (reader).
    STATUS_UNKNOWN = "cards.status-unknown" "SKC05009W"
        what "カードが有効かどうかを、今は確認できません。" "Whether the card still holds could not be determined."
        desk "少し待ってからもう一度お試しください。お急ぎのときは、資格確認書などをご提示ください。" "Wait a little and try again. If it is urgent, show another document, such as the eligibility certificate."
        engineer "No revocation list of the certificate's part, or none younger than the setting allows: fetch it.";
    /// The signature is not of the certificate's key over our nonce (reader).
    SIGNATURE_WRONG = "cards.signature-wrong" "SKC05010E"
        what "カードによる本人の確認ができませんでした。" "The card could not show that it is yours."
        desk "カードを置き直して、はじめからやり直してください。続くときは、職員に声をかけてください。" "Put the card down again and begin anew. If it goes on, ask the staff."
        engineer "Not the certificate's key, not our message, or another hash: SHA-256 for RSA, SHA-384 for P-384.";
    /// The nonce's life is over (reader).
    NONCE_STALE = "cards.nonce-stale" "SKC05011E"
        what "時間が過ぎたため、受け付けられませんでした。" "Too much time has passed."
        desk "はじめの画面から、もう一度お願いします。" "Begin again from the first screen."
        engineer "The nonce is older than its life; ask for a new one.";
    /// The nonce is not ours, or of another terminal, facility or session (reader).
    NONCE_FOREIGN = "cards.nonce-foreign" "SKC05012E"
        what "別の画面で始めた操作のため、受け付けられませんでした。" "This was begun on another screen."
        desk "この画面で、はじめからやり直してください。" "Begin again on this screen."
        engineer "Malformed, forged, from the future, or bound to another door, facility, terminal or session. All look alike.";
    /// The nonce was used (reader).
    NONCE_USED = "cards.nonce-used" "SKC05013E"
        what "この操作は、すでに受け付けています。" "This was taken already."
        desk "続けるには、はじめの画面からやり直してください。" "To go on, begin again from the first screen."
        engineer "A nonce proves once. A replay, or an answer that was lost and sent again under another key.";
    /// The certificate is proved but nobody's that we know (reader).
    UNKNOWN_CARD = "cards.unknown-card" "SKC05014E"
        what "このカードは、まだ登録されていません。" "This card is not registered yet."
        desk "受け取ったばかりのカードなら、翌日以降にお試しください。受付では、資格確認書などをご提示ください。" "If you have just received it, try again from tomorrow. At a reception, show another document, such as the eligibility certificate."
        engineer "card_certificate has no such serial: the authority has not told of it, or it is not linked to a person.";
}

/// A certificate that `pki` does not accept.
pub fn not_accepted(refused: pki::Refused) -> Refusal {
    use pki::Refused;
    match refused {
        Refused::Malformed => Refusal::new(&CERTIFICATE_MALFORMED, 422),
        Refused::WrongKind => Refusal::new(&NOT_AN_AUTHENTICATION_CERTIFICATE, 422),
        Refused::UntrustedIssuer => Refusal::new(&ISSUER_NOT_TRUSTED, 403),
        Refused::TestHierarchy => Refusal::new(&TEST_CARD, 403),
        Refused::ProductionHierarchy => Refusal::new(&REAL_CARD, 403),
        Refused::NotYetValid { .. } => Refusal::new(&NOT_YET_VALID, 403),
        Refused::Expired { .. } => Refusal::new(&EXPIRED, 403),
        Refused::OnHold { .. } => on_hold(),
        Refused::Revoked { .. } => revoked(),
        Refused::StatusUnknown => Refusal::new(&STATUS_UNKNOWN, 503),
    }
}

/// The certificate is held.
pub fn on_hold() -> Refusal {
    Refusal::new(&ON_HOLD, 403)
}

/// Whether a refusal is of the nonce alone: whoever is told it has proved nothing, and needed no card for it.
pub fn is_of_nonce(help: &Help) -> bool {
    [&NONCE_FOREIGN, &NONCE_STALE].into_iter().any(|known| known == help)
}

/// The certificate is revoked.
pub fn revoked() -> Refusal {
    Refusal::new(&REVOKED, 403)
}

/// The signature is not the card's over our nonce.
pub fn signature_wrong() -> Refusal {
    Refusal::new(&SIGNATURE_WRONG, 403)
}

/// The nonce's life is over.
pub fn nonce_stale() -> Refusal {
    Refusal::new(&NONCE_STALE, 403)
}

/// The nonce is not ours, or was given for something else.
pub fn nonce_foreign() -> Refusal {
    Refusal::new(&NONCE_FOREIGN, 403)
}

/// The nonce was used before.
pub fn nonce_used() -> Refusal {
    Refusal::new(&NONCE_USED, 409)
}

/// Nobody's that we know.
pub fn unknown_card() -> Refusal {
    Refusal::new(&UNKNOWN_CARD, 403)
}

/// The validity ends before it begins.
pub fn dates_out_of_order() -> Refusal {
    Refusal::new(&DATES_OUT_OF_ORDER, 422)
}

/// The predecessor is not known.
pub fn unknown_predecessor() -> Refusal {
    Refusal::new(&UNKNOWN_PREDECESSOR, 422)
}

/// The predecessor has a successor.
pub fn already_succeeded() -> Refusal {
    Refusal::new(&ALREADY_SUCCEEDED, 409)
}

/// The serial is somebody else's.
pub fn serial_of_another() -> Refusal {
    Refusal::new(&SERIAL_OF_ANOTHER, 409)
}

/// The serial is known with other data.
pub fn known_otherwise() -> Refusal {
    Refusal::new(&KNOWN_OTHERWISE, 409)
}

/// There is no such certificate.
pub fn no_such_certificate() -> Refusal {
    Refusal::new(&NO_SUCH_CERTIFICATE, 404)
}

/// Nothing can be held.
pub fn nothing_to_hold() -> Refusal {
    Refusal::new(&NOTHING_TO_HOLD, 409)
}

/// Another person's card.
pub fn not_own() -> Refusal {
    Refusal::new(&NOT_OWN, 403)
}

/// Nothing can be lifted.
pub fn nothing_to_lift() -> Refusal {
    Refusal::new(&NOTHING_TO_LIFT, 409)
}
