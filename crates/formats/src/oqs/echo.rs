//! What can be echoed of a request that could not be read.
//!
//! Always holds: known elements only, each once and within its width, whatever the tree. `Debug` shows no value.
//! Not here: why it could not be read; the requests themselves say that.
//! Rules come from: the reference on the OQS interface, sections 3, 4.1, 4.6 and 10.

use super::record::{Reading, Record, text_of};
use super::reference::Registration;
use super::request::Search;
use super::{BODY, HEADER, REGISTRATION, SEARCH};
use crate::tree::Node;

/// Whatever marks can be fished out of a request that could not be read, so that even its refusal finds its
/// way back. Only known elements within their widths: a refusal must not carry a stranger's megabyte, nor
/// data that a clinic put where it does not belong.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Echo {
    /// `QualificationConfirmationDate`.
    pub asked_on: Option<String>,
    /// `MedicalInstitutionCode`.
    pub institution: Option<String>,
    /// `ArbitraryFileIdentifier`.
    pub file_identifier: Option<String>,
    /// `QualificationConfirmSearchInfo`, its known elements.
    pub search: Option<Node>,
    /// `ReferenceNumberRegistrationInfo`, its known elements.
    pub registration: Option<Node>,
}

impl std::fmt::Debug for Echo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Echo(…)")
    }
}

impl Echo {
    /// Fishes in any tree.
    pub fn of(root: &Node) -> Echo {
        let header = root.child(HEADER);
        let body = root.child(BODY);
        Echo {
            asked_on: header.and_then(|h| fitting(h, "QualificationConfirmationDate", 8)),
            institution: header.and_then(|h| fitting(h, "MedicalInstitutionCode", 10)),
            file_identifier: header.and_then(|h| fitting(h, "ArbitraryFileIdentifier", 50)),
            search: body.and_then(|b| known::<Search>(b, SEARCH)),
            registration: body.and_then(|b| known::<Registration>(b, REGISTRATION)),
        }
    }
}

fn fitting(parent: &Node, name: &str, width: usize) -> Option<String> {
    let mut reading = Reading::new(true);
    text_of(parent, name, width, &mut reading).filter(|_| !reading.fatal)
}

/// The group of this name, without what nobody knows, what comes twice and what no layout has room for.
fn known<R: Record>(parent: &Node, name: &'static str) -> Option<Node> {
    let mut seen: Vec<Node> = Vec::new();
    for child in parent.child(name)?.children() {
        let new = R::owns(&child.name) && !seen.iter().any(|earlier| earlier.name == child.name);
        if new && child.text().is_some_and(|text| text.chars().nth(80).is_none()) {
            seen.push(child.clone());
        }
    }
    Some(Node::branch(name, seen)).filter(|node| !node.is_empty())
}
