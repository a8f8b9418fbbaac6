//! One line of JSON as a small tree that is taken apart key by key.
//!
//! Always holds: a key stands once in an object; depth, keys and items have limits; what went wrong is a [`Fault`] and
//! never the text of a JSON error, which quotes.
//! Not here: what a key means (`shape`).
//! Rules come from: RFC 8259; the limits are ours.

use super::{FACTS_MAX, Fault, LINE_BYTES_MAX, Problem, shape::KEYS};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// Record, list of facts, fact.
const DEPTH_MAX: usize = 3;
/// The most keys of one object.
const KEYS_MAX: usize = 40;

/// A value.
pub(super) enum Value<'l> {
    Null,
    Text(Cow<'l, str>),
    Number(i64),
    List(Vec<Value<'l>>),
    Object(Object<'l>),
    /// True, false, or a number with a fraction: no field of ours is one.
    Other,
}

/// The keys of an object that nobody has taken yet.
pub(super) struct Object<'l> {
    keys: Vec<(Cow<'l, str>, Value<'l>)>,
    /// What stands before a key in a problem, such as `facts[2].`.
    pub place: String,
}

impl<'l> Object<'l> {
    /// Takes a key away; `None` when it is not there or null.
    pub fn take(&mut self, key: &str) -> Option<Value<'l>> {
        let at = self.keys.iter().position(|(name, _)| name == key)?;
        Some(self.keys.swap_remove(at).1).filter(|value| !matches!(value, Value::Null))
    }

    /// A problem with one of its keys.
    pub fn problem(&self, key: &str, fault: Fault) -> Problem {
        Problem { field: format!("{}{key}", self.place), fault }
    }

    /// Nothing may be left when all that is known was taken.
    pub fn end(self) -> Result<(), Problem> {
        match self.keys.first() {
            None => Ok(()),
            Some((key, _)) => Err(self.problem(harmless(key), Fault::Unknown)),
        }
    }
}

/// A key as it may be told: one of ours, but no name or number that slipped into its place.
fn harmless(key: &str) -> &'static str {
    KEYS.into_iter().find(|known| *known == key).unwrap_or("?")
}

/// Reads a line that is one object.
pub(super) fn object(line: &[u8]) -> Result<Object<'_>, Problem> {
    let whole = |fault| Problem { field: String::new(), fault };
    if line.len() > LINE_BYTES_MAX {
        return Err(whole(Fault::TooLarge));
    }
    let text = std::str::from_utf8(line).map_err(|_| whole(Fault::Encoding))?;
    let mut stopped = None;
    let mut reader = serde_json::Deserializer::from_str(text);
    let read = Seed { stopped: &mut stopped, depth: 0 }.deserialize(&mut reader);
    match read.and_then(|value| reader.end().map(|()| value)) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(whole(Fault::NotJson)),
        Err(error) if error.is_eof() => Err(whole(Fault::Truncated)),
        Err(_) => Err(stopped.unwrap_or_else(|| whole(Fault::NotJson))),
    }
}

/// Reads one value. `stopped` is why we stopped the reader, whose own errors quote values and go no further.
struct Seed<'s> {
    stopped: &'s mut Option<Problem>,
    depth: usize,
}

impl Seed<'_> {
    fn stop<E: Error>(&mut self, field: &str, fault: Fault) -> E {
        *self.stopped = Some(Problem { field: field.to_owned(), fault });
        E::custom("stopped")
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value<'de>, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Value<'de>, E> {
        Ok(Value::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Value<'de>, E> {
        Ok(Value::Other)
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value<'de>, E> {
        Ok(Value::Number(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value<'de>, E> {
        Ok(i64::try_from(number).map_or(Value::Other, Value::Number))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<Value<'de>, A::Error> {
        if self.depth >= DEPTH_MAX {
            return Err(self.stop("", Fault::TooLarge));
        }
        let mut items = Vec::new();
        while let Some(item) =
            seq.next_element_seed(Seed { stopped: &mut *self.stopped, depth: self.depth + 1 })?
        {
            if items.len() >= FACTS_MAX {
                return Err(self.stop("", Fault::TooLarge));
            }
            items.push(item);
        }
        Ok(Value::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Value<'de>, A::Error> {
        if self.depth >= DEPTH_MAX {
            return Err(self.stop("", Fault::TooLarge));
        }
        let mut keys: Vec<(Cow<'de, str>, Value<'de>)> = Vec::with_capacity(16);
        while let Some(key) = map.next_key_seed(Key)? {
            if keys.iter().any(|(earlier, _)| *earlier == key) {
                return Err(self.stop(harmless(&key), Fault::Repeated));
            }
            if keys.len() >= KEYS_MAX {
                return Err(self.stop("", Fault::TooLarge));
            }
            let seed = Seed { stopped: &mut *self.stopped, depth: self.depth + 1 };
            keys.push((key, map.next_value_seed(seed)?));
        }
        Ok(Value::Object(Object { keys, place: String::new() }))
    }
}

/// Reads a key without copying it where it needs no unescaping.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Cow<'de, str>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(key))
    }

    fn visit_str<E>(self, key: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(key.to_owned()))
    }
}
