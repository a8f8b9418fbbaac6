//! Recognising who asks for a page: the cookies of those who work here and of people at their own pages, and where the
//! request comes from.
//!
//! Always holds: a request whose Host or Origin is not ours is refused before anything else, but readiness and counts,
//! which say nothing about anybody and are asked for under any name; a session that lacks a factor is no visitor; a
//! visitor's facility is named by `facilities`, its account by `staff`.
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
    house::{Asker, House, Trouble},
    lang::lang_of,
    problem,
    routes::{BUSY, Citizen, STALE_FORM, Visitor, problem_page},
};

/// A page that reloads itself says so: nobody sits before it for certain, so it does not keep a session alive.
const REFRESH: &str = "shikaku-refresh";

/// Puts a [`Visitor`] into the request when there is one, and refuses requests from elsewhere.
pub async fn recognise(State(house): State<House>, mut request: Request, next: Next) -> Response {
    let lang = lang_of(request.headers(), request.uri().query());
    let probe = matches!(request.uri().path(), "/ready" | "/metrics") && request.method().is_safe();
    if !probe && !allows(request.method(), request.headers(), house.hosts()) {
        return problem_page(lang, &Refusal::new(&STALE_FORM, 403));
    }
    // Who asks changes nothing there; a page brings several assets with it.
    let anybody = probe || request.uri().path().starts_with("/assets/");
    let token = cookie(request.headers(), staff::web::COOKIE).filter(|_| !anybody).map(str::to_owned);
    let asker = || Asker::new(Actor::System, Purpose::Operation);
    let own =
        cookie(request.headers(), portal::web::COOKIE).filter(|_| request.uri().path().starts_with("/my"));
    if let Some(token) = own.map(str::to_owned) {
        let asked = token.clone();
        match house.gate(asker(), move |tx, cx| portal::visit(tx, cx.now, &asked)).await {
            Ok(Some(visit)) => {
                if visit.touch_due && !request.headers().contains_key(REFRESH) {
                    let _ = house.change(asker(), move |tx, cx| portal::touch(tx, cx.now, &token)).await;
                }
                request.extensions_mut().insert(Citizen { person: visit.person, csrf: visit.csrf });
            }
            Ok(None) => {}
            Err(Trouble::Busy) => return problem_page(lang, &Refusal::new(&BUSY, 503)),
            Err(Trouble::Broken) => return problem::broken(lang),
        }
    }
    if let Some(token) = token {
        let asked = token.clone();
        match house.gate(asker(), move |tx, cx| visitor(tx, cx.now, &asked)).await {
            Ok(Some((visitor, touch_due))) => {
                if touch_due && !request.headers().contains_key(REFRESH) {
                    // At most once a minute; a lost note only ends the session earlier.
                    let _ = house.change(asker(), move |tx, cx| staff::touch(tx, cx.now, &token)).await;
                }
                request.extensions_mut().insert(visitor);
            }
            Ok(None) => {}
            Err(Trouble::Busy) => return problem_page(lang, &Refusal::new(&BUSY, 503)),
            Err(Trouble::Broken) => return problem::broken(lang),
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

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use audit::testing::{ledger, seeded_random};
    use axum::{Router, body::Body, routing::get};
    use std::sync::Arc;
    use store::testing::{Dir, seeded_ids};
    use tower::ServiceExt;

    /// A house with nobody in it.
    pub(crate) fn house(dir: &Dir) -> House {
        House::open(web::house::Parts {
            store: store::Store::open(dir.place(), ledger(1)).unwrap(),
            clock: Arc::new(crate::rim::WallClock::new(0)),
            ids: seeded_ids(1000),
            random: seeded_random(1),
            hosts: vec!["localhost".to_owned()],
            demo: false,
            behind_https: false,
            desk_threads: 1,
            desk_queue: 4,
            page_threads: 1,
            page_queue: 4,
        })
        .unwrap()
    }

    #[test]
    fn only_probes_may_come_under_any_name() {
        let dir = Dir::new("visitors");
        let guard = axum::middleware::from_fn_with_state(house(&dir), recognise);
        let ok = || async { "ok" };
        let router = Router::new()
            .route("/ready", get(ok).post(ok))
            .route("/metrics", get(ok))
            .route("/assets/a.css", get(ok))
            .route("/status", get(ok))
            .layer(guard);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let ask = |method: &str, path: &str, host: &str| {
            let request = Request::builder().method(method).uri(path).header("host", host);
            let request = request.body(Body::empty()).unwrap();
            runtime.block_on(router.clone().oneshot(request)).unwrap().status().as_u16()
        };
        for path in ["/ready", "/metrics", "/assets/a.css", "/status"] {
            assert_eq!(ask("GET", path, "localhost"), 200, "{path}");
        }
        assert_eq!((ask("GET", "/ready", "10.1.2.3"), ask("GET", "/metrics", "elsewhere")), (200, 200));
        assert_eq!(ask("POST", "/ready", "elsewhere"), 403);
        assert_eq!(
            (ask("GET", "/assets/a.css", "elsewhere"), ask("GET", "/status", "elsewhere")),
            (403, 403)
        );
    }
}
