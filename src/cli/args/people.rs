//! What can be written about the people of a group, and about who runs it.
//!
//! One rule: that of `args`: a name is added, never changed.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use clap::Subcommand;

use crate::cli::names::{self, Named};

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum People {
    /// Invite somebody: they are in once they ask to join, whatever the group's policy
    Invite {
        name: String,
        /// Their URL; in Versia also a reference, such as your.server:ID
        #[arg(value_parser = names::actor)]
        actor: Named,
        /// To be an admin, once they accept
        #[arg(long)]
        admin: bool,
    },
    /// Put somebody out; whoever was put out and asks again waits for an admin
    Expel {
        name: String,
        /// Their URL; in Versia also a reference, such as your.server:ID
        #[arg(value_parser = names::actor)]
        actor: Named,
        /// They are told
        #[arg(long)]
        reason: Option<String>,
    },
    /// Offer the group to somebody: they own it once they accept, and nothing changes before
    Transfer {
        name: String,
        /// Their URL; in Versia also a reference, such as your.server:ID
        #[arg(value_parser = names::actor)]
        actor: Named,
    },
    /// Make a member an admin, or take that back
    #[command(subcommand)]
    Admin(Admin),
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Admin {
    /// Make a member an admin, at once
    Add {
        name: String,
        /// Their URL; in Versia also a reference, such as your.server:ID
        #[arg(value_parser = names::actor)]
        actor: Named,
    },
    /// Make an admin a plain member again
    Remove {
        name: String,
        /// Their URL; in Versia also a reference, such as your.server:ID
        #[arg(value_parser = names::actor)]
        actor: Named,
    },
}

/// A day, which then begins in UTC, or a day and time.
pub(super) fn date(text: &str) -> Result<DateTime<Utc>, String> {
    let day = || {
        text.parse::<NaiveDate>()
            .map(|day| day.and_time(NaiveTime::MIN).and_utc())
    };
    DateTime::parse_from_rfc3339(text)
        .map(|date| date.to_utc())
        .or_else(|_| day())
        .map_err(|_| "a date is written 2027-01-31, or with its time 2027-01-31T12:00:00Z".to_owned())
}
