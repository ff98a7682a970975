//! Who was asked to become what in a group: a member, an admin, its owner.
//!
//! One rule: asked twice is asked once, and what has ended never opens again; who asks once more asks anew.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::{
    domain::Call,
    store::{ActorId, GroupId, Result, Store, Tx, word},
};

/// Somebody who is asked.
#[derive(Clone, Debug)]
pub struct NewCall<'a> {
    pub id: Uuid,
    pub group: GroupId,
    pub actor: ActorId,
    pub call: Call,
    /// `None`: the operator, or the group itself.
    pub by: Option<ActorId>,
    /// Of the Invite or Offer as it came; `None`: it is ours.
    pub iri: Option<&'a str>,
}

/// Who was asked what, by whom.
#[derive(Clone, Debug)]
pub struct Asked {
    pub id: Uuid,
    /// Name of the group.
    pub group: String,
    /// Id of whoever was asked.
    pub whom: String,
    pub actor: ActorId,
    pub by: Option<ActorId>,
    pub call: Call,
    pub ours: bool,
}

/// Asks somebody; whether they were not asked already.
///
/// # Errors
/// If the database does not answer.
pub async fn ask(tx: &mut Tx, new: &NewCall<'_>, now: DateTime<Utc>) -> Result<bool> {
    let done = sqlx::query!(
        "insert into invitation (id, group_id, actor_id, call, by_id, iri, at) values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (group_id, actor_id, call) where ended_at is null do nothing",
        new.id,
        new.group.0,
        new.actor.0,
        new.call.word(),
        new.by.map(|by| by.0),
        new.iri,
        now,
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// How many an actor has asked in the last day.
///
/// # Errors
/// If the database does not answer.
pub async fn asked_lately(tx: &mut Tx, by: ActorId, now: DateTime<Utc>) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "asked!" from invitation where by_id = $1 and at > $2"#,
        by.0,
        now - TimeDelta::days(1)
    )
    .fetch_one(&mut **tx)
    .await?)
}

/// An invitation or offer by the id that it has, here or where it came from; of one id the latest, open or not.
///
/// # Errors
/// If the database does not answer, or the row makes no sense.
pub async fn named(tx: &mut Tx, ours: Option<Uuid>, iri: &str) -> Result<Option<Asked>> {
    let row = sqlx::query!(
        r#"select i.id, i.actor_id, i.by_id, i.call, i.iri is null as "ours!", g.name as "group", a.iri as whom
           from invitation i join "group" g on g.id = i.group_id join actor a on a.id = i.actor_id
           where i.id = $1 or i.iri = $2
           order by i.at desc limit 1"#,
        ours,
        iri,
    )
    .fetch_optional(&mut **tx)
    .await?;
    row.map(|row| {
        Ok(Asked {
            call: word("invitation", "call", row.id, &row.call)?,
            id: row.id,
            group: row.group,
            whom: row.whom,
            actor: ActorId(row.actor_id),
            by: row.by_id.map(ActorId),
            ours: row.ours,
        })
    })
    .transpose()
}

/// Whom an activity asks, of the open ones, as long as the group has not told them itself: in several groups, if it is a Grant.
///
/// # Errors
/// If the database does not answer, or a row makes no sense.
pub async fn untold(tx: &mut Tx, iri: &str) -> Result<Vec<Asked>> {
    let rows = sqlx::query!(
        r#"select i.id, i.actor_id, i.by_id, i.call, g.name as "group", a.iri as whom
           from invitation i join "group" g on g.id = i.group_id join actor a on a.id = i.actor_id
           where i.iri = $1 and i.ended_at is null and not exists (select from letter l where l.activity_id = i.id)
           order by i.group_id"#,
        iri,
    )
    .fetch_all(&mut **tx)
    .await?;
    let asked = rows.into_iter().map(|row| {
        Ok(Asked {
            call: word("invitation", "call", row.id, &row.call)?,
            id: row.id,
            group: row.group,
            whom: row.whom,
            actor: ActorId(row.actor_id),
            by: row.by_id.map(ActorId),
            ours: false,
        })
    });
    asked.collect()
}

/// Whether it is open, and somebody else asked them.
///
/// # Errors
/// If the database does not answer.
pub async fn is_by_another(
    tx: &mut Tx,
    group: GroupId,
    actor: ActorId,
    call: Call,
    by: ActorId,
) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from invitation where group_id = $1 and actor_id = $2 and call = $3 and by_id is distinct from $4
                              and ended_at is null) as "is!""#,
        group.0,
        actor.0,
        call.word(),
        by.0
    )
    .fetch_one(&mut **tx)
    .await?)
}

/// Ends what somebody was asked. `ending`: accepted, declined, withdrawn.
///
/// # Errors
/// If the database does not answer.
pub async fn end(
    tx: &mut Tx,
    group: GroupId,
    actor: ActorId,
    call: Call,
    ending: &'static str,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update invitation set ended_at = $5, ending = $4
         where group_id = $1 and actor_id = $2 and call = $3 and ended_at is null",
        group.0,
        actor.0,
        call.word(),
        ending,
        now,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Whatever somebody was asked to become, they are not any more: they left, or were put out.
///
/// # Errors
/// If the database does not answer.
pub async fn end_all(tx: &mut Tx, group: GroupId, actor: ActorId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update invitation set ended_at = $3, ending = 'withdrawn'
         where group_id = $1 and actor_id = $2 and ended_at is null",
        group.0,
        actor.0,
        now,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A group has an owner: nobody else is asked to own it any more.
///
/// # Errors
/// If the database does not answer.
pub async fn end_offers(tx: &mut Tx, group: GroupId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update invitation set ended_at = $2, ending = 'withdrawn'
         where group_id = $1 and call = 'owner' and ended_at is null",
        group.0,
        now,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

impl Store {
    /// Names of private groups that wait for an answer of somebody.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn called_into_private(&self, actor: ActorId) -> Result<Vec<String>> {
        Ok(sqlx::query_scalar!(
            r#"select distinct g.name from invitation i join "group" g on g.id = i.group_id
               where i.actor_id = $1 and i.ended_at is null and g.visibility = 'private'"#,
            actor.0
        )
        .fetch_all(&self.pool)
        .await?)
    }
}
