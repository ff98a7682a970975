//! What can be written about the posts of a group: what waits, whose waits, what is taken out, locked
//! and pinned.
//!
//! One rule: that of `args`: a name is added, never changed.

use clap::{Args, Subcommand};

use crate::cli::names::{self, Named};

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Posts {
    /// List what waits for an admin: posts, edits, and those who ask to be let in
    Pending { name: String },
    /// Take a post out of a group
    RemovePost {
        name: String,
        /// Its id at its origin, or here; in Versia also a reference, such as your.server:ID
        #[arg(value_name = "POST", value_parser = names::post)]
        post: Named,
        /// Goes out with the removal
        #[arg(long)]
        reason: Option<String>,
    },
    /// Put back a post that was taken out of a group
    RestorePost(Post),
    /// Let a thread take no more comments
    Lock(Post),
    /// Let it take comments again
    Unlock(Post),
    /// Show a post first
    Pin(Post),
    /// Show it among the others again
    Unpin(Post),
    /// Let whatever somebody posts wait for an admin, or not any more
    Watch {
        name: String,
        /// Their URL; in Versia also a reference, such as your.server:ID
        #[arg(value_name = "ACTOR", value_parser = names::actor)]
        actor: Named,
        #[arg(value_parser = ["on", "off"])]
        watched: String,
    },
}

/// A post of a group.
#[derive(Debug, Args)]
pub(in crate::cli) struct Post {
    pub(in crate::cli) name: String,
    /// Its id at its origin, or here; in Versia also a reference, such as your.server:ID
    #[arg(value_name = "POST", value_parser = names::post)]
    pub(in crate::cli) post: Named,
}
