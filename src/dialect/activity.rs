//! Reading an activity: who asks what.
//!
//! One rule: what is read here says what somebody asks, not whether they may: the store's facts and the domain decide.
//! A new verb is a variant of [`Ask`] (`ask.rs`), an arm in [`ask`], and a fixture. What is taken back: `undo.rs`.

use serde_json::Value;

use crate::{
    dialect::{
        Addressed, Ask, Here, Unreadable, administer,
        fields::{embedded, id_of, ids_of, kind_of, text_of},
        founding, post, undo,
        vote::{CHOICE, vote_of},
    },
    domain::{Iri, Mark, Vote, Way},
};

/// An activity: its own fields, whom it names, and what it asks.
#[derive(Clone, Debug)]
pub struct Activity {
    pub id: Iri,
    pub actor: Iri,
    pub addressed: Addressed,
    pub ask: Ask,
}

/// Types that we know; of several in one activity the first of this list counts (ORG15).
pub(super) const KINDS: [&str; 26] = [
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
            way: Way::Join,
        },
        "Create" => create(document, actor, here, false)?,
        "Update" => create(document, actor, here, true)?,
        "Delete" => delete(document, actor, here)?,
        "Undo" => undo::undo(document, actor, here)?,
        "Announce" => announce(document)?,
        "Flag" => flag(document, here)?,
        "Accept" | "Reject" => administer::answer(document, kind == "Accept", here)?,
        "Lock" => lock(document, true)?,
        "Move" => moved(document, actor),
        _ => administer::deed(document, kind, actor, here, true)?,
    })
}

pub(super) fn vote_asked(kind: &str, vote: Vote, document: &Value, wanted: bool) -> Result<Ask, Unreadable> {
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
pub(super) fn lock(document: &Value, wanted: bool) -> Result<Ask, Unreadable> {
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
