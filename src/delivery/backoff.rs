//! When to try again.
//!
//! One rule: a destination is waited for ever longer, and for seven days; what it asks for itself goes before our own
//! schedule, within bounds. The schedule is [`SCHEDULE`].

use chrono::{DateTime, TimeDelta, Utc};

use crate::net::RetryAfter;

/// Waits after the first, second, ... temporary failure in a row; after that, [`LONGEST`] each.
const SCHEDULE: [TimeDelta; 6] = [
    TimeDelta::seconds(10),
    TimeDelta::minutes(1),
    TimeDelta::minutes(5),
    TimeDelta::minutes(30),
    TimeDelta::hours(2),
    TimeDelta::hours(6),
];
const LONGEST: TimeDelta = TimeDelta::hours(12);

/// After failing for this long a destination is parked.
const PATIENCE: TimeDelta = TimeDelta::days(7);

/// `Retry-After` counts within these bounds.
const ASKED_AT_LEAST: TimeDelta = TimeDelta::seconds(1);
const ASKED_AT_MOST: TimeDelta = TimeDelta::hours(24);

/// When to try again after the `failures`-th temporary failure in a row; never, if it has failed for too long.
pub(super) fn next_try(
    failures: u32,
    failing_since: DateTime<Utc>,
    asked: Option<RetryAfter>,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    if now - failing_since >= PATIENCE {
        return None;
    }
    let wait = asked
        .and_then(|asked| wait_asked_for(asked, now))
        .unwrap_or_else(|| delay(failures));
    now.checked_add_signed(wait)
}

/// How long our own schedule waits after the `failures`-th failure; the first is 1.
fn delay(failures: u32) -> TimeDelta {
    let step = usize::try_from(failures.saturating_sub(1)).unwrap_or(usize::MAX);
    SCHEDULE.get(step).copied().unwrap_or(LONGEST)
}

/// How long the peer wants us to wait; nothing if it cannot be read.
fn wait_asked_for(asked: RetryAfter, now: DateTime<Utc>) -> Option<TimeDelta> {
    let wait = match asked {
        RetryAfter::Seconds(seconds) => {
            TimeDelta::seconds(seconds.clamp(ASKED_AT_LEAST.num_seconds(), ASKED_AT_MOST.num_seconds()))
        }
        RetryAfter::At(at) => at - now,
        RetryAfter::Unreadable => return None,
    };
    Some(wait.clamp(ASKED_AT_LEAST, ASKED_AT_MOST))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn noon() -> DateTime<Utc> {
        at("2026-03-01T12:00:00Z")
    }

    #[test]
    fn waits_grow_to_twelve_hours() {
        let minutes = (1..=8).map(|failures| delay(failures).as_seconds_f64() / 60.0);
        assert_eq!(
            minutes.collect::<Vec<_>>(),
            [10.0 / 60.0, 1.0, 5.0, 30.0, 120.0, 360.0, 720.0, 720.0]
        );
    }

    #[test]
    fn what_is_asked_for_is_waited_for_within_a_day() {
        for (asked, seconds) in [
            (RetryAfter::Seconds(120), 120),
            (RetryAfter::Seconds(0), 1),
            (RetryAfter::Seconds(-1), 1),
            (RetryAfter::Seconds(i64::MIN), 1),
            (RetryAfter::Seconds(315_360_000), 86_400),
            (RetryAfter::Seconds(i64::MAX), 86_400),
            (RetryAfter::At(at("2026-03-01T12:02:00Z")), 120),
            (RetryAfter::At(at("2026-03-01T11:00:00Z")), 1),
            (RetryAfter::At(at("2036-03-01T12:00:00Z")), 86_400),
            (RetryAfter::At(DateTime::<Utc>::MIN_UTC), 1),
            (RetryAfter::At(DateTime::<Utc>::MAX_UTC), 86_400),
        ] {
            let next = next_try(4, noon(), Some(asked), noon());
            assert_eq!(next, Some(noon() + TimeDelta::seconds(seconds)), "{asked:?}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_as_if_not_asked() {
        assert_eq!(
            next_try(2, noon(), Some(RetryAfter::Unreadable), noon()),
            next_try(2, noon(), None, noon())
        );
    }

    #[test]
    fn patience_ends_after_seven_days_whatever_is_asked_for() {
        let later = noon() + TimeDelta::days(7);
        assert!(next_try(20, noon(), None, later - TimeDelta::seconds(1)).is_some());
        assert_eq!(next_try(20, noon(), None, later), None);
        assert_eq!(next_try(20, noon(), Some(RetryAfter::Seconds(1)), later), None);
    }

    proptest! {
        #[test]
        fn no_wait_is_shorter_than_the_one_before(failures in 0..u32::MAX) {
            prop_assert!(delay(failures) <= delay(failures + 1));
            prop_assert!(delay(failures) <= LONGEST);
        }

        #[test]
        fn the_next_try_is_after_now_and_at_most_a_day_away(
            failures: u32, since in 0..4_000_000_000_i64, now in 0..4_000_000_000_i64, asked: Option<i64>,
        ) {
            let (since, now) = (DateTime::from_timestamp(since, 0).unwrap(), DateTime::from_timestamp(now, 0).unwrap());
            if let Some(next) = next_try(failures, since, asked.map(RetryAfter::Seconds), now) {
                prop_assert!(next > now && next <= now + ASKED_AT_MOST);
            }
        }
    }
}
