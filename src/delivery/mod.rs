//! Durable fan-out: what groups say reaches every destination, in order, however often somebody is killed.
//!
//! One rule: no error, and no row that is not there, ever counts as sent. Bytes come from the log and go out as they
//! are; what they mean is not known here. A new reason to try again or to give up is an arm of [`judge`].
//!
//! ```text
//!   commit --> bell --> dispatch: which groups have grown, who hears them? --> lane: send, judge --> idle
//!                            ^           (scans, a page at a time)              |   ^       |
//!                            |                                                  |   |       v
//!                            +------- next_try, once a second <----- back off --+   |    flush: the cursors of all
//!                                                                                   |           lanes, one statement
//!   runs: what groups said lately, made once per shape -----------------------------+
//!   shards: one session of the database decides whose lanes these are
//! ```

mod backoff;
mod dispatch;
pub(crate) mod figures;
mod flush;
mod judge;
mod keys;
mod knock;
mod lane;
mod places;
mod prepare;
mod proofs;
mod reach;
mod record;
mod runs;
mod scans;
mod seal;
mod shards;
mod signing;
mod window;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{AcquireError, Mutex, Semaphore, SemaphorePermit},
    time,
};

use crate::{
    delivery::{
        dispatch::Dispatch,
        flush::Flusher,
        keys::Keys,
        runs::Runs,
        seal::Seals,
        shards::{Keeper, Shards},
        signing::Signing,
    },
    net,
    store::{self, Result, Store, Walls},
};

/// A database that does not answer at the start is asked again so soon.
const AGAIN: Duration = Duration::from_secs(1);

/// How much may be under way at once, and what is never sent to.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Lanes under way at once.
    pub lanes: usize,
    /// Beside them, lanes of destinations whose last try failed or was slow: they cannot take all places.
    pub doubtful_lanes: usize,
    /// All of them, with those that have been waiting for an answer for so long that others have their place.
    pub under_way: usize,
    /// Of them, lanes of one registrable domain, however many hosts it has.
    pub of_one_domain: usize,
    /// Statements of lanes that ask the tables under way at once: the other connections are for those who wait for an answer.
    pub statements: usize,
    /// How long requests under way may take to end when we stop: `limits.shutdown_seconds`.
    pub drain: Duration,
    /// `federation.blocked` and `federation.allowed_only`.
    pub walls: Walls,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            lanes: 1_024,
            doubtful_lanes: 256,
            under_way: 4_096,
            of_one_domain: 64,
            statements: 4,
            drain: Duration::from_secs(15),
            walls: Walls::default(),
        }
    }
}

/// The sender of this process. Cheap to clone; all clones are one sender.
#[derive(Clone)]
pub struct Delivery(Arc<Inner>);

struct Inner {
    store: Store,
    net: net::Client,
    keys: Arc<Keys>,
    seals: Seals,
    runs: Runs,
    flusher: Flusher,
    signing: Signing,
    statements: Semaphore,
    settings: Settings,
    shards: Arc<Shards>,
    keeper: Mutex<Option<Keeper>>,
    stopping: AtomicBool,
}

impl Delivery {
    /// Sends nothing yet. Its clock is the store's. To be called in a runtime.
    #[must_use]
    pub fn new(store: Store, net: net::Client, settings: Settings) -> Self {
        let keys = Arc::new(Keys::new());
        Self(Arc::new(Inner {
            runs: Runs::new(store.clone(), Arc::clone(&keys)),
            flusher: Flusher::start(store.clone()),
            signing: Signing::new(),
            store,
            net,
            keys,
            seals: Seals::new(),
            statements: Semaphore::new(settings.statements.max(1)),
            settings,
            shards: Shards::none(),
            keeper: Mutex::new(None),
            stopping: AtomicBool::new(false),
        }))
    }

    /// Sends until `shutdown` resolves; then waits, at most [`Settings::drain`], until what is under way is answered and recorded.
    /// Other processes on the same database get their share of the destinations.
    ///
    /// # Errors
    /// Only at the start, and only [`store::Error::Pooler`]: a database that does not answer is waited for.
    pub async fn run(&self, shutdown: impl Future<Output = ()>) -> Result<()> {
        tokio::pin!(shutdown);
        while let Err(error) = self.0.hold_shards().await {
            if matches!(error, store::Error::Pooler) {
                return Err(error);
            }
            // It may have died a moment after it answered, and comes back.
            tracing::warn!(%error, "no session to hold shards with yet; trying again");
            tokio::select! {
                () = &mut shutdown => return Ok(()),
                () = time::sleep(AGAIN) => {}
            }
        }
        let listening = self.0.store.listen();
        Dispatch::new(Arc::clone(&self.0)).run(shutdown).await;
        drop(listening);
        self.release().await;
        self.0.stopping.store(false, Ordering::SeqCst);
        Ok(())
    }

    async fn release(&self) {
        if let Some(keeper) = self.0.keeper.lock().await.take() {
            keeper.release().await;
        }
    }
}

impl fmt::Debug for Delivery {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Delivery")
            .field("settings", &self.0.settings)
            .finish_non_exhaustive()
    }
}

impl Inner {
    /// Opens the session that holds this process's shards, unless it is open.
    async fn hold_shards(&self) -> Result<()> {
        let mut keeper = self.keeper.lock().await;
        if keeper.is_none() {
            *keeper = Some(Keeper::start(&self.store, &self.shards).await?);
        }
        Ok(())
    }

    /// A lane asks for a place before each statement.
    async fn statement(&self) -> std::result::Result<SemaphorePermit<'_>, AcquireError> {
        self.statements.acquire().await
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
    }
}
