//! Time and randomness as things that are handed in.
//!
//! One rule: nobody else asks the machine what time it is. Tests hold a [`Manual`] clock and move it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::sync::watch;
use uuid::Uuid;

/// Tells the time, waits, and mints ids. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Clock(Source);

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
        Self(Source::System)
    }

    /// A clock for tests, and the hand that moves it.
    #[must_use]
    pub fn manual(start: DateTime<Utc>) -> (Self, Manual) {
        let hand = Arc::new(watch::Sender::new(start));
        (Self(Source::Manual(Arc::clone(&hand))), Manual(hand))
    }

    /// Now, to the microsecond: what Postgres can keep.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that asks the machine"
    )]
    pub fn now(&self) -> DateTime<Utc> {
        let now = match &self.0 {
            Source::System => Utc::now(),
            Source::Manual(hand) => *hand.borrow(),
        };
        DateTime::from_timestamp_micros(now.timestamp_micros()).unwrap_or(now)
    }

    /// Waits until this clock shows `until`.
    pub async fn sleep_until(&self, until: DateTime<Utc>) {
        match &self.0 {
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

    /// A new id that sorts by the time at which it was minted.
    #[must_use]
    pub fn uuid(&self) -> Uuid {
        let now = self.now();
        let seconds = u64::try_from(now.timestamp()).unwrap_or(0);
        Uuid::new_v7(uuid::Timestamp::from_unix(
            uuid::NoContext,
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
