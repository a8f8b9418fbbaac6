//! The machines' door through the real router: the JSON mirror goes in, the JSON mirror comes out.
//!
//! Always holds: whatever a terminal sends, the answer is a message with status 200, of which every value is a text
//! within the widths of the layout; only what the desk asked for comes back in it.
//! Not here: client certificates (`app`), XML and files (`terminal`).

use super::desk::{Desk, facility_code, facility_id, settings, terminal_of};
use crate::{
    refusals::ALL,
    web::{
        door::{MESSAGE_MAX, message},
        machine_routes,
    },
};
use audit::testing::{each_database, seeded_random};
use axum::{body::Body, http::Request};
use base::{Clock, Help, Instant};
use expect_test::{Expect, expect};
use formats::{
    json,
    oqs::{REFERENCE_PATH, ReferenceResponse, SEARCH_PATH},
    tree::Node,
    xml::Limits,
};
use http_body_util::BodyExt;
use std::{fmt::Write, sync::Arc};
use tower::ServiceExt;
use web::{
    house::{House, Parts},
    routes::Machine,
};

/// Plays a story on each database: the lines of `tests/desk`, and `A posts c1 NAME=VALUE…` (a message with the numbers
/// of a coverage; what is named differs, `NAME` alone is left out, `key=…` is the request's id), `A sends BODY`
/// (whatever it is), `nobody sends BODY` (no certificate).
fn check(story: &str, expected: Expect) {
    let mut told: Option<String> = None;
    each_database("counter_door", |store| {
        let mut desk = Desk::open(store);
        let mut out = String::new();
        for line in story.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let mut words = line.splitn(3, ' ');
            match (words.next().unwrap_or_default(), words.next().unwrap_or_default(), words.next()) {
                (who, "posts", Some(rest)) => {
                    let (body, key) = message_of(&desk, who, rest);
                    out += &post(&desk, Some(who), &body, key.as_deref());
                }
                ("nobody", "sends", Some(body)) => out += &post(&desk, None, body, None),
                (who, "sends", Some(body)) => out += &post(&desk, Some(who), body, None),
                _ => drop(desk.line(line)),
            }
        }
        desk.no_row_names_anybody();
        assert_eq!(told.get_or_insert_with(|| out.clone()), &out, "the databases differ");
    });
    expected.assert_eq(&told.unwrap_or_default());
}

/// The body of a request in the order of the layout, and the request's id.
fn message_of(desk: &Desk<'_>, who: &str, rest: &str) -> (String, Option<String>) {
    let mut words = rest.split(' ');
    let entry = &desk.entries[words.next().unwrap_or_default()];
    let mut header = vec![
        ("QualificationConfirmationDate", desk.now.date().stamp8()),
        ("MedicalInstitutionCode", facility_code(who).to_string()),
    ];
    let mut search = vec![
        ("InsurerNumber", entry.insurer.padded()),
        ("InsuredCardSymbol", entry.symbol.clone().unwrap_or_default()),
        ("InsuredIdentificationNumber", entry.number.clone()),
        ("Birthdate", entry.birth.stamp8()),
        ("LimitApplicationCertificateRelatedConsFlg", "0".to_owned()),
    ];
    let mut key = None;
    for word in words {
        let (name, value) =
            word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value.to_owned())));
        if name == "key" {
            key = value;
            continue;
        }
        let fields = if name.starts_with("Q") || name.starts_with("M") || name.contains("File") {
            &mut header
        } else {
            &mut search
        };
        let place = fields.iter().position(|(known, _)| *known == name).unwrap_or(fields.len());
        fields.retain(|(known, _)| *known != name);
        if let Some(value) = value {
            fields.insert(place, (name, value));
        }
    }
    let object = |fields: &[(&str, String)]| {
        let members: Vec<String> =
            fields.iter().map(|(name, value)| format!("\"{name}\":\"{value}\"")).collect();
        members.join(",")
    };
    let body = format!(
        "{{\"XmlMsg\":{{\"MessageHeader\":{{{}}},\"MessageBody\":{{\"QualificationConfirmSearchInfo\":{{{}}}}}}}}}",
        object(&header),
        object(&search)
    );
    (body, key)
}

struct Stopped(Instant);

impl Clock for Stopped {
    fn now(&self) -> Instant {
        self.0
    }
}

/// A house with the stage's data and clock.
pub(super) fn house(desk: &Desk<'_>) -> House {
    let house = House::open(Parts {
        store: desk.store.clone(),
        clock: Arc::new(Stopped(desk.now)),
        ids: desk.ids.clone(),
        random: seeded_random(7),
        hosts: Vec::new(),
        demo: false,
        behind_https: false,
        desk_threads: 1,
        desk_queue: 4,
        page_threads: 1,
        page_queue: 1,
    });
    house.expect("a house")
}

/// Status and body as they leave the router.
fn post_raw(desk: &Desk<'_>, who: Option<&str>, body: &str, key: Option<&str>) -> (u16, String) {
    post_to(SEARCH_PATH, desk, who, body, key)
}

fn post_to(path: &str, desk: &Desk<'_>, who: Option<&str>, body: &str, key: Option<&str>) -> (u16, String) {
    let router = machine_routes(settings()).into_router(house(desk));
    // As in the program: what is around the door has a lower limit than the door.
    let router = router.layer(axum::extract::DefaultBodyLimit::max(1 << 20));
    let mut request = Request::post(path).header("content-type", "application/json");
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    if let Some(who) = who {
        assert!(facility_id(who) > 0);
        request = request.extension(Machine { actor: terminal_of(who) });
    }
    let request = request.body(Body::from(body.to_owned())).expect("a request");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    runtime.block_on(async {
        let response = router.oneshot(request).await.expect("an answer");
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await.expect("a body").to_bytes();
        (status, String::from_utf8(bytes.to_vec()).expect("UTF-8"))
    })
}

/// The answer as a tree, one element a line.
fn post(desk: &Desk<'_>, who: Option<&str>, body: &str, key: Option<&str>) -> String {
    let (status, text) = post_raw(desk, who, body, key);
    if who.is_none() {
        return format!("status {status}\n");
    }
    assert_eq!(status, 200, "a terminal's message is always answered");
    let root = json::parse(text.as_bytes(), &Limits::default()).expect("a message");
    let (read, problems) = formats::oqs::CheckResponse::read(&root);
    assert!(read.is_some() && problems.is_empty(), "an answer that our own reader refuses: {problems:?}");
    let mut out = String::from("answer\n");
    for part in root.children() {
        tree(part, 1, &mut out);
    }
    out
}

fn tree(node: &Node, depth: usize, out: &mut String) {
    let line = format!("{:1$}{2} {3}", "", depth * 2, node.name, node.text().unwrap_or_default());
    let _ = writeln!(out, "{}", line.trim_end());
    for child in node.children() {
        tree(child, depth + 1, out);
    }
}

#[test]
fn s1_r3_valid_with_everything() {
    check(
        "
        insurer 06132013 全国健康保険協会東京支部
        insure c1 p1 branch=01 address=東京都
        fact c1 rate 30
        fact c1 elderly 20 from=20250801 to=20260731
        fact c1 limit A03 from=20250801 to=20260731
        fact c1 disease 1 from=20200101
        insure c2 p1 class=A1 insurer=12143210 symbol=
        fact c2 ticket A from=20260601 to=20260630
        A posts c1 ArbitraryFileIdentifier=f1 ArbitraryIdentifier=patient-7 LimitApplicationCertificateRelatedConsFlg=1 SpecificDiseasesCertificateRelatedConsFlg=1
        ",
        expect![[r#"
            answer
              MessageHeader
                ProcessExecutionTime 20260601090000
                QualificationConfirmationDate 20260601
                MedicalInstitutionCode 1310110018
                ArbitraryFileIdentifier f1
                ReferenceClassification 2
                SegmentOfResult 1
                CharacterCodeIdentifier 0
              MessageBody
                QualificationConfirmSearchInfo
                  InsurerNumber 06132013
                  InsuredCardSymbol SYM001
                  InsuredIdentificationNumber 123456001
                  Birthdate 19800401
                  LimitApplicationCertificateRelatedConsFlg 1
                  ArbitraryIdentifier patient-7
                  SpecificDiseasesCertificateRelatedConsFlg 1
                ProcessingResultStatus 1
                QualificationValidity 1
                ResultList
                  ResultOfQualificationConfirmation
                    InsuredCardClassification 01
                    InsurerNumber 06132013
                    InsuredCardSymbol SYM001
                    InsuredIdentificationNumber 123456001
                    InsuredBranchNumber 01
                    PersonalFamilyClassification 1
                    Name 患者1
                    NameKana ｶﾝｼﾞｬ1
                    Sex1 2
                    Birthdate 19800401
                    Address 東京都
                    PostNumber 100-0001
                    QualificationDate 20200101
                    InsuredPartialContributionRatio 030
                    InsurerName 全国健康保険協会東京支部
                    ElderlyRecipientCertificateInfo
                      ElderlyRecipientValidStartDate 20250801
                      ElderlyRecipientValidEndDate 20260731
                      ElderlyRecipientContributionRatio 020
                    LimitApplicationCertificateRelatedConsFlg 1
                    LimitApplicationCertificateRelatedConsTime 20260601090000
                    LimitApplicationCertificateRelatedInfo
                      LimitApplicationCertificateClassification 01
                      LimitApplicationCertificateClassificationFlag A03
                      LimitApplicationCertificateValidStartDate 20250801
                      LimitApplicationCertificateValidEndDate 20260731
                    SpecificDiseasesCertificateRelatedConsFlg 1
                    SpecificDiseasesCertificateRelatedConsTime 20260601090000
                    SpecificDiseasesCertificateList
                      SpecificDiseasesCertificateInfo
                        SpecificDiseasesDiseaseCategory 1
                        SpecificDiseasesValidStartDate 20200101
                        SpecificDiseasesSelfPay 10000
                    ArbitraryIdentifier patient-7
                  ResultOfQualificationConfirmation
                    InsuredCardClassification A1
                    InsurerNumber 12143210
                    InsuredIdentificationNumber 123456002
                    PersonalFamilyClassification 1
                    Name 患者2
                    NameKana ｶﾝｼﾞｬ2
                    Sex1 2
                    Birthdate 19800401
                    QualificationDate 20200101
                    InsurerName （保険者名未登録）
                    PublicExpenseResultList
                      MedicalTicketInfo
                        TicketType 01
                        MedicalTicketValidDate 20260601
                        MedicalTicketExpirationDate 20260630
                        IssueNumber T1
                        MedicalTreatmentMonth 202606
                        DesignatedMedicalInstitutionCode 1310110018
                        MedicalTreatmentType 02
                        SelfPayAmount 0
                    ArbitraryIdentifier patient-7
        "#]],
    );
}

#[test]
fn s1_r3_lists_are_arrays_and_six_digits_are_padded() {
    let mut told = String::new();
    each_database("counter_door", |store| {
        let mut desk = Desk::open(store);
        desk.line("insure c1 p1 insurer=133066 symbol=");
        let (body, _) = message_of(&desk, "A", "c1 InsurerNumber=133066");
        told = post_raw(&desk, Some("A"), &body, None).1;
    });
    expect![[r#"{"XmlMsg":{"MessageHeader":{"ProcessExecutionTime":"20260601090000","QualificationConfirmationDate":"20260601","MedicalInstitutionCode":"1310110018","ReferenceClassification":"2","SegmentOfResult":"1","CharacterCodeIdentifier":"0"},"MessageBody":{"QualificationConfirmSearchInfo":{"InsurerNumber":"133066","InsuredIdentificationNumber":"123456001","Birthdate":"19800401","LimitApplicationCertificateRelatedConsFlg":"0"},"ProcessingResultStatus":"1","QualificationValidity":"1","ResultList":[{"ResultOfQualificationConfirmation":{"InsuredCardClassification":"01","InsurerNumber":"  133066","InsuredIdentificationNumber":"123456001","PersonalFamilyClassification":"1","Name":"患者1","NameKana":"ｶﾝｼﾞｬ1","Sex1":"2","Birthdate":"19800401","QualificationDate":"20200101","InsurerName":"（保険者名未登録）","LimitApplicationCertificateRelatedConsFlg":"0","SpecificDiseasesCertificateRelatedConsFlg":"0"}}]}}}"#]].assert_eq(&told);
}

#[test]
fn s1_r3_lost_and_a_new_one_known() {
    check(
        "
        insure c1 p1
        fact c1 loss 03 from=20260601
        insure c2 p1 from=20260601 insurer=133066
        A posts c1
        ",
        expect![[r#"
            answer
              MessageHeader
                ProcessExecutionTime 20260601090000
                QualificationConfirmationDate 20260601
                MedicalInstitutionCode 1310110018
                ReferenceClassification 2
                SegmentOfResult 1
                CharacterCodeIdentifier 0
              MessageBody
                QualificationConfirmSearchInfo
                  InsurerNumber 06132013
                  InsuredCardSymbol SYM001
                  InsuredIdentificationNumber 123456001
                  Birthdate 19800401
                  LimitApplicationCertificateRelatedConsFlg 0
                ProcessingResultStatus 1
                QualificationValidity 3
                ResultList
                  ResultOfQualificationConfirmation
                    InsuredCardClassification 01
                    InsurerNumber 06132013
                    InsuredCardSymbol SYM001
                    InsuredIdentificationNumber 123456001
                    PersonalFamilyClassification 1
                    Name 患者1
                    NameKana ｶﾝｼﾞｬ1
                    Sex1 2
                    Birthdate 19800401
                    QualificationDate 20200101
                    DisqualificationDate 20260601
                    ReasonOfLoss 03
                    InsurerName （保険者名未登録）
                    LimitApplicationCertificateRelatedConsFlg 0
                    SpecificDiseasesCertificateRelatedConsFlg 0
        "#]],
    );
}

#[test]
fn s1_r3_nobody_fits_and_several_fit() {
    check(
        "
        insure c1 p1 symbol=F number=7 born=20150505
        insure c2 p2 symbol=F number=7 born=20150505
        A posts c1
        A posts c1 Birthdate=20150506 ArbitraryIdentifier=x
        ",
        expect![[r#"
            answer
              MessageHeader
                ProcessExecutionTime 20260601090000
                QualificationConfirmationDate 20260601
                MedicalInstitutionCode 1310110018
                ReferenceClassification 2
                SegmentOfResult 1
                CharacterCodeIdentifier 0
              MessageBody
                QualificationConfirmSearchInfo
                  InsurerNumber 06132013
                  InsuredCardSymbol F
                  InsuredIdentificationNumber 7
                  Birthdate 20150505
                  LimitApplicationCertificateRelatedConsFlg 0
                ProcessingResultStatus 1
                QualificationValidity 5
            answer
              MessageHeader
                ProcessExecutionTime 20260601090000
                QualificationConfirmationDate 20260601
                MedicalInstitutionCode 1310110018
                ReferenceClassification 2
                SegmentOfResult 1
                CharacterCodeIdentifier 0
              MessageBody
                QualificationConfirmSearchInfo
                  InsurerNumber 06132013
                  InsuredCardSymbol F
                  InsuredIdentificationNumber 7
                  Birthdate 20150506
                  LimitApplicationCertificateRelatedConsFlg 0
                  ArbitraryIdentifier x
                ProcessingResultStatus 1
                QualificationValidity 4
        "#]],
    );
}

#[test]
fn s1_r3_the_third_answer_says_as_of_when_and_from_where() {
    check(
        "
        insure c1 p1/held-back
        A posts c1 ArbitraryFileIdentifier=f1 ArbitraryIdentifier=x
        ",
        expect![[r#"
            answer
              MessageHeader
                ProcessExecutionTime 20260601090000
                QualificationConfirmationDate 20260601
                MedicalInstitutionCode 1310110018
                ArbitraryFileIdentifier f1
                ReferenceClassification 2
                SegmentOfResult 1
                CharacterCodeIdentifier 0
              MessageBody
                QualificationConfirmSearchInfo
                  InsurerNumber 06132013
                  InsuredCardSymbol SYM001
                  InsuredIdentificationNumber 123456001
                  Birthdate 19800401
                  LimitApplicationCertificateRelatedConsFlg 0
                  ArbitraryIdentifier x
                ProcessingResultStatus 2
                ProcessingResultCode SKC01001W
                ProcessingResultMessage この資格は本人確認のため保険者が照合中です。資格確認書などで確認し、必要なら保険者に電話で照会してください。（2026-06-01 09:00現在・保険者登録情報による）
        "#]],
    );
}

#[test]
fn s1_r9_information_comes_with_a_good_answer() {
    check(
        "
        insure c1 p1 insurer=39131008 symbol= born=19450608
        facility C pre=20260601
        A posts c1 InsuredCardSymbol
        C posts c1 InsuredCardSymbol
        ",
        expect![[r#"
            answer
              MessageHeader
                ProcessExecutionTime 20260601090000
                QualificationConfirmationDate 20260601
                MedicalInstitutionCode 1310110018
                ReferenceClassification 2
                SegmentOfResult 1
                CharacterCodeIdentifier 0
              MessageBody
                QualificationConfirmSearchInfo
                  InsurerNumber 39131008
                  InsuredIdentificationNumber 123456001
                  Birthdate 19450608
                  LimitApplicationCertificateRelatedConsFlg 0
                ProcessingResultStatus 1
                ProcessingResultCode SKC00002I
                ProcessingResultMessage 負担割合が登録されていません。資格確認書などで確認してください。
                QualificationValidity 1
                ResultList
                  ResultOfQualificationConfirmation
                    InsuredCardClassification 01
                    InsurerNumber 39131008
                    InsuredIdentificationNumber 123456001
                    PersonalFamilyClassification 1
                    Name 患者1
                    NameKana ｶﾝｼﾞｬ1
                    Sex1 2
                    Birthdate 19450608
                    QualificationDate 20200101
                    InsurerName （保険者名未登録）
                    LimitApplicationCertificateRelatedConsFlg 0
                    SpecificDiseasesCertificateRelatedConsFlg 0
            answer
              MessageHeader
                ProcessExecutionTime 20260601090000
                QualificationConfirmationDate 20260601
                MedicalInstitutionCode 1310110034
                ReferenceClassification 2
                SegmentOfResult 1
                CharacterCodeIdentifier 0
              MessageBody
                QualificationConfirmSearchInfo
                  InsurerNumber 39131008
                  InsuredIdentificationNumber 123456001
                  Birthdate 19450608
                  LimitApplicationCertificateRelatedConsFlg 0
                ProcessingResultStatus 1
                ProcessingResultCode SKC00001I
                ProcessingResultMessage プレ運用中です。被保険者証・資格確認書もあわせて確認してください。
                QualificationValidity 1
                ResultList
                  ResultOfQualificationConfirmation
                    InsuredCardClassification 01
                    InsurerNumber 39131008
                    InsuredIdentificationNumber 123456001
                    PersonalFamilyClassification 1
                    Name 患者1
                    NameKana ｶﾝｼﾞｬ1
                    Sex1 2
                    Birthdate 19450608
                    QualificationDate 20200101
                    InsurerName （保険者名未登録）
                    LimitApplicationCertificateRelatedConsFlg 0
                    SpecificDiseasesCertificateRelatedConsFlg 0
        "#]],
    );
}

#[test]
fn s1_r3_refused_messages_have_segment_9_and_their_identifiers() {
    check(
        "
        insure c1 p1
        A posts c1 MedicalInstitutionCode=1310110022 ArbitraryFileIdentifier=f1 ArbitraryIdentifier=x
        A posts c1 QualificationConfirmationDate=20990101
        A posts c1 QualificationConfirmationDate=20260230
        A posts c1 Birthdate=19800230
        A posts c1 Birthdate
        A posts c1 InsurerNumber=1234567
        A posts c1 LimitApplicationCertificateRelatedConsFlg=2
        ",
        expect![[r#"
            answer
              MessageHeader
                ProcessExecutionTime 20260601090000
                QualificationConfirmationDate 20260601
                MedicalInstitutionCode 1310110022
                ArbitraryFileIdentifier f1
                ReferenceClassification 2
                SegmentOfResult 9
                ErrorCode SKC03001E
                ErrorMessage 医療機関コードが、この端末の医療機関と一致しません。ソフトウェアの医療機関コードの設定を確認してください。
                CharacterCodeIdentifier 0
              MessageBody
                QualificationConfirmSearchInfo
                  InsurerNumber 06132013
                  InsuredCardSymbol SYM001
                  InsuredIdentificationNumber 123456001
                  Birthdate 19800401
                  LimitApplicationCertificateRelatedConsFlg 0
                  ArbitraryIdentifier x
                ProcessingResultStatus 2
            answer
              MessageHeader
                ProcessExecutionTime 20260601090000
                QualificationConfirmationDate 20990101
                MedicalInstitutionCode 1310110018
                ReferenceClassification 2
                SegmentOfResult 9
                ErrorCode SKC03005E
                ErrorMessage 資格確認日が照会できる期間の外です。資格確認日を確認してください。
                CharacterCodeIdentifier 0
              MessageBody
                QualificationConfirmSearchInfo
                  InsurerNumber 06132013
                  InsuredCardSymbol SYM001
                  InsuredIdentificationNumber 123456001
                  Birthdate 19800401
                  LimitApplicationCertificateRelatedConsFlg 0
                ProcessingResultStatus 2
            answer
              MessageHeader
                ProcessExecutionTime 20260601090000
                QualificationConfirmationDate 20260230
                MedicalInstitutionCode 1310110018
                ReferenceClassification 2
                SegmentOfResult 9
                ErrorCode SKC03004E
                ErrorMessage 照会の項目に誤りがあります（QualificationConfirmationDate）。保険者番号、記号・番号、生年月日を確認して入力し直してください。
                CharacterCodeIdentifier 0
              MessageBody
                QualificationConfirmSearchInfo
                  InsurerNumber 06132013
                  InsuredCardSymbol SYM001
                  InsuredIdentificationNumber 123456001
                  Birthdate 19800401
                  LimitApplicationCertificateRelatedConsFlg 0
                ProcessingResultStatus 2
            answer
              MessageHeader
                ProcessExecutionTime 20260601090000
                QualificationConfirmationDate 20260601
                MedicalInstitutionCode 1310110018
                ReferenceClassification 2
                SegmentOfResult 9
                ErrorCode SKC03004E
                ErrorMessage 照会の項目に誤りがあります（Birthdate）。保険者番号、記号・番号、生年月日を確認して入力し直してください。
                CharacterCodeIdentifier 0
              MessageBody
                QualificationConfirmSearchInfo
                  InsurerNumber 06132013
                  InsuredCardSymbol SYM001
                  InsuredIdentificationNumber 123456001
                  Birthdate 19800230
                  LimitApplicationCertificateRelatedConsFlg 0
                ProcessingResultStatus 2
            answer
              MessageHeader
                ProcessExecutionTime 20260601090000
                QualificationConfirmationDate 20260601
                MedicalInstitutionCode 1310110018
                ReferenceClassification 2
                SegmentOfResult 9
                ErrorCode SKC03004E
                ErrorMessage 照会の項目に誤りがあります（Birthdate）。保険者番号、記号・番号、生年月日を確認して入力し直してください。
                CharacterCodeIdentifier 0
              MessageBody
                QualificationConfirmSearchInfo
                  InsurerNumber 06132013
                  InsuredCardSymbol SYM001
                  InsuredIdentificationNumber 123456001
                  LimitApplicationCertificateRelatedConsFlg 0
                ProcessingResultStatus 2
            answer
              MessageHeader
                ProcessExecutionTime 20260601090000
                QualificationConfirmationDate 20260601
                MedicalInstitutionCode 1310110018
                ReferenceClassification 2
                SegmentOfResult 9
                ErrorCode SKC03004E
                ErrorMessage 照会の項目に誤りがあります（InsurerNumber）。保険者番号、記号・番号、生年月日を確認して入力し直してください。
                CharacterCodeIdentifier 0
              MessageBody
                QualificationConfirmSearchInfo
                  InsurerNumber 1234567
                  InsuredCardSymbol SYM001
                  InsuredIdentificationNumber 123456001
                  Birthdate 19800401
                  LimitApplicationCertificateRelatedConsFlg 0
                ProcessingResultStatus 2
            answer
              MessageHeader
                ProcessExecutionTime 20260601090000
                QualificationConfirmationDate 20260601
                MedicalInstitutionCode 1310110018
                ReferenceClassification 2
                SegmentOfResult 9
                ErrorCode SKC03004E
                ErrorMessage 照会の項目に誤りがあります（ConsFlg）。保険者番号、記号・番号、生年月日を確認して入力し直してください。
                CharacterCodeIdentifier 0
              MessageBody
                QualificationConfirmSearchInfo
                  InsurerNumber 06132013
                  InsuredCardSymbol SYM001
                  InsuredIdentificationNumber 123456001
                  Birthdate 19800401
                  LimitApplicationCertificateRelatedConsFlg 2
                ProcessingResultStatus 2
        "#]],
    );
}

#[test]
fn s1_r3_whatever_is_sent_is_answered() {
    check(
        r#"
        A sends {}
        A sends {"XmlMsg":
        A sends <XmlMsg/>
        A sends {"XmlMsg":{"MessageHeader":{"ArbitraryFileIdentifier":"f1"}}}
        A sends {"XmlMsg":{"MessageHeader":{"QualificationConfirmationDate":20260601}}}
        A sends {"Other":{"MessageHeader":{}}}
        nobody sends {}
        "#,
        expect![[r#"
            answer
              MessageHeader
                ProcessExecutionTime 20260601090000
                QualificationConfirmationDate 20260601
                MedicalInstitutionCode 1310110018
                ReferenceClassification 2
                SegmentOfResult 9
                ErrorCode SKC03004E
                ErrorMessage 照会の項目に誤りがあります。保険者番号、記号・番号、生年月日を確認して入力し直してください。
                CharacterCodeIdentifier 0
              MessageBody
                ProcessingResultStatus 2
            answer
              MessageHeader
                ProcessExecutionTime 20260601090000
                QualificationConfirmationDate 20260601
                MedicalInstitutionCode 1310110018
                ReferenceClassification 2
                SegmentOfResult 9
                ErrorCode SKC03004E
                ErrorMessage 照会の項目に誤りがあります。保険者番号、記号・番号、生年月日を確認して入力し直してください。
                CharacterCodeIdentifier 0
              MessageBody
                ProcessingResultStatus 2
            answer
              MessageHeader
                ProcessExecutionTime 20260601090000
                QualificationConfirmationDate 20260601
                MedicalInstitutionCode 1310110018
                ReferenceClassification 2
                SegmentOfResult 9
                ErrorCode SKC03004E
                ErrorMessage 照会の項目に誤りがあります。保険者番号、記号・番号、生年月日を確認して入力し直してください。
                CharacterCodeIdentifier 0
              MessageBody
                ProcessingResultStatus 2
            answer
              MessageHeader
                ProcessExecutionTime 20260601090000
                QualificationConfirmationDate 20260601
                MedicalInstitutionCode 1310110018
                ArbitraryFileIdentifier f1
                ReferenceClassification 2
                SegmentOfResult 9
                ErrorCode SKC03004E
                ErrorMessage 照会の項目に誤りがあります（QualificationConfirmationDate, MedicalInstitutionCode, QualificationConfirmSearchInfo）。保険者番号、記号・番号、生年月日を確認
                CharacterCodeIdentifier 0
              MessageBody
                ProcessingResultStatus 2
            answer
              MessageHeader
                ProcessExecutionTime 20260601090000
                QualificationConfirmationDate 20260601
                MedicalInstitutionCode 1310110018
                ReferenceClassification 2
                SegmentOfResult 9
                ErrorCode SKC03004E
                ErrorMessage 照会の項目に誤りがあります。保険者番号、記号・番号、生年月日を確認して入力し直してください。
                CharacterCodeIdentifier 0
              MessageBody
                ProcessingResultStatus 2
            answer
              MessageHeader
                ProcessExecutionTime 20260601090000
                QualificationConfirmationDate 20260601
                MedicalInstitutionCode 1310110018
                ReferenceClassification 2
                SegmentOfResult 9
                ErrorCode SKC03004E
                ErrorMessage 照会の項目に誤りがあります（Other）。保険者番号、記号・番号、生年月日を確認して入力し直してください。
                CharacterCodeIdentifier 0
              MessageBody
                ProcessingResultStatus 2
            status 403
        "#]],
    );
}

#[test]
fn s1_r7_empty_and_unknown_elements_are_as_if_not_sent() {
    check(
        "
        insure c1 p1 symbol= insurer=39131008 born=19450608
        fact c1 rate 10
        A posts c1 InsuredCardSymbol= InsuredBranchNumber= Unknown=1 ArbitraryIdentifier= LimitApplicationCertificateRelatedConsFlg
        ",
        expect![[r#"
            answer
              MessageHeader
                ProcessExecutionTime 20260601090000
                QualificationConfirmationDate 20260601
                MedicalInstitutionCode 1310110018
                ReferenceClassification 2
                SegmentOfResult 1
                CharacterCodeIdentifier 0
              MessageBody
                QualificationConfirmSearchInfo
                  InsurerNumber 39131008
                  InsuredIdentificationNumber 123456001
                  Birthdate 19450608
                ProcessingResultStatus 1
                QualificationValidity 1
                ResultList
                  ResultOfQualificationConfirmation
                    InsuredCardClassification 01
                    InsurerNumber 39131008
                    InsuredIdentificationNumber 123456001
                    PersonalFamilyClassification 1
                    Name 患者1
                    NameKana ｶﾝｼﾞｬ1
                    Sex1 2
                    Birthdate 19450608
                    QualificationDate 20200101
                    InsuredPartialContributionRatio 010
                    InsurerName （保険者名未登録）
                    LimitApplicationCertificateRelatedConsFlg 0
                    SpecificDiseasesCertificateRelatedConsFlg 0
        "#]],
    );
}

#[test]
fn s1_r3_a_repeat_is_rendered_again_and_a_conflict_refused() {
    check(
        "
        insure c1 p1
        A posts c1 key=k1
        A posts c1 key=k1
        A posts c1 key=k1 ArbitraryIdentifier=x
        ",
        expect![[r#"
            answer
              MessageHeader
                ProcessExecutionTime 20260601090000
                QualificationConfirmationDate 20260601
                MedicalInstitutionCode 1310110018
                ReferenceClassification 2
                SegmentOfResult 1
                CharacterCodeIdentifier 0
              MessageBody
                QualificationConfirmSearchInfo
                  InsurerNumber 06132013
                  InsuredCardSymbol SYM001
                  InsuredIdentificationNumber 123456001
                  Birthdate 19800401
                  LimitApplicationCertificateRelatedConsFlg 0
                ProcessingResultStatus 1
                QualificationValidity 1
                ResultList
                  ResultOfQualificationConfirmation
                    InsuredCardClassification 01
                    InsurerNumber 06132013
                    InsuredCardSymbol SYM001
                    InsuredIdentificationNumber 123456001
                    PersonalFamilyClassification 1
                    Name 患者1
                    NameKana ｶﾝｼﾞｬ1
                    Sex1 2
                    Birthdate 19800401
                    QualificationDate 20200101
                    InsurerName （保険者名未登録）
                    LimitApplicationCertificateRelatedConsFlg 0
                    SpecificDiseasesCertificateRelatedConsFlg 0
            answer
              MessageHeader
                ProcessExecutionTime 20260601090000
                QualificationConfirmationDate 20260601
                MedicalInstitutionCode 1310110018
                ReferenceClassification 2
                SegmentOfResult 1
                CharacterCodeIdentifier 0
              MessageBody
                QualificationConfirmSearchInfo
                  InsurerNumber 06132013
                  InsuredCardSymbol SYM001
                  InsuredIdentificationNumber 123456001
                  Birthdate 19800401
                  LimitApplicationCertificateRelatedConsFlg 0
                ProcessingResultStatus 1
                QualificationValidity 1
                ResultList
                  ResultOfQualificationConfirmation
                    InsuredCardClassification 01
                    InsurerNumber 06132013
                    InsuredCardSymbol SYM001
                    InsuredIdentificationNumber 123456001
                    PersonalFamilyClassification 1
                    Name 患者1
                    NameKana ｶﾝｼﾞｬ1
                    Sex1 2
                    Birthdate 19800401
                    QualificationDate 20200101
                    InsurerName （保険者名未登録）
                    LimitApplicationCertificateRelatedConsFlg 0
                    SpecificDiseasesCertificateRelatedConsFlg 0
            answer
              MessageHeader
                ProcessExecutionTime 20260601090000
                QualificationConfirmationDate 20260601
                MedicalInstitutionCode 1310110018
                ReferenceClassification 2
                SegmentOfResult 9
                ErrorCode SKC03003E
                ErrorMessage 同じ要求番号で内容の異なる照会を受け付けています。もう一度、新しい照会として送ってください。
                CharacterCodeIdentifier 0
              MessageBody
                QualificationConfirmSearchInfo
                  InsurerNumber 06132013
                  InsuredCardSymbol SYM001
                  InsuredIdentificationNumber 123456001
                  Birthdate 19800401
                  LimitApplicationCertificateRelatedConsFlg 0
                  ArbitraryIdentifier x
                ProcessingResultStatus 2
        "#]],
    );
}

/// One line of an answer: of a good one the validity, else the error with its message.
fn verdict(desk: &Desk<'_>, body: &str, key: Option<&str>) -> String {
    let (status, text) = post_raw(desk, Some("A"), body, key);
    let root = json::parse(text.as_bytes(), &Limits::default()).expect("a message");
    let part = |name: &str| {
        let text = root.children().iter().find_map(|part| part.child_text(name));
        text.unwrap_or("-").to_owned()
    };
    let code = part("ErrorCode");
    format!("{status} {} {code} {}\n", part("QualificationValidity"), part("ErrorMessage"))
}

#[test]
fn s1_r3_long_messages_are_answered_in_their_own_form() {
    let mut told = String::new();
    each_database("counter_door", |store| {
        let mut desk = Desk::open(store);
        desk.line("insure c1 p1");
        let (body, _) = message_of(&desk, "A", "c1");
        told = [1 << 10, 100 << 10, (2 << 20) - 1_000, 2 << 20, 5 << 20]
            .map(|blanks| verdict(&desk, &format!("{body}{}", " ".repeat(blanks)), None))
            .concat();
    });
    expect![[r#"
        200 1 - -
        200 1 - -
        200 1 - -
        200 - SKC03004E 照会の項目に誤りがあります。保険者番号、記号・番号、生年月日を確認して入力し直してください。
        200 - SKC03004E 照会の項目に誤りがあります。保険者番号、記号・番号、生年月日を確認して入力し直してください。
    "#]].assert_eq(&told);
}

#[test]
fn s1_r3_a_request_id_that_cannot_be_kept_is_not_passed_over() {
    let mut told = String::new();
    each_database("counter_door", |store| {
        let mut desk = Desk::open(store);
        desk.line("insure c1 p1");
        let (body, _) = message_of(&desk, "A", "c1");
        let (hundred, more) = ("k".repeat(100), "k".repeat(101));
        told =
            ["", "k-1", &hundred, &more, "k 1", "キー"].map(|key| verdict(&desk, &body, Some(key))).concat();
    });
    expect![[r#"
        200 1 - -
        200 1 - -
        200 1 - -
        200 - SKC03004E 照会の項目に誤りがあります（Idempotency-Key）。保険者番号、記号・番号、生年月日を確認して入力し直してください。
        200 - SKC03004E 照会の項目に誤りがあります（Idempotency-Key）。保険者番号、記号・番号、生年月日を確認して入力し直してください。
        200 - SKC03004E 照会の項目に誤りがあります（Idempotency-Key）。保険者番号、記号・番号、生年月日を確認して入力し直してください。
    "#]].assert_eq(&told);
}

/// The answer to a registration of a patient number: segment, status, code, and whether it is echoed.
fn registered(desk: &Desk<'_>, who: &str, members: &[(&str, &str)]) -> String {
    let of = |name: &str| members.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
    let member = |(name, value): &(&str, &str)| format!("\"{name}\":\"{value}\"");
    let inside: Vec<String> = members.iter().filter(|(name, _)| *name != "code").map(member).collect();
    let code = of("code").map_or_else(|| facility_code(who).to_string(), str::to_owned);
    let body = format!(
        "{{\"XmlMsg\":{{\"MessageHeader\":{{\"MedicalInstitutionCode\":\"{code}\",\"ArbitraryFileIdentifier\":\"f\"}},\
         \"MessageBody\":{{\"ReferenceNumberRegistrationInfo\":{{{}}}}}}}}}",
        inside.join(",")
    );
    let (status, text) = post_to(REFERENCE_PATH, desk, Some(who), &body, None);
    let root = json::parse(text.as_bytes(), &Limits::default()).expect("a message");
    let (read, problems) = ReferenceResponse::read(&root);
    let answer = read.expect("an answer");
    assert!(problems.is_empty() && answer.header.file_identifier.as_deref() == Some("f"), "{problems:?}");
    let echoed = answer.body.registration.as_ref().and_then(|node| node.child_text("ReferenceNumber"));
    format!(
        "{status} segment {} status {} {} {} echo {}\n",
        answer.header.segment,
        answer.body.status.unwrap_or_default(),
        answer.body.code.as_deref().or(answer.header.error_code.as_deref()).unwrap_or("-"),
        answer.header.error_message.unwrap_or_default(),
        echoed.unwrap_or("-"),
    )
}

#[test]
fn s1_r3_a_patient_number_is_registered_or_refused_in_its_own_form() {
    let mut told = String::new();
    each_database("counter_door", |store| {
        let mut desk = Desk::open(store);
        desk.line("insure c1 p1 insurer=133066 number=555 symbol=S branch=01");
        desk.line("insure c2 p2 insurer=133066 number=555 symbol=S branch=02");
        let good = [
            ("ReferenceNumber", "K 1"),
            ("InsurerNumber", "  133066"),
            ("InsuredCardSymbol", "Ｓ"),
            ("InsuredIdentificationNumber", "555"),
            ("InsuredBranchNumber", "01"),
        ];
        let with = |name: &'static str, value: &'static str| {
            let mut members = good.to_vec();
            members.retain(|(known, _)| *known != name);
            members.insert(0, (name, value));
            registered(&desk, "A", &members)
        };
        told = [
            registered(&desk, "A", &good),
            with("InsuredBranchNumber", ""),
            with("InsuredIdentificationNumber", "556"),
            with("ReferenceNumber", "カルテ"),
            with("ReferenceNumber", ""),
            with("InsuredBranchNumber", "XX"),
            with("code", "1310110026"),
        ]
        .concat();
        desk.no_row_names_anybody();
    });
    expect![[r#"
        200 segment 1 status 1 -  echo K 1
        200 segment 1 status 2 SKC03009E  echo K 1
        200 segment 1 status 2 SKC03008E  echo K 1
        200 segment 9 status 2 SKC03004E 照会の項目に誤りがあります（ReferenceNumber）。保険者番号、記号・番号、生年月日を確認して入力し直してください。 echo カルテ
        200 segment 9 status 2 SKC03004E 照会の項目に誤りがあります（ReferenceNumber）。保険者番号、記号・番号、生年月日を確認して入力し直してください。 echo -
        200 segment 9 status 2 SKC03004E 照会の項目に誤りがあります（InsuredBranchNumber）。保険者番号、記号・番号、生年月日を確認して入力し直してください。 echo K 1
        200 segment 9 status 2 SKC03001E 医療機関コードが、この端末の医療機関と一致しません。ソフトウェアの医療機関コードの設定を確認してください。 echo K 1
    "#]].assert_eq(&told);
}

/// Whatever we say fits into the element, also with as-of and source, and is never cut.
#[test]
fn s1_r3_every_message_fits() {
    let at = Instant::from_ms(1_780_000_000_000);
    let busy = web::routes::BUSY;
    for help in ALL.iter().copied().chain([&busy]) {
        let Help { what, desk, .. } = help;
        assert_eq!(message(help, None), format!("{}{}", what.0, desk.0), "{}: cut", help.code);
        let with_source = message(help, Some((at, crate::web::door::REGISTERED)));
        assert!(with_source.chars().count() <= MESSAGE_MAX, "{}", help.code);
        assert!(with_source.ends_with("現在・保険者登録情報による）"), "{}: {with_source}", help.code);
    }
    assert_eq!(MESSAGE_MAX, 120);
}
