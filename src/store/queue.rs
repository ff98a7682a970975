//! What waits to be sent, for operators; and what brings it forward.
//!
//! One rule: an operator sees every reason why something waits. A new reason is a field of [`QueueRow`].

use chrono::{DateTime, TimeDelta, Utc};

use crate::store::{Result, Store, Walls};

/// How often signed traffic from a host may bring its next try forward.
const HURRY_EVERY: TimeDelta = TimeDelta::minutes(10);

/// Entries of one group that a destination will never get: it had been away for longer than they are kept.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Gap {
    pub group: String,
    pub entries: i64,
    /// When the first of them was written ...
    pub from: DateTime<Utc>,
    /// ... and the last.
    pub until: DateTime<Utc>,
}

/// What a destination missed, the oldest gap first.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(transparent)]
pub struct Gaps(pub Vec<Gap>);

/// One destination.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct QueueRow {
    pub host: String,
    pub inbox: String,
    /// The shapes in which its groups are written for it; empty while they are looked up.
    pub shapes: Vec<String>,
    /// Entries that are due.
    pub entries: i64,
    /// Letters that are due.
    pub letters: i64,
    /// When the oldest of both was written.
    pub oldest_waiting: Option<DateTime<Utc>>,
    /// Groups whose entries wait until we know how the host speaks.
    pub undecided: i64,
    /// Temporary failures in a row.
    pub failures: i32,
    pub failing_since: Option<DateTime<Utc>>,
    pub next_try: Option<DateTime<Utc>>,
    pub parked_at: Option<DateTime<Utc>>,
    /// Entries and letters put aside one by one.
    pub parked_entries: i64,
    /// Entries for members only that were not sent: not all who read there are members, or its shape cannot say who
    /// may read them.
    pub withheld: i64,
    /// Entries that were dropped before it got them, the oldest first.
    pub gaps: Gaps,
    pub gone_at: Option<DateTime<Utc>>,
    pub last_error: Option<String>,
    pub last_try: Option<DateTime<Utc>>,
    pub last_success: Option<DateTime<Utc>>,
    /// Entries and letters that it took.
    pub delivered: i64,
    /// Entries and letters that it refused for good.
    pub refused: i64,
    /// Blocked, by an operator or by the settings.
    pub blocked: bool,
}

type GapRow = (String, i64, DateTime<Utc>, DateTime<Utc>);

impl From<Vec<GapRow>> for Gaps {
    fn from(rows: Vec<GapRow>) -> Self {
        let gap = |(group, entries, from, until)| Gap {
            group,
            entries,
            from,
            until,
        };
        Self(rows.into_iter().map(gap).collect())
    }
}

impl Store {
    /// Every destination, the one that waits longest first.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn queue_status(&self, walls: &Walls) -> Result<Vec<QueueRow>> {
        let rows = sqlx::query_as!(
            QueueRow,
            r#"select d.host, d.inbox,
                array(select distinct s.shape from subscription s
                      where s.destination_id = d.id and s.until_seq is null and s.shape is not null
                      order by 1) as "shapes!: Vec<String>",
                coalesce(e.waiting, 0) as "entries!", coalesce(l.waiting, 0) as "letters!",
                least(e.oldest, l.oldest) as oldest_waiting,
                (select count(*) from subscription s
                 where s.destination_id = d.id and s.shape is null and s.until_seq is null) as "undecided!",
                d.failures, d.failing_since, d.next_try, d.parked_at,
                (select count(*) from parked p where p.destination_id = d.id)
                    + coalesce(l.parked, 0) as "parked_entries!",
                (select coalesce(sum(s.withheld), 0)::bigint from subscription s
                 where s.destination_id = d.id) as "withheld!",
                array(select row(o.name, g.entries, g.from_at, g.to_at)
                      from gap g join subscription s on s.id = g.subscription_id join "group" o on o.id = s.group_id
                      where s.destination_id = d.id
                      order by g.from_at, g.subscription_id, g.from_seq) as "gaps!: Vec<GapRow>",
                d.gone_at, d.last_error, d.last_try, d.last_success, d.delivered, d.refused,
                (exists (select from peer p
                        where p.host = any(host_and_parents(d.host)) and p.blocked_at is not null)
                    or host_and_parents(d.host) && $1
                    or cardinality($2::text[]) > 0 and not host_and_parents(d.host) && $2
                ) as "blocked!"
            from destination d
            left join (select destination_id, count(*) as waiting, min(at) as oldest
                       from due_entry group by destination_id) e on e.destination_id = d.id
            left join (select destination_id, count(*) filter (where parked_at is null) as waiting,
                           count(*) filter (where parked_at is not null) as parked,
                           min(at) filter (where parked_at is null) as oldest
                       from letter where sent_at is null and refused_at is null
                       group by destination_id) l on l.destination_id = d.id
            order by least(e.oldest, l.oldest) nulls last, d.host, d.id"#,
            &walls.blocked,
            &walls.allowed_only,
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows)
    }

    /// An operator wants everything for this host tried at once: its destinations are neither backing off nor parked
    /// any more, and what was put aside is sent once more, before all other entries, unless it is not for them any
    /// more. Gives the number of destinations.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn queue_retry(&self, host: &str) -> Result<u64> {
        let mut tx = self.begin().await?;
        let now = self.now();
        sqlx::query!(
            "update parked p set retry_at = $2 from destination d where d.host = $1 and d.id = p.destination_id",
            host,
            now,
        )
        .execute(&mut *tx)
        .await?;
        sqlx::query!(
            "update letter l set parked_at = null from destination d
             where d.host = $1 and d.id = l.destination_id and l.parked_at is not null",
            host,
        )
        .execute(&mut *tx)
        .await?;
        let destinations = sqlx::query!(
            "update destination set failures = 0, failing_since = null, next_try = null, parked_at = null,
                 stuck_on = null, stuck_answers = 0, stuck_since = null
             where host = $1",
            host,
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        self.ring();
        Ok(destinations.rows_affected())
    }

    /// A host that we are waiting for has just spoken to us, signed: its next try is now, at most once in ten minutes.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn signed_traffic_from(&self, host: &str) -> Result<()> {
        let now = self.now();
        let hurried = sqlx::query!(
            "update destination set next_try = null, parked_at = null, hurried_at = $2
             where host = $1 and (next_try > $2 or parked_at is not null)
                 and (hurried_at is null or hurried_at <= $3)",
            host,
            now,
            now - HURRY_EVERY,
        )
        .execute(&self.pool)
        .await?;
        if hurried.rows_affected() > 0 {
            self.ring();
        }
        Ok(())
    }
}
