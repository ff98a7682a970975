//! What a group has said, to be said again: announcements and letters.
//!
//! One rule: what was deleted or removed is not repeated. An id that named it answers that it is gone.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    domain::Call,
    store::{GroupId, HeldView, Result, Slice, Store, Viewer, word},
};

/// Largest sum of raw texts in one page, in bytes; a first entry larger than that still comes alone.
const PAGE_BYTES: i64 = 2 << 20;

/// An announcement, with what `dialect` needs to write it again.
#[derive(Clone, Debug)]
pub struct AnnouncedView {
    pub id: Uuid,
    pub group: String,
    /// What happened: a word of the log.
    pub kind: String,
    pub at: DateTime<Utc>,
    /// Id of the post that it is about.
    pub object: String,
    pub object_kind: String,
    pub published: DateTime<Utc>,
    pub is_comment: bool,
    /// The first post of its thread.
    pub thread: Uuid,
    /// The collection that its author put it into.
    pub target: Option<String>,
    pub public: bool,
    /// It is, whatever its group has become since.
    pub was_public: bool,
    /// Its group is private.
    pub private_group: bool,
    /// Its group tells in one protocol what is said in others, and whoever did it does not mind.
    pub bridged: bool,
    /// Who did it; empty: the group itself.
    pub author: String,
    /// The announcement that it takes back.
    pub retracts: Option<(Uuid, DateTime<Utc>)>,
    /// The activity, byte for byte as it arrived.
    pub raw: String,
}

/// What one of our activity ids stands for.
#[derive(Clone, Debug)]
pub enum ActivityView {
    Announced(Box<AnnouncedView>),
    /// It announced a post that is gone since.
    Gone {
        id: Uuid,
        at: DateTime<Utc>,
    },
    /// It waits for an admin, or waited.
    Held(HeldView),
    /// The text of a letter of ours.
    Letter(String),
    /// An invitation or offer whose letter is not kept any more.
    Call {
        group: String,
        whom: String,
        call: Call,
        at: DateTime<Utc>,
    },
    /// A Follow whose letter is not kept any more.
    Follow {
        group: String,
        whom: String,
    },
}

/// What a row of a post's activity says. Each question has a row type of its own, with the same columns.
macro_rules! announced_by {
    ($row:ident, $retracts:expr) => {
        $crate::store::AnnouncedView {
            id: $row.id,
            group: $row.group,
            kind: $row.kind,
            at: $row.accepted_at,
            object: $row.object,
            object_kind: $row.object_kind,
            published: $row.published_at,
            is_comment: $row.is_comment,
            thread: $row.thread_id,
            target: $row.target,
            public: $row.public && !$row.private_group,
            was_public: $row.public,
            private_group: $row.private_group,
            bridged: $row.bridged,
            author: $row.author,
            retracts: $retracts,
            raw: $row.raw,
        }
    };
}
pub(super) use announced_by;

impl Store {
    /// What one of our activity ids stands for, if this viewer may know.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn activity_view(&self, id: Uuid, viewer: &Viewer) -> Result<Option<ActivityView>> {
        if let Some(found) = self.announced(id, viewer).await? {
            return Ok(Some(found));
        }
        if let Some(held) = self.held_view(id, viewer).await? {
            return Ok(Some(ActivityView::Held(held)));
        }
        if let Some(found) = self.passed_on(id, viewer).await? {
            return Ok(Some(found));
        }
        if let Some(body) = self.letter_body(id, viewer).await? {
            return Ok(Some(ActivityView::Letter(body)));
        }
        if let Some(found) = self.call_sent(id, viewer).await? {
            return Ok(Some(found));
        }
        self.follow_sent(id, viewer).await
    }

    async fn call_sent(&self, id: Uuid, viewer: &Viewer) -> Result<Option<ActivityView>> {
        let row = sqlx::query!(
            r#"select g.name as "group", w.iri as whom, i.call, i.at
               from invitation i join "group" g on g.id = i.group_id join actor w on w.id = i.actor_id
               where i.id = $1 and i.iri is null and ((g.members_list = 'public' and g.visibility = 'public') or w.host = $2 or w.id = $3)"#,
            id,
            viewer.host(),
            viewer.actor(),
        )
        .fetch_optional(&self.pool)
        .await?;
        row.map(|row| {
            Ok(ActivityView::Call {
                call: word("invitation", "call", id, &row.call)?,
                group: row.group,
                whom: row.whom,
                at: row.at,
            })
        })
        .transpose()
    }

    async fn announced(&self, id: Uuid, viewer: &Viewer) -> Result<Option<ActivityView>> {
        let row = sqlx::query!(
            r#"select a.id, a.kind, a.raw, a.accepted_at, w.iri as author, g.name as "group",
                      p.iri as object, p.kind as object_kind, p.published_at, p.parent_id is not null as "is_comment!",
                      p.thread_id, p.target, p.public, g.visibility = 'private' as "private_group!",
                      exists (select from crosses(a.kind, a.group_id, a.actor_id, p.author_id, coalesce(pg.crossed, false))) as "bridged!", r.id as "retracts?", r.accepted_at as "retracted_at?",
                      coalesce(p.deleted_at, pg.removed_at) as gone_at
               from activity a
               join actor w on w.id = a.actor_id
               join "group" g on g.id = a.group_id
               join post p on p.id = a.post_id
               left join post_group pg on pg.post_id = p.id and pg.group_id = a.group_id
               left join activity r on r.id = a.retracts
               where a.id = $1
                 and exists (select from readable(a.group_id, p.author_id, p.public, $2, $3))"#,
            id,
            viewer.actor(),
            viewer.host(),
        )
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let repeats_the_post = matches!(row.kind.as_str(), "posted" | "named" | "edited");
        if let (Some(at), true) = (row.gone_at, repeats_the_post) {
            return Ok(Some(ActivityView::Gone { id, at }));
        }
        let view = announced_by!(row, row.retracts.zip(row.retracted_at));
        Ok(Some(ActivityView::Announced(Box::new(view))))
    }

    /// A letter tells who is in a group. Where that is no public matter, only its addressee and their server may read it again. A
    /// receipt carries what may have been for members, or for nobody; a notice what waits, which is for those who run the
    /// group.
    async fn letter_body(&self, id: Uuid, viewer: &Viewer) -> Result<Option<String>> {
        Ok(sqlx::query_scalar!(
            r#"select l.body
               from letter l join "group" g on g.id = l.group_id join destination d on d.id = l.destination_id
               where l.activity_id = $1
                 and case l.kind
                     when 'Notice' then reviews_for(l.group_id, $3, $2)
                     when 'Flag' then reviews_for(l.group_id, $3, $2)
                     when 'Receipt' then
                         d.host = $2 or exists (select from actor w where w.id = $3 and w.inbox = d.inbox)
                     -- Who was let in is public where the members are; who was put out, and why, is nobody else's matter.
                     else (g.members_list = 'public' and g.visibility = 'public' and l.kind not in ('Expulsion', 'Remove'))
                         or d.host = $2
                         or exists (select from actor w where w.id = $3 and w.host = d.host
                                        and position(to_json(w.iri)::text in l.body) > 0) end"#,
            id,
            viewer.host(),
            viewer.actor(),
        )
        .fetch_optional(&self.pool)
        .await?)
    }

    /// What happened to a group and to no post of it: as somebody did it and it was passed on, or as the group says it. Who is
    /// a member is for those to whom the list is shown; what is not kept in the log any more is for whom its kind always is.
    async fn passed_on(&self, id: Uuid, viewer: &Viewer) -> Result<Option<ActivityView>> {
        let row = sqlx::query!(
            r#"select a.id, a.kind, a.raw, a.accepted_at, w.iri as "author?", g.name as "group",
                      g.visibility = 'private' as "private_group!", a.public as "public!"
               from (select a.*, case when a.kind in ('listed', 'unlisted') then g.members_list = 'public'
                                      when a.kind in ('collected', 'uncollected') then coalesce(e.audience = 'public', false)
                                      else true end and g.visibility = 'public' as public
                     from activity a join "group" g on g.id = a.group_id left join entry e on e.activity_id = a.id
                     where a.id = $1 and a.post_id is null) a
               join "group" g on g.id = a.group_id
               left join actor w on w.id = a.actor_id
               where a.public or exists (select from inside(g.id, $2, $3))"#,
            id,
            viewer.actor(),
            viewer.host(),
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|row| {
            ActivityView::Announced(Box::new(AnnouncedView {
                id: row.id,
                group: row.group,
                kind: row.kind,
                at: row.accepted_at,
                object: String::new(),
                object_kind: String::new(),
                published: row.accepted_at,
                is_comment: false,
                thread: Uuid::nil(),
                target: None,
                public: row.public,
                was_public: row.public,
                private_group: row.private_group,
                bridged: false,
                author: row.author.unwrap_or_default(),
                retracts: None,
                raw: row.raw,
            }))
        }))
    }

    async fn follow_sent(&self, id: Uuid, viewer: &Viewer) -> Result<Option<ActivityView>> {
        let row = sqlx::query!(
            r#"select g.name as "group", w.iri as whom
               from following f join "group" g on g.id = f.group_id join actor w on w.id = f.actor_id
               where f.follow_id = $1
                 and (g.visibility = 'public' or exists (select from inside(g.id, $2, $3))
                      or exists (select from actor v where v.id = $2 and v.host = w.host) or w.host = $3)"#,
            id,
            viewer.actor(),
            viewer.host(),
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|row| ActivityView::Follow {
            group: row.group,
            whom: row.whom,
        }))
    }

    /// Posts as they were announced, newest first, that this viewer may see and that are still there; those before
    /// `before`, each with its place in the log. Of those from `there` (as in `mirror.rs`) what is shown in both protocols. The page ends early where its texts would pass 2 MiB.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn outbox(
        &self,
        group: GroupId,
        viewer: &Viewer,
        there: &str,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Slice<(i64, AnnouncedView)>> {
        let rows = sqlx::query!(
            r#"with page as (
                   select a.id, a.kind, a.raw, a.accepted_at, w.iri as author, g.name as "group",
                          p.iri as object, p.kind as object_kind, p.published_at, p.parent_id is not null as is_comment,
                          p.thread_id, p.target, p.public, g.visibility = 'private' as private_group,
                          exists (select from crosses(a.kind, a.group_id, p.author_id, p.author_id, pg.crossed)) as bridged, pg.seq,
                          lead(pg.seq) over newest as older,
                          row_number() over newest as place,
                          sum(octet_length(a.raw)) over (newest rows unbounded preceding) as bytes
                   from post_group pg
                   join "group" g on g.id = pg.group_id
                   join post p on p.id = pg.post_id
                   join activity a on a.id = pg.activity_id
                   join actor w on w.id = p.author_id
                   where pg.group_id = $1 and pg.seq < $3 and pg.removed_at is null and p.deleted_at is null
                     and exists (select from readable(pg.group_id, p.author_id, p.public, $2, $6))
                     and (not starts_with(p.iri, $7)
                          or exists (select from crosses('posted', pg.group_id, p.author_id, p.author_id, pg.crossed)))
                   window newest as (order by pg.seq desc)
                   order by pg.seq desc
                   limit $4
               )
               select id, kind, raw, accepted_at, author, "group", object, object_kind, published_at,
                      is_comment as "is_comment!", thread_id, target, public, private_group as "private_group!",
                      bridged as "bridged!", seq, older as "older?"
               from page where place = 1 or bytes <= $5 order by seq desc"#,
            group.0,
            viewer.actor(),
            before.unwrap_or(i64::MAX),
            limit,
            PAGE_BYTES,
            viewer.host(),
            there,
        )
        .fetch_all(&self.pool)
        .await?;
        let more = rows.last().is_some_and(|row| row.older.is_some());
        let items = rows.into_iter().map(|row| {
            let view = announced_by!(row, None);
            (row.seq, view)
        });
        Ok(Slice {
            items: items.collect(),
            more,
        })
    }

    /// How many posts [`Store::outbox`] has for this viewer.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn outbox_total(&self, group: GroupId, viewer: &Viewer, there: &str) -> Result<u64> {
        let rows = sqlx::query_scalar!(
            r#"select count(*) as "rows!" from post_group pg join post p on p.id = pg.post_id
               where pg.group_id = $1 and pg.removed_at is null and p.deleted_at is null
                 and exists (select from readable(pg.group_id, p.author_id, p.public, $2, $3))
                 and (not starts_with(p.iri, $4)
                      or exists (select from crosses('posted', pg.group_id, p.author_id, p.author_id, pg.crossed)))"#,
            group.0,
            viewer.actor(),
            viewer.host(),
            there,
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(super::view::count(rows))
    }
}
