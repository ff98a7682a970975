//! Lemmy 0.19.20 reads what a group announces field by field, all or nothing.
//!
//! One rule: each line is a field of a struct in its `crates/apub/src/protocol`, or a check of the `verify` that goes with it (read at
//! 0.19.20, 2026-07-21; the answers were measured). What fits none of its structs is 'data did not match any variant', and 400.

use serde_json::Value;

use super::manners::{Complaint, PUBLIC, refuse};

/// What a post can be there; what has `inReplyTo` is a comment, and a Note.
const POSTS: [&str; 5] = ["Page", "Article", "Note", "Video", "Event"];

type Read = Result<(), Complaint>;

/// `community` is who announces it.
pub(super) fn reads(activity: &Value, community: &Value) -> Read {
    for field in ["id", "actor"] {
        is_url(activity, field)?;
    }
    may_be_url(activity, "audience")?;
    let object = &activity["object"];
    match activity["type"].as_str().unwrap_or_default() {
        "Update" if object["type"] == "Group" => lists(activity, &["to", "cc"]),
        "Create" | "Update" => writes(activity, community),
        "Like" | "Dislike" => is_url(activity, "object"),
        "Delete" => deletes(activity),
        "Lock" => is_about(activity, &["object"]),
        "Block" | "Add" | "Remove" => is_about(activity, &["object", "target"]),
        "Undo" => undoes(activity),
        kind => no_variant(&format!("an Announce of a {kind}")),
    }
}

fn writes(activity: &Value, community: &Value) -> Read {
    lists(activity, &["to", "cc"])?;
    is_public(activity)?;
    let object = &activity["object"];
    is_url(object, "id")?;
    may_be_url(object, "audience")?;
    may_be_list(object, "cc")?;
    if object["inReplyTo"].is_null() {
        is_post(object, community)?;
    } else {
        is_comment(object)?;
    }
    is_public(object)?;
    let author = author(object);
    if author != activity["actor"].as_str() {
        return refuse(400, "the author of what is written is another than who says so");
    }
    Ok(())
}

fn is_post(object: &Value, community: &Value) -> Read {
    if !object["type"].as_str().is_some_and(|kind| POSTS.contains(&kind)) {
        return no_variant("a post of another type");
    }
    may_be_list(object, "to")?;
    if author(object).is_none() {
        return no_variant("missing field `attributedTo`");
    }
    let is_named = match &object["attributedTo"] {
        _ if !object["audience"].is_null() => object["audience"] == *community,
        Value::Array(several) => several
            .iter()
            .any(|one| one["type"] == "Group" && one["id"] == *community),
        _ => {
            let mut all = named(&object["to"]).chain(named(&object["cc"]));
            all.any(|name| name == community)
        }
    };
    if is_named {
        return Ok(());
    }
    refuse(400, "couldnt_find_community: nothing in the object names it")
}

/// Where it belongs says its parent.
fn is_comment(object: &Value) -> Read {
    if object["type"] != "Note" {
        return no_variant("a comment that is no Note");
    }
    for field in ["attributedTo", "content", "inReplyTo"] {
        is_url(object, field)?;
    }
    lists(object, &["to"])
}

/// A list of them must say which is the Person (as PeerTube's do).
fn author(object: &Value) -> Option<&str> {
    match &object["attributedTo"] {
        Value::String(author) => Some(author),
        Value::Array(several) => several.iter().find(|one| one["type"] == "Person")?["id"].as_str(),
        _ => None,
    }
}

fn deletes(activity: &Value) -> Read {
    lists(activity, &["to"])?;
    may_be_list(activity, "cc")?;
    if !named(&activity["to"]).any(|name| name == PUBLIC) {
        return refuse(400, "object_is_not_public");
    }
    let object = &activity["object"];
    if object["type"] == "Tombstone" {
        is_url(object, "id")
    } else {
        is_url(activity, "object")
    }
}

fn undoes(activity: &Value) -> Read {
    let inner = &activity["object"];
    for field in ["id", "actor"] {
        is_url(inner, field)?;
    }
    match inner["type"].as_str().unwrap_or_default() {
        "Like" | "Dislike" => is_url(inner, "object"),
        "Delete" => lists(activity, &["to"]).and_then(|()| deletes(inner)),
        "Lock" => lists(activity, &["to", "cc"]).and_then(|()| is_about(inner, &["object"])),
        "Block" => lists(activity, &["to", "cc"]).and_then(|()| is_about(inner, &["object", "target"])),
        kind => no_variant(&format!("an Announce of the Undo of a {kind}")),
    }
}

/// What moderators do.
fn is_about(activity: &Value, ids: &[&str]) -> Read {
    lists(activity, &["to", "cc"])?;
    is_public(activity)?;
    ids.iter().try_for_each(|field| is_url(activity, field))
}

fn is_public(document: &Value) -> Read {
    let mut all = named(&document["to"]).chain(named(&document["cc"]));
    if all.any(|name| name == PUBLIC) {
        return Ok(());
    }
    refuse(400, "object_is_not_public")
}

/// One or many.
fn named(field: &Value) -> impl Iterator<Item = &Value> {
    let several = field.as_array().into_iter().flatten();
    several.chain(field.is_string().then_some(field))
}

fn lists(document: &Value, fields: &[&str]) -> Read {
    for field in fields {
        if document[field].is_null() {
            return no_variant(&format!("missing field `{field}`"));
        }
        may_be_list(document, field)?;
    }
    Ok(())
}

fn may_be_list(document: &Value, field: &str) -> Read {
    let list = &document[field];
    let is_list = list
        .as_array()
        .is_some_and(|all| all.iter().all(Value::is_string));
    if list.is_null() || list.is_string() || is_list {
        return Ok(());
    }
    no_variant(&format!("`{field}` holds what is no URL"))
}

fn is_url(document: &Value, field: &str) -> Read {
    if document[field].is_string() {
        return Ok(());
    }
    no_variant(&format!("missing field `{field}`, or it is no string"))
}

fn may_be_url(document: &Value, field: &str) -> Read {
    if document[field].is_null() {
        return Ok(());
    }
    is_url(document, field)
}

fn no_variant(why: &str) -> Read {
    refuse(400, format!("data did not match any variant: {why}"))
}
