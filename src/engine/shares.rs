//! How much one sender may send: a host in all, an actor of what goes out to everybody, an actor of reports.
//!
//! One rule: counted once the signature holds, so nobody uses up what is another's; and before anything is written or told
//! on, so that a flood costs its sender more than the members of a group (ANN11).

use std::{hash::Hash, time::Duration};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter, clock::Clock as _};

use crate::{
    dialect::Ask,
    engine::{Engine, Refused},
    store::{self, Actor},
};

/// More senders than this are not remembered past what they still owe.
const REMEMBERED: usize = 20_000;

/// Counts what senders send, each for itself.
pub(super) struct Shares<Sender: Clone + Hash + Eq> {
    counted: DefaultKeyedRateLimiter<Sender>,
    /// What is said to whoever has had their share.
    why: &'static str,
}

impl<Sender: Clone + Hash + Eq> Shares<Sender> {
    pub(super) fn new(quota: Quota, why: &'static str) -> Self {
        let counted = RateLimiter::keyed(quota);
        Self { counted, why }
    }

    /// One more of this sender; [`Refused::TooMany`] if it has had its share.
    pub(super) fn count(&self, sender: &Sender) -> Result<(), Refused> {
        if self.counted.len() > REMEMBERED {
            self.counted.retain_recent();
        }
        self.counted.check_key(sender).map_err(|until| {
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
        for _ in 0..2 {
            assert!(hosts.count(&"a.example").is_ok());
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
