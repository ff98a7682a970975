//! Public keys of peers and of ours: read, checked, compared, written.
//!
//! One rule: a key is checked for size and exponent before it verifies anything; a [`PublicKey`] that exists is usable.
//! The crate `rsa` reads and writes the encodings, aws-lc verifies. A new encoding is a `from_` beside the others; a
//! new kind of key is a [`KeyKind`].

use std::fmt;

use aws_lc_rs::signature::{ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, VerificationAlgorithm};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rsa::pkcs1;
use rsa::pkcs8::{EncodePublicKey, ObjectIdentifier, SubjectPublicKeyInfoRef};
use rsa::traits::PublicKeyParts;
use rsa::{BigUint, RsaPublicKey};

use super::KeyError;
use super::multibase::{self, Multikey};

/// RFC 8410 §3.
const ED25519_OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
/// What stands before the 32 raw bytes in an Ed25519 SPKI (RFC 8410 §4).
pub(super) const ED25519_SPKI: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];
const MIN_BITS: usize = 2048;
const MAX_BITS: usize = 8192;
/// Longest PEM text that is looked at, in bytes: a key of 8,192 bits takes about 1,500.
const MAX_PEM: usize = 8192;

/// RSA (PKCS#1 v1.5 with SHA-256) or Ed25519.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyKind {
    Rsa,
    Ed25519,
}

/// A public key, parsed and ready to verify. Cheap to clone. Two keys are equal if they are the same key, however
/// each was written.
#[derive(Clone)]
pub struct PublicKey {
    kind: KeyKind,
    spki: Vec<u8>,
    parsed: ParsedPublicKey,
}

impl PublicKey {
    /// Reads SPKI (RSA or Ed25519) or PKCS#1 (RSA) PEM. Line ends may be LF, CRLF or missing, lines of any length,
    /// blanks may surround it.
    ///
    /// # Errors
    /// [`KeyError`] if it is not such a key, or one too weak or too large to be used.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let (label, der) = read_pem(pem).ok_or(KeyError::NotPem)?;
        match label {
            "PUBLIC KEY" => Self::from_spki(&der),
            "RSA PUBLIC KEY" => Self::from_pkcs1(&der),
            _ => Err(KeyError::NotPem),
        }
    }

    /// Reads a `publicKeyMultibase` in base58btc: Ed25519 (`z6Mk...`) or RSA (`z4MX...`).
    ///
    /// # Errors
    /// [`KeyError`] if it is not such a key, or one too weak or too large to be used.
    pub fn from_multibase(text: &str) -> Result<Self, KeyError> {
        match multibase::decode(text).ok_or(KeyError::NotMultibase)? {
            Multikey::Ed25519(raw) => Self::from_ed25519(&raw),
            Multikey::Rsa(der) => Self::from_pkcs1(&der),
            Multikey::Other => Err(KeyError::Unsupported),
        }
    }

    /// SPKI PEM with LF line ends: what every peer reads.
    #[must_use]
    pub fn to_pem(&self) -> String {
        let encoded = STANDARD.encode(&self.spki);
        let mut pem = String::from("-----BEGIN PUBLIC KEY-----\n");
        for (index, character) in encoded.chars().enumerate() {
            if index > 0 && index % 64 == 0 {
                pem.push('\n');
            }
            pem.push(character);
        }
        pem.push_str("\n-----END PUBLIC KEY-----\n");
        pem
    }

    /// As a `publicKeyMultibase` in base58btc, for a Multikey (FEP-521a).
    ///
    /// # Errors
    /// [`KeyError::Malformed`] if there is no key in it, which a [`PublicKey`] that exists rules out.
    pub fn to_multibase(&self) -> Result<String, KeyError> {
        let info =
            SubjectPublicKeyInfoRef::try_from(self.spki.as_slice()).map_err(|_| KeyError::Malformed)?;
        let key = info.subject_public_key.as_bytes().ok_or(KeyError::Malformed)?;
        Ok(multibase::encode(self.kind, key))
    }

    /// Which kind of key this is.
    #[must_use]
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// SPKI DER.
    pub(super) fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// True if this key signed exactly this message.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.parsed.verify_sig(message, signature).is_ok()
    }

    pub(super) fn from_spki(der: &[u8]) -> Result<Self, KeyError> {
        let info = SubjectPublicKeyInfoRef::try_from(der).map_err(|_| KeyError::Malformed)?;
        let key = info.subject_public_key.as_bytes().ok_or(KeyError::Malformed)?;
        match info.algorithm.oid {
            pkcs1::ALGORITHM_OID => Self::from_pkcs1(key),
            ED25519_OID => Self::from_ed25519(key),
            _ => Err(KeyError::Unsupported),
        }
    }

    pub(super) fn from_pkcs1(der: &[u8]) -> Result<Self, KeyError> {
        let numbers = pkcs1::RsaPublicKey::try_from(der).map_err(|_| KeyError::Malformed)?;
        let modulus = BigUint::from_bytes_be(numbers.modulus.as_bytes());
        let exponent = BigUint::from_bytes_be(numbers.public_exponent.as_bytes());
        if !(MIN_BITS..=MAX_BITS).contains(&modulus.bits()) {
            return Err(KeyError::Size);
        }
        let key = RsaPublicKey::new_with_max_size(modulus, exponent, MAX_BITS).map_err(rsa_error)?;
        if *key.e() < BigUint::from(3_u8) {
            return Err(KeyError::Exponent);
        }
        let spki = key
            .to_public_key_der()
            .map_err(|_| KeyError::Malformed)?
            .into_vec();
        Self::parse(KeyKind::Rsa, spki, &RSA_PKCS1_2048_8192_SHA256)
    }

    pub(super) fn from_ed25519(raw: &[u8]) -> Result<Self, KeyError> {
        if raw.len() != 32 {
            return Err(KeyError::Malformed);
        }
        let spki = [&ED25519_SPKI[..], raw].concat();
        Self::parse(KeyKind::Ed25519, spki, &ED25519)
    }

    fn parse(
        kind: KeyKind,
        spki: Vec<u8>,
        algorithm: &'static dyn VerificationAlgorithm,
    ) -> Result<Self, KeyError> {
        let parsed = ParsedPublicKey::new(algorithm, &spki).map_err(|_| KeyError::Malformed)?;
        Ok(Self { kind, spki, parsed })
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.spki == other.spki
    }
}

impl Eq for PublicKey {}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({:?}, {})", self.kind, STANDARD.encode(&self.spki))
    }
}

fn rsa_error(error: rsa::Error) -> KeyError {
    match error {
        rsa::Error::InvalidExponent
        | rsa::Error::PublicExponentTooSmall
        | rsa::Error::PublicExponentTooLarge => KeyError::Exponent,
        _ => KeyError::Malformed,
    }
}

/// Label and content of the one PEM block. Stricter readers fail on the line lengths and ends that peers really send.
fn read_pem(pem: &str) -> Option<(&str, Vec<u8>)> {
    let text = pem.trim();
    if text.len() > MAX_PEM {
        return None;
    }
    let (label, rest) = text.strip_prefix("-----BEGIN ")?.split_once("-----")?;
    let body = rest
        .strip_suffix("-----")?
        .strip_suffix(label)?
        .strip_suffix("-----END ")?;
    let encoded: Vec<u8> = body.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    Some((label, STANDARD.decode(encoded).ok()?))
}

#[cfg(test)]
mod tests {
    use rsa::pkcs1::UintRef;
    use rsa::pkcs1::der::Encode;

    use super::*;
    use crate::signature::vectors;

    /// A PKCS#1 key of any numbers.
    fn pkcs1_key(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
        let modulus = UintRef::new(modulus).unwrap();
        let public_exponent = UintRef::new(exponent).unwrap();
        pkcs1::RsaPublicKey {
            modulus,
            public_exponent,
        }
        .to_der()
        .unwrap()
    }

    /// An odd number of so many bits.
    fn odd(bits: usize) -> Vec<u8> {
        let mut number = vec![0xff; bits.div_ceil(8)];
        number[0] >>= (8 - bits % 8) % 8;
        number
    }

    #[test]
    fn spki_and_pkcs1_of_one_key_are_equal() {
        let spki = PublicKey::from_pem(vectors::RSA_SPKI).unwrap();
        assert_eq!(spki, PublicKey::from_pem(vectors::RSA_PKCS1).unwrap());
        assert_eq!(spki.kind(), KeyKind::Rsa);
        assert_eq!(spki.to_pem(), vectors::RSA_SPKI);
    }

    #[test]
    fn an_ed25519_key_is_written_as_it_was_read() {
        let key = PublicKey::from_pem(vectors::ED25519_SPKI).unwrap();
        assert_eq!(key.kind(), KeyKind::Ed25519);
        assert_eq!(key.to_pem(), vectors::ED25519_SPKI);
        assert_ne!(key, PublicKey::from_pem(vectors::RSA_SPKI).unwrap());
    }

    #[test]
    fn a_multikey_is_the_same_key_as_its_pem() {
        let key = PublicKey::from_pem(vectors::ED25519_SPKI).unwrap();
        assert_eq!(
            PublicKey::from_multibase(vectors::ED25519_MULTIBASE).unwrap(),
            key
        );
        let key = PublicKey::from_pem(vectors::RSA_SPKI).unwrap();
        assert_eq!(PublicKey::from_multibase(vectors::RSA_MULTIBASE).unwrap(), key);
        assert_eq!(key.to_multibase().as_deref(), Ok(vectors::RSA_MULTIBASE));
        let key = PublicKey::from_pem(vectors::ED25519_SPKI).unwrap();
        assert_eq!(key.to_multibase().as_deref(), Ok(vectors::ED25519_MULTIBASE));
        assert_eq!(PublicKey::from_multibase("z6Mk"), Err(KeyError::Unsupported));
        assert_eq!(PublicKey::from_multibase("f00"), Err(KeyError::NotMultibase));
        let short = &vectors::ED25519_MULTIBASE[..40];
        assert!(PublicKey::from_multibase(short).is_err());
    }

    #[test]
    fn line_ends_and_blanks_do_not_matter() {
        for pem in [vectors::RSA_SPKI, vectors::RSA_PKCS1, vectors::ED25519_SPKI] {
            let key = PublicKey::from_pem(pem).unwrap();
            let bare = pem.replace("KEY-----\n", "KEY-----").replace('\n', "");
            for written in [
                pem.replace('\n', "\r\n"),
                pem.trim_end().to_owned(),
                format!("\n \t{pem}\r\n "),
                bare,
            ] {
                assert_eq!(PublicKey::from_pem(&written).as_ref(), Ok(&key), "{written}");
            }
        }
    }

    #[test]
    fn what_is_not_a_public_key_is_refused() {
        let private = vectors::RSA_SPKI.replace("PUBLIC", "PRIVATE");
        let unlike_ends = vectors::RSA_SPKI.replace("END PUBLIC", "END RSA PUBLIC");
        let two = vectors::ED25519_SPKI.repeat(2);
        let huge = format!("{}{}", vectors::RSA_SPKI.trim_end(), "-".repeat(MAX_PEM));
        for pem in [
            "",
            "-----BEGIN PUBLIC KEY-----",
            "MCow",
            &private,
            &unlike_ends,
            &two,
            &huge,
        ] {
            assert_eq!(PublicKey::from_pem(pem), Err(KeyError::NotPem), "{pem}");
        }
        let mislabelled = vectors::RSA_SPKI.replace(" PUBLIC", " RSA PUBLIC");
        assert_eq!(PublicKey::from_pem(&mislabelled), Err(KeyError::Malformed));
        let empty = "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n";
        assert_eq!(PublicKey::from_pem(empty), Err(KeyError::Malformed));
        assert_eq!(
            PublicKey::from_pem(vectors::P256_SPKI),
            Err(KeyError::Unsupported)
        );
    }

    #[test]
    fn the_modulus_has_2048_to_8192_bits() {
        for (bits, fits) in [
            (1024, false),
            (2047, false),
            (2048, true),
            (8192, true),
            (8193, false),
        ] {
            let read = PublicKey::from_pkcs1(&pkcs1_key(&odd(bits), &[1, 0, 1]));
            assert_eq!(read.err(), (!fits).then_some(KeyError::Size), "{bits}");
        }
    }

    #[test]
    fn the_exponent_is_odd_and_from_3_to_33_bits() {
        let modulus = odd(2048);
        for exponent in [&[0][..], &[1], &[2], &[4], &[1, 0, 0], &[2, 0, 0, 0, 1], &[1; 16]] {
            let read = PublicKey::from_pkcs1(&pkcs1_key(&modulus, exponent));
            assert_eq!(read, Err(KeyError::Exponent), "{exponent:?}");
        }
        for exponent in [&[3][..], &[17], &[1, 0, 1], &[1, 0xff, 0xff, 0xff, 0xff]] {
            assert!(
                PublicKey::from_pkcs1(&pkcs1_key(&modulus, exponent)).is_ok(),
                "{exponent:?}"
            );
        }
    }

    #[test]
    fn an_even_modulus_is_refused() {
        let mut modulus = odd(2048);
        modulus[255] = 0xfe;
        assert_eq!(
            PublicKey::from_pkcs1(&pkcs1_key(&modulus, &[3])),
            Err(KeyError::Malformed)
        );
    }
}
