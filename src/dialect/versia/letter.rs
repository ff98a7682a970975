//! Letters, in the words of Versia: who is in, and who is not.
//!
//! One rule: a letter is written once, as everybody else gets it, and said in other words here; what Versia has no word for is
//! not sent. The request that it answers says which of the two ways in it is about.

use serde_json::{Value, json};

use crate::dialect::{
    Here,
    fields::{embedded, kind_of, text_of},
    versia::{
        kind,
        reference::{Mirrored, Ours},
    },
};

/// What is sent to a user of another server in place of `body`; `to` is the id of their mirror. `None`: nothing.
///
/// To be put out is what a request turned down is: neither Versia nor its groups extension has another word for it.
#[must_use]
pub fn letter(to: &str, body: &str, here: &Here) -> Option<String> {
    let Mirrored::User(user) = here.mirrored(to)? else {
        return None;
    };
    let letter: Value = serde_json::from_str(body).ok()?;
    let accepted = kind_of(&letter, &["Accept", "Reject"])? == "Accept";
    let name = here.group_of(text_of(&letter, "actor")?)?;
    let created_at = text_of(&letter, "published")?;
    let request = letter.get("object").and_then(embedded)?;
    let entity = match kind_of(request, &["Follow", "Join"])? {
        "Join" => json!({
            "type": if accepted { kind::SUBSCRIBE_ACCEPT } else { kind::SUBSCRIBE_REJECT },
            "created_at": created_at,
            "subscriber": user.to_string(),
            "group": here.reference(&Ours::Group(name))?.to_string(),
        }),
        _ => json!({
            "type": if accepted { kind::FOLLOW_ACCEPT } else { kind::FOLLOW_REJECT },
            "created_at": created_at,
            "author": here.reference(&Ours::Sharer(name))?.to_string(),
            "follower": user.to_string(),
        }),
    };
    Some(entity.to_string())
}
