//! The look of the product and what every page needs: layout, parts, forms, cookies, guards, problem answers.
//!
//! Always holds: every page works without JavaScript and loads nothing from elsewhere; nothing is told by colour
//! alone; every text that a person or a store supplies is escaped by `maud`.
//! Not here: any service, its texts or its routes; accounts and how a session is found; sockets.
//! Rules come from: デジタル庁デザインシステム (look and behaviour), WCAG 2.2 AA, RFC 6265 (cookies), RFC 9457
//! (problem details).

#![forbid(unsafe_code)]

pub mod assets;
pub mod cookies;
pub mod dates;
pub mod forms;
pub mod guard;
pub mod house;
pub mod lang;
pub mod layout;
pub mod parts;
pub mod problem;
pub mod routes;
