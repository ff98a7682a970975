//! Mastodon, Misskey, GoToSocial, Pleroma and their kin hear of a thread as a boost.
//!
//! One rule: never show them `Announce{Create}`. Mastodon would boost every comment of it (mastodon#18069).
//! Classed here: see `class.rs`; each row has its source.

use serde_json::{Value, json};

use crate::{
    dialect::{
        Here, Said, What, Written,
        announce::{PUBLIC, announce, date, fields},
        deed::by_group,
        group,
    },
    domain::{Mark, Shape},
};

pub(super) const SHAPE: Shape = Shape("microblog");

/// What these programs show when it is boosted: Note and Question as they are, the rest as title and link
/// (mastodon `app/lib/activitypub/activity.rb`).
const BOOSTED: [&str; 9] = [
    "Note", "Question", "Article", "Page", "Image", "Audio", "Video", "Event", "Document",
];

/// A thread is boosted, and the boost undone when the thread goes. Comments would flood home feeds; edits, deletions of the
/// note itself and votes come from the author's own server.
pub(super) fn write(said: &Said<'_>, here: &Here) -> Option<Written> {
    if said.is_comment || !said.public || !BOOSTED.contains(&said.object_kind) {
        return None;
    }
    let document = match said.what {
        What::Posted => boost(said, here),
        What::Deleted | What::Removed | What::TakenOut => undo(said, here)?,
        // Mastodon reads what a Group pins (`app/lib/activitypub/activity/add.rb`).
        What::Marked(Mark::Pinned, _) => by_group(said, SHAPE, here)?,
        _ => return None,
    };
    Some(Written {
        head: document.to_string(),
        tail: None,
        skip_author: false,
    })
}

fn boost(said: &Said<'_>, here: &Here) -> Value {
    let cc = vec![here.part(said.group, "followers"), said.author.to_owned()];
    let mut boost = announce(said, here, SHAPE, cc);
    boost.insert("object".to_owned(), json!(said.object));
    Value::Object(boost)
}

fn undo(said: &Said<'_>, here: &Here) -> Option<Value> {
    let (id, at) = said.retracts?;
    let boosted = Said {
        id,
        at,
        what: What::Posted,
        retracts: None,
        ..said.clone()
    };
    let mut inner = fields(boost(&boosted, here));
    inner.remove("@context");
    Some(json!({
        "@context": group::context(),
        "id": here.activity(said.id, Some(SHAPE)),
        "type": "Undo",
        "actor": here.group(said.group),
        "published": date(said.at),
        "to": [PUBLIC],
        "cc": [here.part(said.group, "followers"), said.author],
        "object": inner,
    }))
}
