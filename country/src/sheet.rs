//! `test-patients.csv`: what a vendor asks with and what the answer ought to be.
//!
//! Always holds: UTF-8 with byte order mark and CRLF, as spreadsheets in Japan want it; the header never changes,
//! columns are only added behind the last.
//! Not here: reading a vendor's own (`own`).

use crate::{CardState, Patient};

/// The columns.
pub(crate) const HEADER: [&str; 15] = [
    "id",
    "outcome",
    "insurer_number",
    "symbol",
    "number",
    "branch",
    "birth_date",
    "pin",
    "card_file",
    "expected_validity",
    "expected_code",
    "note",
    "card_state",
    "card_outcome",
    "card_validity",
];

/// The file's bytes.
pub fn csv(patients: &[Patient]) -> Vec<u8> {
    let mut text = String::from('\u{feff}');
    line(&mut text, HEADER);
    for patient in patients {
        let query = &patient.query;
        line(
            &mut text,
            [
                patient.id.as_str(),
                &patient.outcome,
                &query.insurer_number,
                &query.symbol,
                &query.number,
                &query.branch,
                &query.birth_date,
                &patient.pin,
                &patient.card_file,
                &patient.expected_validity,
                &patient.expected_code,
                &patient.note,
                patient.card_state.map_or("", CardState::word),
                &patient.card_outcome,
                &patient.card_validity,
            ],
        );
    }
    text.into_bytes()
}

fn line(text: &mut String, cells: [&str; HEADER.len()]) {
    let quoted = cells.map(|cell| match cell.contains([',', '"', '\r', '\n']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell.to_owned(),
    });
    text.push_str(&quoted.join(","));
    text.push_str("\r\n");
}
