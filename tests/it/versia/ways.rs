//! The two ways in, and the way out: who subscribed hears `Federate`, who follows hears `Share`, who is put out hears so and then
//! nothing.
//!
//! One rule: what is answered is one letter to one user, what is told is one entity to one domain for each way.

use folkmoot::domain::{JoinPolicy, Policies};
use serde_json::{Value, json};

use crate::support::peer::Mood;
use crate::support::versia::{Domain, OURS, group, world_of};

fn follow(who: &str, name: &str) -> Value {
    json!({"type": "Follow", "created_at": "2026-05-01T10:00:00Z", "author": who, "followee": format!("{OURS}:{name}")})
}

fn count(domain: &Domain, kind: &str) -> usize {
    domain.heard().iter().filter(|said| said["type"] == kind).count()
}

#[tokio::test]
async fn who_follows_the_sharing_user_hears_shares() {
    let b = Domain::start("b.test").await;
    let world = world_of(&[&b], &[]).await;
    let garden = world.group("garden").await;
    let lea = world.lemmy().actor("lea").follows(&garden).await;
    let u1 = b.user("u1", "alice");
    b.sends(&follow(&u1, "garden")).await.is(202);
    let accept = b
        .hears("FollowAccept", |said| said["type"] == "FollowAccept")
        .await;
    assert_eq!(
        (&accept["author"], &accept["follower"]),
        (&json!(format!("{OURS}:garden")), &json!(u1))
    );
    let post = lea.post(&garden, "Beans").await;
    let share = b
        .hears("Share", |said| said["type"] == "pub.versia:share/Share")
        .await;
    assert_eq!(share["author"], format!("{OURS}:garden"));
    let shared = share["shared"]
        .as_str()
        .unwrap()
        .strip_prefix("g.test:")
        .unwrap()
        .to_owned();
    let note = b
        .gets(&format!("/.versia/v0.6/entities/Note/{shared}"))
        .await
        .is(200);
    assert!(note.body.contains(&post.post), "{}", note.body);

    // Software without groups answers in one by a note for everybody.
    let mut reply = b.note("n1", &u1, "garden", "Yes!");
    reply["group"] = json!("public");
    reply["replies_to"] = share["shared"].clone();
    b.publishes(&reply).await.is(202);
    lea.server()
        .hears("the answer", |heard| {
            heard.document["object"]["object"]["inReplyTo"] == post.post.as_str()
                && heard.document["object"]["object"]["attributedTo"]
                    .as_str()
                    .is_some_and(|author| author.ends_with("/bridge/versia/b.test/u1"))
        })
        .await;
    let mut mention = b.note("n2", &u1, "garden", "Hello");
    mention["group"] = json!("public");
    mention["mentions"] = json!([format!("{OURS}:garden")]);
    b.publishes(&mention).await.is(202);
    b.hears("its share", |said| said["shared"] == "b.test:n2").await;

    lea.deletes(&garden, &post).await;
    let delete = b.hears("Delete", |said| said["type"] == "Delete").await;
    assert_eq!(
        (&delete["deleted_type"], &delete["deleted"]),
        (
            &json!("pub.versia:share/Share"),
            &json!(format!("{OURS}:{}", share["id"].as_str().unwrap()))
        )
    );
    world.settles().await;
    assert_eq!(count(&b, "pub.versia:groups/Federate"), 0);
    assert_eq!(count(&b, "pub.versia:share/Share"), 3);

    let unfollow = json!({"type": "Unfollow", "created_at": "2026-05-01T10:00:09Z", "author": u1, "followee": format!("{OURS}:garden")});
    b.sends(&unfollow).await.is(202);
    lea.post(&garden, "More").await;
    world.settles().await;
    assert_eq!(count(&b, "pub.versia:share/Share"), 3);
    b.is_content();
    world.end().await;
}

/// Both ways at once, at one domain: a lane for each, and each hears in its own words.
#[tokio::test]
async fn each_way_has_a_lane_of_its_own() {
    let b = Domain::start("b.test").await;
    let world = world_of(&[&b], &[]).await;
    let garden = world.group("garden").await;
    let lea = world.lemmy().actor("lea").follows(&garden).await;
    let (u1, u2) = (b.user("u1", "alice"), b.user("u2", "anna"));
    b.sends(&follow(&u1, "garden")).await.is(202);
    b.joins(&u2, "garden").await;
    lea.post(&garden, "one").await;
    world.settles().await;
    let told = |kind| count(&b, kind);
    assert_eq!(
        (told("pub.versia:groups/Federate"), told("pub.versia:share/Share")),
        (1, 1)
    );
    // Who follows and then subscribes hears in both.
    b.joins(&u1, "garden").await;
    b.sends(&json!({"type": "pub.versia:groups/Unsubscribe", "created_at": "2026-05-01T10:00:08Z", "subscriber": u2,
        "group": group("garden")}))
    .await
    .is(202);
    lea.post(&garden, "two").await;
    world.settles().await;
    assert_eq!(
        (told("pub.versia:groups/Federate"), told("pub.versia:share/Share")),
        (2, 2)
    );
    b.is_content();
    world.end().await;
}

/// A host whose actors hear in another way, too: looking it up changes nothing for those who subscribed.
#[tokio::test]
async fn what_is_known_of_a_host_does_not_change_how_its_domain_hears() {
    let b = Domain::start("b.test").await;
    let world = world_of(&[&b], &[]).await;
    let garden = world.group("garden").await;
    let lea = world.lemmy().actor("lea").follows(&garden).await;
    b.joins(&b.user("u1", "alice"), "garden").await;
    let store = &world.house().store;
    store
        .set_peer_shape("b.test", Some("threadiverse"))
        .await
        .unwrap();
    store.give_shape("b.test", "threadiverse", true).await.unwrap();
    lea.post(&garden, "one").await;
    b.hears("Federate", |said| said["type"] == "pub.versia:groups/Federate")
        .await;
    let peers = store.list_peers().await.unwrap();
    let class = peers
        .iter()
        .find(|peer| peer.host == "b.test")
        .unwrap()
        .class
        .clone();
    assert_eq!(class, "versia");
    b.is_content();
    world.end().await;
}

#[tokio::test]
async fn who_waits_is_let_in_by_an_admin_from_anywhere() {
    let b = Domain::start("b.test").await;
    let world = world_of(&[&b], &[]).await;
    let policies = Policies {
        join: JoinPolicy::Approval,
        ..Policies::default()
    };
    let owner = world.explainer().actor("olga");
    let garden = world.group_of(&owner, "garden", policies).await;
    let (u1, u2) = (b.user("u1", "alice"), b.user("u2", "anna"));
    for who in [&u1, &u2] {
        b.sends(&b.subscribe(who, "garden")).await.is(202);
    }
    world.settles().await;
    assert_eq!(b.heard(), Vec::<Value>::new());
    for (who, answer) in [("u1", "Accept"), ("u2", "Reject")] {
        let mirror = format!("{}/bridge/versia/b.test/{who}", world.base());
        let answer = owner.speaks(|me| {
            json!({"@context": "https://www.w3.org/ns/activitystreams", "id": (me.mint)("activities/answer"), "type": answer,
                "actor": me.id, "to": [garden.id], "object": {"type": "Join", "actor": mirror, "object": garden.id}})
        });
        owner.sends(&garden, &answer).await.is(202);
    }
    for (who, kind) in [(&u1, "SubscribeAccept"), (&u2, "SubscribeReject")] {
        let kind = format!("pub.versia:groups/{kind}");
        let letter = b.hears(&kind, |said| said["type"] == kind.as_str()).await;
        assert_eq!(
            (&letter["subscriber"], &letter["group"]),
            (&json!(who), &json!(group("garden")))
        );
    }
    b.publishes(&b.note("n1", &u1, "garden", "Leeks")).await.is(202);
    b.publishes(&b.note("n2", &u2, "garden", "Leeks")).await.is(403);
    b.is_content();
    world.end().await;
}

#[tokio::test]
async fn who_is_put_out_hears_so_and_then_nothing() {
    let b = Domain::start("b.test").await;
    let world = world_of(&[&b], &[]).await;
    let owner = world.explainer().actor("olga");
    let garden = world.group_of(&owner, "garden", Policies::default()).await;
    let owner = owner.follows(&garden).await;
    let u1 = b.user("u1", "alice");
    b.joins(&u1, "garden").await;
    let mirror = format!("{}/bridge/versia/b.test/u1", world.base());
    let ban = owner.speaks(|me| {
        json!({"@context": "https://www.w3.org/ns/activitystreams", "id": (me.mint)("activities/block"), "type": "Block",
            "actor": me.id, "to": ["https://www.w3.org/ns/activitystreams#Public"], "cc": [garden.id], "object": mirror,
            "target": garden.id, "audience": garden.id})
    });
    owner.sends(&garden, &ban).await.is(202);
    b.hears("SubscribeReject", |said| {
        said["type"] == "pub.versia:groups/SubscribeReject"
    })
    .await;
    owner.post(&garden, "one").await;
    world.settles().await;
    assert_eq!(b.heard().len(), 2, "an Accept and a Reject");
    b.publishes(&b.note("n1", &u1, "garden", "Leeks")).await.is(403);
    let mut again = b.subscribe(&u1, "garden");
    again["created_at"] = json!("2026-05-01T11:00:00Z");
    b.sends(&again).await.is(202);
    world.settles().await;
    assert_eq!(count(&b, "pub.versia:groups/SubscribeReject"), 2);
    assert_eq!(count(&b, "pub.versia:groups/Federate"), 0);
    b.is_content();
    world.end().await;
}

/// A domain that is away for a while hears later, once, in order.
#[tokio::test]
async fn a_domain_that_was_away_hears_it_later() {
    let b = Domain::start("b.test").await;
    let world = world_of(&[&b], &[]).await;
    let garden = world.group("garden").await;
    let lea = world.lemmy().actor("lea").follows(&garden).await;
    b.joins(&b.user("u1", "alice"), "garden").await;
    b.is(Mood::Says(503));
    lea.posts(&garden, ["one", "two", "three"]).await;
    world
        .until("select count(*) from destination where failures > 0", 1)
        .await;
    b.comes_back();
    world.advance(chrono::TimeDelta::minutes(2));
    world.settles().await;
    let notes: Vec<_> = b.heard().iter().map(|said| said["note"].clone()).collect();
    assert_eq!(notes.len(), 4, "an Accept and three notes: {notes:?}");
    b.is_content();
    world.end().await;
}
