//! Marks of posts: locked, pinned.
//!
//! One rule: a mark is a date in the post's place in a group; the log tells of it (`deeds.rs` writes both).

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    domain::{Iri, Mark},
    store::{GroupId, Result, Store, Tx},
};

/// A mark to be put on a post in a group, or taken off.
#[derive(Clone, Copy, Debug)]
pub struct Marked<'a> {
    pub post: Uuid,
    pub group: GroupId,
    pub mark: Mark,
    pub wanted: bool,
    /// Of the activity that says so.
    pub iri: &'a Iri,
}

/// Writes it. The caller holds the group's turn.
///
/// # Errors
/// If the database does not answer.
pub(super) async fn write(tx: &mut Tx, marked: &Marked<'_>, now: DateTime<Utc>) -> Result<()> {
    let since = marked.wanted.then_some(now);
    let iri = marked.wanted.then_some(marked.iri.as_str());
    let (post, group) = (marked.post, marked.group.0);
    match marked.mark {
        Mark::Locked => sqlx::query!(
            "update post_group set locked_at = $3, lock_iri = $4 where post_id = $1 and group_id = $2",
            post,
            group,
            since,
            iri
        ),
        Mark::Pinned => sqlx::query!(
            "update post_group set featured_at = $3 where post_id = $1 and group_id = $2",
            post,
            group,
            since
        ),
    }
    .execute(&mut **tx)
    .await?;
    Ok(())
}

impl Store {
    /// The post that an activity of this id has locked, and the name of the group.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn locked_by(&self, iri: &str) -> Result<Option<(String, String)>> {
        let row = sqlx::query!(
            r#"select p.iri, g.name from post_group pg
               join post p on p.id = pg.post_id join "group" g on g.id = pg.group_id
               where pg.lock_iri = $1 limit 1"#,
            iri
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|row| (row.iri, row.name)))
    }
}
