//! What an entity must have, what it may leave out, and what is made of the rest of it.
//!
//! One rule: what the specification requires is asked for by its field; what the drafts left out is taken, unless the operator
//! says otherwise.

use chrono::TimeDelta;
use folkmoot::domain::Policies;
use serde_json::{Value, json};

use super::{found, garden_with, sees};
use crate::support::versia::{Domain, OURS, world_of};

const WHEN: &str = "2026-05-01T10:00:00Z";
const NOTES: &str = "select count(*) from post where iri like '%/bridge/versia/%'";

fn without(entity: &Value, field: &str) -> Value {
    let mut entity = entity.clone();
    entity.as_object_mut().unwrap().remove(field);
    entity
}

fn user() -> Value {
    json!({
        "type": "User", "id": "u1", "created_at": WHEN, "username": "alice", "display_name": null, "bio": null,
        "avatar": null, "header": null, "fields": [], "manually_approves_followers": false, "indexable": true,
    })
}

/// 422, by the name of the field, and nothing has changed.
#[tokio::test]
async fn what_is_required_is_asked_for() {
    let (world, b, _) = garden_with(|_| {}).await;
    let u1 = b.user("u1", "alice");
    b.joins(&u1, "garden").await;
    let state = world.state(&[]).await;
    let note = b.note("n1", &u1, "garden", "Hi");
    let image = json!({"image/webp": {"content": "https://b.test/x.webp", "remote": true}});
    let inline = json!({"image/webp": {"content": "UklGR", "remote": false}});
    let odd = |entity: &Value, field: &'static str, value: Value| {
        let mut odd = entity.clone();
        odd[field] = value;
        (odd, field)
    };
    let mut refused = vec![
        (without(&b.subscribe(&u1, "garden"), "created_at"), "created_at"),
        odd(&note, "previews", json!("x")),
        odd(&note, "previews", json!([1])),
        odd(&note, "previews", json!([{"link": "https://b.test/"}])),
        odd(&note, "quotes", json!(3)),
        odd(&note, "category", json!(3)),
        odd(&note, "device", json!("a phone")),
        odd(&note, "content", image),
        odd(&note, "attachments", json!([inline])),
        odd(&user(), "fields", json!([{"key": "x"}])),
        odd(&user(), "bio", json!("words")),
        odd(&user(), "avatar", json!(1)),
        odd(&user(), "display_name", json!(1)),
        odd(&user(), "indexable", json!("no")),
    ];
    refused.extend(["created_at", "id", "author"].map(|field| (without(&note, field), field)));
    let of_users = [
        "created_at",
        "id",
        "username",
        "fields",
        "manually_approves_followers",
        "indexable",
    ];
    refused.extend(of_users.map(|field| (without(&user(), field), field)));
    for (entity, field) in refused {
        let problem = b.sends(&entity).await.problem(422);
        assert_eq!(problem["field"], field, "{entity}");
    }
    assert_eq!(world.state(&[]).await, state);
    b.sends(&user()).await.is(202);
    world.end().await;
}

/// What is required and most leave out is empty or false where it is left out; where the operator is strict, it is asked for.
#[tokio::test]
async fn what_the_drafts_left_out_is_asked_for_by_the_strict_alone() {
    for strict in [false, true] {
        let b = Domain::start("b.test").await;
        let settings = [("VERSIA__STRICT", if strict { "true" } else { "false" })];
        let world = world_of(&[&b], &settings).await;
        world.group("garden").await;
        let u1 = b.user("u1", "alice");
        b.joins(&u1, "garden").await;
        let report = json!({
            "type": "pub.versia:reports/Report", "author": u1, "reported": [format!("{OURS}:garden")], "comment": null,
        });
        let mut sparse: Vec<(Value, &str)> = ["attachments", "is_sensitive", "mentions", "previews"]
            .into_iter()
            .enumerate()
            .map(|(number, field)| {
                let note = b.note(&format!("n{number}"), &u1, "garden", "Hi");
                (without(&note, field), field)
            })
            .collect();
        sparse.push((report, "tags"));
        for (entity, field) in &sparse {
            let answer = b.sends(entity).await;
            if strict {
                assert_eq!(answer.problem(422)["field"], *field);
            } else {
                answer.is(202);
            }
        }
        assert_eq!(world.count(NOTES).await, if strict { 0 } else { 4 });
        b.publishes(&b.note("n9", &u1, "garden", "whole")).await.is(202);
        world.end().await;
    }
}

/// A text may begin with an address; only one that is an address is elsewhere.
#[tokio::test]
async fn a_text_that_begins_with_an_address_is_a_text() {
    let (world, b, _) = garden_with(|_| {}).await;
    let u1 = b.user("u1", "alice");
    b.joins(&u1, "garden").await;
    let mut note = b.note("n1", &u1, "garden", "");
    note["content"] = json!({"text/plain": {"content": "https://x.example/ is where I buy leeks"}});
    b.publishes(&note).await.is(202);
    let id = format!("{}/bridge/versia/b.test/notes/n1", world.base());
    let shown = world.document(&id).await["content"].as_str().unwrap().to_owned();
    assert!(shown.contains("where I buy leeks"), "{shown}");
    world.end().await;
}

/// A report says why in more than one field, and may be a server's own.
#[tokio::test]
async fn a_report_keeps_its_tags_and_may_be_the_servers() {
    let b = Domain::start("b.test").await;
    let world = world_of(&[&b], &[]).await;
    let owner = world.mastodon().actor("olga");
    world.group_of(&owner, "garden", Policies::default()).await;
    let u1 = b.user("u1", "alice");
    b.joins(&u1, "garden").await;
    b.publishes(&b.note("n1", &u1, "garden", "Hi")).await.is(202);
    let report = |more: Value| {
        let mut report = json!({
            "type": "pub.versia:reports/Report", "reported": ["b.test:n1"], "tags": ["spam", "rude"], "comment": "Look.",
        });
        report
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        report
    };
    b.sends(&report(json!({ "author": u1 }))).await.is(202);
    b.sends(&report(json!({"tags": ["nsfw"], "comment": null})))
        .await
        .is(202);
    let reports = world
        .text(
            "select string_agg(split_part(a.iri, '/bridge/versia/', 2) || ': ' || r.reason, ' | ' order by r.at, r.id)
             from report r join actor a on a.id = r.reporter_id",
        )
        .await;
    assert_eq!(
        reports,
        "b.test/u1: Look.\n\nTags: spam, rude | b.test: Tags: nsfw"
    );
    let own = format!("{}/bridge/versia/b.test", world.base());
    assert_eq!(world.get(&own, "application/activity+json").await.status(), 404);
    let problem = b.sends(&report(json!({"tags": [1]}))).await.problem(422);
    assert_eq!(problem["field"], "tags");
    b.sends(&report(json!({"author": "c.test:u1"})))
        .await
        .problem(403);
    world.end().await;
}

/// `@id@domain` is an address, too; and whoever is mentioned by the id of their mirror is called what they are called.
#[tokio::test]
async fn a_mirror_is_found_by_its_id_and_called_by_its_name() {
    let (world, b, group) = garden_with(|_| {}).await;
    let tom = world.lemmy().actor("tom").follows(&group).await;
    let u1 = b.user("u1", "alice");
    b.joins(&u1, "garden").await;
    let listed = sees(&b, "Group/group-garden/collections/members").await;
    let mut items = listed["items"].as_array().unwrap().iter();
    let mirror = items
        .find_map(|item| item.as_str()?.strip_prefix("g.test:"))
        .unwrap();

    let (status, jrd) = found(&world, &format!("acct:{mirror}@{OURS}")).await;
    assert_eq!(status, 200);
    let named = found(&world, jrd["subject"].as_str().unwrap()).await;
    assert_eq!(named, (200, jrd.clone()));
    assert!(
        jrd["links"][0]["href"].as_str().unwrap().ends_with(mirror),
        "{jrd}"
    );
    for nobody in ["00000000-0000-7000-8000-000000000000", &mirror.replace('-', "")] {
        assert_eq!(
            found(&world, &format!("acct:{nobody}@{OURS}")).await.0,
            404,
            "{nobody}"
        );
    }

    let mut note = b.note("n1", &u1, "garden", "Hi, Tom");
    note["mentions"] = json!([format!("{OURS}:{mirror}")]);
    world.advance(TimeDelta::seconds(1));
    b.publishes(&note).await.is(202);
    let id = format!("{}/bridge/versia/b.test/notes/n1", world.base());
    let shown = world.document(&id).await;
    let handle = world
        .text("select '@' || username || '@' || host from actor where username = 'tom'")
        .await;
    assert_eq!(
        shown["tag"],
        json!([{"type": "Mention", "href": tom.id(), "name": handle}])
    );
    world.end().await;
}
