//! Expel from a group; ban; expel an admin; resign.

use chrono::TimeDelta;
use folkmoot::domain::JoinPolicy;
use serde_json::{Value, json};

use super::{asking, does, hears, listed, may_not, run_by, sends};
use crate::support::world::World;

/// Makes of a Join and the id of `members` what puts its sender out.
type Way = fn(&Value, &str) -> (&'static str, Value);

/// By a Remove, by a Reject of the old Join, and in the words of whatever software the expelled one has.
#[tokio::test]
async fn expel_from_a_group() {
    let world = World::start().await;
    let (group, _owner, admin) = run_by(&world, asking(JoinPolicy::Open)).await;
    let ways: [Way; 2] = [
        |join, members| ("Remove", json!({"object": join["actor"], "target": members})),
        |join, _| ("Reject", json!({"object": join["id"]})),
    ];
    for way in ways {
        let ann = world.explainer().actor("ann");
        let mia = world.mastodon().actor("mia");
        for who in [&ann, &mia] {
            let joined = who.asks(&group).await;
            who.is_accepted(&joined).await;
            let (kind, more) = way(&joined.document, &group.part("members"));
            does(&admin, &group, kind, more).await;
            who.is_rejected(&joined).await;
            assert_eq!(listed(&world, &group, "members").await, [admin.id()]);
            // GRP07: an old request lets nobody in, and a new one waits.
            who.sends_to(&group.inbox(), &joined.text).await.is(202);
            who.asks(&group).await;
            assert_eq!(listed(&world, &group, "members").await, [admin.id()]);
        }
        hears(&ann, "Remove", &ann.id()).await;
        let may = does(
            &admin,
            &group,
            "Accept",
            json!({"object": ann.id(), "target": group.part("members")}),
        );
        may.await;
        assert_eq!(
            listed(&world, &group, "members").await,
            [ann.id(), admin.id()],
            "let in again"
        );
        does(&ann, &group, "Leave", json!({"object": group.id})).await;
        // Their servers end here; what is on its way to them does not.
        world.settles().await;
    }
    world.end().await;
}

/// Why, by whichever word: told to them alone; and no longer than anybody reads.
#[tokio::test]
async fn whoever_is_put_out_hears_why() {
    let world = World::start().await;
    let (group, owner, _admin) = run_by(&world, asking(JoinPolicy::Open)).await;
    let members = group.part("members");
    for kind in ["Remove", "Reject", "Block"] {
        let mia = world.mastodon().actor("mia");
        let asked = mia.asks(&group).await;
        mia.is_accepted(&asked).await;
        let act = |reason: &str| match kind {
            "Remove" => json!({"object": mia.id(), "target": members, "summary": reason}),
            "Reject" => json!({"object": asked.id(), "summary": reason}),
            _ => json!({"object": mia.id(), "target": group.id, "summary": reason}),
        };
        let (answer, _) = sends(&owner, &group, kind, &act(&"x".repeat(100_000))).await;
        assert_eq!(answer.problem(400)["field"], "summary", "{kind}");
        does(&owner, &group, kind, act("too loud")).await;
        let letter = mia.is_rejected(&asked).await;
        assert_eq!(letter.document["summary"], "too loud", "{kind}");
    }
    world.end().await;
}

/// A Block keeps out, for as long as it says, and its Undo ends it.
#[tokio::test]
async fn ban_with_an_end_and_an_undo() {
    let world = World::start().await;
    let (group, _owner, admin) = run_by(&world, asking(JoinPolicy::Open)).await;
    let ann = world.mastodon().actor("ann");
    let joined = ann.asks(&group).await;
    ann.is_accepted(&joined).await;
    let until = (world.ground().clock().now() + TimeDelta::days(1)).to_rfc3339();
    let ban = json!({"object": ann.id(), "target": group.id, "summary": "spam", "endTime": until});
    let said = does(&admin, &group, "Block", ban).await;
    ann.is_rejected(&joined).await;
    assert_eq!(
        world
            .text("select ban_reason from membership where state = 'banned'")
            .await,
        "spam"
    );
    let again = ann.asks(&group).await;
    ann.is_rejected(&again).await;
    // To whoever does not run the group it is as if there were no such Block.
    let nothing = format!("{}/activities/nothing", admin.server().base());
    for id in [json!(said["id"]), json!(nothing)] {
        does(&ann, &group, "Undo", json!({"object": id})).await;
    }
    let banned = "select count(*) from membership where state = 'banned'";
    assert_eq!(world.count(banned).await, 1);
    for object in [said.clone(), said["id"].clone()] {
        does(&admin, &group, "Undo", json!({"object": object})).await;
        let ann = ann.clone().follows(&group).await;
        assert_eq!(listed(&world, &group, "members").await[0], ann.id());
        let mut again = said.clone();
        again["id"] = json!(admin.server().mint("activities"));
        if object.is_object() {
            // The next round undoes it by its id alone.
            admin.sends(&group, &again).await.is(202);
            does(&admin, &group, "Undo", json!({"object": again["id"]})).await;
        }
    }
    let (answer, _) = sends(
        &admin,
        &group,
        "Block",
        &json!({"object": ann.id(), "endTime": "soon"}),
    )
    .await;
    assert_eq!(answer.problem(400)["field"], "endTime");
    world.end().await;
}

/// An end that passes lets whoever was banned ask again.
#[tokio::test]
async fn a_ban_ends_by_itself() {
    let world = World::start().await;
    let (group, _owner, admin) = run_by(&world, asking(JoinPolicy::Approval)).await;
    let ann = world.explainer().actor("ann");
    let until = (world.ground().clock().now() + TimeDelta::hours(1)).to_rfc3339();
    does(
        &admin,
        &group,
        "Block",
        json!({"object": ann.id(), "endTime": until}),
    )
    .await;
    let asked = ann.asks(&group).await;
    ann.is_rejected(&asked).await;
    // What is on its way is dated by now.
    world.settles().await;
    world.advance(TimeDelta::hours(2));
    let asked = ann.asks(&group).await;
    does(&admin, &group, "Accept", json!({"object": asked.id()})).await;
    ann.is_accepted(&asked).await;
    world.end().await;
}

/// GRP02: by another account that says it is the same, and by another spelling of the id.
#[tokio::test]
async fn a_ban_follows_its_person() {
    let world = World::start().await;
    let (group, _owner, admin) = run_by(&world, asking(JoinPolicy::Open)).await;
    let server = world.explainer();
    let ann = server.actor("ann").follows(&group).await;
    does(
        &admin,
        &group,
        "Block",
        json!({"object": ann.id(), "target": group.id}),
    )
    .await;
    let spelled = server.actor("Ann");
    let moved = world.explainer().actor("ann2");
    moved.publishes(|document| document["alsoKnownAs"] = json!([ann.id()]));
    for other in [&spelled, &moved] {
        let asked = other.asks(&group).await;
        other.is_rejected(&asked).await;
        let post = other.speaks(|me| other.server().software().manners.post(me, &group, "me again"));
        other.sends(&group, &post).await.problem(403);
    }
    // Nobody is banned by what a banned one says of them.
    ann.publishes(|document| document["alsoKnownAs"] = json!([world.base()]));
    world.explainer().actor("bob").follows(&group).await;
    world.end().await;
}

/// GRP02: whoever is in under a second account is out with the first, and hears no more; so is one who waits.
#[tokio::test]
async fn a_ban_puts_out_every_account() {
    let world = World::start().await;
    let (group, owner, admin) = run_by(&world, asking(JoinPolicy::Open)).await;
    let ann = world.explainer().actor("ann");
    let [second, third] = ["second", "third"].map(|name| world.explainer().actor(name));
    for other in [&second, &third] {
        other.publishes(|document| document["alsoKnownAs"] = json!(["https://nobody.example/", ann.id()]));
    }
    let bob = world.explainer().actor("bob").follows(&group).await;
    let joined = second.asks(&group).await;
    second.is_accepted(&joined).await;
    // Whoever was expelled waits for an admin.
    let first = third.asks(&group).await;
    third.is_accepted(&first).await;
    does(
        &admin,
        &group,
        "Remove",
        json!({"object": third.id(), "target": group.part("members")}),
    )
    .await;
    let waits = third.asks(&group).await;

    // Somebody says of the owner that they are one: that takes the group from nobody.
    owner.publishes(|document| document["alsoKnownAs"] = json!([ann.id()]));
    does(
        &admin,
        &group,
        "Block",
        json!({"object": ann.id(), "target": group.id}),
    )
    .await;
    second.is_rejected(&joined).await;
    third.is_rejected(&waits).await;
    assert_eq!(listed(&world, &group, "members").await, [bob.id(), admin.id()]);
    let waiting = "select count(*) from held where queue = 'members' and decided_at is null";
    assert_eq!(world.count(waiting).await, 0);
    let post = bob.post(&group, "among ourselves").await;
    world.settles().await;
    second.hears_of([&post]).nothing();
    world.end().await;
}

/// A ban and the Join of a second account at once: whichever is first, nobody stays in who is banned.
#[tokio::test]
async fn a_second_account_that_joins_during_the_ban_is_out() {
    let world = World::start().await;
    let (group, _owner, admin) = run_by(&world, asking(JoinPolicy::Open)).await;
    for round in 0..6 {
        let ann = world.explainer().actor(&format!("ann{round}"));
        let second = world.explainer().actor(&format!("second{round}"));
        second.publishes(|document| document["alsoKnownAs"] = json!([ann.id()]));
        let ban = json!({"object": ann.id(), "target": group.id});
        let (_, asked) = tokio::join!(does(&admin, &group, "Block", ban), second.asks(&group));
        second.is_rejected(&asked).await;
        assert_eq!(listed(&world, &group, "members").await, [admin.id()]);
    }
    world.end().await;
}

/// The owner makes admins and takes it back at once; admins may resign.
#[tokio::test]
async fn expel_an_admin() {
    let world = World::start().await;
    let (group, owner, admin) = run_by(&world, asking(JoinPolicy::Open)).await;
    let ann = world.explainer().actor("ann").follows(&group).await;
    let on = |part: &str, who: &str| json!({"object": who, "target": group.part(part)});
    may_not(&admin, &group, "Add", on("admins", &ann.id()), "not-the-owner").await;
    does(&owner, &group, "Add", on("moderators", &ann.id())).await;
    hears(&ann, "Add", &ann.id()).await;
    may_not(&admin, &group, "Remove", on("admins", &ann.id()), "not-the-owner").await;
    may_not(
        &admin,
        &group,
        "Remove",
        on("members", &ann.id()),
        "they-are-an-admin",
    )
    .await;
    does(&owner, &group, "Remove", on("admins", &ann.id())).await;
    assert_eq!(listed(&world, &group, "admins").await, [admin.id(), owner.id()]);
    assert_eq!(
        listed(&world, &group, "members").await[0],
        ann.id(),
        "a member still"
    );
    does(&admin, &group, "Remove", on("admins", &admin.id())).await;
    assert_eq!(listed(&world, &group, "moderators").await, [owner.id()]);
    may_not(
        &owner,
        &group,
        "Remove",
        on("admins", &owner.id()),
        "is-the-owner",
    )
    .await;
    world.end().await;
}

/// SocialHub: an admin elsewhere proposes, and the group does it in its own name.
#[tokio::test]
async fn a_removal_that_an_admin_proposes() {
    let world = World::start().await;
    let (group, _owner, admin) = run_by(&world, asking(JoinPolicy::Open)).await;
    let ann = world.explainer().actor("ann");
    let joined = ann.asks(&group).await;
    ann.is_accepted(&joined).await;
    let remove = json!({"type": "Remove", "object": ann.id(), "target": group.part("members")});
    may_not(
        &ann,
        &group,
        "Offer",
        json!({"object": {"type": "Remove", "object": admin.id(), "target": group.part("members")}}),
        "does-not-run-it",
    )
    .await;
    does(&admin, &group, "Offer", json!({"object": remove})).await;
    let told = hears(&ann, "Remove", &ann.id()).await;
    assert_eq!(told.document["actor"], group.id.as_str());
    assert_eq!(listed(&world, &group, "members").await, [admin.id()]);
    world.end().await;
}
