//! Who of one server hears a group (FEP-8fcf), and which of our groups hear another.
//!
//! One rule: lists for one server only; nobody learns here who is on another. The digests are kept by the database itself
//! (migration 0017): whoever changes a membership changes them.

use crate::store::{Actor, ActorId, GroupId, Result, Store, Viewer};

/// A group of ours that follows an actor, or wants to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hearer {
    pub name: String,
    pub accepted: bool,
}

impl Store {
    /// Ids of a group's followers who live on the server that asks; with `members`, of its members. Of an actor that asks: of
    /// itself, at most (PRV07).
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn reach_of(&self, group: GroupId, viewer: &Viewer, members: bool) -> Result<Vec<String>> {
        Ok(sqlx::query_scalar!(
            "select a.iri from membership m join actor a on a.id = m.actor_id
             where m.group_id = $1 and (a.host = $2 or a.id = $3) and m.state <> 'banned'
                 and case when $4 then m.member else m.follower end
             order by a.iri",
            group.0,
            viewer.host(),
            viewer.actor(),
            members,
        )
        .fetch_all(&self.pool)
        .await?)
    }

    /// Our groups that follow an actor, or have asked to.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn hearers_of(&self, whom: ActorId) -> Result<Vec<Hearer>> {
        Ok(sqlx::query_as!(
            Hearer,
            r#"select g.name, f.accepted_at is not null as "accepted!"
               from following f join "group" g on g.id = f.group_id
               where f.actor_id = $1 and g.closed_at is null order by g.name"#,
            whom.0,
        )
        .fetch_all(&self.pool)
        .await?)
    }

    /// Whether a group of ours takes what an actor passes on as that actor's own to bring: it follows them, or a group or
    /// program of their server is a member.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn relays(&self, group: &str, announcer: &Actor) -> Result<bool> {
        Ok(sqlx::query_scalar!(
            r#"select exists (select from following f join "group" g on g.id = f.group_id
                    where g.name = $1 and f.actor_id = $2 and f.accepted_at is not null)
                or exists (select from membership m join "group" g on g.id = m.group_id join actor a on a.id = m.actor_id
                    where g.name = $1 and a.host = $3 and a.kind in ('Group', 'Application') and m.member and m.state <> 'banned')
               as "is!""#,
            group,
            announcer.id.0,
            announcer.host,
        )
        .fetch_one(&self.pool)
        .await?)
    }
}
