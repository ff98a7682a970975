//! What somebody asks of a group, with the facts that the decision needs.
//!
//! One rule: a command names no wire term. Whether somebody sent a Leave or undid a Follow is the dialect's to know.

use crate::domain::standing::Ban;

/// How somebody asks to come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// To read; by the group's setting also to become a member.
    Follow,
    /// To become a member.
    Join,
}

/// What somebody asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    Join(Way),
    Leave,
    /// Somebody who decides here lets this one in.
    Admit,
    /// Somebody who decides here keeps this one out.
    Ban(Ban),
    Post(Submission),
    Edit(Subject),
    Delete(Subject),
    Vote(Vote, Subject),
    Unvote(Vote, Subject),
    Report,
    /// Another title or summary for the group.
    Describe,
}

/// A post that wants to be in the group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    /// It answers a post; false: it starts a thread.
    pub is_comment: bool,
    /// Everybody may read it.
    pub public: bool,
    /// Everybody could read it before, and now not everybody is to.
    pub was_public: bool,
    /// It is in this group already, or was and is deleted.
    pub known: bool,
    /// Its parent is in this group, and not deleted.
    pub parent_is_here: bool,
    /// Its parent is for members only.
    pub parent_is_private: bool,
    /// A group that this group follows announced it: the author need not be a member here.
    pub relayed: bool,
}

/// A stored post that something is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject {
    /// It is in this group.
    pub is_here: bool,
    /// Whoever asks wrote it.
    pub is_mine: bool,
    pub deleted: bool,
    /// Everybody could read it before, and now not everybody is to.
    pub was_public: bool,
    /// The vote that is asked for, or to be undone, is there.
    pub voted: bool,
}

/// What people do to a post besides answering it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vote {
    Like,
    Dislike,
    /// Somebody passed it on to their own followers; counted, not announced.
    Share,
}

impl Vote {
    /// The word for it in the database.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Like => "like",
            Self::Dislike => "dislike",
            Self::Share => "share",
        }
    }
}
