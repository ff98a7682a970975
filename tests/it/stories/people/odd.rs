//! What an adversary tried on those who run a group.

use folkmoot::domain::{JoinPolicy, Refusal};
use folkmoot::engine::{AdminError, Whom};
use serde_json::json;

use super::{asking, does, iri, run_by, sends};
use crate::support::world::World;

/// Public is nobody who could be made a member, an admin, or be put out: refused, by whoever and however often.
#[tokio::test]
async fn nobody_is_made_of_public() {
    let world = World::start().await;
    let (group, owner, _admin) = run_by(&world, asking(JoinPolicy::Open)).await;
    let stranger = world.explainer().actor("stranger");
    let public = "https://www.w3.org/ns/activitystreams#Public";
    for who in [&owner, &stranger] {
        for kind in ["Add", "Remove"] {
            for list in ["members", "admins"] {
                let more = json!({"object": public, "target": group.part(list)});
                let (answer, document) = sends(who, &group, kind, &more).await;
                assert!(matches!(answer.status, 400 | 403), "{document}");
            }
        }
    }
    let nobody = "select count(*) from actor where iri like '%#Public'";
    assert_eq!(world.count(nobody).await, 0);
    world.end().await;
}

/// A ban that has ended before it came is none, and lifts none.
#[tokio::test]
async fn a_ban_does_not_end_in_the_past() {
    let world = World::start().await;
    let (group, owner, _admin) = run_by(&world, asking(JoinPolicy::Open)).await;
    let eve = world.explainer().actor("eve").follows(&group).await;
    does(
        &owner,
        &group,
        "Block",
        json!({"object": eve.id(), "target": group.id}),
    )
    .await;
    let past = json!({"object": eve.id(), "target": group.id, "endTime": "2020-01-01T00:00:00Z"});
    let problem = sends(&owner, &group, "Block", &past).await.0.problem(400);
    assert_eq!(problem["field"], "endTime");
    let banned = "select count(*) from membership where state = 'banned' and banned_until is null";
    assert_eq!(world.count(banned).await, 1);
    world.end().await;
}

/// The later of two offers is the one that is meant.
#[tokio::test]
async fn one_offer_at_a_time() {
    let world = World::start().await;
    let (group, owner, admin) = run_by(&world, asking(JoinPolicy::Open)).await;
    let ann = world.explainer().actor("ann").follows(&group).await;
    let mut offers = vec![];
    for whom in [&ann, &admin] {
        let offer = json!({"object": group.id, "target": whom.id(), "to": [whom.id(), group.id]});
        offers.push(does(&owner, &group, "Offer", offer).await);
    }
    let (answer, _) = sends(&ann, &group, "Accept", &json!({"object": offers[0]["id"]})).await;
    answer.problem(403);
    does(&admin, &group, "Accept", json!({"object": offers[1]["id"]})).await;
    world.end().await;
}

/// The operator's hand is bound by the same rules: nothing is done to the owner's server, nor in a group that is closed.
#[tokio::test]
async fn an_operator_bans_by_the_group_s_rules() {
    let world = World::start().await;
    let (group, owner, admin) = run_by(&world, asking(JoinPolicy::Open)).await;
    let engine = &world.house().engine;
    let host = |of: &crate::support::peer::Actor| Whom::Host(of.server().authority().to_owned());
    let of_owner = engine.ban("garden", &host(&owner), None, None).await;
    assert!(
        matches!(of_owner, Err(AdminError::Refused(Refusal::IsTheOwner))),
        "{of_owner:?}"
    );
    let unknown = engine.unban("garden", &Whom::Actor(iri(&admin))).await;
    assert!(matches!(unknown, Err(AdminError::NotBanned(_))), "{unknown:?}");
    let ann = world.explainer().actor("ann");
    let joined = ann.asks(&group).await;
    ann.is_accepted(&joined).await;
    engine.ban("garden", &host(&ann), None, None).await.unwrap();
    ann.is_rejected(&joined).await;
    engine.unban("garden", &host(&ann)).await.unwrap();
    ann.clone().follows(&group).await;
    world.settles().await;
    engine.close_group("garden").await.unwrap();
    for whom in [host(&ann), Whom::Actor(iri(&ann))] {
        let late = engine.ban("garden", &whom, None, None).await;
        assert!(late.is_err(), "{late:?}");
        let late = engine.unban("garden", &whom).await;
        assert!(late.is_err(), "{late:?}");
    }
    world.end().await;
}
