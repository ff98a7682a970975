//! Accounts that move and accounts that end.
//!
//! One rule: a Move is believed if both sides say it, an end if the account or its own server says it.

use folkmoot::domain::{Iri, JoinPolicy, Policies};
use folkmoot::engine::Whom;
use serde_json::{Value, json};

use crate::support::forge::Forgery;
use crate::support::peer::{Actor, Answer, Group, status};
use crate::support::world::World;

const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";

/// Somebody's new account, which says whose it is.
fn new_account(world: &World, software: &str, name: &str, old: &Actor) -> Actor {
    let new = world.server(software).actor(name);
    let old = old.id();
    new.publishes(|document| document["alsoKnownAs"] = json!([old]));
    new
}

/// As Mastodon sends it: to the followers, and to every server that it knows.
async fn moves(world: &World, old: &Actor, target: &str) -> Answer {
    let document = old.speaks(|me| {
        json!({
            "@context": "https://www.w3.org/ns/activitystreams", "id": (me.mint)("moves"), "type": "Move", "actor": me.id,
            "object": me.id, "target": target, "to": [me.followers],
        })
    });
    let answer = old
        .sends_to(&format!("{}/inbox", world.base()), &document.to_string())
        .await;
    world.settles().await;
    answer
}

async fn deletes_itself(world: &World, who: &Actor) {
    let document = who.speaks(|me| {
        json!({ "id": format!("{}#delete", me.id), "type": "Delete", "actor": me.id, "object": me.id, "to": [PUBLIC] })
    });
    who.sends_to(&format!("{}/inbox", world.base()), &document.to_string())
        .await
        .is(202);
}

async fn listed(world: &World, group: &Group, list: &str) -> Vec<String> {
    let whole = world.document(&group.part(list)).await;
    let items = match whole["first"].as_str() {
        Some(page) => world.document(page).await["orderedItems"].clone(),
        None => whole["orderedItems"].clone(),
    };
    let items = items.as_array().unwrap().iter();
    sorted(items.map(|id| id.as_str().unwrap().to_owned()))
}

fn sorted(ids: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut ids: Vec<String> = ids.into_iter().collect();
    ids.sort();
    ids
}

fn whom(actor: &Actor) -> Whom {
    Whom::Actor(Iri::object(&actor.id()).unwrap())
}

/// What the old one was, the new one is; what is said is delivered to the new one and not to the old one.
#[tokio::test]
async fn a_member_moves_with_all_that_they_are() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let bob = world.lemmy().actor("bob").follows(&group).await;
    let before = ann.post(&group, "before").await;
    bob.hears_of([&before]).once().await;
    let new = new_account(&world, "lemmy", "bobby", &bob);
    moves(&world, &bob, &new.id()).await.is(202);
    assert_eq!(
        listed(&world, &group, "members").await,
        sorted([ann.id(), new.id()])
    );
    let after = ann.post(&group, "after").await;
    new.hears_of([&after]).once().await;
    world.settles().await;
    bob.hears_of([&after]).nothing();
    new.hears_of([&before]).nothing();
    new.replies(&group, &after, "I am here now").await;
    let late = bob.speaks(|me| {
        bob.server()
            .software()
            .manners
            .post(me, &group, "and no more here")
    });
    bob.sends(&group, &late).await.is(403);
    // Said again, it is so already.
    moves(&world, &bob, &new.id()).await.is(202);
    assert_eq!(listed(&world, &group, "members").await.len(), 2);
    world.end().await;
}

/// An admin stays one, an owner owns; who waits goes on waiting, who was invited may come.
#[tokio::test]
async fn roles_and_what_is_open_go_along() {
    let world = World::start().await;
    let owner = world.lemmy().actor("owner");
    let policies = Policies {
        join: JoinPolicy::Approval,
        ..Policies::default()
    };
    let group = world.group_of(&owner, "garden", policies).await;
    let waits = world.lemmy().actor("waits");
    waits.asks(&group).await;
    let invited = world.explainer().actor("invited");
    let invite = owner.speaks(|me| {
        json!({ "id": (me.mint)("invites"), "type": "Invite", "actor": me.id, "object": group.id, "target": invited.id(),
            "to": [group.id, invited.id()] })
    });
    owner.sends(&group, &invite).await.is(202);
    world.settles().await;

    let new_owner = new_account(&world, "lemmy", "owner2", &owner);
    moves(&world, &owner, &new_owner.id()).await.is(202);
    assert_eq!(listed(&world, &group, "admins").await, [new_owner.id()]);
    let new_waits = new_account(&world, "lemmy", "waits2", &waits);
    moves(&world, &waits, &new_waits.id()).await.is(202);
    let new_invited = new_account(&world, "onepage.pub", "invited2", &invited);
    moves(&world, &invited, &new_invited.id()).await.is(202);
    let members = listed(&world, &group, "members").await;
    assert!(members.is_empty(), "{members:?}");

    let accept = new_owner.speaks(|me| {
        json!({ "id": (me.mint)("accepts"), "type": "Accept", "actor": me.id,
            "object": { "type": "Person", "id": new_waits.id() }, "target": group.part("members"), "to": [group.id] })
    });
    new_owner.sends(&group, &accept).await.is(202);
    let new_invited = new_invited.follows(&group).await;
    world.settles().await;
    let expected = sorted([new_waits.id(), new_invited.id()]);
    assert_eq!(listed(&world, &group, "members").await, expected);
    world.end().await;
}

/// What somebody heard of a list of people: who came and who went, in order.
fn told(who: &Actor, list: &str) -> Vec<(String, String)> {
    let heard = who.heard();
    let acts = heard.iter().map(|heard| match heard.kind() {
        "Announce" => &heard.document["object"],
        _ => &heard.document,
    });
    let of_list = acts.filter(|act| {
        let target = act["target"].as_str().or_else(|| act["target"]["id"].as_str());
        matches!(act["type"].as_str(), Some("Add" | "Remove")) && target == Some(list)
    });
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let told = of_list.map(|act| (text(&act["type"]), text(&act["object"])));
    told.filter(|(_, whom)| *whom != who.id()).collect()
}

/// Whoever keeps a list hears that the new one is on it, and then that the old one is off it.
#[tokio::test]
async fn who_moves_is_told_as_one_who_comes_and_one_who_goes() {
    let world = World::start().await;
    let owner = world.lemmy().actor("owner");
    let group = world.group_of(&owner, "garden", Policies::default()).await;
    let xia = world.explainer().actor("xia").follows(&group).await;
    let una = world.server("smithereen").actor("una").follows(&group).await;
    let lea = world.lemmy().actor("lea").follows(&group).await;
    let bob = world.lemmy().actor("bob").follows(&group).await;
    let add = owner.speaks(|me| {
        json!({ "id": (me.mint)("adds"), "type": "Add", "actor": me.id, "object": bob.id(), "target": group.part("moderators"),
            "to": [PUBLIC], "cc": [group.id] })
    });
    owner.sends(&group, &add).await.is(202);
    world.settles().await;
    let new = new_account(&world, "lemmy", "bobby", &bob);
    moves(&world, &bob, &new.id()).await.is(202);
    let new_owner = new_account(&world, "lemmy", "owner2", &owner);
    moves(&world, &owner, &new_owner.id()).await.is(202);
    let (came, went) = (
        |who: &Actor| ("Add".to_owned(), who.id()),
        |who: &Actor| ("Remove".to_owned(), who.id()),
    );
    let members = group.part("members");
    let after_joining = |who: &Actor| {
        told(who, &members)
            .into_iter()
            .rev()
            .take(3)
            .rev()
            .collect::<Vec<_>>()
    };
    for who in [&xia, &una] {
        assert_eq!(
            after_joining(who),
            [came(&bob), came(&new), went(&bob)],
            "{}",
            who.name()
        );
    }
    let ranks = [came(&bob), came(&new), went(&bob), came(&new_owner), went(&owner)];
    assert_eq!(told(&lea, &group.part("moderators")), ranks);
    world.end().await;
}

/// A ban follows, over as many accounts as there are; who moves to a banned account is banned with it.
#[tokio::test]
async fn a_ban_follows_the_chain() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let engine = &world.house().engine;
    engine.ban("garden", &whom(&ann), None, None).await.unwrap();
    let mut last = ann.clone();
    for n in 0..4 {
        let next = new_account(&world, "lemmy", &format!("ann{n}"), &last);
        moves(&world, &last, &next.id()).await.is(202);
        // The link back is only needed for as long as it takes.
        next.publishes(|document| document["alsoKnownAs"] = json!([]));
        last = next;
    }
    let join = last.asks(&group).await;
    last.is_rejected(&join).await;

    let bob = world.lemmy().actor("bob").follows(&group).await;
    last.publishes(|document| document["alsoKnownAs"] = json!([bob.id()]));
    moves(&world, &bob, &last.id()).await.is(202);
    assert_eq!(listed(&world, &group, "members").await, Vec::<String>::new());
    let join = bob.asks(&group).await;
    bob.is_rejected(&join).await;
    world.end().await;
}

/// Without the link back, to itself, to one of our groups, to nobody, by somebody else: nothing happens.
#[tokio::test]
async fn a_move_that_nobody_confirms_is_none() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let bob = world.mastodon().actor("bob").follows(&group).await;
    let other = world.lemmy().actor("other");
    let before = world.state(&[]).await;
    for target in [
        other.id(),
        ann.id(),
        group.id.clone(),
        format!("{}/u/nobody", other.server().base()),
        bob.id(),
    ] {
        moves(&world, &ann, &target).await.is(202);
    }
    other.publishes(|document| document["alsoKnownAs"] = json!([ann.id()]));
    let by_bob = bob.speaks(|me| {
        json!({ "id": (me.mint)("moves"), "type": "Move", "actor": me.id, "object": ann.id(), "target": other.id() })
    });
    bob.sends(&group, &by_bob).await.is(202);
    world.settles().await;
    let mut after = world.state(&[]).await;
    after.insert("actor".to_owned(), before["actor"].clone());
    after.insert("key".to_owned(), before["key"].clone());
    assert_eq!(after, before);
    // A stranger who moves is nobody's business.
    let stranger = world.lemmy().actor("stranger");
    let target = new_account(&world, "lemmy", "stranger2", &stranger);
    moves(&world, &stranger, &target.id()).await.is(202);
    assert_eq!(target.server().fetched(), Vec::<String>::new());
    world.end().await;
}

/// Whoever deletes their account is in no group, and what they said is in none: told once, and what others said stays.
#[tokio::test]
async fn what_somebody_said_goes_with_them() {
    let world = World::start().await;
    let (garden, kitchen) = (world.group("garden").await, world.group("kitchen").await);
    let ann = world
        .mastodon()
        .actor("ann")
        .follows(&garden)
        .await
        .follows(&kitchen)
        .await;
    let mia = world
        .mastodon()
        .actor("mia")
        .follows(&garden)
        .await
        .follows(&kitchen)
        .await;
    let xia = world.explainer().actor("xia").follows(&garden).await;
    let one = ann.post(&garden, "one").await;
    let two = ann.post(&kitchen, "two").await;
    let hers = mia.post(&garden, "hers").await;
    let reply = ann.replies(&garden, &hers, "three").await;
    let to_her = mia.replies(&garden, &one, "four").await;
    ann.likes(&garden, &hers).await;
    xia.hears_of([&one, &hers, &reply, &to_her]).once().await;
    deletes_itself(&world, &ann).await;
    world
        .until("select count(*) from actor where cleared_at is not null", 1)
        .await;
    world.settles().await;
    assert_eq!(
        listed(&world, &garden, "members").await,
        sorted([xia.id(), mia.id()])
    );
    let told = |who: &Actor, kind: &str| -> Vec<Value> {
        let heard = who
            .heard()
            .into_iter()
            .filter(|heard| heard.taken && heard.kind() == kind);
        heard.map(|heard| heard.document["object"].clone()).collect()
    };
    let undone: Vec<Value> = told(&mia, "Undo")
        .iter()
        .map(|undo| undo["object"].clone())
        .collect();
    assert_eq!(undone.len(), 2);
    assert!(
        undone.contains(&json!(one.post)) && undone.contains(&json!(two.post)),
        "{undone:?}"
    );
    let deleted: Vec<Value> = told(&xia, "Announce")
        .into_iter()
        .filter(|inner| inner["type"] == "Delete")
        .map(|delete| delete["object"].clone())
        .collect();
    assert_eq!(deleted, [json!(reply.post), json!(one.post)]);
    assert_eq!(
        world
            .count("select count(*) from post where deleted_at is null")
            .await,
        2
    );
    assert_eq!(
        world
            .count("select count(*) from post where deleted_at is not null and content is not null")
            .await,
        0
    );
    assert_eq!(world.count("select count(*) from vote").await, 0);
    for entry in xia.heard() {
        if entry.document["object"]["type"] == "Delete" {
            let delete = &entry.document["object"];
            assert_eq!(world.document(delete["id"].as_str().unwrap()).await, *delete);
        }
    }
    assert_eq!(world.document(&kitchen.part("outbox")).await["totalItems"], 0);
    world.end().await;
}

/// Its server says that it is gone (410): so it is. That it is not found (404) may pass.
#[tokio::test]
async fn a_server_may_say_that_somebody_is_gone() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.mastodon().actor("ann").follows(&group).await;
    ann.post(&group, "one").await;
    world.settles().await;
    let path = ann.id().trim_start_matches(ann.server().base()).to_owned();
    for (answer, left) in [(404, 1), (410, 0)] {
        ann.server().serves(&path, status(answer));
        // It was read when she joined, and when it was not found: it is not asked for again at once.
        world.advance(chrono::TimeDelta::minutes(6));
        let (id, delete) = (ann.id(), format!("{}#delete-{answer}", ann.id()));
        let delete = json!({ "id": delete, "type": "Delete", "actor": id, "object": id, "to": [PUBLIC] });
        // Signed with a key that we do not know: that makes us look.
        let forgery = Forgery::new(&ann, &group.inbox(), &delete.to_string());
        let forgery = forgery.with(|forgery| forgery.key_id = format!("{id}#other-{answer}"));
        forgery.send().await.is(401);
        world
            .until("select count(*) from post where deleted_at is null", left)
            .await;
        world.settles().await;
        assert_eq!(
            world.count("select count(*) from membership where member").await,
            left
        );
    }
    world.end().await;
}
