//! What a document about a key says, and keys as actors write them.
//!
//! One rule: a key document points at the actor to ask, and no more; its key counts only for an actor whose own document
//! lists it by id (KEY02, KEY03).

use crate::{
    dialect::{read_key_owner, text_of},
    domain::Iri,
    peer::{fetch::Document, key_id::KeyId},
    signature::{KeyError, PublicKey},
};

/// Reads a key as actors write it.
pub(super) fn parse(text: &str) -> Result<PublicKey, KeyError> {
    if text.trim_start().starts_with("-----BEGIN") {
        PublicKey::from_pem(text)
    } else {
        PublicKey::from_multibase(text)
    }
}

/// The actor that a document about this key points at: only somebody of its own origin (KEY02).
///
/// Either the document is the key, or it is a stub of the actor around the key.
pub(super) fn owner_of(document: &Document, key_id: &KeyId) -> Option<Iri> {
    let wrapped = document.value.get("publicKey").and_then(|key| text_of(key, "id"));
    if !document.is(&key_id.iri) && wrapped != Some(key_id.iri.as_str()) {
        return None;
    }
    read_key_owner(&document.value).filter(|owner| owner.same_origin(&key_id.document))
}

/// The key in a document of its own, for an actor that lists it by id only.
pub(super) fn detached(document: &Document, key_id: &KeyId) -> Option<String> {
    let text =
        text_of(&document.value, "publicKeyPem").or_else(|| text_of(&document.value, "publicKeyMultibase"));
    text.filter(|text| document.is(&key_id.iri) && parse(text).is_ok())
        .map(ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::net::Rules;

    fn key_id(text: &str) -> KeyId {
        KeyId::read(text, "us.example", &Rules::strict("tests")).expect("a key id")
    }

    fn document(value: Value) -> Document {
        Document {
            text: value.to_string(),
            value,
        }
    }

    fn owner(value: Value, key: &str) -> Option<String> {
        owner_of(&document(value), &key_id(key)).map(|owner| owner.to_string())
    }

    const ANN: &str = "https://a.example/u/ann";
    const KEY: &str = "https://a.example/u/ann/main-key";

    #[test]
    fn a_key_document_points_at_its_owner() {
        assert_eq!(owner(json!({"id": KEY, "owner": ANN}), KEY).as_deref(), Some(ANN));
        assert_eq!(
            owner(json!({"id": KEY, "controller": ANN}), KEY).as_deref(),
            Some(ANN)
        );
        let stub = json!({"id": ANN, "type": "Person", "publicKey": {"id": KEY, "owner": ANN}});
        assert_eq!(owner(stub, KEY).as_deref(), Some(ANN));
    }

    #[test]
    fn a_document_about_another_key_or_somebody_elsewhere_points_at_nobody() {
        assert_eq!(owner(json!({"id": ANN, "owner": ANN}), KEY), None);
        assert_eq!(
            owner(json!({"id": "https://a.example/u/ann/key", "owner": ANN}), KEY),
            None
        );
        assert_eq!(owner(json!({"id": format!("{KEY}#x"), "owner": ANN}), KEY), None);
        assert_eq!(
            owner(
                json!({"id": "https://evil.example/key", "owner": ANN}),
                "https://evil.example/key"
            ),
            None
        );
        assert_eq!(
            owner(json!({"id": KEY, "owner": "https://a.example:8443/u/ann"}), KEY),
            None
        );
        assert_eq!(owner(json!({ "id": KEY }), KEY), None);
    }

    #[test]
    fn a_key_is_taken_from_its_own_document_only() {
        let pem = crate::signature::PrivateKey::generate_ed25519()
            .expect("a key")
            .public()
            .to_pem();
        let its_own = document(json!({"id": KEY, "owner": ANN, "publicKeyPem": pem}));
        assert_eq!(detached(&its_own, &key_id(KEY)).as_deref(), Some(pem.as_str()));
        let stub = document(json!({"id": ANN, "publicKeyPem": pem, "publicKey": {"id": KEY, "owner": ANN}}));
        assert_eq!(detached(&stub, &key_id(KEY)), None);
        let broken = document(json!({"id": KEY, "owner": ANN, "publicKeyPem": "PEM"}));
        assert_eq!(detached(&broken, &key_id(KEY)), None);
    }
}
