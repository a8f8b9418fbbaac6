//! Recognising who asks for a page: the session cookie, and where the request comes from.
//!
//! Always holds: a request whose Host or Origin is not ours is refused before anything else; a session that lacks a
//! factor is no visitor; a visitor's facility is named by `facilities`, its account by `staff`.
//! Not here: signing in (`staff`), permissions (`web::routes`).
//! Rules come from: the issue, part C; DESIGN section 4, "Host and Origin checked".

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use base::{Actor, Purpose, Refusal, Result};
use store::Tx;
use web::{
    cookies::cookie,
    guard::allows,
    house::{Asker, House},
    lang::lang_of,
    problem,
    routes::{STALE_FORM, Visitor, problem_page},
};

/// A page that reloads itself says so: nobody sits before it for certain, so it does not keep a session alive.
const REFRESH: &str = "shikaku-refresh";

/// Puts a [`Visitor`] into the request when there is one, and refuses requests from elsewhere.
pub async fn recognise(State(house): State<House>, mut request: Request, next: Next) -> Response {
    let lang = lang_of(request.headers(), request.uri().query());
    if !allows(request.method(), request.headers(), house.hosts()) {
        return problem_page(lang, &Refusal::new(&STALE_FORM, 403));
    }
    if let Some(token) = cookie(request.headers(), staff::web::COOKIE).map(str::to_owned) {
        let asker = || Asker::new(Actor::System, Purpose::Operation);
        let asked = token.clone();
        match house.read(asker(), move |tx, cx| visitor(tx, cx.now, &asked)).await {
            Ok(Some((visitor, touch_due))) => {
                if touch_due && !request.headers().contains_key(REFRESH) {
                    // At most once a minute; a lost note only ends the session earlier.
                    let _ = house.change(asker(), move |tx, cx| staff::touch(tx, cx.now, &token)).await;
                }
                request.extensions_mut().insert(visitor);
            }
            Ok(None) => {}
            Err(_) => return problem::broken(lang),
        }
    }
    next.run(request).await
}

fn visitor(tx: &mut Tx<'_>, now: base::Instant, token: &str) -> Result<Option<(Visitor, bool)>> {
    let Some(session) = staff::visit(tx, now, token)?.filter(|session| session.missing.is_none()) else {
        return Ok(None);
    };
    let place = match session.facility {
        None => None,
        Some(facility) => facilities::get(tx, facility)?.map(|facility| facility.entry.name),
    };
    let touch_due = session.touch_due;
    let visitor =
        Visitor { actor: session.actor(), role: session.role, name: session.name, place, csrf: session.csrf };
    Ok(Some((visitor, touch_due)))
}
