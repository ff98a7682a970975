//! What each activity asks, in each of its forms.

use serde_json::json;

use super::*;

const ANN: &str = "https://a.example/u/ann";

fn read_it(document: &Value) -> Result<Activity, Unreadable> {
    read(document, &Here::new(&"https://g.example".parse().expect("a URL")))
}

#[test]
fn an_answer_is_of_a_request_or_of_a_person() {
    for (object, of) in [
        (json!("https://a.example/f#1"), Some("https://a.example/f#1")),
        (
            json!({"type": "Join", "id": "https://a.example/j"}),
            Some("https://a.example/j"),
        ),
        (json!({"type": "Person", "actor": ANN}), Some(ANN)),
        (json!({"type": "Join", "actor": ANN}), None),
        (json!({"type": "Person", "actor": 7}), None),
        (json!(null), None),
    ] {
        let accept = json!({"id": "https://b.example/1", "actor": "https://b.example/u/admin", "type": "Accept",
            "object": object});
        let of = of.map(|of| Iri::activity(of).expect("an id"));
        let Ask::Answer(answered) = read_it(&accept).expect("read").ask else {
            panic!("{object}");
        };
        assert_eq!((answered.of, answered.accepted), (of, true), "{object}");
    }
}

fn field(document: &Value) -> &'static str {
    read_it(document).expect_err("refused").field
}

#[test]
fn ids_and_actors_that_are_not_one_canonical_id_are_named() {
    let object = "https://g.example/c/rust";
    for id in [
        json!(["https://a.example/1"]),
        json!(1),
        json!({}),
        json!(""),
        json!("https://A.example/1"),
    ] {
        assert_eq!(
            field(&json!({"id": id, "type": "Follow", "actor": ANN, "object": object})),
            "id"
        );
    }
    assert_eq!(
        field(&json!({"type": "Follow", "actor": ANN, "object": object})),
        "id"
    );
    for actor in [
        json!([ANN, "https://a.example/u/bob"]),
        json!(1),
        json!({"type": "Person"}),
    ] {
        let document =
            json!({"id": "https://a.example/1", "type": "Follow", "actor": actor, "object": object});
        assert_eq!(field(&document), "actor");
    }
}

#[test]
fn joins_come_in_several_words() {
    for (kind, way) in [
        ("Follow", Way::Follow),
        ("Join", Way::Join),
        ("TentativeJoin", Way::Join),
    ] {
        for object in [
            json!("https://g.example/c/rust"),
            json!({"id": "https://g.example/c/rust"}),
            json!(["https://g.example/c/rust"]),
        ] {
            let document = json!({"id": "https://a.example/1#join", "type": [kind, "x"], "actor": [{"id": ANN}], "object": object});
            let group = Iri::object("https://g.example/c/rust").expect("an id");
            assert_eq!(read_it(&document).expect("read").ask, Ask::Join { group, way });
        }
    }
}

#[test]
fn an_undo_of_what_another_did_is_refused() {
    let document = json!({"id": "https://a.example/2", "type": "Undo", "actor": ANN,
        "object": {"id": "https://a.example/1", "type": "Follow", "actor": "https://a.example/u/bob", "object": "https://g.example/c/rust"}});
    assert_eq!(field(&document), "object.actor");
}

#[test]
fn unknown_types_and_odd_undos_mean_nothing() {
    for document in [
        json!({"id": "https://a.example/2", "type": "Dance", "actor": ANN, "object": "https://a.example/1"}),
        json!({"id": "https://a.example/2", "type": "create", "actor": ANN, "object": "https://a.example/1"}),
        json!({"id": "https://a.example/2", "type": "Undo", "actor": ANN, "object": {"type": "Create", "actor": ANN, "object": "https://a.example/1"}}),
        json!({"id": "https://a.example/2", "type": "Undo", "actor": ANN, "object": {"type": "Undo", "actor": ANN, "object": "https://a.example/1"}}),
    ] {
        assert_eq!(read_it(&document).expect("read").ask, Ask::Nothing, "{document}");
    }
}

#[test]
fn an_object_of_another_origin_is_fetched_and_never_believed() {
    let document = json!({"id": "https://a.example/2", "type": "Create", "actor": ANN,
        "object": {"id": "https://b.example/1", "type": "Note", "content": "x", "attributedTo": ANN}});
    let object = Iri::object("https://b.example/1").expect("an id");
    assert_eq!(
        read_it(&document).expect("read").ask,
        Ask::Fetch { object, edit: false }
    );
}

#[test]
fn only_whoever_moves_says_so() {
    let moves = |object: Value, target: Value| {
        let document = json!({"id": "https://a.example/1#move", "type": "Move", "actor": ANN, "object": object,
            "target": target, "to": "https://g.example/c/rust"});
        read_it(&document).expect("read")
    };
    let new = "https://b.example/u/ann";
    let target = Iri::object(new).expect("an id");
    let activity = moves(json!(ANN), json!({"id": new}));
    assert_eq!(activity.ask, Ask::Moved { target });
    assert!(
        activity.addressed.agrees(),
        "the target says who they are, and not whom it is for"
    );
    for (object, target) in [
        (json!(ANN), json!(ANN)),
        (json!(ANN), json!(null)),
        (json!("https://a.example/u/bob"), json!(new)),
        (
            json!("https://a.example/post/1"),
            json!("https://g.example/c/other"),
        ),
    ] {
        assert_eq!(moves(object.clone(), target).ask, Ask::Nothing, "{object}");
    }
}
