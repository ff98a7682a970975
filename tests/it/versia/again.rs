//! A note that comes again: an edit, the same, or its author's word that it is none of the group's any more.
//!
//! One rule: what counts is what the author said last, whatever they said before.

use chrono::TimeDelta;
use folkmoot::domain::{Policies, Review};
use serde_json::{Value, json};

use super::{garden_with, sees};
use crate::support::versia::{Domain, OURS};
use crate::support::world::World;

const ACTIVITY: &str = "application/activity+json";
const NOTES: &str = "Group/group-garden/collections/notes";
const WAITING: &str = "select count(*) from held where decided_at is null";

/// A garden with a member on b.test.
async fn garden(change: impl FnOnce(&mut Policies)) -> (World, Domain, String) {
    let (world, b, _) = garden_with(change).await;
    let u1 = b.user("u1", "alice");
    b.joins(&u1, "garden").await;
    (world, b, u1)
}

fn reviewed(policies: &mut Policies) {
    policies.review = Review::All;
}

fn mirror(world: &World, note: &str) -> String {
    format!("{}/bridge/versia/b.test/notes/{note}", world.base())
}

/// Later than whatever was signed before: the same bytes at the same time are the same request.
async fn says(world: &World, b: &Domain, entity: &Value) {
    world.advance(TimeDelta::seconds(1));
    b.sends(entity).await.is(202);
    world.settles().await;
}

fn federates(b: &Domain) -> usize {
    let heard = b.heard();
    let federates = heard
        .iter()
        .filter(|said| said["type"] == "pub.versia:groups/Federate");
    federates.count()
}

/// An edit is one although its text was there before; what is the same as now is none.
#[tokio::test]
async fn an_edit_back_to_an_earlier_text_is_an_edit() {
    let (world, b, u1) = garden(|_| {}).await;
    for (text, told) in [
        ("first", 1),
        ("first", 1),
        ("second", 2),
        ("second", 2),
        ("first", 3),
        ("first", 3),
        ("second", 4),
    ] {
        says(&world, &b, &b.note("n1", &u1, "garden", text)).await;
        assert_eq!(federates(&b), told, "{text}");
        let shown = world.document(&mirror(&world, "n1")).await;
        assert_eq!(shown["content"], format!("<p>{text}</p>"));
    }
    b.is_content();
    world.end().await;
}

/// The same of a note that waits: its newest version does.
#[tokio::test]
async fn what_waits_is_what_was_said_last() {
    let (world, b, u1) = garden(reviewed).await;
    for text in ["first", "second", "second", "first"] {
        says(&world, &b, &b.note("n1", &u1, "garden", text)).await;
    }
    let waiting = world.text("select raw from held where decided_at is null").await;
    let waiting: Value = serde_json::from_str(&waiting).unwrap();
    assert_eq!(waiting["object"]["content"], "<p>first</p>");
    assert_eq!(world.count("select count(*) from held").await, 3);
    b.is_content();
    world.end().await;
}

/// Byte for byte, with all that we do not know, of what is here and of what waits.
#[tokio::test]
async fn what_was_signed_is_kept() {
    for change in [|_: &mut Policies| {}, reviewed] {
        let (world, b, u1) = garden(change).await;
        for text in ["one", "two"] {
            let mut note = b.note("n1", &u1, "garden", text);
            note["extensions"] = json!({"org.example:mood": {"calm": true}});
            note["content"]["text/html"]["content"] = json!(format!("<p onclick=x>{text}</p>"));
            let signed = format!(" {}\n", serde_json::to_string_pretty(&note).unwrap());
            world.advance(TimeDelta::seconds(1));
            b.sends_text(&signed).await.is(202);
            let kept = world
                .text(
                    "select body from original where activity in
                         (select iri from activity where kind in ('posted', 'edited') union all
                          select iri from held where decided_at is null)
                     order by at desc limit 1",
                )
                .await;
            assert_eq!(kept, signed);
        }
        world.end().await;
    }
}

/// A note that its author takes out of the group is gone from it, in both protocols.
#[tokio::test]
async fn a_note_that_is_not_for_the_group_any_more_is_gone() {
    let (world, b, u1) = garden(|_| {}).await;
    for (id, readers) in [
        ("n1", json!("followers")),
        ("n2", Value::Null),
        ("n3", json!("c.test:g1")),
        ("n4", json!("group-garden")),
    ] {
        let mut note = b.note(id, &u1, "garden", "for the group");
        says(&world, &b, &note).await;
        assert_eq!(
            world.document(&mirror(&world, id)).await["id"],
            mirror(&world, id)
        );
        note["group"] = readers;
        note["content"] = json!({"text/html": {"content": "<p>for friends</p>", "remote": false}});
        says(&world, &b, &note).await;
        let gone = world.get(&mirror(&world, id), ACTIVITY).await;
        assert_eq!(gone.status(), 410, "{note}");
    }
    assert_eq!(sees(&b, NOTES).await["items"], json!([]));
    let friends = world
        .count("select count(*) from activity where raw like '%friends%'")
        .await;
    assert_eq!(friends, 0, "what is not for the group is not kept");
    b.is_content();
    world.end().await;
}

/// The same of one that waits: nobody need decide about it.
#[tokio::test]
async fn a_note_that_waits_is_taken_back() {
    let (world, b, u1) = garden(reviewed).await;
    let mut note = b.note("n1", &u1, "garden", "not yet seen");
    says(&world, &b, &note).await;
    assert_eq!(world.count(WAITING).await, 1);
    note["group"] = json!("followers");
    says(&world, &b, &note).await;
    assert_eq!(world.count(WAITING).await, 0);

    says(&world, &b, &b.note("n2", &u1, "garden", "not yet seen")).await;
    assert_eq!(world.count(WAITING).await, 1);
    let delete = json!({
        "type": "Delete", "created_at": "2026-06-01T12:00:00Z", "deleted_type": "Note", "deleted": "b.test:n2",
    });
    says(&world, &b, &delete).await;
    assert_eq!(world.count(WAITING).await, 0, "without an author, too");
    let withdrawn = world.count("select count(*) from held where outcome = 'withdrawn'");
    assert_eq!(withdrawn.await, 2);
    b.is_content();
    world.end().await;
}

/// What waits in one group and is for another by now is shown to nobody who runs the first.
#[tokio::test]
async fn what_is_for_another_group_by_now_is_asked_of_that_one() {
    let (world, b, u1) = garden(reviewed).await;
    world.group("shed").await;
    b.joins(&u1, "shed").await;
    says(&world, &b, &b.note("n1", &u1, "garden", "for the garden")).await;
    says(&world, &b, &b.note("n1", &u1, "shed", "for the shed")).await;
    let held = world
        .count("select count(*) from held where raw like '%the shed%'")
        .await;
    assert_eq!(held, 0);
    assert_eq!(
        world.document(&mirror(&world, "n1")).await["content"],
        "<p>for the shed</p>"
    );
    // Where it is, it stays.
    world.advance(TimeDelta::seconds(1));
    let moved = b.note("n1", &u1, "garden", "for the garden again");
    b.sends(&moved).await.problem(403);
    world.end().await;
}

/// Once it is in the group, a note for everybody is edited without saying again why it came there.
#[tokio::test]
async fn a_submission_is_edited_without_its_mention() {
    for change in [|_: &mut Policies| {}, reviewed] {
        let (world, b, u1) = garden(change).await;
        let mut note = b.note("n1", &u1, "garden", "one");
        note["group"] = json!("public");
        note["mentions"] = json!([format!("{OURS}:garden")]);
        says(&world, &b, &note).await;
        note["mentions"] = json!([]);
        note["content"] = json!({"text/plain": {"content": "two", "remote": false}});
        says(&world, &b, &note).await;
        let shown = world
            .text(
                "select coalesce((select content from post where iri like '%/notes/n1'),
                     (select raw::jsonb->'object'->>'content' from held where decided_at is null))",
            )
            .await;
        assert_eq!(shown, "<p>two</p>");
        b.is_content();
        world.end().await;
    }
}
