//! Collections: always `OrderedCollection`, with a total and pages.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    dialect::{Here, announce::date, group},
    domain::CollectPolicy,
};

/// The context of collections. `relationship` is an id in the vocabulary; in FEP-5219 it is a word, and must not be read as
/// an address relative to ours.
fn context() -> Value {
    let mut terms = group::context();
    if let Some(terms) = terms.as_array_mut() {
        terms.push(json!({"relationship": "as:relationship"}));
    }
    terms
}

/// A collection that has pages. `extra` fields come after the common ones.
#[must_use]
pub fn collection(id: &str, owner: &str, total: u64, first: bool) -> Value {
    let mut document = json!({
        "@context": context(),
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
        "@context": context(),
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

/// A thread: the ids of its posts, oldest first, and what was said about them (FEP-f228). That leads from here by two names:
/// `history` is the draft's own (FEP-bad1); readers of FEP-171b know `contextHistory`, which belongs to posts, but these are
/// others' documents.
#[must_use]
pub fn thread(thread: Uuid, group: &str, total: u64, here: &Here) -> Value {
    let mut document = collection(&here.thread(group, thread), &here.group(group), total, true);
    let history = here.thread_history(group, thread);
    if let Some(terms) = document["@context"].as_array_mut() {
        terms.push(json!({
            "contextHistory": {"@id": "https://w3id.org/fep/171b/contextHistory", "@type": "@id"},
            "history": {"@id": "https://w3id.org/fep/bad1/history", "@type": "@id"},
        }));
    }
    document["audience"] = json!(here.group(group));
    document["contextHistory"] = json!(history);
    document["history"] = json!(history);
    document
}

/// A collection of a group, as its document shows it.
#[derive(Clone, Debug)]
pub struct Shelf<'a> {
    pub id: Uuid,
    pub name: &'a str,
    /// HTML, sanitised.
    pub summary: Option<&'a str>,
    pub policy: CollectPolicy,
    pub made_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub items: u64,
}

/// A collection of a group, which leads to its pages.
#[must_use]
pub fn album_document(album: &Shelf<'_>, group: &str, here: &Here) -> Value {
    let id = here.album(group, album.id);
    let mut document = json!({
        "@context": [
            "https://www.w3.org/ns/activitystreams",
            {"folkmoot": "urn:folkmoot:", "addPolicy": "folkmoot:addPolicy"},
        ],
        "id": id,
        "type": "OrderedCollection",
        "name": album.name,
        "attributedTo": here.group(group),
        "partOf": here.part(group, "collections"),
        "addPolicy": album.policy.word(),
        "published": date(album.made_at),
        "updated": date(album.updated_at),
        "totalItems": album.items,
        "first": format!("{id}?page=1"),
    });
    if let Some(summary) = album.summary {
        document["summary"] = json!(summary);
    }
    document
}

/// Something in a collection, as JSON: as whoever put it in described it, or by its id. Since when it is there is said where
/// they give no date.
#[must_use]
pub fn item(iri: &str, described: Option<&str>, at: DateTime<Utc>) -> String {
    let Some(described) = described else {
        return json!({"id": iri, "published": date(at)}).to_string();
    };
    match serde_json::from_str::<Value>(described) {
        Ok(Value::Object(mut fields)) if !fields.contains_key("published") => {
            fields.insert("published".to_owned(), json!(date(at)));
            Value::Object(fields).to_string()
        }
        _ => described.to_owned(),
    }
}

/// What somebody is in a group (FEP-5219).
#[must_use]
pub fn affiliation(subject: &str, relationship: &str, group: &str, here: &Here) -> Value {
    let group = here.group(group);
    json!({
        "type": "Relationship",
        "attributedTo": group,
        "subject": subject,
        "object": group,
        "relationship": relationship,
    })
}
