//! The queue behind what operators see: what is kept of the past, what is given up, and how far everybody is behind.
//!
//! One rule: what is counted in one walk is what is due one by one.

use chrono::TimeDelta;
use folkmoot::store::{QueueRow, Walls};
use sqlx::{AssertSqlSafe, PgConnection};

use crate::lanes::{FAILURES, WAIT, fails};
use crate::support::database::Database;
use crate::support::peer::{Actor, Mood};
use crate::support::world::World;

async fn row(world: &World, actor: &Actor) -> QueueRow {
    let host = Some(actor.server().authority());
    let rows = world.house().store.queue_of(host, &Walls::default()).await;
    rows.unwrap().swap_remove(0)
}

/// Refusals, and silence, for as long as it may be: the newest twenty are told.
#[tokio::test]
async fn the_newest_outcomes_are_kept() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let tom = world.lemmy().actor("tom").follows(&group).await;
    world.settles().await;
    tom.server().is(Mood::Says(403));
    for number in 0..22 {
        ann.post(&group, &format!("post {number}")).await;
    }
    world
        .until("select sum(refused)::bigint from destination", 22)
        .await;
    let outcomes = || async {
        let store = &world.house().store;
        store.outcomes_of(tom.server().authority()).await.unwrap()
    };
    let refused = outcomes().await;
    assert_eq!(refused.len(), 20);
    assert!(
        refused
            .iter()
            .all(|one| one.what == "refused" && one.activity.is_some())
    );

    tom.server().goes_away();
    let last = ann.post(&group, "last").await;
    world.until(FAILURES, 1).await;
    let silent = outcomes().await;
    assert_eq!(silent.len(), 20);
    assert_eq!(
        (silent[0].what.as_str(), silent[0].activity),
        ("later", None),
        "nobody's fault"
    );
    assert!(silent[0].next_try.is_some());
    assert_eq!(silent[1..], refused[..19]);
    tom.server().comes_back();
    world.advance(TimeDelta::minutes(1));
    tom.hears_of([&last]).once().await;
    world.end().await;
}

/// What was put aside is given up with the rest: missed, and not tried again.
#[tokio::test]
async fn what_was_put_aside_can_be_given_up() {
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
    let (store, host) = (&world.house().store, tom.server().authority());
    let outcomes = store.outcomes_of(host).await.unwrap();
    assert_eq!(outcomes[0].what, "parked", "{outcomes:?}");
    assert!(
        outcomes[1..]
            .iter()
            .all(|one| one.what == "later" && one.activity == outcomes[0].activity)
    );

    let would = store.queue_drop(host, false).await.unwrap();
    assert_eq!((would.entries, would.letters, would.parked), (0, 0, 1));
    assert_eq!(row(&world, &tom).await.parked_entries, 1, "counted only");
    assert_eq!(store.queue_drop(host, true).await.unwrap(), would);
    let after = row(&world, &tom).await;
    assert_eq!((after.parked_entries, after.missed()), (0, 1));
    store.queue_retry(host).await.unwrap();
    let next = ann.post(&group, "three").await;
    tom.hears_of([&next]).once().await;
    tom.hears_of(&posts[..1]).nothing();
    world.end().await;
}

/// A host that failed for days and was then paused is not given up at the first failure after the pause.
#[tokio::test]
async fn patience_begins_anew_after_a_pause() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let tom = world.lemmy().actor("tom").follows(&group).await;
    world.settles().await;
    tom.server().is(Mood::Says(502));
    let post = ann.post(&group, "one").await;
    world.until(FAILURES, 1).await;
    let (store, host) = (&world.house().store, tom.server().authority());
    store.queue_pause(host).await.unwrap();
    world.advance(TimeDelta::days(8));
    let paused = row(&world, &tom).await;
    assert!(paused.lag_seconds >= Some(8 * 86_400), "{paused:?}");
    store.queue_resume(host).await.unwrap();
    world.until("select count(*) from outcome", 2).await;
    let failing = row(&world, &tom).await;
    assert_eq!((failing.failures, failing.parked_at), (1, None));
    tom.server().comes_back();
    world.advance(TimeDelta::minutes(1));
    tom.hears_of([&post]).once().await;
    world.end().await;
}

/// Groups, logs, readers and all that can keep an entry from somebody, thrown together.
const ANY_QUEUE: &str = "
    insert into actor (iri, host, kind, inbox, fetched_at)
        select 'https://h' || n || '.example/u', 'h' || n || '.example', 'Person', 'https://h' || n || '.example/i', at
        from generate_series(1, 60) n, (select timestamptz '2026-01-01' as at) t;
    insert into \"group\" (name, title, owner_id, created_at, updated_at)
        select 'g' || n, 'G', 1, fetched_at, fetched_at from actor, generate_series(1, 3) n where id = 1;
    insert into group_seq (group_id, seq) select id, 40 from \"group\";
    insert into activity (id, group_id, kind, raw, accepted_at)
        select gen_random_uuid(), id, 'posted', '{}', created_at from \"group\", generate_series(1, 40);
    insert into entry (group_id, seq, activity_id, audience, author_host, retracts, at)
        select group_id, seq, id, case when random() < 0.3 then 'members' else 'public' end,
            'h' || ceil(random() * 10) || '.example', case when random() < 0.2 and seq > 5 then seq - 5 end,
            accepted_at + (seq + 3 * random()) * interval '1 minute'
        from (select *, row_number() over (partition by group_id) as seq from activity) a;
    insert into entry_shape (group_id, seq, shape, head, skip_author)
        select group_id, seq, shape, 'x', shape = 'a' from entry, unnest(array['a', 'b', 'c']) as shape
        where random() < 0.8;
    insert into destination (inbox, host) select inbox, host from actor;
    insert into subscription (group_id, destination_id, shape, from_seq, cursor, until_seq, left_at)
        select group_id, id, shape, 0, cursor,
            case when kind < 0.2 then least(40, cursor + floor(random() * 10)) end,
            case when kind < 0.1 then cursor end
        from (select g.id as group_id, d.id, nullif((array['a', 'b', 'c', ''])[ceil(random() * 4)], '') as shape,
                floor(random() * 41) as cursor, random() as kind
              from destination d, \"group\" g) s;
    insert into membership (group_id, actor_id, follower, member, state, destination_id, since)
        select g.id, a.id, random() < 0.7, random() < 0.7, 'in', d.id, a.fetched_at
        from actor a join destination d on d.inbox = a.inbox, \"group\" g where random() < 0.9;
    insert into refused_early (subscription_id, seq)
        select id, cursor + 2 from subscription where random() < 0.2 and cursor < 38";

/// How many subscriptions are counted otherwise in one walk than one by one.
const DIFFERENT: &str = "
    select count(*) from (
        select subscription_id, entries, oldest from lag where entries > 0) walk
    full join (
        select subscription_id, count(*) as entries, min(at) as oldest from due_entry group by subscription_id) each
    using (subscription_id)
    where walk.entries is distinct from each.entries or walk.oldest is distinct from each.oldest";

/// The one walk over the log counts what `due_entry` finds subscription by subscription.
#[tokio::test]
async fn one_walk_counts_what_is_due_to_each() {
    for seed in 1..=5 {
        let mut connection = Database::create().await.connect().await;
        let seed = format!("select setseed(0.{seed})");
        run(&mut connection, &seed).await;
        run(&mut connection, ANY_QUEUE).await;
        let count = async |connection: &mut PgConnection, query: &'static str| -> i64 {
            sqlx::query_scalar(query).fetch_one(connection).await.unwrap()
        };
        assert!(count(&mut connection, "select count(*) from due_entry").await > 500);
        assert_eq!(count(&mut connection, DIFFERENT).await, 0, "{seed}");
    }
}

async fn run(connection: &mut PgConnection, statements: &str) {
    sqlx::raw_sql(AssertSqlSafe(statements.to_owned()))
        .execute(connection)
        .await
        .unwrap();
}
