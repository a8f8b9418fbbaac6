//! Routes with their permissions: one list of what can be asked, by whom, and where it stands in the navigation.
//!
//! Always holds: a route cannot be added without saying which operation it runs and who may; the check runs before
//! the handler; the table in docs/permissions.md is made from this list and proved through the real router.
//! Not here: how a visitor is recognised (`app` puts a [`Visitor`], a [`Citizen`] or a [`Machine`]
//! into the request's extensions).
//! Rules come from: the issue, part C; DESIGN section 2.

use axum::{
    Router,
    extract::{FromRequestParts, Request},
    http::{StatusCode, header, request::Parts},
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
    routing::MethodRouter,
};
use base::{Actor, Help, Id, Lang, Purpose, Refusal, Role, kinds};
use maud::{Markup, html};

use crate::{
    house::{Asker, House, Trouble},
    lang::lang_of,
    layout::{NavItem, Shell, Who, page},
    parts, problem,
};

/// Who may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permit {
    /// Anybody: signing in, assets, readiness.
    Public,
    /// Anybody who is signed in.
    SignedIn,
    /// People of these roles.
    Roles(&'static [Role]),
    /// Terminals, by client certificate.
    Terminal,
    /// Outside offices that file what they know, by client certificate.
    Office,
    /// People at their own pages, by card and PIN.
    Person,
}

/// Who stands before a permit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// The role of whoever is signed in.
    pub role: Option<Role>,
    /// A terminal.
    pub terminal: bool,
    /// An outside office.
    pub office: bool,
    /// A person whose card proved who they are.
    pub person: bool,
}

/// One row of the permission table.
#[derive(Clone, Copy, Debug)]
pub struct RouteInfo {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// The path, with `{names}`.
    pub path: &'static str,
    /// The operation, `service.verb`.
    pub operation: &'static str,
    /// Who may.
    pub permit: Permit,
}

/// An entry of the navigation, shown to those who may go there.
#[derive(Clone, Copy, Debug)]
pub struct NavEntry {
    href: &'static str,
    names: (&'static str, &'static str),
    permit: Permit,
}

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// The account and its role.
    pub actor: Actor,
    /// The role.
    pub role: Role,
    /// The person's name.
    pub name: String,
    /// The facility's name, for facility roles.
    pub place: Option<String>,
    /// The session's CSRF token.
    pub csrf: String,
}

/// A person at their own pages, whose card proved who they are.
#[derive(Clone, Debug)]
pub struct Citizen {
    /// The person.
    pub person: Id<kinds::Person>,
    /// The session's CSRF token.
    pub csrf: String,
}

/// A terminal or an outside office, recognised by its certificate; never both.
#[derive(Clone, Copy, Debug)]
pub struct Machine {
    /// The terminal and its facility, or the office.
    pub actor: Actor,
}

/// What a handler of a page gets: who asks, in which language, and the frame.
#[derive(Clone)]
pub struct Page {
    /// The house.
    pub house: House,
    /// The reader's language.
    pub lang: Lang,
    /// Who asks; nobody on public pages.
    pub visitor: Option<Visitor>,
    /// The person whose own pages these are; nobody elsewhere.
    pub citizen: Option<Citizen>,
    path: String,
}

impl FromRequestParts<House> for Page {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, house: &House) -> Result<Page, Self::Rejection> {
        Ok(Page {
            house: house.clone(),
            lang: lang_of(&parts.headers, parts.uri.query()),
            visitor: parts.extensions.get::<Visitor>().cloned(),
            citizen: parts.extensions.get::<Citizen>().cloned(),
            path: parts.uri.path().to_owned(),
        })
    }
}

impl Page {
    /// Picks a text in the reader's language.
    pub fn t<'t>(&self, ja: &'t str, en: &'t str) -> &'t str {
        self.lang.pick(ja, en)
    }

    /// The visitor, or the person at their own pages, as asker for a purpose; the program itself on public pages.
    pub fn asker(&self, purpose: Purpose) -> Asker {
        let person = || self.citizen.as_ref().map(|citizen| Actor::Person { person: citizen.person.raw() });
        let actor = self.visitor.as_ref().map(|visitor| visitor.actor).or_else(person);
        Asker::new(actor.unwrap_or(Actor::System), purpose)
    }

    /// The CSRF token for forms; empty on public pages, whose forms rest on the Origin check.
    pub fn csrf(&self) -> &str {
        self.token().unwrap_or("")
    }

    /// Whether a form's token is this session's.
    pub fn csrf_fits(&self, given: &str) -> bool {
        self.token().is_none_or(|token| token == given)
    }

    fn token(&self) -> Option<&str> {
        let person = || self.citizen.as_ref().map(|citizen| citizen.csrf.as_str());
        self.visitor.as_ref().map(|visitor| visitor.csrf.as_str()).or_else(person)
    }

    /// The same page for nobody in particular: for public pages that are not the signed-in visitor's.
    pub fn for_nobody(self) -> Page {
        Page { visitor: None, citizen: None, ..self }
    }

    /// A whole page.
    pub fn show(&self, title: &str, main: Markup) -> Response {
        self.show_as(StatusCode::OK, title, None, main)
    }

    /// A whole page with a status, whose main part is read anew every so many seconds.
    pub fn show_as(&self, status: StatusCode, title: &str, refresh_s: Option<u32>, main: Markup) -> Response {
        let caller = Caller {
            role: self.visitor.as_ref().map(|visitor| visitor.role),
            person: self.citizen.is_some(),
            ..Caller::default()
        };
        // A person's own pages have a navigation of their own, without the office's.
        let shown = |permit: Permit| permits(permit, caller) && (permit == Permit::Person || !caller.person);
        let entries: Vec<NavItem<'_>> = self
            .house
            .nav()
            .iter()
            .filter(|entry| shown(entry.permit))
            .map(|entry| NavItem {
                href: entry.href,
                label: self.lang.pick(entry.names.0, entry.names.1),
                current: entry.href == self.path,
            })
            .collect();
        let staff = self.visitor.as_ref().map(|visitor| Who {
            name: &visitor.name,
            role: self.lang.pick(visitor.role.names().0, visitor.role.names().1),
            place: visitor.place.as_deref(),
            csrf: &visitor.csrf,
            sign_out: "/sign-out",
        });
        let who = staff.or(self.citizen.as_ref().map(|citizen| Who {
            name: self.lang.pick("ご本人", "Yourself"),
            role: self.lang.pick("カードで確認済み", "shown by card"),
            place: None,
            csrf: &citizen.csrf,
            sign_out: "/my/sign-out",
        }));
        let shell = Shell {
            lang: self.lang,
            title,
            path: &self.path,
            who,
            nav: &entries,
            demo: self.house.is_demo(),
            refresh_s,
        };
        page(&shell, status, main)
    }

    /// A page that says no.
    pub fn refuse(&self, refusal: &Refusal) -> Response {
        let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::FORBIDDEN);
        let title = self.t("この操作はできません", "This cannot be done");
        self.show_as(status, title, None, html! { h1 { (title) } (parts::refusal(self.lang, refusal)) })
    }

    /// A page for trouble: busy or broken.
    pub fn trouble(&self, trouble: Trouble) -> Response {
        match trouble {
            Trouble::Broken => problem::broken(self.lang),
            Trouble::Busy => self.refuse(&Refusal::new(&BUSY, 503)),
        }
    }
}

/// The queue is full.
pub static BUSY: Help = Help {
    code: "web.busy",
    oqs: "SKC02001W",
    what: ("混み合っています。", "The system is busy."),
    desk: ("少し待ってからもう一度お試しください。", "Wait a little and try again."),
    engineer: "A bounded queue (of pages, of look-ups, of password hashing) was full; nothing was done.",
};

/// A role that may not.
pub static NOT_PERMITTED: Help = Help {
    code: "web.not-permitted",
    oqs: "SKC04001E",
    what: ("この操作を行う権限がありません。", "You are not permitted to do this."),
    desk: ("必要な場合は管理者に依頼してください。", "Ask your administrator if you need it."),
    engineer: "The visitor's role is not in the route's permit; see docs/permissions.md.",
};

/// A request from elsewhere, or from a page that is too old.
pub static STALE_FORM: Help = Help {
    code: "web.stale-form",
    oqs: "SKC04002E",
    what: ("画面が古くなっています。", "This page is out of date."),
    desk: (
        "画面を開き直してから、もう一度操作してください。",
        "Open the page again and repeat what you did.",
    ),
    engineer: "Host or Origin is not ours, or the form's CSRF token is not the session's.",
};

/// The routes of a service, or of all.
#[derive(Default)]
pub struct Routes {
    router: Router<House>,
    table: Vec<RouteInfo>,
    nav: Vec<NavEntry>,
}

impl Routes {
    /// No routes yet.
    pub fn new() -> Routes {
        Routes::default()
    }

    /// Adds a route: one method, one path, one operation, and who may.
    pub fn add(
        mut self,
        method: &'static str,
        path: &'static str,
        operation: &'static str,
        permit: Permit,
        handler: MethodRouter<House>,
    ) -> Routes {
        self.table.push(RouteInfo { method, path, operation, permit });
        let guarded =
            handler.layer(from_fn(move |request: Request, next: Next| admit(permit, request, next)));
        self.router = self.router.route(path, guarded);
        self
    }

    /// Adds an entry to the navigation.
    pub fn nav(mut self, href: &'static str, ja: &'static str, en: &'static str, permit: Permit) -> Routes {
        self.nav.push(NavEntry { href, names: (ja, en), permit });
        self
    }

    /// Joins the routes of another service.
    pub fn join(mut self, other: Routes) -> Routes {
        self.router = self.router.merge(other.router);
        self.table.extend(other.table);
        self.nav.extend(other.nav);
        self
    }

    /// The permission table.
    pub fn table(&self) -> &[RouteInfo] {
        &self.table
    }

    /// The router for a house.
    pub fn into_router(self, house: House) -> Router {
        house.set_nav(self.nav);
        self.router.with_state(house)
    }
}

/// Whether a permit admits a caller.
pub fn permits(permit: Permit, caller: Caller) -> bool {
    match permit {
        Permit::Public => true,
        Permit::SignedIn => caller.role.is_some(),
        Permit::Roles(roles) => caller.role.is_some_and(|role| roles.contains(&role)),
        Permit::Terminal => caller.terminal,
        Permit::Office => caller.office,
        Permit::Person => caller.person,
    }
}

async fn admit(permit: Permit, mut request: Request, next: Next) -> Response {
    let machine = request.extensions().get::<Machine>().map(|machine| machine.actor);
    let caller = Caller {
        role: request.extensions().get::<Visitor>().map(|visitor| visitor.role),
        terminal: matches!(machine, Some(Actor::Terminal { .. })),
        office: matches!(machine, Some(Actor::Office { .. })),
        person: request.extensions().get::<Citizen>().is_some(),
    };
    if permits(permit, caller) {
        // A browser may hold both sessions; a page is asked for by one party.
        match permit {
            Permit::Person => drop(request.extensions_mut().remove::<Visitor>()),
            _ => drop(request.extensions_mut().remove::<Citizen>()),
        }
        return next.run(request).await;
    }
    let lang = lang_of(request.headers(), request.uri().query());
    match permit {
        Permit::Terminal | Permit::Office => problem::problem(lang, &Refusal::new(&NOT_PERMITTED, 403)),
        Permit::Person => to("/my/sign-in"),
        _ if caller.role.is_none() => to("/sign-in"),
        _ => problem_page(lang, &Refusal::new(&NOT_PERMITTED, 403)),
    }
}

/// Browsers are sent to the sign-in page; where they wanted to go is not carried along, since paths may name things.
fn to(place: &'static str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response()
}

/// A refusal as a page without navigation: for what is refused before a page's handler runs.
pub fn problem_page(lang: Lang, refusal: &Refusal) -> Response {
    let title = lang.pick("この操作はできません", "This cannot be done");
    let shell = Shell { lang, title, path: "/", who: None, nav: &[], demo: false, refresh_s: None };
    let main = html! {
        h1 { (title) }
        (parts::refusal(lang, refusal))
        p { a href="/" { (lang.pick("最初のページへ", "Go to the first page")) } }
    };
    page(&shell, StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::FORBIDDEN), main)
}
