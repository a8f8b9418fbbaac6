//! Signing in by card, and how long that holds.
//!
//! Always holds: as `tests` says of every story.
//! Not here: pages.

use super::*;
use audit::testing::each_database;
use base::{Actor, Purpose};

#[test]
fn s3_r1_a_card_proves_the_browser_that_began() {
    each_database("portal_sign_in", |store| {
        let town = Town::new(store);
        let wallet = town.person_with_card(1);
        let token = town.token();
        let text = town.begin(&token);
        assert_eq!(word(&town.enter(&token)), "portal.not-proved", "before the card");
        let proof = wallet.sign(&text);
        assert_eq!(word(&town.prove(&proof)), "yes");
        assert_eq!(town.visit(&token.text()), "nobody", "the cookie that was proved is no session");
        let cookie = town.enter(&token).unwrap();
        assert_eq!(town.visit(&cookie), "per_0000000000001");
        assert_eq!(town.visit(&token.text()), "nobody", "the cookie from before is none either");
        assert_eq!(word(&town.prove(&proof)), "cards.nonce-used", "replayed");
        assert_eq!(
            word(&town.prove(&wallet.sign(&town.begin(&token)))),
            "cards.nonce-used",
            "a session once"
        );
        assert_eq!(word(&town.enter(&token)), "portal.not-proved", "entered once");
        town.no_row_names_anybody();
    });
}

#[test]
fn s3_r1_a_nonce_serves_its_own_session_and_its_life() {
    each_database("portal_nonces", |store| {
        let town = Town::new(store);
        let wallet = town.person_with_card(1);
        let (mine, theirs) = (town.token(), town.token());
        let (my_text, their_text) = (town.begin(&mine), town.begin(&theirs));
        // The nonce of one session with the name of the other, signed by a good card.
        let (session, _) = my_text.split_once('.').unwrap();
        let (_, nonce) = their_text.split_once('.').unwrap();
        assert_eq!(word(&town.prove(&wallet.sign(&format!("{session}.{nonce}")))), "cards.nonce-foreign");
        for text in ["", ".", "x.y", nonce, &format!("{my_text}."), &format!(".{my_text}")] {
            assert_eq!(word(&town.prove(&wallet.sign(text))), "cards.nonce-foreign", "{text}");
        }
        // A signature over one text, handed over with another of the same session.
        let mut proof = wallet.sign(&my_text);
        town.tokens_used();
        proof.text = town.begin(&mine);
        assert_eq!(word(&town.prove(&proof)), "cards.signature-wrong");
        town.pass(NONCE_LIFE_MS);
        let late = wallet.sign(&my_text);
        let last = wallet.sign(&their_text);
        assert_eq!(word(&town.prove(&last)), "yes", "at the last millisecond");
        town.pass(1);
        assert_eq!(word(&town.prove(&late)), "cards.nonce-stale");
    });
}

#[test]
fn s1_r11_a_card_that_is_held_opens_nothing() {
    each_database("portal_held", |store| {
        let town = Town::new(store);
        let wallet = town.person_with_card(1);
        let (first, second) = (town.sign_in(&wallet).unwrap(), town.sign_in(&wallet).unwrap());
        let waiting = town.token();
        town.prove(&wallet.sign(&town.begin(&waiting))).unwrap();
        assert_eq!(town.own(1, |tx, cx| crate::hold(tx, cx, person(1), &first)), Ok(1));
        assert_eq!(town.own(1, |tx, cx| crate::hold(tx, cx, person(1), &first)), Ok(0), "held already");
        assert_eq!(town.visit(&first), "per_0000000000001", "the session that held it goes on");
        assert_eq!(town.visit(&second), "nobody", "every other one has ended");
        assert_eq!(word(&town.enter(&waiting)), "portal.not-proved", "and every proof");
        assert_eq!(word(&town.sign_in(&wallet)), "cards.on-hold");
        assert_eq!(town.own(1, |tx, cx| crate::lift(tx, cx, person(1))), Ok(1));
        assert_eq!(word(&town.sign_in(&wallet)), "yes");
        town.no_row_names_anybody();
    });
}

#[test]
fn s1_r11_a_session_ends_with_the_card_that_opened_it() {
    each_database("portal_revoked", |store| {
        let town = Town::new(store);
        let (wallet, other) = (town.person_with_card(1), town.person_with_card(2));
        let (cookie, others) = (town.sign_in(&wallet).unwrap(), town.sign_in(&other).unwrap());
        let theirs = town.own(1, |tx, _| cards::list(tx, person(1)));
        town.own(1, |tx, cx| {
            let (lost, authority) = (cards::rules::Reason::Lost, cards::rules::Channel::Authority);
            cards::revoke(tx, cx, theirs[0].certificate, lost, authority)
        })
        .unwrap();
        assert_eq!(town.visit(&cookie), "nobody");
        assert_eq!(town.visit(&others), "per_0000000000002");
    });
}

/// The card is checked, held, and only then the proof is used: deciding happens in the change.
#[test]
fn s1_r11_a_hold_between_check_and_use_is_seen() {
    each_database("portal_race", |store| {
        let town = Town::new(store);
        let wallet = town.person_with_card(1);
        let token = town.token();
        let proof = wallet.sign(&town.begin(&token));
        let prover = town.prover.clone();
        let sent = proof.clone();
        let checked = town
            .read_as(Actor::System, Purpose::OwnRecord, move |tx, cx| crate::check(tx, cx, &prover, &sent))
            .unwrap();
        town.own(1, |tx, cx| crate::hold(tx, cx, person(1), "")).unwrap();
        let used = town.change_as(Actor::System, Purpose::OwnRecord, |tx, cx| crate::prove(tx, cx, &checked));
        assert_eq!(word(&used), "cards.on-hold");
    });
}

/// One proof, handed over by several readers at once, opens one session.
#[test]
fn s3_r1_of_racing_uses_of_one_proof_one_counts() {
    each_database("portal_racing", |store| {
        let town = Town::new(store);
        let wallet = town.person_with_card(1);
        let token = town.token();
        let proof = wallet.sign(&town.begin(&token));
        let prover = town.prover.clone();
        let checked = town
            .read_as(Actor::System, Purpose::OwnRecord, move |tx, cx| crate::check(tx, cx, &prover, &proof))
            .unwrap();
        let (ids, now) = (&town.ids, town.now.get());
        let use_it = || {
            let cx = base::Cx::new(now, Actor::System, Purpose::OwnRecord, ids.as_ref());
            word(&store.change(|tx| crate::prove(tx, &cx, &checked)).unwrap())
        };
        let mut told: Vec<String> = std::thread::scope(|scope| {
            let all: Vec<_> = (0..4).map(|_| scope.spawn(use_it)).collect();
            all.into_iter().map(|one| one.join().unwrap()).collect()
        });
        told.sort();
        assert_eq!(told, ["cards.nonce-used", "cards.nonce-used", "cards.nonce-used", "yes"]);
    });
}

#[test]
fn s3_r1_in_its_months_of_grace_a_card_opens_nothing_here() {
    each_database("portal_grace", |store| {
        let town = Town::new(store);
        town.settle(1, "ｺｳﾉ ﾊﾅｺ", "架空県");
        let wallet = town.issue(1, NOW.date().begins().plus_ms(DAY_MS - 1000)); // 23:59:59
        let certificate = pki::Certificate::parse(&wallet.sign("").certificate).unwrap();
        let last = certificate.not_after();
        town.now.set(last);
        assert_eq!(word(&town.sign_in(&wallet)), "yes");
        town.now.set(last.plus_ms(1));
        assert_eq!(word(&town.sign_in(&wallet)), "portal.card-in-grace");
        town.now.set(last.plus_ms(120 * DAY_MS));
        assert_eq!(word(&town.sign_in(&wallet)), "cards.expired");
    });
}

#[test]
fn s3_r1_a_proof_is_entered_with_soon() {
    each_database("portal_enter", |store| {
        let town = Town::new(store);
        let wallet = town.person_with_card(1);
        for (after_ms, outcome) in [(ENTER_MS, "yes"), (ENTER_MS + 1, "portal.not-proved")] {
            let token = town.token();
            town.prove(&wallet.sign(&town.begin(&token))).unwrap();
            town.pass(after_ms);
            assert_eq!(word(&town.enter(&token)), outcome, "{after_ms}");
        }
    });
}

#[test]
fn s3_r1_a_session_ends_when_idle_and_when_old() {
    each_database("portal_idle", |store| {
        let town = Town::new(store);
        let wallet = town.person_with_card(1);
        let cookie = town.sign_in(&wallet).unwrap();
        let begun = town.now.get();
        let touch =
            || town.change_as(Actor::System, Purpose::Operation, |tx, cx| crate::touch(tx, cx.now, &cookie));
        town.pass(TOUCH_MS - 1);
        assert_eq!(town.visit(&cookie), "per_0000000000001");
        town.pass(1);
        assert_eq!(town.visit(&cookie), "per_0000000000001, to be noted");
        town.now.set(begun.plus_ms(SESSION_IDLE_MS - 1));
        assert_eq!(town.visit(&cookie), "per_0000000000001, to be noted");
        town.now.set(begun.plus_ms(SESSION_IDLE_MS));
        assert_eq!(town.visit(&cookie), "nobody");
        // Used all the time, it ends all the same.
        town.now.set(begun);
        while town.now.get() < begun.plus_ms(SESSION_MAX_MS - MINUTE) {
            town.pass(MINUTE);
            touch();
        }
        town.now.set(begun.plus_ms(SESSION_MAX_MS - 1));
        assert_eq!(town.visit(&cookie), "per_0000000000001");
        town.now.set(begun.plus_ms(SESSION_MAX_MS));
        assert_eq!(town.visit(&cookie), "nobody");
    });
}

#[test]
fn s3_r1_signing_out_ends_this_session_only() {
    each_database("portal_sign_out", |store| {
        let town = Town::new(store);
        let wallet = town.person_with_card(1);
        let (one, other) = (town.sign_in(&wallet).unwrap(), town.sign_in(&wallet).unwrap());
        town.own(1, |tx, cx| crate::sign_out(tx, cx, &one));
        town.own(1, |tx, cx| crate::sign_out(tx, cx, &one));
        assert_eq!((town.visit(&one), town.visit(&other)), ("nobody".into(), "per_0000000000001".into()));
        for nobody in ["", "x", &"A".repeat(43)] {
            assert_eq!(town.visit(nobody), "nobody");
        }
    });
}
