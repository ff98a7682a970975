//! A domain that is away, busy or gone: it is waited for as every other server is, and operators see it as they see those.
//!
//! One rule: what waited arrives once and in order; a lane that waits holds up no other, not even the other one of its domain.

use chrono::TimeDelta;
use folkmoot::clock::Clock;
use folkmoot::store::{LaneState, QueueRow, Walls};
use serde_json::{Value, json};

use crate::lanes::FAILURES;
use crate::metrics::Scrape;
use crate::support::peer::{Ground, Mood, Server};
use crate::support::process::{Program, free_address};
use crate::support::versia::{Domain, OURS, played, world_of};
use crate::support::world::World;

const FEDERATE: &str = "pub.versia:groups/Federate";

/// What was federated to a domain, in order.
fn federated(domain: &Domain) -> Vec<Value> {
    let told = domain.heard().into_iter().filter(|said| said["type"] == FEDERATE);
    told.collect()
}

/// What `queue status` says of the lane of those who subscribed.
async fn lane(world: &World, domain: &Domain) -> QueueRow {
    let store = &world.house().store;
    let rows = store.queue_of(Some(domain.name()), &Walls::default()).await;
    let mut rows = rows.unwrap();
    assert_eq!(rows.len(), 1);
    rows.remove(0)
}

/// Each way to be away is tried again as late as for everybody, or as late as the domain asks.
#[tokio::test]
async fn a_domain_is_tried_again_as_late_as_others() {
    for (mood, waits) in [
        (Mood::Gone, [10, 60, 300]),
        (Mood::Says(503), [10, 60, 300]),
        (Mood::Says(429), [10, 60, 300]),
        (Mood::Later(429, "120"), [120, 120, 120]),
        (Mood::Later(503, "30"), [30, 30, 30]),
    ] {
        let (b, c) = (Domain::start("b.test").await, Domain::start("c.test").await);
        let world = world_of(&[&b, &c], &[]).await;
        let garden = world.group("garden").await;
        let lea = world.lemmy().actor("lea").follows(&garden).await;
        b.joins(&b.user("u1", "alice"), "garden").await;
        c.joins(&c.user("u2", "bob"), "garden").await;
        world.settles().await;
        b.is(mood.clone());
        lea.posts(&garden, ["one", "two"]).await;
        for (failures, wait) in (1..).zip(waits) {
            world.until(FAILURES, failures).await;
            let row = lane(&world, &b).await;
            let now = world.house().store.now();
            assert_eq!(row.next_try.unwrap() - now, TimeDelta::seconds(wait), "{mood:?}");
            assert_eq!(row.state(now), LaneState::BackingOff);
            assert_eq!(
                (row.waiting(), row.shapes.as_slice()),
                (2, &["versia".to_owned()][..])
            );
            if failures < 3 {
                world.advance(TimeDelta::seconds(wait));
            }
        }
        let others = "select count(*) from due_entry v join destination d on d.id = v.destination_id where d.failures = 0";
        world.until(others, 0).await;
        assert_eq!(federated(&c).len(), 2, "nobody else waits");
        assert_eq!(federated(&b).len(), 0);
        b.comes_back();
        world.advance(TimeDelta::seconds(waits[2]));
        world.settles().await;
        assert_eq!(federated(&b), federated(&c), "once, and in order");
        let row = lane(&world, &b).await;
        assert_eq!((row.failures, row.parked_entries, row.refused), (0, 0, 0));
        b.is_content();
        world.end().await;
    }
}

/// What is refused for good is refused entry by entry. Nobody there is asked whether they are gone: their one inbox never moves.
#[tokio::test]
async fn a_domain_that_says_that_it_is_gone_is_told_what_is_new() {
    let b = Domain::start("b.test").await;
    let world = world_of(&[&b], &[]).await;
    let garden = world.group("garden").await;
    let lea = world.lemmy().actor("lea").follows(&garden).await;
    b.joins(&b.user("u1", "alice"), "garden").await;
    world.settles().await;
    let asked = b.times_fetched("/.versia/v0.6/entities/User/u1");
    b.is_next([Mood::Says(410), Mood::Says(410)]);
    lea.posts(&garden, ["one", "two"]).await;
    world.settles().await;
    let row = lane(&world, &b).await;
    assert_eq!((row.refused, row.failures, row.waiting()), (2, 0, 0));
    assert!(row.last_error.unwrap().contains("410"));
    world.advance(TimeDelta::hours(2));
    lea.post(&garden, "three").await;
    world.settles().await;
    assert_eq!(federated(&b).len(), 1);
    assert_eq!(
        lane(&world, &b).await.state(world.house().store.now()),
        LaneState::Idle
    );
    assert_eq!(b.times_fetched("/.versia/v0.6/entities/User/u1"), asked);
    b.is_content();
    world.end().await;
}

/// A note and its edit within one second: told in the same words they would be signed alike, and whoever takes no signature twice
/// would miss the edit.
#[tokio::test]
async fn an_edit_within_the_second_is_another_telling() {
    let b = Domain::start("b.test").await;
    let world = world_of(&[&b], &[]).await;
    let garden = world.group("garden").await;
    let lea = world.lemmy().actor("lea").follows(&garden).await;
    b.joins(&b.user("u1", "alice"), "garden").await;
    let post = lea.post(&garden, "Beans").await;
    world.advance(TimeDelta::milliseconds(200));
    lea.edits(&garden, &post, "More beans").await;
    world.settles().await;
    let told = federated(&b);
    assert_eq!(told.len(), 2);
    assert_eq!(told[0]["note"], told[1]["note"]);
    assert_ne!(told[0], told[1]);
    b.is_content();
    world.end().await;
}

/// On the command line and in the figures: each way in has its line, and an operator's word counts for both.
#[tokio::test]
async fn operators_see_a_domain_as_any_other_server() {
    let b = Domain::start("b.test").await;
    let (mut program, ground) = (Program::new().await, Ground::new(Clock::system()));
    let address = free_address();
    program.set("METRICS__BIND", &address);
    program.set("VERSIA__DOMAIN", OURS);
    program.set("VERSIA__DEV_RESOLVE", &played([&b]));
    let owner = Server::start("lemmy", &ground).actor("owner");
    let serving = program.serve().await;
    let group = program.group("garden", &owner).await;
    b.meets(&ground, &program.base()).await;
    let (u1, u2) = (b.user("u1", "alice"), b.user("u2", "anna"));
    b.joins(&u1, "garden").await;
    let follow = json!({"type": "Follow", "created_at": "2026-05-01T10:00:00Z", "author": u2, "followee": format!("{OURS}:garden")});
    b.sends(&follow).await.is(202);
    b.hears("FollowAccept", |said| said["type"] == "FollowAccept")
        .await;
    b.is(Mood::Says(503));
    owner.post(&group, "one").await;
    let waiting = loop {
        let rows = program.run(&["queue", "status", "--json"]).await.json();
        let rows = rows.as_array().unwrap().iter();
        let of_b: Vec<Value> = rows.filter(|row| row["host"] == "b.test").cloned().collect();
        if of_b.iter().filter(|row| row["failures"] == 1).count() == 2 {
            break of_b;
        }
    };
    let mut shapes: Vec<&Value> = waiting.iter().map(|row| &row["shapes"]).collect();
    shapes.sort_by_key(|shapes| shapes.to_string());
    assert_eq!(shapes, [&json!(["versia"]), &json!(["versia-share"])]);
    for row in &waiting {
        assert_eq!(
            (&row["state"], &row["entries"]),
            (&json!("backing_off"), &json!(1)),
            "{row}"
        );
        assert!(row["last_error"].as_str().unwrap().contains("503"), "{row}");
        assert!(
            row["inbox"]
                .as_str()
                .unwrap()
                .starts_with("https://b.test/.versia/v0.6/inbox")
        );
    }
    let text = program.run(&["queue", "status"]).await.ok().out;
    assert!(
        text.contains("b.test") && text.contains("2 deliveries wait"),
        "{text}"
    );
    let scrape = Scrape::of(&address).await;
    for shape in ["versia", "versia-share"] {
        let labels = [("outcome", "later"), ("shape", shape)];
        assert_eq!(scrape.sum("folkmoot_deliveries_total", &labels), 1.0, "{shape}");
    }
    b.comes_back();
    program.run(&["queue", "retry", "b.test"]).await.ok();
    for kind in [FEDERATE, "pub.versia:share/Share"] {
        b.hears(kind, |said| said["type"] == kind).await;
    }
    serving.stop().await;
    b.is_content();
    assert_eq!(ground.failures(), Vec::<String>::new());
}
