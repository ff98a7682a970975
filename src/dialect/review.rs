//! What waits for an admin, as admins read it.
//!
//! One rule: an entry carries what its author sent, byte for byte; who reads it decides about that and nothing else.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::dialect::{
    Here,
    announce::{date, fields},
    group,
};

/// Something that waits, as it is shown.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    pub id: Uuid,
    pub group: &'a str,
    /// Somebody asks to be let in; else a post or an edit.
    pub asks_in: bool,
    pub at: DateTime<Utc>,
    /// What was received, as JSON.
    pub received: &'a str,
}

impl Entry<'_> {
    /// The collection that it is in, below its group.
    const fn queue(&self) -> &'static str {
        queue(self.asks_in)
    }
}

/// The collection of what waits: of those who ask to be let in, or of posts and edits.
#[must_use]
pub const fn queue(asks_in: bool) -> &'static str {
    if asks_in {
        "pendingMembers"
    } else {
        "pendingActivities"
    }
}

/// The document of an entry: an Offer of what was received, to the queue (clients.md B.3).
#[must_use]
pub fn entry(entry: &Entry<'_>, here: &Here) -> String {
    splice(
        json!({
            "@context": group::context(),
            "id": here.activity(entry.id, None),
            "type": "Offer",
            "actor": here.group(entry.group),
            "target": here.part(entry.group, entry.queue()),
            "published": date(entry.at),
        }),
        entry.received,
    )
}

/// Tells an admin that something waits.
#[must_use]
pub fn notice(id: Uuid, of: &Entry<'_>, to: &str, at: DateTime<Utc>, here: &Here) -> String {
    splice(
        json!({
            "@context": group::context(),
            "id": here.activity(id, None),
            "type": "Add",
            "actor": here.group(of.group),
            "target": here.part(of.group, of.queue()),
            "published": date(at),
            "to": [to],
        }),
        &entry(of, here),
    )
}

/// A group takes an item out of a collection of its own by its own word, which is for members.
#[must_use]
pub fn taken_out(
    id: Uuid,
    group: &str,
    (item, collection): (&str, &str),
    at: DateTime<Utc>,
    here: &Here,
) -> Value {
    json!({
        "@context": group::context(),
        "id": here.activity(id, None),
        "type": "Remove",
        "actor": here.group(group),
        "published": date(at),
        "to": [here.part(group, "members")],
        "cc": [],
        "object": item,
        "target": collection,
    })
}

/// A document with this text as its object.
fn splice(document: Value, object: &str) -> String {
    let mut text = Value::Object(fields(document)).to_string();
    text.pop(); // the closing brace
    text.push_str(",\"object\":");
    text.push_str(object);
    text.push('}');
    text
}
