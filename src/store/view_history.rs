//! What a group has said about one thread, in the order in which it was said.
//!
//! One rule: as `view_activity.rs`: what was deleted or removed is not repeated; that it was, is.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::store::{
    AnnouncedView, GroupId, Result, Slice, Store, Viewer, view::count, view_activity::announced_by,
};

/// Largest sum of raw texts in one page, in bytes; a first entry larger than that still comes alone.
const PAGE_BYTES: i64 = 2 << 20;

/// Where a page starts: after what was said then, under this id.
type SaidAt = (DateTime<Utc>, Uuid);

impl Store {
    /// New posts, edits, deletions and removals in a thread, oldest first, as they were announced; those after `after`.
    /// The page ends early where its texts would pass 2 MiB.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn thread_history(
        &self,
        group: GroupId,
        thread: Uuid,
        viewer: &Viewer,
        there: &str,
        after: Option<SaidAt>,
        limit: i64,
    ) -> Result<Slice<AnnouncedView>> {
        let (at, id) = after.unzip();
        let rows = sqlx::query!(
            r#"with page as (
                   select a.id, a.kind, a.raw, a.accepted_at, w.iri as author, g.name as "group", p.iri as object,
                          p.kind as object_kind, p.published_at, p.parent_id is not null as is_comment, p.thread_id, p.target, p.public,
                          g.visibility = 'private' as private_group,
                          exists (select from crosses(a.kind, a.group_id, a.actor_id, p.author_id, coalesce(pg.crossed, false))) as bridged, r.id as retracts, r.accepted_at as retracted_at,
                          lead(a.id) over oldest as newer, row_number() over oldest as place,
                          sum(octet_length(a.raw)) over (oldest rows unbounded preceding) as bytes
                   from post p
                   join activity a on a.post_id = p.id and a.group_id = $1
                   join actor w on w.id = a.actor_id
                   join "group" g on g.id = a.group_id
                   left join post_group pg on pg.post_id = p.id and pg.group_id = a.group_id
                   left join activity r on r.id = a.retracts
                   where p.thread_id = $2
                     and (a.kind in ('deleted', 'removed')
                          or (a.kind in ('posted', 'edited') and p.deleted_at is null and pg.removed_at is null))
                     and ($4::timestamptz is null or (a.accepted_at, a.id) > ($4, $5::uuid))
                     and exists (select from readable(a.group_id, p.author_id, p.public, $3, $6))
                     and (not starts_with(p.iri, $9)
                          or exists (select from crosses(a.kind, a.group_id, a.actor_id, p.author_id, coalesce(pg.crossed, false))))
                   window oldest as (order by a.accepted_at, a.id)
                   order by a.accepted_at, a.id
                   limit $7
               )
               select id, kind, raw, accepted_at, author, "group", object, object_kind, published_at,
                      is_comment as "is_comment!", thread_id, target, public, private_group as "private_group!",
                      bridged as "bridged!", retracts as "retracts?",
                      retracted_at as "retracted_at?", newer as "newer?"
               from page where place = 1 or bytes <= $8 order by accepted_at, id"#,
            group.0,
            thread,
            viewer.actor(),
            at,
            id,
            viewer.host(),
            limit,
            PAGE_BYTES,
            there,
        )
        .fetch_all(&self.pool)
        .await?;
        let more = rows.last().is_some_and(|row| row.newer.is_some());
        let items = rows
            .into_iter()
            .map(|row| announced_by!(row, row.retracts.zip(row.retracted_at)));
        Ok(Slice {
            items: items.collect(),
            more,
        })
    }

    /// How many of these there are for this viewer.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn thread_history_total(
        &self,
        group: GroupId,
        thread: Uuid,
        viewer: &Viewer,
        there: &str,
    ) -> Result<u64> {
        let rows = sqlx::query_scalar!(
            r#"select count(*) as "rows!"
               from post p
               join activity a on a.post_id = p.id and a.group_id = $1
               left join post_group pg on pg.post_id = p.id and pg.group_id = a.group_id
               where p.thread_id = $2
                 and (a.kind in ('deleted', 'removed')
                      or (a.kind in ('posted', 'edited') and p.deleted_at is null and pg.removed_at is null))
                 and exists (select from readable(a.group_id, p.author_id, p.public, $3, $4))
                 and (not starts_with(p.iri, $5)
                      or exists (select from crosses(a.kind, a.group_id, a.actor_id, p.author_id, coalesce(pg.crossed, false))))"#,
            group.0,
            thread,
            viewer.actor(),
            viewer.host(),
            there,
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(count(rows))
    }
}
