//! What is counted of turns, for whoever watches.
//!
//! One rule: a name is written here once; what it means is a row of the table in `server/metrics`.

use metrics::histogram;

pub(crate) const TURN: &str = "folkmoot_turn_activities";

/// A transaction took in so many activities.
pub(super) fn turn(activities: u32) {
    histogram!(TURN).record(activities);
}
