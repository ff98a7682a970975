//! What those who run a group do to others in it: let in, turn away, put out, keep out, make an admin.
//!
//! One rule: every way in (an activity of any form, the command line) comes down to an [`Act`] here, so each has the same
//! effects and the same letters. One more effect is an arm of `write_act`.

use crate::{
    dialect::{self, domains},
    domain::{Act, Ban, Call, Command, Event, Iri, Standing, Way, decide},
    engine::{Engine, Refused, case::Case, turn::Trouble},
    store::{
        self, Actor, ActorId, Tx, asked, call,
        group::InTurn,
        held, log,
        membership::{self, Written},
        people,
    },
    text,
};

/// Of a reason we pass on so many characters.
const LONGEST_REASON: usize = 500;

/// Whose hand it is that does something, and what they say to it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hand<'a> {
    pub(super) who: &'a Standing,
    /// `None`: the operator.
    pub(super) by: Option<ActorId>,
    /// HTML of theirs.
    pub(super) reason: Option<&'a str>,
    /// Of the activity that says so.
    pub(super) iri: Option<&'a str>,
    /// That activity, where it is told as it came.
    pub(super) said: Option<&'a Case>,
}

impl Engine {
    /// The turn of one group.
    pub(super) async fn one(&self, tx: &mut Tx, name: &str) -> Result<InTurn, Trouble> {
        let found = self.take(tx, &[name.to_owned()]).await?.pop();
        found.ok_or_else(|| Refused::NotFound.into())
    }

    /// Somebody does something to another one in a group.
    pub(super) async fn administer(
        &self,
        tx: &mut Tx,
        group: &InTurn,
        hand: &Hand<'_>,
        act: &Act,
        whom: &Iri,
    ) -> Result<Vec<Event>, Trouble> {
        if Iri::object(whom.as_str()).is_err() {
            return Err(nobody());
        }
        // Written with all the rest: a refusal leaves nobody behind.
        let actor = match store::actor_in(&mut **tx, whom).await? {
            Some(actor) if actor.id != group.owner && self.here().is_no_person(whom.as_str()) => {
                return Err(nobody());
            }
            Some(actor) => actor,
            None if self.here().owns(whom) => return Err(nobody()),
            None => store::stub_actor_in(tx, whom).await?,
        };
        let them = self.standing(tx, group, &actor).await?;
        let command = Command::Administer(act.clone(), them.clone());
        let events = decide(&group.group, hand.who, &command, self.clock().now())?;
        if let (Act::Uninvite(called), Some(by)) = (act, hand.by)
            && !hand.who.runs_it()
            && call::is_by_another(tx, group.id, actor.id, *called, by).await?
        {
            // What others asked them is not theirs to take back, nor to learn of.
            return Ok(vec![]);
        }
        if events.contains(&Event::MemberAccepted) || events.contains(&Event::Appointed) {
            let ways = membership::ways(tx, group.id, actor.id).await?;
            let subscribes = ways.request.as_deref().is_none_or(domains::subscribes);
            let way = if subscribes { Way::Join } else { Way::Follow };
            self.admits(tx, &group.group, &actor, way).await??;
        }
        for event in &events {
            self.write_act(tx, group, hand, event, (&actor, &them)).await?;
        }
        self.see_who_rules(tx, group, false).await?;
        Ok(events)
    }

    async fn write_act(
        &self,
        tx: &mut Tx,
        group: &InTurn,
        hand: &Hand<'_>,
        event: &Event,
        (actor, them): (&Actor, &Standing),
    ) -> Result<(), Trouble> {
        match event {
            Event::MemberAccepted => self.admitted(tx, group, hand, actor, them).await,
            Event::TurnedAway => self.turned_away(tx, group, hand, actor, them).await,
            Event::Expelled => self.expelled(tx, group, hand, actor, them).await,
            Event::Banned(ban) => {
                self.banned(tx, group, hand, actor, (them, ban)).await?;
                self.put_out_others(tx, group, hand, actor).await
            }
            Event::Unbanned => {
                membership::unban(tx, group.id, actor.id).await?;
                self.tell_ban(tx, group, actor, None, hand.said).await?;
                Ok(())
            }
            Event::Called(to_what) => self.call(tx, group, hand, actor, *to_what).await,
            Event::CallEnded(what) => {
                let now = self.clock().now();
                Ok(call::end(tx, group.id, actor.id, *what, "withdrawn", now).await?)
            }
            Event::Appointed => self.appointed(tx, group, actor, hand.said).await,
            Event::Dismissed => {
                people::rank(tx, group.id, actor.id, false, self.clock().now()).await?;
                self.tell_rank(tx, group, &actor.iri, false, hand.said).await?;
                self.tell_list(tx, group, actor, "admins", false).await
            }
            _ => Ok(()),
        }
    }

    /// Whoever waits is a member now.
    async fn admitted(
        &self,
        tx: &mut Tx,
        group: &InTurn,
        hand: &Hand<'_>,
        actor: &Actor,
        them: &Standing,
    ) -> Result<(), Trouble> {
        self.make_member(tx, group, actor, them).await?;
        let joined = asked::decide(tx, group.id, actor.id, "accepted", hand.by, self.clock().now()).await?;
        let joined = joined.filter(|raw| dialect::is_activity(raw));
        match joined.or(membership::heard_at(tx, group.id, actor.id).await?.1) {
            Some(request) => self.send_accept(tx, group, actor, &request).await,
            // They wrote a record, and no letter.
            None => self.tell_list(tx, group, actor, "members", true).await,
        }
    }

    /// A member from now on, by whatever way.
    pub(super) async fn make_member(
        &self,
        tx: &mut Tx,
        group: &InTurn,
        actor: &Actor,
        before: &Standing,
    ) -> Result<(), Trouble> {
        if !before.member {
            // Before they hear the group: they have an answer of their own.
            self.tell_members(tx, group, &actor.iri, true).await?;
        }
        let (before_at, asked) = membership::heard_at(tx, group.id, actor.id).await?;
        let destination = self.hear(tx, group, actor, asked.as_deref()).await?;
        let written = Written {
            follower: before.follower,
            member: true,
            state: "in",
            request: None,
            destination,
        };
        membership::write(tx, group.id, actor.id, &written, self.clock().now()).await?;
        if let Some(before_at) = before_at.filter(|_| before_at != destination) {
            log::close_unread(tx, group.id, before_at).await?;
        }
        Ok(())
    }

    /// Whoever waits does not any more; a follower goes on reading.
    async fn turned_away(
        &self,
        tx: &mut Tx,
        group: &InTurn,
        hand: &Hand<'_>,
        actor: &Actor,
        them: &Standing,
    ) -> Result<(), Trouble> {
        let ways = membership::ways(tx, group.id, actor.id).await?;
        let (destination, request) = (ways.destination, ways.request);
        let written = Written {
            follower: them.follower,
            member: false,
            state: if them.follower { "in" } else { "out" },
            request: None,
            destination,
        };
        membership::write(tx, group.id, actor.id, &written, self.clock().now()).await?;
        if ways.follow.is_some() {
            self.back_to_follow(tx, group, actor, false).await?;
        }
        let joined = asked::decide(tx, group.id, actor.id, "rejected", hand.by, self.clock().now()).await?;
        let joined = joined.filter(|raw| dialect::is_activity(raw));
        // The Reject of a Follow would end it.
        match joined.or(request.filter(|_| !them.follower)) {
            Some(request) => {
                let why = words(hand.reason, "An admin of the group has turned this request down.");
                self.send_reject_saying(tx, group, actor, &request, ("Reject", &why))
                    .await
            }
            None => self.tell_list(tx, group, actor, "members", false).await,
        }
    }

    /// Microblogs end a Follow by its Reject; others are told by its word for it, too.
    async fn tell_expelled(
        &self,
        tx: &mut Tx,
        group: &InTurn,
        hand: &Hand<'_>,
        actor: &Actor,
        them: &Standing,
    ) -> Result<(), Trouble> {
        asked::decide(tx, group.id, actor.id, "rejected", hand.by, self.clock().now()).await?;
        let ways = membership::ways(tx, group.id, actor.id).await?;
        let is_known = them.follower || them.member || them.waiting;
        for request in ways.requests().filter(|_| is_known) {
            let why = words(hand.reason, "An admin has put this actor out of the group.");
            // Why somebody was put out is for nobody else to read.
            let kind = "Expulsion";
            self.send_reject_saying(tx, group, actor, request, (kind, &why))
                .await?;
        }
        if them.member {
            self.tell_list(tx, group, actor, "members", false).await?;
        }
        Ok(())
    }

    async fn expelled(
        &self,
        tx: &mut Tx,
        group: &InTurn,
        hand: &Hand<'_>,
        actor: &Actor,
        them: &Standing,
    ) -> Result<(), Trouble> {
        self.tell_expelled(tx, group, hand, actor, them).await?;
        self.put_out(tx, group, actor.id).await?;
        held::withdraw_all(tx, actor.id, &[group.id], self.clock().now()).await?;
        Ok(people::note_expelled(tx, group.id, actor.id).await?)
    }

    /// Other accounts of whoever is banned, by their own word, are banned with them from now on: they hear nothing more.
    async fn put_out_others(
        &self,
        tx: &mut Tx,
        group: &InTurn,
        hand: &Hand<'_>,
        banned: &Actor,
    ) -> Result<(), Trouble> {
        for other in people::others_of(tx, group.id, banned.id).await? {
            let Ok(iri) = Iri::object(&other) else { continue };
            let Some(other) = store::actor_in(&mut **tx, &iri).await? else {
                continue;
            };
            let them = self.standing(tx, group, &other).await?;
            let act = if them.waiting && !them.follower && !them.runs_it() {
                Act::TurnAway
            } else {
                Act::Expel
            };
            // The word that bans one bans all of them; it takes the group from nobody.
            let command = Command::Administer(act, them.clone());
            let Ok(events) = decide(&group.group, &Standing::operator(), &command, self.clock().now()) else {
                continue;
            };
            for event in events {
                match event {
                    Event::TurnedAway => self.turned_away(tx, group, hand, &other, &them).await?,
                    _ => self.expelled(tx, group, hand, &other, &them).await?,
                }
            }
        }
        Ok(())
    }

    async fn banned(
        &self,
        tx: &mut Tx,
        group: &InTurn,
        hand: &Hand<'_>,
        actor: &Actor,
        (them, ban): (&Standing, &Ban),
    ) -> Result<(), Trouble> {
        self.tell_expelled(tx, group, hand, actor, them).await?;
        let ways = membership::ways(tx, group.id, actor.id).await?;
        let now = self.clock().now();
        if them.runs_it() {
            self.tell_rank(tx, group, &actor.iri, false, None).await?;
        }
        let told = self.tell_ban(tx, group, actor, Some(ban), hand.said).await?;
        membership::ban(tx, group.id, actor.id, ban, hand.iri, now).await?;
        held::withdraw_all(tx, actor.id, &[group.id], now).await?;
        call::end_all(tx, group.id, actor.id, now).await?;
        for destination in ways.destinations() {
            log::close_unread(tx, group.id, destination).await?;
        }
        if let Some(destination) = ways.destination {
            self.tell_banned(tx, group, actor, destination, told).await?;
        }
        if them.member {
            self.tell_members(tx, group, &actor.iri, false).await?;
        }
        Ok(())
    }

    /// An admin from now on.
    pub(super) async fn appointed(
        &self,
        tx: &mut Tx,
        group: &InTurn,
        actor: &Actor,
        said: Option<&Case>,
    ) -> Result<(), Trouble> {
        let now = self.clock().now();
        people::rank(tx, group.id, actor.id, true, now).await?;
        call::end(tx, group.id, actor.id, Call::Admin, "accepted", now).await?;
        self.tell_rank(tx, group, &actor.iri, true, said).await?;
        self.tell_list(tx, group, actor, "admins", true).await
    }

    /// Tells somebody that they are on a list of people now, or not any more, where their server understands it.
    pub(super) async fn tell_list(
        &self,
        tx: &mut Tx,
        group: &InTurn,
        actor: &Actor,
        list: &str,
        is_in: bool,
    ) -> Result<(), Trouble> {
        let dialect = people::dialect_of(tx, &actor.host).await?;
        if !dialect.is_some_and(|dialect| dialect::hears_lists(&dialect)) {
            return Ok(());
        }
        let (id, now) = (self.clock().uuid(), self.clock().now());
        let name = group.group.name.as_str();
        let body = dialect::listed(id, name, actor.iri.as_str(), list, is_in, now, self.here());
        let kind = if is_in { "Add" } else { "Remove" };
        self.send(tx, group, actor, kind, id, &body).await
    }

    /// Block, or its Undo.
    pub(super) async fn block(
        &self,
        tx: &mut Tx,
        case: &Case,
        (group, whom): (Option<&str>, &Iri),
        act: &Act,
        reason: Option<&str>,
    ) -> Result<(), Trouble> {
        if let Act::Ban(ban) = act
            && ban.until.is_some_and(|until| until <= self.clock().now())
        {
            let why = "The ban would have ended already.".to_owned();
            return Err(Refused::Unreadable {
                why,
                field: "endTime",
            }
            .into());
        }
        let names = self.groups_meant(case, group);
        // All of them at once: one by one they would be held in another order than everybody else holds them.
        self.take(tx, &names).await?;
        for name in names {
            let group = self.one(tx, &name).await?;
            self.by_sender(tx, case, &group, (act, whom), reason).await?;
            self.was_said_inside(tx, case, &name).await?;
        }
        Ok(())
    }

    /// Whoever sent it does something.
    pub(super) async fn by_sender(
        &self,
        tx: &mut Tx,
        case: &Case,
        group: &InTurn,
        (act, whom): (&Act, &Iri),
        reason: Option<&str>,
    ) -> Result<(), Trouble> {
        let sender = self.standing(tx, group, &case.actor).await?;
        let hand = Hand {
            who: &sender,
            by: Some(case.actor.id),
            reason,
            iri: Some(case.activity.id.as_str()),
            said: Some(case),
        };
        self.administer(tx, group, &hand, act, whom).await?;
        Ok(())
    }
}

/// Whoever is meant is nobody to whom a group does anything.
fn nobody() -> Trouble {
    let why = "Whoever is named is a group of this server, or nobody here.";
    Refused::forbidden("nobody", "object", why).into()
}

/// A reason as it is passed on, or ours.
pub(super) fn words(reason: Option<&str>, ours: &str) -> String {
    let given = reason.map(text::plain).unwrap_or_default();
    let given: String = given.trim().chars().take(LONGEST_REASON).collect();
    if given.is_empty() { ours.to_owned() } else { given }
}
