//! The page of statistics (統計): counts of the database, as plots with tables beneath.
//!
//! Always holds: counts are made at most once in some minutes, by one thread on a line of its own, on the replica when one
//! is set; nobody waits for more than a few seconds, and the page says as of when its counts are. A replica that does not
//! answer is said, and the database of the desks is not asked instead. Counts of people below ten are never told.
//! Not here: the counting statements (each service's `figures`), the invented nation's own figures (`country`).
//! Rules come from: the issue, part D.

mod charts;
mod count;
#[cfg(test)]
mod tests;
mod texts;

use axum::{response::Response, routing::get};
use base::{Instant, Result, Role};
use count::Counted;
use country::nation::published::Published;
use maud::{Markup, html};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};
use store::Beside;
use tokio::sync::watch;
use web::{
    parts::{Tone, banner},
    routes::{Page, Permit, Routes},
};

/// How long counts are good enough.
const KEEP_MS: i64 = 120_000;
/// How soon it is tried again after it failed.
const AGAIN_MS: i64 = 30_000;
/// How long a page waits for the first counts.
const WAIT: Duration = Duration::from_secs(4);

/// Who may see it. In a demo, where all are invented, everybody.
fn permit(demo: bool) -> Permit {
    if demo { Permit::Public } else { Permit::Roles(&[Role::SystemAdministrator, Role::Auditor]) }
}

pub(crate) fn routes(demo: bool, statistics: Arc<Statistics>) -> Routes {
    let published = demo.then(|| Arc::new(Published::of_japan()));
    let show = move |page: Page| {
        let (statistics, published) = (statistics.clone(), published.clone());
        async move { show(page, &statistics, published.as_deref()).await }
    };
    Routes::new().add("GET", "/statistics", "app.statistics", permit(demo), get(show)).nav(
        "/statistics",
        "統計",
        "Statistics",
        permit(demo),
    )
}

/// What is known of the counts.
#[derive(Clone, Default)]
struct State {
    last: Option<Arc<Counted>>,
    /// When the last counting failed, if it did.
    failed: Option<Instant>,
    is_counting: bool,
}

impl State {
    /// Whether it is time to count.
    fn is_due(&self, now: Instant) -> bool {
        let old = |at: Option<Instant>, ms| at.is_none_or(|at| now.since_ms(at) >= ms || now < at);
        !self.is_counting
            && old(self.last.as_ref().map(|last| last.at), KEEP_MS)
            && old(self.failed, AGAIN_MS)
    }
}

/// The counts of this process.
pub struct Statistics {
    beside: Beside,
    state: watch::Sender<State>,
}

impl Statistics {
    /// Nothing counted yet.
    pub fn new(beside: Beside) -> Arc<Statistics> {
        Arc::new(Statistics { beside, state: watch::Sender::new(State::default()) })
    }

    /// The counts, begun anew when it is time; the earlier ones meanwhile.
    async fn figures(self: &Arc<Statistics>, now: Instant) -> State {
        let begins = self.state.send_if_modified(|state| {
            let due = state.is_due(now);
            state.is_counting |= due;
            due
        });
        if begins {
            let statistics = self.clone();
            let count = move || statistics.count(now);
            // The thread is not waited for at the end: it writes nothing, and its line closes with the process.
            if std::thread::Builder::new().name("statistics".into()).spawn(count).is_err() {
                self.ended(now, None);
            }
        }
        let mut changes = self.state.subscribe();
        let known = |state: &State| state.last.is_some() || !state.is_counting;
        let _ = tokio::time::timeout(WAIT, changes.wait_for(known)).await;
        self.state.borrow().clone()
    }

    fn count(&self, now: Instant) {
        let counted = catch_unwind(AssertUnwindSafe(|| self.beside.look(|tx| count::count(tx, now))));
        self.ended(now, counted.ok().and_then(told));
    }

    fn ended(&self, now: Instant, counted: Option<Counted>) {
        self.state.send_modify(|state| {
            state.is_counting = false;
            state.failed = counted.is_none().then_some(now);
            if let Some(counted) = counted {
                state.last = Some(Arc::new(counted));
            }
        });
    }
}

fn told(counted: Result<Counted>) -> Option<Counted> {
    counted.inspect_err(|error| tracing::error!(%error, "the statistics could not be counted")).ok()
}

async fn show(page: Page, statistics: &Arc<Statistics>, published: Option<&Published>) -> Response {
    let state = statistics.figures(page.house.now()).await;
    let title = page.t("統計", "Statistics");
    let main = html! {
        h1 { (title) }
        (standing(&page, &state, statistics.beside.is_replica()))
        @if let Some(counted) = &state.last {
            @for section in charts::sections(page.lang, counted, published) { (section) }
        }
    };
    page.show(title, main)
}

/// As of when, from where, and what is amiss.
fn standing(page: &Page, state: &State, is_replica: bool) -> Markup {
    let source = match is_replica {
        true => page.t("統計用の複製（読み取り専用）", "the replica for statistics (read-only)"),
        false => page.t("このシステムのデータベース", "this system's database"),
    };
    html! {
        @if state.failed.is_some() { (failed(page, state, is_replica)) }
        @match &state.last {
            Some(counted) => p {
                (page.t("集計日時：", "Counted at ")) (counted.at.for_people())
                (page.t("。対象：", ". From ")) (source)
                (page.t("。最後の登録：", ". Last recording there: ")) (counted.recorded_at.for_people())
                (page.t("。集計は数分に一度だけ行います。", ". Counting is done once in some minutes only."))
            },
            None if state.failed.is_none() => (banner(
                Tone::Info,
                page.t("集計しています", "Counting"),
                html! { p { (page.t("しばらくしてから、もう一度開いてください。", "Open this page again in a while.")) } },
            )),
            None => {},
        }
        p.muted { (page.t(
            "人に関する10未満の数は「10未満」とし、図には含めません。",
            "Counts of people below ten are shown as “fewer than 10” and are left out of the charts.",
        )) }
    }
}

fn failed(page: &Page, state: &State, is_replica: bool) -> Markup {
    let title = match is_replica {
        true => page.t("統計用の複製が応答しません", "The replica for statistics does not answer"),
        false => page.t("集計できませんでした", "The counts could not be made"),
    };
    let rest = match (&state.last, is_replica) {
        (Some(_), _) => page.t("前回の集計を表示しています。", "Shown are the earlier counts."),
        (None, true) => page.t(
            "窓口の業務には影響しません。窓口のデータベースでは集計しません。",
            "The desks are not affected, and their database is not counted instead.",
        ),
        (None, false) => page.t("窓口の業務には影響しません。", "The desks are not affected."),
    };
    banner(Tone::Warning, title, html! { p { (rest) } })
}
