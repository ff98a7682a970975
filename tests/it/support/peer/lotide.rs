//! lotide: they Follow and Join at once, and a post is in a community once its id was announced and added to the outbox.
//!
//! One rule: it reads ids and fetches what they name (`apub_util/ingest.rs`, 2024-08-20); a type that it does not know is an error.

use serde_json::{Value, json};

use super::Group;
use super::manners::{
    CONTEXT, Complaint, Door, Manners, Me, PUBLIC, Said, Shape, act, edited, is_activity, is_announce,
    is_answer, refuse,
};

pub(super) struct Lotide;

impl Manners for Lotide {
    fn judge(&self, document: &Value, _: Door) -> Result<Option<String>, Complaint> {
        is_activity(document, 400)?;
        let group = document["actor"].as_str().unwrap_or_default();
        let id = |field: &str| document[field].as_str().map(ToOwned::to_owned);
        match document["type"].as_str() {
            Some("Accept" | "Reject") => is_answer(document, 400)?,
            Some("Announce") => {
                is_announce(document, 400)?;
                return id("object").map_or_else(
                    || refuse(400, "it announces what is not an id"),
                    |id| Ok(Some(id)),
                );
            }
            Some("Add") => {
                if id("target") != Some(format!("{group}/outbox")) {
                    return refuse(400, "the target is not the community's outbox");
                }
                return id("object")
                    .map_or_else(|| refuse(400, "it adds what is not an id"), |id| Ok(Some(id)));
            }
            Some("Undo") => match document["object"]["type"].as_str() {
                Some("Announce" | "Add" | "Follow") => is_activity(&document["object"], 400)?,
                kind => return refuse(400, format!("an Undo of a {kind:?}")),
            },
            // Read again at its origin.
            Some("Create") => return Ok(document["object"]["id"].as_str().map(ToOwned::to_owned)),
            Some("Follow") => {}
            kind => return refuse(400, format!("a {kind:?} of a community")),
        }
        Ok(None)
    }

    fn takes_forwarded(&self, document: &Value) -> Result<(), Complaint> {
        if document["type"] == "Create" && document["object"]["inReplyTo"].is_string() {
            return Ok(());
        }
        refuse(400, "only comments are passed on by others")
    }

    fn hears(&self, said: &Said) -> Option<Shape> {
        match said.kind() {
            "Create" if said.is_comment => Some(Shape::Forwarded),
            "Create" => Some(Shape::Added),
            "Delete" if !said.is_comment => Some(Shape::Unadded),
            _ => None,
        }
    }

    fn join(&self, me: &Me<'_>, group: &Group) -> Value {
        json!({
            "@context": CONTEXT,
            "id": (me.mint)("communities/1/followers"),
            "type": "Follow",
            "actor": me.id,
            "to": group.id,
            "object": group.id,
        })
    }

    fn post(&self, me: &Me<'_>, group: &Group, text: &str) -> Value {
        let page = json!({
            "id": (me.mint)("posts"),
            "type": "Page",
            "name": text,
            "summary": text,
            "content": format!("<p>{text}</p>"),
            "to": [group.id, group.part("followers")],
            "cc": PUBLIC,
            "published": me.now,
            "attributedTo": me.id,
            "target": group.part("outbox"),
        });
        says(me, group, "Create", page)
    }

    fn reply(&self, me: &Me<'_>, group: &Group, to: &Said, text: &str) -> Value {
        let note = json!({
            "id": (me.mint)("comments"),
            "type": "Note",
            "content": format!("<p>{text}</p>\n"),
            "attributedTo": me.id,
            "inReplyTo": to.post,
            "published": me.now,
            "to": to.author(),
            "cc": [PUBLIC, group.id],
        });
        let mut create = says(me, group, "Create", note);
        create["to"] = json!(to.author());
        create["cc"] = json!([PUBLIC, group.id]);
        create
    }

    /// As a fork of it would: it has no edits itself.
    fn edit(&self, me: &Me<'_>, group: &Group, post: &Said, text: &str) -> Value {
        says(me, group, "Update", edited(me, post, text))
    }

    fn delete(&self, me: &Me<'_>, _: &Group, post: &Said) -> Value {
        let mut delete = act(me, "Delete", (&[PUBLIC], &[]), json!(post.post));
        delete["to"] = json!(PUBLIC);
        delete
    }

    fn like(&self, me: &Me<'_>, _: &Group, post: &Said) -> Value {
        act(me, "Like", (&[post.author()], &[PUBLIC]), json!(post.post))
    }

    fn dislike(&self, _: &Me<'_>, _: &Group, _: &Said) -> Option<Value> {
        None
    }
}

fn says(me: &Me<'_>, group: &Group, kind: &str, object: Value) -> Value {
    let mut said = act(me, kind, (&[&group.id, &group.part("followers")], &[]), object);
    said["cc"] = json!(PUBLIC);
    said
}
