//! Colours, dashes, marks and hatches, by number of the series.
//!
//! Always holds: on white each colour has a contrast of at least 4.5:1; two series differ in dash or hatch, and in mark,
//! as well.
//! Not here: which series has which number: the order in which they are given.
//! Rules come from: WCAG 2.2 (1.4.1, 1.4.11); the colours of the pages (crates/web/assets).

use crate::{
    svg::{Svg, px},
    words::Px,
};

/// The ground that every chart brings along.
pub(crate) const GROUND: &str = "#ffffff";
/// Texts.
pub(crate) const INK: &str = "#1a1a1a";
/// Texts of less weight: ticks and notes.
pub(crate) const SOFT: &str = "#4d4d4d";
/// The lines of a scale.
pub(crate) const GRID: &str = "#cccccc";
/// The frame's axes.
pub(crate) const AXIS: &str = "#666666";

const COLOURS: [&str; 6] = ["#0017c1", "#a33d00", "#197a4b", "#8b008b", "#1a1a1a", "#806300"];
const DASHES: [&str; 6] = ["", "7 3", "2 2.5", "9 3 2 3", "12 3", "4 2"];

pub(crate) fn colour(number: usize) -> &'static str {
    COLOURS[number % COLOURS.len()]
}

/// The attributes of a series' line.
pub(crate) fn stroke(number: usize) -> String {
    let dash = match DASHES[number % DASHES.len()] {
        "" => String::new(),
        dash => format!(" stroke-dasharray=\"{dash}\""),
    };
    format!("fill=\"none\" stroke=\"{}\" stroke-width=\"2\" stroke-linejoin=\"round\"{dash}", colour(number))
}

/// The attributes of a series' area: the first is filled, the others are outlined and hatched, each in its own way.
pub(crate) fn area(key: &str, number: usize) -> String {
    match number {
        0 => format!("fill=\"{}\"", colour(0)),
        _ => format!("fill=\"url(#{key}-hatch{number})\" stroke=\"{}\" stroke-width=\"1.2\"", colour(number)),
    }
}

/// The hatches that areas of so many series name.
pub(crate) fn hatches(svg: &mut Svg, key: &str, count: usize) {
    if count < 2 {
        return;
    }
    svg.raw("<defs>");
    for number in 1..count {
        let colour = colour(number);
        let drawn = match number % 4 {
            1 => format!("<path d=\"M-1 7 7 -1M-2 2 2 -2M4 8 8 4\" stroke=\"{colour}\" stroke-width=\"1\"/>"),
            2 => format!("<circle cx=\"3\" cy=\"3\" r=\"1.2\" fill=\"{colour}\"/>"),
            3 => format!("<path d=\"M0 3H6\" stroke=\"{colour}\" stroke-width=\"1\"/>"),
            _ => format!("<path d=\"M3 0V6\" stroke=\"{colour}\" stroke-width=\"1\"/>"),
        };
        svg.raw(&format!(
            "<pattern id=\"{key}-hatch{number}\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\">\
             <rect width=\"6\" height=\"6\" fill=\"{GROUND}\"/>{drawn}</pattern>"
        ));
    }
    svg.raw("</defs>");
}

/// The mark of a series at a place.
pub(crate) fn mark(svg: &mut Svg, number: usize, (x, y): (Px, Px)) {
    let fill = format!("fill=\"{GROUND}\" stroke=\"{}\" stroke-width=\"1.6\"", colour(number));
    let (left, right, top, low) = (px(x - 35), px(x + 35), px(y - 35), px(y + 35));
    let (x, y) = (px(x), px(y));
    svg.raw(&match number % 4 {
        0 => format!("<circle cx=\"{x}\" cy=\"{y}\" r=\"3.2\" {fill}/>"),
        1 => format!("<path d=\"M{left} {top}H{right}V{low}H{left}Z\" {fill}/>"),
        2 => format!("<path d=\"M{x} {top}L{right} {low}H{left}Z\" {fill}/>"),
        _ => format!("<path d=\"M{x} {top}L{right} {y}L{x} {low}L{left} {y}Z\" {fill}/>"),
    });
}
