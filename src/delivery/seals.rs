//! What this process has just learned of how hosts want to be signed to.
//!
//! One rule: bounded in number and time, and nothing depends on it: a lane that finds nothing here begins as the tables say.

use std::time::Duration;

use bytes::Bytes;
use moka::future::Cache;

use crate::delivery::{judge::Outcome, seal::Seal};

const AT_MOST: u64 = 10_000;
/// By then every lane has read the tables again.
const FOR: Duration = Duration::from_secs(600);

/// What was learned.
pub(super) struct Seals {
    /// By host: what it took, in place of what a lane may still hold the tables to say.
    taken: Cache<String, (Seal, Seal)>,
    /// By lane.
    broken_off: Cache<i64, BrokenOff>,
}

/// An item that was refused in one way; before it could be tried in the next, the tables had to be asked again.
#[derive(Clone, Debug)]
pub(super) struct BrokenOff {
    pub body: Bytes,
    /// What it began with.
    pub first: Seal,
    /// Which of [`Seal::ways`] comes next.
    pub at: usize,
    /// What was answered, to what.
    pub refused: (Outcome, Seal),
}

impl Seals {
    pub(super) fn new() -> Self {
        Self {
            taken: Cache::builder().max_capacity(AT_MOST).time_to_live(FOR).build(),
            broken_off: Cache::builder().max_capacity(AT_MOST).time_to_live(FOR).build(),
        }
    }

    /// What a host took in place of `named`.
    pub(super) async fn taken(&self, host: &str, named: Seal) -> Option<Seal> {
        let (of, seal) = self.taken.get(host).await?;
        (of == named).then_some(seal)
    }

    pub(super) async fn take(&self, host: &str, named: Seal, seal: Seal) {
        self.taken.insert(host.to_owned(), (named, seal)).await;
    }

    pub(super) async fn break_off(&self, lane: i64, item: BrokenOff) {
        self.broken_off.insert(lane, item).await;
    }

    /// Where to go on with this item: once.
    pub(super) async fn resume(&self, lane: i64, body: &Bytes, first: Seal) -> Option<BrokenOff> {
        let item = self.broken_off.remove(&lane).await?;
        (item.first == first && item.body == *body).then_some(item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_taken_holds_for_what_it_was_taken_in_place_of() {
        let seals = Seals::new();
        assert_eq!(seals.taken("a.example", Seal::Ed25519).await, None);
        seals.take("a.example", Seal::Ed25519, Seal::Cavage).await;
        assert_eq!(seals.taken("a.example", Seal::Ed25519).await, Some(Seal::Cavage));
        assert_eq!(seals.taken("a.example", Seal::Rfc9421).await, None);
        assert_eq!(seals.taken("b.example", Seal::Ed25519).await, None);
    }

    #[tokio::test]
    async fn only_the_same_item_goes_on_and_once() {
        let seals = Seals::new();
        let (body, other) = (Bytes::from_static(b"{}"), Bytes::from_static(b"[]"));
        for (lane, text, first, goes_on) in [
            (1, &body, Seal::Ed25519, true),
            (2, &body, Seal::Ed25519, false),
            (1, &other, Seal::Ed25519, false),
            (1, &body, Seal::Cavage, false),
        ] {
            let item = BrokenOff {
                body: body.clone(),
                first: Seal::Ed25519,
                at: 1,
                refused: (Outcome::Busy, Seal::Ed25519),
            };
            seals.break_off(1, item).await;
            assert_eq!(seals.resume(lane, text, first).await.is_some(), goes_on);
            assert!(seals.resume(lane, text, first).await.is_none(), "once");
        }
    }
}
