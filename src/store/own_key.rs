//! Keys of our own actors: each group's two, its steward's (the same under another id) and the instance's.
//!
//! One rule: a private key leaves this file only as part of an [`OwnKey`], whose `Debug` does not show it.
//! One more key: a purpose of its own, and whoever makes it for the actors that are there already (`engine/keys.rs`).

use std::fmt;

use chrono::{DateTime, Utc};

use crate::store::{Error, Result, Store, Tx};

/// How the purpose of an Ed25519 key ends. No group's name has a slash in it.
const ED25519: &str = "/ed25519";

/// The purpose of the key that signs for our whole domain. Its key id is the domain.
pub const DOMAIN: &str = "domain/ed25519";

/// How the purpose of a steward's key begins.
const STEWARD: &str = "steward:";

/// A key pair of ours.
#[derive(Clone)]
pub struct OwnKey {
    /// The key id, as published.
    pub iri: String,
    /// The private half: unencrypted PKCS#8 DER.
    pub pkcs8: Vec<u8>,
    /// The public half: SPKI PEM.
    pub public_pem: String,
}

impl fmt::Debug for OwnKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("OwnKey")
            .field("iri", &self.iri)
            .finish_non_exhaustive()
    }
}

/// The purpose of a group's RSA key, which every peer can verify.
#[must_use]
pub fn key_of_group(name: &str) -> String {
    format!("group:{name}")
}

/// The purpose of the Ed25519 key beside an RSA key: for hosts that say that they take it.
#[must_use]
pub fn ed25519_of(purpose: &str) -> String {
    format!("{purpose}{ED25519}")
}

/// The purpose of the key of a group's steward: its group's RSA key, under an id of its own.
#[must_use]
pub fn key_of_steward(group: &str) -> String {
    format!("{STEWARD}{group}")
}

/// Whether there is an Ed25519 key beside the RSA key of this purpose: a steward has none.
#[must_use]
pub fn has_ed25519(purpose: &str) -> bool {
    !purpose.starts_with(STEWARD)
}

/// Whether the key for this purpose is an Ed25519 key; else it is RSA.
#[must_use]
pub fn is_ed25519(purpose: &str) -> bool {
    purpose.ends_with(ED25519)
}

impl Store {
    /// The key for `purpose`: `instance`, or as [`key_of_group`] and [`ed25519_of`] say.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn own_key(&self, purpose: &str) -> Result<Option<OwnKey>> {
        let key = sqlx::query_as!(
            OwnKey,
            "select iri, pkcs8, public_pem from own_key where purpose = $1",
            purpose
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(key)
    }

    /// Keeps this key in place of the one for `purpose`, whatever that was.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn replace_own_key(&self, purpose: &str, key: &OwnKey) -> Result<()> {
        sqlx::query!(
            "insert into own_key (iri, purpose, pkcs8, public_pem, created_at) values ($1, $2, $3, $4, $5)
             on conflict (purpose) do update set iri = $1, pkcs8 = $3, public_pem = $4, created_at = $5",
            key.iri,
            purpose,
            key.pkcs8,
            key.public_pem,
            self.now(),
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// When the first of our keys was made: with it this server began.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn began_at(&self) -> Result<DateTime<Utc>> {
        let began = sqlx::query_scalar!("select min(created_at) from own_key where purpose = 'instance'")
            .fetch_one(&self.pool)
            .await?;
        Ok(began.unwrap_or(DateTime::UNIX_EPOCH))
    }

    /// Groups that have no Ed25519 key, closed ones included: they still answer. Those after `after`, by name.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn groups_without_ed25519(&self, after: &str, limit: i64) -> Result<Vec<String>> {
        let names = sqlx::query_scalar!(
            r#"select name from "group" g
               where name > $1
                   and not exists (select from own_key where purpose = 'group:' || g.name || '/ed25519')
               order by name limit $2"#,
            after,
            limit,
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(names)
    }
}

/// Keeps a new key. One that is there already for this purpose stays, and is what [`Store::own_key`] gives: of two
/// processes that start at once, one wins.
///
/// # Errors
/// [`Error::Taken`] if the key id is another purpose's.
pub async fn insert_own_key(tx: &mut Tx, purpose: &str, key: &OwnKey, now: DateTime<Utc>) -> Result<()> {
    // Whichever of the two unique columns the other process's row is seen by first, it is in nobody's way.
    let inserted = sqlx::query!(
        "insert into own_key (iri, purpose, pkcs8, public_pem, created_at) values ($1, $2, $3, $4, $5)
         on conflict do nothing",
        key.iri,
        purpose,
        key.pkcs8,
        key.public_pem,
        now,
    )
    .execute(&mut **tx)
    .await?;
    if inserted.rows_affected() > 0 {
        return Ok(());
    }
    let there = sqlx::query_scalar!(
        r#"select exists (select from own_key where purpose = $1) as "there!""#,
        purpose
    )
    .fetch_one(&mut **tx)
    .await?;
    if there {
        return Ok(());
    }
    Err(Error::Taken(format!(
        "the key id {} is in use for something else",
        key.iri
    )))
}

/// The steward of a group signs something: its key is the group's, under this id.
///
/// # Errors
/// If the database does not answer.
pub async fn keep_key_of_steward(tx: &mut Tx, group: &str, iri: &str, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "insert into own_key (iri, purpose, pkcs8, public_pem, created_at)
         select $1, $2, pkcs8, public_pem, $4 from own_key where purpose = $3
         on conflict do nothing",
        iri,
        key_of_steward(group),
        key_of_group(group),
        now,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
