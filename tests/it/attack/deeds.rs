//! ORG, the second half: what may be done to what is somebody else's.

use serde_json::json;

use super::{Row, Scene, refused, rows};
use crate::support::forge::Forgery;
use crate::support::peer::activity_json;

pub(super) const ROWS: &[Row] = rows![org09, org10, org11, org21, org22];

/// Another's post is not mallory's to delete.
async fn org09(scene: &Scene) {
    let hers = scene.alice.post(&scene.group, "hers").await;
    scene.calms_down().await;
    for object in [
        json!(hers.post),
        json!({ "id": hers.post, "type": "Tombstone" }),
        json!({ "id": hers.post, "type": "Note", "attributedTo": scene.mallory.id() }),
    ] {
        let delete = scene.mallory.speaks(
            |me| json!({ "id": (me.mint)("deletes"), "type": "Delete", "actor": me.id, "object": object }),
        );
        refused(&format!("ORG09 {object}"), scene.sends(&delete).await, &[403]);
    }
}

/// Nor another's act to undo.
async fn org10(scene: &Scene) {
    let hers = scene.alice.post(&scene.group, "hers").await;
    let like = scene.bob.likes(&scene.group, &hers).await;
    scene.calms_down().await;
    let undo = scene.mallory.speaks(
        |me| json!({ "id": (me.mint)("undos"), "type": "Undo", "actor": me.id, "object": like.document }),
    );
    refused("ORG10", scene.sends(&undo).await, &[403]);
    let mut renamed = like.document.clone();
    renamed["actor"] = json!(scene.mallory.id());
    let undo = scene
        .mallory
        .speaks(|me| json!({ "id": (me.mint)("undos"), "type": "Undo", "actor": me.id, "object": renamed }));
    scene.sends(&undo).await.is(202);
}

/// Undoing what cannot be undone.
async fn org11(scene: &Scene) {
    let create = scene.create(&scene.note());
    for object in [
        json!(format!("{}/likes/unknown", scene.evil().base())),
        create,
        json!({ "id": scene.evil().mint("undos"), "type": "Undo", "actor": scene.mallory.id(), "object": "x" }),
    ] {
        let undo = scene.mallory.speaks(
            |me| json!({ "id": (me.mint)("undos"), "type": "Undo", "actor": me.id, "object": object }),
        );
        scene.sends(&undo).await.is(202);
    }
}

/// Verbs with somebody else's object do nothing.
async fn org21(scene: &Scene) {
    let hers = scene.alice.post(&scene.group, "hers").await;
    scene.calms_down().await;
    for kind in [
        "Block", "Move", "Add", "Remove", "Lock", "Invite", "Offer", "View", "Read", "Arrive",
    ] {
        let document = scene.mallory.speaks(|me| {
            json!({
                "id": (me.mint)("acts"), "type": kind, "actor": me.id, "object": hers.post, "to": [scene.group.id],
                "target": scene.group.part("featured"),
            })
        });
        let answer = scene.sends(&document).await;
        assert!(
            [202, 403].contains(&answer.status),
            "{kind}: {} {}",
            answer.status,
            answer.body
        );
    }
    for object in [
        json!(scene.alice.id()),
        json!(scene.group.id),
        json!(scene.group.part("members")),
    ] {
        for kind in ["Block", "Move", "Add", "Remove", "Delete", "Update"] {
            let document = scene.mallory.speaks(|me| {
                json!({
                    "id": (me.mint)("acts"), "type": kind, "actor": me.id, "object": object, "to": [scene.group.id],
                    "target": scene.group.part("members"),
                })
            });
            let answer = scene.sends(&document).await;
            assert!(
                [202, 403].contains(&answer.status),
                "{kind} {object}: {} {}",
                answer.status,
                answer.body
            );
        }
    }
}

/// Moves that nobody confirms.
async fn org22(scene: &Scene) {
    let me = scene.mallory.id();
    scene.evil().serves("/people/new", activity_json(&json!({ "id": format!("{}/people/new", scene.evil().base()), "type": "Person", "inbox": format!("{me}/inbox") })));
    for target in [
        scene.alice.id(),
        me.clone(),
        format!("{}/people/new", scene.evil().base()),
        scene.group.id.clone(),
    ] {
        let document = scene.mallory.speaks(|me| json!({ "id": (me.mint)("moves"), "type": "Move", "actor": me.id, "object": me.id, "target": target, "to": [scene.group.id] }));
        let answer = scene.sends(&document).await;
        assert!(
            [202, 403].contains(&answer.status),
            "{} {}",
            answer.status,
            answer.body
        );
    }
    let body = scene.create(&scene.note()).to_string();
    scene
        .accepted(
            Forgery::new(&scene.mallory, &scene.group.inbox(), &body)
                .send()
                .await,
        )
        .await;
}
