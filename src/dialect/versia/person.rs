//! Users of Versia as the rest of the world sees them: mirrors on our host, and labelled so.
//!
//! One rule: a mirror takes no mail and says nothing of its own; what its user said is in the groups that took it. Its key is
//! the instance actor's: nothing is ever signed by it, and some programs read no person without one.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::dialect::{
    Here,
    announce::date,
    group::context,
    versia::{Mirrored, Reference},
};

/// Longest name of a mirror.
const LONGEST: usize = 120;

/// A user of another server, by its mirror here.
#[derive(Clone, Copy, Debug)]
pub struct PersonDocument<'a> {
    /// Of the mirror.
    pub iri: &'a str,
    pub username: &'a str,
    pub name: Option<&'a str>,
    /// There.
    pub handle: &'a str,
    pub made: DateTime<Utc>,
    /// The instance actor's.
    pub public_pem: &'a str,
}

/// The Person document.
#[must_use]
pub fn person(of: &PersonDocument<'_>, here: &Here) -> Value {
    let id = of.iri;
    let handle = of.handle.replace(['<', '>', '&', '"'], "");
    json!({
        "@context": context_of_person(),
        "id": id,
        "type": "Person",
        "preferredUsername": of.username,
        "name": of.name.unwrap_or(of.username),
        "summary": format!("<p>mirrored from {handle}</p>"),
        "url": original(id, here),
        // One of its own: Lemmy keeps no two people with one inbox.
        "inbox": format!("{id}/inbox"),
        "outbox": format!("{id}/outbox"),
        "published": date(of.made),
        // Nobody can follow a mirror.
        "manuallyApprovesFollowers": true,
        "discoverable": false,
        // Also a bridge's no: another server that speaks both protocols does not mirror the mirror.
        "indexable": false,
        "endpoints": {"sharedInbox": format!("{}/inbox", here.base())},
        "publicKey": {"id": format!("{id}#main-key"), "owner": id, "publicKeyPem": of.public_pem},
    })
}

fn context_of_person() -> Value {
    let mut terms = context();
    if let Value::Array(terms) = &mut terms {
        terms.push(json!({
            "toot": "http://joinmastodon.org/ns#",
            "manuallyApprovesFollowers": "as:manuallyApprovesFollowers",
            "discoverable": "toot:discoverable",
            "indexable": "toot:indexable",
        }));
    }
    terms
}

/// Where that of which an id of ours is the mirror lives: its server shows people the page and programs the entity.
#[must_use]
pub fn original(mirror: &str, here: &Here) -> Option<String> {
    let (kind, Reference { domain, id }) = match here.mirrored(mirror)? {
        Mirrored::User(user) => ("User", user),
        Mirrored::Note(note) => ("Note", note),
    };
    Some(format!("https://{domain}/.versia/v0.6/entities/{kind}/{id}"))
}

/// A note as it was said: the object of the activity that brought its latest version.
#[must_use]
pub fn said_note(raw: &str, iri: &str) -> Option<Value> {
    let (_, mut note) = crate::dialect::carried(raw, iri)?;
    note["@context"] = context();
    Some(note)
}

/// What somebody's mirror is called if that is not taken: `carol` of `m.example` is `carol_m_example`.
#[must_use]
pub fn mirror_name(username: Option<&str>, host: &str) -> String {
    let written = format!("{}_{host}", username.unwrap_or("somebody"));
    let plain = |c: char| match c.to_ascii_lowercase() {
        c if c.is_ascii_alphanumeric() || c == '-' => c,
        _ => '_',
    };
    written.chars().map(plain).take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mirror_is_called_after_whom_it_mirrors() {
        assert_eq!(mirror_name(Some("Carol"), "m.example"), "carol_m_example");
        assert_eq!(
            mirror_name(Some("c.ä-r"), "m.example:8443"),
            "c__-r_m_example_8443"
        );
        assert_eq!(mirror_name(None, "m.example"), "somebody_m_example");
        assert_eq!(mirror_name(Some(&"x".repeat(400)), "m.example").len(), LONGEST);
    }

    #[test]
    fn a_mirror_leads_to_its_original() {
        let here = Here::new(&"https://g.example".parse().unwrap()).speaking_for("g.example".to_owned());
        let iri = "https://g.example/bridge/versia/b.example/u1";
        let of = PersonDocument {
            iri,
            username: "alice_b_example",
            name: Some("Alice"),
            handle: "@alice@b.example",
            made: DateTime::UNIX_EPOCH,
            public_pem: "PEM",
        };
        let person = person(&of, &here);
        assert_eq!(person["url"], "https://b.example/.versia/v0.6/entities/User/u1");
        assert_eq!(person["publicKey"]["owner"], iri);
        assert_eq!(person["summary"], "<p>mirrored from @alice@b.example</p>");
        assert_eq!(original("https://g.example/c/garden", &here), None);
        let read = crate::dialect::read_actor(&person).expect("an actor");
        assert!(read.unbridged, "another server of ours would mirror it again");
    }
}
