//! What somebody asks of a group, with the facts that the decision needs.
//!
//! One rule: a command names no wire term. Whether somebody sent a Leave or undid a Follow is the dialect's to know.

use crate::domain::{CollectPolicy, Standing, group::words, marking::Mark, standing::Ban};

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
    /// Not to be an admin any more.
    Resign,
    /// Something is to happen to another one, who is this to the group.
    Administer(Act, Standing),
    /// Whoever was invited says yes or no.
    Answer(Call, bool),
    Post(Submission),
    Edit(Subject),
    Delete(Subject),
    /// Somebody who is not its author wants a post out of the group.
    Remove(Subject),
    /// Back in the group, after those who run it took it out.
    Restore(Restored),
    /// A post is to have a mark, or not any more.
    Mark(Mark, Subject, bool),
    /// What was held for review is let through, or not.
    Review(Held, bool),
    Vote(Vote, Subject),
    Unvote(Vote, Subject),
    Report,
    /// Another title, summary, picture, or other policies for the group.
    Describe,
    /// No joins and posts any more, for good.
    Close,
    /// A collection of the group is made, renamed or deleted.
    Arrange,
    /// Something is put into a collection of the group, or taken out.
    Collect(Item),
}

/// What is to happen to another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Who waits becomes a member.
    Admit,
    /// Who waits does not; who is in already is put out.
    TurnAway,
    Expel,
    Ban(Ban),
    Unban,
    Invite,
    /// An invitation, whatever to, is taken back.
    Uninvite(Call),
    /// Asked to become an admin.
    Call,
    /// Made an admin.
    Appoint,
    /// Not an admin any more, by another's word.
    Dismiss,
    /// Offered the group.
    Offer,
    /// Whatever they post waits for an admin, or does not any more.
    Watch(bool),
}

words! {
    /// What somebody can be asked to become.
    Call {
        Member = "member",
        Admin = "admin",
        Owner = "owner",
    }
}

/// Something that was held for review.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Somebody decided already, or its author took it back.
    pub is_decided: bool,
    /// Its author has changed it since.
    pub changed: bool,
    /// It was meant as one version of a post, and not as the post.
    pub is_version: bool,
}

/// Something in a collection of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    pub policy: CollectPolicy,
    /// It is there.
    pub is_in: bool,
    /// It is to be there.
    pub wanted: bool,
    /// Whoever asks put it there.
    pub is_mine: bool,
    /// Whatever is said about it names Public.
    pub names_public: bool,
}

/// A post that is to be in the group again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restored {
    /// Those who run the group took it out, and its author has it still.
    pub is_out: bool,
    /// Whatever is said about it names Public.
    pub names_public: bool,
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
    /// Its parent, or the whole thread, is locked.
    pub parent_is_locked: bool,
    /// A group that this group follows announced it: the author need not be a member here.
    pub relayed: bool,
    /// Somebody who may post here answers it: its author need not be a member either.
    pub vouched: bool,
    /// An admin has let it through.
    pub approved: bool,
}

/// A stored post that something is about; by default one that is not here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// It is in this group.
    pub is_here: bool,
    /// Whoever asks wrote it.
    pub is_mine: bool,
    /// It is for members only, and now says that it is for everybody.
    pub widens: bool,
    pub deleted: bool,
    /// Everybody could read it before, and now not everybody is to.
    pub was_public: bool,
    /// Whatever is said about it names Public.
    pub names_public: bool,
    /// The vote that is asked for, or to be undone, is there.
    pub voted: bool,
    /// It has the mark that is asked for, or to be taken off.
    pub marked: bool,
    /// An admin has let it through.
    pub approved: bool,
}

/// What people do to a post besides answering it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vote {
    Like,
    Dislike,
    /// Somebody passed it on to their own followers; counted, not announced.
    Share,
    /// Somebody answered the question that it asks.
    Answer,
}

impl Vote {
    /// Of two that nobody has at once the other one.
    #[must_use]
    pub const fn opposite(self) -> Option<Self> {
        match self {
            Self::Like => Some(Self::Dislike),
            Self::Dislike => Some(Self::Like),
            Self::Share | Self::Answer => None,
        }
    }

    /// The word for it in the database.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Like => "like",
            Self::Dislike => "dislike",
            Self::Share => "share",
            Self::Answer => "answer",
        }
    }
}
