//! What lies in the tables, looked at from outside the service.
//!
//! Always holds: reads only.
//! Not here: the stories.

use ::store::Store;

/// How many rows say that a person enrolled.
pub(super) fn enrolled(store: &Store, person: i64) -> i64 {
    let rows = store.look(|tx| {
        tx.rows(
            "select count(*) from enrolment_event where person = $1 and kind = 'enrolled'",
            &[person.into()],
            |row| row.int(0),
        )
    });
    rows.expect("counted")[0]
}

/// Rows of the table, and what the log tells.
pub(super) fn told(store: &Store) -> String {
    let count = store.look(|tx| tx.row("select count(*) from enrolment_event", &[], |row| row.int(0)));
    let log = store.look(|tx| {
        tx.rows_of_both(
            "select act, outcome, person, body from audit_row order by at, stream, sequence",
            &[],
            |row| {
                let body = String::from_utf8_lossy(&row.blob(3)?).into_owned();
                Ok(format!("  {} {} p{} {body}\n", row.text(0)?, row.text(1)?, row.int(2)?))
            },
        )
    });
    format!("rows: {}\n{}", count.expect("counted").unwrap_or(0), log.expect("the log").concat())
}
