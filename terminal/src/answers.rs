//! The answers the terminal makes by itself, and the last touch on those of the server.
//!
//! Always holds: every answer echoes the clinic's marks as far as they could be found. `SegmentOfResult` 9 only when
//! the message itself cannot be processed; what could not be determined has `ProcessingResultStatus` 2 without
//! `QualificationValidity` and without results. Even a failed answer has every element that strict clients ask for.
//! Not here: when which answer is given (`work.rs`), how a message is written (`formats`).
//! Rules come from: the reference on the OQS interface, sections 3, 4.3, 6.3, 6.6 and 10; docs/rules.md S1 r3.

use crate::codes::{self, Code, MESSAGE_WIDTH};
use crate::door::Away;
use crate::rules::{self, Refused};
use formats::oqs::{CheckRequest, CheckResponse, ResponseBody, ResponseHeader};
use formats::tree::Node;
use formats::xml::{self, Encoding};
use formats::{json, xml::Limits};

/// What every answer needs beside its reason.
#[derive(Clone, Copy)]
pub struct Setting<'s> {
    /// Now, milliseconds since 1970 in UTC.
    pub utc_ms: i64,
    /// The terminal's institution.
    pub own_code: &'s str,
    /// How the answer is written.
    pub encoding: Encoding,
}

/// `ReferenceClassification` 2: asked by what the certificate says.
const BY_CARD_DATA: &str = "2";

/// The message itself cannot be processed.
pub fn failed(refused: &Refused, setting: Setting<'_>) -> Vec<u8> {
    let stamp = rules::stamp14(setting.utc_ms);
    let echo = &refused.echo;
    // Strict clients refuse an answer without day and institution, and then show nothing at all: when the request
    // has none that can be echoed, these are the day of the answer and the terminal's own code.
    let asked_on = echo.asked_on.clone().filter(|day| rules::is_date(day));
    let institution = echo.institution.clone().filter(|code| code.bytes().all(|b| b.is_ascii_digit()));
    let header = ResponseHeader {
        asked_on: asked_on.unwrap_or_else(|| stamp.chars().take(8).collect()),
        institution: institution.unwrap_or_else(|| setting.own_code.to_owned()),
        executed_at: stamp,
        file_identifier: echo.file_identifier.clone(),
        reference_class: BY_CARD_DATA.to_owned(),
        segment: "9".to_owned(),
        error_code: Some(refused.code.code.to_owned()),
        error_message: Some(refused.code.say(&refused.element)),
        character_code: setting.encoding.code().to_owned(),
    };
    let body =
        ResponseBody { search: echo.search.clone(), status: Some("2".to_owned()), ..ResponseBody::default() };
    xml::render(&CheckResponse { header, body }.write(), setting.encoding).bytes
}

/// A good request that could not be determined.
pub fn undetermined(request: &CheckRequest, code: &str, message: &str, setting: Setting<'_>) -> Vec<u8> {
    let header = ResponseHeader {
        executed_at: rules::stamp14(setting.utc_ms),
        asked_on: request.asked_on.clone(),
        institution: request.institution.clone(),
        file_identifier: request.file_identifier.clone(),
        reference_class: BY_CARD_DATA.to_owned(),
        segment: "1".to_owned(),
        error_code: None,
        error_message: None,
        character_code: setting.encoding.code().to_owned(),
    };
    let body = ResponseBody {
        search: Some(request.search.node()),
        status: Some("2".to_owned()),
        code: Some(code.to_owned()),
        message: Some(message.to_owned()),
        ..ResponseBody::default()
    };
    xml::render(&CheckResponse { header, body }.write(), setting.encoding).bytes
}

/// The code for a reason why the server gave no answer.
pub fn code_of(away: &Away) -> &'static Code {
    match away {
        Away::NoLine => &codes::NO_LINE,
        Away::TimedOut => &codes::TIMED_OUT,
        Away::Busy => &codes::BUSY,
        Away::NotTrusted => &codes::NOT_TRUSTED,
        Away::Refused { status: 500.., .. } => &codes::SERVER_FAULT,
        Away::Refused { .. } => &codes::REFUSED,
    }
}

/// The answer when the server gave none.
pub fn away(request: &CheckRequest, away: &Away, setting: Setting<'_>) -> Vec<u8> {
    let own = code_of(away);
    let said = own.say(&rules::time_of_day(setting.utc_ms));
    match away {
        // A nine-character code of the server goes through with its words: it knows better than we do why.
        Away::Refused { code: Some(code), detail, .. } if is_nine(code) => {
            let detail = detail.as_deref().map(|text| text.chars().take(MESSAGE_WIDTH).collect());
            undetermined(request, code, &detail.unwrap_or(said), setting)
        }
        _ => undetermined(request, own.code, &said, setting),
    }
}

fn is_nine(code: &str) -> bool {
    code.len() == 9 && code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// Codes under which the server answers in the form of the third answer and has recorded nothing: it is busy, or
/// broken.
const UNRECORDED: [&str; 2] = ["SKC02001W", "SKC02002W"];

/// What an answer means of which the server knows nothing afterwards: as if it had been away, in its own words.
pub fn unrecorded(bytes: &[u8], limits: &Limits) -> Option<Away> {
    let body = CheckResponse::read(&json::parse(bytes, limits).ok()?).0?.body;
    let known = body.code.as_deref().is_some_and(|code| UNRECORDED.contains(&code));
    known.then_some(Away::Refused { status: 503, code: body.code, detail: body.message })
}

/// The server's answer as the clinic gets it; `None` when it cannot be read or is about something else.
pub fn passed_on(
    request: &CheckRequest,
    bytes: &[u8],
    limits: &Limits,
    setting: Setting<'_>,
) -> Option<Vec<u8>> {
    let mut response = CheckResponse::read(&json::parse(bytes, limits).ok()?).0?;
    if !is_about(&response, request) {
        return None;
    }
    response.header.character_code = setting.encoding.code().to_owned();
    // Echoed to the letter, whatever the server made of them.
    response.header.file_identifier = request.file_identifier.clone();
    response.body.search = Some(request.search.node());
    let rendered = xml::render(&response.write(), setting.encoding);
    if rendered.substituted.is_empty() || response.body.code.is_some() {
        return Some(rendered.bytes);
    }
    response.body.code = Some(codes::SUBSTITUTED.code.to_owned());
    response.body.message = Some(codes::SUBSTITUTED.say(""));
    Some(xml::render(&response.write(), setting.encoding).bytes)
}

/// Whether an answer belongs to the request: one that tells of somebody else must never reach the desk.
fn is_about(response: &CheckResponse, request: &CheckRequest) -> bool {
    let header = &response.header;
    let asked = [(&header.asked_on, &request.asked_on), (&header.institution, &request.institution)];
    let same_header = asked.iter().all(|(said, asked)| said.is_empty() || said == asked);
    let marks = ["InsurerNumber", "InsuredIdentificationNumber", "Birthdate", "ArbitraryIdentifier"];
    let own = request.search.node();
    let same = |echo: &Node| marks.iter().all(|mark| echo.child_text(mark) == own.child_text(mark));
    same_header
        && (header.file_identifier.is_none() || header.file_identifier == request.file_identifier)
        && response.body.search.as_ref().is_none_or(same)
}
