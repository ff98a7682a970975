//! What a group says, in the words of Versia: two shapes, one for each way in which somebody hears it.
//!
//! One rule: an entity names what was posted, and holds nothing of it: whoever hears of it asks its origin, which may be us.
//! Who subscribed hears `Federate` (the groups extension); who follows the user that shares the group's posts hears `Share`,
//! for software that has no groups (versia-pub/server, measured 2026-05). To say one more thing: an arm in [`federates`] or
//! [`shares`].

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    dialect::{
        Here, Said, What, Written,
        announce::date,
        versia::{
            kind,
            reference::{Mirrored, Ours, Reference},
        },
    },
    domain::Shape,
};

/// For those who subscribed.
pub(in crate::dialect) const SHAPE: Shape = Shape("versia");
/// For those who follow.
pub(in crate::dialect) const SHARES: Shape = Shape("versia-share");

/// Both of these.
pub(in crate::dialect) const SHAPES: [Shape; 2] = [SHAPE, SHARES];

/// What sets the lane of those who follow apart from that of those who subscribed: a fragment is never sent.
const FOLLOWING: &str = "#share";

/// Where a user of another server hears a group, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ear {
    pub inbox: String,
    pub shape: Shape,
}

/// Where the user hears a group whose mirror has this id: as a member, or else as a follower. `None`: it is no mirror.
#[must_use]
pub fn ear(iri: &str, member: bool, here: &Here) -> Option<Ear> {
    let Some(Mirrored::User(user)) = here.mirrored(iri) else {
        return None;
    };
    let (lane, shape) = if member { ("", SHAPE) } else { (FOLLOWING, SHARES) };
    let inbox = format!("{}{lane}", inbox_of(&user.domain));
    Some(Ear { inbox, shape })
}

/// What is written for whoever hears at this destination.
#[must_use]
pub fn shape_at(inbox: &str) -> Shape {
    if inbox.ends_with(FOLLOWING) { SHARES } else { SHAPE }
}

/// The one inbox of a domain.
#[must_use]
pub fn inbox_of(domain: &str) -> String {
    format!("https://{domain}/.versia/v0.6/inbox")
}

/// Whether telling this in this shape takes it over the bridge: what came in one protocol, told in the other.
pub(in crate::dialect) fn crosses(shape: Shape, said: &Said<'_>, here: &Here) -> bool {
    let is_content = !said.object.is_empty();
    let brings = matches!(said.what, What::Posted | What::Edited | What::Named);
    let from_there = |iri: &str| here.mirrored(iri).is_some();
    let is_theirs = if brings {
        from_there(said.object)
    } else {
        from_there(said.object) || from_there(said.author)
    };
    // What is gone is gone in both.
    let retracts = matches!(
        said.what,
        What::Deleted | What::Removed | What::TakenOut | What::Unnamed
    );
    is_content && is_theirs != SHAPES.contains(&shape) && !(retracts && !said.private_group)
}

/// For those who subscribed.
pub(in crate::dialect) fn federates(said: &Said<'_>, here: &Here) -> Option<Written> {
    let group = here.reference(&Ours::Group(said.group))?;
    let entity = match said.what {
        What::Posted | What::Edited if said.is_for_readers() => json!({
            "type": kind::FEDERATE,
            "created_at": date(said.at),
            "note": note(said, here)?.to_string(),
            "group": group.to_string(),
        }),
        // A note of another server is its own server's to take back.
        What::Deleted | What::Removed | What::TakenOut if here.mirrored(said.object).is_none() => {
            delete(said, here, kind::NOTE, &note(said, here)?)?
        }
        What::Closed => delete(said, here, kind::GROUP, &group)?,
        _ => return None,
    };
    Some(whole(&entity))
}

/// For those who follow.
pub(in crate::dialect) fn shares(said: &Said<'_>, here: &Here) -> Option<Written> {
    let entity = match said.what {
        What::Posted if said.public => share(said.id, said, here)?,
        What::Deleted | What::Removed | What::TakenOut if said.public => {
            let (shared, _) = said.retracts?;
            let shared = here.reference(&Ours::Id(shared))?;
            delete(said, here, kind::SHARE, &shared)?
        }
        What::Closed => {
            let sharer = here.reference(&Ours::Sharer(said.group))?;
            delete(said, here, kind::USER, &sharer)?
        }
        _ => return None,
    };
    Some(whole(&entity))
}

fn share(id: Uuid, said: &Said<'_>, here: &Here) -> Option<Value> {
    Some(json!({
        "type": kind::SHARE,
        "id": id,
        "created_at": date(said.at),
        "author": here.reference(&Ours::Sharer(said.group))?.to_string(),
        "shared": note(said, here)?.to_string(),
    }))
}

/// The post that it is about: on its own server, or here.
fn note(said: &Said<'_>, here: &Here) -> Option<Reference> {
    match here.mirrored(said.object) {
        Some(Mirrored::Note(note)) => Some(note),
        Some(Mirrored::User(_)) => None,
        None if said.post.is_nil() => None,
        None => here.reference(&Ours::Id(said.post)),
    }
}

/// By the user that shares the group's posts: a Delete is some user's (reference server, measured 2026-05).
fn delete(said: &Said<'_>, here: &Here, of: &str, deleted: &Reference) -> Option<Value> {
    Some(json!({
        "type": kind::DELETE,
        "created_at": date(said.at),
        "author": here.reference(&Ours::Sharer(said.group))?.to_string(),
        "deleted_type": of,
        "deleted": deleted.to_string(),
    }))
}

fn whole(entity: &Value) -> Written {
    Written {
        head: entity.to_string(),
        tail: None,
        skip_author: false,
    }
}
