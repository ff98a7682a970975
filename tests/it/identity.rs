//! Who we say that we are: WebFinger, NodeInfo, actors, and every id that we mint.
//!
//! One rule: what one document names, another answers.

use std::collections::BTreeSet;

use folkmoot::domain::Iri;
use folkmoot::engine::Whom;
use folkmoot::signature::PublicKey;
use reqwest::Response;
use serde_json::{Value, json};

use crate::support::peer::{Actor, Group};
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
        assert!(document["metadata"].is_object());
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

/// Every address of ours in a document, with the name of the field that holds it.
fn addresses<'a>(field: &'a str, value: &'a Value, base: &str, found: &mut Vec<(&'a str, &'a str)>) {
    match value {
        Value::String(text) if text.starts_with(base) => found.push((field, text)),
        Value::Array(list) => list.iter().for_each(|value| addresses(field, value, base, found)),
        Value::Object(map) => {
            for (name, value) in map.iter().filter(|(name, _)| *name != "@context") {
                addresses(name, value, base, found);
            }
        }
        _ => {}
    }
}

/// The document for all dialects (dialects 6.1): plain type, terms inlined, and each address in it answers.
#[tokio::test]
async fn each_address_in_the_group_document_answers() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let document = world.document(&group.id).await;
    assert_eq!(
        document["type"], "Group",
        "a plain string: an array breaks six programs"
    );
    assert_eq!(document["id"], *group.id);
    assert_eq!(document["preferredUsername"], "garden");
    assert_eq!(document["webfinger"], format!("garden@{}", world.authority()));
    assert_eq!(
        document["attributedTo"],
        *group.part("moderators"),
        "Lemmy reads its moderators from it"
    );
    assert_eq!(document["members"], document["grp:members"]["@id"]);
    assert_eq!(
        document["endpoints"]["sharedInbox"],
        format!("{}/inbox", world.base())
    );
    assert_eq!(document["publicKey"]["owner"], *group.id);
    assert_eq!(document["capabilities"], json!({ "acceptsJoins": true }));
    assert_eq!(
        (&document["openness"], &document["postingRestrictedToMods"]),
        (&json!("open"), &json!(false))
    );
    PublicKey::from_pem(document["publicKey"]["publicKeyPem"].as_str().unwrap()).unwrap();
    let mut found = vec![];
    addresses("", &document, world.base(), &mut found);
    let named: BTreeSet<&str> = found.iter().map(|(field, _)| *field).collect();
    for field in [
        "inbox",
        "outbox",
        "followers",
        "featured",
        "moderators",
        "members",
        "admins",
        "replies",
        "url",
    ] {
        assert!(named.contains(field), "no {field}");
    }
    for (field, address) in found {
        let answer = world.get(address, ACTIVITY).await;
        if ["inbox", "sharedInbox"].contains(&field) {
            assert_eq!(
                (answer.status().as_u16(), header(&answer, "allow")),
                (405, "POST"),
                "{address}"
            );
            continue;
        }
        assert_eq!(answer.status(), 200, "{field}: {address}");
        let answered = json_of(answer).await;
        assert_eq!(answered["id"], address.split('#').next().unwrap(), "{field}");
    }
    world.end().await;
}

/// Readers that expand JSON-LD find a meaning for each term, without fetching anything from elsewhere.
#[tokio::test]
async fn each_term_of_the_group_document_is_defined() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let document = world.document(&group.id).await;
    let context = document["@context"].as_array().unwrap();
    assert_eq!(
        (&context[0], &context[1], context.len()),
        (
            &json!("https://www.w3.org/ns/activitystreams"),
            &json!("https://w3id.org/security/v1"),
            3
        )
    );
    let known = [
        "@context",
        "id",
        "type",
        "preferredUsername",
        "name",
        "summary",
        "source",
        "url",
        "inbox",
        "outbox",
        "followers",
        "attributedTo",
        "audience",
        "replies",
        "published",
        "updated",
        "endpoints",
        "publicKey",
    ];
    for term in keys(&document) {
        let prefixed = term.split_once(':').map(|(prefix, _)| prefix);
        let defined = known.contains(&term) || context[2].get(prefixed.unwrap_or(term)).is_some();
        assert!(defined, "{term} means nothing");
    }
    world.end().await;
}

/// One address, two forms; caches are told so, and what a caller has already is not sent again.
#[tokio::test]
async fn documents_and_pages_share_an_address() {
    let world = World::start().await;
    let group = world.group("garden").await;
    world.lemmy().actor("ann").follows(&group).await;
    for accept in [
        ACTIVITY,
        "application/ld+json; profile=\"https://www.w3.org/ns/activitystreams\"",
    ] {
        let answer = world.get(&group.id, accept).await;
        assert_eq!(header(&answer, "content-type"), ACTIVITY, "{accept}");
        assert_eq!(json_of(answer).await["type"], "Group");
    }
    let page = world
        .get(&group.id, "text/html,application/xhtml+xml,*/*;q=0.8")
        .await;
    assert_eq!(header(&page, "content-type"), "text/html; charset=utf-8");
    assert!(page.text().await.unwrap().contains("The garden"));
    for (path, accept) in [
        ("/c/garden", ACTIVITY),
        ("/c/garden", HTML),
        ("/actor", ACTIVITY),
        ("/c/garden/outbox", ACTIVITY),
        ("/c/garden/members", ACTIVITY),
        ("/c/garden/members?page=1", ACTIVITY),
        ("/nodeinfo/2.1", "application/json"),
    ] {
        let url = format!("{}{path}", world.base());
        let got = world.get(&url, accept).await;
        assert_eq!(got.status(), 200, "{path}");
        assert!(
            header(&got, "vary").to_ascii_lowercase().contains("accept"),
            "{path}"
        );
        let tag = header(&got, "etag").to_owned();
        assert!(tag.starts_with('"') && tag.len() > 2, "{path}: {tag}");
        let client = world.ground().client();
        let again = client
            .get(&url)
            .header("accept", accept)
            .header("if-none-match", &tag)
            .send();
        let again = again.await.unwrap();
        assert_eq!(
            (again.status().as_u16(), header(&again, "etag")),
            (304, &*tag),
            "{path}"
        );
        assert_eq!(again.bytes().await.unwrap().len(), 0);
        let other = client
            .get(&url)
            .header("accept", accept)
            .header("if-none-match", "\"other\"")
            .send();
        assert_eq!(other.await.unwrap().status(), 200, "{path}");
        let head = client.head(&url).header("accept", accept).send().await.unwrap();
        assert_eq!(head.status(), 200, "{path}");
        for name in ["content-type", "content-length", "etag", "vary", "cache-control"] {
            assert_eq!(header(&head, name), header(&got, name), "{path}: {name}");
        }
        let length = header(&got, "content-length").to_owned();
        assert_eq!(length, got.bytes().await.unwrap().len().to_string());
        assert_eq!(head.bytes().await.unwrap().len(), 0);
    }
    world.end().await;
}

/// Everything of ours that came to somebody's inbox.
fn minted(world: &World) -> Vec<Value> {
    let servers = world.ground().servers();
    let heard = servers
        .iter()
        .flat_map(|server| server.heard())
        .map(|heard| heard.document);
    heard.collect()
}

/// Each answers as the document that was sent; gives the kinds of them.
async fn all_dereference(world: &World, all: &[Value]) -> BTreeSet<String> {
    let mut kinds = BTreeSet::new();
    for sent in all {
        let id = sent["id"].as_str().unwrap();
        assert!(id.starts_with(world.base()), "{id}");
        assert_eq!(world.document(id).await, *sent, "{id}");
        let shape = id
            .rsplit('/')
            .next()
            .filter(|last| last.len() < 36)
            .unwrap_or_default();
        kinds.insert(format!("{} {shape}", sent["type"].as_str().unwrap()));
        for accept in [HTML, "*/*"] {
            assert!(world.get(id, accept).await.status().as_u16() < 500, "{id}");
        }
    }
    kinds
}

/// Accept, Reject, Follow, each announcement in each of its shapes, and what takes it back.
#[tokio::test]
async fn every_id_that_we_mint_dereferences() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let _tom = world.lemmy().actor("tom").follows(&group).await;
    let _mia = world.mastodon().actor("mia").follows(&group).await;
    let _xia = world.explainer().actor("xia").follows(&group).await;
    let banned = world.mastodon().actor("banned");
    let engine = &world.house().engine;
    engine
        .ban("garden", &Whom::Actor(Iri::object(&banned.id()).unwrap()), None)
        .await
        .unwrap();
    let refused = banned.asks(&group).await;
    banned.is_rejected(&refused).await;
    let elsewhere = world.lemmy().settle("cats", "Group");
    let cats = Iri::object(&elsewhere.id()).unwrap();
    engine.follow("garden", &cats).await.unwrap();
    let post = ann.post(&group, "one").await;
    let reply = ann.replies(&group, &post, "two").await;
    ann.edits(&group, &post, "eins").await;
    let like = ann.likes(&group, &reply).await;
    ann.undoes(&group, &like).await;
    world.settles().await;
    let kinds = all_dereference(&world, &minted(&world)).await;
    let announced = ["explainer", "microblog", "threadiverse"].map(|shape| format!("Announce {shape}"));
    let letters = ["Accept ", "Follow ", "Reject "].map(ToOwned::to_owned);
    assert_eq!(kinds, announced.into_iter().chain(letters).collect());

    let before = minted(&world);
    ann.deletes(&group, &reply).await;
    ann.deletes(&group, &post).await;
    engine.unfollow("garden", &cats).await.unwrap();
    world.settles().await;
    let (told, taken_back): (Vec<_>, Vec<_>) =
        minted(&world).into_iter().partition(|sent| before.contains(sent));
    let kinds = all_dereference(&world, &taken_back).await;
    let undone = [
        "Announce explainer",
        "Announce threadiverse",
        "Undo ",
        "Undo microblog",
    ];
    assert_eq!(kinds, undone.map(ToOwned::to_owned).into());
    let has_words =
        |sent: &&Value| sent["object"].is_string() || sent["object"]["object"]["content"].is_string();
    let announces = told.iter().filter(|sent| sent["type"] == "Announce");
    for sent in announces.filter(has_words) {
        let answer = world.get(sent["id"].as_str().unwrap(), ACTIVITY).await;
        assert_eq!(answer.status(), 410, "it tells of what is gone: {sent}");
        let tombstone = json_of(answer).await;
        assert_eq!(
            (&tombstone["type"], &tombstone["id"]),
            (&json!("Tombstone"), &sent["id"])
        );
    }
    world.end().await;
}

/// A closed group leaves a tombstone; it takes nobody in.
#[tokio::test]
async fn a_closed_group_leaves_a_tombstone() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann: Actor = world.lemmy().actor("ann").follows(&group).await;
    world.house().engine.close_group("garden").await.unwrap();
    let answer = world.get(&group.id, ACTIVITY).await;
    assert_eq!(answer.status(), 410);
    let tombstone = json_of(answer).await;
    assert_eq!(
        (&tombstone["type"], &tombstone["formerType"]),
        (&json!("Tombstone"), &json!("Group"))
    );
    // The group's key is not to be had any more; Ann's server has it.
    let bob = ann.server().actor("bob");
    let join = bob.asks(&group).await;
    bob.is_rejected(&join).await;
    let post = ann.speaks(|me| ann.server().software().manners.post(me, &group, "too late"));
    ann.sends(&group, &post).await.problem(403);
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
