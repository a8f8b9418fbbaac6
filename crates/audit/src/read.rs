//! Reading the log: a facility's own rows, a person's rows, one row by its answer, and counts for slowing down guesses.
//!
//! Always holds: every query is bounded by facility and time, by person and time, or by an id; results are in order of
//! time.
//! Not here: who may read what, and the recording of the reading itself; the calling operation does both.
//! Rules come from: docs/rules.md S1 r3; the reference on the field, section 5.2 (administrator sees the log).

use base::{Instant, Result};
use store::{Row, Tx};

/// A row of the log as read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub at: Instant,
    /// What was done.
    pub act: String,
    /// The facility.
    pub facility: Option<i64>,
    /// The person presented.
    pub person: Option<i64>,
    /// The answer's id.
    pub answer: Option<i64>,
    /// How it ended.
    pub outcome: String,
    /// Whether the request was a repeat.
    pub repeated: bool,
    /// The evidence, one line of JSON.
    pub body: String,
}

impl Entry {
    /// A number from the evidence, such as `coverage`, `asked_on`, `known_at`, `staff`, `terminal`.
    pub fn number(&self, name: &str) -> Option<i64> {
        let rest = self.member(name)?;
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '-').unwrap_or(rest.len());
        rest[..end].parse().ok()
    }

    /// A word from the evidence, such as `code` or `shown`.
    pub fn word(&self, name: &str) -> Option<&str> {
        let rest = self.member(name)?.strip_prefix('"')?;
        rest.split('"').next()
    }

    /// The numbers of a list in the evidence, such as `seen`.
    pub fn numbers(&self, name: &str) -> Vec<i64> {
        let list =
            self.member(name).and_then(|rest| rest.strip_prefix('[')).and_then(|rest| rest.split(']').next());
        list.map(|list| list.split(',').filter_map(|number| number.parse().ok()).collect())
            .unwrap_or_default()
    }

    /// The body is written by `evidence` alone, whose words hold no quote: a quoted name and a colon begin a member.
    fn member(&self, name: &str) -> Option<&str> {
        let quoted = format!("\"{name}\":");
        let place = self.body.find(&quoted)?;
        self.body.get(place + quoted.len()..)
    }
}

fn entry(row: &Row<'_>) -> Result<Entry> {
    Ok(Entry {
        at: row.instant(0)?,
        act: row.text(1)?,
        facility: row.opt_int(2)?,
        person: row.opt_int(3)?,
        answer: row.opt_int(4)?,
        outcome: row.text(5)?,
        repeated: row.flag(6)?,
        body: String::from_utf8_lossy(&row.blob(7)?).into_owned(),
    })
}

/// A facility's rows between two instants (the later excluded), newest first, at most `limit`.
pub fn by_facility(
    tx: &mut Tx<'_>,
    facility: i64,
    from: Instant,
    until: Instant,
    limit: usize,
) -> Result<Vec<Entry>> {
    const ROWS: &str = "select at, act, facility, person, answer, outcome, repeated, body from audit_row
        where facility = $1 and at >= $2 and at < $3 order by at desc, sequence desc limit $4";
    let params = [facility.into(), from.into(), until.into(), (limit as i64).into()];
    let mut found = tx.rows_of_both(ROWS, &params, entry)?;
    found.sort_by_key(|entry| std::cmp::Reverse(entry.at));
    found.truncate(limit);
    Ok(found)
}

/// Which acts of a log are wanted.
#[derive(Clone, Copy, Debug)]
pub enum Acts<'a> {
    /// Every act.
    All,
    /// One act only.
    Only(&'a str),
    /// Every act but this one.
    Without(&'a str),
}

/// Of the rows of a time, the portion nearest to one of its ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The newest rows.
    Newest,
    /// The oldest rows.
    Oldest,
}

/// A portion of a facility's rows between two instants (the later excluded), newest first: at least `limit` rows when
/// there are so many. A portion never ends inside a millisecond (it is longer then), so the next one begins where it
/// ends and no row is lost or comes twice.
pub fn portion_of_facility(
    tx: &mut Tx<'_>,
    facility: i64,
    acts: Acts<'_>,
    from: Instant,
    until: Instant,
    side: Side,
    limit: usize,
) -> Result<Vec<Entry>> {
    let mut found = one_side(tx, facility, acts, from, until, side, limit)?;
    found.truncate(limit);
    if let Some(last) = found.last().map(|entry| entry.at).filter(|_| found.len() == limit) {
        found.retain(|entry| entry.at != last);
        found.extend(one_side(tx, facility, acts, last, last.plus_ms(1), side, i64::MAX as usize)?);
    }
    if side == Side::Oldest {
        found.reverse();
    }
    Ok(found)
}

/// Rows in the order of their side; on SQLite up to `limit` of each of both files.
fn one_side(
    tx: &mut Tx<'_>,
    facility: i64,
    acts: Acts<'_>,
    from: Instant,
    until: Instant,
    side: Side,
    limit: usize,
) -> Result<Vec<Entry>> {
    // An act that is not asked for is the empty word, which no row has.
    const NEWEST: &str = "select at, act, facility, person, answer, outcome, repeated, body from audit_row
        where facility = $1 and at >= $2 and at < $3 and ($4 = '' or act = $4) and act <> $5
        order by at desc, sequence desc limit $6";
    const OLDEST: &str = "select at, act, facility, person, answer, outcome, repeated, body from audit_row
        where facility = $1 and at >= $2 and at < $3 and ($4 = '' or act = $4) and act <> $5
        order by at, sequence limit $6";
    let (only, without) = match acts {
        Acts::All => ("", ""),
        Acts::Only(act) => (act, ""),
        Acts::Without(act) => ("", act),
    };
    let params = [
        facility.into(),
        from.into(),
        until.into(),
        only.into(),
        without.into(),
        i64::try_from(limit).unwrap_or(i64::MAX).into(),
    ];
    let mut found = match side {
        Side::Newest => tx.rows_of_both(NEWEST, &params, entry)?,
        Side::Oldest => tx.rows_of_both(OLDEST, &params, entry)?,
    };
    match side {
        Side::Newest => found.sort_by_key(|entry| std::cmp::Reverse(entry.at)),
        Side::Oldest => found.sort_by_key(|entry| entry.at),
    }
    Ok(found)
}

/// A person's rows of an act, or of all (the empty word), between two instants (the later excluded), newest first: at
/// most `limit` of them and, as a portion never ends inside a millisecond, the others of the last one's millisecond. So
/// the next portion begins where this one ends, and no row is lost or comes twice.
pub fn portion_of_person(
    tx: &mut Tx<'_>,
    person: i64,
    act: &str,
    from: Instant,
    until: Instant,
    limit: usize,
) -> Result<Vec<Entry>> {
    let mut found = newest_of_person(tx, person, act, from, until, limit)?;
    found.truncate(limit);
    if let Some(last) = found.last().map(|entry| entry.at).filter(|_| found.len() == limit) {
        found.retain(|entry| entry.at != last);
        found.extend(newest_of_person(tx, person, act, last, last.plus_ms(1), usize::MAX)?);
    }
    Ok(found)
}

fn newest_of_person(
    tx: &mut Tx<'_>,
    person: i64,
    act: &str,
    from: Instant,
    until: Instant,
    limit: usize,
) -> Result<Vec<Entry>> {
    const NEWEST: &str = "select at, act, facility, person, answer, outcome, repeated, body from audit_row
        where person = $1 and at >= $2 and at < $3 and ($4 = '' or act = $4) order by at desc, sequence desc limit $5";
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let params = [person.into(), from.into(), until.into(), act.into(), limit.into()];
    let mut found = tx.rows_of_both(NEWEST, &params, entry)?;
    found.sort_by_key(|entry| std::cmp::Reverse(entry.at));
    Ok(found)
}

/// The first row of an answer in a facility's log.
pub fn one_of_facility(tx: &mut Tx<'_>, facility: i64, answer: i64) -> Result<Option<Entry>> {
    const ROW: &str = "select at, act, facility, person, answer, outcome, repeated, body from audit_row
        where answer = $1 and facility = $2 order by at limit 1";
    Ok(tx
        .rows_of_both(ROW, &[answer.into(), facility.into()], entry)?
        .into_iter()
        .min_by_key(|entry| entry.at))
}

/// The latest row of this act about a person in a facility's log before an instant: the visit before this one.
pub fn previous_of_person(
    tx: &mut Tx<'_>,
    facility: i64,
    person: i64,
    act: &str,
    before: Instant,
) -> Result<Option<Entry>> {
    const ROW: &str = "select at, act, facility, person, answer, outcome, repeated, body from audit_row
        where person = $1 and at < $2 and facility = $3 and act = $4 order by at desc limit 1";
    let params = [person.into(), before.into(), facility.into(), act.into()];
    Ok(tx.rows_of_both(ROW, &params, entry)?.into_iter().max_by_key(|entry| entry.at))
}

/// How many of a facility's rows since an instant ended in this outcome; at most `limit` are counted.
pub fn count_outcome(
    tx: &mut Tx<'_>,
    facility: i64,
    since: Instant,
    outcome: &str,
    limit: usize,
) -> Result<usize> {
    const COUNT: &str = "select count(*) from (select 1 from audit_row
        where facility = $1 and at >= $2 and outcome = $3 limit $4) as found";
    let params = [facility.into(), since.into(), outcome.into(), (limit as i64).into()];
    let counts = tx.rows_of_both(COUNT, &params, |row| row.int(0))?;
    Ok((counts.iter().sum::<i64>() as usize).min(limit))
}

/// A count of rows of facilities' logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// The day in Japan, as the count of days since 1970-01-01.
    pub day: i64,
    /// What was done.
    pub act: String,
    /// How it ended.
    pub outcome: String,
    /// How many.
    pub rows: i64,
}

/// How many rows of these two acts stand in facilities' logs between two instants (the later excluded), by day and
/// outcome, repeats left out. It knows what the columns say: how a person was presented stands in the evidence alone. On
/// SQLite these rows lie in the log's file, and only that is read.
pub fn figures(tx: &mut Tx<'_>, acts: (&str, &str), from: Instant, until: Instant) -> Result<Vec<Figure>> {
    // 32,400,000 ms: Japan is nine hours ahead.
    const COUNT: &str = "select each.day, each.act, each.outcome, count(*) from (
            select (at + 32400000) / 86400000 as day, act, outcome from audit_row
            where facility is not null and at >= $1 and at < $2 and act in ($3, $4) and repeated = 0
        ) as each group by each.day, each.act, each.outcome order by each.day, each.act, each.outcome";
    tx.rows_of_log(COUNT, &[from.into(), until.into(), acts.0.into(), acts.1.into()], |row| {
        Ok(Figure { day: row.int(0)?, act: row.text(1)?, outcome: row.text(2)?, rows: row.int(3)? })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Evidence, say, testing::each_database};
    use base::{Actor, Cx, Purpose};
    use store::testing::seeded_ids;

    #[test]
    fn rows_are_counted_by_the_day_in_japan() {
        each_database("audit_figures", |store| {
            let ids = seeded_ids(9);
            let desk = Actor::Terminal { terminal: 1, facility: 7 };
            // 2026-11-27, 23:59:59.999 and 00:00 in Japan.
            let (late, midnight) = (Instant::from_ms(1_795_791_599_999), Instant::from_ms(1_795_791_600_000));
            for (actor, at, act, outcome) in [
                (desk, late, "counter.check", "valid"),
                (desk, late, "counter.check", "valid"),
                (desk, midnight, "counter.check", "valid"),
                (desk, midnight, "counter.check", "none"),
                (desk, midnight, "reader.present", "shown"),
                (desk, midnight, "counter.list", "shown"),
                (desk, midnight.plus_ms(9), "counter.check", "valid"),
                (Actor::System, midnight, "counter.check", "valid"),
            ] {
                let cx = Cx::new(at, actor, Purpose::Reception, ids.as_ref());
                let said = store.check_and_wait(|tx| {
                    say(tx, &cx, &Evidence { act, outcome, ..Evidence::default() });
                    Ok(())
                });
                assert!(said.is_ok());
            }
            let acts = ("counter.check", "reader.present");
            let counts = store.look(|tx| figures(tx, acts, late, midnight.plus_ms(9))).unwrap();
            let told: Vec<String> = counts
                .iter()
                .map(|c| format!("{} {} {} {}", c.day - 20_784, c.act, c.outcome, c.rows))
                .collect();
            let expected = [
                "0 counter.check valid 2",
                "1 counter.check none 1",
                "1 counter.check valid 1",
                "1 reader.present shown 1",
            ];
            assert_eq!(told, expected);
        });
    }
}

/// What the log has of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requested {
    /// The key under which it was claimed.
    pub key: String,
    /// Rows of its answer. There is one, but for a line to PostgreSQL that broke in a commit (see `store`), and none for a
    /// step that answers nothing yet, such as a card that was shown.
    pub fresh: i64,
    /// Rows of repeats.
    pub repeats: i64,
}

/// Every request since an instant that was claimed under a key, while keys are remembered, which is 24 hours: for those
/// who asked, to hold what they noted against the log. Names nobody.
pub fn requests(tx: &mut Tx<'_>, since: Instant) -> Result<Vec<Requested>> {
    const CLAIMS: &str = "select q.request, count(r.answer) filter (where r.repeated = 0),
            count(r.answer) filter (where r.repeated <> 0)
        from store_request q left join audit_row r on r.answer = q.answer
        where q.at >= $1 group by q.facility, q.request order by q.facility, q.request";
    tx.rows_of_log(CLAIMS, &[since.into()], |row| {
        Ok(Requested { key: row.text(0)?, fresh: row.int(1)?, repeats: row.int(2)? })
    })
}

/// Rows of facilities since an instant that belong to no request with a key: by act, how many name an answer and how many
/// name none.
pub fn beside_requests(tx: &mut Tx<'_>, since: Instant) -> Result<Vec<(String, i64, i64)>> {
    // An answer's id is no other's. With the facility as well SQLite would take the claims' own index, by facility alone.
    const ROWS: &str = "select r.act, count(r.answer), count(*) - count(r.answer)
        from audit_row r left join store_request q on q.answer = r.answer
        where r.at >= $1 and r.facility is not null and q.answer is null group by r.act order by r.act";
    tx.rows_of_log(ROWS, &[since.into()], |row| Ok((row.text(0)?, row.int(1)?, row.int(2)?)))
}
