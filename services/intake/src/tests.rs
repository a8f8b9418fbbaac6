//! Stories of the intake: files go in, counts and problems come out, and what was filed stands.
//!
//! Always holds: each story plays on both databases with the same outcome; after every story no column of any table but
//! `people_number.my_number` holds a My Number, and neither does anything that was told.
//! Not here: the form of a line (`formats::feed`), what a filing leads to (`registration` and the other doors).

mod door;
mod everywhere;
mod kills;

use crate::{
    jobs::{self, Desk, Report},
    refusals,
    rules::{Admitted, Delivery, NewOffice, Sender, Whose, coverage_id},
};
use ::store::{Store, testing::seeded_ids};
use audit::testing::each_database;
use base::{Actor, Answer, Cx, Help, Id, IdSource, Instant, InsurerNumber, Purpose, kinds};
use cards::rules::State;
use everywhere::{content, numbers_lie_in_one_place};
use expect_test::{Expect, expect};
use formats::feed;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// 2026-11-27 12:00 in Japan.
const NOW: Instant = Instant::from_ms(1_795_748_400_000);

/// My Numbers of the stories, by letter.
const NUMBERS: [(&str, &str); 5] = [
    ("ANN", "123456789018"),
    ("BOB", "111111111118"),
    ("CAT", "987654321093"),
    ("DAN", "100000000080"),
    ("EVE", "100000000030"),
];

/// A file of lines: letters stand for My Numbers, and single quotes for double ones.
fn file(office: &str, delivery: &str, lines: &str) -> String {
    let header =
        format!("{{'feed':'shikaku/1','office':'{office}','delivery':'{delivery}','made_on':'20261127'}}");
    let lines = lines.lines().map(str::trim).filter(|line| !line.is_empty());
    let mut text: String =
        std::iter::once(header.as_str()).chain(lines).map(|line| format!("{line}\n")).collect();
    for (letters, number) in NUMBERS {
        text = text.replace(letters, number);
    }
    text.replace('\'', "\"")
}

fn cx<'i>(ids: &'i Arc<dyn IdSource>) -> Cx<'i> {
    Cx::new(NOW, Actor::System, Purpose::Registration, ids.as_ref())
}

fn load(store: &Store, ids: &Arc<dyn IdSource>, whose: &Whose, bytes: &[u8], batch: usize) -> Answer<Report> {
    let stop = AtomicBool::new(false);
    let cx = || cx(ids);
    let desk = Desk { store, cx: &cx, batch, stop: &stop };
    jobs::load(&desk, whose, bytes, &mut |_| {}).expect("loaded")
}

/// What is told of a load.
fn told(answer: &Answer<Report>) -> String {
    let report = match answer {
        Err(refusal) => return format!("refused: {refusal}\n"),
        Ok(report) => report,
    };
    let delivery = report.delivery.as_ref().expect("a delivery");
    let counts = delivery.counts;
    let mut out = format!(
        "{} {}: {} lines, {} taken, {} unchanged, {} held, {} refused{}\n",
        report.header.delivery,
        delivery.word(),
        delivery.lines,
        counts.taken,
        counts.unchanged,
        counts.held,
        counts.refused,
        if report.was_finished { " (finished before)" } else { "" }
    );
    for problem in &report.problems {
        let _ = writeln!(out, "  {} {} {}", problem.line, problem.field, problem.help.code);
    }
    assert_eq!(report.problems.len() as u64, report.problems_count);
    assert_eq!(report.problems_count, counts.problems());
    out
}

/// Plays files one after another on each database, as the operator loads them.
fn check(files: &[String], expected: Expect) {
    let mut all: Option<String> = None;
    each_database("intake", |store| {
        let ids = seeded_ids(1_000);
        let out: String =
            files.iter().map(|file| told(&load(store, &ids, &Whose::Operator, file.as_bytes(), 3))).collect();
        numbers_lie_in_one_place(store, &out);
        assert_eq!(all.get_or_insert_with(|| out.clone()), &out, "the databases differ");
    });
    expected.assert_eq(&all.unwrap_or_default());
}

fn rows_of(content: &BTreeMap<String, BTreeSet<String>>) -> String {
    let counts = content.iter().filter(|(_, rows)| !rows.is_empty());
    counts.map(|(table, rows)| format!("{table} {}", rows.len())).collect::<Vec<_>>().join(" · ")
}

const RESIDENTS: &str = "
    {'type':'resident','my_number':'ANN','name':'緑川　一郎','kana':'ﾐﾄﾞﾘｶﾜ ｲﾁﾛｳ','birth':'19800401','sex':1,'address':'架空県みどり市１'}
    {'type':'resident','my_number':'BOB','name':'青山　二郎','kana':'ｱｵﾔﾏ ｼﾞﾛｳ','birth':'19500600','sex':1}
    {'type':'resident','my_number':'CAT','name':'赤坂　花','kana':'ｱｶｻｶ ﾊﾅ','birth':'20010101','sex':2,'postcode':'100-0001'}";

const DIRECTORY: &str = "
    {'type':'insurer','insurer':'06132013','name':'架空健康保険組合'}
    {'type':'facility','code':'0110113719','name':'架空クリニック','kind':'clinic','operates_from':'20211020'}
    {'type':'terminal','facility':'0110113719','label':'受付1','fingerprint':'abababababababababababababababababababababababababababababababab','expires_on':'20271231'}";

const COVERAGES: &str = "
    {'type':'coverage','key':'A1','my_number':'ANN','insurer':'06132013','symbol':'１２','number':'34','branch':'01','card_class':'01','relation':1,'name':'緑川　一郎','kana':'ﾐﾄﾞﾘｶﾜ ｲﾁﾛｳ','sex':1,'birth':'19800401','qualified_on':'20200401','facts':[{'fact':'rate','percent':30,'from':'20200401'},{'fact':'limit','class':'B02','flag':'1','from':'20260801','until':'20270731'}]}
    {'type':'coverage','key':'A2','my_number':'BOB','insurer':'06132013','number':'35','card_class':'01','name':'青山　次郎','kana':'ｱｵﾔﾏ ｼﾞﾛｳ','sex':1,'birth':'19500600','qualified_on':'20200401'}
    {'type':'coverage','key':'A3','my_number':'DAN','insurer':'06132013','number':'36','card_class':'01','name':'黒田　三郎','kana':'ｸﾛﾀﾞ ｻﾌﾞﾛｳ','sex':1,'birth':'19700101','qualified_on':'20200401'}";

const CERTIFICATES: &str = "
    {'type':'certificate','my_number':'ANN','serial':'0a000001','valid_from':'20200601','valid_until':'20260401'}
    {'type':'certificate','succeeds':'0a000001','serial':'0a000002','valid_from':'20260101','valid_until':'20310401'}
    {'type':'certificate','my_number':'BOB','serial':'0a000003','valid_from':'20250601','valid_until':'20300601'}
    {'type':'certificate_state','serial':'0a000003','state':'held'}
    {'type':'certificate_state','serial':'0a000003','state':'lifted'}
    {'type':'certificate_state','serial':'0a000003','state':'revoked','reason':'lost'}";

fn first_day(n: u32) -> Vec<String> {
    vec![
        file("register", &format!("r{n}"), RESIDENTS),
        file("directory", &format!("d{n}"), DIRECTORY),
        file("insurer", &format!("i{n}"), COVERAGES),
        file("authority", &format!("a{n}"), CERTIFICATES),
        file("municipality", &format!("m{n}"), "{'type':'enrolment','my_number':'ANN'}"),
    ]
}

#[test]
fn s5_r1_every_office_files_and_the_last_states_again_record_nothing() {
    let mut files = first_day(1);
    files.extend(first_day(1));
    // Under new names, each line being the last that was filed of its thing: old states are news
    // (`s5_r1_under_a_new_name_old_states_are_news`).
    files.extend(first_day(2).into_iter().enumerate().map(|(place, file)| {
        match place {
            3 => file
                .lines()
                .filter(|line| !line.contains("held") && !line.contains("lifted"))
                .collect::<Vec<_>>()
                .join("\n"),
            _ => file,
        }
    }));
    check(
        &files,
        expect![[r#"
        r1 finished: 4 lines, 3 taken, 0 unchanged, 0 held, 0 refused
        d1 finished: 4 lines, 3 taken, 0 unchanged, 0 held, 0 refused
        i1 finished: 4 lines, 3 taken, 0 unchanged, 2 held, 0 refused
          3 key intake.held-back
          4 key intake.held-back
        a1 finished: 7 lines, 6 taken, 0 unchanged, 0 held, 0 refused
        m1 finished: 2 lines, 1 taken, 0 unchanged, 0 held, 0 refused
        r1 finished: 4 lines, 3 taken, 0 unchanged, 0 held, 0 refused (finished before)
        d1 finished: 4 lines, 3 taken, 0 unchanged, 0 held, 0 refused (finished before)
        i1 finished: 4 lines, 3 taken, 0 unchanged, 2 held, 0 refused (finished before)
          3 key intake.held-back
          4 key intake.held-back
        a1 finished: 7 lines, 6 taken, 0 unchanged, 0 held, 0 refused (finished before)
        m1 finished: 2 lines, 1 taken, 0 unchanged, 0 held, 0 refused (finished before)
        r2 finished: 4 lines, 0 taken, 3 unchanged, 0 held, 0 refused
        d2 finished: 4 lines, 0 taken, 3 unchanged, 0 held, 0 refused
        i2 finished: 4 lines, 0 taken, 3 unchanged, 2 held, 0 refused
          3 key intake.held-back
          4 key intake.held-back
        a2 finished: 5 lines, 0 taken, 4 unchanged, 0 held, 0 refused
        m2 finished: 2 lines, 0 taken, 1 unchanged, 0 held, 0 refused
    "#]],
    );
}

#[test]
fn s5_r1_a_second_file_of_the_last_states_changes_no_table() {
    each_database("intake_twice", |store| {
        let ids = seeded_ids(1_000);
        for file in first_day(1) {
            load(store, &ids, &Whose::Operator, file.as_bytes(), 100).expect("taken");
        }
        let before = content(store);
        let repeated = [
            file("register", "again-r", RESIDENTS),
            file("directory", "again-d", DIRECTORY),
            file("insurer", "again-i", COVERAGES),
            file("municipality", "again-m", "{'type':'enrolment','my_number':'ANN'}"),
        ];
        for file in &repeated {
            load(store, &ids, &Whose::Operator, file.as_bytes(), 100).expect("taken");
        }
        let mut after = content(store);
        for moved in ["intake_delivery", "intake_problem", "store_revision"] {
            after.insert(moved.into(), before[moved].clone());
        }
        assert_eq!(before, after);
        expect!["card_certificate 3 · card_event 4 · coverage_entry 3 · coverage_fact 4 · coverage_insurer 1 · coverage_unlinked 1 · enrolment_event 1 · facility_entry 1 · facility_terminal 1 · intake_delivery 5 · intake_problem 2 · people_entry 3 · people_number 3 · store_revision 6"].assert_eq(&rows_of(&before));
    });
}

#[test]
fn s5_r1_under_a_new_name_old_states_are_news() {
    let certificate = "
        {'type':'certificate','my_number':'ANN','serial':'0a000001','valid_from':'20200601','valid_until':'20300401'}";
    let found = "
        {'type':'certificate_state','serial':'0a000001','state':'held'}
        {'type':'certificate_state','serial':'0a000001','state':'lifted'}";
    each_database("intake_news", |store| {
        let ids = seeded_ids(1_000);
        let sent =
            |file: &str| told(&load(store, &ids, &Whose::Operator, file.as_bytes(), 100)).replace('\n', "");
        let serial = crate::rules::serial("serial", "0a000001").unwrap();
        let is_held = || {
            let known = store.look(|tx| cards::find(tx, &serial)).unwrap().expect("registered");
            matches!(known.state, State::Held { .. })
        };
        sent(&file("register", "r1", RESIDENTS));
        let whole = file("authority", "a1", &format!("{certificate}{found}"));
        assert_eq!(sent(&whole), "a1 finished: 4 lines, 3 taken, 0 unchanged, 0 held, 0 refused");
        assert!(!is_held());
        // The same delivery does nothing; what must not be sent under another name is what is over.
        assert!(sent(&whole).contains("finished before") && !is_held());
        let over = found.lines().find(|line| line.contains("held")).expect("the line");
        let under = |name| file("authority", name, over);
        assert_eq!(sent(&under("a2")), "a2 finished: 2 lines, 1 taken, 0 unchanged, 0 held, 0 refused");
        assert!(is_held(), "a good card is suspended again");
    });
}

#[test]
fn problems_of_a_delivery_are_kept_and_told_again() {
    let wrong = "{'type':'resident','my_number':'ANN'}\n";
    let text = file("register", "r1", &wrong.repeat(jobs::PROBLEMS_MAX + 2));
    each_database("intake_problems", |store| {
        let ids = seeded_ids(1_000);
        let stop = AtomicBool::new(false);
        let make = || cx(&ids);
        let desk = Desk { store, cx: &make, batch: 300, stop: &stop };
        let again = |each: &mut dyn FnMut(&Delivery)| {
            let report = jobs::load(&desk, &Whose::Operator, text.as_bytes(), each).unwrap().expect("taken");
            (report.problems.first().map(|one| one.line), report.problems.len(), report.problems_count)
        };
        let stopped = again(&mut |_| stop.store(true, Ordering::Relaxed));
        assert_eq!(stopped, (Some(2), 300, 300));
        stop.store(false, Ordering::Relaxed);
        for _ in ["it goes on", "it was finished before"] {
            assert_eq!(again(&mut |_| {}), (Some(2), 1_000, 1_002));
        }
        assert_eq!(content(store)["intake_problem"].len(), 1_000);
        numbers_lie_in_one_place(store, "");
    });
}

#[test]
fn every_code_of_a_line_reads_back() {
    let doors = [
        refusals::ALL,
        cards::refusals::ALL,
        enrolment::refusals::ALL,
        facilities::refusals::ALL,
        registration::refusals::ALL,
    ];
    for help in doors.into_iter().flatten() {
        assert_eq!(refusals::of_code(help.code), Some(*help));
    }
    assert_eq!(refusals::of_code("no.such"), None);
}

#[test]
fn a_line_that_cannot_be_taken_is_named_and_keeps_none_before_it_back() {
    each_database("intake_fault", |store| {
        let ids = seeded_ids(1_000);
        let mut db = store.connect_main().unwrap();
        db.exec("alter table facility_terminal rename to gone", &[]).unwrap();
        let text = file("directory", "d1", DIRECTORY);
        let stop = AtomicBool::new(false);
        let make = || cx(&ids);
        let desk = Desk { store, cx: &make, batch: 100, stop: &stop };
        let load = || jobs::load(&desk, &Whose::Operator, text.as_bytes(), &mut |_| {});
        let mut lines = 0;
        for _ in ["one by one", "alone"] {
            let error = load().map(|_| ()).unwrap_err();
            assert!(error.to_string().contains("line 4 could not be taken"), "{error}");
            let operator = Sender { office: None, kind: feed::Office::Directory, insurer: None };
            let stands = store.look(|tx| crate::delivery(tx, &operator, "d1")).unwrap();
            lines = stands.expect("begun").lines;
        }
        assert_eq!(lines, 3, "the insurer and the facility stand");
        db.exec("alter table gone rename to facility_terminal", &[]).unwrap();
        let out = told(&load().unwrap());
        assert_eq!(out, "d1 finished: 4 lines, 3 taken, 0 unchanged, 0 held, 0 refused\n");
    });
}

#[test]
fn s5_r2_what_disagrees_is_held_back_and_mended_under_the_same_key() {
    let mended =
        COVERAGES.lines().find(|line| line.contains("A2")).expect("the line").replace("次郎", "二郎");
    let arrives = "{'type':'resident','my_number':'DAN','name':'黒田　三郎','kana':'ｸﾛﾀﾞ ｻﾌﾞﾛｳ','birth':'19700101','sex':1}";
    check(
        &[
            file("register", "r1", RESIDENTS),
            file("insurer", "i1", COVERAGES),
            file("insurer", "i2", &mended),
            file("register", "r2", arrives),
            file("insurer", "i3", COVERAGES.lines().last().expect("the line")),
        ],
        expect![[r#"
            r1 finished: 4 lines, 3 taken, 0 unchanged, 0 held, 0 refused
            i1 finished: 4 lines, 3 taken, 0 unchanged, 2 held, 0 refused
              3 key intake.held-back
              4 key intake.held-back
            i2 finished: 2 lines, 1 taken, 0 unchanged, 0 held, 0 refused
            r2 finished: 2 lines, 1 taken, 0 unchanged, 0 held, 0 refused
            i3 finished: 2 lines, 1 taken, 0 unchanged, 0 held, 0 refused
        "#]],
    );
}

#[test]
fn s5_r1_a_correction_withdraws_what_is_no_longer_named() {
    let ann = COVERAGES.lines().find(|line| line.contains("A1")).expect("the line");
    let lost = ann.replace("'facts':[", "'facts':[{'fact':'loss','reason':'03','on':'20261031'},");
    let without =
        lost.replace(",{'fact':'limit','class':'B02','flag':'1','from':'20260801','until':'20270731'}", "");
    each_database("intake_corrects", |store| {
        let ids = seeded_ids(1_000);
        let coverage = coverage_id(&InsurerNumber::parse("06132013").unwrap(), "A1");
        let mut out = String::new();
        load(store, &ids, &Whose::Operator, file("register", "r1", RESIDENTS).as_bytes(), 9).unwrap();
        for (n, line) in [ann, &lost, &without].into_iter().enumerate() {
            out += &told(&load(
                store,
                &ids,
                &Whose::Operator,
                file("insurer", &format!("i{n}"), line).as_bytes(),
                9,
            ));
            let story = store.look(|tx| coverage::standing(tx, coverage)).unwrap().expect("filed");
            let facts: Vec<&str> = story.facts.iter().map(|fact| fact.new.what.word()).collect();
            let _ = writeln!(out, "  {}", facts.join(" "));
        }
        expect![[r#"
            i0 finished: 2 lines, 1 taken, 0 unchanged, 0 held, 0 refused
              link rate limit
            i1 finished: 2 lines, 1 taken, 0 unchanged, 0 held, 0 refused
              link rate limit loss
            i2 finished: 2 lines, 1 taken, 0 unchanged, 0 held, 0 refused
              link rate loss
        "#]]
        .assert_eq(&out);
    });
}

#[test]
fn bad_lines_are_told_and_keep_no_other_back() {
    let bad = "
        {'type':'resident','my_number':'ANN','name':'緑川　一郎','kana':'ﾐﾄﾞﾘｶﾜ ｲﾁﾛｳ','birth':'19800401','sex':1}
        {'type':'resident','my_number':'123456789010','name':'緑川','kana':'ﾐﾄﾞﾘｶﾜ','birth':'19800401','sex':1}
        {'type':'resident','my_number':'BOB','name':'青山','kana':'ｱｵﾔﾏ','birth':'19800431','sex':1}
        {'type':'resident','my_number':'BOB','name':'青山','kana':'ｱｵﾔﾏ','birth':'19800401','sex':1,'sex':2}
        {'type':'resident','my_number':'BOB','name':'青山','kana':'ｱｵﾔﾏ','birth':'19800401','sex':1,'BOB':2}
        {'type':'resident','my_number':'BOB','name':'青\\u0000山','kana':'ｱｵﾔﾏ','birth':'19800401','sex':1}
        {'type':'resident','my_number':'BOB','name':'青山
        {'type':'enrolment','my_number':'ANN'}
        [1]
        {'type':'resident','my_number':'CAT','name':'赤坂　花','kana':'ｱｶｻｶ ﾊﾅ','birth':'20010101','sex':2}";
    let coverage = |more: &str| {
        let line = COVERAGES.lines().nth(1).expect("a line");
        let (from, to) = more.split_once("=>").expect("a change");
        assert!(line.contains(from), "{from}");
        line.replacen(from, to, 1)
    };
    let coverages: Vec<String> = [
        "'06132013'=>'06132014'",
        "'qualified_on':'20200401'=>'qualified_on':'20200230'",
        "'20260801'=>'20270801'",
        "'percent':30=>'percent':15",
        "'until':'20270731'=>'until':'20270732'",
        "'branch':'01'=>'branch':'1'",
        "'relation':1=>'relation':3",
        "'type':'coverage'=>'type':'resident'",
    ]
    .into_iter()
    .map(coverage)
    .collect();
    let certificates = "
        {'type':'certificate','my_number':'DAN','serial':'0a000001','valid_from':'20200601','valid_until':'20260401'}
        {'type':'certificate','my_number':'ANN','serial':'0a000001','valid_from':'20260601','valid_until':'20260401'}
        {'type':'certificate','succeeds':'0a000009','serial':'0a000001','valid_from':'20200601','valid_until':'20260401'}
        {'type':'certificate','my_number':'ANN','serial':'00000000','valid_from':'20200601','valid_until':'20260401'}
        {'type':'certificate','my_number':'ANN','serial':'0a000001','valid_from':'20200601','valid_until':'20260401'}
        {'type':'certificate','my_number':'CAT','serial':'0a000001','valid_from':'20200601','valid_until':'20260401'}
        {'type':'certificate','my_number':'ANN','serial':'0a000001','valid_from':'20200602','valid_until':'20260401'}
        {'type':'certificate_state','serial':'0a000009','state':'held'}
        {'type':'certificate_state','serial':'0a000001','state':'revoked'}
        {'type':'certificate_state','serial':'0a000001','state':'revoked','reason':'bored'}
        {'type':'certificate_state','serial':'0a000001','state':'revoked','reason':'lost'}
        {'type':'certificate_state','serial':'0a000001','state':'lifted'}";
    let directory = "
        {'type':'facility','code':'0110113710','name':'架空クリニック','kind':'clinic'}
        {'type':'facility','code':'0110113719','name':'架空クリニック','kind':'spa'}
        {'type':'facility','code':'0110113719','name':'架空薬局','kind':'pharmacy'}
        {'type':'terminal','facility':'0110113719','label':'受付1','fingerprint':'abababababababababababababababababababababababababababababababab','expires_on':'20271231'}
        {'type':'facility','code':'0110113719','name':'架空クリニック','kind':'clinic','operates_from':'20211020'}
        {'type':'terminal','facility':'0110113719','label':'受付1','fingerprint':'abababababababababababababababababababababababababababababababab','expires_on':'20251231'}";
    check(
        &[
            file("register", "r1", bad),
            file("insurer", "i1", &coverages.join("\n")),
            file("authority", "a1", certificates),
            file("directory", "d1", directory),
            file("municipality", "m1", "{'type':'enrolment','my_number':'EVE'}"),
        ],
        expect![[r#"
            r1 finished: 11 lines, 2 taken, 0 unchanged, 0 held, 8 refused
              3 my_number intake.check-digit
              4 birth intake.day
              5 sex intake.line-repeated
              6 ? intake.line-unknown
              7 name intake.line-characters
              8  intake.line-truncated
              9 type intake.other-office
              10  intake.line-not-json
            i1 finished: 9 lines, 0 taken, 0 unchanged, 0 held, 8 refused
              2 insurer intake.check-digit
              3 qualified_on intake.day
              4 facts[1].until intake.days-out-of-order
              5 facts[0].percent intake.line-range
              6 facts[1].until intake.day
              7 branch intake.line-length
              8 relation intake.line-range
              9 facts intake.line-unknown
            a1 finished: 13 lines, 2 taken, 0 unchanged, 0 held, 10 refused
              2 my_number intake.no-such-person
              3 serial cards.dates-out-of-order
              4 serial cards.unknown-predecessor
              5 serial intake.line-characters
              7 serial cards.serial-of-another
              8 serial cards.known-otherwise
              9 serial intake.no-such-certificate
              10 reason intake.reason
              11 reason intake.word
              13 serial intake.certificate-revoked
            d1 finished: 7 lines, 1 taken, 0 unchanged, 0 held, 5 refused
              2 code intake.check-digit
              3 kind intake.word
              4 code facilities.code-of-other-kind
              5 facility intake.no-such-facility
              7 fingerprint facilities.certificate-expired
            m1 finished: 2 lines, 0 taken, 0 unchanged, 0 held, 1 refused
              2 my_number intake.no-such-person
        "#]],
    );
}

#[test]
fn hostile_bytes_are_problems_of_their_lines() {
    let good = file("register", "r1", RESIDENTS);
    let (header, rest) = good.split_once('\n').expect("lines");
    let huge = format!("{{\"type\":\"resident\",\"name\":\"{}", "緑".repeat(2_000_000));
    let mut bytes = format!("{header}\r\n\n  \n{huge}\n").into_bytes();
    bytes.extend(b"{\"type\":\"resident\",\"name\":\"\x97\xce\x90\xec\"}\n\0\0\0\n\xff\xfe{\0\n");
    bytes.extend(rest.replace('\n', "\r\n").trim_end().as_bytes());
    each_database("intake_hostile", |store| {
        let ids = seeded_ids(1_000);
        let out = told(&load(store, &ids, &Whose::Operator, &bytes, 2));
        expect![[r#"
            r1 finished: 10 lines, 3 taken, 0 unchanged, 0 held, 4 refused
              4  intake.line-too-large
              5  intake.line-encoding
              6  intake.line-not-json
              7  intake.line-encoding
        "#]]
        .assert_eq(&out);
        let again = told(&load(store, &ids, &Whose::Operator, &bytes, 2));
        assert!(again.contains("finished before"), "{again}");
        for first in ["", "\n", "{}", "{\"feed\":\"shikaku/1\"}", RESIDENTS, &huge] {
            let refused = told(&load(store, &ids, &Whose::Operator, first.as_bytes(), 2));
            assert_eq!(refused, "refused: intake.header\n");
        }
    });
}

#[test]
fn a_name_of_a_delivery_is_one_file_for_ever() {
    each_database("intake_names", |store| {
        let ids = seeded_ids(1_000);
        let whole = file("register", "r1", RESIDENTS);
        let taken = |text: &str| told(&load(store, &ids, &Whose::Operator, text.as_bytes(), 2));
        assert!(taken(&whole).contains("finished"));
        let shorter: String = whole.lines().take(3).map(|line| format!("{line}\n")).collect();
        let longer = format!("{whole}{{\"type\":\"enrolment\",\"my_number\":\"1\"}}\n");
        for other in [shorter, longer, whole.replace("緑川", "翠川"), whole.replace("20261127", "20261128")]
        {
            assert_eq!(taken(&other), "refused: intake.other-bytes\n");
        }
        assert!(taken(&whole).contains("finished before"));
        // Another office's delivery of that name is another one.
        let office = Admitted { office: Id::new(7).unwrap(), kind: feed::Office::Register, insurer: None };
        let sent = told(&load(store, &ids, &Whose::Office(office), whole.as_bytes(), 2));
        assert_eq!(sent, "r1 finished: 4 lines, 0 taken, 3 unchanged, 0 held, 0 refused\n");
    });
}

#[test]
fn versions_of_one_thing_in_one_file_are_all_recorded() {
    let twice = "
        {'type':'resident','my_number':'ANN','name':'緑川　一','kana':'ﾐﾄﾞﾘｶﾜ ﾊｼﾞﾒ','birth':'19800401','sex':1}
        {'type':'resident','my_number':'ANN','name':'緑川　二','kana':'ﾐﾄﾞﾘｶﾜ ﾊｼﾞﾒ','birth':'19800401','sex':1}
        {'type':'resident','my_number':'ANN','name':'緑川　三','kana':'ﾐﾄﾞﾘｶﾜ ﾊｼﾞﾒ','birth':'19800401','sex':1}";
    each_database("intake_versions", |store| {
        let ids = seeded_ids(1_000);
        let out = told(&load(store, &ids, &Whose::Operator, file("register", "r", twice).as_bytes(), 100));
        assert_eq!(out, "r finished: 4 lines, 3 taken, 0 unchanged, 0 held, 0 refused\n");
        let number = base::MyNumber::parse(NUMBERS[0].1).unwrap();
        let known = store.look(|tx| people::known(tx, &number)).unwrap().expect("known");
        assert_eq!(known.1.expect("attributes").name.written, "緑川　三");
        assert_eq!(content(store)["people_entry"].len(), 3);
    });
}

#[test]
fn two_ways_to_write_an_insurer_number_are_one() {
    let lines = "
        {'type':'insurer','insurer':'00138016','name':'架空町'}
        {'type':'insurer','insurer':'138016','name':'架空市'}";
    each_database("intake_spellings", |store| {
        let ids = seeded_ids(1_000);
        let out = told(&load(store, &ids, &Whose::Operator, file("insurer", "i", lines).as_bytes(), 100));
        assert_eq!(out, "i finished: 3 lines, 2 taken, 0 unchanged, 0 held, 0 refused\n");
    });
}

#[test]
fn an_insurer_files_under_its_own_number_only() {
    each_database("intake_insurers", |store| {
        let ids = seeded_ids(1_000);
        let insurer = |number: &str| InsurerNumber::parse(number).unwrap();
        let own = Admitted {
            office: Id::new(7).unwrap(),
            kind: feed::Office::Insurer,
            insurer: Some(insurer("01130012")),
        };
        let sent = |text: &str| told(&load(store, &ids, &Whose::Office(own.clone()), text.as_bytes(), 9));
        assert_eq!(
            sent(&file("insurer", "i1", COVERAGES)),
            "i1 finished: 4 lines, 0 taken, 0 unchanged, 0 held, 3 refused
  2 insurer intake.other-insurer
  3 insurer intake.other-insurer
  4 insurer intake.other-insurer
"
        );
        assert_eq!(sent(&file("register", "r1", RESIDENTS)), "refused: intake.other-kind\n");
        // A key of another insurer's names another coverage, and one that is another's is not touched.
        let theirs = coverage_id(&insurer("06132013"), "A1");
        assert_ne!(theirs, coverage_id(&insurer("01130012"), "A1"));
        load(store, &ids, &Whose::Operator, file("insurer", "i0", COVERAGES).as_bytes(), 9).unwrap();
        let story = store.look(|tx| coverage::standing(tx, theirs)).unwrap().expect("filed");
        let filing = registration::Filing {
            coverage: theirs,
            number: base::MyNumber::parse(NUMBERS[0].1).unwrap(),
            entry: coverage::rules::NewEntry { insurer: insurer("01130012"), ..story.entry.new.clone() },
            facts: Vec::new(),
        };
        let refused = store.record(NOW, |tx| registration::file_own(tx, &cx(&ids), &filing)).unwrap();
        assert_eq!(refused.map(|_| ()).unwrap_err().help.code, "registration.other-insurer");
    });
}

fn office(kind: feed::Office, insurer: Option<&str>, fingerprint: u8) -> NewOffice {
    NewOffice {
        kind,
        label: "架空の届出元".into(),
        insurer: insurer.map(|number| InsurerNumber::parse(number).unwrap()),
        fingerprint: [fingerprint; 32],
        expires_at: NOW.plus_ms(1_000),
    }
}

#[test]
fn an_office_is_admitted_once_and_barred_for_ever() {
    each_database("intake_offices", |store| {
        let ids = seeded_ids(1_000);
        let admit = |new: &NewOffice| {
            store.change(|tx| crate::admit(tx, &cx(&ids), new)).unwrap().map_err(|no| no.help.code)
        };
        let find = |fingerprint: u8, now| store.look(|tx| crate::find(tx, &[fingerprint; 32], now)).unwrap();
        let register = office(feed::Office::Register, None, 1);
        let id: Id<kinds::Office> = admit(&register).unwrap();
        assert_eq!(admit(&register), Ok(id), "again is the same");
        assert_eq!(find(1, NOW).expect("admitted").office, id);
        assert_eq!(find(2, NOW), None);
        assert_eq!(find(1, NOW.plus_ms(1_000)), None, "its time is over");
        let other = NewOffice { label: "別".into(), ..register.clone() };
        assert_eq!(admit(&other), Err("intake.certificate-used"));
        assert_eq!(admit(&office(feed::Office::Insurer, None, 3)), Err("intake.office-insurer"));
        assert_eq!(
            admit(&office(feed::Office::Authority, Some("06132013"), 3)),
            Err("intake.office-insurer")
        );
        assert_eq!(admit(&NewOffice { label: " ".into(), ..register.clone() }), Err("intake.office-label"));
        let late = NewOffice { expires_at: NOW, ..office(feed::Office::Register, None, 4) };
        assert_eq!(admit(&late), Err("intake.certificate-expired"));
        // A terminal's certificate is no office's, and an office's no terminal's.
        load(store, &ids, &Whose::Operator, file("directory", "d", DIRECTORY).as_bytes(), 9).unwrap();
        assert_eq!(admit(&office(feed::Office::Register, None, 0xab)), Err("intake.certificate-used"));
        let terminal =
            store.look(|tx| facilities::terminal(tx, &[0xab; 32], NOW)).unwrap().expect("admitted");
        store.change(|tx| facilities::bar_terminal(tx, &cx(&ids), terminal.terminal)).unwrap().unwrap();
        let barred = admit(&office(feed::Office::Register, None, 0xab));
        assert_eq!(barred, Err("intake.certificate-used"), "a barred terminal's is no office's either");
        let line = DIRECTORY.lines().last().unwrap().replace(&"ab".repeat(32), &"01".repeat(32));
        let sent = told(&load(store, &ids, &Whose::Operator, file("directory", "e", &line).as_bytes(), 9));
        assert!(sent.contains("fingerprint intake.certificate-used"), "{sent}");
        let bar = |id| store.change(|tx| crate::bar(tx, &cx(&ids), id)).unwrap();
        assert!(bar(id).is_ok() && bar(id).is_ok());
        assert_eq!(bar(Id::new(99).unwrap()).unwrap_err().help, &refusals::NO_SUCH_OFFICE);
        assert_eq!((find(1, NOW), admit(&register)), (None, Err("intake.certificate-used")));
        assert_eq!(store.look(|tx| crate::list(tx, 10)).unwrap().len(), 1);
    });
}

#[test]
fn the_operator_alone_loads_what_several_offices_sent() {
    let lines = format!(
        "{RESIDENTS}\n{COVERAGES}\n{CERTIFICATES}\n{DIRECTORY}\n{{'type':'enrolment','my_number':'ANN'}}"
    );
    check(
        &[file("relay", "day", &lines)],
        expect![[r#"
        day finished: 17 lines, 16 taken, 0 unchanged, 2 held, 0 refused
          6 key intake.held-back
          7 key intake.held-back
    "#]],
    );
    each_database("intake_relay", |store| {
        let ids = seeded_ids(1_000);
        let relay = office(feed::Office::Relay, None, 1);
        let refused = store.change(|tx| crate::admit(tx, &cx(&ids), &relay)).unwrap();
        assert_eq!(refused.unwrap_err().help, &refusals::OFFICE_KIND);
    });
}

#[test]
fn a_coverages_id_is_of_number_and_key_and_stays() {
    let id = |insurer: &str, key: &str| coverage_id(&InsurerNumber::parse(insurer).unwrap(), key).to_string();
    expect!["cov_0WEHDZSEJKF7Y"].assert_eq(&id("06132013", "A1"));
    assert_ne!(id("133066", "A1"), id("06132013", "A1"));
    assert_eq!(id("00133066", "A1"), id("133066", "A1"), "one number however it is written");
}

#[test]
fn every_example_of_the_guide_is_taken() {
    let guide = include_str!("../../../docs/feeds.md");
    let (headers, records): (Vec<&str>, Vec<&str>) =
        guide.lines().filter(|line| line.starts_with('{')).partition(|line| line.contains("\"feed\""));
    assert!(headers.iter().all(|line| feed::read_header(line.as_bytes()).is_ok()) && headers.len() == 1);
    let types: BTreeSet<&str> = records
        .iter()
        .map(|line| feed::read(line.as_bytes()).unwrap_or_else(|wrong| panic!("{wrong}: {line}")).word())
        .collect();
    assert_eq!(types.len(), 8, "{types:?}");
    each_database("intake_guide", |store| {
        // As one file, in the order of the guide.
        let text = file("relay", "guide", &records.join("\n"));
        let told = told(&load(store, &seeded_ids(1), &Whose::Operator, text.as_bytes(), 100));
        assert_eq!(told, "guide finished: 13 lines, 12 taken, 0 unchanged, 0 held, 0 refused\n");
    });
}

#[test]
fn a_file_is_checked_without_data() {
    let lines = format!("{COVERAGES}\n{RESIDENTS}\n{{'type':'coverage'}}\n");
    let checked = jobs::check(file("insurer", "i", &lines).as_bytes()).unwrap().expect("a header");
    let problems: Vec<(u64, &str, &Help)> =
        checked.report.problems.iter().map(|one| (one.line, one.field.as_str(), one.help)).collect();
    assert_eq!((checked.lines, checked.records["coverage"], checked.records["resident"]), (8, 3, 3));
    let other = |line| (line, "type", &refusals::OTHER_OFFICE);
    assert_eq!(problems, [other(5), other(6), other(7), (8, "key", &refusals::LINE_MISSING)]);
    assert!(jobs::check(&b"{}"[..]).unwrap().is_err());
}
