//! One item at one inbox: signed, posted, and signed in another way if the first is not liked.
//!
//! One rule: nothing is posted unless the lane's shard is ours at that moment, and the tables said within the last second
//! that the destination may have it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use tokio::{
    sync::mpsc::UnboundedSender,
    time::{self, Instant},
};

use crate::{
    delivery::{
        Inner, figures,
        judge::{self, Outcome},
        keys::NoKey,
        lane::Ended,
        reach::Told,
        record::Record,
        seal::Seal,
        shards::Hold,
    },
    net::{self, Width},
    store::{DueLane, Item},
};

/// An answer that takes longer is slow.
const SLOW: Duration = Duration::from_secs(2);
/// A request begins this long after the tables were asked, or they are asked again: connecting may have taken seconds.
const BEGINS: Duration = Duration::from_millis(900);
/// How soon we look again for a key of ours that was not there.
const NO_KEY: chrono::TimeDelta = chrono::TimeDelta::minutes(1);

/// Which of two answers counts, and to what: after Ed25519 it is as if we had never tried that.
fn answered(first: Sent, by: Seal, second: Sent, other: Seal) -> (Sent, Seal) {
    let slow = first.slow || second.slow;
    let (outcome, other_counts) = match by {
        Seal::Ed25519 => (second.outcome, true),
        Seal::Cavage | Seal::Rfc9421 | Seal::Domain => judge::weigh(first.outcome, second.outcome),
    };
    let sent = Sent {
        outcome,
        slow,
        ..second
    };
    (sent, if other_counts { other } else { by })
}

/// Who knocks.
#[derive(Clone)]
pub(super) struct Caller {
    pub delivery: Arc<Inner>,
    pub lane: Arc<DueLane>,
    pub hold: Arc<Hold>,
    /// Requests of this lane.
    pub posts: Arc<AtomicUsize>,
    /// Where it says that it waits for long.
    pub slow: UnboundedSender<i64>,
}

/// What is brought.
#[derive(Clone, Debug)]
pub(super) struct Envelope {
    pub item: Item,
    pub inbox: Arc<str>,
    /// `destination.scheme`, else `peer.scheme`.
    pub scheme: Arc<str>,
    /// Whose key signs it: the purpose of an RSA key in `own_key`.
    pub key: Arc<str>,
    pub body: Bytes,
    /// Goes along, and is signed with it.
    pub reach: Option<Arc<Told>>,
    /// How many requests to its host are under way at once.
    pub width: Width,
    /// Until then holds what the tables said of who may have it. Then they are asked again, with the signature at hand:
    /// however long that took to make, it is used.
    pub fresh_until: Instant,
    /// Nobody but those whom the tables named may have it: no request begins long after they said so.
    pub urgent: bool,
}

/// What came of it.
#[derive(Debug)]
pub(super) struct Sent {
    pub outcome: Outcome,
    pub slow: bool,
    /// How long the last request was under way.
    pub round_trip: Duration,
    /// How long it waited to be signed: the load on ourselves.
    pub waited: Duration,
}

impl Caller {
    /// Posts an item, signed as the host took it last and, if it does not like that, in other ways.
    ///
    /// # Errors
    /// Why the lane cannot send at all; where that is to be shown, it is written down.
    pub(super) async fn knock(&self, envelope: &Envelope) -> Result<Sent, Ended> {
        let named = Seal::named(&envelope.scheme);
        let taken = self.delivery.seals.taken(&self.lane.host, named).await;
        let first = taken.unwrap_or(named);
        let mut sent = self.post(envelope, first, Self::may_send).await?;
        let mut by = first;
        for other in first.others() {
            if !judge::calls_for_another(&sent.outcome, by) {
                break;
            }
            // What has knocked once knocks again though we are stopping: or all of it would come again.
            let next = self.post(envelope, *other, Self::is_ours).await?;
            (sent, by) = answered(sent, by, next, *other);
        }
        if by != named && taken != Some(by) && sent.outcome.is_delivery() {
            self.learn(named, by).await?;
        }
        Ok(sent)
    }

    /// The host took what was signed in this way, in place of what the tables name.
    async fn learn(&self, named: Seal, taken: Seal) -> Result<(), Ended> {
        self.delivery.seals.take(&self.lane.host, named, taken).await;
        self.record(match named {
            Seal::Ed25519 => Record::RefusesEd25519 { taken },
            Seal::Cavage | Seal::Rfc9421 | Seal::Domain => Record::Learned(taken),
        })
        .await
    }

    pub(super) async fn record(&self, record: Record<'_>) -> Result<(), Ended> {
        Ok(record.write(&self.delivery, &self.lane, &self.hold).await?)
    }

    pub(super) fn may_send(&self) -> Result<(), Ended> {
        if self.delivery.is_stopping() {
            return Err(Ended::Stopped);
        }
        self.is_ours()
    }

    fn is_ours(&self) -> Result<(), Ended> {
        if !self.hold.still() {
            return Err(Ended::Stopped);
        }
        Ok(())
    }

    /// `may`: what is asked when all is ready, just before it goes.
    async fn post(
        &self,
        envelope: &Envelope,
        seal: Seal,
        may: impl Fn(&Self) -> Result<(), Ended>,
    ) -> Result<Sent, Ended> {
        let Inner {
            store,
            net,
            keys,
            signing,
            ..
        } = self.delivery.as_ref();
        let key = match keys.get(store, &seal.key(&envelope.key)).await {
            Ok(key) => key,
            Err(error) => return Err(self.no_key(error).await),
        };
        let signed = signing.sign(envelope, &key, seal.scheme(), store.now()).await;
        let ready = match signed.ready {
            Ok(ready) => ready,
            Err(why) => {
                return Ok(Sent {
                    outcome: Outcome::Silent(why),
                    slow: false,
                    round_trip: Duration::ZERO,
                    waited: signed.waited,
                });
            }
        };
        fail::fail_point!("out::before-send", |_| std::process::abort());
        may(self)?;
        let asked = Instant::now();
        if asked > envelope.fresh_until && !self.is_still_due(envelope.item).await? {
            return Err(Ended::Yielded);
        }
        let not_after = envelope.urgent.then_some(asked + BEGINS);
        self.posts.fetch_add(1, Ordering::Relaxed);
        let began = Instant::now();
        let posting = net.post_in(&ready.url, ready.headers, ready.body, envelope.width, not_after);
        let answer = self.tell_if_slow(posting).await;
        if matches!(answer, Err(net::Error::Late)) {
            return Err(Ended::Yielded);
        }
        let outcome: Outcome = answer.into();
        fail::fail_point!("out::sent", |_| std::process::abort());
        let round_trip = began.elapsed();
        figures::answered(round_trip);
        Ok(Sent {
            slow: round_trip > SLOW || matches!(outcome, Outcome::Silent(_)),
            outcome,
            round_trip,
            waited: signed.waited,
        })
    }

    async fn is_still_due(&self, item: Item) -> Result<bool, Ended> {
        let _place = self.delivery.statement().await;
        Ok(self.delivery.store.is_due(item).await?)
    }

    /// A lane that has waited for long leaves its place to others, and goes on waiting.
    async fn tell_if_slow<T>(&self, answer: impl Future<Output = T>) -> T {
        tokio::pin!(answer);
        if let Ok(answer) = time::timeout(SLOW, &mut answer).await {
            return answer;
        }
        let _ = self.slow.send(self.lane.id);
        answer.await
    }

    async fn no_key(&self, error: NoKey) -> Ended {
        if let NoKey::Store(error) = error {
            return Ended::Trouble(format!("cannot read a key of ours: {error}"));
        }
        let why = error.to_string();
        let until = self.delivery.store.now() + NO_KEY;
        let why = Some(why.as_str());
        self.record(Record::Postponed { until, why })
            .await
            .err()
            .unwrap_or(Ended::Shut)
    }
}
