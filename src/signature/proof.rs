//! Proofs that a document carries itself: `eddsa-jcs-2022` (FEP-8b32; W3C vc-di-eddsa §3.3).
//!
//! One rule: a proof is over what a document means as JSON (RFC 8785), not over its bytes; and only its owner's key makes
//! one. Whose key it is, is the caller's question, as it is with requests. LD signatures are none of ours.
//! A new suite is an arm in [`proof_of`]; what we make is one suite only.

use aws_lc_rs::digest::{SHA256, digest};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Map, Value, json};

use super::{Claim, KeyKind, PrivateKey, Refused, SignError, multibase, received::WINDOW};

const KIND: &str = "DataIntegrityProof";
const SUITE: &str = "eddsa-jcs-2022";
const PURPOSE: &str = "assertionMethod";

/// An older proof shows nothing: whoever has it could send it again and again, and ids are remembered for 30 days only.
const LIFE: TimeDelta = TimeDelta::days(14);

/// Whether a document carries a proof, true or not.
#[must_use]
pub fn is_proven(document: &Value) -> bool {
    document.get("proof").is_some_and(|proof| !proof.is_null())
}

/// The proof of `document`, which has none, by an Ed25519 key that is published as `method`. The same document, key and
/// time make the same proof.
///
/// # Errors
/// [`SignError::Key`] if it is not a JSON object, or the key cannot sign.
pub fn prove(
    key: &PrivateKey,
    method: &str,
    document: &Value,
    created: DateTime<Utc>,
) -> Result<Value, SignError> {
    if key.public().kind() != KeyKind::Ed25519 {
        return Err(SignError::Key);
    }
    let mut proof = json!({
        "type": KIND,
        "cryptosuite": SUITE,
        "created": created.to_rfc3339_opts(SecondsFormat::Secs, true),
        "verificationMethod": method,
        "proofPurpose": PURPOSE,
    });
    if let Some(context) = document.get("@context") {
        proof["@context"] = context.clone();
    }
    let signature = key.sign(&base(document, &proof).ok_or(SignError::Key)?)?;
    proof["proofValue"] = json!(multibase::encode_signature(&signature));
    Ok(proof)
}

/// The proof that a document carries, ready to be checked with the key that it names; `None`: it carries none.
///
/// # Errors
/// If it is of another kind than ours, cannot be read, or is too old.
pub fn proof_of(document: &Value, now: DateTime<Utc>) -> Result<Option<Claim>, Refused> {
    let (Some(object), true) = (document.as_object(), is_proven(document)) else {
        return Ok(None);
    };
    let mut unsecured = object.clone();
    // "The linked data signature MUST be removed before the verification of the integrity proof" (FEP-8b32).
    unsecured.shift_remove("signature");
    let proof = unsecured.shift_remove("proof").map(only);
    let Some(Value::Object(mut proof)) = proof else {
        return Err(Refused::BadProof("form"));
    };
    let says = |field: &str| proof.get(field).and_then(Value::as_str);
    if (says("type"), says("cryptosuite"), says("proofPurpose")) != (Some(KIND), Some(SUITE), Some(PURPOSE)) {
        return Err(Refused::ProofKind);
    }
    check_time(&proof, now)?;
    let method = says("verificationMethod").ok_or(Refused::BadProof("verificationMethod"))?;
    let method = method.to_owned();
    let signature = proof
        .shift_remove("proofValue")
        .and_then(|value| multibase::decode_signature(value.as_str()?))
        .ok_or(Refused::BadProof("proofValue"))?;
    take_context(&mut unsecured, &proof)?;
    let base = base(&Value::Object(unsecured), &Value::Object(proof)).ok_or(Refused::BadProof("form"))?;
    Claim::new(None, &method, Some(KeyKind::Ed25519), vec![base], signature).map(Some)
}

/// A list of one is that one; "objects SHOULD NOT contain more than one integrity proof".
fn only(value: Value) -> Value {
    match value {
        Value::Array(mut all) if all.len() == 1 => all.remove(0),
        other => other,
    }
}

fn check_time(proof: &Map<String, Value>, now: DateTime<Utc>) -> Result<(), Refused> {
    let date = |field: &'static str| -> Result<Option<DateTime<Utc>>, Refused> {
        let Some(value) = proof.get(field) else {
            return Ok(None);
        };
        let date = value
            .as_str()
            .and_then(|text| DateTime::parse_from_rfc3339(text).ok());
        date.map(|date| Some(date.to_utc()))
            .ok_or(Refused::BadProof(field))
    };
    let created = date("created")?.ok_or(Refused::BadProof("created"))?;
    if now - created > LIFE || created - now > WINDOW {
        return Err(Refused::ProofAge);
    }
    if date("expires")?.is_some_and(|expires| expires < now) {
        return Err(Refused::Expired);
    }
    Ok(())
}

/// The document's context begins with that of its proof, which stands in its place (vc-di-eddsa §3.3.2).
fn take_context(document: &mut Map<String, Value>, proof: &Map<String, Value>) -> Result<(), Refused> {
    let Some(proven) = proof.get("@context") else {
        return Ok(());
    };
    let list = |value: &Value| match value {
        Value::Array(all) => all.clone(),
        one => vec![one.clone()],
    };
    let own = document.get("@context").map(list).unwrap_or_default();
    if !own.starts_with(&list(proven)) {
        return Err(Refused::BadProof("@context"));
    }
    document.insert("@context".to_owned(), proven.clone());
    Ok(())
}

/// What is signed: the hash of the proof without its value, then that of the document without its proof.
fn base(document: &Value, proof: &Value) -> Option<Vec<u8>> {
    let hash = |value: &Value| {
        let text = serde_json_canonicalizer::to_vec(value).ok()?;
        Some(digest(&SHA256, &text))
    };
    Some([hash(proof)?.as_ref(), hash(document)?.as_ref()].concat())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::signature::PublicKey;

    /// The signed document of the FEP's test vector (fep-8b32.feature, read 2025-11).
    fn vector() -> Value {
        json!({
            "@context": ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/data-integrity/v2"],
            "id": "https://server.example/activities/1",
            "type": "Create",
            "actor": "https://server.example/users/alice",
            "object": {
                "id": "https://server.example/objects/1",
                "type": "Note",
                "attributedTo": "https://server.example/users/alice",
                "content": "Hello world",
                "location": {"type": "Place", "longitude": -71.184_902, "latitude": 25.273_962}
            },
            "proof": {
                "@context": ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/data-integrity/v2"],
                "type": "DataIntegrityProof",
                "cryptosuite": "eddsa-jcs-2022",
                "verificationMethod": "https://server.example/users/alice#ed25519-key",
                "proofPurpose": "assertionMethod",
                "proofValue": "z42ffGu6AUKPCFcFPiabmUvnGLPJzC7e4DGWC52NUasSSH37UMa9c58tdgVszUcZfytxa4fQ5TYHaJENCxUDe9SdL",
                "created": "2023-02-24T23:36:38Z"
            }
        })
    }

    const ALICE: &str = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2";
    const METHOD: &str = "https://server.example/users/alice#ed25519-key";

    fn made() -> DateTime<Utc> {
        "2023-02-24T23:36:38Z".parse().unwrap()
    }

    fn verified(document: &Value, key: &PublicKey) -> Result<(), Refused> {
        proof_of(document, made())?.ok_or(Refused::Missing)?.verify(key)
    }

    #[test]
    fn the_vector_of_the_fep_verifies() {
        let key = PublicKey::from_multibase(ALICE).unwrap();
        assert_eq!(verified(&vector(), &key), Ok(()));
        let mut other = vector();
        other["object"]["content"] = json!("Hello, world");
        assert_eq!(verified(&other, &key), Err(Refused::BadSignature));
    }

    /// Everything but the signature itself, for which the vector's secret key would have to be in a form that we read.
    #[test]
    fn a_proof_looks_like_that_of_the_vector() {
        let key = PrivateKey::generate_ed25519().unwrap();
        let mut document = vector();
        let theirs = document.as_object_mut().unwrap().shift_remove("proof").unwrap();
        let ours = prove(&key, METHOD, &document, made()).unwrap();
        for (field, value) in theirs.as_object().unwrap() {
            if field != "proofValue" {
                assert_eq!(&ours[field], value, "{field}");
            }
        }
        assert_eq!(ours, prove(&key, METHOD, &document, made()).unwrap());
        document["proof"] = ours;
        assert_eq!(verified(&document, key.public()), Ok(()));
    }

    #[test]
    fn a_proof_of_another_kind_or_time_is_none() {
        let changed = |field: &str, value: Value| {
            let mut document = vector();
            document["proof"][field] = value;
            proof_of(&document, made()).err()
        };
        for field in ["type", "cryptosuite", "proofPurpose"] {
            assert_eq!(
                changed(field, json!("another")),
                Some(Refused::ProofKind),
                "{field}"
            );
        }
        for field in ["created", "verificationMethod", "proofValue"] {
            assert_eq!(changed(field, json!(1)), Some(Refused::BadProof(field)));
        }
        assert_eq!(
            changed("created", json!("2023-02-01T00:00:00Z")),
            Some(Refused::ProofAge)
        );
        assert_eq!(
            changed("created", json!("2023-02-25T02:00:00Z")),
            Some(Refused::ProofAge)
        );
        assert_eq!(
            changed("expires", json!("2023-02-24T23:00:00Z")),
            Some(Refused::Expired)
        );
        assert_eq!(
            changed("@context", json!("https://evil.example")),
            Some(Refused::BadProof("@context"))
        );
        for proof in [
            json!("x"),
            json!([]),
            json!([vector()["proof"], vector()["proof"]]),
        ] {
            let mut document = vector();
            document["proof"] = proof;
            assert_eq!(proof_of(&document, made()).err(), Some(Refused::BadProof("form")));
        }
        assert!(proof_of(&json!({"proof": null}), made()).unwrap().is_none());
    }

    proptest! {
        #[test]
        fn order_blanks_and_escapes_do_not_matter(keys in prop::collection::btree_map("[a-zé\"]{1,6}", any::<i32>(), 0..8)) {
            let key = PrivateKey::generate_ed25519().unwrap();
            let forwards: Map<String, Value> = keys.iter().map(|(k, v)| (k.clone(), json!(v))).collect();
            let proof = prove(&key, METHOD, &Value::Object(forwards.clone()), made()).unwrap();
            let mut backwards: Map<String, Value> = forwards.into_iter().rev().collect();
            backwards.insert("proof".to_owned(), proof);
            let text = serde_json::to_string_pretty(&backwards).unwrap().replace('é', "\\u00e9");
            let read: Value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(verified(&read, key.public()), Ok(()));
        }
    }
}
