//! What every chart has around it: background, title, description, legend, note.
//!
//! Always holds: the picture has a name and a description for those who do not see it; ids begin with the chart's key,
//! so two charts of one page do not clash.
//! Not here: axes and data.
//! Rules come from: WCAG 2.2 (1.1.1), SVG Accessibility API Mappings.

use crate::{
    look,
    svg::{Anchor, Svg, escaped, px},
    words::{Px, width, wrap},
};

/// What stands around a chart.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The chart's key: letters, digits and `-`; it begins the ids, so it must be the page's only one of its kind.
    pub key: String,
    /// The language of the texts, `ja` or `en`.
    pub lang: &'static str,
    /// The title.
    pub title: String,
    /// What the chart shows, in a sentence or two, for those who do not see it.
    pub about: String,
    /// A line below: where the numbers come from, as of when. Empty for none.
    pub note: String,
}

/// The width of every chart: at 600 px on a page its texts are still 12 px.
pub(crate) const WIDTH: Px = 6400;
/// The margin around.
pub(crate) const MARGIN: Px = 160;
/// The size of ordinary texts.
pub(crate) const TEXT: Px = 130;
/// The size of small texts: ticks, notes.
pub(crate) const SMALL: Px = 120;
const TITLE: Px = 170;
const FONTS: &str = "'Noto Sans JP','Noto Sans CJK JP','Hiragino Sans','BIZ UDPGothic','Yu Gothic',Meiryo,system-ui,sans-serif";

/// What the legend shows of a series.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sample {
    /// A line with its mark.
    Line,
    /// An area.
    Area,
    /// An outline.
    Outline,
}

impl Frame {
    /// A frame without a note.
    pub fn new(key: &str, lang: &'static str, title: &str, about: &str) -> Frame {
        let (key, title, about) = (key.to_owned(), title.to_owned(), about.to_owned());
        Frame { key, lang, title, about, note: String::new() }
    }

    /// The same frame with a line below.
    pub fn note(self, note: &str) -> Frame {
        Frame { note: note.to_owned(), ..self }
    }

    /// Draws title and legend; answers where the chart may begin.
    pub(crate) fn head(&self, svg: &mut Svg, legend: &[(&str, Sample, usize)]) -> Px {
        let mut y = MARGIN + TITLE;
        for line in wrap(&self.title, TITLE, WIDTH - 2 * MARGIN) {
            svg.words((MARGIN, y), Anchor::Start, "font-size=\"17\" font-weight=\"700\"", &line);
            y += 230;
        }
        let mut x = MARGIN;
        for (name, sample, number) in legend {
            let wide = 380 + width(name, TEXT) + 220;
            if x > MARGIN && x + wide > WIDTH {
                (x, y) = (MARGIN, y + 210);
            }
            self.sample(svg, *sample, *number, (x, y - 45));
            svg.words((x + 380, y), Anchor::Start, "", name);
            x += wide;
        }
        if legend.is_empty() { y - 20 } else { y + 210 }
    }

    fn sample(&self, svg: &mut Svg, sample: Sample, number: usize, (x, y): (Px, Px)) {
        match sample {
            Sample::Line => {
                svg.line((x, y), (x + 300, y), &look::stroke(number));
                look::mark(svg, number, (x + 150, y));
            }
            Sample::Area => svg.rect((x, y - 55), (300, 110), &look::area(&self.key, number)),
            Sample::Outline => {
                svg.polyline(
                    &[(x, y + 55), (x + 100, y + 55), (x + 100, y - 55), (x + 300, y - 55)],
                    &look::stroke(number),
                );
            }
        }
    }

    /// Puts everything together: what was drawn, down to `y`, with the note below.
    pub(crate) fn whole(&self, mut drawn: Svg, mut y: Px) -> String {
        for line in wrap(&self.note, SMALL, WIDTH - 2 * MARGIN) {
            y += 190;
            drawn.words((MARGIN, y), Anchor::Start, &small(), &line);
        }
        let height = px(y + MARGIN);
        let (key, lang, wide) = (escaped(&self.key), self.lang, px(WIDTH));
        let (title, about) = (escaped(&self.title), escaped(&self.about));
        let mut svg = Svg::new();
        svg.raw(&format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {wide} {height}\" width=\"{wide}\" \
             height=\"{height}\" role=\"img\" lang=\"{lang}\" aria-labelledby=\"{key}-title\" \
             aria-describedby=\"{key}-about\" font-family=\"{FONTS}\" font-size=\"13\" fill=\"{}\">",
            look::INK
        ));
        svg.raw(&format!("<title id=\"{key}-title\">{title}</title>"));
        svg.raw(&format!("<desc id=\"{key}-about\">{about}</desc>"));
        svg.raw(&format!("<rect width=\"{wide}\" height=\"{height}\" fill=\"{}\"/>", look::GROUND));
        svg.into_text() + &drawn.into_text() + "</svg>\n"
    }

    /// Says that there is nothing to show, in the middle of a place.
    pub(crate) fn nothing(&self, svg: &mut Svg, at: (Px, Px)) {
        let text = if self.lang == "ja" { "データはありません" } else { "No data" };
        svg.words(at, Anchor::Middle, &soft(), text);
    }
}

/// The attributes of small texts.
pub(crate) fn small() -> String {
    format!("font-size=\"12\" fill=\"{}\"", look::SOFT)
}

/// The attributes of texts of less weight.
pub(crate) fn soft() -> String {
    format!("fill=\"{}\"", look::SOFT)
}
