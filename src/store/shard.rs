//! Which process sends to which destinations: 64 shards, each held by one process at most.
//!
//! One rule: a shard is held exactly as long as one database session lives. The session is a connection of its own;
//! whoever loses it holds nothing, and must notice before the next POST.

use std::time::Duration;

use sqlx::{
    ConnectOptions, Connection,
    postgres::{PgConnectOptions, PgListener},
};

use crate::store::{Error, Result, Store, bell::private_listener};

/// A destination's shard is its id modulo this.
pub const SHARDS: i32 = 64;

/// Advisory locks (class, shard), one holder each.
const CLASS_SHARD: i32 = 0x666d_0001;
/// Advisory lock (class, 0), shared by every process that sends, so that they can count each other.
const CLASS_PROCESS: i32 = 0x666d_0002;

/// A statement on this connection that takes longer means that it is lost.
const ANSWERS_WITHIN: Duration = Duration::from_secs(2);

/// The session that holds the shards of this process.
#[derive(Debug)]
pub struct ShardLocks {
    /// A listener because it alone can wait for the end of its connection.
    session: PgListener,
    backend: i32,
}

impl Store {
    /// Opens the session; holds no shard yet.
    ///
    /// # Errors
    /// [`Error::Pooler`] if statements of one connection reach different sessions.
    pub async fn shard_locks(&self) -> Result<ShardLocks> {
        // The server frees the locks of a machine that vanished after six seconds.
        let options = self.pool.connect_options().as_ref().clone().options([
            ("tcp_keepalives_idle", "3"),
            ("tcp_keepalives_interval", "1"),
            ("tcp_keepalives_count", "3"),
        ]);
        let mut session = private_listener(&options).await?;
        let backend = backend(&mut session).await?;
        refuse_poolers(&options, &mut session, backend).await?;
        sqlx::query!("select pg_advisory_lock_shared($1, 0)", CLASS_PROCESS)
            .execute(&mut session)
            .await?;
        Ok(ShardLocks { session, backend })
    }
}

impl ShardLocks {
    /// Resolves when the session is lost. Can be dropped and called again.
    pub async fn lost(&mut self) {
        while let Ok(Some(_)) = self.session.try_recv().await {}
    }

    /// How many processes send, this one included.
    ///
    /// # Errors
    /// Any: the session is to be taken for lost.
    pub async fn processes(&mut self) -> Result<u32> {
        let asking = sqlx::query!(
            r#"select pg_backend_pid() as "pid!", count(distinct pid) as "processes!" from pg_locks
               where locktype = 'advisory' and granted and objsubid = 2
                   and classid::bigint = $1 and objid::bigint = 0
                   and database = (select oid from pg_database where datname = current_database())"#,
            i64::from(CLASS_PROCESS),
        )
        .fetch_one(&mut self.session);
        let row = in_time(asking).await?;
        self.same(row.pid)?;
        Ok(u32::try_from(row.processes).unwrap_or(u32::MAX))
    }

    /// Takes at most `most` shards that nobody holds; fewer if another process is faster.
    ///
    /// # Errors
    /// Any: the session is to be taken for lost.
    pub async fn take(&mut self, most: i64) -> Result<Vec<i32>> {
        let asking = sqlx::query!(
            r#"select shard as "shard!", pg_backend_pid() as "pid!"
               from (select shard from generate_series(0, $2::int4 - 1) as shard
                     where not exists (select from pg_locks
                         where locktype = 'advisory' and granted and objsubid = 2
                             and classid::bigint = $1::int4 and objid::bigint = shard
                             and database = (select oid from pg_database where datname = current_database()))
                     order by shard limit $3) as free
               where pg_try_advisory_lock($1::int4, shard)"#,
            CLASS_SHARD,
            SHARDS,
            most,
        )
        .fetch_all(&mut self.session);
        let rows = in_time(asking).await?;
        rows.into_iter()
            .map(|row| self.same(row.pid).map(|()| row.shard))
            .collect()
    }

    /// Gives up one shard.
    ///
    /// # Errors
    /// Any: the session is to be taken for lost.
    pub async fn give(&mut self, shard: i32) -> Result<()> {
        let asking = sqlx::query_scalar!(
            r#"select pg_advisory_unlock($1, $2) as "unlocked!""#,
            CLASS_SHARD,
            shard
        )
        .fetch_one(&mut self.session);
        if in_time(asking).await? {
            Ok(())
        } else {
            Err(Error::Pooler)
        }
    }

    /// Gives everything up and ends the session.
    pub async fn close(mut self) {
        let unlocking = sqlx::query!("select pg_advisory_unlock_all()").execute(&mut self.session);
        if let Err(error) = in_time(unlocking).await {
            tracing::debug!(%error, "the session that held the shards is gone already");
        }
    }

    fn same(&self, backend: i32) -> Result<()> {
        if backend == self.backend {
            Ok(())
        } else {
            Err(Error::Pooler)
        }
    }
}

/// A pooler lends out the session that was used last. An open transaction of ours keeps that one busy: if it is the one
/// that we thought our own, or our next statement reaches another, somebody stands between.
async fn refuse_poolers(options: &PgConnectOptions, session: &mut PgListener, first: i32) -> Result<()> {
    let mut connection = options.connect().await?;
    let mut tx = connection.begin().await?;
    let other = sqlx::query_scalar!(r#"select pg_backend_pid() as "pid!""#)
        .fetch_one(&mut *tx)
        .await?;
    let again = backend(session).await?;
    tx.rollback().await?;
    connection.close().await?;
    if other == first || again != first {
        return Err(Error::Pooler);
    }
    Ok(())
}

async fn backend(session: &mut PgListener) -> Result<i32> {
    let pid = sqlx::query_scalar!(r#"select pg_backend_pid() as "pid!""#)
        .fetch_one(session)
        .await?;
    Ok(pid)
}

async fn in_time<T>(asking: impl Future<Output = sqlx::Result<T>>) -> Result<T> {
    match tokio::time::timeout(ANSWERS_WITHIN, asking).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(Error::Database(sqlx::Error::PoolTimedOut)),
    }
}
