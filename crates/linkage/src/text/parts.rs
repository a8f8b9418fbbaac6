//! Two sequences of letters that are not the same: one letter more, less or other; same surname; same given name.
//!
//! Always holds: all answers are the same with both sides exchanged.
//! Not here: which letters count as the same (name, kana).

/// A name's letters, and where the given name begins if the writer told.
#[derive(Clone, Copy)]
pub(super) struct Side<'n> {
    /// Letters without blanks.
    pub letters: &'n [char],
    /// Where the given name begins.
    pub given: Option<usize>,
}

/// Which part of two names agrees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The surnames agree, the given names do not.
    Surname,
    /// The given names agree, the surnames do not.
    Given,
}

/// How many letters two sequences have in common at their beginning.
pub(super) fn common_prefix(a: &[char], b: &[char], same: impl Fn(char, char) -> bool) -> usize {
    a.iter().zip(b).take_while(|(x, y)| same(**x, **y)).count()
}

/// How many letters two sequences have in common at their end.
pub(super) fn common_suffix(a: &[char], b: &[char], same: impl Fn(char, char) -> bool) -> usize {
    a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| same(**x, **y)).count()
}

/// Whether one letter is more, less or other, in names of three letters or more. Not when that letter is a whole
/// surname or given name (林 誠 and 林 実): those are other names, not slips.
pub(super) fn one_off(a: Side<'_>, b: Side<'_>, same: impl Fn(char, char) -> bool + Copy) -> bool {
    let (short, long) = if a.letters.len() <= b.letters.len() { (a, b) } else { (b, a) };
    let (less, more) = (short.letters.len(), long.letters.len());
    if more - less > 1 || more < 3 {
        return false;
    }
    let prefix = common_prefix(short.letters, long.letters, same);
    let suffix = common_suffix(short.letters, long.letters, same);
    if prefix + suffix + 1 < more || prefix == more {
        return false;
    }
    let whole =
        |side: Side<'_>, at: usize| side.given.is_some_and(|given| is_whole(side.letters.len(), given, at));
    // With one letter less, the shorter side has nothing where the longer one has its letter.
    let is_name = whole(long, prefix) || (less == more && whole(short, prefix));
    !is_name
}

/// Whether the letter at `at` is all of the surname or all of the given name.
fn is_whole(len: usize, given: usize, at: usize) -> bool {
    (at == 0 && given == 1) || (at + 1 == len && given == at)
}

/// The part that agrees, if only one does.
///
/// With a gap on both sides, surname and given name are compared each; with a gap on one side, its surname is looked for
/// at the other's beginning and its given name at the other's end. Without gaps at least `least` letters at the beginning
/// or end must be the same, and the longer of both wins; when they are equally long it is the surname, which is the
/// careful answer (sisters are not one person).
pub(super) fn agreeing(
    a: Side<'_>,
    b: Side<'_>,
    least: usize,
    same: impl Fn(char, char) -> bool + Copy,
) -> Option<Part> {
    let (surname, given) = match (a.split(), b.split()) {
        (Some((a_sur, a_given)), Some((b_sur, b_given))) => {
            let equal = |x: &[char], y: &[char]| x.len() == y.len() && common_prefix(x, y, same) == x.len();
            (equal(a_sur, b_sur), equal(a_given, b_given))
        }
        (Some(parts), None) => within(parts, b.letters, same),
        (None, Some(parts)) => within(parts, a.letters, same),
        (None, None) => {
            let most = a.letters.len().min(b.letters.len()).saturating_sub(1);
            let (prefix, suffix) =
                (common_prefix(a.letters, b.letters, same), common_suffix(a.letters, b.letters, same));
            let counts = |found: usize| found >= least && found <= most;
            match (counts(prefix), counts(suffix)) {
                (true, true) => (prefix >= suffix, suffix > prefix),
                found => found,
            }
        }
    };
    match (surname, given) {
        (true, false) => Some(Part::Surname),
        (false, true) => Some(Part::Given),
        _ => None,
    }
}

/// Whether an unparted name begins with the surname and ends with the given name, with something left. A given name of one
/// letter is no name's end (子), nor is one that leaves a single letter for the surname of a longer name (山 + 田花子).
fn within(
    (surname, given): (&[char], &[char]),
    whole: &[char],
    same: impl Fn(char, char) -> bool + Copy,
) -> (bool, bool) {
    let begins = whole.len() > surname.len() && common_prefix(surname, whole, same) == surname.len();
    let rest = whole.len().saturating_sub(given.len());
    let is_parted = given.len() > 1 && (rest > 1 || rest == 1 && whole.len() < 4);
    let ends = is_parted && common_suffix(given, whole, same) == given.len();
    (begins, ends)
}

impl<'n> Side<'n> {
    /// Surname and given name, where both are there.
    fn split(self) -> Option<(&'n [char], &'n [char])> {
        self.letters
            .split_at_checked(self.given?)
            .filter(|(surname, given)| !surname.is_empty() && !given.is_empty())
    }
}
