//! Somebody says that they are another one from now on.
//!
//! One rule: a Move carries on what somebody is and gives nothing: who was banned stays so under every id, and who moves to
//! one that is banned is banned with it.

use chrono::{DateTime, Utc};

use crate::domain::{Ban, Role, Standing};

/// What both ids are in a group after a Move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Becomes {
    /// Both are.
    Banned(Ban),
    /// The new one is this, and the old one nothing any more.
    In {
        follower: bool,
        member: bool,
        /// Asked to be let in; nobody has decided yet.
        waiting: bool,
        role: Role,
    },
}

/// What becomes of somebody who was `was` under the old id and is `is` under the new one. An owner is banned by nobody.
#[must_use]
pub fn moved(was: &Standing, is: &Standing, now: DateTime<Utc>) -> Becomes {
    let ban_of = |who: &Standing| who.ban.clone().filter(|_| who.is_banned(now));
    let owns = was.role == Role::Owner || is.role == Role::Owner;
    match longer(ban_of(was), ban_of(is)) {
        Some(ban) if !owns => Becomes::Banned(ban),
        _ => {
            let member = was.member || is.member;
            Becomes::In {
                follower: was.follower || is.follower,
                member,
                waiting: !member && (was.waiting || is.waiting),
                role: higher(was.role, is.role),
            }
        }
    }
}

fn longer(one: Option<Ban>, other: Option<Ban>) -> Option<Ban> {
    match (one, other) {
        (Some(one), Some(other)) => {
            let one_lasts = one
                .until
                .is_none_or(|until| other.until.is_some_and(|other| other <= until));
            Some(if one_lasts { one } else { other })
        }
        (one, other) => one.or(other),
    }
}

fn higher(one: Role, other: Role) -> Role {
    match (one, other) {
        (Role::Owner, _) | (_, Role::Owner) => Role::Owner,
        (Role::Admin, _) | (_, Role::Admin) => Role::Admin,
        _ => Role::Member,
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).expect("a date")
    }

    fn banned(days: Option<i64>) -> Standing {
        Standing {
            ban: Some(Ban {
                until: days.map(|days| now() + TimeDelta::days(days)),
                reason: None,
            }),
            ..Standing::stranger()
        }
    }

    fn member(role: Role) -> Standing {
        Standing {
            member: true,
            role,
            ..Standing::stranger()
        }
    }

    fn until(becomes: &Becomes) -> Option<Option<i64>> {
        match becomes {
            Becomes::Banned(ban) => Some(ban.until.map(|until| (until - now()).num_days())),
            Becomes::In { .. } => None,
        }
    }

    #[test]
    fn a_ban_follows_both_ways_and_the_longer_one_counts() {
        let (stranger, ann) = (Standing::stranger(), member(Role::Admin));
        for (was, is, expected) in [
            (banned(None), stranger.clone(), Some(None)),
            (banned(Some(3)), ann.clone(), Some(Some(3))),
            (ann.clone(), banned(Some(3)), Some(Some(3))),
            (banned(Some(3)), banned(Some(5)), Some(Some(5))),
            (banned(Some(3)), banned(None), Some(None)),
            (banned(None), banned(Some(3)), Some(None)),
            (banned(Some(-1)), stranger, None),
            (member(Role::Owner), banned(None), None),
        ] {
            assert_eq!(until(&moved(&was, &is, now())), expected, "{was:?} {is:?}");
        }
    }

    #[test]
    fn what_somebody_was_they_are() {
        let was = Standing {
            follower: true,
            waiting: true,
            ..member(Role::Admin)
        };
        let expected = Becomes::In {
            follower: true,
            member: true,
            waiting: false,
            role: Role::Admin,
        };
        assert_eq!(moved(&was, &Standing::stranger(), now()), expected);
        assert_eq!(moved(&Standing::stranger(), &was, now()), expected);
    }
}
