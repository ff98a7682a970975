//! Posts, edits and deletions, as transactions.
//!
//! One rule: which group it is for comes from our own stored state and from addressing fields that all agree, never from
//! one field that the sender chose.

use std::collections::BTreeSet;

use crate::{
    dialect::{Ask, PostDocument},
    domain::{Command, Event, Iri, Submission, decide},
    engine::{
        Engine, Refused,
        places::Outcome,
        turn::{Case, Trouble},
    },
    store::{
        Tx,
        group::InTurn,
        post::{self, Edit, NewPost, Stored},
        received,
    },
    text,
};

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
        post::hold(tx, document.id.as_str()).await?;
        let parent = match &document.in_reply_to {
            Some(iri) => post::find(tx, iri.as_str()).await?,
            None => None,
        };
        if let (Some(iri), None) = (&document.in_reply_to, &parent)
            && case.waited.is_none()
            && received::is_awaited(tx, iri.as_str()).await?
        {
            // Its parent is being fetched: it waits behind it (ORD10).
            return self.keep_waiting(tx, case, case.activity.id.as_str()).await;
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
                was_public: self.narrows(case, known.as_ref()),
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

    pub(super) async fn keep_post(
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
            kind: document.kind(),
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
            kind: document.kind().to_owned(),
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
            kind: document.kind.unwrap_or(&stored.kind),
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
