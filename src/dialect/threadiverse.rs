//! Lemmy, Mbin, PieFed (`piefed.rs`), Mitra, Friendica and their kin hear of everything as `Announce{activity}` (FEP-1b12).
//!
//! One rule: the activity inside is word for word what its sender sent; a copy that differs is a forgery to them. What no person
//! said in words that they know is said by the group's steward (`deed.rs`): the actor of an announced activity must be a Person
//! (Lemmy 0.19.20 answers 400 to a Group; measured 2026-08).
//! Classed here: see `class.rs`; each row has its source.

use serde_json::{Map, Value};

use crate::{
    dialect::{
        Here, Said, What, Written,
        announce::{announce, around_activity},
        deed::by_steward,
        worded::is_verbatim,
    },
    domain::{Mark, Shape},
};

pub(super) const SHAPE: Shape = Shape("threadiverse");

/// Posts, comments, edits, deletions and votes, and what those who run the group do; the author's own server has it already
/// (Mbin does not send it there either, Lemmy ignores its own). In this family privacy belongs to the group and not to the
/// post: of what is not public they hear in a private group only, which lets in those of them alone who keep it.
pub(super) fn write(said: &Said<'_>, here: &Here) -> Option<Written> {
    if said.is_in_odd_words() {
        return None;
    }
    write_as(SHAPE, said, here)
}

/// The same under the ids of another shape of this family, which knows more words for votes.
pub(super) fn write_as(shape: Shape, said: &Said<'_>, here: &Here) -> Option<Written> {
    if !said.is_for_readers() || !said.is_wrapped() || is_unknown(said) {
        return None;
    }
    if is_verbatim(said, here) {
        return Some(around_activity(around(said, said.author, shape, here), true));
    }
    let steward = here.steward(said.group);
    let mut document = around(said, &steward, shape, here);
    document.insert("object".to_owned(), by_steward(said, here)?);
    Some(Written::whole(document, false))
}

/// What they have no word for: collections of things, lists of members, comments that are pinned, accounts that end (of a Delete
/// that is announced, Lemmy asks for the community of what is deleted, and a Person has none: `activity_lists.rs`, 2026-08-12).
fn is_unknown(said: &Said<'_>) -> bool {
    match said.what {
        What::Collected | What::Listed(_) | What::Named | What::Unnamed | What::Unhosted | What::Departed => {
            true
        }
        What::Marked(Mark::Pinned, _) => said.is_comment,
        _ => false,
    }
}

fn around(said: &Said<'_>, actor: &str, shape: Shape, here: &Here) -> Map<String, Value> {
    let followers = here.part(said.group, "followers");
    let cc = if said.public {
        vec![followers, actor.to_owned()]
    } else {
        vec![actor.to_owned()]
    };
    announce(said, here, shape, cc)
}
