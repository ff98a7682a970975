use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::{
    dialect::{Activity, Ask, read as read_activity},
    domain::{Iri, Vote, Way},
};

const HASH: &str = "4fe7bdbecc0f281ca46f25bca9ac019b9c3e265894c5b50ab8251bda2dd9ac3a";
const SHORT: &str = "4fe7bdbecc0f281ca46f25bca9ac019b";
const U1: &str = "https://g.example/bridge/versia/b.example/u1";
const N1: &str = "https://g.example/bridge/versia/b.example/notes/n1";
const GARDEN: &str = "https://g.example/c/garden";
const POST: Uuid = Uuid::from_u128(7);
const CAROL: Uuid = Uuid::from_u128(8);

fn here() -> Here {
    Here::new(&"https://g.example".parse().unwrap()).speaking_for("g.example".to_owned())
}

fn known() -> Known {
    Known {
        ids: HashMap::from([
            (POST, "https://m.example/posts/1".to_owned()),
            (CAROL, "https://m.example/users/carol".to_owned()),
        ]),
        groups: HashSet::from(["garden".to_owned(), "pond".to_owned()]),
        ..Known::default()
    }
}

fn here_by_u1() -> Version {
    Version {
        author: U1.to_owned(),
        is_posted: true,
        waits: false,
        id: Some(format!("{N1}#0")),
        hash: None,
    }
}

/// With the time that every entity has, if it has none.
fn dated(entity: &Value) -> Value {
    let mut entity = entity.clone();
    if let Some(fields) = entity.as_object_mut() {
        fields
            .entry("created_at")
            .or_insert(json!("2026-11-22T10:00:00Z"));
    }
    entity
}

fn translated(entity: &Value) -> Option<Value> {
    let read = super::read(&dated(entity), "b.example", HASH, &known(), &here()).unwrap()?;
    assert_eq!(read.actor, Reference::new("b.example", "u1"), "{entity}");
    Some(read.activity)
}

/// What it comes to by the ordinary way.
fn understood(entity: &Value) -> Activity {
    let activity = translated(entity).unwrap_or_else(|| panic!("{entity} means nothing"));
    let read = read_activity(&activity, &here()).unwrap_or_else(|why| panic!("{why}: {activity}"));
    assert_eq!(read.actor.as_str(), U1);
    assert!(read.addressed.agrees(), "{activity}");
    read
}

fn note(more: &Value) -> Value {
    let mut note = json!({
        "type": "Note", "id": "n1", "created_at": "2026-11-22T10:00:00.000Z", "author": "b.example:u1",
        "content": {"text/html": {"content": "<p>Hi<script>1</script></p>", "remote": false}},
        "group": "g.example:group-garden", "is_sensitive": false, "subject": null, "replies_to": null, "quotes": null,
        "mentions": [], "attachments": [], "previews": [], "category": "forum", "device": null, "extensions": {},
    });
    for (field, value) in more.as_object().unwrap() {
        note[field] = value.clone();
    }
    note
}

#[test]
fn who_subscribes_joins_and_who_follows_the_sharing_user_follows() {
    let group = Iri::object(GARDEN).unwrap();
    for (entity, ask) in [
        (
            json!({"type": "pub.versia:groups/Subscribe", "created_at": "2026-05-01T10:00:00Z",
                "subscriber": "b.example:u1", "group": "g.example:group-garden"}),
            Ask::Join {
                group: group.clone(),
                way: Way::Join,
            },
        ),
        (
            json!({"type": "Follow", "created_at": "2026-05-01T10:00:00Z", "author": "u1", "followee": "g.example:garden"}),
            Ask::Join {
                group: group.clone(),
                way: Way::Follow,
            },
        ),
        (
            json!({"type": "pub.versia:groups/Unsubscribe", "subscriber": "u1", "group": "g.example:group-garden"}),
            Ask::Leave {
                group: group.clone(),
                way: Way::Join,
            },
        ),
        (
            json!({"type": "Unfollow", "author": "u1", "followee": "g.example:garden"}),
            Ask::Leave {
                group,
                way: Way::Follow,
            },
        ),
    ] {
        let read = understood(&entity);
        assert_eq!(read.ask, ask);
        assert_eq!(read.id.as_str(), format!("{U1}#{SHORT}"));
        let names = names(&dated(&entity), "b.example", &here()).unwrap();
        assert_eq!(names.group.as_deref(), Some("garden"));
        assert_eq!(names.claims[0].1.to_string(), "b.example:u1");
    }
}

#[test]
fn the_drafts_subscribe_in_their_own_shapes() {
    for entity in [
        // 2024-12: bare types, an id, addresses for references.
        json!({"type": "GroupSubscribe", "id": "ed480922-b095-4f09-9da5-c995be8f5960", "uri": "https://b.example/actions/1",
            "created_at": "2024-04-09T01:38:51.743Z", "subscriber": "https://b.example/.versia/v0.6/entities/User/u1",
            "group": "https://g.example/.versia/v0.6/entities/pub.versia%3Agroups%2FGroup/group-garden"}),
        // 2025-04: the type of today, and an id.
        json!({"type": "pub.versia:groups/Subscribe", "id": "ed480922-b095-4f09-9da5-c995be8f5960",
            "created_at": "2024-04-09T01:38:51.743Z", "subscriber": "b.example:u1", "group": "g.example:group-garden"}),
    ] {
        assert!(matches!(
            understood(&entity).ask,
            Ask::Join { way: Way::Join, .. }
        ));
    }
    let users = json!({"type": "GroupSubscribe", "subscriber": "https://b.example/users/u1", "group": "g.example:group-garden"});
    assert_eq!(
        names(&dated(&users), "b.example", &here()).unwrap_err().field,
        "subscriber"
    );
}

#[test]
fn a_group_elsewhere_or_without_a_domain_is_none_of_ours() {
    for group in [
        "group-garden",
        "c.example:group-garden",
        "g.example:garden",
        "g.example:7",
    ] {
        let subscribe = json!({"type": "pub.versia:groups/Subscribe", "subscriber": "u1", "group": group});
        assert_eq!(translated(&subscribe), None, "{group}");
        assert_eq!(translated(&note(&json!({"group": group}))), None, "{group}");
    }
    for group in [json!(null), json!("followers"), json!("public")] {
        assert_eq!(translated(&note(&json!({"group": group}))), None, "{group}");
    }
}

#[test]
fn a_note_is_a_post_with_mirrors_and_harmless_text() {
    let activity = translated(&note(&json!({"subject": "Leeks", "mentions": [
        "g.example:00000000-0000-0000-0000-000000000008", "c.example:u3"]})))
    .unwrap();
    assert_eq!(activity["id"], format!("{N1}#{SHORT}"));
    let object = &activity["object"];
    assert_eq!((&object["id"], &object["attributedTo"]), (&json!(N1), &json!(U1)));
    assert_eq!(object["content"], "<p>Hi</p>");
    assert_eq!(object["name"], "Leeks");
    assert_eq!(object["url"], "https://b.example/.versia/v0.6/entities/Note/n1");
    assert_eq!(object["published"], "2026-11-22T10:00:00.000Z");
    assert_eq!(activity["to"], json!([PUBLIC, GARDEN]));
    assert_eq!(
        activity["cc"],
        json!([
            "https://m.example/users/carol",
            "https://g.example/bridge/versia/c.example/u3"
        ])
    );
    let read = understood(&note(&json!({})));
    assert!(matches!(&read.ask, Ask::Post(post) if post.id.as_str() == N1 && post.others.is_empty()));
    assert!(read.addressed.public);
    assert_eq!(read.addressed.groups().iter().collect::<Vec<_>>(), ["garden"]);
}

#[test]
fn a_warning_is_a_warning_and_no_title() {
    let activity = translated(&note(&json!({"subject": "Snails", "is_sensitive": true}))).unwrap();
    let object = &activity["object"];
    assert_eq!(
        (&object["summary"], &object["sensitive"]),
        (&json!("Snails"), &json!(true))
    );
    assert_eq!(object.get("name"), None);
}

#[test]
fn what_it_answers_may_be_of_either_world() {
    for (parent, iri) in [
        (
            "g.example:00000000-0000-0000-0000-000000000007",
            "https://m.example/posts/1",
        ),
        (
            "g.example:00000000-0000-0000-0000-000000000009",
            "https://g.example/post/00000000-0000-0000-0000-000000000009",
        ),
        (
            "c.example:n3",
            "https://g.example/bridge/versia/c.example/notes/n3",
        ),
        ("n0", "https://g.example/bridge/versia/b.example/notes/n0"),
    ] {
        let Ask::Post(post) = understood(&note(&json!({"replies_to": parent}))).ask else {
            panic!("no post");
        };
        assert_eq!(post.in_reply_to.unwrap().as_str(), iri);
    }
    let reply =
        note(&json!({"replies_to": format!("g.example:{POST}"), "mentions": [format!("g.example:{CAROL}")]}));
    assert_eq!(names(&reply, "b.example", &here()).unwrap().ours, [POST, CAROL]);
}

#[test]
fn an_answer_that_is_a_title_only_is_no_vote() {
    let titled = note(&json!({"replies_to": "n0", "subject": "Yes", "content": null}));
    let Ask::Post(post) = understood(&titled).ask else {
        panic!("no post");
    };
    assert_eq!(post.content.as_deref(), Some("<p>Yes</p>"));
}

#[test]
fn a_note_for_everybody_is_for_a_group_that_it_mentions_or_answers_in() {
    let mention = note(&json!({"group": "public", "mentions": ["g.example:garden"]}));
    let read = understood(&mention);
    assert_eq!(read.addressed.groups().iter().collect::<Vec<_>>(), ["garden"]);
    assert!(read.addressed.public);
    assert_eq!(
        names(&mention, "b.example", &here()).unwrap().mentioned,
        ["garden"]
    );
    let reply = understood(&note(
        &json!({"group": "public", "replies_to": format!("g.example:{POST}")}),
    ));
    assert!(reply.addressed.groups().is_empty() && reply.addressed.public);
}

#[test]
fn in_a_private_group_a_note_is_for_its_members() {
    let known = Known {
        private: HashSet::from(["garden".to_owned()]),
        ..known()
    };
    let read = super::read(&note(&json!({})), "b.example", HASH, &known, &here())
        .unwrap()
        .unwrap();
    assert_eq!(read.activity["to"], json!([format!("{GARDEN}/members")]));
    assert_eq!(read.activity.get("cc"), None);
    let activity = read_activity(&read.activity, &here()).unwrap();
    assert!(!activity.addressed.public && activity.addressed.agrees());
    assert!(activity.addressed.groups().contains("garden"));
}

#[test]
fn a_note_that_is_here_is_edited() {
    let known = Known {
        note: Some(here_by_u1()),
        edited_at: Some("2026-11-22T11:00:00Z".parse().unwrap()),
        ..known()
    };
    let read = super::read(&note(&json!({})), "b.example", HASH, &known, &here())
        .unwrap()
        .unwrap();
    assert_eq!(read.activity["type"], "Update");
    let activity = read_activity(&read.activity, &here()).unwrap();
    assert!(matches!(activity.ask, Ask::Edit(post) if post.updated.is_some()));
}

#[test]
fn what_is_deleted_is_its_authors_or_its_servers() {
    let delete = |more: Value| {
        let mut delete = json!({"type": "Delete", "created_at": "2026-05-01T10:00:00Z", "author": "b.example:u1",
            "deleted_type": "Note", "deleted": "b.example:n1"});
        for (field, value) in more.as_object().unwrap() {
            delete[field] = value.clone();
        }
        delete
    };
    assert!(matches!(understood(&delete(json!({}))).ask, Ask::Delete { object } if object.as_str() == N1));
    let by_server = delete(json!({"author": null}));
    assert_eq!(translated(&by_server), None, "nobody here knows it");
    let known = Known {
        note: Some(here_by_u1()),
        ..known()
    };
    let read = super::read(&by_server, "b.example", HASH, &known, &here())
        .unwrap()
        .unwrap();
    assert_eq!(read.activity["actor"], U1);
    let user = understood(&delete(json!({"deleted_type": "User", "deleted": "u1"})));
    assert!(matches!(user.ask, Ask::ActorGone { .. }));
    let like = understood(&delete(
        json!({"deleted_type": "pub.versia:likes/Like", "deleted": "l1"}),
    ));
    assert!(matches!(like.ask, Ask::Undo { object } if object.as_str() == format!("{U1}#l1")));
    let foreign = names(&delete(json!({"deleted": "c.example:n1"})), "b.example", &here()).unwrap();
    assert_eq!(foreign.claims[1].1.domain, "c.example");
    let bare = names(&by_server, "b.example", &here()).unwrap();
    assert_eq!((bare.claims.len(), bare.note.as_deref()), (1, Some(N1)));
}

#[test]
fn votes_name_posts_of_either_world() {
    let ours = format!("g.example:{POST}");
    for (kind, field, vote) in [
        ("pub.versia:likes/Like", "liked", Vote::Like),
        ("pub.versia:likes/Dislike", "disliked", Vote::Dislike),
    ] {
        let read = understood(&json!({"type": kind, "id": "l1", "author": "u1", field: ours}));
        assert_eq!(
            read.ask,
            Ask::Vote {
                vote,
                object: Iri::object("https://m.example/posts/1").unwrap()
            }
        );
        assert_eq!(read.id.as_str(), format!("{U1}#l1"));
    }
    let reaction = json!({"type": "pub.versia:reactions/Reaction", "id": "r1", "author": "u1", "object": "n1", "content": "🥬"});
    assert!(
        matches!(understood(&reaction).ask, Ask::Vote { vote: Vote::Like, object } if object.as_str() == N1)
    );
    let share = json!({"type": "pub.versia:shares/Share", "id": "s1", "author": "u1", "shared": "n1"});
    assert!(matches!(understood(&share).ask, Ask::Announce { objects } if objects[0].as_str() == N1));
    let gone = json!({"type": "pub.versia:likes/Like", "id": "l1", "author": "u1", "liked": format!("g.example:{}", Uuid::from_u128(9))});
    assert_eq!(translated(&gone), None);
}

#[test]
fn a_report_names_whatever_it_may_mean() {
    let report = json!({"type": "pub.versia:reports/Report", "author": "u1", "tags": ["spam"], "comment": "Look.",
        "reported": [format!("g.example:{POST}"), "c.example:x", "g.example:garden"]});
    let Ask::Report { objects, reason, .. } = understood(&report).ask else {
        panic!("no report");
    };
    let objects: Vec<_> = objects.iter().map(Iri::as_str).collect();
    assert_eq!(
        objects,
        [
            "https://m.example/posts/1",
            "https://g.example/bridge/versia/c.example/notes/x",
            "https://g.example/bridge/versia/c.example/x",
            GARDEN
        ]
    );
    assert_eq!(reason.as_deref(), Some("Look.\n\nTags: spam"));
}

#[test]
fn what_was_said_last_is_nothing_new_and_what_was_said_before_is() {
    let read = |last: Version| {
        let known = Known {
            note: Some(last),
            ..known()
        };
        super::read(&note(&json!({})), "b.example", HASH, &known, &here()).unwrap()
    };
    let first = || format!("{N1}#{SHORT}");
    for last in [
        Version {
            id: Some(first()),
            ..here_by_u1()
        },
        Version {
            hash: Some(HASH.to_owned()),
            ..here_by_u1()
        },
    ] {
        assert_eq!(read(last), None);
    }
    let id = |last| read(last).unwrap().activity["id"].as_str().unwrap().to_owned();
    let (one, other) = (
        id(here_by_u1()),
        id(Version {
            id: Some(format!("{N1}#1")),
            ..here_by_u1()
        }),
    );
    assert!(
        one != other && one != first() && one.len() == first().len(),
        "{one} {other}"
    );
}

#[test]
fn what_is_said_to_others_or_in_other_words_means_nothing_here() {
    for kind in [
        "pub.versia:groups/Group",
        "pub.versia:groups/Federate",
        "pub.versia:groups/SubscribeAccept",
        "FollowAccept",
        "pub.versia:polls/Vote",
        "Migration",
    ] {
        let entity = json!({"type": kind, "id": "x", "author": "u1", "group": "g.example:group-garden", "note": "n1",
            "subscriber": "u1", "follower": "u1"});
        assert_eq!(
            super::read(&dated(&entity), "b.example", HASH, &known(), &here()),
            Ok(None),
            "{kind}"
        );
    }
    let federate = json!({"type": "GroupFederate", "note": "n1", "group": "g.example:group-garden"});
    assert_eq!(
        names(&dated(&federate), "b.example", &here()).unwrap().claims[0]
            .1
            .domain,
        "g.example"
    );
}

#[test]
fn what_cannot_be_read_is_said_by_its_field() {
    for (entity, field) in [
        (json!([]), "type"),
        (json!({"type": 1}), "type"),
        (json!({"type": "Note", "id": "n1"}), "author"),
        (note(&json!({"id": "a/b"})), "id"),
        (note(&json!({"author": "b.example:443:u1"})), "author"),
        (note(&json!({"mentions": "u1"})), "mentions"),
        (note(&json!({"mentions": [1]})), "mentions"),
        (note(&json!({"is_sensitive": "no"})), "is_sensitive"),
        (note(&json!({"subject": 1})), "subject"),
        (note(&json!({"attachments": [[]]})), "attachments"),
        (note(&json!({"content": "Hi"})), "content"),
        (note(&json!({"group": 1})), "group"),
        (note(&json!({"replies_to": {}})), "replies_to"),
        (note(&json!({"created_at": "yesterday"})), "created_at"),
        (note(&json!({"created_at": 3})), "created_at"),
        (note(&json!({"created_at": null})), "created_at"),
        (note(&json!({"extensions": 3})), "extensions"),
        (note(&json!({"previews": ["https://b.example/"]})), "previews"),
        (note(&json!({"quotes": 3})), "quotes"),
        (note(&json!({"category": ["forum"]})), "category"),
        (note(&json!({"device": {}})), "device"),
        (
            json!({"type": "pub.versia:reports/Report", "author": "u1", "reported": [], "tags": "spam"}),
            "tags",
        ),
        (
            json!({"type": "pub.versia:groups/Subscribe", "subscriber": "u1"}),
            "group",
        ),
        (
            json!({"type": "Delete", "author": "u1", "deleted": "n1"}),
            "deleted_type",
        ),
        (
            json!({"type": "pub.versia:reactions/Reaction", "id": "r1", "author": "u1", "object": "n1"}),
            "content",
        ),
        (
            json!({"type": "pub.versia:reports/Report", "author": "u1", "reported": "n1"}),
            "reported",
        ),
    ] {
        let entity = dated(&entity);
        let failed = names(&entity, "b.example", &here())
            .err()
            .or_else(|| super::read(&entity, "b.example", HASH, &known(), &here()).err());
        assert_eq!(failed.unwrap_or_else(|| panic!("{entity} was read")).field, field);
    }
}
