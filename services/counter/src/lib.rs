//! The counter: a facility asks whether a person is insured on a day, by whom and at what rate; by the numbers on a
//! certificate, or about a person whom the card reader's desk has shown. Facilities tell it their own patient numbers.
//!
//! Always holds: an answer about a person leaves only after its audit row is committed; the row names the facts that
//! the answer rests on, so the same decision can be made again; a message that names another facility is refused;
//! guessing birth dates is slowed, then refused and alarmed. It owns one table, the facilities' patient numbers: what
//! else happened stands in the log.
//! Not here: coverages and their meaning (`coverage`), whose card it is and what the person agreed to (`reader`), the
//! folder (`terminal`).
//! Rules come from: docs/rules.md S1 r3, r6, r7, r8, r9, r10; S5 r2.

#![forbid(unsafe_code)]

pub mod refusals;
pub mod rules;
mod store;
#[cfg(test)]
mod tests;
pub mod web;

use ::store::Tx;
use audit::{Acts, Entry, Evidence, Side, say};
use base::{Answer, Cx, Date, Error, Id, Instant, Refusal, Result, kinds};
use coverage::rules::Ask;
use facilities::rules::{Facility, State};
use rules::{Change, Decision, Declared, Outcome, Question, Settings};
use std::sync::atomic::{AtomicI64, Ordering};

/// A question, read and in range of its form.
#[derive(Clone)]
pub struct Check {
    /// The facility that the message names, when it names one.
    pub facility_code: Option<String>,
    /// The numbers.
    pub ask: Ask,
    /// The day asked about; today when not given.
    pub day: Option<Date>,
    /// What the patient agreed to.
    pub declared: Declared,
}

/// An answered check.
#[derive(Clone)]
pub struct Checked {
    /// Its id.
    pub id: Id<kinds::Decision>,
    /// When it was asked.
    pub at: Instant,
    /// The decision.
    pub decision: Decision,
    /// The facility is in pre-operation: the patient is asked for the paper certificate too (S1 r9).
    pub pre_operation: bool,
    /// How long the answer is held back, because birth dates were guessed.
    pub wait_ms: u32,
    /// The facility's own number for the patient.
    pub reference: Option<String>,
}

/// A desk that answers checks: its settings, and until when it looks out for guessing.
///
/// The count of wrong birth dates stands in the log. Reading it with every check would cost each a second read, so a
/// desk does so only after it saw a wrong birth date itself: guessing at one door closes that door.
pub struct Desk {
    /// Settings of the decision.
    pub settings: Settings,
    wary_until_ms: AtomicI64,
}

impl Desk {
    /// A desk that has seen nothing yet.
    pub fn new(settings: Settings) -> Desk {
        Desk { settings, wary_until_ms: AtomicI64::new(i64::MIN) }
    }
}

/// A facility that may ask today.
#[derive(Clone)]
pub struct Open {
    /// The facility.
    pub facility: Facility,
    /// It is in pre-operation (S1 r9).
    pub pre_operation: bool,
}

/// The asking facility, when it may ask today (S1 r9).
pub fn open(tx: &mut Tx<'_>, cx: &Cx<'_>) -> Result<Answer<Open>> {
    let facility = asking_facility(tx, cx)?;
    Ok(match facilities::rules::state(&facility.entry, cx.now.date()) {
        State::NotYet | State::Closed => Err(refusals::not_operating()),
        state => Ok(Open { facility, pre_operation: state == State::PreOperation }),
    })
}

/// Checks by number (S1 r3, r7).
pub fn check(tx: &mut Tx<'_>, cx: &Cx<'_>, desk: &Desk, check: &Check) -> Result<Answer<Checked>> {
    let settings = &desk.settings;
    let today = cx.now.date();
    let open = match open(tx, cx)? {
        Ok(open) => open,
        Err(refusal) => return refuse(tx, cx, refusal),
    };
    let Open { facility, pre_operation } = open;
    if check.facility_code.as_deref().is_some_and(|code| code != facility.entry.code.as_str()) {
        return refuse(tx, cx, refusals::foreign_facility());
    }
    let day = check.day.unwrap_or(today);
    if !rules::day_in_range(day, today, settings) {
        return refuse(tx, cx, refusals::day_out_of_range());
    }
    if is_suspended(tx, cx, desk)? {
        return refuse(tx, cx, refusals::guessing());
    }
    let found = coverage::find(tx, &check.ask)?;
    let question = Question {
        day,
        today,
        known_at: found.revision,
        facility: facility.entry.code.as_str(),
        declared: check.declared,
        settings,
    };
    let decision = rules::decide(&found, &check.ask, &question);
    let wait_ms = slow_down(tx, cx, desk, &decision)?;
    let reference = reference_of(tx, &facility, &decision)?;
    let id = cx.id();
    tx.claim(cx, id.raw());
    say(tx, cx, &Evidence { way: BY_NUMBER, ..evidence(id, &decision) });
    Ok(Ok(Checked { id, at: cx.now, decision, pre_operation, wait_ms, reference }))
}

/// How a person was presented whose numbers were typed or sent.
const BY_NUMBER: &str = "number";

/// The facility's own number for the person of a decision that shows somebody.
fn reference_of(tx: &mut Tx<'_>, facility: &Facility, decision: &Decision) -> Result<Option<String>> {
    match decision.person.filter(|_| !decision.shown.is_empty()) {
        Some(person) => store::reference(tx, facility.id, person),
        None => Ok(None),
    }
}

/// Decides about a person whom the card reader's desk has shown, for today (S1 r1). Nothing is said yet: what the
/// person agrees to may hang on the outcome. [`conclude`] says it.
pub fn weigh(
    tx: &mut Tx<'_>,
    cx: &Cx<'_>,
    settings: &Settings,
    open: &Open,
    person: Id<kinds::Person>,
    declared: Declared,
) -> Result<Decision> {
    let found = coverage::of_person(tx, person)?;
    let today = cx.now.date();
    let question = Question {
        day: today,
        today,
        known_at: found.revision,
        facility: open.facility.entry.code.as_str(),
        declared,
        settings,
    };
    Ok(rules::decide_person(&found, person, &question))
}

/// What a card check adds to the evidence of its decision.
pub struct ByCard {
    /// The decision's id.
    pub id: Id<kinds::Decision>,
    /// How the card was opened: `card-pin` or `card-eye`.
    pub way: &'static str,
    /// The kinds that the person agreed to.
    pub agreed: Vec<&'static str>,
}

/// Says what was decided about a person at the card reader.
pub fn conclude(
    tx: &mut Tx<'_>,
    cx: &Cx<'_>,
    open: &Open,
    decision: Decision,
    card: ByCard,
) -> Result<Checked> {
    let reference = reference_of(tx, &open.facility, &decision)?;
    let ByCard { id, way, agreed } = card;
    say(tx, cx, &Evidence { way, agreed, ..evidence(id, &decision) });
    Ok(Checked { id, at: cx.now, decision, pre_operation: open.pre_operation, wait_ms: 0, reference })
}

/// Says that a check by card was refused: it stands among the facility's checks, so that the desk sees it.
pub fn refuse_card(
    tx: &mut Tx<'_>,
    cx: &Cx<'_>,
    refusal: Refusal,
    way: &'static str,
    person: Option<Id<kinds::Person>>,
) -> Refusal {
    let code = refusal.help.code;
    let person = person.map(Id::raw);
    say(tx, cx, &Evidence { act: CHECK, outcome: "refused", code, way, person, ..Evidence::default() });
    refusal
}

/// A facility's own patient number, to be registered for a person.
#[derive(Clone)]
pub struct NewReference {
    /// The facility that the message names.
    pub facility_code: String,
    /// The facility's number for the patient.
    pub reference: String,
    /// The numbers on the certificate.
    pub ask: rules::NumbersAsked,
}

/// Takes a facility's own patient number for a person, so that later answers carry it. Registering replaces the
/// earlier one; the same again records nothing new. Inside a change.
pub fn register_reference(tx: &mut Tx<'_>, cx: &Cx<'_>, new: &NewReference) -> Result<Answer<()>> {
    let open = match open(tx, cx)? {
        Ok(open) if open.facility.entry.code.as_str() == new.facility_code => open,
        Ok(_) => return refuse_reference(tx, cx, refusals::foreign_facility(), "refused"),
        Err(refusal) => return refuse_reference(tx, cx, refusal, "refused"),
    };
    // Whoever tries numbers out is slowed and stopped as with birth dates, but by a count of its own: a list of old
    // numbers must not close the reception.
    let misses = count_since(tx, cx, UNREFERRED, rules::GUESSES_MAX)?;
    if rules::is_suspended(misses) {
        return refuse_reference(tx, cx, refusals::guessing(), "refused");
    }
    let found = coverage::find(tx, &new.ask.as_ask())?;
    let (person, coverage) = match rules::referred(&found, &new.ask) {
        Ok(referred) => referred,
        Err(refusal) => {
            let slowed = refusal.after_ms(rules::wait_ms(misses));
            return refuse_reference(tx, cx, slowed, UNREFERRED);
        }
    };
    let facility = open.facility.id;
    if store::reference(tx, facility, person)?.as_deref() != Some(new.reference.as_str()) {
        store::insert_reference(tx, facility, person, cx.now, &new.reference)?;
    }
    let evidence = Evidence {
        act: REFERENCE,
        outcome: "recorded",
        way: BY_NUMBER,
        person: Some(person.raw()),
        coverage: Some(coverage.raw()),
        ..Evidence::default()
    };
    say(tx, cx, &evidence);
    Ok(Ok(()))
}

/// The act of registering a facility's patient number.
const REFERENCE: &str = "counter.reference";
/// The outcome word under which a number for nobody in particular stands in the log.
const UNREFERRED: &str = "unreferred";

fn refuse_reference(
    tx: &mut Tx<'_>,
    cx: &Cx<'_>,
    refusal: Refusal,
    outcome: &'static str,
) -> Result<Answer<()>> {
    say(tx, cx, &Evidence { act: REFERENCE, outcome, code: refusal.help.code, ..Evidence::default() });
    Ok(Err(refusal))
}

/// What changes with each new check of the facility: pages ask for it all the time, and read the list when it differs.
/// It says nothing about anybody.
pub fn pulse(tx: &mut Tx<'_>, cx: &Cx<'_>) -> Result<i64> {
    let facility = cx.actor.facility().ok_or_else(|| Error::broken("a pulse without a facility"))?;
    // Asked for all the time, so it looks back no further than pages ask: of what is older each page has read already.
    let (from, until) = (cx.now.plus_ms(-PULSE_BACK_MS), cx.now.plus_ms(1));
    let newest = audit::portion_of_facility(tx, facility, Acts::Only(CHECK), from, until, Side::Newest, 1)?;
    Ok(newest.first().map_or(0, |entry| entry.at.ms().wrapping_add(entry.answer.unwrap_or_default())))
}

/// A page that has not asked for longer than this is read anew all the same by its slower clock.
const PULSE_BACK_MS: i64 = 5 * 60 * 1000;

/// Whether so many birth dates were wrong that the facility's checks by number rest for a while, right ones too: else
/// whoever guesses would only have to go on. The first check that finds it so raises the alarm.
fn is_suspended(tx: &mut Tx<'_>, cx: &Cx<'_>, desk: &Desk) -> Result<bool> {
    if cx.now.ms() > desk.wary_until_ms.load(Ordering::Relaxed) {
        return Ok(false);
    }
    let suspended = rules::is_suspended(count_since(tx, cx, MISMATCH, rules::GUESSES_MAX)?);
    if suspended && count_since(tx, cx, ALARM, 1)? == 0 {
        say(
            tx,
            cx,
            &Evidence { act: "counter.alarm", outcome: ALARM, code: "guessing", ..Evidence::default() },
        );
    }
    Ok(suspended)
}

/// How long the answer to a wrong birth date is held back, by the facility's earlier ones.
fn slow_down(tx: &mut Tx<'_>, cx: &Cx<'_>, desk: &Desk, decision: &Decision) -> Result<u32> {
    if !decision.wrong_birth {
        return Ok(0);
    }
    desk.wary_until_ms.fetch_max(cx.now.ms() + rules::GUESS_WINDOW_MS, Ordering::Relaxed);
    Ok(rules::wait_ms(count_since(tx, cx, MISMATCH, rules::GUESSES_MAX)?))
}

fn count_since(tx: &mut Tx<'_>, cx: &Cx<'_>, outcome: &str, limit: usize) -> Result<usize> {
    let since = cx.now.plus_ms(-rules::GUESS_WINDOW_MS);
    match cx.actor.facility() {
        Some(facility) => audit::count_outcome(tx, facility, since, outcome, limit),
        None => Ok(0),
    }
}

/// The outcome word of an alarm.
const ALARM: &str = "alarm";
/// The outcome word under which a wrong birth date stands in the log.
const MISMATCH: &str = "mismatch";

fn asking_facility(tx: &mut Tx<'_>, cx: &Cx<'_>) -> Result<Facility> {
    let id =
        cx.actor.facility().and_then(Id::new).ok_or_else(|| Error::broken("a check without a facility"))?;
    facilities::get(tx, id)?.ok_or_else(|| Error::broken("the asking facility is not recorded"))
}

/// A refusal is recorded like an answer.
fn refuse<T>(tx: &mut Tx<'_>, cx: &Cx<'_>, refusal: Refusal) -> Result<Answer<T>> {
    say(tx, cx, &Evidence { act: CHECK, outcome: "refused", code: refusal.help.code, ..Evidence::default() });
    Ok(Err(refusal))
}

fn evidence(id: Id<kinds::Decision>, decision: &Decision) -> Evidence {
    let (outcome, code) = match decision.outcome {
        Outcome::Undetermined(help) => (decision.outcome.word(), help.code),
        Outcome::None if decision.wrong_birth => (MISMATCH, ""),
        outcome => (outcome.word(), ""),
    };
    let mut shown = Vec::new();
    for row in &decision.shown {
        shown.push(if row.entry.card_class == "A1" { "aid" } else { "insurance" });
        for (there, group) in [
            (row.entry.address.is_some(), "address"),
            (row.limit.is_some(), "limit"),
            (!row.diseases.is_empty(), "diseases"),
            (!row.tickets.is_empty(), "tickets"),
        ] {
            if there {
                shown.push(group);
            }
        }
    }
    Evidence {
        act: CHECK,
        outcome,
        code,
        rules: rules::VERSION,
        answer: Some(id.raw()),
        person: decision.person.map(Id::raw),
        coverage: decision.coverage.map(Id::raw),
        asked_on: Some(decision.asked_on.as_number()),
        known_at: Some(decision.known_at),
        facts: decision.used.clone(),
        steps: decision.steps.iter().map(|step| (step.code(), step.number())).collect(),
        shown,
        ..Evidence::default()
    }
}

/// A row of the day's list.
#[derive(Clone)]
pub struct Visit {
    /// The row of the log.
    pub entry: Entry,
    /// The decision made again as it was known then; none when no coverage was named, or when it is outdated.
    pub decision: Option<Decision>,
    /// Made again, the decision ends otherwise than it did (a setting was changed since): what was shown then can not
    /// be told any more, and what would be shown now was not.
    pub outdated: bool,
    /// What differs from the person's last visit here; in a list only for the newest rows.
    pub changes: Vec<Change>,
    /// The facility was in pre-operation on the day of the visit (S1 r9).
    pub pre_operation: bool,
}

/// The act of a check in the log.
const CHECK: &str = "counter.check";
/// The act of a look at the list in the log.
const LIST: &str = "counter.list";
/// The list compares so many of its newest rows with the visit before: each costs reads, and the list is read anew all
/// the time. A decision's own page always compares.
const COMPARED_MAX: usize = 20;

/// The facility's checks of today, newest first (S1 r3). Of no other day: whoever is told who looked at them relies on
/// it that a look at the list showed the checks of its own day (`portal`).
pub fn list(tx: &mut Tx<'_>, cx: &Cx<'_>, settings: &Settings, limit: usize) -> Result<Vec<Visit>> {
    let facility = asking_facility(tx, cx)?;
    let mut visits = Vec::new();
    for (place, entry) in checks(tx, facility.id.raw(), cx.now.date(), limit)?.into_iter().enumerate() {
        visits.push(visit(tx, settings, &facility, entry, place < COMPARED_MAX)?);
    }
    let evidence = Evidence {
        act: LIST,
        outcome: "shown",
        shown: vec!["list"],
        seen: seen(&visits),
        ..Evidence::default()
    };
    say(tx, cx, &evidence);
    Ok(visits)
}

/// The answers of a list that show somebody; a repeat has the answer of its first.
fn seen(visits: &[Visit]) -> Vec<i64> {
    let mut seen = Vec::new();
    for visit in visits {
        let shows = visit.decision.as_ref().is_some_and(|decision| !decision.shown.is_empty());
        if let Some(answer) = visit.entry.answer.filter(|answer| shows && !seen.contains(answer)) {
            seen.push(answer);
        }
    }
    seen
}

/// The newest checks of a day. The log has rows of other acts too (each look at the list writes one).
fn checks(tx: &mut Tx<'_>, facility: i64, day: Date, limit: usize) -> Result<Vec<Entry>> {
    let (from, until) = (day.begins(), day.plus_days(1).begins());
    let mut found =
        audit::portion_of_facility(tx, facility, Acts::Only(CHECK), from, until, Side::Newest, limit)?;
    found.truncate(limit);
    Ok(found)
}

/// A row of the log with its decision made again and, when wanted, compared with the visit before.
fn visit(
    tx: &mut Tx<'_>,
    settings: &Settings,
    facility: &Facility,
    entry: Entry,
    compare: bool,
) -> Result<Visit> {
    let made = again(tx, settings, facility.entry.code.as_str(), &entry)?;
    let outdated = made.as_ref().is_some_and(|made| !ends_as(made, &entry));
    let decision = made.filter(|_| !outdated);
    let changes = match &decision {
        Some(now) if compare => changes_since_last(tx, settings, facility, &entry, now)?,
        _ => Vec::new(),
    };
    let pre_operation = facilities::rules::state(&facility.entry, entry.at.date()) == State::PreOperation;
    Ok(Visit { entry, decision, outdated, changes, pre_operation })
}

/// Whether a decision made again ends as it did when it was logged.
fn ends_as(made: &Decision, entry: &Entry) -> bool {
    made.outcome.word() == entry.outcome
}

/// One decision of this facility, made again as it was known then: to explain it.
pub fn get(
    tx: &mut Tx<'_>,
    cx: &Cx<'_>,
    settings: &Settings,
    decision: Id<kinds::Decision>,
) -> Result<Answer<Visit>> {
    let facility = asking_facility(tx, cx)?;
    let Some(entry) = audit::one_of_facility(tx, facility.id.raw(), decision.raw())? else {
        say(tx, cx, &Evidence { act: "counter.get", outcome: "refused", ..Evidence::default() });
        return Ok(Err(refusals::no_such_decision()));
    };
    let visit = visit(tx, settings, &facility, entry, true)?;
    say(
        tx,
        cx,
        &Evidence {
            act: "counter.get",
            outcome: "shown",
            person: visit.entry.person,
            coverage: visit.entry.number("coverage"),
            subject: Some(decision.raw()),
            ..Evidence::default()
        },
    );
    Ok(Ok(visit))
}

/// Which part of a day's log is wanted.
#[derive(Clone, Copy, Debug)]
pub struct LogAsk {
    /// The day.
    pub day: Date,
    /// Looks at the list too: pages that reload themselves fill the log with them.
    pub everything: bool,
    /// From where on.
    pub part: LogPart,
    /// Rows of a part; more when several share the last millisecond.
    pub limit: usize,
}

/// Where a part of a day's log lies.
#[derive(Clone, Copy, Debug)]
pub enum LogPart {
    /// The newest rows.
    Newest,
    /// The rows before an instant.
    Before(Instant),
    /// The rows after an instant.
    After(Instant),
}

/// A part of a day's log.
#[derive(Clone, Debug)]
pub struct LogPage {
    /// Its rows, newest first.
    pub entries: Vec<Entry>,
    /// There are newer rows of the day.
    pub newer: bool,
    /// There are older rows of the day.
    pub older: bool,
}

/// The facility's own log of a day: who asked what, when (for its administrator).
pub fn log(tx: &mut Tx<'_>, cx: &Cx<'_>, ask: &LogAsk) -> Result<LogPage> {
    let id = cx.actor.facility().ok_or_else(|| Error::broken("a facility's log without a facility"))?;
    let (begin, end) = (ask.day.begins(), ask.day.plus_days(1).begins());
    let acts = if ask.everything { Acts::All } else { Acts::Without(LIST) };
    let mut rows =
        |from, until, side, limit| audit::portion_of_facility(tx, id, acts, from, until, side, limit);
    let entries = match ask.part {
        LogPart::Newest => rows(begin, end, Side::Newest, ask.limit)?,
        LogPart::Before(at) => rows(begin, at.clamp(begin, end), Side::Newest, ask.limit)?,
        LogPart::After(at) => rows(at.clamp(begin, end).plus_ms(1), end, Side::Oldest, ask.limit)?,
    };
    let (newer, older) = match (entries.first(), entries.last()) {
        (Some(first), Some(last)) => (
            !rows(first.at.plus_ms(1), end, Side::Oldest, 1)?.is_empty(),
            !rows(begin, last.at, Side::Newest, 1)?.is_empty(),
        ),
        _ => (false, false),
    };
    say(tx, cx, &Evidence { act: "counter.log", outcome: "shown", ..Evidence::default() });
    Ok(LogPage { entries, newer, older })
}

/// Decides again what a row of the log decided, from the facts known then and what was shown then; less what may not
/// be shown any more. A conflict was refused, so nothing was decided.
fn again(tx: &mut Tx<'_>, settings: &Settings, facility: &str, entry: &Entry) -> Result<Option<Decision>> {
    if entry.outcome == "conflict" {
        return Ok(None);
    }
    let (Some(coverage), Some(day)) =
        (entry.number("coverage").and_then(Id::new), entry.number("asked_on").and_then(Date::from_number))
    else {
        return Ok(None);
    };
    let found = coverage::get(tx, coverage)?;
    let shown = entry.word("shown").unwrap_or_default();
    let question = Question {
        day,
        today: entry.at.date(),
        known_at: entry.number("known_at").unwrap_or(found.revision),
        facility,
        declared: Declared { limit: shown.contains("limit"), diseases: shown.contains("diseases") },
        settings,
    };
    let mut decision = rules::decide_again(&found, coverage, &question);
    rules::close(&mut decision, &found);
    Ok(Some(decision))
}

fn changes_since_last(
    tx: &mut Tx<'_>,
    settings: &Settings,
    facility: &Facility,
    entry: &Entry,
    now: &Decision,
) -> Result<Vec<Change>> {
    let Some(person) = entry.person else {
        return Ok(Vec::new());
    };
    let mut until = entry.at;
    for _ in 0..LOOKED_BACK_MAX {
        let Some(last) = audit::previous_of_person(tx, facility.id.raw(), person, CHECK, until)? else {
            break;
        };
        // A row that decided nothing (a mistyped birth date) was no visit, and neither was this one's first sending.
        if last.answer != entry.answer
            && let Some(before) = again(tx, settings, facility.entry.code.as_str(), &last)?
        {
            // What was told at the last visit is not known any more when it would end otherwise today.
            let known = ends_as(&before, &last);
            return Ok(if known { rules::changes(&before, now) } else { Vec::new() });
        }
        until = last.at;
    }
    Ok(Vec::new())
}

/// So many rows about a person are looked at in search of the last visit.
const LOOKED_BACK_MAX: usize = 10;
