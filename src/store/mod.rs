//! All SQL.
//!
//! One rule: a question is one query in the file of its table family, and gives a domain type back; a row that makes no
//! sense is an [`Error::Nonsense`] that names table, column and row. What a turn does takes its [`Tx`]; what stands alone
//! is a method of [`Store`]. A new table is a migration, a file here and a line below.

mod actor;
pub mod asked;
pub mod album;
mod bell;
pub mod call;
pub mod clearing;
pub mod collections;
mod connect;
pub mod deeds;
pub mod departed;
mod domain;
pub mod facts;
pub mod following;
pub mod group;
pub mod held;
pub mod import;
mod lane;
mod listing;
pub mod moving;
pub mod log;
pub mod mark;
pub mod membership;
mod mirror;
pub mod notice;
pub mod news;
pub mod original;
mod own_key;
pub mod people;
mod peer;
pub mod post;
mod queue;
mod reach;
pub mod received;
pub mod record;
pub mod report;
mod scheme;
mod settle;
pub mod restoring;
mod shard;
pub mod turn;
mod view;
mod view_activity;
mod view_held;
mod view_history;
mod view_post;
mod view_thread;
mod view_wall;

use chrono::{DateTime, Utc};
use sqlx::PgPool;

pub use actor::{
    Actor, ActorId, KeyHolder, NewActor, actor_in, insert_own_actor, mark_gone_in, stub_actor_in,
};
pub use album::{AlbumView, ItemView};
pub use bell::Listening;
pub use collections::{Person, Slice};
pub use connect::{Origin, migrations};
pub use domain::{DomainKey, Meant, NewUser, UserSaid};
pub use group::GroupId;
pub use lane::{
    Ahead, Blocks, Due, DueLane, Ear, Failing, Fate, Item, Mark, Page, Piece, Reached, Settled, Sight, Stuck,
    Walls, domain_of,
};
pub use listing::{FollowingRow, GroupRow, HostBanRow, MemberRow, PeerRow};
pub use log::DestinationId;
pub use mirror::{
    Face, ListedVote, Mirror, MirroredPost, MirroredVote, Narrowed, NewMirror, OriginalPost, SharedPost,
    VotesListed, Window,
};
pub use own_key::{
    DOMAIN, OwnKey, ed25519_of, has_ed25519, insert_own_key, is_ed25519, keep_key_of_steward, key_of_group,
    key_of_steward,
};
pub use peer::{LookedUp, PeerClass, peer_class_in, shape_of};
pub use queue::{Gap, Gaps, GivenUp, LaneState, Outcome, QueueRow, Sample};
pub use record::Record;
pub use report::ReportRow;
pub use shard::{SHARDS, ShardLocks};
pub use view::{Figures, GroupCard, GroupView, HostFigures, Viewer, group_face};
pub use view_activity::{ActivityView, AnnouncedView};
pub use view_held::{HeldView, Reviewer, Waiting};
pub use view_post::{AuthorView, PostView, ThreadView};
pub use view_thread::CommentView;

use crate::clock::Clock;

/// A transaction; every write of a turn goes through one.
pub type Tx = sqlx::Transaction<'static, sqlx::Postgres>;

/// The database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    pool: PgPool,
    /// For batches: see `turn.rs`.
    turns: PgPool,
    clock: Clock,
    bell: bell::Bell,
}

/// Why the store could not answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the database did not answer: {0}")]
    Database(#[source] sqlx::Error),
    #[error("the database's schema could not be brought up to date: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// A row that we cannot have written, or that a later version wrote.
    #[error("table {table}, row {row}: {column} makes no sense")]
    Nonsense {
        table: &'static str,
        column: &'static str,
        row: String,
    },
    #[error("{0}")]
    TooOld(String),
    /// Session locks do not hold through it.
    #[error(
        "the database is reached through a pooler that gives each transaction another session; \
         give `database.url` a direct address or a pooler in session mode"
    )]
    Pooler,
    /// A name or id that is taken already.
    #[error("{0}")]
    Taken(String),
}

impl Error {
    /// Whether the same transaction may well succeed when it is run again: two were in each other's way.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        let Self::Database(sqlx::Error::Database(error)) = self else {
            return false;
        };
        // Serialisation failure, deadlock, and a row that another transaction has just inserted.
        matches!(error.code().as_deref(), Some("40001" | "40P01" | "23505"))
    }
}

impl Error {
    /// Whether the database was not reached at all, or the connection to it was lost: no other statement would end better.
    #[must_use]
    pub fn is_outage(&self) -> bool {
        use sqlx::Error::{Io, PoolClosed, PoolTimedOut, Protocol, Tls, WorkerCrashed};
        matches!(
            self,
            Self::Database(Io(_) | PoolClosed | PoolTimedOut | Protocol(_) | Tls(_) | WorkerCrashed)
        )
    }
}

/// Poolers in transaction mode lose prepared statements, or give us somebody else's.
const LOST_STATEMENT: [&str; 2] = ["42P05", "26000"];

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match error.as_database_error().and_then(|error| error.code()) {
            Some(code) if LOST_STATEMENT.contains(&code.as_ref()) => Self::Pooler,
            _ => Self::Database(error),
        }
    }
}

pub type Result<T> = std::result::Result<T, Error>;

impl Store {
    /// Begins a transaction.
    ///
    /// # Errors
    /// If no connection is free in time, or the database does not answer.
    pub async fn begin(&self) -> Result<Tx> {
        Ok(self.pool.begin().await?)
    }

    /// The time by which rows are written: the clock's, never the database's.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// The clock that it was opened with.
    #[must_use]
    pub const fn clock(&self) -> &Clock {
        &self.clock
    }
}

/// Ids that are only remembered are kept as hashes: 32 bytes instead of up to 2,048.
pub(crate) fn hash(iri: &str) -> Vec<u8> {
    use sha2::{Digest, Sha256};
    Sha256::digest(iri.as_bytes()).to_vec()
}

/// Reads a word of ours back from a column.
pub(crate) fn word<T: std::str::FromStr>(
    table: &'static str,
    column: &'static str,
    row: impl std::fmt::Display,
    text: &str,
) -> Result<T> {
    text.parse().map_err(|_| Error::Nonsense {
        table,
        column,
        row: row.to_string(),
    })
}
