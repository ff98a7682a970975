//! What servers that sign with their domain see of a group, and of those in it who have another protocol.
//!
//! One rule: what 0.6 has no field for is below `extensions`, and every field that it has is there.

use chrono::TimeDelta;
use folkmoot::domain::{Iri, JoinPolicy, ListPolicy, Policies, PolicyChange, Visibility};
use folkmoot::store::group::Change;
use serde_json::{Value, json};

use super::{asks, change, found, garden_with, sees};
use crate::support::peer::{Actor, Group};
use crate::support::versia::{Domain, OURS};
use crate::support::world::World;

fn keys(document: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = document.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

/// The id in a reference to us.
fn local(reference: &Value) -> &str {
    let reference = reference.as_str().unwrap();
    reference.strip_prefix("g.test:").unwrap()
}

const MEMBERS: &str = "pub.versia%3Agroups%2FGroup/group-garden/collections/members";
const NOTES: &str = "pub.versia%3Agroups%2FGroup/group-garden/collections/notes";

/// Both faces are there, whole, at every spelling of their type; without a signature nothing is.
#[tokio::test]
async fn a_group_is_an_entity_and_a_user() {
    let (world, b, group) = garden_with(|_| {}).await;
    let entity = sees(&b, "pub.versia%3Agroups%2FGroup/group-garden").await;
    assert_eq!(
        keys(&entity),
        [
            "created_at",
            "description",
            "extensions",
            "id",
            "name",
            "open",
            "type"
        ]
    );
    assert_eq!(entity["type"], "pub.versia:groups/Group");
    assert_eq!(
        entity["name"]["text/plain"],
        json!({"content": "The garden", "remote": false})
    );
    assert_eq!(entity["open"], true);
    for path in [
        "pub.versia:groups/Group/group-garden",
        "pub.versia%3agroups%2fgroup/group-garden",
        "pub.versia%253Agroups%252FGroup/group-garden",
        "Group/group-garden",
    ] {
        assert_eq!(sees(&b, path).await, entity, "{path}");
    }
    let user = sees(&b, "User/garden").await;
    assert_eq!(
        keys(&user),
        [
            "avatar",
            "bio",
            "created_at",
            "display_name",
            "extensions",
            "fields",
            "header",
            "id",
            "indexable",
            "manually_approves_followers",
            "type",
            "username"
        ]
    );
    assert_eq!(sees(&b, "pub.versia:users/User/garden").await, user);
    for path in [
        "User/group-garden",
        "Group/garden",
        "User/rose",
        "Note/garden",
        "Users/garden",
    ] {
        assert_eq!(asks(&b, path).await.0, 404, "{path}");
    }

    let url = |path: &str| format!("{}/.versia/v0.6/entities/{path}", world.base());
    for path in ["User/garden", "User/nobody", MEMBERS] {
        let answer = world.get(&url(path), "*/*").await;
        assert_eq!(answer.status(), 401, "{path}");
    }
    for path in ["User/garden", "pub.versia%3Agroups%2FGroup/group-garden"] {
        let answer = world.get(&url(path), "text/html,*/*;q=0.8").await;
        assert_eq!(answer.status(), 302, "{path}");
        assert_eq!(answer.headers()["location"], group.id.as_str());
    }
    world.end().await;
}

/// Whoever is in a group is listed by reference, under the policy of the group; pages are clamped.
#[tokio::test]
async fn members_are_listed_as_the_group_says() {
    let (world, b, group) = garden_with(|_| {}).await;
    let server = world.mastodon();
    for number in 0..42 {
        server.actor(&format!("m{number}")).follows(&group).await;
        world.advance(TimeDelta::seconds(1));
    }
    let whole = sees(&b, &format!("{MEMBERS}?limit=41")).await;
    assert_eq!(keys(&whole), ["author", "items", "total"]);
    assert_eq!((&whole["author"], &whole["total"]), (&Value::Null, &json!(42)));
    let items = whole["items"].as_array().unwrap();
    assert_eq!(items.len(), 40);
    let rest = sees(&b, &format!("{MEMBERS}?offset=40")).await;
    assert_eq!(rest["items"].as_array().unwrap().len(), 2);
    let one = sees(&b, &format!("{MEMBERS}?limit=0")).await;
    assert_eq!(one["items"], json!([items[0]]));
    assert_eq!(
        sees(&b, &format!("{MEMBERS}?limit=40")).await,
        whole,
        "called the same again"
    );

    let newest = sees(&b, &format!("User/{}", local(&items[0]))).await;
    let port = server.authority().replace(['.', ':'], "_");
    assert_eq!(newest["username"], format!("m41_{port}"));
    let handle = format!("@m41@{}", server.authority());
    assert_eq!(
        newest["bio"]["text/plain"]["content"],
        format!("mirrored from {handle}")
    );
    let bridge = &newest["extensions"]["org.folkmoot:bridge"];
    assert_eq!(bridge["handle"], handle);
    assert_eq!(newest["manually_approves_followers"], true);

    let policies = PolicyChange {
        members_list: Some(ListPolicy::Admins),
        ..PolicyChange::default()
    };
    change(&world, Change::default(), policies).await;
    let counted = sees(&b, MEMBERS).await;
    assert_eq!((&counted["total"], &counted["items"]), (&json!(42), &json!([])));
    world.end().await;
}

/// Whoever looks like somebody at home looks so here, with the label behind it.
#[tokio::test]
async fn a_mirror_looks_like_its_original() {
    let (world, b, group) = garden_with(|_| {}).await;
    let ada = world.lemmy().actor("ada");
    let icon = format!("{}/ada", ada.server().base());
    ada.publishes(|document| {
        document["name"] = json!("Ada");
        document["summary"] = json!("<p onclick='x()'>Digs.</p>");
        document["icon"] = json!({"type": "Image", "mediaType": "image/webp", "url": icon});
        document["indexable"] = json!(true);
    });
    let _ada = ada.follows(&group).await;
    let members = sees(&b, MEMBERS).await;
    let user = sees(&b, &format!("User/{}", local(&members["items"][0]))).await;
    assert_eq!(user["display_name"], "Ada");
    let bio = user["bio"]["text/html"]["content"].as_str().unwrap();
    assert!(bio.starts_with("<p>Digs.</p><p>mirrored from <a "), "{bio}");
    assert_eq!(
        user["avatar"],
        json!({"image/webp": {"content": icon, "remote": true}})
    );
    assert_eq!(user["indexable"], true);
    world.end().await;
}

/// What was shared can be read again, until it is gone.
#[tokio::test]
async fn a_share_dereferences() {
    let (world, b, group) = garden_with(|_| {}).await;
    let u1 = b.user("u1", "alice");
    let follow = json!({
        "type": "Follow", "created_at": "2026-06-01T12:00:00Z", "author": u1, "followee": format!("{OURS}:garden"),
    });
    b.sends(&follow).await.is(202);
    b.hears("FollowAccept", |said| said["type"] == "FollowAccept")
        .await;
    let carol = world.mastodon().actor("carol").follows(&group).await;
    let post = carol.post(&group, "leeks").await;
    let share = b
        .hears("Share", |said| said["type"] == "pub.versia:share/Share")
        .await;
    let path = format!("pub.versia%3Ashare%2FShare/{}", share["id"].as_str().unwrap());
    assert_eq!(sees(&b, &path).await, share);
    let note = sees(&b, &format!("Note/{}", local(&share["shared"]))).await;
    assert_eq!(note["extensions"]["org.folkmoot:bridge"]["id"], json!(post.post));
    carol.deletes(&group, &post).await;
    world.settles().await;
    assert_eq!(asks(&b, &path).await.0, 404);
    b.is_content();
    world.end().await;
}

/// The reference of the only post in `notes`.
async fn only_note(b: &Domain) -> String {
    let notes = sees(b, NOTES).await;
    assert_eq!(notes["total"], 1, "{notes}");
    local(&notes["items"][0]).to_owned()
}

/// A post is a labelled note on our domain, and so is what answers it; edits show, and what is deleted or removed is not there.
#[tokio::test]
async fn a_post_is_a_note_on_our_domain() {
    let (world, b, group) = garden_with(|_| {}).await;
    let carol = world.mastodon().actor("carol").follows(&group).await;
    let tom = world.lemmy().actor("tom").follows(&group).await;
    let post = carol.post(&group, "leeks").await;
    let id = only_note(&b).await;
    let note = sees(&b, &format!("Note/{id}")).await;
    assert_eq!(
        keys(&note),
        [
            "attachments",
            "author",
            "category",
            "content",
            "created_at",
            "device",
            "extensions",
            "group",
            "id",
            "is_sensitive",
            "mentions",
            "previews",
            "quotes",
            "replies_to",
            "subject",
            "type"
        ]
    );
    assert_eq!(note["group"], "g.test:group-garden");
    assert_eq!(
        note["mentions"],
        json!(["g.test:garden"]),
        "the group, which is named"
    );
    assert_eq!(note["extensions"]["org.folkmoot:bridge"]["id"], json!(post.post));
    let text = note["content"]["text/plain"]["content"].as_str().unwrap();
    assert!(text.ends_with("leeks"), "{text}");
    let author = sees(&b, &format!("User/{}", local(&note["author"]))).await;
    assert_eq!(
        author["extensions"]["org.folkmoot:bridge"]["id"],
        json!(carol.id())
    );
    let outbox = sees(&b, &format!("User/{}/collections/outbox", local(&note["author"]))).await;
    assert_eq!(outbox["items"], json!([note]));

    world.advance(TimeDelta::seconds(1));
    let reply = tom.replies(&group, &post, "with salt").await;
    world.settles().await;
    let notes = sees(&b, NOTES).await;
    assert_eq!(
        (&notes["total"], &notes["items"][1]),
        (&json!(2), &json!(format!("g.test:{id}")))
    );
    let answer = sees(&b, &format!("Note/{}", local(&notes["items"][0]))).await;
    assert_eq!(answer["replies_to"], json!(format!("g.test:{id}")));
    let replies = sees(&b, &format!("Note/{id}/collections/replies")).await;
    assert_eq!(replies["items"], json!([notes["items"][0]]));

    let edit = carol.edits(&group, &post, "more leeks").await;
    world.settles().await;
    let edited = sees(&b, &format!("Note/{id}")).await;
    assert!(
        edited.to_string().contains("more leeks"),
        "{edited} {}",
        edit.text
    );

    tom.deletes(&group, &reply).await;
    world.settles().await;
    assert_eq!(
        asks(&b, &format!("Note/{}", local(&notes["items"][0]))).await.0,
        404
    );
    assert_eq!(only_note(&b).await, id);
    let engine = &world.house().engine;
    engine
        .remove_post("garden", &Iri::object(&post.post).unwrap(), None)
        .await
        .unwrap();
    assert_eq!(asks(&b, &format!("Note/{id}")).await.0, 404);
    assert_eq!(sees(&b, NOTES).await["total"], 0);
    world.end().await;
}

async fn posts_and_is_shown(world: &World, b: &Domain, group: &Group, who: &Actor) -> bool {
    let before = sees(b, NOTES).await["total"].as_u64().unwrap();
    who.post(group, "leeks").await;
    world.settles().await;
    sees(b, NOTES).await["total"].as_u64().unwrap() > before
}

/// Whoever says no is not shown, and neither is anybody of a group that does not bridge, or of a blocked host.
#[tokio::test]
async fn who_says_no_is_not_shown() {
    let (world, b, group) = garden_with(|_| {}).await;
    let mut present = vec![];
    for (name, said) in [
        (
            "ada",
            json!({"summary": "<p>Gardener. <a href='https://x.test/'>#<span>NoBridge</span></a></p>"}),
        ),
        ("ben", json!({"name": "Ben #nobridge"})),
        ("cleo", json!({"indexable": false})),
    ] {
        let who = world.mastodon().actor(name);
        who.publishes(|document| {
            for (key, value) in said.as_object().unwrap() {
                document[key] = value.clone();
            }
        });
        let who = who.follows(&group).await;
        assert!(!posts_and_is_shown(&world, &b, &group, &who).await, "{name}");
        present.push(who);
    }
    assert_eq!(sees(&b, MEMBERS).await["total"], 0);

    let dan = world.mastodon().actor("dan").follows(&group).await;
    assert!(posts_and_is_shown(&world, &b, &group, &dan).await);
    let note = format!("Note/{}", only_note(&b).await);
    let author = sees(&b, &note).await["author"].clone();
    let user = format!("User/{}", local(&author));
    let shown = async || (asks(&b, &note).await.0, asks(&b, &user).await.0);
    assert_eq!(shown().await, (200, 200));

    let bridge = |on| Change {
        bridge: Some(on),
        ..Change::default()
    };
    change(&world, bridge(false), PolicyChange::default()).await;
    assert_eq!(shown().await, (404, 404));
    assert_eq!(sees(&b, MEMBERS).await["total"], 0);
    change(&world, bridge(true), PolicyChange::default()).await;
    assert_eq!(shown().await, (200, 200));
    let engine = &world.house().engine;
    engine.set_blocked(dan.server().authority(), true).await.unwrap();
    assert_eq!(shown().await, (404, 404));
    engine.set_blocked(dan.server().authority(), false).await.unwrap();
    assert_eq!(shown().await, (200, 200));
    world.end().await;
}

/// A private group shows its name and that it is there, never its members nor posts.
#[tokio::test]
async fn a_private_group_keeps_to_itself() {
    let (world, b, _) = garden_with(|policies| {
        policies.visibility = Visibility::Private;
        policies.join = JoinPolicy::Approval;
    })
    .await;
    let entity = sees(&b, "Group/group-garden").await;
    assert_eq!((&entity["name"], &entity["open"]), (&Value::Null, &json!(false)));
    assert!(!entity.to_string().contains("The garden"));
    for path in [MEMBERS, NOTES, "User/garden/collections/followers"] {
        assert_eq!(asks(&b, path).await.0, 404, "{path}");
    }
    let engine = &world.house().engine;
    let on = Change {
        bridge: Some(true),
        ..Change::default()
    };
    let refused = engine.change_group("garden", on, &PolicyChange::default()).await;
    assert!(refused.unwrap_err().to_string().contains("private"));
    world.end().await;
}

/// A closed group is not there any more.
#[tokio::test]
async fn a_closed_group_is_gone() {
    let (world, b, _) = garden_with(|_| {}).await;
    world.house().engine.close_group("garden").await.unwrap();
    for path in ["Group/group-garden", "User/garden", MEMBERS, NOTES] {
        assert_eq!(asks(&b, path).await.0, 404, "{path}");
    }
    world.end().await;
}

/// WebFinger leads to both faces of a group, and to the mirrors of people by the names that they have here.
#[tokio::test]
async fn faces_are_found_by_name() {
    let (world, b, group) = garden_with(|_| {}).await;
    let authority = world.authority();
    for resource in [
        format!("acct:garden@{authority}"),
        "acct:garden@g.test".to_owned(),
    ] {
        let (_, jrd) = found(&world, &resource).await;
        let links = jrd["links"].as_array().unwrap();
        assert_eq!(links[0]["href"], json!(group.id));
        let ours: Vec<_> = links
            .iter()
            .filter(|link| link["type"] == "application/vnd.versia+json")
            .map(|link| (link["rel"].as_str().unwrap(), link["href"].as_str().unwrap()))
            .collect();
        let entities = "https://g.test/.versia/v0.6/entities";
        assert_eq!(
            ours,
            [
                ("self", format!("{entities}/User/garden").as_str()),
                (
                    "alternate",
                    format!("{entities}/pub.versia%3Agroups%2FGroup/group-garden").as_str()
                ),
            ]
        );
    }
    let carol = world.mastodon().actor("carol").follows(&group).await;
    let members = sees(&b, MEMBERS).await;
    let id = local(&members["items"][0]);
    let name = format!("carol_{}", carol.server().authority().replace(['.', ':'], "_"));
    let (_, jrd) = found(&world, &format!("acct:{name}@g.test")).await;
    assert_eq!(
        jrd["links"][0]["href"],
        json!(format!("https://g.test/.versia/v0.6/entities/User/{id}"))
    );
    for nobody in [
        "acct:nobody_x@g.test",
        "acct:garden@other.test",
        "acct:a-b@g.test",
    ] {
        assert_eq!(found(&world, nobody).await.0, 404, "{nobody}");
    }
    // A name that somebody has here is given to no group.
    let owner = world.server("newcomer").actor("owner");
    let new = folkmoot::engine::NewGroup {
        name,
        title: "Carol".to_owned(),
        summary: String::new(),
        owner: Iri::object(&owner.id()).unwrap(),
        policies: Policies::default(),
        bridge: None,
    };
    let taken = world.house().engine.create_group(new).await.unwrap_err();
    assert!(taken.to_string().contains("is called"), "{taken}");
    let nodeinfo = world.get(&format!("{}/nodeinfo/2.1", world.base()), "*/*").await;
    let nodeinfo: Value = serde_json::from_slice(&nodeinfo.bytes().await.unwrap()).unwrap();
    assert_eq!(nodeinfo["protocols"], json!(["activitypub", "versia"]));
    world.end().await;
}

/// Without a domain nobody is there.
#[tokio::test]
async fn without_a_domain_nothing_answers() {
    let world = World::start().await;
    world.group("garden").await;
    for path in ["User/garden", "Group/group-garden", MEMBERS] {
        let url = format!("{}/.versia/v0.6/entities/{path}", world.base());
        assert_eq!(world.get(&url, "*/*").await.status(), 404, "{path}");
    }
    world.end().await;
}
