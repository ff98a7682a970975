//! What can be written on the command line.
//!
//! One rule: operators and their scripts rely on every name here; a name is added, never changed. A new command is a
//! variant here and an arm where its enum is matched.

mod people;
mod policies;
mod posts;
mod servers;

use std::path::PathBuf;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use clap::builder::{NonEmptyStringValueParser, PossibleValuesParser, TypedValueParser};
use clap::{Parser, Subcommand};
use uuid::Uuid;

pub(super) use people::{Admin, People};
pub(super) use policies::{Change, Policies};
pub(super) use posts::{Post, Posts};
pub(super) use servers::{AUTO, Peer, Queue};

use crate::cli::key::Key;
use crate::cli::names::{self, Barred, Named, Waits};
use crate::domain::{CollectPolicy, Iri};
use crate::server::Role;

/// A group server for the fediverse: groups that people of every other server can join and post to.
///
/// Without a command it serves. Settings come from --config FILE, else /etc/folkmoot/config.toml, and from variables
/// such as FOLKMOOT__SERVER__PUBLIC_URL; none needs to be set. Commands work while the server runs.
#[derive(Debug, Parser)]
#[command(name = "folkmoot", version, max_term_width = 100)]
pub(super) struct CommandLine {
    /// Read the settings from this file
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Answer in JSON, for programs
    #[arg(long, global = true)]
    pub(super) json: bool,
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run the server (this is what happens without a command)
    Serve {
        /// What this process does, where several share one database: answer requests, or deliver and do the chores
        #[arg(long, value_name = "all|web|delivery", default_value = "all", value_parser = role(), hide_default_value = true, hide_possible_values = true)]
        role: Role,
    },
    /// Make groups, change them, and see who is in them
    ///
    /// Wherever an ACTOR is named, its URL is taken (https://your.server/users/you), and of somebody on a Versia server a
    /// reference (your.server:ID) or the URL of their entity; wherever a POST, its URL at its origin or here, or the same of its note.
    #[command(subcommand)]
    Group(Group),
    /// What was reported to the operator alone: about groups themselves, those who run them, and the server
    Reports {
        /// This one is handled, and every other of the same
        #[arg(long, value_name = "ID", value_parser = names::id)]
        done: Option<Uuid>,
    },
    /// What is known of other servers, how they are spoken to, and who is not spoken to at all
    #[command(subcommand)]
    Peer(Peer),
    /// What waits to be delivered, and what is to become of it
    #[command(subcommand)]
    Queue(Queue),
    /// Our own keys
    #[command(subcommand)]
    Key(Key),
    /// Bring the database's schema up to date (the server does so itself when it starts)
    Migrate,
    /// Check and show the settings
    #[command(subcommand)]
    Config(Config),
}

#[derive(Debug, Subcommand)]
pub(super) enum Group {
    /// Make a group
    #[command(mut_args(policies::with_default))]
    Create {
        /// Lower-case letters, digits and `_`, at most 64
        #[arg(value_parser = names::new_group)]
        name: String,
        /// What people see as its name
        #[arg(long, value_parser = NonEmptyStringValueParser::new())]
        title: String,
        /// The actor who owns it, on whatever server: https://your.server/users/you, or in Versia your.server:ID
        #[arg(long, value_name = "ACTOR", value_parser = names::actor)]
        owner: Named,
        /// Whether members who speak Versia and those who speak ActivityPub see each other's posts; of a private group they never
        /// do [default: on, of a public group]
        #[arg(long, value_name = "on|off", value_parser = names::switch)]
        bridge: Option<bool>,
        #[command(flatten)]
        policies: Policies,
    },
    /// List the groups
    List,
    /// Show one group: its settings, its numbers, whom it follows, whom it keeps out
    Show { name: String },
    /// Change a group's settings
    Set {
        name: String,
        #[command(flatten)]
        change: Change,
    },
    /// The collections of a group: albums, documents, links
    #[command(subcommand)]
    Collection(Collection),
    /// What was reported to those who run a group
    Reports {
        name: String,
        /// This one is handled, and every other of the same
        #[arg(long, value_name = "ID", value_parser = names::id)]
        done: Option<Uuid>,
    },
    /// Close a group for good: nobody joins or posts any more, what was said stays
    Close { name: String },
    /// List the members, or others who have to do with the group
    Members {
        name: String,
        /// Who is listed
        #[arg(long, value_name = "STATE", default_value = "members", value_parser = PossibleValuesParser::new(STATES))]
        state: String,
    },
    /// Make everybody of a list a member who follows
    ///
    /// The list is CSV; its first line is actor,inbox,shared_inbox,dialect. Without a dialect, how a server speaks is
    /// looked up. Somebody on a Versia server is named by reference, as your.server:ID. A server takes what the group sends once somebody there follows the group.
    Import {
        name: String,
        /// `-` reads standard input
        file: PathBuf,
        /// Leave out lines that are wrong, and say which, instead of importing nothing
        #[arg(long)]
        skip_bad: bool,
    },
    /// Write the members as a list that `group import` takes, in the order in which they came
    Export {
        name: String,
        /// Without it, or with `-`, the list goes to standard output
        file: Option<PathBuf>,
    },
    /// Let in somebody who waits for it, or let through a post that does
    Accept {
        name: String,
        /// Whoever waits, by URL or reference, or the id of an entry as `group pending` shows it
        #[arg(value_name = "ACTOR|ENTRY", value_parser = names::waits)]
        what: Waits,
        /// Kept with the entry
        #[arg(long)]
        reason: Option<String>,
    },
    /// Turn away somebody who waits to be let in, or a post that waits
    Reject {
        name: String,
        /// Whoever waits, by URL or reference, or the id of an entry as `group pending` shows it
        #[arg(value_name = "ACTOR|ENTRY", value_parser = names::waits)]
        what: Waits,
        /// They are told
        #[arg(long)]
        reason: Option<String>,
    },
    #[command(flatten)]
    Posts(Posts),
    /// Follow a group of another server: what is said there is said here, too
    Follow {
        name: String,
        #[arg(value_name = "ACTOR_URL", value_parser = names::actor_url)]
        actor: Iri,
    },
    /// Stop following a group of another server
    Unfollow {
        name: String,
        #[arg(value_name = "ACTOR_URL", value_parser = names::actor_url)]
        actor: Iri,
    },
    /// Keep an actor, or everybody of a server, out of a group
    Ban {
        name: String,
        /// The URL of an actor, in Versia also a reference, such as your.server:ID; or a host
        #[arg(value_name = "ACTOR|HOST", value_parser = names::barred)]
        whom: Barred,
        /// Kept for whoever runs the group
        #[arg(long)]
        reason: Option<String>,
        /// Until then; without it for good. An actor only
        #[arg(long, value_name = "DATE", value_parser = people::date)]
        until: Option<DateTime<Utc>>,
    },
    /// Take back a ban
    Unban {
        name: String,
        /// The URL of an actor, in Versia also a reference, such as your.server:ID; or a host
        #[arg(value_name = "ACTOR|HOST", value_parser = names::barred)]
        whom: Barred,
    },
    #[command(flatten)]
    People(People),
}

/// Whom `group members` lists.
pub(super) const STATES: [&str; 6] = ["members", "followers", "pending", "invited", "banned", "all"];

#[derive(Debug, Subcommand)]
pub(super) enum Collection {
    /// List the collections of a group
    List { name: String },
    /// Make a collection in a group
    Create {
        name: String,
        /// What people see as its name
        #[arg(long, value_parser = NonEmptyStringValueParser::new())]
        title: String,
        /// Who may put something in, and take out what they put in
        #[arg(long, default_value = "members", value_parser = words(CollectPolicy::ALL, CollectPolicy::word))]
        policy: CollectPolicy,
    },
    /// Delete a collection of a group, with the list of what is in it
    Delete {
        name: String,
        /// As `group collection list` shows it
        #[arg(value_parser = names::id)]
        id: Uuid,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum Config {
    /// Say whether the settings are good, and where they come from
    Check,
    /// Print all settings as they are in force, without passwords
    Print,
}

/// A value that is one of our words.
fn words<T>(all: &'static [T], word: fn(T) -> &'static str) -> impl TypedValueParser<Value = T>
where
    T: Copy + FromStr<Err = String> + Send + Sync + 'static,
{
    PossibleValuesParser::new(all.iter().map(|one| word(*one))).try_map(|text| text.parse::<T>())
}

fn role() -> impl TypedValueParser<Value = Role> {
    PossibleValuesParser::new(["all", "web", "delivery"]).map(|text| match text.as_str() {
        "web" => Role::Web,
        "delivery" => Role::Delivery,
        _ => Role::All,
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use clap::error::ErrorKind;

    use super::*;

    fn read(line: &str) -> Result<CommandLine, clap::Error> {
        CommandLine::try_parse_from(
            std::iter::once("folkmoot").chain(line.split(' ').filter(|w| !w.is_empty())),
        )
    }

    fn refused(line: &str) -> clap::Error {
        read(line).expect_err("should be refused")
    }

    #[test]
    fn the_definition_holds_together() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn every_command_that_is_relied_upon_is_understood() {
        for line in [
            "",
            "--config f.toml",
            "serve",
            "serve --config f.toml --role web",
            "serve --role delivery",
            "group create garden --title T --owner https://a.example/u/me",
            "group create garden --title T --owner https://a.example/u/me --summary S --join approval --post anyone \
             --follow reads --review none --visibility public --members-list admins --json",
            "group list --json",
            "group show garden --json",
            "group show !garden@g.example",
            "group set garden --title T --summary S --join closed --post admins",
            "group set garden --rule A --rule B --icon https://a.example/i.png --related https://b.example/c/g",
            "group set garden --rule= --icon= --image= --related=",
            "group set garden --visibility private --vote members",
            "group collection list garden --json",
            "group collection create garden --title Photos --policy admins",
            "group collection delete garden 018f0000-0000-7000-8000-000000000000",
            "group reports garden --json",
            "group reports garden --done 018f0000-0000-7000-8000-000000000000",
            "reports",
            "group close garden",
            "group members garden --json",
            "group members garden --state pending",
            "group import garden members.csv",
            "group import garden - --skip-bad --json",
            "group export garden",
            "group export garden - ",
            "group export garden members.csv --json",
            "group accept garden https://a.example/u/me",
            "group reject garden https://a.example/u/me",
            "group reject garden 019e830e-1a00-7426-95ae-8a3e196d0bbc --reason no",
            "group accept garden https://g.example/activities/019e830e-1a00-7426-95ae-8a3e196d0bbc",
            "group pending garden --json",
            "group remove-post garden https://a.example/p/1 --reason spam",
            "group restore-post garden https://a.example/p/1",
            "group watch garden https://a.example/u/me on",
            "group follow garden https://b.example/c/garden",
            "group unfollow garden https://b.example/c/garden",
            "group ban garden https://a.example/u/me --reason spam",
            "group ban garden evil.example:8443",
            "group ban garden https://a.example/u/me --until 2027-01-31",
            "group ban garden https://a.example/u/me --until 2027-01-31T12:00:00Z",
            "group invite garden https://a.example/u/me",
            "group invite garden https://a.example/u/me --admin --json",
            "group expel garden https://a.example/u/me --reason spam",
            "group transfer garden https://a.example/u/me",
            "group admin add garden https://a.example/u/me",
            "group admin remove garden https://a.example/u/me --json",
            "group unban garden evil.example",
            "group ban garden b.example:u1",
            "group expel garden b.example:u1",
            "group invite garden https://b.example/.versia/v0.6/entities/User/u1",
            "group accept garden b.example:u1",
            "group remove-post garden https://b.example/.versia/v0.6/entities/Note/n2",
            "group lock garden b.example:n2",
            "group watch garden b.example:u1 on",
            "group create garden --title T --owner https://a.example/u/me --bridge off",
            "peer list --json",
            "peer set b.example --shape microblog",
            "peer set b.example --shape auto",
            "peer block evil.example",
            "peer unblock evil.example",
            "queue status --json",
            "queue status --all --json",
            "queue status --totals",
            "queue show b.example --json",
            "queue retry b.example",
            "queue pause b.example",
            "queue resume b.example",
            "queue drop b.example --yes",
            "migrate",
            "config check --config f.toml",
            "config print --json",
        ] {
            if let Err(error) = read(line) {
                panic!("{line}: {error}");
            }
        }
    }

    #[test]
    fn words_that_we_do_not_know_are_refused_with_those_that_we_do() {
        for (line, words) in [
            (
                "group set garden --join everybody",
                "open, approval, invite, closed",
            ),
            ("group set garden --review some", "none, first, non-members, all"),
            ("peer set b.example --shape round", "auto"),
            ("serve --role king", "all, web, delivery"),
        ] {
            let error = refused(line);
            assert!(error.to_string().contains(words), "{error}");
            assert_eq!(error.exit_code(), 2);
        }
    }

    #[test]
    fn names_are_checked_before_anything_is_opened() {
        for line in [
            "group create Garden --title T --owner https://a.example/u/me",
            "group create garden --title T --owner @me@a.example",
            "peer block https://evil.example/",
            "queue retry https://evil.example/",
            "group ban garden https://evil.example",
            "group set garden --title=",
        ] {
            let kind = refused(line).kind();
            assert!(
                matches!(kind, ErrorKind::ValueValidation | ErrorKind::InvalidValue),
                "{line}"
            );
        }
    }
}
