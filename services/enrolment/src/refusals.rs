//! Every way in which an enrolment or its cancelling is refused.
//!
//! Always holds: codes are stable; `docs/refusals.md` is made from `ALL` by a test; no text can hold anything of a
//! request. Nine-character codes are ours, not official ones (the official list is not public).
//! Not here: a person who is not enrolled and asks at the reader: the desk offers enrolment.
//! Rules come from: DESIGN section 3, "Answers"; docs/rules.md S2 r1, r2.

use base::{Refusal, helps};

helps! {
    /// Other terms were agreed to than those shown today.
    OTHER_TERMS = "enrolment.other-terms" "SKE01001E"
        what "利用規約が改定されています。" "The terms have changed."
        desk "新しい規約を表示し、本人が読んで同意してから申し込んでください。" "Show the new terms; the person reads and agrees, then enrols."
        engineer "The version sent is not TERMS_VERSION: an old page, or a client with a version of its own.";
    /// The person is not enrolled.
    NOT_ENROLLED = "enrolment.not-enrolled" "SKE01002E"
        what "健康保険証利用の申込がありません。" "There is no enrolment."
        desk "取り消すものはありません。利用するには、申し込んでください。" "There is nothing to cancel. To use the card, enrol."
        engineer "The newest row of enrolment_event is a cancelling, or there is none.";
    /// Somebody else wants it.
    NOT_THE_PERSON = "enrolment.not-the-person" "SKE01003E"
        what "この手続きができるのは、本人だけです。" "Only the person themself can do this."
        desk "本人が、自分のカードと暗証番号で手続きするよう案内してください。" "The person does it with their own card and PIN."
        engineer "Cx.actor is Actor::Person of another person, or, when cancelling, no person at all.";
}

/// Other terms were agreed to than those shown today.
pub fn other_terms() -> Refusal {
    Refusal::new(&OTHER_TERMS, 409)
}

/// The person is not enrolled.
pub fn not_enrolled() -> Refusal {
    Refusal::new(&NOT_ENROLLED, 409)
}

/// Somebody else wants it.
pub fn not_the_person() -> Refusal {
    Refusal::new(&NOT_THE_PERSON, 403)
}
