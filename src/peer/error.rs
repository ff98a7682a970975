//! Why a signer is not believed, and why a document could not be had.
//!
//! One rule: a message is ours from end to end: whatever a peer wrote is not in it, so anybody may read it.

use std::time::Duration;

use crate::{signature, store};

/// Why a request is not taken as its signer's.
#[derive(Debug, thiserror::Error)]
pub enum Untrusted {
    /// What the request says of its signatures is wrong, or a signature does not match.
    #[error(transparent)]
    Refused(#[from] signature::Refused),
    /// The same of one for a whole domain.
    #[error(transparent)]
    Domain(#[from] signature::DomainRefused),
    /// The key id is not one that may be asked for.
    #[error("The key id is refused: {0}.")]
    KeyId(String),
    /// The key is there, but no actor's own document says that it is its key.
    #[error("The key is not listed, in a form that can be used here, in its owner's own actor document.")]
    KeyElsewhere,
    /// The signature is right, and somebody else's (KEY01).
    #[error("The signature is not by the actor of the activity.")]
    NotTheActor,
    /// The operator has nothing to do with that server.
    #[error("This server does not speak with the signer's server.")]
    Blocked,
    /// The actor's own server says that the actor is gone (KEY14).
    #[error("The signer's server says that this actor is gone.")]
    Gone,
    /// We are at our limit, or the signer's server failed for now.
    #[error("The signer's key could not be fetched in time. Please try again later.")]
    Busy { retry_after: Duration },
    /// Whoever calls has named as many signers whose keys we do not have as one may.
    #[error("Too many unknown signers were named from this address.")]
    TooMany { retry_after: Duration },
    /// The key cannot be had, for this reason; it is not asked for again for some minutes.
    #[error("The signer's key could not be fetched: {0}.")]
    Unreachable(String),
    #[error("the signer could not be looked up: {0}")]
    Store(#[from] store::Error),
}

/// Why there is no document.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    #[error("the server is blocked here")]
    Blocked,
    #[error("the server does not know it")]
    NotFound,
    #[error("the server says that it is gone")]
    Gone,
    /// It may be there later: no answer, or one of 408, 425, 429, 5xx.
    #[error("{0}")]
    Temporary(String),
    /// What came is not what was asked for, or it may not be asked for.
    #[error("{0}")]
    Refused(String),
    #[error("the store failed: {0}")]
    Store(#[from] store::Error),
}

impl Untrusted {
    /// The status to answer with: 401, 403, 429, 503, or 500 if the store failed.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Refused(_)
            | Self::Domain(_)
            | Self::KeyId(_)
            | Self::KeyElsewhere
            | Self::Gone
            | Self::Unreachable(_) => 401,
            Self::NotTheActor | Self::Blocked => 403,
            Self::TooMany { .. } => 429,
            Self::Busy { .. } => 503,
            Self::Store(_) => 500,
        }
    }
}
