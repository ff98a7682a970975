//! What each answer, and each silence, is judged to be.

use proptest::prelude::*;

use super::*;

const ONE: Uuid = Uuid::from_u128(1);
const TWO: Uuid = Uuid::from_u128(2);

fn minute(minute: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_767_225_600 + minute * 60, 0).unwrap()
}

fn answered(status: u16) -> Outcome {
    Outcome::Answered {
        status,
        retry_after: None,
    }
}

fn fresh(outcome: &Outcome) -> Verdict {
    judge(outcome, ONE, &Failing::default(), minute(0))
}

fn postponed(verdict: Verdict) -> Later {
    match verdict {
        Verdict::Later(later) => later,
        other => panic!("not postponed but {other:?}"),
    }
}

/// The same item is answered with these statuses at these minutes.
fn history(activity: Uuid, answers: &[(i64, u16)]) -> Later {
    let mut failing = Failing::default();
    let mut last = None;
    for (at, status) in answers {
        let later = postponed(judge(&answered(*status), activity, &failing, minute(*at)));
        failing = later.failing;
        last = Some(later);
    }
    last.unwrap()
}

#[test]
fn any_2xx_is_a_delivery() {
    for status in [200, 201, 202, 204, 299] {
        assert_eq!(fresh(&answered(status)), Verdict::Delivered);
    }
}

#[test]
fn what_the_peer_will_not_take_is_refused_for_good() {
    for status in [400, 402, 403, 405, 406, 409, 413, 415, 422, 424, 451] {
        assert!(
            matches!(fresh(&answered(status)), Verdict::Refused { gone: false, .. }),
            "{status}"
        );
    }
    for status in [404, 410] {
        assert!(
            matches!(fresh(&answered(status)), Verdict::Refused { gone: true, .. }),
            "{status}"
        );
    }
}

#[test]
fn everything_else_is_tried_again() {
    for status in [
        100, 199, 301, 302, 307, 308, 401, 408, 425, 429, 500, 502, 503, 504, 600, 999,
    ] {
        let later = postponed(fresh(&answered(status)));
        assert_eq!(later.failing.failures, 1, "{status}");
        assert_eq!(later.next_try, Some(minute(0) + TimeDelta::seconds(10)));
        assert_eq!(later.redirected, (300..400).contains(&status));
    }
    let silent = postponed(fresh(&Outcome::Silent(
        "the server did not answer in time".into(),
    )));
    assert_eq!(silent.why, "the server did not answer in time");
    assert!(!silent.at_fault);
}

#[test]
fn a_forbidden_address_is_a_failure_of_the_peer() {
    let forbidden = net::Error::Forbidden(net::Forbidden::Address);
    assert_eq!(postponed(fresh(&Err(forbidden).into())).failing.failures, 1);
}

#[test]
fn our_own_full_client_is_not() {
    assert_eq!(fresh(&Err(net::Error::Busy).into()), Verdict::Soon);
}

#[test]
fn a_peer_that_asks_for_time_gets_it() {
    let busy = Outcome::Answered {
        status: 429,
        retry_after: Some(RetryAfter::Seconds(120)),
    };
    assert_eq!(postponed(fresh(&busy)).next_try, Some(minute(2)));
}

#[test]
fn failing_for_seven_days_parks_the_destination() {
    let day = 24 * 60;
    assert!(history(ONE, &[(0, 502), (7 * day - 1, 502)]).next_try.is_some());
    assert_eq!(history(ONE, &[(0, 502), (7 * day, 502)]).next_try, None);
}

#[test]
fn three_answers_over_ten_minutes_let_the_next_item_try() {
    assert!(history(ONE, &[(0, 500), (5, 401), (10, 500)]).probe);
    assert!(!history(ONE, &[(0, 500), (1, 500), (9, 500)]).probe, "too soon");
    assert!(!history(ONE, &[(0, 500), (30, 500)]).probe, "too few");
    assert!(
        !history(ONE, &[(0, 500), (5, 500), (30, 429)]).probe,
        "429 is not the item's fault"
    );
    assert!(
        !history(ONE, &[(0, 301), (5, 301), (30, 301)]).probe,
        "nor is a redirect"
    );
}

#[test]
fn another_item_starts_its_own_count() {
    let first = history(ONE, &[(0, 500), (5, 500)]).failing;
    let second = postponed(judge(&answered(500), TWO, &first, minute(60)));
    assert_eq!(
        second.failing.stuck,
        Some(Stuck {
            on: TWO,
            answers: 1,
            since: minute(60)
        })
    );
    assert_eq!(second.failing.failures, 3, "the host fails on all the same");
}

#[test]
fn who_asks_for_time_is_not_probed() {
    let failing = history(ONE, &[(0, 503), (5, 503), (10, 503)]).failing;
    let asked = Outcome::Answered {
        status: 503,
        retry_after: Some(RetryAfter::Seconds(60)),
    };
    assert!(!postponed(judge(&asked, ONE, &failing, minute(40))).probe);
}

#[test]
fn a_second_knock_is_for_400_and_401_only() {
    for seal in [Seal::Cavage, Seal::Rfc9421] {
        for status in [200, 202, 403, 404, 410, 422, 429, 500] {
            assert!(!calls_for_another(&answered(status), seal), "{status}");
        }
        assert!(calls_for_another(&answered(400), seal) && calls_for_another(&answered(401), seal));
        assert!(!calls_for_another(&Outcome::Silent("x".into()), seal));
    }
}

#[test]
fn ed25519_is_given_up_sooner() {
    for status in [200, 202, 301, 404, 408, 410, 422, 425, 429, 502, 503] {
        assert!(!calls_for_another(&answered(status), Seal::Ed25519), "{status}");
    }
    for status in [400, 401, 403, 500] {
        assert!(calls_for_another(&answered(status), Seal::Ed25519), "{status}");
    }
    for passing in [Outcome::Silent("x".into()), Outcome::Busy] {
        assert!(!calls_for_another(&passing, Seal::Ed25519));
    }
}

#[test]
fn the_second_knock_counts_when_it_is_heard() {
    for (first, second, counts, learned) in [
        (401, 202, 202, true),
        (400, 200, 200, true),
        (401, 401, 401, false),
        (401, 400, 401, false), // knows one scheme only, and could not check that one: not final
        (401, 403, 401, false),
        (401, 500, 401, false),
        (400, 401, 400, false), // knows the first scheme, and refuses the body
        (400, 400, 400, false),
        (400, 404, 400, false),
        (400, 503, 503, false), // would perhaps have taken it
        (400, 429, 429, false),
    ] {
        let weighed = weigh(answered(first), answered(second));
        assert_eq!(weighed, (answered(counts), learned), "{first}, {second}");
    }
    let silence = Outcome::Silent("broke off".into());
    assert_eq!(weigh(answered(400), silence.clone()), (silence.clone(), false));
    assert_eq!(weigh(answered(401), silence), (answered(401), false));
}

proptest! {
    #[test]
    fn only_a_2xx_delivers_and_nothing_panics(
        status: u16, asked: Option<i64>, failures: u32, answers: u32, since in 0..4_000_000_000_i64,
        now in 0..4_000_000_000_i64, same: bool,
    ) {
        let (since, now) = (DateTime::from_timestamp(since, 0).unwrap(), DateTime::from_timestamp(now, 0).unwrap());
        let stuck = Some(Stuck { on: if same { ONE } else { TWO }, answers, since });
        let failing = Failing { failures, since: Some(since), stuck };
        let outcome = Outcome::Answered { status, retry_after: asked.map(RetryAfter::Seconds) };
        match judge(&outcome, ONE, &failing, now) {
            Verdict::Delivered => prop_assert!((200..300).contains(&status)),
            Verdict::Refused { gone, .. } => {
                prop_assert!((400..500).contains(&status) && ![401, 408, 425, 429].contains(&status));
                prop_assert_eq!(gone, status == 404 || status == 410);
            }
            Verdict::Later(later) => {
                prop_assert!(!(200..300).contains(&status));
                prop_assert!(later.next_try.is_none_or(|next| next > now));
                prop_assert_eq!(later.failing.since, Some(since));
            }
            Verdict::Soon => prop_assert!(false, "an answer came"),
        }
    }
}
