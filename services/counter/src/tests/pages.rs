//! The pages of the reception through the real router, as somebody at the desk reads them.
//!
//! Always holds: whichever part of what was typed was wrong, the page of the result is the same but for its id.
//! Not here: how a page looks (`tests/browser`), sessions (`staff`).

use super::{desk::Desk, door::house};
use crate::web::{StaffNames, routes};
use ::store::testing::seeded_ids;
use audit::{Evidence, say, testing::each_database};
use axum::{body::Body, http::Request};
use base::{Actor, Cx, Purpose, Role};
use http_body_util::BodyExt;
use std::collections::BTreeSet;
use tower::ServiceExt;
use web::routes::Visitor;

/// The main part of a page, as somebody of facility A or C reads it.
fn page(desk: &Desk<'_>, facility: i64, path: &str) -> String {
    let role = Role::FacilityAdministrator;
    let visitor = Visitor {
        actor: Actor::Staff { staff: 1, role, facility: Some(facility) },
        role,
        name: "職員".into(),
        place: None,
        csrf: "token".into(),
    };
    let router = routes(desk.settings, StaffNames(|_, _| Ok(Vec::new()))).into_router(house(desk));
    let request = Request::get(path).extension(visitor).body(Body::empty()).expect("a request");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let bytes = runtime.block_on(async {
        let response = router.oneshot(request).await.expect("an answer");
        assert_eq!(response.status().as_u16(), 200);
        response.into_body().collect().await.expect("a body").to_bytes()
    });
    let text = String::from_utf8(bytes.to_vec()).expect("UTF-8");
    let main = text.split("<main").nth(1).and_then(|rest| rest.split("</main>").next());
    main.expect("a main part").to_owned()
}

fn result(desk: &Desk<'_>, facility: i64, place: usize) -> String {
    let id = desk.decisions[place].to_string();
    page(desk, facility, &format!("/checks/{id}")).replace(&id, "ID")
}

#[test]
fn s1_r7_none_is_the_same_page_whatever_was_wrong() {
    each_database("counter_pages", |store| {
        let mut desk = Desk::open(store);
        for line in [
            "insure c1 p1 branch=01",
            "A asks c1 number=999",
            "A asks c1 born=19800402",
            "A asks c1 branch=02",
            "A asks c1",
        ] {
            desk.line(line);
        }
        let nobody = result(&desk, 1, 0);
        assert!(nobody.contains("該当資格なし") && nobody.contains("番号と生年月日の両方"));
        assert!(nobody.contains("入力された番号・生年月日に一致する登録がありません"));
        for place in [1, 2] {
            assert_eq!(result(&desk, 1, place), nobody);
        }
        assert!(result(&desk, 1, 3).contains("numbers-found:1"), "a good answer is explained");
        let list = page(&desk, 1, "/reception");
        let rows = list.split("<tr").skip(2).filter_map(|row| row.split("</tr>").next());
        let told: BTreeSet<String> = rows
            .filter(|row| !row.contains("患者1"))
            .map(|row| {
                desk.decisions.iter().fold(row.to_owned(), |row, id| row.replace(&id.to_string(), "ID"))
            })
            .collect();
        assert_eq!(told.len(), 1, "the list tells them apart: {told:?}");
        assert!(!page(&desk, 1, "/log").contains("mismatch"));
    });
}

#[test]
fn s1_r9_pre_operation_is_told_on_the_page_too() {
    each_database("counter_pages", |store| {
        let mut desk = Desk::open(store);
        for line in
            ["insure c1 p1", "facility C pre=20260601 from=20260701", "C asks c1", "on 20260701", "C asks c1"]
        {
            desk.line(line);
        }
        let told = "プレ運用中です。";
        assert!(result(&desk, 3, 0).contains(told), "by the day of the visit, not by today");
        assert!(result(&desk, 3, 0).contains("被保険者証・資格確認書もあわせて確認してください。"));
        assert!(!result(&desk, 3, 1).contains(told));
    });
}

#[test]
fn s1_r3_an_outdated_decision_says_so_and_shows_nothing() {
    each_database("counter_pages", |store| {
        let mut desk = Desk::open(store);
        for line in ["insure c1 p1", "fact c1 loss 03 from=20260601", "A asks c1", "invalid-at-once"] {
            desk.line(line);
        }
        let shown = result(&desk, 1, 0);
        assert!(shown.contains("照会の後に設定が変わったため") && shown.contains("確認できません"));
        assert!(!shown.contains("患者1"));
        assert!(page(&desk, 1, "/reception").contains("（氏名は表示できません）"));
    });
}

/// Rows of a day's log are paged through to the first and back, each once, also when many share a millisecond.
#[test]
fn s1_r3_the_log_of_a_day_is_read_to_its_first_row() {
    each_database("counter_pages", |store| {
        let mut desk = Desk::open(store);
        let began = desk.now;
        let ids = seeded_ids(90_000);
        store
            .check_and_wait(|tx| {
                for n in 0..500_i64 {
                    // Three in a row, and 150 at one instant; looks at the list between them.
                    let ms = if (200..350).contains(&n) { 70 } else { n / 3 };
                    let cx = Cx::new(
                        began.plus_ms(ms),
                        super::desk::terminal_of("A"),
                        Purpose::Reception,
                        ids.as_ref(),
                    );
                    let check = Evidence {
                        act: "counter.check",
                        outcome: "none",
                        answer: Some(1_000_000 + n),
                        ..Evidence::default()
                    };
                    say(tx, &cx, &check);
                    say(tx, &cx, &Evidence { act: "counter.list", outcome: "shown", ..Evidence::default() });
                }
                Ok(())
            })
            .expect("noted");
        desk.now = began.plus_ms(1_000);
        let answers = |page: &str| {
            let links = page.split("/checks/").skip(1).map(|rest| rest.split('"').next().unwrap_or_default());
            links.map(str::to_owned).collect::<Vec<String>>()
        };
        let link = |page: &str, name: &str| {
            let found = page
                .split("href=\"")
                .find(|href| href.starts_with("/log?day=20260601&amp;") && href.contains(name))?;
            Some(found.split('"').next()?.replace("&amp;", "&"))
        };
        let mut address = "/log?day=20260601".to_owned();
        let mut pages: Vec<Vec<String>> = Vec::new();
        let mut last = String::new();
        loop {
            let shown = page(&desk, 1, &address);
            assert!(!shown.contains("一覧の表示</"), "looks at the list are left out");
            pages.push(answers(&shown));
            last.clone_from(&address);
            let Some(older) = link(&shown, "before=") else { break };
            address = older;
        }
        let mut all = pages.concat();
        all.sort();
        all.dedup();
        assert_eq!((all.len(), pages.concat().len()), (500, 500), "each row once");
        assert!(pages.iter().all(|page| page.len() <= 100 + 150 + 3), "pages stay pages");
        let mut back = answers(&page(&desk, 1, &last)).len();
        address = last;
        while let Some(newer) = link(&page(&desk, 1, &address), "after=") {
            back += answers(&page(&desk, 1, &newer)).len();
            address = newer;
        }
        assert_eq!(back, 500, "and back");
        let everything = page(&desk, 1, "/log?day=20260601&all=1");
        assert!(everything.contains("一覧の表示") && link(&everything, "all=1").is_some());
    });
}
