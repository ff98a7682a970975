//! What each class is told when somebody who wrote in a group deletes their account.
//!
//! One rule: their own word goes to those who believe it from us; whoever cannot check it hears the group's, post by post.

use serde_json::{Value, json};

use crate::support::peer::{Actor, Group, Said};
use crate::support::world::World;

const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";
const CLEARED: &str = "select count(*) from actor where cleared_at is not null";

async fn deletes_itself(world: &World, who: &Actor, is_signed_within: bool) -> Said {
    let mut delete = who.speaks(|me| {
        json!({ "id": format!("{}#delete", me.id), "type": "Delete", "actor": me.id, "object": me.id, "to": [PUBLIC] })
    });
    if is_signed_within {
        delete["signature"] = json!({
            "type": "RsaSignature2017", "creator": who.key_id(), "created": "2026-06-01T12:00:00Z", "signatureValue": "c2lnbnMgbm90aGluZw==",
        });
    }
    let said = who.would_say(delete, String::new(), false);
    let inbox = format!("{}/inbox", world.base());
    who.sends_to(&inbox, &said.text).await.is(202);
    world.until(CLEARED, 1).await;
    world.settles().await;
    said
}

/// What somebody heard since that names this, by type, actor and the type of what is inside.
fn told(who: &Actor, post: &str) -> Vec<(String, Value, Value)> {
    let heard = who.heard().into_iter().filter(|heard| {
        let kind = &heard.document["object"]["type"];
        matches!(heard.kind(), "Delete" | "Undo" | "Remove")
            || matches!(kind.as_str(), Some("Delete" | "Remove"))
    });
    heard
        .filter(|heard| heard.taken && heard.text.contains(post))
        .map(|heard| {
            let inner = &heard.document["object"];
            (
                heard.kind().to_owned(),
                inner["type"].clone(),
                inner["actor"].clone(),
            )
        })
        .collect()
}

/// Who heard the whole text, on its own or wrapped.
fn heard_verbatim(people: &[Actor], said: &Said) -> Vec<&'static str> {
    let heard = people
        .iter()
        .filter(|who| who.heard().iter().any(|heard| heard.text.contains(&said.text)));
    heard.map(|who| who.server().software().name).collect()
}

struct Scene {
    group: Group,
    leaver: Actor,
    people: Vec<Actor>,
    post: Said,
}

/// Somebody at Smithereen wrote on the wall of a group with a member of every class.
async fn scene(world: &World) -> Scene {
    let group = world.group("garden").await;
    let leaver = world.server("smithereen").actor("una").follows(&group).await;
    let mut people = vec![];
    for software in [
        "lemmy",
        "piefed",
        "mastodon",
        "nodebb",
        "discourse",
        "smithereen",
        "lotide",
        "streams",
        "mobilizon",
        "onepage.pub",
    ] {
        people.push(world.server(software).actor("ann").follows(&group).await);
    }
    let post = leaver.post(&group, "one").await;
    world.settles().await;
    Scene {
        group,
        leaver,
        people,
        post,
    }
}

#[tokio::test]
async fn each_class_is_told_in_the_words_that_it_believes() {
    let world = World::start().await;
    let Scene {
        group,
        leaver,
        people,
        post,
    } = scene(&world).await;
    let gone = deletes_itself(&world, &leaver, true).await;
    assert_eq!(heard_verbatim(&people, &gone), ["smithereen"]);
    let (steward, itself) = (json!(group.steward()), json!(group.id));
    let expected = [
        ("lemmy", "Announce", json!("Delete"), steward.clone()),
        ("piefed", "Announce", json!("Delete"), steward),
        ("mastodon", "Undo", json!("Announce"), itself.clone()),
        ("nodebb", "Announce", json!("Delete"), itself.clone()),
        ("discourse", "Undo", json!("Announce"), itself.clone()),
        ("smithereen", "Delete", Value::Null, Value::Null),
        ("streams", "Add", json!("Delete"), itself.clone()),
        ("mobilizon", "Remove", Value::Null, Value::Null),
        ("onepage.pub", "Announce", json!("Delete"), itself),
    ];
    for (software, kind, inner, by) in expected {
        let who = people
            .iter()
            .find(|who| who.server().software().name == software)
            .unwrap();
        let told = told(who, &post.post);
        assert_eq!(told, [(kind.to_owned(), inner, by)], "{software}");
    }
    world.end().await;
}

/// Nobody can check a word that is not signed within: the group says what is gone, on walls, too.
#[tokio::test]
async fn a_word_that_nobody_can_check_is_not_passed_on() {
    let world = World::start().await;
    let Scene {
        leaver, people, post, ..
    } = scene(&world).await;
    let gone = deletes_itself(&world, &leaver, false).await;
    assert_eq!(heard_verbatim(&people, &gone), Vec::<&str>::new());
    let wall = people
        .iter()
        .find(|who| who.server().software().name == "smithereen")
        .unwrap();
    assert_eq!(told(wall, &post.post).len(), 1);
    world.end().await;
}

/// That somebody was in a private group is for its members, and their word is for everybody: it is not passed on there.
#[tokio::test]
async fn a_private_group_passes_no_departure_on() {
    let world = World::start().await;
    let policies = folkmoot::domain::Policies {
        visibility: folkmoot::domain::Visibility::Private,
        ..Default::default()
    };
    let group = world.group_with("garden", policies).await;
    let una = world.server("smithereen").actor("una").follows(&group).await;
    let ivy = world.server("smithereen").actor("ivy").follows(&group).await;
    let gone = deletes_itself(&world, &una, true).await;
    assert_eq!(heard_verbatim(&[ivy], &gone), Vec::<&str>::new());
    world.end().await;
}
