//! Things that come in another order than they were said in, more than once, or with odd company.
//!
//! One rule: what a member says is decided by what it says, however it came.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::peer::Group;
use crate::support::versia::{Domain, OURS, group, world_of};
use crate::support::world::World;

const NOTES: &str = "select count(*) from post where iri like '%/bridge/versia/%'";
const MEMBERS: &str = "select count(*) from membership m join actor a on a.id = m.actor_id
                       where a.host = 'b.test' and m.member";

/// A garden with alice on b.test and carol on c.test in it.
async fn garden() -> (World, Domain, Domain, Group) {
    let (b, c) = (Domain::start("b.test").await, Domain::start("c.test").await);
    let world = world_of(&[&b, &c], &[]).await;
    let garden = world.group("garden").await;
    b.joins(&b.user("u1", "alice"), "garden").await;
    c.joins(&c.user("u2", "carol"), "garden").await;
    (world, b, c, garden)
}

fn reply(domain: &Domain, id: &str, author: &str, to: &str) -> Value {
    let mut note = domain.note(id, author, "garden", "Yes");
    note["replies_to"] = json!(to);
    note
}

/// A reply whose parent is still on its way brings it, and what that answers; each is told once.
#[tokio::test]
async fn a_reply_that_overtakes_what_it_answers_brings_it() {
    let (world, b, c, garden) = garden().await;
    let tom = world.lemmy().actor("tom").follows(&garden).await;
    let first = b.note("n1", "b.test:u1", "garden", "Leeks?");
    let second = reply(&c, "n2", "c.test:u2", "b.test:n1");
    b.serves("/.versia/v0.6/entities/Note/n1", 200, first.clone());
    c.serves("/.versia/v0.6/entities/Note/n2", 200, second.clone());
    b.publishes(&reply(&b, "n3", "b.test:u1", "c.test:n2"))
        .await
        .is(202);
    assert_eq!(world.count(NOTES).await, 3);
    c.sends(&second).await.is(202);
    b.sends(&first).await.is(202);
    world.settles().await;
    let told = tom.heard().into_iter().filter(|heard| heard.kind() == "Announce");
    assert_eq!(told.count(), 3);
    let thread = "select count(distinct thread_id) from post where iri like '%/bridge/versia/%'";
    assert_eq!(world.count(thread).await, 1);
    world.end().await;
}

/// What nobody of the group has said is not brought by whoever answers it; nor is asked for without end.
#[tokio::test]
async fn what_is_none_of_the_groups_is_not_brought() {
    let (world, b, c, _garden) = garden().await;
    // By a stranger; for nobody; not there; one above the other for ever.
    let stranger = c.user("u9", "mallory");
    c.serves(
        "/.versia/v0.6/entities/Note/s1",
        200,
        c.note("s1", &stranger, "garden", "Hi"),
    );
    let mut private = c.note("s2", "c.test:u2", "garden", "Hi");
    private["group"] = json!("followers");
    c.serves("/.versia/v0.6/entities/Note/s2", 200, private);
    for number in 0..40 {
        let note = reply(
            &c,
            &format!("t{number}"),
            "c.test:u2",
            &format!("c.test:t{}", number + 1),
        );
        c.serves(&format!("/.versia/v0.6/entities/Note/t{number}"), 200, note);
    }
    for parent in ["c.test:s1", "c.test:s2", "c.test:s3", "c.test:t0"] {
        let answer = b.sends(&reply(&b, "n1", "b.test:u1", parent)).await;
        let problem = answer.problem(403);
        assert!(
            problem["type"].as_str().unwrap().ends_with("#parent-elsewhere"),
            "{parent}: {problem}"
        );
    }
    assert_eq!(world.count(NOTES).await, 0);
    assert_eq!(c.times_fetched("/.versia/v0.6/entities/Note/t9"), 1);
    assert_eq!(c.times_fetched("/.versia/v0.6/entities/Note/t11"), 0);
    world.end().await;
}

/// To come and to go may be said again in the same words.
#[tokio::test]
async fn who_says_the_same_words_again_means_them_again() {
    let (world, b, _c, _garden) = garden().await;
    let subscribe = b.subscribe("b.test:u1", "garden");
    let mut unsubscribe = subscribe.clone();
    unsubscribe["type"] = json!("pub.versia:groups/Unsubscribe");
    for (entity, members) in [
        (&unsubscribe, 0),
        (&subscribe, 1),
        (&unsubscribe, 0),
        (&subscribe, 1),
    ] {
        world.advance(TimeDelta::seconds(1));
        b.sends(entity).await.is(202);
        world.settles().await;
        assert_eq!(world.count(MEMBERS).await, members);
    }
    b.is_content();
    world.end().await;
}

/// Only what shows something is a mirror of something: to go is to go, whatever it is marked as.
#[tokio::test]
async fn a_mark_of_a_mirror_hides_nothing_but_notes() {
    let (world, b, _c, _garden) = garden().await;
    let mut unsubscribe = b.subscribe("b.test:u1", "garden");
    unsubscribe["type"] = json!("pub.versia:groups/Unsubscribe");
    unsubscribe["extensions"] = json!({"org.folkmoot:bridge": {"protocol": "activitypub"}});
    b.sends(&unsubscribe).await.is(202);
    assert_eq!(world.count(MEMBERS).await, 0);
    world.end().await;
}

/// A mention of what is not here spoils no reply, and thousands of mentions are not told on.
#[tokio::test]
async fn odd_mentions_spoil_nothing() {
    let (world, b, _c, garden) = garden().await;
    let mia = world.mastodon().actor("mia").follows(&garden).await;
    b.publishes(&b.note("n1", "b.test:u1", "garden", "Leeks?"))
        .await
        .is(202);
    let mut note = reply(&b, "n2", "b.test:u1", "b.test:n1");
    note["group"] = json!("public");
    note["mentions"] = json!([format!("{OURS}:somebody")]);
    b.publishes(&note).await.is(202);
    let mut crowd = b.note("n3", "b.test:u1", "garden", "Hi all");
    crowd["mentions"] = (0..2_000)
        .map(|number| json!(format!("b.test:p{number}")))
        .collect();
    assert_eq!(crowd["group"], group("garden"));
    b.publishes(&crowd).await.is(202);
    world.settles().await;
    assert_eq!(world.count(NOTES).await, 3);
    let heard = mia.heard();
    let longest = heard.iter().map(|heard| heard.text.len()).max();
    assert!(longest.unwrap() < 64 * 1024, "{longest:?}");
    let shown = world
        .document(&format!("{}/bridge/versia/b.test/notes/n3", world.base()))
        .await;
    assert_eq!(shown["tag"].as_array().unwrap().len(), 64);
    world.end().await;
}

/// Whether somebody wants to be shown elsewhere only their own document says: until it was read, they are not.
#[tokio::test]
async fn who_could_not_be_read_is_not_shown_elsewhere() {
    let (world, b, _c, garden) = garden().await;
    let tom = world.lemmy().actor("tom").follows(&garden).await;
    let path = "/.versia/v0.6/entities/User/u7";
    let subscribe = b.subscribe("b.test:u7", "garden");
    b.user("u7", "mallow");
    b.serves(path, 503, json!({}));
    b.sends(&subscribe).await.problem(503);
    b.serves(path, 404, json!({}));
    b.sends(&subscribe).await.is(202);
    b.publishes(&b.note("n1", "b.test:u7", "garden", "Hi"))
        .await
        .is(202);
    world.settles().await;
    assert_eq!(world.count(NOTES).await, 1);
    let told = tom.heard().into_iter().filter(|heard| heard.kind() == "Announce");
    assert_eq!(told.count(), 0);
    b.user("u7", "mallow");
    world.advance(TimeDelta::minutes(11));
    b.publishes(&b.note("n2", "b.test:u7", "garden", "Hi"))
        .await
        .is(202);
    world.settles().await;
    let told = tom.heard().into_iter().filter(|heard| heard.kind() == "Announce");
    assert_eq!(told.count(), 1);
    world.end().await;
}
