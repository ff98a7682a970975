//! Posting, editing, deleting, voting, reporting, reviewing.
//!
//! One rule: an author may always take back what is theirs, even banned (GRP03); everything else asks who they are now.

use chrono::{DateTime, Utc};

use crate::domain::{
    Event, Group, PostPolicy, Refusal, Review, Standing, Visibility, VotePolicy,
    command::{Held, Subject, Submission, Vote},
};

/// Somebody wants a post in the group.
///
/// What an admin let through is asked again who its author is now; only the review is over.
pub(super) fn post(
    group: &Group,
    who: &Standing,
    post: &Submission,
    now: DateTime<Utc>,
) -> Result<Vec<Event>, Refusal> {
    if post.relayed {
        return relay(group, who, post, now);
    }
    may_speak(group, who, post, now)?;
    if post.known {
        return Ok(vec![Event::AlreadyPosted]);
    }
    if post.was_public {
        return Err(Refusal::WasPublic);
    }
    if post.public && group.policies.visibility == Visibility::Private {
        return Err(Refusal::PublicInPrivate);
    }
    if post.is_comment && !post.parent_is_here {
        return Err(Refusal::ParentElsewhere);
    }
    if post.public && post.parent_is_private {
        return Err(Refusal::WiderThanItsThread);
    }
    if !post.public && !who.is_in() {
        return Err(Refusal::NotAMember);
    }
    Ok(vec![if !post.approved && is_held(group, who) {
        Event::Held
    } else {
        Event::Posted
    }])
}

/// Whether what they say waits for an admin. The owner's and the admins' own never does.
pub(super) fn is_held(group: &Group, who: &Standing) -> bool {
    if who.runs_it() {
        return false;
    }
    who.watched
        || match group.policies.review {
            Review::None => false,
            Review::First => who.accepted < group.policies.review_count,
            Review::NonMembers => !who.member,
            Review::All => true,
        }
}

/// What a followed group announced: taken once, which ends every ring of groups that follow each other (ANN07).
fn relay(
    group: &Group,
    who: &Standing,
    post: &Submission,
    now: DateTime<Utc>,
) -> Result<Vec<Event>, Refusal> {
    if who.is_banned(now) {
        return Err(Refusal::Banned);
    }
    let misplaced = post.is_comment && !post.parent_is_here;
    let is_private = group.policies.visibility == Visibility::Private;
    Ok(vec![if post.known || misplaced || !post.public || is_private {
        Event::AlreadyPosted
    } else if !post.approved && is_held(group, who) {
        Event::Held
    } else {
        Event::Posted
    }])
}

/// Threads go by the group's policy; comments need membership, unless the policy is wider than that. Posts for members
/// only come from members.
fn may_speak(group: &Group, who: &Standing, post: &Submission, now: DateTime<Utc>) -> Result<(), Refusal> {
    if who.is_banned(now) {
        return Err(Refusal::Banned);
    }
    let policy = match group.policies.post {
        PostPolicy::Admins if post.is_comment => PostPolicy::Members,
        PostPolicy::Anyone | PostPolicy::Followers if group.policies.visibility == Visibility::Private => {
            PostPolicy::Members
        }
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
/// by a group that this one follows, or anyone may post here) may. What was reviewed once is reviewed again.
pub(super) fn edit(
    group: &Group,
    who: &Standing,
    subject: &Subject,
    now: DateTime<Utc>,
) -> Result<Vec<Event>, Refusal> {
    if !subject.is_mine {
        return Err(Refusal::NotTheAuthor);
    }
    if who.is_banned(now) {
        return Err(Refusal::Banned);
    }
    if who.left && !who.is_in() {
        return Err(Refusal::NotAMember);
    }
    if subject.was_public {
        return Err(Refusal::WasPublic);
    }
    Ok(if !subject.is_here || subject.deleted {
        vec![]
    } else if !subject.approved && is_held(group, who) {
        vec![Event::Held]
    } else {
        vec![Event::Edited]
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

/// Somebody wants a post of somebody else out of the group.
pub(super) fn remove(who: &Standing, subject: &Subject, now: DateTime<Utc>) -> Result<Vec<Event>, Refusal> {
    if who.is_banned(now) {
        return Err(Refusal::Banned);
    }
    if !who.runs_it() {
        return Err(Refusal::DoesNotRunIt);
    }
    Ok(if subject.is_here && !subject.deleted {
        vec![Event::Removed]
    } else {
        vec![]
    })
}

/// Somebody decides on what was held. The first who does wins; whoever comes later changes nothing.
pub(super) fn review(
    who: &Standing,
    held: Held,
    lets_through: bool,
    now: DateTime<Utc>,
) -> Result<Vec<Event>, Refusal> {
    if who.is_banned(now) {
        return Err(Refusal::Banned);
    }
    if !who.runs_it() {
        return Err(Refusal::DoesNotRunIt);
    }
    if held.is_decided {
        return Ok(vec![]);
    }
    if held.changed && lets_through {
        return Err(Refusal::ChangedSince);
    }
    Ok(vec![Event::Reviewed(lets_through)])
}

/// Votes of non-members count in a public group, unless it says otherwise; a repeat counts once.
pub(super) fn vote(
    group: &Group,
    who: &Standing,
    vote: Vote,
    subject: &Subject,
    now: DateTime<Utc>,
) -> Result<Vec<Event>, Refusal> {
    if who.is_banned(now) {
        return Err(Refusal::Banned);
    }
    let for_members =
        group.policies.vote == VotePolicy::Members || group.policies.visibility == Visibility::Private;
    if for_members && !who.is_in() {
        return Err(Refusal::VotesAreForMembers);
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

pub(super) fn report(who: &Standing, now: DateTime<Utc>) -> Result<Vec<Event>, Refusal> {
    if who.is_banned(now) {
        Err(Refusal::Banned)
    } else {
        Ok(vec![Event::Reported])
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::domain::{Command, Iri, Policies, Role, Rule, decide, standing::Ban};

    pub(crate) fn group() -> Group {
        Group {
            name: "garden".to_owned(),
            owner: Iri::object("https://good.example/u/ann").expect("an id"),
            policies: Policies::default(),
            rule: Rule::Owned,
            closed: false,
        }
    }

    fn with(policies: Policies) -> Group {
        Group { policies, ..group() }
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
        approved: false,
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
            let group = with(Policies {
                post: policy,
                ..Policies::default()
            });
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
            approved: false,
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
            approved: false,
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
            approved: false,
        };
        assert_eq!(
            decide(&group(), &member, &Command::Vote(Vote::Like, voted), now()),
            Ok(vec![])
        );
    }

    #[test]
    fn a_private_post_is_for_members_by_members_and_its_answers_are_no_wider() {
        let anyone = with(Policies {
            post: PostPolicy::Anyone,
            ..Policies::default()
        });
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

    #[test]
    fn a_review_holds_whom_it_names_and_never_those_who_run_the_group() {
        // stranger, follower, member, admin; then a member of whom one post was accepted.
        let table = [
            (Review::None, [false, false, false, false], false),
            (Review::First, [true, true, true, false], false),
            (Review::NonMembers, [true, true, false, false], false),
            (Review::All, [true, true, true, false], true),
        ];
        let known = Standing {
            member: true,
            accepted: 1,
            ..Standing::stranger()
        };
        for (review, held, known_is_held) in table {
            let group = with(Policies {
                post: PostPolicy::Anyone,
                review,
                ..Policies::default()
            });
            let is_held = |who: &Standing| {
                decide(&group, who, &Command::Post(THREAD), now()).expect("taken") == [Event::Held]
            };
            for ((name, who), held) in standings().iter().zip(held) {
                assert_eq!(is_held(who), held, "{name} under {review}");
            }
            assert_eq!(is_held(&known), known_is_held, "a known member under {review}");
            let watched = Standing {
                watched: true,
                ..known.clone()
            };
            assert!(is_held(&watched), "{review}");
            let approved = Submission {
                approved: true,
                ..THREAD
            };
            assert_eq!(
                decide(&group, &watched, &Command::Post(approved), now()),
                Ok(vec![Event::Posted])
            );
        }
    }

    #[test]
    fn the_first_to_decide_on_what_is_held_wins_and_nobody_approves_what_they_did_not_see() {
        let admin = Standing {
            role: Role::Admin,
            ..Standing::stranger()
        };
        let held = Held {
            is_decided: false,
            changed: false,
        };
        let review = |who: &Standing, held, yes| decide(&group(), who, &Command::Review(held, yes), now());
        assert_eq!(review(&admin, held, true), Ok(vec![Event::Reviewed(true)]));
        let decided = Held {
            is_decided: true,
            ..held
        };
        assert_eq!(review(&admin, decided, false), Ok(vec![]));
        let changed = Held {
            changed: true,
            ..held
        };
        assert_eq!(review(&admin, changed, true), Err(Refusal::ChangedSince));
        assert_eq!(review(&admin, changed, false), Ok(vec![Event::Reviewed(false)]));
        let member = Standing {
            member: true,
            ..Standing::stranger()
        };
        assert_eq!(review(&member, decided, true), Err(Refusal::DoesNotRunIt));
    }

    #[test]
    fn a_private_group_hears_members_and_names_nobody_else() {
        let private = with(Policies {
            visibility: Visibility::Private,
            post: PostPolicy::Anyone,
            ..Policies::default()
        });
        let member = Standing {
            member: true,
            ..Standing::stranger()
        };
        assert_eq!(
            decide(&private, &member, &Command::Post(THREAD), now()),
            Err(Refusal::PublicInPrivate)
        );
        let inside = Submission {
            public: false,
            ..THREAD
        };
        assert_eq!(
            decide(&private, &member, &Command::Post(inside.clone()), now()),
            Ok(vec![Event::Posted])
        );
        assert_eq!(
            decide(&private, &Standing::stranger(), &Command::Post(inside), now()),
            Err(Refusal::NotAMember)
        );
    }
}
