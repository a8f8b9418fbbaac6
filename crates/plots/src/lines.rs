//! Lines over time: panels one below another over one time, each with its own height axis; shaded spans, such as an
//! outage, go through all of them.
//!
//! Always holds: a missing value breaks the line; it is never drawn as zero.
//! Not here: gathering values by second or minute (whoever measured).
//! Rules come from: nothing but reading well.

use crate::{
    Axis, Frame,
    axis::Fitted,
    frame::{MARGIN, SMALL, Sample, WIDTH, small},
    look,
    svg::{Anchor, Svg},
    words::{Px, width},
};

/// A chart of lines.
#[derive(Clone, Debug)]
pub struct Chart {
    /// What stands around.
    pub frame: Frame,
    /// The axis of time, or of whatever goes from left to right.
    pub x: Axis,
    /// One below another.
    pub panels: Vec<Panel>,
    /// Shaded spans of the x axis.
    pub spans: Vec<Span>,
}

/// A panel: series with one height axis.
#[derive(Clone, Debug)]
pub struct Panel {
    /// The height axis.
    pub y: Axis,
    /// The series. Their number over all panels gives colour, dash and mark.
    pub series: Vec<Series>,
}

/// A series of values.
#[derive(Clone, Debug)]
pub struct Series {
    /// Its name in the legend.
    pub name: String,
    /// Place and value, from left to right; no value breaks the line.
    pub points: Vec<(i64, Option<i64>)>,
}

impl Series {
    /// A series without gaps.
    pub fn new(name: &str, points: &[(i64, i64)]) -> Series {
        let points = points.iter().map(|(x, y)| (*x, Some(*y))).collect();
        Series { name: name.to_owned(), points }
    }
}

/// A shaded span.
#[derive(Clone, Debug)]
pub struct Span {
    /// Where it begins.
    pub from: i64,
    /// Where it ends.
    pub until: i64,
    /// What it is.
    pub name: String,
}

/// The height of a panel, when it is alone and when it has company.
const PANEL: (Px, Px) = (2400, 1600);
/// A series has about so many marks.
const MARKS: usize = 8;

impl Chart {
    /// The chart as SVG.
    pub fn svg(&self) -> String {
        let mut svg = Svg::new();
        let all = || self.panels.iter().flat_map(|panel| &panel.series);
        let legend: Vec<(&str, Sample, usize)> =
            all().enumerate().map(|(number, series)| (series.name.as_str(), Sample::Line, number)).collect();
        let mut y = self.frame.head(&mut svg, &legend);
        let xs = all().flat_map(|series| &series.points).map(|point| point.0);
        let x = self.x.fit(xs.chain(self.spans.iter().flat_map(|span| [span.from, span.until])), false, 8);
        let fitted: Vec<Fitted> = self.panels.iter().map(fit_panel).collect();
        let left = MARGIN + fitted.iter().map(|axis| axis.ticks_width(SMALL)).max().unwrap_or(0) + 60;
        let right = WIDTH - MARGIN - 100;
        let names = self.span_names(&x, left, right);
        let rows = names.iter().map(|(row, _)| row + 1).max().unwrap_or(0);
        let names_top = y + 170;
        let height = if self.panels.len() == 1 { PANEL.0 } else { PANEL.1 };
        let mut number = 0;
        for (panel, axis) in self.panels.iter().zip(&fitted) {
            svg.words((MARGIN, y + 60), Anchor::Start, "", &panel.y.name());
            // The spans' names stand right above the first panel.
            let top = y + 160 + if number == 0 { rows * 170 } else { 0 };
            let area = Area { left, right, top, low: top + height };
            self.spans(&mut svg, &x, &area);
            scale(&mut svg, axis, &x, &area);
            if panel.series.iter().all(|series| series.points.is_empty()) {
                self.frame.nothing(&mut svg, ((left + right) / 2, (area.top + area.low) / 2));
            }
            for series in &panel.series {
                draw(&mut svg, series, number, (&x, axis), &area);
                number += 1;
            }
            y = area.low + 260;
        }
        let low = y - 260;
        for (value, text) in &x.ticks {
            let Some(at) = x.place(*value, left, right) else { continue };
            svg.words((at, low + 180), Anchor::Middle, &small(), text);
        }
        svg.words(((left + right) / 2, low + 380), Anchor::Middle, "", &self.x.name());
        for ((row, at), span) in names.iter().zip(&self.spans) {
            svg.words((*at, names_top + row * 170 + 60), Anchor::Middle, &small(), &span.name);
        }
        self.frame.whole(svg, low + 420)
    }

    /// Row and middle of each span's name: above the panels, one below another where they would touch.
    fn span_names(&self, x: &Fitted, left: Px, right: Px) -> Vec<(i64, Px)> {
        let mut ends: Vec<Px> = Vec::new();
        let mut named = Vec::new();
        for span in &self.spans {
            let place = |value| x.place(value, left, right).unwrap_or(left);
            let half = width(&span.name, SMALL) / 2;
            let middle = (place(span.from) + place(span.until)) / 2;
            let middle = middle.clamp((MARGIN + half).min(WIDTH / 2), (WIDTH - MARGIN - half).max(WIDTH / 2));
            let row = ends.iter().position(|end| *end < middle - half).unwrap_or(ends.len());
            if row == ends.len() {
                ends.push(0);
            }
            ends[row] = middle + half + 100;
            named.push((i64::try_from(row).unwrap_or(0), middle));
        }
        named
    }

    fn spans(&self, svg: &mut Svg, x: &Fitted, area: &Area) {
        for span in &self.spans {
            let place = |value| x.place(value, area.left, area.right).unwrap_or(area.left);
            let (from, until) = (place(span.from), place(span.until).max(place(span.from) + 10));
            svg.rect((from, area.top), (until - from, area.low - area.top), "fill=\"#f6e5a8\"");
            for edge in [from, until] {
                let more = "stroke=\"#806300\" stroke-width=\"1\" stroke-dasharray=\"3 3\"";
                svg.line((edge, area.top), (edge, area.low), more);
            }
        }
    }
}

/// Where a panel's data lie.
struct Area {
    left: Px,
    right: Px,
    top: Px,
    low: Px,
}

fn fit_panel(panel: &Panel) -> Fitted {
    let values = panel.series.iter().flat_map(|series| &series.points).filter_map(|point| point.1);
    panel.y.fit(values, true, 5)
}

/// Grid and frame of a panel.
fn scale(svg: &mut Svg, y: &Fitted, x: &Fitted, area: &Area) {
    let grid = format!("stroke=\"{}\" stroke-width=\"1\"", look::GRID);
    let axis = format!("stroke=\"{}\" stroke-width=\"1\"", look::AXIS);
    for (value, text) in &y.ticks {
        let Some(at) = y.place(*value, area.low, area.top) else { continue };
        svg.line((area.left, at), (area.right, at), &grid);
        svg.words((area.left - 60, at + 42), Anchor::End, &small(), text);
    }
    for (value, _) in &x.ticks {
        let Some(at) = x.place(*value, area.left, area.right) else { continue };
        svg.line((at, area.low), (at, area.low + 50), &axis);
    }
    svg.line((area.left, area.top), (area.left, area.low), &axis);
    svg.line((area.left, area.low), (area.right, area.low), &axis);
}

fn draw(svg: &mut Svg, series: &Series, number: usize, (x, y): (&Fitted, &Fitted), area: &Area) {
    let place = |point: &(i64, Option<i64>)| {
        let height = y.place(point.1?, area.low, area.top)?;
        x.holds(point.0).then_some((x.place(point.0, area.left, area.right)?, height))
    };
    let placed: Vec<Option<(Px, Px)>> = series.points.iter().map(place).collect();
    for run in placed.split(Option::is_none) {
        let run: Vec<(Px, Px)> = run.iter().copied().flatten().collect();
        if run.len() > 1 {
            svg.polyline(&run, &look::stroke(number));
        }
    }
    let every = placed.len().div_ceil(MARKS).max(1);
    // Marks of different series stand at different places, so that equal lines are both seen.
    let first = number * every / 3 % every;
    for (at, point) in placed.iter().enumerate() {
        let alone = point.is_some()
            && at.checked_sub(1).and_then(|before| placed[before]).is_none()
            && placed.get(at + 1).copied().flatten().is_none();
        if let Some(point) = point.filter(|_| alone || at % every == first) {
            look::mark(svg, number, point);
        }
    }
}
