//! Each check on a small made-up tree in which it fires, and beside it one in which it does not.
//! The last test runs every check on the real tree.

use super::{File, Tree, check};
use expect_test::{Expect, expect};

/// Checks a tree made of `=== path` headings and the lines below them.
fn fires(check: fn(&Tree) -> Vec<super::Failure>, tree: &str, expected: Expect) {
    let files = tree.split("=== ").skip(1).map(|part| {
        let (path, text) = part.split_once('\n').expect("a heading and its lines");
        File { path: path.trim().into(), text: text.into() }
    });
    let failures = check(&Tree { files: files.collect() });
    expected.assert_eq(&failures.iter().map(|failure| format!("{failure}\n")).collect::<String>());
}

#[test]
fn files_open_with_what_they_are() {
    let tree = "\
=== app/src/good.rs
//! Opens sockets. Nobody else does.
=== app/src/short.rs
//! Opens sockets.
=== app/src/none.rs
use std::fmt;
=== crates/base/src/lib.rs
//! Words. Always holds: no clock.
=== services/people/src/rules.rs
//! Decides. Always holds: pure. Not here: SQL.
=== services/people/src/tests.rs
//! Stories in. Outcomes out.
";
    fires(
        super::comments::check,
        tree,
        expect![[r#"
            app/src/short.rs:1: no opening comment of two sentences; open it with `//!`: what it is, and what a reader would not guess
            app/src/none.rs:1: no opening comment of two sentences; open it with `//!`: what it is, and what a reader would not guess
            crates/base/src/lib.rs:1: the opening comment does not say `Not here: …`; say it in one sentence, an absence if possible
        "#]],
    );
}

#[test]
fn services_have_one_shape() {
    let tree = "\
=== services/consent/src/lib.rs
=== services/consent/src/rules.rs
=== services/consent/src/helpers.rs
=== services/consent/src/web.rs
=== services/consent/src/web/forms.rs
=== services/consent/src/rules/more.rs
=== services/consent/Cargo.toml
";
    fires(
        super::shape::check,
        tree,
        expect![[r#"
            services/consent/src/helpers.rs:1: not a file of a service's shape; a service has lib.rs rules.rs proof.rs refusals.rs store.rs web.rs jobs.rs tests.rs and nothing else
            services/consent/src/rules/more.rs:1: not a file of a service's shape; a service has lib.rs rules.rs proof.rs refusals.rs store.rs web.rs jobs.rs tests.rs and nothing else
            services/consent/src/tests.rs:1: missing; every service has lib, rules and tests
        "#]],
    );
}

#[test]
fn a_table_belongs_to_one_store() {
    let tree = r##"
=== migrations/0001_start.sql
create table person (id bigint primary key);
-- create table ghost (id bigint);
create table if not exists coverage (id bigint);
create table forgotten (id bigint);
create table store_revision (revision bigint);
=== crates/store/src/tx.rs
const NEXT: &str = "update store_revision set revision = revision + 1";
=== services/people/src/store.rs
const ADD: &str = "insert into person (id) values ($1)";
const ONE: &str = r#"
    select id
    from person
"#;
=== services/coverage/src/store.rs
const ADD: &str = "insert into coverage (person) values ($1)";
const WORD: &str = "person";
const KNOWN: &str = "select max(revision) from store_revision";
const FORGED: &str = "delete from store_revision";
const JOINED: &str = "\
    select 1 from coverage c, \
    person p where c.person = p.id";
=== crates/audit/src/lib.rs
const PEEK: &str = "SELECT id FROM main.Coverage";
=== tests/src/durability.rs
const SEEN: &str = "select count(*) from person";
"##;
    fires(
        super::sql::check_tables,
        tree,
        expect![[r#"
            crates/audit/src/lib.rs:1: the table `coverage` is named by crates/audit and services/coverage; it belongs to services/coverage: call its operation
            migrations/0001_start.sql:4: no store names the table `forgotten`; drop it, or give it an owner
            services/coverage/src/store.rs:7: the table `person` is named by services/coverage and services/people; it belongs to services/people: call its operation
            services/coverage/src/store.rs:4: the table `store_revision` is named by crates/store and services/coverage; it belongs to crates/store: call its operation
        "#]],
    );
}

#[test]
fn sql_stands_in_stores() {
    let tree = r##"
=== services/people/src/lib.rs
//! We select the one from the list. "select a from b" in a comment is prose.
const A: &str = "select a from b";
const B: &[&str] = &["INSERT INTO b VALUES (1)", "update b set a = 1", "delete from b"];
const C: &str = "please select one from the list, then update the settings";
const D: &str = "Select a day from today on";
const E: &str = "with x as (
    select 1 from y) ";
=== services/people/src/tests.rs
const F: &str = r#"select "a""#;
=== services/people/src/store.rs
const A: &str = "select a from b";
=== crates/store/src/tx.rs
const A: &str = "select a from b";
=== crates/audit/src/lib.rs
const A: &str = "select a from b";
=== tests/src/lib.rs
const A: &str = "select a from b";
"##;
    fires(
        super::sql::check_places,
        tree,
        expect![[r#"
            services/people/src/lib.rs:2: SQL outside a store; move it to the `store.rs` of the service whose table it is
            services/people/src/lib.rs:3: SQL outside a store; move it to the `store.rs` of the service whose table it is
            services/people/src/lib.rs:3: SQL outside a store; move it to the `store.rs` of the service whose table it is
            services/people/src/lib.rs:3: SQL outside a store; move it to the `store.rs` of the service whose table it is
            services/people/src/lib.rs:6: SQL outside a store; move it to the `store.rs` of the service whose table it is
            services/people/src/tests.rs:1: SQL outside a store; move it to the `store.rs` of the service whose table it is
        "#]],
    );
}

#[test]
fn long_functions_only_shrink() {
    let body = |name: &str, lines: usize| {
        format!("fn {name}(a: [u8; 2]) {{\n{}}}\n", "    // }\n".repeat(lines - 2))
    };
    let story = format!("fn story() {{\n    let s = \"\n{}\";\n}}\n", "{\n".repeat(200));
    let tree = format!(
        "=== app/src/a.rs\n{}{}{}{}{}{story}trait T {{ fn declared(&self) -> [u8; 2]; }}\n=== xtask/long-functions.txt\n{}",
        body("fits", 70),
        body("new", 71),
        body("grown", 90),
        body("same", 95),
        body("shrunk", 80),
        "# a comment\napp/src/a.rs::fits 75\napp/src/a.rs::grown 80\napp/src/a.rs::same 95\n\
         app/src/a.rs::shrunk 88\napp/src/a.rs::gone 100\nnonsense\n",
    );
    fires(
        super::functions::check,
        &tree,
        expect![[r#"
            xtask/long-functions.txt:7: not `path::function lines`; mend the line
            app/src/a.rs:142: `grown` grew from 80 to 90 lines; a listed function may only shrink
            app/src/a.rs:71: `new` has 71 lines, 70 at most; split it where its steps have names
            xtask/long-functions.txt:5: `app/src/a.rs::shrunk` has 80 lines now, not 88; write the smaller number
            xtask/long-functions.txt:2: `app/src/a.rs::fits` is not long any more; remove the line
            xtask/long-functions.txt:6: `app/src/a.rs::gone` is not long any more; remove the line
        "#]],
    );
}

#[test]
fn one_word_for_one_thing() {
    let tree = "\
=== docs/glossary.txt
# comment
copay | copayment rate | a rate
member id | symbol and number | ours is the coverage id
MyNumber card | My Number card | the official spelling
lonely
=== README.md
The copays; the copayment rate; scopay.
=== app/src/main.rs
struct MemberId; let member_id = 1; // MEMBER ID
struct MemberIdentity; // My Number card, my MyNumber card
=== app/words.txt
copay
";
    fires(
        super::words::check,
        tree,
        expect![[r#"
            docs/glossary.txt:5: not a line of the glossary; write `forbidden | instead | why`
            README.md:1: `copay` (a rate); write `copayment rate`
            app/src/main.rs:1: `member id` (ours is the coverage id); write `symbol and number`
            app/src/main.rs:2: `MyNumber card` (the official spelling); write `My Number card`
        "#]],
    );
}

/// The names themselves stand in one list only, so the trees are made from it.
#[test]
fn nothing_knows_one_machine() {
    use super::places::{FOLDERS, HOSTS, check};
    let said = |path: &str, line: &str| {
        let file = File { path: path.into(), text: format!("{line}\n") };
        check(&Tree { files: vec![file] }).len()
    };
    for folder in FOLDERS {
        assert_eq!(said("notes.md", &format!("cd {folder}main")), 1, "{folder}");
        assert_eq!(said("notes.md", &format!("see file://{folder}me")), 1, "{folder}");
        assert_eq!(said("notes.md", &format!("services{folder} and $HOME{folder} are fine")), 0, "{folder}");
    }
    for host in HOSTS {
        assert_eq!(said("run.toml", &format!("index = \"https://{host}/simple\"")), 1, "{host}");
        assert_eq!(said("Cargo.lock", &format!("source = \"registry+https://{host}/index\"")), 0, "{host}");
        assert_eq!(said("Cargo.lock", &format!("name = \"{host}\"")), 1, "{host}");
    }
}

#[test]
fn nothing_is_switched_off_or_left_for_later() {
    let tree = r##"
=== app/src/a.rs
#![allow(dead_code)]
#[ignore = "slow"]
#[cfg_attr(unix, ignore)]
#[expect(clippy::print_stdout)]
#[expect(clippy::print_stdout, reason = "the command's own output")]
#[cfg_attr(
    not(test),
    allow(unused)
)]
fn f() { todo!(); let x: Option<u8> = dbg!(None); x.expect("not an attribute"); "todo!()"; 'a'; '"'; }
// unimplemented!() and #[ignore] in a comment
fn g<'a>(x: &'a str) { unimplemented!() }
"##;
    fires(
        super::attributes::check,
        tree,
        expect![[r#"
            app/src/a.rs:1: `allow`; write `#[expect(…, reason = "…")]`, which fails when it is no longer needed
            app/src/a.rs:2: a test that is switched off; mend it or delete it
            app/src/a.rs:3: a test that is switched off; mend it or delete it
            app/src/a.rs:4: `expect` without a reason; add `reason = "…"`
            app/src/a.rs:6: `allow`; write `#[expect(…, reason = "…")]`, which fails when it is no longer needed
            app/src/a.rs:10: `todo!`; finish it, or refuse with a reason
            app/src/a.rs:10: `dbg!`; finish it, or refuse with a reason
            app/src/a.rs:12: `unimplemented!`; finish it, or refuse with a reason
        "#]],
    );
}

#[test]
fn cited_rules_exist_and_live_somewhere() {
    let tree = "\
=== docs/rules.md
| id | rule | where it lives |
|---|---|---|
| S1 r2 | no My Number | `crates/base/src/numbers.rs` |
| S1 r3 | answered at once | `services/gone/src/rules.rs`, `counter::check` |
| S4 r1 | deduction | not yet |
=== crates/base/src/numbers.rs
//! Rules come from: docs/rules.md S1 r2 r3 and r99, reference r7.
fn s1_r3_answers_at_once() {}
fn demo_s2_r9_is_not_known() {}
=== tests/notes.md
S9 r9 in prose is nobody's business.
";
    fires(
        |tree| super::rules::check_cited(tree).into_iter().chain(super::rules::check_homes(tree)).collect(),
        tree,
        expect![[r#"
            crates/base/src/numbers.rs:1: the rule S1 r99 is not in docs/rules.md; cite an id that exists; ids are frozen
            crates/base/src/numbers.rs:3: the rule S2 r9 is not in docs/rules.md; cite an id that exists; ids are frozen
            docs/rules.md:4: S1 r3 is said to live in `services/gone/src/rules.rs`, which does not exist; name the file that holds the rule
        "#]],
    );
}

#[test]
fn links_lead_somewhere() {
    let tree = "\
=== README.md
[rules](docs/rules.md#s1), [away](https://example.jp/), `docs/benchmarks.md`, [code](services/)
=== docs/rules.md
[up](../README.md) [dead](missing.md)
=== services/people/Cargo.toml
";
    fires(
        super::links::check,
        tree,
        expect![[r#"
            README.md:1: `docs/benchmarks.md` does not exist; mend the link or write the page
            docs/rules.md:1: `docs/missing.md` does not exist; mend the link or write the page
        "#]],
    );
}

#[test]
fn the_whole_tree_is_tidy() {
    let tree = Tree::load(&crate::workspace().expect("tests run in it")).expect("git lists the files");
    assert!(tree.get("xtask/src/main.rs").is_some(), "the real tree was loaded");
    let failures: Vec<String> = check(&tree).iter().map(ToString::to_string).collect();
    assert!(failures.is_empty(), "cargo xtask tidy:\n{}", failures.join("\n"));
}
