//! Whom an activity names: the groups it is for, and whether it is public.
//!
//! One rule: no single field that the sender chose decides (GRP23, lemmy b554bce9d). Where `audience` or
//! `target` is present, every group of ours in `to` and `cc` must be among theirs.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::dialect::{
    Here, Local,
    fields::{embedded, id_of, ids_of, list},
};

/// Whom a document names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addressed {
    /// Groups of ours named by `audience` or `target`: these bind.
    pub bound: BTreeSet<String>,
    /// Groups of ours in `to`, `cc`, a Mention, or as owner of the `context`.
    pub named: BTreeSet<String>,
    /// `audience` or `target` is there, and names nobody here.
    pub elsewhere: bool,
    /// Public is named.
    pub public: bool,
    /// The object itself names Public. Of an Update it is the post that says so, and not only who is told of it.
    pub opens: bool,
    /// Anybody at all is named in `to`, `cc` or `audience`.
    pub somebody: bool,
    /// Names somebody in `bto` or `bcc`, however deep: passing it on word for word would tell. Pleroma sends both, empty.
    pub blind: bool,
}

impl Addressed {
    /// Reads the addressing of an activity and of the object in it.
    #[must_use]
    pub fn read(activity: &Value, here: &Here) -> Self {
        Self::bound_by(&["audience", "target"], activity, here)
    }

    /// Of an activity whose `target` says to whom or to what something is done: it is for the group that is given, by what
    /// it does, and whatever else it names has to agree.
    pub(crate) fn around(activity: &Value, group: Option<&str>, here: &Here) -> Self {
        let mut found = Self::bound_by(&["audience"], activity, here);
        if let Some(group) = group {
            let others = std::mem::take(&mut found.bound);
            found.named.extend(others);
            found.bound.insert(group.to_owned());
        }
        found
    }

    fn bound_by(binding_fields: &[&str], activity: &Value, here: &Here) -> Self {
        let object = activity.get("object").and_then(embedded);
        let documents = || std::iter::once(activity).chain(object);
        let mut found = Self::default();
        let mut binding = false;
        for field in binding_fields {
            for id in documents().flat_map(|document| document.get(*field).map(ids_of).unwrap_or_default()) {
                if is_public(id) {
                    continue;
                }
                binding = true;
                found.bound.extend(here.group_meant(id).map(ToOwned::to_owned));
            }
        }
        for field in ["to", "cc"] {
            for id in documents().flat_map(|document| document.get(field).map(ids_of).unwrap_or_default()) {
                found.named.extend(here.group_meant(id).map(ToOwned::to_owned));
            }
        }
        for document in documents() {
            found.named.extend(mentioned(document, here));
            let owner = document
                .get("context")
                .and_then(|context| context.get("attributedTo"))
                .and_then(id_of);
            found
                .named
                .extend(owner.and_then(|id| here.group_meant(id)).map(ToOwned::to_owned));
        }
        found.elsewhere = binding && found.bound.is_empty();
        found.public = names_public(activity)
            && object.is_none_or(|object| !narrows(object, here) || names_public(object));
        found.opens = object.is_some_and(names_public);
        found.somebody = documents().any(is_addressed);
        found.blind = names_blindly(activity);
        found
    }

    /// Whether all fields that name groups agree.
    #[must_use]
    pub fn agrees(&self) -> bool {
        (self.bound.is_empty() && !self.elsewhere) || self.named.is_subset(&self.bound)
    }

    /// Whether it is for the group to whose inbox it came, if it names no other. The inbox speaks last, and not for what is
    /// addressed only to other people: a private message is never a post.
    #[must_use]
    pub const fn speaks_to_inbox(&self) -> bool {
        !self.elsewhere && (self.public || !self.somebody)
    }

    /// The groups of ours that it names.
    #[must_use]
    pub fn groups(&self) -> &BTreeSet<String> {
        if self.bound.is_empty() {
            &self.named
        } else {
            &self.bound
        }
    }
}

/// Whether anything in a document names somebody in `bto` or `bcc`. A context only says what the words mean, and the fields of a
/// `contentMap` are languages (both are codes of ISO 639-3).
#[must_use]
pub fn names_blindly(document: &Value) -> bool {
    match document {
        Value::Object(fields) => fields.iter().any(|(field, value)| match field.as_str() {
            "bto" | "bcc" => !is_empty(value),
            "@context" | "contentMap" | "nameMap" | "summaryMap" => false,
            _ => names_blindly(value),
        }),
        Value::Array(items) => items.iter().any(names_blindly),
        _ => false,
    }
}

fn mentioned(document: &Value, here: &Here) -> Vec<String> {
    list(document.get("tag"))
        .iter()
        .filter(|tag| tag.get("type").and_then(Value::as_str) == Some("Mention"))
        .filter_map(|tag| tag.get("href").and_then(Value::as_str))
        .filter_map(|href| here.group_meant(href).map(ToOwned::to_owned))
        .collect()
}

/// Nothing, or a list of nothing.
fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty)
}

fn is_addressed(document: &Value) -> bool {
    ["to", "cc", "audience"]
        .iter()
        .any(|field| document.get(field).is_some_and(|value| !ids_of(value).is_empty()))
}

/// Whether an object names readers of its own. Discourse's replies have no `to` and an `audience` that is the group:
/// that says where it belongs, not who may read it.
fn narrows(object: &Value, here: &Here) -> bool {
    let ids = |field| object.get(field).map(ids_of).unwrap_or_default();
    let is_group = |id: &str| matches!(here.local(id), Some(Local::Group { part: None, .. }));
    !ids("to").is_empty() || !ids("cc").is_empty() || !ids("audience").into_iter().all(is_group)
}

fn names_public(document: &Value) -> bool {
    ["to", "cc"].iter().any(|field| {
        document
            .get(field)
            .map(ids_of)
            .unwrap_or_default()
            .into_iter()
            .any(is_public)
    })
}

/// Public in each of its spellings.
pub(crate) fn is_public(id: &str) -> bool {
    matches!(
        id,
        "https://www.w3.org/ns/activitystreams#Public" | "as:Public" | "Public"
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(activity: &Value) -> Addressed {
        Addressed::read(activity, &Here::new(&"https://g.example".parse().expect("a URL")))
    }

    #[test]
    fn a_group_is_found_in_each_field_that_software_uses() {
        let group = "https://g.example/c/rust";
        for activity in [
            json!({"to": group}),
            json!({"to": [{"type": "Group", "id": group}, "as:Public"]}),
            json!({"cc": ["https://g.example/c/rust/followers"]}),
            json!({"audience": group}),
            json!({"object": {"target": {"id": "https://g.example/c/rust/wall", "attributedTo": group}}}),
            json!({"object": {"target": "https://g.example/c/rust/outbox"}}),
            json!({"object": {"tag": [{"type": "Mention", "href": group, "name": "@rust@g.example"}]}}),
            json!({"object": {"context": {"id": "https://x.example/1", "attributedTo": group}}}),
        ] {
            assert!(read(&activity).groups().contains("rust"), "{activity}");
        }
    }

    #[test]
    fn an_object_that_only_says_its_group_is_as_public_as_its_activity() {
        let group = "https://g.example/c/rust";
        let public = |object: Value| read(&json!({"to": "as:Public", "cc": group, "object": object})).public;
        assert!(public(json!({"audience": group})));
        assert!(public(json!({"content": "x"})));
        for narrower in [
            json!({"audience": "https://g.example/c/rust/members"}),
            json!({"audience": [group, "https://a.example/u/ann"]}),
            json!({"to": group}),
            json!({"cc": [group], "audience": group}),
        ] {
            assert!(!public(narrower.clone()), "{narrower}");
        }
    }

    #[test]
    fn an_empty_bto_tells_nothing() {
        for nobody in [json!([]), json!(null)] {
            assert!(!read(&json!({"bto": nobody, "bcc": nobody, "object": {"bto": nobody}})).blind);
        }
        for somebody in [
            json!("https://a.example/u/x"),
            json!(["https://a.example/u/x"]),
            json!({}),
            json!(""),
        ] {
            assert!(read(&json!({"bto": somebody})).blind, "{somebody}");
            assert!(read(&json!({"object": {"bcc": somebody}})).blind, "{somebody}");
            assert!(
                read(&json!({"object": {"object": [{"x": {"bto": somebody}}]}})).blind,
                "{somebody}"
            );
            let words = json!({"@context": [{"bto": somebody}], "object": {"contentMap": {"bcc": somebody}}});
            assert!(!read(&words).blind, "{somebody}");
        }
    }

    #[test]
    fn fields_that_disagree_are_seen() {
        let both = json!({"audience": "https://g.example/c/a", "to": ["https://g.example/c/b"]});
        assert!(!read(&both).agrees());
        let crosspost = json!({"audience": ["https://g.example/c/a", "https://g.example/c/b"], "to": ["https://g.example/c/b"]});
        assert!(read(&crosspost).agrees());
        let remote = json!({"audience": "https://other.example/c/a", "to": ["https://g.example/c/b"]});
        assert!(read(&remote).elsewhere && !read(&remote).agrees());
    }

    #[test]
    fn public_means_both_the_activity_and_its_object() {
        for (activity, public) in [
            (json!({"to": ["as:Public"]}), true),
            (
                json!({"cc": "https://www.w3.org/ns/activitystreams#Public"}),
                true,
            ),
            (
                json!({"to": {"id": "as:Public", "type": "Collection"}, "object": {"id": "x"}}),
                true,
            ),
            (
                json!({"to": ["Public"], "object": {"to": ["https://x.example/u"]}}),
                false,
            ),
            (json!({"to": ["https://g.example/c/rust"]}), false),
        ] {
            assert_eq!(read(&activity).public, public, "{activity}");
        }
    }
}
