//! Charts as SVG text: lines over time, bars beside each other, population pyramids.
//!
//! Always holds: values in, text out, the same bytes for the same values: integer arithmetic only. Every chart has a
//! title, a description, axes with units and a legend; it brings its own background, so it reads on dark pages too; what
//! colour says, a dash, a mark or a hatch says as well. No style element or attribute, no script, nothing loaded, so a
//! strict Content-Security-Policy lets it stand inside a page.
//! Not here: files, numbers' meaning, and floating point: a value is an integer and its axis says how many decimals it
//! has (12345 on an axis of two decimals reads 123.45).
//! Rules come from: WCAG 2.2 (1.1.1, 1.4.1, 1.4.3, 1.4.11), SVG 1.1.
//!
//! ```
//! use plots::{Axis, Frame, lines};
//!
//! let svg = lines::Chart {
//!     frame: Frame::new("morning", "en", "Answers over a morning", "Answers per second rise until nine o'clock."),
//!     x: Axis::clock("Time of day", 1),
//!     panels: vec![lines::Panel {
//!         y: Axis::linear("Answers", "1/s", 0),
//!         series: vec![lines::Series::new("by card", &[(8 * 3600, 20), (9 * 3600, 140), (10 * 3600, 90)])],
//!     }],
//!     spans: vec![lines::Span { from: 33_000, until: 33_600, name: "line cut".into() }],
//! }
//! .svg();
//! assert!(svg.starts_with("<svg ") && svg.contains("<title id=\"morning-title\">"));
//! ```

#![forbid(unsafe_code)]

mod axis;
pub mod bars;
mod frame;
pub mod lines;
mod look;
pub mod pyramid;
mod svg;
#[cfg(test)]
mod tests;
mod words;

pub use axis::{Axis, Scale};
pub use frame::Frame;
