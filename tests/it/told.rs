//! Where one event is two documents, and what is told of what is not for everybody.
//!
//! One rule: each document has an id of its own that leads to it; what is taken back names exactly what was said.

use folkmoot::domain::{Policies, Visibility};
use serde_json::{Value, json};

use crate::support::peer::manners::Shape;
use crate::support::peer::{Actor, Heard, status};
use crate::support::world::World;

const NAMED: &str = "select count(*) from activity where kind in ('named', 'unnamed')";

fn documents(heard: Vec<Heard>) -> Vec<Value> {
    heard.into_iter().map(|heard| heard.document).collect()
}

/// NodeBB: the id goes first, then the activity. Both lead to themselves, and are gone with the post.
#[tokio::test]
async fn a_topic_is_named_before_it_is_told() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let noa = world.server("nodebb").actor("noa").follows(&group).await;
    let post = ann.post(&group, "one").await;
    let reply = ann.replies(&group, &post, "two").await;
    noa.hears_of([&post, &reply]).once().in_order().await;
    world.settles().await;
    let told = documents(noa.heard());
    let [_, named, wrapped, answer] = told.as_slice() else {
        panic!("{told:#?}")
    };
    assert_eq!(named["object"], json!(post.post), "the id alone, and first");
    assert_eq!(wrapped["object"], post.document);
    assert_eq!(answer["object"], reply.document, "an answer is told once");
    assert_ne!(named["id"], wrapped["id"]);
    for said in [named, wrapped] {
        assert_eq!(world.document(said["id"].as_str().unwrap()).await, *said);
    }
    let delete = ann.deletes(&group, &post).await;
    noa.hears_of([&delete]).once().await;
    for said in [named, wrapped] {
        let answer = world
            .get(said["id"].as_str().unwrap(), "application/activity+json")
            .await;
        assert_eq!(answer.status(), 410);
    }
    world.end().await;
}

/// lotide: an Announce and an Add, the author's own server included; each is undone by its own id.
#[tokio::test]
async fn both_are_taken_back() {
    let world = World::start().await;
    let owner = world.lemmy().actor("ann");
    let group = world.group_of(&owner, "garden", Policies::default()).await;
    let lea = world.server("lotide").actor("lea").follows(&group).await;
    let post = lea.post(&group, "one").await;
    world.settles().await;
    assert_eq!(lea.tellings(&post), [Shape::Boosted, Shape::Added]);
    let mut removal = owner.speaks(|me| owner.server().software().manners.delete(me, &group, &post));
    removal["summary"] = json!("Not here.");
    owner.sends(&group, &removal).await.is(202);
    world.settles().await;
    let told = documents(lea.heard());
    let [_, announce, add, undo_add, undo_announce] = told.as_slice() else {
        panic!("{told:#?}")
    };
    for (undo, undone) in [(undo_add, add), (undo_announce, announce)] {
        let mut bare = undone.clone();
        bare.as_object_mut().unwrap().remove("@context");
        for field in ["id", "type", "object", "actor"] {
            assert_eq!(undo["object"][field], bare[field], "{field}");
        }
        assert_eq!(world.document(undo["id"].as_str().unwrap()).await, *undo);
    }
    world.end().await;
}

/// An id is told apart only where somebody needs it, and what NodeBB cannot read again is not sent again.
#[tokio::test]
async fn nothing_is_said_that_nobody_needs() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let mia = world.mastodon().actor("mia").follows(&group).await;
    world.settles().await;
    let one = ann.post(&group, "one").await;
    mia.hears_of([&one]).once().await;
    assert_eq!(world.count(NAMED).await, 0);
    let noa = world.server("nodebb").actor("noa").follows(&group).await;
    world.settles().await;
    let two = ann.post(&group, "two").await;
    noa.hears_of([&two]).once().await;
    assert_eq!(world.count(NAMED).await, 1);

    let like = ann.would_say(
        ann.speaks(|me| ann.server().software().manners.like(me, &group, &two)),
        two.post.clone(),
        false,
    );
    let path = like.id().strip_prefix(ann.server().base()).unwrap();
    ann.server().serves(path, status(404));
    ann.sends_to(&group.inbox(), &like.text).await.is(202);
    let three = ann.post(&group, "three").await;
    noa.hears_of([&three]).once().await;
    world.settles().await;
    let refused: Vec<_> = noa
        .heard()
        .into_iter()
        .filter(|heard| heard.status == Some(424))
        .collect();
    assert_eq!(refused.len(), 1, "once, and then what comes after it");
    world.ends_loudly(&["nodebb answers 424"]).await;
}

/// A post for members in a public group: to the classes that keep such a post, and to no other.
#[tokio::test]
async fn a_private_post_goes_to_who_can_keep_it() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let xia = world.explainer().actor("xia").follows(&group).await;
    let sam = world.server("streams").actor("sam").follows(&group).await;
    let mut others = vec![];
    for software in [
        "smithereen",
        "lotide",
        "mobilizon",
        "nodebb",
        "discourse",
        "peertube",
    ] {
        others.push(world.server(software).actor("ann").follows(&group).await);
    }
    world.settles().await;
    let post = xia.speaks(|me| {
        json!({
            "id": (me.mint)("activities"), "type": "Create", "actor": me.id, "to": [group.id], "audience": group.id,
            "object": {
                "id": (me.mint)("notes"), "type": "Note", "content": "psst", "attributedTo": me.id, "to": [group.id],
                "target": { "type": "Collection", "id": group.part("wall"), "attributedTo": group.id },
            },
        })
    });
    let id = post["object"]["id"].as_str().unwrap().to_owned();
    let post = xia.would_say(post, id, false);
    xia.sends_to(&group.inbox(), &post.text).await.is(202);
    world.settles().await;
    assert_eq!(sam.tellings(&post), [Shape::Wrapped]);
    let heard = sam
        .heard()
        .into_iter()
        .find(|heard| heard.kind() == "Announce")
        .unwrap();
    assert_eq!(heard.document["to"], json!([group.part("members")]));
    assert!(!heard.text[..heard.text.find(&post.text).unwrap()].contains("Public"));
    for who in others {
        let told: Vec<_> = who
            .heard()
            .into_iter()
            .filter(|heard| heard.text.contains("psst"))
            .collect();
        assert!(told.is_empty() && who.tellings(&post).is_empty(), "{}", who.id());
    }
    world.end().await;
}

/// In a private group a wall and a Mobilizon hear everything, and nothing names Public.
#[tokio::test]
async fn a_private_group_is_told_to_its_members_alone() {
    let world = World::start().await;
    let policies = Policies {
        visibility: Visibility::Private,
        ..Policies::default()
    };
    let group = world.group_with("garden", policies).await;
    let ivy = world.server("smithereen").actor("ivy").follows(&group).await;
    let moe = world.server("mobilizon").actor("moe").follows(&group).await;
    world.settles().await;
    let mut create = ivy.speaks(|me| ivy.server().software().manners.post(me, &group, "psst"));
    for document in ["", "/object"] {
        create.pointer_mut(document).unwrap()["to"] = json!([group.part("members")]);
    }
    let id = create["object"]["id"].as_str().unwrap().to_owned();
    ivy.server().publishes(&create["object"]);
    let post = ivy.would_say(create, id, false);
    ivy.sends_to(&group.inbox(), &post.text).await.is(202);
    world.settles().await;
    assert_eq!(ivy.tellings(&post), [Shape::Added]);
    assert_eq!(moe.tellings(&post), [Shape::Embedded]);
    // Its followers are its members (6.5). Mobilizon says members; a wall has one list for both, and is told it by either name.
    let readers = [group.part("followers"), group.part("members")];
    let addressed = |who: &Actor, kind: &str| {
        let mut heard = who.heard().into_iter();
        let heard = heard.find(|heard| heard.kind() == kind && heard.object_id() == post.post);
        heard.unwrap().document["to"].clone()
    };
    assert_eq!(addressed(&moe, "Announce"), json!([readers[1]]));
    assert_eq!(addressed(&ivy, "Add"), json!([readers[0], readers[1], ivy.id()]));
    for who in [&ivy, &moe] {
        let told = who.heard().into_iter().filter(|heard| heard.kind() != "Accept");
        for heard in told {
            assert!(!heard.text.contains("#Public"), "{}", heard.text);
        }
    }
    world.end().await;
}

/// Smithereen is let into private groups: it hears what becomes of them.
#[tokio::test]
async fn a_wall_hears_what_becomes_of_a_private_group() {
    let world = World::start().await;
    let owner = world.server("onepage.pub").actor("owner");
    let policies = Policies {
        visibility: Visibility::Private,
        ..Policies::default()
    };
    let group = world.group_of(&owner, "garden", policies).await;
    let ivy = world.server("smithereen").actor("ivy").follows(&group).await;
    for (kind, object) in [
        (
            "Update",
            json!({ "id": group.id, "type": "Group", "name": "The other garden" }),
        ),
        ("Delete", json!(group.id)),
    ] {
        let act = owner.speaks(|me| {
            json!({ "id": (me.mint)("acts"), "type": kind, "actor": me.id, "object": object, "to": [group.id] })
        });
        owner.sends(&group, &act).await.is(202);
        let heard = ivy
            .server()
            .hears(kind, |heard| {
                heard.kind() == kind && heard.document["actor"] == group.id
            })
            .await;
        assert!(!heard.text.contains("#Public"), "{}", heard.text);
        if kind == "Update" {
            assert_eq!(heard.document["object"]["name"], "The other garden");
        }
    }
    world.end().await;
}
