//! The peers that all other tests trust: they really verify, and refuse what the real programs refuse.

use folkmoot::clock::Clock;
use serde_json::{Value, json};

use crate::support::peer::{Actor, Ground, Group, Mood, Server};

pub const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";

/// A group on a peer's server, and somebody to whom it speaks.
pub fn group_and(software: &str) -> (Actor, Actor) {
    let ground = Ground::new(Clock::system());
    let group = Server::start("lemmy", &ground).settle("garden", "Group");
    (group, Server::start(software, &ground).actor("bob"))
}

pub fn announce(group: &Actor, object: Value) -> Value {
    group.speaks(|me| {
        json!({
            "id": (me.mint)("announce"), "type": "Announce", "actor": me.id, "published": me.now,
            "to": [PUBLIC], "cc": [me.followers, format!("{}/members", me.id)], "object": object,
        })
    })
}

pub fn create(group: &Actor) -> Value {
    let ann = group.server().actor("ann");
    let target = Group { id: group.id() };
    let create = ann.speaks(|me| group.server().software().manners.post(me, &target, "one"));
    group.server().publishes(&create["object"]);
    create
}

pub async fn answer(group: &Actor, bob: &Actor, document: &Value) -> u16 {
    let inbox = bob.document()["inbox"].as_str().unwrap().to_owned();
    group.sends_to(&inbox, &document.to_string()).await.status
}

/// Each family takes its own shape of an announcement without a word, and complains of the other.
#[tokio::test]
async fn each_family_takes_its_own_shape() {
    for (software, wrapped, boosted) in [
        ("lemmy", (202, true), (400, false)),
        ("mastodon", (202, false), (202, true)),
        ("onepage.pub", (202, true), (400, false)),
    ] {
        let (group, bob) = group_and(software);
        let create = create(&group);
        let post = create["object"]["id"].clone();
        for (object, (status, fine)) in [(create, wrapped), (post, boosted)] {
            let before = bob.server().complaints().len();
            assert_eq!(
                answer(&group, &bob, &announce(&group, object)).await,
                status,
                "{software}"
            );
            assert_eq!(bob.server().complaints().len() == before, fine, "{software}");
        }
    }
}

/// Lemmy 0.19 needs `cc`, even empty, and Public.
#[tokio::test]
async fn a_threadiverse_server_wants_cc_and_public() {
    let (group, bob) = group_and("lemmy");
    let right = announce(&group, create(&group));
    for (field, value) in [
        ("cc", Value::Null),
        ("to", json!([])),
        ("to", json!("as:Public")),
        ("object", json!("x")),
    ] {
        let mut wrong = right.clone();
        wrong[field] = value;
        assert_eq!(answer(&group, &bob, &wrong).await, 400, "{wrong}");
    }
    assert_eq!(answer(&group, &bob, &right).await, 202);
    assert_eq!(answer(&group, &bob, &right).await, 400, "a repeat is an error");
}

/// A signature by somebody else than the actor is worth nothing.
#[tokio::test]
async fn a_peer_believes_signatures_only() {
    let (group, bob) = group_and("mastodon");
    let mallory = bob.server().actor("mallory");
    let forged = announce(&group, create(&group)["object"]["id"].clone());
    assert_eq!(answer(&mallory, &bob, &forged).await, 401);
    group.rotates_key();
    assert_eq!(
        answer(&group, &bob, &forged).await,
        202,
        "the key was never asked for before"
    );
    group.rotates_key();
    let again = announce(&group, forged["object"].clone());
    assert_eq!(
        answer(&group, &bob, &again).await,
        401,
        "the old key is remembered"
    );
}

/// A mood is about the wire: what was refused was not taken, what was taken may go unanswered.
#[tokio::test]
async fn a_peer_has_moods() {
    let (group, bob) = group_and("lemmy");
    let document = announce(&group, create(&group));
    bob.server().is_next([Mood::Says(503), Mood::Later(429, "120")]);
    assert_eq!(answer(&group, &bob, &document).await, 503);
    assert_eq!(answer(&group, &bob, &document).await, 429);
    assert!(bob.heard().iter().all(|heard| !heard.taken));
    assert_eq!(answer(&group, &bob, &document).await, 202);
    bob.server().goes_away();
    let client = bob.server().ground().client();
    assert!(client.get(bob.id()).send().await.is_err());
    bob.server().comes_back();
    assert_eq!(client.get(bob.id()).send().await.unwrap().status(), 200);
}
