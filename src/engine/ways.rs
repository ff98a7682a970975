//! Two ways into a group that are two relations: somebody has subscribed, and follows, too.
//!
//! One rule: each has its own request, its own place where it is heard, its own answers and its own end; what comes in by one of
//! them goes by that one. Only those who sign by their domain have two. To everybody else a Follow and a Join are two words for the
//! same: lotide sends both, and undoes one.

use crate::{
    dialect::domains,
    domain::{Event, Way, keeps_as_follower},
    engine::{Engine, case::Case, turn::Trouble},
    store::{
        Actor, Tx, asked,
        group::InTurn,
        log,
        membership::{self, Ways, Written},
        people,
    },
};

impl Engine {
    /// Whether a Follow and a Join of this actor are two relations.
    pub(super) fn has_two_ways(&self, actor: &Actor) -> bool {
        domains::ear(actor.iri.as_str(), true, self.here()).is_some()
    }

    /// What is kept of a request that lets in by one way whoever is in by the other, or asks to be; else as everybody.
    pub(super) async fn write_second_way(
        &self,
        tx: &mut Tx,
        group: &InTurn,
        case: &Case,
        way: Way,
        (written, ways): (&Written<'_>, &Ways),
        events: &[Event],
    ) -> Result<bool, Trouble> {
        let Some(first) = ways.request.as_deref().filter(|_| self.has_two_ways(&case.actor)) else {
            return Ok(false);
        };
        let now = self.clock().now();
        match way {
            Way::Follow if domains::subscribes(first) => {
                let keeps = Written {
                    request: None,
                    destination: ways.destination,
                    ..*written
                };
                membership::write(tx, group.id, case.actor.id, &keeps, now).await?;
                if events.contains(&Event::FollowerAccepted)
                    && let Some(at) = self.hear(tx, group, &case.actor, Some(&case.raw)).await?
                {
                    membership::follow(tx, group.id, case.actor.id, &case.raw, at).await?;
                }
                Ok(true)
            }
            Way::Join if written.follower && !domains::subscribes(first) => {
                let destination = if written.member && events.contains(&Event::MemberAccepted) {
                    self.hear(tx, group, &case.actor, Some(&case.raw)).await?
                } else {
                    None
                };
                let subscribed = Written {
                    destination,
                    ..*written
                };
                membership::write(tx, group.id, case.actor.id, &subscribed, now).await?;
                if let Some(at) = ways.destination {
                    membership::follow(tx, group.id, case.actor.id, first, at).await?;
                }
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Somebody leaves by the word for one way: they are in by the other, if they were.
    pub(super) async fn leave_way(
        &self,
        tx: &mut Tx,
        group: &InTurn,
        actor: &Actor,
        way: Way,
    ) -> Result<(), Trouble> {
        let ways = membership::ways(tx, group.id, actor.id).await?;
        let subscribed = ways.request.as_deref().is_none_or(domains::subscribes);
        match (way, ways.follow) {
            (Way::Join, None) if subscribed => self.leave_group(tx, group, actor.id).await,
            (Way::Follow, None) if !subscribed => self.leave_group(tx, group, actor.id).await,
            // They are not in by it.
            (_, None) => Ok(()),
            (Way::Follow, Some((at, _))) => {
                membership::unfollow(tx, group.id, actor.id).await?;
                Ok(log::close_unread(tx, group.id, at).await?)
            }
            (Way::Join, Some(_)) => self.follows_only(tx, group, actor).await,
        }
    }

    /// Whoever subscribed and follows does no more than follow from now on.
    async fn follows_only(&self, tx: &mut Tx, group: &InTurn, actor: &Actor) -> Result<(), Trouble> {
        let now = self.clock().now();
        let was = membership::listed(tx, group.id, actor.id).await?;
        let before = membership::standing(tx, group.id, actor.id, &[]).await?;
        let is_member = keeps_as_follower(&group.group, &before);
        asked::decide(tx, group.id, actor.id, "withdrawn", None, now).await?;
        self.back_to_follow(tx, group, actor, is_member).await?;
        if before.member && !is_member {
            people::unrank(tx, group.id, actor.id).await?;
            if was.is_some_and(|was| was.admin) {
                self.tell_rank(tx, group, &actor.iri, false, None).await?;
            }
            self.tell_members(tx, group, &actor.iri, false).await?;
        }
        self.see_who_rules(tx, group, false).await
    }

    /// The Follow is the one way again.
    pub(super) async fn back_to_follow(
        &self,
        tx: &mut Tx,
        group: &InTurn,
        actor: &Actor,
        member: bool,
    ) -> Result<(), Trouble> {
        let before = membership::ways(tx, group.id, actor.id).await?.destination;
        membership::only_follow(tx, group.id, actor.id, member, self.clock().now()).await?;
        if let Some(before) = before {
            log::close_unread(tx, group.id, before).await?;
        }
        Ok(())
    }
}
