//! What a group says arrives: once, in order, whatever the servers of its people do in between.
//!
//! One rule: the clock is ours. Nothing here sleeps: a server is away until the test says that it is back.

use chrono::TimeDelta;

use crate::support::peer::{Actor, Mood, status};
use crate::support::world::World;

/// How many destinations are failing now.
const FAILING: &str = "select count(*) from destination where failures > 0";
/// Seconds from the last try to the next one, of the destination that fails.
const WAIT: &str =
    "select extract(epoch from next_try - last_try)::bigint from destination where failures > 0";

async fn total(world: &World, collection: &str) -> u64 {
    world.document(collection).await["totalItems"].as_u64().unwrap()
}

/// The path under which somebody's own document is.
fn path_of(actor: &Actor) -> String {
    actor.id().trim_start_matches(actor.server().base()).to_owned()
}

/// The core promise: a server that was away gets everything that it missed.
#[tokio::test]
async fn what_was_missed_arrives_in_order() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let tom = world.lemmy().actor("tom").follows(&group).await;
    let mia = world.mastodon().actor("mia").follows(&group).await;
    let xia = world.explainer().actor("xia").follows(&group).await;
    for away in [&tom, &mia, &xia] {
        away.server().goes_away();
    }
    let posts = ann.posts(&group, ["one", "two", "three"]).await;
    let reply = ann.replies(&group, &posts[0], "and more").await;
    let edit = ann.edits(&group, &posts[1], "zwei").await;
    let gone = ann.deletes(&group, &posts[2]).await;
    world.until(FAILING, 3).await;
    for back in [&tom, &mia, &xia] {
        back.server().comes_back();
    }
    world.advance(TimeDelta::minutes(2));
    let everything: Vec<_> = posts.iter().chain([&reply, &edit, &gone]).collect();
    tom.hears_of(everything.iter().copied()).once().in_order().await;
    xia.hears_of(everything).once().in_order().await;
    mia.hears_of(posts.iter().chain([&gone])).once().in_order().await;
    world.end().await;
}

/// One that is away keeps nobody else waiting, and what it does not understand is not remembered for it.
#[tokio::test]
async fn who_is_away_holds_up_nobody() {
    let world = World::start_with(&[("LIMITS__OUTBOUND_SECONDS", "3")]).await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let mia = world.mastodon().actor("mia").follows(&group).await;
    let tom = world.lemmy().actor("tom").follows(&group).await;
    mia.server().is(Mood::Hangs);
    let posts = ann.posts(&group, ["one", "two"]).await;
    tom.hears_of(&posts).once().in_order().await;
    mia.hears_of(&posts).nothing();
    mia.server().comes_back();
    world.until(FAILING, 1).await;
    world.advance(TimeDelta::minutes(2));
    mia.hears_of(&posts).once().in_order().await;
    world.end().await;
}

/// It took the post, and its answer was lost: it comes again under the same id, byte for byte.
#[tokio::test]
async fn a_lost_answer_brings_the_same_bytes_again() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let mia = world.mastodon().actor("mia").follows(&group).await;
    mia.server().is_next([Mood::LosesAnswers]);
    ann.posts(&group, ["one", "two"]).await;
    world.until(FAILING, 1).await;
    world.advance(TimeDelta::minutes(2));
    world.settles().await;
    let boosts: Vec<_> = mia
        .heard()
        .into_iter()
        .filter(|heard| heard.kind() == "Announce")
        .collect();
    assert_eq!(boosts.len(), 3, "one twice, two once");
    assert_eq!(boosts[0].text, boosts[1].text);
    assert!(boosts[1].repeat && !boosts[2].repeat);
    world.ends_loudly(&["it came again"]).await;
}

/// 410, and the actor is gone too: nobody is there any more, and nothing more is sent.
#[tokio::test]
async fn an_inbox_that_is_gone_ends_a_membership_if_its_actor_is_gone() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let mia = world.mastodon().actor("mia").follows(&group).await;
    mia.server().serves(&path_of(&mia), status(410));
    mia.server().is(Mood::Says(410));
    ann.post(&group, "one").await;
    world
        .until("select count(*) from membership where follower", 1)
        .await;
    assert_eq!(total(&world, &group.part("members")).await, 1);
    let before = mia.server().heard().len();
    ann.post(&group, "two").await;
    world.settles().await;
    assert_eq!(mia.server().heard().len(), before);
    world.end().await;
}

/// 410 by an inbox whose actor lives: what was refused is lost, the member stays.
#[tokio::test]
async fn an_inbox_that_is_gone_is_not_the_end_of_a_living_actor() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let mia = world.mastodon().actor("mia").follows(&group).await;
    let asked = mia.server().times_fetched(&path_of(&mia));
    mia.server().is_next([Mood::Says(410)]);
    ann.post(&group, "one").await;
    world
        .until(
            "select count(*) from destination where gone_at is null and refused = 1",
            1,
        )
        .await;
    let post = ann.post(&group, "two").await;
    mia.hears_of([&post]).once().await;
    world.settles().await;
    assert_eq!(
        mia.server().times_fetched(&path_of(&mia)),
        asked + 1,
        "the actor was asked"
    );
    assert_eq!(total(&world, &group.part("members")).await, 2);
    world.end().await;
}

/// Cavage first; who wants RFC 9421 is knocked at once more, and remembered.
#[tokio::test]
async fn the_second_knock_is_remembered() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let strict = world.mastodon();
    strict.is(Mood::WantsRfc9421);
    let mia = strict.actor("mia").follows(&group).await;
    let posts = ann.posts(&group, ["one", "two"]).await;
    mia.hears_of(&posts).once().in_order().await;
    let schemes: Vec<bool> = strict.heard().iter().map(|heard| heard.rfc9421).collect();
    assert_eq!(
        schemes,
        [false, true, true, true],
        "only the Accept was tried in the old scheme"
    );
    world.settles().await;
    assert_eq!(world.count(FAILING).await, 0, "a second knock is no failure");
    world.end().await;
}

/// Where the first answer takes so long that we must ask again who may have the post, the second knock comes all the same.
#[tokio::test]
async fn a_slow_answer_does_not_repeat_the_first_knock() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let strict = world.mastodon();
    strict.is(Mood::Slowly(&Mood::WantsRfc9421));
    let mia = strict.actor("mia").follows(&group).await;
    let post = ann.post(&group, "one").await;
    mia.hears_of([&post]).once().await;
    let schemes: Vec<bool> = strict.heard().iter().map(|heard| heard.rfc9421).collect();
    assert_eq!(schemes, [false, true, true]);
    let refuses = world.mastodon();
    refuses.is(Mood::Slowly(&Mood::Says(401)));
    let nia = refuses.actor("nia");
    let join = nia.asks(&group).await;
    world.until(FAILING, 1).await;
    assert_eq!(refuses.heard().len(), 2, "each scheme once, then a pause");
    refuses.comes_back();
    world.advance(TimeDelta::minutes(1));
    nia.is_accepted(&join).await;
    world.end().await;
}

/// What a peer never takes is put aside and shown, and an operator's word sends it again; the rest goes on.
#[tokio::test]
async fn an_entry_that_is_never_taken_is_parked_and_may_be_retried() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let tom = world.lemmy().actor("tom").follows(&group).await;
    tom.server().is_next(vec![Mood::Says(500); 5]);
    let posts = ann.posts(&group, ["one", "two"]).await;
    for tries in 1..5 {
        world
            .until(
                "select coalesce(max(failures), 0)::bigint from destination",
                tries,
            )
            .await;
        let wait = world.count(WAIT).await;
        world.advance(TimeDelta::seconds(wait));
    }
    tom.hears_of(&posts[1..]).once().await;
    world.settles().await;
    tom.hears_of(&posts[..1]).nothing();
    assert_eq!(world.count("select count(*) from parked").await, 1);
    let retried = world
        .house()
        .store
        .queue_retry(tom.server().authority())
        .await
        .unwrap();
    assert_eq!(retried, 1);
    tom.hears_of(&posts[..1]).once().await;
    world.settles().await;
    assert_eq!(world.count("select count(*) from parked").await, 0);
    world.end().await;
}

/// An inbox that sends us elsewhere: its actor says where, and what was missed goes there.
#[tokio::test]
async fn who_has_moved_its_inbox_is_found_again() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let gts = world.server("gotosocial");
    let mia = gts.actor("mia").follows(&group).await;
    let elsewhere = format!("{}/new/inbox", gts.base());
    mia.publishes(|document| document["inbox"] = serde_json::json!(elsewhere));
    gts.is_next([Mood::Moved(elsewhere.clone())]);
    let posts = ann.posts(&group, ["one", "two"]).await;
    world.until(FAILING, 1).await;
    mia.hears_of(&posts).once().in_order().await;
    assert!(mia.heard().iter().all(|heard| elsewhere.ends_with(&heard.inbox)));
    world.advance(TimeDelta::minutes(2));
    world.end().await;
}
