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
            "few open files are allowed: fewer requests are sent at once"
        );
    }
}

/// How many outbound requests may be under way, by the limit that holds now.
pub(super) fn in_flight() -> usize {
    let soft = getrlimit(Resource::RLIMIT_NOFILE).map_or(0, |(soft, _)| soft);
    usize::try_from(requests(soft)).unwrap_or_default()
}

fn requests(descriptors: u64) -> u64 {
    descriptors.saturating_sub(KEPT_FREE).clamp(LEAST, IN_FLIGHT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_fit_into_the_limit() {
        assert_eq!(requests(u64::MAX), 4_096);
        assert_eq!(requests(4_608), 4_096);
        assert_eq!(requests(1_024), 512);
        assert_eq!(requests(256), 64);
    }

    #[test]
    fn the_limit_is_never_lowered() {
        let before = getrlimit(Resource::RLIMIT_NOFILE).expect("a limit").0;
        raise();
        assert!(getrlimit(Resource::RLIMIT_NOFILE).expect("a limit").0 >= before);
    }
}
