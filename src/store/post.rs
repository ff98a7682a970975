//! Posts, votes and tombstones.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    domain::{Iri, Vote},
    store::{ActorId, GroupId, Result, Tx, hash},
};

/// A post as a decision and its announcement need it.
#[derive(Clone, Debug)]
pub struct Stored {
    pub id: Uuid,
    pub iri: String,
    pub author: ActorId,
    pub author_iri: String,
    pub author_host: String,
    pub kind: String,
    pub thread: Uuid,
    pub is_comment: bool,
    pub public: bool,
    pub published: DateTime<Utc>,
    pub updated: Option<DateTime<Utc>>,
    pub deleted: bool,
    pub places: Vec<Place>,
}

/// A post in a group.
#[derive(Clone, Debug)]
pub struct Place {
    pub group: GroupId,
    pub name: String,
    /// Of the entry that announced it.
    pub seq: i64,
    /// Our id of that announcement, and when it was made.
    pub activity: Uuid,
    pub at: DateTime<Utc>,
}

/// The id of the post that an announcement of ours is about.
///
/// # Errors
/// If the database does not answer.
pub async fn iri_announced(tx: &mut Tx, activity: Uuid) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!(
        "select p.iri from activity v join post p on p.id = v.post_id where v.id = $1",
        activity
    )
    .fetch_optional(&mut **tx)
    .await?)
}

/// A post to be kept.
#[derive(Clone, Debug)]
pub struct NewPost<'a> {
    pub id: Uuid,
    pub iri: &'a Iri,
    pub author: ActorId,
    pub kind: &'a str,
    pub parent: Option<Uuid>,
    pub thread: Uuid,
    pub title: Option<&'a str>,
    pub content: Option<&'a str>,
    pub url: Option<&'a str>,
    pub public: bool,
    pub published: DateTime<Utc>,
    pub received: DateTime<Utc>,
}

/// Holds everything that is about one post until the transaction ends: whoever else creates, changes, deletes or votes
/// on it waits, and then sees what was done. Taken before any group's turn, and one only, so nobody waits in a ring.
///
/// # Errors
/// If the database does not answer.
pub async fn hold(tx: &mut Tx, iri: &str) -> Result<()> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended($1, 0)) as held",
        iri
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(())
}

/// A post by its id, with every group that it is in. Deleted ones too.
///
/// # Errors
/// If the database does not answer.
pub async fn find(tx: &mut Tx, iri: &str) -> Result<Option<Stored>> {
    let rows = sqlx::query!(
        r#"select p.id, p.iri, p.author_id, a.iri as author_iri, a.host as author_host, p.kind, p.thread_id,
                  p.parent_id is not null as "is_comment!", p.public, p.published_at, p.updated_at,
                  p.deleted_at is not null as "deleted!",
                  g.id as "group_id?", g.name as "name?", pg.seq as "seq?", pg.activity_id as "activity_id?",
                  v.accepted_at as "at?"
           from post p
           join actor a on a.id = p.author_id
           left join post_group pg on pg.post_id = p.id and pg.removed_at is null
           left join "group" g on g.id = pg.group_id
           left join activity v on v.id = pg.activity_id
           where p.iri = $1 order by g.id"#,
        iri
    )
    .fetch_all(&mut **tx)
    .await?;
    let places = rows
        .iter()
        .filter_map(|row| {
            Some(Place {
                group: GroupId(row.group_id?),
                name: row.name.clone()?,
                seq: row.seq?,
                activity: row.activity_id?,
                at: row.at?,
            })
        })
        .collect();
    Ok(rows.into_iter().next().map(|row| Stored {
        id: row.id,
        iri: row.iri,
        author: ActorId(row.author_id),
        author_iri: row.author_iri,
        author_host: row.author_host,
        kind: row.kind,
        thread: row.thread_id,
        is_comment: row.is_comment,
        public: row.public,
        published: row.published_at,
        updated: row.updated_at,
        deleted: row.deleted,
        places,
    }))
}

/// Keeps a post; one that is there already stays as it is.
///
/// # Errors
/// If the database does not answer.
pub async fn insert(tx: &mut Tx, new: &NewPost<'_>) -> Result<()> {
    sqlx::query!(
        "insert into post (id, iri, author_id, kind, parent_id, thread_id, title, content, url, public, published_at, received_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        new.id,
        new.iri.as_str(),
        new.author.0,
        new.kind,
        new.parent,
        new.thread,
        new.title,
        new.content,
        new.url,
        new.public,
        new.published,
        new.received,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Puts a post into a group.
///
/// # Errors
/// If the database does not answer.
pub async fn place(tx: &mut Tx, post: Uuid, group: GroupId, seq: i64, activity: Uuid) -> Result<()> {
    sqlx::query!(
        "insert into post_group (post_id, group_id, seq, activity_id) values ($1, $2, $3, $4)",
        post,
        group.0,
        seq,
        activity
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// What an edit changes.
#[derive(Clone, Debug)]
pub struct Edit<'a> {
    pub kind: &'a str,
    pub title: Option<&'a str>,
    pub content: Option<&'a str>,
    pub url: Option<&'a str>,
    pub updated: DateTime<Utc>,
}

/// Changes a post.
///
/// # Errors
/// If the database does not answer.
pub async fn edit(tx: &mut Tx, post: Uuid, edit: &Edit<'_>) -> Result<()> {
    sqlx::query!(
        "update post set kind = $2, title = $3, content = $4, url = $5, updated_at = $6
         where id = $1 and deleted_at is null",
        post,
        edit.kind,
        edit.title,
        edit.content,
        edit.url,
        edit.updated,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Deletes what a post says; its place stays, so that it stays deleted.
///
/// # Errors
/// If the database does not answer.
pub async fn delete(tx: &mut Tx, post: Uuid, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update post set deleted_at = $2, title = null, content = null, url = null where id = $1",
        post,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Keeps a Create out that comes after its Delete (ORD01).
///
/// # Errors
/// If the database does not answer.
pub async fn bury(tx: &mut Tx, iri: &Iri, actor: ActorId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "insert into tombstone (iri_hash, actor_id, at) values ($1, $2, $3) on conflict do nothing",
        hash(iri.as_str()),
        actor.0,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Whether this actor deleted it before we saw it.
///
/// # Errors
/// If the database does not answer.
pub async fn is_buried(tx: &mut Tx, iri: &Iri, actor: ActorId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists(select from tombstone where iri_hash = $1 and actor_id = $2) as "is!""#,
        hash(iri.as_str()),
        actor.0
    )
    .fetch_one(&mut **tx)
    .await?)
}

/// Whether this actor voted so.
///
/// # Errors
/// If the database does not answer.
pub async fn has_voted(tx: &mut Tx, post: Uuid, actor: ActorId, vote: Vote) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists(select from vote where post_id = $1 and actor_id = $2 and kind = $3) as "is!""#,
        post,
        actor.0,
        vote.word()
    )
    .fetch_one(&mut **tx)
    .await?)
}

/// Counts a vote; a Like takes the place of a Dislike and the other way round.
///
/// # Errors
/// If the database does not answer.
pub async fn vote(
    tx: &mut Tx,
    post: Uuid,
    actor: ActorId,
    vote: Vote,
    iri: &Iri,
    now: DateTime<Utc>,
) -> Result<()> {
    let instead = match vote {
        Vote::Like => "dislike",
        Vote::Dislike => "like",
        Vote::Share => "",
    };
    sqlx::query!(
        "with gone as (delete from vote where post_id = $1 and actor_id = $2 and kind = $6)
         insert into vote (post_id, actor_id, kind, iri, at) values ($1, $2, $3, $4, $5) on conflict do nothing",
        post,
        actor.0,
        vote.word(),
        iri.as_str(),
        now,
        instead,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Takes a vote back.
///
/// # Errors
/// If the database does not answer.
pub async fn unvote(tx: &mut Tx, post: Uuid, actor: ActorId, vote: Vote) -> Result<()> {
    sqlx::query!(
        "delete from vote where post_id = $1 and actor_id = $2 and kind = $3",
        post,
        actor.0,
        vote.word()
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The vote that an actor cast by an activity of this id: the post's id and the vote.
///
/// # Errors
/// If the database does not answer, or the row makes no sense.
pub async fn vote_by(tx: &mut Tx, actor: ActorId, iri: &str) -> Result<Option<(Iri, Vote)>> {
    let row = sqlx::query!(
        "select p.iri, v.kind from vote v join post p on p.id = v.post_id where v.iri = $2 and v.actor_id = $1",
        actor.0,
        iri
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.and_then(|row| {
        let vote = match row.kind.as_str() {
            "like" => Vote::Like,
            "dislike" => Vote::Dislike,
            _ => Vote::Share,
        };
        Iri::object(&row.iri).ok().map(|iri| (iri, vote))
    }))
}

/// A report to be kept.
#[derive(Clone, Debug)]
pub struct NewReport<'a> {
    pub id: Uuid,
    pub iri: &'a Iri,
    pub group: Option<GroupId>,
    pub reporter: ActorId,
    pub objects: &'a [String],
    pub reason: Option<&'a str>,
    pub raw: &'a str,
    pub at: DateTime<Utc>,
}

/// Keeps a report for whoever handles them.
///
/// # Errors
/// If the database does not answer.
pub async fn report(tx: &mut Tx, new: &NewReport<'_>) -> Result<()> {
    sqlx::query!(
        "insert into report (id, iri, group_id, reporter_id, objects, reason, raw, at) values ($1, $2, $3, $4, $5, $6, $7, $8)",
        new.id,
        new.iri.as_str(),
        new.group.map(|id| id.0),
        new.reporter.0,
        new.objects,
        new.reason,
        new.raw,
        new.at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
