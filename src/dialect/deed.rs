//! What those who run a group do, in FEP-1b12's words: as the group says it, and as its steward does.
//!
//! One rule: the steward speaks only where a person is asked for and nobody's own words will do. A listed moderator's activity
//! is passed on as it came; an act that was decided here, or that came in other words or for fewer readers, is the steward's,
//! and does not say who was behind it (PRV11). Which is which: `worded.rs`. One more act is a [`What`] and an arm of [`kind_of_act`].

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{
    dialect::{
        Here, Said, What,
        announce::{PUBLIC, date, fields},
        fields::{embedded, id_of, kind_of, text_of},
        group,
        worded::{is_an_act, is_verbatim},
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

    const GROUP: &str = "https://g.example/c/rust";

    fn here() -> Here {
        Here::new(&"https://g.example".parse().expect("a URL"))
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
            post: Uuid::nil(),
            object_kind: "",
            published: deed.at,
            is_comment: false,
            thread: Uuid::nil(),
            target: None,
            public: true,
            private_group: false,
            was_public: true,
            bridged: false,
            author: GROUP,
            raw: &own.to_string(),
            retracts: None,
            vote: None,
            note: None,
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
