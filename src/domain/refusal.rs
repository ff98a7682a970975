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
    #[error("What this answers is locked: it takes no comments.")]
    Locked,
    #[error("Only whoever wrote it may change it.")]
    NotTheAuthor,
    #[error("The thread is for members only: what is said in it cannot name Public.")]
    WiderThanItsThread,
    #[error("It was public, and what was public stays so; it can only be deleted.")]
    WasPublic,
    #[error("Only the owner of the group may do that.")]
    NotTheOwner,
    #[error("Only the owner and the admins of the group may do that.")]
    DoesNotRunIt,
    #[error("The group does not let this actor invite others.")]
    MayNotInvite,
    #[error("The actor that is named is banned from the group.")]
    TheyAreBanned,
    #[error(
        "The actor that is named was put out of the group; only its owner and admins may ask them in again."
    )]
    TheyWerePutOut,
    #[error("The actor that is named is not a member of the group.")]
    TheyAreNotIn,
    #[error("The actor that is named is an admin of the group; only its owner may do that to them.")]
    TheyAreAnAdmin,
    #[error("Nothing of the kind was offered to this actor.")]
    NothingOffered,
    #[error("The group has no owner and no admin any more: it takes nothing new.")]
    Frozen,
    #[error("The group is private: what is posted there cannot name Public.")]
    PublicInPrivate,
    #[error("Only members may vote here.")]
    VotesAreForMembers,
    #[error("The author has changed it since; decide on the entry that holds the new version.")]
    ChangedSince,
    #[error("Only admins may change this collection.")]
    CollectsNot,
    #[error(
        "The group is private, and the software of this actor's server cannot keep what is said in it among its members."
    )]
    CannotKeepIt,
    #[error("The owner of a group cannot be put out of it; the group can be offered to somebody else first.")]
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
            Self::Locked => "locked",
            Self::NotTheAuthor => "not-the-author",
            Self::WiderThanItsThread => "wider-than-its-thread",
            Self::WasPublic => "was-public",
            Self::NotTheOwner => "not-the-owner",
            Self::DoesNotRunIt => "does-not-run-it",
            Self::MayNotInvite => "may-not-invite",
            Self::TheyAreBanned => "they-are-banned",
            Self::TheyWerePutOut => "they-were-put-out",
            Self::TheyAreNotIn => "they-are-not-in",
            Self::TheyAreAnAdmin => "they-are-an-admin",
            Self::NothingOffered => "nothing-offered",
            Self::Frozen => "frozen",
            Self::PublicInPrivate => "public-in-private",
            Self::VotesAreForMembers => "votes-are-for-members",
            Self::ChangedSince => "changed-since",
            Self::CollectsNot => "collects-not",
            Self::CannotKeepIt => "cannot-keep-it",
            Self::IsTheOwner => "is-the-owner",
        }
    }

    /// The field of the activity that it is about.
    #[must_use]
    pub const fn field(self) -> &'static str {
        match self {
            Self::ParentElsewhere | Self::Locked => "object.inReplyTo",
            Self::WiderThanItsThread | Self::WasPublic | Self::PublicInPrivate => "to",
            Self::CollectsNot | Self::TheyWerePutOut => "target",
            Self::Closed
            | Self::Frozen
            | Self::NothingOffered
            | Self::IsTheOwner
            | Self::TheyAreBanned
            | Self::TheyAreNotIn
            | Self::TheyAreAnAdmin
            | Self::ChangedSince => "object",
            _ => "actor",
        }
    }
}
