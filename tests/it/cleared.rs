//! Who is banned with all that they wrote: `Block{removeData: true}` (Lemmy).

use folkmoot::domain::Policies;
use serde_json::{Value, json};

use crate::support::peer::{Actor, Group};
use crate::support::world::World;

const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";
const THERE: &str = "select count(*) from post p join post_group g on g.post_id = p.id
                     where p.deleted_at is null and g.removed_at is null";
const LEFT: &str = "select count(*) from membership where cleared_until is not null";

async fn blocks(by: &Actor, group: &Group, whom: &Actor, removes: Value) {
    let block = by.speaks(|me| {
        json!({
            "id": (me.mint)("activities/block"), "type": "Block", "actor": me.id, "object": whom.id(), "target": group.id,
            "to": [PUBLIC], "cc": [group.id], "audience": group.id, "removeData": removes, "summary": "spam",
        })
    });
    by.sends(group, &block).await.is(202);
}

/// All of it goes, however much it is, and nothing of anybody else's; each class is told as of any removal.
#[tokio::test]
async fn what_the_banned_wrote_goes_with_them() {
    let world = World::start().await;
    let owner = world.lemmy().actor("owner");
    let group = world.group_of(&owner, "garden", Policies::default()).await;
    let other = world.group_of(&owner, "kitchen", Policies::default()).await;
    let eve = world
        .lemmy()
        .actor("eve")
        .follows(&group)
        .await
        .follows(&other)
        .await;
    let lea = world.lemmy().actor("lea").follows(&group).await;
    let mia = world.mastodon().actor("mia").follows(&group).await;
    let texts: Vec<String> = (0..25).map(|n| format!("spam {n}")).collect();
    let spam = eve.posts(&group, texts.iter().map(String::as_str)).await;
    let elsewhere = eve.post(&other, "in another group").await;
    let hers = lea.replies(&group, &spam[0], "go away").await;
    world.settles().await;
    blocks(&owner, &group, &eve, json!(true)).await;
    world.until(THERE, 2).await;
    world.until(LEFT, 0).await;
    world.settles().await;
    for post in &spam {
        let removed = lea.heard().into_iter().any(|heard| {
            let inner = &heard.document["object"];
            heard.taken
                && inner["type"] == "Delete"
                && inner["object"] == post.post
                && inner["actor"] == group.steward()
        });
        assert!(removed, "{}", post.post);
        let undone = mia
            .heard()
            .into_iter()
            .any(|heard| heard.kind() == "Undo" && heard.document["object"]["object"] == post.post);
        assert!(undone, "{}", post.post);
    }
    for post in [&elsewhere, &hers] {
        let gone = lea.heard().into_iter().any(|heard| {
            heard.document["object"]["type"] == "Delete" && heard.document["object"]["object"] == post.post
        });
        assert!(!gone, "{}", post.post);
    }
    world.end().await;
}

/// A ban alone takes nothing out, nor does one by somebody who may not ban.
#[tokio::test]
async fn a_ban_alone_leaves_what_was_said() {
    let world = World::start().await;
    let owner = world.lemmy().actor("owner");
    let group = world.group_of(&owner, "garden", Policies::default()).await;
    let eve = world.lemmy().actor("eve").follows(&group).await;
    let bob = world.lemmy().actor("bob").follows(&group).await;
    eve.post(&group, "one").await;
    let block = bob.speaks(|me| {
        json!({
            "id": (me.mint)("activities/block"), "type": "Block", "actor": me.id, "object": eve.id(), "target": group.id,
            "to": [PUBLIC], "cc": [group.id], "removeData": true,
        })
    });
    bob.sends(&group, &block).await.is(403);
    for removes in [json!(false), json!("true"), Value::Null] {
        blocks(&owner, &group, &eve, removes).await;
    }
    world.settles().await;
    assert_eq!((world.count(THERE).await, world.count(LEFT).await), (1, 0));
    world.end().await;
}
