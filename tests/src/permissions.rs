//! Who may what, found by asking: every route of the real routers as nobody, as each role, as a terminal and as an office; what came
//! back is the committed table `docs/permissions.md` (`UPDATE_EXPECT=1` writes it anew).
//!
//! Not here: what an operation does with its own further conditions (another facility's account, and the like: the
//! services' own tests).
//! Rules come from: issue 2, part C; DESIGN section 5, "committed tables a reviewer wants to see".

use app::{
    datadir::DataDir,
    running::{self, Desks, Opened},
    settings::{self, Settings},
};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode, header},
};
use base::{Actor, Id, Purpose, Role};
use expect_test::expect_file;
use facilities::rules::{FacilityEntry, Kind};
use intake::rules::NewOffice;
use std::{collections::BTreeSet, fmt::Write};
use tower::ServiceExt;
use web::{
    house::{Asker, House},
    routes::{Caller, Citizen, Machine, Permit, RouteInfo, permits},
};

const HOST: &str = "127.0.0.1:8480";
const ORIGIN: &str = "http://127.0.0.1:8480";

/// Who asks.
#[derive(Clone, Copy, PartialEq)]
enum Who {
    Nobody,
    Staff(Role),
    Terminal,
    Office,
    Person,
}

fn everybody() -> Vec<Who> {
    let roles = Role::ALL.into_iter().map(Who::Staff);
    [Who::Nobody].into_iter().chain(roles).chain([Who::Terminal, Who::Office, Who::Person]).collect()
}

/// The real routers over a house with one clinic and the demo's desks.
struct Office {
    _dir: tempfile::TempDir,
    opened: Opened,
    pages: Router,
    machines: Router,
    clinic: i64,
    office: i64,
}

fn settings() -> Settings {
    settings::load(None).expect("the defaults")
}

impl Office {
    fn open() -> Office {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let owned = DataDir::own(dir.path(), "permissions").expect("owned");
        let opened = running::open(owned, settings(), true).expect("opened");
        let house = opened.house.clone();
        let clinics = country::clinics(house.now().date());
        let clinic = clinics.first().expect("a clinic");
        let entry = FacilityEntry {
            code: clinic.code,
            name: clinic.name.to_owned(),
            kind: Kind::parse(clinic.kind).expect("a kind"),
            postcode: None,
            address: None,
            pre_operation_from: None,
            operates_from: clinic.operates_from,
            closes_on: None,
        };
        let cx = house.cx(Asker::new(Actor::System, Purpose::Registration));
        let recorded = house.store().record(house.now(), |tx| facilities::record(tx, &cx, clinic.id, &entry));
        assert!(recorded.expect("recorded").is_ok());
        house.store().change(|tx| staff::demo_desks(tx, &cx, clinic.id)).expect("desks");
        let (pages, machines) = routers(&house, &opened.desks);
        let register = NewOffice {
            kind: formats::feed::Office::Register,
            label: "Register".into(),
            insurer: None,
            fingerprint: [1; 32],
            expires_at: house.now().plus_ms(3_600_000),
        };
        let office = house.store().change(|tx| intake::admit(tx, &cx, &register));
        let office = office.expect("admitted").expect("admitted").raw();
        Office { _dir: dir, opened, pages, machines, clinic: clinic.id.raw(), office }
    }

    fn house(&self) -> &House {
        &self.opened.house
    }

    /// A new session at a desk: its cookie.
    async fn sit(&self, role: Role) -> String {
        let path = format!("/desks/{}", role.word());
        let reply = ask(&self.pages, Ask { method: "POST", path: &path, ..Ask::default() }).await;
        assert_eq!(reply.status, StatusCode::SEE_OTHER, "{path}");
        reply.cookie
    }

    /// The token of a session's forms, from a page that anybody may read.
    async fn token(&self, cookie: &str) -> String {
        let reply = ask(&self.pages, Ask { method: "GET", path: "/status", cookie, ..Ask::default() }).await;
        crate::desk::csrf(&reply.body)
    }

    /// Asks for a route as somebody, with everything that a form of ours would send.
    async fn asked(&self, router: &Router, route: &RouteInfo, who: Who) -> Said {
        let (mut cookie, mut body, mut machine) = (String::new(), String::new(), None);
        match who {
            Who::Nobody => {}
            Who::Staff(role) => {
                cookie = self.sit(role).await;
                body = format!("csrf={}", self.token(&cookie).await);
            }
            Who::Terminal => {
                machine = Some(Machine { actor: Actor::Terminal { terminal: 1, facility: self.clinic } });
            }
            Who::Office => machine = Some(Machine { actor: Actor::Office { office: self.office } }),
            Who::Person => body = format!("csrf={PERSONS_TOKEN}"),
        }
        let path = filled(route.path);
        let about = Ask {
            method: route.method,
            path: &path,
            cookie: &cookie,
            body: &body,
            machine,
            person: who == Who::Person,
            ..Ask::default()
        };
        ask(router, about).await.said(who)
    }
}

fn routers(house: &House, desks: &Desks) -> (Router, Router) {
    let pages = running::page_router(house, &settings(), desks);
    (pages, running::machine_routes(&settings(), desks).into_router(house.clone()))
}

/// A path whose names stand for something that could be there.
pub fn filled(path: &str) -> String {
    let mut filled = path.replace("{role}", "receptionist").replace("{name}", "shikaku.css");
    for (name, id) in [("/staff/{id}", "sta_"), ("/facilities/{id}", "fac_"), ("/terminals/{id}", "ter_")] {
        filled = filled.replace(name, &name.replace("{id}", &format!("{id}0000000000001")));
    }
    for (name, id) in [
        ("{decision}", "dec"),
        ("{coverage}", "cov"),
        ("{consent}", "cns"),
        ("{case}", "cas"),
        ("{call}", "per"),
    ] {
        filled = filled.replace(name, &format!("{id}_0000000000001"));
    }
    filled.replace("{delivery}", "2026-11")
}

/// The token of the forms of a person at their own pages, who is put into the request as `app` would.
const PERSONS_TOKEN: &str = "persons-token";

#[derive(Clone, Copy)]
struct Ask<'a> {
    method: &'a str,
    path: &'a str,
    host: &'a str,
    origin: Option<&'a str>,
    cookie: &'a str,
    body: &'a str,
    machine: Option<Machine>,
    person: bool,
}

impl Default for Ask<'_> {
    fn default() -> Self {
        Ask {
            method: "GET",
            path: "/",
            host: HOST,
            origin: Some(ORIGIN),
            cookie: "",
            body: "",
            machine: None,
            person: false,
        }
    }
}

struct Reply {
    status: StatusCode,
    location: String,
    cookie: String,
    body: String,
}

async fn ask(router: &Router, ask: Ask<'_>) -> Reply {
    let mut request = Request::builder().method(ask.method).uri(ask.path).header(header::HOST, ask.host);
    request = request.header(header::COOKIE, ask.cookie);
    if let Some(origin) = ask.origin {
        request = request.header(header::ORIGIN, origin);
    }
    let mut request = request.body(Body::from(ask.body.to_owned())).expect("a request");
    if let Some(machine) = ask.machine {
        request.extensions_mut().insert(machine);
    }
    if ask.person {
        let citizen = Citizen { person: Id::new(1).expect("an id"), csrf: PERSONS_TOKEN.into() };
        request.extensions_mut().insert(citizen);
    }
    let response = router.clone().oneshot(request).await.expect("an answer");
    let text =
        |name| response.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    let cookies = response.headers().get_all(header::SET_COOKIE).iter().filter_map(|v| v.to_str().ok());
    let cookie = cookies.filter_map(|set| set.split(';').next()).find(|set| set.starts_with("shikaku="));
    let (status, location) = (response.status(), text(header::LOCATION));
    let cookie = cookie.unwrap_or_default().to_owned();
    let body = to_bytes(response.into_body(), 1 << 20).await.expect("a body");
    Reply { status, location, cookie, body: String::from_utf8_lossy(&body).into_owned() }
}

/// How a route met somebody.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Said {
    Yes,
    No,
    /// Sent to the page for signing in.
    SignIn,
}

impl Reply {
    fn said(&self, who: Who) -> Said {
        assert_ne!(self.status, StatusCode::INTERNAL_SERVER_ERROR);
        let to_sign_in = self.status == StatusCode::SEE_OTHER && self.location == "/sign-in";
        let to_card = self.status == StatusCode::SEE_OTHER && self.location == "/my/sign-in";
        match self.status {
            StatusCode::FORBIDDEN if self.body.contains("web.not-permitted") => Said::No,
            // Whoever has a session is sent there by nothing but the handler of signing out.
            StatusCode::SEE_OTHER if to_sign_in && !matches!(who, Who::Staff(_)) => Said::SignIn,
            StatusCode::SEE_OTHER if to_card && who != Who::Person => Said::SignIn,
            _ => Said::Yes,
        }
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// Somebody at a desk of the demo who may, by the role's word.
pub fn may_ask(route: &RouteInfo) -> &'static str {
    match route.permit {
        Permit::Roles(roles) => roles[0].word(),
        _ => Role::SystemAdministrator.word(),
    }
}

/// The routes of the pages and those of the machines' door.
pub fn tables() -> (Vec<RouteInfo>, Vec<RouteInfo>) {
    let settings = settings();
    let office = Office::open();
    let desks = &office.opened.desks;
    let pages = running::page_routes(&settings, true, desks).table().to_vec();
    (pages, running::machine_routes(&settings, desks).table().to_vec())
}

#[test]
fn the_table_of_permissions_is_what_the_routers_do() {
    let office = Office::open();
    let (pages, machines) = tables();
    let served = running::page_routes(&settings(), false, &office.opened.desks).table().to_vec();
    let only_demo = |route: &RouteInfo| {
        !served.iter().any(|other| (other.method, other.path) == (route.method, route.path))
    };
    let mut text = HEAD.to_owned();
    for (title, router, table) in
        [("Pages", &office.pages, &pages), ("The machines' door", &office.machines, &machines)]
    {
        let _ = write!(text, "\n## {title}\n\n{}", columns());
        for route in table {
            let mut line = format!("| {} `{}` | {}", route.method, route.path, route.operation);
            if title == "Pages" && only_demo(route) {
                line.push_str(" (demo only)");
            }
            line.push_str(&narrower(route, &served));
            for who in everybody() {
                let said = runtime().block_on(office.asked(router, route, who));
                as_permitted(route, who, said);
                let word = match said {
                    Said::Yes => "yes",
                    Said::No => "·",
                    Said::SignIn => "sign in",
                };
                let _ = write!(line, " | {word}");
            }
            let _ = writeln!(text, "{line} |");
        }
    }
    expect_file!["../../docs/permissions.md"].assert_eq(&text);
}

/// Says who may outside a demo, where that is somebody else.
fn narrower(route: &RouteInfo, served: &[RouteInfo]) -> String {
    let same = |other: &&RouteInfo| (other.method, other.path) == (route.method, route.path);
    match served.iter().find(same).map(|other| other.permit) {
        Some(Permit::Roles(roles)) if Permit::Roles(roles) != route.permit => {
            let words: Vec<&str> = roles.iter().map(|role| role.word()).collect();
            format!(" (in a demo; else {} only)", words.join(" and "))
        }
        Some(permit) => {
            assert!(permit == route.permit, "{}: say who may outside a demo", route.path);
            String::new()
        }
        None => String::new(),
    }
}

const HEAD: &str = "# Who may what

Made by a test that asks the real routers (`tests/src/permissions.rs`; `UPDATE_EXPECT=1` writes it anew). *yes*: the
operation ran, and may still refuse for a reason of its own, such as another facility's account. *sign in*: sent to the
page for signing in. A dot: refused. Whoever is signed in may be refused by a form's token as well.
";

fn columns() -> String {
    let roles: Vec<&str> = Role::ALL.iter().map(|role| role.word()).collect();
    let marks = "|---".repeat(roles.len() + 6);
    format!("| route | operation | nobody | {} | terminal | office | person |\n{marks}|\n", roles.join(" | "))
}

/// What a router did is what the route's permit says.
fn as_permitted(route: &RouteInfo, who: Who, said: Said) {
    let caller = match who {
        Who::Nobody => Caller::default(),
        Who::Staff(role) => Caller { role: Some(role), ..Caller::default() },
        Who::Terminal => Caller { terminal: true, ..Caller::default() },
        Who::Office => Caller { office: true, ..Caller::default() },
        Who::Person => Caller { person: true, ..Caller::default() },
    };
    let place = format!("{} {} as {caller:?}", route.method, route.path);
    match (route.permit, permits(route.permit, caller)) {
        (Permit::Public, _) => assert_ne!(said, Said::No, "{place}"),
        (_, true) => assert_eq!(said, Said::Yes, "{place}"),
        (_, false) => assert_ne!(said, Said::Yes, "{place}"),
    }
}

/// The paths that a router has, as it shows itself.
fn paths(router: &Router) -> BTreeSet<String> {
    let shown = format!("{router:?}");
    let shown = shown.split("fallback_router").next().unwrap_or_default();
    let paths = shown.split('"').skip(1).step_by(2).filter(|text| text.starts_with('/'));
    paths.filter(|path| !path.contains("__private")).map(str::to_owned).collect()
}

#[test]
fn the_table_is_whole() {
    let office = Office::open();
    let (pages, machines) = tables();
    for (router, table) in [(&office.pages, &pages), (&office.machines, &machines)] {
        let named: BTreeSet<String> = table.iter().map(|route| route.path.to_owned()).collect();
        assert_eq!(paths(router), named, "every path of the router stands in the table, and no other");
        for path in &named {
            for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
                let known = table.iter().any(|route| (route.path, route.method) == (path.as_str(), method));
                let path = filled(path);
                let cookie = runtime().block_on(office.sit(Role::SystemAdministrator));
                let reply = runtime()
                    .block_on(ask(router, Ask { method, path: &path, cookie: &cookie, ..Ask::default() }));
                // Who may not go there at all is told that first.
                let refused = matches!(reply.status, StatusCode::METHOD_NOT_ALLOWED | StatusCode::FORBIDDEN)
                    || reply.location == "/my/sign-in";
                assert!(known || refused, "{method} {path}: {}", reply.status);
                assert!(!known || reply.status != StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
            }
        }
    }
    assert!(office.house().is_demo());
}

/// Somebody who may: with a new session, or at their own pages.
fn somebody(route: &RouteInfo) -> Who {
    match route.permit {
        Permit::Roles(roles) => Who::Staff(roles[0]),
        Permit::SignedIn | Permit::Public => Who::Staff(Role::SystemAdministrator),
        Permit::Person => Who::Person,
        Permit::Terminal | Permit::Office => panic!("pages have no machines"),
    }
}

#[test]
fn every_form_from_elsewhere_or_without_its_token_is_refused() {
    let office = Office::open();
    let posts: Vec<RouteInfo> = tables().0.into_iter().filter(|route| route.method == "POST").collect();
    assert!(posts.len() >= 10);
    for route in posts {
        let who = somebody(&route);
        let path = filled(route.path);
        runtime().block_on(async {
            let (cookie, token) = match who {
                Who::Staff(role) => {
                    let cookie = office.sit(role).await;
                    let token = format!("csrf={}", office.token(&cookie).await);
                    (cookie, token)
                }
                _ => (String::new(), format!("csrf={PERSONS_TOKEN}")),
            };
            let person = who == Who::Person;
            let about =
                Ask { method: "POST", path: &path, cookie: &cookie, body: &token, person, ..Ask::default() };
            for origin in [None, Some("null"), Some("http://evil.example"), Some("http://127.0.0.1:1")] {
                let reply = ask(&office.pages, Ask { origin, ..about }).await;
                assert_eq!(reply.status, StatusCode::FORBIDDEN, "{path} from {origin:?}");
                assert!(reply.body.contains("web.stale-form"), "{path} from {origin:?}");
            }
            let foreign = ask(&office.pages, Ask { host: "evil.example", ..about }).await;
            assert_eq!(foreign.status, StatusCode::FORBIDDEN, "{path} under another host");
            for body in ["", "csrf=", "csrf=0123456789abcdef", "csrf=&csrf="] {
                let reply = ask(&office.pages, Ask { body, ..about }).await;
                let refused = reply.status == StatusCode::FORBIDDEN && reply.body.contains("web.stale-form");
                assert!(refused || without_token(&route, &reply), "{path} with `{body}`: {}", reply.status);
            }
            // None of that ended the session or did anything else to it.
            if !person {
                assert_eq!(format!("csrf={}", office.token(&cookie).await), token, "{path}");
            }
        });
    }
}

/// Forms that stand before a session: there is no token yet, and the Origin check guards them. With a session of
/// another step they lead away and do nothing.
fn without_token(route: &RouteInfo, reply: &Reply) -> bool {
    match route.path {
        "/sign-in" => {
            reply.status == StatusCode::UNAUTHORIZED || reply.status == StatusCode::UNPROCESSABLE_ENTITY
        }
        "/sign-in/second" | "/second-factor" | "/password" => reply.status == StatusCode::SEE_OTHER,
        // From a reader, which has no session; what it hands over proves itself, and this is no such thing.
        "/my/prove" => reply.status.is_client_error(),
        _ => false,
    }
}
