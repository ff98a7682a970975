//! Who is in a group, in pages.
//!
//! One rule: a page starts after a row, not at a number, so that whoever joins or leaves in between shifts nothing.
//! Who may see a list is the group's setting; the caller asks [`Store::group_figures`] first, which knows the viewer.

use chrono::{DateTime, Utc};

use crate::store::{GroupId, Result, Store, Tx, view::count};

/// A part of a list, and whether there is more of it.
#[derive(Clone, Debug)]
pub struct Slice<T> {
    pub items: Vec<T>,
    pub more: bool,
}

impl<T> Slice<T> {
    /// From one row more than `limit`, if there are that many.
    pub(super) fn cut(mut items: Vec<T>, limit: usize) -> Self {
        let more = items.len() > limit;
        items.truncate(limit);
        Self { items, more }
    }
}

/// Somebody in a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub iri: String,
    pub since: DateTime<Utc>,
    /// With `since`, where the next page starts.
    pub actor: i64,
}

/// How many there are of whom no list speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unlisted {
    pub members: u64,
    pub followers: u64,
}

impl Store {
    /// Members, newest first; `before` is the last one of the page before.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn members(
        &self,
        group: GroupId,
        before: Option<(DateTime<Utc>, i64)>,
        limit: usize,
    ) -> Result<Slice<Person>> {
        let (since, actor) = before.unzip();
        let rows = sqlx::query_as!(
            Person,
            r#"select w.iri, m.since, m.actor_id as actor
               from membership m join actor w on w.id = m.actor_id
               where m.group_id = $1 and m.member and exists (select from is_listed(m.group_id, m.actor_id))
                 and ($2::timestamptz is null or (m.since, m.actor_id) < ($2, $3::bigint))
               order by m.since desc, m.actor_id desc limit $4"#,
            group.0,
            since,
            actor,
            one_more(limit),
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(Slice::cut(rows, limit))
    }

    /// Followers, newest first; `before` is the last one of the page before.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn followers(
        &self,
        group: GroupId,
        before: Option<(DateTime<Utc>, i64)>,
        limit: usize,
    ) -> Result<Slice<Person>> {
        let (since, actor) = before.unzip();
        let rows = sqlx::query_as!(
            Person,
            r#"select w.iri, m.since, m.actor_id as actor
               from membership m join actor w on w.id = m.actor_id
               where m.group_id = $1 and m.follower and m.state <> 'banned'
                 and exists (select from is_listed(m.group_id, m.actor_id))
                 and ($2::timestamptz is null or (m.since, m.actor_id) < ($2, $3::bigint))
               order by m.since desc, m.actor_id desc limit $4"#,
            group.0,
            since,
            actor,
            one_more(limit),
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(Slice::cut(rows, limit))
    }

    /// How many of those in a group are on no list of it that those see who do not sign by their domain.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn unlisted(&self, group: GroupId) -> Result<Unlisted> {
        let row = sqlx::query!(
            r#"select count(*) filter (where m.member) as "members!",
                      count(*) filter (where m.follower and m.state <> 'banned') as "followers!"
               from membership m join actor a on a.id = m.actor_id and a.by_domain
               where m.group_id = $1 and (m.member or m.follower)
                 and not exists (select from is_listed(m.group_id, m.actor_id))"#,
            group.0,
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(Unlisted {
            members: count(row.members),
            followers: count(row.followers),
        })
    }

    /// Ids of those who have a role in the group, newest first; the owner, member or not, has one since it was made.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn admins(&self, group: GroupId) -> Result<Vec<String>> {
        Ok(sqlx::query_scalar!(
            r#"select w.iri
               from who_runs($1) s join actor w on w.id = s.actor_id
               order by s.since desc, w.id desc"#,
            group.0,
        )
        .fetch_all(&self.pool)
        .await?)
    }

    /// Ids of the owner and then the admins: those whom other software shows as moderators.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn moderators(&self, group: GroupId) -> Result<Vec<String>> {
        Ok(sqlx::query_scalar!(
            r#"select w.iri
               from who_runs($1) s join actor w on w.id = s.actor_id
               order by s.is_owner desc, s.since desc, w.id desc"#,
            group.0,
        )
        .fetch_all(&self.pool)
        .await?)
    }
}

/// Whether somebody who is in a group is on its lists.
///
/// # Errors
/// If the database does not answer.
pub async fn is_listed(tx: &mut Tx, group: GroupId, iri: &str) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from actor a where a.iri = $2 and exists (select from is_listed($1, a.id))) as "is!""#,
        group.0,
        iri
    )
    .fetch_one(&mut **tx)
    .await?)
}

/// One row beyond the page says whether there is a next one.
pub(super) fn one_more(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX - 1) + 1
}
