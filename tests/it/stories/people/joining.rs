//! Join a group; leave it; accept or reject a Join.

use folkmoot::domain::JoinPolicy;
use serde_json::{Value, json};

use super::{asking, does, listed, may_not, run_by, sends};
use crate::support::world::World;

/// Whoever joins is in, hears what is said, and may speak; on whichever server they are.
#[tokio::test]
async fn join_a_group() {
    let world = World::start().await;
    let (group, _owner, admin) = run_by(&world, asking(JoinPolicy::Open)).await;
    let [ann, bob] = [world.explainer().actor("ann"), world.lemmy().actor("bob")];
    let post = ann.speaks(|me| ann.server().software().manners.post(me, &group, "not yet"));
    ann.sends(&group, &post).await.problem(403);
    for who in [&ann, &bob] {
        let asked = who.asks(&group).await;
        let letter = who.is_accepted(&asked).await;
        assert_eq!(letter.document["actor"], group.id.as_str());
    }
    let members = listed(&world, &group, "members").await;
    assert_eq!(members, [bob.id(), ann.id(), admin.id()], "newest first");
    let post = ann.post(&group, "hello").await;
    bob.hears_of([&post]).once().await;
    world.end().await;
}

/// By the id of the Join, by that of our copy, embedded, or as a person for `members`: whichever an admin's server sends.
#[tokio::test]
async fn accept_a_join_request() {
    let world = World::start().await;
    let (group, owner, admin) = run_by(&world, asking(JoinPolicy::Approval)).await;
    let by = |n: usize, join: &Value, copy: &str| match n {
        0 => json!({"object": join["id"]}),
        1 => json!({"object": copy}),
        2 => json!({"object": {"id": join["id"], "type": "Join"}, "target": group.id}),
        3 => json!({"object": join}),
        4 => json!({"object": join["actor"], "target": group.part("members")}),
        5 => json!({"object": {"type": "Person", "actor": join["actor"]},
            "target": {"type": "OrderedCollection", "id": group.part("members")}}),
        _ => json!({"object": {"type": "Join", "actor": join["actor"], "object": {"id": group.id}}}),
    };
    for n in 0..7 {
        let who = world.explainer().actor("ann");
        let asked = who.asks(&group).await;
        let copy = world
            .text("select id::text from held where decided_at is null")
            .await;
        let accept = by(n, &asked.document, &format!("{}/activities/{copy}", world.base()));
        let admin = if n % 2 == 0 { &owner } else { &admin };
        does(admin, &group, "Accept", accept).await;
        let letter = who.is_accepted(&asked).await;
        assert_eq!(
            letter.document["actor"],
            group.id.as_str(),
            "joiners trust the group alone"
        );
        assert_eq!(
            listed(&world, &group, "members").await[0],
            who.id(),
            "newest first: {n}"
        );
    }
    assert_eq!(
        world
            .count("select count(*) from held where outcome = 'accepted'")
            .await,
        7
    );
    world.end().await;
}

/// A Reject is told by the group; what is decided stays so, but whoever was let in can be put out by it.
#[tokio::test]
async fn reject_a_join_request() {
    let world = World::start().await;
    let (group, owner, admin) = run_by(&world, asking(JoinPolicy::Approval)).await;
    let [ann, bob] = ["ann", "bob"].map(|name| world.explainer().actor(name));
    let asked = ann.asks(&group).await;
    does(
        &admin,
        &group,
        "Reject",
        json!({"object": asked.id(), "summary": "not now"}),
    )
    .await;
    let letter = ann.is_rejected(&asked).await;
    assert_eq!(letter.document["summary"], "not now");
    for kind in ["Accept", "Reject"] {
        does(&owner, &group, kind, json!({"object": asked.id()})).await;
    }
    assert_eq!(
        listed(&world, &group, "members").await,
        [admin.id()],
        "an Accept after Reject does nothing"
    );

    let asked = bob.asks(&group).await;
    does(&owner, &group, "Accept", json!({"object": asked.id()})).await;
    bob.is_accepted(&asked).await;
    does(&admin, &group, "Accept", json!({"object": asked.id()})).await;
    does(&admin, &group, "Reject", json!({"object": asked.id()})).await;
    bob.is_rejected(&asked).await;
    assert_eq!(
        listed(&world, &group, "members").await,
        [admin.id()],
        "a Reject after Accept expels"
    );
    world.end().await;
}

/// Not to the group but to whoever runs it.
#[tokio::test]
async fn join_by_asking_the_owner_or_the_admins() {
    let world = World::start().await;
    let (group, owner, admin) = run_by(&world, asking(JoinPolicy::Approval)).await;
    let ann = world.explainer().actor("ann");
    let to = json!([{"id": owner.id(), "type": "Person"}, {"id": group.part("admins"), "type": "OrderedCollection"}]);
    let join = super::activity(
        &ann,
        &group,
        "Join",
        &json!({"object": {"id": group.id, "type": "Group"}, "to": to}),
    );
    let said = ann.would_say(join, String::new(), false);
    ann.sends_to(&format!("{}/inbox", world.base()), &said.text)
        .await
        .is(202);
    does(&admin, &group, "Accept", json!({"object": said.id()})).await;
    ann.is_accepted(&said).await;
    world.end().await;
}

/// Whoever leaves is out, and an admin who leaves is no admin any more.
#[tokio::test]
async fn leave_a_group() {
    let world = World::start().await;
    let (group, owner, admin) = run_by(&world, asking(JoinPolicy::Open)).await;
    does(&admin, &group, "Leave", json!({"object": group.id})).await;
    assert_eq!(listed(&world, &group, "admins").await, [owner.id()]);
    assert!(listed(&world, &group, "members").await.is_empty());
    let ann = world.explainer().actor("ann").follows(&group).await;
    does(
        &ann,
        &group,
        "Remove",
        json!({"object": ann.id(), "target": group.part("members")}),
    )
    .await;
    assert!(listed(&world, &group, "members").await.is_empty());
    world.end().await;
}

/// Whoever does not run the group learns nothing; an admin learns that there is no such thing.
#[tokio::test]
async fn answers_of_others() {
    let world = World::start().await;
    let (group, _owner, admin) = run_by(&world, asking(JoinPolicy::Approval)).await;
    let [ann, eve] = ["ann", "eve"].map(|name| world.explainer().actor(name));
    let asked = ann.asks(&group).await;
    for object in [
        json!(asked.id()),
        json!("https://nowhere.example/joins/1"),
        asked.document.clone(),
    ] {
        for who in [&eve, &ann] {
            may_not(
                who,
                &group,
                "Accept",
                json!({"object": object}),
                "does-not-run-it",
            )
            .await;
        }
    }
    for unknown in [
        "https://nowhere.example/joins/1",
        &format!("{}/activities/{}", world.base(), uuid::Uuid::nil()),
    ] {
        let (answer, _) = sends(&admin, &group, "Accept", &json!({"object": unknown})).await;
        answer.problem(404);
    }
    // An answer to what we never asked.
    for kind in ["Follow", "Invite", "Offer"] {
        let stub = json!({"type": kind, "id": format!("{}/activities/{}", world.base(), uuid::Uuid::nil()), "actor": group.id});
        does(&eve, &group, "Accept", json!({"object": stub})).await;
        does(
            &eve,
            &group,
            "Reject",
            json!({"object": {"type": kind, "actor": group.id}}),
        )
        .await;
    }
    world.end().await;
}
