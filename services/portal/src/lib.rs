//! The portal: a person's own pages after card and PIN, and the call centre's page that suspends a caller's card.
//!
//! Always holds: nobody sees anything before a card has proved who they are; a nonce proves one browser's session once,
//! and the browser goes on under a new cookie; whoever holds their cards ends every other session of theirs; a person is
//! told of every look at them that the log has, and telling is a row of the log too. The call centre learns of a caller
//! how many cards are live or suspended, and nothing else.
//! Not here: the reader (`terminal`), proving a card (`cards::proof`), consents, enrolments, coverages and cases
//! themselves; drugs, checkups and expenses (later).
//! Rules come from: docs/rules.md S1 r8, r11; S2 r2; S3 r1, r2, r3; S5 r2; S13 r1; S17 r1.

#![forbid(unsafe_code)]

pub mod refusals;
pub mod rules;
mod store;
#[cfg(test)]
mod tests;
pub mod web;

use ::store::Tx;
use audit::{Acts, Entry, Evidence, Side, say};
use base::{Actor, Answer, Cx, Date, Id, Instant, Kind, Refusal, Result, kinds};
use cards::{
    proof::{Presented, Prover, judge},
    rules::{Channel, Known, State},
};
use enrolment::rules::Enrolment;
use people::rules::Questions;
use pki::Bound;
use rules::{Asked, Call, Look, Own, Token, Visit};
use std::collections::{BTreeMap, BTreeSet};

// Signing in ---------------------------------------------------------------------------------------------------------

/// Who a session's cookie belongs to; nothing when it has ended, or when the card that opened it was revoked since. One
/// that was suspended goes on: it is from here that the suspension is lifted. When [`Visit::touch_due`], call [`touch`].
pub fn visit(tx: &mut Tx<'_>, now: Instant, token: &str) -> Result<Option<Visit>> {
    let Some(token) = Token::parse(token) else {
        return Ok(None);
    };
    let Some(stored) = store::session(tx, &token.digest())? else {
        return Ok(None);
    };
    let theirs = cards::list(tx, stored.person)?;
    Ok(rules::visit(&stored, &theirs, &token, now))
}

/// Notes that a session is in use. Runs inside `Store::change`.
pub fn touch(tx: &mut Tx<'_>, now: Instant, token: &str) -> Result<()> {
    match Token::parse(token) {
        Some(token) => store::touch(tx, &token.digest(), now),
        None => Ok(()),
    }
}

/// Whether a cookie may still be proved by a card: it never was, and it is no session's.
pub fn is_fresh(tx: &mut Tx<'_>, token: &Token) -> Result<bool> {
    Ok(store::proof(tx, &token.digest())?.is_none() && store::session(tx, &token.digest())?.is_none())
}

/// What a reader is given, so that its card proves the browser that holds this cookie. Nothing is recorded.
pub fn begin(prover: &Prover, token: &Token, random: [u8; 16], now: Instant) -> String {
    let session = token.digest();
    let bound =
        Bound { door: rules::DOOR, facility: 0, terminal: 0, session: &rules::session_text(&session) };
    rules::sign_in_text(&session, &prover.nonce(random, now, &bound).text())
}

/// What a reader hands over.
#[derive(Clone)]
pub struct Proof {
    /// What [`begin`] gave, as it was signed.
    pub text: String,
    /// The authentication certificate, DER.
    pub certificate: Vec<u8>,
    /// The card's signature.
    pub signature: Vec<u8>,
}

/// A proof that was checked and is still to be used: see [`prove`].
#[derive(Clone)]
pub struct Checked {
    session: [u8; 32],
    known: Known,
}

/// Checks a proof (S3 r1): nonce, certificate, signature, and how the card stands. A look: the arithmetic is not done
/// where changes wait for it.
pub fn check(tx: &mut Tx<'_>, cx: &Cx<'_>, prover: &Prover, proof: &Proof) -> Result<Answer<Checked>> {
    let checked = rules::read_sign_in(&proof.text).and_then(|(session, name, nonce)| {
        let bound = Bound { door: rules::DOOR, facility: 0, terminal: 0, session: name };
        let ask = Presented { nonce, certificate: &proof.certificate, signature: &proof.signature };
        Ok((session, prover.prove_text(&bound, &proof.text, &ask, cx.now)?))
    });
    let (session, proved) = match checked {
        Ok(checked) => checked,
        // What was signed for no browser of ours, or long ago, says nothing about anybody, and anyone can send it: it
        // leaves no row, so that a stranger cannot fill the log.
        Err(refusal) if cards::refusals::is_of_nonce(refusal.help) => return Ok(Err(refusal)),
        Err(refusal) => return Ok(Err(refused(tx, cx, PROVE, refusal, None))),
    };
    let whose = cards::find(tx, &proved.serial)?.map(|known| known.person);
    let known = match judge(tx, &proved)? {
        Ok(known) => known,
        Err(refusal) => return Ok(Err(refused(tx, cx, PROVE, refusal, whose))),
    };
    Ok(match rules::may_sign_in(proved.validity) {
        Ok(()) => Ok(Checked { session, known }),
        Err(refusal) => Err(refused(tx, cx, PROVE, refusal, whose)),
    })
}

/// Uses a proof: from now on its browser may enter. A session that was proved before is refused, so a nonce proves once.
/// Runs inside `Store::change`.
pub fn prove(tx: &mut Tx<'_>, cx: &Cx<'_>, checked: &Checked) -> Result<Answer<()>> {
    let Known { person, certificate, .. } = checked.known;
    let newest = cards::list(tx, person)?.into_iter().find(|known| known.certificate == certificate);
    let stands = cards::proof::usable(newest);
    let used = store::proof(tx, &checked.session)?.is_some();
    let refusal = stands.err().or(used.then(cards::refusals::nonce_used));
    if let Some(refusal) = refusal {
        return Ok(Err(refused(tx, cx, PROVE, refusal, Some(person))));
    }
    store::drop_old_proofs(tx, cx.now.plus_ms(-PROOFS_KEPT_MS))?;
    store::insert_proof(tx, &checked.session, person, certificate, cx.now)?;
    let evidence = Evidence {
        outcome: "proved",
        way: "card-pin",
        subject: Some(certificate.raw()),
        ..about(PROVE, person)
    };
    say(tx, cx, &evidence);
    Ok(Ok(()))
}

const PROVE: &str = "portal.prove";
/// Proofs are kept for longer than any nonce or session lives.
const PROOFS_KEPT_MS: i64 = 24 * 60 * 60 * 1000;

/// Lets the browser in whose session a card proved; it goes on under a new cookie. Runs inside `Store::change`.
pub fn enter(tx: &mut Tx<'_>, cx: &Cx<'_>, token: &str, renewed: &Token) -> Result<Answer<()>> {
    let Some(token) = Token::parse(token) else {
        return Ok(Err(refusals::not_proved()));
    };
    let proof = store::proof(tx, &token.digest())?;
    if let Err(refusal) = rules::may_enter(proof.as_ref(), cx.now) {
        return Ok(Err(refusal));
    }
    if let Some(proof) = proof {
        store::use_proof(tx, &token.digest(), cx.now)?;
        store::drop_old_sessions(tx, proof.person, cx.now.plus_ms(-rules::SESSION_MAX_MS))?;
        store::insert_session(tx, &renewed.digest(), &proof, cx.now)?;
        let evidence = Evidence { outcome: "begun", ..about("portal.enter", proof.person) };
        say(tx, cx, &Evidence { subject: Some(proof.certificate.raw()), ..evidence });
    }
    Ok(Ok(()))
}

/// Ends a session. Ending one that has ended does nothing. Runs inside `Store::change`.
pub fn sign_out(tx: &mut Tx<'_>, cx: &Cx<'_>, token: &str) -> Result<()> {
    let (Some(token), Some(visit)) = (Token::parse(token), visit(tx, cx.now, token)?) else {
        return Ok(());
    };
    store::end_session(tx, &token.digest(), cx.now)?;
    say(tx, cx, &Evidence { outcome: "ended", ..about("portal.sign_out", visit.person) });
    Ok(())
}

// One's own ----------------------------------------------------------------------------------------------------------

/// What stands on a person's own first page.
#[derive(Clone)]
pub struct Home {
    /// The name that the resident register has.
    pub name: Option<String>,
    /// Their coverages, those that hold today first.
    pub coverages: Vec<Own>,
    /// Their certificates, newest first.
    pub cards: Vec<Known>,
    /// Their enrolment.
    pub enrolment: Option<Enrolment>,
    /// The day for which this is so.
    pub today: Date,
    /// The instant for which this is so.
    pub now: Instant,
}

/// A person's own first page (S3 r1).
pub fn get(tx: &mut Tx<'_>, cx: &Cx<'_>, person: Id<kinds::Person>) -> Result<Home> {
    let today = cx.now.date();
    let home = Home {
        name: people::get(tx, person)?.map(|attributes| attributes.name.written),
        coverages: coverages(tx, person, today)?,
        cards: cards::list(tx, person)?,
        enrolment: enrolment::get(tx, person)?,
        today,
        now: cx.now,
    };
    let shown = vec!["name", "insurance", "cards", "enrolment"];
    say(tx, cx, &Evidence { outcome: "shown", shown, ..about("portal.get", person) });
    Ok(home)
}

fn coverages(tx: &mut Tx<'_>, person: Id<kinds::Person>, today: Date) -> Result<Vec<Own>> {
    let found = coverage::of_person(tx, person)?;
    let stories = coverage::rules::stories(&found, found.revision);
    let mut own: Vec<Own> = stories.iter().filter_map(|story| rules::own(story, person, today)).collect();
    own.sort_by_key(rules::order);
    Ok(own)
}

/// One of a person's own coverages, to say that it is not theirs; somebody else's looks like one that does not exist.
pub fn coverage(
    tx: &mut Tx<'_>,
    cx: &Cx<'_>,
    person: Id<kinds::Person>,
    coverage: Id<kinds::Coverage>,
) -> Result<Answer<Own>> {
    let found = coverages(tx, person, cx.now.date())?.into_iter().find(|own| own.coverage == coverage);
    let outcome = if found.is_some() { "shown" } else { "refused" };
    let shown = if found.is_some() { vec!["insurance"] } else { Vec::new() };
    let evidence = Evidence { outcome, shown, ..about("portal.coverage", person) };
    say(tx, cx, &Evidence { coverage: found.as_ref().map(|own| own.coverage.raw()), ..evidence });
    Ok(found.ok_or_else(registration::refusals::no_such_coverage))
}

/// A person's enrolment, to see or change it.
pub fn enrolment(tx: &mut Tx<'_>, cx: &Cx<'_>, person: Id<kinds::Person>) -> Result<Option<Enrolment>> {
    let standing = enrolment::get(tx, person)?;
    say(
        tx,
        cx,
        &Evidence { outcome: "shown", shown: vec!["enrolment"], ..about("portal.enrolment", person) },
    );
    Ok(standing)
}

/// A person's certificates, to report a loss.
pub fn cards(tx: &mut Tx<'_>, cx: &Cx<'_>, person: Id<kinds::Person>) -> Result<Vec<Known>> {
    let known = cards::list(tx, person)?;
    say(tx, cx, &Evidence { outcome: "shown", shown: vec!["cards"], ..about("portal.cards", person) });
    Ok(known)
}

/// Suspends a person's cards and phones (S1 r11) and ends every session of theirs but the one that asks, from which the
/// suspension can be lifted again. Runs inside `Store::change`.
pub fn hold(tx: &mut Tx<'_>, cx: &Cx<'_>, person: Id<kinds::Person>, token: &str) -> Result<Answer<usize>> {
    let held = cards::hold(tx, cx, person, Channel::Portal)?;
    if held.is_ok() {
        let own = Token::parse(token).map_or([0; 32], |token| token.digest());
        store::end_all_beside(tx, person, &own, cx.now)?;
    }
    Ok(held)
}

/// Lifts the suspension again. Whoever is signed in here showed the card before it was held, or held it here: a hold at
/// the call centre has ended this session. Runs inside `Store::change`.
pub fn lift(tx: &mut Tx<'_>, cx: &Cx<'_>, person: Id<kinds::Person>) -> Result<Answer<usize>> {
    cards::lift(tx, cx, person, Channel::Portal)
}

/// A consent with the name of its facility.
#[derive(Clone)]
pub struct NamedConsent {
    /// The consent.
    pub listed: consent::rules::Listed,
    /// The facility's name.
    pub facility: Option<String>,
}

/// So many consents are shown, the newest: of older ones nothing can be withdrawn.
pub const CONSENTS_MAX: usize = 100;

/// A person's consents, newest first (S3 r2).
pub fn consents(tx: &mut Tx<'_>, cx: &Cx<'_>, person: Id<kinds::Person>) -> Result<Vec<NamedConsent>> {
    let mut names = Names::default();
    let mut named = Vec::new();
    for listed in consent::list(tx, person, cx.now, CONSENTS_MAX)? {
        let facility = names.of(tx, listed.facility.raw())?;
        named.push(NamedConsent { listed, facility });
    }
    say(tx, cx, &Evidence { outcome: "shown", shown: vec!["consents"], ..about("portal.consents", person) });
    Ok(named)
}

/// Names of facilities, each read once.
#[derive(Default)]
struct Names(BTreeMap<i64, Option<String>>);

impl Names {
    fn of(&mut self, tx: &mut Tx<'_>, facility: i64) -> Result<Option<String>> {
        if let Some(name) = self.0.get(&facility) {
            return Ok(name.clone());
        }
        let found = match Id::new(facility) {
            Some(id) => facilities::get(tx, id)?.map(|facility| facility.entry.name),
            None => None,
        };
        self.0.insert(facility, found.clone());
        Ok(found)
    }
}

// Who looked ---------------------------------------------------------------------------------------------------------

/// A part of what a person is told about looks.
#[derive(Clone)]
pub struct Views {
    /// Its lines, newest first, with the name of each one's facility.
    pub lines: Vec<(Look, Option<String>)>,
    /// Where older ones begin: they are before this instant.
    pub older: Option<Instant>,
}

/// Who looked at what of a person, when, for what and on which consent (S3 r2): every row of the log about the person,
/// whoever wrote it, and every look at a facility's list that showed them. Newest first, those before an instant;
/// `limit` rows and the rest of the last one's millisecond. Reading it is a row of the log itself.
pub fn views(
    tx: &mut Tx<'_>,
    cx: &Cx<'_>,
    person: Id<kinds::Person>,
    before: Option<Instant>,
    limit: usize,
) -> Result<Views> {
    let until = before.unwrap_or(Instant::from_ms(i64::MAX));
    let begin = Instant::from_ms(0);
    let entries = audit::portion_of_person(tx, person.raw(), "", begin, until, limit)?;
    let last = entries.last().map(|entry| entry.at).filter(|_| entries.len() >= limit);
    let older = match last {
        Some(last) if !audit::portion_of_person(tx, person.raw(), "", begin, last, 1)?.is_empty() => last,
        _ => begin,
    };
    let mut looks: Vec<Look> = entries.iter().map(rules::look).collect();
    looks.extend(rules::list_looks(&list_views(tx, person, older, until)?));
    looks.sort_by_key(|look| std::cmp::Reverse(look.at));
    let mut names = Names::default();
    let mut lines = Vec::with_capacity(looks.len());
    for look in looks {
        let name = match look.facility {
            Some(facility) => names.of(tx, facility)?,
            None => None,
        };
        lines.push((look, name));
    }
    say(tx, cx, &Evidence { outcome: "shown", shown: vec!["views"], ..about("portal.views", person) });
    Ok(Views { lines, older: (older > begin).then_some(older) })
}

/// The act of a check, and that of a look at the list of a day's checks.
const CHECK: &str = "counter.check";
const LIST: &str = "counter.list";
/// Looks at lists are read so many at a time.
const LISTS_AT_ONCE: usize = 1_000;

/// Looks at facilities' lists, between two instants, that showed an answer about a person; newest first. A list shows the
/// checks of the day on which it is looked at, so only the days and facilities of the person's own checks are read: no more
/// of them than the page has rows.
fn list_views(
    tx: &mut Tx<'_>,
    person: Id<kinds::Person>,
    from: Instant,
    until: Instant,
) -> Result<Vec<Entry>> {
    let checks = audit::portion_of_person(tx, person.raw(), CHECK, from.date().begins(), until, usize::MAX)?;
    let mut days: BTreeMap<(i64, Date), BTreeSet<i64>> = BTreeMap::new();
    for check in &checks {
        if let (Some(facility), Some(answer)) = (check.facility, check.answer) {
            days.entry((facility, check.at.date())).or_default().insert(answer);
        }
    }
    let mut found = Vec::new();
    for ((facility, day), answers) in days {
        let begin = from.max(day.begins());
        let mut end = until.min(day.plus_days(1).begins());
        loop {
            let only = Acts::Only(LIST);
            let part =
                audit::portion_of_facility(tx, facility, only, begin, end, Side::Newest, LISTS_AT_ONCE)?;
            let Some(last) = part.last().map(|entry| entry.at) else { break };
            let more = part.len() >= LISTS_AT_ONCE;
            let shows = |entry: &Entry| entry.numbers("seen").iter().any(|seen| answers.contains(seen));
            found.extend(part.into_iter().filter(shows));
            if !more {
                break;
            }
            end = last;
        }
    }
    found.sort_by_key(|entry| std::cmp::Reverse(entry.at));
    Ok(found)
}

// The call centre ----------------------------------------------------------------------------------------------------

/// A call that somebody of the call centre took.
#[derive(Debug)]
pub enum CallKind {}

impl Kind for CallKind {
    const PREFIX: &'static str = "cal";
}

/// Identifies a caller by their answers (S13 r1): all of them must fit exactly one person. Which one was wrong is told to
/// nobody; misses are slowed, then refused and alarmed. Runs inside `Store::change`.
pub fn identify(tx: &mut Tx<'_>, cx: &Cx<'_>, questions: &Questions) -> Result<Answer<Id<CallKind>>> {
    let Some(staff) = operator(cx) else {
        return Ok(Err(refusals::no_such_call()));
    };
    let misses = store::misses(tx, staff, cx.now.plus_ms(-rules::MISS_WINDOW_MS))?;
    if misses >= rules::MISSES_MAX {
        return Ok(Err(refused(tx, cx, IDENTIFY, refusals::guessing(), None)));
    }
    let found = people::find(tx, questions)?;
    let person = match found[..] {
        [one] => Some(one),
        _ => None,
    };
    let everything = questions.postcode.is_some() && questions.house.is_some();
    let asked = if everything { Asked::Everything } else { Asked::Enough };
    let id: Id<CallKind> = cx.id();
    store::insert_call(tx, id, &Call { staff, at: cx.now, person, asked, ended: false })?;
    match person {
        Some(person) => {
            let evidence = Evidence { outcome: "identified", ..about(IDENTIFY, person) };
            say(tx, cx, &Evidence { subject: Some(id.raw()), ..evidence });
            Ok(Ok(id))
        }
        None => {
            missed(tx, cx, misses + 1);
            let refusal = refusals::not_identified(rules::miss_wait_ms(misses + 1));
            Ok(Err(refused(tx, cx, IDENTIFY, refusal, None)))
        }
    }
}

const IDENTIFY: &str = "portal.identify";

/// The miss that closes an operator's calls for a while raises the alarm.
fn missed(tx: &mut Tx<'_>, cx: &Cx<'_>, misses: usize) {
    if misses == rules::MISSES_MAX {
        let evidence =
            Evidence { act: "portal.alarm", outcome: "alarm", code: "guessing", ..Evidence::default() };
        say(tx, cx, &evidence);
    }
}

fn operator(cx: &Cx<'_>) -> Option<i64> {
    match cx.actor {
        Actor::Staff { staff, .. } => Some(staff),
        _ => None,
    }
}

/// What the call centre sees of an identified caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Certificates that can be suspended.
    pub live: usize,
    /// Certificates that are suspended.
    pub held: usize,
    /// What identified the caller.
    pub asked: Asked,
}

/// A call whose caller was identified, while it lasts, for the operator who took it.
pub fn call(tx: &mut Tx<'_>, cx: &Cx<'_>, id: Id<CallKind>) -> Result<Answer<Caller>> {
    let (person, asked) = match caller(tx, cx, id)? {
        Ok(caller) => caller,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let theirs = cards::list(tx, person)?;
    let count = |wanted: fn(State) -> bool| theirs.iter().filter(|known| wanted(known.state)).count();
    let (live, held) =
        (count(|state| state == State::Live), count(|state| matches!(state, State::Held { .. })));
    let evidence = Evidence { outcome: "shown", shown: vec!["cards"], ..about("portal.call", person) };
    say(tx, cx, &Evidence { subject: Some(id.raw()), ..evidence });
    Ok(Ok(Caller { live, held, asked }))
}

fn caller(tx: &mut Tx<'_>, cx: &Cx<'_>, id: Id<CallKind>) -> Result<Answer<(Id<kinds::Person>, Asked)>> {
    let call = store::call(tx, id)?;
    Ok(rules::caller(call.as_ref(), operator(cx), cx.now))
}

/// Suspends an identified caller's cards, at any hour (S13 r1, S1 r11), and ends their sessions. Runs inside
/// `Store::change`.
pub fn hold_for(tx: &mut Tx<'_>, cx: &Cx<'_>, id: Id<CallKind>) -> Result<Answer<usize>> {
    let (person, _) = match caller(tx, cx, id)? {
        Ok(caller) => caller,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let held = cards::hold(tx, cx, person, Channel::CallCentre)?;
    if held.is_ok() {
        store::end_all_beside(tx, person, &[0; 32], cx.now)?;
    }
    Ok(held)
}

/// Lifts the suspension of an identified caller's cards, for more answers than suspending takes: see
/// [`rules::may_lift`]. A wrong one ends the call and counts as a miss. Runs inside `Store::change`.
pub fn lift_for(
    tx: &mut Tx<'_>,
    cx: &Cx<'_>,
    id: Id<CallKind>,
    held_on: Option<Date>,
) -> Result<Answer<usize>> {
    let (person, asked) = match caller(tx, cx, id)? {
        Ok(caller) => caller,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let theirs = cards::list(tx, person)?;
    if let Err(mut refusal) = rules::may_lift(&theirs, asked, held_on) {
        if let Some(staff) = operator(cx).filter(|_| refusal == refusals::not_enough()) {
            store::end_call(tx, id, cx.now)?;
            let miss: Id<CallKind> = cx.id();
            store::insert_call(tx, miss, &Call { staff, at: cx.now, person: None, asked, ended: false })?;
            let misses = store::misses(tx, staff, cx.now.plus_ms(-rules::MISS_WINDOW_MS))?;
            missed(tx, cx, misses);
            refusal = refusal.after_ms(rules::miss_wait_ms(misses));
        }
        return Ok(Err(refused(tx, cx, "portal.lift_for", refusal, Some(person))));
    }
    cards::lift(tx, cx, person, Channel::CallCentre)
}

// What several operations do -----------------------------------------------------------------------------------------

fn about(act: &'static str, person: Id<kinds::Person>) -> Evidence {
    Evidence { act, person: Some(person.raw()), ..Evidence::default() }
}

/// A refusal is recorded like an answer.
fn refused(
    tx: &mut Tx<'_>,
    cx: &Cx<'_>,
    act: &'static str,
    refusal: Refusal,
    person: Option<Id<kinds::Person>>,
) -> Refusal {
    let (code, person) = (refusal.help.code, person.map(Id::raw));
    say(tx, cx, &Evidence { act, outcome: "refused", code, person, ..Evidence::default() });
    refusal
}
