//! Posting, editing, deleting, voting, reporting, reviewing.
//!
//! One rule: an author may always take back what is theirs, even banned (GRP03); everything else asks who they are now.

use chrono::{DateTime, Utc};

use crate::domain::{
    Event, Group, PostPolicy, Refusal, Review, Standing, Visibility, VotePolicy,
    command::{Held, Restored, Subject, Submission, Vote},
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
    if post.parent_is_locked {
        return Err(Refusal::Locked);
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
    let misplaced = post.is_comment && (!post.parent_is_here || post.parent_is_locked);
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
    let is_public = post.public && group.policies.visibility == Visibility::Public;
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
        // Threads that only admins may start are not started by answering them.
        PostPolicy::Followers | PostPolicy::Members if post.vouched && is_public => Ok(()),
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
    if subject.names_public && group.policies.visibility == Visibility::Private {
        return Err(Refusal::PublicInPrivate);
    }
    // What was posted for members stays so, and so does what answers it.
    if subject.widens {
        return Err(Refusal::WiderThanItsThread);
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

/// Somebody wants back what those who run the group took out. Each of them may, whoever of them took it out.
pub(super) fn restore(who: &Standing, post: Restored, now: DateTime<Utc>) -> Result<Vec<Event>, Refusal> {
    if who.is_banned(now) {
        return Err(Refusal::Banned);
    }
    if !who.runs_it() {
        return Err(Refusal::DoesNotRunIt);
    }
    Ok(if post.is_out {
        vec![Event::Restored]
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
    if held.changed && held.is_version {
        // A version that was replaced is over; whoever read it has not read the newer one.
        return Ok(vec![]);
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
pub(super) mod tests;
