//! Collections: always `OrderedCollection`, with a total and pages.

use serde_json::{Value, json};

use crate::dialect::{Here, group};

/// A collection that has pages. `extra` fields come after the common ones.
#[must_use]
pub fn collection(id: &str, owner: &str, total: u64, first: bool) -> Value {
    let mut document = json!({
        "@context": group::context(),
        "id": id,
        "type": "OrderedCollection",
        "attributedTo": owner,
        "totalItems": total,
    });
    if first {
        document["first"] = json!(format!("{id}?page=1"));
    } else {
        // A list that this reader may not see, or an empty one.
        document["orderedItems"] = json!([]);
    }
    document
}

/// One page of a collection. `this`, `next` and `prev` are whole URLs.
#[must_use]
pub fn page(
    of: &str,
    this: &str,
    total: u64,
    items: Vec<Value>,
    next: Option<String>,
    prev: Option<String>,
) -> Value {
    let mut document = json!({
        "@context": group::context(),
        "id": this,
        "type": "OrderedCollectionPage",
        "partOf": of,
        "totalItems": total,
    });
    if let Some(next) = next {
        document["next"] = json!(next);
    }
    if let Some(prev) = prev {
        document["prev"] = json!(prev);
    }
    document["orderedItems"] = Value::Array(items);
    document
}

/// A thread: the ids of its posts, oldest first (FEP-f228).
#[must_use]
pub fn thread(id: &str, group: &str, total: u64, here: &Here) -> Value {
    let mut document = collection(id, &here.group(group), total, true);
    document["audience"] = json!(here.group(group));
    document
}
