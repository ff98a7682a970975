//! NodeBB reads an announced topic by its id, and everything else by the activity, which it fetches where it was made.
//!
//! One rule: a topic's id goes first, then the activity, as its own categories do it (NodeBB `src/activitypub/feps.js`, 4.15.1,
//! 2026-08-22). Where it cannot fetch an activity it answers 424, and that is final: nothing is sent again.
//! Classed here: see `class.rs`; each row has its source.

use serde_json::json;

use crate::{
    dialect::{
        Here, Said, What, Written,
        announce::{announce, around_activity, boost, followers_and_author, host_of},
    },
    domain::Shape,
};

pub(super) const SHAPE: Shape = Shape("nodebb");

/// It drops what is not public. Its own people's posts it has already.
pub(super) fn write(said: &Said<'_>, here: &Here) -> Option<Written> {
    if !said.public {
        return None;
    }
    match said.what {
        What::Named if !said.is_comment => Some(by_id(said, here)),
        What::Posted if said.is_comment && !said.is_wrapped() => Some(by_id(said, here)),
        // What deletes a mirror here has no other id than the mirror's, which is gone: 424.
        What::Deleted if here.mirrored(said.object).is_some() => Some(by_group(said, here)),
        What::Posted | What::Edited | What::Deleted if said.is_wrapped() => Some(wrapped(said, here)),
        // It has no word for a Dislike, nor for the odder ones (`src/activitypub/inbox.js`, 4.15.1).
        What::Voted | What::Unvoted if !said.is_about("Dislike") && !said.is_in_odd_words() => {
            Some(wrapped(said, here))
        }
        What::Removed if may_delete(said) => Some(wrapped(said, here)),
        What::Removed | What::TakenOut => Some(by_group(said, here)),
        _ => None,
    }
}

fn by_id(said: &Said<'_>, here: &Here) -> Written {
    Written::whole(boost(said, here, SHAPE), true)
}

fn wrapped(said: &Said<'_>, here: &Here) -> Written {
    around_activity(
        announce(said, here, SHAPE, followers_and_author(said, here)),
        true,
    )
}

/// Who deletes must be at the host of the post or of whoever announces it ("origin mismatch", `src/activitypub/inbox.js`, 4.15.1). A
/// moderator from elsewhere is neither.
fn may_delete(said: &Said<'_>) -> bool {
    said.is_wrapped() && host_of(said.author) == host_of(said.object)
}

/// The group's own Delete, which is at the host that announces it: its id leads to the announcement.
fn by_group(said: &Said<'_>, here: &Here) -> Written {
    let group = here.group(said.group);
    let mut fields = announce(said, here, SHAPE, followers_and_author(said, here));
    let delete = json!({
        "id": format!("{}#delete", here.activity(said.id, Some(SHAPE))),
        "type": "Delete",
        "actor": group,
        "to": fields["to"],
        "cc": fields["cc"],
        "object": said.object,
    });
    fields.insert("object".to_owned(), delete);
    Written::whole(fields, false)
}
