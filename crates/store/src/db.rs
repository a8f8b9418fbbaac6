//! One connection, to SQLite or to PostgreSQL, spoken to with one SQL text.
//!
//! Always holds: statements are prepared once a connection; parameters are bound by number on both (`$2` is a *name*
//! to SQLite, numbered by first appearance, so it is rewritten to `?2`); an error never carries a bound value
//! (PostgreSQL's detail line would).
//! Not here: who may use a connection for what; see `tx` and `group`.

use crate::value::{Row, Value};
use base::{Error, Fault, Result};
use postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use rusqlite::types::{ToSqlOutput, ValueRef};
use std::{collections::HashMap, path::Path};

/// A connection.
pub enum Db {
    /// To an SQLite file.
    Lite(Lite),
    /// To a PostgreSQL database.
    Post(Post),
}

/// A connection to an SQLite file, with its rewritten statement texts.
pub struct Lite {
    conn: rusqlite::Connection,
    texts: HashMap<(usize, usize), Box<str>>,
}

/// A connection to PostgreSQL, with its prepared statements.
pub struct Post {
    client: postgres::Client,
    prepared: HashMap<(usize, usize), postgres::Statement>,
}

/// How a transaction begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin {
    /// A snapshot to read from.
    Look,
    /// A transaction that decides and writes.
    Change,
    /// A group of small write sets; nothing is decided inside.
    Group,
}

/// Statement texts are literals, so their place in memory names them.
fn key(sql: &'static str) -> (usize, usize) {
    (sql.as_ptr() as usize, sql.len())
}

impl Db {
    /// Opens an SQLite file, made when it is missing, with every setting that our promises rest on, and checks them.
    pub fn open_sqlite(path: &Path, vfs: Option<&str>) -> Result<Db> {
        let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE
            | rusqlite::OpenFlags::SQLITE_OPEN_CREATE
            | rusqlite::OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = match vfs {
            None => rusqlite::Connection::open_with_flags(path, flags),
            Some(vfs) => rusqlite::Connection::open_with_flags_and_vfs(path, flags, vfs),
        }
        .map_err(|e| lite_error("open", e))?;
        conn.set_prepared_statement_cache_capacity(256);
        let setup = |conn: &rusqlite::Connection| {
            conn.busy_timeout(std::time::Duration::from_secs(10))?;
            conn.execute_batch(
                "pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on;
                 pragma cache_size = -4000; pragma temp_store = memory; pragma mmap_size = 268435456;
                 pragma trusted_schema = off;",
            )?;
            let mode: String = conn.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
            let synchronous: i64 = conn.pragma_query_value(None, "synchronous", |row| row.get(0))?;
            let foreign_keys: i64 = conn.pragma_query_value(None, "foreign_keys", |row| row.get(0))?;
            Ok((mode, synchronous, foreign_keys))
        };
        match setup(&conn).map_err(|e| lite_error("pragma", e))? {
            (mode, 2, 1) if mode == "wal" => Ok(Db::Lite(Lite { conn, texts: HashMap::new() })),
            (mode, synchronous, foreign_keys) => Err(Error::broken(format!(
                "SQLite did not take its settings: journal_mode {mode}, synchronous {synchronous} (2 wanted), \
                 foreign_keys {foreign_keys} (1 wanted)"
            ))),
        }
    }

    /// Opens a connection to PostgreSQL.
    pub fn open_postgres(url: &str) -> Result<Db> {
        let mut client =
            postgres::Client::connect(url, postgres::NoTls).map_err(|e| post_error("connect", &e))?;
        client
            .batch_execute("set synchronous_commit = on; set client_encoding = 'UTF8'; set jit = off")
            .map_err(|e| post_error("settings", &e))?;
        Ok(Db::Post(Post { client, prepared: HashMap::new() }))
    }

    /// Whether the connection is to PostgreSQL.
    pub fn is_postgres(&self) -> bool {
        matches!(self, Db::Post(_))
    }

    /// Runs a query and makes something of each row.
    pub fn rows<T>(
        &mut self,
        sql: &'static str,
        params: &[Value<'_>],
        mut each: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        match self {
            Db::Lite(lite) => {
                let mut statement = lite.prepare(sql)?;
                bind(&mut statement, params).map_err(|e| lite_error(sql, e))?;
                let mut rows = statement.raw_query();
                let mut found = Vec::new();
                while let Some(row) = rows.next().map_err(|e| lite_error(sql, e))? {
                    found.push(each(&Row::Lite(row))?);
                }
                Ok(found)
            }
            Db::Post(post) => {
                let statement = post.prepare(sql)?;
                let bound: Vec<&(dyn ToSql + Sync)> = params.iter().map(|v| v as _).collect();
                let rows = post.client.query(&statement, &bound).map_err(|e| post_error(sql, &e))?;
                rows.iter().map(|row| each(&Row::Post(row))).collect()
            }
        }
    }

    /// Runs a statement that answers no rows; says how many rows it touched.
    pub fn exec(&mut self, sql: &'static str, params: &[Value<'_>]) -> Result<u64> {
        match self {
            Db::Lite(lite) => {
                let mut statement = lite.prepare(sql)?;
                bind(&mut statement, params).map_err(|e| lite_error(sql, e))?;
                statement.raw_execute().map(|n| n as u64).map_err(|e| lite_error(sql, e))
            }
            Db::Post(post) => {
                let statement = post.prepare(sql)?;
                let bound: Vec<&(dyn ToSql + Sync)> = params.iter().map(|v| v as _).collect();
                post.client.execute(&statement, &bound).map_err(|e| post_error(sql, &e))
            }
        }
    }

    /// Runs statements without parameters or rows: schema, transactions.
    pub fn batch(&mut self, sql: &str) -> Result<()> {
        match self {
            Db::Lite(lite) => lite.conn.execute_batch(sql).map_err(|e| lite_error(sql, e)),
            Db::Post(post) => post.client.batch_execute(sql).map_err(|e| post_error(sql, &e)),
        }
    }

    /// Prepares a statement without running it: the test that every statement is understood by both databases.
    pub fn prepare_only(&mut self, sql: &'static str) -> Result<()> {
        match self {
            Db::Lite(lite) => lite.prepare(sql).map(|_| ()),
            Db::Post(post) => post.prepare(sql).map(|_| ()),
        }
    }

    /// Begins a transaction.
    pub fn begin(&mut self, begin: Begin) -> Result<()> {
        let sql = match (&self, begin) {
            (Db::Lite(_), Begin::Look) => "begin",
            (Db::Lite(_), _) => "begin immediate",
            (Db::Post(_), Begin::Look) => "begin isolation level repeatable read read only",
            (Db::Post(_), Begin::Change) => "begin isolation level serializable",
            (Db::Post(_), Begin::Group) => "begin",
        };
        self.transact(sql)
    }

    /// Commits; afterwards what was written survives power loss.
    pub fn commit(&mut self) -> Result<()> {
        self.transact("commit")
    }

    /// Undoes. An error here means the connection is gone, and then there is nothing to undo.
    pub fn rollback(&mut self) {
        let _ = self.transact("rollback");
    }

    /// The three words of transactions come with every operation, so SQLite's are prepared like other statements.
    fn transact(&mut self, sql: &'static str) -> Result<()> {
        match self {
            Db::Lite(_) => self.exec(sql, &[]).map(|_| ()),
            Db::Post(post) => post.client.batch_execute(sql).map_err(|e| post_error(sql, &e)),
        }
    }

    /// The SQLite connection, for what only a file has: backup and checkpoint.
    pub(crate) fn sqlite(&self) -> Option<&rusqlite::Connection> {
        match self {
            Db::Lite(lite) => Some(&lite.conn),
            Db::Post(_) => None,
        }
    }
}

impl Lite {
    fn prepare(&mut self, sql: &'static str) -> Result<rusqlite::CachedStatement<'_>> {
        let text = self.texts.entry(key(sql)).or_insert_with(|| sql.replace('$', "?").into_boxed_str());
        self.conn.prepare_cached(text).map_err(|e| lite_error(sql, e))
    }
}

impl Post {
    fn prepare(&mut self, sql: &'static str) -> Result<postgres::Statement> {
        if let Some(statement) = self.prepared.get(&key(sql)) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(sql).map_err(|e| post_error(sql, &e))?;
        self.prepared.insert(key(sql), statement.clone());
        Ok(statement)
    }
}

fn bind(statement: &mut rusqlite::Statement<'_>, params: &[Value<'_>]) -> rusqlite::Result<()> {
    for (place, value) in params.iter().enumerate() {
        statement.raw_bind_parameter(place + 1, value)?;
    }
    Ok(())
}

impl rusqlite::ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Int(number) => ValueRef::Integer(*number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl ToSql for Value<'_> {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut postgres::types::private::BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Value::Null => Ok(IsNull::Yes),
            Value::Int(number) => number.to_sql_checked(ty, out),
            Value::Text(text) => text.as_ref().to_sql_checked(ty, out),
            Value::Blob(bytes) => bytes.as_ref().to_sql_checked(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true // each arm checks its own type
    }

    to_sql_checked!();
}

/// The first words of a statement: enough to find it, never a value.
fn head(sql: &str) -> String {
    sql.split_whitespace().take(6).collect::<Vec<_>>().join(" ")
}

fn lite_error(sql: &str, error: rusqlite::Error) -> Error {
    use rusqlite::ErrorCode::{DatabaseBusy, DatabaseLocked};
    match error.sqlite_error_code() {
        Some(DatabaseBusy | DatabaseLocked) => Error::Retry,
        // SQLite's messages name tables and columns, not values.
        _ => Fault::caused(format!("SQLite refused «{}»", head(sql)), error).into(),
    }
}

fn post_error(sql: &str, error: &postgres::Error) -> Error {
    use postgres::error::SqlState;
    match error.code() {
        Some(code) if *code == SqlState::T_R_SERIALIZATION_FAILURE || *code == SqlState::T_R_DEADLOCK_DETECTED => {
            Error::Retry
        }
        Some(code) => {
            let named = error.as_db_error().and_then(|e| e.constraint().or(e.column()).or(e.table()));
            // The message may quote values of the statement; the code and the constraint's name do not.
            let message = match code.code().get(..2) {
                Some("42" | "0A" | "28" | "3D") => error.as_db_error().map(|e| e.message().to_owned()),
                _ => None,
            };
            Error::broken(format!(
                "PostgreSQL refused «{}»: {} {} {}",
                head(sql),
                code.code(),
                named.unwrap_or_default(),
                message.unwrap_or_default()
            ))
        }
        None => Error::broken(format!("the line to PostgreSQL broke at «{}»", head(sql))),
    }
}
