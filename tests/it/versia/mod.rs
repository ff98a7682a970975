//! Versia, from outside: servers that sign for their whole domain, and the members that they have here.
//!
//! One rule: every domain verifies what it gets and fetches, and complains of what does not hold.

mod again;
mod consent;
mod gate;
mod keys;
mod limits;
mod mirrored;
mod named;
mod operator;
mod people;
mod required;
mod order;
mod relations;
mod seen;
mod shown;
mod votes;
mod waits;
mod walk;
mod ways;
mod worlds;

use folkmoot::domain::{Policies, PolicyChange};
use folkmoot::store::group::Change;
use serde_json::Value;

use crate::support::peer::Group;
use crate::support::versia::{Domain, world_of};
use crate::support::world::World;

/// A world with b.test in it, and a group.
async fn garden_with(change: impl FnOnce(&mut Policies)) -> (World, Domain, Group) {
    let b = Domain::start("b.test").await;
    let world = world_of(&[&b], &[]).await;
    let mut policies = Policies::default();
    change(&mut policies);
    let group = world.group_with("garden", policies).await;
    (world, b, group)
}

async fn change(world: &World, change: Change, policies: PolicyChange) {
    let engine = &world.house().engine;
    engine.change_group("garden", change, &policies).await.unwrap();
}

/// What a domain sees of an entity of ours: the status, and the document.
async fn asks(domain: &Domain, path: &str) -> (u16, Value) {
    let answer = domain.gets(&format!("/.versia/v0.6/entities/{path}")).await;
    (
        answer.status,
        serde_json::from_str(&answer.body).unwrap_or_default(),
    )
}

async fn sees(domain: &Domain, path: &str) -> Value {
    let (status, document) = asks(domain, path).await;
    assert_eq!(status, 200, "{path}: {document}");
    document
}

/// What WebFinger says of a resource.
async fn found(world: &World, resource: &str) -> (u16, Value) {
    let url = format!("{}/.well-known/webfinger?resource={resource}", world.base());
    let answer = world.get(&url, "*/*").await;
    let status = answer.status().as_u16();
    let body = answer.bytes().await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}
