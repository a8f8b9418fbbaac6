//! Bars, standing or lying, one group beside another: what was invented beside what is published.
//!
//! Always holds: bars begin at zero; where there is room the value stands at the bar's end; no value is no bar.
//! Not here: sorting: categories stand as they were given.
//! Rules come from: nothing but reading well.

use crate::{
    Axis, Frame,
    axis::Fitted,
    frame::{MARGIN, SMALL, Sample, TEXT, WIDTH, small},
    look,
    svg::{Anchor, Svg},
    words::{self, Px, width, wrap},
};

/// A chart of bars.
#[derive(Clone, Debug)]
pub struct Chart {
    /// What stands around.
    pub frame: Frame,
    /// What the categories are; empty for nothing.
    pub label: String,
    /// The categories, in order.
    pub categories: Vec<String>,
    /// The groups: for each category one bar of each.
    pub groups: Vec<Group>,
    /// The axis of values.
    pub value: Axis,
    /// Whether bars lie: for long names of categories.
    pub lying: bool,
}

/// A group of bars: one for each category.
#[derive(Clone, Debug)]
pub struct Group {
    /// Its name in the legend.
    pub name: String,
    /// The values, one for each category; none for what is not known.
    pub values: Vec<Option<i64>>,
}

impl Group {
    /// A group in which every value is known.
    pub fn new(name: &str, values: &[i64]) -> Group {
        Group { name: name.to_owned(), values: values.iter().copied().map(Some).collect() }
    }
}

/// The height of standing bars' area.
const HEIGHT: Px = 2600;
/// A lying bar's thickness.
const THICK: Px = 130;

impl Chart {
    /// The chart as SVG.
    pub fn svg(&self) -> String {
        let mut svg = Svg::new();
        look::hatches(&mut svg, &self.frame.key, self.groups.len());
        let one = |(number, group)| -> (&str, Sample, usize) {
            let group: &Group = group;
            (group.name.as_str(), Sample::Area, number)
        };
        let legend: Vec<_> = self.groups.iter().enumerate().map(one).collect();
        let top = self.frame.head(&mut svg, &legend);
        let values = self.groups.iter().flat_map(|group| &group.values).copied().flatten();
        let axis = self.value.fit(values, true, 5);
        let low = if self.lying {
            self.draw_lying(&mut svg, &axis, top)
        } else {
            self.draw_standing(&mut svg, &axis, top)
        };
        self.frame.whole(svg, low)
    }

    fn draw_lying(&self, svg: &mut Svg, axis: &Fitted, top: Px) -> Px {
        let names_max = WIDTH * 2 / 5;
        let names = self.categories.iter().map(|name| width(name, TEXT)).max().unwrap_or(0).min(names_max);
        let left = MARGIN + names.max(width(&self.label, TEXT)) + 80;
        let right = WIDTH - MARGIN - 100 - self.value_room();
        svg.words((MARGIN, top + 60), Anchor::Start, &small(), &self.label);
        let top = top + if self.label.is_empty() { 20 } else { 120 };
        let groups = i64::try_from(self.groups.len()).unwrap_or(1).max(1);
        let rows: Vec<Vec<String>> = self.categories.iter().map(|name| wrap(name, TEXT, names_max)).collect();
        let heights: Vec<Px> = rows
            .iter()
            .map(|lines| (groups * THICK + 90).max(i64::try_from(lines.len()).unwrap_or(1) * 170 + 60))
            .collect();
        let low = top + heights.iter().sum::<Px>();
        for (value, text) in &axis.ticks {
            let Some(at) = axis.place(*value, left, right) else { continue };
            svg.line((at, top), (at, low), &format!("stroke=\"{}\" stroke-width=\"1\"", look::GRID));
            svg.words((at, low + 180), Anchor::Middle, &small(), text);
        }
        let mut y = top;
        for (at, (lines, height)) in rows.iter().zip(&heights).enumerate() {
            let first = y + height / 2 + 45 - (i64::try_from(lines.len()).unwrap_or(1) - 1) * 85;
            for (line, text) in (0_i64..).zip(lines) {
                svg.words((left - 80, first + line * 170), Anchor::End, "", text);
            }
            let begin = y + (height - groups * THICK) / 2;
            for (number, group) in self.groups.iter().enumerate() {
                let top = begin + i64::try_from(number).unwrap_or(0) * THICK;
                self.lying_bar(
                    svg,
                    axis,
                    (number, group.values.get(at).copied().flatten()),
                    (left, right, top),
                );
            }
            y += height;
        }
        svg.line((left, top), (left, low), &format!("stroke=\"{}\" stroke-width=\"1\"", look::AXIS));
        svg.words(((left + right) / 2, low + 380), Anchor::Middle, "", &self.value.name());
        low + 420
    }

    fn lying_bar(
        &self,
        svg: &mut Svg,
        axis: &Fitted,
        (number, value): (usize, Option<i64>),
        (left, right, top): (Px, Px, Px),
    ) {
        let Some(value) = value else {
            svg.words((left + 50, top + THICK / 2 + 42), Anchor::Start, &small(), "—");
            return;
        };
        let zero = axis.place(0, left, right).unwrap_or(left);
        let end = axis.place(value, left, right).unwrap_or(zero);
        svg.rect((zero, top + 10), (end - zero, THICK - 20), &look::area(&self.frame.key, number));
        svg.words(
            (end.max(zero) + 50, top + THICK / 2 + 42),
            Anchor::Start,
            &small(),
            &words::even(value, self.value.decimals),
        );
    }

    /// The room that the widest value takes behind its bar.
    fn value_room(&self) -> Px {
        let values = self.groups.iter().flat_map(|group| &group.values).copied().flatten();
        values.map(|value| width(&words::even(value, self.value.decimals), SMALL)).max().unwrap_or(0)
    }

    fn draw_standing(&self, svg: &mut Svg, axis: &Fitted, top: Px) -> Px {
        svg.words((MARGIN, top + 60), Anchor::Start, "", &self.value.name());
        let (left, right) = (MARGIN + axis.ticks_width(SMALL) + 60, WIDTH - MARGIN - 40);
        let (top, low) = (top + 220, top + 220 + HEIGHT);
        for (value, text) in &axis.ticks {
            let Some(at) = axis.place(*value, low, top) else { continue };
            svg.line((left, at), (right, at), &format!("stroke=\"{}\" stroke-width=\"1\"", look::GRID));
            svg.words((left - 60, at + 42), Anchor::End, &small(), text);
        }
        let count = i64::try_from(self.categories.len()).unwrap_or(1).max(1);
        let groups = i64::try_from(self.groups.len()).unwrap_or(1).max(1);
        let room = (right - left) / count;
        let thick = (room * 4 / 5 / groups).min(400);
        let lines_max = self.names_below(svg, (left, room), low);
        for at in 0..self.categories.len() {
            let middle = left + room * i64::try_from(at).unwrap_or(0) + room / 2;
            for (number, group) in self.groups.iter().enumerate() {
                let Some(value) = group.values.get(at).copied().flatten() else { continue };
                let zero = axis.place(0, low, top).unwrap_or(low);
                let end = axis.place(value, low, top).unwrap_or(zero);
                let x = middle - thick * groups / 2 + thick * i64::try_from(number).unwrap_or(0);
                let gap = (thick / 12).min(20);
                svg.rect(
                    (x + gap, zero),
                    (thick - 2 * gap, end - zero),
                    &look::area(&self.frame.key, number),
                );
                let text = words::even(value, self.value.decimals);
                if self.value_room() <= thick - 10 {
                    svg.words((x + thick / 2, end.min(zero) - 50), Anchor::Middle, &small(), &text);
                }
            }
        }
        svg.line((left, low), (right, low), &format!("stroke=\"{}\" stroke-width=\"1\"", look::AXIS));
        let low = low + lines_max * 165 + 30;
        svg.words(((left + right) / 2, low + 190), Anchor::Middle, "", &self.label);
        low + if self.label.is_empty() { 40 } else { 230 }
    }

    /// The categories' names below standing bars, as many as there is room for; answers the lines that they take.
    fn names_below(&self, svg: &mut Svg, (left, room): (Px, Px), low: Px) -> i64 {
        let widest = self.categories.iter().map(|name| width(name, SMALL)).max().unwrap_or(0);
        // Short names that do not fit side by side: every second or fifth. Long ones are broken instead.
        let every = if widest <= 500 {
            [1, 2, 5, 10].into_iter().find(|n| widest + 60 <= room * n).unwrap_or(20)
        } else {
            1
        };
        let mut lines_max = 1;
        for (at, name) in (0_i64..).zip(&self.categories).filter(|(at, _)| at % every == 0) {
            let lines = wrap(name, SMALL, (room * every - 60).max(SMALL));
            for (line, text) in (0_i64..).zip(&lines) {
                let at = (left + room * at + room / 2, low + 170 + line * 165);
                svg.words(at, Anchor::Middle, &small(), text);
            }
            lines_max = lines_max.max(i64::try_from(lines.len()).unwrap_or(1));
        }
        lines_max
    }
}
