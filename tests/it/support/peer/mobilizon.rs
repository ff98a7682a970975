//! Mobilizon: they Join, and a group passes on what its members make as an Announce of the thing itself.
//!
//! One rule: what is announced is a thing, whole, and never an activity (5.1.3, 2025-04).

use serde_json::{Value, json};

use super::Group;
use super::manners::{
    Complaint, Door, Manners, Me, PUBLIC, Said, Shape, act, edited, is_activity, is_answer, names, refuse,
};

pub(super) struct Mobilizon;

/// What a group there holds.
const THINGS: [&str; 6] = ["Note", "Article", "Page", "Event", "Video", "Question"];

impl Manners for Mobilizon {
    fn judge(&self, document: &Value, _: Door) -> Result<Option<String>, Complaint> {
        is_activity(document, 400)?;
        match document["type"].as_str() {
            Some("Accept" | "Reject") => is_answer(document, 400)?,
            Some("Announce") => {
                let members = format!("{}/members", document["actor"].as_str().unwrap_or_default());
                if !names(document, "to", PUBLIC) && !names(document, "to", &members) {
                    return refuse(400, "it is for nobody");
                }
                let kind = document["object"]["type"].as_str();
                if !kind.is_some_and(|kind| THINGS.contains(&kind)) {
                    return refuse(400, format!("an Announce of a {kind:?}"));
                }
            }
            Some("Update" | "Delete") => {}
            Some("Remove") if document["object"].is_string() && document["origin"] == document["actor"] => {}
            Some("Follow" | "Invite" | "Add" | "Flag") => {}
            kind => return refuse(400, format!("a {kind:?} of a group")),
        }
        Ok(None)
    }

    /// What somebody changed or took back is read again where it is.
    fn takes_forwarded(&self, document: &Value) -> Result<(), Complaint> {
        match document["type"].as_str() {
            Some("Update" | "Delete") => Ok(()),
            kind => refuse(401, format!("a {kind:?} that another signed")),
        }
    }

    fn hears(&self, said: &Said) -> Option<Shape> {
        match said.kind() {
            "Create" => Some(Shape::Embedded),
            "Update" | "Delete" => Some(Shape::Forwarded),
            _ => None,
        }
    }

    fn join(&self, me: &Me<'_>, group: &Group) -> Value {
        act(me, "Join", (&[&group.id], &[]), json!(group.id))
    }

    fn leave(&self, me: &Me<'_>, group: &Group, _: &Value) -> Value {
        act(
            me,
            "Leave",
            (&[&group.part("members")], &[&group.id]),
            json!(group.id),
        )
    }

    fn post(&self, me: &Me<'_>, group: &Group, text: &str) -> Value {
        create(me, group, "Article", None, text)
    }

    fn reply(&self, me: &Me<'_>, group: &Group, to: &Said, text: &str) -> Value {
        create(me, group, "Note", Some(&to.post), text)
    }

    fn edit(&self, me: &Me<'_>, group: &Group, post: &Said, text: &str) -> Value {
        act(me, "Update", (&[PUBLIC], &[&group.id]), edited(me, post, text))
    }

    fn delete(&self, me: &Me<'_>, group: &Group, post: &Said) -> Value {
        act(me, "Delete", (&[PUBLIC], &[&group.id]), json!(post.post))
    }

    /// As a reader of it would: it has no votes itself.
    fn like(&self, me: &Me<'_>, group: &Group, post: &Said) -> Value {
        act(me, "Like", (&[PUBLIC], &[&group.id]), json!(post.post))
    }

    fn dislike(&self, _: &Me<'_>, _: &Group, _: &Said) -> Option<Value> {
        None
    }
}

fn create(me: &Me<'_>, group: &Group, kind: &str, parent: Option<&str>, text: &str) -> Value {
    let mut object = json!({
        "id": (me.mint)("p"),
        "type": kind,
        "actor": me.id,
        "attributedTo": me.id,
        "published": me.now,
        "to": [PUBLIC],
        "cc": [group.id],
        "content": format!("<p>{text}</p>"),
    });
    match parent {
        Some(parent) => object["inReplyTo"] = json!(parent),
        None => object["name"] = json!(text),
    }
    act(me, "Create", (&[PUBLIC], &[&group.id]), object)
}
