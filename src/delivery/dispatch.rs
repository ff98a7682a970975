//! Which lanes run when.
//!
//! One rule: a lane is a task only while something is due for it. Nothing here depends on a signal having been heard:
//! marks of groups, waiting letters and times that have come are rows, found by looks that a ring only brings forward.

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
/// What operators do is heeded within this time ...
const OPERATORS: Duration = Duration::from_secs(1);
/// ... and sooner if finding out is quick: it takes a twentieth of our time at most.
const OPERATORS_REST: u32 = 19;
/// A lane that the database failed rests before it is tried again.
const REST: Duration = Duration::from_secs(1);
/// Ears on a page at most, and places that are worth one.
const PAGE: usize = 512;
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

    /// Finds out what is due. Gives when the next destination has backed off for long enough.
    async fn look(&mut self) -> Option<DateTime<Utc>> {
        match self.try_to_look().await {
            Ok(next_try) => next_try,
            Err(error) => {
                tracing::warn!(%error, "cannot see which lanes are due; looking again in a second");
                self.scans.forget();
                None
            }
        }
    }

    async fn try_to_look(&mut self) -> store::Result<Option<DateTime<Utc>>> {
        let delivery = Arc::clone(&self.delivery);
        let store = &delivery.store;
        let shards = (delivery.shards.epoch(), delivery.shards.open());
        if self.shards != shards {
            self.shards = shards;
            self.scans.forget();
            self.places.forget();
        }
        if self.shards.1.is_empty() {
            return Ok(None);
        }
        let (marks, blocks) = store.marks().await?;
        if blocks != self.blocks {
            // In force from the moment at which the command returned.
            self.operators_at = Instant::now();
            self.blocks = blocks;
        }
        self.heed_operators().await?;
        // Letters go before entries: whoever has one is told before it is told of later entries.
        let active: Vec<i64> = self.active.keys().copied().collect();
        if !active.is_empty() {
            self.interrupt(&store.with_letters(&active).await?);
        }
        delivery.runs.grown(&marks);
        self.scans.marked(marks);
        if self.places.free(Class::Prompt) >= WORTH_A_PAGE.min(self.lanes()) {
            self.page().await?;
        }
        self.wake().await?;
        store.next_try(&self.shards.1).await
    }

    /// What operators did since the last time: new blocks, and lanes that they stopped.
    async fn heed_operators(&mut self) -> store::Result<()> {
        let began = Instant::now();
        if began < self.operators_at {
            return Ok(());
        }
        let store = &self.delivery.store;
        let blocked: HashSet<String> = store.blocked_hosts().await?.into_iter().collect();
        if !self.blocked.is_subset(&blocked) {
            // Somebody may be sent to again: what was passed over is looked through once more.
            self.scans.forget();
        }
        self.blocked = blocked;
        let mut stopped = self
            .active
            .iter()
            .filter(|(_, active)| self.keeps_out(&active.host));
        stopped.by_ref().for_each(|(_, active)| active.mail.interrupt());
        let active: Vec<i64> = self.active.keys().copied().collect();
        if !active.is_empty() {
            self.interrupt(&store.interrupted(&active).await?);
        }
        self.operators_at = Instant::now() + (began.elapsed() * OPERATORS_REST).min(OPERATORS);
        Ok(())
    }

    fn keeps_out(&self, host: &str) -> bool {
        self.delivery.settings.walls.keep_out(host, &self.blocked)
    }

    fn interrupt(&self, lanes: &[i64]) {
        for active in lanes.iter().filter_map(|lane| self.active.get(lane)) {
            active.mail.interrupt();
        }
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

    /// One page of the next group: those of its ears that the log has gone past.
    async fn page(&mut self) -> store::Result<()> {
        let most = self.places.free(Class::Prompt).min(PAGE);
        if most == 0 {
            return Ok(());
        }
        let Some(scan) = self.scans.next() else {
            return Ok(());
        };
        let began = Instant::now();
        let limit = i64::try_from(most).unwrap_or(i64::MAX);
        let store = &self.delivery.store;
        let page = store
            .ears_of_group(scan.group, scan.after, &self.shards.1, limit)
            .await;
        let page = match page {
            Ok(page) => page,
            Err(error) => {
                self.scans.looked(scan, Some(scan.after), began.elapsed());
                return Err(error);
            }
        };
        self.scans.looked(scan, page.next, began.elapsed());
        for ear in page.ears {
            match self.active.get(&ear.lane) {
                Some(active) => active.mail.add(ear),
                None => self.start(vec![ear]),
            }
        }
        Ok(())
    }

    /// Lanes that ended with something left, and those for which there was no place.
    async fn look_again(&mut self) -> store::Result<()> {
        if self.again.is_empty() || self.places.free(Class::Prompt) == 0 {
            return Ok(());
        }
        let lanes: Vec<i64> = self.again.iter().copied().take(PAGE).collect();
        let ears = self.delivery.store.ears_of_lanes(&lanes).await?;
        for lane in &lanes {
            self.again.remove(lane);
        }
        for ears in ears.chunk_by(|one, other| one.lane == other.lane) {
            if !self.active.contains_key(&ears[0].lane) {
                self.start(ears.to_vec());
            }
        }
        Ok(())
    }

    /// Lanes that wake without an entry of their group.
    async fn wake(&mut self) -> store::Result<()> {
        let now = Instant::now();
        self.again.extend(self.places.stranded());
        let rested = self.resting.extract_if(.., |(_, until)| *until <= now);
        self.again.extend(rested.map(|(lane, _)| lane));
        for class in [Class::Prompt, Class::Doubtful] {
            let resting = self.resting.iter().map(|(lane, _)| *lane);
            // Those who wait for a place of their domain's are not to hide everybody else.
            let waiting = self.places.waiting();
            let except: Vec<i64> = self
                .active
                .keys()
                .copied()
                .chain(resting)
                .chain(waiting)
                .collect();
            let free = i64::try_from(self.places.free(class)).unwrap_or(i64::MAX);
            if free == 0 {
                continue;
            }
            let Inner { store, settings, .. } = self.delivery.as_ref();
            let doubtful = class == Class::Doubtful;
            let woken = store
                .woken(&self.shards.1, &except, doubtful, free, &settings.walls)
                .await?;
            for lane in woken {
                self.start_lane(lane, class, vec![]);
            }
        }
        Ok(())
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
