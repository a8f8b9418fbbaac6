//! A load that is killed between any two transactions and begun again ends as one that was not killed.
//!
//! Always holds: ids come from one source that goes on, so equal content is equal to the byte.
//! Not here: a kill inside a transaction, which the store undoes (its own tests).

use super::*;
use ::store::testing::each_place;
use audit::testing::ledger;

/// Everything of the first day as one file an office, with versions that end batches early.
fn files() -> Vec<String> {
    let mut files = first_day(1);
    let again = RESIDENTS.lines().nth(1).expect("a line").replace("緑川　一郎", "緑川　市郎");
    files.insert(
        1,
        file("register", "r2", &format!("{again}\n{RESIDENTS}\n{again}\n{{'type':'x'}}\n{RESIDENTS}")),
    );
    files
}

/// Loads all, killed after each transaction whose number is in `kills`: the store is closed and opened again.
fn loaded(
    place: &::store::Place,
    kills: &[usize],
) -> (BTreeMap<String, BTreeSet<String>>, usize, Vec<String>) {
    let ids = seeded_ids(1_000);
    let mut transactions = 0;
    let mut problems = Vec::new();
    for text in files() {
        let mut was_over = false;
        while !was_over {
            let seed = u32::try_from(transactions).unwrap() + 2;
            let store = Store::open(place.clone(), ledger(seed)).expect("opens");
            let stop = AtomicBool::new(false);
            let cx = || cx(&ids);
            let desk = Desk { store: &store, cx: &cx, batch: 2, stop: &stop };
            let mut each = |_: &Delivery| {
                transactions += 1;
                stop.store(kills.contains(&transactions), Ordering::Relaxed);
            };
            let report =
                jobs::load(&desk, &Whose::Operator, text.as_bytes(), &mut each).unwrap().expect("taken");
            was_over = report.delivery.is_some_and(|delivery| delivery.finished_at.is_some());
            // The last load of a file tells the problems of all of them.
            if was_over {
                problems.extend(report.problems.iter().map(|one| format!("{} {}", one.line, one.help.code)));
            }
        }
    }
    let store = Store::open(place.clone(), ledger(999)).expect("opens");
    (content(&store), transactions, problems)
}

#[test]
fn s5_r1_killed_between_any_two_transactions_it_goes_on_exactly_there() {
    let mut whole = BTreeMap::new();
    let mut count = 0;
    each_place("intake_unkilled", |place| {
        let (content, transactions, problems) = loaded(&place, &[]);
        count = transactions;
        whole.insert(matches!(place, ::store::Place::Postgres { .. }), (content, problems));
    });
    assert!(count > 12, "{count}");
    let all: Vec<usize> = (1..=count).collect();
    let each = (1..=count).map(|kill| vec![kill]).chain([all]);
    for kills in each {
        each_place("intake_killed", |place| {
            let (content, transactions, problems) = loaded(&place, &kills);
            assert_eq!(transactions, count, "no transaction more or less, killed after {kills:?}");
            let unkilled = &whole[&matches!(place, ::store::Place::Postgres { .. })];
            assert_eq!(&(content, problems), unkilled, "killed after {kills:?}");
        });
    }
}

#[test]
fn two_loads_of_one_delivery_do_not_take_a_line_twice() {
    each_database("intake_two", |store| {
        let ids = seeded_ids(1_000);
        let text = file("register", "r", RESIDENTS);
        let stop = AtomicBool::new(false);
        let make = || cx(&ids);
        let desk = Desk { store, cx: &make, batch: 1, stop: &stop };
        // While the first is between two transactions another one finishes the delivery.
        let mut other = None;
        let mut each = |_: &Delivery| {
            if other.is_none() {
                other = Some(told(&load(store, &ids, &Whose::Operator, text.as_bytes(), 2)));
            }
        };
        let first = jobs::load(&desk, &Whose::Operator, text.as_bytes(), &mut each).unwrap();
        assert_eq!(other.as_deref(), Some("r finished: 4 lines, 3 taken, 0 unchanged, 0 held, 0 refused\n"));
        assert_eq!(told(&first), "refused: intake.elsewhere\n");
        assert_eq!(content(store)["people_entry"].len(), 3);
    });
}
