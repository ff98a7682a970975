//! Who we say that we are: WebFinger, NodeInfo, actors, and every id that we mint.
//!
//! One rule: what one document names, another answers. The group's own document: `group.rs`; what groups said: `ids.rs`.

mod group;
mod ids;

use std::collections::BTreeSet;

use folkmoot::signature::PublicKey;
use reqwest::Response;
use serde_json::{Value, json};

use crate::support::peer::Group;
use crate::support::world::World;

const ACTIVITY: &str = "application/activity+json";
const HTML: &str = "text/html";

fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    answer
        .headers()
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}

async fn json_of(answer: Response) -> Value {
    serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
}

/// Keys of an object, for messages that say which one is wrong.
fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

async fn webfinger(world: &World, resource: &str) -> Response {
    let query: String = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("resource", resource)
        .finish();
    world
        .get(
            &format!("{}/.well-known/webfinger?{query}", world.base()),
            "application/jrd+json",
        )
        .await
}

/// A group by handle and by URL, the host by its own: each leads to the actor that says the same name.
#[tokio::test]
async fn webfinger_finds_groups_and_the_host() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let (host, base) = (world.authority().to_owned(), world.base().to_owned());
    let (garden, actor) = (format!("acct:garden@{host}"), format!("acct:{host}@{host}"));
    let instance = format!("{base}/actor");
    for (resource, subject, id) in [
        (&garden, &garden, &group.id),
        (&format!("acct:Garden@{host}"), &garden, &group.id),
        (&group.id, &garden, &group.id),
        (&actor, &actor, &instance),
        (&base, &actor, &instance),
        (&format!("{base}/"), &actor, &instance),
        (&instance, &actor, &instance),
    ] {
        let answer = webfinger(&world, resource).await;
        assert_eq!(answer.status(), 200, "{resource}");
        assert_eq!(header(&answer, "content-type"), "application/jrd+json");
        assert_eq!(header(&answer, "access-control-allow-origin"), "*");
        let document = json_of(answer).await;
        assert_eq!(document["subject"], **subject, "{resource}");
        let links = document["links"].as_array().unwrap();
        let own = links.iter().filter(|link| link["rel"] == "self");
        assert!(own.clone().all(|link| link["href"] == **id), "{document}");
        assert_eq!(
            own.filter(|link| link["type"] == ACTIVITY).count(),
            1,
            "{document}"
        );
        let found = world.document(id).await;
        let handle = format!("acct:{}@{host}", found["preferredUsername"].as_str().unwrap());
        assert_eq!(handle, **subject, "the actor says the name that leads to it");
    }
    world.end().await;
}

/// What is not here is 404, what is no resource is 400; and both say so in words.
#[tokio::test]
async fn webfinger_says_what_is_wrong() {
    let world = World::start().await;
    world.group("garden").await;
    world.group("closed").await;
    world.house().engine.close_group("closed").await.unwrap();
    let (host, base) = (world.authority(), world.base());
    for (resource, status) in [
        (format!("acct:nobody@{host}"), 404),
        ("acct:garden@elsewhere.example".to_owned(), 404),
        (format!("acct:closed@{host}"), 404),
        (format!("{base}/c/garden/outbox"), 404),
        ("https://elsewhere.example/c/garden".to_owned(), 404),
        ("garden".to_owned(), 400),
        (String::new(), 400),
        ("mailto:garden@example.org".to_owned(), 400),
    ] {
        let answer = webfinger(&world, &resource).await;
        assert_eq!(answer.status(), status, "{resource}");
        assert_eq!(header(&answer, "content-type"), "application/problem+json");
    }
    let bare = world.get(&format!("{base}/.well-known/webfinger"), "*/*").await;
    assert_eq!(bare.status(), 400);
    world.end().await;
}

/// NodeInfo 2.0 and 2.1 hold what their schemas ask for, and nothing that these forbid.
#[tokio::test]
async fn node_info_keeps_to_its_schemas() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let post = ann.post(&group, "one").await;
    ann.replies(&group, &post, "two").await;
    let links = json_of(
        world
            .get(&format!("{}/.well-known/nodeinfo", world.base()), "*/*")
            .await,
    )
    .await;
    let links = links["links"].as_array().unwrap().clone();
    assert_eq!(links.len(), 2);
    for (link, version) in links.iter().zip(["2.0", "2.1"]) {
        let schema = format!("http://nodeinfo.diaspora.software/ns/schema/{version}");
        assert_eq!(link["rel"], *schema);
        let answer = world
            .get(link["href"].as_str().unwrap(), "application/json")
            .await;
        assert_eq!(
            header(&answer, "content-type"),
            format!("application/json; profile=\"{schema}#\"")
        );
        let document = json_of(answer).await;
        let fields = [
            "version",
            "software",
            "protocols",
            "services",
            "openRegistrations",
            "usage",
            "metadata",
        ];
        assert_eq!(
            keys(&document),
            BTreeSet::from(fields),
            "exactly these: the schema allows no others"
        );
        assert_eq!(document["version"], version);
        assert_eq!(document["software"]["name"], "folkmoot");
        assert!(document["software"]["version"].is_string());
        let may = ["name", "version", "repository", "homepage"];
        let may = if version == "2.0" { &may[..2] } else { &may[..] };
        assert!(
            keys(&document["software"]).iter().all(|key| may.contains(key)),
            "{document}"
        );
        assert_eq!(document["protocols"], json!(["activitypub"]));
        assert_eq!(document["services"], json!({ "inbound": [], "outbound": [] }));
        assert_eq!(document["openRegistrations"], false);
        let usage = ["users", "localPosts", "localComments"];
        assert!(
            keys(&document["usage"]).iter().all(|key| usage.contains(key)),
            "{document}"
        );
        let users = ["total", "activeHalfyear", "activeMonth"];
        assert!(
            keys(&document["usage"]["users"])
                .iter()
                .all(|key| users.contains(key)),
            "{document}"
        );
        assert_eq!(
            (
                &document["usage"]["localPosts"],
                &document["usage"]["localComments"]
            ),
            (&json!(1), &json!(1))
        );
        let actor = world.document(&format!("{}/actor", world.base())).await;
        assert!(!actor["implements"].as_array().unwrap().is_empty());
        let metadata = json!({
            "groups": 1,
            "feps": folkmoot::dialect::FEPS,
            "implements": actor["implements"],
        });
        assert_eq!(
            document["metadata"], metadata,
            "capabilities, as the actor says them"
        );
    }
    let unknown = world
        .get(&format!("{}/nodeinfo/1.0", world.base()), "application/json")
        .await;
    assert_eq!(unknown.status(), 404);
    world.end().await;
}

/// The actor that signs our fetches: strict servers read its key before they know any of ours.
#[tokio::test]
async fn the_instance_actor_is_readable_unsigned() {
    let world = World::start().await;
    let id = format!("{}/actor", world.base());
    let actor = world.document(&id).await;
    assert_eq!(
        (&actor["id"], &actor["type"]),
        (&json!(id), &json!("Application"))
    );
    assert_eq!(actor["publicKey"]["owner"], *id);
    assert_eq!(actor["publicKey"]["id"], format!("{id}#main-key"));
    PublicKey::from_pem(actor["publicKey"]["publicKeyPem"].as_str().unwrap()).unwrap();
    let outbox = world.document(actor["outbox"].as_str().unwrap()).await;
    assert_eq!(outbox["totalItems"], 0);
    world.end().await;
}

/// What does not exist is not found, in the form that was asked for.
#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let world = World::start().await;
    let group: Group = world.group("garden").await;
    let nobody = "01234567-89ab-7def-8123-456789abcdef";
    for path in [
        "/c/nothing",
        "/c/nothing/outbox",
        "/c/garden/nothing",
        "/c/garden/pendingMembers",
        "/c/garden/pendingActivities",
        "/u/ann",
        &format!("/post/{nobody}"),
        &format!("/post/{nobody}/replies"),
        &format!("/c/garden/threads/{nobody}"),
        &format!("/activities/{nobody}"),
        &format!("/activities/{nobody}/round"),
        "/activities/1",
        "/post/%00",
    ] {
        for (accept, kind) in [
            (ACTIVITY, "application/problem+json"),
            (HTML, "text/html; charset=utf-8"),
        ] {
            let answer = world.get(&format!("{}{path}", group.base()), accept).await;
            assert_eq!(
                (answer.status().as_u16(), header(&answer, "content-type")),
                (404, kind),
                "{path}"
            );
        }
    }
    world.end().await;
}
