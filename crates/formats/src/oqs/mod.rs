//! The typed messages of the eligibility check: request `OQSsiquc01req`, answer `OQSsiquc01res` (and
//! `res_face`).
//!
//! Always holds: values are the texts of the message, to the letter: leading blanks kept, nothing trimmed,
//! nothing folded. `None` means absent or empty, which the interface does not distinguish. `Debug` shows no
//! value.
//! Not here: what a value means; only [`codes`] says the official words. Other messages (bulk, reference
//! number, drugs, checkups) come when a service needs them.
//! Rules come from: the reference on the OQS interface, sections 3, 4.1, 4.3, 4.4, 4.5 and 5.

pub mod codes;
mod record;
mod request;
mod response;

pub use request::{CheckRequest, Echo, Search};
pub use response::{
    CheckResponse, Disease, Elderly, Limit, ResponseBody, ResponseHeader, ResultRow, Ticket, VIEW_KINDS,
    ViewConsent, ViewKind,
};

/// Where the machines' door takes the JSON mirror of a check. The field's own path is not public beyond its shape, so
/// this one is ours; terminal and server share it.
pub const SEARCH_PATH: &str = "/oqs/v1/qualification/search";

/// The root element of every message.
pub const ROOT: &str = "XmlMsg";
const HEADER: &str = "MessageHeader";
const BODY: &str = "MessageBody";
const SEARCH: &str = "QualificationConfirmSearchInfo";
