//! What the banned wrote in a group, where whoever banned them wants it gone.
//!
//! One rule: a mark in the membership, set with the ban, that stays until the last of their posts is out; what was written after it stays.

use chrono::{DateTime, Utc};

use crate::store::{ActorId, GroupId, Result, Store, Tx, departed::Remains};

/// Whose posts are to go out of which group, up to when.
#[derive(Clone, Copy, Debug)]
pub struct ToClear {
    pub group: GroupId,
    pub actor: ActorId,
    pub until: DateTime<Utc>,
}

/// From now on somebody's posts go out of a group. The caller holds the group's turn, and has written the membership.
///
/// # Errors
/// If the database does not answer.
pub async fn begin(tx: &mut Tx, group: GroupId, actor: ActorId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update membership set cleared_until = $3 where group_id = $1 and actor_id = $2",
        group.0,
        actor.0,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// They are out, or no longer to go.
///
/// # Errors
/// If the database does not answer.
pub async fn end(tx: &mut Tx, what: &ToClear) -> Result<()> {
    sqlx::query!(
        "update membership set cleared_until = null where group_id = $1 and actor_id = $2 and cleared_until = $3",
        what.group.0,
        what.actor.0,
        what.until
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

impl Store {
    /// Of open groups, so many.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn to_clear(&self, most: i64) -> Result<Vec<ToClear>> {
        let rows = sqlx::query!(
            r#"select m.group_id, m.actor_id, m.cleared_until as "until!"
               from membership m join "group" g on g.id = m.group_id and g.closed_at is null
               where m.cleared_until is not null order by m.group_id, m.actor_id limit $1"#,
            most
        )
        .fetch_all(&self.pool)
        .await?;
        let rows = rows.into_iter().map(|row| ToClear {
            group: GroupId(row.group_id),
            actor: ActorId(row.actor_id),
            until: row.until,
        });
        Ok(rows.collect())
    }

    /// What of it is there still, the newest first: what answers a post goes before it.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn left_to_clear(&self, what: &ToClear, most: i64) -> Result<Vec<Remains>> {
        Ok(sqlx::query_as!(
            Remains,
            r#"select p.iri as post, g.name as "group", p.public and g.visibility = 'public' as "public!"
               from post p
               join post_group pg on pg.post_id = p.id and pg.group_id = $1 and pg.removed_at is null
               join "group" g on g.id = pg.group_id
               where p.author_id = $2 and p.deleted_at is null and p.received_at <= $3
               order by p.received_at desc, p.id desc limit $4"#,
            what.group.0,
            what.actor.0,
            what.until,
            most
        )
        .fetch_all(&self.pool)
        .await?)
    }
}
