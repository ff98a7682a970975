//! What is decided alone: each holds a connection while it waits for its group, and none of them holds up the others.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::InTheWay;
use crate::support::peer::Actor;
use crate::support::world::World;

/// What is decided is decided about the group as it is when its turn has come, and not as it was when somebody queued for it.
#[tokio::test]
async fn a_group_that_ceases_to_take_members_takes_nobody_who_waits() {
    let world = World::start().await;
    let garden = world.group("garden").await;
    let other = world.group("orchard").await;
    // Known, so that nothing has to be fetched in between.
    let ann = world.explainer().actor("ann").follows(&other).await;
    let mut in_the_way = InTheWay::of(&world, "garden").await;
    in_the_way
        .changes("update \"group\" set join_policy = 'closed' where name = $1")
        .await;
    let asking = tokio::spawn({
        let (ann, garden) = (ann.clone(), garden.clone());
        async move { ann.asks(&garden).await }
    });
    in_the_way.is_waited_for().await;
    in_the_way.goes().await;
    let asked = asking.await.unwrap();
    ann.is_rejected(&asked).await;
    let inside =
        "select count(*) from membership m join \"group\" g on g.id = m.group_id and g.name = 'garden'";
    assert_eq!(world.count(inside).await, 0);
    world.end().await;
}

/// However many write records of themselves while a group has no time, everybody else is served.
#[tokio::test]
async fn records_leave_connections_for_everybody_else() {
    let world = World::start_with(&[("DATABASE__CONNECTIONS", "8")]).await;
    let group = world.group("garden").await;
    let other = world.group("orchard").await;
    let server = world.explainer();
    let people: Vec<Actor> = (0..20).map(|n| server.actor(&format!("member{n}"))).collect();
    // Known, so that nothing has to be fetched in between.
    for person in &people {
        person.asks(&other).await;
    }
    world.settles().await;
    let mut in_the_way = InTheWay::of(&world, "garden").await;
    let writing = people.iter().cloned().map(|person| {
        let group = group.clone();
        tokio::spawn(async move {
            let record = json!({"type": "Member", "actor": person.id(), "group": group.id});
            person
                .calls("POST", &group.part("members"), Some(&record))
                .await
                .status
        })
    });
    let writing: Vec<_> = writing.collect();
    in_the_way.is_waited_for().await;
    // Time for all of them to come, and to be served beside them.
    let waiting = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    for _ in 0..80 {
        world.document(&other.id).await;
        assert!(world.count(waiting).await <= 4, "half of the connections");
    }
    people[0].post(&other, "served all the same").await;
    in_the_way.goes().await;
    for status in join_all(writing).await {
        assert_eq!(status.unwrap(), 201);
    }
    world.end().await;
}

/// What one says of a post.
fn says(who: &Actor, kind: &str, object: &Value, more: &Value) -> String {
    let mut document =
        who.speaks(|me| json!({"id": (me.mint)("activity"), "type": kind, "actor": me.id, "object": object}));
    for (field, value) in more.as_object().unwrap() {
        document[field] = value.clone();
    }
    document.to_string()
}

/// An admin's proposal, an admin's Remove and the author's Delete of one post hold the same things in the same order: nobody
/// waits in a ring, and the post goes once.
#[tokio::test]
async fn three_ways_out_at_once_are_one() {
    let world = World::start().await;
    let owner = world.explainer().actor("owner");
    let group = world
        .group_of(&owner, "garden", folkmoot::domain::Policies::default())
        .await;
    let ann = world.explainer().actor("ann").follows(&group).await;
    for round in 0..6 {
        let post = ann.post(&group, &format!("round {round}")).await;
        let to = json!({"to": [group.id]});
        let delete = json!({"type": "Delete", "object": post.post});
        let remove = json!({"to": [group.id], "target": group.part("outbox")});
        let doors = [group.inbox(), format!("{}/inbox", world.base())];
        let bodies = [
            (&owner, says(&owner, "Offer", &delete, &to)),
            (&owner, says(&owner, "Remove", &json!(post.post), &remove)),
            (&ann, says(&ann, "Delete", &json!(post.post), &to)),
        ];
        let sent = bodies
            .iter()
            .zip(doors.iter().cycle())
            .map(|((who, body), door)| who.sends_to(door, body));
        for answer in join_all(sent).await {
            assert!([202, 404].contains(&answer.status), "{}", answer.body);
        }
    }
    let there = "select count(*) from post p join post_group pg on pg.post_id = p.id
                 where pg.removed_at is null and p.deleted_at is null";
    assert_eq!(world.count(there).await, 0);
    world.end().await;
}

/// Somebody's account goes while admins of two groups decide about what they wrote: neither waits for the other's end.
#[tokio::test]
async fn an_account_goes_while_admins_decide() {
    let world = World::start().await;
    let owner = world.explainer().actor("owner");
    let policies = folkmoot::domain::Policies {
        review: folkmoot::domain::Review::All,
        ..folkmoot::domain::Policies::default()
    };
    let garden = world.group_of(&owner, "garden", policies).await;
    let orchard = world.group_of(&owner, "orchard", policies).await;
    let server = world.explainer();
    for round in 0..4 {
        let ann = server.actor(&format!("ann{round}"));
        let mut sent = vec![];
        for group in [&orchard, &garden] {
            let joined = ann.asks(group).await;
            ann.is_accepted(&joined).await;
            let post = ann.post(group, "one").await;
            sent.push((
                group.inbox(),
                says(&owner, "Accept", &json!(post.id()), &json!({"to": [group.id]})),
            ));
        }
        let gone = says(&ann, "Delete", &json!(ann.id()), &json!({}));
        let shared = format!("{}/inbox", world.base());
        let (left, first, second) = tokio::join!(
            ann.sends_to(&shared, &gone),
            owner.sends_to(&sent[0].0, &sent[0].1),
            owner.sends_to(&sent[1].0, &sent[1].1),
        );
        for answer in [left, first, second] {
            // Who comes too late hears so.
            assert!([202, 403, 404].contains(&answer.status), "{}", answer.body);
        }
        let waits = "select count(*) from held where decided_at is null";
        assert_eq!(world.count(waits).await, 0);
    }
    world.end().await;
}

/// Somebody who holds the id of a post, and looks what those who wait for it hold already.
async fn holds_of_who_waits_for(world: &World, post: &str, said: Vec<(Actor, String)>) -> [bool; 2] {
    // Whoever tells admins that something waits holds it, too, for a moment.
    world.settles().await;
    let mut behind = world.behind().await;
    sqlx::raw_sql("begin").execute(&mut behind).await.unwrap();
    sqlx::query("select pg_advisory_xact_lock($1)")
        .bind(folkmoot::store::turn::key_of(post))
        .execute(&mut behind)
        .await
        .unwrap();
    let mut in_the_way = InTheWay {
        connection: behind,
        group: "garden".to_owned(),
    };
    let sent = super::sending(world, said);
    in_the_way.is_waited_for().await;
    let mut free = [false; 2];
    for (free, table) in free.iter_mut().zip([
        "select count(*) from (select from group_seq for no key update skip locked) s",
        "select count(*) from (select from held for update skip locked) h",
    ]) {
        let all = table
            .replace(" for no key update skip locked", "")
            .replace(" for update skip locked", "");
        let mut look = world.behind().await;
        let unlocked: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(table))
            .fetch_one(&mut look)
            .await
            .unwrap();
        let rows: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(all))
            .fetch_one(&mut look)
            .await
            .unwrap();
        *free = unlocked == rows;
    }
    in_the_way.goes().await;
    assert!(super::statuses(sent).await.iter().all(|status| *status == 202));
    free
}

/// Ids first, then groups: whoever waits for the id of a post keeps no group, and nothing that waits, from anybody.
#[tokio::test]
async fn whoever_waits_for_an_id_holds_no_group() {
    let world = World::start().await;
    let owner = world.explainer().actor("owner");
    let policies = folkmoot::domain::Policies {
        review: folkmoot::domain::Review::NonMembers,
        post: folkmoot::domain::PostPolicy::Anyone,
        ..folkmoot::domain::Policies::default()
    };
    let group = world.group_of(&owner, "garden", policies).await;
    let ann = world.explainer().actor("ann").follows(&group).await;
    let to = json!({"to": [group.id]});
    let mut remove = to.clone();
    remove["target"] = json!(group.part("outbox"));
    for propose in [true, false] {
        let post = ann.post(&group, "to be taken out").await;
        let body = if propose {
            let delete = json!({"type": "Delete", "object": post.post});
            says(&owner, "Offer", &delete, &to)
        } else {
            says(&owner, "Remove", &json!(post.post), &remove)
        };
        let free = holds_of_who_waits_for(&world, &post.post, vec![(owner.clone(), body)]).await;
        assert_eq!(free, [true, true]);
    }
    let eve = world.explainer().actor("eve");
    let post = eve.post(&group, "waits for an admin").await;
    let gone = says(&eve, "Delete", &json!(eve.id()), &json!({}));
    let free = holds_of_who_waits_for(&world, &post.post, vec![(eve.clone(), gone)]).await;
    assert_eq!(free, [true, true]);
    assert_eq!(
        world
            .count("select count(*) from held where decided_at is null")
            .await,
        0
    );
    world.end().await;
}
