//! What one bench found: its figures, what each is to reach, and the plot.
//!
//! One rule: a figure is declared before anything is measured, with what it is to reach; each run adds one value, and
//! the median is what counts.

use serde_json::{Value, json};

use crate::numbers::{ends, median};
use crate::plot::Plot;
use crate::world::Facts;

pub(crate) struct Sheet {
    pub(crate) bench: &'static str,
    /// What was done, in a line.
    pub(crate) work: String,
    pub(crate) figures: Vec<Figure>,
    pub(crate) plot: Option<Plot>,
    pub(crate) facts: Option<Facts>,
}

pub(crate) struct Figure {
    key: String,
    pub(crate) what: String,
    pub(crate) unit: &'static str,
    pub(crate) reach: Reach,
    values: Vec<f64>,
}

/// What a figure is to reach.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Reach {
    AtMost(f64),
    AtLeast(f64),
    /// It stands there to be read beside the others.
    Nothing,
}

impl Sheet {
    pub(crate) fn new(bench: &'static str, work: impl Into<String>) -> Self {
        Self {
            bench,
            work: work.into(),
            figures: Vec::new(),
            plot: None,
            facts: None,
        }
    }

    /// Declares a figure.
    pub(crate) fn figure(
        &mut self,
        key: impl Into<String>,
        what: impl Into<String>,
        unit: &'static str,
        reach: Reach,
    ) {
        self.figures.push(Figure {
            key: key.into(),
            what: what.into(),
            unit,
            reach,
            values: Vec::new(),
        });
    }

    /// What one run came to.
    ///
    /// # Errors
    /// If nobody declared it.
    pub(crate) fn add(&mut self, key: &str, value: f64) -> anyhow::Result<()> {
        let figure = self.figures.iter_mut().find(|figure| figure.key == key);
        match figure {
            Some(figure) => figure.values.push(value),
            None => anyhow::bail!("{}: nobody declared the figure {key}", self.bench),
        }
        Ok(())
    }

    /// The median so far; NaN if there is none.
    pub(crate) fn value(&self, key: &str) -> f64 {
        let figure = self.figures.iter().find(|figure| figure.key == key);
        figure.map_or(f64::NAN, Figure::value)
    }

    /// For programs, in a line.
    pub(crate) fn json(&self) -> Value {
        let figures: Vec<Value> = self.figures.iter().map(Figure::json).collect();
        json!({"bench": self.bench, "work": self.work, "machine": self.facts, "figures": figures})
    }
}

impl Figure {
    pub(crate) fn value(&self) -> f64 {
        median(&self.values)
    }

    /// How far the runs lie apart.
    pub(crate) fn spread(&self) -> (f64, f64) {
        ends(&self.values)
    }

    pub(crate) fn runs(&self) -> usize {
        self.values.len()
    }

    /// Whether it was reached; nothing if there is nothing to reach.
    pub(crate) fn reached(&self) -> Option<bool> {
        match self.reach {
            Reach::AtMost(limit) => Some(self.value() <= limit),
            Reach::AtLeast(limit) => Some(self.value() >= limit),
            Reach::Nothing => None,
        }
    }

    fn json(&self) -> Value {
        let reach = match self.reach {
            Reach::AtMost(limit) => json!({"at_most": limit}),
            Reach::AtLeast(limit) => json!({"at_least": limit}),
            Reach::Nothing => Value::Null,
        };
        json!({
            "figure": self.key,
            "what": self.what,
            "unit": self.unit,
            "value": rounded(self.value()),
            "runs": self.values.iter().copied().map(rounded).collect::<Vec<_>>(),
            "reach": reach,
            "reached": self.reached(),
        })
    }
}

/// Six digits after the point are more than anything here means.
fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}
