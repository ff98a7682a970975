//! What brings sending forward, and what holds it up.
//!
//! One rule: whoever may be sent to again has a `next_try` that is now: lanes look for that, and not for everybody whom
//! nothing stands in the way of any more.

use chrono::TimeDelta;

use crate::store::{Result, Store};

/// How often signed traffic from a host may bring its next try forward.
const HURRY_EVERY: TimeDelta = TimeDelta::minutes(10);

impl Store {
    /// An operator wants everything for this host tried at once: its destinations are neither backing off nor parked
    /// any more, and what was put aside is sent once more, before all other entries, unless it is not for them any
    /// more. Gives the number of destinations. A pause stays.
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
            "update destination set failures = 0, failing_since = null, next_try = $2, parked_at = null,
                 stuck_on = null, stuck_answers = 0, stuck_since = null
             where host = $1",
            host,
            now,
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        self.ring();
        Ok(destinations.rows_affected())
    }

    /// Nothing is sent to a host until [`Store::queue_resume`]. Gives the number of its destinations.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn queue_pause(&self, host: &str) -> Result<u64> {
        let paused = sqlx::query!(
            "update destination set paused_at = coalesce(paused_at, $2) where host = $1",
            host,
            self.now(),
        )
        .execute(&self.pool)
        .await?;
        self.ring();
        Ok(paused.rows_affected())
    }

    /// The end of a pause: what waited is sent, in order, from now on. Whatever failed before it is forgotten: a host
    /// must not be given up for days in which nothing was tried. Gives the number of destinations that were paused.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn queue_resume(&self, host: &str) -> Result<u64> {
        let resumed = sqlx::query!(
            "update destination set paused_at = null, failures = 0, failing_since = null, next_try = $2,
                 parked_at = null, stuck_on = null, stuck_answers = 0, stuck_since = null
             where host = $1 and paused_at is not null",
            host,
            self.now(),
        )
        .execute(&self.pool)
        .await?;
        self.ring();
        Ok(resumed.rows_affected())
    }

    /// A host that we are waiting for has just spoken to us, signed: its next try is now, at most once in ten minutes.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn signed_traffic_from(&self, host: &str) -> Result<()> {
        let now = self.now();
        let hurried = sqlx::query!(
            "update destination set next_try = $2, parked_at = null, hurried_at = $2
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
