//! Who committed something rings; who sends or does chores wakes.
//!
//! One rule: a ring carries no meaning and may be lost: whoever wakes looks into the tables, and one query a second rings
//! for all of a process if there is anything to look for. So nothing here retries for long, and nothing here is in a
//! transaction: a `NOTIFY` inside one costs 35 to 50 % of commits. Whatever waits for a time, or for somebody to do it, is
//! a line in [`Store::pulse`].

use std::{
    sync::{
        Arc,
        atomic::{AtomicI32, Ordering},
    },
    time::Duration,
};

use sqlx::{
    ConnectOptions, PgConnection,
    postgres::{PgConnectOptions, PgListener, PgPoolOptions},
};
use tokio::{sync::watch, task::AbortHandle, time};

use crate::store::{Result, Store, actor::CHECKED_AGAIN, notice};

const CHANNEL: &str = "folkmoot";

/// At most one `NOTIFY` in this time, however many commits.
const BETWEEN_NOTIFIES: Duration = Duration::from_millis(5);

/// Rings get lost, and times come without one.
const PULSE: Duration = Duration::from_secs(1);

/// How long a closing store waits for the last `NOTIFY` to leave.
const LAST_RING: Duration = Duration::from_secs(1);

/// The process's own end of the bell. All clones are one bell.
#[derive(Clone, Debug)]
pub(super) struct Bell {
    /// Counts everything that was heard, ours and others'.
    heard: watch::Sender<u64>,
    /// Counts our own rings, for the task that tells other processes.
    rung: watch::Sender<u64>,
    /// How many of our own rings other processes have been told of.
    told: watch::Receiver<u64>,
    /// The backend that our `NOTIFY`s come from: we do not wake twice.
    backend: Arc<AtomicI32>,
}

/// Hears other processes for as long as it lives.
#[derive(Debug)]
pub struct Listening(AbortHandle);

impl Bell {
    /// Hangs it up; the telling task ends with the last clone.
    pub(super) fn hang(options: PgConnectOptions) -> Self {
        let (tell, told) = watch::channel(0);
        let bell = Self {
            heard: watch::Sender::new(0),
            rung: watch::Sender::new(0),
            told,
            backend: Arc::new(AtomicI32::new(0)),
        };
        let rings = bell.rung.subscribe();
        tokio::spawn(tell_others(rings, tell, options, Arc::clone(&bell.backend)));
        bell
    }

    /// Waits until other processes have been told of what we rang, or a second.
    pub(super) async fn fade(&self) {
        let rung = *self.rung.borrow();
        let mut told = self.told.clone();
        let _ = time::timeout(LAST_RING, told.wait_for(|told| *told >= rung)).await;
    }
}

impl Store {
    /// Something was committed that others should look at. Call it after the commit, never before. Costs nothing to
    /// the caller: this process wakes at once, the others by one `NOTIFY` at most every 5 ms.
    pub fn ring(&self) {
        self.bell.heard.send_modify(|heard| *heard += 1);
        self.bell.rung.send_modify(|rung| *rung += 1);
    }

    /// Changes whenever anybody rang; the value is a count that means nothing else.
    #[must_use]
    pub fn wakes(&self) -> watch::Receiver<u64> {
        self.bell.heard.subscribe()
    }

    /// Hears what other processes ring, on a connection outside the pool, until the answer is dropped. After a lost
    /// connection it wakes everybody once, for what it did not hear.
    #[must_use]
    pub fn listen(&self) -> Listening {
        let options = self.pool.connect_options().as_ref().clone();
        let (heard, backend) = (self.bell.heard.clone(), Arc::clone(&self.bell.backend));
        let store = self.clone();
        let feel = async move {
            let mut felt = None;
            loop {
                time::sleep(PULSE).await;
                let now = store.pulse().await.ok();
                if now.is_none_or(|now| now.something_waits) || now != felt {
                    store.bell.heard.send_modify(|heard| *heard += 1);
                }
                felt = now;
            }
        };
        let listen = async move {
            loop {
                match hear(&options, &heard, &backend).await {
                    Ok(()) => {
                        tracing::info!("the connection that hears other processes was lost; opening another")
                    }
                    Err(error) => tracing::warn!(%error, "cannot hear other processes; trying again"),
                }
                time::sleep(Duration::from_secs(1)).await;
            }
        };
        let task = tokio::spawn(async move { tokio::join!(feel, listen) });
        Listening(task.abort_handle())
    }

    /// Whether there is anything to look for.
    async fn pulse(&self) -> Result<Pulse> {
        let row = sqlx::query!(
            r#"select coalesce((select sum(seq + touched) from group_seq), 0)::bigint as "said!",
                   (select count(*) from peer where blocked_at is not null) as "blocked!",
                   exists (select from letter where sent_at is null and refused_at is null and parked_at is null)
                   -- The earliest of all, and not whether any is early: that would be found by reading all.
                   or coalesce((select min(next_try) from destination
                                where next_try is not null and parked_at is null and paused_at is null) <= $1, false)
                   or exists (select from parked where retry_at is not null)
                   or exists (select from subscription where shape is null and until_seq is null)
                   or exists (select from destination where (gone_at is not null or redirected_at is not null)
                                  and (checked_at is null or checked_at < $2))
                   or exists (select from held h left join notice n on n.group_id = h.group_id and n.queue = h.queue
                              where h.told_at is null and h.decided_at is null and (n.at is null or n.at <= $3 or not exists (
                                      select from held o where o.group_id = h.group_id and o.queue = h.queue
                                          and o.told_at is not null and o.decided_at is null)))
                   or coalesce((select min(next_try) from received) <= $1, false) as "something_waits!""#,
            self.now(),
            self.now() - CHECKED_AGAIN,
            self.now() - notice::PAUSE,
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(Pulse {
            said: row.said,
            blocked: row.blocked,
            something_waits: row.something_waits,
        })
    }
}

/// What one query a second tells of all tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pulse {
    /// Grows with every log, and when somebody new hears one.
    said: i64,
    /// Hosts that the operator blocks.
    blocked: i64,
    something_waits: bool,
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Listens until the connection is lost.
async fn hear(options: &PgConnectOptions, heard: &watch::Sender<u64>, own: &AtomicI32) -> Result<()> {
    let mut listener = private_listener(options).await?;
    listener.listen(CHANNEL).await?;
    heard.send_modify(|heard| *heard += 1);
    while let Some(ring) = listener.try_recv().await? {
        if i32::try_from(ring.process_id()) != Ok(own.load(Ordering::Relaxed)) {
            heard.send_modify(|heard| *heard += 1);
        }
    }
    Ok(())
}

/// A connection of its own that says when it is lost, and is not replaced behind our back before we ask it something.
pub(super) async fn private_listener(options: &PgConnectOptions) -> Result<PgListener> {
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .acquire_timeout(Duration::from_secs(5))
        .test_before_acquire(false)
        .connect_with(options.clone())
        .await?;
    let mut listener = PgListener::connect_with(&pool).await?;
    listener.eager_reconnect(false);
    Ok(listener)
}

async fn tell_others(
    mut rings: watch::Receiver<u64>,
    tell: watch::Sender<u64>,
    options: PgConnectOptions,
    backend: Arc<AtomicI32>,
) {
    let mut connection = None;
    while rings.changed().await.is_ok() {
        let count = *rings.borrow_and_update();
        // A connection that was idle for long may be dead: one more try, on a new one.
        for _ in 0..2 {
            match notify(&mut connection, &options, &backend).await {
                Ok(()) => break,
                Err(error) => {
                    connection = None;
                    tracing::debug!(%error, "could not ring other processes; they look once a second");
                }
            }
        }
        tell.send_replace(count);
        time::sleep(BETWEEN_NOTIFIES).await;
    }
}

async fn notify(
    connection: &mut Option<PgConnection>,
    options: &PgConnectOptions,
    backend: &AtomicI32,
) -> Result<()> {
    let connection = match connection {
        Some(connection) => connection,
        None => {
            let mut new = options.connect().await?;
            let pid = sqlx::query_scalar!(r#"select pg_backend_pid() as "pid!""#)
                .fetch_one(&mut new)
                .await?;
            backend.store(pid, Ordering::Relaxed);
            connection.insert(new)
        }
    };
    sqlx::query!("notify folkmoot").execute(connection).await?;
    Ok(())
}
