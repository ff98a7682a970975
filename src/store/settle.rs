//! Where a host's readers hear our groups, once it is known how the host speaks, or when that changes.
//!
//! One rule: one open subscription per group and destination. What was not sent yet is sent in the new shape if nothing was
//! written in the old one; else the old subscription closes at its place and the new one opens there. A destination with a scheme
//! of its own is none of a host's: how it hears was asked for.

use sqlx::query;

use crate::store::{ActorId, Result, Store, Tx};

impl Store {
    /// Hosts that hear a group and of which we do not know yet how they speak.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn undecided_hosts(&self) -> Result<Vec<String>> {
        Ok(sqlx::query_scalar!(
            "select distinct d.host from subscription s join destination d on d.id = s.destination_id
             where s.shape is null and s.until_seq is null and d.scheme is null"
        )
        .fetch_all(&self.pool)
        .await?)
    }

    /// Gives every open subscription of a host this shape. `own_inbox`: each reader hears at their own inbox.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn give_shape(&self, host: &str, shape: &str, own_inbox: bool) -> Result<()> {
        let mut tx = self.begin().await?;
        lock_groups(&mut tx, host).await?;
        let mut changed = 0;
        if own_inbox {
            changed += move_to_own_inboxes(&mut tx, host, shape).await?;
        }
        changed += reopen(&mut tx, host, shape).await?;
        changed += decide(&mut tx, host, shape).await?;
        if changed > 0 {
            touch_groups(&mut tx, host).await?;
        }
        tx.commit().await?;
        self.ring();
        Ok(())
    }

    /// An actor's inbox has changed: its readers' places and their cursors move along.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn move_inbox(&self, actor: ActorId, inbox: &str, host: &str) -> Result<()> {
        let mut tx = self.begin().await?;
        lock_groups(&mut tx, host).await?;
        let to = crate::store::log::destination(&mut tx, inbox, host).await?;
        query!(
            "insert into subscription (group_id, destination_id, shape, shape_wanted, from_seq, cursor)
             select s.group_id, $2, s.shape, s.shape_wanted, s.cursor, s.cursor
             from membership m join subscription s on s.group_id = m.group_id and s.destination_id = m.destination_id
             where m.actor_id = $1 and s.until_seq is null and m.destination_id <> $2
             on conflict (group_id, destination_id) where until_seq is null do nothing",
            actor.0,
            to.0
        )
        .execute(&mut *tx)
        .await?;
        let left = query!(
            "update membership m set destination_id = $2 from membership old
             where m.actor_id = $1 and m.destination_id <> $2 and old.group_id = m.group_id and old.actor_id = m.actor_id
             returning m.group_id, old.destination_id",
            actor.0,
            to.0
        )
        .fetch_all(&mut *tx)
        .await?;
        for row in left {
            if let Some(from) = row.destination_id {
                let group = crate::store::GroupId(row.group_id);
                crate::store::log::close_unread(&mut tx, group, crate::store::DestinationId(from)).await?;
                move_letters(&mut tx, from, to.0).await?;
            }
        }
        touch_groups(&mut tx, host).await?;
        tx.commit().await?;
        self.ring();
        Ok(())
    }
}

/// Letters that wait at an inbox where nobody reads any more go to the new one.
async fn move_letters(tx: &mut Tx, from: i64, to: i64) -> Result<()> {
    query!(
        "update letter set destination_id = $2
         where destination_id = $1 and sent_at is null and refused_at is null
           and not exists (select from membership m where m.destination_id = $1)",
        from,
        to
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Takes the turns of all groups that a host hears, in the order of their ids.
async fn lock_groups(tx: &mut Tx, host: &str) -> Result<()> {
    query!(
        "select q.group_id from group_seq q where q.group_id in
             (select s.group_id from subscription s join destination d on d.id = s.destination_id
              where d.host = $1 and s.until_seq is null)
         order by q.group_id for no key update of q",
        host
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(())
}

/// The subscriptions of a host have changed: lanes are to look at the groups that it hears.
async fn touch_groups(tx: &mut Tx, host: &str) -> Result<()> {
    query!(
        "update group_seq set touched = touched + 1 where group_id in
             (select s.group_id from subscription s join destination d on d.id = s.destination_id where d.host = $1)",
        host
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Readers that share an inbox get a subscription each at their own: from where the shared one stands if that was not
/// decided (it was written in every shape), else from the end of the log, and the old one drains.
async fn move_to_own_inboxes(tx: &mut Tx, host: &str, shape: &str) -> Result<u64> {
    query!(
        "insert into destination (inbox, host)
         select distinct a.inbox, a.host from membership m join actor a on a.id = m.actor_id
         join destination d on d.id = m.destination_id
         where d.host = $1 and d.scheme is null and d.inbox <> a.inbox and a.inbox <> ''
         on conflict (inbox) do nothing",
        host
    )
    .execute(&mut **tx)
    .await?;
    query!(
        "insert into subscription (group_id, destination_id, shape, shape_wanted, from_seq, cursor)
         select distinct s.group_id, own.id, $2, s.shape_wanted, at.seq, at.seq
         from membership m join actor a on a.id = m.actor_id
         join destination d on d.id = m.destination_id
         join destination own on own.inbox = a.inbox
         join subscription s on s.group_id = m.group_id and s.destination_id = d.id and s.until_seq is null
         join group_seq q on q.group_id = s.group_id
         cross join lateral (select case when s.shape is null then s.cursor else q.seq end as seq) at
         where d.host = $1 and d.scheme is null and d.id <> own.id
         on conflict (group_id, destination_id) where until_seq is null do nothing",
        host,
        shape
    )
    .execute(&mut **tx)
    .await?;
    let moved = query!(
        "update membership m set destination_id = own.id
         from actor a, destination d, destination own
         where a.id = m.actor_id and d.id = m.destination_id and own.inbox = a.inbox and d.host = $1 and d.scheme is null and d.id <> own.id",
        host
    )
    .execute(&mut **tx)
    .await?;
    query!(
        "update subscription s set until_seq = case when s.shape is null then s.cursor else q.seq end,
                shape = coalesce(s.shape, $2)
         from destination d, group_seq q
         where d.id = s.destination_id and d.host = $1 and d.scheme is null and s.until_seq is null and q.group_id = s.group_id
           and not exists (select from membership m where m.group_id = s.group_id and m.destination_id = d.id
                           and (m.follower or m.member))",
        host,
        shape
    )
    .execute(&mut **tx)
    .await?;
    Ok(moved.rows_affected())
}

/// A subscription that was written in another shape closes where the log stands, and opens again in the new one; the old
/// one drains first.
async fn reopen(tx: &mut Tx, host: &str, shape: &str) -> Result<u64> {
    let closed = query!(
        "update subscription s set until_seq = q.seq
         from destination d, group_seq q
         where d.id = s.destination_id and d.host = $1 and d.scheme is null and q.group_id = s.group_id
           and s.until_seq is null and s.shape is not null and s.shape <> $2
         returning s.group_id, s.destination_id, q.seq",
        host,
        shape
    )
    .fetch_all(&mut **tx)
    .await?;
    let count = closed.len() as u64;
    for row in closed {
        query!(
            "insert into subscription (group_id, destination_id, shape, from_seq, cursor) values ($1, $2, $3, $4, $4)",
            row.group_id,
            row.destination_id,
            shape,
            row.seq
        )
        .execute(&mut **tx)
        .await?;
    }
    Ok(count)
}

/// What was not decided yet was written in every shape: it is sent in the right one from the beginning.
async fn decide(tx: &mut Tx, host: &str, shape: &str) -> Result<u64> {
    let decided = query!(
        "update subscription s set shape = $2 from destination d
         where d.id = s.destination_id and d.host = $1 and d.scheme is null and s.shape is null",
        host,
        shape
    )
    .execute(&mut **tx)
    .await?;
    Ok(decided.rows_affected())
}
