//! Lemmy, Mbin, PieFed and their kin: they Follow, and hear of everything as `Announce{activity}` (FEP-1b12).
//!
//! One rule: an Announce without `cc`, of an id, or of what is not public is answered 400 (Lemmy 0.19.20, measured). What Lemmy alone
//! refuses is in `lemmy.rs`; of the others nothing is refused that was not read in them.

use serde_json::{Value, json};

use super::Group;
use super::lemmy;
use super::manners::{
    CONTEXT, Complaint, Door, Manners, Me, PUBLIC, Said, Shape, is_activity, is_announce, is_answer,
    is_shown, refuse, shrug,
};

pub(super) struct Threadiverse {
    /// It has private groups, which speak to their followers.
    pub keeps_private: bool,
    pub kin: Kin,
}

/// Which of them it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kin {
    /// It reads field by field (`lemmy.rs`).
    Lemmy,
    /// It knows words of its own, and looks at no signature that does not name its algorithm.
    PieFed,
    Other,
}

/// What may stand inside an Announce (Lemmy `activity_lists.rs`).
const ANNOUNCABLE: [&str; 10] = [
    "Create", "Update", "Delete", "Like", "Dislike", "Undo", "Lock", "Block", "Add", "Remove",
];

/// What may be undone there.
const UNDONE: [&str; 5] = ["Like", "Dislike", "Delete", "Lock", "Block"];

/// What PieFed knows besides.
const PIEFEDS: [&str; 3] = ["EmojiReact", "PollVote", "ChooseAnswer"];

impl Manners for Threadiverse {
    fn judge(&self, document: &Value, _: Door) -> Result<Option<String>, Complaint> {
        is_activity(document, 400)?;
        match document["type"].as_str() {
            // 0.19.20, measured; 1.0 knows it. Whoever asked with an older one waits for ever: nothing else can be said there.
            Some("Reject") if self.kin == Kin::Lemmy => {
                is_answer(document, 400)?;
                return shrug(400, "data did not match any variant: a Reject");
            }
            Some("Accept" | "Reject") => is_answer(document, 400)?,
            Some("Announce") => return self.announced(document),
            Some("Follow") => {}
            Some("Undo") if document["object"]["type"] == "Follow" => is_activity(&document["object"], 400)?,
            kind => return refuse(400, format!("data did not match any variant: {kind:?}")),
        }
        Ok(None)
    }

    /// PieFed: who wrote it lives where it is (`create_resolved_object`).
    fn believes(&self, _: &Value, fetched: &Value) -> Result<(), Complaint> {
        if self.kin == Kin::PieFed && host(&fetched["attributedTo"]) != host(&fetched["id"]) {
            return refuse(200, "its author is not of its host");
        }
        is_shown(fetched)
    }

    /// A duplicate is an error to Lemmy [M].
    fn to_a_repeat(&self) -> u16 {
        400
    }

    fn looks_at_signature(&self, header: &str) -> Result<(), Complaint> {
        if self.kin == Kin::PieFed {
            super::wall::wants_algorithm(header)
        } else {
            Ok(())
        }
    }

    fn hears(&self, _: &Said) -> Option<Shape> {
        Some(Shape::Wrapped)
    }

    fn join(&self, me: &Me<'_>, group: &Group) -> Value {
        json!({
            "@context": CONTEXT,
            "actor": me.id,
            "to": [group.id],
            "object": group.id,
            "type": "Follow",
            "id": (me.mint)("activities/follow"),
        })
    }

    fn post(&self, me: &Me<'_>, group: &Group, text: &str) -> Value {
        let page = json!({
            "type": "Page",
            "id": (me.mint)("post"),
            "attributedTo": me.id,
            "to": [group.id, PUBLIC],
            "cc": [],
            "name": text,
            "content": format!("<p>{text} &amp; more</p>\n"),
            "mediaType": "text/html",
            "source": { "content": format!("{text} & more"), "mediaType": "text/markdown" },
            "attachment": [],
            "sensitive": false,
            "published": me.now,
            "audience": group.id,
        });
        wrap(me, group, "Create", page)
    }

    fn reply(&self, me: &Me<'_>, group: &Group, to: &Said, text: &str) -> Value {
        let note = json!({
            "type": "Note",
            "id": (me.mint)("comment"),
            "attributedTo": me.id,
            "to": [PUBLIC],
            "cc": [group.id, to.author()],
            "content": format!("<p>{text}</p>\n"),
            "inReplyTo": to.post,
            "mediaType": "text/html",
            "published": me.now,
            "tag": [{ "href": to.author(), "name": "@somebody", "type": "Mention" }],
            "distinguished": false,
            "audience": group.id,
        });
        wrap(me, group, "Create", note)
    }

    fn edit(&self, me: &Me<'_>, group: &Group, post: &Said, text: &str) -> Value {
        let mut object = post.document["object"].clone();
        object["content"] = json!(format!("<p>{text}</p>\n"));
        object["updated"] = json!(me.now);
        wrap(me, group, "Update", object)
    }

    fn delete(&self, me: &Me<'_>, group: &Group, post: &Said) -> Value {
        wrap(me, group, "Delete", json!(post.post))
    }

    fn like(&self, me: &Me<'_>, group: &Group, post: &Said) -> Value {
        vote(me, group, "Like", post)
    }

    fn dislike(&self, me: &Me<'_>, group: &Group, post: &Said) -> Option<Value> {
        Some(vote(me, group, "Dislike", post))
    }
}

fn wrap(me: &Me<'_>, group: &Group, kind: &str, object: Value) -> Value {
    json!({
        "@context": ["https://join-lemmy.org/context.json", CONTEXT],
        "actor": me.id,
        "to": [PUBLIC],
        "object": object,
        "cc": [group.id],
        "type": kind,
        "id": (me.mint)(&format!("activities/{}", kind.to_lowercase())),
        "audience": group.id,
    })
}

fn vote(me: &Me<'_>, group: &Group, kind: &str, post: &Said) -> Value {
    json!({
        "@context": ["https://join-lemmy.org/context.json", CONTEXT],
        "actor": me.id,
        "object": post.post,
        "type": kind,
        "id": (me.mint)(&format!("activities/{}", kind.to_lowercase())),
        "audience": group.id,
    })
}

impl Threadiverse {
    fn knows(&self, kind: &str, all: &[&str]) -> bool {
        all.contains(&kind) || self.kin == Kin::PieFed && PIEFEDS.contains(&kind)
    }

    /// What of it is to be fetched, if anything.
    fn announced(&self, document: &Value) -> Result<Option<String>, Complaint> {
        let followers = format!("{}/followers", document["actor"].as_str().unwrap_or_default());
        if !(self.keeps_private && document["to"] == json!([followers])) {
            is_announce(document, 400)?;
        }
        let inner = &document["object"];
        match inner["type"].as_str() {
            None if self.kin == Kin::PieFed => return of_id(document),
            None => return refuse(400, "an Announce of an id"),
            Some(kind) if !self.knows(kind, &ANNOUNCABLE) => {
                return refuse(400, format!("an Announce of a {kind}"));
            }
            Some("Undo") => {
                let undone = inner["object"]["type"].as_str().unwrap_or_default();
                if !self.knows(undone, &UNDONE) {
                    return refuse(400, format!("an Announce of the Undo of a {undone}"));
                }
            }
            // A vote in a poll: it has no polls, and wants `content` of a comment.
            Some("Create")
                if self.kin != Kin::PieFed
                    && inner["object"]["type"] == "Note"
                    && inner["object"]["content"].is_null() =>
            {
                return refuse(400, "missing field `content`");
            }
            Some(_) => {}
        }
        if inner["actor"].is_null() || inner["id"].is_null() {
            return refuse(400, "the announced activity has no actor or no id");
        }
        if inner["actor"] == document["actor"] {
            return refuse(400, "the actor of an announced activity must be a Person"); // [M]
        }
        if self.kin == Kin::Lemmy {
            // What somebody else wrote is passed on as it came, or not at all: that it is refused is no fault of the group's.
            let is_shrug = host(&inner["actor"]) != host(&document["actor"]);
            lemmy::reads(inner, &document["actor"]).map_err(|complaint| Complaint {
                is_shrug,
                ..complaint
            })?;
        }
        Ok(None)
    }
}

/// PieFed reads an announced id where it is; one on another host than the community's is not looked at (`resolve_remote_post`,
/// `app/activitypub/util.py`, 2026-03-05).
fn of_id(announce: &Value) -> Result<Option<String>, Complaint> {
    if host(&announce["object"]).is_none() || host(&announce["object"]) != host(&announce["actor"]) {
        return refuse(200, "an Announce of an id on another host than the community's");
    }
    Ok(announce["object"].as_str().map(ToOwned::to_owned))
}

fn host(id: &Value) -> Option<&str> {
    id.as_str()?.split('/').nth(2)
}
