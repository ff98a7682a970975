//! Servers that sign for their whole domain: their keys, and their people.
//!
//! One rule: nobody of such a server has a key of their own here, so no request that is signed in another way can ever be theirs.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    domain::Iri,
    store::{Actor, Error, Result, Store, Viewer, actor_in},
};

/// A domain's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DomainKey {
    /// As published.
    pub key: String,
    pub read_at: DateTime<Utc>,
    /// When it was last read because something did not verify with it.
    pub asked_again_at: Option<DateTime<Utc>>,
}

/// Somebody there, under the id that they have here.
#[derive(Clone, Copy, Debug)]
pub struct NewUser<'a> {
    pub iri: &'a Iri,
    pub domain: &'a str,
    /// Of the whole domain.
    pub inbox: &'a str,
    /// By their own document; without it, what is known of them stays, and their document is read at the next chance.
    pub said: Option<UserSaid<'a>>,
}

/// What somebody's own document says of them.
#[derive(Clone, Copy, Debug)]
pub struct UserSaid<'a> {
    pub username: &'a str,
    pub name: Option<&'a str>,
    /// They do not want to be shown in another protocol.
    pub unbridged: bool,
}

/// What an id that we gave out stands for.
#[derive(Clone, Debug)]
pub struct Meant {
    pub iri: String,
    /// `@name@host`, of somebody whose name is known.
    pub handle: Option<String>,
}

impl Store {
    /// The key of a domain, if it was ever read.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn domain_key(&self, domain: &str) -> Result<Option<DomainKey>> {
        let key = sqlx::query_as!(
            DomainKey,
            "select key, read_at, asked_again_at from domain_key where domain = $1",
            domain,
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(key)
    }

    /// Keeps the key of a domain, as just read; `again`: because something did not verify with what we had.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn keep_domain_key(&self, domain: &str, key: &str, again: bool) -> Result<()> {
        let now = self.now();
        sqlx::query!(
            "insert into domain_key (domain, key, read_at, asked_again_at) values ($1, $2, $3, $4)
             on conflict (domain) do update set key = $2, read_at = $3,
                 asked_again_at = coalesce($4, domain_key.asked_again_at)",
            domain,
            key,
            now,
            again.then_some(now),
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// How many servers hear a group by our domain.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn hearers_by_domain(&self) -> Result<i64> {
        let hearers = sqlx::query_scalar!(
            r#"select count(distinct d.host) as "count!" from subscription s join destination d on d.id = s.destination_id
               where d.scheme is not null and s.until_seq is null"#
        );
        Ok(hearers.fetch_one(&self.pool).await?)
    }

    /// Forgets keys that were read before `before`, a chunk at a time; how many went. They are read again where they are needed.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn forget_domain_keys(&self, before: DateTime<Utc>, most: i64) -> Result<u64> {
        let gone = sqlx::query!(
            "delete from domain_key where domain in (select domain from domain_key where read_at < $1 limit $2)",
            before,
            most
        )
        .execute(&self.pool)
        .await?;
        Ok(gone.rows_affected())
    }

    /// Keeps somebody of such a domain, without keys. Its host gets a row in `peer`.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn keep_user(&self, new: &NewUser<'_>) -> Result<Actor> {
        let mut tx = self.begin().await?;
        sqlx::query!(
            "insert into peer (host) values ($1) on conflict do nothing",
            new.domain
        )
        .execute(&mut *tx)
        .await?;
        let said = new.said;
        sqlx::query!(
            "insert into actor (iri, host, kind, username, name, inbox, fetched_at, unbridged, by_domain)
             values ($1, $2, 'Person', $3, $4, $5, case when $6 then $7 else 'epoch'::timestamptz end, $8, true)
             on conflict (iri) do update set inbox = $5, by_domain = true,
                 username = case when $6 then $3 else actor.username end,
                 name = case when $6 then $4 else actor.name end,
                 unbridged = case when $6 then $8 else actor.unbridged end,
                 fetched_at = case when $6 then $7 else actor.fetched_at end,
                 gone_at = case when $6 then null else actor.gone_at end,
                 cleared_at = case when $6 then null else actor.cleared_at end",
            new.iri.as_str(),
            new.domain,
            said.map(|said| said.username),
            said.and_then(|said| said.name),
            new.inbox,
            said.is_some(),
            self.now(),
            // Nobody knows yet whether they want to be shown elsewhere.
            said.is_none_or(|said| said.unbridged),
        )
        .execute(&mut *tx)
        .await?;
        let actor = actor_in(&mut *tx, new.iri).await?;
        tx.commit().await?;
        actor.ok_or_else(|| Error::Nonsense {
            table: "actor",
            column: "iri",
            row: new.iri.to_string(),
        })
    }

    /// What ids that we gave out stand for: posts that this viewer may read, and people by their mirrors.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn meant_by(&self, ids: &[Uuid], viewer: &Viewer) -> Result<HashMap<Uuid, Meant>> {
        let rows = sqlx::query!(
            r#"select p.id as "id!", p.iri as "iri!", null as "handle?" from post p
               where p.id = any($1) and exists (
                   select from post_group pg where pg.post_id = p.id
                       and exists (select from readable(pg.group_id, p.author_id, p.public, $2, $3)))
               union all
               select m.id, a.iri, '@' || a.username || '@' || a.host from mirror m join actor a on a.id = m.actor_id where m.id = any($1)"#,
            ids,
            viewer.actor(),
            viewer.host(),
        )
        .fetch_all(&self.pool)
        .await?;
        let meant = rows.into_iter().map(|row| {
            let (iri, handle) = (row.iri, row.handle);
            (row.id, Meant { iri, handle })
        });
        Ok(meant.collect())
    }
}
