//! Bytes in, headers out: HTTP signatures, proofs inside of documents, digests and keys. Pure: no clock, no network, no store.
//!
//! One rule: what is judged without a key ([`claims`]) is judged before anybody fetches one, and **every** claim that
//! a request makes must verify ([`Claim::verify`]). Nothing here says whose key it is; that is the caller's question.
//! A new scheme is a file beside `cavage.rs` and `rfc9421.rs` with `sign` and `read`, a [`Scheme`], an arm in [`sign`]
//! and [`claims`], and its rows in `attacks.rs`.

mod cavage;
mod claim;
mod digest;
mod errors;
mod private_key;
mod proof;
mod public_key;
mod reach;
mod multibase;
mod outgoing;
mod parameters;
mod received;
mod rfc9421;
mod structured;
mod token;
mod versia;

#[cfg(test)]
mod attacks;
#[cfg(test)]
mod vectors;

use chrono::{DateTime, Utc};
use http::HeaderMap;

pub use claim::Claim;
pub use digest::{content_digest_header, digest_header};
pub use errors::{KeyError, Refused, SignError};
pub use outgoing::Request;
pub use private_key::PrivateKey;
pub use proof::{is_proven, proof_of, prove};
pub use public_key::{KeyKind, PublicKey};
pub use reach::{REACH, Reach, reach_of};
pub use received::{Received, WINDOW};
pub use token::{is_token, token};
pub use versia::{
    DOMAIN_CHALLENGE, DOMAIN_CONTENT_TYPE, DOMAIN_TYPE, DomainClaim, DomainRefused, domain_claim,
    domain_claim_of_answer, domain_key, is_for_a_domain, sign_for_domain, written_for_domain,
};

/// What everybody is told who has not signed.
pub const HOW_TO_SIGN: &str = "Sign the request by draft-cavage or RFC 9421, the digest of the body included, with a key that the \
     actor's own document lists. Below /.versia: sign for your domain, in Versia-Signature, Versia-Signed-By and Versia-Signed-At.";

/// How a request is signed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scheme {
    /// draft-cavage-http-signatures-12: `Signature: keyId=...`, `Digest`. What nearly every peer reads.
    Cavage,
    /// RFC 9421 with RFC 9530: `Signature-Input`, `Signature: sig1=:...:`, `Content-Digest`.
    Rfc9421,
    /// One key for a whole domain, which is the key id.
    Domain,
}

/// All headers to send: `host`, `date`, `digest` or `content-digest`, `content-type`, `signature` and, for RFC 9421,
/// `signature-input`. The digest and the content type are there only if there is a body.
///
/// # Errors
/// [`SignError`] if the address has no host or carries a password, or if the key id, the method or the content type
/// cannot stand in a header.
pub fn sign(
    scheme: Scheme,
    key: &PrivateKey,
    key_id: &str,
    request: &Request<'_>,
) -> Result<HeaderMap, SignError> {
    sign_with(scheme, key, key_id, request, None)
}

/// As [`sign`], with one more header of this name (in lower case) and value, which is signed, too.
///
/// # Errors
/// As [`sign`]; also if the value cannot stand in a header.
pub fn sign_with(
    scheme: Scheme,
    key: &PrivateKey,
    key_id: &str,
    request: &Request<'_>,
    also: Option<(&'static str, &str)>,
) -> Result<HeaderMap, SignError> {
    request.check(key_id)?;
    match scheme {
        Scheme::Cavage => cavage::sign(key, key_id, request, also),
        Scheme::Rfc9421 => rfc9421::sign(key, key_id, request, also),
        // It signs no other header than its own.
        Scheme::Domain => versia::sign(key, key_id, request),
    }
}

/// Everything that can be judged without a key: presence, syntax, coverage, the digest over the raw body, and time.
///
/// One claim for each signature found, never none; all of them must verify. A signature must cover the method and the
/// target, the host, a time (`Date` or `created`, within [`WINDOW`] either way), and, on a POST or with any body, the
/// digest. A digest that is present is checked even if it is not covered.
///
/// # Errors
/// [`Refused`] says in one sentence what is missing or wrong; it never holds text of the peer.
pub fn claims(received: &Received<'_>, now: DateTime<Utc>) -> Result<Vec<Claim>, Refused> {
    let sources = received.sources()?;
    let mut claims = Vec::new();
    if let Some(parameters) = &sources.cavage {
        claims.push(cavage::read(parameters, received, now)?);
    }
    if let Some((inputs, signatures)) = &sources.rfc9421 {
        claims.extend(rfc9421::read(inputs, signatures, received, now)?);
    }
    if claims.is_empty() {
        return Err(Refused::Missing);
    }
    digest::check(received)?;
    Ok(claims)
}
