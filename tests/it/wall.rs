//! A group as a wall: what its members write there is added, and what is taken from it is told (FEP-400e).
//!
//! One rule: nothing is on a wall that does not say so itself.

use serde_json::{Value, json};

use crate::support::peer::Said;
use crate::support::peer::manners::Shape;
use crate::support::world::World;

/// What somebody at Smithereen writes is on the wall of everybody there, their own server included; and off it again.
#[tokio::test]
async fn what_belongs_on_a_wall_is_added_and_taken_off() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ivy = world.server("smithereen").actor("ivy").follows(&group).await;
    let una = world.server("smithereen").actor("una").follows(&group).await;
    let tom = world.lemmy().actor("tom").follows(&group).await;

    let post = ivy.post(&group, "one").await;
    let reply = una.replies(&group, &post, "two").await;
    let edit = ivy.edits(&group, &post, "three").await;
    for who in [&ivy, &una] {
        who.hears_of([&post, &reply]).once().in_order().await;
    }
    una.hears_of([&edit]).once().await;
    tom.hears_of([&post, &reply, &edit]).once().in_order().await;
    for (wall, of) in [("wall", &post), ("wall-comments", &reply)] {
        let page = world.document(&format!("{}?page=1", group.part(wall))).await;
        assert_eq!(page["orderedItems"], json!([of.post]));
    }

    // Nobody may claim a place there for what does not: a Page of Lemmy's is none of theirs.
    let page = tom.post(&group, "four").await;
    let unsigned = tom.edits(&group, &page, "five").await;
    let delete = una.deletes(&group, &reply).await;
    world.settles().await;
    let told = |said: &Said| ivy.tellings(said);
    assert_eq!((told(&page), told(&unsigned)), (vec![], vec![]));
    assert_eq!(told(&delete), [Shape::Forwarded]);
    let comments = world.document(&group.part("wall-comments")).await;
    assert_eq!(comments["totalItems"], 0);
    world.end().await;
}

/// The owner of the wall takes from it by its own Delete, whoever asked for that and in whatever words.
#[tokio::test]
async fn whoever_runs_the_group_takes_from_its_wall() {
    let world = World::start().await;
    let owner = world.server("newcomer").actor("owner");
    let group = world.group_of(&owner, "garden", Default::default()).await;
    let ivy = world.server("smithereen").actor("ivy").follows(&group).await;
    let post = ivy.post(&group, "one").await;
    ivy.hears_of([&post]).once().await;
    let removal = owner.speaks(|me| {
        json!({
            "@context": "https://www.w3.org/ns/activitystreams",
            "id": (me.mint)("activities"),
            "type": "Remove",
            "actor": me.id,
            "object": post.post,
            "target": group.part("wall"),
        })
    });
    owner.sends(&group, &removal).await.is(202);
    let heard = ivy
        .server()
        .hears("the group's Delete", |heard| heard.kind() == "Delete")
        .await;
    assert_eq!(heard.document["object"], json!(post.post));
    assert_eq!(heard.document["actor"], json!(group.id));
    let id = heard.document["id"].as_str().unwrap();
    assert_eq!(world.document(id).await, heard.document, "it dereferences");
    let wall = world.document(&group.part("wall")).await;
    assert_eq!(wall["totalItems"], Value::from(0));
    world.end().await;
}
