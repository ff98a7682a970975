//! Posts, edits, deletions, votes and reports, as transactions.
//!
//! One rule: which group it is for comes from our own stored state and from addressing fields that all agree, never from
//! one field that the sender chose (dialects 6.2).

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::{
    dialect::{self, Ask, PostDocument, Said, What},
    domain::{Audience, Command, Event, Iri, Refusal, Subject, Submission, Vote, decide},
    engine::{
        Engine, Refused,
        turn::{Case, Trouble},
    },
    store::{
        Tx,
        group::InTurn,
        log::{self, NewEntry},
        post::{self, Edit, NewPost, NewReport, Place, Stored},
        received,
    },
    text,
};

/// What one group made of it.
type Outcome = (InTurn, Result<Vec<Event>, Refusal>);

impl Engine {
    /// Create or Update with its object.
    pub(super) async fn content(&self, tx: &mut Tx, case: &Case<'_>) -> Result<(), Trouble> {
        match &case.activity.ask {
            Ask::Post(document) => self.post(tx, case, document).await,
            Ask::Edit(document) => self.edit(tx, case, document).await,
            _ => Ok(()),
        }
    }

    async fn post(&self, tx: &mut Tx, case: &Case<'_>, document: &PostDocument) -> Result<(), Trouble> {
        let parent = match &document.in_reply_to {
            Some(iri) => post::find(tx, iri.as_str()).await?,
            None => None,
        };
        if let (Some(iri), None) = (&document.in_reply_to, &parent)
            && !case.again
            && received::is_awaited(tx, iri.as_str()).await?
        {
            // Its parent is being fetched: it waits behind it (ORD10).
            return self.keep_waiting(tx, case, iri.as_str()).await;
        }
        let names = self.groups_for(case, parent.as_ref());
        let groups = self.take(tx, &names).await?;
        if groups.is_empty() && !names.is_empty() {
            return Err(Refused::NotFound.into());
        }
        let known = post::find(tx, document.id.as_str()).await?;
        if known.as_ref().is_some_and(|known| known.author != case.actor.id) {
            return Ok(()); // somebody else's id (ORG06)
        }
        let buried = post::is_buried(tx, &document.id, case.actor.id).await?;
        let mut outcomes: Vec<Outcome> = vec![];
        for group in groups {
            let here = |post: &Stored| post.places.iter().any(|place| place.group == group.id);
            let submission = Submission {
                is_comment: document.in_reply_to.is_some(),
                public: case.activity.addressed.public,
                known: buried || known.as_ref().is_some_and(|known| known.deleted || here(known)),
                parent_is_here: parent
                    .as_ref()
                    .is_some_and(|parent| !parent.deleted && here(parent)),
                parent_is_private: parent.as_ref().is_some_and(|parent| !parent.public),
                relayed: case.via.is_some(),
            };
            let standing = self.standing(tx, &group, case.actor).await?;
            let decided = decide(
                &group.group,
                &standing,
                &Command::Post(submission),
                self.clock().now(),
            );
            outcomes.push((group, decided));
        }
        let taken = self.one_answer(tx, case, outcomes).await?;
        let posted: Vec<InTurn> = taken
            .into_iter()
            .filter(|(_, events)| events.contains(&Event::Posted))
            .map(|(group, _)| group)
            .collect();
        if posted.is_empty() {
            return Ok(());
        }
        let stored = match known {
            Some(known) => known,
            None => self.keep_post(tx, case, document, parent.as_ref()).await?,
        };
        for group in posted {
            self.announce_post(tx, case, &group, &stored).await?;
        }
        Ok(())
    }

    /// The groups that a post is for. A reply belongs to its stored parent's; others count only if `audience` names them.
    fn groups_for(&self, case: &Case<'_>, parent: Option<&Stored>) -> Vec<String> {
        if let Some(via) = case.via {
            return vec![via.to_owned()];
        }
        let addressed = &case.activity.addressed;
        let mut names: BTreeSet<String> = match parent {
            Some(parent) if !parent.places.is_empty() => {
                let places = parent.places.iter().map(|place| place.name.clone());
                places.chain(addressed.bound.iter().cloned()).collect()
            }
            _ => addressed.groups().clone(),
        };
        let names_nobody_here = names.is_empty() && !addressed.elsewhere;
        // The inbox speaks last, and not for what is addressed only to other people: a private message is never a post.
        if names_nobody_here && (addressed.public || !addressed.somebody) {
            names.extend(case.inbox.map(ToOwned::to_owned));
        }
        names.into_iter().collect()
    }

    /// One answer per activity: it is taken if any group takes it, and the others that it names say no by letter. A group
    /// that only has the thread, by following the group that was written to, has nothing to say to the author.
    async fn one_answer(
        &self,
        tx: &mut Tx,
        case: &Case<'_>,
        outcomes: Vec<Outcome>,
    ) -> Result<Vec<(InTurn, Vec<Event>)>, Trouble> {
        let any_takes_it = outcomes.iter().any(|(_, decided)| decided.is_ok());
        let named = case.activity.addressed.groups();
        let mut taken = vec![];
        for (group, decided) in outcomes {
            match decided {
                Ok(events) => taken.push((group, events)),
                Err(refusal) if !case.again && !any_takes_it => return Err(refusal.into()),
                Err(refusal)
                    if case.via.is_none() && (!any_takes_it || named.contains(&group.group.name)) =>
                {
                    self.send_reject(tx, &group, case.actor, case.raw, refusal)
                        .await?;
                }
                Err(_) => {}
            }
        }
        Ok(taken)
    }

    async fn keep_post(
        &self,
        tx: &mut Tx,
        case: &Case<'_>,
        document: &PostDocument,
        parent: Option<&Stored>,
    ) -> Result<Stored, Trouble> {
        let (id, now) = (self.clock().uuid(), self.clock().now());
        let (title, content) = readable(document);
        let thread = parent.map_or(id, |parent| parent.thread);
        let published = document.published.map_or(now, |published| published.min(now));
        let new = NewPost {
            id,
            iri: &document.id,
            author: case.actor.id,
            kind: &document.kind,
            parent: parent.map(|parent| parent.id),
            thread,
            title: title.as_deref(),
            content: content.as_deref(),
            url: document.url.as_deref(),
            public: case.activity.addressed.public,
            published,
            received: now,
        };
        post::insert(tx, &new).await?;
        Ok(Stored {
            id,
            iri: document.id.to_string(),
            author: case.actor.id,
            author_iri: case.actor.iri.to_string(),
            author_host: case.actor.host.clone(),
            kind: document.kind.clone(),
            thread,
            is_comment: parent.is_some(),
            public: new.public,
            published,
            updated: None,
            deleted: false,
            places: vec![],
        })
    }

    async fn announce_post(
        &self,
        tx: &mut Tx,
        case: &Case<'_>,
        group: &InTurn,
        stored: &Stored,
    ) -> Result<(), Trouble> {
        let (activity, seq) = self.say(tx, case, group, stored, "posted", None).await?;
        post::place(tx, stored.id, group.id, seq, activity).await?;
        self.pass_on(tx, case, group, stored).await
    }

    async fn edit(&self, tx: &mut Tx, case: &Case<'_>, document: &PostDocument) -> Result<(), Trouble> {
        let Some(stored) = self.about(tx, case, &document.id).await? else {
            return Ok(());
        };
        let older = match (document.updated, stored.updated) {
            (Some(this), Some(last)) => this < last, // ORD03
            _ => false,
        };
        let edited = self.each_place(tx, case, &stored, false, Command::Edit).await?;
        if older || !edited.iter().any(|(.., events)| events.contains(&Event::Edited)) {
            return Ok(());
        }
        let (title, content) = readable(document);
        let now = self.clock().now();
        let edit = Edit {
            kind: &document.kind,
            title: title.as_deref(),
            content: content.as_deref(),
            url: document.url.as_deref(),
            updated: document.updated.map_or(now, |updated| updated.min(now)),
        };
        post::edit(tx, stored.id, &edit).await?;
        for (group, _, events) in edited {
            if events.contains(&Event::Edited) {
                self.say(tx, case, &group, &stored, "edited", None).await?;
            }
        }
        Ok(())
    }

    /// A Delete: by the author, of whatever we have of it, or before it has come.
    pub(super) async fn delete(&self, tx: &mut Tx, case: &Case<'_>, object: &Iri) -> Result<(), Trouble> {
        let Some(stored) = self.about(tx, case, object).await? else {
            if object.same_origin(&case.actor.iri) {
                post::bury(tx, object, case.actor.id, self.clock().now()).await?;
            }
            return Ok(());
        };
        let deleted = self.each_place(tx, case, &stored, false, Command::Delete).await?;
        if deleted.is_empty() {
            return Ok(());
        }
        post::delete(tx, stored.id, self.clock().now()).await?;
        for (group, place, _) in deleted {
            self.say(tx, case, &group, &stored, "deleted", Some(&place))
                .await?;
        }
        Ok(())
    }

    pub(super) async fn vote(
        &self,
        tx: &mut Tx,
        case: &Case<'_>,
        vote: Vote,
        object: &Iri,
    ) -> Result<(), Trouble> {
        let Some(stored) = self.about(tx, case, object).await? else {
            return Ok(());
        };
        let voted = post::has_voted(tx, stored.id, case.actor.id, vote).await?;
        let cast = self
            .each_place(tx, case, &stored, voted, |subject| Command::Vote(vote, subject))
            .await?;
        if cast.is_empty() {
            return Ok(());
        }
        post::vote(
            tx,
            stored.id,
            case.actor.id,
            vote,
            &case.activity.id,
            self.clock().now(),
        )
        .await?;
        self.say_each(tx, case, &stored, cast).await
    }

    pub(super) async fn unvote(
        &self,
        tx: &mut Tx,
        case: &Case<'_>,
        vote: Vote,
        object: &Iri,
    ) -> Result<(), Trouble> {
        let Some(stored) = self.about(tx, case, object).await? else {
            return Ok(());
        };
        let voted = post::has_voted(tx, stored.id, case.actor.id, vote).await?;
        let undone = self
            .each_place(tx, case, &stored, voted, |subject| Command::Unvote(vote, subject))
            .await?;
        if undone.is_empty() {
            return Ok(());
        }
        post::unvote(tx, stored.id, case.actor.id, vote).await?;
        self.say_each(tx, case, &stored, undone).await
    }

    async fn say_each(
        &self,
        tx: &mut Tx,
        case: &Case<'_>,
        stored: &Stored,
        places: Vec<(InTurn, Place, Vec<Event>)>,
    ) -> Result<(), Trouble> {
        for (group, _, events) in places {
            if let Some(kind) = events.iter().find_map(Event::announced_as) {
                self.say(tx, case, &group, stored, kind, None).await?;
            }
        }
        Ok(())
    }

    /// The post that something is about. Where it names groups, they must be the post's own (GRP23).
    async fn about(&self, tx: &mut Tx, case: &Case<'_>, object: &Iri) -> Result<Option<Stored>, Trouble> {
        let Some(stored) = self.post_of(tx, object).await? else {
            return Ok(None);
        };
        let bound = &case.activity.addressed.bound;
        if !bound.is_empty() && !stored.places.iter().any(|place| bound.contains(&place.name)) {
            let why = "The post is not in the group that audience or target names.";
            return Err(Refused::forbidden("groups-disagree", "audience", why).into());
        }
        Ok(Some(stored))
    }

    /// A post by its own id, or by the id of our announcement of it (Mastodon users like what was boosted).
    async fn post_of(&self, tx: &mut Tx, object: &Iri) -> Result<Option<Stored>, Trouble> {
        if let Some(dialect::Local::Activity(id, _)) = self.here().local(object.as_str()) {
            return match post::iri_announced(tx, id).await? {
                Some(iri) => Ok(post::find(tx, &iri).await?),
                None => Ok(None),
            };
        }
        Ok(post::find(tx, object.as_str()).await?)
    }

    /// Decides in every group where a post is; the groups in which something happens.
    async fn each_place(
        &self,
        tx: &mut Tx,
        case: &Case<'_>,
        stored: &Stored,
        voted: bool,
        command: impl Fn(Subject) -> Command,
    ) -> Result<Vec<(InTurn, Place, Vec<Event>)>, Trouble> {
        let names: Vec<String> = stored.places.iter().map(|place| place.name.clone()).collect();
        let mut outcomes = vec![];
        let is_mine = stored.author == case.actor.id;
        for group in self.take(tx, &names).await? {
            let subject = Subject {
                is_here: true,
                is_mine,
                deleted: stored.deleted,
                voted,
            };
            let decided = self.decide(tx, &group, case.actor, &command(subject)).await?;
            outcomes.push((group, decided));
        }
        let taken = self.one_answer(tx, case, outcomes).await?;
        Ok(taken
            .into_iter()
            .filter(|(_, events)| !events.is_empty())
            .filter_map(|(group, events)| {
                let place = stored
                    .places
                    .iter()
                    .find(|place| place.group == group.id)?
                    .clone();
                Some((group, place, events))
            })
            .collect())
    }

    /// Writes one event into one group's log, in every shape that somebody there hears; gives its id and place.
    async fn say(
        &self,
        tx: &mut Tx,
        case: &Case<'_>,
        group: &InTurn,
        stored: &Stored,
        kind: &'static str,
        retracts: Option<&Place>,
    ) -> Result<(Uuid, i64), Trouble> {
        let (id, at) = (self.clock().uuid(), self.clock().now());
        let Some(what) = What::from_word(kind) else {
            return Ok((id, group.seq));
        };
        let said = Said {
            id,
            group: &group.group.name,
            what,
            at,
            object: &stored.iri,
            object_kind: &stored.kind,
            published: stored.published,
            is_comment: stored.is_comment,
            public: stored.public,
            author: case.actor.iri.as_str(),
            wrapped: !case.raw.is_empty(),
            retracts: retracts.map(|place| (place.activity, place.at)),
        };
        let heard = log::shapes_heard(tx, group.id).await?;
        let undecided = heard.contains(&None);
        let shapes: Vec<_> = dialect::shapes()
            .into_iter()
            .filter(|shape| undecided || heard.iter().flatten().any(|heard| heard == shape.0))
            .filter_map(|shape| {
                let written = dialect::write(shape, &said, self.here())?;
                Some((shape.0, written.head, written.tail, written.skip_author))
            })
            .collect();
        let entry = NewEntry {
            group: group.id,
            id,
            iri: Some(case.activity.id.as_str()),
            kind,
            actor: case.actor.id,
            post: stored.id,
            thread: stored.thread,
            author_host: &case.actor.host,
            audience: if stored.public {
                Audience::Public
            } else {
                Audience::Members
            },
            retracts: retracts.map(|place| (place.seq, place.activity)),
            raw: case.raw,
            at,
            shapes: &shapes,
        };
        let seq = log::append(tx, &entry).await?;
        Ok((id, seq))
    }

    /// A Flag, kept for whoever handles reports.
    pub(super) async fn report(
        &self,
        tx: &mut Tx,
        case: &Case<'_>,
        objects: &[Iri],
        reason: Option<&str>,
    ) -> Result<(), Trouble> {
        let mut names: BTreeSet<String> = case.activity.addressed.groups().clone();
        for object in objects {
            names.extend(self.here().group_meant(object.as_str()).map(ToOwned::to_owned));
            let stored = self.post_of(tx, object).await?;
            names.extend(
                stored
                    .into_iter()
                    .flat_map(|stored| stored.places)
                    .map(|place| place.name),
            );
        }
        if names.is_empty() {
            names.extend(case.inbox.map(ToOwned::to_owned));
        }
        let names: Vec<String> = names.into_iter().collect();
        let objects: Vec<String> = objects.iter().map(ToString::to_string).collect();
        let reason = reason.map(|reason| text::truncate(reason, 10_000));
        for group in self.take(tx, &names).await? {
            self.decide(tx, &group, case.actor, &Command::Report).await??;
            let new = NewReport {
                id: self.clock().uuid(),
                iri: &case.activity.id,
                group: Some(group.id),
                reporter: case.actor.id,
                objects: &objects,
                reason,
                raw: case.raw,
                at: self.clock().now(),
            };
            post::report(tx, &new).await?;
        }
        Ok(())
    }
}

/// Title and text as we show them; what the author sent is passed on as it is.
fn readable(document: &PostDocument) -> (Option<String>, Option<String>) {
    let title = document
        .name
        .as_deref()
        .map(text::tidy_name)
        .filter(|name| !name.is_empty());
    (title, document.content.as_deref().map(text::sanitize))
}
