//! What was signed, where it is kept in other words.
//!
//! One rule: byte for byte, under the id of the activity as which it was read, as long as that is kept.

use chrono::{DateTime, Utc};

use crate::store::{Result, Store, Tx};

/// What somebody said last of a note, as far as we took it.
#[derive(Clone, Debug)]
pub struct LastVersion {
    /// Who wrote the note.
    pub author: String,
    /// It is in a group, or was.
    pub is_posted: bool,
    /// A version of it waits for an admin.
    pub waits: bool,
    /// The id of the activity.
    pub activity: Option<String>,
    /// What was signed.
    pub original: Option<String>,
}

/// Keeps originals by the ids of their activities.
///
/// # Errors
/// If the database does not answer.
pub async fn keep(tx: &mut Tx, originals: &[(&str, &str)], now: DateTime<Utc>) -> Result<()> {
    if originals.is_empty() {
        return Ok(());
    }
    let activities: Vec<&str> = originals.iter().map(|(activity, _)| *activity).collect();
    let bodies: Vec<&str> = originals.iter().map(|(_, body)| *body).collect();
    sqlx::query!(
        "insert into original (activity, body, at)
         select o.*, $1 from unnest($2::text[], $3::text[]) as o on conflict do nothing",
        now,
        &activities as &[&str],
        &bodies as &[&str],
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

impl Store {
    /// The newest version of a post that is here, waits, or was turned down.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn last_version(&self, post: &str) -> Result<Option<LastVersion>> {
        Ok(sqlx::query_as!(
            LastVersion,
            r#"with said as (
                   select c.id, c.iri as activity, p.author_id as author, true as posted, false as waits, c.accepted_at as at
                   from post p
                       left join activity c on c.post_id = p.id and c.kind in ('posted', 'edited') and c.iri is not null
                   where p.iri = $1
                   union all
                   select h.id, h.iri, h.actor_id, false, true, h.at from held h
                   where h.object = $1 and h.decided_at is null
                   union all
                   select h.id, h.iri, h.actor_id, false, false, h.at from held h
                   where h.object = $1 and h.outcome = 'rejected')
               select a.iri as "author!", (select bool_or(s.posted) from said s) as "is_posted!",
                      (select bool_or(s.waits) from said s) as "waits!",
                      s.activity as "activity?", o.body as "original?"
               from said s
                   join actor a on a.id = coalesce((select p.author_id from post p where p.iri = $1), s.author)
                   left join original o on o.activity = s.activity
               order by s.at desc nulls last, s.id desc nulls last
               limit 1"#,
            post,
        )
        .fetch_optional(&self.pool)
        .await?)
    }
}
