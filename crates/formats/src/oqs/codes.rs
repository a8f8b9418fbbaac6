//! The code tables of the eligibility check as data: code, Japanese, English.
//!
//! Always holds: codes are texts; a code that is not in its table has no words, and nobody may guess.
//! Not here: what follows from a code.
//! Rules come from: the reference on the OQS interface, section 5. The official table was not seen; tables
//! and rows that rest on one source say so. Table 005 (encoding) is in doubt and lives in
//! [`crate::xml::Encoding::code`].

/// One code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// As in the message.
    pub code: &'static str,
    /// Japanese.
    pub ja: &'static str,
    /// English.
    pub en: &'static str,
}

/// One code table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    /// The official id or ids.
    pub id: &'static str,
    /// The codes in their order.
    pub codes: &'static [Code],
}

impl Table {
    /// The words of a code.
    pub fn lookup(&self, code: &str) -> Option<&'static Code> {
        self.codes.iter().find(|row| row.code == code)
    }
}

/// Every table here.
pub const ALL: [&Table; 23] = [
    &CONSENT,
    &REFERENCE_CLASS,
    &SEGMENT,
    &STATUS,
    &VALIDITY,
    &SEX,
    &LOSS_REASON,
    &FAMILY,
    &CARD_CLASS,
    &LIMIT_CLASS,
    &LIMIT_FLAG,
    &DISEASE,
    &PRESCHOOL,
    &VIEW_CONSENT,
    &PRESCRIPTION,
    &TICKET,
    &TREATMENT_TYPE,
    &SINGLE_OR_COMBINED,
    &YES_NO,
    &CONSISTENCY,
    &DESIGNATED,
    &TREATMENT,
    &CHANGE,
];

const fn row(code: &'static str, ja: &'static str, en: &'static str) -> Code {
    Code { code, ja, en }
}

/// Consent to limit and specific-disease data.
pub const CONSENT: Table =
    Table { id: "OQSCD001", codes: &[row("0", "未同意", "no consent"), row("1", "同意", "consent")] };

/// How the person was presented.
pub const REFERENCE_CLASS: Table = Table {
    id: "OQSCD002",
    codes: &[row("1", "マイナンバーカード", "My Number card"), row("2", "被保険者証情報", "card data")],
};

/// What became of the message.
pub const SEGMENT: Table = Table {
    id: "OQSCD003",
    codes: &[
        row("1", "正常終了", "normal"),
        row("2", "処理中", "in progress"),
        row("9", "異常終了", "failed"),
    ],
};

/// What became of the question.
pub const STATUS: Table =
    Table { id: "OQSCD004", codes: &[row("1", "正常", "processed"), row("2", "エラー", "error")] };

/// Verdict. 5 occurs with insurance only, 6 with medical assistance only (6: one source).
pub const VALIDITY: Table = Table {
    id: "OQSCD006",
    codes: &[
        row("1", "有効", "valid"),
        row("2", "無効", "invalid"),
        row("3", "無効（新しい資格あり）", "invalid, a newer coverage exists"),
        row("4", "該当資格なし", "nobody fits"),
        row("5", "複数該当", "several fit"),
        row("6", "有効（未登録）", "valid, not registered"),
    ],
};

/// Sex.
pub const SEX: Table = Table {
    id: "OQSCD007",
    codes: &[row("1", "男", "male"), row("2", "女", "female"), row("3", "未設定", "not set")],
};

/// Why a coverage ended.
pub const LOSS_REASON: Table = Table {
    id: "OQSCD008",
    codes: &[
        row("01", "死亡", "death"),
        row("02", "生活保護受給開始", "welfare began"),
        row("03", "医療保険等の資格取得", "joined another insurance"),
        row("99", "その他", "other"),
    ],
};

/// Insured person or dependant.
pub const FAMILY: Table =
    Table { id: "OQSCD009", codes: &[row("1", "本人", "insured person"), row("2", "家族", "dependant")] };

/// Kind of certificate. 05 has its second meaning since December 2024; before, 被保険者資格証明書.
pub const CARD_CLASS: Table = Table {
    id: "OQSCD010",
    codes: &[
        row("01", "被保険者証（一般）", "ordinary"),
        row("02", "被保険者証（退職）", "retired"),
        row("03", "短期被保険者証（一般）", "short-term, ordinary"),
        row("04", "短期被保険者証（退職）", "short-term, retired"),
        row("05", "特別療養費支給対象者", "special medical expenses"),
        row("06", "特例退職被保険者証", "special retired"),
        row("07", "自衛官診療証", "self-defence forces"),
        row("A1", "医療扶助", "medical assistance"),
    ],
};

/// Kind of limit certificate.
pub const LIMIT_CLASS: Table = Table {
    id: "OQSCD011",
    codes: &[
        row("01", "限度額適用認定証", "limit"),
        row("02", "限度額適用・標準負担額減額認定証", "limit and reduced standard charge"),
        row("03", "標準負担額減額認定証", "reduced standard charge"),
    ],
};

/// Income class. B09 and B10 replaced B04 for the latter-stage elderly on 2022-10-01.
pub const LIMIT_FLAG: Table = Table {
    id: "OQSCD012",
    codes: &[
        row("A01", "ア", "A"),
        row("A02", "イ", "I"),
        row("A03", "ウ", "U"),
        row("A04", "エ", "E"),
        row("A05", "オ", "O"),
        row("A06", "オ（境界層）", "O, borderline"),
        row("B01", "現役並みⅢ", "active income III"),
        row("B02", "現役並みⅡ", "active income II"),
        row("B03", "現役並みⅠ", "active income I"),
        row("B04", "一般", "general"),
        row("B05", "低所得Ⅱ", "low income II"),
        row("B06", "低所得Ⅰ", "low income I"),
        row("B07", "低所得Ⅰ（老福）", "low income I, old-age welfare pension"),
        row("B08", "低所得Ⅰ（境界層）", "low income I, borderline"),
        row("B09", "一般Ⅱ", "general II"),
        row("B10", "一般Ⅰ", "general I"),
    ],
};

/// Specific diseases.
pub const DISEASE: Table = Table {
    id: "OQSCD013",
    codes: &[
        row("1", "人工透析を要する慢性腎不全", "chronic renal failure with dialysis"),
        row("2", "血液凝固因子障害（第Ⅷ・第Ⅸ因子）", "clotting factor VIII or IX disorder"),
        row(
            "3",
            "抗ウイルス剤投与中の後天性免疫不全症候群（血液製剤由来）",
            "HIV from blood products under antiviral treatment",
        ),
    ],
};

/// Below school age.
pub const PRESCHOOL: Table = Table { id: "OQSCD015", codes: &[row("1", "未就学", "below school age")] };

/// Consent to view medical information (2 and 3: one source).
pub const VIEW_CONSENT: Table = Table {
    id: "OQSCD016",
    codes: &[
        row("0", "同意なし", "no consent"),
        row("1", "同意あり", "consent"),
        row("2", "有効期限切れ", "expired"),
        row("3", "同意取得困難", "could not be asked"),
    ],
};

/// Form of prescription.
pub const PRESCRIPTION: Table =
    Table { id: "OQSCD017", codes: &[row("1", "電子", "electronic"), row("2", "紙", "paper")] };

/// Kind of ticket.
pub const TICKET: Table = Table {
    id: "OQSCD018",
    codes: &[row("01", "医療券", "medical ticket"), row("02", "調剤券", "dispensing ticket")],
};

/// Form of care on a ticket.
pub const TREATMENT_TYPE: Table = Table {
    id: "OQSCD019",
    codes: &[
        row("01", "入院", "in hospital"),
        row("02", "入院外", "outpatient"),
        row("03", "歯科", "dental"),
        row("04", "調剤", "dispensing"),
        row("05", "訪問看護", "home nursing"),
    ],
};

/// Alone or beside insurance (one source).
pub const SINGLE_OR_COMBINED: Table =
    Table { id: "OQSCD020", codes: &[row("01", "単独", "alone"), row("02", "併用", "combined")] };

/// Whether a law or scheme applies (one source).
pub const YES_NO: Table =
    Table { id: "OQSCD021, 023, 024, 025", codes: &[row("01", "あり", "yes"), row("02", "なし", "no")] };

/// Records disagree (one source).
pub const CONSISTENCY: Table =
    Table { id: "OQSCD022", codes: &[row("1", "不整合あり", "inconsistent")] };

/// Whether the designated facility is the one that asks (one source).
pub const DESIGNATED: Table =
    Table { id: "OQSCD026", codes: &[row("0", "一致", "same"), row("1", "不一致", "different")] };

/// Form of care (4: one source).
pub const TREATMENT: Table = Table {
    id: "OQSCD028",
    codes: &[
        row("1", "外来", "outpatient"),
        row("2", "訪問診療等", "home visit"),
        row("3", "オンライン診療等", "online"),
        row("4", "救急時", "emergency"),
    ],
};

/// Whether the coverage differs from before (one source).
pub const CHANGE: Table =
    Table { id: "OQSCD032", codes: &[row("0", "一致", "same"), row("1", "不一致", "different")] };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_of_one_width() {
        for table in ALL {
            for (at, row) in table.codes.iter().enumerate() {
                assert!(
                    table.codes[..at].iter().all(|other| other.code != row.code),
                    "{} {}",
                    table.id,
                    row.code
                );
                assert_eq!(row.code.len(), table.codes[0].code.len(), "{} {}", table.id, row.code);
                assert_eq!(table.lookup(row.code), Some(row));
            }
        }
        assert_eq!(CARD_CLASS.lookup("A1").map(|row| row.ja), Some("医療扶助"));
        assert_eq!(VALIDITY.lookup("7"), None);
    }
}
