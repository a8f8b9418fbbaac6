//! Migrations: one SQL text for both databases, applied in order, each once.
//!
//! Always holds: a migration is written in PostgreSQL's words for types (`bigint`, `text`, `bytea`); for SQLite these
//! become the types of STRICT tables. A line `-- in: main`, `-- in: log` or `-- in: both` before a statement says in
//! which SQLite file it belongs; PostgreSQL has one database and takes each once. A migration that changed after it
//! was applied is noticed and refused. The resulting schemas are committed and compared by a test.
//! Not here: data of any service; a migration that must move data says so in SQL.
//! Rules come from: DESIGN section 1: edited freely until 0.1, forward only afterwards.

use crate::{
    Opener, Place,
    db::{Begin, Db},
};
use base::{Error, Result};

/// One migration as compiled in.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// Counted from 1.
    pub number: i64,
    /// The file's name.
    pub name: &'static str,
    /// Its text.
    pub sql: &'static str,
}

macro_rules! migrations {
    ($($number:literal $name:literal),* $(,)?) => {
        &[$(Migration {
            number: $number,
            name: $name,
            sql: include_str!(concat!("../../../migrations/", $name, ".sql")),
        }),*]
    };
}

/// All migrations, in order.
pub const SCHEMA: &[Migration] = migrations![
    1 "0001_store_and_audit",
    2 "0002_facilities_and_staff",
    3 "0003_people_and_coverage",
    4 "0004_cards_enrolment_consent",
    5 "0005_portal_and_desks",
    6 "0006_intake",
];

/// In which of SQLite's files a statement belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum File {
    Main,
    Log,
}

/// Applies to every file what it lacks of the first `upto` migrations (all of them but in a test of upgrading).
pub(crate) fn up(opener: &Opener, upto: usize) -> Result<()> {
    let known = &SCHEMA[..upto.min(SCHEMA.len())];
    match &opener.place {
        Place::Sqlite { .. } => {
            bring_up(&mut opener.main()?, Some(File::Main), known)?;
            bring_up(&mut opener.log()?, Some(File::Log), known)
        }
        Place::Postgres { .. } => bring_up(&mut opener.main()?, None, known),
    }
}

/// All that is lacking in one transaction: an upgrade happens as a whole or not at all.
fn bring_up(db: &mut Db, file: Option<File>, known: &[Migration]) -> Result<()> {
    db.begin(Begin::Group)?;
    if db.is_postgres() {
        // Two processes may start at once; the second waits and then finds nothing to do.
        db.batch("select pg_advisory_xact_lock(761929)")?;
    }
    let done = apply_missing(db, file, known).and_then(|()| db.commit());
    if done.is_err() {
        db.rollback();
    }
    done
}

fn apply_missing(db: &mut Db, file: Option<File>, known: &[Migration]) -> Result<()> {
    const APPLIED: &str = "select number, checksum from store_migration order by number";
    db.batch(&translated(
        "create table if not exists store_migration (
            number bigint primary key, name text not null, length bigint not null, checksum bigint not null)",
        file,
    ))?;
    let applied = db.rows(APPLIED, &[], |row| Ok((row.int(0)?, row.int(1)?)))?;
    if let Some((newest, _)) = applied.last().filter(|(n, _)| *n > known.len() as i64) {
        return Err(Error::broken(format!(
            "the data were written by a newer Shikaku (schema {newest}, this program knows {}): use the newer program",
            known.len()
        )));
    }
    for migration in known {
        match applied.iter().find(|(number, _)| *number == migration.number) {
            Some((_, checksum)) if *checksum == sum(migration.sql) => {}
            Some(_) => {
                return Err(Error::broken(format!(
                    "migration {} was applied in another wording: before 0.1 start with a fresh data directory \
                     (demo: --reset)",
                    migration.name
                )));
            }
            None => apply(db, file, migration)?,
        }
    }
    Ok(())
}

fn apply(db: &mut Db, file: Option<File>, migration: &Migration) -> Result<()> {
    for statement in statements(migration.sql, file) {
        db.batch(&translated(&statement, file))?;
    }
    db.exec(
        "insert into store_migration (number, name, length, checksum) values ($1, $2, $3, $4)",
        &[
            migration.number.into(),
            migration.name.into(),
            (migration.sql.len() as i64).into(),
            sum(migration.sql).into(),
        ],
    )?;
    Ok(())
}

/// The statements that belong in this file (all of them for PostgreSQL), without comments.
fn statements(sql: &str, file: Option<File>) -> Vec<String> {
    let mut found = Vec::new();
    let mut place = [File::Main].as_slice();
    let mut current = String::new();
    for line in sql.lines() {
        match line.trim() {
            "-- in: main" => place = &[File::Main],
            "-- in: log" => place = &[File::Log],
            "-- in: both" => place = &[File::Main, File::Log],
            _ => {}
        }
        let code = line.split("--").next().unwrap_or_default().trim_end();
        if code.is_empty() {
            continue;
        }
        current.push_str(code);
        current.push('\n');
        if code.ends_with(';') {
            let statement = std::mem::take(&mut current);
            if file.is_none_or(|file| place.contains(&file)) {
                found.push(statement);
            }
        }
    }
    found
}

/// Types for SQLite's STRICT tables; PostgreSQL takes the text as it is.
fn translated(statement: &str, file: Option<File>) -> String {
    if file.is_none() {
        return statement.to_owned();
    }
    let mut text = statement.replace(" bigint", " integer").replace(" bytea", " blob");
    if text.trim_start().starts_with("create table") {
        let end = text.rfind(')').map_or(text.len(), |at| at + 1);
        // A key of several columns is how the table is read and added to, so its rows lie in the order of the key,
        // without a second tree for it.
        let keyed = text.contains("primary key (");
        text.insert_str(end, if keyed { " strict, without rowid" } else { " strict" });
    }
    text
}

/// FNV-1a over the text: enough to notice an edit; nobody attacks a file that is compiled in.
fn sum(text: &str) -> i64 {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (hash >> 1) as i64
}

/// The resulting schema of one connection as text, for the committed copies: tables with columns, types, defaults,
/// keys and checks. The PostgreSQL schema's own name is left out: in tests it differs from run to run.
pub fn schema_text(db: &mut Db) -> Result<String> {
    const POSTGRES: &str = "select table_name || '.' || column_name || ' ' || data_type
               || case is_nullable when 'NO' then ' not null' else '' end
               || coalesce(' default ' || column_default, '')
        from information_schema.columns where table_schema = current_schema()
        union all
        select replace(indexdef, ' ON ' || schemaname || '.', ' ON ') from pg_indexes
        where schemaname = current_schema()
        union all
        select r.relname || ': ' || replace(pg_get_constraintdef(c.oid), current_schema() || '.', '')
        from pg_constraint c join pg_class r on r.oid = c.conrelid
        where c.connamespace = current_schema()::regnamespace and c.contype in ('c', 'f', 'x')
        order by 1";
    const SQLITE: &str = "select sql || ';' from sqlite_schema where sql is not null order by name";
    let lines = db.rows(if db.is_postgres() { POSTGRES } else { SQLITE }, &[], |row| row.text(0))?;
    Ok(lines.iter().map(|line| format!("{line}\n")).collect())
}

/// Every column of the tables that one connection sees, with its table, in order of names.
pub fn schema_columns(db: &mut Db) -> Result<Vec<(String, String)>> {
    const POSTGRES: &str = "select table_name::text, column_name::text from information_schema.columns
        where table_schema = current_schema() order by 1, 2";
    const SQLITE: &str = "select t.name, c.name from sqlite_schema t, pragma_table_info(t.name) c
        where t.type = 'table' and t.name not like 'sqlite_%' order by 1, 2";
    let mut found = db.rows(if db.is_postgres() { POSTGRES } else { SQLITE }, &[], |row| {
        Ok((row.text(0)?, row.text(1)?))
    })?;
    found.sort(); // each database has an order of its own for the underline
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_find_their_file() {
        let sql = "-- in: both\ncreate table a (x bigint not null, y bytea);\n-- in: log\ncreate table b (\n  z bigint -- why\n);\n";
        assert_eq!(statements(sql, Some(File::Main)).len(), 1);
        assert_eq!(statements(sql, Some(File::Log)).len(), 2);
        assert_eq!(statements(sql, None).len(), 2);
        let strict = translated(&statements(sql, Some(File::Log))[1], Some(File::Log));
        assert_eq!(strict.trim(), "create table b (\n  z integer\n) strict;");
        let keyed =
            translated("create table c (x bigint not null, y bigint, primary key (x, y));", Some(File::Log));
        assert!(keyed.ends_with(") strict, without rowid;"), "{keyed}");
    }

    #[test]
    fn every_migration_ends_with_its_last_statement() {
        for migration in SCHEMA {
            let code: String =
                migration.sql.lines().map(|line| line.split("--").next().unwrap_or_default()).collect();
            assert!(code.trim_end().ends_with(';'), "{} has words after its last semicolon", migration.name);
            for line in migration.sql.lines().filter(|line| line.trim().starts_with("-- in:")) {
                let known = ["-- in: main", "-- in: log", "-- in: both"].contains(&line.trim());
                assert!(known, "{}: {line}", migration.name);
            }
        }
    }

    #[test]
    fn migrations_are_numbered_in_order() {
        for (place, migration) in SCHEMA.iter().enumerate() {
            assert_eq!(migration.number, place as i64 + 1);
            assert!(migration.name.starts_with(&format!("{:04}_", migration.number)));
        }
    }
}
