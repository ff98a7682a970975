//! Move: somebody has another id from now on.
//!
//! One rule: both sides must say so: the old one by its signature, the new one by `alsoKnownAs` in its own document, read
//! for this. What becomes of them is the domain's to say.

use crate::{
    domain::{self, Becomes, Iri, Role},
    engine::{
        Engine, Refused,
        case::Case,
        turn::{TRIES, Trouble},
        waiting::{End, after},
    },
    store::{
        self, Actor, Tx,
        group::InTurn,
        log, membership,
        moving::{self, NewSelf},
        people,
    },
};

impl Engine {
    /// Somebody moves. If no group knows them, there is nothing to carry on, and nobody needs to be asked.
    pub(super) async fn moved(&self, tx: &mut Tx, case: &Case, target: &Iri) -> Result<(), Trouble> {
        if self.here().owns(target) || moving::groups_that_know(tx, case.actor.id).await?.is_empty() {
            return Ok(());
        }
        self.keep_waiting(tx, case, target.as_str()).await
    }

    /// The new id is asked whether it is the old one's.
    pub(super) async fn try_moved(&self, old: &Actor, target: &Iri) -> End {
        let new = match self.peers().refresh(target).await {
            Ok(new) => new,
            Err(error) => return after(&error),
        };
        match self.store().is_also_known_as(new.id, &old.iri).await {
            Ok(true) => {}
            Ok(false) => return End::Never("the target of a Move does not know of it".into()),
            Err(error) => return End::Failed(error),
        }
        for _ in 0..TRIES {
            match self.move_over(old, &new).await {
                Ok(()) => {
                    self.peers().forget(&old.iri).await;
                    return End::Done;
                }
                Err(Trouble::Conflict) => {}
                Err(Trouble::Refused(Refused::Busy { .. } | Refused::Unavailable(_)) | Trouble::Down(_)) => {
                    return End::Later;
                }
                Err(Trouble::Refused(why)) => return End::Never(format!("{why:?}")),
            }
        }
        End::Later
    }

    async fn move_over(&self, old: &Actor, new: &Actor) -> Result<(), Trouble> {
        let mut tx = self.store().begin().await?;
        let names = moving::groups_that_know(&mut tx, old.id).await?;
        for group in self.take(&mut tx, &names).await? {
            self.move_in(&mut tx, &group, old, new).await?;
        }
        tx.commit().await.map_err(store::Error::from)?;
        self.store().ring();
        Ok(())
    }

    async fn move_in(&self, tx: &mut Tx, group: &InTurn, old: &Actor, new: &Actor) -> Result<(), Trouble> {
        let now = self.clock().now();
        let was = membership::standing(tx, group.id, old.id, &[]).await?;
        let is = membership::standing(tx, group.id, new.id, &[]).await?;
        match domain::moved(&was, &is, now) {
            Becomes::Banned(ban) => {
                for actor in [old, new] {
                    self.put_out(tx, group, actor.id).await?;
                    membership::ban(tx, group.id, actor.id, &ban, None, now).await?;
                }
                Ok(())
            }
            // Their new server is not let in: then they have left.
            Becomes::In { .. } if self.standing(tx, group, new).await?.is_banned(now) => {
                self.put_out(tx, group, old.id).await
            }
            Becomes::In {
                follower,
                member,
                waiting,
                role,
            } => {
                let (heard_at, asked) = membership::heard_at(tx, group.id, new.id).await?;
                let destination = if follower || member {
                    self.hear(tx, group, new, asked.as_deref()).await?
                } else {
                    None
                };
                let state = match (follower || member || role != Role::Member, waiting) {
                    (_, true) => "pending",
                    (true, false) => "in",
                    (false, false) => "out",
                };
                let becomes = NewSelf {
                    follower,
                    member,
                    state,
                    destination,
                };
                moving::hand_over(tx, group.id, (old.id, new.id), &becomes, now).await?;
                if let Some(before) = heard_at.filter(|_| heard_at != destination) {
                    log::close_unread(tx, group.id, before).await?;
                }
                match role {
                    Role::Owner if group.owner == old.id => people::own(tx, group.id, new.id, now).await?,
                    Role::Admin => people::rank(tx, group.id, new.id, true, now).await?,
                    _ => {}
                }
                // First who has come, then who has gone: nobody sees the group without them.
                if member && !is.member {
                    self.tell_members(tx, group, &new.iri, true).await?;
                }
                let ran_it = [Role::Owner, Role::Admin].contains(&is.role);
                if role != Role::Member && !ran_it {
                    self.tell_rank(tx, group, &new.iri, true, None).await?;
                }
                self.put_out(tx, group, old.id).await?;
                if was.role == Role::Owner && role == Role::Owner {
                    self.tell_rank(tx, group, &old.iri, false, None).await?;
                }
                Ok(())
            }
        }
    }
}
