//! What Lemmy 0.19.20 answers 400 to.
//!
//! One rule: a row for each line of `support/peer/lemmy.rs`: what was measured, and the field of the struct that reads it.

use serde_json::{Value, json};

use crate::peers::{PUBLIC, announce, create};

use super::{Stage, without};

/// The Note of a comment, in a Create.
fn comment(stage: &Stage) -> Value {
    let mut comment = create(&stage.group);
    let parent = comment["object"]["id"].clone();
    comment["object"]["type"] = json!("Note");
    comment["object"]["id"] = json!(stage.group.server().mint("comment"));
    comment["object"]["inReplyTo"] = parent;
    comment
}

impl Stage {
    async fn takes_inside(&self, activity: &Value) {
        self.takes(&announce(&self.group, activity.clone())).await;
    }

    async fn refuses_inside(&self, activity: &Value, why: &str) {
        self.refuses(&announce(&self.group, activity.clone()), 400, why)
            .await;
    }
}

/// A post of a wall, whose object names the wall alone, is nowhere for it.
#[tokio::test]
async fn lemmy_wants_the_group_in_the_object() {
    let stage = Stage::of("lemmy");
    let mut post = create(&stage.group);
    post["object"]["to"] = json!([PUBLIC]);
    post["object"]["cc"] = json!([]);
    stage.takes_inside(&post).await;
    post["object"].as_object_mut().unwrap().remove("audience");
    stage.refuses_inside(&post, "couldnt_find_community").await;
    post["object"]["cc"] = json!(stage.group.id());
    stage.takes_inside(&post).await;
    // Where a comment belongs says its parent.
    let mut comment = comment(&stage);
    comment["object"]["to"] = json!([PUBLIC]);
    comment["object"].as_object_mut().unwrap().remove("audience");
    stage.takes_inside(&comment).await;
}

/// `CreateOrUpdateNote`, `CreateOrUpdatePage`: `to` and `cc` have no default there, as `cc` of the object has.
#[tokio::test]
async fn lemmy_wants_each_field_of_what_is_written() {
    let stage = Stage::of("lemmy");
    for right in [create(&stage.group), comment(&stage)] {
        stage.takes_inside(&right).await;
        for field in ["to", "cc"] {
            stage
                .refuses_inside(&without(&right, field), "missing field")
                .await;
        }
        let mut odd = right.clone();
        odd["object"] = without(&right["object"], "attributedTo");
        stage.refuses_inside(&odd, "attributedTo").await;
        odd["object"] = without(&right["object"], "cc");
        stage.takes_inside(&odd).await;
        odd["object"]["to"] = json!([stage.group.id()]);
        stage.refuses_inside(&odd, "object_is_not_public").await;
        odd = right.clone();
        odd["object"]["attributedTo"] = json!([right["actor"], stage.group.id()]);
        stage.refuses_inside(&odd, "attributedTo").await;
        odd = right.clone();
        odd["to"] = json!(["as:Public"]);
        odd["cc"] = json!([]);
        stage.refuses_inside(&odd, "object_is_not_public").await;
        odd = right.clone();
        odd["actor"] = json!({ "id": right["actor"], "type": "Person" });
        stage.refuses_inside(&odd, "actor").await;
        odd = right.clone();
        odd["audience"] = json!([stage.group.id()]);
        stage.refuses_inside(&odd, "audience").await;
    }
    let mut note = comment(&stage);
    note["object"] = without(&note["object"], "to");
    stage.refuses_inside(&note, "missing field `to`").await;
}

/// `Vote`, `UndoVote`, `Delete`, `CollectionAdd`, `BlockUser`
#[tokio::test]
async fn lemmy_wants_each_field_of_what_is_done() {
    let stage = Stage::of("lemmy");
    let create = create(&stage.group);
    let act = |kind: &str| {
        let mut act = create.clone();
        act["type"] = json!(kind);
        act["object"] = create["object"]["id"].clone();
        act
    };
    let mut like = act("Like");
    like["object"] = create["object"].clone();
    stage.refuses_inside(&like, "object").await;
    like = act("Like");
    stage.takes_inside(&without(&without(&like, "to"), "cc")).await;
    let mut undo = act("Undo");
    undo["object"] = like["id"].clone();
    stage.refuses_inside(&undo, "Undo").await;
    undo["object"] = like;
    stage.takes_inside(&undo).await;
    let delete = act("Delete");
    stage.takes_inside(&without(&delete, "cc")).await;
    stage
        .refuses_inside(&without(&delete, "to"), "missing field `to`")
        .await;
    for kind in ["Add", "Block"] {
        let mut act = act(kind);
        stage.refuses_inside(&act, "target").await;
        act["target"] = json!(stage.part("moderators"));
        stage.takes_inside(&act).await;
        stage
            .refuses_inside(&without(&act, "cc"), "missing field `cc`")
            .await;
    }
}

/// 0.19 knows neither a Reject nor an Accept by id; 1.0 does.
#[tokio::test]
async fn lemmy_knows_no_reject() {
    let stage = Stage::of("lemmy");
    let manners = stage.bob.server().software().manners;
    let group = crate::support::peer::Group { id: stage.group.id() };
    let follow = stage.bob.speaks(|me| manners.join(me, &group));
    let reject = stage.says("Reject", follow.clone());
    stage.refuses(&reject, 400, "a Reject").await;
    let by_id = stage.says("Accept", follow["id"].clone());
    stage.refuses(&by_id, 400, "the answered request").await;
    stage.takes(&stage.says("Accept", follow)).await;
}

/// Lemmy 0.19.20, measured.
#[tokio::test]
async fn lemmy_wants_cc() {
    let stage = Stage::of("lemmy");
    let right = announce(&stage.group, create(&stage.group));
    stage.refuses(&without(&right, "cc"), 400, "cc").await;
    stage.takes(&right).await;
}

/// Lemmy 0.19.20, measured.
#[tokio::test]
async fn lemmy_wants_a_person_for_a_moderator() {
    let stage = Stage::of("lemmy");
    let post = create(&stage.group)["object"]["id"].clone();
    let delete = without(&stage.says("Delete", post), "published");
    let removal = announce(&stage.group, delete);
    stage.refuses(&removal, 400, "must be a Person").await;
}

/// 'data did not match any variant': what PieFed and Pleroma say besides is nothing to it (0.19.20, measured), nor is a poll's
/// Note, which has no content.
#[tokio::test]
async fn lemmy_refuses_words_that_it_does_not_know() {
    for software in ["lemmy", "mbin", "mitra"] {
        let stage = Stage::of(software);
        let right = create(&stage.group);
        stage.takes(&announce(&stage.group, right.clone())).await;
        for kind in ["EmojiReact", "PollVote", "ChooseAnswer"] {
            let mut odd = right.clone();
            odd["type"] = json!(kind);
            odd["object"] = right["object"]["id"].clone();
            let undo = json!({"id": odd["id"], "type": "Undo", "actor": odd["actor"], "object": odd});
            stage.refuses(&announce(&stage.group, odd), 400, kind).await;
            stage.refuses(&announce(&stage.group, undo), 400, kind).await;
        }
        let mut vote = right.clone();
        vote["object"]["type"] = json!("Note");
        vote["object"].as_object_mut().unwrap().remove("content");
        stage.refuses(&announce(&stage.group, vote), 400, "content").await;
    }
}
