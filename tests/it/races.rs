//! Two at once: what is about one post is decided one after the other, in whatever order and by whichever door it came.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::peer::{Actor, Group};
use crate::support::world::World;

const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";

/// An activity about something, that names the group or leaves that to what we have stored.
fn about(actor: &Actor, kind: &str, object: &Value, group: Option<&Group>) -> String {
    let document = actor.speaks(|me| {
        let mut document = json!({
            "id": (me.mint)("activity"), "type": kind, "actor": me.id, "object": object, "to": [PUBLIC],
        });
        if let Some(group) = group {
            document["cc"] = json!([group.id]);
        }
        document
    });
    document.to_string()
}

/// Sends all at once: to the shared inbox and to the group's own by turns.
async fn at_once(world: &World, group: &Group, actor: &Actor, bodies: &[String]) {
    let doors = [format!("{}/inbox", world.base()), group.inbox()];
    let sent = bodies
        .iter()
        .zip(doors.iter().cycle())
        .map(|(body, door)| actor.sends_to(door, body));
    for answer in join_all(sent).await {
        answer.is(202);
    }
}

/// Whichever of the two comes first, the post does not stay (ORD01).
#[tokio::test]
async fn a_delete_that_races_its_create_wins() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    for _ in 0..12 {
        let (create, id) = note(&ann, &group);
        let delete = about(&ann, "Delete", &json!(id), None);
        at_once(&world, &group, &ann, &[create, delete]).await;
    }
    assert_eq!(
        world
            .count("select count(*) from post where deleted_at is null")
            .await,
        0
    );
    world.end().await;
}

#[tokio::test]
async fn votes_and_deletions_that_come_together_count_once() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    for _ in 0..6 {
        let post = ann.post(&group, "one").await;
        let object = json!(post.post);
        let likes: Vec<_> = [None, Some(&group), None]
            .map(|named| about(&ann, "Like", &object, named))
            .into();
        at_once(&world, &group, &ann, &likes).await;
        let edit = json!({"id": post.post, "type": "Page", "attributedTo": ann.id(), "content": "new", "to": [PUBLIC]});
        let last: Vec<_> = vec![
            about(&ann, "Delete", &object, None),
            about(&ann, "Delete", &object, Some(&group)),
            about(&ann, "Update", &edit, Some(&group)),
        ];
        at_once(&world, &group, &ann, &last).await;
    }
    assert_eq!(
        world
            .count("select count(*) from activity where kind = 'voted'")
            .await,
        6
    );
    assert_eq!(
        world
            .count("select count(*) from activity where kind = 'deleted'")
            .await,
        6
    );
    let edited_after = "select count(*) from activity e join activity d on d.post_id = e.post_id
                        join entry ee on ee.activity_id = e.id join entry de on de.activity_id = d.id
                        where e.kind = 'edited' and d.kind = 'deleted' and ee.seq > de.seq";
    assert_eq!(
        world.count(edited_after).await,
        0,
        "nothing is said of a post after it is gone"
    );
    assert_eq!(
        world
            .count("select count(*) from post where content is not null")
            .await,
        0
    );
    world.end().await;
}

/// A neighbour on the same server cannot make us forget that an author took something back before it came.
#[tokio::test]
async fn a_neighbour_cannot_disarm_an_early_delete() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let lemmy = world.lemmy();
    let ann = lemmy.actor("ann").follows(&group).await;
    let mallory = lemmy.actor("mallory").follows(&group).await;
    let (create, id) = note(&ann, &group);
    for who in [&mallory, &ann] {
        who.sends_to(&group.inbox(), &about(who, "Delete", &json!(id), None))
            .await
            .is(202);
    }
    ann.sends_to(&group.inbox(), &create).await.is(202);
    assert_eq!(world.count("select count(*) from post").await, 0);
    world.end().await;
}

/// What was public stays public: a narrower edit would be told to everybody who has the post.
#[tokio::test]
async fn an_edit_cannot_hide_what_everybody_has() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let post = ann.post(&group, "one").await;
    let members = group.part("members");
    let document = ann.speaks(|me| {
        json!({"id": (me.mint)("activity"), "type": "Update", "actor": me.id, "to": [members], "object": {
            "id": post.post, "type": "Page", "attributedTo": me.id, "content": "narrowed", "to": [members]}})
    });
    let answer = ann.sends_to(&group.inbox(), &document.to_string()).await;
    let problem = answer.problem(403);
    assert!(
        problem["type"].as_str().unwrap().ends_with("#was-public"),
        "{problem}"
    );
    world.end().await;
}

/// A Create, and the id of the post in it.
fn note(ann: &Actor, group: &Group) -> (String, String) {
    let document = ann.speaks(|me| {
        json!({"id": (me.mint)("activity"), "type": "Create", "actor": me.id, "to": [PUBLIC], "cc": [group.id], "object": {
            "id": (me.mint)("post"), "type": "Page", "attributedTo": me.id, "name": "One", "content": "one",
            "to": [group.id, PUBLIC]}})
    });
    let id = document["object"]["id"].as_str().unwrap().to_owned();
    (document.to_string(), id)
}
