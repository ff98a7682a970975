//! Actors and their keys, remote and ours.
//!
//! One rule: an actor is rewritten as a whole, keys included, from its own document ([`Store::keep_actor`]); a key that
//! the document lists no more is gone.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{FromRow, PgExecutor};

use crate::{
    domain::Iri,
    store::{Error, Result, Store, Tx},
};

/// An inbox that answers *gone* to everything is not asked about for so long.
pub(super) const CHECKED_AGAIN: TimeDelta = TimeDelta::hours(1);

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
    /// When its own document was read last.
    pub read_at: DateTime<Utc>,
    pub gone: bool,
}

/// An actor as its own document, just fetched, describes it.
#[derive(Clone, Copy, Debug)]
pub struct NewActor<'a> {
    pub iri: &'a Iri,
    pub kind: &'a str,
    pub username: Option<&'a str>,
    pub name: Option<&'a str>,
    pub inbox: &'a str,
    pub shared_inbox: Option<&'a str>,
    pub followers: Option<&'a str>,
    /// Its other ids, by its own word.
    pub also_known_as: &'a [String],
    /// It does not want to be shown in another protocol.
    pub unbridged: bool,
    /// Sanitised HTML.
    pub bio: Option<&'a str>,
    /// Address of a picture, and its media type.
    pub icon: Option<(&'a str, &'a str)>,
    /// It may be searched.
    pub indexable: bool,
    /// Every key that it lists. Without a text (PEM or multibase), what we have of that key stays.
    pub keys: &'a [(String, Option<String>)],
}

/// Somebody whose document lists a key.
#[derive(Clone, Debug)]
pub struct KeyHolder {
    pub actor: Actor,
    /// PEM or multibase, as listed.
    pub key: String,
}

impl Actor {
    /// Whether its own document was ever read; else only its id is known.
    #[must_use]
    pub fn is_known(&self) -> bool {
        !self.inbox.is_empty()
    }
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
    fetched_at: DateTime<Utc>,
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
            read_at: row.fetched_at,
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
        actor_in(&self.pool, iri).await
    }

    /// Everybody whose own document lists this key id: the oldest first, at most eight.
    ///
    /// One, unless an actor lists the key id of another one on its host; the caller knows whom it means.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn key_holders(&self, key_id: &str) -> Result<Vec<KeyHolder>> {
        let rows = sqlx::query!(
            r#"select a.id, a.iri, a.host, a.kind, a.username, a.name, a.inbox, a.shared_inbox, a.followers,
                      a.fetched_at, a.gone_at is not null as "gone!", k.pem
               from actor_key k join actor a on a.id = k.actor_id
               where k.iri = $1 order by a.id limit 8"#,
            key_id,
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|row| {
                let actor = Actor::try_from(Row {
                    id: row.id,
                    iri: row.iri,
                    host: row.host,
                    kind: row.kind,
                    username: row.username,
                    name: row.name,
                    inbox: row.inbox,
                    shared_inbox: row.shared_inbox,
                    followers: row.followers,
                    fetched_at: row.fetched_at,
                    gone: row.gone,
                })?;
                Ok(KeyHolder { actor, key: row.pem })
            })
            .collect()
    }

    /// Writes an actor and its keys as just fetched; it is not gone then. Its host gets a row in `peer`.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn keep_actor(&self, new: &NewActor<'_>) -> Result<Actor> {
        let now = self.now();
        let mut tx = self.begin().await?;
        let host = new.iri.authority();
        sqlx::query!("insert into peer (host) values ($1) on conflict do nothing", host)
            .execute(&mut *tx)
            .await?;
        let row = sqlx::query_as!(
            Row,
            r#"insert into actor (iri, host, kind, username, name, inbox, shared_inbox, followers, fetched_at, also_known_as,
                                  unbridged, bio, icon, icon_type, indexable)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
               on conflict (iri) do update set kind = $3, username = $4, name = $5, inbox = $6, shared_inbox = $7,
                   followers = $8, fetched_at = $9, also_known_as = $10, unbridged = $11, bio = $12,
                   icon = $13, icon_type = $14, indexable = $15, gone_at = null, cleared_at = null
               returning id, iri, host, kind, username, name, inbox, shared_inbox, followers, fetched_at,
                   gone_at is not null as "gone!""#,
            new.iri.as_str(),
            host,
            new.kind,
            new.username,
            new.name,
            new.inbox,
            new.shared_inbox,
            new.followers,
            now,
            new.also_known_as,
            new.unbridged,
            new.bio,
            new.icon.map(|(address, _)| address),
            new.icon.map(|(_, kind)| kind),
            new.indexable,
        )
        .fetch_one(&mut *tx)
        .await?;
        keep_keys(&mut tx, row.id, new.keys, now).await?;
        tx.commit().await?;
        row.try_into()
    }

    /// The origin says that this actor is gone; false if we did not know it, or knew that already.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn mark_gone(&self, iri: &Iri) -> Result<bool> {
        let done = sqlx::query!(
            "update actor set gone_at = $2 where iri = $1 and gone_at is null",
            iri.as_str(),
            self.now(),
        )
        .execute(&self.pool)
        .await?;
        let is_new = done.rows_affected() > 0;
        if is_new {
            // What they have said is taken out of the groups.
            self.ring();
        }
        Ok(is_new)
    }
}

/// The keys of one actor, whose row the caller has just written and so locked.
async fn keep_keys(
    tx: &mut Tx,
    actor: i64,
    keys: &[(String, Option<String>)],
    now: DateTime<Utc>,
) -> Result<()> {
    let listed: Vec<String> = keys.iter().map(|(iri, _)| iri.clone()).collect();
    sqlx::query!(
        "delete from actor_key where actor_id = $1 and iri <> all($2)",
        actor,
        &listed,
    )
    .execute(&mut **tx)
    .await?;
    for (iri, key) in keys {
        let Some(key) = key else { continue };
        sqlx::query!(
            "insert into actor_key (iri, actor_id, pem, fetched_at) values ($1, $2, $3, $4)
             on conflict (iri, actor_id) do update set pem = $3, fetched_at = $4",
            iri,
            actor,
            key,
            now,
        )
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

/// One of our own actors.
///
/// # Errors
/// If the database does not answer.
pub async fn insert_own_actor(
    tx: &mut Tx,
    iri: &Iri,
    kind: &str,
    inbox: &str,
    now: DateTime<Utc>,
) -> Result<()> {
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
        let mut tx = self.begin().await?;
        let actor = stub_actor_in(&mut tx, iri).await?;
        tx.commit().await?;
        Ok(actor)
    }

    /// Actors that hear us at an inbox which answered *gone* or *elsewhere*; of one inbox at most once an hour. The one inbox of
    /// a domain never moves: nobody there is asked.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn readers_to_check(&self) -> Result<Vec<String>> {
        Ok(sqlx::query_scalar!(
            "with checked as (update destination set gone_at = null, redirected_at = null, checked_at = $1
                              where (gone_at is not null or redirected_at is not null)
                                and (checked_at is null or checked_at < $2) returning id, scheme)
             select distinct a.iri from checked c join membership m on m.destination_id = c.id
             join actor a on a.id = m.actor_id where c.scheme is null limit 1000",
            self.now(),
            self.now() - CHECKED_AGAIN,
        )
        .fetch_all(&self.pool)
        .await?)
    }
}

/// An actor, if we know it, for whoever is in a transaction: a turn takes no second connection.
///
/// # Errors
/// If the database does not answer.
pub async fn actor_in(database: impl PgExecutor<'_>, iri: &Iri) -> Result<Option<Actor>> {
    let row = sqlx::query_as!(
        Row,
        r#"select id, iri, host, kind, username, name, inbox, shared_inbox, followers, fetched_at, gone_at is not null as "gone!"
           from actor where iri = $1"#,
        iri.as_str(),
    )
    .fetch_optional(database)
    .await?;
    row.map(Actor::try_from).transpose()
}

/// An actor has said that it is gone: its keys sign nothing any more.
///
/// # Errors
/// If the database does not answer.
pub async fn mark_gone_in(tx: &mut Tx, actor: ActorId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "with forgotten as (delete from actor_key where actor_id = $1)
         update actor set gone_at = $2 where id = $1",
        actor.0,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// As [`Store::stub_actor`], with all else that the transaction writes; whoever is known is as they are known.
///
/// # Errors
/// If the database does not answer.
pub async fn stub_actor_in(tx: &mut Tx, iri: &Iri) -> Result<Actor> {
    sqlx::query!(
        "insert into actor (iri, host, kind, inbox, fetched_at) values ($1, $2, 'Person', '', 'epoch') on conflict (iri) do nothing",
        iri.as_str(),
        iri.authority(),
    )
    .execute(&mut **tx)
    .await?;
    let row = sqlx::query_as!(
        Row,
        r#"select id, iri, host, kind, username, name, inbox, shared_inbox, followers, fetched_at, gone_at is not null as "gone!"
           from actor where iri = $1"#,
        iri.as_str(),
    )
    .fetch_one(&mut **tx)
    .await?;
    row.try_into()
}
