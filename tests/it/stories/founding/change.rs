//! Change what a group says of itself; close it.

use folkmoot::domain::{InfoPolicy, Policies};
use serde_json::{Value, json};

use super::{owned, tells};
use crate::support::peer::{Actor, Answer, Group};
use crate::support::world::World;

async fn updates(who: &Actor, group: &Group, mut object: Value) -> Answer {
    object["id"] = json!(group.id);
    tells(who, &group.inbox(), "Update", object, json!({"to": group.id}))
        .await
        .1
}

/// The explainer's example, and all else that may change; the group tells everybody who shows groups as profiles.
#[tokio::test]
async fn change_group_info() {
    let world = World::start().await;
    let (group, olga) = owned(&world, Policies::default()).await;
    let mia = world.mastodon().actor("mia").follows(&group).await;
    let xen = world.explainer().actor("xen").follows(&group).await;
    let tom = world.lemmy().actor("tom").follows(&group).await;
    let answer = updates(
        &olga,
        &group,
        json!({
            "name": "Herbs", "summary": "This is a new group description.",
            "image": ["https://pictures.example/h.png"], "rules": {"type": "Collection", "items": [{"type": "Note", "content": "<p>Be kind</p>"}]},
            "related": "https://other.example/c/herbs", "joinPolicy": "closed", "postingRestrictedToMods": true,
        }),
    )
    .await;
    answer.is(202);
    let now = world.document(&group.id).await;
    assert_eq!(now["name"], "Herbs");
    assert!(now["summary"].as_str().unwrap().contains("new group description"));
    assert_eq!(now["image"]["url"], "https://pictures.example/h.png");
    assert_eq!(now["related"], json!(["https://other.example/c/herbs"]));
    assert_eq!(now["capabilities"]["acceptsJoins"], false);
    assert_eq!(now["postPolicy"], "admins");
    for reader in [&mia, &xen] {
        let told = reader
            .server()
            .hears("the group's Update", |heard| {
                heard.kind() == "Update" && heard.taken
            })
            .await;
        assert_eq!(told.document["actor"], json!(group.id));
        assert_eq!(told.document["object"]["name"], "Herbs");
        assert_eq!(told.document["object"]["publicKey"], now["publicKey"]);
        let again = world.document(told.id()).await;
        assert_eq!(again, told.document);
    }
    world.settles().await;
    assert!(tom.heard().iter().all(|heard| heard.kind() != "Update"));
    // Partial, and null removes.
    updates(
        &olga,
        &group,
        json!({"image": null, "rules": null, "related": [], "summary": null, "joinPolicy": null}),
    )
    .await
    .is(202);
    let now = world.document(&group.id).await;
    assert_eq!((&now["name"], &now["summary"]), (&json!("Herbs"), &json!("")));
    assert_eq!(now["joinPolicy"], "open");
    assert!(now.get("image").is_none() && now.get("rules").is_none() && now.get("related").is_none());
    world.end().await;
}

/// GRP17: by the owner alone, or admins by policy; and only what is on the list. Whoever sends back the whole document with one
/// field changed changes that field.
#[tokio::test]
async fn grp17_nothing_else_changes() {
    let world = World::start().await;
    let (group, olga) = owned(&world, Policies::default()).await;
    let stranger = world.explainer().actor("stranger").follows(&group).await;
    let whole = world.document(&group.id).await;
    let before = world.state(&[]).await;
    let problem = updates(&stranger, &group, json!({"name": "Mine"}))
        .await
        .problem(403);
    assert_eq!(problem["field"], "actor");
    for (field, value) in [
        ("inbox", json!("https://evil.example/inbox")),
        ("publicKey", json!({"id": "x", "publicKeyPem": "y"})),
        ("attributedTo", json!(stranger.id())),
        ("members", json!(format!("{}/members", stranger.id()))),
        ("preferredUsername", json!("other")),
        ("endpoints", json!({"sharedInbox": "https://evil.example/"})),
        ("type", json!("Person")),
        ("owner", json!(stranger.id())),
        ("outbox", Value::Null),
    ] {
        let mut object = whole.clone();
        object[field] = value.clone();
        object["name"] = json!("Taken over");
        let problem = updates(&olga, &group, object).await.problem(403);
        assert_eq!(problem["field"], format!("object.{field}"), "{value}");
    }
    for (field, value) in [
        ("name", Value::Null),
        ("joinPolicy", json!("maybe")),
        ("icon", json!("data:x")),
    ] {
        let mut object = json!({});
        object[field] = value;
        let problem = updates(&olga, &group, object).await.problem(400);
        assert_eq!(problem["field"], format!("object.{field}"));
    }
    assert_eq!(world.state(&[]).await, before);
    let mut object = whole.clone();
    object["name"] = json!("Herbs");
    object["members"] = json!({"type": "OrderedCollection", "id": group.part("members")});
    updates(&olga, &group, object).await.is(202);
    let mut expected = whole;
    expected["name"] = json!("Herbs");
    assert_eq!(world.document(&group.id).await, expected);
    world.end().await;
}

/// Admins change it where the policy says so.
#[tokio::test]
async fn admins_change_it_by_policy() {
    let world = World::start().await;
    let policies = Policies {
        info: InfoPolicy::Admins,
        ..Policies::default()
    };
    let (group, _) = owned(&world, policies).await;
    let adam = world.explainer().actor("adam").follows(&group).await;
    updates(&adam, &group, json!({"name": "Mine"})).await.problem(403);
    let mut behind = world.behind().await;
    sqlx::query("update membership set role = 'admin'")
        .execute(&mut behind)
        .await
        .unwrap();
    updates(&adam, &group, json!({"name": "Ours"})).await.is(202);
    assert_eq!(world.document(&group.id).await["name"], "Ours");
    world.end().await;
}

/// The owner closes it: members are told, its document is a tombstone, and its inbox still answers as inboxes do.
#[tokio::test]
async fn close_a_group() {
    let world = World::start().await;
    let (group, olga) = owned(&world, Policies::default()).await;
    let mia = world.mastodon().actor("mia").follows(&group).await;
    let xen = world.explainer().actor("xen").follows(&group).await;
    let post = xen.post(&group, "the last one").await;
    let (_, answer) = tells(
        &olga,
        &group.inbox(),
        "Delete",
        json!({"id": group.id}),
        json!({"to": group.id}),
    )
    .await;
    answer.is(202);
    for reader in [&mia, &xen] {
        let told = reader
            .server()
            .hears("the group's Delete", |heard| heard.kind() == "Delete")
            .await;
        assert_eq!(
            (told.object_id(), &told.document["actor"]),
            (group.id.as_str(), &json!(group.id))
        );
    }
    let answer = world.get(&group.id, "application/activity+json").await;
    assert_eq!(answer.status(), 410);
    let tombstone: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    assert_eq!(tombstone["type"], "Tombstone");
    let create = xen.speaks(|me| {
        json!({"id": (me.mint)("activities"), "type": "Create", "actor": me.id, "to": [group.id, super::PUBLIC],
            "object": {"id": (me.mint)("notes"), "type": "Note", "content": "too late"}})
    });
    xen.sends(&group, &create).await.problem(403);
    xen.deletes(&group, &post).await;
    world.end().await;
}

/// GRP18: nobody else closes it, and it is closed once.
#[tokio::test]
async fn grp18_only_the_owner_closes_it() {
    let world = World::start().await;
    let (group, olga) = owned(&world, Policies::default()).await;
    let other = world.explainer().actor("other");
    world.group_of(&other, "orchard", Policies::default()).await;
    let admin = world.explainer().actor("admin").follows(&group).await;
    let mut behind = world.behind().await;
    sqlx::query("update membership set role = 'admin'")
        .execute(&mut behind)
        .await
        .unwrap();
    let before = world.state(&[]).await;
    for who in [&other, &admin] {
        let (_, answer) = tells(
            who,
            &group.inbox(),
            "Delete",
            json!(group.id),
            json!({"to": group.id}),
        )
        .await;
        assert_eq!(answer.problem(403)["field"], "actor");
    }
    assert_eq!(world.state(&[]).await, before);
    let (delete, answer) = tells(&olga, &group.inbox(), "Delete", json!(group.id), json!({})).await;
    answer.is(202);
    olga.sends(&group, &delete).await.is(202); // seen
    let (_, answer) = tells(&olga, &group.inbox(), "Delete", json!(group.id), json!({})).await;
    answer.problem(403);
    assert_eq!(
        world
            .count("select count(*) from activity where kind = 'closed'")
            .await,
        1
    );
    world.end().await;
}
