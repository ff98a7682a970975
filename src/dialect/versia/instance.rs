//! Servers by their domains: where their documents are, and what those say.
//!
//! One rule: a document is believed only if it names the domain that was asked. Names are cut, everything else that we do not
//! use is passed over.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::dialect::{
    Here, Unreadable,
    actor::names_no_bridge,
    announce::date,
    fields::text_of,
    versia::{Reference, TYPE, content, entity::BRIDGE, kind, older},
};

/// Where a server describes itself.
pub const METADATA: &str = "/.versia/v0.6/instance";
/// The one inbox of a server.
pub const INBOX: &str = "/.versia/v0.6/inbox";
/// Where words for its operator go.
pub const MESSAGING: &str = "/.versia/v0.6/messaging";
/// What is asked for.
pub const ACCEPT: &str = TYPE;
/// The one version, letter by letter: the reference implementation compares it as text (2026-04).
const VERSION: &str = "0.6.0";
/// What we speak besides.
const EXTENSIONS: [&str; 6] = [
    "pub.versia:groups",
    "pub.versia:instance_messaging",
    "pub.versia:likes",
    "pub.versia:reactions",
    "pub.versia:reports",
    "pub.versia:share",
];
/// Of names we keep so many characters.
const LONGEST: usize = 200;

/// Whether a text is a domain: lower case or punycode, no port, no trailing dot.
#[must_use]
pub fn is_domain(text: &str) -> bool {
    super::reference::is_domain(text)
}

/// The address of something at a domain. The port is always 443.
#[must_use]
pub fn at(domain: &str, path: &str) -> String {
    format!("https://{domain}{path}")
}

/// Where a user may be: the reference implementation serves its own under the second path only (2026-04).
#[must_use]
pub fn paths_of_user(id: &str) -> [String; 2] {
    ["User", "pub.versia%3Ausers%2FUser"].map(|kind| format!("/.versia/v0.6/entities/{kind}/{id}"))
}

/// Where a note may be.
#[must_use]
pub fn paths_of_note(id: &str) -> [String; 2] {
    ["Note", "pub.versia%3Anotes%2FNote"].map(|kind| format!("/.versia/v0.6/entities/{kind}/{id}"))
}

/// Which versions we speak.
#[must_use]
pub fn versions() -> Value {
    json!({ "versions": [VERSION] })
}

/// What we say of ourselves; `None`: we speak no Versia. `key`: as published. `version`: of the program.
#[must_use]
pub fn metadata(key: &str, version: &str, began: DateTime<Utc>, here: &Here) -> Option<Value> {
    let domain = here.domain()?;
    Some(json!({
        "type": "InstanceMetadata",
        "name": domain,
        "description": "Groups whose members live on servers of every kind.",
        "software": {"name": "Folkmoot", "version": version},
        "compatibility": {"versions": [VERSION], "extensions": EXTENSIONS},
        "domain": domain,
        "public_key": {"algorithm": "ed25519", "key": key},
        "logo": null,
        "banner": null,
        "created_at": date(began),
        // Where it is by the specification; the reference implementation looks for it here (2026-04).
        "extensions": {"pub.versia:instance_messaging": {"endpoint": at(domain, MESSAGING)}},
    }))
}

/// The key that a domain publishes.
///
/// # Errors
/// In words, if the document is none, or another domain's.
pub fn key_of<'a>(metadata: &'a Value, domain: &str) -> Result<&'a str, &'static str> {
    if text_of(metadata, "type") != Some("InstanceMetadata") {
        return Err("the document there is no InstanceMetadata");
    }
    if text_of(metadata, "domain") != Some(domain) {
        return Err("the document there is another domain's");
    }
    let key = &metadata["public_key"];
    if key["algorithm"] != "ed25519" {
        return Err("its key is not one of Ed25519");
    }
    key["key"].as_str().ok_or("it publishes no key")
}

/// Whether an entity is the mirror of something that was said in another protocol: nothing is mirrored twice, or it would go
/// round. What is done with one (a `Delete`, an `Unsubscribe`) carries no mark that means anything.
#[must_use]
pub fn is_mirrored(entity: &Value) -> bool {
    let kind = text_of(entity, "type").map(older::kind_now);
    let is_shown = matches!(kind, Some(kind::NOTE | kind::SHARE));
    is_shown
        && entity
            .get("extensions")
            .is_some_and(|more| more.get(BRIDGE).is_some())
}

/// Somebody, by their own document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub reference: Reference,
    pub username: String,
    pub name: Option<String>,
    /// They say that they are not to be shown in another protocol.
    pub unbridged: bool,
}

/// Reads a user that `domain` sent, or serves; `None`: it is something else.
///
/// # Errors
/// If it says that it is a user, and lacks what makes one.
pub fn user(entity: &Value, domain: &str) -> Result<Option<User>, Unreadable> {
    if !matches!(
        text_of(entity, "type"),
        Some("User" | "user" | "pub.versia:users/User")
    ) {
        return Ok(None);
    }
    let id = text_of(entity, "id").ok_or_else(|| Unreadable::new("id", "The user has no id."))?;
    let reference = Reference::new(domain, id)
        .ok_or_else(|| Unreadable::new("id", "The id holds other signs than letters, digits, - and _."))?;
    let username = text_of(entity, "username").filter(|name| is_username(name));
    let username = username.ok_or_else(|| {
        Unreadable::new(
            "username",
            "The username is missing, or holds other signs than letters, digits, - and _.",
        )
    })?;
    if text_of(entity, "created_at").is_none_or(|at| DateTime::parse_from_rfc3339(at).is_err()) {
        return Err(Unreadable::new(
            "created_at",
            "This is no date as RFC 3339 has it.",
        ));
    }
    for flag in ["manually_approves_followers", "indexable"] {
        if !entity.get(flag).is_some_and(Value::is_boolean) {
            return Err(Unreadable::new(flag, "This is neither true nor false."));
        }
    }
    if !matches!(
        entity.get("display_name"),
        None | Some(Value::Null | Value::String(_))
    ) {
        return Err(Unreadable::new("display_name", "The name is not a string."));
    }
    content::profile(entity)?;
    let name = text_of(entity, "display_name").map(str::trim);
    let bio = entity.get("bio").and_then(Value::as_object).into_iter().flatten();
    let mut words = bio.filter_map(|(_, text)| text_of(text, "content")).chain(name);
    let unbridged = words.any(names_no_bridge) || entity.get("indexable") == Some(&Value::Bool(false));
    let short = |text: &str| text.chars().take(LONGEST).collect::<String>();
    Ok(Some(User {
        reference,
        unbridged,
        username: short(username),
        name: name.filter(|name| !name.is_empty()).map(short),
    }))
}

fn is_username(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn we_describe_ourselves_as_we_read_others() {
        let here = Here::new(&"https://g.example".parse().unwrap());
        assert_eq!(metadata("KEY", "0.1.0", DateTime::UNIX_EPOCH, &here), None);
        let here = here.speaking_for("g.example".to_owned());
        let ours = metadata("KEY", "0.1.0", DateTime::UNIX_EPOCH, &here).unwrap();
        assert_eq!(key_of(&ours, "g.example"), Ok("KEY"));
        assert!(key_of(&ours, "b.example").is_err());
        for (field, value) in [
            ("type", json!("User")),
            ("domain", Value::Null),
            ("public_key", json!({"algorithm": "rsa", "key": "KEY"})),
            ("public_key", json!({"algorithm": "ed25519"})),
        ] {
            let mut other = ours.clone();
            other[field] = value;
            assert!(key_of(&other, "g.example").is_err(), "{field}");
        }
    }

    #[test]
    fn a_user_is_read_by_whoever_serves_it() {
        let entity = json!({
            "type": "User", "id": "u1", "username": "alice", "display_name": " Alice ", "fields": [],
            "created_at": "2026-05-01T10:00:00Z", "manually_approves_followers": false, "indexable": true,
        });
        let read = user(&entity, "b.example").unwrap().unwrap();
        assert_eq!(read.reference.to_string(), "b.example:u1");
        assert_eq!(
            (read.username.as_str(), read.name.as_deref()),
            ("alice", Some("Alice"))
        );
        assert_eq!(user(&json!({"type": "Note"}), "b.example"), Ok(None));
        for (field, value) in [
            ("id", json!("c.example:u1")),
            ("id", Value::Null),
            ("username", json!("a@b")),
            ("username", json!("")),
            ("created_at", Value::Null),
            ("fields", Value::Null),
            (
                "fields",
                json!([{"key": {"text/plain": {"content": "Site", "remote": false}}}]),
            ),
            ("indexable", Value::Null),
            ("manually_approves_followers", json!(0)),
            (
                "bio",
                json!({"image/png": {"content": "https://b.example/x", "remote": true}}),
            ),
            ("avatar", json!("https://b.example/x.png")),
        ] {
            let mut odd = entity.clone();
            odd[field] = value;
            assert_eq!(user(&odd, "b.example").unwrap_err().field, field);
        }
    }
}
