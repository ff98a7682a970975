//! Posts and lists of threads, as pages and collections show them. What is inside one thread: `view_thread.rs`.
//!
//! One rule: a post is seen where a group took it and did not remove it, and only by those it is for: everybody, or the
//! members of that group and its author. What was deleted is seen as deleted, without its text, and in no list.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::store::{GroupId, Result, Slice, Store, Viewer, collections::one_more, view::count};

/// Who wrote something, as far as we know them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorView {
    pub iri: String,
    pub host: String,
    pub username: Option<String>,
    pub name: Option<String>,
}

/// One post, with where it stands.
#[derive(Clone, Debug)]
pub struct PostView {
    pub id: Uuid,
    /// At its origin.
    pub iri: String,
    /// Where people read it, if that is not `iri`.
    pub url: Option<String>,
    pub title: Option<String>,
    /// Sanitised HTML.
    pub content: Option<String>,
    pub public: bool,
    pub published: DateTime<Utc>,
    pub updated: Option<DateTime<Utc>>,
    pub deleted: Option<DateTime<Utc>>,
    pub author: AuthorView,
    pub likes: u64,
    /// The group in which it is shown; its oldest, if it is in several.
    pub group_id: GroupId,
    pub group: String,
    pub group_title: String,
    pub thread: Uuid,
    pub parent: Option<Uuid>,
    /// It takes no comments in that group.
    pub locked: bool,
}

/// A thread in a list.
#[derive(Clone, Debug)]
pub struct ThreadView {
    pub id: Uuid,
    pub iri: String,
    pub title: Option<String>,
    /// The first 1,000 characters of sanitised HTML, cut wherever that is: for a title, never to be shown as it is.
    pub content: Option<String>,
    pub published: DateTime<Utc>,
    pub author: AuthorView,
    pub comments: u64,
    /// Where the next page starts.
    pub seq: i64,
}

impl Store {
    /// One post, if this viewer may see it.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn post_view(&self, id: Uuid, viewer: &Viewer) -> Result<Option<PostView>> {
        let row = sqlx::query!(
            r#"select p.id, p.iri, p.url, p.title, p.content, p.public, p.published_at, p.updated_at, p.deleted_at,
                      p.thread_id, p.parent_id, w.iri as author, w.host, w.username, w.name,
                      g.id as group_id, g.name as "group", g.title as group_title,
                      (select count(*) from vote v where v.post_id = p.id and v.kind = 'like') as "likes!",
                      exists (select from post_group t where t.group_id = g.id and t.post_id in (p.id, p.thread_id)
                                  and t.locked_at is not null) as "locked!"
               from post p
               join actor w on w.id = p.author_id
               join post_group pg on pg.post_id = p.id and pg.removed_at is null
               join "group" g on g.id = pg.group_id
               where p.id = $1
                 and exists (select from readable(pg.group_id, p.author_id, p.public, $2, $3))
               order by g.closed_at is not null, g.id limit 1"#,
            id,
            viewer.actor(),
            viewer.host(),
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|row| PostView {
            id: row.id,
            iri: row.iri,
            url: row.url,
            title: row.title.filter(|_| row.deleted_at.is_none()),
            content: row.content.filter(|_| row.deleted_at.is_none()),
            public: row.public,
            published: row.published_at,
            updated: row.updated_at,
            deleted: row.deleted_at,
            author: AuthorView {
                iri: row.author,
                host: row.host,
                username: row.username,
                name: row.name,
            },
            likes: count(row.likes),
            group_id: GroupId(row.group_id),
            group: row.group,
            group_title: row.group_title,
            thread: row.thread_id,
            parent: row.parent_id,
            locked: row.locked,
        }))
    }

    /// A group's threads, newest first; `before` is the `seq` of the last one of the page before.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn threads(
        &self,
        group: GroupId,
        viewer: &Viewer,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Slice<ThreadView>> {
        let rows = sqlx::query!(
            r#"select p.id, p.iri, p.title, left(p.content, 1000) as content, p.published_at, pg.seq,
                      w.iri as author, w.host, w.username, w.name,
                      (select count(*) from post c join post_group cg on cg.post_id = c.id and cg.group_id = pg.group_id
                       where c.thread_id = p.id and c.id <> p.id and c.public and c.deleted_at is null
                         and cg.removed_at is null) as "comments!"
               from post_group pg join post p on p.id = pg.post_id join actor w on w.id = p.author_id
               where pg.group_id = $1 and p.parent_id is null and pg.seq < $3
                 and pg.removed_at is null and p.deleted_at is null
                 and exists (select from readable(pg.group_id, p.author_id, p.public, $2, $5))
               order by pg.seq desc limit $4"#,
            group.0,
            viewer.actor(),
            before.unwrap_or(i64::MAX),
            one_more(limit),
            viewer.host(),
        )
        .fetch_all(&self.pool)
        .await?;
        let threads = rows.into_iter().map(|row| ThreadView {
            id: row.id,
            iri: row.iri,
            title: row.title,
            content: row.content,
            published: row.published_at,
            author: AuthorView {
                iri: row.author,
                host: row.host,
                username: row.username,
                name: row.name,
            },
            comments: count(row.comments),
            seq: row.seq,
        });
        Ok(Slice::cut(threads.collect(), limit))
    }

    /// How many threads [`Store::threads`] has for this viewer.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn threads_total(&self, group: GroupId, viewer: &Viewer) -> Result<u64> {
        let rows = sqlx::query_scalar!(
            r#"select count(*) as "rows!" from post_group pg join post p on p.id = pg.post_id
               where pg.group_id = $1 and p.parent_id is null and pg.removed_at is null and p.deleted_at is null
                 and exists (select from readable(pg.group_id, p.author_id, p.public, $2, $3))"#,
            group.0,
            viewer.actor(),
            viewer.host(),
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(count(rows))
    }

    /// Ids of the posts that the group features, the latest first; at most `limit`.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn featured_ids(&self, group: GroupId, viewer: &Viewer, limit: i64) -> Result<Vec<String>> {
        Ok(sqlx::query_scalar!(
            r#"select p.iri from post_group pg join post p on p.id = pg.post_id
               where pg.group_id = $1 and pg.featured_at is not null and pg.removed_at is null and p.deleted_at is null
                 and exists (select from readable(pg.group_id, p.author_id, p.public, $2, $4))
               order by pg.featured_at desc, pg.seq desc limit $3"#,
            group.0,
            viewer.actor(),
            limit,
            viewer.host(),
        )
        .fetch_all(&self.pool)
        .await?)
    }
}
