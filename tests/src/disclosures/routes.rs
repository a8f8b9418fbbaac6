//! The classes: what each route of the program tells, of whom, to whom.
//!
//! Always holds: one row a route; a new route has none and fails the test until somebody says what it tells.
//! Not here: proving it (`steps`).
//! Rules come from: docs/rules.md S3 r2.

/// What a route tells.
pub enum Tells {
    /// Nothing of any person in the register; why.
    Nothing(&'static str),
    /// The person themself; what.
    Themself(&'static str),
    /// Something of a person to somebody else: what, and to whom.
    Of(&'static str, &'static str),
}

use Tells::{Nothing, Of, Themself};

impl Tells {
    pub fn in_words(&self) -> String {
        match self {
            Nothing(why) => format!("nothing: {why}"),
            Themself(what) => format!("the person themself: {what}"),
            Of(what, whom) => format!("**{whom}**: {what}"),
        }
    }
}

/// The class of a route.
pub fn tells(route: &str) -> &'static Tells {
    let found = ROUTES.iter().find(|(known, _)| *known == route);
    &found
        .unwrap_or_else(|| panic!("{route} has no class: say in disclosures/routes.rs what it tells of whom"))
        .1
}

const FORM: Tells = Nothing("an empty form");
const FACILITIES: Tells = Nothing("facilities and terminals only");
const STAFF: Tells = Nothing("accounts of those who work here only");
const SIGNING: Tells = Nothing("the session of somebody who works here");
const PROGRAM: Tells = Nothing("the program's state and counts");

/// Every route of the pages and of the machines' door.
pub const ROUTES: &[(&str, Tells)] = &[
    ("GET /reception", Of("names and results of the day's checks", "the facility's desk")),
    (
        "POST /reception/check",
        Of("the result of a check; with a form that cannot be read, the day's list", "the facility's desk"),
    ),
    ("GET /reception/pulse", Nothing("a number that changes with each check")),
    ("GET /checks/{decision}", Of("everything that an earlier check told", "the facility's desk")),
    (
        "GET /log",
        Nothing("times, acts and results without any person; each links to a page that records the look"),
    ),
    ("GET /facilities", FACILITIES),
    ("POST /facilities", FACILITIES),
    ("GET /facilities/new", FORM),
    ("GET /facilities/{id}", FACILITIES),
    ("POST /facilities/{id}", FACILITIES),
    ("POST /facilities/{id}/terminals", FACILITIES),
    ("GET /terminals", FACILITIES),
    ("POST /terminals/{id}/bar", FACILITIES),
    ("GET /cases", Of("insurer, symbol and number of a disputed record", "insurers' clerks")),
    ("GET /cases/{case}", Of("insurer, symbol and number of a disputed record", "insurers' clerks")),
    (
        "POST /cases/{case}/close",
        Of("that the case is ended; with a form that cannot be read, the case", "insurers' clerks"),
    ),
    ("GET /my/sign-in", Nothing("what a card is to sign; nobody has shown who they are yet")),
    ("POST /my/prove", Themself("whether their card lets them in, said to the reader that holds it")),
    ("GET /my/enter", Themself("that they are signed in")),
    ("POST /my/sign-out", Themself("that they are signed out")),
    ("GET /my", Themself("name, coverages, cards, enrolment")),
    ("GET /my/coverages/{coverage}", Themself("a coverage")),
    ("POST /my/coverages/{coverage}/dispute", Themself("that the record is closed to viewing")),
    ("GET /my/enrolment", Themself("their enrolment")),
    ("POST /my/enrolment", Themself("that they are enrolled")),
    ("POST /my/enrolment/cancel", Themself("that they are not enrolled any more")),
    ("GET /my/views", Themself("who looked")),
    ("GET /my/consents", Themself("their consents")),
    (
        "POST /my/consents/{consent}/withdraw",
        Themself("that a consent is withdrawn; the facility's log has it without a name"),
    ),
    ("GET /my/lost", Themself("their cards")),
    ("POST /my/lost", Themself("that their cards are suspended")),
    ("POST /my/lost/lift", Themself("that the suspension is lifted")),
    ("GET /calls", FORM),
    ("POST /calls", Of("that a caller's answers fit one person", "the call centre")),
    ("GET /calls/{call}", Of("how many cards are live and suspended", "the call centre")),
    ("POST /calls/{call}/hold", Of("that the cards are suspended", "the call centre")),
    (
        "POST /calls/{call}/lift",
        Of("that the suspension is lifted, or that the answers are not enough", "the call centre"),
    ),
    ("GET /sign-in", FORM),
    ("POST /sign-in", SIGNING),
    ("GET /sign-in/second", FORM),
    ("POST /sign-in/second", SIGNING),
    ("GET /second-factor", SIGNING),
    ("POST /second-factor", SIGNING),
    ("GET /password", FORM),
    ("POST /password", SIGNING),
    ("POST /sign-out", SIGNING),
    ("GET /staff", STAFF),
    ("GET /staff/new", FORM),
    ("POST /staff", STAFF),
    ("GET /staff/{id}", STAFF),
    ("POST /staff/{id}/role", STAFF),
    ("POST /staff/{id}/reset", STAFF),
    ("POST /staff/{id}/close", STAFF),
    ("GET /desks", SIGNING),
    ("POST /desks/{role}", SIGNING),
    ("GET /", Nothing("leads to the first page of whoever is signed in")),
    ("GET /ready", PROGRAM),
    ("GET /metrics", PROGRAM),
    ("GET /status", PROGRAM),
    ("GET /statistics", Nothing("counts of all together; those of people below ten are not told")),
    ("GET /assets/{name}", Nothing("styles and scripts")),
    ("POST /oqs/v1/qualification/search", Of("the result of a check", "the facility's software, by number")),
    (
        "POST /oqs/v1/reference/register",
        Of("that the numbers are one person's", "the facility's software, by number"),
    ),
    ("POST /oqs/v1/kiosk/nonce", Nothing("random bytes to be signed")),
    (
        "POST /oqs/v1/kiosk/tap",
        Of(
            "whether the card may be used, is enrolled, and what there is to ask about; then the result of a check",
            "the facility's reader and software, by card",
        ),
    ),
    (
        "POST /feed/v1/deliveries",
        Nothing(
            "the office's own lines by number: which were taken, are held back, or are wrong; not in what they differ",
        ),
    ),
    ("GET /feed/v1/deliveries/{delivery}", Nothing("how many lines of the office's own file are done")),
    ("GET /hello", PROGRAM),
];
