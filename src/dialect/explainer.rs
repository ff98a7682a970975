//! Clients of the SWICG explainer, and whoever joined with a Join and is no program that we know better.
//!
//! One rule: they hear of everything, each at their own inbox: a shared inbox cannot resolve `members`.
//! Source: `spec` of the SWICG groups task force, 2025-09, sections on posting publicly and privately.

use crate::{
    dialect::{
        Here, Said, What, Written,
        announce::{announce, around_activity},
    },
    domain::Shape,
};

pub(super) const SHAPE: Shape = Shape("explainer");

pub(super) fn write(said: &Said<'_>, here: &Here) -> Option<Written> {
    if !said.is_wrapped() || matches!(said.what, What::Named | What::Unnamed) {
        return None;
    }
    let members = here.part(said.group, "members");
    // A private post names its members (they are in `to` then) and its author, and never the followers.
    let cc = if said.public {
        vec![
            members,
            here.part(said.group, "followers"),
            said.author.to_owned(),
        ]
    } else {
        vec![said.author.to_owned()]
    };
    Some(around_activity(announce(said, here, SHAPE, cc), false))
}
