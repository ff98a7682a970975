//! Versia 0.6: one Ed25519 key speaks for a whole domain, in three headers.
//!
//! One rule: the method, the path as it is on the wire, the time as it is written and the body are signed, and nothing
//! else is: neither the host nor the query. Whoever relies on more must find it in the body.
//!
//! ```text
//! <method, lower case> <path, percent-encoded, no query> <signed-at> <base64 of SHA-256 of the body>
//! ```
//! Source: <https://versia.pub/signatures>, read 2026-05; the vectors below are of that page's key.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderName, HeaderValue};
use thiserror::Error;

use super::outgoing::{Request, value};
use super::public_key::ED25519_SPKI;
use super::{KeyError, PrivateKey, PublicKey, SignError};

/// What is asked for, and answered, where a domain signs.
pub const DOMAIN_TYPE: &str = "application/vnd.versia+json";
/// What is sent in a body that is signed for a domain.
pub const DOMAIN_CONTENT_TYPE: &str = "application/vnd.versia+json; charset=utf-8";

const SIGNATURE: HeaderName = HeaderName::from_static("versia-signature");
const SIGNED_BY: HeaderName = HeaderName::from_static("versia-signed-by");
const SIGNED_AT: HeaderName = HeaderName::from_static("versia-signed-at");
/// These three, and how they are written.
const HEADERS: [(HeaderName, &str); 3] = [
    (SIGNATURE, "Versia-Signature"),
    (SIGNED_BY, "Versia-Signed-By"),
    (SIGNED_AT, "Versia-Signed-At"),
];
/// What a 401 asks for (RFC 9110 §11.6.1): these headers, and nothing that other schemes sign.
pub const DOMAIN_CHALLENGE: &str = r#"Versia headers="versia-signature versia-signed-by versia-signed-at""#;
/// What 0.4 had in its place; 0.5 named an address or `instance <host>` as the signer.
const OLDER: HeaderName = HeaderName::from_static("x-signature");

/// How far a time may be from now, either way, in seconds.
const WINDOW: i64 = 300;
/// From here on a number is of milliseconds: sample code of the specification sends these.
const MILLISECONDS: i64 = 100_000_000_000;
/// Longest time that is read, in characters.
const LONGEST_TIME: usize = 24;
/// Longest name of a host (RFC 1035 §2.3.4).
const LONGEST_DOMAIN: usize = 253;

/// Why a signature for a domain is not believed. A message names headers, and repeats nothing of what a peer wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DomainRefused {
    #[error("The request is not signed as Versia has it: it lacks {0}.")]
    Missing(Lacking),
    #[error("The request is signed as an older version has it; this instance speaks Versia 0.6 only.")]
    Older,
    #[error("The header {0} cannot be read, or is there twice.")]
    Malformed(&'static str),
    #[error("The time in Versia-Signed-At is more than 300 seconds from now.")]
    OutsideWindow,
    #[error("The signature does not match the request.")]
    BadSignature,
}

/// Which of the three headers are not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lacking([bool; 3]);

impl Lacking {
    fn in_headers(headers: &HeaderMap) -> Self {
        Self(HEADERS.map(|(name, _)| !headers.contains_key(name)))
    }

    const fn any(self) -> bool {
        let Self([signature, by, at]) = self;
        signature || by || at
    }
}

impl fmt::Display for Lacking {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lacking = HEADERS.into_iter().zip(self.0).filter(|(_, lacks)| *lacks);
        let names: Vec<_> = lacking.map(|((_, name), _)| name).collect();
        match names.split_last() {
            Some((last, [])) => out.write_str(last),
            Some((last, before)) => write!(out, "{} and {last}", before.join(", ")),
            None => Ok(()),
        }
    }
}

/// What a request or an answer says of its signature, before anybody has looked for the key.
#[derive(Clone, Debug)]
pub struct DomainClaim {
    domain: String,
    signature: [u8; 64],
    /// What may have been signed: the path as it came, and as the reference implementation signs it (versia-pub/server,
    /// read 2026-04: percent-encoded once more).
    messages: Vec<String>,
}

impl DomainClaim {
    /// Who is said to have signed. Only its length is known to be right.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// What tells this signature from all others.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 32] {
        let mut print = [0; 32];
        print.copy_from_slice(digest(&SHA256, &self.signature).as_ref());
        print
    }

    /// # Errors
    /// [`DomainRefused::BadSignature`] if this key has not signed it.
    pub fn verify(&self, key: &PublicKey) -> Result<(), DomainRefused> {
        let point = self.signature.first_chunk::<32>();
        let is_odd = point.is_none_or(is_of_small_order);
        let holds = |message: &String| key.verifies(message.as_bytes(), &self.signature);
        if !is_odd && self.messages.iter().any(holds) {
            Ok(())
        } else {
            Err(DomainRefused::BadSignature)
        }
    }
}

/// Everything that can be judged without the key. `path` is as on the wire, without the query.
///
/// # Errors
/// [`DomainRefused`] says in one sentence what is missing or wrong.
pub fn domain_claim(
    method: &str,
    path: &str,
    headers: &HeaderMap,
    body: &[u8],
    now: DateTime<Utc>,
) -> Result<DomainClaim, DomainRefused> {
    if headers.contains_key(OLDER) {
        return Err(DomainRefused::Older);
    }
    let lacking = Lacking::in_headers(headers);
    if lacking.any() {
        return Err(DomainRefused::Missing(lacking));
    }
    let [signature, domain, signed_at] = HEADERS.map(|(name, shown)| only(headers, &name, shown));
    let (signature, domain, signed_at) = (signature?, domain?, signed_at?);
    if domain.starts_with("https://") || domain.starts_with("instance ") {
        return Err(DomainRefused::Older);
    }
    if domain.is_empty() || domain.len() > LONGEST_DOMAIN {
        return Err(DomainRefused::Malformed("Versia-Signed-By"));
    }
    let seconds = seconds(signed_at).ok_or(DomainRefused::Malformed("Versia-Signed-At"))?;
    if (now.timestamp() - seconds).abs() > WINDOW {
        return Err(DomainRefused::OutsideWindow);
    }
    let signature = STANDARD
        .decode(signature)
        .ok()
        .and_then(|bytes| bytes.try_into().ok());
    let paths = [path.to_owned(), path.replace('%', "%25")];
    let mut messages: Vec<_> = paths
        .iter()
        .map(|path| message(method, path, signed_at, body))
        .collect();
    messages.dedup();
    Ok(DomainClaim {
        domain: domain.to_owned(),
        signature: signature.ok_or(DomainRefused::Malformed("Versia-Signature"))?,
        messages,
    })
}

/// The same of an answer to a GET; `None`: it is not signed.
///
/// # Errors
/// As [`domain_claim`].
pub fn domain_claim_of_answer(
    path: &str,
    headers: &HeaderMap,
    body: &[u8],
    now: DateTime<Utc>,
) -> Result<Option<DomainClaim>, DomainRefused> {
    let is_signed = [SIGNATURE, SIGNED_BY, SIGNED_AT]
        .iter()
        .any(|name| headers.contains_key(name));
    is_signed
        .then(|| domain_claim("get", path, headers, body, now))
        .transpose()
}

/// Who says that they signed a request for their domain, if anybody does. Nothing of it is checked.
#[must_use]
pub fn is_for_a_domain(headers: &HeaderMap) -> bool {
    headers.contains_key(SIGNATURE)
}

/// The three headers, for the answer to a GET of `path` or, with what HTTP needs besides, for a request.
///
/// # Errors
/// [`SignError`] if the key fails, or the domain cannot stand in a header.
pub fn sign_for_domain(
    key: &PrivateKey,
    domain: &str,
    method: &str,
    path: &str,
    body: &[u8],
    now: DateTime<Utc>,
) -> Result<HeaderMap, SignError> {
    let signed_at = now.timestamp().to_string();
    let signature = key.sign(message(method, path, &signed_at, body).as_bytes())?;
    let mut headers = HeaderMap::with_capacity(6);
    headers.insert(
        SIGNED_BY,
        HeaderValue::from_str(domain).map_err(|_| SignError::KeyId)?,
    );
    headers.insert(SIGNED_AT, value(&signed_at)?);
    headers.insert(SIGNATURE, value(&STANDARD.encode(signature))?);
    Ok(headers)
}

/// As [`sign_for_domain`], with `host`, `date` and `content-type`: all headers to send.
pub(super) fn sign(key: &PrivateKey, domain: &str, request: &Request<'_>) -> Result<HeaderMap, SignError> {
    let body = request.body.unwrap_or_default();
    let mut headers = request.headers()?;
    let path = request.url.path();
    headers.extend(sign_for_domain(
        key,
        domain,
        request.method,
        path,
        body,
        request.date,
    )?);
    Ok(headers)
}

/// Reads a domain's key as it is published: base64 of SPKI DER, 44 bytes.
///
/// # Errors
/// [`KeyError`] if it is anything else, or a key that anybody could sign for.
pub fn domain_key(text: &str) -> Result<PublicKey, KeyError> {
    let spki = STANDARD.decode(text).map_err(|_| KeyError::Malformed)?;
    let raw = spki
        .strip_prefix(&ED25519_SPKI)
        .and_then(|raw| <&[u8; 32]>::try_from(raw).ok())
        .ok_or(KeyError::Unsupported)?;
    if is_of_small_order(raw) {
        return Err(KeyError::Malformed);
    }
    PublicKey::from_ed25519(raw)
}

/// A key as it is published.
#[must_use]
pub fn written_for_domain(key: &PublicKey) -> String {
    STANDARD.encode(key.spki())
}

fn message(method: &str, path: &str, signed_at: &str, body: &[u8]) -> String {
    let hash = STANDARD.encode(digest(&SHA256, body));
    format!("{} {path} {signed_at} {hash}", method.to_ascii_lowercase())
}

/// A header that is there once.
fn only<'h>(
    headers: &'h HeaderMap,
    name: &HeaderName,
    shown: &'static str,
) -> Result<&'h str, DomainRefused> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(one), None) => one.to_str().map_err(|_| DomainRefused::Malformed(shown)),
        (None, _) | (Some(_), Some(_)) => Err(DomainRefused::Malformed(shown)),
    }
}

/// Whole seconds; milliseconds and fractions of a second are read, too.
fn seconds(text: &str) -> Option<i64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if text.len() > LONGEST_TIME || !is_number(whole) || !is_number(part) {
        return None;
    }
    let number: i64 = whole.parse().ok()?;
    Some(if number > MILLISECONDS {
        number / 1_000
    } else {
        number
    })
}

/// Points of order 1, 2, 4 and 8, in every encoding: with such a key, or such a first half of a signature, one signature
/// holds for many messages. What `verify_strict` of ed25519-dalek refuses; the list is that of libsodium
/// (`ge25519_has_small_order`).
fn is_of_small_order(point: &[u8; 32]) -> bool {
    const fn of_p(first: u8) -> [u8; 32] {
        let mut point = [0xff; 32];
        point[0] = first;
        point[31] = 0x7f;
        point
    }
    const fn small(first: u8) -> [u8; 32] {
        let mut point = [0; 32];
        point[0] = first;
        point
    }
    const EIGHTH: [[u8; 32]; 2] = [
        [
            0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
            0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
        ],
        [
            0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
            0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
        ],
    ];
    let mut unsigned = *point;
    unsigned[31] &= 0x7f;
    let others = [small(0), small(1), of_p(0xec), of_p(0xed), of_p(0xee)];
    EIGHTH.contains(&unsigned) || others.contains(&unsigned)
}

#[cfg(test)]
mod tests;
