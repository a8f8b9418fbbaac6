//! A vendor's own patients, from a CSV of the vendor's.
//!
//! The file is UTF-8, with or without byte order mark. Its first line names the columns, in any order:
//!
//! | column | |
//! |---|---|
//! | `id` | required: letters, digits, `-`, `_`; 64 at most; `P`, three digits and `-` begin ours and no other |
//! | `outcome` | the vendor's word for what is expected; three words say something, see below |
//! | `insurer_number`, `number`, `birth_date` | required |
//! | `symbol`, `branch` | as on the certificate |
//! | `expected_validity`, `expected_code`, `note`, `card_outcome`, `card_validity` | handed back as they are |
//! | `pin` | of the card, four digits; one is made up when left out |
//! | `card_state` | one of our own words; `valid`, or `child` below 15, when left out |
//! | `card_file` | not read: it is ours to say |
//! | `name`, `kana`, `sex`, `address` | the patient; 試験　患者, ｼｹﾝ ｶﾝｼﾞｬ, 3 (unset) and none when left out. Sex is 1, 2 or 3 |
//! | `insurer_name` | 試験用保険者 when left out; one name for one number |
//! | `relation` | 1 insured person, 2 dependant |
//! | `qualified_on` | first day of the coverage; a year ago when left out |
//! | `disqualified_on`, `loss_reason` | first day without it; 01, 02, 03 or 99 (when left out) |
//! | `rate` | percent: 10, 20 or 30 under law code 39, else 20 or 30 on an elderly recipient certificate |
//!
//! Days are `20260401`, `2026-04-01`, `2026/4/1`, or counted from today: `-30d`, `+7d`, `-2y`. A birth date may also
//! have an unknown day or month: `19450600`.
//!
//! A row whose outcome is `none` or `several` only asks; nobody is registered for it, and it has no card. A row with law
//! code 12 is medical aid and has a ticket of this month for the demo's clinic, unless its outcome is
//! `aid-unregistered`. A card that is `near-expiry` ends on the next birthday, and one in `grace` ended on the last one,
//! wherever in the year they lie. A state that somebody of that age cannot have is a problem; another state than at the
//! start before makes another card (see [`crate::Kept`]).
//!
//! Always holds: a bad line is a problem that says its line and column and never quotes the value; the other lines are
//! read. A row that is taken out of the file later stays recorded, since facts are never deleted.
//! Not here: Shift_JIS (said in the problem), writing (`sheet`), and whether what is expected comes true.
//! Rules come from: docs/rules.md S1 r7; S5 r1.

use crate::calendar::Calendar;
use crate::places::demo_clinic;
use crate::sheet::HEADER;
use crate::{CardState, Patient, Query, Resident, chain, ids, insurers};
use ::csv::{ReaderBuilder, StringRecord};
use base::{BirthDate, BranchNumber, Date, InsurerNumber, PersonName, Problem, Sex, canonical_key};
use coverage::rules::{NewEntry, NewFact, Relation, What};
use people::rules::Attributes;
use registration::Filing;
use std::collections::{BTreeMap, BTreeSet};

/// Columns that only a vendor's file has.
const OPTIONAL: [&str; 10] = [
    "name",
    "kana",
    "sex",
    "qualified_on",
    "disqualified_on",
    "loss_reason",
    "rate",
    "address",
    "insurer_name",
    "relation",
];
const REQUIRED: [&str; 4] = ["id", "insurer_number", "number", "birth_date"];

const BYTES_MAX: usize = 4 << 20;
const ROWS_MAX: usize = 10_000;
const CELL_MAX: usize = 500;
const ID_MAX: usize = 64;

/// Reads a vendor's own patients as of today. Ids come from the seed, as for our own.
pub fn read_csv(bytes: &[u8], seed: u64, today: Date) -> (Vec<Patient>, Vec<Problem>) {
    let mut problems = Vec::new();
    let Some(text) = decode(bytes, &mut problems) else {
        return (Vec::new(), problems);
    };
    // Spreadsheets end lines with CRLF; the reader would then count lines one short.
    let text = text.replace("\r\n", "\n");
    let mut reader = ReaderBuilder::new().flexible(true).has_headers(false).from_reader(text.as_bytes());
    let mut records = reader.records();
    let Some(columns) = records.next().and_then(|header| columns(&header.ok()?, &mut problems)) else {
        problems.push(problem("line 1", "no header that names id, insurer_number, number and birth_date"));
        return (Vec::new(), problems);
    };
    let (mut ids, mut serials) = (BTreeSet::new(), crate::serials(seed, today));
    let mut read = Vec::new();
    for (count, record) in records.enumerate() {
        let Ok(record) = record else {
            problems.push(problem("file", "the rest cannot be read as CSV"));
            break;
        };
        let mut row = Row::new(&columns, &record, today);
        if count >= ROWS_MAX {
            problems.push(problem(&row.line, "too many rows; 10,000 are read"));
            break;
        }
        let patient = row.patient(seed);
        let story = patient.as_ref().and_then(|patient| chain::story(seed, today, patient));
        let misfit = patient.as_ref().and_then(|patient| chain::misfit(patient, story.as_ref(), today));
        if let Some(why) = misfit {
            row.wrong("card_state", why);
        }
        // Card files are named by ids, and not every disk tells small letters from capitals.
        let same_file = row.cell("id").to_ascii_lowercase().replace('_', "-");
        if !row.cell("id").is_empty() && !ids.insert(same_file) {
            row.wrong("id", "used by an earlier row; small letters and capitals, - and _ count as the same");
        } else if let Some(story) = story
            && !serials.insert(story.serial())
        {
            row.wrong("id", "its card would have the serial of an earlier row's; choose another id");
        }
        if row.problems.is_empty() {
            read.extend(patient);
        }
        problems.append(&mut row.problems);
    }
    name_insurers(&mut read, &mut problems);
    (read, problems)
}

fn problem(place: &str, what: &str) -> Problem {
    Problem { place: place.into(), what: what.into() }
}

fn decode<'b>(bytes: &'b [u8], problems: &mut Vec<Problem>) -> Option<&'b str> {
    if bytes.len() > BYTES_MAX {
        problems.push(problem("file", "larger than 4 MiB; nothing is read"));
        return None;
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text.strip_prefix('\u{feff}').unwrap_or(text)),
        Err(error) => {
            let line = 1 + bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
            let what = "not UTF-8; save it as CSV UTF-8 (Shift_JIS is not read)";
            problems.push(problem(&format!("line {line}"), what));
            None
        }
    }
}

/// Where each known column stands; `None` when a required one is missing.
fn columns(header: &StringRecord, problems: &mut Vec<Problem>) -> Option<BTreeMap<&'static str, usize>> {
    let mut columns = BTreeMap::new();
    for (place, cell) in header.iter().enumerate() {
        let known = HEADER.into_iter().chain(OPTIONAL).find(|known| *known == cell.trim());
        let at = format!("line 1, column {}", place + 1);
        match known {
            None => problems.push(problem(&at, "not a column that is known; it is left out")),
            Some(name) if columns.contains_key(name) => {
                problems.push(problem(&at, "named twice; the first one counts"));
            }
            Some(name) => drop(columns.insert(name, place)),
        }
    }
    REQUIRED.iter().all(|name| columns.contains_key(name)).then_some(columns)
}

/// One line being read, with what is wrong with it.
struct Row<'r> {
    columns: &'r BTreeMap<&'static str, usize>,
    record: &'r StringRecord,
    today: Date,
    line: String,
    problems: Vec<Problem>,
}

impl<'r> Row<'r> {
    fn new(columns: &'r BTreeMap<&'static str, usize>, record: &'r StringRecord, today: Date) -> Row<'r> {
        let line = record.position().map_or(0, |position| position.line());
        Row { columns, record, today, line: format!("line {line}"), problems: Vec::new() }
    }

    fn raw(&self, column: &str) -> &'r str {
        self.columns.get(column).and_then(|place| self.record.get(*place)).unwrap_or_default()
    }

    fn cell(&self, column: &str) -> &'r str {
        self.raw(column).trim()
    }

    fn wrong(&mut self, column: &str, what: &str) {
        self.problems.push(problem(&format!("{}, {column}", self.line), what));
    }

    /// What `read` makes of a cell; a problem when it makes nothing of it.
    fn want<T>(&mut self, column: &str, what: &str, read: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let value = read(self.cell(column));
        if value.is_none() {
            self.wrong(column, what);
        }
        value
    }

    /// The same for a cell that may be empty: then the value is the one given.
    fn or<T>(
        &mut self,
        column: &str,
        empty: T,
        what: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        self.want(column, what, |text| if text.is_empty() { Some(empty) } else { read(text) })
    }

    fn one_of(&mut self, column: &str, empty: i64, allowed: &[i64]) -> Option<i64> {
        let what = format!("one of {allowed:?}, or empty");
        self.or(column, empty, &what, |text| text.parse().ok().filter(|number| allowed.contains(number)))
    }

    fn patient(&mut self, seed: u64) -> Option<Patient> {
        if self.record.iter().any(|cell| cell.len() > CELL_MAX) {
            self.problems.push(problem(&self.line, "a cell is longer than 500 bytes"));
        }
        let shape = "letters, digits, - and _; 64 at most; not P, three digits and -, which begin our own";
        let id = self.want("id", shape, |text| is_id(text).then(|| text.to_owned()));
        let entry = self.entry();
        let facts = entry.as_ref().map(|entry| self.facts(entry));
        self.one_of("expected_validity", 0, &[1, 2, 3, 4, 5, 6]);
        let is_pin = |text: &str| text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
        self.or("pin", (), "four digits, or empty; spreadsheets drop leading zeros", |text| {
            is_pin(text).then_some(())
        });
        let words = CardState::ALL.map(CardState::word).join(", ");
        let card_state = self.or("card_state", None, &format!("one of {words}, or empty"), |text| {
            CardState::parse(text).map(Some)
        });
        self.one_of("card_validity", 0, &[1, 2, 3, 4, 5, 6]);
        self.or("expected_code", (), "nine characters, or empty", |text| (text.len() == 9).then_some(()));
        let (id, entry, facts) = (id?, entry?, facts?);
        let mut patient = Patient {
            outcome: self.cell("outcome").into(),
            query: Query { insurer_number: self.raw("insurer_number").into(), ..Query::of(&entry) },
            pin: self.cell("pin").into(),
            expected_validity: self.cell("expected_validity").into(),
            expected_code: self.cell("expected_code").into(),
            note: self.cell("note").into(),
            card_state: card_state?,
            card_outcome: self.cell("card_outcome").into(),
            card_validity: self.cell("card_validity").into(),
            id,
            ..Patient::default()
        };
        if !matches!(self.cell("outcome"), "none" | "several") {
            self.register(&mut patient, seed, entry, facts);
        }
        chain::give_card(&mut patient, seed, self.today);
        Some(patient)
    }

    fn register(&self, patient: &mut Patient, seed: u64, entry: NewEntry, facts: Vec<NewFact>) {
        let number = ids::my_number(seed, &patient.id, "person");
        patient.insurers.push((entry.insurer, self.cell("insurer_name").into()));
        patient.residents.push(Resident {
            id: ids::id(seed, &patient.id, "person"),
            number: number.clone(),
            attributes: Attributes {
                name: entry.name.clone(),
                birth: entry.birth,
                sex: entry.sex,
                postcode: None,
                address: entry.address.clone(),
            },
        });
        patient.filings.push(Filing {
            coverage: ids::id(seed, &patient.id, "coverage-1"),
            number,
            entry,
            facts,
        });
    }

    fn entry(&mut self) -> Option<NewEntry> {
        let today = self.today;
        let insurer =
            self.want("insurer_number", "six or eight digits; spreadsheets drop a leading zero", |text| {
                InsurerNumber::parse(text).ok()
            });
        let number = self.want("number", "must not be empty", |text| {
            (!canonical_key(text).is_empty()).then(|| text.to_owned())
        });
        let branch = self.or("branch", None, "one or two digits, or empty", |text| {
            BranchNumber::parse(text).ok().map(Some)
        });
        let birth =
            self.want("birth_date", "no day such as 19800401, 19450600 or -4y", |text| birth(text, today));
        let sex = self.one_of("sex", 3, &[1, 2, 3]).and_then(Sex::from_code);
        let relation = self.one_of("relation", 0, &[1, 2]);
        let qualified_on =
            self.or("qualified_on", today.plus_years(-1), "no day", |text| read_day(text, today));
        let text = |column| Some(self.cell(column)).filter(|text| !text.is_empty());
        let insurer = insurer?;
        Some(NewEntry {
            insurer,
            symbol: text("symbol").map(str::to_owned),
            number: number?,
            branch: branch?,
            card_class: card_class(&insurer).into(),
            relation: Relation::from_code(relation?),
            insured_name: None,
            name: PersonName {
                written: text("name").unwrap_or("試験　患者").into(),
                kana: text("kana").unwrap_or("ｼｹﾝ ｶﾝｼﾞｬ").into(),
            },
            other_name: None,
            sex: sex?,
            birth: birth?,
            postcode: None,
            address: text("address").map(str::to_owned),
            qualified_on: qualified_on?,
            issued_on: None,
            card_from: None,
            card_until: None,
        })
    }

    fn facts(&mut self, entry: &NewEntry) -> Vec<NewFact> {
        let (mut facts, calendar) = (Vec::new(), Calendar { today: self.today });
        let rates: &[i64] = if entry.insurer.is_latter_stage() { &[10, 20, 30] } else { &[20, 30] };
        if let Some(percent) = self.one_of("rate", 0, rates).filter(|percent| *percent > 0) {
            let latter = entry.insurer.is_latter_stage();
            let what = if latter { What::Rate { percent } } else { What::Elderly { percent } };
            facts.push(dated(what, calendar.insurance_year()));
        }
        let today = self.today;
        let lost =
            self.or("disqualified_on", None, "no day", |text| read_day(text, today).map(Some)).flatten();
        let reason = self.one_of("loss_reason", 99, &[1, 2, 3, 99]);
        match (lost, reason) {
            (Some(on), Some(reason)) if on >= entry.qualified_on => facts.push(NewFact {
                starts_on: Some(on),
                ..NewFact::always(What::Loss { reason: format!("{reason:02}") })
            }),
            (Some(_), Some(_)) => self.wrong("disqualified_on", "before qualified_on"),
            (None, _) if !self.cell("loss_reason").is_empty() => {
                self.wrong("loss_reason", "given without disqualified_on");
            }
            _ => {}
        }
        if entry.insurer.is_medical_aid() && self.cell("outcome") != "aid-unregistered" {
            facts.push(dated(ticket(calendar), calendar.this_month()));
        }
        facts
    }
}

fn dated(what: What, (from, until): (Date, Date)) -> NewFact {
    NewFact { what, starts_on: Some(from), ends_on: Some(until), issued_on: Some(from) }
}

fn ticket(calendar: Calendar) -> What {
    What::Ticket {
        kind: "01".into(),
        treatment: "02".into(),
        facility: demo_clinic().as_str().into(),
        number: format!("{}0000", calendar.this_month().0.as_number() / 100),
        self_pay: 0,
    }
}

fn is_id(text: &str) -> bool {
    let is_ours = matches!(text.as_bytes(), [b'P' | b'p', a, b, c, b'-' | b'_', ..] if [a, b, c].iter().all(|d| d.is_ascii_digit()));
    (1..=ID_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        && !is_ours
}

/// Code table 010, as far as the law code tells.
fn card_class(insurer: &InsurerNumber) -> &'static str {
    match insurer.law_code() {
        Some("12") => "A1",
        Some("07") => "07",
        _ => "01",
    }
}

/// A day as written, or counted from today.
fn read_day(text: &str, today: Date) -> Option<Date> {
    if let Some(unit) = text.strip_suffix(['d', 'y']) {
        let is_days = text.ends_with('d');
        let most = if is_days { 150 * 366 } else { 150 };
        let count: i64 = unit.parse().ok().filter(|count| (-most..=most).contains(count))?;
        return Some(if is_days { today.plus_days(count) } else { today.plus_years(count) });
    }
    let mut parts = text.split(['-', '/']);
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(only), None, ..) => Date::parse8(only),
        (Some(year), Some(month), Some(day), None) => {
            Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
        }
        _ => None,
    }
}

fn birth(text: &str, today: Date) -> Option<BirthDate> {
    BirthDate::parse8(text).or_else(|| BirthDate::from_number(read_day(text, today)?.as_number()))
}

/// Gives every insurer of the rows its one name: ours keep theirs, else the first name in the file.
fn name_insurers(read: &mut [Patient], problems: &mut Vec<Problem>) {
    let ours: BTreeMap<InsurerNumber, &str> = insurers().into_iter().collect();
    let mut names: BTreeMap<InsurerNumber, String> =
        ours.iter().map(|(number, name)| (*number, (*name).to_owned())).collect();
    for patient in read.iter() {
        for (number, name) in patient.insurers.iter().filter(|(_, name)| !name.is_empty()) {
            if names.entry(*number).or_insert_with(|| name.clone()) != name {
                let place = format!("id {}, insurer_name", patient.id);
                problems.push(problem(&place, "the insurer has another name already; that one stays"));
            }
        }
    }
    for (number, name) in read.iter_mut().flat_map(|patient| &mut patient.insurers) {
        *name = names.get(number).cloned().unwrap_or_else(|| "試験用保険者".into());
    }
}
