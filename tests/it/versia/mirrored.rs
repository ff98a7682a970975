//! What everybody else sees of those who sign with their domain: people and notes at ids of ours.
//!
//! One rule: what dereferences is what was announced, and a person is led to the original.

use folkmoot::domain::PolicyChange;
use folkmoot::store::group::Change;
use serde_json::json;

use super::{change, found, garden_with, sees};

const ACTIVITY: &str = "application/activity+json";
const ORIGINALS: &str = "https://b.test/.versia/v0.6/entities";

/// A user of theirs is a labelled person here, with a name that WebFinger knows, an empty outbox and a key that verifies nothing.
#[tokio::test]
async fn a_user_is_a_person_on_our_host() {
    let (world, b, group) = garden_with(|_| {}).await;
    let u1 = b.user("u1", "Alice");
    b.joins(&u1, "garden").await;
    let id = format!("{}/bridge/versia/b.test/u1", world.base());
    let members = world.document(&group.part("members?page=1")).await;
    assert_eq!(members["orderedItems"], json!([id]));

    let person = world.document(&id).await;
    assert_eq!((&person["id"], &person["type"]), (&json!(id), &json!("Person")));
    assert_eq!(person["preferredUsername"], "alice_b_test");
    assert_eq!(person["name"], "Alice of b.test");
    assert_eq!(person["summary"], "<p>mirrored from @Alice@b.test</p>");
    assert_eq!(person["url"], format!("{ORIGINALS}/User/u1"));
    assert_eq!(person["publicKey"]["owner"], json!(id));
    let outbox = world.document(person["outbox"].as_str().unwrap()).await;
    assert_eq!(outbox["totalItems"], 0);
    let page = world.get(&id, "text/html").await;
    assert_eq!(
        (page.status().as_u16(), &page.headers()["location"]),
        (302, &format!("{ORIGINALS}/User/u1").parse().unwrap())
    );

    let name = format!("acct:alice_b_test@{}", world.authority());
    for resource in [name.as_str(), id.as_str()] {
        let (status, jrd) = found(&world, resource).await;
        assert_eq!((status, &jrd["subject"]), (200, &json!(name)), "{resource}");
        assert_eq!(jrd["links"][0]["href"], json!(id));
    }
    for nobody in [
        "b.test/u2",
        "b.test/u1/followers",
        "b/u1",
        "c.test/u1",
        "b.test/notes/n1",
    ] {
        let url = format!("{}/bridge/versia/{nobody}", world.base());
        assert_eq!(world.get(&url, ACTIVITY).await.status(), 404, "{nobody}");
    }

    // Their own side lists who they are, and not the mirror.
    let listed = sees(&b, "Group/group-garden/collections/members").await;
    assert_eq!(listed["items"], json!(["b.test:u1"]));
    let engine = &world.house().engine;
    engine.set_blocked("b.test", true).await.unwrap();
    assert_eq!(world.get(&id, ACTIVITY).await.status(), 404);
    world.end().await;
}

/// Whoever says no is heard by their own, and by nobody else.
#[tokio::test]
async fn who_says_no_there_is_not_shown_here() {
    let (world, b, group) = garden_with(|_| {}).await;
    let tom = world.lemmy().actor("tom").follows(&group).await;
    for (id, field, said) in [
        ("u1", "display_name", json!("Al #NoBridge")),
        (
            "u2",
            "bio",
            json!({"text/html": {"content": "<p>#<b>nobridge</b></p>", "remote": false}}),
        ),
        ("u3", "indexable", json!(false)),
    ] {
        let mut user = json!({
            "type": "User", "id": id, "created_at": "2026-05-01T10:00:00Z", "username": id, "display_name": null,
            "bio": null, "fields": [], "manually_approves_followers": false, "indexable": true,
        });
        user[field] = said;
        b.serves(&format!("/.versia/v0.6/entities/User/{id}"), 200, user);
        let who = format!("b.test:{id}");
        b.joins(&who, "garden").await;
        let note = b.note(&format!("n{id}"), &who, "garden", "hidden");
        b.publishes(&note).await.is(202);
        b.hears("Federate", |said| said["note"] == json!(format!("b.test:n{id}")))
            .await;
    }
    world.settles().await;
    let heard = tom.server().heard();
    assert!(!heard.iter().any(|heard| heard.text.contains("hidden")));
    b.is_content();
    world.end().await;
}

/// A note of theirs is what was announced, in its latest version; it links back, and is gone with its original.
#[tokio::test]
async fn a_note_is_what_was_announced() {
    let (world, b, group) = garden_with(|_| {}).await;
    let tom = world.lemmy().actor("tom").follows(&group).await;
    let u1 = b.user("u1", "alice");
    b.joins(&u1, "garden").await;
    b.publishes(&b.note("n1", &u1, "garden", "leeks")).await.is(202);
    world.settles().await;
    let id = format!("{}/bridge/versia/b.test/notes/n1", world.base());
    let heard = tom
        .server()
        .hears("the note", |heard| heard.text.contains("leeks"))
        .await;
    let announced = &heard.document["object"]["object"];
    let mut note = world.document(&id).await;
    note.as_object_mut().unwrap().remove("@context");
    assert_eq!(note, *announced);
    assert_eq!(
        note["attributedTo"],
        format!("{}/bridge/versia/b.test/u1", world.base())
    );
    assert!(
        note["url"].as_str().unwrap().starts_with("https://b.test/"),
        "{note}"
    );
    // The activity has an id that is there, too.
    let create = heard.document["object"]["id"].as_str().unwrap();
    assert_eq!(world.document(create).await["id"], json!(id));
    let page = world.get(&id, "text/html").await;
    assert_eq!(page.status(), 302);
    let page = page.headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(world.get(&page, "text/html").await.status(), 200);
    assert_eq!(
        world.get(&page, ACTIVITY).await.headers()["location"],
        id.as_str()
    );
    let listed = sees(&b, "Group/group-garden/collections/notes").await;
    assert_eq!(listed["items"], json!(["b.test:n1"]));

    // Answers on either side know each other.
    let reply = tom.would_say(json!({}), id.clone(), false);
    let reply = tom.replies(&group, &reply, "with salt").await;
    world.settles().await;
    let listed = sees(&b, "Group/group-garden/collections/notes").await;
    let answer = listed["items"][0]
        .as_str()
        .unwrap()
        .strip_prefix("g.test:")
        .unwrap();
    let answer = sees(&b, &format!("Note/{answer}")).await;
    assert_eq!(answer["replies_to"], "b.test:n1");
    assert_eq!(
        answer["extensions"]["org.folkmoot:bridge"]["id"],
        json!(reply.post)
    );

    b.publishes(&b.note("n1", &u1, "garden", "more leeks"))
        .await
        .is(202);
    world.settles().await;
    assert_eq!(world.document(&id).await["content"], "<p>more leeks</p>");

    let bridge = |on| Change {
        bridge: Some(on),
        ..Change::default()
    };
    change(&world, bridge(false), PolicyChange::default()).await;
    assert_eq!(world.get(&id, ACTIVITY).await.status(), 404);
    let listed = sees(&b, "Group/group-garden/collections/notes").await;
    assert_eq!(listed["items"], json!(["b.test:n1"]), "theirs alone");
    change(&world, bridge(true), PolicyChange::default()).await;

    let delete = json!({
        "type": "Delete", "created_at": "2026-06-01T12:00:00Z", "author": "b.test:u1", "deleted_type": "Note",
        "deleted": "b.test:n1",
    });
    b.sends(&delete).await.is(202);
    world.settles().await;
    let gone = world.get(&id, ACTIVITY).await;
    assert_eq!(gone.status(), 410);
    let listed = sees(&b, "Group/group-garden/collections/notes").await;
    assert_eq!(listed["total"], 1);
    b.is_content();
    world.end().await;
}
