//! The invented nation before the whole program: what its people are told at a desk, what becomes of each mistake, and a
//! making that is killed, stopped and stepped.
//!
//! Always holds: the truth comes from `country` and reaches no door; what is compared of databases are facts, not ids or
//! instants.
//! Not here: the nation by itself (`country`), load (`simulation`).
//! Rules come from: docs/rules.md S1 r3, r8, S5 r1, r2; issue 4, parts C and D.

use crate::desk::*;
use audit::testing::each_database;
use base::{Actor, Cx, Date, Id, Purpose, kinds};
use country::nation::{Nation, Plan, filings::Wrong, visitors::Expected};
use formats::feed::{self, Header, Office};
use intake::{
    jobs::{self, Desk},
    rules::{Whose, coverage_id},
};
use std::{collections::BTreeMap, ffi::OsStr, io::Cursor, path::Path, sync::atomic::AtomicBool};
use store::Store;

fn base_day() -> Date {
    Date::parse8("20261120").expect("a day")
}

/// Loads everything that some blocks sent up to their day.
fn load(store: &Store, nation: &Nation, blocks: u32, until: Date) {
    let ids = store::testing::seeded_ids(1 << 40);
    let stop = AtomicBool::new(false);
    let cx = || Cx::new(until.begins(), Actor::System, Purpose::Registration, ids.as_ref());
    let desk = Desk { store, cx: &cx, batch: 300, stop: &stop };
    let mut lines = Vec::new();
    for number in 0..blocks {
        nation.block(number, until).sent.iter().for_each(|sent| feed::push(&sent.record, &mut lines));
    }
    let header = Header { office: Office::Relay, delivery: "all".into(), made_on: until.stamp8() };
    let mut file = feed::header_line(&header).into_bytes();
    file.push(b'\n');
    file.extend(lines);
    let report = jobs::load(&desk, &Whose::Operator, Cursor::new(file), &mut |_| {}).expect("no fault");
    let delivery = report.expect("taken").delivery.expect("something was taken");
    assert_eq!(delivery.counts.refused, 0, "every line of the nation is one that the doors take");
    assert!(delivery.finished_at.is_some());
}

/// The standing link of a coverage: whose, and how sure.
fn link(store: &Store, coverage: Id<kinds::Coverage>) -> Option<(Id<kinds::Person>, String)> {
    let story = store.look(|tx| coverage::standing(tx, coverage)).expect("read")?;
    story.link().map(|(person, state)| (person, state.word().to_owned()))
}

/// S5 r2: of all that goes wrong with filings, only what leaves name, reading, birth date, sex and, where it was filed, the
/// address the same gets past the comparison with the register: a namesake of the same birthday without an address.
#[test]
fn s5_r2_the_only_wrong_links_are_those_of_namesakes_whose_address_was_not_filed() {
    let mut plan = Plan::new(30, 4_000, base_day());
    plan.mistakes = 100;
    let nation = Nation::new(plan);
    each_database("nation_truth", |store| {
        load(store, &nation, plan.blocks(), base_day());
        let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
        for number in 0..plan.blocks() {
            let block = nation.block(number, base_day());
            for person in &block.people {
                let exchange = |number| {
                    let my_number = plan.my_number(number);
                    store.look(|tx| people::exchange(tx, &my_number)).expect("read")
                };
                for (place, spell) in person.spells.iter().enumerate() {
                    let insurer = nation.institutions.insurers()[spell.due.insurer as usize].number;
                    let coverage = coverage_id(&insurer, &format!("{}-{place}", person.number.0));
                    let Some((linked, state)) = link(store, coverage) else {
                        assert_eq!(spell.filed.registered_on, None, "what was registered has a link");
                        continue;
                    };
                    let open =
                        spell.mistake.as_ref().filter(|m| m.until.is_none_or(|until| base_day() < until));
                    let is_theirs = exchange(person.number) == Some(linked);
                    match open.map(|mistake| mistake.kind) {
                        // It was filed before a marriage or a move that the register told since.
                        None | Some(Wrong::Replaced | Wrong::LateLoss | Wrong::MissingLoss) => {
                            assert!(is_theirs, "a link without a mistake is the person's");
                        }
                        Some(Wrong::Namesake) => {
                            assert!(
                                !is_theirs && state == "verified",
                                "three attributes do not tell them apart"
                            );
                        }
                        Some(kind) => assert_ne!(state, "verified", "{} is held back", kind.word()),
                    }
                    *seen.entry(open.map_or("none", |mistake| mistake.kind.word())).or_default() += 1;
                }
            }
        }
        assert!(seen["none"] > 4_000 && seen.contains_key("namesake") && seen.len() > 7, "{seen:?}");
    });
}

/// S1 r3: everybody of a town is told at the desk what is true, by the numbers on the paper.
#[test]
fn s1_r3_a_town_is_told_at_the_desk_what_is_true() {
    let home = Home::new();
    let data = home.data();
    let settings = home.settings("[demo]\nvisits_every_s = 0\n");
    let server = home.demo(&data, Some(&settings), &["--people", "2000"]);
    let (machine, institution) = (server.machine(), server.institution());
    let today = day(0);
    let nation = Nation::new(Plan::new(1, 2_000, today));
    let mut told: BTreeMap<Expected, u32> = BTreeMap::new();
    let visitors = (0..2).flat_map(|number| nation.block(number, today).visitors(&nation.institutions));
    for (place, visitor) in visitors.enumerate().filter(|(place, _)| place % 4 == 0) {
        let typed = &visitor.typed;
        let question = Question {
            institution: institution.clone(),
            day: today.stamp8(),
            insurer: typed.insurer.clone(),
            symbol: typed.symbol.clone(),
            number: typed.number.clone(),
            branch: typed.branch.clone(),
            birth: typed.birth.clone(),
            ..Question::default()
        };
        let answer = machine.check(Some(&format!("town-{place}")), &question);
        let validity = answer.body.validity.clone().unwrap_or_default();
        match visitor.by_number {
            Expected::Valid => assert_eq!(validity, "1", "somebody insured is told so"),
            Expected::Held => assert_eq!(validity, "", "a link in doubt gives the third answer"),
            Expected::Refused | Expected::Open => {}
        }
        *told.entry(visitor.by_number).or_default() += 1;
    }
    assert!(told[&Expected::Valid] > 400, "{told:?}");
    home.stop(server, Some(&settings));
}

/// The facts of a directory's database: what was filed, without ids and instants.
fn facts(data: &Path) -> Vec<String> {
    const EVERYTHING: [&str; 6] = [
        "select name || kana || birth || sex || address from people_entry order by 1",
        "select my_number from people_number order by 1",
        "select insurer_number || coalesce(symbol, '') || number || coalesce(branch, '') || name || birth || qualified_on
            from coverage_entry order by 1",
        "select kind || coalesce(starts_on, '') || coalesce(ends_on, '') || coalesce(code, '') || coalesce(amount, '')
            from coverage_fact order by 1",
        "select hex(serial) || valid_from || valid_until from card_certificate order by 1",
        "select kind || channel from enrolment_event order by 1",
    ];
    let place = store::Place::Sqlite { dir: data.to_owned(), vfs: None };
    let scribe = std::sync::Arc::new(audit::Ledger::new(
        store::testing::seeded_ids(1 << 41),
        std::sync::Arc::new(|bytes: &mut [u8]| bytes.fill(7)),
    ));
    let store = Store::open(place, scribe).expect("opened");
    let mut db = store.connect_main().expect("a line");
    EVERYTHING.iter().flat_map(|sql| db.rows(sql, &[], |row| row.text(0)).expect("read")).collect()
}

fn country(home: &Home, words: &[&str], data: &Path) -> Ran {
    let mut args: Vec<&OsStr> =
        std::iter::once("country").chain(words.iter().copied()).map(OsStr::new).collect();
    args.extend([OsStr::new("--data"), data.as_os_str()]);
    home.run(&args)
}

#[test]
fn a_making_that_was_killed_again_and_again_ends_as_one_that_was_not() {
    let home = Home::new();
    let (whole, broken) = (home.path("whole"), home.path("broken"));
    let words = ["make", "--people", "5000", "--day", "20261120", "--until", "20261125"];
    assert_eq!(country(&home, &words, &whole).code, Some(0));
    let mut dice = Dice(5);
    let mut kills = 0;
    loop {
        let mut args: Vec<&OsStr> = ["country"].iter().chain(&words).map(OsStr::new).collect();
        args.extend([OsStr::new("--data"), broken.as_os_str()]);
        let mut process = home.start(&args);
        // Killed when so much more was written, not after a time: a quick machine would be done before.
        let size = |name: &str| std::fs::metadata(broken.join(name)).map_or(0, |facts| facts.len());
        let written = || size("shikaku.db") + size("shikaku.db-wal");
        let enough = written() + 500_000 + dice.below(5_000_000) as u64;
        let ended = until("more bytes, or the end", 60, || match process.has_ended() {
            true => Some(true),
            false => (written() >= enough).then_some(false),
        });
        if ended {
            break;
        }
        if kills % 3 == 2 {
            match process.interrupt().code() {
                Some(0) => break, // it was done just then
                code => assert_eq!(code, Some(1), "stopped, not done"),
            }
        } else {
            process.signal("KILL");
            process.bury();
        }
        kills += 1;
        assert!(kills < 60, "it never ends");
    }
    assert!(kills > 2, "a making of five thousand writes more than that: killed {kills} times");
    assert!(facts(&whole) == facts(&broken), "killed {kills} times");
    home.verify(&broken, None);
    // Once more there is nothing to do.
    let again = country(&home, &words, &broken);
    assert!(again.code == Some(0) && again.out.contains("done: 0 lines"), "{}{}", again.out, again.err);
    // And another nation is refused.
    let other = country(&home, &["make", "--people", "6000", "--day", "20261120"], &broken);
    assert!(other.code == Some(1) && other.err.contains("5000 people"), "{}", other.err);
}

#[test]
fn days_pass_alike_in_one_step_and_in_many() {
    let home = Home::new();
    let (one, many) = (home.path("one"), home.path("many"));
    let made = ["make", "--people", "1500"];
    for data in [&one, &many] {
        assert_eq!(country(&home, &made, data).code, Some(0));
    }
    let stepped = country(&home, &["step", "--days", "12"], &one);
    assert_eq!(stepped.code, Some(0), "{}", stepped.err);
    for days in ["5", "0", "7"] {
        assert_eq!(country(&home, &["step", "--days", days], &many).code, Some(0));
    }
    assert!(facts(&one) == facts(&many));
    // The demo's clock went with them.
    let server = home.demo(&one, None, &[]);
    let answer = server.browser().get("/status");
    assert!(
        answer.body.contains(&day(12).to_string().replace('-', "/"))
            || answer.body.contains(&day(12).to_string()),
        "{}",
        answer.body
    );
    home.stop(server, None);
    let nothing = country(&home, &["step", "--days", "1"], &home.path("empty"));
    assert!(nothing.code == Some(1) && nothing.err.contains("country make"), "{}", nothing.err);
}

#[test]
fn what_is_exported_is_what_the_hash_is_of_and_the_truth_only_when_asked() {
    let home = Home::new();
    let out = home.path("export");
    let words = ["country", "export", "--people", "1000", "--day", "20261120", "--out"].map(OsStr::new);
    assert_eq!(home.run(&[&words[..], &[out.as_os_str()]].concat()).code, Some(0));
    assert!(!out.join("truth.csv").exists());
    let with = [&words[..], &[out.as_os_str(), OsStr::new("--truth")]].concat();
    assert_eq!(home.run(&with).code, Some(0));
    let truth = std::fs::read_to_string(out.join("truth.csv")).expect("written");
    assert!(truth.lines().count() > 1_000);
    for office in ["directory", "register", "insurer", "authority", "municipality"] {
        let file = out.join(format!("{office}.jsonl"));
        let ran = home.run(
            &["feed", "check"].map(OsStr::new).iter().copied().chain([file.as_os_str()]).collect::<Vec<_>>(),
        );
        assert_eq!(ran.code, Some(0), "{office}: {}{}", ran.out, ran.err);
    }
    let hash = |threads: &str| {
        let words = ["country", "hash", "--people", "2000", "--day", "20261120", "--threads", threads];
        home.run(&words.map(OsStr::new)).out
    };
    assert_eq!(hash("1"), hash("3"));
}
