//! The way in and out, once: somebody joins, posts, and others hear of it.

use serde_json::{Value, json};

use crate::support::versia::{Domain, METADATA, OURS, group, world_of};
use crate::support::world::World;

/// Subscribe, SubscribeAccept, a note, Federate to both domains.
#[tokio::test]
async fn somebody_joins_and_posts() {
    let (b, c) = (Domain::start("b.test").await, Domain::start("c.test").await);
    let world = world_of(&[&b, &c], &[]).await;
    world.group("garden").await;
    let (u1, u2) = (b.user("u1", "alice"), c.user("u2", "bob"));
    b.joins(&u1, "garden").await;
    c.joins(&u2, "garden").await;
    b.publishes(&b.note("n1", &u1, "garden", "Leeks")).await.is(202);
    for domain in [&b, &c] {
        let federate = domain
            .hears("Federate", |said| said["type"] == "pub.versia:groups/Federate")
            .await;
        assert_eq!(federate["note"], "b.test:n1");
        assert_eq!(federate["group"], group("garden"));
        domain.is_content();
    }
    world.end().await;
}

/// People are read from their own server when they are first met, once a day, and when they are pushed.
#[tokio::test]
async fn people_are_who_their_server_says() {
    let b = Domain::start("b.test").await;
    let world = world_of(&[&b], &[]).await;
    world.group("garden").await;
    let u1 = b.user("u1", "alice");
    let path = "/.versia/v0.6/entities/User/u1";
    b.joins(&u1, "garden").await;
    assert_eq!(name(&world).await, "alice of b.test");
    b.publishes(&b.note("n1", &u1, "garden", "one")).await.is(202);
    assert_eq!(b.times_fetched(path), 1, "they are known");
    let mut user = json!({
        "type": "User", "id": "u1", "username": "alice", "display_name": "Alice!", "fields": [],
        "manually_approves_followers": false, "indexable": true, "created_at": "2026-05-01T10:00:00Z",
    });
    b.sends(&user).await.is(202);
    assert_eq!(name(&world).await, "Alice!");
    user["id"] = json!("u9");
    b.sends(&user).await.is(202);
    let strangers = world
        .count("select count(*) from actor where iri like '%/b.test/u9'")
        .await;
    assert_eq!(strangers, 0, "nobody here knows them");
    world.advance(chrono::TimeDelta::hours(25));
    b.publishes(&b.note("n2", &u1, "garden", "two")).await.is(202);
    assert_eq!(b.times_fetched(path), 2);
    assert_eq!(name(&world).await, "alice of b.test");
    b.is_content();
    world.end().await;
}

async fn name(world: &World) -> String {
    world
        .text("select name from actor where iri like '%/bridge/versia/b.test/u1'")
        .await
}

/// Somebody whose server shows them under another type, or not at all, is let in all the same.
#[tokio::test]
async fn people_who_cannot_be_read_are_members_by_their_ids() {
    let b = Domain::start("b.test").await;
    let world = world_of(&[&b], &[]).await;
    world.group("garden").await;
    let alias = "/.versia/v0.6/entities/pub.versia%3Ausers%2FUser/u1";
    b.serves(
        alias,
        200,
        json!({
            "type": "User", "id": "u1", "username": "alice", "display_name": null, "fields": [],
            "manually_approves_followers": false, "indexable": true, "created_at": "2026-05-01T10:00:00Z",
        }),
    );
    b.joins("b.test:u1", "garden").await;
    b.joins("b.test:u2", "garden").await;
    // A document without what is required says nothing of anybody.
    let sparse = json!({"type": "User", "id": "u3", "username": "carol"});
    b.serves("/.versia/v0.6/entities/User/u3", 200, sparse);
    b.joins("b.test:u3", "garden").await;
    let names = world
        .text("select string_agg(coalesce(username, '-'), ' ' order by iri) from actor where host = 'b.test'")
        .await;
    assert_eq!(names, "alice - -");
    assert_eq!(b.times_fetched(alias), 1);
    b.is_content();
    world.end().await;
}

/// What we say of ourselves: exactly these keys.
#[tokio::test]
async fn the_server_describes_itself() {
    let b = Domain::start("b.test").await;
    let world = world_of(&[&b], &[]).await;
    let read = async |path: &str| {
        let answer = world.get(&format!("{}{path}", world.base()), "*/*").await;
        assert_eq!(answer.status(), 200, "{path}");
        let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
        let body: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        (kind, body)
    };
    let (kind, versions) = read("/.well-known/versia").await;
    assert_eq!(
        (kind.as_str(), versions),
        ("application/json", json!({"versions": ["0.6.0"]}))
    );
    let (kind, metadata) = read(METADATA).await;
    assert_eq!(kind, "application/vnd.versia+json; charset=utf-8");
    let mut keys: Vec<_> = metadata.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    let wanted = [
        "banner",
        "compatibility",
        "created_at",
        "description",
        "domain",
        "extensions",
        "logo",
        "name",
        "public_key",
        "software",
        "type",
    ];
    assert_eq!(keys, wanted);
    assert_eq!(metadata["domain"], OURS);
    assert_eq!(metadata["compatibility"]["versions"], json!(["0.6.0"]));
    assert_eq!(metadata["public_key"]["algorithm"], "ed25519");
    world.end().await;
}

/// Without a domain nobody speaks Versia here.
#[tokio::test]
async fn without_a_domain_there_is_nothing() {
    let world = World::start().await;
    for path in ["/.well-known/versia", METADATA, "/.versia/v0.6/entities/User/u1"] {
        let answer = world.get(&format!("{}{path}", world.base()), "*/*").await;
        assert_eq!(answer.status(), 404, "{path}");
    }
    for path in ["/.versia/v0.6/inbox", "/.versia/v0.6/messaging"] {
        let client = world.ground().client();
        let answer = client
            .post(format!("{}{path}", world.base()))
            .body("{}")
            .send()
            .await;
        assert_eq!(answer.unwrap().status(), 404, "{path}");
    }
    world.end().await;
}
