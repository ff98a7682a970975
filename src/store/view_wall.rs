//! What is on a group's walls: posts that their authors put there and the group took.

use crate::store::{GroupId, Result, Slice, Store, Viewer, collections::one_more, view::count};

impl Store {
    /// Ids of posts in a collection of a group's that their authors name as `target`, the last one first; those before
    /// `before`, each with its place in the log.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn on_wall(
        &self,
        group: GroupId,
        wall: &str,
        viewer: &Viewer,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Slice<(i64, String)>> {
        let rows = sqlx::query!(
            r#"select pg.seq, p.iri
               from post p join post_group pg on pg.post_id = p.id and pg.group_id = $1
               where p.target = $2 and pg.seq < $3 and pg.removed_at is null and p.deleted_at is null
                 and exists (select from readable(pg.group_id, p.author_id, p.public, $4, $5))
               order by pg.seq desc limit $6"#,
            group.0,
            wall,
            before.unwrap_or(i64::MAX),
            viewer.actor(),
            viewer.host(),
            one_more(limit),
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(Slice::cut(
            rows.into_iter().map(|row| (row.seq, row.iri)).collect(),
            limit,
        ))
    }

    /// How many posts [`Store::on_wall`] has for this viewer.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn on_wall_total(&self, group: GroupId, wall: &str, viewer: &Viewer) -> Result<u64> {
        let rows = sqlx::query_scalar!(
            r#"select count(*) as "rows!"
               from post p join post_group pg on pg.post_id = p.id and pg.group_id = $1
               where p.target = $2 and pg.removed_at is null and p.deleted_at is null
                 and exists (select from readable(pg.group_id, p.author_id, p.public, $3, $4))"#,
            group.0,
            wall,
            viewer.actor(),
            viewer.host(),
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(count(rows))
    }
}
