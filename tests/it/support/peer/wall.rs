//! Smithereen, as FEP-400e has it: they Join, write on a wall, and hear what is on it by `Add` of its id.
//!
//! One rule: what is added must say by itself that it belongs there, and the group must say which wall (`AddNoteHandler`, 1.0.3).

use serde_json::{Value, json};

use super::Group;
use super::manners::{
    Complaint, Door, Manners, Me, PUBLIC, Said, Shape, act, edited, is_activity, is_answer, is_signed_within,
    names, refuse, with_signature,
};

pub(super) struct Wall;

impl Manners for Wall {
    fn judge(&self, document: &Value, _: Door) -> Result<Option<String>, Complaint> {
        is_activity(document, 400)?;
        let group = document["actor"].as_str().unwrap_or_default();
        match document["type"].as_str() {
            // Its own ids are fragments, so an id alone leads nowhere (`AcceptFollowGroupHandler`).
            Some("Accept" | "Reject") => is_answer(document, 400)?,
            Some("Add") => return added(document, group),
            Some("Delete") if document["object"].is_string() => {}
            Some("Update") if is_signed_within(document) => {}
            Some("Update") if document["object"]["id"] == group => {}
            Some("Delete") if is_signed_within(document) => {}
            Some("Follow" | "Invite" | "Remove" | "Flag") => {}
            kind => return refuse(400, format!("no handler for a {kind:?} of a Group")),
        }
        Ok(None)
    }

    fn believes(&self, add: &Value, note: &Value) -> Result<(), Complaint> {
        if add["type"] == "Add" && note["target"]["id"] != add["target"]["id"] {
            return refuse(400, "the post does not say that it belongs on that wall");
        }
        Ok(())
    }

    /// `ActivityPubRoutes.inbox`.
    fn takes_forwarded(&self, document: &Value) -> Result<(), Complaint> {
        if is_signed_within(document) {
            return Ok(());
        }
        refuse(
            400,
            "in the absence of a valid LD-signature, HTTP signature must be made by the activity actor",
        )
    }

    fn looks_at_signature(&self, header: &str) -> Result<(), Complaint> {
        wants_algorithm(header)
    }

    fn hears(&self, said: &Said) -> Option<Shape> {
        let on_wall = |object: &Value| object["target"]["type"] == "Collection";
        match said.kind() {
            "Create" if on_wall(&said.document["object"]) => Some(Shape::Added),
            "Update" if on_wall(&said.document["object"]) && is_signed_within(&said.document) => {
                Some(Shape::Forwarded)
            }
            _ => None,
        }
    }

    fn join(&self, me: &Me<'_>, group: &Group) -> Value {
        member(me, "Join", group)
    }

    fn leave(&self, me: &Me<'_>, group: &Group, _: &Value) -> Value {
        member(me, "Leave", group)
    }

    fn post(&self, me: &Me<'_>, group: &Group, text: &str) -> Value {
        create(me, group, Value::Null, text)
    }

    fn reply(&self, me: &Me<'_>, group: &Group, to: &Said, text: &str) -> Value {
        create(me, group, json!(to.post), text)
    }

    fn edit(&self, me: &Me<'_>, group: &Group, post: &Said, text: &str) -> Value {
        let mut update = act(me, "Update", (&[PUBLIC, &group.id], &[]), edited(me, post, text));
        update["id"] = json!(format!("{}#update_{}", post.post, (me.mint)("n").len()));
        with_signature(me, update)
    }

    fn delete(&self, me: &Me<'_>, group: &Group, post: &Said) -> Value {
        let mut delete = act(me, "Delete", (&[PUBLIC, &group.id], &[]), json!(post.post));
        delete["id"] = json!(format!("{}/delete", post.post));
        with_signature(me, delete)
    }

    /// Addressed to nobody.
    fn like(&self, me: &Me<'_>, _: &Group, post: &Said) -> Value {
        with_signature(me, act(me, "Like", (&[], &[]), json!(post.post)))
    }

    fn dislike(&self, _: &Me<'_>, _: &Group, _: &Said) -> Option<Value> {
        None
    }
}

/// `algorithm` is a must, here and at PieFed: without it the signature is not looked at.
pub(super) fn wants_algorithm(header: &str) -> Result<(), Complaint> {
    let known = ["algorithm=\"rsa-sha256\"", "algorithm=\"hs2019\""];
    if known.iter().any(|known| header.contains(known)) {
        return Ok(());
    }
    refuse(401, "the signature names no algorithm")
}

fn member(me: &Me<'_>, kind: &str, group: &Group) -> Value {
    let mut activity = act(me, kind, (&[], &[]), json!(group.id));
    let number = (me.mint)("n").replace('/', "");
    activity["id"] = json!(format!("{}#{}Group{}", me.id, kind.to_lowercase(), number.len()));
    with_signature(me, activity)
}

fn create(me: &Me<'_>, group: &Group, parent: Value, text: &str) -> Value {
    let wall = if parent.is_null() { "wall" } else { "wall-comments" };
    let id = (me.mint)("posts");
    let mut note = json!({
        "type": "Note",
        "id": id,
        "attributedTo": me.id,
        "content": format!("<p>{text}</p>"),
        "published": me.now,
        "url": id,
        "to": [PUBLIC, group.id],
        "cc": [],
        "sensitive": false,
        "target": { "type": "Collection", "id": group.part(wall), "attributedTo": group.id },
    });
    if !parent.is_null() {
        note["inReplyTo"] = parent;
    }
    let mut create = act(me, "Create", (&[PUBLIC, &group.id], &[]), note);
    create["id"] = json!(format!("{id}/activityCreate"));
    with_signature(me, create)
}

fn added(document: &Value, group: &str) -> Result<Option<String>, Complaint> {
    let target = &document["target"];
    if target.as_str().or_else(|| target["id"].as_str()) == Some(&format!("{group}/members")) {
        return Ok(None);
    }
    let Some(post) = document["object"].as_str() else {
        return refuse(400, "what is added is not an id");
    };
    let walls = [format!("{group}/wall"), format!("{group}/wall-comments")];
    if !walls.iter().any(|wall| target["id"] == **wall) {
        return refuse(400, "the target is no wall of that group");
    }
    if target["type"] != "Collection" || target["attributedTo"] != group {
        return refuse(400, "the target is not an abbreviated collection");
    }
    if !names(document, "to", &format!("{group}/members")) {
        return refuse(400, "it is not for the members");
    }
    Ok(Some(post.to_owned()))
}
