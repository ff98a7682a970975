//! draft-cavage-http-signatures-12, as the fediverse uses it.
//!
//! One rule: `hs2019` names no algorithm, the key does; with an RSA key it is what everybody makes of it, PKCS#1 v1.5
//! with SHA-256. A new algorithm is an arm in `key_kind`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use http::HeaderMap;

use super::digest::digest_header;
use super::outgoing::value;
use super::parameters::Parameters;
use super::received::{check_date, check_expiry, check_time};
use super::structured::{BASE64, MAX_MEMBERS};
use super::{Claim, KeyKind, PrivateKey, Received, Refused, Request, Scheme, SignError};

const TARGET: &str = "(request-target)";
const CREATED: &str = "(created)";
const EXPIRES: &str = "(expires)";

/// Signs `(request-target) host date`, and with a body `digest content-type`.
pub(super) fn sign(
    key: &PrivateKey,
    key_id: &str,
    request: &Request<'_>,
    also: Option<(&'static str, &str)>,
) -> Result<HeaderMap, SignError> {
    let mut headers = request.headers()?;
    if let Some(body) = request.body {
        headers.insert("digest", value(&digest_header(body))?);
    }
    let mut names = vec![TARGET];
    names.extend(
        ["host", "date", "digest", "content-type"]
            .iter()
            .filter(|name| headers.contains_key(**name)),
    );

    if let Some((name, text)) = also {
        headers.insert(name, value(text)?);
        names.push(name);
    }

    let lines = names.iter().map(|name| match *name {
        TARGET => line(name, target(request.method, request.target()).as_bytes()),
        _ => line(name, headers[*name].as_bytes()),
    });
    let base = lines.collect::<Vec<_>>().join(&b'\n');

    let algorithm = match key.public().kind() {
        KeyKind::Rsa => "rsa-sha256",
        KeyKind::Ed25519 => "hs2019",
    };
    let signature = STANDARD.encode(key.sign(&base)?);
    let names = names.join(" ");
    let parameters =
        format!(r#"keyId="{key_id}",algorithm="{algorithm}",headers="{names}",signature="{signature}""#);
    headers.insert("signature", value(&parameters)?);
    Ok(headers)
}

/// Judges the parameters of a signature against the request, up to the key.
pub(super) fn read(parameters: &str, received: &Received<'_>, now: DateTime<Utc>) -> Result<Claim, Refused> {
    let parameters = Parameters::parse(parameters)?;
    let covered = covered(parameters.get("headers").unwrap_or_default())?;
    let algorithm = parameters.get("algorithm");
    let kind = key_kind(algorithm)?;
    check_created(&parameters, &covered, algorithm)?;
    check_times(&parameters, &covered, received, now)?;
    check_coverage(&covered, received)?;

    let signature = parameters.required("signature")?;
    let signature = BASE64
        .decode(signature)
        .map_err(|_| Refused::BadParameter("signature"))?;
    let bases = bases(&parameters, &covered, received)?;
    Claim::new(
        Scheme::Cavage,
        parameters.required("keyId")?,
        kind,
        bases,
        signature,
    )
}

/// Names that are signed, in lower case and in order.
fn covered(headers: &str) -> Result<Vec<String>, Refused> {
    let mut names: Vec<String> = Vec::new();
    for name in headers.split_ascii_whitespace().map(str::to_ascii_lowercase) {
        if names.len() >= MAX_MEMBERS {
            return Err(Refused::Malformed("Signature"));
        }
        if names.contains(&name) {
            return Err(Refused::Duplicate("Signature"));
        }
        names.push(name);
    }
    Ok(names)
}

/// Names are compared as they are: `RSA-SHA256` is nobody's (SIG14). A missing one is `hs2019`.
fn key_kind(algorithm: Option<&str>) -> Result<Option<KeyKind>, Refused> {
    match algorithm {
        None | Some("hs2019") => Ok(None),
        Some("rsa-sha256") => Ok(Some(KeyKind::Rsa)),
        Some("ed25519") => Ok(Some(KeyKind::Ed25519)),
        Some(_) => Err(Refused::Algorithm),
    }
}

/// §2.3: `(created)` and `(expires)` do not go with the old names of algorithms (SIG13).
fn check_created(
    parameters: &Parameters<'_>,
    covered: &[String],
    algorithm: Option<&str>,
) -> Result<(), Refused> {
    let used = parameters.get("created").is_some() || covers(covered, CREATED) || covers(covered, EXPIRES);
    if used && algorithm == Some("rsa-sha256") {
        return Err(Refused::CreatedWithRsaSha256);
    }
    Ok(())
}

/// Every time that is given must be right, and one that is covered must be given.
fn check_times(
    parameters: &Parameters<'_>,
    covered: &[String],
    received: &Received<'_>,
    now: DateTime<Utc>,
) -> Result<(), Refused> {
    if let Some(created) = parameters.seconds("created")? {
        check_time(created, now, "created")?;
    }
    if let Some(expires) = parameters.seconds("expires")? {
        check_expiry(expires, now)?;
    }
    if covers(covered, "date") {
        check_date(received, now)?;
    }
    if covers(covered, "date") || covers(covered, CREATED) {
        Ok(())
    } else {
        Err(Refused::NotCovered("Date or (created)"))
    }
}

fn check_coverage(covered: &[String], received: &Received<'_>) -> Result<(), Refused> {
    for name in [TARGET, "host"] {
        if !covers(covered, name) {
            return Err(Refused::NotCovered(name));
        }
    }
    if received.needs_digest() && !covers(covered, "digest") {
        return Err(Refused::NotCovered("Digest"));
    }
    Ok(())
}

fn covers(covered: &[String], name: &str) -> bool {
    covered.iter().any(|known| known == name)
}

/// What may have been signed: some peers leave the query out of `(request-target)`.
fn bases(
    parameters: &Parameters<'_>,
    covered: &[String],
    received: &Received<'_>,
) -> Result<Vec<Vec<u8>>, Refused> {
    let mut bases = vec![base(parameters, covered, received, received.target)?];
    if received.query().is_some() {
        bases.push(base(parameters, covered, received, received.path())?);
    }
    Ok(bases)
}

/// The signing string (§2.3).
fn base(
    parameters: &Parameters<'_>,
    covered: &[String],
    received: &Received<'_>,
    path: &str,
) -> Result<Vec<u8>, Refused> {
    let mut lines = Vec::with_capacity(covered.len());
    for name in covered {
        let value = match name.as_str() {
            TARGET => target(received.method, path).into_bytes(),
            CREATED => parameters.required("created")?.as_bytes().to_vec(),
            EXPIRES => parameters.required("expires")?.as_bytes().to_vec(),
            _ if name.starts_with('(') => return Err(Refused::Component),
            _ => received.field(name).ok_or(Refused::AbsentHeader)?,
        };
        lines.push(line(name, &value));
    }
    Ok(lines.join(&b'\n'))
}

fn target(method: &str, path: &str) -> String {
    format!("{} {path}", method.to_ascii_lowercase())
}

fn line(name: &str, value: &[u8]) -> Vec<u8> {
    [name.as_bytes(), b": ", value].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_covers_at_most_32_headers() {
        for (count, fits) in [(MAX_MEMBERS, true), (MAX_MEMBERS + 1, false)] {
            let names: Vec<_> = (0..count).map(|n| format!("x{n}")).collect();
            assert_eq!(covered(&names.join(" ")).is_ok(), fits);
        }
    }

    #[test]
    fn only_known_algorithms_in_their_own_spelling_are_taken() {
        assert_eq!(key_kind(None), Ok(None));
        assert_eq!(key_kind(Some("hs2019")), Ok(None));
        assert_eq!(key_kind(Some("rsa-sha256")), Ok(Some(KeyKind::Rsa)));
        assert_eq!(key_kind(Some("ed25519")), Ok(Some(KeyKind::Ed25519)));
        for name in [
            "",
            "none",
            "hmac-sha256",
            "rsa-sha1",
            "rsa-sha512",
            "RSA-SHA256",
            "HS2019",
            "ed25519 ",
        ] {
            assert_eq!(key_kind(Some(name)), Err(Refused::Algorithm), "{name}");
        }
    }
}
