//! The document of a group, for all dialects at once.
//!
//! One rule: a term is published once its address answers as specified, so all of them are asked.

use std::collections::BTreeSet;

use folkmoot::signature::{KeyKind, PublicKey};
use serde_json::{Value, json};

use super::{ACTIVITY, HTML, header, json_of, keys};
use crate::support::world::World;

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

/// The document for all dialects: plain type, terms inlined, and each address in it answers.
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
    let multikeys = document["assertionMethod"].as_array().unwrap();
    assert_eq!(
        multikeys.len(),
        1,
        "RSA stays in `publicKey`, where everybody looks"
    );
    let key = &multikeys[0];
    let key_id = format!("{}#ed25519-key", group.id);
    assert_eq!(
        (&key["id"], &key["type"], &key["controller"]),
        (&json!(key_id), &json!("Multikey"), &json!(group.id))
    );
    let key = PublicKey::from_multibase(key["publicKeyMultibase"].as_str().unwrap()).unwrap();
    assert_eq!(key.kind(), KeyKind::Ed25519);
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
        // What waits is for those who run the group.
        if field.starts_with("pending") {
            assert_eq!(answer.status(), 404, "{field}: {address}");
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
        "generator",
        "endpoints",
        "publicKey",
    ];
    let key = &document["assertionMethod"][0];
    assert_eq!(
        keys(key),
        BTreeSet::from(["id", "type", "controller", "publicKeyMultibase"])
    );
    for term in [key["type"].as_str().unwrap(), "controller", "publicKeyMultibase"] {
        assert!(context[2].get(term).is_some(), "{term} means nothing");
    }
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

/// PeerTube throws at a group without a person of its own server (PeerTube#6400); all others read the moderators there.
#[tokio::test]
async fn peertube_finds_a_person_who_answers_for_the_group() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let video = world.server("peertube").actor("vera").follows(&group).await;
    let service = video.server().settle("peertube", "Application");
    let seen = service.sees(&group.id).await;
    let person = &seen["attributedTo"][0];
    assert_eq!(
        (&person["type"], seen["attributedTo"].as_array().map(Vec::len)),
        (&json!("Person"), Some(1))
    );
    let steward = world.document(person["id"].as_str().unwrap()).await;
    assert_eq!(steward["type"], "Person");
    let other = world.lemmy().actor("tom").follows(&group).await;
    for document in [other.sees(&group.id).await, world.document(&group.id).await] {
        assert_eq!(document["attributedTo"], group.part("moderators"));
    }
    world.end().await;
}

/// It reads the group before it has ever sent anything: what it is is asked first.
#[tokio::test]
async fn peertube_reads_the_group_at_first_contact() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let service = world.server("peertube").settle("peertube", "Application");
    for _ in 0..2 {
        let seen = service.sees(&group.id).await;
        assert_eq!(seen["attributedTo"][0]["type"], "Person");
    }
    assert_eq!(service.server().times_fetched("/.well-known/nodeinfo"), 1);
    let other = world.lemmy().settle("instance", "Application");
    assert_eq!(
        other.sees(&group.id).await["attributedTo"],
        group.part("moderators")
    );
    world.end().await;
}

/// RFC 9421, and with Ed25519: two of our servers find out, and sign so (FEP-844e).
#[tokio::test]
async fn a_group_says_which_signatures_it_takes() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let instance = world.document(&format!("{}/actor", world.base())).await;
    let face = world.document(&group.id).await;
    assert_eq!(face["generator"]["implements"], instance["implements"]);
    let actor = folkmoot::dialect::read_actor(&face).unwrap();
    assert!(actor.offers_ed25519, "{face}");
    world.end().await;
}
