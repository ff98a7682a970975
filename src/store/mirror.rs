//! Second faces: of people, and of posts, for those who know each other by domains and for those who do not.
//!
//! One rule: what is shown in the other protocol is what the functions `bridges` and `may_be_mirrored` of the database let
//! through; who may read it in its own is asked as everywhere. `there` is how the ids of what came from the other protocol begin.

mod make;
mod votes;

use chrono::{DateTime, Utc};
use uuid::Uuid;

pub use make::NewMirror;
pub(super) use make::make;
pub use votes::{ListedVote, MirroredVote, VotesListed};

use crate::store::{ActorId, GroupId, Result, Store, Viewer, view::count};

/// Somebody, with their second face if it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Face {
    pub actor: ActorId,
    pub iri: String,
    pub host: String,
    /// As its own server has it.
    pub username: Option<String>,
    pub name: Option<String>,
    /// Sanitised HTML.
    pub bio: Option<String>,
    /// Address of a picture, and its media type.
    pub icon: Option<(String, String)>,
    /// Its own word that it may be searched.
    pub indexable: bool,
    pub mirror: Option<Mirror>,
    /// Not who has said no, is gone, or is at a blocked host.
    pub may_be_shown: bool,
}

/// A second face.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mirror {
    pub id: Uuid,
    /// Here.
    pub username: String,
    pub made: DateTime<Utc>,
}

/// A post, as it is shown in the other protocol.
#[derive(Clone, Debug)]
pub struct MirroredPost {
    pub id: Uuid,
    pub iri: String,
    pub url: Option<String>,
    pub kind: String,
    pub title: Option<String>,
    /// Sanitised HTML.
    pub content: Option<String>,
    pub published: DateTime<Utc>,
    /// Id of its author.
    pub author: String,
    pub group: String,
    /// What it answers, if that is shown, too: here, and at its origin.
    pub parent: Option<(Uuid, String)>,
    /// The activity that brought its latest version, as it arrived.
    pub raw: Option<String>,
}

/// A post that came from the other protocol, at the id that it has here.
#[derive(Clone, Debug)]
pub struct OriginalPost {
    pub id: Uuid,
    pub deleted: Option<DateTime<Utc>>,
    /// As [`MirroredPost::raw`].
    pub raw: Option<String>,
}

/// A post that the user of a group shares.
#[derive(Clone, Debug)]
pub struct SharedPost {
    pub group: String,
    pub post: Uuid,
    pub iri: String,
    pub at: DateTime<Utc>,
}

/// Which posts a list holds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Narrowed {
    pub parent: Option<Uuid>,
}

/// A part of a list, by numbers: the other protocol has no other.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    pub offset: i64,
    pub limit: i64,
}

struct Row {
    id: i64,
    iri: String,
    host: String,
    username: Option<String>,
    name: Option<String>,
    bio: Option<String>,
    icon: Option<String>,
    icon_type: Option<String>,
    indexable: bool,
    mirror: Option<Uuid>,
    called: Option<String>,
    made_at: Option<DateTime<Utc>>,
    may_be_shown: bool,
}

impl From<Row> for Face {
    fn from(row: Row) -> Self {
        let mirror = match (row.mirror, row.called, row.made_at) {
            (Some(id), Some(username), Some(made)) => Some(Mirror { id, username, made }),
            _ => None,
        };
        Self {
            actor: ActorId(row.id),
            iri: row.iri,
            host: row.host,
            username: row.username,
            name: row.name,
            bio: row.bio,
            icon: row.icon.zip(row.icon_type),
            indexable: row.indexable,
            mirror,
            may_be_shown: row.may_be_shown,
        }
    }
}

impl Store {
    /// Those of these actors whom we know.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn faces(&self, iris: &[String]) -> Result<Vec<Face>> {
        let rows = sqlx::query_as!(
            Row,
            r#"select a.id as "id!", a.iri as "iri!", a.host as "host!", a.username, a.name, a.bio, a.icon, a.icon_type,
                      a.indexable as "indexable!", m.id as "mirror?", m.username as "called?", m.made_at as "made_at?",
                      exists (select from may_be_mirrored(a.id)) as "may_be_shown!"
               from actor a left join mirror m on m.actor_id = a.id
               where a.iri = any($1)"#,
            iris,
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(Face::from).collect())
    }

    /// Somebody by the id or the name of their second face.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn face_of_mirror(&self, id: Option<Uuid>, username: Option<&str>) -> Result<Option<Face>> {
        let row = sqlx::query_as!(
            Row,
            r#"select a.id as "id!", a.iri as "iri!", a.host as "host!", a.username, a.name, a.bio, a.icon, a.icon_type,
                      a.indexable as "indexable!", m.id as "mirror?", m.username as "called?", m.made_at as "made_at?",
                      exists (select from may_be_mirrored(a.id)) as "may_be_shown!"
               from mirror m join actor a on a.id = m.actor_id
               where m.id = $1 or m.username = $2"#,
            id,
            username,
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(Face::from))
    }

    /// Whether this viewer may see somebody's second face: in a group that shows itself in both protocols as a member, where those
    /// are shown to the viewer, by a post, or by a vote. Whoever is inside a group, or decides who comes in, sees who is there, or asks to be,
    /// of those who sign by their domain: `there` is how their ids begin.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn is_seen(&self, actor: ActorId, there: &str, viewer: &Viewer) -> Result<bool> {
        Ok(sqlx::query_scalar!(
            r#"select exists (select from membership m join "group" g on g.id = m.group_id
                              where m.actor_id = $1 and (m.member or m.follower) and m.state <> 'banned'
                                and exists (select from bridges(g.id))
                                and exists (select from shows_members(g.id, $2, $3)))
                   or exists (select from post p join post_group pg on pg.post_id = p.id and pg.removed_at is null
                              where p.author_id = $1 and p.public and p.deleted_at is null
                                and exists (select from bridges(pg.group_id)))
                   or exists (select from vote v join post p on p.id = v.post_id and p.public and p.deleted_at is null
                              join post_group pg on pg.post_id = p.id and pg.removed_at is null
                              where v.actor_id = $1 and v.kind in ('like', 'dislike')
                                and exists (select from bridges(pg.group_id)))
                   or exists (select from membership m join actor a on a.id = m.actor_id and starts_with(a.iri, $4)
                              where m.actor_id = $1 and m.state <> 'out'
                                and (exists (select from inside(m.group_id, $2, $3)) or reviews_for(m.group_id, $2, $3)))
                   as "is!""#,
            actor.0,
            viewer.actor(),
            viewer.host(),
            there,
        )
        .fetch_one(&self.pool)
        .await?)
    }

    /// A post that is shown in the other protocol, as this group shows it.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn mirrored_post(&self, id: Uuid, group: &str, there: &str) -> Result<Option<MirroredPost>> {
        let row = sqlx::query!(
            r#"select p.id, p.iri, p.url, p.kind, p.title, p.content, p.published_at, w.iri as author, g.name as "group",
                      o.id as "parent?", o.iri as "parent_iri?",
                      (select a.raw from activity a where a.post_id = p.id and a.kind in ('posted', 'edited')
                       order by a.accepted_at desc, a.id desc limit 1) as raw
               from post p
               join actor w on w.id = p.author_id
               join post_group pg on pg.post_id = p.id and pg.removed_at is null
               join "group" g on g.id = pg.group_id
               left join lateral answered(p.id, g.id, $2) o on true
               where p.id = $1 and g.name = $3 and p.public and p.deleted_at is null and not starts_with(p.iri, $2)
                 and exists (select from bridges(pg.group_id)) and exists (select from may_be_mirrored(p.author_id))"#,
            id,
            there,
            group,
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|row| MirroredPost {
            id: row.id,
            iri: row.iri,
            url: row.url,
            kind: row.kind,
            title: row.title,
            content: row.content,
            published: row.published_at,
            author: row.author,
            group: row.group,
            parent: row.parent.zip(row.parent_iri),
            raw: row.raw,
        }))
    }

    /// A post that came from the other protocol, if this viewer may see it: where a group shows it in both, or as gone.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn original_post(&self, iri: &str, viewer: &Viewer) -> Result<Option<OriginalPost>> {
        Ok(sqlx::query_as!(
            OriginalPost,
            r#"select p.id, p.deleted_at as deleted,
                      (select a.raw from activity a where a.post_id = p.id and a.kind in ('posted', 'edited')
                       order by a.accepted_at desc, a.id desc limit 1) as raw
               from post p
               join post_group pg on pg.post_id = p.id and pg.removed_at is null
               where p.iri = $1 and exists (select from bridges(pg.group_id))
                 and (p.deleted_at is not null or exists (select from may_be_mirrored(p.author_id)))
                 and exists (select from readable(pg.group_id, p.author_id, p.public, $2, $3))
               limit 1"#,
            iri,
            viewer.actor(),
            viewer.host(),
        )
        .fetch_optional(&self.pool)
        .await?)
    }

    /// The post that a public group announced by this activity, while it is to be seen in the other protocol.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn shared_post(&self, activity: Uuid, there: &str) -> Result<Option<SharedPost>> {
        Ok(sqlx::query_as!(
            SharedPost,
            r#"select g.name as "group", p.id as post, p.iri, a.accepted_at as at
               from activity a
               join post_group pg on pg.group_id = a.group_id and pg.post_id = a.post_id and pg.activity_id = a.id
               join post p on p.id = pg.post_id
               join "group" g on g.id = pg.group_id
               where a.id = $1 and pg.removed_at is null and p.public and p.deleted_at is null and g.visibility = 'public'
                 and (starts_with(p.iri, $2)
                      or exists (select from bridges(g.id)) and exists (select from may_be_mirrored(p.author_id)))"#,
            activity,
            there,
        )
        .fetch_optional(&self.pool)
        .await?)
    }

    /// Posts of a group as the other protocol lists them, those that it took last first: here, and at their origin.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn notes(
        &self,
        group: GroupId,
        there: &str,
        viewer: &Viewer,
        of: Narrowed,
        window: Window,
    ) -> Result<(u64, Vec<(Uuid, String)>)> {
        let rows = sqlx::query!(
            r#"select p.id, p.iri
               from post_group pg join post p on p.id = pg.post_id
               where pg.group_id = $1 and pg.removed_at is null and p.deleted_at is null
                 and ($6::uuid is null or p.parent_id = $6)
                 and exists (select from readable(pg.group_id, p.author_id, p.public, $3, $4))
                 and (starts_with(p.iri, $2)
                      or p.public and exists (select from bridges($1)) and exists (select from may_be_mirrored(p.author_id)))
               order by pg.seq desc offset $5 limit $7"#,
            group.0,
            there,
            viewer.actor(),
            viewer.host(),
            window.offset,
            of.parent,
            window.limit,
        )
        .fetch_all(&self.pool)
        .await?;
        let total = sqlx::query_scalar!(
            r#"select count(*) as "posts!"
               from post_group pg join post p on p.id = pg.post_id
               where pg.group_id = $1 and pg.removed_at is null and p.deleted_at is null
                 and ($5::uuid is null or p.parent_id = $5)
                 and exists (select from readable(pg.group_id, p.author_id, p.public, $3, $4))
                 and (starts_with(p.iri, $2)
                      or p.public and exists (select from bridges($1)) and exists (select from may_be_mirrored(p.author_id)))"#,
            group.0,
            there,
            viewer.actor(),
            viewer.host(),
            of.parent,
        )
        .fetch_one(&self.pool)
        .await?;
        let posts = rows.into_iter().map(|row| (row.id, row.iri)).collect();
        Ok((count(total), posts))
    }

    /// Ids of the members of a group, or of its followers, as the other protocol lists them: the newest first.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn people_listed(
        &self,
        group: GroupId,
        there: &str,
        members: bool,
        window: Window,
    ) -> Result<(u64, Vec<String>)> {
        let iris = sqlx::query_scalar!(
            r#"select a.iri
               from membership m join actor a on a.id = m.actor_id
               where m.group_id = $1 and case when $3 then m.member else m.follower and m.state <> 'banned' end
                 and (starts_with(a.iri, $2) or exists (select from bridges($1)) and exists (select from may_be_mirrored(a.id)))
               order by m.since desc, m.actor_id desc offset $4 limit $5"#,
            group.0,
            there,
            members,
            window.offset,
            window.limit,
        )
        .fetch_all(&self.pool)
        .await?;
        let total = sqlx::query_scalar!(
            r#"select count(*) as "people!"
               from membership m join actor a on a.id = m.actor_id
               where m.group_id = $1 and case when $3 then m.member else m.follower and m.state <> 'banned' end
                 and (starts_with(a.iri, $2) or exists (select from bridges($1)) and exists (select from may_be_mirrored(a.id)))"#,
            group.0,
            there,
            members,
        )
        .fetch_one(&self.pool)
        .await?;
        Ok((count(total), iris))
    }

    /// What somebody has posted in groups that show it in both protocols, once for each of these: the newest first.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn posts_of(
        &self,
        actor: ActorId,
        there: &str,
        window: Window,
    ) -> Result<(u64, Vec<(Uuid, String)>)> {
        let rows = sqlx::query!(
            r#"select p.id, g.name as "group", count(*) over () as "posts!"
               from post p
               join post_group pg on pg.post_id = p.id and pg.removed_at is null
               join "group" g on g.id = pg.group_id
               where p.author_id = $1 and p.public and p.deleted_at is null and not starts_with(p.iri, $2)
                 and exists (select from bridges(g.id))
               order by p.received_at desc, p.id, g.id offset $3 limit $4"#,
            actor.0,
            there,
            window.offset,
            window.limit,
        )
        .fetch_all(&self.pool)
        .await?;
        let total = rows.first().map_or(0, |row| count(row.posts));
        Ok((total, rows.into_iter().map(|row| (row.id, row.group)).collect()))
    }
}
