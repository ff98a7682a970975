//! Clients of the SWICG explainer: they Join and Leave, and address the group as an object.
//!
//! One rule: an Announce names `members`, which only the member's own inbox can make sense of.

use serde_json::{Value, json};

use super::Group;
use super::manners::{
    CONTEXT, Complaint, Door, Manners, Me, PUBLIC, Said, Shape, is_activity, is_announce, is_answer, names,
    refuse,
};

pub(super) struct Explainer;

impl Manners for Explainer {
    fn judge(&self, document: &Value, door: Door) -> Result<Option<String>, Complaint> {
        is_activity(document, 400)?;
        match document["type"].as_str() {
            Some("Accept" | "Reject") => is_answer(document, 400)?,
            Some("Announce") if door.is_shared => {
                return refuse(400, "a shared inbox cannot resolve `members`");
            }
            Some("Announce") => announced(document)?,
            Some("Follow" | "Invite" | "Offer" | "Add" | "Remove" | "Flag") => {}
            // What the group says of itself.
            Some("Update" | "Delete") if by_group(document) => {}
            kind => return refuse(400, format!("a {kind:?} of a group")),
        }
        Ok(None)
    }

    fn hears(&self, _: &Said) -> Option<Shape> {
        Some(Shape::Wrapped)
    }

    fn join(&self, me: &Me<'_>, group: &Group) -> Value {
        about_group(me, group, "Join")
    }

    fn leave(&self, me: &Me<'_>, group: &Group, _: &Value) -> Value {
        about_group(me, group, "Leave")
    }

    /// As printed: the note has neither `attributedTo` nor `to`.
    fn post(&self, me: &Me<'_>, group: &Group, text: &str) -> Value {
        let note = json!({ "id": (me.mint)("notes"), "type": "Note", "content": text });
        say(me, group, "Create", note)
    }

    fn reply(&self, me: &Me<'_>, group: &Group, to: &Said, text: &str) -> Value {
        let note = json!({
            "id": (me.mint)("notes"),
            "type": "Note",
            "inReplyTo": to.post,
            "content": text,
        });
        say(me, group, "Create", note)
    }

    fn edit(&self, me: &Me<'_>, group: &Group, post: &Said, text: &str) -> Value {
        say(
            me,
            group,
            "Update",
            json!({ "id": post.post, "type": "Note", "content": text }),
        )
    }

    fn delete(&self, me: &Me<'_>, group: &Group, post: &Said) -> Value {
        say(me, group, "Delete", json!(post.post))
    }

    fn like(&self, me: &Me<'_>, group: &Group, post: &Said) -> Value {
        say(me, group, "Like", json!(post.post))
    }

    fn dislike(&self, me: &Me<'_>, group: &Group, post: &Said) -> Option<Value> {
        Some(say(me, group, "Dislike", json!(post.post)))
    }
}

fn named(group: &Group) -> Value {
    json!({ "type": "Group", "id": group.id, "name": "World Group" })
}

fn about_group(me: &Me<'_>, group: &Group, kind: &str) -> Value {
    json!({
        "@context": CONTEXT,
        "id": (me.mint)("activities"),
        "actor": me.id,
        "type": kind,
        "to": named(group),
        "object": named(group),
    })
}

fn say(me: &Me<'_>, group: &Group, kind: &str, object: Value) -> Value {
    json!({
        "@context": CONTEXT,
        "id": (me.mint)("activities"),
        "actor": me.id,
        "type": kind,
        "object": object,
        "to": [named(group), "as:Public"],
    })
}

/// An Update or Delete of the group that sends it.
fn by_group(document: &Value) -> bool {
    let object = document["object"]["id"]
        .as_str()
        .or_else(|| document["object"].as_str());
    object == document["actor"].as_str()
}

fn announced(document: &Value) -> Result<(), Complaint> {
    let group = document["actor"].as_str().unwrap_or_default();
    let members = format!("{group}/members");
    if names(document, "to", &members) {
        for others in [PUBLIC.to_owned(), format!("{group}/followers")] {
            if names(document, "to", &others) || names(document, "cc", &others) {
                return refuse(400, "it is for the members, and names others");
            }
        }
    } else {
        is_announce(document, 400)?;
        if !names(document, "cc", &members) {
            return refuse(400, "cc does not name the members");
        }
    }
    is_activity(&with_plain_actor(&document["object"]), 400)
}

/// The actor of an announced activity may be embedded, as onepage.pub's own are.
fn with_plain_actor(activity: &Value) -> Value {
    let mut plain = activity.clone();
    if activity["actor"]["id"].is_string() {
        plain["actor"] = activity["actor"]["id"].clone();
    }
    plain
}
