//! What arrives at an inbox, and how it may be answered.

use bytes::Bytes;
use http::HeaderMap;

use crate::{dialect::Unreadable, domain::Refusal, store};

/// A POST to an inbox, as it arrived.
#[derive(Clone, Debug)]
pub struct Arrival<'a> {
    /// Name of the group whose inbox it is; `None`: the shared inbox.
    pub inbox: Option<&'a str>,
    /// Path and query, as received.
    pub target: &'a str,
    pub headers: &'a HeaderMap,
    pub body: Bytes,
}

/// Why an arrival is not taken. Each is one status and one sentence, with nothing of the sender's text in it.
#[derive(Clone, Debug)]
pub enum Refused {
    /// 400: it cannot be read.
    Unreadable { why: String, field: &'static str },
    /// 401: nobody vouches for it.
    Unsigned(String),
    /// 403: it is not theirs to ask.
    Forbidden {
        code: &'static str,
        why: String,
        field: &'static str,
    },
    /// 404: there is no such group here.
    NotFound,
    /// The same, by what the sender calls it.
    Nowhere(&'static str),
    /// 429: the sender has had its share; again in so many seconds.
    TooMany { why: &'static str, retry_after: u32 },
    /// 503: later, in so many seconds.
    Busy { retry_after: u32 },
    /// 503: something of ours failed; the text is for the log.
    Unavailable(String),
}

impl Refused {
    /// Whether it is because of this rule.
    pub(super) fn is_for(&self, refusal: &Refusal) -> bool {
        matches!(self, Self::Forbidden { code, .. } if *code == refusal.code())
    }

    pub(super) fn forbidden(code: &'static str, field: &'static str, why: &str) -> Self {
        Self::Forbidden {
            code,
            why: why.to_owned(),
            field,
        }
    }
}

impl From<Unreadable> for Refused {
    fn from(unreadable: Unreadable) -> Self {
        Self::Unreadable {
            why: unreadable.why,
            field: unreadable.field,
        }
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self::Forbidden {
            code: refusal.code(),
            why: refusal.to_string(),
            field: refusal.field(),
        }
    }
}

impl From<store::Error> for Refused {
    fn from(error: store::Error) -> Self {
        Self::Unavailable(error.to_string())
    }
}
