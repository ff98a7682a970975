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
    /// time also stays.
    pub(super) fn take(&self, origin: &str) -> Option<Connection> {
        let mut idle = self.idle();
        loop {
            let (origin, waiting) = idle.take_newest(origin)?;
            if waiting.connection.is_closed() {
                continue;
            }
            if let Some(shared) = waiting.connection.share() {
                idle.put(origin, shared);
            }
            return Some(waiting.connection);
        }
    }

    /// Keeps a connection for the next request to `origin`.
    pub(super) fn put(self: &Arc<Self>, origin: &str, connection: Connection) {
        // Dropped after the lock: what ends wakes others.
        let mut ended = Vec::new();
        let mut idle = self.idle();
        if self.most == 0 || connection.is_closed() || idle.shares(origin) {
            return;
        }
        if idle.by_origin.get(origin).map_or(0, VecDeque::len) >= MOST_PER_ORIGIN {
            ended.extend(idle.take_oldest(origin));
        }
        let origin = match idle.by_origin.get_key_value(origin) {
            Some((origin, _)) => Arc::clone(origin),
            None => Arc::from(origin),
        };
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
        let mut idle = self.idle();
        let turn = idle.by_origin.get(origin).and_then(|waiting| {
            let same = waiting.iter().find(|other| other.connection.is(connection));
            same.map(|other| other.turn)
        });
        let ended = turn.and_then(|turn| idle.take_turn(turn));
        drop(idle);
        drop(ended);
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

    fn take_newest(&mut self, origin: &str) -> Option<(Arc<str>, Waiting)> {
        let turn = self.by_origin.get(origin)?.back()?.turn;
        self.take_turn(turn)
    }

    fn take_oldest(&mut self, origin: &str) -> Option<(Arc<str>, Waiting)> {
        let turn = self.by_origin.get(origin)?.front()?.turn;
        self.take_turn(turn)
    }

    fn take_eldest(&mut self) -> Option<(Arc<str>, Waiting)> {
        let turn = *self.by_age.first_key_value()?.0;
        self.take_turn(turn)
    }

    fn take_turn(&mut self, turn: Turn) -> Option<(Arc<str>, Waiting)> {
        let origin = self.by_age.remove(&turn)?;
        let waiting = self.by_origin.get_mut(&origin)?;
        let at = waiting.iter().position(|one| one.turn == turn)?;
        let taken = waiting.remove(at)?;
        if waiting.is_empty() {
            self.by_origin.remove(&origin);
        }
        Some((origin, taken))
    }

    fn eldest_since(&self) -> Option<Instant> {
        let origin = self.by_age.first_key_value()?.1;
        Some(self.by_origin.get(origin)?.front()?.since)
    }
}
