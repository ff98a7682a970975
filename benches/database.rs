//! What the database says of itself: rows written, what is due, statements run.
//!
//! One rule: it is looked at, and changed only where a line says so; the CPU of looking is not counted.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use folkmoot::cluster::{Cluster, Options};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, Row as _};
use tokio::time::{Instant, sleep};

use crate::{gauge, warden};

/// How often we look whether all is done.
const LOOK: Duration = Duration::from_millis(100);
/// How long the connections of a server that has ended may take to end, too.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Database {
    cluster: Cluster,
    connection: PgConnection,
    log: PathBuf,
    postmaster: i32,
    /// The process that answers us.
    ours: i32,
    pub(crate) version: String,
}

/// Rows inserted and updated so far, by table.
#[derive(Clone, Debug, Default)]
pub(crate) struct Written {
    pub(crate) inserted: BTreeMap<String, i64>,
    pub(crate) updated: BTreeMap<String, i64>,
}

impl Database {
    /// Makes and starts the world's own cluster: durable, as the server's own would be.
    pub(crate) async fn open(dir: &Path) -> anyhow::Result<Self> {
        let data_dir = dir.join("data");
        let options = Options {
            data_dir: &data_dir,
            binaries: None,
            throwaway: false,
        };
        let cluster = Cluster::open(options).await?;
        let postmaster = warden::postmaster(dir).context("Postgres has no pid file")?;
        let mut connection = PgConnectOptions::new_without_pgpass()
            .socket(cluster.socket_dir())
            .username(cluster.user())
            .database(cluster.database())
            .connect()
            .await?;
        let row =
            sqlx::query("select pg_backend_pid() as ours, current_setting('server_version') as version")
                .fetch_one(&mut connection)
                .await?;
        let version: String = row.try_get("version")?;
        Ok(Self {
            cluster,
            log: data_dir.join("postgres.log"),
            postmaster,
            ours: row.try_get("ours")?,
            version: version.split(' ').next().unwrap_or_default().to_owned(),
            connection,
        })
    }

    pub(crate) async fn close(self) -> anyhow::Result<()> {
        self.connection.close().await?;
        Ok(self.cluster.close().await?)
    }

    /// CPU time of all processes of Postgres but the one that answers us, in nanoseconds.
    pub(crate) fn cpu(&self) -> anyhow::Result<u64> {
        gauge::family_cpu(self.postmaster, self.ours)
    }

    /// One number.
    pub(crate) async fn number(&mut self, query: &'static str) -> anyhow::Result<i64> {
        let number: i64 = sqlx::query_scalar(query).fetch_one(&mut self.connection).await?;
        Ok(number)
    }

    /// Changes something, and says how many rows.
    pub(crate) async fn change(&mut self, statement: &'static str) -> anyhow::Result<u64> {
        let done = sqlx::raw_sql(statement).execute(&mut self.connection).await?;
        Ok(done.rows_affected())
    }

    /// Waits until every cursor is at the end of its log: what was sent is written down as sent.
    pub(crate) async fn settles(&mut self, limit: Duration) -> anyhow::Result<()> {
        // Who is away until tomorrow is not waited for.
        let due = "select count(*) from subscription s join group_seq g using (group_id)
                       join destination d on d.id = s.destination_id
                   where s.until_seq is null and s.cursor < g.seq
                       and (d.next_try is null or d.next_try < now() + interval '1 hour')";
        let begun = Instant::now();
        loop {
            let left = self.number(due).await?;
            if left == 0 {
                return Ok(());
            }
            anyhow::ensure!(
                begun.elapsed() < limit,
                "{left} cursors are behind after {limit:?}"
            );
            sleep(LOOK).await;
        }
    }

    /// Clean tables, known statistics, nothing left to be written: what an old database looks like on a quiet day.
    pub(crate) async fn rests(&mut self) -> anyhow::Result<()> {
        self.change("vacuum analyze").await?;
        self.change("checkpoint").await?;
        Ok(())
    }

    /// What was written so far. Connections tell it when they end: it is asked between one server and the next.
    pub(crate) async fn written(&mut self) -> anyhow::Result<Written> {
        let others = "select count(*) from pg_stat_activity
                      where backend_type = 'client backend' and pid <> pg_backend_pid()";
        let begun = Instant::now();
        while self.number(others).await? > 0 {
            anyhow::ensure!(
                begun.elapsed() < PATIENCE,
                "somebody else is still connected to the database"
            );
            sleep(LOOK).await;
        }
        let query = "select relname::text as name, n_tup_ins, n_tup_upd from pg_stat_user_tables";
        let rows = sqlx::query(query).fetch_all(&mut self.connection).await?;
        let mut written = Written::default();
        for row in rows {
            let name: String = row.try_get("name")?;
            written.inserted.insert(name.clone(), row.try_get("n_tup_ins")?);
            written.updated.insert(name, row.try_get("n_tup_upd")?);
        }
        Ok(written)
    }

    /// From now on, or no longer, every statement is a line in the log.
    pub(crate) async fn logs_statements(&mut self, all: bool) -> anyhow::Result<()> {
        self.change(match all {
            true => "alter system set log_statement = 'all'",
            false => "alter system reset log_statement",
        })
        .await?;
        self.change("select pg_reload_conf()").await?;
        sleep(Duration::from_millis(300)).await;
        Ok(())
    }

    /// The statements in the log whose text `counts`.
    pub(crate) fn statements(&self, counts: impl Fn(&str) -> bool) -> anyhow::Result<usize> {
        let text = fs::read(&self.log)?;
        let text = String::from_utf8_lossy(&text);
        let statements = text
            .lines()
            .filter_map(|line| line.split_once("LOG:  ").map(|(_, rest)| rest));
        let statements = statements
            .filter(|rest| rest.starts_with("execute ") || rest.starts_with("statement: "))
            .filter_map(|rest| rest.split_once(": ").map(|(_, text)| text));
        Ok(statements.filter(|text| counts(text)).count())
    }
}

impl Written {
    /// Rows inserted since.
    pub(crate) fn inserted_since(&self, before: &Self) -> i64 {
        self.inserted.values().sum::<i64>() - before.inserted.values().sum::<i64>()
    }

    /// Rows updated since.
    pub(crate) fn updated_since(&self, before: &Self) -> i64 {
        self.updated.values().sum::<i64>() - before.updated.values().sum::<i64>()
    }

    /// Rows of one table updated since.
    pub(crate) fn updated_in(&self, table: &str, before: &Self) -> i64 {
        let of = |written: &Self| written.updated.get(table).copied().unwrap_or_default();
        of(self) - of(before)
    }
}
