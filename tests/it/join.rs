//! Coming in and leaving, in every dialect's words.

use chrono::TimeDelta;
use folkmoot::domain::{FollowMeans, Iri, JoinPolicy, Policies};
use folkmoot::engine::Whom;
use serde_json::{Value, json};

use crate::support::peer::{Actor, Group};
use crate::support::world::World;

async fn total(world: &World, group: &Group, collection: &str) -> u64 {
    world.document(&group.part(collection)).await["totalItems"]
        .as_u64()
        .unwrap()
}

async fn invited_only(world: &World, join: JoinPolicy) -> Group {
    world
        .group_with(
            "garden",
            Policies {
                join,
                ..Policies::default()
            },
        )
        .await
}

fn iri(actor: &Actor) -> Iri {
    Iri::object(&actor.id()).unwrap()
}

/// The Accept carries what was asked, word for word; a peer would take nothing less.
#[tokio::test]
async fn people_of_every_software_come_in() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let programs = [
        "lemmy",
        "mbin",
        "piefed",
        "mitra",
        "mastodon",
        "misskey",
        "gotosocial",
        "hubzilla",
        "onepage.pub",
    ];
    for software in programs {
        world.server(software).actor("ann").follows(&group).await;
    }
    assert_eq!(total(&world, &group, "members").await, programs.len() as u64);
    let joined = 1; // a Join is for membership, a Follow is for both
    assert_eq!(
        total(&world, &group, "followers").await,
        programs.len() as u64 - joined
    );
    world.end().await;
}

/// The first Accept may never have arrived (lemmy#3203).
#[tokio::test]
async fn asking_again_is_accepted_again() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.mastodon().actor("ann");
    let first = ann.asks(&group).await;
    ann.is_accepted(&first).await;
    let second = ann.asks(&group).await;
    ann.is_accepted(&second).await;
    world.advance(TimeDelta::minutes(10));
    ann.sends_to(&group.inbox(), &first.text).await.is(202);
    world.settles().await;
    let accepts = ann
        .heard()
        .iter()
        .filter(|heard| heard.object_id() == first.id())
        .count();
    assert_eq!(accepts, 2, "the same request again");
    assert_eq!(total(&world, &group, "members").await, 1);
    world.end().await;
}

/// lotide sends both at once: two Accepts, one membership.
#[tokio::test]
async fn a_follow_and_a_join_are_one_membership() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.mastodon().actor("ann");
    for kind in ["Follow", "Join"] {
        let document = ann.speaks(|me| {
            json!({ "id": format!("{}/{kind}", me.id), "type": kind, "actor": me.id, "object": group.id, "to": group.id })
        });
        let said = ann.would_say(document.clone(), String::new(), false);
        ann.sends(&group, &document).await.is(202);
        ann.is_accepted(&said).await;
    }
    assert_eq!(total(&world, &group, "members").await, 1);
    world.end().await;
}

/// Leave, Undo of the Follow, Undo by its id alone, Undo of a Follow that we never saw: all of them end it, and again
/// is no error.
#[tokio::test]
async fn leaving_has_many_words_and_may_be_repeated() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.mastodon().actor("ann");
    let words: [fn(&Value) -> Value; 4] = [
        |join| json!({ "type": "Leave", "object": join["object"] }),
        |join| json!({ "type": "Undo", "object": join }),
        |join| json!({ "type": "Undo", "object": join["id"] }),
        |join| json!({ "type": "Undo", "object": { "id": "http://127.0.0.1/x", "type": "Follow", "actor": join["actor"], "object": join["object"] } }),
    ];
    for word in words {
        let join = ann.asks(&group).await;
        ann.is_accepted(&join).await;
        for _ in 0..2 {
            let mut leave = word(&join.document);
            leave["id"] = json!(ann.server().mint("leave"));
            leave["actor"] = json!(ann.id());
            ann.sends(&group, &leave).await.is(202);
            assert_eq!(total(&world, &group, "members").await, 0, "{leave}");
            assert_eq!(total(&world, &group, "followers").await, 0, "{leave}");
        }
    }
    world.end().await;
}

/// A seen id never changes state.
#[tokio::test]
async fn an_old_request_lets_nobody_in_again() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.mastodon().actor("ann");
    let join = ann.asks(&group).await;
    ann.is_accepted(&join).await;
    ann.leaves(&group, &join).await;
    ann.sends_to(&group.inbox(), &join.text).await.is(202);
    assert_eq!(total(&world, &group, "followers").await, 0);
    ann.clone().follows(&group).await;
    assert_eq!(total(&world, &group, "members").await, 1, "a new one does");
    world.end().await;
}

/// Expelled: told so once; neither the old request nor a new one helps, and the new one gets a Reject.
#[tokio::test]
async fn whoever_is_banned_stays_out() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.mastodon().actor("ann");
    let join = ann.asks(&group).await;
    ann.is_accepted(&join).await;
    let engine = &world.house().engine;
    engine
        .ban("garden", &Whom::Actor(iri(&ann)), None, None)
        .await
        .unwrap();
    ann.is_rejected(&join).await;
    ann.sends_to(&group.inbox(), &join.text).await.is(202);
    let again = ann.asks(&group).await;
    ann.is_rejected(&again).await;
    assert_eq!(total(&world, &group, "members").await, 0);
    engine.unban("garden", &Whom::Actor(iri(&ann))).await.unwrap();
    ann.follows(&group).await;
    world.end().await;
}

/// A ban of a host is a ban of everybody there, and of nobody else.
#[tokio::test]
async fn a_banned_host_sends_nobody() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let bad = world.mastodon();
    let joined = bad.actor("ann");
    let join = joined.asks(&group).await;
    joined.is_accepted(&join).await;
    let host = Whom::Host(bad.authority().to_owned());
    world
        .house()
        .engine
        .ban("garden", &host, None, None)
        .await
        .unwrap();
    joined.is_rejected(&join).await;
    let new = bad.actor("bob");
    let asked = new.asks(&group).await;
    new.is_rejected(&asked).await;
    world.mastodon().actor("cleo").follows(&group).await;
    assert_eq!(total(&world, &group, "members").await, 1);
    world.end().await;
}

/// Where members are approved, a Follow reads at once and waits for the rest.
#[tokio::test]
async fn approval_lets_followers_read_while_they_wait() {
    let world = World::start().await;
    let group = invited_only(&world, JoinPolicy::Approval).await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    assert_eq!(total(&world, &group, "followers").await, 1);
    assert_eq!(total(&world, &group, "members").await, 0);
    let early = ann.speaks(|me| ann.server().software().manners.post(me, &group, "too early"));
    let problem = ann.sends(&group, &early).await.problem(403);
    assert!(
        problem["type"].as_str().unwrap().ends_with("#not-a-member"),
        "{problem}"
    );
    world.house().engine.admit("garden", &iri(&ann)).await.unwrap();
    assert_eq!(total(&world, &group, "members").await, 1);
    ann.post(&group, "in time").await;
    world.end().await;
}

/// A Join asks for membership alone, so its Accept waits for an admin.
#[tokio::test]
async fn approval_answers_a_join_when_it_is_decided() {
    let world = World::start().await;
    let group = invited_only(&world, JoinPolicy::Approval).await;
    let [ann, bob] = ["ann", "bob"].map(|name| world.explainer().actor(name));
    let anns = ann.asks(&group).await;
    let bobs = bob.asks(&group).await;
    world.settles().await;
    assert!(
        ann.heard().is_empty() && bob.heard().is_empty(),
        "nothing is decided yet"
    );
    world.house().engine.admit("garden", &iri(&ann)).await.unwrap();
    world
        .house()
        .engine
        .turn_away("garden", &iri(&bob), None)
        .await
        .unwrap();
    ann.is_accepted(&anns).await;
    bob.is_rejected(&bobs).await;
    assert_eq!(total(&world, &group, "members").await, 1);
    world.end().await;
}

/// Never by status: a microblog would show *pending* for ever.
#[tokio::test]
async fn closed_doors_are_told_by_a_letter() {
    for join in [JoinPolicy::Invite, JoinPolicy::Closed] {
        let world = World::start().await;
        let group = invited_only(&world, join).await;
        let ann = world.explainer().actor("ann");
        let asked = ann.asks(&group).await;
        ann.is_rejected(&asked).await;
        let reader = world.mastodon().actor("bob").follows(&group).await;
        assert_eq!(total(&world, &group, "members").await, 0);
        assert_eq!(
            total(&world, &group, "followers").await,
            1,
            "{} reads",
            reader.id()
        );
        world.end().await;
    }
}

/// `--follow reads`: a Follow is to read, a Join is to post.
#[tokio::test]
async fn a_follow_may_mean_reading_only() {
    let world = World::start().await;
    let policies = Policies {
        follow: FollowMeans::Reads,
        ..Policies::default()
    };
    let group = world.group_with("garden", policies).await;
    let reader = world.lemmy().actor("ann").follows(&group).await;
    let post = reader.speaks(|me| reader.server().software().manners.post(me, &group, "no"));
    reader.sends(&group, &post).await.problem(403);
    world.explainer().actor("bob").follows(&group).await;
    assert_eq!(total(&world, &group, "members").await, 1);
    assert_eq!(total(&world, &group, "followers").await, 1);
    world.end().await;
}

/// The owner may post, is never held, and is no member until they join.
#[tokio::test]
async fn the_owner_is_not_a_member_unless_they_join() {
    let world = World::start().await;
    let owner = world.lemmy().actor("owner");
    let policies = Policies {
        join: JoinPolicy::Closed,
        ..Policies::default()
    };
    let group = world.group_of(&owner, "garden", policies).await;
    assert_eq!(total(&world, &group, "members").await, 0);
    let reader = world.mastodon().actor("bob").follows(&group).await;
    let post = owner.post(&group, "welcome").await;
    reader.hears_of([&post]).once().await;
    world.end().await;
}

/// A Follow that names one group and comes to another's inbox is for the one that it names.
#[tokio::test]
async fn the_object_says_which_group_is_meant() {
    let world = World::start().await;
    let (garden, kitchen) = (world.group("garden").await, world.group("kitchen").await);
    let ann = world.mastodon().actor("ann");
    let follow = ann.speaks(|me| ann.server().software().manners.join(me, &garden));
    ann.sends_to(&kitchen.inbox(), &follow.to_string()).await.is(202);
    ann.server()
        .hears("an Accept", |heard| heard.object_id() == follow["id"])
        .await;
    assert_eq!(total(&world, &garden, "members").await, 1);
    assert_eq!(total(&world, &kitchen, "members").await, 0);
    let shared = format!("{}/inbox", world.base());
    let join = ann.speaks(|me| ann.server().software().manners.join(me, &kitchen));
    ann.sends_to(&shared, &join.to_string()).await.is(202);
    ann.server()
        .hears("an Accept", |heard| heard.object_id() == join["id"])
        .await;
    assert_eq!(total(&world, &kitchen, "members").await, 1);
    world.end().await;
}
