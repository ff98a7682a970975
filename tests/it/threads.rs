//! Threads that are not all here: what a reply answers is looked for where it was written.
//!
//! One rule: nobody can make us ask without end, and what a group would not take is not brought in by answering it.

use std::sync::Arc;

use chrono::TimeDelta;
use folkmoot::domain::{Iri, Policies, PostPolicy};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::support::peer::{Actor, Group, Reply, Said, Server, status};
use crate::support::world::World;

const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";

/// A note, published and sent to nobody.
fn note(by: &Actor, group: Option<&Group>, parent: Option<&str>) -> Said {
    let document = by.speaks(|me| {
        let mut note = json!({
            "@context": "https://www.w3.org/ns/activitystreams",
            "id": (me.mint)("notes"), "type": "Note", "attributedTo": me.id, "content": "a word", "published": me.now,
            "to": [PUBLIC], "cc": group.map(|group| &group.id),
        });
        if let Some(parent) = parent {
            note["inReplyTo"] = json!(parent);
        }
        note
    });
    by.server().publishes(&document);
    Said {
        post: document["id"].as_str().unwrap().to_owned(),
        text: document.to_string(),
        document,
        is_comment: parent.is_some(),
    }
}

/// So many notes, each an answer to the one before; the first one names the group.
fn chain(by: &Actor, group: &Group, length: usize) -> Vec<Said> {
    let mut notes = vec![note(by, Some(group), None)];
    while notes.len() < length {
        let parent = notes.last().map(|note| note.post.clone());
        notes.push(note(by, None, parent.as_deref()));
    }
    notes
}

fn asked_for(server: &Server) -> usize {
    let notes = |path: &&String| path.starts_with("/notes/");
    server.fetched().iter().filter(notes).count()
}

async fn posts(world: &World) -> i64 {
    world.count("select count(*) from post").await
}

/// The ids of a thread's posts, as everybody reads them.
async fn thread(world: &World, group: &Group) -> Vec<Value> {
    let id = world
        .text("select id::text from post where parent_id is null limit 1")
        .await;
    let page = format!("{}?page=1", group.part(&format!("threads/{id}")));
    world.document(&page).await["orderedItems"]
        .as_array()
        .unwrap()
        .clone()
}

/// Three posts that nobody sent us come in with the answer to the last of them: once, oldest first, the answer after them.
/// Who hears of posts by their ids hears of them now; all others find them where the answer says.
#[tokio::test]
async fn what_a_reply_answers_comes_with_it() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let xia = world.explainer().actor("xia").follows(&group).await;
    let mia = world.mastodon().actor("mia").follows(&group).await;
    let carol = world.mastodon().actor("carol");
    let notes = chain(&carol, &group, 3);
    let reply = ann.replies(&group, &notes[2], "an answer").await;
    xia.hears_of([&reply]).once().await;
    let second = ann.replies(&group, &notes[1], "another").await;
    xia.hears_of([&second]).once().await;
    world.settles().await;
    let all = [&notes[0], &notes[1], &notes[2], &reply, &second];
    assert_eq!(thread(&world, &group).await, all.map(|said| json!(said.post)));
    let boosts: Vec<Value> = mia
        .heard()
        .iter()
        .filter(|heard| heard.kind() == "Announce")
        .map(|heard| heard.document["object"].clone())
        .collect();
    assert_eq!(
        boosts,
        [json!(notes[0].post)],
        "a microblog hears of the thread, once"
    );
    assert_eq!(
        asked_for(carol.server()),
        4,
        "each once by us, and the first by mia's server"
    );
    let outbox = world.document(&group.part("outbox")).await;
    assert_eq!(outbox["totalItems"], 5);
    let mut said: Vec<String> = vec![];
    for entry in outbox["orderedItems"].as_array().unwrap() {
        assert_eq!(world.document(entry["id"].as_str().unwrap()).await, *entry);
        let object = entry["object"]
            .as_str()
            .or_else(|| entry["object"]["object"]["id"].as_str());
        said.push(object.unwrap().to_owned());
    }
    said.reverse();
    assert_eq!(said, all.map(|said| said.post.clone()));
    world.end().await;
}

/// Whoever answers what came late needs nobody to be asked again; the same Create by its author is the same post.
#[tokio::test]
async fn what_came_so_is_a_post_like_any_other() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let bob = world.mastodon().actor("bob").follows(&group).await;
    let first = note(&bob, Some(&group), None);
    ann.replies(&group, &first, "an answer").await;
    world.until("select count(*) from post", 2).await;
    let create = bob.speaks(|me| {
        json!({ "id": (me.mint)("creates"), "type": "Create", "actor": me.id, "to": [PUBLIC], "cc": [group.id],
            "object": first.document })
    });
    bob.sends(&group, &create).await.is(202);
    bob.likes(&group, &first).await;
    world.until("select count(*) from vote", 1).await;
    bob.deletes(&group, &first).await;
    world.settles().await;
    assert_eq!(
        world
            .count("select count(*) from post where deleted_at is null")
            .await,
        1
    );
    assert_eq!(world.count("select count(*) from entry").await, 4);
    world.end().await;
}

/// Twenty posts are read for one reply, and then no more: thirty are too many, and none of them is kept.
#[tokio::test]
async fn a_way_up_that_is_too_long_is_not_gone() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let carol = world.mastodon().actor("carol");
    let long = chain(&carol, &group, 30);
    let reply = ann.replies(&group, &long[29], "far down").await;
    ann.is_rejected(&reply).await;
    world.settles().await;
    assert_eq!((asked_for(carol.server()), posts(&world).await), (20, 0));
    let reply = ann.replies(&group, &long[19], "not so far down").await;
    world.until("select count(*) from post", 21).await;
    let deeper = ann.replies(&group, &long[29], "now it is near enough").await;
    world.until("select count(*) from post", 32).await;
    world.settles().await;
    let all: Vec<Value> = long[..20]
        .iter()
        .chain([&reply])
        .chain(&long[20..])
        .chain([&deeper])
        .map(|said| json!(said.post))
        .collect();
    assert_eq!(thread(&world, &group).await, all);
    world.end().await;
}

/// A ring of two, one that answers itself, and one that answers what is not there: said no to, and never asked for again.
#[tokio::test]
async fn what_leads_nowhere_ends() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let carol = world.mastodon().actor("carol");
    let mut one = note(&carol, Some(&group), Some("https://nobody.example/1"));
    let two = note(&carol, Some(&group), Some(&one.post));
    one.document["inReplyTo"] = json!(two.post);
    carol.server().publishes(&one.document);
    let reply = ann.replies(&group, &two, "to a ring").await;
    ann.is_rejected(&reply).await;
    assert_eq!(asked_for(carol.server()), 2);

    let itself = ann.server().mint("notes");
    let own = ann.speaks(|me| {
        json!({ "id": (me.mint)("creates"), "type": "Create", "actor": me.id, "to": [PUBLIC], "cc": [group.id],
            "object": { "id": itself, "type": "Note", "attributedTo": me.id, "content": "x", "to": [PUBLIC], "inReplyTo": itself } })
    });
    ann.sends(&group, &own).await.problem(403);
    let here = Said {
        post: format!("{}/post/none", world.base()),
        ..two.clone()
    };
    let to_us = ann.speaks(|me| {
        ann.server()
            .software()
            .manners
            .reply(me, &group, &here, "to nothing here")
    });
    assert_eq!(
        ann.sends(&group, &to_us).await.problem(403)["field"],
        "object.inReplyTo"
    );

    for (path, answer) in [
        ("/notes/gone", 410),
        ("/notes/missing", 404),
        ("/notes/secret", 403),
    ] {
        carol.server().serves(path, status(answer));
        let nothing = Said {
            post: format!("{}{path}", carol.server().base()),
            ..two.clone()
        };
        let reply = ann.replies(&group, &nothing, "to nothing").await;
        ann.is_rejected(&reply).await;
    }
    world.settles().await;
    assert_eq!(posts(&world).await, 0);
    world.end().await;
}

/// A server that is away for an hour: the reply waits for it, and everything that answers the same waits behind.
#[tokio::test]
async fn a_server_that_is_away_is_asked_again() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let bob = world.lemmy().actor("bob").follows(&group).await;
    let carol = world.mastodon().actor("carol");
    let first = note(&carol, Some(&group), None);
    carol.server().goes_away();
    let reply = ann.replies(&group, &first, "an answer").await;
    let second = bob.replies(&group, &first, "another").await;
    for _ in 0..6 {
        world.advance(TimeDelta::minutes(10));
        tokio::time::sleep(std::time::Duration::from_millis(30)).await;
    }
    assert_eq!(posts(&world).await, 0);
    carol.server().comes_back();
    world.while_time_passes(bob.hears_of([&reply]).once()).await;
    world.while_time_passes(ann.hears_of([&second]).once()).await;
    world.settles().await;
    assert_eq!(posts(&world).await, 3);
    world.end().await;
}

/// An answer to an answer that waits comes after it, and each is passed on as its author sent it.
#[tokio::test]
async fn answers_wait_for_each_other() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let bob = world.lemmy().actor("bob").follows(&group).await;
    let xia = world.explainer().actor("xia").follows(&group).await;
    let carol = world.mastodon().actor("carol");
    let first = note(&carol, Some(&group), None);
    carol.server().goes_away();
    let one = ann.replies(&group, &first, "one").await;
    let two = bob.replies(&group, &one, "two").await;
    let three = ann.replies(&group, &two, "three").await;
    let edit = ann.edits(&group, &one, "better words").await;
    world.until("select count(*) from received", 4).await;
    carol.server().comes_back();
    world
        .while_time_passes(xia.hears_of([&one, &two, &three]).once().in_order())
        .await;
    world
        .while_time_passes(xia.hears_of([&one, &edit]).once().in_order())
        .await;
    let edited = "select count(*) from post where content like '%better words%'";
    assert_eq!(world.count(edited).await, 1);
    world.settles().await;
    assert_eq!(posts(&world).await, 4);
    world.end().await;
}

/// It never comes back: after a day the group says no, as it does to any answer to nothing.
#[tokio::test]
async fn a_server_that_stays_away_is_given_up() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let carol = world.mastodon().actor("carol");
    let first = note(&carol, Some(&group), None);
    carol.server().goes_away();
    let reply = ann.replies(&group, &first, "an answer").await;
    for _ in 0..34 {
        world.advance(TimeDelta::minutes(50));
        tokio::time::sleep(std::time::Duration::from_millis(30)).await;
    }
    ann.is_rejected(&reply).await;
    world.settles().await;
    assert_eq!(posts(&world).await, 0);
    world.end().await;
}

/// Whom the group would not hear makes nobody ask for anything.
#[tokio::test]
async fn a_stranger_costs_no_fetch() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let carol = world.mastodon().actor("carol");
    let first = note(&carol, Some(&group), None);
    let stranger = world.lemmy().actor("stranger");
    let reply = stranger.speaks(|me| {
        stranger
            .server()
            .software()
            .manners
            .reply(me, &group, &first, "an answer")
    });
    stranger.sends(&group, &reply).await.problem(403);
    // A microblog's answers in threads that are no matter of ours come to the shared inbox, and name nobody here.
    let shared = note(&stranger, None, Some(&first.post));
    let create = json!({ "id": stranger.server().mint("creates"), "type": "Create", "actor": stranger.id(), "to": [PUBLIC], "object": shared.document });
    let inbox = format!("{}/inbox", world.base());
    stranger.sends_to(&inbox, &create.to_string()).await.is(202);
    world.settles().await;
    assert_eq!((asked_for(carol.server()), posts(&world).await), (0, 0));
    world.end().await;
}

/// A thread that is no matter of the group's, one whose author is banned, one that only admins could have started.
#[tokio::test]
async fn what_does_not_belong_there_is_not_brought_in() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let notices = Policies {
        post: PostPolicy::Admins,
        ..Policies::default()
    };
    let notices = world.group_with("notices", notices).await;
    let ann = world
        .lemmy()
        .actor("ann")
        .follows(&group)
        .await
        .follows(&notices)
        .await;
    let carol = world.mastodon().actor("carol");
    let elsewhere = note(&carol, None, None);
    let reply = ann.replies(&group, &elsewhere, "come to our group").await;
    ann.is_rejected(&reply).await;

    let by_nobody = note(&carol, Some(&notices), None);
    let reply = ann.replies(&notices, &by_nobody, "an answer").await;
    ann.is_rejected(&reply).await;

    let carol_id = Iri::object(&carol.id()).unwrap();
    let whom = folkmoot::engine::Whom::Actor(carol_id);
    world
        .house()
        .engine
        .ban("garden", &whom, None, None)
        .await
        .unwrap();
    let banned = note(&carol, Some(&group), None);
    let reply = ann.replies(&group, &banned, "an answer").await;
    ann.is_rejected(&reply).await;
    world.settles().await;
    assert_eq!(posts(&world).await, 0);
    world.end().await;
}

/// An answer that is given by its id is read, and then what it answers is: it is the answer that is posted, and both are there.
#[tokio::test]
async fn an_answer_by_its_id_waits_for_its_parent_too() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.mastodon().actor("ann").follows(&group).await;
    let tom = world.lemmy().actor("tom").follows(&group).await;
    let carol = world.mastodon().actor("carol");
    let elsewhere = note(&carol, Some(&group), None);
    let own = note(&ann, Some(&group), None);
    let mut expected = 0;
    for parent in [elsewhere, own] {
        let answer = note(&ann, Some(&group), Some(&parent.post));
        let create = ann.speaks(|me| {
            json!({ "id": (me.mint)("creates"), "type": "Create", "actor": me.id, "to": [PUBLIC], "cc": [group.id],
                "object": answer.post })
        });
        let said = ann.would_say(create, answer.post.clone(), true);
        ann.sends_to(&group.inbox(), &said.text).await.is(202);
        tom.hears_of([&said]).once().await;
        expected += 2;
        assert_eq!(posts(&world).await, expected);
    }
    world.end().await;
}

/// While a server lets us wait for what somebody answered, others who sent something to be read are not kept waiting.
#[tokio::test]
async fn who_is_slow_holds_up_nobody() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let mia = world.mastodon().actor("mia").follows(&group).await;
    let tom = world.lemmy().actor("tom").follows(&group).await;
    let slow = world.mastodon().actor("slow");
    let parent = note(&slow, Some(&group), None);
    let go = Arc::new(Semaphore::new(0));
    slow.server().serves(
        parent.post.strip_prefix(slow.server().base()).unwrap(),
        slowly(&parent.document, &go),
    );
    let answer = ann.replies(&group, &parent, "an answer").await;
    world
        .until("select count(*) from received where tries = 1", 1)
        .await;
    let honest = note(&mia, Some(&group), None);
    let create = mia.speaks(|me| {
        json!({ "id": (me.mint)("creates"), "type": "Create", "actor": me.id, "to": [PUBLIC], "cc": [group.id], "object": honest.post })
    });
    let said = mia.would_say(create, honest.post, false);
    mia.sends_to(&group.inbox(), &said.text).await.is(202);
    tom.hears_of([&said]).once().await;
    let still = world.count("select count(*) from received where tries = 1").await;
    assert_eq!(still, 1, "the first one is still looked for");
    go.add_permits(100);
    tom.hears_of([&answer]).once().await;
    world.end().await;
}

/// A document whose bytes come when somebody says so.
fn slowly(document: &Value, go: &Arc<Semaphore>) -> Reply {
    let (text, go) = (document.to_string(), Arc::clone(go));
    Arc::new(move || {
        let (text, go) = (text.clone(), Arc::clone(&go));
        let body = futures_util::stream::once(async move {
            let _ = go.acquire().await;
            Ok::<_, std::convert::Infallible>(text)
        });
        axum::response::Response::builder()
            .header("content-type", "application/activity+json")
            .body(axum::body::Body::from_stream(body))
            .unwrap()
    })
}

/// PeerTube and Mobilizon name a person and a group of the same server (dialects 6.7): the post is the person's.
#[tokio::test]
async fn what_has_two_authors_is_the_persons() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let videos = world.mastodon();
    let (carol, channel) = (videos.actor("carol"), videos.settle("channel", "Group"));
    let (person, its_group) = (
        json!({"type": "Person", "id": carol.id()}),
        json!({"type": "Group", "id": channel.id()}),
    );
    for authors in [
        json!([person, its_group]),
        json!([its_group, person]),
        json!([carol.id(), channel.id()]),
    ] {
        let mut theirs = note(&carol, Some(&group), None);
        theirs.document["attributedTo"] = authors;
        videos.publishes(&theirs.document);
        ann.replies(&group, &theirs, "an answer").await;
    }
    world.settles().await;
    assert_eq!(posts(&world).await, 6);
    let carols = "select count(*) from post p join actor a on a.id = p.author_id where a.username = 'carol'";
    assert_eq!(world.count(carols).await, 3);
    world.end().await;
}

/// Beside its author a post names nobody but groups of the author's server: who names another person is nobody's.
#[tokio::test]
async fn what_names_a_second_person_is_not_brought_in() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let (carol, victim) = (world.mastodon().actor("carol"), world.mastodon().actor("victim"));
    let mut theirs = note(&carol, Some(&group), None);
    theirs.document["attributedTo"] = json!([carol.id(), victim.id()]);
    carol.server().publishes(&theirs.document);
    ann.replies(&group, &theirs, "an answer").await;
    world.settles().await;
    assert_eq!(posts(&world).await, 0);
    world.end().await;
}
