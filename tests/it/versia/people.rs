//! Members on a Versia server, in the hands of admins who live elsewhere.

use serde_json::json;

use folkmoot::domain::Policies;

use crate::support::versia::{Domain, world_of};

const NOTES: &str = "select count(*) from post where iri like '%/bridge/versia/%'";

/// An admin on an ActivityPub server bans by the id that the member has here.
#[tokio::test]
async fn an_admin_from_elsewhere_bans() {
    let b = Domain::start("b.test").await;
    let world = world_of(&[&b], &[]).await;
    let owner = world.explainer().actor("owner");
    let group = world.group_of(&owner, "garden", Policies::default()).await;
    let u1 = b.user("u1", "alice");
    b.joins(&u1, "garden").await;
    let mirror = format!("{}/bridge/versia/b.test/u1", world.base());
    let block = json!({
        "@context": "https://www.w3.org/ns/activitystreams", "id": owner.server().mint("blocks"), "type": "Block",
        "actor": owner.id(), "object": mirror, "target": group.id, "to": [group.id],
    });
    owner.sends(&group, &block).await.is(202);
    b.hears("SubscribeReject", |said| {
        said["type"] == "pub.versia:groups/SubscribeReject"
    })
    .await;
    b.sends(&b.note("n1", &u1, "garden", "Hi")).await.problem(403);
    assert_eq!(world.count(NOTES).await, 0);
    b.is_content();
    world.end().await;
}
