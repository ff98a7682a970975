//! What programs read and send: actors, activities, collections, discovery, inboxes.
//!
//! One rule: what was said is passed on byte for byte. A new document is a handler here, a route in `web`, and a field in
//! the actor's document once it answers.

pub(super) mod activity;
pub(super) mod actor;
pub(super) mod albums;
mod body;
pub(super) mod discovery;
pub(crate) mod figures;
pub(super) mod inbox;
pub(super) mod outbox;
mod paging;
pub(super) mod pending;
pub(super) mod people;
pub(super) mod reach;
pub(super) mod records;
pub(super) mod steward;
pub(super) mod threads;
pub(super) mod token;
mod versia;
pub(super) mod walls;

pub(super) use versia::routes as by_domain;

use uuid::Uuid;

use crate::{
    domain::Visibility,
    store::{GroupView, Viewer},
    web::{
        Web,
        error::{self, Problem},
    },
};

/// A group that is open and that this viewer may look into, by the name in the path. A private one is to strangers as if
/// it were not there.
async fn open_group(web: &Web, name: &str, viewer: &Viewer) -> Result<GroupView, Problem> {
    let group = any_group(web, name).await?;
    if !may_look_into(web, &group, viewer).await? {
        return Err(Problem::new(error::NOT_FOUND));
    }
    is_open(group)
}

/// As [`open_group`], for what holds posts: whoever left a private group still reads their own, and finds nothing else.
async fn group_to_read(web: &Web, name: &str, viewer: &Viewer) -> Result<GroupView, Problem> {
    let group = any_group(web, name).await?;
    let (store, there) = (web.engine.store(), web.engine.here().mirrors());
    let may_read = may_look_into(web, &group, viewer).await?
        || (viewer.is_known() && store.outbox_total(group.id, viewer, &there).await? > 0);
    if may_read {
        is_open(group)
    } else {
        Err(Problem::new(error::NOT_FOUND))
    }
}

async fn may_look_into(web: &Web, group: &GroupView, viewer: &Viewer) -> Result<bool, Problem> {
    let is_public = group.group.policies.visibility == Visibility::Public;
    Ok(is_public || web.engine.store().is_inside(group.id, viewer).await?)
}

fn is_open(group: GroupView) -> Result<GroupView, Problem> {
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
