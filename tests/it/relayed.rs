//! What groups pass on that a group here follows, and what is missing of its threads.
//!
//! One rule: whoever passes it on only says where to look: all of it is as its author's own server tells it.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::follow::{ACCEPTED, follow, total};
use crate::support::peer::{Actor, Group, Said, Server, status};
use crate::support::world::World;

const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";

/// A group of another program that a group of ours follows, and one of its people.
pub struct Elsewhere {
    pub server: Server,
    pub group: Actor,
    pub author: Actor,
}

impl Elsewhere {
    pub fn new(world: &World) -> Self {
        let server = world.lemmy();
        let (group, author) = (server.settle("cats", "Group"), server.actor("carl"));
        Self {
            server,
            group,
            author,
        }
    }

    /// Waits for the Follow and answers it.
    pub async fn answers(&self, ours: &Group, kind: &str) {
        let heard = self
            .server
            .hears("a Follow", |heard| heard.kind() == "Follow")
            .await;
        let answer = self.group.speaks(|me| {
            json!({ "id": (me.mint)("answers"), "type": kind, "actor": me.id, "object": heard.document })
        });
        self.group.sends(ours, &answer).await.is(202);
    }

    /// Somebody there posts; the Create is to be had at its origin.
    pub fn posts(&self, text: &str) -> Value {
        let theirs = Group { id: self.group.id() };
        let create = self
            .author
            .speaks(|me| self.server.software().manners.post(me, &theirs, text));
        self.server.publishes(&create["object"]);
        self.server.publishes(&create);
        create
    }

    pub async fn announces(&self, ours: &Group, object: Value) {
        let announce = self.group.speaks(|me| {
            json!({
                "id": (me.mint)("announce"), "type": "Announce", "actor": me.id, "published": me.now,
                "to": [PUBLIC], "cc": [me.followers], "object": object,
            })
        });
        self.group.sends(ours, &announce).await.is(202);
    }
    /// It is followed, and says yes.
    pub async fn is_followed_by(&self, world: &World, ours: &Group) {
        follow(world, ours, &self.group.id()).await;
        self.answers(ours, "Accept").await;
        world.until(ACCEPTED, 1).await;
    }

    pub fn as_group(&self) -> Group {
        Group { id: self.group.id() }
    }

    /// Somebody there starts a thread, which is told to nobody here.
    pub fn thread(&self, text: &str) -> Said {
        let create = self.posts(text);
        let post = create["object"]["id"].as_str().unwrap().to_owned();
        self.author.would_say(create, post, false)
    }

    /// Somebody answers, and nobody here is told.
    pub fn comment(&self, by: &Actor, to: &Said, text: &str) -> Said {
        let manners = by.server().software().manners;
        let create = by.speaks(|me| manners.reply(me, &self.as_group(), to, text));
        by.server().publishes(&create["object"]);
        let post = create["object"]["id"].as_str().unwrap().to_owned();
        by.would_say(create, post, true)
    }
}

/// The ids of what a group has said, the oldest first.
pub async fn said_by(world: &World, group: &Group) -> Vec<String> {
    let outbox = world.document(&group.part("outbox")).await;
    let entries = outbox["orderedItems"].as_array().unwrap().iter().rev();
    let post = |entry: &Value| {
        let object = &entry["object"];
        let inner = [object, &object["object"]["id"], &object["object"]];
        let id = inner.iter().find_map(|id| id.as_str());
        id.unwrap_or_else(|| panic!("{entry}")).to_owned()
    };
    entries.map(post).collect()
}

fn ids<'a>(said: impl IntoIterator<Item = &'a Said>) -> Vec<String> {
    said.into_iter().map(|said| said.post.clone()).collect()
}

/// A comment of a thread that is older than our following brings what it answers with it: oldest first, and itself word for word.
#[tokio::test]
async fn a_comment_that_is_passed_on_brings_what_it_answers() {
    let world = World::start().await;
    let garden = world.group("garden").await;
    let elsewhere = Elsewhere::new(&world);
    let tom = world.lemmy().actor("tom").follows(&garden).await;
    let mia = world.mastodon().actor("mia").follows(&garden).await;
    elsewhere.is_followed_by(&world, &garden).await;
    let root = elsewhere.thread("one");
    let first = elsewhere.comment(&elsewhere.author, &root, "two");
    let dora = world.lemmy().actor("dora");
    let second = elsewhere.comment(&dora, &first, "three");
    elsewhere.announces(&garden, second.document.clone()).await;
    tom.hears_of([&second]).once().await;
    mia.hears_of([&root]).once().await;
    world.settles().await;
    assert_eq!(said_by(&world, &garden).await, ids([&root, &first, &second]));
    // What is announced later is there already.
    elsewhere.announces(&garden, first.document.clone()).await;
    world.settles().await;
    assert_eq!(total(&world, &garden).await, 3);
    world.end().await;
}

/// A thread and its answers that are announced in one breath are each passed on as they came.
#[tokio::test]
async fn what_is_announced_at_once_is_not_looked_for() {
    let world = World::start().await;
    let garden = world.group("garden").await;
    let elsewhere = Elsewhere::new(&world);
    let tom = world.lemmy().actor("tom").follows(&garden).await;
    elsewhere.is_followed_by(&world, &garden).await;
    let root = elsewhere.thread("one");
    let first = elsewhere.comment(&elsewhere.author, &root, "two");
    let second = elsewhere.comment(&elsewhere.author, &first, "three");
    for said in [&root, &first, &second] {
        elsewhere.announces(&garden, said.document.clone()).await;
    }
    world
        .while_time_passes(tom.hears_of([&root, &first, &second]).once().in_order())
        .await;
    world.end().await;
}

/// A server that is away: what was passed on waits for it. What is not there any more is not waited for, and nobody is told.
#[tokio::test]
async fn what_it_answers_may_be_away_or_gone() {
    let world = World::start().await;
    let garden = world.group("garden").await;
    let elsewhere = Elsewhere::new(&world);
    let tom = world.lemmy().actor("tom").follows(&garden).await;
    elsewhere.is_followed_by(&world, &garden).await;
    let dora = world.mastodon().actor("dora");
    let root = elsewhere.comment(&dora, &elsewhere.thread("gone"), "there once");
    let gone = root.document["object"]["inReplyTo"].as_str().unwrap();
    elsewhere.server.serves(elsewhere.server.path(gone), status(410));
    elsewhere.announces(&garden, root.document.clone()).await;
    world.settles().await;
    assert_eq!(total(&world, &garden).await, 0);

    let away = elsewhere.comment(&dora, &elsewhere.thread("there"), "and");
    let answer = elsewhere.comment(&elsewhere.author, &away, "but");
    dora.server().goes_away();
    elsewhere.announces(&garden, answer.document.clone()).await;
    for _ in 0..3 {
        world.advance(TimeDelta::minutes(10));
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    assert_eq!(total(&world, &garden).await, 0);
    dora.server().comes_back();
    world.while_time_passes(tom.hears_of([&answer]).once()).await;
    world.settles().await;
    assert_eq!(total(&world, &garden).await, 3);
    let told = dora.heard().len() + elsewhere.author.heard().len();
    let follow = elsewhere.server.heard().len();
    assert_eq!(
        (dora.heard().len(), follow),
        (0, 1),
        "nobody who wrote is told anything: {told}"
    );
    world.end().await;
}

/// Twenty at most are asked for, whoever passes it on; and whoever is banned comes in by no way.
#[tokio::test]
async fn what_is_passed_on_makes_nobody_ask_without_end() {
    let world = World::start().await;
    let garden = world.group("garden").await;
    let elsewhere = Elsewhere::new(&world);
    elsewhere.is_followed_by(&world, &garden).await;
    let dora = world.mastodon().actor("dora");
    let mut last = elsewhere.thread("deep");
    for _ in 0..30 {
        last = elsewhere.comment(&dora, &last, "deeper");
    }
    elsewhere.announces(&garden, last.document.clone()).await;
    world.settles().await;
    assert_eq!(total(&world, &garden).await, 0);
    let asked = dora.server().fetched();
    let asked = asked
        .iter()
        .filter(|path| !path.contains("dora") && !path.contains("nodeinfo"));
    assert!(asked.clone().count() <= 20, "{:?}", asked.collect::<Vec<_>>());

    let carl = folkmoot::engine::Whom::Actor(folkmoot::domain::Iri::object(&elsewhere.author.id()).unwrap());
    world
        .house()
        .engine
        .ban("garden", &carl, None, None)
        .await
        .unwrap();
    let answer = elsewhere.comment(&dora, &elsewhere.thread("banned"), "to the banned");
    elsewhere.announces(&garden, answer.document.clone()).await;
    world.settles().await;
    assert_eq!(total(&world, &garden).await, 0);
    world.end().await;
}

/// Of two groups here, the one that follows the other gets the whole thread, also where it began to follow later.
#[tokio::test]
async fn a_thread_that_began_before_comes_to_a_group_of_this_server() {
    let world = World::start().await;
    let (garden, kitchen) = (world.group("garden").await, world.group("kitchen").await);
    let ann = world.mastodon().actor("ann").follows(&garden).await;
    let bob = world.lemmy().actor("bob").follows(&kitchen).await;
    let post = ann.post(&garden, "one").await;
    world.settles().await;
    follow(&world, &kitchen, &garden.id).await;
    let reply = ann.replies(&garden, &post, "and").await;
    bob.hears_of([&reply]).once().await;
    world.settles().await;
    assert_eq!(said_by(&world, &kitchen).await, ids([&post, &reply]));
    world.end().await;
}

/// A forum brings a member's answer to something that is not here: it is looked for as if they had sent it themselves.
#[tokio::test]
async fn what_a_forum_brings_waits_for_what_it_answers() {
    let world = World::start().await;
    let garden = world.group("garden").await;
    let tom = world.mastodon().actor("tom").follows(&garden).await;
    let forum = world.server("nodebb");
    let noor = forum.actor("noor").follows(&garden).await;
    let bearer = forum.settle("actor", "Application");
    let dora = world.lemmy().actor("dora");
    for by_id in [true, false] {
        let topic = dora.speaks(|me| dora.server().software().manners.post(me, &garden, "a topic"));
        dora.server().publishes(&topic["object"]);
        let topic = dora.would_say(
            topic.clone(),
            topic["object"]["id"].as_str().unwrap().to_owned(),
            false,
        );
        let reply = noor.speaks(|me| forum.software().manners.reply(me, &garden, &topic, "an answer"));
        forum.publishes(&reply["object"]);
        if !by_id {
            forum.publishes(&reply);
        }
        let object = if by_id {
            reply["object"]["id"].clone()
        } else {
            reply.clone()
        };
        let announce = bearer.speaks(|me| {
            json!({
                "id": (me.mint)("announce"), "type": "Announce", "actor": me.id, "published": me.now,
                "to": [garden.id], "cc": [noor.id(), PUBLIC], "object": object,
            })
        });
        bearer.sends(&garden, &announce).await.is(202);
        tom.hears_of([&topic]).once().await;
        world.settles().await;
        let said = said_by(&world, &garden).await;
        let reply = reply["object"]["id"].as_str().unwrap();
        assert_eq!(said.last().map(String::as_str), Some(reply), "{by_id}");
    }
    assert_eq!(total(&world, &garden).await, 4);
    world.end().await;
}
