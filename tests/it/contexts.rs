//! Threads that other servers have as one collection (FEP-f228): what of them is read, and whose word it is.
//!
//! One rule: a collection says where to look, and what its own server wrote; nothing else in it is believed, and nobody makes us read
//! without end.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::relayed::{Elsewhere, said_by};
use crate::support::peer::{Actor, Group, Said, Server};
use crate::support::world::World;

const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";

/// A note that names the collection of its thread, if there is one; published and sent to nobody.
fn note(by: &Actor, group: Option<&Group>, parent: Option<&Said>, thread: Option<&str>) -> Said {
    let create = by.speaks(|me| {
        let id = (me.mint)("notes");
        json!({
            "id": format!("{id}/create"), "type": "Create", "actor": me.id, "to": [PUBLIC], "cc": group.map(|group| &group.id),
            "object": {
                "id": id, "type": "Note", "attributedTo": me.id, "content": "a word", "published": me.now,
                "to": [PUBLIC], "cc": group.map(|group| &group.id), "inReplyTo": parent.map(|parent| &parent.post),
                "context": thread,
            },
        })
    });
    by.server().publishes(&create["object"]);
    let post = create["object"]["id"].as_str().unwrap().to_owned();
    by.would_say(create, post, parent.is_some())
}

/// A thread of so many notes, each an answer to the one before.
fn chain(by: &Actor, group: &Group, length: usize, thread: &str) -> Vec<Said> {
    let mut notes = vec![note(by, Some(group), None, Some(thread))];
    while notes.len() < length {
        notes.push(note(by, None, notes.last(), Some(thread)));
    }
    notes
}

fn collection(id: &str, owner: &str, items: &[&Value]) -> Value {
    json!({ "id": id, "type": "OrderedCollection", "attributedTo": owner, "totalItems": items.len(), "orderedItems": items })
}

fn posts(notes: &[Said]) -> Vec<&Value> {
    notes.iter().map(|note| &note.document["object"]).collect()
}

fn ids<'a>(said: impl IntoIterator<Item = &'a Said>) -> Vec<String> {
    said.into_iter().map(|said| said.post.clone()).collect()
}

fn times(server: &Server, kind: &str) -> usize {
    let of_kind = |path: &&String| path.starts_with(&format!("/{kind}/"));
    server.fetched().iter().filter(of_kind).count()
}

/// What a reply answers is read from the collection, if the server of that post carries it whole there: two questions, not six.
#[tokio::test]
async fn a_thread_is_read_at_once() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let carol = world.lemmy().actor("carol");
    let thread = carol.server().mint("threads");
    let notes = chain(&carol, &group, 6, &thread);
    // Nobody here answers this one: it is not ours to take.
    let aside = note(&carol, None, Some(&notes[2]), Some(&thread));
    let mut all = posts(&notes);
    all.push(&aside.document["object"]);
    carol.server().publishes(&collection(&thread, &carol.id(), &all));
    let reply = ann.replies(&group, &notes[5], "an answer").await;
    world.until("select count(*) from post", 7).await;
    world.settles().await;
    assert_eq!(said_by(&world, &group).await, ids(notes.iter().chain([&reply])));
    assert_eq!(
        (times(carol.server(), "notes"), times(carol.server(), "threads")),
        (1, 1)
    );
    world.end().await;
}

/// A history tells what its author sent: so all who hear of posts by activities hear of these, too.
#[tokio::test]
async fn a_history_tells_them_word_for_word() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let tom = world.lemmy().actor("tom").follows(&group).await;
    let carol = world.lemmy().actor("carol");
    let (thread, history) = (carol.server().mint("threads"), carol.server().mint("histories"));
    let mut notes = chain(&carol, &group, 4, &thread);
    for note in &mut notes {
        note.document["object"]["contextHistory"] = json!(history);
        carol.server().publishes(&note.document["object"]);
        let text = note.document.to_string();
        *note = carol.would_say(note.document.clone(), note.post.clone(), note.is_comment);
        assert_eq!(note.text, text);
    }
    let wrapped: Vec<Value> = notes
        .iter()
        .map(|note| json!({ "id": format!("{}#added", note.post), "type": "Add", "actor": carol.id(), "object": note.document }))
        .collect();
    let wrapped: Vec<&Value> = wrapped.iter().collect();
    carol
        .server()
        .publishes(&collection(&history, &carol.id(), &wrapped));
    let reply = ann.replies(&group, &notes[3], "an answer").await;
    // The last one is read by its id before it is known where its thread is.
    tom.hears_of([&notes[0], &notes[1], &notes[2], &reply])
        .once()
        .in_order()
        .await;
    world.settles().await;
    assert_eq!(said_by(&world, &group).await, ids(notes.iter().chain([&reply])));
    assert_eq!(times(carol.server(), "threads"), 0);
    world.end().await;
}

/// Words of other servers in a collection are asked for there; a collection of another's is not read, nor where it is said to go on
/// elsewhere.
#[tokio::test]
async fn a_collection_speaks_for_its_own_server_only() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let (carol, victim) = (world.lemmy().actor("carol"), world.lemmy().actor("victim"));
    let thread = carol.server().mint("threads");
    let root = note(&victim, Some(&group), None, None);
    let middle = note(&carol, None, Some(&root), Some(&thread));
    let last = note(&carol, None, Some(&middle), Some(&thread));
    let mut forged = root.document["object"].clone();
    forged["content"] = json!("never said");
    let mut page = collection(&thread, &carol.id(), &[&forged, &middle.document["object"]]);
    let further = victim.server().mint("threads");
    page["next"] = json!(further);
    carol.server().publishes(&page);
    ann.replies(&group, &last, "an answer").await;
    world.until("select count(*) from post", 4).await;
    assert_eq!(
        world
            .count("select count(*) from post where content like '%never said%'")
            .await,
        0
    );
    assert_eq!(times(victim.server(), "threads"), 0);

    for (owner, at) in [(&victim, &carol), (&victim, &victim)] {
        let thread = at.server().mint("threads");
        let root = note(&carol, Some(&group), None, None);
        let middle = note(&carol, None, Some(&root), Some(&thread));
        let last = note(&carol, None, Some(&middle), Some(&thread));
        let mut forged = root.document["object"].clone();
        forged["content"] = json!("never said");
        at.server()
            .publishes(&collection(&thread, &owner.id(), &[&forged]));
        let before = world.count("select count(*) from post").await;
        ann.replies(&group, &last, "an answer").await;
        world.until("select count(*) from post", before + 4).await;
    }
    assert_eq!(
        world
            .count("select count(*) from post where content like '%never said%'")
            .await,
        0
    );
    world.end().await;
}

/// Pages without end are left, rings too, and what they leave of the twenty is enough for a short way up.
#[tokio::test]
async fn pages_end_for_us() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let carol = world.lemmy().actor("carol");
    let page = |n: usize| format!("{}/threads/page{n}", carol.server().base());
    let notes = chain(&carol, &group, 8, &page(0));
    let stray = note(&carol, None, None, None);
    for n in 0..40 {
        let mut document = collection(&page(n), &carol.id(), &[&stray.document["object"]]);
        document["next"] = json!(page(if n == 39 { 0 } else { n + 1 }));
        carol.server().publishes(&document);
    }
    let reply = ann.replies(&group, &notes[7], "an answer").await;
    world.until("select count(*) from post", 9).await;
    assert_eq!(
        (times(carol.server(), "notes"), times(carol.server(), "threads")),
        (8, 5)
    );

    let ring = carol.server().mint("threads");
    let others = chain(&carol, &group, 3, &ring);
    let mut document = collection(&ring, &carol.id(), &[&stray.document["object"]]);
    document["next"] = json!(ring);
    carol.server().publishes(&document);
    ann.replies(&group, &others[2], "another").await;
    world.until("select count(*) from post", 13).await;
    world.settles().await;
    assert_eq!(times(carol.server(), "threads"), 6);
    assert!(said_by(&world, &group).await.contains(&reply.post));
    world.end().await;
}

/// The thread that a followed group has: what was said in it before comes with the first that is passed on, each as its own server
/// tells it; what is newer the group passes on itself.
#[tokio::test]
async fn a_followed_group_tells_what_was_said_before() {
    let world = World::start().await;
    let garden = world.group("garden").await;
    let elsewhere = Elsewhere::new(&world);
    let tom = world.lemmy().actor("tom").follows(&garden).await;
    let dora = world.lemmy().actor("dora");
    let thread = elsewhere.server.mint("threads");
    let theirs = elsewhere.as_group();
    let root = note(&elsewhere.author, Some(&theirs), None, Some(&thread));
    let mut said = vec![root];
    for by in [&dora, &elsewhere.author, &dora] {
        world.advance(TimeDelta::minutes(1));
        said.push(note(by, Some(&theirs), said.first(), None));
    }
    world.advance(TimeDelta::minutes(1));
    let announced = note(&elsewhere.author, Some(&theirs), said.get(1), None);
    world.advance(TimeDelta::minutes(1));
    let newer = note(&dora, Some(&theirs), said.first(), None);
    let mut forged = said[3].document["object"].clone();
    forged["content"] = json!("never said");
    let by_id: Vec<Value> = ids(said.iter().take(3)).into_iter().map(Value::from).collect();
    let page = format!("{thread}/1");
    let mut first = collection(&page, &elsewhere.group.id(), &by_id.iter().collect::<Vec<_>>());
    first["next"] = json!(format!("{thread}/2"));
    elsewhere.server.publishes(&first);
    elsewhere.server.publishes(&json!({
        "id": format!("{thread}/2"), "type": "OrderedCollectionPage",
        "orderedItems": [forged, announced.document["object"], newer.document["object"], format!("{}/c/garden", world.base())],
    }));
    let mut whole = collection(&thread, &elsewhere.group.id(), &[]);
    whole["first"] = json!(page);
    elsewhere.server.publishes(&whole);
    elsewhere.is_followed_by(&world, &garden).await;
    elsewhere.announces(&garden, announced.document.clone()).await;
    tom.hears_of([&announced]).once().await;
    world.settles().await;
    assert_eq!(
        said_by(&world, &garden).await,
        ids(said.iter().chain([&announced]))
    );
    assert_eq!(
        world
            .count("select count(*) from post where content like '%never said%'")
            .await,
        0
    );
    elsewhere.announces(&garden, newer.document.clone()).await;
    tom.hears_of([&newer]).once().await;
    world.end().await;
}

/// A list of somebody's own at the server of a followed group is not the group's: what it names is not what the group has.
#[tokio::test]
async fn nobody_else_tells_what_a_followed_group_has() {
    let world = World::start().await;
    let garden = world.group("garden").await;
    let elsewhere = Elsewhere::new(&world);
    let dora = world.lemmy().actor("dora");
    let thread = elsewhere.server.mint("threads");
    let theirs = elsewhere.as_group();
    let root = note(&elsewhere.author, Some(&theirs), None, Some(&thread));
    let stray = note(&dora, None, None, None);
    let own = note(&elsewhere.author, None, None, None);
    let all = [
        &root.document["object"],
        &stray.document["object"],
        &own.document["object"],
    ];
    elsewhere
        .server
        .publishes(&collection(&thread, &elsewhere.author.id(), &all));
    elsewhere.is_followed_by(&world, &garden).await;
    let announced = note(&elsewhere.author, Some(&theirs), Some(&root), None);
    elsewhere.announces(&garden, announced.document.clone()).await;
    world.until("select count(*) from post", 2).await;
    world.settles().await;
    assert_eq!(said_by(&world, &garden).await, ids([&root, &announced]));
    world.end().await;
}
