//! RFC 9421, HTTP Message Signatures.
//!
//! One rule: `created`, the method, the whole target and, where there is a body, `content-digest` are covered by each
//! signature alone; two halves do not make a whole. A new component is an arm in `component`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use http::HeaderMap;

use super::digest::content_digest_header;
use super::outgoing::value;
use super::received::{check_date, check_expiry, check_time};
use super::structured::{self, Bare, List, quote};
use super::{Claim, KeyKind, PrivateKey, Received, Refused, Request, Scheme, SignError};

/// Most signatures that one request may carry.
const MAX_LABELS: usize = 4;

/// Signs `@method` and `@target-uri`, and with a body `content-digest` and `content-type`, as `sig1`.
pub(super) fn sign(
    key: &PrivateKey,
    key_id: &str,
    request: &Request<'_>,
    also: Option<(&'static str, &str)>,
) -> Result<HeaderMap, SignError> {
    let mut headers = request.headers()?;
    if let Some(body) = request.body {
        headers.insert("content-digest", value(&content_digest_header(body))?);
    }
    let mut names = vec!["@method", "@target-uri"];
    names.extend(
        ["content-digest", "content-type"]
            .iter()
            .filter(|name| headers.contains_key(**name)),
    );

    if let Some((name, text)) = also {
        headers.insert(name, value(text)?);
        names.push(name);
    }

    let mut lines = Vec::with_capacity(names.len() + 1);
    for name in &names {
        lines.push(match *name {
            "@method" => line(name, request.method.as_bytes()),
            "@target-uri" => line(name, request.target_uri().as_bytes()),
            _ => line(name, headers[*name].as_bytes()),
        });
    }
    let input = input(&names, key.public().kind(), key_id, request.date)?;
    lines.push(line("@signature-params", input.as_bytes()));

    let signature = STANDARD.encode(key.sign(&lines.join(&b'\n'))?);
    headers.insert("signature-input", value(&format!("sig1={input}"))?);
    headers.insert("signature", value(&format!("sig1=:{signature}:"))?);
    Ok(headers)
}

/// The list of components with its parameters.
fn input(names: &[&str], kind: KeyKind, key_id: &str, date: DateTime<Utc>) -> Result<String, SignError> {
    let names = names
        .iter()
        .map(|name| format!("\"{name}\""))
        .collect::<Vec<_>>()
        .join(" ");
    let key_id = quote(key_id).ok_or(SignError::KeyId)?;
    let created = date.timestamp();
    let algorithm = match kind {
        KeyKind::Rsa => "rsa-v1_5-sha256",
        KeyKind::Ed25519 => "ed25519",
    };
    Ok(format!(
        r#"({names});created={created};keyid={key_id};alg="{algorithm}""#
    ))
}

/// Judges every label of `Signature-Input` against the request, up to the keys.
pub(super) fn read(
    inputs: &str,
    signatures: &str,
    received: &Received<'_>,
    now: DateTime<Utc>,
) -> Result<Vec<Claim>, Refused> {
    let inputs = structured::lists(inputs).ok_or(Refused::Malformed("Signature-Input"))?;
    let signatures = structured::byte_sequences(signatures).ok_or(Refused::Malformed("Signature"))?;
    if inputs.len() > MAX_LABELS {
        return Err(Refused::TooMany);
    }
    if inputs.is_empty() || inputs.len() != signatures.len() {
        return Err(Refused::Unpaired);
    }
    let claim_of = |(label, list): &(&str, List<'_>)| {
        let signature = signatures.iter().find(|(known, _)| known == label);
        let (_, signature) = signature.ok_or(Refused::Unpaired)?;
        claim(list, signature.clone(), received, now)
    };
    inputs.iter().map(claim_of).collect()
}

fn claim(
    list: &List<'_>,
    signature: Vec<u8>,
    received: &Received<'_>,
    now: DateTime<Utc>,
) -> Result<Claim, Refused> {
    let kind = key_kind(list)?;
    check_times(list, received, now)?;
    check_coverage(list, received)?;
    let Some(Bare::String(key_id)) = list.parameter("keyid") else {
        return Err(Refused::MissingParameter("keyid"));
    };
    let base = base(list, received)?;
    Claim::new(Scheme::Rfc9421, key_id, kind, vec![base], signature)
}

/// `alg` may be missing: the key decides (§3.2).
fn key_kind(list: &List<'_>) -> Result<Option<KeyKind>, Refused> {
    match list.parameter("alg") {
        None => Ok(None),
        Some(Bare::String(name)) if name == "rsa-v1_5-sha256" => Ok(Some(KeyKind::Rsa)),
        Some(Bare::String(name)) if name == "ed25519" => Ok(Some(KeyKind::Ed25519)),
        Some(_) => Err(Refused::Algorithm),
    }
}

fn check_times(list: &List<'_>, received: &Received<'_>, now: DateTime<Utc>) -> Result<(), Refused> {
    let created = seconds(list, "created")?.ok_or(Refused::MissingParameter("created"))?;
    check_time(created, now, "created")?;
    if let Some(expires) = seconds(list, "expires")? {
        check_expiry(expires, now)?;
    }
    if covers(list, "date") {
        check_date(received, now)?;
    }
    Ok(())
}

fn seconds(list: &List<'_>, name: &'static str) -> Result<Option<i64>, Refused> {
    match list.parameter(name) {
        None => Ok(None),
        Some(Bare::Integer(seconds)) => Ok(Some(*seconds)),
        Some(_) => Err(Refused::BadParameter(name)),
    }
}

fn check_coverage(list: &List<'_>, received: &Received<'_>) -> Result<(), Refused> {
    if !covers(list, "@method") {
        return Err(Refused::NotCovered("@method"));
    }
    let host = covers(list, "@authority") || covers(list, "host");
    let query = received.query().is_none() || covers(list, "@query");
    let target = covers(list, "@request-target") || (covers(list, "@path") && query);
    let whole = covers(list, "@target-uri") || (host && target);
    if !whole {
        return Err(Refused::NotCovered("@target-uri"));
    }
    if received.needs_digest() && !covers(list, "content-digest") {
        return Err(Refused::NotCovered("Content-Digest"));
    }
    Ok(())
}

fn covers(list: &List<'_>, name: &str) -> bool {
    list.items.iter().any(|known| known == name)
}

/// The signature base (§2.5).
fn base(list: &List<'_>, received: &Received<'_>) -> Result<Vec<u8>, Refused> {
    let mut lines = Vec::with_capacity(list.items.len() + 1);
    for (index, name) in list.items.iter().enumerate() {
        if list.items[..index].contains(name) {
            return Err(Refused::Duplicate("Signature-Input"));
        }
        lines.push(line(name, &component(name, received)?));
    }
    lines.push(line("@signature-params", list.raw.as_bytes()));
    Ok(lines.join(&b'\n'))
}

/// The value of a derived component (§2.2) or of a header (§2.1).
fn component(name: &str, received: &Received<'_>) -> Result<Vec<u8>, Refused> {
    let derived = match name {
        "@method" => received.method.to_owned(),
        "@target-uri" => {
            format!(
                "{}://{}{}",
                received.scheme,
                received.normal_authority(),
                received.target
            )
        }
        "@authority" => received.normal_authority(),
        "@scheme" => received.scheme.to_owned(),
        "@request-target" => received.target.to_owned(),
        "@path" => received.path().to_owned(),
        "@query" => format!("?{}", received.query().unwrap_or_default()),
        _ if name.starts_with('@') || name.bytes().any(|byte| byte.is_ascii_uppercase()) => {
            return Err(Refused::Component);
        }
        _ => return received.field(name).ok_or(Refused::AbsentHeader),
    };
    Ok(derived.into_bytes())
}

fn line(name: &str, value: &[u8]) -> Vec<u8> {
    [b"\"", name.as_bytes(), b"\": ", value].concat()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;
    use crate::signature::PublicKey;

    /// RFC 9421 appendix B.2, the request, and B.2.6, the signature with Ed25519 (key: B.1.4).
    #[test]
    fn the_example_of_the_rfc_verifies() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("host", "example.com"),
            ("date", "Tue, 20 Apr 2021 02:07:55 GMT"),
            ("content-type", "application/json"),
            ("content-length", "18"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        let received = Received {
            method: "POST",
            authority: "example.com",
            scheme: "https",
            target: "/foo?param=Value&Pet=dog",
            headers: &headers,
            body: br#"{"hello": "world"}"#,
        };
        let input = concat!(
            r#"sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length")"#,
            r#";created=1618884473;keyid="test-key-ed25519""#
        );
        let signature = "sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9\
            EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:";
        let key = "-----BEGIN PUBLIC KEY-----\n\
            MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=\n\
            -----END PUBLIC KEY-----\n";

        let lists = structured::lists(input).unwrap();
        let base = base(&lists[0].1, &received).unwrap();
        let (_, signature) = structured::byte_sequences(signature).unwrap().remove(0);
        assert!(PublicKey::from_pem(key).unwrap().verifies(&base, &signature));
    }

    #[test]
    fn derived_components_are_those_of_the_rfc() {
        let headers = HeaderMap::new();
        let received = Received {
            method: "GET",
            authority: "WWW.example.com:443",
            scheme: "https",
            target: "/path?param=value",
            headers: &headers,
            body: b"",
        };
        for (name, value) in [
            ("@method", "GET"),
            ("@target-uri", "https://www.example.com/path?param=value"),
            ("@authority", "www.example.com"),
            ("@scheme", "https"),
            ("@request-target", "/path?param=value"),
            ("@path", "/path"),
            ("@query", "?param=value"),
        ] {
            assert_eq!(
                component(name, &received),
                Ok(value.as_bytes().to_vec()),
                "{name}"
            );
        }
        let bare = Received {
            target: "/path",
            ..received
        };
        assert_eq!(component("@query", &bare), Ok(b"?".to_vec()));
        for name in ["@status", "@query-param", "@signature-params", "Date"] {
            assert_eq!(component(name, &received), Err(Refused::Component), "{name}");
        }
        assert_eq!(component("date", &received), Err(Refused::AbsentHeader));
    }
}
