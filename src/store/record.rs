//! Memberships as records with addresses of their own.
//!
//! One rule: a record is shown to whom it is about, to those who run the group, and to whoever may see it in a list.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::store::{GroupId, Result, Store, Tx, Viewer};

/// What somebody is in a group.
#[derive(Clone, Debug)]
pub struct Record {
    pub id: Uuid,
    /// Name of the group.
    pub group: String,
    /// Id of whoever it is about.
    pub who: String,
    /// member, admin or owner.
    pub role: String,
    pub member: bool,
    pub follower: bool,
    pub pending: bool,
    pub since: DateTime<Utc>,
}

/// The record of an actor in a group, whatever they are in it.
///
/// # Errors
/// If the database does not answer.
pub async fn id_of(tx: &mut Tx, group: GroupId, actor: crate::store::ActorId) -> Result<Option<Uuid>> {
    Ok(sqlx::query_scalar!(
        "select id from membership where group_id = $1 and actor_id = $2",
        group.0,
        actor.0
    )
    .fetch_optional(&mut **tx)
    .await?)
}

impl Store {
    /// The id of the actor who asks.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn iri_of(&self, viewer: &Viewer) -> Result<Option<String>> {
        Ok(
            sqlx::query_scalar!("select iri from actor where id = $1", viewer.actor())
                .fetch_optional(&self.pool)
                .await?,
        )
    }

    /// A record, if this viewer may see it.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn record(&self, group: &str, id: Uuid, viewer: &Viewer) -> Result<Option<Record>> {
        Ok(sqlx::query_as!(
            Record,
            r#"select m.id, g.name as "group", a.iri as who, m.member, m.follower, m.state = 'pending' as "pending!", m.since,
                      case when g.owner_id = m.actor_id and g.rule = 'owned' then 'owner' else m.role end as "role!"
               from membership m join "group" g on g.id = m.group_id join actor a on a.id = m.actor_id
               where m.id = $2 and g.name = $1 and g.closed_at is null and m.state in ('in', 'pending')
                 and (m.actor_id = $3
                      or exists (select from who_runs(g.id) r where r.actor_id = $3)
                      or (m.member and (
                          (g.members_list = 'public' and g.visibility = 'public')
                          or (g.members_list <> 'admins' and exists (
                              select from membership v where v.group_id = g.id and v.actor_id = $3 and v.member)))))"#,
            group,
            id,
            viewer.actor(),
        )
        .fetch_optional(&self.pool)
        .await?)
    }

    /// Everything that an actor is in open groups, the newest first: theirs to see.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn records_of(&self, viewer: &Viewer) -> Result<Vec<Record>> {
        Ok(sqlx::query_as!(
            Record,
            r#"select m.id, g.name as "group", a.iri as who, m.member, m.follower, m.state = 'pending' as "pending!", m.since,
                      case when g.owner_id = m.actor_id and g.rule = 'owned' then 'owner' else m.role end as "role!"
               from membership m join "group" g on g.id = m.group_id join actor a on a.id = m.actor_id
               where m.actor_id = $1 and g.closed_at is null and (m.state in ('in', 'pending') or m.role = 'admin')
                 and m.state <> 'banned'
               order by m.since desc, m.group_id desc limit 1000"#,
            viewer.actor(),
        )
        .fetch_all(&self.pool)
        .await?)
    }
}
