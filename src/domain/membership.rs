//! Joining and leaving.
//!
//! One rule: whoever is banned stays out, whatever else is true.
//! A new way in is a `Command`, an arm in `decide`, and a test here.

use chrono::{DateTime, Utc};

use crate::domain::{
    Event, FollowMeans, Group, JoinPolicy, Refusal, Standing, Visibility, administer, command::Way,
};

/// Somebody asks to come in.
///
/// Asking again as one who is in is accepted again: the first Accept may never have arrived (lemmy#3203).
/// A Follow is accepted at once as follower; whether it also asks for membership is the group's setting. Nobody follows a
/// private group without being a member.
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
        Way::Follow if group.policies.visibility == Visibility::Private => {
            let event = as_member?;
            Ok(if event == Event::MemberAccepted {
                vec![Event::FollowerAccepted, event]
            } else {
                vec![event]
            })
        }
        Way::Join => Ok(vec![as_member?]),
        Way::Follow if group.policies.follow == FollowMeans::Reads => Ok(vec![Event::FollowerAccepted]),
        Way::Follow => Ok(std::iter::once(Event::FollowerAccepted)
            .chain(as_member.ok())
            .collect()),
    }
}

/// Whether a group lets anybody in from a server, by what its software does with what is private.
///
/// # Errors
/// [`Refusal::CannotKeepIt`]: it would show it to others.
pub const fn admits(group: &Group, keeps_what_is_private: bool) -> Result<(), Refusal> {
    match group.policies.visibility {
        Visibility::Private if !keeps_what_is_private => Err(Refusal::CannotKeepIt),
        Visibility::Private | Visibility::Public => Ok(()),
    }
}

/// Whether a member who has ended what made them one, and goes on as a follower, is a member by that.
#[must_use]
pub fn keeps_as_follower(group: &Group, who: &Standing) -> bool {
    who.member && group.policies.follow == FollowMeans::Joins
}

fn membership(group: &Group, who: &Standing) -> Result<Event, Refusal> {
    if who.is_in() || who.invited {
        return Ok(Event::MemberAccepted);
    }
    match group.policies.join {
        // Else an expulsion would last for as long as it takes to ask again (GRP07).
        JoinPolicy::Open if who.expelled => Ok(Event::MembershipRequested),
        JoinPolicy::Open => Ok(Event::MemberAccepted),
        JoinPolicy::Approval => Ok(Event::MembershipRequested),
        JoinPolicy::Invite => Err(Refusal::NotInvited),
        JoinPolicy::Closed => Err(Refusal::ClosedToNewMembers),
    }
}

/// Somebody leaves, and is no admin any more; whoever was not in is not told off for it. An owner who leaves stays the
/// owner.
///
/// Whoever is banned is out already, and does not end the ban by leaving.
pub(super) fn leave(who: &Standing, now: DateTime<Utc>) -> Result<Vec<Event>, Refusal> {
    if who.is_banned(now) {
        return Ok(vec![]);
    }
    let mut events = administer::resign(who).unwrap_or_default();
    if who.follower || who.member || who.waiting || who.invited {
        events.push(Event::Left);
    }
    Ok(events)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Act, Command, Policies, Role, decide, posting::tests::group, standing::Ban};

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).expect("a date")
    }

    fn with(policies: Policies) -> Group {
        Group { policies, ..group() }
    }

    fn joined_by(join: JoinPolicy) -> Group {
        with(Policies {
            join,
            ..Policies::default()
        })
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
            let group = joined_by(policy);
            let said = ask(&group, &Standing::stranger(), Way::Follow).expect("accepted");
            assert_eq!(said[0], Event::FollowerAccepted);
            assert_eq!(said[1..], beside);
        }
        let reads = with(Policies {
            follow: FollowMeans::Reads,
            ..Policies::default()
        });
        assert_eq!(
            ask(&reads, &Standing::stranger(), Way::Follow),
            Ok(vec![Event::FollowerAccepted])
        );
    }

    #[test]
    fn a_join_is_refused_where_only_the_invited_come_in() {
        let invite = joined_by(JoinPolicy::Invite);
        assert_eq!(
            ask(&invite, &Standing::stranger(), Way::Join),
            Err(Refusal::NotInvited)
        );
        let invited = Standing {
            invited: true,
            ..Standing::stranger()
        };
        assert_eq!(ask(&invite, &invited, Way::Join), Ok(vec![Event::MemberAccepted]));
        let closed = joined_by(JoinPolicy::Closed);
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
        let admin = Standing {
            role: Role::Admin,
            ..Standing::stranger()
        };
        let admit = |them: Standing| {
            let command = Command::Administer(Act::Admit, them);
            decide(&group(), &admin, &command, now())
        };
        assert_eq!(admit(waiting), Ok(vec![Event::MemberAccepted]));
        assert_eq!(admit(Standing::stranger()), Ok(vec![]));
    }

    #[test]
    fn to_follow_a_private_group_is_to_join_it() {
        let private = with(Policies {
            visibility: Visibility::Private,
            join: JoinPolicy::Approval,
            ..Policies::default()
        });
        assert_eq!(
            ask(&private, &Standing::stranger(), Way::Follow),
            Ok(vec![Event::MembershipRequested])
        );
    }
}
