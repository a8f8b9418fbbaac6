//! The counter's routes: the machines' door (JSON mirror of the OQS messages) and the pages of the reception.
//!
//! Always holds: parse → operation → render; no decision is made here. No number or name stands in a path.
//! Not here: how a terminal or a visitor is recognised (`app`); the folder door (`terminal`).
//! Rules come from: the reference on OQS, section 7; docs/rules.md S1 r3, r7.

pub(crate) mod door;
pub mod face;
mod pages;
mod references;
mod texts;

use axum::{
    extract::DefaultBodyLimit,
    routing::{MethodRouter, get, post},
};
use base::{Cx, Id, Result, Role, kinds};
use store::Tx;
use web::{
    house::House,
    routes::{Permit, Routes},
};

use crate::{Desk, rules::Settings};
use std::sync::Arc;

use formats::oqs::{REFERENCE_PATH, SEARCH_PATH};

/// Those who stand at a facility's desk.
const AT_THE_DESK: Permit =
    Permit::Roles(&[Role::Receptionist, Role::Clinician, Role::FacilityAdministrator]);
const ADMINISTRATOR: Permit = Permit::Roles(&[Role::FacilityAdministrator]);

/// How the log learns the names of those who asked, without knowing `staff`: the accounts that the reader may manage.
#[derive(Clone, Copy)]
pub struct StaffNames(pub fn(&mut Tx<'_>, &Cx<'_>) -> Result<Vec<StaffName>>);

/// An account and the name of its person.
pub type StaffName = (Id<kinds::Staff>, String);

/// The machines' door.
pub fn machine_routes(settings: Settings) -> Routes {
    let desk = axum::Extension(Arc::new(Desk::new(settings)));
    let search: MethodRouter<House> = post(door::search).layer(DefaultBodyLimit::max(door::BODY_MAX));
    let register: MethodRouter<House> =
        post(references::register).layer(DefaultBodyLimit::max(door::BODY_MAX));
    Routes::new().add("POST", SEARCH_PATH, "counter.check", Permit::Terminal, search.layer(desk)).add(
        "POST",
        REFERENCE_PATH,
        "counter.reference",
        Permit::Terminal,
        register,
    )
}

/// The pages of the reception.
pub fn routes(settings: Settings, names: StaffNames) -> Routes {
    let desk = axum::Extension(Arc::new(Desk::new(settings)));
    Routes::new()
        .add("GET", "/reception", "counter.list", AT_THE_DESK, get(pages::reception).layer(desk.clone()))
        .add("POST", "/reception/check", "counter.check", AT_THE_DESK, post(pages::check).layer(desk.clone()))
        .add("GET", "/reception/pulse", "counter.pulse", AT_THE_DESK, get(pages::pulse))
        .add("GET", "/checks/{decision}", "counter.get", AT_THE_DESK, get(pages::decision).layer(desk))
        .add("GET", "/log", "counter.log", ADMINISTRATOR, get(pages::log).layer(axum::Extension(names)))
        .nav("/reception", "受付・資格確認", "Reception", AT_THE_DESK)
        .nav("/log", "照会の記録", "Access log", ADMINISTRATOR)
}
