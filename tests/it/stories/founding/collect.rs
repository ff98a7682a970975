//! Collections of a group: albums, documents, links.

use folkmoot::domain::Policies;
use serde_json::{Value, json};

use super::{PUBLIC, owned, tells};
use crate::support::peer::{Actor, Answer, Group};
use crate::support::world::World;

/// Makes a collection, and gives what the group made of it.
async fn makes(who: &Actor, group: &Group, album: Value) -> Value {
    let more = json!({"to": group.id, "target": group.part("collections")});
    let (create, answer) = tells(who, &group.inbox(), "Create", album, more).await;
    answer.is(202);
    let accept = who
        .server()
        .hears("an Accept of the Create", |heard| {
            heard.taken && heard.kind() == "Accept" && heard.object_id() == create["id"]
        })
        .await;
    accept.document["result"].clone()
}

async fn puts(who: &Actor, group: &Group, kind: &str, item: Value, album: &str) -> (Value, Answer) {
    let more = json!({"target": album, "to": [group.id, PUBLIC]});
    tells(who, &group.inbox(), kind, item, more).await
}

async fn items(world: &World, album: &str) -> Vec<Value> {
    let page = world.document(&format!("{album}?page=1")).await;
    page["orderedItems"].as_array().unwrap().clone()
}

/// An admin makes an album, a member puts a picture in, another one a link; both are told, and stand in their order.
#[tokio::test]
async fn add_to_a_group_collection() {
    let world = World::start().await;
    let (group, olga) = owned(&world, Policies::default()).await;
    let xia = world.explainer().actor("xia").follows(&group).await;
    let xen = world.explainer().actor("xen").follows(&group).await;
    let tom = world.lemmy().actor("tom").follows(&group).await;
    let mia = world.mastodon().actor("mia").follows(&group).await;
    let album = makes(
        &olga,
        &group,
        json!({"type": "OrderedCollection", "name": "Photos", "summary": "<p>Of us</p>"}),
    )
    .await;
    let id = album["id"].as_str().unwrap();
    assert!(id.starts_with(&group.part("collections/")));
    let all = world.document(&group.part("collections")).await;
    assert_eq!(all["totalItems"], 1);
    assert_eq!(all["orderedItems"][0]["name"], "Photos");
    let picture =
        json!({"type": "Image", "id": xia.server().mint("images"), "url": "https://pictures.example/1.jpg"});
    let (add, answer) = puts(&xia, &group, "Add", picture.clone(), id).await;
    answer.is(202);
    let link = "https://elsewhere.example/page";
    puts(&xen, &group, "Add", json!(link), id).await.1.is(202);
    // Again: it is there, and stays where it is.
    puts(&xen, &group, "Add", picture.clone(), id).await.1.is(202);
    let shown = items(&world, id).await;
    assert_eq!([&shown[0]["id"], &shown[1]["id"]], [&json!(link), &picture["id"]]);
    assert_eq!(shown[1]["url"], picture["url"]);
    for item in &shown {
        assert!(item["published"].is_string(), "since when it is there: {item}");
    }
    assert_eq!(world.document(id).await["totalItems"], 2);
    let told = xen
        .server()
        .hears("the Add", |heard| {
            heard.kind() == "Announce" && heard.object_id() == add["id"]
        })
        .await;
    assert_eq!(told.document["object"], add);
    assert_eq!(world.document(told.id()).await, told.document);
    world.settles().await;
    for other in [&tom, &mia] {
        assert!(
            other.heard().iter().all(|heard| heard.kind() == "Accept"),
            "{}",
            other.id()
        );
    }
    world.end().await;
}

/// What is put in is taken out by whoever put it there, or by an admin; nobody else.
#[tokio::test]
async fn remove_from_a_group_collection() {
    let world = World::start().await;
    let (group, olga) = owned(&world, Policies::default()).await;
    let xia = world.explainer().actor("xia").follows(&group).await;
    let xen = world.explainer().actor("xen").follows(&group).await;
    let stranger = world.explainer().actor("stranger");
    let album = makes(&olga, &group, json!({"type": "Collection", "name": "Links"})).await;
    let id = album["id"].as_str().unwrap();
    for item in ["https://a.example/1", "https://a.example/2"] {
        puts(&xia, &group, "Add", json!(item), id).await.1.is(202);
    }
    let before = world.state(&[stranger.server().authority()]).await;
    puts(&stranger, &group, "Add", json!("https://a.example/3"), id)
        .await
        .1
        .problem(403);
    puts(&stranger, &group, "Remove", json!("https://a.example/1"), id)
        .await
        .1
        .problem(403);
    puts(&xen, &group, "Remove", json!("https://a.example/1"), id)
        .await
        .1
        .problem(403);
    assert_eq!(world.state(&[stranger.server().authority()]).await, before);
    assert_eq!(items(&world, id).await.len(), 2);
    let (remove, answer) = puts(&xia, &group, "Remove", json!("https://a.example/1"), id).await;
    answer.is(202);
    xen.server()
        .hears("the Remove", |heard| heard.object_id() == remove["id"])
        .await;
    puts(&olga, &group, "Remove", json!("https://a.example/2"), id)
        .await
        .1
        .is(202);
    assert!(items(&world, id).await.is_empty());
    world.end().await;
}

/// Whoever left takes out what is theirs, and nothing else.
#[tokio::test]
async fn whoever_left_takes_out_what_is_theirs() {
    let world = World::start().await;
    let (group, olga) = owned(&world, Policies::default()).await;
    let xia = world.explainer().actor("xia").follows(&group).await;
    let xen = world.explainer().actor("xen").follows(&group).await;
    let album = makes(&olga, &group, json!({"type": "Collection", "name": "Links"})).await;
    let id = album["id"].as_str().unwrap();
    let [hers, his] = ["https://a.example/1", "https://a.example/2"];
    puts(&xia, &group, "Add", json!(hers), id).await.1.is(202);
    puts(&xen, &group, "Add", json!(his), id).await.1.is(202);
    tells(&xia, &group.inbox(), "Leave", json!(group.id), json!({}))
        .await
        .1
        .is(202);
    puts(&xia, &group, "Remove", json!(his), id).await.1.problem(403);
    puts(&xia, &group, "Add", json!("https://a.example/3"), id)
        .await
        .1
        .problem(403);
    let (remove, answer) = puts(&xia, &group, "Remove", json!(hers), id).await;
    answer.is(202);
    xen.server()
        .hears("the Remove", |heard| heard.object_id() == remove["id"])
        .await;
    assert_eq!(items(&world, id).await.len(), 1);
    world.end().await;
}

/// An admin elsewhere offers it, and the group takes the item out, or deletes the collection, as its own act.
#[tokio::test]
async fn what_an_admin_offers_of_a_collection_the_group_does() {
    let world = World::start().await;
    let (group, olga) = owned(&world, Policies::default()).await;
    let xia = world.explainer().actor("xia").follows(&group).await;
    let album = makes(&olga, &group, json!({"type": "Collection", "name": "Links"})).await;
    let id = album["id"].as_str().unwrap();
    let item = "https://a.example/1";
    puts(&xia, &group, "Add", json!(item), id).await.1.is(202);
    let offers = async |who: &Actor, object: &Value| {
        tells(
            who,
            &group.inbox(),
            "Offer",
            object.clone(),
            json!({"to": [group.id]}),
        )
        .await
        .1
    };
    let remove = json!({"type": "Remove", "actor": group.id, "object": item, "target": id});
    let delete = json!({"type": "Delete", "actor": group.id, "object": id});
    for object in [&remove, &delete] {
        offers(&xia, object).await.problem(403);
    }
    assert_eq!(items(&world, id).await.len(), 1);
    offers(&olga, &remove).await.is(202);
    let heard = xia
        .server()
        .hears("the group's Remove", |heard| {
            heard.document["object"]["type"] == "Remove" && heard.document["object"]["object"] == item
        })
        .await;
    let own = &heard.document["object"];
    assert_eq!((&own["actor"], &own["target"]), (&json!(group.id), &json!(id)));
    assert!(!heard.text.contains(&olga.id()), "{}", heard.text);
    let again = xia.sees(own["id"].as_str().unwrap()).await;
    assert_eq!(again, *own);
    assert!(items(&world, id).await.is_empty());
    offers(&olga, &delete).await.is(202);
    assert_eq!(world.get(id, "application/activity+json").await.status(), 404);
    offers(&olga, &delete).await.problem(404);
    world.end().await;
}

/// Admins alone make, rename and delete them, and say who may fill them; GRP15: what is not there, or of another group, is
/// nobody's to change.
#[tokio::test]
async fn grp15_admins_arrange_the_collections() {
    let world = World::start().await;
    let (group, olga) = owned(&world, Policies::default()).await;
    let orchard = world.group_of(&olga, "orchard", Policies::default()).await;
    let xia = world.explainer().actor("xia").follows(&group).await;
    let album = makes(
        &olga,
        &group,
        json!({"type": "Collection", "name": "Rooms", "addPolicy": "admins"}),
    )
    .await;
    let id = album["id"].as_str().unwrap().to_owned();
    let before = world.state(&[]).await;
    let collections = json!({"type": "Collection", "name": "Mine"});
    let more = json!({"target": group.part("collections")});
    tells(&xia, &group.inbox(), "Create", collections.clone(), more)
        .await
        .1
        .problem(403);
    tells(
        &xia,
        &group.inbox(),
        "Update",
        json!({"id": id, "name": "Mine"}),
        json!({}),
    )
    .await
    .1
    .problem(403);
    tells(&xia, &group.inbox(), "Delete", json!(id), json!({}))
        .await
        .1
        .problem(403);
    puts(&xia, &group, "Add", json!("https://a.example/1"), &id)
        .await
        .1
        .problem(403);
    let unknown = group.part("collections/018f0000-0000-7000-8000-000000000000");
    puts(&xia, &group, "Add", json!("https://a.example/1"), &unknown)
        .await
        .1
        .problem(403);
    puts(&olga, &group, "Add", json!("https://a.example/1"), &unknown)
        .await
        .1
        .problem(404);
    let foreign = id.replace("garden", "orchard");
    puts(&olga, &orchard, "Add", json!("https://a.example/1"), &foreign)
        .await
        .1
        .problem(404);
    // Two groups are named, and they do not agree.
    puts(&olga, &orchard, "Add", json!("https://a.example/1"), &id)
        .await
        .1
        .problem(403);
    assert_eq!(world.state(&[]).await, before);
    assert_eq!(world.count("select count(*) from collected").await, 0);
    let change = json!({"id": id, "type": "Collection", "name": "Open rooms", "addPolicy": "members"});
    tells(&olga, &group.inbox(), "Update", change, json!({}))
        .await
        .1
        .is(202);
    puts(&xia, &group, "Add", json!("https://a.example/1"), &id)
        .await
        .1
        .is(202);
    let now = world.document(&id).await;
    assert_eq!(
        (&now["name"], &now["totalItems"]),
        (&json!("Open rooms"), &json!(1))
    );
    tells(&olga, &group.inbox(), "Delete", json!({"id": id}), json!({}))
        .await
        .1
        .is(202);
    assert_eq!(world.get(&id, "application/activity+json").await.status(), 404);
    assert_eq!(world.document(&group.part("collections")).await["totalItems"], 0);
    world.end().await;
}

/// Who is what, the strongest first; members where the list is shown.
#[tokio::test]
async fn affiliations_say_who_is_what() {
    let world = World::start().await;
    let (group, olga) = owned(&world, Policies::default()).await;
    let xia = world.explainer().actor("xia").follows(&group).await;
    let page = xia.sees(&format!("{}?page=1", group.part("affiliations"))).await;
    let list: Vec<_> = page["orderedItems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["subject"].clone(), one["relationship"].clone()))
        .collect();
    assert_eq!(
        list,
        [
            (json!(olga.id()), json!("owner")),
            (json!(xia.id()), json!("member"))
        ]
    );
    assert_eq!(page["totalItems"], 2);
    // The words are no ids (JSON-LD: else they would be addresses below ours).
    let terms = page["@context"].as_array().unwrap();
    assert!(
        terms
            .iter()
            .any(|terms| terms["relationship"] == "as:relationship"),
        "{terms:?}"
    );
    world.end().await;
}

/// Which group it is for, `target` says alone.
#[tokio::test]
async fn a_collection_names_its_group_by_the_target_alone() {
    let world = World::start().await;
    let (group, olga) = owned(&world, Policies::default()).await;
    let album = json!({"type": "Collection", "name": "Links"});
    let shared = format!("{}/inbox", world.base());
    let (_, answer) = tells(&olga, &shared, "Create", album, json!({"target": group.id})).await;
    answer.is(202);
    assert_eq!(world.document(&group.part("collections")).await["totalItems"], 1);
    world.end().await;
}
