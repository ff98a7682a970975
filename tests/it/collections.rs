//! Lists: what was said, who is in, who runs it, what belongs to a thread.
//!
//! One rule: a total is the number of items that whoever asks can reach by following `next`.

use chrono::TimeDelta;
use folkmoot::domain::{FollowMeans, JoinPolicy, ListPolicy, Policies, PolicyChange};
use folkmoot::store::group::Change;
use serde_json::{Value, json};

use crate::support::peer::Said;
use crate::support::world::World;

/// A collection, walked to its end: all items, after checks that hold for any.
async fn items(world: &World, id: &str) -> Vec<Value> {
    let whole = world.document(id).await;
    assert_eq!(
        (&whole["id"], &whole["type"]),
        (&json!(id), &json!("OrderedCollection"))
    );
    let mut items = vec![];
    let mut next = whole["first"].as_str().map(ToOwned::to_owned);
    if next.is_none() {
        items.clone_from(whole["orderedItems"].as_array().unwrap());
    }
    while let Some(url) = next {
        let page = world.document(&url).await;
        assert_eq!(
            (&page["id"], &page["type"]),
            (&json!(url), &json!("OrderedCollectionPage"))
        );
        assert_eq!(
            (&page["partOf"], &page["totalItems"]),
            (&json!(id), &whole["totalItems"])
        );
        items.extend(page["orderedItems"].as_array().unwrap().iter().cloned());
        next = page["next"].as_str().map(ToOwned::to_owned);
    }
    assert_eq!(whole["totalItems"], items.len(), "{id}");
    items
}

async fn total(world: &World, id: &str) -> u64 {
    world.document(id).await["totalItems"].as_u64().unwrap()
}

fn posts(said: &[Said]) -> Vec<Value> {
    said.iter().map(|said| json!(said.post)).collect()
}

/// Newest first, whole entries, and what is added while somebody reads neither repeats nor hides anything.
#[tokio::test]
async fn the_outbox_is_paged_and_holds_still() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let texts: Vec<String> = (1..=23).map(|number| format!("post {number}")).collect();
    let said = ann.posts(&group, texts.iter().map(String::as_str)).await;
    let outbox = group.part("outbox");
    let whole = world.document(&outbox).await;
    assert_eq!(whole["totalItems"], 23);
    assert!(
        !whole["orderedItems"].as_array().unwrap().is_empty(),
        "some programs follow no pages"
    );
    let first = world.document(whole["first"].as_str().unwrap()).await;
    let seen = first["orderedItems"].as_array().unwrap().clone();
    assert!(seen.len() < 23);
    ann.post(&group, "added meanwhile").await;
    let mut told = seen;
    let mut next = first["next"].as_str().map(ToOwned::to_owned);
    while let Some(url) = next {
        let page = world.document(&url).await;
        told.extend(page["orderedItems"].as_array().unwrap().iter().cloned());
        next = page["next"].as_str().map(ToOwned::to_owned);
    }
    let mut expected: Vec<Value> = said.iter().map(|said| said.document.clone()).collect();
    expected.reverse();
    let objects: Vec<Value> = told.iter().map(|entry| entry["object"].clone()).collect();
    assert_eq!(objects, expected);
    for entry in &told {
        assert_eq!(
            (&entry["type"], &entry["actor"]),
            (&json!("Announce"), &json!(group.id))
        );
        assert_eq!(world.document(entry["id"].as_str().unwrap()).await, *entry);
    }
    world.end().await;
}

/// A total counts posts: an edit or a vote adds none, a deletion takes one away, wherever it is counted.
#[tokio::test]
async fn totals_count_what_is_there() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let bob = world.mastodon().actor("bob").follows(&group).await;
    let outbox = group.part("outbox");
    assert_eq!(items(&world, &outbox).await, Vec::<Value>::new());
    let post = ann.post(&group, "one").await;
    let reply = ann.replies(&group, &post, "two").await;
    ann.edits(&group, &post, "eins").await;
    bob.likes(&group, &reply).await;
    assert_eq!(items(&world, &outbox).await.len(), 2);
    ann.deletes(&group, &reply).await;
    assert_eq!(items(&world, &outbox).await.len(), 1);
    ann.deletes(&group, &post).await;
    assert_eq!(items(&world, &outbox).await.len(), 0);
    assert_eq!(items(&world, &group.part("threads")).await.len(), 0);
    world.end().await;
}

/// Members may post, followers read: plain ids, newest first.
#[tokio::test]
async fn members_are_not_mere_followers() {
    let world = World::start().await;
    let policies = Policies {
        follow: FollowMeans::Reads,
        ..Policies::default()
    };
    let group = world.group_with("garden", policies).await;
    let mut people = vec![];
    for (software, name) in [
        ("lemmy", "ann"),
        ("onepage.pub", "bob"),
        ("mastodon", "cleo"),
        ("onepage.pub", "dan"),
    ] {
        world.advance(TimeDelta::seconds(1));
        people.push(world.server(software).actor(name).follows(&group).await);
    }
    let in_order: Vec<Value> = people.iter().rev().map(|one| json!(one.id())).collect();
    let [dan, cleo, bob, ann] = <[Value; 4]>::try_from(in_order).unwrap();
    assert_eq!(items(&world, &group.part("followers")).await, [cleo, ann]);
    assert_eq!(items(&world, &group.part("members")).await, [dan, bob]);
    assert_eq!(
        world.document(&group.part("members")).await["attributedTo"],
        *group.id
    );
    world.end().await;
}

/// Many members: pages of them, each once.
#[tokio::test]
async fn long_lists_have_pages() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let mastodon = world.mastodon();
    let mut everybody = vec![];
    for number in 0..53 {
        let who = mastodon.actor(&format!("user{number}"));
        who.asks(&group).await;
        everybody.push(json!(who.id()));
    }
    everybody.reverse();
    world.settles().await;
    let first = world.document(&format!("{}?page=1", group.part("members"))).await;
    assert!(first["next"].is_string());
    let mut listed = items(&world, &group.part("members")).await;
    let by_name = |id: &Value| id.as_str().unwrap().to_owned();
    listed.sort_by_key(by_name);
    everybody.sort_by_key(by_name);
    assert_eq!(listed, everybody);
    world.end().await;
}

/// A list that is for members: strangers learn how many there are, members who they are.
#[tokio::test]
async fn a_list_is_shown_to_whom_the_group_says() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let stranger = world.mastodon().actor("stranger");
    let policies = PolicyChange {
        members_list: Some(ListPolicy::Members),
        ..PolicyChange::default()
    };
    let change = Change::default();
    let engine = &world.house().engine;
    engine.change_group("garden", change, &policies).await.unwrap();
    for collection in ["members", "followers"] {
        let url = group.part(collection);
        for document in [world.document(&url).await, stranger.sees(&url).await] {
            assert_eq!(
                (&document["totalItems"], &document["first"]),
                (&json!(1), &Value::Null)
            );
            assert!(!document.to_string().contains(&ann.id()), "{document}");
        }
        let page = format!("{url}?page=1");
        assert!(!world.document(&page).await.to_string().contains(&ann.id()));
        let shown = ann.sees(&page).await;
        assert_eq!(shown["orderedItems"], json!([ann.id()]));
    }
    world.end().await;
}

/// The owner comes first, member or not; before anybody is promoted there is nobody else.
#[tokio::test]
async fn the_owner_is_named_first() {
    let world = World::start().await;
    let owner = world.lemmy().actor("owner");
    let policies = Policies {
        join: JoinPolicy::Open,
        ..Policies::default()
    };
    let group = world.group_of(&owner, "garden", policies).await;
    world.lemmy().actor("ann").follows(&group).await;
    for is_member in [false, true] {
        if is_member {
            owner.clone().follows(&group).await;
        }
        let first = json!(owner.id());
        assert_eq!(
            items(&world, &group.part("admins")).await,
            std::slice::from_ref(&first)
        );
        assert_eq!(
            items(&world, &group.part("moderators")).await,
            [first, json!(group.steward())]
        );
    }
    assert_eq!(total(&world, &group.part("members")).await, 2);
    world.end().await;
}

/// A thread as a collection (FEP-f228), and the direct answers to each post.
#[tokio::test]
async fn a_thread_knows_its_posts_and_their_answers() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let bob = world.mastodon().actor("bob").follows(&group).await;
    let post = ann.post(&group, "one").await;
    let other = ann.post(&group, "another thread").await;
    let first = bob.replies(&group, &post, "first").await;
    let deeper = ann.replies(&group, &first, "deeper").await;
    let second = bob.replies(&group, &post, "second").await;
    ann.replies(&group, &other, "elsewhere").await;
    world.settles().await;
    assert_eq!(
        items(&world, &group.part("threads")).await,
        posts(&[other, post.clone()])
    );
    let id = world
        .text("select id::text from post where parent_id is null order by id limit 1")
        .await;
    let context = group.part(&format!("threads/{id}"));
    let thread = world.document(&context).await;
    assert_eq!(
        (&thread["attributedTo"], &thread["audience"]),
        (&json!(group.id), &json!(group.id))
    );
    assert_eq!(
        items(&world, &context).await,
        posts(&[post, first.clone(), deeper.clone(), second.clone()])
    );
    let replies = format!("{}/post/{id}/replies", world.base());
    assert_eq!(
        items(&world, &replies).await,
        posts(&[first.clone(), second.clone()])
    );
    // The group's document leads there, whoever wrote the first post (6.6).
    let whole = world.document(&group.id).await;
    let contexts = items(&world, whole["streams"][0].as_str().unwrap()).await;
    assert_eq!((contexts.len(), &contexts[1]), (2, &json!(context)));
    bob.deletes(&group, &second).await;
    assert_eq!(items(&world, &replies).await, posts(std::slice::from_ref(&first)));
    assert_eq!(items(&world, &context).await.len(), 3);
    world.end().await;
}

/// Nothing is featured yet; the list is there, and says so.
#[tokio::test]
async fn what_is_featured_is_an_empty_list() {
    let world = World::start().await;
    let group = world.group("garden").await;
    assert_eq!(items(&world, &group.part("featured")).await, Vec::<Value>::new());
    world.end().await;
}

/// A page that cannot be is a mistake of whoever asks, in words, and never ours.
#[tokio::test]
async fn a_page_that_cannot_be_is_refused() {
    let world = World::start().await;
    let group = world.group("garden").await;
    for collection in [
        "outbox",
        "members",
        "followers",
        "admins",
        "moderators",
        "threads",
        "contexts",
        "featured",
    ] {
        for query in [
            "page=2",
            "page=-1",
            "page=x",
            "before=%27%20or%201",
            "before=99999999999999999999-1",
            "page=",
        ] {
            let url = format!("{}?{query}", group.part(collection));
            let answer = world.get(&url, "application/activity+json").await;
            assert_eq!(answer.status(), 400, "{url}");
            assert_eq!(answer.headers()["content-type"], "application/problem+json");
        }
    }
    world.end().await;
}
