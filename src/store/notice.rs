//! When admins are told that something waits.
//!
//! One rule: of each queue of a group, one entry a minute at most, unless nothing that was told of waits any more; whoever
//! writes the time down tells.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::store::{GroupId, HeldView, Result, Store, Tx, held::Row};

/// Between one notice of a queue and the next.
pub(super) const PAUSE: TimeDelta = TimeDelta::minutes(1);
/// Queues that are told of at a time.
const MOST: i64 = 100;

impl Store {
    /// The oldest entry that nobody was told of, of each queue of which somebody may be told now.
    ///
    /// # Errors
    /// If the database does not answer, or a row makes no sense.
    pub async fn untold(&self) -> Result<Vec<HeldView>> {
        let rows = sqlx::query_as!(
            Row,
            r#"select distinct on (h.group_id, h.queue)
                      h.id, h.group_id, g.name as group_name, h.queue, a.iri as actor, h.kind, h.iri, h.object, h.public,
                      h.raw, h.fetched, h.at, h.outcome
               from held h join "group" g on g.id = h.group_id join actor a on a.id = h.actor_id
               left join notice n on n.group_id = h.group_id and n.queue = h.queue
               where h.told_at is null and h.decided_at is null and (n.at is null or n.at <= $1 or not exists (
                       select from held o where o.group_id = h.group_id and o.queue = h.queue
                           and o.told_at is not null and o.decided_at is null))
               order by h.group_id, h.queue, h.at, h.id limit $2"#,
            self.now() - PAUSE,
            MOST,
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(HeldView::try_from).collect()
    }
}

/// Begins to tell of an entry, in the turn of its group; false: somebody else has, or it does not wait any more.
///
/// # Errors
/// If the database does not answer.
pub async fn begin(tx: &mut Tx, group: GroupId, entry: Uuid, now: DateTime<Utc>) -> Result<bool> {
    let done = sqlx::query!(
        "with told as (
             update held set told_at = $3
             where id = $2 and told_at is null and decided_at is null
               and not (exists (select from notice n
                                where n.group_id = $1 and n.queue = held.queue and n.at > $4)
                        and exists (select from held o
                                    where o.group_id = $1 and o.queue = held.queue
                                        and o.told_at is not null and o.decided_at is null))
             returning queue)
         insert into notice (group_id, queue, at) select $1, queue, $3 from told
         on conflict (group_id, queue) do update set at = excluded.at",
        group.0,
        entry,
        now,
        now - PAUSE,
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() > 0)
}
