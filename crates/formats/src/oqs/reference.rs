//! 照会番号登録: the clinic tells its own patient number for a person, so that later results carry it. Request
//! `OQSsiimm01req`, answer `OQSsiimm01res`.
//!
//! Always holds: a request that is read has every mandatory element once and no value longer than the layout
//! allows. What is written is in the order of the layout, without empty elements, and is read back the same.
//! Not here: which texts can be a reference number, and who may have one: terminal and desk service judge that.
//! Bulk registration.
//! Rules come from: the reference on the OQS interface, sections 3, 4.6 and 10.

use super::REGISTRATION;
use super::record::{Reading, Record, read_answer, read_request, record, write_message};
use crate::Problem;
use crate::tree::Node;

/// What a clinic registers.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ReferenceRequest {
    /// The facility that registers (`MedicalInstitutionCode`).
    pub institution: String,
    /// The clinic's own mark for the file, echoed (`ArbitraryFileIdentifier`).
    pub file_identifier: Option<String>,
    /// Number and person.
    pub registration: Registration,
}

impl std::fmt::Debug for ReferenceRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ReferenceRequest(…)")
    }
}

record! {
    /// The clinic's patient number, and whom it stands for.
    pub struct Registration {
        /// The clinic's patient number 照会番号, ASCII.
        pub reference_number: String = "ReferenceNumber" / 50,
        /// Insurer number, padded with blanks or zeros or not at all.
        pub insurer_number: String = "InsurerNumber" / 8,
        /// Symbol 記号.
        pub symbol: Option<String> = "InsuredCardSymbol" / 80,
        /// Number 番号.
        pub number: String = "InsuredIdentificationNumber" / 80,
        /// Branch number 枝番; needed except for the latter-stage elderly.
        pub branch: Option<String> = "InsuredBranchNumber" / 2,
    }
}

record! {
    /// The header of a registration.
    pub struct RequestHeader {
        /// See [`ReferenceRequest`].
        pub institution: String = "MedicalInstitutionCode" / 10,
        /// See [`ReferenceRequest`].
        pub file_identifier: Option<String> = "ArbitraryFileIdentifier" / 50,
    }
}

impl Registration {
    /// The element, in the order of the layout; also what an answer echoes.
    pub fn node(&self) -> Node {
        let mut children = Vec::new();
        self.write(&mut children);
        Node::branch(REGISTRATION, children)
    }
}

impl ReferenceRequest {
    /// Reads a request. `None` when the root is another one, a mandatory element is missing, an element is
    /// repeated or a value is too long; the problems say which. Unknown elements are ignored and reported.
    pub fn read(root: &Node) -> (Option<ReferenceRequest>, Vec<Problem>) {
        let mut reading = Reading::new(true);
        let read = read_request::<RequestHeader, Registration>(root, REGISTRATION, &mut reading);
        let request = read.filter(|_| !reading.fatal).map(|(header, registration)| {
            let RequestHeader { institution, file_identifier } = header;
            ReferenceRequest { institution, file_identifier, registration }
        });
        (request, reading.problems)
    }

    /// The message, in the order of the layout.
    pub fn write(&self) -> Node {
        let header = RequestHeader {
            institution: self.institution.clone(),
            file_identifier: self.file_identifier.clone(),
        };
        write_message(&header, |body| body.push(self.registration.node()))
    }
}

/// The answer to a registration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReferenceResponse {
    /// Who, when, and whether the message could be processed.
    pub header: ReferenceHeader,
    /// Whether the number is registered.
    pub body: ReferenceBody,
}

record! {
    /// The header of an answer to a registration.
    pub struct ReferenceHeader {
        /// When it was done, 14 digits.
        pub executed_at: String = "ProcessExecutionTime" / 14,
        /// Encoding of this message, [`Encoding::code`](crate::xml::Encoding::code).
        pub character_code: String = "CharacterCodeIdentifier" / 1,
        /// Normal or failed, [`codes::SEGMENT`](super::codes::SEGMENT).
        pub segment: String = "SegmentOfResult" / 1,
        /// Echo of the clinic's mark.
        pub file_identifier: Option<String> = "ArbitraryFileIdentifier" / 50,
        /// The facility that registered. Empty (not written) when the request did not say.
        pub institution: String = "MedicalInstitutionCode" / 10,
        /// Why the message could not be processed.
        pub error_code: Option<String> = "ErrorCode" / 9,
        /// The same in words.
        pub error_message: Option<String> = "ErrorMessage" / 120,
    }
}

record! {
    /// The body of an answer to a registration.
    pub struct ReferenceBody {
        /// Echo of what was to be registered, [`Registration::node`].
        pub registration: Option<Node> = "ReferenceNumberRegistrationInfo" / 0,
        /// Registered or not, [`codes::STATUS`](super::codes::STATUS). Mandatory unless the header reports a
        /// failure.
        pub status: Option<String> = "ProcessingResultStatus" / 1,
        /// Why not.
        pub code: Option<String> = "ProcessingResultCode" / 9,
        /// The same in words.
        pub message: Option<String> = "ProcessingResultMessage" / 120,
    }
}

impl ReferenceResponse {
    /// The message, in the order of the layout, empty elements left out, so a body with nothing in it too.
    pub fn write(&self) -> Node {
        write_message(&self.header, |body| self.body.write(body))
    }

    /// Reads an answer. `None` when the root is another one, an element is repeated, or a mandatory element
    /// is missing; of an answer that says the message failed, only `SegmentOfResult` is needed. Unknown
    /// elements and values that are too long are reported.
    pub fn read(root: &Node) -> (Option<ReferenceResponse>, Vec<Problem>) {
        let mut reading = Reading::new(false);
        let read = read_answer::<ReferenceHeader, ReferenceBody>(root, &mut reading);
        if let Some((header, body)) = &read {
            reading.settle_answer(&header.segment, body.status.as_deref());
        }
        let response = read.map(|(header, body)| ReferenceResponse { header, body });
        (response.filter(|_| !reading.fatal), reading.problems)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;
    use crate::oqs::{CheckRequest, Echo};
    use crate::xml::{Encoding, Limits, parse, render};
    use expect_test::expect;

    const REQUEST: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<XmlMsg>
  <MessageHeader>
    <MedicalInstitutionCode>9910000042</MedicalInstitutionCode>
    <ArbitraryFileIdentifier>chart-7</ArbitraryFileIdentifier>
  </MessageHeader>
  <MessageBody>
    <ReferenceNumberRegistrationInfo>
      <ReferenceNumber>A-000123</ReferenceNumber>
      <InsurerNumber>  990042</InsurerNumber>
      <InsuredCardSymbol></InsuredCardSymbol>
      <InsuredIdentificationNumber>0034</InsuredIdentificationNumber>
      <InsuredBranchNumber>01</InsuredBranchNumber>
    </ReferenceNumberRegistrationInfo>
  </MessageBody>
</XmlMsg>"#;

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    fn request() -> ReferenceRequest {
        ReferenceRequest {
            institution: "9910000042".into(),
            file_identifier: some("chart-7"),
            registration: Registration {
                reference_number: "A-000123".into(),
                insurer_number: "  990042".into(),
                symbol: None,
                number: "0034".into(),
                branch: some("01"),
            },
        }
    }

    fn answer() -> ReferenceResponse {
        ReferenceResponse {
            header: ReferenceHeader {
                executed_at: "20270203093001".into(),
                character_code: "0".into(),
                segment: "1".into(),
                file_identifier: some("chart-7"),
                institution: "9910000042".into(),
                error_code: some("SKT00000E"),
                error_message: some("説明"),
            },
            body: ReferenceBody {
                registration: Some(request().registration.node()),
                status: some("1"),
                code: some("SKC00000W"),
                message: some("案内"),
            },
        }
    }

    fn xml(text: &str) -> Node {
        parse(text.as_bytes(), &Limits::default()).expect("well formed").0
    }

    #[test]
    fn a_registration_is_read_to_the_letter_and_comes_back_the_same() {
        assert!(ReferenceRequest::read(&xml(REQUEST)) == (Some(request()), vec![]));
        let full = ReferenceRequest {
            registration: Registration { symbol: some("あ・１２"), ..request().registration },
            ..request()
        };
        for request in [request(), full] {
            let node = request.write();
            for encoding in [Encoding::Utf8, Encoding::ShiftJis] {
                let (back, _) = parse(&render(&node, encoding).bytes, &Limits::default()).expect("a message");
                assert!(ReferenceRequest::read(&back) == (Some(request.clone()), vec![]));
            }
            let mirror = json::parse(&json::render(&node), &Limits::default()).expect("a message");
            assert!(ReferenceRequest::read(&mirror) == (Some(request), vec![]));
        }
    }

    #[test]
    fn both_are_written_in_the_order_of_the_layout() {
        let mut full = request();
        full.registration.symbol = some("12");
        expect!["XmlMsg{MessageHeader{MedicalInstitutionCode, ArbitraryFileIdentifier}, MessageBody{ReferenceNumberRegistrationInfo{ReferenceNumber, InsurerNumber, InsuredCardSymbol, InsuredIdentificationNumber, InsuredBranchNumber}}}"]
            .assert_eq(&format!("{:?}", full.write()));
        expect!["XmlMsg{MessageHeader{ProcessExecutionTime, CharacterCodeIdentifier, SegmentOfResult, ArbitraryFileIdentifier, MedicalInstitutionCode, ErrorCode, ErrorMessage}, MessageBody{ReferenceNumberRegistrationInfo{ReferenceNumber, InsurerNumber, InsuredIdentificationNumber, InsuredBranchNumber}, ProcessingResultStatus, ProcessingResultCode, ProcessingResultMessage}}"]
            .assert_eq(&format!("{:?}", answer().write()));
    }

    #[test]
    fn what_is_wrong_with_a_registration_is_named_without_its_values() {
        let long = "9".repeat(51);
        for (from, to, what) in [
            ("<ReferenceNumber>A-000123</ReferenceNumber>", "", "ReferenceNumber: mandatory, missing"),
            ("A-000123", " ", "ReferenceNumber: mandatory, missing"),
            ("A-000123", &long, "ReferenceNumber: longer than the layout allows"),
            ("  990042", "", "InsurerNumber: mandatory, missing"),
            (">0034<", "><", "InsuredIdentificationNumber: mandatory, missing"),
            (">9910000042<", "><", "MedicalInstitutionCode: mandatory, missing"),
            (
                "<InsuredBranchNumber>",
                "<ReferenceNumber>1</ReferenceNumber><InsuredBranchNumber>",
                "comes more than once",
            ),
            (
                "ReferenceNumberRegistrationInfo>",
                "QualificationConfirmSearchInfo>",
                "ReferenceNumberRegistrationInfo: mandatory, missing",
            ),
            ("XmlMsg>", "Message>", "the root should be XmlMsg"),
        ] {
            assert!(REQUEST.contains(from));
            let (read, problems) = ReferenceRequest::read(&xml(&REQUEST.replace(from, to)));
            let said = problems.last().map(ToString::to_string).unwrap_or_default();
            assert!(read.is_none() && said.contains(what), "{what}: {said}");
            assert!(!said.contains("0034") && !said.contains("A-000"));
        }
        // The two requests are not taken for each other.
        assert!(CheckRequest::read(&xml(REQUEST)).0.is_none());
    }

    #[test]
    fn a_broken_registration_is_echoed_as_far_as_it_is_known() {
        let whole = Echo::of(&request().write());
        assert!(whole.registration == Some(request().registration.node()) && whole.search.is_none());
        let broken = REQUEST
            .replace("0034", "<X/>")
            .replace("<InsurerNumber>", "<Name>1</Name><ReferenceNumber>2</ReferenceNumber><InsurerNumber>");
        let echo = Echo::of(&xml(&broken));
        assert!(echo.institution == some("9910000042") && echo.file_identifier == some("chart-7"));
        let known = echo.registration.expect("some elements");
        let names: Vec<_> = known.children().iter().filter(|node| !node.is_empty()).collect();
        expect!["[ReferenceNumber, InsurerNumber, InsuredBranchNumber]"].assert_eq(&format!("{names:?}"));
        assert_eq!(known.child_text("ReferenceNumber"), Some("A-000123"));
    }

    #[test]
    fn answers_come_back_the_same_whole_or_not() {
        let done = ReferenceResponse {
            header: ReferenceHeader { error_code: None, error_message: None, ..answer().header },
            body: ReferenceBody { code: None, message: None, ..answer().body },
        };
        let failed = ReferenceResponse {
            header: ReferenceHeader {
                segment: "9".into(),
                institution: String::new(),
                executed_at: String::new(),
                ..answer().header
            },
            body: ReferenceBody::default(),
        };
        for answer in [answer(), done, failed] {
            let node = answer.write();
            let mirror = json::parse(&json::render(&node), &Limits::default()).expect("a message");
            let sjis = parse(&render(&node, Encoding::ShiftJis).bytes, &Limits::default());
            for back in [node, mirror, sjis.expect("a message").0] {
                let (read, problems) = ReferenceResponse::read(&back);
                // A failed one may lack what it could not know; that is said, and no harm.
                assert!(
                    read == Some(answer.clone()) && problems.is_empty() == (answer.header.segment == "1")
                );
            }
        }
        let silent = ReferenceResponse { body: ReferenceBody::default(), ..answer() };
        let nameless = ReferenceHeader { institution: String::new(), ..answer().header };
        for answer in [silent, ReferenceResponse { header: nameless, ..answer() }] {
            let (read, problems) = ReferenceResponse::read(&answer.write());
            assert!(read.is_none() && problems.len() == 1);
        }
    }
}
