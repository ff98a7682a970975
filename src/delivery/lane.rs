//! One destination while something is due for it: look, send, judge, record, again.
//!
//! One rule: one item is under way at a time, and the next is looked for when what came of it is written down. A wider
//! window would hand more items to [`Ahead::taken`] and nothing else.
//!
//! ```text
//!            +--> look ---- nothing due: pass over what is not for us --> idle
//!            |     | due
//!            |    send  (sign, POST; on 400 or 401 once more in the other scheme)
//!            |     |
//!            |    judge --- later: back off; the item has been at fault for long: probe the next --> shut
//!            |     | delivered, refused                       | accepted: park the item
//!            +-- record <-------------------------------------+
//! ```

mod probe;

use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use crate::{
    delivery::{
        Inner,
        judge::{self, Later, Outcome, Verdict, judge},
        keys::NoKey,
        prepare,
        record::{NotRecorded, Record},
        shards::Hold,
    },
    signature::Scheme,
    store::{self, Ahead, Due, DueLane, Fate, Item, Settled, Sight},
};

/// Items that a lane sends before it lets others have its place.
const TURN: usize = 64;
/// An answer that takes longer is slow.
const SLOW: Duration = Duration::from_secs(2);
/// How soon we try again when our own places were full.
const SOON: chrono::TimeDelta = chrono::TimeDelta::seconds(1);
/// How soon we look again for a key of ours that was not there.
const NO_KEY: chrono::TimeDelta = chrono::TimeDelta::minutes(1);

/// Why a lane ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// Nothing was due when this many rings had been heard.
    Idle(u64),
    /// It has had its turn, and there is more.
    Yielded,
    /// Backing off, parked or blocked.
    Shut,
    /// The shard is not ours any more, or we are stopping.
    Stopped,
    /// The database failed us.
    Trouble(store::Error),
}

/// What a lane did.
#[derive(Debug)]
pub(super) struct Report {
    pub ended: Ended,
    /// Requests, second knocks included.
    pub posts: usize,
}

/// Runs one lane until nothing is due for it, or something stops it.
pub(super) async fn run(delivery: &Inner, lane: DueLane, hold: Hold) -> Report {
    let mut run = Run {
        delivery,
        lane,
        hold,
        served: Vec::new(),
        posts: 0,
    };
    let ended = match run.turn().await {
        Ok(ended) | Err(ended) => ended,
    };
    Report {
        ended,
        posts: run.posts,
    }
}

struct Run<'a> {
    delivery: &'a Inner,
    lane: DueLane,
    hold: Hold,
    /// Subscriptions that have had their turn in this round.
    served: Vec<i64>,
    posts: usize,
}

/// What came of sending one item.
struct Sent {
    outcome: Outcome,
    slow: bool,
}

impl From<store::Error> for Ended {
    fn from(error: store::Error) -> Self {
        Self::Trouble(error)
    }
}

impl From<NotRecorded> for Ended {
    fn from(error: NotRecorded) -> Self {
        match error {
            NotRecorded::NotOurs => Self::Stopped,
            NotRecorded::Trouble(error) => Self::Trouble(error),
        }
    }
}

impl Run<'_> {
    async fn turn(&mut self) -> Result<Ended, Ended> {
        let wakes = self.delivery.store.wakes();
        while self.posts < TURN {
            let rings = *wakes.borrow();
            let sight = self.look(Vec::new(), false).await?;
            if sight.shut {
                return Ok(Ended::Shut);
            }
            match &sight.due {
                Some(due) => self.one(&sight, due).await?,
                None if self.pass_over().await? > 0 => {}
                None => return Ok(Ended::Idle(rings)),
            }
        }
        Ok(Ended::Yielded)
    }

    async fn look(&self, taken: Vec<Item>, probing: bool) -> Result<Sight, Ended> {
        self.may_send()?;
        let ahead = Ahead {
            taken,
            served: self.served.clone(),
            probing,
        };
        let _place = self.delivery.statement().await;
        Ok(self.delivery.store.look(&self.lane, &ahead).await?)
    }

    async fn pass_over(&self) -> Result<u64, Ended> {
        self.may_send()?;
        let _place = self.delivery.statement().await;
        Ok(self.delivery.store.pass_over(self.lane.id).await?)
    }

    /// Sends one item and writes down what came of it.
    async fn one(&mut self, sight: &Sight, due: &Due) -> Result<(), Ended> {
        fail::fail_point!("out::picked", |_| std::process::abort());
        self.take_turn(due.item);
        if due.follows_parked {
            return self.settle(vec![(due.item, park_behind())], None, false).await;
        }
        let sent = self.send(sight, due).await?;
        let now = self.delivery.store.now();
        match judge(&sent.outcome, due.activity, &sight.failing, now) {
            Verdict::Delivered => {
                self.settle(vec![(due.item, Fate::Delivered)], None, sent.slow)
                    .await
            }
            Verdict::Refused { why, gone } => self.refused(due, why, gone, sent.slow).await,
            Verdict::Soon => {
                let until = now + SOON;
                self.record(Record::Postponed { until, why: None }).await?;
                Err(Ended::Shut)
            }
            Verdict::Later(later) => self.later(due, &later, sent.slow).await,
        }
    }

    async fn refused(&self, due: &Due, why: String, gone: bool, slow: bool) -> Result<(), Ended> {
        tracing::info!(lane = self.lane.id, host = self.lane.host, activity = %due.activity, why, "refused");
        let settled = Settled {
            fates: vec![(due.item, Fate::Refused)],
            error: Some(why),
            gone,
            slow,
            still_failing: false,
        };
        self.record(Record::Settled(settled)).await
    }

    /// A temporary failure. What an operator wanted tried once more is not worth waiting for: it is put aside again.
    async fn later(&mut self, due: &Due, later: &Later, slow: bool) -> Result<(), Ended> {
        let why = later.why.as_str();
        if let Item::Retried { group, seq, .. } = due.item
            && later.at_fault
        {
            return self.record(Record::ParkedAgain { group, seq, why }).await;
        }
        tracing::info!(
            lane = self.lane.id, host = self.lane.host, activity = %due.activity, why,
            failures = later.failing.failures, next_try = ?later.next_try, "backing off"
        );
        self.record(Record::BackingOff { later, slow }).await?;
        if later.probe && later.next_try.is_some() {
            return self.probe(due, why).await;
        }
        Err(Ended::Shut)
    }

    /// Posts an item, in the scheme that the host took last and, if it does not like that, in the other.
    async fn send(&mut self, sight: &Sight, due: &Due) -> Result<Sent, Ended> {
        let body = prepare::body(due);
        let scheme = prepare::scheme(&sight.scheme);
        let began = Instant::now();
        let mut outcome = self.post(sight, due, &body, scheme).await?;
        if judge::calls_for_another_scheme(&outcome) {
            let other = prepare::other(scheme);
            let second = self.post(sight, due, &body, other).await?;
            let learned;
            (outcome, learned) = judge::weigh(outcome, second);
            if learned {
                self.record(Record::Learned(other)).await?;
            }
        }
        let slow = began.elapsed() > SLOW || matches!(outcome, Outcome::Silent(_));
        Ok(Sent { outcome, slow })
    }

    async fn post(
        &mut self,
        sight: &Sight,
        due: &Due,
        body: &Bytes,
        scheme: Scheme,
    ) -> Result<Outcome, Ended> {
        let Inner { store, net, keys, .. } = self.delivery;
        let key = match keys.get(store, &due.key).await {
            Ok(key) => key,
            Err(NoKey::Store(error)) => {
                tracing::warn!(%error, key = due.key, "cannot read a key of ours");
                return Err(Ended::Shut);
            }
            Err(error) => {
                let why = error.to_string();
                let until = store.now() + NO_KEY;
                self.record(Record::Postponed {
                    until,
                    why: Some(&why),
                })
                .await?;
                return Err(Ended::Shut);
            }
        };
        let ready = match prepare::request(&sight.inbox, body, &key, scheme, store.now()) {
            Ok(ready) => ready,
            Err(why) => return Ok(Outcome::Silent(why)),
        };
        self.may_send()?;
        self.posts += 1;
        fail::fail_point!("out::before-send", |_| std::process::abort());
        let answer = net.post(&ready.url, ready.headers, ready.body).await.into();
        fail::fail_point!("out::sent", |_| std::process::abort());
        Ok(answer)
    }

    async fn settle(&self, fates: Vec<(Item, Fate)>, error: Option<String>, slow: bool) -> Result<(), Ended> {
        let settled = Settled {
            fates,
            error,
            gone: false,
            slow,
            still_failing: false,
        };
        self.record(Record::Settled(settled)).await
    }

    async fn record(&self, record: Record<'_>) -> Result<(), Ended> {
        record.write(self.delivery, &self.lane, &self.hold).await?;
        fail::fail_point!("out::marked", |_| std::process::abort());
        Ok(())
    }

    fn may_send(&self) -> Result<(), Ended> {
        if self.delivery.is_stopping() || !self.hold.still() {
            return Err(Ended::Stopped);
        }
        Ok(())
    }

    /// The groups take turns: whoever comes again begins a new round.
    fn take_turn(&mut self, item: Item) {
        if let Item::Entry { subscription, .. } = item {
            if self.served.contains(&subscription) {
                self.served.clear();
            }
            self.served.push(subscription);
        }
    }
}

fn park_behind() -> Fate {
    Fate::Parked("an earlier entry about the same object is parked".to_owned())
}
