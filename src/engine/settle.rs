//! Settling how a host's readers hear our groups: the first post is never sent in a shape that is refused for good.

use crate::{
    dialect,
    engine::{Engine, waiting::End},
    store::{self, Actor},
};

impl Engine {
    /// Gives a host's open subscriptions the shape that its class, or an operator, says.
    pub(super) async fn settle_host(&self, host: &str) -> Result<(), store::Error> {
        if let Some(shape) = self.store().shape_of_host(host).await?
            && let Some(shape) = dialect::shape_named(&shape)
        {
            self.store()
                .give_shape(host, shape.0, dialect::wants_own_inbox(shape))
                .await?;
        }
        Ok(())
    }

    /// An actor was read again: where it hears us may have changed.
    pub(super) async fn carry_over(&self, actor: &Actor) -> End {
        let shape = match self.store().shape_of_host(&actor.host).await {
            Ok(shape) => shape,
            Err(error) => return End::Failed(error),
        };
        let own = shape
            .as_deref()
            .and_then(dialect::shape_named)
            .is_some_and(dialect::wants_own_inbox);
        let inbox = if own {
            &actor.inbox
        } else {
            actor.shared_inbox.as_ref().unwrap_or(&actor.inbox)
        };
        match self.store().move_inbox(actor.id, inbox, &actor.host).await {
            Ok(()) => End::Done,
            Err(error) => End::Failed(error),
        }
    }
}
