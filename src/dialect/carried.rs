//! What an activity carries, word for word.
//!
//! One rule: whatever is passed on is passed on as it was written; a copy that differs is a forgery to those who check it.

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use crate::dialect::id_of;

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

#[cfg(test)]
mod tests {
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
}
