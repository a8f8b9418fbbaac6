//! The search for My Numbers through every column of every table.
//!
//! Always holds: reads only; finds the numbers at home too, so that it is seen to work.
//! Not here: the stories.

use ::store::{Db, Store, schema_columns};

/// Every number of the stories.
const NUMBERS: [&str; 3] = ["100000000080", "100000000030", "123456789018"];

/// Looks for the numbers in every column of every table, whatever its type, and in what was told.
pub(super) fn numbers_lie_in_one_place(store: &Store, told: &str) {
    let mut dbs = vec![store.connect_main().expect("a connection")];
    if !store.is_postgres() {
        dbs.push(store.connect_log().expect("a connection"));
    }
    let mut at_home = 0;
    for db in &mut dbs {
        for (table, column) in schema_columns(db).expect("the schema") {
            let found = hits(db, &table, &column);
            match (table.as_str(), column.as_str()) {
                ("people_number", "my_number") => at_home += found,
                _ => assert_eq!(found, 0, "a My Number lies in {table}.{column}"),
            }
        }
    }
    assert!(at_home > 0, "the search itself finds nothing");
    for canary in NUMBERS {
        assert!(!told.contains(canary), "a My Number was told");
    }
}

fn hits(db: &mut Db, table: &str, column: &str) -> i64 {
    // Bytes are looked at as text too: the body of an audit row is one.
    let text = match (db.is_postgres(), is_bytes(db, table, column)) {
        (true, true) => format!("encode({column}, 'escape')"),
        _ => format!("cast({column} as text)"),
    };
    let wanted: Vec<String> = NUMBERS.iter().map(|number| format!("{text} like '%{number}%'")).collect();
    let sql = format!("select count(*) from {table} where {}", wanted.join(" or "));
    db.rows(Box::leak(sql.into_boxed_str()), &[], |row| row.int(0)).expect("counted")[0]
}

fn is_bytes(db: &mut Db, table: &str, column: &str) -> bool {
    if !db.is_postgres() {
        return false;
    }
    let kind = "select count(*) from information_schema.columns where table_schema = current_schema()
        and table_name = $1 and column_name = $2 and data_type = 'bytea'";
    db.rows(kind, &[table.into(), column.into()], |row| row.int(0)).expect("the schema")[0] > 0
}

/// Rows in the log of looks at the list of cases that are about person 1.
pub(super) fn looks_at_cases(store: &Store) -> i64 {
    const COUNT: &str = "select count(*) from audit_row where act = 'registration.list' and person = 1";
    let counts = store.look(|tx| tx.rows_of_both(COUNT, &[], |row| row.int(0)));
    counts.expect("counted").iter().sum()
}
