//! Reading an actor of another server.
//!
//! One rule: an actor speaks for its own origin only: its inbox and keys are there, or it is not believed (KEY13).

use serde_json::Value;

use crate::{
    dialect::{
        Unreadable,
        activity::ACTORS,
        fields::{embedded, id_of, ids_of, kind_of, list, text_of},
        picture::picture_type,
    },
    domain::Iri,
    text,
};

/// How the entries of FEP-844e name RFC 9421, and its section on Ed25519.
const RFC_9421: &str = "rfc9421";
const RFC_9421_ED25519: &str = "rfc9421#name-eddsa-using-curve-edwards25";
/// Of an actor's other ids we keep this many.
const MOST_NAMES: usize = 16;
/// Of what it says of itself we keep so many characters.
const LONGEST_BIO: usize = 5_000;
/// Longest address of a picture, in bytes.
const LONGEST_ADDRESS: usize = 2_048;
/// How every Ed25519 key begins in `publicKeyMultibase`: nothing else does.
const ED25519: &str = "z6Mk";

/// An actor, as its own document describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteActor {
    pub id: Iri,
    pub kind: &'static str,
    pub username: Option<String>,
    pub name: Option<String>,
    pub inbox: Iri,
    pub shared_inbox: Option<Iri>,
    pub followers: Option<Iri>,
    /// Its other ids, by its own word (FEP-7628).
    pub also_known_as: Vec<String>,
    /// It says that it is not to be shown in another protocol.
    pub unbridged: bool,
    pub looks: Looks,
    /// Every key that the document lists: its id, and PEM or multibase unless that is in a document of its own.
    pub keys: Vec<(String, Option<String>)>,
    /// It says that its server takes requests signed by RFC 9421 with Ed25519.
    pub offers_ed25519: bool,
}

/// How an actor shows itself, as far as its mirror shows the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Looks {
    /// HTML, sanitised.
    pub bio: Option<String>,
    /// Address of a picture, and its media type.
    pub icon: Option<(String, String)>,
    /// It says that it may be searched.
    pub indexable: bool,
}

/// Reads an actor's document.
///
/// # Errors
/// Names the field that cannot be read or believed.
pub fn read_actor(document: &Value) -> Result<RemoteActor, Unreadable> {
    let id = text_of(document, "id").unwrap_or_default();
    let id =
        Iri::object(id).map_err(|why| Unreadable::new("id", format!("The actor's id is refused: {why}.")))?;
    let kind = ACTORS
        .into_iter()
        .find(|kind| kind_of(document, &[kind]).is_some())
        // Mastodon's groups branch and Smithereen's contexts write the type with a prefix.
        .or_else(|| kind_of(document, &["PublicGroup", "toot:Group", "toot:PublicGroup"]).map(|_| "Group"))
        .ok_or_else(|| Unreadable::new("type", "The document is not an actor."))?;
    let inbox = text_of(document, "inbox")
        .and_then(|inbox| Iri::object(inbox).ok())
        .ok_or_else(|| Unreadable::new("inbox", "The actor has no inbox that is one canonical URL."))?;
    if inbox.authority() != id.authority() {
        return Err(Unreadable::new(
            "inbox",
            "The actor's inbox is on another server.",
        ));
    }
    let same_server = |iri: &Iri| iri.authority() == id.authority();
    let read = |value: Option<&Value>| value.and_then(id_of).and_then(|id| Iri::object(id).ok());
    // Discourse has it at the top level; WordPress and others write null for endpoints.
    let shared = document
        .get("endpoints")
        .and_then(|e| e.get("sharedInbox"))
        .or_else(|| document.get("sharedInbox"));
    let keys = keys(document, &id);
    Ok(RemoteActor {
        kind,
        unbridged: says_no_to_bridges(document),
        looks: looks(document),
        offers_ed25519: offers_ed25519(document, &keys),
        username: text_of(document, "preferredUsername").map(ToOwned::to_owned),
        name: text_of(document, "name").map(ToOwned::to_owned),
        shared_inbox: read(shared).filter(same_server),
        followers: read(document.get("followers")).filter(same_server),
        also_known_as: ids_of(document.get("alsoKnownAs").unwrap_or(&Value::Null))
            .into_iter()
            .filter_map(|id| Iri::object(id).ok())
            .take(MOST_NAMES)
            .map(|iri| iri.to_string())
            .collect(),
        keys,
        inbox,
        id,
    })
}

/// Keys in `publicKey` (one or a list, embedded or by id) and `assertionMethod` (FEP-521a), if the actor owns them.
fn keys(document: &Value, actor: &Iri) -> Vec<(String, Option<String>)> {
    let listed = list(document.get("publicKey")).iter().filter_map(|key| {
        let owner = key.get("owner").and_then(id_of);
        let pem = text_of(key, "publicKeyPem").map(ToOwned::to_owned);
        let id = id_of(key)?;
        owner
            .is_none_or(|owner| owner == actor.as_str())
            .then(|| (id.to_owned(), pem))
    });
    let multikeys = list(document.get("assertionMethod"))
        .iter()
        .filter_map(embedded)
        .filter_map(|key| {
            let owner = key.get("controller").and_then(id_of);
            let multibase = text_of(key, "publicKeyMultibase")?;
            let id = text_of(key, "id")?;
            owner
                .is_some_and(|owner| owner == actor.as_str())
                .then(|| (id.to_owned(), Some(multibase.to_owned())))
        });
    listed
        .chain(multikeys)
        .filter(|(id, _)| same_authority(id, actor))
        .collect()
}

/// FEP-844e: what its software implements, on the actor itself or on its `generator`. Who names RFC 9421 with Ed25519 takes
/// it; so does, we suppose, who names RFC 9421 and has such a key itself (FEP-521a).
fn offers_ed25519(document: &Value, keys: &[(String, Option<String>)]) -> bool {
    let itself = list(document.get("implements"));
    let generators = list(document.get("generator")).iter();
    let implemented: Vec<String> = generators
        .flat_map(|generator| list(generator.get("implements")))
        .chain(itself)
        .filter_map(|entry| entry.get("href").unwrap_or(entry).as_str())
        .map(str::to_ascii_lowercase)
        .collect();
    let names = |what: &str| implemented.iter().any(|name| name.contains(what));
    names(RFC_9421_ED25519) || (names(RFC_9421) && keys.iter().any(is_ed25519))
}

/// `#nobridge` in what it says of itself, as people write it for bridges elsewhere (Bridgy Fed, 2024), or a plain no to being
/// indexed.
fn says_no_to_bridges(document: &Value) -> bool {
    let says = |field: &str| text_of(document, field).is_some_and(names_no_bridge);
    says("summary") || says("name") || indexable(document) == Some(&Value::Bool(false))
}

fn indexable(document: &Value) -> Option<&Value> {
    document
        .get("indexable")
        .or_else(|| document.get("toot:indexable"))
}

fn looks(document: &Value) -> Looks {
    let icon = list(document.get("icon")).iter().find_map(|icon| {
        let address = text_of(icon, "url").or_else(|| icon.as_str())?;
        let address = Some(address).filter(|address| address.len() <= LONGEST_ADDRESS)?;
        let kind = picture_type(text_of(icon, "mediaType"), address)?;
        Some((address.to_owned(), kind))
    });
    Looks {
        bio: text_of(document, "summary")
            .map(|html| text::sanitize(text::truncate(html, LONGEST_BIO)))
            .filter(|html| !html.is_empty()),
        icon,
        indexable: indexable(document) == Some(&Value::Bool(true)),
    }
}

/// The tag may be a link: `#<span>nobridge</span>`.
pub(crate) fn names_no_bridge(html: &str) -> bool {
    let mut within = false;
    let words: String = html
        .chars()
        .filter(|c| {
            within = *c == '<' || (within && *c != '>');
            !within && *c != '>'
        })
        .collect();
    let words = words.to_ascii_lowercase();
    words.match_indices("#nobridge").any(|(at, tag)| {
        let after = words[at + tag.len()..].chars().next();
        after.is_none_or(|c| !c.is_alphanumeric() && c != '_')
    })
}

fn is_ed25519((_, text): &(String, Option<String>)) -> bool {
    text.as_ref().is_some_and(|text| text.starts_with(ED25519))
}

fn same_authority(key: &str, actor: &Iri) -> bool {
    Iri::activity(key).is_ok_and(|key| key.authority() == actor.authority())
}

/// A document found at a key id: the actor that it says it belongs to. Only that actor's own document is believed.
#[must_use]
pub fn read_key_owner(document: &Value) -> Option<Iri> {
    let owner = document
        .get("owner")
        .or_else(|| document.get("controller"))
        .and_then(id_of);
    // GoToSocial answers with a stub of the actor around the key.
    let owner = owner.or_else(|| {
        document
            .get("publicKey")
            .and_then(|key| key.get("owner"))
            .and_then(id_of)
    });
    owner.and_then(|owner| Iri::object(owner).ok())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn actor(change: &Value) -> Value {
        let mut document = json!({"id": "https://a.example/u/ann", "type": "Person", "inbox": "https://a.example/u/ann/inbox",
            "publicKey": {"id": "https://a.example/u/ann#main-key", "owner": "https://a.example/u/ann", "publicKeyPem": "PEM"}});
        for (key, value) in change.as_object().into_iter().flatten() {
            document[key] = value.clone();
        }
        document
    }

    #[test]
    fn an_actor_is_read_with_its_keys() {
        let read = read_actor(&actor(
            &json!({"endpoints": {"sharedInbox": "https://a.example/inbox"}}),
        ))
        .expect("read");
        assert_eq!(
            read.shared_inbox.map(|iri| iri.to_string()).as_deref(),
            Some("https://a.example/inbox")
        );
        assert_eq!(
            read.keys,
            [(
                "https://a.example/u/ann#main-key".to_owned(),
                Some("PEM".to_owned())
            )]
        );
    }

    #[test]
    fn an_inbox_elsewhere_is_not_believed() {
        for inbox in [
            json!("https://b.example/inbox"),
            json!("javascript:x"),
            json!([]),
            json!({}),
            json!(""),
            json!(null),
        ] {
            assert_eq!(
                read_actor(&actor(&json!({"inbox": inbox})))
                    .expect_err("refused")
                    .field,
                "inbox"
            );
        }
        let elsewhere = actor(&json!({"endpoints": {"sharedInbox": "https://b.example/inbox"}}));
        assert_eq!(read_actor(&elsewhere).expect("read").shared_inbox, None);
    }

    #[test]
    fn a_key_of_another_owner_or_server_is_not_the_actors() {
        for key in [
            json!({"id": "https://a.example/u/ann#main-key", "owner": "https://a.example/u/bob", "publicKeyPem": "PEM"}),
            json!({"id": "https://b.example/key", "owner": "https://a.example/u/ann", "publicKeyPem": "PEM"}),
        ] {
            assert_eq!(
                read_actor(&actor(&json!({"publicKey": key}))).expect("read").keys,
                []
            );
        }
    }

    #[test]
    fn ed25519_is_offered_by_its_name_or_by_rfc_9421_and_a_key() {
        let rfc = "https://datatracker.ietf.org/doc/html/rfc9421";
        let link = |href: &str| json!([{"type": "Link", "href": href, "name": "HTTP Message Signatures"}]);
        let by_name = link(&format!("{rfc}#name-eddsa-using-curve-edwards25"));
        let key = |multibase: &str| {
            json!([{"id": "https://a.example/u/ann#ed25519-key", "type": "Multikey",
                "controller": "https://a.example/u/ann", "publicKeyMultibase": multibase}])
        };
        let ed25519 = key("z6MkvBCasSkMkaZ1muwJzncWNkSp4ArKZ6xUtJMASyUoQd18");
        let rsa = key(
            "z4MXj1wBzi9jUstyNHkNWPwj4E27QpavmcJszAiJSyoLK9WBFVYNgmmW5qprFCq6cEA1FwDPAswC3k23K9wYicSHhXvNNjJk",
        );
        let mut of_another = ed25519.clone();
        of_another[0]["controller"] = json!("https://a.example/u/bob");
        let application = |implements: &Value| json!({"type": "Application", "implements": implements});
        for (offers, change) in [
            (
                true,
                json!({"generator": application(&link(rfc)), "assertionMethod": ed25519}),
            ),
            (
                true,
                json!({"generator": [application(&link(rfc))], "assertionMethod": ed25519[0]}),
            ),
            (true, json!({"implements": [rfc], "assertionMethod": ed25519})),
            (
                true,
                json!({"implements": "https://www.rfc-editor.org/info/RFC9421", "assertionMethod": ed25519}),
            ),
            (true, json!({"implements": by_name})),
            (
                true,
                json!({"generator": application(&by_name), "assertionMethod": rsa}),
            ),
            (false, json!({"assertionMethod": ed25519})),
            (false, json!({"generator": application(&link(rfc))})),
            (
                false,
                json!({"generator": application(&link(rfc)), "assertionMethod": rsa}),
            ),
            (
                false,
                json!({"generator": application(&link(rfc)), "assertionMethod": of_another}),
            ),
            (
                false,
                json!({"generator": application(&link("https://w3id.org/fep/8b32")), "assertionMethod": ed25519}),
            ),
            (
                false,
                json!({"generator": "https://a.example/rfc9421", "assertionMethod": ed25519}),
            ),
            (
                false,
                json!({"implements": [null, 9421, [rfc], {"name": rfc}], "assertionMethod": ed25519}),
            ),
        ] {
            let read = read_actor(&actor(&change)).expect("read");
            assert_eq!(read.offers_ed25519, offers, "{change}");
        }
    }
}
