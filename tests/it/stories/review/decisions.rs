//! Accept and Reject of what waits, by whoever runs the group, from wherever they are.

use serde_json::{Value, json};

use super::{Garden, answer, answers, is_shown};
use crate::stories::people::does;

/// Moderate group posts: what is held is seen by nobody, and let through it is heard of word for word.
#[tokio::test]
async fn moderate_group_posts() {
    let garden = Garden::all().await;
    let post = garden.ann.post(&garden.group, "one").await;
    garden.until_held(1).await;
    garden.world.settles().await;
    garden.tom.hears_of([&post]).nothing();
    assert!(!is_shown(&garden.world, &garden.group, &post).await);

    let entry = garden.entry().await;
    assert_eq!(entry["type"], "Offer");
    assert_eq!(entry["actor"], garden.group.id);
    assert_eq!(entry["target"], garden.group.part("pendingActivities"));
    assert_eq!(entry["object"], post.document);

    answers(&garden.olga, &garden.group, "Accept", &entry["id"])
        .await
        .is(202);
    garden.tom.hears_of([&post]).once().await;
    assert!(is_shown(&garden.world, &garden.group, &post).await);
    assert_eq!(garden.entries().await, Vec::<Value>::new());
    garden.world.end().await;
}

/// By the author's activity, by its id or embedded, with the queue as target or none, to the shared inbox.
#[tokio::test]
async fn an_entry_is_named_in_many_ways() {
    let garden = Garden::all().await;
    let queue = garden.group.part("pendingActivities");
    for way in 0..5 {
        let post = garden.ann.post(&garden.group, &format!("post {way}")).await;
        let entry = garden.entry().await;
        let object = match way {
            0 => entry.clone(),
            1 => json!(post.id()),
            2 => post.document.clone(),
            3 => json!({ "type": "Create", "id": post.id() }),
            _ => entry["id"].clone(),
        };
        let mut accept = answer(&garden.olga, &garden.group, "Accept", &object);
        match way {
            1 => accept["target"] = json!(queue),
            4 => {
                accept.as_object_mut().unwrap().remove("target");
            }
            _ => {}
        }
        let text = accept.to_string();
        let shared = format!("{}/inbox", garden.world.base());
        garden.olga.sends_to(&shared, &text).await.is(202);
        garden.tom.hears_of([&post]).once().await;
    }
    garden.world.end().await;
}

/// What was rejected is not heard of, and a later Accept changes nothing (GRP13).
#[tokio::test]
async fn the_first_word_counts() {
    let garden = Garden::all().await;
    let post = garden.ann.post(&garden.group, "one").await;
    let entry = garden.entry().await;
    answers(&garden.olga, &garden.group, "Reject", &entry["id"])
        .await
        .is(202);
    answers(&garden.olga, &garden.group, "Accept", &entry["id"])
        .await
        .is(202);
    answers(&garden.olga, &garden.group, "Accept", &json!(post.id()))
        .await
        .is(202);
    garden.world.settles().await;
    garden.tom.hears_of([&post]).nothing();

    let other = garden.ann.post(&garden.group, "two").await;
    let entry = garden.entry().await;
    answers(&garden.olga, &garden.group, "Accept", &json!(other.id()))
        .await
        .is(202);
    answers(&garden.olga, &garden.group, "Reject", &entry["id"])
        .await
        .is(202);
    answers(&garden.olga, &garden.group, "Reject", &json!(other.id()))
        .await
        .is(202);
    garden.tom.hears_of([&other]).once().await;
    garden.world.settles().await;
    assert!(is_shown(&garden.world, &garden.group, &other).await);
    garden.world.end().await;
}

/// Two admins at once: one outcome, whoever was first.
#[tokio::test]
async fn two_admins_at_once_are_one_decision() {
    let garden = Garden::all().await;
    garden.appoints(&garden.tom).await;
    for round in 0..4 {
        let post = garden.ann.post(&garden.group, &format!("round {round}")).await;
        let entry = garden.entry().await;
        let (one, other) = tokio::join!(
            answers(&garden.olga, &garden.group, "Accept", &entry["id"]),
            answers(&garden.tom, &garden.group, "Reject", &entry["id"]),
        );
        one.is(202);
        other.is(202);
        garden.world.settles().await;
        let accepted = garden
            .world
            .count("select count(*) from held where outcome = 'accepted' and id = (select id from held order by at desc, id desc limit 1)")
            .await;
        assert_eq!(is_shown(&garden.world, &garden.group, &post).await, accepted == 1);
        assert_eq!(
            garden
                .world
                .count("select count(*) from held where decided_at is null")
                .await,
            0
        );
    }
    garden.world.end().await;
}

/// Whoever does not run the group is told so, whether there is anything or not; an admin hears that there is nothing.
#[tokio::test]
async fn only_those_who_run_the_group_decide() {
    let garden = Garden::all().await;
    garden.ann.post(&garden.group, "one").await;
    let entry = garden.entry().await;
    let nothing = json!(format!(
        "{}/activities/00000000-0000-7000-8000-000000000000",
        garden.world.base()
    ));
    let stranger = garden.world.explainer().actor("sid");
    for kind in ["Accept", "Reject"] {
        for who in [&garden.ann, &garden.tom, &stranger] {
            for object in [&entry["id"], &nothing, &json!("https://nowhere.example/1")] {
                answers(who, &garden.group, kind, object).await.problem(403);
            }
        }
        answers(&garden.olga, &garden.group, kind, &nothing)
            .await
            .problem(404);
    }
    assert_eq!(garden.entries().await.len(), 1);
    garden.world.end().await;
}

/// Approval is bound to what was seen (GRP26): a changed post is a new entry, and the old one cannot be accepted.
#[tokio::test]
async fn a_version_is_accepted_only_as_it_was_seen() {
    let garden = Garden::all().await;
    let post = garden.ann.post(&garden.group, "one").await;
    let first = garden.entry().await;
    let edit = garden.ann.edits(&garden.group, &post, "spam").await;
    let second = garden.entry().await;
    assert_ne!(first["id"], second["id"]);
    assert_eq!(second["object"], edit.document);
    for old in [&first["id"], &json!(post.id())] {
        let problem = answers(&garden.olga, &garden.group, "Accept", old)
            .await
            .problem(403);
        assert!(
            problem["type"].as_str().unwrap().ends_with("#changed-since"),
            "{problem}"
        );
    }
    garden.world.settles().await;
    garden.tom.hears_of([&post, &edit]).nothing();
    answers(&garden.olga, &garden.group, "Accept", &second["id"])
        .await
        .is(202);
    garden.tom.hears_of([&edit]).once().await;
    assert!(is_shown(&garden.world, &garden.group, &edit).await);
    garden.tom.hears_of([&post]).nothing();
    garden.world.end().await;
}

/// An Update after approval is reviewed again, and the old version stays meanwhile (GRP25).
#[tokio::test]
async fn an_edit_of_what_was_accepted_waits_too() {
    let garden = Garden::all().await;
    let post = garden.ann.post(&garden.group, "one").await;
    answers(&garden.olga, &garden.group, "Accept", &garden.entry().await["id"])
        .await
        .is(202);
    garden.tom.hears_of([&post]).once().await;
    for (kind, text) in [("Reject", "spam"), ("Accept", "better")] {
        let edit = garden.ann.edits(&garden.group, &post, text).await;
        let entry = garden.entry().await;
        assert_eq!(entry["object"]["type"], "Update");
        let before = garden.world.text("select content from post").await;
        assert!(before.contains("one"), "{before}");
        answers(&garden.olga, &garden.group, kind, &entry["id"])
            .await
            .is(202);
        garden.world.settles().await;
        let content = garden.world.text("select content from post").await;
        assert_eq!(content.contains(text), kind == "Accept", "{content}");
        if kind == "Accept" {
            garden.tom.hears_of([&edit]).once().await;
        } else {
            garden.tom.hears_of([&edit]).nothing();
        }
    }
    garden.world.end().await;
}

/// Its author takes it back while it waits; votes and deletions never wait.
#[tokio::test]
async fn a_delete_withdraws_what_waits() {
    let garden = Garden::all().await;
    let post = garden.ann.post(&garden.group, "one").await;
    let entry = garden.entry().await;
    garden.ann.deletes(&garden.group, &post).await;
    assert_eq!(garden.entries().await, Vec::<Value>::new());
    answers(&garden.olga, &garden.group, "Accept", &entry["id"])
        .await
        .is(202);
    garden.world.settles().await;
    garden.tom.hears_of([&post]).nothing();

    let other = garden.ann.post(&garden.group, "two").await;
    answers(&garden.olga, &garden.group, "Accept", &garden.entry().await["id"])
        .await
        .is(202);
    garden.tom.hears_of([&other]).once().await;
    let like = garden.tom.likes(&garden.group, &other).await;
    garden.ann.hears_of([&like]).once().await;
    let delete = garden.ann.deletes(&garden.group, &other).await;
    garden.tom.hears_of([&delete]).once().await;
    assert_eq!(garden.entries().await, Vec::<Value>::new());
    garden.world.end().await;
}

/// Who read the first version has not read the second: a Reject of the entry that was replaced does nothing.
#[tokio::test]
async fn a_reject_of_a_version_that_was_replaced_does_nothing() {
    let garden = Garden::all().await;
    let post = garden.ann.post(&garden.group, "one").await;
    let first = garden.entry().await;
    let edit = garden.ann.edits(&garden.group, &post, "two").await;
    let second = garden.entry().await;
    assert_ne!(first["id"], second["id"]);
    for object in [first["id"].clone(), first.clone()] {
        answers(&garden.olga, &garden.group, "Reject", &object)
            .await
            .is(202);
        assert_eq!(garden.entry().await["id"], second["id"]);
    }
    answers(&garden.olga, &garden.group, "Accept", &second["id"])
        .await
        .is(202);
    garden.tom.hears_of([&edit]).once().await;

    // A new version and the Reject of the old one at once: the old one goes, or the new one waits; never is the new one
    // rejected unread.
    for round in 0..6 {
        let post = garden.ann.post(&garden.group, &format!("round {round}")).await;
        let old = garden.entry().await;
        let (answer, _) = tokio::join!(
            answers(&garden.olga, &garden.group, "Reject", &old["id"]),
            garden.ann.edits(&garden.group, &post, "changed"),
        );
        answer.is(202);
        let rejected = "select count(*) from held where outcome = 'rejected' and raw like '%changed%'";
        assert_eq!(garden.world.count(rejected).await, 0);
        for entry in garden.entries().await {
            answers(&garden.olga, &garden.group, "Reject", &entry["id"])
                .await
                .is(202);
        }
        let mut behind = garden.world.behind().await;
        sqlx::query("update held set raw = '' where decided_at is not null")
            .execute(&mut behind)
            .await
            .unwrap();
    }
    garden.world.end().await;
}

/// An Update that names nobody leaves a pending post as public as it was, whoever wrote it.
#[tokio::test]
async fn an_edit_that_names_nobody_replaces_a_stranger_s_entry() {
    let garden = Garden::with(folkmoot::domain::Policies {
        review: folkmoot::domain::Review::NonMembers,
        ..super::ANYBODY
    })
    .await;
    let eve = garden.world.explainer().actor("eve");
    let post = eve.post(&garden.group, "one").await;
    let first = garden.entry().await;
    let update = eve.speaks(|me| {
        json!({"@context": "https://www.w3.org/ns/activitystreams", "id": (me.mint)("activities"), "type": "Update",
            "actor": me.id, "object": {"id": post.post, "type": "Note", "content": "two"}})
    });
    eve.sends(&garden.group, &update).await.is(202);
    let second = garden.entry().await;
    assert_ne!(first["id"], second["id"]);
    assert_eq!(second["object"], update);
    assert_eq!(
        garden
            .world
            .count("select count(*) from held where decided_at is null and public")
            .await,
        1
    );
    garden.world.end().await;
}

/// What was decided is forgotten after a month; what waits is not.
#[tokio::test]
async fn what_was_decided_is_forgotten() {
    let garden = Garden::all().await;
    for text in ["one", "two"] {
        garden.ann.post(&garden.group, text).await;
    }
    let entries = garden.entries().await;
    answers(&garden.olga, &garden.group, "Reject", &entries[0]["id"])
        .await
        .is(202);
    garden.world.settles().await;
    garden.world.advance(chrono::TimeDelta::days(31));
    garden.world.until("select count(*) from held", 1).await;
    assert_eq!(garden.entry().await["id"], entries[1]["id"]);
    garden.world.end().await;
}

/// Nothing waits of somebody who was put out or banned; what waits of somebody who left is not let through, in words that an
/// admin understands.
#[tokio::test]
async fn what_waits_of_whoever_is_out() {
    let garden = Garden::all().await;
    let members = garden.group.part("members");
    let out = json!({"object": garden.ann.id(), "target": members});
    let ban = json!({"object": garden.tom.id(), "target": garden.group.id});
    for (who, kind, more) in [(&garden.ann, "Remove", out), (&garden.tom, "Block", ban)] {
        let post = who.post(&garden.group, "waits").await;
        let entry = garden.entry().await;
        does(&garden.olga, &garden.group, kind, more).await;
        assert_eq!(garden.entries().await, Vec::<Value>::new(), "{kind}");
        answers(&garden.olga, &garden.group, "Accept", &entry["id"])
            .await
            .is(202);
        assert!(!is_shown(&garden.world, &garden.group, &post).await);
    }
    let xia = garden.world.explainer().actor("xia").follows(&garden.group).await;
    xia.post(&garden.group, "waits").await;
    let entry = garden.entry().await;
    does(&xia, &garden.group, "Leave", json!({"object": garden.group.id})).await;
    let problem = answers(&garden.olga, &garden.group, "Accept", &entry["id"])
        .await
        .problem(403);
    assert_eq!(problem["field"], "object", "{problem}");
    assert!(
        problem["detail"].as_str().unwrap().contains("Reject it"),
        "{problem}"
    );
    assert_eq!(garden.entries().await.len(), 1);
    garden.world.end().await;
}
