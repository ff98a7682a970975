//! The queues as admins read them, and as nobody else does.

use chrono::TimeDelta;
use folkmoot::domain::Review;
use serde_json::{Value, json};

use super::{Garden, answers, entries};
use crate::support::peer::Heard;

/// PRV01: to whoever does not run the group it is as if it were not there, in every word.
#[tokio::test]
async fn the_queue_is_for_those_who_run_the_group() {
    let garden = Garden::all().await;
    garden.ann.post(&garden.group, "one").await;
    let entry = garden.entry().await;
    let id = entry["id"].as_str().unwrap();
    let other = garden.world.explainer().actor("other");
    garden
        .world
        .group_of(&other, "orchard", folkmoot::domain::Policies::default())
        .await;
    let missing = format!(
        "{}/activities/00000000-0000-7000-8000-000000000000",
        garden.world.base()
    );
    let queue = garden.group.part("pendingActivities");
    let doors = [
        (id.to_owned(), missing),
        (
            queue.clone(),
            format!("{}/c/nowhere/pendingActivities", garden.world.base()),
        ),
        (
            format!("{queue}?page=1"),
            format!("{}/c/nowhere/pendingActivities?page=1", garden.world.base()),
        ),
        (
            garden.group.part("pendingMembers"),
            format!("{}/c/nowhere/pendingMembers", garden.world.base()),
        ),
    ];
    let neighbour = garden.olga.server().actor("neighbour");
    for who in [&garden.ann, &garden.tom, &other, &neighbour] {
        for (door, nothing) in &doors {
            let (here, there) = (who.reads(door).await.is(404), who.reads(nothing).await.is(404));
            assert_eq!(
                here.body.replace(door.as_str(), ""),
                there.body.replace(nothing.as_str(), "")
            );
            let names = |answer: &crate::support::peer::Answer| {
                let mut names: Vec<_> = answer.headers.keys().map(ToString::to_string).collect();
                names.sort();
                names
            };
            assert_eq!(names(&here), names(&there), "{door}");
        }
    }
    for (door, _) in &doors {
        let answer = garden.world.get(door, "application/activity+json").await;
        assert_eq!(answer.status(), 404, "{door}");
        garden.olga.reads(door).await.is(200);
    }
    // The admin's server reads for the admin (clients.md B.3, 12).
    let instance = garden.olga.server().settle("instance", "Application");
    let read = instance.reads(id).await.is(200);
    assert_eq!(read.headers["cache-control"], "private, no-store");
    assert_eq!(serde_json::from_str::<Value>(&read.body).unwrap(), entry);
    let foreign = garden.ann.server().settle("instance", "Application");
    foreign.reads(id).await.is(404);
    garden.world.end().await;
}

/// PRV15: neither what waits nor what was rejected is found by an id of ours.
#[tokio::test]
async fn what_was_rejected_is_found_nowhere() {
    let garden = Garden::all().await;
    let post = garden.ann.post(&garden.group, "secret plans").await;
    let entry = garden.entry().await;
    answers(&garden.olga, &garden.group, "Reject", &entry["id"])
        .await
        .is(202);
    garden.world.settles().await;
    for door in ["outbox", "threads", "featured"] {
        let shown = garden.world.document(&garden.group.part(door)).await;
        assert!(!shown.to_string().contains(&post.post), "{shown}");
    }
    assert_eq!(garden.world.count("select count(*) from post").await, 0);
    garden.ann.reads(entry["id"].as_str().unwrap()).await.is(404);
    garden.olga.reads(entry["id"].as_str().unwrap()).await.is(200);
    garden.world.end().await;
}

/// Pages embed whole entries, newest first, and lead from one to the next (FEP-4ccd).
#[tokio::test]
async fn a_long_queue_is_read_page_by_page() {
    let garden = Garden::all().await;
    for n in 0..23 {
        garden.ann.post(&garden.group, &format!("post {n}")).await;
    }
    let queue = garden.group.part("pendingActivities");
    let root: Value = serde_json::from_str(&garden.olga.reads(&queue).await.is(200).body).unwrap();
    assert_eq!(root["totalItems"], 23);
    let mut next = root["first"].as_str().map(ToOwned::to_owned);
    let mut seen = vec![];
    while let Some(page) = next {
        let page: Value = serde_json::from_str(&garden.olga.reads(&page).await.is(200).body).unwrap();
        for entry in page["orderedItems"].as_array().unwrap() {
            seen.push(
                entry["object"]["object"]["content"].to_string() + entry["object"]["id"].as_str().unwrap(),
            );
            assert!(entry["published"].is_string() && entry["object"]["actor"].is_string());
        }
        next = page["next"].as_str().map(ToOwned::to_owned);
    }
    assert_eq!(seen.len(), 23);
    assert!(
        seen[0].contains("post 22") && seen[22].contains("post 0"),
        "{seen:?}"
    );
    garden.world.end().await;
}

fn is_notice(heard: &Heard) -> bool {
    heard.kind() == "Add"
}

/// An admin learns at once that something waits; of what comes later, of one thing a minute.
#[tokio::test]
async fn an_admin_is_told_that_something_waits() {
    let garden = Garden::all().await;
    let first = garden.ann.post(&garden.group, "one").await;
    let notice = garden.olga.server().hears("a notice", is_notice).await;
    assert_eq!(notice.document["target"], garden.group.part("pendingActivities"));
    assert_eq!(notice.document["actor"], garden.group.id);
    assert_eq!(notice.document["object"]["object"], first.document);
    let told = notice.id().to_owned();
    garden.olga.reads(&told).await.is(200);
    garden.tom.reads(&told).await.is(404);

    let second = garden.ann.post(&garden.group, "two").await;
    garden.ann.post(&garden.group, "three").await;
    garden.until_held(3).await;
    garden.world.settles().await;
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    assert_eq!(
        garden
            .olga
            .heard()
            .iter()
            .filter(|heard| is_notice(heard))
            .count(),
        1
    );
    garden.world.advance(TimeDelta::seconds(61));
    garden
        .olga
        .server()
        .hears("another notice", |heard| {
            is_notice(heard) && heard.document["object"]["object"] == second.document
        })
        .await;
    garden.world.settles().await;
    assert_eq!(
        garden
            .olga
            .heard()
            .iter()
            .filter(|heard| is_notice(heard))
            .count(),
        2
    );
    garden.world.end().await;
}

/// An admin whose software would choke on it is not told, and the command line says so.
#[tokio::test]
async fn whoever_cannot_be_told_is_not() {
    let garden = Garden::new(Review::All).await;
    garden.appoints(&garden.tom).await;
    garden.ann.post(&garden.group, "one").await;
    garden.olga.server().hears("a notice", is_notice).await;
    garden.world.settles().await;
    assert!(!garden.tom.heard().iter().any(is_notice));
    assert_eq!(
        entries(&garden.tom, &garden.group.part("pendingActivities"))
            .await
            .len(),
        1
    );
    garden.world.end().await;
}

/// The queues are named where clients look for them.
#[tokio::test]
async fn the_group_names_its_queues() {
    let garden = Garden::all().await;
    let document = garden.world.document(&garden.group.id).await;
    for queue in ["pendingActivities", "pendingMembers"] {
        assert_eq!(document[queue], json!(garden.group.part(queue)));
    }
    garden.world.end().await;
}

/// Who asks to be let in waits in a queue of its own, and an entry is accepted as it was read, whole.
#[tokio::test]
async fn joins_wait_in_a_queue_of_their_own() {
    let garden = Garden::with(folkmoot::domain::Policies {
        follow: folkmoot::domain::FollowMeans::Reads,
        join: folkmoot::domain::JoinPolicy::Approval,
        ..folkmoot::domain::Policies::default()
    })
    .await;
    let queue = garden.group.part("pendingMembers");
    let xia = garden.world.explainer().actor("xia");
    for kind in ["Reject", "Accept"] {
        let join = xia.asks(&garden.group).await;
        let notice = garden
            .olga
            .server()
            .hears("a notice", |heard| {
                is_notice(heard) && heard.document["object"]["object"] == join.document
            })
            .await;
        assert_eq!(notice.document["target"], queue);
        let waiting = entries(&garden.olga, &queue).await;
        assert_eq!(waiting.len(), 1, "{waiting:?}");
        assert_eq!(waiting[0]["object"], join.document);
        answers(&garden.olga, &garden.group, kind, &waiting[0])
            .await
            .is(202);
        if kind == "Accept" {
            xia.is_accepted(&join).await;
        } else {
            xia.is_rejected(&join).await;
            garden.world.advance(TimeDelta::minutes(2));
        }
        assert_eq!(entries(&garden.olga, &queue).await.len(), 0);
    }
    garden.world.end().await;
}
