//! What an answer, or none, means for the item that was sent and for its lane.
//!
//! One rule: only a 2xx is a delivery. Everything else is tried again, but for the statuses that [`refuses`] names, and
//! those are counted. Whether an answer means something else for one kind of peer is never asked here.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::{
    delivery::{backoff, figures::End, seal::Seal},
    net::{self, RetryAfter},
    store::{Failing, Stuck},
};

/// After this many answers of 5xx or 401 to one item ...
const STUCK_AFTER_ANSWERS: u32 = 3;
/// ... over at least this long, the lane tries the next one.
const STUCK_AFTER: TimeDelta = TimeDelta::minutes(10);

/// What happened to one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Answered {
        status: u16,
        retry_after: Option<RetryAfter>,
    },
    /// No answer, or nothing could be sent; why, in our words.
    Silent(String),
    /// All places of our own client are taken: the peer has no part in it.
    Busy,
}

/// What follows from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Delivered,
    Refused {
        why: String,
        /// 404 or 410: perhaps nobody is there any more.
        gone: bool,
    },
    Later(Later),
    /// In a moment, without a word against the peer.
    Soon,
}

impl Verdict {
    /// How it is counted; what was not tried is not.
    pub(super) fn end(&self) -> Option<End> {
        match self {
            Self::Delivered => Some(End::Delivered),
            Self::Refused { .. } => Some(End::Refused),
            Self::Later(_) => Some(End::Later),
            Self::Soon => None,
        }
    }
}

/// A temporary failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Later {
    pub failing: Failing,
    /// Without one, the destination is parked.
    pub next_try: Option<DateTime<Utc>>,
    pub why: String,
    /// 3xx: perhaps the inbox is somewhere else now.
    pub redirected: bool,
    /// The peer answered 5xx or 401: it may be the item's fault.
    pub at_fault: bool,
    /// The item has been at fault for so long that the next one is worth a try.
    pub probe: bool,
}

impl Outcome {
    pub(super) const fn is_delivery(&self) -> bool {
        matches!(
            self,
            Self::Answered {
                status: 200..=299,
                ..
            }
        )
    }
}

impl From<Result<net::Answer, net::Error>> for Outcome {
    fn from(answer: Result<net::Answer, net::Error>) -> Self {
        match answer {
            Ok(answer) => Self::Answered {
                status: answer.status,
                retry_after: answer.retry_after,
            },
            Err(net::Error::Busy) => Self::Busy,
            Err(error) => Self::Silent(error.to_string()),
        }
    }
}

/// Judges one attempt to send `activity` to a destination that has been `failing` like this before it.
pub(super) fn judge(outcome: &Outcome, activity: Uuid, failing: &Failing, now: DateTime<Utc>) -> Verdict {
    fail::fail_point!("control::mark-on-error", |_| Verdict::Delivered);
    match outcome {
        Outcome::Busy => Verdict::Soon,
        Outcome::Silent(why) => Verdict::Later(later(why.clone(), None, None, activity, failing, now)),
        _ if outcome.is_delivery() => Verdict::Delivered,
        Outcome::Answered { status, .. } if refuses(*status) => Verdict::Refused {
            why: format!("refused for good with {status}"),
            gone: matches!(status, 404 | 410),
        },
        Outcome::Answered { status, retry_after } => {
            let why = match status {
                300..=399 => format!("answered {status}: the inbox may have moved"),
                401 => "does not accept our signature (401)".to_owned(),
                _ => format!("answered {status}"),
            };
            Verdict::Later(later(why, Some(*status), *retry_after, activity, failing, now))
        }
    }
}

/// Whether the same request may be accepted if it is signed in another way.
///
/// To sign with Ed25519 is our choice, so there more is taken for a word against it: programs also answer 403 to a key
/// that they cannot read, or break over it.
pub(super) fn calls_for_another(first: &Outcome, seal: Seal) -> bool {
    match first {
        Outcome::Answered {
            status: 400 | 401, ..
        } => true,
        Outcome::Answered {
            status: 403 | 500, ..
        } => seal == Seal::Ed25519,
        _ => false,
    }
}

/// Which of two answers to the same item counts, and whether the second one taught us the scheme. Both were signed with RSA.
///
/// A peer that does not know the second scheme may say anything to it, so it is believed when it accepts; and a
/// refusal in the first scheme is not final if the second one failed for a reason that passes.
pub(super) fn weigh(first: Outcome, second: Outcome) -> (Outcome, bool) {
    match (&first, &second) {
        _ if second.is_delivery() => (second, true),
        (Outcome::Answered { status: 401, .. }, _) => (first, false),
        (_, Outcome::Answered { status, .. }) if *status == 401 || refuses(*status) => (first, false),
        _ => (second, false),
    }
}

/// Answers that a repetition will not change.
fn refuses(status: u16) -> bool {
    matches!(status, 400..=499) && !matches!(status, 401 | 408 | 425 | 429)
}

fn later(
    why: String,
    status: Option<u16>,
    asked: Option<RetryAfter>,
    activity: Uuid,
    failing: &Failing,
    now: DateTime<Utc>,
) -> Later {
    let at_fault = matches!(status, Some(401 | 500..));
    let failures = failing.failures.saturating_add(1);
    let since = failing.since.unwrap_or(now);
    let stuck = if at_fault {
        Some(stuck_again(failing.stuck, activity, now))
    } else {
        failing.stuck
    };
    let next_try = backoff::next_try(failures, since, asked, now);
    Later {
        why,
        redirected: matches!(status, Some(300..=399)),
        at_fault,
        probe: at_fault && asked.is_none() && stuck.is_some_and(|stuck| is_stuck(&stuck, now)),
        next_try,
        failing: Failing {
            failures,
            since: Some(since),
            stuck,
        },
    }
}

fn stuck_again(before: Option<Stuck>, activity: Uuid, now: DateTime<Utc>) -> Stuck {
    match before {
        Some(stuck) if stuck.on == activity => Stuck {
            answers: stuck.answers.saturating_add(1),
            ..stuck
        },
        _ => Stuck {
            on: activity,
            answers: 1,
            since: now,
        },
    }
}

fn is_stuck(stuck: &Stuck, now: DateTime<Utc>) -> bool {
    stuck.answers >= STUCK_AFTER_ANSWERS && now - stuck.since >= STUCK_AFTER
}

#[cfg(test)]
mod tests;
