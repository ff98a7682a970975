//! What groups said, by its id, as long as it is there and after.
//!
//! One rule: what an inbox got and what its id answers are one document.

use std::collections::BTreeSet;

use folkmoot::domain::Iri;
use folkmoot::engine::Whom;
use serde_json::{Value, json};

use super::{ACTIVITY, HTML, json_of};
use crate::support::world::World;

/// Everything of ours that came to somebody's inbox.
fn minted(world: &World) -> Vec<Value> {
    let servers = world.ground().servers();
    let heard = servers
        .iter()
        .flat_map(|server| server.heard())
        .map(|heard| heard.document);
    heard.collect()
}

/// Each answers as the document that was sent; gives the kinds of them.
async fn all_dereference(world: &World, all: &[Value]) -> BTreeSet<String> {
    let mut kinds = BTreeSet::new();
    for sent in all {
        let id = sent["id"].as_str().unwrap();
        assert!(id.starts_with(world.base()), "{id}");
        assert_eq!(world.document(id).await, *sent, "{id}");
        let shape = id
            .rsplit('/')
            .next()
            .filter(|last| last.len() < 36)
            .unwrap_or_default();
        kinds.insert(format!("{} {shape}", sent["type"].as_str().unwrap()));
        for accept in [HTML, "*/*"] {
            assert!(world.get(id, accept).await.status().as_u16() < 500, "{id}");
        }
    }
    kinds
}

/// Accept, Reject, Follow, each announcement in each of its shapes, and what takes it back.
#[tokio::test]
async fn every_id_that_we_mint_dereferences() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let _tom = world.lemmy().actor("tom").follows(&group).await;
    let _mia = world.mastodon().actor("mia").follows(&group).await;
    let _xia = world.explainer().actor("xia").follows(&group).await;
    let banned = world.mastodon().actor("banned");
    let engine = &world.house().engine;
    engine
        .ban(
            "garden",
            &Whom::Actor(Iri::object(&banned.id()).unwrap()),
            None,
            None,
        )
        .await
        .unwrap();
    let refused = banned.asks(&group).await;
    banned.is_rejected(&refused).await;
    let elsewhere = world.lemmy().settle("cats", "Group");
    let cats = Iri::object(&elsewhere.id()).unwrap();
    engine.follow("garden", &cats).await.unwrap();
    let post = ann.post(&group, "one").await;
    let reply = ann.replies(&group, &post, "two").await;
    ann.edits(&group, &post, "eins").await;
    let like = ann.likes(&group, &reply).await;
    ann.undoes(&group, &like).await;
    world.settles().await;
    let kinds = all_dereference(&world, &minted(&world)).await;
    let announced = ["explainer", "microblog", "threadiverse"].map(|shape| format!("Announce {shape}"));
    let letters = ["Accept ", "Follow ", "Reject "].map(ToOwned::to_owned);
    assert_eq!(kinds, announced.into_iter().chain(letters).collect());

    let before = minted(&world);
    ann.deletes(&group, &reply).await;
    ann.deletes(&group, &post).await;
    engine.unfollow("garden", &cats).await.unwrap();
    world.settles().await;
    let (told, taken_back): (Vec<_>, Vec<_>) =
        minted(&world).into_iter().partition(|sent| before.contains(sent));
    let kinds = all_dereference(&world, &taken_back).await;
    let undone = [
        "Announce explainer",
        "Announce threadiverse",
        "Undo ",
        "Undo microblog",
    ];
    assert_eq!(kinds, undone.map(ToOwned::to_owned).into());
    let has_words =
        |sent: &&Value| sent["object"].is_string() || sent["object"]["object"]["content"].is_string();
    let announces = told.iter().filter(|sent| sent["type"] == "Announce");
    for sent in announces.filter(has_words) {
        let answer = world.get(sent["id"].as_str().unwrap(), ACTIVITY).await;
        assert_eq!(answer.status(), 410, "it tells of what is gone: {sent}");
        let tombstone = json_of(answer).await;
        assert_eq!(
            (&tombstone["type"], &tombstone["id"]),
            (&json!("Tombstone"), &sent["id"])
        );
    }
    world.end().await;
}

/// A closed group leaves a tombstone; it takes nobody in.
#[tokio::test]
async fn a_closed_group_leaves_a_tombstone() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    world.house().engine.close_group("garden").await.unwrap();
    let answer = world.get(&group.id, ACTIVITY).await;
    assert_eq!(answer.status(), 410);
    let tombstone = json_of(answer).await;
    assert_eq!(
        (&tombstone["type"], &tombstone["formerType"]),
        (&json!("Tombstone"), &json!("Group"))
    );
    // The group's key is not to be had any more; Ann's server has it.
    let bob = ann.server().actor("bob");
    let join = bob.asks(&group).await;
    bob.is_rejected(&join).await;
    let post = ann.speaks(|me| ann.server().software().manners.post(me, &group, "too late"));
    ann.sends(&group, &post).await.problem(403);
    world.end().await;
}
