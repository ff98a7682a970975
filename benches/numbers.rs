//! Medians, percentiles, and what a curve looks like from afar.
//!
//! One rule: of no values there is no figure: NaN, which nothing reaches.

/// The middle one; of an even number the mean of the two.
pub(crate) fn median(values: &[f64]) -> f64 {
    let sorted = sorted(values);
    let half = sorted.len() / 2;
    match sorted.len() {
        0 => f64::NAN,
        len if len % 2 == 1 => sorted[half],
        _ => f64::midpoint(sorted[half - 1], sorted[half]),
    }
}

/// The value that `percent` of all do not exceed (nearest rank).
pub(crate) fn percentile(values: &[f64], percent: f64) -> f64 {
    let sorted = sorted(values);
    if sorted.is_empty() {
        return f64::NAN;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rank of a list in memory"
    )]
    let rank = (percent / 100.0 * count(sorted.len())).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}

/// The smallest and the largest.
pub(crate) fn ends(values: &[f64]) -> (f64, f64) {
    let sorted = sorted(values);
    match (sorted.first(), sorted.last()) {
        (Some(first), Some(last)) => (*first, *last),
        _ => (f64::NAN, f64::NAN),
    }
}

/// How many per cent of the values are at most so large: a curve of few points, dense where it matters.
pub(crate) fn distribution(values: &[f64]) -> Vec<(f64, f64)> {
    let steps = (0..98).map(f64::from);
    let fine = (0..=30).map(|tenth| 98.0 + f64::from(tenth) / 15.0);
    steps
        .chain(fine)
        .map(|percent| (percentile(values, percent), percent.min(100.0)))
        .filter(|(value, _)| value.is_finite())
        .collect()
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
pub(crate) fn count(number: usize) -> f64 {
    number as f64
}

/// Nanoseconds as milliseconds.
#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
pub(crate) fn ms(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e6
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}
