//! What is counted of sending, for whoever watches.
//!
//! One rule: a name and its labels are written here once; what they mean is a row of the table in `server/metrics`.

use std::time::Duration;

use metrics::{counter, gauge, histogram};

pub(crate) const DELIVERIES: &str = "folkmoot_deliveries_total";
pub(crate) const ANSWERS: &str = "folkmoot_delivery_seconds";
pub(crate) const SIGNING: &str = "folkmoot_signing_seconds";
pub(crate) const LANES: &str = "folkmoot_lanes";

/// In place of a shape: what goes to one destination only is written in none.
pub(super) const LETTER: &str = "letter";

/// How one attempt ended, or one item that was not worth an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Delivered,
    /// For good.
    Refused,
    /// A temporary failure: the lane backs off.
    Later,
    /// Put aside, the lane goes on.
    Parked,
}

/// One item in this shape came to this.
pub(super) fn sent(shape: &str, end: End) {
    let end = match end {
        End::Delivered => "delivered",
        End::Refused => "refused",
        End::Later => "later",
        End::Parked => "parked",
    };
    counter!(DELIVERIES, "outcome" => end, "shape" => shape.to_owned()).increment(1);
}

/// A peer took so long to answer; or it did not, for so long.
pub(super) fn answered(took: Duration) {
    histogram!(ANSWERS).record(took);
}

/// A signature, with the header that it covers, took so long to make.
pub(super) fn signed(took: Duration) {
    histogram!(SIGNING).record(took);
}

/// So many lanes are under way in this process. Those that wait are counted in the database.
pub(super) fn running(lanes: usize) {
    gauge!(LANES, "state" => "running").set(u32::try_from(lanes).unwrap_or(u32::MAX));
}
