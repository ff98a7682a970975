//! What can be written about other servers: how they are spoken to, and what waits for them.
//!
//! One rule: that of `args`: a name is added, never changed.

use clap::Subcommand;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::cli::names;
use crate::dialect;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Peer {
    /// List the servers that we know
    List,
    /// Say how a server is spoken to in ActivityPub, whatever it says of itself. Who hears a group in Versia goes on so
    Set {
        #[arg(value_parser = names::host)]
        host: String,
        /// `auto` goes by what the server says of itself
        #[arg(long, value_parser = shapes())]
        shape: String,
    },
    /// Have nothing to do with a server and its sub-domains
    Block {
        #[arg(value_parser = names::host)]
        host: String,
    },
    /// Take back a block
    Unblock {
        #[arg(value_parser = names::host)]
        host: String,
    },
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Queue {
    /// What waits for each server, since when, and why
    Status {
        /// List every server, also those for which nothing waits and nothing is wrong
        #[arg(long)]
        all: bool,
        /// Only the sums
        #[arg(long, conflicts_with = "all")]
        totals: bool,
    },
    /// What waits for one server, and what came of the last attempts
    Show {
        #[arg(value_parser = names::host)]
        host: String,
    },
    /// Try a server again at once, with everything that was put aside for it
    Retry {
        #[arg(value_parser = names::host)]
        host: String,
    },
    /// Send nothing to a server until `queue resume`; what is said meanwhile waits for it
    Pause {
        #[arg(value_parser = names::host)]
        host: String,
    },
    /// Send to a server again, beginning with what waited
    Resume {
        #[arg(value_parser = names::host)]
        host: String,
    },
    /// Give up what waits for a server now, for good
    Drop {
        #[arg(value_parser = names::host)]
        host: String,
        /// Do it; without this, say how much it would be
        #[arg(long)]
        yes: bool,
    },
}

fn shapes() -> impl TypedValueParser<Value = String> {
    PossibleValuesParser::new(dialect::dialects().map(|dialect| dialect.name).chain([AUTO]))
}

/// The word for no override.
pub(in crate::cli) const AUTO: &str = "auto";
