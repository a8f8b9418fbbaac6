//! One connection, to SQLite or to PostgreSQL, spoken to with one SQL text.
//!
//! Always holds: statements are prepared once a connection; parameters are bound by number on both (`$2` is a *name*
//! to SQLite, numbered by first appearance, so it is rewritten to `?2`) and their count is checked on both; an error
//! never carries a bound value (PostgreSQL's detail line would). A transaction in which a statement failed does not
//! commit, whatever became of that statement's error (PostgreSQL would answer such a commit with a silent rollback).
//! A line to PostgreSQL that broke is opened anew only where nothing can have been written: before a transaction
//! begins and for a query outside of one.
//! Not here: who may use a connection for what; see `tx` and `group`.
//! Rules come from: DESIGN section 4, "One SQL text, one door".

use crate::value::{Row, Value};
use base::{Error, Fault, Result};
use postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use rusqlite::types::{ToSqlOutput, ValueRef};
use std::{collections::HashMap, path::Path, time::Duration};

/// A connection.
pub struct Db {
    line: Line,
    /// Inside a transaction; only then does a failed statement spoil anything.
    inside: bool,
    spoiled: Option<Spoiled>,
}

enum Line {
    Lite(Lite),
    Post(Box<Post>),
}

/// What a statement's failure left behind in its transaction.
#[derive(Clone, Copy)]
enum Spoiled {
    LostRace,
    Broken,
}

/// A connection to an SQLite file, with its rewritten statement texts.
struct Lite {
    conn: rusqlite::Connection,
    texts: HashMap<Place, Box<str>>,
}

/// A connection to PostgreSQL, with its prepared statements.
struct Post {
    url: String,
    client: postgres::Client,
    prepared: HashMap<Place, postgres::Statement>,
    /// The line broke; nothing more goes over it.
    down: bool,
    /// How often it was opened anew.
    reopened: u64,
}

/// How a transaction begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin {
    /// A snapshot to read from.
    Look,
    /// A transaction that decides and writes.
    Change,
    /// A change beside which no other of this kind runs: it records facts under a revision.
    Record,
    /// A group of small write sets; nothing is decided inside.
    Group,
}

/// Where a statement's text lies in memory. A `'static` text is never given back, so the place names the text: one
/// place never holds two texts. The same text at two places is merely prepared twice.
type Place = (usize, usize);

fn place(sql: &'static str) -> Place {
    (sql.as_ptr() as usize, sql.len())
}

/// How long opening a line to PostgreSQL may take, unless the URL says otherwise.
const CONNECT: Duration = Duration::from_secs(5);
/// How long SQLite waits for another connection that writes.
const BUSY: Duration = Duration::from_secs(5);

impl Db {
    fn over(line: Line) -> Db {
        Db { line, inside: false, spoiled: None }
    }

    /// Opens an SQLite file, made when it is missing, with every setting that our promises rest on, and checks them.
    pub fn open_sqlite(path: &Path, vfs: Option<&str>) -> Result<Db> {
        let conn = open_file(path, vfs).map_err(|e| lite_error("open", e))?;
        conn.set_prepared_statement_cache_capacity(256);
        let setup = |conn: &rusqlite::Connection| {
            conn.busy_timeout(BUSY)?;
            // Plans must not depend on bound values: else SQLite plans a statement anew whenever a value could change
            // the plan, which took more than a third of a check.
            conn.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
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
            (mode, 2, 1) if mode == "wal" => Ok(Db::over(Line::Lite(Lite { conn, texts: HashMap::new() }))),
            (mode, synchronous, foreign_keys) => Err(Error::broken(format!(
                "SQLite did not take its settings: journal_mode {mode}, synchronous {synchronous} (2 wanted), \
                 foreign_keys {foreign_keys} (1 wanted)"
            ))),
        }
    }

    /// Opens a connection to PostgreSQL.
    pub fn open_postgres(url: &str) -> Result<Db> {
        let client = post_client(url)?;
        let post = Post { url: url.to_owned(), client, prepared: HashMap::new(), down: false, reopened: 0 };
        Ok(Db::over(Line::Post(Box::new(post))))
    }

    /// Whether the connection is to PostgreSQL.
    pub fn is_postgres(&self) -> bool {
        matches!(self.line, Line::Post(_))
    }

    /// Whether the line to PostgreSQL broke and could not be opened anew yet.
    pub(crate) fn is_down(&self) -> bool {
        matches!(&self.line, Line::Post(post) if post.down)
    }

    /// How often the line to PostgreSQL was opened anew. Who remembers what lies in the database must not rely on it over
    /// such a change: behind the address may now be a replica that was promoted, and lacks what was committed last.
    pub fn reopened(&self) -> u64 {
        match &self.line {
            Line::Lite(_) => 0,
            Line::Post(post) => post.reopened,
        }
    }

    /// Runs a query and makes something of each row.
    pub fn rows<T>(
        &mut self,
        sql: &'static str,
        params: &[Value<'_>],
        mut each: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let found = match &mut self.line {
            Line::Lite(lite) => lite.rows(sql, params, &mut each),
            Line::Post(post) => post
                .query(sql, params, !self.inside)
                .and_then(|rows| rows.iter().map(|row| each(&Row::Post(row))).collect()),
        };
        self.noted(found)
    }

    /// Runs a statement that answers no rows; says how many rows it touched.
    pub fn exec(&mut self, sql: &'static str, params: &[Value<'_>]) -> Result<u64> {
        let touched = match &mut self.line {
            Line::Lite(lite) => lite.exec(sql, params),
            Line::Post(post) => post.exec(sql, params),
        };
        self.noted(touched)
    }

    /// Runs statements without parameters or rows: schema, settings.
    pub fn batch(&mut self, sql: &str) -> Result<()> {
        let done = match &mut self.line {
            Line::Lite(lite) => lite.conn.execute_batch(sql).map_err(|e| lite_error(sql, e)),
            Line::Post(post) => post.batch(sql),
        };
        self.noted(done)
    }

    /// Prepares a statement without running it: the test that every statement is understood by both databases.
    pub fn prepare_only(&mut self, sql: &'static str) -> Result<()> {
        match &mut self.line {
            Line::Lite(lite) => lite.prepare(sql).map(|_| ()),
            Line::Post(post) => post.prepare(sql).map(|_| ()).map_err(|e| post.fault(sql, &e)),
        }
    }

    /// Begins a transaction.
    pub fn begin(&mut self, begin: Begin) -> Result<()> {
        match &mut self.line {
            Line::Lite(lite) => {
                let sql = if begin == Begin::Look { "begin" } else { "begin immediate" };
                lite.exec(sql, &[])?;
            }
            Line::Post(post) => post.begin(begin)?,
        }
        (self.inside, self.spoiled) = (true, None);
        Ok(())
    }

    /// Commits; afterwards what was written survives power loss. After an error the transaction is undone, or, when
    /// the line broke meanwhile, its end is unknown.
    pub fn commit(&mut self) -> Result<()> {
        match self.spoiled {
            Some(spoiled) => {
                self.rollback();
                return Err(match spoiled {
                    Spoiled::LostRace => Error::Retry,
                    Spoiled::Broken => {
                        Error::broken("a statement of this transaction failed and its error was passed over")
                    }
                });
            }
            None => self.inside = false,
        }
        match &mut self.line {
            Line::Lite(lite) => lite.exec("commit", &[]).map(|_| ()).inspect_err(|_| {
                // SQLite keeps a transaction whose commit failed.
                let _ = lite.exec("rollback", &[]);
            }),
            Line::Post(post) => post.batch("commit"),
        }
    }

    /// Undoes. An error here means the connection is gone, and then there is nothing to undo.
    pub fn rollback(&mut self) {
        if std::mem::take(&mut self.inside) {
            let _ = match &mut self.line {
                Line::Lite(lite) => lite.exec("rollback", &[]).map(|_| ()),
                Line::Post(post) => post.batch("rollback"),
            };
        }
    }

    fn noted<T>(&mut self, outcome: Result<T>) -> Result<T> {
        match &outcome {
            Err(Error::Retry) if self.inside => self.spoiled = Some(Spoiled::LostRace),
            Err(_) if self.inside && self.spoiled.is_none() => self.spoiled = Some(Spoiled::Broken),
            _ => {}
        }
        outcome
    }

    /// The SQLite connection, for what only a file has: backup and checkpoint.
    pub(crate) fn sqlite(&self) -> Option<&rusqlite::Connection> {
        match &self.line {
            Line::Lite(lite) => Some(&lite.conn),
            Line::Post(_) => None,
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that opens SQLite files")]
fn open_file(path: &Path, vfs: Option<&str>) -> rusqlite::Result<rusqlite::Connection> {
    use rusqlite::OpenFlags as Flags;
    let flags = Flags::SQLITE_OPEN_READ_WRITE | Flags::SQLITE_OPEN_CREATE | Flags::SQLITE_OPEN_NO_MUTEX;
    match vfs {
        None => rusqlite::Connection::open_with_flags(path, flags),
        Some(vfs) => rusqlite::Connection::open_with_flags_and_vfs(path, flags, vfs),
    }
}

fn post_client(url: &str) -> Result<postgres::Client> {
    // The parser's own message could quote the URL, which may hold a password.
    let mut config: postgres::Config =
        url.parse().map_err(|_| Error::broken("the URL of the PostgreSQL database does not read back"))?;
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT);
    }
    let mut client = config.connect(postgres::NoTls).map_err(|e| post_error("connect", &e))?;
    client
        .batch_execute("set synchronous_commit = on; set client_encoding = 'UTF8'; set jit = off")
        .map_err(|e| post_error("settings", &e))?;
    Ok(client)
}

impl Lite {
    fn prepare(&mut self, sql: &'static str) -> Result<rusqlite::CachedStatement<'_>> {
        let text = self.texts.entry(place(sql)).or_insert_with(|| sql.replace('$', "?").into_boxed_str());
        self.conn.prepare_cached(text).map_err(|e| lite_error(sql, e))
    }

    fn bound(&mut self, sql: &'static str, params: &[Value<'_>]) -> Result<rusqlite::CachedStatement<'_>> {
        let mut statement = self.prepare(sql)?;
        // SQLite would take a missing value for null.
        if statement.parameter_count() != params.len() {
            return Err(Error::broken(format!(
                "«{}» takes {} values and was given {}",
                head(sql),
                statement.parameter_count(),
                params.len()
            )));
        }
        bind(&mut statement, params).map_err(|e| lite_error(sql, e))?;
        Ok(statement)
    }

    fn rows<T>(
        &mut self,
        sql: &'static str,
        params: &[Value<'_>],
        each: &mut impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut statement = self.bound(sql, params)?;
        let mut rows = statement.raw_query();
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(|e| lite_error(sql, e))? {
            found.push(each(&Row::Lite(row))?);
        }
        Ok(found)
    }

    fn exec(&mut self, sql: &'static str, params: &[Value<'_>]) -> Result<u64> {
        let mut statement = self.bound(sql, params)?;
        statement.raw_execute().map(|n| n as u64).map_err(|e| lite_error(sql, e))
    }
}

impl Post {
    fn prepare(&mut self, sql: &'static str) -> std::result::Result<postgres::Statement, postgres::Error> {
        if let Some(statement) = self.prepared.get(&place(sql)) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(sql)?;
        self.prepared.insert(place(sql), statement.clone());
        Ok(statement)
    }

    /// Runs a query; a mere reading outside a transaction is asked again over a new line when the old one broke.
    fn query(
        &mut self,
        sql: &'static str,
        params: &[Value<'_>],
        outside: bool,
    ) -> Result<Vec<postgres::Row>> {
        let bound: Vec<&(dyn ToSql + Sync)> = params.iter().map(|v| v as _).collect();
        let again = outside && ["select", "with"].iter().any(|verb| sql.starts_with(verb));
        if again && self.down {
            self.reopen()?;
        }
        match self.prepare(sql).and_then(|statement| self.client.query(&statement, &bound)) {
            Err(error) if again && line_broke(&error) => {
                self.reopen()?;
                self.prepare(sql).and_then(|statement| self.client.query(&statement, &bound))
            }
            outcome => outcome,
        }
        .map_err(|e| self.fault(sql, &e))
    }

    fn exec(&mut self, sql: &'static str, params: &[Value<'_>]) -> Result<u64> {
        let bound: Vec<&(dyn ToSql + Sync)> = params.iter().map(|v| v as _).collect();
        self.prepare(sql)
            .and_then(|statement| self.client.execute(&statement, &bound))
            .map_err(|e| self.fault(sql, &e))
    }

    fn batch(&mut self, sql: &str) -> Result<()> {
        self.client.batch_execute(sql).map_err(|e| self.fault(sql, &e))
    }

    /// A recorder takes the table's lock before its first statement, so before its snapshot: it sees what the
    /// recorder before it committed. The lock goes with the transaction, however that ends.
    fn begin(&mut self, begin: Begin) -> Result<()> {
        let sql = match begin {
            Begin::Look => "begin isolation level repeatable read read only",
            Begin::Change => "begin isolation level serializable",
            Begin::Record => {
                "begin isolation level serializable; lock table store_revision in exclusive mode"
            }
            Begin::Group => "begin",
        };
        if self.down {
            self.reopen()?;
        }
        match self.client.batch_execute(sql) {
            Err(error) if line_broke(&error) => {
                self.reopen()?;
                self.batch(sql)
            }
            Err(error) => {
                let fault = self.fault(sql, &error);
                let _ = self.batch("rollback"); // the second statement may have failed after the first
                Err(fault)
            }
            Ok(()) => Ok(()),
        }
    }

    fn reopen(&mut self) -> Result<()> {
        self.down = true;
        self.client = post_client(&self.url)?;
        self.prepared.clear();
        self.down = false;
        self.reopened += 1;
        Ok(())
    }

    fn fault(&mut self, sql: &str, error: &postgres::Error) -> Error {
        self.down |= line_broke(error);
        post_error(sql, error)
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

/// Whether the line itself is gone: what was sent over it last may or may not have happened.
fn line_broke(error: &postgres::Error) -> bool {
    use std::error::Error as _;
    match error.code() {
        // Class 08: connection exceptions; 57P01 to 57P03: the server goes down or comes up.
        Some(code) => code.code().starts_with("08") || ["57P01", "57P02", "57P03"].contains(&code.code()),
        None => error.is_closed() || error.source().is_some_and(|source| source.is::<std::io::Error>()),
    }
}

fn post_error(sql: &str, error: &postgres::Error) -> Error {
    use postgres::error::SqlState;
    let Some(code) = error.code() else {
        // These describe the line or the types of values, never values.
        return Error::broken(format!("PostgreSQL at «{}»: {error}{}", head(sql), io_kind(error)));
    };
    if *code == SqlState::T_R_SERIALIZATION_FAILURE || *code == SqlState::T_R_DEADLOCK_DETECTED {
        return Error::Retry;
    }
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

fn io_kind(error: &postgres::Error) -> String {
    use std::error::Error as _;
    let io = error.source().and_then(|source| source.downcast_ref::<std::io::Error>());
    io.map(|io| format!(" ({})", io.kind())).unwrap_or_default()
}
