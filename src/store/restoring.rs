//! Posts that are out of groups, or taken back, and come back.
//!
//! One rule: the caller holds the post's id and the turns of its groups. What a group says then is its newest word about the post:
//! whatever takes it back later takes that back.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::store::{ActorId, GroupId, Result, Tx};

/// A post that is not in a group any more, as its announcement needs it.
#[derive(Clone, Debug)]
pub struct Out {
    pub group: GroupId,
    /// Its name.
    pub group_name: String,
    /// By those who run the group.
    pub removed: bool,
    /// By its author, everywhere.
    pub deleted: bool,
    pub post: Uuid,
    pub kind: String,
    pub thread: Uuid,
    pub is_comment: bool,
    pub target: Option<String>,
    pub public: bool,
    /// It is told in the protocols that its author does not speak, too.
    pub bridged: bool,
    pub published: DateTime<Utc>,
    pub author: ActorId,
    pub author_iri: String,
    pub author_host: String,
    /// Of the activity that it came by, and that word for word.
    pub iri: Option<String>,
    pub raw: String,
}

/// Every group in which a post was and is not, in the order of their ids.
///
/// # Errors
/// If the database does not answer.
pub async fn out_of_groups(tx: &mut Tx, iri: &str) -> Result<Vec<Out>> {
    let rows = sqlx::query!(
        r#"select pg.group_id, g.name, pg.removed_at is not null as "removed!", p.deleted_at is not null as "deleted!",
                  p.id, p.kind, p.thread_id, p.parent_id is not null as "is_comment!", p.target, p.public, p.published_at,
                  exists (select from bridges(pg.group_id)) and exists (select from may_be_mirrored(p.author_id)) as "bridged!",
                  p.author_id, w.iri as author, w.host, v.iri as "iri?", v.raw
           from post p
           join post_group pg on pg.post_id = p.id
           join "group" g on g.id = pg.group_id
           join actor w on w.id = p.author_id
           join activity v on v.id = pg.activity_id
           where p.iri = $1 and (pg.removed_at is not null or p.deleted_at is not null)
           order by pg.group_id"#,
        iri
    )
    .fetch_all(&mut **tx)
    .await?;
    let out = rows.into_iter().map(|row| Out {
        group: GroupId(row.group_id),
        group_name: row.name,
        removed: row.removed,
        deleted: row.deleted,
        post: row.id,
        kind: row.kind,
        thread: row.thread_id,
        is_comment: row.is_comment,
        target: row.target,
        public: row.public,
        bridged: row.bridged,
        published: row.published_at,
        author: ActorId(row.author_id),
        author_iri: row.author,
        author_host: row.host,
        iri: row.iri,
        raw: row.raw,
    });
    Ok(out.collect())
}

/// A post is in a group again, by an announcement of this place and id; `named`: of the entry before it, if there is one.
///
/// # Errors
/// If the database does not answer.
pub async fn put_back(
    tx: &mut Tx,
    (post, group): (Uuid, GroupId),
    (seq, activity): (i64, Uuid),
    named: Option<Uuid>,
    crosses: bool,
) -> Result<()> {
    sqlx::query!(
        "update post_group set removed_at = null, seq = $3, activity_id = $4, named_id = $5, crossed = crossed or $6
         where post_id = $1 and group_id = $2",
        post,
        group.0,
        seq,
        activity,
        named,
        crosses,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// What an author took back is there again, as it is at its origin now.
///
/// # Errors
/// If the database does not answer.
pub async fn undelete(
    tx: &mut Tx,
    post: Uuid,
    title: Option<&str>,
    content: Option<&str>,
    url: Option<&str>,
) -> Result<()> {
    sqlx::query!(
        "update post set deleted_at = null, title = $2, content = $3, url = $4 where id = $1",
        post,
        title,
        content,
        url
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
