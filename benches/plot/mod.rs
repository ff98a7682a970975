//! Plots, written by hand as SVG: bars, and lines over an axis.
//!
//! One rule: what is to be reached is drawn in, so that a look tells whether it is. A further kind of plot is a file
//! beside `bars.rs` and `lines.rs`, and a variant of [`Plot`].

mod bars;
mod lines;

pub(crate) use bars::{Bar, Bars};
pub(crate) use lines::{Axis, Line, Lines};

pub(crate) enum Plot {
    Bars(Bars),
    Lines(Lines),
}

const WIDTH: f64 = 760.0;
const INK: &str = "#1c2733";
const FAINT: &str = "#d7dde3";
const LIMIT: &str = "#c0392b";
/// Told apart also by those who see no red or green.
const COLOURS: [&str; 5] = ["#2b6cb0", "#e08e0b", "#2f9e6e", "#8e5ea2", "#6b7785"];

impl Plot {
    pub(crate) fn svg(&self) -> String {
        match self {
            Self::Bars(bars) => bars.svg(),
            Self::Lines(lines) => lines.svg(),
        }
    }
}

/// The sheet of paper.
fn page(title: &str, height: f64, drawing: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
         height=\"{height}\" font-family=\"system-ui, sans-serif\" font-size=\"13\" fill=\"{INK}\" role=\"img\">\n\
         <title>{title}</title>\n\
         <rect width=\"100%\" height=\"100%\" rx=\"6\" fill=\"#ffffff\"/>\n{}{drawing}</svg>\n",
        text(20.0, 28.0, "start", "15", title),
        title = escaped(title),
    )
}

fn text(x: f64, y: f64, anchor: &str, size: &str, text: &str) -> String {
    format!(
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" font-size=\"{size}\">{}</text>\n",
        escaped(text)
    )
}

fn stroke(from: (f64, f64), to: (f64, f64), colour: &str, dashed: bool) -> String {
    let dashes = if dashed { " stroke-dasharray=\"5 4\"" } else { "" };
    format!(
        "<line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" stroke=\"{colour}\"{dashes}/>\n",
        from.0, from.1, to.0, to.1
    )
}

/// Names and their colours, in a row.
fn legend(names: &[&str], y: f64) -> String {
    let mut drawing = String::new();
    let mut x = 20.0;
    for (name, colour) in names.iter().zip(COLOURS.iter().cycle()) {
        drawing += &format!(
            "<rect x=\"{x:.1}\" y=\"{:.1}\" width=\"12\" height=\"12\" rx=\"2\" fill=\"{colour}\"/>\n",
            y - 10.0
        );
        drawing += &text(x + 18.0, y, "start", "13", name);
        x += 40.0 + 7.0 * crate::numbers::count(name.chars().count());
    }
    drawing
}

/// Round steps from nothing to at least `most`: at most six.
fn steps(most: f64) -> Vec<f64> {
    let rough = (most / 5.0).max(1e-9);
    let size = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .map(|factor| factor * size)
        .into_iter()
        .find(|step| *step >= rough)
        .unwrap_or(rough);
    let mut all = vec![0.0];
    while all.last().is_some_and(|last| *last < most) {
        all.push(step * crate::numbers::count(all.len()));
    }
    all
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
