//! What programs read and send: actors, activities, collections, discovery, inboxes.
//!
//! One rule: what was said is passed on byte for byte. A new document is a handler here, a route in `web`, and a field in
//! the actor's document once it answers.

pub(super) mod activity;
pub(super) mod actor;
mod body;
pub(super) mod discovery;
pub(crate) mod figures;
pub(super) mod inbox;
pub(super) mod outbox;
mod paging;
pub(super) mod pending;
pub(super) mod people;
pub(super) mod records;
pub(super) mod threads;

use uuid::Uuid;

use crate::{
    store::GroupView,
    web::{
        Web,
        error::{self, Problem},
    },
};

/// A group that is open, by the name in the path.
async fn open_group(web: &Web, name: &str) -> Result<GroupView, Problem> {
    let group = any_group(web, name).await?;
    match group.closed_at {
        None => Ok(group),
        Some(_) => Err(Problem::because(error::GONE, "This group is closed.")),
    }
}

async fn any_group(web: &Web, name: &str) -> Result<GroupView, Problem> {
    // Names are written in one way only, so that each thing has one address.
    if crate::text::group_name(name).is_err() {
        return Err(Problem::new(error::NOT_FOUND));
    }
    let group = web.engine.store().group_face(name).await?;
    group.ok_or(Problem::new(error::NOT_FOUND))
}

/// An id in a path, as we write it: lower case, with hyphens.
fn our_id(text: &str) -> Result<Uuid, Problem> {
    let id = Uuid::try_parse(text).ok().filter(|id| id.to_string() == text);
    id.ok_or(Problem::new(error::NOT_FOUND))
}
