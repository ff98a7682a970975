//! What an activity carries, word for word.
//!
//! One rule: whatever is passed on is passed on as it was written; a copy that differs is a forgery to those who check it.

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use crate::{
    dialect::{fields::kind_of, id_of},
    domain::Iri,
};

#[derive(Deserialize)]
struct Around<'a> {
    #[serde(borrow)]
    object: &'a RawValue,
}

/// The text of the embedded object of this id, and what it says; of a list, the one of it.
#[must_use]
pub fn carried<'a>(text: &'a str, id: &str) -> Option<(&'a str, Value)> {
    let around: Around<'_> = serde_json::from_str(text).ok()?;
    let object = around.object.get();
    let all: Vec<&'a RawValue> = if object.starts_with('[') {
        serde_json::from_str(object).ok()?
    } else {
        vec![around.object]
    };
    all.into_iter().find_map(|one| {
        let document: Value = serde_json::from_str(one.get()).ok()?;
        (document.is_object() && id_of(&document) == Some(id)).then_some((one.get(), document))
    })
}

/// The text of whatever an activity carries, and what it says.
pub(super) fn around(text: &str) -> Option<(&str, Value)> {
    let around: Around<'_> = serde_json::from_str(text).ok()?;
    let text = around.object.get();
    Some((text, serde_json::from_str(text).ok()?))
}

/// The post that is passed on under this id: an activity that makes one, or the post itself. `None`: it is something else. What is
/// given by its id alone may be a post.
#[must_use]
pub fn post_carried(text: &str, id: &Iri) -> Option<Iri> {
    let object = match carried(text, id.as_str()) {
        Some((_, document)) if document.get("actor").is_some() => {
            kind_of(&document, &["Create"])?;
            Iri::object(id_of(document.get("object")?)?).ok()?
        }
        _ => Iri::object(id.as_str()).ok()?,
    };
    object.same_origin(id).then_some(object)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn it_is_found_as_it_was_written() {
        let inner = r#"{"id":"a" ,  "n":1.0,"é":"\u00e9"}"#;
        for text in [
            format!(r#"{{"type":"Announce","object":{inner}}}"#),
            format!(r#"{{"object": ["b", {{"id":"b"}}, {inner}]}}"#),
        ] {
            assert_eq!(carried(&text, "a").map(|(text, _)| text), Some(inner), "{text}");
        }
        for text in [r#"{"object":"a"}"#, r#"{"object":["a"]}"#, r#"{"id":"a"}"#, "{"] {
            assert_eq!(carried(text, "a"), None, "{text}");
        }
    }
    #[test]
    fn only_what_makes_a_post_carries_one() {
        let id = |text: &str| Iri::activity(text).expect("an id");
        let carries = |object: Value| {
            let text = json!({ "type": "Announce", "object": object }).to_string();
            post_carried(&text, &id("https://a.example/1")).map(|post| post.to_string())
        };
        let post = |id: &str| Some(format!("https://a.example/{id}"));
        assert_eq!(carries(json!("https://a.example/1")), post("1"));
        assert_eq!(
            carries(json!({"id": "https://a.example/1", "type": "Note"})),
            post("1")
        );
        let said = |kind: &str, object: &str| {
            carries(json!({"id": "https://a.example/1", "type": kind, "actor": "x", "object": object}))
        };
        assert_eq!(said("Create", "https://a.example/2"), post("2"));
        for (kind, object) in [
            ("Like", "https://a.example/2"),
            ("Update", "https://a.example/2"),
            ("Create", "https://b.example/2"),
        ] {
            assert_eq!(said(kind, object), None, "{kind}");
        }
    }
}
