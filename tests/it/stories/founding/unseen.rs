//! What somebody may not read is to them as if it were not stored: through every door that is written to.
//!
//! One rule: whatever is said of it is said of something that never was, too, and the answers are compared word for word.

use folkmoot::domain::{ListPolicy, Policies, PostPolicy, Visibility, VotePolicy};
use serde_json::{Value, json};

use super::{PUBLIC, owned, tells};
use crate::support::peer::{Actor, Answer, Group};
use crate::support::world::World;

fn private() -> Policies {
    Policies {
        visibility: Visibility::Private,
        ..Policies::default()
    }
}

/// A post for the members of a group: its id, and that of the Create.
async fn says(who: &Actor, group: &Group, answers: Option<&str>) -> (String, String) {
    let note = who.server().mint("notes");
    let mut object = json!({"id": note, "type": "Note", "attributedTo": who.id(), "content": "under the oak", "to": [group.id]});
    if let Some(parent) = answers {
        object["inReplyTo"] = json!(parent);
    }
    let (create, answer) = tells(who, &group.inbox(), "Create", object, json!({"to": [group.id]})).await;
    answer.is(202);
    (note, create["id"].as_str().unwrap().to_owned())
}

/// An answer without what differs between any two.
fn shape(answer: &Answer) -> (u16, String, Vec<String>) {
    let mut names: Vec<_> = answer.headers.keys().map(ToString::to_string).collect();
    names.sort();
    (answer.status, answer.body.clone(), names)
}

/// Everything that can be said of a post, to this inbox: of one that is there and of one that never was.
async fn is_as_if_it_were_not(who: &Actor, inbox: &str, there: &str, nowhere: &str, more: &Value) {
    let mut answers = vec![];
    for post in [there, nowhere] {
        let mut said = vec![];
        for kind in ["Like", "Dislike", "Announce", "Delete", "Flag"] {
            said.push((kind, json!(post)));
        }
        let like =
            json!({"id": who.server().mint("likes"), "type": "Like", "actor": who.id(), "object": post});
        said.push(("Undo", like));
        let reply = json!({"id": who.server().mint("notes"), "type": "Note", "attributedTo": who.id(), "content": "re",
            "inReplyTo": post, "to": [PUBLIC]});
        said.push(("Create", reply));
        if post.starts_with(who.server().base()) {
            let edit = json!({"id": post, "type": "Note", "attributedTo": who.id(), "content": "mine"});
            said.push(("Update", edit.clone()));
            said.push(("Create", edit));
        }
        let mut heard = vec![];
        for (kind, object) in said {
            let (_, answer) = tells(who, inbox, kind, object, more.clone()).await;
            heard.push((kind, shape(&answer)));
        }
        answers.push(heard);
    }
    assert_eq!(answers[0], answers[1], "{} to {inbox}: {more}", who.id());
}

/// PRV02: strangers, neighbours, whoever was put out, and whoever runs another group, at every inbox.
#[tokio::test]
async fn a_private_post_answers_nobody_outside() {
    let world = World::start().await;
    let (group, olga) = owned(&world, private()).await;
    let xia = world.explainer().actor("xia").follows(&group).await;
    let neighbour = xia.server().actor("neighbour");
    let eve = world.explainer().actor("eve");
    let other = world.group_of(&eve, "other", Policies::default()).await;
    let ban = world.explainer().actor("ban").follows(&group).await;
    let (post, create) = says(&xia, &group, None).await;
    let block = json!({"target": group.id, "to": [group.id]});
    tells(&olga, &group.inbox(), "Block", json!(ban.id()), block)
        .await
        .1
        .is(202);
    world.settles().await;
    let before = world.count("select count(*) from entry").await;
    let shared = format!("{}/inbox", world.base());
    for who in [&eve, &neighbour, &ban] {
        let nowhere = xia.server().mint("notes");
        for inbox in [&shared, &other.inbox(), &group.inbox()] {
            for more in [
                json!({}),
                json!({"to": [PUBLIC]}),
                json!({"to": [other.id], "audience": other.id}),
            ] {
                if more.get("audience").is_some() && **inbox == group.inbox() {
                    continue;
                }
                is_as_if_it_were_not(who, inbox, &post, &nowhere, &more).await;
            }
        }
    }
    assert_eq!(
        world
            .count(
                "select count(*) from entry where group_id = (select id from \"group\" where name = 'garden')"
            )
            .await
            + world.count("select count(*) from vote").await,
        before
    );
    // Whoever runs another group learns nothing by answering either.
    let unknown = xia.server().mint("creates");
    for kind in ["Accept", "Reject"] {
        for (id, join) in [(&create, "a Create"), (&unknown, "nothing")] {
            for inbox in [&shared, &other.inbox()] {
                for more in [json!({}), json!({"to": [other.id]})] {
                    let (_, answer) = tells(&eve, inbox, kind, json!(id), more.clone()).await;
                    let status = if **inbox == shared && more == json!({}) {
                        403
                    } else {
                        404
                    };
                    assert_eq!(answer.status, status, "{kind} {join} {more} {}", answer.body);
                }
            }
        }
    }
    // Its author is known to have written it, also from outside, and takes it back.
    let leave = json!({"to": [group.id]});
    tells(&xia, &group.inbox(), "Leave", json!(group.id), leave.clone())
        .await
        .1
        .is(202);
    tells(&xia, &group.inbox(), "Delete", json!(post), leave)
        .await
        .1
        .is(202);
    assert_eq!(
        world
            .count("select count(*) from post where deleted_at is not null")
            .await,
        1
    );
    world.end().await;
}

/// The same of a post for members in a group that everybody reads.
#[tokio::test]
async fn a_post_for_members_answers_nobody_else() {
    let world = World::start().await;
    let anyone = Policies {
        post: PostPolicy::Anyone,
        ..Policies::default()
    };
    let (group, _olga) = owned(&world, anyone).await;
    let strict = Policies {
        vote: VotePolicy::Members,
        ..anyone
    };
    let olaf = world.explainer().actor("olaf");
    let other = world.group_of(&olaf, "other", strict).await;
    let xia = world.explainer().actor("xia").follows(&group).await;
    let eve = world.explainer().actor("eve");
    let (post, _) = says(&xia, &group, None).await;
    world.settles().await;
    for inbox in [&group.inbox(), &other.inbox(), &format!("{}/inbox", world.base())] {
        for more in [
            json!({"to": [group.id]}),
            json!({"to": [group.id, PUBLIC]}),
            json!({"to": [PUBLIC]}),
            json!({}),
        ] {
            let nowhere = xia.server().mint("notes");
            is_as_if_it_were_not(&eve, inbox, &post, &nowhere, &more).await;
        }
    }
    assert_eq!(world.count("select count(*) from vote").await, 0);
    // Whoever is in reads it, and is told why not.
    let reply = json!({"id": xia.server().mint("notes"), "type": "Note", "attributedTo": xia.id(), "content": "re", "inReplyTo": post});
    let wider = json!({"to": [group.id, PUBLIC]});
    let problem = tells(&xia, &group.inbox(), "Create", reply, wider)
        .await
        .1
        .problem(403);
    assert!(
        problem["type"]
            .as_str()
            .unwrap()
            .ends_with("#wider-than-its-thread"),
        "{problem}"
    );
    world.end().await;
}

/// Who voted, and left: takes their vote back, and casts no other.
#[tokio::test]
async fn whoever_left_takes_back_their_vote() {
    let world = World::start().await;
    let (group, _olga) = owned(&world, private()).await;
    let xia = world.explainer().actor("xia").follows(&group).await;
    let xen = world.explainer().actor("xen").follows(&group).await;
    let (post, _) = says(&xia, &group, None).await;
    let inside = json!({"to": [group.id]});
    let (like, answer) = tells(&xen, &group.inbox(), "Like", json!(post), inside.clone()).await;
    answer.is(202);
    tells(&xen, &group.inbox(), "Leave", json!(group.id), inside.clone())
        .await
        .1
        .is(202);
    tells(&xen, &group.inbox(), "Dislike", json!(post), inside.clone())
        .await
        .1
        .is(202);
    assert_eq!(
        world.count("select count(*) from vote where kind = 'like'").await,
        1
    );
    tells(&xen, &group.inbox(), "Undo", like, inside).await.1.is(202);
    assert_eq!(world.count("select count(*) from vote").await, 0);
    world.end().await;
}

/// What was said for members is not made wider by an edit, be it the thread's first post or an answer.
#[tokio::test]
async fn an_edit_is_never_wider_than_its_thread() {
    let world = World::start().await;
    let (group, _olga) = owned(&world, Policies::default()).await;
    let xia = world.explainer().actor("xia").follows(&group).await;
    let (post, _) = says(&xia, &group, None).await;
    let (comment, _) = says(&xia, &group, Some(&post)).await;
    world.settles().await;
    let before = world.state(&[]).await;
    for id in [&post, &comment] {
        let object = json!({"id": id, "type": "Note", "attributedTo": xia.id(), "content": "new", "to": [group.id, PUBLIC]});
        let wider = json!({"to": [group.id, PUBLIC]});
        let problem = tells(&xia, &group.inbox(), "Update", object, wider)
            .await
            .1
            .problem(403);
        assert!(
            problem["type"]
                .as_str()
                .unwrap()
                .ends_with("#wider-than-its-thread"),
            "{problem}"
        );
        assert_eq!(problem["field"], "to");
    }
    assert_eq!(world.state(&[]).await, before);
    let object =
        json!({"id": post, "type": "Note", "attributedTo": xia.id(), "content": "new", "to": [group.id]});
    tells(&xia, &group.inbox(), "Update", object, json!({"to": [group.id]}))
        .await
        .1
        .is(202);
    world.end().await;
}

/// However an act is worded, what names Public is not said in a private group.
#[tokio::test]
async fn no_act_in_a_private_group_names_public() {
    let world = World::start().await;
    let (group, olga) = owned(&world, private()).await;
    let xia = world.explainer().actor("xia").follows(&group).await;
    let xen = world.explainer().actor("xen");
    xen.reads(&group.id).await.is(200);
    world.settles().await;
    let before = world.state(&[]).await;
    let of = |what: &str| json!({"type": "Relationship", "object": group.id, "subject": xia.id(), "relationship": what});
    let acts = [
        (
            "Grant",
            json!("admin"),
            json!({"target": xia.id(), "result": of("admin")}),
        ),
        (
            "Grant",
            json!("outcast"),
            json!({"target": xia.id(), "result": of("outcast")}),
        ),
        (
            "Revoke",
            json!("member"),
            json!({"target": xia.id(), "result": of("member")}),
        ),
        ("Block", json!(xia.id()), json!({"target": group.id})),
        ("Invite", json!(group.id), json!({"target": xen.id()})),
        (
            "Update",
            json!({"id": group.id, "type": "Group", "name": "Open"}),
            json!({}),
        ),
    ];
    for (kind, object, mut more) in acts.clone() {
        more["to"] = json!([group.id, PUBLIC]);
        let problem = tells(&olga, &group.inbox(), kind, object, more.clone())
            .await
            .1
            .problem(403);
        assert!(
            problem["type"].as_str().unwrap().ends_with("#public-in-private"),
            "{kind}: {problem}"
        );
        // Whoever may not do it at all hears that.
        let eve = tells(&xen, &group.inbox(), kind, json!(xia.id()), more).await.1;
        assert!(!eve.body.contains("public-in-private"), "{kind}: {}", eve.body);
    }
    assert_eq!(world.state(&[]).await, before);
    for (kind, object, mut more) in acts {
        more["to"] = json!([group.id]);
        tells(&olga, &group.inbox(), kind, object, more).await.1.is(202);
    }
    let open = json!({"id": group.id, "type": "Group", "visibility": "public"});
    tells(
        &olga,
        &group.inbox(),
        "Update",
        open,
        json!({"to": [group.id, PUBLIC]}),
    )
    .await
    .1
    .is(202);
    world.end().await;
}

/// A list of a server's people is for the server; somebody of it finds themselves at most.
#[tokio::test]
async fn a_person_is_not_told_who_of_their_server_is_in() {
    let world = World::start().await;
    for (name, visibility) in [("open", Visibility::Public), ("shut", Visibility::Private)] {
        let olga = world.explainer().actor("olga");
        let policies = Policies {
            visibility,
            members_list: ListPolicy::Admins,
            ..Policies::default()
        };
        let group = world.group_of(&olga, name, policies).await;
        let xia = world.explainer().actor("xia").follows(&group).await;
        let server = xia.server();
        let yan = server.actor("yan").follows(&group).await;
        let zed = server.actor("zed");
        let instance = server.settle("instance", "Application");
        // They joined, and do not follow.
        for (list, are_in) in [
            ("members_synchronization", true),
            ("followers_synchronization", false),
        ] {
            let among = |ids: Value| if are_in { ids } else { json!([]) };
            let theirs = async |who: &Actor| who.sees(&group.part(list)).await["orderedItems"].clone();
            assert_eq!(theirs(&xia).await, among(json!([xia.id()])), "{name} {list}");
            assert_eq!(
                theirs(&instance).await,
                among(json!([xia.id(), yan.id()])),
                "{name} {list}"
            );
            if visibility == Visibility::Public {
                assert_eq!(theirs(&zed).await, json!([]), "{name} {list}");
            } else {
                zed.reads(&group.part(list)).await.is(404);
            }
        }
    }
    world.end().await;
}

/// A closed group says no to records in the words in which it does to everything; 410 is for whoever reads.
#[tokio::test]
async fn a_closed_group_takes_no_records() {
    let world = World::start().await;
    let (group, olga) = owned(&world, Policies::default()).await;
    tells(
        &olga,
        &group.inbox(),
        "Delete",
        json!(group.id),
        json!({"to": [group.id]}),
    )
    .await
    .1
    .is(202);
    let eve = world.explainer().actor("eve");
    let record = json!({"type": "Membership", "actor": eve.id(), "group": group.id});
    for method in ["POST", "PUT"] {
        let problem = eve
            .calls(method, &group.part("members"), Some(&record))
            .await
            .problem(403);
        assert!(
            problem["type"].as_str().unwrap().ends_with("#closed"),
            "{problem}"
        );
        assert!(problem["field"].is_string(), "{problem}");
    }
    eve.reads(&group.part("members")).await.is(410);
    world.end().await;
}

/// ANN10, deeper down: in what is undone, in what is answered, and in a record.
#[tokio::test]
async fn ann10_blind_addressees_are_refused_however_deep() {
    let world = World::start().await;
    let (group, olga) = owned(&world, Policies::default()).await;
    let xia = world.explainer().actor("xia").follows(&group).await;
    let eve = world.explainer().actor("eve");
    let post = olga.post(&group, "a word").await;
    let like = xia.likes(&group, &post).await;
    world.settles().await;
    let before = world.state(&[eve.server().authority()]).await;
    for field in ["bto", "bcc"] {
        let mut hidden = json!({"id": post.post, "type": "Note"});
        hidden[field] = json!(["https://a.example/u/hidden"]);
        let mut undone = like.document.clone();
        undone["object"] = hidden.clone();
        let note = json!({"id": xia.server().mint("notes"), "type": "Note", "attributedTo": xia.id(), "content": "re", "inReplyTo": hidden});
        for (kind, object) in [("Undo", undone), ("Create", note)] {
            let problem = tells(
                &xia,
                &group.inbox(),
                kind,
                object,
                json!({"to": [group.id, PUBLIC]}),
            )
            .await
            .1
            .problem(400);
            assert_eq!(problem["field"], "bto", "{problem}");
        }
        let mut record = json!({"type": "Membership", "actor": eve.id(), "group": group.id});
        record[field] = json!(["https://a.example/u/hidden"]);
        let problem = eve
            .calls("POST", &group.part("members"), Some(&record))
            .await
            .problem(400);
        assert_eq!(problem["field"], "bto", "{problem}");
    }
    assert_eq!(world.state(&[eve.server().authority()]).await, before);
    world.end().await;
}
