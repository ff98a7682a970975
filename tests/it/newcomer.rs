//! A server whose first person has just joined, and that wants to show what was said before.
//!
//! One rule: it knows the group's actor document and nothing else; whatever it finds, it finds by following that.

use serde_json::{Value, json};

use crate::support::peer::{Actor, Group, Said, Server};
use crate::support::world::World;

/// Somebody who reads, signed as themselves.
struct Reader<'a>(&'a Actor);

impl Reader<'_> {
    async fn reads(&self, url: &str) -> Value {
        self.0.sees(url).await
    }

    /// A collection to its end.
    async fn walks(&self, url: &str) -> Vec<Value> {
        let whole = self.reads(url).await;
        let mut items = vec![];
        let mut next = whole["first"].as_str().map(ToOwned::to_owned);
        while let Some(url) = next {
            let page = self.reads(&url).await;
            items.extend(page["orderedItems"].as_array().unwrap().iter().cloned());
            next = page["next"].as_str().map(ToOwned::to_owned);
        }
        assert_eq!(whole["totalItems"], items.len(), "{url}");
        items
    }
}

/// The post that an announcement is of: its id, and what it answers, read where it was written if only the id is given.
async fn announced(reader: &Reader<'_>, announce: &Value) -> (String, Option<String>) {
    assert_eq!(announce["type"], "Announce");
    let object = match &announce["object"] {
        Value::String(id) => reader.reads(id).await,
        activity => activity["object"].clone(),
    };
    let parent = object["inReplyTo"].as_str().map(ToOwned::to_owned);
    (object["id"].as_str().unwrap().to_owned(), parent)
}

/// Three threads by people of several servers, with answers, an edit, a deletion, and posts that came in by an answer only.
async fn past(world: &World, group: &Group) -> (Vec<Said>, Server) {
    let ann = world.lemmy().actor("ann").follows(group).await;
    let bob = world.mastodon().actor("bob").follows(group).await;
    let mut said = vec![];
    for thread in 0..3 {
        let post = ann.post(group, &format!("thread {thread}")).await;
        let first = bob.replies(group, &post, "first").await;
        said.extend([post.clone(), first.clone()]);
        for n in 0..9 {
            said.push(ann.replies(group, &first, &format!("deeper {n}")).await);
        }
        let regretted = bob.replies(group, &post, "a mistake").await;
        bob.deletes(group, &regretted).await;
        ann.edits(group, &post, "better words").await;
    }
    let carol = world.mastodon().actor("carol");
    let unsent = carol.speaks(|me| {
        json!({ "id": (me.mint)("notes"), "type": "Note", "attributedTo": me.id, "content": "nobody sent it",
            "to": ["https://www.w3.org/ns/activitystreams#Public"], "cc": [group.id] })
    });
    carol.server().publishes(&unsent);
    let unsent = Said {
        post: unsent["id"].as_str().unwrap().to_owned(),
        text: unsent.to_string(),
        document: unsent,
        is_comment: false,
    };
    let answer = ann.replies(group, &unsent, "an answer").await;
    said.extend([unsent, answer]);
    world
        .until("select count(*) from post where deleted_at is null", 35)
        .await;
    world.settles().await;
    (said, carol.server().clone())
}

/// Every post, in order, from the actor's document alone.
#[tokio::test]
async fn a_newcomer_rebuilds_the_whole_group() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let (said, _carols) = past(&world, &group).await;
    let newcomer = world.lemmy().actor("newcomer").follows(&group).await;
    let reader = Reader(&newcomer);
    let face = reader.reads(&group.id).await;

    let mut posts = vec![];
    for announce in reader.walks(face["outbox"].as_str().unwrap()).await {
        assert_eq!(reader.reads(announce["id"].as_str().unwrap()).await, announce);
        posts.push(announced(&reader, &announce).await);
    }
    posts.reverse();
    let ids: Vec<&str> = posts.iter().map(|(id, _)| id.as_str()).collect();
    let expected: Vec<&str> = said.iter().map(|said| said.post.as_str()).collect();
    assert_eq!(ids, expected);
    for (id, parent) in &posts {
        let place = |wanted: &str| ids.iter().position(|known| *known == wanted);
        assert!(
            parent.as_deref().is_none_or(|parent| place(parent) < place(id)),
            "{id}"
        );
    }
    let mut threads = reader.walks(face["replies"].as_str().unwrap()).await;
    threads.reverse();
    let starts: Vec<Value> = posts
        .iter()
        .filter(|(_, parent)| parent.is_none())
        .map(|(id, _)| json!(id))
        .collect();
    assert_eq!(threads, starts);
    world.end().await;
}

/// A thread's activities: posts and edits whole, deletions too, and of what was deleted nothing else.
#[tokio::test]
async fn a_thread_has_its_history() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let (said, _carols) = past(&world, &group).await;
    let newcomer = world.lemmy().actor("newcomer").follows(&group).await;
    let reader = Reader(&newcomer);
    let id = world
        .text("select id::text from post where parent_id is null order by received_at, id limit 1")
        .await;
    let context = group.part(&format!("threads/{id}"));
    let thread = reader.reads(&context).await;
    assert_eq!(thread["contextHistory"], thread["history"]);
    let posts = reader.walks(&context).await;
    let expected: Vec<Value> = said[..11].iter().map(|said| json!(said.post)).collect();
    assert_eq!(posts, expected);

    let history = reader.walks(thread["contextHistory"].as_str().unwrap()).await;
    let kinds: Vec<&str> = history
        .iter()
        .map(|entry| entry["object"]["type"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, [vec!["Create"; 11], vec!["Delete", "Update"]].concat());
    let created: Vec<Value> = history[..11]
        .iter()
        .map(|entry| entry["object"]["object"]["id"].clone())
        .collect();
    assert_eq!(created, expected);
    assert!(!json!(history).to_string().contains("a mistake"));
    for entry in &history {
        assert_eq!(entry["actor"], group.id);
        assert_eq!(reader.reads(entry["id"].as_str().unwrap()).await, *entry);
    }
    world.end().await;
}

/// Whoever has it already is told so; when something is added, it is another.
#[tokio::test]
async fn a_thread_that_has_not_changed_is_not_sent_again() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let post = ann.post(&group, "one").await;
    let id = world.text("select id::text from post").await;
    let context = group.part(&format!("threads/{id}"));
    let urls = [
        context.clone(),
        format!("{context}?page=1"),
        format!("{context}/history?page=1"),
    ];
    let mut tags = vec![];
    for url in &urls {
        let answer = world.get(url, "application/activity+json").await;
        tags.push(answer.headers()["etag"].to_str().unwrap().to_owned());
    }
    let again = async |url: &str, tag: &str| {
        let ask = world
            .ground()
            .client()
            .get(url)
            .header("accept", "application/activity+json");
        ask.header("if-none-match", tag)
            .send()
            .await
            .unwrap()
            .status()
            .as_u16()
    };
    for (url, tag) in urls.iter().zip(&tags) {
        assert_eq!(again(url, tag).await, 304, "{url}");
    }
    ann.replies(&group, &post, "two").await;
    for (url, tag) in urls.iter().zip(&tags) {
        assert_eq!(again(url, tag).await, 200, "{url}");
    }
    world.end().await;
}

/// In a private group a stranger finds neither a thread nor what was said about it.
#[tokio::test]
async fn a_private_history_is_for_those_inside() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.explainer().actor("ann").follows(&group).await;
    ann.post(&group, "one").await;
    let id = world.text("select id::text from post").await;
    let history = group.part(&format!("threads/{id}/history"));
    assert_eq!(Reader(&ann).walks(&history).await.len(), 1);
    let change = folkmoot::domain::PolicyChange {
        visibility: Some(folkmoot::domain::Visibility::Private),
        ..Default::default()
    };
    let engine = &world.house().engine;
    engine
        .change_group("garden", Default::default(), &change)
        .await
        .unwrap();
    assert_eq!(Reader(&ann).walks(&history).await.len(), 1);
    for url in [history.clone(), format!("{history}?page=1")] {
        assert_eq!(world.get(&url, "application/activity+json").await.status(), 404);
    }
    world.end().await;
}
