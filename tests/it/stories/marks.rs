//! Locked and pinned: by whoever runs a group, from wherever, told to each class in its own words.

use folkmoot::domain::{Iri, Mark, Policies, Visibility};
use serde_json::{Value, json};

use crate::support::peer::{Actor, Group, Said};
use crate::support::world::World;

const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";

/// A group that a Lemmy moderator owns, a member on another Lemmy, one on Mastodon and one with the explainer.
struct Yard {
    world: World,
    group: Group,
    mod_: Actor,
    ann: Actor,
    mia: Actor,
    xia: Actor,
}

impl Yard {
    async fn new() -> Self {
        let world = World::start().await;
        let owner = world.lemmy().actor("mod");
        let group = world.group_of(&owner, "garden", Policies::default()).await;
        Self {
            mod_: owner,
            ann: world.lemmy().actor("ann").follows(&group).await,
            mia: world.mastodon().actor("mia").follows(&group).await,
            xia: world.explainer().actor("xia").follows(&group).await,
            group,
            world,
        }
    }

    /// What Lemmy's moderators send about a post.
    fn act(&self, who: &Actor, kind: &str, post: &Said, target: Option<&str>) -> Said {
        let document = who.speaks(|me| {
            let mut act = json!({
                "@context": "https://www.w3.org/ns/activitystreams", "id": (me.mint)("activities"), "type": kind,
                "actor": me.id, "to": [PUBLIC], "cc": [self.group.id], "audience": self.group.id, "object": post.post,
            });
            if let Some(target) = target {
                act["target"] = json!(self.group.part(target));
            }
            act
        });
        who.would_say(document, post.post.clone(), false)
    }

    fn undo(&self, who: &Actor, act: &Said) -> Said {
        let document = who.speaks(|me| {
            json!({
                "id": (me.mint)("activities"), "type": "Undo", "actor": me.id, "to": [PUBLIC], "cc": [self.group.id],
                "audience": self.group.id, "object": act.document,
            })
        });
        who.would_say(document, act.post.clone(), false)
    }

    async fn does(&self, who: &Actor, act: &Said) {
        who.sends_to(&self.group.inbox(), &act.text).await.is(202);
    }

    async fn featured(&self) -> Value {
        let page = self
            .world
            .document(&format!("{}?page=1", self.group.part("featured")))
            .await;
        page["orderedItems"].clone()
    }

    /// Whether a post's page says that it is locked.
    async fn shows_a_lock(&self, post: &Said) -> bool {
        let query = format!("select id::text from post where iri = '{}'", post.post);
        let id: String = sqlx::query_scalar(sqlx::AssertSqlSafe(query))
            .fetch_one(&mut self.world.behind().await)
            .await
            .unwrap();
        let url = format!("{}/post/{id}", self.world.base());
        let page = self.world.get(&url, "text/html").await.text().await.unwrap();
        page.contains("it takes no comments")
    }
}

fn iri(text: &str) -> Iri {
    Iri::object(text).unwrap()
}

/// A locked thread takes no comments, by nobody; everything else goes on, and its Undo ends it.
#[tokio::test]
async fn a_locked_thread_takes_no_comments() {
    let yard = Yard::new().await;
    let thread = yard.ann.post(&yard.group, "one").await;
    let comment = yard.ann.replies(&yard.group, &thread, "early").await;
    let lock = yard.act(&yard.mod_, "Lock", &thread, None);
    yard.does(&yard.mod_, &lock).await;
    yard.ann.hears_of([&lock]).once().await;
    yard.xia.hears_of([&lock]).once().await;
    assert!(yard.shows_a_lock(&thread).await);
    for (who, to) in [(&yard.ann, &thread), (&yard.xia, &comment), (&yard.mod_, &thread)] {
        let late = who.speaks(|me| {
            json!({
                "id": (me.mint)("activities"), "type": "Create", "actor": me.id, "to": [PUBLIC, yard.group.id],
                "object": { "id": (me.mint)("notes"), "type": "Note", "content": "late", "inReplyTo": to.post,
                    "attributedTo": me.id, "to": [PUBLIC, yard.group.id] },
            })
        });
        let problem = who.sends(&yard.group, &late).await.problem(403);
        // The owner of the group is no member of it.
        if who.id() != yard.mod_.id() {
            assert!(
                problem["type"].as_str().unwrap().ends_with("#locked"),
                "{problem}"
            );
            assert_eq!(problem["field"], "object.inReplyTo");
        }
    }
    let edit = yard.ann.edits(&yard.group, &comment, "changed").await;
    let like = yard.ann.likes(&yard.group, &thread).await;
    let delete = yard.ann.deletes(&yard.group, &comment).await;
    yard.xia.hears_of([&edit, &like, &delete]).once().in_order().await;
    // Once more: nothing.
    yard.does(&yard.mod_, &yard.act(&yard.mod_, "Lock", &thread, None))
        .await;

    let unlock = yard.undo(&yard.mod_, &lock);
    yard.does(&yard.mod_, &unlock).await;
    yard.ann.hears_of([&unlock]).once().await;
    assert!(!yard.shows_a_lock(&thread).await);
    yard.ann.replies(&yard.group, &thread, "again").await;
    // Mastodon knows no locks.
    assert!(yard.mia.heard().iter().all(|heard| !heard.text.contains("Lock")));
    yard.world.end().await;
}

/// By nobody who does not run the group: whether there is such a post or not, they hear the same.
#[tokio::test]
async fn only_those_who_run_it_lock_and_pin() {
    let yard = Yard::new().await;
    let thread = yard.ann.post(&yard.group, "one").await;
    let nothing = Said {
        post: "https://nowhere.example/post/1".to_owned(),
        ..thread.clone()
    };
    let stranger = yard.world.lemmy().actor("sid");
    let lock = yard.act(&stranger, "Lock", &thread, None);
    stranger
        .sends_to(&yard.group.inbox(), &lock.text)
        .await
        .problem(403);
    yard.world.settles().await;
    let before = yard.world.state(&[]).await;
    for who in [&yard.ann, &yard.xia, &stranger] {
        for post in [&thread, &nothing] {
            for (kind, target) in [
                ("Lock", None),
                ("Add", Some("featured")),
                ("Remove", Some("featured")),
            ] {
                let act = yard.act(who, kind, post, target);
                let problem = who.sends_to(&yard.group.inbox(), &act.text).await.problem(403);
                assert!(
                    problem["type"].as_str().unwrap().ends_with("#does-not-run-it"),
                    "{problem}"
                );
            }
            // To the shared inbox, with no group named, as Mbin does.
            let mut bare = yard.act(who, "Lock", post, None).document;
            for field in ["cc", "audience"] {
                bare.as_object_mut().unwrap().remove(field);
            }
            let shared = format!("{}/inbox", yard.group.base());
            who.sends_to(&shared, &bare.to_string()).await.problem(403);
        }
    }
    for (kind, target) in [("Lock", None), ("Add", Some("featured"))] {
        let act = yard.act(&yard.mod_, kind, &nothing, target);
        yard.mod_
            .sends_to(&yard.group.inbox(), &act.text)
            .await
            .problem(404);
    }
    assert_eq!(yard.world.state(&[]).await, before);
    yard.world.end().await;
}

/// Mbin names no group in a Lock; an Undo may name the Lock's id alone.
#[tokio::test]
async fn a_lock_need_not_name_its_group() {
    let yard = Yard::new().await;
    let thread = yard.ann.post(&yard.group, "one").await;
    let mut bare = yard.act(&yard.mod_, "Lock", &thread, None).document;
    bare.as_object_mut().unwrap().remove("audience");
    bare["cc"] = json!([]);
    let shared = format!("{}/inbox", yard.group.base());
    yard.mod_.sends_to(&shared, &bare.to_string()).await.is(202);
    assert!(yard.shows_a_lock(&thread).await);
    let undo = yard.mod_.speaks(|me| {
        json!({ "id": (me.mint)("activities"), "type": "Undo", "actor": me.id, "object": bare["id"], "to": [PUBLIC] })
    });
    let mut another = undo.clone();
    another["actor"] = json!(yard.ann.id());
    another["id"] = json!(yard.ann.speaks(|me| json!((me.mint)("activities"))));
    yard.ann
        .sends_to(&shared, &another.to_string())
        .await
        .problem(403);
    yard.mod_.sends_to(&shared, &undo.to_string()).await.is(202);
    assert!(!yard.shows_a_lock(&thread).await);
    yard.world.end().await;
}

/// What is pinned is in `featured`, the latest first; microblogs and the explainer hear it from the group.
#[tokio::test]
async fn pinned_posts_are_featured() {
    let yard = Yard::new().await;
    let posts = yard.ann.posts(&yard.group, ["one", "two"]).await;
    yard.mia.hears_of(&posts).once().await;
    for post in &posts {
        let pin = yard.act(&yard.mod_, "Add", post, Some("featured"));
        yard.does(&yard.mod_, &pin).await;
        yard.ann.hears_of([&pin]).once().await;
        for who in [&yard.mia, &yard.xia] {
            let heard = who
                .server()
                .hears("the pin", |heard| {
                    heard.kind() == "Add" && heard.object_id() == post.post
                })
                .await;
            assert_eq!(heard.document["actor"], yard.group.id);
            assert_eq!(heard.document["target"], yard.group.part("featured"));
            let again = yard.world.document(heard.id()).await;
            assert_eq!(again, heard.document, "it dereferences");
        }
        yard.world.advance(chrono::TimeDelta::seconds(1));
    }
    assert_eq!(yard.featured().await, json!([posts[1].post, posts[0].post]));
    let unpin = yard.act(&yard.mod_, "Remove", &posts[1], Some("featured"));
    yard.does(&yard.mod_, &unpin).await;
    yard.ann.hears_of([&unpin]).once().await;
    assert_eq!(yard.featured().await, json!([posts[0].post]));
    // What is deleted is not shown.
    yard.ann.deletes(&yard.group, &posts[0]).await;
    assert_eq!(yard.featured().await, json!([]));
    yard.world.end().await;
}

/// The operator's word is the steward's to those who believe persons only, and the group's own to all others.
#[tokio::test]
async fn the_operator_locks_and_pins() {
    let yard = Yard::new().await;
    let thread = yard.ann.post(&yard.group, "one").await;
    let engine = &yard.world.house().engine;
    let steward = format!("{}/u/garden_steward", yard.world.base());
    for (mark, wanted, kind) in [
        (Mark::Locked, true, "Lock"),
        (Mark::Locked, false, "Undo"),
        (Mark::Pinned, true, "Add"),
        (Mark::Pinned, false, "Remove"),
    ] {
        assert!(
            engine
                .mark_post("garden", &iri(&thread.post), mark, wanted)
                .await
                .unwrap()
        );
        assert!(
            !engine
                .mark_post("garden", &iri(&thread.post), mark, wanted)
                .await
                .unwrap()
        );
        let heard = yard
            .ann
            .server()
            .hears(kind, |heard| heard.document["object"]["type"] == kind)
            .await;
        let inner = &heard.document["object"];
        assert_eq!(inner["actor"], steward, "{inner}");
        assert_eq!(inner["to"], json!([PUBLIC]));
        assert_eq!(inner["cc"], json!([yard.group.id]));
        let named = if kind == "Undo" {
            &inner["object"]["object"]
        } else {
            &inner["object"]
        };
        assert_eq!(*named, json!(thread.post));
        assert_eq!(yard.world.document(inner["id"].as_str().unwrap()).await, *inner);
        assert_eq!(yard.world.document(heard.id()).await, heard.document);
    }
    let heard = yard
        .xia
        .server()
        .hears("the lock", |heard| heard.document["object"]["type"] == "Lock")
        .await;
    assert_eq!(heard.document["object"]["actor"], yard.group.id);
    let own = heard.document["object"]["id"].as_str().unwrap();
    assert_eq!(yard.world.document(own).await, heard.document["object"]);
    assert!(
        engine
            .mark_post("garden", &iri("https://nowhere.example/1"), Mark::Locked, true)
            .await
            .is_err()
    );
    yard.world.end().await;
}

/// A private group is told of it as its members are; nobody else finds what is pinned there.
#[tokio::test]
async fn what_is_private_is_locked_and_pinned_among_its_members() {
    let world = World::start().await;
    let owner = world.server("mitra").actor("mod");
    let private = Policies {
        visibility: Visibility::Private,
        ..Policies::default()
    };
    let group = world.group_of(&owner, "garden", private).await;
    let ann = world.server("mitra").actor("ann").follows(&group).await;
    let said = ann.speaks(|me| {
        json!({
            "id": (me.mint)("activities"), "type": "Create", "actor": me.id, "to": [group.part("members")],
            "object": { "id": (me.mint)("notes"), "type": "Note", "content": "in here", "attributedTo": me.id,
                "to": [group.part("members")] },
        })
    });
    ann.sends(&group, &said).await.is(202);
    let post = iri(said["object"]["id"].as_str().unwrap());
    let bob = world.server("mitra").actor("bob").follows(&group).await;
    for (mark, kind) in [(Mark::Locked, "Lock"), (Mark::Pinned, "Add")] {
        let engine = &world.house().engine;
        engine.mark_post("garden", &post, mark, true).await.unwrap();
        let heard = bob
            .server()
            .hears(kind, |heard| heard.document["object"]["type"] == kind)
            .await;
        assert!(!heard.text.contains(PUBLIC), "{}", heard.text);
        let inner = heard.document["object"]["id"].as_str().unwrap().to_owned();
        for url in [heard.id(), &inner, &group.part("featured")] {
            let answer = world.get(url, "application/activity+json").await;
            assert_eq!(answer.status(), 404, "{url}");
            bob.reads(url).await.is(200);
        }
    }
    world.settles().await;
    // The stub of a private group lists one key: whoever reads that alone is written to again with it.
    world.ends_loudly(&["ed25519-key is not a key of"]).await;
}
