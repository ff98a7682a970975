//! How many activities one host may send.
//!
//! One rule: counted once the signature holds, so nobody uses up what is another's.

use std::{num::NonZeroU32, time::Duration};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter, clock::Clock as _};

use crate::engine::Refused;

/// More hosts than this are not remembered past what they still owe.
const REMEMBERED: usize = 20_000;

/// Counts what hosts send.
pub(super) struct Hosts(DefaultKeyedRateLimiter<String>);

impl Hosts {
    pub(super) fn new(per_minute: NonZeroU32) -> Self {
        Self(RateLimiter::keyed(Quota::per_minute(per_minute)))
    }

    /// One more activity of this host; [`Refused::TooMany`] if it has had its share.
    pub(super) fn count(&self, host: &str) -> Result<(), Refused> {
        if self.0.len() > REMEMBERED {
            self.0.retain_recent();
        }
        self.0.check_key(&host.to_owned()).map_err(|until| {
            let wait = until.wait_time_from(self.0.clock().now());
            Refused::TooMany {
                retry_after: whole_seconds(wait),
            }
        })
    }
}

/// Rounded up: whoever comes then is heard.
fn whole_seconds(wait: Duration) -> u32 {
    u32::try_from(wait.as_secs())
        .unwrap_or(u32::MAX)
        .saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_host_has_a_share_of_its_own() {
        let hosts = Hosts::new(NonZeroU32::new(2).expect("not zero"));
        for _ in 0..2 {
            assert!(hosts.count("a.example").is_ok());
        }
        match hosts.count("a.example") {
            Err(Refused::TooMany { retry_after }) => assert!((1..=31).contains(&retry_after)),
            other => panic!("{other:?}"),
        }
        assert!(hosts.count("b.example").is_ok());
    }
}
