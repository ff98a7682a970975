//! FET: what is fetched, from where, and how much of it.

use axum::body::{Body, Bytes};
use serde_json::{Value, json};

use super::{Row, Scene, rows};
use crate::support::peer::{Reply, activity_json, redirect, typed};

pub(super) const ROWS: &[Row] = rows![
    fet01,
    fet02,
    fet03,
    fet05,
    fet06,
    fet07,
    fet09,
    fet10,
    fet11,
    fet14,
    fet17_fet19,
    fet18,
    fet21,
    fet22,
];

/// Mallory's Create of a note given by its id, which must be fetched; then whatever comes of it is over.
async fn by_id(scene: &Scene, id: &str) {
    let create = scene.create(&json!(id));
    let answer = scene.sends(&create).await;
    assert!(
        [202, 400, 403].contains(&answer.status),
        "{id}: {} {}",
        answer.status,
        answer.body
    );
    scene.world.settles().await;
}

/// A note of mallory's that was fetched is in the group now.
async fn is_in(scene: &Scene, id: &str) -> bool {
    let outbox = scene
        .world
        .document(&format!("{}?page=true", scene.group.part("outbox")))
        .await;
    outbox["orderedItems"].to_string().contains(id)
}

fn path<'a>(scene: &Scene, id: &'a str) -> &'a str {
    id.strip_prefix(scene.evil().base()).unwrap()
}

fn note_id(note: &Value) -> String {
    note["id"].as_str().unwrap().to_owned()
}

/// A redirect to another origin, with a document that is right there.
async fn fet01(scene: &Scene) {
    let third = scene.alice.server();
    let hers = json!({
        "id": format!("{}/notes/fet01", third.base()), "type": "Note", "content": "x",
        "attributedTo": scene.alice.id(), "to": ["as:Public"],
    });
    third.publishes(&hers);
    scene
        .evil()
        .serves("/notes/fet01", redirect(302, hers["id"].as_str().unwrap()));
    by_id(scene, &format!("{}/notes/fet01", scene.evil().base())).await;
}

/// A redirect of a good server, to mallory's, for a note that claims to be the good one's.
async fn fet02(scene: &Scene) {
    let third = scene.alice.server();
    let id = format!("{}/redirect?u=evil", third.base());
    third.serves(
        "/redirect?u=evil",
        redirect(302, &format!("{}/notes/fet02", scene.evil().base())),
    );
    let mut forged = scene.note();
    forged["id"] = json!(id);
    forged["attributedTo"] = json!(scene.alice.id());
    scene.evil().serves("/notes/fet02", activity_json(&forged));
    by_id(scene, &id).await;
}

/// Redirects without end.
async fn fet03(scene: &Scene) {
    let base = scene.evil().base();
    for (from, to) in [
        ("/loop/a", "/loop/b"),
        ("/loop/b", "/loop/a"),
        ("/loop/self", "/loop/self"),
    ] {
        scene.evil().serves(from, redirect(302, &format!("{base}{to}")));
    }
    for hop in 0..5 {
        scene.evil().serves(
            &format!("/chain/{hop}"),
            redirect(302, &format!("{base}/chain/{}", hop + 1)),
        );
    }
    for start in ["/loop/a", "/loop/self", "/chain/0"] {
        by_id(scene, &format!("{base}{start}")).await;
    }
    assert_eq!(
        scene.evil().times_fetched("/chain/5"),
        0,
        "the chain was followed to its end"
    );
}

/// Content types as they are written in the wild.
async fn fet05(scene: &Scene) {
    for kind in [
        "application/activity+json; charset=utf-8",
        "Application/Activity+JSON",
        "application/ld+json; profile=\"https://www.w3.org/ns/activitystreams\"",
        "application/ld+json; profile=\"https://www.w3.org/ns/activitystreams https://example.org/x\"; charset=utf-8",
    ] {
        let note = scene.note();
        let id = note_id(&note);
        scene.evil().serves(path(scene, &id), typed(&note, kind));
        by_id(scene, &id).await;
        assert!(is_in(scene, &id).await, "{kind}");
    }
    scene.calms_down().await;
    for kind in [
        "text/html",
        "application/json",
        "application/octet-stream",
        "image/png",
    ] {
        let note = scene.note();
        let id = note_id(&note);
        scene.evil().serves(path(scene, &id), typed(&note, kind));
        by_id(scene, &id).await;
    }
}

/// An upload that claims to be alice cannot take her place.
async fn fet06(scene: &Scene) {
    let mut forged = scene.alice.document();
    forged["publicKey"]["publicKeyPem"] = json!(scene.mallory.key().public().to_pem());
    scene.alice.server().serves("/media/1", activity_json(&forged));
    let forgery = scene.forge().with(|forgery| {
        forgery.key = scene.mallory.key();
        forgery.key_id = format!("{}/media/1", scene.alice.server().base());
    });
    let answer = forgery.send().await;
    assert_eq!(answer.status, 401, "{}", answer.body);
}

/// A page that says where the document would be.
async fn fet07(scene: &Scene) {
    let note = scene.note();
    let id = note_id(&note);
    let there = format!("{}/notes/elsewhere", scene.alice.server().base());
    let page =
        format!("<html><link rel=\"alternate\" type=\"application/activity+json\" href=\"{there}\"></html>");
    scene.evil().serves(
        path(scene, &id),
        reply(
            "text/html",
            Some((
                "link",
                format!("<{there}>; rel=alternate; type=\"application/activity+json\""),
            )),
            page,
        ),
    );
    by_id(scene, &id).await;
    assert_eq!(scene.alice.server().times_fetched("/notes/elsewhere"), 0);
}

/// Our own documents are never asked for.
async fn fet09(scene: &Scene) {
    for id in [
        format!("{}/actor", scene.world.base()),
        scene.group.part("outbox"),
        format!("{}/post/0199aaaa-0000-7000-8000-000000000000", scene.world.base()),
        format!(
            "http://localhost:{}/actor",
            scene.world.authority().rsplit(':').next().unwrap()
        ),
    ] {
        by_id(scene, &id).await;
    }
    scene.evil().serves(
        "/notes/ours",
        redirect(302, &format!("{}/actor", scene.world.base())),
    );
    by_id(scene, &format!("{}/notes/ours", scene.evil().base())).await;
}

/// An answer without end, and one that lies about its length.
async fn fet10(scene: &Scene) {
    let note = scene.note();
    let id = note_id(&note);
    scene
        .evil()
        .serves(path(scene, &id), std::sync::Arc::new(endless));
    by_id(scene, &id).await;
    let note = scene.note();
    let id = note_id(&note);
    let mut long = note.clone();
    long["content"] = json!("x".repeat(2 << 20));
    scene.evil().serves(path(scene, &id), activity_json(&long));
    by_id(scene, &id).await;
}

type Response = axum::response::Response<Body>;

/// Spaces, for as long as somebody listens.
fn endless() -> Response {
    let chunk = Bytes::from(vec![b' '; 64 * 1024]);
    let chunks = futures_util::stream::repeat_with(move || Ok::<_, std::convert::Infallible>(chunk.clone()));
    axum::response::Response::builder()
        .header("content-type", "application/activity+json")
        .body(Body::from_stream(chunks))
        .unwrap()
}

fn reply(kind: &'static str, header: Option<(&'static str, String)>, body: impl Into<Bytes>) -> Reply {
    let body = body.into();
    std::sync::Arc::new(move || {
        let mut builder = axum::response::Response::builder().header("content-type", kind);
        if let Some((name, value)) = &header {
            builder = builder.header(*name, value);
        }
        builder.body(Body::from(body.clone())).unwrap()
    })
}

/// Encodings that nobody asked for are not decoded.
async fn fet11(scene: &Scene) {
    for encoding in ["gzip", "br", "deflate", "x-unknown"] {
        let note = scene.note();
        let id = note_id(&note);
        let encoded = reply(
            "application/activity+json",
            Some(("content-encoding", encoding.to_owned())),
            vec![0x1f, 0x8b, 8, 0],
        );
        scene.evil().serves(path(scene, &id), encoded);
        by_id(scene, &id).await;
        let plain = scene.note();
        let id = note_id(&plain);
        let lying = reply(
            "application/activity+json",
            Some(("content-encoding", encoding.to_owned())),
            plain.to_string(),
        );
        scene.evil().serves(path(scene, &id), lying);
        by_id(scene, &id).await;
    }
}

/// Replies to replies to replies: at most twenty fetches for one activity; cycles end.
async fn fet14(scene: &Scene) {
    let base = scene.evil().base().to_owned();
    let reply = |id: String, parent: String| {
        let mut note = scene.note();
        note["id"] = json!(id);
        note["inReplyTo"] = json!(parent);
        note
    };
    for n in 0..40 {
        scene.evil().publishes(&reply(
            format!("{base}/deep/{n}"),
            format!("{base}/deep/{}", n + 1),
        ));
    }
    scene
        .evil()
        .publishes(&reply(format!("{base}/cycle/a"), format!("{base}/cycle/b")));
    scene
        .evil()
        .publishes(&reply(format!("{base}/cycle/b"), format!("{base}/cycle/a")));
    scene
        .evil()
        .publishes(&reply(format!("{base}/cycle/self"), format!("{base}/cycle/self")));
    for id in ["/deep/0", "/cycle/a", "/cycle/self"] {
        by_id(scene, &format!("{base}{id}")).await;
    }
    let fetched = scene.evil().fetched();
    let deep = fetched.iter().filter(|path| path.starts_with("/deep/")).count();
    let cycle = fetched.iter().filter(|path| path.starts_with("/cycle/")).count();
    assert!(deep <= 20, "{deep} fetches for one activity");
    assert!(cycle <= 40, "{cycle} fetches round and round");
}

/// What NodeInfo points at is not followed just anywhere.
async fn fet17_fet19(scene: &Scene) {
    let trap = scene.alice.server();
    for (n, href) in [
        "data:application/json,{}".to_owned(),
        "javascript:alert(1)".to_owned(),
        format!("{}/nodeinfo/trap", trap.base()),
        "http://169.254.169.254/latest/meta-data".to_owned(),
        "file:///etc/passwd".to_owned(),
    ]
    .into_iter()
    .enumerate()
    {
        let server = scene.world.server("newcomer");
        let links =
            json!({ "links": [{ "rel": "http://nodeinfo.diaspora.software/ns/schema/2.1", "href": href }] });
        server.serves("/.well-known/nodeinfo", typed(&links, "application/json"));
        let actor = server.actor("n");
        let join = actor.asks(&scene.group).await;
        actor.is_accepted(&join).await;
        actor.leaves(&scene.group, &join).await;
        assert_eq!(trap.times_fetched("/nodeinfo/trap"), 0, "{n}");
    }
    scene.calms_down().await;
}

/// Questions to our WebFinger that fish for names.
async fn fet18(scene: &Scene) {
    let us = scene.world.authority();
    let long = "a".repeat(4096);
    for resource in [
        format!("acct:*@{us}"),
        format!("acct:%25@{us}"),
        format!("acct:@{us}"),
        "acct:garden@elsewhere.example".to_owned(),
        "acct:garden".to_owned(),
        "garden".to_owned(),
        "https://elsewhere.example/c/garden".to_owned(),
        format!("acct:{long}@{us}"),
        format!("acct:garden%00@{us}"),
        format!("acct:g'--@{us}"),
    ] {
        let url = format!("{}/.well-known/webfinger?resource={resource}", scene.world.base());
        let answer = scene.world.get(&url, "application/jrd+json").await;
        assert!(
            [400, 404, 414].contains(&answer.status().as_u16()),
            "{resource}: {}",
            answer.status()
        );
    }
    let none = format!("{}/.well-known/webfinger", scene.world.base());
    assert_eq!(scene.world.get(&none, "*/*").await.status(), 400);
}

/// HTML that is slow to read for those who read it badly.
async fn fet21(scene: &Scene) {
    for piece in [
        "<a ",
        "<a href=\"",
        "<!--",
        "&#",
        "<svg><style>",
        "[[[[",
        "<b><i>",
    ] {
        let mut note = scene.note();
        note["content"] = json!(piece.repeat(900_000 / piece.len()));
        scene.sends(&scene.create(&note)).await.is(202);
        scene.world.settles().await;
    }
    scene.calms_down().await;
}

/// Everybody asks for the same fresh object at once.
async fn fet22(scene: &Scene) {
    let post = scene.alice.post(&scene.group, "look").await;
    let announce = scene.bob.hears_of([&post]).await.remove(0);
    let asked = (0..200).map(|_| scene.world.document(announce.id()));
    for document in futures_util::future::join_all(asked).await {
        assert_eq!(document, announce.document);
    }
    scene.calms_down().await;
}
