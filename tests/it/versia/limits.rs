//! How much a domain may send, and how it learns that.
//!
//! One rule: what one domain has used up is nobody else's loss.

use chrono::TimeDelta;

use crate::support::peer::Answer;
use crate::support::versia::{Domain, INBOX, world_of};

const LIMIT: &str = "LIMITS__INBOX_PER_MINUTE_PER_HOST";

/// `RateLimit-Limit`, `-Remaining` and `-Reset`.
fn left(answer: &Answer) -> Option<[u32; 3]> {
    let field = |name: &str| answer.headers.get(name)?.to_str().ok()?.parse().ok();
    Some([
        field("ratelimit-limit")?,
        field("ratelimit-remaining")?,
        field("ratelimit-reset")?,
    ])
}

/// Each answer says how much is left; then 429 and when to come again; another domain has all of its own.
#[tokio::test]
async fn a_domain_hears_how_much_it_may_still_send() {
    let (b, c) = (Domain::start("b.test").await, Domain::start("c.test").await);
    let world = world_of(&[&b, &c], &[(LIMIT, "4")]).await;
    world.group("garden").await;
    b.user("u1", "alice");
    c.user("u1", "carol");
    b.joins("b.test:u1", "garden").await;
    for remaining in [2, 1, 0] {
        let note = b.note(&format!("n{remaining}"), "b.test:u1", "garden", "Hi");
        let [limit, has, reset] = left(&b.publishes(&note).await.is(202)).expect("three fields");
        assert_eq!((limit, has), (4, remaining));
        assert!((1..=61).contains(&reset), "{reset}");
    }
    let much = b
        .publishes(&b.note("n9", "b.test:u1", "garden", "Hi"))
        .await
        .is(429);
    let again: u32 = much.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=16).contains(&again), "{again}");
    let read = b.gets("/.versia/v0.6/entities/User/garden").await.is(200);
    assert!(left(&read).is_some(), "{:?}", read.headers);
    c.joins("c.test:u1", "garden").await;
    world.end().await;
}

/// Each domain that is not known here costs a request: one address may name so many, and those that are known are heard.
#[tokio::test]
async fn one_address_names_only_so_many_strangers() {
    let b = Domain::start("b.test").await;
    let world = world_of(&[&b], &[]).await;
    world.group("garden").await;
    b.user("u1", "alice");
    b.joins("b.test:u1", "garden").await;
    let note = b.note("n1", "b.test:u1", "garden", "Hi").to_string();
    let mut statuses = vec![];
    for number in 0..120 {
        let mut headers = b.signature("post", INBOX, &note, 0);
        let stranger = format!("stranger{number}.test");
        headers.insert("versia-signed-by", stranger.parse().unwrap());
        statuses.push(b.posts(INBOX, headers, note.clone()).await.status);
    }
    assert_eq!(statuses[..59], [401; 59]);
    assert!(statuses[59..].contains(&429), "{statuses:?}");
    b.sends_text(&note).await.is(202);
    world.end().await;
}

/// A key that was not needed for long is read again when it is.
#[tokio::test]
async fn keys_of_domains_are_not_kept_for_ever() {
    let b = Domain::start("b.test").await;
    let world = world_of(&[&b], &[]).await;
    world.group("garden").await;
    b.user("u1", "alice");
    b.joins("b.test:u1", "garden").await;
    assert_eq!(world.count("select count(*) from domain_key").await, 1);
    world.advance(TimeDelta::days(3));
    world.until("select count(*) from domain_key", 0).await;
    b.publishes(&b.note("n1", "b.test:u1", "garden", "Hi"))
        .await
        .is(202);
    world.end().await;
}
