//! Invite to a group; invite to its admins.

use folkmoot::domain::{Act, InvitePolicy, JoinPolicy, Policies};
use serde_json::json;

use super::{asking, does, hears, iri, listed, may_not, run_by, sends};
use crate::support::world::World;

const OPEN: &str = "select count(*) from invitation where ended_at is null";

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
        if embedded {
            answer.problem(403);
        } else {
            // What is given by its id is, to whoever does not run the group, as if it were not there.
            answer.is(202);
            assert_eq!(world.count(OPEN).await, 1);
        }
        does(&bob, &group, "Undo", undo).await;
        assert_eq!(world.count(OPEN).await, 0);
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

/// A member cannot find out whom another one invited: taking that back is as taking back nothing.
#[tokio::test]
async fn what_others_asked_is_as_if_it_were_not_there() {
    let world = World::start().await;
    let (group, owner, admin) = run_by(&world, asking(JoinPolicy::Invite)).await;
    let [ann, bob, cy] = ["ann", "bob", "cy"].map(|name| world.explainer().actor(name));
    does(
        &admin,
        &group,
        "Invite",
        json!({"object": group.id, "target": ann.id()}),
    )
    .await;
    let ann = ann.follows(&group).await;
    let said = does(
        &admin,
        &group,
        "Invite",
        json!({"object": group.id, "target": bob.id()}),
    )
    .await;
    for whom in [&bob, &cy] {
        let invite = json!({"type": "Invite", "actor": ann.id(), "object": group.id, "target": whom.id()});
        does(&ann, &group, "Undo", json!({"object": invite})).await;
    }
    assert_eq!(world.count(OPEN).await, 1);
    // Whoever runs the group knows of it, and is told why not.
    let undo = json!({"object": said["id"]});
    may_not(&owner, &group, "Undo", undo, "not-the-author").await;
    world.end().await;
}

/// Whoever is invited hears from the group, even on a server that we never met; a stranger makes us ask nobody.
#[tokio::test]
async fn the_group_s_own_invitation_finds_whoever_we_never_met() {
    let world = World::start().await;
    let (group, _owner, admin) = run_by(&world, asking(JoinPolicy::Invite)).await;
    let [ann, bob, eve] = ["ann", "bob", "eve"].map(|name| world.explainer().actor(name));
    does(
        &admin,
        &group,
        "Invite",
        json!({"object": group.id, "target": ann.id()}),
    )
    .await;
    let letter = hears(&ann, "Invite", &group.id).await;
    assert_eq!(letter.document["actor"], group.id.as_str());
    let listing = json!({"object": bob.id(), "target": group.part("members")});
    does(&admin, &group, "Add", listing).await;
    hears(&bob, "Invite", &group.id).await;
    let cy = world.explainer().actor("cy");
    may_not(
        &eve,
        &group,
        "Invite",
        json!({"object": group.id, "target": cy.id()}),
        "may-not-invite",
    )
    .await;
    assert_eq!(
        world
            .count("select count(*) from actor where username = 'cy'")
            .await,
        0
    );
    world.end().await;
}

/// What the group sent is taken back by the id that the group gave it, too.
#[tokio::test]
async fn an_invitation_is_taken_back_by_either_id() {
    let world = World::start().await;
    let (group, _owner, admin) = run_by(&world, asking(JoinPolicy::Invite)).await;
    let [ann, eve] = ["ann", "eve"].map(|name| world.explainer().actor(name));
    let invite = json!({"object": group.id, "target": ann.id()});
    does(&admin, &group, "Invite", invite).await;
    let letter = hears(&ann, "Invite", &group.id).await;
    let undo = json!({"object": letter.document["id"]});
    does(&eve, &group, "Undo", undo.clone()).await;
    assert_eq!(world.count(OPEN).await, 1);
    does(&admin, &group, "Undo", undo).await;
    assert_eq!(world.count(OPEN).await, 0);
    let asked = ann.asks(&group).await;
    ann.is_rejected(&asked).await;
    world.end().await;
}

/// Closed to new members without being closed: nobody comes in but whom those who run the group ask.
#[tokio::test]
async fn only_those_who_run_a_closed_group_ask_anybody_in() {
    let world = World::start().await;
    let (group, owner, admin) = run_by(&world, Policies::default()).await;
    let [ann, bob] = ["ann", "bob"].map(|name| world.explainer().actor(name));
    let ann = ann.follows(&group).await;
    let close = json!({"object": {"id": group.id, "type": "Group", "joinPolicy": "closed"}});
    does(&owner, &group, "Update", close).await;
    let invite = json!({"object": group.id, "target": bob.id()});
    may_not(&ann, &group, "Invite", invite.clone(), "may-not-invite").await;
    let asked = bob.asks(&group).await;
    bob.is_rejected(&asked).await;
    does(&admin, &group, "Invite", invite).await;
    does(&bob, &group, "Join", json!({"object": group.id})).await;
    assert_eq!(listed(&world, &group, "members").await[0], bob.id());
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
    // Whatever they are asked to become: each of them would get a letter of ours.
    for (kind, object) in [("Invite", group.part("admins")), ("Offer", group.id.clone())] {
        let more = json!({"object": object, "target": "https://far.example/u/200", "to": [group.id]});
        let (answer, _) = sends(&owner, &group, kind, &more).await;
        assert!(answer.headers.contains_key("retry-after"), "{kind}");
        answer.problem(429);
    }
    assert_eq!(
        world
            .count("select count(*) from invitation where iri is not null")
            .await,
        100
    );
    world.end().await;
}
