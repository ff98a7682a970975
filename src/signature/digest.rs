//! Digests of bodies: `Digest` (RFC 3230) and `Content-Digest` (RFC 9530).
//!
//! One rule: the digest is of the raw bytes as they were sent, never of a document that was parsed and written again.
//! A new algorithm is a line in `hash`, if it is one that both sides of the fediverse still trust.

use aws_lc_rs::digest::{self as hashes, SHA256, SHA512};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::structured;
use super::{Received, Refused};

const DIGEST: &str = "Digest";
const CONTENT_DIGEST: &str = "Content-Digest";

/// The value of a `Digest` header: `SHA-256=` and base64.
#[must_use]
pub fn digest_header(body: &[u8]) -> String {
    format!("SHA-256={}", STANDARD.encode(hashes::digest(&SHA256, body)))
}

/// The value of a `Content-Digest` header (RFC 9530 §2): `sha-256=:` base64 `:`.
#[must_use]
pub fn content_digest_header(body: &[u8]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(hashes::digest(&SHA256, body)))
}

/// Compares whatever digests the request carries with its body.
///
/// # Errors
/// [`Refused`] if one does not match, or if a digest header is there that says nothing we can check.
pub(super) fn check(received: &Received<'_>) -> Result<(), Refused> {
    if let Some(value) = received.text(DIGEST)? {
        check_digest(&value, received.body)?;
    }
    if let Some(value) = received.text(CONTENT_DIGEST)? {
        check_content_digest(&value, received.body)?;
    }
    Ok(())
}

/// Exactly one SHA-256 entry, its name in any case. Entries by other algorithms beside it are not looked at.
fn check_digest(value: &str, body: &[u8]) -> Result<(), Refused> {
    let mut found = Vec::new();
    for entry in value.split(',') {
        let (algorithm, digest) = entry.trim().split_once('=').ok_or(Refused::Malformed(DIGEST))?;
        if algorithm.eq_ignore_ascii_case("sha-256") {
            found.push(digest);
        }
    }
    let [digest] = found[..] else {
        return Err(Refused::DigestAlgorithm(DIGEST));
    };
    let digest = STANDARD.decode(digest).map_err(|_| Refused::Malformed(DIGEST))?;
    matches(&digest, &SHA256, body)
        .then_some(())
        .ok_or(Refused::DigestMismatch(DIGEST))
}

/// At least one entry by SHA-256 or SHA-512, and each of them right.
fn check_content_digest(value: &str, body: &[u8]) -> Result<(), Refused> {
    let entries = structured::byte_sequences(value).ok_or(Refused::Malformed(CONTENT_DIGEST))?;
    let mut known = 0;
    for (algorithm, digest) in entries {
        let Some(hash) = hash(algorithm) else { continue };
        if !matches(&digest, hash, body) {
            return Err(Refused::DigestMismatch(CONTENT_DIGEST));
        }
        known += 1;
    }
    if known == 0 {
        Err(Refused::DigestAlgorithm(CONTENT_DIGEST))
    } else {
        Ok(())
    }
}

/// The active algorithms of RFC 9530 §5.
fn hash(algorithm: &str) -> Option<&'static hashes::Algorithm> {
    match algorithm {
        "sha-256" => Some(&SHA256),
        "sha-512" => Some(&SHA512),
        _ => None,
    }
}

fn matches(digest: &[u8], hash: &'static hashes::Algorithm, body: &[u8]) -> bool {
    digest == hashes::digest(hash, body).as_ref()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of `hello`, as `printf hello | openssl dgst -sha256 -binary | base64` prints it.
    const HELLO: &str = "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=";

    #[test]
    fn a_digest_is_written_as_peers_read_it() {
        assert_eq!(digest_header(b"hello"), format!("SHA-256={HELLO}"));
        assert_eq!(content_digest_header(b"hello"), format!("sha-256=:{HELLO}:"));
    }

    #[test]
    fn the_name_of_the_algorithm_may_have_any_case() {
        for name in ["SHA-256", "sha-256", "Sha-256"] {
            assert_eq!(check_digest(&format!("{name}={HELLO}"), b"hello"), Ok(()));
        }
    }

    #[test]
    fn another_body_is_refused() {
        let mismatch = Err(Refused::DigestMismatch(DIGEST));
        assert_eq!(check_digest(&format!("SHA-256={HELLO}"), b"hello "), mismatch);
        let mismatch = Err(Refused::DigestMismatch(CONTENT_DIGEST));
        assert_eq!(
            check_content_digest(&format!("sha-256=:{HELLO}:"), b"hello "),
            mismatch
        );
    }

    #[test]
    fn there_must_be_exactly_one_sha_256() {
        let weak = Err(Refused::DigestAlgorithm(DIGEST));
        assert_eq!(check_digest("MD5=XUFAKrxLKna5cZ2REBfFkg==", b"hello"), weak);
        assert_eq!(check_digest(&format!("SHA-512={HELLO}"), b"hello"), weak);
        assert_eq!(
            check_digest(&format!("SHA-256={HELLO},SHA-256={HELLO}"), b"hello"),
            weak
        );
        assert_eq!(
            check_digest(&format!("SHA-256={HELLO},sha-256=b"), b"hello"),
            weak
        );
        assert_eq!(check_digest(&format!("MD5=x, SHA-256={HELLO}"), b"hello"), Ok(()));
    }

    #[test]
    fn nonsense_is_refused_as_such() {
        for value in ["", "SHA-256", &format!("SHA-256={HELLO},"), "SHA-256=%%%"] {
            assert_eq!(
                check_digest(value, b"hello"),
                Err(Refused::Malformed(DIGEST)),
                "{value}"
            );
        }
        for value in [
            format!("sha-256={HELLO}"),
            format!("SHA-256=:{HELLO}:"),
            "sha-256".to_owned(),
        ] {
            let refused = check_content_digest(&value, b"hello");
            assert_eq!(refused, Err(Refused::Malformed(CONTENT_DIGEST)), "{value}");
        }
    }

    #[test]
    fn a_content_digest_may_use_sha_512_but_each_entry_must_be_right() {
        let long = STANDARD.encode(hashes::digest(&SHA512, b"hello"));
        assert_eq!(
            check_content_digest(&format!("sha-512=:{long}:"), b"hello"),
            Ok(())
        );
        let both = format!("sha-512=:{long}:, sha-256=:{HELLO}:");
        assert_eq!(check_content_digest(&both, b"hello"), Ok(()));
        let one_wrong = format!("sha-512=:{HELLO}:, sha-256=:{HELLO}:");
        let mismatch = Err(Refused::DigestMismatch(CONTENT_DIGEST));
        assert_eq!(check_content_digest(&one_wrong, b"hello"), mismatch);
        let weak = Err(Refused::DigestAlgorithm(CONTENT_DIGEST));
        assert_eq!(
            check_content_digest("md5=:XUFAKrxLKna5cZ2REBfFkg==:", b"hello"),
            weak
        );
        assert_eq!(check_content_digest("", b"hello"), weak);
    }
}
