//! GRP: membership and roles.
//!
//! Whoever means ill lives on the evil server, where being met leaves no trace that counts.

use folkmoot::domain::{JoinPolicy, Policies, PostPolicy, Review, Visibility};
use serde_json::{Value, json};

use super::{Row, Scene, refused, rows};
use crate::stories::people::{activity, does, listed, sends};
use crate::support::peer::{Actor, Group, Heard, Said};

pub(super) const ROWS: &[Row] = rows![
    grp01, grp02, grp03, grp05, grp06, grp07, grp09, grp10, grp11, grp13, grp14, grp15, grp17, grp18, grp19,
    grp21, grp22, grp23, grp25, grp26, grp29, grp30, grp31,
];
/// With few requests a minute, and few reports an hour.
pub(super) const LIMITED: &[Row] = rows![grp06_flood, grp27];

const ADMIT: Policies = asking(JoinPolicy::Approval);
const REVIEWED: Policies = Policies {
    review: Review::All,
    ..asking(JoinPolicy::Open)
};

const fn asking(join: JoinPolicy) -> Policies {
    Policies {
        join,
        post: PostPolicy::Members,
        follow: folkmoot::domain::FollowMeans::Joins,
        visibility: Visibility::Public,
        members_list: folkmoot::domain::ListPolicy::Public,
        invite: folkmoot::domain::InvitePolicy::Members,
        info: folkmoot::domain::InfoPolicy::Owner,
        review: Review::None,
        review_count: 1,
        admins_appoint: false,
        vote: folkmoot::domain::VotePolicy::Anyone,
    }
}

/// How many memberships an actor has, and how many of them let them post.
async fn memberships(scene: &Scene, who: &Actor) -> (i64, i64) {
    let mut behind = scene.world.behind().await;
    sqlx::query_as(
        "select count(*), count(*) filter (where m.member) from membership m join actor a on a.id = m.actor_id
         where a.iri = $1",
    )
    .bind(who.id())
    .fetch_one(&mut behind)
    .await
    .unwrap()
}

/// Makes a member an admin.
async fn appoints(scene: &Scene, group: &Group, who: &Actor, kind: &str) {
    let more = json!({"object": who.id(), "target": group.part("admins")});
    does(&scene.owner, group, kind, more).await;
}

/// Asks to be a member; a Follow would read meanwhile.
async fn joins(who: &Actor, group: &Group) -> Said {
    let join = activity(who, group, "Join", &json!({"object": group.id}));
    let said = who.would_say(join, String::new(), false);
    who.sends_to(&group.inbox(), &said.text).await.is(202);
    said
}

/// How often somebody's server was answered so.
fn answers(who: &Actor, kind: &str, object: &str) -> usize {
    let heard = who.server().heard();
    let is_it = |heard: &&Heard| heard.kind() == kind && heard.object_id() == object;
    heard.iter().filter(is_it).count()
}

/// A stranger posts where members post; where others may, it waits for an admin.
async fn grp01(scene: &Scene) {
    let eve = scene.evil().actor("eve");
    refused("GRP01", eve.sends(&scene.group, &scene.post(&eve)).await, &[403]);
    let reviewed = scene
        .another(
            "grp01",
            Policies {
                post: PostPolicy::Anyone,
                review: Review::NonMembers,
                ..Policies::default()
            },
        )
        .await;
    scene.calms_down().await;
    eve.sends(&reviewed, &scene.post_to(&eve, &reviewed))
        .await
        .is(202);
    scene.world.settles().await;
    let outbox = scene.world.document(&reviewed.part("outbox")).await;
    assert_eq!(outbox["totalItems"], 0);
    let held = scene
        .world
        .count("select count(*) from held where kind = 'Create' and decided_at is null");
    assert_eq!(held.await, 1);
    // That its owner is told is all that came of it.
    scene.calms_down().await;
}

/// Banned: by the same account, by one that says it is the same, and under another spelling of the id.
async fn grp02(scene: &Scene) {
    let eve = scene.member("grp02", &scene.group).await;
    let ban = json!({"object": eve.id(), "target": scene.group.id});
    does(&scene.owner, &scene.group, "Block", ban).await;
    let spelled = scene.evil().actor("Grp02");
    let moved = scene.evil().actor("grp02-moved");
    let known_as = json!([eve.id()]);
    moved.publishes(|document| document["alsoKnownAs"] = known_as);
    scene.calms_down().await;
    for who in [&eve, &spelled, &moved] {
        refused("GRP02", who.sends(&scene.group, &scene.post(who)).await, &[403]);
        let join = who.asks(&scene.group).await;
        who.is_rejected(&join).await;
        assert_eq!(memberships(scene, who).await.1, 0);
    }
}

/// A banned author may take back, and nothing else.
async fn grp03(scene: &Scene) {
    let eve = scene.member("grp03", &scene.group).await;
    let hers = eve.post(&scene.group, "before").await;
    let honest = scene.alice.post(&scene.group, "hers").await;
    let ban = json!({"object": eve.id(), "target": scene.group.id});
    does(&scene.owner, &scene.group, "Block", ban).await;
    scene.calms_down().await;
    let mut changed = hers.document["object"].clone();
    changed["content"] = json!("after");
    for (kind, object) in [
        ("Like", json!(honest.post)),
        ("Dislike", json!(honest.post)),
        ("Update", changed),
        ("Delete", json!(honest.post)),
    ] {
        let more =
            json!({"object": object, "to": ["https://www.w3.org/ns/activitystreams#Public", scene.group.id]});
        scene
            .tries("GRP03", &eve, &scene.group, (kind, more), &[403])
            .await;
    }
    scene.is_calm().await.unwrap();
    let delete = activity(&eve, &scene.group, "Delete", &json!({"object": hers.post}));
    scene.accepted(eve.sends(&scene.group, &delete).await).await;
    let left = scene
        .world
        .count("select count(*) from post p join actor a on a.id = p.author_id where a.username = 'grp03' and p.deleted_at is null");
    assert_eq!(left.await, 0);
}

/// A Join by another than its signer, and for a third.
async fn grp05(scene: &Scene) {
    let eve = scene.evil().actor("eve");
    let third = scene.evil().actor("third");
    // By a Join we learn how their server speaks.
    does(
        &scene.mallory,
        &scene.group,
        "Join",
        json!({"object": scene.group.id}),
    )
    .await;
    scene.calms_down().await;
    for more in [
        json!({"object": scene.group.id, "actor": third.id()}),
        json!({"object": scene.group.id, "actor": scene.alice.id()}),
        json!({"object": third.id()}),
        json!({"object": third.id(), "target": scene.group.id}),
        json!({"object": {"type": "Join", "actor": third.id(), "object": scene.group.id}}),
    ] {
        scene
            .tries("GRP05", &eve, &scene.group, ("Join", more), &[400, 403])
            .await;
    }
    assert_eq!(memberships(scene, &third).await, (0, 0));
}

/// In and out and in again: one membership, and no more Accepts than requests.
async fn grp06(scene: &Scene) {
    let eve = scene.evil().actor("grp06");
    for _ in 0..10 {
        let join = eve.asks(&scene.group).await;
        eve.sends_to(&scene.group.inbox(), &join.text).await.is(202);
        eve.asks(&scene.group).await;
        assert_eq!(memberships(scene, &eve).await, (1, 1));
        eve.leaves(&scene.group, &join).await;
        eve.leaves(&scene.group, &join).await;
        assert_eq!(memberships(scene, &eve).await.1, 0);
    }
    scene.calms_down().await;
    let accepts = eve
        .heard()
        .iter()
        .filter(|heard| heard.kind() == "Accept" && heard.text.contains(&eve.id()))
        .count();
    assert!(accepts <= 30, "{accepts}");
}

/// Join and Leave without end: refused for a while, and not one more Accept.
async fn grp06_flood(scene: &Scene) {
    let eve = scene.evil().actor("grp06");
    let mut taken = 0;
    for _ in 0..50 {
        let join = activity(&eve, &scene.group, "Join", &json!({"object": scene.group.id}));
        let answer = eve.sends(&scene.group, &join).await;
        if answer.status == 202 {
            taken += 1;
        } else {
            assert!(answer.headers.contains_key("retry-after"));
            answer.problem(429);
        }
        does(&eve, &scene.group, "Leave", json!({"object": scene.group.id})).await;
    }
    assert!((15..35).contains(&taken), "{taken}");
    scene.calms_down().await;
    let accepts = eve
        .heard()
        .iter()
        .filter(|heard| heard.kind() == "Accept" && heard.text.contains(&eve.id()))
        .count();
    assert!(accepts <= taken, "{accepts} for {taken}");
}

/// An old request lets nobody in again, and a new one of somebody who was put out waits.
async fn grp07(scene: &Scene) {
    let eve = scene.evil().actor("grp07");
    let join = eve.asks(&scene.group).await;
    eve.is_accepted(&join).await;
    let out = json!({"object": eve.id(), "target": scene.group.part("members")});
    does(&scene.owner, &scene.group, "Remove", out).await;
    scene.calms_down().await;
    eve.sends_to(&scene.group.inbox(), &join.text).await.is(202);
    scene.is_calm().await.unwrap();
    eve.asks(&scene.group).await;
    scene.calms_down().await;
    assert_eq!(memberships(scene, &eve).await.1, 0);
    refused("GRP07", eve.sends(&scene.group, &scene.post(&eve)).await, &[403]);
    // Nor does another member bring them back; whoever runs the group may.
    let invite = json!({"object": scene.group.id, "target": eve.id()});
    scene
        .tries(
            "GRP07",
            &scene.mallory,
            &scene.group,
            ("Invite", invite.clone()),
            &[403],
        )
        .await;
    joins(&eve, &scene.group).await;
    assert_eq!(memberships(scene, &eve).await.1, 0);
    does(&scene.owner, &scene.group, "Invite", invite).await;
    joins(&eve, &scene.group).await;
    assert_eq!(memberships(scene, &eve).await.1, 1);
    scene.calms_down().await;
}

/// Somebody who waits, and whoever would like to let them in.
struct Waiting {
    group: Group,
    eve: Actor,
    join: Said,
    /// Runs another group.
    ruler: Actor,
    theirs: Group,
}

impl Waiting {
    async fn new(scene: &Scene, name: &str) -> Self {
        let group = scene.another(name, ADMIT).await;
        let ruler = scene.evil().actor("ruler");
        let theirs = scene.world.group_of(&ruler, &format!("{name}_2"), ADMIT).await;
        let eve = scene.evil().actor("eve");
        let join = joins(&eve, &group).await;
        scene.calms_down().await;
        Self {
            group,
            eve,
            join,
            ruler,
            theirs,
        }
    }

    /// Somebody who was an admin.
    async fn former_admin(&self, scene: &Scene) -> Actor {
        let former = scene.evil().actor("former");
        let join = former.asks(&self.group).await;
        does(&scene.owner, &self.group, "Accept", json!({"object": join.id()})).await;
        former.is_accepted(&join).await;
        appoints(scene, &self.group, &former, "Add").await;
        appoints(scene, &self.group, &former, "Remove").await;
        scene.calms_down().await;
        former
    }
}

/// Accept of a Join by whoever does not run the group: the same answer, whether there is such a Join or not.
async fn grp09(scene: &Scene) {
    let waiting = Waiting::new(scene, "grp09").await;
    let former = waiting.former_admin(scene).await;
    let nothing = format!("{}/joins/never", scene.evil().base());
    for who in [&scene.mallory, &waiting.eve, &waiting.ruler, &former] {
        for kind in ["Accept", "Reject"] {
            let mut said = vec![];
            for object in [
                json!(waiting.join.id()),
                waiting.join.document.clone(),
                json!(nothing),
            ] {
                let (answer, _) = sends(who, &waiting.group, kind, &json!({"object": object})).await;
                said.push(answer.problem(403));
            }
            assert!(said.iter().all(|problem| *problem == said[0]), "{said:?}");
        }
    }
}

/// An embedded Join that is not the stored one: by another, about another group, of another type.
async fn grp10(scene: &Scene) {
    let waiting = Waiting::new(scene, "grp10").await;
    for (field, value) in [
        ("actor", json!(scene.mallory.id())),
        ("object", json!(waiting.theirs.id)),
        ("type", json!("Offer")),
        ("type", json!(other_type(&waiting))),
    ] {
        for kind in ["Accept", "Reject"] {
            let mut stub = json!({"id": waiting.join.id()});
            stub[field] = value.clone();
            let (answer, _) = sends(&scene.owner, &waiting.group, kind, &json!({"object": stub})).await;
            assert_eq!(answer.problem(403)["field"], format!("object.{field}"));
        }
    }
}

/// Join for a Follow, Follow for a Join.
fn other_type(waiting: &Waiting) -> &'static str {
    match waiting.join.kind() {
        "Join" => "Follow",
        _ => "Join",
    }
}

/// By whoever runs another group here, of a Join that is not theirs.
async fn grp11(scene: &Scene) {
    let waiting = Waiting::new(scene, "grp11").await;
    let Waiting { ruler, theirs, .. } = &waiting;
    for object in [
        json!(waiting.join.id()),
        waiting.join.document.clone(),
        json!(waiting.eve.id()),
    ] {
        for more in [json!({}), json!({"target": theirs.part("members")})] {
            for kind in ["Accept", "Reject"] {
                let mut more = more.clone();
                more["object"] = object.clone();
                scene
                    .tries("GRP11", ruler, theirs, (kind, more), &[403, 404])
                    .await;
            }
        }
    }
}

/// Twice, the other way round, and by two at once: the first word counts.
async fn grp13(scene: &Scene) {
    let waiting = Waiting::new(scene, "grp13").await;
    let (group, of) = (&waiting.group, json!({"object": waiting.join.id()}));
    does(&scene.owner, group, "Reject", of.clone()).await;
    waiting.eve.is_rejected(&waiting.join).await;
    scene.calms_down().await;
    for kind in ["Accept", "Reject", "Accept"] {
        does(&scene.owner, group, kind, of.clone()).await;
        scene.is_calm().await.unwrap();
    }
    let admin = scene.evil().actor("grp13-admin");
    let join = admin.asks(group).await;
    does(&scene.owner, group, "Accept", json!({"object": join.id()})).await;
    admin.is_accepted(&join).await;
    appoints(scene, group, &admin, "Add").await;
    let late = scene.evil().actor("grp13-late");
    let join = joins(&late, group).await;
    let of = json!({"object": join.id()});
    let (one, two) = tokio::join!(
        sends(&scene.owner, group, "Accept", &of),
        sends(&admin, group, "Accept", &of)
    );
    one.0.is(202);
    two.0.is(202);
    scene.calms_down().await;
    assert_eq!(answers(&late, "Accept", join.id()), 1);
    assert_eq!(memberships(scene, &late).await, (1, 1));
}

/// Nobody puts out whom they may not.
async fn grp14(scene: &Scene) {
    let group = scene.another("grp14", Policies::default()).await;
    let [one, two] = [
        scene.member("grp14-a", &group).await,
        scene.member("grp14-b", &group).await,
    ];
    for admin in [&one, &two] {
        appoints(scene, &group, admin, "Add").await;
    }
    let plain = scene.member("grp14-c", &group).await;
    let other = scene.member("grp14-d", &group).await;
    scene.calms_down().await;
    let owner = &scene.owner;
    for (who, whom) in [
        (&plain, &other),
        (&plain, owner),
        (&one, owner),
        (&one, &two),
        (owner, owner),
    ] {
        let out = json!({"object": whom.id(), "target": group.part("members")});
        scene.tries("GRP14", who, &group, ("Remove", out), &[403]).await;
        let ban = json!({"object": whom.id(), "target": group.id});
        scene.tries("GRP14", who, &group, ("Block", ban), &[403]).await;
    }
    let resign = json!({"object": owner.id(), "target": group.part("admins")});
    scene
        .tries("GRP14", owner, &group, ("Remove", resign), &[403])
        .await;
}

/// Through a collection that is not this group's.
async fn grp15(scene: &Scene) {
    let other = scene.another("grp15", Policies::default()).await;
    let eve = scene.member("grp15-eve", &scene.group).await;
    scene.calms_down().await;
    let ruler = scene.evil().actor("grp15-ruler");
    for target in [
        other.part("members"),
        other.part("admins"),
        scene.group.part("membres"),
        scene.group.part("Members"),
        scene.group.part("members/x"),
        scene.group.part("followers"),
        scene.group.part("inbox"),
        "https://far.example/c/garden/members".to_owned(),
        format!("{}/c/nowhere/members", scene.world.base()),
        format!("{}/members", scene.mallory.id()),
    ] {
        for kind in ["Add", "Remove"] {
            let more = json!({"object": eve.id(), "target": target});
            scene
                .tries("GRP15", &scene.owner, &scene.group, (kind, more.clone()), &[403])
                .await;
            scene
                .tries("GRP15", &ruler, &scene.group, (kind, more), &[403])
                .await;
        }
    }
}

/// What a group is: by its owner alone, and only what is on the list.
async fn grp17(scene: &Scene) {
    let whole = scene.world.document(&scene.group.id).await;
    let update = |object: &Value| ("Update", json!({"object": object}));
    let named = json!({"id": scene.group.id, "name": "Mine"});
    let ruler = scene.evil().actor("grp17-ruler");
    scene.world.group_of(&ruler, "grp17", Policies::default()).await;
    scene.calms_down().await;
    for who in [&scene.mallory, &ruler] {
        scene
            .tries("GRP17", who, &scene.group, update(&named), &[403])
            .await;
    }
    for (field, value) in [
        ("id", json!(format!("{}/c/other", scene.world.base()))),
        ("inbox", json!("https://evil.example/inbox")),
        ("publicKey", json!({"id": "x", "publicKeyPem": "y"})),
        ("attributedTo", json!(scene.mallory.id())),
        ("members", json!(format!("{}/members", scene.mallory.id()))),
        ("preferredUsername", json!("other")),
        ("endpoints", json!({"sharedInbox": "https://evil.example/"})),
        ("assertionMethod", json!([])),
    ] {
        let mut object = whole.clone();
        object[field] = value;
        object["name"] = json!("Mine");
        scene
            .tries("GRP17", &scene.owner, &scene.group, update(&object), &[403, 404])
            .await;
    }
    assert_eq!(scene.world.document(&scene.group.id).await, whole);
}

/// Closed by its owner, once.
async fn grp18(scene: &Scene) {
    let group = scene.another("grp18", Policies::default()).await;
    let admin = scene.member("grp18-admin", &group).await;
    appoints(scene, &group, &admin, "Add").await;
    let ruler = scene.evil().actor("grp18-ruler");
    scene.world.group_of(&ruler, "grp18_2", Policies::default()).await;
    scene.calms_down().await;
    for who in [&scene.mallory, &admin, &ruler] {
        for object in [json!(group.id), json!({"id": group.id, "type": "Tombstone"})] {
            scene
                .tries(
                    "GRP18",
                    who,
                    &group,
                    ("Delete", json!({"object": object})),
                    &[403],
                )
                .await;
        }
    }
    scene.is_calm().await.unwrap();
    let delete = does(&scene.owner, &group, "Delete", json!({"object": group.id})).await;
    scene.calms_down().await;
    scene.owner.sends(&group, &delete).await.is(202);
    scene.is_calm().await.unwrap();
    scene
        .tries(
            "GRP18",
            &scene.owner,
            &group,
            ("Delete", json!({"object": group.id})),
            &[403],
        )
        .await;
}

/// Invited by a stranger; and strangers without end.
async fn grp19(scene: &Scene) {
    let invite = |n: u32| json!({"object": scene.group.id, "target": format!("https://far.example/u/{n}"), "to": [scene.group.id]});
    let eve = scene.evil().actor("eve");
    scene
        .tries("GRP19", &eve, &scene.group, ("Invite", invite(0)), &[403])
        .await;
    let member = scene.member("grp19", &scene.group).await;
    for n in 0..100 {
        does(&member, &scene.group, "Invite", invite(n)).await;
    }
    scene.calms_down().await;
    for n in 100..105 {
        let whom = format!("{}/people/never{n}", scene.evil().base());
        let more = json!({"object": scene.group.id, "target": whom, "to": [scene.group.id]});
        let (answer, _) = sends(&member, &scene.group, "Invite", &more).await;
        assert!(answer.headers.contains_key("retry-after"));
        let problem = answer.problem(429);
        assert!(
            problem["detail"].as_str().unwrap().contains("invited"),
            "{problem}"
        );
    }
    // Nor is anybody looked for whom the group does not ask.
    let chosen = scene
        .another(
            "grp19",
            Policies {
                invite: folkmoot::domain::InvitePolicy::Admins,
                ..Policies::default()
            },
        )
        .await;
    let one = scene.member("grp19-one", &chosen).await;
    let whom = format!("{}/people/never", scene.evil().base());
    let more = json!({"object": chosen.id, "target": whom, "to": [chosen.id]});
    scene
        .tries("GRP19", &one, &chosen, ("Invite", more), &[403])
        .await;
    scene.calms_down().await;
    let looked_for = |path: &String| path.contains("never");
    assert!(!scene.evil().fetched().iter().any(looked_for));
}

/// A group by a stranger's word.
async fn grp21(scene: &Scene) {
    let inbox = format!("{}/inbox", scene.world.base());
    for more in [
        json!({"type": "Group", "name": "Mine"}),
        json!({"type": "Group", "preferredUsername": "garden"}),
        json!({"type": "Group", "name": "Mine", "attributedTo": scene.alice.id()}),
    ] {
        let public = "https://www.w3.org/ns/activitystreams#Public";
        let create = activity(
            &scene.mallory,
            &scene.group,
            "Create",
            &json!({"object": more, "to": public}),
        );
        let answer = scene.mallory.sends_to(&inbox, &create.to_string()).await;
        refused("GRP21", answer, &[403]);
    }
}

/// A group that is offered is not given.
async fn grp22(scene: &Scene) {
    let eve = scene.member("grp22", &scene.group).await;
    let offer = json!({"object": scene.group.id, "target": eve.id()});
    does(&scene.owner, &scene.group, "Offer", offer).await;
    scene.calms_down().await;
    let run_it = listed(&scene.world, &scene.group, "moderators").await;
    assert_eq!(run_it, [scene.owner.id(), scene.group.steward()]);
    let named = json!({"id": scene.group.id, "name": "Mine"});
    for (kind, object) in [("Update", named), ("Delete", json!(scene.group.id))] {
        scene
            .tries(
                "GRP22",
                &eve,
                &scene.group,
                (kind, json!({"object": object})),
                &[403],
            )
            .await;
    }
    // Nobody else says yes for them, and nobody says yes to what was never offered.
    let never = format!("{}/offers/never", scene.owner.server().base());
    for who in [&scene.mallory, &eve] {
        scene
            .tries(
                "GRP22",
                who,
                &scene.group,
                ("Accept", json!({"object": never})),
                &[403],
            )
            .await;
    }
}

/// Fields that name different groups.
async fn grp23(scene: &Scene) {
    let kitchen = scene.another("grp23", Policies::default()).await;
    let mallory = scene.mallory.clone().follows(&kitchen).await;
    let hers = scene.alice.post(&scene.group, "hers").await;
    scene.bob.hears_of([&hers]).once().await;
    scene.calms_down().await;
    let public = "https://www.w3.org/ns/activitystreams#Public";
    for (outer, inner) in [
        (
            json!({"audience": scene.group.id, "to": [kitchen.id, public]}),
            json!({}),
        ),
        (
            json!({"audience": kitchen.id, "to": [public], "cc": [scene.group.id]}),
            json!({}),
        ),
        (
            json!({"to": [kitchen.id, public], "audience": kitchen.id}),
            json!({"inReplyTo": hers.post}),
        ),
    ] {
        let mut note = scene.note();
        note["to"] = json!([public]);
        note["cc"] = json!([]);
        for (field, value) in inner.as_object().unwrap() {
            note[field] = value.clone();
        }
        let mut more = outer.clone();
        more["object"] = note;
        let create = activity(&mallory, &kitchen, "Create", &more);
        refused(
            &format!("GRP23 {outer} {inner}"),
            mallory.sends(&kitchen, &create).await,
            &[403],
        );
    }
}

/// A member of a group in which all is reviewed, with a post that was let through.
async fn reviewed(scene: &Scene, name: &str) -> (Group, Actor) {
    let group = scene.another(name, REVIEWED).await;
    let eve = scene.member(&format!("{name}-eve"), &group).await;
    (group, eve)
}

/// What was let through and is changed then waits again; what everybody reads stays as it was seen.
async fn grp25(scene: &Scene) {
    let (group, eve) = reviewed(scene, "grp25").await;
    let post = eve.post(&group, "kind words").await;
    does(&scene.owner, &group, "Accept", json!({"object": post.id()})).await;
    scene.calms_down().await;
    eve.edits(&group, &post, "buy now").await;
    scene.world.settles().await;
    let page = scene
        .world
        .document(&format!("{}?page=true", group.part("outbox")))
        .await;
    assert!(
        page.to_string().contains("kind words") && !page.to_string().contains("buy now"),
        "{page}"
    );
    let told = scene.owner.heard();
    let tells = |text: &str| text.contains("buy now") && !text.contains("pendingActivities");
    assert!(told.iter().all(|heard| !tells(&heard.text)));
    let before = scene.before.lock().unwrap().state["post"].clone();
    assert_eq!(scene.calm().await.state["post"], before);
    scene.calms_down().await;
}

/// Changed between look and click: the word is for what was seen.
async fn grp26(scene: &Scene) {
    let (group, eve) = reviewed(scene, "grp26").await;
    let post = eve.post(&group, "kind words").await;
    let page = scene
        .owner
        .sees(&format!("{}?page=1", group.part("pendingActivities")))
        .await;
    let seen = page["orderedItems"][0]["id"].clone();
    eve.edits(&group, &post, "buy now").await;
    scene.calms_down().await;
    for object in [seen, json!(post.id())] {
        scene
            .tries(
                "GRP26",
                &scene.owner,
                &group,
                ("Accept", json!({"object": object})),
                &[403],
            )
            .await;
    }
    let outbox = scene.world.document(&group.part("outbox")).await;
    assert_eq!(outbox["totalItems"], 0);
}

/// Reports without end, the same report again, and one of an admin.
async fn grp27(scene: &Scene) {
    let hers = scene.alice.post(&scene.group, "hers").await;
    let flag = |object: &str| json!({"object": [object], "content": "bad"});
    for object in [&hers.post, &hers.post, &scene.owner.id()] {
        does(&scene.mallory, &scene.group, "Flag", flag(object)).await;
    }
    scene.calms_down().await;
    let of_group = "select count(*) from report where group_id is not null";
    let of_operator = "select count(*) from report where group_id is null";
    assert_eq!(scene.world.count(of_group).await, 1, "the same again is the same");
    assert_eq!(
        scene.world.count(of_operator).await,
        1,
        "nobody judges themselves"
    );
    let flags = scene
        .owner
        .heard()
        .iter()
        .filter(|heard| heard.kind() == "Flag")
        .count();
    assert_eq!(flags, 1);
    for n in 0..5 {
        let object = format!("{}/notes/{n}", scene.alice.server().base());
        let (answer, _) = sends(&scene.mallory, &scene.group, "Flag", &flag(&object)).await;
        assert!(answer.headers.contains_key("retry-after"));
        answer.problem(429);
    }
}

/// An answer to what is said in another group, or among others.
async fn grp29(scene: &Scene) {
    let kitchen = scene.another("grp29", Policies::default()).await;
    let hidden = scene
        .another(
            "grp29_2",
            Policies {
                visibility: Visibility::Private,
                ..Policies::default()
            },
        )
        .await;
    let xia = scene.world.explainer().actor("xia").follows(&hidden).await;
    let cleo = scene.world.lemmy().actor("cleo").follows(&kitchen).await;
    let elsewhere = cleo.post(&kitchen, "there").await;
    let secret = xia.speaks(|me| {
        json!({ "id": (me.mint)("activities"), "type": "Create", "actor": me.id, "to": [hidden.id],
            "object": { "id": (me.mint)("notes"), "type": "Note", "content": "for members" } })
    });
    xia.sends(&hidden, &secret).await.is(202);
    scene.calms_down().await;
    let answers = |parent: &str| {
        let mut note = scene.note();
        note["inReplyTo"] = json!(parent);
        scene.create(&note)
    };
    let answer = scene.sends(&answers(&elsewhere.post)).await;
    refused("GRP29 in another group", answer, &[403]);
    scene.is_calm().await.unwrap();
    // What they may not read is to them as what is nowhere: it is looked for, not found, and refused by letter.
    let posts = scene.world.count("select count(*) from post").await;
    let nowhere = format!("{}/notes/nowhere", xia.server().base());
    for parent in [secret["object"]["id"].as_str().unwrap(), nowhere.as_str()] {
        scene.sends(&answers(parent)).await.is(202);
    }
    scene.calms_down().await;
    assert_eq!(scene.world.count("select count(*) from post").await, posts);
    // Where only the group that it is addressed to is another, it is in the one of what it answers.
    let hers = scene.alice.post(&scene.group, "here").await;
    let mut note = scene.note();
    note["inReplyTo"] = json!(hers.post);
    let mut create = scene.create(&note);
    create["cc"] = json!([kitchen.id]);
    scene.accepted(scene.sends(&create).await).await;
    assert_eq!(
        scene.world.document(&kitchen.part("outbox")).await["totalItems"],
        1
    );
}

/// What another wrote is not a member's to put up, nor to take down.
async fn grp30(scene: &Scene) {
    let hers = scene.alice.post(&scene.group, "hers").await;
    scene.bob.hears_of([&hers]).once().await;
    scene.calms_down().await;
    for target in ["outbox", "wall", "featured"] {
        for kind in ["Add", "Remove"] {
            let more = json!({"object": hers.post, "target": scene.group.part(target)});
            scene
                .tries("GRP30", &scene.mallory, &scene.group, (kind, more), &[403])
                .await;
        }
    }
    let elsewhere =
        json!({"object": scene.alice.server().mint("notes"), "target": scene.group.part("outbox")});
    scene
        .tries("GRP30", &scene.mallory, &scene.group, ("Add", elsewhere), &[403])
        .await;
}

/// By whichever word it came, there is one membership, and whichever word ends it.
async fn grp31(scene: &Scene) {
    let eve = scene.evil().actor("grp31");
    let follow = eve.asks(&scene.group).await;
    eve.is_accepted(&follow).await;
    let join = does(&eve, &scene.group, "Join", json!({"object": scene.group.id})).await;
    assert_eq!(memberships(scene, &eve).await, (1, 1));
    does(&eve, &scene.group, "Undo", json!({"object": follow.document})).await;
    assert_eq!(memberships(scene, &eve).await, (1, 0));
    scene.calms_down().await;
    for (kind, object) in [
        ("Leave", json!(scene.group.id)),
        ("Undo", json!(join)),
        ("Undo", follow.document.clone()),
    ] {
        does(&eve, &scene.group, kind, json!({"object": object})).await;
    }
    assert_eq!(memberships(scene, &eve).await, (1, 0));
}
