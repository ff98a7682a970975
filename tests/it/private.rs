//! What is said to the members only: a Create that names the group and not the public.
//!
//! One rule: it reaches members whose software can keep it among them, and is behind no door that a stranger may open.

use std::time::Duration;

use chrono::TimeDelta;
use folkmoot::domain::{Iri, JoinPolicy, Policies};
use serde_json::{Value, json};

use crate::support::peer::{Actor, Group, Said};
use crate::support::world::World;

const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";
const SECRET: &str = "for members only";

/// Says something to the group alone; a comment if it answers something.
async fn says_privately(who: &Actor, group: &Group, parent: Option<&Said>) -> Said {
    let create = create(who, group, parent, &json!([group.id]));
    let post = create["object"]["id"].as_str().unwrap().to_owned();
    let said = who.would_say(create, post, parent.is_some());
    who.sends_to(&group.inbox(), &said.text).await.is(202);
    said
}

fn create(who: &Actor, group: &Group, parent: Option<&Said>, to: &Value) -> Value {
    who.speaks(|me| {
        let mut note = json!({
            "id": (me.mint)("notes"), "type": "Note", "content": SECRET, "attributedTo": me.id, "to": to,
            "published": me.now,
        });
        if let Some(parent) = parent {
            note["inReplyTo"] = json!(parent.post);
        }
        json!({
            "id": (me.mint)("activities"), "type": "Create", "actor": me.id, "to": to, "audience": group.id,
            "object": note,
        })
    })
}

/// A group whose members are let in one by one, so that some only follow.
struct Circle {
    world: World,
    group: Group,
    xia: Actor,
    xen: Actor,
    /// Of the explainer's software, and no member.
    fay: Actor,
    tom: Actor,
    mia: Actor,
}

impl Circle {
    async fn new() -> Self {
        let world = World::start().await;
        let policies = Policies {
            join: JoinPolicy::Approval,
            ..Policies::default()
        };
        let group = world.group_with("garden", policies).await;
        let explainer = world.explainer();
        let circle = Self {
            xia: world.explainer().actor("xia"),
            xen: explainer.actor("xen"),
            fay: explainer.actor("fay"),
            tom: world.lemmy().actor("tom"),
            mia: world.mastodon().actor("mia"),
            world,
            group,
        };
        for member in [&circle.xia, &circle.xen, &circle.tom, &circle.mia] {
            let join = member.asks(&circle.group).await;
            let iri = Iri::object(&member.id()).unwrap();
            circle.world.house().engine.admit("garden", &iri).await.unwrap();
            member.is_accepted(&join).await;
        }
        let follow = circle.fay.speaks(|me| {
            json!({ "id": (me.mint)("follows"), "type": "Follow", "actor": me.id, "object": circle.group.id })
        });
        circle.fay.sends(&circle.group, &follow).await.is(202);
        circle
            .fay
            .server()
            .hears("an Accept", |heard| heard.object_id() == follow["id"])
            .await;
        circle.world.settles().await;
        circle
    }

    /// Nobody but members of the explainer's class ever saw the text.
    fn kept_it_among_them(&self) {
        for outsider in [&self.fay, &self.tom, &self.mia] {
            for heard in outsider.heard() {
                assert!(
                    !heard.text.contains(SECRET),
                    "{} heard {}",
                    outsider.id(),
                    heard.text
                );
            }
        }
    }

    /// A door answers *not found*, to programs and people.
    async fn is_not_found(&self, url: &str) {
        for accept in ["application/activity+json", "text/html"] {
            let answer = self.world.get(url, accept).await;
            assert_eq!(answer.status(), 404, "{url} as {accept}");
            assert!(!answer.text().await.unwrap().contains(SECRET), "{url}");
        }
    }

    /// An open door shows nothing of it.
    async fn shows_nothing(&self, url: &str) {
        for accept in ["application/activity+json", "text/html"] {
            let text = self.world.get(url, accept).await.text().await.unwrap();
            assert!(!text.contains(SECRET), "{url} as {accept}");
        }
    }
}

/// Members whose software sends to each by name get it; shared inboxes and mere followers do not.
#[tokio::test]
async fn only_members_of_the_right_class_hear_of_it() {
    let circle = Circle::new().await;
    let thread = says_privately(&circle.xia, &circle.group, None).await;
    let reply = says_privately(&circle.xen, &circle.group, Some(&thread)).await;
    let told = circle.xen.hears_of([&thread]).once().await.remove(0);
    circle.xia.hears_of([&thread, &reply]).once().await;
    assert_eq!(told.document["to"], json!([circle.group.part("members")]));
    let public = circle.xia.post(&circle.group, "for all").await;
    for everybody in [&circle.fay, &circle.tom, &circle.mia] {
        everybody.hears_of([&public]).once().await;
    }
    circle.world.settles().await;
    circle.kept_it_among_them();
    circle.world.end().await;
}

/// The doors behind which a thread is; in which shapes it was told.
fn doors(base: &str, post: &str, activity: &str, shapes: &[&str]) -> Vec<String> {
    let mut doors = vec![
        format!("{base}/post/{post}"),
        format!("{base}/post/{post}/replies"),
        format!("{base}/c/garden/threads/{post}"),
        format!("{base}/activities/{activity}"),
    ];
    doors.extend(
        shapes
            .iter()
            .map(|shape| format!("{base}/activities/{activity}/{shape}")),
    );
    doors
}

/// Outbox, threads, the post, its replies, the announcement in each shape, pages: none of them tells a stranger; of a
/// public thread, each of them does.
#[tokio::test]
async fn no_door_shows_it_to_strangers() {
    let circle = Circle::new().await;
    let (world, base) = (&circle.world, circle.world.base());
    let thread = says_privately(&circle.xia, &circle.group, None).await;
    says_privately(&circle.xen, &circle.group, Some(&thread)).await;
    world.settles().await;
    let post = world
        .text("select id::text from post where parent_id is null")
        .await;
    let activity = world
        .text("select activity_id::text from entry where thread_id is not null order by seq limit 1")
        .await;
    let shapes = ["explainer", "microblog", "threadiverse"];
    for door in doors(base, &post, &activity, &shapes) {
        circle.is_not_found(&door).await;
    }
    for path in [
        "/c/garden",
        "/c/garden/outbox",
        "/c/garden/outbox?page=1",
        "/c/garden/threads",
        "/",
    ] {
        circle.shows_nothing(&format!("{base}{path}")).await;
    }
    for collection in ["outbox", "threads", "contexts"] {
        let document = world.document(&circle.group.part(collection)).await;
        assert_eq!(document["totalItems"], 0, "{collection}");
    }
    circle.xia.post(&circle.group, "for all").await;
    world.settles().await;
    let post = world.text("select id::text from post where public").await;
    let activity = world
        .text("select activity_id::text from entry order by seq desc limit 1")
        .await;
    for door in doors(base, &post, &activity, &shapes) {
        let answer = world.get(&door, "application/activity+json").await;
        assert!([200, 302].contains(&answer.status().as_u16()), "{door}");
    }
    circle.world.end().await;
}

/// Edits, votes and deletions of it are as private as the post, whatever they name themselves.
#[tokio::test]
async fn what_happens_to_it_stays_among_them() {
    let circle = Circle::new().await;
    let thread = says_privately(&circle.xia, &circle.group, None).await;
    // People of the explainer address all that they do to the public.
    let edit = circle.xia.edits(&circle.group, &thread, SECRET).await;
    let like = circle.xen.likes(&circle.group, &thread).await;
    let gone = circle.xia.deletes(&circle.group, &thread).await;
    circle
        .xen
        .hears_of([&thread, &edit, &like, &gone])
        .once()
        .in_order()
        .await;
    circle.world.settles().await;
    circle.kept_it_among_them();
    for outsider in [&circle.fay, &circle.tom, &circle.mia] {
        outsider.hears_of([&edit, &like, &gone]).nothing();
    }
    let post = circle.world.text("select id::text from post").await;
    circle
        .is_not_found(&format!("{}/post/{post}", circle.world.base()))
        .await;
    circle.world.end().await;
}

/// An Update that names Public, of a post that does not: told to whoever was told of the post, and nobody else. Its object may have
/// no addressing at all, or be given by its id.
#[tokio::test]
async fn an_update_for_everybody_does_not_make_it_so() {
    let circle = Circle::new().await;
    let (world, group, xia) = (&circle.world, &circle.group, &circle.xia);
    let thread = says_privately(xia, group, None).await;
    let reply = says_privately(&circle.xen, group, Some(&thread)).await;
    let mut updates = vec![];
    for (who, post, by_id) in [
        (xia, &thread, false),
        (&circle.xen, &reply, false),
        (xia, &thread, true),
    ] {
        let mut object = post.document["object"].clone();
        object["content"] = json!(format!("{SECRET}, changed"));
        object.as_object_mut().unwrap().remove("to");
        who.server().publishes(&object);
        let update = who.speaks(|me| {
            json!({ "id": (me.mint)("activities"), "type": "Update", "actor": me.id, "to": [PUBLIC], "cc": [group.id, group.part("followers")],
                "audience": group.id, "object": if by_id { object["id"].clone() } else { object.clone() } })
        });
        let said = who.would_say(update, post.post.clone(), post.is_comment);
        who.sends_to(&group.inbox(), &said.text).await.is(202);
        world.settles().await;
        updates.push(said);
    }
    circle.xen.hears_of(&updates[..1]).once().await;
    xia.hears_of(&updates[1..2]).once().await;
    circle.kept_it_among_them();
    for outsider in [&circle.fay, &circle.tom, &circle.mia] {
        outsider.hears_of(&updates).nothing();
    }
    assert_eq!(world.count("select count(*) from post where public").await, 0);
    let base = world.base();
    let post = world
        .text("select id::text from post where parent_id is null")
        .await;
    let edit = "select e.activity_id::text from entry e join activity a on a.id = e.activity_id where a.kind = 'edited' order by e.seq limit 1";
    let edit = world.text(edit).await;
    for shape in ["", "/explainer", "/microblog", "/threadiverse"] {
        circle
            .is_not_found(&format!("{base}/activities/{edit}{shape}"))
            .await;
    }
    for path in ["", "/history", "/history?page=1"] {
        circle
            .is_not_found(&format!("{base}/c/garden/threads/{post}{path}"))
            .await;
    }
    for collection in ["outbox", "outbox?page=1", "threads", "replies"] {
        circle.shows_nothing(&group.part(collection)).await;
    }
    circle.world.end().await;
}

/// A public answer would tell of a private thread, and whoever only follows says nothing to members.
#[tokio::test]
async fn it_is_refused_where_it_cannot_be_kept() {
    let circle = Circle::new().await;
    let thread = says_privately(&circle.xia, &circle.group, None).await;
    let public = json!([circle.group.id, "https://www.w3.org/ns/activitystreams#Public"]);
    let wide = create(&circle.xen, &circle.group, Some(&thread), &public);
    circle.xen.sends(&circle.group, &wide).await.problem(403);
    let outside = create(&circle.fay, &circle.group, None, &json!([circle.group.id]));
    circle.fay.sends(&circle.group, &outside).await.problem(403);
    circle.world.settles().await;
    circle.kept_it_among_them();
    circle.world.end().await;
}

/// Whoever leaves before it was sent does not get it any more.
#[tokio::test]
async fn a_member_who_left_does_not_hear_of_it_later() {
    let circle = Circle::new().await;
    circle.xen.server().goes_away();
    let thread = says_privately(&circle.xia, &circle.group, None).await;
    circle
        .world
        .until("select count(*) from destination where failures > 0", 1)
        .await;
    let leave = circle.xen.speaks(
        |me| json!({ "id": (me.mint)("leaves"), "type": "Leave", "actor": me.id, "object": circle.group.id }),
    );
    circle.xen.sends(&circle.group, &leave).await.is(202);
    // Their server is tried at once when it speaks, and what the tables said then holds for a second (`delivery/knock.rs`).
    tokio::time::sleep(Duration::from_secs(1)).await;
    circle.xen.server().comes_back();
    circle.world.advance(TimeDelta::minutes(2));
    circle.world.settles().await;
    circle.xen.hears_of([&thread]).nothing();
    circle.world.end().await;
}
