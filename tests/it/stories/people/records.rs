//! Membership as a record; the lists of members, and the list of my memberships.

use folkmoot::domain::{JoinPolicy, ListPolicy, Policies};
use serde_json::{Value, json};

use super::{asking, does, listed, run_by};
use crate::support::world::World;

/// Written, confirmed by a Join, read, deleted.
#[tokio::test]
async fn join_by_a_record() {
    let world = World::start().await;
    let (group, _owner, admin) = run_by(&world, asking(JoinPolicy::Open)).await;
    let ann = world.explainer().actor("ann");
    let record = json!({"type": "Member", "actor": ann.id(), "group": group.id});
    for method in ["POST", "PUT"] {
        let answer = ann.calls(method, &group.part("members"), Some(&record)).await;
        assert_eq!(answer.status, 201);
        let place = answer.headers["location"].to_str().unwrap().to_owned();
        let written: Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(
            (&written["pending"], &written["id"]),
            (&json!(true), &json!(place))
        );
        assert_eq!(listed(&world, &group, "members").await, [admin.id()]);
        // Whoever it is not about sees nothing of it.
        let others = world.explainer().actor("eve").calls("GET", &place, None).await;
        assert_eq!(others.status, 404);
        assert_eq!(admin.sees(&place).await["pending"], true);

        let ann = ann.clone().follows(&group).await;
        assert_eq!(ann.sees(&place).await["pending"], false);
        assert_eq!(
            world.document(&place).await["subject"],
            ann.id(),
            "it is in a list that anybody sees"
        );
        let deleted = world.explainer().actor("eve").calls("DELETE", &place, None).await;
        assert_eq!(deleted.status, 403);
        assert_eq!(ann.calls("DELETE", &place, None).await.status, 204);
        assert_eq!(listed(&world, &group, "members").await, [admin.id()]);
        assert_eq!(ann.calls("GET", &place, None).await.status, 404);
    }
    world.end().await;
}

/// Where an admin decides, the record waits for the admin.
#[tokio::test]
async fn a_record_waits_for_an_admin() {
    let world = World::start().await;
    let (group, _owner, admin) = run_by(&world, asking(JoinPolicy::Approval)).await;
    let [ann, eve] = ["ann", "eve"].map(|name| world.explainer().actor(name));
    let record =
        json!({"type": "Relationship", "subject": ann.id(), "object": group.id, "relationship": "member"});
    let answer = ann.calls("POST", &group.part("members"), Some(&record)).await;
    assert_eq!(answer.status, 201);
    does(
        &admin,
        &group,
        "Accept",
        json!({"object": ann.id(), "target": group.part("members")}),
    )
    .await;
    super::hears(&ann, "Add", &ann.id()).await;
    assert_eq!(listed(&world, &group, "members").await[0], ann.id());
    for (who, record, status) in [
        (&eve, record.clone(), 403),
        (
            &eve,
            json!({"actor": eve.id(), "group": format!("{}/c/other", world.base())}),
            403,
        ),
        (&eve, json!({"group": group.id}), 400),
    ] {
        let answer = who.calls("POST", &group.part("members"), Some(&record)).await;
        assert_eq!(answer.status, status, "{record}");
        let problem: Value = serde_json::from_str(&answer.body).unwrap();
        assert!(problem["field"].is_string(), "{problem}");
    }
    let unsigned = world.ground().client().post(group.part("members"));
    let unsigned = unsigned
        .header("content-type", "application/activity+json")
        .body(record.to_string());
    assert_eq!(unsigned.send().await.unwrap().status(), 401);
    world.end().await;
}

/// Whoever signs finds themselves, also where the list is for others; and all their groups.
#[tokio::test]
async fn get_list_of_members() {
    let world = World::start().await;
    let policies = Policies {
        members_list: ListPolicy::Admins,
        ..Policies::default()
    };
    let (group, owner, admin) = run_by(&world, policies).await;
    let [ann, eve] = ["ann", "eve"].map(|name| world.explainer().actor(name));
    let ann = ann.follows(&group).await;
    let members = group.part("members");
    let seen = |document: Value| (document["totalItems"].clone(), document["orderedItems"].clone());
    assert_eq!(seen(ann.sees(&members).await), (json!(2), json!([ann.id()])));
    assert_eq!(seen(eve.sees(&members).await), (json!(2), json!([])));
    assert_eq!(seen(world.document(&members).await), (json!(2), json!([])));
    let page = owner.sees(&format!("{members}?page=1")).await;
    assert_eq!(
        page["orderedItems"],
        json!([ann.id(), admin.id()]),
        "newest first"
    );

    let instance = world.document(&format!("{}/actor", world.base())).await;
    let mine = ann.sees(instance["memberships"].as_str().unwrap()).await;
    assert_eq!(mine["totalItems"], 1);
    let record = &mine["orderedItems"][0];
    assert_eq!(
        (&record["group"], &record["pending"]),
        (&json!(group.id), &json!(false))
    );
    assert_eq!(
        ann.sees(record["id"].as_str().unwrap()).await["subject"],
        ann.id()
    );
    assert_eq!(
        eve.sees(instance["memberships"].as_str().unwrap()).await["totalItems"],
        0
    );
    let unsigned = world
        .get(
            instance["memberships"].as_str().unwrap(),
            "application/activity+json",
        )
        .await;
    assert_eq!(unsigned.status(), 401);
    world.end().await;
}
