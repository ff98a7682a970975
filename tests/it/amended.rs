//! What a followed group says was changed or taken back in its posts that are here.
//!
//! One rule: the post's own server is asked, or its author has proven it; who passes it on only says that it is worth asking.

use chrono::TimeDelta;
use folkmoot::domain::{Policies, Review};
use folkmoot::signature::{PrivateKey, prove};
use serde_json::{Value, json};

use crate::follow::total;
use crate::relayed::Elsewhere;
use crate::support::peer::{Actor, Group, Said, status};
use crate::support::world::World;

/// A garden that follows a group elsewhere, three who hear it, and a post of that group that is in both.
struct Scene {
    garden: Group,
    elsewhere: Elsewhere,
    tom: Actor,
    mia: Actor,
    xia: Actor,
    post: Said,
}

impl Scene {
    async fn of(world: &World) -> Self {
        let garden = world.group("garden").await;
        let elsewhere = Elsewhere::new(world);
        let tom = world.lemmy().actor("tom").follows(&garden).await;
        let mia = world.mastodon().actor("mia").follows(&garden).await;
        let xia = world.explainer().actor("xia").follows(&garden).await;
        elsewhere.is_followed_by(world, &garden).await;
        let post = elsewhere.thread("as it was");
        elsewhere.announces(&garden, post.document.clone()).await;
        tom.hears_of([&post]).once().await;
        mia.hears_of([&post]).once().await;
        world.settles().await;
        Self {
            garden,
            elsewhere,
            tom,
            mia,
            xia,
            post,
        }
    }

    /// An Update by the author, told to nobody; what it says is at the post's own id, if that is so.
    fn edits(&self, text: &str, is_so: bool) -> Said {
        let by = &self.elsewhere.author;
        let manners = by.server().software().manners;
        let update = by.speaks(|me| manners.edit(me, &self.elsewhere.as_group(), &self.post, text));
        if is_so {
            by.server().publishes(&update["object"]);
        }
        by.would_say(update, self.post.post.clone(), false)
    }

    fn deletes(&self, by: &Actor) -> Said {
        let manners = by.server().software().manners;
        let delete = by.speaks(|me| manners.delete(me, &self.elsewhere.as_group(), &self.post));
        by.would_say(delete, self.post.post.clone(), false)
    }

    /// The post's own server answers so from now on.
    fn answers(&self, how: u16) {
        let server = &self.elsewhere.server;
        server.serves(server.path(&self.post.post), status(how));
    }

    async fn announces(&self, world: &World, object: Value) {
        self.elsewhere.announces(&self.garden, object).await;
        world.settles().await;
    }

    fn kinds(who: &Actor) -> Vec<String> {
        let kind = |document: &Value| match document["object"]["type"].as_str() {
            Some(inner) if document["type"] != "Accept" => {
                format!("{} {inner}", document["type"].as_str().unwrap())
            }
            _ => document["type"].as_str().unwrap().to_owned(),
        };
        who.heard().iter().map(|heard| kind(&heard.document)).collect()
    }
}

async fn content(world: &World) -> String {
    world.text("select coalesce(content, 'nothing') from post").await
}

/// An edit goes to our members as its author said it, once: however often it is passed on, and if its author sends it too.
#[tokio::test]
async fn an_edit_goes_onward_word_for_word() {
    let world = World::start().await;
    let scene = Scene::of(&world).await;
    world.advance(TimeDelta::minutes(1));
    let edit = scene.edits("better words", true);
    scene.announces(&world, edit.document.clone()).await;
    scene.tom.hears_of([&edit]).once().await;
    assert!(content(&world).await.contains("better words"));
    scene.announces(&world, edit.document["id"].clone()).await;
    let author = &scene.elsewhere.author;
    author.sends_to(&scene.garden.inbox(), &edit.text).await.is(202);
    world.settles().await;
    scene.tom.hears_of([&edit]).once().await;
    scene.xia.hears_of([&edit]).once().await;
    assert_eq!(total(&world, &scene.garden).await, 1);
    assert_eq!(world.count("select count(*) from entry").await, 2);
    world.end().await;
}

/// Words that the post's own server does not show are nobody's; what it does show is taken, whatever was announced.
#[tokio::test]
async fn an_edit_is_never_believed_from_the_body() {
    let world = World::start().await;
    let scene = Scene::of(&world).await;
    let before = content(&world).await;
    world.advance(TimeDelta::minutes(1));
    let mut forged = scene.edits("never said", false);
    forged.document["id"] = json!(format!("{}#updates/1", scene.post.post));
    scene.announces(&world, forged.document.clone()).await;
    assert_eq!(content(&world).await, before);
    let quiet = |who: &Actor| !who.heard().iter().any(|heard| heard.text.contains("never said"));
    assert!(quiet(&scene.tom) && quiet(&scene.xia));

    scene.edits("as it is now", true);
    scene.announces(&world, forged.document).await;
    assert!(content(&world).await.contains("as it is now"));
    assert!(quiet(&scene.tom) && quiet(&scene.xia));

    // An older one, which its author did say, comes again: the post is not what it was.
    let older = scene.edits("older words", false);
    scene.announces(&world, older.document).await;
    assert!(content(&world).await.contains("as it is now"));
    world.end().await;
}

/// Who has proven it needs not be asked.
#[tokio::test]
async fn an_edit_is_believed_by_its_authors_proof() {
    let world = World::start().await;
    let scene = Scene::of(&world).await;
    world.advance(TimeDelta::minutes(1));
    let key = PrivateKey::generate_ed25519().unwrap();
    let author = &scene.elsewhere.author;
    let method = format!("{}#ed25519-key", author.id());
    author.publishes(|document| {
        document["assertionMethod"] = json!([{
            "id": method, "type": "Multikey", "controller": document["id"],
            "publicKeyMultibase": key.public().to_multibase().unwrap(),
        }]);
    });
    let mut edit = scene.edits("proven words", false).document;
    edit["proof"] = prove(&key, &method, &edit, author.server().ground().clock().now()).unwrap();
    scene.answers(403);
    let mut forged = edit.clone();
    forged["id"] = json!(format!("{}1", edit["id"].as_str().unwrap()));
    forged["object"]["content"] = json!("never said");
    scene.announces(&world, forged).await;
    assert!(!content(&world).await.contains("never said"));
    scene.announces(&world, edit.clone()).await;
    assert!(content(&world).await.contains("proven words"));
    let edit = author.would_say(edit, scene.post.post.clone(), false);
    scene.tom.hears_of([&edit]).once().await;
    world.end().await;
}

/// What its own server shows no more is gone from all who have it, each in their own form: in its author's words, where those are to
/// be had, else in the group's.
#[tokio::test]
async fn a_deletion_goes_onward() {
    for (answer, is_told) in [(410, true), (404, false)] {
        let world = World::start().await;
        let scene = Scene::of(&world).await;
        let mut delete = scene.deletes(&scene.elsewhere.author);
        if !is_told {
            delete.document["id"] = json!(format!("{}#delete", scene.post.post));
        }
        scene.answers(answer);
        scene.announces(&world, delete.document.clone()).await;
        assert_eq!(content(&world).await, "nothing");
        if is_told {
            scene.tom.hears_of([&delete]).once().await;
            scene.xia.hears_of([&delete]).once().await;
        }
        let last = |who: &Actor| Scene::kinds(who).pop().unwrap();
        assert_eq!(last(&scene.tom), "Announce Delete");
        assert_eq!(last(&scene.mia), "Undo Announce");
        scene.announces(&world, delete.document.clone()).await;
        let told = Scene::kinds(&scene.tom)
            .iter()
            .filter(|kind| *kind == "Announce Delete")
            .count();
        assert_eq!(told, 1);
        world.end().await;
    }
}

/// A moderator there, or the group itself, takes nothing out here that its author's server still shows; nor does a server that is away.
#[tokio::test]
async fn what_is_still_there_is_not_deleted() {
    let world = World::start().await;
    let scene = Scene::of(&world).await;
    let moderator = world.lemmy().actor("moderator");
    let by_moderator = scene.deletes(&moderator);
    scene.announces(&world, by_moderator.document.clone()).await;
    scene
        .announces(&world, scene.deletes(&scene.elsewhere.author).document)
        .await;
    assert!(content(&world).await.contains("as it was"));
    for answer in [403, 500] {
        scene.answers(answer);
        let delete = scene.deletes(&scene.elsewhere.author);
        scene.elsewhere.announces(&scene.garden, delete.document).await;
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        assert!(content(&world).await.contains("as it was"), "{answer}");
    }
    // The server comes back, and says that it is gone: what waited is done.
    scene.answers(410);
    world.while_time_passes(world.settles()).await;
    assert_eq!(content(&world).await, "nothing");
    assert_eq!(Scene::kinds(&scene.mia).pop().unwrap(), "Undo Announce");
    world.end().await;
}

/// Who is not followed is not listened to, whoever they say has said it.
#[tokio::test]
async fn nobody_else_is_listened_to() {
    let world = World::start().await;
    let scene = Scene::of(&world).await;
    world.advance(TimeDelta::minutes(1));
    let stray = world.lemmy().settle("stray", "Group");
    let asked = scene.elsewhere.server.fetched().len();
    for object in [
        scene.edits("better words", true).document["id"].clone(),
        scene.deletes(&scene.elsewhere.author).document["id"].clone(),
    ] {
        let announce = stray.speaks(|me| {
            json!({ "id": (me.mint)("announce"), "type": "Announce", "actor": me.id, "to": [scene.garden.id], "object": object })
        });
        stray.sends(&scene.garden, &announce).await.is(202);
    }
    world.settles().await;
    assert!(content(&world).await.contains("as it was"));
    let asked = scene.elsewhere.server.fetched()[asked..].to_vec();
    assert!(!asked.contains(&scene.elsewhere.server.path(&scene.post.post).to_owned()));
    world.end().await;
}

/// Where edits are reviewed, one that was passed on waits for an admin like any other, and is the post once it is let through.
#[tokio::test]
async fn an_edit_waits_for_review_like_any_other() {
    let world = World::start().await;
    let policies = Policies {
        review: Review::NonMembers,
        ..Policies::default()
    };
    let garden = world.group_with("garden", policies).await;
    let elsewhere = Elsewhere::new(&world);
    elsewhere.is_followed_by(&world, &garden).await;
    let post = elsewhere.thread("as it was");
    elsewhere.announces(&garden, post.document.clone()).await;
    world
        .until("select count(*) from held where outcome is null", 1)
        .await;
    accepts(&world).await;
    world.until("select count(*) from post", 1).await;
    world.advance(TimeDelta::minutes(1));
    let by = &elsewhere.author;
    let manners = by.server().software().manners;
    let mut update = by.speaks(|me| manners.edit(me, &elsewhere.as_group(), &post, "better words"));
    by.server().publishes(&update["object"]);
    update["id"] = json!(format!("{}#updates/1", post.post));
    elsewhere.announces(&garden, update).await;
    world
        .until("select count(*) from held where outcome is null", 1)
        .await;
    assert!(content(&world).await.contains("as it was"));
    accepts(&world).await;
    world
        .until("select count(*) from post where content like '%better words%'", 1)
        .await;
    world.end().await;
}

/// What waits is let through.
async fn accepts(world: &World) {
    let entry = world
        .text("select id::text from held where outcome is null")
        .await;
    let engine = &world.house().engine;
    engine
        .review_as_operator("garden", entry.parse().unwrap(), true, None)
        .await
        .unwrap();
}
