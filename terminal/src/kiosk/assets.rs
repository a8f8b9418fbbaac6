//! The kiosk's style sheet and script, compiled in.
//!
//! Always holds: an address made by [`href`] carries a hash of the content, so browsers may keep it for ever.
//! Not here: the route (`web.rs`).
//! Rules come from: our own Content-Security-Policy (everything from 'self').

struct Asset {
    name: &'static str,
    content_type: &'static str,
    bytes: &'static [u8],
    hash: u64,
}

const ASSETS: [Asset; 2] = [
    asset_of("kiosk.css", "text/css; charset=utf-8", include_bytes!("../../assets/kiosk.css")),
    asset_of("kiosk.js", "text/javascript; charset=utf-8", include_bytes!("../../assets/kiosk.js")),
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

/// The address of an asset with its content hash.
pub fn href(name: &str) -> String {
    format!("/assets/{name}?v={:016x}", find(name).map_or(0, |asset| asset.hash))
}

fn find(name: &str) -> Option<&'static Asset> {
    const { &ASSETS }.iter().find(|asset| asset.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assets_load_nothing_from_elsewhere() {
        for asset in &ASSETS {
            let text = std::str::from_utf8(asset.bytes).unwrap();
            assert!(!text.contains("://") && !text.contains("@import"), "{}", asset.name);
            assert!(super::asset(asset.name).is_some());
        }
        assert!(super::asset("../Cargo.toml").is_none());
    }
}
