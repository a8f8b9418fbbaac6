//! Feed lines: every record goes out and comes back the same, and whatever is wrong is named without being quoted.
//!
//! Always holds: each problem is looked at as text too, so that nothing of a line can stand in it.
//! Not here: what a record leads to (`intake`).

use super::*;
use expect_test::expect;

const NUMBER: &str = "123456789018";

/// One record of each type, with everything that it can have.
fn full() -> Vec<Record> {
    let text = |text: &str| Some(text.to_owned());
    let coverage = Coverage {
        key: "06132013/12-0001/01".into(),
        my_number: NUMBER.into(),
        insurer: "06132013".into(),
        symbol: text("みどり・１２"),
        number: "0001".into(),
        branch: text("01"),
        card_class: "01".into(),
        relation: Some(2),
        insured_name: text("緑川　一郎"),
        name: "緑川　花".into(),
        kana: "ﾐﾄﾞﾘｶﾜ ﾊﾅ".into(),
        other_name: text("旧川　花"),
        other_kana: text("ｷｭｳｶﾜ ﾊﾅ"),
        sex: 2,
        birth: "19800400".into(),
        postcode: text("100-0001"),
        address: text("東京都\"千代田\\区\"１"),
        qualified_on: "20200401".into(),
        issued_on: text("20200402"),
        card_from: text("20200401"),
        card_until: text("20270331"),
        facts: facts(),
    };
    let certificate = |holder| Certificate {
        holder,
        serial: "00a1b2c3".into(),
        valid_from: "20250601".into(),
        valid_until: "20300704".into(),
    };
    vec![
        Record::Resident(Resident {
            my_number: NUMBER.into(),
            name: "緑川　一郎".into(),
            kana: "ﾐﾄﾞﾘｶﾜ ｲﾁﾛｳ".into(),
            birth: "19800401".into(),
            sex: 1,
            postcode: None,
            address: text("架空県みどり市１－２－３"),
        }),
        Record::Insurer(Insurer { insurer: "133066".into(), name: "架空市".into() }),
        Record::Coverage(Box::new(coverage)),
        Record::Certificate(certificate(Holder::MyNumber(NUMBER.into()))),
        Record::Certificate(certificate(Holder::Succeeds("00a1b2c2".into()))),
        Record::CertificateState(CertificateState {
            serial: "00a1b2c3".into(),
            state: CertificateWord::Revoked,
            reason: text("lost"),
        }),
        Record::Enrolment(Enrolment { my_number: NUMBER.into() }),
        Record::Facility(Facility {
            code: "9910000001".into(),
            name: "架空みどり診療所".into(),
            kind: "clinic".into(),
            postcode: text("100-0001"),
            address: None,
            pre_operation_from: text("20261101"),
            operates_from: text("20261201"),
            closes_on: None,
        }),
        Record::Terminal(Terminal {
            facility: "9910000001".into(),
            label: "受付1".into(),
            fingerprint: "ab".repeat(32),
            expires_on: "20271231".into(),
        }),
    ]
}

fn facts() -> Vec<Fact> {
    let (from, until) = (|| "20260801".to_owned(), || Some("20270731".to_owned()));
    vec![
        Fact::Loss { reason: "03".into(), on: "20261031".into() },
        Fact::Rate { percent: 30, from: from(), until: None },
        Fact::Elderly { percent: 20, from: from(), until: until(), issued_on: until() },
        Fact::Limit {
            class: "B05".into(),
            flag: "1".into(),
            long_term_on: until(),
            from: from(),
            until: until(),
            issued_on: None,
        },
        Fact::Disease { category: "1".into(), self_pay: 10_000, from: from(), until: None, issued_on: None },
        Fact::Ticket {
            kind: "1".into(),
            treatment: "2".into(),
            facility: "9910000001".into(),
            number: "12-3".into(),
            self_pay: 0,
            from: from(),
            until: until(),
            issued_on: None,
        },
        Fact::Withheld,
    ]
}

#[test]
fn every_record_goes_out_and_comes_back() {
    for record in full() {
        let written = line(&record);
        assert!(!written.contains('\n'), "one line");
        assert!(
            read(written.as_bytes()) == Ok(record.clone()),
            "{record:?}: {:?}",
            read(written.as_bytes()).err()
        );
        let mut pushed = Vec::new();
        push(&record, &mut pushed);
        assert_eq!(pushed, format!("{written}\n").into_bytes());
    }
}

#[test]
fn lines_look_as_documented() {
    let shown: Vec<String> = full().iter().map(line).collect();
    expect![[r#"
        {"type":"resident","my_number":"123456789018","name":"緑川　一郎","kana":"ﾐﾄﾞﾘｶﾜ ｲﾁﾛｳ","birth":"19800401","sex":1,"address":"架空県みどり市１－２－３"}
        {"type":"insurer","insurer":"133066","name":"架空市"}
        {"type":"coverage","key":"06132013/12-0001/01","my_number":"123456789018","insurer":"06132013","symbol":"みどり・１２","number":"0001","branch":"01","card_class":"01","relation":2,"insured_name":"緑川　一郎","name":"緑川　花","kana":"ﾐﾄﾞﾘｶﾜ ﾊﾅ","other_name":"旧川　花","other_kana":"ｷｭｳｶﾜ ﾊﾅ","sex":2,"birth":"19800400","postcode":"100-0001","address":"東京都\"千代田\\区\"１","qualified_on":"20200401","issued_on":"20200402","card_from":"20200401","card_until":"20270331","facts":[{"fact":"loss","reason":"03","on":"20261031"},{"fact":"rate","percent":30,"from":"20260801"},{"fact":"elderly","percent":20,"from":"20260801","until":"20270731","issued_on":"20270731"},{"fact":"limit","class":"B05","flag":"1","long_term_on":"20270731","from":"20260801","until":"20270731"},{"fact":"disease","category":"1","self_pay":10000,"from":"20260801"},{"fact":"ticket","kind":"1","treatment":"2","facility":"9910000001","number":"12-3","self_pay":0,"from":"20260801","until":"20270731"},{"fact":"withheld"}]}
        {"type":"certificate","my_number":"123456789018","serial":"00a1b2c3","valid_from":"20250601","valid_until":"20300704"}
        {"type":"certificate","succeeds":"00a1b2c2","serial":"00a1b2c3","valid_from":"20250601","valid_until":"20300704"}
        {"type":"certificate_state","serial":"00a1b2c3","state":"revoked","reason":"lost"}
        {"type":"enrolment","my_number":"123456789018"}
        {"type":"facility","code":"9910000001","name":"架空みどり診療所","kind":"clinic","postcode":"100-0001","pre_operation_from":"20261101","operates_from":"20261201"}
        {"type":"terminal","facility":"9910000001","label":"受付1","fingerprint":"abababababababababababababababababababababababababababababababab","expires_on":"20271231"}
    "#]]
    .assert_eq(&(shown.join("\n") + "\n"));
}

#[test]
fn headers_go_out_and_come_back() {
    for office in Office::ALL {
        let header = Header { office, delivery: "2026-11.a_b:1".into(), made_on: "20261127".into() };
        let written = header_line(&header);
        assert_eq!(read_header(written.as_bytes()), Ok(header.clone()));
        assert_eq!(read_header(format!("\u{feff}{written}\r").as_bytes()), Ok(header));
    }
    let told = |line: &str| read_header(line.as_bytes()).map_or_else(|p| p.to_string(), |_| "taken".into());
    let with = |keys: &str| told(&format!(r#"{{"feed":"shikaku/1",{keys}}}"#));
    assert_eq!(told(r#"{"feed":"shikaku/2"}"#), "feed: version");
    assert_eq!(told("{}"), "feed: version");
    assert_eq!(with(r#""office":"bank","delivery":"a","made_on":"20261127""#), "office: word");
    assert_eq!(with(r#""office":"insurer","delivery":"a/b","made_on":"20261127""#), "delivery: characters");
    assert_eq!(with(r#""office":"insurer","delivery":"","made_on":"20261127""#), "delivery: length");
    assert_eq!(with(r#""office":"insurer","delivery":"a","made_on":"2026-11-27""#), "made_on: day");
    assert_eq!(with(r#""office":"insurer","delivery":"a","made_on":"20261127","x":1"#), "?: unknown");
}

#[test]
fn what_is_wrong_is_named_and_never_quoted() {
    let resident = line(&full()[0]);
    let coverage = line(&full()[2]);
    let told = |line: &[u8]| match read(line) {
        Ok(record) => format!("{record:?}"),
        Err(problem) => problem.to_string(),
    };
    let swap = |from: &str, to: &str| {
        let line = if resident.contains(from) { &resident } else { &coverage };
        assert!(line.contains(from), "{from}");
        told(line.replacen(from, to, 1).as_bytes())
    };
    let long = "x".repeat(LINE_BYTES_MAX);
    let shown = [
        ("empty", told(b"")),
        ("half", told(&resident.as_bytes()[..resident.len() / 2])),
        ("half a character", told(&resident.as_bytes()[..59])),
        ("Shift_JIS", told(b"{\"type\":\"resident\",\"name\":\"\x97\xce\x90\xec\"}")),
        ("two objects", told(format!("{resident}{resident}").as_bytes())),
        ("a list", told(b"[]")),
        ("a bare newline in a text", swap("緑川　", "緑\n川　")),
        ("an escaped NUL", swap("緑川　", "緑\\u0000川　")),
        ("half a surrogate", swap("緑川　", "緑\\ud83d川　")),
        ("too long a line", told(format!("{{\"type\":\"{long}\"}}").as_bytes())),
        ("too deep", told(br#"{"type":"coverage","facts":[{"fact":{"a":[[[[1]]]]}}]}"#)),
        ("very deep", told("[".repeat(10_000).as_bytes())),
        ("a key twice", swap(r#""sex":1"#, r#""sex":1,"sex":2"#)),
        ("the type twice", swap(r#""sex":1"#, r#""sex":1,"type":"insurer""#)),
        ("an escaped key twice", swap(r#""sex":1"#, r#""sex":1,"\u0073ex":2"#)),
        ("a mistyped key", swap(r#""address""#, r#""adress""#)),
        ("a number as key", swap(r#""address""#, r#""123456789018""#)),
        ("a name as key", swap(r#""address""#, r#""緑川""#)),
        ("another type", swap(r#""resident""#, r#""123456789018""#)),
        ("no type", swap(r#""type":"resident","#, "")),
        ("no number", swap(r#""my_number":"123456789018","#, "")),
        ("eleven digits", swap("123456789018", "12345678901")),
        ("full-width digits", swap("123456789018", "１２３４56789018")),
        ("a number that is a number", swap(r#""123456789018""#, "123456789018")),
        ("null", swap(r#""緑川　一郎""#, "null")),
        ("blank", swap("緑川　一郎", "　")),
        ("a long name", swap("緑川　一郎", &"緑".repeat(101))),
        ("the longest name", swap("緑川　一郎", &"緑".repeat(100))),
        ("sex 4", swap(r#""sex":1"#, r#""sex":4"#)),
        ("sex 1.0", swap(r#""sex":1"#, r#""sex":1.0"#)),
        ("huge sex", swap(r#""sex":1"#, r#""sex":18446744073709551617"#)),
        ("true sex", swap(r#""sex":1"#, r#""sex":true"#)),
        ("day with hyphens", swap("19800401", "1980-04-01")),
        ("postcode", swap("100-0001", "1000001")),
        ("no facts", swap(r#"[{"fact":"loss""#, r#"7,"x":[{"fact":"loss""#)),
        ("another fact", swap(r#""fact":"loss""#, r#""fact":"gain""#)),
        ("a fact's number", swap(r#""percent":30"#, r#""percent":"30""#)),
        ("a fact's key", swap(r#""percent":30"#, r#""percent":30,"name":"緑""#)),
        ("a fact's key twice", swap(r#""percent":30"#, r#""percent":30,"percent":30"#)),
        ("a fact that is none", swap(r#"{"fact":"withheld"}"#, r#""withheld""#)),
        ("a key with a blank", swap("06132013/12-0001/01", "06132013 1")),
        ("a code in kana", swap(r#""class":"B05""#, r#""class":"イ""#)),
        ("nine digits of an insurer", swap(r#""insurer":"06132013""#, r#""insurer":"061320130""#)),
    ];
    let mut list = String::new();
    for (what, told) in shown {
        for secret in ["123456", "緑川", "1980", "みどり"] {
            assert!(!told.contains(secret), "{what}: {told}");
        }
        list += &format!("{what} · {told}\n");
    }
    expect![[r#"
        empty · line: truncated
        half · line: truncated
        half a character · line: encoding
        Shift_JIS · line: encoding
        two objects · line: not-json
        a list · line: not-json
        a bare newline in a text · line: not-json
        an escaped NUL · name: characters
        half a surrogate · line: not-json
        too long a line · line: too-large
        too deep · line: too-large
        very deep · line: too-large
        a key twice · sex: repeated
        the type twice · type: repeated
        an escaped key twice · sex: repeated
        a mistyped key · ?: unknown
        a number as key · ?: unknown
        a name as key · ?: unknown
        another type · type: word
        no type · type: missing
        no number · my_number: missing
        eleven digits · my_number: length
        full-width digits · my_number: characters
        a number that is a number · my_number: kind
        null · name: missing
        blank · name: length
        a long name · name: length
        the longest name · Record(resident)
        sex 4 · sex: range
        sex 1.0 · sex: kind
        huge sex · sex: kind
        true sex · sex: kind
        day with hyphens · birth: day
        postcode · postcode: characters
        no facts · facts: kind
        another fact · facts[0].fact: word
        a fact's number · facts[1].percent: kind
        a fact's key · facts[1].name: unknown
        a fact's key twice · percent: repeated
        a fact that is none · facts[6]: kind
        a key with a blank · key: characters
        a code in kana · facts[3].class: characters
        nine digits of an insurer · insurer: length
    "#]]
    .assert_eq(&list);
}

#[test]
fn a_roman_name_in_a_keys_place_is_not_told() {
    let with = |keys: &str| {
        let line = line(&full()[0]).replacen(r#""sex":1"#, keys, 1);
        read(line.as_bytes()).map_err(|problem| problem.to_string()).unwrap_err()
    };
    assert_eq!(with(r#""sex":1,"midorikawa_ichiro":1"#), "?: unknown");
    assert_eq!(with(r#""midorikawa":1,"midorikawa":1"#), "?: repeated");
    assert_eq!(with(r#""sex":1,"facts":[]"#), "facts: unknown", "another record's key");
}

#[test]
fn every_key_of_the_format_can_be_told() {
    fn told(value: &serde_json::Value, of: &str) {
        match value {
            serde_json::Value::Object(keys) => {
                for (key, value) in keys {
                    assert!(shape::KEYS.contains(&key.as_str()), "{key} of {of}");
                    told(value, of);
                }
            }
            serde_json::Value::Array(items) => items.iter().for_each(|item| told(item, of)),
            _ => {}
        }
    }
    let header = Header { office: Office::Relay, delivery: "a".into(), made_on: "20261127".into() };
    let mut lines: Vec<String> = full().iter().map(line).collect();
    lines.push(header_line(&header));
    for line in lines {
        told(&serde_json::from_str(&line).unwrap(), &line);
    }
}

#[test]
fn a_coverage_has_a_limit_of_facts() {
    let Record::Coverage(mut coverage) = full().remove(2) else { panic!("the coverage") };
    coverage.facts = vec![Fact::Withheld; FACTS_MAX];
    assert!(read(line(&Record::Coverage(coverage.clone())).as_bytes()).is_ok());
    coverage.facts.push(Fact::Withheld);
    let problem = read(line(&Record::Coverage(coverage)).as_bytes()).err();
    assert_eq!(problem.map(|problem| problem.fault), Some(Fault::TooLarge));
}

#[test]
fn no_line_panics_and_no_cut_line_is_taken() {
    for record in full() {
        let written = line(&record);
        for end in 0..written.len() {
            assert!(read(&written.as_bytes()[..end]).is_err());
        }
    }
    proptest::proptest!(|(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200), at in 0usize..400, by in proptest::prelude::any::<u8>())| {
        let _ = (read(&bytes), read_header(&bytes));
        for record in full() {
            let mut written = line(&record).into_bytes();
            let place = at % written.len();
            written[place] = by;
            let _ = read(&written);
        }
    });
}
