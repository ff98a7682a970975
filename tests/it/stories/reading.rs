//! What a group says of itself and what is said in it: to members as it happens, and to whoever asks.

use folkmoot::domain::{Policies, Visibility};
use serde_json::{Value, json};

use super::people::{does, listed, run_by};
use crate::support::peer::{Actor, Group};
use crate::support::world::World;

const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";

/// A member's post comes to every other member, and is there for everybody to read and to share.
#[tokio::test]
async fn post_content_publicly() {
    let world = World::start().await;
    let (group, _owner, _admin) = run_by(&world, Policies::default()).await;
    let [ann, xia] = [world.explainer().actor("ann"), world.explainer().actor("xia")];
    let (ann, xia) = (ann.follows(&group).await, xia.follows(&group).await);
    let tom = world.lemmy().actor("tom").follows(&group).await;
    let mia = world.mastodon().actor("mia").follows(&group).await;
    let post = ann.post(&group, "for all").await;
    for who in [&xia, &tom, &mia] {
        let told = who.hears_of([&post]).once().await.remove(0);
        assert!(told.text.contains(PUBLIC), "{}", told.text);
        // By its id, whatever its shape, everybody finds the same.
        let again = world.document(told.id()).await;
        assert_eq!(again["id"], told.document["id"]);
        assert_eq!(again["object"], told.document["object"]);
    }
    let outbox = world.document(&group.part("outbox")).await;
    assert!(outbox.to_string().contains(&post.post));
    let page = world.get(&group.id, "text/html").await.text().await.unwrap();
    assert!(page.contains("for all"), "{page}");
    world.end().await;
}

/// Which posts an outbox shows to somebody, newest first.
async fn stream(group: &Group, reader: &Actor) -> Vec<String> {
    let page = reader.sees(&format!("{}?page=true", group.part("outbox"))).await;
    let items = page["orderedItems"].as_array().unwrap();
    let post = |item: &Value| {
        let create = &item["object"];
        let post = create["object"]["id"].as_str().or(create["object"].as_str());
        post.unwrap_or_default().to_owned()
    };
    items.iter().map(post).collect()
}

/// Newest first, page by page, with each thread a collection of its own: anybody gets an idea, and a member catches up with
/// what is for members, too.
#[tokio::test]
async fn get_a_stream_of_the_content() {
    let world = World::start().await;
    let (group, _owner, _admin) = run_by(&world, Policies::default()).await;
    let ann = world.explainer().actor("ann").follows(&group).await;
    let stranger = world.explainer().actor("stranger");
    let one = ann.post(&group, "one").await;
    let secret = does(
        &ann,
        &group,
        "Create",
        json!({"object": {"id": ann.server().mint("notes"), "type": "Note", "content": "among us"}}),
    )
    .await;
    let secret = secret["object"]["id"].as_str().unwrap().to_owned();
    let two = ann.post(&group, "two").await;
    let reply = ann.replies(&group, &one, "and").await;
    world.settles().await;
    let seen = stream(&group, &stranger).await;
    assert!(!seen.contains(&secret), "{seen:?}");
    let place = |post: &String| seen.iter().position(|seen| seen == post);
    assert!(place(&two.post) < place(&one.post), "newest first: {seen:?}");
    assert!(stream(&group, &ann).await.contains(&secret));
    let outbox = world.document(&group.part("outbox")).await;
    assert!(
        outbox["totalItems"].as_u64().is_some_and(|total| total >= 2),
        "{outbox}"
    );

    let threads = world.document(&format!("{}?page=1", group.part("threads"))).await;
    assert_eq!(threads["orderedItems"], json!([two.post, one.post]));
    let thread = world
        .text("select thread_id::text from post where parent_id is not null")
        .await;
    let thread = world.document(&group.part(&format!("threads/{thread}"))).await;
    assert_eq!(
        thread["orderedItems"],
        json!([one.post, reply.post]),
        "what it began with, first"
    );
    world.end().await;
}

/// The owner first, then the admins, for anybody who may know the group; of a private one, for members.
#[tokio::test]
async fn get_list_of_admins() {
    let world = World::start().await;
    let (group, owner, admin) = run_by(&world, Policies::default()).await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let whole = world.document(&group.id).await;
    assert_eq!(whole["admins"], group.part("admins"));
    assert_eq!(listed(&world, &group, "admins").await, [admin.id(), owner.id()]);
    assert_eq!(
        listed(&world, &group, "moderators").await,
        [owner.id(), admin.id(), group.steward()]
    );
    let more = json!({"object": ann.id(), "target": group.part("admins")});
    does(&owner, &group, "Add", more).await;
    assert_eq!(
        listed(&world, &group, "admins").await,
        [ann.id(), admin.id(), owner.id()],
        "newest first"
    );

    let ruler = world.explainer().actor("ruler");
    let policies = Policies {
        visibility: Visibility::Private,
        ..Policies::default()
    };
    let hidden = world.group_of(&ruler, "cellar", policies).await;
    let xia = world.explainer().actor("xia").follows(&hidden).await;
    ann.reads(&hidden.part("moderators")).await.is(404);
    let shown = xia.sees(&format!("{}?page=1", hidden.part("moderators"))).await;
    assert_eq!(shown["orderedItems"], json!([ruler.id(), hidden.steward()]));
    world.end().await;
}

/// Name, description, picture, rules, who runs it and how it works: as a document and as a page.
#[tokio::test]
async fn get_group_info() {
    let world = World::start().await;
    let (group, owner, _admin) = run_by(&world, Policies::default()).await;
    let object = json!({
        "id": group.id, "name": "Herbs", "summary": "Of thyme", "icon": {"type": "Image", "url": "https://pictures.example/i.png"},
        "rules": ["Be kind"],
    });
    does(&owner, &group, "Update", json!({"object": object})).await;
    world.settles().await;
    let info = world.document(&group.id).await;
    assert_eq!((&info["type"], &info["id"]), (&json!("Group"), &json!(group.id)));
    assert_eq!(
        (&info["name"], &info["preferredUsername"]),
        (&json!("Herbs"), &json!("garden"))
    );
    assert!(info["summary"].as_str().unwrap().contains("Of thyme"));
    assert_eq!(info["icon"]["url"], "https://pictures.example/i.png");
    assert_eq!(info["joinPolicy"], "open");
    let rules = world.document(info["rules"].as_str().unwrap()).await;
    assert_eq!(rules["orderedItems"][0]["content"], "Be kind");
    for part in ["members", "admins", "outbox", "followers"] {
        assert_eq!(info[part], group.part(part));
        world.document(&group.part(part)).await;
    }
    assert!(info["publicKey"]["publicKeyPem"].is_string());
    let finger = format!(
        "{}/.well-known/webfinger?resource=acct:garden@{}",
        world.base(),
        world.authority()
    );
    assert!(world.document(&finger).await.to_string().contains(&group.id));
    let page = world.get(&group.id, "text/html").await.text().await.unwrap();
    assert!(page.contains("Herbs") && page.contains("Of thyme"), "{page}");
    world.end().await;
}
