//! One destination while something is due for it: look, send, judge, record, again.
//!
//! One rule: an item is sent when what it depends on is written down. Where only public entries in their order are to be
//! sent, that is known in memory (`plain.rs`); else the tables are asked before each item, and one is under way at a time.
//!
//! ```text
//!            +--> look ---- nothing due: pass over what is not for us --> idle
//!            |     | due
//!            |    knock  (sign, POST; on 400 or 401 once more in the other scheme)
//!            |     |
//!            |    judge --- later: back off; the item has been at fault for long: probe the next --> shut
//!            |     | delivered, refused                       | accepted: park the item
//!            +-- record <-------------------------------------+
//! ```

mod plain;
mod probe;

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{sync::mpsc::UnboundedSender, time::Instant};

use crate::{
    delivery::{
        Inner,
        figures::{self, End},
        judge::{Later, Verdict, judge},
        knock::{Caller, Envelope, Sent},
        prepare, proofs,
        record::{NotRecorded, Record},
        shards::Hold,
    },
    net::Width,
    store::{self, Ahead, Due, DueLane, Ear, Fate, Item, Settled, Sight},
};

/// Items that a lane sends before it lets others have its place.
const TURN: usize = 64;
/// Who may have an item that was looked for by itself is asked again after this long: somebody may have left meanwhile.
const FRESH: Duration = Duration::from_millis(5);
/// How soon we try again when our own places were full.
const SOON: chrono::TimeDelta = chrono::TimeDelta::seconds(1);

/// Why a lane ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// Nothing was due when this many rings had been heard.
    Idle(u64),
    /// It has had its turn, and there may be more.
    Yielded,
    /// Backing off, parked or blocked.
    Shut,
    /// The shard is not ours any more, or we are stopping.
    Stopped,
    /// The database failed us.
    Trouble(String),
}

/// What a lane is told while it runs.
#[derive(Debug, Default)]
pub(super) struct Mail {
    ears: Mutex<Vec<Ear>>,
    stop: AtomicBool,
}

impl Mail {
    /// Another group of its destination has something to say.
    pub(super) fn add(&self, ear: Ear) {
        let mut ears = self.ears.lock().unwrap_or_else(PoisonError::into_inner);
        // A lane that hangs is told again and again.
        match ears
            .iter_mut()
            .find(|known| known.subscription == ear.subscription)
        {
            Some(known) => *known = ear,
            None => ears.push(ear),
        }
    }

    /// What it holds in memory does not hold any more: it is to look at the tables.
    pub(super) fn interrupt(&self) {
        self.stop.store(true, Ordering::Release);
    }

    /// Whether there is anything that the lane has not taken up.
    pub(super) fn is_unread(&self) -> bool {
        !self
            .ears
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_empty()
    }

    fn take(&self) -> Vec<Ear> {
        std::mem::take(&mut *self.ears.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn is_interrupted(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }
}

/// What a lane begins with.
#[derive(Debug)]
pub(super) struct Start {
    pub lane: DueLane,
    /// What is known of it. Without any, or if one of them is not plain, the tables are asked.
    pub ears: Vec<Ear>,
    pub hold: Hold,
    pub mail: Arc<Mail>,
    /// Where it says that it waits for long.
    pub slow: UnboundedSender<i64>,
}

/// Runs one lane until nothing is due for it, or something stops it.
pub(super) async fn run(delivery: Arc<Inner>, start: Start) -> Ended {
    let Start {
        lane,
        ears,
        hold,
        mail,
        slow,
    } = start;
    let caller = Caller {
        delivery,
        lane: Arc::new(lane),
        hold: Arc::new(hold),
        posts: Arc::new(AtomicUsize::new(0)),
        slow,
    };
    fail::fail_point!("out::picked", |_| std::process::abort());
    let mut run = Run {
        caller,
        mail,
        served: Vec::new(),
        looked: Instant::now(),
    };
    match run.turn(ears).await {
        Ok(ended) | Err(ended) => ended,
    }
}

struct Run {
    caller: Caller,
    mail: Arc<Mail>,
    /// Subscriptions that have had their turn in this round.
    served: Vec<i64>,
    /// When the tables were last asked.
    looked: Instant,
}

impl From<store::Error> for Ended {
    fn from(error: store::Error) -> Self {
        Self::Trouble(error.to_string())
    }
}

impl From<NotRecorded> for Ended {
    fn from(error: NotRecorded) -> Self {
        match error {
            NotRecorded::NotOurs => Self::Stopped,
            NotRecorded::Trouble(error) => error.into(),
        }
    }
}

impl Run {
    async fn turn(&mut self, ears: Vec<Ear>) -> Result<Ended, Ended> {
        if !ears.is_empty()
            && let Some(ended) = self.plainly(ears).await?
        {
            return Ok(ended);
        }
        self.carefully().await
    }

    /// Asks the tables before each item.
    async fn carefully(&mut self) -> Result<Ended, Ended> {
        let wakes = self.caller.delivery.store.wakes();
        while self.posts() < TURN {
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

    fn posts(&self) -> usize {
        self.caller.posts.load(Ordering::Relaxed)
    }

    fn lane(&self) -> &DueLane {
        &self.caller.lane
    }

    async fn look(&mut self, taken: Vec<Item>, probing: bool) -> Result<Sight, Ended> {
        self.caller.may_send()?;
        let ahead = Ahead {
            taken,
            served: self.served.clone(),
            probing,
        };
        let delivery = Arc::clone(&self.caller.delivery);
        let _place = delivery.statement().await;
        self.looked = Instant::now();
        Ok(delivery.store.look(self.lane(), &ahead).await?)
    }

    async fn pass_over(&self) -> Result<u64, Ended> {
        self.caller.may_send()?;
        let _place = self.caller.delivery.statement().await;
        Ok(self.caller.delivery.store.pass_over(self.lane().id).await?)
    }

    /// Sends one item and writes down what came of it.
    async fn one(&mut self, sight: &Sight, due: &Due) -> Result<(), Ended> {
        self.take_turn(due.item);
        if due.follows_parked {
            count(due, End::Parked);
            return self.settle(vec![(due.item, park_behind())], None, false).await;
        }
        let sent = self.send(sight, due).await?;
        let now = self.caller.delivery.store.now();
        let verdict = judge(&sent.outcome, due.activity, &sight.failing, now);
        if let Some(end) = verdict.end() {
            count(due, end);
        }
        match verdict {
            Verdict::Delivered => {
                self.settle(vec![(due.item, Fate::Delivered)], None, sent.slow)
                    .await
            }
            Verdict::Refused { why, gone } => self.refused(due, Fate::Refused, why, gone, sent.slow).await,
            Verdict::Soon => self.soon().await,
            Verdict::Later(later) => self.later(due, &later, sent.slow).await,
        }
    }

    async fn send(&self, sight: &Sight, due: &Due) -> Result<Sent, Ended> {
        let delivery = &self.caller.delivery;
        let body = prepare::body(&due.head, due.raw.as_deref(), due.tail.as_deref());
        let body = proofs::proven(&delivery.store, &delivery.keys, &due.key, body)
            .await
            .map_err(|error| Ended::Trouble(error.to_string()))?;
        let envelope = Envelope {
            item: due.item,
            inbox: sight.inbox.as_str().into(),
            scheme: sight.scheme.as_str().into(),
            key: due.key.as_str().into(),
            body,
            reach: None,
            width: Width::One,
            fresh_until: self.looked + FRESH,
            urgent: true,
        };
        self.caller.knock(&envelope).await
    }

    async fn refused(&self, due: &Due, fate: Fate, why: String, gone: bool, slow: bool) -> Result<(), Ended> {
        let lane = self.lane();
        tracing::info!(lane = lane.id, host = lane.host, activity = %due.activity, why, "refused");
        let settled = Settled {
            still_failing: fate == Fate::RefusedEarly,
            fates: vec![(due.item, fate)],
            error: Some(why),
            gone,
            slow,
        };
        self.record(Record::Settled(settled)).await
    }

    /// Our own places were full.
    async fn soon(&self) -> Result<(), Ended> {
        let until = self.caller.delivery.store.now() + SOON;
        self.record(Record::Postponed { until, why: None }).await?;
        Err(Ended::Shut)
    }

    /// A temporary failure. What an operator wanted tried once more is not worth waiting for: it is put aside again.
    async fn later(&mut self, due: &Due, later: &Later, slow: bool) -> Result<(), Ended> {
        let why = later.why.as_str();
        if let Item::Retried { group, seq, .. } = due.item
            && later.at_fault
        {
            return self.record(Record::ParkedAgain { group, seq, why }).await;
        }
        let lane = self.lane();
        tracing::info!(
            lane = lane.id, host = lane.host, activity = %due.activity, why,
            failures = later.failing.failures, next_try = ?later.next_try, "backing off"
        );
        self.record(Record::BackingOff { later, slow }).await?;
        if later.probe && later.next_try.is_some() {
            return self.probe(due, why).await;
        }
        Err(Ended::Shut)
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
        self.caller.record(record).await
    }

    /// The groups take turns: whoever comes again begins a new round.
    fn take_turn(&mut self, item: Item) {
        if let Item::Entry { subscription, .. } = item {
            self.serve(subscription);
        }
    }

    fn serve(&mut self, subscription: i64) {
        if self.served.contains(&subscription) {
            self.served.clear();
        }
        self.served.push(subscription);
    }
}

fn count(due: &Due, end: End) {
    figures::sent(due.shape.as_deref().unwrap_or(figures::LETTER), end);
}

fn park_behind() -> Fate {
    Fate::Parked("an earlier entry about the same object is parked".to_owned())
}
