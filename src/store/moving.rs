//! What somebody is in a group goes over to another id of theirs.
//!
//! One rule: the caller holds the group's turn; the old row stays, as whoever left has one.

use chrono::{DateTime, Utc};

use crate::{
    domain::Iri,
    store::{ActorId, DestinationId, GroupId, Result, Store, Tx},
};

/// What the new id is to be.
#[derive(Clone, Copy, Debug)]
pub struct NewSelf {
    pub follower: bool,
    pub member: bool,
    /// in, pending.
    pub state: &'static str,
    pub destination: Option<DestinationId>,
}

/// Names of the groups in which an actor is anything, was asked to become something, or may not be.
///
/// # Errors
/// If the database does not answer.
pub async fn groups_that_know(tx: &mut Tx, actor: ActorId) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"select g.name from "group" g
           where g.closed_at is null and (
               g.owner_id = $1
               or exists (select from membership m where m.group_id = g.id and m.actor_id = $1
                              and (m.state in ('in', 'pending', 'banned') or m.role = 'admin' or m.watched or m.expelled))
               or exists (select from invitation i where i.group_id = g.id and i.actor_id = $1 and i.ended_at is null))"#,
        actor.0
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// Writes what the new id is, with the request that let the old one in and what the group thinks of them. What was asked of
/// the old one, or asked by it, is the new one's.
///
/// # Errors
/// If the database does not answer.
pub async fn hand_over(
    tx: &mut Tx,
    group: GroupId,
    (old, new): (ActorId, ActorId),
    becomes: &NewSelf,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into membership as m (group_id, actor_id, follower, member, state, request, request_iris, destination_id,
                                      since, watched, expelled)
         select $1, $3, $4, $5, $6, o.request, coalesce(o.request_iris, '{}'), $7, coalesce(o.since, $8),
                coalesce(o.watched, false), coalesce(o.expelled, false) and not $5
         from (select) as one left join membership o on o.group_id = $1 and o.actor_id = $2
         on conflict (group_id, actor_id) do update
         set follower = $4, member = $5, state = $6, destination_id = $7, request = coalesce(m.request, excluded.request),
             request_iris = (m.request_iris || excluded.request_iris)[1:4], banned_until = null, ban_reason = null,
             ban_iri = null, watched = m.watched or excluded.watched,
             expelled = (m.expelled or excluded.expelled) and not $5,
             since = case when m.member = $5 and m.follower = $4 then m.since else excluded.since end",
        group.0,
        old.0,
        new.0,
        becomes.follower,
        becomes.member,
        becomes.state,
        becomes.destination.map(|id| id.0),
        now,
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "with asks as (
             update held h set actor_id = $3
             where h.group_id = $1 and h.actor_id = $2 and h.queue = 'members' and h.decided_at is null
               and not exists (select from held o where o.group_id = $1 and o.actor_id = $3 and o.queue = 'members'
                                   and o.decided_at is null))
         update invitation i set actor_id = $3
         where i.group_id = $1 and i.actor_id = $2 and i.ended_at is null
           and not exists (select from invitation o where o.group_id = $1 and o.actor_id = $3 and o.call = i.call
                               and o.ended_at is null)",
        group.0,
        old.0,
        new.0,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

impl Store {
    /// Whether an actor says that it is also known as this one.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn is_also_known_as(&self, actor: ActorId, other: &Iri) -> Result<bool> {
        Ok(sqlx::query_scalar!(
            r#"select exists (select from actor where id = $1 and $2 = any(also_known_as)) as "is!""#,
            actor.0,
            other.as_str()
        )
        .fetch_one(&self.pool)
        .await?)
    }
}
