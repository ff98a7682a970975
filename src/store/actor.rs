//! Actors and their keys, remote and ours.

use chrono::{DateTime, Utc};
use sqlx::FromRow;

use crate::{
    domain::Iri,
    store::{Error, Result, Store, Tx},
};

/// A row of `actor`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ActorId(pub i64);

/// An actor as we keep it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    pub id: ActorId,
    pub iri: Iri,
    /// Authority of the id.
    pub host: String,
    /// Person, Group, Service, Application or Organization.
    pub kind: String,
    pub username: Option<String>,
    pub name: Option<String>,
    pub inbox: String,
    pub shared_inbox: Option<String>,
    /// Id of its followers collection.
    pub followers: Option<String>,
    pub gone: bool,
}

#[derive(FromRow)]
struct Row {
    id: i64,
    iri: String,
    host: String,
    kind: String,
    username: Option<String>,
    name: Option<String>,
    inbox: String,
    shared_inbox: Option<String>,
    followers: Option<String>,
    gone: bool,
}

impl TryFrom<Row> for Actor {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let nonsense = |_| Error::Nonsense {
            table: "actor",
            column: "iri",
            row: row.id.to_string(),
        };
        Ok(Self {
            id: ActorId(row.id),
            iri: Iri::object(&row.iri).map_err(nonsense)?,
            host: row.host,
            kind: row.kind,
            username: row.username,
            name: row.name,
            inbox: row.inbox,
            shared_inbox: row.shared_inbox,
            followers: row.followers,
            gone: row.gone,
        })
    }
}

impl Store {
    /// An actor, if we know it.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn actor(&self, iri: &Iri) -> Result<Option<Actor>> {
        let row = sqlx::query_as!(
            Row,
            r#"select id, iri, host, kind, username, name, inbox, shared_inbox, followers, gone_at is not null as "gone!"
               from actor where iri = $1"#,
            iri.as_str(),
        )
        .fetch_optional(&self.pool)
        .await?;
        row.map(Actor::try_from).transpose()
    }
}

/// One of our own actors.
///
/// # Errors
/// If the database does not answer.
pub async fn insert_own_actor(tx: &mut Tx, iri: &Iri, kind: &str, inbox: &str, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "insert into actor (iri, host, kind, inbox, fetched_at) values ($1, $2, $3, $4, $5) on conflict (iri) do nothing",
        iri.as_str(),
        iri.authority(),
        kind,
        inbox,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

impl Store {
    /// An actor of which only the id is known, because its server does not answer: no inbox, and read at the next chance.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn stub_actor(&self, iri: &Iri) -> Result<Actor> {
        sqlx::query!(
            "insert into actor (iri, host, kind, inbox, fetched_at) values ($1, $2, 'Person', '', 'epoch') on conflict (iri) do nothing",
            iri.as_str(),
            iri.authority(),
        )
        .execute(&self.pool)
        .await?;
        let missing = || Error::Nonsense { table: "actor", column: "iri", row: iri.to_string() };
        self.actor(iri).await?.ok_or_else(missing)
    }

    /// Actors that hear us at an inbox which answered *gone* or *elsewhere*; each is given out once.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn readers_to_check(&self) -> Result<Vec<String>> {
        Ok(sqlx::query_scalar!(
            "with checked as (update destination set gone_at = null, redirected_at = null
                              where gone_at is not null or redirected_at is not null returning id)
             select distinct a.iri from checked c join membership m on m.destination_id = c.id
             join actor a on a.id = m.actor_id limit 1000"
        )
        .fetch_all(&self.pool)
        .await?)
    }
}
