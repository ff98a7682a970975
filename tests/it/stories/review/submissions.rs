//! What waits: whose posts, by which way they came, and as what they are let through.

use folkmoot::domain::{Policies, Review};
use serde_json::json;

use super::{ANYBODY, Garden, answers, is_shown};

/// Whose posts wait: of a new author the first, of strangers all, of those who are watched all; never an admin's own.
#[tokio::test]
async fn whose_posts_wait_is_the_groups_policy() {
    let garden = Garden::with(Policies {
        review: Review::First,
        review_count: 2,
        ..Policies::default()
    })
    .await;
    for text in ["one", "two"] {
        let post = garden.ann.post(&garden.group, text).await;
        answers(&garden.olga, &garden.group, "Accept", &garden.entry().await["id"])
            .await
            .is(202);
        garden.tom.hears_of([&post]).once().await;
    }
    let third = garden.ann.post(&garden.group, "three").await;
    garden.tom.hears_of([&third]).once().await;
    garden.olga.clone().follows(&garden.group).await;
    let own = garden.olga.post(&garden.group, "own").await;
    garden.tom.hears_of([&own]).once().await;
    garden.world.end().await;

    let garden = Garden::with(Policies {
        review: Review::NonMembers,
        ..ANYBODY
    })
    .await;
    let member = garden.ann.post(&garden.group, "member").await;
    garden.tom.hears_of([&member]).once().await;
    let sid = garden.world.lemmy().actor("sid");
    let stranger = sid.post(&garden.group, "stranger").await;
    assert_eq!(garden.entry().await["object"], stranger.document);
    answers(&garden.olga, &garden.group, "Reject", &json!(stranger.id()))
        .await
        .is(202);
    let ann = folkmoot::domain::Iri::object(&garden.ann.id()).unwrap();
    garden
        .world
        .house()
        .engine
        .watch("garden", &ann, true)
        .await
        .unwrap();
    let watched = garden.ann.post(&garden.group, "watched").await;
    assert_eq!(garden.entry().await["object"], watched.document);
    garden
        .world
        .house()
        .engine
        .watch("garden", &ann, false)
        .await
        .unwrap();
    garden.world.end().await;
}

/// Who the author is now counts: of one who was banned meanwhile, by the operator too, nothing waits any more.
#[tokio::test]
async fn what_is_let_through_is_asked_again_who_wrote_it() {
    let garden = Garden::all().await;
    let post = garden.ann.post(&garden.group, "one").await;
    let entry = garden.entry().await;
    let ann = folkmoot::domain::Iri::object(&garden.ann.id()).unwrap();
    let whom = folkmoot::engine::Whom::Actor(ann);
    garden
        .world
        .house()
        .engine
        .ban("garden", &whom, None, None)
        .await
        .unwrap();
    assert!(garden.entries().await.is_empty());
    answers(&garden.olga, &garden.group, "Accept", &entry["id"])
        .await
        .is(202);
    assert!(!is_shown(&garden.world, &garden.group, &post).await);
    garden.world.end().await;
}

/// What a followed group passes on is a submission like any other: it waits, and is let through as its author sent it.
#[tokio::test]
async fn what_a_followed_group_announces_waits_too() {
    let garden = Garden::all().await;
    let orchard = garden.world.group("orchard").await;
    let whom = folkmoot::domain::Iri::object(&orchard.id).unwrap();
    garden.world.house().engine.follow("garden", &whom).await.unwrap();
    let una = garden.world.lemmy().actor("una").follows(&orchard).await;
    let post = una.post(&orchard, "from afar").await;
    garden.until_held(1).await;
    let entry = garden.entry().await;
    assert_eq!(entry["object"], post.document);
    garden.world.settles().await;
    garden.tom.hears_of([&post]).nothing();
    answers(&garden.olga, &garden.group, "Accept", &entry["id"])
        .await
        .is(202);
    garden.tom.hears_of([&post]).once().await;
    garden.world.end().await;
}

/// Given by id only, what was fetched is what was seen: it is not read again when it is let through (GRP26).
#[tokio::test]
async fn what_was_fetched_is_let_through_as_it_was_read() {
    let garden = Garden::all().await;
    let note = garden.ann.speaks(|me| {
        json!({ "id": (me.mint)("notes"), "type": "Note", "content": "as seen", "attributedTo": me.id,
            "to": ["https://www.w3.org/ns/activitystreams#Public"], "cc": [garden.group.id] })
    });
    garden.ann.server().publishes(&note);
    let create = garden.ann.speaks(|me| {
        json!({ "id": (me.mint)("activities"), "type": "Create", "actor": me.id, "object": note["id"],
            "to": ["https://www.w3.org/ns/activitystreams#Public"], "cc": [garden.group.id] })
    });
    garden.ann.sends(&garden.group, &create).await.is(202);
    garden.until_held(1).await;
    let mut changed = note.clone();
    changed["content"] = json!("spam");
    garden.ann.server().publishes(&changed);
    answers(&garden.olga, &garden.group, "Accept", &garden.entry().await["id"])
        .await
        .is(202);
    garden.world.settles().await;
    let content = garden.world.text("select content from post").await;
    assert!(content.contains("as seen"), "{content}");
    garden.world.end().await;
}

/// What waits for members stays for members, whomever an Update of it names: only the post itself may say that it is for everybody.
#[tokio::test]
async fn an_update_of_what_waits_does_not_widen_it() {
    const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";
    let garden = Garden::all().await;
    let (ann, group) = (&garden.ann, &garden.group);
    for (widened, is_public) in [(false, false), (true, true)] {
        let to = json!([group.id]);
        let mut note = ann.speaks(|me| {
            json!({ "id": (me.mint)("notes"), "type": "Note", "content": "for members", "attributedTo": me.id, "to": to })
        });
        let post = note["id"].as_str().unwrap().to_owned();
        let act = |kind: &str, to: &serde_json::Value, note: &serde_json::Value| {
            let act = ann.speaks(|me| {
                json!({ "id": (me.mint)("activities"), "type": kind, "actor": me.id, "to": to, "cc": [group.id], "object": note })
            });
            ann.would_say(act, post.clone(), false)
        };
        let create = act("Create", &to, &note);
        ann.sends_to(&group.inbox(), &create.text).await.is(202);
        garden.until_held(1).await;
        note["content"] = json!("changed");
        note["to"] = if widened { json!([PUBLIC]) } else { json!(null) };
        ann.server().publishes(&note);
        let update = act("Update", &json!([PUBLIC]), &note);
        ann.sends_to(&group.inbox(), &update.text).await.is(202);
        let entry = garden.entry().await;
        answers(&garden.olga, group, "Accept", &entry["id"]).await.is(202);
        garden.world.settles().await;
        assert_eq!(
            is_shown(&garden.world, group, &update).await,
            is_public,
            "{widened}"
        );
    }
    garden.world.end().await;
}
