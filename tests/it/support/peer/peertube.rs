//! PeerTube: a group that shares Videos, and nothing else.
//!
//! One rule: what is announced is the id of a Video; anything else fails (PeerTube#6400).

use serde_json::{Value, json};

use super::Group;
use super::manners::{
    Complaint, Door, Manners, Me, PUBLIC, Said, Shape, act, edited, is_activity, is_announce, is_answer,
    refuse,
};

pub(super) struct PeerTube;

impl Manners for PeerTube {
    fn judge(&self, document: &Value, _: Door) -> Result<Option<String>, Complaint> {
        is_activity(document, 403)?;
        match document["type"].as_str() {
            Some("Accept" | "Reject") => is_answer(document, 403)?,
            Some("Announce") => {
                is_announce(document, 403)?;
                let Some(id) = document["object"].as_str() else {
                    return refuse(403, "it announces what is not an id");
                };
                return Ok(Some(id.to_owned()));
            }
            Some("Follow" | "Flag") => {}
            kind => return refuse(403, format!("a {kind:?} of a Group")),
        }
        Ok(None)
    }

    fn believes(&self, _: &Value, fetched: &Value) -> Result<(), Complaint> {
        match fetched["type"].as_str() {
            Some("Video") => Ok(()),
            kind => refuse(403, format!("a {kind:?} is no Video")),
        }
    }

    fn hears(&self, said: &Said) -> Option<Shape> {
        let is_video = said.kind() == "Create" && said.document["object"]["type"] == "Video";
        is_video.then_some(Shape::Boosted)
    }

    fn join(&self, me: &Me<'_>, group: &Group) -> Value {
        act(me, "Follow", (&[&group.id], &[]), json!(group.id))
    }

    fn post(&self, me: &Me<'_>, group: &Group, text: &str) -> Value {
        let video = json!({
            "type": "Video",
            "id": (me.mint)("videos/watch"),
            "name": text,
            "duration": "PT214S",
            "published": me.now,
            "mediaType": "text/markdown",
            "content": text,
            "attributedTo": [{ "type": "Person", "id": me.id }],
            "to": [PUBLIC],
            "cc": [me.followers],
        });
        says(me, group, "Create", video)
    }

    fn reply(&self, me: &Me<'_>, group: &Group, to: &Said, text: &str) -> Value {
        let note = json!({
            "type": "Note",
            "id": (me.mint)("comments"),
            "content": text,
            "inReplyTo": to.post,
            "published": me.now,
            "attributedTo": me.id,
            "to": [PUBLIC],
            "cc": [me.followers, group.id],
            "tag": [{ "type": "Mention", "href": group.id, "name": format!("@{}", group.name()) }],
        });
        says(me, group, "Create", note)
    }

    fn edit(&self, me: &Me<'_>, group: &Group, post: &Said, text: &str) -> Value {
        says(me, group, "Update", edited(me, post, text))
    }

    fn delete(&self, me: &Me<'_>, group: &Group, post: &Said) -> Value {
        says(me, group, "Delete", json!(post.post))
    }

    fn like(&self, me: &Me<'_>, group: &Group, post: &Said) -> Value {
        says(me, group, "Like", json!(post.post))
    }

    fn dislike(&self, me: &Me<'_>, group: &Group, post: &Said) -> Option<Value> {
        Some(says(me, group, "Dislike", json!(post.post)))
    }
}

/// It names no group: it says where it is by whose inbox it comes to.
fn says(me: &Me<'_>, _: &Group, kind: &str, object: Value) -> Value {
    act(me, kind, (&[PUBLIC], &[&me.followers]), object)
}
