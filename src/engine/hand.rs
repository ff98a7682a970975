//! What an operator does to the people of a group, from the command line.
//!
//! One rule: the operator may what the owner may, by the same acts; nothing is done here that an activity could not do.

use chrono::{DateTime, Utc};

use crate::{
    domain::{Act, Ban, Command, Event, Iri, Refusal, Role, Rule, Standing, decide, host_and_parents},
    engine::{AdminError, Engine, Whom, administer::Hand, turn::Trouble},
    store::{self, Tx, group::InTurn, membership},
};

impl Engine {
    /// Lets in an actor that waits.
    ///
    /// # Errors
    /// If there is no such group, or the actor does not wait.
    pub async fn admit(&self, name: &str, actor: &Iri) -> Result<(), AdminError> {
        self.waits(name, actor, &Act::Admit, None).await
    }

    /// Turns away an actor that waits; a follower goes on reading.
    ///
    /// # Errors
    /// If there is no such group, or the actor does not wait.
    pub async fn turn_away(&self, name: &str, actor: &Iri, reason: Option<&str>) -> Result<(), AdminError> {
        self.waits(name, actor, &Act::TurnAway, reason).await
    }

    async fn waits(&self, name: &str, whom: &Iri, act: &Act, reason: Option<&str>) -> Result<(), AdminError> {
        let mut tx = self.store().begin().await?;
        let group = self.group_in_turn(&mut tx, name).await?;
        let nobody_waits = || {
            AdminError::No(format!(
                "{whom} has not asked to be let into {name}; `folkmoot group pending {name}` shows who has"
            ))
        };
        let actor = store::actor_in(&mut *tx, whom).await?.ok_or_else(nobody_waits)?;
        // An operator expels by that word.
        if !self.standing(&mut tx, &group, &actor).await?.waiting {
            return Err(nobody_waits());
        }
        self.as_operator(&mut tx, &group, act, whom, reason).await?;
        self.commit(tx).await
    }

    /// Does something to an actor; whether anything came of it.
    ///
    /// # Errors
    /// If there is no such group, or the group's rules are against it.
    pub async fn do_to(
        &self,
        name: &str,
        act: &Act,
        whom: &Iri,
        reason: Option<&str>,
    ) -> Result<bool, AdminError> {
        // Read where it lives, so that a letter finds it.
        self.actor_or_stub(whom).await?;
        let mut tx = self.store().begin().await?;
        let group = self.group_in_turn(&mut tx, name).await?;
        let events = self.as_operator(&mut tx, &group, act, whom, reason).await?;
        self.commit(tx).await?;
        Ok(!events.is_empty())
    }

    /// What the owner may, by nobody's word but the operator's.
    pub(super) async fn as_operator(
        &self,
        tx: &mut Tx,
        group: &InTurn,
        act: &Act,
        whom: &Iri,
        reason: Option<&str>,
    ) -> Result<Vec<Event>, Trouble> {
        let operator = Standing::operator();
        let hand = Hand {
            who: &operator,
            by: None,
            reason,
            iri: None,
            said: None,
        };
        self.administer(tx, group, &hand, act, whom).await
    }

    /// Keeps an actor, or a whole host, out of a group. Whoever was in is told.
    ///
    /// # Errors
    /// If there is no such group, or it is the owner.
    pub async fn ban(
        &self,
        name: &str,
        whom: &Whom,
        reason: Option<String>,
        until: Option<DateTime<Utc>>,
    ) -> Result<(), AdminError> {
        if until.is_some_and(|until| until <= self.clock().now()) {
            return Err(AdminError::No("the ban would have ended already".to_owned()));
        }
        if let Whom::Actor(iri) = whom {
            self.actor_or_stub(iri).await?;
        }
        let mut tx = self.store().begin().await?;
        let group = self.group_in_turn(&mut tx, name).await?;
        match whom {
            Whom::Host(host) => {
                let act = Act::Ban(Ban { until, reason });
                self.decide_of_host(&group, act, host)?;
                membership::ban_host(&mut tx, group.id, host, self.clock().now()).await?;
                for iri in membership::actors_of_host(&mut tx, group.id, host).await? {
                    self.turn_out(&mut tx, &group, &iri).await?;
                }
                self.see_who_rules(&mut tx, &group, false).await?;
            }
            Whom::Actor(iri) => {
                let act = Act::Ban(Ban { until, reason });
                // The reason is kept for whoever runs the group.
                self.as_operator(&mut tx, &group, &act, iri, Some(&Refusal::Banned.to_string()))
                    .await?;
            }
        }
        self.commit(tx).await
    }

    /// What is done to a host is done to whoever is there; who owns the group may be.
    fn decide_of_host(&self, group: &InTurn, act: Act, host: &str) -> Result<(), Refusal> {
        let owner_is_there = group.group.rule == Rule::Owned
            && host_and_parents(&group.group.owner.authority())
                .iter()
                .any(|of_owner| of_owner == host);
        let them = Standing {
            role: if owner_is_there { Role::Owner } else { Role::Member },
            ..Standing::stranger()
        };
        let command = Command::Administer(act, them);
        decide(&group.group, &Standing::operator(), &command, self.clock().now()).map(drop)
    }

    /// Somebody whose host is banned leaves the group, and is told.
    async fn turn_out(&self, tx: &mut Tx, group: &InTurn, iri: &str) -> Result<(), AdminError> {
        let iri = Iri::object(iri).map_err(|why| AdminError::BadName(why.to_string()))?;
        let Some(actor) = store::actor_in(&mut **tx, &iri).await? else {
            return Ok(());
        };
        let ways = membership::ways(tx, group.id, actor.id).await?;
        for request in ways.requests() {
            self.send_reject(tx, group, &actor, request, Refusal::Banned)
                .await?;
        }
        Ok(self.put_out(tx, group, actor.id).await?)
    }

    /// Ends a ban; whoever was banned may ask to come in again.
    ///
    /// # Errors
    /// If there is no such group, or no such ban.
    pub async fn unban(&self, name: &str, whom: &Whom) -> Result<(), AdminError> {
        let mut tx = self.store().begin().await?;
        let group = self.group_in_turn(&mut tx, name).await?;
        let ended = match whom {
            Whom::Host(host) => {
                self.decide_of_host(&group, Act::Unban, host)?;
                membership::unban_host(&mut tx, group.id, host).await?
            }
            Whom::Actor(iri) => {
                let events = self.as_operator(&mut tx, &group, &Act::Unban, iri, None).await?;
                events.contains(&Event::Unbanned)
            }
        };
        if !ended {
            let whom = match whom {
                Whom::Actor(iri) => iri.to_string(),
                Whom::Host(host) => host.clone(),
            };
            return Err(AdminError::NotBanned(whom));
        }
        self.commit(tx).await
    }
}
