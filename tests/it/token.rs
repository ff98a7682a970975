//! Actor tokens of private groups (FEP-db0e).
//!
//! One rule: whoever may not look into the group cannot tell that there are any.

use folkmoot::domain::Policies;
use folkmoot::signature::{PublicKey, Request, Scheme, is_token, sign};
use serde_json::{Value, json};

use crate::support::peer::{Actor, Answer, Group};
use crate::support::world::World;

/// A private group with one member on a server, and that server's own actor.
async fn private(world: &World) -> (Group, Actor, Actor) {
    let owner = world.server("onepage.pub").actor("owner");
    let group = world.group_of(&owner, "garden", Policies::default()).await;
    let server = world.server("onepage.pub");
    let xia = server.actor("xia").follows(&group).await;
    let update = owner.speaks(|me| {
        json!({
            "id": (me.mint)("updates"), "type": "Update", "actor": me.id, "to": [group.id],
            "object": { "id": group.id, "type": "Group", "visibility": "private" },
        })
    });
    owner.sends(&group, &update).await.is(202);
    let service = server.settle("service", "Application");
    (group, xia, service)
}

async fn presents(who: &Actor, url: &str, token: &Value) -> Answer {
    let (ground, target) = (who.server().ground(), url.parse().unwrap());
    let request = Request {
        method: "GET",
        url: &target,
        body: None,
        content_type: None,
        date: ground.clock().now(),
    };
    let mut headers = sign(Scheme::Cavage, &who.key(), &who.key_id(), &request).unwrap();
    headers.insert("accept", "application/activity+json".parse().unwrap());
    headers.insert(
        "authorization",
        format!("ActivityPubActorToken {token}").parse().unwrap(),
    );
    let answer = ground.client().get(url).headers(headers).send().await.unwrap();
    Answer {
        status: answer.status().as_u16(),
        headers: answer.headers().clone(),
        body: answer.text().await.unwrap(),
        sent: url.to_owned(),
    }
}

#[tokio::test]
async fn a_server_with_a_member_gets_a_token_for_its_own_actor() {
    let world = World::start().await;
    let (group, xia, service) = private(&world).await;
    let face = service.sees(&group.id).await;
    let endpoint = face["endpoints"]["actorToken"].as_str().unwrap().to_owned();
    assert_eq!(endpoint, group.part("actorToken"));
    let key = PublicKey::from_pem(face["publicKey"]["publicKeyPem"].as_str().unwrap()).unwrap();
    let now = service.server().ground().clock().now();
    for who in [&service, &xia] {
        let token = who.sees(&endpoint).await;
        assert!(is_token(&token, &group.id, &who.id(), &key, now), "{token}");
        assert_eq!(token["signatures"][0]["keyId"], face["publicKey"]["id"]);
        assert_eq!(who.sees(&endpoint).await, token, "given again for a while");
    }
    world.end().await;
}

#[tokio::test]
async fn strangers_cannot_tell_that_there_are_tokens() {
    let world = World::start().await;
    let (group, _xia, _service) = private(&world).await;
    let open = world.group("meadow").await;
    let stranger = world.lemmy().settle("service", "Application");
    let nowhere = stranger
        .reads(&format!("{}/c/nowhere/actorToken", world.base()))
        .await
        .is(404);
    for group in [&group, &open] {
        assert_eq!(
            stranger.reads(&group.part("actorToken")).await.is(404).body,
            nowhere.body
        );
    }
    assert!(
        world.document(&open.id).await["endpoints"]
            .get("actorToken")
            .is_none()
    );
    let unsigned = world.get(&group.part("actorToken"), "application/json").await;
    assert_eq!(unsigned.status(), 404);
    world.end().await;
}

/// Shown to us, it must be true, and opens nothing that the signature alone does not.
#[tokio::test]
async fn a_token_that_does_not_hold_makes_its_bearer_a_stranger() {
    let world = World::start().await;
    let (group, xia, service) = private(&world).await;
    let token = service.sees(&group.part("actorToken")).await;
    let outbox = group.part("outbox");
    presents(&service, &outbox, &token).await.is(200);
    presents(&xia, &outbox, &token).await.is(404);
    let mut forged = token.clone();
    forged["validUntil"] = json!("2030-01-01T00:00:00Z");
    presents(&service, &outbox, &forged).await.is(404);
    let stranger = world.lemmy().settle("service", "Application");
    presents(&stranger, &outbox, &token).await.is(404);
    let mut theirs = token;
    theirs["actor"] = json!(stranger.id());
    presents(&stranger, &outbox, &theirs).await.is(404);
    world.end().await;
}
