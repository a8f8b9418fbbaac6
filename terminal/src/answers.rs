//! The answers the terminal makes by itself, and the last touch on those of the server.
//!
//! Always holds: every answer echoes the clinic's marks as far as they could be found. `SegmentOfResult` 9 only when
//! the message itself cannot be processed; what could not be determined has `ProcessingResultStatus` 2 without
//! `QualificationValidity` and without results. Even a failed answer has every element that strict clients ask for.
//! Not here: when which answer is given (`work.rs`), how a message is written (`formats`).
//! Rules come from: the reference on the OQS interface, sections 3, 4.3, 4.6, 6.3, 6.6 and 10; docs/rules.md S1 r3.

use crate::codes::{self, Code, MESSAGE_WIDTH};
use crate::door::Away;
use crate::messages::{Asked, Message};
use crate::rules::{self, Refused};
use formats::oqs::{
    CheckRequest, CheckResponse, Echo, ReferenceBody, ReferenceHeader, ReferenceRequest, ReferenceResponse,
    ResponseBody, ResponseHeader,
};
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

/// Told with a registration instead of what the desk notes for a check.
const REGISTER_AGAIN: &str = "照会番号は登録できていない可能性があります。後で再送してください。";

/// The message itself cannot be processed.
pub fn failed(form: Message, refused: &Refused, setting: Setting<'_>) -> Vec<u8> {
    let (code, said) = (refused.code.code, refused.code.say(&refused.element));
    without_result(form, &refused.echo, FAILED, (code, said), setting)
}

/// A good request that could not be determined, or not be done.
pub fn undetermined(asked: &Asked, code: &str, said: String, setting: Setting<'_>) -> Vec<u8> {
    without_result(asked.message(), &Echo::of(&asked.write()), NORMAL, (code, said), setting)
}

/// `SegmentOfResult`: the message was processed.
const NORMAL: &str = "1";
/// `SegmentOfResult`: the message could not be processed.
const FAILED: &str = "9";
/// `ProcessingResultStatus`: done.
const DONE: &str = "1";
/// `ProcessingResultStatus`: not done.
const NOT_DONE: &str = "2";

/// An answer that has nothing but the clinic's marks and a reason: in the header when the message failed, else in the
/// body.
fn without_result(
    form: Message,
    echo: &Echo,
    segment: &str,
    (code, said): (&str, String),
    setting: Setting<'_>,
) -> Vec<u8> {
    let executed_at = rules::stamp14(setting.utc_ms);
    // Strict clients refuse an answer without day and institution, and then show nothing at all: when the request
    // has none that can be echoed, these are the day of the answer and the terminal's own code.
    let asked_on = echo.asked_on.clone().filter(|day| rules::is_date(day));
    let asked_on = asked_on.unwrap_or_else(|| executed_at.chars().take(8).collect());
    let institution = echo.institution.clone().filter(|code| code.bytes().all(|b| b.is_ascii_digit()));
    let institution = institution.unwrap_or_else(|| setting.own_code.to_owned());
    let reason = (Some(code.to_owned()), Some(said));
    let ((error_code, error_message), (code, message)) =
        if segment == FAILED { (reason, (None, None)) } else { ((None, None), reason) };
    let (file_identifier, segment) = (echo.file_identifier.clone(), segment.to_owned());
    let (character_code, status) = (setting.encoding.code().to_owned(), Some(NOT_DONE.to_owned()));
    let node = match form {
        Message::Check => CheckResponse {
            header: ResponseHeader {
                executed_at,
                asked_on,
                institution,
                file_identifier,
                reference_class: BY_CARD_DATA.to_owned(),
                segment,
                error_code,
                error_message,
                character_code,
            },
            body: ResponseBody {
                search: echo.search.clone(),
                status,
                code,
                message,
                ..ResponseBody::default()
            },
        }
        .write(),
        Message::Reference => ReferenceResponse {
            header: ReferenceHeader {
                executed_at,
                character_code,
                segment,
                file_identifier,
                institution,
                error_code,
                error_message,
            },
            body: ReferenceBody { registration: echo.registration.clone(), status, code, message },
        }
        .write(),
    };
    xml::render(&node, setting.encoding).bytes
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
pub fn away(asked: &Asked, away: &Away, setting: Setting<'_>) -> Vec<u8> {
    let own = code_of(away);
    let said = own.say(&rules::time_of_day(setting.utc_ms));
    let said = match (asked.message(), away) {
        // What follows the first sentence is what the desk does about a patient whose coverage it does not know.
        (
            Message::Reference,
            Away::NoLine | Away::TimedOut | Away::Busy | Away::Refused { status: 500.., .. },
        ) => {
            let end = said.find('。').map_or(said.len(), |at| at + '。'.len_utf8());
            format!("{}{REGISTER_AGAIN}", said.get(..end).unwrap_or_default())
        }
        _ => said,
    };
    match away {
        // A nine-character code of the server goes through with its words: it knows better than we do why.
        Away::Refused { code: Some(code), detail, .. } if is_nine(code) => {
            let detail = detail.as_deref().map(|text| text.chars().take(MESSAGE_WIDTH).collect());
            undetermined(asked, code, detail.unwrap_or(said), setting)
        }
        _ => undetermined(asked, own.code, said, setting),
    }
}

fn is_nine(code: &str) -> bool {
    code.len() == 9 && code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// Codes under which the server answers in the form of the third answer and has recorded nothing: it is busy, or
/// broken.
pub const UNRECORDED: [&str; 2] = ["SKC02001W", "SKC02002W"];

/// What an answer means of which the server knows nothing afterwards: as if it had been away, in its own words. The same
/// in every kind of answer.
pub fn unrecorded(bytes: &[u8], limits: &Limits) -> Option<Away> {
    let root = json::parse(bytes, limits).ok()?;
    let body = root.child("MessageBody")?;
    let text = |name| body.child_text(name).map(str::to_owned);
    let code = text("ProcessingResultCode").filter(|code| UNRECORDED.contains(&code.as_str()))?;
    Some(Away::Refused { status: 503, code: Some(code), detail: text("ProcessingResultMessage") })
}

/// The server's answer as the clinic gets it; `None` when it cannot be read or is about something else.
pub fn passed_on(asked: &Asked, bytes: &[u8], limits: &Limits, setting: Setting<'_>) -> Option<Vec<u8>> {
    let root = json::parse(bytes, limits).ok()?;
    match asked {
        Asked::Check(request) => checked(request, CheckResponse::read(&root).0?, setting),
        Asked::Reference(request) => registered(request, ReferenceResponse::read(&root).0?, setting),
    }
}

fn checked(request: &CheckRequest, mut response: CheckResponse, setting: Setting<'_>) -> Option<Vec<u8>> {
    let header = &response.header;
    let own = request.search.node();
    let marks = ["InsurerNumber", "InsuredIdentificationNumber", "Birthdate", "ArbitraryIdentifier"];
    let same = is_of_header(&header.asked_on, &request.asked_on)
        && is_of_header(&header.institution, &request.institution)
        && is_mark(&header.file_identifier, &request.file_identifier)
        && response.body.search.as_ref().is_none_or(|echo| echoes(echo, &own, &marks));
    if !same {
        return None;
    }
    response.header.character_code = setting.encoding.code().to_owned();
    // Echoed to the letter, whatever the server made of them.
    response.header.file_identifier = request.file_identifier.clone();
    response.body.search = Some(own);
    let rendered = xml::render(&response.write(), setting.encoding);
    if rendered.substituted.is_empty() || response.body.code.is_some() {
        return Some(rendered.bytes);
    }
    response.body.code = Some(codes::SUBSTITUTED.code.to_owned());
    response.body.message = Some(codes::SUBSTITUTED.say(""));
    Some(xml::render(&response.write(), setting.encoding).bytes)
}

fn registered(
    request: &ReferenceRequest,
    mut response: ReferenceResponse,
    setting: Setting<'_>,
) -> Option<Vec<u8>> {
    let header = &response.header;
    let own = request.registration.node();
    let marks = [
        "ReferenceNumber",
        "InsurerNumber",
        "InsuredCardSymbol",
        "InsuredIdentificationNumber",
        "InsuredBranchNumber",
    ];
    // A success that does not say of whom could be anybody's: the clinic would take its number for registered.
    let named = match &response.body.registration {
        Some(echo) => echoes(echo, &own, &marks),
        None => response.body.status.as_deref() != Some(DONE),
    };
    let same = is_of_header(&header.institution, &request.institution)
        && is_mark(&header.file_identifier, &request.file_identifier)
        && named;
    if !same {
        return None;
    }
    response.header.character_code = setting.encoding.code().to_owned();
    response.header.file_identifier = request.file_identifier.clone();
    response.body.registration = Some(own);
    // Nothing in it needs the mark for substituted characters: it has no text but the clinic's own and ours.
    Some(xml::render(&response.write(), setting.encoding).bytes)
}

// Whether an answer belongs to the request: one that tells of somebody else must never reach the desk.

fn is_of_header(said: &str, asked: &str) -> bool {
    said.is_empty() || said == asked
}

fn is_mark(said: &Option<String>, asked: &Option<String>) -> bool {
    said.is_none() || said == asked
}

fn echoes(echo: &Node, own: &Node, marks: &[&str]) -> bool {
    marks.iter().all(|mark| echo.child_text(mark) == own.child_text(mark))
}
