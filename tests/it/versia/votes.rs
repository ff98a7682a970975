//! Votes of one protocol in the other: what somebody likes there is liked here, until they take it back.
//!
//! One rule: what a domain is told of is there to be fetched by it, by whom it says it is by, and gone once it is taken back.

use folkmoot::domain::PolicyChange;
use folkmoot::store::group::Change;
use serde_json::{Value, json};

use super::{asks, change, garden_with, sees};
use crate::support::peer::{Actor, Heard};
use crate::support::versia::{Domain, OURS, world_of};
use crate::support::world::World;

const LIKE: &str = "pub.versia:likes/Like";
const DISLIKE: &str = "pub.versia:likes/Dislike";
const REACTION: &str = "pub.versia:reactions/Reaction";
const SHARE: &str = "pub.versia:share/Share";

/// What a domain was told of this type, in order.
fn told(domain: &Domain, kind: &str) -> Vec<Value> {
    let mut heard = domain.heard();
    heard.retain(|said| said["type"] == kind);
    heard
}

async fn hears(domain: &Domain, kind: &str) -> Value {
    domain.hears(kind, |said| said["type"] == kind).await
}

/// An entity of ours, by its type and reference.
fn path(kind: &str, reference: &Value) -> String {
    let id = reference
        .as_str()
        .unwrap()
        .strip_prefix(&format!("{OURS}:"))
        .unwrap();
    format!("{}/{id}", kind.replace(':', "%3A").replace('/', "%2F"))
}

/// By its author.
fn delete(author: &str, kind: &str, deleted: &str) -> Value {
    json!({"type": "Delete", "created_at": "2026-05-01T10:00:03Z", "author": author, "deleted_type": kind, "deleted": deleted})
}

fn ours(id: &Value) -> Value {
    json!(format!("{OURS}:{}", id.as_str().unwrap()))
}

/// A Like of anybody's is a Like by their mirror, of the note where it is, once for each domain; and its Undo is a Delete of that.
#[tokio::test]
async fn a_like_is_told_and_taken_back() {
    let (b, c) = (Domain::start("b.test").await, Domain::start("c.test").await);
    let world = world_of(&[&b, &c], &[]).await;
    let group = world.group("garden").await;
    let lea = world.lemmy().actor("lea").follows(&group).await;
    let mia = world.mastodon().actor("mia").follows(&group).await;
    for (domain, id) in [(&b, "u1"), (&b, "u2"), (&c, "u3")] {
        domain.joins(&domain.user(id, id), "garden").await;
    }
    let post = lea.post(&group, "Beans").await;
    let federated = hears(&b, "pub.versia:groups/Federate").await;
    for who in [&lea, &mia] {
        let liked = who.likes(&group, &post).await;
        world.settles().await;
        let like = told(&c, LIKE).pop().unwrap();
        assert_eq!(like["liked"], federated["note"]);
        assert_eq!(told(&b, LIKE).last(), Some(&like));
        let voter = sees(&b, &path("User", &like["author"])).await;
        assert_eq!(voter["extensions"]["org.folkmoot:bridge"]["id"], who.id());
        assert_eq!(sees(&b, &path(LIKE, &ours(&like["id"]))).await, like);
        assert_eq!(asks(&b, &path(DISLIKE, &ours(&like["id"]))).await.0, 404);

        who.undoes(&group, &liked).await;
        world.settles().await;
        let delete = told(&c, "Delete").pop().unwrap();
        assert_eq!(
            (&delete["deleted_type"], &delete["deleted"], &delete["author"]),
            (&json!(LIKE), &ours(&like["id"]), &like["author"])
        );
        assert_eq!(asks(&b, &path(LIKE, &delete["deleted"])).await.0, 404);
    }
    for domain in [&b, &c] {
        assert_eq!((told(domain, LIKE).len(), told(domain, "Delete").len()), (2, 2));
        domain.is_content();
    }
    world.end().await;
}

/// Taken back by its id there, a vote is taken back here by an Undo around what was said: whoever heard of it reads that.
#[tokio::test]
async fn a_vote_of_theirs_is_taken_back_in_words_that_all_read() {
    let (world, b, group) = garden_with(|_| {}).await;
    let lea = world.lemmy().actor("lea").follows(&group).await;
    let pia = world.server("piefed").actor("pia").follows(&group).await;
    let u1 = b.user("u1", "alice");
    b.joins(&u1, "garden").await;
    let post = lea.post(&group, "Beans").await;
    let note = hears(&b, "pub.versia:groups/Federate").await["note"].clone();
    for (number, (kind, field, word)) in [
        (LIKE, "liked", "Like"),
        (DISLIKE, "disliked", "Dislike"),
        (REACTION, "object", "EmojiReact"),
        (SHARE, "shared", "Announce"),
    ]
    .into_iter()
    .enumerate()
    {
        let id = format!("v{number}");
        let mut vote = json!({"type": kind, "id": id, "created_at": "2026-05-01T10:00:02Z", "author": u1, "extensions": {}});
        vote[field] = note.clone();
        vote["content"] = json!("🌱");
        b.sends(&vote).await.is(202);
        b.sends(&delete(&u1, kind, &format!("b.test:{id}"))).await.is(202);
        world.settles().await;
        let undone = |heard: &Heard| {
            let undo = &heard.document["object"];
            undo["type"] == "Undo"
                && undo["object"]["type"] == word
                && undo["object"]["object"] == post.post.as_str()
        };
        let told = |who: &Actor| {
            let heard = who.heard();
            heard.iter().filter(|heard| heard.taken && undone(heard)).count()
        };
        assert_eq!(told(&pia), usize::from(kind != SHARE), "{word}");
        assert_eq!(told(&lea), usize::from([LIKE, DISLIKE].contains(&kind)), "{word}");
    }
    assert_eq!(world.count("select count(*) from vote").await, 0);
    // What was never said is taken back by nobody.
    b.sends(&delete(&u1, LIKE, "b.test:v9")).await.is(202);
    b.is_content();
    world.end().await;
}

/// A vote on a note of Versia names the note where it is; who follows the group hears of it, too: the note may be theirs.
#[tokio::test]
async fn a_vote_names_the_note_where_it_is() {
    let (b, c) = (Domain::start("b.test").await, Domain::start("c.test").await);
    let world = world_of(&[&b, &c], &[]).await;
    let group = world.group("garden").await;
    let pia = world.server("piefed").actor("pia").follows(&group).await;
    let (u1, u2) = (b.user("u1", "alice"), c.user("u2", "bob"));
    let follow = json!({"type": "Follow", "created_at": "2026-05-01T10:00:00Z", "author": u1, "followee": format!("{OURS}:garden")});
    b.sends(&follow).await.is(202);
    hears(&b, "FollowAccept").await;
    c.joins(&u2, "garden").await;
    let mut note = b.note("n1", &u1, "garden", "Leeks");
    note["group"] = json!("public");
    note["mentions"] = json!([format!("{OURS}:garden")]);
    b.publishes(&note).await.is(202);
    let iri = format!("{}/bridge/versia/b.test/notes/n1", world.base());
    let announce = pia
        .server()
        .hears("the note", |heard| {
            heard.document["object"]["object"]["id"] == iri
        })
        .await;
    let post = pia.would_say(announce.document["object"].clone(), iri, false);
    let react = pia.speaks(|me| {
        json!({"@context": "https://www.w3.org/ns/activitystreams", "id": (me.mint)("activities"), "type": "EmojiReact", "actor": me.id,
            "to": ["https://www.w3.org/ns/activitystreams#Public"], "object": post.post, "content": "🌱", "audience": group.id})
    });
    pia.sends(&group, &react).await.is(202);
    for domain in [&b, &c] {
        let reaction = hears(domain, REACTION).await;
        assert_eq!(
            (&reaction["object"], &reaction["content"]),
            (&json!("b.test:n1"), &json!("🌱"))
        );
        assert_eq!(
            sees(domain, &path(REACTION, &ours(&reaction["id"]))).await,
            reaction
        );
    }
    let undo = pia.speaks(|me| {
        json!({"@context": "https://www.w3.org/ns/activitystreams", "id": (me.mint)("activities"), "type": "Undo", "actor": me.id,
            "to": ["https://www.w3.org/ns/activitystreams#Public"], "object": react["id"]})
    });
    pia.sends(&group, &undo).await.is(202);
    for domain in [&b, &c] {
        assert_eq!(hears(domain, "Delete").await["deleted_type"], REACTION);
        domain.is_content();
    }
    // Somebody of Versia votes: their own server tells it.
    let like = json!({"type": LIKE, "id": "l1", "created_at": "2026-05-01T10:00:02Z", "author": u2, "liked": "b.test:n1"});
    c.sends(&like).await.is(202);
    world.settles().await;
    assert!(told(&b, LIKE).is_empty() && told(&c, LIKE).is_empty());
    world.end().await;
}

/// Nobody likes and dislikes at once: what was said first is deleted, and then the other said.
#[tokio::test]
async fn of_two_opposite_votes_the_older_one_is_deleted() {
    let (world, b, group) = garden_with(|_| {}).await;
    let lea = world.lemmy().actor("lea").follows(&group).await;
    let tom = world.lemmy().actor("tom").follows(&group).await;
    b.joins(&b.user("u1", "alice"), "garden").await;
    let post = lea.post(&group, "Beans").await;
    let note = hears(&b, "pub.versia:groups/Federate").await["note"].clone();
    tom.likes(&group, &post).await;
    let disliked = tom.dislikes(&group, &post).await;
    world.settles().await;
    tom.likes(&group, &post).await;
    world.settles().await;
    let said: Vec<Value> = b
        .heard()
        .into_iter()
        .filter(|said| said["author"].is_string())
        .collect();
    let kinds: Vec<_> = said.iter().map(|said| said["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, [LIKE, "Delete", DISLIKE, "Delete", LIKE]);
    for (delete, of) in [(1, 0), (3, 2)] {
        assert_eq!(said[delete]["deleted"], ours(&said[of]["id"]));
        assert_eq!(said[delete]["deleted_type"], said[of]["type"]);
        assert_eq!(asks(&b, &path(kinds[of], &ours(&said[of]["id"]))).await.0, 404);
    }
    assert_eq!(said[2]["disliked"], note);
    let listed = async |name: &str| {
        sees(
            &b,
            &format!("{}/collections/pub.versia%3A{name}", path("Note", &note)),
        )
        .await["items"]
            .clone()
    };
    assert_eq!(listed("likes%2FLikes").await, json!([ours(&said[4]["id"])]));
    assert_eq!(listed("likes%2FDislikes").await, json!([]));
    // An Undo of what counts no more changes nothing.
    tom.undoes(&group, &disliked).await;
    b.is_content();
    world.end().await;
}

/// Lists of a note and of a user: theirs and ours, a part at a time.
#[tokio::test]
async fn votes_are_listed() {
    let (world, b, group) = garden_with(|_| {}).await;
    let lea = world.lemmy().actor("lea").follows(&group).await;
    let u1 = b.user("u1", "alice");
    b.joins(&u1, "garden").await;
    let post = lea.post(&group, "Beans").await;
    let note = hears(&b, "pub.versia:groups/Federate").await["note"].clone();
    let mut voters = vec![];
    for name in ["tom", "tim"] {
        let who = world.lemmy().actor(name).follows(&group).await;
        who.likes(&group, &post).await;
        world.settles().await;
        voters.push(who);
    }
    for (kind, field, id) in [(LIKE, "liked", "l1"), (REACTION, "object", "r1")] {
        let author = b.user(&format!("u-{id}"), id);
        let mut vote = json!({"type": kind, "id": id, "created_at": "2026-05-01T10:00:02Z", "author": author, "content": "🌱"});
        vote[field] = note.clone();
        b.sends(&vote).await.is(202);
    }
    let likes = told(&b, LIKE);
    let list = async |of: &Value, kind: &str, query: &str| {
        let (name, query) = (kind.replace(':', "%3A").replace('/', "%2F"), query);
        sees(
            &b,
            &format!(
                "{}/collections/{name}{query}",
                path(if of == &note { "Note" } else { "User" }, of)
            ),
        )
        .await
    };
    let on_note = list(&note, "pub.versia:likes/Likes", "").await;
    assert_eq!(on_note["total"], 3);
    assert_eq!(
        on_note["items"],
        json!(["b.test:l1", ours(&likes[1]["id"]), ours(&likes[0]["id"])])
    );
    let part = list(&note, "pub.versia:likes/Likes", "?offset=1&limit=1").await;
    assert_eq!(
        part,
        json!({"author": null, "total": 3, "items": [ours(&likes[1]["id"])]})
    );
    let past = list(&note, "pub.versia:likes/Likes", "?offset=9").await;
    assert_eq!((&past["total"], &past["items"]), (&json!(3), &json!([])));
    assert_eq!(list(&note, "pub.versia:likes/Dislikes", "").await["total"], 0);
    assert_eq!(
        list(&note, "pub.versia:reactions/Reactions", "").await["items"],
        json!(["b.test:r1"])
    );
    let shares = list(&note, "pub.versia:share/Shares", "").await;
    let share = sees(&b, &path(SHARE, &shares["items"][0])).await;
    assert_eq!(share["shared"], note);
    let voter = &likes[0]["author"];
    let liked = list(voter, "pub.versia:likes/Likes", "").await;
    assert_eq!(liked, json!({"author": voter, "total": 1, "items": [note]}));
    assert_eq!(list(voter, "pub.versia:likes/Dislikes", "").await["total"], 0);
    let sharer = json!(format!("{OURS}:garden"));
    assert_eq!(
        list(&sharer, "pub.versia:likes/Likes", "").await["items"],
        json!([])
    );
    let nothing = format!("{}/collections/pub.versia%3Alikes%2FShares", path("Note", &note));
    assert_eq!(asks(&b, &nothing).await.0, 404);
    b.is_content();
    world.end().await;
}

async fn says_no(world: &World, actor: &str) {
    let update = sqlx::query("update actor set unbridged = true where iri = $1").bind(actor);
    update.execute(&mut world.behind().await).await.unwrap();
}

/// Not who opted out, not in a private group, not with the bridge off; what was told is taken back all the same.
#[tokio::test]
async fn who_stays_in_their_own_world_votes_there_alone() {
    let (world, b, group) = garden_with(|_| {}).await;
    let lea = world.lemmy().actor("lea").follows(&group).await;
    let tom = world.lemmy().actor("tom").follows(&group).await;
    let tim = world.lemmy().actor("tim").follows(&group).await;
    b.joins(&b.user("u1", "alice"), "garden").await;
    let post = lea.post(&group, "Beans").await;
    hears(&b, "pub.versia:groups/Federate").await;
    let liked = tom.likes(&group, &post).await;
    let like = hears(&b, LIKE).await;
    says_no(&world, &tim.id()).await;
    let secret = tim.likes(&group, &post).await;
    tim.undoes(&group, &secret).await;
    let bridge = |on| Change {
        bridge: Some(on),
        ..Change::default()
    };
    change(&world, bridge(false), PolicyChange::default()).await;
    lea.likes(&group, &post).await;
    tom.undoes(&group, &liked).await;
    world.settles().await;
    assert_eq!(hears(&b, "Delete").await["deleted"], ours(&like["id"]));
    assert_eq!((told(&b, LIKE).len(), told(&b, "Delete").len()), (1, 1));
    change(&world, bridge(true), PolicyChange::default()).await;
    says_no(&world, &lea.id()).await;
    tom.likes(&group, &post).await;
    world.settles().await;
    assert_eq!(told(&b, LIKE).len(), 1, "what it is about is not there");
    b.is_content();
    world.end().await;
}
