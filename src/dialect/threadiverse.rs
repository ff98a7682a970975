//! Lemmy, Mbin, PieFed, Mitra, Friendica and their kin hear of everything as `Announce{activity}` (FEP-1b12).
//!
//! One rule: the activity inside is word for word what the author sent; a copy that differs is a forgery to them.
//! Classed here: see `class.rs`; each row has its source.

use crate::{
    dialect::{
        Here, Said, What, Written,
        announce::{announce, around_activity},
    },
    domain::Shape,
};

pub(super) const SHAPE: Shape = Shape("threadiverse");

/// Posts, comments, edits, deletions and votes alike; the author's own server has it already (Mbin does not send it there
/// either, Lemmy ignores its own). Nothing that is not public: in this family privacy belongs to the group, not the post.
pub(super) fn write(said: &Said<'_>, here: &Here) -> Option<Written> {
    if !said.public || !said.wrapped {
        return None;
    }
    // Refused (Lemmy 0.19.20, measured 2026-08): a Remove, but of moderators and pinned posts; and what a Group did: the actor
    // of an announced activity must be a Person.
    if said.what == What::TakenOut || said.author == here.group(said.group) {
        return None;
    }
    let cc = vec![here.part(said.group, "followers"), said.author.to_owned()];
    Some(around_activity(announce(said, here, SHAPE, cc), true))
}
