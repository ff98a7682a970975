//! ORG: whose object it is, and what an activity may say about others.

use serde_json::{Value, json};

use super::{Row, Scene, refused, rows};

pub(super) const ROWS: &[Row] = rows![
    org01,
    org02_ok,
    org02_others,
    org02_nonsense,
    org03,
    org05,
    org06,
    org07,
    org13,
    org14,
    org15,
    org17,
    org18,
    org19,
];

/// Mallory's Create of a note that somebody else is said to have written.
fn attributed(scene: &Scene, to: Option<Value>) -> Value {
    let mut note = scene.note();
    match to {
        Some(to) => note["attributedTo"] = to,
        None => {
            note.as_object_mut().unwrap().remove("attributedTo");
        }
    }
    scene.create(&note)
}

/// Bob wrote it, mallory says.
async fn org01(scene: &Scene) {
    let document = attributed(scene, Some(json!(scene.bob.id())));
    refused("ORG01", scene.sends(&document).await, &[403]);
}

/// A Group on mallory's own server: PeerTube's channels, Mobilizon's groups.
fn channel(scene: &Scene) -> String {
    scene.evil().settle("channel", "Group").id()
}

/// The author is the signer.
async fn org02_ok(scene: &Scene) {
    let me = scene.mallory.id();
    for to in [
        None,
        Some(json!([me])),
        Some(json!([me, scene.group.id])),
        Some(json!([{ "type": "Person", "id": me }, { "type": "Group", "id": channel(scene) }])),
        Some(json!(channel(scene))),
    ] {
        let document = attributed(scene, to);
        scene.sends(&document).await.is(202);
        scene.world.settles().await;
        let outbox = scene
            .world
            .document(&format!("{}?page=true", scene.group.part("outbox")))
            .await;
        let newest = &outbox["orderedItems"][0];
        assert!(
            newest.to_string().contains(document["id"].as_str().unwrap()),
            "{newest}"
        );
    }
    scene.calms_down().await;
}

/// Anybody else in it.
async fn org02_others(scene: &Scene) {
    let me = scene.mallory.id();
    let neighbour = scene.evil().actor("neighbour").id();
    for other in [
        neighbour,
        scene.bob.id(),
        scene.alice.id(),
        format!("{}/c/other", scene.world.base()),
    ] {
        for to in [
            json!(other),
            json!([me, other]),
            json!([other, me]),
            json!([{ "type": "Person", "id": other }]),
        ] {
            let document = attributed(scene, Some(to.clone()));
            refused(&format!("ORG02 {to}"), scene.sends(&document).await, &[403]);
        }
    }
}

/// What is no actor.
async fn org02_nonsense(scene: &Scene) {
    for to in [
        json!(1),
        json!("1"),
        Value::Null,
        json!({}),
        json!([1]),
        json!(""),
    ] {
        let document = attributed(scene, Some(to.clone()));
        refused(&format!("ORG02 {to}"), scene.sends(&document).await, &[400]);
    }
}

/// An object of another server, embedded: what counts is what its origin serves.
async fn org03(scene: &Scene) {
    let mut note = scene.note();
    note["id"] = json!(format!("{}/notes/never-written", scene.alice.server().base()));
    note["attributedTo"] = json!(scene.alice.id());
    let answer = scene.sends(&scene.create(&note)).await;
    assert!([202, 403].contains(&answer.status), "{}", answer.body);
    scene.world.settles().await;
    note["attributedTo"] = json!(scene.mallory.id());
    let answer = scene.sends(&scene.create(&note)).await;
    assert!([202, 403].contains(&answer.status), "{}", answer.body);
}

/// Ids on our host.
async fn org05(scene: &Scene) {
    let mut note = scene.note();
    note["id"] = json!(format!(
        "{}/post/0199aaaa-0000-7000-8000-000000000000",
        scene.world.base()
    ));
    refused("ORG05 object", scene.sends(&scene.create(&note)).await, &[403]);
    let mut create = scene.create(&scene.note());
    create["id"] = json!(format!(
        "{}/activities/0199aaaa-0000-7000-8000-000000000000",
        scene.world.base()
    ));
    refused("ORG05 activity", scene.sends(&create).await, &[403]);
    let mut elsewhere = scene.create(&scene.note());
    elsewhere["id"] = json!(format!("{}/x/1", scene.alice.server().base()));
    refused("ORG05 a third host", scene.sends(&elsewhere).await, &[403]);
}

/// An object that is there already, and another's.
async fn org06(scene: &Scene) {
    let eve = scene.alice.server().actor("eve").follows(&scene.group).await;
    let hers = scene.alice.post(&scene.group, "hers").await;
    scene.calms_down().await;
    let mut copy = hers.document["object"].clone();
    copy["attributedTo"] = json!(eve.id());
    copy["content"] = json!("eve's");
    let create = eve.speaks(|me| {
        json!({
            "id": (me.mint)("creates"), "type": "Create", "actor": me.id, "to": copy["to"], "cc": copy["cc"], "object": copy,
        })
    });
    let answer = eve.sends(&scene.group, &create).await;
    assert!([202, 403].contains(&answer.status), "{}", answer.body);
}

/// One id, two activities: the first counts. The explainer's Accept reuses its Create's id.
async fn org07(scene: &Scene) {
    let first = scene.create(&scene.note());
    scene.accepted(scene.sends(&first).await).await;
    let mut second = scene.create(&scene.note());
    second["id"] = first["id"].clone();
    scene.sends(&second).await.is(202);
    let accept =
        json!({ "id": first["id"], "type": "Accept", "actor": scene.mallory.id(), "object": first["id"] });
    scene.sends(&accept).await.is(202);
}

/// Ids that are none.
async fn org13(scene: &Scene) {
    let good = scene.create(&scene.note());
    let id = good["id"].clone();
    for odd in [
        json!([id]),
        json!(1),
        json!({ "id": id }),
        Value::Null,
        json!(""),
        json!("x"),
        json!(" "),
    ] {
        let mut document = good.clone();
        document["id"] = odd.clone();
        refused(&format!("ORG13 {odd}"), scene.sends(&document).await, &[400]);
        let mut document = scene.create(&scene.note());
        document["object"]["id"] = odd.clone();
        refused(
            &format!("ORG13 object {odd}"),
            scene.sends(&document).await,
            &[400],
        );
    }
    let mut document = good;
    document.as_object_mut().unwrap().remove("id");
    refused("ORG13 missing", scene.sends(&document).await, &[400]);
}

/// Two actors, or one who is somebody else inside.
async fn org14(scene: &Scene) {
    for actor in [
        json!([scene.mallory.id(), scene.alice.id()]),
        json!([]),
        json!({ "type": "Person" }),
        json!({ "id": [scene.mallory.id()] }),
        json!(7),
    ] {
        let mut document = scene.create(&scene.note());
        document["actor"] = actor.clone();
        refused(&format!("ORG14 {actor}"), scene.sends(&document).await, &[400]);
    }
    let mut document = scene.create(&scene.note());
    document["actor"] = json!({ "id": scene.alice.id(), "type": "Person" });
    refused("ORG14 alice inside", scene.sends(&document).await, &[403]);
}

/// Types that contradict each other, or mean nothing.
async fn org15(scene: &Scene) {
    for kind in [
        json!("Dance"),
        json!("create"),
        json!(["Dance"]),
        json!("https://www.w3.org/ns/activitystreams#Dance"),
    ] {
        let mut document = scene.create(&scene.note());
        document["type"] = kind.clone();
        let answer = scene.sends(&document).await;
        assert!([202, 400].contains(&answer.status), "{kind}: {}", answer.body);
    }
    for kind in [json!(1), json!({}), json!([]), Value::Null] {
        let mut document = scene.create(&scene.note());
        document["type"] = kind.clone();
        let answer = scene.sends(&document).await;
        assert!([202, 400].contains(&answer.status), "{kind}: {}", answer.body);
    }
    // Deterministic: of both, the same one counts in either order.
    for kinds in [json!(["Create", "Delete"]), json!(["Delete", "Create"])] {
        let mut document = scene.create(&scene.note());
        document["type"] = kinds;
        scene.sends(&document).await.is(202);
        scene.world.settles().await;
        let outbox = scene
            .world
            .document(&format!("{}?page=true", scene.group.part("outbox")))
            .await;
        assert!(
            outbox["orderedItems"][0]
                .to_string()
                .contains(document["id"].as_str().unwrap())
        );
    }
    scene.calms_down().await;
}

/// A linked-data signature is not authentication.
async fn org17(scene: &Scene) {
    let mut document = scene.post(&scene.alice);
    document["signature"] = json!({
        "type": "RsaSignature2017", "creator": scene.alice.key_id(), "created": "2026-06-01T12:00:00Z",
        "signatureValue": "AAAA",
    });
    refused("ORG17", scene.sends(&document).await, &[403]);
}

/// One key twice: two readers would read two documents.
async fn org18(scene: &Scene) {
    let good = scene.create(&scene.note()).to_string();
    for key in ["id", "actor", "type", "object", "to", "extra"] {
        let body = format!("{},\"{key}\":\"x\",\"{key}\":\"y\"}}", &good[..good.len() - 1]);
        let answer = scene.mallory.sends_to(&scene.group.inbox(), &body).await;
        refused(&format!("ORG18 {key}"), answer, &[400]);
    }
    let note = scene.note().to_string();
    let inner = format!("{},\"id\":\"x\"}}", &note[..note.len() - 1]);
    let body = scene
        .create(&json!("OBJECT"))
        .to_string()
        .replace("\"OBJECT\"", &inner);
    refused(
        "ORG18 object",
        scene.mallory.sends_to(&scene.group.inbox(), &body).await,
        &[400],
    );
}

/// Keys that look like others are other keys.
async fn org19(scene: &Scene) {
    for key in ["Actor", "ACTOR", "\u{430}ctor", "actor "] {
        let mut document = scene.create(&scene.note());
        document["object"]["attributedTo"] = json!(scene.mallory.id());
        document[key] = json!(scene.alice.id());
        scene.sends(&document).await.is(202);
        scene.world.settles().await;
        let newest = scene
            .world
            .count(
                "select count(*) from post p join actor a on a.id = p.author_id where a.username = 'mallory'",
            )
            .await;
        assert!(newest > 0);
    }
    scene.calms_down().await;
}
