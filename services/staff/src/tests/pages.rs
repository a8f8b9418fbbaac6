//! Stories through the pages of this service, as a browser without script would read them.
//!
//! Always holds: what recognises a visitor here does what `app` does.
//! Not here: Host, Origin and the permissions of every route (`tests/`).
//! Rules come from: the issue, part C.

use super::*;
use ::store::testing::Dir;
use ::web::{
    house::{House, Parts},
    routes::Visitor,
};
use audit::testing::{ledger, seeded_random};
use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{Method, header},
    middleware::{Next, from_fn_with_state},
    response::Response,
};
use base::{Clock, Error};
use std::sync::atomic::{AtomicI64, Ordering};
use tower::ServiceExt;

struct Hands(AtomicI64);

impl Clock for Hands {
    fn now(&self) -> Instant {
        Instant::from_ms(self.0.load(Ordering::Relaxed))
    }
}

/// A browser before the pages of this service.
struct Browser {
    router: Router,
    cookie: String,
    body: String,
}

impl Browser {
    /// Sends a request; the status with where it leads.
    async fn send(&mut self, method: Method, path: &str, body: String) -> String {
        let request = Request::builder().method(method).uri(path).header(header::COOKIE, &self.cookie);
        let response = self.router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        let set = response.headers().get_all(header::SET_COOKIE).iter();
        if let Some(set) = set.filter_map(|set| set.to_str().ok()).find(|set| set.starts_with("shikaku=")) {
            assert!(set.contains("HttpOnly; SameSite=Strict"), "a weak cookie");
            self.cookie = set.split(';').next().unwrap_or_default().to_owned();
        }
        let status = response.status().as_u16();
        let to = response.headers().get(header::LOCATION).map(|to| format!(" → {}", to.to_str().unwrap()));
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        self.body = String::from_utf8(bytes.to_vec()).unwrap();
        let title = self.body.split("<h1>").nth(1).and_then(|rest| rest.split("</h1>").next());
        format!("{status}{}{}", to.unwrap_or_default(), title.map(|t| format!(" {t}")).unwrap_or_default())
    }

    async fn get(&mut self, path: &str) -> String {
        self.send(Method::GET, path, String::new()).await
    }

    /// Sends the form that the page last read holds, with these values.
    async fn post(&mut self, path: &str, values: &str) -> String {
        let csrf = self.body.rsplit("name=\"csrf\" value=\"").next().unwrap_or_default();
        let csrf = csrf.split('"').next().unwrap_or_default().to_owned();
        self.send(Method::POST, path, format!("csrf={csrf}&{values}")).await
    }

    /// The n-th text that the page offers for copying.
    fn copied(&self, n: usize) -> String {
        let text = self.body.split("data-copy-text=\"").nth(n + 1).unwrap_or_default();
        text.split('"').next().unwrap_or_default().to_owned()
    }
}

async fn recognise(State(house): State<House>, mut request: Request, next: Next) -> Response {
    let token = ::web::cookies::cookie(request.headers(), crate::web::COOKIE).unwrap_or_default();
    let session = house.store().look(|tx| crate::visit(tx, house.now(), token)).unwrap();
    if let Some(session) = session.filter(|session| session.missing.is_none()) {
        let (actor, role) = (session.actor(), session.role);
        let visitor = Visitor { actor, role, name: session.name, place: None, csrf: session.csrf };
        request.extensions_mut().insert(visitor);
    }
    next.run(request).await
}

fn browser(dir: &Dir, demo: bool, clock: &Arc<Hands>) -> (House, Browser) {
    let store = Store::open(dir.place(), ledger(1)).unwrap();
    let random = seeded_random(5);
    let house = House::open(Parts {
        store,
        clock: clock.clone(),
        ids: seeded_ids(2000), // a story before may have used a desk
        random: Arc::new(move |out: &mut [u8]| random(out)),
        hosts: vec!["localhost".to_owned()],
        demo,
        behind_https: false,
        desk_threads: 1,
        desk_queue: 4,
        page_threads: 2,
        page_queue: 8,
    })
    .unwrap();
    let places = crate::web::Places { find: |_, _| Ok(None), get: |_, _| Ok(None) };
    let router = crate::web::routes(demo, places).into_router(house.clone());
    let router = router.layer(from_fn_with_state(house.clone(), recognise));
    (house, Browser { router, cookie: String::new(), body: String::new() })
}

fn secret_of(text: &str) -> [u8; SECRET_BYTES] {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bits: Vec<u8> = text
        .bytes()
        .filter_map(|letter| LETTERS.iter().position(|known| *known == letter))
        .flat_map(|value| (0..5).rev().map(move |n| (value >> n & 1) as u8))
        .collect();
    let bytes: Vec<u8> = bits.chunks(8).map(|byte| byte.iter().fold(0, |sum, bit| sum << 1 | bit)).collect();
    bytes.try_into().map_err(|_| Error::broken("a secret of another length")).unwrap()
}

#[tokio::test]
async fn the_pages_lead_from_the_one_time_password_to_a_visitor() {
    let (dir, clock) = (Dir::new("staff_pages"), Arc::new(Hands(AtomicI64::new(NOW.ms()))));
    let (house, mut browser) = browser(&dir, false, &clock);
    let cx = house.cx(::web::house::Asker::new(Actor::System, Purpose::Operation));
    house.store().change(|tx| crate::first_administrator(tx, &cx, one_time())).unwrap();
    let one = one_time().text();
    let mut told = vec![browser.get("/staff").await, browser.get("/sign-in").await];
    told.push(browser.post("/sign-in", "login=admin&password=wrong").await);
    told.push(browser.post("/sign-in", &format!("login=ADMIN&password={one}")).await);
    for early in ["/staff", "/sign-in", "/password", "/sign-in/second", "/second-factor"] {
        told.push(browser.get(early).await);
    }
    let secret = secret_of(&browser.copied(0));
    told.push(browser.post("/second-factor", "code=000000").await);
    assert_eq!(secret_of(&browser.copied(0)), secret, "a failure shows another secret");
    told.push(browser.post("/second-factor", &format!("code={}", code_at(&secret, house.now()))).await);
    told.push(browser.get("/staff").await);
    told.push(browser.get("/password").await);
    for (new, again) in [("short", "short"), (OWN, "four+words"), (OWN, OWN)] {
        let values = format!("password={one}&new={new}&again={again}").replace(' ', "+");
        told.push(browser.post("/password", &values).await);
    }
    told.push(browser.get("/staff").await);
    told.push(browser.post("/sign-out", "").await);
    told.push(browser.get("/staff").await);
    told.push(browser.get("/sign-in").await);
    told.push(browser.post("/sign-in", &format!("login=admin&password={OWN}").replace(' ', "+")).await);
    told.push(browser.get("/sign-in/second").await);
    clock.0.fetch_add(MINUTE, Ordering::Relaxed);
    told.push(browser.send(Method::POST, "/sign-in/second", "csrf=forged&code=1".to_owned()).await);
    told.push(browser.get("/sign-in/second").await);
    told.push(browser.post("/sign-in/second", &format!("code={}", code_at(&secret, house.now()))).await);
    told.push(browser.get("/staff").await);
    expect![[r#"
        303 → /sign-in
        200 ログイン
        422 ログイン
        303 → /second-factor
        303 → /sign-in
        303 → /second-factor
        303 → /second-factor
        303 → /second-factor
        200 二要素認証の設定
        422 二要素認証の設定
        303 → /password
        303 → /sign-in
        200 パスワードの変更
        422 パスワードの変更
        422 パスワードの変更
        303 → /
        200 職員
        303 → /sign-in
        303 → /sign-in
        200 ログイン
        303 → /sign-in/second
        200 確認コードの入力
        403 この操作はできません
        200 確認コードの入力
        303 → /
        200 職員"#]]
    .assert_eq(&told.join("\n"));
}

#[tokio::test]
async fn an_administrator_opens_resets_and_closes_an_account_on_the_pages() {
    let (dir, clock) = (Dir::new("staff_accounts"), Arc::new(Hands(AtomicI64::new(NOW.ms()))));
    let (house, mut browser) = browser(&dir, false, &clock);
    let token = Desk::new(house.store()).settled("admin", Role::SystemAdministrator, None).2;
    browser.cookie = format!("shikaku={token}");
    let mut told = vec![browser.get("/staff/new").await];
    let name = "name=%E4%BB%AE%E5%90%8D";
    told.push(browser.post("/staff", "login=jiro&name=&role=auditor").await);
    told.push(browser.post("/staff", &format!("login=jiro&{name}&role=clinician&facility_code=1")).await);
    told.push(browser.post("/staff", &format!("login=jiro&{name}&role=")).await);
    told.push(browser.post("/staff", &format!("login=jiro&{name}&role=auditor")).await);
    assert_eq!(browser.copied(0), "jiro");
    told.push(browser.get("/staff").await);
    let jiro = browser.body.split("/staff/stf_").last().and_then(|rest| rest.get(..13)).unwrap().to_owned();
    let path = format!("/staff/stf_{jiro}");
    told.push(browser.get(&path).await);
    told.push(browser.post(&format!("{path}/reset"), "what=both").await);
    told.push(browser.get(&path).await);
    told.push(browser.post(&format!("{path}/role"), "role=insurer-clerk").await);
    told.push(browser.send(Method::POST, &format!("{path}/close"), "csrf=forged".to_owned()).await);
    told.push(browser.get(&path).await);
    told.push(browser.post(&format!("{path}/close"), "").await);
    told.push(browser.get(&path).await);
    told.push(browser.get("/staff").await);
    let told: Vec<String> = told.into_iter().map(|line| line.replace(&jiro, "…")).collect();
    expect![[r#"
        200 アカウントを作る
        422 アカウントを作る
        422 アカウントを作る
        422 アカウントを作る
        200 仮のパスワード
        200 職員
        200 仮名
        200 仮のパスワード
        200 仮名
        303 → /staff/stf_…
        403 この操作はできません
        200 仮名
        303 → /staff
        404 この操作はできません
        200 職員"#]]
    .assert_eq(&told.join("\n"));
}

#[tokio::test]
async fn the_demo_says_that_it_asks_for_no_password() {
    let (dir, clock) = (Dir::new("staff_desks"), Arc::new(Hands(AtomicI64::new(NOW.ms()))));
    let (house, mut browser) = browser(&dir, true, &clock);
    let cx = house.cx(::web::house::Asker::new(Actor::System, Purpose::Operation));
    house.store().change(|tx| crate::demo_desks(tx, &cx, Id::new(7).unwrap())).unwrap();
    let mut told = Vec::new();
    told.push(browser.get("/sign-in").await);
    told.push(browser.get("/desks").await);
    told.push(format!("says so: {}", browser.body.contains("パスワードと二要素認証でログインします")));
    let pageless = browser.body.matches("この役割の画面はまだありません").count();
    told.push(format!(
        "without pages: {pageless} of {}",
        browser.body.matches("この窓口に座る</button>").count()
    ));
    told.push(browser.post("/desks/facility-administrator", "").await);
    told.push(browser.get("/staff").await);
    let first = browser.cookie.clone();
    told.push(browser.get("/desks").await);
    told.push(browser.post("/desks/receptionist", "").await);
    told.push(browser.get("/staff").await);
    browser.cookie = first;
    told.push(browser.get("/staff").await);
    told.push(browser.post("/desks/king", "").await);
    told.push(browser.get("/sign-in?real=1").await);
    expect![[r#"
        303 → /desks
        200 窓口を選ぶ
        says so: true
        without pages: 2 of 8
        303 → /
        200 職員
        200 窓口を選ぶ
        303 → /
        403 この操作はできません
        303 → /sign-in
        404 この操作はできません
        200 ログイン"#]]
    .assert_eq(&told.join("\n"));
}
