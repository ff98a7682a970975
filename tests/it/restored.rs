//! What was taken out, or back, and comes back: `Undo{Delete}`.
//!
//! One rule: those who run a group undo what their like did, an author what they did themselves; each class hears of it in its own words.

use folkmoot::domain::{Iri, Policies};
use serde_json::{Value, json};

use crate::support::peer::{Actor, Group, Heard, Said, status};
use crate::support::world::World;

const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";
const THERE: &str = "select count(*) from post p join post_group g on g.post_id = p.id
                     where p.deleted_at is null and g.removed_at is null";

/// As Lemmy sends it: a removal says why, an author's deletion does not.
fn delete(by: &Actor, group: &Group, post: &str) -> Value {
    by.speaks(|me| {
        json!({
            "id": (me.mint)("activities/delete"), "type": "Delete", "actor": me.id, "object": post, "to": [PUBLIC],
            "cc": [group.id], "audience": group.id, "summary": "spam",
        })
    })
}

fn undo(by: &Actor, group: &Group, delete: &Value) -> Said {
    let document = by.speaks(|me| {
        json!({
            "id": (me.mint)("activities/undo"), "type": "Undo", "actor": me.id, "object": delete, "to": [PUBLIC],
            "cc": [group.id], "audience": group.id,
        })
    });
    by.would_say(document, String::new(), false)
}

async fn undoes(by: &Actor, group: &Group, delete: &Value) -> Said {
    let said = undo(by, group, delete);
    by.sends_to(&group.inbox(), &said.text).await.is(202);
    said
}

/// The last that somebody heard of this type.
fn last(who: &Actor, kind: &str) -> Heard {
    let mut heard = who.heard();
    heard.retain(|heard| heard.kind() == kind && heard.taken);
    heard
        .pop()
        .unwrap_or_else(|| panic!("{} heard no {kind}", who.id()))
}

fn count(who: &Actor, kind: &str, object: &str) -> usize {
    let heard = who.heard().into_iter();
    heard
        .filter(|heard| heard.kind() == kind && heard.taken && heard.object_id() == object)
        .count()
}

/// The group has it again; classes without a word for that hear of it as of a new post, by another id, which a later removal takes back.
#[tokio::test]
async fn what_a_moderator_took_out_they_put_back() {
    let world = World::start().await;
    let owner = world.lemmy().actor("owner");
    let group = world.group_of(&owner, "garden", Policies::default()).await;
    let una = world.server("smithereen").actor("una").follows(&group).await;
    let lea = world.lemmy().actor("lea").follows(&group).await;
    let mia = world.mastodon().actor("mia").follows(&group).await;
    let noor = world.server("nodebb").actor("noor").follows(&group).await;
    let lotte = world.server("lotide").actor("lotte").follows(&group).await;
    let xia = world.explainer().actor("xia").follows(&group).await;
    let post = una.post(&group, "one").await;
    world.settles().await;
    let boost = last(&mia, "Announce");
    for times in 1..=2 {
        let removal = delete(&owner, &group, &post.post);
        owner.sends(&group, &removal).await.is(202);
        world.settles().await;
        assert_eq!(world.count(THERE).await, 0);
        let undone = last(&mia, "Undo").document["object"]["id"].clone();
        let said = undoes(&owner, &group, &removal).await;
        world.settles().await;
        assert_eq!(world.count(THERE).await, 1);
        for who in [&lea, &xia] {
            let heard = last(who, "Announce");
            assert_eq!(heard.document["object"]["id"], said.id());
            assert!(heard.text.contains(&said.text), "{}", heard.text);
        }
        let again = last(&mia, "Announce");
        assert_eq!(again.document["object"], json!(post.post));
        assert_ne!(again.id(), boost.id());
        assert_ne!(json!(again.id()), undone);
        assert_eq!(count(&mia, "Announce", &post.post), times + 1);
        assert_eq!(count(&una, "Add", &post.post), times + 1);
        assert_eq!(count(&lotte, "Add", &post.post), times + 1);
        assert_eq!(count(&noor, "Announce", &post.post), times + 1);
        // Undone again, nothing happens.
        undoes(&owner, &group, &removal).await;
        world.settles().await;
        assert_eq!(count(&mia, "Announce", &post.post), times + 1);
    }
    let outbox = world.document(&group.part("outbox")).await;
    assert_eq!(outbox["orderedItems"][0]["object"], una_create(&post));
    lea.replies(&group, &post, "there again").await;
    world.until(THERE, 2).await;
    world.end().await;
}

fn una_create(post: &Said) -> Value {
    post.document.clone()
}

/// Whoever does not run the group is told so, whether or not the post is there; its author does not undo a moderator's removal.
#[tokio::test]
async fn nobody_else_puts_it_back() {
    let world = World::start().await;
    let owner = world.lemmy().actor("owner");
    let group = world.group_of(&owner, "garden", Policies::default()).await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let stranger = world.lemmy().actor("stranger");
    let post = ann.post(&group, "one").await;
    let removal = delete(&owner, &group, &post.post);
    owner.sends(&group, &removal).await.is(202);
    world.settles().await;
    for (who, object) in [
        (&ann, post.post.clone()),
        (&stranger, post.post.clone()),
        (&stranger, format!("{}/nothing", ann.server().base())),
    ] {
        let said = undo(who, &group, &delete(who, &group, &object));
        let problem = who.sends_to(&group.inbox(), &said.text).await.problem(403);
        assert!(
            problem["type"].as_str().unwrap().ends_with("#does-not-run-it"),
            "{problem}"
        );
    }
    let nothing = delete(&owner, &group, &format!("{}/nothing", ann.server().base()));
    let said = undo(&owner, &group, &nothing);
    owner.sends_to(&group.inbox(), &said.text).await.is(404);
    assert_eq!(world.count(THERE).await, 0);
    world.end().await;
}

/// An author's Undo leads to the post: it comes back as its origin has it now, if it has it.
#[tokio::test]
async fn an_author_takes_back_a_deletion() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let lea = world.lemmy().actor("lea").follows(&group).await;
    let mia = world.mastodon().actor("mia").follows(&group).await;
    let post = ann.post(&group, "one").await;
    let deleted = ann.deletes(&group, &post).await;
    world.settles().await;
    assert_eq!(world.count(THERE).await, 0);
    let path = ann.server().path(&post.post).to_owned();
    ann.server().serves(&path, status(404));
    undoes(&ann, &group, &deleted.document).await;
    world.settles().await;
    assert_eq!(world.count(THERE).await, 0, "it is not there at its origin");
    ann.server().publishes(&post.document["object"]);
    let said = undoes(&ann, &group, &deleted.document).await;
    world.until(THERE, 1).await;
    world.settles().await;
    let heard = last(&lea, "Announce");
    assert_eq!(heard.document["object"]["id"], said.id());
    assert_eq!(count(&mia, "Announce", &post.post), 2);
    let title = world.text("select coalesce(title, '') from post").await;
    assert!(title.contains("one"), "{title}");
    world.end().await;
}

/// By the operator's word the steward says it.
#[tokio::test]
async fn the_operator_puts_a_post_back() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let lea = world.lemmy().actor("lea").follows(&group).await;
    let post = ann.post(&group, "one").await;
    world.settles().await;
    let engine = &world.house().engine;
    let iri = Iri::object(&post.post).unwrap();
    assert!(engine.restore_post("garden", &iri).await.is_err());
    engine.remove_post("garden", &iri, None).await.unwrap();
    engine.restore_post("garden", &iri).await.unwrap();
    world.settles().await;
    assert_eq!(world.count(THERE).await, 1);
    let heard = last(&lea, "Announce");
    let inner = &heard.document["object"];
    assert_eq!(
        (&inner["type"], &inner["actor"], &inner["object"]["object"]),
        (&json!("Undo"), &json!(group.steward()), &json!(post.post))
    );
    let known = world.document(inner["id"].as_str().unwrap()).await;
    assert_eq!(known["type"], "Undo");
    world.end().await;
}
