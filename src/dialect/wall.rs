//! Smithereen and what follows FEP-400e: a post is on a group's wall once the group says `Add`.
//!
//! One rule: only what says by itself that it belongs there: a Note without our wall as `target` never lands on one (grishka/Smithereen
//! `AddNoteHandler`, 1.0.3, 2026-07-26). Whoever wrote it hears of it too: that is how their server knows that it was taken.
//! Classed here: see `class.rs`; each row has its source.

use serde_json::json;

use crate::{
    dialect::{
        Here, Said, What, Written,
        announce::{PUBLIC, act, fields, readers},
        deed,
    },
    domain::Shape,
};

pub(super) const SHAPE: Shape = Shape("wall");

/// The parts of a group that are walls: for threads and for answers.
pub const WALL: &str = "wall";
pub const COMMENTS: &str = "wall-comments";

/// What is not for everybody goes to members of private groups alone: there privacy belongs to the group.
pub(super) fn write(said: &Said<'_>, here: &Here) -> Option<Written> {
    if matches!(said.what, What::Listed(_)) {
        // Who is in the group, its members' servers keep for themselves (Smithereen `model/Group.java`).
        return Some(Written::whole(fields(deed::by_group(said, SHAPE, here)?), false));
    }
    if said.what == What::Departed {
        // Their own word takes the account out, too (`DeletePersonHandler`); what they wrote on the wall the group takes off it.
        return (said.public && said.has_signature()).then(Written::forwarded);
    }
    let wall = here.part(said.group, if said.is_comment { COMMENTS } else { WALL });
    if said.target != Some(wall.as_str()) || !said.is_for_readers() {
        return None;
    }
    let by_group = |kind| {
        let part = |part| here.part(said.group, part);
        let mut fields = act(said, here, SHAPE, kind, vec![]);
        let mut to = vec![part("members"), said.author.to_owned()];
        // There the two lists are one, called `members`; others that follow the FEP know followers (6.5).
        let first = match said.public {
            true => PUBLIC.to_owned(),
            false => part(readers(said, SHAPE)),
        };
        to.insert(0, first);
        fields.insert("to".to_owned(), json!(to));
        fields.insert("object".to_owned(), json!(said.object));
        fields
    };
    match said.what {
        What::Posted => {
            let mut add = by_group("Add");
            let target = json!({"type": "Collection", "id": wall, "attributedTo": here.group(said.group)});
            add.insert("target".to_owned(), target);
            Some(Written::whole(add, false))
        }
        // It believes the author's word from us only with their own signature in it ("In the absence of a valid LD-signature,
        // HTTP signature must be made by the activity actor").
        What::Edited | What::Deleted if said.has_signature() => Some(Written::forwarded()),
        // Whoever owns the wall may take from it. A Remove is read of board comments only (`RemoveNoteHandler`).
        What::Deleted | What::Removed | What::TakenOut => Some(Written::whole(by_group("Delete"), false)),
        _ => None,
    }
}
