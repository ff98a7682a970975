//! The steward of a group: a person of our server for those who believe persons only.

use folkmoot::domain::{Act, Iri, Policies, Visibility};
use folkmoot::engine::{NewGroup, Whom};
use serde_json::json;

use crate::support::world::World;

/// It can be read and found, runs the group, and has a key that Lemmy can read.
#[tokio::test]
async fn a_steward_is_a_person() {
    let world = World::start().await;
    let owner = world.lemmy().actor("owner");
    let group = world.group_of(&owner, "garden", Policies::default()).await;
    let steward = world.document(&group.steward()).await;
    assert_eq!(steward["id"], group.steward());
    assert_eq!(steward["type"], "Person");
    assert_eq!(steward["preferredUsername"], "garden_steward");
    assert_eq!(steward["publicKey"]["owner"], group.steward());
    assert!(
        steward["publicKey"]["publicKeyPem"]
            .as_str()
            .unwrap()
            .contains("PUBLIC KEY")
    );
    let outbox = world.document(steward["outbox"].as_str().unwrap()).await;
    assert_eq!(outbox["totalItems"], 0);
    for resource in [
        format!("acct:garden_steward@{}", world.authority()),
        group.steward(),
    ] {
        let url = format!("{}/.well-known/webfinger?resource={resource}", world.base());
        let found = world.get(&url, "*/*").await.text().await.unwrap();
        let found: serde_json::Value = serde_json::from_str(&found).unwrap();
        assert_eq!(
            found["subject"],
            format!("acct:garden_steward@{}", world.authority())
        );
        assert_eq!(found["links"][0]["href"], group.steward());
    }
    let moderators = world.document(&group.part("moderators")).await;
    assert_eq!(moderators["orderedItems"], json!([owner.id(), group.steward()]));
    let members = world.document(&group.part("members")).await;
    assert_eq!(members["totalItems"], 0);
    for nobody in ["garden", "nothing_steward", "_steward", "GARDEN_steward"] {
        let url = format!("{}/u/{nobody}", world.base());
        assert_eq!(
            world.get(&url, "application/activity+json").await.status(),
            404,
            "{nobody}"
        );
        let inbox = format!("{url}/inbox");
        let like =
            owner.speaks(|me| json!({"id": (me.mint)("a"), "type": "Like", "actor": me.id, "object": me.id}));
        owner.sends_to(&inbox, &like.to_string()).await.problem(404);
    }
    let hello = owner.speaks(|me| {
        json!({"id": (me.mint)("a"), "type": "Follow", "actor": me.id, "object": group.steward(), "to": [group.steward()]})
    });
    let inbox = steward["inbox"].as_str().unwrap();
    owner.sends_to(inbox, &hello.to_string()).await.is(202);
    world.end().await;
}

/// Whoever asks to follow it is told no, by itself and under its own key, and follows nothing. Mitra takes Ed25519 of the group;
/// its steward has no such key.
#[tokio::test]
async fn a_steward_is_not_to_be_followed() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let people = ["mastodon", "lemmy", "mitra", "gotosocial"].map(|name| world.server(name).actor("ann"));
    for ann in &people {
        let ann = ann.clone().follows(&group).await;
        for (kind, inbox) in [
            ("Follow", "/u/garden_steward/inbox"),
            ("Follow", "/inbox"),
            ("Join", "/inbox"),
        ] {
            let ask = ann.speaks(|me| {
                json!({"id": (me.mint)("a"), "type": kind, "actor": me.id, "object": group.steward(), "to": [group.steward()]})
            });
            let inbox = format!("{}{inbox}", world.base());
            for _ in 0..2 {
                ann.sends_to(&inbox, &ask.to_string()).await.is(202);
            }
            let said = ann.would_say(ask, String::new(), false);
            let reject = ann.is_rejected(&said).await;
            assert_eq!(reject.document["actor"], group.steward());
            assert_eq!(reject.document["to"], json!([ann.id()]));
            assert_eq!(reject.key_id, Some(format!("{}#main-key", group.steward())));
            let again = world.get(
                reject.document["id"].as_str().unwrap(),
                "application/activity+json",
            );
            assert_eq!(again.await.status(), 200);
        }
        world.settles().await;
        assert_eq!(
            ann.heard()
                .iter()
                .filter(|heard| heard.kind() == "Reject" && heard.came())
                .count(),
            3
        );
    }
    assert_eq!(world.count("select count(*) from membership").await, 4);
    let missing = format!("{}/u/nothing_steward", world.base());
    let ask = people[0]
        .speaks(|me| json!({"id": (me.mint)("a"), "type": "Follow", "actor": me.id, "object": missing}));
    people[0]
        .sends_to(&format!("{}/inbox", world.base()), &ask.to_string())
        .await
        .problem(404);
    world.end().await;
}

/// Nobody lets it in, asks it in or keeps it out, and no group is called as it is.
#[tokio::test]
async fn a_steward_is_nobody_to_let_in() {
    let world = World::start().await;
    let owner = world.explainer().actor("owner");
    let group = world.group_of(&owner, "garden", Policies::default()).await;
    let steward = group.steward();
    for (kind, more) in [
        ("Invite", json!({"object": group.id, "target": steward})),
        ("Offer", json!({"object": group.id, "target": steward})),
        ("Add", json!({"object": steward, "target": group.part("members")})),
        ("Add", json!({"object": steward, "target": group.part("admins")})),
        (
            "Remove",
            json!({"object": steward, "target": group.part("moderators")}),
        ),
    ] {
        let mut act =
            owner.speaks(|me| json!({"id": (me.mint)("a"), "type": kind, "actor": me.id, "to": [group.id]}));
        for (field, value) in more.as_object().unwrap() {
            act[field] = value.clone();
        }
        owner.sends(&group, &act).await.problem(403);
    }
    let engine = &world.house().engine;
    let iri = Iri::object(&steward).unwrap();
    for act in [Act::Invite, Act::Call, Act::Offer, Act::Appoint] {
        assert!(engine.do_to("garden", &act, &iri, None).await.is_err(), "{act:?}");
    }
    assert!(
        engine
            .ban("garden", &Whom::Actor(iri.clone()), None, None)
            .await
            .is_err()
    );
    let named = |name: &str, owner: Iri| NewGroup {
        name: name.to_owned(),
        title: "x".to_owned(),
        summary: String::new(),
        owner,
        policies: Policies::default(),
        bridge: None,
    };
    let person = Iri::object(&owner.id()).unwrap();
    assert!(engine.create_group(named("rust_steward", person)).await.is_err());
    assert!(engine.create_group(named("rust", iri)).await.is_err());
    assert_eq!(world.count("select count(*) from membership").await, 0);
    world.end().await;
}

/// Of a private group it shows strangers nothing, and of a closed one a tombstone.
#[tokio::test]
async fn a_steward_shows_no_more_than_its_group() {
    let world = World::start().await;
    let owner = world.server("mitra").actor("owner");
    let private = Policies {
        visibility: Visibility::Private,
        ..Policies::default()
    };
    let group = world.group_of(&owner, "garden", private).await;
    let stub = world.document(&group.steward()).await;
    assert_eq!(stub["type"], "Person");
    assert!(!stub.to_string().contains("The garden"), "{stub}");
    let page = world.get(&group.steward(), "text/html").await;
    assert_eq!(page.status(), 404);
    let whole = owner.reads(&group.steward()).await.is(200);
    assert!(whole.body.contains("The garden"), "{}", whole.body);
    world.house().engine.close_group("garden").await.unwrap();
    let gone = world.get(&group.steward(), "application/activity+json").await;
    assert_eq!(gone.status(), 410);
    world.settles().await;
    world.end().await;
}
