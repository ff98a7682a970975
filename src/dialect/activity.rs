//! Reading an activity: who asks what.
//!
//! One rule: what is read here says what somebody asks, not whether they may: the store's facts and the domain decide.
//! A new verb is a variant of [`Ask`], an arm in [`ask`], and a fixture.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::{
    dialect::{
        Addressed, Answered, Arranging, Founding, Granting, Here, PostDocument, Unreadable, administer,
        fields::{embedded, id_of, ids_of, kind_of, text_of},
        founding, post,
        vote::{CHOICE, vote_of},
    },
    domain::{Call, Iri, Mark, Vote, Way},
};

/// An activity: its own fields, whom it names, and what it asks.
#[derive(Clone, Debug)]
pub struct Activity {
    pub id: Iri,
    pub actor: Iri,
    pub addressed: Addressed,
    pub ask: Ask,
}

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

/// Types that we know; of several in one activity the first of this list counts (ORG15).
const KINDS: [&str; 26] = [
    "Follow",
    "Join",
    "TentativeJoin",
    "Leave",
    "Undo",
    "Create",
    "Update",
    "Delete",
    "Like",
    "Dislike",
    "EmojiReact",
    "PollVote",
    "ChooseAnswer",
    "Announce",
    "Flag",
    "Accept",
    "Reject",
    "Invite",
    "Offer",
    "Block",
    "Add",
    "Remove",
    "Grant",
    "Revoke",
    "Lock",
    "Move",
];

/// Types of actors.
pub(crate) const ACTORS: [&str; 5] = ["Person", "Group", "Service", "Application", "Organization"];

/// An Announce of more than this many objects is cut.
const MOST_ANNOUNCED: usize = 100;

/// Reads an activity.
///
/// # Errors
/// Names the field that cannot be read.
pub fn read(document: &Value, here: &Here) -> Result<Activity, Unreadable> {
    let id = document
        .get("id")
        .ok_or_else(|| Unreadable::new("id", "The activity has no id."))?
        .as_str()
        .ok_or_else(|| Unreadable::new("id", "The id of the activity is not a string."))
        .and_then(|id| {
            Iri::activity(id).map_err(|why| Unreadable::new("id", format!("The id is refused: {why}.")))
        })?;
    let actor = actor(document)?;
    if document.get("type").is_none() {
        return Err(Unreadable::new("type", "The activity has no type."));
    }
    let ask = ask(document, &actor, here)?;
    let addressed = if ask.aims() {
        Addressed::around(document, ask.group(here), here)
    } else {
        Addressed::read(document, here)
    };
    Ok(Activity {
        id,
        actor,
        addressed,
        ask,
    })
}

fn actor(document: &Value) -> Result<Iri, Unreadable> {
    let value = document
        .get("actor")
        .ok_or_else(|| Unreadable::new("actor", "The activity has no actor."))?;
    let id = id_of(value)
        .ok_or_else(|| Unreadable::new("actor", "The actor is not one id, or one object with an id."))?;
    Iri::object(id).map_err(|why| Unreadable::new("actor", format!("The actor's id is refused: {why}.")))
}

pub(super) fn ask(document: &Value, actor: &Iri, here: &Here) -> Result<Ask, Unreadable> {
    let Some(kind) = kind_of(document, &KINDS) else {
        return Ok(Ask::Nothing);
    };
    if let Some(vote) = vote_of(kind) {
        return vote_asked(kind, vote, document, true);
    }
    Ok(match kind {
        "Follow" => Ask::Join {
            group: object_id(document)?,
            way: Way::Follow,
        },
        "Join" | "TentativeJoin" => Ask::Join {
            group: object_id(document)?,
            way: Way::Join,
        },
        "Leave" => Ask::Leave {
            group: object_id(document)?,
        },
        "Create" => create(document, actor, here, false)?,
        "Update" => create(document, actor, here, true)?,
        "Delete" => delete(document, actor, here)?,
        "Undo" => undo(document, actor, here)?,
        "Announce" => announce(document)?,
        "Flag" => flag(document, here)?,
        "Accept" | "Reject" => administer::answer(document, kind == "Accept", here)?,
        "Lock" => lock(document, true)?,
        "Move" => moved(document, actor),
        _ => administer::deed(document, kind, actor, here, true)?,
    })
}

fn vote_asked(kind: &str, vote: Vote, document: &Value, wanted: bool) -> Result<Ask, Unreadable> {
    let object = object_id(document)?;
    Ok(match (kind, wanted) {
        (CHOICE, wanted) => Ask::Choose { object, wanted },
        (_, true) => Ask::Vote { vote, object },
        (_, false) => Ask::Unvote { vote, object },
    })
}

/// The one object of an activity, by its id. Ids of activities may carry a fragment, so one is let through here; what
/// must not have one is looked up and not found.
pub(super) fn object_id(document: &Value) -> Result<Iri, Unreadable> {
    let value = document
        .get("object")
        .ok_or_else(|| Unreadable::new("object", "The activity has no object."))?;
    let id = id_of(value)
        .ok_or_else(|| Unreadable::new("object", "The object is not one id, or one object with an id."))?;
    Iri::activity(id).map_err(|why| Unreadable::new("object", format!("The object's id is refused: {why}.")))
}

fn create(document: &Value, actor: &Iri, here: &Here, edit: bool) -> Result<Ask, Unreadable> {
    if let Some(ask) = founding::read(document, actor, here, edit)? {
        return Ok(ask);
    }
    let id = object_id(document)?;
    let Some(object) = document.get("object").and_then(embedded) else {
        let object = post::object_id(&id)?;
        // Mitra and others announce a changed profile by id.
        return Ok(if edit && object == *actor {
            Ask::ActorChanged { actor: object }
        } else {
            Ask::Fetch { object, edit }
        });
    };
    if kind_of(object, &ACTORS).is_some() || id == *actor {
        return Ok(if edit {
            Ask::ActorChanged { actor: id }
        } else {
            Ask::Nothing
        });
    }
    let id = post::object_id(&id)?;
    if here.owns(&id) || id.same_origin(actor) {
        let post = Box::new(post::read(object, actor)?);
        return Ok(match (post.kind(), edit) {
            // A vote in a poll (Mastodon: a Note with a name and inReplyTo and no content) is not a comment.
            ("Note", false) if post.is_poll_vote => match post.in_reply_to {
                Some(object) => Ask::Vote {
                    vote: Vote::Answer,
                    object,
                },
                None => Ask::Nothing,
            },
            (_, false) => Ask::Post(post),
            (_, true) => Ask::Edit(post),
        });
    }
    Ok(Ask::Fetch { object: id, edit })
}

/// `Lock` of a thread (Lemmy, Mbin, PieFed) or a comment (Lemmy 1.0). Mbin's names no group.
fn lock(document: &Value, wanted: bool) -> Result<Ask, Unreadable> {
    Ok(Ask::Mark {
        mark: Mark::Locked,
        object: object_id(document)?,
        group: None,
        wanted,
    })
}

fn delete(document: &Value, actor: &Iri, here: &Here) -> Result<Ask, Unreadable> {
    let object = object_id(document)?;
    if let Some(ask) = founding::delete(&object, here) {
        return Ok(ask);
    }
    Ok(if object == *actor {
        Ask::ActorGone { actor: object }
    } else {
        Ask::Delete { object }
    })
}

/// Move of whoever sends it. What moves posts between groups (PieFed, NodeBB) means nothing here.
fn moved(document: &Value, actor: &Iri) -> Ask {
    let is_sender = document.get("object").and_then(id_of) == Some(actor.as_str());
    document
        .get("target")
        .and_then(id_of)
        .and_then(|target| Iri::object(target).ok())
        .filter(|target| is_sender && target != actor)
        .map_or(Ask::Nothing, |target| Ask::Moved { target })
}

fn undo(document: &Value, actor: &Iri, here: &Here) -> Result<Ask, Unreadable> {
    let Some(inner) = document.get("object").and_then(embedded) else {
        return Ok(Ask::Undo {
            object: object_id(document)?,
        });
    };
    if let Some(other) = inner.get("actor").and_then(id_of)
        && other != actor.as_str()
    {
        return Err(Unreadable::new("object.actor", NOT_YOURS));
    }
    let kind = kind_of(inner, &KINDS);
    if let Some((kind, vote)) = kind.and_then(|kind| Some((kind, vote_of(kind)?))) {
        return vote_asked(kind, vote, inner, false);
    }
    Ok(match kind {
        Some("Follow" | "Join" | "TentativeJoin") => Ask::Leave {
            group: object_id(inner)?,
        },
        Some("Announce") => Ask::Unvote {
            vote: Vote::Share,
            object: object_id(inner)?,
        },
        Some("Lock") => lock(inner, false)?,
        Some("Invite" | "Offer" | "Block" | "Add" | "Grant") => {
            administer::undone(inner, actor, here).unwrap_or_else(|| by_id(inner))
        }
        Some(_) => Ask::Nothing,
        None => by_id(inner),
    })
}

/// Undo of something of which too little is there to say what it was.
fn by_id(inner: &Value) -> Ask {
    inner
        .get("id")
        .and_then(Value::as_str)
        .and_then(|id| Iri::activity(id).ok())
        .map_or(Ask::Nothing, |object| Ask::Undo { object })
}

/// What the inbox answers with 403: an Undo of what another did (ORG10).
pub(crate) const NOT_YOURS: &str = "Only whoever did it may undo it.";

fn announce(document: &Value) -> Result<Ask, Unreadable> {
    let value = document
        .get("object")
        .ok_or_else(|| Unreadable::new("object", "The Announce has no object."))?;
    let objects: Vec<Iri> = ids_of(value)
        .into_iter()
        .filter_map(|id| Iri::activity(id).ok())
        .take(MOST_ANNOUNCED)
        .collect();
    if objects.is_empty() {
        return Err(Unreadable::new(
            "object",
            "The Announce names no object by a canonical id.",
        ));
    }
    Ok(Ask::Announce { objects })
}

fn flag(document: &Value, here: &Here) -> Result<Ask, Unreadable> {
    let value = document
        .get("object")
        .ok_or_else(|| Unreadable::new("object", "The Flag has no object."))?;
    let objects: Vec<Iri> = ids_of(value)
        .into_iter()
        .filter_map(|id| Iri::activity(id).ok())
        .collect();
    if objects.is_empty() {
        return Err(Unreadable::new(
            "object",
            "The Flag names nothing by a canonical id.",
        ));
    }
    let reason = text_of(document, "content")
        .or_else(|| text_of(document, "summary"))
        .map(ToOwned::to_owned);
    let mut named = ["to", "cc", "audience"]
        .into_iter()
        .filter_map(|field| document.get(field));
    Ok(Ask::Report {
        objects,
        reason,
        to_server: named.any(|named| ids_of(named).contains(&here.instance().as_str())),
    })
}

#[cfg(test)]
mod tests;
