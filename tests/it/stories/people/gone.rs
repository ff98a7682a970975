//! Who was put out stays out, whatever they were asked before.

use folkmoot::domain::{Act, Ban, JoinPolicy};
use serde_json::json;

use super::{asking, does, iri, listed, may_not, run_by};
use crate::support::world::World;

/// A ban is not ended by leaving, nor by an invitation that was open when it came.
#[tokio::test]
async fn a_ban_is_not_ended_by_leaving() {
    let world = World::start().await;
    let (group, owner, _admin) = run_by(&world, asking(JoinPolicy::Open)).await;
    let bob = world.mastodon().actor("bob");
    let follow = bob.asks(&group).await;
    bob.is_accepted(&follow).await;
    let engine = &world.house().engine;
    engine
        .do_to("garden", &Act::Call, &iri(&bob), None)
        .await
        .unwrap();
    let ban = Act::Ban(Ban {
        until: None,
        reason: None,
    });
    engine.do_to("garden", &ban, &iri(&bob), None).await.unwrap();
    bob.leaves(&group, &follow).await;
    let again = bob.asks(&group).await;
    bob.is_rejected(&again).await;
    let banned = "select count(*) from membership where state = 'banned'";
    assert_eq!(world.count(banned).await, 1);
    let asked = "select count(*) from invitation where ended_at is null";
    assert_eq!(world.count(asked).await, 0);
    drop(owner);
    // Mastodon knows no invitations.
    world.ends_loudly(&["\"Invite\""]).await;
}

/// An expelled member's Accept of an earlier call makes them no admin, and no owner.
#[tokio::test]
async fn an_expelled_member_cannot_answer_earlier_calls() {
    let world = World::start().await;
    let (group, owner, _admin) = run_by(&world, asking(JoinPolicy::Open)).await;
    let ann = world.explainer().actor("ann").follows(&group).await;
    let call = json!({"object": group.part("admins"), "target": ann.id(), "to": [ann.id(), group.id]});
    let called = does(&owner, &group, "Invite", call).await;
    let offer = json!({"object": group.id, "target": ann.id(), "to": [ann.id(), group.id]});
    let offered = does(&owner, &group, "Offer", offer).await;
    let remove = json!({"object": ann.id(), "target": group.part("members")});
    does(&owner, &group, "Remove", remove).await;
    for asked in [&called, &offered] {
        let accept = json!({"object": asked["id"]});
        may_not(&ann, &group, "Accept", accept, "nothing-offered").await;
    }
    assert_eq!(listed(&world, &group, "moderators").await[0], owner.id());
    world.end().await;
}

/// When the last admin of a group without an owner is gone, too, nobody is left to decide.
#[tokio::test]
async fn the_last_admin_of_an_orphaned_group_goes() {
    let world = World::start().await;
    let (group, owner, admin) = run_by(&world, asking(JoinPolicy::Open)).await;
    for gone in [&owner, &admin] {
        let delete = json!({"object": gone.id(), "to": "as:Public"});
        does(gone, &group, "Delete", delete).await;
    }
    let frozen = "select count(*) from \"group\" where rule = 'frozen'";
    assert_eq!(world.count(frozen).await, 1);
    world.end().await;
}
