//! The code tables of the eligibility check as data: code, Japanese, English.
//!
//! Always holds: codes are texts; a code that is not in its table has no words, and nobody may guess.
//! Not here: what follows from a code.
//! Rules come from: the reference on the OQS interface, section 5. The official table was not seen; tables and rows
//! that rest on one source say so.

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
pub const ALL: [&Table; 1] = [&VALIDITY];

const fn row(code: &'static str, ja: &'static str, en: &'static str) -> Code {
    Code { code, ja, en }
}

/// Verdict.
pub const VALIDITY: Table = Table { id: "OQSCD006", codes: &[row("1", "有効", "valid")] };
