//! KEY: whose key it is. Only the document at the actor's own id says so.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{Row, Scene, refused, rows};
use crate::support::forge::Forgery;
use crate::support::peer::{Actor, activity_json, redirect, status};

pub(super) const ROWS: &[Row] = rows![
    key01, key02, key03, key05, key06, key07, key09, key09_loop, key10, key11, key13, key14, key15,
];

/// Mallory's key, alice's name.
async fn key01(scene: &Scene) {
    let forgery = scene.forge().with(|forgery| {
        forgery.key = scene.mallory.key();
        forgery.key_id = scene.mallory.key_id();
    });
    refused("KEY01", forgery.send().await, &[403]);
}

/// A key document on mallory's server.
fn key_document(scene: &Scene, id: &str, owner: &str) -> Value {
    json!({
        "id": id, "type": "Key", "owner": owner,
        "publicKeyPem": scene.mallory.key().public().to_pem(),
    })
}

/// Mallory signs in alice's name with a key of this id.
async fn with_key(scene: &Scene, what: &str, key_id: &str, statuses: &[u16]) {
    let forgery = scene.forge().with(|forgery| {
        forgery.key = scene.mallory.key();
        forgery.key_id = key_id.to_owned();
    });
    refused(&format!("{what} {key_id}"), forgery.send().await, statuses);
}

/// A document that says that its key is alice's: she does not list it.
async fn key02(scene: &Scene) {
    let id = format!("{}/keys/hers", scene.evil().base());
    scene.evil().serves(
        "/keys/hers",
        activity_json(&key_document(scene, &id, &scene.alice.id())),
    );
    with_key(scene, "KEY02", &id, &[401]).await;
}

/// A key document of another id than it was asked for by.
async fn key03(scene: &Scene) {
    let base = scene.evil().base();
    let mallory = scene.mallory.id();
    for (n, id) in [
        format!("{base}/keys/other"),
        format!("{}/users/alice#main-key", scene.alice.server().base()),
        format!("{base}/keys/3-2#fragment"),
    ]
    .iter()
    .enumerate()
    {
        let path = format!("/keys/3-{n}");
        scene
            .evil()
            .serves(&path, activity_json(&key_document(scene, id, &mallory)));
        let forgery = Forgery::new(
            &scene.mallory,
            &scene.group.inbox(),
            &scene.post(&scene.mallory).to_string(),
        );
        let forgery = forgery.with(|forgery| forgery.key_id = format!("{base}{path}"));
        refused("KEY03", forgery.send().await, &[401]);
    }
    let fragment = Forgery::new(
        &scene.mallory,
        &scene.group.inbox(),
        &scene.post(&scene.mallory).to_string(),
    )
    .with(|forgery| forgery.key_id = format!("{mallory}#another-key"));
    refused("KEY03", fragment.send().await, &[401]);
}

/// A key id that leads elsewhere.
async fn key05(scene: &Scene) {
    let good = scene.alice.server();
    let hers = key_document(
        scene,
        &format!("{}/keys/5", scene.evil().base()),
        &scene.alice.id(),
    );
    good.serves("/keys/5", activity_json(&hers));
    scene
        .evil()
        .serves("/keys/5", redirect(302, &format!("{}/keys/5", good.base())));
    with_key(scene, "KEY05", &format!("{}/keys/5", scene.evil().base()), &[401]).await;
}

/// Our own keys sign nothing that comes in.
async fn key06(scene: &Scene) {
    let base = scene.world.base();
    for id in [
        format!("{}#main-key", scene.group.id),
        format!("{base}/actor#main-key"),
        format!("{base}/actor"),
        format!("{base}/c/nobody#main-key"),
    ] {
        with_key(scene, "KEY06", &id, &[401]).await;
    }
    let as_group = scene.forge().with(|forgery| {
        forgery.body = forgery.body.replace(&scene.alice.id(), &scene.group.id);
        forgery.digest = Some(folkmoot::signature::digest_header(forgery.body.as_bytes()));
        forgery.key_id = format!("{}#main-key", scene.group.id);
    });
    refused("KEY06", as_group.send().await, &[401, 403]);
}

/// Key ids that are no address of anything to fetch.
async fn key07(scene: &Scene) {
    let evil = scene.evil().authority().to_owned();
    let before = scene.evil().fetched().len();
    let long = format!("http://{evil}/{}", "k".repeat(3000));
    for id in [
        "data:application/activity+json,{}",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "ftp://127.0.0.1/key",
        "acct:alice@127.0.0.1",
        "main-key",
        "",
        &format!("//{evil}/key"),
        &format!("http://user@{evil}/key"),
        &format!("http:\\\\{evil}\\key"),
        &long,
    ] {
        with_key(scene, "KEY07", id, &[401]).await;
    }
    assert_eq!(scene.evil().fetched().len(), before, "none of them is fetched");
}

/// A new key: the old one is worth nothing, the new one is looked for once.
async fn key09(scene: &Scene) {
    let old = scene.alice.key();
    let path = scene.alice.id().replace(scene.alice.server().base(), "");
    scene.world.advance(TimeDelta::minutes(2));
    let before = scene.alice.server().times_fetched(&path);
    scene.alice.rotates_key();
    scene.accepted(scene.forge().send().await).await;
    assert_eq!(scene.alice.server().times_fetched(&path), before + 1);
    let stale = scene.forge().with(|forgery| forgery.key = old);
    refused("KEY09", stale.send().await, &[401]);
}

/// Whoever rotates all the time is asked once a minute.
async fn key09_loop(scene: &Scene) {
    let path = scene.mallory.id().replace(scene.evil().base(), "");
    scene.world.advance(TimeDelta::minutes(2));
    let before = scene.evil().times_fetched(&path);
    for _ in 0..5 {
        scene.mallory.rotates_key();
        let answer = scene.sends(&json!({ "id": scene.evil().mint("x"), "type": "Dance", "actor": scene.mallory.id(), "object": "x" })).await;
        assert!([202, 400, 401].contains(&answer.status), "{}", answer.body);
    }
    assert!(scene.evil().times_fetched(&path) <= before + 1);
    scene.world.advance(TimeDelta::minutes(2));
}

/// Alice's profile, changed by a neighbour.
async fn key10(scene: &Scene) {
    let eve = scene.alice.server().actor("eve");
    let mut profile = scene.alice.document();
    profile["publicKey"]["publicKeyPem"] = json!(eve.key().public().to_pem());
    let update = eve.speaks(
        |me| json!({ "id": (me.mint)("updates"), "type": "Update", "actor": me.id, "object": profile }),
    );
    refused("KEY10", eve.sends(&scene.group, &update).await, &[403]);
    known_by_old_key(scene).await;
}

/// Alice's profile with a new key in the body: what counts is what her server serves.
async fn key11(scene: &Scene) {
    let mut profile = scene.alice.document();
    let stolen = scene.mallory.key();
    profile["publicKey"]["publicKeyPem"] = json!(stolen.public().to_pem());
    let update = scene.alice.speaks(
        |me| json!({ "id": (me.mint)("updates"), "type": "Update", "actor": me.id, "object": profile }),
    );
    scene.alice.sends(&scene.group, &update).await.is(202);
    scene.world.settles().await;
    let forged = scene.forge().with(|forgery| forgery.key = stolen);
    refused("KEY11", forged.send().await, &[401]);
    known_by_old_key(scene).await;
}

async fn known_by_old_key(scene: &Scene) {
    scene.accepted(scene.forge().send().await).await;
}

/// Somebody new on mallory's server, with a spoilt profile, who wants to come in.
async fn newcomer(scene: &Scene, name: &str, spoil: impl FnOnce(&mut Value)) -> Actor {
    let actor = scene.evil().twin(name, &scene.mallory);
    actor.publishes(spoil);
    actor
}

/// Inboxes to which nothing may ever be delivered.
async fn key13(scene: &Scene) {
    let ours = scene.group.inbox();
    let third = format!("{}/users/alice/inbox", scene.alice.server().base());
    let fields: [(&str, Value); 11] = [
        ("inbox", json!(ours)),
        ("inbox", json!(third)),
        ("inbox", json!("javascript:alert(1)")),
        ("inbox", json!([third])),
        ("inbox", json!({ "id": third })),
        ("inbox", json!("")),
        ("inbox", Value::Null),
        ("inbox", json!("file:///dev/null")),
        ("endpoints", json!({ "sharedInbox": ours })),
        ("endpoints", json!({ "sharedInbox": third })),
        ("endpoints", json!({ "sharedInbox": "javascript:alert(1)" })),
    ];
    for (n, (field, value)) in fields.into_iter().enumerate() {
        let what = format!("KEY13 {field} {value}");
        let actor = newcomer(scene, &format!("odd{n}"), |profile| profile[field] = value).await;
        let follow = actor.speaks(|me| actor.server().software().manners.join(me, &scene.group));
        let answer = actor.sends(&scene.group, &follow).await;
        // A bad shared inbox may also be passed over; then the actor's own is used, and the follower is let in.
        let statuses: &[u16] = if field == "endpoints" {
            &[202, 400, 401, 403]
        } else {
            &[400, 401, 403]
        };
        assert!(
            statuses.contains(&answer.status),
            "{what}: {} {}",
            answer.status,
            answer.body
        );
        if answer.status == 202 {
            let inbox = actor.document()["inbox"]
                .as_str()
                .unwrap()
                .replace(scene.evil().base(), "");
            scene.evil().hears(&what, |heard| heard.inbox == inbox).await;
            actor
                .leaves(&scene.group, &actor.would_say(follow, String::new(), false))
                .await;
            scene.calms_down().await;
        }
    }
}

/// Somebody who is gone says good-bye.
async fn key14(scene: &Scene) {
    let gone = scene.evil().actor("gone");
    let path = gone.id().replace(scene.evil().base(), "");
    scene.evil().serves(&path, status(410));
    let leave = gone.speaks(
        |me| json!({ "id": (me.mint)("leaves"), "type": "Leave", "actor": me.id, "object": scene.group.id }),
    );
    let answer = gone.sends(&scene.group, &leave).await;
    assert!([202, 401].contains(&answer.status), "{}", answer.body);
}

/// An actor that becomes another type keeps no privilege, and does no harm.
async fn key15(scene: &Scene) {
    let fickle = scene.evil().actor("fickle");
    for kind in ["Group", "Application", "Person"] {
        fickle.publishes(|profile| profile["type"] = json!(kind));
        let update = fickle.speaks(
            |me| json!({ "id": (me.mint)("updates"), "type": "Update", "actor": me.id, "object": me.id }),
        );
        fickle.sends(&scene.group, &update).await.is(202);
        scene.world.settles().await;
        let post = scene.post(&fickle);
        refused(
            &format!("KEY15 {kind}"),
            fickle.sends(&scene.group, &post).await,
            &[403],
        );
        scene.world.advance(TimeDelta::minutes(2));
    }
}
