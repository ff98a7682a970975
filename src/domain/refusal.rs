//! Why not.
//!
//! One rule: each refusal says what would have to be different, in a sentence that the sender may read. `code()` is
//! its stable name in problem documents; nothing of the sender's text is in either.

/// Why a group says no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("This actor is banned from the group.")]
    Banned,
    #[error("The group takes new members by invitation only.")]
    NotInvited,
    #[error("The group takes no new members.")]
    ClosedToNewMembers,
    #[error("The group is closed.")]
    Closed,
    #[error("Only members may post here. Join first; if you have, the request is waiting for an admin.")]
    NotAMember,
    #[error("Only followers and members may post here. Follow the group first.")]
    NotAFollower,
    #[error("Only the group's owner and admins may start threads here.")]
    NotAnAdmin,
    #[error("What this answers is not in the group.")]
    ParentElsewhere,
    #[error("Only whoever wrote it may change it.")]
    NotTheAuthor,
    #[error("What it answers is for members only, so it cannot name Public.")]
    WiderThanItsThread,
    #[error("It was public, and what was public stays so; it can only be deleted.")]
    WasPublic,
    #[error("Only the owner of a group may change it.")]
    NotTheOwner,
    #[error("There is nobody to let in: this actor has not asked to join.")]
    NothingWaits,
    #[error("The owner of a group cannot be banned from it.")]
    IsTheOwner,
}

impl Refusal {
    /// The stable name, as in `https://HOST/problems#not-a-member`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Banned => "banned",
            Self::NotInvited => "not-invited",
            Self::ClosedToNewMembers => "closed-to-new-members",
            Self::Closed => "closed",
            Self::NotAMember => "not-a-member",
            Self::NotAFollower => "not-a-follower",
            Self::NotAnAdmin => "not-an-admin",
            Self::ParentElsewhere => "parent-elsewhere",
            Self::NotTheAuthor => "not-the-author",
            Self::WiderThanItsThread => "wider-than-its-thread",
            Self::WasPublic => "was-public",
            Self::NotTheOwner => "not-the-owner",
            Self::NothingWaits => "nothing-waits",
            Self::IsTheOwner => "is-the-owner",
        }
    }

    /// The field of the activity that it is about.
    #[must_use]
    pub const fn field(self) -> &'static str {
        match self {
            Self::ParentElsewhere => "object.inReplyTo",
            Self::WiderThanItsThread | Self::WasPublic => "to",
            Self::Closed | Self::NothingWaits => "object",
            _ => "actor",
        }
    }
}
