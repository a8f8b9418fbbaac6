//! Values on their way into a statement and rows on their way out.
//!
//! Always holds: only what both databases share: whole numbers of 64 bits, text, bytes, nothing. A day is stored as
//! the number `YYYYMMDD`, an instant as milliseconds, yes and no as 1 and 0. A stored value that does not read back
//! is a fault that names the column's place, never its content.
//! Not here: floats (no money or rate is one), arrays, JSON.

use base::{BirthDate, Date, Error, Fault, Id, Instant, Kind, Result};
use std::borrow::Cow;

/// A value bound to a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// No value.
    Null,
    /// A whole number.
    Int(i64),
    /// Text.
    Text(Cow<'a, str>),
    /// Bytes.
    Blob(Cow<'a, [u8]>),
}

impl Value<'_> {
    /// The same value, independent of what it was borrowed from.
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Value::Null => Value::Null,
            Value::Int(number) => Value::Int(number),
            Value::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
            Value::Blob(bytes) => Value::Blob(Cow::Owned(bytes.into_owned())),
        }
    }
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Value::Int(number)
    }
}
impl From<bool> for Value<'_> {
    fn from(yes: bool) -> Self {
        Value::Int(i64::from(yes))
    }
}
impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Value::Text(Cow::Borrowed(text))
    }
}
impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Value::Text(Cow::Borrowed(text))
    }
}
impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Value::Text(Cow::Owned(text))
    }
}
impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Value::Blob(Cow::Borrowed(bytes))
    }
}
impl From<Vec<u8>> for Value<'_> {
    fn from(bytes: Vec<u8>) -> Self {
        Value::Blob(Cow::Owned(bytes))
    }
}
impl<'a, const N: usize> From<&'a [u8; N]> for Value<'a> {
    fn from(bytes: &'a [u8; N]) -> Self {
        Value::Blob(Cow::Borrowed(bytes))
    }
}
impl<K: Kind> From<Id<K>> for Value<'_> {
    fn from(id: Id<K>) -> Self {
        Value::Int(id.raw())
    }
}
impl From<Date> for Value<'_> {
    fn from(day: Date) -> Self {
        Value::Int(day.as_number())
    }
}
impl From<BirthDate> for Value<'_> {
    fn from(day: BirthDate) -> Self {
        Value::Int(day.as_number())
    }
}
impl From<Instant> for Value<'_> {
    fn from(at: Instant) -> Self {
        Value::Int(at.ms())
    }
}
impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(maybe: Option<T>) -> Self {
        maybe.map_or(Value::Null, Into::into)
    }
}

/// One row of an answer; columns are counted from 0 in the order of the statement.
pub enum Row<'r> {
    /// From SQLite.
    Lite(&'r rusqlite::Row<'r>),
    /// From PostgreSQL.
    Post(&'r postgres::Row),
}

impl Row<'_> {
    /// A number or nothing.
    pub fn opt_int(&self, column: usize) -> Result<Option<i64>> {
        match self {
            Row::Lite(row) => row.get(column).map_err(|e| unread(column, e)),
            Row::Post(row) => row.try_get(column).map_err(|e| unread(column, e)),
        }
    }

    /// A number.
    pub fn int(&self, column: usize) -> Result<i64> {
        self.opt_int(column)?.ok_or_else(|| missing(column))
    }

    /// Text or nothing.
    pub fn opt_text(&self, column: usize) -> Result<Option<String>> {
        match self {
            Row::Lite(row) => row.get(column).map_err(|e| unread(column, e)),
            Row::Post(row) => row.try_get(column).map_err(|e| unread(column, e)),
        }
    }

    /// Text.
    pub fn text(&self, column: usize) -> Result<String> {
        self.opt_text(column)?.ok_or_else(|| missing(column))
    }

    /// Bytes or nothing.
    pub fn opt_blob(&self, column: usize) -> Result<Option<Vec<u8>>> {
        match self {
            Row::Lite(row) => row.get(column).map_err(|e| unread(column, e)),
            Row::Post(row) => row.try_get(column).map_err(|e| unread(column, e)),
        }
    }

    /// Bytes.
    pub fn blob(&self, column: usize) -> Result<Vec<u8>> {
        self.opt_blob(column)?.ok_or_else(|| missing(column))
    }

    /// Bytes of a fixed length, such as a digest.
    pub fn bytes<const N: usize>(&self, column: usize) -> Result<[u8; N]> {
        self.blob(column)?.try_into().map_err(|_| wrong(column, "bytes of another length"))
    }

    /// Yes or no.
    pub fn flag(&self, column: usize) -> Result<bool> {
        Ok(self.int(column)? != 0)
    }

    /// An id or nothing.
    pub fn opt_id<K: Kind>(&self, column: usize) -> Result<Option<Id<K>>> {
        self.opt_int(column)?.map(|raw| Id::new(raw).ok_or_else(|| wrong(column, "not an id"))).transpose()
    }

    /// An id.
    pub fn id<K: Kind>(&self, column: usize) -> Result<Id<K>> {
        self.opt_id(column)?.ok_or_else(|| missing(column))
    }

    /// A day or nothing.
    pub fn opt_date(&self, column: usize) -> Result<Option<Date>> {
        self.opt_int(column)?
            .map(|n| Date::from_number(n).ok_or_else(|| wrong(column, "not a day")))
            .transpose()
    }

    /// A day.
    pub fn date(&self, column: usize) -> Result<Date> {
        self.opt_date(column)?.ok_or_else(|| missing(column))
    }

    /// A birth date, perhaps partly unknown.
    pub fn birth(&self, column: usize) -> Result<BirthDate> {
        BirthDate::from_number(self.int(column)?).ok_or_else(|| wrong(column, "not a birth date"))
    }

    /// An instant.
    pub fn instant(&self, column: usize) -> Result<Instant> {
        self.int(column).map(Instant::from_ms)
    }

    /// A value of a service's own, made from a number by its constructor.
    pub fn coded<T>(&self, column: usize, make: impl FnOnce(i64) -> Option<T>) -> Result<T> {
        make(self.int(column)?).ok_or_else(|| wrong(column, "not a known code"))
    }
}

fn unread(column: usize, source: impl std::error::Error + Send + Sync + 'static) -> Error {
    Fault::caused(format!("column {column} does not read back"), source).into()
}

fn missing(column: usize) -> Error {
    Error::broken(format!("column {column} is empty but must not be"))
}

fn wrong(column: usize, what: &str) -> Error {
    Error::broken(format!("column {column}: {what}"))
}
