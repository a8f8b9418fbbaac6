//! The request of an eligibility check.
//!
//! Always holds: a request that is read has every mandatory element once and no value longer than the layout
//! allows.
//! Not here: whether dates are dates and numbers are numbers; the desk service judges that and says it in its
//! answer.
//! Rules come from: the reference on the OQS interface, sections 3, 4.1 and 10.

use super::SEARCH;
use super::record::{Reading, Record, read_request, record, write_message};
use crate::Problem;
use crate::tree::Node;

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
        let read = read_request::<RequestHeader, Search>(root, SEARCH, &mut reading);
        let request = read.filter(|_| !reading.fatal).map(|(header, search)| {
            let RequestHeader { asked_on, institution, file_identifier } = header;
            CheckRequest { asked_on, institution, file_identifier, search }
        });
        (request, reading.problems)
    }

    /// The message, in the order of the layout.
    pub fn write(&self) -> Node {
        let header = RequestHeader {
            asked_on: self.asked_on.clone(),
            institution: self.institution.clone(),
            file_identifier: self.file_identifier.clone(),
        };
        write_message(&header, |body| body.push(self.search.node()))
    }
}
