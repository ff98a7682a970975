//! What waits for an admin, and what became of it: posts and edits, and those who ask to be let in.
//!
//! One rule: an entry is decided once; each version of a post is an entry of its own.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    domain::words,
    store::{ActorId, GroupId, Result, Store, Tx, word},
};

words! {
    /// Where something waits.
    Queue {
        Activities = "activities",
        Members = "members",
    }
}

words! {
    /// What became of it.
    Outcome {
        Accepted = "accepted",
        Rejected = "rejected",
        /// By a later version.
        Replaced = "replaced",
        /// By its author.
        Withdrawn = "withdrawn",
    }
}

/// Something that is to wait.
#[derive(Clone, Debug)]
pub struct NewHeld<'a> {
    pub id: Uuid,
    pub group: GroupId,
    pub queue: Queue,
    pub actor: ActorId,
    /// Type of the activity.
    pub kind: &'a str,
    pub iri: &'a str,
    /// Id of the post.
    pub object: Option<&'a str>,
    pub public: bool,
    /// Empty: only the object is known.
    pub raw: &'a str,
    /// The object as its origin told it, where `raw` does not carry it.
    pub fetched: Option<&'a str>,
}

/// A version of a post that waits, as a decision about the post needs it.
#[derive(Clone, Debug)]
pub struct Pending {
    pub id: Uuid,
    pub group: GroupId,
    /// Of the author's activity.
    pub iri: String,
    pub actor: ActorId,
    pub public: bool,
}

/// Its id, group, object, activity, actor, audience.
pub(super) type PendingRow = (Uuid, i64, String, String, i64, bool);

/// By the id of the post.
pub(super) fn pending_by_object(rows: Vec<PendingRow>) -> HashMap<String, Vec<Pending>> {
    let mut pending: HashMap<String, Vec<Pending>> = HashMap::new();
    for (id, group, object, iri, actor, public) in rows {
        pending.entry(object).or_default().push(Pending {
            id,
            group: GroupId(group),
            iri,
            actor: ActorId(actor),
            public,
        });
    }
    pending
}

/// An entry.
#[derive(Clone, Debug)]
pub struct Held {
    pub id: Uuid,
    pub group: GroupId,
    pub group_name: String,
    pub queue: Queue,
    /// Who asks.
    pub actor: String,
    pub kind: String,
    pub iri: String,
    pub object: Option<String>,
    pub public: bool,
    pub raw: String,
    pub fetched: Option<String>,
    pub at: DateTime<Utc>,
    pub outcome: Option<Outcome>,
}

/// How an entry is named.
#[derive(Clone, Copy, Debug)]
pub enum Named<'a> {
    /// By our id of it.
    Entry(Uuid),
    /// By the id of the activity in it.
    Activity(&'a str),
}

pub(super) struct Row {
    pub(super) id: Uuid,
    pub(super) group_id: i64,
    pub(super) group_name: String,
    pub(super) queue: String,
    pub(super) actor: String,
    pub(super) kind: String,
    pub(super) iri: String,
    pub(super) object: Option<String>,
    pub(super) public: bool,
    pub(super) raw: String,
    pub(super) fetched: Option<String>,
    pub(super) at: DateTime<Utc>,
    pub(super) outcome: Option<String>,
}

impl TryFrom<Row> for Held {
    type Error = crate::store::Error;

    fn try_from(row: Row) -> Result<Self> {
        let outcome = row.outcome.as_deref();
        Ok(Self {
            queue: word("held", "queue", row.id, &row.queue)?,
            outcome: outcome
                .map(|outcome| word("held", "outcome", row.id, outcome))
                .transpose()?,
            id: row.id,
            group: GroupId(row.group_id),
            group_name: row.group_name,
            actor: row.actor,
            kind: row.kind,
            iri: row.iri,
            object: row.object,
            public: row.public,
            raw: row.raw,
            fetched: row.fetched,
            at: row.at,
        })
    }
}

/// Entries of this name, in any group, the newest first.
///
/// # Errors
/// If the database does not answer, or a row makes no sense.
pub async fn named(tx: &mut Tx, name: Named<'_>) -> Result<Vec<Held>> {
    let (id, iri) = match name {
        Named::Entry(id) => (Some(id), None),
        Named::Activity(iri) => (None, Some(iri)),
    };
    let rows = sqlx::query_as!(
        Row,
        r#"select h.id, h.group_id, g.name as group_name, h.queue, a.iri as actor, h.kind, h.iri, h.object, h.public,
                  h.raw, h.fetched, h.at, h.outcome
           from held h join "group" g on g.id = h.group_id join actor a on a.id = h.actor_id
           where h.id = $1 or h.iri = $2
           order by h.at desc, h.id desc"#,
        id,
        iri
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter().map(Held::try_from).collect()
}

/// The version of a post that waits in a group now.
///
/// # Errors
/// If the database does not answer, or the row makes no sense.
pub async fn waiting(tx: &mut Tx, group: GroupId, object: &str) -> Result<Option<Held>> {
    let row = sqlx::query_as!(
        Row,
        r#"select h.id, h.group_id, g.name as group_name, h.queue, a.iri as actor, h.kind, h.iri, h.object, h.public,
                  h.raw, h.fetched, h.at, h.outcome
           from held h join "group" g on g.id = h.group_id join actor a on a.id = h.actor_id
           where h.object = $2 and h.group_id = $1 and h.decided_at is null
           order by h.id desc limit 1"#,
        group.0,
        object
    )
    .fetch_optional(&mut **tx)
    .await?;
    row.map(Held::try_from).transpose()
}

/// Ends an entry that waits; whether it did. `by`: the operator, where it is nobody.
///
/// # Errors
/// If the database does not answer.
pub async fn decide(
    tx: &mut Tx,
    id: Uuid,
    outcome: Outcome,
    by: Option<ActorId>,
    reason: Option<&str>,
    now: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query!(
        "update held set decided_at = $5, outcome = $2, decider_id = $3, reason = $4
         where id = $1 and decided_at is null",
        id,
        outcome.word(),
        by.map(|by| by.0),
        reason,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Writes down what waits, and the ends of what does so no longer.
///
/// # Errors
/// If the database does not answer.
pub async fn write(
    tx: &mut Tx,
    new: &[NewHeld<'_>],
    ended: &[(Uuid, Outcome)],
    now: DateTime<Utc>,
) -> Result<()> {
    for (id, outcome) in ended {
        decide(tx, *id, *outcome, None, None, now).await?;
    }
    for held in new {
        sqlx::query!(
            "insert into held (id, group_id, queue, actor_id, kind, iri, object, public, raw, fetched, at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            held.id,
            held.group.0,
            held.queue.word(),
            held.actor.0,
            held.kind,
            held.iri,
            held.object,
            held.public,
            held.raw,
            held.fetched,
            now,
        )
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

/// What of somebody's waits: the id of a post, where it is one, and the name of the group.
///
/// # Errors
/// If the database does not answer.
pub async fn waiting_of(tx: &mut Tx, actor: ActorId) -> Result<Vec<(Option<String>, String)>> {
    let rows = sqlx::query!(
        r#"select h.object, g.name from held h join "group" g on g.id = h.group_id
           where h.actor_id = $1 and h.decided_at is null"#,
        actor.0
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.object, row.name)).collect())
}

/// Whoever sent it is gone, or was put out: nothing of theirs waits any more in these groups, whose turn it is.
///
/// # Errors
/// If the database does not answer.
pub async fn withdraw_all(tx: &mut Tx, actor: ActorId, groups: &[GroupId], now: DateTime<Utc>) -> Result<()> {
    let groups: Vec<i64> = groups.iter().map(|group| group.0).collect();
    sqlx::query!(
        "update held set decided_at = $2, outcome = 'withdrawn'
         where actor_id = $1 and group_id = any($3) and decided_at is null",
        actor.0,
        now,
        &groups,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

impl Store {
    /// Forgets up to `chunk` entries that were decided before `before`; how many there were.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn forget_decided(&self, before: DateTime<Utc>, chunk: i64) -> Result<u64> {
        let forgotten = sqlx::query_scalar!(
            r#"with forgotten as (
                 delete from held where id in (
                     select id from held where decided_at < $1 order by decided_at limit $2 for update skip locked)
                 returning id, iri),
               originals as (
                 delete from original o using forgotten f
                 where o.activity = f.iri and not exists (select from activity a where a.iri = f.iri)
                     and not exists (select from held h where h.iri = f.iri and h.decided_at is null))
             select count(*) as "count!" from forgotten"#,
            before,
            chunk
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(u64::try_from(forgotten).unwrap_or_default())
    }

    /// Names of the groups whose admins said no to a post of this id, and did not say yes since.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn groups_that_rejected(&self, object: &str) -> Result<Vec<String>> {
        Ok(sqlx::query_scalar!(
            r#"select distinct g.name from held h join "group" g on g.id = h.group_id
               where h.object = $1 and h.outcome = 'rejected'
                 and not exists (select from held y where y.group_id = h.group_id and y.object = h.object
                                     and y.outcome = 'accepted' and y.at > h.at)"#,
            object
        )
        .fetch_all(&self.pool)
        .await?)
    }
}
