//! The machines' door for the facilities' own patient numbers: `POST` of the JSON mirror of `OQSsiimm01req`, answered
//! with the mirror of `OQSsiimm01res`.
//!
//! Always holds: whatever a recognised terminal sends is answered in the message's own form with its identifiers
//! echoed: `SegmentOfResult` 9 when the message cannot be processed, else `ProcessingResultStatus` 1 or 2.
//! Not here: the check (`door`), XML (`formats`, `terminal`).
//! Rules come from: the reference on OQS, section 4.6.

use super::door::{BODY_MAX, answer_with, malformed_text, message, own_code, wait};
use crate::{
    NewReference,
    refusals::{self, BROKEN, BUSY},
    rules::{Field, NumbersAsked, is_reference},
};
use axum::{
    Extension,
    body::Bytes,
    extract::{State, rejection::BytesRejection},
    response::Response,
};
use base::{BranchNumber, Help, Instant, InsurerNumber, Purpose, canonical_key};
use formats::{
    json,
    oqs::{Echo, ReferenceBody, ReferenceHeader, ReferenceRequest, ReferenceResponse},
    xml::{Encoding, Limits},
};
use web::{
    house::{Asker, House, Trouble},
    routes::Machine,
};

pub(super) async fn register(
    State(house): State<House>,
    Extension(machine): Extension<Machine>,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let now = house.now();
    let understood = match &body {
        Ok(body) => understand(body),
        Err(_) => Err((Box::default(), Vec::new())),
    };
    let (echo, new) = match understood {
        Ok(understood) => understood,
        Err((mut echo, elements)) => {
            if echo.institution.is_none() {
                echo.institution = own_code(&house, machine).await;
            }
            let text = malformed_text(&elements);
            return answer_with(&cannot_process(&echo, refusals::malformed().help, text, now).write());
        }
    };
    let asker = Asker::new(machine.actor, Purpose::Reception);
    let outcome = house.change(asker, move |tx, cx| crate::register_reference(tx, cx, &new)).await;
    answer_with(
        &match outcome {
            Ok(Ok(())) => said(&echo, None, now),
            Ok(Err(refusal)) => {
                wait(refusal.wait_ms).await;
                match refusal.help {
                    help if help == &refusals::NOBODY_TO_REFER_TO
                        || help == &refusals::SEVERAL_TO_REFER_TO =>
                    {
                        said(&echo, Some(help), now)
                    }
                    help => cannot_process(&echo, help, message(help, None), now),
                }
            }
            Err(Trouble::Busy) => said(&echo, Some(&BUSY), now),
            Err(Trouble::Broken) => said(&echo, Some(&BROKEN), now),
        }
        .write(),
    )
}

/// What of a message can be echoed, and the names of the elements that are wrong.
type Malformed = (Box<Echo>, Vec<String>);

/// Reads the message; what cannot be read comes back with whatever can be echoed and the names of what is wrong.
fn understand(body: &[u8]) -> Result<(Box<Echo>, NewReference), Malformed> {
    let limits = Limits { bytes: BODY_MAX, ..Limits::default() };
    let root = json::parse(body, &limits).map_err(|_| (Box::default(), Vec::new()))?;
    let echo = Box::new(Echo::of(&root));
    match ReferenceRequest::read(&root) {
        (Some(request), _) => match read(&request) {
            Ok(new) => Ok((echo, new)),
            Err(elements) => Err((echo, elements)),
        },
        (None, problems) => {
            let last = |place: String| place.rsplit('/').next().unwrap_or_default().to_owned();
            Err((echo, problems.into_iter().map(|problem| last(problem.place)).collect()))
        }
    }
}

fn read(request: &ReferenceRequest) -> Result<NewReference, Vec<String>> {
    let told = &request.registration;
    let insurer = InsurerNumber::parse(&told.insurer_number);
    let number_key = canonical_key(&told.number);
    let branch = told.branch.as_deref().map(BranchNumber::parse).transpose();
    let reference = told.reference_number.trim();
    let mut wrong = Vec::new();
    for (bad, element) in [
        (!is_reference(reference), "ReferenceNumber"),
        (insurer.is_err(), super::door::element(Field::Insurer)),
        (number_key.is_empty(), super::door::element(Field::Number)),
        (branch.is_err(), super::door::element(Field::Branch)),
    ] {
        if bad {
            wrong.push(element.to_owned());
        }
    }
    match (insurer, branch) {
        (Ok(insurer), Ok(branch)) if wrong.is_empty() => Ok(NewReference {
            facility_code: request.institution.clone(),
            reference: reference.to_owned(),
            ask: NumbersAsked {
                insurer,
                symbol_key: told.symbol.as_deref().map(canonical_key).unwrap_or_default(),
                number_key,
                branch,
            },
        }),
        _ => Err(wrong),
    }
}

fn head(echo: &Echo, at: Instant) -> ReferenceHeader {
    ReferenceHeader {
        executed_at: at.stamp14(),
        character_code: Encoding::Utf8.code().into(),
        segment: "1".into(),
        file_identifier: echo.file_identifier.clone(),
        institution: echo.institution.clone().unwrap_or_default(),
        ..ReferenceHeader::default()
    }
}

/// Registered, or not and why.
fn said(echo: &Echo, help: Option<&'static Help>, at: Instant) -> ReferenceResponse {
    ReferenceResponse {
        header: head(echo, at),
        body: ReferenceBody {
            registration: echo.registration.clone(),
            status: Some(if help.is_some() { "2" } else { "1" }.into()),
            code: help.map(|help| help.oqs.into()),
            message: help.map(|help| message(help, None)),
        },
    }
}

fn cannot_process(echo: &Echo, help: &'static Help, text: String, at: Instant) -> ReferenceResponse {
    ReferenceResponse {
        header: ReferenceHeader {
            segment: "9".into(),
            error_code: Some(help.oqs.into()),
            error_message: Some(text),
            ..head(echo, at)
        },
        body: ReferenceBody {
            registration: echo.registration.clone(),
            status: Some("2".into()),
            ..ReferenceBody::default()
        },
    }
}
