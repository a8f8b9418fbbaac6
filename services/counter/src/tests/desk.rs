//! The stage on which the counter's stories play: three facilities, coverages by label, a clock that the story sets.
//!
//! Always holds: as `tests` says of every story; a line that is not understood ends the test.
//! Not here: the stories.

use crate::{
    Check,
    rules::{Decision, Declared, GUESSES_MAX, Outcome, Settings, Shown, Step, Typed, read},
};
use ::store::{Claim, Store, testing::seeded_ids};
use audit::{Entry, FactUsed, testing::each_database};
use base::{
    Actor, BirthDate, BranchNumber, Cx, Date, FacilityCode, Id, IdSource, Instant, InsurerNumber, PersonName,
    Purpose, RequestKey, Sex, kinds,
};
use coverage::rules::{LinkState, NewEntry, NewFact, Relation, What};
use expect_test::Expect;
use facilities::rules::{FacilityEntry, Kind};
use std::{collections::BTreeMap, sync::Arc};

/// The settings of the stories. The window of 14 days is that of the law for 国保 (fourteen days to notify).
pub(super) fn settings() -> Settings {
    Settings { filing_window_days: 14, invalid_at_once: false, ahead_days_max: 90, back_days_max: 1825 }
}

/// Plays a story on each database. It begins on 2026-06-01 at nine in the morning. Lines:
/// `insure c1 p1[/state] name=value…` (`-` for nobody) · `correct c1 …` · `link c1 p1/state` · `insurer NUMBER NAME` ·
/// `fact c1 KIND VALUE from=… to=…` · `facility C pre=… from=… closes=…` · `on DAY` · `wait MS` · `invalid-at-once` ·
/// `A refers c1 NUMBER [name=value…]` (registers the facility's patient number) ·
/// `A asks c1 name=value… [limit] [diseases] [day=…] [as=…] [names=…]` · `A guesses c1 N` · `A lists` · `A looks N` ·
/// `A opens d1` · `log A c1 …` (asks, and shows the row of the log).
pub(super) fn check(story: &str, expected: Expect) {
    let mut told: Option<String> = None;
    each_database("counter", |store| {
        let mut desk = Desk::open(store);
        let lines = story.lines().map(str::trim).filter(|line| !line.is_empty());
        let out: String = lines.filter_map(|line| desk.line(line)).map(|said| format!("{said}\n")).collect();
        desk.no_row_names_anybody();
        assert_eq!(told.get_or_insert_with(|| out.clone()), &out, "the databases differ");
    });
    expected.assert_eq(&told.unwrap_or_default());
}

pub(super) struct Desk<'s> {
    pub store: &'s Store,
    pub ids: Arc<dyn IdSource>,
    pub now: Instant,
    pub settings: Settings,
    answering: crate::Desk,
    pub entries: BTreeMap<String, NewEntry>,
    /// What each id of an entry or fact is called in outcomes.
    labels: BTreeMap<i64, String>,
    links: BTreeMap<String, Id<kinds::Fact>>,
    pub decisions: Vec<Id<kinds::Decision>>,
    canaries: Vec<String>,
}

/// Facilities A, B, C … have codes and ids in a row.
pub(super) fn facility_code(label: &str) -> FacilityCode {
    FacilityCode::from_body(&format!("13101{:04}", 1000 + facility_id(label))).expect("a facility code")
}

pub(super) fn facility_id(label: &str) -> i64 {
    i64::from(label.as_bytes()[0] - b'A') + 1
}

pub(super) fn terminal_of(label: &str) -> Actor {
    Actor::Terminal { terminal: 500 + facility_id(label), facility: facility_id(label) }
}

/// A person or coverage by its label.
fn numbered<K: base::Kind>(label: &str) -> Id<K> {
    Id::new(label[1..].parse().expect("c1, p1 …")).expect("positive")
}

pub(super) fn day(text: &str) -> Date {
    Date::parse8(text).expect("a day")
}

fn value<'l>(words: &[&'l str], name: &str) -> Option<&'l str> {
    words.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
}

impl<'s> Desk<'s> {
    pub fn open(store: &'s Store) -> Desk<'s> {
        let now = day("20260601").begins().plus_ms(9 * 3_600_000);
        let mut desk = Desk {
            store,
            ids: seeded_ids(10_000),
            now,
            settings: settings(),
            answering: crate::Desk::new(settings()),
            entries: BTreeMap::new(),
            labels: BTreeMap::new(),
            links: BTreeMap::new(),
            decisions: Vec::new(),
            canaries: Vec::new(),
        };
        desk.facility("A", &["from=20210101"]);
        desk.facility("B", &["from=20210101"]);
        desk
    }

    pub fn line(&mut self, line: &str) -> Option<String> {
        let words: Vec<&str> = line.split(' ').filter(|word| !word.is_empty()).collect();
        match words[0] {
            "facility" => self.facility(words[1], &words[2..]),
            "on" => self.now = day(words[1]).begins().plus_ms(9 * 3_600_000),
            "wait" => self.now = self.now.plus_ms(words[1].parse().expect("milliseconds")),
            "invalid-at-once" => {
                self.settings.invalid_at_once = true;
                self.answering = crate::Desk::new(self.settings);
            }
            "insure" => self.insure(words[1], words[2], &words[3..]),
            "correct" => self.correct(words[1], &words[2..]),
            "link" => self.link(words[1], words[2]),
            "insurer" => self.insurer(words[1], words[2]),
            "fact" => self.fact(words[1], words[2], words[3], &words[4..]),
            "log" => return Some(self.logged(words[1], words[2], &words[3..])),
            _ => {
                return Some(match words[1] {
                    "asks" => self.asks(words[0], words[2], &words[3..]),
                    "guesses" => self.guesses(words[0], words[2], words[3].parse().expect("a count")),
                    "lists" => self.lists(words[0]),
                    "refers" => self.refers(words[0], words[2], words[3], &words[4..]),
                    "opens" => self.opens(words[0], words[2]),
                    "looks" => self.looks(words[0], words[2].parse().expect("a count")),
                    _ => panic!("no such line: {line}"),
                });
            }
        }
        None
    }

    pub fn cx(&self, actor: Actor, purpose: Purpose) -> Cx<'_> {
        Cx::new(self.now, actor, purpose, self.ids.as_ref())
    }

    pub fn facility(&mut self, label: &str, words: &[&str]) {
        let entry = FacilityEntry {
            code: facility_code(label),
            name: format!("医院{label}"),
            kind: Kind::Clinic,
            postcode: None,
            address: None,
            pre_operation_from: value(words, "pre").map(day),
            operates_from: value(words, "from").map(day),
            closes_on: value(words, "closes").map(day),
        };
        let id = Id::new(facility_id(label)).expect("positive");
        let cx = self.cx(Actor::System, Purpose::Administration);
        let recorded = self.store.record(self.now, |tx| facilities::record(tx, &cx, id, &entry));
        assert_eq!(recorded.expect("recorded"), Ok(true));
    }

    /// A coverage with numbers and a name of its own; what is named differs.
    pub fn insure(&mut self, label: &str, link: &str, words: &[&str]) {
        let n: i64 = label[1..].parse().expect("c1, c2 …");
        let entry = amended(plain_entry(n), words);
        self.canaries.extend([entry.name.written.clone(), entry.name.kana.clone()]);
        self.canaries.extend(Some(entry.number.clone()).filter(|number| number.len() > 5));
        let cx = self.cx(Actor::System, Purpose::Registration);
        let id = numbered(label);
        self.store.record(self.now, |tx| coverage::register_as(tx, &cx, id, &entry)).expect("registered");
        self.entries.insert(label.into(), entry);
        self.label_rows(label, label);
        if link != "-" {
            self.link(label, link);
        }
    }

    fn insurer(&mut self, number: &str, name: &str) {
        let number = InsurerNumber::parse(number).expect("an insurer number");
        let cx = self.cx(Actor::System, Purpose::Registration);
        self.store.record(self.now, |tx| coverage::record_insurer(tx, &cx, &number, name)).expect("named");
    }

    fn correct(&mut self, label: &str, words: &[&str]) {
        let entry = amended(self.entries[label].clone(), words);
        self.canaries.push(entry.name.written.clone());
        let cx = self.cx(Actor::System, Purpose::Registration);
        let id = numbered(label);
        let changed = self.store.record(self.now, |tx| coverage::correct(tx, &cx, id, &entry));
        assert!(changed.expect("corrected"), "the line changes nothing");
        self.entries.insert(label.into(), entry);
        self.label_rows(label, &format!("{label}'"));
    }

    fn link(&mut self, label: &str, link: &str) {
        let (person, state) = link.split_once('/').unwrap_or((link, "verified"));
        let state = LinkState::parse(state).expect("a state");
        let new = NewFact::always(What::Link { person: numbered(person), state });
        let replaces = self.links.get(label).copied();
        let cx = self.cx(Actor::System, Purpose::Registration);
        let id = self.store.record(self.now, |tx| coverage::record(tx, &cx, numbered(label), &new, replaces));
        self.links.insert(label.into(), id.expect("recorded"));
        self.label_rows(label, &format!("{label}.{}", state.word()));
    }

    pub fn fact(&mut self, label: &str, kind: &str, word: &str, words: &[&str]) {
        let what = what(kind, word);
        let new = NewFact {
            what,
            starts_on: value(words, "from").map(day),
            ends_on: value(words, "to").map(day),
            issued_on: None,
        };
        let cx = self.cx(Actor::System, Purpose::Registration);
        self.store
            .record(self.now, |tx| coverage::record(tx, &cx, numbered(label), &new, None))
            .expect("recorded");
        self.label_rows(label, &format!("{label}.{kind}"));
    }

    /// Gives a label to rows of a coverage that have none yet.
    fn label_rows(&mut self, coverage: &str, label: &str) {
        let found = self.store.look(|tx| coverage::get(tx, numbered(coverage))).expect("read");
        let own = numbered(coverage);
        let entries = found.entries.iter().filter(|entry| entry.coverage == own).map(|entry| entry.id.raw());
        let facts = found.facts.iter().filter(|fact| fact.coverage == own).map(|fact| fact.id.raw());
        for id in entries.chain(facts) {
            self.labels.entry(id).or_insert_with(|| label.to_owned());
        }
    }

    fn question(&self, label: &str, words: &[&str]) -> Check {
        let entry = &self.entries[label];
        let or = |name: &str, plain: &str| value(words, name).unwrap_or(plain).to_owned();
        let branch = entry.branch.map(|branch| branch.to_string()).unwrap_or_default();
        let typed = Typed {
            insurer: or("insurer", entry.insurer.as_str()),
            symbol: or("symbol", entry.symbol.as_deref().unwrap_or_default()),
            number: or("number", &entry.number),
            branch: or("branch", &branch),
            birth: or("born", &entry.birth.stamp8()),
        };
        Check {
            facility_code: value(words, "names").map(|label| match label {
                "" => String::new(),
                label => facility_code(label).to_string(),
            }),
            ask: read(&typed).expect("a question in form"),
            day: value(words, "day").map(day),
            declared: Declared { limit: words.contains(&"limit"), diseases: words.contains(&"diseases") },
        }
    }

    /// Asks, and holds what always holds against the log.
    pub fn ask(
        &mut self,
        who: &str,
        asked: &Check,
        key: Option<RequestKey>,
    ) -> (base::Answer<crate::Checked>, Claim) {
        let cx = self.cx(terminal_of(who), Purpose::Reception).with_request(key);
        let before = self.log_since(self.now).len();
        let (answer, claim) = self
            .store
            .check_and_wait(|tx| crate::check(tx, &cx, &self.answering, asked))
            .expect("answered or refused");
        let log = self.log_since(self.now);
        match &answer {
            Err(refusal) => {
                assert!(log.len() > before, "a refusal leaves a row");
                let mut refused = log.iter().filter(|row| row.outcome == "refused");
                let named = refused.find(|row| row.word("code") == Some(refusal.help.code)).expect("a row");
                assert_eq!((named.person, named.answer), (None, None), "a refusal names nobody");
            }
            Ok(checked) => {
                assert_eq!(log.len(), before + 1, "an answer leaves one row");
                let id = if let Claim::Repeat(first) = claim { first } else { checked.id.raw() };
                let rows: Vec<&Entry> = log.iter().filter(|row| row.answer == Some(id)).collect();
                let [row] = rows[..] else { panic!("one row for each answer") };
                assert_eq!(row.repeated, matches!(claim, Claim::Repeat(_)));
                assert_eq!((row.at, row.facility), (self.now, Some(facility_id(who))));
                assert_eq!(facts_of(row), checked.decision.used, "the row names the facts used");
                assert_eq!(row.person, checked.decision.person.map(Id::raw));
            }
        }
        (answer, claim)
    }

    fn asks(&mut self, who: &str, label: &str, words: &[&str]) -> String {
        let asked = self.question(label, words);
        let key = value(words, "as").map(|request| {
            let mut digest = [0; 32];
            digest[0] = label.as_bytes()[1];
            RequestKey { request: request.into(), digest }
        });
        let (answer, claim) = self.ask(who, &asked, key);
        let name = match claim {
            Claim::Fresh => None,
            Claim::Repeat(first) => Some(format!("{} again", self.name_of(first))),
            Claim::Conflict => Some("conflict".into()),
        };
        match answer {
            Err(refusal) => format!("refused: {}{}", refusal.help.code, waits(refusal.wait_ms)),
            Ok(checked) => {
                if name.is_none() {
                    self.decisions.push(checked.id);
                }
                let name = name.unwrap_or_else(|| self.name_of(checked.id.raw()));
                let pre = if checked.pre_operation { " pre-operation" } else { "" };
                let reference = checked.reference.map(|own| format!(" no. {own}")).unwrap_or_default();
                format!("{name}: {}{pre}{}{reference}", told(&checked.decision), waits(checked.wait_ms))
            }
        }
    }

    /// Registers the facility's own number for a patient.
    fn refers(&mut self, who: &str, label: &str, reference: &str, words: &[&str]) -> String {
        let asked = self.question(label, words).ask;
        let new = crate::NewReference {
            facility_code: facility_code(value(words, "names").unwrap_or(who)).to_string(),
            reference: reference.to_owned(),
            ask: crate::rules::NumbersAsked {
                insurer: asked.insurer,
                symbol_key: asked.symbol_key,
                number_key: asked.number_key,
                branch: asked.branch,
            },
        };
        let cx = self.cx(terminal_of(who), Purpose::Reception);
        let done = self.store.change(|tx| crate::register_reference(tx, &cx, &new));
        match done.expect("registered or refused") {
            Ok(()) => "registered".into(),
            Err(refusal) => format!("refused: {}", refusal.help.code),
        }
    }

    fn name_of(&self, id: i64) -> String {
        let place = self.decisions.iter().position(|known| known.raw() == id);
        place.map_or("d?".into(), |place| format!("d{}", place + 1))
    }

    /// Wrong birth dates, and how long their answers waited: runs of equal waits.
    fn guesses(&mut self, who: &str, label: &str, count: usize) -> String {
        assert!(count <= GUESSES_MAX);
        let asked = self.question(label, &["born=19111111"]);
        let mut said: Vec<String> = Vec::new();
        for _ in 0..count {
            said.push(match self.ask(who, &asked, None).0 {
                Err(refusal) => format!("refused: {}{}", refusal.help.code, waits(refusal.wait_ms)),
                Ok(checked) => {
                    assert!(checked.decision.shown.is_empty() && checked.decision.coverage.is_none());
                    format!("{}{}", checked.decision.outcome.word(), waits(checked.wait_ms))
                }
            });
        }
        let runs: Vec<String> = said
            .chunk_by(|a, b| a == b)
            .map(|run| if run.len() == 1 { run[0].clone() } else { format!("{}× {}", run.len(), run[0]) })
            .collect();
        let alarms =
            self.log_since(Instant::from_ms(0)).iter().filter(|row| row.act == "counter.alarm").count();
        format!("{} · {alarms} alarms", runs.join(", "))
    }

    fn lists(&mut self, who: &str) -> String {
        let cx = self.cx(terminal_of(who), Purpose::Reception);
        let settings = self.settings;
        let listed = self.store.check_and_wait(|tx| crate::list(tx, &cx, &settings, 100)).expect("listed").0;
        let mut said = format!("{who} lists {}:", listed.len());
        for visit in listed {
            let id = visit.entry.answer.map_or("-".into(), |id| self.name_of(id));
            let shown = visit.decision.as_ref().map_or("nothing".into(), told);
            let changes = visit.changes.iter().map(|change| format!(" {change:?}")).collect::<String>();
            let changes = if changes.is_empty() { changes } else { format!(" · changed:{changes}") };
            let shown = if visit.outdated { format!("{shown} any more") } else { shown };
            let repeat = if visit.entry.repeated { " again" } else { "" };
            said += &format!("\n  {id}{repeat} {} · {shown}{changes}", visit.entry.outcome);
        }
        said
    }

    fn looks(&mut self, who: &str, times: usize) -> String {
        // Straight to the log, as `list` writes: the rows matter here, not the lists. One every ten seconds.
        let look = audit::Evidence { act: "counter.list", outcome: "shown", ..Default::default() };
        let began = self.now;
        self.now = began.plus_ms(10_000 * times as i64);
        let ids = self.ids.clone();
        let noted = self.store.check_and_wait(|tx| {
            for n in 0..times {
                let now = began.plus_ms(10_000 * n as i64);
                audit::say(tx, &Cx::new(now, terminal_of(who), Purpose::Reception, ids.as_ref()), &look);
            }
            Ok(())
        });
        noted.expect("noted");
        format!("{who} looked {times} times")
    }

    fn opens(&mut self, who: &str, name: &str) -> String {
        let place: usize = name[1..].parse().expect("d1, d2 …");
        let id = self.decisions.get(place - 1).copied().unwrap_or(Id::new(987_654_321).expect("positive"));
        let cx = self.cx(terminal_of(who), Purpose::Reception);
        let settings = self.settings;
        let (answer, _) =
            self.store.check_and_wait(|tx| crate::get(tx, &cx, &settings, id)).expect("answered or refused");
        match answer {
            Err(refusal) => {
                format!("{name} to {who}: refused: {}{}", refusal.help.code, waits(refusal.wait_ms))
            }
            Ok(visit) => {
                let steps = visit.entry.word("steps").unwrap_or_default();
                let shown = visit.decision.as_ref().map_or("nothing".into(), told);
                let shown = if visit.outdated { format!("{shown} any more") } else { shown };
                let pre = if visit.pre_operation { " pre-operation" } else { "" };
                let changes = visit.changes.iter().map(|change| format!(" {change:?}")).collect::<String>();
                let changes = if changes.is_empty() { changes } else { format!(" · changed:{changes}") };
                format!("{name} to {who}: {}{pre} ({steps}) · {shown}{changes}", visit.entry.outcome)
            }
        }
    }

    fn logged(&mut self, who: &str, label: &str, words: &[&str]) -> String {
        let asked = self.question(label, words);
        self.now = self.now.plus_ms(1); // so that its row is the last
        let _ = self.ask(who, &asked, None);
        let log = self.log_since(self.now);
        let row = log.iter().rfind(|row| row.act == "counter.check").expect("a row");
        let facts: Vec<&str> =
            facts_of(row).iter().map(|f| self.labels.get(&f.id).map_or("?", |l| l.as_str())).collect();
        let person = row.person.map_or("nobody".into(), |id| format!("p{id}"));
        let coverage = row.number("coverage").map_or("no coverage".into(), |id| format!("c{id}"));
        let rest: Vec<String> = ["code", "steps", "shown"]
            .iter()
            .filter_map(|name| Some(format!("{name}: {}", row.word(name)?)))
            .collect();
        format!("{} · {person} {coverage} · [{}] · {}", row.outcome, facts.join(" "), rest.join(" · "))
    }

    /// Every row of the log since an instant, in the order of time.
    pub fn log_since(&self, from: Instant) -> Vec<Entry> {
        let all = |facility| {
            let until = self.now.plus_ms(1);
            self.store.look(|tx| audit::by_facility(tx, facility, from, until, 1_000_000)).expect("the log")
        };
        let mut log: Vec<Entry> = (1..=3).flat_map(all).collect();
        log.reverse(); // each facility's came newest first
        log.sort_by_key(|row| row.at);
        log
    }

    /// What holds at the end of every story.
    pub fn no_row_names_anybody(&self) {
        let rows = self.store.look(|tx| {
            tx.rows_of_both("select act, outcome, body from audit_row", &[], |row| {
                Ok(format!("{} {} {}\n", row.text(0)?, row.text(1)?, String::from_utf8_lossy(&row.blob(2)?)))
            })
        });
        let log = rows.expect("the log").concat();
        let mut first: Vec<i64> =
            self.log_since(Instant::from_ms(0)).iter().filter_map(first_answer).collect();
        first.sort();
        assert!(first.windows(2).all(|pair| pair[0] != pair[1]), "an answer has two first rows");
        for canary in &self.canaries {
            assert!(!log.contains(canary.as_str()), "the log holds a name or a number");
        }
    }
}

fn first_answer(row: &Entry) -> Option<i64> {
    row.answer.filter(|_| !row.repeated)
}

/// Numbers, names and birth date as plain as can be; each coverage has its own.
pub(super) fn plain_entry(n: i64) -> NewEntry {
    NewEntry {
        insurer: InsurerNumber::parse("06132013").expect("an insurer number"),
        symbol: Some(format!("SYM{n:03}")),
        number: format!("123456{n:03}"),
        branch: None,
        card_class: "01".into(),
        relation: Some(Relation::Insured),
        insured_name: None,
        name: PersonName { written: format!("患者{n}"), kana: format!("ｶﾝｼﾞｬ{n}") },
        other_name: None,
        sex: Sex::Female,
        birth: BirthDate::from_number(19800401).expect("a birth date"),
        postcode: None,
        address: None,
        qualified_on: day("20200101"),
        issued_on: None,
        card_from: None,
        card_until: None,
    }
}

fn amended(mut entry: NewEntry, words: &[&str]) -> NewEntry {
    for (name, value) in words.iter().filter_map(|word| word.split_once('=')) {
        match name {
            "insurer" => entry.insurer = InsurerNumber::parse(value).expect("an insurer number"),
            "symbol" => entry.symbol = Some(value.to_owned()).filter(|symbol| !symbol.is_empty()),
            "number" => entry.number = value.into(),
            "branch" => entry.branch = BranchNumber::parse(value).ok(),
            "born" => entry.birth = BirthDate::parse8(value).expect("a birth date"),
            "from" => entry.qualified_on = day(value),
            "class" => entry.card_class = value.into(),
            "relation" => entry.relation = None,
            "name" => entry.name.written = value.into(),
            "address" => {
                entry.address = Some(value.into());
                entry.postcode = Some("100-0001".into());
            }
            _ => panic!("no such part of an entry: {name}"),
        }
    }
    entry
}

fn what(kind: &str, word: &str) -> What {
    match kind {
        "loss" => What::Loss { reason: word.into() },
        "rate" => What::Rate { percent: word.parse().expect("a percentage") },
        "elderly" => What::Elderly { percent: word.parse().expect("a percentage") },
        "limit" => What::Limit { class: "01".into(), flag: word.into(), long_term_on: None },
        "disease" => What::Disease { category: word.into(), self_pay: 10_000 },
        "ticket" => What::Ticket {
            kind: "01".into(),
            treatment: "02".into(),
            facility: facility_code(word).to_string(),
            number: "T1".into(),
            self_pay: 0,
        },
        "withheld" => What::Withheld,
        _ => panic!("no such kind of fact: {kind}"),
    }
}

fn waits(ms: u32) -> String {
    if ms == 0 { String::new() } else { format!(" after {ms} ms") }
}

/// A decision in a line: outcome, steps, and what is shown.
fn told(decision: &Decision) -> String {
    let code = match decision.outcome {
        Outcome::Undetermined(help) => {
            assert!(decision.shown.is_empty(), "the third answer shows nothing");
            help.code
        }
        outcome => outcome.word(),
    };
    let steps: Vec<String> = decision
        .steps
        .iter()
        .filter(|step| **step != Step::LimitNotAsked)
        .map(|step| match step.number() {
            0 => step.code().to_owned(),
            number => format!("{}:{number}", step.code()),
        })
        .collect();
    let shown: String = decision.shown.iter().map(|row| format!(" · {}", row_told(row))).collect();
    format!("{code} ({}){shown}", steps.join(" "))
}

fn row_told(row: &Shown) -> String {
    let mut parts = vec![row.entry.name.written.clone()];
    if row.entry.card_class == "A1" {
        parts.push("aid".into());
    }
    if let Some(address) = &row.entry.address {
        assert!(!row.withheld);
        parts.push(address.clone());
    }
    if row.withheld {
        assert_eq!(row.entry.postcode, None);
        parts.push("withheld".into());
    }
    if let Some((on, reason)) = &row.loss {
        parts.push(format!("lost {on} {reason}"));
    }
    parts.extend(row.rate.map(|percent| format!("{percent}%")));
    if row.preschool {
        parts.push("preschool".into());
    }
    for fact in row.elderly.iter().chain(&row.limit).chain(&row.diseases).chain(&row.tickets) {
        parts.push(match &fact.new.what {
            What::Elderly { percent } => format!("elderly {percent}%"),
            What::Limit { flag, .. } => format!("limit {flag}"),
            What::Disease { category, .. } => format!("disease {category}"),
            What::Ticket { number, .. } => format!("ticket {number}"),
            _ => "?".into(),
        });
    }
    parts.join(" ")
}

/// The facts in a row of the log, as `[[id,revision],…]`.
fn facts_of(row: &Entry) -> Vec<FactUsed> {
    let list =
        row.body.split("\"facts\":[").nth(1).and_then(|rest| rest.split("]]").next()).unwrap_or_default();
    list.split("],")
        .filter_map(|pair| pair.trim_start_matches('[').split_once(','))
        .map(|(id, revision)| FactUsed {
            id: id.parse().expect("an id"),
            revision: revision.parse().expect("a revision"),
        })
        .collect()
}
