//! Reading what somebody takes back.
//!
//! One rule: only whoever did it may undo it (ORG10). What is embedded says what it was; what is given by its id, the store knows.
//! One more is an arm of [`undo`].

use serde_json::Value;

use crate::{
    dialect::{
        Ask, Here, Unreadable,
        activity::{KINDS, lock, object_id, vote_asked},
        administer,
        fields::{embedded, id_of, kind_of},
        vote::vote_of,
    },
    domain::{Iri, Vote, Way},
};

/// What the inbox answers with 403: an Undo of what another did.
pub(crate) const NOT_YOURS: &str = "Only whoever did it may undo it.";

/// `Undo`.
pub(super) fn undo(document: &Value, actor: &Iri, here: &Here) -> Result<Ask, Unreadable> {
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
        Some(kind @ ("Follow" | "Join" | "TentativeJoin")) => Ask::Leave {
            group: object_id(inner)?,
            way: if kind == "Follow" { Way::Follow } else { Way::Join },
        },
        Some("Announce") => Ask::Unvote {
            vote: Vote::Share,
            object: object_id(inner)?,
        },
        Some("Lock") => lock(inner, false)?,
        Some("Delete") => Ask::Restore {
            object: object_id(inner)?,
        },
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
