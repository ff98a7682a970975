//! Forums that bring what their people write: by their own actor, or by a category that is in the group.
//!
//! One rule: whoever brings it, it is its author's, as the author's server tells it, and it is decided as theirs.

use folkmoot::domain::{Policies, PostPolicy};
use serde_json::{Value, json};

use crate::support::peer::{Actor, Group, Said};
use crate::support::world::World;

const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";

/// A topic that somebody wrote at their forum for a group elsewhere; they send nothing themselves.
fn topic(author: &Actor, group: &Group, text: &str) -> Said {
    let create = author.speaks(|me| author.server().software().manners.post(me, group, text));
    author.server().publishes(&create["object"]);
    let post = create["object"]["id"].as_str().unwrap().to_owned();
    author.would_say(create, post, false)
}

/// As NodeBB 4.15.1 sends it (2026-08-22): addressed to the group alone, by an actor who is nobody's follower.
async fn brings(bearer: &Actor, author: &Actor, group: &Group, object: Value) {
    let announce = bearer.speaks(|me| {
        json!({
            "id": (me.mint)("announce"), "type": "Announce", "actor": me.id, "published": me.now,
            "to": [group.id], "cc": [author.id(), PUBLIC], "object": object,
        })
    });
    bearer.sends(group, &announce).await.is(202);
}

async fn total(world: &World, group: &Group) -> u64 {
    world.document(&group.part("outbox")).await["totalItems"]
        .as_u64()
        .unwrap()
}

#[tokio::test]
async fn a_forums_own_actor_brings_what_a_member_wrote() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let mia = world.mastodon().actor("mia").follows(&group).await;
    let forum = world.server("nodebb");
    let noor = forum.actor("noor").follows(&group).await;
    let stranger = forum.actor("stranger");
    let bearer = forum.settle("actor", "Application");
    let theirs = topic(&noor, &group, "one");
    brings(&bearer, &noor, &group, json!(theirs.post)).await;
    mia.hears_of([&theirs]).once().await;
    brings(&bearer, &noor, &group, json!(theirs.post)).await;
    // Who is no member may not post; that another brings it makes no difference.
    let not_theirs = topic(&stranger, &group, "two");
    brings(&bearer, &stranger, &group, json!(not_theirs.post)).await;
    world.settles().await;
    assert_eq!(total(&world, &group).await, 1);
    world.end().await;
}

/// A category that has joined stands for the people of its forum; when it is put out, it does so no longer.
#[tokio::test]
async fn a_category_that_is_in_the_group_brings_its_people() {
    let world = World::start().await;
    let owner = world.server("onepage.pub").actor("owner");
    let group = world.group_of(&owner, "garden", Policies::default()).await;
    let mia = world.mastodon().actor("mia").follows(&group).await;
    let forum = world.server("nodebb");
    let category = forum.settle("pruning", "Group").follows(&group).await;
    let (noor, bearer) = (forum.actor("noor"), forum.settle("actor", "Application"));
    let theirs = topic(&noor, &group, "one");
    brings(&bearer, &noor, &group, json!(theirs.post)).await;
    mia.hears_of([&theirs]).once().await;
    let by_category = topic(&noor, &group, "two");
    brings(&category, &noor, &group, by_category.document.clone()).await;
    mia.hears_of([&by_category]).once().await;
    let remove = owner.speaks(|me| json!({
        "id": (me.mint)("removes"), "type": "Remove", "actor": me.id, "object": category.id(), "target": group.part("members"),
        "to": [group.id],
    }));
    owner.sends(&group, &remove).await.is(202);
    let after = topic(&noor, &group, "three");
    brings(&bearer, &noor, &group, json!(after.post)).await;
    world.settles().await;
    assert_eq!(total(&world, &group).await, 2);
    world.end().await;
}

/// A person's share is a share, whoever it is addressed to; and nobody brings words that were never said.
#[tokio::test]
async fn only_forums_bring_and_only_what_was_said() {
    let world = World::start().await;
    let group = world
        .group_with(
            "garden",
            Policies {
                post: PostPolicy::Anyone,
                ..Policies::default()
            },
        )
        .await;
    let forum = world.server("nodebb");
    let (noor, bearer) = (forum.actor("noor"), forum.settle("actor", "Application"));
    let victim = world.server("nodebb").actor("victim");
    let said = topic(&noor, &group, "one");
    let sharer = world.mastodon().actor("sharer");
    brings(&sharer, &noor, &group, json!(said.post)).await;
    let never = victim.speaks(|me| victim.server().software().manners.post(me, &group, "never said"));
    brings(&bearer, &victim, &group, never).await;
    world.settles().await;
    assert_eq!(total(&world, &group).await, 0);
    brings(&bearer, &noor, &group, json!(said.post)).await;
    world.settles().await;
    assert_eq!(total(&world, &group).await, 1);
    world.end().await;
}

/// What its author wrote for others is brought to nobody, and nobody is told that they may not: they asked for nothing.
#[tokio::test]
async fn what_names_no_group_of_ours_is_not_brought() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let forum = world.server("nodebb");
    let noor = forum.actor("noor").follows(&group).await;
    let (victim, bearer) = (
        world.lemmy().actor("victim"),
        forum.settle("actor", "Application"),
    );
    let elsewhere = Group {
        id: format!("{}/c/cats", victim.server().base()),
    };
    for author in [&noor, &victim] {
        let said = topic(author, &elsewhere, "for cats");
        brings(&bearer, author, &group, json!(said.post)).await;
    }
    world.settles().await;
    assert_eq!(total(&world, &group).await, 0);
    assert!(victim.heard().is_empty(), "{:?}", victim.heard());
    world.end().await;
}

/// A post may name its category beside its author: it is the author's.
#[tokio::test]
async fn what_names_a_group_beside_its_author_is_the_authors() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let mia = world.mastodon().actor("mia").follows(&group).await;
    let forum = world.server("nodebb");
    let noor = forum.actor("noor").follows(&group).await;
    let (category, bearer) = (
        forum.settle("pruning", "Group"),
        forum.settle("actor", "Application"),
    );
    let theirs = topic(&noor, &group, "one");
    let mut object = theirs.document["object"].clone();
    object["attributedTo"] = json!([noor.id(), category.id()]);
    forum.publishes(&object);
    brings(&bearer, &noor, &group, json!(theirs.post)).await;
    mia.hears_of([&theirs]).once().await;
    world.end().await;
}
