//! Shapes of older drafts, as they are read: never as anything is written.
//!
//! One rule: what can only mean one thing is taken for it, and is from there on as 0.6 has it; the rest of the room knows no
//! other version. Sources: the pages of 2024-12 (groups with bare type names, before they became an extension) and 2025-04
//! (transient entities with an `id`); most examples of the specification leave out `remote`.

use serde_json::{Map, Value, json};
use url::Url;

use crate::dialect::versia::kind;

/// Types under other names: those of 2024-12, and those by which the reference server has entities (versia-pub/server,
/// measured 2026-05).
const ALIASES: [(&str, &str); 10] = [
    ("Group", kind::GROUP),
    ("GroupSubscribe", kind::SUBSCRIBE),
    ("GroupUnsubscribe", kind::UNSUBSCRIBE),
    ("GroupSubscribeAccept", kind::SUBSCRIBE_ACCEPT),
    ("GroupSubscribeReject", kind::SUBSCRIBE_REJECT),
    ("GroupFederate", kind::FEDERATE),
    ("pub.versia:notes/Note", kind::NOTE),
    ("pub.versia:users/User", kind::USER),
    ("pub.versia:shares/Share", kind::SHARE),
    ("pub.versia:reacts/Reaction", kind::REACTION),
];

/// Fields that must be there and are empty where they are not, by the type of the entity.
const LISTS: [(&str, &[&str]); 2] = [
    (kind::NOTE, &["attachments", "mentions", "previews"]),
    (kind::REPORT, &["tags"]),
];
/// The same, and false.
const FLAGS: [(&str, &[&str]); 1] = [(kind::NOTE, &["is_sensitive"])];

/// The type of an entity by its name of today.
pub(super) fn kind_now(name: &str) -> &str {
    ALIASES
        .iter()
        .find(|(older, _)| *older == name)
        .map_or(name, |(_, now)| now)
}

/// Of the fields that may be left out although they must be there: those that are.
pub(super) fn left_out(entity: &Value) -> Vec<&'static str> {
    let kind = entity.get("type").and_then(Value::as_str).map(kind_now);
    let fields = of(&LISTS, kind).chain(of(&FLAGS, kind));
    fields
        .filter(|field| entity.get(field).is_none_or(Value::is_null))
        .collect()
}

/// The fields of a type.
fn of(
    table: &'static [(&'static str, &'static [&'static str])],
    kind: Option<&str>,
) -> impl Iterator<Item = &'static str> {
    let row = table.iter().find(|(of, _)| Some(*of) == kind);
    row.into_iter().flat_map(|(_, fields)| fields.iter().copied())
}

/// An entity as 0.6 has it.
pub(super) fn modern(entity: &Value) -> Value {
    let mut entity = entity.clone();
    let Some(fields) = entity.as_object_mut() else {
        return entity;
    };
    let kind = fields.get("type").and_then(Value::as_str).map(kind_now);
    let Some(kind) = kind.map(ToOwned::to_owned) else {
        return entity;
    };
    for list in of(&LISTS, Some(&kind)) {
        default(fields, list, &json!([]));
    }
    for flag in of(&FLAGS, Some(&kind)) {
        default(fields, flag, &json!(false));
    }
    if kind == kind::NOTE {
        fields.get_mut("content").map(tidy);
        for attachment in fields
            .get_mut("attachments")
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            tidy(attachment);
        }
    }
    fields.insert("type".to_owned(), json!(kind));
    entity
}

fn default(fields: &mut Map<String, Value>, name: &str, value: &Value) {
    let given = fields.entry(name).or_insert(Value::Null);
    if given.is_null() {
        *given = value.clone();
    }
}

/// A content without `remote`: text is text, unless the whole of it is an address, and everything else is elsewhere. `hash` was an object of
/// algorithms in 0.5.
fn tidy(format: &mut Value) {
    for (media_type, of) in format.as_object_mut().into_iter().flatten() {
        let Some(of) = of.as_object_mut() else { continue };
        let content = of.get("content").and_then(Value::as_str).unwrap_or_default();
        let is_text = media_type.starts_with("text/") && !is_address(content);
        default(of, "remote", &json!(!is_text));
        if let Some(hash) = of.get_mut("hash").filter(|hash| hash.is_object()) {
            *hash = hash["sha256"].clone();
        }
    }
}

fn is_address(text: &str) -> bool {
    let is_one = !text.contains(|sign: char| sign.is_whitespace() || sign == '<');
    is_one && text.starts_with("https://") && Url::parse(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bare_names_of_2024_are_those_of_the_extension() {
        for (older, now) in ALIASES {
            assert_eq!(modern(&json!({"type": older}))["type"], now);
        }
        assert_eq!(modern(&json!({"type": "Vote"}))["type"], "Vote");
    }

    #[test]
    fn what_a_note_leaves_out_is_empty_and_remote_is_inferred() {
        let note = modern(&json!({
            "type": "Note", "mentions": null,
            "content": {"text/plain": {"content": "Hi"}, "text/html": {"content": "https://b.example/x", "hash": {"sha256": "ab"}}},
            "attachments": [{"image/webp": {"content": "https://b.example/x.webp"}}, {"image/png": {"content": "x", "remote": false}}],
        }));
        assert_eq!((&note["mentions"], &note["previews"]), (&json!([]), &json!([])));
        assert_eq!(note["is_sensitive"], false);
        assert_eq!(note["content"]["text/plain"]["remote"], false);
        assert_eq!(note["content"]["text/html"]["remote"], true);
        assert_eq!(note["content"]["text/html"]["hash"], "ab");
        assert_eq!(note["attachments"][0]["image/webp"]["remote"], true);
        assert_eq!(note["attachments"][1]["image/png"]["remote"], false);
    }

    #[test]
    fn a_text_is_elsewhere_if_the_whole_of_it_is_an_address() {
        for (content, elsewhere) in [
            ("https://x.example/", true),
            ("https://x.example/ is where I buy leeks", false),
            ("https://x.example/\nLeeks", false),
            ("https://x.example/<br>", false),
            ("https://", false),
            ("", false),
        ] {
            let note = modern(&json!({"type": "Note", "content": {"text/plain": {"content": content}}}));
            assert_eq!(note["content"]["text/plain"]["remote"], elsewhere, "{content}");
        }
    }

    #[test]
    fn what_is_left_out_is_known_by_its_name() {
        let note = json!({"type": "pub.versia:notes/Note", "mentions": [], "previews": null});
        assert_eq!(left_out(&note), ["attachments", "previews", "is_sensitive"]);
        assert_eq!(left_out(&json!({"type": kind::REPORT})), ["tags"]);
        assert_eq!(left_out(&modern(&note)), Vec::<&str>::new());
        assert_eq!(left_out(&json!({"type": "Delete"})), Vec::<&str>::new());
        assert_eq!(left_out(&json!(1)), Vec::<&str>::new());
    }

    #[test]
    fn nonsense_stays_what_it_is() {
        for nonsense in [
            json!(null),
            json!([1]),
            json!({"type": 1}),
            json!({"type": "Note", "content": 1, "attachments": {"a": 1}}),
        ] {
            let _ = modern(&nonsense);
        }
    }
}
