//! What actors have said that are no more.
//!
//! One rule: an actor is cleared once, after the last post of theirs is out of every group.

use chrono::{DateTime, Utc};

use crate::{
    domain::Iri,
    store::{ActorId, Result, Store, Tx},
};

/// A post whose author is gone, in one group.
#[derive(Clone, Debug)]
pub struct Remains {
    pub post: String,
    /// Name of the group.
    pub group: String,
    pub public: bool,
}

impl Store {
    /// Actors that are gone and not cleared yet.
    ///
    /// # Errors
    /// If the database does not answer, or a row makes no sense.
    pub async fn actors_to_clear(&self, most: i64) -> Result<Vec<Iri>> {
        let iris = sqlx::query_scalar!(
            "select iri from actor where gone_at is not null and cleared_at is null order by id limit $1",
            most
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(iris.iter().filter_map(|iri| Iri::object(iri).ok()).collect())
    }

    /// Posts of an actor that are in groups, the newest first: what answers a post goes before it.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn remains_of(&self, actor: ActorId, most: i64) -> Result<Vec<Remains>> {
        Ok(sqlx::query_as!(
            Remains,
            r#"select p.iri as post, g.name as "group", p.public
               from (select * from post o where o.author_id = $1 and o.deleted_at is null
                       and exists (select from post_group h where h.post_id = o.id and h.removed_at is null)
                     order by o.received_at desc, o.id desc limit $2) p
               join post_group pg on pg.post_id = p.id and pg.removed_at is null
               join "group" g on g.id = pg.group_id
               order by p.received_at desc, p.id desc, g.id"#,
            actor.0,
            most
        )
        .fetch_all(&self.pool)
        .await?)
    }
}

/// Nothing of this actor is in a group any more: what was out of all groups goes too, and their votes.
///
/// # Errors
/// If the database does not answer.
pub async fn clear(tx: &mut Tx, actor: ActorId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "with posts as (
             update post p set deleted_at = $2, title = null, content = null, url = null
             where p.author_id = $1 and p.deleted_at is null
               and not exists (select from post_group g where g.post_id = p.id and g.removed_at is null)),
           votes as (delete from vote where actor_id = $1)
         update actor set cleared_at = $2 where id = $1 and gone_at is not null",
        actor.0,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The names of the groups in which everybody can read something that this actor wrote.
///
/// # Errors
/// If the database does not answer.
pub async fn readable_in(tx: &mut Tx, actor: ActorId) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"select name from "group" g
           where visibility = 'public' and closed_at is null and exists (
               select from post p join post_group h on h.post_id = p.id and h.removed_at is null
               where p.author_id = $1 and p.public and p.deleted_at is null and h.group_id = g.id)
           order by id"#,
        actor.0
    )
    .fetch_all(&mut **tx)
    .await?)
}
