//! Joining, leaving, being let in, being kept out.
//!
//! One rule: whoever is banned stays out, whatever else is true.
//! A new way in is a `Command`, an arm in `decide`, and a test here.

use chrono::{DateTime, Utc};

use crate::domain::{
    Event, FollowMeans, Group, JoinPolicy, Refusal, Role, Standing, command::Way, standing::Ban,
};

/// Somebody asks to come in.
///
/// Asking again as one who is in is accepted again: the first Accept may never have arrived (lemmy#3203).
/// A Follow is accepted at once as follower; whether it also asks for membership is the group's setting.
pub(super) fn join(
    group: &Group,
    who: &Standing,
    way: Way,
    now: DateTime<Utc>,
) -> Result<Vec<Event>, Refusal> {
    if who.is_banned(now) {
        return Err(Refusal::Banned);
    }
    let as_member = membership(group, who);
    match way {
        Way::Join => Ok(vec![as_member?]),
        Way::Follow if group.follow == FollowMeans::Reads => Ok(vec![Event::FollowerAccepted]),
        Way::Follow => Ok(std::iter::once(Event::FollowerAccepted)
            .chain(as_member.ok())
            .collect()),
    }
}

fn membership(group: &Group, who: &Standing) -> Result<Event, Refusal> {
    if who.member || who.invited || who.runs_it() {
        return Ok(Event::MemberAccepted);
    }
    match group.join {
        JoinPolicy::Open => Ok(Event::MemberAccepted),
        JoinPolicy::Approval => Ok(Event::MembershipRequested),
        JoinPolicy::Invite => Err(Refusal::NotInvited),
        JoinPolicy::Closed => Err(Refusal::ClosedToNewMembers),
    }
}

/// Somebody leaves; whoever was not in is not told off for it.
pub(super) fn leave(who: &Standing) -> Vec<Event> {
    if who.follower || who.member || who.waiting || who.invited {
        vec![Event::Left]
    } else {
        vec![]
    }
}

/// Whoever waits is let in.
pub(super) fn admit(who: &Standing, now: DateTime<Utc>) -> Result<Vec<Event>, Refusal> {
    if who.is_banned(now) {
        return Err(Refusal::Banned);
    }
    if who.waiting || who.member {
        Ok(vec![Event::MemberAccepted])
    } else {
        Err(Refusal::NothingWaits)
    }
}

/// The group is its owner's to describe.
pub(super) fn describe(who: &Standing) -> Result<Vec<Event>, Refusal> {
    if who.role == Role::Owner {
        Ok(vec![Event::Described])
    } else {
        Err(Refusal::NotTheOwner)
    }
}

pub(super) fn ban(who: &Standing, ban: &Ban) -> Result<Vec<Event>, Refusal> {
    if who.role == Role::Owner {
        Err(Refusal::IsTheOwner)
    } else {
        Ok(vec![Event::Banned(ban.clone())])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Command, decide, posting::tests::group};

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).expect("a date")
    }

    fn ask(group: &Group, who: &Standing, way: Way) -> Result<Vec<Event>, Refusal> {
        decide(group, who, &Command::Join(way), now())
    }

    #[test]
    fn an_open_group_takes_whoever_asks_in_either_way() {
        let group = group();
        assert_eq!(
            ask(&group, &Standing::stranger(), Way::Join),
            Ok(vec![Event::MemberAccepted])
        );
        assert_eq!(
            ask(&group, &Standing::stranger(), Way::Follow),
            Ok(vec![Event::FollowerAccepted, Event::MemberAccepted])
        );
    }

    #[test]
    fn a_follow_is_accepted_whatever_the_policy_and_asks_for_membership_beside() {
        for (policy, beside) in [
            (JoinPolicy::Approval, vec![Event::MembershipRequested]),
            (JoinPolicy::Invite, vec![]),
            (JoinPolicy::Closed, vec![]),
        ] {
            let group = Group {
                join: policy,
                ..group()
            };
            let said = ask(&group, &Standing::stranger(), Way::Follow).expect("accepted");
            assert_eq!(said[0], Event::FollowerAccepted);
            assert_eq!(said[1..], beside);
        }
        let reads = Group {
            follow: FollowMeans::Reads,
            ..group()
        };
        assert_eq!(
            ask(&reads, &Standing::stranger(), Way::Follow),
            Ok(vec![Event::FollowerAccepted])
        );
    }

    #[test]
    fn a_join_is_refused_where_only_the_invited_come_in() {
        let invite = Group {
            join: JoinPolicy::Invite,
            ..group()
        };
        assert_eq!(
            ask(&invite, &Standing::stranger(), Way::Join),
            Err(Refusal::NotInvited)
        );
        let invited = Standing {
            invited: true,
            ..Standing::stranger()
        };
        assert_eq!(ask(&invite, &invited, Way::Join), Ok(vec![Event::MemberAccepted]));
        let closed = Group {
            join: JoinPolicy::Closed,
            ..group()
        };
        assert_eq!(
            ask(&closed, &Standing::stranger(), Way::Join),
            Err(Refusal::ClosedToNewMembers)
        );
        let member = Standing {
            member: true,
            ..Standing::stranger()
        };
        assert_eq!(
            ask(&closed, &member, Way::Join),
            Ok(vec![Event::MemberAccepted]),
            "asked again"
        );
    }

    #[test]
    fn whoever_is_banned_stays_out_until_the_ban_ends() {
        let until = now() + chrono::Duration::days(1);
        let banned = Standing {
            member: true,
            invited: true,
            ban: Some(Ban {
                until: Some(until),
                reason: None,
            }),
            ..Standing::stranger()
        };
        for way in [Way::Join, Way::Follow] {
            assert_eq!(ask(&group(), &banned, way), Err(Refusal::Banned));
            let later = decide(&group(), &banned, &Command::Join(way), until);
            assert!(later.is_ok_and(|events| events.contains(&Event::MemberAccepted)));
        }
    }

    #[test]
    fn leaving_twice_is_leaving_once() {
        let member = Standing {
            member: true,
            ..Standing::stranger()
        };
        assert_eq!(
            decide(&group(), &member, &Command::Leave, now()),
            Ok(vec![Event::Left])
        );
        assert_eq!(
            decide(&group(), &Standing::stranger(), &Command::Leave, now()),
            Ok(vec![])
        );
    }

    #[test]
    fn only_somebody_who_asked_is_let_in() {
        let waiting = Standing {
            waiting: true,
            ..Standing::stranger()
        };
        assert_eq!(
            decide(&group(), &waiting, &Command::Admit, now()),
            Ok(vec![Event::MemberAccepted])
        );
        assert_eq!(
            decide(&group(), &Standing::stranger(), &Command::Admit, now()),
            Err(Refusal::NothingWaits)
        );
    }
}
