//! SQL on both databases: every statement of the workspace is prepared, parameters are bound by number, errors hold
//! no values.
//!
//! Not here: what the statements mean. Texts made at run time (`store::Wide`) are run by the other tests.
//! Rules come from: DESIGN section 4, "A test prepares every statement on both databases".

use crate::store_common::*;
use audit::testing::each_database;
use base::Error;
use std::path::{Path, PathBuf};
use store::{Store, Value};

/// As tests see it: they run in the folder of their package.
const WORKSPACE: &str = "..";

#[test]
fn every_statement_is_understood_by_both_databases() {
    let root = Path::new(WORKSPACE);
    let mut found = Vec::new();
    for file in sources(root) {
        let text = std::fs::read_to_string(&file).expect("a source file");
        let name = file.strip_prefix(root).expect("inside").display().to_string();
        found.extend(
            literals(&text).into_iter().filter(|sql| is_statement(sql)).map(|sql| (name.clone(), sql)),
        );
    }
    assert!(found.len() > 30, "only {} statements found: does the scan still read the sources?", found.len());
    each_database("sql_prepare", |store| {
        let (mut main, mut log) = (store.connect_main().expect("main"), store.connect_log().expect("log"));
        let mut refused = Vec::new();
        for (file, sql) in found.iter().filter(|(_, sql)| !is_for_one_database(sql)) {
            let sql: &'static str = sql.clone().leak();
            if let (Err(error), Err(_)) = (main.prepare_only(sql), log.prepare_only(sql)) {
                refused.push(format!("{file}: {error}: {}", source_of(&error)));
            }
        }
        assert!(refused.is_empty(), "postgres: {}\n{}", store.is_postgres(), refused.join("\n"));
    });
}

fn source_of(error: &Error) -> String {
    use std::error::Error as _;
    error.source().map(ToString::to_string).unwrap_or_default()
}

/// Statements that read a whole table on purpose: counts for the page of statistics, lists of what there is few of, work
/// beside the desks. Every other one finds its rows by an index, however many people there are: a plan that is right for
/// eighty patients and scans for a million was seen once, in the check itself.
const READS_ALL: &[(&str, &str)] = &[
    // The newest of a table ordered by its key: one row is read.
    ("crates/audit/src/seal.rs", "select number, hash from audit_checkpoint order by number desc limit 1"),
    ("crates/audit/src/verify.rs", "select number from audit_checkpoint order by number desc limit 1"),
    ("crates/store/src/beside.rs", "select at from store_revision order by revision desc limit 1"),
    ("crates/store/src/lib.rs", "insert into store_revision"),
    // A row for each connection that ever wrote.
    ("crates/audit/src/seal.rs", "select stream, sequence from audit_sealed"),
    ("crates/audit/src/seal.rs", "select s.stream, (select max(r.sequence)"),
    ("crates/audit/src/verify.rs", "select stream, max(month) from"),
    // A row for each migration.
    ("crates/store/src/backup.rs", "select count(*) from store_migration"),
    ("crates/store/src/lib.rs", "select count(*) from store_migration"),
    ("crates/store/src/migrate.rs", "select number, checksum from store_migration"),
    // Counts for the page of statistics, at most once in some minutes, on a connection of their own.
    ("services/cards/src/store.rs", "select each.source"),
    ("services/coverage/src/store.rs", "with standing as"),
    ("services/enrolment/src/store.rs", "select e.channel, count(*)"),
    ("services/facilities/src/store.rs", "select each.kind"),
    ("services/people/src/store.rs", "select each.band"),
    // By a partial index of what is in doubt alone.
    ("services/coverage/src/store.rs", "select count(*) from ( select f.coverage from coverage_fact f"),
    // Few: cases, offices, accounts, and proofs of the last minutes.
    ("services/registration/src/store.rs", "select c.case_id"),
    ("services/intake/src/store.rs", "select office, kind, label"),
    ("services/staff/src/store.rs", "select count(*) from staff_account"),
    ("services/portal/src/store.rs", "update portal_proof set entered_at = $2 where person = $1"),
];

#[test]
fn no_statement_of_a_desk_scans_a_table_that_grows_with_the_country() {
    let root = Path::new(WORKSPACE);
    each_database("sql_plans", |store| {
        if store.is_postgres() {
            return; // it plans by the tables' sizes, and these are empty
        }
        let (mut main, mut log) = (store.connect_main().expect("main"), store.connect_log().expect("log"));
        let mut scans = Vec::new();
        for file in sources(root) {
            let text = std::fs::read_to_string(&file).expect("a source file");
            let name = file.strip_prefix(root).expect("inside").display().to_string();
            let statements = literals(&text).into_iter().filter(|sql| is_statement(sql));
            for sql in statements.filter(|sql| !is_for_one_database(sql)) {
                let ask: &'static str = format!("explain query plan {sql}").leak();
                let params: Vec<Value<'_>> =
                    (1..40).filter(|place| sql.contains(&format!("${place}"))).map(|_| 1.into()).collect();
                let steps = |db: &mut store::Db| db.rows(ask, &params, |row| row.text(3));
                let plan = steps(&mut main).or_else(|_| steps(&mut log)).expect("a plan in one of the files");
                let short: String = sql.split_whitespace().collect::<Vec<_>>().join(" ");
                let is_known =
                    READS_ALL.iter().any(|(home, begins)| *home == name && short.starts_with(begins));
                let bad = plan.iter().find(|step| is_scan(step)).filter(|_| !is_known);
                scans.extend(
                    bad.map(|step| {
                        format!("{name}: {step}: {}", short.chars().take(100).collect::<String>())
                    }),
                );
            }
        }
        assert!(scans.is_empty(), "an index, `cross join`, or a line in READS_ALL:\n{}", scans.join("\n"));
    });
}

/// `SCAN` of anything but a part of the statement itself, or an index made on the spot.
fn is_scan(step: &str) -> bool {
    const ITS_OWN: [&str; 7] = ["mine", "CONSTANT", "standing", "held", "each", "found", "a"];
    let scanned = step.strip_prefix("SCAN ").and_then(|what| what.split(' ').next());
    step.contains("AUTOMATIC") || scanned.is_some_and(|what| !ITS_OWN.contains(&what))
}

/// All Rust sources whose statements run in the program; tests have their own way with tables.
fn sources(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting: Vec<PathBuf> =
        ["crates", "services", "country", "terminal", "app"].iter().map(|dir| root.join(dir)).collect();
    while let Some(dir) = waiting.pop() {
        for entry in std::fs::read_dir(&dir).expect("a source directory") {
            let path = entry.expect("an entry").path();
            match path.extension().and_then(|e| e.to_str()) {
                _ if path.is_dir() => waiting.push(path),
                Some("rs") if !path.ends_with("tests.rs") && !path.iter().any(|part| part == "tests") => {
                    found.push(path);
                }
                _ => {}
            }
        }
    }
    found.sort();
    found
}

/// A literal that begins like a statement and goes on like one. A template is none before it is filled in; only tests
/// have such, since a store takes literals alone.
fn is_statement(text: &str) -> bool {
    if text.contains('{') {
        return false;
    }
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let has = |word: &str| words.contains(word);
    (words.starts_with("select ") && (has(" from ") || has("(")))
        || (words.starts_with("insert into ") && (has(" values (") || has(" select ")))
        || (words.starts_with("update ") && has(" set "))
        || words.starts_with("delete from ")
        || (words.starts_with("with ") && has(" as (") && has("select "))
}

/// Locks and catalogues have no common words.
fn is_for_one_database(sql: &str) -> bool {
    ["pg_", "sqlite_", "information_schema"].iter().any(|mark| sql.contains(mark))
}

/// The string literals of a Rust text up to its own tests: plain and raw ones, and those that `concat!` or a macro of
/// the file (one arm, literals for parameters, a `concat!` for a body) puts together.
fn literals(text: &str) -> Vec<String> {
    let code = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let tokens = tokens(&code.chars().collect::<Vec<_>>());
    let mut made = Macros::from([("concat".to_owned(), Vec::new())]);
    let (mut found, mut at) = (Vec::new(), 0);
    while at < tokens.len() {
        match &tokens[at..] {
            [Token::Word(word), Token::Mark('!'), Token::Word(name), ..] if word == "macro_rules" => {
                let end = closed(&tokens, at + 3);
                made.insert(name.clone(), body(&tokens[at + 3..end]));
                at = end;
            }
            [Token::Word(name), Token::Mark('!'), Token::Mark('(' | '[' | '{'), ..]
                if made.contains_key(name) =>
            {
                let end = closed(&tokens, at + 2);
                found.push(expanded(&made, &tokens[at..end]));
                at = end;
            }
            [Token::Text(text), ..] => {
                found.push(text.clone());
                at += 1;
            }
            _ => at += 1,
        }
    }
    found
}

#[derive(Debug, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Mark(char),
}

/// For each macro its body: texts, and parameters by their place.
type Macros = std::collections::BTreeMap<String, Vec<Result<String, usize>>>;

/// The body of `{ ($a:literal, …) => { concat!("…", $a, …) } }`.
fn body(tokens: &[Token]) -> Vec<Result<String, usize>> {
    let arrow = tokens.iter().position(|t| *t == Token::Mark('>')).unwrap_or(0);
    let names = |tokens: &[Token]| -> Vec<String> {
        let pairs = tokens.windows(2).filter(|pair| pair[0] == Token::Mark('$'));
        pairs
            .filter_map(|pair| if let Token::Word(name) = &pair[1] { Some(name.clone()) } else { None })
            .collect()
    };
    let params = names(&tokens[..arrow]);
    let mut parts = Vec::new();
    for (place, token) in tokens.iter().enumerate().skip(arrow) {
        match token {
            Token::Text(text) => parts.push(Ok(text.clone())),
            Token::Word(word) if tokens[place - 1] == Token::Mark('$') => {
                parts.extend(params.iter().position(|name| name == word).map(Err));
            }
            _ => {}
        }
    }
    parts
}

/// What `name!(…)` stands for; an argument may itself be such a call.
fn expanded(made: &Macros, call: &[Token]) -> String {
    let Token::Word(name) = &call[0] else { return String::new() };
    let (mut args, mut at) = (Vec::new(), 3);
    while at < call.len() {
        match &call[at..] {
            [Token::Word(inner), Token::Mark('!'), ..] if made.contains_key(inner) => {
                let end = closed(call, at + 2);
                args.push(expanded(made, &call[at..end]));
                at = end;
            }
            [Token::Text(text), ..] => {
                args.push(text.clone());
                at += 1;
            }
            _ => at += 1,
        }
    }
    if name == "concat" {
        return args.concat();
    }
    let part = |part: &Result<String, usize>| match part {
        Ok(text) => text.clone(),
        Err(place) => args.get(*place).cloned().unwrap_or_default(),
    };
    made[name].iter().map(part).collect()
}

/// The place after the bracket that closes the one at `from`.
fn closed(tokens: &[Token], from: usize) -> usize {
    let mut depth = 0;
    for (place, token) in tokens.iter().enumerate().skip(from) {
        match token {
            Token::Mark('(' | '[' | '{') => depth += 1,
            Token::Mark(')' | ']' | '}') => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return place + 1;
        }
    }
    tokens.len()
}

fn tokens(chars: &[char]) -> Vec<Token> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let next = chars.get(at + 1).copied();
        match chars[at] {
            '/' if next == Some('/') => at = skip_to(chars, at, "\n"),
            '/' if next == Some('*') => at = skip_to(chars, at + 2, "*/"),
            // A character, not a lifetime: 'x', '\n', '"'.
            '\'' if next == Some('\\') => at = skip_to(chars, at + 3, "'"),
            '\'' if chars.get(at + 2) == Some(&'\'') => at += 3,
            'r' if raw_begins(chars, at) => {
                let hashes = chars[at + 1..].iter().take_while(|c| **c == '#').count();
                let (from, end) = (at + hashes + 2, format!("\"{}", "#".repeat(hashes)));
                at = skip_to(chars, from, &end);
                found.push(Token::Text(chars[from..at - end.len()].iter().collect()));
            }
            '"' => {
                let (literal, after) = plain(chars, at + 1);
                found.push(Token::Text(literal));
                at = after;
            }
            c if c.is_alphanumeric() || c == '_' => {
                let word: String =
                    chars[at..].iter().take_while(|c| c.is_alphanumeric() || **c == '_').collect();
                at += word.chars().count();
                found.push(Token::Word(word));
            }
            c => {
                found.extend((!c.is_whitespace()).then_some(Token::Mark(c)));
                at += 1;
            }
        }
    }
    found
}

fn raw_begins(chars: &[char], at: usize) -> bool {
    let inside_word = at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_');
    !inside_word && chars[at + 1..].iter().find(|c| **c != '#') == Some(&'"')
}

/// The place after the next `end`.
fn skip_to(chars: &[char], from: usize, end: &str) -> usize {
    let end: Vec<char> = end.chars().collect();
    let place = (from..chars.len()).find(|&at| chars[at..].starts_with(&end));
    place.map_or(chars.len(), |at| at + end.len())
}

fn plain(chars: &[char], mut at: usize) -> (String, usize) {
    let mut literal = String::new();
    while at < chars.len() && chars[at] != '"' {
        if chars[at] != '\\' {
            literal.push(chars[at]);
            at += 1;
            continue;
        }
        match chars.get(at + 1) {
            // The line goes on: its break and indent are no part of the literal.
            Some('\n') => at += 1 + chars[at + 1..].iter().take_while(|c| c.is_whitespace()).count(),
            Some('n') => (literal.push('\n'), at += 2).1,
            Some(other) => (literal.push(*other), at += 2).1,
            None => at += 1,
        }
    }
    (literal, at + 1)
}

#[test]
fn literals_are_found_in_every_form() {
    let text = "let a = \"select 1\"; // \"not this\"\nlet b = r#\"it's \"raw\"\"#; /* \"nor this\" */ '\"'; \"x\\\n   y\"";
    assert_eq!(literals(text), ["select 1", "it's \"raw\"", "xy"]);
    let made = r#"macro_rules! cut { ($a:literal, $b:literal) => { concat!("select ", $b, $a) }; }
        run(cut!("1", "2"), concat!("a", cut!("3", "4"), "b"), "c");
#[cfg(test)]
mod tests { "not this" }"#;
    assert_eq!(literals(made), ["select 21", "aselect 43b", "c"]);
}

#[test]
fn parameters_are_bound_by_number() {
    each_database("sql_numbers", |store| {
        const ORDER: &str = "select cast($2 as text) || cast($1 as text) || cast($2 as text)";
        const LATE: &str =
            "select count(*) from audit_stream where stream = $2 and (month = $1 or month = $1 + 1)";
        store.change(|tx| tx.save(PUT, &[9.into(), 1.into()])).expect("saved");
        let order = |tx: &mut store::Tx<'_>| tx.row(ORDER, &["a".into(), "b".into()], |row| row.text(0));
        assert_eq!(store.look(order).expect("read").as_deref(), Some("bab"));
        let late = |tx: &mut store::Tx<'_>| tx.row(LATE, &[190000.into(), 9.into()], |row| row.int(0));
        assert_eq!(store.look(late).expect("read"), Some(1));
    });
}

#[test]
fn null_and_every_kind_of_value_come_back() {
    each_database("sql_values", |store| {
        const BACK: &str =
            "select cast($1 as bigint), cast($2 as text), cast($3 as bigint), cast($4 as bigint)";
        let values: [Value<'_>; 4] = [Value::Null, "日本\u{20BB7}".into(), i64::MIN.into(), true.into()];
        let back = store.look(|tx| {
            tx.row(BACK, &values, |row| Ok((row.opt_int(0)?, row.text(1)?, row.int(2)?, row.flag(3)?)))
        });
        assert_eq!(back.expect("read"), Some((None, "日本\u{20BB7}".to_owned(), i64::MIN, true)));
        const NULLS: &str = "select count(*) from audit_row where facility is null and salt = $1";
        let nulls = store.look(|tx| tx.row(NULLS, &[Value::from(&[1u8, 2][..])], |row| row.int(0)));
        assert_eq!(nulls.expect("read"), Some(0));
    });
}

#[test]
fn errors_hold_no_values() {
    each_database("sql_canary", |store| {
        const TWICE: &str = "insert into store_request (facility, request, at, digest, answer)
            values ($1, $2, $3, $4, $5)";
        const WRONG: &str = "select count(*) from store_request where facility = $1";
        let canary = "CANARY-4711";
        let params: [Value<'_>; 5] = [
            471_147_114_711.into(),
            canary.into(),
            1.into(),
            canary.as_bytes().into(),
            471_147_114_712.into(),
        ];
        let mut log = store.connect_log().expect("log");
        log.exec(TWICE, &params).expect("the first");
        let mut said = vec![format!("{:?}", log.exec(TWICE, &params))];
        said.push(format!(
            "{:?}",
            log.exec(TWICE, &[1.into(), canary.into(), Value::Null, canary.into(), 1.into()])
        ));
        said.push(format!("{:?}", log.rows(WRONG, &[canary.into()], |row| row.int(0))));
        said.push(format!("{:?}", log.rows("select request from store_request", &[], |row| row.int(0))));
        said.push(format!("{:?}", log.rows("select request from store_request", &[], |row| row.blob(0))));
        said.push(format!("{:?}", bad_check(store, canary)));
        for text in said {
            let refused = text.starts_with("Err(") || text.starts_with("Ok([0])"); // SQLite compares anything
            assert!(refused, "{text}");
            let bytes = format!("{:?}", canary.as_bytes());
            for leak in [canary, "4711", bytes.trim_matches(['[', ']'])] {
                assert!(!text.contains(leak), "{text}");
            }
        }
    });
}

/// A write set that hits a key which stands there already.
fn bad_check(store: &Store, canary: &'static str) -> base::Result<()> {
    const TWICE: &str = "insert into store_request (facility, request, at, digest, answer)
        values ($1, $2, 1, $3, 1)";
    let again = store.check_and_wait(move |tx| {
        tx.save(TWICE, &[471_147_114_711.into(), canary.into(), canary.as_bytes().into()])
    });
    again.map(|_| ())
}
