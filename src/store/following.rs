//! Groups that our groups follow.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::store::{ActorId, GroupId, Result, Tx};

/// A group of ours begins to follow; whether it did not yet.
///
/// # Errors
/// If the database does not answer.
pub async fn follow(
    tx: &mut Tx,
    group: GroupId,
    whom: ActorId,
    id: Uuid,
    accepted: bool,
    now: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query!(
        "insert into following (group_id, actor_id, follow_id, accepted_at, since) values ($1, $2, $3, $4, $5)
         on conflict (group_id, actor_id) do nothing",
        group.0,
        whom.0,
        id,
        accepted.then_some(now),
        now,
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Ends it; gives the id of the Follow that is undone.
///
/// # Errors
/// If the database does not answer.
pub async fn unfollow(tx: &mut Tx, group: GroupId, whom: ActorId) -> Result<Option<Uuid>> {
    Ok(sqlx::query_scalar!(
        "delete from following where group_id = $1 and actor_id = $2 returning follow_id",
        group.0,
        whom.0
    )
    .fetch_optional(&mut **tx)
    .await?)
}

/// Writes down the answer to a Follow of ours, if it is whose turn it was to answer; whether it was.
///
/// # Errors
/// If the database does not answer.
pub async fn answered(
    tx: &mut Tx,
    id: Uuid,
    by: ActorId,
    accepted: bool,
    now: DateTime<Utc>,
) -> Result<bool> {
    let done = if accepted {
        sqlx::query!(
            "update following set accepted_at = coalesce(accepted_at, $3) where follow_id = $1 and actor_id = $2",
            id,
            by.0,
            now
        )
        .execute(&mut **tx)
        .await?
    } else {
        sqlx::query!(
            "delete from following where follow_id = $1 and actor_id = $2",
            id,
            by.0
        )
        .execute(&mut **tx)
        .await?
    };
    Ok(done.rows_affected() > 0)
}

/// Another server says that a group of ours follows: the answer to its Follow was lost.
///
/// # Errors
/// If the database does not answer.
pub async fn accept(tx: &mut Tx, group: GroupId, whom: ActorId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update following set accepted_at = coalesce(accepted_at, $3) where group_id = $1 and actor_id = $2",
        group.0,
        whom.0,
        now,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Names of our groups that follow an actor and were accepted.
///
/// # Errors
/// If the database does not answer.
pub async fn followers_of(tx: &mut Tx, whom: ActorId) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"select g.name from following f join "group" g on g.id = f.group_id
           where f.actor_id = $1 and f.accepted_at is not null and g.closed_at is null"#,
        whom.0
    )
    .fetch_all(&mut **tx)
    .await?)
}
