//! The command line.
//!
//! One rule: a command does its work in the rooms below, in one transaction of the shared database, so it is in force
//! when it returns, whether or not a server runs. A new command is a variant in `args.rs` and an arm in the file of its
//! subject.
//!
//! Answers go to standard output, what went wrong to standard error in a sentence or two (with `--json`: in an object
//! `{"error": ...}`): exit 2 for bad usage, 1 for the rest.

mod args;
mod group;
mod key;
mod members;
mod names;
mod peer;
mod print;
mod queue;
mod reports;
mod serve;
mod settings;
mod signals;

use std::future::Future;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::bail;
use clap::Parser;
use serde_json::json;
use tokio::runtime::Runtime;

use args::{Command, CommandLine, Group};
use print::Out;

use crate::clock::Clock;
use crate::config::Settings;
use crate::server::{self, Database, House, Role};

/// What the program was asked wrongly.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Usage(String);

/// The program, from its arguments to its exit code.
#[must_use]
pub fn run() -> ExitCode {
    let line = match CommandLine::try_parse() {
        Ok(line) => line,
        Err(error) => return bad_usage(&error),
    };
    let out = Out { json: line.json };
    match act(line, out) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            out.error(&error.to_string());
            ExitCode::from(if error.is::<Usage>() { 2 } else { 1 })
        }
    }
}

/// Help and version, too, are errors to the parser.
fn bad_usage(error: &clap::Error) -> ExitCode {
    match error.render().to_string().strip_prefix("error: ") {
        Some(said) => {
            // What could not be read as a whole is looked at for this one word.
            let json = std::env::args_os().any(|word| word == "--json");
            Out { json }.error(said);
            ExitCode::from(2)
        }
        None => error.exit(),
    }
}

fn act(line: CommandLine, out: Out) -> anyhow::Result<()> {
    let settings = settings::load(line.config.as_deref())?;
    match line.command.unwrap_or(Command::Serve { role: Role::All }) {
        Command::Config(command) => settings::run(&settings, line.config.as_deref(), &command, out),
        Command::Serve { role } => Runtime::new()?.block_on(serve::run(settings, line.config, role, out)),
        Command::Migrate => Runtime::new()?.block_on(migrate(&settings, out)),
        Command::Group(Group::Import { name, file, skip_bad }) => {
            let ask = members::Ask {
                name: &name,
                file: &file,
                skip_bad,
            };
            members::import(settings, &ask, out)
        }
        Command::Group(command) => {
            group::check(&command, out)?;
            in_house(settings, async |house| group::run(house, command, out).await)
        }
        Command::Reports { done } => {
            in_house(settings, async |house| reports::run(house, None, done, out).await)
        }
        Command::Key(command) => in_house(settings, async |house| key::run(house, command, out).await),
        Command::Peer(command) => in_house(settings, async |house| peer::run(house, command, out).await),
        Command::Queue(command) => in_house(settings, async |house| queue::run(house, command, out).await),
    }
}

/// Opens the house, does something in it, and closes it whatever came of that.
fn in_house(
    settings: Arc<Settings>,
    work: impl AsyncFnOnce(&House) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    Runtime::new()?.block_on(async {
        let interrupted = signals::first()?;
        let house = server::open(settings, Clock::system()).await?;
        let done = unless(interrupted, work(&house)).await;
        house.close().await;
        done
    })
}

async fn unless(
    interrupted: impl Future<Output = ()>,
    work: impl Future<Output = anyhow::Result<()>>,
) -> anyhow::Result<()> {
    tokio::select! {
        done = work => done,
        () = interrupted => bail!("interrupted"),
    }
}

async fn migrate(settings: &Settings, out: Out) -> anyhow::Result<()> {
    let database = Database::open(settings, Clock::system()).await?;
    database.close().await;
    let migrations = crate::store::migrations();
    let text = format!(
        "The schema is up to date ({}).",
        print::count(migrations as i64, "migration", "migrations")
    );
    out.answer(&json!({"migrations": migrations}), &text)
}
