//! What can be wrong with a key, a request to be signed, or a signature that arrived.
//!
//! One rule: a message is one sentence that names the header or parameter, and never repeats what the peer wrote.

use thiserror::Error;

/// A key that cannot be read, made or trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum KeyError {
    #[error("The key is not a PEM block labelled PUBLIC KEY or RSA PUBLIC KEY.")]
    NotPem,
    #[error("The key is not a Multikey in base58btc.")]
    NotMultibase,
    #[error("The key's encoding is broken.")]
    Malformed,
    #[error("The key is neither RSA nor Ed25519.")]
    Unsupported,
    #[error("The RSA key's modulus must have 2,048 to 8,192 bits.")]
    Size,
    #[error("The RSA key's public exponent must be odd and from 3 to 2^33-1.")]
    Exponent,
    #[error("The key could not be generated.")]
    Generation,
}

/// A request that cannot be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SignError {
    #[error("The address to send to has no host.")]
    NoHost,
    #[error("The address to send to carries a user name or password.")]
    Userinfo,
    #[error("The key id is empty, too long, or has characters that a header cannot quote.")]
    KeyId,
    #[error("The method is not an HTTP method.")]
    Method,
    #[error("The content type cannot stand in a header.")]
    ContentType,
    #[error("The private key failed to sign.")]
    Key,
}

/// Why a signature is not believed. The caller answers 401.
///
/// Names in the fields are ours (`"Signature"`, `"created"`), so a message can be shown to anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Refused {
    #[error("The request is not signed: it has no Signature header.")]
    Missing,
    #[error("The request has more than one draft-cavage signature, in Signature or Authorization headers.")]
    Ambiguous,
    #[error("The {0} header is larger than 8 kB.")]
    TooLarge(&'static str),
    #[error("The {0} header cannot be read.")]
    Malformed(&'static str),
    #[error("A parameter of the {0} header is given twice.")]
    Duplicate(&'static str),
    #[error("The signature has no {0} parameter.")]
    MissingParameter(&'static str),
    #[error("The {0} parameter of the signature cannot be read.")]
    BadParameter(&'static str),
    #[error("Signature-Input and Signature do not name the same labels.")]
    Unpaired,
    #[error("The request carries more than four signatures.")]
    TooMany,
    #[error("The signature's algorithm is not one of rsa-sha256, hs2019, ed25519 and rsa-v1_5-sha256.")]
    Algorithm,
    #[error("A signature with (created) or (expires) must not use the algorithm rsa-sha256.")]
    CreatedWithRsaSha256,
    #[error("The signature covers a component that is not supported here.")]
    Component,
    #[error("The signature names a header that the request does not have.")]
    AbsentHeader,
    #[error("The signature does not cover {0}.")]
    NotCovered(&'static str),
    #[error("The time given as {0} is more than 65 minutes from now.")]
    OutsideWindow(&'static str),
    #[error("The signature has expired.")]
    Expired,
    #[error("The {0} header holds no digest by an algorithm that is accepted here, or more than one.")]
    DigestAlgorithm(&'static str),
    #[error("The {0} header does not match the body.")]
    DigestMismatch(&'static str),
    #[error("The key is of another kind than the signature's algorithm.")]
    WrongKind,
    #[error("The signature does not match the request.")]
    BadSignature,
    #[error("The proof is not one of cryptosuite eddsa-jcs-2022 with proofPurpose assertionMethod.")]
    ProofKind,
    #[error("The proof's {0} is missing or cannot be read.")]
    BadProof(&'static str),
    #[error("The proof is older than 14 days, or not made yet.")]
    ProofAge,
}
