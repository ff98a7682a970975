//! Clients of the SWICG explainer, and whoever joined with a Join and is no program that we know better.
//!
//! One rule: they hear of everything, each at their own inbox: a shared inbox cannot resolve `members`.
//! Source: `spec` of the SWICG groups task force, 2025-09, sections on posting publicly and privately.

use crate::{
    dialect::{
        Here, Said, What, Written,
        announce::{announce, around_activity},
        deed::by_group,
    },
    domain::{Mark, Shape},
};

pub(super) const SHAPE: Shape = Shape("explainer");

pub(super) fn write(said: &Said<'_>, here: &Here) -> Option<Written> {
    if !said.is_wrapped()
        || said.is_in_odd_words()
        || matches!(
            said.what,
            What::Named | What::Unnamed | What::Unhosted | What::Departed
        )
    {
        return None;
    }
    match said.what {
        // The group keeps these lists, and says what is on them.
        What::Marked(Mark::Pinned, _) | What::Listed(_) => {
            return Some(Written {
                head: by_group(said, SHAPE, here)?.to_string(),
                tail: None,
                skip_author: false,
            });
        }
        // Why somebody is kept out is not for every member; who is, `members` shows.
        What::Banned(_) | What::Ranked(_) | What::Described | What::Closed => return None,
        _ => {}
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
