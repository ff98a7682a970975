//! Mastodon, Misskey, GoToSocial, Pleroma and their kin hear of a thread as a boost.
//!
//! One rule: never show them `Announce{Create}`. Mastodon would boost every comment of it (mastodon#18069).
//! Classed here: see `class.rs`; each row has its source.

use crate::{
    dialect::{
        Here, Said, What, Written,
        announce::{boost, fields, undo},
        deed::by_group,
    },
    domain::{Mark, Shape},
};

pub(super) const SHAPE: Shape = Shape("microblog");

/// What these programs show when it is boosted: Note and Question as they are, the rest as title and link
/// (mastodon `app/lib/activitypub/activity.rb`).
const BOOSTED: [&str; 9] = [
    "Note", "Question", "Article", "Page", "Image", "Audio", "Video", "Event", "Document",
];

/// The largest body that Misskey reads (`ActivityPubServerService.ts:638`, read 2026-03).
const LARGEST: usize = 64 * 1024;

/// A thread is boosted, and the boost undone when the thread goes. Comments would flood home feeds; deletions of the note
/// itself and votes come from the author's own server, and so do edits: to the author's followers, which we are not. So an
/// edit is passed on, if others can see by itself that it is the author's.
pub(super) fn write(said: &Said<'_>, here: &Here) -> Option<Written> {
    if said.is_comment || !said.public || !BOOSTED.contains(&said.object_kind) {
        return None;
    }
    let document = match said.what {
        // Mastodon reads what a Group pins (`app/lib/activitypub/activity/add.rb`).
        What::Marked(Mark::Pinned, _) => fields(by_group(said, SHAPE, here)?),
        What::Posted => boost(said, here, SHAPE),
        What::Deleted | What::Removed | What::TakenOut => {
            undo(said, here, SHAPE, |before| boost(before, here, SHAPE))?
        }
        What::Edited if said.raw.len() <= LARGEST && said.proves_itself() => {
            return Some(Written::forwarded());
        }
        _ => return None,
    };
    Some(Written::whole(document, false))
}
