//! Transfer group ownership; and what becomes of a group whose owner is gone.

use folkmoot::domain::{Act, JoinPolicy};
use serde_json::{Value, json};

use super::{asking, does, hears, iri, listed, may_not, run_by, sends};
use crate::support::peer::{Actor, Group, status};
use crate::support::world::World;

async fn vanishes(owner: &Actor, group: &Group) {
    does(
        owner,
        group,
        "Delete",
        json!({"object": owner.id(), "to": "as:Public"}),
    )
    .await;
}

/// Nothing changes before whoever is offered the group says yes (GRP22).
#[tokio::test]
async fn transfer_group_ownership() {
    let world = World::start().await;
    let (group, owner, admin) = run_by(&world, asking(JoinPolicy::Open)).await;
    let ann = world.explainer().actor("ann").follows(&group).await;
    let offer = json!({"object": group.id, "target": ann.id(), "to": [ann.id(), group.id]});
    may_not(&admin, &group, "Offer", offer.clone(), "not-the-owner").await;
    let said = does(&owner, &group, "Offer", offer.clone()).await;
    assert_eq!(
        listed(&world, &group, "moderators").await,
        [owner.id(), admin.id(), group.steward()]
    );
    may_not(
        &ann,
        &group,
        "Remove",
        json!({"object": admin.id(), "target": group.part("admins")}),
        "not-the-owner",
    )
    .await;
    let (answer, _) = sends(&admin, &group, "Accept", &json!({"object": said["id"]})).await;
    answer.problem(404);
    // Taken back, and offered again.
    does(&owner, &group, "Undo", json!({"object": said})).await;
    may_not(
        &ann,
        &group,
        "Accept",
        json!({"object": said["id"]}),
        "nothing-offered",
    )
    .await;
    let said = does(&owner, &group, "Offer", offer).await;
    does(&ann, &group, "Accept", json!({"object": said["id"]})).await;
    assert_eq!(listed(&world, &group, "moderators").await[0], ann.id());
    assert_eq!(
        listed(&world, &group, "moderators").await.len(),
        4,
        "who owned it is an admin"
    );
    does(
        &ann,
        &group,
        "Remove",
        json!({"object": owner.id(), "target": group.part("admins")}),
    )
    .await;
    assert_eq!(
        listed(&world, &group, "moderators").await,
        [ann.id(), admin.id(), group.steward()]
    );
    world.end().await;
}

/// The group offers itself to each admin, and the first who says yes has it.
#[tokio::test]
async fn an_owner_is_gone_and_an_admin_takes_over() {
    let world = World::start().await;
    let (group, owner, admin) = run_by(&world, asking(JoinPolicy::Approval)).await;
    let other = world.explainer().actor("other");
    let asked = other.asks(&group).await;
    does(&owner, &group, "Accept", json!({"object": asked.id()})).await;
    other.is_accepted(&asked).await;
    does(
        &owner,
        &group,
        "Add",
        json!({"object": other.id(), "target": group.part("admins")}),
    )
    .await;
    vanishes(&owner, &group).await;
    let [first, second] = [
        hears(&other, "Offer", &group.id).await,
        hears(&admin, "Offer", &group.id).await,
    ];
    assert_eq!(world.text("select rule from \"group\"").await, "orphaned");
    assert_eq!(
        listed(&world, &group, "moderators").await.len(),
        3,
        "the owner is not there"
    );
    // Until then admins act as before, and what is the owner's to do is nobody's.
    let ann = world.explainer().actor("ann");
    let asked = ann.asks(&group).await;
    does(&admin, &group, "Accept", json!({"object": asked.id()})).await;
    ann.is_accepted(&asked).await;
    let appoint = json!({"object": ann.id(), "target": group.part("admins")});
    may_not(&admin, &group, "Add", appoint.clone(), "not-the-owner").await;

    does(&other, &group, "Accept", json!({"object": first.document["id"]})).await;
    let (answer, _) = sends(
        &admin,
        &group,
        "Accept",
        &json!({"object": second.document["id"]}),
    )
    .await;
    answer.problem(403);
    assert_eq!(
        listed(&world, &group, "moderators").await,
        [other.id(), admin.id(), group.steward()]
    );
    does(&other, &group, "Add", appoint).await;
    world.end().await;
}

/// Nobody is left: reading and leaving go on, joins and posts do not, until the operator finds somebody.
#[tokio::test]
async fn nobody_is_left_to_decide() {
    let world = World::start().await;
    let (group, owner, admin) = run_by(&world, asking(JoinPolicy::Open)).await;
    let ann = world.explainer().actor("ann").follows(&group).await;
    vanishes(&owner, &group).await;
    does(&admin, &group, "Leave", json!({"object": group.id})).await;
    assert_eq!(world.text("select rule from \"group\"").await, "frozen");
    let post = ann.speaks(|me| {
        ann.server()
            .software()
            .manners
            .post(me, &group, "is anybody there?")
    });
    let problem: Value = ann.sends(&group, &post).await.problem(403);
    assert!(
        problem["type"].as_str().unwrap().ends_with("#frozen"),
        "{problem}"
    );
    let bob = world.explainer().actor("bob");
    let asked = bob.asks(&group).await;
    bob.is_rejected(&asked).await;
    assert_eq!(listed(&world, &group, "members").await, [ann.id()]);
    let engine = &world.house().engine;
    assert!(
        engine
            .do_to("garden", &Act::Offer, &iri(&ann), None)
            .await
            .unwrap()
    );
    let offer = hears(&ann, "Offer", &group.id).await;
    does(&ann, &group, "Accept", json!({"object": offer.document["id"]})).await;
    assert_eq!(world.text("select rule from \"group\"").await, "owned");
    ann.post(&group, "here we are").await;
    world.end().await;
}

/// The owner's server says so, and nobody told us.
#[tokio::test]
async fn an_owners_server_says_that_they_are_gone() {
    let world = World::start().await;
    let (group, owner, admin) = run_by(&world, asking(JoinPolicy::Open)).await;
    let path = owner.id().trim_start_matches(owner.server().base()).to_owned();
    let changed = json!({"object": {"id": owner.id(), "type": "Person"}, "to": "as:Public"});
    let document = super::activity(&owner, &group, "Update", &changed);
    owner.server().serves(&path, status(410));
    owner.sends(&group, &document).await;
    let offer = world.while_time_passes(hears(&admin, "Offer", &group.id)).await;
    does(&admin, &group, "Accept", json!({"object": offer.document["id"]})).await;
    assert_eq!(
        listed(&world, &group, "moderators").await,
        [admin.id(), group.steward()]
    );
    world.end().await;
}
