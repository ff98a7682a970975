//! Proofs on what a group itself says (FEP-8b32), so that whoever it is passed on to need not ask us.
//!
//! One rule: a group proves its own words only. What it hands on as it came, and what is proven already, stays as it is.
//! The proof is made of the text and its own date: whenever the same item is sent, it is the same bytes.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::{
    delivery::keys::{Key, Keys, NoKey},
    signature,
    store::{self, Store},
};

/// The body with its proof, where it is one to be proven. `purpose` is that of the group's RSA key.
///
/// # Errors
/// If the database does not answer: the same item must not go out once with a proof and once without.
pub(super) async fn proven(store: &Store, keys: &Keys, purpose: &str, body: Bytes) -> Result<Bytes, NoKey> {
    if !store::has_ed25519(purpose) {
        return Ok(body);
    }
    match keys.get(store, &store::ed25519_of(purpose)).await {
        Ok(key) => Ok(with_proof(&key, &body).unwrap_or(body)),
        Err(error @ NoKey::Store(_)) => Err(error),
        // It is signed as a request all the same.
        Err(_) => Ok(body),
    }
}

fn with_proof(key: &Key, body: &Bytes) -> Option<Bytes> {
    let document: Value = serde_json::from_slice(body).ok()?;
    let (owner, _) = key.id.split_once('#')?;
    if document.get("actor")?.as_str()? != owner || signature::is_proven(&document) {
        return None;
    }
    let published: DateTime<Utc> = document.get("published")?.as_str()?.parse().ok()?;
    let proof = signature::prove(&key.private, &key.id, &document, published).ok()?;
    let open = body.trim_ascii_end().strip_suffix(b"}")?;
    Some(
        [open, b",\"proof\":", proof.to_string().as_bytes(), b"}"]
            .concat()
            .into(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature::PrivateKey;

    const OURS: &str =
        r#"{"actor":"https://here.example/c/garden","published":"2026-03-01T12:00:00Z","object":{"n": 1.0}}"#;

    fn key() -> Key {
        Key {
            id: "https://here.example/c/garden#ed25519-key".into(),
            private: PrivateKey::generate_ed25519().unwrap(),
        }
    }

    #[test]
    fn the_proof_comes_after_everything_else_and_is_always_the_same() {
        let key = key();
        let body = with_proof(&key, &OURS.into()).unwrap();
        assert!(body.starts_with(OURS.strip_suffix('}').unwrap().as_bytes()));
        assert_eq!(with_proof(&key, &OURS.into()), Some(body.clone()));
        let document: Value = serde_json::from_slice(&body).unwrap();
        let now = "2026-03-02T12:00:00Z".parse().unwrap();
        let claim = signature::proof_of(&document, now).unwrap().unwrap();
        assert_eq!(claim.key_id(), key.id);
        assert_eq!(claim.verify(key.private.public()), Ok(()));
        assert_eq!(with_proof(&key, &body), None, "twice");
    }

    #[test]
    fn what_others_said_stays_as_it_is() {
        let key = key();
        for body in [
            OURS.replace("garden", "meadow"),
            OURS.replace("actor", "object"),
            OURS.replace("2026", "in"),
            OURS.replace("published", "updated"),
            "[]".to_owned(),
            "{".to_owned(),
        ] {
            assert_eq!(with_proof(&key, &body.clone().into()), None, "{body}");
        }
    }
}
