//! Reading fields leniently: a string, an object with an id, or an array of one of these.

use serde_json::Value;

/// The id in a value: a string, an object's `id`, or the only element of an array.
#[must_use]
pub fn id_of(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => Some(text),
        Value::Object(map) => map.get("id").and_then(Value::as_str),
        Value::Array(items) if items.len() == 1 => items.first().and_then(id_of),
        _ => None,
    }
}

/// All ids in a value: as [`id_of`], of each element.
#[must_use]
pub fn ids_of(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(items) => items.iter().filter_map(id_of).collect(),
        other => id_of(other).into_iter().collect(),
    }
}

/// Whether a text that was kept is an activity: the record of a membership has no id.
#[must_use]
pub fn is_activity(text: &str) -> bool {
    let document = serde_json::from_str::<Value>(text);
    document.is_ok_and(|document| document.get("id").is_some_and(Value::is_string))
}

/// A text: a string that is not empty.
#[must_use]
pub fn text_of<'a>(document: &'a Value, field: &str) -> Option<&'a str> {
    document
        .get(field)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
}

/// The object in a value, where it is embedded: an object, or an array of one.
pub(crate) fn embedded(value: &Value) -> Option<&Value> {
    match value {
        Value::Object(_) => Some(value),
        Value::Array(items) if items.len() == 1 => items.first().and_then(embedded),
        _ => None,
    }
}

/// The first known type of a document; `type` is a string or an array (ORG15: the order of `known` decides).
pub(crate) fn kind_of<'a>(document: &Value, known: &[&'a str]) -> Option<&'a str> {
    let types: Vec<&str> = match document.get("type") {
        Some(Value::String(text)) => vec![text],
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
        _ => vec![],
    };
    known.iter().copied().find(|kind| types.contains(kind))
}

/// A list, of one where it is not a list.
pub(crate) fn list(value: Option<&Value>) -> &[Value] {
    match value {
        Some(Value::Array(items)) => items,
        Some(value) => std::slice::from_ref(value),
        None => &[],
    }
}
