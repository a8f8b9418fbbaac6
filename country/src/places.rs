//! The country's facilities and insurers.
//!
//! Always holds: none of them can be taken for a real one. Every code stands in prefecture 99, and prefectures end at
//! 47; every name begins with 架空 (invented); postcodes begin with 000, where the post has none. Check digits are
//! right all the same, since software under test checks them.
//! Not here: recording facilities (`app` does it through the `facilities` service).
//! Rules come from: docs/rules.md S1 r9; the reference on check digits, sections 7.1–7.3.

use crate::calendar::{Calendar, day};
use crate::ids;
use base::{Date, FacilityCode, Id, InsurerNumber, kinds};

/// A facility of the country.
pub struct Clinic {
    /// Its id.
    pub id: Id<kinds::Facility>,
    /// Its code; facilities' codes stand in prefecture 99.
    pub code: FacilityCode,
    /// Its name.
    pub name: &'static str,
    /// `hospital`, `clinic`, `dental` or `pharmacy`.
    pub kind: &'static str,
    /// Postcode, `NNN-NNNN`.
    pub postcode: &'static str,
    /// Address.
    pub address: &'static str,
    /// First day of pre-operation (プレ運用).
    pub pre_operation_from: Option<Date>,
    /// Operation start date (運用開始日).
    pub operates_from: Option<Date>,
}

/// Code bodies (prefecture 2, point table 1, area 2, serial 4) of the facilities that other files name.
const DEMO_CLINIC: &str = "991010001";
const PHARMACY: &str = "994010002";

/// The facilities. The first is the demo's clinic, whose terminal runs.
pub fn clinics(today: Date) -> Vec<Clinic> {
    let calendar = Calendar { today };
    let opened = Some(day(2021, 10, 20));
    let (this_month, soon) = (Some(calendar.this_month().0), Some(calendar.next_month()));
    vec![
        clinic(
            DEMO_CLINIC,
            "架空みどり内科クリニック",
            "clinic",
            "架空県みどり市青葉町１番１号",
            None,
            opened,
        ),
        clinic(PHARMACY, "架空みどり調剤薬局", "pharmacy", "架空県みどり市青葉町１番２号", None, opened),
        clinic(
            "991010003",
            "架空県立しらさぎ病院",
            "hospital",
            "架空県みどり市白鷺台三丁目５番",
            None,
            opened,
        ),
        clinic(
            "993010004",
            "架空ひばり歯科医院",
            "dental",
            "架空県みどり市雲雀丘二丁目７番",
            this_month,
            soon,
        ),
        clinic("991010005", "架空かもめ診療所", "clinic", "架空県みどり市鴎浜９番地", None, soon),
    ]
}

fn clinic(
    body: &str,
    name: &'static str,
    kind: &'static str,
    address: &'static str,
    pre_operation_from: Option<Date>,
    operates_from: Option<Date>,
) -> Clinic {
    Clinic {
        id: ids::id(0, body, "facility"), // the same under every seed: the terminal's certificate names it
        code: code(body),
        name,
        kind,
        postcode: "000-0001",
        address,
        pre_operation_from,
        operates_from,
    }
}

fn code(body: &str) -> FacilityCode {
    FacilityCode::from_body(body).expect("nine digits take a check digit")
}

/// The code of the demo's clinic.
pub(crate) fn demo_clinic() -> FacilityCode {
    code(DEMO_CLINIC)
}

/// The code of the pharmacy next door.
pub(crate) fn pharmacy() -> FacilityCode {
    code(PHARMACY)
}

/// The insurers and the one public payer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Insurer {
    /// A health insurance society (law code 06); most employees of the table.
    Midori,
    /// Another one, whose symbols are words.
    Shirayuri,
    /// A branch of an association of small employers' staff (law code 01).
    Association,
    /// A mutual aid association of teachers (law code 34).
    Teachers,
    /// The self-defence forces' scheme (law code 07).
    Forces,
    /// The municipality's 国保, six digits.
    City,
    /// The wide-area union of the latter-stage elderly scheme (law code 39).
    Union,
    /// The welfare office, payer of medical aid (law code 12).
    Welfare,
}

/// Number bodies and names.
const INSURERS: [(Insurer, &str, &str); 8] = [
    (Insurer::Midori, "0699001", "架空みどり健康保険組合"),
    (Insurer::Shirayuri, "0699002", "架空しらゆり健康保険組合"),
    (Insurer::Association, "0199001", "架空被用者保険協会　みどり支部"),
    (Insurer::Teachers, "3499001", "架空みどり教職員共済組合"),
    (Insurer::Forces, "0799001", "架空防衛みどり駐屯地"),
    (Insurer::City, "99001", "架空県みどり市"),
    (Insurer::Union, "3999001", "架空県後期高齢者医療広域連合"),
    (Insurer::Welfare, "1299001", "架空みどり市福祉事務所"),
];

/// The insurers with their names.
pub fn insurers() -> Vec<(InsurerNumber, &'static str)> {
    INSURERS.iter().map(|(_, body, name)| (number(body), *name)).collect()
}

fn number(body: &str) -> InsurerNumber {
    InsurerNumber::from_body(body).expect("five or seven digits take a check digit")
}

impl Insurer {
    /// Its number.
    pub fn number(self) -> InsurerNumber {
        let body = INSURERS.iter().find(|(insurer, ..)| *insurer == self).map(|(_, body, _)| *body);
        number(body.expect("every insurer stands in the table"))
    }
}
