//! Settling how a host's readers hear our groups: the first post is never sent in a shape that is refused for good.

use crate::{
    dialect::{self, domains},
    domain::Shape,
    engine::{Engine, waiting::End},
    store::{self, Actor},
};

impl Engine {
    /// Gives a host's open subscriptions the shape that its class, or an operator, says.
    pub(super) async fn settle_host(&self, host: &str) -> Result<(), store::Error> {
        if let Some(name) = self.store().shape_of_host(host).await? {
            let shape = dialect::written_in(&name);
            self.store()
                .give_shape(host, shape.0, dialect::wants_own_inbox(shape))
                .await?;
        }
        Ok(())
    }

    /// An actor was read again: where it hears us may have changed.
    pub(super) async fn carry_over(&self, actor: &Actor) -> End {
        if domains::ear(actor.iri.as_str(), true, self.here()).is_some() {
            return End::Done; // Their server has one inbox, and always will.
        }
        let shape = match self.store().shape_of_host(&actor.host).await {
            Ok(name) => name.as_deref().map(dialect::written_in),
            Err(error) => return End::Failed(error),
        };
        let inbox = inbox_for(actor, shape);
        match self.store().move_inbox(actor.id, inbox, &actor.host).await {
            Ok(()) => End::Done,
            Err(error) => End::Failed(error),
        }
    }
}

/// The inbox at which an actor of a host of this shape hears a group.
pub(super) fn inbox_for(actor: &Actor, shape: Option<Shape>) -> &str {
    let own = shape.is_some_and(dialect::wants_own_inbox);
    actor
        .shared_inbox
        .as_deref()
        .filter(|_| !own)
        .unwrap_or(&actor.inbox)
}
