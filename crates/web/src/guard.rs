//! Whether a request comes from our own pages: the Host check and the Origin check.
//!
//! Always holds: what cannot be told is refused. A page of another site that rebinds its name to our address fails
//! the Host check; a form of another site fails the Origin check.
//! Not here: the CSRF token and the session cookie, which are checked besides.
//! Rules come from: RFC 9110 section 7.2 (Host), Fetch standard (Origin), Fetch Metadata (Sec-Fetch-Site).

use axum::http::{HeaderMap, Method, header};

/// Whether a request may be served: the Host check for methods that change nothing, [`same_origin`] for the rest.
pub fn allows(method: &Method, headers: &HeaderMap, allowed_hosts: &[String]) -> bool {
    if method.is_safe() {
        host_allowed(headers, allowed_hosts).is_some()
    } else {
        same_origin(headers, allowed_hosts)
    }
}

/// For methods that change something: the Host is allowed, and Origin (or, without one, Sec-Fetch-Site) says that the
/// request comes from a page of this very host. An entry without a port allows every port of that name.
pub fn same_origin(headers: &HeaderMap, allowed_hosts: &[String]) -> bool {
    let Some(host) = host_allowed(headers, allowed_hosts) else {
        return false;
    };
    let site = one(headers, "sec-fetch-site");
    if site.is_some_and(|site| site != "same-origin") {
        return false;
    }
    match one(headers, header::ORIGIN.as_str()) {
        Some(origin) => origin.split_once("://").is_some_and(|(scheme, from)| {
            matches!(scheme, "http" | "https") && from.eq_ignore_ascii_case(host)
        }),
        None => site.is_some() && !headers.contains_key(header::ORIGIN),
    }
}

/// The request's Host when it is one of the allowed.
fn host_allowed<'h>(headers: &'h HeaderMap, allowed_hosts: &[String]) -> Option<&'h str> {
    let host = one(headers, header::HOST.as_str())?;
    let allowed =
        |entry: &String| entry.eq_ignore_ascii_case(host) || entry.eq_ignore_ascii_case(without_port(host));
    allowed_hosts.iter().any(allowed).then_some(host)
}

/// `name:8080` and `[::1]:8080` without their port.
fn without_port(host: &str) -> &str {
    let Some((name, port)) = host.rsplit_once(':') else { return host };
    // A bare IPv6 address has colons too; only in brackets may a port follow.
    let whole_name = name.ends_with(']') || !name.contains(':');
    if whole_name && port.bytes().all(|b| b.is_ascii_digit()) { name } else { host }
}

/// The value of a header that stands exactly once.
fn one<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut all = headers.get_all(name).iter();
    let first = all.next()?.to_str().ok()?;
    all.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    fn check(method: Method, pairs: &[(&'static str, &'static str)]) -> bool {
        let allowed = ["localhost:7070".to_owned(), "127.0.0.1".to_owned(), "[::1]".to_owned()];
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        allows(&method, &headers, &allowed)
    }

    #[test]
    fn reading_needs_an_allowed_host() {
        for (host, ok) in [
            ("localhost:7070", true),
            ("LOCALHOST:7070", true),
            ("localhost:1", false),
            ("127.0.0.1:9", true),
            ("[::1]:9", true),
            ("[::1]", true),
            ("evil.example", false),
            ("127.0.0.1.evil.example", false),
        ] {
            assert_eq!(check(Method::GET, &[("host", host)]), ok, "{host}");
        }
        assert!(!check(Method::GET, &[]));
        assert!(!check(Method::GET, &[("host", "127.0.0.1"), ("host", "evil.example")]));
    }

    #[test]
    fn changing_needs_our_own_page() {
        let host = ("host", "localhost:7070");
        let ours = ("origin", "http://localhost:7070");
        let same = ("sec-fetch-site", "same-origin");
        assert!(check(Method::POST, &[host, ours]));
        assert!(check(Method::POST, &[host, same]));
        assert!(check(Method::POST, &[host, ours, same]));
        assert!(!check(Method::POST, &[host]));
        assert!(!check(Method::POST, &[host, ("origin", "null")]));
        assert!(!check(Method::POST, &[host, ("origin", "null"), same]));
        assert!(!check(Method::POST, &[host, ("origin", "http://localhost:7071")]));
        assert!(!check(Method::POST, &[host, ours, ("sec-fetch-site", "cross-site")]));
        assert!(!check(Method::POST, &[host, ("sec-fetch-site", "none")]));
        assert!(!check(Method::POST, &[host, ours, ours]));
    }
}
