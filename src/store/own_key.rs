//! Keys of our own actors: each group's and the instance's.
//!
//! One rule: a private key leaves this file only as part of an [`OwnKey`], whose `Debug` does not show it.

use std::fmt;

use chrono::{DateTime, Utc};

use crate::store::{Error, Result, Store, Tx};

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

impl Store {
    /// The key for `purpose`: `instance`, or `group:NAME`.
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
}

/// Keeps a new key. One that is there already for this purpose stays, and is what [`Store::own_key`] gives: of two
/// processes that start at once, one wins.
///
/// # Errors
/// [`Error::Taken`] if the key id is another purpose's.
pub async fn insert_own_key(tx: &mut Tx, purpose: &str, key: &OwnKey, now: DateTime<Utc>) -> Result<()> {
    let inserted = sqlx::query!(
        "insert into own_key (iri, purpose, pkcs8, public_pem, created_at) values ($1, $2, $3, $4, $5)
         on conflict (purpose) do nothing",
        key.iri,
        purpose,
        key.pkcs8,
        key.public_pem,
        now,
    )
    .execute(&mut **tx)
    .await;
    match inserted {
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Err(Error::Taken(format!(
            "the key id {} is in use for something else",
            key.iri
        ))),
        other => Ok(other.map(drop)?),
    }
}
