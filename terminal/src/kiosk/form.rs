//! Reading what a browser's form sends.
//!
//! Always holds: values are wiped when dropped, since one of them may be a PIN; `Debug` shows none; a body over
//! [`BODY_MAX`] reads as an empty form. The body itself is in a buffer of ours that is wiped too ([`body_of`]). What the
//! socket was read into is the HTTP library's and is not wiped; it holds a PIN until something overwrites it.
//! Not here: what a value may be (`web.rs`, `rules.rs`).
//! Rules come from: WHATWG URL (urlencoded).

use axum::body::{Body, HttpBody};
use card::Pin;
use std::future::poll_fn;
use zeroize::Zeroizing;

/// The largest body of a form, in bytes.
pub const BODY_MAX: usize = 8 << 10;
/// Fields that are read.
const FIELDS_MAX: usize = 16;

/// A form.
pub struct Form(Vec<(String, Zeroizing<String>)>);

impl std::fmt::Debug for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Form(…)")
    }
}

impl Form {
    /// Reads a body.
    pub fn read(body: &[u8]) -> Form {
        if body.len() > BODY_MAX {
            return Form(Vec::new());
        }
        let pairs = body.split(|b| *b == b'&').take(FIELDS_MAX).map(|pair| {
            let at = pair.iter().position(|b| *b == b'=').unwrap_or(pair.len());
            let name = decode(&pair[..at]).to_string();
            (name, decode(pair.get(at + 1..).unwrap_or_default()))
        });
        Form(pairs.collect())
    }

    /// The first value of a name; empty without one.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str())
    }

    /// The PIN, when four digits stand there.
    pub fn pin(&self) -> Option<Pin> {
        Pin::new(&self.digits("pin"))
    }

    /// A value without blanks around it, its digits narrow: those of an input method are wide.
    pub fn digits(&self, name: &str) -> Zeroizing<String> {
        let wide = |c: char| match c {
            '０'..='９' => char::from_u32(c as u32 - '０' as u32 + '0' as u32).unwrap_or(c),
            other => other,
        };
        let text = self.get(name);
        // Room for all of it, so that no copy is left behind by growing.
        let mut digits = Zeroizing::new(String::with_capacity(text.len()));
        digits.extend(text.trim().chars().map(wide));
        digits
    }
}

/// The body of a request, in one place that is wiped when dropped; `None` when it is larger than `most` bytes or does
/// not come whole.
pub async fn body_of(mut body: Body, most: usize) -> Option<Zeroizing<Vec<u8>>> {
    // As large as it may get: one that grew would leave copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(most));
    while let Some(frame) = poll_fn(|cx| std::pin::Pin::new(&mut body).poll_frame(cx)).await {
        let Ok(data) = frame.ok()?.into_data() else { continue };
        if bytes.len() + data.len() > most {
            return None;
        }
        bytes.extend_from_slice(&data);
    }
    Some(bytes)
}

fn decode(text: &[u8]) -> Zeroizing<String> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text;
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        match (first, tail) {
            (b'+', _) => bytes.push(b' '),
            (b'%', [high, low, after @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => {
                    bytes.push(high << 4 | low);
                    rest = after;
                }
                _ => bytes.push(b'%'),
            },
            (other, _) => bytes.push(*other),
        }
    }
    Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned())
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_read_as_browsers_write_them() {
        let form = Form::read("act=pin&find=%E5%B1%B1+%E7%94%B0&act=2&bad=%zz%4&flag&&=x".as_bytes());
        assert_eq!((form.get("act"), form.get("find"), form.get("bad")), ("pin", "山 田", "%zz%4"));
        assert_eq!((form.get("flag"), form.get("none")), ("", ""));
        assert_eq!(Form::read(&vec![b'a'; BODY_MAX + 1]).get("a"), "");
        assert!(!format!("{form:?}").contains('山'));
    }

    #[test]
    fn a_body_is_read_into_one_place() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let read = |length: usize| runtime.block_on(body_of(Body::from(vec![b'7'; length]), 100));
        for length in [0, 1, 100] {
            let bytes = read(length).unwrap();
            assert_eq!((bytes.len(), bytes.capacity()), (length, 100));
        }
        assert!(read(101).is_none());
    }

    #[test]
    fn a_pin_is_four_digits_narrow_or_wide() {
        for (text, ok) in [
            ("pin=1234", true),
            ("pin=+1234+", true),
            ("pin=%EF%BC%91%EF%BC%92%EF%BC%93%EF%BC%94", true),
            ("pin=123", false),
            ("pin=12345", false),
            ("pin=12a4", false),
            ("pin=", false),
            ("", false),
            ("pin=%D9%A1%D9%A2%D9%A3%D9%A4", false),
            ("pin=%FF%FF%FF%FF", false),
        ] {
            assert_eq!(Form::read(text.as_bytes()).pin().is_some(), ok, "{text}");
        }
    }
}
