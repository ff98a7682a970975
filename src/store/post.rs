//! Posts and votes.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    domain::{Iri, Mark, Vote},
    store::{ActorId, GroupId, Result, Store, Tx},
};

/// A post as a decision and its announcement need it.
#[derive(Clone, Debug)]
pub struct Stored {
    pub id: Uuid,
    pub iri: String,
    pub author: ActorId,
    pub kind: String,
    pub thread: Uuid,
    pub is_comment: bool,
    /// The collection of ours that its author put it into.
    pub target: Option<String>,
    pub public: bool,
    pub published: DateTime<Utc>,
    pub updated: Option<DateTime<Utc>>,
    pub deleted: bool,
    pub places: Vec<Place>,
    /// Groups that it was removed from: none of them takes it again.
    pub removed: Vec<GroupId>,
}

/// A post in a group.
#[derive(Clone, Debug)]
pub struct Place {
    pub group: GroupId,
    /// Of the entry that announced it.
    pub seq: i64,
    /// Our id of that announcement, and when it was made.
    pub activity: Uuid,
    pub at: DateTime<Utc>,
    /// Our id of the entry right before it, which told the post's id alone, if there was one.
    pub named: Option<Uuid>,
    /// It was told in the protocol that it did not come from, too.
    pub crossed: bool,
    pub marks: Marks,
}

/// How a post stands in a group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// By itself.
    pub locked: bool,
    /// Its thread is.
    pub in_locked: bool,
    pub pinned: bool,
}

impl Marks {
    /// Whether it has a mark of its own.
    #[must_use]
    pub const fn has(&self, mark: Mark) -> bool {
        match mark {
            Mark::Locked => self.locked,
            Mark::Pinned => self.pinned,
        }
    }
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
    pub target: Option<&'a str>,
    pub public: bool,
    pub published: DateTime<Utc>,
}

/// A post's place in a group, to be kept.
#[derive(Clone, Copy, Debug)]
pub struct NewPlace {
    pub post: Uuid,
    pub group: GroupId,
    /// Of the entry that announces it.
    pub seq: i64,
    /// Our id of that announcement.
    pub activity: Uuid,
    /// Our id of the entry right before it, which tells the post's id alone, if there is one.
    pub named: Option<Uuid>,
    /// As [`Place::crossed`].
    pub crossed: bool,
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

/// A vote to be counted.
#[derive(Clone, Debug)]
pub struct Cast<'a> {
    pub post: Uuid,
    pub actor: ActorId,
    pub vote: Vote,
    /// Of the activity that says so.
    pub iri: &'a Iri,
}

impl Cast<'_> {
    /// A Like takes the place of a Dislike and the other way round.
    pub(super) const fn instead_of(&self) -> Option<Vote> {
        self.vote.opposite()
    }
}

/// The names of the groups that these posts are in; with a reader, of those in which they may read them.
///
/// # Errors
/// If the database does not answer.
pub async fn groups_of(tx: &mut Tx, iris: &[String], reader: Option<ActorId>) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"select distinct g.name from post p
           join post_group pg on pg.post_id = p.id and pg.removed_at is null
           join "group" g on g.id = pg.group_id
           where p.iri = any($1)
             and ($2::bigint is null
                  or exists (select from readable(g.id, p.author_id, p.public, $2, null::text)))"#,
        iris,
        reader.map(|reader| reader.0),
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// A post as a report needs it: its author, and a group that it is in.
#[derive(Clone, Debug)]
pub struct Reported {
    pub iri: String,
    pub author: String,
    pub group: String,
}

/// A group that a post is in, and whether everybody may read it there.
#[derive(Clone, Debug)]
pub struct Whereabouts {
    pub author: String,
    pub group: String,
    pub public: bool,
}

/// Who wrote these posts, and where they are: a row for each group.
///
/// # Errors
/// If the database does not answer.
pub async fn reported(tx: &mut Tx, iris: &[String]) -> Result<Vec<Reported>> {
    Ok(sqlx::query_as!(
        Reported,
        r#"select p.iri, a.iri as author, g.name as "group"
           from post p
           join actor a on a.id = p.author_id
           join post_group pg on pg.post_id = p.id and pg.removed_at is null
           join "group" g on g.id = pg.group_id
           where p.iri = any($1)"#,
        iris
    )
    .fetch_all(&mut **tx)
    .await?)
}

impl Store {
    /// Whether there is a post of this id, here or deleted, in whatever group.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn has_post(&self, iri: &Iri) -> Result<bool> {
        let found = sqlx::query_scalar!(
            r#"select exists(select from post where iri = $1) as "is!""#,
            iri.as_str()
        );
        Ok(found.fetch_one(&self.pool).await?)
    }

    /// Whether a group has, or had, a post of this id, or has decided, or is to, whether it takes it.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn is_known_in(&self, iri: &Iri, group: &str) -> Result<bool> {
        let found = sqlx::query_scalar!(
            r#"select exists(select from post p where p.iri = $1 and (p.deleted_at is not null
                   or exists(select from post_group pg join "group" g on g.id = pg.group_id
                             where pg.post_id = p.id and g.name = $2)))
               or exists(select from held h join "group" g on g.id = h.group_id
                         where h.object = $1 and g.name = $2 and (h.outcome is null or h.outcome = 'rejected')) as "is!""#,
            iri.as_str(),
            group
        );
        Ok(found.fetch_one(&self.pool).await?)
    }

    /// Who wrote a post, and where it is: a row for each group.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn whereabouts(&self, iri: &Iri) -> Result<Vec<Whereabouts>> {
        let found = sqlx::query_as!(
            Whereabouts,
            r#"select a.iri as author, g.name as "group", p.public and g.visibility = 'public' as "public!"
               from post p
               join actor a on a.id = p.author_id
               join post_group pg on pg.post_id = p.id and pg.removed_at is null
               join "group" g on g.id = pg.group_id
               where p.iri = $1 and p.deleted_at is null
               order by g.id"#,
            iri.as_str()
        );
        Ok(found.fetch_all(&self.pool).await?)
    }

    /// The id of the post that an announcement of ours is about. It never changes.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn iri_announced(&self, activity: Uuid) -> Result<Option<String>> {
        iri_announced_in(&self.pool, activity).await
    }

    /// The vote that an actor cast by an activity of this id: the post's id and the vote.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn vote_by(&self, actor: ActorId, iri: &str) -> Result<Option<(Iri, Vote)>> {
        let row = sqlx::query!(
            "select p.iri, v.kind from vote v join post p on p.id = v.post_id where v.iri = $2 and v.actor_id = $1",
            actor.0,
            iri
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.and_then(|row| {
            let vote = match row.kind.as_str() {
                "like" => Vote::Like,
                "dislike" => Vote::Dislike,
                "answer" => Vote::Answer,
                _ => Vote::Share,
            };
            Iri::object(&row.iri).ok().map(|iri| (iri, vote))
        }))
    }

    /// The first post of the thread of this post, which may ask what that answers. A reply to fewer readers than the question is
    /// nobody's answer to it. It never changes, but that a reply goes.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn question_of(&self, reply: &Iri) -> Result<Option<Iri>> {
        let question = sqlx::query_scalar!(
            "select q.iri from post p join post q on q.id = p.thread_id
             where p.iri = $1 and p.deleted_at is null and (p.public or not q.public)",
            reply.as_str()
        );
        let question = question.fetch_optional(&self.pool).await?;
        Ok(question.and_then(|iri| Iri::object(&iri).ok()))
    }
}

/// As [`Store::iri_announced`], for whoever is in a transaction.
///
/// # Errors
/// If the database does not answer.
pub async fn iri_announced(tx: &mut Tx, activity: Uuid) -> Result<Option<String>> {
    iri_announced_in(&mut **tx, activity).await
}

async fn iri_announced_in(database: impl sqlx::PgExecutor<'_>, activity: Uuid) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!(
        "select p.iri from activity v join post p on p.id = v.post_id where v.id = $1",
        activity
    )
    .fetch_optional(database)
    .await?)
}

/// A post that is in a group.
#[derive(Clone, Copy, Debug)]
pub struct Placed {
    pub author: ActorId,
    pub public: bool,
    pub marks: Marks,
}

/// A post of this id, if it is in this group.
///
/// # Errors
/// If the database does not answer.
pub async fn placed(tx: &mut Tx, group: GroupId, iri: &str) -> Result<Option<Placed>> {
    let row = sqlx::query!(
        r#"select p.author_id, p.public, pg.locked_at is not null as "locked!", pg.featured_at is not null as "pinned!",
                exists (select from post_group t where t.group_id = $1 and t.post_id = p.thread_id
                            and t.locked_at is not null) as "in_locked!"
         from post p
         join post_group pg on pg.post_id = p.id and pg.group_id = $1 and pg.removed_at is null
         where p.iri = $2 and p.deleted_at is null"#,
        group.0,
        iri
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(|row| Placed {
        author: ActorId(row.author_id),
        public: row.public,
        marks: Marks {
            locked: row.locked,
            in_locked: row.in_locked,
            pinned: row.pinned,
        },
    }))
}

/// The id of a post at its origin.
///
/// # Errors
/// If the database does not answer.
pub async fn iri_of(tx: &mut Tx, id: Uuid) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!("select iri from post where id = $1", id)
        .fetch_optional(&mut **tx)
        .await?)
}
