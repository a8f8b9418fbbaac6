//! Axes: from values to places, and the values at which a tick stands.
//!
//! Always holds: integer arithmetic only, logarithms too, so every machine draws the same chart; a range is never empty.
//! Not here: where an axis lies on the page (the chart kinds).
//! Rules come from: ticks at 1, 2 and 5 times a power of ten, and at round times of the clock.

use crate::words::{self, Px};

/// How values lie along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Evenly.
    Linear,
    /// By their logarithm: what is zero or less has no place.
    Log,
    /// Evenly, read as a time of day; so many units are a second.
    Clock {
        /// Units of a second: 1 when values are seconds, 1000 when they are milliseconds.
        per_s: i64,
    },
}

/// An axis: its name, its unit, and how values lie along it.
#[derive(Clone, Debug)]
pub struct Axis {
    /// What is measured.
    pub label: String,
    /// The unit; empty for none.
    pub unit: String,
    /// How many decimals the integers have: with 3, a value of 1500 reads 1.5.
    pub decimals: u32,
    /// How values lie along it.
    pub scale: Scale,
    /// The lowest value shown, where it is not to follow from the data.
    pub from: Option<i64>,
    /// The highest value shown, where it is not to follow from the data.
    pub until: Option<i64>,
}

impl Axis {
    /// An even axis. For heights it begins at zero unless told otherwise.
    pub fn linear(label: &str, unit: &str, decimals: u32) -> Axis {
        Axis {
            label: label.to_owned(),
            unit: unit.to_owned(),
            decimals,
            scale: Scale::Linear,
            from: None,
            until: None,
        }
    }

    /// A logarithmic axis.
    pub fn log(label: &str, unit: &str, decimals: u32) -> Axis {
        Axis { scale: Scale::Log, ..Axis::linear(label, unit, decimals) }
    }

    /// A time of day; values count from midnight, so many of them a second.
    pub fn clock(label: &str, per_s: i64) -> Axis {
        Axis { scale: Scale::Clock { per_s: per_s.max(1) }, ..Axis::linear(label, "", 0) }
    }

    /// The same axis over a given range.
    pub fn over(self, from: i64, until: i64) -> Axis {
        Axis { from: Some(from), until: Some(until), ..self }
    }

    /// The axis's name with its unit.
    pub(crate) fn name(&self) -> String {
        match self.unit.as_str() {
            "" => self.label.clone(),
            unit if self.label.is_empty() => unit.to_owned(),
            unit => format!("{} ({unit})", self.label),
        }
    }

    /// The axis fitted to values. Even heights begin at zero and end at a tick.
    pub(crate) fn fit(&self, values: impl Iterator<Item = i64>, height: bool, ticks_wanted: i64) -> Fitted {
        let shown = values.filter(|value| self.scale != Scale::Log || *value > 0);
        let range = shown.fold(None, |range: Option<(i64, i64)>, value| {
            Some(range.map_or((value, value), |(low, high)| (low.min(value), high.max(value))))
        });
        let (mut low, mut high) = range.unwrap_or((1, 10));
        if height && self.scale == Scale::Linear {
            (low, high) = (low.min(0), high.max(0));
        }
        let (low, high) = (self.from.unwrap_or(low), self.until.unwrap_or(high));
        match self.scale {
            Scale::Log => self.fit_log(low.max(1), high.max(1)),
            Scale::Linear => self.fit_linear(low, high.max(low + 1), height, ticks_wanted),
            Scale::Clock { per_s } => self.fit_clock(low, high.max(low + 1), per_s, ticks_wanted),
        }
    }

    fn fit_linear(&self, low: i64, high: i64, height: bool, wanted: i64) -> Fitted {
        let step = even_step(high - low, wanted);
        let (mut from, mut until) = (low, high);
        if height {
            from = self.from.unwrap_or(low.div_euclid(step) * step);
            until = self.until.unwrap_or(-((-high).div_euclid(step)) * step);
        }
        self.fitted(from, until.max(from + 1), multiples(from, until, step))
    }

    fn fit_clock(&self, low: i64, high: i64, per_s: i64, wanted: i64) -> Fitted {
        const STEPS_S: [i64; 17] =
            [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 86_400];
        let step = STEPS_S.iter().map(|step| step * per_s).find(|step| (high - low) / step <= wanted);
        let step = step.unwrap_or_else(|| even_step(high - low, wanted));
        self.fitted(low, high, multiples(low, high, step))
    }

    /// From one power of ten to another; in between 2 and 5 times it where there is room.
    fn fit_log(&self, low: i64, high: i64) -> Fitted {
        let mut from = 1_i64;
        while from.saturating_mul(10) <= low {
            from *= 10;
        }
        let mut until = from.saturating_mul(10);
        while until < high {
            until = until.saturating_mul(10);
        }
        let (from, until) = (self.from.unwrap_or(from).max(1), self.until.unwrap_or(until));
        let (mut ticks, mut decade, mut decades) = (Vec::new(), 1_i64, 0);
        while decade <= until && decade < i64::MAX / 10 {
            ticks.push(decade);
            decades += i32::from(decade >= from);
            decade *= 10;
        }
        if decades <= 3 {
            ticks = ticks.iter().flat_map(|decade| [*decade, decade * 2, decade * 5]).collect();
        }
        ticks.retain(|tick| (from..=until).contains(tick));
        self.fitted(from, until.max(from + 1), ticks)
    }

    fn fitted(&self, from: i64, until: i64, ticks: Vec<i64>) -> Fitted {
        let ticks = ticks.into_iter().map(|tick| (tick, self.read(tick))).collect();
        Fitted { scale: self.scale, from, until, ticks }
    }

    /// How a value reads on this axis.
    pub(crate) fn read(&self, value: i64) -> String {
        let Scale::Clock { per_s } = self.scale else {
            return words::number(value, self.decimals);
        };
        let seconds = value.div_euclid(per_s);
        let (hour, minute, second) = (seconds.div_euclid(3600), seconds / 60 % 60, seconds % 60);
        if second == 0 { format!("{hour}:{minute:02}") } else { format!("{hour}:{minute:02}:{second:02}") }
    }
}

/// An axis with its range and ticks.
pub(crate) struct Fitted {
    scale: Scale,
    from: i64,
    until: i64,
    /// Values with a tick and how they read.
    pub ticks: Vec<(i64, String)>,
}

impl Fitted {
    /// The place of a value between `first` (the lowest value) and `last`; outside values lie at the edge. None for what
    /// has no place.
    pub fn place(&self, value: i64, first: Px, last: Px) -> Option<Px> {
        let (at, from, until) = match self.scale {
            Scale::Log if value <= 0 => return None,
            Scale::Log => (log2(value), log2(self.from), log2(self.until)),
            Scale::Linear | Scale::Clock { .. } => (value, self.from, self.until),
        };
        let at = i128::from(at.clamp(from, until) - from);
        let (length, range) = (i128::from(last - first), i128::from((until - from).max(1)));
        let place = (2 * at * length + length.signum() * range) / (2 * range); // rounded
        i64::try_from(place).ok().map(|place| first + place)
    }

    /// Whether a value lies inside the range.
    pub fn holds(&self, value: i64) -> bool {
        (self.from..=self.until).contains(&value)
    }

    /// The width of the widest tick text.
    pub fn ticks_width(&self, size: Px) -> Px {
        self.ticks.iter().map(|(_, text)| words::width(text, size)).max().unwrap_or(0)
    }
}

/// The smallest of 1, 2, 5 times a power of ten with which a range has no more than the wanted steps.
fn even_step(range: i64, wanted: i64) -> i64 {
    let mut power = 1_i64;
    loop {
        for step in [1, 2, 5].map(|factor| power.saturating_mul(factor)) {
            if range / step <= wanted || step == i64::MAX {
                return step;
            }
        }
        power = power.saturating_mul(10);
    }
}

fn multiples(from: i64, until: i64, step: i64) -> Vec<i64> {
    let first = -((-from).div_euclid(step));
    (first..=until.div_euclid(step)).map(|times| times * step).collect()
}

/// The binary logarithm of a positive value in parts of 2^-20, by repeated squaring.
fn log2(value: i64) -> i64 {
    const PARTS: u32 = 20;
    let value = value.max(1).unsigned_abs();
    let whole = value.ilog2();
    // The mantissa in 1.31 fixed point.
    let mut mantissa = if whole <= 31 { value << (31 - whole) } else { value >> (whole - 31) };
    let mut log = i64::from(whole);
    for _ in 0..PARTS {
        mantissa = (mantissa * mantissa) >> 31;
        let over = mantissa >> 32;
        log = 2 * log + i64::from(over == 1);
        mantissa >>= over;
    }
    log
}
