//! What lies in the tables, looked at from outside the service.
//!
//! Always holds: reads only.
//! Not here: the stories.

use ::store::Store;

/// How many answers and withdrawals there are.
pub(super) fn count(store: &Store) -> (i64, i64) {
    let count = |sql| store.look(|tx| tx.rows_of_log(sql, &[], |row| row.int(0))).expect("counted")[0];
    (count("select count(*) from consent_answer"), count("select count(*) from consent_withdrawal"))
}

/// The whole log as text, in order of time.
pub(super) fn log(store: &Store) -> String {
    let rows = store.look(|tx| {
        tx.rows_of_both(
            "select act, outcome, facility, person, body from audit_row order by at, stream, sequence",
            &[],
            |row| {
                let [facility, person] = [2, 3].map(|column| row.opt_int(column));
                let body = String::from_utf8_lossy(&row.blob(4)?).into_owned();
                let (facility, person) = (facility?.unwrap_or(0), person?.unwrap_or(0));
                Ok(format!("{} {} facility {facility} p{person} {body}\n", row.text(0)?, row.text(1)?))
            },
        )
    });
    rows.expect("the log").concat()
}
