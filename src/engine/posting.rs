//! Posts and edits.
//!
//! One rule: which group it is for comes from our own stored state and from addressing fields that all agree, never from
//! one field that the sender chose.

use std::{borrow::Cow, collections::BTreeSet};

use crate::{
    dialect::PostDocument,
    domain::{Command, Event, Iri, Submission, Visibility},
    engine::{
        Engine, Refused,
        book::Deed,
        case::{Case, Warrant},
        content::{At, Decided, Ending, Halt},
        matter::Matter,
        places::{Answered, not_its_group},
        saying::face_needed,
    },
    store::{
        facts::Turned,
        post::{Edit, NewPost, Stored},
    },
};

impl Engine {
    /// Create with its object.
    pub(super) fn post<'a>(
        &self,
        at: &At<'a>,
        matter: &Matter<'a>,
        document: &'a PostDocument,
    ) -> Decided<'a> {
        let case = matter.case;
        let parent_iri = document.in_reply_to.as_ref().map(Iri::as_str);
        let parent = parent_iri.and_then(|iri| at.post(case, iri));
        let is_awaited = parent_iri.is_some_and(|iri| at.facts.is_awaited(iri));
        let is_sent = case.waited.is_none() && case.via.is_none() && !case.warrant.is_review();
        if parent.is_none() && is_awaited && is_sent {
            // Its parent is being fetched: it waits behind it (ORD10).
            return Ok(vec![Deed::Wait(case.activity.id.as_str())]);
        }
        let names = self.groups_for(at, case, parent)?;
        let groups = at.all_named(names.iter().map(AsRef::as_ref))?;
        if groups.is_empty() && !names.is_empty() {
            return Err(Refused::NotFound.into());
        }
        let found = at.facts.post(document.id.as_str());
        let known = found.filter(|found| found.author == case.actor.id);
        if known.is_some_and(|known| !known.deleted) && self.is_read_by_what_is_here(case, document) {
            // It came meanwhile, and this is its next version: two of one note at once lose neither.
            return Err(Halt(Ending::Stale));
        }
        let is_anothers = known.is_none() && found.is_some() || self.is_anothers(at, matter, &document.id);
        // Decided as if its parent were here: whoever would be refused anyway costs nobody a fetch.
        let missing = parent_iri.filter(|iri| parent.is_none() && self.may_be_had(at, case, document, iri));
        let mut outcomes = vec![];
        for group in groups {
            let mut submission = self.submission(at, case, document, group, (known, parent));
            submission.parent_is_here |= missing.is_some();
            outcomes.push((group, at.decide(group, matter, &Command::Post(submission))?));
        }
        let Answered { taken, letters } = self.one_answer(case, outcomes)?;
        if is_anothers {
            return Ok(vec![]); // somebody else's id (ORG06): the answer does not say so
        }
        let is_new = |events: &Vec<Event>| !events.contains(&Event::AlreadyPosted);
        if let Some(parent) = missing
            && taken.iter().any(|(_, events)| is_new(events))
        {
            return Ok(vec![Deed::Wait(parent)]);
        }
        let mut deeds = letters;
        deeds.extend(self.held(at, matter, document, &taken));
        let posted = taken
            .into_iter()
            .filter(|(_, events)| events.contains(&Event::Posted));
        let mut posted = posted.map(|(group, _)| group).peekable();
        if posted.peek().is_some() {
            let stored = match known {
                Some(known) => Cow::Borrowed(known),
                None => {
                    let new = self.new_post(at, case, document, parent);
                    let stored = stored(&new);
                    deeds.push(Deed::Keep(new));
                    Cow::Owned(stored)
                }
            };
            for group in posted {
                deeds.extend(self.tell_new(at, matter, group, &stored));
                deeds.extend(self.receipt(at, case, group));
                // Groups of this server that follow this one hear of it without a letter: it waits for their own turn.
                let public = group.in_turn.group.policies.visibility == Visibility::Public;
                let followers = group.followed_by.iter().filter(|_| stored.public && public);
                deeds.extend(followers.map(|to| Deed::PassOn {
                    post: &document.id,
                    to,
                }));
            }
        }
        Ok(deeds)
    }

    /// Whether its sender has one word for a post and for an edit of it, so that which of them it is was decided by what was
    /// here when it came: nothing of our own host is ever brought by somebody else.
    fn is_read_by_what_is_here(&self, case: &Case, document: &PostDocument) -> bool {
        case.warrant == Warrant::Own && case.waited.is_none() && self.here().owns(&document.id)
    }

    fn submission(
        &self,
        at: &At<'_>,
        case: &Case,
        document: &PostDocument,
        group: &Turned,
        (known, parent): (Option<&Stored>, Option<&Stored>),
    ) -> Submission {
        let here = |post: &Stored| at.places(case, post).any(|place| place.group == group.in_turn.id);
        let was_here = |post: &Stored| post.removed.contains(&group.in_turn.id);
        let buried = at.facts.is_buried(&document.id, case.actor.id);
        Submission {
            is_comment: document.in_reply_to.is_some(),
            public: case.is_public(),
            was_public: self.narrows(case, known),
            known: buried || known.is_some_and(|known| known.deleted || here(known) || was_here(known)),
            parent_is_here: parent.is_some_and(|parent| !parent.deleted && here(parent)),
            parent_is_private: parent.is_some_and(|parent| !parent.public),
            parent_is_locked: parent.is_some_and(|parent| is_locked(parent, group)),
            relayed: case.via.is_some(),
            vouched: case.warrant.vouched_in().is_some(),
            approved: case.warrant.is_review(),
        }
    }

    /// The groups that a post is for. A reply belongs to its stored parent's, which `audience` names where it names any of
    /// ours (GRP23); others count only if it names them, too.
    fn groups_for<'a>(
        &self,
        at: &At<'a>,
        case: &'a Case,
        parent: Option<&Stored>,
    ) -> Result<BTreeSet<&'a str>, Halt> {
        if let Some(group) = case.warrant.group() {
            return Ok(BTreeSet::from([group]));
        }
        if let Some(via) = &case.via {
            return Ok(BTreeSet::from([via.as_str()]));
        }
        let addressed = &case.activity.addressed;
        let mut names = BTreeSet::new();
        match parent {
            Some(parent) if !parent.places.is_empty() => {
                for place in at.places(case, parent) {
                    names.insert(at.group(place.group)?.in_turn.group.name.as_str());
                }
                let bound = addressed.bound.iter().map(String::as_str);
                if !addressed.bound.is_empty() && !bound.clone().any(|name| names.contains(name)) {
                    return Err(not_its_group(
                        "What this answers is not in the group that audience or target names.",
                    ));
                }
                names.extend(bound);
            }
            _ => names.extend(addressed.groups().iter().map(String::as_str)),
        }
        if let Some(groups) = case.warrant.vouched_in() {
            names.retain(|name| groups.contains(*name));
        }
        if names.is_empty() && addressed.speaks_to_inbox() {
            names.extend(case.inbox.as_deref());
        }
        Ok(names)
    }

    /// Whether what a reply answers is to be looked for at its origin: not what would be here, and not what an admin has yet to
    /// decide about. Whoever looked already has not found it; of what a group passes on, it was looked for before (`recovery.rs`).
    fn may_be_had(&self, at: &At<'_>, case: &Case, reply: &PostDocument, parent: &str) -> bool {
        let is_new = !case.sought && case.via.is_none() && case.warrant == Warrant::Own;
        let is_elsewhere = |iri: &Iri| !self.here().owns(iri) && *iri != reply.id;
        is_new && reply.in_reply_to.as_ref().is_some_and(is_elsewhere) && at.facts.pending(parent).is_empty()
    }

    fn new_post<'a>(
        &self,
        at: &At<'_>,
        case: &'a Case,
        document: &'a PostDocument,
        parent: Option<&Stored>,
    ) -> NewPost<'a> {
        let id = self.clock().uuid();
        NewPost {
            id,
            iri: &document.id,
            author: case.actor.id,
            kind: document.kind(),
            parent: parent.map(|parent| parent.id),
            thread: parent.map_or(id, |parent| parent.thread),
            title: case.shown.title.as_deref(),
            content: case.shown.content.as_deref(),
            url: document.url.as_deref(),
            target: document
                .target
                .as_deref()
                .filter(|target| self.here().group_meant(target).is_some()),
            public: case.is_public(),
            published: document
                .published
                .map_or(at.now, |published| published.min(at.now)),
        }
    }

    /// Update with its object.
    pub(super) fn edit<'a>(
        &self,
        at: &At<'a>,
        matter: &Matter<'a>,
        document: &'a PostDocument,
    ) -> Decided<'a> {
        let stored = match self.about(at, matter, &document.id)? {
            // Another group has it; the one that held it does not yet.
            Some(stored) if !is_where_it_is_reviewed(at, matter, stored)? => None,
            stored => stored,
        };
        let Some(stored) = stored else {
            let case = matter.case;
            let is_sent = case.waited.is_none() && case.via.is_none() && case.warrant == Warrant::Own;
            if is_sent && at.facts.is_awaited(document.id.as_str()) {
                // The post waits for what it answers: its edit waits behind it (ORD10).
                return Ok(vec![Deed::Wait(matter.case.activity.id.as_str())]);
            }
            return self.edit_held(at, matter, document);
        };
        let older = match (document.updated, stored.updated) {
            (Some(this), Some(last)) => this < last, // ORD03
            _ => false,
        };
        let Answered { taken, letters } = self.each_place(at, matter, stored, false, Command::Edit)?;
        let mut deeds = letters;
        if !older {
            let outcomes: Vec<_> = taken
                .iter()
                .map(|(group, _, events)| (*group, events.clone()))
                .collect();
            deeds.extend(self.held(at, matter, document, &outcomes));
        }
        let mut edited = taken
            .into_iter()
            .filter(|(.., events)| events.contains(&Event::Edited))
            .peekable();
        if older || edited.peek().is_none() {
            return Ok(deeds);
        }
        let edit = Edit {
            kind: document.kind.unwrap_or(&stored.kind),
            title: matter.case.shown.title.as_deref(),
            content: matter.case.shown.content.as_deref(),
            url: document.url.as_deref(),
            updated: document.updated.map_or(at.now, |updated| updated.min(at.now)),
        };
        deeds.push(Deed::Edit(stored.id, edit));
        for (group, ..) in edited {
            let entry = self.entry(at, matter, group, stored, "edited", None);
            if let Some(entry) = entry {
                deeds.extend(face_needed(at, matter, &entry).map(Deed::Face));
                deeds.push(Deed::Say(group, entry, None));
            }
            deeds.extend(self.receipt(at, matter.case, group));
        }
        Ok(deeds)
    }
}

/// Whether a post takes no comments in a group.
fn is_locked(post: &Stored, group: &Turned) -> bool {
    let mut here = post.places.iter().filter(|place| place.group == group.in_turn.id);
    here.any(|place| place.marks.locked || place.marks.in_locked)
}

fn is_where_it_is_reviewed(at: &At<'_>, matter: &Matter<'_>, stored: &Stored) -> Result<bool, Halt> {
    let Some(name) = matter.case.warrant.group() else {
        return Ok(true);
    };
    for place in &stored.places {
        if at.group(place.group)?.in_turn.group.name == name {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A post as it will be found.
fn stored(new: &NewPost<'_>) -> Stored {
    Stored {
        id: new.id,
        iri: new.iri.to_string(),
        author: new.author,
        kind: new.kind.to_owned(),
        thread: new.thread,
        is_comment: new.parent.is_some(),
        target: new.target.map(ToOwned::to_owned),
        public: new.public,
        published: new.published,
        updated: None,
        deleted: false,
        places: vec![],
        removed: vec![],
    }
}
