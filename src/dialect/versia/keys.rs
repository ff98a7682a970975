//! The keys that the sender of an entity wrote, for what the activity that it was read as calls otherwise.
//!
//! One rule: a problem names what its reader can find in what they sent, or nothing. One more: a row here.

use serde_json::Value;

use crate::dialect::{
    fields::text_of,
    versia::{kind, older},
};

/// What an activity has under this name, as an entity has it, of whatever type.
const ANY: [(&str, &str); 19] = [
    ("actor", "author"),
    ("audience", "group"),
    ("bto", "group"),
    ("cc", "group"),
    ("content", "content"),
    ("id", "id"),
    ("object.attachment", "attachments"),
    ("object.attributedTo", "author"),
    ("object.audience", "group"),
    ("object.content", "content"),
    ("object.id", "id"),
    ("object.inReplyTo", "replies_to"),
    ("object.name", "subject"),
    ("object.summary", "subject"),
    ("object.tag", "mentions"),
    ("object.to", "group"),
    ("published", "created_at"),
    ("target", "group"),
    ("to", "group"),
];

/// What is called otherwise in entities of one type; the first that fits counts.
const OF_TYPES: [(&str, &str, &str); 18] = [
    (kind::SUBSCRIBE, "actor", "subscriber"),
    (kind::UNSUBSCRIBE, "actor", "subscriber"),
    (kind::USER, "actor", "id"),
    (kind::SUBSCRIBE, "object", "group"),
    (kind::UNSUBSCRIBE, "object", "group"),
    (kind::FOLLOW, "object", "followee"),
    (kind::UNFOLLOW, "object", "followee"),
    (kind::FOLLOW, "to", "followee"),
    (kind::UNFOLLOW, "to", "followee"),
    (kind::NOTE, "object", "group"),
    (kind::DELETE, "object", "deleted"),
    (kind::LIKE, "object", "liked"),
    (kind::DISLIKE, "object", "disliked"),
    (kind::REACTION, "object", "object"),
    (kind::SHARE, "object", "shared"),
    (kind::REPORT, "object", "reported"),
    (kind::REPORT, "content", "comment"),
    (kind::USER, "object", "id"),
];

/// What the sender of this entity calls a field of the activity that says the same; empty: they have no such thing.
#[must_use]
pub fn key(entity: &Value, field: &str) -> &'static str {
    let kind = text_of(entity, "type").map_or("", older::kind_now);
    let of_type = OF_TYPES
        .iter()
        .find(|(of, named, _)| *of == kind && *named == field);
    let key = of_type.map(|(.., key)| *key);
    let any = || ANY.iter().find(|(named, _)| *named == field).map(|(_, key)| *key);
    key.or_else(any).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_field_is_called_as_its_sender_called_it() {
        for (of, field, named) in [
            (kind::SUBSCRIBE, "actor", "subscriber"),
            ("GroupSubscribe", "actor", "subscriber"),
            (kind::SUBSCRIBE, "object", "group"),
            (kind::FOLLOW, "object", "followee"),
            (kind::NOTE, "actor", "author"),
            (kind::NOTE, "object.inReplyTo", "replies_to"),
            (kind::NOTE, "to", "group"),
            (kind::DELETE, "object", "deleted"),
            (kind::REPORT, "content", "comment"),
            (kind::NOTE, "endTime", ""),
        ] {
            assert_eq!(key(&json!({"type": of}), field), named, "{of} {field}");
        }
        assert_eq!(key(&json!([]), "actor"), "author");
    }
}
