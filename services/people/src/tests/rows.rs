//! What lies in the tables, looked at from outside the service.
//!
//! Always holds: reads only.
//! Not here: the stories.

use ::store::Store;

/// How many rows there are.
pub(super) fn rows(store: &Store) -> String {
    let count = |sql| store.look(|tx| tx.row(sql, &[], |row| row.int(0))).expect("counted").unwrap_or(0);
    let numbers = count("select count(*) from people_number");
    let entries = count("select count(*) from people_entry");
    let notes = count("select count(*) from audit_row where act = 'people.record'");
    format!("rows: {numbers} numbers, {entries} entries, {notes} in the log")
}

/// The whole log as text.
pub(super) fn everything_in_the_log(store: &Store) -> String {
    let rows = store.look(|tx| {
        tx.rows_of_both("select act, outcome, body from audit_row", &[], |row| {
            Ok(format!("{} {} {}\n", row.text(0)?, row.text(1)?, String::from_utf8_lossy(&row.blob(2)?)))
        })
    });
    rows.expect("the log").concat()
}
