//! What happened.

use crate::domain::{Call, Vote, marking::Mark, standing::Ban};

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
    /// Waited, and does not any more; a follower goes on reading.
    TurnedAway,
    Expelled,
    Banned(Ban),
    Unbanned,
    /// May become a member, an admin or the owner by saying yes.
    Called(Call),
    /// May not any more: it was taken back, or they said no.
    CallEnded(Call),
    Appointed,
    Dismissed,
    /// Owns the group from now on. Who owned it is one of its admins.
    Owns,
    Watched(bool),
    Posted,
    /// Waits for an admin; nobody else hears of it.
    Held,
    /// The same post again: nothing changes, nobody is told.
    AlreadyPosted,
    Edited,
    Deleted,
    /// Out of the group by another's word.
    Removed,
    /// Back in it.
    Restored,
    /// It has this mark from now on, or not any more.
    Marked(Mark, bool),
    /// What was held is let through, or not.
    Reviewed(bool),
    Voted(Vote),
    Unvoted(Vote),
    Reported,
    Described,
    Closed,
    Arranged,
    Collected,
    Uncollected,
}

impl Event {
    /// Whether members hear of it, and by which word the log calls it.
    #[must_use]
    pub const fn announced_as(&self) -> Option<&'static str> {
        match self {
            Self::Posted => Some("posted"),
            Self::Edited => Some("edited"),
            Self::Deleted => Some("deleted"),
            Self::Removed => Some("removed"),
            Self::Restored => Some("restored"),
            Self::Marked(Mark::Locked, true) => Some("locked"),
            Self::Marked(Mark::Locked, false) => Some("unlocked"),
            Self::Marked(Mark::Pinned, true) => Some("pinned"),
            Self::Marked(Mark::Pinned, false) => Some("unpinned"),
            Self::Voted(Vote::Like | Vote::Dislike) => Some("voted"),
            Self::Voted(Vote::Answer) => Some("answered"),
            Self::Unvoted(Vote::Like | Vote::Dislike | Vote::Answer) => Some("unvoted"),
            Self::Collected => Some("collected"),
            Self::Uncollected => Some("uncollected"),
            _ => None,
        }
    }
}
