//! Who can be told what is private: servers whose software keeps it among the members of the group.
//!
//! One rule: nobody comes into a private group from a server that would show it to others, and what a server says that it runs
//! decides only who is told *no*; what is private goes to inboxes with an accepted member, whatever they run.

use std::time::Duration;

use crate::{
    dialect::{self, Activity, Ask, domains},
    domain::{Group, Refusal, Visibility, Way, admits},
    engine::{Engine, turn::Trouble},
    store::{self, Actor, Tx, group::InTurn, log},
};

impl Engine {
    /// Before somebody asks to come into a private group we know what their server runs: that takes one look, and not long.
    pub(super) async fn look_at_joiner(
        &self,
        activity: &Activity,
        actor: &Actor,
    ) -> Result<(), store::Error> {
        match &activity.ask {
            Ask::Join { group, .. } => match self.here().group_meant(group.as_str()) {
                Some(name) => self.look_at_joiner_of(name, actor).await,
                None => Ok(()),
            },
            // A yes to an invitation lets in, too.
            Ask::Answer(answered) if answered.accepted => {
                for name in self.store().called_into_private(actor.id).await? {
                    self.look_at_joiner_of(&name, actor).await?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The same, of whoever asks in another way.
    pub(super) async fn look_at_joiner_of(&self, name: &str, actor: &Actor) -> Result<(), store::Error> {
        if !self.store().is_private(name).await? {
            return Ok(());
        }
        self.look_at(&actor.host).await
    }

    /// Asks a host how it speaks, if nobody did before; for as long as it may take to learn a key.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn look_at(&self, host: &str) -> Result<(), store::Error> {
        let known = self.store().peer_class(host).await?;
        if known.is_some_and(|peer| peer.looked_up_at.is_some() || peer.shape.is_some()) {
            return Ok(());
        }
        let limit = Duration::from_secs(self.settings().limits.key_fetch_seconds);
        // Who does not answer in time is judged by what it has shown.
        match tokio::time::timeout(limit, self.peers().look_up(host)).await {
            Ok(looked) => looked,
            Err(_) => Ok(()),
        }
    }

    /// Whether a group lets somebody in from this server, whoever they are, who asks in this way.
    pub(super) async fn admits(
        &self,
        tx: &mut Tx,
        group: &Group,
        actor: &Actor,
        way: Way,
    ) -> Result<Result<(), Refusal>, Trouble> {
        if group.policies.visibility == Visibility::Public {
            return Ok(Ok(()));
        }
        let keeps = match domains::ear(actor.iri.as_str(), true, self.here()) {
            // What is said to a group in its own protocol is for its members there, too, and is never bridged. What is shared with
            // those who follow is for everybody.
            Some(_) => way == Way::Join,
            None => self.keeps_what_is_private(tx, &actor.host).await?,
        };
        Ok(admits(group, keeps))
    }

    async fn keeps_what_is_private(&self, tx: &mut Tx, host: &str) -> Result<bool, Trouble> {
        let peer = store::peer_class_in(tx, host).await?.unwrap_or_default();
        let class = peer.shape.as_deref().unwrap_or(&peer.class);
        let (software, version) = (peer.software.as_deref(), peer.version.as_deref());
        Ok(dialect::keeps_private(class, software, version))
    }

    /// From here on, servers that cannot keep it hear nothing more of the group.
    pub(super) async fn silence_the_indiscreet(&self, tx: &mut Tx, group: &InTurn) -> Result<(), Trouble> {
        for host in log::hosts_that_hear(tx, group.id).await? {
            if !self.keeps_what_is_private(tx, &host).await? {
                log::silence(tx, group.id, &host).await?;
            }
        }
        Ok(())
    }

    /// Whoever is in the group and does not hear it hears it from here on.
    pub(super) async fn let_all_hear(&self, tx: &mut Tx, group: &InTurn) -> Result<(), Trouble> {
        for (destination, host, own) in log::readers_that_do_not_hear(tx, group.id).await? {
            let shape = match own {
                Some(inbox) => Some(domains::shape_at(&inbox)),
                None => store::shape_of(&mut **tx, &host)
                    .await?
                    .as_deref()
                    .map(dialect::written_in),
            };
            let shape = shape.map(|shape| shape.0);
            log::subscribe(tx, group.id, destination, shape, self.clock().now()).await?;
        }
        Ok(())
    }
}
