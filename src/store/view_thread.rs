//! What is inside a thread.
//!
//! One rule: as `view_post.rs`: shown where a group took it and did not remove it, to those it is for. Pages start after a
//! post, in the order of arrival, so that a new comment shifts nothing.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::store::{AuthorView, GroupId, Result, Slice, Store, Viewer, collections::one_more, view::count};

/// A comment in a thread, in the order of arrival.
#[derive(Clone, Debug)]
pub struct CommentView {
    pub id: Uuid,
    pub iri: String,
    /// Sanitised HTML; `None` if it was deleted, or is `long`.
    pub content: Option<String>,
    /// More than 20,000 characters: read apart, so that a page has a bound.
    pub long: bool,
    pub deleted: bool,
    pub published: DateTime<Utc>,
    pub author: AuthorView,
    pub parent: Option<Uuid>,
    pub likes: u64,
}

impl Store {
    /// The comments of a thread in one group, in the order in which they came; `after` is the last one of the page before.
    /// A deleted one is there, empty, so that what answers it still stands somewhere.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn comments(
        &self,
        group: GroupId,
        thread: Uuid,
        viewer: &Viewer,
        after: Option<Uuid>,
        limit: usize,
    ) -> Result<Slice<CommentView>> {
        let rows = sqlx::query!(
            r#"select p.id, p.iri, case when length(p.content) <= 20000 then p.content end as content,
                      length(p.content) > 20000 as "long?", p.published_at,
                      p.deleted_at is not null as "deleted!", p.parent_id,
                      w.iri as author, w.host, w.username, w.name,
                      (select count(*) from vote v where v.post_id = p.id and v.kind = 'like') as "likes!"
               from post p
               join post_group pg on pg.post_id = p.id and pg.group_id = $1 and pg.removed_at is null
               join actor w on w.id = p.author_id
               where p.thread_id = $2 and p.id <> p.thread_id
                 and ($4::uuid is null or (p.received_at, p.id) > (select received_at, id from post where id = $4))
                 and exists (select from readable($1, p.author_id, p.public, $3, $6))
               order by p.received_at, p.id limit $5"#,
            group.0,
            thread,
            viewer.actor(),
            after,
            one_more(limit),
            viewer.host(),
        )
        .fetch_all(&self.pool)
        .await?;
        let comments = rows.into_iter().map(|row| CommentView {
            id: row.id,
            iri: row.iri,
            content: row.content.filter(|_| !row.deleted),
            long: row.long.unwrap_or(false),
            deleted: row.deleted,
            published: row.published_at,
            author: AuthorView {
                iri: row.author,
                host: row.host,
                username: row.username,
                name: row.name,
            },
            parent: row.parent_id,
            likes: count(row.likes),
        });
        Ok(Slice::cut(comments.collect(), limit))
    }

    /// Ids of a thread's posts in one group, oldest first, with our own ids of them to page by.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn thread_ids(
        &self,
        group: GroupId,
        thread: Uuid,
        viewer: &Viewer,
        after: Option<Uuid>,
        limit: usize,
    ) -> Result<Slice<(Uuid, String)>> {
        let rows = sqlx::query!(
            r#"select p.id, p.iri
               from post p
               join post_group pg on pg.post_id = p.id and pg.group_id = $1 and pg.removed_at is null
               where p.thread_id = $2 and p.deleted_at is null
                 and ($4::uuid is null or (p.received_at, p.id) > (select received_at, id from post where id = $4))
                 and exists (select from readable($1, p.author_id, p.public, $3, $6))
               order by p.received_at, p.id limit $5"#,
            group.0,
            thread,
            viewer.actor(),
            after,
            one_more(limit),
            viewer.host(),
        )
        .fetch_all(&self.pool)
        .await?;
        let ids = rows.into_iter().map(|row| (row.id, row.iri));
        Ok(Slice::cut(ids.collect(), limit))
    }

    /// How many posts [`Store::thread_ids`] has for this viewer.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn thread_total(&self, group: GroupId, thread: Uuid, viewer: &Viewer) -> Result<u64> {
        let rows = sqlx::query_scalar!(
            r#"select count(*) as "rows!"
               from post p
               join post_group pg on pg.post_id = p.id and pg.group_id = $1 and pg.removed_at is null
               where p.thread_id = $2 and p.deleted_at is null
                 and exists (select from readable($1, p.author_id, p.public, $3, $4))"#,
            group.0,
            thread,
            viewer.actor(),
            viewer.host(),
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(count(rows))
    }

    /// Ids of the direct answers to a post in one group, oldest first, with our own ids of them to page by.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn reply_ids(
        &self,
        group: GroupId,
        parent: Uuid,
        viewer: &Viewer,
        after: Option<Uuid>,
        limit: usize,
    ) -> Result<Slice<(Uuid, String)>> {
        let rows = sqlx::query!(
            r#"select p.id, p.iri
               from post p
               join post_group pg on pg.post_id = p.id and pg.group_id = $1 and pg.removed_at is null
               where p.parent_id = $2 and p.deleted_at is null
                 and ($4::uuid is null or (p.received_at, p.id) > (select received_at, id from post where id = $4))
                 and exists (select from readable($1, p.author_id, p.public, $3, $6))
               order by p.received_at, p.id limit $5"#,
            group.0,
            parent,
            viewer.actor(),
            after,
            one_more(limit),
            viewer.host(),
        )
        .fetch_all(&self.pool)
        .await?;
        let ids = rows.into_iter().map(|row| (row.id, row.iri));
        Ok(Slice::cut(ids.collect(), limit))
    }

    /// How many answers [`Store::reply_ids`] has for this viewer.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn reply_total(&self, group: GroupId, parent: Uuid, viewer: &Viewer) -> Result<u64> {
        let rows = sqlx::query_scalar!(
            r#"select count(*) as "rows!"
               from post p
               join post_group pg on pg.post_id = p.id and pg.group_id = $1 and pg.removed_at is null
               where p.parent_id = $2 and p.deleted_at is null
                 and exists (select from readable($1, p.author_id, p.public, $3, $4))"#,
            group.0,
            parent,
            viewer.actor(),
            viewer.host(),
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(count(rows))
    }
}
