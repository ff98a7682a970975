//! What a group is and what it decides.
//!
//! One rule: no JSON, SQL, HTTP, clock or randomness here; everything that a decision needs is handed to [`decide`].
//! A new thing that people can ask is a [`Command`], an arm in [`decide`], and a file here if it starts a subject.

mod administer;
mod collect;
mod command;
mod event;
mod group;
mod iri;
mod marking;
mod membership;
mod moving;
mod posting;
mod refusal;
mod registrable;
mod standing;

use chrono::{DateTime, Utc};

pub use command::{Act, Call, Command, Held, Item, Restored, Subject, Submission, Vote, Way};
pub use event::Event;
pub(crate) use group::words;
pub use group::{
    Audience, CollectPolicy, FollowMeans, Group, InfoPolicy, InvitePolicy, JoinPolicy, ListPolicy, Policies,
    PolicyChange, PostPolicy, Review, Rule, Visibility, VotePolicy,
};
pub use iri::{Iri, NotCanonical, authority_of, host_and_parents};
pub use marking::Mark;
pub use membership::{admits, keeps_as_follower};
pub use moving::{Becomes, moved};
pub use refusal::Refusal;
pub use registrable::registrable_domain;
pub use standing::{Ban, Role, Standing};

/// The way in which an event is written for a group of programs. The domain only passes it on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Shape(pub &'static str);

/// What a group makes of what somebody asks.
///
/// # Errors
/// A [`Refusal`], which says why not in words that the sender may read.
pub fn decide(
    group: &Group,
    who: &Standing,
    command: &Command,
    now: DateTime<Utc>,
) -> Result<Vec<Event>, Refusal> {
    is_open_to(group, command)?;
    let events = answer(group, who, command, now)?;
    // Whoever may not do it at all hears that first.
    may_be_said(group, names_public(command))?;
    Ok(events)
}

/// Nothing in a private group names Public.
///
/// # Errors
/// [`Refusal::PublicInPrivate`].
pub const fn may_be_said(group: &Group, names_public: bool) -> Result<(), Refusal> {
    match group.policies.visibility {
        Visibility::Private if names_public => Err(Refusal::PublicInPrivate),
        Visibility::Private | Visibility::Public => Ok(()),
    }
}

fn answer(
    group: &Group,
    who: &Standing,
    command: &Command,
    now: DateTime<Utc>,
) -> Result<Vec<Event>, Refusal> {
    match command {
        Command::Join(way) => membership::join(group, who, *way, now),
        Command::Leave => membership::leave(who, now),
        Command::Resign => administer::resign(who),
        Command::Administer(act, them) => administer::act(group, who, act, them, now),
        Command::Answer(call, says_yes) => administer::answer(who, *call, *says_yes, now),
        Command::Post(post) => posting::post(group, who, post, now),
        Command::Edit(subject) => posting::edit(group, who, subject, now),
        Command::Delete(subject) => posting::delete(who, subject),
        Command::Remove(subject) => posting::remove(who, subject, now),
        Command::Restore(post) => posting::restore(who, *post, now),
        Command::Mark(mark, subject, wanted) => marking::mark(who, *mark, subject, *wanted, now),
        Command::Review(held, lets_through) => posting::review(who, *held, *lets_through, now),
        Command::Vote(vote, subject) => posting::vote(group, who, *vote, subject, now),
        Command::Unvote(vote, subject) => posting::unvote(who, *vote, subject, now),
        Command::Report => posting::report(who, now),
        Command::Describe => administer::describe(group, who, now),
        Command::Close => administer::close(who),
        Command::Arrange => collect::arrange(who, now),
        Command::Collect(item) => collect::collect(who, item, now),
    }
}

/// Whether what is said word for word to members names Public, by what it is about. Posts and edits see to it by themselves.
const fn names_public(command: &Command) -> bool {
    match command {
        Command::Delete(subject)
        | Command::Remove(subject)
        | Command::Vote(_, subject)
        | Command::Unvote(_, subject) => subject.names_public,
        Command::Collect(item) => item.names_public,
        Command::Restore(post) => post.names_public,
        _ => false,
    }
}

/// A group that is closed takes nothing but what takes something back; one that nobody rules takes no joins and posts.
fn is_open_to(group: &Group, command: &Command) -> Result<(), Refusal> {
    let takes_back = matches!(
        command,
        Command::Leave | Command::Resign | Command::Delete(_) | Command::Unvote(..)
    );
    let is_new = matches!(
        command,
        Command::Join(_)
            | Command::Answer(Call::Member, true)
            | Command::Post(_)
            | Command::Edit(_)
            | Command::Collect(_)
    );
    match group.rule {
        _ if group.closed && !takes_back => Err(Refusal::Closed),
        Rule::Frozen if is_new => Err(Refusal::Frozen),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
