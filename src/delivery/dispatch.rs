//! Which lanes run when.
//!
//! One rule: a lane is a task only while something is due for it. Whoever waits for a time is a row with a `next_try`,
//! found by the query that also covers lost signals.

use std::{collections::HashMap, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use tokio::{
    task::{self, JoinError, JoinSet},
    time::{self, Instant, MissedTickBehavior},
};

use crate::{
    delivery::{
        Inner, figures,
        lane::{self, Ended, Report},
    },
    store,
};

/// Somebody looks into the tables at least this often, in real time: signals get lost.
const SWEEP: Duration = Duration::from_secs(1);
/// Rings within this time cause one look ...
const BETWEEN_LOOKS: Duration = Duration::from_millis(5);
/// ... and a look that takes long comes seldom: looking takes a fifth of our time at most.
const LOOKS_REST: u32 = 4;
/// A lane that the database failed rests before it is tried again.
const REST: Duration = Duration::from_secs(1);

/// The lanes under way.
pub(super) struct Dispatch {
    delivery: Arc<Inner>,
    tasks: JoinSet<Report>,
    active: HashMap<task::Id, Active>,
    resting: Vec<(i64, Instant)>,
    /// The last look found as many lanes as there were places: there may be more.
    full: bool,
}

#[derive(Clone, Copy)]
struct Active {
    lane: i64,
    doubtful: bool,
}

impl Dispatch {
    pub(super) fn new(delivery: Arc<Inner>) -> Self {
        Self {
            delivery,
            tasks: JoinSet::new(),
            active: HashMap::new(),
            resting: Vec::new(),
            full: false,
        }
    }

    /// Starts lanes as they become due, until `shutdown`; then waits for those under way.
    pub(super) async fn run(mut self, shutdown: impl Future<Output = ()>) {
        tokio::pin!(shutdown);
        let delivery = Arc::clone(&self.delivery);
        let mut wakes = delivery.store.wakes();
        let mut sweep = time::interval(SWEEP);
        sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
        figures::running(0);
        'looking: loop {
            let rings = *wakes.borrow_and_update();
            let began = Instant::now();
            let next_try = self.look().await;
            time::sleep((began.elapsed() * LOOKS_REST).clamp(BETWEEN_LOOKS, SWEEP)).await;
            loop {
                tokio::select! {
                    biased;
                    () = &mut shutdown => break 'looking,
                    Some(ended) = self.tasks.join_next_with_id() => {
                        if self.ended(ended, rings) {
                            break;
                        }
                    }
                    Ok(()) = wakes.changed() => break,
                    () = delivery.shards.changed() => break,
                    () = sleep_until(&delivery, next_try), if next_try.is_some() => break,
                    _ = sweep.tick() => break,
                }
            }
        }
        self.drain().await;
    }

    /// Starts what is due, as far as there are places. Gives when the next destination has backed off for long enough.
    async fn look(&mut self) -> Option<DateTime<Utc>> {
        match self.start_due().await {
            Ok(next_try) => next_try,
            Err(error) => {
                tracing::warn!(%error, "cannot see which lanes are due; looking again in a second");
                None
            }
        }
    }

    async fn start_due(&mut self) -> store::Result<Option<DateTime<Utc>>> {
        let shards = self.delivery.shards.open();
        if shards.is_empty() {
            return Ok(None);
        }
        self.full = false;
        let now = Instant::now();
        self.resting.retain(|(_, until)| *until > now);
        let delivery = Arc::clone(&self.delivery);
        let settings = &delivery.settings;
        for (doubtful, places) in [(false, settings.lanes), (true, settings.doubtful_lanes)] {
            let free = places.saturating_sub(
                self.active
                    .values()
                    .filter(|active| active.doubtful == doubtful)
                    .count(),
            );
            let except: Vec<i64> = self
                .active
                .values()
                .map(|active| active.lane)
                .chain(self.resting.iter().map(|(lane, _)| *lane))
                .collect();
            let most = i64::try_from(free).unwrap_or(i64::MAX);
            let due = delivery
                .store
                .due_lanes(&shards, &except, doubtful, most, &settings.walls)
                .await?;
            self.full |= due.len() == free;
            for lane in due {
                self.start(lane, doubtful);
            }
        }
        delivery.store.next_try(&shards).await
    }

    fn start(&mut self, lane: store::DueLane, doubtful: bool) {
        let Some(hold) = self.delivery.shards.hold(lane.id) else {
            return;
        };
        let (id, delivery) = (lane.id, Arc::clone(&self.delivery));
        let task = self
            .tasks
            .spawn(async move { lane::run(&delivery, lane, hold).await });
        self.active.insert(task.id(), Active { lane: id, doubtful });
        figures::running(self.active.len());
    }

    /// A lane has ended. Gives whether to look again at once: if a ring came after its last look, or if others wait
    /// for its place.
    fn ended(&mut self, ended: Result<(task::Id, Report), JoinError>, rings: u64) -> bool {
        let id = match &ended {
            Ok((id, _)) => *id,
            Err(error) => error.id(),
        };
        let Some(active) = self.active.remove(&id) else {
            return false;
        };
        figures::running(self.active.len());
        let again = match ended {
            Ok((_, report)) => match report.ended {
                Ended::Idle(heard) => heard != rings,
                Ended::Yielded => true,
                Ended::Shut | Ended::Stopped => false,
                Ended::Trouble(error) => {
                    tracing::warn!(lane = active.lane, %error, "the database failed a lane");
                    self.rest(active.lane)
                }
            },
            Err(error) => {
                tracing::error!(lane = active.lane, %error, "a lane broke");
                self.rest(active.lane)
            }
        };
        again || self.full
    }

    fn rest(&mut self, lane: i64) -> bool {
        self.resting.push((lane, Instant::now() + REST));
        false
    }

    async fn drain(mut self) {
        self.delivery.stop();
        let patience = self.delivery.settings.drain;
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if time::timeout(patience, all).await.is_err() {
            tracing::warn!(
                "requests were still under way when the time to stop was over; they will be sent again"
            );
        }
    }
}

async fn sleep_until(delivery: &Inner, until: Option<DateTime<Utc>>) {
    if let Some(until) = until {
        delivery.store.clock().sleep_until(until).await;
    }
}
