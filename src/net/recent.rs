//! Who was asked a moment ago.
//!
//! One rule: a connection is worth keeping for a host that is asked again and again. In a fan-out to thirty thousand
//! servers most are not; their connections would cost memory here and there, and push out those that are used.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::mem;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Asked again within this time, a host is kept warm.
const MOMENT: Duration = Duration::from_secs(60);
/// Hosts of one generation; two are remembered. Who is asked again after so many others would find its connection
/// gone in any case.
const GENERATION: usize = 4_096;

/// A record of hosts and times, bounded: when the young are too many, the old are forgotten.
#[derive(Debug, Default)]
pub(super) struct Recent {
    times: Mutex<Times>,
    /// Keyed, so that nobody can choose names that collide.
    hash: RandomState,
}

#[derive(Debug, Default)]
struct Times {
    young: HashMap<u64, Instant>,
    old: HashMap<u64, Instant>,
}

impl Recent {
    /// Notes that `origin` is asked now, and says whether it was a moment ago, too.
    pub(super) fn again(&self, origin: &str) -> bool {
        let (host, now) = (self.hash.hash_one(origin), Instant::now());
        let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        if times.young.len() >= GENERATION {
            times.old = mem::take(&mut times.young);
        }
        let last = times.young.insert(host, now);
        let last = last.or_else(|| times.old.get(&host).copied());
        last.is_some_and(|last| now - last < MOMENT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_host_is_warm_when_it_is_asked_twice_within_a_minute() {
        let recent = Recent::default();
        assert!(!recent.again("https://a.example"));
        assert!(!recent.again("https://b.example"));
        tokio::time::advance(MOMENT / 2).await;
        assert!(recent.again("https://a.example"));
        tokio::time::advance(MOMENT).await;
        assert!(!recent.again("https://a.example"));
    }

    #[tokio::test]
    async fn many_hosts_leave_no_more_than_two_generations_behind() {
        let recent = Recent::default();
        for host in 0..5 * GENERATION {
            assert!(!recent.again(&host.to_string()));
        }
        let times = recent.times.lock().unwrap();
        assert!(times.young.len() <= GENERATION && times.old.len() <= GENERATION);
    }

    #[tokio::test]
    async fn a_host_among_many_is_still_warm() {
        let recent = Recent::default();
        recent.again("https://a.example");
        for host in 0..GENERATION {
            recent.again(&host.to_string());
        }
        assert!(recent.again("https://a.example"));
    }
}
