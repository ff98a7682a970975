//! Reports: to those who run the group, or to the operator alone.

use folkmoot::domain::Policies;
use serde_json::json;

use super::{owned, tells};
use crate::support::world::World;

const OF_GROUP: &str = "select count(*) from report where group_id is not null";
const OF_OPERATOR: &str = "select count(*) from report where group_id is null";

/// It is kept, and told to admins elsewhere in the group's name; who reported is not.
#[tokio::test]
async fn report_to_the_admins_of_a_group() {
    let world = World::start().await;
    let (group, olga) = owned(&world, Policies::default()).await;
    let xia = world.explainer().actor("xia").follows(&group).await;
    let rita = world.explainer().actor("rita");
    let post = xia.post(&group, "rude words").await;
    let flag = json!({"to": group.id, "content": "this is rude"});
    let (sent, answer) = tells(&rita, &group.inbox(), "Flag", json!([post.post]), flag.clone()).await;
    answer.is(202);
    let told = olga
        .server()
        .hears("the Flag", |heard| heard.kind() == "Flag")
        .await;
    assert_eq!(told.document["actor"], json!(group.id));
    assert_eq!(told.document["object"], json!([post.post]));
    assert_eq!(told.document["content"], "this is rude");
    assert!(!told.text.contains(&rita.id()) && !told.text.contains(sent["id"].as_str().unwrap()));
    // The same again, and the same by somebody else: told once.
    tells(&rita, &group.inbox(), "Flag", json!(post.post), flag.clone())
        .await
        .1
        .is(202);
    tells(&xia, &group.inbox(), "Flag", json!(post.post), flag)
        .await
        .1
        .is(202);
    world.settles().await;
    let flags = olga
        .server()
        .heard()
        .into_iter()
        .filter(|heard| heard.kind() == "Flag");
    assert_eq!(flags.count(), 1);
    assert_eq!(world.count(OF_GROUP).await, 2);
    let rows = world.house().store.list_reports(Some("garden")).await.unwrap();
    assert_eq!(rows[0].reporter, rita.id());
    world.end().await;
}

/// About the group, about whoever runs it, or addressed to the server: for the operator alone.
#[tokio::test]
async fn what_is_about_those_who_run_it_goes_to_the_operator() {
    let world = World::start().await;
    let (group, olga) = owned(&world, Policies::default()).await;
    let rita = world.explainer().actor("rita");
    let instance = format!("{}/actor", world.base());
    let shared = format!("{}/inbox", world.base());
    for (inbox, object, to) in [
        (group.inbox(), json!(olga.id()), group.id.clone()),
        (group.inbox(), json!([group.id]), group.id.clone()),
        (shared, json!("https://spam.example/u/spam"), instance),
    ] {
        tells(&rita, &inbox, "Flag", object, json!({"to": to}))
            .await
            .1
            .is(202);
    }
    world.settles().await;
    assert_eq!(world.count(OF_OPERATOR).await, 3);
    assert_eq!(world.count(OF_GROUP).await, 0);
    assert!(olga.server().heard().iter().all(|heard| heard.kind() != "Flag"));
    world.end().await;
}

/// What an admin wrote is not for that admin to judge.
#[tokio::test]
async fn a_report_of_an_admin_s_post_goes_to_the_operator() {
    let world = World::start().await;
    let (group, olga) = owned(&world, Policies::default()).await;
    let olga = olga.follows(&group).await;
    let rita = world.explainer().actor("rita");
    let post = olga.post(&group, "rude words of the owner").await;
    let flag = json!({"to": group.id, "content": "this is rude"});
    tells(&rita, &group.inbox(), "Flag", json!([post.post]), flag)
        .await
        .1
        .is(202);
    world.settles().await;
    assert_eq!(world.count(OF_OPERATOR).await, 1);
    assert_eq!(world.count(OF_GROUP).await, 0);
    assert!(olga.server().heard().iter().all(|heard| heard.kind() != "Flag"));
    world.end().await;
}

/// A report of several things: where one group takes none of it, the others do, and each hears of what is in it.
#[tokio::test]
async fn each_group_takes_its_part_of_a_report() {
    let world = World::start().await;
    let (garden, olga) = owned(&world, Policies::default()).await;
    let otto = world.explainer().actor("otto");
    let orchard = world.group_of(&otto, "orchard", Policies::default()).await;
    let xia = world
        .explainer()
        .actor("xia")
        .follows(&garden)
        .await
        .follows(&orchard)
        .await;
    let rita = world.explainer().actor("rita");
    let (here, there) = (xia.post(&garden, "one").await, xia.post(&orchard, "two").await);
    let block = json!({"target": garden.id, "to": garden.id});
    tells(&olga, &garden.inbox(), "Block", json!(rita.id()), block)
        .await
        .1
        .is(202);
    let shared = format!("{}/inbox", world.base());
    let both = json!([here.post, there.post]);
    tells(&rita, &shared, "Flag", both, json!({"content": "rude"}))
        .await
        .1
        .is(202);
    let told = otto
        .server()
        .hears("the Flag", |heard| heard.kind() == "Flag")
        .await;
    assert_eq!(
        told.document["object"],
        json!([there.post]),
        "and nothing of another group"
    );
    assert_eq!(world.count(OF_GROUP).await, 1);
    tells(&rita, &shared, "Flag", json!(here.post), json!({}))
        .await
        .1
        .problem(403);
    world.settles().await;
    assert!(olga.server().heard().iter().all(|heard| heard.kind() != "Flag"));
    world.end().await;
}

/// GRP27: a flood of reports is held up, one reporter at a time.
#[tokio::test]
async fn grp27_floods_are_held_up() {
    let world = World::start_with(&[("GROUPS__REPORTS_PER_HOUR", "3")]).await;
    let (group, _olga) = owned(&world, Policies::default()).await;
    let rita = world.explainer().actor("rita");
    let other = world.explainer().actor("other");
    for n in 0..3 {
        let object = json!(format!("https://a.example/{n}"));
        tells(&rita, &group.inbox(), "Flag", object, json!({"to": group.id}))
            .await
            .1
            .is(202);
    }
    world.settles().await;
    let before = world.state(&[]).await;
    let object = json!("https://a.example/9");
    let (_, answer) = tells(
        &rita,
        &group.inbox(),
        "Flag",
        object.clone(),
        json!({"to": group.id}),
    )
    .await;
    assert!(answer.headers.contains_key("retry-after"));
    answer.problem(429);
    assert_eq!(world.state(&[]).await, before);
    tells(&other, &group.inbox(), "Flag", object, json!({"to": group.id}))
        .await
        .1
        .is(202);
    world.end().await;
}
