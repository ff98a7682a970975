//! Who runs a group, and who was put out of it.
//!
//! One rule: the owner is a column of the group, an admin a role in `membership`; nobody is both.

use chrono::{DateTime, Utc};

use crate::{
    domain::Rule,
    store::{ActorId, GroupId, Result, Store, Tx},
};

/// Makes somebody an admin, or takes that back. Whoever is in the group stays so.
///
/// # Errors
/// If the database does not answer.
pub async fn rank(
    tx: &mut Tx,
    group: GroupId,
    actor: ActorId,
    admin: bool,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into membership as m (group_id, actor_id, role, state, ranked_at, since)
         values ($1, $2, case when $3 then 'admin' else 'member' end, 'in', case when $3 then $4::timestamptz end, $4)
         on conflict (group_id, actor_id) do update
         set role = excluded.role, ranked_at = excluded.ranked_at,
             state = case when $3 and m.state = 'out' then 'in' else m.state end",
        group.0,
        actor.0,
        admin,
        now,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Whoever is not in the group runs it no more.
///
/// # Errors
/// If the database does not answer.
pub async fn unrank(tx: &mut Tx, group: GroupId, actor: ActorId) -> Result<()> {
    sqlx::query!(
        "update membership set role = 'member', ranked_at = null
         where group_id = $1 and actor_id = $2 and role <> 'member'",
        group.0,
        actor.0
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Whoever was put out by another's word.
///
/// # Errors
/// If the database does not answer.
pub async fn note_expelled(tx: &mut Tx, group: GroupId, actor: ActorId) -> Result<()> {
    sqlx::query!(
        "update membership set expelled = true where group_id = $1 and actor_id = $2",
        group.0,
        actor.0
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Gives a group to somebody.
///
/// # Errors
/// If the database does not answer.
pub async fn own(tx: &mut Tx, group: GroupId, owner: ActorId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        r#"update "group" set owner_id = $2, owned_at = $3, updated_at = $3, rule = 'owned' where id = $1"#,
        group.0,
        owner.0,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Whether somebody is there to decide.
///
/// # Errors
/// If the database does not answer.
pub async fn set_rule(tx: &mut Tx, group: GroupId, rule: Rule) -> Result<()> {
    sqlx::query!(
        r#"update "group" set rule = $2 where id = $1"#,
        group.0,
        rule.word()
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Everybody else who is in the group, or waits, and says that they are the one who is given, or whose id differs by spelling
/// alone.
///
/// # Errors
/// If the database does not answer.
pub async fn others_of(tx: &mut Tx, group: GroupId, actor: ActorId) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"select o.iri as "iri!" from (
               select o.id, o.iri from actor me
               join actor o on o.also_known_as <> '{}' and folded_all(o.also_known_as) @> array[folded(me.iri)]
               where me.id = $2
               union
               select o.id, o.iri from actor me join actor o on folded(o.iri) = folded(me.iri) where me.id = $2
           ) o
           join membership m on m.actor_id = o.id and m.group_id = $1
           where o.id <> $2 and (m.state in ('in', 'pending') or m.role = 'admin') and m.state <> 'banned'
           order by o.id"#,
        group.0,
        actor.0,
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// Ids of the admins who are there, the first one first.
///
/// # Errors
/// If the database does not answer.
pub async fn admins(tx: &mut Tx, group: GroupId) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        "select a.iri from who_runs($1) r join actor a on a.id = r.actor_id
         where not r.is_owner and a.gone_at is null
         order by r.since, a.id",
        group.0
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// Names of the open groups that an actor owns.
///
/// # Errors
/// If the database does not answer.
pub async fn owned_by(tx: &mut Tx, actor: ActorId) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"select name from "group" where owner_id = $1 and rule = 'owned' and closed_at is null"#,
        actor.0
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// Whoever waits, is in or was in by a request of this id, or is the one who is named.
///
/// # Errors
/// If the database does not answer.
pub async fn named(tx: &mut Tx, group: GroupId, name: &str) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!(
        // One index each: a group may be big.
        r#"select n.iri as "iri!" from (
               select a.iri, 0 as place from actor a join membership m on m.actor_id = a.id
               where a.iri = $2 and m.group_id = $1
               union all
               select a.iri, 1 from membership m join actor a on a.id = m.actor_id
               where m.request_iris @> array[$2::text] and m.group_id = $1
           ) n order by n.place limit 1"#,
        group.0,
        name
    )
    .fetch_optional(&mut **tx)
    .await?)
}

/// How a host speaks, by its operator's word here, its look-up or what it has shown.
///
/// # Errors
/// If the database does not answer.
pub async fn dialect_of(tx: &mut Tx, host: &str) -> Result<Option<String>> {
    let known = sqlx::query_scalar!(
        r#"select coalesce(shape, class) as "dialect!" from peer where host = $1"#,
        host
    );
    Ok(known.fetch_optional(&mut **tx).await?)
}

/// Whom a Block of this id keeps out, and of which group.
///
/// # Errors
/// If the database does not answer.
pub async fn banned_by(tx: &mut Tx, iri: &str) -> Result<Option<(String, String)>> {
    let row = sqlx::query!(
        r#"select g.name, a.iri from membership m join "group" g on g.id = m.group_id join actor a on a.id = m.actor_id
           where m.ban_iri = $1 and m.state = 'banned'"#,
        iri
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(|row| (row.name, row.iri)))
}

/// Whether we asked anybody anything by a letter of this id.
///
/// # Errors
/// If the database does not answer.
pub async fn was_asked(tx: &mut Tx, id: uuid::Uuid) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from letter where activity_id = $1 and kind in ('Follow', 'Invite', 'Offer')) as "is!""#,
        id
    )
    .fetch_one(&mut **tx)
    .await?)
}

impl Store {
    /// Ids of owners whose account is gone, while their groups do not know.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn owners_gone(&self) -> Result<Vec<String>> {
        Ok(sqlx::query_scalar!(
            r#"select distinct a.iri from "group" g join actor a on a.id = g.owner_id
               where g.rule = 'owned' and g.closed_at is null and a.gone_at is not null"#
        )
        .fetch_all(&self.pool)
        .await?)
    }
}
