//! What an audit row says: the evidence of one operation, as one line of JSON.
//!
//! Always holds: ids and stable words only; a word holds no quote, so no word can look like a member to who reads; the
//! order of members is fixed, so equal evidence has equal bytes.
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
    /// The steps of a decision: a stable code and the number that goes with it (a count, a day, or 0).
    pub steps: Vec<(&'static str, i64)>,
    /// Groups of fields that were shown.
    pub shown: Vec<&'static str>,
    /// Answers that were shown again, as in a list: through them a person can be told who looked.
    pub seen: Vec<i64>,
    /// How the person was presented: `number`, `card-pin`, `card-eye`; nothing when nobody was.
    pub way: &'static str,
    /// The consent that the operation rests on, or that it recorded.
    pub consent: Option<i64>,
    /// The kinds that the person agreed to, of those asked.
    pub agreed: Vec<&'static str>,
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
        Actor::Person { .. } => members.word("by", "person"),
        Actor::Office { office } => members.number("office", Some(office)),
        Actor::System => members.word("by", "system"),
    }
    members.word("purpose", cx.purpose.word());
    members.word("code", e.code);
    members.word("way", e.way);
    members.number("consent", e.consent);
    members.word("agreed", &e.agreed.join(" "));
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
    if !e.seen.is_empty() {
        members.name("seen");
        let seen: Vec<String> = e.seen.iter().map(i64::to_string).collect();
        let _ = write!(members.line, "[{}]", seen.join(","));
    }
    let steps: Vec<String> = e.steps.iter().map(|(code, number)| format!("{code}:{number}")).collect();
    members.word("steps", &steps.join(" "));
    members.word("shown", &e.shown.join(" "));
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

    /// A stable word has no character that JSON would want escaped; one that has (our mistake) loses it.
    fn word(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.name(name);
            let harmless = |c: char| if c == '"' || c == '\\' || c.is_control() { '_' } else { c };
            self.line.push('"');
            self.line.extend(value.chars().map(harmless));
            self.line.push('"');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Entry;
    use base::{Instant, Purpose, Role};
    use expect_test::expect;

    fn full_body(actor: Actor) -> String {
        let ids = store::testing::seeded_ids(1);
        let cx = Cx::new(Instant::from_ms(0), actor, Purpose::Reception, ids.as_ref());
        let evidence = Evidence {
            act: "counter.check",
            outcome: "invalid",
            code: "coverage.lost",
            rules: "2026-11",
            answer: Some(5),
            person: Some(6),
            coverage: Some(7),
            asked_on: Some(20261120),
            known_at: Some(8),
            facts: vec![FactUsed { id: 9, revision: 1 }, FactUsed { id: 10, revision: 2 }],
            steps: vec![("found", 2), ("lost-on", 20261031)],
            shown: vec!["rate", "limit"],
            ..Evidence::default()
        };
        body(&cx, &evidence)
    }

    #[test]
    fn reads_as_one_line_of_json() {
        expect![[r#"{"terminal":3,"purpose":"reception","code":"coverage.lost","rules":"2026-11","coverage":7,"asked_on":20261120,"known_at":8,"facts":[[9,1],[10,2]],"steps":"found:2 lost-on:20261031","shown":"rate limit"}"#]]
        .assert_eq(&full_body(Actor::Terminal { terminal: 3, facility: 4 }));
        expect![[r#"{"staff":3,"role":"receptionist","purpose":"reception","code":"coverage.lost","rules":"2026-11","coverage":7,"asked_on":20261120,"known_at":8,"facts":[[9,1],[10,2]],"steps":"found:2 lost-on:20261031","shown":"rate limit"}"#]]
        .assert_eq(&full_body(Actor::Staff { staff: 3, role: Role::Receptionist, facility: Some(4) }));
    }

    #[test]
    fn names_the_answers_that_were_seen() {
        let ids = store::testing::seeded_ids(1);
        let cx = Cx::new(Instant::from_ms(0), Actor::System, Purpose::Operation, ids.as_ref());
        let list = Evidence { shown: vec!["list"], seen: vec![11, 12], ..Evidence::default() };
        expect![[r#"{"by":"system","purpose":"operation","seen":[11,12],"shown":"list"}"#]]
            .assert_eq(&body(&cx, &list));
    }

    #[test]
    fn a_word_never_looks_like_a_member() {
        let ids = store::testing::seeded_ids(1);
        let cx = Cx::new(Instant::from_ms(0), Actor::System, Purpose::Operation, ids.as_ref());
        let sly = Evidence {
            code: "x\",\"coverage\":1,\"y\":\"",
            rules: "\"subject\":2",
            shown: vec!["\\", "coverage:3"],
            ..Evidence::default()
        };
        let body = body(&cx, &sly);
        let entry = Entry {
            at: cx.now,
            act: String::new(),
            facility: None,
            person: None,
            answer: None,
            outcome: String::new(),
            repeated: false,
            body,
        };
        assert_eq!(
            (entry.number("coverage"), entry.number("subject"), entry.number("y")),
            (None, None, None)
        );
        assert_eq!(entry.word("by"), Some("system"));
        assert_eq!(entry.word("shown"), Some("_ coverage:3"));
        assert_eq!((entry.word("system"), entry.number("by"), entry.word("facts")), (None, None, None));
    }
}
