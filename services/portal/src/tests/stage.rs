//! The stage: a town with a clinic, people with real cards, a clock that the story sets.
//!
//! Always holds: equal stories give equal outcomes. What recognises somebody here does what `app` does.
//! Not here: the stories.

use super::*;
use crate::{Proof, begin};
use ::store::{Store, Tx, testing::seeded_ids};
use base::{
    Actor, Answer, BirthDate, BranchNumber, Cx, Date, FacilityCode, IdSource, InsurerNumber, MyNumber,
    PersonName, Purpose, Result, Role, Sex, kinds,
};
use card::{Card, Contents, Half, Pin, Session};
use cards::{
    proof::{Prover, Settings, Status, TEXT_DOMAIN},
    rules::{Holder, NewCertificate, Serial, Source},
};
use coverage::rules::{NewEntry, NewFact, Relation, What};
use facilities::rules::{FacilityEntry, Kind as FacilityKind};
use people::rules::Attributes;
use pki::{
    Anchors, Certificate, Grace, Hierarchy, Terms,
    authority::{AUTH_03, Authority, Municipality, SigningKey, Wanted, pool},
};
use std::{cell::Cell, sync::Arc};

const KEYS: &str = include_str!("../../../../country/keys/test-keys.pem");
/// 2026-11-27, nine in the morning.
pub(super) const NOW: Instant = Instant::from_ms(1_795_737_600_000);
pub(super) const DAY_MS: i64 = 24 * 60 * 60 * 1000;
pub(super) const MINUTE: i64 = 60_000;
pub(super) const NONCE_LIFE_MS: i64 = 120_000;
/// The clinic of the town.
pub(super) const CLINIC: i64 = 70;
pub(super) const HOSTILE: &str = "架空<script>alert(1)</script>クリニック";
const PIN: &str = "1234";

pub(super) fn person(n: i64) -> Id<kinds::Person> {
    Id::new(n).unwrap()
}

pub(super) fn coverage_id(n: i64) -> Id<kinds::Coverage> {
    Id::new(n).unwrap()
}

fn authority() -> Authority {
    let key = pool(KEYS).into_iter().find(|(name, _)| *name == "auth-03").unwrap().1;
    Authority::new(&AUTH_03, &key).unwrap()
}

/// What proves cards in the town.
pub(super) fn prover() -> Arc<Prover> {
    let anchor = Certificate::parse(authority().certificate()).unwrap();
    let anchors = Anchors::new(Hierarchy::Test, [anchor]).unwrap();
    let terms = Terms { soon_months: 3, grace: Grace::ToTheDay { months: 3 } };
    Arc::new(Prover::new(
        anchors,
        &[9; 32],
        Settings { terms, nonce_life_ms: NONCE_LIFE_MS },
        Status::Register,
    ))
}

/// A person's card in the person's hand.
pub(super) struct Wallet {
    card: std::cell::RefCell<Card>,
}

impl Wallet {
    /// A card that is valid for a year (or until an instant), with the n-th key of the pool.
    fn make(n: i64, until: Instant) -> Wallet {
        let name = format!("leaf-rsa-{n:02}");
        let key = pool(KEYS).into_iter().find(|(known, _)| *known == name).unwrap().1;
        let authority = authority();
        let certificate = authority
            .issue(&Wanted {
                serial: pki::Serial::new(&[0x40, n as u8]).unwrap(),
                common_name: "AAAAAAAAAAAAAAAAAAAAAAA",
                not_before: NOW.plus_ms(-400 * DAY_MS),
                not_after: until,
                public_key: &SigningKey::from_pkcs8(&key).unwrap().spki(),
                municipality: Municipality { prefecture: "Kakuu-ken", name: "Midori-shi" },
                attributes: None,
            })
            .unwrap();
        let auth = Half {
            certificate,
            ca: authority.certificate().to_vec(),
            key: key.to_vec().into(),
            pin: Some(PIN.to_owned().into()),
            tries_left: Half::AUTH_TRIES,
        };
        let contents = Contents {
            label: format!("card-{n}"),
            holder: "見本　花子".into(),
            note_ja: String::new(),
            note_en: String::new(),
            kind: card::Kind::Child,
            auth,
            sign: None,
        };
        Wallet { card: Card::make(contents).unwrap().into() }
    }

    /// Puts the card on the reader, enters the PIN and signs a text, as a reader has it done.
    pub fn sign(&self, text: &str) -> Proof {
        let mut card = self.card.borrow_mut();
        card.power();
        let mut session = Session::open(|apdu: &[u8]| card.transmit(apdu)).unwrap();
        let certificate = session.authentication_certificate().unwrap();
        session.verify_pin(&Pin::new(PIN).unwrap()).unwrap();
        let message = [TEXT_DOMAIN, text.as_bytes()].concat();
        let signature = session.sign_message(&certificate, &message).unwrap();
        Proof { text: text.to_owned(), certificate, signature }
    }
}

pub(super) fn word<T>(answer: &std::result::Result<T, Refusal>) -> String {
    answer.as_ref().map_or_else(|no| no.help.code.to_owned(), |_| "yes".to_owned())
}

/// The town.
pub(super) struct Town<'s> {
    pub store: &'s Store,
    pub ids: Arc<dyn IdSource>,
    pub prover: Arc<Prover>,
    pub now: Cell<Instant>,
    tokens: Cell<u8>,
}

impl<'s> Town<'s> {
    /// A town with a clinic.
    pub fn new(store: &'s Store) -> Town<'s> {
        let ids = seeded_ids(1000);
        let town = Town { store, ids, prover: prover(), now: Cell::new(NOW), tokens: Cell::new(0) };
        let entry = FacilityEntry {
            code: FacilityCode::from_body("131011000").unwrap(),
            name: HOSTILE.into(),
            kind: FacilityKind::parse("clinic").unwrap(),
            postcode: None,
            address: None,
            pre_operation_from: None,
            operates_from: Date::parse8("20210401"),
            closes_on: None,
        };
        town.record(|tx, cx| facilities::record(tx, cx, Id::new(CLINIC).unwrap(), &entry)).unwrap();
        town
    }

    pub fn pass(&self, ms: i64) {
        self.now.set(self.now.get().plus_ms(ms));
    }

    pub fn cx(&self, actor: Actor, purpose: Purpose) -> Cx<'_> {
        Cx::new(self.now.get(), actor, purpose, self.ids.as_ref())
    }

    pub fn record<T>(&self, mut op: impl FnMut(&mut Tx<'_>, &Cx<'_>) -> Result<T>) -> T {
        let cx = self.cx(Actor::System, Purpose::Registration);
        self.store.record(cx.now, |tx| op(tx, &cx)).unwrap()
    }

    pub fn change_as<T>(
        &self,
        actor: Actor,
        purpose: Purpose,
        mut op: impl FnMut(&mut Tx<'_>, &Cx<'_>) -> Result<T>,
    ) -> T {
        let cx = self.cx(actor, purpose);
        self.store.change(|tx| op(tx, &cx)).unwrap()
    }

    pub fn read_as<T: Send + 'static>(
        &self,
        actor: Actor,
        purpose: Purpose,
        op: impl FnOnce(&mut Tx<'_>, &Cx<'_>) -> Result<T>,
    ) -> T {
        let cx = self.cx(actor, purpose);
        self.store.check_and_wait(|tx| op(tx, &cx)).unwrap().0
    }

    pub fn token(&self) -> Token {
        self.tokens.set(self.tokens.get() + 1);
        Token::new([self.tokens.get(); 32])
    }

    /// A person in the register: 甲野　花子, born 1980-04-01, unless others are wanted.
    pub fn settle(&self, n: i64, kana: &str, address: &str) {
        let attributes = Attributes {
            name: PersonName { written: format!("甲野　花子{n}"), kana: kana.into() },
            birth: BirthDate::parse8("19800401").unwrap(),
            sex: Sex::Female,
            postcode: Some("000-0001".into()),
            address: Some(address.into()),
        };
        self.record(|tx, cx| people::record(tx, cx, person(n), &my_number(n), &attributes));
    }

    /// A coverage of a settled person, filed by an insurer with what the register says.
    pub fn insure(&self, coverage: i64, n: i64, number: &str) {
        let known = self.store.look(|tx| people::get(tx, person(n))).unwrap().unwrap();
        let insurer = InsurerNumber::parse("06132013").unwrap();
        let entry = NewEntry {
            insurer,
            symbol: Some("12-34".into()),
            number: number.into(),
            branch: BranchNumber::from_number(1),
            card_class: "01".into(),
            relation: Some(Relation::Insured),
            insured_name: None,
            name: known.name,
            other_name: None,
            sex: known.sex,
            birth: known.birth,
            postcode: known.postcode,
            address: known.address,
            qualified_on: Date::parse8("20200401").unwrap(),
            issued_on: None,
            card_from: None,
            card_until: None,
        };
        let facts = vec![
            NewFact::always(What::Rate { percent: 30 }),
            NewFact::always(What::Limit { class: "01".into(), flag: "B03".into(), long_term_on: None }),
        ];
        let filing =
            registration::Filing { coverage: coverage_id(coverage), number: my_number(n), entry, facts };
        self.record(|tx, cx| {
            coverage::record_insurer(tx, cx, &insurer, "架空<b>健保</b>")?;
            registration::file(tx, cx, &filing)
        });
    }

    /// A card for a person, registered with us.
    pub fn issue(&self, n: i64, until: Instant) -> Wallet {
        let wallet = Wallet::make(n, until);
        let new = NewCertificate {
            serial: Serial::new(&[0x40, n as u8]).unwrap(),
            valid_from: NOW.plus_ms(-400 * DAY_MS),
            valid_until: until,
            source: Source::Card,
            holder: Holder::Person(person(n)),
        };
        self.change_as(Actor::System, Purpose::Registration, |tx, cx| cards::register(tx, cx, &new)).unwrap();
        wallet
    }

    /// A settled person with a card.
    pub fn person_with_card(&self, n: i64) -> Wallet {
        self.settle(n, "ｺｳﾉ ﾊﾅｺ", "架空県みどり市青葉町一丁目２番３号");
        self.issue(n, NOW.plus_ms(365 * DAY_MS))
    }

    /// The browser begins: what its reader is given.
    pub fn begin(&self, token: &Token) -> String {
        begin(&self.prover, token, [self.tokens.get(); 16], self.now.get())
    }

    /// The reader hands a proof over.
    pub fn prove(&self, proof: &Proof) -> Answer<()> {
        let (system, purpose) = (Actor::System, Purpose::OwnRecord);
        let (prover, sent) = (self.prover.clone(), proof.clone());
        let checked = self.read_as(system, purpose, move |tx, cx| crate::check(tx, cx, &prover, &sent))?;
        self.change_as(system, purpose, |tx, cx| crate::prove(tx, cx, &checked))
    }

    /// The browser enters; its new cookie.
    pub fn enter(&self, token: &Token) -> Answer<String> {
        let renewed = self.token();
        let entered = self.change_as(Actor::System, Purpose::OwnRecord, |tx, cx| {
            crate::enter(tx, cx, &token.text(), &renewed)
        });
        entered.map(|()| renewed.text())
    }

    /// Signs in with a card; the cookie.
    pub fn sign_in(&self, wallet: &Wallet) -> Answer<String> {
        let token = self.token();
        self.prove(&wallet.sign(&self.begin(&token)))?;
        self.enter(&token)
    }

    /// The next nonce has other random bytes.
    pub fn tokens_used(&self) {
        self.tokens.set(self.tokens.get() + 1);
    }

    pub fn visit(&self, token: &str) -> String {
        let visit = self.store.look(|tx| crate::visit(tx, self.now.get(), token)).unwrap();
        visit.map_or("nobody".into(), |visit| {
            format!("{}{}", visit.person, if visit.touch_due { ", to be noted" } else { "" })
        })
    }

    /// Acts as a person at their own pages.
    pub fn own<T>(&self, n: i64, op: impl FnMut(&mut Tx<'_>, &Cx<'_>) -> Result<T>) -> T {
        self.change_as(Actor::Person { person: n }, Purpose::OwnRecord, op)
    }

    /// No name, number, postcode or serial of the town stands in the log.
    pub fn no_row_names_anybody(&self) {
        let rows = self.store.look(|tx| {
            tx.rows_of_both("select act, outcome, body from audit_row", &[], |row| {
                Ok(format!("{} {} {}\n", row.text(0)?, row.text(1)?, String::from_utf8_lossy(&row.blob(2)?)))
            })
        });
        let log = rows.unwrap().concat();
        for secret in ["甲野", "ｺｳﾉ", "19800401", "000-0001", "青葉", "12-34", "06132013", "架空"]
        {
            assert!(!log.contains(secret), "{secret} stands in the log");
        }
    }
}

/// Numbers of the people, with their check digit.
fn my_number(n: i64) -> MyNumber {
    MyNumber::from_body(&format!("10000000{n:03}")).unwrap()
}

pub(super) fn operator(staff: i64) -> Actor {
    Actor::Staff { staff, role: Role::CallCentreOperator, facility: None }
}
