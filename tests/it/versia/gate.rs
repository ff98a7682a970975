//! The gate: what is refused before anything is decided, rule by rule, and what is accepted although it is odd.
//!
//! One rule: a refusal changes nothing, and no domain is asked for its key before its request makes sense.

use chrono::TimeDelta;
use folkmoot::domain::Policies;
use http::HeaderMap;
use serde_json::{Value, json};

use crate::support::versia::{Domain, INBOX, METADATA, OURS, group, world_of};
use crate::support::world::World;

const NOTES: &str = "select count(*) from post where iri like '%/bridge/versia/%'";
const LEFT: &str = "select count(*) from post where iri like '%/bridge/versia/%' and deleted_at is null";
const MEMBERS: &str = "select count(*) from membership m join actor a on a.id = m.actor_id
                       where a.host = 'b.test' and m.member";

/// A group with a member on b.test, `b.test:u1`.
async fn garden() -> (World, Domain) {
    let b = Domain::start("b.test").await;
    let world = world_of(&[&b], &[]).await;
    world.group("garden").await;
    b.user("u1", "alice");
    b.joins("b.test:u1", "garden").await;
    (world, b)
}

/// 401 for a signature that is missing, broken, old or wrong; nobody is asked for anything.
#[tokio::test]
async fn who_has_not_signed_is_nobody() {
    let b = Domain::start("b.test").await;
    let world = world_of(&[&b], &[]).await;
    world.group("garden").await;
    let body = b.subscribe("b.test:u1", "garden").to_string();
    let good = b.signature("post", INBOX, &body, 0);
    let with = |change: &dyn Fn(&mut HeaderMap)| {
        let mut headers = good.clone();
        change(&mut headers);
        headers
    };
    let set = |name: &'static str, value: &'static str| {
        with(&move |headers: &mut HeaderMap| {
            headers.insert(name, value.parse().unwrap());
        })
    };
    let odd = [
        HeaderMap::new(),
        with(&|headers| drop(headers.remove("versia-signature"))),
        with(&|headers| drop(headers.remove("versia-signed-by"))),
        with(&|headers| drop(headers.remove("versia-signed-at"))),
        with(&|headers| {
            headers.append("versia-signed-by", "c.test".parse().unwrap());
        }),
        set("versia-signature", "nonsense"),
        set("versia-signed-at", "noon"),
        set("versia-signed-by", "https://b.test/users/u1"),
        set("versia-signed-by", "instance b.test"),
        set("versia-signed-by", "B.test"),
        set("versia-signed-by", "b.test:443"),
        set("versia-signed-by", "b.test."),
        set("versia-signed-by", "b"),
        set("versia-signed-by", "127.0.0.1"),
        set("versia-signed-by", "b.test/x"),
        set("x-signature", "of version 0.4"),
    ];
    for headers in odd {
        let said = format!("{headers:?}");
        let problem = b.posts(INBOX, headers, body.clone()).await.problem(401);
        assert_eq!(
            problem["type"].as_str().unwrap().rsplit('#').next(),
            Some("unsigned"),
            "{said}"
        );
    }
    let older = b
        .posts(INBOX, set("versia-signed-by", "instance b.test"), body.clone())
        .await
        .problem(401);
    assert!(
        older["detail"]
            .as_str()
            .unwrap()
            .contains("this instance speaks Versia 0.6 only"),
        "{older}"
    );
    assert_eq!(b.times_fetched(METADATA), 0);
    // The bytes are what was signed.
    b.posts(INBOX, good.clone(), format!("{body} "))
        .await
        .problem(401);
    b.posts(INBOX, good, body).await.is(202);
    assert_eq!(
        b.times_fetched(METADATA),
        1,
        "a key that was read just now is not read again"
    );
    b.hears("SubscribeAccept", |_| true).await;
    b.is_content();
    world.end().await;
}

/// 422 for a time that is more than five minutes from ours.
#[tokio::test]
async fn a_time_far_from_ours_is_refused() {
    let (world, b) = garden().await;
    let body = b.note("n1", "b.test:u1", "garden", "Hi").to_string();
    for seconds in [-301, 301, -86_400, 86_400] {
        let headers = b.signature("post", INBOX, &body, seconds);
        let problem = b.posts(INBOX, headers, body.clone()).await.problem(422);
        assert_eq!(problem["field"], "signature");
    }
    assert_eq!(world.count(NOTES).await, 0);
    let headers = b.signature("post", INBOX, &body, -299);
    b.posts(INBOX, headers, body).await.is(202);
    world.end().await;
}

/// Nobody speaks for us, and nobody whom the operator has blocked speaks at all.
#[tokio::test]
async fn neither_we_nor_the_blocked_are_heard() {
    let (world, b) = garden().await;
    let ours = Domain::start(OURS).await;
    let body = b
        .note("n1", &format!("{OURS}:garden"), "garden", "Hi")
        .to_string();
    let mut headers = b.signature("post", INBOX, &body, 0);
    headers.insert("versia-signed-by", OURS.parse().unwrap());
    b.posts(INBOX, headers, body).await.problem(403);
    assert_eq!(ours.times_fetched(METADATA), 0);
    world.house().engine.set_blocked("b.test", true).await.unwrap();
    b.sends(&b.note("n1", "b.test:u1", "garden", "Hi"))
        .await
        .problem(403);
    world.house().engine.set_blocked("b.test", false).await.unwrap();
    b.sends(&b.note("n1", "b.test:u1", "garden", "Hi")).await.is(202);
    world.end().await;
}

/// A domain speaks for what is its own: whoever and whatever else is named is refused, and nothing has changed.
#[tokio::test]
async fn a_domain_speaks_for_itself_alone() {
    let (world, b) = garden().await;
    let c = Domain::start("c.test").await;
    drop(c);
    let when = "2026-05-01T10:00:00Z";
    b.publishes(&b.note("n1", "b.test:u1", "garden", "Hi"))
        .await
        .is(202);
    let state = world.state(&[]).await;
    let mut foreign_id = b.note("c.test:n9", "b.test:u1", "garden", "Hi");
    foreign_id["id"] = json!("c.test:n9");
    let forged = [
        b.note("n2", "c.test:u2", "garden", "not theirs"),
        b.note("n2", &format!("{OURS}:garden"), "garden", "not theirs"),
        foreign_id,
        b.subscribe("c.test:u2", "garden"),
        json!({"type": "pub.versia:groups/Unsubscribe", "created_at": when, "subscriber": "c.test:u2", "group": group("garden")}),
        json!({"type": "Follow", "created_at": when, "author": "c.test:u2", "followee": format!("{OURS}:garden")}),
        json!({"type": "Delete", "created_at": when, "author": "b.test:u1", "deleted_type": "Note", "deleted": "c.test:n1"}),
        json!({"type": "Delete", "created_at": when, "author": "c.test:u1", "deleted_type": "Note", "deleted": "b.test:n1"}),
        json!({"type": "Delete", "created_at": when, "deleted_type": "Note", "deleted": "c.test:n1"}),
        json!({"type": "pub.versia:likes/Like", "id": "l1", "created_at": when, "author": "c.test:u2", "liked": "b.test:n1"}),
        json!({"type": "pub.versia:groups/Federate", "created_at": when, "note": "b.test:n1", "group": group("garden")}),
        json!({"type": "pub.versia:groups/Federate", "created_at": when, "note": "b.test:n1", "group": "c.test:g1"}),
        json!({"type": "pub.versia:groups/SubscribeAccept", "created_at": when, "subscriber": "b.test:u1", "group": group("garden")}),
        json!({"type": "pub.versia:reports/Report", "created_at": when, "author": "c.test:u2", "reported": ["b.test:n1"], "tags": []}),
    ];
    for entity in forged {
        let problem = b.sends(&entity).await.problem(403);
        assert_eq!(
            problem["type"].as_str().unwrap().rsplit('#').next(),
            Some("not-the-author"),
            "{entity}"
        );
    }
    assert_eq!(world.state(&[]).await, state);
    world.end().await;
}

/// The reference implementation lets any server delete any note (2026-04).
#[tokio::test]
async fn a_foreign_delete_leaves_the_note_there() {
    let (b, c) = (Domain::start("b.test").await, Domain::start("c.test").await);
    let world = world_of(&[&b, &c], &[]).await;
    world.group("garden").await;
    for (domain, user) in [(&b, "u1"), (&c, "u2")] {
        let user = domain.user(user, "someone");
        domain.joins(&user, "garden").await;
    }
    b.publishes(&b.note("n1", "b.test:u1", "garden", "Hi"))
        .await
        .is(202);
    let delete = |author: &str| {
        json!({"type": "Delete", "created_at": "2026-05-01T10:00:00Z", "author": author,
               "deleted_type": "Note", "deleted": "b.test:n1"})
    };
    c.sends(&delete("c.test:u2")).await.problem(403);
    c.sends(&delete("b.test:u1")).await.problem(403);
    assert_eq!(world.count(LEFT).await, 1);
    b.sends(&delete("b.test:u1")).await.is(202);
    assert_eq!(world.count(LEFT).await, 0);
    world.end().await;
}

/// A bare subscriber, author or note is the signer's own; a bare group is never ours.
#[tokio::test]
async fn a_reference_without_a_domain_is_the_signers_own() {
    let b = Domain::start("b.test").await;
    let world = world_of(&[&b], &[]).await;
    world.group("garden").await;
    b.user("u1", "alice");
    b.sends(&b.subscribe("u1", "garden")).await.is(202);
    b.hears("SubscribeAccept", |said| said["subscriber"] == "b.test:u1")
        .await;
    b.publishes(&b.note("n1", "u1", "garden", "Hi")).await.is(202);
    assert_eq!(world.count(NOTES).await, 1);
    let mut bare = b.note("n2", "u1", "garden", "Hi");
    bare["group"] = json!("group-garden");
    b.sends(&bare).await.is(202);
    let mut subscribe = b.subscribe("u3", "garden");
    subscribe["group"] = json!("group-garden");
    b.sends(&subscribe).await.is(202);
    assert_eq!(
        (world.count(NOTES).await, world.count(MEMBERS).await),
        (1, 1),
        "dropped"
    );
    b.is_content();
    world.end().await;
}

/// What is for somebody else's group is dropped; what is for one of ours that is not there is not found.
#[tokio::test]
async fn what_is_for_another_group_is_not_ours() {
    let (world, b) = garden().await;
    let state = world.state(&[]).await;
    let mut note = b.note("n1", "b.test:u1", "garden", "Hi");
    for elsewhere in [json!("c.test:group-garden"), json!("followers"), Value::Null] {
        note["group"] = elsewhere;
        b.sends(&note).await.is(202);
    }
    let mut subscribe = b.subscribe("b.test:u1", "garden");
    subscribe["group"] = json!("c.test:group-garden");
    b.sends(&subscribe).await.is(202);
    b.sends(&b.note("n1", "b.test:u1", "nothing", "Hi"))
        .await
        .problem(404);
    assert_eq!(world.state(&[]).await, state);
    world.end().await;
}

/// The same request again does nothing, and so does the same entity signed anew.
#[tokio::test]
async fn a_replay_does_nothing_twice() {
    let (world, b) = garden().await;
    let note = b.note("n1", "b.test:u1", "garden", "Hi").to_string();
    let headers = b.signature("post", INBOX, &note, 0);
    for _ in 0..3 {
        b.posts(INBOX, headers.clone(), note.clone()).await.is(202);
    }
    world.settles().await;
    let federates = |b: &Domain| {
        let heard = b.heard();
        heard
            .iter()
            .filter(|said| said["type"] == "pub.versia:groups/Federate")
            .count()
    };
    assert_eq!((world.count(NOTES).await, federates(&b)), (1, 1));
    world.advance(TimeDelta::seconds(1));
    b.sends_text(&note).await.is(202);
    world.settles().await;
    assert_eq!(
        (world.count(NOTES).await, federates(&b)),
        (1, 1),
        "its id is seen"
    );
    world.advance(TimeDelta::minutes(11));
    b.posts(INBOX, headers, note).await.problem(422);
    b.is_content();
    world.end().await;
}

/// Only members post, unless the group says otherwise.
#[tokio::test]
async fn a_note_by_somebody_who_is_no_member_is_refused() {
    let (world, b) = garden().await;
    b.user("u2", "eve");
    b.sends(&b.note("n1", "b.test:u2", "garden", "Hi"))
        .await
        .problem(403);
    assert_eq!(world.count(NOTES).await, 0);
    world.end().await;
}

/// Larger than a document may be, deeper, broken, with a key twice; and content that is none.
#[tokio::test]
async fn what_cannot_be_read_is_refused_in_words() {
    let (world, b) = garden().await;
    let large = b.note("n1", "b.test:u1", "garden", &"x".repeat(1_100_000));
    b.sends(&large).await.problem(413);
    for body in [
        "",
        "null",
        "[]",
        "{",
        "{}",
        r#"{"type":1}"#,
        r#"{"type":"Note","type":"Note"}"#,
        &"[".repeat(10_000),
        "\u{0}",
    ] {
        b.sends_text(body).await.problem(422);
    }
    let with = |field: &str, value: Value| {
        let mut note = b.note("n1", "b.test:u1", "garden", "Hi");
        note[field] = value;
        note
    };
    for odd in [
        with("id", Value::Null),
        with("id", json!("a b")),
        with("id", json!("x".repeat(600))),
        with("author", Value::Null),
        with("author", json!("b.test:443:u1")),
        with("author", json!("https://b.test/users/u1")),
        with("author", json!(["b.test:u1"])),
        with("mentions", json!("b.test:u1")),
        with("content", json!("Hi")),
        with("content", json!({"text/html": "Hi"})),
        with(
            "content",
            json!({"text/html": {"content": ["Hi"], "remote": false}}),
        ),
        with("replies_to", json!(1)),
        b.subscribe("", "garden"),
    ] {
        let problem = b.sends(&odd).await.problem(422);
        assert!(problem["field"].is_string(), "{odd}: {problem}");
    }
    assert_eq!(world.count(NOTES).await, 0);
    world.end().await;
}

/// Extensions and keys that we do not know, no content type, odd but readable content.
#[tokio::test]
async fn what_we_do_not_know_is_passed_over() {
    let (world, b) = garden().await;
    let mut note = b.note("n1", "b.test:u1", "garden", "Hi");
    note["extensions"] = json!({"org.example:mood": {"calm": true}});
    note["org.example:other"] = json!([1, 2]);
    note["content"]["application/x-other"] = json!({"content": "?", "remote": false});
    b.publishes(&note).await.is(202);
    assert_eq!(world.count(NOTES).await, 1);
    let kept = world.text("select body from original").await;
    assert_eq!(serde_json::from_str::<Value>(&kept).unwrap(), note, "kept");
    b.sends(&json!({"type": "org.example:games/Move", "created_at": "2026-05-01T10:00:00Z"}))
        .await
        .is(202);
    world.end().await;
}

/// As the drafts of 2024 and 2025 have it.
#[tokio::test]
async fn shapes_of_the_drafts_are_taken() {
    let b = Domain::start("b.test").await;
    let world = world_of(&[&b], &[]).await;
    world.group("garden").await;
    for (user, kind) in [("u1", "GroupSubscribe"), ("u2", "pub.versia:groups/Subscribe")] {
        let id = b.user(user, "someone");
        let subscribe = json!({
            "type": kind, "id": "0190a1b2-0000-7000-8000-000000000001", "uri": "https://b.test/x",
            "created_at": "2024-12-10T10:00:00Z",
            "subscriber": format!("https://b.test/.versia/v0.6/entities/User/{user}"), "group": group("garden"),
        });
        b.sends(&subscribe).await.is(202);
        b.hears("SubscribeAccept", |said| said["subscriber"] == id).await;
    }
    let note = json!({
        "type": "Note", "id": "n1", "created_at": "2025-04-21T10:00:00Z", "author": "b.test:u1",
        "group": group("garden"), "content": {"text/html": {"content": "<p>Hi</p>"}},
    });
    b.publishes(&note).await.is(202);
    assert_eq!(world.count(NOTES).await, 1);
    b.is_content();
    world.end().await;
}

/// A mirror is nobody who signs: no key of theirs is stored, and an activity in their name is never believed.
#[tokio::test]
async fn nobody_speaks_for_a_mirror_in_activitypub() {
    let (world, b) = garden().await;
    let mirror = format!("{}/bridge/versia/b.test/u1", world.base());
    let eve = world.lemmy().actor("eve");
    let to = format!("{}/c/garden", world.base());
    let leave = json!({
        "@context": "https://www.w3.org/ns/activitystreams", "id": format!("{mirror}#1"), "type": "Leave",
        "actor": mirror, "object": to, "to": [to],
    });
    let inbox = format!("{to}/inbox");
    eve.sends_to(&inbox, &leave.to_string()).await.problem(403);
    // With a key that calls itself theirs.
    let url: url::Url = inbox.parse().unwrap();
    let body = leave.to_string();
    let request = folkmoot::signature::Request {
        method: "POST",
        url: &url,
        body: Some(body.as_bytes()),
        content_type: Some("application/activity+json"),
        date: world.ground().clock().now(),
    };
    let scheme = folkmoot::signature::Scheme::Cavage;
    let headers = folkmoot::signature::sign(scheme, &eve.key(), &format!("{mirror}#main-key"), &request);
    eve.server()
        .post_raw(&inbox, headers.unwrap(), body)
        .await
        .problem(401);
    let keys = world
        .count("select count(*) from actor_key k join actor a on a.id = k.actor_id where a.host = 'b.test'");
    assert_eq!((keys.await, world.count(MEMBERS).await), (0, 1));
    b.is_content();
    world.end().await;
}

/// Who reads has signed, too; a path that was encoded twice is believed, as the reference implementation signs it.
#[tokio::test]
async fn what_is_read_is_signed_both_ways() {
    let (world, b) = garden().await;
    let path = "/.versia/v0.6/entities/pub.versia%3Agroups%2FGroup/group-garden";
    b.gets(path).await.is(200);
    b.gets(&format!("{path}/collections/members?offset=0&limit=2"))
        .await
        .is(200);
    let twice = b.signature("get", &path.replace('%', "%25"), "", 0);
    b.gets_with(path, twice).await.is(200);
    b.gets_with(path, HeaderMap::new()).await.problem(401);
    b.gets_with(path, b.signature("get", "/.versia/v0.6/entities/User/u1", "", 0))
        .await
        .problem(401);
    b.gets_with(path, b.signature("get", path, "", -301))
        .await
        .problem(401);
    b.gets("/.versia/v0.6/entities/Note/nothing").await.problem(404);
    world.end().await;
}

/// What is marked as a mirror came from another protocol: it is not passed on again.
#[tokio::test]
async fn a_mirror_is_not_mirrored_again() {
    let (world, b) = garden().await;
    let mut note = b.note("n1", "b.test:u1", "garden", "Hi");
    note["extensions"] =
        json!({"org.folkmoot:bridge": {"protocol": "activitypub", "id": "https://m.example/1"}});
    b.publishes(&note).await.is(202);
    assert_eq!(world.count(NOTES).await, 0);
    world.end().await;
}

/// Words for the operator: taken, and nothing comes of them.
#[tokio::test]
async fn a_message_is_logged_and_never_obeyed() {
    let (world, b) = garden().await;
    let state = world.state(&[]).await;
    let path = "/.versia/v0.6/messaging";
    b.posts(
        path,
        HeaderMap::new(),
        "Unknown entity type\r\n\u{1b}[2J".to_owned(),
    )
    .await
    .is(202);
    b.posts(path, HeaderMap::new(), "x".repeat(8 * 1024 + 1))
        .await
        .problem(413);
    let mut last = 202;
    for _ in 0..20 {
        last = b.posts(path, HeaderMap::new(), "again".to_owned()).await.status;
    }
    assert_eq!(last, 429);
    assert_eq!(world.state(&[]).await, state);
    world.end().await;
}

/// Whoever may not come in is told so by a letter, never by a status.
#[tokio::test]
async fn who_is_turned_away_hears_it_in_a_letter() {
    let b = Domain::start("b.test").await;
    let world = world_of(&[&b], &[]).await;
    let policies = Policies {
        join: folkmoot::domain::JoinPolicy::Closed,
        ..Policies::default()
    };
    world.group_with("shed", policies).await;
    b.user("u1", "alice");
    b.sends(&b.subscribe("b.test:u1", "shed")).await.is(202);
    b.hears("SubscribeReject", |said| {
        said["type"] == "pub.versia:groups/SubscribeReject"
    })
    .await;
    b.is_content();
    world.end().await;
}
