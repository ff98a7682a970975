//! Cursors on their way into the table: many lanes, one statement.
//!
//! One rule: whoever hands a cursor in hears when it is written down, and whether its subscription is still as it was;
//! one that cannot be written is an error for its lane, never a success.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, oneshot},
    time::{self, Instant},
};

use crate::{
    delivery::shards::Hold,
    store::{Reached, Store},
};

/// Under load a statement starts at most once in this time.
const EVERY: Duration = Duration::from_millis(20);
/// So many cursors in one statement are load.
const LOAD: usize = 16;
/// Cursors in one statement.
const AT_MOST: usize = 1_024;
const TRIES: u32 = 20;
const BETWEEN_TRIES: Duration = Duration::from_millis(250);

/// What became of a cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flushed {
    /// Written down.
    Open,
    /// Written down as far as it goes; the subscription was closed, or somebody else moved it.
    Changed,
    /// The shard is not ours any more.
    NotOurs,
    /// The database did not take it, in many tries.
    Trouble,
}

struct Cursor {
    reached: Reached,
    hold: Arc<Hold>,
    tell: oneshot::Sender<Flushed>,
}

/// Where lanes hand their cursors in. The task behind it ends with the last clone.
#[derive(Clone)]
pub(super) struct Flusher(mpsc::UnboundedSender<Cursor>);

impl Flusher {
    pub(super) fn start(store: Store) -> Self {
        let (hand_in, cursors) = mpsc::unbounded_channel();
        tokio::spawn(flush_for_good(store, cursors));
        Self(hand_in)
    }

    /// Writes a cursor down, with those of others.
    pub(super) async fn flush(&self, reached: Reached, hold: &Arc<Hold>) -> Flushed {
        let (tell, told) = oneshot::channel();
        let hold = Arc::clone(hold);
        if self.0.send(Cursor { reached, hold, tell }).is_err() {
            return Flushed::Trouble;
        }
        told.await.unwrap_or(Flushed::Trouble)
    }
}

async fn flush_for_good(store: Store, mut cursors: mpsc::UnboundedReceiver<Cursor>) {
    let mut batch = Vec::new();
    let mut next = Instant::now();
    while cursors.recv_many(&mut batch, AT_MOST).await > 0 {
        if batch.len() < AT_MOST && Instant::now() < next {
            time::sleep_until(next).await;
            while batch.len() < AT_MOST
                && let Ok(cursor) = cursors.try_recv()
            {
                batch.push(cursor);
            }
        }
        let began = Instant::now();
        next = if batch.len() < LOAD { began } else { began + EVERY };
        write(&store, std::mem::take(&mut batch)).await;
    }
}

async fn write(store: &Store, mut batch: Vec<Cursor>) {
    for left in (0..TRIES).rev() {
        batch = keep_ours(batch);
        if batch.is_empty() {
            return;
        }
        let reached: Vec<Reached> = batch
            .iter()
            .map(|cursor| where_it_stands(cursor.reached))
            .collect();
        match store.flush(&reached).await {
            Ok(open) => {
                fail::fail_point!("out::marked", |_| std::process::abort());
                return answer(batch, &open.into_iter().collect());
            }
            Err(error) => tracing::warn!(%error, left, cursors = batch.len(), "could not write cursors down"),
        }
        if left > 0 {
            time::sleep(BETWEEN_TRIES).await;
        }
    }
    for cursor in batch {
        let _ = cursor.tell.send(Flushed::Trouble);
    }
}

/// Where a cursor comes to stand: never past the end of the log as it was read. A number that is given out before its entry
/// is committed would let it pass an entry that nobody has seen yet.
fn where_it_stands(reached: Reached) -> Reached {
    fail::fail_point!("control::serial-cursor", |_| Reached {
        seq: reached.seq + 1,
        ..reached
    });
    reached
}

/// Tells those whose shard was lost; they write nothing.
fn keep_ours(batch: Vec<Cursor>) -> Vec<Cursor> {
    let (ours, lost): (Vec<_>, Vec<_>) = batch.into_iter().partition(|cursor| cursor.hold.still());
    for cursor in lost {
        let _ = cursor.tell.send(Flushed::NotOurs);
    }
    ours
}

fn answer(batch: Vec<Cursor>, open: &std::collections::HashSet<i64>) {
    for cursor in batch {
        let flushed = if open.contains(&cursor.reached.subscription) {
            Flushed::Open
        } else {
            Flushed::Changed
        };
        let _ = cursor.tell.send(flushed);
    }
}
