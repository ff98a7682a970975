//! Actor tokens: a group's word, for a while, that an actor may read what belongs to it (FEP-db0e).
//!
//! One rule: what is signed is every field but the signatures, as `key: value`, sorted. The FEP writes values bare, its only
//! implementation quotes them as JSON does (Smithereen `ActivityPub.java`, 1.0.3, 2026-07-26): we sign the latter and take both.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Map, Value, json};

use super::{KeyKind, PrivateKey, PublicKey, SignError};

/// A token is good for so long ("RECOMMENDED that the validity period is 30 minutes") ...
const LIFE: TimeDelta = TimeDelta::minutes(30);
/// ... and nobody's for longer than this ("MUST NOT exceed 2 hours").
const LONGEST: TimeDelta = TimeDelta::hours(2);
/// Clocks differ by so much (as Smithereen has it).
const SKEW: TimeDelta = TimeDelta::minutes(5);
const ALGORITHM: &str = "rsa-sha256";

/// A token by `issuer`, whose RSA key is published as `key_id`, for `actor`.
///
/// # Errors
/// [`SignError::Key`] if the key is no RSA key or cannot sign.
pub fn token(
    key: &PrivateKey,
    key_id: &str,
    issuer: &str,
    actor: &str,
    now: DateTime<Utc>,
) -> Result<Value, SignError> {
    if key.public().kind() != KeyKind::Rsa {
        return Err(SignError::Key);
    }
    let date = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let mut token = json!({
        "issuer": issuer,
        "actor": actor,
        "issuedAt": date(now),
        "validUntil": date(now + LIFE),
    });
    let signature = key.sign(base(token.as_object().ok_or(SignError::Key)?, quoted).as_bytes())?;
    token["signatures"] = json!([
        {"algorithm": ALGORITHM, "keyId": key_id, "signature": STANDARD.encode(signature)},
    ]);
    Ok(token)
}

/// Whether `token` is this issuer's word for this actor, now.
#[must_use]
pub fn is_token(token: &Value, issuer: &str, actor: &str, key: &PublicKey, now: DateTime<Utc>) -> bool {
    let Some(fields) = token.as_object() else {
        return false;
    };
    let says = |field: &str, what: &str| fields.get(field).and_then(Value::as_str) == Some(what);
    if !says("issuer", issuer) || !says("actor", actor) || !is_timely(fields, now) {
        return false;
    }
    let signatures = fields.get("signatures").and_then(Value::as_array);
    let signature = signatures
        .into_iter()
        .flatten()
        .find(|signature| signature["algorithm"] == ALGORITHM)
        .and_then(|signature| STANDARD.decode(signature["signature"].as_str()?).ok());
    signature.is_some_and(|signature| {
        [quoted, bare]
            .into_iter()
            .any(|form| key.verifies(base(fields, form).as_bytes(), &signature))
    })
}

fn is_timely(fields: &Map<String, Value>, now: DateTime<Utc>) -> bool {
    let date = |field: &str| fields.get(field)?.as_str()?.parse::<DateTime<Utc>>().ok();
    let (Some(issued), Some(until)) = (date("issuedAt"), date("validUntil")) else {
        return false;
    };
    issued <= now + SKEW && until >= now - SKEW && until - issued <= LONGEST
}

fn base(fields: &Map<String, Value>, form: fn(&Value) -> String) -> String {
    let mut lines: Vec<String> = fields
        .iter()
        .filter(|(name, _)| *name != "signatures")
        .map(|(name, value)| format!("{name}: {}", form(value)))
        .collect();
    lines.sort();
    lines.join("\n")
}

fn quoted(value: &Value) -> String {
    value.to_string()
}

fn bare(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUP: &str = "https://g.example/c/garden";
    const ASKER: &str = "https://a.example/actor";

    fn now() -> DateTime<Utc> {
        "2026-03-01T12:00:00Z".parse().unwrap()
    }

    fn made(key: &PrivateKey) -> Value {
        token(key, &format!("{GROUP}#main-key"), GROUP, ASKER, now()).unwrap()
    }

    #[test]
    fn a_token_is_good_for_its_actor_and_its_time() {
        let key = PrivateKey::generate_rsa().unwrap();
        let token = made(&key);
        let good =
            |token: &Value, issuer: &str, actor: &str, at| is_token(token, issuer, actor, key.public(), at);
        assert!(good(&token, GROUP, ASKER, now()));
        assert!(good(&token, GROUP, ASKER, now() + TimeDelta::minutes(34)));
        assert!(good(&token, GROUP, ASKER, now() - TimeDelta::minutes(4)));
        assert!(!good(&token, GROUP, ASKER, now() + TimeDelta::minutes(36)));
        assert!(!good(&token, GROUP, ASKER, now() - TimeDelta::minutes(6)));
        assert!(!good(&token, GROUP, "https://a.example/other", now()));
        assert!(!good(&token, "https://g.example/c/kitchen", ASKER, now()));
        let other = PrivateKey::generate_rsa().unwrap();
        assert!(!is_token(&token, GROUP, ASKER, other.public(), now()));
    }

    #[test]
    fn both_forms_of_what_is_signed_are_taken() {
        let key = PrivateKey::generate_rsa().unwrap();
        let token = made(&key);
        assert_eq!(
            base(token.as_object().unwrap(), quoted),
            format!(
                "actor: \"{ASKER}\"\nissuedAt: \"2026-03-01T12:00:00Z\"\nissuer: \"{GROUP}\"\nvalidUntil: \"2026-03-01T12:30:00Z\""
            )
        );
        let mut as_the_fep = token.clone();
        let signature = key
            .sign(base(token.as_object().unwrap(), bare).as_bytes())
            .unwrap();
        as_the_fep["signatures"][0]["signature"] = json!(STANDARD.encode(signature));
        assert_ne!(as_the_fep, token);
        assert!(is_token(&as_the_fep, GROUP, ASKER, key.public(), now()));
    }

    #[test]
    fn whatever_is_changed_spoils_it() {
        let key = PrivateKey::generate_rsa().unwrap();
        let good = made(&key);
        let spoils: [fn(&mut Value); 6] = [
            |token| token["validUntil"] = json!("2026-03-01T13:00:00Z"),
            |token| token["issuedAt"] = json!("2026-02-01T13:00:00Z"),
            |token| token["scope"] = json!("all"),
            |token| token["signatures"] = json!([]),
            |token| token["signatures"][0]["algorithm"] = json!("hs2019"),
            |token| *token = json!("token"),
        ];
        for spoil in spoils {
            let mut token = good.clone();
            spoil(&mut token);
            assert!(!is_token(&token, GROUP, ASKER, key.public(), now()), "{token}");
        }
        assert!(token(&PrivateKey::generate_ed25519().unwrap(), "k", GROUP, ASKER, now()).is_err());
    }
}
