//! Whether a request may be served at all: Host, Origin and the headers that every answer carries.
//!
//! Always holds: what cannot be told is refused. A page of another site that rebinds its name to this address fails
//! the Host check, its forms fail the Origin check; no answer is kept, framed, or loads anything from elsewhere.
//! Not here: the cookie and the token of a step, which are checked besides.
//! Rules come from: RFC 9110 section 7.2 (Host), Fetch standard (Origin), Fetch Metadata, CSP level 3.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

/// The names under which a listener on loopback may be asked for; on any port, since one may be forwarded.
const HOSTS: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
    form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Whether a page may be read.
pub fn may_read(headers: &HeaderMap) -> bool {
    host(headers).is_some()
}

/// Whether a form may change something: it must come from a page of this very address.
pub fn may_change(headers: &HeaderMap) -> bool {
    let Some(host) = host(headers) else { return false };
    let site = one(headers, "sec-fetch-site");
    if site.is_some_and(|site| site != "same-origin") {
        return false;
    }
    match one(headers, header::ORIGIN.as_str()) {
        Some(origin) => origin.strip_prefix("http://").is_some_and(|from| from.eq_ignore_ascii_case(host)),
        None => site.is_some() && !headers.contains_key(header::ORIGIN),
    }
}

/// Whether this may be a vendor's script: nothing that a browser adds, and what none sends unasked.
pub fn is_script(headers: &HeaderMap) -> bool {
    let browser = |name: &HeaderName| *name == header::ORIGIN || name.as_str().starts_with("sec-fetch-");
    let json = one(headers, header::CONTENT_TYPE.as_str())
        .is_some_and(|kind| kind.split(';').next().is_some_and(|kind| kind.trim() == "application/json"));
    host(headers).is_some()
        && json
        && !headers.keys().any(browser)
        && one(headers, "shikaku-script") == Some("1")
}

/// The request's Host when it is one of ours.
fn host(headers: &HeaderMap) -> Option<&str> {
    let host = one(headers, header::HOST.as_str())?;
    let ours = |name: &&str| match host.split_at_checked(name.len()) {
        Some((begin, "")) => begin.eq_ignore_ascii_case(name),
        Some((begin, rest)) => {
            begin.eq_ignore_ascii_case(name) && rest.strip_prefix(':').is_some_and(is_port)
        }
        None => false,
    };
    HOSTS.iter().any(ours).then_some(host)
}

fn is_port(text: &str) -> bool {
    !text.is_empty() && text.len() <= 5 && text.bytes().all(|b| b.is_ascii_digit())
}

/// The value of a header that stands exactly once.
fn one<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut all = headers.get_all(name).iter();
    let first = all.next()?.to_str().ok()?;
    all.next().is_none().then_some(first)
}

/// The headers of every answer that is not an asset.
pub fn secure(headers: &mut HeaderMap) {
    // Not `no-referrer`: under it browsers send `Origin: null` with our own forms.
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// The value of a cookie of the request.
pub fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let pairs = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = pairs.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn reading_needs_a_name_of_ours() {
        for (host, ok) in [
            ("localhost:8481", true),
            ("LOCALHOST", true),
            ("127.0.0.1:9", true),
            ("[::1]:9", true),
            ("[::1]", true),
            ("localhost:", false),
            ("localhost:123456", false),
            ("localhost:80@evil.example", false),
            ("localhost.evil.example", false),
            ("127.0.0.1.evil.example", false),
            ("evil.example", false),
            ("", false),
            (":8481", false),
        ] {
            assert_eq!(may_read(&headers(&[("host", host)])), ok, "{host}");
        }
        assert!(
            !may_read(&headers(&[])) && !may_read(&headers(&[("host", "localhost"), ("host", "localhost")]))
        );
    }

    #[test]
    fn changing_needs_our_own_page() {
        let host = ("host", "localhost:8481");
        let ours = ("origin", "http://localhost:8481");
        let same = ("sec-fetch-site", "same-origin");
        for good in [&[host, ours][..], &[host, same], &[host, ours, same]] {
            assert!(may_change(&headers(good)));
        }
        for bad in [
            &[host][..],
            &[ours],
            &[host, ("origin", "null"), same],
            &[host, ("origin", "http://localhost:8480")],
            &[host, ("origin", "https://localhost:8481")],
            &[host, ours, ("sec-fetch-site", "same-site")],
            &[host, ("sec-fetch-site", "none")],
            &[host, ours, ours],
        ] {
            assert!(!may_change(&headers(bad)), "{bad:?}");
        }
    }

    #[test]
    fn the_script_door_is_closed_to_browsers() {
        let host = ("host", "localhost:8481");
        let json = ("content-type", "application/json; charset=utf-8");
        let mark = ("shikaku-script", "1");
        assert!(is_script(&headers(&[host, json, mark])));
        for bad in [
            &[host, json][..],
            &[host, mark],
            &[json, mark],
            &[host, json, ("shikaku-script", "2")],
            &[host, ("content-type", "text/plain"), mark],
            &[host, json, mark, ("origin", "http://localhost:8481")],
            &[host, json, mark, ("sec-fetch-mode", "cors")],
            &[host, json, mark, ("sec-fetch-site", "same-origin")],
        ] {
            assert!(!is_script(&headers(bad)), "{bad:?}");
        }
    }

    #[test]
    fn a_cookie_is_found_among_others() {
        let two = headers(&[("cookie", "a=1; kiosk=x=y"), ("cookie", "reader=3")]);
        assert_eq!(
            (cookie(&two, "kiosk"), cookie(&two, "reader"), cookie(&two, "k")),
            (Some("x=y"), Some("3"), None)
        );
    }
}
