//! streams, Forte, Hubzilla: they Follow, write to the group alone, and hear a conversation as a container of activities (FEP-171b).
//!
//! One rule: what is added is an activity, to a collection that the group says is its own.

use serde_json::{Value, json};

use super::Group;
use super::manners::{
    Complaint, Door, Manners, Me, PUBLIC, Said, Shape, act, edited, is_activity, is_announce, is_answer,
    refuse,
};

pub(super) struct Streams;

impl Manners for Streams {
    fn judge(&self, document: &Value, _: Door) -> Result<Option<String>, Complaint> {
        is_activity(document, 400)?;
        match document["type"].as_str() {
            Some("Accept" | "Reject") => is_answer(document, 400)?,
            Some("Announce") => {
                let members = format!("{}/members", document["actor"].as_str().unwrap_or_default());
                if document["to"] != json!([members]) {
                    is_announce(document, 400)?;
                }
                if document["object"]["type"] != "Create" {
                    return refuse(400, "what else happens comes in the conversation's container");
                }
                is_activity(&document["object"], 400)?;
            }
            Some("Add") => contained(document)?,
            Some("Remove") if document["object"].is_string() => container(document)?,
            Some("Follow" | "Invite" | "Flag") => {}
            Some("Update" | "Delete") if document["object"]["id"] == document["actor"] => {}
            kind => return refuse(400, format!("a {kind:?} of a channel")),
        }
        Ok(None)
    }

    fn hears(&self, said: &Said) -> Option<Shape> {
        match said.kind() {
            "Create" if !said.is_comment => Some(Shape::Wrapped),
            "Create" | "Update" | "Delete" => Some(Shape::Contained),
            _ => None,
        }
    }

    fn join(&self, me: &Me<'_>, group: &Group) -> Value {
        act(me, "Follow", (&[&group.id], &[]), json!(group.id))
    }

    fn post(&self, me: &Me<'_>, group: &Group, text: &str) -> Value {
        create(me, group, None, text)
    }

    fn reply(&self, me: &Me<'_>, group: &Group, to: &Said, text: &str) -> Value {
        create(me, group, Some(&to.post), text)
    }

    fn edit(&self, me: &Me<'_>, group: &Group, post: &Said, text: &str) -> Value {
        act(me, "Update", (&[PUBLIC, &group.id], &[]), edited(me, post, text))
    }

    fn delete(&self, me: &Me<'_>, group: &Group, post: &Said) -> Value {
        act(me, "Delete", (&[PUBLIC, &group.id], &[]), json!(post.post))
    }

    fn like(&self, me: &Me<'_>, group: &Group, post: &Said) -> Value {
        act(me, "Like", (&[&group.id], &[]), json!(post.post))
    }

    fn dislike(&self, me: &Me<'_>, group: &Group, post: &Said) -> Option<Value> {
        Some(act(me, "Dislike", (&[&group.id], &[]), json!(post.post)))
    }
}

fn create(me: &Me<'_>, group: &Group, parent: Option<&str>, text: &str) -> Value {
    let id = (me.mint)("item");
    let mut note = json!({
        "id": id,
        "type": "Note",
        "attributedTo": me.id,
        "published": me.now,
        "content": text,
        "to": [PUBLIC, group.id],
        "cc": [],
        "tag": [{ "type": "Mention", "href": group.id, "name": format!("@{}", group.name()) }],
    });
    if let Some(parent) = parent {
        note["inReplyTo"] = json!(parent);
    }
    act(me, "Create", (&[PUBLIC, &group.id], &[]), note)
}

fn contained(document: &Value) -> Result<(), Complaint> {
    container(document)?;
    match document["object"]["type"].as_str() {
        Some("Create" | "Update" | "Delete" | "Remove") => is_activity(&document["object"], 400),
        kind => refuse(400, format!("a container of activities with a {kind:?}")),
    }
}

fn container(document: &Value) -> Result<(), Complaint> {
    let target = &document["target"];
    let is_theirs = target["attributedTo"] == document["actor"] && target["id"].is_string();
    if target["type"] == "OrderedCollection" && is_theirs {
        return Ok(());
    }
    refuse(400, "the target is no container of the group's")
}
