//! What a server on the other side is told when something is wrong, in its own words; and what people are told who want to join.
//!
//! One rule: a problem names what its reader wrote, and says what to do.

use folkmoot::domain::Visibility;
use http::HeaderMap;
use serde_json::{Value, json};

use super::garden_with;
use crate::support::versia::{Domain, INBOX, OURS, group, world_of};
use crate::support::world::World;

const CHALLENGE: &str = r#"Versia headers="versia-signature versia-signed-by versia-signed-at""#;

/// A 401 asks for the three headers, and names those that are missing; below /.versia only.
#[tokio::test]
async fn who_has_not_signed_is_told_how() {
    let (world, b, garden) = garden_with(|_| ()).await;
    let entity = format!("/.versia/v0.6/entities/User/{}", "garden");
    let body = b.subscribe("b.test:u1", "garden").to_string();
    for (lacks, words) in [
        ("versia-signature", "it lacks Versia-Signature."),
        ("versia-signed-by", "it lacks Versia-Signed-By."),
        ("versia-signed-at", "it lacks Versia-Signed-At."),
    ] {
        let mut headers = b.signature("post", INBOX, &body, 0);
        headers.remove(lacks);
        let answer = b.posts(INBOX, headers, body.clone()).await;
        assert_eq!(answer.headers["www-authenticate"], CHALLENGE);
        let problem = answer.problem(401);
        assert!(problem["detail"].as_str().unwrap().ends_with(words), "{problem}");
    }
    let answer = b.gets_with(&entity, HeaderMap::new()).await;
    assert_eq!(answer.headers["www-authenticate"], CHALLENGE);
    let problem = answer.problem(401);
    let all = "lacks Versia-Signature, Versia-Signed-By and Versia-Signed-At.";
    assert!(problem["detail"].as_str().unwrap().ends_with(all), "{problem}");

    let client = world.ground().client();
    let posted = client
        .post(format!("{}/inbox", garden.id))
        .header("content-type", "application/activity+json")
        .body(json!({"id": "https://x.test/1", "type": "Follow", "actor": "https://x.test/u"}).to_string());
    let answer = posted.send().await.unwrap();
    assert_eq!(answer.status(), 401);
    let asked = answer.headers()["www-authenticate"].to_str().unwrap();
    assert!(asked.starts_with("Signature "), "{asked}");
    let page = world
        .get(&format!("{}/problems", world.base()), "text/html")
        .await;
    let page = String::from_utf8(page.bytes().await.unwrap().to_vec()).unwrap();
    assert!(page.contains("Versia-Signed-By"), "{page}");
    world.end().await;
}

/// A field is named as the entity has it, never as the activity that it is read as.
#[tokio::test]
async fn a_problem_names_what_was_written() {
    let b = Domain::start("b.test").await;
    let world = world_of(&[&b], &[]).await;
    world.group("garden").await;
    b.user("u1", "alice");
    let follow = json!({"type": "Follow", "created_at": "2026-05-01T10:00:00Z", "author": "b.test:u1",
        "followee": format!("{OURS}:weeds")});
    for (entity, status, field) in [
        (b.subscribe("b.test:u1", "weeds"), 404, "group"),
        (b.note("n1", "b.test:u1", "weeds", "Hi"), 404, "group"),
        (follow, 404, "followee"),
        // They are no member.
        (b.note("n2", "b.test:u1", "garden", "Hi"), 403, "author"),
    ] {
        let problem = b.sends(&entity).await.problem(status);
        assert_eq!(problem["field"], field, "{entity}: {problem}");
    }
    b.joins("b.test:u1", "garden").await;
    let mut reply = b.note("n3", "b.test:u1", "garden", "Hi");
    reply["replies_to"] = json!("b.test:elsewhere");
    let problem = b.sends(&reply).await.problem(403);
    assert_eq!(problem["field"], "replies_to", "{problem}");
    b.is_content();
    world.end().await;
}

async fn page(world: &World, group: &str) -> String {
    let answer = world.get(group, "text/html").await;
    assert_eq!(answer.status(), 200);
    String::from_utf8(answer.bytes().await.unwrap().to_vec()).unwrap()
}

/// The group's page says how it is joined from there, where it can be.
#[tokio::test]
async fn people_read_how_to_join() {
    let (world, _, garden) = garden_with(|_| ()).await;
    let said = page(&world, &garden.id).await;
    for name in [
        group("garden"),
        format!("@garden@{OURS}"),
        format!("{OURS}:garden"),
    ] {
        assert!(said.contains(&format!(">{name}<")), "{name}: {said}");
    }
    world.end().await;

    let world = World::start().await;
    let garden = world.group("garden").await;
    let said = page(&world, &garden.id).await;
    assert!(!said.contains("Versia"), "{said}");
    world.end().await;
}

/// Whoever a private group lets in does not follow it there: that is named neither.
#[tokio::test]
async fn a_private_group_is_shown_to_nobody() {
    let (world, _, garden) = garden_with(|policies| policies.visibility = Visibility::Private).await;
    let answer = world.get(&garden.id, "text/html").await;
    let said = String::from_utf8(answer.bytes().await.unwrap().to_vec()).unwrap();
    assert!(!said.contains(&group("garden")), "{said}");
    let stub: Value = world.document(&garden.id).await;
    assert_eq!(stub["type"], "Group");
    world.end().await;
}
