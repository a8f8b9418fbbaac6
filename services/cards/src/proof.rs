//! Proving a card: what a reader hands over (nonce, certificate, signature) becomes a known certificate, or a refusal
//! that says what the person does now. The counter's tap and the portal's sign-in both go through here.
//!
//! Always holds: [`Prover::prove`] is arithmetic alone (no transaction, clock or randomness); nothing is told about a
//! certificate's state before its key has signed our nonce, since anybody can read a certificate; a status that nobody
//! can say is *could not be determined*. Whoever uses a proof decides in a transaction that its nonce was not used.
//! Not here: that the PIN was right (the card's own doing), what an enrolled person is told (the desks), used nonces.
//! Rules come from: docs/rules.md S1 r1, r11; S17 r1; the reference on the card, sections 4.1 and 4.2.

use crate::{
    refusals,
    rules::{Known, Serial, State},
};
use ::store::Tx;
use base::{Answer, Instant, Refusal, Result};
use pki::{Anchors, Bound, Certificate, Kind, Lists, Nonce, NonceFault, Nonces, Refused, Terms, Validity};
use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

/// Who says whether a certificate was held or revoked. What is recorded here counts under either: a card that was
/// reported lost to us is held from that moment.
pub enum Status {
    /// Our own register alone.
    Register,
    /// The authority's revocation lists besides.
    Lists {
        /// The lists as last fetched.
        lists: Arc<Lists>,
        /// A list older than so many milliseconds says nothing.
        age_max_ms: i64,
    },
}

/// Settings of proving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// From when on a certificate expires soon, and how long an expired one still serves.
    pub terms: Terms,
    /// A nonce holds so many milliseconds, the last one included.
    pub nonce_life_ms: i64,
}

/// Checks proofs. One for the program; it holds no state of any session.
pub struct Prover {
    anchors: Anchors,
    nonces: Nonces,
    settings: Settings,
    status: RwLock<Status>,
}

/// Before a text that a card signs as a proof. A nonce's own message begins so too, and is shorter than any such text.
pub const TEXT_DOMAIN: &[u8] = b"shikaku-proof-v1\0";

/// What a reader hands over.
#[derive(Clone, Copy)]
pub struct Presented<'a> {
    /// The nonce as it was given out.
    pub nonce: &'a str,
    /// The authentication certificate, DER.
    pub certificate: &'a [u8],
    /// What the card's key made of the nonce's message.
    pub signature: &'a [u8],
}

/// A card that was proved: its key signed our nonce, and its certificate is the authority's and in time.
#[derive(Clone)]
pub struct Proved {
    /// The certificate's serial.
    pub serial: Serial,
    /// How its validity stands.
    pub validity: Validity,
    /// The nonce that was signed: whoever uses the proof makes sure that it is used once.
    pub nonce: Nonce,
}

impl fmt::Debug for Proved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Proved(…)")
    }
}

impl Prover {
    /// A prover that trusts these anchors and knows the nonces made with this key again.
    pub fn new(anchors: Anchors, nonce_key: &[u8; 32], settings: Settings, status: Status) -> Prover {
        Prover { anchors, nonces: Nonces::new(nonce_key), settings, status: RwLock::new(status) }
    }

    /// The settings.
    pub fn settings(&self) -> Settings {
        self.settings
    }

    /// The anchors, by which new revocation lists are judged.
    pub fn anchors(&self) -> &Anchors {
        &self.anchors
    }

    /// Takes another source of states, such as newer lists.
    pub fn set_status(&self, status: Status) {
        *self.status.write().unwrap_or_else(PoisonError::into_inner) = status;
    }

    /// Gives a nonce from fresh random bytes, good for this door, facility, terminal and session.
    pub fn nonce(&self, random: [u8; 16], now: Instant, bound: &Bound<'_>) -> Nonce {
        self.nonces.issue(random, now, bound)
    }

    /// Checks what a reader hands over (S1 r1): the nonce, the certificate, that its key signed the nonce's message, and
    /// what the authority's lists say of it. [`judge`] then asks the register.
    ///
    /// # Errors
    /// Every refusal of a proof but those of [`judge`] that only the register knows.
    pub fn prove(&self, bound: &Bound<'_>, ask: &Presented<'_>, now: Instant) -> Answer<Proved> {
        let nonce = self.known_nonce(bound, ask.nonce, now)?;
        self.prove_signed(&nonce, &nonce.message(), ask, now)
    }

    /// As [`Prover::prove`], for a door whose reader gets a text (an address's) and nothing else: the card then signs the
    /// text's bytes after [`TEXT_DOMAIN`]. The text ends in the nonce.
    ///
    /// # Errors
    /// As [`Prover::prove`].
    pub fn prove_text(
        &self,
        bound: &Bound<'_>,
        text: &str,
        ask: &Presented<'_>,
        now: Instant,
    ) -> Answer<Proved> {
        if !text.ends_with(ask.nonce) {
            return Err(refusals::nonce_foreign());
        }
        let nonce = self.known_nonce(bound, ask.nonce, now)?;
        self.prove_signed(&nonce, &[TEXT_DOMAIN, text.as_bytes()].concat(), ask, now)
    }

    fn known_nonce(&self, bound: &Bound<'_>, text: &str, now: Instant) -> Answer<Nonce> {
        self.nonces.check(text, now, self.settings.nonce_life_ms, bound).map_err(|fault| match fault {
            NonceFault::Expired => refusals::nonce_stale(),
            NonceFault::Malformed | NonceFault::Forged | NonceFault::FromTheFuture => {
                refusals::nonce_foreign()
            }
        })
    }

    fn prove_signed(
        &self,
        nonce: &Nonce,
        message: &[u8],
        ask: &Presented<'_>,
        now: Instant,
    ) -> Answer<Proved> {
        let certificate = Certificate::parse(ask.certificate).map_err(refusals::not_accepted)?;
        // Before anything else is told of the certificate, its key must have signed: else a certificate that somebody
        // merely read off a card would tell whether it was reported lost.
        let trusted = self.anchors.check(Kind::Authentication, &certificate, now, &self.settings.terms);
        let in_time = matches!(trusted, Ok(_) | Err(Refused::NotYetValid { .. } | Refused::Expired { .. }));
        if in_time && !certificate.verify(message, ask.signature) {
            return Err(refusals::signature_wrong());
        }
        let validity = trusted.map_err(refusals::not_accepted)?;
        self.listed(&certificate, now).map_err(refusals::not_accepted)?;
        let serial = Serial::new(certificate.serial().as_bytes())
            .ok_or_else(|| refusals::not_accepted(Refused::Malformed))?;
        Ok(Proved { serial, validity, nonce: *nonce })
    }

    fn listed(&self, certificate: &Certificate, now: Instant) -> std::result::Result<(), Refused> {
        let status = self.status.read().unwrap_or_else(PoisonError::into_inner);
        match &*status {
            Status::Register => Ok(()),
            Status::Lists { lists, age_max_ms } => {
                pki::judge(lists.report(certificate, now), now, *age_max_ms)
            }
        }
    }
}

impl fmt::Debug for Prover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Prover(…)")
    }
}

/// Asks the register whose a proved certificate is and how it stands (S1 r11): one statement.
pub fn judge(tx: &mut Tx<'_>, proved: &Proved) -> Result<Answer<Known>> {
    Ok(usable(crate::find(tx, &proved.serial)?))
}

/// Whether a certificate may be used, by what the register says of it.
///
/// # Errors
/// Unknown, on hold, revoked.
pub fn usable(known: Option<Known>) -> std::result::Result<Known, Refusal> {
    let known = known.ok_or_else(refusals::unknown_card)?;
    match known.state {
        State::Live => Ok(known),
        State::Held { .. } => Err(refusals::on_hold()),
        State::Revoked { .. } => Err(refusals::revoked()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{Channel, Holder, NewCertificate, Source};
    use base::{Actor, Cx, Id, Purpose};
    use pki::{
        Crl, Grace, Hierarchy, Reason,
        authority::{
            AUTH_02, AUTH_03, Authority, Generation, Municipality, SIGN_02, SigningKey, Wanted, WantedList,
            pool,
        },
    };

    const KEYS: &str = include_str!("../../../country/keys/test-keys.pem");
    const NOW: Instant = Instant::from_ms(1_795_000_000_000); // 2026-11-18
    const YEAR_MS: i64 = 365 * 24 * 60 * 60 * 1000;
    const LIFE_MS: i64 = 120_000;
    const TOWN: Municipality<'_> = Municipality { prefecture: "Kakuu-ken", name: "Midori-shi" };
    const BOUND: Bound<'_> = Bound { door: "tap", facility: 7, terminal: 3, session: "a-session" };

    fn key(name: &str) -> SigningKey {
        let found = pool(KEYS).into_iter().find(|(known, _)| *known == name).unwrap();
        SigningKey::from_pkcs8(&found.1).unwrap()
    }

    fn authority(generation: &Generation, name: &str) -> Authority {
        let found = pool(KEYS).into_iter().find(|(known, _)| *known == name).unwrap();
        Authority::new(generation, &found.1).unwrap()
    }

    fn ours() -> Authority {
        authority(&AUTH_03, "auth-03")
    }

    fn certificate(authority: &Authority, key: &SigningKey, until: Instant) -> Vec<u8> {
        authority
            .issue(&Wanted {
                serial: pki::Serial::new(&[0x40, 7]).unwrap(),
                common_name: "AAAAAAAAAAAAAAAAAAAAAAA",
                not_before: NOW.plus_ms(-YEAR_MS),
                not_after: until,
                public_key: &key.spki(),
                municipality: TOWN,
                attributes: None,
            })
            .unwrap()
    }

    fn prover_of(hierarchy: Hierarchy, authorities: &[&Authority], status: Status) -> Prover {
        let read = |authority: &&Authority| Certificate::parse(authority.certificate()).unwrap();
        let anchors = Anchors::new(hierarchy, authorities.iter().map(read)).unwrap();
        let terms = Terms { soon_months: 3, grace: Grace::ToTheDay { months: 3 } };
        Prover::new(anchors, &[9; 32], Settings { terms, nonce_life_ms: LIFE_MS }, status)
    }

    fn prover() -> Prover {
        prover_of(Hierarchy::Test, &[&ours()], Status::Register)
    }

    /// Proves with a card of this certificate and key, at an instant.
    fn prove_at(prover: &Prover, der: &[u8], key: &SigningKey, at: Instant) -> Answer<Proved> {
        let nonce = prover.nonce([5; 16], at, &BOUND);
        let signature = key.sign(&nonce.message());
        let ask = Presented { nonce: &nonce.text(), certificate: der, signature: &signature };
        prover.prove(&BOUND, &ask, at)
    }

    fn word<T>(answer: Answer<T>) -> &'static str {
        answer.map_or_else(|no| no.help.code, |_| "proved")
    }

    #[test]
    fn s1_r1_a_card_of_either_kind_is_proved() {
        for name in ["leaf-rsa-01", "leaf-p384-01"] {
            let der = certificate(&ours(), &key(name), NOW.plus_ms(YEAR_MS));
            let proved = prove_at(&prover(), &der, &key(name), NOW).unwrap();
            assert_eq!((proved.serial.as_bytes(), proved.nonce.id()), (&[0x40, 7][..], [5; 16]), "{name}");
            assert_eq!(proved.validity, Validity::Valid);
        }
    }

    #[test]
    fn s1_r1_what_is_no_proof_is_refused_each_in_its_own_way() {
        let (leaf, other) = (key("leaf-rsa-01"), key("leaf-rsa-02"));
        let good = certificate(&ours(), &leaf, NOW.plus_ms(YEAR_MS));
        let prover = prover();
        let mut cut = good.clone();
        cut.pop();
        assert_eq!(word(prove_at(&prover, &cut, &leaf, NOW)), "cards.certificate-malformed");
        assert_eq!(word(prove_at(&prover, b"", &leaf, NOW)), "cards.certificate-malformed");
        // The certificate was swapped after the PIN, or another key signed.
        assert_eq!(word(prove_at(&prover, &good, &other, NOW)), "cards.signature-wrong");
        let own = ours();
        let authoritys = prove_at(&prover, own.certificate(), &key("auth-03"), NOW);
        assert_eq!(word(authoritys), "cards.not-an-authentication-certificate");
        // The wrong generation, under the same name.
        let old = certificate(&authority(&AUTH_02, "auth-02"), &leaf, NOW.plus_ms(YEAR_MS));
        assert_eq!(word(prove_at(&prover, &old, &leaf, NOW)), "cards.issuer-not-trusted");
        let unknown = Status::Lists { lists: Arc::new(Lists::new()), age_max_ms: 1 };
        prover.set_status(unknown);
        assert_eq!(word(prove_at(&prover, &good, &leaf, NOW)), "cards.status-unknown");
        // Nothing is told of a certificate to whoever cannot sign with its key.
        assert_eq!(word(prove_at(&prover, &good, &other, NOW)), "cards.signature-wrong");
    }

    #[test]
    fn s1_r1_test_cards_and_real_ones_never_mix() {
        let der = certificate(&ours(), &key("leaf-rsa-01"), NOW.plus_ms(YEAR_MS));
        let in_earnest = prover_of(Hierarchy::Production, &[], Status::Register);
        assert_eq!(word(prove_at(&in_earnest, &der, &key("leaf-rsa-01"), NOW)), "cards.test-card");
    }

    #[test]
    fn s1_r1_a_signing_certificate_signs_no_proof() {
        let attributes = pki::authority::Attributes {
            name: "甲野　花子",
            name_substitutes: "00000",
            birth: "319800401",
            sex: "2",
            address: "架空県みどり市",
            address_substitutes: "0000000",
        };
        let signing = authority(&SIGN_02, "sign-02");
        let leaf = key("leaf-rsa-01");
        let der = signing
            .issue(&Wanted {
                serial: pki::Serial::new(&[0x40, 7]).unwrap(),
                common_name: "AAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                not_before: NOW.plus_ms(-YEAR_MS),
                not_after: NOW.plus_ms(YEAR_MS),
                public_key: &leaf.spki(),
                municipality: TOWN,
                attributes: Some(attributes),
            })
            .unwrap();
        let both = prover_of(Hierarchy::Test, &[&ours(), &signing], Status::Register);
        let refused = word(prove_at(&both, &der, &leaf, NOW));
        assert_eq!(refused, "cards.not-an-authentication-certificate");
    }

    #[test]
    fn s1_r11_validity_ends_with_its_millisecond_and_so_does_the_grace() {
        let leaf = key("leaf-rsa-01");
        let last = NOW.date().plus_days(1).begins().plus_ms(-1000); // 23:59:59 on the last day
        let der = certificate(&ours(), &leaf, last);
        let until = Certificate::parse(&der).unwrap().not_after();
        let grace_ends = Grace::ToTheDay { months: 3 }.ends(until).unwrap();
        let at = |instant: Instant| match prove_at(&prover(), &der, &leaf, instant) {
            Ok(proved) => match proved.validity {
                Validity::Valid => "valid",
                Validity::ExpiresSoon { .. } => "soon",
                Validity::InGrace { .. } => "grace",
            },
            Err(no) => no.help.code,
        };
        let begins = NOW.plus_ms(-YEAR_MS);
        for (instant, outcome) in [
            (begins.plus_ms(-1001), "cards.not-yet-valid"),
            (begins, "valid"),
            (until, "soon"),
            (until.plus_ms(1), "grace"),
            (grace_ends, "grace"),
            (grace_ends.plus_ms(1), "cards.expired"),
        ] {
            assert_eq!(at(instant), outcome, "{}", instant.for_people());
        }
        // Also of an expired one nothing is told without its key.
        let thief = prove_at(&prover(), &der, &key("leaf-rsa-02"), grace_ends.plus_ms(1));
        assert_eq!(word(thief), "cards.signature-wrong");
    }

    #[test]
    fn s1_r1_a_nonce_is_good_for_its_life_and_for_what_it_was_given_for() {
        let (leaf, prover) = (key("leaf-rsa-01"), prover());
        let der = certificate(&ours(), &leaf, NOW.plus_ms(YEAR_MS));
        let nonce = prover.nonce([5; 16], NOW, &BOUND);
        let signature = leaf.sign(&nonce.message());
        let text = nonce.text();
        let ask = Presented { nonce: &text, certificate: &der, signature: &signature };
        for (after_ms, outcome) in [
            (-2_001, "cards.nonce-foreign"),
            (0, "proved"),
            (LIFE_MS, "proved"),
            (LIFE_MS + 1, "cards.nonce-stale"),
        ] {
            assert_eq!(word(prover.prove(&BOUND, &ask, NOW.plus_ms(after_ms))), outcome, "{after_ms}");
        }
        for foreign in [
            Bound { door: "portal", ..BOUND },
            Bound { facility: 8, ..BOUND },
            Bound { terminal: 4, ..BOUND },
            Bound { session: "another", ..BOUND },
        ] {
            assert_eq!(word(prover.prove(&foreign, &ask, NOW)), "cards.nonce-foreign");
        }
        let mut forged = text.clone();
        forged.replace_range(0..1, if text.starts_with('A') { "B" } else { "A" });
        let forged = Presented { nonce: &forged, ..ask };
        assert_eq!(word(prover.prove(&BOUND, &forged, NOW)), "cards.nonce-foreign");
        // Another nonce of the same session, with the signature of the first.
        let next = prover.nonce([6; 16], NOW, &BOUND).text();
        assert_eq!(
            word(prover.prove(&BOUND, &Presented { nonce: &next, ..ask }, NOW)),
            "cards.signature-wrong"
        );
    }

    #[test]
    fn s1_r1_a_text_is_proved_only_as_a_whole() {
        let (leaf, prover) = (key("leaf-rsa-01"), prover());
        let der = certificate(&ours(), &leaf, NOW.plus_ms(YEAR_MS));
        let nonce = prover.nonce([5; 16], NOW, &BOUND).text();
        let text = format!("before.{nonce}");
        let signature = leaf.sign(&[TEXT_DOMAIN, text.as_bytes()].concat());
        let ask = Presented { nonce: &nonce, certificate: &der, signature: &signature };
        assert_eq!(word(prover.prove_text(&BOUND, &text, &ask, NOW)), "proved");
        let changed = format!("beside.{nonce}");
        assert_eq!(word(prover.prove_text(&BOUND, &changed, &ask, NOW)), "cards.signature-wrong");
        assert_eq!(word(prover.prove_text(&BOUND, "before.", &ask, NOW)), "cards.nonce-foreign");
        assert_eq!(word(prover.prove(&BOUND, &ask, NOW)), "cards.signature-wrong");
    }

    #[test]
    fn s1_r11_the_authoritys_lists_count_while_they_are_fresh() {
        let (leaf, issuer) = (key("leaf-rsa-01"), ours());
        let der = certificate(&issuer, &leaf, NOW.plus_ms(YEAR_MS));
        let serial = pki::Serial::new(&[0x40, 7]).unwrap();
        let told = |entries: &[(pki::Serial, pki::State)], at: Instant| {
            let prover = prover();
            let list = issuer.issue_crl(&WantedList {
                municipality: TOWN,
                number: 1,
                this_update: NOW,
                next_update: NOW.plus_ms(YEAR_MS),
                entries,
            });
            let mut lists = Lists::new();
            lists.add(Crl::parse(&list).unwrap(), prover.anchors()).unwrap();
            prover.set_status(Status::Lists { lists: Arc::new(lists), age_max_ms: 60_000 });
            word(prove_at(&prover, &der, &leaf, at))
        };
        let as_of = Instant::from_ms(NOW.ms() / 1000 * 1000);
        assert_eq!(told(&[], as_of.plus_ms(60_000)), "proved");
        assert_eq!(told(&[], as_of.plus_ms(60_001)), "cards.status-unknown");
        let held = [(serial, pki::State::OnHold { since: NOW.plus_ms(-5000) })];
        assert_eq!(told(&held, NOW), "cards.on-hold");
        let revoked = [(serial, pki::State::Revoked { at: NOW.plus_ms(-5000), reason: Reason::Superseded })];
        assert_eq!(told(&revoked, as_of.plus_ms(60_001)), "cards.revoked");
    }

    #[test]
    fn s1_r11_the_register_says_whose_a_card_is_and_how_it_stands() {
        audit::testing::each_database("cards_judge", |store| {
            let proved = Proved {
                serial: Serial::new(&[0x40, 7]).unwrap(),
                validity: Validity::Valid,
                nonce: prover().nonce([5; 16], NOW, &BOUND),
            };
            let ids = ::store::testing::seeded_ids(100);
            let cx = Cx::new(NOW, Actor::System, Purpose::Operation, ids.as_ref());
            let judged = || word(store.look(|tx| judge(tx, &proved)).unwrap());
            let person = Id::new(1).unwrap();
            assert_eq!(judged(), "cards.unknown-card");
            let new = NewCertificate {
                serial: proved.serial.clone(),
                valid_from: NOW.plus_ms(-YEAR_MS),
                valid_until: NOW.plus_ms(YEAR_MS),
                source: Source::Card,
                holder: Holder::Person(person),
            };
            let certificate = store.change(|tx| crate::register(tx, &cx, &new)).unwrap().unwrap();
            assert_eq!(judged(), "proved");
            store.change(|tx| crate::hold(tx, &cx, person, Channel::CallCentre)).unwrap().unwrap();
            assert_eq!(judged(), "cards.on-hold");
            store.change(|tx| crate::lift(tx, &cx, person, Channel::CallCentre)).unwrap().unwrap();
            assert_eq!(judged(), "proved");
            let lost = crate::rules::Reason::Lost;
            store
                .change(|tx| crate::revoke(tx, &cx, certificate, lost, Channel::Authority))
                .unwrap()
                .unwrap();
            assert_eq!(judged(), "cards.revoked");
        });
    }

    #[test]
    fn nothing_of_a_card_prints_by_accident() {
        let der = certificate(&ours(), &key("leaf-rsa-01"), NOW.plus_ms(YEAR_MS));
        let proved = prove_at(&prover(), &der, &key("leaf-rsa-01"), NOW).unwrap();
        assert_eq!(format!("{proved:?} {:?}", prover()), "Proved(…) Prover(…)");
    }
}
