//! Which lanes run when.
//!
//! One rule: a lane is a task only while something is due for it. Nothing here depends on a signal having been heard:
//! marks of groups, waiting letters and times that have come are rows, found by looks (`dispatch/looks.rs`) that a ring only
//! brings forward.

mod looks;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use chrono::{DateTime, Utc};
use tokio::{
    sync::mpsc::{self, UnboundedReceiver, UnboundedSender},
    task::{self, JoinError, JoinSet},
    time::{self, Instant, MissedTickBehavior},
};

use crate::{
    delivery::{
        Inner, figures,
        lane::{self, Ended, Mail, Start},
        places::{Class, Places},
        scans::Scans,
    },
    store::{self, Blocks, DueLane, Ear, domain_of},
};

/// While there are lanes we look at least this often, in real time ...
const SWEEP: Duration = Duration::from_secs(1);
/// ... and while there are none, so many times more seldom: the store rings if there is anything to look for.
const QUIET: u32 = 10;
/// Rings within this time cause one look ...
const BETWEEN_LOOKS: Duration = Duration::from_millis(5);
/// ... and a look that takes long comes seldom: looking takes a fifth of our time at most.
const LOOKS_REST: u32 = 4;
/// A lane that the database failed rests before it is tried again.
const REST: Duration = Duration::from_secs(1);
/// As many places as are worth a page of ears.
const WORTH_A_PAGE: usize = 64;

/// The lanes under way.
pub(super) struct Dispatch {
    delivery: Arc<Inner>,
    tasks: JoinSet<Ended>,
    /// By destination.
    active: HashMap<i64, Active>,
    lane_of: HashMap<task::Id, i64>,
    places: Places,
    scans: Scans,
    /// Lanes to be looked at again.
    again: HashSet<i64>,
    resting: Vec<(i64, Instant)>,
    blocked: HashSet<String>,
    blocks: Blocks,
    /// When to look again for what operators did.
    operators_at: Instant,
    /// The shards that lanes were looked for in, and the session that held them.
    shards: (u64, Vec<i32>),
    slow: UnboundedSender<i64>,
    slowed: UnboundedReceiver<i64>,
}

struct Active {
    class: Class,
    host: String,
    mail: Arc<Mail>,
}

impl Dispatch {
    pub(super) fn new(delivery: Arc<Inner>) -> Self {
        let (slow, slowed) = mpsc::unbounded_channel();
        Self {
            places: Places::new(&delivery.settings),
            delivery,
            tasks: JoinSet::new(),
            active: HashMap::new(),
            lane_of: HashMap::new(),
            scans: Scans::new(),
            again: HashSet::new(),
            resting: Vec::new(),
            blocked: HashSet::new(),
            blocks: Blocks::default(),
            operators_at: Instant::now(),
            shards: (0, Vec::new()),
            slow,
            slowed,
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
        let mut look_at = Instant::now();
        let mut wanted = true;
        let mut rings = 0;
        let mut next_try = None;
        let mut quiet = 0;
        loop {
            if wanted && Instant::now() >= look_at {
                wanted = false;
                rings = *wakes.borrow_and_update();
                let began = Instant::now();
                next_try = self.look().await;
                look_at = Instant::now() + (began.elapsed() * LOOKS_REST).clamp(BETWEEN_LOOKS, SWEEP);
            }
            self.fill().await;
            tokio::select! {
                biased;
                () = &mut shutdown => break,
                Some(ended) = self.tasks.join_next_with_id() => wanted |= self.ended(ended, rings),
                Some(lane) = self.slowed.recv() => self.is_slow(lane),
                () = time::sleep_until(look_at), if wanted => {}
                Ok(()) = wakes.changed(), if !wanted => wanted = true,
                () = delivery.shards.changed() => wanted = true,
                () = sleep_until(&delivery, next_try), if next_try.is_some() && !wanted => wanted = true,
                _ = sweep.tick() => {
                    quiet += 1;
                    if !self.is_idle() || quiet >= QUIET {
                        (wanted, quiet) = (true, 0);
                    }
                }
            }
        }
        self.drain().await;
    }

    fn is_idle(&self) -> bool {
        self.active.is_empty() && self.again.is_empty() && self.resting.is_empty() && self.scans.is_done()
    }

    fn keeps_out(&self, host: &str) -> bool {
        self.delivery.settings.walls.keep_out(host, &self.blocked)
    }

    /// Starts lanes while there are places and groups to be looked through.
    async fn fill(&mut self) {
        let filled = async {
            self.look_again().await?;
            while !self.scans.is_done() && self.places.free(Class::Prompt) >= WORTH_A_PAGE.min(self.lanes()) {
                self.page().await?;
            }
            store::Result::Ok(())
        };
        if let Err(error) = filled.await {
            tracing::warn!(%error, "cannot read who hears a group; looking again in a second");
            self.scans.forget();
        }
    }

    fn lanes(&self) -> usize {
        self.delivery.settings.lanes.max(1)
    }

    fn start(&mut self, ears: Vec<Ear>) {
        let Some(first) = ears.first() else { return };
        if self.keeps_out(&first.host) || self.resting.iter().any(|(lane, _)| *lane == first.lane) {
            return;
        }
        let class = if first.doubtful {
            Class::Doubtful
        } else {
            Class::Prompt
        };
        let lane = DueLane {
            id: first.lane,
            host: first.host.clone(),
        };
        self.start_lane(lane, class, ears);
    }

    fn start_lane(&mut self, lane: DueLane, class: Class, ears: Vec<Ear>) {
        if !self.places.take(lane.id, class, domain_of(&lane.host)) {
            return;
        }
        let Some(hold) = self.delivery.shards.hold(lane.id) else {
            let next = self.places.leave(class, domain_of(&lane.host));
            self.again.extend(next);
            return;
        };
        let (id, mail) = (lane.id, Arc::new(Mail::default()));
        let active = Active {
            class,
            host: lane.host.clone(),
            mail: Arc::clone(&mail),
        };
        let start = Start {
            lane,
            ears,
            hold,
            mail,
            slow: self.slow.clone(),
        };
        let delivery = Arc::clone(&self.delivery);
        let task = self.tasks.spawn(lane::run(delivery, start));
        self.lane_of.insert(task.id(), id);
        self.active.insert(id, active);
        figures::running(self.active.len());
    }

    /// A lane has been waiting for an answer for long: others may have its place.
    fn is_slow(&mut self, lane: i64) {
        if let Some(active) = self.active.get_mut(&lane)
            && active.class != Class::Slow
        {
            self.places.slow_down(active.class);
            active.class = Class::Slow;
        }
    }

    /// A lane has ended. Gives whether to look at once: if a ring came after its last look.
    fn ended(&mut self, ended: Result<(task::Id, Ended), JoinError>, rings: u64) -> bool {
        let id = match &ended {
            Ok((id, _)) => *id,
            Err(error) => error.id(),
        };
        let Some(lane) = self.lane_of.remove(&id) else {
            return false;
        };
        let Some(active) = self.active.remove(&lane) else {
            return false;
        };
        figures::running(self.active.len());
        let next = self.places.leave(active.class, domain_of(&active.host));
        self.again.extend(next);
        if active.mail.is_unread() {
            self.again.insert(lane);
        }
        match ended {
            Ok((_, ended)) => match ended {
                Ended::Idle(heard) => return heard != rings,
                Ended::Yielded => {
                    self.again.insert(lane);
                }
                Ended::Shut | Ended::Stopped => {}
                Ended::Trouble(error) => {
                    tracing::warn!(lane, %error, "the database failed a lane");
                    self.rest(lane);
                }
            },
            Err(error) => {
                tracing::error!(lane, %error, "a lane broke");
                self.rest(lane);
            }
        }
        false
    }

    /// It is looked at again when it has rested.
    fn rest(&mut self, lane: i64) {
        self.again.remove(&lane);
        self.resting.push((lane, Instant::now() + REST));
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
