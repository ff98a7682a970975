//! Ed25519: who says that they take it gets it, and nobody else does.
//!
//! One rule: every signature is verified by whoever gets it, with the key that the group's own document lists; a peer
//! complains of Ed25519 that nobody said it takes.

use std::sync::Arc;

use chrono::TimeDelta;
use folkmoot::domain::Iri;
use folkmoot::server;
use serde_json::{Value, json};

use crate::support::peer::{Actor, Group, Heard, Mood, Server, activity_json};
use crate::support::world::World;

const FAILING: &str = "select count(*) from destination where failures > 0";

/// Of what arrived: signed with Ed25519, signed by RFC 9421.
fn seals(heard: &[Heard]) -> Vec<(bool, bool)> {
    heard.iter().map(|heard| (heard.ed25519, heard.rfc9421)).collect()
}

const ED25519: (bool, bool) = (true, true);
const RFC_9421: (bool, bool) = (false, true);
const CAVAGE: (bool, bool) = (false, false);

/// The scheme that `peer list` shows of a server.
async fn scheme(world: &World, server: &Server) -> String {
    let peers = world.house().store.list_peers().await.unwrap();
    let row = peers.into_iter().find(|row| row.host == server.authority());
    row.unwrap().scheme
}

async fn reads_again(world: &World, who: &Actor) {
    let iri = Iri::object(&who.id()).unwrap();
    world.house().peers.refresh(&iri).await.unwrap();
}

async fn multikey(world: &World, group: &Group) -> Value {
    let document = world.document(&group.id).await;
    let keys = document["assertionMethod"].as_array().unwrap();
    assert_eq!(keys.len(), 1, "{document}");
    keys[0].clone()
}

/// From the first Accept on, with the key that the group lists; the others get what they always got.
#[tokio::test]
async fn who_offers_ed25519_gets_it_and_nobody_else() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let mia = world.mastodon().actor("mia").follows(&group).await;
    let mitra = world.server("mitra");
    let (tom, tim) = (
        mitra.actor("tom").follows(&group).await,
        mitra.actor("tim").follows(&group).await,
    );
    let posts = ann.posts(&group, ["one", "two"]).await;
    let theirs = tom.post(&group, "three").await;
    for member in [&tom, &tim] {
        member.hears_of(&posts).once().in_order().await;
    }
    mia.hears_of(posts.iter().chain([&theirs]))
        .once()
        .in_order()
        .await;
    world.settles().await;
    let heard = mitra.heard();
    assert_eq!(
        seals(&heard),
        vec![ED25519; 6],
        "two Accepts, and each post to each inbox"
    );
    let key = multikey(&world, &group).await;
    for heard in heard {
        assert_eq!(key["id"], heard.key_id.as_deref().unwrap());
    }
    for other in [ann.server(), mia.server()] {
        assert!(seals(&other.heard()).iter().all(|seal| *seal == CAVAGE));
        assert_eq!(scheme(&world, other).await, "cavage");
    }
    assert_eq!(scheme(&world, &mitra).await, "ed25519");
    world.end().await;
}

/// A key for object proofs alone, and RFC 9421 alone, are no offer.
#[tokio::test]
async fn half_an_offer_is_none() {
    let world = World::start().await;
    let group = world.group("garden").await;
    for (left_out, kept) in [("generator", "assertionMethod"), ("assertionMethod", "generator")] {
        let mitra = world.server("mitra");
        let tom = mitra.actor("tom");
        tom.publishes(|document| {
            document[left_out] = Value::Null;
            let implements = document["generator"].get_mut("implements");
            if let Some(all) = implements.and_then(Value::as_array_mut) {
                all.truncate(1);
            }
        });
        tom.follows(&group).await;
        assert_eq!(seals(&mitra.heard()), [CAVAGE], "{kept} alone");
    }
    world.end().await;
}

/// Who offers it and then refuses it gets the same with RSA at once, and from then on, whoever of them is read again.
#[tokio::test]
async fn who_refuses_what_it_offered_falls_back_and_stays_there() {
    let world = World::start().await;
    let ann = world.lemmy().actor("ann");
    for (name, status) in [("one", 400), ("two", 401), ("three", 403), ("four", 500)] {
        let group = world.group(name).await;
        let ann = ann.clone().follows(&group).await;
        let mitra = world.server("mitra");
        mitra.is(Mood::RefusesEd25519(status));
        let tom = mitra.actor("tom").follows(&group).await;
        world.settles().await;
        assert_eq!(scheme(&world, &mitra).await, "cavage", "{status}");
        let posts = ann.posts(&group, ["one", "two"]).await;
        tom.hears_of(&posts).once().in_order().await;
        let tim = mitra.actor("tim").follows(&group).await;
        reads_again(&world, &tom).await;
        let post = ann.post(&group, "three").await;
        for member in [&tom, &tim] {
            member.hears_of([&post]).once().await;
        }
        world.settles().await;
        let expected = [[ED25519].as_slice(), &[CAVAGE; 6]].concat();
        assert_eq!(seals(&mitra.heard()), expected, "only the first Accept was tried");
        assert_eq!(world.count(FAILING).await, 0, "a second knock is no failure");
    }
    world.end().await;
}

/// It takes it for a while, then not any more: of a burst, one entry is knocked at twice.
#[tokio::test]
async fn a_lane_that_is_refused_does_not_try_each_entry() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let mitra = world.server("mitra");
    let tom = mitra.actor("tom").follows(&group).await;
    mitra.goes_away();
    let posts = ann.posts(&group, ["one", "two", "three", "four", "five"]).await;
    world.until(FAILING, 1).await;
    mitra.is(Mood::RefusesEd25519(401));
    world.advance(TimeDelta::minutes(1));
    tom.hears_of(&posts).once().in_order().await;
    world.settles().await;
    let expected = [[ED25519; 2].as_slice(), &[CAVAGE; 5]].concat();
    assert_eq!(
        seals(&mitra.heard()),
        expected,
        "an Accept, a refusal, five posts"
    );
    world.end().await;
}

/// Neither Ed25519 nor draft-cavage: what is left is RFC 9421 with RSA, and that is remembered.
#[tokio::test]
async fn the_third_knock_is_the_last() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let mitra = world.server("mitra");
    mitra.is_next([Mood::Says(401), Mood::Says(401)]);
    let tom = mitra.actor("tom").follows(&group).await;
    let post = ann.post(&group, "one").await;
    tom.hears_of([&post]).once().await;
    world.settles().await;
    assert_eq!(seals(&mitra.heard()), [ED25519, CAVAGE, RFC_9421, RFC_9421]);
    assert_eq!(scheme(&world, &mitra).await, "rfc9421");
    world.end().await;
}

/// A refusal is forgotten after 30 days, or when the host runs another version; then its word counts again.
#[tokio::test]
async fn a_refusal_is_forgotten() {
    let world = World::start().await;
    let group = world.group("garden").await;
    for newer in [false, true] {
        let mitra = world.server("mitra");
        mitra.is(Mood::RefusesEd25519(401));
        mitra.actor("tom").follows(&group).await;
        world.settles().await;
        mitra.comes_back();
        reads_again(&world, &mitra.actor("tom")).await;
        assert_eq!(scheme(&world, &mitra).await, "cavage");
        if newer {
            let node_info = json!({ "version": "2.0", "software": { "name": "mitra", "version": "4.10.0" } });
            mitra.serves("/nodeinfo/2.0", activity_json(&node_info));
            world.advance(TimeDelta::days(1) + TimeDelta::minutes(1));
            let looked_up = "select count(*) from peer where version = '4.10.0'";
            world.until(looked_up, 1).await;
        } else {
            world.advance(TimeDelta::days(30));
        }
        assert_eq!(scheme(&world, &mitra).await, "cavage", "until it says so again");
        reads_again(&world, &mitra.actor("tom")).await;
        assert_eq!(scheme(&world, &mitra).await, "ed25519", "newer: {newer}");
    }
    world.end().await;
}

/// A key of ours that is not there, or not what it should be: the queue says so, nobody is blamed, and what waited is sent.
#[tokio::test]
async fn a_key_of_ours_that_is_amiss_is_said_and_nothing_is_skipped() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let mitra = world.server("mitra");
    let lost = "with lost as (update own_key set purpose = 'lost' where purpose = 'group:garden/ed25519' returning 1)
                select count(*) from lost";
    let broken = "with broken as (insert into own_key (iri, purpose, pkcs8, public_pem, created_at)
                      select iri || '2', 'group:garden/ed25519', '\\x00', public_pem, created_at
                      from own_key where purpose = 'lost' returning 1)
                  select count(*) from broken";
    let of_the_wrong_kind = "with wrong as (update own_key set pkcs8 = rsa.pkcs8 from own_key rsa
                          where own_key.purpose = 'group:garden/ed25519' and rsa.purpose = 'group:garden' returning 1)
                      select count(*) from wrong";
    let found = "with broken as (delete from own_key where iri like '%2'), found as (
                     update own_key set purpose = 'group:garden/ed25519_' where purpose = 'lost' returning 1)
                 select count(*) from found";
    let named = "with named as (update own_key set purpose = 'group:garden/ed25519'
                                where purpose = 'group:garden/ed25519_' returning 1)
                 select count(*) from named";
    assert_eq!(world.count(lost).await, 1);
    let tom = mitra.actor("tom");
    let join = tom.asks(&group).await;
    for (change, says) in [
        (
            "select 1::bigint",
            "select count(*) from destination where last_error = 'we have no key for group:garden/ed25519'",
        ),
        (
            broken,
            "select count(*) from destination where last_error = 'our key for group:garden/ed25519 cannot be read'",
        ),
        (
            of_the_wrong_kind,
            "select count(*) from destination where last_error = 'our key for group:garden/ed25519 is of another kind'",
        ),
    ] {
        assert_eq!(world.count(change).await, 1);
        world.advance(TimeDelta::minutes(1));
        world.until(says, 1).await;
    }
    assert_eq!(world.count(FAILING).await, 0);
    assert_eq!(mitra.heard().len(), 0, "not even with the other key");
    assert_eq!(world.count(found).await, 1);
    assert_eq!(world.count(named).await, 1);
    world.advance(TimeDelta::minutes(1));
    tom.is_accepted(&join).await;
    assert_eq!(seals(&mitra.heard()), [ED25519]);
    world.end().await;
}

/// Groups that an earlier version made get a key when a process starts, whichever of several is first; a key that is there
/// stays.
#[tokio::test]
async fn groups_without_a_key_get_one_when_a_process_starts() {
    let world = World::start().await;
    let (garden, orchard, shed) = (
        world.group("garden").await,
        world.group("orchard").await,
        world.group("shed").await,
    );
    let before = multikey(&world, &shed).await;
    let old = "with old as (delete from own_key where purpose in ('group:garden/ed25519', 'group:orchard/ed25519') returning 1)
               select count(*) from old";
    assert_eq!(world.count(old).await, 2);
    assert!(world.document(&garden.id).await["assertionMethod"].is_null());
    let open = || {
        server::open(
            Arc::clone(&world.house().settings),
            world.house().store.clock().clone(),
        )
    };
    let (one, two, three) = tokio::join!(open(), open(), open());
    for house in [one, two, three] {
        house.unwrap().close().await;
    }
    assert_eq!(multikey(&world, &shed).await, before);
    for group in [&garden, &orchard] {
        multikey(&world, group).await;
        let mitra = world.server("mitra");
        mitra.actor("tom").follows(group).await;
        assert_eq!(
            seals(&mitra.heard()),
            [ED25519],
            "the key in the document verifies"
        );
    }
    world.end().await;
}

/// Where two versions run side by side, the older one makes groups without a second key: they get it within a minute.
#[tokio::test]
async fn a_group_that_an_older_process_makes_gets_its_key_soon() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let old = "with old as (delete from own_key where purpose = 'group:garden/ed25519' returning 1)
               select count(*) from old";
    assert_eq!(world.count(old).await, 1);
    world.advance(TimeDelta::minutes(1));
    world
        .until(
            "select count(*) from own_key where purpose = 'group:garden/ed25519'",
            1,
        )
        .await;
    multikey(&world, &group).await;
    world.end().await;
}
