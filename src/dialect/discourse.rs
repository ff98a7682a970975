//! Discourse takes what is newly written into a category that follows the group, and drops the rest.
//!
//! One rule: only a Create inside of a public Announce is honoured (discourse-activity-pub#337, 2026-08-31); edits and deletions it
//! takes from the author's own server alone.
//! Classed here: see `class.rs`; each row has its source.

use crate::{
    dialect::{
        Here, Said, What, Written,
        announce::{announce, around_activity, boost, followers_and_author, undo},
    },
    domain::Shape,
};

pub(super) const SHAPE: Shape = Shape("discourse");

pub(super) fn write(said: &Said<'_>, here: &Here) -> Option<Written> {
    if !said.public {
        return None;
    }
    match said.what {
        What::Posted if said.is_wrapped() => {
            let fields = announce(said, here, SHAPE, followers_and_author(said, here));
            Some(around_activity(fields, true))
        }
        // Nothing makes it take a post out yet; this is what its own grammar has for that.
        What::Removed | What::TakenOut => {
            let undo = undo(said, here, SHAPE, |before| boost(before, here, SHAPE))?;
            Some(Written::whole(undo, false))
        }
        _ => None,
    }
}
