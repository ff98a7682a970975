//! What waits for an admin, as those who run the group read it.
//!
//! One rule: to everybody else it is as if it were not there (PRV01, PRV15).

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::store::{
    GroupId, Result, Slice, Store, Viewer,
    collections::one_more,
    held::{Queue, Row},
    view::count,
    word,
};

/// Something that waits, or waited.
#[derive(Clone, Debug)]
pub struct HeldView {
    pub id: Uuid,
    pub group: String,
    pub queue: Queue,
    pub at: DateTime<Utc>,
    /// What was received: the activity byte for byte, or the object where only that is known.
    pub received: String,
}

impl TryFrom<Row> for HeldView {
    type Error = crate::store::Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            queue: word("held", "queue", row.id, &row.queue)?,
            id: row.id,
            group: row.group_name,
            at: row.at,
            received: match row.fetched {
                Some(fetched) if row.raw.is_empty() => fetched,
                _ => row.raw,
            },
        })
    }
}

/// Somebody who runs a group, and how their server speaks where that is known.
#[derive(Clone, Debug)]
pub struct Reviewer {
    pub iri: String,
    pub dialect: Option<String>,
}

/// A line of `group pending`.
#[derive(Clone, Debug)]
pub struct Waiting {
    pub id: Uuid,
    pub queue: Queue,
    pub actor: String,
    pub kind: String,
    pub object: Option<String>,
    pub at: DateTime<Utc>,
}

impl Store {
    /// How much waits in a queue; `None`: not for this viewer.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn pending_total(&self, group: GroupId, queue: Queue, viewer: &Viewer) -> Result<Option<u64>> {
        let row = sqlx::query!(
            r#"select reviews_for($1, $3, $4) as "sees!",
                      (select count(*) from held h
                       where h.group_id = $1 and h.queue = $2 and h.decided_at is null) as "rows!""#,
            group.0,
            queue.word(),
            viewer.actor(),
            viewer.host(),
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(row.sees.then(|| count(row.rows)))
    }

    /// What waits in a queue, newest first; `before` is the last one of the page before.
    ///
    /// # Errors
    /// If the database does not answer, or a row makes no sense.
    pub async fn pending(
        &self,
        group: GroupId,
        queue: Queue,
        viewer: &Viewer,
        before: Option<(DateTime<Utc>, Uuid)>,
        limit: usize,
    ) -> Result<Slice<HeldView>> {
        let (at, id) = before.unzip();
        let rows = sqlx::query_as!(
            Row,
            r#"select h.id, h.group_id, g.name as group_name, h.queue, a.iri as actor, h.kind, h.iri, h.object, h.public,
                      h.raw, h.fetched, h.at, h.outcome
               from held h join "group" g on g.id = h.group_id join actor a on a.id = h.actor_id
               where h.group_id = $1 and h.queue = $2 and h.decided_at is null and reviews_for($1, $3, $4)
                 and ($5::timestamptz is null or (h.at, h.id) < ($5, $6::uuid))
               order by h.at desc, h.id desc limit $7"#,
            group.0,
            queue.word(),
            viewer.actor(),
            viewer.host(),
            at,
            id,
            one_more(limit),
        )
        .fetch_all(&self.pool)
        .await?;
        let items: Result<Vec<_>> = rows.into_iter().map(HeldView::try_from).collect();
        Ok(Slice::cut(items?, limit))
    }

    /// One entry, decided or not.
    pub(super) async fn held_view(&self, id: Uuid, viewer: &Viewer) -> Result<Option<HeldView>> {
        let row = sqlx::query_as!(
            Row,
            r#"select h.id, h.group_id, g.name as group_name, h.queue, a.iri as actor, h.kind, h.iri, h.object, h.public,
                      h.raw, h.fetched, h.at, h.outcome
               from held h join "group" g on g.id = h.group_id join actor a on a.id = h.actor_id
               where h.id = $1 and reviews_for(h.group_id, $2, $3)"#,
            id,
            viewer.actor(),
            viewer.host(),
        )
        .fetch_optional(&self.pool)
        .await?;
        row.map(HeldView::try_from).transpose()
    }

    /// All that waits in a group, for its operator: oldest first.
    ///
    /// # Errors
    /// If the database does not answer, or a row makes no sense.
    pub async fn list_pending(&self, name: &str) -> Result<Vec<Waiting>> {
        let rows = sqlx::query!(
            r#"select h.id, h.queue, a.iri as actor, h.kind, h.object, h.at
               from held h join "group" g on g.id = h.group_id join actor a on a.id = h.actor_id
               where g.name = $1 and h.decided_at is null
               order by h.queue, h.at, h.id"#,
            name
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok(Waiting {
                    queue: word("held", "queue", row.id, &row.queue)?,
                    id: row.id,
                    actor: row.actor,
                    kind: row.kind,
                    object: row.object,
                    at: row.at,
                })
            })
            .collect()
    }

    /// Who runs a group: the owner first.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn reviewers(&self, group: &str) -> Result<Vec<Reviewer>> {
        Ok(sqlx::query_as!(
            Reviewer,
            r#"select w.iri, coalesce(p.shape, case when p.looked_up_at is not null then p.class_shape end) as dialect
               from "group" g
               cross join lateral who_runs(g.id) s
               join actor w on w.id = s.actor_id and w.gone_at is null
               left join peer p on p.host = w.host
               where g.name = $1
               order by s.is_owner desc, w.id"#,
            group
        )
        .fetch_all(&self.pool)
        .await?)
    }

    /// Hosts of those who run these groups of whom we do not know how they speak: a group's name, and a host.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn hosts_of_reviewers(&self, groups: &[String]) -> Result<Vec<(String, String)>> {
        let rows = sqlx::query!(
            r#"select distinct g.name, w.host
               from "group" g
               cross join lateral who_runs(g.id) s
               join actor w on w.id = s.actor_id and w.gone_at is null
               left join peer p on p.host = w.host
               where g.name = any($1) and p.shape is null and (p.looked_up_at is null or p.class_shape is null)"#,
            groups
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|row| (row.name, row.host)).collect())
    }

    /// Names of groups in which something waits.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn groups_with_pending(&self) -> Result<Vec<String>> {
        Ok(sqlx::query_scalar!(
            r#"select g.name from "group" g
               where exists (select from held h where h.group_id = g.id and h.decided_at is null)
               order by g.name"#
        )
        .fetch_all(&self.pool)
        .await?)
    }
}
