//! Whom somebody asks in, where we never met them.
//!
//! One rule: a group's own Invite has to find them, so their server is asked once who they are, before the turn, not for long,
//! and for nobody but those who are in the group.

use std::time::Duration;

use crate::{
    dialect::{Activity, Affiliation, Ask, Local},
    domain::Iri,
    engine::Engine,
    store::{self, Actor, Viewer},
};

impl Engine {
    /// Reads whoever is invited where they live; who does not answer in time hears from the inviter alone.
    pub(super) async fn look_at_invited(
        &self,
        activity: &Activity,
        sender: &Actor,
    ) -> Result<(), store::Error> {
        let Some((name, whom)) = self.asks_in(activity) else {
            return Ok(());
        };
        if self.here().owns(whom)
            || self
                .store()
                .actor(whom)
                .await?
                .is_some_and(|actor| actor.is_known())
        {
            return Ok(());
        }
        let Some(group) = self.store().group_face(name).await? else {
            return Ok(());
        };
        let viewer = Viewer::Actor(sender.id);
        if !self.store().is_inside(group.id, &viewer).await? {
            return Ok(());
        }
        let limit = Duration::from_secs(self.settings().limits.key_fetch_seconds);
        if let Ok(Err(error)) = tokio::time::timeout(limit, self.peers().actor(whom)).await {
            tracing::debug!(%error, "whoever is invited could not be read");
        }
        Ok(())
    }

    /// The group, and whom it is to ask in or to let in by its own word.
    fn asks_in<'a>(&'a self, activity: &'a Activity) -> Option<(&'a str, &'a Iri)> {
        match &activity.ask {
            Ask::Invite {
                group,
                whom,
                told: false,
                wanted: true,
                ..
            } => Some((group, whom)),
            Ask::Collect {
                object,
                target,
                wanted: true,
                ..
            } => match self.here().local(target.as_str())? {
                Local::Group {
                    name,
                    part: Some("members"),
                } => Some((name, object)),
                _ => None,
            },
            Ask::Grant(granting) if granting.wanted && granting.what == Affiliation::Member => {
                let named = activity.addressed.groups().first().map(String::as_str);
                Some((granting.group.as_deref().or(named)?, &granting.whom))
            }
            _ => None,
        }
    }
}
