//! FEP-5219: Grant and Revoke are the same acts as Add, Remove, Block and its Undo.

use folkmoot::domain::{JoinPolicy, Policies};
use serde_json::{Value, json};

use super::{asking, does, hears, listed, may_not, run_by, sends};
use crate::support::peer::{Actor, Group};
use crate::support::world::World;

/// As the FEP prints it, with the result.
fn becomes(group: &Group, word: &str, whom: &Actor) -> Value {
    json!({"object": word, "target": whom.id(), "result": {
        "type": "Relationship", "attributedTo": group.id, "subject": whom.id(), "object": group.id, "relationship": word,
    }})
}

/// A Grant of membership lets in whoever waits, and invites whoever does not; its Revoke puts out.
#[tokio::test]
async fn members_are_granted_and_revoked() {
    let world = World::start().await;
    let (group, owner, admin) = run_by(&world, asking(JoinPolicy::Approval)).await;
    let ann = world.explainer().actor("ann");
    let bob = world.explainer().actor("bob");
    let asked = ann.asks(&group).await;
    may_not(
        &bob,
        &group,
        "Grant",
        becomes(&group, "member", &ann),
        "does-not-run-it",
    )
    .await;
    does(&admin, &group, "Grant", becomes(&group, "member", &ann)).await;
    ann.is_accepted(&asked).await;
    assert_eq!(listed(&world, &group, "members").await, [ann.id(), admin.id()]);

    // Nobody becomes a member unasked.
    does(&admin, &group, "Grant", becomes(&group, "member", &bob)).await;
    assert_eq!(listed(&world, &group, "members").await, [ann.id(), admin.id()]);
    hears(&bob, "Invite", &group.id).await;
    let bob = bob.follows(&group).await;

    // Where the result does not name the group, the addressing does; and where nothing does, the inbox.
    for (whom, to) in [(&ann, json!([group.id])), (&bob, json!([]))] {
        let revoke = json!({"object": "member", "target": whom.id(), "to": to});
        does(&owner, &group, "Revoke", revoke).await;
        hears(whom, "Remove", &whom.id()).await;
    }
    assert_eq!(listed(&world, &group, "members").await, [admin.id()]);
    world.end().await;
}

/// Admins by the word of the owner alone, under either of their names.
#[tokio::test]
async fn admins_are_granted_and_revoked() {
    let world = World::start().await;
    let (group, owner, admin) = run_by(&world, Policies::default()).await;
    let ann = world.explainer().actor("ann").follows(&group).await;
    for word in ["moderator", "admin"] {
        may_not(
            &admin,
            &group,
            "Grant",
            becomes(&group, word, &ann),
            "not-the-owner",
        )
        .await;
        let said = does(&owner, &group, "Grant", becomes(&group, word, &ann)).await;
        assert_eq!(
            listed(&world, &group, "admins").await,
            [ann.id(), admin.id(), owner.id()]
        );
        if word == "admin" {
            does(&owner, &group, "Undo", json!({"object": said})).await;
        } else {
            does(&owner, &group, "Revoke", becomes(&group, word, &ann)).await;
        }
        assert_eq!(listed(&world, &group, "admins").await, [admin.id(), owner.id()]);
    }
    assert_eq!(listed(&world, &group, "members").await[0], ann.id());
    world.end().await;
}

/// An outcast is banned, until the Revoke, the Undo by its id, or the end that it names.
#[tokio::test]
async fn outcasts_are_banned() {
    let world = World::start().await;
    let (group, _owner, admin) = run_by(&world, Policies::default()).await;
    let ann = world.explainer().actor("ann");
    let asked = ann.asks(&group).await;
    ann.is_accepted(&asked).await;
    let cast_out = |more: Value| {
        let mut grant = becomes(&group, "outcast", &ann);
        for (field, value) in more.as_object().unwrap() {
            grant[field] = value.clone();
        }
        grant
    };
    does(&admin, &group, "Grant", cast_out(json!({"summary": "spam"}))).await;
    ann.is_rejected(&asked).await;
    let reason = "select ban_reason from membership where state = 'banned'";
    assert_eq!(world.text(reason).await, "spam");
    let again = ann.asks(&group).await;
    ann.is_rejected(&again).await;
    may_not(&ann, &group, "Revoke", cast_out(json!({})), "banned").await;
    does(&admin, &group, "Revoke", cast_out(json!({}))).await;
    let said = does(&admin, &group, "Grant", cast_out(json!({}))).await;
    does(&admin, &group, "Undo", json!({"object": said["id"]})).await;
    ann.follows(&group).await;

    let bob = world.explainer().actor("bob");
    let soon = json!({"object": "outcast", "target": bob.id(), "endTime": "soon"});
    let (answer, _) = sends(&admin, &group, "Grant", &soon).await;
    assert_eq!(answer.problem(400)["field"], "endTime");
    let odd = json!({"object": "emperor", "target": bob.id()});
    let (answer, _) = sends(&admin, &group, "Grant", &odd).await;
    assert_eq!(answer.problem(400)["field"], "object");
    world.end().await;
}
