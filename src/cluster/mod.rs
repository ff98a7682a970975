//! The private Postgres: finding, making, starting, sharing and stopping it.
//!
//! One rule: the data directory has one server, and whether it lives is told by locks and by an answer on its
//! socket, never by a pid. Containers reuse pids; kill -9 leaves pid files behind.
//!
//! Two lock files lie beside the cluster, both `flock`, so the kernel lets go of them however their holder dies:
//!
//! - `postgres.turn` is held exclusively by whoever is making, starting, adopting or stopping the server.
//! - `postgres.lock` is held shared by every process that uses the cluster, for as long as it does. It is taken
//!   and tried exclusively only by the holder of the turn, so nobody ever waits for it.
//!
//! [`Cluster::open`] takes the turn. An answer on the socket means adopt. No answer, no process at work on the
//! directory and nobody else on `postgres.lock` means start, after a stale pid file is cleared away. Anything else is
//! waited for, and refused when it lasts. [`Cluster::close`] takes the turn, lets go of `postgres.lock`, and stops the
//! server if it can then have that lock alone: the last one turns off the light. A process that dies without
//! closing leaves the server running, and the next one adopts it.
//!
//! `postgres/` is the data directory and `postgres.log` the server's log. To support one more place where Postgres
//! is installed, add it to `binaries::Places`; one more server setting, to `launch::settings`.

mod binaries;
mod error;
mod launch;
mod locks;
mod place;
mod probe;
mod processes;
mod runner;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use binaries::Binaries;
pub use error::Error;
use launch::Server;
use locks::Locks;
use place::Place;
use probe::Answer;

/// How long a directory may be in somebody's hands without an answer on its socket before we give up.
const SILENCE: Duration = Duration::from_secs(20);
/// How long a server may say "starting up": it may be replaying a long log after a crash.
const RECOVERY: Duration = Duration::from_secs(600);
/// How soon we look again.
const LOOK: Duration = Duration::from_millis(10);
/// And how late at most: each look at a starting server is a line in its log.
const LONGEST_LOOK: Duration = Duration::from_millis(500);

/// The superuser of the cluster, which initdb makes.
const USER: &str = "folkmoot";
/// The database that every cluster has. The cluster is private, so a second one would add nothing.
const DATABASE: &str = "postgres";

/// Where the cluster is and how it runs.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// The cluster is `<data_dir>/postgres`; made if it is not there.
    pub data_dir: &'a Path,
    /// The directory that holds `postgres` and `initdb`; searched for if not given.
    pub binaries: Option<&'a Path>,
    /// For tests: nothing is synced to disk, so a crash of the machine loses it all.
    pub throwaway: bool,
}

/// A running private Postgres, in use by this process.
///
/// Dropped without [`Cluster::close`], it leaves the server running for the next one to adopt.
#[derive(Debug)]
pub struct Cluster {
    place: Place,
    locks: Locks,
    throwaway: bool,
    warden: Option<std::process::ChildStdin>,
}

impl Cluster {
    /// Finds or makes the cluster, starts its server or adopts the one that runs, and waits until it answers.
    ///
    /// # Errors
    /// Each [`Error`] says in words what is wrong and what to do about it.
    pub async fn open(options: Options<'_>) -> Result<Self, Error> {
        let place = Place::prepare(options.data_dir)?;
        let mut locks = Locks::beside(&place.data_dir)?;
        let turn = locks.turn().await?;
        let alone = locks.enter(&turn)?;
        settle(&place, &options, alone, SILENCE).await?;
        locks.share(&turn)?;
        drop(turn);
        Ok(Self {
            place,
            locks,
            throwaway: options.throwaway,
            warden: None,
        })
    }

    /// The directory of the server's Unix socket.
    #[must_use]
    pub fn socket_dir(&self) -> &Path {
        &self.place.socket_dir
    }

    /// The role to connect as: a superuser, without a password.
    #[must_use]
    pub fn user(&self) -> &str {
        USER
    }

    /// The database to use.
    #[must_use]
    pub fn database(&self) -> &str {
        DATABASE
    }

    /// Stops using the cluster; whoever is the last to do so stops the server.
    ///
    /// # Errors
    /// If the server cannot be told to stop or takes more than a minute over it. It is no longer ours then either.
    pub async fn close(mut self) -> Result<(), Error> {
        let turn = self.locks.turn().await?;
        if self.locks.leave(&turn)? {
            launch::stop(&self.place).await?;
        }
        Ok(())
    }

    /// For tests, which have no last act: once this process is gone, however it ends, the server is stopped and
    /// the data directory removed. Does nothing to a cluster that is not `throwaway`.
    ///
    /// # Errors
    /// If no shell can be started to keep watch.
    pub fn perish_with_owner(&mut self) -> Result<(), Error> {
        if self.throwaway && self.warden.is_none() {
            self.warden = launch::warden(&self.place)?;
        }
        Ok(())
    }
}

/// What the directory needs before its server answers.
async fn settle(place: &Place, options: &Options<'_>, alone: bool, silence: Duration) -> Result<(), Error> {
    let begun = Instant::now();
    loop {
        match probe::ask(&place.socket()).await? {
            Answer::Ready => return Ok(()),
            Answer::Starting if begun.elapsed() > RECOVERY => return Err(place.silent("still starting up")),
            Answer::Nobody if alone && processes::on(place).is_empty() => return begin(place, options).await,
            Answer::Nobody if begun.elapsed() >= silence => return Err(place.silent(whose(alone))),
            Answer::Starting | Answer::Nobody => pause(begun).await,
        }
    }
}

/// The longer we wait, the less often we look.
async fn pause(begun: Instant) {
    sleep((begun.elapsed() / 10).clamp(LOOK, LONGEST_LOOK)).await;
}

/// Why a directory without an answer is not free.
fn whose(alone: bool) -> &'static str {
    if alone {
        "a Postgres process is at work on it"
    } else {
        "another process says that it is using it"
    }
}

/// Nobody is here: makes the cluster if there is none, starts the server, and waits for its first answer.
async fn begin(place: &Place, options: &Options<'_>) -> Result<(), Error> {
    let binaries = Binaries::find(options.binaries, place.major()?)?;
    if place.is_new() {
        launch::init(place, &binaries, options.throwaway).await?;
    }
    place.prepare_socket_dir()?;
    place.clear_stale()?;
    let mut server = Server::start(place, &binaries, options.throwaway)?;
    let begun = Instant::now();
    while probe::ask(&place.socket()).await? != Answer::Ready {
        server.check_alive()?;
        if begun.elapsed() > RECOVERY {
            return Err(place.silent("still starting up"));
        }
        pause(begun).await;
    }
    Ok(())
}

/// An I/O error with the path that it happened to.
fn at(path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    let path: PathBuf = path.to_owned();
    move |source| Error::Io { path, source }
}
