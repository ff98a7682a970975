//! One thing that is asked about content: what it holds and what it must know.
//!
//! One rule: it holds whatever it may change, before anything is read. Votes change nothing of a post: for them its groups
//! are enough, and whoever deletes it has those too.

use crate::{
    dialect::{Ask, PostDocument},
    domain::{Iri, host_and_parents},
    engine::case::Case,
    store::{
        facts::Asked,
        turn::{Holds, key_of},
    },
};

/// One thing that a case asks about content.
#[derive(Debug)]
pub(super) struct Matter<'a> {
    pub(super) case: &'a Case,
    pub(super) ask: &'a Ask,
    /// Of the sender's host, as a ban may call it.
    pub(super) hosts: Vec<String>,
    /// The case is this and no more: its id is asked about and remembered here.
    pub(super) whole: bool,
}

impl<'a> Matter<'a> {
    /// All that a case asks.
    pub(super) fn of(case: &'a Case) -> Self {
        Self {
            whole: true,
            ..Self::of_seen(case, &case.activity.ask)
        }
    }

    /// Something that a case asks whose id is remembered already.
    pub(super) fn of_seen(case: &'a Case, ask: &'a Ask) -> Self {
        Self {
            case,
            ask,
            hosts: host_and_parents(&case.actor.host),
            whole: false,
        }
    }

    /// Of the group in whose inbox it was put, if that is still to be looked at.
    pub(super) fn inbox(&self) -> Option<&'a str> {
        let arrives = self.whole && self.case.waited.is_none();
        self.case.inbox.as_deref().filter(|_| arrives)
    }

    pub(super) fn hold(&self, holds: &mut Holds<'a>) {
        if self.whole {
            holds.keys.push(key_of(self.case.activity.id.as_str()));
        }
        holds.names.extend(self.inbox());
        holds.names.extend(self.case.warrant.group());
        match self.ask {
            Ask::Post(document) => {
                holds.keys.push(key_of(document.id.as_str()));
                holds.posts.extend(document.in_reply_to.as_ref().map(Iri::as_str));
                holds.names.extend(self.case.via.as_deref());
                let addressed = &self.case.activity.addressed;
                holds.names.extend(addressed.groups().iter().map(String::as_str));
                holds.names.extend(self.case.inbox.as_deref());
            }
            Ask::Edit(document) => {
                holds.keys.push(key_of(document.id.as_str()));
                holds.posts.push(document.id.as_str());
                holds.posts.extend(self.parent_of_new(document));
            }
            Ask::Delete { object } => {
                holds.keys.push(key_of(object.as_str()));
                holds.posts.push(object.as_str());
            }
            Ask::Mark { object, group, .. } => {
                holds.posts.push(object.as_str());
                holds.names.extend(group.as_deref());
                let addressed = &self.case.activity.addressed;
                holds.names.extend(addressed.groups().iter().map(String::as_str));
                holds.names.extend(self.case.inbox.as_deref());
            }
            // Whoever changes or deletes the post has its groups, and so have we.
            Ask::Vote { object, .. } | Ask::Unvote { object, .. } => holds.posts.push(object.as_str()),
            _ => {}
        }
    }

    /// A version that was let through may be the first that its group takes: then it has its place in a thread to find.
    fn parent_of_new(&self, document: &'a PostDocument) -> Option<&'a str> {
        let parent = document.in_reply_to.as_ref().map(Iri::as_str);
        parent.filter(|_| self.case.warrant.is_review())
    }

    pub(super) fn ask(&self, asked: &mut Asked<'a>, group_base: &'a str) {
        let actor = &self.case.actor;
        if self.whole {
            asked.ids.push(&self.case.activity.id);
        }
        if !asked.actors.iter().any(|known| known.id == actor.id) {
            asked.actors.push(actor);
            asked.hosts.extend(self.hosts.iter().cloned());
        }
        match self.ask {
            Ask::Post(document) => {
                asked.posts.push(document.id.as_str());
                asked.graves.push((&document.id, actor.id));
                asked.group_base = Some(group_base);
                if let Some(parent) = &document.in_reply_to {
                    asked.posts.push(parent.as_str());
                    asked.readers.push((parent.as_str(), actor.id));
                    asked.awaited.push(parent.as_str());
                }
            }
            Ask::Edit(document) => {
                asked.posts.push(document.id.as_str());
                asked.awaited.push(document.id.as_str());
                asked.readers.push((document.id.as_str(), actor.id));
                if self.case.warrant.is_review() {
                    let parent = self.parent_of_new(document);
                    asked.posts.extend(parent);
                    asked.readers.extend(parent.map(|parent| (parent, actor.id)));
                    asked.graves.push((&document.id, actor.id));
                    asked.group_base = Some(group_base);
                }
            }
            Ask::Delete { object } | Ask::Mark { object, .. } => {
                asked.posts.push(object.as_str());
                asked.readers.push((object.as_str(), actor.id));
            }
            Ask::Vote { object, .. } | Ask::Unvote { object, .. } => {
                asked.posts.push(object.as_str());
                asked.readers.push((object.as_str(), actor.id));
                asked.votes.push((object.as_str(), actor.id));
            }
            _ => {}
        }
    }
}
