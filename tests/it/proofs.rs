//! Proofs that documents carry (FEP-8b32): what the group says has one, and what others have proven is believed whoever brings it.
//!
//! One rule: a proof stands for its actor's word and nothing else: it opens no door that their own request would not.

use chrono::TimeDelta;
use folkmoot::signature::{PrivateKey, PublicKey, proof_of, prove};
use serde_json::{Value, json};

use crate::support::peer::{Actor, Group, Said};
use crate::support::world::World;

/// Somebody's second key, which their document lists.
struct Prover {
    who: Actor,
    key: PrivateKey,
}

impl Prover {
    fn new(who: Actor) -> Self {
        let key = PrivateKey::generate_ed25519().unwrap();
        let id = who.id();
        who.publishes(|document| {
            document["assertionMethod"] = json!([{
                "id": format!("{id}#ed25519-key"), "type": "Multikey", "controller": id,
                "publicKeyMultibase": key.public().to_multibase().unwrap(),
            }]);
        });
        Self { who, key }
    }

    async fn follows(self, group: &Group) -> Self {
        let Self { who, key } = self;
        let who = who.follows(group).await;
        Self { who, key }
    }

    fn proves(&self, document: &mut Value) {
        let method = format!("{}#ed25519-key", self.who.id());
        let now = self.who.server().ground().clock().now();
        document["proof"] = prove(&self.key, &method, document, now).unwrap();
    }

    /// A new thread, said and proven, and sent to nobody.
    fn says(&self, group: &Group, text: &str) -> Said {
        let manners = self.who.server().software().manners;
        let mut create = self.who.speaks(|me| manners.post(me, group, text));
        self.proves(&mut create);
        self.who.server().publishes(&create["object"]);
        let post = create["object"]["id"].as_str().unwrap().to_owned();
        self.who.would_say(create, post, false)
    }
}

async fn total(world: &World, group: &Group) -> u64 {
    world.document(&group.part("outbox")).await["totalItems"]
        .as_u64()
        .unwrap()
}

/// Whatever the shape, and letters too: whoever has the group's document can check it without asking for anything else.
#[tokio::test]
async fn what_the_group_says_carries_its_proof() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = world.lemmy().actor("ann").follows(&group).await;
    let mia = world.mastodon().actor("mia").follows(&group).await;
    let post = ann.post(&group, "one").await;
    mia.hears_of([&post]).once().await;
    let bob = world.lemmy().actor("bob").follows(&group).await;
    let reply = bob.replies(&group, &post, "two").await;
    ann.hears_of([&reply]).once().await;
    world.settles().await;
    let face = world.document(&group.id).await;
    let listed = &face["assertionMethod"][0];
    let key = PublicKey::from_multibase(listed["publicKeyMultibase"].as_str().unwrap()).unwrap();
    let now = ann.server().ground().clock().now();
    let heard: Vec<_> = [ann.heard(), mia.heard(), bob.heard()].concat();
    let kinds: Vec<_> = heard.iter().map(|heard| heard.kind().to_owned()).collect();
    assert!(
        kinds.contains(&"Accept".to_owned()) && kinds.contains(&"Announce".to_owned()),
        "{kinds:?}"
    );
    for heard in heard {
        let document = serde_json::from_str(&heard.text).unwrap();
        let claim = proof_of(&document, now).unwrap().expect(&heard.text);
        assert_eq!(listed["id"], claim.key_id());
        assert_eq!(claim.verify(&key), Ok(()), "{}", heard.text);
    }
    world.end().await;
}

/// Brought by somebody else's server, word for word; brought again, and by its author, it is the same one.
#[tokio::test]
async fn what_its_author_has_proven_may_be_brought_by_anybody() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = Prover::new(world.mastodon().actor("ann")).follows(&group).await;
    let tom = world.lemmy().actor("tom").follows(&group).await;
    let bearer = world.lemmy().actor("bearer");
    let said = ann.says(&group, "one");
    bearer.sends_to(&group.inbox(), &said.text).await.is(202);
    tom.hears_of([&said]).once().await;
    bearer.sends_to(&group.inbox(), &said.text).await.is(202);
    ann.who.sends_to(&group.inbox(), &said.text).await.is(202);
    world.settles().await;
    assert_eq!(total(&world, &group).await, 1);
    world.end().await;
}

/// Also by somebody on the author's own server whose name only begins like theirs.
#[tokio::test]
async fn a_bearer_may_be_called_nearly_the_same() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = Prover::new(world.mastodon().actor("ann")).follows(&group).await;
    let tom = world.lemmy().actor("tom").follows(&group).await;
    let annabel = ann.who.server().actor("annabel");
    assert!(annabel.key_id().starts_with(&ann.who.id()));
    let said = ann.says(&group, "one");
    annabel.sends_to(&group.inbox(), &said.text).await.is(202);
    tom.hears_of([&said]).once().await;
    world.settles().await;
    world.end().await;
}

/// Their key is read at their own server, if we have not met them.
#[tokio::test]
async fn a_stranger_is_believed_by_the_key_that_they_list() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = Prover::new(world.mastodon().actor("ann"));
    let mut join = ann
        .who
        .speaks(|me| ann.who.server().software().manners.join(me, &group));
    ann.proves(&mut join);
    let said = ann.who.would_say(join, String::new(), false);
    world
        .lemmy()
        .actor("bearer")
        .sends_to(&group.inbox(), &said.text)
        .await
        .is(202);
    ann.who.is_accepted(&said).await;
    // Brought again and again it is answered no more: it is not she who asks.
    for _ in 0..3 {
        let bearer = world.lemmy().actor("bearer");
        bearer.sends_to(&group.inbox(), &said.text).await.is(202);
    }
    world.settles().await;
    let accepts = ann
        .who
        .heard()
        .iter()
        .filter(|heard| heard.kind() == "Accept")
        .count();
    assert_eq!(accepts, 1);
    world.end().await;
}

/// Changed, of another's key, too old, of no kind that we know: it is as if there were none (KEY01).
#[tokio::test]
async fn a_proof_that_does_not_hold_is_none() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = Prover::new(world.mastodon().actor("ann")).follows(&group).await;
    let mallory = Prover::new(world.lemmy().actor("mallory"));
    let good = ann.says(&group, "one").document;
    let spoilt = |spoil: &dyn Fn(&mut Value)| {
        let mut document = good.clone();
        spoil(&mut document);
        document
    };
    let by_mallory = spoilt(&|document| {
        document.as_object_mut().unwrap().remove("proof");
        mallory.proves(document);
    });
    let in_her_name = spoilt(&|document| {
        document.as_object_mut().unwrap().remove("proof");
        mallory.proves(document);
        document["proof"]["verificationMethod"] = json!(format!("{}#ed25519-key", ann.who.id()));
    });
    let changed = spoilt(&|document| document["object"]["content"] = json!("never said"));
    let unknown = spoilt(&|document| document["proof"]["cryptosuite"] = json!("eddsa-rdfc-2022"));
    let nonsense = spoilt(&|document| document["proof"] = json!("yes"));
    for document in [by_mallory, in_her_name, changed, unknown, nonsense] {
        let answer = mallory.who.sends(&group, &document).await;
        assert!(
            matches!(answer.status, 401 | 403),
            "{} {}",
            answer.status,
            answer.body
        );
    }
    let none = spoilt(&|document| document["proof"] = Value::Null);
    mallory.who.sends(&group, &none).await.is(403);
    world.advance(TimeDelta::days(15));
    mallory.who.sends(&group, &good).await.is(401);
    world.settles().await;
    assert_eq!(total(&world, &group).await, 0);
    world.end().await;
}

/// Mallory brings what Ann wrote to her friends to the group's own inbox: it names no group, so it is for none.
#[tokio::test]
async fn what_is_brought_goes_only_where_its_author_addressed_it() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = Prover::new(world.mastodon().actor("ann")).follows(&group).await;
    let elsewhere = Group {
        id: format!("{}/c/cats", world.lemmy().base()),
    };
    let said = ann.says(&elsewhere, "for cats");
    let answer = world
        .lemmy()
        .actor("mallory")
        .sends_to(&group.inbox(), &said.text)
        .await;
    assert!(matches!(answer.status, 202 | 403), "{}", answer.body);
    world.settles().await;
    assert_eq!(total(&world, &group).await, 0);
    world.end().await;
}

/// A proof does not cover a Linked Data Signature beside it, so whoever brings the document can invent one. Walls would refuse it
/// from us: the group takes the post off itself. So it does where a `signature` is none at all.
#[tokio::test]
async fn an_invented_signature_changes_nothing() {
    let world = World::start().await;
    let group = world.group("garden").await;
    let ann = Prover::new(world.server("smithereen").actor("ann"))
        .follows(&group)
        .await;
    let ivy = world.server("smithereen").actor("ivy").follows(&group).await;
    let bearer = world.lemmy().actor("bearer");
    let posts = ann.who.posts(&group, ["one", "two", "three"]).await;
    ivy.hears_of(&posts).once().await;
    let manners = ann.who.server().software().manners;
    let invented = json!({"type": "RsaSignature2017", "creator": ann.who.key_id(), "created": "2026-06-01T12:00:00Z", "signatureValue": "eA=="});
    let anothers = json!({"type": "RsaSignature2017", "creator": bearer.key_id(), "created": "2026-06-01T12:00:00Z", "signatureValue": "eA=="});
    for (post, signature) in posts.iter().zip([invented, anothers, json!({"x": 1})]) {
        let mut delete = ann.who.speaks(|me| manners.delete(me, &group, post));
        delete.as_object_mut().unwrap().remove("signature");
        if post.post == posts[0].post {
            ann.proves(&mut delete);
        }
        delete["signature"] = signature;
        let by = if delete["proof"].is_null() {
            &ann.who
        } else {
            &bearer
        };
        by.sends_to(&group.inbox(), &delete.to_string()).await.is(202);
        let heard = ivy
            .server()
            .hears("the group's Delete", |heard| {
                heard.kind() == "Delete" && heard.text.contains(&post.post)
            })
            .await;
        assert_eq!(heard.document["actor"], group.id);
    }
    world.end().await;
}
