//! Which lanes this process may run.
//!
//! One rule: a lane that does not hold its shard at this moment sends nothing and records nothing. It asks before each
//! POST; the answer costs no I/O, for the session that holds the shards is watched and asked once a second.
//!
//! ```text
//!   session opened --> shards taken, as many as this process's share --> session lost: all gone at once
//!                           |                     ^
//!                           v more processes      | fewer processes, or free shards
//!                      one surplus shard: no new lanes --> idle --> given up
//! ```

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use tokio::{
    sync::{Notify, oneshot},
    task::JoinHandle,
    time::{self, Instant},
};

use crate::store::{self, SHARDS, ShardLocks, Store};

const EVERY: Duration = Duration::from_secs(1);
/// While there is a shard to give up.
const EVERY_WHILE_GIVING: Duration = Duration::from_millis(50);
/// A session that has not answered for this long counts as lost, whatever its socket says: the server frees the
/// locks of a vanished machine after six seconds.
const TRUSTED_FOR: Duration = Duration::from_secs(5);

/// The shards of this process.
#[derive(Debug)]
pub(super) struct Shards {
    /// A bit for each shard that is ours.
    held: AtomicU64,
    /// A bit for each of them in which no lane may start: it is about to be given up.
    closing: AtomicU64,
    /// Grows with every session.
    epoch: AtomicU64,
    /// Lanes under way in each shard.
    lanes: [AtomicU32; SHARDS as usize],
    /// When the session last answered, in milliseconds after `opened`.
    answered: AtomicU64,
    opened: Instant,
    changed: Notify,
}

/// A lane's leave to send, as long as [`Hold::still`] says so.
#[derive(Debug)]
pub(super) struct Hold {
    shards: Arc<Shards>,
    shard: usize,
    epoch: u64,
}

/// The task that keeps the session. Dropped, it gives everything up.
#[derive(Debug)]
pub(super) struct Keeper {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Shards {
    pub(super) fn none() -> Arc<Self> {
        Arc::new(Self {
            held: AtomicU64::new(0),
            closing: AtomicU64::new(0),
            epoch: AtomicU64::new(0),
            lanes: [const { AtomicU32::new(0) }; SHARDS as usize],
            answered: AtomicU64::new(0),
            opened: Instant::now(),
            changed: Notify::new(),
        })
    }

    /// Those in which lanes may start.
    pub(super) fn open(&self) -> Vec<i32> {
        of_bits(self.held.load(SeqCst) & !self.closing.load(SeqCst))
    }

    /// Which session holds them: what was lost and taken again is not the same.
    pub(super) fn epoch(&self) -> u64 {
        self.epoch.load(SeqCst)
    }

    /// Waits until shards were taken.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Leave for a lane to send, if its shard is ours.
    pub(super) fn hold(self: &Arc<Self>, lane: i64) -> Option<Hold> {
        let shard = usize::try_from(lane.rem_euclid(i64::from(SHARDS))).ok()?;
        // Counted first and looked at afterwards; the keeper closes first and counts afterwards.
        self.lanes[shard].fetch_add(1, SeqCst);
        let hold = Hold {
            shards: Arc::clone(self),
            shard,
            epoch: self.epoch.load(SeqCst),
        };
        let closing = self.closing.load(SeqCst) & (1 << shard) != 0;
        (hold.still() && !closing).then_some(hold)
    }

    /// The session answered what it was asked then. Later than that it may be gone again.
    fn answered_at(&self, asked: u64) {
        self.answered.store(asked, SeqCst);
    }

    fn age(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn is_trusted(&self) -> bool {
        trusts(self.answered.load(SeqCst), self.age())
    }

    fn lose_all(&self) {
        self.held.store(0, SeqCst);
        self.closing.store(0, SeqCst);
        self.epoch.fetch_add(1, SeqCst);
    }

    fn count(&self) -> usize {
        self.held.load(SeqCst).count_ones() as usize
    }
}

impl Hold {
    /// Whether the lane's shard is ours at this moment, and has been all the time.
    pub(super) fn still(&self) -> bool {
        self.shards.held.load(SeqCst) & (1 << self.shard) != 0
            && self.shards.epoch.load(SeqCst) == self.epoch
            && self.shards.is_trusted()
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.shards.lanes[self.shard].fetch_sub(1, SeqCst);
    }
}

impl Keeper {
    /// Opens the session, takes what is free and goes on in a task.
    ///
    /// # Errors
    /// If there can be no such session: the database does not answer, or a pooler stands before it.
    pub(super) async fn start(store: &Store, shards: &Arc<Shards>) -> store::Result<Self> {
        let mut locks = store.shard_locks().await?;
        tend(&mut locks, shards).await?;
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(tend_for_good(locks, store.clone(), Arc::clone(shards), stopped));
        Ok(Self { stop, task })
    }

    /// Gives everything up and waits until it is.
    pub(super) async fn release(self) {
        drop(self.stop);
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the task that held the shards broke");
        }
    }
}

/// Tends one session after the other until it is told to stop.
async fn tend_for_good(
    first: ShardLocks,
    store: Store,
    shards: Arc<Shards>,
    mut stopped: oneshot::Receiver<()>,
) {
    let mut session = Some(first);
    loop {
        if let Some(mut locks) = session.take() {
            let lost = tend_until_lost(&mut locks, &shards, &mut stopped).await;
            shards.lose_all();
            if !lost {
                return locks.close().await;
            }
            tracing::warn!(
                "the session that holds the shards was lost; nothing is sent until there is another"
            );
        }
        tokio::select! {
            () = time::sleep(EVERY) => {}
            _ = &mut stopped => return,
        }
        match store.shard_locks().await {
            Ok(locks) => session = Some(locks),
            Err(error) => tracing::warn!(%error, "no session to hold shards with"),
        }
    }
}

/// Gives whether the session was lost; else it is time to stop.
async fn tend_until_lost(
    locks: &mut ShardLocks,
    shards: &Shards,
    stopped: &mut oneshot::Receiver<()>,
) -> bool {
    loop {
        let pause = match tend(locks, shards).await {
            Ok(pause) => pause,
            Err(error) => {
                tracing::warn!(%error, "the session that holds the shards does not answer");
                return true;
            }
        };
        tokio::select! {
            () = locks.lost() => return true,
            () = time::sleep(pause) => {}
            _ = &mut *stopped => return false,
        }
    }
}

/// Asks the session whether it lives, and moves one step towards this process's share. Gives how long that is good for.
async fn tend(locks: &mut ShardLocks, shards: &Shards) -> store::Result<Duration> {
    let asked = shards.age();
    let share = share(locks.processes().await?);
    shards.answered_at(asked);
    let held = shards.held.load(SeqCst);
    if shards.count() < share {
        shards.closing.store(0, SeqCst);
        let wanted = share - shards.count();
        let taken = locks.take(i64::try_from(wanted).unwrap_or(i64::MAX)).await?;
        if !taken.is_empty() {
            shards.held.fetch_or(bits(&taken), SeqCst);
            shards.changed.notify_one();
            tracing::info!(taken = taken.len(), held = shards.count(), "took shards");
        }
    } else if let Some(surplus) = surplus(held, share) {
        shards.closing.store(1 << surplus, SeqCst);
        if shards.lanes[surplus].load(SeqCst) == 0 {
            shards.held.fetch_and(!(1 << surplus), SeqCst);
            shards.closing.store(0, SeqCst);
            locks.give(i32::try_from(surplus).unwrap_or_default()).await?;
            tracing::info!(shard = surplus, held = shards.count(), "gave up a surplus shard");
        }
        return Ok(EVERY_WHILE_GIVING);
    } else {
        shards.closing.store(0, SeqCst);
    }
    Ok(EVERY)
}

/// Whether a session that last answered then is believed to live now; both in milliseconds.
fn trusts(answered: u64, now: u64) -> bool {
    u128::from(now.saturating_sub(answered)) < TRUSTED_FOR.as_millis()
}

/// How many shards each of so many processes holds at most; together they can hold all.
fn share(processes: u32) -> usize {
    (SHARDS as usize).div_ceil(processes.max(1) as usize)
}

/// The shard to give up next.
fn surplus(held: u64, share: usize) -> Option<usize> {
    (held.count_ones() as usize > share).then(|| held.trailing_zeros() as usize)
}

fn of_bits(bits: u64) -> Vec<i32> {
    (0..SHARDS).filter(|shard| bits & (1 << shard) != 0).collect()
}

fn bits(shards: &[i32]) -> u64 {
    shards.iter().fold(0, |bits, shard| bits | 1 << shard)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Holds these shards, as after a session has taken them.
    fn holding(held: u64) -> Arc<Shards> {
        let shards = Shards::none();
        shards.held.store(held, SeqCst);
        shards.answered_at(shards.age());
        shards
    }

    #[test]
    fn processes_share_all_shards() {
        for processes in 0..200 {
            let share = share(processes);
            assert!((1..=64).contains(&share));
            assert!(
                share * processes.max(1) as usize >= 64,
                "{processes}: some shard is nobody's"
            );
        }
        assert_eq!(
            [share(1), share(2), share(3), share(64), share(65)],
            [64, 32, 22, 1, 1]
        );
    }

    #[test]
    fn only_a_surplus_is_given_up() {
        assert_eq!(surplus(u64::MAX, 64), None);
        assert_eq!(surplus(u64::MAX, 32), Some(0));
        assert_eq!(surplus(0b1100, 1), Some(2));
        assert_eq!(surplus(0b0100, 1), None);
        assert_eq!(surplus(0, 1), None);
    }

    #[test]
    fn a_lane_runs_only_in_a_shard_of_ours() {
        let shards = holding(0b0010);
        assert!(shards.hold(0).is_none() && shards.hold(2).is_none());
        assert!(shards.hold(1).is_some_and(|hold| hold.still()));
        assert!(shards.hold(65).is_some(), "65 modulo 64");
        assert!(shards.hold(-63).is_some(), "an id that cannot be does no harm");
        assert_eq!(shards.lanes[1].load(SeqCst), 0, "all of them have ended");
    }

    #[test]
    fn a_lost_session_stops_every_lane_for_good() {
        let shards = holding(u64::MAX);
        let hold = shards.hold(5).unwrap();
        shards.lose_all();
        assert!(!hold.still());
        shards.held.store(u64::MAX, SeqCst);
        assert!(!hold.still(), "somebody else may have sent meanwhile");
        assert!(shards.hold(5).is_some_and(|hold| hold.still()));
    }

    #[test]
    fn a_shard_that_is_about_to_be_given_up_lets_its_lanes_end_and_no_more_begin() {
        let shards = holding(0b0001);
        let hold = shards.hold(0).unwrap();
        shards.closing.store(0b0001, SeqCst);
        assert!(hold.still());
        assert!(shards.hold(0).is_none());
        assert!(shards.open().is_empty());
        assert_eq!(shards.lanes[0].load(SeqCst), 1);
    }

    #[test]
    fn a_session_that_says_nothing_is_not_trusted_for_long() {
        assert!(trusts(1_000, 1_000) && trusts(1_000, 5_999));
        assert!(!trusts(1_000, 6_000));
        assert!(trusts(1_000, 999), "it answered while we looked");
    }
}
