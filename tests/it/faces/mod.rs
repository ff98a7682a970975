//! The second faces of groups, people and posts: each protocol as those see it who speak the other.
//!
//! One rule: a mirror says that it is one, leads to its original, and is gone with it.

mod domain;
mod mirrored;
mod seen;

use folkmoot::domain::{Iri, Policies, PolicyChange};
use folkmoot::store::group::Change;
use serde_json::Value;

use crate::support::peer::Group;
use crate::support::world::World;
use domain::Domain;

/// A world that speaks for `forum.test`, and `b.test`.
async fn start() -> (World, Domain) {
    let b = Domain::start("b.test").await;
    let resolve = format!("b.test={}", b.origin());
    let settings = [
        ("VERSIA__DOMAIN", "forum.test"),
        ("VERSIA__DEV_RESOLVE", resolve.as_str()),
    ];
    (World::start_with(&settings).await, b)
}

async fn group_with(world: &World, change: impl FnOnce(&mut Policies)) -> Group {
    let mut policies = Policies::default();
    change(&mut policies);
    world.group_with("garden", policies).await
}

async fn change(world: &World, change: Change, policies: PolicyChange) {
    let engine = &world.house().engine;
    engine.change_group("garden", change, &policies).await.unwrap();
}

/// What WebFinger says of a resource.
async fn found(world: &World, resource: &str) -> (u16, Value) {
    let url = format!("{}/.well-known/webfinger?resource={resource}", world.base());
    let answer = world.get(&url, "*/*").await;
    let status = answer.status().as_u16();
    (
        status,
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default(),
    )
}

fn iri(id: &str) -> Iri {
    Iri::object(id).unwrap()
}
