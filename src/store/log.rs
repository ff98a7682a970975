//! The log: what a group says, to whom it is owed, and letters.
//!
//! One rule: an accepted event inserts a number of rows that does not depend on how many hear it. Who has heard what is a
//! cursor in `subscription`; entries are written by `deeds.rs` and read by `lane.rs`.

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
    /// Its place: behind all that the group said before.
    pub seq: i64,
    /// Our id of it.
    pub id: Uuid,
    /// The sender's.
    pub iri: Option<&'a str>,
    pub kind: &'static str,
    pub actor: ActorId,
    pub post: Uuid,
    pub thread: Uuid,
    pub author_host: &'a str,
    pub audience: Audience,
    /// The announcement that it takes back: its place in the log and its id.
    pub retracts: Option<(i64, Uuid)>,
    pub raw: &'a str,
    /// It may be told in the protocol that its post did not come from.
    pub crosses: bool,
    pub shapes: Vec<NewShape>,
}

/// An entry in one shape.
#[derive(Clone, Debug)]
pub struct NewShape {
    pub shape: &'static str,
    pub head: String,
    /// `None`: `head` is the whole document.
    pub tail: Option<String>,
    /// The author's own server is passed over.
    pub skip_author: bool,
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

/// The destination of an inbox whose host hears there by what is signed for our whole domain.
///
/// # Errors
/// If the database does not answer.
pub async fn domain_destination(tx: &mut Tx, inbox: &str, host: &str) -> Result<DestinationId> {
    let id = sqlx::query_scalar!(
        r#"with made as (
             insert into destination (inbox, host, scheme) values ($1, $2, 'domain')
             on conflict (inbox) do update set scheme = 'domain' where destination.scheme is null
             returning id)
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
                           where m.group_id = $1 and (m.destination_id = $2 or m.follow_destination_id = $2)
                             and (m.follower or m.member))",
        group.0,
        destination.0,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Hosts with actors that have an ear for a group.
///
/// # Errors
/// If the database does not answer.
pub async fn hosts_that_hear(tx: &mut Tx, group: GroupId) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        "select distinct d.host from subscription s join destination d on d.id = s.destination_id
         where s.group_id = $1 and s.until_seq is null and d.scheme is null",
        group.0,
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// The shapes that a group is heard in, and whether somebody hears it whose shape is not decided yet.
///
/// # Errors
/// If the database does not answer.
pub async fn shapes_heard(tx: &mut Tx, group: GroupId) -> Result<(Vec<String>, bool)> {
    let shapes = sqlx::query_scalar!(
        "select distinct shape from subscription where group_id = $1 and until_seq is null",
        group.0,
    )
    .fetch_all(&mut **tx)
    .await?;
    let undecided = shapes.contains(&None);
    Ok((shapes.into_iter().flatten().collect(), undecided))
}

/// Whether a destination hears a group.
///
/// # Errors
/// If the database does not answer.
pub async fn is_open(tx: &mut Tx, group: GroupId, destination: DestinationId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from subscription
                          where group_id = $1 and destination_id = $2 and until_seq is null) as "open!""#,
        group.0,
        destination.0,
    )
    .fetch_one(&mut **tx)
    .await?)
}

/// The actors of a host hear nothing of a group that is said from now on.
///
/// # Errors
/// If the database does not answer.
pub async fn silence(tx: &mut Tx, group: GroupId, host: &str) -> Result<()> {
    sqlx::query!(
        "update subscription s set until_seq = q.seq
         from group_seq q, destination d
         where s.group_id = $1 and s.until_seq is null and q.group_id = s.group_id
           and d.id = s.destination_id and d.host = $2 and d.scheme is null",
        group.0,
        host,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Destinations where somebody reads a group and that have no ear for it, with their hosts; and their inboxes, where how they
/// hear is theirs and not their host's.
///
/// # Errors
/// If the database does not answer.
pub async fn readers_that_do_not_hear(
    tx: &mut Tx,
    group: GroupId,
) -> Result<Vec<(DestinationId, String, Option<String>)>> {
    let rows = sqlx::query!(
        "select distinct d.id, d.host, case when d.scheme is not null then d.inbox end as own
         from membership m join destination d on d.id in (m.destination_id, m.follow_destination_id)
         where m.group_id = $1 and (m.follower or m.member)
           and not exists (select from subscription s
                           where s.group_id = $1 and s.destination_id = d.id and s.until_seq is null)",
        group.0,
    )
    .fetch_all(&mut **tx)
    .await?;
    let rows = rows
        .into_iter()
        .map(|row| (DestinationId(row.id), row.host, row.own));
    Ok(rows.collect())
}

/// The kind of a letter that the group's steward says, under its own key.
pub const STEWARDS: &str = "Steward";

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
