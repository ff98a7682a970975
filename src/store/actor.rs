//! Actors and their keys, remote and ours.

use sqlx::FromRow;

use crate::{
    domain::Iri,
    store::{Error, Result, Store},
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
