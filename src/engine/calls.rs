//! Asking people to become something in a group, and what they answer.
//!
//! One rule: nothing changes before whoever was asked has said yes, and only they can.

use crate::{
    dialect::{self, Local},
    domain::{Act, Call, Command, Event, Iri, Rule, Way},
    engine::{Engine, Refused, administer::Hand, case::Case, turn::Trouble},
    store::{
        self, Actor, Tx, asked,
        call::{self, Asked, NewCall},
        group::InTurn,
        people,
    },
};

/// How many one actor may ask in a day (GRP19).
const ASKED_A_DAY: i64 = 100;

impl Engine {
    /// Invite, Offer, or the Undo of it.
    pub(super) async fn invite(
        &self,
        tx: &mut Tx,
        case: &Case,
        (group, whom): (&str, &Iri),
        what: Call,
        (told, wanted): (bool, bool),
    ) -> Result<(), Trouble> {
        let group = self.one(tx, group).await?;
        let act = match (what, wanted) {
            (_, false) => Act::Uninvite(what),
            (Call::Member, true) => Act::Invite,
            (Call::Admin, true) => Act::Call,
            (Call::Owner, true) => Act::Offer,
        };
        let sender = self.standing(tx, &group, &case.actor).await?;
        let hand = Hand {
            who: &sender,
            by: Some(case.actor.id),
            reason: None,
            iri: Some(case.activity.id.as_str()),
            said: Some(case),
        };
        let events = self.administer(tx, &group, &hand, &act, whom).await?;
        if !events.contains(&Event::Called(what)) {
            return Ok(());
        }
        // Whatever they are asked to become, each of them may get a letter of ours.
        if call::asked_lately(tx, case.actor.id, self.clock().now()).await? > ASKED_A_DAY {
            let why = "This actor has invited as many people as one may in a day.";
            return Err(Refused::TooMany {
                why,
                retry_after: 3_600,
            }
            .into());
        }
        // Whoever asked tells them, mostly; else the group does.
        match store::actor_in(&mut **tx, whom).await? {
            Some(actor) if !told => {
                self.tell_called(tx, &group, &actor, case.activity.id.as_str(), what)
                    .await
            }
            _ => Ok(()),
        }
    }

    async fn tell_called(
        &self,
        tx: &mut Tx,
        group: &InTurn,
        actor: &Actor,
        iri: &str,
        what: Call,
    ) -> Result<(), Trouble> {
        for asked in call::untold(tx, iri).await? {
            if asked.group == group.group.name {
                self.send_call(tx, group, actor, asked.id, what).await?;
            }
        }
        Ok(())
    }

    /// Somebody is asked; by the operator or the group itself: in the group's name.
    pub(super) async fn call(
        &self,
        tx: &mut Tx,
        group: &InTurn,
        hand: &Hand<'_>,
        actor: &Actor,
        what: Call,
    ) -> Result<(), Trouble> {
        if what == Call::Owner && group.group.rule == Rule::Owned {
            // One at a time: the later offer is the one that is meant.
            call::end_offers(tx, group.id, self.clock().now()).await?;
        }
        let new = NewCall {
            id: self.clock().uuid(),
            group: group.id,
            actor: actor.id,
            call: what,
            by: hand.by,
            iri: hand.iri,
        };
        let is_new = call::ask(tx, &new, self.clock().now()).await?;
        if is_new && hand.iri.is_none() {
            self.send_call(tx, group, actor, new.id, what).await?;
        }
        Ok(())
    }

    pub(super) async fn send_call(
        &self,
        tx: &mut Tx,
        group: &InTurn,
        actor: &Actor,
        id: uuid::Uuid,
        what: Call,
    ) -> Result<(), Trouble> {
        let now = self.clock().now();
        let body = dialect::call(id, &group.group.name, actor.iri.as_str(), what, now, self.here());
        self.send(tx, group, actor, dialect::kind_of_call(what), id, &body)
            .await
    }

    /// Whoever was asked says yes or no.
    pub(super) async fn answer_call(
        &self,
        tx: &mut Tx,
        case: &Case,
        asked: &Asked,
        says_yes: bool,
    ) -> Result<(), Trouble> {
        let group = self.one(tx, &asked.group).await?;
        let before = self.standing(tx, &group, &case.actor).await?;
        let command = Command::Answer(asked.call, says_yes);
        let now = self.clock().now();
        let events = crate::domain::decide(&group.group, &before, &command, now)?;
        if says_yes {
            self.admits(tx, &group.group, &case.actor, Way::Join).await??;
        }
        for event in events {
            match event {
                Event::MemberAccepted => {
                    self.make_member(tx, &group, &case.actor, &before).await?;
                    self.is_in_now(tx, &group, &case.actor).await?;
                    self.tell_list(tx, &group, &case.actor, "members", true).await?;
                }
                Event::Appointed => {
                    self.appointed(tx, &group, &case.actor, None).await?;
                    self.see_who_rules(tx, &group, false).await?;
                }
                Event::Owns => self.take_over(tx, &group, &case.actor).await?,
                Event::CallEnded(what) => {
                    call::end(tx, group.id, case.actor.id, what, "declined", now).await?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Whoever became a member waits for nothing, and needs no invitation any more.
    pub(super) async fn is_in_now(&self, tx: &mut Tx, group: &InTurn, actor: &Actor) -> Result<(), Trouble> {
        let now = self.clock().now();
        call::end(tx, group.id, actor.id, Call::Member, "accepted", now).await?;
        asked::decide(tx, group.id, actor.id, "accepted", None, now).await?;
        Ok(())
    }

    /// Undo of something given by its id alone: an invitation or an offer, by either of its ids; a ban (ORG11).
    pub(super) async fn take_back(&self, tx: &mut Tx, case: &Case, object: &Iri) -> Result<(), Trouble> {
        let ours = match self.here().local(object.as_str()) {
            Some(Local::Activity(id, None)) => Some(id),
            _ => None,
        };
        if let Some(asked) = call::named(tx, ours, object.as_str()).await? {
            let group = self.one(tx, &asked.group).await?;
            if asked.by != Some(case.actor.id) {
                let why = "Only whoever did it may undo it.";
                let theirs = Refused::forbidden("not-the-author", "object", why);
                return self.to_whoever_runs_it(tx, case, &group, theirs).await;
            }
            let Ok(whom) = Iri::object(&asked.whom) else {
                return Ok(());
            };
            let act = Act::Uninvite(asked.call);
            return self.by_sender(tx, case, &group, (&act, &whom), None).await;
        }
        if let Some((name, whom)) = people::banned_by(tx, object.as_str()).await? {
            let group = self.one(tx, &name).await?;
            let Ok(whom) = Iri::object(&whom) else {
                return Ok(());
            };
            return match self.by_sender(tx, case, &group, (&Act::Unban, &whom), None).await {
                Err(Trouble::Refused(why)) => self.to_whoever_runs_it(tx, case, &group, why).await,
                other => other,
            };
        }
        Ok(())
    }

    /// Whoever runs the group hears why not; to anybody else what they may not undo is as if it were not there.
    async fn to_whoever_runs_it(
        &self,
        tx: &mut Tx,
        case: &Case,
        group: &InTurn,
        why: Refused,
    ) -> Result<(), Trouble> {
        let sender = self.standing(tx, group, &case.actor).await?;
        if sender.runs_it() && !sender.is_banned(self.clock().now()) {
            return Err(why.into());
        }
        Ok(())
    }
}
