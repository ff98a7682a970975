//! Cursors of many lanes, written down in one statement.
//!
//! One rule: a cursor is never lowered, and whoever flushes learns whether the subscription is still as it was.

use crate::store::{Result, Store};

/// How far a subscription has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reached {
    pub subscription: i64,
    /// Everything up to here needs no more sending.
    pub seq: i64,
    /// Of what was passed, entries that the destination took.
    pub delivered: i64,
    /// The last of those that said something, and did not take something back.
    pub told: Option<i64>,
}

impl Store {
    /// Moves cursors forward; gives the subscriptions that may be sent to as before. One that is not among them was
    /// closed, or moved by somebody else. Each subscription is there once.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn flush(&self, reached: &[Reached]) -> Result<Vec<i64>> {
        let subscriptions: Vec<i64> = reached.iter().map(|reached| reached.subscription).collect();
        let seqs: Vec<i64> = reached.iter().map(|reached| reached.seq).collect();
        let delivered: Vec<i64> = reached.iter().map(|reached| reached.delivered).collect();
        let told: Vec<Option<i64>> = reached.iter().map(|reached| reached.told).collect();
        let rows = sqlx::query!(
            r#"update subscription s set cursor = greatest(s.cursor, u.seq), delivered = s.delivered + u.delivered,
                    -- It was under way when the last reader left, and may have to be taken back there.
                    left_at = case when s.left_at is not null then greatest(s.left_at, u.told) end,
                    sent_at = case when u.delivered > 0 then $4 else s.sent_at end
             from unnest($1::bigint[], $2::bigint[], $3::bigint[], $5::bigint[]) as u(id, seq, delivered, told)
             where s.id = u.id
             returning s.id, s.until_seq is null and s.cursor = u.seq as "open!""#,
            &subscriptions,
            &seqs,
            &delivered,
            self.now(),
            &told as &[Option<i64>],
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows
            .into_iter()
            .filter(|row| row.open)
            .map(|row| row.id)
            .collect())
    }
}
