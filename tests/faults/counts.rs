//! What a run came to.
//!
//! One rule: the four counts are LOST, unexpected, duplicates and inversions (after Jepsen's total-queue checker), and
//! only duplicates may be more than none: as many as there were causes for them.

/// The counts of one run.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// How often something was done to the server.
    pub cycles: usize,
    /// Activities that were answered 202.
    pub accepted: usize,
    /// Pairs of an activity and a destination that was to hear of it.
    pub due: usize,
    /// Due, accepted, and never heard of.
    pub lost: usize,
    /// Arrived where it was not due, or in the log without having been said.
    pub unexpected: usize,
    /// Arrivals after the first.
    pub duplicates: usize,
    /// What the causes allow, over all destinations.
    pub causes: usize,
    /// Duplicates of a destination beyond what its causes allow.
    pub excess: usize,
    /// First arrivals behind a later one of the same group.
    pub inversions: usize,
    /// A negative control: something must be lost.
    pub is_control: bool,
    /// What else is wrong, in words.
    pub wrong: Vec<String>,
    /// What was measured and is no reason to fail.
    pub notes: String,
}

impl Counts {
    /// Whether everything is as it must be.
    pub fn hold(&self) -> bool {
        if self.is_control {
            return self.lost > 0;
        }
        self.lost + self.unexpected + self.excess + self.inversions == 0 && self.wrong.is_empty()
    }

    /// Both as one.
    pub fn and(mut self, other: Self) -> Self {
        self.accepted += other.accepted;
        self.due += other.due;
        self.lost += other.lost;
        self.unexpected += other.unexpected;
        self.duplicates += other.duplicates;
        self.causes += other.causes;
        self.excess += other.excess;
        self.inversions += other.inversions;
        self.wrong.extend(other.wrong);
        self
    }

    pub fn note(&mut self, note: &str) {
        if !self.notes.is_empty() {
            self.notes.push_str("; ");
        }
        self.notes.push_str(note);
    }
}
