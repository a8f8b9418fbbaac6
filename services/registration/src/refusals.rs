//! Every way in which the insurers' desk says no.
//!
//! Always holds: codes are stable; no text can hold anything of a request; a coverage or case that is somebody else's
//! looks like one that does not exist.
//! Not here: what becomes of a filing, which is reported and never refused.
//! Rules come from: DESIGN section 3, "Answers"; docs/rules.md S5 r2.

use base::{Refusal, helps};

helps! {
    /// The coverage is not linked to the person who disputes it.
    NO_SUCH_COVERAGE = "registration.no-such-coverage" "SKR01001E"
        what "この資格情報は見つかりません。" "There is no such record of insurance."
        desk "わたしのページの一覧から選び直してください。" "Choose it again from the list on your page."
        engineer "The coverage is unknown or its standing link is to somebody else; both look the same on purpose.";
    /// The coverage is closed to viewing already.
    CLOSED_ALREADY = "registration.closed-already" "SKR01002E"
        what "この資格情報は、すでに閲覧が停止されています。" "This record is closed to viewing already."
        desk "手続きは必要ありません。確認の結果は、加入している保険者にお問い合わせください。" "Nothing is left to do. Ask your insurer what came of it."
        engineer "The link is held back (S5 r2), or quarantined after a case that ended as not the person's.";
    /// No such case.
    NO_SUCH_CASE = "registration.no-such-case" "SKR01003E"
        what "この申し出は見つかりません。" "There is no such case."
        desk "一覧から選び直してください。" "Choose it again from the list."
        engineer "The case id is unknown.";
    /// The case has ended otherwise.
    CASE_ENDED = "registration.case-ended" "SKR01004E"
        what "この申し出は、別の結果で処理が終わっています。" "This case has ended with another outcome."
        desk "処理済みの結果を確認してください。変更するには、正しい番号で届け出てください。" "See how it ended. To change it, file with the right number."
        engineer "registration_case_end has a row with another outcome; outcomes are final.";
    /// An outcome that does not exist.
    NO_OUTCOME = "registration.no-outcome" "SKR01005E"
        what "確認の結果が選ばれていません。" "No outcome was chosen."
        desk "本人のものか、そうでないかを選んでください。" "Choose whether the record is the person's."
        engineer "The form's outcome is neither theirs nor not-theirs.";
    /// The coverage is another insurer's.
    OTHER_INSURER = "registration.other-insurer" "SKR01006E"
        what "この加入は、別の保険者のものとして登録されています。" "This coverage is registered as another insurer's."
        desk "保険者番号と加入の管理番号（key）を確認し、別の管理番号で届け出てください。" "Check the insurer number and the key of the coverage, and file it under another key."
        engineer "The coverage id, made of insurer and key, has a standing entry with another insurer number.";
}

/// The coverage is not this person's.
pub fn no_such_coverage() -> Refusal {
    Refusal::new(&NO_SUCH_COVERAGE, 404)
}

/// The coverage is closed to viewing already.
pub fn closed_already() -> Refusal {
    Refusal::new(&CLOSED_ALREADY, 409)
}

/// No such case.
pub fn no_such_case() -> Refusal {
    Refusal::new(&NO_SUCH_CASE, 404)
}

/// The case has ended otherwise.
pub fn case_ended() -> Refusal {
    Refusal::new(&CASE_ENDED, 409)
}

/// The coverage is another insurer's.
pub fn other_insurer() -> Refusal {
    Refusal::new(&OTHER_INSURER, 409)
}

/// An outcome that does not exist.
pub fn no_outcome() -> Refusal {
    Refusal::new(&NO_OUTCOME, 422)
}
