//! ORD: what comes too early, too late, twice, or from somebody who is no more.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{Row, Scene, refused, rows, run};
use crate::support::forge::Forgery;
use crate::support::peer::status;

const ROWS: &[Row] = rows![
    ord01,
    ord02,
    ord03,
    ord05_another,
    ord05_not_found,
    ord05_gone,
    ord06,
    ord09,
    ord10
];

#[tokio::test]
async fn out_of_order() {
    run(ROWS).await;
}

/// Every row of the catalogue is above, or is a story elsewhere.
#[test]
fn the_catalogue_is_covered() {
    // ORD07: `stories/people/gone.rs`.
    for row in ["ord01", "ord02", "ord03", "ord05", "ord06", "ord09", "ord10"] {
        assert!(ROWS.iter().any(|(name, _)| name.starts_with(row)), "{row}");
    }
}

/// An activity of mallory's about something.
fn about(scene: &Scene, kind: &str, object: &Value) -> Value {
    scene.mallory.speaks(|me| {
        json!({
            "id": (me.mint)("acts"), "type": kind, "actor": me.id, "object": object,
            "to": ["https://www.w3.org/ns/activitystreams#Public"], "cc": [scene.group.id],
        })
    })
}

async fn taken(scene: &Scene, document: &Value) {
    scene.sends(document).await.is(202);
    scene.world.settles().await;
}

/// What is shown of mallory's posts.
async fn shown(scene: &Scene, note: &Value) -> Option<String> {
    let id = note["id"].as_str().unwrap().to_owned();
    let mut connection = scene.world.behind().await;
    sqlx::query_scalar("select content from post where iri = $1 and deleted_at is null")
        .bind(id)
        .fetch_optional(&mut connection)
        .await
        .unwrap()
}

/// Taken back before it came, a week ago: it does not come.
async fn ord01(scene: &Scene) {
    let note = scene.note();
    taken(scene, &about(scene, "Delete", &note["id"])).await;
    taken(scene, &scene.create(&note)).await;
    scene.world.advance(TimeDelta::days(7));
    taken(scene, &scene.create(&note)).await;
    taken(scene, &about(scene, "Update", &note)).await;
    assert_eq!(shown(scene, &note).await, None);
}

/// Said, taken back, and said again, by the same activity and by others.
async fn ord02(scene: &Scene) {
    let note = scene.note();
    let create = scene.create(&note);
    taken(scene, &create).await;
    taken(scene, &about(scene, "Delete", &note["id"])).await;
    scene.calms_down().await;
    taken(scene, &create).await;
    taken(scene, &scene.create(&note)).await;
    taken(scene, &about(scene, "Create", &note["id"])).await;
    assert_eq!(shown(scene, &note).await, None);
}

/// An edit of what is not here is no post; an older edit is no edit.
async fn ord03(scene: &Scene) {
    let mut note = scene.note();
    let early = scene.sends(&about(scene, "Update", &note)).await;
    assert!([202, 403].contains(&early.status), "{}", early.body);
    scene.world.settles().await;
    assert_eq!(shown(scene, &note).await, None);
    taken(scene, &scene.create(&note)).await;
    let mut edit = |minute: u32, content: &str| {
        note["content"] = json!(content);
        note["updated"] = json!(format!("2026-06-01T11:{minute:02}:00Z"));
        scene.evil().publishes(&note);
        (about(scene, "Update", &note), note.clone())
    };
    let (newer, _) = edit(20, "newer");
    let (older, note) = edit(10, "older");
    taken(scene, &newer).await;
    scene.calms_down().await;
    taken(scene, &older).await;
    assert_eq!(shown(scene, &note).await.as_deref(), Some("newer"));
}

/// Mallory says that alice is no more.
async fn ord05_another(scene: &Scene) {
    let alice = scene.alice.id();
    let delete =
        json!({ "id": format!("{alice}#delete"), "type": "Delete", "actor": alice, "object": alice });
    let forgery = Forgery::new(&scene.mallory, &scene.group.inbox(), &delete.to_string());
    refused("ORD05", forgery.send().await, &[401, 403]);
    let mut by_mallory = delete.clone();
    by_mallory["id"] = json!(scene.evil().mint("deletes"));
    by_mallory["actor"] = json!(scene.mallory.id());
    let answer = scene.sends(&by_mallory).await;
    assert!([202, 403].contains(&answer.status), "{}", answer.body);
}

/// Somebody's Delete of themselves, signed with a key that nobody knows.
async fn unknown_key(scene: &Scene, who: &crate::support::peer::Actor, answer: u16) {
    let id = who.id();
    let path = id.trim_start_matches(scene.evil().base()).to_owned();
    scene.evil().serves(&path, status(answer));
    // Their document was read when they joined: it is not asked for again at once.
    scene.world.advance(TimeDelta::minutes(6));
    let delete =
        json!({ "id": format!("{id}#delete-{answer}"), "type": "Delete", "actor": id, "object": id });
    let forgery = Forgery::new(who, &scene.group.inbox(), &delete.to_string())
        .with(|forgery| forgery.key_id = format!("{id}#other-{answer}"));
    refused("ORD05", forgery.send().await, &[401]);
}

/// Not found: that may pass.
async fn ord05_not_found(scene: &Scene) {
    let dora = scene.evil().actor("dora").follows(&scene.group).await;
    dora.post(&scene.group, "dora's").await;
    scene.calms_down().await;
    unknown_key(scene, &dora, 404).await;
}

/// Gone, by the word of their own server: they are out, and so is what they said.
async fn ord05_gone(scene: &Scene) {
    let eve = scene.evil().actor("eve").follows(&scene.group).await;
    eve.post(&scene.group, "eve's").await;
    scene.world.settles().await;
    unknown_key(scene, &eve, 410).await;
    let left = "select count(*) from post p join actor a on a.id = p.author_id
                where a.username = 'eve' and p.deleted_at is null";
    scene.world.until(left, 0).await;
    let members = "select count(*) from membership m join actor a on a.id = m.actor_id
                   where a.username = 'eve' and m.member";
    assert_eq!(scene.world.count(members).await, 0);
    scene.calms_down().await;
}

/// Hundreds of people whom we never met are gone: nobody is asked about them.
async fn ord06(scene: &Scene) {
    let before = scene.evil().fetched().len();
    let inbox = format!("{}/inbox", scene.world.base());
    for n in 0..200 {
        let id = format!("{}/people/unknown{n}", scene.evil().base());
        let delete = json!({ "id": format!("{id}#delete"), "type": "Delete", "actor": id, "object": id });
        let forgery = Forgery::new(&scene.mallory, &inbox, &delete.to_string())
            .with(|forgery| forgery.key_id = format!("{id}#main-key"));
        forgery.send().await.is(202);
    }
    assert_eq!(scene.evil().fetched().len(), before);
}

/// Fifty times at once, to both inboxes: one post.
async fn ord09(scene: &Scene) {
    let note = scene.note();
    let body = scene.create(&note).to_string();
    let doors = [scene.group.inbox(), format!("{}/inbox", scene.world.base())];
    let sent = (0..50).map(|n| scene.mallory.sends_to(&doors[n % 2], &body));
    for answer in futures_util::future::join_all(sent).await {
        answer.is(202);
    }
    scene.world.settles().await;
    let heard = scene.bob.server().heard();
    let told = heard
        .iter()
        .filter(|heard| heard.document["object"]["object"]["id"] == note["id"]);
    assert_eq!(told.count(), 1);
    scene.calms_down().await;
}

/// What answers something that is still being fetched comes after it.
async fn ord10(scene: &Scene) {
    let note = scene.note();
    scene.evil().goes_away();
    scene.sends(&about(scene, "Create", &note["id"])).await.is(202);
    let parent = crate::support::peer::Said {
        post: note["id"].as_str().unwrap().to_owned(),
        text: note.to_string(),
        document: note.clone(),
        is_comment: false,
    };
    let reply = scene.bob.replies(&scene.group, &parent, "an answer").await;
    scene.world.until("select count(*) from received", 2).await;
    scene.evil().comes_back();
    let both = "select count(*) from post p join post r on r.parent_id = p.id
                where p.id = p.thread_id and r.deleted_at is null";
    let before = scene.world.count(both).await;
    let mut there = before;
    while there == before {
        scene.world.advance(TimeDelta::minutes(1));
        tokio::time::sleep(std::time::Duration::from_millis(30)).await;
        there = scene.world.count(both).await;
    }
    assert!(!reply.post.is_empty());
    scene.calms_down().await;
}
