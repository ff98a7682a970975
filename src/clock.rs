//! Time and randomness as things that are handed in.
//!
//! One rule: nobody else asks the machine what time it is. Tests hold a [`Manual`] clock and move it.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use tokio::sync::watch;
use uuid::{ContextV7, Uuid};

/// Tells the time, waits, and mints ids. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Clock {
    source: Source,
    /// The last id: the next one sorts behind it, within the same millisecond too.
    ids: Arc<Mutex<ContextV7>>,
}

#[derive(Clone, Debug)]
enum Source {
    System,
    Manual(Arc<watch::Sender<DateTime<Utc>>>),
}

/// A clock that stands still until somebody moves it.
#[derive(Clone, Debug)]
pub struct Manual(Arc<watch::Sender<DateTime<Utc>>>);

impl Clock {
    /// The machine's own clock.
    #[must_use]
    pub fn system() -> Self {
        Self::of(Source::System)
    }

    /// A clock for tests, and the hand that moves it.
    #[must_use]
    pub fn manual(start: DateTime<Utc>) -> (Self, Manual) {
        let hand = Arc::new(watch::Sender::new(start));
        (Self::of(Source::Manual(Arc::clone(&hand))), Manual(hand))
    }

    fn of(source: Source) -> Self {
        Self {
            source,
            ids: Arc::default(),
        }
    }

    /// Now, to the microsecond: what Postgres can keep.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that asks the machine"
    )]
    pub fn now(&self) -> DateTime<Utc> {
        let now = match &self.source {
            Source::System => Utc::now(),
            Source::Manual(hand) => *hand.borrow(),
        };
        DateTime::from_timestamp_micros(now.timestamp_micros()).unwrap_or(now)
    }

    /// Waits until this clock shows `until`.
    pub async fn sleep_until(&self, until: DateTime<Utc>) {
        match &self.source {
            Source::System => {
                if let Ok(left) = (until - self.now()).to_std() {
                    tokio::time::sleep(left).await;
                }
            }
            Source::Manual(hand) => {
                let mut now = hand.subscribe();
                // The sender lives in `self`, so this cannot fail while we wait.
                let _ = now.wait_for(|now| *now >= until).await;
            }
        }
    }

    /// A new id that sorts behind all that this clock minted before.
    #[must_use]
    pub fn uuid(&self) -> Uuid {
        let now = self.now();
        let seconds = u64::try_from(now.timestamp()).unwrap_or(0);
        Uuid::new_v7(uuid::Timestamp::from_unix(
            &*self.ids,
            seconds,
            now.timestamp_subsec_nanos(),
        ))
    }
}

impl Manual {
    /// Moves the clock on; every sleeper whose time has come wakes.
    pub fn advance(&self, by: chrono::Duration) {
        self.0.send_modify(|now| *now += by);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A thread is listed by the ids of its posts; an answer that comes within the same millisecond stands behind.
    #[test]
    fn ids_sort_as_they_were_minted_while_the_clock_stands_still() {
        let (clock, hand) = Clock::manual(DateTime::UNIX_EPOCH);
        let mut ids: Vec<Uuid> = (0..100).map(|_| clock.clone().uuid()).collect();
        hand.advance(chrono::Duration::milliseconds(1));
        ids.push(clock.uuid());
        assert!(ids.is_sorted_by(|one, next| one < next));
    }
}
