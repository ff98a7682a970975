//! Versia 0.6: one Ed25519 key speaks for a whole domain, in three headers.
//!
//! One rule: the method, the path as it is on the wire, the time as it is written and the body are signed, and nothing
//! else is: neither the host nor the query. Whoever relies on more must find it in the body.
//!
//! ```text
//! <method, lower case> <path, percent-encoded, no query> <signed-at> <base64 of SHA-256 of the body>
//! ```
//! Source: <https://versia.pub/signatures>, read 2026-05; the vectors below are of that page's key.

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
    #[error("The request is not signed: it lacks Versia-Signature, Versia-Signed-By or Versia-Signed-At.")]
    Missing,
    #[error("The request is signed as an older version has it; this instance speaks Versia 0.6 only.")]
    Older,
    #[error("The header {0} cannot be read, or is there twice.")]
    Malformed(&'static str),
    #[error("The time in Versia-Signed-At is more than 300 seconds from now.")]
    OutsideWindow,
    #[error("The signature does not match the request.")]
    BadSignature,
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
    let signature = only(headers, &SIGNATURE, "Versia-Signature")?;
    let domain = only(headers, &SIGNED_BY, "Versia-Signed-By")?;
    let signed_at = only(headers, &SIGNED_AT, "Versia-Signed-At")?;
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
        (None, _) => Err(DomainRefused::Missing),
        (Some(one), None) => one.to_str().map_err(|_| DomainRefused::Malformed(shown)),
        (Some(_), Some(_)) => Err(DomainRefused::Malformed(shown)),
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
mod tests {
    use url::Url;

    use super::*;

    const PRIVATE: &str = "MC4CAQAwBQYDK2VwBCIEILrNXhbWxC/MhKQDsJOAAF1FH/R+Am5G/eZKnqNum5ro";
    const PUBLIC: &str = "MCowBQYDK2VwAyEA9oGFPbz+LThzQSOhWhOpUdFxLG07Rqmn0HtAFaCz/hM=";
    const TIME: i64 = 1_729_243_417;
    const GROUP: &str = "/.versia/v0.6/entities/pub.versia%3Agroups%2FGroup/g1";

    fn key() -> PrivateKey {
        PrivateKey::from_pkcs8(&STANDARD.decode(PRIVATE).unwrap()).unwrap()
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    fn signature(method: &str, path: &str, body: &str) -> String {
        let headers = sign_for_domain(&key(), "b.example", method, path, body.as_bytes(), at(TIME)).unwrap();
        assert_eq!(headers[SIGNED_BY], "b.example");
        assert_eq!(headers[SIGNED_AT], TIME.to_string());
        headers[SIGNATURE].to_str().unwrap().to_owned()
    }

    fn signed(signature: &str, by: &str, at: &str) -> HeaderMap {
        HeaderMap::from_iter([
            (SIGNATURE, signature.parse().unwrap()),
            (SIGNED_BY, by.parse().unwrap()),
            (SIGNED_AT, at.parse().unwrap()),
        ])
    }

    #[test]
    fn vector_1_a_post() {
        assert_eq!(
            message(
                "POST",
                "/.versia/v0.6/inbox",
                "1729243417",
                br#"{"content":"Hello, world!"}"#
            ),
            "post /.versia/v0.6/inbox 1729243417 4+e2vswDyKEalby/akgnvZl4yJTXIbN1u42bC6inlOo="
        );
        assert_eq!(
            signature("post", "/.versia/v0.6/inbox", r#"{"content":"Hello, world!"}"#),
            "cboFpspY5XR66DjeuOQRUhHktWYvokU2pGK7Zfhf9cQiuGcIxkWuKR6Iqc/TK0FUtDJpERTzxYKIR5J9xgHmCQ=="
        );
    }

    #[test]
    fn vector_2_a_get() {
        assert_eq!(
            signature("get", "/.versia/v0.6/entities/User/u1", ""),
            "epk9bzJk7/umTlUd0x8o9neL24qdcFlkkTiSXf5ZI5FT5EfHheEYSp5Rod36I9J48k689hXjek51vjQhTm+nCQ=="
        );
    }

    #[test]
    fn vector_3_the_answer_to_it() {
        assert_eq!(
            signature("get", "/.versia/v0.6/entities/User/u1", r#"{"a":1}"#),
            "L974VB6aCKadSe4HPtFFMGlbEKy7flD3zSc+irzm6Z7Rce13iW+MybR+BII314pbtMN4fpWMf38Mji91V1tHDQ=="
        );
    }

    #[test]
    fn vector_4_a_path_as_on_the_wire() {
        assert_eq!(
            signature("get", GROUP, ""),
            "Dv6GLFeWRt7GHtrvW3oLIYAaxVkuw1AGBakbUPSO8ggbLH72de7o/FYrp7m/pJK6gKr9HMae65xqWm9MilfaAQ=="
        );
    }

    #[test]
    fn vector_5_a_path_encoded_twice_is_believed_too() {
        let twice =
            "mRLVUMXCANDbuLfOIG0P0GoEszlOWNUBU/ylYnv66aKmga/AbN8Tvs/KTHv+sPDpn1hoX9gD94tbCj1cFeSHAA==";
        assert_eq!(signature("get", &GROUP.replace('%', "%25"), ""), twice);
        let claim = domain_claim(
            "GET",
            GROUP,
            &signed(twice, "b.example", "1729243417"),
            b"",
            at(TIME),
        );
        assert_eq!(claim.unwrap().verify(&domain_key(PUBLIC).unwrap()), Ok(()));
    }

    #[test]
    fn a_request_carries_the_path_without_its_query() {
        let url = Url::parse("https://b.example/.versia/v0.6/entities/User/u1?offset=0").unwrap();
        let request = Request {
            method: "GET",
            url: &url,
            body: None,
            content_type: None,
            date: at(TIME),
        };
        let headers = sign(&key(), "b.example", &request).unwrap();
        assert_eq!(
            headers[SIGNATURE],
            signature("get", "/.versia/v0.6/entities/User/u1", "")
        );
        assert_eq!(headers["host"], "b.example");
    }

    #[test]
    fn what_was_changed_on_the_way_is_refused() {
        let (path, body) = ("/.versia/v0.6/inbox", "{}");
        let good = signature("post", path, body);
        let headers = signed(&good, "b.example", "1729243417");
        let key = domain_key(PUBLIC).unwrap();
        let verified = |method: &str, path: &str, body: &str, headers: &HeaderMap| {
            domain_claim(method, path, headers, body.as_bytes(), at(TIME))
                .and_then(|claim| claim.verify(&key))
        };
        assert_eq!(verified("POST", path, body, &headers), Ok(()));
        for (method, path, body) in [
            ("GET", path, body),
            ("POST", "/inbox", body),
            ("POST", path, "{ }"),
        ] {
            assert_eq!(
                verified(method, path, body, &headers),
                Err(DomainRefused::BadSignature)
            );
        }
        let later = signed(&good, "b.example", "1729243418");
        assert_eq!(
            verified("POST", path, body, &later),
            Err(DomainRefused::BadSignature)
        );
        let other = PrivateKey::generate_ed25519().unwrap();
        let claim = domain_claim("POST", path, &headers, body.as_bytes(), at(TIME)).unwrap();
        assert_eq!(claim.verify(other.public()), Err(DomainRefused::BadSignature));
        assert_eq!(claim.domain(), "b.example");
    }

    #[test]
    fn headers_that_are_missing_odd_or_old_are_told_apart() {
        use DomainRefused::{Malformed, Missing, Older, OutsideWindow};
        let good = signature("post", "/x", "");
        let judged = |headers: &HeaderMap| domain_claim("post", "/x", headers, b"", at(TIME)).map(drop);
        let whole = signed(&good, "b.example", "1729243417");
        assert_eq!(judged(&whole), Ok(()));
        for name in [SIGNATURE, SIGNED_BY, SIGNED_AT] {
            let mut less = whole.clone();
            less.remove(&name);
            assert_eq!(judged(&less), Err(Missing), "{name}");
            let mut twice = whole.clone();
            twice.append(&name, whole[&name].clone());
            assert!(matches!(judged(&twice), Err(Malformed(_))), "{name}");
        }
        for (signature, by, at, why) in [
            ("", "b.example", "1729243417", Malformed("Versia-Signature")),
            ("AAAA", "b.example", "1729243417", Malformed("Versia-Signature")),
            (
                &good[..86],
                "b.example",
                "1729243417",
                Malformed("Versia-Signature"),
            ),
            (&good, "", "1729243417", Malformed("Versia-Signed-By")),
            (
                &good,
                &"b".repeat(254),
                "1729243417",
                Malformed("Versia-Signed-By"),
            ),
            (&good, "https://b.example/users/u1", "1729243417", Older),
            (&good, "instance b.example", "1729243417", Older),
            (&good, "b.example", "", Malformed("Versia-Signed-At")),
            (&good, "b.example", "-1729243417", Malformed("Versia-Signed-At")),
            (&good, "b.example", "1.7e9", Malformed("Versia-Signed-At")),
            (
                &good,
                "b.example",
                "Fri, 18 Oct 2024 09:23:37 GMT",
                Malformed("Versia-Signed-At"),
            ),
            (&good, "b.example", "0", OutsideWindow),
            (&good, "b.example", "1729243116", OutsideWindow),
            (&good, "b.example", "1729243718", OutsideWindow),
            (&good, "b.example", "9223372036854775807", OutsideWindow),
        ] {
            assert_eq!(judged(&signed(signature, by, at)), Err(why), "{by} {at}");
        }
        for at in ["1729243117", "1729243717", "1729243417000", "1729243417.25"] {
            assert_eq!(judged(&signed(&good, "b.example", at)), Ok(()), "{at}");
        }
        let mut old = whole;
        old.insert(OLDER, "x".parse().unwrap());
        assert_eq!(judged(&old), Err(Older));
    }

    #[test]
    fn only_an_answer_that_is_signed_is_judged() {
        let none = domain_claim_of_answer("/x", &HeaderMap::new(), b"{}", at(TIME));
        assert!(matches!(none, Ok(None)));
        let half = HeaderMap::from_iter([(SIGNED_BY, HeaderValue::from_static("b.example"))]);
        let half = domain_claim_of_answer("/x", &half, b"{}", at(TIME));
        assert_eq!(half.map(|_| ()), Err(DomainRefused::Missing));
        let whole = signed(&signature("get", "/x", "{}"), "b.example", "1729243417");
        let whole = domain_claim_of_answer("/x", &whole, b"{}", at(TIME))
            .unwrap()
            .unwrap();
        assert_eq!(whole.verify(key().public()), Ok(()));
    }

    #[test]
    fn a_key_is_read_as_it_is_published_and_in_no_other_way() {
        let public = domain_key(PUBLIC).unwrap();
        assert_eq!(&public, key().public());
        assert_eq!(written_for_domain(&public), PUBLIC);
        let spki = STANDARD.decode(PUBLIC).unwrap();
        for bad in [
            "".to_owned(),
            public.to_pem(),
            STANDARD.encode(&spki[12..]),
            STANDARD.encode([&spki[..], &[0]].concat()),
            STANDARD.encode(PrivateKey::generate_rsa().unwrap().public().spki()),
            STANDARD.encode([&ED25519_SPKI[..], &[0; 32]].concat()),
            STANDARD.encode([&ED25519_SPKI[..], &[1], &[0; 30], &[0x80]].concat()),
        ] {
            assert!(domain_key(&bad).is_err(), "{bad}");
        }
    }
}
