//! Stories over the whole crate: bytes in, values and bytes out, and what hostile bytes do.
//!
//! Always holds: every value here is invented. Not here: tables and characters, tested where they are.
//! Rules come from: the reference on the OQS interface, sections 3, 4.11, 7 and 10.

use expect_test::{Expect, expect};
use proptest::prelude::*;

use crate::oqs::{CheckRequest, CheckResponse, Disease, Echo, Elderly, Limit, ReferenceRequest};
use crate::oqs::{
    ReferenceResponse, ResponseBody, ResponseHeader, ResultRow, Search, Ticket, VIEW_KINDS, ViewConsent,
};
use crate::tree::{Content, Node};
use crate::xml::{Bad, Encoding, Limits, parse, render};
use crate::{Problem, json};

const REQUEST: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<XmlMsg>
  <MessageHeader>
    <QualificationConfirmationDate>20270203</QualificationConfirmationDate>
    <MedicalInstitutionCode>9910000042</MedicalInstitutionCode>
    <ArbitraryFileIdentifier>visit-7</ArbitraryFileIdentifier>
  </MessageHeader>
  <MessageBody>
    <QualificationConfirmSearchInfo>
      <InsurerNumber>  990042</InsurerNumber>
      <InsuredCardSymbol>あ・１２</InsuredCardSymbol>
      <InsuredIdentificationNumber>0034</InsuredIdentificationNumber>
      <InsuredBranchNumber></InsuredBranchNumber>
      <Birthdate>19550607</Birthdate>
      <LimitApplicationCertificateRelatedConsFlg>1</LimitApplicationCertificateRelatedConsFlg>
      <ArbitraryIdentifier/>
    </QualificationConfirmSearchInfo>
  </MessageBody>
</XmlMsg>
"#;

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn request() -> CheckRequest {
    CheckRequest {
        asked_on: "20270203".into(),
        institution: "9910000042".into(),
        file_identifier: some("visit-7"),
        search: Search {
            insurer_number: "  990042".into(),
            symbol: some("あ・１２"),
            number: "0034".into(),
            branch: None,
            birth_date: "19550607".into(),
            limit_consent: some("1"),
            disease_consent: None,
            identifier: None,
        },
    }
}

fn read_xml(text: &str) -> Result<Node, Bad> {
    parse(text.as_bytes(), &Limits::default()).map(|(node, _)| node)
}

fn read_json(text: &str) -> Result<Node, Bad> {
    json::parse(text.as_bytes(), &Limits::default())
}

fn bytes_of(text: &str, label: &str) -> Vec<u8> {
    let text = text.replace("UTF-8", label);
    let (bytes, _, lost) = encoding_rs::SHIFT_JIS.encode(&text);
    assert!(!lost);
    bytes.into_owned()
}

#[test]
fn a_request_is_read_to_the_letter_in_every_form() {
    let shift_jis = ["Shift_JIS", "Windows-31J", "MS932", "cp932"].map(|label| bytes_of(REQUEST, label));
    let undeclared = bytes_of(REQUEST.split_once('\n').expect("two lines").1, "");
    let single_quotes = REQUEST.replacen('"', "'", 6);
    let forms = [
        (REQUEST.as_bytes().to_vec(), Encoding::Utf8),
        (REQUEST.replace('\n', "\r\n").into_bytes(), Encoding::Utf8),
        (format!("\u{FEFF}{REQUEST}").into_bytes(), Encoding::Utf8),
        (format!("\u{FEFF}{}", REQUEST.replace("UTF-8", "Shift_JIS")).into_bytes(), Encoding::Utf8),
        (single_quotes.into_bytes(), Encoding::Utf8),
        (undeclared, Encoding::ShiftJis),
    ];
    for (bytes, encoding) in shift_jis.map(|bytes| (bytes, Encoding::ShiftJis)).into_iter().chain(forms) {
        let (node, found) = parse(&bytes, &Limits::default()).expect("a message");
        assert_eq!(found, encoding);
        let (read, problems) = CheckRequest::read(&node);
        assert!(read == Some(request()) && problems.is_empty());
    }
    let (read, problems) = CheckRequest::read(&read_json(MIRROR).expect("a message"));
    assert!(read == Some(request()) && problems.is_empty());
}

const MIRROR: &str = r#"{"XmlMsg": {"MessageHeader": {"QualificationConfirmationDate": "20270203",
  "MedicalInstitutionCode": "9910000042", "ArbitraryFileIdentifier": "visit-7"},
  "MessageBody": {"QualificationConfirmSearchInfo": {"InsurerNumber": "  990042", "InsuredCardSymbol": "あ・１２",
  "InsuredIdentificationNumber": "0034", "InsuredBranchNumber": null, "Birthdate": "19550607",
  "LimitApplicationCertificateRelatedConsFlg": "1", "ArbitraryIdentifier": ""}}}}"#;

#[test]
fn a_request_is_written_in_the_order_of_the_layout() {
    let mut full = request();
    full.search.branch = some("01");
    full.search.disease_consent = some("0");
    full.search.identifier = some("<a&b>");
    let text = String::from_utf8(render(&full.write(), Encoding::Utf8).bytes).expect("UTF-8");
    expect![[r#"
        <?xml version="1.0" encoding="UTF-8" standalone="no"?>
        <XmlMsg><MessageHeader><QualificationConfirmationDate>20270203</QualificationConfirmationDate><MedicalInstitutionCode>9910000042</MedicalInstitutionCode><ArbitraryFileIdentifier>visit-7</ArbitraryFileIdentifier></MessageHeader><MessageBody><QualificationConfirmSearchInfo><InsurerNumber>  990042</InsurerNumber><InsuredCardSymbol>あ・１２</InsuredCardSymbol><InsuredIdentificationNumber>0034</InsuredIdentificationNumber><InsuredBranchNumber>01</InsuredBranchNumber><Birthdate>19550607</Birthdate><LimitApplicationCertificateRelatedConsFlg>1</LimitApplicationCertificateRelatedConsFlg><SpecificDiseasesCertificateRelatedConsFlg>0</SpecificDiseasesCertificateRelatedConsFlg><ArbitraryIdentifier>&lt;a&amp;b&gt;</ArbitraryIdentifier></QualificationConfirmSearchInfo></MessageBody></XmlMsg>"#]]
    .assert_eq(&text);
    assert!(CheckRequest::read(&read_xml(&text).expect("a message")).0 == Some(full));
}

/// Reads a request with something exchanged and shows what comes of it.
fn check_request(from: &str, to: &str, expected: Expect) {
    assert!(REQUEST.contains(from), "{from}");
    let node = read_xml(&REQUEST.replace(from, to)).expect("well formed");
    let (read, problems) = CheckRequest::read(&node);
    let said: Vec<String> = problems.iter().map(Problem::to_string).collect();
    expected.assert_eq(&format!("{} {said:#?}", if read.is_some() { "read" } else { "refused" }));
    assert!(!format!("{node:?}{read:?}{problems:?}").contains("SECRET"));
}

#[test]
fn problems_name_elements_and_no_values() {
    check_request(
        "<InsurerNumber>  990042</InsurerNumber>",
        "",
        expect![[r#"
        refused [
            "XmlMsg/MessageBody/QualificationConfirmSearchInfo/InsurerNumber: mandatory, missing",
        ]"#]],
    );
    check_request(
        "  990042",
        "        ",
        expect![[r#"
        refused [
            "XmlMsg/MessageBody/QualificationConfirmSearchInfo/InsurerNumber: mandatory, missing",
        ]"#]],
    );
    check_request(
        "0034",
        &"SECRET".repeat(14),
        expect![[r#"
        refused [
            "XmlMsg/MessageBody/QualificationConfirmSearchInfo/InsuredIdentificationNumber: longer than the layout allows",
        ]"#]],
    );
    check_request(
        "<InsurerNumber>",
        "<MyNumber>SECRET</MyNumber><InsurerNumber>",
        expect![[r#"
        read [
            "XmlMsg/MessageBody/QualificationConfirmSearchInfo/MyNumber: unknown element, ignored",
        ]"#]],
    );
    check_request(
        "<InsurerNumber>",
        "<N123456789018>SECRET</N123456789018><InsurerNumber>",
        expect![[r#"
        read [
            "XmlMsg/MessageBody/QualificationConfirmSearchInfo/(name not shown): unknown element, ignored",
        ]"#]],
    );
    check_request(
        "<Birthdate>",
        "<Birthdate>SECRET</Birthdate><Birthdate>",
        expect![[r#"
        refused [
            "XmlMsg/MessageBody/QualificationConfirmSearchInfo/Birthdate: comes more than once",
        ]"#]],
    );
    check_request(
        ">0034<",
        "><Odd>SECRET</Odd><",
        expect![[r#"
        refused [
            "XmlMsg/MessageBody/QualificationConfirmSearchInfo/InsuredIdentificationNumber: should hold a text, holds elements",
            "XmlMsg/MessageBody/QualificationConfirmSearchInfo/InsuredIdentificationNumber: mandatory, missing",
        ]"#]],
    );
    check_request(
        "XmlMsg>",
        "Message>",
        expect![[r#"
        refused [
            "Message: the root should be XmlMsg",
        ]"#]],
    );
    check_request(
        "MessageBody>",
        "Body>",
        expect![[r#"
        refused [
            "XmlMsg/Body: unknown element, ignored",
            "XmlMsg/MessageBody/QualificationConfirmSearchInfo: mandatory, missing",
        ]"#]],
    );
    check_request(
        "MessageHeader>",
        "Header>",
        expect![[r#"
        refused [
            "XmlMsg/Header: unknown element, ignored",
            "XmlMsg/MessageHeader: mandatory, missing",
        ]"#]],
    );
}

#[test]
fn many_problems_stay_a_short_list() {
    let noise = "<Odd>1</Odd>".repeat(5000);
    let node =
        read_xml(&REQUEST.replace("<Birthdate>", &format!("{noise}<Birthdate>"))).expect("well formed");
    let (read, problems) = CheckRequest::read(&node);
    assert!(read.is_some());
    assert_eq!(problems.len(), 50);
}

#[test]
fn what_can_be_echoed_is_echoed() {
    let whole = Echo::of(&request().write());
    assert!(whole.search == Some(request().search.node()) && whole.asked_on == some("20270203"));
    let broken = REQUEST
        .replace("0034", "<X/>")
        .replace("<Birthdate>", "<MyNumber>1</MyNumber><InsurerNumber>2</InsurerNumber><Birthdate>")
        .replace("visit-7", &"x".repeat(51));
    let Echo { asked_on, institution, file_identifier, search, registration } =
        Echo::of(&read_xml(&broken).expect("well formed"));
    assert!(asked_on == some("20270203") && institution == some("9910000042") && file_identifier.is_none());
    assert!(registration.is_none());
    let names: Vec<_> = search.iter().flat_map(Node::children).filter(|node| !node.is_empty()).collect();
    expect!["[InsurerNumber, InsuredCardSymbol, Birthdate, LimitApplicationCertificateRelatedConsFlg]"]
        .assert_eq(&format!("{names:?}"));
    assert!(Echo::of(&Node::leaf("Other", "x")) == Echo::default());
}

fn ticket() -> Ticket {
    Ticket {
        ticket_type: some("01"),
        valid_from: some("20270201"),
        valid_until: some("20270228"),
        issue_number: some("000000000000001"),
        month: some("202702"),
        facility_code: some("9910000042"),
        facility_flag: some("0"),
        facility_name: some("架空診療所"),
        prescriber_code: some("9910000043"),
        prescriber_name: some("架空病院"),
        injury1: some("一"),
        injury2: some("二"),
        injury3: some("三"),
        treatment_type: some("02"),
        self_pay: some("0"),
        district_contact: some("担当甲"),
        handling_contact: some("担当乙"),
        single_or_combined: some("01"),
        social_insurance: some("02"),
        consistency: some("1"),
        infection: some("02"),
        elderly_care: some("02"),
        prefectural_expenses: some("02"),
        remarks1: some("い"),
        remarks2: some("ろ"),
        remarks3: some("は"),
    }
}

fn disease(category: &str) -> Disease {
    Disease {
        category: some(category),
        issued_on: some("20260401"),
        valid_from: some("20260401"),
        valid_until: some("20270331"),
        self_pay: some("10000"),
    }
}

fn full_row() -> ResultRow {
    let consent = |stem| ViewConsent {
        kind: stem,
        flag: some("1"),
        time: some("20270203093001"),
        available: some("20270204093001"),
    };
    ResultRow {
        card_class: "01".into(),
        insurer_number: "  990042".into(),
        symbol: some("あ・１２"),
        number: some("0034"),
        branch: some("01"),
        family: some("1"),
        insured_name: some("架空　太郎"),
        name: "架空　太郎".into(),
        other_name: some("架空　通"),
        kana: some("ｶｸｳ ﾀﾛｳ"),
        other_kana: some("ｶｸｳ ﾂｳ"),
        sex: "1".into(),
        sex2: some("1"),
        birth_date: "19550607".into(),
        address: some("架空県架空市１－２"),
        postcode: some("999-0001"),
        qualified_on: some("20200401"),
        disqualified_on: some("20280401"),
        certificate_issued_on: some("20200402"),
        card_valid_from: some("20200403"),
        card_valid_until: some("20280331"),
        copayment_rate: some("020"),
        preschool: some("1"),
        loss_reason: some("99"),
        insurer_name: "架空組合".into(),
        elderly: Some(Elderly {
            issued_on: some("20250701"),
            valid_from: some("20250702"),
            valid_until: some("20300630"),
            ratio: some("020"),
        }),
        limit_consent: some("1"),
        limit_consent_time: some("20270203093000"),
        limit: Some(Limit {
            class: some("01"),
            flag: some("B04"),
            issued_on: some("20260731"),
            valid_from: some("20260801"),
            valid_until: some("20270731"),
            long_term_from: some("20260901"),
        }),
        disease_consent: some("1"),
        disease_consent_time: some("20270203093000"),
        diseases: vec![disease("1"), disease("2")],
        tickets: vec![ticket()],
        consents: VIEW_KINDS.iter().rev().map(|kind| consent(kind.stem)).collect(),
        registered_at: some("20270101000000"),
        identifier: some("p-1"),
        reference_number: some("000123"),
        confirmation_key: some("k"),
        change_flag: some("0"),
    }
}

fn full_response() -> CheckResponse {
    let plain =
        ResultRow { card_class: "A1".into(), name: "架空　太郎".into(), sex: "1".into(), ..full_row() };
    CheckResponse {
        header: ResponseHeader {
            executed_at: "20270203093001".into(),
            asked_on: "20270203".into(),
            institution: "9910000042".into(),
            file_identifier: some("visit-7"),
            reference_class: "1".into(),
            segment: "1".into(),
            error_code: some("SKKB0001E"),
            error_message: some("説明"),
            character_code: Encoding::Utf8.code().into(),
        },
        body: ResponseBody {
            search: Some(request().search.node()),
            treatment: some("1"),
            prescription: some("2"),
            status: some("1"),
            code: some("SKKB0002I"),
            message: some("案内"),
            validity: some("1"),
            results: vec![
                full_row(),
                ResultRow {
                    consents: vec![],
                    tickets: vec![],
                    diseases: vec![],
                    limit: None,
                    elderly: None,
                    ..plain
                },
            ],
        },
    }
}

/// The names of a tree, indented.
fn outline(node: &Node, depth: usize, out: &mut String) {
    out.push_str(&format!("{}{}\n", " ".repeat(depth), node.name));
    node.children().iter().for_each(|child| outline(child, depth + 1, out));
}

#[test]
fn a_full_answer_is_in_the_order_of_the_layout() {
    let mut one = full_response();
    one.body.results.truncate(1);
    let mut names = String::new();
    outline(&one.write(), 0, &mut names);
    expect![[r#"
        XmlMsg
         MessageHeader
          ProcessExecutionTime
          QualificationConfirmationDate
          MedicalInstitutionCode
          ArbitraryFileIdentifier
          ReferenceClassification
          SegmentOfResult
          ErrorCode
          ErrorMessage
          CharacterCodeIdentifier
         MessageBody
          QualificationConfirmSearchInfo
           InsurerNumber
           InsuredCardSymbol
           InsuredIdentificationNumber
           Birthdate
           LimitApplicationCertificateRelatedConsFlg
          MedicalTreatmentFlag
          PrescriptionIssueSelect
          ProcessingResultStatus
          ProcessingResultCode
          ProcessingResultMessage
          QualificationValidity
          ResultList
           ResultOfQualificationConfirmation
            InsuredCardClassification
            InsurerNumber
            InsuredCardSymbol
            InsuredIdentificationNumber
            InsuredBranchNumber
            PersonalFamilyClassification
            InsuredName
            Name
            NameOfOther
            NameKana
            NameOfOtherKana
            Sex1
            Sex2
            Birthdate
            Address
            PostNumber
            QualificationDate
            DisqualificationDate
            InsuredCertificateIssuanceDate
            InsuredCardValidDate
            InsuredCardExpirationDate
            InsuredPartialContributionRatio
            PreschoolClassification
            ReasonOfLoss
            InsurerName
            ElderlyRecipientCertificateInfo
             ElderlyRecipientCertificateDate
             ElderlyRecipientValidStartDate
             ElderlyRecipientValidEndDate
             ElderlyRecipientContributionRatio
            LimitApplicationCertificateRelatedConsFlg
            LimitApplicationCertificateRelatedConsTime
            LimitApplicationCertificateRelatedInfo
             LimitApplicationCertificateClassification
             LimitApplicationCertificateClassificationFlag
             LimitApplicationCertificateDate
             LimitApplicationCertificateValidStartDate
             LimitApplicationCertificateValidEndDate
             LimitApplicationCertificateLongTermDate
            SpecificDiseasesCertificateRelatedConsFlg
            SpecificDiseasesCertificateRelatedConsTime
            SpecificDiseasesCertificateList
             SpecificDiseasesCertificateInfo
              SpecificDiseasesDiseaseCategory
              SpecificDiseasesCertificateDate
              SpecificDiseasesValidStartDate
              SpecificDiseasesValidEndDate
              SpecificDiseasesSelfPay
             SpecificDiseasesCertificateInfo
              SpecificDiseasesDiseaseCategory
              SpecificDiseasesCertificateDate
              SpecificDiseasesValidStartDate
              SpecificDiseasesValidEndDate
              SpecificDiseasesSelfPay
            PublicExpenseResultList
             MedicalTicketInfo
              TicketType
              MedicalTicketValidDate
              MedicalTicketExpirationDate
              IssueNumber
              MedicalTreatmentMonth
              DesignatedMedicalInstitutionCode
              DesignatedMedicalInstitutionFlag
              DesignatedMedicalInstitutionName
              PrescriptionIssuerMedicalInstitutionCode
              PrescriptionIssuerMedicalInstitutionName
              InjuryName1
              InjuryName2
              InjuryName3
              MedicalTreatmentType
              SelfPayAmount
              DistrictContactName
              HandlingContactName
              SingleOrCombinedUse
              StatusOfSocialInsurance
              ConsistencyFlag
              StatusOfInfecton
              StatusOfElderlyMedicalCare
              StatusOfPrefecturalExpenses
              Remarks1
              Remarks2
              Remarks3
            SpecificHealthCheckupsInfoConsFlg
            SpecificHealthCheckupsInfoConsTime
            SpecificHealthCheckupsInfoAvailableTime
            PharmacistsInfoConsFlg
            PharmacistsInfoConsTime
            PharmacistsInfoAvailableTime
            DiagnosisInfoConsFlg
            DiagnosisInfoConsTime
            DiagnosisInfoAvailableTime
            OperationInfoConsFlg
            OperationInfoConsTime
            OperationInfoAvailableTime
            DiagnosisNameConsFlg
            DiagnosisNameConsTime
            DiagnosisNameAvailableTime
            InfectiousInfoConsFlg
            InfectiousInfoConsTime
            InfectiousInfoAvailableTime
            AllergyInfoConsFlg
            AllergyInfoConsTime
            AllergyInfoAvailableTime
            ContraindicationInfoConsFlg
            ContraindicationInfoConsTime
            ContraindicationInfoAvailableTime
            TestInfoConsFlg
            TestInfoConsTime
            TestInfoAvailableTime
            PrescriptionInfoConsFlg
            PrescriptionInfoConsTime
            PrescriptionInfoAvailableTime
            OnsRegistrationTime
            ArbitraryIdentifier
            ReferenceNumber
            QualificationConfirmationKey
            QualificationChangeFlg
    "#]]
    .assert_eq(&names);
}

#[test]
fn a_full_answer_comes_back_the_same() {
    let mut full = full_response();
    let node = full.write();
    // The order of the layout is also that of the consents when read.
    full.body.results[0].consents.reverse();
    let back = [
        read_xml(&String::from_utf8(render(&node, Encoding::Utf8).bytes).expect("UTF-8")),
        parse(&render(&node, Encoding::ShiftJis).bytes, &Limits::default()).map(|(node, _)| node),
        json::parse(&json::render(&node), &Limits::default()),
    ];
    for node in back {
        let (read, problems) = CheckResponse::read(&node.expect("a message"));
        assert!(problems.is_empty(), "{problems:?}");
        assert!(read.as_ref() == Some(&full));
    }
}

#[test]
fn a_consent_has_times_only_while_it_is_given() {
    let consent = |kind, flag: Option<&str>| ViewConsent {
        kind,
        flag: flag.map(str::to_owned),
        time: some("20270203093001"),
        available: some("20270204093001"),
    };
    let flags = [Some("0"), Some("1"), Some("2"), Some("3"), None];
    let consents = VIEW_KINDS.iter().zip(flags).map(|(kind, flag)| consent(kind.stem, flag)).collect();
    let row = ResultRow { consents, ..full_row() };
    let body = ResponseBody { results: vec![row], ..full_response().body };
    let node = CheckResponse { header: full_response().header, body }.write();
    let (read, problems) = CheckResponse::read(&node);
    let read = read.expect("an answer").body.results.remove(0).consents;
    let told: Vec<String> = read
        .iter()
        .map(|c| format!("{} {:?} {} {}", c.kind, c.flag, c.time.is_some(), c.available.is_some()))
        .collect();
    expect![[r#"
        SpecificHealthCheckupsInfo Some("0") false false
        PharmacistsInfo Some("1") true true
        DiagnosisInfo Some("2") false false
        OperationInfo Some("3") false false"#]]
    .assert_eq(&told.join("\n"));
    assert!(problems.is_empty(), "{problems:?}");
    // Whatever somebody else wrote is read.
    let text = String::from_utf8(render(&node, Encoding::Utf8).bytes).expect("UTF-8");
    let flag = "<DiagnosisInfoConsFlg>2</DiagnosisInfoConsFlg>";
    assert!(text.contains(flag));
    let time = "<TestInfoConsTime>20270203093001</TestInfoConsTime>";
    let (read, problems) = CheckResponse::read(&read_xml(&text.replace(flag, time)).expect("a message"));
    let read = read.expect("an answer").body.results.remove(0).consents;
    let last = read.last().expect("a consent");
    assert!(problems.is_empty() && last.kind == "TestInfo" && last.flag.is_none() && last.time.is_some());
}

/// The elements without which the strictest known client refuses an answer.
#[test]
fn an_answer_from_the_card_reader_has_what_strict_clients_need() {
    let mut face = full_response();
    (face.body.search, face.header.error_code, face.header.error_message) = (None, None, None);
    for encoding in [Encoding::Utf8, Encoding::ShiftJis] {
        let bytes = render(&face.write(), encoding).bytes;
        let (node, _) = parse(&bytes, &Limits::default()).expect("a message");
        let [header, body] = node.children() else { panic!("header and body") };
        for name in [
            "ProcessExecutionTime",
            "QualificationConfirmationDate",
            "MedicalInstitutionCode",
            "ReferenceClassification",
            "SegmentOfResult",
            "CharacterCodeIdentifier",
        ] {
            assert!(header.child_text(name).is_some(), "{name}");
        }
        assert!(body.child_text("ProcessingResultStatus").is_some());
        assert!(body.child("QualificationConfirmSearchInfo").is_none());
        for row in body.child("ResultList").expect("results").children() {
            for name in ["InsuredCardClassification", "Name", "Sex1", "Birthdate", "InsurerName"] {
                assert!(row.child_text(name).is_some(), "{name}");
            }
        }
    }
}

#[test]
fn the_mirror_has_lists_of_objects_with_one_key() {
    let row =
        ResultRow { name: "\"架空\\　花\"".into(), diseases: vec![disease("3")], ..ResultRow::default() };
    let body = ResponseBody { status: some("1"), results: vec![row.clone(), row], ..ResponseBody::default() };
    let text = json::render(&CheckResponse { header: ResponseHeader::default(), body }.write());
    expect![[r#"{"XmlMsg":{"MessageBody":{"ProcessingResultStatus":"1","ResultList":[{"ResultOfQualificationConfirmation":{"Name":"\"架空\\　花\"","SpecificDiseasesCertificateList":[{"SpecificDiseasesCertificateInfo":{"SpecificDiseasesDiseaseCategory":"3","SpecificDiseasesCertificateDate":"20260401","SpecificDiseasesValidStartDate":"20260401","SpecificDiseasesValidEndDate":"20270331","SpecificDiseasesSelfPay":"10000"}}]}},{"ResultOfQualificationConfirmation":{"Name":"\"架空\\　花\"","SpecificDiseasesCertificateList":[{"SpecificDiseasesCertificateInfo":{"SpecificDiseasesDiseaseCategory":"3","SpecificDiseasesCertificateDate":"20260401","SpecificDiseasesValidStartDate":"20260401","SpecificDiseasesValidEndDate":"20270331","SpecificDiseasesSelfPay":"10000"}}]}}]}}}"#]].assert_eq(&String::from_utf8(text).expect("UTF-8"));
}

#[test]
fn answers_that_are_not_whole() {
    let header = |segment: &str| ResponseHeader { segment: segment.into(), ..full_response().header };
    let nobody = CheckResponse {
        header: header("1"),
        body: ResponseBody { status: some("1"), validity: some("4"), ..ResponseBody::default() },
    };
    let failed = CheckResponse {
        header: ResponseHeader { asked_on: String::new(), institution: String::new(), ..header("9") },
        body: ResponseBody::default(),
    };
    let working = CheckResponse { header: header("2"), body: ResponseBody::default() };
    for response in [nobody, failed, working] {
        assert!(CheckResponse::read(&response.write()).0 == Some(response));
    }
    let silent = CheckResponse { header: header("1"), body: ResponseBody::default() };
    let unnamed = CheckResponse {
        body: ResponseBody {
            results: vec![ResultRow { name: String::new(), ..full_row() }],
            ..full_response().body
        },
        ..full_response()
    };
    for response in [silent, unnamed] {
        let (read, problems) = CheckResponse::read(&response.write());
        assert!(read.is_none() && problems.len() == 1);
    }
}

#[test]
fn a_name_outside_shift_jis_is_marked() {
    let row = ResultRow {
        name: "𠮷田　葛\u{E0100}子".into(), kana: some("ﾖｼﾀﾞ"), ..ResultRow::default()
    };
    let body = ResponseBody { results: vec![row], ..ResponseBody::default() };
    let node = CheckResponse { header: ResponseHeader::default(), body }.write();
    let rendered = render(&node, Encoding::ShiftJis);
    assert_eq!(rendered.substituted, ["Name"]);
    let (back, encoding) = parse(&rendered.bytes, &Limits::default()).expect("a message");
    assert_eq!(encoding, Encoding::ShiftJis);
    let (_, problems) = CheckResponse::read(&back);
    assert!(!problems.is_empty());
    let row = ["MessageBody", "ResultList", "ResultOfQualificationConfirmation"]
        .iter()
        .fold(&back, |node, name| node.child(name).expect("there"));
    assert_eq!(row.child_text("Name"), Some("吉田　葛子"));
    assert!(render(&node, Encoding::Utf8).substituted.is_empty());
}

#[test]
fn texts_are_kept() {
    for (inner, text) in [
        ("  12", "  12"),
        ("    ", "    "),
        ("\n  ", ""),
        ("&#10;", "\n"),
        ("<![CDATA[ <a> ]]>", " <a> "),
        ("a<!-- x -->b", "ab"),
        ("&lt;&#x5409;&#21513;&quot;&apos;", "<吉吉\"'"),
        ("1\r\n2", "1\n2"),
    ] {
        assert_eq!(read_xml(&format!("<A>{inner}</A>")).expect("a message").text(), Some(text), "{inner:?}");
    }
}

#[test]
fn hostile_xml_is_refused_by_one_word() {
    let limits = Limits { bytes: 1 << 20, depth: 4, nodes: 10 };
    let deep = "<a>".repeat(5) + &"</a>".repeat(5);
    let wide = format!("<a>{}</a>", "<b/>".repeat(10));
    let laughs = "<!DOCTYPE a [<!ENTITY b \"ha\"><!ENTITY c \"&b;&b;\">]><a>&c;</a>";
    for (text, bad) in [
        ("", Bad::Truncated),
        ("<?xml version=\"1.0\"", Bad::Truncated),
        ("<?xml version=\"1.0\"?>", Bad::Truncated),
        ("<a><b>1</b>", Bad::Truncated),
        ("<a>1</", Bad::Truncated),
        ("<a>&am", Bad::Truncated),
        ("<a><!-", Bad::Truncated),
        ("<a><![CDATA[x", Bad::Truncated),
        (laughs, Bad::Forbidden),
        ("<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>", Bad::Forbidden),
        ("<!DOCTYPE", Bad::Forbidden),
        ("<a>&nbsp;</a>", Bad::Forbidden),
        ("<?xml-stylesheet href=\"x\"?><a/>", Bad::Forbidden),
        ("<a>\n<?php x?></a>", Bad::Forbidden),
        (&deep, Bad::TooDeep),
        (&wide, Bad::TooMany),
        ("<a b=\"1\"/>", Bad::Mixed),
        ("<a xmlns=\"urn:x\"/>", Bad::Mixed),
        ("<x:a/>", Bad::Mixed),
        ("<氏名/>", Bad::Mixed),
        ("<a>1<b/></a>", Bad::Mixed),
        ("<a><b/>&#32;</a>", Bad::Mixed),
        ("<a>\n</b>", Bad::NotXml { line: 2 }),
        ("<a/>\n\n<b/>", Bad::NotXml { line: 3 }),
        ("<a/>x", Bad::NotXml { line: 1 }),
        ("x", Bad::NotXml { line: 1 }),
        ("</a>", Bad::NotXml { line: 1 }),
        ("<a>\n\0</a>", Bad::NotXml { line: 2 }),
        ("<a>&#0;</a>", Bad::NotXml { line: 1 }),
        ("<a>&#xD800;</a>", Bad::NotXml { line: 1 }),
        ("<a>&#x110000;</a>", Bad::NotXml { line: 1 }),
        ("<a>]]></a>", Bad::NotXml { line: 1 }),
        ("<a>& </a>", Bad::NotXml { line: 1 }),
        ("<a><!-- -- --></a>", Bad::NotXml { line: 1 }),
        ("<a><!ELEMENT b></a>", Bad::NotXml { line: 1 }),
        ("<1a/>", Bad::NotXml { line: 1 }),
        ("< a/>", Bad::NotXml { line: 1 }),
        ("\n<?xml version=\"1.0\"?><a/>", Bad::NotXml { line: 2 }),
        ("<?xml version=\"1.1\"?><a/>", Bad::NotXml { line: 1 }),
        ("<?xml standalone=\"no\" version=\"1.0\"?><a/>", Bad::NotXml { line: 1 }),
        ("<?xml version=\"1.0\" encoding=\"EUC-JP\"?><a/>", Bad::Encoding),
        ("<?xml version=\"1.0\" encoding=\"UTF-16\"?><a/>", Bad::Encoding),
    ] {
        assert_eq!(parse(text.as_bytes(), &limits).map(|_| ()), Err(bad), "{text:?}");
    }
}

#[test]
fn hostile_bytes_are_refused_by_one_word() {
    let utf16: Vec<u8> = std::iter::once('\u{FEFF}')
        .chain(REQUEST.chars())
        .flat_map(|c| {
            c.encode_utf16(&mut [0; 2]).iter().flat_map(|unit| unit.to_le_bytes()).collect::<Vec<_>>()
        })
        .collect();
    let sjis = |text: &str| bytes_of(&format!("<?xml version=\"1.0\" encoding=\"Shift_JIS\"?>{text}"), "");
    let mut cut = sjis("<a>あ");
    cut.pop();
    let two_mebibytes = format!("<a>{}</a>", " ".repeat(2 << 20));
    for (bytes, bad) in [
        (two_mebibytes.as_bytes(), Bad::TooLarge),
        (&utf16, Bad::Encoding),
        (&utf16[2..], Bad::Encoding),
        (b"<a>1</a>\0\0", Bad::Truncated),
        (b"\0\0\0", Bad::Truncated),
        (b"<a>\xff\xff</a>", Bad::Encoding),
        (b"<?xml version=\"1.0\" encoding=\"UTF-8\"?><a>\x82\xa0</a>", Bad::Encoding),
        (b"\xef\xbb\xbf<a>\x82\xa0</a>", Bad::Encoding),
        (b"\xef\xbb\xbf\xef\xbb\xbf<a/>", Bad::NotXml { line: 1 }),
        (&"<a>あ".as_bytes()[..5], Bad::Truncated),
        (&cut, Bad::Truncated),
    ] {
        assert_eq!(
            parse(bytes, &Limits::default()).map(|_| ()),
            Err(bad),
            "{:?}",
            &bytes[..bytes.len().min(50)]
        );
    }
}

#[test]
fn hostile_json_is_refused_by_one_word() {
    let limits = Limits { bytes: 1 << 20, depth: 4, nodes: 400 };
    let deep = "{\"a\":".repeat(5) + "\"1\"" + &"}".repeat(5);
    let deepest = "[".repeat(100_000);
    let keys: Vec<String> = (0..300).map(|n| format!("\"a{n}\":\"1\"")).collect();
    let keys = format!("{{\"a\":{{{}}}}}", keys.join(","));
    let items = format!("{{\"a\":[{}]}}", vec!["{\"b\":\"1\"}"; 400].join(","));
    let large = format!("{{\"a\":\"{}\"}}", " ".repeat(2 << 20));
    for (text, bad) in [
        ("", Bad::Truncated),
        ("{\"a\":{\"b\":\"1", Bad::Truncated),
        ("{\"a\":\"\\u00", Bad::Truncated),
        (&large, Bad::TooLarge),
        (&deep, Bad::TooDeep),
        (&deepest, Bad::Mixed),
        (&keys, Bad::TooMany),
        (&items, Bad::TooMany),
        ("{}", Bad::Mixed),
        ("[]", Bad::Mixed),
        ("null", Bad::Mixed),
        ("\"a\"", Bad::Mixed),
        ("[{\"a\":\"1\"}]", Bad::Mixed),
        ("{\"a\":\"1\",\"b\":\"2\"}", Bad::Mixed),
        ("{\"a\":{\"b\":\"1\",\"b\":\"2\"}}", Bad::Mixed),
        ("{\"a\":{\"b\":null,\"b\":\"2\"}}", Bad::Mixed),
        ("{\"a\":1}", Bad::Mixed),
        ("{\"a\":true}", Bad::Mixed),
        ("{\"a\":[\"1\"]}", Bad::Mixed),
        ("{\"a\":[[{\"b\":\"1\"}]]}", Bad::Mixed),
        ("{\"a\":[{\"b\":\"1\",\"c\":\"2\"}]}", Bad::Mixed),
        ("{\"a b\":\"1\"}", Bad::Mixed),
        ("{\"a\":\"\\u0000\"}", Bad::Forbidden),
        ("{\"a\":\"\\ufffe\"}", Bad::Forbidden),
        ("{\"a\":\"\\ud800\"}", Bad::NotXml { line: 1 }),
        ("{\"a\":\"1\"}\nx", Bad::NotXml { line: 2 }),
        ("{'a':1}", Bad::NotXml { line: 1 }),
    ] {
        let shown = &text[..text.len().min(50)];
        assert_eq!(json::parse(text.as_bytes(), &limits).map(|_| ()), Err(bad), "{shown}");
    }
    assert_eq!(json::parse(b"{\"a\":\"\xff\"}", &limits).map(|_| ()), Err(Bad::Encoding));
    assert!(json::parse(b"\xef\xbb\xbf{\"a\":[{\"b\":\"1\"},{},null]}", &limits).is_ok());
}

#[test]
fn a_file_cut_anywhere_is_truncated() {
    for encoding in [Encoding::Utf8, Encoding::ShiftJis] {
        let bytes = render(&full_response().write(), encoding).bytes;
        // Every cut near the start, then a stride that meets every kind of place.
        for length in (0..400).chain((400..bytes.len()).step_by(7)) {
            assert_eq!(
                parse(&bytes[..length], &Limits::default()).map(|_| ()),
                Err(Bad::Truncated),
                "{length}"
            );
        }
    }
    let bytes = json::render(&full_response().write());
    for length in (0..bytes.len()).step_by(7) {
        assert_eq!(
            json::parse(&bytes[..length], &Limits::default()).map(|_| ()),
            Err(Bad::Truncated),
            "{length}"
        );
    }
}

/// Everything that is done with bytes from outside, on any bytes.
fn exercise(bytes: &[u8]) -> String {
    let limits = Limits::default();
    let mut said = String::new();
    let parsed = [parse(bytes, &limits).map(|(node, _)| node), json::parse(bytes, &limits)];
    for result in parsed {
        said.push_str(match &result {
            Ok(_) => "ok ",
            Err(bad) => bad.word(),
        });
        said.push(' ');
        let Ok(node) = result else { continue };
        let _ = (CheckRequest::read(&node), CheckResponse::read(&node), Echo::of(&node), json::render(&node));
        let _ = (ReferenceRequest::read(&node), ReferenceResponse::read(&node));
        for encoding in [Encoding::Utf8, Encoding::ShiftJis] {
            let again = render(&node, encoding);
            assert!(parse(&again.bytes, &Limits { bytes: usize::MAX, ..limits }).is_ok());
        }
    }
    said
}

/// The committed hostile files, each with what the XML and the JSON reader say.
#[test]
fn the_corpus_is_replayed() {
    let mut names: Vec<_> =
        std::fs::read_dir("corpus").expect("there").flatten().map(|entry| entry.path()).collect();
    names.sort();
    let said: Vec<String> = names
        .iter()
        .map(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            format!("{name}: {}", exercise(&std::fs::read(path).expect("readable")).trim_end())
        })
        .collect();
    expect![[r#"
        attributes.xml: mixed not-well-formed
        billion-laughs.xml: forbidden not-well-formed
        cdata-in-cdata.xml: not-well-formed not-well-formed
        charref-huge.xml: not-well-formed not-well-formed
        comment-never-ends.xml: truncated not-well-formed
        control.json: not-well-formed forbidden
        cut.xml: truncated not-well-formed
        decl-twice.xml: not-well-formed not-well-formed
        deep-array.json: not-well-formed mixed
        deep.json: not-well-formed too-deep
        deep.xml: too-deep not-well-formed
        empty.xml: truncated truncated
        euc.xml: encoding encoding
        external-entity.xml: forbidden not-well-formed
        good-bom.xml: ok  not-well-formed
        good-sjis-undeclared.xml: ok  encoding
        good-sjis.xml: ok  encoding
        good-utf8.xml: ok  not-well-formed
        good.json: not-well-formed ok
        html.xml: forbidden not-well-formed
        lie-sjis-is-utf8.xml: encoding not-well-formed
        lie-utf8-is-sjis.xml: encoding encoding
        list-of-texts.json: not-well-formed mixed
        mixed.xml: mixed not-well-formed
        namespace.xml: mixed not-well-formed
        nul-tail.xml: truncated not-well-formed
        nul.xml: not-well-formed not-well-formed
        number.json: not-well-formed mixed
        pi.xml: forbidden not-well-formed
        quote-never-ends.xml: truncated not-well-formed
        random.bin: encoding encoding
        repeated-element.xml: ok  not-well-formed
        repeated-key.json: not-well-formed mixed
        surrogate.json: not-well-formed not-well-formed
        two-documents.json: not-well-formed not-well-formed
        two-roots.xml: not-well-formed not-well-formed
        utf16be-unmarked.xml: encoding encoding
        utf16le.xml: encoding encoding
        variants.xml: ok  not-well-formed"#]]
    .assert_eq(&said.join("\n"));
}

/// What is left of a tree when empty elements are left out.
fn pruned(node: &Node) -> Node {
    match &node.content {
        Content::Text(text) => Node::leaf(node.name.clone(), text.clone()),
        Content::Children(children) => {
            let children = children.iter().filter(|child| !child.is_empty()).map(pruned).collect();
            Node::branch(node.name.clone(), children)
        }
    }
}

fn trees(text: &'static str) -> impl Strategy<Value = Node> {
    let name = "[A-Z][a-z]{0,3}(List)?";
    let leaf = (name, text).prop_map(|(name, text)| Node::leaf(name, text));
    leaf.prop_recursive(4, 40, 6, move |inner| {
        (name, prop::collection::vec(inner, 0..6)).prop_map(|(name, children)| Node::branch(name, children))
    })
    .prop_filter("the root holds something", |node| !node.is_empty())
}

proptest! {
    #[test]
    fn trees_come_back_the_same(node in trees("([ -~ぁ-ん一-龠　\n\r\t]{0,6}|\\PC{0,4})")) {
        let expected = pruned(&node);
        let (back, _) = parse(&render(&node, Encoding::Utf8).bytes, &Limits::default()).expect("ours");
        prop_assert!(back == expected);
        let back = json::parse(&json::render(&node), &Limits::default()).expect("ours");
        prop_assert!(back == expected);
    }

    #[test]
    fn trees_in_shift_jis_come_back_the_same(node in trees("[ -~ぁ-んァ-ヶｱ-ﾝ日月火水木金土髙﨑　\n]{0,6}")) {
        let rendered = render(&node, Encoding::ShiftJis);
        prop_assert!(rendered.substituted.is_empty());
        let (back, encoding) = parse(&rendered.bytes, &Limits::default()).expect("ours");
        prop_assert_eq!(encoding, Encoding::ShiftJis);
        prop_assert!(back == pruned(&node));
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        exercise(&bytes);
    }

    #[test]
    fn no_markup_panics(pieces in prop::collection::vec(
        prop::sample::select(vec![
            "<", ">", "/", "</", "<a>", "</a>", "<a/>", "<![CDATA[", "]]>", "<!--", "-->", "<?", "?>", "<?xml ", "&", ";",
            "&#", "x41", "&amp;", "a", " ", "\n", "\"", "=", "{", "}", "[", "]", ":", ",", "\"a\"", "null", "\\u", "d800",
            "<XmlMsg>", "</XmlMsg>", "<MessageBody>", "\u{FEFF}", "あ", "\0", "<!DOCTYPE", "<!",
        ]), 0..30)) {
        exercise(pieces.concat().as_bytes());
    }

    #[test]
    fn no_damage_panics(at in 0usize..2000, byte: u8) {
        let mut bytes = bytes_of(REQUEST, "Shift_JIS");
        let at = at % bytes.len();
        bytes[at] = byte;
        exercise(&bytes);
        let mut bytes = MIRROR.as_bytes().to_vec();
        let at = at % bytes.len();
        bytes[at] = byte;
        exercise(&bytes);
    }
}
