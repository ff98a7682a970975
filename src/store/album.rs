//! Collections of groups, and what is in them.
//!
//! One rule: whatever was put in keeps its place and its date; put in again, it stays as it is.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    domain::CollectPolicy,
    store::{ActorId, GroupId, Result, Slice, Store, Tx, Viewer, collections::one_more, view::count, word},
};

/// A collection of a group.
#[derive(Clone, Debug)]
pub struct AlbumView {
    pub id: Uuid,
    pub name: String,
    /// Sanitised HTML.
    pub summary: Option<String>,
    pub policy: CollectPolicy,
    pub made_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub items: u64,
}

/// Something in a collection.
#[derive(Clone, Debug)]
pub struct ItemView {
    /// Where the next page starts.
    pub place: i64,
    pub iri: String,
    /// JSON, as whoever put it in described it.
    pub object: Option<String>,
    /// Since when it is there.
    pub at: DateTime<Utc>,
}

struct AlbumRow {
    id: Uuid,
    name: String,
    summary: Option<String>,
    policy: String,
    made_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    items: i64,
}

impl TryFrom<AlbumRow> for AlbumView {
    type Error = crate::store::Error;

    fn try_from(row: AlbumRow) -> Result<Self> {
        Ok(Self {
            policy: word("collection", "policy", row.id, &row.policy)?,
            id: row.id,
            name: row.name,
            summary: row.summary,
            made_at: row.made_at,
            updated_at: row.updated_at,
            items: count(row.items),
        })
    }
}

/// Makes a collection.
///
/// # Errors
/// If the database does not answer.
pub async fn make(
    tx: &mut Tx,
    group: GroupId,
    id: Uuid,
    (name, summary, policy): (&str, Option<&str>, CollectPolicy),
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into collection (id, group_id, name, summary, policy, made_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $6)",
        id,
        group.0,
        name,
        summary,
        policy.word(),
        now,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Changes a collection; `None` stays as it is, `Some(None)` is removed.
///
/// # Errors
/// If the database does not answer.
pub async fn change(
    tx: &mut Tx,
    id: Uuid,
    (name, summary, policy): (Option<&str>, Option<Option<&str>>, Option<CollectPolicy>),
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update collection set name = coalesce($2, name), summary = case when $3 then $4 else summary end,
                policy = coalesce($5, policy), updated_at = $6
         where id = $1",
        id,
        name,
        summary.is_some(),
        summary.flatten(),
        policy.map(CollectPolicy::word),
        now,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A collection is gone, and all that is in it with it.
///
/// # Errors
/// If the database does not answer.
pub async fn delete(tx: &mut Tx, id: Uuid, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "with emptied as (delete from collected where collection_id = $1)
         update collection set deleted_at = $2, updated_at = $2 where id = $1",
        id,
        now,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// One collection of a group that is there.
///
/// # Errors
/// If the database does not answer, or the row makes no sense.
pub async fn find(
    database: impl sqlx::PgExecutor<'_>,
    group: GroupId,
    id: Uuid,
) -> Result<Option<AlbumView>> {
    let row = sqlx::query_as!(
        AlbumRow,
        r#"select c.id, c.name, c.summary, c.policy, c.made_at, c.updated_at,
                  (select count(*) from collected i where i.collection_id = c.id) as "items!"
           from collection c where c.id = $1 and c.group_id = $2 and c.deleted_at is null"#,
        id,
        group.0,
    )
    .fetch_optional(database)
    .await?;
    row.map(AlbumView::try_from).transpose()
}

/// How many collections a group has.
///
/// # Errors
/// If the database does not answer.
pub async fn how_many(tx: &mut Tx, group: GroupId) -> Result<u64> {
    let rows = sqlx::query_scalar!(
        r#"select count(*) as "rows!" from collection where group_id = $1 and deleted_at is null"#,
        group.0,
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(count(rows))
}

/// Who put something in, if it is there; `Some(None)`: somebody whom we do not know any more.
///
/// # Errors
/// If the database does not answer.
pub async fn put_in_by(tx: &mut Tx, id: Uuid, iri: &str) -> Result<Option<Option<ActorId>>> {
    let row = sqlx::query_scalar!(
        "select actor_id from collected where collection_id = $1 and iri = $2",
        id,
        iri,
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(|actor| actor.map(ActorId)))
}

/// Puts something in, behind all that is there.
///
/// # Errors
/// If the database does not answer.
pub async fn put_in(
    tx: &mut Tx,
    id: Uuid,
    (iri, object): (&str, Option<&str>),
    (actor, public): (ActorId, bool),
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into collected (collection_id, iri, object, actor_id, public, at) values ($1, $2, $3, $4, $5, $6)
         on conflict do nothing",
        id,
        iri,
        object,
        actor.0,
        public,
        now,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Takes something out.
///
/// # Errors
/// If the database does not answer.
pub async fn take_out(tx: &mut Tx, id: Uuid, iri: &str) -> Result<()> {
    sqlx::query!(
        "delete from collected where collection_id = $1 and iri = $2",
        id,
        iri,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

impl Store {
    /// The collections of a group, newest first.
    ///
    /// # Errors
    /// If the database does not answer, or a row makes no sense.
    pub async fn albums(&self, group: GroupId) -> Result<Vec<AlbumView>> {
        let rows = sqlx::query_as!(
            AlbumRow,
            r#"select c.id, c.name, c.summary, c.policy, c.made_at, c.updated_at,
                      (select count(*) from collected i where i.collection_id = c.id) as "items!"
               from collection c where c.group_id = $1 and c.deleted_at is null
               order by c.made_at desc, c.id desc"#,
            group.0,
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(AlbumView::try_from).collect()
    }

    /// One collection of a group.
    ///
    /// # Errors
    /// If the database does not answer, or the row makes no sense.
    pub async fn album(&self, group: GroupId, id: Uuid) -> Result<Option<AlbumView>> {
        find(&self.pool, group, id).await
    }

    /// What is in a collection, newest first; `before` is the place of the last one of the page before.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn album_items(
        &self,
        (group, id): (GroupId, Uuid),
        viewer: &Viewer,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Slice<ItemView>> {
        let rows = sqlx::query_as!(
            ItemView,
            r#"select id as place, iri, object, at from collected
               where collection_id = $1 and id < $2
                 and (public or exists (select from inside($4, $5, $6)))
               order by id desc limit $3"#,
            id,
            before.unwrap_or(i64::MAX),
            one_more(limit),
            group.0,
            viewer.actor(),
            viewer.host(),
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(Slice::cut(rows, limit))
    }

    /// How many members of a group run it, its owner among them.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn members_who_run_it(&self, group: GroupId) -> Result<u64> {
        let rows = sqlx::query_scalar!(
            r#"select count(*) as "rows!"
               from who_runs($1) r join membership m on m.group_id = $1 and m.actor_id = r.actor_id
               where m.member and m.state <> 'banned'"#,
            group.0,
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(count(rows))
    }
}
