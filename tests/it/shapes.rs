//! Where a host hears a group, in which shape, and when that ends or changes.
//!
//! One rule: what was written for a host in one shape is sent in it before anything is sent in another.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::Response;
use chrono::TimeDelta;
use futures_util::stream;
use serde_json::json;
use tokio::sync::watch;

use crate::support::peer::{Heard, Reply, status};
use crate::support::world::World;

const FAILING: &str = "select count(*) from destination where failures > 0";
/// Subscriptions of which nobody knows yet in which shape they are to be heard.
const UNDECIDED: &str = "select count(*) from subscription where shape is null";

/// An answer that begins at once and goes on when the sender says so.
fn held(text: String) -> (Reply, watch::Sender<bool>) {
    let (go, gone) = watch::channel(false);
    let reply = Arc::new(move || {
        let (mut gone, text) = (gone.clone(), text.clone());
        let body = stream::once(async move {
            let _ = gone.wait_for(|gone| *gone).await;
            Ok::<_, std::convert::Infallible>(Bytes::from(text))
        });
        let answer = Response::builder().header("content-type", "application/json");
        answer.body(Body::from_stream(body)).unwrap()
    });
    (reply, go)
}

fn node_info(base: &str) -> String {
    let rel = "http://nodeinfo.diaspora.software/ns/schema/2.0";
    json!({ "links": [{ "rel": rel, "href": format!("{base}/nodeinfo/2.0") }] }).to_string()
}

fn announces(heard: &Heard) -> bool {
    heard.kind() == "Announce"
}

/// Until a host's class is known, its first post waits: in the wrong shape it would be refused for good.
#[tokio::test]
async fn a_class_that_is_known_late_spoils_nothing() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.mastodon().actor("ann").follows(&group).await;
    let mia = world.mastodon().actor("mia").follows(&group).await;
    let slow = world.lemmy();
    let (reply, go) = held(node_info(slow.base()));
    slow.serves("/.well-known/nodeinfo", reply);
    let tom = slow.actor("tom").follows(&group).await;
    let posts = ann.posts(&group, ["one", "two"]).await;
    mia.hears_of(&posts).once().in_order().await;
    assert_eq!(world.count(UNDECIDED).await, 1);
    tom.hears_of(&posts).nothing();
    go.send_replace(true);
    tom.hears_of(&posts).once().in_order().await;
    world.end().await;
}

/// A look-up that fails decides, too: who says nothing of itself hears as microblogs do.
#[tokio::test]
async fn who_says_nothing_of_itself_hears_boosts() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let silent = world.server("newcomer");
    silent.serves("/.well-known/nodeinfo", status(404));
    let bob = silent.actor("bob").follows(&group).await;
    let posts = ann.posts(&group, ["one", "two"]).await;
    bob.hears_of(&posts).once().in_order().await;
    world.end().await;
}

/// An unknown program whose people Join is of the explainer's kind, and one that names an audience of the threadiverse's.
#[tokio::test]
async fn what_a_host_shows_of_itself_counts() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let xia = world.server("joiner").actor("xia").follows(&group).await;
    let posts = ann.posts(&group, ["one", "two"]).await;
    xia.hears_of(&posts).once().in_order().await;
    world.end().await;
}

/// Two members of one host: one copy where the shared inbox will do, each their own where `members` is to be resolved.
#[tokio::test]
async fn two_members_of_a_host_get_one_copy_or_one_each() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.mastodon().actor("ann").follows(&group).await;
    let (lemmy, joiner) = (world.lemmy(), world.server("joiner"));
    for name in ["a", "b"] {
        lemmy.actor(name).follows(&group).await;
        joiner.actor(name).follows(&group).await;
    }
    let post = ann.post(&group, "one").await;
    for name in ["a", "b"] {
        lemmy.actor(name).hears_of([&post]).once().await;
        joiner.actor(name).hears_of([&post]).once().await;
    }
    world.settles().await;
    let inboxes = |heard: Vec<Heard>| {
        let inboxes = heard.into_iter().filter(announces).map(|heard| heard.inbox);
        inboxes.collect::<Vec<_>>()
    };
    assert_eq!(inboxes(lemmy.heard()), ["/inbox"]);
    let mut own = inboxes(joiner.heard());
    own.sort();
    assert_eq!(own, ["/people/a/inbox", "/people/b/inbox"]);
    world.end().await;
}

/// Of two members behind one inbox, one leaves: the other goes on hearing.
#[tokio::test]
async fn the_last_reader_ends_it_and_not_the_first() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let mastodon = world.mastodon();
    let [mia, max] = ["mia", "max"].map(|name| mastodon.actor(name));
    let mut joins = vec![];
    for who in [&mia, &max] {
        let join = who.asks(&group).await;
        who.is_accepted(&join).await;
        joins.push(join);
    }
    mia.leaves(&group, &joins[0]).await;
    let one = ann.post(&group, "one").await;
    max.hears_of([&one]).once().await;
    max.leaves(&group, &joins[1]).await;
    let two = ann.post(&group, "two").await;
    world.settles().await;
    max.hears_of([&two]).nothing();
    world.end().await;
}

/// Leaving: what was not sent is not due any more, but for what takes back something that was.
#[tokio::test]
async fn leaving_stops_what_was_not_sent() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let mia = world.mastodon().actor("mia");
    let join = mia.asks(&group).await;
    mia.is_accepted(&join).await;
    let known = ann.post(&group, "known").await;
    mia.hears_of([&known]).once().await;
    mia.server().goes_away();
    let missed = ann.post(&group, "missed").await;
    let taken_back = ann.deletes(&group, &known).await;
    world.until(FAILING, 1).await;
    mia.leaves(&group, &join).await;
    mia.server().comes_back();
    world.advance(TimeDelta::minutes(2));
    mia.hears_of([&taken_back]).once().await;
    let later = ann.post(&group, "later").await;
    world.settles().await;
    mia.hears_of([&missed, &later]).nothing();
    world.end().await;
}

/// An operator's word on a host: what was written before goes out as it was written, then the new shape.
#[tokio::test]
async fn a_host_changes_shape_after_the_old_one_is_drained() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let tom = world.lemmy().actor("tom").follows(&group).await;
    let engine = &world.house().engine;
    let mastodon = world.mastodon();
    let mia = mastodon.actor("mia").follows(&group).await;
    let zero = ann.post(&group, "zero").await;
    mia.hears_of([&zero]).once().await;
    mastodon.goes_away();
    let one = ann.post(&group, "one").await;
    world.until(FAILING, 1).await;
    engine
        .set_shape(mastodon.authority(), Some("threadiverse"))
        .await
        .unwrap();
    let two = ann.post(&group, "two").await;
    mastodon.comes_back();
    world.advance(TimeDelta::minutes(2));
    world.settles().await;
    engine.set_shape(mastodon.authority(), None).await.unwrap();
    let three = ann.post(&group, "three").await;
    tom.hears_of([&zero, &one, &two, &three]).once().in_order().await;
    world.settles().await;
    let told: Vec<_> = mia.heard().into_iter().filter(announces).collect();
    let objects: Vec<_> = told
        .iter()
        .map(|heard| heard.document["object"].clone())
        .collect();
    assert_eq!(
        objects,
        [json!(zero.post), json!(one.post), two.document, json!(three.post)]
    );
    let error = engine
        .set_shape(mastodon.authority(), Some("round"))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("threadiverse"), "{error}");
    // A microblog that hears `Announce{Create}` complains; here the operator wanted it so.
    world.ends_loudly(&["mastodon answers 202"]).await;
}

/// A block: nothing goes there, nothing is taken from there, nothing is fetched there; taken back, what was missed comes.
#[tokio::test]
async fn a_blocked_host_gets_nothing() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let tom = world.lemmy().actor("tom").follows(&group).await;
    let bad = world.mastodon();
    let mia = bad.actor("mia").follows(&group).await;
    world.settles().await;
    let engine = &world.house().engine;
    engine.set_blocked(bad.authority(), true).await.unwrap();
    let fetched = bad.fetched().len();
    let posts = ann.posts(&group, ["one", "two"]).await;
    tom.hears_of(&posts).once().in_order().await;
    let newcomer = bad.actor("max");
    for who in [&mia, &newcomer] {
        let post = who.speaks(|me| bad.software().manners.post(me, &group, "hello"));
        who.sends(&group, &post).await.problem(403);
        let join = who.speaks(|me| bad.software().manners.join(me, &group));
        who.sends(&group, &join).await.problem(403);
    }
    let last = ann.post(&group, "three").await;
    tom.hears_of([&last]).once().await;
    mia.hears_of(posts.iter().chain([&last])).nothing();
    assert_eq!(bad.fetched().len(), fetched, "nothing is asked of a blocked host");
    engine.set_blocked(bad.authority(), false).await.unwrap();
    mia.hears_of(posts.iter().chain([&last])).once().in_order().await;
    world.end().await;
}

/// A program that we do not know and that has groups (one of its actors is one, and hears us, or is heard) is spoken to as those are
/// that have groups.
#[tokio::test]
async fn a_program_with_groups_is_spoken_to_as_such() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let unknown = world.server("newcomer");
    let follower = unknown.settle("cats", "Group").follows(&group).await;
    let followed = world.server("newcomer").settle("dogs", "Group");
    let plain = world.server("newcomer").actor("nobody").follows(&group).await;
    let whom = folkmoot::domain::Iri::object(&followed.id()).unwrap();
    world.house().engine.follow("garden", &whom).await.unwrap();
    let reader = followed.server().actor("reader").follows(&group).await;
    world.settles().await;
    for (who, shape) in [
        (&follower, Some("threadiverse")),
        (&reader, Some("threadiverse")),
        (&plain, Some("microblog")),
    ] {
        let host = who.server().authority();
        let known = world.house().store.shape_of_host(host).await.unwrap();
        assert_eq!(known.as_deref(), shape, "{}", who.name());
    }
    let post = ann.post(&group, "one").await;
    let heard = follower
        .server()
        .hears("the whole activity", |heard| heard.object_id() == post.id())
        .await;
    assert!(heard.text.contains(&post.text));
    world.settles().await;
    // Here it takes everything as a microblog does.
    world.ends_loudly(&["an Announce of an activity"]).await;
}
