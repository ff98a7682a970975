//! The way out, whatever happens to those at its end.

use chrono::TimeDelta;
use folkmoot::domain::Iri;
use serde_json::json;

use crate::support::peer::Mood;
use crate::support::world::World;

/// A server that was away gets everything that it missed, once, in order.
#[tokio::test]
async fn what_was_missed_arrives_in_order() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let bob = world.mastodon().actor("bob").follows(&group).await;

    bob.server().goes_away();
    let posts = ann.posts(&group, ["one", "two", "three"]).await;
    bob.server().comes_back();
    world
        .while_time_passes(bob.hears_of(&posts).once().in_order())
        .await;
    world.end().await;
}

/// A day away is a day of posts to catch up with, and nobody else waits for it.
#[tokio::test]
async fn one_who_is_away_for_a_day_keeps_nobody_waiting() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let bob = world.mastodon().actor("bob").follows(&group).await;
    let cleo = world.explainer().actor("cleo").follows(&group).await;

    bob.server().goes_away();
    let mut posts = Vec::new();
    for hour in 0..24 {
        posts.push(ann.post(&group, &format!("hour {hour}")).await);
        cleo.hears_of(posts.last()).once().await;
        world.advance(TimeDelta::hours(1));
    }
    bob.server().comes_back();
    world
        .while_time_passes(bob.hears_of(&posts).once().in_order())
        .await;
    world.end().await;
}

/// Each way to fail for now is tried again, and ends in one copy.
#[tokio::test]
async fn what_fails_for_now_is_tried_again() {
    for mood in [
        Mood::Says(500),
        Mood::Says(502),
        Mood::Says(408),
        Mood::Says(425),
        Mood::Later(429, "120"),
        Mood::Later(503, "30"),
        Mood::Says(302),
    ] {
        let world = World::start().await;
        let group = world.group("garden").await;
        let ann = world.lemmy().actor("ann").follows(&group).await;
        let bob = world.mastodon().actor("bob").follows(&group).await;
        bob.server().is_next([mood.clone(), mood.clone()]);
        let posts = ann.posts(&group, ["one", "two"]).await;
        world
            .while_time_passes(bob.hears_of(&posts).once().in_order())
            .await;
        world.end().await;
    }
}

/// `Retry-After` is honoured: nothing is sent before its time.
#[tokio::test]
async fn retry_after_is_honoured() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let bob = world.mastodon().actor("bob").follows(&group).await;
    let before = bob.server().heard().len();
    bob.server().is_next([Mood::Later(429, "3600")]);
    let post = ann.post(&group, "one").await;
    world
        .eventually("select count(*) from destination where next_try is not null")
        .await;
    world.advance(TimeDelta::minutes(59));
    // Something else that is sent after that time shows that delivery is at work.
    let cleo = world.mastodon().actor("cleo").follows(&group).await;
    assert_eq!(
        bob.server().heard().len(),
        before + 1,
        "{} waits for its hour",
        bob.id()
    );
    world.advance(TimeDelta::minutes(2));
    bob.hears_of([&post]).once().await;
    drop(cleo);
    world.end().await;
}

/// What is refused for good is counted, and the rest goes on.
#[tokio::test]
async fn a_refusal_for_good_does_not_stop_the_lane() {
    // 400 may be about the scheme of the signature: it is asked a second time, by the other one.
    for (status, times) in [(400, 2), (403, 1), (404, 1), (413, 1), (422, 1)] {
        let world = World::start().await;
        let group = world.group("garden").await;
        let ann = world.lemmy().actor("ann").follows(&group).await;
        let bob = world.mastodon().actor("bob").follows(&group).await;
        bob.server().is_next(vec![Mood::Says(status); times]);
        let posts = ann.posts(&group, ["one", "two"]).await;
        bob.hears_of([&posts[1]]).once().await;
        world.settles().await;
        bob.hears_of([&posts[0]]).nothing();
        assert_eq!(
            world.count("select sum(refused)::bigint from destination").await,
            1,
            "{status}"
        );
        world.end().await;
    }
}

/// 410 may be one answer of a broken program: the actor itself is asked, and stays if it is there.
#[tokio::test]
async fn an_inbox_that_says_gone_is_not_believed_at_once() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let bob = world.mastodon().actor("bob").follows(&group).await;
    bob.server().is_next([Mood::Says(410)]);
    let posts = ann.posts(&group, ["one", "two"]).await;
    world.while_time_passes(bob.hears_of([&posts[1]]).once()).await;
    assert_eq!(world.document(&group.part("members")).await["totalItems"], 2);
    world.end().await;
}

/// An answer that was lost: the same id and the same bytes again, and no more than that.
#[tokio::test]
async fn a_lost_answer_is_one_more_copy_of_the_same_bytes() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let bob = world.mastodon().actor("bob").follows(&group).await;
    bob.server().is_next([Mood::LosesAnswers]);
    let posts = ann.posts(&group, ["one", "two"]).await;
    world
        .while_time_passes(bob.hears_of(&posts).once().in_order())
        .await;
    world.settles().await;
    let copies: Vec<_> = bob
        .heard()
        .into_iter()
        .filter(|heard| heard.object_id() == posts[0].post)
        .collect();
    assert_eq!(copies.len(), 2);
    assert_eq!(copies[0].text, copies[1].text);
    world.ends_loudly(&["it came again"]).await;
}

/// 401 to the old scheme: the new one at once, and first from then on.
#[tokio::test]
async fn the_second_knock_is_rfc_9421() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let mitra = world.server("mitra");
    mitra.is(Mood::WantsRfc9421);
    let bob = mitra.actor("bob").follows(&group).await;
    let posts = ann.posts(&group, ["one", "two", "three"]).await;
    bob.hears_of(&posts).once().in_order().await;
    let refused = mitra
        .heard()
        .iter()
        .filter(|heard| heard.status == Some(401))
        .count();
    assert_eq!(refused, 1, "what a host takes is remembered");
    world.end().await;
}

/// One that never answers holds up nobody else.
#[tokio::test]
async fn one_that_never_answers_keeps_nobody_waiting() {
    let world = World::start_with(&[("LIMITS__OUTBOUND_SECONDS", "2")]).await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let bob = world.mastodon().actor("bob").follows(&group).await;
    let cleo = world.mastodon().actor("cleo").follows(&group).await;
    bob.server().is_next([Mood::Hangs]);
    let posts = ann.posts(&group, ["one", "two"]).await;
    cleo.hears_of(&posts).once().in_order().await;
    world
        .while_time_passes(bob.hears_of(&posts).once().in_order())
        .await;
    world.end().await;
}

/// Whoever leaves hears no more; what was said before and not yet sent is not due either.
#[tokio::test]
async fn leaving_closes_the_ear_at_once() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let bob = world.mastodon().actor("bob");
    let join = bob.asks(&group).await;
    bob.is_accepted(&join).await;
    bob.server().goes_away();
    let unsent = ann.post(&group, "unsent").await;
    bob.server().comes_back();
    bob.server().is(Mood::Says(503));
    bob.leaves(&group, &join).await;
    bob.server().is(Mood::Well);
    let after = ann.post(&group, "after").await;
    world.advance(TimeDelta::days(1));
    world.settles().await;
    bob.hears_of([&unsent, &after]).nothing();
    world.end().await;
}

/// What somebody heard of is taken back for them, even if they left while that was still to be sent.
#[tokio::test]
async fn a_retraction_follows_those_who_left() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let bob = world.mastodon().actor("bob");
    let join = bob.asks(&group).await;
    bob.is_accepted(&join).await;
    let heard = ann.post(&group, "heard").await;
    bob.hears_of([&heard]).once().await;
    bob.server().is(Mood::Says(503));
    let never = ann.post(&group, "never heard").await;
    let gone = ann.deletes(&group, &heard).await;
    ann.deletes(&group, &never).await;
    bob.leaves(&group, &join).await;
    bob.server().comes_back();
    world.while_time_passes(bob.hears_of([&gone]).once()).await;
    world.settles().await;
    bob.hears_of([&never]).nothing();
    world.end().await;
}

/// Two groups that follow each other: each activity once per group, and then silence.
#[tokio::test]
async fn groups_that_follow_each_other_do_not_loop() {
    let world = World::start().await;
    let (garden, kitchen) = (world.group("garden").await, world.group("kitchen").await);
    let engine = &world.house().engine;
    for (name, whom) in [("garden", &kitchen), ("kitchen", &garden), ("garden", &garden)] {
        // A group that follows itself is refused or does nothing; either is right.
        let _ = engine.follow(name, &Iri::object(&whom.id).unwrap()).await;
    }
    let ann = world.mastodon().actor("ann").follows(&garden).await;
    let bob = world.explainer().actor("bob").follows(&kitchen).await;
    let cleo = world.explainer().actor("cleo").follows(&garden).await;
    let post = ann.post(&garden, "round and round").await;
    cleo.hears_of([&post]).once().await;
    world.settles().await;
    let told = bob
        .heard()
        .iter()
        .filter(|heard| heard.object_id() == post.id())
        .count();
    assert!(told <= 1, "the kitchen told it {told} times");
    assert!(world.count("select count(*) from entry").await <= 2);
    world.end().await;
}

/// The same with a group on another server, which announces back what it hears.
#[tokio::test]
async fn a_group_elsewhere_that_follows_back_does_not_loop() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let other = world.lemmy().settle("allotment", "Group");
    world
        .house()
        .engine
        .follow("garden", &Iri::object(&other.id()).unwrap())
        .await
        .unwrap();
    let follow = other
        .server()
        .hears("a Follow", |heard| heard.kind() == "Follow")
        .await;
    let accept = other.speaks(|me| {
        json!({ "id": (me.mint)("accepts"), "type": "Accept", "actor": me.id, "object": follow.document })
    });
    other.sends(&group, &accept).await.is(202);
    let other = other.follows(&group).await;
    let ann = world.mastodon().actor("ann").follows(&group).await;
    let post = ann.post(&group, "round and round").await;
    let announced = other.hears_of([&post]).once().await.remove(0);
    let back = other.speaks(|me| {
        json!({
            "id": (me.mint)("announces"), "type": "Announce", "actor": me.id, "published": me.now,
            "to": ["https://www.w3.org/ns/activitystreams#Public"], "cc": [me.followers],
            "object": announced.document["object"],
        })
    });
    let answer = other.sends(&group, &back).await;
    assert!([202, 403].contains(&answer.status), "{}", answer.body);
    world.settles().await;
    assert_eq!(world.count("select count(*) from entry").await, 1);
    world.end().await;
}
