//! How many checks a second all of Japan makes: over a Monday morning at the start of a month, by kind of facility, and
//! over the night before, when booked patients are looked up in one go.
//!
//! Always holds: integers only; a rate is in thousandths of a check a second.
//! Not here: when exactly each one comes (`arrivals`).
//! Rules come from: the reference on the field, section 5.1: 231.58 million checks in May 2025; in July 2024 hospitals
//! had 5.9 % of them, clinics 42 %, dental offices 6.9 %, pharmacies 45 %; 400 to 550 a second in the busiest minutes
//! (derived there); 47 % by card in October 2025; about an eighth of all checks until 2023 in batches. No official curve
//! exists: the shape is ours. Hospitals open their reception at half past eight and are full at once, clinics fill from
//! nine to ten, patients reach the pharmacy half an hour to an hour later, dental offices work by appointment.

use super::visits::{Kind, Way};

/// Minutes from 08:30 to 12:00.
pub const MINUTES: u64 = 210;
/// Minutes of the night's look-ups, from 03:00 to 05:00.
pub const NIGHT_MINUTES: u64 = 120;
/// Seconds from midnight to the morning's begin, and to the night's.
pub const MORNING_S: u64 = 8 * 3600 + 30 * 60;
/// Seconds from midnight to the night's begin.
pub const NIGHT_S: u64 = 3 * 3600;

/// Minute and checks a second; between two of them the rate goes evenly.
type Curve = &'static [(u64, u64)];

const HOSPITAL: Curve = &[(0, 62), (10, 60), (30, 52), (60, 42), (90, 36), (120, 30), (180, 20), (210, 15)];
const CLINIC: Curve = &[
    (0, 55),
    (15, 95),
    (25, 165),
    (30, 215),
    (45, 235),
    (75, 230),
    (90, 215),
    (120, 185),
    (150, 160),
    (180, 135),
    (210, 90),
];
const DENTAL: Curve = &[(0, 6), (20, 12), (30, 20), (210, 20)];
const PHARMACY: Curve = &[
    (0, 12),
    (15, 25),
    (30, 60),
    (45, 105),
    (60, 155),
    (75, 190),
    (90, 208),
    (120, 212),
    (150, 202),
    (210, 165),
];
/// Terminals begin their list at full and half hours, most of them with the first.
const NIGHT: Curve = &[
    (0, 330),
    (8, 180),
    (29, 130),
    (30, 240),
    (38, 150),
    (59, 110),
    (60, 200),
    (68, 130),
    (90, 170),
    (120, 60),
];

/// Of a thousand checks, how many are by card. Together 47 in a hundred, spread as in May 2025.
const BY_CARD: [(Kind, u64); 4] =
    [(Kind::Hospital, 700), (Kind::Clinic, 455), (Kind::Dental, 650), (Kind::Pharmacy, 425)];
/// Of a thousand look-ups of booked patients, how many come from each kind; a pharmacy books nobody.
const BOOKED: [(Kind, u64); 3] = [(Kind::Hospital, 300), (Kind::Clinic, 450), (Kind::Dental, 250)];

/// Which part of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// 03:00 to 05:00: look-ups of booked patients, by number.
    Night,
    /// 08:30 to 12:00.
    Morning,
}

impl Part {
    /// How many minutes it has.
    pub fn minutes(self) -> u64 {
        match self {
            Part::Night => NIGHT_MINUTES,
            Part::Morning => MINUTES,
        }
    }

    /// Seconds from midnight to its begin.
    pub fn begins_s(self) -> u64 {
        match self {
            Part::Night => NIGHT_S,
            Part::Morning => MORNING_S,
        }
    }
}

/// Thousandths of a check a second in all Japan at a second of the part, for each kind and way.
pub fn rates(part: Part, second: u64) -> Vec<((Kind, Way), u64)> {
    match part {
        Part::Night => {
            let all = at(NIGHT, second);
            BOOKED.iter().map(|(kind, share)| ((*kind, Way::Number), all * share / 1000)).collect()
        }
        Part::Morning => {
            let curves = [HOSPITAL, CLINIC, DENTAL, PHARMACY];
            let both = |((kind, share), curve): (&(Kind, u64), Curve)| {
                let all = at(curve, second);
                let card = all * share / 1000;
                [((*kind, Way::Card), card), ((*kind, Way::Number), all - card)]
            };
            BY_CARD.iter().zip(curves).flat_map(both).collect()
        }
    }
}

/// Thousandths at a second of a curve.
fn at(curve: Curve, second: u64) -> u64 {
    let after = curve.iter().position(|(minute, _)| minute * 60 > second).unwrap_or(curve.len());
    let (Some((from, low)), Some((until, high))) =
        (curve.get(after.saturating_sub(1)), curve.get(after).or(curve.last()))
    else {
        return 0;
    };
    let (from, until) = (from * 60, until * 60);
    if until <= from {
        return high * 1000;
    }
    (low * 1000 * (until - second) + high * 1000 * (second - from)) / (until - from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(second: u64) -> u64 {
        rates(Part::Morning, second).iter().map(|(_, rate)| rate).sum()
    }

    #[test]
    fn the_busiest_minutes_have_400_to_550_checks_a_second() {
        let peak = (0..MINUTES * 60).map(all).max().expect("seconds") / 1000;
        assert!((450..=550).contains(&peak), "{peak}");
        let busy = (0..MINUTES * 60).filter(|second| all(*second) >= 400_000).count();
        assert!(busy > 60 * 60, "an hour and more has 400 a second: {busy} s");
    }

    #[test]
    fn shares_are_those_of_the_field() {
        let (mut card, mut total) = (0, 0);
        for second in 0..MINUTES * 60 {
            for ((_, way), rate) in rates(Part::Morning, second) {
                total += rate;
                card += if way == Way::Card { rate } else { 0 };
            }
        }
        let card = card * 1000 / total;
        assert!((460..=490).contains(&card), "{card} of a thousand by card");
        // A morning has about half of a day's nine to eleven million checks.
        let checks = total / 1000;
        assert!((4_000_000..6_000_000).contains(&checks), "{checks}");
        let night: u64 =
            (0..NIGHT_MINUTES * 60).flat_map(|second| rates(Part::Night, second)).map(|(_, rate)| rate).sum();
        let night = night / 1000;
        assert!((1_000_000..1_500_000).contains(&night), "an eighth of a day's checks: {night}");
    }

    #[test]
    fn kinds_have_their_shapes() {
        let of = |kind: Kind, minute: u64| -> u64 {
            let rates = rates(Part::Morning, minute * 60);
            rates.iter().filter(|((one, _), _)| *one == kind).map(|(_, rate)| rate).sum()
        };
        let top = |kind| (0..MINUTES).max_by_key(|minute| of(kind, *minute)).expect("minutes");
        assert_eq!(top(Kind::Hospital), 0, "hospitals begin sharply");
        assert!((30..=90).contains(&top(Kind::Clinic)), "clinics from nine to ten");
        let later = top(Kind::Pharmacy) - top(Kind::Clinic);
        assert!((30..=90).contains(&later), "pharmacies follow {later} minutes later");
        assert_eq!(of(Kind::Dental, 60), of(Kind::Dental, 200), "dental offices are even");
    }
}
