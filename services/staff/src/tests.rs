//! Stories in, outcomes out.
//!
//! Always holds: a story has the same outcome on both databases.
//! Not here: permissions through the whole router (`tests/`).
//! Rules come from: the issue, part C; RFC 6238, appendix B; DESIGN section 5.

mod pages;

use crate::{Reset, refusals, rules::*};
use ::store::{Store, testing::seeded_ids};
use audit::testing::each_database;
use base::{Actor, Answer, Cx, Id, IdSource, Instant, Purpose, Result, Role, kinds};
use expect_test::{Expect, expect};
use std::{
    cell::{Cell, RefCell},
    fmt::Write,
    sync::{Arc, OnceLock},
};

const NOW: Instant = Instant::from_ms(1_795_000_000_000);
const MINUTE: i64 = 60_000;
const OWN: &str = "four words in a row";

/// Hashing is slow on purpose, so all stories share these.
fn one_time() -> &'static OneTime {
    static MADE: OnceLock<OneTime> = OnceLock::new();
    MADE.get_or_init(|| OneTime::make(&[7; 32]).unwrap())
}

fn own_hash() -> &'static str {
    static MADE: OnceLock<String> = OnceLock::new();
    MADE.get_or_init(|| hash_password(OWN, &[3; 16]).unwrap())
}

/// A desk with a hand on the clock, and what was told so far.
struct Desk<'s> {
    store: &'s Store,
    ids: Arc<dyn IdSource>,
    now: Cell<Instant>,
    actor: Cell<Actor>,
    tokens: Cell<u8>,
    told: RefCell<String>,
}

impl<'s> Desk<'s> {
    fn new(store: &'s Store) -> Desk<'s> {
        Desk {
            store,
            ids: seeded_ids(1000),
            now: Cell::new(NOW),
            actor: Cell::new(Actor::System),
            tokens: Cell::new(0),
            told: RefCell::default(),
        }
    }

    fn change<T>(&self, mut op: impl FnMut(&mut ::store::Tx<'_>, &Cx<'_>) -> Result<T>) -> T {
        let cx = Cx::new(self.now.get(), self.actor.get(), Purpose::Administration, self.ids.as_ref());
        self.store.change(|tx| op(tx, &cx)).unwrap()
    }

    fn pass(&self, ms: i64) {
        self.now.set(self.now.get().plus_ms(ms));
    }

    fn tell(&self, what: &str, outcome: impl std::fmt::Display) {
        writeln!(self.told.borrow_mut(), "{what}: {outcome}").unwrap();
    }

    fn check(&self, outcome: Expect) {
        outcome.assert_eq(&self.told.borrow());
    }

    fn token(&self) -> Token {
        self.tokens.set(self.tokens.get() + 1);
        Token::new([self.tokens.get(); 32])
    }

    fn open(&self, login: &str, role: Role, facility: Option<i64>) -> Answer<Id<kinds::Staff>> {
        let facility = facility.map(|raw| Id::new(raw).unwrap());
        let new = NewAccount { login: login.to_owned(), name: "仮名 一".to_owned(), role, facility };
        self.change(|tx, cx| crate::record(tx, cx, &new, one_time()))
    }

    fn checked(&self, login: &str, password: &str) -> Checked {
        let credentials = self.store.look(|tx| crate::credentials(tx, login)).unwrap();
        credentials.check(password).unwrap()
    }

    /// Enters a password; the session's token when it was right.
    fn enter(&self, login: &str, password: &str) -> Answer<String> {
        let (checked, token) = (self.checked(login, password), self.token());
        self.change(|tx, cx| crate::sign_in(tx, cx, &checked, &token)).map(|_| token.text())
    }

    fn set_up(&self, token: &str) -> ([u8; SECRET_BYTES], Answer<String>) {
        let secret =
            self.change(|tx, cx| crate::begin_second_factor(tx, cx, token, &[9; SECRET_BYTES])).unwrap();
        let (code, renewed) = (code_at(&secret, self.now.get()), self.token());
        let set = self.change(|tx, cx| crate::set_second_factor(tx, cx, token, &code, &renewed));
        (secret, set.map(|_| renewed.text()))
    }

    fn prove(&self, token: &str, code: &str) -> Answer<String> {
        let renewed = self.token();
        let proved = self.change(|tx, cx| crate::prove_second_factor(tx, cx, token, code, &renewed));
        proved.map(|_| renewed.text())
    }

    /// An account that has done everything: its id, its secret and a full session.
    fn settled(
        &self,
        login: &str,
        role: Role,
        facility: Option<i64>,
    ) -> (Id<kinds::Staff>, [u8; SECRET_BYTES], String) {
        let staff = self.open(login, role, facility).unwrap();
        let (secret, token) = self.set_up(&self.enter(login, one_time().text()).unwrap());
        let (token, renewed) = (token.unwrap(), self.token());
        let checked = self.checked(login, one_time().text());
        self.change(|tx, cx| crate::change_password(tx, cx, &token, &checked, own_hash(), &renewed)).unwrap();
        (staff, secret, renewed.text())
    }

    fn visit(&self, token: &str) -> String {
        match self.store.look(|tx| crate::visit(tx, self.now.get(), token)).unwrap() {
            None => "nobody".to_owned(),
            Some(session) => session.missing.map_or("a visitor".to_owned(), |missing| format!("{missing:?}")),
        }
    }

    /// Alarms in the log of facility 7.
    fn alarms(&self) -> usize {
        self.store.look(|tx| audit::count_outcome(tx, 7, NOW, "alarm", 99)).unwrap()
    }
}

fn word<T>(answer: &Answer<T>) -> String {
    answer.as_ref().map_or_else(ToString::to_string, |_| "yes".to_owned())
}

#[test]
fn from_the_one_time_password_to_a_visitor() {
    each_database("staff_first_sign_in", |store| {
        let desk = Desk::new(store);
        desk.open("hanako", Role::Auditor, None).unwrap();
        let half = desk.enter(" ＨＡＮＡＫＯ ", one_time().text()).unwrap();
        desk.tell("after the password", desk.visit(&half));
        let early = desk.prove(&half, "000000");
        desk.tell("a code before the set-up", word(&early));
        let begin = || {
            desk.change(|tx, cx| {
                crate::begin_second_factor(tx, cx, &half, &[desk.token().csrf().len() as u8; 20])
            })
        };
        desk.tell("the page read twice shows one secret", begin() == begin());
        let (_, full) = desk.set_up(&half);
        let full = full.unwrap();
        desk.tell("the old token", desk.visit(&half));
        desk.tell("after the set-up", desk.visit(&full));
        let (wrong, right) = (desk.checked("hanako", OWN), desk.checked("hanako", one_time().text()));
        for (what, checked) in [("a wrong present password", wrong), ("the right one", right)] {
            let renewed = desk.token();
            let changed =
                desk.change(|tx, cx| crate::change_password(tx, cx, &full, &checked, own_hash(), &renewed));
            desk.tell(what, word(&changed));
            desk.tell("then", desk.visit(&renewed.text()));
        }
        desk.tell("the token before", desk.visit(&full));
        desk.tell("the one-time password again", word(&desk.enter("hanako", one_time().text())));
        desk.tell("the own password", word(&desk.enter("hanako", OWN)));
        desk.check(expect![[r#"
            after the password: NewSecondFactor
            a code before the set-up: staff.session-ended
            the page read twice shows one secret: true
            the old token: nobody
            after the set-up: NewPassword
            a wrong present password: staff.sign-in-failed
            then: nobody
            the right one: yes
            then: a visitor
            the token before: nobody
            the one-time password again: staff.sign-in-failed
            the own password: yes
        "#]]);
    });
}

#[test]
fn a_one_time_password_runs_out() {
    each_database("staff_one_time", |store| {
        let desk = Desk::new(store);
        desk.open("hanako", Role::Auditor, None).unwrap();
        desk.pass(ONE_TIME_MS - 1);
        desk.tell("in time", word(&desk.enter("hanako", one_time().text())));
        desk.pass(1);
        desk.tell("too late", word(&desk.enter("hanako", one_time().text())));
        desk.check(expect![[r#"
            in time: yes
            too late: staff.one-time-run-out
        "#]]);
    });
}

#[test]
fn after_five_failures_everybody_waits() {
    each_database("staff_lockout", |store| {
        let desk = Desk::new(store);
        desk.settled("hanako", Role::Receptionist, Some(7));
        let tries = |what: &str, password: &str| desk.tell(what, word(&desk.enter("hanako", password)));
        for _ in 0..4 {
            desk.enter("hanako", "wrong").unwrap_err();
        }
        tries("right after four failures", OWN);
        tries("the fifth failure", "wrong");
        desk.tell("alarms", desk.alarms());
        tries("right at once", OWN);
        desk.pass(MINUTE - 1);
        tries("right a millisecond before the minute", OWN);
        desk.pass(1);
        tries("right after a minute", OWN);
        tries("the sixth failure", "wrong");
        desk.pass(2 * MINUTE - 1);
        tries("right a millisecond before two minutes", OWN);
        desk.pass(1);
        tries("right after two minutes", OWN);
        desk.tell("alarms", desk.alarms());
        tries("somebody unknown", "wrong");
        desk.tell("an unknown login", word(&desk.enter("nobody-here", OWN)));
        desk.tell("a login of no shape", word(&desk.enter("<>", OWN)));
        desk.check(expect![[r#"
            right after four failures: yes
            the fifth failure: staff.sign-in-failed
            alarms: 1
            right at once: staff.sign-in-failed
            right a millisecond before the minute: staff.sign-in-failed
            right after a minute: yes
            the sixth failure: staff.sign-in-failed
            right a millisecond before two minutes: staff.sign-in-failed
            right after two minutes: yes
            alarms: 2
            somebody unknown: staff.sign-in-failed
            an unknown login: staff.sign-in-failed
            a login of no shape: staff.sign-in-failed
        "#]]);
    });
}

#[test]
fn the_waiting_doubles_up_to_an_hour() {
    let minutes: Vec<i64> = (0..14).map(|failures| wait_ms(failures) / MINUTE).collect();
    expect!["[0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]"].assert_eq(&format!("{minutes:?}"));
    assert_eq!(wait_ms(i64::MAX), 60 * MINUTE);
}

#[test]
fn codes_are_those_of_rfc_6238() {
    let secret = *b"12345678901234567890";
    let times = [59, 1_111_111_109, 1_111_111_111, 1_234_567_890, 2_000_000_000, 20_000_000_000];
    let codes: Vec<String> = times.iter().map(|s| code_at(&secret, Instant::from_ms(s * 1000))).collect();
    expect![[r#"["287082", "081804", "050471", "005924", "279037", "353130"]"#]]
        .assert_eq(&format!("{codes:?}"));
    expect!["GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ"].assert_eq(&secret_text(&secret));
    expect!["otpauth://totp/Shikaku:a%40b.c?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Shikaku&algorithm=SHA1&digits=6&period=30"]
        .assert_eq(&secret_uri("a@b.c", &secret));
}

#[test]
fn a_code_holds_for_its_step_and_its_neighbours() {
    let secret = *b"12345678901234567890";
    let at = |s: i64| Instant::from_ms(s * 1000);
    let code = code_at(&secret, at(59));
    let steps: Vec<Option<i64>> =
        [0, 29, 30, 59, 60, 89, 90].map(|s| step_of(&secret, &code, at(s))).to_vec();
    expect!["[Some(1), Some(1), Some(1), Some(1), Some(1), Some(1), None]"].assert_eq(&format!("{steps:?}"));
    assert_eq!(step_of(&secret, " ２８７ ０８２ ", at(59)), Some(1));
    for bad in ["", "28708", "2870820", "+87082", "abcdef", "２８７"] {
        assert_eq!(step_of(&secret, bad, at(59)), None, "{bad:?}");
    }
}

#[test]
fn a_code_is_accepted_once() {
    each_database("staff_replay", |store| {
        let desk = Desk::new(store);
        let (_, secret, _) = desk.settled("hanako", Role::Auditor, None);
        let code = |ms| code_at(&secret, desk.now.get().plus_ms(ms));
        let half = || desk.enter("hanako", OWN).unwrap();
        desk.tell("the code of the set-up", word(&desk.prove(&half(), &code(0))));
        desk.tell("the next step's", word(&desk.prove(&half(), &code(30_000))));
        desk.tell("the same again", word(&desk.prove(&half(), &code(30_000))));
        desk.tell("the one before it", word(&desk.prove(&half(), &code(0))));
        desk.pass(60_000);
        let token = half();
        desk.tell("a wrong one", word(&desk.prove(&token, "000000")));
        desk.tell("the session stays", desk.visit(&token));
        let full = desk.prove(&token, &code(0));
        desk.tell("a fresh one", word(&full));
        desk.tell("then", desk.visit(&full.unwrap()));
        desk.tell("the half session's token", word(&desk.prove(&token, &code(30_000))));
        desk.check(expect![[r#"
            the code of the set-up: staff.sign-in-failed
            the next step's: yes
            the same again: staff.sign-in-failed
            the one before it: staff.sign-in-failed
            a wrong one: staff.sign-in-failed
            the session stays: SecondFactor
            a fresh one: yes
            then: a visitor
            the half session's token: staff.session-ended
        "#]]);
    });
}

#[test]
fn guessing_codes_makes_one_wait_too() {
    each_database("staff_codes", |store| {
        let desk = Desk::new(store);
        let (_, secret, _) = desk.settled("hanako", Role::Auditor, None);
        desk.pass(MINUTE);
        for _ in 0..5 {
            // A right password between the guesses does not forget them.
            let half = desk.enter("hanako", OWN).unwrap();
            desk.prove(&half, "000000").unwrap_err();
        }
        desk.tell("the password", word(&desk.enter("hanako", OWN)));
        desk.pass(MINUTE);
        let half = desk.enter("hanako", OWN).unwrap();
        desk.tell("a minute later", word(&desk.prove(&half, &code_at(&secret, desk.now.get()))));
        desk.check(expect![[r#"
            the password: staff.sign-in-failed
            a minute later: yes
        "#]]);
    });
}

#[test]
fn a_session_ends_when_idle_when_old_and_on_log_out() {
    each_database("staff_sessions", |store| {
        let desk = Desk::new(store);
        let (_, _, token) = desk.settled("hanako", Role::Auditor, None);
        let touch = || store.change(|tx| crate::touch(tx, desk.now.get(), &token)).unwrap();
        desk.pass(SESSION_IDLE_MS - 1);
        desk.tell("a millisecond before 30 minutes", desk.visit(&token));
        desk.pass(1);
        desk.tell("after 30 minutes", desk.visit(&token));
        desk.pass(-1);
        touch();
        desk.pass(SESSION_IDLE_MS - 1);
        desk.tell("used meanwhile", desk.visit(&token));
        let due = |ms| {
            let now = desk.now.get().plus_ms(ms);
            let session = store.look(|tx| crate::visit(tx, now, &token)).unwrap();
            session.is_some_and(|session| session.touch_due)
        };
        touch();
        desk.tell("noted again after less than a minute", due(MINUTE - 1));
        desk.tell("noted again after a minute", due(MINUTE));
        desk.now.set(NOW.plus_ms(SESSION_MAX_MS - 1));
        touch();
        desk.tell("a millisecond before 12 hours", desk.visit(&token));
        desk.pass(1);
        desk.tell("after 12 hours", desk.visit(&token));
        desk.pass(-1);
        desk.change(|tx, cx| crate::sign_out(tx, cx, &token));
        desk.tell("after the log-out", desk.visit(&token));
        touch();
        desk.tell("touched afterwards", desk.visit(&token));
        desk.tell("no token", desk.visit("zz"));
        desk.check(expect![[r#"
            a millisecond before 30 minutes: a visitor
            after 30 minutes: nobody
            used meanwhile: a visitor
            noted again after less than a minute: false
            noted again after a minute: true
            a millisecond before 12 hours: a visitor
            after 12 hours: nobody
            after the log-out: nobody
            touched afterwards: nobody
            no token: nobody
        "#]]);
    });
}

#[test]
fn another_role_another_password_and_closing_end_every_session() {
    each_database("staff_ends", |store| {
        let desk = Desk::new(store);
        let (staff, secret, token) = desk.settled("hanako", Role::Receptionist, Some(7));
        let again = || {
            desk.pass(MINUTE);
            let half = desk.enter("hanako", OWN).unwrap();
            desk.prove(&half, &code_at(&secret, desk.now.get())).unwrap()
        };
        let facility = Id::new(7);
        let same = desk.change(|tx, cx| crate::assign(tx, cx, staff, Role::Receptionist, facility));
        desk.tell("the same role", format!("{}, {}", word(&same), desk.visit(&token)));
        desk.change(|tx, cx| crate::assign(tx, cx, staff, Role::Clinician, facility)).unwrap();
        desk.tell("another role", desk.visit(&token));
        let token = again();
        desk.tell("signed in again", desk.visit(&token));
        desk.change(|tx, cx| crate::reset(tx, cx, staff, Reset::Password, one_time())).unwrap();
        desk.tell("a new password", desk.visit(&token));
        desk.tell("the old password", word(&desk.enter("hanako", OWN)));
        let half = desk.enter("hanako", one_time().text()).unwrap();
        desk.tell("the second factor stays", desk.visit(&half));
        desk.change(|tx, cx| crate::reset(tx, cx, staff, Reset::Both, one_time())).unwrap();
        let half = desk.enter("hanako", one_time().text()).unwrap();
        desk.tell("reset too", desk.visit(&half));
        desk.change(|tx, cx| crate::withdraw(tx, cx, staff)).unwrap();
        desk.tell("closed", desk.visit(&half));
        desk.tell("signing in", word(&desk.enter("hanako", one_time().text())));
        desk.tell("closing again", word(&desk.change(|tx, cx| crate::withdraw(tx, cx, staff))));
        desk.tell("the login is not given again", word(&desk.open("hanako", Role::Auditor, None)));
        desk.check(expect![[r#"
            the same role: yes, a visitor
            another role: nobody
            signed in again: a visitor
            a new password: nobody
            the old password: staff.sign-in-failed
            the second factor stays: SecondFactor
            reset too: NewSecondFactor
            closed: nobody
            signing in: staff.sign-in-failed
            closing again: staff.no-such-account
            the login is not given again: staff.login-taken
        "#]]);
    });
}

#[test]
fn a_facility_administrator_manages_the_own_facility_only() {
    each_database("staff_reach", |store| {
        let desk = Desk::new(store);
        let theirs = desk.open("theirs", Role::Receptionist, Some(8)).unwrap();
        let system = desk.open("system", Role::SystemAdministrator, None).unwrap();
        let actor = |role, facility| Actor::Staff { staff: 1, role, facility };
        desk.actor.set(actor(Role::FacilityAdministrator, Some(7)));
        for (what, role, facility) in [
            ("a receptionist of the own", Role::Receptionist, Some(7)),
            ("another administrator of the own", Role::FacilityAdministrator, Some(7)),
            ("a receptionist of another", Role::Receptionist, Some(8)),
            ("a receptionist of none", Role::Receptionist, None),
            ("a system administrator", Role::SystemAdministrator, None),
            ("a system administrator at the own", Role::SystemAdministrator, Some(7)),
        ] {
            let login = format!("new-{}", what.len());
            desk.tell(what, word(&desk.open(&login, role, facility)));
        }
        for (what, staff) in [("another's receptionist", theirs), ("the system administrator", system)] {
            let both = [
                word(&desk.change(|tx, cx| crate::get(tx, cx, staff))),
                word(&desk.change(|tx, cx| crate::withdraw(tx, cx, staff))),
                word(&desk.change(|tx, cx| crate::reset(tx, cx, staff, Reset::Both, one_time()))),
                word(&desk.change(|tx, cx| crate::assign(tx, cx, staff, Role::Receptionist, Id::new(7)))),
            ];
            desk.tell(what, both.join(", "));
        }
        let seen = |desk: &Desk<'_>| {
            let found = desk.change(|tx, cx| crate::list(tx, cx, None, 10));
            found.iter().map(|account| account.new.login.clone()).collect::<Vec<_>>().join(" ")
        };
        desk.tell("sees", seen(&desk));
        let own = desk.change(|tx, cx| crate::list(tx, cx, None, 1))[0].id;
        let up = desk.change(|tx, cx| crate::assign(tx, cx, own, Role::SystemAdministrator, None));
        desk.tell("raises one of the own", word(&up));
        desk.actor.set(actor(Role::Receptionist, Some(7)));
        desk.tell("a receptionist sees", format!("[{}]", seen(&desk)));
        desk.tell("a receptionist opens", word(&desk.open("more", Role::Receptionist, Some(7))));
        desk.actor.set(actor(Role::SystemAdministrator, None));
        desk.tell("the system administrator sees", seen(&desk));
        desk.tell("an auditor with a place", word(&desk.open("more", Role::Auditor, Some(7))));
        desk.tell("a clinician without", word(&desk.open("more", Role::Clinician, None)));
        desk.check(expect![[r#"
            a receptionist of the own: yes
            another administrator of the own: yes
            a receptionist of another: staff.not-yours-to-give
            a receptionist of none: staff.not-yours-to-give
            a system administrator: staff.not-yours-to-give
            a system administrator at the own: staff.not-yours-to-give
            another's receptionist: staff.no-such-account, staff.no-such-account, staff.no-such-account, staff.no-such-account
            the system administrator: staff.no-such-account, staff.no-such-account, staff.no-such-account, staff.no-such-account
            sees: new-25 new-32
            raises one of the own: staff.not-yours-to-give
            a receptionist sees: []
            a receptionist opens: staff.not-yours-to-give
            the system administrator sees: new-25 new-32 system theirs
            an auditor with a place: staff.place
            a clinician without: staff.place
        "#]]);
    });
}

#[test]
fn one_system_administrator_always_remains() {
    each_database("staff_last", |store| {
        let desk = Desk::new(store);
        let first = || desk.change(|tx, cx| crate::first_administrator(tx, cx, one_time()));
        desk.tell("the first start", format!("{:?}", first()));
        desk.tell("the second start", format!("{:?}", first()));
        desk.pass(ONE_TIME_MS);
        desk.tell("a start after the password ran out", format!("{:?}", first()));
        desk.tell("it works", word(&desk.enter("admin", one_time().text())));
        let admin = desk.change(|tx, cx| crate::list(tx, cx, None, 1))[0].id;
        desk.tell("closing the last", word(&desk.change(|tx, cx| crate::withdraw(tx, cx, admin))));
        let lower = || desk.change(|tx, cx| crate::assign(tx, cx, admin, Role::Auditor, None));
        desk.tell("another role for the last", word(&lower()));
        let other = desk.open("other", Role::SystemAdministrator, None).unwrap();
        desk.tell("with another there", word(&lower()));
        desk.tell("closing the other", word(&desk.change(|tx, cx| crate::withdraw(tx, cx, other))));
        desk.pass(ONE_TIME_MS);
        desk.tell("a start when neither came in time", format!("{:?}", first()));
        desk.check(expect![[r#"
            the first start: Some("admin")
            the second start: None
            a start after the password ran out: Some("admin")
            it works: yes
            closing the last: staff.last-administrator
            another role for the last: staff.last-administrator
            with another there: yes
            closing the other: staff.last-administrator
            a start when neither came in time: Some("admin2")
        "#]]);
    });
}

#[test]
fn the_demo_has_a_desk_for_each_role() {
    each_database("staff_demo", |store| {
        let desk = Desk::new(store);
        let sit = |role| {
            let token = desk.token();
            let sat = desk.change(|tx, cx| crate::switch_to(tx, cx, role, &token));
            format!("{}, {}", word(&sat), desk.visit(&token.text()))
        };
        desk.tell("before", sit(Role::Auditor));
        for _ in 0..2 {
            desk.change(|tx, cx| crate::demo_desks(tx, cx, Id::new(7).unwrap()));
        }
        for role in Role::ALL {
            desk.tell(role.word(), sit(role));
        }
        desk.tell("accounts", desk.change(|tx, cx| crate::list(tx, cx, None, 99)).len());
        desk.tell("with a password", word(&desk.enter("demo-auditor", "")));
        desk.tell(
            "a first administrator",
            format!("{:?}", desk.change(|tx, cx| crate::first_administrator(tx, cx, one_time()))),
        );
        desk.check(expect![[r#"
            before: staff.no-such-desk, nobody
            receptionist: yes, a visitor
            clinician: yes, a visitor
            facility-administrator: yes, a visitor
            insurer-clerk: yes, a visitor
            municipal-clerk: yes, a visitor
            call-centre-operator: yes, a visitor
            auditor: yes, a visitor
            system-administrator: yes, a visitor
            accounts: 8
            with a password: staff.sign-in-failed
            a first administrator: None
        "#]]);
    });
}

#[test]
fn passwords_are_long_and_not_the_first_guess() {
    let mut told = String::new();
    for password in [
        "eleven char",
        "twelve chars",
        "十二文字の日本語のはず",
        "十二文字の日本語のはずだ",
        "Password1234",
        "ｐａｓｓｗｏｒｄ１２３４",
        "hanako12345!",
        "hanako likes the sea",
        "aaaaaaaaaaaaaaaa",
        "abababababab",
        OWN,
        &"あ".repeat(86),
    ] {
        let shown: String = password.chars().take(24).collect();
        writeln!(told, "{shown}: {}", word(&check_password("hanako", password))).unwrap();
    }
    expect![[r#"
        eleven char: staff.password-length
        twelve chars: yes
        十二文字の日本語のはず: staff.password-length
        十二文字の日本語のはずだ: yes
        Password1234: staff.password-common
        ｐａｓｓｗｏｒｄ１２３４: staff.password-common
        hanako12345!: yes
        hanako likes the sea: yes
        aaaaaaaaaaaaaaaa: staff.password-common
        abababababab: staff.password-common
        four words in a row: yes
        ああああああああああああああああああああああああ: staff.password-length
    "#]]
    .assert_eq(&told);
}

#[test]
fn secrets_are_stored_and_shown_as_what_they_are_not() {
    let hash = own_hash();
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "another algorithm or cost");
    assert!(!hash.contains(OWN));
    let token = Token::new([5; 32]);
    assert_eq!(Token::parse(&token.text()), Some(token.clone()));
    assert_ne!(token.csrf(), token.text());
    assert_eq!(format!("{token:?}"), "Token(…)");
    assert_eq!(one_time().text().len(), 19);
    let mut codes: Vec<&str> = refusals::ALL.iter().flat_map(|help| [help.code, help.oqs]).collect();
    assert!(refusals::ALL.iter().all(|help| help.oqs.len() == 9));
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), 2 * refusals::ALL.len());
}
