//! Other servers: what they run, how they speak, whether we speak with them.
//!
//! One rule: every function makes the row that it needs; a host is known from the first time somebody names it.

use chrono::{DateTime, TimeDelta, Utc};

use crate::store::{Result, Store, Tx};

/// After this a host is looked up again: its software may have changed, or our table of classes.
const LOOK_UP_AGAIN: TimeDelta = TimeDelta::days(1);
/// After this a host is looked up again whose software is not known: it may have been away.
const FAILED_AGAIN: TimeDelta = TimeDelta::hours(1);

/// What decides how a host is spoken to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeerClass {
    /// As NodeInfo says it, lower case.
    pub software: Option<String>,
    pub version: Option<String>,
    /// `wraps` or `joins`: what the host has shown of itself.
    pub evidence: Option<String>,
    pub class: String,
    /// What that class is written in; nothing before the first look-up.
    pub class_shape: Option<String>,
    /// What the operator said instead.
    pub shape: Option<String>,
    pub looked_up_at: Option<DateTime<Utc>>,
}

/// How a look-up ended, for `peer`.
#[derive(Clone, Copy, Debug)]
pub struct LookedUp<'a> {
    pub host: &'a str,
    pub software: Option<&'a str>,
    pub version: Option<&'a str>,
    pub class: &'a str,
    pub class_shape: &'a str,
    /// Why this class; and why nothing could be read, if so.
    pub reason: &'a str,
    /// The evidence that the class was decided with.
    pub evidence: Option<&'a str>,
}

impl Store {
    /// What we know of how a host speaks.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn peer_class(&self, host: &str) -> Result<Option<PeerClass>> {
        class_of_host(&self.pool, host).await
    }

    /// The name of the shape that a host is written to in: the operator's, else its class's; nothing before its look-up.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn shape_of_host(&self, host: &str) -> Result<Option<String>> {
        shape_of(&self.pool, host).await
    }

    /// Hosts whose look-up is due, the new ones first; blocked ones are not asked, nor those that an operator named.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn hosts_to_look_up(&self, limit: i64) -> Result<Vec<String>> {
        let hosts = sqlx::query_scalar!(
            r#"select host as "host!" from peer
               where looked_up_at is null and blocked_at is null and shape is null
               union all
               (select host from peer
                where looked_up_at < case when software is null then $3::timestamptz else $2::timestamptz end and blocked_at is null
                order by looked_up_at)
               limit $1"#,
            limit,
            self.now() - LOOK_UP_AGAIN,
            self.now() - FAILED_AGAIN,
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(hosts)
    }

    /// Writes down how a look-up ended; false if the host has shown something else meanwhile: decide again.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn note_look_up(&self, found: &LookedUp<'_>) -> Result<bool> {
        let done = sqlx::query!(
            "insert into peer (host, software, version, class, class_shape, class_reason, looked_up_at)
             values ($1, $2, $3, $4, $5, $6, $7)
             on conflict (host) do update set software = $2, version = $3, class = $4, class_shape = $5,
                 class_reason = $6, looked_up_at = $7,
                 ed25519_refused_at = case when (peer.software, peer.version) <> ($2, $3) then null else peer.ed25519_refused_at end
             where peer.evidence is not distinct from $8",
            found.host,
            found.software,
            found.version,
            found.class,
            found.class_shape,
            found.reason,
            self.now(),
            found.evidence,
        )
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() > 0)
    }

    /// Writes down what a host has shown, and the class that follows from it and from `software`; false if that is not
    /// its software any more: decide again.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn note_evidence(
        &self,
        host: &str,
        evidence: &str,
        software: Option<&str>,
        (class, class_shape, reason): (&str, &str, &str),
    ) -> Result<bool> {
        let done = sqlx::query!(
            "insert into peer (host, evidence, class, class_shape, class_reason) values ($1, $2, $3, $4, $5)
             on conflict (host) do update set evidence = $2, class = $3, class_shape = $4, class_reason = $5
             where peer.software is not distinct from $6",
            host,
            evidence,
            class,
            class_shape,
            reason,
            software,
        )
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() > 0)
    }

    /// The operator's word on how a host is written to; without one its class decides again.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn set_peer_shape(&self, host: &str, shape: Option<&str>) -> Result<()> {
        sqlx::query!(
            "insert into peer (host, shape) values ($1, $2) on conflict (host) do update set shape = $2",
            host,
            shape,
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Whether somebody of a host hears a group at a destination with a scheme, and so a shape, of its own.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn hears_apart(&self, host: &str) -> Result<bool> {
        let hears = sqlx::query_scalar!(
            r#"select exists (select from destination d join subscription s on s.destination_id = d.id
                              where d.host = $1 and d.scheme is not null and s.until_seq is null) as "hears!""#,
            host,
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(hears)
    }

    /// Has nothing to do with a host and its sub-domains from now on; false if that was so already.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn block_host(&self, host: &str) -> Result<bool> {
        let done = sqlx::query!(
            "insert into peer (host, blocked_at) values ($1, $2)
             on conflict (host) do update set blocked_at = $2 where peer.blocked_at is null",
            host,
            self.now(),
        )
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() > 0)
    }

    /// Takes a block back; false if there was none. What waited for the host and its sub-domains is due at once.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn unblock_host(&self, host: &str) -> Result<bool> {
        let done = sqlx::query_scalar!(
            r#"with unblocked as (
                 update peer set blocked_at = null where host = $1 and blocked_at is not null returning host
             ), due as (
                 update destination d set next_try = $2 from unblocked u where u.host = any(host_and_parents(d.host))
             )
             select exists (select from unblocked) as "done!""#,
            host,
            self.now(),
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(done)
    }

    /// Whether the operator blocked any of these: a host and its parent domains.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn any_blocked(&self, hosts: &[String]) -> Result<bool> {
        let blocked = sqlx::query_scalar!(
            r#"select exists (select from peer where host = any($1) and blocked_at is not null) as "blocked!""#,
            hosts,
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(blocked)
    }
}

/// As [`Store::peer_class`], for whoever is in a transaction.
///
/// # Errors
/// If the database does not answer.
pub async fn peer_class_in(tx: &mut Tx, host: &str) -> Result<Option<PeerClass>> {
    class_of_host(&mut **tx, host).await
}

async fn class_of_host(database: impl sqlx::PgExecutor<'_>, host: &str) -> Result<Option<PeerClass>> {
    let row = sqlx::query_as!(
        PeerClass,
        "select software, version, evidence, class, class_shape, shape, looked_up_at from peer where host = $1",
        host,
    )
    .fetch_optional(database)
    .await?;
    Ok(row)
}

/// As [`Store::shape_of_host`], for whoever is in a transaction.
///
/// # Errors
/// If the database does not answer.
pub async fn shape_of(database: impl sqlx::PgExecutor<'_>, host: &str) -> Result<Option<String>> {
    let shape = sqlx::query_scalar!(
        r#"select coalesce(shape, case when looked_up_at is not null then class_shape end) as shape
           from peer where host = $1"#,
        host,
    )
    .fetch_optional(database)
    .await?;
    Ok(shape.flatten())
}
