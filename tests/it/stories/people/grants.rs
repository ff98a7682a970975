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

/// Whoever is granted membership hears of it, also where the inbox alone says of which group, and we never met them.
#[tokio::test]
async fn a_grant_by_the_inbox_alone_is_told() {
    let world = World::start().await;
    let (group, _owner, admin) = run_by(&world, asking(JoinPolicy::Invite)).await;
    let ann = world.explainer().actor("ann");
    let grant = json!({"object": "member", "target": ann.id(), "to": []});
    does(&admin, &group, "Grant", grant).await;
    hears(&ann, "Invite", &group.id).await;
    world.end().await;
}

/// What is done to others in a private group names Public in no form; what opens the group may.
#[tokio::test]
async fn nothing_done_in_a_private_group_names_public() {
    let world = World::start().await;
    let policies = Policies {
        visibility: folkmoot::domain::Visibility::Private,
        ..Policies::default()
    };
    let (group, owner, _admin) = run_by(&world, policies).await;
    let ann = world.explainer().actor("ann").follows(&group).await;
    let eve = world.explainer().actor("eve");
    let before = world.state(&[eve.server().authority()]).await;
    let to = json!([group.id, "https://www.w3.org/ns/activitystreams#Public"]);
    let named = |name: &str| json!({"id": group.id, "type": "Group", "name": name});
    for (kind, mut more) in [
        ("Grant", becomes(&group, "admin", &ann)),
        ("Revoke", becomes(&group, "member", &ann)),
        ("Grant", becomes(&group, "outcast", &eve)),
        ("Add", json!({"object": ann.id(), "target": group.part("admins")})),
        ("Block", json!({"object": eve.id(), "target": group.id})),
        ("Invite", json!({"object": group.id, "target": eve.id()})),
        ("Update", json!({"object": named("Meadow")})),
        (
            "Create",
            json!({"object": {"type": "Collection", "name": "Links", "attributedTo": group.id}}),
        ),
    ] {
        more["to"] = to.clone();
        may_not(&owner, &group, kind, more, "public-in-private").await;
    }
    assert_eq!(world.state(&[eve.server().authority()]).await, before);
    let mut open = named("Meadow");
    open["visibility"] = json!("public");
    does(&owner, &group, "Update", json!({"object": open, "to": to})).await;
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
