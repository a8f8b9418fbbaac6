//! Which keys each record has, and what each can hold: lengths, digits, the form of days.
//!
//! Always holds: every key is taken by name and nothing is left over. A text has no control characters and is not empty.
//! Not here: check digits, the calendar, and what the values mean (`intake`).
//! Rules come from: docs/feeds.md.

use super::json::{Object, Value};
use super::*;

/// Names and readings: the certificate of the resident register takes no longer ones.
const NAME_CHARS_MAX: usize = 100;
const ADDRESS_CHARS_MAX: usize = 200;
/// Symbols, numbers, labels.
const LABEL_CHARS_MAX: usize = 40;
/// Codes of the code tables.
const CODE_CHARS_MAX: usize = 4;
/// Bytes of a serial, in hexadecimal digits (RFC 5280, 4.1.2.2).
const SERIAL_CHARS_MAX: usize = 40;
const FINGERPRINT_CHARS: usize = 64;
const YEN_MAX: i64 = 99_999_999;

/// Every key of a header, a record or a fact: no other is named in a problem.
pub(super) const KEYS: [&str; 53] = [
    "feed",
    "office",
    "delivery",
    "made_on",
    "type",
    "my_number",
    "name",
    "kana",
    "birth",
    "sex",
    "postcode",
    "address",
    "insurer",
    "key",
    "symbol",
    "number",
    "branch",
    "card_class",
    "relation",
    "insured_name",
    "other_name",
    "other_kana",
    "qualified_on",
    "issued_on",
    "card_from",
    "card_until",
    "facts",
    "fact",
    "reason",
    "on",
    "percent",
    "from",
    "until",
    "class",
    "flag",
    "long_term_on",
    "category",
    "self_pay",
    "kind",
    "treatment",
    "facility",
    "serial",
    "succeeds",
    "valid_from",
    "valid_until",
    "state",
    "code",
    "pre_operation_from",
    "operates_from",
    "closes_on",
    "label",
    "fingerprint",
    "expires_on",
];

pub(super) fn header(mut line: Object<'_>) -> Result<Header, Problem> {
    if line.chosen("feed", |word| (word == VERSION).then_some(())).is_err() {
        return Err(line.problem("feed", Fault::Version));
    }
    let header = Header {
        office: line.chosen("office", Office::parse)?,
        delivery: line.text("delivery", DELIVERY_CHARS_MAX)?,
        made_on: line.day("made_on")?,
    };
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b':' | b'-');
    if !header.delivery.bytes().all(fits) {
        return Err(line.problem("delivery", Fault::Characters));
    }
    line.end().map(|()| header)
}

pub(super) fn record(mut line: Object<'_>) -> Result<Record, Problem> {
    let read = line.chosen("type", reader)?;
    let record = read(&mut line)?;
    line.end().map(|()| record)
}

type Reader = fn(&mut Object<'_>) -> Result<Record, Problem>;

fn reader(word: &str) -> Option<Reader> {
    Some(match word {
        "resident" => |line| resident(line).map(Record::Resident),
        "insurer" => |line| insurer(line).map(Record::Insurer),
        "coverage" => |line| coverage(line).map(|coverage| Record::Coverage(Box::new(coverage))),
        "certificate" => |line| certificate(line).map(Record::Certificate),
        "certificate_state" => |line| certificate_state(line).map(Record::CertificateState),
        "enrolment" => |line| Ok(Record::Enrolment(Enrolment { my_number: line.my_number()? })),
        "facility" => |line| facility(line).map(Record::Facility),
        "terminal" => |line| terminal(line).map(Record::Terminal),
        _ => return None,
    })
}

fn resident(line: &mut Object<'_>) -> Result<Resident, Problem> {
    Ok(Resident {
        my_number: line.my_number()?,
        name: line.text("name", NAME_CHARS_MAX)?,
        kana: line.text("kana", NAME_CHARS_MAX)?,
        birth: line.day("birth")?,
        sex: line.number("sex", 1, 3)?,
        postcode: line.postcode()?,
        address: line.opt_text("address", ADDRESS_CHARS_MAX)?,
    })
}

fn insurer(line: &mut Object<'_>) -> Result<Insurer, Problem> {
    Ok(Insurer { insurer: line.insurer()?, name: line.text("name", NAME_CHARS_MAX)? })
}

fn coverage(line: &mut Object<'_>) -> Result<Coverage, Problem> {
    let coverage = Coverage {
        key: line.text("key", KEY_CHARS_MAX)?,
        my_number: line.my_number()?,
        insurer: line.insurer()?,
        symbol: line.opt_text("symbol", LABEL_CHARS_MAX)?,
        number: line.text("number", LABEL_CHARS_MAX)?,
        branch: line.opt("branch", |line, value| line.digits("branch", value, &[2]))?,
        card_class: line.code("card_class")?,
        relation: line.opt("relation", |line, value| line.ranged("relation", value, 1, 2))?,
        insured_name: line.opt_text("insured_name", NAME_CHARS_MAX)?,
        name: line.text("name", NAME_CHARS_MAX)?,
        kana: line.text("kana", NAME_CHARS_MAX)?,
        other_name: line.opt_text("other_name", NAME_CHARS_MAX)?,
        other_kana: line.opt_text("other_kana", NAME_CHARS_MAX)?,
        sex: line.number("sex", 1, 3)?,
        birth: line.day("birth")?,
        postcode: line.postcode()?,
        address: line.opt_text("address", ADDRESS_CHARS_MAX)?,
        qualified_on: line.day("qualified_on")?,
        issued_on: line.opt_day("issued_on")?,
        card_from: line.opt_day("card_from")?,
        card_until: line.opt_day("card_until")?,
        facts: facts(line)?,
    };
    // It is part of what a coverage's id is made of, so it must have one way to be written.
    if !coverage.key.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(line.problem("key", Fault::Characters));
    }
    Ok(coverage)
}

fn facts(line: &mut Object<'_>) -> Result<Vec<Fact>, Problem> {
    let items = match line.take("facts") {
        None => return Ok(Vec::new()),
        Some(Value::List(items)) => items,
        Some(_) => return Err(line.problem("facts", Fault::Kind)),
    };
    let mut facts = Vec::with_capacity(items.len());
    for (place, item) in items.into_iter().enumerate() {
        let Value::Object(mut item) = item else {
            return Err(line.problem(&format!("facts[{place}]"), Fault::Kind));
        };
        item.place = format!("facts[{place}].");
        let read = item.chosen("fact", fact_reader)?;
        facts.push(read(&mut item)?);
        item.end()?;
    }
    Ok(facts)
}

type FactReader = fn(&mut Object<'_>) -> Result<Fact, Problem>;

fn fact_reader(word: &str) -> Option<FactReader> {
    Some(match word {
        "loss" => |fact| Ok(Fact::Loss { reason: fact.code("reason")?, on: fact.day("on")? }),
        "rate" => |fact| {
            let percent = fact.number("percent", 0, 100)?;
            Ok(Fact::Rate { percent, from: fact.day("from")?, until: fact.opt_day("until")? })
        },
        "elderly" => |fact| {
            let percent = fact.number("percent", 0, 100)?;
            let (from, until, issued_on) = days(fact)?;
            Ok(Fact::Elderly { percent, from, until, issued_on })
        },
        "limit" => |fact| {
            let (class, flag) = (fact.code("class")?, fact.code("flag")?);
            let long_term_on = fact.opt_day("long_term_on")?;
            let (from, until, issued_on) = days(fact)?;
            Ok(Fact::Limit { class, flag, long_term_on, from, until, issued_on })
        },
        "disease" => |fact| {
            let (category, self_pay) = (fact.code("category")?, fact.number("self_pay", 0, YEN_MAX)?);
            let (from, until, issued_on) = days(fact)?;
            Ok(Fact::Disease { category, self_pay, from, until, issued_on })
        },
        "ticket" => ticket,
        "withheld" => |_| Ok(Fact::Withheld),
        _ => return None,
    })
}

fn ticket(fact: &mut Object<'_>) -> Result<Fact, Problem> {
    let (kind, treatment) = (fact.code("kind")?, fact.code("treatment")?);
    let facility = fact.facility("facility")?;
    let number = fact.text("number", LABEL_CHARS_MAX)?;
    let self_pay = fact.number("self_pay", 0, YEN_MAX)?;
    let (from, until, issued_on) = days(fact)?;
    Ok(Fact::Ticket { kind, treatment, facility, number, self_pay, from, until, issued_on })
}

/// First day, last day, day of issue.
fn days(fact: &mut Object<'_>) -> Result<(String, Option<String>, Option<String>), Problem> {
    Ok((fact.day("from")?, fact.opt_day("until")?, fact.opt_day("issued_on")?))
}

fn certificate(line: &mut Object<'_>) -> Result<Certificate, Problem> {
    let holder = match line.opt("succeeds", |line, value| line.hexadecimal("succeeds", value))? {
        Some(serial) => Holder::Succeeds(serial),
        None => Holder::MyNumber(line.my_number()?),
    };
    let serial = line.must("serial")?;
    Ok(Certificate {
        holder,
        serial: line.hexadecimal("serial", serial)?,
        valid_from: line.day("valid_from")?,
        valid_until: line.day("valid_until")?,
    })
}

fn certificate_state(line: &mut Object<'_>) -> Result<CertificateState, Problem> {
    let serial = line.must("serial")?;
    Ok(CertificateState {
        serial: line.hexadecimal("serial", serial)?,
        state: line.chosen("state", |word| match word {
            "held" => Some(CertificateWord::Held),
            "lifted" => Some(CertificateWord::Lifted),
            "revoked" => Some(CertificateWord::Revoked),
            _ => None,
        })?,
        reason: line.opt_text("reason", LABEL_CHARS_MAX)?,
    })
}

fn facility(line: &mut Object<'_>) -> Result<Facility, Problem> {
    Ok(Facility {
        code: line.facility("code")?,
        name: line.text("name", NAME_CHARS_MAX)?,
        kind: line.text("kind", LABEL_CHARS_MAX)?,
        postcode: line.postcode()?,
        address: line.opt_text("address", ADDRESS_CHARS_MAX)?,
        pre_operation_from: line.opt_day("pre_operation_from")?,
        operates_from: line.opt_day("operates_from")?,
        closes_on: line.opt_day("closes_on")?,
    })
}

fn terminal(line: &mut Object<'_>) -> Result<Terminal, Problem> {
    let terminal = Terminal {
        facility: line.facility("facility")?,
        label: line.text("label", LABEL_CHARS_MAX)?,
        fingerprint: line.text("fingerprint", FINGERPRINT_CHARS)?,
        expires_on: line.day("expires_on")?,
    };
    if !terminal.fingerprint.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(line.problem("fingerprint", Fault::Characters));
    }
    if terminal.fingerprint.len() != FINGERPRINT_CHARS {
        return Err(line.problem("fingerprint", Fault::Length));
    }
    Ok(terminal)
}

/// What the keys of records are read with.
impl<'l> Object<'l> {
    fn must(&mut self, key: &str) -> Result<Value<'l>, Problem> {
        self.take(key).ok_or_else(|| self.problem(key, Fault::Missing))
    }

    fn opt<T>(
        &mut self,
        key: &str,
        read: impl Fn(&Self, Value<'l>) -> Result<T, Problem>,
    ) -> Result<Option<T>, Problem> {
        self.take(key).map(|value| read(self, value)).transpose()
    }

    fn read_text(&self, key: &str, value: Value<'l>, chars_max: usize) -> Result<String, Problem> {
        let Value::Text(text) = value else { return Err(self.problem(key, Fault::Kind)) };
        // Characters are at most as many as bytes, and at least a quarter.
        let long = text.len() > chars_max && text.chars().count() > chars_max;
        if long || text.trim().is_empty() {
            return Err(self.problem(key, Fault::Length));
        }
        if text.chars().any(char::is_control) {
            return Err(self.problem(key, Fault::Characters));
        }
        Ok(text.into_owned())
    }

    fn text(&mut self, key: &str, chars_max: usize) -> Result<String, Problem> {
        let value = self.must(key)?;
        self.read_text(key, value, chars_max)
    }

    fn opt_text(&mut self, key: &str, chars_max: usize) -> Result<Option<String>, Problem> {
        self.opt(key, |line, value| line.read_text(key, value, chars_max))
    }

    fn chosen<T>(&mut self, key: &str, choose: impl Fn(&str) -> Option<T>) -> Result<T, Problem> {
        let value = self.must(key)?;
        let Value::Text(word) = value else { return Err(self.problem(key, Fault::Kind)) };
        choose(&word).ok_or_else(|| self.problem(key, Fault::Word))
    }

    fn ranged(&self, key: &str, value: Value<'l>, min: i64, max: i64) -> Result<i64, Problem> {
        let Value::Number(number) = value else { return Err(self.problem(key, Fault::Kind)) };
        if (min..=max).contains(&number) { Ok(number) } else { Err(self.problem(key, Fault::Range)) }
    }

    fn number(&mut self, key: &str, min: i64, max: i64) -> Result<i64, Problem> {
        let value = self.must(key)?;
        self.ranged(key, value, min, max)
    }

    fn digits(&self, key: &str, value: Value<'l>, counts: &[usize]) -> Result<String, Problem> {
        let Value::Text(text) = value else { return Err(self.problem(key, Fault::Kind)) };
        if !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(self.problem(key, Fault::Characters));
        }
        if counts.contains(&text.len()) {
            Ok(text.into_owned())
        } else {
            Err(self.problem(key, Fault::Length))
        }
    }

    fn my_number(&mut self) -> Result<String, Problem> {
        let value = self.must("my_number")?;
        self.digits("my_number", value, &[12])
    }

    fn insurer(&mut self) -> Result<String, Problem> {
        let value = self.must("insurer")?;
        self.digits("insurer", value, &[6, 8])
    }

    fn facility(&mut self, key: &str) -> Result<String, Problem> {
        let value = self.must(key)?;
        self.digits(key, value, &[10])
    }

    fn hexadecimal(&self, key: &str, value: Value<'l>) -> Result<String, Problem> {
        let text = self.read_text(key, value, SERIAL_CHARS_MAX)?;
        if !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(self.problem(key, Fault::Characters));
        }
        if text.len() % 2 == 0 { Ok(text) } else { Err(self.problem(key, Fault::Length)) }
    }

    fn code(&mut self, key: &str) -> Result<String, Problem> {
        let code = self.text(key, CODE_CHARS_MAX)?;
        if code.bytes().all(|b| b.is_ascii_alphanumeric()) {
            Ok(code)
        } else {
            Err(self.problem(key, Fault::Characters))
        }
    }

    fn read_day(&self, key: &str, value: Value<'l>) -> Result<String, Problem> {
        match self.digits(key, value, &[8]) {
            Err(problem) if problem.fault == Fault::Kind => Err(problem),
            Err(_) => Err(self.problem(key, Fault::Day)),
            Ok(day) => Ok(day),
        }
    }

    fn day(&mut self, key: &str) -> Result<String, Problem> {
        let value = self.must(key)?;
        self.read_day(key, value)
    }

    fn opt_day(&mut self, key: &str) -> Result<Option<String>, Problem> {
        self.opt(key, |line, value| line.read_day(key, value))
    }

    fn postcode(&mut self) -> Result<Option<String>, Problem> {
        let read = self.opt_text("postcode", LABEL_CHARS_MAX)?;
        let fits = |text: &str| {
            let bytes = text.as_bytes();
            bytes.len() == 8
                && bytes
                    .iter()
                    .enumerate()
                    .all(|(at, b)| if at == 3 { *b == b'-' } else { b.is_ascii_digit() })
        };
        match read {
            Some(text) if !fits(&text) => Err(self.problem("postcode", Fault::Characters)),
            read => Ok(read),
        }
    }
}
