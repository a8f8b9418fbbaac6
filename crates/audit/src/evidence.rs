//! What an audit row says: the evidence of one operation, as one line of JSON.
//!
//! Always holds: ids and codes only; the writer escapes what it writes; the order of members is fixed, so equal
//! evidence has equal bytes.
//! Not here: hashing (`chain`).
//! Rules come from: DESIGN section 4, "A row carries its evidence".

use base::{Actor, Cx};
use std::fmt::Write;
use store::{Note, Tx};

/// A fact that a decision rested on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FactUsed {
    /// Its id.
    pub id: i64,
    /// The revision under which it was recorded.
    pub revision: i64,
}

/// What one operation did. Who and when come from the context.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// What was done, e.g. `counter.check`.
    pub act: &'static str,
    /// How it ended, a stable word.
    pub outcome: &'static str,
    /// A code that says more than the outcome, when there is one.
    pub code: &'static str,
    /// The version of the rules that decided.
    pub rules: &'static str,
    /// The answer's id.
    pub answer: Option<i64>,
    /// The person presented.
    pub person: Option<i64>,
    /// The coverage used.
    pub coverage: Option<i64>,
    /// The day asked about, as `YYYYMMDD`.
    pub asked_on: Option<i64>,
    /// The revision up to which facts were known.
    pub known_at: Option<i64>,
    /// Every fact used.
    pub facts: Vec<FactUsed>,
    /// Groups of fields that were shown.
    pub shown: Vec<&'static str>,
    /// What the operation was about when it was not a person: a facility, a terminal, an account.
    pub subject: Option<i64>,
    /// The facility in whose log the row stands, when it is not the actor's own.
    pub facility: Option<i64>,
}

/// Adds the audit row of an operation to its transaction.
pub fn say(tx: &mut Tx<'_>, cx: &Cx<'_>, evidence: &Evidence) {
    tx.note(Note {
        at: cx.now,
        act: evidence.act,
        facility: evidence.facility.or(cx.actor.facility()),
        person: evidence.person,
        answer: evidence.answer,
        outcome: evidence.outcome,
        body: body(cx, evidence).into_bytes(),
        repeat: false,
    });
}

fn body(cx: &Cx<'_>, e: &Evidence) -> String {
    let mut line = String::with_capacity(256);
    line.push('{');
    let mut members = Members { line: &mut line, first: true };
    match cx.actor {
        Actor::Terminal { terminal, .. } => members.number("terminal", Some(terminal)),
        Actor::Staff { staff, role, .. } => {
            members.number("staff", Some(staff));
            members.word("role", role.word());
        }
        Actor::System => members.word("by", "system"),
    }
    members.word("purpose", cx.purpose.word());
    members.word("code", e.code);
    members.word("rules", e.rules);
    members.number("coverage", e.coverage);
    members.number("asked_on", e.asked_on);
    members.number("known_at", e.known_at);
    members.number("subject", e.subject);
    if !e.facts.is_empty() {
        members.name("facts");
        members.line.push('[');
        for (place, fact) in e.facts.iter().enumerate() {
            let comma = if place == 0 { "" } else { "," };
            let _ = write!(members.line, "{comma}[{},{}]", fact.id, fact.revision);
        }
        members.line.push(']');
    }
    if !e.shown.is_empty() {
        members.name("shown");
        let _ = write!(members.line, "\"{}\"", e.shown.join(" "));
    }
    line.push('}');
    line
}

struct Members<'l> {
    line: &'l mut String,
    first: bool,
}

impl Members<'_> {
    fn name(&mut self, name: &str) {
        let comma = if std::mem::take(&mut self.first) { "" } else { "," };
        let _ = write!(self.line, "{comma}\"{name}\":");
    }

    fn number(&mut self, name: &str, value: Option<i64>) {
        if let Some(value) = value {
            self.name(name);
            let _ = write!(self.line, "{value}");
        }
    }

    /// Stable words have no character that JSON would want escaped.
    fn word(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.name(name);
            let _ = write!(self.line, "\"{value}\"");
        }
    }
}
