//! Private groups: who gets in, who reads, and what strangers find.

use folkmoot::domain::{JoinPolicy, Policies, PolicyChange, Visibility};
use folkmoot::store::group::Change;
use serde_json::{Value, json};

use super::{PUBLIC, owned, tells};
use crate::support::peer::{Actor, Group, Said};
use crate::support::world::World;

const SECRET: &str = "the treasure is under the oak";

fn private() -> Policies {
    Policies {
        visibility: Visibility::Private,
        ..Policies::default()
    }
}

/// A post for the members, as people of a private group write it.
async fn says(who: &Actor, group: &Group, to: Value) -> Said {
    let create = who.speaks(|me| {
        json!({"@context": "https://www.w3.org/ns/activitystreams", "id": (me.mint)("activities"), "type": "Create",
            "actor": me.id, "to": to, "object": {"id": (me.mint)("notes"), "type": "Note", "content": SECRET}})
    });
    let post = create["object"]["id"].as_str().unwrap().to_owned();
    let said = who.would_say(create, post, false);
    who.sends_to(&group.inbox(), &said.text).await.is(202);
    said
}

/// A Like that names nobody but the group.
async fn likes(who: &Actor, group: &Group, post: &Said) -> Said {
    let like = who.speaks(|me| {
        json!({"@context": "https://www.w3.org/ns/activitystreams", "id": (me.mint)("activities"), "type": "Like",
            "actor": me.id, "to": [group.id], "object": post.post})
    });
    let said = who.would_say(like, post.post.clone(), false);
    who.sends_to(&group.inbox(), &said.text).await.is(202);
    said
}

async fn turns(world: &World, visibility: Visibility) {
    let change = PolicyChange {
        visibility: Some(visibility),
        ..PolicyChange::default()
    };
    let engine = &world.house().engine;
    engine
        .change_group("garden", Change::default(), &change)
        .await
        .unwrap();
}

/// Every door of a group with a post in it.
async fn doors(world: &World, group: &Group) -> Vec<String> {
    let base = world.base();
    let post = world
        .text("select id::text from post order by received_at limit 1")
        .await;
    let activity = world
        .text("select activity_id::text from entry e where exists (select from activity a where a.id = e.activity_id and a.kind = 'posted') limit 1")
        .await;
    let mut doors = vec![
        format!("{base}/post/{post}"),
        format!("{base}/post/{post}/replies"),
    ];
    for part in [
        "outbox",
        "members",
        "followers",
        "featured",
        "threads",
        "admins",
        "moderators",
        "rules",
        "collections",
        "affiliations",
        "outbox?page=1",
        "members?page=1",
        "threads?page=1",
    ] {
        doors.push(group.part(part));
    }
    doors.push(group.part(&format!("threads/{post}")));
    for shape in ["", "/explainer", "/threadiverse", "/microblog"] {
        doors.push(format!("{base}/activities/{activity}{shape}"));
    }
    doors
}

/// PRV02, 03, 05, 13: strangers find a stub and nothing behind any door; members find all of it, and nobody keeps it for them.
#[tokio::test]
async fn prv02_no_door_is_open_to_strangers() {
    let world = World::start().await;
    let (group, olga) = owned(&world, private()).await;
    let xia = world.explainer().actor("xia").follows(&group).await;
    let stranger = world.explainer().actor("stranger");
    let neighbour = xia.server().actor("neighbour");
    says(&xia, &group, json!([group.id])).await;
    world.settles().await;
    for door in doors(&world, &group).await {
        for accept in [
            "application/activity+json",
            "text/html",
            "application/rss+xml",
            "*/*",
        ] {
            let answer = world.get(&door, accept).await;
            assert_eq!(answer.status(), 404, "{door} as {accept}");
            let missing = world.get(&door.replace("garden", "gardener"), accept).await;
            if door.contains("garden") {
                let names = |answer: &reqwest::Response| {
                    answer
                        .headers()
                        .keys()
                        .map(ToString::to_string)
                        .collect::<Vec<_>>()
                };
                assert_eq!(names(&answer), names(&missing), "{door}");
                assert_eq!(
                    answer.text().await.unwrap(),
                    missing.text().await.unwrap(),
                    "{door}"
                );
            }
        }
        for who in [&stranger, &neighbour] {
            assert_eq!(who.reads(&door).await.status, 404, "{door}");
        }
        if door.ends_with("/microblog") || door.ends_with("/threadiverse") || door.contains("/post/") {
            continue;
        }
        let answer = xia.reads(&door).await;
        assert_eq!(answer.status, 200, "{door}");
        assert_eq!(answer.headers["cache-control"], "private, no-store", "{door}");
        let vary = answer.headers["vary"].to_str().unwrap().to_owned();
        for header in ["Accept", "Signature", "Authorization"] {
            assert!(vary.contains(header), "{vary}");
        }
    }
    assert_eq!(world.get(&group.id, "text/html").await.status(), 404);
    let stub = world.document(&group.id).await;
    let mut fields: Vec<_> = stub.as_object().unwrap().keys().cloned().collect();
    fields.sort();
    assert_eq!(
        fields,
        [
            "@context",
            "assertionMethod",
            "id",
            "inbox",
            "manuallyApprovesFollowers",
            "preferredUsername",
            "publicKey",
            "type"
        ]
    );
    assert_eq!(stub["manuallyApprovesFollowers"], true);
    let whole = xia.sees(&group.id).await;
    assert_eq!(
        (&whole["name"], &whole["canView"]),
        (&json!("The garden"), &json!("member"))
    );
    assert_eq!(olga.sees(&group.part("outbox")).await["totalItems"], 1);
    let finger = format!(
        "{}/.well-known/webfinger?resource=acct:garden@{}",
        world.base(),
        world.authority()
    );
    assert_eq!(world.get(&finger, "*/*").await.status(), 200);
    let home = world.get(world.base(), "text/html").await.text().await.unwrap();
    assert!(!home.contains("garden"));
    let figures = world.document(&format!("{}/nodeinfo/2.1", world.base())).await;
    assert_eq!(figures["usage"]["users"]["total"], 0);
    assert_eq!(figures["usage"]["localPosts"], 0);
    world.end().await;
}

/// PRV07: a person's signature counts for that person, an instance actor's for its host where that has a member.
#[tokio::test]
async fn prv07_whose_signature_opens_what() {
    let world = World::start().await;
    let (group, _) = owned(&world, private()).await;
    let xia = world.explainer().actor("xia").follows(&group).await;
    let instance = xia.server().settle("instance", "Application");
    let other = world.explainer().settle("instance", "Application");
    says(&xia, &group, json!([group.id])).await;
    world.settles().await;
    let outbox = instance.sees(&group.part("outbox")).await;
    assert_eq!(outbox["totalItems"], 1);
    for url in [group.part("outbox"), group.part("members")] {
        assert_eq!(other.reads(&url).await.status, 404);
    }
    world.end().await;
}

/// Members hear of it, in the shapes of software that keeps it; nothing names Public, and what does is refused.
#[tokio::test]
async fn post_content_privately() {
    let world = World::start().await;
    let (group, _) = owned(&world, private()).await;
    let xia = world.explainer().actor("xia").follows(&group).await;
    let xen = world.explainer().actor("xen").follows(&group).await;
    let mitra = world.server("mitra").actor("mitra").follows(&group).await;
    let post = says(&xia, &group, json!([group.part("members")])).await;
    let told = xen.hears_of([&post]).once().await.remove(0);
    assert_eq!(told.document["to"], json!([group.part("members")]));
    let told = mitra.hears_of([&post]).once().await.remove(0);
    assert_eq!(told.document["to"], json!([group.part("followers")]));
    assert!(!told.text.contains("#Public"));
    let wide = xia.speaks(|me| {
        json!({"id": (me.mint)("activities"), "type": "Create", "actor": me.id, "to": [group.id, PUBLIC],
            "object": {"id": (me.mint)("notes"), "type": "Note", "content": SECRET}})
    });
    let problem = xia.sends(&group, &wide).await.problem(403);
    assert!(problem["type"].as_str().unwrap().ends_with("#public-in-private"));
    let like = likes(&xen, &group, &post).await;
    xia.hears_of([&like]).once().await;
    world.end().await;
}

/// Servers that would show it to others are told no, with the reason; whatever they call the asking.
#[tokio::test]
async fn nobody_joins_from_where_it_cannot_be_kept() {
    let world = World::start().await;
    let (group, _) = owned(&world, private()).await;
    let mut turned_away = Vec::new();
    for software in ["mastodon", "mbin", "lemmy", "newcomer"] {
        let who = world.server(software).actor("who");
        let join = who.asks(&group).await;
        let reject = who.is_rejected(&join).await;
        assert!(
            reject.document["summary"]
                .as_str()
                .unwrap()
                .contains("cannot keep"),
            "{software}"
        );
        // Lemmy does not know a Reject, and is asked a second time, signed in the other way: it must still be there.
        turned_away.push(who);
    }
    assert_eq!(world.count("select count(*) from membership").await, 0);
    // Each hears of the other.
    let _mitra = world.server("mitra").actor("mitra").follows(&group).await;
    let _joiner = world.server("joiner").actor("joiner").follows(&group).await;
    world.settles().await;
    // The stub of a private group lists one key: whoever reads that alone is written to again with it.
    world.ends_loudly(&["ed25519-key is not a key of"]).await;
}

/// PRV09: what was public is hidden, and comes back; what was said meanwhile never becomes public.
#[tokio::test]
async fn prv09_a_group_turns_private_and_back() {
    let world = World::start().await;
    let (group, _) = owned(&world, Policies::default()).await;
    let xia = world.explainer().actor("xia").follows(&group).await;
    let mia = world.mastodon().actor("mia").follows(&group).await;
    let open = xia.post(&group, "for all").await;
    mia.hears_of([&open]).once().await;
    world.settles().await;
    turns(&world, Visibility::Private).await;
    let told = mia
        .server()
        .hears("the group's Update", |heard| heard.kind() == "Update")
        .await;
    assert_eq!(told.document["object"]["manuallyApprovesFollowers"], true);
    assert!(told.document["object"].get("name").is_none());
    for door in doors(&world, &group).await {
        assert_eq!(
            world.get(&door, "application/activity+json").await.status(),
            404,
            "{door}"
        );
    }
    let closed = says(&xia, &group, json!([group.id])).await;
    let like = likes(&xia, &group, &open).await;
    world.settles().await;
    turns(&world, Visibility::Public).await;
    let outbox = world.document(&group.part("outbox")).await;
    assert_eq!(outbox["totalItems"], 1);
    assert!(!outbox.to_string().contains(SECRET));
    assert_eq!(xia.sees(&group.part("outbox")).await["totalItems"], 2);
    let again = xia.post(&group, "for all again").await;
    mia.hears_of([&again]).once().await;
    world.settles().await;
    mia.hears_of([&closed]).nothing();
    assert!(mia.heard().iter().all(|heard| !heard.text.contains(like.id())));
    world.end().await;
}

/// PRV10: whoever left reads their own posts, and nothing else.
#[tokio::test]
async fn prv10_an_ex_member_reads_their_own() {
    let world = World::start().await;
    let (group, _) = owned(&world, private()).await;
    let xia = world.explainer().actor("xia");
    let join = xia.asks(&group).await;
    xia.is_accepted(&join).await;
    let xen = world.explainer().actor("xen").follows(&group).await;
    says(&xia, &group, json!([group.id])).await;
    says(&xen, &group, json!([group.id])).await;
    world.settles().await;
    xia.leaves(&group, &join).await;
    let outbox = xia.sees(&group.part("outbox")).await;
    assert_eq!(outbox["totalItems"], 1);
    assert_eq!(outbox["orderedItems"][0]["object"]["actor"], json!(xia.id()));
    for part in ["members", "followers", "collections"] {
        assert_eq!(xia.reads(&group.part(part)).await.status, 404, "{part}");
    }
    world.end().await;
}

/// ANN10: what names somebody blindly is refused whole, so nothing of it can leak.
#[tokio::test]
async fn ann10_blind_addressees_are_refused() {
    let world = World::start().await;
    let (group, _) = owned(&world, private()).await;
    let xia = world.explainer().actor("xia").follows(&group).await;
    let before = world.state(&[]).await;
    for (inside, field) in [(false, "bto"), (false, "bcc"), (true, "bto"), (true, "bcc")] {
        let create = xia.speaks(|me| {
            let mut create = json!({"id": (me.mint)("activities"), "type": "Create", "actor": me.id, "to": [group.id],
                "object": {"id": (me.mint)("notes"), "type": "Note", "content": SECRET}});
            let place = if inside { &mut create["object"] } else { &mut create };
            place[field] = json!(["https://a.example/u/hidden"]);
            create
        });
        xia.sends(&group, &create).await.problem(400);
    }
    assert_eq!(world.state(&[]).await, before);
    world.end().await;
}

/// Closed to new members, and not closed: whoever is in goes on.
#[tokio::test]
async fn closed_to_new_members_without_being_closed() {
    let world = World::start().await;
    let (group, olga) = owned(&world, Policies::default()).await;
    let xia = world.explainer().actor("xia").follows(&group).await;
    let (_, answer) = tells(
        &olga,
        &group.inbox(),
        "Update",
        json!({"id": group.id, "joinPolicy": JoinPolicy::Closed.word()}),
        json!({"to": group.id}),
    )
    .await;
    answer.is(202);
    let late = world.explainer().actor("late");
    let join = late.asks(&group).await;
    late.is_rejected(&join).await;
    let post = xia.post(&group, "still here").await;
    xia.hears_of([&post]).once().await;
    world.end().await;
}

/// Nothing in a private group names Public, and whoever may not do it at all hears that first.
#[tokio::test]
async fn nothing_in_a_private_group_names_public() {
    let world = World::start().await;
    let (group, olga) = owned(&world, private()).await;
    let xia = world.explainer().actor("xia").follows(&group).await;
    let said = says(&xia, &group, json!([group.id])).await;
    let album = json!({"type": "Collection", "name": "Links"});
    let about = json!({"to": group.id, "target": group.part("collections")});
    tells(&olga, &group.inbox(), "Create", album, about)
        .await
        .1
        .is(202);
    let albums = olga.sees(&group.part("collections")).await;
    let album = albums["orderedItems"][0]["id"].as_str().unwrap().to_owned();
    world.settles().await;
    let before = world.state(&[]).await;
    let post = json!(said.post);
    for (who, kind, object, target) in [
        (&xia, "Like", &post, None),
        (&xia, "Delete", &post, None),
        (&olga, "Delete", &post, None),
        (&olga, "Remove", &post, Some(group.part("outbox"))),
        (&xia, "Add", &post, Some(group.part("outbox"))),
        (&xia, "Add", &post, Some(album.clone())),
        (&olga, "Add", &json!(xia.id()), Some(group.part("admins"))),
        (&olga, "Remove", &json!(xia.id()), Some(group.part("members"))),
    ] {
        let mut more = json!({"to": [group.id], "cc": [PUBLIC]});
        if let Some(target) = target {
            more["target"] = json!(target);
        }
        let problem = tells(who, &group.inbox(), kind, object.clone(), more)
            .await
            .1
            .problem(403);
        assert!(
            problem["type"].as_str().unwrap().ends_with("#public-in-private"),
            "{kind}: {problem}"
        );
        assert_eq!(problem["field"], "to");
    }
    assert_eq!(world.state(&[]).await, before);
    for kind in ["Like", "Delete"] {
        let inside = json!({"to": [group.id]});
        tells(&xia, &group.inbox(), kind, post.clone(), inside)
            .await
            .1
            .is(202);
    }
    world.end().await;
}

/// What everybody could read before the group was private goes when its author says so, whomever that names; and what the group
/// takes out by its own word names nobody else.
#[tokio::test]
async fn what_was_public_goes_by_its_author_s_word() {
    let world = World::start().await;
    let (group, olga) = owned(&world, Policies::default()).await;
    let xia = world.explainer().actor("xia").follows(&group).await;
    let (one, two) = (xia.post(&group, "one").await, xia.post(&group, "two").await);
    turns(&world, Visibility::Private).await;
    xia.deletes(&group, &one).await;
    let delete = json!({"type": "Delete", "object": two.post});
    tells(&olga, &group.inbox(), "Offer", delete, json!({"to": group.id}))
        .await
        .1
        .is(202);
    world.settles().await;
    assert_eq!(
        world
            .count("select count(*) from post_group where removed_at is not null")
            .await,
        1
    );
    assert_eq!(
        world
            .count("select count(*) from post where deleted_at is not null")
            .await,
        1
    );
    let by_the_group = |heard: &crate::support::peer::Heard| {
        heard.text.contains(&two.post) && heard.text.contains("\"Delete\"")
    };
    let told = xia.server().hears("the removal", by_the_group).await;
    assert!(!told.text.contains("#Public"), "{}", told.text);
    world.end().await;
}

/// PRV: nobody comes in, or up, by another way than a Join from a server that cannot keep what is said.
#[tokio::test]
async fn no_way_in_is_open_to_who_cannot_keep_it() {
    let world = World::start().await;
    let asking = Policies {
        join: JoinPolicy::Approval,
        ..Policies::default()
    };
    let (group, olga) = owned(&world, asking).await;
    let [mia, max, moe] = ["mia", "max", "moe"].map(|name| world.mastodon().actor(name));
    for who in [&mia, &max] {
        who.asks(&group).await;
    }
    let inside = json!({"to": [group.id]});
    let let_in = |who: &Actor, inside: &Value| {
        let mut more = inside.clone();
        more["target"] = json!(group.part("members"));
        (json!(who.id()), more)
    };
    let (object, more) = let_in(&max, &inside);
    tells(&olga, &group.inbox(), "Accept", object, more)
        .await
        .1
        .is(202);
    turns(&world, Visibility::Private).await;

    let refused = |problem: Value| {
        assert!(
            problem["type"].as_str().unwrap().ends_with("#cannot-keep-it"),
            "{problem}"
        );
    };
    let (object, more) = let_in(&mia, &inside);
    refused(
        tells(&olga, &group.inbox(), "Accept", object, more)
            .await
            .1
            .problem(403),
    );
    let mut up = inside.clone();
    up["target"] = json!(group.part("admins"));
    refused(
        tells(&olga, &group.inbox(), "Add", json!(max.id()), up)
            .await
            .1
            .problem(403),
    );
    let mut asked = inside.clone();
    (asked["target"], asked["to"]) = (json!(moe.id()), json!([group.id, moe.id()]));
    let (invite, answer) = tells(&olga, &group.inbox(), "Invite", json!(group.id), asked.clone()).await;
    answer.is(202);
    refused(
        tells(
            &moe,
            &group.inbox(),
            "Accept",
            invite["id"].clone(),
            inside.clone(),
        )
        .await
        .1
        .problem(403),
    );

    // Whose server keeps it says yes, without having asked before.
    let xen = world.explainer().actor("xen");
    (asked["target"], asked["to"]) = (json!(xen.id()), json!([group.id, xen.id()]));
    let (invite, answer) = tells(&olga, &group.inbox(), "Invite", json!(group.id), asked).await;
    answer.is(202);
    tells(&xen, &group.inbox(), "Accept", invite["id"].clone(), inside)
        .await
        .1
        .is(202);
    world.end().await;
}
