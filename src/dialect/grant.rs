//! Grant and Revoke: who is what in a group, in the words of FEP-5219.
//!
//! One rule: they ask in other words for what an Add, a Remove, a Block and its Undo ask for, and the engine does the same on
//! them. One more word is a row in [`WORDS`], and an arm where the engine reads it.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::{
    dialect::{
        Addressed, Ask, Here, Unreadable,
        administer::{canonical, optional, reason, until},
        fields::{embedded, id_of},
    },
    domain::Iri,
};

/// What somebody is to be in a group, or is to be no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Affiliation {
    Member,
    Admin,
    /// Banned.
    Outcast,
}

/// Readers of FEP-5219 take moderators for admins.
const WORDS: [(&str, Affiliation); 4] = [
    ("member", Affiliation::Member),
    ("moderator", Affiliation::Admin),
    ("admin", Affiliation::Admin),
    ("outcast", Affiliation::Outcast),
];

/// A Grant or Revoke.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Granting {
    /// Name of the group of ours; `None`: whom the activity names.
    pub group: Option<String>,
    pub whom: Iri,
    pub what: Affiliation,
    /// When that ends, of a ban.
    pub until: Option<DateTime<Utc>>,
    pub reason: Option<String>,
    pub wanted: bool,
}

/// `Grant{object: "member", target: actor, result: {Relationship}}`; not `wanted`: Revoke. The result names the group, and
/// where it says more, it says the same.
pub(super) fn read(document: &Value, here: &Here, wanted: bool) -> Result<Ask, Unreadable> {
    let result = document.get("result").and_then(embedded);
    let of_result = |field| result.and_then(|result| result.get(field)).and_then(id_of);
    let group = of_result("object").and_then(|id| here.group_of(id));
    if of_result("object").is_some() && group.is_none() {
        return Ok(Ask::Nothing); // of another server's group
    }
    let Some(what) = document.get("object").and_then(id_of).and_then(word) else {
        return if group.is_none() && Addressed::read(document, here).groups().is_empty() {
            Ok(Ask::Nothing)
        } else {
            let words = "The object is none of the words member, moderator, admin and outcast.";
            Err(Unreadable::new("object", words))
        };
    };
    let whom = match optional(document, "target")? {
        Some(whom) => canonical(whom, "target")?,
        None => return Err(Unreadable::new("target", "It does not say who is meant.")),
    };
    if of_result("subject").is_some_and(|subject| subject != whom.as_str()) {
        let why = "The result is about another actor than the target.";
        return Err(Unreadable::new("result.subject", why));
    }
    let becomes = of_result("relationship").filter(|_| wanted);
    if becomes.is_some_and(|said| word(said) != Some(what)) {
        let why = "The result is another relationship than the object.";
        return Err(Unreadable::new("result.relationship", why));
    }
    Ok(Ask::Grant(Box::new(Granting {
        group: group.map(ToOwned::to_owned),
        whom,
        what,
        until: until(document)?,
        reason: reason(document)?,
        wanted,
    })))
}

/// A word by itself, or as a term of the FEP's vocabulary.
fn word(said: &str) -> Option<Affiliation> {
    let bare = said
        .strip_prefix("https://w3id.org/fep/5219#")
        .or_else(|| said.strip_prefix("fep5219:"))
        .unwrap_or(said);
    WORDS
        .iter()
        .find(|(word, _)| *word == bare)
        .map(|(_, what)| *what)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const BOB: &str = "https://b.example/u/bob";
    const GROUP: &str = "https://g.example/c/rust";

    fn read_it(more: &Value) -> Result<Ask, Unreadable> {
        let mut document =
            json!({"id": "https://a.example/1", "type": "Grant", "actor": "https://a.example/u/ann"});
        for (field, value) in more.as_object().into_iter().flatten() {
            document[field] = value.clone();
        }
        let here = Here::new(&"https://g.example".parse().expect("a URL"));
        crate::dialect::read(&document, &here).map(|activity| activity.ask)
    }

    #[test]
    fn a_grant_says_who_is_to_be_what_and_where() {
        let result =
            json!({"type": "Relationship", "subject": BOB, "object": GROUP, "relationship": "moderator"});
        for (document, what, wanted) in [
            (
                json!({"object": "moderator", "target": BOB, "result": result}),
                Affiliation::Admin,
                true,
            ),
            (
                json!({"object": "https://w3id.org/fep/5219#member", "target": {"id": BOB}, "to": [GROUP]}),
                Affiliation::Member,
                true,
            ),
            // What is left after it need not be what is taken.
            (
                json!({"type": "Revoke", "object": "outcast", "target": BOB, "result": result}),
                Affiliation::Outcast,
                false,
            ),
            (
                json!({"type": "Undo", "object": {"type": "Grant", "object": "admin", "target": BOB, "result": result}}),
                Affiliation::Admin,
                false,
            ),
        ] {
            let Ok(Ask::Grant(granting)) = read_it(&document) else {
                panic!("{document}: {:?}", read_it(&document));
            };
            assert_eq!((granting.what, granting.wanted), (what, wanted), "{document}");
            assert_eq!(granting.whom.as_str(), BOB);
        }
    }

    #[test]
    fn what_contradicts_itself_names_its_field() {
        let of = |subject: &str, relationship: &str| json!({"type": "Relationship", "subject": subject, "object": GROUP, "relationship": relationship});
        for (document, field) in [
            (json!({"object": "emperor", "target": BOB, "to": GROUP}), "object"),
            (json!({"object": "member", "to": GROUP}), "target"),
            (
                json!({"object": "member", "target": BOB, "result": of("https://c.example/u/cy", "member")}),
                "result.subject",
            ),
            (
                json!({"object": "member", "target": BOB, "result": of(BOB, "admin")}),
                "result.relationship",
            ),
        ] {
            assert_eq!(
                read_it(&document).map_err(|why| why.field),
                Err(field),
                "{document}"
            );
        }
        let elsewhere =
            json!({"object": "emperor", "target": BOB, "result": {"object": "https://far.example/c/x"}});
        assert_eq!(read_it(&elsewhere), Ok(Ask::Nothing));
    }
}
