//! The offices' door, through the real router.
//!
//! Always holds: what is refused as a whole is refused with its code, and nothing of a file is told.
//! Not here: TLS and certificates (`tests`).

use super::*;
use crate::web::{BODY_MAX, DELIVERIES_PATH, Place, Places, machine_routes, take_admitted};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode},
};
use base::Clock;
use serde_json::Value;
use tower::ServiceExt;
use web::{
    house::{House, Parts},
    routes::Machine,
};

struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Instant {
        NOW
    }
}

/// A clock that goes on by 25 seconds after it was asked first: as a body that was long in arriving leaves it.
#[derive(Default)]
struct Jumping(AtomicBool);

impl Clock for Jumping {
    fn now(&self) -> Instant {
        if self.0.swap(true, Ordering::Relaxed) { NOW.plus_ms(25_000) } else { NOW }
    }
}

fn router(store: &Store) -> Router {
    router_at(store, Arc::new(Stopped))
}

fn router_at(store: &Store, clock: Arc<dyn Clock>) -> Router {
    let parts = Parts {
        store: store.clone(),
        clock,
        ids: seeded_ids(50_000),
        random: audit::testing::seeded_random(1),
        hosts: Vec::new(),
        demo: false,
        behind_https: false,
        desk_threads: 1,
        desk_queue: 4,
        page_threads: 1,
        page_queue: 4,
    };
    machine_routes().into_router(House::open(parts).expect("a house"))
}

fn asked(
    router: &Router,
    actor: Option<Actor>,
    method: &str,
    path: &str,
    body: Vec<u8>,
) -> (StatusCode, Value) {
    let mut request = Request::builder().method(method).uri(path).body(Body::from(body)).unwrap();
    if let Some(actor) = actor {
        request.extensions_mut().insert(Machine { actor });
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let response = router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    })
}

#[test]
fn a_file_is_sent_asked_after_and_sent_again() {
    each_database("intake_door", |store| {
        let ids = seeded_ids(1_000);
        let admit = |new| store.change(|tx| crate::admit(tx, &cx(&ids), &new)).unwrap().unwrap();
        let register = Actor::Office { office: admit(office(feed::Office::Register, None, 1)).raw() };
        let insurer =
            Actor::Office { office: admit(office(feed::Office::Insurer, Some("06132013"), 2)).raw() };
        let router = router(store);
        let send = |actor, text: &str| asked(&router, Some(actor), "POST", DELIVERIES_PATH, text.into());
        let state = |actor, name| {
            asked(&router, Some(actor), "GET", &format!("{DELIVERIES_PATH}/{name}"), Vec::new())
        };

        let residents =
            file("register", "r1", &format!("{RESIDENTS}\n{{'type':'resident','my_number':'DAN'}}"));
        let (status, told) = send(register, &residents);
        assert_eq!(status, StatusCode::OK);
        expect![[r#"
            {
              "delivery": "r1",
              "finished_at": "2026-11-27 12:00:00",
              "held": 0,
              "lines": 5,
              "problems": [
                {
                  "code": "intake.line-missing",
                  "en": "A field that must be there is missing. Add the field.",
                  "engineer": "Absent and null are the same.",
                  "field": "name",
                  "ja": "必須の項目がありません。項目を書き加えてください。",
                  "line": 5
                }
              ],
              "problems_count": 1,
              "refused": 1,
              "started_at": "2026-11-27 12:00:00",
              "state": "finished",
              "taken": 3,
              "unchanged": 0,
              "was_finished": false
            }"#]]
        .assert_eq(&serde_json::to_string_pretty(&told).unwrap());
        let (status, again) = send(register, &residents);
        assert_eq!(
            (status, &again["was_finished"], &again["taken"]),
            (StatusCode::OK, &true.into(), &3.into())
        );
        let (_, stands) = state(register, "r1");
        assert_eq!(
            (&stands["state"], &stands["problems"], &stands["problems_count"]),
            (&"finished".into(), &told["problems"], &1.into())
        );
        assert_eq!(again["problems"], told["problems"]);
        assert_eq!(state(register, "r2").0, StatusCode::NOT_FOUND);
        assert_eq!(state(insurer, "r1").0, StatusCode::NOT_FOUND, "another office's looks like none");
        let (status, refused) = send(register, &residents.replace("緑川", "翠川"));
        assert_eq!((status, &refused["code"]), (StatusCode::CONFLICT, &"intake.other-bytes".into()));
        let (status, refused) = send(insurer, &residents);
        assert_eq!((status, &refused["code"]), (StatusCode::FORBIDDEN, &"intake.other-kind".into()));
        let (status, told) = send(insurer, &file("insurer", "i1", COVERAGES));
        assert_eq!((status, &told["taken"], &told["held"]), (StatusCode::OK, &3.into(), &2.into()));

        for hostile in [&b""[..], b"\0", b"{}\n", b"\xff\xfe"] {
            let (status, refused) = asked(&router, Some(register), "POST", DELIVERIES_PATH, hostile.into());
            assert_eq!(
                (status, &refused["code"]),
                (StatusCode::UNPROCESSABLE_ENTITY, &"intake.header".into())
            );
        }
        let (status, refused) =
            asked(&router, Some(register), "POST", DELIVERIES_PATH, vec![b'x'; BODY_MAX + 1]);
        assert_eq!(
            (status, &refused["code"]),
            (StatusCode::PAYLOAD_TOO_LARGE, &"intake.file-too-large".into())
        );
        for actor in [None, Some(Actor::System), Some(Actor::Terminal { terminal: 1, facility: 1 })] {
            let (status, _) = asked(&router, actor, "POST", DELIVERIES_PATH, residents.clone().into());
            assert_eq!(status, StatusCode::FORBIDDEN);
        }
        // Barred, it sends nothing more, even over a connection that was let in before.
        let Actor::Office { office } = register else { unreachable!("an office") };
        store.change(|tx| crate::bar(tx, &cx(&ids), Id::new(office).unwrap())).unwrap().unwrap();
        assert_eq!(send(register, &file("register", "r9", RESIDENTS)).0, StatusCode::FORBIDDEN);
        numbers_lie_in_one_place(store, &told.to_string());
    });
}

fn admitted(store: &Store, ids: &Arc<dyn IdSource>, kind: feed::Office, fingerprint: u8) -> Actor {
    let new = NewOffice { expires_at: NOW.plus_ms(1_000_000), ..office(kind, None, fingerprint) };
    let admitted = store.change(|tx| crate::admit(tx, &cx(ids), &new)).unwrap().unwrap();
    Actor::Office { office: admitted.raw() }
}

#[test]
fn a_file_that_was_long_in_arriving_moves_by_one_transaction() {
    each_database("intake_slow", |store| {
        let ids = seeded_ids(1_000);
        let register = admitted(store, &ids, feed::Office::Register, 1);
        let text = file("register", "r1", &"{'type':'x'}\n".repeat(60));
        let mut all = Vec::new();
        for _ in 0..3 {
            // The house asks the clock itself, so each request has one of its own.
            let router = router_at(store, Arc::new(Jumping::default()));
            let (status, told) = asked(&router, Some(register), "POST", DELIVERIES_PATH, text.clone().into());
            all.push(format!("{} {} {}", status.as_u16(), told["lines"], told["problems_count"]));
        }
        assert_eq!(all, ["202 25 24", "202 49 48", "200 61 60"]);
    });
}

#[test]
fn an_office_has_one_place_and_keeps_no_other_office_out() {
    let places = Arc::new(Places::default());
    let take = |office: i64| Place::take(&places, Id::new(office).unwrap());
    let mut all: Vec<Place> = (1..=15).filter_map(take).collect();
    assert_eq!(all.len(), 15, "whose files trickle in");
    assert!(take(1).is_none(), "one place an office");
    all.extend(take(16));
    assert!(all.len() == 16 && take(17).is_none(), "memory has a limit");
    all.remove(0);
    assert!(take(1).is_some(), "given back");
}

#[test]
fn who_is_barred_during_a_file_moves_no_further() {
    each_database("intake_barred", |store| {
        let ids = seeded_ids(1_000);
        let Actor::Office { office } = admitted(store, &ids, feed::Office::Register, 1) else {
            unreachable!()
        };
        let office = Id::new(office).unwrap();
        let sender =
            crate::rules::Sender { office: Some(office), kind: feed::Office::Register, insurer: None };
        let text = file("register", "r1", RESIDENTS);
        let mut opened = jobs::FeedFile::open(text.as_bytes()).unwrap().expect("a header");
        let mut left = None;
        let mut take = |bar: bool| {
            let batch = opened.next_batch(1).unwrap().expect("a line");
            if bar {
                store.change(|tx| crate::bar(tx, &cx(&ids), office)).unwrap().unwrap();
            }
            let taken =
                store.record(NOW, |tx| take_admitted(tx, &cx(&ids), &sender, "r1", left.as_ref(), &batch));
            let moved = taken.unwrap().map_err(|no| no.help.code)?;
            left = Some(moved.delivery);
            Ok(())
        };
        assert_eq!((take(false), take(true)), (Ok(()), Err("web.not-permitted")));
    });
}
