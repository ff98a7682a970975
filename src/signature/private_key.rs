//! Our own keys: made, kept as PKCS#8, used to sign.
//!
//! One rule: a private key is parsed once and used through aws-lc only (constant time, RUSTSEC-2023-0071), and nothing
//! prints it. A new kind of key is a `Pair`.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::error::{KeyRejected, Unspecified};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};

use super::{KeyError, PublicKey, SignError};

/// A private key, parsed. Cheap to clone; its `Debug` shows the public half only.
#[derive(Clone)]
pub struct PrivateKey(Arc<Parsed>);

struct Parsed {
    pair: Pair,
    pkcs8: Vec<u8>,
    public: PublicKey,
}

enum Pair {
    Rsa(RsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl PrivateKey {
    /// A new RSA key of 2,048 bits: what every peer can verify. Takes tens to hundreds of milliseconds.
    ///
    /// # Errors
    /// [`KeyError::Generation`] if the machine has no randomness to give.
    pub fn generate_rsa() -> Result<Self, KeyError> {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyError::Generation)?;
        Self::from_rsa(pair)
    }

    /// A new Ed25519 key.
    ///
    /// # Errors
    /// [`KeyError::Generation`] if the machine has no randomness to give.
    pub fn generate_ed25519() -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::generate().map_err(|_| KeyError::Generation)?;
        Self::from_ed25519(pair)
    }

    /// Reads unencrypted PKCS#8 DER of either kind.
    ///
    /// # Errors
    /// [`KeyError::Unsupported`] if it is neither an RSA key of 2,048 to 8,192 bits nor an Ed25519 key.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        if let Ok(pair) = RsaKeyPair::from_pkcs8(der) {
            return Self::from_rsa(pair);
        }
        let pair = Ed25519KeyPair::from_pkcs8(der).map_err(|_: KeyRejected| KeyError::Unsupported)?;
        Self::from_ed25519(pair)
    }

    /// The key as unencrypted PKCS#8 (version 1) DER. A secret: for the store, never for a log.
    #[must_use]
    pub fn to_pkcs8(&self) -> Vec<u8> {
        self.0.pkcs8.clone()
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> &PublicKey {
        &self.0.public
    }

    /// RSASSA-PKCS1-v1_5 with SHA-256, or Ed25519.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        match &self.0.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
                    .map_err(|_: Unspecified| SignError::Key)?;
                Ok(signature)
            }
            Pair::Ed25519(pair) => {
                let signature = pair.try_sign(message).map_err(|_: Unspecified| SignError::Key)?;
                Ok(signature.as_ref().to_vec())
            }
        }
    }

    fn from_rsa(pair: RsaKeyPair) -> Result<Self, KeyError> {
        let public = PublicKey::from_pkcs1(pair.public_key().as_ref())?;
        let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).map_err(|_| KeyError::Malformed)?;
        let pkcs8 = der.as_ref().to_vec();
        Ok(Self(Arc::new(Parsed {
            pair: Pair::Rsa(pair),
            pkcs8,
            public,
        })))
    }

    fn from_ed25519(pair: Ed25519KeyPair) -> Result<Self, KeyError> {
        let public = PublicKey::from_ed25519(pair.public_key().as_ref())?;
        let der = pair.to_pkcs8v1().map_err(|_| KeyError::Malformed)?;
        let pkcs8 = der.as_ref().to_vec();
        Ok(Self(Arc::new(Parsed {
            pair: Pair::Ed25519(pair),
            pkcs8,
            public,
        })))
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey(secret, {:?})", self.0.public)
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;
    use crate::signature::KeyKind;

    fn both() -> [PrivateKey; 2] {
        [
            PrivateKey::generate_rsa().unwrap(),
            PrivateKey::generate_ed25519().unwrap(),
        ]
    }

    #[test]
    fn a_key_survives_being_stored() {
        for key in both() {
            let again = PrivateKey::from_pkcs8(&key.to_pkcs8()).unwrap();
            assert_eq!(again.public(), key.public());
            assert_eq!(again.to_pkcs8(), key.to_pkcs8());
            let signature = again.sign(b"message").unwrap();
            assert!(key.public().verifies(b"message", &signature));
            assert!(!key.public().verifies(b"massage", &signature));
        }
    }

    #[test]
    fn the_public_half_survives_being_published() {
        for key in both() {
            assert_eq!(
                &PublicKey::from_pem(&key.public().to_pem()).unwrap(),
                key.public()
            );
        }
    }

    #[test]
    fn generated_keys_are_of_the_kind_asked_for_and_never_the_same() {
        let ([rsa, ed25519], [rsa_2, ed25519_2]) = (both(), both());
        assert_eq!(rsa.public().kind(), KeyKind::Rsa);
        assert_eq!(ed25519.public().kind(), KeyKind::Ed25519);
        assert_ne!(rsa.public(), rsa_2.public());
        assert_ne!(ed25519.public(), ed25519_2.public());
        assert_eq!(rsa.sign(b"").unwrap().len(), 256);
    }

    #[test]
    fn nothing_secret_is_printed() {
        for key in both() {
            let printed = format!("{key:?}");
            let secret = STANDARD.encode(key.to_pkcs8());
            // The last half of the encoding is secret in both kinds.
            assert!(!printed.contains(&secret[secret.len() / 2..]));
            assert!(printed.len() < 600, "{printed}");
        }
    }

    #[test]
    fn what_is_not_a_key_is_refused() {
        let whole = PrivateKey::generate_ed25519().unwrap().to_pkcs8();
        for der in [&b""[..], b"nonsense", &whole[..whole.len() - 1]] {
            assert_eq!(PrivateKey::from_pkcs8(der).err(), Some(KeyError::Unsupported));
        }
    }
}
