//! Groups of ours that follow groups.
//!
//! One rule: what a followed group announces is a submission like any other, taken once; see `waiting.rs`.

use crate::{
    dialect,
    domain::Iri,
    engine::{AdminError, Engine},
    peer::FetchError,
    store::following,
};

impl Engine {
    /// A group of ours follows a group, here or elsewhere: what that one announces is submitted here.
    ///
    /// # Errors
    /// If there is no such group, or the other cannot be read or is no group.
    pub async fn follow(&self, name: &str, whom: &Iri) -> Result<(), AdminError> {
        let unread = |why: FetchError| AdminError::NoActor(whom.clone(), why.to_string());
        let mut actor = self.peers().actor(whom).await.map_err(unread)?;
        // What was imported is taken for a person until it is read.
        if actor.kind != "Group" {
            actor = self.peers().refresh(whom).await.map_err(unread)?;
        }
        if *whom.as_str() == self.here().group(name) {
            return Err(AdminError::Itself);
        }
        if actor.kind != "Group" {
            return Err(AdminError::NotAGroup(whom.clone()));
        }
        if let Some(shown) = dialect::evidence_in(&actor.kind)
            && self.peers().evidence(&actor.host, shown).await?
        {
            self.settle_host(&actor.host).await?;
        }
        let is_ours = actor.host == self.here().authority();
        let mut tx = self.store().begin().await?;
        let group = self.group_in_turn(&mut tx, name).await?;
        let now = self.clock().now();
        let id = self.clock().uuid();
        // Asked before: that Follow is on its way, or was answered.
        let is_new = following::follow(&mut tx, group.id, actor.id, id, is_ours, now).await?;
        if is_new && !is_ours {
            let body = dialect::follow(id, name, whom.as_str(), self.here());
            self.send(&mut tx, &group, &actor, "Follow", id, &body).await?;
        }
        self.commit(tx).await
    }

    /// Ends what [`Engine::follow`] began.
    ///
    /// # Errors
    /// If there is no such group.
    pub async fn unfollow(&self, name: &str, whom: &Iri) -> Result<(), AdminError> {
        let unknown = || AdminError::NoActor(whom.clone(), "the group does not follow it".to_owned());
        let actor = self.store().actor(whom).await?.ok_or_else(unknown)?;
        let mut tx = self.store().begin().await?;
        let group = self.group_in_turn(&mut tx, name).await?;
        let followed = following::unfollow(&mut tx, group.id, actor.id)
            .await?
            .ok_or_else(unknown)?;
        if actor.host != self.here().authority() {
            let id = self.clock().uuid();
            let body = dialect::undo_follow(id, followed, name, whom.as_str(), self.here());
            self.send(&mut tx, &group, &actor, "Undo", id, &body).await?;
        }
        self.commit(tx).await
    }
}
