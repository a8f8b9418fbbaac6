//! Every row of `test-patients.csv`, asked as a vendor asks: through the folder in both encodings and through the JSON
//! door; the answer is what the row says, today, tomorrow and in forty days.
//!
//! Not here: bad requests (`hostile`), PostgreSQL (`postgres` runs the same rows there).
//! Rules come from: docs/rules.md S1 r3, r7, S5 r2; the reference on the OQS interface, section 4.3; issue 2, part G.

use crate::desk::*;
use base::Date;
use formats::{
    oqs::CheckResponse,
    tree::Node,
    xml::{self, Limits},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};
use store::Db;

/// The order of the layout, from the reference and not from `formats`: parent, children.
const ORDER: [(&str, &str); 10] = [
    ("XmlMsg", "MessageHeader MessageBody"),
    (
        "MessageHeader",
        "ProcessExecutionTime QualificationConfirmationDate MedicalInstitutionCode ArbitraryFileIdentifier
         ReferenceClassification SegmentOfResult ErrorCode ErrorMessage CharacterCodeIdentifier",
    ),
    (
        "MessageBody",
        "QualificationConfirmSearchInfo MedicalTreatmentFlag PrescriptionIssueSelect ProcessingResultStatus
         ProcessingResultCode ProcessingResultMessage QualificationValidity ResultList",
    ),
    (
        "QualificationConfirmSearchInfo",
        "InsurerNumber InsuredCardSymbol InsuredIdentificationNumber InsuredBranchNumber Birthdate
         LimitApplicationCertificateRelatedConsFlg SpecificDiseasesCertificateRelatedConsFlg ArbitraryIdentifier",
    ),
    (
        "ResultOfQualificationConfirmation",
        "InsuredCardClassification InsurerNumber InsuredCardSymbol InsuredIdentificationNumber InsuredBranchNumber
         PersonalFamilyClassification InsuredName Name NameOfOther NameKana NameOfOtherKana Sex1 Sex2 Birthdate Address
         PostNumber QualificationDate DisqualificationDate InsuredCertificateIssuanceDate InsuredCardValidDate
         InsuredCardExpirationDate InsuredPartialContributionRatio PreschoolClassification ReasonOfLoss InsurerName
         ElderlyRecipientCertificateInfo LimitApplicationCertificateRelatedConsFlg
         LimitApplicationCertificateRelatedConsTime LimitApplicationCertificateRelatedInfo
         SpecificDiseasesCertificateRelatedConsFlg SpecificDiseasesCertificateRelatedConsTime
         SpecificDiseasesCertificateList PublicExpenseResultList
         SpecificHealthCheckupsInfoConsFlg SpecificHealthCheckupsInfoConsTime SpecificHealthCheckupsInfoAvailableTime
         PharmacistsInfoConsFlg PharmacistsInfoConsTime PharmacistsInfoAvailableTime
         DiagnosisInfoConsFlg DiagnosisInfoConsTime DiagnosisInfoAvailableTime
         OperationInfoConsFlg OperationInfoConsTime OperationInfoAvailableTime OnsRegistrationTime ArbitraryIdentifier ReferenceNumber
         QualificationConfirmationKey QualificationChangeFlg",
    ),
    (
        "ElderlyRecipientCertificateInfo",
        "ElderlyRecipientCertificateDate ElderlyRecipientValidStartDate ElderlyRecipientValidEndDate
         ElderlyRecipientContributionRatio",
    ),
    (
        "LimitApplicationCertificateRelatedInfo",
        "LimitApplicationCertificateClassification LimitApplicationCertificateClassificationFlag
         LimitApplicationCertificateDate LimitApplicationCertificateValidStartDate
         LimitApplicationCertificateValidEndDate LimitApplicationCertificateLongTermDate",
    ),
    ("SpecificDiseasesCertificateList", "SpecificDiseasesCertificateInfo"),
    (
        "SpecificDiseasesCertificateInfo",
        "SpecificDiseasesDiseaseCategory SpecificDiseasesCertificateDate SpecificDiseasesValidStartDate
         SpecificDiseasesValidEndDate SpecificDiseasesSelfPay",
    ),
    (
        "MedicalTicketInfo",
        "TicketType MedicalTicketValidDate MedicalTicketExpirationDate IssueNumber MedicalTreatmentMonth
         DesignatedMedicalInstitutionCode DesignatedMedicalInstitutionFlag DesignatedMedicalInstitutionName
         PrescriptionIssuerMedicalInstitutionCode PrescriptionIssuerMedicalInstitutionName InjuryName1 InjuryName2
         InjuryName3 MedicalTreatmentType SelfPayAmount",
    ),
];

/// Children stand in the order of the layout, each known, once unless in a list; no element is empty.
pub fn in_order(node: &Node) {
    let children = node.children();
    if children.is_empty() {
        assert!(node.text().is_some_and(|text| !text.is_empty()), "{} is empty", node.name);
        return;
    }
    children.iter().for_each(in_order);
    if node.name.ends_with("List") {
        assert!(children.iter().all(|child| child.name == children[0].name), "{}", node.name);
        return;
    }
    let (_, order) =
        ORDER.iter().find(|(name, _)| *name == node.name).unwrap_or_else(|| panic!("{}", node.name));
    let mut order = order.split_whitespace();
    for child in children {
        assert!(
            order.any(|name| name == child.name),
            "{} in {}: out of order or unknown",
            child.name,
            node.name
        );
    }
}

/// What the row says, and what belongs to every answer.
pub fn as_the_row_says(row: &Row, question: &Question, answer: &CheckResponse) {
    let (id, body) = (&row.id, &answer.body);
    assert_eq!(answer.header.segment, "1", "{id}");
    assert_eq!(answer.header.reference_class, "2", "{id}");
    assert_eq!(
        (&answer.header.asked_on, &answer.header.institution),
        (&question.day, &question.institution),
        "{id}"
    );
    assert_eq!(answer.header.file_identifier.as_deref().unwrap_or_default(), question.file_mark, "{id}");
    assert_eq!(body.validity.as_deref().unwrap_or_default(), row.validity, "{id}: {:?}", body.code);
    assert_eq!(body.status.as_deref(), Some(if row.validity.is_empty() { "2" } else { "1" }), "{id}");
    let has_rows = matches!(row.validity.as_str(), "1" | "2" | "3" | "6");
    assert_eq!(body.results.is_empty(), !has_rows, "{id}: people are shown only where one was found");
    let both = row.id.contains("insurance-and-aid");
    assert_eq!(body.results.len(), usize::from(has_rows) + usize::from(both), "{id}");
    if let Some(first) = body.results.first() {
        assert_eq!(first.birth_date, question.birth, "{id}");
        assert_eq!(first.insurer_number, format!("{:>8}", question.insurer.trim()), "{id}");
        assert_eq!(first.identifier.as_deref().unwrap_or_default(), question.mark, "{id}");
    }
    if row.validity.is_empty() {
        let said = body.message.as_deref().unwrap_or_default();
        assert!(
            said.contains("現在") && said.chars().count() <= 120,
            "{id}: as of when, from where, what to do"
        );
    }
    let echo = body.search.as_ref().expect("the question is echoed");
    assert_eq!(echo.child_text("InsurerNumber"), Some(question.insurer.as_str()), "{id}: blanks and all");
    assert_eq!(echo.child_text("InsuredIdentificationNumber"), Some(question.number.as_str()), "{id}");
}

/// Whether Shift_JIS has every character of the answer, by another library's table.
fn fits_shift_jis(answer: &CheckResponse) -> bool {
    fn fits(node: &Node) -> bool {
        node.children().iter().all(fits)
            && node.text().is_none_or(|text| !encoding_rs::SHIFT_JIS.encode(text).2)
    }
    fits(&answer.write())
}

/// Asks every row through the JSON door.
pub fn all_by_json(server: &Server, today: Date) -> BTreeMap<String, CheckResponse> {
    let (machine, institution) = (server.machine(), server.institution());
    let mut answers = BTreeMap::new();
    for row in rows(&server.data) {
        let mark = format!("mark of {}", row.id);
        let question =
            Question { mark, file_mark: "朝の分".into(), consent: true, ..row.ask(&institution, today) };
        let answer = machine.check(None, &question);
        as_the_row_says(&row, &question, &answer);
        assert_eq!(answer.body.code.clone().unwrap_or_default(), row.code, "{}", row.id);
        assert_eq!(answer.header.character_code, "0");
        answers.insert(row.id, answer);
    }
    answers
}

/// Asks every row through the folder, all files at once, and looks at the answer files.
pub fn all_by_folder(
    server: &Server,
    today: Date,
    encoding: &str,
    by_json: &BTreeMap<String, CheckResponse>,
) {
    let (institution, data) = (server.institution(), &server.data);
    let rows = rows(data);
    let ask = |row: &Row| Question {
        mark: format!("mark of {}", row.id),
        file_mark: "朝の分".into(),
        consent: true,
        ..row.ask(&institution, today)
    };
    for row in &rows {
        put(data, &format!("{}-{encoding}", row.id), &ask(row).xml(encoding));
    }
    let mut files = Vec::new();
    for row in &rows {
        let stem = format!("{}-{encoding}", row.id);
        let bytes = answer(data, &stem);
        files.push(answer_path(data, &stem));
        let head = format!("<?xml version=\"1.0\" encoding=\"{encoding}\" standalone=\"no\"?>");
        assert!(bytes.starts_with(head.as_bytes()), "{stem}: answered in the request's encoding");
        in_order(&xml::parse(&bytes, &Limits::default()).expect("XML").0);
        let answer = read_xml(&bytes);
        as_the_row_says(row, &ask(row), &answer);
        let fits = encoding == "UTF-8" || fits_shift_jis(&by_json[&row.id]);
        let code = if fits || !row.code.is_empty() { row.code.as_str() } else { "SKT04001W" };
        assert_eq!(answer.body.code.as_deref().unwrap_or_default(), code, "{stem}");
        let shown = |answer: &CheckResponse| answer.body.results.first().map(|row| row.name.clone());
        assert_eq!(
            shown(&answer) == shown(&by_json[&row.id]),
            fits,
            "{stem}: what cannot be shown is replaced"
        );
        assert_eq!(answer.header.character_code, if encoding == "UTF-8" { "0" } else { "1" });
    }
    xmllint(&files);
    files.iter().for_each(|file| fs::remove_file(file).expect("taken away"));
    assert_eq!(names(&data.join("OQS/req")), BTreeSet::new());
    assert_eq!(names(&data.join("OQS/res")), BTreeSet::new());
}

/// The rows whose point is another day.
fn other_days(server: &Server, today: Date) {
    let (machine, institution, rows) = (server.machine(), server.institution(), rows(&server.data));
    let find = |begin: &str| rows.iter().find(|row| row.id.starts_with(begin)).expect("the row").clone();
    let then = find("P031-valid-then");
    let named = then
        .note
        .split(|c: char| !c.is_ascii_digit())
        .find(|word| word.len() == 8)
        .expect("a day in the note");
    let (year, month, _) = today.parts();
    let next = if month == 12 { Date::new(year + 1, 1, 1) } else { Date::new(year, month + 1, 1) };
    let later = (find("P032-begins-next-month"), next.expect("a day"));
    for (row, day) in [(then.clone(), Date::parse8(named).expect("a day")), later] {
        let answer = machine.check(None, &row.ask(&institution, day));
        assert_eq!(answer.body.validity.as_deref(), Some("1"), "{} on {day}", row.id);
    }
}

/// Ids of everybody: coverages, people, and how often each was recorded.
fn ids(data: &Path) -> Vec<(i64, i64)> {
    let mut db = Db::open_sqlite(&data.join("shikaku.db"), None).expect("opens");
    const PEOPLE: &str = "select person, count(*) from people_entry group by person
        union all select coverage, count(*) from coverage_entry group by coverage order by 1";
    db.rows(PEOPLE, &[], |row| Ok((row.int(0)?, row.int(1)?))).expect("read")
}

#[test]
fn s1_r3_every_test_patient_is_answered_as_its_row_says_on_every_day() {
    let home = Home::new();
    let data = home.data();
    let server = home.demo(&data, None, &[]);
    let today = day(0);
    let first = all_by_json(&server, today);
    all_by_folder(&server, today, "UTF-8", &first);
    all_by_folder(&server, today, "Shift_JIS", &first);
    other_days(&server, today);
    home.stop(server, None);
    let before = ids(&data);
    assert!(before.len() > 100 && first.len() >= 50);

    // A second start continues: the same people, and nothing to record.
    let server = home.demo(&data, None, &[]);
    let again = all_by_json(&server, today);
    assert_eq!(first.keys().collect::<Vec<_>>(), again.keys().collect::<Vec<_>>());
    for (id, answer) in &first {
        let shown = |answer: &CheckResponse| {
            let mut results = answer.body.results.clone();
            for row in &mut results {
                (row.limit_consent_time, row.disease_consent_time) = (None, None);
            }
            (answer.body.validity.clone(), answer.body.code.clone(), results)
        };
        assert_eq!(shown(answer), shown(&again[id]), "{id}");
    }
    home.stop(server, None);
    assert_eq!(ids(&data), before, "nothing was recorded again");

    // Later starts keep the rows true by recorded corrections; nobody gets another id.
    for days in [1, 40] {
        let settings = home.settings(&format!("[demo]\nclock_offset_s = {}\n", days * 86_400));
        let server = home.demo(&data, Some(&settings), &[]);
        all_by_json(&server, day(days));
        other_days(&server, day(days));
        home.stop(server, Some(&settings));
        let people = |ids: &[(i64, i64)]| ids.iter().map(|(id, _)| *id).collect::<BTreeSet<_>>();
        let after = ids(&data);
        assert_eq!(people(&before), people(&after));
        assert!(before.iter().zip(&after).all(|(was, is)| was.1 <= is.1), "rows are never taken away");
    }
}

#[test]
fn a_vendors_own_patients_join() {
    let home = Home::new();
    let data = home.data();
    fs::create_dir_all(&data).expect("made");
    let rows = "id,outcome,insurer_number,symbol,number,branch,birth_date,expected_validity,expected_code,name,kana,\
        qualified_on,disqualified_on,loss_reason,rate,insurer_name\r\n\
        own-valid,valid,06990014,77,9001,01,19900101,1,,見本　一,ﾐﾎﾝ ﾊｼﾞﾒ,-2y,,,,\r\n\
        own-new-insurer,valid,06999999,甲・１,9002,,19900102,1,,見本　二,ﾐﾎﾝ ｼﾞ,,,,,架空試験健康保険組合\r\n\
        own-lost,invalid,06990014,77,9003,01,19900103,2,,,,-2y,-60d,03,,\r\n\
        own-waiting,undetermined,06990014,77,9004,01,19900104,,SKC01002W,,,-2y,-3d,03,,\r\n\
        own-nobody,none,06990014,77,9005,01,19900105,4,,,,,,,,\r\n\
        own-elderly,valid,39990015,,70009006,,19400106,1,,,,-2y,,,20,\r\n\
        own-bad-day,valid,06990014,77,9007,01,19909999,1,,秘密　三,,,,,,\r\n\
        P001-mine,valid,06990014,77,9008,01,19900108,1,,,,,,,,\r\n";
    fs::write(data.join("my-patients.csv"), rows).expect("written");
    for days in [0, 40] {
        let settings = home.settings(&format!("[demo]\nclock_offset_s = {}\n", days * 86_400));
        let server = home.demo(&data, Some(&settings), &[]);
        let answers = all_by_json(&server, day(days));
        assert_eq!(answers.keys().filter(|id| id.starts_with("own-")).count(), 6);
        let shown = |id: &str| &answers[id].body.results[0];
        assert_eq!(shown("own-valid").name, "見本　一");
        assert_eq!(shown("own-new-insurer").insurer_name, "架空試験健康保険組合");
        assert_eq!(shown("own-elderly").copayment_rate.as_deref(), Some("020"));
        let (counted, lines) = until("what was not understood", 5, || {
            let said = server.process.said();
            let (_, tail) = said.split_once("my-patients.csv: ")?;
            let (counted, lines) = tail.split_once('\n')?;
            (lines.matches('\n').count() == 2).then(|| (counted.to_owned(), lines.to_owned()))
        });
        assert_eq!(counted, "2 lines were not understood:");
        // Spreadsheets end lines with CR and LF, and count from 1 with the header.
        assert!(lines.contains("line 8, birth_date") && lines.contains("line 9, id"), "{lines}");
        let said = server.process.said();
        assert!(!said.contains("19909999") && !said.contains("秘密"), "the value is not quoted");
        home.stop(server, Some(&settings));
    }
}
