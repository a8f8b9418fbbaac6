//! The request of an eligibility check, and what can be echoed of one that cannot be read.
//!
//! Always holds: a request that is read has every mandatory element once and no value longer than the layout
//! allows.
//! Not here: whether dates are dates and numbers are numbers; the desk service judges that and says it in its
//! answer.
//! Rules come from: the reference on the OQS interface, sections 3, 4.1 and 10.

use super::record::{Part, Reading, Record, push_group, record, text_of};
use super::{BODY, HEADER, ROOT, SEARCH};
use crate::Problem;
use crate::tree::{Node, showable};

/// What a clinic asks.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct CheckRequest {
    /// The day that is asked about (`QualificationConfirmationDate`).
    pub asked_on: String,
    /// The facility that asks (`MedicalInstitutionCode`).
    pub institution: String,
    /// The clinic's own mark for the file, echoed (`ArbitraryFileIdentifier`).
    pub file_identifier: Option<String>,
    /// Whom the clinic looks for.
    pub search: Search,
}

impl std::fmt::Debug for CheckRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CheckRequest(…)")
    }
}

record! {
    /// Whom a clinic looks for.
    pub struct Search {
        /// Insurer number, padded with blanks or zeros or not at all.
        pub insurer_number: String = "InsurerNumber" / 8,
        /// Symbol 記号.
        pub symbol: Option<String> = "InsuredCardSymbol" / 80,
        /// Number 番号.
        pub number: String = "InsuredIdentificationNumber" / 80,
        /// Branch number 枝番.
        pub branch: Option<String> = "InsuredBranchNumber" / 2,
        /// Date of birth.
        pub birth_date: String = "Birthdate" / 8,
        /// Consent to show the high-cost limit, as the clinic declares it. Mandatory in the layout, but a
        /// request without it is clear enough: no consent.
        pub limit_consent: Option<String> = "LimitApplicationCertificateRelatedConsFlg" / 1,
        /// Consent to show specific diseases. An extension of ours: no source has it in this request, the
        /// answer has the element of the same name.
        pub disease_consent: Option<String> = "SpecificDiseasesCertificateRelatedConsFlg" / 1,
        /// The clinic's own mark for the person or visit, echoed.
        pub identifier: Option<String> = "ArbitraryIdentifier" / 50,
    }
}

record! {
    /// The header of a request.
    pub struct RequestHeader {
        /// See [`CheckRequest`].
        pub asked_on: String = "QualificationConfirmationDate" / 8,
        /// See [`CheckRequest`].
        pub institution: String = "MedicalInstitutionCode" / 10,
        /// See [`CheckRequest`].
        pub file_identifier: Option<String> = "ArbitraryFileIdentifier" / 50,
    }
}

impl Search {
    /// The element, in the order of the layout; also what an answer echoes.
    pub fn node(&self) -> Node {
        let mut children = Vec::new();
        self.write(&mut children);
        Node::branch(SEARCH, children)
    }
}

impl CheckRequest {
    /// Reads a request. `None` when the root is another one, a mandatory element is missing, an element is
    /// repeated or a value is too long; the problems say which. Unknown elements are ignored and reported.
    pub fn read(root: &Node) -> (Option<CheckRequest>, Vec<Problem>) {
        let mut reading = Reading::new(true);
        let request = read_parts(root, &mut reading);
        (request.filter(|_| !reading.fatal), reading.problems)
    }

    /// The message, in the order of the layout.
    pub fn write(&self) -> Node {
        let header = RequestHeader {
            asked_on: self.asked_on.clone(),
            institution: self.institution.clone(),
            file_identifier: self.file_identifier.clone(),
        };
        let mut parts = Vec::new();
        push_group(HEADER, &mut parts, |children| header.write(children));
        push_group(BODY, &mut parts, |children| children.push(self.search.node()));
        Node::branch(ROOT, parts)
    }
}

fn read_parts(root: &Node, reading: &mut Reading) -> Option<CheckRequest> {
    if root.name != ROOT {
        reading.fatal(showable(&root.name), "the root should be XmlMsg");
        return None;
    }
    reading.inside(ROOT, |reading| {
        reading.look_over(root, |name| name == HEADER || name == BODY);
        let header = <Option<RequestHeader>>::read(root, HEADER, 0, reading);
        if header.is_none() {
            reading.fatal(HEADER, "mandatory, missing");
        }
        let search = root.child(BODY).and_then(|body| {
            reading.inside(BODY, |reading| {
                reading.look_over(body, |name| name == SEARCH);
                <Option<Search>>::read(body, SEARCH, 0, reading)
            })
        });
        if search.is_none() {
            reading.inside(BODY, |reading| reading.fatal(SEARCH, "mandatory, missing"));
        }
        let RequestHeader { asked_on, institution, file_identifier } = header?;
        Some(CheckRequest { asked_on, institution, file_identifier, search: search? })
    })
}

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
        let search = root.child(BODY).and_then(|body| body.child(SEARCH)).map(known_search);
        Echo {
            asked_on: header.and_then(|h| fitting(h, "QualificationConfirmationDate", 8)),
            institution: header.and_then(|h| fitting(h, "MedicalInstitutionCode", 10)),
            file_identifier: header.and_then(|h| fitting(h, "ArbitraryFileIdentifier", 50)),
            search: search.filter(|node| !node.is_empty()),
        }
    }
}

fn fitting(parent: &Node, name: &str, width: usize) -> Option<String> {
    let mut reading = Reading::new(true);
    text_of(parent, name, width, &mut reading).filter(|_| !reading.fatal)
}

fn known_search(node: &Node) -> Node {
    let mut seen: Vec<Node> = Vec::new();
    for child in node.children() {
        let new = Search::owns(&child.name) && !seen.iter().any(|earlier| earlier.name == child.name);
        if new && child.text().is_some_and(|text| text.chars().nth(80).is_none()) {
            seen.push(child.clone());
        }
    }
    Node::branch(SEARCH, seen)
}
