//! Collections: how many there are, and a part of them.
//!
//! One rule: `author`, `total` and `items`, and nothing else: the examples of the specification that have a type and an id are
//! older than it.

use serde_json::{Value, json};

/// One part of a collection of references or entities. `author`: a reference, or nobody.
#[must_use]
pub fn collection(author: Option<&str>, total: u64, items: Vec<Value>) -> Value {
    json!({"author": author, "total": total, "items": items})
}
