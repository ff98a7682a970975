//! What can be wrong with the private Postgres, each in words that say what to do.
//!
//! One rule: an operator who has never heard of initdb can act on every message. Name the directory or program.

use std::path::PathBuf;

/// How people get Postgres here.
pub(super) const INSTALL: &str = if cfg!(target_os = "macos") {
    "brew install postgresql@17"
} else {
    "apt-get install postgresql"
};

/// What can be wrong with the private Postgres.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No binaries at all.
    #[error(
        "No PostgreSQL {least} or newer was found (looked in: {looked}). Install it with `{INSTALL}`, set \
         `database.binaries` to the directory that holds `postgres` and `initdb`, or set `database.url` to a \
         server of your own.",
        least = super::binaries::LEAST
    )]
    NoBinaries {
        /// The places that were searched, for people.
        looked: String,
    },
    /// The setting names a directory that does not serve.
    #[error("`database.binaries` is {}, but {why}.", dir.display())]
    BadBinaries {
        /// The directory of the setting.
        dir: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The data is of a version whose binaries are not here.
    #[error(
        "{} was made by PostgreSQL {major}, whose binaries were not found. Install postgresql-{major}, or move the \
         data with pg_upgrade.",
        dir.display()
    )]
    OtherMajor {
        /// The data directory.
        dir: PathBuf,
        /// Its major version.
        major: u32,
    },
    /// Something else lies where the cluster should be.
    #[error("{} is not empty and is not a Postgres cluster. Move it away or choose another `data_dir`.", dir.display())]
    NotACluster {
        /// The directory.
        dir: PathBuf,
    },
    /// We are root, and there is nobody to drop to.
    #[error(
        "Postgres does not run as root, and there is neither a user `postgres` nor `nobody` to run it as."
    )]
    NoUser,
    /// The database user cannot get to its data.
    #[error(
        "The database runs as the user `{user}`, who may not pass through {}. Choose a `data_dir` elsewhere, or \
         run `chmod o+x` on that directory.",
        dir.display()
    )]
    Unreachable {
        /// Who it runs as.
        user: String,
        /// The directory that stops them.
        dir: PathBuf,
    },
    /// A directory that must be ours is not.
    #[error(
        "{} must be a directory that only the user `{user}` may enter, and it is not: {why}. Remove it, or run as \
         its owner.",
        dir.display()
    )]
    NotOurs {
        /// The directory.
        dir: PathBuf,
        /// Whose it should be.
        user: String,
        /// In what way it is not.
        why: String,
    },
    /// initdb failed.
    #[error("initdb could not make {}: {output}", dir.display())]
    Init {
        /// The directory that it was to make.
        dir: PathBuf,
        /// What it said.
        output: String,
    },
    /// The server ended before it answered.
    #[error("Postgres ended while starting ({status}). The end of {}: {tail}", log.display())]
    Died {
        /// How it ended.
        status: String,
        /// Its log.
        log: PathBuf,
        /// The last lines of it.
        tail: String,
    },
    /// Not free, and no answer.
    #[error(
        "The database in {} does not answer: {why}. If it is in use from another container or machine, stop that \
         one first.",
        dir.display()
    )]
    Silent {
        /// The data directory.
        dir: PathBuf,
        /// What speaks against starting it anew.
        why: &'static str,
    },
    /// It would not stop, or could not be told to.
    #[error("The database in {} did not stop: {why}.", dir.display())]
    NotStopped {
        /// The data directory.
        dir: PathBuf,
        /// Why.
        why: String,
    },
    /// A file or program could not be used.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}
