//! Admins learn that something waits.
//!
//! One rule: those whose software makes sense of it are sent the entry; of the others the command line says that they
//! cannot be notified.

use crate::{
    dialect::{self, Entry},
    domain::Iri,
    engine::{Engine, turn::Trouble},
    store::{self, Actor, HeldView, Reviewer, held::Queue, notice},
};

impl Engine {
    /// Tells of what waits: of the first at once, of later ones one a minute.
    pub(super) async fn tell_admins(&self) -> Result<(), store::Error> {
        for entry in self.store().untold().await? {
            self.know_reviewers(&entry.group).await?;
            match self.tell_of(&entry).await {
                Ok(()) | Err(Trouble::Conflict) => {}
                Err(trouble) => {
                    tracing::warn!(?trouble, entry = %entry.id, "admins were not told of an entry; it is tried again");
                }
            }
        }
        Ok(())
    }

    /// How they speak decides whether they are told; whoever never spoke to us is looked up first.
    async fn know_reviewers(&self, group: &str) -> Result<(), store::Error> {
        let reviewers = self.store().reviewers(group).await?;
        let hosts = reviewers.iter().filter(|reviewer| reviewer.dialect.is_none());
        let mut hosts: Vec<String> = hosts.filter_map(host_of).collect();
        hosts.retain(|host| host != self.here().authority());
        hosts.sort_unstable();
        hosts.dedup();
        self.look_up(hosts, false).await
    }

    async fn tell_of(&self, held: &HeldView) -> Result<(), Trouble> {
        let reviewers = self.store().reviewers(&held.group).await?;
        let mut people: Vec<Actor> = vec![];
        for reviewer in reviewers.iter().filter(|reviewer| can_be_told(reviewer)) {
            if let Ok(iri) = Iri::object(&reviewer.iri) {
                people.extend(self.store().actor(&iri).await?);
            }
        }
        let mut tx = self.store().begin().await?;
        let Some(group) = self.take(&mut tx, std::slice::from_ref(&held.group)).await?.pop() else {
            return Ok(());
        };
        let now = self.clock().now();
        if !notice::begin(&mut tx, group.id, held.id, now).await? {
            return Ok(());
        }
        let entry = Entry {
            id: held.id,
            group: &held.group,
            asks_in: held.queue == Queue::Members,
            at: held.at,
            received: &held.received,
        };
        for admin in people {
            let id = self.clock().uuid();
            let body = dialect::notice(id, &entry, admin.iri.as_str(), now, self.here());
            self.send(&mut tx, &group, &admin, "Notice", id, &body).await?;
        }
        tx.commit().await.map_err(store::Error::from)?;
        self.store().ring();
        Ok(())
    }
}

/// Whether an admin's software makes sense of a notice.
pub(crate) fn can_be_told(reviewer: &Reviewer) -> bool {
    reviewer.dialect.as_deref().is_some_and(dialect::takes_notices)
}

fn host_of(reviewer: &Reviewer) -> Option<String> {
    Iri::object(&reviewer.iri).ok().map(|iri| iri.authority())
}
