//! ANN: announces of announces, loops, and what may be passed on at all.

use folkmoot::domain::{Iri, Policies};
use serde_json::{Value, json};

use super::{Row, Scene, refused, rows};
use crate::support::peer::{Actor, Group};

const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";

pub(super) const ROWS: &[Row] = rows![ann01, ann02, ann03, ann05, ann06, ann09, ann10, ann07];
/// With few posts a minute.
pub(super) const LIMITED: &[Row] = rows![ann11, ann11_group, ann11_album];

/// A group of the evil server, which the garden follows.
async fn followed(scene: &Scene) -> Actor {
    let cats = scene.evil().settle("cats", "Group");
    let iri = Iri::object(&cats.id()).unwrap();
    scene.world.house().engine.follow("garden", &iri).await.unwrap();
    let follow = scene
        .evil()
        .hears("a Follow", |heard| heard.kind() == "Follow")
        .await;
    let accept = cats.speaks(
        |me| json!({ "id": (me.mint)("answers"), "type": "Accept", "actor": me.id, "object": follow.document }),
    );
    cats.sends(&scene.group, &accept).await.is(202);
    scene
        .world
        .until("select count(*) from following where accepted_at is not null", 1)
        .await;
    scene.calms_down().await;
    cats
}

fn announce(by: &Actor, object: &Value) -> Value {
    by.speaks(|me| {
        json!({
            "id": (me.mint)("announces"), "type": "Announce", "actor": me.id, "published": me.now,
            "to": [PUBLIC], "cc": [me.followers], "object": object,
        })
    })
}

/// Sent to the garden, and dropped.
async fn dropped(scene: &Scene, what: &str, by: &Actor, object: &Value) {
    let answer = by.sends(&scene.group, &announce(by, object)).await;
    assert_eq!(answer.status, 202, "{what}: {}", answer.body);
    if let Err(why) = scene.is_calm().await {
        panic!("{what}: {why}");
    }
}

/// A Create that alice never made: her own server does not tell it.
async fn ann01(scene: &Scene) {
    let cats = followed(scene).await;
    let base = scene.alice.server().base();
    let note = json!({
        "id": format!("{base}/notes/never"), "type": "Note", "attributedTo": scene.alice.id(), "content": "never said",
        "to": [PUBLIC], "cc": [scene.group.id],
    });
    let forged = json!({
        "id": format!("{base}/creates/never"), "type": "Create", "actor": scene.alice.id(), "to": [PUBLIC],
        "cc": [scene.group.id], "object": note,
    });
    for by in [&scene.mallory, &cats] {
        for object in [&forged, &note, &forged["id"], &note["id"]] {
            dropped(scene, "ANN01", by, object).await;
        }
    }
}

/// Update, Delete and Like inside a share by somebody who is no group that we follow.
async fn ann02(scene: &Scene) {
    let hers = scene.alice.post(&scene.group, "hers").await;
    scene.bob.hears_of([&hers]).once().await;
    scene.calms_down().await;
    let stray = scene.evil().settle("stray", "Group");
    let relay = scene.evil().settle("relay", "Application");
    let inner = |kind: &str, object: Value, actor: &Actor| {
        json!({
            "id": actor.server().mint("inner"), "type": kind, "actor": actor.id(), "to": [PUBLIC],
            "cc": [scene.group.id], "object": object,
        })
    };
    let mut changed = hers.document["object"].clone();
    changed["content"] = json!("changed");
    for by in [&scene.mallory, &stray, &relay] {
        for activity in [
            inner("Update", changed.clone(), &scene.alice),
            inner("Delete", json!(hers.post), &scene.alice),
            inner("Like", json!(hers.post), &scene.bob),
            inner("Undo", hers.document.clone(), &scene.alice),
            inner("Delete", json!(hers.post), by),
        ] {
            dropped(scene, "ANN02", by, &activity).await;
        }
    }
}

/// What is another group's is not for the followed one to pass on: what its people decide there, and what is only said to
/// another group of ours.
async fn ann03(scene: &Scene) {
    let cats = followed(scene).await;
    let hers = scene.alice.post(&scene.group, "hers").await;
    scene.bob.hears_of([&hers]).once().await;
    let kitchen = scene.another("ann03", Policies::default()).await;
    let dogs = scene.evil().settle("dogs", "Group");
    scene.calms_down().await;
    let by = |actor: &Actor, kind: &str, object: Value, more: Value| {
        let mut activity = json!({
            "id": actor.server().mint("inner"), "type": kind, "actor": actor.id(), "object": object, "to": [PUBLIC],
            "audience": dogs.id(), "cc": [dogs.id()],
        });
        for (field, value) in more.as_object().unwrap() {
            activity[field] = value.clone();
        }
        actor.server().publishes(&activity);
        activity
    };
    let carl = scene.evil().actor("carl");
    for activity in [
        by(
            &dogs,
            "Update",
            json!({"id": dogs.id(), "type": "Group", "name": "Wolves"}),
            json!({}),
        ),
        by(&carl, "Delete", json!(hers.post), json!({})),
        by(&carl, "Remove", json!(hers.post), json!({"target": dogs.id()})),
        by(
            &carl,
            "Block",
            json!(scene.alice.id()),
            json!({"target": dogs.id()}),
        ),
        by(
            &carl,
            "Add",
            json!(carl.id()),
            json!({"target": scene.group.part("moderators")}),
        ),
        by(&carl, "Like", json!(hers.post), json!({"audience": kitchen.id})),
        by(&dogs, "Announce", json!(hers.post), json!({})),
    ] {
        dropped(scene, &format!("ANN03 {}", activity["type"]), &cats, &activity).await;
    }
}

/// Announces of announces: unwrapped once and no deeper, also where one contains itself.
async fn ann05(scene: &Scene) {
    let cats = followed(scene).await;
    let carl = scene.evil().actor("carl");
    let theirs = Group { id: cats.id() };
    let create = scene.post_to(&carl, &theirs);
    scene.evil().publishes(&create);
    let within = |object: &Value| {
        let announce = announce(&cats, object);
        scene.evil().publishes(&announce);
        announce
    };
    let twice = within(&create);
    for by in [&cats, &scene.mallory] {
        dropped(scene, "ANN05 twice", by, &twice).await;
        dropped(scene, "ANN05 by id", by, &twice["id"]).await;
    }
    let mut deep = create;
    for _ in 0..50 {
        deep = within(&deep);
    }
    for by in [&cats, &scene.mallory] {
        let problem = by.sends(&scene.group, &announce(by, &deep)).await.problem(400);
        assert_eq!(problem["field"], "object", "{problem}");
    }
    let mut round = announce(&cats, &json!("x"));
    round["object"] = round["id"].clone();
    scene.evil().publishes(&round);
    cats.sends(&scene.group, &round).await.is(202);
    dropped(scene, "ANN05 round", &cats, &round).await;
}

/// Our own announcement, and our own activity, come back: counted as a share at most, never told on.
async fn ann06(scene: &Scene) {
    let cats = followed(scene).await;
    let hers = scene.alice.post(&scene.group, "hers").await;
    let told = scene.bob.hears_of([&hers]).once().await.remove(0);
    scene.calms_down().await;
    for by in [&cats, &scene.mallory] {
        for object in [
            &told.document,
            &told.document["id"],
            &hers.document,
            &hers.document["id"],
            &json!(hers.post),
        ] {
            by.sends(&scene.group, &announce(by, object)).await.is(202);
        }
    }
    let before = scene.before.lock().unwrap().clone();
    let after = scene.calm().await;
    assert_eq!(after.heard, before.heard);
    for table in ["entry", "post", "post_group", "letter"] {
        assert_eq!(after.state.get(table), before.state.get(table));
    }
    scene.calms_down().await;
    let bounced = scene.mallory.sends_to(&scene.group.inbox(), &told.text).await;
    refused("ANN06 bounced", bounced, &[401, 403]);
}

/// Two groups that follow each other, and one that would follow itself. The last row: the garden stays followed.
async fn ann07(scene: &Scene) {
    let kitchen = scene.another("ann07", Policies::default()).await;
    let engine = &scene.world.house().engine;
    let (here, there) = (&scene.group, &kitchen);
    for (one, other) in [(here, there), (there, here)] {
        engine
            .follow(one.name(), &Iri::object(&other.id).unwrap())
            .await
            .unwrap();
    }
    let itself = engine.follow("garden", &Iri::object(&here.id).unwrap()).await;
    assert!(itself.unwrap_err().to_string().contains("itself"));
    let cleo = scene.world.lemmy().actor("cleo").follows(there).await;
    scene.calms_down().await;
    let entries = "select count(*) from entry";
    let before = scene.world.count(entries).await;
    let hers = scene.alice.post(here, "round and round").await;
    scene.bob.hears_of([&hers]).once().await;
    cleo.hears_of([&hers]).once().await;
    scene.calms_down().await;
    assert_eq!(scene.world.count(entries).await, before + 2);
    scene.bob.hears_of([&hers]).once().await;
    cleo.hears_of([&hers]).once().await;
}

/// Word for word: keys in an odd order, odd spaces, odd escapes, numbers that lose by being read.
async fn ann09(scene: &Scene) {
    let (id, note) = (scene.evil().mint("creates"), scene.evil().mint("notes"));
    let (me, group) = (scene.mallory.id(), &scene.group.id);
    let text = format!(
        "{{ \"object\" :{{\"content\":\"caf\\u00e9 \\/ <p>\",\"x\":1.10,\"y\":12345678901234567890.5, \"id\":\"{note}\",\
         \"attributedTo\":\"{me}\",\"to\":[\"{PUBLIC}\"],\"cc\":[\"{group}\"],\"type\":\"Note\"}},\n\t\"cc\":[\"{group}\"],\
         \"type\":\"Create\",\"to\":\"{PUBLIC}\",\"actor\":\"{me}\", \"id\":\"{id}\"}}"
    );
    let document: Value = serde_json::from_str(&text).unwrap();
    scene.evil().publishes(&document["object"]);
    let answer = scene.mallory.sends_to(&scene.group.inbox(), &text).await;
    answer.is(202);
    let told = scene
        .bob
        .server()
        .hears("the Create", |heard| heard.text.contains(&id))
        .await;
    assert!(told.text.contains(&text), "{}\n{text}", told.text);
    scene.calms_down().await;
}

/// What names somebody blindly is refused whole.
async fn ann10(scene: &Scene) {
    for field in ["bto", "bcc"] {
        let hidden = json!(["https://a.example/u/hidden"]);
        let mut document = scene.post(&scene.mallory);
        document[field] = hidden.clone();
        let problem = scene.sends(&document).await.problem(400);
        assert_eq!(problem["field"], "bto", "{problem}");
        let mut document = scene.post(&scene.mallory);
        document["object"][field] = hidden;
        scene.sends(&document).await.problem(400);
    }
}

/// One member posts without end: a few are told on, the rest is refused before anything is written. Taking back is not
/// counted.
async fn ann11(scene: &Scene) {
    let entries = "select count(*) from entry";
    let before = scene.world.count(entries).await;
    let (mut taken, mut first) = (0, None);
    let mut later = 0;
    for _ in 0..60 {
        let create = scene.post(&scene.mallory);
        let answer = scene.sends(&create).await;
        if answer.status == 202 {
            taken += 1;
            first.get_or_insert(create);
        } else {
            assert!(answer.headers.contains_key("retry-after"));
            assert_eq!(answer.problem(429)["title"], "Too many requests");
            later += 1;
        }
    }
    assert!(taken >= 15 && later >= 30, "{taken} taken, {later} refused");
    scene.calms_down().await;
    assert_eq!(scene.world.count(entries).await, before + taken);
    // Whatever goes out to all is counted together; by id as well.
    let first = first.unwrap();
    let by_id = scene.create(&scene.note()["id"]);
    let like = scene.mallory.speaks(
        |me| json!({ "id": (me.mint)("likes"), "type": "Like", "actor": me.id, "object": first["object"]["id"] }),
    );
    let share = announce(&scene.mallory, &first["object"]["id"]);
    let mut throttled = 0;
    for document in [&by_id, &like, &share, &scene.post(&scene.mallory)] {
        throttled += i32::from(scene.sends(document).await.status == 429);
    }
    assert!(throttled >= 2, "{throttled}");
    let delete = scene.mallory.speaks(
        |me| json!({ "id": (me.mint)("deletes"), "type": "Delete", "actor": me.id, "object": first["object"]["id"] }),
    );
    scene.accepted(scene.sends(&delete).await).await;
}

/// Nor does it help to be a group that nobody here follows.
async fn ann11_group(scene: &Scene) {
    let crowd = scene.evil().settle("crowd", "Group").follows(&scene.group).await;
    let mut later = 0;
    for _ in 0..60 {
        let answer = crowd.sends(&scene.group, &scene.post(&crowd)).await;
        later += i32::from(answer.status == 429);
    }
    let hers = scene.alice.post(&scene.group, "hers").await;
    for _ in 0..30 {
        let share = announce(&crowd, &json!(hers.post));
        later += i32::from(crowd.sends(&scene.group, &share).await.status == 429);
    }
    assert!(later >= 50, "{later} refused");
    // One that is followed passes on what many said.
    let cats = followed(scene).await;
    for _ in 0..40 {
        let share = announce(&cats, &json!(hers.post));
        cats.sends(&scene.group, &share).await.is(202);
    }
    scene.calms_down().await;
}

/// Each item of a collection goes out to everybody.
async fn ann11_album(scene: &Scene) {
    let wanted = folkmoot::dialect::Album {
        name: Some("Links".to_owned()),
        ..folkmoot::dialect::Album::default()
    };
    let id = scene
        .world
        .house()
        .engine
        .create_album("garden", &wanted)
        .await
        .unwrap();
    let adder = scene.member("adder", &scene.group).await;
    let mut later = 0;
    for n in 0..60 {
        let item = format!("{}/items/{n}", scene.evil().base());
        let add = adder.speaks(|me| {
            json!({ "id": (me.mint)("adds"), "type": "Add", "actor": me.id, "object": item, "to": [scene.group.id],
                "target": scene.group.part(&format!("collections/{id}")) })
        });
        later += i32::from(adder.sends(&scene.group, &add).await.status == 429);
    }
    assert!(later >= 30, "{later} refused");
    scene.calms_down().await;
}
