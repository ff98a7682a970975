//! Opening the database and bringing its schema up to date.

use std::{path::Path, time::Duration};

use sqlx::{
    Connection, PgConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::{
    clock::Clock,
    store::{Error, Result, Store, bell::Bell, turn},
};

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

/// Oldest Postgres that we are tried on.
const OLDEST_MAJOR: u32 = 14;

/// Where the database is.
#[derive(Clone, Debug)]
pub enum Origin<'a> {
    /// A `postgres://` URL.
    Url(&'a str),
    /// A Unix socket without a password: the private cluster.
    Socket {
        dir: &'a Path,
        user: &'a str,
        database: &'a str,
    },
}

impl Store {
    /// Connects; changes nothing.
    ///
    /// # Errors
    /// If the URL cannot be read, the database does not answer, or it is too old.
    pub async fn connect(origin: &Origin<'_>, connections: u32, clock: Clock) -> Result<Self> {
        let options = match origin {
            Origin::Url(url) => url.parse::<PgConnectOptions>()?,
            Origin::Socket { dir, user, database } => PgConnectOptions::new_without_pgpass()
                .socket(dir)
                .username(user)
                .database(database),
        };
        let options = options.application_name("folkmoot").options([
            ("synchronous_commit", synchronous_commit()),
            ("client_min_messages", "warning"),
            // Compiling one of our queries takes a second, running it some milliseconds.
            ("jit", "off"),
        ]);
        // The pool would try until its time is up, and then name that instead of the cause.
        PgConnection::connect_with(&options).await?.close().await?;
        let pool = |connections| {
            PgPoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(Duration::from_secs(5))
                .test_before_acquire(false)
        };
        let for_turns = turn::share_of(connections);
        let turns = pool(for_turns).connect_lazy_with(options.clone().options(turn::SETTINGS));
        let rest = connections.saturating_sub(for_turns).max(2);
        let pool = pool(rest).connect_with(options.clone()).await?;
        let bell = Bell::hang(options);
        let store = Self {
            pool,
            turns,
            clock,
            bell,
        };
        store.refuse_old_servers().await?;
        Ok(store)
    }

    /// Brings the schema up to date; several processes may try at once.
    ///
    /// # Errors
    /// If a migration fails, or the database was written by a later version.
    pub async fn migrate(&self) -> Result<()> {
        Ok(MIGRATOR.run(&self.pool).await?)
    }

    /// Closes every connection, once other processes know what this one rang.
    pub async fn close(&self) {
        self.bell.fade().await;
        self.turns.close().await;
        self.pool.close().await;
    }

    async fn refuse_old_servers(&self) -> Result<()> {
        let version: String = sqlx::query_scalar!("select current_setting('server_version_num')")
            .fetch_one(&self.pool)
            .await?
            .unwrap_or_default();
        let major = version.parse::<u32>().unwrap_or(0) / 10_000;
        if major < OLDEST_MAJOR {
            return Err(Error::TooOld(format!(
                "the database is PostgreSQL {major}; at least {OLDEST_MAJOR} is needed"
            )));
        }
        Ok(())
    }
}

/// What is answered 202 survives the machine.
fn synchronous_commit() -> &'static str {
    fail::fail_point!("control::async-commit", |_| "off");
    "on"
}

/// How many migrations there are, for `config check` and tests.
#[must_use]
pub fn migrations() -> usize {
    MIGRATOR.iter().count()
}
