//! How much one sender may send: a host in all, an actor of what goes out to everybody, an actor of reports.
//!
//! One rule: counted once the signature holds, so nobody uses up what is another's; and before anything is written or told
//! on, so that a flood costs its sender more than the members of a group (ANN11).

use std::{hash::Hash, time::Duration};

use governor::{
    Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
    middleware::{StateInformationMiddleware, StateSnapshot},
    state::keyed::DefaultKeyedStateStore,
};

use crate::{
    dialect::Ask,
    engine::{Engine, Refused},
    store::{self, Actor},
};

/// More senders than this are not remembered past what they still owe.
const REMEMBERED: usize = 20_000;

type Counted<Sender> =
    RateLimiter<Sender, DefaultKeyedStateStore<Sender>, DefaultClock, StateInformationMiddleware>;

/// Counts what senders send, each for itself.
pub(crate) struct Shares<Sender: Clone + Hash + Eq> {
    counted: Counted<Sender>,
    /// What is said to whoever has had their share.
    why: &'static str,
}

/// What a sender has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// All of a share.
    pub limit: u32,
    pub remaining: u32,
    /// All of it is there again in so many seconds.
    pub reset: u32,
}

impl Left {
    fn of(state: &StateSnapshot) -> Self {
        let (quota, remaining) = (state.quota(), state.remaining_burst_capacity());
        let limit = quota.burst_size().get();
        let reset = quota.replenish_interval() * limit.saturating_sub(remaining);
        Self {
            limit,
            remaining,
            reset: whole_seconds(reset),
        }
    }
}

impl<Sender: Clone + Hash + Eq> Shares<Sender> {
    pub(crate) fn new(quota: Quota, why: &'static str) -> Self {
        let counted = RateLimiter::keyed(quota).with_middleware();
        Self { counted, why }
    }

    /// One more of this sender.
    ///
    /// # Errors
    /// [`Refused::TooMany`] if it has had its share.
    pub(crate) fn count(&self, sender: &Sender) -> Result<Left, Refused> {
        if self.counted.len() > REMEMBERED {
            self.counted.retain_recent();
        }
        let counted = self.counted.check_key(sender);
        counted.map(|state| Left::of(&state)).map_err(|until| {
            let wait = until.wait_time_from(self.counted.clock().now());
            Refused::TooMany {
                why: self.why,
                retry_after: whole_seconds(wait),
            }
        })
    }
}

impl Engine {
    /// Whether it is counted as one actor's: what goes out to everybody, or is answered by a letter. What takes something
    /// back never is, nor what those who run a group decide; and a group that we follow passes on what many said.
    pub(super) async fn is_counted(&self, ask: &Ask, actor: &Actor) -> Result<bool, store::Error> {
        Ok(match ask {
            Ask::Post(_) | Ask::Edit(_) | Ask::Fetch { .. } | Ask::Vote { .. } | Ask::Join { .. } => true,
            Ask::Announce { .. } if actor.kind == "Group" => {
                let hearers = self.store().hearers_of(actor.id).await?;
                !hearers.iter().any(|hearer| hearer.accepted)
            }
            Ask::Announce { .. } | Ask::Choose { wanted: true, .. } => true,
            Ask::Collect { target, wanted, .. } => *wanted && self.album_meant(target).is_some(),
            _ => false,
        })
    }
}

/// Rounded up: whoever comes then is heard.
fn whole_seconds(wait: Duration) -> u32 {
    u32::try_from(wait.as_secs())
        .unwrap_or(u32::MAX)
        .saturating_add(1)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    #[test]
    fn each_sender_has_a_share_of_its_own() {
        let two = NonZeroU32::new(2).expect("not zero");
        let hosts = Shares::new(Quota::per_minute(two), "Enough.");
        for remaining in [1, 0] {
            let left = hosts.count(&"a.example").expect("within the share");
            assert_eq!((left.limit, left.remaining), (2, remaining));
            assert!(left.reset <= 61, "{left:?}");
        }
        match hosts.count(&"a.example") {
            Err(Refused::TooMany { why, retry_after }) => {
                assert!((1..=31).contains(&retry_after));
                assert_eq!(why, "Enough.");
            }
            other => panic!("{other:?}"),
        }
        assert!(hosts.count(&"b.example").is_ok());
    }
}
