//! The typed messages: the eligibility check, request `OQSsiquc01req` and answer `OQSsiquc01res` (and `res_face`);
//! and the registration of the clinic's patient number, `OQSsiimm01req` and `OQSsiimm01res`.
//!
//! Always holds: values are the texts of the message, to the letter: leading blanks kept, nothing trimmed,
//! nothing folded. `None` means absent or empty, which the interface does not distinguish. `Debug` shows no
//! value.
//! Not here: what a value means; only [`codes`] says the official words. Other messages (bulk, drugs,
//! checkups) come when a service needs them.
//! Rules come from: the reference on the OQS interface, sections 3, 4.1, 4.3 to 4.6 and 5.

pub mod codes;
mod echo;
mod record;
mod reference;
mod request;
mod response;

pub use echo::Echo;
pub use reference::{ReferenceBody, ReferenceHeader, ReferenceRequest, ReferenceResponse, Registration};
pub use request::{CheckRequest, Search};
pub use response::{
    CheckResponse, Disease, Elderly, Limit, ResponseBody, ResponseHeader, ResultRow, Ticket, VIEW_KINDS,
    ViewConsent, ViewKind,
};

/// Where the machines' door takes the JSON mirror of a check. The field's own path is not public beyond its shape, so
/// this one is ours; terminal and server share it.
pub const SEARCH_PATH: &str = "/oqs/v1/qualification/search";

/// The same for the registration of a reference number; ours too.
pub const REFERENCE_PATH: &str = "/oqs/v1/reference/register";

/// The root element of every message.
pub const ROOT: &str = "XmlMsg";
const HEADER: &str = "MessageHeader";
const BODY: &str = "MessageBody";
const SEARCH: &str = "QualificationConfirmSearchInfo";
const REGISTRATION: &str = "ReferenceNumberRegistrationInfo";
