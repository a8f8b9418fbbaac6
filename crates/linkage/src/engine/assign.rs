//! Fourth stage: one-to-one. Of pairs that stand against each other the better one is linked, if it is clearly better;
//! all others are cases for a clerk (目視確認).
//!
//! A pair is linked when its own grade is link and no other pair of its row of A or of its row of B is its rival. Its rows
//! are taken then, and all their other pairs with them, which may leave another pair without rivals. A taken row only
//! ever removes rivals, so the order in which pairs are looked at makes no difference to the end.
//!
//! Relies on `rules::rivals`: among pairs of one grade, one that scores less is no more of a rival.
//!
//! Always holds: a row is in one link, or in one case, or in none; a linked row is in no case; the same pairs in any order
//! give the same links and cases.
//! Not here: what pairs are worth (rules); writing cases (output).
//! Rules come from: the issue, part B (one-to-one; ties and near-ties go to review, never decided by order).

use super::score::Near;
use crate::{
    outcome::Cause,
    rules::{Decision, Grade},
};
use std::{cmp::Reverse, panic::resume_unwind, thread};

/// What became of the pairs, which are named by their place in the list.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Assigned {
    /// Linked, ascending.
    pub links: Vec<usize>,
    /// What is left to clerks.
    pub groups: Vec<Group>,
}

/// Pairs that belong together, since they share rows.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Group {
    /// Why.
    pub cause: Cause,
    /// All its pairs, best first.
    pub pairs: Vec<usize>,
}

/// The pairs of each row of one side.
struct Rows {
    /// Places in the list of pairs: row by row, best first.
    pairs: Vec<u32>,
    /// Where each row's begin; one more than rows.
    begins: Vec<u32>,
    /// The row of each pair, counted among rows that have pairs.
    of: Vec<u32>,
    /// The first of a row's pairs that may be alive. It only ever goes forward.
    tops: Vec<u32>,
}

impl Rows {
    /// Of one side, whose row numbers `row` says.
    fn new(pairs: &[Near], row: impl Fn(&Near) -> u32, other: impl Fn(&Near) -> u32) -> Rows {
        let mut order: Vec<u32> = (0..pairs.len() as u32).collect();
        order.sort_unstable_by_key(|at| {
            let near = &pairs[*at as usize];
            (row(near), best_first(&near.decision), other(near))
        });
        let (mut begins, mut of) = (Vec::new(), vec![0; pairs.len()]);
        let mut last = None;
        for (place, at) in order.iter().enumerate() {
            let now = row(&pairs[*at as usize]);
            if last != Some(now) {
                begins.push(place as u32);
                last = Some(now);
            }
            of[*at as usize] = begins.len() as u32 - 1;
        }
        let tops = begins.clone();
        begins.push(pairs.len() as u32);
        Rows { pairs: order, begins, of, tops }
    }

    /// The pairs of a row, best first.
    fn pairs(&self, row: u32) -> &[u32] {
        &self.pairs[self.begins[row as usize] as usize..self.begins[row as usize + 1] as usize]
    }

    /// The best pair of a row that is alive, and all after it.
    fn alive_from_top(&mut self, row: u32, dead: &[bool]) -> &[u32] {
        let end = self.begins[row as usize + 1];
        let top = &mut self.tops[row as usize];
        while *top < end && dead[self.pairs[*top as usize] as usize] {
            *top += 1;
        }
        &self.pairs[*top as usize..end as usize]
    }
}

/// The order of pairs: a better grade, then a higher score.
fn best_first(decision: &Decision) -> (Grade, Reverse<i32>) {
    (decision.grade, Reverse(decision.score))
}

/// Decides. `blocked` says which pairs may not be linked by machine.
pub(super) fn assign(
    pairs: &[Near],
    blocked: impl Fn(&Near) -> bool,
    rivals: impl Fn(&Decision, &Decision) -> bool,
) -> Assigned {
    let (mut a, mut b) = thread::scope(|scope| {
        let a = scope.spawn(|| Rows::new(pairs, |near| near.a, |near| near.b));
        let b = Rows::new(pairs, |near| near.b, |near| near.a);
        (a.join().unwrap_or_else(|panic| resume_unwind(panic)), b)
    });
    let mut dead = vec![false; pairs.len()];
    let mut links = Vec::new();
    // Rows of A whose best pair has to be looked at. Looking at a row of A is enough: what can be linked is the best of both.
    let mut todo: Vec<u32> = (0..a.tops.len() as u32).collect();
    while let Some(row_a) = todo.pop() {
        let Some(pair) = top_without_rival(&mut a, row_a, pairs, &dead, &rivals) else { continue };
        let near = &pairs[pair as usize];
        let row_b = b.of[pair as usize];
        if near.decision.grade != Grade::Link
            || blocked(near)
            || top_without_rival(&mut b, row_b, pairs, &dead, &rivals) != Some(pair)
        {
            continue;
        }
        links.push(pair as usize);
        // The two rows leave with all their pairs; whoever wanted one of them is looked at again.
        for taken in a.pairs(row_a).iter().chain(b.pairs(row_b)) {
            dead[*taken as usize] = true;
        }
        todo.extend(b.pairs(row_b).iter().map(|taken| a.of[*taken as usize]));
        for taken in a.pairs(row_a) {
            // Of a row of B that lost a pair only the best can be linked now.
            let left = b.alive_from_top(b.of[*taken as usize], &dead).first();
            todo.extend(left.map(|pair| a.of[*pair as usize]));
        }
    }
    links.sort_unstable();
    Assigned { links, groups: groups(pairs, &mut a, &mut b, &dead, blocked, rivals) }
}

/// The groups that there are when pairs come to them that no machine may link, each beside a link as good: those of the
/// exact stage that cannot stand, with their rivals. Links that were made share no row with them and stay; no other can be
/// made, since a new pair only ever adds rivals.
pub(super) fn with_ties(
    pairs: Vec<Near>,
    groups: Vec<Group>,
    ties: Vec<Near>,
    blocked: impl Fn(&Near) -> bool,
    rivals: impl Fn(&Decision, &Decision) -> bool,
) -> (Vec<Near>, Vec<Group>) {
    if ties.is_empty() {
        return (pairs, groups);
    }
    let open = groups.iter().flat_map(|group| &group.pairs).map(|pair| pairs[*pair]);
    let all: Vec<Near> = open.chain(ties).collect();
    let groups = assign(&all, blocked, rivals).groups;
    (all, groups)
}

/// The best pair of a row, if no other of the row is its rival and none is as good.
fn top_without_rival(
    rows: &mut Rows,
    row: u32,
    pairs: &[Near],
    dead: &[bool],
    rivals: &impl Fn(&Decision, &Decision) -> bool,
) -> Option<u32> {
    let mut alive = rows.alive_from_top(row, dead).iter().filter(|pair| !dead[**pair as usize]);
    let top = *alive.next()?;
    let best = &pairs[top as usize].decision;
    for other in alive {
        let other = &pairs[*other as usize].decision;
        if best_first(other) == best_first(best) || rivals(best, other) {
            return None;
        }
        if other.grade == Grade::Review {
            // The best of them is no rival, so none is.
            break;
        }
    }
    Some(top)
}

/// Pairs that are left, put together by the rows that they share.
fn groups(
    pairs: &[Near],
    a: &mut Rows,
    b: &mut Rows,
    dead: &[bool],
    blocked: impl Fn(&Near) -> bool,
    rivals: impl Fn(&Decision, &Decision) -> bool,
) -> Vec<Group> {
    // Each pair points to an earlier pair of its group, the first to itself.
    let mut first: Vec<u32> = (0..pairs.len() as u32).collect();
    for rows in [&*a, &*b] {
        for row in 0..rows.tops.len() as u32 {
            let mut alive = rows.pairs(row).iter().filter(|pair| !dead[**pair as usize]);
            let Some(one) = alive.next() else { continue };
            for other in alive {
                let (one, other) = (root(&mut first, *one), root(&mut first, *other));
                first[one.max(other) as usize] = one.min(other);
            }
        }
    }
    let mut members: Vec<(u32, u32)> = (0..pairs.len() as u32)
        .filter(|pair| !dead[*pair as usize])
        .map(|pair| (root(&mut first, pair), pair))
        .collect();
    members.sort_unstable();
    let mut found = Vec::new();
    for group in members.chunk_by(|one, next| one.0 == next.0) {
        let mut list: Vec<usize> = group.iter().map(|(_, pair)| *pair as usize).collect();
        let mut tied = |pair: &usize| {
            [(&mut *a, *pair), (&mut *b, *pair)].into_iter().any(|(rows, pair)| {
                let row = rows.of[pair];
                top_without_rival(rows, row, pairs, dead, &rivals).is_none()
            })
        };
        let cause = if list.iter().any(|pair| blocked(&pairs[*pair])) {
            Cause::TooMany
        } else if list.len() > 1 && list.iter().any(&mut tied) {
            Cause::Tie
        } else {
            Cause::Doubtful
        };
        list.sort_unstable_by_key(|pair| {
            let near = &pairs[*pair];
            (best_first(&near.decision), near.a, near.b)
        });
        found.push(Group { cause, pairs: list });
    }
    found
}

/// The first pair of a group; the way there is shortened for the next one who asks.
fn root(first: &mut [u32], pair: u32) -> u32 {
    let mut pair = pair;
    while first[pair as usize] != pair {
        first[pair as usize] = first[first[pair as usize] as usize];
        pair = first[pair as usize];
    }
    pair
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Reason;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    /// As in rules: two links are rivals if near; a review is one if it scores nearly as much.
    fn rivals(best: &Decision, other: &Decision) -> bool {
        match other.grade {
            Grade::Link => best.score - other.score < 10,
            Grade::Review => best.score - other.score < 5,
            Grade::NoLink => false,
        }
    }

    fn near((a, b, grade, score): (u32, u32, Grade, i32)) -> Near {
        let reason = Reason::ALL[0];
        Near { a, b, pair: 0, decision: Decision { grade, score, reason } }
    }

    /// Pairs by their rows.
    type Names = BTreeSet<(u32, u32)>;
    type Groups = BTreeSet<(Cause, Vec<(u32, u32)>)>;

    fn shown(pairs: &[Near], assigned: &Assigned) -> (Names, Groups) {
        let name = |pair: &usize| (pairs[*pair].a, pairs[*pair].b);
        let links = assigned.links.iter().map(name).collect();
        let groups = assigned.groups.iter();
        (links, groups.map(|group| (group.cause, group.pairs.iter().map(name).collect())).collect())
    }

    /// The same by going round and round over all pairs.
    fn plainly(pairs: &[Near], blocked: impl Fn(&Near) -> bool) -> BTreeSet<(u32, u32)> {
        let (mut left, mut links) = (pairs.to_vec(), BTreeSet::new());
        loop {
            let stands = |near: &&Near| {
                let mut others = left.iter().filter(|other| {
                    (other.a == near.a || other.b == near.b) && (other.a, other.b) != (near.a, near.b)
                });
                near.decision.grade == Grade::Link
                    && !blocked(near)
                    && others.all(|other| {
                        best_first(&other.decision) > best_first(&near.decision)
                            && !rivals(&near.decision, &other.decision)
                    })
            };
            let found: Vec<(u32, u32)> = left.iter().filter(stands).map(|near| (near.a, near.b)).collect();
            if found.is_empty() {
                return links;
            }
            left.retain(|near| found.iter().all(|(a, b)| near.a != *a && near.b != *b));
            links.extend(found);
        }
    }

    #[test]
    fn s8_r5_links_ties_and_doubts() {
        use Grade::{Link, Review};
        /// Pairs, those that are linked, and the groups of the others.
        type Case = (
            &'static [(u32, u32, Grade, i32)],
            &'static [(u32, u32)],
            &'static [(Cause, &'static [(u32, u32)])],
        );
        let cases: [Case; 9] = [
            (&[(1, 1, Link, 30)], &[(1, 1)], &[]),
            (&[(1, 1, Review, 30)], &[], &[(Cause::Doubtful, &[(1, 1)])]),
            // Equal and nearly equal: nobody is chosen.
            (&[(1, 1, Link, 30), (1, 2, Link, 30)], &[], &[(Cause::Tie, &[(1, 1), (1, 2)])]),
            (&[(1, 1, Link, 30), (2, 1, Link, 39)], &[], &[(Cause::Tie, &[(2, 1), (1, 1)])]),
            // Clearly better.
            (&[(1, 1, Link, 30), (2, 1, Link, 40)], &[(2, 1)], &[]),
            // A second round: when 1-1 is taken, 2-2 has no rival left.
            (&[(1, 1, Link, 90), (2, 1, Link, 60), (2, 2, Link, 60)], &[(1, 1), (2, 2)], &[]),
            // A review that is nearly as good stops a link, a poor one does not.
            (&[(1, 1, Link, 30), (1, 2, Review, 26)], &[], &[(Cause::Tie, &[(1, 1), (1, 2)])]),
            (&[(1, 1, Link, 30), (1, 2, Review, 25)], &[(1, 1)], &[]),
            // Two rows, two candidates: one case.
            (
                &[(1, 1, Link, 30), (1, 2, Link, 30), (2, 1, Link, 30), (2, 2, Link, 30), (7, 7, Review, 3)],
                &[],
                &[(Cause::Doubtful, &[(7, 7)]), (Cause::Tie, &[(1, 1), (1, 2), (2, 1), (2, 2)])],
            ),
        ];
        for (pairs, links, groups) in cases {
            let pairs: Vec<Near> = pairs.iter().copied().map(near).collect();
            let found = shown(&pairs, &assign(&pairs, |_| false, rivals));
            let groups = groups.iter().map(|(cause, pairs)| (*cause, pairs.to_vec())).collect();
            assert_eq!(found, (links.iter().copied().collect(), groups));
        }
        let pairs = [near((1, 1, Link, 30))];
        let found = shown(&pairs, &assign(&pairs, |_| true, rivals));
        assert_eq!(found, ([].into(), [(Cause::TooMany, vec![(1, 1)])].into()));
    }

    #[test]
    fn ties_join_the_groups_of_their_rows() {
        use Grade::{Link, Review};
        let list =
            |pairs: &[(u32, u32, Grade, i32)]| -> Vec<Near> { pairs.iter().copied().map(near).collect() };
        // 1-1 is linked; 2-2 is a doubt. Then 3-3, linked as equal, has a rival in row 2; and 5-5 one in row 4.
        let pairs = list(&[(1, 1, Link, 30), (2, 2, Review, 9)]);
        let ties = list(&[
            (2, 3, Link, 29),
            (3, 3, Link, 31),
            (4, 5, Link, 28),
            (5, 5, Link, 33),
            (6, 5, Review, 1),
        ]);
        let assigned = assign(&pairs, |_| false, rivals);
        let (all, groups) = with_ties(pairs, assigned.groups, ties, |_| false, rivals);
        let (_, found) = shown(&all, &Assigned { links: Vec::new(), groups });
        let want = [(Cause::Tie, vec![(3, 3), (2, 3), (2, 2)]), (Cause::Tie, vec![(5, 5), (4, 5), (6, 5)])];
        assert_eq!(found, want.into());
    }

    fn any_pairs() -> impl Strategy<Value = Vec<Near>> {
        let pair = (0_u32..9, 0_u32..9, prop::bool::weighted(0.7), 0_i32..60);
        prop::collection::vec(pair, 0..60).prop_map(|list| {
            let mut seen = BTreeSet::new();
            let new = list.into_iter().filter(|(a, b, ..)| seen.insert((*a, *b)));
            new.map(|(a, b, link, score)| near((a, b, if link { Grade::Link } else { Grade::Review }, score)))
                .collect()
        })
    }

    proptest! {
        #[test]
        fn s8_r5_order_makes_no_difference(pairs in any_pairs(), keys in prop::collection::vec(any::<u32>(), 60)) {
            let blocked = |near: &Near| near.a == 3;
            let found = shown(&pairs, &assign(&pairs, blocked, rivals));
            let mut shuffled: Vec<(u32, Near)> = keys.into_iter().zip(pairs.iter().copied()).collect();
            shuffled.sort_by_key(|(key, _)| *key);
            let shuffled: Vec<Near> = shuffled.into_iter().map(|(_, near)| near).collect();
            prop_assert_eq!(&shown(&shuffled, &assign(&shuffled, blocked, rivals)), &found);
            prop_assert_eq!(&plainly(&pairs, blocked), &found.0);

            // One to one, and every pair is accounted for.
            let (links, groups) = found;
            let linked_a: BTreeSet<u32> = links.iter().map(|(a, _)| *a).collect();
            let linked_b: BTreeSet<u32> = links.iter().map(|(_, b)| *b).collect();
            prop_assert_eq!((linked_a.len(), linked_b.len()), (links.len(), links.len()));
            let mut in_groups = BTreeSet::new();
            let (mut rows_a, mut rows_b) = (BTreeSet::new(), BTreeSet::new());
            for (_, list) in &groups {
                let (of_a, of_b): (BTreeSet<u32>, BTreeSet<u32>) = list.iter().copied().unzip();
                // A row is in one case only.
                prop_assert!(of_a.iter().all(|row| rows_a.insert(*row)) && of_b.iter().all(|row| rows_b.insert(*row)));
                prop_assert!(list.iter().all(|pair| in_groups.insert(*pair)));
            }
            for near in &pairs {
                let taken = linked_a.contains(&near.a) || linked_b.contains(&near.b);
                prop_assert_eq!(in_groups.contains(&(near.a, near.b)), !taken);
            }
        }
    }
}
