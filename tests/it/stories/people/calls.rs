//! Invite to a group; invite to its admins.

use folkmoot::domain::{Act, InvitePolicy, JoinPolicy, Policies};
use serde_json::json;

use super::{asking, does, hears, iri, listed, may_not, run_by, sends};
use crate::support::world::World;

/// Whoever was invited is in as soon as they ask, though the group takes nobody else. Their server need not be known.
#[tokio::test]
async fn invite_to_a_group() {
    let world = World::start().await;
    let (group, _owner, admin) = run_by(&world, asking(JoinPolicy::Invite)).await;
    let [ann, bob, cy, dee] = ["ann", "bob", "cy", "dee"].map(|name| world.explainer().actor(name));
    let invite = |whom: &str| {
        json!({"object": {"id": group.id, "type": "Group"}, "target": {"id": whom, "type": "Person"},
        "to": {"id": whom, "type": "Person"}, "cc": {"id": group.id, "type": "Group"}})
    };
    does(&admin, &group, "Invite", invite(&ann.id())).await;
    assert_eq!(
        listed(&world, &group, "members").await,
        [admin.id()],
        "nothing changes before"
    );
    let ann = ann.follows(&group).await;
    // A member may invite, too, and in Smithereen's form: the one in `to`.
    does(
        &ann,
        &group,
        "Invite",
        json!({"object": group.id, "to": bob.id(), "cc": [group.id]}),
    )
    .await;
    let bob = bob.follows(&group).await;
    assert_eq!(
        listed(&world, &group, "members").await,
        [bob.id(), ann.id(), admin.id()]
    );

    let said = does(&admin, &group, "Invite", invite(&cy.id())).await;
    does(&cy, &group, "Reject", json!({"object": said["id"]})).await;
    let asked = cy.asks(&group).await;
    cy.is_rejected(&asked).await;

    // Taken back: embedded, and by its id alone; by nobody else who may not run the group.
    for embedded in [true, false] {
        let said = does(&bob, &group, "Invite", invite(&dee.id())).await;
        let object = if embedded {
            said.clone()
        } else {
            said["id"].clone()
        };
        let undo = json!({"object": object});
        let (answer, _) = sends(&ann, &group, "Undo", &undo).await;
        answer.problem(403);
        does(&bob, &group, "Undo", undo).await;
        let asked = dee.asks(&group).await;
        dee.is_rejected(&asked).await;
    }
    world.end().await;
}

/// Accept of the Invite says the same as a Join; and what the operator invites to is told by the group.
#[tokio::test]
async fn an_invitation_of_the_group_is_accepted() {
    let world = World::start().await;
    let (group, _owner, _admin) = run_by(&world, asking(JoinPolicy::Closed)).await;
    let ann = world.explainer().actor("ann");
    let engine = &world.house().engine;
    assert!(
        engine
            .do_to("garden", &Act::Invite, &iri(&ann), None)
            .await
            .unwrap()
    );
    let letter = hears(&ann, "Invite", &group.id).await;
    assert_eq!(letter.document["target"], ann.id());
    does(&ann, &group, "Accept", json!({"object": letter.document["id"]})).await;
    assert_eq!(listed(&world, &group, "members").await[0], ann.id());
    world.document(letter.id()).await;
    world.end().await;
}

/// An admin from the moment that they say yes.
#[tokio::test]
async fn invite_to_admin() {
    let world = World::start().await;
    let (group, owner, admin) = run_by(&world, asking(JoinPolicy::Open)).await;
    let ann = world.explainer().actor("ann").follows(&group).await;
    let invite =
        json!({"object": group.part("admins"), "target": ann.id(), "to": [ann.id()], "cc": [group.id]});
    may_not(&admin, &group, "Invite", invite.clone(), "not-the-owner").await;
    let said = does(&owner, &group, "Invite", invite.clone()).await;
    assert_eq!(listed(&world, &group, "admins").await, [admin.id(), owner.id()]);
    does(
        &ann,
        &group,
        "Accept",
        json!({"object": {"id": said["id"], "type": "Invite"}}),
    )
    .await;
    assert_eq!(
        listed(&world, &group, "admins").await,
        [ann.id(), admin.id(), owner.id()],
        "newest first"
    );
    assert_eq!(
        listed(&world, &group, "moderators").await[0],
        owner.id(),
        "owner first"
    );

    let bob = world.explainer().actor("bob").follows(&group).await;
    let other = json!({"object": bob.id(), "target": group.part("admins")});
    let said = does(&owner, &group, "Invite", other).await;
    does(&bob, &group, "Reject", json!({"object": said})).await;
    may_not(
        &bob,
        &group,
        "Accept",
        json!({"object": said["id"]}),
        "nothing-offered",
    )
    .await;
    world.end().await;
}

/// Who may invite is the group's setting, and nobody invites without end.
#[tokio::test]
async fn invitations_have_limits() {
    let world = World::start().await;
    let policies = Policies {
        invite: InvitePolicy::Admins,
        ..Policies::default()
    };
    let (group, owner, _admin) = run_by(&world, policies).await;
    let [ann, eve] = ["ann", "eve"].map(|name| world.explainer().actor(name));
    let ann = ann.follows(&group).await;
    let invite = |n: u32| json!({"object": group.id, "target": format!("https://far.example/u/{n}"), "to": [group.id]});
    may_not(&ann, &group, "Invite", invite(1), "may-not-invite").await;
    may_not(&eve, &group, "Invite", invite(1), "may-not-invite").await;
    let mut refused = None;
    for n in 0..110 {
        let (answer, _) = sends(&owner, &group, "Invite", &invite(n)).await;
        if answer.status != 202 {
            refused = Some((n, answer));
            break;
        }
    }
    let (n, answer) = refused.unwrap();
    assert!(answer.headers.contains_key("retry-after"));
    assert_eq!((n, answer.status), (100, 429));
    assert_eq!(
        world
            .count("select count(*) from invitation where iri is not null")
            .await,
        100
    );
    world.end().await;
}
