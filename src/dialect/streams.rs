//! streams, Forte and Hubzilla hear of a thread as Announce{Create}, and of all that follows as additions to its container.
//!
//! One rule: a conversation is a collection of activities, and only its owner adds to it (FEP-171b). Whoever wrote a reply hears of
//! it as well: that is how their server knows that it is part of the conversation.
//! Classed here: see `class.rs`; each row has its source.

use serde_json::{Map, Value, json};

use crate::{
    dialect::{
        Here, Said, What, Written,
        announce::{act, announce, around_activity, boost, followers_and_author},
    },
    domain::Shape,
};

pub(super) const SHAPE: Shape = Shape("streams");

/// What is for members names them and nobody else; they read it where it is. Votes are the author's server's to tell.
pub(super) fn write(said: &Said<'_>, here: &Here) -> Option<Written> {
    let cc = if said.public {
        followers_and_author(said, here)
    } else {
        vec![said.author.to_owned()]
    };
    match said.what {
        // Known by its id alone: it came by a group that we follow.
        What::Posted if !said.is_wrapped() && said.public => {
            Some(Written::whole(boost(said, here, SHAPE), false))
        }
        What::Posted if !said.is_comment && said.is_wrapped() => {
            Some(around_activity(announce(said, here, SHAPE, cc), false))
        }
        What::Posted | What::Edited | What::Deleted | What::Removed if said.is_wrapped() => {
            Some(around_activity(in_container(said, here, "Add", cc), false))
        }
        What::TakenOut => {
            let mut remove = in_container(said, here, "Remove", cc);
            remove.insert("object".to_owned(), json!(said.object));
            Some(Written::whole(remove, false))
        }
        _ => None,
    }
}

fn in_container(said: &Said<'_>, here: &Here, kind: &str, cc: Vec<String>) -> Map<String, Value> {
    let mut fields = act(said, here, SHAPE, kind, cc);
    let container = json!({
        "type": "OrderedCollection",
        "id": here.thread(said.group, said.thread),
        "attributedTo": here.group(said.group),
    });
    fields.insert("target".to_owned(), container);
    fields
}
