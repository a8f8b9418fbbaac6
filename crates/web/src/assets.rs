//! The style sheet, the script and the icon, compiled in.
//!
//! Always holds: an address made by [`href`] carries a hash of the content, so browsers may keep it for ever.
//! Not here: the route; `app` serves `/assets/{name}` with [`serve`].
//! Rules come from: nothing but our own Content-Security-Policy (everything from 'self').

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

struct Asset {
    name: &'static str,
    content_type: &'static str,
    bytes: &'static [u8],
    hash: u64,
}

const ASSETS: [Asset; 3] = [
    asset_of("shikaku.css", "text/css; charset=utf-8", include_bytes!("../assets/shikaku.css")),
    asset_of("shikaku.js", "text/javascript; charset=utf-8", include_bytes!("../assets/shikaku.js")),
    asset_of("shikaku.svg", "image/svg+xml", include_bytes!("../assets/shikaku.svg")),
];

const fn asset_of(name: &'static str, content_type: &'static str, bytes: &'static [u8]) -> Asset {
    Asset { name, content_type, bytes, hash: fnv1a(bytes) }
}

/// FNV-1a: tells versions apart; nobody has to be kept from forging one.
const fn fnv1a(bytes: &[u8]) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0100_0000_01b3);
        at += 1;
    }
    hash
}

/// Content type and bytes of an asset.
pub fn asset(name: &str) -> Option<(&'static str, &'static [u8])> {
    find(name).map(|asset| (asset.content_type, asset.bytes))
}

/// The address of an asset with its content hash, e.g. `/assets/shikaku.css?v=0123456789abcdef`.
pub fn href(name: &str) -> String {
    let hash = find(name).map_or(0, |asset| asset.hash);
    format!("/assets/{name}?v={hash:016x}")
}

/// Answers `GET /assets/{name}`: the asset to be kept for a year, or a bare 404.
pub fn serve(name: &str) -> Response {
    let mut response = match asset(name) {
        None => {
            let mut none = Response::new(Body::empty());
            *none.status_mut() = StatusCode::NOT_FOUND;
            none
        }
        Some((content_type, bytes)) => {
            let mut found = Response::new(Body::from(bytes));
            let headers = found.headers_mut();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
            headers.insert(
                header::CACHE_CONTROL,
                HeaderValue::from_static("public, max-age=31536000, immutable"),
            );
            found
        }
    };
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

fn find(name: &str) -> Option<&'static Asset> {
    const { &ASSETS }.iter().find(|asset| asset.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assets_are_found_by_name_only() {
        for asset in &ASSETS {
            assert_eq!(serve(asset.name).status(), StatusCode::OK);
            assert!(href(asset.name).ends_with(&format!("?v={:016x}", asset.hash)));
        }
        assert_eq!(serve("../Cargo.toml").status(), StatusCode::NOT_FOUND);
    }

    #[test]
    fn assets_load_nothing_from_elsewhere() {
        for asset in &ASSETS {
            let text = std::str::from_utf8(asset.bytes).unwrap();
            let text = text.replace("http://www.w3.org/2000/svg", "");
            assert!(!text.contains("://") && !text.contains("@import"), "{}", asset.name);
        }
    }
}
