//! What is asked of the steward of a group, which is nobody's account.
//!
//! One rule: whoever asks to follow it is told no by itself, under its own key: programs take an answer only from whom they
//! asked (mastodon `app/lib/activitypub/activity/reject.rb`, 2026-08), and wait for ever if there is none.

use crate::{
    dialect,
    engine::{Engine, Refused, case::Case, turn::Trouble},
    store::{self, Tx, log},
};

/// For a person to read.
const WHY: &str = "This account only says what its group does. Follow the group.";

impl Engine {
    /// The Reject of a Follow or Join of the steward of the group of this name. An id that was seen changes nothing.
    pub(super) async fn steward_declines(
        &self,
        tx: &mut Tx,
        case: &Case,
        group: &str,
        fresh: bool,
    ) -> Result<(), Trouble> {
        let Some(group) = self.take(tx, &[group.to_owned()]).await?.pop() else {
            return Err(Refused::NotFound.into());
        };
        if !fresh {
            return Ok(());
        }
        let (id, now) = (self.clock().uuid(), self.clock().now());
        let steward = self.here().steward(&group.group.name);
        let to = case.actor.iri.as_str();
        let body = dialect::reject(id, &steward, to, &case.raw, WHY, now, self.here());
        let key = format!("{steward}#main-key");
        store::keep_key_of_steward(tx, &group.group.name, &key, now).await?;
        self.send(tx, &group, &case.actor, log::STEWARDS, id, &body).await
    }
}
