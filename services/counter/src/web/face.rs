//! The answer of a card check as the message `OQSsiquc01res_face`, in the JSON mirror's tree.
//!
//! Always holds: `ReferenceClassification` 1, no echo of a question (there was none); each insurance row carries the
//! flag of every kind that was asked, with times only where the person agreed; what is shown is what the decision
//! shows.
//! Not here: who the person is and what was asked (`reader`), the file and its name (`terminal`).
//! Rules come from: the reference on OQS, sections 4.3, 4.5, 6.1, 6.2.

use super::door::{decided, information};
use crate::{Checked, rules::Declared};
use base::{Help, Instant};
use formats::{
    oqs::{CheckResponse, Echo, ViewConsent},
    tree::Node,
};

/// What a person answered about one kind of medical information.
#[derive(Clone, Copy)]
pub struct Answered {
    /// The stem of the kind's elements.
    pub stem: &'static str,
    /// Whether the person agreed; then when, and until when the facility may look.
    pub given: Option<(Instant, Instant)>,
}

/// What was asked at the reader, and how it was answered.
#[derive(Clone, Default)]
pub struct Asked {
    /// Limit certificate and specific diseases: for this answer only (S1 r6).
    pub declared: Declared,
    /// Kinds of medical information.
    pub kinds: Vec<Answered>,
    /// Electronic or paper prescription, code table 017.
    pub prescription: Option<&'static str>,
    /// Something to say about the card with a good answer.
    pub card: Option<&'static Help>,
}

/// The message for a facility with this code.
pub fn message(checked: &Checked, facility: &str, asked: &Asked) -> Node {
    let echo = Echo { institution: Some(facility.to_owned()), ..Echo::default() };
    let mut response: CheckResponse = decided(&echo, checked, asked.declared);
    response.header.reference_class = BY_CARD.into();
    response.body.treatment = Some(OUTPATIENT.into());
    response.body.prescription = asked.prescription.map(Into::into);
    for row in response.body.results.iter_mut().filter(|row| row.card_class != "A1") {
        row.consents = asked.kinds.iter().map(|kind| consent(*kind)).collect();
    }
    // What the desk must do about the eligibility comes before what it may say about the card.
    if let Some(help) =
        asked.card.filter(|_| response.body.validity.is_some() && information(checked).is_none())
    {
        response.body.code = Some(help.oqs.into());
        response.body.message = Some(super::door::message(help, None));
    }
    response.write()
}

/// Code table 002: by My Number card.
const BY_CARD: &str = "1";
/// Code table 028.
const OUTPATIENT: &str = "1";

fn consent(answered: Answered) -> ViewConsent {
    ViewConsent {
        kind: answered.stem,
        flag: Some(if answered.given.is_some() { "1" } else { "0" }.into()),
        time: answered.given.map(|(at, _)| at.stamp14()),
        available: answered.given.map(|(_, until)| until.stamp14()),
    }
}
