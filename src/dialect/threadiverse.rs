//! Lemmy, Mbin, PieFed, Mitra, Friendica and their kin hear of everything as `Announce{activity}` (FEP-1b12).
//!
//! One rule: the activity inside is word for word what the author sent; a copy that differs is a forgery to them.
//! Classed here: see `class.rs`; each row has its source.

use serde_json::json;

use crate::{
    dialect::{
        Here, Said, What, Written,
        announce::{announce, around_activity, followers_and_author},
    },
    domain::Shape,
};

pub(super) const SHAPE: Shape = Shape("threadiverse");

/// Posts, comments, edits, deletions and votes alike; the author's own server has it already (Mbin does not send it there
/// either, Lemmy ignores its own). In this family privacy belongs to the group and not to the post: of what is not public they
/// hear in a private group only, which lets in those of them alone who keep it.
pub(super) fn write(said: &Said<'_>, here: &Here) -> Option<Written> {
    if !said.is_for_readers() || !said.is_wrapped() {
        return None;
    }
    // Refused (Lemmy 0.19.20, measured 2026-08): a Remove, but of moderators and pinned posts; and what a Group did: the actor
    // of an announced activity must be a Person. It knows no collections of things.
    let is_refused = matches!(
        said.what,
        What::TakenOut | What::Collected | What::Named | What::Unnamed
    );
    if is_refused || said.author == here.group(said.group) {
        return None;
    }
    if said.public {
        let cc = followers_and_author(said, here);
        return Some(around_activity(announce(said, here, SHAPE, cc), true));
    }
    // Of a private group its followers are its members (6.5).
    let mut fields = announce(said, here, SHAPE, vec![said.author.to_owned()]);
    fields.insert("to".to_owned(), json!([here.part(said.group, "followers")]));
    Some(around_activity(fields, true))
}
