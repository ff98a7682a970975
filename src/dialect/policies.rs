//! What a group allows, as its document says it and as an Update of it asks for it.
//!
//! One rule: each policy has one word of ours, which says all of it; what other programs call nearly the same is written
//! beside it, and read where ours is not given. `FEDERATION.md` lists the words.

use std::str::FromStr;

use serde_json::{Map, Value, json};

use crate::{
    dialect::Unreadable,
    domain::{JoinPolicy, Policies, PolicyChange, PostPolicy, Visibility},
};

/// Our words for the context of a group's document, which defines them inline.
pub(crate) const TERMS: [&str; 11] = [
    "joinPolicy",
    "postPolicy",
    "followMeans",
    "visibility",
    "membersList",
    "invitePolicy",
    "infoPolicy",
    "review",
    "reviewCount",
    "adminsAppoint",
    "votePolicy",
];

/// Writes them into a group's document.
pub(crate) fn write(allows: &Policies, document: &mut Map<String, Value>) {
    let private = allows.visibility == Visibility::Private;
    let written = json!({
        "joinPolicy": allows.join.word(),
        "postPolicy": allows.post.word(),
        "followMeans": allows.follow.word(),
        "visibility": allows.visibility.word(),
        "membersList": allows.members_list.word(),
        "invitePolicy": allows.invite.word(),
        "infoPolicy": allows.info.word(),
        "review": allows.review.word(),
        "reviewCount": allows.review_count,
        "adminsAppoint": allows.admins_appoint,
        "votePolicy": allows.vote.word(),
        // Nearly the same, as others call it: Smithereen, Mobilizon, FEP-5219, Pleroma, Lemmy.
        "capabilities": {"acceptsJoins": allows.join != JoinPolicy::Closed},
        "accessType": access_type(allows),
        "openness": openness(allows.join),
        "canView": if private { "member" } else { "none" },
        "canCreate": if allows.post == PostPolicy::Anyone { "none" } else { "member" },
        "manuallyApprovesFollowers": private,
        "postingRestrictedToMods": allows.post == PostPolicy::Admins,
        "discoverable": !private,
        "indexable": !private,
    });
    if let Value::Object(fields) = written {
        document.extend(fields);
    }
}

/// Smithereen's word.
fn access_type(allows: &Policies) -> &'static str {
    match (allows.visibility, allows.join) {
        (Visibility::Public, _) => "open",
        (Visibility::Private, JoinPolicy::Invite | JoinPolicy::Closed) => "private",
        (Visibility::Private, _) => "closed",
    }
}

/// Mobilizon's word for the join policy.
const fn openness(policy: JoinPolicy) -> &'static str {
    match policy {
        JoinPolicy::Open => "open",
        JoinPolicy::Approval => "moderated",
        JoinPolicy::Invite | JoinPolicy::Closed => "invite_only",
    }
}

/// Takes one field of an Update into `change`; `false` if it is about no policy. `null` stands for the default.
pub(crate) fn read(name: &str, value: &Value, change: &mut PolicyChange) -> Result<bool, Unreadable> {
    let default = Policies::default();
    match name {
        "joinPolicy" => change.join = word("object.joinPolicy", value, default.join)?,
        "postPolicy" => change.post = word("object.postPolicy", value, default.post)?,
        "followMeans" => change.follow = word("object.followMeans", value, default.follow)?,
        "visibility" => change.visibility = word("object.visibility", value, default.visibility)?,
        "membersList" => change.members_list = word("object.membersList", value, default.members_list)?,
        "invitePolicy" => change.invite = word("object.invitePolicy", value, default.invite)?,
        "infoPolicy" => change.info = word("object.infoPolicy", value, default.info)?,
        "review" => change.review = word("object.review", value, default.review)?,
        "reviewCount" => change.review_count = Some(count(value, default.review_count)?),
        "adminsAppoint" => {
            change.admins_appoint = Some(flag("object.adminsAppoint", value, default.admins_appoint)?);
        }
        "votePolicy" => change.vote = word("object.votePolicy", value, default.vote)?,
        _ => return Ok(false),
    }
    Ok(true)
}

/// The same for a word of others, which gives way to ours; `false` if it is none.
pub(crate) fn read_of_others(
    name: &str,
    value: &Value,
    now: &Policies,
    change: &mut PolicyChange,
) -> Result<bool, Unreadable> {
    match name {
        "openness" => {
            let policy = match value.as_str() {
                Some("open") => JoinPolicy::Open,
                Some("moderated") => JoinPolicy::Approval,
                Some("invite_only") => JoinPolicy::Invite,
                _ => return Err(unknown("object.openness")),
            };
            change.join = change.join.or(Some(policy));
        }
        "postingRestrictedToMods" => {
            let restricted = flag("object.postingRestrictedToMods", value, false)?;
            let policy = match (restricted, now.post) {
                (true, _) => PostPolicy::Admins,
                (false, PostPolicy::Admins) => PostPolicy::Members,
                (false, other) => other,
            };
            change.post = change.post.or(Some(policy));
        }
        "canCreate" => {
            let policy = match value.as_str() {
                Some("none") => PostPolicy::Anyone,
                Some("member") => PostPolicy::Members,
                _ => return Err(unknown("object.canCreate")),
            };
            change.post = change.post.or(Some(policy));
        }
        "canView" => {
            let visibility = match value.as_str() {
                Some("none") => Visibility::Public,
                Some("member") => Visibility::Private,
                _ => return Err(unknown("object.canView")),
            };
            change.visibility = change.visibility.or(Some(visibility));
        }
        // FEP-5219: true means that the group is private.
        "manuallyApprovesFollowers" => {
            let private = flag("object.manuallyApprovesFollowers", value, false)?;
            let visibility = if private {
                Visibility::Private
            } else {
                Visibility::Public
            };
            change.visibility = change.visibility.or(Some(visibility));
        }
        _ => return Ok(false),
    }
    Ok(true)
}

fn unknown(field: &'static str) -> Unreadable {
    Unreadable::new(field, "This is none of the values that the field may have.")
}

fn word<T: FromStr>(field: &'static str, value: &Value, default: T) -> Result<Option<T>, Unreadable> {
    match value {
        Value::Null => Ok(Some(default)),
        Value::String(text) => text.parse().map(Some).map_err(|_| unknown(field)),
        _ => Err(unknown(field)),
    }
}

fn flag(field: &'static str, value: &Value, default: bool) -> Result<bool, Unreadable> {
    match value {
        Value::Null => Ok(default),
        other => other.as_bool().ok_or_else(|| unknown(field)),
    }
}

fn count(value: &Value, default: u32) -> Result<u32, Unreadable> {
    if value.is_null() {
        return Ok(default);
    }
    let count = value.as_u64().and_then(|count| u32::try_from(count).ok());
    count
        .filter(|count| (1..=1000).contains(count))
        .ok_or_else(|| Unreadable::new("object.reviewCount", "This is a number from 1 to 1000."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_as_the_same() {
        let allows = Policies {
            join: JoinPolicy::Approval,
            visibility: Visibility::Private,
            review_count: 7,
            ..Policies::default()
        };
        let mut document = Map::new();
        write(&allows, &mut document);
        let mut change = PolicyChange::default();
        for name in TERMS {
            assert_eq!(read(name, &document[name], &mut change), Ok(true), "{name}");
        }
        assert_eq!(change.of(Policies::default()), allows);
    }

    #[test]
    fn ours_counts_before_what_others_say() {
        let mut change = PolicyChange::default();
        assert_eq!(read("joinPolicy", &json!("closed"), &mut change), Ok(true));
        let now = Policies::default();
        assert_eq!(
            read_of_others("openness", &json!("open"), &now, &mut change),
            Ok(true)
        );
        assert_eq!(change.join, Some(JoinPolicy::Closed));
    }

    #[test]
    fn a_value_that_is_none_is_named() {
        let mut change = PolicyChange::default();
        for (name, value) in [
            ("joinPolicy", json!("sometimes")),
            ("reviewCount", json!(0)),
            ("adminsAppoint", json!("yes")),
        ] {
            let field = read(name, &value, &mut change).expect_err("refused").field;
            assert_eq!(field, format!("object.{name}"));
        }
    }
}
