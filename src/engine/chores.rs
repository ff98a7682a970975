//! What runs by the clock: look-ups, documents that wait, actors that may be gone, and pruning.
//!
//! One rule: a chore is safe to run twice, in two processes, and to be killed in the middle.

use std::{future::Future, time::Duration};

use chrono::TimeDelta;
use futures_util::{StreamExt, stream};

use crate::{
    domain::Iri,
    engine::{Engine, waiting::End},
    store,
};

/// How long a seen id is kept: longer than any peer retries.
const SEEN_KEPT: TimeDelta = TimeDelta::days(30);
/// How long the log is kept, and how long at most where a lane still needs it.
const ENTRIES_KEPT: TimeDelta = TimeDelta::days(14);
const ENTRIES_LONGEST: TimeDelta = TimeDelta::days(30);
/// Rows that one pruning statement takes.
const CHUNK: i64 = 5_000;
/// Look-ups at a time.
const LOOK_UPS: usize = 16;

impl Engine {
    /// Runs the chores until `shutdown` ends.
    pub async fn run_chores(&self, shutdown: impl Future<Output = ()>) {
        let mut shutdown = std::pin::pin!(shutdown);
        let mut bell = self.store().wakes();
        let mut pruned = None;
        loop {
            if let Err(error) = self.chores_once().await {
                tracing::warn!(%error, "chores: the store did not answer");
            }
            let now = self.clock().now();
            if pruned.is_none_or(|last| now - last >= TimeDelta::hours(1)) {
                pruned = Some(now);
                if let Err(error) = self.prune().await {
                    tracing::warn!(%error, "chores: pruning failed");
                }
            }
            tokio::select! {
                () = &mut shutdown => return,
                _ = bell.changed() => {}
                () = tokio::time::sleep(Duration::from_secs(1)) => {}
            }
        }
    }

    /// One round of what cannot wait.
    async fn chores_once(&self) -> Result<(), store::Error> {
        let (looked_up, worked, checked) = tokio::join!(
            self.look_up_hosts(),
            self.work_on_all_waiting(),
            self.check_inboxes()
        );
        looked_up.and(worked).and(checked)
    }

    /// A lane's first entry waits until we know how its host speaks; a look-up that fails decides too.
    async fn look_up_hosts(&self) -> Result<(), store::Error> {
        let hosts = self.store().undecided_hosts().await?;
        stream::iter(hosts)
            .map(|host| async move {
                if self.store().shape_of_host(&host).await?.is_none() {
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
        for reader in self.store().readers_to_check().await? {
            let Ok(iri) = Iri::object(&reader) else { continue };
            match self.peers().refresh(&iri).await {
                Ok(actor) if actor.gone => self.drop_actor(&actor).await?,
                Ok(actor) => {
                    if let End::Failed(error) = self.carry_over(&actor).await {
                        return Err(error);
                    }
                }
                Err(crate::peer::FetchError::Gone) => {
                    if let Some(actor) = self.store().actor(&iri).await? {
                        self.drop_actor(&actor).await?;
                    }
                }
                Err(error) => tracing::debug!(%error, "an actor could not be read again"),
            }
        }
        Ok(())
    }

    async fn prune(&self) -> Result<(), store::Error> {
        let now = self.clock().now();
        while self.store().forget_seen(now - SEEN_KEPT, CHUNK).await? > 0 {}
        while self
            .store()
            .forget_entries(now - ENTRIES_KEPT, now - ENTRIES_LONGEST, CHUNK)
            .await?
            > 0
        {}
        Ok(())
    }
}
