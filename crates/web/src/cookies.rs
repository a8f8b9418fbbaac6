//! Cookies: reading one, writing one.
//!
//! Always holds: every cookie that is set is `HttpOnly; SameSite=Strict; Path=/`; a character that a cookie may not
//! carry is dropped and cannot start a second attribute.
//! Not here: what the values mean; sessions make and check theirs.
//! Rules come from: RFC 6265, section 4.

use axum::http::{HeaderMap, HeaderValue, header::COOKIE};

/// The value of a cookie of the request; the first one when a browser sends several of one name.
pub fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

/// A `Set-Cookie` value. `max_age_s`: `None` until the browser closes, `Some(0)` deletes. `secure` wherever pages are
/// served over https; the demo on loopback speaks http.
pub fn set_cookie(name: &str, value: &str, max_age_s: Option<u32>, secure: bool) -> HeaderValue {
    let mut text = format!("{}={}; Path=/; HttpOnly; SameSite=Strict", clean(name), clean(value));
    if let Some(seconds) = max_age_s {
        text.push_str(&format!("; Max-Age={seconds}"));
    }
    if secure {
        text.push_str("; Secure");
    }
    // Cleaned text is printable ASCII, so this cannot fail; an empty header would set nothing.
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
}

fn clean(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_graphic() && !matches!(c, '"' | ',' | ';' | '\\')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, HeaderValue::from_static("a=1; session=x=y;b=2"));
        headers.append(COOKIE, HeaderValue::from_static("c=3"));
        assert_eq!(cookie(&headers, "session"), Some("x=y"));
        assert_eq!(cookie(&headers, "c"), Some("3"));
        assert_eq!(cookie(&headers, "sess"), None);
    }

    #[test]
    fn a_value_cannot_add_attributes() {
        assert_eq!(
            set_cookie("s", "v; Domain=evil\r\nX: y", Some(0), true),
            "s=vDomain=evilX:y; Path=/; HttpOnly; SameSite=Strict; Max-Age=0; Secure"
        );
        assert_eq!(set_cookie("s", "v", None, false), "s=v; Path=/; HttpOnly; SameSite=Strict");
    }
}
