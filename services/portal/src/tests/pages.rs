//! The pages as a browser without script reads them, and what a reader sends.
//!
//! Always holds: what recognises a person or an operator here does what `app` does.
//! Not here: Host, Origin and the permissions of every route (`tests/`).

use super::*;
use ::store::{Store, testing::Dir};
use ::web::{
    house::{House, Parts},
    routes::{Citizen, Visitor},
};
use audit::testing::{ledger, seeded_random};
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{Method, header},
    middleware::{Next, from_fn_with_state},
    response::Response,
};
use base::{Actor, Clock, Purpose, Role};
use base64::{Engine, engine::general_purpose::STANDARD};
use consent::rules::{Given, kind};
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};
use tower::ServiceExt;

struct Hands(AtomicI64);

impl Clock for Hands {
    fn now(&self) -> Instant {
        Instant::from_ms(self.0.load(Ordering::Relaxed))
    }
}

/// Who sits before the browser, beside the cookie: the call centre, or nobody in particular.
#[derive(Clone, Copy, PartialEq)]
enum Seat {
    Home,
    CallCentre,
}

async fn recognise(State((house, seat)): State<(House, Seat)>, mut request: Request, next: Next) -> Response {
    let token = ::web::cookies::cookie(request.headers(), crate::web::COOKIE).unwrap_or_default();
    let visit = house.store().look(|tx| crate::visit(tx, house.now(), token)).unwrap();
    if let Some(visit) = visit {
        request.extensions_mut().insert(Citizen { person: visit.person, csrf: visit.csrf });
    }
    if seat == Seat::CallCentre {
        let role = Role::CallCentreOperator;
        let actor = Actor::Staff { staff: 5, role, facility: None };
        let (name, csrf) = ("見本 五月".to_owned(), "token".to_owned());
        request.extensions_mut().insert(Visitor { actor, role, name, place: None, csrf });
    }
    next.run(request).await
}

/// A browser before these pages.
struct Browser {
    router: Router,
    cookie: String,
    body: String,
}

impl Browser {
    /// Sends a request; the status with where it leads and the page's heading.
    async fn send(&mut self, method: Method, path: &str, body: String) -> String {
        let request = Request::builder().method(method).uri(path).header(header::COOKIE, &self.cookie);
        let response = self.router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        let set = response.headers().get_all(header::SET_COOKIE).iter();
        if let Some(set) = set.filter_map(|set| set.to_str().ok()).find(|set| set.starts_with("my=")) {
            assert!(set.contains("HttpOnly; SameSite=Strict"), "a weak cookie");
            self.cookie = set.split(';').next().unwrap_or_default().to_owned();
        }
        let status = response.status().as_u16();
        let to = response.headers().get(header::LOCATION).map(|to| format!(" → {}", to.to_str().unwrap()));
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        self.body = String::from_utf8(bytes.to_vec()).unwrap();
        assert!(!self.body.contains("<script>") && !self.body.contains("<b>"), "unescaped at {path}");
        let title = self.body.split("<h1>").nth(1).and_then(|rest| rest.split("</h1>").next());
        format!("{status}{}{}", to.unwrap_or_default(), title.map(|t| format!(" {t}")).unwrap_or_default())
    }

    async fn get(&mut self, path: &str) -> String {
        self.send(Method::GET, path, String::new()).await
    }

    /// Sends a form with the token of the page last read.
    async fn post(&mut self, path: &str, values: &str) -> String {
        let csrf = self.body.rsplit("name=\"csrf\" value=\"").next().unwrap_or_default();
        let csrf = csrf.split('"').next().unwrap_or_default().to_owned();
        self.send(Method::POST, path, format!("csrf={csrf}&{values}")).await
    }

    /// What stands in the page after a text, up to a sign.
    fn after(&self, text: &str, end: char) -> String {
        let rest = self.body.split(text).nth(1).unwrap_or_default();
        rest.split(end).next().unwrap_or_default().to_owned()
    }

    /// A reader opens the address on the sign-in page, has the card sign, and posts; the state and code it is told.
    async fn tap(&mut self, wallet: &Wallet) -> String {
        let text = self.after("http://reader.test/reader?n=", '"');
        self.tap_text(wallet, &text).await
    }

    async fn tap_text(&mut self, wallet: &Wallet, text: &str) -> String {
        let proof = wallet.sign(text);
        let body = serde_json::json!({
            "nonce": proof.text,
            "certificate": STANDARD.encode(&proof.certificate),
            "signature": STANDARD.encode(&proof.signature),
        });
        let request = Request::builder().method(Method::POST).uri("/my/prove");
        let request = request.body(Body::from(body.to_string())).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), 200);
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let told: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        for part in ["title", "text", "now"] {
            assert!(told[part]["ja"].is_string() && told[part]["en"].is_string(), "{part}");
        }
        format!("{} {}", told["state"].as_str().unwrap(), told["code"].as_str().unwrap())
    }

    async fn sign_in(&mut self, wallet: &Wallet) {
        self.get("/my/sign-in").await;
        assert_eq!(self.tap(wallet).await, "done ");
        assert_eq!(self.get("/my/enter").await, "303 → /my");
    }
}

/// A town with people 1 and 2, each with a card and a coverage, and a consent of person 1.
struct Stage {
    house: House,
    _dir: Dir,
    clock: Arc<Hands>,
    prover: Arc<cards::proof::Prover>,
    wallets: Vec<Wallet>,
    consent: String,
}

fn stage(name: &str) -> Stage {
    let dir = Dir::new(name);
    let store = Store::open(dir.place(), ledger(1)).unwrap();
    let clock = Arc::new(Hands(AtomicI64::new(NOW.ms())));
    let town = Town::new(&store);
    let prover = town.prover.clone();
    let wallets: Vec<Wallet> = (1..=2).map(|n| town.person_with_card(n)).collect();
    town.insure(11, 1, "56<script>");
    town.insure(12, 2, "57");
    let given = Given {
        person: person(1),
        facility: Id::new(CLINIC).unwrap(),
        given_at: NOW,
        agreed: vec![kind("drugs").unwrap()],
        declined: vec![kind("checkups").unwrap()],
        decision: Id::new(500).unwrap(),
    };
    let consent =
        town.read_as(Actor::Terminal { terminal: 3, facility: CLINIC }, Purpose::Reception, |tx, cx| {
            consent::record(tx, cx, &given)
        });
    let random = seeded_random(5);
    let parts = Parts {
        store: store.clone(),
        clock: clock.clone(),
        ids: ::store::testing::seeded_ids(5000),
        random: Arc::new(move |out: &mut [u8]| random(out)),
        hosts: vec!["localhost".to_owned()],
        demo: false,
        behind_https: false,
        desk_threads: 1,
        desk_queue: 4,
        page_threads: 2,
        page_queue: 8,
    };
    drop(town);
    Stage {
        house: House::open(parts).unwrap(),
        _dir: dir,
        clock,
        prover,
        wallets,
        consent: consent.to_string(),
    }
}

impl Stage {
    fn browser(&self, seat: Seat) -> Browser {
        let portal = crate::web::Portal { prover: self.prover.clone(), reader: "http://reader.test/".into() };
        let router = crate::web::routes(portal).into_router(self.house.clone());
        let layer = from_fn_with_state((self.house.clone(), seat), recognise);
        Browser { router: router.layer(layer), cookie: String::new(), body: String::new() }
    }
}

#[tokio::test]
async fn s3_r1_a_person_signs_in_by_card_and_reads_their_own_pages() {
    let stage = stage("portal_pages_in");
    let mut browser = stage.browser(Seat::Home);
    assert_eq!(browser.get("/my").await, "303 → /my/sign-in");
    assert_eq!(browser.get("/my/sign-in").await, "200 わたしのページにログイン");
    let text = browser.after("http://reader.test/reader?n=", '"');
    assert_eq!(browser.after("class=\"matching-code\">", '<'), matching_code(&text), "{}", browser.body);
    assert!(!text.contains(&browser.cookie["my=".len()..]), "the cookie stands in the address");
    let anonymous = browser.cookie.clone();
    assert_eq!(browser.get("/my/enter").await, "403 ログインの続き");
    // A second tab of the same browser shares the session.
    assert_eq!(browser.get("/my/sign-in").await, "200 わたしのページにログイン");
    assert_eq!(browser.cookie, anonymous);
    assert_eq!(browser.tap(&stage.wallets[0]).await, "done ");
    assert_eq!(browser.tap(&stage.wallets[0]).await, "refused cards.nonce-used");
    assert_eq!(
        browser.tap_text(&stage.wallets[0], &text).await,
        "refused cards.nonce-used",
        "the other tab's"
    );
    assert_eq!(browser.get("/my").await, "303 → /my/sign-in", "proved, and not yet entered");
    assert_eq!(browser.get("/my/enter").await, "303 → /my");
    assert_ne!(browser.cookie, anonymous, "the session goes on under another cookie");
    assert_eq!(browser.get("/my/enter").await, "303 → /my", "entered already");
    assert_eq!(browser.get("/my/sign-in").await, "303 → /my");
    for (path, told) in [
        ("/my", "200 わたしのページ"),
        ("/my/views", "200 見た人の記録"),
        ("/my/consents", "200 同意の確認"),
        ("/my/lost", "200 カードの紛失"),
        ("/my/enrolment", "200 健康保険証としての利用申込"),
        ("/my/coverages/cov_000000000000B", "200 この記録は自分のものではない"),
        ("/my/views?before=abc", "200 見た人の記録"),
    ] {
        assert_eq!(browser.get(path).await, told, "{path}");
    }
    assert_eq!(browser.get("/my").await, "200 わたしのページ");
    let home = browser.body.clone();
    assert!(home.contains("甲野　花子1") && home.contains("56&lt;script&gt;") && home.contains("3割"));
    assert!(!home.contains("甲野　花子2") && !home.contains("青葉") && !home.contains("000-0001"));
    let stale = Browser { cookie: anonymous, ..stage.browser(Seat::Home) };
    assert_eq!({ stale }.get("/my").await, "303 → /my/sign-in", "the cookie from before the card");
    assert_eq!(browser.post("/my/sign-out", "").await, "303 → /my/sign-in");
    assert_eq!(browser.get("/my").await, "303 → /my/sign-in");
}

#[tokio::test]
async fn s3_r1_a_proof_of_one_browser_opens_no_other() {
    let stage = stage("portal_pages_swap");
    let (mut one, mut other) = (stage.browser(Seat::Home), stage.browser(Seat::Home));
    one.get("/my/sign-in").await;
    other.get("/my/sign-in").await;
    let (mine, theirs) =
        (one.after("http://reader.test/reader?n=", '"'), other.after("http://reader.test/reader?n=", '"'));
    let mixed = format!("{}.{}", mine.split_once('.').unwrap().0, theirs.split_once('.').unwrap().1);
    assert_eq!(one.tap_text(&stage.wallets[0], &mixed).await, "refused cards.nonce-foreign");
    assert_eq!(one.tap_text(&stage.wallets[0], &mine).await, "done ");
    assert_eq!(other.get("/my/enter").await, "403 ログインの続き");
    assert_eq!(one.get("/my/enter").await, "303 → /my");
    stage.clock.0.fetch_add(SESSION_IDLE_MS, Ordering::Relaxed);
    assert_eq!(one.get("/my").await, "303 → /my/sign-in", "idle for too long");
}

#[tokio::test]
async fn what_is_no_proof_at_all_is_told_so() {
    let stage = stage("portal_pages_malformed");
    let mut browser = stage.browser(Seat::Home);
    for body in ["", "{}", "[]", r#"{"nonce":"x","certificate":"!","signature":""}"#, "nonce=x"] {
        assert_eq!(browser.send(Method::POST, "/my/prove", body.to_owned()).await, "422", "{body}");
        assert!(browser.body.contains("portal.malformed"));
    }
    let empty = r#"{"nonce":"","certificate":"","signature":""}"#;
    assert_eq!(browser.send(Method::POST, "/my/prove", empty.to_owned()).await, "200");
    assert!(browser.body.contains("cards.nonce-foreign"));
    assert_eq!(browser.get("/my/enter").await, "200 ログインの続き", "a browser that holds its cookie back");
    let portal = crate::web::Portal { prover: stage.prover.clone(), reader: "".into() };
    browser.router = crate::web::routes(portal).into_router(stage.house.clone());
    assert_eq!(browser.get("/my/sign-in").await, "503 この操作はできません");
}

#[tokio::test]
async fn s5_r2_what_is_not_mine_and_what_is_somebody_elses() {
    let stage = stage("portal_pages_own");
    let mut browser = stage.browser(Seat::Home);
    browser.sign_in(&stage.wallets[0]).await;
    let (mine, theirs) = ("/my/coverages/cov_000000000000B", "/my/coverages/cov_000000000000C");
    for nothing in [theirs, "/my/coverages/cov_000000000000D", "/my/coverages/x"] {
        assert_eq!(browser.get(nothing).await, "404 この操作はできません", "{nothing}");
    }
    browser.get(mine).await;
    assert_eq!(browser.post(&format!("{theirs}/dispute"), "").await, "404 この操作はできません");
    browser.get(mine).await;
    let forged = browser.send(Method::POST, &format!("{mine}/dispute"), "csrf=forged".into()).await;
    assert_eq!(forged, "403 この操作はできません");
    browser.get(mine).await;
    assert_eq!(browser.post(&format!("{mine}/dispute"), "").await, "303 → /my");
    browser.get("/my").await;
    assert!(browser.body.contains("照合中") && !browser.body.contains("56&lt;"), "it is closed at once");
    assert_eq!(browser.get("/my/views").await, "200 見た人の記録");
    assert!(browser.body.contains("申し出"));
}

#[tokio::test]
async fn s1_r5_a_consent_is_withdrawn_once_and_only_ones_own() {
    let stage = stage("portal_pages_consent");
    let (mut one, mut two) = (stage.browser(Seat::Home), stage.browser(Seat::Home));
    one.sign_in(&stage.wallets[0]).await;
    two.sign_in(&stage.wallets[1]).await;
    let path = format!("/my/consents/{}/withdraw", stage.consent);
    two.get("/my/enrolment").await; // a page with a form of this session
    assert_eq!(two.post(&path, "kind=drugs").await, "404 この操作はできません");
    let nothing = "/my/consents/cns_0000000000009/withdraw";
    two.get("/my/enrolment").await;
    assert_eq!(two.post(nothing, "kind=drugs").await, "404 この操作はできません", "alike");
    one.get("/my/consents").await;
    assert!(one.body.contains("有効") && one.body.contains("同意しない"));
    assert!(one.body.contains("&lt;script&gt;alert(1)"), "the facility's hostile name");
    assert_eq!(
        one.send(Method::POST, &path, "csrf=forged&kind=drugs".into()).await,
        "403 この操作はできません"
    );
    one.get("/my/consents").await;
    assert_eq!(one.post(&path, "kind=everything").await, "404 この操作はできません");
    one.get("/my/consents").await;
    assert_eq!(one.post(&path, "kind=drugs").await, "303 → /my/consents");
    one.get("/my/consents").await;
    assert!(one.body.contains("取り消し済み") && !one.body.contains("取り消す</button>"), "{}", one.body);
}

#[tokio::test]
async fn s2_r2_terms_are_agreed_to_before_enrolling() {
    let stage = stage("portal_pages_enrol");
    let mut browser = stage.browser(Seat::Home);
    browser.sign_in(&stage.wallets[0]).await;
    browser.get("/my/enrolment").await;
    let terms = format!("terms={}", enrolment::rules::TERMS_VERSION);
    assert_eq!(browser.post("/my/enrolment", &terms).await, "422 健康保険証としての利用申込");
    assert_eq!(browser.post("/my/enrolment", "agree=1&terms=1999-01").await.get(..3), Some("409"));
    browser.get("/my/enrolment").await;
    assert_eq!(browser.post("/my/enrolment", &format!("{terms}&agree=1")).await, "303 → /my/enrolment");
    browser.get("/my/enrolment").await;
    assert!(browser.body.contains("申込済み"));
    assert_eq!(browser.post("/my/enrolment/cancel", "").await, "303 → /my/enrolment");
    browser.get("/my/enrolment").await;
    assert!(browser.body.contains("まだ申し込んでいません"));
}

#[tokio::test]
async fn s1_r11_a_lost_card_is_held_and_lifted_in_one_session() {
    let stage = stage("portal_pages_lost");
    let (mut browser, mut late) = (stage.browser(Seat::Home), stage.browser(Seat::Home));
    browser.sign_in(&stage.wallets[0]).await;
    browser.get("/my/lost").await;
    assert_eq!(browser.post("/my/lost", "").await, "303 → /my/lost");
    browser.get("/my/lost").await;
    assert!(browser.body.contains("一時停止中です"));
    late.get("/my/sign-in").await;
    assert_eq!(late.tap(&stage.wallets[0]).await, "refused cards.on-hold");
    assert_eq!(browser.post("/my/lost/lift", "").await, "303 → /my/lost");
    late.get("/my/sign-in").await;
    assert_eq!(late.tap(&stage.wallets[0]).await, "done ");
}

#[tokio::test]
async fn s13_r1_the_call_centre_sees_counts_and_no_answer_stands_in_an_address() {
    let stage = stage("portal_pages_calls");
    let mut desk = stage.browser(Seat::CallCentre);
    assert_eq!(desk.get("/calls").await, "200 電話の受付：本人の確認");
    let form = |kana: &str, birth: &str, postcode: &str, house: &str| {
        format!("kana={kana}&birth={birth}&postcode={postcode}&house={house}")
    };
    for wrong in [
        form("", "19800401", "0000001", ""),
        form("コウノハナコ", "1980", "0000001", ""),
        form("コウノハナコ", "19800401", "", ""),
        form("コウノハナコ", "19800401", "12", ""),
        form("コウノハナコ", "19800401", "", "青葉町"),
    ] {
        assert_eq!(desk.post("/calls", &wrong).await, "422 電話の受付：本人の確認", "{wrong}");
        assert!(desk.body.contains("error-summary"), "{wrong}");
    }
    // Two people of the town share every answer; then one moves.
    let right = form("コウノハナコ", "19800401", "0000001", "1-2-3");
    for unfit in [&right, &form("コウノハナコ", "19800401", "0000002", "")] {
        assert_eq!(desk.post("/calls", unfit).await, "422 電話の受付：本人の確認");
        assert!(desk.body.contains("portal.not-identified") && !desk.body.contains("甲野"));
    }
    let town = Town::new(stage.house.store());
    town.settle(2, "ｵﾂﾔﾏ ﾊﾅｺ", "架空県みどり市");
    drop(town);
    desk.get("/calls").await;
    assert_eq!(
        desk.send(Method::POST, "/calls", format!("csrf=forged&{right}")).await,
        "403 この操作はできません"
    );
    desk.get("/calls").await;
    let to = desk.post("/calls", &right).await;
    let path = to.strip_prefix("303 → ").unwrap_or_else(|| panic!("{to}")).to_owned();
    assert!(path.starts_with("/calls/cal_") && path.len() == "/calls/cal_0000000000000".len());
    assert_eq!(desk.get(&path).await, "200 電話の受付：カードの停止");
    for hidden in ["甲野", "ｺｳﾉ", "1980", "青葉", "000-0001", "56"] {
        assert!(!desk.body.contains(hidden), "{hidden} stands on the call centre's page");
    }
    assert_eq!(desk.post(&format!("{path}/hold"), "").await, format!("303 → {path}"));
    desk.get(&path).await;
    assert!(desk.body.contains("停止を届け出た日"));
    assert_eq!(desk.post(&format!("{path}/lift"), "held_on=20261127").await, format!("303 → {path}"));
    for gone in ["/calls/cal_0000000000001", "/calls/x"] {
        assert_eq!(desk.get(gone).await, "404 この操作はできません");
    }
    let mut home = stage.browser(Seat::Home);
    home.sign_in(&stage.wallets[0]).await;
    assert_eq!(home.get(&path).await, "303 → /sign-in", "a person is no operator");
    home.get("/my/views").await;
    assert!(home.body.contains("コールセンター") && home.body.contains("カードの一時停止"));
}
