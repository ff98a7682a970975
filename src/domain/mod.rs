//! What a group is and what it decides.
//!
//! One rule: no JSON, SQL, HTTP, clock or randomness here; everything that a decision needs is handed to [`decide`].
//! A new thing that people can ask is a [`Command`], an arm in [`decide`], and a file here if it starts a subject.

mod command;
mod event;
mod group;
mod iri;
mod membership;
mod posting;
mod refusal;
mod registrable;
mod standing;

use chrono::{DateTime, Utc};

pub use command::{Command, Subject, Submission, Vote, Way};
pub use event::Event;
pub use group::{Audience, FollowMeans, Group, JoinPolicy, ListPolicy, PostPolicy};
pub use iri::{Iri, NotCanonical, authority_of, host_and_parents};
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
    if group.closed && !matches!(command, Command::Leave | Command::Delete(_)) {
        return Err(Refusal::Closed);
    }
    match command {
        Command::Join(way) => membership::join(group, who, *way, now),
        Command::Leave => Ok(membership::leave(who)),
        Command::Admit => membership::admit(who, now),
        Command::Ban(ban) => membership::ban(who, ban),
        Command::Post(post) => posting::post(group, who, post, now),
        Command::Edit(subject) => posting::edit(who, subject, now),
        Command::Delete(subject) => posting::delete(who, subject),
        Command::Vote(vote, subject) => posting::vote(group, who, *vote, subject, now),
        Command::Unvote(vote, subject) => posting::unvote(who, *vote, subject, now),
        Command::Describe => membership::describe(who),
        Command::Report => posting::report(group, who, now),
    }
}
