//! What WebFinger and NodeInfo say of us to those who speak Versia.
//!
//! One rule: what everybody else reads comes first; ours is added behind it (Misskey reads only the first `self`).

use serde_json::{Value, json};
use uuid::Uuid;

use crate::dialect::{Here, versia::Ours};

/// The type of every entity, as links name it.
pub const TYPE: &str = "application/vnd.versia+json";

/// Links of a group's name: the user that shares its posts, and the group itself.
#[must_use]
pub fn links_of_group(name: &str, here: &Here) -> Vec<Value> {
    let entity = |of: Ours<'_>, kind: &str, rel: &str| link(&of, kind, rel, here);
    let user = entity(Ours::Sharer(name), "User", "self");
    let group = entity(Ours::Group(name), "pub.versia%3Agroups%2FGroup", "alternate");
    user.into_iter().chain(group).collect()
}

/// How people of other servers name a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faces {
    /// What they subscribe to, by reference.
    pub group: String,
    /// What they follow where their software has no groups, by reference and by handle.
    pub user: String,
    pub handle: String,
}

/// Both faces of a group; `None`: nobody speaks Versia here.
#[must_use]
pub fn faces_of_group(name: &str, here: &Here) -> Option<Faces> {
    let user = here.reference(&Ours::Sharer(name))?;
    Some(Faces {
        group: here.reference(&Ours::Group(name))?.to_string(),
        handle: format!("@{}@{}", user.id, user.domain),
        user: user.to_string(),
    })
}

/// The link of somebody's mirror.
#[must_use]
pub fn link_of_user(id: Uuid, here: &Here) -> Option<Value> {
    link(&Ours::Id(id), "User", "self", here)
}

fn link(of: &Ours<'_>, kind: &str, rel: &str, here: &Here) -> Option<Value> {
    let reference = here.reference(of)?;
    let href = format!(
        "https://{}/.versia/v0.6/entities/{kind}/{}",
        reference.domain, reference.id
    );
    Some(json!({"rel": rel, "type": TYPE, "href": href}))
}

/// Protocols, as NodeInfo names them.
#[must_use]
pub fn protocols(here: &Here) -> Vec<&'static str> {
    let ours = here.domain().map(|_| "versia");
    ["activitypub"].into_iter().chain(ours).collect()
}
