//! What each program refuses, refused: the wrong shape goes straight to a peer that behaves as that program's receiver does.
//!
//! One rule: a row for each refusal that a shape of ours was made for; whoever weakens a peer sees it here, and not in silence.
//! What Lemmy alone refuses is in `lemmy.rs`.

mod lemmy;

use serde_json::{Value, json};

use folkmoot::signature::{Request, Scheme, sign};

use crate::peers::{PUBLIC, announce, answer, create, group_and};
use crate::support::peer::{Actor, Group, Mood, Server};

/// A group, somebody at a server of this software, and what it refuses of what the group sends there.
struct Stage {
    group: Actor,
    bob: Actor,
}

impl Stage {
    fn of(software: &str) -> Self {
        let (group, bob) = group_and(software);
        Self { group, bob }
    }

    /// Taken without a word.
    async fn takes(&self, document: &Value) {
        let before = self.bob.server().complaints();
        answer(&self.group, &self.bob, document).await;
        assert_eq!(self.bob.server().complaints(), before, "{document}");
    }

    /// Answered so, with a complaint that says this, and not taken.
    async fn refuses(&self, document: &Value, status: u16, why: &str) {
        assert_eq!(
            answer(&self.group, &self.bob, document).await,
            status,
            "{document}"
        );
        let last = self.bob.server().heard().pop().unwrap();
        let complaint = last.complaint.unwrap_or_default();
        assert!(complaint.contains(why), "{complaint}");
        assert!(!last.taken);
    }

    /// What the group itself says, of this type.
    fn says(&self, kind: &str, object: Value) -> Value {
        let mut document = announce(&self.group, object);
        document["type"] = json!(kind);
        document
    }

    fn part(&self, part: &str) -> String {
        format!("{}/{part}", self.group.id())
    }
}

fn without(document: &Value, field: &str) -> Value {
    let mut document = document.clone();
    document.as_object_mut().unwrap().remove(field);
    document
}

/// 204 is a failure to it, and sent again (`request.rb`): we never answer so, and this is why.
#[tokio::test]
async fn discourse_fails_on_204() {
    let Stage { group, bob } = Stage::of("discourse");
    let group_inbox = group.document()["inbox"].as_str().unwrap().to_owned();
    let follow = bob.speaks(|me| {
        let group = Group { id: group.id() };
        bob.server().software().manners.join(me, &group)
    });
    for (status, fine) in [(200, true), (201, true), (202, true), (204, false)] {
        group.server().is_next([Mood::Says(status)]);
        let answer = bob.sends_to(&group_inbox, &follow.to_string()).await;
        let manners = bob.server().software().manners;
        assert_eq!(manners.is_delivered(answer.status), fine, "{status}");
    }
}

/// discourse-activity-pub#337
#[tokio::test]
async fn discourse_reads_only_a_create_inside() {
    let stage = Stage::of("discourse");
    let create = create(&stage.group);
    stage.takes(&announce(&stage.group, create.clone())).await;
    for kind in ["Update", "Delete", "Like"] {
        let mut inner = create.clone();
        inner["type"] = json!(kind);
        let wrong = announce(&stage.group, inner);
        stage
            .refuses(&wrong, 200, "only a Create inside is honoured")
            .await;
    }
    let boost = announce(&stage.group, create["object"]["id"].clone());
    stage
        .refuses(&boost, 200, "only a Create inside is honoured")
        .await;
}

/// `resolve_remote_post` (`app/activitypub/util.py`, 2026-03-05): of its own host it fetches one, and nothing else is answered with an error.
#[tokio::test]
async fn piefed_ignores_an_id_of_another_host() {
    let stage = Stage::of("piefed");
    let own = create(&stage.group)["object"].clone();
    stage.takes(&announce(&stage.group, own["id"].clone())).await;
    let server = stage.group.server();
    assert_eq!(server.times_fetched(server.path(own["id"].as_str().unwrap())), 1);
    let elsewhere = Server::start("lemmy", server.ground()).settle("garden", "Group");
    let other = create(&elsewhere)["object"]["id"].clone();
    let boost = announce(&stage.group, other.clone());
    stage.refuses(&boost, 200, "on another host").await;
    let path = elsewhere.server().path(other.as_str().unwrap()).to_owned();
    assert_eq!(elsewhere.server().times_fetched(&path), 0);
    let mut forged = own.clone();
    forged["attributedTo"] = json!(elsewhere.id());
    server.publishes(&forged);
    let boost = announce(&stage.group, own["id"].clone());
    stage.refuses(&boost, 200, "its author is not of its host").await;
}

/// `ApInboxService.ts`
#[tokio::test]
async fn misskey_drops_an_announce_that_is_older_than_its_note() {
    let stage = Stage::of("misskey");
    let mut create = create(&stage.group);
    create["object"]["published"] = json!("2026-11-01T10:00:00Z");
    stage.group.server().publishes(&create["object"]);
    let mut boost = announce(&stage.group, create["object"]["id"].clone());
    boost["published"] = json!("2026-11-01T09:59:59Z");
    stage.refuses(&boost, 202, "older than its note").await;
    boost["id"] = json!(format!("{}2", boost["id"].as_str().unwrap()));
    boost["published"] = json!("2026-11-01T10:00:00Z");
    stage.takes(&boost).await;
}

/// `ActivityPubServerService.ts`
#[tokio::test]
async fn misskey_drops_what_is_larger_than_64_kib() {
    let stage = Stage::of("misskey");
    let create = create(&stage.group);
    let mut boost = announce(&stage.group, create["object"]["id"].clone());
    boost["summary"] = json!("x".repeat(64 * 1024));
    stage.refuses(&boost, 202, "more than 64 KiB").await;
}

/// Misskey: `attributedTo` must be who says it; Mastodon takes the first of several. Whose is it, if it names nobody?
#[tokio::test]
async fn microblogs_show_no_note_that_nobody_wrote() {
    for software in ["misskey", "mastodon", "gotosocial"] {
        let stage = Stage::of(software);
        let note = create(&stage.group)["object"].clone();
        let boost = || announce(&stage.group, note["id"].clone());
        stage.takes(&boost()).await;
        stage.group.server().publishes(&without(&note, "attributedTo"));
        stage.refuses(&boost(), 202, "nobody wrote the note").await;
    }
}

/// `inbox.update`; a Create goes another way (`inbox.announce`, `notes.assert`), which takes the first of them (4.15.1, 2026-08-22).
#[tokio::test]
async fn nodebb_rejects_an_edit_of_several_authors() {
    let stage = Stage::of("nodebb");
    let mut create = create(&stage.group);
    create["object"]["attributedTo"] = json!([create["actor"], stage.group.id()]);
    stage.group.server().publishes(&create);
    stage.takes(&announce(&stage.group, create.clone())).await;
    let mut update = create.clone();
    update["type"] = json!("Update");
    stage.group.server().publishes(&update);
    let wrapped = announce(&stage.group, update.clone());
    stage.refuses(&wrapped, 200, "attributedTo is an array").await;
    update["object"]["attributedTo"] = create["actor"].clone();
    stage.takes(&announce(&stage.group, update)).await;
}

/// What it cannot read where it was made is 424.
#[tokio::test]
async fn nodebb_reads_again_what_is_announced() {
    let stage = Stage::of("nodebb");
    let create = create(&stage.group);
    let wrapped = announce(&stage.group, create.clone());
    stage.refuses(&wrapped, 424, "404").await;
    stage.group.server().publishes(&create);
    stage.takes(&announce(&stage.group, create.clone())).await;
    stage
        .takes(&announce(&stage.group, create["object"]["id"].clone()))
        .await;
    let nothing = announce(&stage.group, json!(stage.group.server().mint("nothing")));
    stage.refuses(&nothing, 424, "404").await;
}

/// The ids of its Joins are fragments, which lead nowhere.
#[tokio::test]
async fn smithereen_wants_the_join_in_its_accept() {
    let stage = Stage::of("smithereen");
    let group = Group { id: stage.group.id() };
    let manners = stage.bob.server().software().manners;
    let join = stage.bob.speaks(|me| manners.join(me, &group));
    let by_id = stage.says("Accept", join["id"].clone());
    stage.refuses(&by_id, 400, "the answered request has no").await;
    stage.takes(&stage.says("Accept", join)).await;
}

#[tokio::test]
async fn smithereen_wants_the_algorithm_of_a_signature() {
    for software in ["smithereen", "piefed"] {
        let stage = Stage::of(software);
        let manners = stage.bob.server().software().manners;
        let join = stage
            .bob
            .speaks(|me| manners.join(me, &Group { id: stage.group.id() }));
        let accept = stage.says("Accept", join).to_string();
        let inbox = stage.bob.document()["inbox"].as_str().unwrap().to_owned();
        let url = inbox.parse().unwrap();
        let request = Request {
            method: "POST",
            url: &url,
            body: Some(accept.as_bytes()),
            content_type: Some("application/activity+json"),
            date: stage.group.server().ground().clock().now(),
        };
        let (key, id) = (stage.group.key(), stage.group.key_id());
        let mut headers = sign(Scheme::Cavage, &key, &id, &request).unwrap();
        let with = headers["signature"].to_str().unwrap().to_owned();
        let mut parameters: Vec<&str> = with.split(',').collect();
        parameters.retain(|parameter| !parameter.starts_with("algorithm="));
        assert_ne!(parameters.join(","), with, "we name it");
        headers.insert("signature", parameters.join(",").parse().unwrap());
        let answer = stage
            .group
            .server()
            .post_raw(&inbox, headers, accept.clone())
            .await;
        assert_eq!(answer.status, 401, "{software}");
        let answer = stage.group.sends_to(&inbox, &accept).await;
        assert_eq!(answer.status, 202, "{software}");
    }
}

/// All of them, but for keys and discovery.
#[tokio::test]
async fn gotosocial_wants_every_get_signed() {
    let stage = Stage::of("gotosocial");
    let client = stage.group.server().ground().client();
    let get = async |url: String| client.get(url).send().await.unwrap().status();
    assert_eq!(get(stage.bob.id()).await, 401);
    assert_eq!(get(stage.bob.key_id()).await, 200);
    assert_eq!(
        get(format!("{}/nodeinfo/2.0", stage.bob.server().base())).await,
        200
    );
    stage.group.reads(&stage.bob.id()).await.is(200);
}

/// mastodon#18069
#[tokio::test]
async fn mastodon_would_boost_every_comment() {
    let stage = Stage::of("mastodon");
    let create = create(&stage.group);
    let wrapped = announce(&stage.group, create.clone());
    stage
        .refuses(&wrapped, 202, "every comment would be boosted")
        .await;
    stage
        .takes(&announce(&stage.group, create["object"]["id"].clone()))
        .await;
}

/// FEP-400e: what does not say by itself that it belongs on a wall never lands on one.
#[tokio::test]
async fn smithereen_adds_only_what_belongs_there() {
    let stage = Stage::of("smithereen");
    let mut post = create(&stage.group)["object"].clone();
    let wall = json!({ "type": "Collection", "id": stage.part("wall"), "attributedTo": stage.group.id() });
    let mut add = stage.says("Add", post["id"].clone());
    add["to"] = json!([PUBLIC, stage.part("members")]);
    add["target"] = wall.clone();
    stage.refuses(&add, 400, "does not say that it belongs").await;
    post["target"] = wall;
    stage.group.server().publishes(&post);
    let mut elsewhere = add.clone();
    elsewhere["target"]["id"] = json!(stage.part("outbox"));
    stage.refuses(&elsewhere, 400, "no wall of that group").await;
    stage.takes(&add).await;
    let boost = stage.says("Announce", post["id"].clone());
    stage
        .refuses(&boost, 400, "no handler for a Some(\"Announce\")")
        .await;
}

/// Each of the others takes its own and no other's.
#[tokio::test]
async fn the_others_refuse_what_is_not_for_them() {
    for (software, status, why) in [
        ("lotide", 400, "what is not an id"),
        ("peertube", 403, "what is not an id"),
        ("mobilizon", 400, "an Announce of a Some(\"Create\")"),
    ] {
        let stage = Stage::of(software);
        let wrapped = announce(&stage.group, create(&stage.group));
        stage.refuses(&wrapped, status, why).await;
    }
    let stage = Stage::of("streams");
    let mut like = create(&stage.group);
    like["type"] = json!("Like");
    let wrapped = announce(&stage.group, like);
    stage
        .refuses(&wrapped, 400, "comes in the conversation's container")
        .await;
    let stage = Stage::of("peertube");
    let boost = announce(&stage.group, create(&stage.group)["object"]["id"].clone());
    stage.refuses(&boost, 403, "is no Video").await;
}
