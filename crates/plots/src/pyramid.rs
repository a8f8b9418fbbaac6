//! Population pyramids: age bands upwards, one sex to each side; one population filled, another as an outline over it.
//!
//! Always holds: both sides have one scale; the youngest band lies lowest.
//! Not here: bands: they are named by whoever counts.
//! Rules come from: nothing but reading well.

use crate::{
    Axis, Frame,
    axis::Fitted,
    frame::{MARGIN, SMALL, Sample, WIDTH, small},
    look,
    svg::{Anchor, Svg},
    words::{Px, width},
};

/// A pyramid.
#[derive(Clone, Debug)]
pub struct Chart {
    /// What stands around.
    pub frame: Frame,
    /// What the bands are, such as the age.
    pub label: String,
    /// The bands from the youngest.
    pub bands: Vec<String>,
    /// The name of the left side and of the right side.
    pub sides: (String, String),
    /// The filled population.
    pub filled: Layer,
    /// The outlined one, to compare with.
    pub outlined: Option<Layer>,
    /// The axis of values.
    pub value: Axis,
}

/// A population.
#[derive(Clone, Debug)]
pub struct Layer {
    /// Its name in the legend.
    pub name: String,
    /// Its values on the left side, from the youngest band.
    pub left: Vec<i64>,
    /// Its values on the right side.
    pub right: Vec<i64>,
}

/// A band's height.
const BAND: Px = 150;

impl Chart {
    /// The chart as SVG.
    pub fn svg(&self) -> String {
        let mut svg = Svg::new();
        let mut legend = vec![(self.filled.name.as_str(), Sample::Area, 0)];
        legend.extend(self.outlined.iter().map(|layer| (layer.name.as_str(), Sample::Outline, 1)));
        let top = self.frame.head(&mut svg, &legend);
        let layers = || [Some(&self.filled), self.outlined.as_ref()].into_iter().flatten();
        let values = layers().flat_map(|layer| layer.left.iter().chain(&layer.right)).copied();
        let axis = self.value.fit(values, true, 4);
        let names = self.bands.iter().map(|band| width(band, SMALL)).max().unwrap_or(0);
        let middle = (names.max(width(&self.label, SMALL)) + 160) / 2;
        let bands = i64::try_from(self.bands.len()).unwrap_or(0);
        let (top, low) = (top + 160, top + 160 + bands * BAND);
        let sides = [
            Side { zero: WIDTH / 2 - middle, end: MARGIN + 140, top, low },
            Side { zero: WIDTH / 2 + middle, end: WIDTH - MARGIN - 140, top, low },
        ];
        svg.words((WIDTH / 2, top - 70), Anchor::Middle, &small(), &self.label);
        for (at, band) in (0_i64..).zip(&self.bands) {
            let y = low - at * BAND - BAND / 2 + 42;
            svg.words((WIDTH / 2, y), Anchor::Middle, &small(), band);
        }
        for (number, side) in sides.iter().enumerate() {
            let pick = |layer: &'_ Layer| if number == 0 { layer.left.clone() } else { layer.right.clone() };
            side.scale(&mut svg, &axis);
            side.fill(&mut svg, &axis, &pick(&self.filled), &look::area(&self.frame.key, 0));
            if let Some(outlined) = &self.outlined {
                side.outline(&mut svg, &axis, &pick(outlined));
            }
            let name = if number == 0 { &self.sides.0 } else { &self.sides.1 };
            let at = ((side.zero + side.end) / 2, top - 70);
            svg.words(at, Anchor::Middle, "font-weight=\"700\"", name);
        }
        svg.words((WIDTH / 2, low + 380), Anchor::Middle, "", &self.value.name());
        self.frame.whole(svg, low + 420)
    }
}

/// One side: values go from `zero` towards `end`.
struct Side {
    zero: Px,
    end: Px,
    top: Px,
    low: Px,
}

impl Side {
    fn scale(&self, svg: &mut Svg, axis: &Fitted) {
        for (value, text) in &axis.ticks {
            let Some(at) = axis.place(*value, self.zero, self.end) else { continue };
            let colour = if *value == 0 { look::AXIS } else { look::GRID };
            svg.line((at, self.top), (at, self.low), &format!("stroke=\"{colour}\" stroke-width=\"1\""));
            svg.words((at, self.low + 180), Anchor::Middle, &small(), text);
        }
    }

    fn fill(&self, svg: &mut Svg, axis: &Fitted, values: &[i64], more: &str) {
        for (at, value) in (0_i64..).zip(values) {
            let end = axis.place(*value, self.zero, self.end).unwrap_or(self.zero);
            svg.rect((self.zero, self.low - (at + 1) * BAND + 10), (end - self.zero, BAND - 20), more);
        }
    }

    /// A line of steps. A white one lies beneath it, so that it is seen on the filled bars too.
    fn outline(&self, svg: &mut Svg, axis: &Fitted, values: &[i64]) {
        let mut points = vec![(self.zero, self.low)];
        for (at, value) in (0_i64..).zip(values) {
            let end = axis.place(*value, self.zero, self.end).unwrap_or(self.zero);
            points.extend([(end, self.low - at * BAND), (end, self.low - (at + 1) * BAND)]);
        }
        let count = i64::try_from(values.len()).unwrap_or(0);
        points.push((self.zero, self.low - count * BAND));
        svg.polyline(&points, &format!("fill=\"none\" stroke=\"{}\" stroke-width=\"4\"", look::GROUND));
        svg.polyline(&points, &look::stroke(1));
    }
}
