//! Who is shown in the protocol that is not theirs, and to whom; what was told there is taken back there, and nothing else is.
//!
//! One rule: every door says the same.

use folkmoot::domain::{Iri, JoinPolicy, ListPolicy, PolicyChange, Visibility};
use folkmoot::engine::Whom;
use folkmoot::store::group::Change;
use serde_json::{Value, json};

use super::{asks, change, found, garden_with, sees};
use crate::support::peer::Server;
use crate::support::versia::Domain;
use crate::support::world::World;

const ACTIVITY: &str = "application/activity+json";
const MEMBERS: &str = "pub.versia%3Agroups%2FGroup/group-garden/collections/members";

/// Somebody of theirs who wants to be shown nowhere else.
fn shy(b: &Domain, id: &str) -> String {
    let user = json!({
        "type": "User", "id": id, "created_at": "2026-05-01T10:00:00Z", "username": id, "display_name": "#nobridge",
        "bio": null, "fields": [], "manually_approves_followers": false, "indexable": true,
    });
    b.serves(&format!("/.versia/v0.6/entities/User/{id}"), 200, user);
    format!("b.test:{id}")
}

fn like(id: &str, who: &str, what: &str) -> Value {
    json!({"type": "pub.versia:likes/Like", "id": id, "created_at": "2026-05-01T10:00:02Z", "author": who, "liked": what})
}

fn delete(who: &str, what: &str) -> Value {
    json!({"type": "Delete", "created_at": "2026-05-01T10:00:03Z", "author": who, "deleted_type": "Note", "deleted": what})
}

fn mirror(world: &World, what: &str) -> String {
    format!("{}/bridge/versia/b.test/{what}", world.base())
}

/// How often a server was told something that has this in it.
fn told(server: &Server, text: &str) -> usize {
    server
        .heard()
        .iter()
        .filter(|heard| heard.text.contains(text))
        .count()
}

fn bridge(on: bool) -> Change {
    Change {
        bridge: Some(on),
        ..Change::default()
    }
}

async fn status(world: &World, url: &str) -> u16 {
    world.get(url, ACTIVITY).await.status().as_u16()
}

/// Nothing that somebody says who wants no bridge goes over it: not what they think of a post, not that they are a member, nor that
/// what never went over is gone.
#[tokio::test]
async fn who_says_no_is_not_heard_of_there() {
    let (world, b, group) = garden_with(|_| {}).await;
    let lea = world.lemmy().actor("lea").follows(&group).await;
    let mia = world.mastodon().actor("mia").follows(&group).await;
    let (open, shy) = (b.user("u1", "alice"), shy(&b, "shy"));
    b.joins(&open, "garden").await;
    b.joins(&shy, "garden").await;
    let post = lea.post(&group, "Beans").await;
    let beans = b
        .hears("Beans", |said| {
            said["note"]
                .as_str()
                .is_some_and(|note| note.starts_with("g.test:"))
        })
        .await;
    let beans = beans["note"].as_str().unwrap();
    b.sends(&like("l1", &shy, beans)).await.is(202);
    b.publishes(&b.note("n1", &shy, "garden", "Leeks")).await.is(202);
    b.sends(&delete(&shy, "b.test:n1")).await.is(202);
    world.settles().await;
    for server in [lea.server(), mia.server()] {
        assert_eq!(told(server, "b.test/shy"), 0, "{:#?}", server.heard());
        assert_eq!(told(server, "notes/n1"), 0);
    }
    assert_eq!(
        world.count("select count(*) from vote where kind = 'like'").await,
        1,
        "it counts here"
    );

    // The lists of the group name whoever can be found.
    for (list, alone) in [("members", mirror(&world, "u1")), ("followers", String::new())] {
        let whole = world.document(&group.part(list)).await;
        let page = world.document(&group.part(&format!("{list}?page=1"))).await;
        let items = page["orderedItems"].as_array().unwrap();
        assert_eq!(whole["totalItems"], items.len(), "{list}");
        assert!(!items.contains(&json!(mirror(&world, "shy"))), "{list}");
        assert_eq!(items.contains(&json!(alone)), list == "members", "{list}");
    }
    assert_eq!(sees(&b, MEMBERS).await["total"], 4, "at home all are");
    let _ = post;
    b.is_content();
    world.end().await;
}

/// What was told is taken back where it was told, also where the bridge was shut, or its author said no, since; what never was, is not.
#[tokio::test]
async fn what_was_told_is_taken_back_and_nothing_else() {
    let (world, b, group) = garden_with(|_| {}).await;
    let lea = world.lemmy().actor("lea").follows(&group).await;
    let u1 = b.user("u1", "alice");
    b.joins(&u1, "garden").await;
    b.publishes(&b.note("n1", &u1, "garden", "Leeks")).await.is(202);
    let beans = lea.post(&group, "Beans").await;
    world.settles().await;
    change(&world, bridge(false), PolicyChange::default()).await;
    b.publishes(&b.note("n2", &u1, "garden", "Kale")).await.is(202);
    let peas = lea.post(&group, "Peas").await;
    for (who, note) in [(&u1, "b.test:n1"), (&u1, "b.test:n2")] {
        b.sends(&delete(who, note)).await.is(202);
    }
    lea.deletes(&group, &beans).await;
    lea.deletes(&group, &peas).await;
    world.settles().await;
    assert_eq!(
        told(lea.server(), "notes/n1"),
        2,
        "that it came, and that it went"
    );
    assert_eq!(told(lea.server(), "notes/n2"), 0);
    let deleted = b.heard().iter().filter(|said| said["type"] == "Delete").count();
    assert_eq!(deleted, 1, "{:#?}", b.heard());

    // An edit takes it over, too.
    let corn = lea.post(&group, "Corn").await;
    change(&world, bridge(true), PolicyChange::default()).await;
    lea.edits(&group, &corn, "Sweetcorn").await;
    lea.deletes(&group, &corn).await;
    world.settles().await;
    let deleted = b.heard().iter().filter(|said| said["type"] == "Delete").count();
    assert_eq!(deleted, 2);
    b.is_content();
    world.end().await;
}

/// A blocked domain is nowhere: not the note, nor what announced it, nor a list or page with its text. What a list counts it has.
#[tokio::test]
async fn a_blocked_domain_is_behind_no_door() {
    let (world, b, group) = garden_with(|_| {}).await;
    let lea = world.lemmy().actor("lea").follows(&group).await;
    let u1 = b.user("u1", "alice");
    b.joins(&u1, "garden").await;
    b.publishes(&b.note("n1", &u1, "garden", "Leeks")).await.is(202);
    let announced = lea
        .server()
        .hears("Leeks", |heard| heard.text.contains("Leeks"))
        .await
        .document;
    let announce = announced["id"].as_str().unwrap();
    let create = announced["object"]["id"].as_str().unwrap();
    let note = mirror(&world, "notes/n1");
    let outbox = async || {
        let whole = world.document(&group.part("outbox")).await;
        let page = world.document(&group.part("outbox?page=1")).await;
        let items = page["orderedItems"].as_array().unwrap().len() as u64;
        assert_eq!(whole["totalItems"].as_u64(), Some(items), "{whole}");
        items
    };
    let page = async || {
        let page = world.get(&group.id, "text/html").await;
        page.text().await.unwrap().contains("Leeks")
    };
    assert_eq!((outbox().await, page().await), (1, true));
    change(&world, bridge(false), PolicyChange::default()).await;
    assert_eq!((outbox().await, status(&world, announce).await), (0, 404));
    change(&world, bridge(true), PolicyChange::default()).await;
    let engine = &world.house().engine;
    engine.set_blocked("b.test", true).await.unwrap();
    for id in [announce, create, &note] {
        assert_eq!(status(&world, id).await, 404, "{id}");
    }
    assert_eq!((outbox().await, page().await), (0, false));
    engine.set_blocked("b.test", false).await.unwrap();
    assert_eq!((outbox().await, page().await), (1, true));
    world.end().await;
}

/// Nobody is shown to the world for being in a private group, or for a note that was refused; those inside see who is there, and who
/// decides sees who asks.
#[tokio::test]
async fn people_are_shown_to_those_whom_they_concern() {
    let (world, b, group) = garden_with(|policies| {
        policies.visibility = Visibility::Private;
        policies.join = JoinPolicy::Approval;
    })
    .await;
    let xia = world.explainer().actor("xia");
    let join = xia.asks(&group).await;
    let stranger = world.mastodon().actor("sam");
    let u1 = b.user("u1", "alice");
    b.sends(&b.subscribe(&u1, "garden")).await.is(202);
    b.sends(&b.note("n1", &b.user("u2", "anna"), "garden", "no"))
        .await
        .is(403);
    let engine = &world.house().engine;
    let (id, other) = (mirror(&world, "u1"), mirror(&world, "u2"));
    for url in [&id, &other] {
        assert_eq!(status(&world, url).await, 404, "{url}");
        assert_eq!(stranger.reads(url).await.status, 404, "{url}");
        assert_eq!(found(&world, url).await.0, 404, "{url}");
    }
    assert_eq!(
        world.count("select count(*) from mirror").await,
        0,
        "and nothing is made by asking"
    );
    let xia_id = Iri::object(&xia.id()).unwrap();
    engine.admit("garden", &xia_id).await.unwrap();
    xia.is_accepted(&join).await;
    engine.admit("garden", &Iri::object(&id).unwrap()).await.unwrap();
    assert_eq!(xia.reads(&id).await.status, 200);
    assert_eq!(xia.reads(&other).await.status, 404);
    assert_eq!(status(&world, &id).await, 404);
    let members = xia.sees(&group.part("members?page=1")).await;
    assert!(
        members["orderedItems"].as_array().unwrap().contains(&json!(id)),
        "{members}"
    );
    world.end().await;
}

/// A list that is for members is for their servers, too, and whoever is on it is there for them.
#[tokio::test]
async fn a_list_for_members_is_for_the_domains_of_members() {
    let b = Domain::start("b.test").await;
    let c = Domain::start("c.test").await;
    let world = crate::support::versia::world_of(&[&b, &c], &[]).await;
    let policies = folkmoot::domain::Policies {
        members_list: ListPolicy::Members,
        ..folkmoot::domain::Policies::default()
    };
    let group = world.group_with("garden", policies).await;
    let _mia = world.mastodon().actor("mia").follows(&group).await;
    b.joins(&b.user("u1", "alice"), "garden").await;
    let listed = sees(&b, MEMBERS).await;
    assert_eq!(listed["items"].as_array().unwrap().len(), 2, "{listed}");
    assert_eq!(sees(&c, MEMBERS).await["items"], json!([]));
    let mia = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .find_map(|item| item.as_str()?.strip_prefix("g.test:"));
    let user = format!("User/{}", mia.unwrap());
    assert_eq!((asks(&b, &user).await.0, asks(&c, &user).await.0), (200, 404));
    let admins = PolicyChange {
        members_list: Some(ListPolicy::Admins),
        ..PolicyChange::default()
    };
    change(&world, Change::default(), admins).await;
    assert_eq!(sees(&b, MEMBERS).await["items"], json!([]));
    assert_eq!(asks(&b, &user).await.0, 404);
    b.is_content();
    world.end().await;
}

/// Whoever is banned by their id need not have been met.
#[tokio::test]
async fn somebody_is_banned_before_they_come() {
    let (world, b, _group) = garden_with(|_| {}).await;
    let u1 = b.user("u1", "alice");
    let engine = &world.house().engine;
    for id in ["u1", "nobody"] {
        let whom = Whom::Actor(Iri::object(&mirror(&world, id)).unwrap());
        engine.ban("garden", &whom, None, None).await.unwrap();
    }
    for who in [u1.as_str(), "b.test:nobody"] {
        b.sends(&b.subscribe(who, "garden")).await.is(202);
    }
    world.settles().await;
    let said: Vec<Value> = b.heard().iter().map(|said| said["type"].clone()).collect();
    assert_eq!(said, ["pub.versia:groups/SubscribeReject"; 2].map(Value::from));
    b.is_content();
    world.end().await;
}
