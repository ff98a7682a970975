use serde_json::{Value, json};

use super::*;
use crate::{
    dialect::{self, Here},
    store::ActorId,
};

const BASE: &str = "https://a.example";

/// A case of somebody's, about something.
fn case(who: i64, kind: &str, object: Value) -> Case {
    with_id(
        &format!("{BASE}/activity/{who}/{kind}/{object}").replace(['"', ' ', '{', '}'], "-"),
        who,
        kind,
        object,
    )
}

fn with_id(id: &str, who: i64, kind: &str, object: Value) -> Case {
    let actor = Iri::object(&format!("{BASE}/u/{who}")).expect("canonical");
    let document = json!({"id": id, "type": kind, "actor": actor.as_str(), "object": object});
    let here = Here::new(&"https://g.example".parse().expect("a URL"));
    let activity = dialect::read(&document, &here).expect("read");
    Case {
        shown: Shown::of(&activity.ask),
        activity,
        raw: document.to_string(),
        actor: Arc::new(Actor {
            id: ActorId(who),
            host: actor.authority(),
            kind: "Person".to_owned(),
            username: None,
            name: None,
            inbox: format!("{actor}/inbox"),
            shared_inbox: None,
            followers: None,
            read_at: chrono::DateTime::UNIX_EPOCH,
            gone: false,
            iri: actor,
        }),
        remembered: false,
        inbox: None,
        via: None,
        waited: None,
        sought: false,
        fetched: None,
        original: None,
        warrant: Warrant::Own,
    }
}

fn post(name: &str) -> String {
    format!("{BASE}/post/{name}")
}

fn note(name: &str, parent: Option<&str>) -> Value {
    json!({"id": post(name), "type": "Note", "content": "x", "inReplyTo": parent.map(post)})
}

fn depend(one: &Case, other: &Case) -> bool {
    let (one, other) = (one.touches(), other.touches());
    let meets = |one: &Touches, other: &Touches| {
        let touched = |key| other.exclusive.contains(key) || other.shared.contains(key);
        one.exclusive.iter().any(touched)
    };
    meets(&one, &other) || meets(&other, &one)
}

#[test]
fn what_depends_on_each_other_is_known_from_the_activities_alone() {
    let create = || case(1, "Create", note("one", None));
    let reply = |who, name| case(who, "Create", note(name, Some("one")));
    let edit = || case(1, "Update", note("one", None));
    let delete = || case(1, "Delete", json!(post("one")));
    let like = |who| case(who, "Like", json!(post("one")));
    let unlike = |who| case(who, "Undo", json!({"type": "Like", "object": post("one")}));
    for (one, other, depends) in [
        (create(), reply(2, "two"), true),
        (create(), like(2), true),
        (create(), delete(), true),
        (create(), edit(), true),
        (edit(), delete(), true),
        (edit(), like(2), true),
        (delete(), like(2), true),
        (delete(), reply(2, "two"), true),
        (reply(2, "two"), reply(3, "two"), true),
        (like(2), case(2, "Dislike", json!(post("one"))), true),
        (like(2), unlike(2), true),
        (like(2), like(3), false),
        (like(2), unlike(3), false),
        (like(2), case(2, "Like", json!(post("two"))), false),
        (reply(2, "two"), reply(2, "three"), false),
        (reply(2, "two"), like(2), false),
        (create(), case(2, "Create", note("two", None)), false),
    ] {
        let said = format!("{:?} and {:?}", one.activity.ask, other.activity.ask);
        assert_eq!(depend(&one, &other), depends, "{said}");
        assert_eq!(depend(&other, &one), depends, "{said}");
    }
}

#[test]
fn one_id_is_one_activity_whatever_it_says() {
    let id = format!("{BASE}/activity/1");
    let like = with_id(&id, 1, "Like", json!(post("one")));
    let other = with_id(&id, 1, "Like", json!(post("two")));
    assert!(depend(&like, &other));
    assert!(depend(&like, &like.clone()));
}

#[test]
fn what_is_about_content_goes_together() {
    let follow = case(1, "Follow", json!("https://g.example/c/garden"));
    let by_id = case(1, "Create", json!(post("one")));
    for alone in [follow, by_id] {
        assert!(!is_about_content(&alone.activity.ask), "{:?}", alone.activity.ask);
    }
    for together in [
        case(1, "Create", note("one", None)),
        case(1, "Update", note("one", None)),
        case(1, "Delete", json!(post("one"))),
        case(1, "Dislike", json!(post("one"))),
        case(1, "Undo", json!({"type": "Dislike", "object": post("one")})),
    ] {
        assert!(
            is_about_content(&together.activity.ask),
            "{:?}",
            together.activity.ask
        );
    }
}
