//! The resulting schemas, the classes of columns, and upgrades of data that were written by an older program.
//!
//! Not here: SQL of services.
//! Rules come from: DESIGN section 4 ("`columns.toml`") and section 5 (committed tables).

use crate::store_common::*;
use audit::testing::ledger;
use expect_test::expect_file;
use std::collections::{BTreeMap, BTreeSet};
use store::{Db, Place, SCHEMA, Store, Value, schema_columns, schema_text, testing::each_place};

#[test]
fn schemas_are_the_committed_ones() {
    each_place("schema_text", |place| {
        let store = Store::open(place, ledger(1)).expect("opens");
        let (mut main, mut log) = (store.connect_main().expect("main"), store.connect_log().expect("log"));
        let main = schema_text(&mut main).expect("read");
        if store.is_postgres() {
            expect_file!["../../migrations/schema.postgres.sql"].assert_eq(&main);
        } else {
            expect_file!["../../migrations/schema.sqlite.main.sql"].assert_eq(&main);
            expect_file!["../../migrations/schema.sqlite.log.sql"]
                .assert_eq(&schema_text(&mut log).expect("read"));
        }
    });
}

#[test]
fn every_column_has_a_class_and_a_keeping_time() {
    let listed = store::columns().expect("columns.toml reads back");
    let listed: BTreeSet<_> = listed.into_iter().map(|column| (column.table, column.name)).collect();
    each_place("schema_columns", |place| {
        let store = Store::open(place, ledger(1)).expect("opens");
        let mut stands = BTreeSet::new();
        for mut db in [store.connect_main().expect("main"), store.connect_log().expect("log")] {
            stands.extend(schema_columns(&mut db).expect("read"));
        }
        let missing: Vec<_> = stands.difference(&listed).collect();
        let left_over: Vec<_> = listed.difference(&stands).collect();
        assert!(
            missing.is_empty() && left_over.is_empty(),
            "not listed: {missing:?}; not there: {left_over:?}"
        );
    });
}

#[test]
fn every_older_schema_is_upgraded_without_loss() {
    for older in 1..SCHEMA.len() {
        each_place("schema_upgrade", |place| {
            let before = lived_in(&place, older);
            let store = Store::open(place, ledger(2)).expect("upgrades");
            for (table, rows) in before {
                let after = contents(&store, &table);
                assert_eq!(after.len(), rows.len(), "{table} after upgrading from {older}");
                for (old, new) in rows.iter().zip(&after) {
                    let lost: Vec<_> =
                        old.iter().filter(|(name, value)| new.get(*name) != Some(value)).collect();
                    assert!(lost.is_empty(), "{table} after upgrading from {older}: {lost:?}");
                }
            }
            assert_eq!(sound(&store).unsealed, 0);
            check(&store, NOW, None).expect("and work goes on");
            change(&store, NOW);
            sealer().seal(&store, NOW).expect("sealed");
            sound(&store);
        });
    }
}

type Contents = Vec<BTreeMap<String, String>>;

/// A store of the past with audited work, and two rows of anything in each other table.
fn lived_in(place: &Place, older: usize) -> BTreeMap<String, Contents> {
    let store = store::testing::open_as_of(place.clone(), ledger(1), older).expect("the past opens");
    for n in 0..70 {
        check(&store, NOW.plus_ms(n), Some((&format!("r{n}"), 1))).expect("answered");
    }
    change(&store, NOW);
    store.record(NOW, |tx| tx.revision()).expect("recorded");
    sealer().seal(&store, NOW).expect("sealed");
    let mut tables = BTreeSet::new();
    let log = (!store.is_postgres()).then(|| store.connect_log().expect("log"));
    for mut db in std::iter::once(store.connect_main().expect("main")).chain(log) {
        for (table, columns) in by_table(&mut db) {
            // Both files have the audit tables; what is in them must stay a chain.
            if !table.starts_with("audit_") && !table.starts_with("store_") {
                fill(&mut db, &table, &columns);
            }
            tables.insert(table);
        }
    }
    tables
        .into_iter()
        .filter(|table| table != "store_migration")
        .map(|t| (t.clone(), contents(&store, &t)))
        .collect()
}

fn by_table(db: &mut Db) -> BTreeMap<String, Vec<String>> {
    let mut tables = BTreeMap::<String, Vec<String>>::new();
    for (table, column) in schema_columns(db).expect("read") {
        tables.entry(table).or_default().push(column);
    }
    tables
}

/// Two rows of which every column says something; which type a column takes is found by trying.
fn fill(db: &mut Db, table: &str, columns: &[String]) {
    for row in 1..=2i64 {
        let mut values: Vec<Value<'static>> = vec![Value::Int(row); columns.len()];
        let kinds = kinds(db, table);
        for (place, column) in columns.iter().enumerate() {
            values[place] = match kinds[column].as_str() {
                "text" => Value::from(format!("{column} {row}")),
                "blob" | "bytea" => Value::from(vec![row as u8; 32]),
                _ => Value::Int(row),
            };
        }
        let marks: Vec<String> = (1..=columns.len()).map(|n| format!("${n}")).collect();
        let sql = format!("insert into {table} ({}) values ({})", columns.join(", "), marks.join(", "));
        db.exec(sql.leak(), &values).expect("a row of anything");
    }
}

fn kinds(db: &mut Db, table: &str) -> BTreeMap<String, String> {
    let sql = if db.is_postgres() {
        "select column_name::text, data_type::text from information_schema.columns
            where table_schema = current_schema() and table_name = $1"
    } else {
        "select name, lower(type) from pragma_table_info($1)"
    };
    let kinds = db.rows(sql, &[table.into()], |row| Ok((row.text(0)?, row.text(1)?)));
    kinds.expect("read").into_iter().collect()
}

/// Every row of a table as text, in an order that does not depend on later columns.
fn contents(store: &Store, table: &str) -> Contents {
    let mut found = Vec::new();
    let log = (!store.is_postgres()).then(|| store.connect_log().expect("log"));
    for mut db in std::iter::once(store.connect_main().expect("main")).chain(log) {
        let kinds = kinds(&mut db, table);
        let columns: Vec<&String> = kinds.keys().collect();
        let text = |column: &&String| match kinds[*column].as_str() {
            "bytea" => format!("encode({column}, 'hex')"),
            "blob" => format!("lower(hex({column}))"),
            _ => format!("cast({column} as text)"),
        };
        if columns.is_empty() {
            continue;
        }
        let sql = format!("select {} from {table}", columns.iter().map(text).collect::<Vec<_>>().join(", "));
        let rows = db.rows(sql.leak(), &[], |row| {
            let value = |place| row.opt_text(place).map(Option::unwrap_or_default);
            columns.iter().enumerate().map(|(place, name)| Ok(((*name).clone(), value(place)?))).collect()
        });
        let mut rows: Contents = rows.expect("read");
        rows.sort();
        found.extend(rows);
    }
    found
}

#[test]
fn an_edited_migration_is_refused() {
    each_place("schema_edited", |place| {
        let store = Store::open(place.clone(), ledger(1)).expect("opens");
        let mut db = store.connect_main().expect("main");
        db.batch("update store_migration set checksum = checksum + 1 where number = 2").expect("edited");
        drop((db, store));
        let refused = Store::open(place, ledger(1)).err().expect("refused").to_string();
        assert!(refused.contains("0002_facilities_and_staff was applied in another wording"), "{refused}");
    });
}

#[test]
fn data_of_a_newer_program_are_refused_untouched() {
    each_place("schema_newer", |place| {
        drop(Store::open(place.clone(), ledger(1)).expect("opens"));
        let refused = store::testing::open_as_of(place.clone(), ledger(1), SCHEMA.len() - 1);
        let refused = refused.err().expect("refused").to_string();
        assert!(refused.contains("use the newer program"), "{refused}");
        drop(Store::open(place, ledger(1)).expect("the newer program still opens them"));
    });
}
