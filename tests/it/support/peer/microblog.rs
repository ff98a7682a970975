//! Mastodon, Misskey, GoToSocial and their kin: they Follow, mention the group, and hear of threads as boosts.
//!
//! One rule: they answer 202 to everything, so what they dislike shows in their complaints only.

use serde_json::{Value, json};

use super::Group;
use super::manners::{
    CONTEXT, Complaint, Door, Manners, Me, PUBLIC, Said, Shape, is_activity, is_announce, is_answer,
    is_shown, is_signed_within, refuse, shrug, with_signature,
};

pub(super) struct Microblog {
    /// Its edits carry a Linked Data Signature (Mastodon).
    pub signs_within: bool,
}

/// Misskey drops more (`ActivityPubServerService.ts:638`).
const LARGEST: usize = 64 * 1024;

impl Manners for Microblog {
    fn judge(&self, document: &Value, _: Door) -> Result<Option<String>, Complaint> {
        is_activity(document, 202)?;
        if document.to_string().len() > LARGEST {
            return refuse(202, "more than 64 KiB");
        }
        match document["type"].as_str() {
            Some("Accept" | "Reject") => is_answer(document, 202)?,
            Some("Announce") => return boosted(document).map(Some),
            Some("Undo") => {
                is_activity(&document["object"], 202)?;
                boosted(&document["object"])?;
            }
            Some("Follow") => {}
            Some("Update" | "Delete")
                if document["object"]["id"] == document["actor"]
                    || document["object"] == document["actor"] => {}
            // What a Group pins (mastodon `app/lib/activitypub/activity/add.rb`).
            Some("Add" | "Remove")
                if document["target"]
                    == format!("{}/featured", document["actor"].as_str().unwrap_or_default()) => {}
            Some("Update") if proves_itself(document) => {}
            Some("Flag") => {}
            kind => return refuse(202, format!("nothing is done with a {kind:?} of a group")),
        }
        Ok(None)
    }

    /// Misskey: "malformed createdAt" (`ApInboxService.ts:360`, 2026-03-22).
    fn believes(&self, document: &Value, fetched: &Value) -> Result<(), Complaint> {
        let date = |of: &Value| chrono::DateTime::parse_from_rfc3339(of["published"].as_str()?).ok();
        if document["type"] == "Announce" && date(document) < date(fetched) {
            return refuse(202, "the Announce is older than its note");
        }
        // Misskey: it must be who says it; Mastodon takes the first (`process_status_update`), and needs one (2026-08-08).
        if fetched["attributedTo"].is_null() {
            return shrug(202, "nobody wrote the note");
        }
        is_shown(fetched)
    }

    fn takes_forwarded(&self, document: &Value) -> Result<(), Complaint> {
        if document["type"] == "Update" && proves_itself(document) {
            return Ok(());
        }
        refuse(
            401,
            "signed by another than its actor, and nothing shows that it is theirs",
        )
    }

    fn hears(&self, said: &Said) -> Option<Shape> {
        match said.kind() {
            "Update" if !said.is_comment && proves_itself(&said.document) => Some(Shape::Forwarded),
            "Create" if !said.is_comment => Some(Shape::Boosted),
            "Delete" if !said.is_comment => Some(Shape::Unboosted),
            _ => None,
        }
    }

    fn join(&self, me: &Me<'_>, group: &Group) -> Value {
        json!({
            "@context": CONTEXT,
            "id": (me.mint)("follows"),
            "type": "Follow",
            "actor": me.id,
            "object": group.id,
        })
    }

    fn leave(&self, me: &Me<'_>, _: &Group, join: &Value) -> Value {
        undo(me, join)
    }

    fn post(&self, me: &Me<'_>, group: &Group, text: &str) -> Value {
        create(me, group, Value::Null, text, &[])
    }

    fn reply(&self, me: &Me<'_>, group: &Group, to: &Said, text: &str) -> Value {
        create(me, group, json!(to.post), text, &[to.author()])
    }

    fn edit(&self, me: &Me<'_>, _: &Group, post: &Said, text: &str) -> Value {
        let mut note = post.document["object"].clone();
        note["content"] = json!(format!("<p>{text}</p>"));
        note["updated"] = json!(me.now);
        let update = json!({
            "@context": CONTEXT,
            "id": (me.mint)(&format!("{}#updates", local(me, &post.post))),
            "type": "Update",
            "actor": me.id,
            "published": me.now,
            "to": post.document["to"],
            "cc": post.document["cc"],
            "object": note,
        });
        if self.signs_within {
            with_signature(me, update)
        } else {
            update
        }
    }

    fn delete(&self, me: &Me<'_>, _: &Group, post: &Said) -> Value {
        json!({
            "@context": [CONTEXT, { "ostatus": "http://ostatus.org#", "atomUri": "ostatus:atomUri" }],
            "id": format!("{}#delete", post.post),
            "type": "Delete",
            "actor": me.id,
            "to": [PUBLIC],
            "object": { "id": post.post, "type": "Tombstone", "atomUri": post.post },
        })
    }

    fn like(&self, me: &Me<'_>, _: &Group, post: &Said) -> Value {
        json!({
            "@context": CONTEXT,
            "id": (me.mint)(&format!("{}#likes", local(me, &me.id))),
            "type": "Like",
            "actor": me.id,
            "object": post.post,
        })
    }

    fn dislike(&self, _: &Me<'_>, _: &Group, _: &Said) -> Option<Value> {
        None
    }

    fn undo(&self, me: &Me<'_>, _: &Group, what: &Value) -> Value {
        undo(me, what)
    }
}

/// By a Linked Data Signature (Mastodon), or by a proof (FEP-8b32: Mastodon 4.7).
fn proves_itself(document: &Value) -> bool {
    is_signed_within(document) || document["proof"]["type"] == "DataIntegrityProof"
}

/// An id without its base: where the next one may go below.
fn local<'a>(me: &Me<'_>, id: &'a str) -> &'a str {
    id.strip_prefix(me.base.as_str())
        .unwrap_or(id)
        .trim_start_matches('/')
}

/// Addressed to nobody; its id is a fragment of what it undoes (Mastodon).
fn undo(me: &Me<'_>, what: &Value) -> Value {
    let mut inner = what.clone();
    if let Some(inner) = inner.as_object_mut() {
        inner.remove("@context");
    }
    let undone = what["id"].as_str().unwrap_or_default();
    let id = if undone.contains('#') {
        format!("{undone}/undo")
    } else {
        format!("{undone}#undo")
    };
    json!({
        "@context": CONTEXT,
        "id": id,
        "type": "Undo",
        "actor": me.id,
        "object": inner,
    })
}

/// A status that mentions the group: a mention of a group puts its followers into `cc` as well.
fn create(me: &Me<'_>, group: &Group, parent: Value, text: &str, mentions: &[&str]) -> Value {
    let id = (me.mint)(&format!("{}/statuses", local(me, &me.id)));
    let mut cc = vec![me.followers.clone(), group.id.clone(), group.part("followers")];
    cc.extend(mentions.iter().map(|who| (*who).to_owned()));
    let mention =
        |href: &str| json!({ "type": "Mention", "href": href, "name": format!("@{}", group.name()) });
    let mut tag = vec![mention(&group.id)];
    tag.extend(mentions.iter().map(|who| mention(who)));
    json!({
        "@context": [CONTEXT, { "ostatus": "http://ostatus.org#", "conversation": "ostatus:conversation" }],
        "id": format!("{id}/activity"),
        "type": "Create",
        "actor": me.id,
        "published": me.now,
        "to": [PUBLIC],
        "cc": cc,
        "object": {
            "id": id,
            "type": "Note",
            "summary": null,
            "inReplyTo": parent,
            "published": me.now,
            "url": id,
            "attributedTo": me.id,
            "to": [PUBLIC],
            "cc": cc,
            "sensitive": false,
            "content": format!("<p><a href=\"{}\">@{}</a> {text}</p>", group.id, group.name()),
            "contentMap": { "en": format!("<p><a href=\"{}\">@{}</a> {text}</p>", group.id, group.name()) },
            "attachment": [],
            "tag": tag,
        },
    })
}

/// The id of what is boosted.
fn boosted(document: &Value) -> Result<String, Complaint> {
    is_announce(document, 202)?;
    match document["object"].as_str() {
        Some(id) => Ok(id.to_owned()),
        // mastodon#18069; Misskey: "skip: unknown object type" (`ApInboxService.ts:310`).
        None => refuse(202, "an Announce of an activity: every comment would be boosted"),
    }
}
