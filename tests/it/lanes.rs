//! Lanes in rare weather: long absence, refusals while something is stuck, leaving with a post under way, no key.
//!
//! One rule: what is not sent is seen by an operator, in `queue status`.

use chrono::TimeDelta;
use folkmoot::store::{Fate, Item, QueueRow, Settled, Walls};
use serde_json::json;

use crate::support::peer::{Actor, Group, Mood, Said};
use crate::support::world::World;

pub(crate) const FAILURES: &str = "select coalesce(max(failures), 0)::bigint from destination";
pub(crate) const WAIT: &str =
    "select extract(epoch from next_try - last_try)::bigint from destination where failures > 0";

/// What `queue status` says of somebody's server.
async fn row(world: &World, actor: &Actor) -> QueueRow {
    let rows = world.house().store.queue_status(&Walls::default()).await.unwrap();
    let host = actor.server().authority();
    rows.into_iter().find(|row| row.host == host).unwrap()
}

/// Lets a server fail until it has failed so many times.
pub(crate) async fn fails(world: &World, times: i64) {
    for failures in 1..=times {
        world.until(FAILURES, failures).await;
        if failures < times {
            let wait = world.count(WAIT).await;
            world.advance(TimeDelta::seconds(wait));
        }
    }
}

/// Prunes the log, as the chore does, until nothing more goes; one entry at a time, so that chunks have to add up.
async fn prune(world: &World) {
    let store = &world.house().store;
    let (kept, longest) = (TimeDelta::days(14), TimeDelta::days(30));
    while store
        .forget_entries(store.now() - kept, store.now() - longest, 1)
        .await
        .unwrap()
        > 0
    {}
    world.until("select count(*) from entry", 0).await;
}

/// Away for longer than entries are kept: what was missed is said, and the rest goes on from there.
#[tokio::test]
async fn who_was_away_for_too_long_has_a_gap() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let tom = world.lemmy().actor("tom").follows(&group).await;
    tom.server().goes_away();
    let missed = ann.posts(&group, ["one", "two", "three"]).await;
    world.until(FAILURES, 1).await;
    world.until("select count(*) from entry", 3).await;
    // Whoever is there has all of it: what a lane needs is not dropped.
    world
        .until(
            "select count(*) from subscription s join group_seq g using (group_id) where s.cursor < g.seq",
            1,
        )
        .await;
    let given_up =
        "with given_up as (update destination set parked_at = next_try where failures > 0 returning 1)
                    select count(*) from given_up";
    assert_eq!(world.count(given_up).await, 1);
    let others = "select count(*) from due_entry v join destination d on d.id = v.destination_id where d.parked_at is null";
    world.until(others, 0).await;
    let written = world.house().store.now();
    world.advance(TimeDelta::days(15));
    prune(&world).await;
    let gaps = row(&world, &tom).await.gaps.0;
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    assert_eq!((gaps[0].group.as_str(), gaps[0].entries), ("garden", 3));
    assert!(gaps[0].from <= gaps[0].until && gaps[0].until <= written);
    tom.server().comes_back();
    let host = tom.server().authority();
    assert_eq!(world.house().store.queue_retry(host).await.unwrap(), 1);
    let next = ann.post(&group, "four").await;
    tom.hears_of([&next]).once().await;
    world.settles().await;
    tom.hears_of(&missed).nothing();
    assert_eq!(row(&world, &tom).await.gaps.0, gaps, "it stays");
    assert!(
        row(&world, &ann).await.gaps.0.is_empty(),
        "ann's server missed nothing"
    );
    world.end().await;
}

/// What was put aside and is dropped is missed, and not put aside for ever.
#[tokio::test]
async fn what_is_put_aside_is_dropped_in_the_end() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let tom = world.lemmy().actor("tom").follows(&group).await;
    tom.server().is_next(vec![Mood::Says(500); 5]);
    let posts = ann.posts(&group, ["one", "two"]).await;
    fails(&world, 4).await;
    let wait = world.count(WAIT).await;
    world.advance(TimeDelta::seconds(wait));
    tom.hears_of(&posts[1..]).once().await;
    world.settles().await;
    assert_eq!(row(&world, &tom).await.parked_entries, 1);
    world.advance(TimeDelta::days(15));
    prune(&world).await;
    let row = row(&world, &tom).await;
    assert_eq!(row.parked_entries, 0);
    assert_eq!(row.gaps.0.iter().map(|gap| gap.entries).sum::<i64>(), 1);
    world.end().await;
}

async fn whispers(who: &Actor, group: &Group) -> Said {
    let create = who.speaks(|me| {
        json!({
            "id": (me.mint)("activities"), "type": "Create", "actor": me.id, "to": [group.id], "audience": group.id,
            "object": {
                "id": (me.mint)("notes"), "type": "Note", "content": "for members only", "attributedTo": me.id,
                "to": [group.id], "published": me.now,
            },
        })
    });
    let post = create["object"]["id"].as_str().unwrap().to_owned();
    let said = who.would_say(create, post, false);
    who.sends_to(&group.inbox(), &said.text).await.is(202);
    said
}

/// Entries for members that pass an inbox by are counted, whether its cursor passes them alone or with others.
#[tokio::test]
async fn what_is_withheld_is_counted() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let xia = world.explainer().actor("xia").follows(&group).await;
    let xen = world.explainer().actor("xen").follows(&group).await;
    let tom = world.lemmy().actor("tom").follows(&group).await;
    let whisper = whispers(&xia, &group).await;
    xen.hears_of([&whisper]).once().await;
    world.settles().await;
    world
        .until(
            "select count(*) from subscription s join group_seq g using (group_id) where s.cursor < g.seq",
            0,
        )
        .await;
    assert_eq!(row(&world, &tom).await.withheld, 1);
    tom.server().goes_away();
    let loud = xia.post(&group, "for all").await;
    whispers(&xia, &group).await;
    let last = xia.post(&group, "for all again").await;
    world.until(FAILURES, 1).await;
    tom.server().comes_back();
    world.advance(TimeDelta::minutes(1));
    tom.hears_of([&loud, &last]).once().in_order().await;
    world.settles().await;
    assert_eq!(row(&world, &tom).await.withheld, 2);
    assert_eq!(row(&world, &xen).await.withheld, 0, "xen got both");
    world.end().await;
}

/// An inbox that nobody reads any more is no place for what is said to members.
#[tokio::test]
async fn an_inbox_without_readers_gets_nothing_for_members() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let xia = world.explainer().actor("xia").follows(&group).await;
    let xen = world.explainer().actor("xen").follows(&group).await;
    xen.server().goes_away();
    let whisper = whispers(&xia, &group).await;
    world.until(FAILURES, 1).await;
    let due = "select count(*) from due_entry";
    world.until(due, 1).await;
    let gone = "with gone as (update membership m set destination_id = null from destination d
                    where d.id = m.destination_id and d.failures > 0 returning 1)
                select count(*) from gone";
    assert_eq!(world.count(gone).await, 1);
    assert_eq!(world.count(due).await, 0);
    xen.server().comes_back();
    world.advance(TimeDelta::minutes(1));
    world.settles().await;
    xen.hears_of([&whisper]).nothing();
    world.end().await;
}

/// It was on its way when the last reader left, and is taken back later: they hear of that, and of nothing else.
#[tokio::test]
async fn what_was_under_way_when_they_left_is_taken_back() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let tom = world.lemmy().actor("tom");
    let join = tom.asks(&group).await;
    tom.is_accepted(&join).await;
    world.settles().await;
    tom.server().goes_away();
    let posts = ann.posts(&group, ["one", "two"]).await;
    let gone = ann.deletes(&group, &posts[0]).await;
    let unheard = ann.deletes(&group, &posts[1]).await;
    world.until(FAILURES, 1).await;
    // What he says must not bring the next try forward: the lane is shut, as it is while something is under way.
    let shut = "with shut as (update destination set hurried_at = next_try where failures > 0 returning 1)
                select count(*) from shut";
    assert_eq!(world.count(shut).await, 1);
    tom.leaves(&group, &join).await;
    world
        .until("select count(*) from subscription where left_at is not null", 1)
        .await;
    let number = world
        .count("select id from subscription where left_at is not null")
        .await;
    let lane = world
        .count("select destination_id from subscription where left_at is not null")
        .await;
    let home = world
        .count("select group_id from subscription where left_at is not null")
        .await;
    tom.server().comes_back();
    let first = Item::Entry {
        subscription: number,
        group: home,
        seq: 1,
    };
    let settled = Settled {
        fates: vec![(first, Fate::Delivered)],
        error: None,
        gone: false,
        slow: false,
        still_failing: false,
    };
    world.house().store.settle(lane, &settled).await.unwrap();
    tom.hears_of([&gone]).once().await;
    world.settles().await;
    tom.hears_of([&posts[0], &posts[1], &unheard]).nothing();
    world.end().await;
}

/// What is refused while an earlier one is stuck is refused once, and the stuck one stays the next.
#[tokio::test]
async fn a_refusal_behind_a_stuck_entry_is_remembered() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let tom = world.lemmy().actor("tom").follows(&group).await;
    let mut moods = vec![Mood::Says(500); 5];
    moods.extend([Mood::Says(403), Mood::Says(500)]);
    tom.server().is_next(moods);
    let posts = ann.posts(&group, ["one", "two", "three"]).await;
    fails(&world, 5).await;
    world
        .until("select sum(refused)::bigint from destination", 1)
        .await;
    let seen = row(&world, &tom).await;
    assert_eq!((seen.failures, seen.entries), (5, 2), "it goes on backing off");
    let wait = world.count(WAIT).await;
    world.advance(TimeDelta::seconds(wait));
    tom.hears_of([&posts[0], &posts[2]]).once().in_order().await;
    world.settles().await;
    tom.hears_of(&posts[1..2]).nothing();
    assert_eq!(world.count("select count(*) from refused_early").await, 0);
    assert_eq!(row(&world, &tom).await.parked_entries, 0);
    world.end().await;
}

/// A key of ours is missing: nobody's lane fails for it, the queue says why, and what waited is sent.
#[tokio::test]
async fn a_missing_key_of_ours_is_nobody_elses_fault() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let lost = "with lost as (update own_key set purpose = 'lost' where purpose = 'group:garden' returning 1)
                select count(*) from lost";
    assert_eq!(world.count(lost).await, 1);
    let tom = world.lemmy().actor("tom");
    let join = tom.asks(&group).await;
    world
        .until("select count(*) from destination where next_try is not null", 1)
        .await;
    let waiting = row(&world, &tom).await;
    assert_eq!((waiting.failures, waiting.failing_since), (0, None));
    let why = waiting.last_error.unwrap();
    assert!(why.contains("no key for group:garden"), "{why}");
    let found =
        "with found as (update own_key set purpose = 'group:garden' where purpose = 'lost' returning 1)
                 select count(*) from found";
    assert_eq!(world.count(found).await, 1);
    world.advance(TimeDelta::minutes(1));
    tom.is_accepted(&join).await;
    world.end().await;
}
