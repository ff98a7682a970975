//! Admins learn that something waits.
//!
//! One rule: those whose software makes sense of it are sent the entry; of the others the command line says that they
//! cannot be notified.

use std::collections::BTreeSet;

use crate::{
    dialect::{self, Entry},
    domain::Iri,
    engine::{Engine, turn::Trouble},
    store::{self, Actor, HeldView, Reviewer, held::Queue, notice},
};

impl Engine {
    /// Tells of what waits: of the first at once, of later ones one a minute.
    pub(super) async fn tell_admins(&self) -> Result<(), store::Error> {
        let untold = self.store().untold().await?;
        if untold.is_empty() {
            return Ok(());
        }
        let groups: Vec<String> = untold.iter().map(|entry| entry.group.clone()).collect();
        let mut unknown = self.store().hosts_of_reviewers(&groups).await?;
        unknown.retain(|(_, host)| host != self.here().authority());
        // Who waits for nobody's answer is told first.
        let (later, now): (Vec<_>, Vec<_>) = untold
            .into_iter()
            .partition(|entry| unknown.iter().any(|(group, _)| *group == entry.group));
        self.tell_of_all(now).await;
        // How they speak decides whether they are told; whoever never spoke to us is looked up first, all at once.
        let hosts: BTreeSet<String> = unknown.into_iter().map(|(_, host)| host).collect();
        let looked = self.look_up(hosts.into_iter().collect(), false).await;
        self.tell_of_all(later).await;
        looked
    }

    async fn tell_of_all(&self, entries: Vec<HeldView>) {
        for entry in entries {
            match self.in_place(self.tell_of(&entry)).await {
                Ok(()) | Err(Trouble::Conflict) => {}
                Err(trouble) => {
                    tracing::warn!(?trouble, entry = %entry.id, "admins were not told of an entry; it is tried again");
                }
            }
        }
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
