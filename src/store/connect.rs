//! Opening the database and bringing its schema up to date.

use std::{path::Path, time::Duration};

use sqlx::{
    Connection, PgConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::{
    clock::Clock,
    store::{Error, Result, Store, bell::Bell},
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
        ]);
        // The pool would try until its time is up, and then name that instead of the cause.
        PgConnection::connect_with(&options).await?.close().await?;
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(Duration::from_secs(5))
            .test_before_acquire(false)
            .connect_with(options.clone())
            .await?;
        let bell = Bell::hang(options);
        let store = Self { pool, clock, bell };
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
