//! Letters: what a group says to one actor only.
//!
//! One rule: an answer carries what it answers as it arrived, id and all. Smithereen's ids are fragments that do not
//! dereference, Lemmy 0.19 answers 400 to an Accept of a URL (measured against 0.19.20).

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    dialect::{
        Here,
        announce::{date, fields},
    },
    domain::Call,
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

/// `Reject` of what was asked of `by`, around its text, with the reason in words.
#[must_use]
pub fn reject(
    id: Uuid,
    by: &str,
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
            "actor": by,
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

/// `Invite` to the group or to its admins, or `Offer` of it, by the group itself.
#[must_use]
pub fn call(id: Uuid, group: &str, whom: &str, call: Call, at: DateTime<Utc>, here: &Here) -> String {
    let to_what = match call {
        Call::Member | Call::Owner => json!({"type": "Group", "id": here.group(group)}),
        Call::Admin => json!({"type": "OrderedCollection", "id": here.part(group, "admins")}),
    };
    json!({
        "@context": CONTEXT,
        "id": here.activity(id, None),
        "type": kind_of_call(call),
        "actor": here.group(group),
        "published": date(at),
        "to": [whom],
        "object": to_what,
        "target": whom,
    })
    .to_string()
}

/// The type of [`call`].
#[must_use]
pub const fn kind_of_call(call: Call) -> &'static str {
    match call {
        Call::Member | Call::Admin => "Invite",
        Call::Owner => "Offer",
    }
}

/// `Add` of somebody to one of the group's lists of people, or `Remove`.
#[must_use]
pub fn listed(
    id: Uuid,
    group: &str,
    whom: &str,
    list: &str,
    is_in: bool,
    at: DateTime<Utc>,
    here: &Here,
) -> String {
    json!({
        "@context": CONTEXT,
        "id": here.activity(id, None),
        "type": if is_in { "Add" } else { "Remove" },
        "actor": here.group(group),
        "published": date(at),
        "to": [whom],
        "object": whom,
        "target": {"type": "OrderedCollection", "id": here.part(group, list), "attributedTo": here.group(group)},
    })
    .to_string()
}

/// Whether programs of this dialect are told of their people's place in a group by [`listed`]: the explainer prints it, and
/// Smithereen removes a member by it (1.0.3). Others answer 400 or drop it.
#[must_use]
pub fn hears_lists(dialect: &str) -> bool {
    matches!(dialect, "explainer" | "wall")
}

/// A membership as a document, in the words of FEP-5219 and of the task force's draft.
#[must_use]
pub fn membership(of: &Membership<'_>, here: &Here) -> Value {
    let mut roles = vec![];
    if of.member {
        roles.push("member");
    }
    if of.role != "member" {
        roles.push(of.role);
    }
    json!({
        "@context": [CONTEXT, {
            "fep5219": "https://w3id.org/fep/5219#", "grp": "https://swicg.github.io/groups/0.1.0.jsonld#",
            "group": {"@id": "grp:group", "@type": "@id"}, "roles": "grp:roles", "pending": "grp:pending",
            "follows": "grp:follows",
            // A word (FEP-5219), and not an address relative to ours.
            "relationship": "as:relationship",
        }],
        "id": here.membership(of.group, of.id),
        "type": "Relationship",
        "attributedTo": here.group(of.group),
        "subject": of.who,
        "actor": of.who,
        "relationship": if of.role == "member" && !of.member && !of.pending { "follower" } else { of.role },
        "object": here.group(of.group),
        "group": here.group(of.group),
        "roles": roles,
        "follows": of.follower,
        "pending": of.pending,
        "published": date(of.since),
    })
}

/// What somebody is in a group.
#[derive(Clone, Copy, Debug)]
pub struct Membership<'a> {
    pub id: Uuid,
    pub group: &'a str,
    pub who: &'a str,
    pub role: &'a str,
    pub member: bool,
    pub follower: bool,
    pub pending: bool,
    pub since: DateTime<Utc>,
}

fn around(letter: &Value, request: &str) -> String {
    let mut text = Value::Object(fields(letter.clone())).to_string();
    text.pop(); // the closing brace
    text.push_str(",\"object\":");
    text.push_str(request);
    text.push('}');
    text
}
