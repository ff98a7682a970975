//! Discourse: a category follows the group and takes what is newly written; the rest it drops.
//!
//! One rule: only a Create inside an Announce that names Public is honoured (discourse-activity-pub#337, 2026-08-31), and an answer
//! is a success only if it is 200, 201 or 202.

use serde_json::{Value, json};

use super::Group;
use super::manners::{
    Complaint, Door, Manners, Me, PUBLIC, Said, Shape, act, edited, is_activity, is_announce, is_answer,
    refuse,
};

pub(super) struct Discourse;

impl Manners for Discourse {
    fn judge(&self, document: &Value, _: Door) -> Result<Option<String>, Complaint> {
        is_activity(document, 400)?;
        match document["type"].as_str() {
            Some("Accept" | "Reject") => is_answer(document, 400)?,
            Some("Announce") => {
                is_announce(document, 200)?;
                let inner = &document["object"];
                if inner["type"] != "Create" || !inner["object"]["id"].is_string() {
                    return refuse(200, "dropped: only a Create inside is honoured");
                }
            }
            // Nothing comes of it, and no harm either.
            Some("Undo") => is_activity(&document["object"], 200)?,
            Some("Follow" | "Flag") => {}
            kind => return refuse(200, format!("dropped: a {kind:?} of a Group")),
        }
        Ok(None)
    }

    /// `lib/discourse_activity_pub/request.rb`: 204 is a failure, and sent again.
    fn is_delivered(&self, status: u16) -> bool {
        (200..=202).contains(&status)
    }

    fn hears(&self, said: &Said) -> Option<Shape> {
        (said.kind() == "Create").then_some(Shape::Wrapped)
    }

    fn join(&self, me: &Me<'_>, group: &Group) -> Value {
        let named = json!({ "id": group.id, "type": "Group", "inbox": group.inbox() });
        act(me, "Follow", (&[&group.id], &[]), named)
    }

    fn post(&self, me: &Me<'_>, group: &Group, text: &str) -> Value {
        create(me, group, "Article", None, text)
    }

    fn reply(&self, me: &Me<'_>, group: &Group, to: &Said, text: &str) -> Value {
        create(me, group, "Note", Some(&to.post), text)
    }

    fn edit(&self, me: &Me<'_>, group: &Group, post: &Said, text: &str) -> Value {
        says(me, group, "Update", edited(me, post, text))
    }

    fn delete(&self, me: &Me<'_>, group: &Group, post: &Said) -> Value {
        says(me, group, "Delete", json!(post.post))
    }

    fn like(&self, me: &Me<'_>, _: &Group, post: &Said) -> Value {
        act(me, "Like", (&[post.author()], &[]), json!(post.post))
    }

    fn dislike(&self, _: &Me<'_>, _: &Group, _: &Said) -> Option<Value> {
        None
    }
}

fn create(me: &Me<'_>, group: &Group, kind: &str, parent: Option<&str>, text: &str) -> Value {
    let mut object = json!({
        "id": (me.mint)("ap/object"),
        "type": kind,
        "audience": group.id,
        "to": [PUBLIC],
        "cc": [me.followers, group.id],
        "published": me.now,
        "attributedTo": me.id,
        "context": format!("{}/ap/collection/1", me.base),
        "content": format!("<p>{text}</p>"),
    });
    match parent {
        Some(parent) => object["inReplyTo"] = json!(parent),
        None => object["name"] = json!(text),
    }
    says(me, group, "Create", object)
}

fn says(me: &Me<'_>, group: &Group, kind: &str, object: Value) -> Value {
    let mut said = act(me, kind, (&[PUBLIC], &[&me.followers, &group.id]), object);
    said["audience"] = json!(group.id);
    said
}
