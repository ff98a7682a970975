//! Joining and leaving, as transactions.
//!
//! One rule: a membership, where its reader hears the group, and the letter that says so are written together.

use crate::{
    dialect::{self, Local, domains},
    domain::{Command, Event, Iri, Refusal, Standing, Way, decide},
    engine::{
        Engine, Refused,
        case::Case,
        settle::inbox_for,
        turn::{Trouble, lets_in},
    },
    store::{
        self, Actor, ActorId, DestinationId, Tx,
        asked::{self, NewAsking},
        call,
        group::InTurn,
        log::{self, NewLetter},
        membership::{self, Written},
        people,
    },
};

impl Engine {
    /// Follow or Join. Never refused by status: microblogs would show *pending* for ever; a Reject follows instead.
    ///
    /// An id that was seen changes nothing; whoever is in by it gets the Accept again.
    pub(super) async fn join(
        &self,
        tx: &mut Tx,
        case: &Case,
        group: &Iri,
        way: Way,
        fresh: bool,
    ) -> Result<(), Trouble> {
        if let Some(Local::Steward { group, part: None }) = self.here().local(group.as_str()) {
            return self.steward_declines(tx, case, group, fresh).await;
        }
        let Some(name) = self.here().group_meant(group.as_str()) else {
            // GRP05: nobody joins another person, or for one.
            return match (way, &case.inbox) {
                (Way::Join, Some(_)) => {
                    let why = "The object of a Join is the group that is to be joined.";
                    Err(Refused::forbidden("no-group", "object", why).into())
                }
                _ => Ok(()),
            };
        };
        let Some(group) = self.take(tx, &[name.to_owned()]).await?.pop() else {
            return Err(Refused::NotFound.into());
        };
        let before = self.standing(tx, &group, &case.actor).await?;
        let decided = match self.admits(tx, &group.group, &case.actor, way).await? {
            Ok(()) => decide(&group.group, &before, &Command::Join(way), self.clock().now()),
            Err(refusal) => Err(refusal),
        };
        match decided {
            Ok(_) if !fresh && !is_in(&before, way) => Ok(()),
            Ok(events) => {
                if fresh {
                    self.write_join(tx, &group, case, way, &before, &events).await?;
                    self.note_asking(tx, &group, case, way, &events).await?;
                }
                if lets_in(&events, way) {
                    self.send_accept(tx, &group, &case.actor, &case.raw).await?;
                }
                Ok(())
            }
            Err(_) if !fresh => Ok(()),
            Err(refusal) => {
                self.send_reject(tx, &group, &case.actor, &case.raw, refusal)
                    .await
            }
        }
    }

    async fn write_join(
        &self,
        tx: &mut Tx,
        group: &InTurn,
        case: &Case,
        way: Way,
        before: &Standing,
        events: &[Event],
    ) -> Result<(), Trouble> {
        let follower = before.follower || events.contains(&Event::FollowerAccepted);
        let member = before.member || events.contains(&Event::MemberAccepted);
        let pending = !member && (before.waiting || events.contains(&Event::MembershipRequested));
        if member && !before.member {
            // Before they hear the group: they have an answer of their own.
            self.tell_members(tx, group, &case.actor.iri, true).await?;
        }
        let ways = membership::ways(tx, group.id, case.actor.id).await?;
        let mut written = Written {
            follower,
            member,
            state: if pending { "pending" } else { "in" },
            request: Some((case.raw.as_str(), case.activity.id.as_str())),
            destination: None,
        };
        let is_known = before.follower || before.member || before.waiting;
        let second = (&written, &ways);
        if is_known
            && self
                .write_second_way(tx, group, case, way, second, events)
                .await?
        {
            return Ok(());
        }
        if follower || member {
            written.destination = self.hear(tx, group, &case.actor, Some(&case.raw)).await?;
        }
        let (destination, before_at) = (written.destination, ways.destination);
        membership::write(tx, group.id, case.actor.id, &written, self.clock().now()).await?;
        if let Some(before_at) = before_at.filter(|_| before_at != destination) {
            log::close_unread(tx, group.id, before_at).await?;
        }
        Ok(())
    }

    /// What admins hear of it.
    async fn note_asking(
        &self,
        tx: &mut Tx,
        group: &InTurn,
        case: &Case,
        way: Way,
        events: &[Event],
    ) -> Result<(), Trouble> {
        if events.contains(&Event::MemberAccepted) {
            return self.is_in_now(tx, group, &case.actor).await;
        }
        if !events.contains(&Event::MembershipRequested) {
            return Ok(());
        }
        // Who has asked to subscribe waits for that.
        if way == Way::Follow && self.has_two_ways(&case.actor) {
            let asked = membership::ways(tx, group.id, case.actor.id).await?.request;
            if asked.as_deref().is_some_and(domains::subscribes) {
                return Ok(());
            }
        }
        let new = NewAsking {
            id: self.clock().uuid(),
            group: group.id,
            actor: case.actor.id,
            kind: match way {
                Way::Follow => "Follow",
                Way::Join => "Join",
            },
            iri: case.activity.id.as_str(),
            raw: &case.raw,
        };
        Ok(asked::write(tx, &new, self.clock().now()).await?)
    }

    /// Where an actor hears a group from now on who `asked` to be let in. Groups of this server hear of each other without
    /// letters.
    pub(super) async fn hear(
        &self,
        tx: &mut Tx,
        group: &InTurn,
        actor: &Actor,
        asked: Option<&str>,
    ) -> Result<Option<DestinationId>, Trouble> {
        if actor.host == self.here().authority() || !actor.is_known() {
            return Ok(None);
        }
        // Whoever was let in before the group became private, or by an operator's list, is in; what is said stays inside.
        let subscribed = asked.is_none_or(domains::subscribes);
        let way = if subscribed { Way::Join } else { Way::Follow };
        if self.admits(tx, &group.group, actor, way).await?.is_err() {
            return Ok(None);
        }
        let (destination, shape) = match domains::ear(actor.iri.as_str(), subscribed, self.here()) {
            Some(ear) => {
                let destination = log::domain_destination(tx, &ear.inbox, &actor.host).await?;
                (destination, Some(ear.shape))
            }
            None => {
                let name = store::shape_of(&mut **tx, &actor.host).await?;
                let shape = name.as_deref().map(dialect::written_in);
                let destination = log::destination(tx, inbox_for(actor, shape), &actor.host).await?;
                (destination, shape)
            }
        };
        let written = shape.map(|shape| shape.0);
        log::subscribe(tx, group.id, destination, written, self.clock().now()).await?;
        Ok(Some(destination))
    }

    /// Leave, or an Undo of what let them in.
    pub(super) async fn leave(&self, tx: &mut Tx, case: &Case, group: &Iri, way: Way) -> Result<(), Trouble> {
        match self.here().local(group.as_str()) {
            Some(Local::Group {
                name,
                part: Some("admins" | "moderators"),
            }) => self.resign(tx, case, name).await,
            _ => match self.here().group_meant(group.as_str()) {
                Some(name) => self.leave_by_name(tx, case, name, way).await,
                None => Ok(()),
            },
        }
    }

    /// Somebody leaves by their own word.
    pub(super) async fn leave_group(
        &self,
        tx: &mut Tx,
        group: &InTurn,
        actor: ActorId,
    ) -> Result<(), Trouble> {
        let before = membership::standing(tx, group.id, actor, &[]).await?;
        let events = decide(&group.group, &before, &Command::Leave, self.clock().now())?;
        if events.contains(&Event::Left) {
            self.put_out(tx, group, actor).await?;
        } else if events.contains(&Event::Dismissed) {
            people::unrank(tx, group.id, actor).await?;
        }
        self.see_who_rules(tx, group, false).await
    }

    /// Ends a membership and all that belongs to it: nothing more is due to whoever nobody reads for.
    pub(super) async fn put_out(&self, tx: &mut Tx, group: &InTurn, actor: ActorId) -> Result<(), Trouble> {
        let ways = membership::ways(tx, group.id, actor).await?;
        let was = membership::listed(tx, group.id, actor).await?;
        let out = Written {
            follower: false,
            member: false,
            state: "out",
            request: None,
            destination: None,
        };
        let now = self.clock().now();
        membership::write(tx, group.id, actor, &out, now).await?;
        people::unrank(tx, group.id, actor).await?;
        call::end_all(tx, group.id, actor, now).await?;
        asked::decide(tx, group.id, actor, "withdrawn", None, now).await?;
        for destination in ways.destinations() {
            log::close_unread(tx, group.id, destination).await?;
        }
        let Some(was) = was else { return Ok(()) };
        let Ok(iri) = Iri::object(&was.iri) else {
            return Ok(());
        };
        if was.admin {
            self.tell_rank(tx, group, &iri, false, None).await?;
        }
        if was.member {
            self.tell_members(tx, group, &iri, false).await?;
        }
        Ok(())
    }

    /// The sender's actor is gone: it is in no group any more.
    pub(super) async fn actor_gone(&self, tx: &mut Tx, case: &Case) -> Result<(), Trouble> {
        store::mark_gone_in(tx, case.actor.id, self.clock().now()).await?;
        self.has_gone(tx, &case.actor, Some(case)).await
    }

    pub(super) async fn send_accept(
        &self,
        tx: &mut Tx,
        group: &InTurn,
        actor: &Actor,
        request: &str,
    ) -> Result<(), Trouble> {
        let (id, now) = (self.clock().uuid(), self.clock().now());
        let body = dialect::accept(
            id,
            &group.group.name,
            actor.iri.as_str(),
            request,
            now,
            self.here(),
        );
        self.send(tx, group, actor, "Accept", id, &body).await
    }

    pub(super) async fn send_reject(
        &self,
        tx: &mut Tx,
        group: &InTurn,
        actor: &Actor,
        request: &str,
        why: Refusal,
    ) -> Result<(), Trouble> {
        self.send_reject_saying(tx, group, actor, request, ("Reject", &why.to_string()))
            .await
    }

    pub(super) async fn send_reject_saying(
        &self,
        tx: &mut Tx,
        group: &InTurn,
        actor: &Actor,
        request: &str,
        (kind, why): (&'static str, &str),
    ) -> Result<(), Trouble> {
        let (id, now) = (self.clock().uuid(), self.clock().now());
        let (by, to) = (self.here().group(&group.group.name), actor.iri.as_str());
        let body = dialect::reject(id, &by, to, request, why, now, self.here());
        self.send(tx, group, actor, kind, id, &body).await
    }

    /// Sends a letter in the lane that its addressee's entries use, or to their own inbox where they hear nothing. What there
    /// is no word for where they are is not sent.
    pub(super) async fn send(
        &self,
        tx: &mut Tx,
        group: &InTurn,
        actor: &Actor,
        kind: &'static str,
        id: uuid::Uuid,
        body: &str,
    ) -> Result<(), Trouble> {
        if !actor.is_known() || actor.host == self.here().authority() {
            return Ok(());
        }
        let ear = domains::ear(actor.iri.as_str(), true, self.here());
        let body = match &ear {
            Some(_) => domains::letter(actor.iri.as_str(), body, self.here()),
            None => Some(body.to_owned()),
        };
        let Some(body) = body else { return Ok(()) };
        let destination = match (membership::heard_at(tx, group.id, actor.id).await?.0, ear) {
            (Some(destination), _) => destination,
            (None, Some(ear)) => log::domain_destination(tx, &ear.inbox, &actor.host).await?,
            (None, None) => log::destination(tx, &actor.inbox, &actor.host).await?,
        };
        let at = self.clock().now();
        log::post_letter(
            tx,
            &NewLetter {
                id,
                group: group.id,
                destination,
                kind,
                body: &body,
                at,
            },
        )
        .await?;
        Ok(())
    }
}

/// Whether somebody is in already by the way that they ask again.
const fn is_in(who: &Standing, way: Way) -> bool {
    match way {
        Way::Follow => who.follower,
        Way::Join => who.member,
    }
}
