//! What is taken out of a group by those who run it, and what former members may do.

use folkmoot::domain::{Iri, Review};
use serde_json::{Value, json};

use super::{Garden, is_shown};
use crate::support::peer::{Actor, Group, Said};

fn removal(who: &Actor, group: &Group, kind: &str, post: &Said, target: Option<String>) -> Value {
    who.speaks(|me| {
        let mut document = json!({
            "id": (me.mint)("activities"), "type": kind, "actor": me.id, "object": post.post, "summary": "Off topic",
            "to": ["https://www.w3.org/ns/activitystreams#Public"], "cc": [group.id],
        });
        if let Some(target) = target {
            document["target"] = json!(target);
        }
        document
    })
}

fn says(who: &Actor, document: Value, post: &Said) -> Said {
    who.would_say(document, post.post.clone(), post.is_comment)
}

/// Each shape hears of it in its own words, and the post is gone from every list.
#[tokio::test]
async fn an_admin_takes_a_post_out() {
    let garden = Garden::new(Review::None).await;
    let mia = garden.world.mastodon().actor("mia").follows(&garden.group).await;
    let xia = garden.world.explainer().actor("xia").follows(&garden.group).await;
    let targets = [
        None,
        Some(garden.group.part("outbox")),
        Some(garden.group.part("wall")),
        Some(garden.group.id.clone()),
    ];
    for target in targets {
        let post = garden.ann.post(&garden.group, "one").await;
        let shown = mia.hears_of([&post]).once().await.remove(0);
        let kind = if target.is_some() { "Remove" } else { "Delete" };
        let document = removal(&garden.olga, &garden.group, kind, &post, target);
        let removed = says(&garden.olga, document, &post);
        garden
            .olga
            .sends_to(&garden.group.inbox(), &removed.text)
            .await
            .is(202);
        if kind == "Delete" {
            garden.tom.hears_of([&removed]).once().await;
        }
        xia.hears_of([&removed]).once().await;
        mia.server()
            .hears("the boost undone", |heard| {
                heard.kind() == "Undo" && heard.document["object"]["id"] == shown.id()
            })
            .await;
        assert!(!is_shown(&garden.world, &garden.group, &post).await);
        let gone = garden.world.get(shown.id(), "application/activity+json").await;
        assert_eq!(gone.status(), 410);
        // Once more, and posted again: nothing.
        garden
            .olga
            .sends_to(&garden.group.inbox(), &removed.text)
            .await
            .is(202);
        let mut again = post.document.clone();
        again["id"] = json!(format!("{}/again", post.id()));
        garden.ann.sends(&garden.group, &again).await.is(202);
        garden.world.settles().await;
        assert!(!is_shown(&garden.world, &garden.group, &post).await);
        // It is still its author's to delete.
        garden.ann.deletes(&garden.group, &post).await;
    }
    assert_eq!(
        garden
            .world
            .count("select count(*) from post where deleted_at is null")
            .await,
        0
    );
    garden.world.end().await;
}

/// Nobody else does (GRP30), and nobody adds what another wrote.
#[tokio::test]
async fn members_take_nothing_out_and_add_nothing_of_others() {
    let garden = Garden::new(Review::None).await;
    let post = garden.ann.post(&garden.group, "one").await;
    let outbox = Some(garden.group.part("outbox"));
    let stranger = garden.world.lemmy().actor("sid");
    stranger
        .sends(
            &garden.group,
            &removal(&stranger, &garden.group, "Delete", &post, None),
        )
        .await
        .problem(403);
    let before = garden.world.state(&[]).await;
    for who in [&garden.tom, &stranger] {
        for (kind, target) in [
            ("Delete", None),
            ("Remove", outbox.clone()),
            ("Add", outbox.clone()),
            ("Add", Some(garden.group.part("wall"))),
        ] {
            let document = removal(who, &garden.group, kind, &post, target);
            who.sends(&garden.group, &document).await.problem(403);
        }
        let offer = who.speaks(|me| {
            json!({ "id": (me.mint)("activities"), "type": "Offer", "actor": me.id, "to": [garden.group.id],
                "object": { "type": "Delete", "object": post.post } })
        });
        who.sends(&garden.group, &offer).await.problem(403);
    }
    assert_eq!(garden.world.state(&[]).await, before);
    garden.world.end().await;
}

/// An admin elsewhere offers it, and the group issues it as its own (SocialHub), without a word of who asked.
#[tokio::test]
async fn an_offered_removal_is_the_groups_own() {
    let garden = Garden::new(Review::None).await;
    let xia = garden.world.explainer().actor("xia").follows(&garden.group).await;
    for kind in ["Delete", "Remove"] {
        let post = garden.ann.post(&garden.group, "one").await;
        xia.hears_of([&post]).once().await;
        let offer = garden.olga.speaks(|me| {
            let mut inner = json!({ "type": kind, "object": post.post });
            if kind == "Remove" {
                inner["target"] = json!(garden.group.part("outbox"));
            }
            json!({ "id": (me.mint)("activities"), "type": "Offer", "actor": me.id, "to": [garden.group.id], "object": inner })
        });
        garden.olga.sends(&garden.group, &offer).await.is(202);
        let heard = xia
            .server()
            .hears("the removal", |heard| {
                heard.document["object"]["type"] == kind && heard.document["object"]["object"] == post.post
            })
            .await;
        let own = &heard.document["object"];
        assert_eq!(own["actor"], garden.group.id);
        assert!(!heard.text.contains(&garden.olga.id()), "{}", heard.text);
        let id = own["id"].as_str().unwrap();
        assert_eq!(garden.world.document(id).await, *own);
        assert!(!is_shown(&garden.world, &garden.group, &post).await);
    }
    // Of nothing that is there.
    let offer = garden.olga.speaks(|me| {
        json!({ "id": (me.mint)("activities"), "type": "Offer", "actor": me.id, "to": [garden.group.id],
            "object": { "type": "Delete", "object": "https://nowhere.example/1" } })
    });
    garden.olga.sends(&garden.group, &offer).await.problem(404);
    garden.world.end().await;
}

/// On the operator's word.
#[tokio::test]
async fn the_operator_takes_a_post_out() {
    let garden = Garden::new(Review::None).await;
    let xia = garden.world.explainer().actor("xia").follows(&garden.group).await;
    let post = garden.ann.post(&garden.group, "one").await;
    xia.hears_of([&post]).once().await;
    let iri = Iri::object(&post.post).unwrap();
    let engine = &garden.world.house().engine;
    engine
        .remove_post("garden", &iri, Some("Off topic"))
        .await
        .unwrap();
    let heard = xia
        .server()
        .hears("the removal", |heard| {
            heard.document["object"]["object"] == post.post
        })
        .await;
    assert_eq!(heard.document["object"]["summary"], "Off topic");
    assert!(engine.remove_post("garden", &iri, None).await.is_err());
    garden.world.end().await;
}

/// Their threads stay and may be answered; they may delete, but not add or edit, and read what is theirs (PRV10).
#[tokio::test]
async fn a_former_member_keeps_what_is_theirs() {
    let garden = Garden::new(Review::None).await;
    let join = garden.world.lemmy().actor("una");
    let asked = join.asks(&garden.group).await;
    join.is_accepted(&asked).await;
    let una = join;
    let post = una.post(&garden.group, "mine").await;
    let other = una.post(&garden.group, "mine, too").await;
    una.leaves(&garden.group, &asked).await;
    let reply = garden.ann.replies(&garden.group, &post, "an answer").await;
    garden.tom.hears_of([&post, &reply]).once().await;

    let new = una.speaks(|me| {
        json!({ "id": (me.mint)("activities"), "type": "Create", "actor": me.id, "to": [garden.group.id, "as:Public"],
            "object": { "id": (me.mint)("notes"), "type": "Note", "content": "new", "attributedTo": me.id } })
    });
    una.sends(&garden.group, &new).await.problem(403);
    let edit = una.speaks(|me| {
        json!({ "id": (me.mint)("activities"), "type": "Update", "actor": me.id, "to": [garden.group.id, "as:Public"],
            "object": { "id": post.post, "type": "Note", "content": "changed", "attributedTo": me.id } })
    });
    una.sends(&garden.group, &edit).await.problem(403);
    let delete = una.deletes(&garden.group, &other).await;
    garden.tom.hears_of([&delete]).once().await;
    assert!(is_shown(&garden.world, &garden.group, &post).await);
    garden.world.end().await;
}
