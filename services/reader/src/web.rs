//! The reader's doors, for machines: a nonce to sign, and the tap itself. JSON; the interface is ours, since the real
//! reader's is not public.
//!
//! Always holds: parse → operation → render; no PIN is in any message; a proof or pass is spent in the commit of its
//! row; what a patient reads comes as texts in both languages, with a stable code.
//! Not here: how a terminal is recognised (`app`), the kiosk's pages (`terminal`).
//! Rules come from: docs/vendors.md, "Card reader"; docs/rules.md S1 r1.

mod door;
mod pass;
mod texts;

use crate::Desk;
use axum::{
    extract::DefaultBodyLimit,
    routing::{MethodRouter, post},
};
use base::Result;
use std::sync::Arc;
use store::Store;
use web::{
    house::House,
    routes::{Permit, Routes},
};

/// Where a nonce is asked for.
pub const NONCE_PATH: &str = "/oqs/v1/kiosk/nonce";
/// Where a card is shown.
pub const TAP_PATH: &str = "/oqs/v1/kiosk/tap";
/// Longer bodies are refused: a certificate has 2 kB, a signature 256 bytes.
const BODY_MAX: usize = 32 << 10;

/// What the doors need.
pub struct Door {
    /// The desk.
    pub desk: Desk,
    passes: pass::Passes,
}

impl Door {
    /// A door whose passes are sealed with a secret that all processes on these data share.
    pub fn new(desk: Desk, store: &Store, fresh: [u8; 32]) -> Result<Door> {
        let key = store.secret("reader-pass", fresh)?;
        let passes = pass::Passes::new(&key, desk.settings.pass_life_ms);
        Ok(Door { desk, passes })
    }
}

/// The machines' routes.
pub fn machine_routes(door: Arc<Door>) -> Routes {
    let guarded = |handler: MethodRouter<House>| {
        let handler: MethodRouter<House> = handler.layer(axum::Extension(door.clone()));
        handler.layer(DefaultBodyLimit::max(BODY_MAX))
    };
    Routes::new().add("POST", NONCE_PATH, "reader.nonce", Permit::Terminal, guarded(post(door::nonce))).add(
        "POST",
        TAP_PATH,
        "reader.tap",
        Permit::Terminal,
        guarded(post(door::tap)),
    )
}
