//! The sums of `queue status`, of everybody.
//!
//! One rule: each inbox is counted under one state, and what programs read is what people read. One more sum is a field, and a word
//! in [`Totals::in_words`].

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::in_words;
use crate::cli::print::count;
use crate::store::{LaneState, QueueRow};

/// Everybody's sums.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Totals {
    pub(super) inboxes: usize,
    pub(super) hosts: usize,
    pub(super) entries: i64,
    pub(super) letters: i64,
    /// Inboxes that they wait for.
    pub(super) inboxes_waiting: i64,
    /// How long the oldest of them has waited.
    pub(super) lag_seconds: Option<i64>,
    pub(super) sending: i64,
    pub(super) looking_up: i64,
    pub(super) backing_off: i64,
    pub(super) given_up: i64,
    pub(super) gone: i64,
    pub(super) paused: i64,
    pub(super) blocked: i64,
    pub(super) idle: i64,
    pub(super) parked_entries: i64,
    pub(super) withheld: i64,
    pub(super) missed: i64,
    pub(super) delivered: i64,
    pub(super) refused: i64,
}

impl Totals {
    pub(super) fn of(rows: &[QueueRow], now: DateTime<Utc>) -> Self {
        let mut totals = Self {
            inboxes: rows.len(),
            hosts: rows.iter().map(|row| &row.host).collect::<HashSet<_>>().len(),
            ..Self::default()
        };
        for row in rows {
            *totals.in_state(row.state(now)) += 1;
            totals.entries += row.entries;
            totals.letters += row.letters;
            totals.inboxes_waiting += i64::from(row.waiting() > 0);
            totals.lag_seconds = totals.lag_seconds.max(row.lag_seconds);
            totals.parked_entries += row.parked_entries;
            totals.withheld += row.withheld;
            totals.missed += row.missed();
            totals.delivered += row.delivered;
            totals.refused += row.refused;
        }
        totals
    }

    const fn in_state(&mut self, state: LaneState) -> &mut i64 {
        match state {
            LaneState::Blocked => &mut self.blocked,
            LaneState::Paused => &mut self.paused,
            LaneState::Gone => &mut self.gone,
            LaneState::GivenUp => &mut self.given_up,
            LaneState::BackingOff => &mut self.backing_off,
            LaneState::Sending => &mut self.sending,
            LaneState::LookingUp => &mut self.looking_up,
            LaneState::Idle => &mut self.idle,
        }
    }

    /// What waits, what is lost, what went through; then the inboxes by their state.
    pub(super) fn in_words(&self) -> String {
        let waiting = count(self.entries + self.letters, "delivery waits", "deliveries wait");
        let waiting = match self.lag_seconds {
            None => waiting,
            Some(seconds) => format!(
                "{waiting} for {}, the oldest for {seconds} s",
                count(self.inboxes_waiting, "inbox", "inboxes")
            ),
        };
        let inboxes = i64::try_from(self.inboxes).unwrap_or(i64::MAX);
        let hosts = i64::try_from(self.hosts).unwrap_or(i64::MAX);
        format!(
            "{waiting}; {} parked, {} withheld, {} missed; {} delivered, {} refused.\n{} of {}{}.",
            self.parked_entries,
            self.withheld,
            self.missed,
            self.delivered,
            self.refused,
            count(inboxes, "inbox", "inboxes"),
            count(hosts, "host", "hosts"),
            self.states(),
        )
    }

    fn states(&self) -> String {
        let states = [
            (self.sending, LaneState::Sending),
            (self.looking_up, LaneState::LookingUp),
            (self.backing_off, LaneState::BackingOff),
            (self.given_up, LaneState::GivenUp),
            (self.gone, LaneState::Gone),
            (self.paused, LaneState::Paused),
            (self.blocked, LaneState::Blocked),
            (self.idle, LaneState::Idle),
        ];
        let there = states.iter().filter(|(inboxes, _)| *inboxes > 0);
        let there: Vec<String> = there
            .map(|(inboxes, state)| format!("{inboxes} {}", in_words(*state)))
            .collect();
        if there.is_empty() {
            String::new()
        } else {
            format!(": {}", there.join(", "))
        }
    }
}
