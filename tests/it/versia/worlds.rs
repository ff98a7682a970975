//! One group with members of both protocols: what one of them posts, edits and deletes reaches the other, and leads back.
//!
//! One rule: everything goes over the wire, and every id that one world hears is fetched by it.

use folkmoot::domain::{Policies, PolicyChange, Visibility};
use folkmoot::store::group::Change;
use serde_json::{Value, json};

use super::change;
use crate::support::peer::Actor;
use crate::support::versia::{Domain, OURS, world_of};
use crate::support::world::World;

const FEDERATE: &str = "pub.versia:groups/Federate";

/// References of the notes that a domain was told of, in order, each as often as it was.
fn federated(domain: &Domain) -> Vec<String> {
    let heard = domain.heard();
    let told = heard.iter().filter(|said| said["type"] == FEDERATE);
    told.map(|said| said["note"].as_str().unwrap().to_owned())
        .collect()
}

async fn hears_of(domain: &Domain, note: &str) -> Value {
    domain
        .hears(note, |said| said["type"] == FEDERATE && said["note"] == note)
        .await
}

/// The note that was told last, as it is served.
async fn fetched(domain: &Domain, reference: &str) -> Value {
    let id = reference.strip_prefix(&format!("{OURS}:")).expect("ours");
    let answer = domain.gets(&format!("/.versia/v0.6/entities/Note/{id}")).await;
    serde_json::from_str(&answer.is(200).body).unwrap()
}

/// The Announce of an activity of this type about this object.
async fn announced(who: &Actor, kind: &str, object: &str) -> Value {
    let is_it = |document: &Value| {
        let inner = &document["object"];
        document["type"] == "Announce"
            && inner["type"] == kind
            && (inner["object"]["id"] == object || inner["object"] == object)
    };
    let what = format!("{kind} of {object}");
    who.server()
        .hears(&what, |heard| heard.taken && is_it(&heard.document))
        .await
        .document
}

fn mirror(world: &World, note: &str) -> String {
    format!("{}/bridge/versia/b.test/notes/{note}", world.base())
}

#[tokio::test]
async fn what_a_domain_posts_is_posted_everywhere() {
    let b = Domain::start("b.test").await;
    let world = world_of(&[&b], &[]).await;
    let group = world.group("garden").await;
    let lea = world.lemmy().actor("lea").follows(&group).await;
    let mia = world.mastodon().actor("mia").follows(&group).await;
    let u1 = b.user("u1", "alice");
    b.joins(&u1, "garden").await;
    let mut note = b.note("n1", &u1, "garden", "Leeks");
    note["subject"] = json!("On leeks");
    b.publishes(&note).await.is(202);
    let iri = mirror(&world, "n1");

    let announce = announced(&lea, "Create", &iri).await;
    let create = &announce["object"];
    assert_eq!(create["object"]["content"], "<p>Leeks</p>");
    assert_eq!(create["object"]["name"], "On leeks");
    assert_eq!(
        create["object"]["url"],
        "https://b.test/.versia/v0.6/entities/Note/n1"
    );
    let person = world.document(create["actor"].as_str().unwrap()).await;
    assert_eq!(
        (&person["type"], &person["name"]),
        (&json!("Person"), &json!("alice of b.test"))
    );
    let post = world.document(&iri).await;
    assert_eq!(post["attributedTo"], person["id"]);
    assert_eq!(post["content"], "<p>Leeks</p>");
    assert_eq!(world.document(create["id"].as_str().unwrap()).await["id"], iri);
    mia.server()
        .hears("a boost", |heard| {
            heard.kind() == "Announce" && heard.object_id() == iri
        })
        .await;
    hears_of(&b, "b.test:n1").await;
    world.settles().await;
    assert_eq!(federated(&b), ["b.test:n1"]);

    note["content"] = json!({"text/html": {"content": "<p>No leeks</p>", "remote": false}});
    b.publishes(&note).await.is(202);
    let update = announced(&lea, "Update", &iri).await;
    assert_eq!(update["object"]["object"]["content"], "<p>No leeks</p>");
    assert!(update["object"]["object"]["updated"].is_string());
    assert_eq!(world.document(&iri).await["content"], "<p>No leeks</p>");
    world.settles().await;
    assert_eq!(
        federated(&b),
        ["b.test:n1", "b.test:n1"],
        "again, with the same reference"
    );
    b.publishes(&note).await.is(202);
    world.settles().await;
    assert_eq!(federated(&b).len(), 2, "and not if nothing has changed");

    let delete = json!({"type": "Delete", "created_at": "2026-05-01T10:00:09Z", "author": u1, "deleted_type": "Note", "deleted": "b.test:n1"});
    b.sends(&delete).await.is(202);
    announced(&lea, "Delete", &iri).await;
    mia.server()
        .hears("its end", |heard| heard.kind() == "Undo")
        .await;
    let gone = world.get(&iri, "application/activity+json").await;
    assert!(matches!(gone.status().as_u16(), 404 | 410));
    world.settles().await;
    assert!(
        b.heard().iter().all(|said| said["type"] != "Delete"),
        "it is b.test's to tell"
    );
    b.is_content();
    world.end().await;
}

#[tokio::test]
async fn what_the_fediverse_posts_is_a_note_here() {
    let (b, c) = (Domain::start("b.test").await, Domain::start("c.test").await);
    let world = world_of(&[&b, &c], &[]).await;
    let group = world.group("garden").await;
    let lea = world.lemmy().actor("lea").follows(&group).await;
    b.joins(&b.user("u1", "alice"), "garden").await;
    b.joins(&b.user("u2", "anna"), "garden").await;
    c.joins(&c.user("u3", "bob"), "garden").await;
    let post = lea.post(&group, "Beans").await;
    let heard = b.hears("Federate", |said| said["type"] == FEDERATE).await;
    let reference = heard["note"].as_str().unwrap().to_owned();
    assert!(reference.starts_with(&format!("{OURS}:")), "{reference}");
    assert_eq!(heard["group"], format!("{OURS}:group-garden"));
    hears_of(&c, &reference).await;
    for domain in [&b, &c] {
        let note = fetched(domain, &reference).await;
        assert_eq!(note["group"], heard["group"]);
        assert_eq!(
            note["extensions"]["org.folkmoot:bridge"]["id"],
            post.post.as_str()
        );
    }
    lea.edits(&group, &post, "More beans").await;
    world.settles().await;
    for domain in [&b, &c] {
        assert_eq!(
            federated(domain),
            [reference.clone(), reference.clone()],
            "one for each domain"
        );
    }
    assert!(fetched(&b, &reference).await.to_string().contains("More beans"));

    // A thread through both.
    let mut answer = b.note("n1", "b.test:u1", "garden", "Yes!");
    answer["replies_to"] = json!(reference);
    b.publishes(&answer).await.is(202);
    let told = announced(&lea, "Create", &mirror(&world, "n1")).await;
    assert_eq!(told["object"]["object"]["inReplyTo"], post.post.as_str());

    lea.deletes(&group, &post).await;
    for domain in [&b, &c] {
        let delete = domain.hears("Delete", |said| said["type"] == "Delete").await;
        assert_eq!(
            (&delete["deleted"], &delete["deleted_type"]),
            (&json!(reference), &json!("Note"))
        );
        assert_eq!(delete["author"], format!("{OURS}:garden"));
        domain.is_content();
    }
    world.end().await;
}

/// An answer from the fediverse to a note of Versia names the note by its own reference.
#[tokio::test]
async fn an_answer_names_the_note_where_it_is() {
    let b = Domain::start("b.test").await;
    let world = world_of(&[&b], &[]).await;
    let group = world.group("garden").await;
    let lea = world.lemmy().actor("lea").follows(&group).await;
    let u1 = b.user("u1", "alice");
    b.joins(&u1, "garden").await;
    b.publishes(&b.note("n1", &u1, "garden", "Leeks")).await.is(202);
    let announce = announced(&lea, "Create", &mirror(&world, "n1")).await;
    let post = lea.would_say(announce["object"].clone(), mirror(&world, "n1"), false);
    lea.replies(&group, &post, "Where?").await;
    world.settles().await;
    let told = federated(&b);
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(fetched(&b, &told[1]).await["replies_to"], "b.test:n1");
    b.is_content();
    world.end().await;
}

/// Two versions of one note that come at once: both are heard, the one as an edit of the other.
#[tokio::test]
async fn no_edit_is_lost_to_its_own_note() {
    let b = Domain::start("b.test").await;
    let world = world_of(&[&b], &[]).await;
    let group = world.group("garden").await;
    let lea = world.lemmy().actor("lea").follows(&group).await;
    let u1 = b.user("u1", "alice");
    b.joins(&u1, "garden").await;
    for number in 0..5 {
        let id = format!("n{number}");
        let (first, second) = (
            b.note(&id, &u1, "garden", "first"),
            b.note(&id, &u1, "garden", "second"),
        );
        let (one, two) = tokio::join!(b.sends(&first), b.sends(&second));
        one.is(202);
        two.is(202);
        world.settles().await;
        let iri = mirror(&world, &id);
        let heard = lea.heard();
        let told = heard
            .iter()
            .filter(|heard| heard.document["object"]["object"]["id"] == iri);
        let told: Vec<_> = told
            .map(|heard| heard.document["object"]["type"].clone())
            .collect();
        assert_eq!(told, ["Create", "Update"], "{id}");
        let last = lea.heard().pop().unwrap().document["object"]["object"]["content"].clone();
        assert_eq!(world.document(&iri).await["content"], last);
    }
    world.end().await;
}

#[tokio::test]
async fn without_the_bridge_each_world_keeps_to_itself() {
    let b = Domain::start("b.test").await;
    let world = world_of(&[&b], &[]).await;
    let shut = world.group("garden").await;
    let private = Policies {
        visibility: Visibility::Private,
        ..Policies::default()
    };
    let private = world.group_with("shed", private).await;
    let off = Change {
        bridge: Some(false),
        ..Change::default()
    };
    change(&world, off, PolicyChange::default()).await;
    let u1 = b.user("u1", "alice");
    for (group, name) in [(&shut, "garden"), (&private, "shed")] {
        let xia = world.explainer().actor("xia").follows(group).await;
        let lio = world.explainer().actor("lio").follows(group).await;
        b.joins(&u1, name).await;
        let known = federated(&b).len();
        let id = format!("n-{name}");
        b.publishes(&b.note(&id, &u1, name, "Leeks")).await.is(202);
        let post = if name == "garden" {
            xia.post(group, "Beans").await
        } else {
            let create = xia.speaks(|me| {
                let to = json!([group.id]);
                json!({"id": (me.mint)("activities"), "type": "Create", "actor": me.id, "to": to, "audience": group.id,
                    "object": {"id": (me.mint)("notes"), "type": "Note", "content": "Beans", "attributedTo": me.id, "to": to}})
            });
            let post = create["object"]["id"].as_str().unwrap().to_owned();
            let said = xia.would_say(create, post, false);
            xia.sends_to(&group.inbox(), &said.text).await.is(202);
            said
        };
        lio.hears_of([&post]).once().await;
        hears_of(&b, &format!("b.test:{id}")).await;
        world.settles().await;
        assert_eq!(
            federated(&b).len(),
            known + 1,
            "{name}: its own note, and nothing else"
        );
        let iri = mirror(&world, &id);
        assert!(
            lio.heard().iter().all(|heard| !heard.text.contains(&iri)),
            "{name}"
        );
        let seen = world.get(&iri, "application/activity+json").await;
        assert_eq!(seen.status(), 404, "{name}");
    }
    b.is_content();
    world.end().await;
}
