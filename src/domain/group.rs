//! A group and its policies.
//!
//! One rule: a policy is an enum with the words that the command line, the database and the wire use.

use crate::domain::Iri;

/// Makes an enum of words: parsed from and written as the same lower-case text everywhere.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            /// Every word, for help texts and tests.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word for it.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> std::result::Result<Self, String> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(format!("'{text}' is none of: {}", [$($word),+].join(", "))),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.word())
            }
        }
    };
}
pub(crate) use words;

words! {
    /// Who becomes a member by asking.
    JoinPolicy {
        Open = "open",
        /// An admin decides.
        Approval = "approval",
        /// Only those who were invited.
        Invite = "invite",
        Closed = "closed",
    }
}

words! {
    /// Who may start a thread. Comments need membership unless it is `anyone` or `followers`.
    PostPolicy {
        Anyone = "anyone",
        Followers = "followers",
        Members = "members",
        Admins = "admins",
    }
}

words! {
    /// Whether a Follow also asks for membership.
    FollowMeans {
        Joins = "joins",
        Reads = "reads",
    }
}

words! {
    /// Who sees the list of members; others see a count.
    ListPolicy {
        Public = "public",
        Members = "members",
        Admins = "admins",
    }
}

words! {
    /// Who may read what is said.
    Visibility {
        Public = "public",
        /// Members; nobody else learns more than that the group is there.
        Private = "private",
    }
}

words! {
    /// Who may invite others.
    InvitePolicy {
        Members = "members",
        Admins = "admins",
    }
}

words! {
    /// Who may change what the group says of itself.
    InfoPolicy {
        Owner = "owner",
        Admins = "admins",
    }
}

words! {
    /// Which posts wait for an admin; never those of the owner and of admins.
    Review {
        None = "none",
        /// Those of an author of whom too few were accepted yet.
        First = "first",
        NonMembers = "non-members",
        All = "all",
    }
}

words! {
    /// Whose votes count. In a private group always those of members.
    VotePolicy {
        Anyone = "anyone",
        Members = "members",
    }
}

words! {
    /// Who may add to a collection of the group, and take from it.
    CollectPolicy {
        Members = "members",
        Admins = "admins",
    }
}

words! {
    /// Who may hear of something.
    Audience {
        Public = "public",
        Members = "members",
    }
}

/// What a group allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policies {
    pub join: JoinPolicy,
    pub post: PostPolicy,
    pub follow: FollowMeans,
    pub visibility: Visibility,
    pub members_list: ListPolicy,
    pub invite: InvitePolicy,
    pub info: InfoPolicy,
    pub review: Review,
    /// With [`Review::First`]: how many posts of an author an admin accepts before the others pass.
    pub review_count: u32,
    /// Admins make others admins, too, and not only the owner.
    pub admins_appoint: bool,
    pub vote: VotePolicy,
}

impl Default for Policies {
    fn default() -> Self {
        Self {
            join: JoinPolicy::Open,
            post: PostPolicy::Members,
            follow: FollowMeans::Joins,
            visibility: Visibility::Public,
            members_list: ListPolicy::Public,
            invite: InvitePolicy::Members,
            info: InfoPolicy::Owner,
            review: Review::None,
            review_count: 1,
            admins_appoint: false,
            vote: VotePolicy::Anyone,
        }
    }
}

/// Policies that are to be others; `None` stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PolicyChange {
    pub join: Option<JoinPolicy>,
    pub post: Option<PostPolicy>,
    pub follow: Option<FollowMeans>,
    pub visibility: Option<Visibility>,
    pub members_list: Option<ListPolicy>,
    pub invite: Option<InvitePolicy>,
    pub info: Option<InfoPolicy>,
    pub review: Option<Review>,
    pub review_count: Option<u32>,
    pub admins_appoint: Option<bool>,
    pub vote: Option<VotePolicy>,
}

impl PolicyChange {
    /// The policies after it.
    #[must_use]
    pub fn of(&self, before: Policies) -> Policies {
        Policies {
            join: self.join.unwrap_or(before.join),
            post: self.post.unwrap_or(before.post),
            follow: self.follow.unwrap_or(before.follow),
            visibility: self.visibility.unwrap_or(before.visibility),
            members_list: self.members_list.unwrap_or(before.members_list),
            invite: self.invite.unwrap_or(before.invite),
            info: self.info.unwrap_or(before.info),
            review: self.review.unwrap_or(before.review),
            review_count: self.review_count.unwrap_or(before.review_count),
            admins_appoint: self.admins_appoint.unwrap_or(before.admins_appoint),
            vote: self.vote.unwrap_or(before.vote),
        }
    }
}

words! {
    /// Whether somebody is there to decide for a group.
    Rule {
        Owned = "owned",
        /// The owner's account is gone, and its admins go on without; each of them was offered the group.
        Orphaned = "orphaned",
        /// No owner and no admin is left: nothing new is taken.
        Frozen = "frozen",
    }
}

/// What a decision needs to know of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub name: String,
    pub owner: Iri,
    pub policies: Policies,
    pub rule: Rule,
    pub closed: bool,
}
