//! What lies in the tables, looked at from outside the service.
//!
//! Always holds: reads only.
//! Not here: the stories.

use ::store::Store;

/// The whole log as text, in order.
pub(super) fn everything_in_the_log(store: &Store) -> String {
    let rows = store.look(|tx| {
        tx.rows_of_both(
            "select act, outcome, body, person from audit_row order by at, stream, sequence",
            &[],
            |row| {
                let body = String::from_utf8_lossy(&row.blob(2)?).into_owned();
                Ok(format!("{} {} p{} {body}\n", row.text(0)?, row.text(1)?, row.opt_int(3)?.unwrap_or(0)))
            },
        )
    });
    rows.expect("the log").concat()
}
