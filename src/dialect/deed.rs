//! What those who run a group do, in FEP-1b12's words: as the group says it, and as its steward does.
//!
//! One rule: the steward speaks only where a person is asked for and nobody's own words will do. A listed moderator's activity
//! is passed on as it came; an act that was decided here, or that came in other words or for fewer readers, is the steward's,
//! and does not say who was behind it (PRV11). One more act is a [`What`] and an arm of [`kind_and_object`].

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{
    dialect::{
        Here, Said, What,
        announce::{PUBLIC, date, fields},
        fields::{embedded, id_of, ids_of, kind_of, text_of},
        group,
    },
    domain::{Mark, Shape},
    text,
};

/// Of a reason the steward passes on so many characters.
const LONGEST_REASON: usize = 500;

/// An act, with all that is needed to tell it.
#[derive(Clone, Copy, Debug)]
pub struct Deed<'a> {
    /// Our id of it.
    pub id: Uuid,
    pub group: &'a str,
    pub what: What,
    /// Id of the post or the person that it is done to.
    pub object: &'a str,
    pub reason: Option<&'a str>,
    /// Of a ban.
    pub until: Option<DateTime<Utc>>,
    pub public: bool,
    pub at: DateTime<Utc>,
}

/// As the group itself says it: what is kept, and what its members hear in its own words.
#[must_use]
pub fn deed(deed: &Deed<'_>, here: &Here) -> Value {
    as_group(deed, None, here)
}

/// The same of what somebody else did, for a class that wants to hear it from the group.
pub(super) fn by_group(said: &Said<'_>, shape: Shape, here: &Here) -> Option<Value> {
    let raw: Value = serde_json::from_str(said.raw).unwrap_or_default();
    Some(as_group(&read(said, &raw)?, Some(shape), here))
}

fn as_group(deed: &Deed<'_>, shape: Option<Shape>, here: &Here) -> Value {
    let part = |part| here.part(deed.group, part);
    let (to, cc) = if deed.public {
        (PUBLIC.to_owned(), vec![part("followers"), part("members")])
    } else {
        (part("members"), vec![])
    };
    let voice = Voice {
        actor: here.group(deed.group),
        id: here.activity(deed.id, shape),
        to,
        cc,
    };
    Value::Object(written(deed, &voice, Value::Null, here))
}

/// As the steward says it; `None`: it is nothing that a steward says, or somebody's own words will do.
#[must_use]
pub fn by_steward(said: &Said<'_>, here: &Here) -> Option<Value> {
    if !is_an_act(said.what) || is_verbatim(said, here) {
        return None;
    }
    let raw: Value = serde_json::from_str(said.raw).unwrap_or_default();
    let mut deed = read(said, &raw)?;
    // It was somebody's HTML, and is ours to say now.
    let reason = deed.reason.map(text::plain).unwrap_or_default();
    let reason = text::truncate(reason.trim(), LONGEST_REASON);
    deed.reason = (!reason.is_empty()).then_some(reason);
    if deed.what == What::TakenOut {
        // Lemmy knows no other word for it (`activity_lists.rs`).
        deed.what = What::Removed;
    }
    let voice = Voice {
        actor: here.steward(said.group),
        id: here.activity(said.id, Some(STEWARD)),
        to: if said.public {
            PUBLIC.to_owned()
        } else {
            here.part(said.group, "followers")
        },
        cc: vec![here.group(said.group)],
    };
    let face = raw.get("object").cloned().unwrap_or_default();
    let mut document = written(&deed, &voice, face, here);
    if let (What::Described, Some(context)) = (said.what, raw.get("@context")) {
        // The terms of the group's own document hold for all of this one.
        document.insert("@context".to_owned(), context.clone());
    }
    Some(Value::Object(document))
}

/// An act, out of what is kept of it.
fn read<'a>(said: &Said<'a>, raw: &'a Value) -> Option<Deed<'a>> {
    let act = undone(raw);
    Some(Deed {
        id: said.id,
        group: said.group,
        what: said.what,
        object: match said.object {
            "" => act.get("object").and_then(id_of)?,
            post => post,
        },
        reason: text_of(raw, "summary"),
        until: text_of(act, "endTime").and_then(|end| end.parse().ok()),
        public: said.public,
        at: said.at,
    })
}

/// In ids: the steward's own activity, which its announcement carries.
pub const STEWARD: Shape = Shape("steward");

/// Whether an event is passed on word for word, and not in the steward's words.
pub(super) fn is_verbatim(said: &Said<'_>, here: &Here) -> bool {
    !is_an_act(said.what) || is_worded(said.what, said.raw, said.group, said.private_group, here)
}

/// Whether whoever speaks FEP-1b12 takes it as it came: from a person, in that FEP's words, and for everybody
/// (Lemmy 0.19.20 answers 400 to what names no Public; measured 2026-08).
#[must_use]
pub fn is_worded(what: What, raw: &str, group: &str, private_group: bool, here: &Here) -> bool {
    let raw: Value = serde_json::from_str(raw).unwrap_or_default();
    let by_person = raw.get("actor").and_then(id_of) != Some(here.group(group).as_str());
    let part = |part| here.part(group, part);
    let is = |kinds: &[&str]| kind_of(&raw, kinds).is_some();
    let aims_at = |target: String| raw.get("target").and_then(id_of) == Some(target.as_str());
    let undoes = || is(&["Undo"]) && raw.get("object").and_then(embedded).is_some();
    let in_words = match what {
        What::Removed => is(&["Delete"]),
        What::Marked(Mark::Locked, true) => is(&["Lock"]),
        What::Marked(Mark::Locked, false) | What::Banned(false) | What::Restored => undoes(),
        What::Marked(Mark::Pinned, _) => is(&["Add", "Remove"]) && aims_at(part("featured")),
        What::Ranked(_) => is(&["Add", "Remove"]) && aims_at(part("moderators")),
        What::Banned(true) => is(&["Block"]) && aims_at(here.group(group)),
        _ => false,
    };
    by_person && in_words && is_addressed(&raw, what) && (private_group || names_public(&raw))
}

/// Lists of ids, and both of them: only a Delete may lack `cc` (Lemmy 0.19.20, `crates/apub/src/protocol/activities`).
fn is_addressed(raw: &Value, what: What) -> bool {
    let ids = |field| match raw.get(field) {
        Some(Value::Array(ids)) => ids.iter().all(Value::is_string),
        Some(one) => one.is_string(),
        None => field == "cc" && what == What::Removed,
    };
    ids("to") && ids("cc")
}

/// In the one spelling of Public that is a URL to everybody.
fn names_public(raw: &Value) -> bool {
    raw.get("to").map(ids_of).unwrap_or_default().contains(&PUBLIC)
}

/// Whether it is done by those who run a group, and not by authors, voters or members.
const fn is_an_act(what: What) -> bool {
    matches!(
        what,
        What::Removed
            | What::TakenOut
            | What::Restored
            | What::Marked(..)
            | What::Ranked(_)
            | What::Banned(_)
            | What::Described
            | What::Closed
    )
}

/// Who says it, under which id, to whom.
struct Voice {
    actor: String,
    id: String,
    to: String,
    cc: Vec<String>,
}

fn written(deed: &Deed<'_>, voice: &Voice, face: Value, here: &Here) -> Map<String, Value> {
    let (kind, undo) = kind_of_act(deed.what);
    let target = target_of(deed, here);
    let mut act = fields(json!({
        "type": kind,
        "actor": voice.actor,
        "to": [voice.to],
        "cc": voice.cc,
        "audience": here.group(deed.group),
    }));
    let object = if deed.what == What::Described {
        without_context(face)
    } else {
        json!(deed.object)
    };
    act.insert("object".to_owned(), object);
    if let Some(target) = target {
        act.insert("target".to_owned(), json!(target));
    }
    if let Some(reason) = deed.reason {
        act.insert("summary".to_owned(), json!(reason));
    }
    if let Some(until) = deed.until {
        act.insert("endTime".to_owned(), json!(date(until)));
    }
    if undo {
        act.insert("id".to_owned(), json!(format!("{}#undone", voice.id)));
        act = fields(json!({
            "type": "Undo",
            "actor": voice.actor,
            "to": [voice.to],
            "cc": voice.cc,
            "audience": here.group(deed.group),
            "object": act,
        }));
    }
    let mut document = fields(json!({
        "@context": group::context(),
        "id": voice.id,
        "published": date(deed.at),
    }));
    document.extend(act);
    document.insert("id".to_owned(), json!(voice.id));
    document
}

/// The type of an act, and whether it is that act's Undo.
const fn kind_of_act(what: What) -> (&'static str, bool) {
    match what {
        What::Marked(Mark::Locked, wanted) => ("Lock", !wanted),
        What::Banned(wanted) => ("Block", !wanted),
        What::Marked(Mark::Pinned, true) | What::Ranked(true) | What::Listed(true) => ("Add", false),
        What::Marked(Mark::Pinned, false) | What::Ranked(false) | What::Listed(false) => ("Remove", false),
        What::TakenOut => ("Remove", false),
        What::Restored => ("Delete", true),
        What::Described => ("Update", false),
        _ => ("Delete", false),
    }
}

fn target_of(deed: &Deed<'_>, here: &Here) -> Option<String> {
    let part = match deed.what {
        What::Marked(Mark::Pinned, _) => "featured",
        What::Ranked(_) => "moderators",
        What::Listed(_) => "members",
        What::TakenOut => "outbox",
        What::Banned(_) => return Some(here.group(deed.group)),
        _ => return None,
    };
    Some(here.part(deed.group, part))
}

fn without_context(mut face: Value) -> Value {
    if let Some(face) = face.as_object_mut() {
        face.remove("@context");
    }
    face
}

/// What an Undo undoes; anything else itself.
fn undone(raw: &Value) -> &Value {
    match kind_of(raw, &["Undo"]) {
        Some(_) => raw.get("object").and_then(embedded).unwrap_or(raw),
        None => raw,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOD: &str = "https://a.example/u/mod";
    const GROUP: &str = "https://g.example/c/rust";

    fn here() -> Here {
        Here::new(&"https://g.example".parse().expect("a URL"))
    }

    fn act(kind: &str, more: Value) -> Value {
        let mut act = fields(json!({
            "id": "https://a.example/1", "type": kind, "actor": MOD, "object": "https://b.example/1", "to": [PUBLIC], "cc": [GROUP],
        }));
        act.extend(fields(more));
        Value::Object(act)
    }

    fn worded(what: What, raw: &Value) -> bool {
        is_worded(what, &raw.to_string(), "rust", false, &here())
    }

    #[test]
    fn what_lemmy_sends_is_passed_on_as_it_came() {
        let lock = act("Lock", json!({}));
        for (what, raw) in [
            (What::Removed, act("Delete", json!({"summary": "spam"}))),
            (What::Marked(Mark::Locked, true), lock.clone()),
            (
                What::Marked(Mark::Locked, false),
                act("Undo", json!({"object": lock})),
            ),
            (
                What::Marked(Mark::Pinned, true),
                act("Add", json!({"target": format!("{GROUP}/featured")})),
            ),
            (
                What::Ranked(false),
                act("Remove", json!({"target": format!("{GROUP}/moderators")})),
            ),
            (What::Banned(true), act("Block", json!({"target": GROUP}))),
        ] {
            assert!(worded(what, &raw), "{raw}");
            for (field, odd) in [
                ("actor", json!(GROUP)),
                ("to", json!([GROUP])),
                ("to", json!(["as:Public"])),
                ("to", json!([{"id": PUBLIC}])),
                ("cc", json!({"id": GROUP})),
                ("type", json!("Dance")),
            ] {
                let mut other = raw.clone();
                other[field] = odd;
                assert!(!worded(what, &other), "{other}");
            }
        }
    }

    #[test]
    fn other_words_for_it_are_the_stewards() {
        for (what, raw) in [
            (
                What::TakenOut,
                act("Remove", json!({"target": format!("{GROUP}/outbox")})),
            ),
            (
                What::Marked(Mark::Locked, false),
                act("Undo", json!({"object": "https://a.example/lock"})),
            ),
            (
                What::Ranked(true),
                act("Add", json!({"target": format!("{GROUP}/admins")})),
            ),
            (What::Banned(true), act("Block", json!({}))),
            (What::Ranked(true), act("Accept", json!({}))),
        ] {
            assert!(!worded(what, &raw), "{raw}");
        }
        let unaddressed = act("Lock", json!({"to": null}));
        assert!(!worded(What::Marked(Mark::Locked, true), &unaddressed));
    }

    #[test]
    fn the_steward_says_what_the_group_did() {
        let deed = Deed {
            id: Uuid::from_u128(7),
            group: "rust",
            what: What::Banned(false),
            object: "https://b.example/u/bob",
            reason: None,
            until: None,
            public: true,
            at: DateTime::from_timestamp(1_800_000_000, 0).expect("a date"),
        };
        let own = super::deed(&deed, &here());
        assert_eq!((&own["type"], &own["actor"]), (&json!("Undo"), &json!(GROUP)));
        assert_eq!(own["object"]["object"], "https://b.example/u/bob");
        let said = Said {
            id: deed.id,
            group: "rust",
            what: deed.what,
            at: deed.at,
            object: "",
            object_kind: "",
            published: deed.at,
            is_comment: false,
            thread: Uuid::nil(),
            target: None,
            public: true,
            private_group: false,
            author: GROUP,
            raw: &own.to_string(),
            retracts: None,
        };
        let word = by_steward(&said, &here()).expect("said");
        assert_eq!(word["actor"], here().steward("rust"));
        assert_eq!(word["object"]["actor"], here().steward("rust"));
        assert_eq!(word["object"]["object"], "https://b.example/u/bob");
        assert_eq!(word["object"]["target"], GROUP);
        assert_eq!((&word["to"], &word["cc"]), (&json!([PUBLIC]), &json!([GROUP])));
        let posted = Said {
            what: What::Posted,
            ..said
        };
        assert_eq!(by_steward(&posted, &here()), None, "what authors do is theirs");
    }
}
