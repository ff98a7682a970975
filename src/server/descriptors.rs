//! How many files and connections this process may have open.
//!
//! One rule: what the system gives is taken, and what we ask of others fits into it.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// As many as anything here could use.
const WANTED: u64 = 65_536;
/// What macOS gives at most to a process without a hard limit.
const MODEST: u64 = 10_240;
/// Kept for what is no outbound request: the database, inbound connections, files.
const KEPT_FREE: u64 = 512;
/// Outbound requests at once, where nothing stands in the way.
const IN_FLIGHT: u64 = 4_096;
/// Sockets of one request while it connects: a slow address gets company.
const EACH: u64 = 2;
/// Outbound connections that are kept for the next request ...
const IDLE: u64 = 1_024;
/// ... and what part of the descriptors they may have, where there are few.
const IDLE_PART: u64 = 5;
/// Fewer would be no server.
const LEAST: u64 = 64;

/// Raises the soft limit to what the hard limit lets us have.
pub fn raise() {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else {
        return;
    };
    let higher = [WANTED.min(hard), MODEST.min(hard)];
    let held = higher
        .into_iter()
        .filter(|wanted| *wanted > soft)
        .find(|wanted| setrlimit(Resource::RLIMIT_NOFILE, *wanted, hard).is_ok())
        .unwrap_or(soft);
    if requests(held) < IN_FLIGHT {
        tracing::warn!(
            limit = held,
            in_flight = requests(held),
            idle = idle(held),
            "few open files are allowed: fewer requests are sent at once, and fewer connections are kept"
        );
    }
}

/// What may be open outbound, by the limit that holds now.
pub(super) struct Outbound {
    pub(super) in_flight: usize,
    pub(super) idle: usize,
}

pub(super) fn outbound() -> Outbound {
    let soft = getrlimit(Resource::RLIMIT_NOFILE).map_or(0, |(soft, _)| soft);
    Outbound {
        in_flight: usize::try_from(requests(soft)).unwrap_or_default(),
        idle: usize::try_from(idle(soft)).unwrap_or_default(),
    }
}

fn requests(descriptors: u64) -> u64 {
    let left = descriptors.saturating_sub(KEPT_FREE + idle(descriptors));
    (left / EACH).clamp(LEAST, IN_FLIGHT)
}

fn idle(descriptors: u64) -> u64 {
    (descriptors.saturating_sub(KEPT_FREE) / IDLE_PART).min(IDLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_fit_into_the_limit() {
        assert_eq!((requests(u64::MAX), idle(u64::MAX)), (4_096, 1_024));
        assert_eq!((requests(MODEST), idle(MODEST)), (4_096, 1_024));
        assert_eq!((requests(4_096), idle(4_096)), (1_434, 716));
        assert_eq!((requests(1_024), idle(1_024)), (205, 102));
        assert_eq!((requests(256), idle(256)), (64, 0));
    }

    #[test]
    fn all_that_may_be_open_fits() {
        for descriptors in (1_024..WANTED).step_by(97) {
            let open = requests(descriptors) * EACH + idle(descriptors) + KEPT_FREE;
            assert!(open <= descriptors, "{open} of {descriptors}");
        }
    }

    #[test]
    fn the_limit_is_never_lowered() {
        let before = getrlimit(Resource::RLIMIT_NOFILE).expect("a limit").0;
        raise();
        assert!(getrlimit(Resource::RLIMIT_NOFILE).expect("a limit").0 >= before);
    }
}
