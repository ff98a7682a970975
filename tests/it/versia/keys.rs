//! Whose key it is: read from the domain itself, kept, and read again when it fails.

use chrono::TimeDelta;
use folkmoot::signature::PrivateKey;
use serde_json::json;

use crate::support::versia::{Domain, INBOX, METADATA, world_of};

/// A key is read once a day; a changed one when the first signature does not verify.
#[tokio::test]
async fn a_changed_key_is_read_again_but_not_again_and_again() {
    let b = Domain::start("b.test").await;
    let world = world_of(&[&b], &[]).await;
    world.group("garden").await;
    let u1 = b.user("u1", "alice");
    b.joins(&u1, "garden").await;
    b.sends(&b.note("n1", &u1, "garden", "one")).await.is(202);
    assert_eq!(b.times_fetched(METADATA), 1);
    b.rotates_key();
    b.sends(&b.note("n2", &u1, "garden", "two")).await.is(202);
    assert_eq!(b.times_fetched(METADATA), 2);
    // A key that it does not publish: it is asked once more in ten minutes.
    let published = b.key();
    b.signs_with(PrivateKey::generate_ed25519().unwrap());
    for _ in 0..3 {
        b.sends(&b.note("n3", &u1, "garden", "three")).await.is(401);
    }
    assert_eq!(b.times_fetched(METADATA), 2);
    b.rotates_key();
    b.sends(&b.note("n3", &u1, "garden", "three")).await.is(401);
    world.advance(TimeDelta::minutes(11));
    b.sends(&b.note("n3", &u1, "garden", "three")).await.is(202);
    assert_eq!(b.times_fetched(METADATA), 3);
    b.signs_with(published);
    b.sends(&b.note("n4", &u1, "garden", "four")).await.is(401);
    b.rotates_key();
    world.advance(TimeDelta::hours(25));
    b.sends(&b.note("n4", &u1, "garden", "four")).await.is(202);
    assert_eq!(b.times_fetched(METADATA), 4, "once a day in any case");
    b.is_content();
    world.end().await;
}

/// Metadata that are no metadata, another domain's, too large, or elsewhere; each is asked for once in ten minutes.
#[tokio::test]
async fn a_domain_that_cannot_be_read_signs_nothing() {
    let b = Domain::start("b.test").await;
    let world = world_of(&[&b], &[]).await;
    world.group("garden").await;
    let good = b.metadata();
    let with = |field: &str, value: serde_json::Value| {
        let mut other = good.clone();
        other[field] = value;
        other
    };
    let key = &good["public_key"]["key"];
    let odd = [
        (200, with("domain", json!("c.test"))),
        (200, with("domain", json!("B.test"))),
        (200, with("type", json!("User"))),
        (200, with("public_key", json!({"algorithm": "rsa", "key": key}))),
        (
            200,
            with("public_key", json!({"algorithm": "ed25519", "key": "AAAA"})),
        ),
        (200, with("description", json!("x".repeat(300_000)))),
        (200, json!([])),
        (404, json!({})),
        (500, json!({})),
        (302, json!({"moved": "https://b.test/elsewhere"})),
    ];
    let mut asked = 0;
    b.serves("/elsewhere", 200, good.clone());
    for (status, metadata) in odd {
        b.serves(METADATA, status, metadata.clone());
        for _ in 0..2 {
            b.sends(&b.subscribe("b.test:u1", "garden")).await.problem(401);
        }
        asked += 1;
        assert_eq!(b.times_fetched(METADATA), asked, "{status} {metadata:.60}");
        world.advance(TimeDelta::minutes(11));
    }
    assert_eq!(b.times_fetched("/elsewhere"), 0);
    b.serves(METADATA, 200, good.clone());
    b.user("u1", "alice");
    b.joins("b.test:u1", "garden").await;
    b.is_content();
    world.end().await;
}

/// One domain's key says nothing of another's.
#[tokio::test]
async fn nobody_signs_with_the_key_of_another_domain() {
    let (b, c) = (Domain::start("b.test").await, Domain::start("c.test").await);
    let world = world_of(&[&b, &c], &[]).await;
    world.group("garden").await;
    b.user("u1", "alice");
    b.joins("b.test:u1", "garden").await;
    let body = c.note("n1", "b.test:u1", "garden", "not mine").to_string();
    let mut headers = c.signature("post", INBOX, &body, 0);
    headers.insert("versia-signed-by", "b.test".parse().unwrap());
    c.posts(INBOX, headers, body).await.problem(401);
    world.end().await;
}

/// The operator changes ours: what is published, and what answers are signed with, is the new one at once.
#[tokio::test]
async fn our_own_key_can_be_changed() {
    let b = Domain::start("b.test").await;
    let world = world_of(&[&b], &[]).await;
    let published = async || {
        let answer = world.get(&format!("{}{METADATA}", world.base()), "*/*").await;
        let metadata: serde_json::Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        metadata["public_key"]["key"].as_str().unwrap().to_owned()
    };
    let before = published().await;
    world.house().engine.rotate_domain_key().await.unwrap().unwrap();
    assert_ne!(published().await, before);
    world.end().await;
}
