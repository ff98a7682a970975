//! Rows of the attack catalogue about people: each ends with nothing changed.

use std::collections::BTreeMap;

use folkmoot::domain::{JoinPolicy, Policies};
use serde_json::json;

use super::{asking, does, listed, may_not, run_by, sends};
use crate::support::world::World;

/// What must stay as it is; that we met somebody is no part of it.
async fn calm(world: &World) -> BTreeMap<String, String> {
    world.settles().await;
    let mut state = world.state(&[]).await;
    state.retain(|table, _| !matches!(table.as_str(), "actor" | "key"));
    state
}

/// GRP05: a Join by another than its signer, or for somebody else.
#[tokio::test]
async fn grp05_nobody_joins_for_another() {
    let world = World::start().await;
    let (group, _owner, _admin) = run_by(&world, asking(JoinPolicy::Open)).await;
    let [ann, eve] = ["ann", "eve"].map(|name| world.explainer().actor(name));
    let before = calm(&world).await;
    let (answer, _) = sends(
        &eve,
        &group,
        "Join",
        &json!({"actor": ann.id(), "object": group.id}),
    )
    .await;
    answer.problem(403);
    may_not(&eve, &group, "Join", json!({"object": ann.id()}), "no-group").await;
    may_not(
        &eve,
        &group,
        "Join",
        json!({"object": ann.id(), "target": group.id}),
        "no-group",
    )
    .await;
    assert_eq!(calm(&world).await, before);
    world.end().await;
}

/// GRP09, GRP10, GRP11: who answers a Join, of which group, and which Join.
#[tokio::test]
async fn grp09_to_11_who_may_accept_what() {
    let world = World::start().await;
    let (group, owner, admin) = run_by(&world, asking(JoinPolicy::Approval)).await;
    let ruler = world.explainer().actor("ruler");
    let other = world
        .group_of(&ruler, "kitchen", asking(JoinPolicy::Approval))
        .await;
    let [ann, eve] = ["ann", "eve"].map(|name| world.explainer().actor(name));
    let asked = ann.asks(&group).await;
    does(
        &owner,
        &group,
        "Remove",
        json!({"object": admin.id(), "target": group.part("admins")}),
    )
    .await;
    let before = calm(&world).await;
    for who in [&eve, &ann, &ruler, &admin] {
        may_not(
            who,
            &group,
            "Accept",
            json!({"object": asked.id()}),
            "does-not-run-it",
        )
        .await;
    }
    // What another group was asked is to their own as if it were not there.
    let of_others = json!({"object": asked.id()});
    sends(&ruler, &other, "Accept", &of_others).await.0.problem(404);
    may_not(
        &ruler,
        &other,
        "Accept",
        json!({"object": asked.document}),
        "differs",
    )
    .await;
    for (field, value) in [
        ("actor", json!(eve.id())),
        ("object", json!(other.id)),
        ("type", json!("Offer")),
    ] {
        let mut stub = json!({"id": asked.id(), "type": "Join"});
        stub[field] = value;
        may_not(&owner, &group, "Accept", json!({"object": stub}), "differs").await;
    }
    // A target of another group, and a group named beside it.
    for more in [
        json!({"object": ann.id(), "target": other.part("members")}),
        json!({"object": asked.id(), "target": group.part("members"), "to": [group.id, other.id]}),
    ] {
        sends(&owner, &group, "Accept", &more).await.0.problem(403);
    }
    assert_eq!(calm(&world).await, before);
    world.end().await;
}

/// GRP13: two admins at once: one outcome.
#[tokio::test]
async fn grp13_two_admins_at_once() {
    let world = World::start().await;
    let (group, owner, admin) = run_by(&world, asking(JoinPolicy::Approval)).await;
    // Whoever is in hears of those who come later.
    let mut members = vec![];
    for _ in 0..3 {
        let ann = world.explainer().actor("ann");
        members.push(ann.clone());
        let asked = ann.asks(&group).await;
        let both = json!({"object": asked.id()});
        let (one, two) = tokio::join!(
            sends(&owner, &group, "Accept", &both),
            sends(&admin, &group, "Accept", &both),
        );
        one.0.is(202);
        two.0.is(202);
        ann.is_accepted(&asked).await;
        world.settles().await;
        let accepts = ann
            .heard()
            .iter()
            .filter(|heard| heard.kind() == "Accept")
            .count();
        assert_eq!(accepts, 1);
    }
    world.end().await;
}

/// GRP14, GRP15: nobody puts out whom they may not, or through a collection that is not this group's.
#[tokio::test]
async fn grp14_and_15_who_may_remove_whom() {
    let world = World::start().await;
    let (group, owner, admin) = run_by(&world, Policies::default()).await;
    let ruler = world.explainer().actor("ruler");
    let other = world.group_of(&ruler, "kitchen", Policies::default()).await;
    let [ann, bob] = ["ann", "bob"].map(|name| world.explainer().actor(name));
    let (ann, bob) = (ann.follows(&group).await, bob.follows(&group).await);
    let before = calm(&world).await;
    let remove = |who: &str| json!({"object": who, "target": group.part("members")});
    may_not(&ann, &group, "Remove", remove(&bob.id()), "does-not-run-it").await;
    may_not(
        &ann,
        &group,
        "Add",
        remove("https://far.example/u/x"),
        "does-not-run-it",
    )
    .await;
    may_not(&owner, &group, "Add", remove(&group.part("members")), "nobody").await;
    may_not(&owner, &group, "Add", remove(&other.id), "nobody").await;
    may_not(&admin, &group, "Remove", remove(&owner.id()), "is-the-owner").await;
    may_not(&owner, &group, "Remove", remove(&owner.id()), "is-the-owner").await;
    may_not(
        &admin,
        &group,
        "Block",
        json!({"object": owner.id()}),
        "is-the-owner",
    )
    .await;
    for target in [
        other.part("members"),
        other.part("admins"),
        group.part("membres"),
        group.part("members/x"),
        "https://far.example/c/garden/members".to_owned(),
        format!("{}/c/nowhere/members", world.base()),
    ] {
        for kind in ["Add", "Remove"] {
            let (answer, _) = sends(
                &owner,
                &group,
                kind,
                &json!({"object": bob.id(), "target": target}),
            )
            .await;
            answer.problem(403);
        }
    }
    sends(&owner, &group, "Remove", &json!({"object": bob.id()}))
        .await
        .0
        .problem(400);
    assert_eq!(calm(&world).await, before);
    assert_eq!(listed(&world, &group, "members").await.len(), 3);
    world.end().await;
}

/// GRP31: one membership, by whatever it came and goes.
#[tokio::test]
async fn grp31_one_membership() {
    let world = World::start().await;
    let (group, _owner, admin) = run_by(&world, Policies::default()).await;
    let ann = world.mastodon().actor("ann");
    let follow = ann.asks(&group).await;
    ann.is_accepted(&follow).await;
    does(&ann, &group, "Join", json!({"object": group.id})).await;
    assert_eq!(listed(&world, &group, "members").await, [ann.id(), admin.id()]);
    does(&ann, &group, "Undo", json!({"object": follow.document})).await;
    assert_eq!(listed(&world, &group, "members").await, [admin.id()]);
    assert!(listed(&world, &group, "followers").await.is_empty());
    world.end().await;
}
