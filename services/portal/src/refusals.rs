//! Every way in which a person's own pages and the call centre say no.
//!
//! Always holds: codes are stable; no text can hold anything of a request; a call of somebody else looks like one that
//! does not exist; why a caller was not identified is told to nobody.
//! Not here: cards that are refused (`cards`), consents, enrolments and disputes (their own services).
//! Rules come from: DESIGN section 3, "Answers"; docs/rules.md S1 r11, S3 r1, S13 r1.

use base::{Refusal, helps};

helps! {
    /// The certificate is in its months of grace.
    CARD_IN_GRACE = "portal.card-in-grace" "SKM01001E"
        what "カードの電子証明書の有効期限が切れているため、ログインできません。" "You cannot sign in: the certificate on your card has expired."
        desk "市区町村の窓口で電子証明書を更新してください。更新までの間も、医療機関での資格確認には使えることがあります。" "Have it renewed at your municipality. Until then it may still serve at a clinic to show that you are insured."
        engineer "pki::Validity::InGrace: an expired certificate serves for eligibility alone, not for seeing or consenting.";
    /// The browser's session was not proved, or too long ago.
    NOT_PROVED = "portal.not-proved" "SKM01002E"
        what "カードによる本人の確認が、まだ終わっていません。" "Your card has not shown yet who you are."
        desk "カードリーダーの画面で確認を終えてから、もう一度押してください。時間が過ぎたときは、はじめからやり直してください。" "Finish at the card reader, then press again. If too much time has passed, begin anew."
        engineer "No row in portal_proof for this cookie, or one that was used, ended by a suspension, or is older than five minutes.";
    /// There is no reader.
    NO_READER = "portal.no-reader" "SKM01003E"
        what "カードリーダーが設定されていないため、ログインできません。" "You cannot sign in: no card reader is set up."
        desk "運営者にお問い合わせください。カードの紛失は、コールセンターが24時間365日受け付けます。" "Ask whoever runs this site. A lost card is taken by the call centre at any hour of any day."
        engineer "The setting `reader` of [portal] is empty.";
    /// A body that is not what a reader sends.
    MALFORMED = "portal.malformed" "SKM01004E"
        what "カードリーダーから届いた内容を読み取れませんでした。" "What the card reader sent could not be read."
        desk "はじめの画面から、もう一度お願いします。" "Begin again from the first screen."
        engineer "POST /my/prove takes JSON with nonce, certificate and signature, the latter two in base64.";
    /// The kind of a consent does not exist.
    NO_SUCH_KIND = "portal.no-such-kind" "SKM01005E"
        what "この同意は見つかりません。" "There is no such consent."
        desk "一覧から選び直してください。" "Choose it again from the list."
        engineer "The form's kind is none of consent::rules::KINDS, or the consent's id does not read.";
    /// Agreeing to the terms was left out.
    NOT_AGREED = "portal.not-agreed" "SKM01006E"
        what "説明への同意がないため、申し込めませんでした。" "You have not enrolled: the terms were not agreed to."
        desk "説明を読み、同意する場合は「同意する」に印を付けてください。" "Read the terms, and mark that you agree if you do."
        engineer "The form's `agree` is not 1.";
    /// The answers do not fit exactly one person.
    NOT_IDENTIFIED = "portal.not-identified" "SKM02001E"
        what "本人を確認できませんでした。" "The caller could not be identified."
        desk "どの答えが違うかは表示されません。聞き取りをやり直すか、市区町村の窓口での手続きを案内してください。" "Which answer was wrong is not told. Ask again, or send the caller to their municipality."
        engineer "The answers fit nobody, or more than one person. Misses are counted in portal_call for each operator.";
    /// Too many misses.
    GUESSING = "portal.guessing" "SKM02002E"
        what "確認できない通話が続いたため、受付を一時停止しました。" "Too many callers could not be identified: your calls rest for a while."
        desk "10分ほど待って再開してください。心当たりがなければ責任者に連絡してください。" "Wait ten minutes. If you do not know why, tell your supervisor."
        engineer "misses_max misses within ten minutes by one operator; the log has a row with the outcome alarm.";
    /// The call is unknown, over, or somebody else's.
    NO_SUCH_CALL = "portal.no-such-call" "SKM02003E"
        what "この通話の受付は見つからないか、終わっています。" "There is no such call, or it is over."
        desk "もう一度、本人の確認からやり直してください。" "Identify the caller again."
        engineer "The call is unknown, another operator's, ended, not identified, or older than fifteen minutes; all look alike.";
    /// The caller was not identified well enough for lifting.
    NOT_ENOUGH = "portal.not-enough" "SKM02004E"
        what "停止の解除に必要な確認が足りないか、答えが合いませんでした。" "The caller was not identified well enough, or an answer was wrong."
        desk "郵便番号と番地の両方、停止を届け出た日を聞き取ってやり直すか、本人のページまたは市区町村の窓口を案内してください。" "Ask for postcode, house number and the day on which the suspension was reported, or send the caller to their own pages or municipality."
        engineer "Lifting wants Asked::Everything and a day on which a certificate was held; what was missing is not told.";
    /// Nothing is held.
    NOTHING_HELD = "portal.nothing-held" "SKM02005E"
        what "停止中のカードはありません。" "No card is suspended."
        desk "画面を開き直して、今の状態を確認してください。" "Open the page again to see how it stands."
        engineer "None of the person's certificates is held.";
}

/// The certificate is in its months of grace.
pub fn card_in_grace() -> Refusal {
    Refusal::new(&CARD_IN_GRACE, 403)
}

/// The browser's session was not proved, or too long ago.
pub fn not_proved() -> Refusal {
    Refusal::new(&NOT_PROVED, 403)
}

/// There is no reader.
pub fn no_reader() -> Refusal {
    Refusal::new(&NO_READER, 503)
}

/// A body that is not what a reader sends.
pub fn malformed() -> Refusal {
    Refusal::new(&MALFORMED, 422)
}

/// The kind of a consent does not exist.
pub fn no_such_kind() -> Refusal {
    Refusal::new(&NO_SUCH_KIND, 404)
}

/// Agreeing to the terms was left out.
pub fn not_agreed() -> Refusal {
    Refusal::new(&NOT_AGREED, 422)
}

/// The answers do not fit exactly one person; answered after a wait.
pub fn not_identified(wait_ms: u32) -> Refusal {
    Refusal::new(&NOT_IDENTIFIED, 422).after_ms(wait_ms)
}

/// Too many misses: answered as slowly as the slowest one before.
pub fn guessing() -> Refusal {
    Refusal::new(&GUESSING, 429).after_ms(crate::rules::MISS_WAIT_MS_MAX)
}

/// The call is unknown, over, or somebody else's.
pub fn no_such_call() -> Refusal {
    Refusal::new(&NO_SUCH_CALL, 404)
}

/// The caller was not identified well enough for lifting.
pub fn not_enough() -> Refusal {
    Refusal::new(&NOT_ENOUGH, 422)
}

/// Nothing is held.
pub fn nothing_held() -> Refusal {
    Refusal::new(&NOTHING_HELD, 409)
}
