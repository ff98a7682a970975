//! One act of those who run a group, told to each class in its own words: as its sender said it, or by the group's steward.

use folkmoot::domain::{Act, Ban, Iri, ListPolicy, Policies};
use folkmoot::engine::Whom;
use folkmoot::store::group::Change;
use serde_json::{Value, json};

use crate::support::peer::{Actor, Group, Heard};
use crate::support::world::World;

const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";

/// A group of somebody with the explainer, a member on Lemmy, one on Mastodon and one with the explainer.
struct Yard {
    world: World,
    group: Group,
    olga: Actor,
    ann: Actor,
    mia: Actor,
    xia: Actor,
}

impl Yard {
    async fn new() -> Self {
        let world = World::start().await;
        let olga = world.explainer().actor("olga");
        let group = world.group_of(&olga, "garden", Policies::default()).await;
        Self {
            ann: world.lemmy().actor("ann").follows(&group).await,
            mia: world.mastodon().actor("mia").follows(&group).await,
            xia: world.explainer().actor("xia").follows(&group).await,
            group,
            olga,
            world,
        }
    }

    /// Sends what is given, to the group alone or for everybody.
    async fn does(&self, who: &Actor, public: bool, more: Value) -> Value {
        let mut act =
            who.speaks(|me| json!({ "id": (me.mint)("activities"), "actor": me.id, "to": [self.group.id] }));
        if public {
            (act["to"], act["cc"], act["audience"]) =
                (json!([PUBLIC]), json!([self.group.id]), json!(self.group.id));
        }
        for (field, value) in more.as_object().unwrap() {
            act[field] = value.clone();
        }
        let said = who.would_say(act, String::new(), false);
        who.sends_to(&self.group.inbox(), &said.text).await.is(202);
        said.document
    }

    /// What Lemmy hears announced, of this type, by this actor.
    async fn announced(&self, kind: &str, by: &str) -> Value {
        let what = format!("{kind} by {by}");
        let is_it = |heard: &Heard| {
            heard.document["object"]["type"] == kind && heard.document["object"]["actor"] == by
        };
        let heard = self.ann.server().hears(&what, is_it).await;
        assert_eq!(heard.document["type"], "Announce");
        assert_eq!(
            self.world.document(heard.id()).await,
            heard.document,
            "it dereferences"
        );
        heard.document["object"].clone()
    }

    /// What Lemmy hears from the steward; it is at its id, too.
    async fn by_steward(&self, kind: &str) -> Value {
        let inner = self.announced(kind, &self.group.steward()).await;
        assert_eq!(
            (&inner["to"], &inner["cc"]),
            (&json!([PUBLIC]), &json!([self.group.id]))
        );
        assert_eq!(self.world.document(inner["id"].as_str().unwrap()).await, inner);
        inner
    }

    /// What the explainer hears of the list of members.
    async fn listed(&self, kind: &str, whom: &Actor) -> Heard {
        let members = self.group.part("members");
        let is_it = |heard: &Heard| {
            heard.kind() == kind
                && heard.object_id() == whom.id()
                && heard.document["target"] == members.as_str()
        };
        let heard = self.xia.server().hears("a member change", is_it).await;
        assert_eq!(heard.document["actor"], self.group.id);
        assert_eq!(self.world.document(heard.id()).await, heard.document);
        heard
    }
}

fn iri(actor: &Actor) -> Iri {
    Iri::object(&actor.id()).unwrap()
}

/// What an admin of the explainer takes out by a Remove, or for the group's eyes alone, is a Delete by the steward to Lemmy.
#[tokio::test]
async fn a_removal_in_other_words_is_the_stewards() {
    let yard = Yard::new().await;
    for (kind, public) in [("Remove", true), ("Delete", false)] {
        let post = yard.ann.post(&yard.group, "one").await;
        let boost = yard.mia.hears_of([&post]).once().await.remove(0);
        let mut act = json!({ "type": kind, "object": post.post, "summary": "<p>Off <b>topic</b></p>" });
        if kind == "Remove" {
            act["target"] = json!(yard.group.part("outbox"));
        }
        let said = yard.does(&yard.olga, public, act).await;
        let is_it = |heard: &Heard| {
            heard.document["object"]["type"] == "Delete" && heard.document["object"]["object"] == post.post
        };
        let heard = yard.ann.server().hears("the removal", is_it).await;
        let inner = &heard.document["object"];
        assert_eq!(
            (&inner["actor"], &inner["summary"]),
            (&json!(yard.group.steward()), &json!("Off topic"))
        );
        assert!(!heard.text.contains(&yard.olga.id()), "who decided is not said");
        assert_eq!(yard.world.document(inner["id"].as_str().unwrap()).await, *inner);
        yard.xia
            .server()
            .hears("the same", |heard| heard.document["object"]["id"] == said["id"])
            .await;
        yard.mia
            .server()
            .hears("the boost undone", |heard| {
                heard.kind() == "Undo" && heard.document["object"]["id"] == boost.id()
            })
            .await;
    }
    yard.world.end().await;
}

/// The operator's word and an offered removal are the steward's to Lemmy.
#[tokio::test]
async fn the_operators_removal_is_the_stewards() {
    let yard = Yard::new().await;
    let post = yard.ann.post(&yard.group, "one").await;
    let object = Iri::object(&post.post).unwrap();
    let engine = &yard.world.house().engine;
    engine
        .remove_post("garden", &object, Some("Off topic"))
        .await
        .unwrap();
    let inner = yard.by_steward("Delete").await;
    assert_eq!(
        (&inner["object"], &inner["summary"]),
        (&json!(post.post), &json!("Off topic"))
    );
    yard.world.end().await;
}

/// Lemmy hears of a changed group and of its end from the steward.
#[tokio::test]
async fn the_groups_own_update_is_the_stewards() {
    let yard = Yard::new().await;
    let change = Change {
        title: Some("Another garden".to_owned()),
        ..Change::default()
    };
    let engine = &yard.world.house().engine;
    engine
        .change_group("garden", change, &Default::default())
        .await
        .unwrap();
    let inner = yard.by_steward("Update").await;
    assert_eq!(inner["object"]["id"], yard.group.id);
    assert_eq!(inner["object"]["name"], "Another garden");
    assert_eq!(inner["object"]["attributedTo"], yard.group.part("moderators"));
    for who in [&yard.mia, &yard.xia] {
        let heard = who
            .server()
            .hears("the Update", |heard| heard.kind() == "Update")
            .await;
        assert_eq!(heard.document["actor"], yard.group.id);
    }
    yard.does(
        &yard.olga,
        false,
        json!({ "type": "Delete", "object": yard.group.id }),
    )
    .await;
    let is_it =
        |heard: &Heard| heard.kind() == "Announce" && heard.document["object"]["object"] == yard.group.id;
    let heard = yard.ann.server().hears("the end", is_it).await;
    assert_eq!(heard.document["object"]["type"], "Delete");
    assert_eq!(heard.document["object"]["actor"], yard.group.steward());
    yard.world.end().await;
}

/// Whoever becomes a moderator, or ceases to be one, by whatever words: Lemmy must know, or it believes them nothing.
#[tokio::test]
async fn moderators_are_told_to_who_believes_only_them() {
    let yard = Yard::new().await;
    let moderators = yard.group.part("moderators");
    // In Lemmy's words, for everybody: as it came.
    let add = json!({ "type": "Add", "object": yard.ann.id(), "target": moderators });
    let said = yard.does(&yard.olga, true, add).await;
    let inner = yard.announced("Add", &yard.olga.id()).await;
    assert_eq!(inner, said);
    // In other words.
    let remove = json!({ "type": "Remove", "object": yard.ann.id(), "target": yard.group.part("admins") });
    yard.does(&yard.olga, true, remove).await;
    let inner = yard.by_steward("Remove").await;
    assert_eq!(
        (&inner["object"], &inner["target"]),
        (&json!(yard.ann.id()), &json!(moderators))
    );
    // By a yes to an invitation.
    let invite = json!({ "type": "Invite", "object": yard.group.part("admins"), "target": yard.xia.id() });
    let invite = yard.does(&yard.olga, false, invite).await;
    yard.does(
        &yard.xia,
        false,
        json!({ "type": "Accept", "object": invite["id"] }),
    )
    .await;
    let inner = yard.by_steward("Add").await;
    assert_eq!(
        (&inner["object"], &inner["target"]),
        (&json!(yard.xia.id()), &json!(moderators))
    );
    yard.world.end().await;
}

/// A ban is announced to Lemmy and told to nobody else; the banned one's own server hears a Reject, and the ban.
#[tokio::test]
async fn a_ban_is_told_in_the_words_of_each() {
    let yard = Yard::new().await;
    let bob = yard.world.server("piefed").actor("bob");
    let asked = bob.asks(&yard.group).await;
    bob.is_accepted(&asked).await;
    yard.listed("Add", &bob).await;
    let block = |more: Value| {
        let mut block = json!({ "type": "Block", "object": bob.id(), "target": yard.group.id });
        for (field, value) in more.as_object().unwrap() {
            block[field] = value.clone();
        }
        block
    };
    let said = yard
        .does(&yard.olga, true, block(json!({"summary": "spam"})))
        .await;
    assert_eq!(yard.announced("Block", &yard.olga.id()).await, said);
    bob.is_rejected(&asked).await;
    let is_it = |heard: &Heard| heard.document["object"] == said;
    bob.server().hears("the ban of its own", is_it).await;
    yard.listed("Remove", &bob).await;
    let undo = json!({ "type": "Undo", "object": said });
    let undone = yard.does(&yard.olga, true, undo).await;
    assert_eq!(yard.announced("Undo", &yard.olga.id()).await, undone);

    // For the group's eyes alone: the steward says it, and not why.
    let until = json!({"summary": "spam again", "endTime": "2027-01-01T00:00:00Z"});
    let said = yard.does(&yard.olga, false, block(until)).await;
    let inner = yard.by_steward("Block").await;
    assert_eq!(
        (&inner["object"], &inner["target"]),
        (&json!(bob.id()), &json!(yard.group.id))
    );
    assert_eq!(inner["endTime"], "2027-01-01T00:00:00Z");
    assert!(inner["summary"].is_null(), "{inner}");
    yard.does(&yard.olga, false, json!({ "type": "Undo", "object": said["id"] }))
        .await;
    let inner = yard.by_steward("Undo").await;
    assert_eq!(
        (&inner["object"]["type"], &inner["object"]["object"]),
        (&json!("Block"), &json!(bob.id()))
    );

    let engine = &yard.world.house().engine;
    engine
        .ban(
            "garden",
            &Whom::Actor(iri(&bob)),
            Some("the operator's".to_owned()),
            None,
        )
        .await
        .unwrap();
    engine.unban("garden", &Whom::Actor(iri(&bob))).await.unwrap();
    yard.world.settles().await;
    let blocks = |by: &str| {
        let heard = yard.ann.heard();
        heard
            .iter()
            .filter(|heard| {
                heard.document["object"]["type"] == "Block" && heard.document["object"]["actor"] == by
            })
            .count()
    };
    assert_eq!((blocks(&yard.olga.id()), blocks(&yard.group.steward())), (1, 2));
    for who in [&yard.mia, &yard.xia] {
        assert!(
            who.heard().iter().all(|heard| !heard.text.contains("Block")),
            "{}",
            who.id()
        );
    }
    yard.world.end().await;
}

/// Who came and went is told to the explainer and to walls where the list is shown, and to nobody else.
#[tokio::test]
async fn member_changes_are_told_where_the_list_is_shown() {
    let yard = Yard::new().await;
    let wally = yard
        .world
        .server("smithereen")
        .actor("wally")
        .follows(&yard.group)
        .await;
    let bob = yard.world.lemmy().actor("bob");
    let asked = bob.asks(&yard.group).await;
    bob.is_accepted(&asked).await;
    yard.listed("Add", &bob).await;
    // Once: who asks again is in already.
    bob.sends_to(&yard.group.inbox(), &asked.text).await.is(202);
    bob.leaves(&yard.group, &asked).await;
    yard.listed("Remove", &bob).await;
    for kind in ["Add", "Remove"] {
        let members = yard.group.part("members");
        let is_it = |heard: &Heard| {
            let is_listed = heard.document["target"] == members.as_str() && heard.object_id() == bob.id();
            heard.taken && heard.kind() == kind && is_listed
        };
        wally.server().hears("the same on a wall", is_it).await;
    }
    let engine = &yard.world.house().engine;
    engine
        .do_to("garden", &Act::Expel, &iri(&yard.mia), None)
        .await
        .unwrap();
    yard.listed("Remove", &yard.mia).await;
    let hidden = folkmoot::domain::PolicyChange {
        members_list: Some(ListPolicy::Admins),
        ..Default::default()
    };
    engine
        .change_group("garden", Change::default(), &hidden)
        .await
        .unwrap();
    let eve = yard.world.lemmy().actor("eve").follows(&yard.group).await;
    let ban = Act::Ban(Ban {
        until: None,
        reason: None,
    });
    engine.do_to("garden", &ban, &iri(&eve), None).await.unwrap();
    yard.world.settles().await;
    let lists = |heard: &&Heard| matches!(heard.kind(), "Add" | "Remove");
    let told: Vec<_> = yard
        .xia
        .heard()
        .iter()
        .filter(lists)
        .map(|heard| heard.object_id().to_owned())
        .collect();
    assert_eq!(told.iter().filter(|id| **id == bob.id()).count(), 2);
    assert!(!told.contains(&eve.id()), "{told:?}");
    for who in [&yard.ann, &yard.mia] {
        assert!(
            who.heard()
                .iter()
                .all(|heard| !matches!(heard.kind(), "Add" | "Remove"))
        );
    }
    yard.world.end().await;
}
