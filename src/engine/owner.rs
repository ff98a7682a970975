//! Who owns a group, and what becomes of it when the owner's account is gone.
//!
//! One rule: a group whose owner is gone is offered to each of its admins, and the first who says yes has it; where there is
//! no admin it takes nothing new, and its operator is told.

use crate::{
    domain::{Call, Iri, Rule, Standing},
    engine::{Engine, administer::Hand, case::Case, turn::Trouble},
    store::{
        self, Actor, Tx, call, departed,
        group::InTurn,
        held, people,
        turn::{self, Holds, Patience, key_of},
    },
};

impl Engine {
    /// Somebody said yes to owning a group. Who owned it is one of its admins.
    pub(super) async fn take_over(&self, tx: &mut Tx, group: &InTurn, actor: &Actor) -> Result<(), Trouble> {
        let now = self.clock().now();
        if group.group.rule == Rule::Owned {
            people::rank(tx, group.id, group.owner, true, now).await?;
        }
        let was = store::membership::listed(tx, group.id, actor.id).await?;
        let was_admin = was.is_some_and(|was| was.admin);
        people::unrank(tx, group.id, actor.id).await?;
        people::own(tx, group.id, actor.id, now).await?;
        call::end(tx, group.id, actor.id, Call::Owner, "accepted", now).await?;
        call::end_offers(tx, group.id, now).await?;
        if !was_admin {
            self.tell_rank(tx, group, &actor.iri, true, None).await?;
        }
        Ok(())
    }

    /// Sees to it that somebody rules a group: to be called when its owner is gone, and when an admin came or went.
    pub(super) async fn see_who_rules(
        &self,
        tx: &mut Tx,
        group: &InTurn,
        owner_is_gone: bool,
    ) -> Result<(), Trouble> {
        let before = group.group.rule;
        if before == Rule::Owned && !owner_is_gone {
            return Ok(());
        }
        let admins = people::admins(tx, group.id).await?;
        let rule = if admins.is_empty() {
            Rule::Frozen
        } else {
            Rule::Orphaned
        };
        people::set_rule(tx, group.id, rule).await?;
        if rule == Rule::Frozen && before != rule {
            tracing::warn!(
                group = group.group.name,
                "a group has no owner and no admin any more, so it takes nothing new; `folkmoot group transfer` offers it to somebody"
            );
        }
        for admin in admins {
            if let Ok(iri) = Iri::object(&admin)
                && let Some(actor) = store::actor_in(&mut **tx, &iri).await?
            {
                let hand = Hand {
                    who: &Standing::operator(),
                    by: None,
                    reason: None,
                    iri: None,
                    said: None,
                };
                self.call(tx, group, &hand, &actor, Call::Owner).await?;
            }
        }
        Ok(())
    }

    /// An actor is gone, perhaps by its own word: it is in no group any more, and its groups look for another owner.
    pub(super) async fn has_gone(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        said: Option<&Case>,
    ) -> Result<(), Trouble> {
        let mut names = store::membership::groups_of(tx, actor.id).await?;
        names.extend(people::owned_by(tx, actor.id).await?);
        let waiting = held::waiting_of(tx, actor.id).await?;
        let posts = waiting.iter().filter_map(|(post, _)| post.as_deref());
        let keys = posts.map(key_of).collect();
        names.extend(waiting.iter().map(|(_, group)| group.clone()));
        let readable = departed::readable_in(tx, actor.id).await?;
        let holds = Holds {
            keys,
            names: names.iter().chain(&readable).map(String::as_str).collect(),
            posts: vec![],
        };
        let in_turn = turn::take(tx, &holds, Patience::Waits).await?;
        held::withdraw_all(tx, actor.id, &in_turn, self.clock().now()).await?;
        for group in self.take(tx, &names).await? {
            self.put_out(tx, &group, actor.id).await?;
            self.see_who_rules(tx, &group, group.owner == actor.id).await?;
        }
        if let Some(said) = said {
            for group in self.take(tx, &readable).await? {
                self.tell_departure(tx, &group, said).await?;
            }
        }
        Ok(())
    }

    /// Owners of whom we learned that they are gone while we asked for something else.
    pub(super) async fn look_for_owners(&self) -> Result<(), store::Error> {
        for iri in self.store().owners_gone().await? {
            if let Ok(iri) = Iri::object(&iri)
                && let Some(actor) = self.store().actor(&iri).await?
            {
                self.drop_actor(&actor).await?;
            }
        }
        Ok(())
    }
}
