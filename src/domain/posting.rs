//! Posting, editing, deleting, voting, reporting.
//!
//! One rule: an author may always take back what is theirs, even banned (GRP03); everything else asks who they are now.

use chrono::{DateTime, Utc};

use crate::domain::{
    Event, Group, PostPolicy, Refusal, Standing,
    command::{Subject, Submission, Vote},
};

/// Somebody wants a post in the group.
pub(super) fn post(
    group: &Group,
    who: &Standing,
    post: &Submission,
    now: DateTime<Utc>,
) -> Result<Vec<Event>, Refusal> {
    if post.relayed {
        return relay(who, post, now);
    }
    may_speak(group, who, post.is_comment, now)?;
    if post.known {
        return Ok(vec![Event::AlreadyPosted]);
    }
    if post.was_public {
        return Err(Refusal::WasPublic);
    }
    if post.is_comment && !post.parent_is_here {
        return Err(Refusal::ParentElsewhere);
    }
    if post.public && post.parent_is_private {
        return Err(Refusal::WiderThanItsThread);
    }
    if !post.public && !who.member && !who.runs_it() {
        return Err(Refusal::NotAMember);
    }
    Ok(vec![Event::Posted])
}

/// What a followed group announced: taken once, which ends every ring of groups that follow each other (ANN07).
fn relay(who: &Standing, post: &Submission, now: DateTime<Utc>) -> Result<Vec<Event>, Refusal> {
    if who.is_banned(now) {
        return Err(Refusal::Banned);
    }
    let misplaced = post.is_comment && !post.parent_is_here;
    Ok(vec![if post.known || misplaced || !post.public {
        Event::AlreadyPosted
    } else {
        Event::Posted
    }])
}

/// Threads go by the group's policy; comments need membership, unless the policy is wider than that.
fn may_speak(group: &Group, who: &Standing, is_comment: bool, now: DateTime<Utc>) -> Result<(), Refusal> {
    if who.is_banned(now) {
        return Err(Refusal::Banned);
    }
    let policy = match group.post {
        PostPolicy::Admins if is_comment => PostPolicy::Members,
        policy => policy,
    };
    match policy {
        _ if who.runs_it() => Ok(()),
        PostPolicy::Anyone => Ok(()),
        PostPolicy::Followers if who.follower || who.member => Ok(()),
        PostPolicy::Followers => Err(Refusal::NotAFollower),
        PostPolicy::Members if who.member => Ok(()),
        PostPolicy::Members => Err(Refusal::NotAMember),
        PostPolicy::Admins => Err(Refusal::NotAnAdmin),
    }
}

/// Whoever was expelled or left may delete what is theirs, but not change it. An author who never was in (the post came
/// by a group that this one follows, or anyone may post here) may.
pub(super) fn edit(who: &Standing, subject: &Subject, now: DateTime<Utc>) -> Result<Vec<Event>, Refusal> {
    if !subject.is_mine {
        return Err(Refusal::NotTheAuthor);
    }
    if who.is_banned(now) {
        return Err(Refusal::Banned);
    }
    if who.left && !who.member && !who.runs_it() {
        return Err(Refusal::NotAMember);
    }
    if subject.was_public {
        return Err(Refusal::WasPublic);
    }
    Ok(if subject.is_here && !subject.deleted {
        vec![Event::Edited]
    } else {
        vec![]
    })
}

pub(super) fn delete(_who: &Standing, subject: &Subject) -> Result<Vec<Event>, Refusal> {
    if !subject.is_mine {
        return Err(Refusal::NotTheAuthor);
    }
    Ok(if subject.is_here && !subject.deleted {
        vec![Event::Deleted]
    } else {
        vec![]
    })
}

/// Votes of non-members count in a public group; a repeat counts once.
pub(super) fn vote(
    _group: &Group,
    who: &Standing,
    vote: Vote,
    subject: &Subject,
    now: DateTime<Utc>,
) -> Result<Vec<Event>, Refusal> {
    if who.is_banned(now) {
        return Err(Refusal::Banned);
    }
    Ok(if subject.is_here && !subject.deleted && !subject.voted {
        vec![Event::Voted(vote)]
    } else {
        vec![]
    })
}

pub(super) fn unvote(
    who: &Standing,
    vote: Vote,
    subject: &Subject,
    now: DateTime<Utc>,
) -> Result<Vec<Event>, Refusal> {
    if who.is_banned(now) {
        return Err(Refusal::Banned);
    }
    Ok(if subject.is_here && subject.voted {
        vec![Event::Unvoted(vote)]
    } else {
        vec![]
    })
}

pub(super) fn report(_group: &Group, who: &Standing, now: DateTime<Utc>) -> Result<Vec<Event>, Refusal> {
    if who.is_banned(now) {
        Err(Refusal::Banned)
    } else {
        Ok(vec![Event::Reported])
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::domain::{Command, FollowMeans, Iri, JoinPolicy, Role, decide, standing::Ban};

    pub(crate) fn group() -> Group {
        Group {
            name: "garden".to_owned(),
            owner: Iri::object("https://good.example/u/ann").expect("an id"),
            join: JoinPolicy::Open,
            post: PostPolicy::Members,
            follow: FollowMeans::Joins,
            closed: false,
        }
    }

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).expect("a date")
    }

    const THREAD: Submission = Submission {
        is_comment: false,
        public: true,
        known: false,
        parent_is_here: false,
        parent_is_private: false,
        was_public: false,
        relayed: false,
    };
    const COMMENT: Submission = Submission {
        is_comment: true,
        parent_is_here: true,
        ..THREAD
    };

    fn standings() -> [(&'static str, Standing); 4] {
        [
            ("stranger", Standing::stranger()),
            (
                "follower",
                Standing {
                    follower: true,
                    ..Standing::stranger()
                },
            ),
            (
                "member",
                Standing {
                    member: true,
                    ..Standing::stranger()
                },
            ),
            (
                "admin",
                Standing {
                    role: Role::Admin,
                    ..Standing::stranger()
                },
            ),
        ]
    }

    /// Who may start a thread and who may comment, by policy: stranger, follower, member, admin.
    #[test]
    fn each_policy_lets_post_whom_it_names() {
        let table = [
            (
                PostPolicy::Anyone,
                [true, true, true, true],
                [true, true, true, true],
            ),
            (
                PostPolicy::Followers,
                [false, true, true, true],
                [false, true, true, true],
            ),
            (
                PostPolicy::Members,
                [false, false, true, true],
                [false, false, true, true],
            ),
            (
                PostPolicy::Admins,
                [false, false, false, true],
                [false, false, true, true],
            ),
        ];
        for (policy, threads, comments) in table {
            let group = Group {
                post: policy,
                ..group()
            };
            for (i, (name, who)) in standings().iter().enumerate() {
                let thread = decide(&group, who, &Command::Post(THREAD), now());
                assert_eq!(
                    thread.is_ok(),
                    threads[i],
                    "{name} starts a thread under {policy}"
                );
                let comment = decide(&group, who, &Command::Post(COMMENT), now());
                assert_eq!(comment.is_ok(), comments[i], "{name} comments under {policy}");
            }
        }
    }

    #[test]
    fn a_banned_author_takes_back_but_does_nothing_else() {
        let banned = Standing {
            member: true,
            ban: Some(Ban {
                until: None,
                reason: None,
            }),
            ..Standing::stranger()
        };
        let mine = Subject {
            is_here: true,
            is_mine: true,
            deleted: false,
            was_public: false,
            voted: true,
        };
        let tries = [
            Command::Post(THREAD),
            Command::Edit(mine),
            Command::Vote(Vote::Like, mine),
            Command::Unvote(Vote::Like, mine),
            Command::Report,
        ];
        for command in tries {
            assert_eq!(
                decide(&group(), &banned, &command, now()),
                Err(Refusal::Banned),
                "{command:?}"
            );
        }
        assert_eq!(
            decide(&group(), &banned, &Command::Delete(mine), now()),
            Ok(vec![Event::Deleted])
        );
    }

    #[test]
    fn nobody_changes_what_another_wrote() {
        let admin = Standing {
            role: Role::Admin,
            ..Standing::stranger()
        };
        let theirs = Subject {
            is_here: true,
            is_mine: false,
            deleted: false,
            was_public: false,
            voted: false,
        };
        for command in [Command::Edit(theirs), Command::Delete(theirs)] {
            assert_eq!(
                decide(&group(), &admin, &command, now()),
                Err(Refusal::NotTheAuthor)
            );
        }
    }

    #[test]
    fn a_post_is_announced_once_and_a_vote_counts_once() {
        let member = Standing {
            member: true,
            ..Standing::stranger()
        };
        let again = Submission {
            known: true,
            ..THREAD
        };
        assert_eq!(
            decide(&group(), &member, &Command::Post(again), now()),
            Ok(vec![Event::AlreadyPosted])
        );
        let voted = Subject {
            is_here: true,
            is_mine: false,
            deleted: false,
            was_public: false,
            voted: true,
        };
        assert_eq!(
            decide(&group(), &member, &Command::Vote(Vote::Like, voted), now()),
            Ok(vec![])
        );
    }

    #[test]
    fn a_private_post_is_for_members_by_members_and_its_answers_are_no_wider() {
        let anyone = Group {
            post: PostPolicy::Anyone,
            ..group()
        };
        let private = Submission {
            public: false,
            ..THREAD
        };
        let member = Standing {
            member: true,
            ..Standing::stranger()
        };
        assert_eq!(
            decide(&anyone, &member, &Command::Post(private.clone()), now()),
            Ok(vec![Event::Posted])
        );
        let stranger = Standing::stranger();
        assert_eq!(
            decide(&anyone, &stranger, &Command::Post(private), now()),
            Err(Refusal::NotAMember)
        );
        let wider = Submission {
            parent_is_private: true,
            ..COMMENT
        };
        assert_eq!(
            decide(&anyone, &member, &Command::Post(wider), now()),
            Err(Refusal::WiderThanItsThread)
        );
    }

    #[test]
    fn what_a_followed_group_announces_is_taken_once() {
        let relayed = Submission {
            relayed: true,
            ..THREAD
        };
        let stranger = Standing::stranger();
        assert_eq!(
            decide(&group(), &stranger, &Command::Post(relayed.clone()), now()),
            Ok(vec![Event::Posted])
        );
        let again = Submission {
            known: true,
            ..relayed
        };
        assert_eq!(
            decide(&group(), &stranger, &Command::Post(again), now()),
            Ok(vec![Event::AlreadyPosted])
        );
    }

    #[test]
    fn a_closed_group_hears_nobody_but_those_who_leave() {
        let closed = Group {
            closed: true,
            ..group()
        };
        let member = Standing {
            member: true,
            ..Standing::stranger()
        };
        assert_eq!(
            decide(&closed, &member, &Command::Post(THREAD), now()),
            Err(Refusal::Closed)
        );
        assert_eq!(
            decide(&closed, &member, &Command::Leave, now()),
            Ok(vec![Event::Left])
        );
    }
}
