//! Writing the log: what a group says, to whom it is owed, and letters.
//!
//! One rule: an accepted event inserts a number of rows that does not depend on how many hear it. Who has heard what is a
//! cursor in `subscription`; reading the log is `lane.rs`.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    domain::Audience,
    store::{ActorId, GroupId, Result, Tx},
};

/// A row of `destination`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DestinationId(pub i64);

/// An event to be written down.
#[derive(Clone, Debug)]
pub struct NewEntry<'a> {
    pub group: GroupId,
    /// Our id of it.
    pub id: Uuid,
    /// The sender's.
    pub iri: Option<&'a str>,
    pub kind: &'a str,
    pub actor: ActorId,
    pub post: Uuid,
    pub thread: Uuid,
    pub author_host: &'a str,
    pub audience: Audience,
    /// The announcement that it takes back: its place in the log and its id.
    pub retracts: Option<(i64, Uuid)>,
    pub raw: &'a str,
    pub at: DateTime<Utc>,
    /// Shape, head, tail, and whether the author's own server is passed over.
    pub shapes: &'a [(&'static str, String, Option<String>, bool)],
}

/// Writes an event at the end of the group's log; gives its place. The caller holds the group's turn.
///
/// # Errors
/// If the database does not answer.
pub async fn append(tx: &mut Tx, new: &NewEntry<'_>) -> Result<i64> {
    let (shapes, heads): (Vec<_>, Vec<_>) = new
        .shapes
        .iter()
        .map(|(shape, head, ..)| ((*shape).to_owned(), head.clone()))
        .unzip();
    let (tails, skips): (Vec<_>, Vec<_>) = new
        .shapes
        .iter()
        .map(|(_, _, tail, skip)| (tail.clone(), *skip))
        .unzip();
    #[cfg(feature = "failpoints")]
    if crate::store::is_serial() {
        let seq: i64 = sqlx::query_scalar("select nextval('control')")
            .fetch_one(&mut **tx)
            .await?;
        sqlx::query("select pg_sleep(random() * 0.1)")
            .execute(&mut **tx)
            .await?;
        sqlx::query(
            "with said as (insert into activity (id, group_id, iri, kind, actor_id, post_id, retracts, raw, accepted_at)
                    values ($2, $1, $3, $4, $5, $6, $7, $8, $9)),
             logged as (insert into entry (group_id, seq, activity_id, thread_id, audience, author_host, retracts, at)
                      values ($1, $18, $2, $10, $11, $12, $13, $9))
             insert into entry_shape (group_id, seq, shape, head, tail, skip_author)
                      select $1, $18, s.shape, s.head, s.tail, s.skip
                      from unnest($14::text[], $15::text[], $16::text[], $17::boolean[]) as s(shape, head, tail, skip)")
            .bind(new.group.0)
            .bind(new.id)
            .bind(new.iri)
            .bind(new.kind)
            .bind(new.actor.0)
            .bind(new.post)
            .bind(new.retracts.map(|(_, id)| id))
            .bind(new.raw)
            .bind(new.at)
            .bind(new.thread)
            .bind(new.audience.word())
            .bind(new.author_host)
            .bind(new.retracts.map(|(seq, _)| seq))
            .bind(&shapes)
            .bind(&heads)
            .bind(&tails)
            .bind(&skips)
            .bind(seq)
        .execute(&mut **tx).await?;
        sqlx::query("update group_seq set seq = greatest(seq, $2) where group_id = $1")
            .bind(new.group.0)
            .bind(seq)
            .execute(&mut **tx)
            .await?;
        return Ok(seq);
    }
    Ok(sqlx::query_scalar!(
        r#"with next as (update group_seq set seq = seq + 1 where group_id = $1 returning seq),
           said as (insert into activity (id, group_id, iri, kind, actor_id, post_id, retracts, raw, accepted_at)
                    values ($2, $1, $3, $4, $5, $6, $7, $8, $9)),
           logged as (insert into entry (group_id, seq, activity_id, thread_id, audience, author_host, retracts, at)
                      select $1, seq, $2, $10, $11, $12, $13, $9 from next),
           shaped as (insert into entry_shape (group_id, seq, shape, head, tail, skip_author)
                      select $1, next.seq, s.shape, s.head, s.tail, s.skip
                      from next, unnest($14::text[], $15::text[], $16::text[], $17::boolean[]) as s(shape, head, tail, skip))
           select seq from next"#,
        new.group.0,
        new.id,
        new.iri,
        new.kind,
        new.actor.0,
        new.post,
        new.retracts.map(|(_, id)| id),
        new.raw,
        new.at,
        new.thread,
        new.audience.word(),
        new.author_host,
        new.retracts.map(|(seq, _)| seq),
        &shapes,
        &heads,
        &tails as &[Option<String>],
        &skips,
    )
    .fetch_one(&mut **tx)
    .await?)
}

/// The shapes that a group's entries are written in now; `None` among them: one is not decided yet, so all are.
///
/// # Errors
/// If the database does not answer.
pub async fn shapes_heard(tx: &mut Tx, group: GroupId) -> Result<Vec<Option<String>>> {
    Ok(sqlx::query_scalar!(
        "select distinct shape from subscription where group_id = $1 and until_seq is null",
        group.0
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// The destination of an inbox.
///
/// # Errors
/// If the database does not answer.
pub async fn destination(tx: &mut Tx, inbox: &str, host: &str) -> Result<DestinationId> {
    let id = sqlx::query_scalar!(
        r#"with made as (insert into destination (inbox, host) values ($1, $2) on conflict (inbox) do nothing returning id)
           select id as "id!" from made union all select id from destination where inbox = $1 limit 1"#,
        inbox,
        host
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(DestinationId(id))
}

/// A destination begins to hear a group, from the next entry on. One that hears it already goes on as it is.
///
/// # Errors
/// If the database does not answer.
pub async fn subscribe(
    tx: &mut Tx,
    group: GroupId,
    destination: DestinationId,
    shape: Option<&str>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into subscription (group_id, destination_id, shape, shape_wanted, from_seq, cursor)
         select $1, $2, $3, $4, seq, seq from group_seq where group_id = $1
         on conflict (group_id, destination_id) where until_seq is null do nothing",
        group.0,
        destination.0,
        shape,
        now,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Closes what nobody reads any more: what was not sent is no longer due, but for retractions of what was.
///
/// # Errors
/// If the database does not answer.
pub async fn close_unread(tx: &mut Tx, group: GroupId, destination: DestinationId) -> Result<()> {
    sqlx::query!(
        "update subscription s set until_seq = q.seq, left_at = s.cursor
         from group_seq q
         where s.group_id = $1 and s.destination_id = $2 and s.until_seq is null and q.group_id = s.group_id
           and not exists (select from membership m
                           where m.group_id = $1 and m.destination_id = $2 and (m.follower or m.member))",
        group.0,
        destination.0,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A letter to be sent.
#[derive(Clone, Debug)]
pub struct NewLetter<'a> {
    pub id: Uuid,
    pub group: GroupId,
    pub destination: DestinationId,
    pub kind: &'static str,
    pub body: &'a str,
    pub at: DateTime<Utc>,
}

/// Posts a letter.
///
/// # Errors
/// If the database does not answer.
pub async fn post_letter(tx: &mut Tx, new: &NewLetter<'_>) -> Result<()> {
    sqlx::query!(
        "insert into letter (activity_id, group_id, destination_id, kind, body, at) values ($1, $2, $3, $4, $5, $6)",
        new.id,
        new.group.0,
        new.destination.0,
        new.kind,
        new.body,
        new.at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
