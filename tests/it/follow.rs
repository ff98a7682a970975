//! Groups that follow groups: here, elsewhere, in rings.
//!
//! One rule: whatever the ring, each post is in each group once, and each member hears of it once.

use folkmoot::domain::Iri;

use crate::relayed::Elsewhere;
use crate::support::peer::Group;
use crate::support::world::World;

/// Groups of other servers that were asked, and said yes.
pub const ACCEPTED: &str = "select count(*) from following where accepted_at is not null";

pub async fn follow(world: &World, group: &Group, other: &str) {
    let other = Iri::object(other).unwrap();
    world.house().engine.follow(group.name(), &other).await.unwrap();
}

pub async fn total(world: &World, group: &Group) -> u64 {
    world.document(&group.part("outbox")).await["totalItems"]
        .as_u64()
        .unwrap()
}

/// Until neither world has anything due: what one sends is work for the other.
async fn settle(worlds: &[&World]) {
    for _ in 0..=worlds.len() {
        for world in worlds {
            world.settles().await;
        }
    }
}

/// Two groups of one server that follow each other: a thread is in both, and told once.
#[tokio::test]
async fn two_groups_of_one_server_do_not_loop() {
    let world = World::start().await;
    let (garden, kitchen) = (world.group("garden").await, world.group("kitchen").await);
    follow(&world, &garden, &kitchen.id).await;
    follow(&world, &kitchen, &garden.id).await;
    let ann = world.mastodon().actor("ann").follows(&garden).await;
    let bob = world.lemmy().actor("bob").follows(&kitchen).await;
    let cleo = world.mastodon().actor("cleo").follows(&kitchen).await;
    let tom = world.lemmy().actor("tom").follows(&garden).await;
    let post = ann.post(&garden, "one").await;
    let back = bob.post(&kitchen, "two").await;
    tom.hears_of([&post, &back]).once().await;
    bob.hears_of([&post]).once().await;
    cleo.hears_of([&post, &back]).once().await;
    world.settles().await;
    assert_eq!(
        (total(&world, &garden).await, total(&world, &kitchen).await),
        (2, 2)
    );
    assert_eq!(world.count("select count(*) from post").await, 2);
    world.end().await;
}

/// A comment goes where its thread went, and its author hears of no refusal by a group that they never wrote to.
#[tokio::test]
async fn comments_follow_their_thread() {
    let world = World::start().await;
    let (garden, kitchen) = (world.group("garden").await, world.group("kitchen").await);
    follow(&world, &kitchen, &garden.id).await;
    let ann = world.mastodon().actor("ann").follows(&garden).await;
    let bob = world.lemmy().actor("bob").follows(&kitchen).await;
    let post = ann.post(&garden, "one").await;
    bob.hears_of([&post]).once().await;
    let reply = ann.replies(&garden, &post, "and").await;
    bob.hears_of([&reply]).once().await;
    world.settles().await;
    let refused: Vec<_> = ann
        .heard()
        .into_iter()
        .filter(|heard| heard.kind() == "Reject")
        .collect();
    assert!(refused.is_empty(), "{refused:?}");
    world.end().await;
}

/// Two servers: each announces what the other announced, once.
#[tokio::test]
async fn two_servers_do_not_loop() {
    let (here, there) = (World::start().await, World::start().await);
    let (garden, kitchen) = (here.group("garden").await, there.group("kitchen").await);
    follow(&here, &garden, &kitchen.id).await;
    follow(&there, &kitchen, &garden.id).await;
    here.until(ACCEPTED, 1).await;
    there.until(ACCEPTED, 1).await;
    let ann = here.lemmy().actor("ann").follows(&garden).await;
    let tom = here.mastodon().actor("tom").follows(&garden).await;
    let bob = there.lemmy().actor("bob").follows(&kitchen).await;
    let mia = there.mastodon().actor("mia").follows(&kitchen).await;
    let one = ann.post(&garden, "one").await;
    bob.hears_of([&one]).once().await;
    mia.hears_of([&one]).once().await;
    let two = bob.post(&kitchen, "two").await;
    ann.hears_of([&two]).once().await;
    tom.hears_of([&one, &two]).once().in_order().await;
    settle(&[&here, &there]).await;
    for (world, group) in [(&here, &garden), (&there, &kitchen)] {
        assert_eq!(total(world, group).await, 2);
        assert_eq!(world.count("select count(*) from entry").await, 2);
    }
    here.end().await;
    there.end().await;
}

/// A ring of three, over two servers.
#[tokio::test]
async fn a_ring_of_three_ends() {
    let (here, there) = (World::start().await, World::start().await);
    let (a, b, c) = (
        here.group("a").await,
        here.group("b").await,
        there.group("c").await,
    );
    follow(&here, &a, &c.id).await;
    follow(&here, &b, &a.id).await;
    follow(&there, &c, &b.id).await;
    here.until(ACCEPTED, 2).await;
    there.until(ACCEPTED, 1).await;
    let ann = here.lemmy().actor("ann").follows(&a).await;
    let bob = here.lemmy().actor("bob").follows(&b).await;
    let cleo = there.mastodon().actor("cleo").follows(&c).await;
    let one = ann.post(&a, "one").await;
    bob.hears_of([&one]).once().await;
    cleo.hears_of([&one]).once().await;
    let two = bob.post(&b, "two").await;
    cleo.hears_of([&two]).once().await;
    ann.hears_of([&two]).once().await;
    settle(&[&here, &there]).await;
    let totals = [
        total(&here, &a).await,
        total(&here, &b).await,
        total(&there, &c).await,
    ];
    assert_eq!(totals, [2, 2, 2]);
    here.end().await;
    there.end().await;
}

/// What a followed group announces is announced onward, whichever way it announces it.
#[tokio::test]
async fn what_a_followed_group_announces_goes_onward() {
    let world = World::start().await;
    let garden = world.group("garden").await;
    let elsewhere = Elsewhere::new(&world);
    let tom = world.lemmy().actor("tom").follows(&garden).await;
    let mia = world.mastodon().actor("mia").follows(&garden).await;
    follow(&world, &garden, &elsewhere.group.id()).await;
    elsewhere.answers(&garden, "Accept").await;
    world.until(ACCEPTED, 1).await;

    let whole = elsewhere.posts("an activity");
    elsewhere.announces(&garden, whole.clone()).await;
    let whole = elsewhere.author.would_say(
        whole.clone(),
        whole["object"]["id"].as_str().unwrap().to_owned(),
        false,
    );
    tom.hears_of([&whole]).once().await;
    mia.hears_of([&whole]).once().await;

    let bare = elsewhere.posts("an id");
    elsewhere.announces(&garden, bare["object"]["id"].clone()).await;
    let post = bare["object"]["id"].as_str().unwrap().to_owned();
    let bare = elsewhere.author.would_say(bare, post, false);
    mia.hears_of([&bare]).once().await;
    elsewhere
        .announces(&garden, bare.document["object"]["id"].clone())
        .await;
    world.settles().await;
    assert_eq!(total(&world, &garden).await, 2);
    world.end().await;
}

/// An Announce of another's words is believed only as the author's own server tells them (ANN01).
#[tokio::test]
async fn a_followed_group_cannot_put_words_into_mouths() {
    let world = World::start().await;
    let garden = world.group("garden").await;
    let elsewhere = Elsewhere::new(&world);
    let tom = world.lemmy().actor("tom").follows(&garden).await;
    let victim = world.lemmy().actor("victim");
    follow(&world, &garden, &elsewhere.group.id()).await;
    elsewhere.answers(&garden, "Accept").await;
    world.until(ACCEPTED, 1).await;
    let theirs = Group {
        id: elsewhere.group.id(),
    };
    let forged = victim.speaks(|me| victim.server().software().manners.post(me, &theirs, "never said"));
    elsewhere.announces(&garden, forged).await;
    world.settles().await;
    assert_eq!(total(&world, &garden).await, 0);
    let quiet = tom.heard().iter().all(|heard| heard.kind() != "Announce");
    assert!(quiet, "nobody heard of it");
    world.end().await;
}

/// Not asked, not accepted, or not followed any more: what it announces is not ours to pass on.
#[tokio::test]
async fn only_groups_that_said_yes_are_listened_to() {
    let world = World::start().await;
    let garden = world.group("garden").await;
    let elsewhere = Elsewhere::new(&world);
    let announce = async |text: &str| {
        let create = elsewhere.posts(text);
        elsewhere.announces(&garden, create).await;
        world.settles().await;
        total(&world, &garden).await
    };
    assert_eq!(announce("never asked").await, 0);
    follow(&world, &garden, &elsewhere.group.id()).await;
    assert_eq!(announce("not answered").await, 0);
    elsewhere.answers(&garden, "Accept").await;
    world.until(ACCEPTED, 1).await;
    assert_eq!(announce("accepted").await, 1);
    let cats = Iri::object(&elsewhere.group.id()).unwrap();
    world.house().engine.unfollow("garden", &cats).await.unwrap();
    let undo = elsewhere
        .server
        .hears("an Undo", |heard| heard.kind() == "Undo")
        .await;
    assert_eq!(undo.document["object"]["object"], elsewhere.group.id());
    assert_eq!(announce("unfollowed").await, 1);
    world.end().await;
}

/// Only groups are followed.
#[tokio::test]
async fn a_person_is_not_followed() {
    let world = World::start().await;
    world.group("garden").await;
    let ann = world.mastodon().actor("ann");
    let error = world
        .house()
        .engine
        .follow("garden", &Iri::object(&ann.id()).unwrap())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("not a group"), "{error}");
    world.end().await;
}
