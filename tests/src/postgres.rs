//! The whole program on PostgreSQL: the demo's patients through both doors, a second start, and two `serve` processes
//! on one database that know each other's requests.
//!
//! Not here: the store's statements on PostgreSQL (`store_sql`), kills (`kills`).
//! Rules come from: DESIGN section 1 (stateless processes) and section 4; issue 2, part B.

use crate::{
    desk::*,
    identity::Authority,
    patients::{all_by_folder, all_by_json},
};
use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};
use store::{Db, Place, testing::PostSchema};

fn url(schema: &PostSchema) -> String {
    match schema.place() {
        Place::Postgres { url } => url,
        Place::Sqlite { .. } => panic!("a PostgreSQL place"),
    }
}

#[test]
fn s1_r3_the_demo_on_postgres_answers_as_on_sqlite() {
    let Some(schema) = PostSchema::new("demo") else { return };
    let home = Home::new();
    let settings = home.settings(&format!("[database]\nurl = {:?}\n", url(&schema)));
    let data = home.data();
    let server = home.demo(&data, Some(&settings), &[]);
    let answers = all_by_json(&server, day(0));
    all_by_folder(&server, day(0), "UTF-8", &answers);
    assert!(server.browser().get("/status").body.contains("PostgreSQL"));
    home.stop(server, Some(&settings));
    assert!(!data.join("shikaku.db").exists() && !data.join("log.db").exists(), "nothing in files");
    let server = home.demo(&data, Some(&settings), &[]);
    assert_eq!(all_by_json(&server, day(0)).len(), answers.len());
    server.assert_healthy();
    home.stop(server, Some(&settings));
    let said = home.everything_said();
    assert!(!said.contains("ERROR") && !said.contains("panic") && !said.contains("search_path"), "{said}");
}

/// Settings of one of several processes: its own server certificate, the demo's authority for terminals.
fn serve_settings(home: &Home, name: &str, url: &str, terminals: &Path) -> (PathBuf, Authority) {
    let authority = Authority::new(name);
    let (certificate, key) = authority.server();
    let (chain, secret) = (home.path(&format!("{name}.pem")), home.path(&format!("{name}.key")));
    fs::write(&chain, certificate).expect("written");
    fs::write(&secret, key).expect("written");
    let settings = home.settings(&format!(
        "[pages]\nlisten = \"127.0.0.1:0\"\n[machines]\nlisten = \"127.0.0.1:0\"\ncertificate = {chain:?}\n\
         key = {secret:?}\nterminal_authority = {terminals:?}\n[database]\nurl = {url:?}\n"
    ));
    (settings, authority)
}

#[test]
fn two_processes_on_one_database_are_one_shikaku() {
    let Some(schema) = PostSchema::new("two") else { return };
    let (home, url) = (Home::new(), url(&schema));
    let data = home.data();
    let demo_settings = home.settings(&format!("[database]\nurl = {url:?}\n"));
    home.stop(home.demo(&data, Some(&demo_settings), &[]), Some(&demo_settings));
    let (rows, code) = (rows(&data), institution(&data));
    let own = fs::read(data.join("tls/terminal.pem")).expect("read");
    let servers: Vec<_> = ["one", "two"]
        .into_iter()
        .map(|name| {
            let (settings, authority) = serve_settings(&home, name, &url, &data.join("tls/ca.pem"));
            let dir = home.path(name);
            let server = home.serve(&dir, &settings);
            let machine = Machine::new(&server.machines, authority.pem().as_bytes(), Some(&own));
            (server, settings, machine)
        })
        .collect();
    let people: Vec<_> = rows.iter().filter(|row| row.outcome != "none").collect();
    // Both at once, under the same keys: the first decides, the other repeats.
    std::thread::scope(|scope| {
        for (_, _, machine) in &servers {
            let (people, code) = (&people, &code);
            scope.spawn(move || {
                for (number, row) in people.iter().cycle().take(200).enumerate() {
                    let answer = machine.check(Some(&format!("key-{number}")), &row.ask(code, day(0)));
                    assert_eq!(answer.body.validity.unwrap_or_default(), row.validity, "{}", row.id);
                }
            });
        }
    });
    let settings = servers.last().expect("two").1.clone();
    for (server, _, _) in servers {
        assert_eq!(server.process.interrupt().code(), Some(0));
    }
    // Each process signs with a key of its own; whoever verifies has all of them.
    let public = |dir: &Path| fs::read(dir.join("audit-public-key.bin")).expect("read");
    let (one, keys) = (home.path("one"), home.path("keys.bin"));
    fs::write(&keys, [public(&data), public(&one), public(&home.path("two"))].concat()).expect("written");
    let args = ["audit", "verify", "--data"].map(OsStr::new);
    let rest =
        [one.as_os_str(), "--config".as_ref(), settings.as_os_str(), "--key".as_ref(), keys.as_os_str()];
    let report = home.run(&[args.as_slice(), &rest].concat());
    assert_eq!(report.code, Some(0), "{}{}", report.out, report.err);
    assert!(report.out.contains("; 0 rows not sealed yet"), "{}", report.out);
    const KEYS: &str =
        "select q.request, count(*) filter (where r.repeated = 0), count(*) from store_request q
        join audit_row r on r.answer = q.answer where r.act = 'counter.check' group by q.request";
    let mut db = Db::open_postgres(&url).expect("opens");
    let keys = db.rows(KEYS, &[], |row| Ok((row.int(1)?, row.int(2)?))).expect("read");
    assert_eq!(keys.len(), 200);
    assert!(keys.iter().all(|counts| *counts == (1, 2)), "one decision, asked twice: {keys:?}");
    let said = home.everything_said();
    assert!(!said.contains("ERROR") && !said.contains("panic"), "{said}");
}
