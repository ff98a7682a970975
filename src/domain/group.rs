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

            fn from_str(text: &str) -> Result<Self, String> {
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
    /// Who may hear of something.
    Audience {
        Public = "public",
        Members = "members",
    }
}

/// What a decision needs to know of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub name: String,
    pub owner: Iri,
    pub join: JoinPolicy,
    pub post: PostPolicy,
    pub follow: FollowMeans,
    pub closed: bool,
}
