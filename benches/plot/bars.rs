//! Bars that lie, one below the other, each made of parts.
//!
//! One rule: they begin at nothing.

use super::{COLOURS, FAINT, LIMIT, WIDTH, legend, page, steps, stroke, text};
use crate::table::short;

pub(crate) struct Bars {
    pub(crate) title: String,
    pub(crate) unit: &'static str,
    /// What the parts are.
    pub(crate) parts: Vec<&'static str>,
    pub(crate) bars: Vec<Bar>,
    /// To be reached, and what it is.
    pub(crate) limit: Option<(f64, String)>,
}

pub(crate) struct Bar {
    pub(crate) name: String,
    pub(crate) parts: Vec<f64>,
}

impl Bar {
    pub(crate) fn new(name: impl Into<String>, parts: &[f64]) -> Self {
        let name = name.into();
        let parts = parts.iter().map(|part| part.max(0.0)).collect();
        Self { name, parts }
    }

    fn whole(&self) -> f64 {
        self.parts.iter().filter(|part| part.is_finite()).sum()
    }
}

const LEFT: f64 = 200.0;
const RIGHT: f64 = WIDTH - 90.0;
const TOP: f64 = 78.0;
const ROW: f64 = 38.0;

impl Bars {
    pub(super) fn svg(&self) -> String {
        let most = self.bars.iter().map(Bar::whole).fold(0.0, f64::max);
        let most = self.limit.iter().map(|limit| limit.0).fold(most, f64::max);
        let marks = steps(most);
        let end = marks.last().copied().unwrap_or(1.0).max(1e-9);
        let x = |value: f64| LEFT + (RIGHT - LEFT) * value / end;
        let bottom = TOP + ROW * crate::numbers::count(self.bars.len());
        let mut drawing = legend(&self.parts, 54.0);
        for mark in &marks {
            drawing += &stroke((x(*mark), TOP), (x(*mark), bottom), FAINT, false);
            drawing += &text(x(*mark), bottom + 18.0, "middle", "12", &short(*mark));
        }
        drawing += &text(RIGHT + 24.0, bottom + 18.0, "start", "12", self.unit);
        let mut y = TOP;
        for bar in &self.bars {
            drawing += &text(LEFT - 10.0, y + 24.0, "end", "13", &bar.name);
            let mut from = 0.0;
            for (part, colour) in bar.parts.iter().zip(COLOURS.iter().cycle()) {
                if !part.is_finite() {
                    continue;
                }
                drawing += &format!(
                    "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"22\" fill=\"{colour}\"/>\n",
                    x(from),
                    y + 8.0,
                    x(from + part) - x(from)
                );
                from += part;
            }
            drawing += &text(x(from) + 6.0, y + 24.0, "start", "13", &short(from));
            y += ROW;
        }
        if let Some((limit, what)) = &self.limit {
            drawing += &stroke((x(*limit), TOP - 4.0), (x(*limit), bottom), LIMIT, true);
            drawing += &text(x(*limit), TOP - 8.0, "middle", "12", what);
        }
        page(&self.title, bottom + 34.0, &drawing)
    }
}
