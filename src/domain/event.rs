//! What happened.

use crate::domain::{Vote, standing::Ban};

/// What a group decided; the engine writes it down and the dialects tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Hears the group from now on. Said again to whoever asks again: the first answer may never have arrived (lemmy#3203).
    FollowerAccepted,
    MemberAccepted,
    /// Waits for an admin. Becomes nothing else by it.
    MembershipRequested,
    /// Was a member, a follower or waiting, and is not any more.
    Left,
    Banned(Ban),
    Posted,
    /// The same post again: nothing changes, nobody is told.
    AlreadyPosted,
    Edited,
    Deleted,
    Voted(Vote),
    Unvoted(Vote),
    Reported,
    Described,
}

impl Event {
    /// Whether members hear of it, and by which word the log calls it.
    #[must_use]
    pub const fn announced_as(&self) -> Option<&'static str> {
        match self {
            Self::Posted => Some("posted"),
            Self::Edited => Some("edited"),
            Self::Deleted => Some("deleted"),
            Self::Voted(Vote::Like | Vote::Dislike) => Some("voted"),
            Self::Unvoted(Vote::Like | Vote::Dislike) => Some("unvoted"),
            _ => None,
        }
    }
}
