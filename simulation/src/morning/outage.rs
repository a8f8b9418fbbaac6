//! What goes wrong, and when: at a third of the morning.
//!
//! Always holds: an outage ends by itself, or by what an operator does about it.
//! Not here: what desks do meanwhile (`desk`).
//! Rules come from: issue 4, part E; the reference on the field, section 5.3.

use super::{line::Lines, stage::Stage};
use crate::cluster::Cluster;
use std::{io, time::Duration};

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outage {
    /// Nothing.
    None,
    /// One `serve` dies, and is started again 20 s later.
    KillServe,
    /// PostgreSQL is restarted as for an update.
    RestartPostgres,
    /// PostgreSQL's machine dies; 5 s later somebody promotes the replica.
    PromoteReplica,
    /// The same, when the replica had not heard of its primary for a second: what was committed meanwhile is lost.
    PromoteLagging,
    /// The line of a third of the terminals is dead for 20 s.
    CutLine,
}

/// A step of an outage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// The first `serve` is killed.
    Kill,
    /// It is started again.
    Start,
    /// PostgreSQL is stopped and started.
    Restart,
    /// The replica hears nothing more of its primary.
    Lag,
    /// PostgreSQL is killed.
    KillPrimary,
    /// Its replica takes over.
    Promote,
    /// The line is cut.
    Cut,
    /// It is mended.
    Mend,
}

const LONG: Duration = Duration::from_secs(20);
const UNTIL_PROMOTED: Duration = Duration::from_secs(5);
const LAG: Duration = Duration::from_secs(1);

impl Outage {
    /// Its steps with their times, in a morning of so many seconds. A short morning has a short outage.
    pub fn acts(self, seconds: u64) -> Vec<(Duration, Act)> {
        let third = Duration::from_secs(seconds) / 3;
        let after = |time: Duration| third + time.min(third);
        match self {
            Outage::None => Vec::new(),
            Outage::KillServe => vec![(third, Act::Kill), (after(LONG), Act::Start)],
            Outage::RestartPostgres => vec![(third, Act::Restart)],
            Outage::PromoteReplica => {
                vec![(third, Act::KillPrimary), (after(UNTIL_PROMOTED), Act::Promote)]
            }
            Outage::PromoteLagging => vec![
                (third, Act::Lag),
                (after(LAG), Act::KillPrimary),
                (after(LAG + UNTIL_PROMOTED), Act::Promote),
            ],
            Outage::CutLine => vec![(third, Act::Cut), (after(LONG), Act::Mend)],
        }
    }

    /// Its name in both languages, for plots and reports.
    pub fn says(self) -> (&'static str, &'static str) {
        match self {
            Outage::None => ("障害なし", "no outage"),
            Outage::KillServe => ("サーバー１台の停止", "one serve killed"),
            Outage::RestartPostgres => ("PostgreSQLの再起動", "PostgreSQL restarted"),
            Outage::PromoteReplica => {
                ("PostgreSQL主系の停止と待機系の昇格", "primary killed, replica promoted")
            }
            Outage::PromoteLagging => {
                ("遅れた待機系の昇格", "primary killed, a replica a second behind promoted")
            }
            Outage::CutLine => ("端末の３分の１の回線断", "line cut for a third of the terminals"),
        }
    }
}

impl Act {
    /// Does it.
    pub fn act(self, stage: &mut Stage<'_>, lines: Option<&Lines>) -> io::Result<()> {
        match self {
            Act::Kill => stage.kill_serve(0),
            Act::Start => stage.start_serve(0),
            Act::Restart => stage.primary.as_mut().map_or(Ok(()), |primary| primary.restart()),
            Act::Lag => stage.replica.as_ref().map_or(Ok(()), Cluster::stop_hearing),
            Act::KillPrimary => stage.primary.as_mut().map_or(Ok(()), |primary| primary.kill()),
            Act::Promote => stage.replica.as_ref().map_or(Ok(()), |replica| replica.promote()),
            Act::Cut => {
                lines.inspect(|lines| lines.cut(true));
                Ok(())
            }
            Act::Mend => {
                lines.inspect(|lines| lines.cut(false));
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_at_a_third_and_over_at_two_thirds() {
        for outage in [
            Outage::None,
            Outage::KillServe,
            Outage::RestartPostgres,
            Outage::PromoteReplica,
            Outage::CutLine,
        ] {
            for seconds in [6, 210] {
                let (third, acts) = (Duration::from_secs(seconds) / 3, outage.acts(seconds));
                assert!(acts.iter().all(|(at, _)| *at >= third && *at <= third * 2), "{outage:?}");
                assert!(acts.is_sorted_by_key(|(at, _)| *at));
            }
        }
        assert_eq!(Outage::KillServe.acts(210)[1], (Duration::from_secs(90), Act::Start));
    }
}
