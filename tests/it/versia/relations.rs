//! Who has subscribed and follows, too, is in a group by two relations.
//!
//! One rule: each has its own answers, what is heard by it, and its own end; the other goes on.

use folkmoot::domain::{FollowMeans, Iri, JoinPolicy, Policies, Visibility};
use folkmoot::engine::Whom;
use serde_json::{Value, json};

use super::garden_with;
use crate::support::versia::{Domain, OURS, group};
use crate::support::world::World;

const MEMBERS: &str = "select count(*) from membership m join actor a on a.id = m.actor_id
    where m.member and a.iri like '%/bridge/versia/%'";
const FOLLOWERS: &str = "select count(*) from membership m join actor a on a.id = m.actor_id
    where m.follower and a.iri like '%/bridge/versia/%'";

/// Each asks anew: what was said before is no request.
fn at(second: u32) -> String {
    format!("2026-05-01T10:01:{second:02}Z")
}

fn follow(word: &str, who: &str, second: u32) -> Value {
    json!({"type": word, "created_at": at(second), "author": who, "followee": format!("{OURS}:garden")})
}

fn subscribe(word: &str, who: &str, second: u32) -> Value {
    let kind = format!("pub.versia:groups/{word}");
    json!({"type": kind, "created_at": at(second), "subscriber": who, "group": group("garden")})
}

/// How often something was said to a domain: `Federate`, `Share`, `FollowReject`...
fn heard(domain: &Domain, word: &str) -> usize {
    let said = domain.heard();
    let is_it = |said: &&Value| {
        let kind = said["type"].as_str().unwrap();
        kind.rsplit('/').next() == Some(word)
    };
    said.iter().filter(is_it).count()
}

fn told(domain: &Domain) -> (usize, usize) {
    (heard(domain, "Federate"), heard(domain, "Share"))
}

async fn are(world: &World) -> (i64, i64) {
    (world.count(MEMBERS).await, world.count(FOLLOWERS).await)
}

/// Who has subscribed and follows, however often they say so, hears in both ways; the end of one is not that of the other.
#[tokio::test]
async fn each_relation_is_heard_and_ends_by_itself() {
    let (world, b, garden) = garden_with(|_| {}).await;
    let lea = world.lemmy().actor("lea").follows(&garden).await;
    let u1 = b.user("u1", "alice");
    b.joins(&u1, "garden").await;
    for second in [1, 2] {
        b.sends(&follow("Follow", &u1, second)).await.is(202);
    }
    world.settles().await;
    assert_eq!(heard(&b, "FollowAccept"), 2);
    lea.post(&garden, "one").await;
    world.settles().await;
    assert_eq!(told(&b), (1, 1));

    b.sends(&follow("Unfollow", &u1, 3)).await.is(202);
    lea.post(&garden, "two").await;
    world.settles().await;
    assert_eq!((told(&b), are(&world).await), ((2, 1), (1, 0)));
    // Once more is nothing new.
    b.sends(&follow("Unfollow", &u1, 4)).await.is(202);
    assert_eq!(are(&world).await, (1, 0));

    b.sends(&follow("Follow", &u1, 5)).await.is(202);
    b.sends(&subscribe("Unsubscribe", &u1, 6)).await.is(202);
    lea.post(&garden, "three").await;
    world.settles().await;
    assert_eq!((told(&b), are(&world).await), ((2, 2), (1, 1)));
    b.publishes(&b.note("n1", &u1, "garden", "still a member"))
        .await
        .is(202);

    b.sends(&subscribe("Subscribe", &u1, 7)).await.is(202);
    lea.post(&garden, "four").await;
    world.settles().await;
    assert_eq!(told(&b), (3, 4), "by both again: one post, and the note by Share");
    b.sends(&subscribe("Unsubscribe", &u1, 8)).await.is(202);
    b.sends(&follow("Unfollow", &u1, 9)).await.is(202);
    lea.post(&garden, "five").await;
    world.settles().await;
    assert_eq!((told(&b), are(&world).await), ((3, 4), (0, 0)));
    b.is_content();
    world.end().await;
}

/// Whoever never came in by a way does not leave by it. Where a Follow makes no member, only the subscription did.
#[tokio::test]
async fn nobody_leaves_by_a_way_that_they_did_not_come() {
    let (world, b, _garden) = garden_with(|policies| policies.follow = FollowMeans::Reads).await;
    let (u1, u2) = (b.user("u1", "alice"), b.user("u2", "anna"));
    b.joins(&u1, "garden").await;
    b.sends(&follow("Unfollow", &u1, 1)).await.is(202);
    b.sends(&follow("Follow", &u2, 2)).await.is(202);
    b.sends(&subscribe("Unsubscribe", &u2, 3)).await.is(202);
    assert_eq!(are(&world).await, (1, 1));
    b.sends(&follow("Follow", &u1, 4)).await.is(202);
    b.sends(&subscribe("Unsubscribe", &u1, 5)).await.is(202);
    assert_eq!(are(&world).await, (0, 2));
    b.sends(&b.note("n1", &u1, "garden", "no member"))
        .await
        .problem(403);
    world.settles().await;
    b.is_content();
    world.end().await;
}

/// Who is put out hears so by each word by which they were let in.
#[tokio::test]
async fn who_is_put_out_hears_it_in_both_words() {
    let (world, b, garden) = garden_with(|_| {}).await;
    let lea = world.lemmy().actor("lea").follows(&garden).await;
    let engine = &world.house().engine;
    for (number, id) in ["u1", "u2"].into_iter().enumerate() {
        let who = b.user(id, id);
        b.joins(&who, "garden").await;
        b.sends(&follow("Follow", &who, 1)).await.is(202);
        world.settles().await;
        let whom = if id == "u1" {
            Whom::Actor(Iri::object(&format!("{}/bridge/versia/b.test/u1", world.base())).unwrap())
        } else {
            Whom::Host("b.test".to_owned())
        };
        engine.ban("garden", &whom, None, None).await.unwrap();
        world.settles().await;
        let no = (heard(&b, "SubscribeReject"), heard(&b, "FollowReject"));
        assert_eq!(no, (number + 1, number + 1), "{id}");
    }
    lea.post(&garden, "one").await;
    world.settles().await;
    assert_eq!(told(&b), (0, 0));
    b.is_content();
    world.end().await;
}

/// A request to subscribe that waits is answered in its word, and the Follow beside it stays what it is.
#[tokio::test]
async fn a_subscription_that_waits_is_answered_beside_the_follow() {
    let (world, b, garden) = garden_with(|policies| {
        policies.join = JoinPolicy::Approval;
        policies.follow = FollowMeans::Reads;
    })
    .await;
    let admin = &world.house().engine;
    for (id, lets_in) in [("u1", true), ("u2", false)] {
        let who = b.user(id, id);
        b.sends(&follow("Follow", &who, 1)).await.is(202);
        b.sends(&subscribe("Subscribe", &who, 2)).await.is(202);
        b.sends(&follow("Follow", &who, 3)).await.is(202);
        let iri = Iri::object(&format!("{}/bridge/versia/b.test/{id}", world.base())).unwrap();
        if lets_in {
            admin.admit("garden", &iri).await.unwrap();
        } else {
            admin.turn_away("garden", &iri, None).await.unwrap();
        }
    }
    world.settles().await;
    assert_eq!(heard(&b, "FollowAccept"), 4);
    assert_eq!(
        (heard(&b, "SubscribeAccept"), heard(&b, "SubscribeReject")),
        (1, 1)
    );
    assert_eq!(heard(&b, "FollowReject"), 0);
    assert_eq!(are(&world).await, (1, 2));
    b.publishes(&b.note("n1", "b.test:u1", "garden", "in"))
        .await
        .is(202);
    world.settles().await;
    assert_eq!(told(&b), (1, 1));
    let _ = garden;
    b.is_content();
    world.end().await;
}

/// A private group shares nothing: who would follow its user is told no, at once, and hears it as a group or not at all.
#[tokio::test]
async fn nobody_follows_a_private_group() {
    let (world, b, _garden) = garden_with(|policies| {
        *policies = Policies {
            visibility: Visibility::Private,
            ..Policies::default()
        };
    })
    .await;
    let u1 = b.user("u1", "alice");
    b.sends(&follow("Follow", &u1, 1)).await.is(202);
    world.settles().await;
    assert_eq!((heard(&b, "FollowAccept"), heard(&b, "FollowReject")), (0, 1));
    assert_eq!(are(&world).await, (0, 0));
    b.joins(&u1, "garden").await;
    b.sends(&follow("Follow", &u1, 2)).await.is(202);
    world.settles().await;
    assert_eq!((heard(&b, "FollowReject"), are(&world).await), (2, (1, 0)));
    b.publishes(&b.note("n1", &u1, "garden", "inside")).await.is(202);
    world.settles().await;
    assert_eq!(told(&b), (1, 0));
    b.is_content();
    world.end().await;
}
