//! Writing down what came of sending.
//!
//! One rule: what was sent is written down, or the shard is not ours any more. The database may be away for a moment
//! with the POST done; giving up at the first error would send it twice.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time;

use crate::{
    delivery::{Inner, judge::Later, seal::Seal, shards::Hold},
    store::{self, DueLane, Settled},
};

const TRIES: u32 = 20;
const BETWEEN_TRIES: Duration = Duration::from_millis(250);

/// What is to be written down about a lane.
#[derive(Debug)]
pub(super) enum Record<'a> {
    Settled(Settled),
    BackingOff {
        later: &'a Later,
        slow: bool,
    },
    /// We could not try; why, if an operator can do something about it.
    Postponed {
        until: DateTime<Utc>,
        why: Option<&'a str>,
    },
    ParkedAgain {
        group: i64,
        seq: i64,
        why: &'a str,
    },
    /// Another scheme that the host accepted.
    Learned(Seal),
    /// It took with RSA what it did not take with Ed25519.
    RefusesEd25519 {
        taken: Seal,
    },
}

/// Why it was not written down.
#[derive(Debug)]
pub(super) enum NotRecorded {
    /// The shard is somebody else's by now, and so is the lane.
    NotOurs,
    Trouble(store::Error),
}

impl Record<'_> {
    pub(super) async fn write(
        &self,
        delivery: &Inner,
        lane: &DueLane,
        hold: &Hold,
    ) -> Result<(), NotRecorded> {
        let mut tries = 1;
        loop {
            if !hold.still() {
                return Err(NotRecorded::NotOurs);
            }
            match self.write_once(delivery, lane).await {
                Ok(()) => {
                    fail::fail_point!("out::marked", |_| std::process::abort());
                    return Ok(());
                }
                Err(error) if tries == TRIES => return Err(NotRecorded::Trouble(error)),
                Err(error) => tracing::warn!(lane = lane.id, %error, tries, "could not record; trying again"),
            }
            tries += 1;
            time::sleep(BETWEEN_TRIES).await;
        }
    }

    async fn write_once(&self, delivery: &Inner, lane: &DueLane) -> store::Result<()> {
        let _place = delivery.statement().await;
        let store = &delivery.store;
        match self {
            Self::Settled(settled) => store.settle(lane.id, settled).await,
            Self::BackingOff { later, slow } => {
                store
                    .back_off(
                        lane.id,
                        &later.failing,
                        later.next_try,
                        &later.why,
                        later.redirected,
                        *slow,
                    )
                    .await
            }
            Self::Postponed { until, why } => store.postpone(lane.id, *until, *why).await,
            Self::ParkedAgain { group, seq, why } => store.park_again(lane.id, *group, *seq, why).await,
            Self::Learned(seal) => store.remember_scheme(&lane.host, seal.name()).await,
            Self::RefusesEd25519 { taken } => store.note_ed25519_refused(&lane.host, taken.name()).await,
        }
    }
}
