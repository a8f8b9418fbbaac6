//! The pages of the insurers' desk, as a browser without script would read them.
//!
//! Always holds: what recognises the clerk here does what `app` does.
//! Not here: Host, Origin and the permissions of every route (`tests/`).

use super::*;
use ::store::testing::Dir;
use ::web::{
    house::{Asker, House, Parts},
    routes::Visitor,
};
use audit::testing::{ledger, seeded_random};
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::Request,
    http::Method,
    middleware::{Next, from_fn},
    response::Response,
};
use base::{Clock, Role};
use tower::ServiceExt;

struct Still;

impl Clock for Still {
    fn now(&self) -> Instant {
        Instant::from_ms(1_780_000_000_000)
    }
}

async fn clerk(mut request: Request, next: Next) -> Response {
    let actor = Actor::Staff { staff: 5, role: Role::InsurerClerk, facility: None };
    let (role, name, csrf) = (Role::InsurerClerk, "想定 四季子".to_owned(), "token".to_owned());
    request.extensions_mut().insert(Visitor { actor, role, name, place: None, csrf });
    next.run(request).await
}

fn desk(dir: &Dir) -> (House, Router) {
    let parts = Parts {
        store: Store::open(dir.place(), ledger(1)).unwrap(),
        clock: Arc::new(Still),
        ids: seeded_ids(2000),
        random: seeded_random(5),
        hosts: vec!["localhost".to_owned()],
        demo: false,
        behind_https: false,
        desk_threads: 1,
        desk_queue: 4,
        page_threads: 1,
        page_queue: 4,
    };
    let house = House::open(parts).unwrap();
    let router = crate::web::routes().into_router(house.clone()).layer(from_fn(clerk));
    (house, router)
}

async fn ask(router: &Router, method: Method, path: &str, body: &str) -> (u16, String) {
    let request = Request::builder().method(method).uri(path).body(Body::from(body.to_owned())).unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, String::from_utf8(bytes.to_vec()).unwrap())
}

#[tokio::test]
async fn s5_r2_a_clerk_sees_numbers_and_no_names_and_ends_a_case() {
    let dir = Dir::new("registration_pages");
    let (house, router) = desk(&dir);
    let cx = house.cx(Asker::new(Actor::System, Purpose::Registration));
    let store = house.store();
    let ann = attributes(&|_| None);
    store
        .record(cx.now, |tx| people::record(tx, &cx, Id::new(1).unwrap(), &number("100000000080"), &ann))
        .unwrap();
    let filed = filing("c1", "100000000080", &|_| None);
    store.record(cx.now, |tx| crate::file(tx, &cx, &filed)).unwrap();
    let case =
        store.record(cx.now, |tx| crate::dispute(tx, &cx, Id::new(1).unwrap(), id("c1"))).unwrap().unwrap();

    let (status, list) = ask(&router, Method::GET, "/cases", "").await;
    assert_eq!(status, 200);
    assert!(list.contains("12-34・56（01）") && list.contains("06132013"), "{list}");
    assert!(list.contains("<strong class=\"num\">1</strong>"), "one is held back: {list}");
    let (status, one) = ask(&router, Method::GET, &format!("/cases/{case}"), "").await;
    assert_eq!(status, 200);
    for page in [&list, &one] {
        assert!(!page.contains("甲野") && !page.contains("千代田") && !page.contains("1980"), "{page}");
    }
    let close = format!("/cases/{case}/close");
    for (path, body, outcome) in [
        (close.as_str(), "csrf=forged&outcome=theirs", 403),
        (&close, "csrf=token&outcome=perhaps", 422),
        ("/cases/cas_0000000000009/close", "csrf=token&outcome=theirs", 404),
        ("/cases/cov_0000000000001/close", "csrf=token&outcome=theirs", 404),
        (&close, "csrf=token&outcome=theirs", 303),
        (&close, "csrf=token&outcome=theirs", 303),
        (&close, "csrf=token&outcome=not-theirs", 409),
    ] {
        assert_eq!(ask(&router, Method::POST, path, body).await.0, outcome, "{path} {body}");
    }
    assert_eq!(ask(&router, Method::GET, &format!("/cases/{case}"), "").await.0, 404);
    assert!(!ask(&router, Method::GET, "/cases", "").await.1.contains("12-34"));
    assert_eq!(store.look(crate::count_held).unwrap(), 0);
}
