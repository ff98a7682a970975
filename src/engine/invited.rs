//! Whom somebody asks in, where we never met them.
//!
//! One rule: a group's own Invite has to find them, so their server is asked who they are; after the answer, few at a time,
//! and only for what the group has decided and stands by.

use std::time::Duration;

use tokio::sync::Semaphore;

use crate::{
    dialect::{Activity, Affiliation, Ask, Local},
    domain::Iri,
    engine::{AdminError, Engine},
    store::{self, call},
};

/// So many are looked for at a time; how many there are in all is bounded by how many one may ask in a day.
const AT_ONCE: usize = 16;

/// Places for those who are looked for.
pub(super) fn places() -> Semaphore {
    Semaphore::new(AT_ONCE)
}

impl Engine {
    /// Whom an activity asks that they have not got themselves, and its id.
    pub(super) fn invited_by(&self, activity: &Activity) -> Option<(Iri, Iri)> {
        let whom = match &activity.ask {
            Ask::Invite {
                whom,
                told: false,
                wanted: true,
                ..
            } => whom,
            Ask::Collect {
                object,
                target,
                wanted: true,
                ..
            } if self.is_of_members(target) => object,
            Ask::Grant(granting) if granting.wanted && granting.what == Affiliation::Member => &granting.whom,
            _ => return None,
        };
        (!self.here().owns(whom)).then(|| (whom.clone(), activity.id.clone()))
    }

    fn is_of_members(&self, target: &Iri) -> bool {
        let part = Some("members");
        matches!(self.here().local(target.as_str()), Some(Local::Group { part: is, .. }) if is == part)
    }

    /// Once it is decided: whoever was asked in and is nobody whom we know is read where they live, and told by the group.
    /// Who does not answer in time hears from the inviter alone.
    pub(super) fn look_for_invited(&self, whom: Iri, by: Iri) {
        let engine = self.clone();
        tokio::spawn(async move {
            if let Err(error) = engine.tell_invited(&whom, &by).await {
                tracing::info!(%error, "whoever is invited was not told");
            }
        });
    }

    async fn tell_invited(&self, whom: &Iri, by: &Iri) -> Result<(), AdminError> {
        let mut tx = self.store().begin().await?;
        let untold = call::untold(&mut tx, by.as_str()).await?;
        drop(tx);
        // Refused, or told in the turn.
        if untold.is_empty() {
            return Ok(());
        }
        let Ok(_place) = self.seekers().acquire().await else {
            return Ok(());
        };
        let limit = Duration::from_secs(self.settings().limits.key_fetch_seconds);
        match tokio::time::timeout(limit, self.peers().actor(whom)).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => {
                tracing::debug!(%error, "whoever is invited could not be read");
                return Ok(());
            }
            Err(_) => return Ok(()),
        }
        let mut tx = self.store().begin().await?;
        let Some(actor) = store::actor_in(&mut *tx, whom).await? else {
            return Ok(());
        };
        let mut names: Vec<String> = untold.into_iter().map(|asked| asked.group).collect();
        names.sort();
        let groups = self.take(&mut tx, &names).await?;
        // Taken back meanwhile is not asked.
        for asked in call::untold(&mut tx, by.as_str()).await? {
            if let Some(group) = groups.iter().find(|group| group.group.name == asked.group) {
                self.send_call(&mut tx, group, &actor, asked.id, asked.call)
                    .await?;
            }
        }
        self.commit(tx).await
    }
}
