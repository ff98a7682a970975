//! What a group says of itself, while others only come, go, or are put out: nobody's deed, so the log alone knows that it is due.
//!
//! One rule: each is one kind of the log and one activity of ours, however it is written for whom. One more kind: an arm here,
//! and a word in the query of `log.rs`.

use serde_json::Value;

use crate::support::peer::Heard;

/// The kinds of the log that are meant.
pub const KINDS: [&str; 5] = ["listed", "unlisted", "banned", "unbanned", "unhosted"];

/// Whether the log calls an activity so.
pub fn is_own(activity: &str) -> bool {
    activity
        .split_once(' ')
        .is_some_and(|(kind, _)| KINDS.contains(&kind))
}

/// The group and the activity, as the log has them.
pub fn own_word(heard: &Heard) -> Option<(String, String)> {
    let document = &heard.document;
    let inside = &document["object"];
    let of_members = document["target"]
        .as_str()
        .is_some_and(|target| target.ends_with("/members"));
    let (kind, id) = match heard.kind() {
        "Add" if of_members => ("listed", &document["id"]),
        "Remove" if of_members => ("unlisted", &document["id"]),
        "Announce" if inside["type"] == "Block" => ("banned", &inside["id"]),
        "Announce" if inside["type"] == "Undo" && inside["object"]["type"] == "Block" => {
            ("unbanned", &inside["id"])
        }
        _ => return None,
    };
    let group = document["actor"].as_str()?;
    Some((group.to_owned(), format!("{kind} {}", activity_of(id)?)))
}

/// Of `BASE/activities/UUID/SHAPE` the UUID.
fn activity_of(id: &Value) -> Option<&str> {
    let (_, rest) = id.as_str()?.split_once("/activities/")?;
    rest.split('/').next()
}
