//! Room for what waits to be fetched.
//!
//! One rule: nobody's documents shut out another's: not one host's those of all others, nor one actor's those of its neighbours.
//! Who finds no room is told when to come again, and nothing of theirs is kept.

use crate::{
    engine::{Engine, Refused, turn::Trouble},
    store::{Actor, Tx, received},
};

/// Of the room of a host one actor has at most one part in so many.
const PARTS: u32 = 4;

/// In seconds.
const COME_AGAIN: u32 = 60;

impl Engine {
    /// Whether another document of this actor may wait.
    pub(super) async fn has_room(&self, tx: &mut Tx, actor: &Actor) -> Result<(), Trouble> {
        let share = self.settings().limits.received_waiting_per_host.div_ceil(PARTS);
        self.room_within(tx, actor, Some(share)).await
    }

    /// The same for what a group of ours asked for by following this actor: it brings what many have said.
    pub(super) async fn host_has_room(&self, tx: &mut Tx, actor: &Actor) -> Result<(), Trouble> {
        self.room_within(tx, actor, None).await
    }

    async fn room_within(&self, tx: &mut Tx, actor: &Actor, share: Option<u32>) -> Result<(), Trouble> {
        let limits = &self.settings().limits;
        let waiting = received::waiting_count(tx, &actor.host, actor.id).await?;
        let is_full = waiting.all >= i64::from(limits.received_waiting)
            || waiting.of_host >= i64::from(limits.received_waiting_per_host)
            || share.is_some_and(|share| waiting.of_actor >= i64::from(share));
        if is_full {
            let retry_after = COME_AGAIN;
            return Err(Refused::Busy { retry_after }.into());
        }
        Ok(())
    }
}
