//! Mobilizon's groups pass on what their members make as an Announce of the thing itself.
//!
//! One rule: never an activity inside (mobilizon `federation/activity_pub/transmogrifier.ex`, 5.1.3, 2025-04); what its author changes or takes
//! back is passed on as it came.
//! Classed here: see `class.rs`; each row has its source.

use serde_json::{Value, json};

use crate::{
    dialect::{
        Here, Said, What, Written,
        announce::{act, announce, boost, followers_and_author},
        carried,
    },
    domain::Shape,
};

pub(super) const SHAPE: Shape = Shape("mobilizon");

/// There, too, privacy belongs to the group and not to the post. It has no votes.
pub(super) fn write(said: &Said<'_>, here: &Here) -> Option<Written> {
    if !said.is_for_readers() {
        return None;
    }
    match said.what {
        What::Posted => Some(embedded(said, here)),
        What::Edited | What::Deleted if said.is_wrapped() => Some(Written::forwarded()),
        What::Removed | What::TakenOut => {
            let mut remove = act(said, here, SHAPE, "Remove", cc(said, here));
            remove.insert("object".to_owned(), json!(said.object));
            remove.insert("origin".to_owned(), json!(here.group(said.group)));
            Some(Written::whole(remove, false))
        }
        _ => None,
    }
}

fn cc(said: &Said<'_>, here: &Here) -> Vec<String> {
    if said.public {
        followers_and_author(said, here)
    } else {
        vec![said.author.to_owned()]
    }
}

/// The post as its author wrote it, letter for letter; by its id where it did not come whole.
fn embedded(said: &Said<'_>, here: &Here) -> Written {
    let Some((object, _)) = carried(said.raw, said.object) else {
        return Written::whole(boost(said, here, SHAPE), false);
    };
    let mut head = Value::Object(announce(said, here, SHAPE, cc(said, here))).to_string();
    head.pop(); // the closing brace
    Written {
        head: format!("{head},\"object\":{object}}}"),
        tail: None,
        skip_author: false,
    }
}
