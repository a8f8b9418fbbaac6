//! Inserts of many rows in one statement: fewer turns of the line on PostgreSQL.
//!
//! Always holds: texts are made once and kept for ever, like literals; there are few of them, so few statements are
//! prepared. The same text serves both databases.
//! Not here: which rows; and nothing that must not stand twice in one statement (an upsert's keys) is looked at.
//! Rules come from: DESIGN section 4, "One SQL text, one door".

use std::{fmt::Write, sync::OnceLock};

/// How many rows the texts of one insert take, the largest first.
const WIDTHS: [usize; 4] = [64, 16, 4, 1];

/// An insert that exists for several numbers of rows.
pub struct Wide {
    head: &'static str,
    columns: usize,
    tail: &'static str,
    texts: OnceLock<[&'static str; WIDTHS.len()]>,
}

impl Wide {
    /// An insert from what stands before its values, how many values a row has, and what stands after them.
    pub const fn new(head: &'static str, columns: usize, tail: &'static str) -> Wide {
        Wide { head, columns, tail, texts: OnceLock::new() }
    }

    /// The text for as many of the waiting rows as one statement takes, and how many it takes.
    pub fn for_rows(&self, waiting: usize) -> (usize, &'static str) {
        let texts = self.texts.get_or_init(|| WIDTHS.map(|rows| self.text(rows).leak() as &'static str));
        let place = WIDTHS.iter().position(|&rows| rows <= waiting).unwrap_or(WIDTHS.len() - 1);
        (WIDTHS[place], texts[place])
    }

    fn text(&self, rows: usize) -> String {
        let mut text = format!("{} values ", self.head);
        for row in 0..rows {
            text.push_str(if row == 0 { "(" } else { ", (" });
            for column in 0..self.columns {
                let comma = if column == 0 { "" } else { ", " };
                let _ = write!(text, "{comma}${}", row * self.columns + column + 1);
            }
            text.push(')');
        }
        format!("{text} {}", self.tail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_as_many_rows_as_fit() {
        static INSERT: Wide = Wide::new("insert into t (a, b)", 2, "returning a");
        assert_eq!(INSERT.for_rows(3), (1, "insert into t (a, b) values ($1, $2) returning a"));
        let (rows, text) = INSERT.for_rows(5);
        assert_eq!(rows, 4);
        assert!(text.contains("($7, $8) returning a"));
        assert_eq!(INSERT.for_rows(200).0, 64);
    }
}
