//! The steward of a group: a person of this server that speaks for it where only a person is believed.
//!
//! One rule: a steward is nobody's account. It runs the group, is no member of it, takes no mail of its own, and says nothing but
//! what its group does (`deed.rs`). Its key is its group's: whoever holds the one holds the other.

use serde_json::{Value, json};

use crate::dialect::{
    GroupFace, Here,
    announce::date,
    group::{context, tombstone},
    here::steward_name,
};

/// The Person document. Lemmy reads no Person without inbox, outbox and key (0.19.20, measured 2026-08). Of a private group it
/// says no more than the group's stub does.
#[must_use]
pub fn steward_document(face: &GroupFace, may_look: bool, here: &Here) -> Value {
    let group = face.group.name.as_str();
    let (id, name) = (here.steward(group), steward_name(group));
    let mut document = json!({
        "@context": context(),
        "id": id,
        "type": "Person",
        "preferredUsername": name,
        "inbox": format!("{id}/inbox"),
        "outbox": format!("{id}/outbox"),
        "endpoints": {"sharedInbox": format!("{}/inbox", here.base())},
        "publicKey": {"id": format!("{id}#main-key"), "owner": id, "publicKeyPem": face.public_pem},
    });
    if may_look {
        document["name"] = json!(format!("Steward of {}", face.title));
        document["summary"] = json!("<p>What is decided where the group lives is said in this name.</p>");
        document["url"] = json!(here.group(group));
        document["published"] = json!(date(face.published));
    }
    document
}

/// What is left of the steward of a group that is closed.
#[must_use]
pub fn steward_tombstone(group: &str, closed: chrono::DateTime<chrono::Utc>, here: &Here) -> Value {
    tombstone(&here.steward(group), "Person", closed)
}
