//! Servers that are away, slow or busy, and people who leave while something waits for them.

use chrono::TimeDelta;

use crate::support::peer::Mood;
use crate::support::world::World;

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
    world
        .until("select coalesce(max(failures), 0)::bigint from destination", 1)
        .await;
    bob.server().is(Mood::Says(503));
    bob.server().comes_back();
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
