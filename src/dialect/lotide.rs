//! lotide has a post in a community once its id was announced and added to the outbox.
//!
//! One rule: it believes ids and fetches them (`apub_util/ingest.rs`, 2024-08-20). Whoever wrote it hears both as well: that is how their
//! server knows that the post was approved.
//! Classed here: see `class.rs`; each row has its source.

use serde_json::{Map, Value, json};

use crate::{
    dialect::{
        Here, Said, What, Written,
        announce::{act, boost, followers_and_author, undo},
    },
    domain::Shape,
};

pub(super) const SHAPE: Shape = Shape("lotide");

/// It has no private posts, and no edits; a vote goes to the post's author alone.
pub(super) fn write(said: &Said<'_>, here: &Here) -> Option<Written> {
    if !said.public {
        return None;
    }
    if said.is_comment {
        // Passed on by whoever has the thread, and read again at its origin.
        return (said.what == What::Posted && said.is_wrapped()).then(Written::forwarded);
    }
    let document = match said.what {
        What::Named => boost(said, here, SHAPE),
        What::Posted => added(said, here),
        What::Unnamed => undo(said, here, SHAPE, |before| boost(before, here, SHAPE))?,
        What::Deleted | What::Removed | What::TakenOut => {
            undo(said, here, SHAPE, |before| added(before, here))?
        }
        _ => return None,
    };
    Some(Written::whole(document, false))
}

fn added(said: &Said<'_>, here: &Here) -> Map<String, Value> {
    let mut add = act(said, here, SHAPE, "Add", followers_and_author(said, here));
    add.insert("object".to_owned(), json!(said.object));
    // An id, and not an abbreviated collection: it compares it with the actor's own.
    add.insert("target".to_owned(), json!(here.part(said.group, "outbox")));
    add
}
