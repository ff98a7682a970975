//! PRV: what is for the members, behind every door.
//!
//! A door that is shut looks like one that is not there: each is asked beside one of the same form that never was.

use folkmoot::domain::{Iri, ListPolicy, Policies, PolicyChange, Review, Visibility};
use folkmoot::store::group::Change;
use serde_json::{Value, json};

use super::{Row, Scene, rows};
use crate::stories::people::{does, listed};
use crate::support::peer::{Actor, Group};

pub(super) const ROWS: &[Row] = rows![
    prv01, prv02, prv03, prv05, prv06, prv07, prv09, prv10, prv11, prv13, prv14, prv15,
];

const SECRET: &str = "the treasure is under the oak";
const ACTIVITY: &str = "application/activity+json";

/// A private group, a member of it who has said something there, and how they asked to be let in.
struct Hidden {
    group: Group,
    xia: Actor,
    join: crate::support::peer::Said,
    doors: Vec<String>,
}

async fn hidden(scene: &Scene, name: &str) -> Hidden {
    let policies = Policies {
        visibility: Visibility::Private,
        ..Policies::default()
    };
    let group = scene.another(name, policies).await;
    let xia = scene.world.explainer().actor("xia");
    let join = xia.asks(&group).await;
    xia.is_accepted(&join).await;
    says(&xia, &group).await;
    scene.calms_down().await;
    let doors = doors(scene, &group).await;
    Hidden {
        group,
        xia,
        join,
        doors,
    }
}

/// Something for the members.
async fn says(who: &Actor, group: &Group) -> Value {
    let create = who.speaks(|me| {
        json!({ "@context": "https://www.w3.org/ns/activitystreams", "id": (me.mint)("activities"), "type": "Create",
            "actor": me.id, "to": [group.id],
            "object": { "id": (me.mint)("notes"), "type": "Note", "content": SECRET } })
    });
    who.sends(group, &create).await.is(202);
    create
}

/// Everything of a group that has an address and shows what is said there or who is there.
async fn doors(scene: &Scene, group: &Group) -> Vec<String> {
    let base = scene.world.base();
    let mut behind = scene.world.behind().await;
    let (post, activity): (String, String) = sqlx::query_as(
        "select p.post_id::text, (select e.activity_id::text from entry e where e.group_id = g.id order by e.seq desc limit 1)
         from \"group\" g join post_group p on p.group_id = g.id where g.name = $1 limit 1",
    )
    .bind(group.name())
    .fetch_one(&mut behind)
    .await
    .unwrap();
    let mut doors = vec![
        format!("{base}/post/{post}"),
        format!("{base}/post/{post}/replies"),
        group.part(&format!("threads/{post}")),
    ];
    for part in [
        "outbox",
        "members",
        "followers",
        "featured",
        "threads",
        "contexts",
        "admins",
        "moderators",
        "rules",
        "collections",
        "affiliations",
    ] {
        doors.push(group.part(part));
        doors.push(group.part(&format!("{part}?page=1")));
    }
    for shape in ["", "/explainer", "/threadiverse", "/microblog"] {
        doors.push(format!("{base}/activities/{activity}{shape}"));
    }
    doors
}

/// A request for a door, as anybody makes it.
async fn knocks(scene: &Scene, method: &str, door: &str, headers: &[(&str, &str)]) -> reqwest::Response {
    let client = scene.world.ground().client();
    let mut request = client.request(method.parse().unwrap(), door);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = request.send().await.unwrap();
    assert!(!answer.status().is_server_error(), "{door}");
    answer
}

/// The same address in a group that is not there, or of nothing.
fn missing(door: &str, group: &Group) -> String {
    match door.strip_prefix(&group.id) {
        Some(part) => format!("{}/c/nowhere{part}", group.base()),
        None => {
            let end = door.find('-').unwrap() + 28;
            door.replace(&door[end - 36..end], "00000000-0000-7000-8000-000000000000")
        }
    }
}

/// *Not found*, in the words and headers of what was never there.
async fn is_shut(scene: &Scene, group: &Group, door: &str, method: &str, headers: &[(&str, &str)]) {
    let here = knocks(scene, method, door, headers).await;
    let missing = missing(door, group);
    let there = knocks(scene, method, &missing, headers).await;
    let context = format!("{method} {door} {headers:?}");
    // A page that can be none is refused before anything is looked for.
    assert!([400, 404].contains(&here.status().as_u16()), "{context}");
    assert_eq!(here.status(), there.status(), "{context}");
    let names = |answer: &reqwest::Response| {
        let mut names: Vec<_> = answer.headers().keys().map(ToString::to_string).collect();
        names.sort();
        names
    };
    assert_eq!(names(&here), names(&there), "{context}");
    let (here, there) = (here.text().await.unwrap(), there.text().await.unwrap());
    assert!(!here.contains(SECRET) && !here.contains("oak"), "{context}");
    let without = |text: &str, url: &str| text.replace(url, "");
    assert_eq!(without(&here, door), without(&there, &missing), "{context}");
}

/// What waits in a group: for those who run it.
async fn prv01(scene: &Scene) {
    let policies = Policies {
        review: Review::All,
        join: folkmoot::domain::JoinPolicy::Approval,
        ..Policies::default()
    };
    let group = scene.another("prv01", policies).await;
    let former = scene.evil().actor("prv01-former");
    for who in [&former, &scene.evil().actor("prv01-member")] {
        let join = who.asks(&group).await;
        does(&scene.owner, &group, "Accept", json!({"object": join.id()})).await;
        who.is_accepted(&join).await;
    }
    for kind in ["Add", "Remove"] {
        let more = json!({"object": former.id(), "target": group.part("admins")});
        does(&scene.owner, &group, kind, more).await;
    }
    let ruler = scene.evil().actor("prv01-ruler");
    scene.world.group_of(&ruler, "prv01_2", Policies::default()).await;
    let author = scene.evil().actor("prv01-member");
    author.post(&group, SECRET).await;
    scene.evil().actor("prv01-waits").asks(&group).await;
    scene.calms_down().await;
    let mut doors = vec![];
    for queue in ["pendingActivities", "pendingMembers"] {
        doors.push(group.part(queue));
        doors.push(group.part(&format!("{queue}?page=1")));
        let page = scene.owner.sees(&group.part(&format!("{queue}?page=1"))).await;
        doors.push(page["orderedItems"][0]["id"].as_str().unwrap().to_owned());
    }
    for door in &doors {
        is_shut(scene, &group, door, "GET", &[("accept", ACTIVITY)]).await;
        for who in [&author, &ruler, &former, &scene.alice] {
            who.reads(door).await.is(404);
        }
        scene.owner.reads(door).await.is(200);
    }
}

/// Every door of a private group.
async fn prv02(scene: &Scene) {
    let hidden = hidden(scene, "prv02").await;
    for door in &hidden.doors {
        is_shut(scene, &hidden.group, door, "GET", &[("accept", ACTIVITY)]).await;
        for who in [&scene.mallory, &scene.alice] {
            who.reads(door).await.is(404);
        }
    }
    for part in ["outbox", "members", "threads"] {
        hidden.xia.reads(&hidden.group.part(part)).await.is(200);
    }
    // What the group wrote to one alone is for nobody else: nor the word that let them in.
    let accept = hidden
        .xia
        .server()
        .hears("the Accept", |heard| heard.kind() == "Accept")
        .await;
    for who in [&scene.mallory, &scene.alice] {
        who.reads(accept.id()).await.is(404);
    }
    is_shut(scene, &hidden.group, accept.id(), "GET", &[("accept", ACTIVITY)]).await;
}

/// The same, knocked at in other ways.
async fn prv03(scene: &Scene) {
    let Hidden { group, doors, .. } = hidden(scene, "prv03").await;
    for door in &doors {
        let bare = door.split('?').next().unwrap();
        for odd in [
            format!("{bare}.json"),
            format!("{bare}.rss"),
            format!("{bare}/"),
            format!("{bare}?page=true"),
            format!("{bare}?page=2"),
            format!("{bare}?cursor=x"),
            format!("{bare}?format=json"),
        ] {
            is_shut(scene, &group, &odd, "GET", &[("accept", ACTIVITY)]).await;
        }
        for accept in [
            "text/html",
            "application/rss+xml",
            "application/atom+xml",
            "application/ld+json",
            "application/json",
            "*/*",
            "",
        ] {
            is_shut(scene, &group, door, "GET", &[("accept", accept)]).await;
        }
        is_shut(scene, &group, door, "HEAD", &[("accept", ACTIVITY)]).await;
        is_shut(
            scene,
            &group,
            door,
            "GET",
            &[("accept", ACTIVITY), ("range", "bytes=0-10")],
        )
        .await;
        is_shut(
            scene,
            &group,
            door,
            "GET",
            &[("accept", ACTIVITY), ("if-none-match", "*")],
        )
        .await;
        is_shut(
            scene,
            &group,
            door,
            "GET",
            &[("authorization", "Bearer x"), ("accept", ACTIVITY)],
        )
        .await;
    }
}

/// Nobody between us keeps for others what a member was shown.
async fn prv05(scene: &Scene) {
    let hidden = hidden(scene, "prv05").await;
    for part in ["outbox", "members", "threads", "collections"] {
        let door = hidden.group.part(part);
        let shown = hidden.xia.reads(&door).await.is(200);
        assert_eq!(shown.headers["cache-control"], "private, no-store", "{door}");
        let vary = shown.headers["vary"].to_str().unwrap().to_owned();
        for header in ["Signature", "Accept", "Authorization"] {
            assert!(vary.contains(header), "{door}: {vary}");
        }
        is_shut(scene, &hidden.group, &door, "GET", &[("accept", ACTIVITY)]).await;
    }
}

/// How many, and not who; of a list for members. How often is in `a_scrape_of_the_members_is_limited`.
async fn prv06(scene: &Scene) {
    let policies = Policies {
        members_list: ListPolicy::Members,
        ..Policies::default()
    };
    let group = scene.another("prv06", policies).await;
    let member = scene.member("prv06", &group).await;
    scene.calms_down().await;
    for part in ["members", "followers"] {
        for url in [
            group.part(part),
            group.part(&format!("{part}?page=1")),
            group.part(&format!("{part}?page=9999")),
        ] {
            let answer = scene.world.get(&url, ACTIVITY).await;
            let text = answer.text().await.unwrap();
            assert!(!text.contains(&member.id()), "{url}: {text}");
            let alien = scene.mallory.reads(&url).await;
            assert!(!alien.body.contains(&member.id()), "{url}: {}", alien.body);
        }
    }
    let shown = scene.world.document(&group.part("members")).await;
    assert_eq!(shown["totalItems"], 1);
    assert!(shown.get("first").is_none(), "{shown}");
    let theirs = member.sees(&group.part("members?page=1")).await;
    assert!(theirs.to_string().contains(&member.id()));
    let page = scene
        .world
        .get(&group.id, "text/html")
        .await
        .text()
        .await
        .unwrap();
    assert!(!page.contains(&member.id()));
}

/// A neighbour of a member is a stranger; their server as a whole is not.
async fn prv07(scene: &Scene) {
    let hidden = hidden(scene, "prv07").await;
    let server = hidden.xia.server();
    let neighbour = server.actor("neighbour");
    let instance = server.settle("instance", "Application");
    let other = scene.evil().settle("instance", "Application");
    // Whoever signs is met.
    for who in [&neighbour, &instance] {
        who.reads(&scene.group.part("outbox")).await.is(200);
    }
    scene.calms_down().await;
    for part in ["outbox", "threads"] {
        let door = hidden.group.part(part);
        for who in [&neighbour, &other, &scene.mallory] {
            who.reads(&door).await.is(404);
        }
        instance.reads(&door).await.is(200);
    }
    for door in &hidden.doors {
        neighbour.reads(door).await.is(404);
    }
}

/// Public before, private now: old addresses show nothing, and everybody is told.
async fn prv09(scene: &Scene) {
    let group = scene.another("prv09", Policies::default()).await;
    let xia = scene.world.explainer().actor("xia").follows(&group).await;
    let cleo = scene.world.lemmy().actor("cleo").follows(&group).await;
    let post = xia.post(&group, SECRET).await;
    cleo.hears_of([&post]).once().await;
    scene.calms_down().await;
    let doors = doors(scene, &group).await;
    for door in doors.iter().filter(|door| !door.contains("explainer")) {
        let status = scene.world.get(door, ACTIVITY).await.status().as_u16();
        assert!([200, 302].contains(&status), "{door}: {status}");
    }
    let change = PolicyChange {
        visibility: Some(Visibility::Private),
        ..PolicyChange::default()
    };
    let engine = &scene.world.house().engine;
    engine
        .change_group("prv09", Change::default(), &change)
        .await
        .unwrap();
    let told = cleo.server().hears("the Update", |heard| {
        heard.kind() == "Announce" || heard.kind() == "Update"
    });
    told.await;
    scene.calms_down().await;
    for door in &doors {
        for accept in [ACTIVITY, "text/html"] {
            is_shut(scene, &group, door, "GET", &[("accept", accept)]).await;
        }
    }
    assert_eq!(scene.world.get(&group.id, "text/html").await.status(), 404);
    for place in ["", "/search?q=treasure", "/groups"] {
        let url = format!("{}{place}", scene.world.base());
        let text = scene.world.get(&url, "text/html").await.text().await.unwrap();
        assert!(!text.contains("prv09") && !text.contains("treasure"), "{url}");
    }
}

/// Whoever has left reads what they wrote.
async fn prv10(scene: &Scene) {
    let hidden = hidden(scene, "prv10").await;
    let xen = scene.world.explainer().actor("xen").follows(&hidden.group).await;
    let theirs = says(&xen, &hidden.group).await;
    scene.world.settles().await;
    hidden.xia.leaves(&hidden.group, &hidden.join).await;
    scene.calms_down().await;
    let outbox = hidden.xia.sees(&hidden.group.part("outbox")).await;
    assert_eq!(outbox["totalItems"], 1);
    let text = outbox.to_string();
    assert!(
        text.contains(&hidden.xia.id()) && !text.contains(theirs["id"].as_str().unwrap()),
        "{text}"
    );
    for part in ["members", "followers", "collections", "admins"] {
        hidden.xia.reads(&hidden.group.part(part)).await.is(404);
    }
}

/// Who took a post out: the steward, where this server decided; word for word, where an admin elsewhere said so.
async fn prv11(scene: &Scene) {
    let [one, two, three] = ["one", "two", "three"].map(|text| scene.mallory.post(&scene.group, text));
    let (one, two, three) = (one.await, two.await, three.await);
    let xia = scene.world.explainer().actor("xia");
    let join = xia.asks(&scene.group).await;
    xia.is_accepted(&join).await;
    scene.bob.hears_of([&one, &two, &three]).once().await;
    let engine = &scene.world.house().engine;
    engine
        .remove_post("garden", &Iri::object(&one.post).unwrap(), None)
        .await
        .unwrap();
    let offer = json!({"object": {"type": "Delete", "object": two.post}});
    does(&scene.owner, &scene.group, "Offer", offer).await;
    let delete = does(
        &scene.owner,
        &scene.group,
        "Delete",
        json!({"object": three.post}),
    )
    .await;
    let mut told = vec![];
    for post in [&one, &two, &three] {
        let heard = xia
            .server()
            .hears("the removal", |heard| {
                heard.kind() == "Announce"
                    && heard.document["object"]["type"] == "Delete"
                    && heard.text.contains(&post.post)
            })
            .await;
        told.push(heard);
    }
    for heard in &told[..2] {
        assert_eq!(
            heard.document["object"]["actor"],
            json!(scene.group.id),
            "{}",
            heard.text
        );
        assert!(!heard.text.contains(&scene.owner.id()), "{}", heard.text);
    }
    assert!(told[2].text.contains(&delete.to_string()), "{}", told[2].text);
    xia.leaves(&scene.group, &join).await;
    scene.calms_down().await;
}

/// Nothing that tells of groups tells of a private one; whoever knows its name finds what they need to ask.
async fn prv13(scene: &Scene) {
    let figures = async || {
        let url = format!("{}/nodeinfo/2.1", scene.world.base());
        scene.world.document(&url).await["usage"].clone()
    };
    scene.calms_down().await;
    let before = figures().await;
    let hidden = hidden(scene, "prv13").await;
    assert_eq!(figures().await, before);
    for place in ["", "/sitemap.xml", "/groups", "/explore", "/feed", "/robots.txt"] {
        let url = format!("{}{place}", scene.world.base());
        let text = scene.world.get(&url, "*/*").await.text().await.unwrap();
        assert!(!text.contains("prv13"), "{url}");
    }
    let finger = format!(
        "{}/.well-known/webfinger?resource=acct:prv13@{}",
        scene.world.base(),
        scene.world.authority()
    );
    let found = scene.world.document(&finger).await;
    assert!(!found.to_string().contains("The prv13"), "{found}");
    let stub = scene.world.document(&hidden.group.id).await;
    let mut fields: Vec<_> = stub.as_object().unwrap().keys().map(String::as_str).collect();
    fields.sort_unstable();
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
    let page = scene.world.get(&hidden.group.id, "text/html").await;
    assert_eq!(page.status(), 404);
    // Whoever is asked which groups somebody is in does not tell of this one.
    let groups = scene
        .world
        .get(
            &format!("{}/groups?member={}", scene.world.base(), hidden.xia.id()),
            ACTIVITY,
        )
        .await;
    assert!(!groups.text().await.unwrap().contains("prv13"));
}

/// A blocked host reads by the hand of a clean one: what is public, as docs/security.md says; never what is for members.
async fn prv14(scene: &Scene) {
    let hidden = hidden(scene, "prv14").await;
    let shady = scene.world.server("joiner");
    let (blocked, clean) = (shady.actor("reader"), scene.evil().actor("courier"));
    let instance = scene.evil().settle("instance", "Application");
    let engine = &scene.world.house().engine;
    engine.set_blocked(shady.authority(), true).await.unwrap();
    for door in &hidden.doors {
        for who in [&blocked, &clean, &instance] {
            who.reads(door).await.is(404);
        }
    }
    // The limit: whoever may read the public groups may tell others what is said there.
    clean.reads(&scene.group.part("outbox")).await.is(200);
    // Whoever is blocked becomes a member by no hand.
    let join = json!({
        "id": clean.server().mint("joins"), "type": "Join", "actor": blocked.id(), "object": hidden.group.id,
    });
    let answer = clean.sends(&hidden.group, &join).await;
    super::refused("PRV14", answer, &[401, 403]);
    engine.set_blocked(shady.authority(), false).await.unwrap();
}

/// What waits, and what was rejected, has no address of ours that shows it.
async fn prv15(scene: &Scene) {
    for kind in ["Reject", ""] {
        let policies = Policies {
            review: Review::All,
            ..Policies::default()
        };
        let group = scene.another(&format!("prv15_{}", kind.len()), policies).await;
        let eve = scene.member("prv15", &group).await;
        let post = eve.post(&group, SECRET).await;
        let page = scene.owner.sees(&group.part("pendingActivities?page=1")).await;
        let entry = page["orderedItems"][0]["id"].as_str().unwrap().to_owned();
        let id = entry.rsplit('/').next().unwrap();
        scene.calms_down().await;
        if !kind.is_empty() {
            does(&scene.owner, &group, kind, json!({"object": post.id()})).await;
            scene.calms_down().await;
        }
        for door in [&entry, &format!("{}/post/{id}", scene.world.base())] {
            for accept in [ACTIVITY, "text/html"] {
                is_shut(scene, &group, door, "GET", &[("accept", accept)]).await;
            }
            for who in [&eve, &scene.mallory] {
                who.reads(door).await.is(404);
            }
        }
        for part in ["outbox", "threads", "featured"] {
            let shown = scene.world.document(&group.part(part)).await;
            assert_eq!(shown["totalItems"], 0, "{shown}");
        }
        assert_eq!(listed(&scene.world, &group, "members").await, [eve.id()]);
    }
}
