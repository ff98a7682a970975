//! What runs by the clock: look-ups, documents that wait, actors that may be gone, keys that are not there, and pruning.
//!
//! One rule: a chore is safe to run twice, in two processes, and to be killed in the middle.

use std::{future::Future, time::Duration};

use chrono::TimeDelta;
use futures_util::{StreamExt, stream};
use tokio::time::Instant;

use crate::{
    domain::Iri,
    engine::{Engine, keys::NoKey, waiting::End},
    peer::FetchError,
    store,
};

/// How long a seen id is kept: longer than any peer retries.
const SEEN_KEPT: TimeDelta = TimeDelta::days(30);
/// How long what was held is kept after it was decided about: as long as an answer to it may come again.
const DECIDED_KEPT: TimeDelta = TimeDelta::days(30);
/// Keys of whole domains are believed for a day only.
const DOMAIN_KEYS_KEPT: TimeDelta = TimeDelta::days(2);
/// How long the log is kept, and how long at most where a lane still needs it.
const ENTRIES_KEPT: TimeDelta = TimeDelta::days(14);
const ENTRIES_LONGEST: TimeDelta = TimeDelta::days(30);
/// Rows that one pruning statement takes.
const CHUNK: i64 = 5_000;
/// Under load the bell never stops: a chore takes a twentieth of our time at most ...
const REST: u32 = 19;
/// ... but nothing that it would do waits for longer than this.
const LONGEST_REST: Duration = Duration::from_millis(100);
/// Look-ups at a time.
const LOOK_UPS: usize = 16;

/// The store rings if there is anything to do; this is for what it does not know of.
const UNASKED: Duration = Duration::from_secs(10);

/// Hosts whose look-up has become old, at a time.
const OLD_HOSTS: i64 = 100;

impl Engine {
    /// Runs the chores until `shutdown` ends. Each goes at its own pace: a slow peer holds up one kind only.
    pub async fn run_chores(&self, shutdown: impl Future<Output = ()>) {
        let chores = async {
            tokio::join!(
                // Somebody's first post waits for it: it never rests.
                self.keep_doing("look-ups", Duration::ZERO, || self.look_up_new_hosts()),
                self.every(TimeDelta::minutes(1), "look-ups again", || self
                    .look_up_old_hosts()),
                self.every(TimeDelta::hours(1), "dialects", || self.hold_to_words()),
                self.keep_doing("waiting", LONGEST_REST, || self.work_on_all_waiting()),
                self.keep_doing("notices", LONGEST_REST, || self.tell_admins()),
                self.keep_doing("the gone", LONGEST_REST, || self.clear_the_gone()),
                self.keep_doing("the banned", LONGEST_REST, || self.clear_the_banned()),
                self.keep_doing("inboxes", LONGEST_REST, || self.check_inboxes()),
                self.every(TimeDelta::minutes(1), "keys", || self.give_keys()),
                self.every(TimeDelta::minutes(1), "owners", || self.look_for_owners()),
                self.every(TimeDelta::hours(1), "pruning", || self.prune()),
            )
        };
        tokio::select! {
            () = shutdown => {}
            _ = chores => {}
        }
    }

    /// Does a chore whenever the bell rings, at its pace, and now and then without.
    async fn keep_doing<F>(&self, what: &'static str, rest: Duration, chore: impl Fn() -> F)
    where
        F: Future<Output = Result<(), store::Error>>,
    {
        let mut bell = self.store().wakes();
        loop {
            let began = Instant::now();
            if let Err(error) = chore().await {
                tracing::warn!(%error, what, "a chore was not done; it is tried again");
            }
            tokio::time::sleep((began.elapsed() * REST).min(rest)).await;
            tokio::select! {
                _ = bell.changed() => {}
                () = tokio::time::sleep(UNASKED) => {}
            }
        }
    }

    /// Does a chore again and again, with a pause by our own clock.
    async fn every<F>(&self, pause: TimeDelta, what: &'static str, chore: impl Fn() -> F)
    where
        F: Future<Output = Result<(), store::Error>>,
    {
        loop {
            if let Err(error) = chore().await {
                tracing::warn!(%error, what, "a chore was not done; it is tried again");
            }
            self.clock().sleep_until(self.clock().now() + pause).await;
        }
    }

    /// Where versions of the program run side by side, an older one makes groups without an Ed25519 key.
    async fn give_keys(&self) -> Result<(), store::Error> {
        match Self::ensure_ed25519_keys(self.store(), self.here()).await {
            Ok(()) => Ok(()),
            Err(NoKey::Store(error)) => Err(error),
            Err(NoKey::Key(error)) => {
                tracing::error!(%error, "groups have no Ed25519 key");
                Ok(())
            }
        }
    }

    /// A lane's first entry waits until we know how its host speaks; a look-up that fails decides too, until the next.
    async fn look_up_new_hosts(&self) -> Result<(), store::Error> {
        self.look_up(self.store().undecided_hosts().await?, false).await
    }

    /// Programs change, and a look-up that failed is worth another.
    async fn look_up_old_hosts(&self) -> Result<(), store::Error> {
        self.look_up(self.store().hosts_to_look_up(OLD_HOSTS).await?, true)
            .await
    }

    pub(super) async fn look_up(&self, hosts: Vec<String>, again: bool) -> Result<(), store::Error> {
        stream::iter(hosts)
            .map(|host| async move {
                if again || self.store().shape_of_host(&host).await?.is_none() {
                    self.peers().look_up(&host).await?;
                }
                self.settle_host(&host).await
            })
            .buffer_unordered(LOOK_UPS)
            .fold(Ok(()), |all, one| std::future::ready(all.and(one)))
            .await
    }

    async fn work_on_all_waiting(&self) -> Result<(), store::Error> {
        while self.work_on_waiting().await? > 0 {}
        Ok(())
    }

    /// Inboxes that answered *gone* or *elsewhere*: their readers' actors are asked, not the inbox (KEY14, QUE03).
    async fn check_inboxes(&self) -> Result<(), store::Error> {
        stream::iter(self.store().readers_to_check().await?)
            .map(|reader| async move { self.check_reader(&reader).await })
            .buffer_unordered(LOOK_UPS)
            .fold(Ok(()), |all, one| std::future::ready(all.and(one)))
            .await
    }

    async fn check_reader(&self, reader: &str) -> Result<(), store::Error> {
        let Ok(iri) = Iri::object(reader) else {
            return Ok(());
        };
        match self.peers().refresh(&iri).await {
            Ok(actor) if actor.gone => self.drop_actor(&actor).await,
            Ok(actor) => match self.carry_over(&actor).await {
                End::Failed(error) => Err(error),
                _ => Ok(()),
            },
            Err(FetchError::Gone) => match self.store().actor(&iri).await? {
                Some(actor) => self.drop_actor(&actor).await,
                None => Ok(()),
            },
            Err(error) => {
                tracing::debug!(%error, "an actor could not be read again");
                Ok(())
            }
        }
    }

    async fn prune(&self) -> Result<(), store::Error> {
        let now = self.clock().now();
        while self.store().forget_seen(now - SEEN_KEPT, CHUNK).await? > 0 {}
        while self.store().forget_decided(now - DECIDED_KEPT, CHUNK).await? > 0 {}
        while self
            .store()
            .forget_domain_keys(now - DOMAIN_KEYS_KEPT, CHUNK)
            .await?
            > 0
        {}
        while self
            .store()
            .forget_entries(now - ENTRIES_KEPT, now - ENTRIES_LONGEST, CHUNK)
            .await?
            > 0
        {}
        Ok(())
    }
}
