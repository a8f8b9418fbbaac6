//! Migrations: one SQL text for both databases, applied in order, each once.
//!
//! Always holds: a migration is written in PostgreSQL's words for types (`bigint`, `text`, `bytea`); for SQLite these
//! become the types of STRICT tables. A line `-- in: main`, `-- in: log` or `-- in: both` before a statement says in
//! which SQLite file it belongs; PostgreSQL has one database and takes each once. A migration that changed after it
//! was applied is noticed and refused. The resulting schemas are committed and compared by a test.
//! Not here: data of any service; a migration that must move data says so in SQL.
//! Rules come from: DESIGN section 1: edited freely until 0.1, forward only afterwards.

use crate::{Opener, Place, db::Db};
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
];

/// In which of SQLite's files a statement belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum File {
    Main,
    Log,
}

/// Applies to every file what it lacks.
pub(crate) fn up(opener: &Opener) -> Result<()> {
    match &opener.place {
        Place::Sqlite { .. } => {
            bring_up(&mut opener.main()?, Some(File::Main), SCHEMA)?;
            bring_up(&mut opener.log()?, Some(File::Log), SCHEMA)
        }
        Place::Postgres { .. } => {
            let mut db = opener.main()?;
            // Two processes may start at once; the second waits and then finds nothing to do.
            db.batch("select pg_advisory_lock(761929)")?;
            let done = bring_up(&mut db, None, SCHEMA);
            db.batch("select pg_advisory_unlock(761929)")?;
            done
        }
    }
}

fn bring_up(db: &mut Db, file: Option<File>, migrations: &[Migration]) -> Result<()> {
    db.batch(&translated(
        "create table if not exists store_migration (number bigint primary key, name text not null, length bigint not null, checksum bigint not null)",
        file,
    ))?;
    let applied = db.rows("select number, checksum from store_migration order by number", &[], |row| {
        Ok((row.int(0)?, row.int(1)?))
    })?;
    if let Some((newest, _)) = applied.last().filter(|(n, _)| *n > migrations.len() as i64) {
        return Err(Error::broken(format!(
            "the data were written by a newer Shikaku (schema {newest}, this program knows {}): use the newer program",
            migrations.len()
        )));
    }
    for migration in migrations {
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
    db.batch("begin")?;
    let done = statements(migration.sql, file)
        .iter()
        .try_for_each(|statement| db.batch(&translated(statement, file)))
        .and_then(|()| {
            db.exec(
                "insert into store_migration (number, name, length, checksum) values ($1, $2, $3, $4)",
                &[
                    migration.number.into(),
                    migration.name.into(),
                    (migration.sql.len() as i64).into(),
                    sum(migration.sql).into(),
                ],
            )
        })
        .and_then(|_| db.commit());
    if done.is_err() {
        db.rollback();
    }
    done
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
        text.insert_str(end, " strict");
    }
    text
}

/// FNV-1a over the text: enough to notice an edit; nobody attacks a file that is compiled in.
fn sum(text: &str) -> i64 {
    let hash = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    (hash >> 1) as i64
}

/// The resulting schema of one connection as text, for the committed copies: tables with columns, types and keys.
pub fn schema_text(db: &mut Db) -> Result<String> {
    let lines = if db.is_postgres() {
        db.rows(
            "select table_name || '.' || column_name || ' ' || data_type
                    || case is_nullable when 'NO' then ' not null' else '' end
             from information_schema.columns where table_schema = current_schema()
             union all
             select indexdef from pg_indexes where schemaname = current_schema()
             order by 1",
            &[],
            |row| row.text(0),
        )?
    } else {
        db.rows("select sql || ';' from sqlite_schema where sql is not null order by name", &[], |row| row.text(0))?
    };
    // The schema's own name differs from run to run in tests on PostgreSQL.
    Ok(lines.iter().map(|line| format!("{line}\n")).collect())
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
    }

    #[test]
    fn migrations_are_numbered_in_order() {
        for (place, migration) in SCHEMA.iter().enumerate() {
            assert_eq!(migration.number, place as i64 + 1);
            assert!(migration.name.starts_with(&format!("{:04}_", migration.number)));
        }
    }
}
