//! The committed table of codes: what the receptionist and what the engineer does.
//!
//! Always holds: `docs/refusals.md` is what this test makes; a code means one thing for ever, and so does a
//! nine-character code.
//! Not here: troubles of messages and files (`terminal`, with a table of its own).

use base::Help;
use expect_test::expect_file;
use std::{collections::BTreeMap, fmt::Write};

#[test]
fn the_table_of_refusals_is_committed() {
    let services = [
        ("cards", cards::refusals::ALL),
        ("consent", consent::refusals::ALL),
        ("counter", counter::refusals::ALL),
        ("enrolment", enrolment::refusals::ALL),
        ("facilities", facilities::refusals::ALL),
        ("intake", intake::refusals::ALL),
        ("portal", portal::refusals::ALL),
        ("reader", reader::refusals::ALL),
        ("registration", registration::refusals::ALL),
        ("staff", staff::refusals::ALL),
    ];
    let mut out = String::from(
        "# Refusals\n\nEvery way in which a service says no, says that it could not be determined, or adds to a good \
         answer. Made from the\n`refusals.rs` of each service by a test (`UPDATE_EXPECT=1 cargo test -p tests refusals`); not \
         written by hand.\n\n\
         *Code* is stable for ever and stands in logs and problem answers; *OQS* is the nine-character code in \
         messages, ours\nand not official. *Desk* is what the receptionist does, *engineer* what the engineer looks at.\n",
    );
    let mut meanings: BTreeMap<&str, &str> = BTreeMap::new();
    for (service, all) in services {
        let _ =
            write!(out, "\n## {service}\n\n| code | OQS | what | desk | engineer |\n|---|---|---|---|---|\n");
        for help in all {
            row(&mut out, help);
            assert!(help.code.starts_with(service), "{} is not a code of {service}", help.code);
            assert_eq!(help.oqs.chars().count(), 9, "{}: a code of messages has nine characters", help.code);
            assert_eq!(meanings.insert(help.code, help.oqs), None, "{} stands twice", help.code);
        }
    }
    let mut codes: Vec<&str> = meanings.into_values().collect();
    codes.sort();
    let twice = codes.windows(2).find(|pair| pair[0] == pair[1]);
    assert_eq!(twice, None, "a nine-character code has two meanings");
    expect_file!["../../docs/refusals.md"].assert_eq(&out);
}

fn row(out: &mut String, help: &Help) {
    let _ = writeln!(
        out,
        "| `{}` | `{}` | {}<br>{} | {}<br>{} | {} |",
        help.code, help.oqs, help.what.0, help.what.1, help.desk.0, help.desk.1, help.engineer
    );
}
