//! Random worlds, asked at random, beside a second model of the rules in the plainest way.
//!
//! Always holds: outcome and what is shown agree with the model; whatever is shown belongs to somebody whose numbers,
//! branch and birth date the question has; what was decided before a correction is decided so again after it; a
//! facility's list holds its own checks only. Numbers come from tiny alphabets, so that they collide.
//! Not here: code shared with `rules`: the model is a loop over a vector that is overwritten by each correction.

use super::desk::{Desk, day, plain_entry, settings};
use crate::{
    Check, Checked,
    rules::{Declared, Outcome, Typed, read},
};
use audit::testing::each_database;
use base::{Actor, BirthDate, BranchNumber, Date, Id, InsurerNumber, Purpose, kinds};
use coverage::rules::{LinkState, NewEntry, NewFact, What};
use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use std::collections::BTreeMap;

/// What one coverage is, now: a correction writes over it.
#[derive(Clone, Debug)]
struct Card {
    /// Whose it is.
    owner: usize,
    /// Whom it is linked to, and how sure that is: 0 sure, 1 held back, 2 quarantined, 3 nobody.
    linked: (usize, u8),
    insurer: usize,
    symbol: usize,
    number: usize,
    branch: Option<u8>,
    birth: usize,
    aid: bool,
    /// Days are counted from the day before the story.
    from: i64,
    /// First day without, and whether by death.
    loss: Option<(i64, bool)>,
    rate: Option<i64>,
    withheld: bool,
    limit: bool,
    ticket_for: Option<usize>,
}

#[derive(Clone, Debug)]
struct Asked {
    facility: usize,
    /// Take the numbers of this card …
    card: usize,
    /// … but change them by these, when there is something.
    other: (Option<usize>, Option<usize>, Option<Option<u8>>, Option<usize>),
    day: i64,
    limit: bool,
}

#[derive(Clone, Debug)]
struct World {
    before: Vec<Card>,
    after: Vec<Card>,
    questions: Vec<Asked>,
    more: Vec<Asked>,
}

const INSURERS: [&str; 2] = ["06132013", "133066"];
const BIRTHS: [&str; 2] = ["19800401", "19800402"];
/// Written differently, the first two are one number.
const NUMBERS: [(&str, &str); 3] = [("01", "1"), ("１", "1"), ("2", "2")];
const SYMBOLS: [Option<&str>; 3] = [None, Some("Ａ"), Some("A0")];
const FACILITIES: [&str; 2] = ["A", "B"];

fn card() -> impl Strategy<Value = Card> {
    let numbers = (0..2usize, 0..3usize, 0..3usize, prop::option::weighted(0.7, 1..3u8), 0..2usize);
    let link = (0..3usize, prop_oneof![8 => Just(0u8), 1 => Just(1), 1 => Just(2), 1 => Just(3)], 0..3usize);
    let dates = (-60..20i64, prop::option::weighted(0.4, (-40..20i64, prop::bool::weighted(0.2))));
    let facts = (
        prop::option::of(prop_oneof![Just(10i64), Just(30)]),
        prop::bool::weighted(0.15),
        any::<bool>(),
        prop::option::of(0..2usize),
        prop::bool::weighted(0.25),
    );
    (numbers, link, dates, facts).prop_map(|(numbers, (owner, sure, wrong), (from, loss), facts)| Card {
        owner,
        // A link that is sure is right; one that is not may name anybody.
        linked: (if sure == 0 { owner } else { wrong }, sure),
        insurer: numbers.0,
        symbol: numbers.1,
        number: numbers.2,
        branch: numbers.3,
        birth: numbers.4,
        aid: facts.4,
        from,
        loss,
        rate: facts.0,
        withheld: facts.1,
        limit: facts.2,
        ticket_for: facts.3,
    })
}

fn asked() -> impl Strategy<Value = Asked> {
    let seldom = 0.15;
    let other = (
        prop::option::weighted(seldom, 0..3usize),
        prop::option::weighted(seldom, 0..3usize),
        prop::option::weighted(0.4, prop::option::of(1..3u8)),
        prop::option::weighted(seldom, 0..2usize),
    );
    (0..2usize, 0..5usize, other, -50..30i64, any::<bool>())
        .prop_map(|(facility, card, other, day, limit)| Asked { facility, card, other, day, limit })
}

fn world() -> impl Strategy<Value = World> {
    (vec(card(), 1..6), vec(prop::option::weighted(0.5, card()), 5), vec(asked(), 3..6), vec(asked(), 3..6))
        .prop_map(|(before, corrections, questions, more)| {
            // A corrected coverage stays its owner's.
            let corrected = |(old, new): (&Card, &Option<Card>)| match new {
                None => old.clone(),
                Some(new) => Card {
                    owner: old.owner,
                    linked: (if new.linked.1 == 0 { old.owner } else { new.linked.0 }, new.linked.1),
                    ..new.clone()
                },
            };
            let after = before.iter().zip(&corrections).map(corrected).collect();
            World { before, after, questions, more }
        })
}

/// How the model says that a check ends: outcome, and which cards are shown.
#[derive(Debug, PartialEq)]
struct Verdict {
    outcome: &'static str,
    shown: Vec<usize>,
}

/// What is asked, in the model's words.
struct Numbers {
    insurer: usize,
    symbol: &'static str,
    number: &'static str,
    branch: Option<u8>,
    birth: usize,
}

fn numbers_of(cards: &[Card], asked: &Asked) -> Numbers {
    let card = &cards[asked.card % cards.len()];
    Numbers {
        insurer: card.insurer,
        symbol: canon_symbol(asked.other.0.unwrap_or(card.symbol)),
        number: NUMBERS[asked.other.1.unwrap_or(card.number)].1,
        branch: asked.other.2.unwrap_or(card.branch),
        birth: asked.other.3.unwrap_or(card.birth),
    }
}

fn canon_symbol(symbol: usize) -> &'static str {
    ["", "A", "A0"][symbol]
}

/// Which cards answer to the numbers asked for.
fn hits_of(cards: &[Card], asked: &Asked) -> Vec<usize> {
    let wanted = numbers_of(cards, asked);
    let mut hits: Vec<usize> = Vec::new();
    for (n, card) in cards.iter().enumerate() {
        let branch_fits = match (wanted.branch, card.branch) {
            (Some(asked), Some(registered)) => asked == registered,
            _ => true,
        };
        if card.insurer == wanted.insurer
            && canon_symbol(card.symbol) == wanted.symbol
            && NUMBERS[card.number].1 == wanted.number
            && branch_fits
            && card.birth == wanted.birth
        {
            hits.push(n);
        }
    }
    hits
}

fn who(card: &Card) -> Option<usize> {
    (card.linked.1 != 3).then_some(card.linked.0)
}

fn lost(card: &Card, day: i64) -> bool {
    card.loss.is_some_and(|(on, _)| on <= day)
}

fn covers(card: &Card, day: i64) -> bool {
    card.from <= day && !lost(card, day)
}

/// The one that covers the day; else the one that began last before it; else the one that begins next.
fn chosen_of(cards: &[Card], hits: &[usize], day: i64) -> usize {
    let mut chosen = hits[0];
    for &n in &hits[1..] {
        let (new, old) = (&cards[n], &cards[chosen]);
        let better = if covers(new, day) != covers(old, day) {
            covers(new, day)
        } else if (new.from <= day) != (old.from <= day) {
            new.from <= day
        } else if new.from <= day {
            new.from >= old.from
        } else {
            new.from <= old.from
        };
        if better {
            chosen = n;
        }
    }
    chosen
}

/// The rules once more, from the law's side.
fn verdict(cards: &[Card], asked: &Asked, today: i64) -> Verdict {
    let day = asked.day;
    let end = |outcome, shown| Verdict { outcome, shown };
    let hits = hits_of(cards, asked);
    if hits.is_empty() {
        return end("none", vec![]);
    }
    if hits.iter().any(|&n| who(&cards[n]) != who(&cards[hits[0]])) {
        return end("several", vec![]);
    }
    let chosen = chosen_of(cards, &hits, day);
    let card = &cards[chosen];
    if card.linked.1 != 0 {
        return end("undetermined", vec![]);
    }
    let covering: Vec<usize> = (0..cards.len())
        .filter(|&n| n != chosen && who(&cards[n]) == who(card) && covers(&cards[n], day))
        .collect();
    if lost(card, day) {
        // Medical aid may follow insurance; insurance does not follow medical aid.
        let next: Vec<usize> = covering.into_iter().filter(|&n| cards[n].aid || !card.aid).collect();
        let (on, death) = card.loss.expect("lost");
        return if next.iter().any(|&n| cards[n].linked.1 == 0) {
            end("invalid-new-known", vec![chosen])
        } else if death {
            end("invalid", vec![chosen])
        } else if !next.is_empty() || today <= on + settings().filing_window_days {
            end("undetermined", vec![])
        } else {
            end("invalid", vec![chosen])
        };
    }
    if card.from > day {
        return end("none", vec![]);
    }
    if card.aid {
        let entrusted = card.ticket_for == Some(asked.facility);
        return end(if entrusted { "valid" } else { "aid-unregistered" }, vec![chosen]);
    }
    let aid = covering.into_iter().find(|&n| cards[n].aid && cards[n].linked.1 == 0);
    end("valid", std::iter::once(chosen).chain(aid).collect())
}

/// The same for a person whom a card has shown, by going through what may be said from the best to the worst.
fn verdict_by_card(cards: &[Card], person: usize, facility: usize, today: i64) -> Verdict {
    let end = |outcome, shown| Verdict { outcome, shown };
    let mine: Vec<usize> = (0..cards.len()).filter(|&n| who(&cards[n]) == Some(person)).collect();
    let latest = |of: Vec<usize>, day: fn(&Card) -> i64| of.into_iter().max_by_key(|&n| (day(&cards[n]), n));
    let some = |wanted: &dyn Fn(&Card) -> bool| -> Vec<usize> {
        mine.iter().copied().filter(|&n| wanted(&cards[n])).collect()
    };
    let sure = |card: &Card| card.linked.1 == 0;
    let began = |card: &Card| card.from;
    if let Some(n) = latest(some(&|c| sure(c) && covers(c, today) && !c.aid), began) {
        let aid = some(&|c| sure(c) && covers(c, today) && c.aid).into_iter().next();
        return end("valid", std::iter::once(n).chain(aid).collect());
    }
    if let Some(n) = latest(some(&|c| sure(c) && covers(c, today) && c.aid), began) {
        let entrusted = cards[n].ticket_for == Some(facility);
        return end(if entrusted { "valid" } else { "aid-unregistered" }, vec![n]);
    }
    if !some(&|c| !sure(c) && covers(c, today)).is_empty() {
        return end("undetermined", vec![]);
    }
    // Whoever lost something within the window may have a successor under way, whatever was lost long before.
    let lost_on = |n: &usize| cards[*n].loss.map_or(0, |(on, _)| on);
    let gone = some(&|c| sure(c) && lost(c, today));
    if let Some(n) = gone.into_iter().max_by_key(|n| (lost_on(n), !cards[*n].aid, *n)) {
        let (on, death) = cards[n].loss.expect("lost");
        let early = today <= on + settings().filing_window_days;
        return if death || !early { end("invalid", vec![n]) } else { end("undetermined", vec![]) };
    }
    if !some(&|c| !sure(c)).is_empty() {
        return end("undetermined", vec![]);
    }
    end("none", vec![])
}

/// The real thing: one world after another in one store, each with ids, numbers and names of its own.
struct Stage<'s> {
    desk: Desk<'s>,
    world: i64,
    /// Whom each decision was made for.
    decided: BTreeMap<i64, (usize, String)>,
}

fn date(offset: i64) -> Date {
    day("20260531").plus_days(offset)
}

impl Stage<'_> {
    fn person(&self, n: usize) -> Id<kinds::Person> {
        Id::new(self.world * 100 + n as i64 + 1).expect("positive")
    }

    fn coverage(&self, n: usize) -> Id<kinds::Coverage> {
        Id::new(1_000_000 + self.world * 100 + n as i64).expect("positive")
    }

    /// A name that nobody else of any world has.
    fn name(&self, owner: usize) -> String {
        format!("姓{}　名{owner}", self.world)
    }

    fn number(&self, number: usize) -> String {
        format!("7{:05}-{}", self.world, NUMBERS[number].0)
    }

    fn entry(&self, card: &Card) -> NewEntry {
        let mut entry = plain_entry(1);
        entry.insurer = InsurerNumber::parse(INSURERS[card.insurer]).expect("an insurer number");
        entry.symbol = SYMBOLS[card.symbol].map(str::to_owned);
        entry.number = self.number(card.number);
        entry.branch = card.branch.and_then(|branch| BranchNumber::from_number(branch.into()));
        entry.birth = BirthDate::parse8(BIRTHS[card.birth]).expect("a birth date");
        entry.card_class = if card.aid { "A1" } else { "01" }.into();
        entry.name.written = self.name(card.owner);
        entry.address = Some(format!("住所{}", card.owner));
        entry.qualified_on = date(card.from);
        entry
    }

    fn facts(&self, card: &Card) -> Vec<(&'static str, Vec<NewFact>)> {
        let always = |what: Option<What>| what.map(NewFact::always).into_iter().collect();
        let state = [LinkState::Verified, LinkState::HeldBack, LinkState::Quarantined]
            .get(card.linked.1 as usize)
            .copied();
        let link = state.map(|state| What::Link { person: self.person(card.linked.0), state });
        let loss = card.loss.map(|(on, death)| NewFact {
            starts_on: Some(date(on)),
            ..NewFact::always(What::Loss { reason: if death { "01" } else { "03" }.into() })
        });
        let ticket = card.ticket_for.map(|facility| What::Ticket {
            kind: "01".into(),
            treatment: "02".into(),
            facility: super::desk::facility_code(FACILITIES[facility]).to_string(),
            number: "T".into(),
            self_pay: 0,
        });
        let limit = What::Limit { class: "01".into(), flag: "A03".into(), long_term_on: None };
        vec![
            ("link", always(link)),
            ("loss", loss.into_iter().collect()),
            ("rate", always(card.rate.map(|percent| What::Rate { percent }))),
            ("withheld", always(card.withheld.then_some(What::Withheld))),
            ("limit", always(card.limit.then_some(limit))),
            ("ticket", always(ticket)),
        ]
    }

    fn record(&self, cards: &[Card], first: bool) {
        let cx = self.desk.cx(Actor::System, Purpose::Registration);
        let recorded = self.desk.store.record(self.desk.now, |tx| {
            for (n, card) in cards.iter().enumerate() {
                let (id, entry) = (self.coverage(n), self.entry(card));
                if first {
                    coverage::register_as(tx, &cx, id, &entry)?;
                } else {
                    coverage::correct(tx, &cx, id, &entry)?;
                }
                for (kind, wanted) in self.facts(card) {
                    coverage::settle(tx, &cx, id, kind, &wanted)?;
                }
            }
            Ok(())
        });
        recorded.expect("recorded");
    }

    fn question(&self, cards: &[Card], asked: &Asked) -> Check {
        let wanted = numbers_of(cards, asked);
        let typed = Typed {
            insurer: INSURERS[wanted.insurer].into(),
            symbol: wanted.symbol.to_lowercase(),
            number: format!("7{:05}-{}", self.world, wanted.number),
            branch: wanted.branch.map(|branch| branch.to_string()).unwrap_or_default(),
            birth: BIRTHS[wanted.birth].into(),
        };
        let declared = Declared { limit: asked.limit, diseases: false };
        Check {
            facility_code: None,
            ask: read(&typed).expect("in form"),
            day: Some(date(asked.day)),
            declared,
        }
    }

    fn ask(&mut self, cards: &[Card], asked: &Asked) {
        let question = self.question(cards, asked);
        let today = self.desk.now.date().days_since(date(0));
        let (answer, _) = self.desk.ask(FACILITIES[asked.facility], &question, None);
        let checked = answer.expect("answered");
        let expected = verdict(cards, asked, today);
        let context = || format!("{asked:?}\ncards {cards:#?}");
        let shown: Vec<usize> = checked
            .decision
            .shown
            .iter()
            .map(|row| (0..cards.len()).find(|n| self.coverage(*n) == row.coverage).expect("of this world"))
            .collect();
        let outcome = checked.decision.outcome.word();
        assert_eq!(Verdict { outcome, shown: shown.clone() }, expected, "{}", context());
        self.nothing_crosses(cards, asked, &question, &checked, &shown);
        self.decided.insert(checked.id.raw(), (asked.facility, outcome.to_owned()));
        self.desk.now = self.desk.now.plus_ms(1);
    }

    /// Held against the question itself, whatever model and rules agree on.
    fn nothing_crosses(
        &self,
        cards: &[Card],
        asked: &Asked,
        question: &Check,
        checked: &Checked,
        shown: &[usize],
    ) {
        let Some((row, &n)) = checked.decision.shown.first().zip(shown.first()) else {
            assert!(!matches!(
                checked.decision.outcome,
                Outcome::Valid | Outcome::Invalid | Outcome::InvalidNewKnown
            ));
            return;
        };
        let ask = &question.ask;
        assert_eq!((row.entry.insurer, row.entry.birth), (ask.insurer, ask.birth));
        assert_eq!(base::canonical_key(&row.entry.number), ask.number_key);
        assert_eq!(row.entry.symbol_key(), ask.symbol_key);
        assert!(ask.branch.is_none() || row.entry.branch.is_none() || ask.branch == row.entry.branch);
        let owner = cards[n].owner;
        let protected =
            cards.iter().any(|card| card.withheld && card.linked.0 == owner && card.linked.1 != 3);
        for (row, &n) in checked.decision.shown.iter().zip(shown) {
            assert_eq!(row.entry.name.written, self.name(owner), "somebody else is shown");
            assert_eq!(
                row.entry.address.is_none(),
                protected,
                "an address is shown when it is not protected"
            );
            assert_eq!(row.limit.is_some(), asked.limit && cards[n].limit);
            assert_eq!(row.rate, cards[n].rate);
            assert_eq!(!row.tickets.is_empty(), cards[n].ticket_for == Some(asked.facility));
        }
        assert_eq!(checked.decision.person, Some(self.person(owner)));
    }

    /// Each person's card at each facility.
    fn tap_all(&mut self, cards: &[Card]) {
        let today = self.desk.now.date().days_since(date(0));
        for (facility, name) in FACILITIES.iter().enumerate() {
            for person in 0..3 {
                let cx = self.desk.cx(super::desk::terminal_of(name), Purpose::Reception);
                let (id, whose) = (cx.id(), self.person(person));
                let declared = Declared { limit: true, diseases: true };
                let checked = self.desk.store.check_and_wait(|tx| {
                    let open = crate::open(tx, &cx)?.expect("open");
                    let decision = crate::weigh(tx, &cx, &settings(), &open, whose, declared)?;
                    let card = crate::ByCard { id, way: "card-pin", agreed: Vec::new() };
                    crate::conclude(tx, &cx, &open, decision, card)
                });
                let (checked, _) = checked.expect("answered");
                let shown: Vec<usize> = checked
                    .decision
                    .shown
                    .iter()
                    .map(|row| (0..cards.len()).find(|n| self.coverage(*n) == row.coverage).expect("known"))
                    .collect();
                let outcome = checked.decision.outcome.word();
                let expected = verdict_by_card(cards, person, facility, today);
                let context = || format!("{name} taps {person}, cards {cards:#?}");
                assert_eq!(Verdict { outcome, shown: shown.clone() }, expected, "{}", context());
                assert_eq!(checked.decision.person, Some(whose), "the card says who it is");
                for (row, n) in checked.decision.shown.iter().zip(shown) {
                    assert_eq!(cards[n].owner, person, "somebody else is shown");
                    assert_eq!(row.entry.name.written, self.name(person));
                    assert_eq!(!row.tickets.is_empty(), cards[n].ticket_for == Some(facility));
                }
                self.decided.insert(checked.id.raw(), (facility, outcome.to_owned()));
                self.desk.now = self.desk.now.plus_ms(1);
            }
        }
    }

    fn play(&mut self, world: &World) {
        self.world += 1;
        self.desk.now = self.desk.now.plus_ms(20 * 60_000); // earlier guesses are forgotten by now
        self.record(&world.before, true);
        for asked in &world.questions {
            self.ask(&world.before, asked);
        }
        self.tap_all(&world.before);
        self.record(&world.after, false);
        for asked in &world.more {
            self.ask(&world.after, asked);
        }
        self.tap_all(&world.after);
    }

    /// Every check of every world stands in its own facility's list, and ends again as it ended then.
    fn read_lists(&self, first: Date) {
        let mut seen = 0;
        for (facility, name) in FACILITIES.iter().enumerate() {
            let mut cx = self.desk.cx(super::desk::terminal_of(name), Purpose::Reception);
            let mut day = first;
            while day <= self.desk.now.date() {
                cx.now = day.plus_days(1).begins().plus_ms(-1);
                let listed = self
                    .desk
                    .store
                    .check_and_wait(|tx| crate::list(tx, &cx, &settings(), 100_000))
                    .expect("read");
                for visit in listed.0 {
                    let id = visit.entry.answer.expect("an answer's id");
                    let (whose, outcome) = &self.decided[&id];
                    assert_eq!(*whose, facility, "a check stands in another facility's list");
                    if let Some(decision) = &visit.decision {
                        assert_eq!(decision.outcome.word(), outcome, "decided otherwise than then");
                    }
                    seen += 1;
                }
                day = day.plus_days(1);
            }
        }
        assert_eq!(seen, self.decided.len(), "every check stands in a list");
        let mut met: Vec<&str> = self.decided.values().map(|(_, outcome)| outcome.as_str()).collect();
        met.sort();
        met.dedup();
        let all =
            ["aid-unregistered", "invalid", "invalid-new-known", "none", "several", "undetermined", "valid"];
        assert_eq!(met, all, "a world in which this does not happen proves nothing about it");
    }
}

#[test]
fn s1_r3_s1_r8_random_worlds_agree_with_a_second_model_and_nothing_crosses() {
    const WORLDS: u32 = 200;
    each_database("counter_model", |store| {
        let mut stage = Stage { desk: Desk::open(store), world: 0, decided: BTreeMap::new() };
        let first = stage.desk.now.date();
        let config =
            Config { cases: WORLDS, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
        let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
        let stage_cell = std::cell::RefCell::new(&mut stage);
        let ran = runner.run(&world(), |world| {
            stage_cell.borrow_mut().play(&world);
            Ok(())
        });
        if let Err(failed) = ran {
            panic!("{failed}");
        }
        stage.read_lists(first);
    });
}
