//! Reading an actor of another server.
//!
//! One rule: an actor speaks for its own origin only: its inbox and keys are there, or it is not believed (KEY13).

use serde_json::Value;

use crate::{
    dialect::{
        Unreadable,
        activity::ACTORS,
        fields::{embedded, id_of, kind_of, list, text_of},
    },
    domain::Iri,
};

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
    /// Every key that the document lists: its id, and PEM or multibase unless that is in a document of its own.
    pub keys: Vec<(String, Option<String>)>,
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
    Ok(RemoteActor {
        kind,
        username: text_of(document, "preferredUsername").map(ToOwned::to_owned),
        name: text_of(document, "name").map(ToOwned::to_owned),
        shared_inbox: read(shared).filter(same_server),
        followers: read(document.get("followers")).filter(same_server),
        keys: keys(document, &id),
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
}
