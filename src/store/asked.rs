//! Who asked to be let in, as admins hear of it and answer: the queue `members` of the table `held`.
//!
//! One rule: whether somebody waits is `membership.state`; an entry here is decided once, and the first answer stays.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::store::{ActorId, GroupId, Result, Tx};

/// Somebody who asks.
#[derive(Clone, Debug)]
pub struct NewAsking<'a> {
    pub id: Uuid,
    pub group: GroupId,
    pub actor: ActorId,
    /// Join or Follow.
    pub kind: &'static str,
    /// Id of that.
    pub iri: &'a str,
    pub raw: &'a str,
}

/// An entry, as an answer to it needs it.
#[derive(Clone, Debug)]
pub struct Asking {
    /// Name of the group.
    pub group: String,
    /// Id of whoever asks.
    pub who: String,
    /// Join or Follow.
    pub kind: String,
    pub decided: bool,
    pub accepted: bool,
}

/// Somebody asks. Who asks again while they wait has one entry all the same, of their last request.
///
/// # Errors
/// If the database does not answer.
pub async fn write(tx: &mut Tx, new: &NewAsking<'_>, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "with again as (update held set iri = $5, kind = $4, raw = $6
                        where group_id = $2 and actor_id = $3 and queue = 'members' and decided_at is null
                        returning id)
         insert into held (id, group_id, queue, actor_id, kind, iri, raw, at)
         select $1, $2, 'members', $3, $4, $5, $6, $7 where not exists (select from again)",
        new.id,
        new.group.0,
        new.actor.0,
        new.kind,
        new.iri,
        new.raw,
        now,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// An entry by our id of it, or by that of the request.
///
/// # Errors
/// If the database does not answer.
pub async fn named(tx: &mut Tx, ours: Option<Uuid>, iri: &str) -> Result<Option<Asking>> {
    Ok(sqlx::query_as!(
        Asking,
        r#"select g.name as "group", a.iri as who, h.kind, h.decided_at is not null as "decided!",
                  coalesce(h.outcome = 'accepted', false) as "accepted!"
           from held h join "group" g on g.id = h.group_id join actor a on a.id = h.actor_id
           where h.queue = 'members' and (h.id = $1 or h.iri = $2)
           order by h.at desc limit 1"#,
        ours,
        iri,
    )
    .fetch_optional(&mut **tx)
    .await?)
}

/// It is decided, or taken back. `outcome`: accepted, rejected, withdrawn. `by`: the operator, where it is nobody. Gives the
/// Join that waited, if it was one.
///
/// # Errors
/// If the database does not answer.
pub async fn decide(
    tx: &mut Tx,
    group: GroupId,
    actor: ActorId,
    outcome: &'static str,
    by: Option<ActorId>,
    now: DateTime<Utc>,
) -> Result<Option<String>> {
    let rows = sqlx::query!(
        "update held set decided_at = $4, outcome = $3, decider_id = $5
         where group_id = $1 and actor_id = $2 and queue = 'members' and decided_at is null
         returning kind, raw",
        group.0,
        actor.0,
        outcome,
        now,
        by.map(|by| by.0),
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut joins = rows
        .into_iter()
        .filter(|row| row.kind == "Join" && !row.raw.is_empty());
    Ok(joins.next().map(|row| row.raw))
}
