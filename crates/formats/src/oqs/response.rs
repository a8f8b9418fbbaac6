//! The answer of an eligibility check: `OQSsiquc01res` and `OQSsiquc01res_face` have one layout.
//!
//! Always holds: what is written is in the order of the layout, without empty elements, and a viewing consent has
//! times only when it is given; what was written is read back the same. Insurer numbers come padded from the caller.
//! Not here: which values go together (validity and rows, consent and limit): the desk service decides that.
//! Rules come from: the reference on the OQS interface, sections 4.3, 4.4 and 4.5.

use super::record::{Item, Part, Reading, Record, read_answer, record, text_of, write_message};
use crate::Problem;
use crate::tree::Node;

/// An answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckResponse {
    /// Who, when, and whether the message could be processed.
    pub header: ResponseHeader,
    /// What was found.
    pub body: ResponseBody,
}

record! {
    /// The header of an answer.
    pub struct ResponseHeader {
        /// When the check was made, 14 digits.
        pub executed_at: String = "ProcessExecutionTime" / 14,
        /// The day that was asked about. Empty (not written) when the request did not say.
        pub asked_on: String = "QualificationConfirmationDate" / 8,
        /// The facility that asked. Empty (not written) when the request did not say.
        pub institution: String = "MedicalInstitutionCode" / 10,
        /// Echo of the clinic's mark.
        pub file_identifier: Option<String> = "ArbitraryFileIdentifier" / 50,
        /// By My Number card or by card data, [`codes::REFERENCE_CLASS`](super::codes::REFERENCE_CLASS).
        pub reference_class: String = "ReferenceClassification" / 1,
        /// Normal, in progress or failed, [`codes::SEGMENT`](super::codes::SEGMENT).
        pub segment: String = "SegmentOfResult" / 1,
        /// Why the message could not be processed.
        pub error_code: Option<String> = "ErrorCode" / 9,
        /// The same in words.
        pub error_message: Option<String> = "ErrorMessage" / 120,
        /// Encoding of this message, [`Encoding::code`](crate::xml::Encoding::code).
        pub character_code: String = "CharacterCodeIdentifier" / 1,
    }
}

record! {
    /// The body of an answer.
    pub struct ResponseBody {
        /// Echo of what was asked; absent in answers made at the card reader.
        pub search: Option<Node> = "QualificationConfirmSearchInfo" / 0,
        /// Form of care, [`codes::TREATMENT`](super::codes::TREATMENT).
        pub treatment: Option<String> = "MedicalTreatmentFlag" / 1,
        /// Electronic or paper prescription, [`codes::PRESCRIPTION`](super::codes::PRESCRIPTION).
        pub prescription: Option<String> = "PrescriptionIssueSelect" / 1,
        /// Processed or not, [`codes::STATUS`](super::codes::STATUS). Mandatory unless the header reports a
        /// failure.
        pub status: Option<String> = "ProcessingResultStatus" / 1,
        /// Why not; may also come with success, as information.
        pub code: Option<String> = "ProcessingResultCode" / 9,
        /// The same in words.
        pub message: Option<String> = "ProcessingResultMessage" / 120,
        /// The verdict, [`codes::VALIDITY`](super::codes::VALIDITY).
        pub validity: Option<String> = "QualificationValidity" / 1,
        /// Insurance, and beside it medical assistance.
        pub results: Vec<ResultRow> = "ResultList" / 0,
    }
}

record! {
    /// One coverage of the person.
    pub struct ResultRow {
        /// Kind of certificate, [`codes::CARD_CLASS`](super::codes::CARD_CLASS).
        pub card_class: String = "InsuredCardClassification" / 2,
        /// Insurer number, padded with blanks to 8; for medical assistance the public-expense number.
        pub insurer_number: String = "InsurerNumber" / 8,
        /// Symbol 記号.
        pub symbol: Option<String> = "InsuredCardSymbol" / 80,
        /// Number 番号.
        pub number: Option<String> = "InsuredIdentificationNumber" / 80,
        /// Branch number 枝番.
        pub branch: Option<String> = "InsuredBranchNumber" / 2,
        /// Insured person or dependant, [`codes::FAMILY`](super::codes::FAMILY).
        pub family: Option<String> = "PersonalFamilyClassification" / 1,
        /// Name of the insured person (head of household).
        pub insured_name: Option<String> = "InsuredName" / 100,
        /// Name.
        pub name: String = "Name" / 100,
        /// Another name (通称 and the like).
        pub other_name: Option<String> = "NameOfOther" / 100,
        /// Reading, half width.
        pub kana: Option<String> = "NameKana" / 100,
        /// Reading of the other name.
        pub other_kana: Option<String> = "NameOfOtherKana" / 100,
        /// Sex, [`codes::SEX`](super::codes::SEX).
        pub sex: String = "Sex1" / 1,
        /// Second sex value, presumably as the certificate shows it.
        pub sex2: Option<String> = "Sex2" / 1,
        /// Date of birth.
        pub birth_date: String = "Birthdate" / 8,
        /// Address.
        pub address: Option<String> = "Address" / 250,
        /// Postcode, `NNN-NNNN`.
        pub postcode: Option<String> = "PostNumber" / 8,
        /// Day of acquisition 資格取得年月日.
        pub qualified_on: Option<String> = "QualificationDate" / 8,
        /// Day of loss 資格喪失年月日.
        pub disqualified_on: Option<String> = "DisqualificationDate" / 8,
        /// Day on which the certificate was issued.
        pub certificate_issued_on: Option<String> = "InsuredCertificateIssuanceDate" / 8,
        /// Certificate valid from.
        pub card_valid_from: Option<String> = "InsuredCardValidDate" / 8,
        /// Certificate valid until.
        pub card_valid_until: Option<String> = "InsuredCardExpirationDate" / 8,
        /// Share that the patient pays, three digits of percent.
        pub copayment_rate: Option<String> = "InsuredPartialContributionRatio" / 3,
        /// Below school age, [`codes::PRESCHOOL`](super::codes::PRESCHOOL).
        pub preschool: Option<String> = "PreschoolClassification" / 1,
        /// Why it ended, [`codes::LOSS_REASON`](super::codes::LOSS_REASON).
        pub loss_reason: Option<String> = "ReasonOfLoss" / 2,
        /// Name of the insurer.
        pub insurer_name: String = "InsurerName" / 200,
        /// Certificate of people of 70 to 74 高齢受給者証.
        pub elderly: Option<Elderly> = "ElderlyRecipientCertificateInfo" / 0,
        /// Consent to show the limit, [`codes::CONSENT`](super::codes::CONSENT).
        pub limit_consent: Option<String> = "LimitApplicationCertificateRelatedConsFlg" / 1,
        /// When it was given.
        pub limit_consent_time: Option<String> = "LimitApplicationCertificateRelatedConsTime" / 14,
        /// High-cost limit 限度額適用認定証.
        pub limit: Option<Limit> = "LimitApplicationCertificateRelatedInfo" / 0,
        /// Consent to show specific diseases, [`codes::CONSENT`](super::codes::CONSENT).
        pub disease_consent: Option<String> = "SpecificDiseasesCertificateRelatedConsFlg" / 1,
        /// When it was given.
        pub disease_consent_time: Option<String> = "SpecificDiseasesCertificateRelatedConsTime" / 14,
        /// Specific diseases 特定疾病療養受療証, up to three.
        pub diseases: Vec<Disease> = "SpecificDiseasesCertificateList" / 0,
        /// Medical and dispensing tickets 医療券・調剤券, up to ten.
        pub tickets: Vec<Ticket> = "PublicExpenseResultList" / 0,
        /// Consents to view medical information; each has elements of its own.
        pub consents: Vec<ViewConsent> = "…Cons…" / 14,
        /// When the record was registered or changed.
        pub registered_at: Option<String> = "OnsRegistrationTime" / 14,
        /// Echo of the clinic's mark.
        pub identifier: Option<String> = "ArbitraryIdentifier" / 50,
        /// The clinic's patient number for this person 照会番号.
        pub reference_number: Option<String> = "ReferenceNumber" / 50,
        /// Opaque key of this check.
        pub confirmation_key: Option<String> = "QualificationConfirmationKey" / 64,
        /// Whether it differs from before, [`codes::CHANGE`](super::codes::CHANGE).
        pub change_flag: Option<String> = "QualificationChangeFlg" / 1,
    }
}

impl Item for ResultRow {
    const ITEM: &'static str = "ResultOfQualificationConfirmation";
}

record! {
    /// Certificate of people of 70 to 74 高齢受給者証.
    pub struct Elderly {
        /// Issued on.
        pub issued_on: Option<String> = "ElderlyRecipientCertificateDate" / 8,
        /// Valid from.
        pub valid_from: Option<String> = "ElderlyRecipientValidStartDate" / 8,
        /// Valid until.
        pub valid_until: Option<String> = "ElderlyRecipientValidEndDate" / 8,
        /// Share that the patient pays, three digits of percent.
        pub ratio: Option<String> = "ElderlyRecipientContributionRatio" / 3,
    }
}

record! {
    /// High-cost limit 限度額適用認定証.
    pub struct Limit {
        /// Kind, [`codes::LIMIT_CLASS`](super::codes::LIMIT_CLASS).
        pub class: Option<String> = "LimitApplicationCertificateClassification" / 2,
        /// Income class, [`codes::LIMIT_FLAG`](super::codes::LIMIT_FLAG).
        pub flag: Option<String> = "LimitApplicationCertificateClassificationFlag" / 3,
        /// Issued on.
        pub issued_on: Option<String> = "LimitApplicationCertificateDate" / 8,
        /// Valid from.
        pub valid_from: Option<String> = "LimitApplicationCertificateValidStartDate" / 8,
        /// Valid until.
        pub valid_until: Option<String> = "LimitApplicationCertificateValidEndDate" / 8,
        /// Long stay in hospital since 長期入院該当.
        pub long_term_from: Option<String> = "LimitApplicationCertificateLongTermDate" / 8,
    }
}

record! {
    /// A specific disease 特定疾病.
    pub struct Disease {
        /// Which, [`codes::DISEASE`](super::codes::DISEASE).
        pub category: Option<String> = "SpecificDiseasesDiseaseCategory" / 1,
        /// Issued on.
        pub issued_on: Option<String> = "SpecificDiseasesCertificateDate" / 8,
        /// Valid from.
        pub valid_from: Option<String> = "SpecificDiseasesValidStartDate" / 8,
        /// Valid until.
        pub valid_until: Option<String> = "SpecificDiseasesValidEndDate" / 8,
        /// What the patient pays, yen.
        pub self_pay: Option<String> = "SpecificDiseasesSelfPay" / 6,
    }
}

impl Item for Disease {
    const ITEM: &'static str = "SpecificDiseasesCertificateInfo";
}

record! {
    /// A medical or dispensing ticket of medical assistance. Where the reference gives no width, ours is 200.
    pub struct Ticket {
        /// Medical or dispensing, [`codes::TICKET`](super::codes::TICKET).
        pub ticket_type: Option<String> = "TicketType" / 2,
        /// Valid from.
        pub valid_from: Option<String> = "MedicalTicketValidDate" / 8,
        /// Valid until.
        pub valid_until: Option<String> = "MedicalTicketExpirationDate" / 8,
        /// Number of the ticket.
        pub issue_number: Option<String> = "IssueNumber" / 30,
        /// Month of care.
        pub month: Option<String> = "MedicalTreatmentMonth" / 6,
        /// Designated facility.
        pub facility_code: Option<String> = "DesignatedMedicalInstitutionCode" / 10,
        /// Whether that is the one that asks, [`codes::DESIGNATED`](super::codes::DESIGNATED).
        pub facility_flag: Option<String> = "DesignatedMedicalInstitutionFlag" / 1,
        /// Its name.
        pub facility_name: Option<String> = "DesignatedMedicalInstitutionName" / 200,
        /// Facility that prescribes.
        pub prescriber_code: Option<String> = "PrescriptionIssuerMedicalInstitutionCode" / 10,
        /// Its name.
        pub prescriber_name: Option<String> = "PrescriptionIssuerMedicalInstitutionName" / 200,
        /// First illness.
        pub injury1: Option<String> = "InjuryName1" / 200,
        /// Second illness.
        pub injury2: Option<String> = "InjuryName2" / 200,
        /// Third illness.
        pub injury3: Option<String> = "InjuryName3" / 200,
        /// Form of care, [`codes::TREATMENT_TYPE`](super::codes::TREATMENT_TYPE).
        pub treatment_type: Option<String> = "MedicalTreatmentType" / 2,
        /// What the patient pays, yen.
        pub self_pay: Option<String> = "SelfPayAmount" / 6,
        /// District case worker.
        pub district_contact: Option<String> = "DistrictContactName" / 200,
        /// Clerk in charge.
        pub handling_contact: Option<String> = "HandlingContactName" / 200,
        /// Alone or beside insurance, [`codes::SINGLE_OR_COMBINED`](super::codes::SINGLE_OR_COMBINED).
        pub single_or_combined: Option<String> = "SingleOrCombinedUse" / 2,
        /// Has social insurance, [`codes::YES_NO`](super::codes::YES_NO).
        pub social_insurance: Option<String> = "StatusOfSocialInsurance" / 2,
        /// Records disagree, [`codes::CONSISTENCY`](super::codes::CONSISTENCY).
        pub consistency: Option<String> = "ConsistencyFlag" / 1,
        /// Infectious disease law applies; the element is misspelt in the layout.
        pub infection: Option<String> = "StatusOfInfecton" / 2,
        /// Care of the elderly applies.
        pub elderly_care: Option<String> = "StatusOfElderlyMedicalCare" / 2,
        /// Prefectural expenses apply.
        pub prefectural_expenses: Option<String> = "StatusOfPrefecturalExpenses" / 2,
        /// First remark.
        pub remarks1: Option<String> = "Remarks1" / 200,
        /// Second remark.
        pub remarks2: Option<String> = "Remarks2" / 200,
        /// Third remark.
        pub remarks3: Option<String> = "Remarks3" / 200,
    }
}

impl Item for Ticket {
    const ITEM: &'static str = "MedicalTicketInfo";
}

/// A kind of medical information that a person can let a facility view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ViewKind {
    /// What the names of its elements begin with.
    pub stem: &'static str,
    /// Japanese.
    pub ja: &'static str,
    /// English.
    pub en: &'static str,
}

const fn kind(stem: &'static str, ja: &'static str, en: &'static str) -> ViewKind {
    ViewKind { stem, ja, en }
}

/// The kinds in the order in which they are written. Those from the fifth on are of January 2025.
pub const VIEW_KINDS: [ViewKind; 10] = [
    kind("SpecificHealthCheckupsInfo", "特定健診", "specific health checkups"),
    kind("PharmacistsInfo", "薬剤", "drugs"),
    kind("DiagnosisInfo", "診療", "treatment"),
    kind("OperationInfo", "手術", "operations"),
    kind("DiagnosisName", "傷病名", "diagnoses"),
    kind("InfectiousInfo", "感染症", "infectious diseases"),
    kind("AllergyInfo", "その他アレルギー", "other allergies"),
    kind("ContraindicationInfo", "薬剤アレルギー", "drug allergies"),
    kind("TestInfo", "検査", "tests"),
    kind("PrescriptionInfo", "処方", "prescriptions"),
];

const FLAG: &str = "ConsFlg";
const TIME: &str = "ConsTime";
const AVAILABLE: &str = "AvailableTime";

/// The flag of a consent that holds.
const GIVEN: &str = "1";

/// Consent to view one kind of information.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ViewConsent {
    /// [`ViewKind::stem`].
    pub kind: &'static str,
    /// [`codes::VIEW_CONSENT`](super::codes::VIEW_CONSENT).
    pub flag: Option<String>,
    /// When it was given, 14 digits. Written only with flag 1, as real answers have it.
    pub time: Option<String>,
    /// Until when it holds, 14 digits. Written only with flag 1.
    pub available: Option<String>,
}

impl std::fmt::Debug for ViewConsent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ViewConsent(…)")
    }
}

/// Three elements for each kind, directly beside the others.
impl Part for Vec<ViewConsent> {
    fn owns(_: &str, name: &str) -> bool {
        VIEW_KINDS.iter().any(|kind| {
            name.strip_prefix(kind.stem).is_some_and(|rest| [FLAG, TIME, AVAILABLE].contains(&rest))
        })
    }

    fn read(parent: &Node, _: &'static str, width: usize, reading: &mut Reading) -> Self {
        let mut text =
            |stem: &str, end: &str, width| text_of(parent, &format!("{stem}{end}"), width, reading);
        let mut consents = Vec::new();
        for ViewKind { stem, .. } in VIEW_KINDS {
            let (flag, time) = (text(stem, FLAG, 1), text(stem, TIME, width));
            let consent = ViewConsent { kind: stem, flag, time, available: text(stem, AVAILABLE, width) };
            if consent != (ViewConsent { kind: stem, ..ViewConsent::default() }) {
                consents.push(consent);
            }
        }
        consents
    }

    fn write(&self, _: &'static str, out: &mut Vec<Node>) {
        let place = |consent: &&ViewConsent| VIEW_KINDS.iter().position(|kind| kind.stem == consent.kind);
        // A kind that is not in the table goes last instead of being lost.
        let mut ordered: Vec<&ViewConsent> = self.iter().collect();
        ordered.sort_by_key(|consent| place(consent).unwrap_or(VIEW_KINDS.len()));
        for ViewConsent { kind, flag, time, available } in ordered {
            let all = [(FLAG, flag), (TIME, time), (AVAILABLE, available)];
            let written = if flag.as_deref() == Some(GIVEN) { &all[..] } else { &all[..1] };
            for (end, text) in written {
                if let Some(text) = text.as_deref().filter(|text| !text.is_empty()) {
                    out.push(Node::leaf(format!("{kind}{end}"), text));
                }
            }
        }
    }
}

impl CheckResponse {
    /// The message, in the order of the layout, empty elements left out, so a body with nothing in it too.
    pub fn write(&self) -> Node {
        write_message(&self.header, |body| self.body.write(body))
    }

    /// Reads an answer. `None` when the root is another one, an element is repeated, or a mandatory element
    /// is missing; of an answer that says the message failed, only `SegmentOfResult` is needed. Unknown
    /// elements and values that are too long are reported.
    pub fn read(root: &Node) -> (Option<CheckResponse>, Vec<Problem>) {
        let mut reading = Reading::new(false);
        let read = read_answer::<ResponseHeader, ResponseBody>(root, &mut reading);
        if let Some((header, body)) = &read {
            reading.settle_answer(&header.segment, body.status.as_deref());
        }
        let response = read.map(|(header, body)| CheckResponse { header, body });
        (response.filter(|_| !reading.fatal), reading.problems)
    }
}
