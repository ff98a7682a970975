//! How a request can fail.
//!
//! One rule: an error says what happened in our words; nothing that a peer wrote is in it, so it can be shown.
//! A new way to fail is a variant and its arm in [`Error::is_temporary`].

use std::error::Error as StdError;

use super::Forbidden;

/// Why there is no answer. Statuses are answers, not errors.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Refused by us, before anything was sent.
    #[error("refused: {0}")]
    Forbidden(#[from] Forbidden),
    /// No connection came about.
    #[error("no connection: {0}")]
    Connect(Cause),
    /// The peer took longer than the whole call or its connection may.
    #[error("the server did not answer in time")]
    Timeout,
    /// The connection broke, or what came over it was not HTTP.
    #[error("the answer broke off or was not HTTP")]
    Broken,
    /// The body is, or says it is, larger than the limit.
    #[error("the answer is too large")]
    TooLarge,
    /// The body is compressed although we asked for it plain: a small one can unpack to anything.
    #[error("the answer is compressed, which we did not ask for")]
    Encoded,
    /// More than three redirects.
    #[error("the server redirects without end")]
    Redirects,
    /// A redirect without a place to go.
    #[error("the server redirects to nowhere")]
    Lost,
    /// All places are taken: in all, at that address, or for that owner's hosts. This peer need have no part in it.
    #[error("too many requests are under way")]
    Busy,
    /// There was a connection too late for what the caller knew when it asked for one; nothing was sent. It is kept: the
    /// next request to that host has it.
    #[error("the connection took too long for this request")]
    Late,
    /// The request could not be signed or written; the peer has no part in it.
    #[error("the request could not be made")]
    Unsigned(#[source] Box<dyn StdError + Send + Sync>),
    /// The client could not be built. For the operator, at start-up.
    #[error("the HTTP client could not be set up: {0}")]
    Setup(String),
}

/// Why no connection came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    #[error("the name of the server does not resolve")]
    Name,
    #[error("the server refuses connections")]
    Refused,
    #[error("the server cannot be reached")]
    Unreachable,
    #[error("the server's certificate or encryption is not acceptable")]
    Tls,
}

impl Error {
    /// Whether the same request may well succeed later.
    ///
    /// What our own rules forbid is neither: [`Error::is_forbidden`]. A name that leads to a private address today may
    /// be mended tomorrow, so a sender counts it as a failure of the peer and an asker does not ask again.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Connect(_) | Self::Timeout | Self::Broken | Self::Busy | Self::Late => true,
            Self::Forbidden(_)
            | Self::TooLarge
            | Self::Encoded
            | Self::Redirects
            | Self::Lost
            | Self::Unsigned(_)
            | Self::Setup(_) => false,
        }
    }

    /// Whether we refused before anything was sent.
    #[must_use]
    pub fn is_forbidden(&self) -> bool {
        matches!(self, Self::Forbidden(_))
    }

    /// What cannot be written as a request.
    pub(super) fn no_request() -> Self {
        Self::Unsigned("not a request that HTTP can carry".into())
    }
}
