//! What a domain was told of, and how it hears what becomes of that: edits, deletions, a second group, a group that turns private.
//!
//! One rule: whoever fetched something from here hears when it is not so any more, in the way in which they heard of it.

use folkmoot::domain::{Iri, Policies, PolicyChange, Visibility};
use folkmoot::store::group::Change;
use serde_json::{Value, json};

use super::{asks, change, garden_with, sees};
use crate::support::peer::{Actor, Group, Said};
use crate::support::versia::{Domain, OURS, world_of};
use crate::support::world::World;

const FEDERATE: &str = "pub.versia:groups/Federate";
const SHARE: &str = "pub.versia:share/Share";

fn told(domain: &Domain, kind: &str) -> Vec<Value> {
    let mut heard = domain.heard();
    heard.retain(|said| said["type"] == kind);
    heard
}

fn follow(who: &str, at: u32) -> Value {
    json!({"type": "Follow", "created_at": format!("2026-05-01T10:00:{at:02}Z"), "author": who, "followee": format!("{OURS}:garden")})
}

/// The path of a note of ours.
fn path(note: &Value) -> String {
    let id = note.as_str().unwrap().strip_prefix(&format!("{OURS}:"));
    format!("Note/{}", id.expect("ours"))
}

/// What it was told to delete, each with its type.
fn deleted(domain: &Domain) -> Vec<(Value, Value)> {
    let deletes = told(domain, "Delete");
    let named = |delete: &Value| (delete["deleted_type"].clone(), delete["deleted"].clone());
    deletes.iter().map(named).collect()
}

/// Who follows keeps what it fetched: an edit comes whole, and what is gone is deleted, and the share of it.
#[tokio::test]
async fn who_follows_hears_what_becomes_of_a_post() {
    let (b, c) = (Domain::start("b.test").await, Domain::start("c.test").await);
    let world = world_of(&[&b, &c], &[]).await;
    let group = world.group("garden").await;
    let lea = world.lemmy().actor("lea").follows(&group).await;
    let tom = world.mastodon().actor("tom").follows(&group).await;
    b.sends(&follow(&b.user("u1", "alice"), 0)).await.is(202);
    b.hears("FollowAccept", |said| said["type"] == "FollowAccept")
        .await;
    let u2 = c.user("u2", "bob");
    c.joins(&u2, "garden").await;

    let post = lea.post(&group, "Beans").await;
    b.hears("the share", |said| said["type"] == SHARE).await;
    let mut reply = tom.speaks(|me| {
        tom.server()
            .software()
            .manners
            .reply(me, &group, &post, "With salt")
    });
    let tags = reply["object"]["tag"].as_array().cloned().unwrap_or_default();
    let lea_tag = json!({"type": "Mention", "href": lea.id(), "name": "@lea"});
    reply["object"]["tag"] = json!(tags.into_iter().chain([lea_tag]).collect::<Vec<_>>());
    tom.server().publishes(&reply["object"]);
    let id = reply["object"]["id"].as_str().unwrap().to_owned();
    let reply = tom.would_say(reply, id, true);
    tom.sends_to(&group.inbox(), &reply.text).await.is(202);
    world.settles().await;
    let shares = told(&b, SHARE);
    let (first, answer) = (&shares[0]["shared"], &shares[1]["shared"]);
    let before = sees(&b, &path(answer)).await;
    sees(&b, &path(first)).await;

    let mut edit = tom.speaks(|me| {
        tom.server()
            .software()
            .manners
            .edit(me, &group, &reply, "With pepper")
    });
    edit["object"]["tag"] = reply.document["object"]["tag"].clone();
    edit["object"]["inReplyTo"] = reply.document["object"]["inReplyTo"].clone();
    tom.server().publishes(&edit["object"]);
    let edit = tom.would_say(edit, reply.post.clone(), true);
    tom.sends_to(&group.inbox(), &edit.text).await.is(202);
    let again = b.hears("the note", |said| said["type"] == "Note").await;
    assert_eq!(again, sees(&b, &path(answer)).await, "as whoever asks gets it");
    let text = again["content"]["text/plain"]["content"].as_str().unwrap();
    assert!(text.ends_with("With pepper"), "{text}");
    assert_eq!(
        (&again["author"], &again["replies_to"], &again["group"]),
        (&before["author"], first, &json!(format!("{OURS}:group-garden")))
    );
    let mentions = again["mentions"].as_array().unwrap();
    let lea_there = sees(&b, &path(first)).await["author"].clone();
    assert!(mentions.contains(&lea_there), "{mentions:?}");

    // What is of Versia is its own server's to send again.
    c.publishes(&c.note("n1", &u2, "garden", "Leeks")).await.is(202);
    c.publishes(&c.note("n1", &u2, "garden", "More leeks"))
        .await
        .is(202);
    tom.deletes(&group, &reply).await;
    let engine = &world.house().engine;
    engine
        .remove_post("garden", &Iri::object(&post.post).unwrap(), None)
        .await
        .unwrap();
    world.settles().await;
    assert_eq!(told(&b, "Note").len(), 1);
    let share = |of: &Value| json!(format!("{OURS}:{}", of["id"].as_str().unwrap()));
    assert_eq!(
        deleted(&b),
        [
            (json!(SHARE), share(&shares[1])),
            (json!("Note"), answer.clone()),
            (json!(SHARE), share(&shares[0])),
            (json!("Note"), first.clone()),
        ]
    );
    assert_eq!(asks(&b, &path(first)).await.0, 404);
    assert_eq!(
        deleted(&c),
        [(json!("Note"), answer.clone()), (json!("Note"), first.clone())],
        "who subscribed has no share"
    );
    assert_eq!((told(&c, "Note").len(), told(&c, SHARE).len()), (0, 0));
    for domain in [b, c] {
        domain.is_content();
    }
    world.end().await;
}

/// A thread in two groups, by one activity.
async fn posts_in_both(who: &Actor, world: &World, groups: [&Group; 2], text: &str) -> Said {
    let manners = who.server().software().manners;
    let mut create = who.speaks(|me| manners.post(me, groups[0], text));
    let cc = json!(groups.map(|group| group.id.as_str()));
    create["cc"] = cc.clone();
    create["object"]["cc"] = cc;
    create["object"]["tag"] = json!([]);
    who.server().publishes(&create["object"]);
    let post = create["object"]["id"].as_str().unwrap().to_owned();
    let said = who.would_say(create, post, false);
    who.sends_to(&format!("{}/inbox", world.base()), &said.text)
        .await
        .is(202);
    said
}

/// A note has one group: a post in two is a note in each.
#[tokio::test]
async fn a_post_is_a_note_in_each_of_its_groups() {
    let (world, b, garden) = garden_with(|_| {}).await;
    let kitchen = world.group("kitchen").await;
    let (u1, lea) = (b.user("u1", "alice"), world.mastodon().actor("lea"));
    let lea = lea.follows(&garden).await.follows(&kitchen).await;
    for name in ["garden", "kitchen"] {
        b.sends(&b.subscribe(&u1, name)).await.is(202);
    }
    world.settles().await;
    let post = posts_in_both(&lea, &world, [&garden, &kitchen], "Beans").await;
    world.settles().await;
    let mut notes = vec![];
    for federate in told(&b, FEDERATE) {
        let note = sees(&b, &path(&federate["note"])).await;
        assert_eq!(note["group"], federate["group"]);
        assert_eq!(
            note["extensions"]["org.folkmoot:bridge"]["id"],
            post.post.as_str()
        );
        notes.push(federate["note"].clone());
    }
    assert_eq!(notes.len(), 2);
    assert_ne!(notes[0], notes[1]);
    let author = sees(&b, &path(&notes[0])).await["author"].clone();
    let author = path(&author).replace("Note/", "User/");
    let outbox = sees(&b, &format!("{author}/collections/outbox")).await;
    assert_eq!(
        (&outbox["total"], outbox["items"].as_array().unwrap().len()),
        (&json!(2), 2)
    );
    for (name, note) in ["garden", "kitchen"].iter().zip(&notes) {
        let listed = sees(&b, &format!("Group/group-{name}/collections/notes")).await;
        assert_eq!(listed["items"], json!([note]));
        let shares = sees(
            &b,
            &format!("{}/collections/pub.versia%3Ashare%2FShares", path(note)),
        )
        .await;
        assert_eq!(shares["total"], 1);
        let nowhere = path(note).replace(name, "cellar");
        assert_eq!(asks(&b, &nowhere).await.0, 404);
    }

    // An answer to what is in both is in both.
    let mut reply = b.note("n1", &u1, "kitchen", "With salt");
    reply["replies_to"] = notes[1].clone();
    b.publishes(&reply).await.is(202);
    world.settles().await;
    for note in &notes {
        let replies = sees(&b, &format!("{}/collections/replies", path(note))).await;
        assert_eq!(replies["items"], json!(["b.test:n1"]));
    }
    lea.deletes(&garden, &post).await;
    world.settles().await;
    let mut gone: Vec<Value> = deleted(&b).into_iter().map(|(_, note)| note).collect();
    gone.sort_by_key(ToString::to_string);
    assert_eq!(gone, notes);
    b.is_content();
    world.end().await;
}

/// What was told while the group was public is taken back from whoever heard it there, though it is private now.
#[tokio::test]
async fn what_was_public_is_taken_back_where_it_was_told() {
    let (world, b, group) = garden_with(|_| {}).await;
    let lea = world.lemmy().actor("lea").follows(&group).await;
    let eve = world.explainer().actor("eve").follows(&group).await;
    let u1 = b.user("u1", "alice");
    b.joins(&u1, "garden").await;
    b.publishes(&b.note("n1", &u1, "garden", "Leeks")).await.is(202);
    let post = lea.post(&group, "Beans").await;
    let note = b
        .hears("it", |said| {
            said["type"] == FEDERATE && said["note"] != "b.test:n1"
        })
        .await["note"]
        .clone();
    world.settles().await;
    let private = PolicyChange {
        visibility: Some(Visibility::Private),
        ..PolicyChange::default()
    };
    change(&world, Change::default(), private).await;
    lea.deletes(&group, &post).await;
    let delete = json!({"type": "Delete", "created_at": "2026-06-01T12:00:00Z", "author": u1, "deleted_type": "Note", "deleted": "b.test:n1"});
    b.sends(&delete).await.is(202);
    world.settles().await;
    assert_eq!(deleted(&b), [(json!("Note"), note)]);
    eve.server()
        .hears("the deletion", |heard| {
            heard.taken && heard.text.contains("Delete") && heard.text.contains("notes/n1")
        })
        .await;
    b.is_content();
    world.end().await;
}

/// What is shared with those who follow is for everybody: nobody follows a private group, and whoever subscribes is let in.
#[tokio::test]
async fn nobody_follows_what_is_private() {
    let (world, b, _) = garden_with(|policies: &mut Policies| {
        policies.visibility = Visibility::Private;
    })
    .await;
    let u1 = b.user("u1", "alice");
    b.sends(&follow(&u1, 0)).await.is(202);
    let reject = b
        .hears("FollowReject", |said| said["type"] == "FollowReject")
        .await;
    assert_eq!(
        (&reject["author"], &reject["follower"]),
        (&json!(format!("{OURS}:garden")), &json!(u1))
    );
    let here = "select count(*) from membership where follower or member";
    assert_eq!(world.count(here).await, 0);
    b.joins(&u1, "garden").await;
    world.settles().await;
    assert!(told(&b, "FollowAccept").is_empty());
    b.is_content();
    world.end().await;
}
