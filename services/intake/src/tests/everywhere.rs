//! Reading whole databases: to compare two, and to search one for My Numbers.
//!
//! Always holds: reads only.
//! Not here: the stories.

use super::NUMBERS;
use ::store::{Store, schema_columns};
use std::collections::{BTreeMap, BTreeSet};

/// Everything that a store holds, but the log, whose salts and streams are of each run.
pub(super) fn content(store: &Store) -> BTreeMap<String, BTreeSet<String>> {
    let mut db = store.connect_main().expect("a connection");
    let mut columns: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (table, column) in schema_columns(&mut db).expect("the schema") {
        columns.entry(table).or_default().push(column);
    }
    columns.retain(|table, _| !table.starts_with("audit_") && table != "store_migration");
    let mut content = BTreeMap::new();
    for (table, columns) in columns {
        let as_text = |column: &String| match store.is_postgres() {
            true => format!("coalesce(cast({column} as text), '-')"),
            false => format!("coalesce(hex({column}), '-')"),
        };
        let each: Vec<String> = columns.iter().map(as_text).collect();
        let sql = format!("select {} from {table}", each.join(" || '|' || "));
        let rows = db.rows(Box::leak(sql.into_boxed_str()), &[], |row| row.text(0)).expect("read");
        let count = rows.len();
        let rows: BTreeSet<String> = rows.into_iter().collect();
        assert_eq!(rows.len(), count, "{table} has no two equal rows");
        content.insert(table, rows);
    }
    content
}

/// A My Number lies nowhere but where it belongs: not in a table, not in the log, not in what was told.
pub(super) fn numbers_lie_in_one_place(store: &Store, out: &str) {
    let mut dbs = vec![store.connect_main().expect("a connection")];
    if !store.is_postgres() {
        dbs.push(store.connect_log().expect("a connection"));
    }
    for db in &mut dbs {
        for (table, column) in schema_columns(db).expect("the schema") {
            let text = match store.is_postgres() {
                true => format!(
                    "position(convert_to($1, 'UTF8') in convert_to(cast({column} as text), 'UTF8')) > 0"
                ),
                false => format!("instr(cast({column} as text), $1) > 0"),
            };
            let sql: &'static str = format!("select count(*) from {table} where {text}").leak();
            for (_, number) in NUMBERS {
                let found = db.rows(sql, &[number.into()], |row| row.int(0)).expect("counted")[0];
                let is_home = (table.as_str(), column.as_str()) == ("people_number", "my_number");
                assert!(found == 0 || is_home, "a My Number lies in {table}.{column}");
            }
        }
    }
    assert!(!NUMBERS.iter().any(|(_, number)| out.contains(number)), "a My Number was told");
}
