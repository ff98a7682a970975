//! What an actor is to a group right now.

use chrono::{DateTime, Utc};

use crate::domain::group::words;

words! {
    /// What somebody may decide in a group.
    Role {
        Member = "member",
        Admin = "admin",
        Owner = "owner",
    }
}

/// A ban, for good or until a date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ban {
    pub until: Option<DateTime<Utc>>,
    pub reason: Option<String>,
}

/// What an actor is to a group right now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Hears what the group says.
    pub follower: bool,
    /// May post where members may.
    pub member: bool,
    pub role: Role,
    /// Asked for membership; nobody has decided yet.
    pub waiting: bool,
    pub invited: bool,
    /// Was asked to become an admin.
    pub called: bool,
    /// Was offered the group.
    pub offered: bool,
    /// Whatever they post waits for an admin.
    pub watched: bool,
    /// Posts of theirs that are in the group; counted up to what the review asks for.
    pub accepted: u32,
    /// Was in once, and is not any more.
    pub left: bool,
    /// By another's word: whoever was put out does not come back by asking alone.
    pub expelled: bool,
    pub ban: Option<Ban>,
}

impl Standing {
    /// Somebody of whom the group knows nothing.
    #[must_use]
    pub const fn stranger() -> Self {
        Self {
            follower: false,
            member: false,
            role: Role::Member,
            waiting: false,
            invited: false,
            called: false,
            offered: false,
            watched: false,
            accepted: 0,
            left: false,
            expelled: false,
            ban: None,
        }
    }

    /// Whoever runs the server may do what the owner may.
    #[must_use]
    pub fn operator() -> Self {
        Self {
            role: Role::Owner,
            ..Self::stranger()
        }
    }

    /// Whether a ban is in force at `now`.
    #[must_use]
    pub fn is_banned(&self, now: DateTime<Utc>) -> bool {
        self.ban
            .as_ref()
            .is_some_and(|ban| ban.until.is_none_or(|until| until > now))
    }

    /// Whether this one counts where members do.
    #[must_use]
    pub const fn is_in(&self) -> bool {
        self.member || self.runs_it()
    }

    /// Whether this one decides in the group.
    #[must_use]
    pub const fn runs_it(&self) -> bool {
        matches!(self.role, Role::Owner | Role::Admin)
    }
}
