//! Which acts of those who run a group are passed on in their own words.
//!
//! One rule: only what whoever speaks FEP-1b12 takes as it came: from a person, in that FEP's words, addressed as Lemmy reads it. All
//! else the steward says (`deed.rs`). One more act is an arm of [`is_worded`] and of [`is_an_act`].

use serde_json::Value;

use crate::{
    dialect::{
        Here, Said, What,
        announce::PUBLIC,
        fields::{embedded, id_of, ids_of, kind_of},
    },
    domain::Mark,
};

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
pub(super) const fn is_an_act(what: What) -> bool {
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::dialect::announce::fields;

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
}
