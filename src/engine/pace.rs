//! How much one server may send.
//!
//! One rule: it is counted by the host that signed, not by the address that a request came from: proxies and relays share
//! addresses, and one sender has many.

use std::num::NonZeroU32;

use governor::{Quota, RateLimiter, clock::Clock, clock::DefaultClock, state::keyed::DefaultKeyedStateStore};

/// After so many hosts were seen, those that have been quiet for long are forgotten.
const FORGET_AT: usize = 10_000;

/// Counts what each host sends.
pub(super) struct Pace(RateLimiter<String, DefaultKeyedStateStore<String>, DefaultClock>);

impl Pace {
    pub(super) fn per_minute(most: NonZeroU32) -> Self {
        Self(RateLimiter::keyed(Quota::per_minute(most)))
    }

    /// Counts one activity of a host; how many seconds it is to wait if that is too many.
    pub(super) fn count(&self, host: &str) -> Result<(), u32> {
        if self.0.len() > FORGET_AT {
            self.0.retain_recent();
        }
        self.0.check_key(&host.to_owned()).map_err(|not_until| {
            let wait = not_until.wait_time_from(DefaultClock::default().now());
            u32::try_from(wait.as_secs())
                .unwrap_or(u32::MAX)
                .saturating_add(1)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_that_sends_too_much_waits_and_others_do_not() {
        let pace = Pace::per_minute(NonZeroU32::new(3).expect("three"));
        for _ in 0..3 {
            assert_eq!(pace.count("busy.example"), Ok(()));
        }
        assert!(
            pace.count("busy.example")
                .is_err_and(|wait| (1..=21).contains(&wait))
        );
        assert_eq!(pace.count("calm.example"), Ok(()));
    }
}
