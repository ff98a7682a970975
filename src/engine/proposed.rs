//! What an admin elsewhere proposes: the group does it, and says it as its own.
//!
//! One rule: a proposal does what the same activity by the same admin would do; of posts it is `removal.rs`. One more thing
//! to propose is an arm in [`Engine::proposed`].

use crate::{
    dialect::{self, Arranging, Ask},
    domain::{Event, Iri, Refusal},
    engine::{Engine, Refused, case::Case, turn::Trouble},
    store::{Tx, album},
};

impl Engine {
    /// Offer of a Remove or Delete that is about no post.
    pub(super) async fn proposed(&self, tx: &mut Tx, case: &Case, ask: &Ask) -> Result<(), Trouble> {
        match ask {
            Ask::Collect {
                object,
                target,
                wanted: false,
                ..
            } if self.album_meant(target).is_some() => self.take_item_out(tx, case, object, target).await,
            Ask::Collect {
                object,
                target,
                reason,
                wanted,
            } => {
                self.collect(tx, case, (object, target), *wanted, reason.as_deref())
                    .await
            }
            Ask::Arrange {
                group,
                what: what @ Arranging::Delete(_),
            } => self.arrange(tx, case, group.as_deref(), what).await,
            _ => Ok(()),
        }
    }

    /// An item of a collection; members hear of it from the group, and of no one else.
    async fn take_item_out(
        &self,
        tx: &mut Tx,
        case: &Case,
        object: &Iri,
        target: &Iri,
    ) -> Result<(), Trouble> {
        let Some((group, found, events)) = self.collecting(tx, case, (object, target), false).await? else {
            return Ok(());
        };
        if !self.standing(tx, &group, &case.actor).await?.runs_it() {
            return Err(Refusal::DoesNotRunIt.into());
        }
        let found = found.ok_or(Refused::NotFound)?;
        if !events.contains(&Event::Uncollected) {
            return Ok(());
        }
        album::take_out(tx, found.id, object.as_str()).await?;
        let (id, now) = (self.clock().uuid(), self.clock().now());
        let name = group.group.name.as_str();
        let document = dialect::taken_out(id, name, (object.as_str(), target.as_str()), now, self.here());
        let own = self.own_case(tx, name, &document).await?;
        self.pass_on(tx, &own, &group, "uncollected").await
    }
}
