//! Making second faces.
//!
//! One rule: one statement finds a name that is free and takes it. Whoever loses a race for it is in a conflict, and tries again.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::store::{ActorId, Result, Store};

/// A second face to be kept.
#[derive(Clone, Debug)]
pub struct NewMirror {
    pub actor: ActorId,
    pub id: Uuid,
    /// What it may be called: the first that nobody has, nor any group.
    pub names: Vec<String>,
}

/// Keeps it.
///
/// # Errors
/// If the database does not answer, or somebody has just made it, or taken the name.
pub(in crate::store) async fn make(
    database: impl sqlx::PgExecutor<'_>,
    mirror: &NewMirror,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        r#"insert into mirror (actor_id, id, username, made_at)
           select $1, $2, (
               select n.name from unnest($3::text[]) with ordinality as n(name, place)
               where not exists (select from mirror m where m.username = n.name)
                 and not exists (select from "group" g where g.name = n.name)
               order by n.place limit 1), $4"#,
        mirror.actor.0,
        mirror.id,
        &mirror.names,
        now,
    )
    .execute(database)
    .await?;
    Ok(())
}

impl Store {
    /// Gives somebody a second face; false if they have just been given one, or another one its name.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn make_mirror(&self, mirror: &NewMirror) -> Result<bool> {
        match make(&self.pool, mirror, self.now()).await {
            Err(error) if error.is_conflict() => Ok(false),
            made => made.map(|()| true),
        }
    }
}
