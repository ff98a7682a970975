//! Reading what is done to people: who is let in, put out, made an admin; and what is put into a collection. Who is asked in:
//! `invite.rs`.
//!
//! One rule: which group is meant is said by what the activity is about (its object, or its target), and whatever else names
//! a group of ours has to agree. Fields that a stub leaves out are not there; they never differ.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::{
    dialect::{
        Ask, Here, Local, Unreadable,
        activity::{ACTORS, object_id},
        fields::{embedded, id_of, kind_of, text_of},
        grant, invite,
    },
    domain::{Iri, Mark},
};

/// What an Accept or Reject answers, as far as it says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answered {
    pub accepted: bool,
    /// Id of what is answered: of an activity, of our copy of it, or of whoever asked.
    pub of: Option<Iri>,
    /// Of an embedded stub: its type, who sent it, and what it was about.
    pub kind: Option<String>,
    pub actor: Option<Iri>,
    pub object: Option<Iri>,
    /// It names a person, and not what they sent.
    pub is_person: bool,
    /// The group of ours that `target` names, itself or by one of its collections.
    pub group: Option<String>,
    /// Why, in words.
    pub reason: Option<String>,
}

/// Longest reason, in characters. It is kept, and goes out with a letter.
const LONGEST_REASON: usize = 2_000;

/// Types of what is done to people.
const DEEDS: [&str; 7] = ["Invite", "Offer", "Block", "Add", "Remove", "Grant", "Revoke"];

/// Accept, Reject.
pub(super) fn answer(document: &Value, accepted: bool, here: &Here) -> Result<Ask, Unreadable> {
    let object = document.get("object");
    let stub = object.and_then(embedded);
    let is_person = stub.is_some_and(|stub| kind_of(stub, &ACTORS).is_some());
    let iri = |value: Option<&Value>| value.and_then(id_of).and_then(|id| Iri::activity(id).ok());
    let of = iri(object)
        // The explainer prints one that names the person in `actor`, without an id.
        .or_else(|| iri(stub.filter(|_| is_person).and_then(|stub| stub.get("actor"))));
    let target = document.get("target").and_then(id_of);
    Ok(Ask::Answer(Box::new(Answered {
        accepted,
        of,
        kind: stub
            .filter(|_| !is_person)
            .and_then(|stub| stub.get("type"))
            .and_then(|kind| kind.as_str().or_else(|| kind.get(0).and_then(Value::as_str)))
            .map(ToOwned::to_owned),
        actor: iri(stub.filter(|_| !is_person).and_then(|stub| stub.get("actor"))),
        object: iri(stub.filter(|_| !is_person).and_then(|stub| stub.get("object"))),
        is_person,
        group: target.and_then(|id| here.group_of(id)).map(ToOwned::to_owned),
        reason: reason(document)?,
    })))
}

/// Invite, Offer, Block, Add, Remove, Grant, Revoke; `wanted`: false is an Undo of it.
pub(super) fn deed(
    document: &Value,
    kind: &str,
    actor: &Iri,
    here: &Here,
    wanted: bool,
) -> Result<Ask, Unreadable> {
    match kind {
        "Invite" => invite::invite(document, here, wanted),
        "Offer" => invite::offer(document, actor, here, wanted),
        "Block" => block(document, here, wanted),
        "Grant" | "Revoke" => grant::read(document, here, (kind == "Grant") == wanted),
        _ => collect(document, here, (kind == "Add") == wanted),
    }
}

/// `Undo` of one of them that is embedded; `None`: it is none of them, or too little of it is there.
pub(super) fn undone(inner: &Value, actor: &Iri, here: &Here) -> Option<Ask> {
    let kind = kind_of(inner, &DEEDS).filter(|kind| !matches!(*kind, "Remove" | "Revoke"))?;
    deed(inner, kind, actor, here, false).ok()
}

/// `Block{object: actor, target: group}`, for good or until `endTime` (Lemmy before 0.19: `expires`); `removeData`: with all that they wrote
/// there (lemmy.md 3.5).
fn block(document: &Value, here: &Here, wanted: bool) -> Result<Ask, Unreadable> {
    let whom = canonical(object_id(document)?, "object")?;
    let target = optional(document, "target")?;
    let group = target
        .as_ref()
        .and_then(|id| here.group_of(id.as_str()))
        .map(ToOwned::to_owned);
    // Of another group or a whole server: Lemmy tells everybody of those. And whoever blocks a group of ours tells us.
    let is_ours = here.owns(&whom) && !here.is_mirror(whom.as_str());
    if (target.is_some() && group.is_none()) || is_ours {
        return Ok(Ask::Nothing);
    }
    Ok(Ask::Block {
        group,
        whom,
        until: until(document)?,
        reason: reason(document)?,
        clears: wanted && document.get("removeData") == Some(&Value::Bool(true)),
        wanted,
    })
}

pub(super) fn until(document: &Value) -> Result<Option<DateTime<Utc>>, Unreadable> {
    for field in ["endTime", "expires"] {
        match document.get(field) {
            None | Some(Value::Null) => {}
            Some(value) => {
                let text = value.as_str().unwrap_or_default();
                let date = DateTime::parse_from_rfc3339(text).map_err(|_| {
                    Unreadable::new(
                        field,
                        "The end of the ban is not a date and time as RFC 3339 writes them.",
                    )
                })?;
                return Ok(Some(date.to_utc()));
            }
        }
    }
    Ok(None)
}

/// Add, Remove. `origin` is the word of the vocabulary for where something is removed from.
fn collect(document: &Value, here: &Here, wanted: bool) -> Result<Ask, Unreadable> {
    let object = object_id(document)?;
    let target = match optional(document, "target")? {
        Some(target) => target,
        None => optional(document, "origin")?
            .ok_or_else(|| Unreadable::new("target", "It does not say which collection is meant."))?,
    };
    Ok(match here.local(target.as_str()) {
        Some(Local::Group {
            name,
            part: Some("featured"),
        }) => Ask::Mark {
            mark: Mark::Pinned,
            object,
            group: Some(name.to_owned()),
            wanted,
        },
        _ => Ask::Collect {
            object,
            target,
            reason: reason(document)?,
            wanted,
        },
    })
}

/// The id in a field that need not be there.
pub(super) fn optional(document: &Value, field: &'static str) -> Result<Option<Iri>, Unreadable> {
    let Some(value) = document.get(field).filter(|value| !value.is_null()) else {
        return Ok(None);
    };
    let id = id_of(value).ok_or_else(|| {
        Unreadable::new(
            field,
            format!("The {field} is not one id, or one object with an id."),
        )
    })?;
    Iri::activity(id)
        .map(Some)
        .map_err(|why| Unreadable::new(field, format!("The id of the {field} is refused: {why}.")))
}

/// An actor has one id, without a fragment.
pub(super) fn canonical(iri: Iri, field: &'static str) -> Result<Iri, Unreadable> {
    Iri::object(iri.as_str())
        .map_err(|why| Unreadable::new(field, format!("The id of whoever is meant is refused: {why}.")))
}

/// Why, in words of theirs: HTML.
pub(super) fn reason(document: &Value) -> Result<Option<String>, Unreadable> {
    for field in ["summary", "content"] {
        match text_of(document, field) {
            Some(text) if text.chars().count() > LONGEST_REASON => {
                let why = format!("A reason is at most {LONGEST_REASON} characters long.");
                return Err(Unreadable::new(field, why));
            }
            Some(text) => return Ok(Some(text.to_owned())),
            None => {}
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::Call;

    const ANN: &str = "https://a.example/u/ann";
    const BOB: &str = "https://b.example/u/bob";
    const GROUP: &str = "https://g.example/c/rust";

    fn read_it(mut document: Value) -> Result<crate::dialect::Activity, Unreadable> {
        document["id"] = json!("https://a.example/1");
        document["actor"] = json!(ANN);
        crate::dialect::read(
            &document,
            &Here::new(&"https://g.example".parse().expect("a URL")),
        )
    }

    fn asked(document: Value) -> Ask {
        read_it(document).expect("read").ask
    }

    #[test]
    fn what_is_done_names_its_group_and_nothing_else_may_disagree() {
        let other = "https://g.example/c/other";
        let remove = |to: Value| json!({"type": "Remove", "object": BOB, "target": format!("{GROUP}/members"), "to": to});
        assert!(
            read_it(remove(json!([GROUP, BOB])))
                .expect("read")
                .addressed
                .agrees()
        );
        assert!(!read_it(remove(json!([other]))).expect("read").addressed.agrees());
        let accept = json!({"type": "Accept", "object": "https://b.example/j", "target": format!("{GROUP}/members"),
            "audience": other});
        assert!(!read_it(accept).expect("read").addressed.agrees());
    }

    #[test]
    fn an_answer_is_of_a_request_or_of_a_person() {
        for (object, of) in [
            (json!("https://a.example/f#1"), Some("https://a.example/f#1")),
            (
                json!({"type": "Join", "id": "https://a.example/j"}),
                Some("https://a.example/j"),
            ),
            (json!({"type": "Person", "actor": BOB}), Some(BOB)),
            (json!({"type": "Join", "actor": BOB}), None),
            (json!({"type": "Person", "actor": 7}), None),
            (json!(null), None),
        ] {
            let of = of.map(|of| Iri::activity(of).expect("an id"));
            let Ask::Answer(answered) = asked(json!({"type": "Accept", "object": object})) else {
                panic!("{object}");
            };
            assert_eq!((answered.of, answered.accepted), (of, true), "{object}");
        }
    }

    #[test]
    fn an_undo_is_of_what_it_embeds_or_of_an_id() {
        let undo = |inner: Value| asked(json!({"type": "Undo", "object": inner}));
        let block = json!({"id": "https://a.example/b", "type": "Block", "actor": ANN, "object": BOB, "target": GROUP});
        assert!(matches!(undo(block), Ask::Block { wanted: false, .. }));
        let offer = json!({"type": "Offer", "actor": ANN, "object": GROUP, "target": BOB});
        assert!(matches!(
            undo(offer),
            Ask::Invite {
                wanted: false,
                call: Call::Owner,
                ..
            }
        ));
        let stub = json!({"id": "https://a.example/b", "type": "Block"});
        assert!(matches!(undo(stub), Ask::Undo { .. }));
    }

    #[test]
    fn a_ban_has_an_end_that_can_be_read() {
        let block =
            |end: Value| read_it(json!({"type": "Block", "object": BOB, "target": GROUP, "endTime": end}));
        let read = block(json!("2027-01-31T12:00:00+01:00")).expect("read").ask;
        let Ask::Block {
            until: Some(until), ..
        } = read
        else {
            panic!("{read:?}");
        };
        assert_eq!(until.to_rfc3339(), "2027-01-31T11:00:00+00:00");
        for bad in [json!("tomorrow"), json!(5), json!("2027-01-31")] {
            assert_eq!(block(bad).expect_err("refused").field, "endTime");
        }
        let site = json!({"type": "Block", "object": BOB, "target": "https://a.example/"});
        assert_eq!(asked(site), Ask::Nothing);
    }

    #[test]
    fn a_reason_has_a_length() {
        let reject = |words: &str| {
            read_it(json!({"type": "Reject", "object": "https://b.example/j", "summary": words}))
        };
        assert!(reject(&"x".repeat(2_000)).is_ok());
        assert_eq!(reject(&"x".repeat(2_001)).expect_err("refused").field, "summary");
        let members = format!("{GROUP}/members");
        let remove = json!({"type": "Remove", "object": BOB, "target": members, "content": "loud"});
        assert!(matches!(asked(remove), Ask::Collect { reason: Some(words), .. } if words == "loud"));
    }
}
