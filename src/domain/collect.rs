//! The collections of a group: albums, documents, links.
//!
//! One rule: admins arrange the collections; who fills them is each collection's own policy.

use chrono::{DateTime, Utc};

use crate::domain::{CollectPolicy, Event, Item, Refusal, Standing};

/// A collection is made, renamed or deleted.
pub(super) fn arrange(who: &Standing, now: DateTime<Utc>) -> Result<Vec<Event>, Refusal> {
    if who.is_banned(now) {
        Err(Refusal::Banned)
    } else if who.runs_it() {
        Ok(vec![Event::Arranged])
    } else {
        Err(Refusal::DoesNotRunIt)
    }
}

/// Something is put in, or taken out: by admins, or where members may. Whoever put it there takes it out, in the group or not.
pub(super) fn collect(who: &Standing, item: &Item, now: DateTime<Utc>) -> Result<Vec<Event>, Refusal> {
    if who.is_banned(now) {
        return Err(Refusal::Banned);
    }
    let takes_back = item.is_mine && !item.wanted;
    if !who.runs_it() && !takes_back {
        if item.policy == CollectPolicy::Admins {
            return Err(Refusal::CollectsNot);
        }
        if !who.member {
            return Err(Refusal::NotAMember);
        }
        if !item.wanted && item.is_in {
            return Err(Refusal::NotTheAuthor);
        }
    }
    Ok(match (item.wanted, item.is_in) {
        (true, false) => vec![Event::Collected],
        (false, true) => vec![Event::Uncollected],
        _ => vec![],
    })
}
