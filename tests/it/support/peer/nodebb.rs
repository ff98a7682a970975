//! NodeBB: a category hears of a topic by its id, and of everything by its activity, which it reads again at its origin.
//!
//! One rule: what is on another host than whoever announces it is fetched; if that fails, the answer is 424
//! (`src/middleware/activitypub.js`, 4.15.1).

use serde_json::{Value, json};

use super::Group;
use super::manners::{
    Complaint, Door, Manners, Me, PUBLIC, Said, Shape, act, edited, is_activity, is_announce, is_answer,
    refuse, shrug,
};

pub(super) struct NodeBb;

impl Manners for NodeBb {
    fn judge(&self, document: &Value, _: Door) -> Result<Option<String>, Complaint> {
        is_activity(document, 400)?;
        match document["type"].as_str() {
            Some("Accept" | "Reject") => is_answer(document, 400)?,
            Some("Announce") => return announced(document),
            Some("Undo") => is_activity(&document["object"], 400)?,
            Some("Follow" | "Flag") => {}
            kind => return refuse(400, format!("a {kind:?} of a Group")),
        }
        Ok(None)
    }

    /// An activity with a fragment for an id leads to its object.
    fn believes(&self, document: &Value, fetched: &Value) -> Result<(), Complaint> {
        let named = document["object"]["id"]
            .as_str()
            .or_else(|| document["object"].as_str());
        let plain = named.unwrap_or_default().split('#').next();
        if fetched["id"].as_str() == named || fetched["id"].as_str() == plain {
            return Ok(());
        }
        refuse(424, "what is announced is not what is there")
    }

    fn to_what_is_missing(&self) -> u16 {
        424
    }

    fn hears(&self, said: &Said) -> Option<Shape> {
        (said.kind() != "Dislike").then_some(Shape::Wrapped)
    }

    fn join(&self, me: &Me<'_>, group: &Group) -> Value {
        act(me, "Follow", (&[&group.id], &[]), json!(group.id))
    }

    fn post(&self, me: &Me<'_>, group: &Group, text: &str) -> Value {
        create(me, group, "Article", None, text)
    }

    fn reply(&self, me: &Me<'_>, group: &Group, to: &Said, text: &str) -> Value {
        create(me, group, "Note", Some(&to.post), text)
    }

    fn edit(&self, me: &Me<'_>, group: &Group, post: &Said, text: &str) -> Value {
        says(me, group, "Update", &post.post, edited(me, post, text))
    }

    fn delete(&self, me: &Me<'_>, group: &Group, post: &Said) -> Value {
        says(me, group, "Delete", &post.post, json!(post.post))
    }

    fn like(&self, me: &Me<'_>, _: &Group, post: &Said) -> Value {
        act(me, "Like", (&[PUBLIC], &[post.author()]), json!(post.post))
    }

    fn dislike(&self, _: &Me<'_>, _: &Group, _: &Said) -> Option<Value> {
        None
    }
}

fn create(me: &Me<'_>, group: &Group, kind: &str, parent: Option<&str>, text: &str) -> Value {
    let id = (me.mint)("post");
    let mut object = json!({
        "id": id,
        "type": kind,
        "to": [PUBLIC, group.id],
        "cc": [me.followers],
        "published": me.now,
        "url": id,
        "attributedTo": me.id,
        "context": format!("{}/topic/1", me.base),
        "audience": group.id,
        "content": format!("<p dir=\"auto\">{text}</p>\n"),
        "tag": [{ "type": "Mention", "href": group.id, "name": format!("@{}", group.name()) }],
    });
    match parent {
        Some(parent) => object["inReplyTo"] = json!(parent),
        None => object["name"] = json!(text),
    }
    says(me, group, "Create", &id, object)
}

/// The ids of its activities are fragments of what they are about.
fn says(me: &Me<'_>, group: &Group, kind: &str, about: &str, object: Value) -> Value {
    let mut said = act(me, kind, (&[PUBLIC, &group.id], &[&me.followers]), object);
    let number = (me.mint)("n");
    let number = number.rsplit('/').next().unwrap_or_default();
    said["id"] = json!(format!("{about}#activity/{}/{number}", kind.to_lowercase()));
    said
}

/// What of it is to be fetched.
fn announced(document: &Value) -> Result<Option<String>, Complaint> {
    is_announce(document, 400)?;
    let inner = &document["object"];
    let host = |id: &Value| {
        id.as_str()
            .and_then(|id| id.split('/').nth(2))
            .map(ToOwned::to_owned)
    };
    if inner["type"] == "Delete" {
        let about = if inner["object"].is_string() {
            &inner["object"]
        } else {
            &inner["object"]["id"]
        };
        let by_group = host(&inner["actor"]) == host(&document["actor"]);
        if !by_group && host(&inner["actor"]) != host(about) {
            return refuse(
                200,
                "origin mismatch: who deletes it is neither at the group's host nor at its own",
            );
        }
    }
    if inner["type"] == "Dislike" {
        return refuse(200, "it has no word for that");
    }
    // An announced Create is read by another way, which takes the first of several (`notes.assert`, `mocks.post`).
    if inner["type"] == "Update" && inner["object"]["attributedTo"].is_array() {
        return shrug(200, "attributedTo is an array, rejecting (inbox.update)");
    }
    let id = inner["id"]
        .as_str()
        .or_else(|| inner.as_str())
        .unwrap_or_default();
    Ok(Some(id.split('#').next().unwrap_or_default().to_owned()))
}
