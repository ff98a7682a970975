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

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use uuid::Uuid;

    use super::*;
    use crate::dialect;

    const U1: &str = "https://g.example/bridge/versia/b.example/u1";

    #[test]
    fn an_answer_says_which_way_in_it_is_about() {
        let here = Here::new(&"https://g.example".parse().unwrap()).speaking_for("g.example".to_owned());
        let at = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let group = here.group("garden");
        let request = |kind: &str| {
            json!({"id": format!("{U1}#1"), "type": kind, "actor": U1, "object": "https://g.example/c/garden"}).to_string()
        };
        let accepted = |kind| dialect::accept(Uuid::nil(), "garden", U1, &request(kind), at, &here);
        let rejected = |kind| dialect::reject(Uuid::nil(), &group, U1, &request(kind), "No.", at, &here);
        let said =
            |body: &str| letter(U1, body, &here).map(|text| serde_json::from_str::<Value>(&text).unwrap());
        assert_eq!(
            said(&accepted("Join")),
            Some(
                json!({"type": "pub.versia:groups/SubscribeAccept", "created_at": "2027-01-15T08:00:00Z",
                "subscriber": "b.example:u1", "group": "g.example:group-garden"})
            )
        );
        assert_eq!(
            said(&rejected("Follow")),
            Some(
                json!({"type": "FollowReject", "created_at": "2027-01-15T08:00:00Z", "author": "g.example:garden",
                "follower": "b.example:u1"})
            )
        );
        assert_eq!(
            said(&rejected("Join")).unwrap()["type"],
            "pub.versia:groups/SubscribeReject"
        );
        assert_eq!(said(&accepted("Follow")).unwrap()["type"], "FollowAccept");
        assert_eq!(said(&accepted("Create")), None, "a receipt has no word");
        assert_eq!(said(&dialect::follow(Uuid::nil(), "garden", U1, &here)), None);
        assert_eq!(letter("https://m.example/u/x", &accepted("Join"), &here), None);
    }
}
