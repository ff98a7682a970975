//! One signature that a request makes, or a proof that a document carries, ready to be checked against a key.
//!
//! One rule: a claim exists only if all that can be judged without its key was found right.

use super::public_key::{KeyKind, PublicKey};
use super::{Refused, Scheme};

/// Longest key id, in bytes: it is an address, and a longer one is an attack (KEY07).
pub(super) const MAX_KEY_ID: usize = 2048;
/// Longest signature, in bytes: that of the largest RSA key that we accept, 8,192 bits.
const MAX_SIGNATURE: usize = 1024;

/// One signature found on a request or in a document. Nothing in it is proven until [`Claim::verify`] says so.
#[derive(Clone, Debug)]
pub struct Claim {
    /// `None`: it is a proof inside of the document.
    scheme: Option<Scheme>,
    key_id: String,
    /// The kind of key that the algorithm asks for; `None` if the key decides.
    kind: Option<KeyKind>,
    /// What may have been signed: several readings only where peers differ.
    bases: Vec<Vec<u8>>,
    signature: Vec<u8>,
}

impl Claim {
    pub(super) fn new(
        scheme: impl Into<Option<Scheme>>,
        key_id: &str,
        kind: Option<KeyKind>,
        bases: Vec<Vec<u8>>,
        signature: Vec<u8>,
    ) -> Result<Self, Refused> {
        if key_id.is_empty() || key_id.len() > MAX_KEY_ID {
            return Err(Refused::BadParameter("keyId"));
        }
        if signature.is_empty() || signature.len() > MAX_SIGNATURE {
            return Err(Refused::BadParameter("signature"));
        }
        let key_id = key_id.to_owned();
        Ok(Self {
            scheme: scheme.into(),
            key_id,
            kind,
            bases,
            signature,
        })
    }

    /// The key id as the peer wrote it: not yet a URL, not yet safe to fetch. At most 2,048 bytes of ASCII.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// The scheme of this signature; a proof has none.
    #[must_use]
    pub fn scheme(&self) -> Option<Scheme> {
        self.scheme
    }

    /// Whether the signature covers this header, named in lower case.
    #[must_use]
    pub fn covers(&self, header: &str) -> bool {
        let named = |line: &[u8]| {
            let line = line.strip_prefix(b"\"").unwrap_or(line);
            let rest = line.strip_prefix(header.as_bytes());
            rest.is_some_and(|rest| rest.starts_with(b":") || rest.starts_with(b"\":"))
        };
        let covers = |base: &Vec<u8>| base.split(|byte| *byte == b'\n').any(named);
        !self.bases.is_empty() && self.bases.iter().all(covers)
    }

    /// Checks the signature with the key that the caller found for [`Claim::key_id`].
    ///
    /// # Errors
    /// [`Refused::WrongKind`] if the named algorithm is for the other kind of key, [`Refused::BadSignature`] if the
    /// key did not sign this request.
    pub fn verify(&self, key: &PublicKey) -> Result<(), Refused> {
        if self.kind.is_some_and(|kind| kind != key.kind()) {
            return Err(Refused::WrongKind);
        }
        if self.bases.iter().any(|base| key.verifies(base, &self.signature)) {
            Ok(())
        } else {
            Err(Refused::BadSignature)
        }
    }
}
