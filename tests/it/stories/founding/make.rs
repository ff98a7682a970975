//! Create a group, from another server.

use serde_json::{Value, json};

use super::{PUBLIC, tells};
use crate::support::peer::{Actor, Group};
use crate::support::world::World;

const ANYONE: (&str, &str) = ("GROUPS__CREATE", "anyone");

/// Asks for a group, and gives what the server made of it.
async fn makes(world: &World, who: &Actor, group: Value) -> Value {
    let inbox = format!("{}/inbox", world.base());
    let (create, answer) = tells(who, &inbox, "Create", group, json!({"to": "as:Public"})).await;
    answer.is(202);
    let accept = who
        .server()
        .hears("an Accept of the Create", |heard| {
            heard.taken && heard.kind() == "Accept" && heard.object_id() == create["id"]
        })
        .await;
    accept.document["result"].clone()
}

/// As the explainer prints it: a type and a name. The group is there, whole, and its maker owns it and is no member.
#[tokio::test]
async fn create_a_group() {
    let world = World::start_with(&[ANYONE]).await;
    let olga = world.explainer().actor("olga");
    let made = makes(&world, &olga, json!({"type": "Group", "name": "World Group"})).await;
    let id = made["id"].as_str().unwrap();
    assert_eq!(id, format!("{}/c/world_group", world.base()));
    let mut there = world.document(id).await;
    there.as_object_mut().unwrap().remove("@context");
    assert_eq!(made, there);
    assert_eq!(made["name"], "World Group");
    let steward = id.replace("/c/", "/u/") + "_steward";
    let moderators = world.document(&format!("{id}/moderators")).await;
    assert_eq!(moderators["orderedItems"], json!([olga.id(), steward]));
    assert_eq!(world.document(&format!("{id}/members")).await["totalItems"], 0);
    let group = Group { id: id.to_owned() };
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let olga = olga.follows(&group).await;
    let post = olga.post(&group, "welcome").await;
    ann.hears_of([&post]).once().await;
    world.end().await;
}

/// What the Create says of the group holds from its first moment; a name that is taken is numbered.
#[tokio::test]
async fn a_new_group_is_as_it_was_described() {
    let world = World::start_with(&[ANYONE]).await;
    world.group("garden").await;
    let olga = world.explainer().actor("olga");
    let wanted = json!({
        "type": ["Group"], "preferredUsername": "Garden", "name": "The <garden>", "summary": "<p>Of <b>herbs</b></p>",
        "icon": {"type": "Link", "href": "https://pictures.example/i.png"}, "rules": ["Be kind", "Weed"],
        "joinPolicy": "approval", "attributedTo": olga.id(),
    });
    let made = makes(&world, &olga, wanted).await;
    assert_eq!(made["preferredUsername"], "garden_2");
    assert_eq!(made["joinPolicy"], "approval");
    assert_eq!(made["icon"]["url"], "https://pictures.example/i.png");
    assert!(made["summary"].as_str().unwrap().contains("Of herbs"));
    let rules = world.document(made["rules"].as_str().unwrap()).await;
    assert_eq!(rules["orderedItems"][1]["content"], "Weed");
    world.end().await;
}

/// GRP21: nobody makes groups here unless the operator lets them; and no more than so many.
#[tokio::test]
async fn grp21_only_whom_the_operator_lets() {
    let world = World::start().await;
    let inbox = format!("{}/inbox", world.base());
    let group = json!({"type": "Group", "name": "Mine"});
    let stranger = world.explainer().actor("stranger");
    world.group("garden").await;
    let before = world.state(&[stranger.server().authority()]).await;
    let (_, answer) = tells(&stranger, &inbox, "Create", group.clone(), json!({"to": PUBLIC})).await;
    let problem = answer.problem(403);
    assert_eq!(problem["field"], "actor");
    assert_eq!(world.state(&[stranger.server().authority()]).await, before);
    world.end().await;

    let world = World::start_with(&[("GROUPS__CREATE", "127.0.0.1"), ("GROUPS__CREATE_LIMIT", "1")]).await;
    let inbox = format!("{}/inbox", world.base());
    let olga = world.explainer().actor("olga");
    makes(&world, &olga, group.clone()).await;
    let (_, answer) = tells(&olga, &inbox, "Create", group, json!({"to": PUBLIC})).await;
    assert!(
        answer.problem(403)["type"]
            .as_str()
            .unwrap()
            .ends_with("#too-many-groups")
    );
    world.end().await;
}

/// With an id of another host it tells of a group that is there; and a private one is private from the start.
#[tokio::test]
async fn what_is_made_elsewhere_is_only_told() {
    let world = World::start_with(&[ANYONE]).await;
    let inbox = format!("{}/inbox", world.base());
    let olga = world.explainer().actor("olga");
    let elsewhere = json!({"id": olga.server().mint("groups"), "type": "Group", "name": "Theirs"});
    let (_, answer) = tells(&olga, &inbox, "Create", elsewhere, json!({"to": PUBLIC})).await;
    answer.is(202);
    assert_eq!(world.count("select count(*) from \"group\"").await, 0);
    let ours = json!({"id": format!("{}/c/mine", world.base()), "type": "Group", "name": "Mine"});
    let (_, answer) = tells(&olga, &inbox, "Create", ours, json!({"to": PUBLIC})).await;
    assert_eq!(answer.problem(400)["field"], "object.id");
    for (field, value) in [
        (
            "object.inbox",
            json!({"type": "Group", "name": "Mine", "inbox": "https://evil.example/"}),
        ),
        (
            "object.attributedTo",
            json!({"type": "Group", "name": "Mine", "attributedTo": "https://evil.example/u"}),
        ),
    ] {
        let (_, answer) = tells(&olga, &inbox, "Create", value, json!({"to": PUBLIC})).await;
        assert_eq!(answer.problem(403)["field"], field);
    }
    let made = makes(
        &world,
        &olga,
        json!({"type": "Group", "name": "Mine", "visibility": "private"}),
    )
    .await;
    let id = made["id"].as_str().unwrap();
    assert_eq!(made["name"], "Mine");
    assert!(world.document(id).await.get("name").is_none());
    assert_eq!(olga.sees(id).await["name"], "Mine");
    world.end().await;
}
