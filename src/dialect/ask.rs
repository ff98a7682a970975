//! What somebody asks, as it is read.
//!
//! One rule: it is made of ids and words alone; what they stand for here, the engine finds out. One more is a variant, an arm where
//! it is read (`activity.rs` and its neighbours), and one in the engine's `turn.rs`.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::{
    dialect::{Answered, Arranging, Founding, Granting, Here, PostDocument},
    domain::{Call, Iri, Mark, Vote, Way},
};

/// What somebody asks, by ids; the engine adds the facts.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// Follow, Join: `group` is the object, ours or not.
    Join {
        group: Iri,
        way: Way,
    },
    /// Leave, Undo of a Follow or Join that is embedded.
    Leave {
        group: Iri,
        /// The way in that it is the end of: where these are two relations.
        way: Way,
    },
    Post(Box<PostDocument>),
    Edit(Box<PostDocument>),
    /// Create or Update of something given by id, or embedded but of another origin: to be fetched.
    Fetch {
        object: Iri,
        edit: bool,
    },
    /// Create of a group that is to be on this server.
    Found(Box<Founding>),
    /// Update of a group of ours. What of it may change is for [`describe`](super::describe) to say (GRP17).
    Describe {
        group: Iri,
        object: Box<Value>,
    },
    /// Delete of a group of ours.
    Close {
        group: Iri,
    },
    /// Create, Update or Delete of a collection.
    Arrange {
        /// Its name, where the collection says whose it is; `None`: whom the activity names.
        group: Option<String>,
        what: Arranging,
    },
    Delete {
        object: Iri,
    },
    /// Undo of a Delete: it is to be there again.
    Restore {
        object: Iri,
    },
    /// A post is to have a mark in a group, or not any more.
    Mark {
        mark: Mark,
        object: Iri,
        /// Its name, where what is done says it; `None`: whom the activity names.
        group: Option<String>,
        wanted: bool,
    },
    Vote {
        vote: Vote,
        object: Iri,
    },
    Unvote {
        vote: Vote,
        object: Iri,
    },
    /// A reply is the answer to what its thread asks, or not any more: a vote in that question.
    Choose {
        object: Iri,
        wanted: bool,
    },
    /// Undo of something given by id only: what it was is in the store.
    Undo {
        object: Iri,
    },
    /// Announce by somebody: passes on an object or wraps an activity.
    Announce {
        objects: Vec<Iri>,
    },
    Report {
        objects: Vec<Iri>,
        reason: Option<String>,
        /// It is addressed to this server, by its instance actor.
        to_server: bool,
    },
    /// Accept or Reject.
    Answer(Box<Answered>),
    /// Invite to a group of ours or to its admins, Offer of it; not `wanted`: taken back.
    Invite {
        /// Its name.
        group: String,
        whom: Iri,
        call: Call,
        /// It is addressed to them, too.
        told: bool,
        wanted: bool,
    },
    /// Block: somebody is kept out, or is not any more.
    Block {
        /// Its name; `None`: whom the activity names.
        group: Option<String>,
        whom: Iri,
        until: Option<DateTime<Utc>>,
        reason: Option<String>,
        /// What they wrote in the group goes, too.
        clears: bool,
        wanted: bool,
    },
    /// Add to a collection, or Remove; whose collection it is, and of what, its id says.
    Collect {
        object: Iri,
        target: Iri,
        reason: Option<String>,
        wanted: bool,
    },
    /// Grant or Revoke.
    Grant(Box<Granting>),
    /// Offer of a Remove or Delete that the group is to issue as its own.
    Propose(Box<Self>),
    /// Update of an actor: read it again at its origin, never from the body (KEY11).
    ActorChanged {
        actor: Iri,
    },
    /// Delete of an actor by itself.
    ActorGone {
        actor: Iri,
    },
    /// Move of an actor by itself: it is another one from now on, if that one says so too.
    Moved {
        target: Iri,
    },
    /// A type or form that means nothing to a group.
    Nothing,
}

impl Ask {
    /// The group of ours that it is about by what it is, and not by whom it names; `None`: by whom it names.
    #[must_use]
    pub fn group<'a>(&'a self, here: &Here) -> Option<&'a str> {
        match self {
            Self::Invite { group, .. } => Some(group),
            Self::Block { group, .. } => group.as_deref(),
            Self::Arrange { group, .. } | Self::Mark { group, .. } => group.as_deref(),
            Self::Grant(granting) => granting.group.as_deref(),
            Self::Collect { target, .. } => here.group_of(target.as_str()),
            Self::Answer(answered) => answered.group.as_deref(),
            Self::Propose(ask) => ask.group(here),
            _ => None,
        }
    }

    /// Whether its `target` says to whom or to what something is done, and not whom it is for.
    pub(super) const fn aims(&self) -> bool {
        matches!(
            self,
            Self::Invite { .. }
                | Self::Block { .. }
                | Self::Collect { .. }
                | Self::Arrange { .. }
                | Self::Grant(_)
                | Self::Mark { group: Some(_), .. }
                | Self::Answer(_)
                | Self::Propose(_)
                | Self::Moved { .. }
        )
    }
}
