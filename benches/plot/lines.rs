//! Lines over an axis.
//!
//! One rule: an axis says its unit; one that is logarithmic says so by its marks.

use super::{COLOURS, FAINT, INK, LIMIT, WIDTH, legend, page, steps, stroke, text};
use crate::table::short;

pub(crate) struct Lines {
    pub(crate) title: String,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    pub(crate) lines: Vec<Line>,
    /// What is to be reached on the vertical axis.
    pub(crate) limits: Vec<f64>,
    /// What is to be reached on the horizontal axis.
    pub(crate) marks: Vec<f64>,
}

pub(crate) struct Axis {
    pub(crate) name: &'static str,
    pub(crate) logarithmic: bool,
}

pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) points: Vec<(f64, f64)>,
}

const LEFT: f64 = 70.0;
const RIGHT: f64 = WIDTH - 24.0;
const TOP: f64 = 92.0;
const BOTTOM: f64 = 350.0;

/// Where the numbers of an axis lie.
struct Scale {
    from: f64,
    to: f64,
    logarithmic: bool,
    marks: Vec<f64>,
}

impl Scale {
    fn new(axis: &Axis, values: &[f64]) -> Self {
        let most = values.iter().copied().fold(0.0, f64::max);
        let logarithmic = axis.logarithmic && most > 0.0;
        let marks = if logarithmic {
            let least = values.iter().copied().filter(|value| *value > 0.0);
            decades(least.fold(most, f64::min), most)
        } else {
            steps(most)
        };
        Self {
            from: marks.first().copied().unwrap_or(0.0),
            to: marks.last().copied().unwrap_or(1.0),
            logarithmic,
            marks,
        }
    }

    /// From 0 to 1.
    fn place(&self, value: f64) -> f64 {
        let share = if self.logarithmic {
            (value.max(self.from) / self.from).ln() / (self.to / self.from).ln()
        } else {
            (value - self.from) / (self.to - self.from)
        };
        share.clamp(0.0, 1.0)
    }
}

/// Powers of ten around both.
fn decades(least: f64, most: f64) -> Vec<f64> {
    let mut all = vec![10f64.powf(least.log10().floor())];
    while all.last().is_some_and(|last| *last < most) || all.len() < 2 {
        all.push(all.last().copied().unwrap_or(1.0) * 10.0);
    }
    all
}

impl Lines {
    pub(super) fn svg(&self) -> String {
        let points = || self.lines.iter().flat_map(|line| line.points.iter());
        let xs: Vec<f64> = points().map(|point| point.0).chain(self.marks.clone()).collect();
        let ys: Vec<f64> = points().map(|point| point.1).chain(self.limits.clone()).collect();
        let (across, up) = (Scale::new(&self.x, &xs), Scale::new(&self.y, &ys));
        let x = |value: f64| LEFT + (RIGHT - LEFT) * across.place(value);
        let y = |value: f64| BOTTOM - (BOTTOM - TOP) * up.place(value);
        let names: Vec<&str> = self.lines.iter().map(|line| line.name.as_str()).collect();
        let mut drawing = legend(&names, 52.0);
        for mark in &across.marks {
            drawing += &stroke((x(*mark), TOP), (x(*mark), BOTTOM), FAINT, false);
            drawing += &text(x(*mark), BOTTOM + 18.0, "middle", "12", &short(*mark));
        }
        for mark in &up.marks {
            drawing += &stroke((LEFT, y(*mark)), (RIGHT, y(*mark)), FAINT, false);
            drawing += &text(LEFT - 8.0, y(*mark) + 4.0, "end", "12", &short(*mark));
        }
        drawing += &stroke((LEFT, BOTTOM), (RIGHT, BOTTOM), INK, false);
        drawing += &text((LEFT + RIGHT) / 2.0, BOTTOM + 38.0, "middle", "12", self.x.name);
        drawing += &text(LEFT - 50.0, TOP - 14.0, "start", "12", self.y.name);
        for limit in &self.limits {
            drawing += &stroke((LEFT, y(*limit)), (RIGHT, y(*limit)), LIMIT, true);
        }
        for mark in &self.marks {
            drawing += &stroke((x(*mark), TOP), (x(*mark), BOTTOM), LIMIT, true);
        }
        for (line, colour) in self.lines.iter().zip(COLOURS.iter().cycle()) {
            let path: Vec<String> = line
                .points
                .iter()
                .map(|point| format!("{:.1},{:.1}", x(point.0), y(point.1)))
                .collect();
            drawing += &format!(
                "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>\n",
                path.join(" ")
            );
            // A curve has many points; where there are few, each counts.
            if line.points.len() < 10 {
                for point in &line.points {
                    let (x, y) = (x(point.0), y(point.1));
                    drawing += &format!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\" fill=\"{colour}\"/>\n");
                }
            }
        }
        page(&self.title, BOTTOM + 52.0, &drawing)
    }
}
