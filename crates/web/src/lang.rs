//! The language of a page: Japanese unless the reader asked for English.
//!
//! Always holds: the address wins over the cookie; anything unknown is ignored, never an error.
//! Not here: texts, and `Accept-Language` (a shared desk's browser says nothing about who sits there).
//! Rules come from: the design, section 4 "Languages"; WCAG 2.2 (3.1.1).

use axum::http::HeaderMap;
use base::Lang;

use crate::cookies;

/// The cookie that remembers the reader's choice.
pub const LANG_COOKIE: &str = "lang";

/// The language of a request: `?lang=ja|en`, then the cookie `lang`, else Japanese.
pub fn lang_of(headers: &HeaderMap, query: Option<&str>) -> Lang {
    let asked = query
        .into_iter()
        .flat_map(|query| query.split('&'))
        .filter_map(|pair| pair.strip_prefix("lang="))
        .find_map(parse);
    asked.or_else(|| cookies::cookie(headers, LANG_COOKIE).and_then(parse)).unwrap_or_default()
}

/// The word for the `lang` attribute, the cookie and the address.
pub fn word(lang: Lang) -> &'static str {
    lang.pick("ja", "en")
}

/// The other language, for the switch.
pub(crate) fn other(lang: Lang) -> Lang {
    match lang {
        Lang::Ja => Lang::En,
        Lang::En => Lang::Ja,
    }
}

fn parse(word: &str) -> Option<Lang> {
    match word {
        "ja" => Some(Lang::Ja),
        "en" => Some(Lang::En),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn the_address_wins_over_the_cookie_over_japanese() {
        let mut headers = HeaderMap::new();
        assert_eq!(lang_of(&headers, None), Lang::Ja);
        assert_eq!(lang_of(&headers, Some("x=1&lang=en")), Lang::En);
        headers.insert("cookie", HeaderValue::from_static("a=b; lang=en"));
        assert_eq!(lang_of(&headers, None), Lang::En);
        assert_eq!(lang_of(&headers, Some("lang=ja")), Lang::Ja);
        assert_eq!(lang_of(&headers, Some("lang=tlh")), Lang::En);
        headers.insert("cookie", HeaderValue::from_static("lang=xx"));
        assert_eq!(lang_of(&headers, None), Lang::Ja);
    }
}
