//! Letters: what a group says to one actor only.
//!
//! One rule: an answer carries what it answers as it arrived, id and all. Smithereen's ids are fragments that do not
//! dereference, Lemmy 0.19 answers 400 to an Accept of a URL (measured against 0.19.20).

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::dialect::{
    Here,
    announce::{date, fields},
};

const CONTEXT: &str = "https://www.w3.org/ns/activitystreams";

/// `Accept` of a Follow or Join, around its text.
#[must_use]
pub fn accept(id: Uuid, group: &str, to: &str, request: &str, at: DateTime<Utc>, here: &Here) -> String {
    around(
        &json!({
            "@context": CONTEXT,
            "id": here.activity(id, None),
            "type": "Accept",
            "actor": here.group(group),
            "published": date(at),
            "to": [to],
        }),
        request,
    )
}

/// `Accept` of a Create, with what was made of it: it has its id from us.
#[must_use]
pub fn accept_with_result(
    id: Uuid,
    group: &str,
    to: &str,
    request: &str,
    result: &Value,
    at: DateTime<Utc>,
    here: &Here,
) -> String {
    let mut result = result.clone();
    let context = result
        .as_object_mut()
        .and_then(|result| result.remove("@context"));
    around(
        &json!({
            "@context": context.unwrap_or_else(|| json!(CONTEXT)),
            "id": here.activity(id, None),
            "type": "Accept",
            "actor": here.group(group),
            "published": date(at),
            "to": [to],
            "result": result,
        }),
        request,
    )
}

/// `Reject` of what was asked, around its text, with the reason in words.
#[must_use]
pub fn reject(
    id: Uuid,
    group: &str,
    to: &str,
    request: &str,
    why: &str,
    at: DateTime<Utc>,
    here: &Here,
) -> String {
    around(
        &json!({
            "@context": CONTEXT,
            "id": here.activity(id, None),
            "type": "Reject",
            "actor": here.group(group),
            "published": date(at),
            "to": [to],
            "summary": why,
        }),
        request,
    )
}

/// `Flag`: what somebody reported, told to an admin elsewhere by the group. Who reported it is not in it.
#[must_use]
pub fn report(
    id: Uuid,
    group: &str,
    to: &str,
    objects: &[String],
    reason: Option<&str>,
    at: DateTime<Utc>,
    here: &Here,
) -> String {
    let mut flag = json!({
        "@context": CONTEXT,
        "id": here.activity(id, None),
        "type": "Flag",
        "actor": here.group(group),
        "published": date(at),
        "to": [to],
        "object": objects,
    });
    if let Some(reason) = reason {
        flag["content"] = json!(reason);
    }
    flag.to_string()
}

/// `Follow` of a group elsewhere by a group of ours (FEP-d36d).
#[must_use]
pub fn follow(id: Uuid, group: &str, whom: &str, here: &Here) -> String {
    json!({
        "@context": CONTEXT,
        "id": here.activity(id, None),
        "type": "Follow",
        "actor": here.group(group),
        "to": [whom],
        "object": whom,
    })
    .to_string()
}

/// `Undo` of [`follow`].
#[must_use]
pub fn undo_follow(id: Uuid, followed: Uuid, group: &str, whom: &str, here: &Here) -> String {
    json!({
        "@context": CONTEXT,
        "id": here.activity(id, None),
        "type": "Undo",
        "actor": here.group(group),
        "to": [whom],
        "object": {
            "id": here.activity(followed, None),
            "type": "Follow",
            "actor": here.group(group),
            "object": whom,
        },
    })
    .to_string()
}

fn around(letter: &Value, request: &str) -> String {
    let mut text = Value::Object(fields(letter.clone())).to_string();
    text.pop(); // the closing brace
    text.push_str(",\"object\":");
    text.push_str(request);
    text.push('}');
    text
}
