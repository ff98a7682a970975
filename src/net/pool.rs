//! Connections that wait for their next request.
//!
//! One rule: never more than so many in all, whatever the number of hosts; who waited longest makes room.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::connection::Connection;

/// Of one origin, as many as a lane at its widest has under way.
const MOST_PER_ORIGIN: usize = 64;
/// Servers close what is idle after some 5 to 75 s; who is asked less often is not warm.
const IDLE_FOR: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(super) struct Pool {
    most: usize,
    idle: Mutex<Idle>,
}

/// A connection is in both maps or in none.
#[derive(Debug, Default)]
struct Idle {
    /// Oldest first.
    by_origin: HashMap<Arc<str>, VecDeque<Waiting>>,
    by_age: BTreeMap<Turn, Arc<str>>,
    next: Turn,
    /// Somebody looks after what has waited for too long.
    watched: bool,
}

type Turn = u64;

#[derive(Debug)]
struct Waiting {
    turn: Turn,
    since: Instant,
    connection: Connection,
}

impl Pool {
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self {
            most,
            idle: Mutex::default(),
        })
    }

    /// A connection to `origin` that may be used, the last one that came back. One that carries several requests at a
    /// time also stays. With it, the name by which to give it back.
    pub(super) fn take(&self, origin: &str) -> Option<(Arc<str>, Connection)> {
        let mut idle = self.idle();
        loop {
            let (origin, connection) = idle.take_newest(origin)?;
            if connection.is_closed() {
                continue;
            }
            if let Some(shared) = connection.share() {
                idle.put(Arc::clone(&origin), shared);
            }
            return Some((origin, connection));
        }
    }

    /// Keeps a connection for the next request to `origin`.
    pub(super) fn put(self: &Arc<Self>, origin: Arc<str>, connection: Connection) {
        // Dropped after the lock: what ends wakes others.
        let mut ended = Vec::new();
        let mut idle = self.idle();
        if connection.is_closed() || connection.is_shared() && idle.shares(&origin) {
            return;
        }
        if idle.count(&origin) >= MOST_PER_ORIGIN {
            ended.extend(idle.take_oldest(&origin));
        }
        idle.put(origin, connection);
        while idle.by_age.len() > self.most {
            ended.extend(idle.take_eldest());
        }
        if !idle.watched {
            idle.watched = true;
            tokio::spawn(watch(Arc::downgrade(self)));
        }
        drop(idle);
    }

    /// A connection that others share is not to be used again.
    pub(super) fn forget(&self, origin: &str, connection: &Connection) {
        let ended = self.idle().take_same(origin, connection);
        drop(ended);
    }

    /// No connection to `origin` is to be used again.
    pub(super) fn forget_all(&self, origin: &str) {
        let mut ended = Vec::new();
        let mut idle = self.idle();
        while let Some(taken) = idle.take_oldest(origin) {
            ended.push(taken);
        }
        drop(idle);
    }

    /// Ends what has waited for too long; says when to look again, if anything is left.
    fn tidy(&self) -> Option<Instant> {
        let mut ended = Vec::new();
        let mut idle = self.idle();
        let now = Instant::now();
        while let Some(since) = idle.eldest_since() {
            if now < since + IDLE_FOR {
                return Some(since + IDLE_FOR);
            }
            ended.extend(idle.take_eldest());
        }
        idle.watched = false;
        drop(idle);
        None
    }

    fn idle(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.idle().by_age.len()
    }
}

/// Looks after a pool for as long as something is in it.
async fn watch(pool: Weak<Pool>) {
    let mut next = Instant::now() + IDLE_FOR;
    loop {
        sleep_until(next).await;
        match pool.upgrade().and_then(|pool| pool.tidy()) {
            Some(later) => next = later,
            None => return,
        }
    }
}

impl Idle {
    fn put(&mut self, origin: Arc<str>, connection: Connection) {
        let turn = self.next;
        self.next += 1;
        self.by_age.insert(turn, Arc::clone(&origin));
        self.by_origin.entry(origin).or_default().push_back(Waiting {
            turn,
            since: Instant::now(),
            connection,
        });
    }

    /// Whether one connection to `origin` is there for everybody, so that no other is needed.
    fn shares(&self, origin: &str) -> bool {
        self.by_origin
            .get(origin)
            .is_some_and(|waiting| waiting.iter().any(|one| one.connection.is_shared()))
    }

    fn count(&self, origin: &str) -> usize {
        self.by_origin.get(origin).map_or(0, VecDeque::len)
    }

    fn take_newest(&mut self, origin: &str) -> Option<(Arc<str>, Connection)> {
        let waiting = self.by_origin.get_mut(origin)?.pop_back()?;
        self.taken(waiting)
    }

    fn take_oldest(&mut self, origin: &str) -> Option<(Arc<str>, Connection)> {
        let waiting = self.by_origin.get_mut(origin)?.pop_front()?;
        self.taken(waiting)
    }

    fn take_eldest(&mut self) -> Option<(Arc<str>, Connection)> {
        let origin = Arc::clone(self.by_age.first_key_value()?.1);
        self.take_oldest(&origin)
    }

    fn take_same(&mut self, origin: &str, connection: &Connection) -> Option<(Arc<str>, Connection)> {
        let waiting = self.by_origin.get_mut(origin)?;
        let at = waiting.iter().position(|one| one.connection.is(connection))?;
        let waiting = waiting.remove(at)?;
        self.taken(waiting)
    }

    /// Takes out of the one map what has been taken out of the other.
    fn taken(&mut self, waiting: Waiting) -> Option<(Arc<str>, Connection)> {
        let origin = self.by_age.remove(&waiting.turn)?;
        if self.count(&origin) == 0 {
            self.by_origin.remove(&origin);
        }
        Some((origin, waiting.connection))
    }

    fn eldest_since(&self) -> Option<Instant> {
        let origin = self.by_age.first_key_value()?.1;
        Some(self.by_origin.get(origin)?.front()?.since)
    }
}
